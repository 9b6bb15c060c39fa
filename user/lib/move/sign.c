// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages and the keys that stand for hosts. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "crypto/hmac.h"
#include "move_private.h"
#include "tpm/quote.h"

int move_public(struct move *m, struct move_bytes area, struct tpm_public *p,
		uint8_t name[MOVE_NAME_BYTES])
{
	struct tpm_name n;
	const char *why = NULL;

	if (tpm_public_parse(area.at, area.len, p, &why))
		return move_fail(m, -EBADMSG, "a public key cannot be read: %s", why);
	if (tpm_public_name(p, &n))
		return move_fail(m, -EIO, "OpenSSL cannot hash");
	if (n.len != MOVE_NAME_BYTES)
		return move_fail(m, -EBADMSG, "a key's Name is none of SHA-256");
	memcpy(name, n.at, MOVE_NAME_BYTES);
	return 0;
}

int move_self(struct move *m, struct move_identity *self, uint8_t name[MOVE_NAME_BYTES])
{
	struct tpm_public ak;
	int rc = m->ops->identity(m->ops->ctx, self);

	if (rc)
		return move_fail(m, rc, "the TPM has no keys");
	return move_public(m, (struct move_bytes){ self->ak, self->ak_len }, &ak, name);
}

int move_open(struct move *m, struct move_bytes from, enum move_kind kind, struct move_message *to)
{
	static const char *const names[] = {
		[MOVE_OFFER] = "an offer", [MOVE_PACKAGE] = "a package",
		[MOVE_ACCEPTANCE] = "an acceptance", [MOVE_DESTRUCTION] = "a destruction",
		[MOVE_CHALLENGE] = "a challenge", [MOVE_ANSWER] = "an answer",
		[MOVE_CANCELLATION] = "a cancellation",
	};

	if (move_message_read(from, to))
		return move_fail(m, -EBADMSG, "this is no message of a move, or is damaged");
	if (to->kind != kind)
		return move_fail(m, -EPROTO, "this is %s, and %s is wanted", names[to->kind],
				 names[kind]);
	return 0;
}

int move_verify(struct move *m, const struct move_message *msg, const struct tpm_public *ak)
{
	uint8_t digest[SHA256_BYTES];
	const struct tpm_expect expect = {
		.nonce = { digest, sizeof(digest) },
		.scheme = TPM_ALG_ECDSA, .hash = TPM_ALG_SHA256,
	};
	struct tpm_attest a;
	const char *why = NULL;

	move_body_digest(msg->kind, msg->body, digest);
	if (tpm_quote_nonce(ak, msg->quote.at, msg->quote.len, msg->signature.at,
			    msg->signature.len, &expect, &a, &why))
		return move_fail(m, -EKEYREJECTED, "it was altered, or another host has signed it: %s",
				 why);
	return 0;
}

int move_sign(struct move *m, enum move_kind kind, struct move_bytes body,
	      const struct move_evidence *e, struct tpm_writer *w)
{
	CLEANUP_FREE struct move_quote *q = malloc(sizeof(*q));
	struct move_message msg = { .kind = kind, .body = body };
	uint8_t digest[SHA256_BYTES];
	int rc;

	if (!q)
		return move_fail(m, -ENOMEM, "no memory");
	move_body_digest(kind, body, digest);
	rc = m->ops->quote(m->ops->ctx, e ? e->mask : 0, digest, q);
	if (rc)
		return move_fail(m, rc, "the TPM does not sign");
	msg.quote = (struct move_bytes){ q->message, q->message_len };
	msg.signature = (struct move_bytes){ q->signature, q->signature_len };
	if (e) {
		msg.log = e->log;
		msg.ima = e->ima;
	}
	move_message_write(w, &msg);
	return w->bad ? move_fail(m, -EMSGSIZE, "the message is too long") : 0;
}

void move_crate_aad(const struct move_crate *c, uint8_t aad[SHA256_BYTES])
{
	uint8_t bytes[MOVE_BODY_MAX];
	struct tpm_writer w = TPM_WRITER(bytes, sizeof(bytes));
	struct move_crate head = *c;

	head.sealed = (struct move_bytes){ NULL, 0 };
	move_crate_write(&w, &head);
	move_digest("skyhold move crate 1", (struct move_bytes){ bytes, w.len }, aad);
}

int move_receipt_sign(struct move *m, enum move_kind kind, const struct move_journal *j,
		      const char *action, struct tpm_writer *w)
{
	struct move_receipt r = { .epoch = j->epoch, .counter = j->counter };
	uint8_t bytes[256], digest[SHA256_BYTES];
	struct tpm_writer body = TPM_WRITER(bytes, sizeof(bytes));
	int rc;

	memcpy(r.id, j->id, sizeof(r.id));
	memcpy(r.crate, j->crate_digest, sizeof(r.crate));
	memcpy(r.volume, j->volume, sizeof(r.volume));
	move_receipt_write(&body, &r);
	move_body_digest(kind, (struct move_bytes){ bytes, body.len }, digest);
	rc = m->ops->tell(m->ops->ctx, action, digest);
	if (rc)
		return move_fail(m, rc, "the ledger cannot be told");
	return move_sign(m, kind, (struct move_bytes){ bytes, body.len }, NULL, w);
}
