// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two places, written in turn: one that a crash has torn leaves the other, which is one less.
 *
 *	0	digits	16, hexadecimal: the value
 *	16	check	16 digits of SHA-256 of these
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/hex.h"
#include "counter.h"
#include "crypto/hmac.h"
#include "disk.h"

#define DIGITS		16u
#define PLACE		512u	/* bytes apart: a sector of a disk is written whole or not */
#define PLACES		2u

static void print_place(uint64_t value, char to[2 * DIGITS + 1])
{
	uint8_t digest[SHA256_BYTES];

	snprintf(to, DIGITS + 1, "%016llx", (unsigned long long)value);
	sha256_of(to, DIGITS, digest);
	hex_encode(digest, DIGITS / 2, to + DIGITS);
}

static int read_place(int fd, unsigned int place, uint64_t *value)
{
	char text[2 * DIGITS + 1] = "", again[2 * DIGITS + 1];
	uint8_t bytes[DIGITS / 2];
	unsigned int i;
	int rc = pread_all(fd, text, 2 * DIGITS, (uint64_t)place * PLACE);

	if (rc)
		return rc;
	/* A hole: the other one was written first. */
	if (!*text)
		return -ENODATA;
	memcpy(again, text, DIGITS);
	again[DIGITS] = 0;
	if (hex_decode(again, bytes, sizeof(bytes)))
		return -EBADMSG;
	for (*value = 0, i = 0; i < sizeof(bytes); i++)
		*value = *value << 8 | bytes[i];
	print_place(*value, again);
	return memcmp(text, again, 2 * DIGITS) || *value % PLACES != place ? -EBADMSG : 0;
}

int counter_file_read(void *ctx, uint64_t *value)
{
	const struct counter_file *f = ctx;
	CLEANUP_CLOSE int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	uint64_t found[PLACES] = { 0 };
	int rc[PLACES];

	*value = 0;
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	rc[0] = read_place(fd, 0, &found[0]);
	rc[1] = read_place(fd, 1, &found[1]);
	/* The first value is 1: one that was cut off in place 1 has left place 0 empty. */
	if (rc[0] == -ENODATA && rc[1])
		return 0;
	if (rc[0] && rc[1])
		return -EBADMSG;
	*value = rc[0] ? found[1] : rc[1] ? found[0] :
		 found[0] > found[1] ? found[0] : found[1];
	return 0;
}

int counter_file_advance(void *ctx, uint64_t value)
{
	const struct counter_file *f = ctx;
	char text[2 * DIGITS + 1], folder[DISK_PATH];
	bool made;
	int rc;

	print_place(value, text);
	rc = disk_update(f->path, text, 2 * DIGITS, value % PLACES * PLACE, &made);
	if (rc || !made)
		return rc;
	if (snprintf(folder, sizeof(folder), "%s", f->path) >= (int)sizeof(folder))
		return -ENAMETOOLONG;
	return disk_sync_folder(dirname(folder));
}
