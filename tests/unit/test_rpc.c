// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages: round trips, golden bytes, every kind of damage, versions, guard pages. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/hex.h"
#include "rpc_cases.h"

#define ROOM	8192

static _Alignas(8) u8 room[ROOM];

static const struct rpc_tag good_tags[] = {
	{ { "team", 4 }, { "blue", 4 } }, { { "", 0 }, { "v", 1 } },
};

static const struct rpc_record good_records[] = {
	{ .id = { 1, 2, 3 }, .plain = 300, .coded = true, .tag = good_tags, .tags = 2 },
	{ .id = { 9 }, .plain = 0 },
};

static const struct rpc_sample good = {
	.small = 0x12, .port = 0x3456, .flags = 0x789abcde, .time = 0x1122334455667788,
	.count = 127, .size = 1ull << 63, .latest = true, .id = { 0xaa, 0xbb },
	.name = { "a/b", 3 }, .etag = { "0123", 4 }, .record = good_records, .records = 2,
};

static int encode(const struct rpc_sample *m, u8 *buf, size_t size)
{
	return rpc_encode(&rpc_sample_schema, m, buf, size);
}

/* From memory of just its length, so that the sanitizer sees every byte beyond. */
static int decode(const u8 *buf, size_t len, struct rpc_sample *m)
{
	u8 *copy = malloc(len ? len : 1);
	int err;

	memcpy(copy, buf, len);
	memset(m, 0xa5, sizeof(*m));
	memset(room, 0xa5, sizeof(room));
	err = rpc_decode(&rpc_sample_schema, copy, len, m, room, sizeof(room));
	free(copy);
	return err;
}

static void same_bytes(struct rpc_bytes a, struct rpc_bytes b)
{
	assert_int_equal(a.len, b.len);
	if (a.len)
		assert_memory_equal(a.data, b.data, a.len);
}

static void same(const struct rpc_sample *a, const struct rpc_sample *b)
{
	u32 i, j;

	assert_int_equal(a->small, b->small);
	assert_int_equal(a->port, b->port);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->time, b->time);
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->size, b->size);
	assert_int_equal(a->latest, b->latest);
	assert_memory_equal(a->id, b->id, sizeof(a->id));
	same_bytes(a->name, b->name);
	same_bytes(a->etag, b->etag);
	assert_int_equal(a->records, b->records);
	for (i = 0; i < a->records; i++) {
		assert_memory_equal(a->record[i].id, b->record[i].id, 16);
		assert_int_equal(a->record[i].plain, b->record[i].plain);
		assert_int_equal(a->record[i].coded, b->record[i].coded);
		assert_int_equal(a->record[i].tags, b->record[i].tags);
		for (j = 0; j < a->record[i].tags; j++) {
			same_bytes(a->record[i].tag[j].key, b->record[i].tag[j].key);
			same_bytes(a->record[i].tag[j].value, b->record[i].tag[j].value);
		}
	}
}

static void round_trip(void **state)
{
	struct rpc_sample got, empty = { 0 };
	u8 buf[512];
	int len = encode(&good, buf, sizeof(buf));

	(void)state;
	assert_true(len > 0);
	assert_int_equal(rpc_decode(&rpc_sample_schema, buf, len, &got, room, ROOM), 0);
	same(&good, &got);
	len = encode(&empty, buf, sizeof(buf));
	assert_int_equal(rpc_decode(&rpc_sample_schema, buf, len, &got, NULL, 0), 0);
	same(&empty, &got);
}

/* Bytes that other versions of this program have sent: they may not change. */
static void golden(void **state)
{
	static const char *const wanted[] = {
		"7e0000002a00f9ff0807060504030201",	/* frame */
		"0b125634debc9a788877665544332211",	/* 11 fields, the fixed numbers */
		"7f80808080808080808001",		/* the varints */
		"01aabb0000000000000000000000000000",	/* bool, id */
		"036162630430313233",			/* name, etag */
		"02260401020300000000000000000000000000ac020102",	/* first record */
		"0b02047465616d04626c7565",		/* its tags */
		"0402000176",
		"140409000000000000000000000000000000000000",	/* second record */
	};
	u8 buf[512];
	char text[1025];
	struct rpc_sample m = good;
	const char *at = text;
	unsigned int i;
	int len;

	(void)state;
	m.name = (struct rpc_bytes){ "abc", 3 };
	len = rpc_message(&rpc_sample_schema, &m, 42, -7, 0x0102030405060708, buf, sizeof(buf));
	assert_true(len > 0);
	hex_encode(buf, len, text);
	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); at += strlen(wanted[i++]))
		assert_memory_equal(at, wanted[i], strlen(wanted[i]));
	assert_int_equal(*at, 0);
}

static void frames(void **state)
{
	struct rpc_frame frame = {
		.body = 1000, .operation = 7, .status = -5, .id = ~0ull,
	}, got;
	u8 buf[RPC_FRAME_BYTES];
	size_t len;

	(void)state;
	rpc_frame_encode(buf, &frame);
	for (len = 0; len < RPC_FRAME_BYTES; len++)
		assert_int_equal(rpc_frame_decode(buf, len, 1000, &got), 0);
	assert_int_equal(rpc_frame_decode(buf, sizeof(buf), 1000, &got), RPC_FRAME_BYTES);
	assert_memory_equal(&frame, &got, sizeof(frame));
	assert_int_equal(rpc_frame_decode(buf, sizeof(buf), 999, &got), -EMSGSIZE);
	memset(buf, 0xff, 4);
	assert_int_equal(rpc_frame_decode(buf, sizeof(buf), ~0u, &got), -EMSGSIZE);
	memset(buf, 0, 4);
	buf[0] = RPC_FRAME_BYTES - 5;
	assert_int_equal(rpc_frame_decode(buf, sizeof(buf), 1000, &got), -EMSGSIZE);
}

/* Into every buffer that is too small: refused, and not a byte beyond it. */
static void small_buffers(void **state)
{
	u8 whole[512];
	int len = encode(&good, whole, sizeof(whole)), size;

	(void)state;
	for (size = 0; size < len; size++) {
		u8 *buf = malloc(size ? size : 1);

		assert_int_equal(encode(&good, buf, size), -EMSGSIZE);
		assert_int_equal(rpc_message(&rpc_sample_schema, &good, 1, 0, 1, buf, size),
				 -EMSGSIZE);
		free(buf);
	}
	for (size = 0; size < 3 * 64; size += 8)
		if (rpc_decode(&rpc_sample_schema, whole, len, &(struct rpc_sample){ 0 }, room,
			       size) == 0)
			break;
	/* Two records and two tags, and not a byte more. */
	assert_int_equal(size, 2 * sizeof(struct rpc_record) + 2 * sizeof(struct rpc_tag));
}

static void too_long(void **state)
{
	static u8 text[2000], buf[8192];
	struct rpc_record many[65] = { 0 };
	struct rpc_sample m = { .name = { text, 1025 } };

	(void)state;
	assert_int_equal(encode(&m, buf, sizeof(buf)), -EINVAL);
	m.name.len = 1024;
	assert_true(encode(&m, buf, sizeof(buf)) > 1024);
	m.record = many;
	m.records = 65;
	assert_int_equal(encode(&m, buf, sizeof(buf)), -EINVAL);
	m.records = 64;
	assert_true(encode(&m, buf, sizeof(buf)) > 0);
}

/* --- damage ---------------------------------------------------------------- */

static void every_prefix(void **state)
{
	struct rpc_sample got;
	u8 buf[512];
	int len = encode(&good, buf, sizeof(buf)), i;

	(void)state;
	for (i = 0; i < len; i++)
		assert_int_equal(decode(buf, i, &got), -EBADMSG);
	buf[len] = 0;
	assert_int_equal(decode(buf, len + 1, &got), -EBADMSG);
}

/* Whatever passes has one encoding: the bytes it came from. */
static void every_byte(void **state)
{
	u8 buf[512], again[512];
	int len = encode(&good, buf, sizeof(buf)), i, v, passed = 0;

	(void)state;
	for (i = 1; i < len; i++) {
		u8 was = buf[i];

		for (v = 0; v < 256; v++) {
			struct rpc_sample m;

			buf[i] = (u8)v;
			if (rpc_decode(&rpc_sample_schema, buf, len, &m, room, ROOM))
				continue;
			passed++;
			/* But for elements of other versions, which lose what is not known. */
			if (encode(&m, again, sizeof(again)) == len)
				assert_memory_equal(buf, again, len);
		}
		buf[i] = was;
	}
	assert_true(passed > len);
}

static void numbers(void **state)
{
	static const struct { u8 bytes[12]; size_t len; int err; } kinds[] = {
		{ { 11, 0x80, 0x00 }, 3, -EBADMSG },	/* not shortest */
		{ { 0x8b, 0x00 }, 2, -EBADMSG },
		{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01 }, 10, -EBADMSG },
		{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f }, 10, -EBADMSG },
		{ { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01 }, 11,
		  -EBADMSG },
		{ { 0x80 }, 1, -EBADMSG },
		{ { 0 }, 0, -EBADMSG },
		{ { 0 }, 1, 0 },		/* a version without a field */
		{ { 1, 7 }, 2, 0 },
		{ { 1 }, 1, -EBADMSG },
		{ { 1, 7, 7 }, 3, -EBADMSG },
	};
	struct rpc_sample got;
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		assert_int_equal(decode(kinds[i].bytes, kinds[i].len, &got), kinds[i].err);
}

/* Counts that promise more than there are bytes cost no memory and no time. */
static void hostile_count(void **state)
{
	struct rpc_sample m = good, got;
	u8 buf[512];
	int len;

	(void)state;
	m.records = 0;
	len = encode(&m, buf, sizeof(buf));
	buf[len - 1] = 64;
	assert_int_equal(decode(buf, len, &got), -EBADMSG);
	/* Whatever the room: it is the message that is wrong. */
	assert_int_equal(rpc_decode(&rpc_sample_schema, buf, len, &got, room, 64), -EBADMSG);
	memset(buf + len, 0, 128);
	buf[len - 1] = 65;
	assert_int_equal(decode(buf, len + 128, &got), -EBADMSG);
	buf[len - 1] = 64;
	assert_int_equal(rpc_decode(&rpc_sample_schema, buf, len + 128, &got, room, 512),
			 -ENOBUFS);
}

/* --- versions ---------------------------------------------------------------- */

static void newer_and_older(void **state)
{
	struct rpc_sample got;
	u8 buf[512];
	int len = encode(&good, buf, sizeof(buf));

	(void)state;
	/* An old program skips what it does not know. */
	assert_int_equal(rpc_decode(&rpc_old_schema, buf, len, &got, NULL, 0), 0);
	assert_int_equal(got.time, good.time);
	assert_int_equal(got.etag.len, 0);
	same_bytes(got.name, good.name);
	/* Fields are promised that are not there at all. */
	buf[0] = 0x7f;
	assert_int_equal(decode(buf, len, &got), -EBADMSG);
	/* A new one finds nothing where the old one said nothing. */
	len = rpc_encode(&rpc_old_schema, &good, buf, sizeof(buf));
	assert_int_equal(rpc_decode(&rpc_sample_schema, buf, len, &got, room, ROOM), 0);
	assert_int_equal(got.etag.len, 0);
	assert_int_equal(got.records, 0);
	same_bytes(got.name, good.name);
}

/* --- structs in structs --------------------------------------------------------- */

struct outer {
	u8 before;
	struct rpc_record record;
	u8 after;
};

static const struct rpc_field outer_fields[] = {
	RPC_FIELD(RPC_U8, struct outer, before),
	RPC_STRUCT(struct outer, record, &rpc_record_schema),
	RPC_FIELD(RPC_U8, struct outer, after),
};

static const struct rpc_schema outer_schema = RPC_SCHEMA("outer", struct outer, outer_fields);

static void nested(void **state)
{
	struct outer m = { .before = 1, .record = good_records[0], .after = 2 }, got;
	u8 buf[512];
	int len = rpc_encode(&outer_schema, &m, buf, sizeof(buf)), i;

	(void)state;
	assert_true(len > 0);
	memset(&got, 0xa5, sizeof(got));
	assert_int_equal(rpc_decode(&outer_schema, buf, len, &got, room, ROOM), 0);
	assert_int_equal(got.before, 1);
	assert_int_equal(got.after, 2);
	assert_int_equal(got.record.plain, 300);
	assert_int_equal(got.record.tags, 2);
	same_bytes(got.record.tag[1].value, good_tags[1].value);
	for (i = 0; i < len; i++)
		assert_int_equal(rpc_decode(&outer_schema, buf, i, &got, room, ROOM), -EBADMSG);
	/* One that ends beyond the message, and one within its own fields. */
	buf[2]++;
	assert_int_equal(rpc_decode(&outer_schema, buf, len, &got, room, ROOM), -EBADMSG);
	buf[2] -= 2;
	assert_int_equal(rpc_decode(&outer_schema, buf, len, &got, room, ROOM), -EBADMSG);
	/* An older one has fewer fields. */
	memcpy(buf, "\3\1\1\0\2", 5);
	assert_int_equal(rpc_decode(&outer_schema, buf, 5, &got, room, ROOM), 0);
	assert_int_equal(got.record.plain, 0);
	assert_int_equal(got.after, 2);
}

/* --- guard pages --------------------------------------------------------------- */

static void guard_pages(void **state)
{
	size_t page = sysconf(_SC_PAGESIZE);
	u8 *area = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	u8 whole[512];
	int len = encode(&good, whole, sizeof(whole)), i;

	(void)state;
	assert_true(area != MAP_FAILED);
	assert_int_equal(mprotect(area + page, page, PROT_NONE), 0);
	for (i = 0; i <= len; i++) {
		struct rpc_sample got;

		memcpy(area + page - i, whole, i);
		assert_int_equal(rpc_decode(&rpc_sample_schema, area + page - i, i, &got, room,
					    ROOM), i == len ? 0 : -EBADMSG);
		assert_int_equal(encode(&good, area + page - i, i), i == len ? len : -EMSGSIZE);
	}
	munmap(area, 2 * page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip), cmocka_unit_test(golden), cmocka_unit_test(frames),
		cmocka_unit_test(small_buffers), cmocka_unit_test(too_long),
		cmocka_unit_test(every_prefix), cmocka_unit_test(every_byte),
		cmocka_unit_test(numbers), cmocka_unit_test(hostile_count),
		cmocka_unit_test(newer_and_older), cmocka_unit_test(nested),
		cmocka_unit_test(guard_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
