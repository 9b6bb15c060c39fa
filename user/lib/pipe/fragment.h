/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fragments: bytes of a location to a description of them, and back. */
#ifndef SKY_PIPE_FRAGMENT_H
#define SKY_PIPE_FRAGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sky_fragment.h"

/* Nothing is owned: the pointers are into the fragment. */
struct fragment {
	uint8_t mode;			/* enum sky_fragment_mode */
	uint8_t flags;			/* enum sky_fragment_flags */
	uint8_t row, k, n;
	uint32_t symbol_bytes;
	uint32_t symbol_crc;
	const uint8_t *generation;	/* SKY_GENERATION_ID_BYTES */
	const uint8_t *coeffs;		/* k of them, or NULL */
	const uint8_t *symbol;
};

/* Bytes before the symbol. */
size_t fragment_head_bytes(unsigned int k, unsigned int flags);

/* Bytes of a symbol of a generation of @stored encrypted bytes: a k-th, rounded up. */
uint32_t fragment_symbol_bytes(uint32_t stored, unsigned int k);

/**
 * fragment_parse() - Check what a location gave and find its parts.
 * @f: filled in on success, undefined otherwise
 * @buf: untrusted bytes, at any alignment
 * @len: how many
 *
 * The symbol's own sum is not looked at: see fragment_symbol_ok().
 *
 * Return: 0, -EBADMSG for anything malformed, -EPROTONOSUPPORT for another version.
 */
int fragment_parse(struct fragment *f, const void *buf, size_t len);

/* Is the symbol what was written?  One pass over it. */
bool fragment_symbol_ok(const struct fragment *f);

/**
 * fragment_format() - Write the head in front of a symbol that is in its place.
 * @buf: the fragment: head, then @f->symbol_bytes of symbol
 * @f: what to say; @symbol and @symbol_crc are not used, @coeffs may be in @buf
 */
void fragment_format(void *buf, const struct fragment *f);

#endif /* SKY_PIPE_FRAGMENT_H */
