// SPDX-License-Identifier: GPL-2.0-or-later
/* hedgectl remote HOST put. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/report.h"
#include "crypto/kdf.h"
#include "hedgectl.h"

/**
 * cmd_put - send an image to another machine, and print by which path it is there
 */
int cmd_put(const struct options *o, int argc, char **argv)
{
	CLEANUP_FREE char *image = NULL;
	CLEANUP_FREE char *answer = NULL;
	const char *slash = strrchr(argv[0], '/');
	const char *name = o->name ?: slash ? slash + 1 : argv[0];
	char line[256], digest_text[65], port[16], path[HEDGE_PATH_MAX + 1];
	uint8_t digest[32];
	struct stat st;
	size_t size;
	int rc;

	(void)argc;
	if (stat(argv[0], &st))
		return fail_errno("%s", argv[0]);
	if (st.st_size > (off_t)HEDGE_REMOTE_IMAGE_MAX)
		return fail(EFBIG, "%s: too large for an image", argv[0]);
	/* So much is set aside: the most that an image may have is more than many machines. */
	rc = file_read(argv[0], st.st_size, &image, &size);
	if (rc)
		return fail(-rc, "%s: %s", argv[0], strerror(-rc));
	if (!size)
		return fail(EINVAL, "%s: empty", argv[0]);
	/* Digest and image are of one reading, so that they fit. */
	if (sha256_digest(image, size, digest))
		return fail(EIO, "%s: no SHA-256 in this system", argv[0]);
	hex_encode(digest, sizeof(digest), digest_text);
	if (snprintf(line, sizeof(line), "put|%s|%zu|%s", name, size, digest_text) >=
	    (int)sizeof(line))
		return fail(EINVAL, "NAME: too long; `--name` gives it another");
	rc = far_command(o->far, line, &answer);
	if (rc)
		return rc;
	if (!monitor_stat(answer, "port", port, sizeof(port)) ||
	    !monitor_stat(answer, "path", path, sizeof(path)))
		return fail(EBADMSG, "the other machine does not say where the image shall go");
	rc = far_tftp_put(o->far, strtoul(port, NULL, 10), name, image, size);
	if (!rc)
		puts(path);
	return rc;
}
