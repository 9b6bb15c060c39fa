// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A move is taken back.  A says so in writing, as B cannot know by itself whether it comes too
 * late: whoever has answered may find the volume frozen for it, and nobody else could have it then.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "move_private.h"

static int too_late(struct move *m, const struct move_journal *j)
{
	switch (j->state) {
	case MOVE_FREEZING:
	case MOVE_FROZEN:
		return move_fail(m, -EPROTO, "it is too late: the volume was frozen, and none but the host that it is for can have it");
	case MOVE_DESTROYING:
	case MOVE_DESTROYED:
		return move_fail(m, -EPROTO, "it is too late: the volume has gone");
	case MOVE_ACCEPTING:
	case MOVE_ACCEPTED:
		return move_fail(m, -EPROTO, "it is too late: the volume has come; it goes back by a move of its own");
	default:
		return move_fail(m, -EPROTO, "there is nothing to cancel");
	}
}

/* --- A ----------------------------------------------------------------------------------- */

static bool was_asked(const struct move_journal *j)
{
	static const struct move_asked nobody;

	return memcmp(j->asked.challenge, nobody.challenge, sizeof(nobody.challenge));
}

/* A's word.  It is true as no challenge is ever made twice. */
static int say(struct move *m, struct move_cancellation *c, struct tpm_writer *w)
{
	CLEANUP_FREE struct move_identity *self = malloc(sizeof(*self));
	uint8_t bytes[MOVE_AREA_MAX + 256], name[MOVE_NAME_BYTES], digest[SHA256_BYTES];
	struct tpm_writer body = TPM_WRITER(bytes, sizeof(bytes));
	int rc = self ? move_self(m, self, name) : move_fail(m, -ENOMEM, "no memory");

	if (rc)
		return rc;
	memcpy(c->volume, m->volume, sizeof(c->volume));
	c->ak = (struct move_bytes){ self->ak, self->ak_len };
	move_cancellation_write(&body, c);
	move_body_digest(MOVE_CANCELLATION, (struct move_bytes){ bytes, body.len }, digest);
	rc = m->ops->tell(m->ops->ctx, "volume.cancel", digest);
	if (rc)
		return move_fail(m, rc, "the ledger cannot be told");
	return move_sign(m, MOVE_CANCELLATION, (struct move_bytes){ bytes, body.len }, NULL, w);
}

/* The proof that is waited for is forgotten: no answer is right any more. */
static int keep(struct move *m, struct move_journal *j)
{
	j->state = MOVE_KEPT;
	j->part_len = 0;
	memset(j->asked.proof, 0, sizeof(j->asked.proof));
	return move_save(m, j);
}

static int cancel_asked(struct move *m, struct move_journal *j, struct tpm_writer *w)
{
	struct move_cancellation c = { .id = { 0 } };
	int rc = j->state == MOVE_ASKED ? keep(m, j) : 0;

	if (rc || !was_asked(j))
		return rc;
	memcpy(c.id, j->asked.id, sizeof(c.id));
	memcpy(c.challenge, j->asked.challenge, sizeof(c.challenge));
	return say(m, &c, w);
}

/* Of whoever gave that answer, however long ago. */
static int cancel_answer(struct move *m, struct move_journal *j, const struct move_message *msg,
			 struct tpm_writer *w)
{
	struct move_cancellation c = { .id = { 0 } };
	struct move_answer a;
	int rc = 0;

	if (move_answer_read(msg->body, &a))
		return move_fail(m, -EBADMSG, "the answer is damaged");
	if (memcmp(a.volume, m->volume, sizeof(a.volume)))
		return move_fail(m, -EXDEV, "the answer is of another volume");
	if (!memcmp(a.id, j->id, sizeof(a.id)) && j->state >= MOVE_FREEZING &&
	    j->state <= MOVE_DESTROYED)
		return too_late(m, j);
	if (j->state == MOVE_ASKED && !memcmp(a.id, j->asked.id, sizeof(a.id)))
		rc = keep(m, j);
	memcpy(c.id, a.id, sizeof(c.id));
	memcpy(c.challenge, a.challenge, sizeof(c.challenge));
	return rc ? rc : say(m, &c, w);
}

/* --- B ----------------------------------------------------------------------------------- */

static int check_cancellation(struct move *m, const struct move_journal *j,
			      const struct move_message *msg)
{
	uint8_t name[MOVE_NAME_BYTES];
	struct move_cancellation c;
	struct tpm_public ak;
	int rc;

	if (move_cancellation_read(msg->body, &c))
		return move_fail(m, -EBADMSG, "the cancellation is damaged");
	rc = move_public(m, c.ak, &ak, name);
	if (rc)
		return rc;
	if (memcmp(name, j->peer, sizeof(name)))
		return move_fail(m, -EKEYREJECTED, "the cancellation is of another host than was meant");
	rc = move_verify(m, msg, &ak);
	if (rc)
		return rc;
	if (memcmp(c.volume, m->volume, sizeof(c.volume)) || memcmp(c.id, j->id, sizeof(c.id)))
		return move_fail(m, -EXDEV, "the cancellation is of another offer, or another volume");
	return memcmp(c.challenge, j->asked.challenge, sizeof(c.challenge)) ?
	       move_fail(m, -EXDEV, "the cancellation is of another answer than the last") : 0;
}

/*
 * A host that knew of no move before this offer is as it was: without a counter, as one that is
 * made later begins above it.  Another one has none of the volume, as before.
 */
static int withdraw(struct move *m, struct move_journal *j, bool removed)
{
	int rc = 0;

	if (j->fresh && j->state != MOVE_WITHDRAWING) {
		j->state = MOVE_WITHDRAWING;
		rc = move_save(m, j);
	}
	if (!rc) {
		rc = m->ops->tell(m->ops->ctx, "volume.withdraw", j->id);
		if (rc)
			move_fail(m, rc, "the ledger cannot be told");
	}
	if (!rc && j->fresh && !removed) {
		rc = m->ops->counter_remove(m->ops->ctx);
		if (rc)
			move_fail(m, rc, "the TPM's counter cannot be removed");
	}
	if (rc)
		return rc;
	j->state = j->fresh ? MOVE_KEPT : MOVE_WITHDRAWN;
	j->counter = j->fresh ? 0 : j->counter;
	j->was = MOVE_NONE;
	j->fresh = false;
	j->part_len = 0;
	memset(&j->asked, 0, sizeof(j->asked));
	return move_save(m, j);
}

int move_cancel(struct move *m, struct move_bytes from, struct tpm_writer *w)
{
	CLEANUP_FREE struct move_journal *j = malloc(sizeof(*j));
	struct move_message msg = { .kind = 0 };
	bool risen;
	int rc = j ? move_load(m, j, &risen) : move_fail(m, -ENOMEM, "no memory");

	if (!rc && from.len && move_message_read(from, &msg))
		rc = move_fail(m, -EBADMSG, "this is no message of a move, or is damaged");
	if (rc)
		return rc;
	if (msg.kind == MOVE_ANSWER && j->state != MOVE_ANSWERED)
		return cancel_answer(m, j, &msg, w);
	switch (j->state) {
	case MOVE_ANSWERED:
		if (!from.len)
			return move_fail(m, -EPROTO, "the host that has the volume was answered, and may have frozen it: what it says to `move cancel` is wanted");
		rc = move_open(m, from, MOVE_CANCELLATION, &msg);
		if (!rc)
			rc = check_cancellation(m, j, &msg);
		return rc ? rc : withdraw(m, j, false);
	case MOVE_OFFERED:
	case MOVE_WITHDRAWING:
		return withdraw(m, j, risen);
	case MOVE_WITHDRAWN:
		return 0;
	case MOVE_ASKED:
		return cancel_asked(m, j, w);
	case MOVE_KEPT:
		/* What A has said is done. */
		return msg.kind == MOVE_CANCELLATION ? 0 : cancel_asked(m, j, w);
	default:
		return too_late(m, j);
	}
}
