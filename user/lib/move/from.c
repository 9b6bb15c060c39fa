// SPDX-License-Identifier: GPL-2.0-or-later
/* The host that a volume goes away from. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "move_private.h"

struct sending {
	struct move_journal j;
	struct move_identity self;
	uint8_t body[MOVE_BODY_MAX];
	struct move_offered o;
};

/* --- freeze ------------------------------------------------------------------------------ */

static int read_offer(struct move *m, struct move_offered *to, struct move_bytes from)
{
	uint8_t name[MOVE_NAME_BYTES];
	int rc = move_open(m, from, MOVE_OFFER, &to->msg);

	if (rc)
		return rc;
	if (move_offer_read(to->msg.body, &to->offer) || move_who_read(to->offer.who, &to->who))
		return move_fail(m, -EBADMSG, "the offer is damaged");
	if (memcmp(to->who.volume, m->volume, sizeof(to->who.volume)))
		return move_fail(m, -EXDEV, "the offer is for another volume");
	rc = move_public(m, to->who.ek, &to->ek, name);
	if (!rc)
		rc = move_public(m, to->who.ak, &to->ak, to->peer);
	if (!rc)
		rc = move_verify(m, &to->msg, &to->ak);
	move_digest("skyhold move 1", to->offer.who, to->id);
	return rc;
}

/* B's offer names the host that it is for. */
int move_offer_take(struct move *m, struct move_bytes from, struct move_identity *self,
		    struct move_offered *to)
{
	uint8_t name[MOVE_NAME_BYTES];
	int rc = read_offer(m, to, from);

	if (!rc)
		rc = move_self(m, self, name);
	if (!rc && memcmp(name, to->who.from, sizeof(name)))
		rc = move_fail(m, -EXDEV, "the offer is for another host than this");
	if (!rc && !memcmp(name, to->peer, sizeof(name)))
		rc = move_fail(m, -EXDEV, "the offer is this host's own");
	return rc;
}

static int check_age(struct move *m, const struct move_offer *o)
{
	uint64_t now, age;
	int rc = m->ops->now(m->ops->ctx, &now);

	if (rc)
		return move_fail(m, rc, "there is no clock");
	age = now > o->time ? now - o->time : o->time - now;
	return age > MOVE_OFFER_AGE ?
	       move_fail(m, -ETIME, "the offer is more than an hour old, or of the future: ask for it again") :
	       0;
}

/* The key, as B's TPM alone can have it. */
static int fill_crate(struct move *m, struct sending *s, const struct move_volume *v)
{
	struct tpm_writer w = TPM_WRITER(s->j.part, sizeof(s->j.part));
	uint8_t transport[GCM_KEY_BYTES], aad[SHA256_BYTES], sealed[MOVE_KEY_MAX + GCM_TAG_BYTES];
	struct move_crate c = { .epoch = v->epoch, .least = v->least };
	const struct gcm_args args = { transport, c.nonce, aad, sizeof(aad) };
	struct tpm_credential credential;
	struct tpm_name name = { .len = MOVE_NAME_BYTES };
	const char *why = NULL;
	int rc;

	if (!v->key.len || v->key.len > MOVE_KEY_MAX || v->epoch >= UINT64_MAX - 1)
		return move_fail(m, -EINVAL, "the volume's key cannot be moved");
	rc = m->ops->random(m->ops->ctx, transport, sizeof(transport));
	if (!rc)
		rc = m->ops->random(m->ops->ctx, c.nonce, sizeof(c.nonce));
	if (rc)
		return move_fail(m, rc, "there are no random numbers");
	memcpy(c.id, s->o.id, sizeof(c.id));
	memcpy(c.volume, m->volume, sizeof(c.volume));
	memcpy(c.root, v->root, sizeof(c.root));
	memcpy(name.at, s->o.peer, MOVE_NAME_BYTES);
	rc = tpm_make_credential(&s->o.ek, &name, transport, sizeof(transport), &credential, &why);
	c.credential = (struct move_bytes){ credential.blob, credential.blob_len };
	c.secret = (struct move_bytes){ credential.secret, credential.secret_len };
	if (!rc) {
		move_crate_aad(&c, aad);
		rc = gcm_seal(&args, v->key.data, v->key.len, sealed, sealed + v->key.len);
	}
	explicit_bzero(transport, sizeof(transport));
	if (rc)
		return move_fail(m, rc, "the key cannot be packed%s%s", why ? ": " : "",
				 why ? why : "");
	c.sealed = (struct move_bytes){ sealed, v->key.len + GCM_TAG_BYTES };
	move_crate_write(&w, &c);
	if (w.bad)
		return move_fail(m, -EMSGSIZE, "the package is too long");
	s->j.part_len = w.len;
	move_digest("skyhold move crate", (struct move_bytes){ s->j.part, w.len },
		    s->j.crate_digest);
	return 0;
}

/* From here on, the volume is B's or nobody's. */
static int begin(struct move *m, struct sending *s, struct move_bytes answer)
{
	struct move_volume v = { .key = SECRET_NONE };
	struct move_journal *j = &s->j;
	int rc = move_prove(m, j, &s->o, answer);

	if (!rc)
		rc = check_age(m, &s->o.offer);
	if (rc)
		return rc;
	move_fail(m, 0, "that host cannot be judged");
	rc = m->ops->judge(m->ops->ctx, &s->o.who, &s->o.offer, &s->o.msg, m->why);
	if (rc)
		return rc;
	/* It is taken as it is when nobody writes to it any more. */
	rc = m->ops->close(m->ops->ctx);
	if (rc)
		return move_fail(m, rc, "the volume cannot be closed");
	rc = m->ops->take(m->ops->ctx, &v);
	rc = rc ? move_fail(m, rc, "the volume's key is not to be had") : fill_crate(m, s, &v);
	secret_free(&v.key);
	if (rc)
		return rc;
	j->state = MOVE_FREEZING;
	j->epoch = v.epoch + 1;
	memcpy(j->id, s->o.id, sizeof(j->id));
	memcpy(j->peer, s->o.peer, sizeof(j->peer));
	memcpy(j->peer_ak, s->o.who.ak.at, s->o.who.ak.len);
	j->peer_ak_len = s->o.who.ak.len;
	memset(j->asked.proof, 0, sizeof(j->asked.proof));
	return move_save(m, j);
}

static int check_freeze(struct move *m, const struct sending *s)
{
	switch (s->j.state) {
	case MOVE_ASKED:
		return 0;
	case MOVE_NONE:
	case MOVE_ACCEPTED:
	case MOVE_KEPT:
		return move_fail(m, -EPROTO, "that host has not been asked yet whether both its keys are in one TPM");
	case MOVE_FREEZING:
	case MOVE_FROZEN:
		return memcmp(s->j.id, s->o.id, sizeof(s->o.id)) ?
		       move_fail(m, -EEXIST, "the volume is frozen for another host, or another offer") :
		       0;
	default:
		return move_fail(m, -EPROTO, "the volume is not here (%s)",
				 move_state_name(s->j.state));
	}
}

int move_freeze(struct move *m, struct move_bytes offer, struct move_bytes answer)
{
	CLEANUP_FREE struct sending *s = calloc(1, sizeof(*s));
	bool risen;
	int rc = s ? move_load(m, &s->j, &risen) : move_fail(m, -ENOMEM, "no memory");

	if (!rc)
		rc = move_offer_take(m, offer, &s->self, &s->o);
	if (!rc)
		rc = check_freeze(m, s);
	if (!rc && s->j.state == MOVE_ASKED)
		rc = begin(m, s, answer);
	if (rc || s->j.state == MOVE_FROZEN)
		return rc;
	rc = m->ops->close(m->ops->ctx);
	if (rc)
		return move_fail(m, rc, "the volume cannot be closed");
	rc = m->ops->revoke(m->ops->ctx);
	if (rc)
		return move_fail(m, rc, "the key cannot be wiped");
	rc = move_raise(m, &s->j, risen);
	if (rc)
		return rc;
	s->j.state = MOVE_FROZEN;
	return move_save(m, &s->j);
}

/* --- package ----------------------------------------------------------------------------- */

int move_package(struct move *m, struct tpm_writer *w)
{
	CLEANUP_FREE struct sending *s = calloc(1, sizeof(*s));
	struct move_package p = { 0 };
	struct tpm_writer body;
	bool risen;
	int rc = s ? move_load(m, &s->j, &risen) : move_fail(m, -ENOMEM, "no memory");

	if (rc)
		return rc;
	if (s->j.state != MOVE_FROZEN)
		return move_fail(m, -EPROTO, "the volume is not frozen (%s)",
				 move_state_name(s->j.state));
	rc = m->ops->identity(m->ops->ctx, &s->self);
	if (rc)
		return move_fail(m, rc, "the TPM has no keys");
	p.crate = (struct move_bytes){ s->j.part, s->j.part_len };
	p.ak = (struct move_bytes){ s->self.ak, s->self.ak_len };
	p.counter = s->j.counter;
	body = TPM_WRITER(s->body, sizeof(s->body));
	move_package_write(&body, &p);
	if (body.bad)
		return move_fail(m, -EMSGSIZE, "the package is too long");
	return move_sign(m, MOVE_PACKAGE, (struct move_bytes){ s->body, body.len }, NULL, w);
}

/* --- destroy ----------------------------------------------------------------------------- */

static int check_acceptance(struct move *m, struct move_journal *j, struct move_bytes from,
			    uint8_t digest[SHA256_BYTES])
{
	uint8_t name[MOVE_NAME_BYTES];
	struct move_message msg;
	struct move_receipt r;
	struct tpm_public ak;
	int rc = move_open(m, from, MOVE_ACCEPTANCE, &msg);

	if (rc)
		return rc;
	if (move_receipt_read(msg.body, &r))
		return move_fail(m, -EBADMSG, "the acceptance is damaged");
	rc = move_public(m, (struct move_bytes){ j->peer_ak, j->peer_ak_len }, &ak, name);
	if (!rc)
		rc = move_verify(m, &msg, &ak);
	if (rc)
		return rc;
	if (memcmp(r.id, j->id, sizeof(r.id)) || memcmp(r.volume, j->volume, sizeof(r.volume)) ||
	    memcmp(r.crate, j->crate_digest, sizeof(r.crate)) || r.epoch != j->epoch)
		return move_fail(m, -EXDEV, "the acceptance is of another move");
	move_body_digest(MOVE_ACCEPTANCE, msg.body, digest);
	return 0;
}

int move_destroy(struct move *m, struct move_bytes acceptance, struct tpm_writer *w)
{
	CLEANUP_FREE struct move_journal *j = malloc(sizeof(*j));
	uint8_t digest[SHA256_BYTES];
	bool risen;
	int rc = j ? move_load(m, j, &risen) : move_fail(m, -ENOMEM, "no memory");

	if (rc)
		return rc;
	if (j->state != MOVE_FROZEN && j->state != MOVE_DESTROYING && j->state != MOVE_DESTROYED)
		return move_fail(m, -EPROTO, "nothing is to be destroyed (%s)",
				 move_state_name(j->state));
	rc = check_acceptance(m, j, acceptance, digest);
	if (!rc && j->state == MOVE_FROZEN) {
		j->state = MOVE_DESTROYING;
		rc = move_save(m, j);
	}
	if (!rc && j->state == MOVE_DESTROYING) {
		rc = m->ops->erase(m->ops->ctx);
		if (rc)
			return move_fail(m, rc, "what is left cannot be erased");
		rc = m->ops->tell(m->ops->ctx, "volume.accepted", digest);
		if (rc)
			return move_fail(m, rc, "the ledger cannot be told");
		j->state = MOVE_DESTROYED;
		/* The crate was of use to B alone; now it is of none. */
		j->part_len = 0;
		rc = move_save(m, j);
	}
	return rc ? rc : move_receipt_sign(m, MOVE_DESTRUCTION, j, "volume.destroy", w);
}
