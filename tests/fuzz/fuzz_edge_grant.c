// SPDX-License-Identifier: GPL-2.0-or-later
/* Hostile grants: what parses is within its limits, and is written as it was read. */
#include "fuzz_util.h"
#include "s3/grant.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str token = own_copy(data, size);
	char text[GRANT_TEXT_MAX];
	struct out o = OUT(text, sizeof(text));
	static struct ecdsa_key *key;
	struct grant g;

	if (!key) {
		const uint8_t scalar[P256_SCALAR_BYTES] = { 1, 2, 3 };

		key = ecdsa_private(scalar);
		require(!!key);
	}
	if (grant_parse(token, &g)) {
		require(g.expires > g.issued && g.expires - g.issued <= GRANT_LIFE_MAX);
		require(g.len <= GRANT_MAX && g.len == GRANT_HEAD + g.signature_len);
		grant_write(&o, &g);
		require(!o.err && str_equal(out_written(&o), token));
		require(!grant_verify(&g, key));
	}
	free((char *)token.at);
	return 0;
}
