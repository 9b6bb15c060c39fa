/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The backend's metadata: what exists, who owns it, where its fragments are.  No
 * network, no plaintext keys, no data.
 *
 * Teams.  Every call takes the team that asks.  A bucket of another team does not
 * exist for it (-STORE_NO_SUCH_BUCKET) unless it is marked shared, which the API
 * does when an ACL or a policy document of the bucket grants anything to others;
 * then the caller judges by bucket.team and the documents.  Only the name of a
 * bucket is global, as in S3.
 *
 * Transactions.  Each call is one transaction (db.h): all of it happens or
 * nothing does, and it is durable when the call returns.  Calls that change
 * something run one after the other, so conditions are judged at the moment of
 * the commit and the last completed write of a key wins whole.  Calls that only
 * read have a snapshot that holds every change whose call had returned.
 *
 * Waiting.  store_config.write and .read say how a call waits for its
 * transaction: by default the calling thread sleeps.  A program with fibers
 * gives functions that suspend the fiber.  The store itself has no lock.
 *
 * Memory.  Byte strings of results live in the arena that the caller passed,
 * until it is reset or freed.  Those of arguments are the caller's.
 *
 * Time is in microseconds since 1970 (store_config.now).
 *
 * Errors are negative: the codes of enum store_error, each of one S3 error
 * (store_s3_error()), or a -errno of db.h, for S3 SlowDown or InternalError.
 */
#ifndef SKYD_STORE_H
#define SKYD_STORE_H

#include "db/db.h"

#define STORE_NAME_MAX		1024	/* bytes of an object's name */
#define STORE_BLOB_MAX		65536	/* bytes of any other string */
#define STORE_LIST_MAX		1000	/* entries of a page of any listing */
#define STORE_PAGE_GENERATIONS	64
#define STORE_PARTS_MAX		10000
#define STORE_PART_MIN		(5ull << 20)	/* every part but the last */
#define STORE_OBJECT_MAX	(5ull << 40)

struct store;

/* Bytes of any value; names are compared bytewise. */
struct store_text {
	const void *data;
	size_t len;
};

#define STORE_TEXT(s)	((struct store_text){ (s), sizeof(s) - 1 })

/* --- store_error.c ------------------------------------------------------- */

enum store_error {
	STORE_ERROR_FIRST = 5000,	/* above every errno */
	STORE_NO_SUCH_BUCKET = STORE_ERROR_FIRST,
	STORE_NO_SUCH_KEY,
	STORE_NO_SUCH_VERSION,
	STORE_NO_SUCH_UPLOAD,
	STORE_NO_SUCH_ACL,
	STORE_NO_SUCH_CORS,
	STORE_NO_SUCH_BUCKET_POLICY,
	STORE_NO_SUCH_LIFECYCLE,
	STORE_NO_SUCH_TAGS,
	STORE_NO_SUCH_OWNERSHIP,
	STORE_NO_SUCH_PUBLIC_ACCESS,
	STORE_BUCKET_EXISTS,
	STORE_BUCKET_OWNED,
	STORE_BUCKET_NOT_EMPTY,
	STORE_TOO_MANY_BUCKETS,
	STORE_PRECONDITION,
	STORE_METHOD_NOT_ALLOWED,	/* the version is a delete marker */
	STORE_INVALID_PART,
	STORE_INVALID_PART_ORDER,
	STORE_PART_TOO_SMALL,
	STORE_TOO_LARGE,
	STORE_NAME_TOO_LONG,
	STORE_INVALID,
	STORE_EXPIRED,		/* reservations of the upload were given up */
	STORE_NO_SUCH_ACCESS_KEY,
	STORE_NO_SUCH_TEAM,
	STORE_NO_SUCH_POLICY,
	STORE_POLICY_EXISTS,
	STORE_POLICY_IN_USE,
	STORE_NO_SUCH_LOCATION,
	STORE_TEAM_EXISTS,
	STORE_TEAM_NOT_EMPTY,
	STORE_LEASE_LOST,	/* another collector has the item */
	STORE_ERROR_END,
};

struct store_s3_error {
	const char *code;	/* "NoSuchBucket" */
	unsigned int status;	/* of HTTP */
};

/* Of any negative result.  The codes that are not S3's own are of our own API. */
const struct store_s3_error *store_s3_error(int err);

/* --- store_arena.c ------------------------------------------------------- */

struct store_chunk;

/* Memory of results: { 0 } is an empty one. */
struct store_arena {
	struct store_chunk *chunk;
};

/* Zeroed and aligned; NULL when out of memory. */
void *store_alloc(struct store_arena *a, size_t size);
/* Forget all results, keep one chunk. */
void store_arena_reset(struct store_arena *a);
void store_arena_free(struct store_arena *a);

#define STORE_ARENA	CLEANUP(store_arena_free) struct store_arena

/* --- store.c ------------------------------------------------------------- */

typedef int store_run_fn(void *ctx, struct db *db, db_tx_fn *fn, void *arg);

struct store_config {
	const char *path;
	store_run_fn *write, *read;	/* NULL: db_write(), db_read() */
	void *run_ctx;
	u64 (*now)(void);		/* NULL: the clock */
	u64 grace_us;			/* fragments live on for readers; 0: an hour */
	unsigned int buckets_max;	/* of a team; 0: 1000 */
	unsigned int cache_kib;		/* db_config.cache_kib */
	void (*tell)(void *ctx, const char *text);
	void *tell_ctx;
};

/* Errors of db_open(). */
int store_open(const struct store_config *config, struct store **store);
void store_close(struct store *store);
/* For db_check(), db_backup(), db_counts(). */
struct db *store_db(struct store *store);
/* db_config of a store's file, for db_restore(). */
void store_db_config(const struct store_config *config, struct db_config *db);

/* --- store_team.c: teams and usage --------------------------------------- */

struct store_team {
	u64 id;
	struct store_text name;
	u64 created;
};

struct store_usage {
	u64 objects;	/* names that a listing shows */
	u64 versions;	/* of all kinds, delete markers too */
	u64 bytes;	/* plain size of all versions */
	u64 uploads;	/* plain size of the parts of unfinished uploads */
};

int store_team_create(struct store *s, struct store_text name, u64 *id);
/* -STORE_TEAM_NOT_EMPTY while it owns buckets.  Its keys go with it. */
int store_team_delete(struct store *s, u64 team);
/* Teams by id above @after, at most @max (STORE_LIST_MAX).  Return: how many. */
int store_team_list(struct store *s, u64 after, unsigned int max, struct store_arena *a,
		    struct store_team **teams);
int store_team_usage(struct store *s, u64 team, struct store_usage *usage);
int store_bucket_usage(struct store *s, u64 team, u64 bucket, struct store_usage *usage);
/* Count again.  -EUCLEAN if what the transactions kept differs; for tests and care. */
int store_usage_check(struct store *s);

/* --- store_traffic.c ------------------------------------------------------ */

struct meta_traffic;

/* Since the team was made, of all gateways. */
struct store_traffic {
	u64 requests;	/* that it has signed, or that read or wrote objects of its own unsigned */
	u64 received, sent;	/* bytes of their bodies */
};

/* A batch of a gateway's: once, however often it is told. */
int store_traffic_add(struct store *s, const struct meta_traffic *batch);
int store_team_traffic(struct store *s, u64 team, struct store_traffic *to);

/* --- store_key.c: API keys ----------------------------------------------- */

enum store_scope { STORE_SCOPE_NONE, STORE_SCOPE_READ, STORE_SCOPE_FULL };

struct store_key {
	struct store_text access;	/* the public name, 1 to 128 bytes */
	u64 team;
	struct store_text secret;	/* wrapped by the vault */
	struct store_text comment;
	u64 created;
	u64 expires;			/* 0: never */
	bool enabled;
	enum store_scope scope;		/* of buckets that have none of their own */
};

/* A key for a team; created is filled in.  -EEXIST if the name is taken. */
int store_key_create(struct store *s, const struct store_key *key);
/*
 * For authentication: the key by its name alone, whoever asks.  Expired and
 * disabled ones are -STORE_NO_SUCH_ACCESS_KEY.
 */
int store_key_find(struct store *s, struct store_text access, struct store_arena *a,
		   struct store_key *key);
int store_key_enable(struct store *s, u64 team, struct store_text access, bool enabled);
int store_key_delete(struct store *s, u64 team, struct store_text access);
int store_key_list(struct store *s, u64 team, struct store_text after, unsigned int max,
		   struct store_arena *a, struct store_key **keys);
/* What the key may do with one bucket of its team. */
int store_key_set_scope(struct store *s, u64 team, struct store_text access, u64 bucket,
			enum store_scope scope);
struct store_key_scope {
	u64 bucket;
	enum store_scope scope;
};

/* What a key may do with single buckets, by number above @after.  Return: how many. */
int store_key_scopes(struct store *s, struct store_text access, u64 after, unsigned int max,
		     struct store_arena *a, struct store_key_scope **scopes);
/* Return: enum store_scope, STORE_SCOPE_NONE for buckets of other teams. */
int store_key_scope(struct store *s, struct store_text access, u64 bucket);

/* --- store_policy.c: storage policies ------------------------------------ */

/* One revision; it never changes.  The body is the API's, not looked into here. */
struct store_policy {
	u64 id;			/* of all revisions of a name; > 0 */
	u64 team;		/* 0: everybody's */
	u64 revision;		/* from 1 */
	struct store_text name;
	u64 created;
	struct store_text body;
};

/* A new name: -STORE_POLICY_EXISTS if the team, or everybody, has it. */
int store_policy_create(struct store *s, u64 team, struct store_text name,
			struct store_text body, u64 *id);
/* A new revision; buckets keep theirs.  Return: 0, *@revision is its number. */
int store_policy_edit(struct store *s, u64 team, u64 id, struct store_text body, u64 *revision);
/* When any of them was made or edited for the last time; 0: never. */
int store_policy_changed(struct store *s, u64 *when);
/* No new bucket can have it.  -STORE_POLICY_IN_USE while a bucket has any revision. */
int store_policy_delete(struct store *s, u64 team, struct store_text name);
/* The newest revision of a name that the team sees. */
int store_policy_find(struct store *s, u64 team, struct store_text name, struct store_arena *a,
		      struct store_policy *policy);
/* One revision; 0: the newest. */
int store_policy_get(struct store *s, u64 team, u64 id, u64 revision, struct store_arena *a,
		     struct store_policy *policy);
int store_policy_list(struct store *s, u64 team, u64 after, unsigned int max,
		      struct store_arena *a, struct store_policy **policies);

/* --- store_location.c: the catalogue ------------------------------------- */

enum store_location_kind { STORE_CLOUD, STORE_EDGE };
enum store_location_state { STORE_ACTIVE, STORE_DRAINING, STORE_DISABLED };

struct store_location {
	u16 id;				/* what generation records name; never used again */
	enum store_location_kind kind;
	enum store_location_state state;
	u64 team;			/* 0: everybody's */
	u64 created;
	struct store_text name, provider, url, country, city, jurisdiction, region, cluster,
			  description;
	s32 latitude_e6, longitude_e6;	/* millionths of a degree */
	bool gdpr;
	u64 storage_price, ingress_price, egress_price;	/* millionths of $ a GB (and month) */
	struct store_text credentials;	/* wrapped by the vault */
	struct store_text public_point;	/* of an edge */
	u64 capacity, used;		/* bytes; 0: not known */
};

/* What a sample timed: to and from a location, a byte and a megabyte. */
enum store_sample_kind { STORE_UP_1B, STORE_UP_1MB, STORE_DOWN_1B, STORE_DOWN_1MB };

struct store_sample {
	u64 at;
	enum store_sample_kind kind;
	u32 us;
};

struct store_outage {
	u64 begin, end;			/* end 0: it lasts */
};

/* location->id is filled in.  -EEXIST: the name is taken. */
int store_location_create(struct store *s, struct store_location *location);
/* Change all but id, kind, team and created. */
int store_location_update(struct store *s, u64 team, const struct store_location *location);
int store_location_get(struct store *s, u64 team, u16 id, struct store_arena *a,
		       struct store_location *location);
/* Those that the team sees, by id above @after.  Return: how many. */
int store_location_list(struct store *s, u64 team, u16 after, unsigned int max,
			struct store_arena *a, struct store_location **locations);
/* Samples older than 30 days before the newest are dropped. */
int store_location_sample(struct store *s, u16 id, const struct store_sample *sample,
			  unsigned int count);
/* Of one kind, since @since, oldest first.  Return: how many. */
int store_location_samples(struct store *s, u16 id, enum store_sample_kind kind, u64 since,
			   unsigned int max, struct store_arena *a,
			   struct store_sample **samples);
/* Begin an outage, or end the one that lasts; what is so already stays so. */
int store_location_outage(struct store *s, u16 id, bool down, u64 at);
int store_location_outages(struct store *s, u16 id, unsigned int max, struct store_arena *a,
			   struct store_outage **outages);

/* --- store_bucket.c ------------------------------------------------------ */

enum store_versioning { STORE_UNVERSIONED, STORE_VERSIONED, STORE_SUSPENDED };

struct store_bucket {
	u64 id;			/* never used again */
	u64 team;		/* the owner */
	struct store_text name;
	u64 created;
	u64 policy, policy_revision;
	enum store_versioning versioning;
	bool shared;		/* others may be granted something */
	struct store_text key;	/* wrapped by the vault */
	const struct store_text *document;	/* of a new one: of each kind, or NULL */
};

enum store_document {
	STORE_ACL, STORE_CORS, STORE_BUCKET_POLICY, STORE_LIFECYCLE, STORE_TAGS,
	STORE_OWNERSHIP,		/* a name of s3_ownership_name() */
	STORE_PUBLIC_ACCESS,		/* of s3_public_access_write() */
	STORE_DOCUMENTS,
};

/* A document, and the bucket that has it. */
struct store_held {
	u64 bucket;
	struct store_text name, body;
};

/*
 * @bucket: team, name, policy (its newest revision is taken), shared, key, document.  The rest is
 * filled in.  It is there with all of them or not at all.
 */
int store_bucket_create(struct store *s, struct store_bucket *bucket);
int store_bucket_find(struct store *s, u64 team, struct store_text name, struct store_arena *a,
		      struct store_bucket *bucket);
/* Whoever asks: for who judges by bucket.team and the documents, as long as it is judged. */
int store_bucket_look(struct store *s, struct store_text name, struct store_arena *a,
		      struct store_bucket *bucket);
/*
 * The key of a bucket that was created without one, since its label names the bucket's number.
 * -EEXIST: it has one.
 */
int store_bucket_set_key(struct store *s, u64 team, u64 bucket, struct store_text key);
/* -STORE_BUCKET_NOT_EMPTY: it has versions of any kind.  Unfinished uploads are aborted. */
int store_bucket_delete(struct store *s, u64 team, u64 bucket);
/* Own buckets with a prefix, by name after @after.  Return: how many. */
int store_bucket_list(struct store *s, u64 team, struct store_text prefix,
		      struct store_text after, unsigned int max, struct store_arena *a,
		      struct store_bucket **buckets);
/* From STORE_UNVERSIONED there is a way, to it there is none: -STORE_INVALID. */
int store_bucket_set_versioning(struct store *s, u64 team, u64 bucket,
				enum store_versioning versioning);
int store_bucket_set_shared(struct store *s, u64 team, u64 bucket, bool shared);
/* @body of no bytes removes it. */
int store_bucket_set_document(struct store *s, u64 team, u64 bucket,
			      enum store_document kind, struct store_text body);
int store_bucket_document(struct store *s, u64 team, u64 bucket, enum store_document kind,
			  struct store_arena *a, struct store_text *body);
/* Those of one kind, of the buckets of all teams above @after by id.  Return: how many. */
int store_document_list(struct store *s, enum store_document kind, u64 after, unsigned int max,
			struct store_arena *a, struct store_held **held);

/* --- store_manifest.c: where the fragments are --------------------------- */

/*
 * Generation records are made and read by others; here they are bytes.  A page
 * holds those of 1 to 64 generations that follow each other.
 */
struct store_page {
	u64 start;		/* plain bytes before it, in its object or part */
	u64 length;		/* plain bytes in it */
	u32 generations;
	struct store_text records;
};

/*
 * Nothing is sent to a location before it is written down: fragments whose
 * commit never comes are found again.  A *reservation* is a page of up to 64
 * generations that a gateway may use, each for any upload, until it expires; a
 * commit names those that it used.  One reservation thus serves 64 small uploads.
 */
struct store_claim {
	u64 reservation;
	u64 mask;		/* bit i: generation i */
};

int store_reserve(struct store *s, u64 team, u32 generations, struct store_text records,
		  u64 expires, u64 *reservation);

struct store_reserved {
	u64 expires;
	u64 remaining;		/* bit i: generation i has not been claimed */
	struct store_text records;
};

/* Return: 0; -STORE_EXPIRED: there is none (any more); another error. */
int store_reserved(struct store *s, u64 reservation, struct store_arena *a,
		   struct store_reserved *r);

/* All that it names is nowhere: forget it.  What has expired meanwhile is collected as ever. */
int store_release(struct store *s, u64 reservation);

/*
 * A *piece* is the body of an object, or of a part, of more than one page: opened,
 * filled page by page in order, then named in a commit.
 */
int store_piece_open(struct store *s, u64 team, u64 expires, u64 *piece);
/* Appends and claims; the piece lives on until @expires. */
int store_piece_add(struct store *s, u64 team, u64 piece, const struct store_page *page,
		    const struct store_claim *claim, unsigned int claims, u64 expires);
/* Give it up now; what it had is garbage. */
int store_piece_drop(struct store *s, u64 team, u64 piece);

/* The body of an object or part in a commit: a page, a piece, or neither (no bytes). */
struct store_body {
	u64 size;		/* plain bytes */
	const struct store_page *page;
	u64 piece;
	const struct store_claim *claim;
	unsigned int claims;
};

/* Where to read a body: struct store_object has one. */
struct store_data {
	u64 ref;		/* piece or upload; 0: records */
	u32 parts;		/* of a multipart object */
	struct store_text records;	/* of the only generation */
	u64 size;
};

/*
 * The page that holds byte @offset (below size) of a body.  *@base is added to
 * page.start for its place in the object; *@part is the number of its part, or 0.
 * Pages outlive their object by the grace time, for readers that have begun.
 */
int store_data_page(struct store *s, const struct store_data *data, u64 offset,
		    struct store_arena *a, struct store_page *page, u64 *base, u32 *part);

/* --- store_object.c, store_version.c ------------------------------------- */

#define STORE_VERSION_BYTES	16

/* What a caller names, or learns: bytes, "null", or nothing (the latest). */
struct store_version {
	enum { STORE_LATEST, STORE_NULL, STORE_BY_ID } kind;
	u8 id[STORE_VERSION_BYTES];
};

struct store_object {
	struct store_text name;
	struct store_version version;	/* STORE_NULL or STORE_BY_ID */
	u64 order;			/* rises with each version of a name; also: modified at */
	bool latest, marker;
	u64 size;
	struct store_text etag;		/* without quotes */
	struct store_text checksums, headers, metadata, tags, acl;	/* the API's form */
	struct store_text key;		/* wrapped */
	u64 policy_revision;
	struct store_data data;
};

/* Conditions, judged inside the transaction.  Empty texts are no condition; "*": any. */
struct store_condition {
	struct store_text if_match, if_none_match;	/* an etag */
	u64 order;			/* 0, or that of the version it must still be */
};

struct store_put {
	u64 team, bucket;
	struct store_text name, etag, checksums, headers, metadata, tags, acl, key;
	struct store_body body;
	struct store_condition condition;
};

struct store_result {
	struct store_version version;	/* of what was made; STORE_LATEST: unversioned */
	u64 order;
	bool marker;			/* delete: a marker was made, or removed */
};

/* -STORE_NO_SUCH_KEY: if_match and nothing there.  -STORE_EXPIRED: a claim or the piece. */
int store_object_put(struct store *s, const struct store_put *put, struct store_result *result);
/*
 * -STORE_NO_SUCH_KEY, with object->marker and version set if a delete marker is the
 * latest; -STORE_METHOD_NOT_ALLOWED, as well, if the version named is one.
 */
int store_object_get(struct store *s, u64 team, u64 bucket, struct store_text name,
		     const struct store_version *version, struct store_arena *a,
		     struct store_object *object);
/*
 * Delete the latest (a marker in a versioned bucket) or one version.  What is not
 * there is no error, unless there is a condition.
 */
int store_object_delete(struct store *s, u64 team, u64 bucket, struct store_text name,
			const struct store_version *version,
			const struct store_condition *condition, struct store_result *result);
/*
 * Replace the tags or the ACL of a version; @result->version says which it was.  @condition:
 * NULL, or what has to hold of it.
 */
int store_object_set_tags(struct store *s, u64 team, u64 bucket, struct store_text name,
			  const struct store_version *version,
			  const struct store_condition *condition, struct store_text tags,
			  struct store_result *result);
int store_object_set_acl(struct store *s, u64 team, u64 bucket, struct store_text name,
			 const struct store_version *version,
			 const struct store_condition *condition, struct store_text acl,
			 struct store_result *result);

/* --- store_list.c -------------------------------------------------------- */

struct store_entry {
	struct store_text name;		/* of an object or upload, or a common prefix */
	bool group;			/* it is a common prefix; the rest is empty */
	bool latest, marker;
	struct store_version version;	/* uploads: STORE_BY_ID, the upload's */
	u64 order, size;
	struct store_text etag, checksums, tags, headers;
};

struct store_list {
	u64 team, bucket;
	struct store_text prefix, delimiter;
	/*
	 * Only names after this one (marker, start-after).  If it ends the common
	 * prefix that it would be in, that group is passed over.
	 */
	struct store_text after;
	/* Versions, uploads: go on within the name @after, behind this one. */
	struct store_version after_version;
	unsigned int max;		/* at most STORE_LIST_MAX are given */
};

struct store_listing {
	struct store_entry *entry;
	unsigned int count;
	bool truncated;		/* next and next_version name the last entry given */
	struct store_text next;
	struct store_version next_version;
};

/*
 * Cost: one seek for each entry that is a common prefix, one step for each other;
 * what lies below a common prefix is never looked at.
 */
int store_list_objects(struct store *s, const struct store_list *list, struct store_arena *a,
		       struct store_listing *listing);
/* Latest first within a name. */
int store_list_versions(struct store *s, const struct store_list *list, struct store_arena *a,
			struct store_listing *listing);
/* Unfinished uploads, oldest first within a name. */
int store_list_uploads(struct store *s, const struct store_list *list, struct store_arena *a,
		       struct store_listing *listing);

/* --- store_upload.c: multipart uploads ----------------------------------- */

struct store_upload {
	u8 id[STORE_VERSION_BYTES];
	u64 team, bucket;
	struct store_text name, headers, metadata, tags, acl, key, checksums;
	u64 created;
};

struct store_part {
	u32 number;			/* 1 to STORE_PARTS_MAX */
	u64 size;
	struct store_text etag, checksums;
	u64 modified;
};

/* @upload: all but id and created, which are filled in. */
int store_upload_create(struct store *s, struct store_upload *upload);
int store_upload_get(struct store *s, u64 team, u64 bucket, struct store_text name,
		     const u8 id[STORE_VERSION_BYTES], struct store_arena *a,
		     struct store_upload *upload);
/* Replaces a part of the same number, whose fragments become garbage. */
int store_part_put(struct store *s, u64 team, u64 bucket, struct store_text name,
		   const u8 id[STORE_VERSION_BYTES], const struct store_part *part,
		   const struct store_body *body);
/* Numbers above @after.  Return: how many; one more than @max is never given. */
int store_part_list(struct store *s, u64 team, u64 bucket, struct store_text name,
		    const u8 id[STORE_VERSION_BYTES], u32 after, unsigned int max,
		    struct store_arena *a, struct store_part **parts);
/* Parts of a finished object, as above. */
int store_object_parts(struct store *s, const struct store_data *data, u32 after,
		       unsigned int max, struct store_arena *a, struct store_part **parts);

struct store_complete {
	u64 team, bucket;
	struct store_text name;
	u8 id[STORE_VERSION_BYTES];
	const struct store_part *part;	/* number and etag; others are not looked at */
	unsigned int parts;
	struct store_text etag, checksums;	/* of the object, worked out by the caller */
	struct store_condition condition;
};

/*
 * -STORE_INVALID_PART_ORDER: numbers do not rise; -STORE_INVALID_PART: one is not
 * there or its etag differs; -STORE_PART_TOO_SMALL: one but the last is below
 * STORE_PART_MIN.  Parts that are not named become garbage.  The upload is gone.
 */
int store_upload_complete(struct store *s, const struct store_complete *complete,
			  struct store_result *result);
int store_upload_abort(struct store *s, u64 team, u64 bucket, struct store_text name,
		       const u8 id[STORE_VERSION_BYTES]);

/* --- store_garbage.c: fragments that nothing names any more -------------- */

struct store_garbage {
	u64 id;
	u64 lease;		/* the collector's until then, and its proof */
};

/* A page of garbage: delete the fragments of the generations in mask. */
struct store_garbage_page {
	struct store_page page;
	u64 mask;
	u64 piece;		/* the store's: which page it was */
	u32 part;
};

/* Take what is due, oldest first, for @lease_us.  Return: how many. */
int store_garbage_lease(struct store *s, u64 lease_us, unsigned int max,
			struct store_arena *a, struct store_garbage **items);
/* Return: 1 and the next page, 0: all are done, -STORE_LEASE_LOST. */
int store_garbage_next(struct store *s, const struct store_garbage *item,
		       struct store_arena *a, struct store_garbage_page *page);
/*
 * Its fragments are gone; so is the page, unless one of them has been moved meanwhile: then it is
 * the next page again.
 */
int store_garbage_page_done(struct store *s, const struct store_garbage *item,
			    const struct store_garbage_page *page);
/*
 * The same, and what is left of it is garbage of its own from @due on: @records, of which the
 * generations in @mask, where those that are gone are nowhere any more.  So a location that is
 * away holds up nothing that lies elsewhere.
 */
int store_garbage_later(struct store *s, const struct store_garbage *item,
			const struct store_garbage_page *page, struct store_text records,
			u64 mask, u64 due);
/* After store_garbage_next() gave 0. */
int store_garbage_done(struct store *s, const struct store_garbage *item);
/* Items in the queue, and fragments that have been moved away. */
int store_garbage_count(struct store *s, u64 *items, u64 *due);
/*
 * Leftovers: expired reservations and pieces become garbage, at most @max in one
 * transaction.  Return: how many.
 */
int store_leftovers(struct store *s, unsigned int max);

/* --- store_lifecycle.c --------------------------------------------------- */

enum store_expiry {
	STORE_EXPIRE_CURRENT,		/* latest versions modified before */
	STORE_EXPIRE_NONCURRENT,	/* others, replaced before */
	STORE_EXPIRE_MARKER,		/* delete markers with nothing under them */
	STORE_EXPIRE_UPLOAD,		/* uploads created before */
};

struct store_expire {
	u64 bucket;
	enum store_expiry kind;
	struct store_text prefix;
	u64 before;
	struct store_text after;	/* store_listing.next of the call before */
	struct store_version after_version;
	unsigned int max;		/* rows looked at in this call */
};

/*
 * Candidates of one lifecycle rule among the next rows; the caller judges tags and
 * sizes and deletes with store_condition.order.  truncated: call again.
 */
int store_expired(struct store *s, const struct store_expire *expire, struct store_arena *a,
		  struct store_listing *listing);

#endif /* SKYD_STORE_H */
