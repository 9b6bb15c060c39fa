/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a back end of aead.h is.  Lengths are checked before it is called. */
#ifndef SKY_CRYPTO_AEAD_BACKEND_H
#define SKY_CRYPTO_AEAD_BACKEND_H

#include <stdbool.h>

#include "aead.h"

/**
 * struct aead_backend - One implementation of AES-256-GCM.
 * @name: as given to aead_init()
 * @valid: can this machine run it?
 * @key_new: expand a key; NULL when that cannot be done
 * @key_free: wipe it and let it go
 * @seal: as aead_seal()
 * @open: as aead_open(), but that nothing is wiped
 */
struct aead_backend {
	const char *name;
	bool (*valid)(void);
	void *(*key_new)(const uint8_t key[GCM_KEY_BYTES]);
	void (*key_free)(void *key);
	int (*seal)(void *key, const struct aead_args *args, const struct aead_piece *pieces,
		    size_t count, uint8_t tag[GCM_TAG_BYTES]);
	int (*open)(void *key, const struct aead_args *args, const struct aead_piece *pieces,
		    size_t count, const uint8_t tag[GCM_TAG_BYTES]);
};

extern const struct aead_backend aead_ipsec_mb;
extern const struct aead_backend aead_openssl;

#endif /* SKY_CRYPTO_AEAD_BACKEND_H */
