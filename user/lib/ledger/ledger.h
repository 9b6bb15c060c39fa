/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ledger: a log to which entries are only added, in the layout of tile.h, and who writes it.
 *
 *	merkle.c	trees of hashes, and what proofs show
 *	tile.c		where tiles and entries lie
 *	prove.c		proofs made from tiles
 *	note.c		signed notes and their keys
 *	checkpoint.c	what a log signs
 *	receipt.c	proofs to be kept: .tlog-proof
 *	witness.c	whether to cosign a checkpoint
 *	entry.c		what an entry says
 *	counter.c	the counter of epochs
 *	disk.c		steps of writing
 *	ledger.c	adding entries
 *	recover.c	what a start makes of what it finds
 *	inspect.c	looking at a ledger that may be anybody's
 *
 * A batch is written in this order, each step durable before the next: entries and tiles; the
 * signed checkpoint as checkpoint.next; the counter, which is one more; the checkpoint's name.
 * Only then is it acknowledged.  A checkpoint is never signed twice for one size: a start that
 * finds checkpoint.next whole completes what was begun, and one that is cut off was never shown.
 */
#ifndef SKY_LEDGER_LEDGER_H
#define SKY_LEDGER_LEDGER_H

#include "checkpoint.h"
#include "counter.h"
#include "disk.h"
#include "entry.h"
#include "tile.h"

#define LEDGER_WHY		256u
#define LEDGER_CHECKPOINT	"checkpoint"
#define LEDGER_NEXT		"checkpoint.next"
#define LEDGER_WITNESSED	"checkpoint.witnessed"	/* the last one with a quorum */
#define LEDGER_LOCK		"lock"
#define LEDGER_BATCH		65536u	/* events at once, at most */

struct ledger;

struct ledger_config {
	const char *path;			/* folder, made if it is not there */
	const struct note_signer *signer;	/* its name is the log's origin */
	struct ledger_counter counter;
};

/**
 * ledger_open - begin to write a ledger
 * @to:		receives it
 * @config:	signer and counter have to live as long as the ledger
 * @why:	receives what is wrong, for people
 *
 * Any number of processes may have it open: each takes the lock for a batch, and goes on from
 * what another has written.
 *
 * Return: 0; -ESTALE: the last checkpoint is not of the counter's epoch, so that a part is
 * missing or an older state was put back; -EBADMSG: something is damaged, or of another key;
 * -errno.
 */
int ledger_open(struct ledger **to, const struct ledger_config *config, char why[LEDGER_WHY]);
void ledger_close(struct ledger *l);

/* When it happened comes with each. */
struct ledger_item {
	struct ledger_event event;
	uint64_t time;			/* microseconds since 1970 */
};

/**
 * ledger_append - add a batch
 * @l:		the ledger; one thread at a time
 * @item:	@count of them
 * @count:	1 to LEDGER_BATCH
 * @first:	receives the number of the first entry; may be NULL
 * @why:	receives what is wrong
 *
 * Return: 0: durable, and under a published checkpoint.  After any error, whether they are in is
 * not known until the next call, which looks at what is there: as ledger_open(); -EMSGSIZE: a
 * text is too long, and nothing was added; -EROFS: a disk's error, after which nothing is
 * written any more.
 */
int ledger_append(struct ledger *l, const struct ledger_item *item, unsigned int count,
		  uint64_t *first, char why[LEDGER_WHY]);

/* As of the last call. */
uint64_t ledger_size(const struct ledger *l);
uint64_t ledger_epoch(const struct ledger *l);

#endif /* SKY_LEDGER_LEDGER_H */
