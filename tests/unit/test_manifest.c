// SPDX-License-Identifier: GPL-2.0-or-later
/* Records and pages: golden bytes, there and back, every rule broken, every length. */
#include <errno.h>

#include "base/hex.h"
#include "crypto/hash.h"
#include "pipe_util.h"

/* A page of @count records from generation 1000 on. */
static size_t good_page(uint8_t *buf, unsigned int count)
{
	struct page_writer w;
	unsigned int i;

	page_begin(&w, buf, 1000, 1ull << 40);
	for (i = 0; i < count; i++) {
		struct record r = good_record(i, 4, 6);

		assert_int_equal(page_add(&w, &r), 0);
	}
	return page_end(&w);
}

static void golden(void **state)
{
	static const char want[] =
		"534b594d010000000100000090000000e803000000000000000000000001000040420f00000000000000000000000000000000000000000000000000";
	uint8_t buf[SKY_PAGE_MAX_BYTES], digest[HASH_SHA256_BYTES];
	char text[2 * 64 + 1];
	size_t len = good_page(buf, 1);

	(void)state;
	assert_int_equal(len, 64 + 64 + 16);
	hex_encode(buf, 60, text);
	assert_string_equal(text, want);
	hash_once(HASH_SHA256, buf, len, digest);
	hex_encode(digest, sizeof(digest), text);
	assert_string_equal(text,
			    "0b733c264c0e8a4c5749d6ff5e9470ad94ab48ee18db62627c0154809c92770a");
}

static void same_record(const struct record *a, const struct record *b)
{
	assert_memory_equal(a->generation, b->generation, sizeof(a->generation));
	assert_memory_equal(a->iv, b->iv, sizeof(a->iv));
	assert_memory_equal(a->tag, b->tag, sizeof(a->tag));
	assert_int_equal(a->plain_bytes, b->plain_bytes);
	assert_int_equal(a->stored_bytes, b->stored_bytes);
	assert_int_equal(a->compression, b->compression);
	assert_int_equal(a->mode, b->mode);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->k, b->k);
	assert_int_equal(a->n, b->n);
	assert_memory_equal(a->location, b->location, a->n * sizeof(a->location[0]));
}

/* Records of all shapes in one page, until it is full. */
static void there_and_back(void **state)
{
	uint8_t buf[SKY_PAGE_MAX_BYTES];
	uint64_t number, offset, want = 77;
	struct page_writer w;
	struct record r, got;
	unsigned int count = 0, i;
	struct page p;
	size_t len;

	(void)state;
	page_begin(&w, buf, 5, 77);
	assert_int_equal(page_end(&w), 0);
	for (;; count++) {
		r = good_record(count, 1 + count % 128, 255 - count % 128);
		if (page_add(&w, &r))
			break;
	}
	len = page_end(&w);
	assert_true(count > 20 && len <= SKY_PAGE_MAX_BYTES);
	assert_true(SKY_PAGE_MAX_BYTES - len < record_bytes(r.n));
	assert_int_equal(page_parse(&p, buf, len), 0);
	for (i = 0; i < count; i++) {
		r = good_record(i, 1 + i % 128, 255 - i % 128);
		assert_true(page_next(&p, &got, &number, &offset));
		same_record(&got, &r);
		assert_int_equal(number, 5 + i);
		assert_int_equal(offset, want);
		want += r.plain_bytes;
	}
	assert_false(page_next(&p, &got, &number, &offset));
	r.k = 0;
	assert_int_equal(page_add(&w, &r), -EINVAL);
}

/* 20 GiB in generations of 4 MiB, six locations each: how much that is. */
static void large_object(void **state)
{
	uint8_t buf[SKY_PAGE_MAX_BYTES];
	const unsigned int generations = 20 << 8;
	struct record r = good_record(1, 4, 6);
	struct page_writer w;
	size_t total = 0, pages = 0;
	unsigned int i;

	(void)state;
	page_begin(&w, buf, 0, 0);
	for (i = 0; i < generations; i++) {
		if (!page_add(&w, &r))
			continue;
		total += page_end(&w);
		pages++;
		page_begin(&w, buf, i, (uint64_t)i << 22);
		assert_int_equal(page_add(&w, &r), 0);
	}
	total += page_end(&w);
	pages++;
	print_message("# 20 GiB: %zu pages, %zu bytes\n", pages, total);
	assert_true(total < 500000);
}

static void seek(void **state)
{
	uint8_t buf[SKY_PAGE_MAX_BYTES];
	size_t len = good_page(buf, 100);
	uint64_t start = 1ull << 40, number, offset, end;
	struct record r;
	struct page p;
	unsigned int i;

	(void)state;
	assert_int_equal(page_parse(&p, buf, len), 0);
	end = start + p.plain_bytes;
	for (i = 0; i < 100; i++) {
		const uint64_t bytes = 1000000 + i, inside[] = { 0, 1, bytes / 2, bytes - 1 };
		unsigned int j;

		for (j = 0; j < ARRAY_SIZE(inside); j++) {
			assert_int_equal(page_seek(&p, start + inside[j]), 0);
			assert_true(page_next(&p, &r, &number, &offset));
			assert_int_equal(number, 1000 + i);
			assert_int_equal(offset, start);
			assert_int_equal(r.plain_bytes, bytes);
		}
		start += bytes;
	}
	assert_int_equal(page_seek(&p, end), -ERANGE);
	assert_int_equal(page_seek(&p, (1ull << 40) - 1), -ERANGE);
	assert_int_equal(page_seek(&p, 0), -ERANGE);
	assert_int_equal(page_seek(&p, UINT64_MAX), -ERANGE);
}

struct raw {
	struct sky_page_hdr hdr;
	struct sky_record record;
	__le16 location[8];
};

#define RULE(name, change)							\
	static void name(struct raw *p) { p->change; }

RULE(magic, hdr.magic = 0)
RULE(page_reserved0, hdr.reserved0[2] = 1)
RULE(page_reserved1, hdr.reserved1[19] = 1)
RULE(count_zero, hdr.count = 0)
RULE(count_high, hdr.count = cpu_to_le32(2))
RULE(count_huge, hdr.count = cpu_to_le32(0xffffffff))
RULE(bytes_wrong, hdr.bytes = cpu_to_le32(143))
RULE(plain_sum, hdr.plain_bytes = cpu_to_le64(999999))
RULE(offset_huge, hdr.offset = cpu_to_le64(UINT64_MAX))
RULE(end_huge, hdr.offset = cpu_to_le64(UINT64_MAX >> 1))
RULE(first_high, hdr.first = cpu_to_le64((1ull << 40) + 1))
RULE(plain_zero, record.plain_bytes = 0)
RULE(plain_huge, record.plain_bytes = cpu_to_le32(SKY_MAX_GENERATION + 1))
RULE(stored_zero, record.stored_bytes = 0)
RULE(stored_above_plain, record.stored_bytes = cpu_to_le32(1000001))
RULE(plain_but_shorter, record.compression = SKY_PLAIN)
RULE(compression, record.compression = SKY_COMPRESSIONS)
RULE(mode, record.mode = 2)
RULE(flags, record.flags = 2)
RULE(k_zero, record.k = 0)
RULE(k_high, record.k = 129)
RULE(k_above_n, record.k = 7)
RULE(n_high, record.n = 255)
RULE(n_longer, record.n = 9)
RULE(record_reserved, record.reserved[6] = 1)
RULE(location_padding, location[6] = cpu_to_le16(1))

static void each_rule(void **state)
{
	static void (*const rules[])(struct raw *p) = {
		magic, page_reserved0, page_reserved1, count_zero, count_high, count_huge,
		bytes_wrong, plain_sum, offset_huge, end_huge, first_high, plain_zero, plain_huge,
		stored_zero, stored_above_plain, plain_but_shorter, compression, mode, flags,
		k_zero, k_high, k_above_n, n_high, n_longer, record_reserved, location_padding,
	};
	_Alignas(8) uint8_t buf[SKY_PAGE_MAX_BYTES];
	struct page p;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		size_t len = good_page(buf, 1);

		rules[i]((struct raw *)buf);
		page_resum(buf, len);
		if (page_parse(&p, buf, len) != -EBADMSG)
			fail_msg("rule %u is not kept", i);
	}
	report_kinds("pages", ARRAY_SIZE(rules));
}

static void every_bit(void **state)
{
	uint8_t buf[SKY_PAGE_MAX_BYTES];
	size_t len = good_page(buf, 2), bit;
	struct page p;
	int want;

	(void)state;
	for (bit = 0; bit < 8 * len; bit++) {
		buf[bit / 8] ^= 1 << bit % 8;
		want = bit / 8 == offsetof(struct sky_page_hdr, version) ?
		       -EPROTONOSUPPORT : -EBADMSG;
		assert_int_equal(page_parse(&p, buf, len), want);
		buf[bit / 8] ^= 1 << bit % 8;
	}
	assert_int_equal(page_parse(&p, buf, len), 0);
}

static void every_length(void **state)
{
	uint8_t buf[SKY_PAGE_MAX_BYTES];
	size_t len = good_page(buf, 3), cut;
	struct page p;

	(void)state;
	for (cut = 0; cut <= len + 1; cut++) {
		struct guarded g;

		guarded_alloc(&g, cut, 1);
		memcpy(g.data, buf, cut);
		/* What says that it is so long is refused for its records. */
		if (cut >= 64) {
			((struct sky_page_hdr *)buf)->bytes = cpu_to_le32(cut);
			memcpy(g.data, buf, 64);
			page_resum(buf, cut);
			memcpy(g.data, buf, 64);
		}
		assert_int_equal(page_parse(&p, g.data, cut), cut == len ? 0 : -EBADMSG);
		guarded_free(&g);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden), cmocka_unit_test(there_and_back),
		cmocka_unit_test(large_object), cmocka_unit_test(seek),
		cmocka_unit_test(each_rule), cmocka_unit_test(every_bit),
		cmocka_unit_test(every_length),
	};

	return cmocka_run_group_tests_name("manifest", tests, NULL, NULL);
}
