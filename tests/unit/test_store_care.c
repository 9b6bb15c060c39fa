// SPDX-License-Identifier: GPL-2.0-or-later
/* The store: teams, keys, policies, locations, reservations, garbage, lifecycle. */
#include "store_util.h"

#define DAY	(24ull * 3600 * 1000000)

/* --- teams and keys ------------------------------------------------------ */

static void teams(void **state)
{
	struct shop *shop = *state;
	struct store_key key = {
		.access = str("K"), .secret = str("s"), .team = shop->other, .enabled = true,
	};
	struct store_team *list;
	struct store_usage usage;
	u64 id, again;

	ASSERT_ERR(store_team_create(shop->store, str("blue"), &id), STORE_TEAM_EXISTS);
	ASSERT_ERR(store_team_create(shop->store, str(""), &id), STORE_INVALID);
	assert_int_equal(store_team_list(shop->store, 0, 10, &shop->arena, &list), 2);
	assert_true(text_is(list[1].name, "red") && list[1].created == clock_us);
	assert_int_equal(store_team_list(shop->store, shop->team, 10, &shop->arena, &list), 1);
	ASSERT_ERR(store_team_delete(shop->store, shop->team), STORE_TEAM_NOT_EMPTY);
	ASSERT_OK(store_key_create(shop->store, &key));
	ASSERT_OK(store_policy_create(shop->store, shop->other, str("p"), str("{}"), &id));
	ASSERT_OK(store_team_delete(shop->store, shop->other));
	ASSERT_ERR(store_team_delete(shop->store, shop->other), STORE_NO_SUCH_TEAM);
	ASSERT_ERR(store_team_delete(shop->store, 0), STORE_NO_SUCH_TEAM);
	ASSERT_ERR(store_team_usage(shop->store, shop->other, &usage), STORE_NO_SUCH_TEAM);
	ASSERT_ERR(store_key_find(shop->store, str("K"), &shop->arena, &key),
		   STORE_NO_SUCH_ACCESS_KEY);
	/* Its number is never another's. */
	ASSERT_OK(store_team_create(shop->store, str("red"), &again));
	assert_true(again > shop->other);
}

static void keys(void **state)
{
	struct shop *shop = *state;
	struct store *s = shop->store;
	struct store_key key = {
		.access = str("AK1"), .team = shop->team, .secret = str("wrapped"),
		.comment = str("for backups"), .enabled = true, .scope = STORE_SCOPE_READ,
		.expires = clock_us + DAY,
	}, got, *list;
	u64 theirs = make_bucket(shop, shop->other, "theirs");

	ASSERT_OK(store_key_create(s, &key));
	assert_int_equal(store_key_create(s, &key), -EEXIST);
	key.team = 99;
	key.access = str("AK2");
	ASSERT_ERR(store_key_create(s, &key), STORE_NO_SUCH_TEAM);
	ASSERT_OK(store_key_find(s, str("AK1"), &shop->arena, &got));
	assert_true(got.team == shop->team && text_is(got.secret, "wrapped") && got.enabled);
	ASSERT_ERR(store_key_find(s, str("ak1"), &shop->arena, &got), STORE_NO_SUCH_ACCESS_KEY);

	assert_int_equal(store_key_scope(s, str("AK1"), shop->bucket), STORE_SCOPE_READ);
	assert_int_equal(store_key_scope(s, str("AK1"), theirs), STORE_SCOPE_NONE);
	ASSERT_OK(store_key_set_scope(s, shop->team, str("AK1"), shop->bucket, STORE_SCOPE_FULL));
	assert_int_equal(store_key_scope(s, str("AK1"), shop->bucket), STORE_SCOPE_FULL);
	ASSERT_OK(store_key_set_scope(s, shop->team, str("AK1"), shop->bucket, STORE_SCOPE_NONE));
	assert_int_equal(store_key_scope(s, str("AK1"), shop->bucket), STORE_SCOPE_NONE);
	ASSERT_ERR(store_key_set_scope(s, shop->team, str("AK1"), theirs, STORE_SCOPE_FULL),
		   STORE_NO_SUCH_BUCKET);
	/* Not even of a shared bucket, which the team can see. */
	ASSERT_OK(store_bucket_set_shared(s, shop->other, theirs, true));
	ASSERT_ERR(store_key_set_scope(s, shop->team, str("AK1"), theirs, STORE_SCOPE_FULL),
		   STORE_NO_SUCH_BUCKET);
	ASSERT_ERR(store_key_set_scope(s, shop->other, str("AK1"), theirs, STORE_SCOPE_FULL),
		   STORE_NO_SUCH_ACCESS_KEY);

	/* Another team can neither see nor change it. */
	assert_int_equal(store_key_list(s, shop->other, str(""), 10, &shop->arena, &list), 0);
	assert_int_equal(store_key_list(s, shop->team, str(""), 10, &shop->arena, &list), 1);
	ASSERT_ERR(store_key_enable(s, shop->other, str("AK1"), false), STORE_NO_SUCH_ACCESS_KEY);
	ASSERT_ERR(store_key_delete(s, shop->other, str("AK1")), STORE_NO_SUCH_ACCESS_KEY);

	ASSERT_OK(store_key_enable(s, shop->team, str("AK1"), false));
	ASSERT_ERR(store_key_find(s, str("AK1"), &shop->arena, &got), STORE_NO_SUCH_ACCESS_KEY);
	assert_int_equal(store_key_scope(s, str("AK1"), shop->bucket), STORE_SCOPE_NONE);
	ASSERT_OK(store_key_enable(s, shop->team, str("AK1"), true));
	clock_us += 2 * DAY;
	ASSERT_ERR(store_key_find(s, str("AK1"), &shop->arena, &got), STORE_NO_SUCH_ACCESS_KEY);
	ASSERT_OK(store_key_delete(s, shop->team, str("AK1")));
}

/* --- policies ------------------------------------------------------------ */

static void policies(void **state)
{
	struct shop *shop = *state;
	struct store *s = shop->store;
	struct store_bucket b = { .team = shop->team, .name = str("b2"), .key = str("k") };
	struct store_policy p, *list;
	u64 id, revision, other;

	ASSERT_OK(store_policy_create(s, shop->team, str("gold"), str("v1"), &id));
	ASSERT_ERR(store_policy_create(s, shop->team, str("gold"), str("x"), &other),
		   STORE_POLICY_EXISTS);
	ASSERT_ERR(store_policy_create(s, shop->team, str("default"), str("x"), &other),
		   STORE_POLICY_EXISTS);
	ASSERT_ERR(store_policy_create(s, 0, str("gold"), str("x"), &other), STORE_POLICY_EXISTS);
	ASSERT_OK(store_policy_create(s, shop->other, str("gold"), str("theirs"), &other));
	b.policy = id;
	ASSERT_OK(store_bucket_create(s, &b));
	assert_int_equal(b.policy_revision, 1);
	ASSERT_OK(store_policy_edit(s, shop->team, id, str("v2"), &revision));
	assert_int_equal(revision, 2);
	/* Nobody else edits or sees it, nor a team what is everybody's. */
	ASSERT_ERR(store_policy_edit(s, shop->other, id, str("v3"), &revision),
		   STORE_NO_SUCH_POLICY);
	ASSERT_ERR(store_policy_edit(s, shop->team, shop->policy, str("v3"), &revision),
		   STORE_NO_SUCH_POLICY);
	ASSERT_ERR(store_policy_get(s, shop->other, id, 0, &shop->arena, &p),
		   STORE_NO_SUCH_POLICY);

	ASSERT_OK(store_policy_get(s, shop->team, id, 1, &shop->arena, &p));
	assert_true(text_is(p.body, "v1"));
	ASSERT_OK(store_policy_get(s, shop->team, id, 0, &shop->arena, &p));
	assert_true(text_is(p.body, "v2") && p.revision == 2);
	ASSERT_ERR(store_policy_get(s, shop->team, id, 3, &shop->arena, &p),
		   STORE_NO_SUCH_POLICY);
	ASSERT_OK(store_policy_find(s, shop->other, str("gold"), &shop->arena, &p));
	assert_true(text_is(p.body, "theirs"));
	ASSERT_OK(store_bucket_find(s, shop->team, str("b2"), &shop->arena, &b));
	assert_int_equal(b.policy_revision, 1);
	assert_int_equal(store_policy_list(s, shop->team, 0, 10, &shop->arena, &list), 2);

	ASSERT_ERR(store_policy_delete(s, shop->team, str("gold")), STORE_POLICY_IN_USE);
	ASSERT_ERR(store_policy_delete(s, shop->team, str("default")), STORE_NO_SUCH_POLICY);
	ASSERT_OK(store_bucket_delete(s, shop->team, b.id));
	ASSERT_OK(store_policy_delete(s, shop->team, str("gold")));
	ASSERT_ERR(store_policy_find(s, shop->team, str("gold"), &shop->arena, &p),
		   STORE_NO_SUCH_POLICY);
}

/* --- locations ----------------------------------------------------------- */

static void locations(void **state)
{
	struct shop *shop = *state;
	struct store *s = shop->store;
	struct store_location l = {
		.kind = STORE_CLOUD, .name = str("Frankfurt"), .provider = str("IONOS"),
		.url = str("https://s3.example"), .country = str("DE"), .city = str("Frankfurt"),
		.jurisdiction = str("EU"), .latitude_e6 = 50110922, .longitude_e6 = -8682127,
		.gdpr = true, .storage_price = 20000, .egress_price = 90000,
		.credentials = str("wrapped"),
	}, edge = {
		.kind = STORE_EDGE, .name = str("edge"), .team = shop->team, .cluster = str("c1"),
		.public_point = str("point"), .region = str("r"), .description = str("d"),
	}, got, *list;

	ASSERT_OK(store_location_create(s, &l));
	ASSERT_OK(store_location_create(s, &edge));
	assert_true(l.id > 0 && edge.id > l.id);
	assert_int_equal(store_location_create(s, &edge), -EEXIST);
	ASSERT_OK(store_location_get(s, shop->other, l.id, &shop->arena, &got));
	assert_true(text_is(got.city, "Frankfurt") && text_is(got.credentials, "wrapped"));
	assert_true(got.latitude_e6 == 50110922 && got.longitude_e6 == -8682127 && got.gdpr);
	assert_true(got.storage_price == 20000 && got.egress_price == 90000);
	ASSERT_ERR(store_location_get(s, shop->other, edge.id, &shop->arena, &got),
		   STORE_NO_SUCH_LOCATION);
	assert_int_equal(store_location_list(s, shop->other, 0, 10, &shop->arena, &list), 1);
	assert_int_equal(store_location_list(s, shop->team, 0, 10, &shop->arena, &list), 2);
	assert_true(text_is(list[1].public_point, "point") && text_is(list[1].cluster, "c1"));

	edge.state = STORE_DRAINING;
	edge.used = 77;
	ASSERT_ERR(store_location_update(s, shop->other, &edge), STORE_NO_SUCH_LOCATION);
	ASSERT_OK(store_location_update(s, shop->team, &edge));
	ASSERT_OK(store_location_get(s, shop->team, edge.id, &shop->arena, &got));
	assert_true(got.state == STORE_DRAINING && got.used == 77 && text_is(got.region, "r"));
	edge.latitude_e6 = 90000001;
	ASSERT_ERR(store_location_update(s, shop->team, &edge), STORE_INVALID);
}

static void measurements(void **state)
{
	struct shop *shop = *state;
	struct store *s = shop->store;
	struct store_location l = { .name = str("l") };
	struct store_sample sample[3] = {
		{ clock_us, STORE_UP_1B, 900 }, { clock_us, STORE_DOWN_1MB, 70000 },
		{ clock_us + DAY, STORE_UP_1B, 1000 },
	}, *got;
	struct store_outage *outage;

	ASSERT_ERR(store_location_sample(s, 9, sample, 1), STORE_NO_SUCH_LOCATION);
	ASSERT_ERR(store_location_outage(s, 9, true, 1), STORE_NO_SUCH_LOCATION);
	ASSERT_OK(store_location_create(s, &l));
	ASSERT_OK(store_location_sample(s, l.id, sample, 3));
	assert_int_equal(store_location_samples(s, l.id, STORE_UP_1B, 0, 10, &shop->arena, &got),
			 2);
	assert_true(got[0].us == 900 && got[1].us == 1000);
	sample[0].at = clock_us + 30 * DAY + 1;
	ASSERT_OK(store_location_sample(s, l.id, sample, 1));
	assert_int_equal(store_location_samples(s, l.id, STORE_UP_1B, 0, 10, &shop->arena, &got),
			 2);
	assert_int_equal(got[0].us, 1000);
	assert_int_equal(store_location_samples(s, l.id, STORE_DOWN_1MB, 0, 10, &shop->arena,
						&got), 1);

	ASSERT_OK(store_location_outage(s, l.id, false, 5));
	ASSERT_OK(store_location_outage(s, l.id, true, 10));
	ASSERT_OK(store_location_outage(s, l.id, true, 20));
	ASSERT_OK(store_location_outage(s, l.id, false, 30));
	ASSERT_OK(store_location_outage(s, l.id, true, 40));
	assert_int_equal(store_location_outages(s, l.id, 10, &shop->arena, &outage), 2);
	assert_true(outage[0].begin == 40 && !outage[0].end);
	assert_true(outage[1].begin == 10 && outage[1].end == 30);
}

/* --- reservations and garbage -------------------------------------------- */

static int put_claimed(struct shop *shop, const char *name, u64 reservation, u64 mask)
{
	struct store_page page = { .length = 9, .generations = 1, .records = str("r") };
	struct store_claim claim = { reservation, mask };
	struct store_put put = {
		.team = shop->team, .bucket = shop->bucket, .name = str(name),
		.body = { .size = 9, .page = &page, .claim = &claim, .claims = 1 },
	};
	struct store_result r;

	return store_object_put(shop->store, &put, &r);
}

/* A generation is used once, in time, by whom it was reserved for. */
static void reservations(void **state)
{
	struct shop *shop = *state;
	struct store *s = shop->store;
	struct store_garbage *items;
	struct store_garbage_page page;
	u64 ours, theirs, late, spent, n, due;

	ASSERT_ERR(store_reserve(s, 0, 65, str("records"), 1, &ours), STORE_INVALID);
	ASSERT_ERR(store_reserve(s, 0, 0, str("records"), 1, &ours), STORE_INVALID);
	ASSERT_OK(store_reserve(s, shop->team, 64, str("64 records"), clock_us + 100, &ours));
	ASSERT_OK(store_reserve(s, shop->other, 2, str("theirs"), clock_us + 100, &theirs));
	ASSERT_OK(store_reserve(s, 0, 2, str("late"), clock_us + 50, &late));
	ASSERT_OK(store_reserve(s, 0, 2, str("spent"), clock_us + 50, &spent));
	ASSERT_OK(put_claimed(shop, "a", ours, 1ull << 63));
	ASSERT_ERR(put_claimed(shop, "b", ours, 1ull << 63), STORE_EXPIRED);
	ASSERT_ERR(put_claimed(shop, "b", ours, 3ull << 62), STORE_EXPIRED);
	ASSERT_ERR(put_claimed(shop, "b", theirs, 1), STORE_EXPIRED);
	ASSERT_ERR(put_claimed(shop, "b", late, 4), STORE_EXPIRED);
	ASSERT_OK(put_claimed(shop, "b", late, 2));
	ASSERT_OK(put_claimed(shop, "c", spent, 1));
	ASSERT_OK(put_claimed(shop, "d", spent, 2));
	clock_us += 60;
	assert_int_equal(store_leftovers(s, 10), 1);
	ASSERT_ERR(put_claimed(shop, "e", late, 1), STORE_EXPIRED);
	assert_int_equal(store_garbage_lease(s, 10, 10, &shop->arena, &items), 1);
	assert_int_equal(store_garbage_next(s, &items[0], &shop->arena, &page), 1);
	assert_true(page.mask == 1 && text_is(page.page.records, "late"));
	clock_us += 60;
	assert_int_equal(store_leftovers(s, 1), 1);
	assert_int_equal(store_leftovers(s, 10), 1);
	assert_int_equal(store_leftovers(s, 10), 0);
	ASSERT_OK(store_garbage_count(s, &n, &due));
	assert_true(n == 3 && due == 3);
	assert_int_equal(store_garbage_lease(s, 10, 10, &shop->arena, &items), 3);
	assert_int_equal(store_garbage_next(s, &items[1], &shop->arena, &page), 1);
	assert_true(page.mask == ~0ull >> 1 && text_is(page.page.records, "64 records"));
}

/* A piece that is never named in a commit is found again. */
static void pieces(void **state)
{
	struct shop *shop = *state;
	struct store *s = shop->store;
	struct store_page page = { .length = 10, .generations = 2, .records = str("records") };
	struct store_put put = { .team = shop->team, .bucket = shop->bucket, .name = str("k") };
	struct store_garbage_page got;
	struct store_garbage *items;
	struct store_result r;
	u64 piece, empty;

	ASSERT_OK(store_piece_open(s, shop->team, clock_us + 100, &piece));
	ASSERT_OK(store_piece_open(s, shop->team, clock_us + 100, &empty));
	ASSERT_OK(store_piece_add(s, shop->team, piece, &page, NULL, 0, clock_us + 100));
	/* In order, without holes, by its team. */
	ASSERT_ERR(store_piece_add(s, shop->team, piece, &page, NULL, 0, clock_us + 100),
		   STORE_INVALID);
	page.start = 11;
	ASSERT_ERR(store_piece_add(s, shop->team, piece, &page, NULL, 0, clock_us + 100),
		   STORE_INVALID);
	page.start = 10;
	ASSERT_ERR(store_piece_add(s, shop->other, piece, &page, NULL, 0, clock_us + 100),
		   STORE_EXPIRED);
	page.generations = 65;
	ASSERT_ERR(store_piece_add(s, shop->team, piece, &page, NULL, 0, clock_us + 100),
		   STORE_INVALID);
	page.generations = 1;
	ASSERT_OK(store_piece_add(s, shop->team, piece, &page, NULL, 0, clock_us + 200));
	put.body = (struct store_body){ .size = 19, .piece = piece };
	ASSERT_ERR(store_object_put(s, &put, &r), STORE_INVALID);
	clock_us += 150;
	assert_int_equal(store_leftovers(s, 10), 1);
	ASSERT_ERR(store_piece_drop(s, shop->team, empty), STORE_EXPIRED);
	assert_int_equal(store_garbage_lease(s, 10, 10, &shop->arena, &items), 0);
	clock_us += 100;
	assert_int_equal(store_leftovers(s, 10), 1);
	put.body.size = 20;
	ASSERT_ERR(store_object_put(s, &put, &r), STORE_EXPIRED);
	assert_int_equal(store_garbage_lease(s, 10, 10, &shop->arena, &items), 1);
	assert_int_equal(store_garbage_next(s, items, &shop->arena, &got), 1);
	assert_true(got.page.start == 0 && got.page.generations == 2);
}

/* One collector at a time; another takes over where a dead one stopped. */
static void leases(void **state)
{
	struct shop *shop = *state;
	struct store *s = shop->store;
	struct store_garbage *mine, *theirs;
	struct store_garbage_page page;
	struct store_page two[2] = {
		{ .length = 10, .generations = 1, .records = str("r0") },
		{ .start = 10, .length = 10, .generations = 1, .records = str("r1") },
	};
	u64 piece;

	ASSERT_OK(store_piece_open(s, shop->team, clock_us + 100, &piece));
	ASSERT_OK(store_piece_add(s, shop->team, piece, &two[0], NULL, 0, clock_us + 100));
	ASSERT_OK(store_piece_add(s, shop->team, piece, &two[1], NULL, 0, clock_us + 100));
	ASSERT_OK(store_piece_drop(s, shop->team, piece));
	assert_int_equal(store_garbage_lease(s, 1000, 10, &shop->arena, &mine), 1);
	assert_int_equal(store_garbage_lease(s, 1000, 10, &shop->arena, &theirs), 0);
	assert_int_equal(store_garbage_next(s, mine, &shop->arena, &page), 1);
	ASSERT_OK(store_garbage_page_done(s, mine, &page));
	clock_us += 1000;
	assert_int_equal(store_garbage_lease(s, 1000, 10, &shop->arena, &theirs), 1);
	ASSERT_ERR(store_garbage_next(s, mine, &shop->arena, &page), STORE_LEASE_LOST);
	ASSERT_ERR(store_garbage_page_done(s, mine, &page), STORE_LEASE_LOST);
	ASSERT_ERR(store_garbage_done(s, mine), STORE_LEASE_LOST);
	assert_int_equal(store_garbage_next(s, theirs, &shop->arena, &page), 1);
	assert_true(text_is(page.page.records, "r1"));
	ASSERT_OK(store_garbage_page_done(s, theirs, &page));
	ASSERT_OK(store_garbage_next(s, theirs, &shop->arena, &page));
	ASSERT_OK(store_garbage_done(s, theirs));
}

/* Readers that have begun keep their fragments, and their pages, for the grace time. */
static void grace(void **state)
{
	struct shop *shop = *state;
	struct store *s = shop->store;
	struct store_page page = { .length = 20, .generations = 2, .records = str("two") };
	struct store_put put = {
		.team = shop->team, .bucket = shop->bucket, .name = str("k"),
		.body = { .size = 20, .page = &page },
	};
	struct store_garbage *items;
	struct store_result r;
	struct store_object o;
	struct store_page got;
	u64 base;
	u32 part;

	ASSERT_OK(store_object_put(s, &put, &r));
	ASSERT_OK(get_object(shop, shop->team, shop->bucket, "k", NULL, &o));
	ASSERT_OK(put_object(shop, shop->bucket, "k", "new", NULL));
	assert_int_equal(store_garbage_lease(s, 1000, 10, &shop->arena, &items), 0);
	ASSERT_OK(store_data_page(s, &o.data, 15, &shop->arena, &got, &base, &part));
	assert_true(text_is(got.records, "two"));
	clock_us += 1000000;
	assert_int_equal(store_garbage_lease(s, 1000, 10, &shop->arena, &items), 1);
}

/* --- lifecycle ----------------------------------------------------------- */

/* Walk all candidates of a rule, a few rows at a time; their names, one after the other. */
static void candidates(struct shop *shop, enum store_expiry kind, u64 before, const char *prefix,
		       char *found, size_t size)
{
	struct store_expire x = {
		.bucket = shop->bucket, .kind = kind, .prefix = str(prefix), .before = before,
		.max = 3,
	};
	struct store_listing out = { .truncated = true };
	unsigned int i;
	size_t len = 0;

	found[0] = 0;
	while (out.truncated) {
		ASSERT_OK(store_expired(shop->store, &x, &shop->arena, &out));
		for (i = 0; i < out.count; i++)
			len += snprintf(found + len, size - len, "%.*s;",
					(int)out.entry[i].name.len,
					(const char *)out.entry[i].name.data);
		x.after = out.next;
		x.after_version = out.next_version;
	}
}

static void lifecycle(void **state)
{
	struct shop *shop = *state;
	struct store_upload u = {
		.team = shop->team, .bucket = shop->bucket, .name = str("up"),
	};
	struct store_result r;
	char found[200];
	u64 start = clock_us;
	int i;

	ASSERT_OK(store_bucket_set_versioning(shop->store, shop->team, shop->bucket,
					      STORE_VERSIONED));
	for (i = 0; i < 5; i++) {
		clock_us += 10;
		ASSERT_OK(put_object(shop, shop->bucket, "many", "e", NULL));
	}
	ASSERT_OK(put_object(shop, shop->bucket, "log/old", "e", NULL));
	ASSERT_OK(store_object_delete(shop->store, shop->team, shop->bucket, str("only-marker"),
				      NULL, NULL, &r));
	ASSERT_OK(put_object(shop, shop->bucket, "hidden", "e", NULL));
	ASSERT_OK(store_object_delete(shop->store, shop->team, shop->bucket, str("hidden"), NULL,
				      NULL, &r));
	ASSERT_OK(store_upload_create(shop->store, &u));
	clock_us += 1000;
	ASSERT_OK(put_object(shop, shop->bucket, "log/new", "e", NULL));
	ASSERT_OK(store_upload_create(shop->store, &u));

	candidates(shop, STORE_EXPIRE_CURRENT, start + 500, "", found, sizeof(found));
	assert_string_equal(found, "log/old;many;");
	candidates(shop, STORE_EXPIRE_CURRENT, start + 5000, "log/", found, sizeof(found));
	assert_string_equal(found, "log/new;log/old;");
	/* Replaced before: the newest that was replaced came 10 us before the latest. */
	candidates(shop, STORE_EXPIRE_NONCURRENT, start + 41, "", found, sizeof(found));
	assert_string_equal(found, "many;many;many;");
	candidates(shop, STORE_EXPIRE_NONCURRENT, start + 500, "", found, sizeof(found));
	assert_string_equal(found, "hidden;many;many;many;many;");
	candidates(shop, STORE_EXPIRE_MARKER, start + 500, "", found, sizeof(found));
	assert_string_equal(found, "only-marker;");
	candidates(shop, STORE_EXPIRE_MARKER, start, "", found, sizeof(found));
	assert_string_equal(found, "");
	candidates(shop, STORE_EXPIRE_UPLOAD, start + 500, "", found, sizeof(found));
	assert_string_equal(found, "up;");
	candidates(shop, STORE_EXPIRE_UPLOAD, start + 5000, "u", found, sizeof(found));
	assert_string_equal(found, "up;up;");
}

/* --- how a call waits ---------------------------------------------------- */

struct hooks {
	unsigned int writes, reads;
};

static int hook_write(void *ctx, struct db *db, db_tx_fn *fn, void *arg)
{
	((struct hooks *)ctx)->writes++;
	return db_write(db, fn, arg);
}

static int hook_read(void *ctx, struct db *db, db_tx_fn *fn, void *arg)
{
	((struct hooks *)ctx)->reads++;
	return db_read(db, fn, arg);
}

static void own_waiting(void **state)
{
	struct shop *shop = *state;
	struct hooks hooks = { 0 };
	struct store_object o;

	store_close(shop->store);
	shop->config.write = hook_write;
	shop->config.read = hook_read;
	shop->config.run_ctx = &hooks;
	ASSERT_OK(store_open(&shop->config, &shop->store));
	ASSERT_OK(put_object(shop, shop->bucket, "k", "e", NULL));
	ASSERT_OK(get_object(shop, shop->team, shop->bucket, "k", NULL, &o));
	assert_true(hooks.writes == 1 && hooks.reads == 1);
	shop->config.run_ctx = NULL;
	shop->config.write = NULL;
	shop->config.read = NULL;
	store_close(shop->store);
	ASSERT_OK(store_open(&shop->config, &shop->store));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(teams), STORE_TEST(keys), STORE_TEST(policies), STORE_TEST(locations),
		STORE_TEST(measurements), STORE_TEST(reservations), STORE_TEST(pieces),
		STORE_TEST(leases), STORE_TEST(grace), STORE_TEST(lifecycle),
		STORE_TEST(own_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
