// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whole folders: what is on both sides is looked at first, then small objects go side by side
 * and large ones one after another, in parts.  What is extra is deleted last, and only when all
 * else went well.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "s3_object.h"

struct copying {
	const struct options *o;
	struct session *s;
	struct place *from, *to;
	enum plan_way way;
	struct s3_moving m;
	struct plan_rules rules;
	struct plan_side here, there;	/* sources; what there is at the destination */
	const struct plan_entry **todo;
	size_t count, small;		/* the first @small are those */
	struct rows rows;
};

/* --- names --------------------------------------------------------------------------- */

/* The object of an entry; free(to->key.at). */
static int name_of(const struct place *p, const struct plan_entry *e, struct s3_name *to)
{
	struct str prefix = p->name.key;
	char *key;

	if (prefix.len + e->name.len > S3_KEY_MAX) {
		char text[S3_SHOWN_MAX];

		return fail(ENAMETOOLONG, "%s: no key is that long", s3_shown(e->name, text));
	}
	key = malloc(prefix.len + e->name.len + 1);
	if (!key)
		return fail(ENOMEM, "no memory");
	if (prefix.len)
		memcpy(key, prefix.at, prefix.len);
	memcpy(key + prefix.len, e->name.at, e->name.len);
	*to = (struct s3_name){ p->name.bucket, { key, prefix.len + e->name.len }, NULL };
	return 0;
}

static void show(const struct place *p, const struct plan_entry *e, char to[S3_SHOWN_MAX])
{
	struct out o = OUT(to, S3_SHOWN_MAX - 1);

	if (p->remote) {
		out_str(&o, STR(S3_SCHEME));
		out_str(&o, p->name.bucket);
		out_char(&o, '/');
		s3_show(&o, p->name.key);
	} else {
		s3_show(&o, str_of(p->path));
		if (o.len && o.at[o.len - 1] != '/')
			out_char(&o, '/');
	}
	s3_show(&o, e->name);
	to[o.len] = 0;
}

static void tell(struct copying *c, const struct plan_entry *e)
{
	static const char *const verbs[] = {
		[WAY_UP] = "upload", [WAY_DOWN] = "download", [WAY_ACROSS] = "copy",
	};
	char from[S3_SHOWN_MAX], to[S3_SHOWN_MAX];

	show(c->from, e, from);
	show(c->to, e, to);
	rows_did(&c->rows, verbs[c->way], from, NULL, to, e->size, c->o->dry_run);
}

/* --- one ----------------------------------------------------------------------------- */

static int upload(struct copying *c, struct web *w, const struct plan_entry *e,
		  struct s3_moving *m)
{
	CLEANUP_CLOSE int fd = tree_open(c->from->root, e->name.at);
	char shown[S3_SHOWN_MAX];
	struct s3_name to;
	int rc = fd < 0 ? -ENOENT : name_of(c->to, e, &to);

	if (rc)
		return rc;
	show(c->from, e, shown);
	rc = s3_put(m, w, fd, shown, &to);
	free((char *)to.key.at);
	return rc;
}

static int download(struct copying *c, struct web *w, const struct plan_entry *e,
		    struct s3_moving *m)
{
	struct tree_file file;
	struct s3_name from;
	struct s3_stat st;
	int rc = name_of(c->from, e, &from);

	if (rc)
		return rc;
	rc = tree_create(&file, c->to->root, e->name.at);
	if (!rc) {
		rc = s3_get_file(m, w, &from, file.fd, &e->size, &st);
		if (rc)
			tree_drop(&file);
		else
			rc = tree_commit(&file, st.modified);
	}
	free((char *)from.key.at);
	return rc;
}

static int across(struct copying *c, struct web *w, const struct plan_entry *e,
		  struct s3_moving *m)
{
	struct s3_name from, to;
	int rc = name_of(c->from, e, &from);

	if (rc)
		return rc;
	rc = name_of(c->to, e, &to);
	if (!rc) {
		rc = s3_copy(m, w, &from, &to);
		free((char *)to.key.at);
	}
	free((char *)from.key.at);
	return rc;
}

static int copy_one(struct copying *c, struct web *w, const struct plan_entry *e,
		    struct s3_moving *m)
{
	int rc = c->way == WAY_UP ? upload(c, w, e, m) :
		 c->way == WAY_DOWN ? download(c, w, e, m) : across(c, w, e, m);

	if (!rc)
		tell(c, e);
	return rc;
}

/* --- all ----------------------------------------------------------------------------- */

/* A file that grows beyond the threshold meanwhile goes in parts, one after the other. */
static int copy_small(void *arg, struct web *w, size_t i)
{
	struct copying *c = arg;
	struct s3_moving m = c->m;
	int rc;

	m.crew.what = NULL;
	m.crew.jobs = 1;
	m.crew.moved = 0;
	m.crew.total = 0;
	rc = copy_one(c, w, c->todo[i], &m);
	atomic_fetch_add(&c->m.crew.moved, c->todo[i]->size);
	return rc;
}

static int copy_all(struct copying *c)
{
	struct crew *crew = &c->m.crew;
	size_t i;
	int rc, first;

	crew->go_on = true;
	crew->what = c->o->json ? NULL : "copying";
	first = c->small ? crew_run(crew, c->small, copy_small, c) : 0;
	crew->go_on = false;
	for (i = c->small; i < c->count && !crew_is_hopeless(first); i++) {
		rc = copy_one(c, c->s->web, c->todo[i], &c->m);
		first = first ? first : rc;
	}
	return first;
}

static const struct plan_entry *find(const struct plan_side *s, struct str name)
{
	size_t low = 0, high = s->count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int way = str_compare(s->entry[middle].name, name);

		if (!way)
			return &s->entry[middle];
		if (way < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* Does the ETag of one side say that the file of the other is the same? */
static bool same_bytes(const struct copying *c, const struct plan_entry *from,
		       const struct plan_entry *to)
{
	bool up = c->way == WAY_UP;
	CLEANUP_CLOSE int fd = -1;

	if (c->way == WAY_ACROSS)
		return false;
	fd = tree_open(up ? c->from->root : c->to->root, from->name.at);
	return fd >= 0 && plan_etag_is(fd, up ? to->etag : from->etag);
}

static bool differs(const struct copying *c, const struct plan_entry *e)
{
	const struct plan_entry *there = find(&c->there, e->name);
	enum plan_verdict verdict;

	if (!there)
		return true;
	verdict = plan_compare(c->way, e, there);
	if (verdict == PLAN_SAME && c->o->checksum && c->way != WAY_ACROSS)
		verdict = PLAN_LOOK;
	return verdict == PLAN_DIFFERENT ||
	       (verdict == PLAN_LOOK && !same_bytes(c, e, there));
}

static int decide(struct copying *c, bool all)
{
	size_t i, large;

	c->todo = calloc(c->here.count + 1, sizeof(*c->todo));
	if (!c->todo)
		return fail(ENOMEM, "no memory");
	/* Small ones from the front, large ones from the back. */
	large = c->here.count;
	for (i = 0; i < c->here.count && !s3_interrupted; i++) {
		const struct plan_entry *e = &c->here.entry[i];

		if (!all && !differs(c, e))
			continue;
		if (e->size <= c->m.threshold)
			c->todo[c->small++] = e;
		else
			c->todo[--large] = e;
		c->m.crew.total += e->size;
	}
	memmove(&c->todo[c->small], &c->todo[large],
		(c->here.count - large) * sizeof(*c->todo));
	c->count = c->small + c->here.count - large;
	return s3_interrupted ? -EINTR : 0;
}

static int list_side(struct copying *c, struct plan_side *side, const struct place *p)
{
	int rc = 0;

	if (p->remote)
		rc = plan_remote(side, &c->rules, c->s->web, p->name.bucket, p->name.key,
				 c->way == WAY_DOWN && side == &c->here);
	else if (p->root >= 0)
		rc = plan_local(side, &c->rules, p->root);
	plan_sort(side);
	return rc;
}

/* --- what is extra ------------------------------------------------------------------- */

static int delete_files(struct copying *c)
{
	char shown[S3_SHOWN_MAX];
	size_t i;
	int rc = 0;

	for (i = 0; !rc && i < c->there.count; i++) {
		const struct plan_entry *e = &c->there.entry[i];

		if (find(&c->here, e->name))
			continue;
		if (!c->o->dry_run)
			rc = tree_unlink(c->to->root, e->name.at);
		show(c->to, e, shown);
		if (!rc)
			rows_did(&c->rows, "delete", shown, NULL, NULL, 0, c->o->dry_run);
	}
	return rc;
}

static int delete_objects(struct copying *c)
{
	struct s3_deleting d;
	struct s3_name name;
	size_t i;
	int rc = deleting_begin(&d, c->s->web, &c->rows, c->to->name.bucket, c->o->dry_run);

	if (rc)
		return rc;
	for (i = 0; !rc && i < c->there.count; i++) {
		if (find(&c->here, c->there.entry[i].name))
			continue;
		rc = name_of(c->to, &c->there.entry[i], &name);
		if (rc)
			break;
		rc = deleting_add(&d, name.key, "");
		free((char *)name.key.at);
	}
	return deleting_end(&d, rc);
}

static int delete_extra(struct copying *c)
{
	if (!c->o->delete)
		return 0;
	/* What was left out is missing on our side only. */
	if (c->here.skipped) {
		fail(0, "nothing is deleted, since %zu at the source %s left out",
		     c->here.skipped, c->here.skipped == 1 ? "was" : "were");
		hint("take them out with --exclude, or change their names");
		return -ENOTSUP;
	}
	return c->to->remote ? delete_objects(c) : delete_files(c);
}

static int run(struct copying *c, bool all)
{
	int rc = list_side(c, &c->here, c->from);
	size_t i;

	if (!rc && !all)
		rc = list_side(c, &c->there, c->to);
	if (!rc)
		rc = decide(c, all);
	if (rc)
		return rc;
	if (!c->o->dry_run)
		rc = copy_all(c);
	for (i = 0; c->o->dry_run && i < c->count; i++)
		tell(c, c->todo[i]);
	if (!rc && !all)
		rc = delete_extra(c);
	return rc;
}

int tree_copy(const struct options *o, struct session *s, struct place *from, struct place *to,
	      bool all)
{
	struct copying c = {
		.o = o, .s = s, .from = from, .to = to,
		.way = !from->remote ? WAY_UP : !to->remote ? WAY_DOWN : WAY_ACROSS,
		.rules = { o->filter, o->filters },
	};
	int rc = moving_init(&c.m, o, &s->site);

	if (rc)
		return rc;
	rows_begin(&c.rows, o);
	rc = run(&c, all);
	rows_end(&c.rows);
	/* What was left out was told, and is no success. */
	if (!rc && c.here.skipped)
		rc = -ENOTSUP;
	free(c.todo);
	plan_free(&c.here);
	plan_free(&c.there);
	return rc;
}
