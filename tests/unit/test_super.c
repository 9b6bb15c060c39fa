// SPDX-License-Identifier: GPL-2.0-or-later
/* The superblock: round trip, a golden image, and one damage for each rule. */
#include <errno.h>

#include "format_util.h"

#include "base/hex.h"
#include "crypto/kdf.h"
#include "volume/super_mac.h"

static const uint8_t mac[RLNC_MAC_BYTES] = { 1, 2, 3, 4, 5, 6, 7, 8 };

struct image {
	uint8_t *data;
	size_t len;
};

static int setup(void **state)
{
	struct rlnc_super *sb = good_super();
	struct image *im = calloc(1, sizeof(*im));

	im->len = rlnc_super_bytes(&sb->geo, sb->n);
	im->data = calloc(1, 2 * im->len);	/* room for lengths that claim more */
	rlnc_super_format(sb, im->data);
	rlnc_super_put_mac(im->data, mac);
	free(sb);
	*state = im;
	return 0;
}

static int teardown(void **state)
{
	struct image *im = *state;

	free(im->data);
	free(im);
	return 0;
}

static enum rlnc_super_error parse(const void *buf, size_t len, struct rlnc_super *sb)
{
	struct rlnc_super *mine = sb ? NULL : calloc(1, sizeof(*mine));
	enum rlnc_super_error err = rlnc_super_parse(buf, len, sb ? sb : mine);

	free(mine);
	return err;
}

static enum rlnc_super_error parse_resealed(const struct image *im)
{
	rlnc_super_put_mac(im->data, mac);
	return parse(im->data, im->len, NULL);
}

static void round_trip(void **state)
{
	CLEANUP_FREE struct rlnc_super *want = good_super();
	CLEANUP_FREE struct rlnc_super *got = calloc(1, sizeof(*got));
	const struct image *im = *state;
	u8 stored[RLNC_MAC_BYTES];

	assert_int_equal(parse(im->data, im->len, got), RLNC_SUPER_OK);
	assert_memory_equal(got, want, sizeof(*got));
	assert_int_equal(rlnc_super_peek_bytes(im->data), im->len);
	rlnc_super_take_mac(im->data, stored);
	assert_memory_equal(stored, mac, sizeof(mac));
}

/* Version 1 stays readable: these bytes may not change any more. */
static void golden(void **state)
{
	const struct image *im = *state;
	uint8_t digest[SHA256_BYTES];
	char text[2 * SHA256_BYTES + 1];

	assert_int_equal(im->len, 4096);
	assert_int_equal(sha256_digest(im->data, im->len, digest), 0);
	hex_encode(digest, sizeof(digest), text);
	assert_string_equal(text, "9497d081d069fb24ce1019fe4ef1e5758adb2e07053dee29098c5c80633433e0");
}

/* What the MAC covers: everything but itself and the CRC. */
static void mac_covers(void **state)
{
	const struct image *im = *state;
	CLEANUP_FREE uint8_t *copy = malloc(im->len);
	u8 stored[RLNC_MAC_BYTES];
	size_t i;

	for (i = 0; i < im->len; i += 13) {
		memcpy(copy, im->data, im->len);
		copy[i] ^= 1;
		rlnc_super_take_mac(copy, stored);
		if (i >= offsetof(struct rlnc_disk_super, crc) &&
		    i < offsetof(struct rlnc_disk_super, zero0))
			continue;
		if (i >= offsetof(struct rlnc_disk_super, mac) &&
		    i < offsetof(struct rlnc_disk_super, volume_id))
			assert_memory_not_equal(stored, mac, sizeof(mac));
		else
			assert_int_equal(copy[i], im->data[i] ^ 1);
	}
}

/* --- one way to be damaged each -------------------------------------------- */

static struct rlnc_disk_super *head(const struct image *im)
{
	return (struct rlnc_disk_super *)im->data;
}

static struct rlnc_ptr *root_at(const struct image *im, unsigned int tree)
{
	struct rlnc_geometry geo;

	rlnc_geometry_init(&geo, 4, 16384);
	return (struct rlnc_ptr *)(im->data + sizeof(struct rlnc_disk_super) +
				   tree * geo.ptr_bytes);
}

static struct rlnc_disk_member *member_at(const struct image *im, unsigned int i)
{
	return (struct rlnc_disk_member *)root_at(im, RLNC_TREES) + i;
}

#define HEAD(name, change)						\
static void name(const struct image *im)				\
{									\
	struct rlnc_disk_super *d = head(im);				\
									\
	change;								\
}

#define MEMBER(name, i, change)						\
static void name(const struct image *im)				\
{									\
	struct rlnc_disk_member *m = member_at(im, i);			\
									\
	change;								\
}

HEAD(bad_magic, d->magic[7] = 'x')
HEAD(bad_version, d->version = cpu_to_le32(RLNC_DISK_VERSION + 1))
HEAD(version_zero, d->version = 0)
HEAD(k_zero, d->k = 0)
HEAD(k_high, d->k = cpu_to_le16(129))
HEAD(k_above_n, d->k = cpu_to_le16(7))
HEAD(n_zero, d->n = 0)
HEAD(n_high, d->n = cpu_to_le16(256))
HEAD(symbol_small, d->symbol_bytes = cpu_to_le32(2048))
HEAD(symbol_odd, d->symbol_bytes = cpu_to_le32(12288))
HEAD(symbol_large, d->symbol_bytes = cpu_to_le32(1u << 20))
HEAD(generation_large, d->symbol_bytes = cpu_to_le32(256u << 10))
HEAD(other_symbol, d->symbol_bytes = cpu_to_le32(65536))
HEAD(other_n, d->n = cpu_to_le16(255))
HEAD(member_is_n, d->member = cpu_to_le16(6))
HEAD(member_high, d->member = cpu_to_le16(0xffff))
HEAD(mode_unknown, d->mode = cpu_to_le16(2))
HEAD(mode_high_byte, d->mode = cpu_to_le16(0x0100))
HEAD(mode_all_ones, d->mode = cpu_to_le16(0xffff))
HEAD(quorum_low, d->writes_min = cpu_to_le32(3))
HEAD(quorum_high, d->writes_min = cpu_to_le32(7))
HEAD(epoch_zero, d->epoch = 0)
HEAD(epoch_none, d->epoch = cpu_to_le64(RLNC_EPOCH_NONE))
HEAD(epoch_last, d->epoch = cpu_to_le64(RLNC_EPOCH_NONE - 1))
HEAD(slots_zero, d->slots = 0)
HEAD(slots_high, d->slots = cpu_to_le64(~0ull))
HEAD(slots_overflow, d->slots = cpu_to_le64((~0ull >> 1) / 16384 + 1))
HEAD(used_high, d->slots_used = cpu_to_le64(10001))
HEAD(size_zero, d->logical_sectors = 0)
HEAD(size_over_slots, d->logical_sectors = cpu_to_le64(160000))
HEAD(size_high, d->logical_sectors = cpu_to_le64(RLNC_MAX_LOGICAL_SECTORS + 1))
HEAD(log_outside, d->log_slot = cpu_to_le64(10000))
HEAD(label_after_end, d->label[31] = 'x')
HEAD(reserved_zero0, d->zero0 = cpu_to_le32(1))
HEAD(reserved_zero1_last, d->zero1[279] = 1)
HEAD(packs_none, d->packs = 0)
HEAD(packs_many, d->packs = cpu_to_le32(626))
HEAD(packs_turned, d->pack_tail = cpu_to_le64(1501))
HEAD(packs_too_many_live, d->pack_head = cpu_to_le64(1835))
HEAD(work_unknown, d->work = cpu_to_le32(3))
HEAD(work_done_without_work, d->work_done = cpu_to_le64(1))

static void reserved_tail(const struct image *im)
{
	im->data[im->len - 1] = 1;
}

static void reserved_after_members(const struct image *im)
{
	*(u8 *)member_at(im, 6) = 1;
}

static void root_young(const struct image *im)
{
	root_at(im, 0)->birth = cpu_to_le64(1001);
}

static void root_outside(const struct image *im)
{
	root_at(im, 0)->slot = cpu_to_le64(10000);
}

static void root_unmapped_slot(const struct image *im)
{
	root_at(im, 1)->slot = cpu_to_le64(1);
}

static void root_unmapped_seal(const struct image *im)
{
	root_at(im, 1)->seal[15].tag[15] = 1;
}

MEMBER(state_unknown, 0, m->state = 4)
MEMBER(member_reserved, 5, m->zero[6] = 1)
MEMBER(sync_with_limit, 0, m->valid_through = cpu_to_le64(1000))
MEMBER(stale_valid_young, 3, m->valid_through = cpu_to_le64(1001))
MEMBER(stale_since_young, 3, m->since = cpu_to_le64(1003))
MEMBER(failed_valid_young, 4, m->valid_through = cpu_to_le64(1001))
MEMBER(failed_written, 4, m->since = cpu_to_le64(995))

static const struct damage {
	const char *name;
	void (*apply)(const struct image *im);
	enum rlnc_super_error want;
} damages[] = {
#define D(fn, err) { #fn, fn, RLNC_SUPER_##err }
	D(bad_magic, MAGIC), D(bad_version, VERSION), D(version_zero, VERSION),
	D(k_zero, SHAPE), D(k_high, SHAPE), D(k_above_n, SHAPE), D(n_zero, SHAPE),
	D(n_high, SHAPE), D(symbol_small, SHAPE), D(symbol_odd, SHAPE),
	D(symbol_large, SHAPE), D(generation_large, SHAPE),
	D(other_symbol, LENGTH), D(other_n, LENGTH),
	D(member_is_n, MEMBER), D(member_high, MEMBER), D(mode_unknown, MODE),
	D(mode_high_byte, MODE), D(mode_all_ones, MODE),
	D(quorum_low, QUORUM), D(quorum_high, QUORUM),
	D(epoch_zero, EPOCH), D(epoch_none, EPOCH), D(epoch_last, EPOCH),
	D(slots_zero, SLOTS), D(slots_high, SLOTS), D(slots_overflow, SLOTS),
	D(used_high, SLOTS),
	D(size_zero, SIZE), D(size_over_slots, SIZE), D(size_high, SIZE),
	D(log_outside, LOG), D(label_after_end, LABEL),
	D(reserved_zero0, RESERVED), D(packs_none, PACKS), D(packs_many, PACKS),
	D(packs_turned, PACKS), D(packs_too_many_live, PACKS), D(reserved_zero1_last, RESERVED),
	D(reserved_tail, RESERVED),
	D(work_unknown, WORK), D(work_done_without_work, WORK),
	D(reserved_after_members, RESERVED),
	D(root_young, ROOT), D(root_outside, ROOT), D(root_unmapped_slot, ROOT),
	D(root_unmapped_seal, ROOT),
	D(state_unknown, TABLE), D(member_reserved, TABLE), D(sync_with_limit, TABLE),
	D(stale_valid_young, TABLE), D(stale_since_young, TABLE),
	D(failed_valid_young, TABLE), D(failed_written, TABLE),
#undef D
};

/* Every damage is found, by the rule that is about it, under a correct CRC. */
static void each_rule(void **state)
{
	const struct image *im = *state;
	CLEANUP_FREE uint8_t *good = malloc(im->len);
	unsigned int i;

	memcpy(good, im->data, im->len);
	for (i = 0; i < ARRAY_SIZE(damages); i++) {
		enum rlnc_super_error got;

		memcpy(im->data, good, im->len);
		damages[i].apply(im);
		got = parse_resealed(im);
		if (got != damages[i].want)
			fail_msg("%s: %s", damages[i].name, rlnc_super_strerror(got));
	}
	report_kinds("superblocks", ARRAY_SIZE(damages));
}

/* What no rule can find, since it could be so: another volume, another state. */
HEAD(forged_volume, d->volume_id[15] ^= 1)
HEAD(forged_label, d->label[0] ^= 1)
HEAD(forged_member, d->member = cpu_to_le16(3))
HEAD(forged_mode, d->mode = cpu_to_le16(RLNC_DISK_DENSE))
HEAD(forged_quorum, d->writes_min = cpu_to_le32(4))
HEAD(forged_seed, d->coeff_seed[31] ^= 1)
HEAD(forged_epoch, d->epoch = cpu_to_le64(1001))
HEAD(forged_size, d->logical_sectors = cpu_to_le64(1))
HEAD(forged_slots, d->slots = cpu_to_le64(10001))
HEAD(forged_used, d->slots_used = cpu_to_le64(78))
HEAD(forged_log_slot, d->log_slot = cpu_to_le64(4712))
HEAD(forged_no_log, d->log_slot = cpu_to_le64(RLNC_LOG_NONE))
HEAD(forged_log_seq, d->log_seq = cpu_to_le64(10))
HEAD(forged_work, d->work = cpu_to_le32(RLNC_WORK_SCRUB))
HEAD(forged_mac, d->mac[31] ^= 1)
MEMBER(forged_member_id, 5, m->id[15] ^= 1)
MEMBER(forged_sync, 3, m->state = RLNC_MEMBER_SYNC; m->valid_through = ~0ull)
MEMBER(forged_absent, 0, m->state = RLNC_MEMBER_ABSENT)
MEMBER(forged_since, 3, m->since = cpu_to_le64(901))

static void forged_root_slot(const struct image *im)
{
	root_at(im, 0)->slot = cpu_to_le64(124);
}

static void forged_root_birth(const struct image *im)
{
	root_at(im, 0)->birth = cpu_to_le64(999);
}

static void forged_root_seal(const struct image *im)
{
	root_at(im, 0)->seal[15].tag[15] ^= 1;
}

static void forged_root_gone(const struct image *im)
{
	memset(root_at(im, 0), 0, (u8 *)root_at(im, 1) - (u8 *)root_at(im, 0));
}

/* The CRC anyone can compute; without the key, the MAC nobody. */
static void each_forgery(void **state)
{
	static void (*const forgeries[])(const struct image *im) = {
		forged_volume, forged_label, forged_member, forged_mode, forged_quorum,
		forged_seed, forged_epoch, forged_size, forged_slots, forged_used,
		forged_log_slot, forged_no_log, forged_log_seq, forged_work, forged_mac,
		forged_member_id, forged_sync, forged_absent, forged_since,
		forged_root_slot, forged_root_birth, forged_root_seal, forged_root_gone,
	};
	static const u8 key[RLNC_MAC_BYTES] = { 42 };
	CLEANUP_FREE struct rlnc_super *sb = good_super();
	const struct image *im = *state;
	u8 stored[RLNC_MAC_BYTES];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(forgeries); i++) {
		memset(im->data, 0, im->len);
		assert_int_equal(super_write(sb, key, im->data), 0);
		assert_int_equal(super_check_mac(im->data, im->len, key), 0);
		forgeries[i](im);
		memcpy(stored, head(im)->mac, sizeof(stored));
		rlnc_super_put_mac(im->data, stored);
		if (parse(im->data, im->len, NULL) != RLNC_SUPER_OK)
			fail_msg("forgery %u: a rule finds it", i);
		if (super_check_mac(im->data, im->len, key) != -EKEYREJECTED)
			fail_msg("forgery %u: believed", i);
	}
	report_kinds("superblocks that only the MAC tells", ARRAY_SIZE(forgeries));
}

/* No rule is without a damage that shows it, and each has words of its own. */
static void every_rule_is_hit(void **state)
{
	static const enum rlnc_super_error elsewhere[] = {
		RLNC_SUPER_OK, RLNC_SUPER_SHORT, RLNC_SUPER_CRC, RLNC_SUPER_MAC,
	};
	bool hit[RLNC_SUPER_ERRORS] = { false };
	unsigned int i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(damages); i++)
		hit[damages[i].want] = true;
	for (i = 0; i < ARRAY_SIZE(elsewhere); i++)
		hit[elsewhere[i]] = true;
	for (i = 0; i < RLNC_SUPER_ERRORS; i++) {
		assert_true(hit[i]);
		assert_non_null(rlnc_super_strerror(i));
		for (j = 0; j < i; j++)
			assert_string_not_equal(rlnc_super_strerror(i), rlnc_super_strerror(j));
	}
	assert_string_equal(rlnc_super_strerror(RLNC_SUPER_ERRORS), "unknown error");
}

/* Lengths that cannot be, or are not those of the contents. */
static void bad_lengths(void **state)
{
	static const u32 impossible[] = { 0, 1, 4095, 4097, 6000, 65536 + 4096, 1u << 31, ~0u };
	const struct image *im = *state;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(impossible); i++) {
		head(im)->bytes = cpu_to_le32(impossible[i]);
		assert_int_equal(rlnc_super_peek_bytes(im->data), 0);
		assert_int_equal(parse(im->data, im->len, NULL), RLNC_SUPER_LENGTH);
	}
	head(im)->bytes = cpu_to_le32(8192);
	rlnc_super_put_mac(im->data, mac);
	assert_int_equal(parse(im->data, im->len, NULL), RLNC_SUPER_LENGTH);
	assert_int_equal(parse(im->data, 2 * im->len, NULL), RLNC_SUPER_LENGTH);
}

/* Any length of input, the page after it closed: an answer, and no touch. */
static void truncated(void **state)
{
	const struct image *im = *state;
	size_t len;

	for (len = 0; len < im->len; len += len < 600 ? 1 : 61) {
		uint8_t *edge = edge_copy(im->data, len);

		if (len % 4 == 0)
			assert_int_equal(parse(edge, len, NULL), RLNC_SUPER_SHORT);
		edge_free(edge, len);
	}
}

/* A flipped bit anywhere is found. */
static void each_bit(void **state)
{
	const struct image *im = *state;
	uint8_t *edge = edge_copy(im->data, im->len);
	size_t i;

	assert_int_equal(parse(edge, im->len, NULL), RLNC_SUPER_OK);
	for (i = 0; i < im->len * 8; i++) {
		edge[i / 8] ^= 1 << (i % 8);
		assert_int_not_equal(parse(edge, im->len, NULL), RLNC_SUPER_OK);
		edge[i / 8] ^= 1 << (i % 8);
	}
	edge_free(edge, im->len);
}

/* What parses is written again to the same bytes, whatever the byte before. */
static void each_byte_resealed(void **state)
{
	CLEANUP_FREE struct rlnc_super *sb = calloc(1, sizeof(*sb));
	const struct image *im = *state;
	CLEANUP_FREE uint8_t *again = malloc(im->len);
	size_t i, accepted = 0;

	for (i = 0; i < im->len; i++) {
		const u8 old = im->data[i];

		/* A longer length would have the CRC computed beyond the image. */
		if (i >= offsetof(struct rlnc_disk_super, bytes) &&
		    i < offsetof(struct rlnc_disk_super, crc))
			continue;
		im->data[i] ^= 1;
		rlnc_super_put_mac(im->data, mac);
		if (parse(im->data, im->len, sb) == RLNC_SUPER_OK) {
			rlnc_super_format(sb, again);
			rlnc_super_put_mac(again, mac);
			assert_memory_equal(again, im->data, im->len);
			accepted++;
		}
		im->data[i] = old;
	}
	assert_true(accepted > 600);
}

/* The largest superblocks there can be still fit in their place. */
static void largest(void **state)
{
	struct rlnc_geometry geo;
	u32 k, symbol;

	(void)state;
	for (k = 1; k <= 128; k++)
		for (symbol = 4096; symbol * k <= RLNC_MAX_GENERATION; symbol *= 2) {
			assert_int_equal(rlnc_geometry_init(&geo, k, symbol), 0);
			assert_true(rlnc_super_bytes(&geo, 255) <= RLNC_SUPER_STRIDE);
			assert_int_equal(rlnc_super_bytes(&geo, 255) % 4096, 0);
		}
}

static void quorum_default(void **state)
{
	u32 k, n;

	(void)state;
	for (n = 1; n <= 255; n++)
		for (k = 1; k <= n && k <= 128; k++) {
			u32 w = rlnc_default_writes_min(k, n);

			assert_true(w >= k && w <= n && 2 * w > n);
		}
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(round_trip), T(golden), T(mac_covers), T(each_rule), T(each_forgery),
		T(bad_lengths), T(truncated), T(each_bit), T(each_byte_resealed),
		cmocka_unit_test(every_rule_is_hit), cmocka_unit_test(largest),
		cmocka_unit_test(quorum_default),
	};

	return cmocka_run_group_tests_name("superblock", tests, NULL, NULL);
}
