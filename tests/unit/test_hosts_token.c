// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the backend says to others of a machine that attests: a token that OpenSSL verifies by
 * itself, that ends with the lease, and that nobody has but the team whose machine it is.
 */
#include "hosts_util.h"

#include "../../user/skyd/admin.h"
#include "tpm/ear.h"

#define A_DAY	86400

/* As a gateway asks.  Return: the status; @token receives it, or "". */
static int ask_token(struct site *s, struct link *gateway, enum asker who, const char *host,
		     char token[8192], u64 *expires)
{
	ANSWER answer = LINK_ANSWER_NONE;
	char path[128];
	const struct meta_api ask = {
		.caller.access_key = rtext(who_keys[who]), .method = rtext("GET"),
		.path = { path, (u32)snprintf(path, sizeof(path), "/host_token/%s", host) },
	};
	struct meta_api_answer give;
	const struct link_call call = {
		META_API, &meta_api_schema, &ask, -1, &meta_api_answer_schema, &give, 0,
	};
	STORE_ARENA arena = { 0 };
	struct store_host row;
	json_t *o;

	must_equal(link_do(gateway, &call, &answer, SOON), 0);
	o = json_loadb(give.body.data, give.body.len, 0, NULL);
	must(o);
	*token = 0;
	if (give.status == 200) {
		snprintf(token, 8192, "%s", json_string_value(json_object_get(o, "token")));
		must(!strcmp(json_string_value(json_object_get(o, "name")), host));
		row_of(s, host, &arena, &row);
		*expires = row.lease / 1000000;
		store_arena_free(&arena);
	}
	json_decref(o);
	return give.status;
}

/* By somebody else's hand: the file of the key, and nothing of ours. */
static void openssl_verifies(const char *token, bool good)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/token", top);
	must_equal(file_write_atomic(path, token, strlen(token), 0600), 0);
	RUN(good ? 0 : 1, "cd %s && python3 -c '\n"
	    "import base64, sys\n"
	    "d = lambda s: base64.urlsafe_b64decode(s + \"=\" * (-len(s) %% 4))\n"
	    "head, body, sig = open(\"token\").read().split(\".\")\n"
	    "sig = d(sig); assert len(sig) == 64\n"
	    "def n(b):\n"
	    "  b = b.lstrip(bytes(1)); b = (bytes(1) if b[0] > 127 else b\"\") + b\n"
	    "  return bytes([2, len(b)]) + b\n"
	    "rs = n(sig[:32]) + n(sig[32:])\n"
	    "open(\"sig\", \"wb\").write(bytes([48, len(rs)]) + rs)\n"
	    "open(\"signed\", \"w\").write(head + \".\" + body)\n"
	    "' && openssl dgst -sha256 -verify ear.key.pub -signature sig signed", top);
}

static json_t *claims_of(const char *token, int64_t now, int rc)
{
	char path[96], *pem;
	json_t *claims = NULL;
	struct ear_key *key;
	size_t len;

	snprintf(path, sizeof(path), "%s/ear.key.pub", top);
	must_equal(file_read(path, 4096, &pem, &len), 0);
	key = ear_key_public((struct str){ pem, len });
	must(key);
	must_equal(ear_verify(key, str_of(token), now, NULL, &claims), rc);
	ear_key_free(key);
	free(pem);
	return claims;
}

static void token_site(struct site *s)
{
	sh("rm -f %s/ear.key*", top);
	site_open(s);
	s->h.config.state = top;
	s->h.config.attest_token_key = (char *)"ear.key";
}

static void expect_of_team(struct site *s, const struct machine *m, u64 team)
{
	const struct store_host row = {
		.name = stext(m->name), .state = STORE_HOST_EXPECTED, .named = true, .team = team,
		.ek = { m->ek_name.at, m->ek_name.len },
	};

	must_equal(host_keep(s->h.b.hosts, host_of(s->h.b.hosts, str_of(m->name)), &row), 0);
}

/* --- what it is -------------------------------------------------------------------------- */

static int verified(void *arg)
{
	static char token[8192], other[8192];
	struct link *gateway;
	struct machine a;
	struct site s;
	u64 expires, now;
	json_t *claims, *machine;
	char *at;

	(void)arg;
	token_site(&s);
	gateway = call_as(&s, ROLE_GATEWAY, "here", false);
	machine_open(&a, &s, "a", "A");
	expect_of_team(&s, &a, s.h.team);
	must_equal(ask_token(&s, gateway, OWNER, "a", token, &expires), 404);
	must_equal(enrol(&a), 0);
	must_equal(ask_token(&s, gateway, OWNER, "a", token, &expires), 404);
	now = backend_now() / 1000000;
	must(attest(&a, ENTRIES));
	must_equal(ask_token(&s, gateway, OWNER, "a", token, &expires), 200);
	openssl_verifies(token, true);
	/* The signature is over all of it. */
	at = strchr(token, '.') + 9;
	*at ^= 1;
	openssl_verifies(token, false);
	claims_of(token, now, -EKEYREJECTED);
	*at ^= 1;
	claims = claims_of(token, now, 0);
	must_equal(json_integer_value(json_object_get(claims, "exp")), (json_int_t)expires);
	must(expires >= now + LEASE_MS / 1000 && expires <= now + LEASE_MS / 1000 + 30);
	machine = json_object_get(json_object_get(claims, "submods"), "a");
	must(!strcmp(json_string_value(json_object_get(machine, "ear.status")), "affirming"));
	json_decref(claims);
	/* To the second, and of no later day. */
	json_decref(claims_of(token, (int64_t)expires - 1, 0));
	claims_of(token, (int64_t)expires, -ETIME);
	claims_of(token, (int64_t)now - A_DAY, -ETIME);
	/* After a restart the same key signs; the file is nobody else's. */
	ear_key_free(s.h.b.hosts->token_key);
	s.h.b.hosts->token_key = NULL;
	RUN(0, "cd %s && cp ear.key.pub was && stat -c %%a ear.key", top);
	heard("600\n");
	must(attest(&a, ENTRIES));
	must_equal(ask_token(&s, gateway, OWNER, "a", other, &expires), 200);
	must(strcmp(other, token));
	openssl_verifies(other, true);
	RUN(0, "cd %s && cmp was ear.key.pub", top);
	device_close(a.device);
	site_close(&s);
	return 0;
}

/* --- who has it -------------------------------------------------------------------------- */

static int of_one_team(void *arg)
{
	static char token[8192];
	struct link *gateway;
	struct machine a, b;
	struct site s;
	u64 expires;

	(void)arg;
	token_site(&s);
	gateway = call_as(&s, ROLE_GATEWAY, "here", false);
	machine_open(&a, &s, "a", "A");
	machine_open(&b, &s, "b", "B");
	expect_of_team(&s, &a, s.h.team);
	expect_of_team(&s, &b, 0);
	must_equal(enrol(&a), 0);
	must_equal(enrol(&b), 0);
	must(attest(&a, ENTRIES));
	must(attest(&b, ENTRIES));
	must_equal(ask_token(&s, gateway, OWNER, "a", token, &expires), 200);
	must_equal(ask_token(&s, gateway, READER, "a", token, &expires), 200);
	must_equal(ask_token(&s, gateway, NONE, "a", token, &expires), 403);
	must_equal(ask_token(&s, gateway, ANONYMOUS, "a", token, &expires), 401);
	/* As one that is not there. */
	must_equal(ask_token(&s, gateway, OTHER, "a", token, &expires), 404);
	must_equal(ask_token(&s, gateway, OTHER, "nobody", token, &expires), 404);
	/* One of no team is the administrator's alone. */
	must_equal(ask_token(&s, gateway, OWNER, "b", token, &expires), 404);
	must_equal(ask_token(&s, gateway, OTHER, "b", token, &expires), 404);
	must(!*token);
	device_close(a.device);
	device_close(b.device);
	site_close(&s);
	return 0;
}

/* --- how long ---------------------------------------------------------------------------- */

static int ends(void *arg)
{
	static char token[8192];
	STORE_ARENA arena = { 0 };
	struct store_host row;
	struct link *gateway;
	struct machine a;
	struct site s;
	u64 expires;

	(void)arg;
	token_site(&s);
	gateway = call_as(&s, ROLE_GATEWAY, "here", false);
	machine_open(&a, &s, "a", "A");
	expect_of_team(&s, &a, s.h.team);
	must_equal(enrol(&a), 0);
	/* With the lease. */
	s.h.config.attest_lease_ms = 1500;
	must(attest(&a, ENTRIES));
	must_equal(ask_token(&s, gateway, OWNER, "a", token, &expires), 200);
	must_equal(io_sleep_until(io_after_ms(1600)), 0);
	must_equal(ask_token(&s, gateway, OWNER, "a", token, &expires), 404);
	/* With a bad verdict, though the last token was good for longer. */
	s.h.config.attest_lease_ms = LEASE_MS;
	must(attest(&a, ENTRIES));
	must_equal(ask_token(&s, gateway, OWNER, "a", token, &expires), 200);
	put_policy("a", BAD_POLICY);
	must(!attest(&a, ENTRIES));
	must_equal(ask_token(&s, gateway, OWNER, "a", token, &expires), 404);
	row_of(&s, "a", &arena, &row);
	must(!row.token.len && row.team == s.h.team);
	RUN(0, "rm %s/policies/a.json", top);
	must(attest(&a, ENTRIES));
	must_equal(ask_token(&s, gateway, OWNER, "a", token, &expires), 200);
	/* With the host's right to enrol. */
	store_arena_free(&arena);
	row_of(&s, "a", &arena, &row);
	row.state = STORE_HOST_REVOKED;
	row.lease = 0;
	must_equal(host_keep(s.h.b.hosts, host_of(s.h.b.hosts, STR("a")), &row), 0);
	must_equal(ask_token(&s, gateway, OWNER, "a", token, &expires), 404);
	store_arena_free(&arena);
	device_close(a.device);
	site_close(&s);
	return 0;
}

/* Where it cannot be signed there is none, and the machine is trusted all the same. */
static int without_key(void *arg)
{
	static const char *const made[] = {
		"cp was ear.key; chmod 644 ear.key", "echo x >ear.key; chmod 600 ear.key",
		"mkdir ear.key; chmod 700 ear.key",
	};
	static char token[8192];
	struct link *gateway;
	struct machine a;
	struct site s;
	unsigned int i;
	u64 expires;

	(void)arg;
	token_site(&s);
	gateway = call_as(&s, ROLE_GATEWAY, "here", false);
	machine_open(&a, &s, "a", "A");
	expect_of_team(&s, &a, s.h.team);
	must_equal(enrol(&a), 0);
	for (i = 0; i < ARRAY_SIZE(made); i++) {
		RUN(0, "cd %s && rm -rf ear.key && openssl ecparam -name prime256v1 -genkey -noout -out was && %s",
		    top, made[i]);
		must(attest(&a, ENTRIES));
		must_equal(ask_token(&s, gateway, OWNER, "a", token, &expires), 404);
	}
	RUN(0, "rm -rf %s/ear.key", top);
	s.h.config.attest_token_key = (char *)"";
	must(attest(&a, ENTRIES));
	must_equal(ask_token(&s, gateway, OWNER, "a", token, &expires), 404);
	RUN(1, "test -e %s/ear.key", top);
	device_close(a.device);
	site_close(&s);
	return 0;
}

#define CASE(name) \
	static void test_##name(void **state) \
	{ \
		assert_int_equal(on_loop(state, name, NULL), 0); \
	}

CASE(verified)
CASE(of_one_team)
CASE(ends)
CASE(without_key)

#define ON_EPOLL(fn)	{ #fn, fn, NULL, NULL, (void *)"epoll" }

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_EPOLL(test_verified), ON_EPOLL(test_of_one_team), ON_EPOLL(test_ends),
		ON_EPOLL(test_without_key),
	};

	return cmocka_run_group_tests_name("hosts_token", tests, setup, teardown);
}
