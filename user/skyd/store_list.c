// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Listings.  One walk serves all three: a cursor over names in order.  Where a
 * name shows a common prefix, the cursor is put behind everything that has this
 * prefix (*skip-seek*): the B-tree finds the next name at the cost of one look-up,
 * whatever lies between.
 */
#include <errno.h>
#include <string.h>

#include "store_private.h"

#define BETWEEN	" WHERE bucket = ?1 AND name >= ?2 AND name < ?3"
#define UPLOAD	STORE_ENTRY_UPLOAD " FROM upload"

/* A cursor over names from ?2 to below ?3, and one over the rest of the name ?2. */
struct source {
	struct db_sql range, within;
};

static const struct source objects = {
	.range = {
		"list objects", "SELECT " STORE_ENTRY("0", "1") " FROM object" BETWEEN " ORDER BY name",
	},
};

static const struct source versions = {
	.range = {
		"list versions",
		"SELECT " STORE_ENTRY("marker", "1") " FROM object" BETWEEN " UNION ALL"
		" SELECT " STORE_ENTRY("marker", "0") " FROM version" BETWEEN " ORDER BY 1, 2 DESC",
	},
	.within = {
		"list the other versions of a name",
		"SELECT " STORE_ENTRY("marker", "0") " FROM version"
		" WHERE bucket = ?1 AND name = ?2 AND seq < ?3 ORDER BY seq DESC",
	},
};

static const struct source uploads = {
	.range = {
		"list uploads", "SELECT " UPLOAD BETWEEN " ORDER BY name, id",
	},
	.within = {
		"list the other uploads of a name",
		"SELECT " UPLOAD " WHERE bucket = ?1 AND name = ?2 AND id > ?3 ORDER BY id",
	},
};

static const struct db_sql sql_null = {
	"look for the null version",
	"SELECT seq FROM object WHERE bucket = ?1 AND name = ?2 AND nil = 1 UNION ALL"
	" SELECT seq FROM version WHERE bucket = ?1 AND name = ?2 AND nil = 1",
};

/* --- bounds: byte strings that a name is compared with ------------------- */

void store_bound_after(struct store_bound *b, struct store_text t)
{
	memcpy(b->data, t.data, t.len);
	b->data[t.len] = 0;
	b->len = t.len + 1;
}

void store_bound_behind(struct store_bound *b, struct store_text t)
{
	const u8 *p = t.data;

	while (t.len && p[t.len - 1] == 0xff)
		t.len--;
	if (!t.len) {
		memset(b->data, 0xff, STORE_BOUND_MAX);
		b->len = STORE_BOUND_MAX;
		return;
	}
	memcpy(b->data, p, t.len);
	b->data[t.len - 1]++;
	b->len = t.len;
}

int store_compare(struct store_text a, struct store_text b)
{
	int order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);

	if (order)
		return order;
	return a.len < b.len ? -1 : a.len > b.len;
}

static struct store_text text(const struct store_bound *b)
{
	return (struct store_text){ b->data, b->len };
}

/* --- the walk ------------------------------------------------------------ */

struct walk {
	const struct store_list *list;
	const struct source *source;
	struct store_arena *arena;
	struct store_listing *out;
	unsigned int max;
	struct store_bound from, to;
	struct store_text last_name;	/* of the row before */
};

/* The common prefix that @name shows, or no bytes. */
static struct store_text group_of(const struct store_list *l, struct store_text name)
{
	const u8 *rest = (const u8 *)name.data + l->prefix.len, *found;

	if (!l->delimiter.len || name.len < l->prefix.len)
		return (struct store_text){ 0 };
	found = memmem(rest, name.len - l->prefix.len, l->delimiter.data, l->delimiter.len);
	if (!found)
		return (struct store_text){ 0 };
	return (struct store_text){ name.data,
				    found + l->delimiter.len - (const u8 *)name.data };
}

static void first_bound(struct walk *w)
{
	const struct store_list *l = w->list;
	struct store_text group = { 0 };

	w->from.len = 0;
	if (l->after.len) {
		if (store_compare(l->after, l->prefix) >= 0)
			group = group_of(l, l->after);
		if (group.len == l->after.len)
			store_bound_behind(&w->from, group);
		else
			store_bound_after(&w->from, l->after);
	}
	if (store_compare(text(&w->from), l->prefix) < 0) {
		memcpy(w->from.data, l->prefix.data, l->prefix.len);
		w->from.len = l->prefix.len;
	}
	store_bound_behind(&w->to, l->prefix);
}

int store_entry_fill(struct db_rows *rows, struct store_arena *a, struct store_entry *e)
{
	int err = 0;

	e->name = store_column(a, rows, 0, &err);
	store_version_set(&e->version, db_int(rows, 3), db_int(rows, 1), db_int(rows, 2));
	e->marker = db_int(rows, 4);
	e->latest = db_int(rows, 5);
	e->order = db_int(rows, 6);
	e->size = db_int(rows, 7);
	e->etag = store_column(a, rows, 8, &err);
	e->checksums = store_column(a, rows, 9, &err);
	e->tags = store_column(a, rows, 10, &err);
	e->headers = store_column(a, rows, 11, &err);
	return err;
}

static int fill(struct walk *w, struct db_rows *rows, struct store_entry *e)
{
	int err = store_entry_fill(rows, w->arena, e);

	/* A marker is the latest if no row of its name came before it. */
	e->latest |= e->marker && !store_same(w->last_name, e->name);
	w->last_name = e->name;
	return err;
}

static int add_group(struct walk *w, struct store_text group, struct store_entry *e)
{
	int err = 0;

	e->group = true;
	e->name = store_copy(w->arena, (struct db_bytes){ group.data, group.len }, &err);
	store_bound_behind(&w->from, e->name);
	return err;
}

/* Return: 1 when the page is full, 2 when the cursor has to be put elsewhere. */
static int add_row(struct walk *w, struct db_rows *rows)
{
	struct store_text group = group_of(w->list, store_bytes(db_bytes(rows, 0)));
	struct store_entry *e = &w->out->entry[w->out->count];
	int err;

	if (w->out->count == w->max) {
		w->out->truncated = true;
		return 1;
	}
	w->out->count++;
	err = group.len ? add_group(w, group, e) : fill(w, rows, e);
	return err < 0 ? err : group.len ? 2 : 0;
}

static int follow(struct walk *w, struct db_rows *rows)
{
	int more, err = 0;

	while (!err && (more = db_next(rows)))
		err = more < 0 ? more : add_row(w, rows);
	return err;
}

static int walk_range(struct walk *w, struct db_conn *c)
{
	DB_ROWS rows = db_query(c, &w->source->range,
				DB_ARGS(DB_INT(w->list->bucket),
					DB_BYTES(w->from.data, w->from.len),
					DB_BYTES(w->to.data, w->to.len)));

	return follow(w, rows);
}

/* What is left of the name that the page before ended in. */
static int walk_within(struct walk *w, struct db_conn *c)
{
	const struct store_list *l = w->list;
	DB_ROWS rows = NULL;
	u64 seq, rand;
	int err = 0;

	store_version_split(l->after_version.id, &seq, &rand);
	if (l->after_version.kind == STORE_NULL)
		err = store_number(c, &sql_null, DB_ARGS(DB_INT(l->bucket), STORE_ARG(l->after)),
				   STORE_NO_SUCH_VERSION, &seq);
	/* It has been deleted meanwhile, or the name is a common prefix: go on behind. */
	if (err == -STORE_NO_SUCH_VERSION || group_of(l, l->after).len)
		return 0;
	if (err)
		return err;
	w->last_name = l->after;
	rows = db_query(c, &w->source->within, DB_ARGS(DB_INT(l->bucket), STORE_ARG(l->after),
						       DB_INT(seq)));
	return follow(w, rows);
}

static bool has_prefix(struct store_text t, struct store_text prefix)
{
	return t.len >= prefix.len && !memcmp(t.data, prefix.data, prefix.len);
}

static int walk_tx(struct db_conn *c, void *arg)
{
	struct walk *w = arg;
	const struct store_list *l = w->list;
	struct store_bucket_row row;
	int err = store_bucket_see(c, l->team, l->bucket, &row);

	if (err || !w->max)
		return err;
	first_bound(w);
	if (l->after_version.kind != STORE_LATEST && l->after.len && w->source->within.text &&
	    has_prefix(l->after, l->prefix))
		err = walk_within(w, c);
	if (!err)
		err = 2;
	/* Each round is one seek: to the first name, or behind a common prefix. */
	while (err == 2)
		err = walk_range(w, c);
	return err < 0 ? err : 0;
}

static int list(struct store *s, const struct store_list *l, const struct source *source,
		struct store_arena *a, struct store_listing *listing)
{
	/* A first round without bounds would compare with NULL. */
	struct store_list with = *l;
	struct walk w = {
		.list = &with, .source = source, .arena = a, .out = listing,
		.max = store_page_max(l->max),
	};
	int err;

	if (!with.prefix.data)
		with.prefix = STORE_TEXT("");
	if (!with.after.data)
		with.after = STORE_TEXT("");
	if (l->prefix.len > STORE_NAME_MAX || l->after.len > STORE_NAME_MAX ||
	    l->delimiter.len > STORE_NAME_MAX)
		return -STORE_NAME_TOO_LONG;
	*listing = (struct store_listing){ .entry = store_alloc(a, (w.max + 1) *
								   sizeof(struct store_entry)) };
	if (!listing->entry)
		return -ENOMEM;
	err = store_read(s, walk_tx, &w);
	if (!err && listing->truncated) {
		listing->next = listing->entry[listing->count - 1].name;
		listing->next_version = listing->entry[listing->count - 1].version;
	}
	return err;
}

int store_list_objects(struct store *s, const struct store_list *l, struct store_arena *a,
		       struct store_listing *listing)
{
	return list(s, l, &objects, a, listing);
}

int store_list_versions(struct store *s, const struct store_list *l, struct store_arena *a,
			struct store_listing *listing)
{
	return list(s, l, &versions, a, listing);
}

int store_list_uploads(struct store *s, const struct store_list *l, struct store_arena *a,
		       struct store_listing *listing)
{
	return list(s, l, &uploads, a, listing);
}
