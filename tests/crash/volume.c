// SPDX-License-Identifier: GPL-2.0-or-later
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "dm/dm.h"
#include "rlnc_disk.h"
#include "volume.h"

#define KEY_HEX	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* Run a program; Return: its exit status, or -errno. */
int run_program(const char *const *argv)
{
	int status, err;
	pid_t pid;

	err = posix_spawnp(&pid, argv[0], NULL, NULL, (char *const *)argv, environ);
	if (err)
		return fail(err, "%s: %s", argv[0], strerror(err));
	if (waitpid(pid, &status, 0) < 0)
		return fail_errno("%s", argv[0]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

static int write_key(char *path)
{
	CLEANUP_CLOSE int fd = mkstemp(path);
	uint8_t key[RLNC_VOLUME_KEY_BYTES];
	unsigned int i;

	for (i = 0; i < sizeof(key); i++)
		key[i] = i;
	if (fd < 0 || write(fd, key, sizeof(key)) != sizeof(key))
		return fail_errno("%s", path);
	return 0;
}

/**
 * volume_format - make the disks the members of a new volume
 * @v:	k, n and symbol are given; the size is filled in
 *
 * Return: 0 or an error, reported.
 */
int volume_format(struct volume *v)
{
	const char *argv[15 + DISKS_MAX] = { "rlncsetup", "format", "-q", "--force", "-k" };
	char key[64], k[8], symbol[16], size[16], device[DISKS_MAX][16];
	const struct rlnc_disk_super *sb;
	unsigned int i, argc = 5;
	int ret;

	snprintf(key, sizeof(key), "%s/keyXXXXXX", getenv("TMPDIR") ?: "/tmp");
	if (write_key(key))
		return -EIO;
	snprintf(k, sizeof(k), "%u", v->k);
	snprintf(symbol, sizeof(symbol), "%u", v->symbol);
	argv[argc++] = k;
	argv[argc++] = "--symbol";
	argv[argc++] = symbol;
	snprintf(size, sizeof(size), "%uM", v->mib);
	if (v->mib) {
		argv[argc++] = "--size";
		argv[argc++] = size;
	}
	if (v->dense)
		argv[argc++] = "--dense";
	argv[argc++] = "--volume-key-file";
	argv[argc++] = key;
	for (i = 0; i < v->n; i++) {
		snprintf(device[i], sizeof(device[i]), "/dev/nbd%u", i);
		argv[argc++] = device[i];
	}
	ret = run_program(argv);
	unlink(key);
	if (ret)
		return fail(EIO, "rlncsetup format: status %d", ret);
	sb = (const void *)(v->disks->disk[0].mem + RLNC_SUPER_STRIDE);
	v->sectors = le64toh(sb->logical_sectors) * (RLNC_SECTOR_BYTES / 512);
	v->writes_min = le32toh(sb->writes_min);
	return v->sectors ? 0 : fail(EIO, "the volume has no size");
}

static int table_up(const struct volume *v, unsigned int n, uint32_t members,
		    const char *option)
{
	char params[512], *at = params, *end = params + sizeof(params);
	struct dm_table table = { .target = "rlnc", .sectors = v->sectors, .params = params };
	unsigned int i;

	at += snprintf(at, end - at, "%u %u %s %u", v->k, n, KEY_HEX, !!option + v->no_rebuild);
	if (option)
		at += snprintf(at, end - at, " %s", option);
	if (v->no_rebuild)
		at += snprintf(at, end - at, " rebuild_kbps=1");
	for (i = 0; i < n; i++) {
		if (members & 1u << i)
			at += snprintf(at, end - at, " /dev/nbd%u", i);
		else
			at += snprintf(at, end - at, " -");
	}
	return dm_device_create(VOLUME_NAME, "TEST-crash", &table);
}

/**
 * volume_up - activate the volume
 * @v:		formatted
 * @members:	a bit for each that is present
 * @option:	one option of the table, or NULL
 *
 * With a spare disk the volume may have it as a member, or have one that the disk
 * does not know of yet: then it is the table with as many members that opens it.
 *
 * Return: 0, or -errno as the kernel gave it, not reported.
 */
int volume_up(const struct volume *v, uint32_t members, const char *option)
{
	int ret = table_up(v, v->n, members, option);

	if (ret == -EINVAL && v->spare)
		ret = table_up(v, v->n + 1, members | 1u << v->n, option);
	if (ret == -EINVAL && v->spare)
		ret = table_up(v, v->n + 1, members, option);
	return ret;
}

int volume_down(void)
{
	return dm_device_remove(VOLUME_NAME);
}

/* Read from the members: @buf is aligned.  Return: 0 or -errno, not reported. */
int volume_read(uint64_t offset, uint8_t *buf, size_t len)
{
	CLEANUP_CLOSE int fd = open(VOLUME_PATH, O_RDONLY | O_DIRECT | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return -errno;
	while (len) {
		got = pread(fd, buf, len, offset);
		if (got <= 0)
			return got ? -errno : -EIO;
		buf += got;
		offset += got;
		len -= got;
	}
	return 0;
}
