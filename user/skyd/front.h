/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gateway's front: S3 as clients speak it.
 *
 *	gateway.c		its life
 *	front.c			what every request has: its reply, its refusal, its questions
 *	gateway_keys.c		signing keys and leases, kept for a while
 *	auth.c			who asks
 *	auth_context.c		what conditions of policies may ask about him
 *	route.c, route_table.c	which operation it is; what is not there
 *	s3_*.c			the operations, one noun a file
 *	gateway_api.c		our own API, health, metrics
 */
#ifndef SKYD_FRONT_H
#define SKYD_FRONT_H

#include <arpa/inet.h>

#include "base/authority.h"
#include "crypto/lanes.h"
#include "gateway.h"
#include "http/listen.h"
#include "http/range.h"
#include "near.h"
#include "role_run.h"
#include "s3/params.h"
#include "s3/post.h"
#include "s3/stream.h"
#include "traffic.h"

#define FRONT_CALL_MS		30000		/* a question to backend or vault */
#define FRONT_MEMORY_UNIT	65536u		/* of gateway.memory */
#define FRONT_TEXT_UNIT		16384u		/* of gateway.documents and strangers */
#define FRONT_STRANGER_MAX	(256u << 10)	/* bytes of a document that nobody has signed */
#define FRONT_PUT_MAX		(5ull << 30)	/* bytes of one PUT, or of one part */
#define FRONT_DOCUMENT_MAX	(2u << 20)	/* bytes of the longest document */
#define FRONT_ID_LEN		16u
#define FRONT_VERSION_LEN	(2 * META_VERSION_BYTES)
#define FRONT_PREFIX		"/s3"
#define REGION_USUAL		"us-east-1"

/* Since the start; for /metrics. */
struct front_counts {
	u64 requests, refused, failed;	/* all; 4xx; 5xx */
	u64 received, sent;		/* bytes of bodies */
	u64 now;			/* requests under way */
};

struct front {
	struct gateway gateway;
	struct near near;
	struct http_server server;
	struct http_listen listen;
	struct tls_context *tls;
	struct io_group repairs;
	struct io_task *sweeper;
	struct front_counts counts;
	struct traffic *traffic;
	struct cache_teller *cache_teller;
	struct io_group tellers;
	bool leaving;			/* another gateway has its place, or it ends */
	struct str domain;		/* of virtual hosts, or none */
	struct str external_host;	/* of external_url, or none: with its port, */
	struct str external_prefix;	/* and its path */
	bool external_secure;
	u64 request_id;
	u64 start;			/* seconds since 1970 */
	char host_id[FRONT_ID_LEN + 1];
};

struct s3_route;
struct kept_key;

/* One request; lives on its fiber's stack. */
struct s3_call {
	struct front *front;
	struct gateway *g;
	struct http_request *rq;
	int64_t begun;
	struct uri uri;
	struct str host;		/* that the client has asked, as a proxy says */
	struct str path;		/* without a prefix of ours */
	struct s3_target target;
	const struct s3_route *route;
	struct meta_caller caller;
	struct sig_claim claim;		/* true, unless its place is SIG_ANONYMOUS */
	struct sig_key key;		/* that it was signed with, */
	struct kept_key *kept;		/* and what holds it */
	struct s3_fault fault;
	struct s3_params params;
	struct str origin;		/* of CORS, when a rule matches */
	struct out cors;		/* its fields, in @cors_room */
	u64 sent;			/* bytes of body */
	u64 payer;			/* team that it is counted for; 0: none */
	struct s3_checksum_value *object_sum;	/* NULL: x-amz-checksum-* is of the body */
	char cors_room[1024];
	struct meta_context context[META_CONTEXTS_MAX];	/* of @caller */
	char age[24], source[S3_BUCKET_MAX + 1 + S3_KEY_MAX];	/* texts of them */
	char id[FRONT_ID_LEN + 1];
	char address[INET6_ADDRSTRLEN];
};

/*
 * An operation.  Return: 0 when it has replied; a code, with fault set; -errno or meta_status().
 */
typedef int s3_handler(struct s3_call *c);

/* --- small helpers ------------------------------------------------------------------- */

static inline struct rpc_bytes bytes_of(struct str s)
{
	return (struct rpc_bytes){ s.at, s.len };
}

static inline struct str str_from(struct rpc_bytes b)
{
	return (struct str){ b.data, b.len };
}

/* A field of the request: its first value; at is NULL when there is none. */
static inline struct str field_of(const struct s3_call *c, struct str name)
{
	struct str value = STR_NONE;

	http_find(&c->rq->head, name, &value);
	return value;
}

static inline bool asks_for(const struct s3_call *c, struct str parameter)
{
	struct str raw;

	return query_find(c->uri.query, parameter, &raw);
}

/* --- front.c ------------------------------------------------------------------------- */

/* The handler and the refuser of http_server; @arg is struct front. */
int front_handle(struct http_request *rq, void *arg);
void front_refuse(struct http_request *rq, unsigned int status, const char *why, void *arg);

/* Begin a reply, with the fields that all replies have. */
struct out *front_reply(struct s3_call *c, unsigned int status);
/* A reply without a body. */
int front_empty(struct s3_call *c, unsigned int status);
/* Refuse because of an argument: InvalidArgument that names it.  Return: the code. */
int front_argument(struct s3_call *c, struct str name, struct str value, const char *why);
/* What a client is told of an error that is ours; a code that the backend gave. */
enum s3_code front_code(int rc);
/* Answer what a handler returned, unless it has replied.  Return: 0 or -errno. */
int front_answer(struct s3_call *c, int rc);

/**
 * front_ask - ask the backend
 * @room:	bytes for elements of lists of @reply
 * @answer:	LINK_ANSWER_NONE; to be freed after any return
 *
 * What changes nothing is asked again when the backend has died meanwhile.
 *
 * Return: as link_do(), within FRONT_CALL_MS.
 */
int front_ask(struct s3_call *c, u16 operation, const struct rpc_schema *ask,
	      const void *question, const struct rpc_schema *give, void *reply, size_t room,
	      struct link_answer *answer);

/* A document that goes out as it is written: in one piece if it is short. */
struct front_text {
	struct out o;
	struct s3_call *c;
	bool open;
};

#define CLEANUP_TEXT	CLEANUP(front_text_free)
#define FRONT_TEXT_NONE	((struct front_text){ 0 })

/* Begin a reply of XML.  Fields may be added to what it returns; NULL: no memory. */
struct out *front_text_begin(struct front_text *t, struct s3_call *c, unsigned int status);
int front_text_end(struct front_text *t);
void front_text_free(struct front_text *t);

/* --- gateway_keys.c ------------------------------------------------------------------ */

int gateway_keys_open(struct gateway *g);
void gateway_keys_close(struct gateway *g);
/* Wipe what has ended. */
void gateway_keys_sweep(struct gateway *g);

/* Kept, and found true once: such keys are not put out by wrong claims. */
struct kept_key {
	struct kept_key *next;		/* in its street */
	struct kept_key *newer, *older;	/* in its list */
	unsigned int users;
	bool listed, proven, ready;
	int status;			/* why there is no key */
	int64_t until;			/* ns of io_now() */
	struct io_event done;
	struct hmac_key hmac;
	struct ecdsa_key *ecdsa;
	u8 secret[32];
	u64 team;			/* whose it is; 0 of a lease */
	char owner[META_ID_MAX];	/* canonical id of its team; "" of a lease */
	size_t name_len;
	char name[];
};

/**
 * gateway_key - what a claim was signed with
 * @kept:	receives it; given back by gateway_key_put()
 *
 * Return: 0; meta_status(S3_INVALID_ACCESS_KEY_ID); as link_do().
 */
int gateway_key(struct gateway *g, const struct sig_scope *scope, enum sig_algorithm algorithm,
		struct kept_key **kept, int64_t deadline);
/**
 * gateway_form - has the secret of a key signed this policy, by Signature Version 2?
 * @policy:	in base64, as it was sent
 * @signature:	the same
 *
 * Return: 0; meta_status() of S3_SIGNATURE_DOES_NOT_MATCH or S3_INVALID_ACCESS_KEY_ID;
 * as link_do().
 */
int gateway_form(struct gateway *g, struct str access_key, struct str policy, struct str signature,
		 int64_t deadline);
void gateway_key_proven(struct gateway *g, struct kept_key *kept);
void gateway_key_put(struct gateway *g, struct kept_key *kept);

/* --- auth.c -------------------------------------------------------------------------- */

/* Where the request comes from: caller.address, agent, referer, secure; and c->host. */
void auth_peer(struct s3_call *c);
/* Is it a proxy's address, whose connections are many people's?  @front: struct front. */
bool auth_is_proxy(const struct sockaddr_storage *from, void *front);
/* Prove who asks, by the request's head.  Return: as a handler. */
int auth_request(struct s3_call *c);
/* When policies have judged what was signed: the digest beside a pre-signed URL is of the body. */
void auth_digest(struct s3_call *c);
/* The same by the fields of a form. */
int auth_form(struct s3_call *c, const struct s3_form *form);
/*
 * caller.context, once it is known who asks: from the head, or from the fields of a form.
 * Return: 0 or a code.
 */
int auth_context(struct s3_call *c, const struct s3_form *form);
/* By "Authorization: Bearer ACCESSKEY.SECRET", or nobody when there is none. */
int auth_bearer(struct s3_call *c);

/* --- route.c ------------------------------------------------------------------------- */

enum s3_level { LEVEL_SERVICE, LEVEL_BUCKET, LEVEL_OBJECT };

struct s3_route {
	const char *method;
	enum s3_level level;
	const char *parameter;		/* that selects it, or NULL */
	const char *header;		/* the same */
	s3_handler *handle;
	const char *name;		/* "GetObject", for the log and the metrics */
	unsigned int flags;
};

enum {
	ROUTE_UNSIGNED_FORM = 1,	/* is authenticated by its handler */
	ROUTE_PREFLIGHT = 2,		/* of a request to come, whose signature its URL may have */
};

extern const struct s3_route s3_routes[];
extern const unsigned int s3_route_count;

/* Find c->route.  Return: 0, or why there is none. */
int route_find(struct s3_call *c);
/* "BUCKET.DOMAIN[:PORT]": the bucket that a host stands for, or none. */
struct str route_bucket_of(const struct s3_call *c, struct str host);
/* Which bucket, which object: c->target, c->path. */
int route_target(struct s3_call *c);
/* Fields that say who asks or what for, and come twice.  Return: 0 or a code. */
int route_twice(struct s3_call *c);
/* Fields that would mean something that is not there.  Return: 0 or a code. */
int route_headers(struct s3_call *c);
/* The same of one field. */
int route_field(struct s3_call *c, struct str name, struct str value);

/* --- s3_source.c: bodies of requests ------------------------------------------------- */

/* What an upload's body is read from; see struct pipe_source. */
struct body_source {
	struct pipe_source base;
	struct s3_call *c;
	struct s3_checksum_request sums;
	u64 size;			/* bytes of the object; UINT64_MAX: not known */
	u64 max, got;
	bool hashed, chunked, chunks_done, ended;
	struct lanes_stream hash;
	struct s3_stream stream;
};

/* Look at the head.  @max: bytes.  Return: as a handler. */
int body_open(struct body_source *b, struct s3_call *c, u64 max);
/* What the head or the trailer says of the body, against what it was. */
int body_check(struct body_source *b, const u8 md5[S3_MD5_BYTES],
	       const struct s3_checksum_value *value);

/* It grows with what has come, and so does what it takes of its budget. */
struct body_text_memory {
	char *at;
	size_t len, size;
	struct io_semaphore *budget;
	u64 units;
};

#define CLEANUP_BODY	CLEANUP(body_free)

/*
 * A whole body of at most @max bytes, checked; of FRONT_STRANGER_MAX, if nobody has signed it.
 * Return: as a handler.
 */
int body_read(struct s3_call *c, u64 max, struct body_text_memory *m);
/* The same; an empty one is refused. */
int body_document(struct s3_call *c, u64 max, struct body_text_memory *m);
void body_free(struct body_text_memory *m);

/* The checksum of a buffer. */
void checksum_of(enum s3_checksum kind, const void *data, size_t len,
		 struct s3_checksum_value *value);

/* --- s3_fields.c: what is kept of an object ------------------------------------------ */

#define FIELDS_MAX	6144u		/* bytes of headers and metadata as they go out */

/* Blobs of meta.h, made of a request's head. */
struct object_fields {
	struct out headers, metadata, tags;
	struct rpc_bytes grants_canned;
	struct meta_grant grant[META_GRANTS_MAX];
	u32 grants;
	char text[2 * FIELDS_MAX];
	char tag_text[4096];
};

/* Headers, metadata and tags of a PUT.  Return: as a handler. */
int fields_read(struct s3_call *c, struct object_fields *f, bool headers, bool tags);
/* The same, field by field, of a form: begin, add those that are kept, check. */
void fields_begin(struct object_fields *f);
int fields_add(struct s3_call *c, struct object_fields *f, struct str name, struct str value);
int fields_check(struct s3_call *c, const struct object_fields *f);
/* x-amz-acl and x-amz-grant-*. */
int fields_acl(struct s3_call *c, struct object_fields *f);
/* A canned ACL: its name, and what it grants. */
int fields_canned(struct s3_call *c, struct object_fields *f, struct str name);
/* As fields of a reply; response-* parameters of the request instead of headers of the object. */
int fields_write(struct s3_call *c, struct out *o, struct str headers, struct str metadata,
		 bool override);
int fields_override_check(struct s3_call *c);
/* Content-Type among the headers of an object; or none. */
struct str fields_type(struct str headers);

/* meta_*.checksums: kind, type, parts, bytes. */
#define SUMS_MAX	(6u + S3_CHECKSUM_BYTES_MAX)
struct object_sums {
	struct s3_checksum_value value;
	enum s3_checksum_type type;
	bool empty;			/* kind and type are known, the value is not */
};
size_t sums_write(const struct object_sums *s, u8 to[SUMS_MAX]);
void sums_read(struct rpc_bytes from, struct object_sums *s);
/* As fields of a reply. */
void sums_fields(struct out *o, const struct object_sums *s);

/* "null", or hexadecimal; "" for META_LATEST. */
struct str version_text(u8 kind, const u8 version[META_VERSION_BYTES],
			char to[FRONT_VERSION_LEN + 1]);
bool version_parse(struct str text, u8 *kind, u8 version[META_VERSION_BYTES]);
/* The parameter versionId.  Return: as a handler. */
int version_asked(struct s3_call *c, u8 *kind, u8 version[META_VERSION_BYTES]);
/* The parameter uploadId. */
int upload_asked(struct s3_call *c, u8 upload[META_VERSION_BYTES]);
/* x-amz-version-id, if there is one. */
void version_field(struct out *o, u8 kind, const u8 version[META_VERSION_BYTES]);
void etag_field(struct out *o, struct str etag);
/* A tag of If-Match without quotes. */
struct rpc_bytes condition_value(struct str value);
/* If-Match and If-None-Match of a write. */
int write_conditions(struct s3_call *c, struct rpc_bytes *match, struct rpc_bytes *none_match);

/* --- s3_put.c ------------------------------------------------------------------------ */

/* A body that is being written, from META_OPEN to META_COMMIT. */
struct upload {
	struct s3_call *c;
	struct meta_open open;
	struct meta_opened opened;
	struct link_answer answer;
	struct body_key key;
	struct pipe_put put;
	struct cache_use cache;		/* for @put */
	struct object_sums sums;
	struct meta_commit commit;
	struct meta_result result;
	struct link_answer committed;
	bool written;
	u8 wrapped[BODY_KEY_WRAPPED_MAX];
	u8 blob[SUMS_MAX];
	char etag[S3_ETAG_MAX];
	size_t etag_len;
};

#define CLEANUP_UPLOAD	CLEANUP(upload_end)

/* @u: zeroed but for open, which says what is to be written, and @size.  Asks META_OPEN. */
int upload_open(struct upload *u, struct s3_call *c, u64 size);
/* Read, code and send. */
int upload_write(struct upload *u, struct pipe_source *source, u64 size, enum s3_checksum kind);
/* Fill in @u->commit but for the body. */
void upload_commit_fields(struct upload *u, const struct object_fields *f);
/* META_COMMIT. */
int upload_commit(struct upload *u, const struct object_fields *f);
/* Wipe; what was not committed is given up. */
void upload_end(struct upload *u);
struct str upload_etag(const struct upload *u);

/* --- s3_get.c: reading, for others that read ----------------------------------------- */

#define READ_ROOM	(META_URLS_MAX * sizeof(struct meta_url) + \
			 META_GRANTS_MAX * sizeof(struct meta_grant))

/* META_READ.  Return: as a handler; a marker is refused as S3 does it. */
int object_read(struct s3_call *c, struct meta_read *ask, struct meta_object *object,
		struct link_answer *answer);

/* --- CORS: s3_cors.c ----------------------------------------------------------------- */

/* Fields for a request with an Origin: c->cors.  Errors are nobody's business. */
void cors_request(struct s3_call *c);

s3_handler s3_options;
s3_handler s3_get_setting, s3_put_setting, s3_delete_setting;
s3_handler s3_list_buckets, s3_create_bucket, s3_delete_bucket, s3_head_bucket,
	s3_bucket_location, s3_get_versioning, s3_put_versioning;
s3_handler s3_list_objects, s3_list_objects_v2, s3_list_versions, s3_list_uploads;
s3_handler s3_get_object, s3_head_object, s3_object_attributes;
s3_handler s3_put_object, s3_copy_object, s3_delete_object, s3_delete_objects, s3_post_object;
s3_handler s3_create_upload, s3_upload_part, s3_copy_part, s3_complete_upload, s3_abort_upload,
	s3_list_parts;
s3_handler s3_get_object_tags, s3_put_object_tags, s3_delete_object_tags, s3_get_bucket_tags,
	s3_put_bucket_tags, s3_delete_bucket_tags;
s3_handler s3_get_object_acl, s3_put_object_acl, s3_get_bucket_acl, s3_put_bucket_acl;
s3_handler s3_get_cors, s3_put_cors, s3_delete_cors, s3_get_policy, s3_put_policy,
	s3_delete_policy, s3_policy_status, s3_get_lifecycle, s3_put_lifecycle,
	s3_delete_lifecycle;
s3_handler s3_get_ownership, s3_put_ownership, s3_delete_ownership, s3_get_public_access,
	s3_put_public_access, s3_delete_public_access;

/* --- gateway_api.c ------------------------------------------------------------------- */

/* Is the path one of ours, and not S3's? */
bool api_is_ours(const struct s3_call *c);
/* May no bucket be called so? */
bool api_is_reserved(struct str bucket);
int api_handle(struct s3_call *c);

#endif /* SKYD_FRONT_H */
