// SPDX-License-Identifier: GPL-2.0-or-later
/* Sessions over the API: who may make and see them, hostile documents, and what is stored. */
#include "api_util.h"
#include "base/hex.h"
#include "base/out.h"
#include "session/box.h"

#include "../../user/skyd/store_session.h"
#include "../../user/skyd/vault_session.h"

#define DOCUMENT \
	"{\"session\":\"shop\",\"version\":%u,\"images\":[\"sha256:1111111111111111111111111111111111111111111111111111111111111111\"]," \
	"\"tiers\":[3],\"hosts\":[\"a\"],\"command\":[%s],\"secrets\":[{\"name\":\"key\",\"deliver\":\"device\"}]}"
#define VALUE	"a value that nobody sees"

static char text[4096];

static const char *document(unsigned int version, const char *command)
{
	snprintf(text, sizeof(text), DOCUMENT, version, command);
	return text;
}

/* As a client does it: a body for that document, the value in a box for who is said to be asked. */
static char *boxed(struct front *f, const char *key, const char *of)
{
	uint8_t point[P256_POINT_BYTES], digest[32], context[BOX_CONTEXT];
	uint8_t box[sizeof(VALUE) + BOX_OVERHEAD];
	char digits[2 * sizeof(box)], *body;
	struct out o = OUT(digits, sizeof(digits) - 1);
	json_t *intake, *in;

	must_equal(api(f, key, "GET", "/secret_intake/shop", "", &intake), 200);
	must_equal(hex_decode(word(intake, "point"), point, sizeof(point)), 0);
	json_decref(intake);
	must_equal(sha256_digest(of, strlen(of), digest), 0);
	must_equal(box_context_intake(digest, STR("key"), context), 0);
	must_equal(box_seal(point, context, VALUE, sizeof(VALUE), box), 0);
	out_base64(&o, box, sizeof(box));
	digits[out_written(&o).len] = 0;
	in = json_pack("{s:s, s:{s:{s:s}}}", "document", of, "secrets", "key", "box", digits);
	body = json_dumps(in, JSON_COMPACT);
	json_decref(in);
	return body;
}

static char *with(const char *of, const char *ways)
{
	json_t *in = json_pack("{s:s, s:o}", "document", of, "secrets", json_loads(ways, 0, NULL));
	char *body = json_dumps(in, JSON_COMPACT);

	json_decref(in);
	return body;
}

static int try(struct front *f, const char *key, const char *method, char *body)
{
	int status = api(f, key, method, "/secret_sessions", body, NULL);

	free(body);
	return status;
}

static int teams(void *arg)
{
	struct front *f = front_open();
	char *blue, *red, *reads, *body;
	json_t *one;

	(void)arg;
	must_equal(admin(f, "team create", "{\"name\":\"red\"}", NULL), 201);
	blue = key_of(f, "{\"team\":\"blue\"}");
	red = key_of(f, "{\"team\":\"red\"}");
	reads = key_of(f, "{\"team\":\"blue\",\"scope\":\"read\"}");
	body = boxed(f, blue, document(1, ""));
	must_equal(api(f, "", "POST", "/secret_sessions", body, NULL), 401);
	must_equal(api(f, reads, "POST", "/secret_sessions", body, NULL), 403);
	must_equal(api(f, blue, "POST", "/secret_sessions", body, NULL), 201);
	must_equal(api(f, blue, "POST", "/secret_sessions", body, NULL), 409);
	must_equal(api(f, blue, "PUT", "/secret_sessions", body, NULL), 409);
	free(body);
	/* Its own, and no other's. */
	must_equal(api(f, reads, "GET", "/secret_sessions/shop", "", &one), 200);
	must_equal(number(one, "version"), 1);
	must_equal(number(one, "releases"), 0);
	must(json_is_true(json_object_get(one, "current")));
	must(!strcmp(word(one, "document"), text));
	json_decref(one);
	must_equal(api(f, red, "GET", "/secret_sessions/shop", "", NULL), 404);
	must_equal(api(f, red, "DELETE", "/secret_sessions/shop", "", NULL), 404);
	must_equal(api(f, reads, "DELETE", "/secret_sessions/shop", "", NULL), 403);
	must_equal(api(f, red, "GET", "/secret_sessions", "", &one), 200);
	must_equal(json_array_size(one), 0);
	json_decref(one);
	must_equal(admin(f, "secret show", "{\"name\":\"shop\"}", NULL), 404);
	must_equal(admin(f, "secret show", "{\"name\":\"shop\",\"team\":\"blue\"}", NULL), 200);
	must_equal(admin(f, "secret show", "{\"name\":\"shop\",\"team\":\"none\"}", NULL), 404);
	/* What was kept is nobody else's, either; another team has a name of its own. */
	must_equal(try(f, red, "PUT", with(document(2, ""), "{\"key\":{\"keep\":true}}")), 404);
	must_equal(try(f, red, "POST", with(document(1, ""), "{\"key\":{\"random\":32}}")), 201);
	must_equal(try(f, blue, "PUT", with(document(2, ""), "{\"key\":{\"keep\":true}}")), 200);
	body = with(document(3, "\"x\""), "{\"key\":{\"keep\":true}}");
	must_equal(try(f, blue, "PUT", body), 409);
	must_equal(try(f, blue, "PUT", boxed(f, blue, document(3, "\"x\""))), 200);
	must_equal(api(f, blue, "DELETE", "/secret_sessions/shop", "", NULL), 204);
	must_equal(api(f, blue, "GET", "/secret_sessions/shop", "", NULL), 404);
	must_equal(try(f, blue, "POST", with(document(1, ""), "{\"key\":{\"random\":32}}")), 409);
	must_equal(api(f, blue, "GET", "/secret_intake/shop", "", &one), 200);
	must_equal(number(one, "version"), 4);
	json_decref(one);
	must_equal(try(f, blue, "POST", with(document(4, ""), "{\"key\":{\"random\":32}}")), 201);
	free(blue);
	free(red);
	free(reads);
	front_close(f);
	return 0;
}

static void test_teams(void **state)
{
	assert_int_equal(on_loop(state, teams, NULL), 0);
}

/* The vault takes the next version; the backend ends before it is stored, or right after. */
static void take(struct front *f, unsigned int version, bool stored)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct vault_take_secret secret = { .how = VAULT_RANDOM, .size = 16 };
	const struct vault_take ask = { f->site.team, rb(document(version, "")), {}, &secret, 1 };
	struct vault_taken give;
	const struct link_call call = {
		VAULT_SESSION_TAKE, &vault_take_schema, &ask, -1, &vault_taken_schema, &give,
		sizeof(struct vault_wrapped),
	};
	struct store_session row = {
		.name = stext("shop"), .version = version, .document = stext(text),
	};
	char packed[1024];
	int len;

	must_equal(link_do(f->site.b.vault, &call, &answer, SOON), 0);
	len = rpc_encode(&vault_taken_schema, &give, packed, sizeof(packed));
	must(len > 0);
	row.secrets = (struct store_text){ packed, len };
	if (stored)
		must_equal(store_session_put(f->site.b.store, f->site.team, &row), 0);
}

static void is_current(struct front *f, const char *key, int version)
{
	json_t *one;

	must_equal(api(f, key, "GET", "/secret_sessions/shop", "", &one), 200);
	must_equal(number(one, "version"), version);
	must(json_is_true(json_object_get(one, "current")));
	json_decref(one);
	must_equal(api(f, key, "GET", "/secret_intake/shop", "", &one), 200);
	must_equal(number(one, "version"), version + 1);
	json_decref(one);
}

static int cut_off(void *arg)
{
	struct front *f = front_open();
	char *key = key_of(f, "{\"team\":\"blue\"}");

	(void)arg;
	take(f, 1, false);
	must_equal(try(f, key, "POST", boxed(f, key, document(1, ""))), 201);
	is_current(f, key, 1);
	take(f, 2, false);
	is_current(f, key, 1);
	must_equal(try(f, key, "PUT", with(document(2, ""), "{\"key\":{\"keep\":true}}")), 200);
	is_current(f, key, 2);
	take(f, 3, true);
	must_equal(try(f, key, "PUT", with(document(3, ""), "{\"key\":{\"keep\":true}}")), 409);
	must_equal(try(f, key, "PUT", with(document(4, ""), "{\"key\":{\"keep\":true}}")), 200);
	is_current(f, key, 4);
	take(f, 5, true);
	is_current(f, key, 5);
	take(f, 6, true);
	must_equal(api(f, key, "DELETE", "/secret_sessions/shop", "", NULL), 204);
	must_equal(try(f, key, "POST", with(document(6, ""), "{\"key\":{\"random\":8}}")), 409);
	must_equal(try(f, key, "POST", with(document(7, ""), "{\"key\":{\"random\":8}}")), 201);
	is_current(f, key, 7);
	free(key);
	front_close(f);
	return 0;
}

static void test_cut_off(void **state)
{
	assert_int_equal(on_loop(state, cut_off, NULL), 0);
}

static int hostile(void *arg)
{
	static const char *const ways[] = {
		"{}", "[]", "{\"key\":1}", "{\"key\":{}}", "{\"key\":{\"keep\":true}}",
		"{\"key\":{\"keep\":false}}", "{\"key\":{\"random\":0}}", "{\"key\":{\"random\":513}}",
		"{\"key\":{\"random\":-1}}", "{\"key\":{\"random\":1.5}}", "{\"key\":{\"random\":\"8\"}}",
		"{\"key\":{\"random\":8,\"keep\":true}}", "{\"key\":{\"value\":\"x\"}}",
		"{\"key\":{\"random\":8},\"other\":{\"random\":8}}", "{\"other\":{\"random\":8}}",
		"{\"key\":{\"box\":1}}", "{\"key\":{\"box\":\"!\"}}", "{\"key\":{\"box\":\"AQID\"}}",
	};
	struct front *f = front_open();
	char *key = key_of(f, "{\"team\":\"blue\"}"), *body, *cut, *long_one;
	STORE_ARENA arena = { 0 };
	struct store_session row;
	size_t i, len;
	int status;

	(void)arg;
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		status = try(f, key, "POST", with(document(1, ""), ways[i]));
		must(status == 400 || status == 413);
	}
	body = boxed(f, key, document(1, ""));
	len = strlen(body);
	cut = strdup(body);
	for (i = 0; i < len; i++) {
		memcpy(cut, body, len);
		cut[i] = 0;
		must_equal(api(f, key, "POST", "/secret_sessions", cut, NULL), 400);
	}
	/* Each letter of the box counts, and of the document that it is for. */
	memcpy(cut, body, len + 1);
	for (i = len - 60; i < len - 8; i++) {
		cut[i] = cut[i] == 'A' ? 'B' : 'A';
		must(api(f, key, "POST", "/secret_sessions", cut, NULL) >= 400);
		cut[i] = body[i];
	}
	*strstr(cut, "[3]") = ' ';
	must_equal(api(f, key, "POST", "/secret_sessions", cut, NULL), 400);
	memcpy(cut, body, len + 1);
	memcpy(strstr(cut, "[3]"), "[4]", 3);
	must_equal(api(f, key, "POST", "/secret_sessions", cut, NULL), 400);
	long_one = malloc(400000);
	memset(long_one, ' ', 400000);
	memcpy(long_one, text, strlen(text));
	long_one[SESSION_MAX_BYTES + 1] = 0;
	must_equal(try(f, key, "POST", with(long_one, "{\"key\":{\"random\":8}}")), 400);
	memset(long_one, 'A', 400000);
	memcpy(long_one, "{\"key\":{\"box\":\"", 15);
	strcpy(long_one + 100000, "\"}}");
	must_equal(try(f, key, "POST", with(text, long_one)), 400);
	must_equal(api(f, key, "GET", "/secret_intake/..", "", NULL), 400);
	must_equal(api(f, key, "GET", "/secret_intake/a%20b", "", NULL), 400);
	must_equal(api(f, key, "GET", "/secret_intake", "", NULL), 404);
	must_equal(api(f, key, "GET", "/secret_sessions/..", "", NULL), 404);
	must_equal(api(f, key, "PATCH", "/secret_sessions", "", NULL), 405);
	/* After all that nothing is there; then what was meant, and its value nowhere. */
	must_equal(api(f, key, "GET", "/secret_sessions/shop", "", NULL), 404);
	must_equal(api(f, key, "POST", "/secret_sessions", body, NULL), 201);
	must_equal(store_session_get(f->site.b.store, f->site.team, stext("shop"), &arena, &row),
		   0);
	must(!memmem(row.secrets.data, row.secrets.len, VALUE, strlen(VALUE)));
	must(!strstr(body, VALUE));
	store_arena_free(&arena);
	free(long_one);
	free(body);
	free(cut);
	free(key);
	front_close(f);
	return 0;
}

static void test_hostile(void **state)
{
	assert_int_equal(on_loop(state, hostile, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(test_teams), ON_BOTH(test_cut_off), ON_BOTH(test_hostile),
	};

	log_start("test", &config);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
