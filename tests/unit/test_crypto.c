// SPDX-License-Identifier: GPL-2.0-or-later
/* Primitives against the vectors of their specifications. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <linux/crc32c.h>

#include "base/hex.h"
#include "crypto/argon.h"
#include "crypto/kdf.h"
#include "crypto/keywrap.h"
#include "crypto/sealer.h"

static size_t bytes_of(const char *hex, uint8_t *out)
{
	size_t len = strlen(hex) / 2;

	assert_int_equal(hex_decode(hex, out, len), 0);
	return len;
}

static void is_hex(const uint8_t *got, size_t len, const char *want)
{
	char text[256];

	hex_encode(got, len, text);
	assert_string_equal(text, want);
}

/* RFC 4231, test cases 1, 2, 3, 6 and 7 */
static void hmac_rfc4231(void **state)
{
	static const struct {
		const char *key, *data, *mac;
	} cases[] = {
		{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
		  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
		{ "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
		  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		  "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd",
		  "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
	};
	uint8_t key[64], data[64], mac[SHA256_BYTES], long_key[131];
	const char *text = "Test Using Larger Than Block-Size Key - Hash Key First";
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t key_len = bytes_of(cases[i].key, key);
		size_t len = bytes_of(cases[i].data, data);

		assert_int_equal(hmac_sha256(key, key_len, data, len, mac), 0);
		is_hex(mac, sizeof(mac), cases[i].mac);
	}
	memset(long_key, 0xaa, sizeof(long_key));
	assert_int_equal(hmac_sha256(long_key, sizeof(long_key), text, strlen(text), mac), 0);
	is_hex(mac, sizeof(mac),
	       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

/* RFC 5869, appendix A.1 to A.3 */
static void hkdf_rfc5869(void **state)
{
	uint8_t ikm[80], salt[80], info[80], okm[82];
	unsigned int i;

	(void)state;
	memset(ikm, 0x0b, 22);
	bytes_of("000102030405060708090a0b0c", salt);
	bytes_of("f0f1f2f3f4f5f6f7f8f9", info);
	assert_int_equal(hkdf_sha256(ikm, 22, salt, 13, info, 10, okm, 42), 0);
	is_hex(okm, 42, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");

	assert_int_equal(hkdf_sha256(ikm, 22, NULL, 0, NULL, 0, okm, 42), 0);
	is_hex(okm, 42, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");

	for (i = 0; i < 80; i++) {
		ikm[i] = i;
		salt[i] = 0x60 + i;
		info[i] = 0xb0 + i;
	}
	assert_int_equal(hkdf_sha256(ikm, 80, salt, 80, info, 80, okm, 82), 0);
	is_hex(okm, 82, "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
}

/* The GCM specification (McGrew and Viega), test case 16: AES-256 with AAD */
static void gcm_case16(void **state)
{
	uint8_t key[32], nonce[12], aad[20], plain[60], cipher[60], tag[16], back[60];
	struct gcm_args args = { .key = key, .nonce = nonce, .aad = aad, .aad_len = 20 };
	unsigned int i;

	(void)state;
	bytes_of("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", key);
	bytes_of("cafebabefacedbaddecaf888", nonce);
	bytes_of("feedfacedeadbeeffeedfacedeadbeefabaddad2", aad);
	bytes_of("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
		 plain);
	assert_int_equal(gcm_seal(&args, plain, 60, cipher, tag), 0);
	is_hex(cipher, 60, "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662");
	is_hex(tag, 16, "76fc6ece0f4e1768cddf8853bb2d551b");
	assert_int_equal(gcm_open(&args, cipher, 60, tag, back), 0);
	assert_memory_equal(back, plain, 60);

	/* Whatever is changed, nothing comes back. */
	for (i = 0; i < 60; i++) {
		static const uint8_t nothing[60];

		cipher[i] ^= 0x80;
		assert_int_equal(gcm_open(&args, cipher, 60, tag, back), -EKEYREJECTED);
		assert_memory_equal(back, nothing, 60);
		cipher[i] ^= 0x80;
	}
	aad[0] ^= 1;
	assert_int_equal(gcm_open(&args, cipher, 60, tag, back), -EKEYREJECTED);
	aad[0] ^= 1;
	key[31] ^= 1;
	assert_int_equal(gcm_open(&args, cipher, 60, tag, back), -EKEYREJECTED);
}

/* One key over many messages gives what each would give by itself. */
static void sealer_agrees(void **state)
{
	const uint8_t key[GCM_KEY_BYTES] = { 1 }, plain[4096] = { 2 }, aad[40] = { 3 };
	uint8_t nonce[GCM_NONCE_BYTES] = { 0 }, want[4096], got[4096];
	uint8_t tag[GCM_TAG_BYTES], got_tag[GCM_TAG_BYTES];
	struct gcm_args args = { .key = key, .nonce = nonce, .aad = aad, .aad_len = sizeof(aad) };
	struct sealer *sealer = sealer_new(key);
	size_t len;

	(void)state;
	assert_non_null(sealer);
	for (len = 0; len <= sizeof(plain); len = 2 * len + 1, nonce[0]++) {
		assert_int_equal(gcm_seal(&args, plain, len, want, tag), 0);
		assert_int_equal(sealer_seal(sealer, &args, plain, len, got, got_tag), 0);
		assert_memory_equal(got, want, len);
		assert_memory_equal(got_tag, tag, sizeof(tag));
	}
	sealer_free(sealer);
}

/* The reference implementation's own test, version 0x13 */
static void argon2id_vector(void **state)
{
	struct argon_cost cost = { .time = 2, .memory_kib = 256, .lanes = 1 };
	uint8_t key[32];

	(void)state;
	assert_int_equal(argon_derive(&cost, "password", 8, "somesalt", 8, key, 32), 0);
	is_hex(key, 32, "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe");
	cost.lanes = 2;
	assert_int_equal(argon_derive(&cost, "password", 8, "somesalt", 8, key, 32), 0);
	is_hex(key, 32, "6d093c501fd5999645e0ea3bf620d7b8be7fd2db59c20d9fff9539da2bf57037");
}

/* What a hostile disk may ask of us is bounded. */
static void argon_bounds(void **state)
{
	static const struct argon_cost bad[] = {
		{ 0, 1024, 1 }, { 1, 0, 1 }, { 1, 7, 1 }, { 1, 1024, 0 }, { 1, 1024, 17 },
		{ 1, 31, 4 }, { 1, (4u << 20) + 1, 1 }, { 1, UINT32_MAX, 1 },
		{ UINT32_MAX, 1024, 1 }, { 33, 4u << 20, 1 }, { UINT32_MAX, UINT32_MAX, 1 },
	};
	static const struct argon_cost good[] = {
		{ 1, 8, 1 }, { 4, 1u << 20, 4 }, { 32, 4u << 20, 16 }, { 1, 4u << 20, 1 },
	};
	uint8_t key[32];
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(argon_cost_ok(&bad[i]));
		assert_int_equal(argon_derive(&bad[i], "p", 1, "somesalt", 8, key, 32), -EINVAL);
	}
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(argon_cost_ok(&good[i]));
}

static void argon_chosen(void **state)
{
	struct argon_cost cost;

	(void)state;
	assert_int_equal(argon_choose_cost(1, &cost), 0);
	assert_true(argon_cost_ok(&cost));
	assert_true(cost.time >= 4 && cost.memory_kib >= 32 << 10);
}

/* RFC 3720, B.4; the check value of the catalogue of parametrised CRCs */
static void crc32c_vectors(void **state)
{
	uint8_t data[32];
	unsigned int i;

	(void)state;
	assert_int_equal(~crc32c(~0u, "123456789", 9), 0xe3069283);
	memset(data, 0, sizeof(data));
	assert_int_equal(~crc32c(~0u, data, 32), 0x8a9136aa);
	memset(data, 0xff, sizeof(data));
	assert_int_equal(~crc32c(~0u, data, 32), 0x62a8ab43);
	for (i = 0; i < 32; i++)
		data[i] = i;
	assert_int_equal(~crc32c(~0u, data, 32), 0x46dd794e);
	assert_int_equal(crc32c(crc32c(~0u, data, 5), data + 5, 27), crc32c(~0u, data, 32));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hmac_rfc4231), cmocka_unit_test(hkdf_rfc5869),
		cmocka_unit_test(gcm_case16), cmocka_unit_test(sealer_agrees),
		cmocka_unit_test(argon2id_vector),
		cmocka_unit_test(argon_bounds), cmocka_unit_test(argon_chosen),
		cmocka_unit_test(crc32c_vectors),
	};

	return cmocka_run_group_tests_name("crypto", tests, NULL, NULL);
}
