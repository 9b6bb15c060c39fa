/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Argon2id (RFC 9106): from a passphrase to a key, at a cost that is chosen
 * for this machine once and then stored.
 */
#ifndef SKY_CRYPTO_ARGON_H
#define SKY_CRYPTO_ARGON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bounds of what is chosen and of what is believed when read from a disk. */
#define ARGON_MIN_TIME		1u
#define ARGON_MIN_MEMORY_KIB	8u		/* per lane */
#define ARGON_MAX_MEMORY_KIB	(4u << 20)	/* 4 GiB */
#define ARGON_MAX_LANES		16u
#define ARGON_MAX_WORK_KIB	(1ull << 27)	/* passes * memory: minutes at most */

struct argon_cost {
	uint32_t time;		/* passes over the memory */
	uint32_t memory_kib;
	uint32_t lanes;
};

bool argon_cost_ok(const struct argon_cost *cost);
int argon_derive(const struct argon_cost *cost, const void *pass, size_t pass_len,
		 const void *salt, size_t salt_len, void *key, size_t key_len);
int argon_choose_cost(unsigned int target_ms, struct argon_cost *cost);

#endif /* SKY_CRYPTO_ARGON_H */
