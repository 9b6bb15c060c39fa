/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files that answer meta.h share.
 *
 *	backend.c		life; a request and what it holds; errors as S3's codes
 *	backend_cache.c		keys and buckets with their documents, compiled
 *	backend_owner.c		canonical ids of users; lists of grants
 *	backend_expiry.c	what a lifecycle says of one object
 *	authz.c			may this caller do that
 */
#ifndef SKYD_BACKEND_PRIVATE_H
#define SKYD_BACKEND_PRIVATE_H

#include "backend.h"
#include "s3/body.h"
#include "s3/ownership.h"
#include "s3/policy.h"
#include "s3/public_access.h"

#define OWNER_LEN		64u
#define VAULT_PATIENCE_MS	10000

/* Of link_operation: room for the lists of a caller, and who may ask. */
#define CALLER_ROOM	(META_CONTEXTS_MAX * sizeof(struct meta_context))
#define GRANTS_ROOM	(CALLER_ROOM + META_GRANTS_MAX * sizeof(struct meta_grant))
#define GATEWAY		ROLE_BIT(ROLE_GATEWAY)

static inline struct store_text text_of(struct rpc_bytes b)
{
	return (struct store_text){ b.data ? b.data : "", b.len };
}

static inline struct rpc_bytes bytes_of(struct store_text t)
{
	return (struct rpc_bytes){ t.data, (u32)t.len };
}

static inline struct str str_of_bytes(struct rpc_bytes b)
{
	return (struct str){ b.data, b.len };
}

static inline struct str str_of_text(struct store_text t)
{
	return (struct str){ t.data, t.len };
}

static inline struct rpc_bytes bytes_of_str(struct str s)
{
	return (struct rpc_bytes){ s.at, (u32)s.len };
}

/* --- backend_cache.c: what questions need again and again ------------------------- */

enum cache_kind { CACHE_KEY, CACHE_BUCKET };

/* Head of an entry; its texts lie in its arena. */
struct cache_entry {
	enum cache_kind kind;
	struct store_text name;
	unsigned int users;		/* requests that look at it */
	bool listed;			/* can be found; else it goes with its last user */
	int64_t until;			/* of io_now(): read anew then */
	size_t charge;			/* bytes, roughly */
	struct cache_entry *chain;
	struct cache_entry *newer, *older;
	struct store_arena arena;
};

/* An API key that is good now, and its team. */
struct cached_key {
	struct cache_entry entry;
	struct store_key row;
	struct store_text team_name;
	char owner[OWNER_LEN + 1];
	struct store_key_scope *scope;	/* by number of the bucket, rising */
	unsigned int scopes;
};

struct cached_bucket {
	struct cache_entry entry;
	struct store_bucket row;
	struct store_text owner_name;
	char owner[OWNER_LEN + 1];
	struct store_text policy_name;	/* of its storage policy */
	bool uncached;			/* as the newest revision of that says */
	struct meta_document acl;
	struct s3_policy *policy;	/* NULL: there is none, */
	bool unreadable;		/* or none that this version takes: all is denied */
	bool policy_public;		/* as s3_policy_is_public() has it */
	enum s3_ownership ownership;
	unsigned int blocked;		/* S3_PUBLIC_ACCESS_BIT() */
	struct expiry_rule *rule;	/* of its lifecycle */
	unsigned int rules;
};

int cache_open(struct backend *b);
void cache_close(struct backend *b);
/* S3_INVALID_ACCESS_KEY_ID and S3_NO_SUCH_BUCKET as meta_status().  cache_put() it. */
int cache_key(struct backend *b, struct str access, struct cached_key **key);
int cache_bucket(struct backend *b, struct str name, struct cached_bucket **bucket);
void cache_put(struct backend *b, struct cache_entry *entry);
/* After each change of a bucket, and before it is told. */
void cache_forget_bucket(struct backend *b, struct str name);

/* What a key may do with a bucket; with NULL or one of another team: what it may in general. */
enum store_scope key_scope(const struct cached_key *key, const struct cached_bucket *bucket);

/* --- backend.c: a request --------------------------------------------------------- */

/* Lies in the request's scratch; all that an answer points to lives as long. */
struct call {
	struct backend *b;
	const struct meta_caller *caller;
	unsigned int url_life;		/* seconds, of what it is given; 0: as usual */
	struct store_arena arena;
	struct cached_key *key;		/* NULL: anonymous */
	struct cached_bucket *bucket;
};

/* A request without a caller: what it needs memory for. */
int call_plain(struct link_request *request, struct call **call);
/* Whose request it is: S3_INVALID_ACCESS_KEY_ID when the key is not good any more. */
int call_begin(struct link_request *request, const struct meta_caller *caller,
	       struct call **call);
int call_bucket(struct call *c, struct rpc_bytes name);
/* Both: whose request it is, and of which bucket. */
int call_in_bucket(struct link_request *request, const struct meta_caller *caller,
		   struct rpc_bytes name, struct call **call);

/* Microseconds since 1970. */
u64 backend_now(void);

/* Errors of the store and of plan.c as meta_status(); -ECANCELED and -ETIMEDOUT stay. */
int backend_status(int rc);

static inline bool bucket_blocks(const struct cached_bucket *k, enum s3_public_access what)
{
	return k->blocked & S3_PUBLIC_ACCESS_BIT(what);
}

static inline u64 call_team(const struct call *c)
{
	return c->bucket->row.team;
}

/* The bucket's policy, and its key, which is made if it has none yet. */
int backend_policy(struct call *c, struct meta_policy *to);
/* So that policies, ACLs and store.h agree on whether others may know of the bucket. */
int backend_share(struct call *c);

/* --- backend_owner.c -------------------------------------------------------------- */

/* The canonical id of a team, as text. */
void owner_write(u64 team, u64 created, char id[OWNER_LEN + 1]);
/* A document of grants, or a request, may name the bucket's owner, but nobody else. */
int owner_check(const struct call *c, struct rpc_bytes named);
/* A team by its number.  -STORE_NO_SUCH_TEAM. */
int owner_team(struct backend *b, u64 team, struct store_arena *a, struct store_team *row);

struct authz_acl;

#define GRANTS_ALL_USERS	"http://acs.amazonaws.com/groups/global/AllUsers"
#define GRANTS_AUTHENTICATED	"http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
#define GRANTS_LOG_DELIVERY	"http://acs.amazonaws.com/groups/s3/LogDelivery"

/*
 * Check a list, and write it as the store keeps it; none: nothing.  One that is canned has a
 * line of the @owner's besides.  S3_INVALID_ARGUMENT when somebody is named who does not exist.
 * *@others: it is not only the owner's.
 */
int grants_check(struct call *c, const struct authz_acl *acl, const char *owner,
		 struct store_text *to, bool *others);
/* Is it the owner's of the bucket alone? */
bool grants_to_nobody(const struct call *c, const struct meta_grant *grant, u32 grants);
/* The reverse; what cannot be read is an empty list, and said in the log. */
void grants_read(struct store_text from, struct store_arena *a, struct meta_document *to);
/* A list that says of itself that it has nothing, where none is the owner's. */
int grants_revoke(struct call *c, struct store_text *to);
/* The same grants with the names of their teams, in the call's arena. */
int grants_tell(struct call *c, const struct meta_document *acl, const struct meta_grant **to);
/* Is a permission granted to this key (NULL: anonymous)?  @groups: those that are of all count. */
bool grants_allow(const struct meta_document *acl, const struct cached_key *key,
		  enum s3_permission wanted, bool groups);
/* Is something granted to everybody, or to all who have a key? */
bool grants_public(const struct meta_grant *grant, u32 grants);

/* --- backend_expiry.c ------------------------------------------------------------- */

struct expiry_rule;
/* Rules of a document that expire objects.  Return: how many, or -ENOMEM.  Not on a fiber. */
int expiry_compile(struct str document, struct store_arena *a, struct expiry_rule **rule);
/* The x-amz-expiration of an object; none: nothing expires it. */
struct rpc_bytes expiry_of(const struct cached_bucket *bucket, struct store_text name,
			   struct store_text tags, u64 size, u64 modified,
			   struct store_arena *a);

/* --- backend_repair.c ------------------------------------------------------------- */

struct record;

/*
 * A URL for a row that the record says is at this location, and for nothing else; what is wrong
 * there is deleted before.  Without a query, and 0, when there is none.
 */
int backend_repair_row(struct call *c, const struct record *record, const struct meta_fragment *f,
		       struct meta_url *to);

/* --- authz.c ---------------------------------------------------------------------- */

enum authz_op {
	AUTHZ_GET, AUTHZ_ATTRIBUTES, AUTHZ_GET_TAGS, AUTHZ_GET_ACL,
	AUTHZ_PUT, AUTHZ_PUT_TAGS, AUTHZ_DELETE_TAGS, AUTHZ_PUT_ACL, AUTHZ_DELETE,
	AUTHZ_ABORT, AUTHZ_LIST_PARTS,
	AUTHZ_LIST, AUTHZ_LIST_VERSIONS, AUTHZ_LIST_UPLOADS,
	AUTHZ_BUCKET_DELETE, AUTHZ_GET_LOCATION, AUTHZ_GET_VERSIONING, AUTHZ_PUT_VERSIONING,
	AUTHZ_GET_BUCKET_ACL, AUTHZ_PUT_BUCKET_ACL, AUTHZ_GET_CORS, AUTHZ_PUT_CORS,
	AUTHZ_GET_POLICY, AUTHZ_PUT_POLICY, AUTHZ_DELETE_POLICY,
	AUTHZ_GET_LIFECYCLE, AUTHZ_PUT_LIFECYCLE, AUTHZ_GET_BUCKET_TAGS, AUTHZ_PUT_BUCKET_TAGS,
	AUTHZ_GET_OWNERSHIP, AUTHZ_PUT_OWNERSHIP, AUTHZ_GET_PUBLIC_ACCESS,
	AUTHZ_PUT_PUBLIC_ACCESS,
	/* As META_BUCKET's purposes. */
	AUTHZ_GET_ACCELERATE, AUTHZ_GET_ENCRYPTION, AUTHZ_GET_LOGGING, AUTHZ_GET_NOTIFICATION,
	AUTHZ_GET_OBJECT_LOCK, AUTHZ_GET_PAYMENT, AUTHZ_GET_REPLICATION, AUTHZ_GET_WEBSITE,
	AUTHZ_PUT_ENCRYPTION, AUTHZ_PUT_PAYMENT, AUTHZ_PUT_LOGGING, AUTHZ_PUT_NOTIFICATION,
	AUTHZ_PUT_REPLICATION, AUTHZ_DELETE_WEBSITE, AUTHZ_GET_POLICY_STATUS,
	AUTHZ_OPS,
};

/* One line of the table: from an operation to what has to be allowed for it. */
struct authz_rule {
	const char *action;
	const char *version_action;	/* when a version is named; NULL: the same */
	bool writes;			/* a scope of STORE_SCOPE_FULL is needed */
	bool owners;			/* never for other teams */
	u8 bucket_acl, object_acl;	/* enum s3_permission; S3_PERMISSIONS: no ACL gives it */
};

extern const struct authz_rule authz_rules[AUTHZ_OPS];

/* One question of may-he; what does not apply is left empty. */
struct authz_ask {
	enum authz_op op;
	struct rpc_bytes name;			/* of the object; empty: the bucket */
	const struct store_version *version;
	const struct store_object *object;	/* as it is: its ACL and tags count */
	struct rpc_bytes tags;			/* that the request brings */
	struct rpc_bytes canned_acl;
	struct rpc_bytes if_match, if_none_match;
	const struct meta_list *list;
	struct store_condition *judged;		/* NULL, or made to hold of what was judged */
	bool written;				/* tags or an ACL of what the request writes */
	bool to_nobody;				/* an ACL that grants nothing */
};

/* Return: 0; S3_ACCESS_DENIED as meta_status(); -ENOMEM. */
int authz(struct call *c, const struct authz_ask *ask);

/* What a request has to be allowed: the object, and its tags and ACL if it brings any. */
struct authz_writing {
	struct rpc_bytes name, tags, canned_acl, if_match, if_none_match;
	bool acl, to_nobody;
};

/* The same for all of them. */
int authz_write(struct call *c, const struct authz_writing *w);
/* A list that is to be set: by a request that writes, or by one for the list alone. */
struct authz_acl {
	const struct meta_grant *grant;
	u32 grants;
	struct rpc_bytes canned_acl;
	bool alone;
};

/*
 * Does the bucket take it?  0; S3_ACCESS_CONTROL_LIST_NOT_SUPPORTED, S3_ACCESS_DENIED as
 * meta_status().
 */
int authz_acl(const struct call *c, const struct authz_acl *acl);
/* What is told of an object that is not there: @rc of the store, or S3_ACCESS_DENIED. */
int authz_missing(struct call *c, int rc);

/* --- backend_object.c ------------------------------------------------------------- */

/*
 * Was this data given by META_READ, and is it the object's still: at least within the grace
 * time, or now (@exact)?  0; S3_ACCESS_DENIED, S3_NO_SUCH_KEY as meta_status(); -errno.
 */
int data_check(struct call *c, const struct meta_data *data, bool exact, struct store_data *to);
bool version_read(u8 kind, const u8 id[META_VERSION_BYTES], struct store_version *to);
void result_write(const struct store_result *from, struct meta_result *to);
struct store_condition condition_of(struct rpc_bytes if_match, struct rpc_bytes if_none_match);

#endif /* SKYD_BACKEND_PRIVATE_H */
