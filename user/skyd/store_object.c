// SPDX-License-Identifier: GPL-2.0-or-later
/* Objects: put, get, delete, and what can be changed of them later. */
#include <errno.h>
#include <string.h>

#include "store_private.h"

#define COLUMNS	"seq, rand, nil, marker, size, etag, checksums, tags, headers, metadata, acl," \
	" key, revision, ref, parts, records"
#define ROW	" WHERE bucket = ?1 AND name = ?2 AND seq = ?3"

static const struct db_sql sql_get = {
	"read an object", "SELECT " COLUMNS " FROM object WHERE bucket = ?1 AND name = ?2",
};

static const struct db_sql sql_get_version = {
	"read a version", "SELECT " COLUMNS " FROM version" ROW,
};

static const struct db_sql sql_live_tags = {
	"set the tags of an object", "UPDATE object SET tags = ?4" ROW,
};

static const struct db_sql sql_version_tags = {
	"set the tags of a version", "UPDATE version SET tags = ?4" ROW,
};

static const struct db_sql sql_live_acl = {
	"set the ACL of an object", "UPDATE object SET acl = ?4" ROW,
};

static const struct db_sql sql_version_acl = {
	"set the ACL of a version", "UPDATE version SET acl = ?4" ROW,
};

static int check_name(struct store_text name)
{
	if (name.len > STORE_NAME_MAX)
		return -STORE_NAME_TOO_LONG;
	return name.len ? 0 : -STORE_INVALID;
}

/* --- put ----------------------------------------------------------------- */

struct put_call {
	struct store *s;
	const struct store_put *put;
	struct store_result *result;
};

static int put_tx(struct db_conn *c, void *arg)
{
	struct put_call *call = arg;
	const struct store_put *put = call->put;
	struct store_head live;
	struct store_ref ref;
	struct store_tx tx;
	int err = store_tx_begin(&tx, c, call->s, put->team, put->bucket, put->name);

	if (!err)
		err = store_head_live(&tx, &live);
	if (!err)
		err = store_judge(&put->condition, &live);
	if (!err)
		err = store_body_commit(c, put->team, &put->body, &ref);
	return err ? err : store_commit(&tx, put, &ref, 0, &live, call->result);
}

static bool texts_ok(const struct store_put *put)
{
	return put->etag.len <= STORE_ETAG_MAX && put->checksums.len <= STORE_BLOB_MAX &&
	       put->headers.len <= STORE_BLOB_MAX && put->metadata.len <= STORE_BLOB_MAX &&
	       put->tags.len <= STORE_BLOB_MAX && put->acl.len <= STORE_BLOB_MAX &&
	       put->key.len <= STORE_BLOB_MAX;
}

int store_object_put(struct store *s, const struct store_put *put, struct store_result *result)
{
	int err = check_name(put->name);

	if (!err && !texts_ok(put))
		err = -STORE_INVALID;
	return err ? err : store_write(s, put_tx, &(struct put_call){ s, put, result });
}

/* --- get ----------------------------------------------------------------- */

struct object_call {
	struct store *s;
	u64 team, bucket;
	struct store_text name;
	const struct store_version *version;
	const struct store_condition *condition;
	struct store_arena *arena;
	struct store_object *object;
	struct store_result *result;
	const struct db_sql *live_sql, *version_sql;
	struct store_text value;
};

static int fill(struct db_rows *rows, struct store_arena *a, struct store_object *o)
{
	int err = 0;

	o->order = db_int(rows, 0);
	store_version_set(&o->version, db_int(rows, 2), o->order, db_int(rows, 1));
	o->marker = db_int(rows, 3);
	o->size = db_int(rows, 4);
	o->etag = store_column(a, rows, 5, &err);
	o->checksums = store_column(a, rows, 6, &err);
	o->tags = store_column(a, rows, 7, &err);
	o->headers = store_column(a, rows, 8, &err);
	o->metadata = store_column(a, rows, 9, &err);
	o->acl = store_column(a, rows, 10, &err);
	o->key = store_column(a, rows, 11, &err);
	o->policy_revision = db_int(rows, 12);
	o->data = (struct store_data){
		.ref = db_int(rows, 13), .parts = db_int(rows, 14),
		.records = store_column(a, rows, 15, &err), .size = o->size,
	};
	return err;
}

/* The usual way: one look at one table. */
static int get_live(struct db_conn *c, struct object_call *call)
{
	DB_ROWS rows = db_query(c, &sql_get, DB_ARGS(DB_INT(call->bucket), STORE_ARG(call->name)));
	int more = db_next(rows);

	if (more <= 0)
		return more ? more : -STORE_NO_SUCH_KEY;
	call->object->latest = true;
	return fill(rows, call->arena, call->object);
}

static int get_version(struct db_conn *c, struct object_call *call, u64 seq)
{
	DB_ROWS rows = db_query(c, &sql_get_version, DB_ARGS(DB_INT(call->bucket),
							     STORE_ARG(call->name), DB_INT(seq)));
	int more = db_next(rows);

	if (more <= 0)
		return more ? more : -STORE_NO_SUCH_VERSION;
	return fill(rows, call->arena, call->object);
}

static int get_named(struct store_tx *tx, struct object_call *call)
{
	struct store_head head, live, top;
	int err = store_head_find(tx, call->version, &head);

	if (err)
		return err;
	if (!head.there)
		return call->version->kind == STORE_LATEST ? -STORE_NO_SUCH_KEY
							   : -STORE_NO_SUCH_VERSION;
	if (head.live)
		return get_live(tx->c, call);
	err = get_version(tx->c, call, head.seq);
	if (!err)
		err = store_head_live(tx, &live);
	if (!err && !live.there)
		err = store_head_top(tx, &top);
	if (err)
		return err;
	call->object->latest = !live.there && top.seq == head.seq;
	if (!head.marker)
		return 0;
	return call->version->kind == STORE_LATEST ? -STORE_NO_SUCH_KEY
						   : -STORE_METHOD_NOT_ALLOWED;
}

static int get_tx(struct db_conn *c, void *arg)
{
	struct object_call *call = arg;
	struct store_tx tx;
	int err = store_tx_begin(&tx, c, call->s, call->team, call->bucket, call->name);

	if (err)
		return err;
	if (call->version->kind == STORE_LATEST) {
		err = get_live(c, call);
		if (err != -STORE_NO_SUCH_KEY || tx.versioning == STORE_UNVERSIONED)
			return err;
	}
	return get_named(&tx, call);
}

static const struct store_version latest = { .kind = STORE_LATEST };

int store_object_get(struct store *s, u64 team, u64 bucket, struct store_text name,
		     const struct store_version *version, struct store_arena *a,
		     struct store_object *object)
{
	struct object_call call = {
		.s = s, .team = team, .bucket = bucket, .name = name,
		.version = version ? version : &latest, .arena = a, .object = object,
	};

	*object = (struct store_object){ .name = name };
	return store_read(s, get_tx, &call);
}

/* --- delete -------------------------------------------------------------- */

static int delete_latest(struct store_tx *tx, struct object_call *call,
			 const struct store_head *live)
{
	static const struct store_put empty;
	static const struct store_ref none;

	if (tx->versioning != STORE_UNVERSIONED)
		return store_make(tx, &empty, &none, 0, true, live, call->result);
	return live->there ? store_drop(tx, live) : 0;
}

static int delete_version(struct store_tx *tx, struct object_call *call,
			  const struct store_head *head)
{
	struct store_head live;
	int err = store_drop(tx, head);

	store_version_set(&call->result->version, head->isnull, head->seq, head->rand);
	call->result->marker = head->marker;
	call->result->order = head->seq;
	if (!err)
		err = store_head_live(tx, &live);
	/* Whatever is the newest now comes to light. */
	return err || live.there ? err : store_promote(tx);
}

static int delete_tx(struct db_conn *c, void *arg)
{
	struct object_call *call = arg;
	struct store_head head;
	struct store_tx tx;
	int err = store_tx_begin(&tx, c, call->s, call->team, call->bucket, call->name);

	if (err)
		return err;
	*call->result = (struct store_result){ 0 };
	err = call->version->kind == STORE_LATEST ? store_head_live(&tx, &head)
						  : store_head_find(&tx, call->version, &head);
	if (!err && call->condition)
		err = store_judge(call->condition, &head);
	if (err)
		return err;
	if (call->version->kind == STORE_LATEST)
		err = delete_latest(&tx, call, &head);
	else if (head.there)
		err = delete_version(&tx, call, &head);
	return err ? err : store_tx_end(&tx);
}

int store_object_delete(struct store *s, u64 team, u64 bucket, struct store_text name,
			const struct store_version *version,
			const struct store_condition *condition, struct store_result *result)
{
	/* A copy: the caller may name the version by the result of a call before. */
	struct store_version named = version ? *version : latest;
	struct object_call call = {
		.s = s, .team = team, .bucket = bucket, .name = name, .version = &named,
		.condition = condition, .result = result,
	};

	return store_write(s, delete_tx, &call);
}

/* --- tags, ACL ----------------------------------------------------------- */

static int set_tx(struct db_conn *c, void *arg)
{
	struct object_call *call = arg;
	struct store_head head;
	struct store_tx tx;
	int err = store_tx_begin(&tx, c, call->s, call->team, call->bucket, call->name);

	if (!err)
		err = store_head_find(&tx, call->version, &head);
	if (err)
		return err;
	if (call->version->kind == STORE_LATEST && (!head.there || head.marker))
		return -STORE_NO_SUCH_KEY;
	if (!head.there)
		return -STORE_NO_SUCH_VERSION;
	if (head.marker)
		return -STORE_METHOD_NOT_ALLOWED;
	err = call->condition ? store_judge(call->condition, &head) : 0;
	if (err)
		return err;
	*call->result = (struct store_result){ .order = head.seq };
	if (tx.versioning != STORE_UNVERSIONED)
		store_version_set(&call->result->version, head.isnull, head.seq, head.rand);
	return store_change(c, head.live ? call->live_sql : call->version_sql,
			    DB_ARGS(DB_INT(call->bucket), STORE_ARG(call->name),
				    DB_INT(head.seq), STORE_ARG(call->value)), EUCLEAN);
}

static int set(struct store *s, const struct object_call *with)
{
	struct store_version named = with->version ? *with->version : latest;
	struct object_call call = *with;

	call.s = s;
	call.version = &named;
	return call.value.len > STORE_BLOB_MAX ? -STORE_INVALID : store_write(s, set_tx, &call);
}

int store_object_set_tags(struct store *s, u64 team, u64 bucket, struct store_text name,
			  const struct store_version *version,
			  const struct store_condition *condition, struct store_text tags,
			  struct store_result *result)
{
	return set(s, &(struct object_call){ .team = team, .bucket = bucket, .name = name,
					     .version = version, .condition = condition,
					     .value = tags, .result = result,
					     .live_sql = &sql_live_tags,
					     .version_sql = &sql_version_tags });
}

int store_object_set_acl(struct store *s, u64 team, u64 bucket, struct store_text name,
			 const struct store_version *version,
			 const struct store_condition *condition, struct store_text acl,
			 struct store_result *result)
{
	return set(s, &(struct object_call){ .team = team, .bucket = bucket, .name = name,
					     .version = version, .condition = condition,
					     .value = acl, .result = result,
					     .live_sql = &sql_live_acl,
					     .version_sql = &sql_version_acl });
}
