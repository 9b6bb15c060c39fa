/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Receipts: C2SP tlog-proof, a file that shows without the log that an entry is in it.  The
 * entry goes along as its "extra" data, which the format does not protect and the proof does.
 */
#ifndef SKY_LEDGER_RECEIPT_H
#define SKY_LEDGER_RECEIPT_H

#include "checkpoint.h"

#define RECEIPT_ENTRY_MAX	65535u
#define RECEIPT_MAX		(RECEIPT_ENTRY_MAX / 3 * 4 + 16384 + NOTE_MAX)

struct receipt {
	struct str extra;		/* in base64; STR_NONE: there is no such line */
	uint64_t index;
	struct merkle_proof proof;
	struct str checkpoint;		/* the note */
};

/**
 * receipt_parse - take a proof apart; nothing is verified yet
 * @bytes:	from a stranger
 * @to:		receives the parts, which lie in @bytes
 *
 * Return: 0, or -EBADMSG for what is no such proof.
 */
int receipt_parse(struct str bytes, struct receipt *to);

/* With @extra as it is, in bytes; none: no such line. */
void receipt_print(struct out *o, struct str extra, uint64_t index,
		   const struct merkle_proof *proof, struct str checkpoint);

/**
 * receipt_verify - is the entry in the log?
 * @r:		of receipt_parse()
 * @entry:	what should be in it
 * @log:	the log's key
 * @said:	receives the checkpoint
 *
 * Return: 0; as checkpoint_open(); -ERANGE: the proof does not lead to the signed root.
 */
int receipt_verify(const struct receipt *r, struct str entry, const struct note_verifier *log,
		   struct checkpoint *said);

/* Lines of one hash each, up to an empty one, which is taken too.  Return: 0 or -EBADMSG. */
int proof_lines_parse(struct str *rest, struct merkle_proof *to);
void proof_lines_print(struct out *o, const struct merkle_proof *proof);

#endif /* SKY_LEDGER_RECEIPT_H */
