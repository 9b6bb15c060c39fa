/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The other side of witness.h: asking a witness to cosign a checkpoint, and what its answer
 * means.  No network: who sends and receives is the caller's.
 */
#ifndef SKY_LEDGER_WITNESS_ASK_H
#define SKY_LEDGER_WITNESS_ASK_H

#include "prove.h"
#include "witness.h"

#define WITNESS_PATH		"/add-checkpoint"
#define WITNESS_ANSWER_MAX	16384u	/* bytes of an answer's body */
#define WITNESS_WHY		192u

/* What an answer says of the log. */
enum witness_said {
	WITNESS_SAID_YES,		/* it has cosigned */
	WITNESS_SAID_OLD,		/* it knows another old size: ask again */
	WITNESS_SAID_REWIND,		/* it has cosigned a larger checkpoint than this one */
	WITNESS_SAID_FORK,		/* it has cosigned what this one does not go on from */
	WITNESS_SAID_NO,		/* it does not know the log, cannot, or makes no sense */
};

/**
 * witness_request - the body of a question
 * @o:		receives it
 * @old_size:	of the checkpoint that the witness has cosigned last, as far as is known
 * @tiles:	the log's
 * @size:	entries of the checkpoint; not below @old_size
 * @note:	the checkpoint, signed
 *
 * Return: 0, -EMSGSIZE, or as prove_consistency().
 */
int witness_request(struct out *o, uint64_t old_size, struct tile_source *tiles, uint64_t size,
		    struct str note);

/**
 * witness_answered - what the answer to a question says
 * @key:	the witness's
 * @said:	the checkpoint that it was asked about
 * @text:	the same, as the log has signed it
 * @old:	the old size of the question; of WITNESS_SAID_OLD receives the witness's
 * @status:	of HTTP
 * @body:	from a stranger
 * @line:	of WITNESS_SAID_YES receives the cosignature's line, verified
 * @why:	receives what else it says, in words
 *
 * Return: what it says.  Who claims a rewind or a fork shows no proof of it.
 */
enum witness_said witness_answered(const struct note_verifier *key, const struct checkpoint *said,
				   struct str text, uint64_t *old, unsigned int status,
				   struct str body, char line[NOTE_LINE_MAX],
				   char why[WITNESS_WHY]);

#endif /* SKY_LEDGER_WITNESS_ASK_H */
