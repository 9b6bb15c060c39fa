/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who writes records: a folder with a file for each day, YYYY-MM-DD.jsonl, and for what is more
 * than a segment of that day YYYY-MM-DD.p0001.jsonl, and so on, so that their names are in the
 * order of the chain; and beside them
 *
 *	state	where the chain is, and the last record of each instance that lives
 *	lock	one writer at a time
 *
 * In this order, each step durable before the next: records; their leaves in the ledger; state.
 * What state does not know is read again from the files, a line that is cut off is taken away,
 * and leaves are made once more where it is not known whether they are there.
 *
 * The key lives in a file of its own, which has to lie in memory (below /run): a boot has one
 * key, and the TPM vouches for it together with its count of resets.
 */
#ifndef SKY_METER_KEEPER_H
#define SKY_METER_KEEPER_H

#include "chain.h"
#include "ledger/ledger.h"

#define METER_SEGMENT	(256ull << 20)

/* What a TPM says. */
struct meter_quote {
	uint8_t ak[METER_MESSAGE_MAX];		/* TPMT_PUBLIC */
	size_t ak_len;
	uint8_t message[METER_MESSAGE_MAX];	/* TPMS_ATTEST, of a quote */
	size_t message_len;
	uint8_t signature[METER_MESSAGE_MAX];	/* TPMT_SIGNATURE */
	size_t signature_len;
};

struct meter_keeper_config {
	const char *dir;	/* made if it is not there */
	const char *key_file;
	/* Let the attestation key sign any PCRs with this nonce.  Return: 0 or -errno. */
	int (*quote)(void *ctx, const uint8_t nonce[SHA256_BYTES], struct meter_quote *to);
	void *ctx;
	struct ledger *ledger;	/* NULL: no leaves are made */
	uint64_t segment;	/* bytes of a file, but for one commit; 0: METER_SEGMENT */
};

/* What was counted of a unit. */
struct meter_sample {
	struct str source, tenant, unit;	/* any text; see meter_text() */
	struct meter_digest image, input, output;
	uint64_t since, now;		/* microseconds since 1970: its begin, and the reading */
	bool added;			/* counters are differences, to be added */
	bool ended;			/* there will be no more of this instance */
	unsigned int counters;
	struct meter_counter *counter;	/* in any order; is sorted */
};

struct meter_keeper;

/**
 * meter_keeper_open() - go on with a chain, or begin one
 * @to: receives it; meter_keeper_close() it
 * @config: ledger and context have to live as long
 * @why: receives what is wrong, for people
 *
 * Return: 0; -EBUSY: another writer has it; -EBADMSG: what is there cannot be read; -errno.
 */
int meter_keeper_open(struct meter_keeper **to, const struct meter_keeper_config *config,
		      char why[METER_WHY]);
void meter_keeper_close(struct meter_keeper *k);

/**
 * meter_keeper_add() - a record, to be written by the next commit
 * @k: the chain
 * @s: what was counted; nothing is written when nothing has changed
 *
 * Counters that go back, and another tenant or image, are a new instance's.
 *
 * Return: 0, -EINVAL for counters that cannot stand in a record, -ENOMEM, or -EIO.
 */
int meter_keeper_add(struct meter_keeper *k, struct meter_sample *s);

/**
 * meter_keeper_commit() - make them durable
 * @k: the chain
 * @all: what was not added since the last commit has gone, and is forgotten
 * @now: microseconds since 1970
 * @why: receives what is wrong
 *
 * Return: 0 or -errno; what was not written is tried again by the next one.
 */
int meter_keeper_commit(struct meter_keeper *k, bool all, uint64_t now, char why[METER_WHY]);

/* When the last record of a unit ends.  Return: false: there is none. */
bool meter_keeper_last(struct meter_keeper *k, struct str source, struct str unit, uint64_t *to);

/* The number of the next record, the boot, and how many instances live. */
uint64_t meter_keeper_next(const struct meter_keeper *k);
uint64_t meter_keeper_boot(const struct meter_keeper *k);
unsigned int meter_keeper_living(const struct meter_keeper *k);

#endif /* SKY_METER_KEEPER_H */
