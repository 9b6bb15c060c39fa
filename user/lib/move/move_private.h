/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the steps share. */
#ifndef SKY_MOVE_MOVE_PRIVATE_H
#define SKY_MOVE_MOVE_PRIVATE_H

#include "move.h"

/* What one host remembers of one volume. */
struct move_journal {
	enum move_state state;
	uint8_t volume[MOVE_ID_BYTES];
	uint64_t counter;		/* that the TPM has in this state; 0: none */
	uint64_t epoch;			/* of the volume */
	uint8_t id[SHA256_BYTES];	/* of the move */
	uint8_t crate_digest[SHA256_BYTES];
	uint8_t peer[MOVE_NAME_BYTES];	/* Name of the other host's attestation key */
	uint8_t peer_ak[MOVE_AREA_MAX];	/* of B, at A */
	size_t peer_ak_len;
	/* At B: struct move_who; at A: struct move_challenge, and then struct move_crate. */
	uint8_t part[MOVE_BODY_MAX];
	size_t part_len;
	/* At A, asked or kept: none or accepted, to which all above but part belongs. */
	enum move_state was;
	bool fresh;			/* at B: the counter was made for this offer */
	struct move_asked {		/* zeros: nobody was */
		uint8_t id[SHA256_BYTES];
		uint8_t challenge[SHA256_BYTES];	/* digest of its body */
		uint8_t proof[SHA256_BYTES];	/* digest of the one that is waited for */
		uint8_t peer[MOVE_NAME_BYTES];
	} asked;
};

/* Where the volume stands, apart from a host that was asked and may yet be told no. */
static inline enum move_state move_basis(const struct move_journal *j)
{
	return j->state == MOVE_ASKED || j->state == MOVE_KEPT ? j->was : j->state;
}

/* Set m->why.  Return: @rc. */
__attribute__((__format__(__printf__, 3, 4)))
int move_fail(struct move *m, int rc, const char *fmt, ...);

/*
 * The journal, and whether it is that which the counter knows.  The states in which the counter is
 * about to rise, or to be removed, accept both; @risen tells that it was done.
 */
int move_load(struct move *m, struct move_journal *j, bool *risen);
int move_save(struct move *m, const struct move_journal *j);
/* The counter is there, and the journal has its value.  @made: there was none. */
int move_count(struct move *m, struct move_journal *j, bool *made);
/* The counter rises, unless it has; the journal's value is then the new one. */
int move_raise(struct move *m, struct move_journal *j, bool risen);

/* Sign a body, and write the message around it. */
int move_sign(struct move *m, enum move_kind kind, struct move_bytes body,
	      const struct move_evidence *e, struct tpm_writer *w);

/* A message of that kind, whose quote is by @ak and over its body. */
int move_open(struct move *m, struct move_bytes from, enum move_kind kind,
	      struct move_message *to);
int move_verify(struct move *m, const struct move_message *msg, const struct tpm_public *ak);

/* Public area, and its Name. */
int move_public(struct move *m, struct move_bytes area, struct tpm_public *p,
		uint8_t name[MOVE_NAME_BYTES]);

/* Additional data of the sealed key: all of the crate in front of it. */
void move_crate_aad(const struct move_crate *c, uint8_t aad[SHA256_BYTES]);

/* The Name of this host's attestation key, and @self. */
int move_self(struct move *m, struct move_identity *self, uint8_t name[MOVE_NAME_BYTES]);

/* from.c: an offer for this host, apart from whether it may have the volume. */
struct move_offered {
	struct move_message msg;
	struct move_offer offer;
	struct move_who who;
	struct tpm_public ek, ak;	/* of B */
	uint8_t peer[MOVE_NAME_BYTES];
	uint8_t id[SHA256_BYTES];
};
int move_offer_take(struct move *m, struct move_bytes from, struct move_identity *self,
		    struct move_offered *to);

/* prove.c: is @answer what was asked for?  Otherwise -EKEYREJECTED, or another of the steps'. */
int move_prove(struct move *m, const struct move_journal *j, const struct move_offered *o,
	       struct move_bytes answer);

/* Both hosts' receipts: of one move, with the next epoch. */
int move_receipt_sign(struct move *m, enum move_kind kind, const struct move_journal *j,
		      const char *action, struct tpm_writer *w);

#endif /* SKY_MOVE_MOVE_PRIVATE_H */
