/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signature Version 4 (AWS General Reference, "Signing AWS API requests"; S3 API
 * Reference, "Authenticating Requests"), and its asymmetric form SigV4A.
 *
 * A server takes three steps: sig_parse() reads what a request claims, the caller
 * finds the key of that access key, sig_verify() checks.  A client has its headers
 * in a table and calls sig_authorization() or sig_presign().
 */
#ifndef SKY_S3_SIG_H
#define SKY_S3_SIG_H

#include "crypto/ecdsa.h"
#include "crypto/hmac.h"
#include "error.h"
#include "http/head.h"
#include "http/uri.h"

#define SIG_EXPIRES_MAX		604800u		/* seconds: a week */
#define SIG_SKEW_MAX		900		/* seconds: S3's own limit */
#define SIG_HEX_MAX		(2 * ECDSA_DER_MAX)
#define SIG_QUERY_MAX		64u		/* parameters of a query */
#define SIG_CLAIM_TEXT		1024u
#define SIG_SCOPE_MAX		192u

enum sig_algorithm {
	SIG_HMAC,		/* AWS4-HMAC-SHA256 */
	SIG_ECDSA,		/* AWS4-ECDSA-P256-SHA256 */
};

enum sig_place {
	SIG_ANONYMOUS,		/* the request claims nothing */
	SIG_HEADER,		/* Authorization */
	SIG_QUERY,		/* pre-signed */
	SIG_FORM,		/* a form of a browser: see post.h */
};

/* What x-amz-content-sha256 says of the body. */
enum sig_payload {
	SIG_PAYLOAD_HASH,		/* its SHA-256, which the caller compares at the end */
	SIG_PAYLOAD_UNSIGNED,
	SIG_PAYLOAD_CHUNKS,		/* aws-chunked, each chunk signed */
	SIG_PAYLOAD_CHUNKS_TRAILER,
	SIG_PAYLOAD_UNSIGNED_TRAILER,	/* aws-chunked with a checksum, unsigned */
};

struct sig_header {
	struct str name;		/* any case */
	struct str value;
};

/* A request as both sides see it. */
struct sig_message {
	struct str method;
	struct str prefix;		/* of the path: what a proxy took off, or none */
	struct str path;		/* as it was sent: begins with "/", percent-coded */
	struct str query;		/* as it was sent, or none */
	const struct sig_header *headers;
	unsigned int count;
};

struct sig_scope {
	struct str access_key;
	struct str date;		/* eight digits */
	struct str region;		/* none with SIG_ECDSA */
	struct str service;
	struct str whole;		/* from the date to "aws4_request" */
};

/* What a request claims.  Texts lie in the request or in @text: not to be copied. */
struct sig_claim {
	enum sig_place place;
	enum sig_algorithm algorithm;
	enum sig_payload payload;
	struct sig_scope scope;
	struct str signed_headers;	/* lower case, with ";" between them */
	struct str signature;		/* hexadecimal */
	struct str date;		/* as in X-Amz-Date */
	int64_t time;			/* the same in seconds */
	uint64_t expires;		/* seconds; with SIG_QUERY only */
	struct str content_sha256;	/* for the last line of the canonical request */
	struct str region_set;		/* with SIG_ECDSA only */
	struct str token;		/* X-Amz-Security-Token as it was sent; at NULL: none */
	bool version2;			/* with SIG_FORM only: see s3_post_parse() */
	char text[SIG_CLAIM_TEXT];
};

/* Where and when a request is judged. */
struct sig_rules {
	struct str region;		/* none: any */
	struct str service;		/* "s3" */
	int64_t now;			/* seconds */
	int64_t skew;			/* seconds; SIG_SKEW_MAX */
};

/* One of the two, as the claim's algorithm asks. */
struct sig_key {
	const struct hmac_key *hmac;	/* from sig_derive() */
	struct ecdsa_key *ecdsa;
};

void sig_message_from(const struct http_head *h, const struct uri *u,
		      struct sig_header table[HTTP_FIELDS_MAX], struct sig_message *m);
bool sig_find(const struct sig_message *m, struct str name, struct str *value);
const char *sig_algorithm_name(enum sig_algorithm algorithm);

enum s3_code sig_parse(const struct sig_message *m, const struct sig_rules *rules,
		       struct sig_claim *claim, struct s3_fault *f);
enum s3_code sig_verify(const struct sig_message *m, const struct sig_claim *claim,
			const struct sig_key *key, struct s3_fault *f);

bool sig_scope_parse(struct str credential, enum sig_algorithm algorithm, struct sig_scope *s);
enum s3_code sig_wrong_region(const struct sig_claim *c, struct str want, struct s3_fault *f);
bool sig_region_in_set(struct str set, struct str region);
enum s3_code sig_scope_check(struct sig_claim *c, struct str credential,
			     const struct sig_rules *rules, struct s3_fault *f);
enum s3_code sig_version_2(struct s3_fault *f);
void sig_derive(struct str secret, struct str date, struct str region, struct str service,
		struct hmac_key *key);
int sig_derive_ecdsa(struct str secret, struct str access_key, uint8_t scalar[P256_SCALAR_BYTES]);

void sig_canonical(struct out *o, const struct sig_message *m, struct str signed_headers,
		   struct str content_sha256, bool slashes);
bool sig_digest(const struct sig_message *m, const struct sig_claim *claim, bool slashes,
		uint8_t digest[SHA256_BYTES]);
size_t sig_string_to_sign(const struct sig_claim *claim, const uint8_t digest[SHA256_BYTES],
			  char *to, size_t size);
enum s3_code sig_check(const struct sig_key *key, enum sig_algorithm algorithm,
		       struct str string_to_sign, struct str signature);
int sig_make(const struct sig_key *key, enum sig_algorithm algorithm, struct str string_to_sign,
	     char hex[SIG_HEX_MAX]);

/* Who signs as a client. */
struct sig_signer {
	enum sig_algorithm algorithm;
	struct str access_key;
	struct str region;		/* with SIG_ECDSA the region set, "*" for all */
	struct str service;
	int64_t now;			/* seconds */
	struct sig_key key;		/* for that day, region and service */
};

int sig_authorization(struct out *o, const struct sig_signer *s, const struct sig_message *m,
		      struct str content_sha256);
int sig_presign(struct out *o, const struct sig_signer *s, const struct sig_message *m,
		uint32_t expires, struct str token, struct str content_sha256);

#endif /* SKY_S3_SIG_H */
