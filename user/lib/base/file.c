// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

/**
 * pread_all - read exactly @len bytes
 *
 * Return: 0, -ENODATA when the file ends before, or -errno.
 */
int pread_all(int fd, void *buf, size_t len, uint64_t offset)
{
	uint8_t *p = buf;

	while (len) {
		ssize_t got = pread(fd, p, len, offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			return -ENODATA;
		p += got;
		offset += got;
		len -= got;
	}
	return 0;
}

/**
 * pwrite_all - write exactly @len bytes
 *
 * Return: 0 or -errno.
 */
int pwrite_all(int fd, const void *buf, size_t len, uint64_t offset)
{
	const uint8_t *p = buf;

	while (len) {
		ssize_t put = pwrite(fd, p, len, offset);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		if (!put)
			return -EIO;
		p += put;
		offset += put;
		len -= put;
	}
	return 0;
}

/**
 * read_secret - read until the end, or until a byte that is not kept
 * @fd:		read byte by byte when there is a delimiter, so that what
 *		follows it is left for the next reader
 * @max:	longest secret taken
 * @delimiter:	a byte, or -1 for none
 * @s:		filled in
 *
 * Return: 0, -EFBIG when there is more than @max, -ENODATA when a delimiter is
 * waited for and nothing comes, or -errno.
 */
int read_secret(int fd, size_t max, int delimiter, struct secret *s)
{
	int rc = secret_alloc(s, max + 1);

	if (rc)
		return rc;
	for (;;) {
		size_t want = delimiter < 0 ? max + 1 - s->len : 1;
		ssize_t got = read(fd, s->data + s->len, want);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			rc = -errno;
			break;
		}
		if (!got && !s->len && delimiter >= 0) {
			rc = -ENODATA;
			break;
		}
		if (!got || (delimiter >= 0 && s->data[s->len] == delimiter)) {
			s->data[s->len] = 0;
			return 0;
		}
		s->len += got;
		if (s->len > max) {
			rc = -EFBIG;
			break;
		}
	}
	secret_free(s);
	return rc;
}

/**
 * file_reopen - another descriptor of what is open, with other flags
 * @fd:		open
 * @flags:	of open(2)
 *
 * By its name it could be something else by now.
 *
 * Return: a descriptor or -errno.
 */
int file_reopen(int fd, int flags)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int write_and_sync(const char *path, const void *data, size_t len, mode_t mode)
{
	CLEANUP_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	const char *p = data;

	if (fd < 0)
		return -errno;
	while (len) {
		ssize_t put = write(fd, p, len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		p += put;
		len -= put;
	}
	return fsync(fd) ? -errno : 0;
}

static int sync_parent(const char *path)
{
	CLEANUP_FREE char *copy = strdup(path);
	CLEANUP_CLOSE int fd = -1;

	if (!copy)
		return -ENOMEM;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return fsync(fd) && errno != EINVAL ? -errno : 0;
}

/**
 * file_write_atomic - put a whole file in place, or leave what was there
 * @path:	file to replace or create
 * @data:	@len bytes
 * @len:	how many
 * @mode:	permissions of a new file
 *
 * Return: 0 or -errno.
 */
int file_write_atomic(const char *path, const void *data, size_t len, mode_t mode)
{
	CLEANUP_FREE char *tmp = NULL;
	int rc;

	if (asprintf(&tmp, "%s.%d.tmp", path, (int)getpid()) < 0) {
		tmp = NULL;
		return -ENOMEM;
	}
	rc = write_and_sync(tmp, data, len, mode);
	if (!rc && rename(tmp, path))
		rc = -errno;
	if (rc) {
		unlink(tmp);
		return rc;
	}
	return sync_parent(path);
}

/**
 * file_read - a whole file that is no secret
 * @path:	its name
 * @max:	longest file taken
 * @data:	receives its bytes, a NUL after them; free() them
 * @len:	receives their number; may be NULL
 *
 * Return: 0, -EFBIG, or -errno.
 */
int file_read(const char *path, size_t max, char **data, size_t *len)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	CLEANUP_FREE char *buf = NULL;
	size_t have = 0;

	if (fd < 0)
		return -errno;
	buf = malloc(max + 2);
	if (!buf)
		return -ENOMEM;
	for (;;) {
		ssize_t got = read(fd, buf + have, max + 1 - have);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			break;
		have += got;
		if (have > max)
			return -EFBIG;
	}
	buf[have] = 0;
	if (len)
		*len = have;
	*data = TAKE_PTR(buf);
	return 0;
}
