// SPDX-License-Identifier: GPL-2.0-or-later
/* Images: each rule of the parser, broken by an image of its own; limits; a naive oracle. */
#include <errno.h>
#include <stdio.h>

#include "format_util.h"
#include "hvt_naive.h"

#include "../gen/hvt_image.h"
#include "elf/hvt_image.h"

#define RULES	"kernel/lib/elf/hvt_image.c"	/* tests are run from the top of the tree */

static struct gen gen;

static const char *parse(const struct gen *g, struct hvt_image *image)
{
	const char *why = NULL;
	int err = hvt_image_parse(g->bytes, g->size, image, &why);

	assert_true(err == 0 || err == -ENOEXEC);
	assert_true(!err == !why);
	return why;
}

static const struct gen_kind *kind_named(const char *name)
{
	unsigned int i;

	for (i = 0; i < gen_kinds_count; i++)
		if (!strcmp(gen_kinds[i].name, name))
			return &gen_kinds[i];
	fail_msg("no image %s", name);
	return NULL;
}

static void make(const char *name)
{
	gen_make(&gen, kind_named(name));
}

/* Every field of what is parsed. */
static void good_image(void **state)
{
	struct hvt_image im;

	(void)state;
	make("devices");
	assert_null(parse(&gen, &im));
	assert_int_equal(im.entry, GEN_CODE_AT);
	assert_int_equal(im.segments, 2);
	assert_int_equal(im.segment[0].vaddr, GEN_CODE_AT);
	assert_int_equal(im.segment[0].offset, offsetof(struct gen_layout, code));
	assert_int_equal(im.segment[0].filesz, 13);
	assert_int_equal(im.segment[0].memsz, 13);
	assert_int_equal(im.segment[0].start, GEN_CODE_AT);
	assert_int_equal(im.segment[0].end, GEN_CODE_AT + 0x1000);
	assert_int_equal(im.segment[0].prot, HVT_PROT_READ | HVT_PROT_EXEC);
	assert_int_equal(im.segment[1].vaddr, GEN_DATA_AT);
	assert_int_equal(im.segment[1].filesz, sizeof(struct hvt_hc_halt));
	assert_int_equal(im.segment[1].memsz, 0x1800);
	assert_int_equal(im.segment[1].end, GEN_DATA_AT + 0x2000);
	assert_int_equal(im.segment[1].prot, HVT_PROT_READ | HVT_PROT_WRITE);
	assert_int_equal(im.kernel_end, GEN_DATA_AT + 0x2000);
	assert_int_equal(im.manifest_offset, offsetof(struct gen_layout, m));
	assert_int_equal(im.manifest_size, 8 + 3 * 104);
}

static void alignment(void **state)
{
	struct hvt_image im;

	(void)state;
	make("align_2m");
	assert_null(parse(&gen, &im));
	assert_int_equal(im.segment[1].start, 0x200000);
	assert_int_equal(im.segment[1].vaddr, 0x212345);
	assert_int_equal(im.segment[1].end, 0x400000);
	assert_int_equal(im.kernel_end, 0x400000);
	make("no_flags");
	assert_null(parse(&gen, &im));
	assert_int_equal(im.segment[1].prot, 0);
}

static void each_good(void **state)
{
	const char *why;
	struct hvt_image im;
	unsigned int i;

	(void)state;
	for (i = 0; i < gen_kinds_count; i++) {
		if (gen_kinds[i].why)
			continue;
		gen_make(&gen, &gen_kinds[i]);
		why = parse(&gen, &im);
		if (why)
			fail_msg("%s: %s", gen_kinds[i].name, why);
	}
}

/* Every damage is found, by the rule that is about it. */
static void each_rule(void **state)
{
	unsigned int i, kinds = 0;
	struct hvt_image im;
	const char *why;

	(void)state;
	for (i = 0; i < gen_kinds_count; i++) {
		if (!gen_kinds[i].why)
			continue;
		gen_make(&gen, &gen_kinds[i]);
		why = parse(&gen, &im);
		if (!why || strcmp(why, gen_kinds[i].why))
			fail_msg("%s: %s", gen_kinds[i].name, why ?: "not refused");
		kinds++;
	}
	report_kinds("images", kinds);
}

static bool some_image_breaks(const char *rule)
{
	unsigned int i;

	for (i = 0; i < gen_kinds_count; i++)
		if (gen_kinds[i].why && !strcmp(gen_kinds[i].why, rule))
			return true;
	return false;
}

/* No rule of the source is without an image that breaks it. */
static void every_rule_is_hit(void **state)
{
	CLEANUP_FCLOSE FILE *f = fopen(RULES, "r");
	char line[256], *begin, *end;
	unsigned int rules = 0;

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		begin = strstr(line, "refuse(why, \"");
		if (!begin)
			continue;
		begin = strchr(begin, '"') + 1;
		end = strrchr(begin, '"');
		assert_non_null(end);
		*end = 0;
		if (!some_image_breaks(begin))
			fail_msg("no image for: %s", begin);
		rules++;
	}
	assert_in_range(rules, 40, 100);
}

/* An image of any length, at any alignment, the page after it closed. */
static void truncated(void **state)
{
	static const char *const names[] = { "devices", "segments_32" };
	struct hvt_image im;
	const char *why;
	unsigned int i;
	size_t len;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		make(names[i]);
		for (len = 0; len <= gen.size; len++) {
			uint8_t *edge = edge_copy(gen.bytes, len);
			int err = hvt_image_parse(edge, len, &im, &why);

			edge_free(edge, len);
			assert_int_equal(err, len < gen.size ? -ENOEXEC : 0);
		}
	}
}

static void manifest_truncated(void **state)
{
	const size_t size = 8 + 3 * 104;
	const char *why;
	size_t len;

	(void)state;
	make("devices");
	for (len = 0; len <= size; len++) {
		uint8_t *edge = edge_copy(&gen.l.m, len);
		int err = hvt_manifest_check(edge, len, &why);

		edge_free(edge, len);
		assert_int_equal(err, len < size ? -ENOEXEC : 0);
	}
}

static const char *fits(const struct hvt_image *im, u64 mem)
{
	const char *why = "";
	int err = hvt_image_fits(im, mem, &why);

	assert_int_equal(err, why ? -EINVAL : 0);
	return why;
}

static void memory(void **state)
{
	static const u64 none[] = { 0, 1, 0x100000, 0x1fffff, 0x200001, 0x300000,
				    HVT_MEM_MAX + 0x200000, 1ull << 63, ~0ull };
	struct hvt_image im;
	unsigned int i;
	u64 mem;

	(void)state;
	make("good");
	assert_null(parse(&gen, &im));
	for (mem = HVT_MEM_MIN; mem <= HVT_MEM_MAX; mem += HVT_PAGE_2M)
		assert_null(fits(&im, mem));
	for (i = 0; i < ARRAY_SIZE(none); i++)
		assert_string_equal(fits(&im, none[i]), "its memory is not a multiple of 2 MiB up to 4 GiB");
	im.entry = 0x400000;
	assert_string_equal(fits(&im, 0x400000), "its entry is beyond its memory");
	im.entry = 0x3fffff;
	im.kernel_end = 0x400000;
	assert_null(fits(&im, 0x400000));
	im.kernel_end = 0x401000;
	assert_string_equal(fits(&im, 0x400000), "a segment ends beyond its memory");
	make("up_to_4g");
	assert_null(parse(&gen, &im));
	assert_null(fits(&im, HVT_MEM_MAX));
	assert_non_null(fits(&im, HVT_MEM_MAX - HVT_PAGE_2M));
}

/* xorshift64*, so that a failure comes again. */
static u64 random_u64(void)
{
	static u64 s = 0x9e3779b97f4a7c15;

	s ^= s >> 12;
	s ^= s << 25;
	s ^= s >> 27;
	return s * 0x2545f4914f6cdd1d;
}

/* A change that a rule may, or may not, be about. */
static void mutate(struct gen *g)
{
	static const u64 values[] = { 0, 1, 2, 4, 7, 8, 20, 64, 4096, 8192, 0x100000, 0x101000,
				      0x102000, 0x1fffff, 0x200000, 1u << 31, 0xffffffff,
				      1ull << 32, 1ull << 63, ~0ull, ~0xfffull };
	u64 v = values[random_u64() % ARRAY_SIZE(values)];
	size_t at = random_u64() % g->size;
	unsigned int width = 1u << random_u64() % 4;

	switch (random_u64() % 4) {
	case 0:				/* a bit */
		g->bytes[at] ^= 1u << random_u64() % 8;
		return;
	case 1:				/* a little more or less */
		at = at / width * width;
		memcpy(&v, g->bytes + at, sizeof(v));
		v += random_u64() % 5 - 2;
		break;
	case 2:				/* a field of a program header */
		width = 8;
		at = offsetof(struct gen_layout, text) + random_u64() % (GEN_PHDRS * 7) * 8;
		break;
	default:
		at = at / width * width;
		break;
	}
	memcpy(g->bytes + at, &v, width);
}

/* The parser and its naive double are of one mind about hundreds of thousands. */
static void oracle(void **state)
{
	unsigned int i, changes, accepted = 0;
	struct hvt_image im;
	const char *why;
	uint64_t end;

	(void)state;
	for (i = 0; i < gen_kinds_count; i++) {
		gen_make(&gen, &gen_kinds[i]);
		assert_int_equal(naive_accepts(gen.bytes, gen.size, &end), !gen_kinds[i].why);
	}
	for (i = 0; i < 300000; i++) {
		make(i % 2 ? "devices" : "good");
		for (changes = 1 + random_u64() % 3; changes; changes--)
			mutate(&gen);
		why = parse(&gen, &im);
		if (naive_accepts(gen.bytes, gen.size, &end) == !!why)
			fail_msg("image %u: %s, and its double thinks otherwise", i, why ?: "accepted");
		if (why)
			continue;
		assert_int_equal(im.kernel_end, end);
		accepted++;
	}
	assert_in_range(accepted, 50000, 250000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_image), cmocka_unit_test(alignment),
		cmocka_unit_test(each_good), cmocka_unit_test(each_rule),
		cmocka_unit_test(every_rule_is_hit), cmocka_unit_test(truncated),
		cmocka_unit_test(manifest_truncated), cmocka_unit_test(memory),
		cmocka_unit_test(oracle),
	};

	return cmocka_run_group_tests_name("images of guests", tests, NULL, NULL);
}
