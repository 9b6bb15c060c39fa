/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a back end of lanes.h is, to the code that chooses and runs it. */
#ifndef SKY_CRYPTO_LANES_BACKEND_H
#define SKY_CRYPTO_LANES_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lanes.h"

/**
 * typedef lanes_blocks_fn - Advance all lanes.
 * @state: word by word, of each word one per lane
 * @data: where each lane's next block begins, at any alignment
 * @blocks: how many of each lane, at least one
 */
typedef void lanes_blocks_fn(uint32_t state[][LANES], const uint8_t *const data[LANES],
			     size_t blocks);

/**
 * struct lanes_backend - One way to advance all lanes together.
 * @name: as given to lanes_init()
 * @valid: can this machine run it?
 * @blocks: by kind; NULL: no way to do it
 * @enough: by kind: so many lanes in use are faster than one after the other
 * @enough_ni: the same where the CPU has instructions for SHA
 */
struct lanes_backend {
	const char *name;
	bool (*valid)(void);
	lanes_blocks_fn *blocks[LANES_KINDS];
	unsigned int enough[LANES_KINDS];
	unsigned int enough_ni[LANES_KINDS];
};

extern const struct lanes_backend lanes_avx512;
extern const struct lanes_backend lanes_avx2;

/* Has the CPU instructions for SHA? */
bool lanes_sha_ni_valid(void);

/* SHA-256 of two streams by these: @blocks of each, at any alignment. */
void lanes_sha_ni_pair(uint32_t *const state[2], const uint8_t *const data[2], size_t blocks);

/* One stream, by OpenSSL. */
void lanes_scalar(enum lanes_kind kind, uint32_t state[8], const uint8_t *data, size_t blocks);

/* MD5's constants floor(2^32 * |sin(i + 1)|), and SHA-256's. */
extern const uint32_t lanes_md5_k[64];
extern const uint32_t lanes_sha256_k[64];

#endif /* SKY_CRYPTO_LANES_BACKEND_H */
