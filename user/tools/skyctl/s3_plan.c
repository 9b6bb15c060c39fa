// SPDX-License-Identifier: GPL-2.0-or-later
/* The two sides of a copy of many: what there is, and which of it is the same. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "s3.h"

#define DEPTH_MAX	128u	/* of folders: each has a descriptor */

/* --- entries ------------------------------------------------------------------------- */

int plan_add(struct plan_side *s, const struct plan_rules *r, const struct plan_entry *e)
{
	struct plan_entry *more;
	char *name;

	if (!s3_filter_passes(r->filter, r->filters, e->name))
		return 0;
	if (s->count == s->room) {
		size_t room = s->room ? 2 * s->room : 256;

		more = reallocarray(s->entry, room, sizeof(*more));
		if (!more)
			return fail(ENOMEM, "no memory for so many names");
		s->entry = more;
		s->room = room;
	}
	/* With a NUL behind it, for who opens files. */
	name = malloc(e->name.len + 1);
	if (!name)
		return fail(ENOMEM, "no memory for so many names");
	memcpy(name, e->name.at, e->name.len);
	name[e->name.len] = 0;
	s->entry[s->count] = *e;
	s->entry[s->count++].name.at = name;
	return 0;
}

void plan_free(struct plan_side *s)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		free((char *)s->entry[i].name.at);
	free(s->entry);
	*s = (struct plan_side){ 0 };
}

static int by_name(const void *a, const void *b)
{
	return str_compare(((const struct plan_entry *)a)->name,
			   ((const struct plan_entry *)b)->name);
}

void plan_sort(struct plan_side *s)
{
	size_t i, n = 0;

	if (!s->count)
		return;
	qsort(s->entry, s->count, sizeof(*s->entry), by_name);
	for (i = 1; i < s->count; i++) {
		if (str_equal(s->entry[i].name, s->entry[n].name))
			free((char *)s->entry[i].name.at);
		else
			s->entry[++n] = s->entry[i];
	}
	s->count = n + 1;
}

/* --- a bucket ------------------------------------------------------------------------ */

struct remote {
	struct plan_side *side;
	const struct plan_rules *rules;
	struct str prefix;
	bool to_files;
};

static int add_remote(void *arg, const struct s3_item *item)
{
	struct remote *r = arg;
	struct plan_entry e = {
		.name = str_skip(item->key, r->prefix.len), .size = item->size,
		.modified = item->modified / 1000,
	};
	const char *fault = r->to_files ? s3_name_fault(e.name) : e.name.len ? NULL : "";
	char text[S3_SHOWN_MAX];

	if (item->kind != ITEM_OBJECT)
		return 0;
	/* The folder itself, as some programs make it. */
	if (!e.name.len)
		return 0;
	if (r->to_files && !fault && e.name.at[e.name.len - 1] == '/') {
		if (!item->size)
			return 0;
		fault = "it is a folder's, but has bytes";
	}
	if (fault) {
		if (!s3_filter_passes(r->rules->filter, r->rules->filters, e.name))
			return 0;
		warn("key %s is left out: %s", s3_shown(item->key, text), fault);
		r->side->skipped++;
		return 0;
	}
	memcpy(e.etag, item->etag, sizeof(e.etag));
	return plan_add(r->side, r->rules, &e);
}

int plan_remote(struct plan_side *s, const struct plan_rules *r, struct web *w,
		struct str bucket, struct str prefix, bool to_files)
{
	struct remote remote = { s, r, prefix, to_files };
	const struct s3_listing l = { ITEM_OBJECT, bucket, prefix, STR_NONE };

	return s3_list(w, &l, add_remote, &remote);
}

/* --- a folder ------------------------------------------------------------------------ */

struct walk {
	struct plan_side *side;
	const struct plan_rules *rules;
	unsigned int depth;
	char path[PATH_MAX];	/* below the root */
	size_t len;
};

static int walk_folder(struct walk *k, int fd);

static void leave_out(struct walk *k, const char *why)
{
	char text[S3_SHOWN_MAX];

	if (!s3_filter_passes(k->rules->filter, k->rules->filters,
			      (struct str){ k->path, k->len }))
		return;
	warn("%s is left out: %s", s3_shown((struct str){ k->path, k->len }, text), why);
	k->side->skipped++;
}

static int walk_down(struct walk *k, int dir, const char *name)
{
	int fd, rc;

	if (k->depth == DEPTH_MAX) {
		leave_out(k, "too many folders lie in each other");
		return 0;
	}
	fd = openat(dir, name, O_DIRECTORY | O_NOFOLLOW | O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		leave_out(k, strerror(errno));
		return 0;
	}
	k->path[k->len++] = '/';
	k->depth++;
	rc = walk_folder(k, fd);
	k->depth--;
	return rc;
}

static int add_local(struct walk *k, const struct stat *st)
{
	const struct plan_entry e = {
		.name = { k->path, k->len }, .size = st->st_size,
		.modified = st->st_mtim.tv_sec,
	};

	if (k->len > S3_KEY_MAX || !str_is_utf8(e.name)) {
		leave_out(k, k->len > S3_KEY_MAX ? "no key is that long" : "it is not UTF-8");
		return 0;
	}
	return plan_add(k->side, k->rules, &e);
}

static int walk_one(struct walk *k, int dir, const char *name)
{
	size_t before = k->len, len = strlen(name);
	struct stat st;
	int rc = 0;

	if (k->len + len + 2 > sizeof(k->path)) {
		leave_out(k, "its path is too long");
		return 0;
	}
	memcpy(k->path + k->len, name, len);
	k->len += len;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW))
		leave_out(k, strerror(errno));
	else if (S_ISDIR(st.st_mode))
		rc = walk_down(k, dir, name);
	else if (S_ISREG(st.st_mode))
		rc = add_local(k, &st);
	else
		leave_out(k, S_ISLNK(st.st_mode) ? "symbolic links are not followed" :
						  "it is no file");
	k->len = before;
	return rc;
}

/* What a run that was killed has left. */
static bool is_temporary(const char *name)
{
	struct str s = str_of(name);

	return s.len == 29 && str_starts(s, STR(".skyctl-")) && str_ends(s, STR(".part"));
}

/* Takes @fd. */
static int walk_folder(struct walk *k, int fd)
{
	DIR *dir = fdopendir(fd);
	struct dirent *e;
	int rc = 0;

	if (!dir) {
		close(fd);
		return fail_errno("cannot read a folder");
	}
	while (!rc && (errno = 0, e = readdir(dir))) {
		if (s3_interrupted)
			rc = -EINTR;
		else if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..") &&
			 !is_temporary(e->d_name))
			rc = walk_one(k, fd, e->d_name);
	}
	if (!rc && errno)
		rc = fail_errno("cannot read folder %.*s", (int)k->len, k->path);
	closedir(dir);
	return rc;
}

int plan_local(struct plan_side *s, const struct plan_rules *r, int root)
{
	struct walk k = { .side = s, .rules = r };
	int fd = openat(root, ".", O_DIRECTORY | O_RDONLY | O_CLOEXEC);

	return fd < 0 ? fail_errno("cannot read the folder") : walk_folder(&k, fd);
}

/* --- comparing ----------------------------------------------------------------------- */

enum plan_verdict plan_compare(enum plan_way way, const struct plan_entry *from,
			       const struct plan_entry *to)
{
	if (from->size != to->size)
		return PLAN_DIFFERENT;
	switch (way) {
	case WAY_UP:
		/* What may have been written after it was sent is to be looked at. */
		return from->modified < to->modified ? PLAN_SAME : PLAN_LOOK;
	case WAY_DOWN:
		/* A file that came from here has the object's time. */
		return from->modified == to->modified ? PLAN_SAME : PLAN_LOOK;
	default:
		if (*from->etag && !strcmp(from->etag, to->etag))
			return PLAN_SAME;
		/* Of parts it says how they were cut, too. */
		return (strchr(from->etag, '-') || strchr(to->etag, '-')) &&
		       from->modified < to->modified ? PLAN_SAME : PLAN_DIFFERENT;
	}
}

bool plan_etag_is(int fd, const char *etag)
{
	const size_t size = 1 << 18;
	CLEANUP_FREE char *data = malloc(size);
	uint8_t is[HASH_MD5_BYTES], expected[S3_MD5_BYTES];
	CLEANUP(hash_free) struct hash hash = HASH_NONE;
	uint32_t parts;
	uint64_t at = 0;
	ssize_t got = 0;

	if (!data || !s3_etag_parse(str_of(etag), expected, &parts) || parts ||
	    hash_begin(&hash, HASH_MD5))
		return false;
	while (!s3_interrupted && (got = pread(fd, data, size, at)) > 0) {
		if (hash_update(&hash, data, got))
			return false;
		at += got;
	}
	return !got && !hash_end(&hash, is) && !memcmp(is, expected, sizeof(is));
}
