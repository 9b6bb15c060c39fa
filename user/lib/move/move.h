/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A volume moves from host A to host B, each with a TPM, and lives on one of them at most.
 *
 *	B offers	who it is (endorsement and attestation key, certificate), what it runs
 *			(quote, logs), its counter
 *	A challenges	with a secret that only a TPM with both keys can read
 *	B answers	that it has read it: its attestation key is in the TPM of which the maker
 *			vouches for the endorsement key
 *	A freezes	once it has judged B: the volume is closed, its key wiped here, what is
 *			sealed to this TPM revoked, the counter raised.  Before that, the key is in
 *			a crate that B's TPM alone can open, and stays there: A has no way back
 *	A packages	the crate, signed
 *	B accepts	it keeps the key, raises its counter, and signs that it did; epoch + 1
 *	A destroys	what is left, and signs that
 *
 * Until A freezes, all can be cancelled: by A always, by B alone as long as it has not answered,
 * and then with A's word that it has not frozen and will not.
 *
 * Each step may be killed anywhere and done again, with the same result, towards the same host
 * only.  What each side has to remember is in its journal, and its TPM's counter tells when
 * somebody has put an older journal back.  The steps know neither files nor TPMs: all that is
 * done is behind struct move_ops.
 *
 *	journal		may it be used here?	step that goes on
 *	none		yes			offer, challenge
 *	none, counter	no			offer
 *	asked		yes			freeze for that host, cancel
 *	kept		yes			offer, challenge
 *	offered		no			answer, cancel
 *	answered	no			accept, cancel with A's word
 *	withdrawing	no			cancel
 *	withdrawn	no			offer
 *	accepting	no			accept, of the same package
 *	accepted	yes			challenge
 *	freezing	no			freeze, for the same host
 *	frozen		no			package, destroy
 *	destroying	no			destroy
 *	destroyed	no			offer
 */
#ifndef SKY_MOVE_MOVE_H
#define SKY_MOVE_MOVE_H

#include "base/secret.h"
#include "message.h"

#define MOVE_WHY		512u
#define MOVE_JOURNAL_MAX	(2u * MOVE_BODY_MAX)
#define MOVE_OFFER_AGE		3600000000ull	/* microseconds */

enum move_state {
	MOVE_NONE,
	MOVE_OFFERED,
	MOVE_ACCEPTING,
	MOVE_ACCEPTED,
	MOVE_FREEZING,
	MOVE_FROZEN,
	MOVE_DESTROYING,
	MOVE_DESTROYED,
	MOVE_ASKED,
	MOVE_KEPT,
	MOVE_ANSWERED,
	MOVE_WITHDRAWING,
	MOVE_WITHDRAWN,
	MOVE_STATES,
};

/* "none", "offered", ... */
const char *move_state_name(enum move_state s);

/* Of this host. */
struct move_identity {
	uint8_t ek[MOVE_AREA_MAX], ak[MOVE_AREA_MAX];	/* TPMT_PUBLIC */
	size_t ek_len, ak_len;
	uint8_t cert[MOVE_CERT_MAX];
	size_t cert_len;
};

/* PCRs as they are quoted, with the logs that explain them. */
struct move_evidence {
	uint32_t mask;			/* of SHA-256 */
	uint8_t pcr[TPM_PCRS * SHA256_BYTES];
	struct move_bytes log, ima;	/* @ctx owns them */
};

struct move_quote {
	uint8_t message[MOVE_QUOTE_MAX], signature[MOVE_QUOTE_MAX];
	size_t message_len, signature_len;
};

/* What makes a volume. */
struct move_volume {
	struct secret key;
	uint64_t epoch, least;
	uint8_t root[MOVE_ROOT_BYTES];
};

/* All return 0 or -errno; what changes something may be called again after it was done. */
struct move_ops {
	/* The journal, whole.  load: -ENOENT: there is none.  save: durable, or not at all. */
	int (*load)(void *ctx, uint8_t *to, size_t max, size_t *len);
	int (*save)(void *ctx, const uint8_t *from, size_t len);

	/* This host's TPM. */
	int (*identity)(void *ctx, struct move_identity *to);
	int (*evidence)(void *ctx, struct move_evidence *to);
	/* PCRs of @mask, 0: any. */
	int (*quote)(void *ctx, uint32_t mask, const uint8_t nonce[SHA256_BYTES],
		     struct move_quote *to);
	int (*activate)(void *ctx, struct move_bytes credential, struct move_bytes secret,
			uint8_t *to, size_t size, size_t *len);
	/* The volume's own counter.  read: -ENOENT: there is none.  define: it has a value then. */
	int (*counter_read)(void *ctx, uint64_t *value);
	int (*counter_define)(void *ctx);
	int (*counter_increment)(void *ctx);
	/* One that is made after that begins above it. */
	int (*counter_remove)(void *ctx);
	int (*random)(void *ctx, void *to, size_t len);
	int (*now)(void *ctx, uint64_t *us);

	/* The volume.  @to->key is wiped by the caller. */
	int (*take)(void *ctx, struct move_volume *to);
	int (*close)(void *ctx);
	/* Nothing on this host, and nothing that was kept of it, gives the key up any more. */
	int (*revoke)(void *ctx);
	int (*keep)(void *ctx, const struct move_volume *v);
	int (*erase)(void *ctx);

	/* Is B a host that may have it?  Its quote was verified.  @pcrs: as quoted. */
	int (*judge)(void *ctx, const struct move_who *who, const struct move_offer *o,
		     const struct move_message *m, char why[MOVE_WHY]);
	/* Into the ledger, once at least: action, and the digest of the signed body. */
	int (*tell)(void *ctx, const char *action, const uint8_t digest[SHA256_BYTES]);
	void *ctx;
};

struct move {
	const struct move_ops *ops;
	uint8_t volume[MOVE_ID_BYTES];
	char why[MOVE_WHY];		/* what is wrong, for people */
};

/*
 * Every step below: 0, or
 *
 *	-EBADMSG	what was brought cannot be read, or the journal
 *	-EKEYREJECTED	it is not signed by whom it should be, or was altered
 *	-EXDEV		it is for another host, or another volume
 *	-EACCES		B is no host that may have the volume
 *	-ETIME		the offer is too old
 *	-EEXIST		a fork: the volume was frozen for another host, or another package accepted
 *	-ESTALE		a rewind: the journal is older than the TPM's counter
 *	-EPROTO		it is not this step's turn
 *	-EMSGSIZE	@w has no room
 *	-errno		of what is behind struct move_ops
 *
 * with m->why.  @w receives the message.
 */

/* B.  @from: Name of A's attestation key. */
int move_offer(struct move *m, const uint8_t from[MOVE_NAME_BYTES], struct tpm_writer *w);
/* A; the challenge */
int move_challenge(struct move *m, struct move_bytes offer, struct tpm_writer *w);
/* B; the answer */
int move_answer(struct move *m, struct move_bytes challenge, struct tpm_writer *w);
/* A */
int move_freeze(struct move *m, struct move_bytes offer, struct move_bytes answer);
int move_package(struct move *m, struct tpm_writer *w);
/* B; the acceptance */
int move_accept(struct move *m, struct move_bytes package, struct tpm_writer *w);
/* A; the destruction */
int move_destroy(struct move *m, struct move_bytes acceptance, struct tpm_writer *w);

/**
 * move_cancel() - The volume stays where it is.
 * @m: the volume
 * @from: at A: the answer of a host that is to be told so, or nothing for the one that was asked
 * last; at B: A's cancellation, or nothing while there was no answer
 * @w: at A: receives the cancellation
 *
 * Return: as the steps; -EPROTO, too: it is too late.
 */
int move_cancel(struct move *m, struct move_bytes from, struct tpm_writer *w);

struct move_status {
	enum move_state state;
	uint64_t epoch, counter;	/* of the journal */
	uint8_t id[SHA256_BYTES];	/* of the last move, or of the one that is asked for */
	uint8_t peer[MOVE_NAME_BYTES];
};

/* Return: 0, -EBADMSG, -ESTALE with @to, or -errno. */
int move_look(struct move *m, struct move_status *to);

/**
 * move_may_use() - May the volume be opened on this host?
 * @m: the volume
 *
 * Return: 0; -EPERM: it is on its way, or gone; -ESTALE; -errno.
 */
int move_may_use(struct move *m);

#endif /* SKY_MOVE_MOVE_H */
