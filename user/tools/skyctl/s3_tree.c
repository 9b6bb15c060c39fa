// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Folders of ours.  A name goes down from the folder that was given, part by part, and never
 * through a symbolic link: nobody who can write in it leads what we write, read or delete to
 * somewhere else.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "base/secret.h"
#include "s3.h"

#define FOLDER	(O_DIRECTORY | O_NOFOLLOW | O_RDONLY | O_CLOEXEC)

static int down_fail(const char *name, struct str part)
{
	int err = errno;
	char text[S3_SHOWN_MAX];

	s3_shown((struct str){ name, part.at + part.len - name }, text);
	if (err == ELOOP || err == ENOTDIR) {
		fail(0, "%s is no folder here, or a symbolic link, which is not followed", text);
		hint("a key may be both an object and a folder, a file may not: take it with --exclude, or to another folder");
		return -ENOTDIR;
	}
	return fail(err, "%s: %s", text, strerror(err));
}

int tree_parent(int root, const char *name, bool make, const char **last)
{
	struct str rest = str_of(name), part;
	CLEANUP_CLOSE int at = fcntl(root, F_DUPFD_CLOEXEC, 0);
	char text[NAME_MAX + 1];
	int next;

	if (at < 0)
		return fail_errno("cannot open one folder more"), -1;
	while (str_cut(&rest, '/', &part) && rest.at) {
		if (!str_copy(part, text, sizeof(text)))
			return fail(ENAMETOOLONG, "a part of the name is too long"), -1;
		if (make && mkdirat(at, text, 0777) && errno != EEXIST)
			return down_fail(name, part), -1;
		next = openat(at, text, FOLDER);
		if (next < 0)
			return down_fail(name, part), -1;
		close(at);
		at = next;
	}
	*last = part.at;
	return TAKE_FD(at);
}

/* --- files that are made ------------------------------------------------------------- */

static int name_temporary(struct tree_file *f)
{
	struct out o = OUT(f->temporary, sizeof(f->temporary) - 1);
	uint8_t random[8];
	int rc = random_bytes(random, sizeof(random));

	out_str(&o, STR(".skyctl-"));
	out_hex(&o, random, sizeof(random));
	out_str(&o, STR(".part"));
	f->temporary[o.len] = 0;
	return rc;
}

int tree_create(struct tree_file *f, int root, const char *name)
{
	char text[S3_SHOWN_MAX];
	int rc;

	f->fd = -1;
	f->dir = tree_parent(root, name, true, &f->last);
	if (f->dir < 0)
		return -ENOTDIR;
	if (!name_temporary(f))
		f->fd = openat(f->dir, f->temporary,
			       O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (f->fd >= 0)
		return 0;
	rc = fail_errno("%s cannot be made", s3_shown(str_of(name), text));
	close(f->dir);
	return rc;
}

int tree_commit(struct tree_file *f, int64_t mtime)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = mtime } };
	char text[S3_SHOWN_MAX];
	int rc = 0;

	if (mtime >= 0 && futimens(f->fd, times))
		rc = fail_errno("%s: its time cannot be set", s3_shown(str_of(f->last), text));
	/* Some file systems say only now that there was no room. */
	if (close(TAKE_FD(f->fd)) && !rc)
		rc = fail_errno("%s cannot be written", s3_shown(str_of(f->last), text));
	if (!rc && renameat(f->dir, f->temporary, f->dir, f->last)) {
		rc = fail_errno("%s cannot get its name", s3_shown(str_of(f->last), text));
		if (rc == -EISDIR || rc == -EEXIST || rc == -ENOTEMPTY)
			hint("there is a folder of that name; a key may be both, a file may not");
	}
	if (rc)
		unlinkat(f->dir, f->temporary, 0);
	close(f->dir);
	return rc;
}

void tree_drop(struct tree_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	unlinkat(f->dir, f->temporary, 0);
	close(f->dir);
}

/* --- files that are there ------------------------------------------------------------ */

int tree_open(int root, const char *name)
{
	const char *last;
	CLEANUP_CLOSE int dir = tree_parent(root, name, false, &last);
	CLEANUP_CLOSE int fd = -1;
	char text[S3_SHOWN_MAX];
	struct stat st;

	if (dir < 0)
		return -1;
	/* What has become a pipe meanwhile would be waited for. */
	fd = openat(dir, last, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st)) {
		fail_errno("cannot open %s", s3_shown(str_of(name), text));
		return -1;
	}
	if (!S_ISREG(st.st_mode)) {
		fail(EINVAL, "%s is no file any more", s3_shown(str_of(name), text));
		return -1;
	}
	return TAKE_FD(fd);
}

int tree_unlink(int root, const char *name)
{
	const char *last;
	CLEANUP_CLOSE int dir = tree_parent(root, name, false, &last);
	char text[S3_SHOWN_MAX];

	if (dir < 0)
		return -ENOTDIR;
	if (unlinkat(dir, last, 0) && errno != ENOENT)
		return fail_errno("cannot delete %s", s3_shown(str_of(name), text));
	return 0;
}
