// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <sys/uio.h>

#include "file.h"
#include "internal.h"

int io_openat(int dir, const char *path, int flags, mode_t mode, int64_t deadline)
{
	struct io_op op = {
		.code = IO_OPENAT, .fd = dir, .buf = (void *)path, .flags = flags | O_CLOEXEC,
		.mode = mode,
	};

	return io_call(&op, deadline);
}

ssize_t io_pread(int fd, void *buf, size_t len, uint64_t offset, int64_t deadline)
{
	struct io_op op = { .code = IO_PREAD, .fd = fd };
	size_t done = 0;
	int rc;

	while (done < len) {
		op.buf = (char *)buf + done;
		op.len = len - done;
		op.offset = offset + done;
		rc = io_call(&op, deadline);
		if (rc < 0)
			return rc;
		if (!rc)
			break;
		done += rc;
	}
	return done;
}

static int write_all(int fd, const void *buf, size_t len, uint64_t offset, unsigned int flags,
		     int64_t deadline)
{
	struct io_op op = { .code = IO_PWRITE, .fd = fd, .flags = flags };
	size_t done = 0;
	int rc;

	while (done < len) {
		op.buf = (char *)buf + done;
		op.len = len - done;
		op.offset = offset + done;
		rc = io_call(&op, deadline);
		if (rc <= 0)
			return rc ? rc : -EIO;
		done += rc;
	}
	return 0;
}

int io_pwrite(int fd, const void *buf, size_t len, uint64_t offset, int64_t deadline)
{
	return write_all(fd, buf, len, offset, 0, deadline);
}

int io_pwrite_sync(int fd, const void *buf, size_t len, uint64_t offset, int64_t deadline)
{
	return write_all(fd, buf, len, offset, RWF_DSYNC, deadline);
}

int io_fsync(int fd, int64_t deadline)
{
	struct io_op op = { .code = IO_FSYNC, .fd = fd };

	return io_call(&op, deadline);
}

int io_fdatasync(int fd, int64_t deadline)
{
	struct io_op op = { .code = IO_FSYNC, .fd = fd, .flags = 1 };

	return io_call(&op, deadline);
}

int io_fallocate(int fd, int mode, uint64_t offset, uint64_t len, int64_t deadline)
{
	struct io_op op = {
		.code = IO_FALLOCATE, .fd = fd, .mode = mode, .offset = offset, .len = len,
	};

	return io_call(&op, deadline);
}

int io_renameat(int from_dir, const char *from, int to_dir, const char *to, unsigned int flags,
		int64_t deadline)
{
	struct io_op op = {
		.code = IO_RENAMEAT, .fd = from_dir, .buf = (void *)from, .fd2 = to_dir,
		.buf2 = (void *)to, .flags = flags,
	};

	return io_call(&op, deadline);
}

int io_unlinkat(int dir, const char *path, int flags, int64_t deadline)
{
	struct io_op op = { .code = IO_UNLINKAT, .fd = dir, .buf = (void *)path, .flags = flags };

	return io_call(&op, deadline);
}

int io_linkat(int from_dir, const char *from, int to_dir, const char *to, int flags,
	      int64_t deadline)
{
	struct io_op op = {
		.code = IO_LINKAT, .fd = from_dir, .buf = (void *)from, .fd2 = to_dir,
		.buf2 = (void *)to, .flags = flags,
	};

	return io_call(&op, deadline);
}

int io_mkdirat(int dir, const char *path, mode_t mode, int64_t deadline)
{
	struct io_op op = { .code = IO_MKDIRAT, .fd = dir, .buf = (void *)path, .mode = mode };

	return io_call(&op, deadline);
}

int io_statx(int dir, const char *path, int flags, unsigned int mask, struct statx *st,
	     int64_t deadline)
{
	struct io_op op = {
		.code = IO_STATX, .fd = dir, .buf = (void *)path, .flags = flags, .mode = mask,
		.buf2 = st,
	};

	return io_call(&op, deadline);
}

int io_close(int fd)
{
	struct io_op op = { .code = IO_CLOSE, .fd = fd };
	int rc;

	io_shield();
	rc = io_call(&op, 0);
	io_unshield();
	return rc;
}
