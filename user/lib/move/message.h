/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is carried from host to host when a volume moves: seven kinds of files, numbers big endian,
 * what is of any length behind its length.
 *
 *	"SKYMOVE" 1, kind, body, quote, signature
 *
 * The quote is of the sender's attestation key; its extra data is move_digest() of the body.
 * Here they are only written and read; whether they are true, and in their order: move.h.
 */
#ifndef SKY_MOVE_MESSAGE_H
#define SKY_MOVE_MESSAGE_H

#include "crypto/keywrap.h"
#include "crypto/kdf.h"
#include "tpm/credential.h"
#include "tpm/pcr.h"

#define MOVE_ID_BYTES		16u	/* of a volume */
#define MOVE_NONCE_BYTES	16u
#define MOVE_NAME_BYTES		34u	/* a Name of SHA-256 */
#define MOVE_ROOT_BYTES		32u
#define MOVE_KEY_MAX		64u	/* bytes of a volume's key */
#define MOVE_AREA_MAX		1024u	/* of a TPMT_PUBLIC */
#define MOVE_CERT_MAX		4096u	/* of the endorsement key's certificate */
#define MOVE_BODY_MAX		16384u
#define MOVE_QUOTE_MAX		2048u	/* of the quote, and of its signature */
#define MOVE_FILE_MAX		(32u << 20)
#define MOVE_LOG_MAX		(8u << 20)	/* of each log */

enum move_kind {
	MOVE_OFFER = 1,		/* B: who I am, and what I run */
	MOVE_PACKAGE,		/* A: key, counter, root, epoch, for that B */
	MOVE_ACCEPTANCE,	/* B: it lives here now */
	MOVE_DESTRUCTION,	/* A: it does not here any more */
	MOVE_CHALLENGE,		/* A, between offer and freeze: are both keys in one TPM? */
	MOVE_ANSWER,		/* B: they are */
	MOVE_CANCELLATION,	/* A: I do not freeze it for that answer */
};

/* Bytes of the caller's, or of the message. */
struct move_bytes {
	const uint8_t *at;
	size_t len;
};

/* A message around its body. */
struct move_message {
	enum move_kind kind;
	struct move_bytes body, quote, signature;
	struct move_bytes log, ima;	/* of an offer: of firmware, and of IMA; empty: none */
};

/* What stays the same in every offer of one move; its digest is the move's id. */
struct move_who {
	uint8_t volume[MOVE_ID_BYTES];
	uint8_t nonce[MOVE_NONCE_BYTES];
	uint8_t from[MOVE_NAME_BYTES];	/* A's attestation key */
	uint64_t counter;		/* B's, as it is now; 0: there is none */
	struct move_bytes ek, ak;	/* TPMT_PUBLIC */
};

struct move_offer {
	struct move_bytes who;		/* struct move_who, as it is written */
	uint64_t time;			/* microseconds since 1970 */
	struct move_bytes cert;		/* of the endorsement key, DER */
	uint32_t mask;			/* PCRs of SHA-256 that are quoted */
	struct move_bytes pcrs;		/* their values, one after the other */
};

/* A secret for the TPM that has both of B's keys (TPM2_MakeCredential). */
struct move_challenge {
	uint8_t id[SHA256_BYTES];	/* of the move */
	uint8_t volume[MOVE_ID_BYTES];
	struct move_bytes ak;		/* A's, TPMT_PUBLIC */
	struct move_bytes credential, secret;
};

struct move_answer {
	uint8_t id[SHA256_BYTES];
	uint8_t volume[MOVE_ID_BYTES];
	uint8_t challenge[SHA256_BYTES];	/* digest of the body that is answered */
	uint8_t proof[SHA256_BYTES];	/* HMAC of that digest, by the secret */
};

struct move_cancellation {
	uint8_t id[SHA256_BYTES];
	uint8_t volume[MOVE_ID_BYTES];
	uint8_t challenge[SHA256_BYTES];
	struct move_bytes ak;		/* A's */
};

/* What is made once, when the source is frozen, and never again. */
struct move_crate {
	uint8_t id[SHA256_BYTES];	/* of the move */
	uint8_t volume[MOVE_ID_BYTES];
	uint8_t root[MOVE_ROOT_BYTES];	/* that the volume has to have */
	uint64_t epoch;			/* that it has */
	uint64_t least;			/* min_epoch: nothing older is to be opened */
	struct move_bytes credential, secret;	/* the transport key, for B's TPM */
	uint8_t nonce[GCM_NONCE_BYTES];
	struct move_bytes sealed;	/* the volume's key under it, and the tag */
};

struct move_package {
	struct move_bytes crate;	/* struct move_crate, as it is written */
	struct move_bytes ak;		/* A's, TPMT_PUBLIC */
	uint64_t counter;		/* A's, after the freeze */
};

/* An acceptance, and a destruction. */
struct move_receipt {
	uint8_t id[SHA256_BYTES], crate[SHA256_BYTES];	/* digests of both */
	uint8_t volume[MOVE_ID_BYTES];
	uint64_t epoch;			/* from now on: one more than in the crate */
	uint64_t counter;		/* of who says so */
};

/* SHA-256 of what kind of thing it is, and its bytes. */
void move_digest(const char *what, struct move_bytes bytes, uint8_t digest[SHA256_BYTES]);
/* What a quote has as extra data. */
void move_body_digest(enum move_kind kind, struct move_bytes body, uint8_t digest[SHA256_BYTES]);

/* Each of these makes the writer bad when there is no room. */
void move_message_write(struct tpm_writer *w, const struct move_message *m);
void move_who_write(struct tpm_writer *w, const struct move_who *who);
void move_offer_write(struct tpm_writer *w, const struct move_offer *o);
void move_challenge_write(struct tpm_writer *w, const struct move_challenge *c);
void move_answer_write(struct tpm_writer *w, const struct move_answer *a);
void move_cancellation_write(struct tpm_writer *w, const struct move_cancellation *c);
void move_crate_write(struct tpm_writer *w, const struct move_crate *c);
void move_package_write(struct tpm_writer *w, const struct move_package *p);
void move_receipt_write(struct tpm_writer *w, const struct move_receipt *r);

/* From a stranger, all of it; what they receive points into it.  Return: 0 or -EBADMSG. */
int move_message_read(struct move_bytes from, struct move_message *to);
int move_who_read(struct move_bytes from, struct move_who *to);
int move_offer_read(struct move_bytes from, struct move_offer *to);
int move_challenge_read(struct move_bytes from, struct move_challenge *to);
int move_answer_read(struct move_bytes from, struct move_answer *to);
int move_cancellation_read(struct move_bytes from, struct move_cancellation *to);
int move_crate_read(struct move_bytes from, struct move_crate *to);
int move_package_read(struct move_bytes from, struct move_package *to);
int move_receipt_read(struct move_bytes from, struct move_receipt *to);

#endif /* SKY_MOVE_MESSAGE_H */
