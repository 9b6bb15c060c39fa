/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checkpoints (C2SP tlog-checkpoint): a signed note whose text says how large a log is and what
 * its root is.  What two of them, or one and a proof, say of the log has a name here.
 */
#ifndef SKY_LEDGER_CHECKPOINT_H
#define SKY_LEDGER_CHECKPOINT_H

#include "base/out.h"
#include "merkle.h"
#include "note.h"

#define CHECKPOINT_TEXT_MAX	(NOTE_NAME_MAX + 96u)	/* bytes of those that we write */
#define CHECKPOINT_MAX		(CHECKPOINT_TEXT_MAX + 17 * NOTE_LINE_MAX)

struct checkpoint {
	struct str origin;		/* the log's name; lies in the text */
	uint64_t size;
	struct merkle_hash root;
	struct str extension;		/* further lines, which mean nothing here */
};

/* Return: 0, or -EBADMSG for what is no text of a checkpoint. */
int checkpoint_parse(struct str text, struct checkpoint *to);
/* Without extension lines. */
void checkpoint_print(struct out *o, const struct checkpoint *c);

/**
 * checkpoint_open - a checkpoint that its log has signed
 * @bytes:	the note, from a stranger
 * @log:	the log's key; its name is the origin
 * @n:		receives the parts
 * @to:		receives what it says
 *
 * Return: 0; -EBADMSG for what is no checkpoint; -ENOENT: of another log, or not signed by it;
 * -EACCES: with a signature of it that is wrong.
 */
int checkpoint_open(struct str bytes, const struct note_verifier *log, struct note *n,
		    struct checkpoint *to);

/* What a later look at a log shows, beside an earlier one. */
enum checkpoint_relation {
	CHECKPOINT_SAME,
	CHECKPOINT_GROWN,	/* larger; whether it is consistent needs a proof */
	CHECKPOINT_FORK,	/* one size, two roots: both signed, so this alone is proof */
	CHECKPOINT_REWIND,	/* smaller: entries that had been there are not any more */
};

/* Of two checkpoints of one log, both verified. */
enum checkpoint_relation checkpoint_compare(const struct checkpoint *before,
					    const struct checkpoint *now);

#endif /* SKY_LEDGER_CHECKPOINT_H */
