// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a backend that was broken into says of leases, to a vault that has been told who the
 * verifier is: a lease that was never given, has ended, or is another host's opens nothing.
 */
#include <time.h>

#include "vault_session_util.h"

#include "tpm/ear.h"
#include "tpm/attest_policy.h"

#define MINUTE	60000u

static struct ear_key *verifier, *stranger;
static char key_path[128];

static struct ear_key *make_key(const char *file_of_public)
{
	char *private, *public;
	struct ear_key *key;

	assert_int_equal(ear_key_make(&private, &public), 0);
	key = ear_key_private(str_of(private));
	assert_non_null(key);
	if (file_of_public)
		assert_int_equal(file_write_atomic(file_of_public, public, strlen(public), 0644),
				 0);
	free(private);
	free(public);
	return key;
}

static int begin(void **state)
{
	assert_int_equal(setup(state), 0);
	assert_int_equal(vault_create(path, NULL, NULL), 0);
	snprintf(key_path, sizeof(key_path), "%s/verifier.pub", top);
	verifier = make_key(key_path);
	stranger = make_key(NULL);
	return 0;
}

static int end(void **state)
{
	ear_key_free(verifier);
	ear_key_free(stranger);
	return teardown(state);
}

/* --- statements -------------------------------------------------------------------------- */

struct said {
	const char *host;
	int64_t from, to;		/* s, from now on */
	bool bad;
	u8 policy;
	const struct ear_key *by;	/* NULL: the verifier */
};

static char *statement(const struct said *s)
{
	static struct attest_policy policy;
	static struct attest_verdict verdict;
	const struct ear_about about = {
		.subject = s->host, .build = "skyd", .issued = time(NULL) + s->from,
		.expires = time(NULL) + s->to,
	};
	json_t *claims;
	char *token;

	snprintf(policy.name, sizeof(policy.name), "p?sha256=00");
	memset(policy.digest, s->policy, sizeof(policy.digest));
	verdict.trusted = !s->bad;
	claims = ear_claims(&about, &policy, &verdict);
	must(claims);
	must_equal(ear_sign(s->by ? s->by : verifier, claims, &token), 0);
	json_decref(claims);
	return token;
}

/* As the backend says them.  Return: the vault's answer. */
static int pass_on(struct site *s, const char *token, size_t len)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct vault_ask ask = { .text = { token, len } };
	struct vault_give give;
	const struct link_call call = {
		VAULT_STATEMENT, &vault_ask_schema, &ask, -1, &vault_give_schema, &give, 0,
	};
	int rc = link_do(s->backend.link, &call, &answer, SOON);

	must(rc || give.value == s->v.proofs.id);
	return rc;
}

static int state_it(struct site *s, struct said said)
{
	char *token = statement(&said);
	int rc = pass_on(s, token, strlen(token));

	free(token);
	return rc;
}

/* Is the vault's reason in its audit since @from? */
static bool heard(size_t from, const char *words)
{
	return strstr(audited + from, words);
}

/* --- a vault that believes the verifier -------------------------------------------------- */

struct home {
	struct site s;
	struct config config;
	struct stored d;
	size_t from;
};

#define OF_POLICY	"\"images\":[\"sha256:1111111111111111111111111111111111111111111111111111111111111111\"]," \
			"\"tiers\":[2],\"policies\":[\"sha256:0505050505050505050505050505050505050505050505050505050505050505\"]," \
			"\"command\":[\"${secret:token}\"]"

static void home_open(struct home *h, const char *terms)
{
	char table[128];

	memset(h, 0, sizeof(*h));
	snprintf(table, sizeof(table), "%s.sessions", path);
	unlink(table);
	site_open(&h->s);
	h->config.attest_required = true;
	h->config.attest_hosts = (char *)"";
	leases_init(&h->s.v.leases, &h->config);
	must_equal(proofs_open(&h->s.v.proofs, key_path), 0);
	write_document(&h->d, 1, terms, SECRETS);
	must_equal(take_boxed(&h->s, &h->d, "K", "T"), 0);
	h->from = strlen(audited);
}

/* What the runner of host a is told. */
static int released(struct home *h)
{
	struct start start = start_of(&h->s.a);

	h->from = strlen(audited);
	return release(&start, &h->d);
}

#define CASE(name)	static int name(void *arg)

/* The backend's word is enough where nobody signs: as it was. */
CASE(believed)
{
	struct home h;

	(void)arg;
	home_open(&h, TERMS);
	h.s.v.proofs.path = "";
	lend(&h.s, MINUTE, 0, 5);
	must_equal(released(&h), 0);
	must_equal(state_it(&h.s, (struct said){ "a", 0, 60, false, 5, stranger }), 0);
	site_close(&h.s);
	return 0;
}

/* A lease that was never given. */
CASE(never_given)
{
	struct home h;
	char *token, *at;

	(void)arg;
	home_open(&h, TERMS);
	lend(&h.s, MINUTE, 0, 5);
	must_equal(released(&h), -EACCES);
	must(heard(h.from, "lease of host a is not proven: the verifier has stated nothing about it"));
	/* Signed by whom the backend likes; with a signature that is of something else. */
	h.from = strlen(audited);
	must_equal(state_it(&h.s, (struct said){ "a", 0, 60, false, 5, stranger }), -EKEYREJECTED);
	must(heard(h.from, "it was not signed by the verifier"));
	token = statement(&(struct said){ "b", 0, 60, false, 5, NULL });
	at = strchr(token, '.') + 20;
	*at = *at == 'A' ? 'B' : 'A';
	must_equal(pass_on(&h.s, token, strlen(token)), -EKEYREJECTED);
	free(token);
	must_equal(pass_on(&h.s, "x.y.z", 5), -EBADMSG);
	lend(&h.s, MINUTE, 0, 5);
	must_equal(released(&h), -EACCES);
	/* The honest one. */
	must_equal(state_it(&h.s, (struct said){ "a", 0, 60, false, 5, NULL }), 0);
	must_equal(released(&h), 0);
	/* And without the backend's word it ends at once. */
	lend(&h.s, 0, MINUTE, 5);
	must_equal(released(&h), -EACCES);
	site_close(&h.s);
	return 0;
}

/* A lease of another host, or of nobody. */
CASE(of_another)
{
	struct home h;

	(void)arg;
	home_open(&h, TERMS);
	lend(&h.s, MINUTE, MINUTE, 5);
	must_equal(state_it(&h.s, (struct said){ "b", 0, 60, false, 5, NULL }), 0);
	must_equal(state_it(&h.s, (struct said){ "A", 0, 60, false, 5, NULL }), 0);
	must_equal(state_it(&h.s, (struct said){ "", 0, 60, false, 5, NULL }), -EPERM);
	must_equal(released(&h), -EACCES);
	must(heard(h.from, "stated nothing about it"));
	site_close(&h.s);
	return 0;
}

/* A lease that has ended, by the vault's clock; one that has not begun. */
CASE(ended)
{
	struct home h;

	(void)arg;
	home_open(&h, TERMS);
	lend(&h.s, MINUTE, 0, 5);
	h.from = strlen(audited);
	must_equal(state_it(&h.s, (struct said){ "a", -60, -1, false, 5, NULL }), -ETIME);
	must(heard(h.from, "it has ended"));
	must_equal(state_it(&h.s, (struct said){ "a", 120, 180, false, 5, NULL }), -ETIME);
	must_equal(released(&h), -EACCES);
	must_equal(state_it(&h.s, (struct said){ "a", -10, 2, false, 5, NULL }), 0);
	must_equal(released(&h), 0);
	must_equal(io_sleep_until(io_after_ms(2100)), 0);
	lend(&h.s, MINUTE, 0, 5);
	must_equal(released(&h), -EACCES);
	must(heard(h.from, "the verifier's last statement about it has ended"));
	site_close(&h.s);
	return 0;
}

/* What was said before the host was found to be bad is good for nothing any more. */
CASE(replayed)
{
	struct home h;
	char *old, *same;

	(void)arg;
	home_open(&h, TERMS);
	lend(&h.s, MINUTE, 0, 5);
	old = statement(&(struct said){ "a", -5, 3600, false, 5, NULL });
	same = statement(&(struct said){ "a", -2, 3600, false, 5, NULL });
	must_equal(pass_on(&h.s, old, strlen(old)), 0);
	must_equal(released(&h), 0);
	must_equal(state_it(&h.s, (struct said){ "a", -2, 60, true, 5, NULL }), 0);
	must_equal(released(&h), -EACCES);
	must(heard(h.from, "the verifier has found that it cannot be trusted"));
	h.from = strlen(audited);
	must_equal(pass_on(&h.s, old, strlen(old)), -ESTALE);
	must(heard(h.from, "there is a newer statement about that host"));
	must_equal(pass_on(&h.s, same, strlen(same)), -ESTALE);
	must_equal(released(&h), -EACCES);
	/* Good again. */
	must_equal(state_it(&h.s, (struct said){ "a", 0, 60, false, 5, NULL }), 0);
	must_equal(released(&h), 0);
	/* Nor does an older one make it longer, though it ends later. */
	must_equal(pass_on(&h.s, old, strlen(old)), -ESTALE);
	must(vault_lease_left(&h.s.v, STR("a")) <= 60000000000ll);
	free(old);
	free(same);
	site_close(&h.s);
	return 0;
}

/* Secrets for hosts of one policy: the backend says that it was that one. */
CASE(of_another_policy)
{
	struct home h;

	(void)arg;
	home_open(&h, OF_POLICY);
	lend(&h.s, MINUTE, 0, 5);
	must_equal(state_it(&h.s, (struct said){ "a", -1, 60, false, 6, NULL }), 0);
	must_equal(released(&h), -EACCES);
	must(heard(h.from, "policy"));
	must_equal(state_it(&h.s, (struct said){ "a", 0, 60, false, 5, NULL }), 0);
	/* And says that it was another: nobody asks. */
	lend(&h.s, MINUTE, 0, 6);
	must_equal(released(&h), 0);
	site_close(&h.s);
	return 0;
}

/* Keys of gateways as secrets of runners; for no longer than was proven. */
CASE(keys)
{
	CLEANUP_ANSWER struct link_answer made_answer = LINK_ANSWER_NONE;
	struct vault_ask ask = {
		.kind = VAULT_BUCKET, .owner = 1, .number = 1, .value = 10 * MINUTE,
	};
	struct vault_give made, give;
	struct link_call call = {
		VAULT_MAKE_KEY, &vault_ask_schema, &ask, -1, &vault_give_schema, &made, 0,
	};
	struct side gateway;
	struct home h;
	int i, want;

	(void)arg;
	home_open(&h, TERMS);
	dial(&h.s, &gateway, ROLE_GATEWAY, "a");
	must_equal(link_do(h.s.backend.link, &call, &made_answer, SOON), 0);
	ask.blob = made.blob;
	call.operation = VAULT_LEASE;
	call.reply = &give;
	lend(&h.s, 20 * MINUTE, 0, 5);
	for (i = 0; i < 2; i++) {
		CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;

		want = i ? 0 : -EACCES;
		must_equal(link_do(gateway.link, &call, &answer, SOON), want);
		must(!i || (give.value && give.value <= MINUTE));
		must_equal(state_it(&h.s, (struct said){ "a", 0, 60, false, 5, NULL }), 0);
	}
	link_close(gateway.link);
	site_close(&h.s);
	return 0;
}

/* Whoever is not the backend says nothing; the key may come later, and has to be one. */
CASE(bounds)
{
	char *token = statement(&(struct said){ "a", 0, 1000000, false, 5, NULL });
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct vault_ask ask = { .text = { token, strlen(token) } };
	struct vault_give give;
	const struct link_call call = {
		VAULT_STATEMENT, &vault_ask_schema, &ask, -1, &vault_give_schema, &give, 0,
	};
	char missing[160];
	struct home h;

	(void)arg;
	home_open(&h, TERMS);
	must_equal(link_do(h.s.a.link, &call, &answer, SOON), -EACCES);
	snprintf(missing, sizeof(missing), "%s/later.pub", top);
	h.s.v.proofs.path = missing;
	h.from = strlen(audited);
	must_equal(pass_on(&h.s, token, strlen(token)), -ENOKEY);
	must(heard(h.from, "see verifier in [attest]"));
	must_equal(file_write_atomic(missing, "x", 1, 0644), 0);
	must_equal(pass_on(&h.s, token, strlen(token)), -ENOKEY);
	h.s.v.proofs.path = key_path;
	/* Longer than a day is a day. */
	must_equal(pass_on(&h.s, token, strlen(token)), 0);
	must(proof_left(&h.s.v.proofs, STR("a"), io_now()) <= PROOF_MOST_MS * 1000000ll);
	/* Nothing is said: nothing changes. */
	must_equal(pass_on(&h.s, "", 0), 0);
	must(proof_left(&h.s.v.proofs, STR("a"), io_now()) > 0);
	free(token);
	site_close(&h.s);
	return 0;
}

/* What was stated while a clock was ahead keeps nothing out once it is set right. */
CASE(clock_set_back)
{
	char *ahead = statement(&(struct said){ "a", 3600, 7200, false, 5, NULL });
	char why[PROOF_WHY];
	struct home h;

	(void)arg;
	home_open(&h, TERMS);
	must_equal(proof_take(&h.s.v.proofs, str_of(ahead), time(NULL) + 3600, io_now(), why), 0);
	must_equal(state_it(&h.s, (struct said){ "a", -1, 60, false, 5, NULL }), 0);
	must(proof_left(&h.s.v.proofs, STR("a"), io_now()) <= MINUTE * 1000000ll);
	must_equal(state_it(&h.s, (struct said){ "a", -2, 60, false, 5, NULL }), -ESTALE);
	free(ahead);
	site_close(&h.s);
	return 0;
}

#define TEST(name) \
	static void test_##name(void **state) \
	{ \
		*audited = 0; \
		assert_int_equal(on_loop(state, name, NULL), 0); \
	}

TEST(believed)
TEST(never_given)
TEST(of_another)
TEST(ended)
TEST(replayed)
TEST(of_another_policy)
TEST(keys)
TEST(bounds)
TEST(clock_set_back)

#define ON_EPOLL(fn)	{ #fn, fn, NULL, NULL, (void *)"epoll" }

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_EPOLL(test_believed), ON_EPOLL(test_never_given), ON_EPOLL(test_of_another),
		ON_EPOLL(test_ended), ON_EPOLL(test_replayed), ON_EPOLL(test_of_another_policy),
		ON_EPOLL(test_keys), ON_EPOLL(test_bounds),
		ON_EPOLL(test_clock_set_back),
	};

	return cmocka_run_group_tests_name("lease_proof", tests, begin, end);
}
