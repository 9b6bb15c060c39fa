// SPDX-License-Identifier: GPL-2.0-or-later
/* The store: fragments that leave a location, while others write, delete and collect. */
#include "store_util.h"

#include "../../user/skyd/store_move.h"

#define FROM	3
#define TO	7
#define ROW	2

static const u8 generation[STORE_GENERATION_BYTES] = "a generation...";

static struct store_move move_to(u16 location)
{
	struct store_move m = { .row = ROW, .location = location, .open = true,
				.due = clock_us + 1000 };

	memcpy(m.generation, generation, sizeof(generation));
	return m;
}

static struct store_home home_of(struct shop *shop, const char *name)
{
	struct store_walk walk = { 0 };
	struct store_home *homes;
	int n, i;

	while ((n = store_walk(shop->store, &walk, 10, &shop->arena, &homes)) > 0)
		for (i = 0; i < n; i++)
			if (text_is(homes[i].name, name))
				return homes[i];
	fail_msg("%s is nowhere", name);
	return (struct store_home){ 0 };
}

static int commit(struct shop *shop, const struct store_home *home, const char *records)
{
	const struct store_move m = move_to(TO);
	const struct store_move_commit c = {
		.move = &m, .home = home, .records = str(records), .from = FROM, .bytes = 10,
	};

	return store_move_commit(shop->store, &c);
}

/* Rows of one fragment: open, and to be deleted. */
static void rows_are(struct shop *shop, int open, int left)
{
	struct store_move *moves;
	int n = store_move_places(shop->store, generation, ROW, &shop->arena, &moves), i;

	assert_int_equal(n, open + left);
	for (i = 0; i < n; i++)
		open -= moves[i].open;
	assert_int_equal(open, 0);
}

/* --- commits ------------------------------------------------------------- */

static void commits(void **state)
{
	struct shop *shop = *state;
	struct store_repair repair = { .location = FROM, .targets = str("") }, *list;
	const struct store_move m = move_to(TO);
	struct store_home home, now;
	struct store_move *due;
	struct store_text records;

	ASSERT_OK(put_object(shop, shop->bucket, "o", "old", NULL));
	ASSERT_OK(store_repair_begin(shop->store, &repair));
	home = home_of(shop, "o");
	assert_true(home.kind == STORE_IN_OBJECT && text_is(home.records, "old"));
	assert_true(home.team == shop->team && home.policy == shop->policy && home.revision == 1);
	/* What has not been written down before cannot be committed. */
	ASSERT_ERR(commit(shop, &home, "new"), STORE_EXPIRED);
	ASSERT_OK(store_move_open(shop->store, &m));
	ASSERT_OK(commit(shop, &home, "new"));
	rows_are(shop, 0, 1);
	ASSERT_OK(store_home_read(shop->store, &home, &shop->arena, &records));
	assert_true(text_is(records, "new"));
	now = home_of(shop, "o");
	assert_true(text_is(now.records, "new"));
	assert_int_equal(store_repair_list(shop->store, &shop->arena, &list), 1);
	assert_true(list->moved == 1 && list->bytes == 10);

	/* Where it was, for readers' sake, it is deleted later; until then it cannot go there. */
	assert_int_equal(store_move_due(shop->store, 10, &shop->arena, &due), 0);
	clock_us += 2000000;
	assert_int_equal(store_move_due(shop->store, 10, &shop->arena, &due), 1);
	assert_true(due->location == FROM && due->row == ROW);
	{
		const struct store_move back = move_to(FROM);

		assert_int_equal(store_move_open(shop->store, &back), -EEXIST);
		ASSERT_OK(store_move_done(shop->store, due, clock_us + 5));
		assert_int_equal(store_move_due(shop->store, 10, &shop->arena, &due), 0);
		clock_us += 5;
		assert_int_equal(store_move_due(shop->store, 10, &shop->arena, &due), 1);
		ASSERT_OK(store_move_done(shop->store, due, 0));
		ASSERT_OK(store_move_open(shop->store, &back));
	}
}

/* Whatever has happened to the object meanwhile, nothing is committed, and all stays named. */
static void races(void **state)
{
	struct shop *shop = *state;
	const struct store_move m = move_to(TO);
	struct store_home home;
	struct store_text records;
	struct store_result result;

	ASSERT_OK(put_object(shop, shop->bucket, "o", "old", NULL));
	ASSERT_OK(store_move_open(shop->store, &m));
	home = home_of(shop, "o");
	/* Another row of it was moved: the same object, other records. */
	home.records = str("older");
	ASSERT_ERR(commit(shop, &home, "new"), STORE_PRECONDITION);
	home.records = str("old");
	ASSERT_OK(put_object(shop, shop->bucket, "o", "other", NULL));
	ASSERT_ERR(commit(shop, &home, "new"), STORE_PRECONDITION);
	/* Of the same bytes, but another version. */
	ASSERT_OK(put_object(shop, shop->bucket, "o", "old", NULL));
	ASSERT_ERR(commit(shop, &home, "new"), STORE_PRECONDITION);
	home = home_of(shop, "o");
	ASSERT_OK(store_object_delete(shop->store, shop->team, shop->bucket, str("o"), NULL, NULL,
				      &result));
	ASSERT_ERR(commit(shop, &home, "new"), STORE_PRECONDITION);
	ASSERT_ERR(store_home_read(shop->store, &home, &shop->arena, &records), STORE_NO_SUCH_KEY);
	rows_are(shop, 1, 0);
	/* Given up: it is deleted, and cannot be committed any more. */
	ASSERT_OK(store_move_fail(shop->store, &m));
	rows_are(shop, 0, 1);
	ASSERT_OK(put_object(shop, shop->bucket, "o", "old", NULL));
	home = home_of(shop, "o");
	ASSERT_ERR(commit(shop, &home, "new"), STORE_EXPIRED);
}

/* An old version keeps its number when it is replaced, and when it is the latest again. */
static void versions(void **state)
{
	struct shop *shop = *state;
	struct store_move m = move_to(TO);
	struct store_home home;
	struct store_result first, second;

	ASSERT_OK(store_bucket_set_versioning(shop->store, shop->team, shop->bucket,
					      STORE_VERSIONED));
	ASSERT_OK(put_object(shop, shop->bucket, "v", "one", &first));
	home = home_of(shop, "v");
	ASSERT_OK(put_object(shop, shop->bucket, "v", "two", &second));
	ASSERT_OK(store_move_open(shop->store, &m));
	ASSERT_OK(commit(shop, &home, "one'"));
	home.records = str("one'");
	ASSERT_OK(store_object_delete(shop->store, shop->team, shop->bucket, str("v"),
				      &second.version, NULL, &second));
	ASSERT_OK(store_move_open(shop->store, &m));
	ASSERT_OK(commit(shop, &home, "one\""));
	home = home_of(shop, "v");
	assert_true(text_is(home.records, "one\""));
}

/* --- moves that nobody ends ------------------------------------------------ */

static void late(void **state)
{
	struct shop *shop = *state;
	const struct store_move m = move_to(TO);
	struct store_home home;
	struct store_move *due;
	u64 items, ready;

	ASSERT_OK(put_object(shop, shop->bucket, "o", "old", NULL));
	home = home_of(shop, "o");
	ASSERT_OK(store_move_open(shop->store, &m));
	/* What is being made is no garbage. */
	ASSERT_OK(store_garbage_count(shop->store, &items, &ready));
	assert_int_equal(items, 0);
	clock_us += 1000;
	assert_int_equal(store_move_due(shop->store, 10, &shop->arena, &due), 1);
	assert_int_equal(due->location, TO);
	ASSERT_OK(store_garbage_count(shop->store, &items, &ready));
	assert_true(items == 1 && ready == 1);
	ASSERT_ERR(commit(shop, &home, "new"), STORE_EXPIRED);
	assert_int_equal(store_move_open(shop->store, &m), -EEXIST);
	ASSERT_OK(store_move_done(shop->store, due, 0));
	ASSERT_OK(store_move_open(shop->store, &m));
}

/* --- garbage --------------------------------------------------------------- */

static void make_page(struct shop *shop, const char *name, const char *records)
{
	const struct store_page page = { .length = 100, .generations = 2, .records = str(records) };
	const struct store_put put = {
		.team = shop->team, .bucket = shop->bucket, .name = str(name), .etag = str("e"),
		.body = { .size = 100, .page = &page },
	};
	struct store_result result;

	ASSERT_OK(store_object_put(shop->store, &put, &result));
}

/* A page that is moved while it is collected is collected again, as it is then. */
static void collected(void **state)
{
	struct shop *shop = *state;
	const struct store_move m = move_to(TO);
	struct store_garbage *items;
	struct store_garbage_page page;
	struct store_result result;
	struct store_home home;
	u64 count, due;

	make_page(shop, "p", "old");
	home = home_of(shop, "p");
	assert_int_equal(home.kind, STORE_IN_PAGE);
	ASSERT_OK(store_move_open(shop->store, &m));
	ASSERT_OK(store_object_delete(shop->store, shop->team, shop->bucket, str("p"), NULL, NULL,
				      &result));
	clock_us += 2000000;
	assert_int_equal(store_garbage_lease(shop->store, 1000, 10, &shop->arena, &items), 1);
	assert_int_equal(store_garbage_next(shop->store, items, &shop->arena, &page), 1);
	ASSERT_OK(commit(shop, &home, "new"));
	ASSERT_OK(store_garbage_page_done(shop->store, items, &page));
	assert_int_equal(store_garbage_next(shop->store, items, &shop->arena, &page), 1);
	assert_true(text_is(page.page.records, "new"));
	/* The same of one that is put off: the rest of what was is no garbage of its own. */
	page.page.records = str("old");
	ASSERT_OK(store_garbage_later(shop->store, items, &page, str("old"), 1, clock_us + 5));
	ASSERT_OK(store_garbage_count(shop->store, &count, &due));
	assert_int_equal(count, 2);
	assert_int_equal(store_garbage_next(shop->store, items, &shop->arena, &page), 1);
	ASSERT_OK(store_garbage_page_done(shop->store, items, &page));
	assert_int_equal(store_garbage_next(shop->store, items, &shop->arena, &page), 0);
	ASSERT_OK(store_garbage_done(shop->store, items));
}

/* --- walks ------------------------------------------------------------------ */

#define MANY	37

static void all_homes(struct shop *shop, unsigned int step, unsigned int *seen)
{
	struct store_walk walk = { 0 };
	struct store_home *homes;
	int n, i;

	memset(seen, 0, MANY * sizeof(*seen));
	while ((n = store_walk(shop->store, &walk, step, &shop->arena, &homes)) > 0)
		for (i = 0; i < n; i++) {
			assert_true(homes[i].records.len == 3);
			if (!homes[i].again)
				seen[atoi(homes[i].records.data)]++;
		}
	assert_int_equal(n, 0);
}

/* Whatever the step, each is seen once, those of unfinished uploads and of old versions too. */
static void walks(void **state)
{
	struct shop *shop = *state;
	struct store_upload upload = {
		.team = shop->team, .bucket = shop->bucket, .name = str("u"),
	};
	unsigned int seen[MANY], step, i;
	char name[16], records[16];

	ASSERT_OK(store_bucket_set_versioning(shop->store, shop->team, shop->bucket,
					      STORE_VERSIONED));
	ASSERT_OK(store_upload_create(shop->store, &upload));
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "k%02u", i % 9);
		snprintf(records, sizeof(records), "%03u", i);
		if (i % 3 == 2) {
			const struct store_page page = {
				.length = 10, .generations = 1 + i % 2, .records = str(records),
			};
			const struct store_body body = { .size = 10, .page = &page };
			const struct store_part part = { .number = 1 + i, .size = 10,
							 .etag = str("e") };

			ASSERT_OK(store_part_put(shop->store, shop->team, shop->bucket, str("u"),
						 upload.id, &part, &body));
		} else if (i % 3) {
			make_page(shop, name, records);
		} else {
			ASSERT_OK(put_object(shop, shop->bucket, name, records, NULL));
		}
	}
	for (step = 1; step < MANY + 3; step++) {
		all_homes(shop, step, seen);
		for (i = 0; i < MANY; i++)
			assert_int_equal(seen[i], 1);
	}
}

/* An object that is put back by the deletion of its successor is seen, wherever the walk is. */
static void walked_back(void **state)
{
	struct shop *shop = *state;
	struct store_result second;
	struct store_walk walk = { 0 };
	struct store_home *homes;
	int n, seen = 0;

	ASSERT_OK(store_bucket_set_versioning(shop->store, shop->team, shop->bucket,
					      STORE_VERSIONED));
	ASSERT_OK(put_object(shop, shop->bucket, "v", "one", NULL));
	ASSERT_OK(put_object(shop, shop->bucket, "v", "two", &second));
	assert_int_equal(store_walk(shop->store, &walk, 1, &shop->arena, &homes), 1);
	assert_true(text_is(homes->records, "two"));
	ASSERT_OK(store_object_delete(shop->store, shop->team, shop->bucket, str("v"),
				      &second.version, NULL, &second));
	while ((n = store_walk(shop->store, &walk, 1, &shop->arena, &homes)) > 0)
		seen += text_is(homes->records, "one");
	assert_int_equal(seen, 1);
}

static void unfinished(void **state)
{
	struct shop *shop = *state;
	struct store_repair repair = { .location = FROM, .targets = str("") }, *list;
	u64 id, until, pieces = 0;

	ASSERT_OK(store_reserve(shop->store, shop->team, 1, str("r"), clock_us + 9, &id));
	ASSERT_OK(store_repair_begin(shop->store, &repair));
	assert_int_equal(store_repair_list(shop->store, &shop->arena, &list), 1);
	assert_int_equal(store_unfinished(shop->store, list->mark, &pieces, &until), 1);
	assert_true(until == clock_us + 9);
	ASSERT_OK(store_release(shop->store, id));
	/* What is begun later is none of its business. */
	ASSERT_OK(store_reserve(shop->store, shop->team, 1, str("r"), clock_us + 9, &id));
	assert_int_equal(store_unfinished(shop->store, list->mark, &pieces, &until), 0);
	ASSERT_OK(store_repair_set(shop->store, FROM, STORE_REPAIR_DONE));
	ASSERT_OK(store_repair_drop(shop->store, FROM));
	ASSERT_ERR(store_repair_set(shop->store, FROM, STORE_REPAIR_RUNS), STORE_NO_SUCH_LOCATION);
}

/* A piece may be opened later than what it claims was reserved. */
static void unfinished_piece(void **state)
{
	struct shop *shop = *state;
	struct store_repair repair = { .location = FROM, .targets = str("") }, *list;
	const struct store_page page = { .length = 10, .generations = 2, .records = str("p") };
	struct store_claim claim = { .mask = 3 };
	u64 later, piece, until, pieces = 0;

	ASSERT_OK(store_reserve(shop->store, shop->team, 2, str("p"), clock_us + 9,
				&claim.reservation));
	ASSERT_OK(store_repair_begin(shop->store, &repair));
	assert_int_equal(store_repair_list(shop->store, &shop->arena, &list), 1);
	ASSERT_OK(store_piece_open(shop->store, shop->team, clock_us + 20, &piece));
	assert_true(piece > list->mark);
	/* It may claim it yet. */
	assert_int_equal(store_unfinished(shop->store, list->mark, &pieces, &until), 1);
	assert_true(!pieces && until == clock_us + 20);
	ASSERT_OK(store_piece_add(shop->store, shop->team, piece, &page, &claim, 1,
				  clock_us + 30));
	assert_int_equal(store_unfinished(shop->store, list->mark, &pieces, &until), 1);
	assert_true(pieces >= piece && until == clock_us + 30);
	/* Another one cannot: nothing of before is left. */
	ASSERT_OK(store_piece_open(shop->store, shop->team, clock_us + 40, &later));
	assert_true(later > pieces);
	assert_int_equal(store_unfinished(shop->store, list->mark, &pieces, &until), 1);
	assert_true(until == clock_us + 30);
	ASSERT_OK(store_piece_drop(shop->store, shop->team, piece));
	assert_int_equal(store_unfinished(shop->store, list->mark, &pieces, &until), 0);
}

/* --- the schema of before --------------------------------------------------- */

static int put_row(struct db_conn *c, void *arg)
{
	static const struct db_sql bucket = {
		"a bucket of before",
		"INSERT INTO bucket VALUES (1, 2, 'b', 0, 3, 4, 0, 0, x'')",
	}, object = {
		"an object of before",
		"INSERT INTO object VALUES (1, ?1, 9, 0, 0, 0, 3, ?2, ?2, ?2, ?2, ?2, ?2, ?2, 4, 0, 0, ?3)",
	};

	(void)arg;
	assert_int_equal(db_run(c, &bucket, DB_NO_ARGS), 1);
	assert_int_equal(db_run(c, &object, DB_ARGS(DB_BYTES("o", 1), DB_BYTES("", 0),
						    DB_BYTES("old", 3))), 1);
	return 0;
}

static void migrates(void **state)
{
	struct shop *shop = *state;
	const struct store_move m = move_to(TO);
	struct store_config config = shop->config;
	struct db_config as_before;
	struct store_home home;
	struct store *mine = shop->store;
	char path[300];
	unsigned int found, now, all;
	struct db *db;

	snprintf(path, sizeof(path), "%s.before", shop->place.path);
	config.path = path;
	store_db_config(&config, &as_before);
	all = as_before.migration_count;
	as_before.migration_count = 1;
	assert_int_equal(db_open(&as_before, &db), 0);
	assert_int_equal(db_write(db, put_row, NULL), 0);
	db_close(db);

	ASSERT_OK(store_open(&config, &shop->store));
	db_versions(store_db(shop->store), &found, &now);
	assert_true(found == 1 && now == all);
	home = home_of(shop, "o");
	assert_true(home.team == 2 && home.policy == 3 && home.revision == 4);
	ASSERT_OK(store_move_open(shop->store, &m));
	ASSERT_OK(commit(shop, &home, "new"));
	store_close(shop->store);
	/* The program of before does not touch what it does not know. */
	assert_int_equal(db_open(&as_before, &db), -EPROTO);
	shop->store = mine;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(commits), STORE_TEST(races), STORE_TEST(versions), STORE_TEST(late),
		STORE_TEST(collected), STORE_TEST(walks), STORE_TEST(walked_back),
		STORE_TEST(unfinished), STORE_TEST(unfinished_piece), STORE_TEST(migrates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
