/* SPDX-License-Identifier: GPL-2.0-or-later */
/* This host, as one of two between which a volume moves. */
#ifndef RLNCSETUP_MOVE_HOST_H
#define RLNCSETUP_MOVE_HOST_H

#include "ledger/own.h"
#include "move/move.h"
#include "rlncsetup.h"
#include "tpm_esys/certify.h"

struct move_host {
	const struct options *o;
	struct certify tpm;
	struct move_ops ops;
	struct move move;
	uint32_t index;			/* of the volume's counter */
	char *journal;			/* file */
	int lock;			/* of the journal; -1: none */
	char *log, *ima;		/* of an offer; NULL: none */
	size_t log_len, ima_len;
	struct ledger_own ledger;
	char *epoch;			/* file of its counter */
	char **member;			/* on the command line */
	int members;
};

/**
 * move_host_open - get ready for a step
 * @h:		receives it; move_host_close() it
 * @o:		--tpm2-device, --ak, --journals, --ledger
 * @id:		the volume
 * @member:	@members of them, for steps that need the volume
 *
 * Until move_host_close() nobody else does a step of that volume, or opens it.
 *
 * Return: 0 or -errno, reported.
 */
int move_host_open(struct move_host *h, const struct options *o, const uint8_t id[UUID_BYTES],
		   char **member, int members);

/**
 * move_host_look - get ready to ask for the journal, and no more
 * @h:		receives it; move_host_close() it.  Without a TPM, h->tpm.device is NULL where
 *		there is no journal either
 * @o:		--tpm2-device, --journals
 * @id:		the volume
 *
 * Return: 0 or -errno, reported.
 */
int move_host_look(struct move_host *h, const struct options *o, const uint8_t id[UUID_BYTES]);
void move_host_close(struct move_host *h);

#define CLEANUP_MOVE_HOST	CLEANUP(move_host_close)

/* --- move_volume.c: the volume's part of struct move_ops.  ctx: struct move_host. */
int move_volume_take(void *ctx, struct move_volume *to);
int move_volume_close(void *ctx);
int move_volume_revoke(void *ctx);
int move_volume_keep(void *ctx, const struct move_volume *v);
int move_volume_erase(void *ctx);

/* --- move_judge.c: may that host have it? */
int move_host_judge(void *ctx, const struct move_who *who, const struct move_offer *o,
		    const struct move_message *m, char why[MOVE_WHY]);

#endif /* RLNCSETUP_MOVE_HOST_H */
