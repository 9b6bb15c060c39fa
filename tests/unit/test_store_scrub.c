// SPDX-License-Identifier: GPL-2.0-or-later
/* The store: all names of one moment, times when it was not there, and scrubs that go on. */
#include "store_util.h"

#include "../../user/skyd/store_scrub.h"

/* What has been named, one after the other. */
struct seen {
	char text[1024];
	u64 mask;
	unsigned int ones;
};

static void on_records(void *arg, struct store_text records, u64 mask)
{
	struct seen *s = arg;
	size_t len = strlen(s->text);

	assert_true(len + records.len + 2 < sizeof(s->text));
	snprintf(s->text + len, sizeof(s->text) - len, "%.*s;", (int)records.len,
		 (const char *)records.data);
	s->mask = mask;
}

static void on_one(void *arg, const u8 generation[STORE_GENERATION_BYTES], u8 row, u16 location)
{
	struct seen *s = arg;

	assert_int_equal(generation[0], 'g');
	assert_int_equal(row, 2);
	assert_int_equal(location, 7);
	s->ones++;
}

static struct seen names(struct shop *shop)
{
	struct seen s = { .text = "" };
	const struct store_namer namer = { on_records, on_one, &s };

	ASSERT_OK(store_names(shop->store, &namer));
	return s;
}

static bool says(const struct seen *s, const char *what)
{
	return strstr(s->text, what);
}

/* Wherever a record may lie: whatever is left out would be deleted. */
static void everywhere(void **state)
{
	struct shop *shop = *state;
	const struct store_page page = { .length = 5, .generations = 1, .records = str("paged") };
	const struct store_page part = { .length = 5, .generations = 1, .records = str("parted") };
	const struct store_body body = { .size = 5, .page = &part };
	const struct store_part number = { .number = 1, .size = 5, .etag = str("e") };
	struct store_move move = {
		.generation = "g", .row = 2, .location = 7, .open = true, .due = clock_us + 1000,
	};
	struct store_upload upload = {
		.team = shop->team, .bucket = shop->bucket, .name = str("u"), .key = str("k"),
	};
	struct seen s = names(shop);
	struct store_garbage *items;
	u64 reserved, piece;

	assert_string_equal(s.text, "");
	ASSERT_OK(store_reserve(shop->store, shop->team, 3, str("reserved"), clock_us + 100,
				&reserved));
	s = names(shop);
	assert_string_equal(s.text, "reserved;");
	assert_true(s.mask == 7);
	ASSERT_OK(put_object(shop, shop->bucket, "o", "first", NULL));
	ASSERT_OK(store_piece_open(shop->store, shop->team, clock_us + 1000, &piece));
	ASSERT_OK(store_piece_add(shop->store, shop->team, piece, &page, NULL, 0,
				  clock_us + 1000));
	ASSERT_OK(store_upload_create(shop->store, &upload));
	ASSERT_OK(store_part_put(shop->store, shop->team, shop->bucket, str("u"), upload.id,
				 &number, &body));
	ASSERT_OK(store_move_open(shop->store, &move));
	s = names(shop);
	assert_true(says(&s, "reserved;") && says(&s, "first;") && says(&s, "paged;") &&
		    says(&s, "parted;") && s.ones == 1);
	/* A version that is not the latest, and what nobody can read any more. */
	ASSERT_OK(store_bucket_set_versioning(shop->store, shop->team, shop->bucket,
					      STORE_VERSIONED));
	ASSERT_OK(put_object(shop, shop->bucket, "o", "second", NULL));
	s = names(shop);
	assert_true(says(&s, "first;") && says(&s, "second;"));
	clock_us += 2000;
	assert_true(store_leftovers(shop->store, 64) > 0);
	s = names(shop);
	assert_true(says(&s, "reserved;") && says(&s, "paged;") && says(&s, "parted;"));
	/* Also while somebody is collecting it. */
	assert_true(store_garbage_lease(shop->store, 1000, 10, &shop->arena, &items) > 0);
	s = names(shop);
	assert_true(says(&s, "reserved;") && says(&s, "paged;") && s.ones == 1);
}

static struct store_gap *gaps(struct shop *shop, int count)
{
	struct store_gap *gap;

	assert_int_equal(store_gaps(shop->store, &shop->arena, &gap), count);
	return gap;
}

/* Nothing is reserved in a gap, whatever became of the store meanwhile. */
static void not_there(void **state)
{
	struct shop *shop = *state;
	const u64 start = clock_us;
	struct store_gap *gap;
	u64 reserved;

	gaps(shop, 0);
	ASSERT_OK(store_alive(shop->store, true));
	gap = gaps(shop, 1);
	assert_true(!gap->since && gap->until == start);
	clock_us += 10000000;
	ASSERT_OK(store_alive(shop->store, false));
	clock_us += 5000000;
	ASSERT_OK(store_reserve(shop->store, shop->team, 1, str("r"), clock_us + 100, &reserved));
	gaps(shop, 1);
	clock_us += 3000000;
	ASSERT_OK(store_alive(shop->store, true));
	gap = gaps(shop, 2);
	assert_true(gap[1].since == start + 15000000 && gap[1].until == start + 18000000);
	/* A clock that is set back makes no gap at once, and the next one too wide. */
	clock_us = start + 1000000;
	ASSERT_OK(store_alive(shop->store, true));
	gaps(shop, 2);
	ASSERT_OK(store_reserve(shop->store, shop->team, 1, str("r"), clock_us + 100, &reserved));
	clock_us = start + 18000000;
	ASSERT_OK(store_alive(shop->store, true));
	gap = gaps(shop, 3);
	assert_true(gap[1].since == start + 1000000 && gap[1].until == start + 18000000);
	clock_us++;
	ASSERT_OK(store_alive(shop->store, true));
	gap = gaps(shop, 4);
	assert_true(gap[3].since == start + 18000000);
	/* What a clock that was ahead has noted hides nothing that comes after. */
	clock_us = start + 90000000;
	ASSERT_OK(store_alive(shop->store, false));
	clock_us = start + 20000000;
	ASSERT_OK(store_alive(shop->store, false));
	clock_us = start + 30000000;
	ASSERT_OK(store_alive(shop->store, true));
	gap = gaps(shop, 5);
	assert_true(gap[4].since == start + 20000000 && gap[4].until == start + 30000000);
}

static void goes_on(void **state)
{
	struct shop *shop = *state;
	struct store_scrub scrub = { .location = 3, .reads = true }, *list;

	assert_int_equal(store_scrub_list(shop->store, &shop->arena, &list), 0);
	ASSERT_ERR(store_scrub_save(shop->store, &scrub), STORE_NO_SUCH_LOCATION);
	ASSERT_OK(store_scrub_begin(shop->store, &scrub));
	assert_int_equal(store_scrub_list(shop->store, &shop->arena, &list), 1);
	assert_true(list->location == 3 && list->reads && !list->accept && list->pass == 1 &&
		    list->began == clock_us && !list->after_len);
	scrub = *list;
	scrub.counts = (struct store_scrub_counts){ 1, 2, 3, 4, 5, 6, 7, 8, 9 };
	scrub.pass = 2;
	scrub.accept = true;
	scrub.state = STORE_SCRUB_PAUSED;
	scrub.after_len = 5;
	memcpy(scrub.after, "abc/1", 5);
	ASSERT_OK(store_scrub_save(shop->store, &scrub));
	assert_int_equal(store_scrub_list(shop->store, &shop->arena, &list), 1);
	assert_memory_equal(&list->counts, &scrub.counts, sizeof(scrub.counts));
	assert_true(list->pass == 2 && list->accept && list->state == STORE_SCRUB_PAUSED);
	assert_true(list->after_len == 5 && !memcmp(list->after, "abc/1", 5));
	/* One that has been begun anew is not changed by whoever still had the other. */
	clock_us++;
	ASSERT_OK(store_scrub_begin(shop->store, &(struct store_scrub){ .location = 3 }));
	ASSERT_ERR(store_scrub_save(shop->store, &scrub), STORE_NO_SUCH_LOCATION);
	assert_int_equal(store_scrub_list(shop->store, &shop->arena, &list), 1);
	assert_true(!list->counts.listed && !list->accept && list->pass == 1);
	ASSERT_OK(store_scrub_drop(shop->store, 3));
	ASSERT_ERR(store_scrub_drop(shop->store, 3), STORE_NO_SUCH_LOCATION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(everywhere), STORE_TEST(not_there), STORE_TEST(goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
