/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Nonces that are never used twice under one key: 64 random bits and a counter of 32.
 * The random bits, the id, are drawn when a volume is activated or resumed, when the machine
 * turns out to be the copy of another, and anew after 2^32 nonces: nothing depends on what is
 * stored, so that no rewind repeats one.  That two ids are the same has a chance of 2^-64
 * for each two of them.
 */
#ifndef RLNC_DISK_NONCE_H
#define RLNC_DISK_NONCE_H

#include <linux/string.h>
#include <linux/types.h>

#include "rlnc_disk.h"

struct rlnc_nonces {
	u64 id;				/* 0: none has been drawn */
	u32 counter;			/* of the next nonce; 0 as long as there is no id */
};

/**
 * rlnc_nonces_begin - go on with another id
 * @n:		has none
 * @random:	64 random bits; 0 is not taken, since no nonce may be all zeros
 */
static inline void rlnc_nonces_begin(struct rlnc_nonces *n, u64 random)
{
	n->id = random;
}

/* What was drawn may be somebody else's, too: another id has to be drawn first. */
static inline void rlnc_nonces_end(struct rlnc_nonces *n)
{
	n->id = 0;
	n->counter = 0;
}

/**
 * rlnc_nonces_take - the next nonce
 * @n:		of one key
 * @nonce:	receives it
 *
 * Return: false when an id has to be drawn first.
 */
static inline bool rlnc_nonces_take(struct rlnc_nonces *n, u8 nonce[RLNC_NONCE_BYTES])
{
	if (!n->id)
		return false;
	memcpy(nonce, &n->id, sizeof(n->id));
	memcpy(nonce + sizeof(n->id), &n->counter, sizeof(n->counter));
	if (!++n->counter)
		n->id = 0;
	return true;
}

#endif /* RLNC_DISK_NONCE_H */
