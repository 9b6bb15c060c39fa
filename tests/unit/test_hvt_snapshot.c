// SPDX-License-Identifier: GPL-2.0-or-later
/* Heads of snapshots: the good one, and each way to be damaged. */
#include "format_util.h"

#include "elf/hvt_snapshot.h"

#define NSEC	1000000000ull
#define MEM	(4 * HVT_MEM_MIN)
#define FILE_SIZE	(HEDGE_SNAPSHOT_HEAD_SIZE + MEM)

static void add_segment(struct hedge_snapshot *head, u64 start, u64 end, u32 prot)
{
	head->segment[head->segments].start = start;
	head->segment[head->segments].end = end;
	head->segment[head->segments].prot = prot;
	head->segments++;
}

static struct hedge_snapshot *good_head(void)
{
	struct hedge_snapshot *head = calloc(1, sizeof(*head));
	struct hvt_manifest m = { .version = HVT_MANIFEST_VERSION, .entries = 2 };
	struct hvt_manifest_entry e[2] = {
		{ .type = HVT_DEVICE_RESERVED_FIRST },
		{ .type = HVT_DEVICE_BLOCK, .name = "disk" },
	};

	assert_non_null(head);
	memcpy(head->magic, HEDGE_SNAPSHOT_MAGIC, sizeof(head->magic));
	head->version = HEDGE_SNAPSHOT_VERSION;
	head->mem_size = MEM;
	head->tsc_hz = 2000000000;
	head->msrs = HEDGE_SNAPSHOT_MSRS;
	add_segment(head, HVT_GUEST_MIN, HVT_GUEST_MIN + 2 * HVT_PAGE_SIZE,
		    HVT_PROT_READ | HVT_PROT_EXEC);
	add_segment(head, HVT_GUEST_MIN + 2 * HVT_PAGE_SIZE, MEM, HVT_PROT_READ | HVT_PROT_WRITE);
	memcpy(head->manifest, &m, sizeof(m));
	memcpy(head->manifest + sizeof(m), e, sizeof(e));
	head->manifest_size = sizeof(m) + sizeof(e);
	return head;
}

/* At the end of a page, so that nothing behind the head is looked at. */
static int check(const struct hedge_snapshot *head, u64 file_size, const char **why)
{
	uint8_t *edge = edge_copy(head, sizeof(*head));
	int ret = hvt_snapshot_check((const struct hedge_snapshot *)edge, file_size, why);

	edge_free(edge, sizeof(*head));
	return ret;
}

static void good(void **state)
{
	struct hedge_snapshot *head = good_head();
	struct hvt_image layout;
	const char *why;
	u32 i;

	(void)state;
	assert_int_equal(check(head, FILE_SIZE, &why), 0);
	hvt_snapshot_layout(head, &layout);
	assert_int_equal(layout.segments, 2);
	for (i = 0; i < 2; i++) {
		assert_int_equal(layout.segment[i].start, head->segment[i].start);
		assert_int_equal(layout.segment[i].vaddr, head->segment[i].start);
		assert_int_equal(layout.segment[i].end, head->segment[i].end);
		assert_int_equal(layout.segment[i].prot, head->segment[i].prot);
	}
	assert_int_equal(layout.entry, 0);
	head->segments = 0;
	assert_int_equal(check(head, FILE_SIZE, &why), 0);
	free(head);
}

static void file_sizes(void **state)
{
	const u64 wrong[] = { 0, 1, HEDGE_SNAPSHOT_HEAD_SIZE, MEM, FILE_SIZE - 1, FILE_SIZE + 1,
			      ~0ull };
	struct hedge_snapshot *head = good_head();
	const char *why;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(check(head, wrong[i], &why), -ENOEXEC);
		assert_string_equal(why, "the file is not as long as its memory");
	}
	free(head);
}

#define DAMAGE(name, statement) \
	static void name(struct hedge_snapshot *h) { statement; }

DAMAGE(magic, h->magic[7] ^= 1)
DAMAGE(version_before, h->version--)
DAMAGE(version_after, h->version++)
DAMAGE(no_memory, h->mem_size = 0)
DAMAGE(memory_odd, h->mem_size = MEM + HVT_PAGE_SIZE)
DAMAGE(memory_too_large, h->mem_size = HVT_MEM_MAX + HVT_MEM_MIN)
DAMAGE(memory_wraps, h->mem_size = 0ull - HVT_MEM_MIN)
DAMAGE(no_clock, h->tsc_hz = 0)
DAMAGE(too_many_msrs, h->msrs = HEDGE_SNAPSHOT_MSRS + 1)
DAMAGE(msrs_wrap, h->msrs = ~0u)
DAMAGE(manifest_too_long, h->manifest_size = sizeof(h->manifest) + 1)
DAMAGE(manifest_too_short, h->manifest_size = 3)
DAMAGE(manifest_none, h->manifest_size = 0)
DAMAGE(manifest_attached, h->manifest[h->manifest_size - 8] = 1)
DAMAGE(manifest_lies, h->manifest_size -= sizeof(struct hvt_manifest_entry))
DAMAGE(too_many_segments, h->segments = HEDGE_SNAPSHOT_SEGMENTS + 1)
DAMAGE(segments_wrap, h->segments = ~0u)
DAMAGE(segment_low, h->segment[0].start = HVT_GUEST_MIN - HVT_PAGE_SIZE)
DAMAGE(segment_start_odd, h->segment[0].start += 8)
DAMAGE(segment_end_odd, h->segment[0].end -= 8)
DAMAGE(segment_empty, h->segment[0].end = h->segment[0].start)
DAMAGE(segment_backward, h->segment[0].end = 0)
DAMAGE(segment_beyond, h->segment[1].end = MEM + HVT_PAGE_SIZE)
DAMAGE(segment_wraps, h->segment[1].end = 0ull - HVT_PAGE_SIZE)
DAMAGE(segments_overlap, h->segment[1].start -= HVT_PAGE_SIZE)
DAMAGE(segments_unsorted, h->segment[1] = h->segment[0])
DAMAGE(segment_wx, h->segment[0].prot |= HVT_PROT_WRITE)
DAMAGE(segment_rights, h->segment[0].prot |= 8)
DAMAGE(segment_rights_high, h->segment[0].prot |= 1u << 31)
DAMAGE(segment_reserved, h->segment[31].reserved = 1)
DAMAGE(msr_reserved, h->msr[0].reserved = 1)
DAMAGE(head_reserved, h->reserved[3] = 1)

#define KIND(name)	{ name, #name }

static const struct {
	void (*damage)(struct hedge_snapshot *head);
	const char *name;
} kinds[] = {
	KIND(magic), KIND(version_before), KIND(version_after), KIND(no_memory),
	KIND(memory_odd), KIND(memory_too_large), KIND(memory_wraps), KIND(no_clock),
	KIND(too_many_msrs), KIND(msrs_wrap), KIND(manifest_too_long), KIND(manifest_too_short),
	KIND(manifest_none), KIND(manifest_attached), KIND(manifest_lies),
	KIND(too_many_segments), KIND(segments_wrap), KIND(segment_low), KIND(segment_start_odd),
	KIND(segment_end_odd), KIND(segment_empty), KIND(segment_backward), KIND(segment_beyond),
	KIND(segment_wraps), KIND(segments_overlap), KIND(segments_unsorted), KIND(segment_wx),
	KIND(segment_rights), KIND(segment_rights_high), KIND(segment_reserved),
	KIND(msr_reserved), KIND(head_reserved),
};

/* The file is as long as the head says, so that this alone refuses none. */
static void damaged(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct hedge_snapshot *head = good_head();
		const char *why = NULL;

		kinds[i].damage(head);
		if (check(head, HEDGE_SNAPSHOT_HEAD_SIZE + head->mem_size, &why) != -ENOEXEC)
			fail_msg("%s: not refused", kinds[i].name);
		assert_true(why && *why);
		free(head);
	}
	report_kinds("snapshot", ARRAY_SIZE(kinds));
}

static void clocks(void **state)
{
	static const struct {
		u64 tsc, hz, then, now, want;
	} cases[] = {
		{ 5, 2000000000, 100, 100, 5 },
		{ 5, 2000000000, 100, 99, 5 },
		{ 5, 2000000000, 100, 103, 11 },
		{ 0, 2999999999, 0, 1700000000ull * NSEC, 1700000000ull * 2999999999 },
		{ 0, 2999999999, 0, NSEC / 2, 1499999999 },
		{ ~0ull, 1, 0, 3 * NSEC, 2 },
		/* More than there are numbers for: anything, but a result. */
		{ 0, 100 * NSEC, 0, 1700000000ull * NSEC, 1700000000ull * (100 * NSEC) },
	};
	struct hedge_snapshot *head = good_head();
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		head->tsc = cases[i].tsc;
		head->tsc_hz = cases[i].hz;
		head->time_ns = cases[i].then;
		assert_int_equal(hvt_snapshot_clock(head, cases[i].now), cases[i].want);
	}
	head->tsc_hz = ~0ull;
	head->time_ns = 0;
	hvt_snapshot_clock(head, ~0ull);
	free(head);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good), cmocka_unit_test(file_sizes), cmocka_unit_test(damaged),
		cmocka_unit_test(clocks),
	};

	return cmocka_run_group_tests_name("hvt_snapshot", tests, NULL, NULL);
}
