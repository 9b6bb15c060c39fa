// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's lib/crypto sha256() over OpenSSL. */
#include <stdlib.h>

#include <openssl/sha.h>

#include <crypto/sha2.h>

void sha256(const u8 *data, unsigned int len, u8 *out)
{
	/* Fails only where SHA-256 is switched off: nothing could work then. */
	if (!SHA256(data, len, out))
		abort();
}
