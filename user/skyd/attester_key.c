// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The attestation key from one start to the next: a file of root's, in the form of
 * device_keys_kept(), which is of use to the TPM alone that has made it.
 *
 * The file is open before rights are given up, since nothing can be opened later, so that it
 * cannot be replaced as a whole.  It is one short write that is durable when it returns; one that
 * power has cut off leaves nothing, or zeros, and nobody has been told of that key yet.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attester.h"
#include "base/file.h"
#include "log.h"
#include "tpm_esys/kept.h"

/* A TPM2B_PUBLIC begins with its length. */
static bool is_written(const struct device_bytes *kept)
{
	return kept->len > 2 && (kept->at[0] || kept->at[1]);
}

/* Whoever else could write there would choose a key that is not this machine's. */
static const char *check(int fd, struct stat *st)
{
	if (fstat(fd, st))
		return strerror(errno);
	if (!S_ISREG(st->st_mode) || st->st_nlink > 1)
		return "it is no file of its own";
	if (st->st_uid != geteuid() || st->st_mode & 022)
		return "others may write to it";
	return st->st_size > (off_t)sizeof(((struct device_bytes *)NULL)->at) ?
	       "it is too long for one" : NULL;
}

/* What is in it; none is there afterwards if that is no key. */
static int read_key(struct attester *a, size_t size)
{
	int rc = size > sizeof(a->kept.at) ? -EFBIG : pread_all(a->key_fd, a->kept.at, size, 0);

	a->kept.len = rc ? 0 : size;
	if (!is_written(&a->kept))
		a->kept.len = 0;
	return rc;
}

static const char *load(struct attester *a)
{
	struct stat st;
	const char *why = a->key_fd < 0 ? strerror(errno) : check(a->key_fd, &st);

	return why ? why : read_key(a, st.st_size) ? "it cannot be read" : NULL;
}

void attester_key_open(struct attester *a, const char *path)
{
	const char *why;

	a->key_fd = -1;
	a->kept.len = 0;
	if (!*path)
		return;
	a->key_fd = open(path, O_RDWR | O_CREAT | O_DSYNC | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC,
			 0600);
	why = load(a);
	a->key_made = !a->kept.len;
	if (!why)
		return;
	log_line(LEVEL_WARNING, "%s: %s, so this start has an attestation key of its own, and enrols it; see key in [attest] of skyd.conf(5)",
		 path, why);
	attester_key_close(a);
}

void attester_key_close(struct attester *a)
{
	if (a->key_fd >= 0)
		close(a->key_fd);
	a->key_fd = -1;
}

void attester_key_claim(struct attester *a)
{
	struct stat st;

	/* Whose it is was looked at when it was opened, by another user than this one now is. */
	device_kept_lock(a->key_fd);
	if (!fstat(a->key_fd, &st))
		read_key(a, st.st_size);
	a->key_made = !a->kept.len;
}

int attester_key_write(struct attester *a)
{
	int rc = ftruncate(a->key_fd, 0) ? -errno : 0;

	return rc ? rc : pwrite_all(a->key_fd, a->kept.at, a->kept.len, 0);
}
