// SPDX-License-Identifier: GPL-2.0-or-later
/* The host that a volume comes to. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "move_private.h"

#define TRANSPORT_BYTES	GCM_KEY_BYTES

/* What a receiving host needs at once. */
struct receiving {
	struct move_journal j;
	struct move_identity self;
	struct move_evidence evidence;
	uint8_t body[MOVE_BODY_MAX];
};

/* --- offer ------------------------------------------------------------------------------- */

static int check_offer(struct move *m, const struct move_journal *j,
		       const uint8_t from[MOVE_NAME_BYTES])
{
	switch (j->state) {
	case MOVE_NONE:
	case MOVE_DESTROYED:
	case MOVE_WITHDRAWN:
		return 0;
	case MOVE_KEPT:
		if (j->was == MOVE_NONE)
			return 0;
		break;
	case MOVE_OFFERED:
	case MOVE_ANSWERED:
		if (!memcmp(j->peer, from, MOVE_NAME_BYTES))
			return 0;
		return move_fail(m, -EEXIST, "it was offered to another host already");
	default:
		break;
	}
	return move_fail(m, -EPROTO, "the volume is here, or comes (%s)",
			 move_state_name(j->state));
}

/*
 * The part that never changes, into the journal.  The counter is there before any journal is, so
 * that each journal of this host is of one value of it.
 */
static int begin(struct move *m, struct receiving *r, const uint8_t from[MOVE_NAME_BYTES])
{
	struct move_journal *j = &r->j;
	struct tpm_writer w = TPM_WRITER(j->part, sizeof(j->part));
	struct move_who who = {
		.ek = { r->self.ek, r->self.ek_len }, .ak = { r->self.ak, r->self.ak_len },
	};
	int rc = m->ops->random(m->ops->ctx, who.nonce, sizeof(who.nonce));

	if (rc)
		return move_fail(m, rc, "there are no random numbers");
	rc = move_count(m, j, &j->fresh);
	if (rc)
		return rc;
	who.counter = j->counter;
	memcpy(who.volume, m->volume, sizeof(who.volume));
	memcpy(who.from, from, sizeof(who.from));
	move_who_write(&w, &who);
	if (w.bad)
		return move_fail(m, -EMSGSIZE, "the TPM's keys are too long");
	j->part_len = w.len;
	j->state = MOVE_OFFERED;
	j->was = MOVE_NONE;
	j->peer_ak_len = 0;
	memset(&j->asked, 0, sizeof(j->asked));
	memcpy(j->peer, from, sizeof(j->peer));
	memset(j->crate_digest, 0, sizeof(j->crate_digest));
	move_digest("skyhold move 1", (struct move_bytes){ j->part, j->part_len }, j->id);
	return move_save(m, j);
}

/* The TPM may have been cleared, or the disk be in another machine. */
static int same_host(struct move *m, const struct receiving *r)
{
	struct move_who who;

	if (move_who_read((struct move_bytes){ r->j.part, r->j.part_len }, &who))
		return move_fail(m, -EBADMSG, "the journal's offer cannot be read");
	if (who.ak.len != r->self.ak_len || memcmp(who.ak.at, r->self.ak, who.ak.len))
		return move_fail(m, -EXDEV, "the journal is of another TPM, or attestation key");
	return 0;
}

int move_offer(struct move *m, const uint8_t from[MOVE_NAME_BYTES], struct tpm_writer *w)
{
	CLEANUP_FREE struct receiving *r = calloc(1, sizeof(*r));
	struct move_offer o = { 0 };
	struct tpm_writer body;
	uint8_t self[MOVE_NAME_BYTES];
	bool risen;
	int rc = r ? move_load(m, &r->j, &risen) : move_fail(m, -ENOMEM, "no memory");

	/*
	 * A counter without a journal: killed between them, or it was lost.  Whatever was for that
	 * one is not for this: the offer is another one.
	 */
	if (rc == -ESTALE && r->j.state == MOVE_NONE)
		rc = 0;
	if (!rc)
		rc = check_offer(m, &r->j, from);
	if (rc)
		return rc;
	rc = move_self(m, &r->self, self);
	if (!rc && !memcmp(self, from, sizeof(self)))
		rc = move_fail(m, -EXDEV, "a volume does not move to the host that has it");
	if (!rc)
		rc = r->j.state == MOVE_OFFERED || r->j.state == MOVE_ANSWERED ?
		     same_host(m, r) : begin(m, r, from);
	if (rc)
		return rc;
	rc = m->ops->evidence(m->ops->ctx, &r->evidence);
	if (!rc)
		rc = m->ops->now(m->ops->ctx, &o.time);
	if (rc)
		return move_fail(m, rc, "what this host runs cannot be told");
	o.who = (struct move_bytes){ r->j.part, r->j.part_len };
	o.cert = (struct move_bytes){ r->self.cert, r->self.cert_len };
	o.mask = r->evidence.mask;
	o.pcrs = (struct move_bytes){ r->evidence.pcr,
				      (size_t)__builtin_popcount(o.mask) * SHA256_BYTES };
	body = TPM_WRITER(r->body, sizeof(r->body));
	move_offer_write(&body, &o);
	if (body.bad)
		return move_fail(m, -EMSGSIZE, "the offer is too long");
	return move_sign(m, MOVE_OFFER, (struct move_bytes){ r->body, body.len }, &r->evidence, w);
}

/* --- accept ------------------------------------------------------------------------------ */

/* Is it the package that was waited for, of the host that was meant? */
static int check_package(struct move *m, const struct move_journal *j,
			 const struct move_message *msg, const struct move_package *p,
			 const struct move_crate *c)
{
	uint8_t name[MOVE_NAME_BYTES];
	struct tpm_public ak;
	int rc;

	if (memcmp(c->volume, m->volume, sizeof(c->volume)))
		return move_fail(m, -EXDEV, "the package is of another volume");
	rc = move_public(m, p->ak, &ak, name);
	if (rc)
		return rc;
	if (memcmp(name, j->peer, sizeof(name)))
		return move_fail(m, -EKEYREJECTED, "the package is of another host than was meant");
	rc = move_verify(m, msg, &ak);
	if (rc)
		return rc;
	return memcmp(c->id, j->id, sizeof(c->id)) ?
	       move_fail(m, -EXDEV, "the package is for another offer, or another host") : 0;
}

static int open_crate(struct move *m, const struct move_crate *c, struct move_volume *v)
{
	uint8_t transport[TRANSPORT_BYTES], aad[SHA256_BYTES];
	const struct gcm_args args = { transport, c->nonce, aad, sizeof(aad) };
	size_t len, key = c->sealed.len - GCM_TAG_BYTES;
	int rc = m->ops->activate(m->ops->ctx, c->credential, c->secret, transport,
				  sizeof(transport), &len);

	if (rc || len != sizeof(transport)) {
		explicit_bzero(transport, sizeof(transport));
		return move_fail(m, -EXDEV, "this TPM cannot open the package: it is for another one");
	}
	rc = secret_alloc(&v->key, key);
	if (!rc) {
		move_crate_aad(c, aad);
		v->key.len = key;
		rc = gcm_open(&args, c->sealed.at, key, c->sealed.at + key, v->key.data);
	}
	explicit_bzero(transport, sizeof(transport));
	if (rc)
		return move_fail(m, rc, "the package was altered");
	v->epoch = c->epoch + 1;
	v->least = c->least;
	memcpy(v->root, c->root, sizeof(v->root));
	return 0;
}

static int receive(struct move *m, struct move_journal *j, const struct move_crate *c, bool risen)
{
	struct move_volume v = { .key = SECRET_NONE };
	int rc;

	/* First of all what was begun, so that no other package is. */
	if (j->state == MOVE_OFFERED || j->state == MOVE_ANSWERED) {
		rc = open_crate(m, c, &v);
		secret_free(&v.key);
		if (rc)
			return rc;
		j->state = MOVE_ACCEPTING;
		j->fresh = false;
		j->epoch = c->epoch + 1;
		rc = move_save(m, j);
		if (rc)
			return rc;
	}
	rc = open_crate(m, c, &v);
	if (!rc) {
		rc = m->ops->keep(m->ops->ctx, &v);
		if (rc)
			move_fail(m, rc, "the volume's key cannot be kept");
	}
	secret_free(&v.key);
	if (!rc)
		rc = move_raise(m, j, risen);
	if (rc)
		return rc;
	j->state = MOVE_ACCEPTED;
	return move_save(m, j);
}

int move_accept(struct move *m, struct move_bytes package, struct tpm_writer *w)
{
	CLEANUP_FREE struct move_journal *j = malloc(sizeof(*j));
	uint8_t digest[SHA256_BYTES];
	struct move_message msg;
	struct move_package p;
	struct move_crate c;
	bool risen, waits, done;
	int rc = j ? move_load(m, j, &risen) : move_fail(m, -ENOMEM, "no memory");

	if (!rc)
		rc = move_open(m, package, MOVE_PACKAGE, &msg);
	if (rc)
		return rc;
	if (move_package_read(msg.body, &p) || move_crate_read(p.crate, &c))
		return move_fail(m, -EBADMSG, "the package is damaged");
	waits = j->state == MOVE_OFFERED || j->state == MOVE_ANSWERED;
	done = move_basis(j) == MOVE_ACCEPTED;
	if (!waits && !done && j->state != MOVE_ACCEPTING)
		return move_fail(m, -EPROTO, "no package is waited for (%s)",
				 move_state_name(j->state));
	rc = check_package(m, j, &msg, &p, &c);
	if (rc)
		return rc;
	move_digest("skyhold move crate", p.crate, digest);
	if (!waits && memcmp(digest, j->crate_digest, sizeof(digest)))
		return move_fail(m, -EEXIST, "another package of this move was accepted");
	memcpy(j->crate_digest, digest, sizeof(digest));
	if (!done)
		rc = receive(m, j, &c, risen);
	return rc ? rc : move_receipt_sign(m, MOVE_ACCEPTANCE, j, "volume.accept", w);
}
