// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "certify.h"
#include "kept.h"

#define SHA256_BANK	0x000bu
#define FIRMWARE_PCRS	0xffu

/* @writable: receives 0, or why nothing can be written there.  Return: a file; -errno. */
static int open_key(const char *path, int *writable)
{
	int fd = open(path, O_RDWR | O_CREAT | O_NOCTTY | O_CLOEXEC, 0600);

	*writable = fd < 0 ? -errno : 0;
	if (fd < 0)
		fd = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? *writable : fd;
}

/* So is a file that nobody has written, and one that power has cut off. */
static bool is_empty(const struct device_bytes *kept)
{
	size_t i;

	for (i = 0; i < kept->len && !kept->at[i]; i++)
		;
	return i == kept->len;
}

/* Its length is 0 afterwards if there is no key yet. */
static int read_key(int fd, struct device_bytes *kept)
{
	struct stat st;
	int rc = fstat(fd, &st) ? -errno : 0;

	kept->len = 0;
	if (!rc && !S_ISREG(st.st_mode))
		rc = -EINVAL;
	if (!rc && st.st_size > (off_t)sizeof(kept->at))
		rc = -EFBIG;
	rc = rc ? rc : pread_all(fd, kept->at, st.st_size, 0);
	if (rc)
		return rc;
	kept->len = st.st_size;
	if (is_empty(kept))
		kept->len = 0;
	return 0;
}

/* In place, as somebody else may wait for it with the file open; its name, too, is durable. */
static int write_key(int fd, const struct device_bytes *kept)
{
	int rc = ftruncate(fd, 0) ? -errno : 0;

	rc = rc ? rc : pwrite_all(fd, kept->at, kept->len, 0);
	return rc ? rc : syncfs(fd) ? -errno : 0;
}

static int load(struct certify *c, const char *path, char why[CERTIFY_WHY])
{
	struct device_bytes kept;
	int writable, rc;
	CLEANUP_CLOSE int fd = open_key(path, &writable);
	bool fresh;

	if (fd >= 0)
		device_kept_lock(fd);
	rc = fd < 0 ? fd : read_key(fd, &kept);
	fresh = !rc && !kept.len;
	rc = fresh ? writable : rc;
	if (rc) {
		snprintf(why, CERTIFY_WHY, "%s cannot be %s: %s", path, fresh ? "written" : "read",
			 strerror(-rc));
		return rc;
	}
	rc = device_keys_kept(c->device, &kept, &c->ek, &c->ak);
	if (!rc && fresh) {
		rc = write_key(fd, &kept);
		if (rc)
			snprintf(why, CERTIFY_WHY, "%s cannot be written: %s", path, strerror(-rc));
		return rc;
	}
	if (rc == -EXDEV)
		snprintf(why, CERTIFY_WHY, "%s is the key of another TPM, or this one was cleared",
			 path);
	else if (rc == -EBADMSG)
		snprintf(why, CERTIFY_WHY, "%s is no attestation key", path);
	else if (rc)
		snprintf(why, CERTIFY_WHY, "the TPM refuses (0x%x)", device_error(c->device));
	return rc;
}

int certify_open(struct certify *c, const char *tcti, const char *ak_file, char why[CERTIFY_WHY])
{
	int rc = device_open(tcti, &c->device);

	if (rc) {
		snprintf(why, CERTIFY_WHY, "there is no TPM at %s", tcti ? tcti : "/dev/tpmrm0");
		return rc == -EIO ? -ENODEV : rc;
	}
	rc = load(c, ak_file, why);
	if (rc)
		certify_close(c);
	return rc;
}

void certify_close(struct certify *c)
{
	device_close(c->device);
	c->device = NULL;
}

int certify_digest(struct certify *c, const void *digest, size_t len, struct device_bytes *message,
		   struct device_bytes *signature)
{
	static const struct device_selection firmware = { SHA256_BANK, FIRMWARE_PCRS };

	return device_quote(c->device, digest, len, &firmware, 1, message, signature);
}
