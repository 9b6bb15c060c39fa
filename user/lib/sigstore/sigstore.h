/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signatures of sigstore and cosign, judged without a network.
 *
 * A bundle says who signed an artefact, when, and in which public log; a trusted root says whose
 * word on that counts.  Everything of a bundle is untrusted.  What is there is verified, whether
 * it is needed or not; only timestamps of authorities nobody here knows are passed over.
 *
 * Formats: sigstore's protobuf-specs (bundle v0.1 to v0.3, trusted root v0.1 and v0.2), DSSE v1,
 * in-toto Statement v0.1 and v1, RFC 3161, RFC 6962 (SCT), RFC 9162 2.1.3.2, C2SP signed-note
 * and tlog-checkpoint, Rekor's hashedrekord, dsse and intoto entries.
 */
#ifndef SKY_SIGSTORE_SIGSTORE_H
#define SKY_SIGSTORE_SIGSTORE_H

#include "base/str.h"

#define SIGSTORE_MAX_BYTES	(16u << 20)	/* of a bundle or a trusted root */
#define SIGSTORE_MAX_ENTRIES	32u		/* of the log, and timestamps, in one bundle */
#define SIGSTORE_MAX_IDENTITY	1024u
#define SIGSTORE_MAX_ISSUER	512u

/* Why a bundle was refused.  The names of sigstore_code_name() stay as they are. */
enum sigstore_code {
	SIGSTORE_OK,
	SIGSTORE_NO_MEMORY,
	SIGSTORE_REQUEST,		/* what was asked for makes no sense */
	SIGSTORE_BUNDLE_JSON,
	SIGSTORE_BUNDLE_FIELD,
	SIGSTORE_BUNDLE_VERSION,
	SIGSTORE_TRUST_JSON,
	SIGSTORE_TRUST_FIELD,
	SIGSTORE_MATERIAL,		/* certificate where a key is wanted, or the other way */
	SIGSTORE_CERTIFICATE_MALFORMED,
	SIGSTORE_CHAIN_ROOT,		/* the bundle brings a root of its own */
	SIGSTORE_KEY,			/* malformed, or of a kind that is not taken */
	SIGSTORE_CONTENT,		/* no signature, or two kinds of it */
	SIGSTORE_ENVELOPE,		/* not exactly one signature */
	SIGSTORE_PAYLOAD_TYPE,
	SIGSTORE_STATEMENT,
	SIGSTORE_SUBJECT,		/* the statement is about something else */
	SIGSTORE_DIGEST,		/* messageDigest is not the artefact's */
	SIGSTORE_ARTEFACT,		/* its digest alone does not do */
	SIGSTORE_SIGNATURE,
	SIGSTORE_TIMESTAMP_MALFORMED,
	SIGSTORE_TIMESTAMP_MISMATCH,	/* it is about other bytes */
	SIGSTORE_TIMESTAMP_SIGNATURE,
	SIGSTORE_TIMESTAMP_OUTSIDE,	/* its authority was not trusted then */
	SIGSTORE_TIME_MISSING,
	SIGSTORE_LOG_MISSING,
	SIGSTORE_LOG_UNKNOWN,
	SIGSTORE_LOG_OUTSIDE,
	SIGSTORE_PROMISE_MISSING,
	SIGSTORE_PROMISE,
	SIGSTORE_PROOF_MISSING,
	SIGSTORE_PROOF,
	SIGSTORE_CHECKPOINT_MISSING,
	SIGSTORE_CHECKPOINT_MALFORMED,
	SIGSTORE_CHECKPOINT_MISMATCH,
	SIGSTORE_CHECKPOINT_SIGNATURE,
	SIGSTORE_ENTRY_MALFORMED,
	SIGSTORE_ENTRY_KIND,
	SIGSTORE_ENTRY_MISMATCH,	/* the log's entry is about another signature */
	SIGSTORE_CERTIFICATE_EXPIRED,	/* not valid at a verified time */
	SIGSTORE_CERTIFICATE_UNTRUSTED,
	SIGSTORE_CERTIFICATE_PURPOSE,
	SIGSTORE_SCT_MISSING,
	SIGSTORE_SCT,
	SIGSTORE_IDENTITY_MISSING,	/* the certificate does not say who */
	SIGSTORE_IDENTITY,
	SIGSTORE_ISSUER,
	SIGSTORE_PREDICATE,		/* a statement of a type that does not count; admission.h */
	SIGSTORE_POLICY,		/* see admission.h */
	SIGSTORE_REVIEW,
	SIGSTORE_CODES,
};

/* A refusal: its code, and a sentence that names the object. */
struct sigstore_fault {
	enum sigstore_code code;
	char text[256];
};

/* "subject-mismatch"; never NULL. */
const char *sigstore_code_name(enum sigstore_code code);

/* --- whom to believe ---------------------------------------------------------------------- */

struct sigstore_trust;

/**
 * sigstore_trust_parse() - Read a trusted_root.json.
 * @text: untrusted in form; what it says is believed
 * @trust: receives it
 * @f: receives why not
 *
 * Keys of a kind that is not known here, authorities without certificates and keys without a
 * beginning of their validity are kept as unusable: whatever depends on them is refused.
 *
 * Return: 0, -EKEYREJECTED or -ENOMEM with @f.
 */
int sigstore_trust_parse(struct str text, struct sigstore_trust **trust, struct sigstore_fault *f);
void sigstore_trust_free(struct sigstore_trust *trust);

struct sigstore_key;

/**
 * sigstore_key_parse() - Read a public key in PEM.
 *
 * ECDSA over P-256, P-384 and P-521, Ed25519, RSA of 2048 to 8192 bits (PKCS#1 v1.5).
 *
 * Return: as sigstore_trust_parse().
 */
int sigstore_key_parse(struct str pem, struct sigstore_key **key, struct sigstore_fault *f);
void sigstore_key_free(struct sigstore_key *key);

/* --- what is signed ----------------------------------------------------------------------- */

enum sigstore_hash { SIGSTORE_SHA256, SIGSTORE_SHA384, SIGSTORE_SHA512, SIGSTORE_HASHES };

struct sigstore_artefact {
	bool known[SIGSTORE_HASHES];		/* digests that are there */
	uint8_t digest[SIGSTORE_HASHES][64];	/* 32, 48 and 64 bytes are used */
	struct str data;			/* all of it, for Ed25519; .at is NULL: not there */
	char *owned;
};

/* Of bytes that stay where they are.  Return: 0 or -EIO. */
int sigstore_artefact_memory(struct sigstore_artefact *a, struct str data);

/**
 * sigstore_artefact_file() - Of a file.
 *
 * It is read once; up to SIGSTORE_MAX_BYTES of it are kept, so that larger ones cannot have
 * been signed by Ed25519.
 *
 * Return: 0 or -errno.
 */
int sigstore_artefact_file(struct sigstore_artefact *a, const char *path);

/* Of "sha256:" and 64 hexadecimal digits (sha384, sha512 alike).  Return: 0 or -EINVAL. */
int sigstore_artefact_digest(struct sigstore_artefact *a, struct str text);
void sigstore_artefact_free(struct sigstore_artefact *a);

/* --- verifying ---------------------------------------------------------------------------- */

struct sigstore_bundle;

/* Return: as sigstore_trust_parse(). */
int sigstore_bundle_parse(struct str text, struct sigstore_bundle **bundle,
			  struct sigstore_fault *f);
void sigstore_bundle_free(struct sigstore_bundle *bundle);

struct sigstore_want {
	/*
	 * Needed for a bundle with a certificate.  NULL with @key: times and log are not looked
	 * at, and the result says so.
	 */
	const struct sigstore_trust *trust;
	const struct sigstore_key *key;		/* the signer's; NULL: a certificate says who */
	const char *identity;			/* exactly this SAN; NULL: any */
	const char *issuer;			/* exactly this OIDC issuer; NULL: any */
	/*
	 * Seconds since 1970; used only for a key's bundle that has no verified time, whose log
	 * must be trusted now.  0: the system's clock.
	 */
	int64_t now;
};

/* What is proven.  Of a refused bundle only @fault means anything. */
struct sigstore_result {
	struct sigstore_fault fault;
	char identity[SIGSTORE_MAX_IDENTITY + 1];	/* "": a key */
	char issuer[SIGSTORE_MAX_ISSUER + 1];
	int64_t time[2 * SIGSTORE_MAX_ENTRIES];		/* seconds since 1970, verified */
	unsigned int times;
	bool logged;					/* its entry is in a log of the root */
	int64_t log_index;				/* of the first entry */
	char predicate[256];				/* type, of a statement; else "" */
};

/**
 * sigstore_verify() - Was this artefact signed by whom is wanted?
 * @b: a bundle
 * @a: what it should be about
 * @w: whom to believe and who should have signed
 * @r: receives what is proven, or why nothing is
 *
 * A pure function but for the clock (see @w->now); several threads may use the same bundle,
 * trust and key at once.
 *
 * Return: 0, -EKEYREJECTED or -ENOMEM with @r->fault.
 */
int sigstore_verify(const struct sigstore_bundle *b, const struct sigstore_artefact *a,
		    const struct sigstore_want *w, struct sigstore_result *r);

/**
 * sigstore_verify_plain() - A signature without a bundle, as `cosign sign-blob --key` prints it.
 * @signature: base64, white space around it allowed
 *
 * Return: as sigstore_verify(); nothing is known of times and logs.
 */
int sigstore_verify_plain(struct str signature, const struct sigstore_artefact *a,
			  const struct sigstore_key *key, struct sigstore_fault *f);

#endif /* SKY_SIGSTORE_SIGSTORE_H */
