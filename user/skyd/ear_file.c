// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "ear_file.h"

#define KEY_MAX		4096u

/* Whatever this process's mask is. */
static int publish(const char *path, const char *text)
{
	CLEANUP_CLOSE int fd = -1;
	int rc = file_write_atomic(path, text, strlen(text), 0644);

	if (rc)
		return rc;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 || fchmod(fd, 0644) ? -errno : 0;
}

/* The public half first: the key is not used before it is whole. */
static int make_key(const char *path, struct ear_key **to)
{
	CLEANUP_FREE char *public = NULL;
	CLEANUP_FREE char *public_path = NULL;
	char *private = NULL;
	int rc = ear_key_make(&private, &public);

	if (asprintf(&public_path, "%s.pub", path) < 0) {
		public_path = NULL;
		rc = -ENOMEM;
	}
	if (!rc)
		rc = publish(public_path, public);
	if (!rc)
		rc = file_write_atomic(path, private, strlen(private), 0600);
	if (!rc)
		*to = ear_key_private(str_of(private));
	if (private)
		explicit_bzero(private, strlen(private));
	free(private);
	return rc ? rc : *to ? 0 : -EIO;
}

int ear_file_open(const char *path, struct ear_key **to, const char **why)
{
	char *text = NULL;
	struct stat st;
	size_t len = 0;
	int rc = stat(path, &st) ? -errno : 0;

	if (rc == -ENOENT)
		return make_key(path, to);
	if (!rc && st.st_mode & 077) {
		*why = "others may read it; chmod 0600";
		return -EACCES;
	}
	if (!rc && st.st_uid != geteuid()) {
		*why = "it is somebody else's; chown it";
		return -EACCES;
	}
	if (!rc)
		rc = file_read(path, KEY_MAX, &text, &len);
	if (!rc) {
		*why = "it is no private key of P-256";
		*to = ear_key_private((struct str){ text, len });
		rc = *to ? 0 : -EBADMSG;
	}
	if (text)
		explicit_bzero(text, len);
	free(text);
	return rc;
}
