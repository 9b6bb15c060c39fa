// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Multipart uploads.  An upload's number is also where its parts are found later:
 * completing writes the object's row and each part's place in it, and moves no
 * page.
 */
#include <errno.h>
#include <string.h>

#include "store_private.h"

static const struct db_sql sql_create = {
	"create an upload",
	"INSERT INTO upload VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
};

static const struct db_sql sql_get = {
	"look up an upload",
	"SELECT id, created, headers, metadata, tags, acl, key, checksums FROM upload"
	" WHERE id = ?1 AND rand = ?2 AND bucket = ?3 AND name = ?4",
};

static const struct db_sql sql_drop = { "end an upload", "DELETE FROM upload WHERE id = ?1" };

static const struct db_sql sql_part_size = {
	"look up a part", "SELECT size FROM part WHERE upload = ?1 AND number = ?2",
};

static const struct db_sql sql_part_put = {
	"put a part", "INSERT INTO part VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, NULL)",
};

static const struct db_sql sql_part_drop = {
	"drop a part", "DELETE FROM part WHERE upload = ?1 AND number = ?2",
};

static const struct db_sql sql_part_waste = {
	"queue the fragments of a part",
	"INSERT INTO garbage (due, kind, ref, mask, records)"
	" SELECT ?3, CASE WHEN ref > 0 THEN 1 ELSE 0 END, ref, 1, records FROM part"
	" WHERE upload = ?1 AND number = ?2 AND (ref > 0 OR length(records) > 0)",
};

static const struct db_sql sql_parts = {
	"list parts",
	"SELECT number, size, modified, etag, checksums FROM part WHERE upload = ?1"
	" AND number > ?2 ORDER BY number LIMIT ?3",
};

static const struct db_sql sql_all_parts = {
	"read the parts to be completed", "SELECT number, size, etag FROM part WHERE upload = ?1"
	" ORDER BY number",
};

static const struct db_sql sql_place = {
	"give a part its place", "UPDATE part SET start = ?3 WHERE upload = ?1 AND number = ?2",
};

static const struct db_sql sql_bytes = {
	"add up the parts of an upload",
	"SELECT coalesce(sum(size), 0) FROM part WHERE upload = ?1",
};

static const struct db_sql sql_of_bucket = {
	"look for uploads of a bucket", "SELECT id FROM upload WHERE bucket = ?1 LIMIT 1",
};

struct upload_call {
	struct store *s;
	u64 team, bucket;
	struct store_text name;
	const u8 *id;
	struct store_arena *arena;
	struct store_upload *upload;
	const struct store_part *part;
	const struct store_body *body;
	struct store_part *parts;
	u64 ref;
	u32 after;
	unsigned int max;
};

/* --- create, look up ----------------------------------------------------- */

static int create_tx(struct db_conn *c, void *arg)
{
	struct upload_call *call = arg;
	struct store_upload *u = call->upload;
	struct store_bucket_row row;
	u64 id, rand;
	int err = store_bucket_see(c, u->team, u->bucket, &row);

	if (!err)
		err = store_next_id(c, &id);
	if (!err)
		err = store_random(&rand);
	if (err)
		return err;
	store_version_join(id, rand, u->id);
	u->created = store_now(call->s);
	return store_change(c, &sql_create,
			    DB_ARGS(DB_INT(id), DB_INT(rand), DB_INT(u->bucket),
				    STORE_ARG(u->name), DB_INT(u->created), STORE_ARG(u->headers),
				    STORE_ARG(u->metadata), STORE_ARG(u->tags), STORE_ARG(u->acl),
				    STORE_ARG(u->key), STORE_ARG(u->checksums)), EIO);
}

int store_upload_create(struct store *s, struct store_upload *u)
{
	if (u->name.len > STORE_NAME_MAX)
		return -STORE_NAME_TOO_LONG;
	if (!u->name.len || u->headers.len > STORE_BLOB_MAX || u->metadata.len > STORE_BLOB_MAX ||
	    u->tags.len > STORE_BLOB_MAX || u->acl.len > STORE_BLOB_MAX ||
	    u->key.len > STORE_BLOB_MAX || u->checksums.len > STORE_BLOB_MAX)
		return -STORE_INVALID;
	return store_write(s, create_tx, &(struct upload_call){ .s = s, .upload = u });
}

/* @u may be NULL: is it there? */
static int look_up(struct db_conn *c, u64 bucket, struct store_text name, const u8 *id,
		   struct store_arena *a, struct store_upload *u, u64 *number)
{
	u64 seq, rand;
	DB_ROWS rows = NULL;
	int more, err = 0;

	store_version_split(id, &seq, &rand);
	rows = db_query(c, &sql_get, DB_ARGS(DB_INT(seq), DB_INT(rand), DB_INT(bucket),
					     STORE_ARG(name)));
	more = db_next(rows);
	if (more <= 0)
		return more ? more : -STORE_NO_SUCH_UPLOAD;
	*number = seq;
	if (!u)
		return 0;
	memcpy(u->id, id, sizeof(u->id));
	u->bucket = bucket;
	u->name = name;
	u->created = db_int(rows, 1);
	u->headers = store_column(a, rows, 2, &err);
	u->metadata = store_column(a, rows, 3, &err);
	u->tags = store_column(a, rows, 4, &err);
	u->acl = store_column(a, rows, 5, &err);
	u->key = store_column(a, rows, 6, &err);
	u->checksums = store_column(a, rows, 7, &err);
	return err;
}

/* For a team: the bucket must be there for it, then the upload. */
static int see(struct db_conn *c, struct upload_call *call, struct store_bucket_row *row)
{
	int err = store_bucket_see(c, call->team, call->bucket, row);

	if (err)
		return err;
	if (call->upload)
		call->upload->team = call->team;
	return look_up(c, call->bucket, call->name, call->id, call->arena, call->upload,
		       &call->ref);
}

static int get_tx(struct db_conn *c, void *arg)
{
	struct store_bucket_row row;

	return see(c, arg, &row);
}

int store_upload_get(struct store *s, u64 team, u64 bucket, struct store_text name,
		     const u8 id[STORE_VERSION_BYTES], struct store_arena *a,
		     struct store_upload *upload)
{
	return store_read(s, get_tx, &(struct upload_call){ .team = team, .bucket = bucket,
							    .name = name, .id = id, .arena = a,
							    .upload = upload });
}

/* --- parts --------------------------------------------------------------- */

/* Let go of a part that is there; *@size is what it counted for. */
static int replace(struct db_conn *c, u64 upload, u32 number, u64 due, u64 *size)
{
	int err = store_number(c, &sql_part_size, DB_ARGS(DB_INT(upload), DB_INT(number)),
			       ENOENT, size);

	if (err == -ENOENT) {
		*size = 0;
		return 0;
	}
	if (!err)
		err = db_run(c, &sql_part_waste, DB_ARGS(DB_INT(upload), DB_INT(number),
							 DB_INT(due)));
	if (err >= 0)
		err = store_change(c, &sql_part_drop, DB_ARGS(DB_INT(upload), DB_INT(number)),
				   EIO);
	return err;
}

static int part_tx(struct db_conn *c, void *arg)
{
	struct upload_call *call = arg;
	const struct store_part *part = call->part;
	struct store_bucket_row row;
	struct store_ref ref;
	u64 old;
	int err = see(c, call, &row);

	if (!err)
		err = store_body_commit(c, call->team, call->body, &ref);
	if (!err)
		err = replace(c, call->ref, part->number, store_due(call->s), &old);
	if (!err)
		err = store_change(c, &sql_part_put,
				   DB_ARGS(DB_INT(call->ref), DB_INT(part->number),
					   DB_INT(call->body->size), DB_INT(store_now(call->s)),
					   STORE_ARG(part->etag), STORE_ARG(part->checksums),
					   DB_INT(ref.ref), STORE_ARG(ref.records)), EIO);
	if (err)
		return err;
	return store_usage_add(c, row.owner, call->bucket,
			       &(struct store_delta){ .uploads = call->body->size - old });
}

int store_part_put(struct store *s, u64 team, u64 bucket, struct store_text name,
		   const u8 id[STORE_VERSION_BYTES], const struct store_part *part,
		   const struct store_body *body)
{
	struct upload_call call = {
		.s = s, .team = team, .bucket = bucket, .name = name, .id = id, .part = part,
		.body = body,
	};

	if (!part->number || part->number > STORE_PARTS_MAX || part->etag.len > STORE_ETAG_MAX ||
	    part->checksums.len > STORE_BLOB_MAX)
		return -STORE_INVALID;
	return store_write(s, part_tx, &call);
}

static int read_parts(struct db_conn *c, struct upload_call *call)
{
	DB_ROWS rows = db_query(c, &sql_parts, DB_ARGS(DB_INT(call->ref), DB_INT(call->after),
						       DB_INT(call->max)));
	int count = 0, more, err = 0;

	while (!err && (more = db_next(rows)) > 0) {
		struct store_part *p = &call->parts[count++];

		p->number = db_int(rows, 0);
		p->size = db_int(rows, 1);
		p->modified = db_int(rows, 2);
		p->etag = store_column(call->arena, rows, 3, &err);
		p->checksums = store_column(call->arena, rows, 4, &err);
	}
	if (err)
		return err;
	return more < 0 ? more : count;
}

static int list_tx(struct db_conn *c, void *arg)
{
	struct upload_call *call = arg;
	struct store_bucket_row row;
	int err = see(c, call, &row);

	return err ? err : read_parts(c, call);
}

static int object_parts_tx(struct db_conn *c, void *arg)
{
	return read_parts(c, arg);
}

static int list_parts(struct store *s, struct upload_call *call, db_tx_fn *fn,
		      struct store_part **parts)
{
	call->max = store_page_max(call->max);
	call->parts = store_alloc(call->arena, call->max * sizeof(*call->parts));
	if (!call->parts)
		return -ENOMEM;
	*parts = call->parts;
	return store_read(s, fn, call);
}

int store_part_list(struct store *s, u64 team, u64 bucket, struct store_text name,
		    const u8 id[STORE_VERSION_BYTES], u32 after, unsigned int max,
		    struct store_arena *a, struct store_part **parts)
{
	struct upload_call call = {
		.team = team, .bucket = bucket, .name = name, .id = id, .after = after,
		.max = max, .arena = a,
	};

	return list_parts(s, &call, list_tx, parts);
}

int store_object_parts(struct store *s, const struct store_data *data, u32 after,
		       unsigned int max, struct store_arena *a, struct store_part **parts)
{
	struct upload_call call = { .ref = data->ref, .after = after, .max = max, .arena = a };

	if (!data->parts)
		return 0;
	return list_parts(s, &call, object_parts_tx, parts);
}

/* --- complete ------------------------------------------------------------ */

/*
 * Judge the list against what is there, in one pass over both, since both rise.
 * keep[i] is where part i of those that are there begins, or ~0 if it is not named.
 */
struct completion {
	struct store *s;
	const struct store_complete *complete;
	struct store_result *result;
	struct { u32 number; u64 start; } *there;
	unsigned int count;
	u64 size, unnamed, counted;
};

static int judge_part(struct completion *k, struct db_rows *rows, unsigned int *at)
{
	const struct store_complete *complete = k->complete;
	u64 size = db_int(rows, 1);
	u32 number = db_int(rows, 0);

	k->there[k->count].number = number;
	k->there[k->count].start = ~0ull;
	k->counted += size;
	if (*at < complete->parts && complete->part[*at].number == number) {
		if (!store_same(complete->part[*at].etag, store_bytes(db_bytes(rows, 2))))
			return -STORE_INVALID_PART;
		if (*at + 1 < complete->parts && size < STORE_PART_MIN)
			return -STORE_PART_TOO_SMALL;
		k->there[k->count].start = k->size;
		k->size += size;
		++*at;
	}
	k->count++;
	return k->size > STORE_OBJECT_MAX ? -STORE_TOO_LARGE : 0;
}

static int judge_parts(struct completion *k, struct db_conn *c, u64 upload)
{
	DB_ROWS rows = db_query(c, &sql_all_parts, DB_ARGS(DB_INT(upload)));
	unsigned int at = 0;
	int more, err = 0;

	while (!err && (more = db_next(rows)) > 0)
		err = judge_part(k, rows, &at);
	if (err)
		return err;
	if (more < 0)
		return more;
	return at < k->complete->parts ? -STORE_INVALID_PART : 0;
}

/* Parts that are not named go; the others learn where they begin. */
static int settle_parts(struct completion *k, struct db_conn *c, u64 upload)
{
	u64 due = store_due(k->s), size;
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < k->count; i++) {
		u32 number = k->there[i].number;

		if (k->there[i].start == ~0ull)
			err = replace(c, upload, number, due, &size);
		else
			err = store_change(c, &sql_place, DB_ARGS(DB_INT(upload), DB_INT(number),
								  DB_INT(k->there[i].start)), EIO);
	}
	return err;
}

static int make_object(struct completion *k, struct store_tx *tx, const struct store_upload *u,
		       const struct store_head *live, u64 upload)
{
	const struct store_complete *complete = k->complete;
	struct store_ref ref = { .ref = upload };
	struct store_put put = {
		.name = complete->name, .etag = complete->etag, .checksums = complete->checksums,
		.headers = u->headers, .metadata = u->metadata, .tags = u->tags, .acl = u->acl,
		.key = u->key, .body.size = k->size,
	};

	tx->delta.uploads -= k->counted;
	return store_commit(tx, &put, &ref, complete->parts, live, k->result);
}

static int complete_tx(struct db_conn *c, void *arg)
{
	struct completion *k = arg;
	const struct store_complete *complete = k->complete;
	STORE_ARENA arena = { 0 };
	struct store_upload u;
	struct store_head live;
	struct store_tx tx;
	u64 upload;
	int err = store_tx_begin(&tx, c, k->s, complete->team, complete->bucket, complete->name);

	if (!err)
		err = look_up(c, complete->bucket, complete->name, complete->id, &arena, &u,
			      &upload);
	if (!err)
		err = store_head_live(&tx, &live);
	if (!err)
		err = store_judge(&complete->condition, &live);
	if (!err)
		err = judge_parts(k, c, upload);
	if (!err)
		err = settle_parts(k, c, upload);
	if (!err)
		err = store_change(c, &sql_drop, DB_ARGS(DB_INT(upload)), EIO);
	return err ? err : make_object(k, &tx, &u, &live, upload);
}

int store_upload_complete(struct store *s, const struct store_complete *complete,
			  struct store_result *result)
{
	struct completion k = { .s = s, .complete = complete, .result = result };
	CLEANUP_FREE void *there = calloc(STORE_PARTS_MAX, sizeof(*k.there));
	unsigned int i;

	if (!there)
		return -ENOMEM;
	k.there = there;
	if (!complete->parts || complete->parts > STORE_PARTS_MAX ||
	    complete->etag.len > STORE_ETAG_MAX || complete->checksums.len > STORE_BLOB_MAX)
		return -STORE_INVALID;
	for (i = 1; i < complete->parts; i++)
		if (complete->part[i].number <= complete->part[i - 1].number)
			return -STORE_INVALID_PART_ORDER;
	return store_write(s, complete_tx, &k);
}

/* --- abort --------------------------------------------------------------- */

/* The item takes over the parts as they are.  *@size: what they counted for. */
static int drop(struct db_conn *c, u64 upload, u64 due, u64 *size)
{
	int err = store_number(c, &sql_bytes, DB_ARGS(DB_INT(upload)), EIO, size);

	if (!err)
		err = store_change(c, &sql_drop, DB_ARGS(DB_INT(upload)), EIO);
	if (!err)
		err = store_garbage_add(c, due, GARBAGE_UPLOAD, upload, ~0ull,
					(struct store_text){ 0 });
	return err;
}

int store_uploads_drop(struct db_conn *c, u64 bucket, u64 due, u64 *total)
{
	u64 upload, size;
	int err;

	*total = 0;
	for (;;) {
		err = store_number(c, &sql_of_bucket, DB_ARGS(DB_INT(bucket)), ENOENT, &upload);
		if (err)
			return err == -ENOENT ? 0 : err;
		err = drop(c, upload, due, &size);
		if (err)
			return err;
		*total += size;
	}
}

static int abort_tx(struct db_conn *c, void *arg)
{
	struct upload_call *call = arg;
	struct store_bucket_row row;
	u64 size;
	int err = see(c, call, &row);

	if (!err)
		err = drop(c, call->ref, store_now(call->s), &size);
	if (err)
		return err;
	return store_usage_add(c, row.owner, call->bucket,
			       &(struct store_delta){ .uploads = -(s64)size });
}

int store_upload_abort(struct store *s, u64 team, u64 bucket, struct store_text name,
		       const u8 id[STORE_VERSION_BYTES])
{
	return store_write(s, abort_tx, &(struct upload_call){ .s = s, .team = team,
							       .bucket = bucket, .name = name,
							       .id = id });
}
