/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the store's files share. */
#ifndef SKYD_STORE_PRIVATE_H
#define SKYD_STORE_PRIVATE_H

#include <string.h>

#include "store.h"

struct store {
	struct store_config config;
	struct db *db;
};

/* --- store.c ------------------------------------------------------------- */
int store_write(struct store *s, db_tx_fn *fn, void *arg);
int store_read(struct store *s, db_tx_fn *fn, void *arg);
u64 store_now(const struct store *s);
u64 store_due(const struct store *s);	/* when garbage of now may be collected */
int store_random(u64 *value);
/* The next number of pieces, uploads and reservations; none is given twice. */
int store_next_id(struct db_conn *c, u64 *id);
unsigned int store_page_max(unsigned int max);

/* The number of the only column of the only row; -@missing if there is none. */
int store_number(struct db_conn *c, const struct db_sql *sql, struct db_args args, int missing,
		 u64 *number);
/* db_run() of a statement that must change a row: -@missing if it does not. */
int store_change(struct db_conn *c, const struct db_sql *sql, struct db_args args, int missing);

extern const struct db_migration store_migrations[];
extern const unsigned int store_migration_count;

/* --- values -------------------------------------------------------------- */

#define STORE_ARG(t)	DB_BYTES((t).data, (t).len)

static inline struct store_text store_bytes(struct db_bytes b)
{
	return (struct store_text){ b.data, b.len };
}

static inline bool store_same(struct store_text a, struct store_text b)
{
	return a.len == b.len && !memcmp(a.data ? a.data : "", b.data ? b.data : "", a.len);
}

/* --- store_arena.c ------------------------------------------------------- */
/* A copy in the arena; *err becomes -ENOMEM if there is none. */
struct store_text store_copy(struct store_arena *a, struct db_bytes b, int *err);
struct store_text store_column(struct store_arena *a, struct db_rows *rows, int column, int *err);

/* --- store_usage.c ------------------------------------------------------- */
struct store_delta {
	s64 objects, versions, bytes, uploads;
};

int store_usage_create(struct db_conn *c, bool team, u64 id);
int store_usage_add(struct db_conn *c, u64 team, u64 bucket, const struct store_delta *delta);
int store_usage_drop(struct db_conn *c, bool team, u64 id);

/* --- store_traffic.c ----------------------------------------------------- */
int store_traffic_create(struct db_conn *c, u64 team);
int store_traffic_drop(struct db_conn *c, u64 team);

/* --- store_bucket.c ------------------------------------------------------ */
struct store_bucket_row {
	u64 owner, revision;
	enum store_versioning versioning;
};

/* -STORE_NO_SUCH_BUCKET if the team may not know it. */
int store_bucket_see(struct db_conn *c, u64 team, u64 bucket, struct store_bucket_row *row);

/* --- store_manifest.c ---------------------------------------------------- */
struct store_ref {
	u64 ref;
	struct store_text records;	/* the argument's */
};

/* Within a transaction: use up the claims, store the page, own the piece. */
int store_body_commit(struct db_conn *c, u64 team, const struct store_body *body,
		      struct store_ref *ref);

/* --- store_version.c: rows of one name ----------------------------------- */
#define STORE_ETAG_MAX	128

/* A transaction on one name of a bucket. */
struct store_tx {
	struct db_conn *c;
	u64 bucket, owner, revision;
	enum store_versioning versioning;
	struct store_text name;
	u64 now, due;
	struct store_delta delta;
};

struct store_head {
	bool there, live;	/* live: the latest, and no marker */
	u64 seq, rand, size;
	bool isnull, marker;
	size_t etag_len;
	u8 etag[STORE_ETAG_MAX];
};

int store_tx_begin(struct store_tx *tx, struct db_conn *c, struct store *s, u64 team, u64 bucket,
		   struct store_text name);
int store_tx_end(struct store_tx *tx);
int store_head_live(struct store_tx *tx, struct store_head *head);
/* The newest that is not live: the latest only if nothing is live. */
int store_head_top(struct store_tx *tx, struct store_head *head);
int store_head_find(struct store_tx *tx, const struct store_version *version,
		    struct store_head *head);
int store_judge(const struct store_condition *condition, const struct store_head *live);
/* Live to archive, and back what is the latest then. */
int store_archive(struct store_tx *tx, const struct store_head *live);
int store_promote(struct store_tx *tx);
/* Remove a row; its fragments become garbage. */
int store_drop(struct store_tx *tx, const struct store_head *head);
/* Make room for a null version: remove the one that is not live, if there is one. */
int store_drop_null(struct store_tx *tx);
/* Put a row where it belongs and make it the latest.  @live: what is so far. */
int store_make(struct store_tx *tx, const struct store_put *put, const struct store_ref *ref,
	       u32 parts, bool marker, const struct store_head *live, struct store_result *result);
/* All that a put does between its condition and its end; for completed uploads too. */
int store_commit(struct store_tx *tx, const struct store_put *put, const struct store_ref *ref,
		 u32 parts, const struct store_head *live, struct store_result *result);

void store_version_set(struct store_version *v, bool isnull, u64 seq, u64 rand);
void store_version_split(const u8 id[STORE_VERSION_BYTES], u64 *seq, u64 *rand);
void store_version_join(u64 seq, u64 rand, u8 id[STORE_VERSION_BYTES]);

/* --- store_list.c -------------------------------------------------------- */
/* What store_entry_fill() reads from the first 12 columns of a row. */
#define STORE_ENTRY(marker, live) \
	"name, seq, rand, nil, " marker ", " live ", seq, size, etag, checksums, tags, headers"
#define STORE_ENTRY_UPLOAD \
	"name, id, rand, 0, 0, 0, created, 0, substr(name, 1, 0), checksums, tags, headers"
#define STORE_BOUND_MAX	(STORE_NAME_MAX + 1)

/* A byte string that names are compared with. */
struct store_bound {
	size_t len;
	u8 data[STORE_BOUND_MAX];
};

int store_entry_fill(struct db_rows *rows, struct store_arena *a, struct store_entry *e);
/* The first name after @t. */
void store_bound_after(struct store_bound *b, struct store_text t);
/* The first name behind all that begin with @t; above every name if there is none. */
void store_bound_behind(struct store_bound *b, struct store_text t);
int store_compare(struct store_text a, struct store_text b);

/* --- store_scrub.c ------------------------------------------------------- */
/* Within a transaction: whatever is drawn up to @now is of this store. */
int store_note_alive(struct db_conn *c, u64 now);

/* --- store_garbage.c ----------------------------------------------------- */
enum store_garbage_kind { GARBAGE_RECORDS, GARBAGE_PIECE, GARBAGE_UPLOAD };

int store_garbage_add(struct db_conn *c, u64 due, enum store_garbage_kind kind, u64 ref, u64 mask,
		      struct store_text records);

/* --- store_upload.c ------------------------------------------------------ */
/* Every unfinished upload of a bucket becomes garbage; *size is what they counted for. */
int store_uploads_drop(struct db_conn *c, u64 bucket, u64 due, u64 *size);

#endif /* SKYD_STORE_PRIVATE_H */
