/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AES-256-GCM over many messages under one key: the key is expanded once, and
 * nothing is allocated for a message.
 */
#ifndef SKY_CRYPTO_SEALER_H
#define SKY_CRYPTO_SEALER_H

#include <stddef.h>
#include <stdint.h>

#include "keywrap.h"

struct sealer;

struct sealer *sealer_new(const uint8_t key[GCM_KEY_BYTES]);
void sealer_free(struct sealer *sealer);
int sealer_seal(struct sealer *sealer, const struct gcm_args *args, const void *plain, size_t len,
		void *cipher, uint8_t tag[GCM_TAG_BYTES]);

#endif /* SKY_CRYPTO_SEALER_H */
