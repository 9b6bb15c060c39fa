/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looking at a ledger, in a folder or anywhere else: nothing that comes from there is believed
 * but what the log's key has signed.
 */
#ifndef SKY_LEDGER_INSPECT_H
#define SKY_LEDGER_INSPECT_H

#include "checkpoint.h"
#include "entry.h"
#include "ledger.h"
#include "prove.h"
#include "receipt.h"

/* What is wrong with a ledger. */
enum ledger_finding {
	FINDING_NONE,
	FINDING_FORK,		/* two histories, both signed */
	FINDING_REWIND,		/* smaller than it was */
	FINDING_GAP,		/* an entry, or a tile, is not there */
	FINDING_DAMAGE,		/* an entry, or a tile, is not what was signed */
	FINDING_UNSIGNED,	/* the checkpoint is not of the log's key, or is none */
	FINDING_UNWITNESSED,	/* too few witnesses have cosigned it */
	FINDINGS,
};

/* "fork", "rewind", ... */
const char *finding_name(enum ledger_finding f);

struct inspect {
	/*
	 * A file below the ledger's folder or URL, whole.  @data: to be freed.  Return: 0; -ENOENT;
	 * -EFBIG; -errno, reported by nobody yet.
	 */
	int (*fetch)(void *ctx, const char *path, size_t max, char **data, size_t *len);
	void *ctx;
	const struct note_verifier *log;

	char why[LEDGER_WHY];		/* of the last finding, or error */
	struct tile_source tiles;
};

/* A checkpoint with its bytes. */
struct inspect_note {
	char *bytes;			/* free() them */
	size_t len;
	struct checkpoint c;		/* lies in them */
};

/* For inspect.fetch: @ctx is the path of a folder. */
int inspect_folder_fetch(void *ctx, const char *path, size_t max, char **data, size_t *len);

void inspect_init(struct inspect *in, const struct note_verifier *log,
		  int (*fetch)(void *, const char *, size_t, char **, size_t *), void *ctx);

/* All below return enum ledger_finding, or -errno; ->why says what is meant. */

/* The checkpoint as it is now; or that of bytes which are taken over. */
int inspect_checkpoint(struct inspect *in, struct inspect_note *to);
int inspect_take(struct inspect *in, char *bytes, size_t len, struct inspect_note *to);

/* Is @now what @before has grown to? */
int inspect_consistent(struct inspect *in, const struct checkpoint *before,
		       const struct checkpoint *now);

struct inspect_visitor {
	/* Called with each entry that has been found to be signed, or, of a whole
	 * look, is about to be.  Return: 0, or what the call returns.
	 */
	int (*entry)(void *ctx, uint64_t index, struct str bytes);
	void (*progress)(void *ctx, uint64_t done);
	void *ctx;
};

/**
 * inspect_whole - all entries and all tiles
 * @in:		the ledger
 * @now:	its checkpoint
 * @before:	an older one, which has to be a part of it; NULL: none
 * @v:		who is told; NULL: nobody
 */
int inspect_whole(struct inspect *in, const struct checkpoint *now,
		  const struct checkpoint *before, const struct inspect_visitor *v);

/* Entries from @before to @now, all verified before the first is shown. */
int inspect_new(struct inspect *in, const struct checkpoint *before,
		const struct checkpoint *now, const struct inspect_visitor *v);

/* A receipt for entry @index, verified; in @o. */
int inspect_receipt(struct inspect *in, const struct inspect_note *now, uint64_t index,
		    struct out *o);

#endif /* SKY_LEDGER_INSPECT_H */
