/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A witness (C2SP tlog-witness) decides whether to cosign a checkpoint: it signs only what
 * continues what it signed before, so that whoever asks for its signature sees what all others
 * see.  This is the decision; who listens, and over what, is the caller's.
 */
#ifndef SKY_LEDGER_WITNESS_H
#define SKY_LEDGER_WITNESS_H

#include "receipt.h"

/* Statuses of HTTP. */
enum witness_answer {
	WITNESS_SIGNED		= 200,	/* @body: the cosignature's line */
	WITNESS_MALFORMED	= 400,
	WITNESS_FORBIDDEN	= 403,	/* the log's key has not signed it */
	WITNESS_UNKNOWN		= 404,	/* no such log */
	WITNESS_CONFLICT	= 409,	/* another old size is known (@body: it), or another root */
	WITNESS_INCONSISTENT	= 422,	/* the proof does not hold */
	WITNESS_FAILED		= 500,	/* what is known cannot be kept: nothing was signed */
};

/* What the witness knows of one log; size 0: it has cosigned none. */
struct witness_state {
	uint64_t size;
	struct merkle_hash root;
};

struct witness {
	struct note_signer signer;		/* of type NOTE_COSIGNATURE */
	const struct note_verifier *log;	/* whose checkpoints it looks at */
	unsigned int logs;

	/*
	 * What is known of a log, and keeping what is new: durable when @keep has returned 0.
	 * The caller lets nobody else in between the two.  Return: 0 or -errno; @known fills in
	 * zeros for a log of which nothing is known.
	 */
	int (*known)(void *ctx, const struct note_verifier *log, struct witness_state *s);
	int (*keep)(void *ctx, const struct note_verifier *log, const struct witness_state *s);
	/* What a log that is known has asked for in vain; may be NULL. */
	void (*refused)(void *ctx, const struct note_verifier *log, enum witness_answer answer,
			const struct checkpoint *said, const struct witness_state *known);
	void *ctx;
};

#define WITNESS_REQUEST_MAX	(NOTE_MAX + 8192u)
#define WITNESS_BODY_MAX	NOTE_LINE_MAX

/**
 * witness_add_checkpoint - one call of add-checkpoint
 * @w:		the witness
 * @request:	the body of the request, from a stranger
 * @now:	seconds since 1970
 * @body:	receives the answer's body, with a NUL; of a conflict of sizes its type is
 *		text/x.tlog.size
 *
 * Return: the answer's status.
 */
enum witness_answer witness_add_checkpoint(struct witness *w, struct str request, uint64_t now,
					   char body[WITNESS_BODY_MAX]);

/*
 * A folder that keeps the states, a file for each log: for witness.known and witness.keep, with
 * ctx a struct witness_folder.
 */
struct witness_folder {
	const char *path;
};

int witness_folder_known(void *ctx, const struct note_verifier *log, struct witness_state *s);
int witness_folder_keep(void *ctx, const struct note_verifier *log,
			const struct witness_state *s);

#endif /* SKY_LEDGER_WITNESS_H */
