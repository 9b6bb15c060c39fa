// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

#include <asm/byteorder.h>
#include <linux/loop.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "runner_secret.h"
#include "session/session.h"
#include "sky_secret.h"

#define LOOP_TRIES	16u	/* others take free devices, too */

/* Names become those of files that root makes. */
static bool names_ok(const struct secret *device)
{
	const struct sky_secret_hdr *head = (const void *)device->data;
	const struct sky_secret_entry *entry = (const void *)(head + 1);
	unsigned int i;

	for (i = 0; i < le32_to_cpu(head->count); i++)
		if (!session_name_ok(str_of((const char *)entry[i].name)))
			return false;
	return true;
}

/* A copy that nobody can change; what runs later reads it, and it is gone with the last of them. */
static int keep(const struct secret *device)
{
	CLEANUP_CLOSE int fd = memfd_create("secrets", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	char again[64];
	int rc;

	if (fd < 0)
		return -errno;
	rc = pwrite_all(fd, device->data, device->len, 0);
	if (rc)
		return rc;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return -errno;
	snprintf(again, sizeof(again), "/proc/self/fd/%d", fd);
	rc = open(again, O_RDONLY | O_CLOEXEC);
	return rc < 0 ? -errno : rc;
}

int runner_secrets_keep(const struct secret *device, struct runner_start *s)
{
	struct str none;
	int rc;

	if (!device->len)
		return 0;
	rc = session_image_find(device->data, device->len, STR(""), &none);
	rc = rc == -ENOENT && names_ok(device) ? keep(device) : -EBADMSG;
	if (rc < 0) {
		s->status = 500;
		snprintf(s->why, RUNNER_WHY, "its secrets cannot be kept for it: %s", strerror(-rc));
		return rc;
	}
	s->secrets = rc;
	return 0;
}

void runner_secrets_end(struct runner_start *s)
{
	if (s->secrets > 0)
		close(s->secrets);
	s->secrets = 0;
	explicit_bzero(s->command, sizeof(s->command));
}

/* --- a folder ----------------------------------------------------------------------------- */

static int write_file(const char *path, const void *at, size_t len, unsigned int id)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
	ssize_t put = fd < 0 ? -1 : write(fd, at, len);
	int rc = put == (ssize_t)len && !fchown(fd, id, id) ? 0 : -EIO;

	if (fd >= 0)
		close(fd);
	return rc;
}

/* Nothing of it is seen outside; the container's namespace is a copy, and outlives this one. */
int runner_secrets_mount(void *arg)
{
	const struct runner_secrets_folder *f = arg;
	const off_t size = lseek(f->image, 0, SEEK_END);
	const u8 *image = size <= 0 ? MAP_FAILED :
			  mmap(NULL, size, PROT_READ, MAP_PRIVATE, f->image, 0);
	const struct sky_secret_hdr *head = (const void *)image;
	const struct sky_secret_entry *entry = (const void *)(head + 1);
	size_t len = strlen(f->path), i;
	char path[4096];
	int rc = 0;

	if (image == MAP_FAILED || len + 1 + SKY_SECRET_NAME >= sizeof(path))
		return -EINVAL;
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("secrets", f->path, "ramfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755"))
		return -errno;
	memcpy(path, f->path, len);
	path[len++] = '/';
	for (i = 0; !rc && i < le32_to_cpu(head->count); i++) {
		memcpy(path + len, entry[i].name, SKY_SECRET_NAME);
		rc = write_file(path, image + le32_to_cpu(entry[i].offset),
				le32_to_cpu(entry[i].length), f->id);
	}
	munmap((void *)image, size);
	return rc;
}

/* --- a device ----------------------------------------------------------------------------- */

int runner_secrets_loop(int image, char path[32])
{
	CLEANUP_CLOSE int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	const struct loop_config as = {
		.fd = image, .block_size = 512,
		.info = { .lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR },
	};
	unsigned int i;
	int number, fd, rc = -errno;

	if (control < 0)
		return rc;
	for (i = 0; i < LOOP_TRIES; i++) {
		number = ioctl(control, LOOP_CTL_GET_FREE);
		if (number < 0)
			return -errno;
		snprintf(path, 32, "/dev/loop%d", number);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		if (!ioctl(fd, LOOP_CONFIGURE, &as))
			return fd;
		rc = -errno;
		close(fd);
		if (rc != -EBUSY)
			return rc;
	}
	return rc;
}
