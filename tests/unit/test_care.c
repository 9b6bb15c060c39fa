// SPDX-License-Identifier: GPL-2.0-or-later
/* What the backend does unasked: garbage with locations that are away, lifecycles. */
#include "plan_util.h"

#include "../../user/skyd/care.h"
#include "../../user/skyd/plan_private.h"
#include "../../user/skyd/scrubs.h"
#include "pipe/manifest.h"

#define DAY	86400000000ull

static u64 offset_us;			/* of the backend's clock */
static unsigned int asked[128], away;	/* requests by location; the one that does not answer */

static u64 clock_now(void)
{
	return plan_now() + offset_us;
}

static int removing(struct backend *b, u16 location, struct str name)
{
	(void)b;
	must(name.len > 32 && location < 128);
	asked[location]++;
	io_yield();
	return location == away ? -ETIMEDOUT : 0;
}

static struct site *open_care(void)
{
	struct site *s = malloc(sizeof(*s));

	offset_us = 0;
	away = 0;
	memset(asked, 0, sizeof(asked));
	site_open(s);
	must_equal(care_open(&s->b), 0);
	s->b.care->remove = removing;
	s->b.care->now = clock_now;
	return s;
}

static void close_care(struct site *s)
{
	care_close(&s->b);
	site_close(s);
	free(s);
}

/* --- garbage -------------------- */

/* A page of generations in all six edges. */
static size_t write_page(u8 *buf, unsigned int count, u8 tag)
{
	struct page_writer w;
	unsigned int i, j;

	page_begin(&w, buf, 0, 0);
	for (i = 0; i < count; i++) {
		struct record r = {
			.generation = { tag, i }, .plain_bytes = 100, .stored_bytes = 100,
			.k = 4, .n = 6,
		};

		for (j = 0; j < 6; j++)
			r.location[j] = 61 + j;
		must_equal(page_add(&w, &r), 0);
	}
	return page_end(&w);
}

/* Fragments that were reserved, and whose time has passed. */
static void leave(struct site *s, const u8 *buf, size_t len, unsigned int count)
{
	u64 id;
	const struct store_text records = { buf, len };

	must_equal(store_reserve(s->b.store, s->team, count, records, 1, &id), 0);
}

static u64 items(struct site *s)
{
	u64 all, due;

	must_equal(store_garbage_count(s->b.store, &all, &due), 0);
	return all;
}

static int garbage(void *arg)
{
	static u8 buf[SKY_PAGE_MAX_BYTES];
	struct site *s = open_care();
	struct store_garbage *taken;
	struct store_garbage_page page;
	struct care_counts counts;
	STORE_ARENA a = { 0 };
	size_t len = write_page(buf, 10, 1);
	struct page p;
	unsigned int i;

	(void)arg;
	/* What cannot be read holds up nobody. */
	buf[100] ^= 1;
	leave(s, buf, len, 10);
	must_equal(care_collect(&s->b), 1);
	must_equal(items(s), 0);
	must_equal(asked[61], 0);
	buf[100] ^= 1;

	leave(s, buf, len, 10);
	must_equal(care_collect(&s->b), 1);
	must_equal(items(s), 0);
	for (i = 61; i < 67; i++)
		must_equal(asked[i], 10);

	/* One is away: the others are done with, and what is left names it alone. */
	away = 63;
	leave(s, buf, len, 10);
	must_equal(care_collect(&s->b), 1);
	must_equal(items(s), 1);
	must_equal(asked[61], 20);
	must_equal(asked[63], 11);
	must_equal(care_collect(&s->b), 0);
	care_counts(&s->b, &counts);
	must_equal(counts.deleted, 60 + 50);
	must_equal(counts.failed, 1);
	/* Known to be down, it is not even asked. */
	plan_note(&s->b, 63, -ETIMEDOUT);
	must(plan_is_down(&s->b, 63));
	leave(s, buf, len, 10);
	must_equal(care_collect(&s->b), 1);
	must_equal(asked[63], 11);
	must_equal(items(s), 2);

	/* The rest, when it is back and the time has come. */
	away = 0;
	plan_note(&s->b, 63, 0);
	offset_us = 0;
	must_equal(store_garbage_lease(s->b.store, 1, 10, &a, &taken), 0);
	site_clock_us = 7200ull * 1000000;
	must_equal(store_garbage_lease(s->b.store, 1000000, 1, &a, &taken), 1);
	must_equal(store_garbage_next(s->b.store, taken, &a, &page), 1);
	must_equal(page_parse(&p, page.page.records.data, page.page.records.len), 0);
	must_equal(p.count, 10);
	site_clock_us += 2000000;
	must_equal(care_collect(&s->b), 2);
	must_equal(asked[63], 31);
	must_equal(asked[61], 30);
	must_equal(items(s), 0);

	/* What the operator has taken away is not asked. */
	site_disable(s, 62);
	leave(s, buf, len, 10);
	must_equal(care_collect(&s->b), 1);
	must_equal(items(s), 0);
	must_equal(asked[62], 30);
	site_clock_us = 0;
	close_care(s);
	return 0;
}

/* Samples that nobody could delete, or lived to delete, are found when their time is over. */
static int samples(void *arg)
{
	struct site *s = open_care();
	struct store_garbage *taken;
	STORE_ARENA a = { 0 };
	unsigned int i;

	(void)arg;
	/* Nobody listens there. */
	must_equal(care_measure(&s->b), 0);
	must_equal(care_collect(&s->b), 0);
	site_clock_us = 2 * 3600ull * 1000000;
	must_equal(care_collect(&s->b), 6);
	for (i = 61; i < 67; i++)
		must_equal(asked[i], 2);
	must_equal(items(s), 0);
	must_equal(store_garbage_lease(s->b.store, 1, 10, &a, &taken), 0);
	site_clock_us = 0;
	close_care(s);
	return 0;
}

static void test_samples(void **state)
{
	assert_int_equal(on_loop(state, samples, NULL), 0);
}

static void test_garbage(void **state)
{
	assert_int_equal(on_loop(state, garbage, NULL), 0);
}

/* --- lifecycles -------------------- */

static u64 make_bucket(struct site *s, const char *lifecycle, bool versions)
{
	struct store_bucket b = { .team = s->team, .name = stext("attic") };
	struct store_policy row;
	STORE_ARENA a = { 0 };

	must_equal(store_policy_find(s->b.store, s->team, stext("default"), &a, &row), 0);
	b.policy = row.id;
	must_equal(store_bucket_create(s->b.store, &b), 0);
	if (versions)
		must_equal(store_bucket_set_versioning(s->b.store, s->team, b.id,
						       STORE_VERSIONED), 0);
	must_equal(store_bucket_set_document(s->b.store, s->team, b.id, STORE_LIFECYCLE,
					     stext(lifecycle)), 0);
	return b.id;
}

static void put(struct site *s, u64 bucket, const char *name, const char *tags, u64 size)
{
	static u8 buf[SKY_PAGE_MAX_BYTES];
	const struct store_page page = {
		.length = size, .generations = 1, .records = { buf, write_page(buf, 1, 7) },
	};
	const struct store_put p = {
		.team = s->team, .bucket = bucket, .name = stext(name), .etag = stext("e"),
		.tags = stext(tags), .body = { .size = size, .page = &page },
	};
	struct store_result result;

	must_equal(store_object_put(s->b.store, &p, &result), 0);
}

static unsigned int count(struct site *s, u64 bucket, bool versions)
{
	const struct store_list list = { .team = s->team, .bucket = bucket, .max = 1000 };
	STORE_ARENA a = { 0 };
	struct store_listing found;

	must_equal((versions ? store_list_versions : store_list_objects)
		   (s->b.store, &list, &a, &found), 0);
	return found.count;
}

static int expiry(void *arg)
{
	struct site *s = open_care();
	u64 bucket = make_bucket(s, "<LifecycleConfiguration><Rule><ID>a</ID><Status>Enabled</Status><Filter><And><Prefix>log/</Prefix><Tag><Key>keep</Key><Value>no</Value></Tag><ObjectSizeGreaterThan>10</ObjectSizeGreaterThan></And></Filter><Expiration><Days>3</Days></Expiration></Rule><Rule><ID>b</ID><Status>Disabled</Status><Filter><Prefix></Prefix></Filter><Expiration><Days>1</Days></Expiration></Rule><Rule><ID>c</ID><Status>Enabled</Status><Filter><Prefix>tmp/</Prefix></Filter><Expiration><Days>1</Days></Expiration><AbortIncompleteMultipartUpload><DaysAfterInitiation>2</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule></LifecycleConfiguration>", false);
	struct store_upload upload = {
		.team = s->team, .bucket = bucket, .name = stext("tmp/big"),
	};
	char name[32];
	unsigned int i;

	(void)arg;
	must_equal(store_upload_create(s->b.store, &upload), 0);
	put(s, bucket, "log/1", "keep=no", 100);
	put(s, bucket, "log/2", "keep=yes", 100);
	put(s, bucket, "log/3", "keep=no", 10);
	put(s, bucket, "other", "keep=no", 100);
	for (i = 0; i < 600; i++) {
		snprintf(name, sizeof(name), "tmp/%u", i);
		put(s, bucket, name, "", 1);
	}
	must_equal(count(s, bucket, false), 604);
	must_equal(care_expire(&s->b), 0);
	offset_us = DAY * 2;		/* a day is over at the next midnight, and not before */
	must_equal(care_expire(&s->b), 600);
	must_equal(count(s, bucket, false), 4);
	offset_us = DAY * 3;
	must_equal(care_expire(&s->b), 1);
	must_equal(count(s, bucket, false), 4);
	offset_us = DAY * 4;
	must_equal(care_expire(&s->b), 1);
	must_equal(count(s, bucket, false), 3);
	must_equal(care_expire(&s->b), 0);
	close_care(s);
	return 0;
}

static void test_expiry(void **state)
{
	assert_int_equal(on_loop(state, expiry, NULL), 0);
}

static int versions(void *arg)
{
	struct site *s = open_care();
	u64 bucket = make_bucket(s, "<LifecycleConfiguration><Rule><ID>n</ID><Status>Enabled</Status><Filter><Prefix></Prefix></Filter><NoncurrentVersionExpiration><NoncurrentDays>5</NoncurrentDays><NewerNoncurrentVersions>2</NewerNoncurrentVersions></NoncurrentVersionExpiration></Rule><Rule><ID>m</ID><Status>Enabled</Status><Filter><Prefix></Prefix></Filter><Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration></Rule></LifecycleConfiguration>", true);
	const struct store_version latest = { .kind = STORE_LATEST };
	struct store_result result;
	unsigned int i;

	(void)arg;
	for (i = 0; i < 6; i++)
		put(s, bucket, "a", "", 1);
	put(s, bucket, "b", "", 1);
	/* A marker with a version below it is no use to anybody, but is not alone. */
	must_equal(store_object_delete(s->b.store, s->team, bucket, stext("b"), &latest, NULL,
				       &result), 0);
	/* And one that is. */
	must_equal(store_object_delete(s->b.store, s->team, bucket, stext("c"), &latest, NULL,
				       &result), 0);
	must_equal(count(s, bucket, true), 9);
	must_equal(care_expire(&s->b), 1);
	must_equal(count(s, bucket, true), 8);
	offset_us = DAY * 6;
	/* Five old ones of a, two of which stay; b's only one stays for the same reason. */
	must_equal(care_expire(&s->b), 3);
	must_equal(count(s, bucket, true), 5);
	must_equal(count(s, bucket, false), 1);
	close_care(s);
	return 0;
}

static void test_versions(void **state)
{
	assert_int_equal(on_loop(state, versions, NULL), 0);
}

/* --- scrubs -------------------- */

static bool same(const char *one, const char *other)
{
	struct plan_place a = { .row.url = stext(one) }, b = { .row.url = stext(other) };

	plan_split_url(str_of(one), &a.host, &a.path);
	plan_split_url(str_of(other), &b.host, &b.path);
	return scrub_same_place(&a, &b);
}

/* Of which fragments a scrub would delete that another row names. */
static void test_same_place(void **state)
{
	static const char *const one[] = {
		"https://h/b", "https://h/b/", "https://h:443/b", "http://h/b", "http://h:80/b//",
		"https://H/b", "https://h./b", "https://h.:443/b",
	};
	static const char *const other[] = {
		"https://h/c", "https://h/b/b", "https://h", "https://h:444/b", "https://g/b",
		"https://h/B",
	};
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(one) / sizeof(*one); i++) {
		for (j = 0; j < sizeof(one) / sizeof(*one); j++)
			assert_true(same(one[i], one[j]));
		for (j = 0; j < sizeof(other) / sizeof(*other); j++)
			assert_false(same(one[i], other[j]));
	}
}

int main(void)
{
	static const struct config quiet = { .level = LEVEL_ERROR };
	const struct CMUnitTest tests[] = {
		ON_BOTH(test_garbage), ON_BOTH(test_samples), ON_BOTH(test_expiry),
		ON_BOTH(test_versions), cmocka_unit_test(test_same_place),
	};

	log_start("test", &quiet);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
