// SPDX-License-Identifier: GPL-2.0-or-later
/* The API in JSON and the administrator's verbs: hostile documents, teams, and what they do. */
#include "../../user/skyd/caches.h"
#include "api_util.h"

/* --- hostile documents -------------------- */

static int hostile(void *arg)
{
	static const char *const bad[] = {
		"", "x", "[]", "1", "\"", "{", "{}", "null", "{\"name\":1}", "{\"name\":\"\"}",
		"{\"name\":\"a b\"}", "{\"name\":\"../x\"}", "{\"name\":\"x\",\"name\":\"y\"}",
		"{\"name\":\"x\\u0000\"}", "{\"name\":\"\xff\"}", "{\"name\":\"x\",\"id\":7}",
		"{\"name\":\"bucket\"}", "{\"name\":\"x\",\"unknown\":1}",
		"{\"name\":\"x\",\"backends\":[61]}", "{\"name\":\"x\",\"edge_devices\":[1]}",
		"{\"name\":\"x\",\"edge_devices\":[61,61]}", "{\"name\":\"x\",\"edge_devices\":[-1]}",
		"{\"name\":\"x\",\"edge_devices\":[61,62,63]}",
		"{\"name\":\"x\",\"redundancy\":{\"scheme\":\"RAID\"}}",
		"{\"name\":\"x\",\"redundancy\":{\"redundant_packets\":1e9}}",
		"{\"name\":\"x\",\"redundancy\":{\"redundant_packets\":999999999999999999999}}",
		"{\"name\":\"x\",\"encryption\":{\"key_size\":128}}",
		"{\"name\":\"x\",\"intent\":7}", "{\"name\":\"x\",\"intent\":{\"losses\":-1}}",
		"{\"name\":\"x\",\"intent\":{\"losses\":1e3}}",
		"{\"name\":\"x\",\"intent\":{\"availability\":1}}",
		"{\"name\":\"x\",\"intent\":{\"bribe\":1}}", "{\"intent\":{}}",
	};
	struct front *f = front_open();
	char *key, *deep = malloc(60001);
	unsigned int i;

	(void)arg;
	key = key_of(f, "{\"team\":\"blue\"}");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		must_equal(api(f, key, "POST", "/storage_policy", bad[i], NULL), 400);
		must(admin(f, "policy create", bad[i], NULL) >= 400);
		must(admin(f, "location add", bad[i], NULL) >= 400);
		must(admin(f, "location update", bad[i], NULL) >= 400);
		must(admin(f, "key create", bad[i], NULL) >= 400);
		must(admin(f, "team delete", bad[i], NULL) >= 400);
	}
	/* What would use up a fiber's stack. */
	memset(deep, '[', 60000);
	deep[60000] = 0;
	must_equal(api(f, key, "POST", "/storage_policy", deep, NULL), 400);
	for (i = 0; i < 60000; i += 5)
		memcpy(deep + i, "{\"a\":", 5);
	must_equal(api(f, key, "PUT", "/storage_policy", deep, NULL), 400);
	must_equal(admin(f, "policy create", deep, NULL), 400);
	memset(deep, ' ', 60000);
	must_equal(api(f, key, "POST", "/storage_policy", deep, NULL), 400);

	must_equal(api(f, key, "GET", "/", "", NULL), 404);
	must_equal(api(f, key, "GET", "", "", NULL), 404);
	must_equal(api(f, key, "GET", "/storage_policyx", "", NULL), 404);
	must_equal(api(f, key, "GET", "/storage_policy/a/b/c", "", NULL), 404);
	must_equal(api(f, key, "GET", "/storage_policy/none", "", NULL), 404);
	must_equal(api(f, key, "GET", "/storage_policy/bucket/none", "", NULL), 404);
	must_equal(api(f, key, "PATCH", "/storage_policy", "", NULL), 405);
	must_equal(api(f, key, "DELETE", "/storage_policy", "", NULL), 405);
	must_equal(api(f, key, "GET", "/cloud_locations/99999999999999999999", "", NULL), 404);
	must_equal(api(f, key, "GET", "/cloud_locations/61", "", NULL), 404);
	must_equal(api(f, key, "GET", "/cloud_locations/-1", "", NULL), 404);
	must_equal(admin(f, "no such", "{}", NULL), 404);
	must_equal(admin(f, "", "", NULL), 404);
	free(deep);
	free(key);
	front_close(f);
	return 0;
}

static void test_hostile(void **state)
{
	assert_int_equal(on_loop(state, hostile, NULL), 0);
}

/* --- who may -------------------- */

static int callers(void *arg)
{
	struct front *f = front_open();
	char *blue, *red, *reads, body[256];
	json_t *list, *one;

	(void)arg;
	must_equal(admin(f, "team create", "{\"name\":\"red\"}", NULL), 201);
	must_equal(admin(f, "team create", "{\"name\":\"red\"}", NULL), 409);
	blue = key_of(f, "{\"team\":\"blue\"}");
	red = key_of(f, "{\"team\":\"red\"}");
	reads = key_of(f, "{\"team\":\"blue\",\"scope\":\"read\",\"comment\":\"for reports\"}");

	must_equal(api(f, "", "GET", "/storage_policy", "", NULL), 401);
	must_equal(api(f, "NOBODY", "GET", "/storage_policy", "", NULL), 401);
	must_equal(api(f, "", "GET", "/cloud_locations", "", NULL), 401);
	config.public_locations = true;
	must_equal(api(f, "", "GET", "/cloud_locations", "", NULL), 200);
	must_equal(api(f, "", "GET", "/edge_locations/", "", NULL), 200);
	must_equal(api(f, "NOBODY", "GET", "/cloud_locations", "", NULL), 401);
	must_equal(api(f, "", "GET", "/storage_policy", "", NULL), 401);
	config.public_locations = false;

	must_equal(api(f, reads, "POST", "/storage_policy", "{\"name\":\"x\"}", NULL), 403);
	must_equal(api(f, blue, "POST", "/storage_policy", "{\"name\":\"x\"}", &one), 201);
	must_equal(api(f, reads, "GET", "/storage_policy/x", "", NULL), 200);
	/* Another team neither sees it nor can take it away, and may have one of that name. */
	must_equal(api(f, red, "GET", "/storage_policy/x", "", NULL), 404);
	must_equal(api(f, red, "DELETE", "/storage_policy/x", "", NULL), 404);
	snprintf(body, sizeof(body), "{\"id\":%d,\"name\":\"x\"}", (int)number(one, "id"));
	json_decref(one);
	must_equal(api(f, red, "PUT", "/storage_policy", body, NULL), 404);
	must_equal(api(f, red, "POST", "/storage_policy", "{\"name\":\"x\"}", NULL), 201);
	must_equal(api(f, red, "GET", "/storage_policy", "", &list), 200);
	must_equal(json_array_size(list), 2);
	json_decref(list);
	/* Everybody's is nobody's to change. */
	must_equal(api(f, red, "DELETE", "/storage_policy/default", "", NULL), 404);
	must_equal(api(f, red, "PUT", "/storage_policy", "{\"id\":1,\"name\":\"default\"}", NULL),
		   403);
	must_equal(admin(f, "policy delete", "{\"name\":\"default\"}", NULL), 409);

	snprintf(body, sizeof(body), "{\"team\":\"red\",\"access_key\":\"%s\"}", blue);
	must_equal(admin(f, "key delete", body, NULL), 404);
	snprintf(body, sizeof(body), "{\"team\":\"blue\",\"access_key\":\"%s\"}", blue);
	must_equal(admin(f, "key disable", body, NULL), 204);
	must_equal(api(f, blue, "GET", "/storage_policy", "", NULL), 401);
	must_equal(admin(f, "key enable", body, NULL), 204);
	must_equal(api(f, blue, "GET", "/storage_policy", "", NULL), 200);
	must_equal(admin(f, "key delete", body, NULL), 204);
	must_equal(api(f, blue, "GET", "/storage_policy", "", NULL), 401);
	must_equal(admin(f, "key list", "{\"team\":\"blue\"}", &list), 200);
	must_equal(json_array_size(list), 1);
	must_equal(strcmp(word(json_array_get(list, 0), "comment"), "for reports"), 0);
	must(!json_object_get(json_array_get(list, 0), "secret_key"));
	json_decref(list);
	must_equal(admin(f, "team delete", "{\"name\":\"red\"}", NULL), 204);
	must_equal(api(f, red, "GET", "/storage_policy", "", NULL), 401);
	free(blue);
	free(red);
	free(reads);
	front_close(f);
	return 0;
}

static void test_callers(void **state)
{
	assert_int_equal(on_loop(state, callers, NULL), 0);
}

#define TO_RED(who)	"{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":" \
			"\"arn:aws:iam::" who ":root\"},\"Action\":\"s3:*\"," \
			"\"Resource\":\"arn:aws:s3:::b%02u/*\"}}"

static void set_policy(struct front *f, u64 bucket, const char *policy)
{
	must_equal(store_bucket_set_document(f->site.b.store, f->site.team, bucket,
					     STORE_BUCKET_POLICY, stext(policy)), 0);
}

/* What a policy has granted to a team that is gone is not for one that is given its name. */
static int names(void *arg)
{
	struct front *f = front_open();
	struct store_bucket bucket = { .policy = 1, .team = f->site.team };
	char name[8], policy[256];
	json_t *answer;
	unsigned int i;

	(void)arg;
	must_equal(admin(f, "team create", "{\"name\":\"red\"}", NULL), 201);
	/* More than are looked at together; one cannot be read. */
	for (i = 0; i < 66; i++) {
		snprintf(name, sizeof(name), "b%02u", i);
		bucket.name = stext(name);
		must_equal(store_bucket_create(f->site.b.store, &bucket), 0);
		snprintf(policy, sizeof(policy), i < 65 ? TO_RED("green") : TO_RED("red"), i);
		set_policy(f, bucket.id, i ? policy : "arn:aws:iam::red:root");
	}
	must_equal(admin(f, "team delete", "{\"name\":\"red\"}", NULL), 204);
	must_equal(admin(f, "team create", "{\"name\":\"red\"}", &answer), 409);
	must(strstr(word(answer, "error"), "bucket b65 names a team red"));
	json_decref(answer);
	must_equal(admin(f, "team create", "{\"name\":\"green\"}", NULL), 409);
	must_equal(admin(f, "team create", "{\"name\":\"yellow\"}", NULL), 201);
	set_policy(f, bucket.id, "");
	must_equal(admin(f, "team create", "{\"name\":\"red\"}", NULL), 201);
	front_close(f);
	return 0;
}

static void test_names(void **state)
{
	assert_int_equal(on_loop(state, names, NULL), 0);
}

/* --- policies: what S3.md's clients do -------------------- */

static void check_made(const json_t *p)
{
	const json_t *code = json_object_get(p, "redundancy");

	must(number(p, "id") > 0);
	must_equal(number(p, "revision"), 1);
	must_equal(strcmp(word(p, "name"), "fast"), 0);
	must_equal(number(code, "symbols"), 4);
	must_equal(number(code, "redundant_packets"), 1);
	must_equal(number(json_object_get(p, "compression"), "level"), 9);
	must_equal(number(json_object_get(p, "encryption"), "key_size"), 256);
	must_equal(json_array_size(json_object_get(p, "edge_devices")), 5);
}

static const char fast[] =
	"{\"name\":\"fast\",\"description\":\"d\",\"edge_devices\":[61,62,63,64,65],"
	"\"redundancy\":{\"scheme\":\"RLNC\",\"redundant_packets\":1},"
	"\"compression\":{\"scheme\":\"DEFLATE\",\"wbits\":-15,\"level\":9},"
	"\"encryption\":{\"scheme\":\"AES\",\"key_size\":256},\"cache\":true}";

static int revisions(void *arg)
{
	struct front *f = front_open();
	struct store_bucket bucket = { .name = stext("photos") };
	char *key, body[256];
	json_t *p, *list;

	(void)arg;
	key = key_of(f, "{\"team\":\"blue\"}");
	must_equal(api(f, key, "POST", "/storage_policy", fast, &p), 201);
	check_made(p);
	bucket.policy = number(p, "id");
	json_decref(p);
	bucket.team = f->site.team;
	must_equal(store_bucket_create(f->site.b.store, &bucket), 0);
	must_equal(api(f, key, "POST", "/storage_policy", "{\"name\":\"fast\"}", NULL), 409);
	snprintf(body, sizeof(body),
		 "{\"id\":%d,\"name\":\"fast\",\"redundancy\":{\"redundant_packets\":3}}",
		 (int)bucket.policy);
	must_equal(api(f, key, "PUT", "/storage_policy", body, &p), 200);
	must_equal(number(p, "revision"), 2);
	json_decref(p);
	snprintf(body, sizeof(body), "{\"id\":%d,\"name\":\"slow\"}", (int)bucket.policy);
	must_equal(api(f, key, "PUT", "/storage_policy", body, NULL), 409);
	must_equal(api(f, key, "PUT", "/storage_policy", "{\"name\":\"fast\"}", NULL), 400);
	/* The bucket keeps what it had. */
	must_equal(api(f, key, "GET", "/storage_policy/bucket/photos", "", &p), 200);
	check_made(p);
	json_decref(p);
	/* But for what says nothing of what is stored. */
	snprintf(body, sizeof(body), "{\"id\":%d,\"name\":\"fast\",\"cache\":false}",
		 (int)bucket.policy);
	must_equal(api(f, key, "PUT", "/storage_policy", body, &p), 200);
	must(json_is_false(json_object_get(p, "cache")));
	json_decref(p);
	must_equal(api(f, key, "GET", "/storage_policy/bucket/photos", "", &p), 200);
	must_equal(number(p, "revision"), 1);
	must(json_is_false(json_object_get(p, "cache")));
	json_decref(p);
	must_equal(api(f, key, "PUT", "/storage_policy", "{\"id\":1,\"name\":\"fast\",\"cache\":1}",
		       NULL), 400);
	must_equal(api(f, key, "DELETE", "/storage_policy/fast", "", NULL), 409);
	must_equal(api(f, key, "GET", "/storage_policy", "", &list), 200);
	must_equal(json_array_size(list), 2);
	must_equal(number(json_array_get(list, 1), "revision"), 3);
	must(json_is_true(json_object_get(json_array_get(list, 0), "shared")));
	json_decref(list);
	must_equal(store_bucket_delete(f->site.b.store, bucket.team, bucket.id), 0);
	must_equal(api(f, key, "DELETE", "/storage_policy/fast", "", NULL), 204);
	must_equal(api(f, key, "GET", "/storage_policy/fast", "", NULL), 404);
	free(key);
	front_close(f);
	return 0;
}

static void test_revisions(void **state)
{
	assert_int_equal(on_loop(state, revisions, NULL), 0);
}

/* --- what gateways are to throw out -------------------- */

static u64 put_caching(struct front *f, const char *key, json_int_t id, const char *cache)
{
	const struct caches *c = f->site.b.caches;
	char body[128];

	snprintf(body, sizeof(body), "{\"id\":%d,\"name\":\"quiet\",\"cache\":%s}", (int)id, cache);
	must_equal(api(f, key, "PUT", "/storage_policy", body, NULL), 200);
	must_equal(c->holds, 0);
	return c->orders ? c->order[c->orders - 1].say.number : 0;
}

/* Only what may have been kept until then goes: not again with each edit. */
static int orders(void *arg)
{
	struct front *f = front_open();
	json_t *p;
	json_int_t id;
	char *key;
	u64 first, second;

	(void)arg;
	must_equal(caches_open(&f->site.b), 0);
	key = key_of(f, "{\"team\":\"blue\"}");
	must_equal(api(f, key, "POST", "/storage_policy", "{\"name\":\"quiet\",\"cache\":false}",
		       &p), 201);
	id = number(p, "id");
	json_decref(p);
	must_equal(put_caching(f, key, id, "false"), 0);
	must_equal(put_caching(f, key, id, "true"), 0);
	first = put_caching(f, key, id, "false");
	must(first);
	must_equal(put_caching(f, key, id, "false"), first);
	must_equal(put_caching(f, key, id, "false"), first);
	must_equal(put_caching(f, key, id, "true"), first);
	second = put_caching(f, key, id, "false");
	must(second > first);
	must_equal(f->site.b.caches->orders, 1);
	free(key);
	caches_close(&f->site.b);
	front_close(f);
	return 0;
}

static void test_orders(void **state)
{
	assert_int_equal(on_loop(state, orders, NULL), 0);
}

#define PAST_MS(ms)	(io_now() - (ms) * 1000000ll)

/* One that ends while a flush waits for it, without a word, is none that it fails for. */
static int flush_gone(void *arg)
{
	struct front *f = front_open();
	struct caches *c;
	json_t *rows;

	(void)arg;
	must_equal(caches_open(&f->site.b), 0);
	c = f->site.b.caches;
	c->rows = 2;
	c->row[0] = (struct cache_row){
		.said = { .gateway = { 1 }, .heard = 1 }, .seen = PAST_MS(CACHES_GONE_MS - 4500),
	};
	c->row[1] = (struct cache_row){
		.said = { .gateway = { 2 }, .heard = ~0ull }, .seen = PAST_MS(0),
	};
	must_equal(admin(f, "cache flush", "{}", &rows), 200);
	must_equal(json_array_size(rows), 1);
	json_decref(rows);
	caches_close(&f->site.b);
	front_close(f);
	return 0;
}

static void test_flush_gone(void **state)
{
	assert_int_equal(on_loop(state, flush_gone, NULL), 0);
}

static const char older[] =
	"{\"yaml\":\"default_storage_policy:\\n"
	"  erasure_coding: {type: RLNC, symbols: 3}\\n\"}";

/* From the older form, and from what somebody wants. */
static int forms(void *arg)
{
	struct front *f = front_open();
	json_t *p;

	(void)arg;
	must_equal(admin(f, "policy create", older, &p), 201);
	must_equal(strcmp(word(p, "name"), "default_storage_policy"), 0);
	must_equal(number(json_object_get(p, "redundancy"), "symbols"), 3);
	json_decref(p);
	must_equal(admin(f, "policy create", "{\"yaml\":\"[[[[\"}", NULL), 400);
	must_equal(admin(f, "policy create",
			 "{\"name\":\"safe\",\"intent\":{\"losses\":2},\"team\":\"blue\"}", &p),
		   201);
	must_equal(json_array_size(json_object_get(p, "edge_devices")), 6);
	must(json_is_false(json_object_get(p, "shared")));
	json_decref(p);
	must_equal(admin(f, "policy create", "{\"name\":\"more\",\"intent\":{\"losses\":6}}", NULL),
		   409);
	must_equal(admin(f, "policy create", "{\"name\":\"law\",\"intent\":{\"jurisdiction\":\"EU\"}}",
			 NULL), 409);
	must_equal(admin(f, "policy create", "{\"policy\":{\"name\":\"all\"}}", &p), 201);
	json_decref(p);
	must_equal(admin(f, "policy show", "{\"name\":\"all\"}", NULL), 200);
	must_equal(admin(f, "policy list", "{\"team\":\"blue\"}", &p), 200);
	must_equal(json_array_size(p), 4);
	json_decref(p);
	must_equal(admin(f, "policy list", "{\"team\":\"nobody\"}", NULL), 404);
	must_equal(admin(f, "policy delete", "{\"name\":\"all\"}", NULL), 204);
	front_close(f);
	return 0;
}

static void test_forms(void **state)
{
	assert_int_equal(on_loop(state, forms, NULL), 0);
}

/* --- locations -------------------- */

static int locations(void *arg)
{
	struct front *f = front_open();
	STORE_ARENA a = { 0 };
	struct store_sample sample[40];
	struct store_location *rows;
	struct plan_url url;
	json_t *list, *one, *times;
	unsigned int i, gdpr = 0;
	char *key, text[512];

	(void)arg;
	key = key_of(f, "{\"team\":\"blue\"}");
	must_equal(api(f, key, "GET", "/cloud_locations", "", &list), 200);
	must_equal(json_array_size(list), 60);
	for (i = 0; i < 60; i++)
		gdpr += json_is_true(json_object_get(json_array_get(list, i), "gdpr"));
	must_equal(gdpr, 42);
	json_decref(list);
	must_equal(api(f, key, "GET", "/edge_locations", "", &list), 200);
	must_equal(json_array_size(list), EDGES);
	one = json_array_get(list, 2);
	must_equal(strcmp(word(one, "name"), "edge3"), 0);
	must_equal(json_array_size(json_object_get(one, "storage_urls")), 1);
	must(json_object_get(one, "team") && json_object_get(one, "cluster"));
	json_decref(list);

	/* A template comes to life; its secret is the vault's from there on. */
	must_equal(admin(f, "location update", "{\"name\":\"Google London\",\"url\":\"https://storage.example/b\",\"access_key\":\"AK\"}", NULL), 400);
	must_equal(admin(f, "location update", "{\"name\":\"Google London\",\"url\":\"gopher://x\"}",
			 NULL), 400);
	must_equal(admin(f, "location update", "{\"name\":\"Google London\",\"url\":\"https://storage.example/b\",\"access_key\":\"AK\",\"secret_key\":\"very secret\",\"storage_price\":0.023,\"egress_price\":0.12}", &one), 200);
	must_equal(number(one, "id"), 6);
	must(json_real_value(json_object_get(one, "egress_price")) == 0.12);
	must_equal(strcmp(word(one, "state"), "active"), 0);
	json_decref(one);
	must_equal(plan_url(&f->site.b, "GET", 6, STR("x/1"), 0, NULL, 0, &a, &url), 0);
	must_equal(store_location_list(f->site.b.store, 0, 5, 1, &a, &rows), 1);
	must(!memmem(rows->credentials.data, rows->credentials.len, "very secret", 11));
	must_equal(admin(f, "location drain", "{\"name\":\"Google London\"}", &one), 200);
	must_equal(strcmp(word(one, "state"), "draining"), 0);
	json_decref(one);
	must_equal(plan_url(&f->site.b, "GET", 6, STR("x/1"), 0, NULL, 0, &a, &url), 0);
	must_equal(admin(f, "location remove", "{\"name\":\"Google London\"}", NULL), 200);
	must_equal(plan_url(&f->site.b, "GET", 6, STR("x/1"), 0, NULL, 0, &a, &url), -EHOSTUNREACH);
	must_equal(admin(f, "location add", "{\"name\":\"mine\",\"kind\":\"edge\",\"url\":\"http://10.0.0.1:9000\",\"identity\":\"00\"}", NULL), 400);
	/* A cloud without its key is refused, and what is refused leaves the name free. */
	must_equal(admin(f, "location add", "{\"name\":\"mine\",\"kind\":\"cloud\",\"url\":\"http://10.0.0.1/b\"}", NULL), 400);
	must_equal(admin(f, "location add", "{\"name\":\"mine\",\"kind\":\"cloud\",\"url\":\"http://10.0.0.1/b\",\"access_key\":\"AK\"}", NULL), 400);
	snprintf(text, sizeof(text), "{\"name\":\"mine\",\"kind\":\"cloud\",\"url\":\"http://10.0.0.1/b\",\"access_key\":\"%0*d\",\"secret_key\":\"s\"}", PLAN_ACCESS_KEY_MAX + 1, 0);
	must_equal(admin(f, "location add", text, NULL), 400);
	must_equal(admin(f, "location update", "{\"name\":\"Google London\",\"url\":\"http://10.0.0.1/b\"}", NULL), 400);
	must_equal(admin(f, "location add", "{\"name\":\"mine\",\"kind\":\"edge\",\"url\":\"http://10.0.0.1:9000\",\"team\":\"blue\"}", &one), 201);
	must_equal(number(one, "id"), 67);
	json_decref(one);
	must_equal(admin(f, "location list", "", &list), 200);
	must_equal(json_array_size(list), EDGES);
	json_decref(list);

	/* Ten days of four times each: ten medians, or all of them. */
	for (i = 0; i < 40; i++)
		sample[i] = (struct store_sample){
			plan_now() - (40 - i) * 21600000000ull, STORE_UP_1MB, 1000 * i,
		};
	must_equal(store_location_sample(f->site.b.store, 61, sample, 40), 0);
	must_equal(store_location_outage(f->site.b.store, 61, true, plan_now()), 0);
	must_equal(api(f, key, "GET", "/edge_locations", "", &list), 200);
	one = json_array_get(list, 0);
	times = json_object_get(json_object_get(one, "round_trip_times"), "up_1mb");
	must(json_array_size(times) == 10 || json_array_size(times) == 11);
	must_equal(json_array_size(json_object_get(one, "outages")), 1);
	must(json_is_null(json_object_get(json_array_get(json_object_get(one, "outages"), 0),
					  "end")));
	json_decref(list);
	must_equal(api(f, key, "GET", "/edge_locations/61", "", &one), 200);
	times = json_object_get(json_object_get(one, "round_trip_times"), "up_1mb");
	must_equal(json_array_size(times), 40);
	json_decref(one);
	free(key);
	front_close(f);
	return 0;
}

static void test_locations(void **state)
{
	assert_int_equal(on_loop(state, locations, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(test_hostile), ON_BOTH(test_callers), ON_BOTH(test_revisions),
		ON_BOTH(test_orders), ON_BOTH(test_forms), ON_BOTH(test_locations),
		ON_BOTH(test_names),
		/* It waits for five seconds. */
		{ "test_flush_gone", test_flush_gone, NULL, NULL, (void *)"uring" },
	};

	log_start("test", &config);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
