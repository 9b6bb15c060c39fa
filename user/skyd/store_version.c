// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rows of one name: one live row at most (table object), all others in
 * table version.  What holds between transactions:
 *
 *   - a live row is newer (seq) than every row of its name in version;
 *   - a name without a live row has a delete marker as the newest in version, or
 *     no row at all;
 *   - at most one row of a name is its null version.
 */
#include <errno.h>
#include <string.h>

#include "store_private.h"

#define HEAD	"seq, rand, nil, marker, size, etag"
#define KEY	" WHERE bucket = ?1 AND name = ?2"
#define ROW	KEY " AND seq = ?3"
/* Of no use to the collector where there is nothing to collect. */
#define GARBAGE	"INSERT INTO garbage (due, kind, ref, mask, records) SELECT ?4," \
	" CASE WHEN parts > 0 THEN 2 WHEN ref > 0 THEN 1 ELSE 0 END, ref, 1, records FROM "
#define IF_ANY	" AND (ref > 0 OR length(records) > 0)"

static const struct db_sql sql_live = {
	"look up an object", "SELECT " HEAD " FROM object" KEY,
};

static const struct db_sql sql_top = {
	"look up the newest other version",
	"SELECT " HEAD " FROM version" KEY " ORDER BY seq DESC LIMIT 1",
};

static const struct db_sql sql_null = {
	"look up the null version", "SELECT " HEAD " FROM version" KEY " AND nil = 1",
};

static const struct db_sql sql_version = {
	"look up a version", "SELECT " HEAD " FROM version" ROW,
};

static const struct db_sql sql_archive = {
	"archive a version", "INSERT INTO version SELECT * FROM object" ROW,
};

static const struct db_sql sql_restore = {
	"bring a version back", "INSERT INTO object SELECT * FROM version" ROW,
};

static const struct db_sql sql_drop_live = { "drop an object", "DELETE FROM object" ROW };
static const struct db_sql sql_drop_version = { "drop a version", "DELETE FROM version" ROW };

static const struct db_sql sql_waste_live = {
	"queue the fragments of an object", GARBAGE "object" ROW IF_ANY,
};

static const struct db_sql sql_waste_version = {
	"queue the fragments of a version", GARBAGE "version" ROW IF_ANY,
};

#define VALUES	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15," \
	" ?16, ?17, ?18)"

static const struct db_sql sql_make_live = { "make an object", "INSERT INTO object" VALUES };
static const struct db_sql sql_make_marker = {
	"make a delete marker", "INSERT INTO version" VALUES,
};

/* --- version ids --------------------------------------------------------- */

static void put_be64(u8 *to, u64 v)
{
	int i;

	for (i = 7; i >= 0; i--, v >>= 8)
		to[i] = (u8)v;
}

static u64 get_be64(const u8 *from)
{
	u64 v = 0;
	int i;

	for (i = 0; i < 8; i++)
		v = v << 8 | from[i];
	return v;
}

void store_version_join(u64 seq, u64 rand, u8 id[STORE_VERSION_BYTES])
{
	put_be64(id, seq);
	put_be64(id + 8, rand);
}

void store_version_split(const u8 id[STORE_VERSION_BYTES], u64 *seq, u64 *rand)
{
	*seq = get_be64(id);
	*rand = get_be64(id + 8);
}

void store_version_set(struct store_version *v, bool isnull, u64 seq, u64 rand)
{
	memset(v, 0, sizeof(*v));
	v->kind = isnull ? STORE_NULL : STORE_BY_ID;
	if (!isnull)
		store_version_join(seq, rand, v->id);
}

/* --- a transaction on a name --------------------------------------------- */

int store_tx_begin(struct store_tx *tx, struct db_conn *c, struct store *s, u64 team, u64 bucket,
		   struct store_text name)
{
	struct store_bucket_row row;
	int err = store_bucket_see(c, team, bucket, &row);

	if (err)
		return err;
	*tx = (struct store_tx){
		.c = c, .bucket = bucket, .owner = row.owner, .versioning = row.versioning,
		.revision = row.revision, .name = name, .now = store_now(s), .due = store_due(s),
	};
	return 0;
}

int store_tx_end(struct store_tx *tx)
{
	return store_usage_add(tx->c, tx->owner, tx->bucket, &tx->delta);
}

/* --- heads --------------------------------------------------------------- */

static int head(struct store_tx *tx, const struct db_sql *sql, struct db_args args,
		struct store_head *h)
{
	DB_ROWS rows = db_query(tx->c, sql, args);
	int more = db_next(rows);
	struct db_bytes etag;

	*h = (struct store_head){ 0 };
	if (more <= 0)
		return more;
	etag = db_bytes(rows, 5);
	*h = (struct store_head){
		.there = true, .seq = db_int(rows, 0), .rand = db_int(rows, 1),
		.isnull = db_int(rows, 2), .marker = db_int(rows, 3), .size = db_int(rows, 4),
		.etag_len = etag.len < STORE_ETAG_MAX ? etag.len : STORE_ETAG_MAX,
	};
	memcpy(h->etag, etag.data, h->etag_len);
	return 0;
}

int store_head_live(struct store_tx *tx, struct store_head *h)
{
	int err = head(tx, &sql_live, DB_ARGS(DB_INT(tx->bucket), STORE_ARG(tx->name)), h);

	h->live = h->there;
	return err;
}

int store_head_top(struct store_tx *tx, struct store_head *h)
{
	return head(tx, &sql_top, DB_ARGS(DB_INT(tx->bucket), STORE_ARG(tx->name)), h);
}

static int find_by_id(struct store_tx *tx, const u8 *id, struct store_head *h)
{
	u64 seq, rand;
	int err;

	store_version_split(id, &seq, &rand);
	if (!h->live || h->seq != seq) {
		err = head(tx, &sql_version, DB_ARGS(DB_INT(tx->bucket), STORE_ARG(tx->name),
						     DB_INT(seq)), h);
		if (err)
			return err;
	}
	if (h->rand != rand || h->isnull)
		*h = (struct store_head){ 0 };
	return 0;
}

int store_head_find(struct store_tx *tx, const struct store_version *version,
		    struct store_head *h)
{
	int err = store_head_live(tx, h);

	if (err)
		return err;
	switch (version->kind) {
	case STORE_BY_ID:
		return find_by_id(tx, version->id, h);
	case STORE_NULL:
		if (h->live && h->isnull)
			return 0;
		return head(tx, &sql_null, DB_ARGS(DB_INT(tx->bucket), STORE_ARG(tx->name)), h);
	default:
		return h->live ? 0 : store_head_top(tx, h);
	}
}

static bool matches(struct store_text wanted, const struct store_head *live)
{
	if (!live->live)
		return false;
	return store_same(wanted, STORE_TEXT("*")) ||
	       store_same(wanted, (struct store_text){ live->etag, live->etag_len });
}

int store_judge(const struct store_condition *condition, const struct store_head *live)
{
	if (condition->if_match.len && !live->live)
		return -STORE_NO_SUCH_KEY;
	if (condition->if_match.len && !matches(condition->if_match, live))
		return -STORE_PRECONDITION;
	if (condition->if_none_match.len && matches(condition->if_none_match, live))
		return -STORE_PRECONDITION;
	if (condition->order && (!live->there || live->seq != condition->order))
		return -STORE_PRECONDITION;
	return 0;
}

/* --- moving, dropping ---------------------------------------------------- */

static int on_row(struct store_tx *tx, const struct db_sql *sql, u64 seq)
{
	return store_change(tx->c, sql, DB_ARGS(DB_INT(tx->bucket), STORE_ARG(tx->name),
						DB_INT(seq)), EUCLEAN);
}

int store_archive(struct store_tx *tx, const struct store_head *live)
{
	int err = on_row(tx, &sql_archive, live->seq);

	tx->delta.objects--;
	return err ? err : on_row(tx, &sql_drop_live, live->seq);
}

int store_promote(struct store_tx *tx)
{
	struct store_head top;
	int err = store_head_top(tx, &top);

	if (err || !top.there || top.marker)
		return err;
	tx->delta.objects++;
	err = on_row(tx, &sql_restore, top.seq);
	return err ? err : on_row(tx, &sql_drop_version, top.seq);
}

int store_drop(struct store_tx *tx, const struct store_head *h)
{
	int err = db_run(tx->c, h->live ? &sql_waste_live : &sql_waste_version,
			 DB_ARGS(DB_INT(tx->bucket), STORE_ARG(tx->name), DB_INT(h->seq),
				 DB_INT(tx->due)));

	if (err < 0)
		return err;
	tx->delta.objects -= h->live;
	tx->delta.versions--;
	tx->delta.bytes -= h->size;
	return on_row(tx, h->live ? &sql_drop_live : &sql_drop_version, h->seq);
}

int store_drop_null(struct store_tx *tx)
{
	struct store_head null;
	int err = head(tx, &sql_null, DB_ARGS(DB_INT(tx->bucket), STORE_ARG(tx->name)), &null);

	return err || !null.there ? err : store_drop(tx, &null);
}

/* --- making -------------------------------------------------------------- */

/* Above every order of the name, and the time where the clock allows. */
static int next_order(struct store_tx *tx, const struct store_head *live, u64 *seq)
{
	struct store_head top = { 0 };
	int err = 0;

	if (!live->there && tx->versioning != STORE_UNVERSIONED)
		err = store_head_top(tx, &top);
	*seq = tx->now;
	if (live->there && live->seq >= *seq)
		*seq = live->seq + 1;
	if (top.there && top.seq >= *seq)
		*seq = top.seq + 1;
	return err;
}

static int insert(struct store_tx *tx, const struct store_put *put, const struct store_ref *ref,
		  u32 parts, bool marker, u64 seq, u64 rand)
{
	return store_change(tx->c, marker ? &sql_make_marker : &sql_make_live,
			    DB_ARGS(DB_INT(tx->bucket), STORE_ARG(tx->name), DB_INT(seq),
				    DB_INT(rand), DB_INT(tx->versioning != STORE_VERSIONED),
				    DB_INT(marker), DB_INT(put->body.size), STORE_ARG(put->etag),
				    STORE_ARG(put->checksums), STORE_ARG(put->tags),
				    STORE_ARG(put->headers), STORE_ARG(put->metadata),
				    STORE_ARG(put->acl), STORE_ARG(put->key), DB_INT(tx->revision),
				    DB_INT(ref->ref), DB_INT(parts), STORE_ARG(ref->records)),
			    EUCLEAN);
}

/* What was the latest goes to the archive, or is replaced if both are null versions. */
static int make_room(struct store_tx *tx, const struct store_head *live)
{
	bool versioned = tx->versioning == STORE_VERSIONED;
	int err = 0;

	if (live->there)
		err = versioned || !live->isnull ? store_archive(tx, live) : store_drop(tx, live);
	if (!err && tx->versioning == STORE_SUSPENDED)
		err = store_drop_null(tx);
	return err;
}

int store_make(struct store_tx *tx, const struct store_put *put, const struct store_ref *ref,
	       u32 parts, bool marker, const struct store_head *live, struct store_result *result)
{
	u64 seq, rand;
	int err = next_order(tx, live, &seq);

	if (!err)
		err = make_room(tx, live);
	if (!err)
		err = store_random(&rand);
	if (!err)
		err = insert(tx, put, ref, parts, marker, seq, rand);
	if (err)
		return err;
	tx->delta.objects += !marker;
	tx->delta.versions++;
	tx->delta.bytes += put->body.size;
	*result = (struct store_result){ .order = seq, .marker = marker };
	if (tx->versioning != STORE_UNVERSIONED)
		store_version_set(&result->version, tx->versioning == STORE_SUSPENDED, seq, rand);
	return 0;
}

int store_commit(struct store_tx *tx, const struct store_put *put, const struct store_ref *ref,
		 u32 parts, const struct store_head *live, struct store_result *result)
{
	int err = store_make(tx, put, ref, parts, false, live, result);

	return err ? err : store_tx_end(tx);
}
