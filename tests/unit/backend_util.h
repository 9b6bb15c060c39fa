/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of the backend share: it, its store and vault, a gateway's end of a link. */
#ifndef TEST_BACKEND_UTIL_H
#define TEST_BACKEND_UTIL_H

#include "../../user/skyd/backend_private.h"
#include "../../user/skyd/log.h"
#include "../../user/skyd/vault.h"
#include "io_util.h"
#include "pipe/manifest.h"

#define SOON	io_after_ms(60000)
#define EDGES	6u

enum asker { OWNER, READER, NONE, OTHER, ANONYMOUS, ASKERS };

static const char *const who_keys[ASKERS] = { "OWNER", "READER", "NONE", "OTHER", "" };

struct home {
	char top[64], keys[96];
	struct config config;
	struct role_run run;
	struct backend b;
	struct vault vault;
	struct io_group group;
	struct io_stream vault_end, backend_end;
	struct link *link;		/* the gateway's */
	u64 team, other;
	char owner_id[OWNER_LEN + 1], other_id[OWNER_LEN + 1];
	int served;			/* result of the backend's end */
};

static inline struct store_text stext(const char *s)
{
	return (struct store_text){ s, strlen(s) };
}

static inline struct rpc_bytes rtext(const char *s)
{
	return (struct rpc_bytes){ s, (u32)strlen(s) };
}

static inline bool ris(struct rpc_bytes b, const char *s)
{
	return str_is(str_of_bytes(b), s);
}

static inline struct meta_caller caller_of(enum asker who)
{
	return (struct meta_caller){
		.access_key = rtext(who_keys[who]), .address = rtext("192.0.2.1"),
		.agent = rtext("test"),
	};
}

static int home_vault(void *arg)
{
	struct home *h = arg;
	struct link_service service;

	vault_service(&h->vault, ROLE_BACKEND, &service);
	link_serve(&service, &h->vault_end);
	io_stream_close(&h->vault_end);
	return 0;
}

static int home_backend(void *arg)
{
	struct home *h = arg;
	struct link_service service;
	int rc;

	backend_service(&h->b, ROLE_GATEWAY, &service);
	service.options.calls = 256;
	rc = link_serve(&service, &h->backend_end);
	io_stream_close(&h->backend_end);
	h->served = rc;
	return 0;
}

/* A gateway: again after home_hang_up(). */
static inline void home_connect(struct home *h)
{
	int fd[2];

	stream_pair(fd);
	h->served = 1;
	io_stream_socket(&h->backend_end, fd[0]);
	must_equal(io_spawn(&h->group, home_backend, h, NULL), 0);
	link_attach(h->link, fd[1]);
}

static inline void home_edge(struct home *h, unsigned int i)
{
	char host[32], url[40], name[16];
	struct edge_hello hello = { .disk_total = 1ull << 40, .disk_free = 1ull << 39,
				    .signer = true };
	u8 scalar[P256_SCALAR_BYTES];
	struct ecdsa_key *key;

	memset(scalar, 10 + i, sizeof(scalar));
	memset(hello.id, 100 + i, sizeof(hello.id));
	snprintf(host, sizeof(host), "127.0.0.1:90%02u", i + 1);
	snprintf(url, sizeof(url), "http://%s", host);
	snprintf(name, sizeof(name), "edge%u", i + 1);
	hello.host = rtext(host);
	hello.url = rtext(url);
	hello.name = rtext(name);
	key = ecdsa_private(scalar);
	ecdsa_point(key, hello.point);
	ecdsa_free(key);
	must_equal(plan_learn_edge(&h->b, &hello), 0);
}

static inline void home_key(struct home *h, enum asker who, u64 team, enum store_scope scope)
{
	const struct store_key key = {
		.access = stext(who_keys[who]), .team = team, .secret = stext("wrapped"),
		.enabled = true, .scope = scope,
	};

	must_equal(store_key_create(h->b.store, &key), 0);
}

static inline void home_team(struct home *h, const char *name, u64 *team, char id[OWNER_LEN + 1])
{
	STORE_ARENA arena = { 0 };
	struct store_team row;

	must_equal(store_team_create(h->b.store, stext(name), team), 0);
	must_equal(owner_team(&h->b, *team, &arena, &row), 0);
	owner_write(row.id, row.created, id);
}

/* On a fiber. */
static inline void home_open(struct home *h)
{
	const struct link_options options = { .body_max = META_LINK_MAX, .calls = 256 };
	unsigned int i;
	int fd[2];

	memset(h, 0, sizeof(*h));
	io_group_init(&h->group);
	/* What is written here need not last. */
	strcpy(h->top, access("/dev/shm", W_OK) ? "/tmp/test_backend.XXXXXX" :
						  "/dev/shm/test_backend.XXXXXX");
	must(mkdtemp(h->top));
	h->config.state = h->top;
	h->run.config = &h->config;
	snprintf(h->keys, sizeof(h->keys), "%s/keys", h->top);
	must_equal(vault_create(h->keys, NULL, NULL), 0);
	must_equal(vault_load(&h->vault, h->keys, NULL, NULL), 0);
	stream_pair(fd);
	io_stream_socket(&h->vault_end, fd[0]);
	must_equal(io_spawn(&h->group, home_vault, h, NULL), 0);
	must_equal(link_open(&h->run.vault, NULL, &h->group), 0);
	link_attach(h->run.vault, fd[1]);
	must_equal(backend_open(&h->b, &h->run), 0);
	for (i = 0; i < EDGES; i++)
		home_edge(h, i);
	home_team(h, "blue", &h->team, h->owner_id);
	home_team(h, "red", &h->other, h->other_id);
	home_key(h, OWNER, h->team, STORE_SCOPE_FULL);
	home_key(h, READER, h->team, STORE_SCOPE_READ);
	home_key(h, NONE, h->team, STORE_SCOPE_NONE);
	home_key(h, OTHER, h->other, STORE_SCOPE_FULL);
	must_equal(link_open(&h->link, &options, &h->group), 0);
	home_connect(h);
}

static inline void home_close(struct home *h)
{
	char command[128];

	must_equal(store_usage_check(h->b.store), 0);
	must_equal(db_check(store_db(h->b.store)), 0);
	link_close(h->link);
	while (h->served == 1)
		must_equal(io_sleep_until(io_after_ms(1)), 0);
	backend_close(&h->b);
	link_close(h->run.vault);
	io_group_end(&h->group);
	vault_unload(&h->vault);
	snprintf(command, sizeof(command), "rm -r '%s'", h->top);
	must_equal(system(command), 0);
}

/* --- questions -------------------------------------------------------------------- */

#define ANSWER	CLEANUP_ANSWER struct link_answer
/* For elements of an answer: a thousand of the longest, or what one object has. */
static inline size_t room_of(u16 operation)
{
	return operation == META_READ || operation == META_OPEN || operation == META_PAGE ?
		       32u << 10 : 512u << 10;
}

static inline int ask_by(struct home *h, u16 operation, const struct rpc_schema *ask,
			 const void *question, const struct rpc_schema *give, void *reply,
			 struct link_answer *answer, int64_t deadline)
{
	const struct link_call call = {
		operation, ask, question, -1, give, reply, give ? room_of(operation) : 0,
	};

	return link_do(h->link, &call, answer, deadline);
}

#define ASK(h, operation, ask, question, give, reply, answer) \
	ask_by(h, operation, &meta_##ask##_schema, question, &meta_##give##_schema, reply, answer, \
	       SOON)

/* One without an answer. */
static inline int tell(struct home *h, u16 operation, const struct rpc_schema *ask,
		       const void *question)
{
	ANSWER answer = LINK_ANSWER_NONE;

	return ask_by(h, operation, ask, question, NULL, NULL, &answer, SOON);
}

#define TELL(h, operation, ask, question) tell(h, operation, &meta_##ask##_schema, question)

#define REFUSED(code)	meta_status(S3_##code)

/* --- buckets ---------------------------------------------------------------------- */

static inline int make_bucket(struct home *h, enum asker who, const char *name)
{
	ANSWER answer = LINK_ANSWER_NONE;
	const struct meta_bucket_make ask = { .caller = caller_of(who), .name = rtext(name) };
	struct meta_bucket give;

	return ASK(h, META_BUCKET_CREATE, bucket_make, &ask, bucket, &give, &answer);
}

static inline int set_document(struct home *h, enum asker who, const char *bucket,
			       enum store_document kind, const char *body)
{
	const struct meta_bucket_set ask = {
		.caller = caller_of(who), .name = rtext(bucket), .document = kind,
		.body = rtext(body),
	};

	return TELL(h, META_BUCKET_SET_DOCUMENT, bucket_set, &ask);
}

static inline int set_bucket_acl(struct home *h, enum asker who, const char *bucket,
				 const struct meta_grant *grant, u32 grants)
{
	const struct meta_bucket_set ask = {
		.caller = caller_of(who), .name = rtext(bucket), .document = STORE_ACL,
		.grant = grant, .grants = grants,
	};

	return TELL(h, META_BUCKET_SET_DOCUMENT, bucket_set, &ask);
}

/* --- objects ---------------------------------------------------------------------- */

/* The page of a body of one generation, as a gateway writes it. */
static inline u32 one_record(const struct meta_slots *slots, unsigned int slot,
			     const struct meta_policy *policy, u32 size, u8 *to)
{
	struct record r = {
		.plain_bytes = size, .stored_bytes = size, .k = policy->k, .n = policy->n,
		.mode = policy->mode, .flags = policy->flags,
	};
	const u8 *at = slots->slot[slot].locations.data;
	struct page_writer w;
	unsigned int i;

	memcpy(r.generation, slots->slot[slot].generation, sizeof(r.generation));
	for (i = 0; i < r.n; i++)
		r.location[i] = at[2 * i] | at[2 * i + 1] << 8;
	page_begin(&w, to, 0, 0);
	must_equal(page_add(&w, &r), 0);
	return (u32)page_end(&w);
}

struct put {
	enum asker who;
	const char *bucket, *name, *tags, *etag, *if_match, *if_none_match;
	u32 size;
	const struct meta_grant *grant;
	u32 grants;
};

#define OR_EMPTY(s)	rtext((s) ? (s) : "")

/* META_OPEN, and META_COMMIT of one generation. */
static inline int put_object(struct home *h, const struct put *p, struct meta_result *result)
{
	ANSWER opened_answer = LINK_ANSWER_NONE;
	ANSWER answer = LINK_ANSWER_NONE;
	const struct meta_open open = {
		.caller = caller_of(p->who), .bucket = rtext(p->bucket), .name = rtext(p->name),
		.tags = OR_EMPTY(p->tags), .sets_acl = p->grants > 0,
		.if_match = OR_EMPTY(p->if_match), .if_none_match = OR_EMPTY(p->if_none_match),
		.slots = p->size ? 1 : 0,
	};
	struct meta_commit commit = {
		.caller = open.caller, .bucket = open.bucket, .name = open.name,
		.tags = open.tags, .size = p->size, .etag = OR_EMPTY(p->etag),
		.headers = rtext("h"), .metadata = rtext("m"), .key = rtext("k"),
		.grant = p->grant, .grants = p->grants, .if_match = open.if_match,
		.if_none_match = open.if_none_match,
	};
	struct meta_opened opened;
	struct meta_claim claim = { .mask = 1 };
	u8 page[SKY_PAGE_MAX_BYTES];
	int rc = ASK(h, META_OPEN, open, &open, opened, &opened, &opened_answer);

	if (rc)
		return rc;
	if (p->size) {
		commit.records.len = one_record(&opened.slots, 0, &opened.policy, p->size, page);
		commit.records.data = page;
		commit.generations = 1;
		claim.reservation = opened.slots.reservation;
		commit.claim = &claim;
		commit.claims = 1;
	}
	return ASK(h, META_COMMIT, commit, &commit, result, result, &answer);
}

static inline int put_simple(struct home *h, enum asker who, const char *bucket, const char *name)
{
	const struct put p = { .who = who, .bucket = bucket, .name = name, .etag = "e", .size = 9 };
	struct meta_result result;

	return put_object(h, &p, &result);
}

static inline int read_object(struct home *h, enum asker who, const char *bucket, const char *name,
			      enum meta_purpose purpose)
{
	ANSWER answer = LINK_ANSWER_NONE;
	const struct meta_read ask = {
		.caller = caller_of(who), .bucket = rtext(bucket), .name = rtext(name),
		.purpose = purpose,
	};
	struct meta_object give;

	return ASK(h, META_READ, read, &ask, object, &give, &answer);
}

static inline int list_bucket(struct home *h, enum asker who, const char *bucket,
			      const char *prefix)
{
	ANSWER answer = LINK_ANSWER_NONE;
	const struct meta_list ask = {
		.caller = caller_of(who), .bucket = rtext(bucket), .prefix = rtext(prefix),
		.max = 1000,
	};
	struct meta_listing give;

	return ASK(h, META_LIST, list, &ask, listing, &give, &answer);
}

static inline int delete_object(struct home *h, enum asker who, const char *bucket,
				const char *name)
{
	ANSWER answer = LINK_ANSWER_NONE;
	const struct meta_delete_item item = { .name = rtext(name) };
	const struct meta_delete ask = {
		.caller = caller_of(who), .bucket = rtext(bucket), .item = &item, .count = 1,
	};
	struct meta_deleted give;
	int rc = ASK(h, META_DELETE, delete, &ask, deleted, &give, &answer);

	return rc ? rc : meta_status((enum s3_code)give.item[0].code);
}

#endif /* TEST_BACKEND_UTIL_H */
