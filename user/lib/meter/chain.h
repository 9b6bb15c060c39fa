/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Are the records of a host all there, in their order, unchanged, and its own?
 *
 * Each record has the digest of the one before, and is signed by a key which the attestation key
 * of the host vouches for: the extra data of a quote is the digest of what the certificate says,
 * and its count of resets is the boot.  A key lives as long as a boot at most.
 *
 * What this cannot see: records that are missing at the end, or that somebody has begun again
 * from an older state.  The ledger shows these (meter_chain_leaf()).
 */
#ifndef SKY_METER_CHAIN_H
#define SKY_METER_CHAIN_H

#include "record.h"

#define METER_WHY	512u

/* What is wrong with records. */
enum meter_finding {
	METER_DROPPED,		/* one is not there */
	METER_DOUBLED,		/* one is there twice */
	METER_ALTERED,		/* one is not what was signed */
	METER_REORDERED,	/* one stands behind later ones */
	METER_FORKED,		/* two histories, both signed */
	METER_FOREIGN,		/* of another host's attestation key */
	METER_REBOOT,		/* at a reboot some are missing, or a whole boot is */
	METER_BACKWARDS,	/* counters, boots or times go back */
	METER_UNLOGGED,		/* the ledger has no such leaf */
	METER_FINDINGS,
};

/* "dropped", "doubled", ... */
const char *meter_finding_name(enum meter_finding f);

struct meter_chain;

struct meter_listener {
	/* @file, as it was given with the line; @line, from 1; NULL and 0: of none. */
	void (*found)(void *ctx, enum meter_finding f, const char *file, unsigned int line,
		      const char *why);
	/*
	 * A record that is good in itself.  @used: what its counters have risen by since the
	 * record before of that instance, in the order of r->counter; NULL: not asked for.
	 */
	void (*record)(void *ctx, const struct meter_record *r, const uint64_t *used);
	void *ctx;
};

struct meter_chain_config {
	uint8_t ak[METER_AK_BYTES];	/* the host's, when @known */
	bool known;			/* otherwise that of the first certificate is taken */
	bool partial;			/* the first record may have any number */
	struct meter_listener listener;
};

/* Return: it, or NULL: no memory. */
struct meter_chain *meter_chain_new(const struct meter_chain_config *config);
void meter_chain_free(struct meter_chain *c);

/**
 * meter_chain_line - the next line
 * @c:		the chain
 * @text:	from a stranger, without its newline
 * @file:	where it stands, for people; has to outlive the chain
 * @line:	and its number
 *
 * Return: 0, whatever was found; -ENOMEM; -EIO: OpenSSL cannot.
 */
int meter_chain_line(struct meter_chain *c, struct str text, const char *file, unsigned int line);

/* The last line is there: what is missing is said.  Return: as meter_chain_line(). */
int meter_chain_end(struct meter_chain *c);

/**
 * meter_chain_leaf - a leaf of the ledger, after the end of the chain
 * @c:		the chain
 * @object:	of the entry: as meter_leaf_object() has it
 * @result:	of the entry: as meter_leaf_result() has it
 *
 * Return: 0; -ENOMEM.
 */
int meter_chain_leaf(struct meter_chain *c, struct str object, struct str result);

/* All leaves were seen: records without one are named. */
int meter_chain_leaves_end(struct meter_chain *c);

/* Records that were taken, and whether anything was found. */
uint64_t meter_chain_count(const struct meter_chain *c);
bool meter_chain_sound(const struct meter_chain *c);
/* Is there an AK yet?  @ak receives its Name. */
bool meter_chain_ak(const struct meter_chain *c, uint8_t ak[METER_AK_BYTES]);

/* --- leaves: an entry of the ledger for each record ----------------------------------------- */

#define METER_LEAF_ACTION	"meter.record"
#define METER_LEAF_OBJECT_MAX	128u
#define METER_LEAF_RESULT_MAX	80u

/* "meter:AK/SEQ" and "sha256:DIGEST". */
void meter_leaf_object(const struct meter_record *r, char text[METER_LEAF_OBJECT_MAX]);
void meter_leaf_result(const uint8_t digest[SHA256_BYTES], char text[METER_LEAF_RESULT_MAX]);

#endif /* SKY_METER_CHAIN_H */
