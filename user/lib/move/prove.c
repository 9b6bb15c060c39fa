// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Are both keys of an offer in one TPM?  The maker vouches for the endorsement key, and the offer
 * is signed by the attestation key; that the one TPM has both is shown by a secret which it gives
 * up only then (Part 1, 24).  Without that, a key in software beside anybody's certificate would
 * have a volume frozen for nobody.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "crypto/hmac.h"
#include "move_private.h"

#define SECRET_BYTES	SHA256_BYTES

struct asking {
	struct move_journal j;
	struct move_identity self;
	struct move_offered o;
};

/* What the answer has to show; A remembers the digest of it alone. */
static void proof_of(const uint8_t secret[SECRET_BYTES], const uint8_t challenge[SHA256_BYTES],
		     uint8_t proof[SHA256_BYTES])
{
	hmac_sha256(secret, SECRET_BYTES, challenge, SHA256_BYTES, proof);
}

static void digest_of_proof(const uint8_t proof[SHA256_BYTES], uint8_t digest[SHA256_BYTES])
{
	move_digest("skyhold move proof", (struct move_bytes){ proof, SHA256_BYTES }, digest);
}

/* --- challenge --------------------------------------------------------------------------- */

static int check_challenge(struct move *m, const struct asking *a)
{
	switch (a->j.state) {
	case MOVE_NONE:
	case MOVE_ACCEPTED:
	case MOVE_KEPT:
		return 0;
	case MOVE_ASKED:
		if (!memcmp(a->j.asked.id, a->o.id, sizeof(a->o.id)))
			return 0;
		return move_fail(m, -EEXIST, "another host, or offer, was asked already: cancel that first");
	default:
		return move_fail(m, -EPROTO, "the volume is not here (%s)",
				 move_state_name(a->j.state));
	}
}

static int begin(struct move *m, struct asking *a)
{
	struct move_journal *j = &a->j;
	struct tpm_writer w = TPM_WRITER(j->part, sizeof(j->part));
	uint8_t secret[SECRET_BYTES], proof[SHA256_BYTES];
	struct move_challenge c = { .ak = { a->self.ak, a->self.ak_len } };
	struct tpm_credential credential;
	struct tpm_name name = { .len = MOVE_NAME_BYTES };
	const char *why = "there are no random numbers";
	int rc = m->ops->random(m->ops->ctx, secret, sizeof(secret));

	memcpy(name.at, a->o.peer, MOVE_NAME_BYTES);
	if (!rc)
		rc = tpm_make_credential(&a->o.ek, &name, secret, sizeof(secret), &credential,
					 &why);
	if (rc) {
		explicit_bzero(secret, sizeof(secret));
		return move_fail(m, rc, "there is no challenge: %s", why);
	}
	memcpy(c.id, a->o.id, sizeof(c.id));
	memcpy(c.volume, m->volume, sizeof(c.volume));
	c.credential = (struct move_bytes){ credential.blob, credential.blob_len };
	c.secret = (struct move_bytes){ credential.secret, credential.secret_len };
	move_challenge_write(&w, &c);
	j->part_len = w.len;
	j->was = move_basis(j);
	j->state = MOVE_ASKED;
	memcpy(j->asked.id, a->o.id, sizeof(j->asked.id));
	memcpy(j->asked.peer, a->o.peer, sizeof(j->asked.peer));
	move_body_digest(MOVE_CHALLENGE, (struct move_bytes){ j->part, j->part_len },
			 j->asked.challenge);
	proof_of(secret, j->asked.challenge, proof);
	digest_of_proof(proof, j->asked.proof);
	explicit_bzero(secret, sizeof(secret));
	explicit_bzero(proof, sizeof(proof));
	return w.bad ? move_fail(m, -EMSGSIZE, "the TPM's keys are too long") : move_save(m, j);
}

int move_challenge(struct move *m, struct move_bytes offer, struct tpm_writer *w)
{
	CLEANUP_FREE struct asking *a = calloc(1, sizeof(*a));
	bool risen;
	int rc = a ? move_load(m, &a->j, &risen) : move_fail(m, -ENOMEM, "no memory");

	if (!rc)
		rc = move_offer_take(m, offer, &a->self, &a->o);
	if (!rc)
		rc = check_challenge(m, a);
	if (!rc && a->j.state != MOVE_ASKED)
		rc = begin(m, a);
	return rc ? rc : move_sign(m, MOVE_CHALLENGE,
				   (struct move_bytes){ a->j.part, a->j.part_len }, NULL, w);
}

/* --- answer ------------------------------------------------------------------------------ */

/* Is it of the host that was meant, and for this offer? */
static int check_asked(struct move *m, const struct move_journal *j,
		       const struct move_message *msg, const struct move_challenge *c)
{
	uint8_t name[MOVE_NAME_BYTES];
	struct tpm_public ak;
	int rc;

	if (memcmp(c->volume, m->volume, sizeof(c->volume)))
		return move_fail(m, -EXDEV, "the challenge is of another volume");
	rc = move_public(m, c->ak, &ak, name);
	if (rc)
		return rc;
	if (memcmp(name, j->peer, sizeof(name)))
		return move_fail(m, -EKEYREJECTED, "the challenge is of another host than was meant");
	rc = move_verify(m, msg, &ak);
	if (rc)
		return rc;
	return memcmp(c->id, j->id, sizeof(c->id)) ?
	       move_fail(m, -EXDEV, "the challenge is for another offer, or another host") : 0;
}

static int solve(struct move *m, const struct move_challenge *c, struct move_answer *to)
{
	uint8_t secret[SECRET_BYTES];
	size_t len = 0;
	int rc = m->ops->activate(m->ops->ctx, c->credential, c->secret, secret, sizeof(secret),
				  &len);

	if (!rc && len == sizeof(secret))
		proof_of(secret, to->challenge, to->proof);
	else
		rc = move_fail(m, -EXDEV, "this TPM cannot read the challenge: it is for another one");
	explicit_bzero(secret, sizeof(secret));
	return rc;
}

int move_answer(struct move *m, struct move_bytes challenge, struct tpm_writer *w)
{
	CLEANUP_FREE struct move_journal *j = malloc(sizeof(*j));
	struct move_answer a = { .id = { 0 } };
	uint8_t bytes[256];
	struct tpm_writer body = TPM_WRITER(bytes, sizeof(bytes));
	struct move_message msg;
	struct move_challenge c;
	bool risen;
	int rc = j ? move_load(m, j, &risen) : move_fail(m, -ENOMEM, "no memory");

	if (!rc)
		rc = move_open(m, challenge, MOVE_CHALLENGE, &msg);
	if (rc)
		return rc;
	if (move_challenge_read(msg.body, &c))
		return move_fail(m, -EBADMSG, "the challenge is damaged");
	if (j->state != MOVE_OFFERED && j->state != MOVE_ANSWERED)
		return move_fail(m, -EPROTO, "no challenge is waited for (%s)",
				 move_state_name(j->state));
	rc = check_asked(m, j, &msg, &c);
	if (rc)
		return rc;
	memcpy(a.id, c.id, sizeof(a.id));
	memcpy(a.volume, c.volume, sizeof(a.volume));
	move_body_digest(MOVE_CHALLENGE, msg.body, a.challenge);
	/* Or an old cancellation would fit again, after a freeze for the answer that came later. */
	if (j->state == MOVE_ANSWERED &&
	    memcmp(j->asked.challenge, a.challenge, sizeof(a.challenge)))
		return move_fail(m, -EEXIST, "another challenge was answered: cancel that first");
	rc = solve(m, &c, &a);
	if (rc)
		return rc;
	/* First of all: from now on A may freeze the volume at any time. */
	if (j->state != MOVE_ANSWERED) {
		j->state = MOVE_ANSWERED;
		memcpy(j->asked.id, a.id, sizeof(a.id));
		memcpy(j->asked.challenge, a.challenge, sizeof(a.challenge));
		rc = move_save(m, j);
		if (rc)
			return rc;
	}
	move_answer_write(&body, &a);
	return move_sign(m, MOVE_ANSWER, (struct move_bytes){ bytes, body.len }, NULL, w);
}

/* --- and whether it is right -------------------------------------------------------------- */

int move_prove(struct move *m, const struct move_journal *j, const struct move_offered *o,
	       struct move_bytes answer)
{
	uint8_t digest[SHA256_BYTES];
	struct move_message msg;
	struct move_answer a;
	int rc = move_open(m, answer, MOVE_ANSWER, &msg);

	if (rc)
		return rc;
	if (move_answer_read(msg.body, &a))
		return move_fail(m, -EBADMSG, "the answer is damaged");
	rc = move_verify(m, &msg, &o->ak);
	if (rc)
		return rc;
	if (memcmp(j->asked.id, o->id, sizeof(o->id)))
		return move_fail(m, -EEXIST, "another host, or offer, was asked: cancel that first");
	if (memcmp(a.id, o->id, sizeof(o->id)) || memcmp(a.volume, m->volume, sizeof(a.volume)) ||
	    memcmp(a.challenge, j->asked.challenge, sizeof(a.challenge)))
		return move_fail(m, -EXDEV, "the answer is to another challenge");
	digest_of_proof(a.proof, digest);
	return memcmp(digest, j->asked.proof, sizeof(digest)) ?
	       move_fail(m, -EKEYREJECTED, "the answer is wrong: its attestation key is not in the TPM of its endorsement key") :
	       0;
}
