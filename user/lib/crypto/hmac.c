// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The calls that OpenSSL 3 calls deprecated: those that replace them look their
 * algorithm up under a lock for every message, which costs as much as the SHA-256
 * of half a kilobyte.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <string.h>

#include <openssl/sha.h>

#include "hmac.h"

#define BLOCK	64u

_Static_assert(sizeof(struct sha256_state) >= sizeof(SHA256_CTX), "room for OpenSSL's state");

static SHA256_CTX *ctx(struct sha256_state *s)
{
	return (void *)s->opaque;
}

void sha256_begin(struct sha256_state *s)
{
	SHA256_Init(ctx(s));
}

void sha256_add(struct sha256_state *s, const void *data, size_t len)
{
	SHA256_Update(ctx(s), data, len);
}

/* The state must be begun again, or copied over, before it is used again. */
void sha256_end(struct sha256_state *s, uint8_t digest[SHA256_BYTES])
{
	SHA256_Final(digest, ctx(s));
}

/* Of a text that is there as a whole. */
void sha256_of(const void *data, size_t len, uint8_t digest[SHA256_BYTES])
{
	struct sha256_state s;

	sha256_begin(&s);
	sha256_add(&s, data, len);
	sha256_end(&s, digest);
}

/**
 * hmac_key_set - prepare a key (RFC 2104)
 * @key:	receives the two states; as secret as the key, to be wiped by
 *		explicit_bzero()
 * @secret:	@len bytes; not needed after the call
 */
void hmac_key_set(struct hmac_key *key, const void *secret, size_t len)
{
	uint8_t pad[BLOCK] = { 0 };
	size_t i;

	if (len > BLOCK)
		sha256_of(secret, len, pad);
	else if (len)
		memcpy(pad, secret, len);
	for (i = 0; i < BLOCK; i++)
		pad[i] ^= 0x36;
	sha256_begin(&key->inner);
	sha256_add(&key->inner, pad, BLOCK);
	for (i = 0; i < BLOCK; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	sha256_begin(&key->outer);
	sha256_add(&key->outer, pad, BLOCK);
	explicit_bzero(pad, sizeof(pad));
}

/* The MAC of one text; any number of threads may use a key at once. */
void hmac_with(const struct hmac_key *key, const void *data, size_t len,
	       uint8_t mac[SHA256_BYTES])
{
	struct sha256_state s = key->inner;

	sha256_add(&s, data, len);
	sha256_end(&s, mac);
	s = key->outer;
	sha256_add(&s, mac, SHA256_BYTES);
	sha256_end(&s, mac);
	explicit_bzero(&s, sizeof(s));
}
