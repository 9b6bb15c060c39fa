// SPDX-License-Identifier: GPL-2.0-or-later
/* Placement and URLs, with the store, the vault and what edges and foreign servers check. */
#include <time.h>

#include "plan_util.h"

#include "../../user/skyd/plan_private.h"
#include "http/date.h"
#include "pipe/manifest.h"
#include "s3/sig.h"


static const u8 digest[32] = { 0x44, 0xce };

/* The policy that the store has from its first start. */
static const struct policy *policy_of(struct site *s, struct store_arena *a)
{
	const struct policy *p;
	struct store_policy row;

	must_equal(store_policy_find(s->b.store, s->team, stext("default"), a, &row), 0);
	must_equal(plan_policy(&s->b, s->team, row.id, row.revision, a, &p), 0);
	must_equal(p->k, 4);
	must_equal(p->quorum, 4);
	return p;
}

static u16 location_of(const struct meta_slots *slots, unsigned int slot, unsigned int row)
{
	const u8 *at = (const u8 *)slots->slot[slot].locations.data + 2 * row;

	return at[0] | at[1] << 8;
}

static const struct edge_key *edge_at(struct site *s, u16 location)
{
	struct catalogue *c = catalogue_get(&s->b);
	const struct plan_place *p = catalogue_find(c, location);
	unsigned int i;

	must(p);
	for (i = 0; i < EDGES; i++)
		if (!memcmp(p->row.public_point.data, s->edge[i].id, GRANT_EDGE_BYTES))
			break;
	must(i < EDGES);
	catalogue_put(c);
	return &s->edge[i];
}

/* Would the edge let it in, in @later seconds? */
static enum s3_code judge_later(struct site *s, const struct edge_key *e, struct str method,
				struct str name, struct str query, const char *length,
				unsigned int later)
{
	struct edge_auth_config config = {
		.signer = s->signer, .access_key = STR(EDGE_ACCESS_KEY),
		.host = str_of(e->host), .region = STR(EDGE_REGION),
	};
	struct sig_header header[] = {
		{ STR("Host"), str_of(e->host) }, { STR("Content-Length"), str_of(length) },
	};
	char path[64];
	struct sig_message m = {
		.method = method, .query = query, .headers = header, .count = length ? 2 : 1,
	};
	struct edge_auth *auth;
	struct edge_ticket ticket;
	struct s3_fault f = { 0 };
	enum s3_code code;

	snprintf(path, sizeof(path), "/%.*s", STR_ARG(name));
	m.path = str_of(path);
	memcpy(config.edge, e->id, sizeof(config.edge));
	memcpy(config.scalar, e->scalar, sizeof(config.scalar));
	must_equal(edge_auth_open(&auth, &config), 0);
	code = edge_auth_check(auth, &m, time(NULL) + later, &ticket, &f);
	edge_auth_close(auth);
	return code;
}

static enum s3_code judge(struct site *s, const struct edge_key *e, struct str method,
			  struct str name, struct str query, const char *length)
{
	return judge_later(s, e, method, name, query, length, 0);
}

static struct meta_fragment fragment(const struct meta_slots *slots, u8 slot, u8 row, u32 len)
{
	struct meta_fragment f = {
		.reservation = slots->reservation, .slot = slot, .row = row, .bytes = len,
	};

	memcpy(f.sha256, digest, sizeof(digest));
	return f;
}

/* --- hostile first ------------------------------------------------------------------------ */

static int refused(void *arg)
{
	STORE_ARENA a = { 0 };
	static struct meta_fragment many[META_URLS_MAX + 1];
	struct site *s = malloc(sizeof(*s));
	struct meta_signed give;
	struct meta_slots slots;
	struct meta_fragment f;
	struct meta_sign ask = { &f, 1 };
	struct edge_hello bad;
	struct plan_url url;
	unsigned int i;

	(void)arg;
	site_open(s);
	must_equal(plan_slots(&s->b, s->team, policy_of(s, &a), 0, &a, &slots), -EINVAL);
	must_equal(plan_slots(&s->b, s->team, policy_of(s, &a), 65, &a, &slots), -EINVAL);
	must_equal(plan_slots(&s->b, s->team, policy_of(s, &a), 3, &a, &slots), 0);
	must_equal(slots.count, 3);
	f = fragment(&slots, 2, 5, 100);
	must_equal(plan_sign(&s->b, &ask, 0, &a, &give), 0);
	f = fragment(&slots, 3, 0, 100);
	must_equal(plan_sign(&s->b, &ask, 0, &a, &give), -STORE_EXPIRED);
	f = fragment(&slots, 0, 6, 100);
	must_equal(plan_sign(&s->b, &ask, 0, &a, &give), -STORE_INVALID);
	f = fragment(&slots, 0, 0, 0);
	must_equal(plan_sign(&s->b, &ask, 0, &a, &give), -STORE_INVALID);
	f = fragment(&slots, 0, 0, 1);
	f.reservation++;
	must_equal(plan_sign(&s->b, &ask, 0, &a, &give), -STORE_EXPIRED);
	f.reservation = UINT64_MAX;
	must_equal(plan_sign(&s->b, &ask, 0, &a, &give), -STORE_EXPIRED);
	ask.count = 0;
	must_equal(plan_sign(&s->b, &ask, 0, &a, &give), -STORE_INVALID);
	for (i = 0; i <= META_URLS_MAX; i++)
		many[i] = fragment(&slots, i % 3, i % 6, 1 + i);
	ask = (struct meta_sign){ many, META_URLS_MAX + 1 };
	must_equal(plan_sign(&s->b, &ask, 0, &a, &give), -STORE_INVALID);
	ask.count--;
	must_equal(plan_sign(&s->b, &ask, 0, &a, &give), 0);
	for (i = 0; i < META_URLS_MAX; i++)
		must(give.url[i].query.len && give.url[i].row == i % 6);

	/* What no edge says of itself. */
	bad = s->edge[0].hello;
	bad.url = (struct rpc_bytes){ "file:///etc", 11 };
	must_equal(plan_learn_edge(&s->b, &bad), -EBADMSG);
	bad.url = (struct rpc_bytes){ "http://host/../x", 16 };
	must_equal(plan_learn_edge(&s->b, &bad), -EBADMSG);
	bad.url = (struct rpc_bytes){ "http://ho\r\nst", 13 };
	must_equal(plan_learn_edge(&s->b, &bad), -EBADMSG);
	bad = s->edge[0].hello;
	bad.name.len = 0;
	must_equal(plan_learn_edge(&s->b, &bad), -EBADMSG);

	must_equal(plan_url(&s->b, "GET", 60000, STR("a/0"), 0, NULL, 0, &a, &url),
		   -STORE_NO_SUCH_LOCATION);
	/* A place that nobody has given a URL yet. */
	must_equal(plan_url(&s->b, "GET", 1, STR("a/0"), 0, NULL, 0, &a, &url), -EHOSTUNREACH);
	must_equal(plan_url(&s->b, "GET", 61, STR("../../../../../../../../../../../../../a"), 0,
			    NULL, 0, &a, &url), -EINVAL);
	site_close(s);
	free(s);
	return 0;
}

static void test_refused(void **state)
{
	assert_int_equal(on_loop(state, refused, NULL), 0);
}

/* --- reservations ------------------------------------------------------------------------- */

static void check_spread(const struct meta_slots *slots, unsigned int distinct)
{
	unsigned int i, j, k;

	for (i = 0; i < slots->count; i++) {
		must_equal(slots->slot[i].locations.len, 12);
		for (j = 0; j < distinct; j++)
			for (k = 0; k < j; k++)
				must(location_of(slots, i, j) != location_of(slots, i, k));
		for (j = 0; j < i; j++)
			must(memcmp(slots->slot[i].generation, slots->slot[j].generation, 16));
	}
}

/* What a location is that fails: nothing goes there first, and what must go there goes last. */
static int failing(void *arg)
{
	STORE_ARENA a = { 0 };
	struct site *s = malloc(sizeof(*s));
	const struct policy *policy;
	struct store_outage *outages;
	struct meta_slots slots;
	unsigned int i;
	u16 first;

	(void)arg;
	site_open(s);
	policy = policy_of(s, &a);
	must_equal(plan_slots(&s->b, s->team, policy, 64, &a, &slots), 0);
	must_equal(slots.count, 64);
	check_spread(&slots, 6);
	first = 61;
	/* Once may happen, and what is not there is no failure. */
	plan_note(&s->b, first, -ETIMEDOUT);
	plan_note(&s->b, first, -ENOENT);
	plan_note(&s->b, first, -ETIMEDOUT);
	must(!plan_is_down(&s->b, first));
	for (i = 0; i < 2; i++) {
		plan_note(&s->b, first + i, -ECONNREFUSED);
		plan_note(&s->b, first + i, -ECONNREFUSED);
		must(plan_is_down(&s->b, first + i));
		must_equal(plan_slots(&s->b, s->team, policy, 8, &a, &slots), 0);
		check_spread(&slots, 6);
		must(location_of(&slots, 3, 5) <= first + i);
		must(location_of(&slots, 3, 0) > first + i);
	}
	/* Why is told while it is so. */
	must_equal(strcmp(plan_why_down(&s->b, first), strerror(ECONNREFUSED)), 0);
	must_equal(strcmp(plan_why_down(&s->b, first + 2), ""), 0);
	plan_note_why(&s->b, first + 2, "its disk is full");
	must_equal(strcmp(plan_why_down(&s->b, first + 2), ""), 0);
	plan_note(&s->b, first + 2, 0);
	plan_note_why(&s->b, first + 2, "nobody is there");
	/* Less than the quorum is less than can be promised. */
	plan_note(&s->b, first + 2, -EIO);
	plan_note(&s->b, first + 2, -EIO);
	must_equal(strcmp(plan_why_down(&s->b, first + 2), "nobody is there"), 0);
	must_equal(plan_slots(&s->b, s->team, policy, 8, &a, &slots), -ENOSPC);
	plan_note(&s->b, first + 1, 0);
	must_equal(strcmp(plan_why_down(&s->b, first + 1), ""), 0);
	must_equal(plan_slots(&s->b, s->team, policy, 8, &a, &slots), 0);
	must_equal(store_location_outages(s->b.store, first, 9, &a, &outages), 1);
	must_equal(outages[0].end, 0);
	must_equal(store_location_outages(s->b.store, first + 1, 9, &a, &outages), 1);
	must(outages[0].end >= outages[0].begin && outages[0].begin);
	site_close(s);
	free(s);
	return 0;
}

static void test_failing(void **state)
{
	assert_int_equal(on_loop(state, failing, NULL), 0);
}

/* After a restart what was reserved before can be used, but for what has been committed. */
static int restart(void *arg)
{
	STORE_ARENA a = { 0 };
	struct site *s = malloc(sizeof(*s));
	struct meta_slots slots;
	struct meta_signed give;
	struct meta_fragment f;
	struct meta_locations list;
	struct store_location *rows;
	u64 revision, items, due, piece;

	(void)arg;
	site_open(s);
	must_equal(plan_locations(&s->b, &a, &list), 0);
	must_equal(list.count, EDGES);
	must(list.location[0].edge);
	must_equal(list.location[0].url.len, strlen(s->edge[0].url));
	revision = plan_revision(&s->b);
	must_equal(list.revision, revision);
	must_equal(plan_reload(&s->b), 0);
	must_equal(plan_revision(&s->b), revision);
	must_equal(plan_slots(&s->b, s->team, policy_of(s, &a), 2, &a, &slots), 0);
	plan_close(&s->b);
	must_equal(plan_open(&s->b), 0);
	must(plan_revision(&s->b) > revision);
	must_equal(store_piece_open(s->b.store, s->team, plan_now() + 60000000, &piece), 0);
	must_equal(store_piece_add(s->b.store, s->team, piece,
				   &(struct store_page){ .length = 1, .generations = 1,
							 .records = { "r", 1 } },
				   &(struct store_claim){ slots.reservation, 2 }, 1,
				   plan_now() + 60000000), 0);
	f = fragment(&slots, 0, 0, 10);
	must_equal(plan_sign(&s->b, &(struct meta_sign){ &f, 1 }, 0, &a, &give), 0);
	must_equal(give.url[0].location, location_of(&slots, 0, 0));
	f = fragment(&slots, 1, 0, 10);
	must_equal(plan_sign(&s->b, &(struct meta_sign){ &f, 1 }, 0, &a, &give), -STORE_EXPIRED);
	/* Neither places nor edges are there twice. */
	must_equal(plan_learn_edge(&s->b, &s->edge[3].hello), 0);
	must_equal(store_location_list(s->b.store, 0, 0, 1000, &a, &rows), PLACES + EDGES);
	must_equal(store_garbage_count(s->b.store, &items, &due), 0);
	must_equal(items, 0);
	/* The same name with another key is another edge. */
	s->edge[3].hello.id[0] ^= 1;
	must_equal(plan_learn_edge(&s->b, &s->edge[3].hello), 0);
	must_equal(store_location_list(s->b.store, 0, 0, 1000, &a, &rows), PLACES + EDGES + 1);
	site_close(s);
	free(s);
	return 0;
}

static void test_restart(void **state)
{
	assert_int_equal(on_loop(state, restart, NULL), 0);
}

/* --- URLs -------------------- */

static int edges(void *arg)
{
	STORE_ARENA a = { 0 };
	struct site *s = malloc(sizeof(*s));
	const struct edge_key *e;
	struct meta_slots slots;
	struct meta_signed give;
	struct meta_fragment f[12];
	struct plan_url url;
	char name[META_FRAGMENT_NAME_MAX];
	struct str query;
	unsigned int i;

	(void)arg;
	site_open(s);
	must_equal(plan_slots(&s->b, s->team, policy_of(s, &a), 2, &a, &slots), 0);
	for (i = 0; i < 12; i++)
		f[i] = fragment(&slots, i / 6, i % 6, 12);
	must_equal(plan_sign(&s->b, &(struct meta_sign){ f, 12 }, 0, &a, &give), 0);
	must_equal(give.count, 12);
	for (i = 0; i < 12; i++) {
		must_equal(give.url[i].location, location_of(&slots, i / 6, i % 6));
		e = edge_at(s, give.url[i].location);
		query = (struct str){ give.url[i].query.data, give.url[i].query.len };
		meta_fragment_name(slots.slot[i / 6].generation, i % 6, name);
		must_equal(judge(s, e, STR("PUT"), str_of(name), query, "12"), S3_OK);
		must(judge(s, e, STR("PUT"), str_of(name), query, "13") != S3_OK);
		must(judge(s, e, STR("GET"), str_of(name), query, NULL) != S3_OK);
		name[0] ^= 1;
		must(judge(s, e, STR("PUT"), str_of(name), query, "12") != S3_OK);
		name[0] ^= 1;
		/* Good for that edge alone. */
		must(judge(s, &s->edge[(e - s->edge + 1) % EDGES], STR("PUT"), str_of(name),
			   query, "12") != S3_OK);
	}
	/* One question for each edge, however many URLs. */
	must_equal(s->vault.counts.calls, EDGES);
	must_equal(plan_url(&s->b, "DELETE", give.url[0].location, STR("abc/0"), 0, NULL, 0, &a, &url),
		   0);
	e = edge_at(s, give.url[0].location);
	must(!strncmp(url.url, e->url, strlen(e->url)));
	must(!strncmp(url.url + strlen(e->url), "/abc/0?", 7));
	must_equal(judge(s, e, STR("DELETE"), STR("abc/0"),
			 str_of(url.url + strlen(e->url) + 7), NULL), S3_OK);
	must_equal(s->vault.counts.calls, EDGES);
	site_close(s);
	free(s);
	return 0;
}

static void test_edges(void **state)
{
	assert_int_equal(on_loop(state, edges, NULL), 0);
}

/* Somebody else's S3, with what it gave us. */
static u16 add_foreign(struct site *s, const char *url)
{
	struct store_location row = {
		.kind = STORE_CLOUD, .name = stext("theirs"), .url = stext(url),
		.region = stext("eu-9"),
	};
	struct plan_credentials c = { .access_key = { "AKID", 4 } };
	struct vault_ask ask = {
		.kind = VAULT_CREDENTIAL, .name = { "AKID", 4 }, .blob = { "their secret", 12 },
	};
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	struct vault_give give;
	const struct link_call call = {
		VAULT_WRAP, &vault_ask_schema, &ask, -1, &vault_give_schema, &give, 0,
	};
	static u8 packed[1024];
	int len;

	must_equal(store_location_create(s->b.store, &row), 0);
	ask.number = row.id;
	must_equal(link_do(s->b.vault, &call, &answer, SOON), 0);
	c.secret = give.blob;
	len = rpc_encode(&plan_credentials_schema, &c, packed, sizeof(packed));
	must(len > 0);
	row.credentials = (struct store_text){ packed, len };
	must_equal(store_location_update(s->b.store, 0, &row), 0);
	must_equal(plan_reload(&s->b), 0);
	return row.id;
}

static int foreign(void *arg)
{
	STORE_ARENA a = { 0 };
	struct site *s = malloc(sizeof(*s));
	struct sig_header header[] = {
		{ STR("Host"), STR("s3.example:444") }, { STR("Content-Length"), STR("77") },
		{ STR("If-None-Match"), STR("*") },
	};
	struct sig_rules rules = {
		.region = STR("eu-9"), .service = STR("s3"), .now = time(NULL),
		.skew = SIG_SKEW_MAX,
	};
	struct sig_message m = {
		.method = STR("PUT"), .path = STR("/bucket/pre%20fix/abc/3"), .headers = header,
		.count = 3,
	};
	char date[AMZ_DATE_LEN];
	struct out o = OUT(date, sizeof(date));
	struct hmac_key hmac;
	struct sig_key key = { .hmac = &hmac };
	struct sig_claim claim;
	struct s3_fault fault;
	struct plan_url url;
	u16 id;

	(void)arg;
	site_open(s);
	id = add_foreign(s, "https://s3.example:444/bucket/pre%20fix/");
	must_equal(plan_url(&s->b, "PUT", id, STR("abc/3"), 77, digest, 0, &a, &url), 0);
	must(!strncmp(url.url, "https://s3.example:444/bucket/pre%20fix/abc/3?", 46));
	m.query = str_of(url.url + 46);
	amz_date_write(&o, rules.now);
	sig_derive(STR("their secret"), (struct str){ date, 8 }, STR("eu-9"), STR("s3"), &hmac);
	must_equal(sig_parse(&m, &rules, &claim, &fault), S3_OK);
	must_equal(sig_verify(&m, &claim, &key, &fault), S3_OK);
	/* A name is written once: whoever leaves that out is refused. */
	header[2].value = STR("\"x\"");
	must_equal(sig_parse(&m, &rules, &claim, &fault), S3_OK);
	must(sig_verify(&m, &claim, &key, &fault) != S3_OK);
	/* One that does not know it is not asked for it, and TLS has the body's hash. */
	s->b.plan->live[id]->plain = true;
	must_equal(plan_url(&s->b, "PUT", id, STR("abc/3"), 77, digest, 0, &a, &url), 0);
	must(!strstr(url.url, "none-match") && !strstr(url.url, "X-Amz-Content-Sha256"));
	m.query = str_of(url.url + 46);
	m.count = 2;
	must_equal(sig_parse(&m, &rules, &claim, &fault), S3_OK);
	must_equal(sig_verify(&m, &claim, &key, &fault), S3_OK);
	/* Without credentials there is no URL, and nobody else is in trouble. */
	must_equal(plan_url(&s->b, "GET", 61, STR("abc/3"), 0, NULL, 0, &a, &url), 0);
	site_close(s);
	free(s);
	return 0;
}

/* What is signed as the host is what is sent: without a port that is the scheme's own. */
static int foreign_host(void *arg)
{
	static const struct {
		const char *url, *host;
		bool hash;		/* nobody else guards the body */
	} cases[] = {
		{ "https://s3.example:443/b", "s3.example", false },
		{ "https://s3.example:80/b", "s3.example:80", false },
		{ "http://s3.example:80/b", "s3.example", true },
		{ "http://s3.example:443/b", "s3.example:443", true },
		{ "http://[::1]:80/b", "[::1]", true },
	};
	struct sig_header header = { .name = STR("Host") };
	struct sig_rules rules = {
		.region = STR("eu-9"), .service = STR("s3"), .now = time(NULL),
		.skew = SIG_SKEW_MAX,
	};
	struct sig_message m = {
		.method = STR("GET"), .path = STR("/b/abc/3"), .headers = &header, .count = 1,
	};
	size_t i;

	(void)arg;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct site *s = malloc(sizeof(*s));
		STORE_ARENA a = { 0 };
		char date[AMZ_DATE_LEN];
		struct out o = OUT(date, sizeof(date));
		struct hmac_key hmac;
		struct sig_key key = { .hmac = &hmac };
		struct sig_claim claim;
		struct s3_fault fault;
		struct plan_url url;
		u16 id;

		site_open(s);
		id = add_foreign(s, cases[i].url);
		must_equal(plan_url(&s->b, "PUT", id, STR("abc/3"), 7, digest, 0, &a, &url), 0);
		must_equal(!!strstr(url.url, "X-Amz-Content-Sha256="), cases[i].hash);
		must_equal(plan_url(&s->b, "GET", id, STR("abc/3"), 0, NULL, 0, &a, &url), 0);
		m.query = str_of(strchr(url.url, '?') + 1);
		header.value = str_of(cases[i].host);
		amz_date_write(&o, rules.now);
		sig_derive(STR("their secret"), (struct str){ date, 8 }, STR("eu-9"), STR("s3"),
			   &hmac);
		must_equal(sig_parse(&m, &rules, &claim, &fault), S3_OK);
		must_equal(sig_verify(&m, &claim, &key, &fault), S3_OK);
		site_close(s);
		free(s);
	}
	return 0;
}

static void test_foreign(void **state)
{
	assert_int_equal(on_loop(state, foreign, NULL), 0);
	assert_int_equal(on_loop(state, foreign_host, NULL), 0);
}

/* Without a vault no new URL can be had: it is said so, in time. */
static int no_vault(void *arg)
{
	STORE_ARENA a = { 0 };
	struct site *s = malloc(sizeof(*s));
	struct meta_slots slots;
	struct meta_signed give;
	struct meta_fragment f;
	struct meta_sign ask = { &f, 1 };
	int64_t begin;

	(void)arg;
	site_open(s);
	must_equal(plan_slots(&s->b, s->team, policy_of(s, &a), 1, &a, &slots), 0);
	f = fragment(&slots, 0, 0, 5);
	must_equal(plan_sign(&s->b, &ask, 0, &a, &give), 0);
	must(give.url[0].query.len);
	io_cancel(s->serving);
	while (s->serving)
		must_equal(io_sleep_until(io_after_ms(1)), 0);
	begin = io_now();
	/* What it has granted holds for a minute. */
	must_equal(plan_sign(&s->b, &ask, 0, &a, &give), 0);
	must(give.url[0].query.len);
	f.row = 1;
	must_equal(plan_sign(&s->b, &ask, 0, &a, &give), 0);
	must_equal(give.url[0].query.len, 0);
	must(io_now() - begin < 10000000000ll);
	site_close(s);
	free(s);
	return 0;
}

static void test_no_vault(void **state)
{
	assert_int_equal(on_loop(state, no_vault, NULL), 0);
}

/* --- pages -------------------- */

static size_t write_page(struct site *s, struct store_arena *a, u8 *buf, unsigned int count)
{
	struct meta_slots slots;
	struct page_writer w;
	unsigned int i, j;

	must_equal(plan_slots(&s->b, s->team, policy_of(s, a), count, a, &slots), 0);
	page_begin(&w, buf, 0, 5000);
	for (i = 0; i < count; i++) {
		struct record r = {
			.plain_bytes = 100, .stored_bytes = 100, .k = 4, .n = 6,
		};

		memcpy(r.generation, slots.slot[i].generation, 16);
		for (j = 0; j < 6; j++)
			r.location[j] = location_of(&slots, i, j);
		must_equal(page_add(&w, &r), 0);
	}
	return page_end(&w);
}

/* It is good for five seconds. */
static void is_short(struct site *s, const u8 generation[16], const struct meta_url *u)
{
	const struct edge_key *e = edge_at(s, u->location);
	const struct str query = { u->query.data, u->query.len };
	char name[META_FRAGMENT_NAME_MAX];

	meta_fragment_name(generation, u->row, name);
	must_equal(judge(s, e, STR("GET"), str_of(name), query, NULL), S3_OK);
	must_equal(judge_later(s, e, STR("GET"), str_of(name), query, NULL, 7),
		   S3_ACCESS_DENIED);
}

static int pages(void *arg)
{
	static u8 buf[SKY_PAGE_MAX_BYTES];
	STORE_ARENA a = { 0 };
	struct site *s = malloc(sizeof(*s));
	struct meta_page page = { .records = { buf, 0 } };
	struct page read;
	struct record r;
	uint64_t number, offset;
	char name[META_FRAGMENT_NAME_MAX];
	unsigned int i, down = 0;

	(void)arg;
	site_open(s);
	page.records.len = write_page(s, &a, buf, 10);
	must_equal(plan_page(&s->b, 250, 3, 1, 0, &a, &page), 0);
	must_equal(page.urls, 15);
	must_equal(page_parse(&read, buf, page.records.len), 0);
	must_equal(page_seek(&read, 5250), 0);
	for (i = 0; i < 15; i++) {
		const struct meta_url *u = &page.url[i];

		if (i % 5 == 0)
			must(page_next(&read, &r, &number, &offset));
		must_equal(u->slot, 2 + i / 5);
		must_equal(u->location, r.location[u->row]);
		/* Nothing was measured: what needs no decoding comes first. */
		must(i % 5 == 4 || u->row < 4);
		meta_fragment_name(r.generation, u->row, name);
		must_equal(judge(s, edge_at(s, u->location), STR("GET"), str_of(name),
				 (struct str){ u->query.data, u->query.len }, NULL), S3_OK);
	}
	/* For who may lose what it has at any time: for a short while. */
	must_equal(plan_page(&s->b, 250, 1, 0, 5, &a, &page), 0);
	must_equal(page.url_life, 5);
	must_equal(page.urls, 4);
	must_equal(page_parse(&read, buf, page.records.len), 0);
	must_equal(page_seek(&read, 5250), 0);
	must(page_next(&read, &r, &number, &offset));
	for (i = 0; i < page.urls; i++)
		is_short(s, r.generation, &page.url[i]);
	/* Only what is there; everything when it is asked for; none that is down but at the end. */
	must_equal(plan_page(&s->b, 999, 64, 100, 0, &a, &page), 0);
	must_equal(page.urls, 6);
	plan_note(&s->b, 62, -EIO);
	plan_note(&s->b, 62, -EIO);
	must_equal(plan_page(&s->b, 0, 10, 1, 0, &a, &page), 0);
	for (i = 0; i < page.urls; i++)
		down += page.url[i].location == 62;
	must_equal(down, 0);
	must_equal(plan_page(&s->b, 1000, 1, 1, 0, &a, &page), -STORE_INVALID);
	buf[80] ^= 1;
	must_equal(plan_page(&s->b, 0, 1, 1, 0, &a, &page), -EUCLEAN);
	page.records.len = 0;
	must_equal(plan_page(&s->b, 0, 1, 1, 0, &a, &page), -EUCLEAN);
	site_close(s);
	free(s);
	return 0;
}

static void test_pages(void **state)
{
	assert_int_equal(on_loop(state, pages, NULL), 0);
}

/* --- policies -------------------- */

static int policies(void *arg)
{
	STORE_ARENA a = { 0 };
	struct site *s = malloc(sizeof(*s));
	const struct policy *p;
	struct store_policy row;
	char name[16], body[128];
	u64 id, other, i;

	(void)arg;
	site_open(s);
	must_equal(store_team_create(s->b.store, stext("red"), &other), 0);
	/* More than are kept; each is what it was, and its team's alone. */
	for (i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "p%u", (unsigned int)i);
		snprintf(body, sizeof(body), "{\"name\":\"%s\",\"redundancy\":{\"redundant_packets\":%u}}",
			 name, (unsigned int)i % 9);
		must_equal(store_policy_create(s->b.store, s->team, stext(name), stext(body), &id),
			   0);
		must_equal(plan_policy(&s->b, s->team, id, 1, &a, &p), 0);
		must_equal(p->redundant, i % 9);
		must_equal(plan_policy(&s->b, other, id, 1, &a, &p), -STORE_NO_SUCH_POLICY);
		store_arena_reset(&a);
	}
	must_equal(plan_policy(&s->b, s->team, id - 299, 1, &a, &p), 0);
	must_equal(strcmp(p->name, "p0"), 0);
	must_equal(store_policy_find(s->b.store, other, stext("default"), &a, &row), 0);
	must_equal(plan_policy(&s->b, other, row.id, 1, &a, &p), 0);
	must_equal(plan_policy(&s->b, other, row.id, 2, &a, &p), -STORE_NO_SUCH_POLICY);
	must_equal(store_policy_create(s->b.store, 0, stext("bad"), stext("{]"), &id), 0);
	must_equal(plan_policy(&s->b, other, id, 1, &a, &p), -EUCLEAN);
	site_close(s);
	free(s);
	return 0;
}

static void test_policies(void **state)
{
	assert_int_equal(on_loop(state, policies, NULL), 0);
}

int main(void)
{
	static const struct config quiet = { .level = LEVEL_ERROR };
	const struct CMUnitTest tests[] = {
		ON_BOTH(test_refused), ON_BOTH(test_failing), ON_BOTH(test_restart),
		ON_BOTH(test_edges), ON_BOTH(test_foreign), ON_BOTH(test_no_vault),
		ON_BOTH(test_pages), ON_BOTH(test_policies),
	};

	log_start("test", &quiet);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
