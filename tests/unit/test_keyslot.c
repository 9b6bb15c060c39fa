// SPDX-License-Identifier: GPL-2.0-or-later
/* Key slots: wrapping, round trip, and one damage for each rule. */
#include <errno.h>

#include "format_util.h"

#include "base/hex.h"
#include "crypto/kdf.h"
#include "rlnc_keyslot.h"
#include "volume/keyslot.h"
#include "volume/keyslot_tpm2.h"
#include <linux/crc32c.h>

static const struct argon_cost cheap = { .time = 1, .memory_kib = 64, .lanes = 1 };

struct fixture {
	struct keyslot_set set;
	struct secret key;
	uint8_t *data;
	size_t len;
};

static void fill(u8 *to, size_t len, u8 from)
{
	while (len--)
		*to++ = from++;
}

/* Three slots with fixed contents, so that the bytes are always the same. */
static void good_set(struct keyslot_set *set)
{
	static const u32 number[] = { 0, 5, 31 };
	unsigned int i;

	memset(set, 0, sizeof(*set));
	fill(set->volume_id, sizeof(set->volume_id), 0x10);
	set->seq = 7;
	for (i = 0; i < 3; i++) {
		struct keyslot slot = { .number = number[i], .created = 1700000000 + i };

		slot.type = i == 1 ? RLNC_KEYSLOT_KEYFILE : RLNC_KEYSLOT_PASSPHRASE;
		if (slot.type == RLNC_KEYSLOT_PASSPHRASE)
			slot.cost = cheap;
		strcpy(slot.label, i ? "backup" : "");
		fill(slot.salt, sizeof(slot.salt), 0x20 + i);
		fill(slot.nonce, sizeof(slot.nonce), 0x40 + i);
		fill(slot.wrapped, sizeof(slot.wrapped), 0x60 + i);
		fill(slot.tag, sizeof(slot.tag), 0x80 + i);
		assert_int_equal(keyslot_add(set, &slot), 0);
	}
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	u8 key[RLNC_VOLUME_KEY_BYTES];

	fill(key, sizeof(key), 0xa0);
	secret_copy(&f->key, key, sizeof(key));
	good_set(&f->set);
	f->data = calloc(1, KEYSLOT_SET_MAX);
	f->len = keyslot_format(&f->set, &f->key, f->data);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	secret_free(&f->key);
	free(f->data);
	free(f);
	return 0;
}

static enum keyslot_error parse(const void *buf, size_t len)
{
	CLEANUP_FREE struct keyslot_set *set = malloc(sizeof(*set));

	memset(set, 0xa5, sizeof(*set));
	return keyslot_parse(buf, len, set);
}

/* Make the CRC right again: a damage then meets the rule that is about it. */
static void reseal(struct fixture *f)
{
	struct rlnc_disk_keyslots *d = (struct rlnc_disk_keyslots *)f->data;

	d->crc = 0;
	d->crc = cpu_to_le32(~crc32c(~0u, f->data, f->len));
}

static void round_trip(void **state)
{
	struct fixture *f = *state;
	CLEANUP_FREE struct keyslot_set *got = calloc(1, sizeof(*got));

	assert_int_equal(f->len, 4 * RLNC_KEYSLOT_BLOCK);
	assert_int_equal(keyslot_parse(f->data, f->len, got), KEYSLOT_OK);
	memcpy(f->set.mac, got->mac, sizeof(got->mac));
	assert_memory_equal(got, &f->set, sizeof(*got));
	assert_int_equal(keyslot_check_mac(f->data, got, &f->key), 0);
}

/* Version 1 stays readable: these bytes may not change any more. */
static void golden(void **state)
{
	struct fixture *f = *state;
	uint8_t digest[SHA256_BYTES];
	char text[2 * SHA256_BYTES + 1];

	assert_int_equal(sha256_digest(f->data, f->len, digest), 0);
	hex_encode(digest, sizeof(digest), text);
	assert_string_equal(text, "3b58cc8b44f6f84f8e4a4ef8b0ec775b1c2702cc3de22c12483fb93f2ab69bbf");
}

static void empty_and_full(void **state)
{
	struct fixture *f = *state;
	CLEANUP_FREE struct keyslot_set *set = calloc(1, sizeof(*set));
	struct keyslot slot = { .type = RLNC_KEYSLOT_KEYFILE };

	set->seq = 1;
	f->len = keyslot_format(set, &f->key, f->data);
	assert_int_equal(f->len, RLNC_KEYSLOT_BLOCK);
	assert_int_equal(parse(f->data, f->len), KEYSLOT_OK);
	for (slot.number = 0; slot.number < RLNC_KEYSLOTS; slot.number++) {
		assert_int_equal(keyslot_first_free(set), slot.number);
		assert_int_equal(keyslot_add(set, &slot), 0);
		assert_int_equal(keyslot_add(set, &slot), -EEXIST);
	}
	assert_int_equal(keyslot_add(set, &slot), -EINVAL);
	assert_int_equal(keyslot_first_free(set), -ENOSPC);
	f->len = keyslot_format(set, &f->key, f->data);
	assert_int_equal(f->len, KEYSLOT_SET_MAX);
	assert_int_equal(parse(f->data, f->len), KEYSLOT_OK);
}

/* Slots added in any order stand in rising order. */
static void order(void **state)
{
	struct fixture *f = *state;
	struct keyslot slot = { .number = 3, .type = RLNC_KEYSLOT_KEYFILE };

	assert_int_equal(keyslot_add(&f->set, &slot), 0);
	assert_int_equal(f->set.slot[1].number, 3);
	assert_int_equal(keyslot_first_free(&f->set), 1);
	assert_int_equal(keyslot_remove(&f->set, 5), 0);
	assert_int_equal(keyslot_remove(&f->set, 5), -ENOENT);
	assert_int_equal(f->set.count, 3);
	assert_int_equal(f->set.slot[2].number, 31);
	assert_null(keyslot_find(&f->set, 5));
	assert_non_null(keyslot_find(&f->set, 31));
}

static void wraps(void **state, u32 type)
{
	struct fixture *f = *state;
	CLEANUP_SECRET struct secret pass = SECRET_NONE, wrong = SECRET_NONE, got = SECRET_NONE;
	struct keyslot slot = { .number = 9, .type = type }, bad;

	if (type == RLNC_KEYSLOT_PASSPHRASE)
		slot.cost = cheap;
	assert_int_equal(secret_copy(&pass, "correct horse", 13), 0);
	assert_int_equal(secret_copy(&wrong, "correct horsf", 13), 0);
	assert_int_equal(keyslot_wrap(&f->set, &slot, &pass, &f->key), 0);
	assert_int_equal(keyslot_unwrap(&f->set, &slot, &pass, &got), 0);
	assert_true(secret_equal(&got, &f->key));
	secret_free(&got);
	assert_int_equal(keyslot_unwrap(&f->set, &slot, &wrong, &got), -EKEYREJECTED);
	assert_null(got.data);

	/* The seal binds the slot's number, its label and the volume. */
	bad = slot;
	bad.number = 8;
	assert_int_equal(keyslot_unwrap(&f->set, &bad, &pass, &got), -EKEYREJECTED);
	bad = slot;
	bad.label[0] = 'x';
	assert_int_equal(keyslot_unwrap(&f->set, &bad, &pass, &got), -EKEYREJECTED);
	bad = slot;
	bad.salt[31] ^= 1;
	assert_int_equal(keyslot_unwrap(&f->set, &bad, &pass, &got), -EKEYREJECTED);
	f->set.volume_id[0] ^= 1;
	assert_int_equal(keyslot_unwrap(&f->set, &slot, &pass, &got), -EKEYREJECTED);
}

static void wrap_passphrase(void **state)
{
	wraps(state, RLNC_KEYSLOT_PASSPHRASE);
}

static void wrap_keyfile(void **state)
{
	wraps(state, RLNC_KEYSLOT_KEYFILE);
}

/* What a TPM's slot says besides; the parts differ in length. */
static void make_tpm2(struct keyslot *slot)
{
	static const u8 bytes[400] = { 1, 2, 3 };
	const struct keyslot_tpm2 t = {
		.epoch_index = 0x01a5c001, .pcrs = 0xa90, .bank = 0x000b,
		.parent = { bytes, 34 }, .key = { bytes + 1, 310 }, .public = { bytes + 2, 80 },
		.private = { bytes + 3, 222 },
	};

	assert_int_equal(keyslot_tpm2_put(slot, &t), 0);
}

static void tpm2_blob(void **state)
{
	struct keyslot slot = { .number = 1 };
	struct keyslot_tpm2 got, large;
	static const u8 bytes[RLNC_KEYSLOT_BLOB];
	u32 whole, i;

	(void)state;
	make_tpm2(&slot);
	assert_int_equal(slot.type, RLNC_KEYSLOT_TPM2);
	assert_int_equal(keyslot_tpm2_get(&slot, &got), 0);
	assert_true(got.epoch_index == 0x01a5c001 && got.pcrs == 0xa90 && got.bank == 0x000b);
	assert_true(got.parent.len == 34 && got.key.len == 310 && got.public.len == 80 &&
		    got.private.len == 222 && got.private.at[0] == 0 && got.key.at[0] == 2);
	whole = slot.blob_bytes;
	for (i = 0; i < sizeof(slot.blob) + 2; i++) {
		slot.blob_bytes = i;
		assert_int_equal(keyslot_tpm2_get(&slot, &got), i == whole ? 0 : -EBADMSG);
	}
	slot.blob_bytes = whole;
	/* Any of the lengths, of the PCRs and of what is reserved. */
	for (i = 4; i < sizeof(struct rlnc_disk_keyslot_tpm2); i++) {
		if (i == 8 || i == 9 || i < 7)
			continue;
		slot.blob[i] ^= 0x80;
		assert_int_equal(keyslot_tpm2_get(&slot, &got), -EBADMSG);
		slot.blob[i] ^= 0x80;
	}
	memset(slot.blob + 4, 0, 4);
	assert_int_equal(keyslot_tpm2_get(&slot, &got), -EBADMSG);
	make_tpm2(&slot);
	assert_int_equal(keyslot_tpm2_get(&slot, &large), 0);
	large.key = (struct keyslot_bytes){ bytes, sizeof(bytes) };
	assert_int_equal(keyslot_tpm2_put(&slot, &large), -EMSGSIZE);
}

/* Every byte of such a slot, but its number's, which sets count, is under the seal. */
static void wrap_tpm2(void **state)
{
	struct fixture *f = *state;
	CLEANUP_SECRET struct secret pass = SECRET_NONE, got = SECRET_NONE;
	struct keyslot slot = { .number = 3 }, bad;
	u32 i;

	make_tpm2(&slot);
	assert_int_equal(secret_copy(&pass, "0123456789abcdef0123456789abcdef", 32), 0);
	assert_int_equal(keyslot_wrap(&f->set, &slot, &pass, &f->key), 0);
	assert_int_equal(keyslot_unwrap(&f->set, &slot, &pass, &got), 0);
	assert_memory_equal(got.data, f->key.data, RLNC_VOLUME_KEY_BYTES);
	secret_free(&got);
	for (i = 0; i < slot.blob_bytes; i++) {
		bad = slot;
		bad.blob[i] ^= 1;
		assert_int_equal(keyslot_unwrap(&f->set, &bad, &pass, &got), -EKEYREJECTED);
	}
	bad = slot;
	bad.blob_bytes++;
	assert_int_equal(keyslot_unwrap(&f->set, &bad, &pass, &got), -EKEYREJECTED);
	/* The same secret as a key file opens no TPM's slot. */
	bad = slot;
	bad.type = RLNC_KEYSLOT_KEYFILE;
	assert_int_equal(keyslot_unwrap(&f->set, &bad, &pass, &got), -EKEYREJECTED);
}

/* Two wraps of one key under one passphrase have nothing in common. */
static void wrap_is_fresh(void **state)
{
	struct fixture *f = *state;
	CLEANUP_SECRET struct secret pass = SECRET_NONE;
	struct keyslot a = { .type = RLNC_KEYSLOT_KEYFILE }, b = a;

	assert_int_equal(secret_copy(&pass, "x", 1), 0);
	assert_int_equal(keyslot_wrap(&f->set, &a, &pass, &f->key), 0);
	assert_int_equal(keyslot_wrap(&f->set, &b, &pass, &f->key), 0);
	assert_memory_not_equal(a.salt, b.salt, sizeof(a.salt));
	assert_memory_not_equal(a.nonce, b.nonce, sizeof(a.nonce));
	assert_memory_not_equal(a.wrapped, b.wrapped, sizeof(a.wrapped));
}

static void mac_needs_the_key(void **state)
{
	struct fixture *f = *state;
	CLEANUP_FREE struct keyslot_set *got = calloc(1, sizeof(*got));

	assert_int_equal(keyslot_parse(f->data, f->len, got), KEYSLOT_OK);
	f->key.data[0] ^= 1;
	assert_int_equal(keyslot_check_mac(f->data, got, &f->key), -EKEYREJECTED);
}

/* --- one way to be damaged each -------------------------------------------- */

static struct rlnc_disk_keyslots *head(struct fixture *f)
{
	return (struct rlnc_disk_keyslots *)f->data;
}

static struct rlnc_disk_keyslot *slot_at(struct fixture *f, unsigned int i)
{
	return (struct rlnc_disk_keyslot *)(head(f) + 1) + i;
}

#define HEAD(name, change)						\
static void name(struct fixture *f)					\
{									\
	struct rlnc_disk_keyslots *d = head(f);				\
									\
	change;								\
}

#define SLOT(name, i, change)						\
static void name(struct fixture *f)					\
{									\
	struct rlnc_disk_keyslot *d = slot_at(f, i);			\
									\
	change;								\
}

HEAD(bad_magic, d->magic[0] = 'r')
HEAD(bad_version, d->version = cpu_to_le32(2))
HEAD(count_high, d->count = cpu_to_le32(33))
HEAD(count_huge, d->count = cpu_to_le32(0x00100003))
HEAD(count_other, d->count = cpu_to_le32(2))
HEAD(bytes_other, d->bytes = cpu_to_le32(3 * RLNC_KEYSLOT_BLOCK))
HEAD(bytes_huge, d->bytes = cpu_to_le32(~0u))
HEAD(seq_zero, d->seq = 0)
HEAD(seq_last, d->seq = cpu_to_le64(~0ull))
HEAD(head_reserved, d->zero[0] = 1)
HEAD(head_reserved_last, d->zero[4015] = 1)
SLOT(number_high, 2, d->number = cpu_to_le32(32))
SLOT(number_twice, 1, d->number = 0)
SLOT(number_falling, 2, d->number = cpu_to_le32(4))
SLOT(type_zero, 0, d->type = 0)
SLOT(type_unknown, 0, d->type = cpu_to_le32(4))
SLOT(cost_time, 0, d->argon_time = 0)
SLOT(cost_time_huge, 0, d->argon_time = cpu_to_le32(~0u))
SLOT(cost_memory, 0, d->argon_memory_kib = 0)
SLOT(cost_memory_huge, 0, d->argon_memory_kib = cpu_to_le32(~0u))
SLOT(cost_lanes, 0, d->argon_lanes = 0)
SLOT(cost_of_keyfile, 1, d->argon_time = cpu_to_le32(1))
SLOT(label_after_end, 1, d->label[31] = 'x')
SLOT(blob_length, 1, d->blob_bytes = cpu_to_le32(1))
SLOT(blob_bytes, 1, d->blob[0] = 1)
SLOT(blob_last, 2, d->blob[RLNC_KEYSLOT_BLOB - 1] = 1)
SLOT(slot_reserved, 0, d->zero[99] = 1)

static const struct damage {
	const char *name;
	void (*apply)(struct fixture *f);
	enum keyslot_error want;
} damages[] = {
#define D(fn, err) { #fn, fn, KEYSLOT_##err }
	D(bad_magic, MAGIC), D(bad_version, VERSION), D(count_high, LENGTH),
	D(count_huge, LENGTH), D(count_other, LENGTH), D(bytes_other, LENGTH),
	D(bytes_huge, LENGTH), D(seq_zero, SEQ), D(seq_last, SEQ),
	D(head_reserved, RESERVED), D(head_reserved_last, RESERVED),
	D(number_high, NUMBER), D(number_twice, NUMBER), D(number_falling, NUMBER),
	D(type_zero, TYPE), D(type_unknown, TYPE),
	D(cost_time, COST), D(cost_time_huge, COST), D(cost_memory, COST),
	D(cost_memory_huge, COST), D(cost_lanes, COST), D(cost_of_keyfile, COST),
	D(label_after_end, LABEL), D(blob_length, BLOB), D(blob_bytes, BLOB),
	D(blob_last, BLOB), D(slot_reserved, RESERVED),
#undef D
};

static void each_rule(void **state)
{
	struct fixture *f = *state;
	CLEANUP_FREE uint8_t *good = malloc(f->len);
	unsigned int i;

	memcpy(good, f->data, f->len);
	for (i = 0; i < ARRAY_SIZE(damages); i++) {
		enum keyslot_error got;

		memcpy(f->data, good, f->len);
		damages[i].apply(f);
		reseal(f);
		got = parse(f->data, f->len);
		if (got != damages[i].want)
			fail_msg("%s: %s", damages[i].name, keyslot_strerror(got));
	}
	report_kinds("key slots", ARRAY_SIZE(damages));
}

static void every_rule_is_hit(void **state)
{
	bool hit[KEYSLOT_ERRORS] = { [KEYSLOT_OK] = true, [KEYSLOT_SHORT] = true,
				     [KEYSLOT_CRC] = true };
	unsigned int i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(damages); i++)
		hit[damages[i].want] = true;
	for (i = 0; i < KEYSLOT_ERRORS; i++) {
		assert_true(hit[i]);
		for (j = 0; j < i; j++)
			assert_string_not_equal(keyslot_strerror(i), keyslot_strerror(j));
	}
	assert_string_equal(keyslot_strerror(KEYSLOT_ERRORS), "unknown error");
}

/* A flipped bit anywhere is found by the CRC, with the page after it closed. */
static void each_byte(void **state)
{
	struct fixture *f = *state;
	uint8_t *edge = edge_copy(f->data, f->len);
	size_t i;

	assert_int_equal(parse(edge, f->len), KEYSLOT_OK);
	for (i = 0; i < f->len; i++) {
		edge[i] ^= 1 << (i % 8);
		assert_int_not_equal(parse(edge, f->len), KEYSLOT_OK);
		edge[i] ^= 1 << (i % 8);
	}
	edge_free(edge, f->len);
}

/* Under a correct CRC it is a rule, or the MAC, that finds it. */
static void each_byte_resealed(void **state)
{
	struct fixture *f = *state;
	CLEANUP_FREE struct keyslot_set *got = calloc(1, sizeof(*got));
	CLEANUP_FREE uint8_t *copy = malloc(f->len);
	size_t i;

	for (i = 0; i < f->len; i += i < 4352 ? 1 : 17) {
		const u8 old = f->data[i];

		f->data[i] ^= 1;
		reseal(f);
		if (keyslot_parse(f->data, f->len, got) == KEYSLOT_OK &&
		    (i < offsetof(struct rlnc_disk_keyslots, crc) ||
		     i >= offsetof(struct rlnc_disk_keyslots, count))) {
			memcpy(copy, f->data, f->len);
			assert_int_equal(keyslot_check_mac(copy, got, &f->key), -EKEYREJECTED);
		}
		f->data[i] = old;
	}
}

static void truncated(void **state)
{
	struct fixture *f = *state;
	size_t len;

	for (len = 0; len < f->len; len += 8) {
		uint8_t *edge = edge_copy(f->data, len);

		assert_int_equal(parse(edge, len), len < RLNC_KEYSLOT_BLOCK ? KEYSLOT_SHORT :
				 KEYSLOT_LENGTH);
		edge_free(edge, len);
	}
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(round_trip), T(golden), T(empty_and_full), T(order), T(wrap_passphrase),
		T(wrap_keyfile), T(tpm2_blob), T(wrap_tpm2), T(wrap_is_fresh),
		T(mac_needs_the_key), T(each_rule),
		T(each_byte), T(each_byte_resealed), T(truncated),
		cmocka_unit_test(every_rule_is_hit),
	};

	return cmocka_run_group_tests_name("key slots", tests, NULL, NULL);
}
