// SPDX-License-Identifier: GPL-2.0-or-later
/* The contents of intent-log records: there and back, and every rule broken. */
#include <errno.h>

#include "disk/log.h"
#include "format_util.h"

#define SEALS	16u

static const struct rlnc_log_limits limits = {
	.generations = 1000, .slots = 5000, .epoch = 7, .seals = SEALS,
	.pack_tail = 50, .packs = 20,
};

/* A pointer with seals that differ, in memory of its own. */
static struct rlnc_ptr *make_ptr(u64 slot, u64 birth)
{
	struct rlnc_ptr *ptr = calloc(1, RLNC_PTR_BYTES(SEALS));
	unsigned int i;

	assert_non_null(ptr);
	ptr->slot = cpu_to_le64(slot);
	ptr->birth = cpu_to_le64(birth);
	for (i = 0; i < SEALS; i++)
		memset(&ptr->seal[i], (int)i + 1, sizeof(ptr->seal[i]));
	return ptr;
}

static size_t add(u8 *buf, size_t room, u64 index, u64 slot, u64 birth, u32 first, u32 count)
{
	CLEANUP_FREE struct rlnc_ptr *ptr = make_ptr(slot, birth);

	return rlnc_log_append(buf, room, index, ptr, first, count);
}

static size_t add_pack(u8 *buf, size_t room, u64 number, u32 position, u32 count, u64 owner)
{
	CLEANUP_FREE struct rlnc_ptr *ptr = make_ptr(1, 8);
	struct rlnc_geometry geo;

	assert_int_equal(rlnc_geometry_init(&geo, 4, 16384), 0);
	return rlnc_log_append_pack(buf, room, number, ptr, &geo, position, count, owner);
}

/* What is appended comes back, in order, and then the end. */
static void round_trip(void **state)
{
	_Alignas(8) u8 buf[4096];
	const struct rlnc_log_entry *e;
	size_t len = 0, at = 0;

	(void)state;
	len += add(buf + len, sizeof(buf) - len, 3, 100, 8, 0, SEALS);
	len += add(buf + len, sizeof(buf) - len, 999, 4999, 9, 5, 1);
	len += add(buf + len, sizeof(buf) - len, 3, 0, 0, 0, SEALS);
	len += add_pack(buf + len, sizeof(buf) - len, 69, 7, 2, 17 * SEALS + 3);
	assert_int_equal(rlnc_log_next(buf, len, &at, &limits, &e), 1);
	assert_int_equal(le64_to_cpu(e->index), 3);
	assert_int_equal(le16_to_cpu(e->count), SEALS);
	assert_int_equal(rlnc_log_next(buf, len, &at, &limits, &e), 1);
	assert_int_equal(le64_to_cpu(e->slot), 4999);
	assert_int_equal(le16_to_cpu(e->first), 5);
	assert_int_equal(e->seal[0].tag[0], 6);
	assert_int_equal(rlnc_log_next(buf, len, &at, &limits, &e), 1);
	assert_int_equal(e->birth, 0);
	assert_int_equal(le16_to_cpu(e->count), 0);
	assert_int_equal(rlnc_log_next(buf, len, &at, &limits, &e), 1);
	assert_int_equal(le32_to_cpu(e->kind), RLNC_LOG_PACK);
	assert_int_equal(le64_to_cpu(e->index), 69);
	assert_int_equal(rlnc_log_owner(e), 17 * SEALS + 3);
	/* Positions 7 and 8 of four symbols: sectors 13 and 2. */
	assert_int_equal(e->seal[0].tag[0], 14);
	assert_int_equal(e->seal[1].tag[0], 3);
	assert_int_equal(rlnc_log_next(buf, len, &at, &limits, &e), 0);
}

/* A change that does not fit is not begun. */
static void no_room(void **state)
{
	u8 buf[256];
	size_t room, need = rlnc_log_entry_bytes(RLNC_LOG_PTR, 3);

	(void)state;
	for (room = 0; room < need; room++)
		assert_int_equal(add(buf, room, 1, 1, 8, 0, 3), 0);
	assert_int_equal(add(buf, need, 1, 1, 8, 0, 3), need);
	need = rlnc_log_entry_bytes(RLNC_LOG_PACK, 3);
	for (room = 0; room < need; room++)
		assert_int_equal(add_pack(buf, room, 60, 0, 3, 0), 0);
	assert_int_equal(add_pack(buf, need, 60, 0, 3, 0), need);
}

/* Contents that end anywhere inside a change are refused, and not read past. */
static void truncated(void **state)
{
	_Alignas(8) u8 buf[256];
	const struct rlnc_log_entry *e;
	size_t len = add(buf, sizeof(buf), 1, 1, 8, 2, 3), cut, at;

	(void)state;
	for (cut = 8; cut < len; cut += 8) {
		u8 *edge = edge_copy(buf, cut);

		at = 0;
		assert_int_equal(rlnc_log_next(edge, cut, &at, &limits, &e), -EBADMSG);
		edge_free(edge, cut);
	}
}

#define RULE(name, change)							\
	static void name(struct rlnc_log_entry *e) { e->change; }

RULE(index_high, index = cpu_to_le64(1000))
RULE(slot_high, slot = cpu_to_le64(5000))
RULE(birth_old, birth = cpu_to_le64(7))
RULE(first_high, first = cpu_to_le16(SEALS + 1))
RULE(count_high, count = cpu_to_le16(SEALS - 1))
RULE(count_huge, count = cpu_to_le16(0xffff))
RULE(kind_unknown, kind = cpu_to_le32(RLNC_LOG_KINDS))
RULE(unmapped_with_slot, birth = 0)

static void each_rule(void **state)
{
	static void (*const rules[])(struct rlnc_log_entry *e) = {
		index_high, slot_high, birth_old, first_high, count_high, count_huge,
		kind_unknown, unmapped_with_slot,
	};
	_Alignas(8) u8 buf[1024];
	const struct rlnc_log_entry *e;
	size_t len, at;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		len = add(buf, sizeof(buf), 1, 1, 8, 2, 3);
		rules[i]((struct rlnc_log_entry *)buf);
		at = 0;
		if (rlnc_log_next(buf, len, &at, &limits, &e) != -EBADMSG)
			fail_msg("rule %u is not kept", i);
	}
	report_kinds("changes in the log", ARRAY_SIZE(rules));
}

RULE(pack_unborn, birth = 0)
RULE(pack_empty, count = 0)
RULE(pack_slot_high, slot = cpu_to_le64(5000))
RULE(pack_birth_old, birth = cpu_to_le64(7))
RULE(pack_too_old, index = cpu_to_le64(49))
RULE(pack_too_young, index = cpu_to_le64(70))
RULE(pack_position_high, first = cpu_to_le16(SEALS - 2))

static void set_owner(struct rlnc_log_entry *e, u64 owner)
{
	*(__le64 *)&e->seal[le16_to_cpu(e->count)] = cpu_to_le64(owner);
}

static void owner_high(struct rlnc_log_entry *e)
{
	set_owner(e, 1000 * SEALS);
}

static void owner_huge(struct rlnc_log_entry *e)
{
	set_owner(e, ~0ull);
}

static void owners_of_two_generations(struct rlnc_log_entry *e)
{
	set_owner(e, SEALS - 2);
}

static void each_rule_of_packs(void **state)
{
	static void (*const rules[])(struct rlnc_log_entry *e) = {
		pack_unborn, pack_empty, pack_slot_high, pack_birth_old, pack_too_old,
		pack_too_young, pack_position_high, owner_high, owner_huge,
		owners_of_two_generations,
	};
	_Alignas(8) u8 buf[1024];
	const struct rlnc_log_entry *e;
	size_t len, at;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		len = add_pack(buf, sizeof(buf), 50, 2, 3, 1000 * SEALS - 3);
		at = 0;
		assert_int_equal(rlnc_log_next(buf, len, &at, &limits, &e), 1);
		rules[i]((struct rlnc_log_entry *)buf);
		at = 0;
		if (rlnc_log_next(buf, len, &at, &limits, &e) != -EBADMSG)
			fail_msg("rule %u of packs is not kept", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip), cmocka_unit_test(no_room),
		cmocka_unit_test(truncated), cmocka_unit_test(each_rule),
		cmocka_unit_test(each_rule_of_packs),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
