/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files, for fibers.  What loop.h says of all calls holds for these; where there is no
 * io_uring, threads make the calls.
 *
 * A disk cannot be hurried: a call whose deadline passes, or whose fiber is cancelled, while
 * the kernel is at it returns when the kernel is done with it.
 */
#ifndef SKY_IO_FILE_H
#define SKY_IO_FILE_H

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Return: a descriptor with O_CLOEXEC, or -errno. */
int io_openat(int dir, const char *path, int flags, mode_t mode, int64_t deadline);

/**
 * io_pread - read @len bytes, or up to the end of the file
 *
 * Return: bytes, fewer than @len only at the end; -errno.
 */
ssize_t io_pread(int fd, void *buf, size_t len, uint64_t offset, int64_t deadline);

/**
 * io_pwrite - write all of it
 *
 * Return: 0, or -errno: how much has been written then is not known.
 */
int io_pwrite(int fd, const void *buf, size_t len, uint64_t offset, int64_t deadline);

/* The same, and what has been written is durable, as after io_fdatasync(): one call for both. */
int io_pwrite_sync(int fd, const void *buf, size_t len, uint64_t offset, int64_t deadline);

/* All below return 0 or -errno. */
int io_fsync(int fd, int64_t deadline);
int io_fdatasync(int fd, int64_t deadline);
int io_fallocate(int fd, int mode, uint64_t offset, uint64_t len, int64_t deadline);

/* @flags: of renameat2(2), unlinkat(2), linkat(2) and statx(2). */
int io_renameat(int from_dir, const char *from, int to_dir, const char *to, unsigned int flags,
		int64_t deadline);
int io_unlinkat(int dir, const char *path, int flags, int64_t deadline);
int io_linkat(int from_dir, const char *from, int to_dir, const char *to, int flags,
	      int64_t deadline);
int io_mkdirat(int dir, const char *path, mode_t mode, int64_t deadline);
int io_statx(int dir, const char *path, int flags, unsigned int mask, struct statx *st,
	     int64_t deadline);

/**
 * io_close - close a file or a socket
 *
 * Always closes and is never cancelled; a socket's last bytes are sent by the kernel
 * afterwards.
 *
 * Return: 0, or -errno of what had been written before.
 */
int io_close(int fd);

#endif /* SKY_IO_FILE_H */
