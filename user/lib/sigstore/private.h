/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this room share. */
#ifndef SKY_SIGSTORE_PRIVATE_H
#define SKY_SIGSTORE_PRIVATE_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/cleanup.h"
#include "json.h"
#include "sigstore.h"

#define SIG_SHA256	32u
#define SIG_CHAIN_MAX	8u		/* certificates of one authority or bundle */
#define SIG_PROOF_MAX	64u		/* hashes of a proof: levels of a tree of 2^64 */

/* --- fault.c: fill in a fault.  Return: -EKEYREJECTED, or -ENOMEM. */
int sig_refuse(struct sigstore_fault *f, enum sigstore_code code, const char *fmt, ...)
	__attribute__((__format__(__printf__, 3, 4)));
int sig_no_memory(struct sigstore_fault *f);

/* --- hash.c */

extern const char *const sig_hash_words[];	/* protobuf's, from 1 on; see sig_hash_of() */

/* enum sigstore_hash for protobuf's number, or for "sha256"; -1: not taken. */
int sig_hash_of(int number);
int sig_hash_named(struct str name);
size_t sig_hash_bytes(enum sigstore_hash h);
const EVP_MD *sig_hash_md(enum sigstore_hash h);
/* Several pieces as one.  False: OpenSSL cannot. */
bool sig_sha256(const struct str *pieces, unsigned int count, uint8_t digest[SIG_SHA256]);
bool sig_is_hex(struct str hex, const void *bytes, size_t len);
bool sig_is(struct str s, const void *bytes, size_t len);

/* --- key.c */

struct sigstore_key {
	EVP_PKEY *key;
	struct str spki;		/* DER; malloc */
};

/* Is it one of those that sigstore_key_parse() takes? */
bool sig_key_taken(EVP_PKEY *key);
/* DER of a SubjectPublicKeyInfo, whole; NULL: it is none. */
EVP_PKEY *sig_key_der(struct str der);
/* The digest that signers of such a key use. */
enum sigstore_hash sig_key_hash(EVP_PKEY *key);
bool sig_key_is_ed25519(EVP_PKEY *key);

enum sig_verdict { SIG_BAD, SIG_GOOD, SIG_NEEDS_DATA, SIG_NEEDS_DIGEST };

/* @a: the message: its digests, or all of it for Ed25519. */
enum sig_verdict sig_key_verify(EVP_PKEY *key, enum sigstore_hash h,
				const struct sigstore_artefact *a, struct str signature);
/* The same for a message in memory, with SHA-256 where there is a digest. */
bool sig_key_verify_text(EVP_PKEY *key, struct str message, struct str signature);

/* --- trust.c */

/* Seconds since 1970, both inclusive; .to is INT64_MAX for ever. */
struct sig_period {
	int64_t from, to;
};

static inline bool sig_in(const struct sig_period *p, int64_t t)
{
	return t >= p->from && t <= p->to;
}

/* Of a log of signatures or of certificates. */
struct sig_log {
	struct str id;			/* 32 bytes */
	struct str note_id;		/* of its checkpoints; the first 4 bytes count */
	EVP_PKEY *key;			/* NULL: cannot be used, because of @why */
	const char *why;
	struct str spki;
	struct sig_period valid;
};

/* Fulcio, or one for timestamps; the chain is the signer's first. */
struct sig_authority {
	struct stack_st_X509 *chain;		/* NULL: cannot be used */
	struct sig_period valid;
};

/* DER of one certificate, whole; NULL: it is none. */
X509 *sig_certificate(struct str der);

struct sigstore_trust {
	struct doc doc;
	struct sig_log *tlog, *ctlog;
	struct sig_authority *ca, *tsa;
	unsigned int tlogs, ctlogs, cas, tsas;
};

/* --- bundle.c */

struct sig_proof {
	int64_t index, size;
	struct str root, checkpoint;
	struct str *hash;
	unsigned int hashes;
};

struct sig_entry {
	int64_t index, time;		/* logIndex, integratedTime; time 0: none */
	struct str log_id, kind, version;
	struct str promise;		/* SET; .at is NULL: none */
	struct str body;
	bool proven;			/* there is a proof */
	struct sig_proof proof;
};

struct sigstore_bundle {
	struct doc doc;
	int version;			/* 1 to 3, of 0.1 to 0.3 */
	X509 *leaf;			/* NULL: a key's bundle */
	struct str leaf_der;
	struct str hint;
	struct sig_entry *entry;
	struct str *timestamp;
	unsigned int entries, timestamps;
	struct str signature;
	/* A message's. */
	bool hashed;			/* messageDigest is there */
	enum sigstore_hash hash;
	struct str digest;
	/* An envelope's; .at is NULL: a message. */
	struct str payload, payload_type;
};

/* --- what is being verified: verify.c makes it, the steps fill it in */

struct sig_case {
	const struct sigstore_bundle *b;
	const struct sigstore_want *w;
	const struct sigstore_artefact *a;
	EVP_PKEY *key;			/* the signer's */
	struct str spki;		/* of it, in a key's case */
	struct sigstore_artefact message;	/* what was signed: the artefact, or the PAE */
	struct sigstore_result *r;
};

/* --- statement.c: the pre-authentication encoding (malloc), and what the payload is about */
char *sig_pae(struct str type, struct str payload, size_t *len);
int sig_check_statement(struct sig_case *c);

/* --- stamp.c: times of RFC 3161 */
int sig_check_timestamps(struct sig_case *c);
int sig_add_time(struct sig_case *c, int64_t t);

/* --- log.c */
int sig_check_promises(struct sig_case *c);
int sig_check_inclusion(struct sig_case *c);

/* --- note.c */

struct sig_checkpoint {
	struct str origin, root;	/* the root in base64 */
	int64_t size;
};

int sig_checkpoint_open(struct str note, const struct sig_log *log, struct sig_checkpoint *cp,
			struct sigstore_fault *f);

/* --- entry.c */
int sig_check_entry(struct sig_case *c, const struct sig_entry *e);

/* --- cert.c */
int sig_check_certificate(struct sig_case *c);
/* --- sct.c: @issuer is the leaf's, from the chain that was verified. */
int sig_check_sct(struct sig_case *c, X509 *issuer);
/* --- identity.c */
int sig_check_identity(struct sig_case *c);

#endif /* SKY_SIGSTORE_PRIVATE_H */
