// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What lifecycle rules may let go.  Each call looks at a bounded number of rows
 * and says where the next begins; whether a row is a candidate is worked out by
 * the statement and told in its last column.
 */
#include <errno.h>
#include <string.h>

#include "store_private.h"

#define RANGE	" bucket = ?1 AND name >= ?2 AND name < ?3"
#define REST	" bucket = ?1 AND name = ?2 AND seq < ?3"
#define LAST	12	/* the column after those of an entry */

/* When a version was replaced: the order of the next newer one. */
#define REPLACED \
	"coalesce((SELECT min(w.seq) FROM version w WHERE w.bucket = v.bucket" \
	" AND w.name = v.name AND w.seq > v.seq)," \
	" (SELECT o.seq FROM object o WHERE o.bucket = v.bucket AND o.name = v.name), ?4) < ?4"
#define ALONE \
	"marker = 1 AND seq < ?4 AND NOT EXISTS (SELECT 1 FROM object o" \
	" WHERE o.bucket = v.bucket AND o.name = v.name) AND NOT EXISTS (SELECT 1" \
	" FROM version w WHERE w.bucket = v.bucket AND w.name = v.name AND w.seq <> v.seq)"
#define VERSIONS(candidate, where) \
	"SELECT " STORE_ENTRY("marker", "0") ", " candidate " FROM version v WHERE" where \
	" ORDER BY name, seq DESC LIMIT ?5"

/* ?2 and ?3 are the bounds of names, or a name and the version to go on behind. */
static const struct { struct db_sql range, rest; } sources[] = {
	[STORE_EXPIRE_CURRENT].range = {
		"look for expired objects",
		"SELECT " STORE_ENTRY("0", "1") ", seq < ?4 FROM object WHERE" RANGE
		" ORDER BY name LIMIT ?5",
	},
	[STORE_EXPIRE_NONCURRENT] = {
		.range = { "look for expired versions", VERSIONS(REPLACED, RANGE) },
		.rest = { "look for more expired versions", VERSIONS(REPLACED, REST) },
	},
	[STORE_EXPIRE_MARKER] = {
		.range = { "look for expired markers", VERSIONS(ALONE, RANGE) },
		.rest = { "look for more expired markers", VERSIONS(ALONE, REST) },
	},
	[STORE_EXPIRE_UPLOAD] = {
		.range = {
			"look for expired uploads",
			"SELECT " STORE_ENTRY_UPLOAD ", created < ?4 FROM upload WHERE" RANGE
			" ORDER BY name, id LIMIT ?5",
		},
		.rest = {
			"look for more expired uploads",
			"SELECT " STORE_ENTRY_UPLOAD ", created < ?4 FROM upload"
			" WHERE bucket = ?1 AND name = ?2 AND id > ?3 ORDER BY id LIMIT ?5",
		},
	},
};

struct expired_call {
	const struct store_expire *expire;
	struct store_arena *arena;
	struct store_listing *out;
	unsigned int left;		/* rows that may be looked at */
};

/* The cursor names the row even if it is a null version, which has no id. */
static int look(struct expired_call *call, struct db_rows *rows)
{
	struct store_listing *out = call->out;
	struct store_entry *e = &out->entry[out->count];
	int more, err = 0;

	while (!err && (more = db_next(rows)) > 0) {
		call->left--;
		err = store_entry_fill(rows, call->arena, e);
		out->next = e->name;
		out->next_version.kind = STORE_BY_ID;
		store_version_join(db_int(rows, 1), 0, out->next_version.id);
		if (db_int(rows, LAST))
			e = &out->entry[++out->count];
		else
			memset(e, 0, sizeof(*e));
	}
	return err ? err : more;
}

static int look_rest(struct db_conn *c, struct expired_call *call)
{
	const struct store_expire *x = call->expire;
	DB_ROWS rows = NULL;
	u64 seq, rand;

	if (!sources[x->kind].rest.text || x->after_version.kind != STORE_BY_ID)
		return 0;
	store_version_split(x->after_version.id, &seq, &rand);
	rows = db_query(c, &sources[x->kind].rest,
			DB_ARGS(DB_INT(x->bucket), STORE_ARG(x->after), DB_INT(seq),
				DB_INT(x->before), DB_INT(call->left)));
	return look(call, rows);
}

static int look_range(struct db_conn *c, struct expired_call *call)
{
	const struct store_expire *x = call->expire;
	struct store_bound from = { 0 }, to;
	DB_ROWS rows = NULL;

	if (x->after.len)
		store_bound_after(&from, x->after);
	if (store_compare((struct store_text){ from.data, from.len }, x->prefix) < 0) {
		memcpy(from.data, x->prefix.data, x->prefix.len);
		from.len = x->prefix.len;
	}
	store_bound_behind(&to, x->prefix);
	rows = db_query(c, &sources[x->kind].range,
			DB_ARGS(DB_INT(x->bucket), DB_BYTES(from.data, from.len),
				DB_BYTES(to.data, to.len), DB_INT(x->before),
				DB_INT(call->left)));
	return look(call, rows);
}

static int expired_tx(struct db_conn *c, void *arg)
{
	struct expired_call *call = arg;
	int err = look_rest(c, call);

	if (!err && call->left)
		err = look_range(c, call);
	call->out->truncated = !call->left;
	return err;
}

int store_expired(struct store *s, const struct store_expire *expire, struct store_arena *a,
		  struct store_listing *listing)
{
	struct store_expire with = *expire;
	struct expired_call call = {
		.expire = &with, .arena = a, .out = listing, .left = store_page_max(expire->max),
	};

	if (!call.left || expire->prefix.len > STORE_NAME_MAX ||
	    expire->after.len > STORE_NAME_MAX || expire->kind > STORE_EXPIRE_UPLOAD)
		return -STORE_INVALID;
	if (!with.prefix.data)
		with.prefix = STORE_TEXT("");
	*listing = (struct store_listing){
		.entry = store_alloc(a, (call.left + 1) * sizeof(struct store_entry)),
	};
	return listing->entry ? store_read(s, expired_tx, &call) : -ENOMEM;
}
