/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a gateway asks the backend: calls of link.h.  The gateway has proved who a caller is
 * (meta.caller); the backend judges what that caller may do, in each question anew, before it
 * says anything else.  What a caller may not see is answered as S3 does it.
 *
 * An answer's status is 0, -errno of link.h, or meta_status() of an S3 code.
 *
 * A small GET is one question (META_READ, with the URLs of its fragments); a small PUT is
 * three: META_OPEN, META_SIGN, META_COMMIT.
 *
 * Opaque texts.  headers, metadata and checksums of an object belong to the gateway, and come
 * back as they went.  Tags are as in x-amz-tagging ("a=b&c=d", percent-coded), since policies
 * and lifecycles look at them.  Grants are lists.  Documents are kept as they came.
 */
#ifndef SKYD_META_H
#define SKYD_META_H

#include "rpc/rpc.h"
#include "s3/error.h"

#define META_NAME_MAX		1024u		/* bytes of an object's name */
#define META_ID_MAX		256u		/* a bucket, an id, a word of the protocol */
#define META_TEXT_MAX		4096u
#define META_BLOB_MAX		65536u		/* a document, headers, metadata, a page */
#define META_ROWS		256u
#define META_URLS_MAX		1024u		/* of one answer */
#define META_SLOTS_MAX		64u		/* generations of one reservation */
#define META_LIST_MAX		1000u
#define META_DELETE_MAX		1000u
#define META_PARTS_MAX		10000u
#define META_GRANTS_MAX		100u
#define META_LOCATIONS_MAX	1024u
#define META_API_ASK_MAX	(256u << 10)	/* a question in JSON */
#define META_API_MAX		(1u << 20)	/* an answer in JSON */
#define META_LINK_MAX		(2u << 20)	/* link_options.body_max, at both ends */
#define META_CONTEXTS_MAX	16u
#define META_TOKEN_BYTES	16u
#define META_GENERATION_BYTES	16u
#define META_VERSION_BYTES	16u

enum meta_operation {
	META_KEY = 0x301,	/* meta_key_ask -> meta_key: for authentication */
	META_LOCATIONS,		/* meta_key_ask (no key) -> meta_locations */

	META_READ,		/* meta_read -> meta_object */
	META_PAGE,		/* meta_page_ask -> meta_page: further pages, further URLs */

	META_OPEN,		/* meta_open -> meta_opened: may it be written, and how */
	META_SLOTS,		/* meta_slots_ask -> meta_slots: a reservation */
	META_SIGN,		/* meta_sign -> meta_signed: URLs of PUTs */
	META_PIECE_OPEN,	/* meta_piece -> meta_piece: a body of more than 64 generations */
	META_PIECE_ADD,		/* meta_piece -> nothing */
	META_PIECE_DROP,	/* meta_piece -> nothing */
	META_COMMIT,		/* meta_commit -> meta_result */

	META_DELETE,		/* meta_delete -> meta_deleted: 1 to 1000 objects */
	META_SET,		/* meta_set -> meta_result: tags or grants of an object */
	META_LIST,		/* meta_list -> meta_listing: objects, versions, uploads */

	META_UPLOAD_CREATE,	/* meta_commit (no body) -> meta_result: the upload's id */
	META_UPLOAD_PARTS,	/* meta_upload -> meta_parts */
	META_UPLOAD_COMPLETE,	/* meta_complete -> meta_result */
	META_UPLOAD_ABORT,	/* meta_upload -> nothing */
	META_OBJECT_PARTS,	/* meta_upload, by the object's version -> meta_parts */

	META_BUCKETS,		/* meta_list -> meta_buckets */
	META_BUCKET_CREATE,	/* meta_bucket_make -> meta_bucket */
	META_BUCKET_DELETE,	/* meta_bucket_ask -> nothing */
	META_BUCKET,		/* meta_bucket_ask -> meta_bucket: HEAD, location, versioning */
	META_BUCKET_VERSIONING,	/* meta_bucket_set (value) -> nothing */
	META_BUCKET_DOCUMENT,	/* meta_bucket_ask (document) -> meta_document */
	META_BUCKET_SET_DOCUMENT, /* meta_bucket_set -> nothing; an empty one removes it */
	META_CORS,		/* meta_bucket_ask -> meta_document: for a preflight */
	META_REGION,		/* meta_region_ask -> meta_region: may it be signed for so */

	META_API,		/* meta_api -> meta_api_answer: JSON, not S3 */
	META_REPAIR,		/* meta_repair -> meta_signed: URLs of what is made anew */

	META_MOVE,		/* meta_key_ask (no key) -> meta_move: what is to be moved next */
	META_MOVE_SIGN,		/* meta_move_sign -> meta_signed: where it goes */
	META_MOVE_END,		/* meta_move_end -> nothing */

	META_TRAFFIC,		/* meta_traffic -> nothing: what teams have asked for */
	META_CACHE,		/* meta_cache.h: how it is, and what has to go */
};

/* Status of an answer for an S3 code, and back: S3_OK if it is none. */
#define META_REFUSED	8000
static inline int meta_status(enum s3_code code)
{
	return code == S3_OK ? 0 : -META_REFUSED - (int)code;
}
static inline enum s3_code meta_code(int status)
{
	return status < -META_REFUSED && status > -META_REFUSED - (int)S3_CODES ?
		       (enum s3_code)(-META_REFUSED - status) : S3_OK;
}

/* "s3:x-amz-copy-source" and what it is in this request: for the conditions of policies. */
struct meta_context {
	struct rpc_bytes key, value;
};

/* Who asks, and how; the head of each question. */
struct meta_caller {
	struct rpc_bytes access_key;	/* proven; empty: anonymous */
	struct rpc_bytes address;	/* of the client, as text */
	struct rpc_bytes agent;		/* User-Agent */
	struct rpc_bytes referer;
	struct rpc_bytes owner;		/* that the bucket has to have; empty: any */
	bool secure;			/* over TLS */
	/*
	 * What policies may ask about and the question does not say in a field of its own:
	 * auth_context.c.
	 */
	const struct meta_context *context;
	u32 contexts;
};

/* --- authentication ------------------------------------------------------------- */

struct meta_key_ask {
	struct rpc_bytes access_key;
};

/*
 * For VAULT_DERIVE: label { VAULT_API_SECRET, team, 0, access_key } and secret.  To be asked
 * again after @keep_ms, so that a key that was taken away stops to work.
 */
struct meta_key {
	u64 team;
	struct rpc_bytes team_name;
	struct rpc_bytes owner;		/* canonical user id: 64 hexadecimal digits */
	struct rpc_bytes secret;	/* wrapped */
	u64 expires;			/* microseconds since 1970; 0: never */
	u32 keep_ms;
};

/* --- locations ------------------------------------------------------------------ */

/* What a gateway has to know to send fragments there. */
struct meta_location {
	u16 id;
	bool edge;			/* one of ours: never If-None-Match there */
	struct rpc_bytes url;		/* "https://host:port/path", without a slash at the end */
	struct rpc_bytes ca;		/* PEM: who signs its certificate; empty: the system's */
	u32 latency_us;			/* measured, median; 0: not known */
};

struct meta_locations {
	u64 revision;			/* as in other answers: if that differs, ask anew */
	const struct meta_location *location;
	u32 count;
};

/*
 * A URL of a fragment: the location's url, "/", the fragment's name, "?", query.  Header fields
 * that were signed are as a SigV4 query has them: Host; for PUT Content-Length and
 * X-Amz-Content-Sha256.
 */
struct meta_url {
	u8 slot;		/* number of the generation: in its page, or in the question */
	u8 row;
	u16 location;
	struct rpc_bytes query;	/* empty: no URL can be had for that location now */
};

/*
 * "0123456789abcdef0123456789abcdef/17": generation and row, below META_ROWS.  Return: bytes;
 * a NUL follows them.
 */
#define META_FRAGMENT_NAME_MAX	40u
size_t meta_fragment_name(const u8 generation[META_GENERATION_BYTES], unsigned int row,
			  char to[META_FRAGMENT_NAME_MAX]);

/* --- objects: reading ------------------------------------------------------------- */

enum meta_version_kind { META_LATEST, META_NULL, META_BY_ID };	/* as store_version */

/* Why an object is looked at: the action that is judged. */
enum meta_purpose {
	META_GET,		/* s3:GetObject, s3:GetObjectVersion */
	META_HEAD,		/* the same; no URLs */
	META_ATTRIBUTES,	/* s3:GetObjectAttributes */
	META_GET_TAGS,
	META_GET_ACL,
};

/* Which byte is wanted first, so that its page comes with the answer. */
enum meta_from { META_FROM_START, META_FROM_OFFSET, META_FROM_END, META_FROM_PART };

struct meta_read {
	struct meta_caller caller;
	u8 purpose;
	struct rpc_bytes bucket;
	struct rpc_bytes name;
	u8 version_kind;
	u8 version[META_VERSION_BYTES];
	u8 from;
	u64 value;		/* offset, bytes before the end, or number of the part */
	u8 generations;		/* with URLs, from there on, at most; 0: no URLs are wanted */
	u8 spare;		/* URLs for k + spare rows of each */
};

/* How objects of a bucket are coded: its policy, and its key for VAULT_LEASE. */
struct meta_policy {
	u64 team, bucket;	/* of the label { VAULT_BUCKET, team, bucket } */
	struct rpc_bytes key;	/* wrapped */
	u64 id, revision;
	u8 k, n, quorum;
	u8 mode, flags;		/* enum sky_fragment_mode, sky_fragment_flags */
	u8 compression;		/* enum sky_compression */
	s8 wbits, level;	/* encoded as two's complement in a byte */
	u32 generation_bytes;
	bool uncached;		/* as its newest revision says: gateways keep nothing */
};

/*
 * A body, for META_PAGE.  The backend has put its seal on it, so that nobody can ask for what
 * META_READ has not given; good until @until (microseconds since 1970).  It says of which
 * version of an object it is: when the grace time of what is deleted could be over, or something
 * is to be written, the object has to have it still.
 */
struct meta_data {
	u64 team, bucket;
	struct rpc_bytes name;
	u8 version_kind;
	u8 version[META_VERSION_BYTES];
	u64 ref;
	u32 parts;
	u64 size;
	struct rpc_bytes records;
	u64 until;
	u8 seal[META_TOKEN_BYTES];
};

struct meta_page {
	u64 start;			/* of its first byte, in the object */
	u64 length;			/* bytes in it */
	u32 part;			/* its part, from 1; 0: not by parts */
	struct rpc_bytes records;	/* a page of manifest.h; offsets in it are the part's own */
	u64 revision;			/* of the locations */
	u32 url_life;			/* seconds that they are good for; 0: as usual */
	const struct meta_url *url;	/* best location of a generation first */
	u32 urls;
};

struct meta_grant {
	u8 permission;			/* enum s3_permission */
	struct rpc_bytes id;		/* of a user; or */
	struct rpc_bytes uri;		/* of a group */
	struct rpc_bytes name;		/* of the user's team; told, never kept */
};

struct meta_object {
	/* The bucket. */
	struct meta_policy policy;
	u8 versioning;			/* enum store_versioning */
	struct rpc_bytes owner;		/* its owner's canonical id, and name */
	struct rpc_bytes owner_name;
	/* The object; with @marker nothing else but version and order is there. */
	u8 version_kind;
	u8 version[META_VERSION_BYTES];
	u64 order;			/* also: modified, microseconds since 1970 */
	bool latest, marker;
	u64 size;
	struct rpc_bytes etag, checksums, headers, metadata, tags;
	struct rpc_bytes key;		/* the gateway's: see body_key.h */
	const struct meta_grant *grant;	/* with META_GET_ACL */
	u32 grants;
	struct meta_data data;
	struct meta_page page;		/* with META_GET, or if generations were asked for */
	u64 part_start, part_size;	/* with META_FROM_PART */
	struct rpc_bytes part_checksums;	/* likewise */
	bool tags_visible;		/* the caller may see how many tags there are */
	struct rpc_bytes expiration;	/* x-amz-expiration, or empty */
	bool revoked;			/* with META_GET_ACL: as of a document */
};

struct meta_page_ask {
	struct meta_data data;
	u64 offset;			/* in the object */
	u8 generations, spare;		/* as in meta_read */
};

/* --- objects: writing ---------------------------------------------------------------- */

/*
 * Judged before a body is read: the bucket is there, the caller may, conditions hold now, the
 * upload exists.  The commit judges again.
 */
struct meta_open {
	struct meta_caller caller;
	struct rpc_bytes bucket;
	struct rpc_bytes name;
	u8 upload[META_VERSION_BYTES];
	u32 part;			/* 0: an object, not a part of @upload */
	struct rpc_bytes tags;
	bool sets_acl;			/* s3:PutObjectAcl is needed, too */
	struct rpc_bytes canned_acl;	/* for conditions of policies */
	struct rpc_bytes if_match, if_none_match;
	u8 slots;			/* a reservation of so many with the answer; 0: none */
};

/* A generation that may be sent.  Unused ones serve any later object of the same policy. */
struct meta_slot {
	u8 generation[META_GENERATION_BYTES];
	struct rpc_bytes locations;	/* u16 for each row, little endian */
};

struct meta_slots {
	u64 reservation;
	u64 until;			/* microseconds since 1970 */
	u64 revision;			/* of the locations */
	const struct meta_slot *slot;
	u32 count;
};

struct meta_opened {
	struct meta_policy policy;
	u8 versioning;
	struct rpc_bytes upload_key;	/* of a part's upload: as meta_commit.key */
	u8 upload_checksum, upload_checksum_type;	/* enum s3_checksum and its type */
	struct rpc_bytes upload_checksums;		/* as meta_commit.checksums had them */
	struct meta_slots slots;
};

struct meta_slots_ask {
	struct meta_caller caller;
	struct rpc_bytes bucket;
	u8 count;			/* 1 to META_SLOTS_MAX */
};

/* A fragment that is ready to be sent. */
struct meta_fragment {
	u64 reservation;
	u8 slot;			/* in the reservation */
	u8 row;
	bool wrong;			/* META_REPAIR: it is there, and has to go first */
	u32 bytes;
	u8 sha256[32];
};

struct meta_sign {
	const struct meta_fragment *fragment;
	u32 count;
};

/* In the order of the question; slot and row are repeated. */
struct meta_signed {
	const struct meta_url *url;
	u32 count;
};

/*
 * Rows of one generation that their locations have not got any more, or have got wrong: no more
 * than n - k of the latter.  The records of @data say where each row belongs; reservation and
 * slot are 0.  The backend deletes what is wrong, since a name is written once.
 */
struct meta_repair {
	struct meta_data data;
	u64 offset;			/* of the generation's first byte, in the object */
	const struct meta_fragment *fragment;
	u32 count;
};

/*
 * A fragment that leaves its location.  Of @urls, those of other rows are what it is made from;
 * one of its own row is the fragment itself.
 */
struct meta_move {
	u64 id;				/* 0: there is nothing to do */
	u32 wait_ms;			/* then: ask again after that */
	u8 row;
	struct rpc_bytes records;	/* a page with this generation alone */
	u64 revision;			/* of the locations */
	const struct meta_url *url;
	u32 urls;
	u64 total, moved, stuck;	/* of all that are to be moved, for /metrics */
	u64 unnamed, deleted, lost, made;	/* of the last scrub of each location, likewise */
};

/*
 * It is made: where does it go?  @again: not there where it was to go the last time; @late: what
 * was sent there may still arrive, since nobody has answered.
 */
struct meta_move_sign {
	u64 id;
	u32 bytes;
	u8 sha256[32];
	bool again, late;
};

enum meta_move_result {
	META_MOVED,
	META_MOVE_UNREADABLE,		/* too few fragments have come */
	META_MOVE_UNLIKE,		/* they do not fit together */
	META_MOVE_UNSENT,		/* nobody has taken it */
};

struct meta_move_end {
	u64 id;
	u8 result;			/* enum meta_move_result */
	u16 location;			/* where it is now, or was last sent to; 0: nowhere */
	u32 bytes;
	bool late;			/* as in meta_move_sign */
};

#define META_GATEWAY_BYTES	16u
#define META_USED_MAX		1024u	/* teams of one batch */

/* Since the batch before. */
struct meta_used {
	u64 team, requests;
	u64 received, sent;		/* bytes of bodies */
};

/* Batches of a gateway are numbered from 1, and a number is taken once. */
struct meta_traffic {
	u8 gateway[META_GATEWAY_BYTES];	/* drawn at its start */
	u64 number;
	const struct meta_used *used;
	u32 teams;
};

struct meta_claim {
	u64 reservation;
	u64 mask;
};

/* Of META_PIECE_*; META_PIECE_OPEN: caller and bucket -> piece. */
struct meta_piece {
	struct meta_caller caller;
	struct rpc_bytes bucket;
	u64 piece;
	u64 start, length;
	u32 generations;
	struct rpc_bytes records;
	const struct meta_claim *claim;
	u32 claims;
};

/* Put an object, or a part of an upload; or begin an upload (no body then). */
struct meta_commit {
	struct meta_caller caller;
	struct rpc_bytes bucket;
	struct rpc_bytes name;
	u8 upload[META_VERSION_BYTES];
	u32 part;			/* 0: an object */
	u64 size;
	struct rpc_bytes etag, checksums, headers, metadata, tags, key;
	const struct meta_grant *grant;	/* none: private */
	u32 grants;
	struct rpc_bytes canned_acl;
	/* The body: a page of @generations, or a piece, or nothing. */
	u32 generations;
	struct rpc_bytes records;
	u64 piece;
	const struct meta_claim *claim;
	u32 claims;
	struct rpc_bytes if_match, if_none_match;
};

struct meta_result {
	u8 version_kind;		/* META_LATEST: unversioned */
	u8 version[META_VERSION_BYTES];
	u64 order;
	bool marker;
	struct rpc_bytes expiration;	/* x-amz-expiration, or empty */
};

struct meta_delete_item {
	struct rpc_bytes name;
	u8 version_kind;
	u8 version[META_VERSION_BYTES];
	struct rpc_bytes if_match;	/* etag; empty: none */
};

struct meta_delete {
	struct meta_caller caller;
	struct rpc_bytes bucket;
	const struct meta_delete_item *item;
	u32 count;
};

struct meta_deleted_item {
	u16 code;			/* enum s3_code */
	u8 version_kind;		/* of what was deleted, or of the marker that was made */
	u8 version[META_VERSION_BYTES];
	bool marker;
};

struct meta_deleted {
	const struct meta_deleted_item *item;	/* in the order of the question */
	u32 count;
};

enum meta_set_what { META_SET_TAGS, META_REMOVE_TAGS, META_SET_ACL };

struct meta_set {
	struct meta_caller caller;
	struct rpc_bytes bucket;
	struct rpc_bytes name;
	u8 version_kind;
	u8 version[META_VERSION_BYTES];
	u8 what;			/* enum meta_set_what */
	struct rpc_bytes tags;
	const struct meta_grant *grant;
	u32 grants;
	struct rpc_bytes canned_acl;
	struct rpc_bytes owner;		/* that a document of grants names; it has to be so */
};

/* --- listings ------------------------------------------------------------------------ */

enum meta_list_kind { META_LIST_OBJECTS, META_LIST_VERSIONS, META_LIST_UPLOADS };

/* As struct store_list. */
struct meta_list {
	struct meta_caller caller;
	u8 kind;
	struct rpc_bytes bucket;
	struct rpc_bytes prefix, delimiter, after;
	u8 after_kind;
	u8 after_version[META_VERSION_BYTES];
	u32 max;
};

struct meta_entry {
	struct rpc_bytes name;
	bool group, latest, marker;
	u8 version_kind;
	u8 version[META_VERSION_BYTES];
	u64 order, size;
	struct rpc_bytes etag, checksums;
};

struct meta_listing {
	struct rpc_bytes owner, owner_name;
	bool truncated;
	struct rpc_bytes next;
	u8 next_kind;
	u8 next_version[META_VERSION_BYTES];
	const struct meta_entry *entry;
	u32 count;
};

/* --- uploads ------------------------------------------------------------------------- */

struct meta_upload {
	struct meta_caller caller;
	struct rpc_bytes bucket;
	struct rpc_bytes name;
	u8 upload[META_VERSION_BYTES];
	struct meta_data data;		/* META_OBJECT_PARTS only: of META_READ's answer */
	u32 after, max;
};

struct meta_part {
	u32 number;
	u64 size, modified;
	struct rpc_bytes etag, checksums;
};

struct meta_parts {
	struct rpc_bytes owner, owner_name;
	struct rpc_bytes checksums, headers, key;	/* of the upload */
	bool truncated;
	const struct meta_part *part;
	u32 count;
};

/* Parts: number and etag.  etag and checksums of the object are the gateway's to work out. */
struct meta_complete {
	struct meta_caller caller;
	struct rpc_bytes bucket;
	struct rpc_bytes name;
	u8 upload[META_VERSION_BYTES];
	const struct meta_part *part;
	u32 parts;
	struct rpc_bytes etag, checksums;
	struct rpc_bytes if_match, if_none_match;
};

/* --- buckets ------------------------------------------------------------------------- */

struct meta_bucket_make {
	struct meta_caller caller;
	struct rpc_bytes name;
	struct rpc_bytes policy;	/* LocationConstraint; empty: the default */
	const struct meta_grant *grant;
	u32 grants;
	struct rpc_bytes canned_acl;
	struct rpc_bytes ownership;	/* of s3_ownership_name(); empty: none */
	struct rpc_bytes tags;		/* as x-amz-tagging has them */
};

enum meta_bucket_purpose {
	META_BUCKET_HEAD, META_BUCKET_LOCATION, META_BUCKET_GET_VERSIONING,
	/* Settings that are as they are: whether the bucket is there, and he may. */
	META_BUCKET_GET_ACCELERATE, META_BUCKET_GET_ENCRYPTION, META_BUCKET_GET_LOGGING,
	META_BUCKET_GET_NOTIFICATION, META_BUCKET_GET_OBJECT_LOCK, META_BUCKET_GET_PAYMENT,
	META_BUCKET_GET_REPLICATION, META_BUCKET_GET_WEBSITE, META_BUCKET_PUT_ENCRYPTION,
	META_BUCKET_PUT_PAYMENT, META_BUCKET_PUT_LOGGING, META_BUCKET_PUT_NOTIFICATION,
	META_BUCKET_PUT_REPLICATION, META_BUCKET_DELETE_WEBSITE,
	META_BUCKET_GET_POLICY_STATUS,	/* S3_NO_SUCH_BUCKET_POLICY when there is none */
};

struct meta_bucket_ask {
	struct meta_caller caller;
	struct rpc_bytes name;
	u8 purpose;			/* of META_BUCKET */
	u8 document;			/* enum store_document */
};

/* Who has signed for another region than the usual ones; for what, and which. */
struct meta_region_ask {
	struct meta_caller caller;
	struct rpc_bytes bucket;	/* empty, or not there: any policy of the team will do */
	struct rpc_bytes region;
	bool set;			/* of SigV4A: a list, with patterns */
};

struct meta_region {
	bool right;
	struct rpc_bytes region;	/* that should be signed for; empty: a usual one */
};

struct meta_bucket {
	u64 id;
	struct rpc_bytes name;
	u64 created;
	struct rpc_bytes owner, owner_name;
	struct rpc_bytes policy_name;	/* LocationConstraint; empty: the default */
	u8 versioning;
	bool policy_public;		/* of META_BUCKET_GET_POLICY_STATUS */
};

struct meta_buckets {
	struct rpc_bytes owner, owner_name;	/* of who asks */
	const struct meta_bucket *bucket;
	u32 count;
	bool truncated;
};

struct meta_bucket_set {
	struct meta_caller caller;
	struct rpc_bytes name;
	u8 document;
	u8 value;			/* enum store_versioning */
	struct rpc_bytes body;		/* of a document that the gateway has checked */
	const struct meta_grant *grant;	/* of STORE_ACL, instead of a body */
	u32 grants;
	struct rpc_bytes canned_acl;
	struct rpc_bytes owner;		/* as in meta_set */
};

struct meta_document {
	struct rpc_bytes body;
	struct rpc_bytes owner, owner_name;
	const struct meta_grant *grant;
	u32 grants;
	bool revoked;			/* there are none because an ACL says so */
};

/* --- our own API ---------------------------------------------------------------------- */

struct meta_api {
	struct meta_caller caller;	/* proven by its bearer token; or anonymous */
	struct rpc_bytes method;
	struct rpc_bytes path;		/* decoded, from "/storage_policy" on */
	struct rpc_bytes query;
	struct rpc_bytes type;		/* Content-Type */
	struct rpc_bytes body;
};

struct meta_api_answer {
	u32 status;			/* of HTTP */
	struct rpc_bytes type;
	struct rpc_bytes body;
};

extern const struct rpc_schema meta_key_ask_schema, meta_key_schema, meta_locations_schema,
	meta_read_schema, meta_object_schema, meta_page_ask_schema, meta_page_schema,
	meta_open_schema, meta_opened_schema, meta_slots_ask_schema, meta_slots_schema,
	meta_sign_schema, meta_signed_schema, meta_piece_schema, meta_commit_schema,
	meta_result_schema, meta_delete_schema, meta_deleted_schema, meta_set_schema,
	meta_list_schema, meta_listing_schema, meta_upload_schema, meta_parts_schema,
	meta_complete_schema, meta_bucket_make_schema, meta_bucket_ask_schema, meta_bucket_schema,
	meta_region_ask_schema, meta_region_schema, meta_buckets_schema, meta_bucket_set_schema,
	meta_document_schema, meta_api_schema,
	meta_api_answer_schema, meta_repair_schema, meta_move_schema, meta_move_sign_schema,
	meta_move_end_schema, meta_traffic_schema;

#endif /* SKYD_META_H */
