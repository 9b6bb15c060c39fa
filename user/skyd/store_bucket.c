// SPDX-License-Identifier: GPL-2.0-or-later
/* Buckets, their documents and who may know of them. */
#include <errno.h>
#include <string.h>

#include "store_private.h"

#define BUCKETS_MAX	1000

/* A team sees its own and what is shared; nothing else exists for it. */
#define SEEN	"(team = ?1 OR shared = 1)"
#define COLUMNS	"id, team, name, created, policy, revision, versioning, shared, key"

static const struct db_sql sql_see = {
	"look up a bucket", "SELECT team, versioning, revision FROM bucket WHERE id = ?2 AND " SEEN,
};

static const struct db_sql sql_find = {
	"find a bucket", "SELECT " COLUMNS " FROM bucket WHERE name = ?2 AND " SEEN,
};

static const struct db_sql sql_look = {
	"look for a bucket", "SELECT " COLUMNS " FROM bucket WHERE name = ?1",
};

static const struct db_sql sql_set_key = {
	"set the key of a bucket",
	"UPDATE bucket SET key = ?3 WHERE id = ?2 AND team = ?1 AND length(key) = 0",
};

static const struct db_sql sql_list = {
	"list buckets",
	"SELECT " COLUMNS " FROM bucket WHERE team = ?1 AND name > ?2 AND name >= ?3"
	" AND substr(name, 1, ?5) = ?3 ORDER BY name LIMIT ?4",
};

static const struct db_sql sql_owner = {
	"look for the owner of a bucket's name", "SELECT team FROM bucket WHERE name = ?1",
};

static const struct db_sql sql_count = {
	"count a team's buckets", "SELECT count(*) FROM bucket WHERE team = ?1",
};

static const struct db_sql sql_team = { "look up a team", "SELECT id FROM team WHERE id = ?1" };

static const struct db_sql sql_policy = {
	"look up the policy of a new bucket",
	"SELECT revision FROM policy WHERE id = ?1 AND (team = 0 OR team = ?2)",
};

static const struct db_sql sql_insert = {
	"create a bucket",
	"INSERT INTO bucket (team, name, created, policy, revision, versioning, shared, key)"
	" VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, ?7) RETURNING id",
};

static const struct db_sql sql_empty = {
	"look whether a bucket is empty",
	"SELECT EXISTS (SELECT 1 FROM object WHERE bucket = ?1)"
	" OR EXISTS (SELECT 1 FROM version WHERE bucket = ?1)",
};

static const struct db_sql sql_delete = {
	"delete a bucket", "DELETE FROM bucket WHERE id = ?1 AND team = ?2",
};

static const struct db_sql sql_delete_scopes = {
	"delete the scopes of a bucket", "DELETE FROM key_scope WHERE bucket = ?1",
};

static const struct db_sql sql_delete_documents = {
	"delete the documents of a bucket", "DELETE FROM document WHERE bucket = ?1",
};

static const struct db_sql sql_versioning = {
	"set the versioning of a bucket",
	"UPDATE bucket SET versioning = ?3 WHERE id = ?2 AND team = ?1",
};

static const struct db_sql sql_shared = {
	"share a bucket", "UPDATE bucket SET shared = ?3 WHERE id = ?2 AND team = ?1",
};

static const struct db_sql sql_set_document = {
	"set a document of a bucket",
	"INSERT INTO document VALUES (?1, ?2, ?3) ON CONFLICT (bucket, kind)"
	" DO UPDATE SET body = ?3",
};

static const struct db_sql sql_drop_document = {
	"remove a document of a bucket", "DELETE FROM document WHERE bucket = ?1 AND kind = ?2",
};

static const struct db_sql sql_document = {
	"read a document of a bucket", "SELECT body FROM document WHERE bucket = ?1 AND kind = ?2",
};

static const struct db_sql sql_held = {
	"list the documents of all buckets",
	"SELECT d.bucket, b.name, d.body FROM document d JOIN bucket b ON b.id = d.bucket"
	" WHERE d.kind = ?1 AND d.bucket > ?2 ORDER BY d.bucket LIMIT ?3",
};

int store_bucket_see(struct db_conn *c, u64 team, u64 bucket, struct store_bucket_row *row)
{
	DB_ROWS rows = db_query(c, &sql_see, DB_ARGS(DB_INT(team), DB_INT(bucket)));
	int more = db_next(rows);

	if (more <= 0)
		return more ? more : -STORE_NO_SUCH_BUCKET;
	row->owner = db_int(rows, 0);
	row->versioning = db_int(rows, 1);
	row->revision = db_int(rows, 2);
	return 0;
}

static int owned(struct db_conn *c, u64 team, u64 bucket, struct store_bucket_row *row)
{
	int err = store_bucket_see(c, team, bucket, row);

	return !err && row->owner != team ? -STORE_NO_SUCH_BUCKET : err;
}

static int read_row(struct db_rows *rows, struct store_arena *a, struct store_bucket *b)
{
	int err = 0;

	*b = (struct store_bucket){
		.id = db_int(rows, 0), .team = db_int(rows, 1),
		.name = store_column(a, rows, 2, &err), .created = db_int(rows, 3),
		.policy = db_int(rows, 4), .policy_revision = db_int(rows, 5),
		.versioning = db_int(rows, 6), .shared = db_int(rows, 7),
		.key = store_column(a, rows, 8, &err),
	};
	return err;
}

struct bucket_call {
	struct store *s;
	u64 team, bucket;
	struct store_text name, prefix;
	unsigned int max;
	struct store_arena *arena;
	struct store_bucket *out;
	int value;
	struct store_text body;
};

/* --- create, find, list -------------------------------------------------- */

static int may_create(struct db_conn *c, const struct bucket_call *call)
{
	struct store_bucket *b = call->out;
	unsigned int max = call->s->config.buckets_max;
	u64 n;
	int err = store_number(c, &sql_owner, DB_ARGS(STORE_ARG(b->name)), ENOENT, &n);

	if (!err)
		return n == b->team ? -STORE_BUCKET_OWNED : -STORE_BUCKET_EXISTS;
	if (err != -ENOENT)
		return err;
	err = store_number(c, &sql_team, DB_ARGS(DB_INT(b->team)), STORE_NO_SUCH_TEAM, &n);
	if (!err)
		err = store_number(c, &sql_count, DB_ARGS(DB_INT(b->team)), EIO, &n);
	if (err)
		return err;
	return n >= (max ? max : BUCKETS_MAX) ? -STORE_TOO_MANY_BUCKETS : 0;
}

static int write_document(struct db_conn *c, u64 bucket, enum store_document kind,
			  struct store_text body)
{
	int err = db_run(c, &sql_set_document, DB_ARGS(DB_INT(bucket), DB_INT(kind),
						       STORE_ARG(body)));

	return err < 0 ? err : 0;
}

static int create_tx(struct db_conn *c, void *arg)
{
	struct bucket_call *call = arg;
	struct store_bucket *b = call->out;
	int i, err = may_create(c, call);

	if (!err)
		err = store_number(c, &sql_policy, DB_ARGS(DB_INT(b->policy), DB_INT(b->team)),
				   STORE_NO_SUCH_POLICY, &b->policy_revision);
	if (!err)
		err = store_number(c, &sql_insert,
				   DB_ARGS(DB_INT(b->team), STORE_ARG(b->name), DB_INT(b->created),
					   DB_INT(b->policy), DB_INT(b->policy_revision),
					   DB_INT(b->shared), STORE_ARG(b->key)), EIO, &b->id);
	for (i = 0; !err && b->document && i < STORE_DOCUMENTS; i++)
		if (b->document[i].len)
			err = write_document(c, b->id, i, b->document[i]);
	return err ? err : store_usage_create(c, false, b->id);
}

int store_bucket_create(struct store *s, struct store_bucket *b)
{
	unsigned int i;

	if (!b->name.len || b->name.len > 255 || b->key.len > STORE_BLOB_MAX)
		return -STORE_INVALID;
	for (i = 0; b->document && i < STORE_DOCUMENTS; i++)
		if (b->document[i].len > STORE_BLOB_MAX)
			return -STORE_TOO_LARGE;
	b->created = store_now(s);
	b->versioning = STORE_UNVERSIONED;
	return store_write(s, create_tx, &(struct bucket_call){ .s = s, .out = b });
}

static int find_tx(struct db_conn *c, void *arg)
{
	struct bucket_call *call = arg;
	DB_ROWS rows = db_query(c, &sql_find, DB_ARGS(DB_INT(call->team), STORE_ARG(call->name)));
	int more = db_next(rows);

	if (more <= 0)
		return more ? more : -STORE_NO_SUCH_BUCKET;
	return read_row(rows, call->arena, call->out);
}

int store_bucket_find(struct store *s, u64 team, struct store_text name, struct store_arena *a,
		      struct store_bucket *bucket)
{
	return store_read(s, find_tx, &(struct bucket_call){ .team = team, .name = name,
							     .arena = a, .out = bucket });
}

static int look_tx(struct db_conn *c, void *arg)
{
	struct bucket_call *call = arg;
	DB_ROWS rows = db_query(c, &sql_look, DB_ARGS(STORE_ARG(call->name)));
	int more = db_next(rows);

	if (more <= 0)
		return more ? more : -STORE_NO_SUCH_BUCKET;
	return read_row(rows, call->arena, call->out);
}

int store_bucket_look(struct store *s, struct store_text name, struct store_arena *a,
		      struct store_bucket *bucket)
{
	return store_read(s, look_tx, &(struct bucket_call){ .name = name, .arena = a,
							     .out = bucket });
}

static int list_tx(struct db_conn *c, void *arg)
{
	struct bucket_call *call = arg;
	DB_ROWS rows = db_query(c, &sql_list,
				DB_ARGS(DB_INT(call->team), STORE_ARG(call->name),
					STORE_ARG(call->prefix), DB_INT(call->max),
					DB_INT(call->prefix.len)));
	int count = 0, more, err;

	while ((more = db_next(rows)) > 0) {
		err = read_row(rows, call->arena, &call->out[count++]);
		if (err)
			return err;
	}
	return more < 0 ? more : count;
}

int store_bucket_list(struct store *s, u64 team, struct store_text prefix,
		      struct store_text after, unsigned int max, struct store_arena *a,
		      struct store_bucket **buckets)
{
	struct bucket_call call = {
		.team = team, .name = after, .prefix = prefix, .max = store_page_max(max),
		.arena = a,
	};

	call.out = store_alloc(a, call.max * sizeof(*call.out));
	if (!call.out)
		return -ENOMEM;
	*buckets = call.out;
	return store_read(s, list_tx, &call);
}

/* --- change, delete ------------------------------------------------------ */

static int delete_tx(struct db_conn *c, void *arg)
{
	struct bucket_call *call = arg;
	struct store_bucket_row row;
	u64 versions, uploads = 0;
	int err = owned(c, call->team, call->bucket, &row);

	if (!err)
		err = store_number(c, &sql_empty, DB_ARGS(DB_INT(call->bucket)), EIO, &versions);
	if (!err && versions)
		err = -STORE_BUCKET_NOT_EMPTY;
	if (!err)
		err = store_uploads_drop(c, call->bucket, store_due(call->s), &uploads);
	if (!err)
		err = store_usage_add(c, call->team, call->bucket,
				      &(struct store_delta){ .uploads = -(s64)uploads });
	if (!err)
		err = db_run(c, &sql_delete_scopes, DB_ARGS(DB_INT(call->bucket)));
	if (err >= 0)
		err = db_run(c, &sql_delete_documents, DB_ARGS(DB_INT(call->bucket)));
	if (err >= 0)
		err = store_usage_drop(c, false, call->bucket);
	if (!err)
		err = store_change(c, &sql_delete, DB_ARGS(DB_INT(call->bucket),
							   DB_INT(call->team)), EIO);
	return err;
}

int store_bucket_delete(struct store *s, u64 team, u64 bucket)
{
	return store_write(s, delete_tx,
			   &(struct bucket_call){ .s = s, .team = team, .bucket = bucket });
}

static int versioning_tx(struct db_conn *c, void *arg)
{
	struct bucket_call *call = arg;
	struct store_bucket_row row;
	int err = owned(c, call->team, call->bucket, &row);

	if (!err && call->value == STORE_UNVERSIONED && row.versioning != STORE_UNVERSIONED)
		err = -STORE_INVALID;
	return err ? err : store_change(c, &sql_versioning,
					DB_ARGS(DB_INT(call->team), DB_INT(call->bucket),
						DB_INT(call->value)), EIO);
}

int store_bucket_set_versioning(struct store *s, u64 team, u64 bucket,
				enum store_versioning versioning)
{
	return store_write(s, versioning_tx, &(struct bucket_call){ .team = team, .bucket = bucket,
								    .value = versioning });
}

static int set_key_tx(struct db_conn *c, void *arg)
{
	struct bucket_call *call = arg;
	struct store_bucket_row row;
	int err = owned(c, call->team, call->bucket, &row);

	return err ? err : store_change(c, &sql_set_key,
					DB_ARGS(DB_INT(call->team), DB_INT(call->bucket),
						STORE_ARG(call->body)), EEXIST);
}

int store_bucket_set_key(struct store *s, u64 team, u64 bucket, struct store_text key)
{
	if (!key.len || key.len > STORE_BLOB_MAX)
		return -STORE_INVALID;
	return store_write(s, set_key_tx, &(struct bucket_call){ .team = team, .bucket = bucket,
								 .body = key });
}

static int shared_tx(struct db_conn *c, void *arg)
{
	struct bucket_call *call = arg;

	return store_change(c, &sql_shared, DB_ARGS(DB_INT(call->team), DB_INT(call->bucket),
						    DB_INT(call->value)), STORE_NO_SUCH_BUCKET);
}

int store_bucket_set_shared(struct store *s, u64 team, u64 bucket, bool shared)
{
	return store_write(s, shared_tx, &(struct bucket_call){ .team = team, .bucket = bucket,
								.value = shared });
}

/* --- documents ----------------------------------------------------------- */

static int set_document_tx(struct db_conn *c, void *arg)
{
	struct bucket_call *call = arg;
	struct store_bucket_row row;
	int err = store_bucket_see(c, call->team, call->bucket, &row);

	if (err)
		return err;
	if (call->body.len)
		return write_document(c, call->bucket, call->value, call->body);
	err = db_run(c, &sql_drop_document, DB_ARGS(DB_INT(call->bucket), DB_INT(call->value)));
	return err < 0 ? err : 0;
}

int store_bucket_set_document(struct store *s, u64 team, u64 bucket, enum store_document kind,
			      struct store_text body)
{
	if (body.len > STORE_BLOB_MAX)
		return -STORE_TOO_LARGE;
	return store_write(s, set_document_tx,
			   &(struct bucket_call){ .team = team, .bucket = bucket, .value = kind,
						  .body = body });
}

static int document_tx(struct db_conn *c, void *arg)
{
	static const int missing[STORE_DOCUMENTS] = {
		[STORE_ACL] = STORE_NO_SUCH_ACL, [STORE_CORS] = STORE_NO_SUCH_CORS,
		[STORE_BUCKET_POLICY] = STORE_NO_SUCH_BUCKET_POLICY,
		[STORE_LIFECYCLE] = STORE_NO_SUCH_LIFECYCLE, [STORE_TAGS] = STORE_NO_SUCH_TAGS,
		[STORE_OWNERSHIP] = STORE_NO_SUCH_OWNERSHIP,
		[STORE_PUBLIC_ACCESS] = STORE_NO_SUCH_PUBLIC_ACCESS,
	};
	struct bucket_call *call = arg;
	struct store_bucket_row row;
	DB_ROWS rows = NULL;
	int more, err = store_bucket_see(c, call->team, call->bucket, &row);

	if (err)
		return err;
	rows = db_query(c, &sql_document, DB_ARGS(DB_INT(call->bucket), DB_INT(call->value)));
	more = db_next(rows);
	if (more <= 0)
		return more ? more : -missing[call->value];
	call->body = store_column(call->arena, rows, 0, &err);
	return err;
}

int store_bucket_document(struct store *s, u64 team, u64 bucket, enum store_document kind,
			  struct store_arena *a, struct store_text *body)
{
	struct bucket_call call = { .team = team, .bucket = bucket, .value = kind, .arena = a };
	int err = store_read(s, document_tx, &call);

	if (!err)
		*body = call.body;
	return err;
}

struct held_call {
	enum store_document kind;
	u64 after;
	unsigned int max;
	struct store_arena *arena;
	struct store_held *held;
};

static int held_tx(struct db_conn *c, void *arg)
{
	struct held_call *call = arg;
	DB_ROWS rows = db_query(c, &sql_held, DB_ARGS(DB_INT(call->kind), DB_INT(call->after),
						      DB_INT(call->max)));
	int count = 0, more, err = 0;

	while (!err && (more = db_next(rows)) > 0) {
		struct store_held *h = &call->held[count++];

		h->bucket = db_int(rows, 0);
		h->name = store_column(call->arena, rows, 1, &err);
		h->body = store_column(call->arena, rows, 2, &err);
	}
	if (err)
		return err;
	return more < 0 ? more : count;
}

int store_document_list(struct store *s, enum store_document kind, u64 after, unsigned int max,
			struct store_arena *a, struct store_held **held)
{
	struct held_call call = {
		.kind = kind, .after = after, .max = store_page_max(max), .arena = a,
	};

	call.held = store_alloc(a, call.max * sizeof(*call.held));
	if (!call.held)
		return -ENOMEM;
	*held = call.held;
	return store_read(s, held_tx, &call);
}
