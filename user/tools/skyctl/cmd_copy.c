// SPDX-License-Identifier: GPL-2.0-or-later
/* skyctl object cp and sync. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "s3_object.h"

/* --- folders ------------------------------------------------------------------------- */

/* A prefix is a folder: "a" would mean "ab" too. */
static int remote_place(const char *text, struct place *p)
{
	struct str key;
	char *prefix;
	int rc = s3_argument(text, false, &p->name);

	p->remote = true;
	key = p->name.key;
	if (rc || !key.len || key.at[key.len - 1] == '/') {
		p->name.key = key.len ? key : STR("");
		return rc;
	}
	prefix = malloc(key.len + 2);
	if (!prefix)
		return fail(ENOMEM, "no memory");
	memcpy(prefix, key.at, key.len);
	strcpy(prefix + key.len, "/");
	/* Kept until the program ends. */
	p->name.key = (struct str){ prefix, key.len + 1 };
	return 0;
}

static int local_place(const struct options *o, const char *text, bool is_target,
		       struct place *p)
{
	char shown[S3_SHOWN_MAX];

	p->path = text;
	if (is_target && !o->dry_run && mkdir(text, 0777) && errno != EEXIST)
		return fail_errno("cannot make folder %s", s3_shown(str_of(text), shown));
	p->root = open(text, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	/* What would be made is empty. */
	if (p->root < 0 && is_target && o->dry_run && errno == ENOENT)
		return 0;
	return p->root < 0 ? fail_errno("cannot open folder %s", s3_shown(str_of(text), shown)) :
			     0;
}

static int copy_folder(const struct options *o, char **argv, bool all)
{
	CLEANUP_SESSION struct session s = { 0 };
	struct place from = { .root = -1 }, to = { .root = -1 };
	bool up = !s3_is_url(argv[0]), down = !s3_is_url(argv[1]);
	int rc = 0;

	if (up && down)
		return fail(EINVAL, "neither %s nor %s is s3://BUCKET/PREFIX", argv[0], argv[1]);
	if (!up)
		rc = remote_place(argv[0], &from);
	if (!rc && !down)
		rc = remote_place(argv[1], &to);
	if (!rc)
		rc = session_open(&s, o);
	if (!rc && up)
		rc = local_place(o, argv[0], false, &from);
	if (!rc && down)
		rc = local_place(o, argv[1], true, &to);
	if (!rc)
		rc = tree_copy(o, &s, &from, &to, all);
	if (from.root >= 0)
		close(from.root);
	if (to.root >= 0)
		close(to.root);
	return rc;
}

int cmd_object_sync(const struct options *o, int argc, char **argv)
{
	(void)argc;
	return copy_folder(o, argv, false);
}

/* --- single objects ------------------------------------------------------------------ */

static struct str last_part(struct str name)
{
	size_t i = name.len;

	while (i && name.at[i - 1] != '/')
		i--;
	return str_skip(name, i);
}

/* "s3://bucket/folder/" is where @from goes under its own name; free(to->key.at). */
static int target_name(const char *text, struct str from, struct s3_name *to)
{
	int rc = s3_argument(text, false, to);
	bool folder = !to->key.len || to->key.at[to->key.len - 1] == '/';
	struct str own = folder ? last_part(from) : STR("");
	size_t len = to->key.len + own.len;
	char *key;

	if (rc)
		return rc;
	if (!len || len > S3_KEY_MAX || (folder && !own.len))
		return fail(EINVAL, "%s does not say how the object is to be called", text);
	key = malloc(len);
	if (!key)
		return fail(ENOMEM, "no memory");
	if (to->key.len)
		memcpy(key, to->key.at, to->key.len);
	if (own.len)
		memcpy(key + to->key.len, own.at, own.len);
	to->key = (struct str){ key, len };
	return 0;
}

static void tell(const struct options *o, const char *verb, const char *from, const char *to,
		 uint64_t size)
{
	struct rows rows;

	rows_begin(&rows, o);
	rows_did(&rows, verb, from, NULL, to, size, o->dry_run);
	rows_end(&rows);
}

static int upload(const struct options *o, char **argv)
{
	CLEANUP_SESSION struct session s = { 0 };
	bool input = !strcmp(argv[0], "-");
	CLEANUP_CLOSE int fd = -1;
	char from[S3_SHOWN_MAX], url[S3_SHOWN_MAX];
	struct s3_moving m;
	struct s3_name to;
	struct stat st;
	int rc = target_name(argv[1], input ? STR("") : str_of(argv[0]), &to);

	if (rc)
		return rc;
	s3_shown(input ? STR("standard input") : str_of(argv[0]), from);
	fd = input ? dup(STDIN_FILENO) : open(argv[0], O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		rc = fail_errno("cannot open %s", from);
	else if (S_ISDIR(st.st_mode))
		rc = fail(EISDIR, "%s is a folder; --recursive copies all it has", from);
	if (!rc)
		rc = session_open(&s, o);
	if (!rc)
		rc = moving_init(&m, o, &s.site);
	if (!rc) {
		m.crew.what = o->json || !S_ISREG(st.st_mode) ? NULL : "uploading";
		m.crew.total = st.st_size;
		rc = o->dry_run ? 0 : s3_put(&m, s.web, fd, from, &to);
	}
	if (!rc)
		tell(o, "upload", from, s3_shown_url(to.bucket, to.key, url),
		     S_ISREG(st.st_mode) ? st.st_size : m.crew.moved);
	free((char *)to.key.at);
	return rc;
}

/* Where a file goes: the folder, open, and its name there. */
static int target_file(const char *path, struct str key, char **name, int *dir)
{
	CLEANUP_FREE char *folder = NULL;
	struct str last = last_part(str_of(path));
	const char *fault;
	struct stat st;
	bool is_folder = !last.len || (!stat(path, &st) && S_ISDIR(st.st_mode));
	char shown[S3_SHOWN_MAX];

	if (is_folder) {
		folder = strdup(path);
		last = last_part(key);
	} else if (last.at > path) {
		folder = strndup(path, last.at - path);
	} else {
		folder = strdup(".");
	}
	fault = is_folder ? s3_name_fault(last) : NULL;
	if (fault) {
		fail(0, "key %s makes no file's name: %s", s3_shown(key, shown), fault);
		hint("say how the file is to be called");
		return -EINVAL;
	}
	*name = strndup(last.at, last.len);
	if (!folder || !*name)
		return fail(ENOMEM, "no memory");
	*dir = open(folder, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	return *dir < 0 ? fail_errno("cannot open folder %s", s3_shown(str_of(folder), shown)) :
			  0;
}

static int download(const struct options *o, char **argv)
{
	CLEANUP_SESSION struct session s = { 0 };
	CLEANUP_FREE char *name = NULL;
	CLEANUP_CLOSE int dir = -1;
	char url[S3_SHOWN_MAX], shown[S3_SHOWN_MAX];
	struct tree_file file;
	struct s3_moving m;
	struct s3_name from;
	struct s3_stat st = { 0 };
	int rc = object_argument(o, argv[0], &from);

	if (!rc)
		rc = target_file(argv[1], from.key, &name, &dir);
	if (!rc)
		rc = session_open(&s, o);
	if (!rc)
		rc = moving_init(&m, o, &s.site);
	if (!rc && !o->dry_run)
		rc = tree_create(&file, dir, name);
	if (rc)
		return rc;
	if (!o->dry_run) {
		m.crew.what = o->json ? NULL : "downloading";
		rc = s3_get_file(&m, s.web, &from, file.fd, NULL, &st);
		if (rc)
			tree_drop(&file);
		else
			rc = tree_commit(&file, st.modified);
	}
	if (!rc)
		tell(o, "download", s3_shown_url(from.bucket, from.key, url),
		     s3_shown(str_of(argv[1]), shown), st.size);
	return rc;
}

static int across(const struct options *o, char **argv)
{
	CLEANUP_SESSION struct session s = { 0 };
	char url[S3_SHOWN_MAX], to_url[S3_SHOWN_MAX];
	struct s3_moving m;
	struct s3_name from, to;
	int rc = object_argument(o, argv[0], &from);

	if (!rc)
		rc = target_name(argv[1], from.key, &to);
	if (rc)
		return rc;
	rc = session_open(&s, o);
	if (!rc)
		rc = moving_init(&m, o, &s.site);
	if (!rc) {
		m.crew.what = o->json ? NULL : "copying";
		rc = o->dry_run ? 0 : s3_copy(&m, s.web, &from, &to);
	}
	if (!rc)
		tell(o, "copy", s3_shown_url(from.bucket, from.key, url),
		     s3_shown_url(to.bucket, to.key, to_url), m.crew.moved);
	free((char *)to.key.at);
	return rc;
}

static int to_output(const struct options *o, char **argv)
{
	return cmd_object_cat(o, 1, argv);
}

int cmd_object_cp(const struct options *o, int argc, char **argv)
{
	bool up = !s3_is_url(argv[0]), down = !s3_is_url(argv[1]);

	(void)argc;
	if (o->recursive && o->version)
		return fail(EINVAL, "--version-id is of one object, --recursive of many");
	if (o->recursive)
		return copy_folder(o, argv, true);
	if (up && down) {
		fail(0, "neither %s nor %s is s3://BUCKET/KEY", argv[0], argv[1]);
		hint("cp(1) copies files");
		return -EINVAL;
	}
	if (!up && !strcmp(argv[1], "-"))
		return to_output(o, argv);
	return up ? upload(o, argv) : down ? download(o, argv) : across(o, argv);
}
