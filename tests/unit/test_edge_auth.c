// SPDX-License-Identifier: GPL-2.0-or-later
/* URLs of an edge: what is signed is let in once, and each way to be wrong is refused. */
#include "edge_util.h"

#include "../../user/skyd/edge_auth.h"

#define T0	1700000000
#define HOST	"edge7.example:9000"
#define DIGEST	"44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"

static struct edge_auth_config config = {
	.edge = "edge seven.....", .access_key = { "backend", 7 },
	.host = { HOST, sizeof(HOST) - 1 }, .region = { "eu-1", 4 },
};

static struct ecdsa_key *backend, *stranger, *own;
static uint8_t own_point[P256_POINT_BYTES];
static struct edge_auth *auth;

static int make_keys(void **state)
{
	uint8_t scalar[P256_SCALAR_BYTES], point[P256_POINT_BYTES];

	(void)state;
	memset(scalar, 1, sizeof(scalar));
	backend = ecdsa_private(scalar);
	memset(scalar, 2, sizeof(scalar));
	stranger = ecdsa_private(scalar);
	memset(config.scalar, 3, sizeof(config.scalar));
	own = ecdsa_private(config.scalar);
	ecdsa_point(own, own_point);
	ecdsa_point(backend, point);
	config.signer = ecdsa_public(point);
	return edge_auth_open(&auth, &config);
}

static int free_keys(void **state)
{
	(void)state;
	edge_auth_close(auth);
	ecdsa_free(backend);
	ecdsa_free(stranger);
	ecdsa_free(own);
	ecdsa_free(config.signer);
	return 0;
}

static struct edge_signer granted(struct ecdsa_key *key, int64_t now)
{
	struct edge_signer s = { .host = config.host, .region = config.region };

	assert_int_equal(edge_signer_grant(&s, key, config.edge, own_point, now), 0);
	/* The text lies in the struct, which is handed on. */
	return s;
}

static struct edge_signer by_ecdsa(struct ecdsa_key *key)
{
	return (struct edge_signer){
		.algorithm = SIG_ECDSA, .host = config.host, .region = config.region,
		.access_key = config.access_key, .key = key,
	};
}

/* A request as it comes in; the tests bend one thing of it. */
struct request {
	char query[2048];
	struct sig_header header[3];
	struct sig_message m;
	int64_t now;
};

static void request_make(struct request *r, struct edge_signer *s, const char *method,
			 uint32_t life)
{
	struct edge_url url = {
		.method = str_of(method), .name = STR("g/abc.1"), .len = 12,
		.sha256 = STR(DIGEST), .query = OUT(r->query, sizeof(r->query)),
	};

	if (s->algorithm == SIG_HMAC)
		s->access_key = (struct str){ s->session.access_key, GRANT_KEY_LEN };
	assert_int_equal(edge_sign(s, T0, life, &url, 1), 0);
	r->now = T0;
	r->header[0] = (struct sig_header){ STR("Host"), config.host };
	r->header[1] = (struct sig_header){ STR("Content-Length"), STR("12") };
	r->m = (struct sig_message){
		.method = str_of(method), .path = STR("/g/abc.1"),
		.query = out_written(&url.query), .headers = r->header,
		.count = !strcmp(method, "PUT") ? 2 : 1,
	};
}

static enum s3_code judge(struct request *r)
{
	struct edge_ticket ticket;
	struct s3_fault f = { 0 };

	return edge_auth_check(auth, &r->m, r->now, &ticket, &f);
}

static void let_in(void **state)
{
	static const char *const method[] = { "GET", "HEAD", "PUT", "DELETE" };
	struct edge_signer s[2];
	struct edge_ticket t;
	struct s3_fault f = { 0 };
	struct request r;
	unsigned int i, j;

	(void)state;
	s[0] = granted(backend, T0);
	s[1] = by_ecdsa(backend);
	for (i = 0; i < 2; i++) {
		for (j = 0; j < 4; j++) {
			request_make(&r, &s[i], method[j], 60);
			assert_int_equal(edge_auth_check(auth, &r.m, T0 + 60, &t, &f), S3_OK);
			assert_int_equal(t.expires, T0 + 60);
			assert_true(str_is(t.name, "g/abc.1"));
			assert_int_equal(t.len, j == 2 ? 12 : 0);
			assert_int_equal(t.sha256[0], j == 2 ? 0x44 : 0);
			assert_int_equal(judge(&r), S3_OK);
		}
	}
}

static void bend(struct request *r, const char *from, const char *to)
{
	char *at = strstr(r->query, from), rest[2048];

	assert_non_null(at);
	snprintf(rest, sizeof(rest), "%.*s", (int)(r->query + r->m.query.len - at - strlen(from)),
		 at + strlen(from));
	snprintf(at, sizeof(r->query) - (at - r->query), "%s%s", to, rest);
	r->m.query.len = strlen(r->query);
}

static void refused_both(struct edge_signer *s)
{
	struct request r;
	char *at;

	request_make(&r, s, "GET", 60);
	r.m.method = STR("HEAD");
	assert_int_equal(judge(&r), S3_SIGNATURE_DOES_NOT_MATCH);
	r.m.method = STR("POST");
	assert_int_equal(judge(&r), S3_METHOD_NOT_ALLOWED);

	request_make(&r, s, "GET", 60);
	r.m.path = STR("/g/abc.2");
	assert_int_equal(judge(&r), S3_SIGNATURE_DOES_NOT_MATCH);
	r.m.path = STR("/g%2Fabc.1");
	assert_int_equal(judge(&r), S3_INVALID_URI);
	r.m.path = STR("/g/../abc.1");
	assert_int_equal(judge(&r), S3_INVALID_URI);

	request_make(&r, s, "GET", 60);
	r.header[0].value = STR("edge8.example:9000");
	assert_int_equal(judge(&r), S3_ACCESS_DENIED);

	request_make(&r, s, "GET", 60);
	r.now = T0 + 61;
	assert_int_equal(judge(&r), S3_ACCESS_DENIED);
	r.now = T0 - EDGE_URL_SKEW - 1;
	assert_int_equal(judge(&r), S3_ACCESS_DENIED);

	request_make(&r, s, "GET", 60);
	bend(&r, "X-Amz-Expires=60", "X-Amz-Expires=61");
	assert_int_equal(judge(&r), S3_AUTHORIZATION_QUERY_PARAMETERS_ERROR);
	request_make(&r, s, "GET", 30);
	bend(&r, "X-Amz-Expires=30", "X-Amz-Expires=31");
	assert_int_equal(judge(&r), S3_SIGNATURE_DOES_NOT_MATCH);

	request_make(&r, s, "GET", 60);
	bend(&r, "X-Sky-Nonce=", "X-Sky-Nonce=0");
	assert_int_equal(judge(&r), S3_AUTHORIZATION_QUERY_PARAMETERS_ERROR);
	request_make(&r, s, "GET", 60);
	bend(&r, "X-Sky-Nonce=", "X-Sky-Once=");
	assert_int_equal(judge(&r), S3_AUTHORIZATION_QUERY_PARAMETERS_ERROR);
	request_make(&r, s, "GET", 60);
	bend(&r, "X-Sky-Nonce=", "X-Sky-Nonce=00000000000000000000000000000000&X-Sky-Nonce=");
	assert_int_equal(judge(&r), S3_AUTHORIZATION_QUERY_PARAMETERS_ERROR);
	request_make(&r, s, "GET", 60);
	at = strstr(r.query, "X-Sky-Nonce=") + 12;
	*at = *at == '0' ? '1' : '0';
	assert_int_equal(judge(&r), S3_SIGNATURE_DOES_NOT_MATCH);

	request_make(&r, s, "PUT", 60);
	r.header[1].value = STR("13");
	assert_int_equal(judge(&r), S3_SIGNATURE_DOES_NOT_MATCH);
	r.header[1].value = STR("x");
	assert_int_equal(judge(&r), S3_INVALID_ARGUMENT);
	r.m.count = 1;
	assert_int_equal(judge(&r), S3_MISSING_CONTENT_LENGTH);
	request_make(&r, s, "PUT", 60);
	bend(&r, "content-length%3Bhost", "host");
	assert_int_equal(judge(&r), S3_ACCESS_DENIED);
	request_make(&r, s, "PUT", 60);
	bend(&r, DIGEST, "UNSIGNED-PAYLOAD");
	assert_int_equal(judge(&r), S3_ACCESS_DENIED);
	request_make(&r, s, "PUT", 60);
	bend(&r, "44ce7dd6", "54ce7dd6");
	assert_int_equal(judge(&r), S3_SIGNATURE_DOES_NOT_MATCH);
	request_make(&r, s, "GET", 60);
	r.m.count = 2;
	assert_int_equal(judge(&r), S3_INVALID_REQUEST);

	request_make(&r, s, "GET", 60);
	r.m.query = STR_NONE;
	assert_int_equal(judge(&r), S3_ACCESS_DENIED);
	request_make(&r, s, "GET", 60);
	bend(&r, "eu-1", "eu-2");
	assert_int_equal(judge(&r), S3_AUTHORIZATION_QUERY_PARAMETERS_ERROR);
}

static void refused(void **state)
{
	struct edge_signer s = granted(backend, T0), a = by_ecdsa(backend);

	(void)state;
	refused_both(&s);
	refused_both(&a);
}

static void wrong_keys(void **state)
{
	struct edge_signer s = granted(stranger, T0), old = granted(backend, T0 - 30);
	struct edge_signer good = granted(backend, T0), other;
	struct edge_auth_config elsewhere = config;
	struct edge_auth *mine = auth;
	struct request r;

	(void)state;
	request_make(&r, &s, "GET", 60);
	assert_int_equal(judge(&r), S3_INVALID_TOKEN);
	s = by_ecdsa(stranger);
	request_make(&r, &s, "GET", 60);
	assert_int_equal(judge(&r), S3_SIGNATURE_DOES_NOT_MATCH);
	s.access_key = STR("other");
	request_make(&r, &s, "GET", 60);
	assert_int_equal(judge(&r), S3_INVALID_ACCESS_KEY_ID);

	/* No URL outlives its grant, and none that says so is let in, kept or not. */
	request_make(&r, &old, "GET", 60);
	assert_non_null(strstr(r.query, "X-Amz-Expires=30&"));
	bend(&r, "X-Amz-Expires=30", "X-Amz-Expires=60");
	r.now = T0 + 31;
	assert_int_equal(judge(&r), S3_EXPIRED_TOKEN);
	request_make(&r, &old, "GET", 60);
	assert_int_equal(judge(&r), S3_OK);
	bend(&r, "X-Amz-Expires=30", "X-Amz-Expires=60");
	r.now = T0 + 31;
	assert_int_equal(judge(&r), S3_EXPIRED_TOKEN);

	/* One grant's name with another's secret, and no grant at all. */
	other = granted(backend, T0);
	memcpy(other.session.secret, good.session.secret, GRANT_SECRET_LEN);
	request_make(&r, &other, "GET", 60);
	assert_int_equal(judge(&r), S3_SIGNATURE_DOES_NOT_MATCH);
	other = granted(backend, T0);
	memcpy(other.session.access_key, good.session.access_key, GRANT_KEY_LEN);
	request_make(&r, &other, "GET", 60);
	assert_int_equal(judge(&r), S3_INVALID_ACCESS_KEY_ID);
	request_make(&r, &good, "GET", 60);
	bend(&r, "X-Amz-Security-Token", "X-Amz-Security-Thing");
	assert_int_equal(judge(&r), S3_INVALID_ACCESS_KEY_ID);
	request_make(&r, &good, "GET", 60);
	bend(&r, "X-Amz-Security-Token=", "X-Amz-Security-Token=A");
	assert_int_equal(judge(&r), S3_INVALID_TOKEN);

	/* Another edge: its own number, or its own key. */
	elsewhere.edge[0] ^= 1;
	assert_int_equal(edge_auth_open(&auth, &elsewhere), 0);
	request_make(&r, &good, "GET", 60);
	assert_int_equal(judge(&r), S3_INVALID_TOKEN);
	edge_auth_close(auth);
	elsewhere.edge[0] ^= 1;
	elsewhere.scalar[0] ^= 1;
	assert_int_equal(edge_auth_open(&auth, &elsewhere), 0);
	request_make(&r, &good, "GET", 60);
	assert_int_equal(judge(&r), S3_SIGNATURE_DOES_NOT_MATCH);
	edge_auth_close(auth);
	auth = mine;
}

/* More grants than are kept: the cache forgets, and the answers stay right. */
static void many_grants(void **state)
{
	static struct edge_signer s[EDGE_GRANTS + 8];
	struct request r;
	unsigned int i;

	(void)state;
	for (i = 0; i < 2 * (EDGE_GRANTS + 8); i++) {
		unsigned int j = i % (EDGE_GRANTS + 8);

		if (i == j)
			s[j] = granted(backend, T0 - j % 7);
		request_make(&r, &s[j], "PUT", 20);
		assert_int_equal(judge(&r), S3_OK);
	}
}

/* Every byte of a grant changed. */
static void grant_bytes(void **state)
{
	struct grant g = { .issued = T0, .expires = T0 + 60 }, other;
	struct grant_session session, opened_session;
	char text[GRANT_TEXT_MAX];
	unsigned int i;
	struct out o;

	(void)state;
	assert_int_equal(grant_issue(&g, backend, own_point, &session), 0);
	assert_int_equal(grant_open(&g, config.scalar, &opened_session), 0);
	assert_memory_equal(&session, &opened_session, sizeof(session));
	for (i = 0; i < g.len; i++) {
		g.bytes[i] ^= 1 << i % 8;
		o = OUT(text, sizeof(text));
		grant_write(&o, &g);
		assert_false(grant_parse(out_written(&o), &other) &&
			     grant_verify(&other, config.signer));
		g.bytes[i] ^= 1 << i % 8;
	}
	o = OUT(text, sizeof(text));
	grant_write(&o, &g);
	assert_true(grant_parse(out_written(&o), &other));
	assert_true(grant_verify(&other, config.signer));
	for (i = 0; i < o.len; i++)
		assert_false(grant_parse((struct str){ text, i }, &other) &&
			     grant_verify(&other, config.signer));
	g.expires = T0 + 61;
	assert_int_equal(grant_issue(&g, backend, own_point, &session), -EINVAL);
	g.expires = T0;
	assert_int_equal(grant_issue(&g, backend, own_point, &session), -EINVAL);
	g.expires = T0 + 1;
	own_point[64] ^= 1;
	assert_int_equal(grant_issue(&g, backend, own_point, &session), -EINVAL);
	own_point[64] ^= 1;
}

static int once(void *arg)
{
	struct edge_spent_config spent_config = { .path = folder, .salt = 1, .max = 2 };
	struct edge_signer s = by_ecdsa(backend);
	struct edge_spent *spent;
	struct s3_fault f = { 0 };
	struct edge_ticket t;
	struct request r;

	(void)arg;
	must_equal(edge_spent_open(&spent, &spent_config, T0), 0);
	request_make(&r, &s, "GET", 60);
	must_equal(edge_auth_check(auth, &r.m, T0, &t, &f), S3_OK);
	must_equal(edge_auth_spend(spent, &t, T0, &f), S3_OK);
	must_equal(edge_spent_sync(spent, T0, T0), 0);
	must_equal(edge_auth_check(auth, &r.m, T0, &t, &f), S3_OK);
	must_equal(edge_auth_spend(spent, &t, T0, &f), S3_ACCESS_DENIED);
	edge_spent_close(spent);
	must_equal(edge_spent_open(&spent, &spent_config, T0 + 1), 0);
	must_equal(edge_auth_spend(spent, &t, T0 + 1, &f), S3_ACCESS_DENIED);
	must_equal(edge_auth_spend(spent, &t, T0 + 61, &f), S3_ACCESS_DENIED);
	t.nonce[0] ^= 1;
	must_equal(edge_auth_spend(spent, &t, T0 + 1, &f), S3_OK);
	t.nonce[0] ^= 2;
	must_equal(edge_auth_spend(spent, &t, T0 + 1, &f), S3_SLOW_DOWN);
	edge_spent_close(spent);
	return 0;
}

static void used_once(void **state)
{
	fresh_folder();
	assert_int_equal(on_loop(state, once, NULL), 0);
	remove_folder();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(let_in),
		cmocka_unit_test(refused),
		cmocka_unit_test(wrong_keys),
		cmocka_unit_test(many_grants),
		cmocka_unit_test(grant_bytes),
		ON_BOTH(used_once),
	};

	return cmocka_run_group_tests_name("edge_auth", tests, make_keys, free_keys);
}
