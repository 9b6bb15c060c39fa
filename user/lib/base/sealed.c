// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "file.h"
#include "sealed.h"

#define SEALS	(F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

static int copy_bytes(int from, int to, uint64_t max)
{
	char buf[65536];
	uint64_t at = 0;
	ssize_t got;
	int rc;

	while ((got = read(from, buf, sizeof(buf))) > 0) {
		if (at + got > max)
			return -EFBIG;
		rc = pwrite_all(to, buf, got, at);
		if (rc)
			return rc;
		at += got;
	}
	return got < 0 ? -errno : at ? 0 : -ENODATA;
}

int sealed_copy(int from, uint64_t max)
{
	CLEANUP_CLOSE int copy = -1;
	char again[64];
	struct stat st;
	int fd, rc;

	if (fstat(from, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_size > max)
		return -EFBIG;
	copy = memfd_create("image", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (copy < 0)
		return -errno;
	rc = copy_bytes(from, copy, max);
	if (rc)
		return rc;
	if (fcntl(copy, F_ADD_SEALS, SEALS))
		return -errno;
	snprintf(again, sizeof(again), "/proc/self/fd/%d", copy);
	fd = open(again, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}
