/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of the vault's sessions share: a vault, who asks it, and what is stored. */
#ifndef TEST_VAULT_SESSION_UTIL_H
#define TEST_VAULT_SESSION_UTIL_H

#include "../../user/skyd/vault_session.h"
#include "base/file.h"
#include "io_util.h"

#define SOON	io_after_ms(20000)
#define OWNER	7u
#define BOX_MAX	(BOX_OVERHEAD + SESSION_VALUE_MAX + 1)

static char top[64], path[96], file[128];
static char audited[1 << 20];

static inline void hear(const char *line)
{
	size_t len = strlen(audited);

	snprintf(audited + len, sizeof(audited) - len, "%s\n", line);
}

static inline int setup(void **state)
{
	(void)state;
	strcpy(top, "/tmp/test_session_vault.XXXXXX");
	assert_non_null(mkdtemp(top));
	snprintf(path, sizeof(path), "%s/keys", top);
	snprintf(file, sizeof(file), "%s.sessions", path);
	return 0;
}

static inline int teardown(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof(command), "rm -r '%s'", top);
	return system(command);
}

/* --- a vault, and who asks it --------------------------------------------------------- */

struct side {
	struct vault *vault;
	enum role peer;
	const char *host;
	struct io_stream stream;
	struct link *link;
};

struct site {
	struct vault v;
	struct io_group group;
	struct side backend, a, b;
};

static inline int serve(void *arg)
{
	struct side *side = arg;
	struct link_service service;
	int rc;

	vault_service(side->vault, side->peer, &service);
	service.host = side->host;
	rc = link_serve(&service, &side->stream);
	io_stream_close(&side->stream);
	return rc;
}

static inline void dial(struct site *s, struct side *side, enum role peer, const char *host)
{
	int fd[2];

	*side = (struct side){ .vault = &s->v, .peer = peer, .host = host };
	stream_pair(fd);
	io_stream_socket(&side->stream, fd[0]);
	must_equal(io_spawn(&s->group, serve, side, NULL), 0);
	must_equal(link_open(&side->link, NULL, &s->group), 0);
	link_attach(side->link, fd[1]);
}

static inline void site_open(struct site *s)
{
	memset(s, 0, sizeof(*s));
	io_group_init(&s->group);
	must_equal(vault_load(&s->v, path, NULL, hear), 0);
	dial(s, &s->backend, ROLE_BACKEND, "v");
	dial(s, &s->a, ROLE_RUNNER, "a");
	dial(s, &s->b, ROLE_RUNNER, "b");
}

static inline void site_close(struct site *s)
{
	link_close(s->backend.link);
	link_close(s->a.link);
	link_close(s->b.link);
	must_equal(io_group_drain(&s->group, SOON), 0);
	vault_unload(&s->v);
}

/* Hosts a and b hold leases for so long; 0: none. */
static inline void lend(struct site *s, u64 a, u64 b, u8 policy)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	u8 digest[LEASE_POLICY];
	struct vault_host list[2];
	struct vault_hosts ask = { .host = list };
	const struct link_call call = {
		VAULT_HOSTS, &vault_hosts_schema, &ask, -1, NULL, NULL, 0,
	};

	memset(digest, policy, sizeof(digest));
	if (a)
		list[ask.count++] = (struct vault_host){ { "a", 1 }, a, { digest, policy ? 32 : 0 } };
	if (b)
		list[ask.count++] = (struct vault_host){ { "b", 1 }, b, { digest, policy ? 32 : 0 } };
	must_equal(link_do(s->backend.link, &call, &answer, SOON), 0);
}

static inline struct vault_session_state tell(struct site *s, u16 operation, u64 owner,
					      u64 number, int status)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct vault_ask ask = {
		.owner = owner, .number = number, .name = { "shop", 4 },
	};
	struct vault_session_state give = { 0 };
	const struct link_call call = {
		operation, &vault_ask_schema, &ask, -1, &vault_session_state_schema, &give, 0,
	};

	must_equal(link_do(s->backend.link, &call, &answer, SOON), status);
	return give;
}

static inline struct vault_session_state state_of(struct site *s, u16 operation, u64 owner,
						  int status)
{
	return tell(s, operation, owner, 0, status);
}

/* --- documents, and what is stored of them --------------------------------------------- */

struct stored {
	char text[2048];
	unsigned int count;
	u8 wrapped[2][VAULT_SESSION_WRAPPED];
	size_t len[2];
	u64 number;
};

/* The backend is ended before it has stored what the vault has taken. */
static bool lost;

#define TERMS	"\"images\":[\"sha256:1111111111111111111111111111111111111111111111111111111111111111\"]," \
		"\"tiers\":[2],\"hosts\":[\"a\"],\"command\":[\"${secret:token}\"]"
#define SECRETS	"[{\"name\":\"key\",\"deliver\":\"device\"},{\"name\":\"token\",\"deliver\":\"cmdline\"}]"

static inline void write_document(struct stored *d, unsigned int version, const char *terms,
				  const char *secrets)
{
	snprintf(d->text, sizeof(d->text), "{\"session\":\"shop\",\"version\":%u,%s,\"secrets\":%s}",
		 version, terms, secrets);
}

static inline struct rpc_bytes bytes_of(const char *text)
{
	return (struct rpc_bytes){ text, strlen(text) };
}

/* Of the document @about; NULL: what is taken. */
static inline size_t box(struct site *s, const char *about, const char *name, const void *value,
			 size_t len, u8 to[BOX_MAX])
{
	struct vault_session_state state = state_of(s, VAULT_SESSION_STATE, OWNER, 0);
	u8 digest[32], context[BOX_CONTEXT];

	must_equal(sha256_digest(about, strlen(about), digest), 0);
	must_equal(box_context_intake(digest, str_of(name), context), 0);
	must_equal(box_seal(state.point, context, value, len, to), 0);
	return len + BOX_OVERHEAD;
}

static inline int take(struct side *who, struct stored *d, const char *old,
		       const struct vault_take_secret *secret, u32 count)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct vault_take ask = {
		OWNER, bytes_of(d->text), bytes_of(old ? old : ""), secret, count,
	};
	struct vault_taken give;
	const struct link_call call = {
		VAULT_SESSION_TAKE, &vault_take_schema, &ask, -1, &vault_taken_schema, &give,
		SESSION_SECRETS * sizeof(struct vault_wrapped),
	};
	int rc = link_do(who->link, &call, &answer, SOON);
	u32 i;

	for (i = 0; !rc && i < give.secrets; i++) {
		d->len[i] = give.secret[i].data.len;
		memcpy(d->wrapped[i], give.secret[i].data.data, d->len[i]);
	}
	d->count = rc ? d->count : give.secrets;
	d->number = rc ? d->number : give.number;
	return rc;
}

static inline int take_and_tell(struct site *s, struct stored *d, const char *old,
				const struct vault_take_secret *secret)
{
	int rc = take(&s->backend, d, old, secret, 2);

	if (!rc && !lost)
		must_equal(tell(s, VAULT_SESSION_STATE, OWNER, d->number, 0).number, d->number);
	return rc;
}

/* Both values boxed for that document. */
static inline int take_boxed(struct site *s, struct stored *d, const char *key, const char *token)
{
	static u8 boxes[2][BOX_MAX];
	struct vault_take_secret secret[2] = { { .how = VAULT_BOXED }, { .how = VAULT_BOXED } };

	secret[0].data = (struct rpc_bytes){ boxes[0], box(s, d->text, "key", key, strlen(key),
							   boxes[0]) };
	secret[1].data = (struct rpc_bytes){ boxes[1], box(s, d->text, "token", token,
							   strlen(token), boxes[1]) };
	return take_and_tell(s, d, NULL, secret);
}

static inline int take_kept(struct site *s, struct stored *d, const struct stored *old)
{
	const struct vault_take_secret secret[2] = {
		{ .how = VAULT_KEPT, .data = { old->wrapped[0], old->len[0] } },
		{ .how = VAULT_KEPT, .data = { old->wrapped[1], old->len[1] } },
	};

	return take_and_tell(s, d, old->text, secret);
}

struct start {
	struct side *who;
	u64 owner;
	u8 tier, image;
	const char *workload;
	struct box_key key;
	char why[SESSION_WHY], box[256];
	size_t box_len;
	u32 releases;
};

static inline struct start start_of(struct side *who)
{
	struct start s = { .who = who, .owner = OWNER, .tier = 2, .image = 0x11, .workload = "w" };

	must_equal(box_key_make(&s.key), 0);
	return s;
}

/* Return: what the call returned, or the error in the answer. */
static inline int release(struct start *s, const struct stored *d)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	struct vault_wrapped list[2] = {
		{ { d->wrapped[0], d->len[0] } }, { { d->wrapped[1], d->len[1] } },
	};
	struct vault_release ask = {
		.owner = s->owner, .workload = bytes_of(s->workload), .tier = s->tier,
		.document = bytes_of(d->text), .secret = list, .secrets = d->count,
	};
	struct vault_released give;
	const struct link_call call = {
		VAULT_SESSION_RELEASE, &vault_release_schema, &ask, -1, &vault_released_schema,
		&give, 0,
	};
	int rc;

	memset(ask.image, s->image, sizeof(ask.image));
	memcpy(ask.point, s->key.point, sizeof(ask.point));
	rc = link_do(s->who->link, &call, &answer, SOON);
	*s->why = 0;
	s->box_len = 0;
	if (rc)
		return rc;
	must(give.error || (give.box.len <= sizeof(s->box) && give.box.len));
	must(!give.error == !give.why.len && !give.error == !!give.box.len);
	snprintf(s->why, sizeof(s->why), "%.*s", (int)give.why.len, (const char *)give.why.data);
	s->box_len = give.box.len;
	if (give.box.len)
		memcpy(s->box, give.box.data, give.box.len);
	s->releases = give.releases;
	return -(int)give.error;
}

/* What a start was given is these two; read by another one: nothing. */
static inline bool opens(const struct start *s, const struct start *reads, const struct stored *d,
			 const char *key, const char *token)
{
	u8 digest[32], image[32], context[BOX_CONTEXT], plain[256], want[256];
	size_t a = strlen(key), b = strlen(token);
	int len;

	memset(image, reads->image, sizeof(image));
	must_equal(sha256_digest(d->text, strlen(d->text), digest), 0);
	must_equal(box_context_release(digest, reads->owner, reads->tier, image,
				       str_of(reads->workload), context), 0);
	len = box_open(&reads->key, context, s->box, s->box_len, plain);
	memset(want, 0, sizeof(want));
	want[0] = a;
	memcpy(want + 4, key, a);
	want[4 + a] = b;
	memcpy(want + 8 + a, token, b);
	return len == (int)(8 + a + b) && !memcmp(plain, want, len);
}

#endif /* TEST_VAULT_SESSION_UTIL_H */
