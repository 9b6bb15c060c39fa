// SPDX-License-Identifier: GPL-2.0-or-later
/* Secrets of sessions in the vault: who is given them, and what a backend that lies can do. */
#include <sys/stat.h>

#include "../../user/skyd/vault_session.h"
#include "base/file.h"
#include "io_util.h"

#define SOON	io_after_ms(20000)
#define OWNER	7u
#define BOX_MAX	(BOX_OVERHEAD + SESSION_VALUE_MAX + 1)

static char top[64], path[96], file[128];
static char audited[1 << 20];

static void hear(const char *line)
{
	size_t len = strlen(audited);

	snprintf(audited + len, sizeof(audited) - len, "%s\n", line);
}

static int setup(void **state)
{
	(void)state;
	strcpy(top, "/tmp/test_session_vault.XXXXXX");
	assert_non_null(mkdtemp(top));
	snprintf(path, sizeof(path), "%s/keys", top);
	snprintf(file, sizeof(file), "%s.sessions", path);
	return 0;
}

static int teardown(void **state)
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

static int serve(void *arg)
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

static void dial(struct site *s, struct side *side, enum role peer, const char *host)
{
	int fd[2];

	*side = (struct side){ .vault = &s->v, .peer = peer, .host = host };
	stream_pair(fd);
	io_stream_socket(&side->stream, fd[0]);
	must_equal(io_spawn(&s->group, serve, side, NULL), 0);
	must_equal(link_open(&side->link, NULL, &s->group), 0);
	link_attach(side->link, fd[1]);
}

static void site_open(struct site *s)
{
	memset(s, 0, sizeof(*s));
	io_group_init(&s->group);
	must_equal(vault_load(&s->v, path, NULL, hear), 0);
	dial(s, &s->backend, ROLE_BACKEND, "v");
	dial(s, &s->a, ROLE_RUNNER, "a");
	dial(s, &s->b, ROLE_RUNNER, "b");
}

static void site_close(struct site *s)
{
	link_close(s->backend.link);
	link_close(s->a.link);
	link_close(s->b.link);
	must_equal(io_group_drain(&s->group, SOON), 0);
	vault_unload(&s->v);
}

/* Hosts a and b hold leases for so long; 0: none. */
static void lend(struct site *s, u64 a, u64 b, u8 policy)
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

static struct vault_session_state state_of(struct site *s, u16 operation, u64 owner, int status)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct vault_ask ask = { .owner = owner, .name = { "shop", 4 } };
	struct vault_session_state give = { 0 };
	const struct link_call call = {
		operation, &vault_ask_schema, &ask, -1, &vault_session_state_schema, &give, 0,
	};

	must_equal(link_do(s->backend.link, &call, &answer, SOON), status);
	return give;
}

/* --- documents, and what is stored of them --------------------------------------------- */

struct stored {
	char text[2048];
	unsigned int count;
	u8 wrapped[2][VAULT_SESSION_WRAPPED];
	size_t len[2];
};

#define TERMS	"\"images\":[\"sha256:1111111111111111111111111111111111111111111111111111111111111111\"]," \
		"\"tiers\":[2],\"hosts\":[\"a\"],\"command\":[\"${secret:token}\"]"
#define SECRETS	"[{\"name\":\"key\",\"deliver\":\"device\"},{\"name\":\"token\",\"deliver\":\"cmdline\"}]"

static void write_document(struct stored *d, unsigned int version, const char *terms,
			   const char *secrets)
{
	snprintf(d->text, sizeof(d->text), "{\"session\":\"shop\",\"version\":%u,%s,\"secrets\":%s}",
		 version, terms, secrets);
}

static struct rpc_bytes bytes_of(const char *text)
{
	return (struct rpc_bytes){ text, strlen(text) };
}

/* Of the document @about; NULL: what is taken. */
static size_t box(struct site *s, const char *about, const char *name, const void *value,
		  size_t len, u8 to[BOX_MAX])
{
	struct vault_session_state state = state_of(s, VAULT_SESSION_STATE, OWNER, 0);
	u8 digest[32], context[BOX_CONTEXT];

	must_equal(sha256_digest(about, strlen(about), digest), 0);
	must_equal(box_context_intake(digest, str_of(name), context), 0);
	must_equal(box_seal(state.point, context, value, len, to), 0);
	return len + BOX_OVERHEAD;
}

static int take(struct side *who, struct stored *d, const char *old,
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
	return rc;
}

/* Both values boxed for that document. */
static int take_boxed(struct site *s, struct stored *d, const char *key, const char *token)
{
	static u8 boxes[2][BOX_MAX];
	struct vault_take_secret secret[2] = { { .how = VAULT_BOXED }, { .how = VAULT_BOXED } };

	secret[0].data = (struct rpc_bytes){ boxes[0], box(s, d->text, "key", key, strlen(key),
							   boxes[0]) };
	secret[1].data = (struct rpc_bytes){ boxes[1], box(s, d->text, "token", token,
							   strlen(token), boxes[1]) };
	return take(&s->backend, d, NULL, secret, 2);
}

static int take_kept(struct site *s, struct stored *d, const struct stored *old)
{
	const struct vault_take_secret secret[2] = {
		{ .how = VAULT_KEPT, .data = { old->wrapped[0], old->len[0] } },
		{ .how = VAULT_KEPT, .data = { old->wrapped[1], old->len[1] } },
	};

	return take(&s->backend, d, old->text, secret, 2);
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

static struct start start_of(struct side *who)
{
	struct start s = { .who = who, .owner = OWNER, .tier = 2, .image = 0x11, .workload = "w" };

	must_equal(box_key_make(&s.key), 0);
	return s;
}

/* Return: what the call returned, or the error in the answer. */
static int release(struct start *s, const struct stored *d)
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
static bool opens(const struct start *s, const struct start *reads, const struct stored *d,
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

/* --- what is given to whom ------------------------------------------------------------- */

static void check_release(struct site *s, struct stored *d)
{
	struct start good = start_of(&s->a), other, later;
	int i;

	write_document(d, 1, TERMS, SECRETS);
	must_equal(take_boxed(s, d, "a key", "a-token"), 0);
	must_equal(state_of(s, VAULT_SESSION_STATE, OWNER, 0).version, 1);
	/* Nobody has told of a lease; then of one that is another's; then of one that is over. */
	must_equal(release(&good, d), -EACCES);
	lend(s, 0, 60000, 0);
	must_equal(release(&good, d), -EACCES);
	other = start_of(&s->b);
	must_equal(release(&other, d), -EACCES);
	must(strstr(other.why, "not for this host"));
	lend(s, 1, 60000, 0);
	must_equal(io_sleep_until(io_after_ms(5)), 0);
	must_equal(release(&good, d), -EACCES);
	must_equal(state_of(s, VAULT_SESSION_STATE, OWNER, 0).releases, 0);
	lend(s, 60000, 60000, 0);
	must_equal(release(&good, d), 0);
	must(opens(&good, &good, d, "a key", "a-token"));
	must_equal(good.releases, 1);
	/* That answer is good for no other start: of another key, image, name, tier, owner. */
	later = start_of(&s->a);
	must(!opens(&good, &later, d, "a key", "a-token"));
	for (i = 0; i < 4; i++) {
		other = good;
		other.image += i == 0;
		other.workload = i == 1 ? "x" : "w";
		other.tier += i == 2;
		other.owner += i == 3;
		must(!opens(&good, &other, d, "a key", "a-token"));
	}
	for (i = 0; i < (int)good.box_len; i++) {
		other = good;
		other.box[i] ^= 1 << i % 8;
		must(!opens(&other, &good, d, "a key", "a-token"));
	}
	/* Another image, tier, team; twice is fine, as nothing forbids it. */
	other = start_of(&s->a);
	other.image = 0x12;
	must_equal(release(&other, d), -EACCES);
	must(strstr(other.why, "not for this image"));
	other = start_of(&s->a);
	other.tier = 3;
	must_equal(release(&other, d), -EACCES);
	other = start_of(&s->a);
	other.owner = OWNER + 1;
	must_equal(release(&other, d), -ENOENT);
	other = start_of(&s->a);
	other.workload = "../w";
	must_equal(release(&other, d), -EINVAL);
	other = start_of(&s->a);
	memset(other.key.point, 5, sizeof(other.key.point));
	must(release(&other, d) < 0);
	must_equal(release(&later, d), 0);
	must_equal(later.releases, 2);
	/* A lease that is taken away counts at once. */
	lend(s, 0, 0, 0);
	must_equal(release(&later, d), -EACCES);
	lend(s, 60000, 60000, 0);
}

/* Any bit that is stored. */
static void check_tampered(struct site *s, const struct stored *d)
{
	struct start start = start_of(&s->a);
	static struct stored bad;
	size_t i;
	int rc;

	for (i = 0; i < d->len[1]; i++) {
		bad = *d;
		bad.wrapped[1][i] ^= 1 << i % 8;
		rc = release(&start, &bad);
		must(rc == -EKEYREJECTED || rc == -EBADMSG || rc == -EOPNOTSUPP || rc == -ENOKEY);
		must(!start.box_len && *start.why);
	}
	for (i = 0; i < d->len[1]; i++) {
		bad = *d;
		bad.len[1] = i;
		must(release(&start, &bad) < 0);
	}
	/* One in the other's place; one missing. */
	bad = *d;
	memcpy(bad.wrapped[1], d->wrapped[0], d->len[0]);
	bad.len[1] = d->len[0];
	must_equal(release(&start, &bad), -EKEYREJECTED);
	bad = *d;
	bad.count = 1;
	must_equal(release(&start, &bad), -EKEYREJECTED);
	/* The same terms, written otherwise; other terms. */
	bad = *d;
	write_document(&bad, 1, TERMS " ", SECRETS);
	must_equal(release(&start, &bad), -EKEYREJECTED);
	bad = *d;
	memcpy(strstr(bad.text, "\"a\""), "\"b\"", 3);
	start = start_of(&s->b);
	must_equal(release(&start, &bad), -EKEYREJECTED);
	bad = *d;
	bad.text[strlen(bad.text) - 1] = 0;
	must_equal(release(&start, &bad), -EINVAL);
}

/* What a backend may ask for, and what it may not. */
static void check_take(struct site *s, const struct stored *first)
{
	static struct stored d, other;
	static u8 boxed[BOX_MAX], big[SESSION_VALUE_MAX + 1];
	struct vault_take_secret secret[2] = {
		{ .how = VAULT_BOXED }, { .how = VAULT_RANDOM, .size = 16 },
	};

	/* Only the next version, and nobody but the backend. */
	write_document(&d, 1, TERMS, SECRETS);
	must_equal(take_boxed(s, &d, "a key", "a-token"), -ESTALE);
	write_document(&d, 3, TERMS, SECRETS);
	must_equal(take_boxed(s, &d, "a key", "a-token"), -ESTALE);
	write_document(&d, 2, TERMS, SECRETS);
	must_equal(take(&s->a, &d, NULL, secret, 2), -EACCES);
	/* A value that was boxed for one document is not taken under another. */
	write_document(&other, 2, TERMS ",\"max_releases\":100", SECRETS);
	secret[0].data = (struct rpc_bytes){ boxed, box(s, other.text, "key", "k", 1, boxed) };
	must_equal(take(&s->backend, &d, NULL, secret, 2), -EKEYREJECTED);
	secret[0].data = (struct rpc_bytes){ boxed, box(s, d.text, "token", "k", 1, boxed) };
	must_equal(take(&s->backend, &d, NULL, secret, 2), -EKEYREJECTED);
	secret[0].data = (struct rpc_bytes){ boxed, box(s, d.text, "key", "", 0, boxed) };
	must_equal(take(&s->backend, &d, NULL, secret, 2), -EMSGSIZE);
	secret[0].data = (struct rpc_bytes){ boxed, box(s, d.text, "key", big, sizeof(big), boxed) };
	must_equal(take(&s->backend, &d, NULL, secret, 2), -EMSGSIZE);
	secret[0].data.len = 3;
	must_equal(take(&s->backend, &d, NULL, secret, 2), -EMSGSIZE);
	must_equal(take(&s->backend, &d, NULL, secret, 1), -EINVAL);
	secret[0].how = 9;
	must_equal(take(&s->backend, &d, NULL, secret, 2), -EINVAL);
	secret[0] = (struct vault_take_secret){ .how = VAULT_RANDOM, .size = SESSION_WORD_MAX };
	must_equal(take(&s->backend, &d, NULL, secret, 2), -EINVAL);
	must_equal(take_boxed(s, &d, "a key", "no word"), -EILSEQ);
	/* Kept across a change of whom it is for; of another delivery; by who has not got it. */
	write_document(&d, 2, TERMS ",\"max_releases\":2", SECRETS);
	must_equal(take_kept(s, &d, first), -EPERM);
	write_document(&d, 2, TERMS, "[{\"name\":\"keys\",\"deliver\":\"device\"},{\"name\":\"token\",\"deliver\":\"cmdline\"}]");
	must_equal(take_kept(s, &d, first), -EPERM);
	write_document(&d, 2, TERMS, SECRETS);
	other = *first;
	other.wrapped[0][40] ^= 1;
	must_equal(take_kept(s, &d, &other), -EKEYREJECTED);
	must_equal(state_of(s, VAULT_SESSION_STATE, OWNER, 0).version, 1);
}

static void check_versions(struct site *s, struct stored *d, const struct stored *first)
{
	struct start start = start_of(&s->a);
	static struct stored third, bad;

	/* Nothing but the version differs: values stay, and so does the count. */
	write_document(d, 2, TERMS, SECRETS);
	must_equal(take_kept(s, d, first), 0);
	must_equal(release(&start, first), -ESTALE);
	must_equal(release(&start, d), 0);
	must(opens(&start, &start, d, "a key", "a-token"));
	must_equal(start.releases, 3);
	/* The older one cannot be what is kept. */
	write_document(&third, 3, TERMS, SECRETS);
	must_equal(take_kept(s, &third, first), -ESTALE);
	/* New terms, new values: counted anew, and no more often than is said. */
	write_document(&third, 3, TERMS ",\"max_releases\":2", SECRETS);
	must_equal(take_boxed(s, &third, "key 2", "token-2"), 0);
	must_equal(release(&start, &third), 0);
	must(opens(&start, &start, &third, "key 2", "token-2"));
	must_equal(release(&start, &third), 0);
	must_equal(release(&start, &third), -EDQUOT);
	must_equal(release(&start, d), -ESTALE);
	write_document(d, 4, TERMS ",\"max_releases\":2", SECRETS);
	must_equal(take_kept(s, d, &third), 0);
	must_equal(release(&start, d), -EDQUOT);
	write_document(&bad, 5, TERMS ",\"not_after\":\"2001-01-01T00:00:00Z\"", SECRETS);
	must_equal(take_boxed(s, &bad, "k", "t"), 0);
	must_equal(release(&start, &bad), -ETIME);
	/* By whom the host was judged. */
	write_document(d, 6, TERMS ",\"policies\":[\"sha256:2222222222222222222222222222222222222222222222222222222222222222\"]",
		       SECRETS);
	must_equal(take_boxed(s, d, "k", "t"), 0);
	must_equal(release(&start, d), -EACCES);
	lend(s, 60000, 60000, 0x21);
	must_equal(release(&start, d), -EACCES);
	must(strstr(start.why, "policy"));
	lend(s, 60000, 60000, 0x22);
	must_equal(release(&start, d), 0);
}

static void damage(struct site *s, const struct stored *d)
{
	struct start start = start_of(&s->a);
	CLEANUP_FREE char *good = NULL;
	size_t len, i;

	must_equal(file_read(file, 1 << 20, &good, &len), 0);
	for (i = 0; i < len; i++) {
		good[i] ^= 1 << i % 8;
		must_equal(file_write_atomic(file, good, len, 0600), 0);
		must_equal(release(&start, d), -EBADMSG);
		good[i] ^= 1 << i % 8;
	}
	must_equal(file_write_atomic(file, good, len - 1, 0600), 0);
	must_equal(release(&start, d), -EBADMSG);
	must_equal(unlink(file), 0);
	must_equal(release(&start, d), -ENOENT);
	must_equal(file_write_atomic(file, good, len, 0600), 0);
	must_equal(release(&start, d), 0);
}

static void check_drop(struct site *s, struct stored *d)
{
	struct start start = start_of(&s->a);
	struct vault_session_state now = state_of(s, VAULT_SESSION_DROP, OWNER, 0);
	struct stored *next = malloc(sizeof(*next));

	must(next && now.dropped);
	must_equal(release(&start, d), -ESTALE);
	must(strstr(start.why, "removed"));
	/* As it was, it does not come back; kept it is not either. */
	must_equal(take_boxed(s, d, "k", "t"), -ESTALE);
	*next = *d;
	*strstr(next->text, "6") = '7';
	must_equal(take_kept(s, next, d), -ESTALE);
	must_equal(take_boxed(s, next, "k", "t"), 0);
	must_equal(release(&start, next), 0);
	must_equal(release(&start, d), -ESTALE);
	*d = *next;
	free(next);
}

static int calls(void *arg)
{
	static struct stored first, second;
	struct site *s = malloc(sizeof(*s));
	struct start start;

	(void)arg;
	must(s);
	unlink(path);
	unlink(file);
	must_equal(vault_create(path, NULL, NULL), 0);
	site_open(s);
	must_equal(state_of(s, VAULT_SESSION_STATE, OWNER, 0).version, 0);
	lend(s, 0, 0, 0);
	check_release(s, &first);
	check_tampered(s, &first);
	check_take(s, &first);
	check_versions(s, &second, &first);
	damage(s, &second);
	check_drop(s, &second);
	site_close(s);
	/* Another process of the vault knows the same; of leases it has not heard. */
	site_open(s);
	must_equal(state_of(s, VAULT_SESSION_STATE, OWNER, 0).version, 7);
	start = start_of(&s->a);
	must_equal(release(&start, &second), -EACCES);
	start = start_of(&s->backend);
	must_equal(release(&start, &second), -EACCES);
	lend(s, 60000, 0, 0x22);
	start = start_of(&s->a);
	must_equal(release(&start, &second), 0);
	site_close(s);
	free(s);
	return 0;
}

static void test_calls(void **state)
{
	struct stat st;

	*audited = 0;
	assert_int_equal(on_loop(state, calls, NULL), 0);
	assert_non_null(strstr(audited, "session shop version 1 for w on a: given\n"));
	assert_non_null(strstr(audited, "for w on a: the session is not for this image\n"));
	assert_null(strstr(audited, "a key"));
	assert_null(strstr(audited, "a-token"));
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "test_calls", test_calls, NULL, NULL, (void *)"epoll" },
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
