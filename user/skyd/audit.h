/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The audit ledger of a backend: what has changed, by whom.  Whoever tells of something does not
 * wait for a disk, unless he asks to; all that was told while a batch was written is the next one.
 *
 *	audit.c		the queue, and the fiber that writes it
 *	audit_open.c	the ledger's folder, key, salt and counter
 *	audit_tpm.c	the counter, when a TPM has it
 *	audit_witness.c	who cosigns its checkpoints
 *	audit_told.c	which questions of gateways are changes
 */
#ifndef SKYD_AUDIT_H
#define SKYD_AUDIT_H

#include "audit_tpm.h"
#include "backend.h"
#include "ledger/ledger.h"

struct audit {
	struct ledger *ledger;
	struct note_signer signer;
	struct hmac_key salt;		/* of the names of persons */
	struct counter_file counter;
	struct audit_tpm tpm;		/* or this one */
	char *dir, *key, *epoch;	/* paths */
	struct io_pool *pool;		/* a thread, for the disk */
	struct audit_item *first, **last;
	unsigned int queued;
	u64 lost;			/* that could not be written, and that nobody was told of */
	struct io_event wake;
	struct io_event unled;		/* the vault does not follow governance yet */
	struct audit_witnesses *witnesses;	/* NULL: none are asked */
	bool writing;			/* there is a fiber that takes what is queued */
};

#define AUDIT_OK	STR("ok")
#define AUDIT_BACKEND	STR("backend")
#define AUDIT_ADMIN	STR("administrator")

/* --- audit.c --- */

/*
 * On a fiber, when the store is open.  Without audit_dir: 0, b->audit is NULL, and all below does
 * nothing.  Return: 0 or -errno, and a line in the log.
 */
int audit_open(struct backend *b);
/* Spawn the fiber that writes.  Return: 0 or -ENOMEM. */
int audit_start(struct backend *b, struct io_group *group);
/* Write what is left, on a fiber, when nobody tells anything any more. */
void audit_close(struct backend *b);

/* Texts are copied; those that are too long lose their end.  Does not wait. */
void audit_event(struct backend *b, const struct ledger_event *e);
/* The same; waits until it is durable.  Return: 0, or -errno: it may not be in the ledger. */
int audit_event_wait(struct backend *b, const struct ledger_event *e);

/* "NOUN:" and a name or a number, in @to: for ledger_event.object. */
#define AUDIT_OBJECT	(ENTRY_TEXT_MAX + 1)
struct str audit_object(char to[AUDIT_OBJECT], const char *noun, struct str name);
struct str audit_number(char to[AUDIT_OBJECT], const char *noun, u64 number);
/* Who has an access key; none: "anonymous". */
struct str audit_actor(struct backend *b, struct str access, char to[ENTRY_PSEUDONYM]);

/* --- audit_witness.c --- */

/* Ask those of audit_witnesses, on a fiber, from now on.  Return: 0 or -errno, logged. */
int audit_witness_start(struct backend *b, struct io_group *group);
/* There is a new checkpoint.  Does not wait. */
void audit_witness_wake(struct backend *b);
/* When nobody is asked any more. */
void audit_witness_close(struct backend *b);

/* --- audit_open.c: paths, keys, the ledger.  Blocks. --- */
int audit_files(struct audit *a, const struct config *config, char why[LEDGER_WHY]);

/* --- audit_told.c: link_service.told --- */
void audit_told(struct link_request *r, const struct link_operation *op, const void *ask,
		int status);

#endif /* SKYD_AUDIT_H */
