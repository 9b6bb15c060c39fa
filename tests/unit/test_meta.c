// SPDX-License-Identifier: GPL-2.0-or-later
/* meta.h's messages: no field is forgotten; round trips, limits, damage, names of fragments. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "meta_cases.h"

#define BUF	(4u << 20)

static u8 *first, *second, *message, *room, *more;
static _Alignas(8) u8 filler[1 << 20];

static int begin(void **state)
{
	(void)state;
	first = malloc(BUF);
	second = malloc(BUF);
	message = malloc(4096);
	room = malloc(META_ROOM);
	more = malloc(4 << 20);
	memset(filler, 'f', sizeof(filler));
	return first && second && message && room && more ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	free(first);
	free(second);
	free(message);
	free(room);
	free(more);
	return 0;
}

/* --- no field is forgotten --------------------------------------------------------- */

struct shape {
	const char *name;
	size_t size;
	void (*clear)(void *at);
};

/* All bits that mean something are left set. */
#define CLEAR(type) \
	static void clear_##type(void *at) { __builtin_clear_padding((struct type *)at); }

CLEAR(meta_key_ask)
CLEAR(meta_key)
CLEAR(meta_location)
CLEAR(meta_locations)
CLEAR(meta_url)
CLEAR(meta_read)
CLEAR(meta_object)
CLEAR(meta_page_ask)
CLEAR(meta_page)
CLEAR(meta_open)
CLEAR(meta_slot)
CLEAR(meta_slots)
CLEAR(meta_opened)
CLEAR(meta_slots_ask)
CLEAR(meta_fragment)
CLEAR(meta_sign)
CLEAR(meta_signed)
CLEAR(meta_claim)
CLEAR(meta_piece)
CLEAR(meta_commit)
CLEAR(meta_result)
CLEAR(meta_delete_item)
CLEAR(meta_delete)
CLEAR(meta_deleted_item)
CLEAR(meta_deleted)
CLEAR(meta_set)
CLEAR(meta_list)
CLEAR(meta_entry)
CLEAR(meta_listing)
CLEAR(meta_upload)
CLEAR(meta_part)
CLEAR(meta_parts)
CLEAR(meta_complete)
CLEAR(meta_bucket_make)
CLEAR(meta_bucket_ask)
CLEAR(meta_bucket)
CLEAR(meta_buckets)
CLEAR(meta_bucket_set)
CLEAR(meta_document)
CLEAR(meta_api)
CLEAR(meta_api_answer)
CLEAR(meta_grant)
CLEAR(meta_caller)
CLEAR(meta_policy)
CLEAR(meta_data)
CLEAR(meta_repair)
CLEAR(meta_move)
CLEAR(meta_move_sign)
CLEAR(meta_move_end)
CLEAR(meta_used)
CLEAR(meta_traffic)
CLEAR(meta_cache)
CLEAR(meta_cache_order)
CLEAR(meta_context)
CLEAR(meta_region_ask)
CLEAR(meta_region)

#define SHAPE(type, title)	{ title, sizeof(struct type), clear_##type }

static const struct shape shapes[] = {
	SHAPE(meta_key_ask, "key-ask"), SHAPE(meta_key, "key"),
	SHAPE(meta_location, "location"), SHAPE(meta_locations, "locations"),
	SHAPE(meta_url, "url"), SHAPE(meta_read, "read"), SHAPE(meta_object, "object"),
	SHAPE(meta_page_ask, "page-ask"), SHAPE(meta_page, "page"),
	SHAPE(meta_open, "open"), SHAPE(meta_slot, "slot"), SHAPE(meta_slots, "slots"),
	SHAPE(meta_opened, "opened"), SHAPE(meta_slots_ask, "slots-ask"),
	SHAPE(meta_fragment, "fragment"), SHAPE(meta_sign, "sign"),
	SHAPE(meta_signed, "signed"), SHAPE(meta_claim, "claim"),
	SHAPE(meta_piece, "piece"), SHAPE(meta_commit, "commit"),
	SHAPE(meta_result, "result"), SHAPE(meta_delete_item, "delete-item"),
	SHAPE(meta_delete, "delete"), SHAPE(meta_deleted_item, "deleted-item"),
	SHAPE(meta_deleted, "deleted"), SHAPE(meta_set, "set"), SHAPE(meta_list, "list"),
	SHAPE(meta_entry, "entry"), SHAPE(meta_listing, "listing"),
	SHAPE(meta_upload, "upload"), SHAPE(meta_part, "part"), SHAPE(meta_parts, "parts"),
	SHAPE(meta_complete, "complete"), SHAPE(meta_bucket_make, "bucket-make"),
	SHAPE(meta_bucket_ask, "bucket-ask"), SHAPE(meta_bucket, "bucket"),
	SHAPE(meta_buckets, "buckets"), SHAPE(meta_bucket_set, "bucket-set"),
	SHAPE(meta_document, "document"), SHAPE(meta_api, "api"),
	SHAPE(meta_api_answer, "api-answer"), SHAPE(meta_grant, "grant"),
	SHAPE(meta_caller, "caller"), SHAPE(meta_policy, "policy"),
	SHAPE(meta_data, "data"),
	SHAPE(meta_move, "move"), SHAPE(meta_move_sign, "move-sign"),
	SHAPE(meta_move_end, "move-end"), SHAPE(meta_used, "used"), SHAPE(meta_traffic, "traffic"),
	SHAPE(meta_cache, "cache"), SHAPE(meta_cache_order, "cache-order"),
	SHAPE(meta_repair, "repair"), SHAPE(meta_context, "context"),
	SHAPE(meta_region_ask, "region-ask"), SHAPE(meta_region, "region"),
};

static const struct shape *shape_of(const struct rpc_schema *schema)
{
	unsigned int i;

	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (!strcmp(shapes[i].name, schema->name))
			return &shapes[i];
	fail_msg("%s has no shape", schema->name);
	return NULL;
}

static size_t field_size(const struct rpc_field *f)
{
	static const u8 sizes[] = { 1, 2, 4, 8, 4, 8, sizeof(bool) };

	switch (f->type) {
	case RPC_FIXED_BYTES:
	case RPC_STRUCT_OF:
		return f->max;
	case RPC_BYTE_STRING:
		return sizeof(struct rpc_bytes);
	case RPC_LIST_OF:
		return sizeof(void *);
	default:
		assert_int_equal(f->max, sizes[f->type]);
		return sizes[f->type];
	}
}

/* The bytes of a field; rpc_bytes has padding of its own. */
static void strike(u8 *at, const struct rpc_field *f)
{
	const struct rpc_bytes none = { 0 };
	size_t size = field_size(f), i;

	if (f->type == RPC_STRUCT_OF) {
		assert_int_equal(size, f->of->size);
		shape_of(f->of)->clear(at + f->offset);
		memset(at + f->offset, 0, size);
		return;
	}
	for (i = 0; i < size; i++)
		if (f->type == RPC_BYTE_STRING ? i < sizeof(none.data) + sizeof(none.len) : true) {
			assert_int_equal(at[f->offset + i], 0xff);
			at[f->offset + i] = 0;
		}
	if (f->type == RPC_LIST_OF)
		for (i = 0; i < sizeof(u32); i++) {
			assert_int_equal(at[f->count_offset + i], 0xff);
			at[f->count_offset + i] = 0;
		}
}

static void covered(const struct rpc_schema *schema)
{
	const struct shape *shape = shape_of(schema);
	unsigned int i;

	assert_int_equal(schema->size, shape->size);
	assert_true(shape->size <= 4096);
	memset(message, 0xff, shape->size);
	shape->clear(message);
	for (i = 0; i < schema->fields; i++)
		strike(message, &schema->field[i]);
	for (i = 0; i < shape->size; i++)
		if (message[i])
			fail_msg("%s: byte %u is in no field, or in two", schema->name, i);
	for (i = 0; i < schema->fields; i++)
		if (schema->field[i].of)
			covered(schema->field[i].of);
}

static void whole(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < META_SCHEMAS; i++)
		covered(meta_schemas[i]);
}

/* --- round trips ----------------------------------------------------------------------- */

static u64 seed;

static u32 draw(u32 below)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)(seed >> 33) % below;
}

static size_t drawn;	/* bytes of @more that are used */

static void *get(size_t bytes)
{
	void *at = more + drawn;

	drawn += (bytes + 7) & ~(size_t)7;
	assert_true(drawn < 4u << 20);
	memset(at, 0, bytes);
	return at;
}

static void fill(const struct rpc_schema *schema, void *at);

static void fill_field(const struct rpc_field *f, u8 *at)
{
	struct rpc_bytes bytes = { filler, draw(f->max < 300 ? f->max + 1 : 300) };
	u32 count = draw(f->max < 5 ? f->max + 1 : 5), i;
	u8 *element;

	switch (f->type) {
	case RPC_BOOL:
		*(bool *)(at + f->offset) = draw(2);
		break;
	case RPC_BYTE_STRING:
		memcpy(at + f->offset, &bytes, sizeof(bytes));
		break;
	case RPC_LIST_OF:
		element = get((size_t)count * f->of->size);
		for (i = 0; i < count; i++)
			fill(f->of, element + (size_t)i * f->of->size);
		memcpy(at + f->offset, &element, sizeof(element));
		memcpy(at + f->count_offset, &count, sizeof(count));
		break;
	case RPC_STRUCT_OF:
		fill(f->of, at + f->offset);
		break;
	default:
		for (i = 0; i < f->max; i++)
			at[f->offset + i] = (u8)draw(256);
	}
}

static void fill(const struct rpc_schema *schema, void *at)
{
	unsigned int i;

	for (i = 0; i < schema->fields; i++)
		fill_field(&schema->field[i], at);
}

static int make(const struct rpc_schema *schema, u64 from)
{
	seed = from;
	drawn = 0;
	memset(message, 0, 4096);
	fill(schema, message);
	return rpc_encode(schema, message, first, BUF);
}

static void round_trips(void **state)
{
	unsigned int i, j;
	int len;

	(void)state;
	for (i = 0; i < META_SCHEMAS; i++)
		for (j = 0; j < 200; j++) {
			const struct rpc_schema *schema = meta_schemas[i];

			len = make(schema, j);
			assert_true(len > 0);
			assert_int_equal(rpc_decode(schema, first, len, message, room, META_ROOM),
					 0);
			assert_int_equal(rpc_encode(schema, message, second, BUF), len);
			assert_memory_equal(first, second, len);
		}
}

/* --- limits ------------------------------------------------------------------------------- */

/* Each text and each list as long as it may be, and then one longer. */
static void limits(void **state)
{
	unsigned int i, j;
	u8 *elements = NULL;

	(void)state;
	for (i = 0; i < META_SCHEMAS; i++)
		for (j = 0; j < meta_schemas[i]->fields; j++) {
			const struct rpc_field *f = &meta_schemas[i]->field[j];
			struct rpc_bytes bytes = { filler, f->max };
			u32 count = f->max;
			int len;

			if (f->type != RPC_BYTE_STRING && f->type != RPC_LIST_OF)
				continue;
			memset(message, 0, 4096);
			if (f->type == RPC_BYTE_STRING) {
				memcpy(message + f->offset, &bytes, sizeof(bytes));
			} else {
				elements = calloc(count + 1, f->of->size);
				memcpy(message + f->offset, &elements, sizeof(elements));
				memcpy(message + f->count_offset, &count, sizeof(count));
			}
			len = rpc_encode(meta_schemas[i], message, first, BUF);
			assert_true(len > 0 && len <= META_LINK_MAX);
			bytes.len++;
			count++;
			if (f->type == RPC_BYTE_STRING)
				memcpy(message + f->offset, &bytes, sizeof(bytes));
			else
				memcpy(message + f->count_offset, &count, sizeof(count));
			assert_int_equal(rpc_encode(meta_schemas[i], message, first, BUF),
					 -EINVAL);
			if (f->type == RPC_LIST_OF)
				free(elements);
		}
}

/* A page of 64 generations on 255 rows, and names as long as they may be, have room. */
static void largest(void **state)
{
	static struct meta_slot slot[META_SLOTS_MAX];
	static struct meta_entry entry[META_LIST_MAX];
	static struct meta_part part[META_PARTS_MAX];
	const struct meta_slots slots = { .slot = slot, .count = META_SLOTS_MAX };
	const struct meta_listing listing = { .entry = entry, .count = META_LIST_MAX };
	const struct meta_complete complete = { .part = part, .parts = META_PARTS_MAX };
	unsigned int i;
	int len;

	(void)state;
	for (i = 0; i < META_SLOTS_MAX; i++)
		slot[i].locations = (struct rpc_bytes){ filler, META_ROWS * sizeof(u16) };
	for (i = 0; i < META_LIST_MAX; i++)
		entry[i] = (struct meta_entry){
			.name = { filler, META_NAME_MAX }, .etag = { filler, 40 },
			.checksums = { filler, 100 }, .order = ~0ull, .size = ~0ull,
		};
	for (i = 0; i < META_PARTS_MAX; i++)
		part[i] = (struct meta_part){
			.number = i + 1, .size = ~0ull, .modified = ~0ull,
			.etag = { filler, 40 }, .checksums = { filler, 100 },
		};
	len = rpc_encode(&meta_slots_schema, &slots, first, BUF);
	assert_in_range(len, 1, META_LINK_MAX);
	len = rpc_encode(&meta_listing_schema, &listing, first, BUF);
	assert_in_range(len, 1, META_LINK_MAX);
	len = rpc_encode(&meta_complete_schema, &complete, first, BUF);
	assert_in_range(len, 1, META_LINK_MAX);
	assert_int_equal(rpc_decode(&meta_complete_schema, first, len, message, room, META_ROOM),
			 0);
}

/* --- damage --------------------------------------------------------------------------------- */

static void damage(void **state)
{
	unsigned int i, j, k;

	(void)state;
	for (i = 0; i < META_SCHEMAS; i++) {
		const struct rpc_schema *schema = meta_schemas[i];
		int len = make(schema, 7), rc;

		/* Memory of just that length, so that the sanitizer sees every byte beyond. */
		for (j = 0; j < (unsigned int)len; j += 1 + (unsigned int)len / 400) {
			u8 *copy = malloc(j ? j : 1);

			memcpy(copy, first, j);
			rc = rpc_decode(schema, copy, j, message, room, META_ROOM);
			assert_int_equal(rc, -EBADMSG);
			free(copy);
		}
		for (j = 0; j < 2000; j++) {
			u8 *copy = malloc(len);

			memcpy(copy, first, len);
			for (k = 0; k < 3; k++)
				copy[draw(len)] = (u8)draw(256);
			rc = rpc_decode(schema, copy, len, message, room, META_ROOM);
			assert_true(!rc || rc == -EBADMSG);
			if (!rc)
				assert_true(rpc_encode(schema, message, second, BUF) > 0);
			free(copy);
		}
	}
}

/* --- names of fragments ------------------------------------------------------------------- */

static void fragment_names(void **state)
{
	const u8 generation[META_GENERATION_BYTES] = { 0x01, 0x23, [15] = 0xff };
	char name[META_FRAGMENT_NAME_MAX];

	(void)state;
	assert_int_equal(meta_fragment_name(generation, 0, name), 34);
	assert_string_equal(name, "012300000000000000000000000000ff/0");
	assert_int_equal(meta_fragment_name(generation, 254, name), 36);
	assert_string_equal(name, "012300000000000000000000000000ff/254");
}

static void codes(void **state)
{
	int i;

	(void)state;
	assert_int_equal(meta_status(S3_OK), 0);
	for (i = 1; i < S3_CODES; i++)
		assert_int_equal(meta_code(meta_status((enum s3_code)i)), i);
	for (i = -4095; i <= 0; i++)
		assert_int_equal(meta_code(i), S3_OK);
	assert_int_equal(meta_code(-META_REFUSED), S3_OK);
	assert_int_equal(meta_code(-META_REFUSED - S3_CODES), S3_OK);
	assert_true(-META_REFUSED - S3_CODES > INT16_MIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole), cmocka_unit_test(round_trips), cmocka_unit_test(limits),
		cmocka_unit_test(largest), cmocka_unit_test(damage),
		cmocka_unit_test(fragment_names), cmocka_unit_test(codes),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
