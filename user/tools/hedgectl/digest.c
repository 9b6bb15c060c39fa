// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "crypto/kdf.h"
#include "hedgectl.h"

/**
 * digest_file - the SHA-256 of an image, as the monitor will compute it
 * @path:	a file
 * @digest:	receives it
 * @size:	receives the bytes
 *
 * Return: 0 or -errno, reported.
 */
int digest_file(const char *path, uint8_t digest[32], uint64_t *size)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	void *map;
	int rc;

	if (fd < 0 || fstat(fd, &st))
		return fail_errno("%s", path);
	if (!S_ISREG(st.st_mode))
		return fail(EINVAL, "%s: not a regular file", path);
	if (!st.st_size)
		return fail(EINVAL, "%s: empty", path);
	*size = st.st_size;
	map = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return fail_errno("%s", path);
	rc = sha256_digest(map, st.st_size, digest);
	munmap(map, st.st_size);
	return rc ? fail(EIO, "%s: no SHA-256 in this system", path) : 0;
}
