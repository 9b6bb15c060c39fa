// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Seeds of single generations from one key: HMAC-SHA-256 (RFC 2104, FIPS 198-1) of
 * where and when they were written.  No allocation, and nothing that could fail.
 */
#include <asm/byteorder.h>
#include <crypto/sha2.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "rlnc.h"

#define HMAC_BLOCK	64

struct seed_message {
	__le64 slot;
	__le64 birth;
};

/* One of the two passes: what is hashed is the padded key and then this. */
static void pass(const u8 *key, u8 pad, const void *text, size_t len,
		 u8 digest[SHA256_DIGEST_SIZE])
{
	u8 block[HMAC_BLOCK + SHA256_DIGEST_SIZE];
	unsigned int i;

	memset(block, pad, HMAC_BLOCK);
	for (i = 0; i < RLNC_SEED_KEY_SIZE; i++)
		block[i] ^= key[i];
	memcpy(block + HMAC_BLOCK, text, len);
	sha256(block, HMAC_BLOCK + len, digest);
	memzero_explicit(block, sizeof(block));
}

void rlnc_generation_seed(const u8 key[RLNC_SEED_KEY_SIZE], u64 slot, u64 birth,
			  u8 seed[RLNC_SEED_SIZE])
{
	const struct seed_message message = {
		.slot = cpu_to_le64(slot),
		.birth = cpu_to_le64(birth),
	};
	u8 inner[SHA256_DIGEST_SIZE];

	static_assert(sizeof(message) <= SHA256_DIGEST_SIZE);
	static_assert(RLNC_SEED_SIZE == SHA256_DIGEST_SIZE);
	pass(key, 0x36, &message, sizeof(message), inner);
	pass(key, 0x5c, inner, sizeof(inner), seed);
	memzero_explicit(inner, sizeof(inner));
}
