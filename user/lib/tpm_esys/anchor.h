/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which epochs of a volume may be opened: what this machine's TPM remembers, so that members
 * that are put back to an earlier state, all of them, are found out.
 *
 * A volume has a counter of the TPM's and an area beside it with two places, written in turn
 *
 *	0	volume id
 *	16	place for even values of the counter
 *	80	place for odd ones:	counter, low, high, 1 while it is open; HMAC-SHA-256
 *
 * What the place of the counter's value says is in force: from epoch low to high is accepted.
 * While a volume is open that is a lease, renewed before it ends; closed in order, low is high.
 * A change writes the other place for the next value, and then counts, so that power may fail at
 * any moment.  The HMAC is under a key derived from the volume key: who boots something else, and
 * has the owner's rights over the TPM, can write an area, but nothing that would be believed, and
 * what was there before is not believed since the counter has gone on.
 */
#ifndef SKY_TPM_ESYS_ANCHOR_H
#define SKY_TPM_ESYS_ANCHOR_H

#include <stdbool.h>

#include "base/secret.h"
#include "nv.h"

#define ANCHOR_ID_BYTES		16u
#define ANCHOR_KEY_BYTES	32u
#define ANCHORS			16u		/* volumes of a machine */
#define ANCHOR_COUNTER(i)	(0x01a5c010u + 2 * (i))
#define ANCHOR_AREA(i)		(ANCHOR_COUNTER(i) + 1)
#define ANCHOR_KDF		"skyhold rlnc v1 anchor"

/* What a volume is known by. */
struct anchor_volume {
	uint8_t id[ANCHOR_ID_BYTES];
	uint8_t key[ANCHOR_KEY_BYTES];
};

struct anchor {
	uint64_t low, high;	/* epochs that are accepted */
	bool open;		/* it is a lease */
};

/* Derive the key.  Return: 0 or -EIO. */
int anchor_key(const uint8_t id[ANCHOR_ID_BYTES], const struct secret *volume_key,
	       struct anchor_volume *v);

/**
 * anchor_find() - Which of the anchors is a volume's.
 * @d: the TPM
 * @id: of the volume
 * @which: receives it, below ANCHORS
 *
 * Return: 0, -ENOENT when it has none, or -EIO.
 */
int anchor_find(struct device *d, const uint8_t id[ANCHOR_ID_BYTES], unsigned int *which);

/* Whose an anchor is.  Return: 0, -ENOENT: nobody's, or not finished; -EIO. */
int anchor_owner(struct device *d, unsigned int which, uint8_t id[ANCHOR_ID_BYTES]);

/**
 * anchor_make() - Give a volume an anchor.
 * @d: the TPM
 * @v: the volume, which has none
 * @first: what is accepted
 *
 * Counters that have no anchor are removed first, so that none comes back by its id.
 *
 * Return: 0; -EEXIST; -ENOSPC: there are ANCHORS already, or the TPM has no room; -EACCES; -EIO.
 */
int anchor_make(struct device *d, const struct anchor_volume *v, const struct anchor *first);

/**
 * anchor_read() - What is accepted.
 * @d: the TPM
 * @v: the volume
 * @to: receives it
 *
 * Return: 0; -ENOENT: it has no anchor; -EBADMSG: it has one that was not written with the
 * volume's key, or not last; -EIO.
 */
int anchor_read(struct device *d, const struct anchor_volume *v, struct anchor *to);

/* From now on that is accepted.  Return: as anchor_read(), or -EACCES. */
int anchor_write(struct device *d, const struct anchor_volume *v, const struct anchor *now);

/**
 * anchor_due() - Is it time for another lease, from an epoch on?
 * @a: the lease there is
 * @lease: epochs of another
 * @epoch: that is durable
 *
 * It is when half of one is left.  One that was taken after a crash begins where that before it
 * did, and accepts more epochs than it should: that is put right with the first epoch that was
 * made since, which is not one that too few members have.
 */
bool anchor_due(const struct anchor *a, uint64_t lease, uint64_t epoch);

/* Forget an anchor, whosever it is.  Return: 0, -ENOENT, -EACCES or -EIO. */
int anchor_remove(struct device *d, unsigned int which);

#endif /* SKY_TPM_ESYS_ANCHOR_H */
