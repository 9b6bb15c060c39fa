// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/report.h"
#include "hedgectl.h"
#include "remote_key.h"

#define HEX_BYTES	(2 * HEDGE_REMOTE_KEY_BYTES)

/**
 * remote_key_read - the key that this side and the server have
 * @path:	a file with the key itself, or with its hex digits and perhaps a newline
 * @key:	receives it; secret_free() it
 *
 * Return: 0 or -errno, reported.
 */
int remote_key_read(const char *path, struct secret *key)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	CLEANUP_SECRET struct secret text = SECRET_NONE;
	struct stat st;
	int rc;

	if (fd < 0 || fstat(fd, &st))
		return fail_errno("key file %s", path);
	if (S_ISREG(st.st_mode) && st.st_mode & 077)
		warn("key file %s can be read by others: chmod 600", path);
	rc = read_secret(fd, HEX_BYTES + 1, -1, &text);
	if (rc && rc != -EFBIG)
		return fail(-rc, "key file %s: %s", path, strerror(-rc));
	if (!rc && text.len == HEDGE_REMOTE_KEY_BYTES)
		return secret_copy(key, text.data, text.len) ? fail(ENOMEM, "out of memory") : 0;
	if (!rc && text.len == HEX_BYTES + 1 && text.data[HEX_BYTES] == '\n')
		text.data[--text.len] = 0;
	if (rc || text.len != HEX_BYTES)
		return fail(EINVAL, "key file %s: neither 32 bytes nor 64 hex digits", path);
	if (secret_alloc(key, HEDGE_REMOTE_KEY_BYTES))
		return fail(ENOMEM, "out of memory");
	key->len = HEDGE_REMOTE_KEY_BYTES;
	if (hex_decode((const char *)text.data, key->data, key->len))
		return fail(EINVAL, "key file %s: neither 32 bytes nor 64 hex digits", path);
	return 0;
}
