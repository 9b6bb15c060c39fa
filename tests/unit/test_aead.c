// SPDX-License-Identifier: GPL-2.0-or-later
/* AES-256-GCM in pieces, each back end beside OpenSSL in one piece; keys under keys. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "base/hex.h"
#include "crypto/aead.h"
#include "rlnc_util.h"

#define MAX_PIECES	9

static void is_hex(const uint8_t *got, size_t len, const char *want)
{
	char text[256];

	hex_encode(got, len, text);
	assert_string_equal(text, want);
}

/* Runs @fn for each back end of this machine. */
static void each_backend(void (*fn)(void))
{
	unsigned int i, tried = 0;
	const char *name;

	for (i = 0; (name = aead_backend_at(i)); i++) {
		if (aead_init(name)) {
			print_message("# %s does not run here\n", name);
			continue;
		}
		assert_string_equal(aead_backend_name(), name);
		fn();
		tried++;
	}
	assert_true(tried >= 1);
	assert_int_equal(aead_init(NULL), 0);
}

/* The GCM specification (McGrew and Viega), test cases 13, 14 and 16 */
static void specification(void)
{
	static const char key_hex[] =
		"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
	uint8_t key[32] = { 0 }, nonce[12] = { 0 }, aad[20], data[60] = { 0 }, tag[16];
	struct aead_args args = { .nonce = nonce };
	struct aead_piece piece = { data, data, 16 };
	struct aead *aead = aead_new(key);

	assert_non_null(aead);
	assert_int_equal(aead_seal(aead, &args, NULL, 0, tag), 0);
	is_hex(tag, 16, "530f8afbc74536b9a963b4f1c4cb738b");
	assert_int_equal(aead_open(aead, &args, NULL, 0, tag), 0);
	assert_int_equal(aead_seal(aead, &args, &piece, 1, tag), 0);
	is_hex(data, 16, "cea7403d4d606b6e074ec5d3baf39d18");
	is_hex(tag, 16, "d0d1c8a799996bf0265b98b5d48ab919");
	aead_free(aead);

	assert_int_equal(hex_decode(key_hex, key, 32), 0);
	hex_decode("cafebabefacedbaddecaf888", nonce, 12);
	hex_decode("feedfacedeadbeeffeedfacedeadbeefabaddad2", aad, 20);
	hex_decode("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
		   data, 60);
	args.aad = aad;
	args.aad_len = 20;
	piece.len = 60;
	aead = aead_new(key);
	assert_int_equal(aead_seal(aead, &args, &piece, 1, tag), 0);
	is_hex(data, 60, "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662");
	is_hex(tag, 16, "76fc6ece0f4e1768cddf8853bb2d551b");
	aead_free(aead);
}

/* Cut @len bytes anywhere; some pieces are empty. */
static size_t cut(struct aead_piece *pieces, const uint8_t *in, uint8_t *out, size_t len)
{
	size_t count = 1 + random_below(MAX_PIECES), at = 0, i, n;

	for (i = 0; i < count; i++) {
		n = i + 1 == count ? len - at : random_below(4) ? random_below(len - at + 1) : 0;
		pieces[i] = (struct aead_piece){ in + at, out + at, n };
		at += n;
	}
	return count;
}

/* Random messages between guard pages, in other pieces each time. */
static void in_pieces(void)
{
	struct aead_piece pieces[MAX_PIECES];
	uint8_t key[32], nonce[12], aad[77], tag[16], want_tag[16];
	struct guarded plain, cipher;
	unsigned int round;

	for (round = 0; round < 200; round++) {
		size_t len = random_below(2) ? random_below(300) : random_below(20000);
		uint8_t *want CLEANUP_FREE = malloc(len + 1);
		struct aead_args args = { nonce, aad, random_below(sizeof(aad)) };
		struct gcm_args whole = { key, nonce, aad, args.aad_len };
		struct aead *aead;

		guarded_alloc(&plain, len, 1);
		guarded_alloc(&cipher, len, 1);
		random_fill(plain.data, len);
		random_fill(key, sizeof(key));
		random_fill(nonce, sizeof(nonce));
		random_fill(aad, sizeof(aad));
		assert_int_equal(gcm_seal(&whole, plain.data, len, want, want_tag), 0);
		aead = aead_new(key);
		assert_int_equal(aead_seal(aead, &args, pieces,
					   cut(pieces, plain.data, cipher.data, len), tag), 0);
		assert_memory_equal(cipher.data, want, len);
		assert_memory_equal(tag, want_tag, sizeof(tag));
		/* Back, in its own place. */
		assert_int_equal(aead_open(aead, &args, pieces,
					   cut(pieces, cipher.data, cipher.data, len), tag), 0);
		assert_memory_equal(cipher.data, plain.data, len);
		aead_free(aead);
		guarded_free(&plain);
		guarded_free(&cipher);
	}
}

/* Whatever is changed: refused, and nothing of it is left. */
static void changed(void)
{
	static const uint8_t nothing[100];
	uint8_t key[32] = { 1 }, nonce[12] = { 2 }, aad[5] = { 3 }, tag[16];
	uint8_t plain[100] = { 4 }, cipher[100], out[100];
	struct aead_args args = { nonce, aad, sizeof(aad) };
	struct aead_piece pieces[] = { { plain, cipher, 33 }, { plain + 33, cipher + 33, 67 } };
	struct aead *aead = aead_new(key), *other;
	struct { uint8_t *p; size_t len; } parts[] = {
		{ nonce, sizeof(nonce) }, { aad, sizeof(aad) }, { cipher, sizeof(cipher) },
		{ tag, sizeof(tag) },
	};
	size_t i, j;

	assert_int_equal(aead_seal(aead, &args, pieces, 2, tag), 0);
	pieces[0] = (struct aead_piece){ cipher, out, 50 };
	pieces[1] = (struct aead_piece){ cipher + 50, out + 50, 50 };
	assert_int_equal(aead_open(aead, &args, pieces, 2, tag), 0);
	assert_memory_equal(out, plain, sizeof(plain));
	for (i = 0; i < ARRAY_SIZE(parts); i++)
		for (j = 0; j < parts[i].len; j++) {
			parts[i].p[j] ^= 0x10;
			memset(out, 0xee, sizeof(out));
			assert_int_equal(aead_open(aead, &args, pieces, 2, tag), -EKEYREJECTED);
			assert_memory_equal(out, nothing, sizeof(out));
			parts[i].p[j] ^= 0x10;
		}
	args.aad_len--;
	assert_int_equal(aead_open(aead, &args, pieces, 2, tag), -EKEYREJECTED);
	args.aad_len++;
	pieces[1].len--;
	assert_int_equal(aead_open(aead, &args, pieces, 2, tag), -EKEYREJECTED);
	pieces[1].len++;
	key[31] ^= 1;
	other = aead_new(key);
	assert_int_equal(aead_open(other, &args, pieces, 2, tag), -EKEYREJECTED);
	aead_free(other);
	assert_int_equal(aead_open(aead, &args, pieces, 2, tag), 0);
	aead_free(aead);
}

/* Lengths that no implementation takes are refused before it sees them. */
static void too_long(void)
{
	uint8_t key[32] = { 0 }, nonce[12] = { 0 }, tag[16];
	struct aead_args args = { .nonce = nonce };
	struct aead_piece piece = { NULL, NULL, (size_t)INT_MAX + 1 }, many[40];
	struct aead *aead = aead_new(key);
	unsigned int i;

	assert_int_equal(aead_seal(aead, &args, &piece, 1, tag), -EINVAL);
	assert_int_equal(aead_open(aead, &args, &piece, 1, tag), -EINVAL);
	for (i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = (struct aead_piece){ NULL, NULL, INT_MAX };
	assert_int_equal(aead_seal(aead, &args, many, ARRAY_SIZE(many), tag), -EINVAL);
	args.aad_len = (size_t)INT_MAX + 1;
	assert_int_equal(aead_seal(aead, &args, NULL, 0, tag), -EINVAL);
	aead_free(aead);
	aead_free(NULL);
}

static void backends_specification(void **state) { (void)state; each_backend(specification); }
static void backends_in_pieces(void **state) { (void)state; each_backend(in_pieces); }
static void backends_changed(void **state) { (void)state; each_backend(changed); }
static void backends_too_long(void **state) { (void)state; each_backend(too_long); }

static void no_such_backend(void **state)
{
	(void)state;
	assert_int_equal(aead_init("none such"), -ENOENT);
}

/* C2SP, XAES-256-GCM, "Test Vectors" */
static void xaes_vectors(void **state)
{
	const char *aad = "c2sp.org/XAES-256-GCM";
	uint8_t key[32], out[12], tag[16], back[12];
	struct gcm_args args = { .key = key, .nonce = (const uint8_t *)"ABCDEFGHIJKLMNOPQRSTUVWX" };

	(void)state;
	memset(key, 1, sizeof(key));
	assert_int_equal(xaes_seal(&args, "XAES-256-GCM", 12, out, tag), 0);
	is_hex(out, 12, "ce546ef63c9cc60765923609");
	is_hex(tag, 16, "b33a9a1974e96e52daf2fcf7075e2271");
	memset(key, 3, sizeof(key));
	args.aad = aad;
	args.aad_len = strlen(aad);
	assert_int_equal(xaes_seal(&args, "XAES-256-GCM", 12, out, tag), 0);
	is_hex(out, 12, "986ec1832593df5443a17943");
	is_hex(tag, 16, "7fd083bf3fdb41abd740a21f71eb769d");
	assert_int_equal(xaes_open(&args, out, 12, tag, back), 0);
	assert_memory_equal(back, "XAES-256-GCM", 12);
}

static void keys_under_keys(void **state)
{
	static const uint8_t none[GCM_KEY_BYTES];
	uint8_t kek[32], key[32], sealed[SEALED_KEY_BYTES], again[SEALED_KEY_BYTES], back[32];
	size_t i;

	(void)state;
	random_fill(kek, sizeof(kek));
	random_fill(key, sizeof(key));
	assert_int_equal(key_seal(kek, "bucket", 6, key, sealed), 0);
	assert_int_equal(key_seal(kek, "bucket", 6, key, again), 0);
	assert_memory_not_equal(sealed, again, SEALED_NONCE_BYTES);
	assert_int_equal(key_unseal(kek, "bucket", 6, sealed, back), 0);
	assert_memory_equal(back, key, sizeof(key));
	assert_int_equal(key_unseal(kek, "bucker", 6, sealed, back), -EKEYREJECTED);
	assert_memory_equal(back, none, sizeof(none));
	for (i = 0; i < SEALED_KEY_BYTES; i++) {
		sealed[i] ^= 1;
		assert_int_equal(key_unseal(kek, "bucket", 6, sealed, back), -EKEYREJECTED);
		assert_memory_equal(back, none, sizeof(none));
		sealed[i] ^= 1;
	}
	kek[0] ^= 1;
	assert_int_equal(key_unseal(kek, "bucket", 6, sealed, back), -EKEYREJECTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(backends_specification), cmocka_unit_test(backends_in_pieces),
		cmocka_unit_test(backends_changed), cmocka_unit_test(backends_too_long),
		cmocka_unit_test(no_such_backend), cmocka_unit_test(xaes_vectors),
		cmocka_unit_test(keys_under_keys),
	};

	return cmocka_run_group_tests_name("aead", tests, NULL, NULL);
}
