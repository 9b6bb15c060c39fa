/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pre-signed URLs of our own, on both sides.  They are of two forms: SigV4A, and SigV4 under
 * a grant (s3/grant.h), which costs the edge one ECDSA signature for each grant.  Both bind
 * method, host, path and query, and for PUT Content-Length and the SHA-256 of the body; both carry
 * X-Sky-Nonce, 32 hexadecimal digits, under the signature, and are good for a minute at most.
 * That a nonce is used once is edge_spent.h's.
 */
#ifndef SKYD_EDGE_AUTH_H
#define SKYD_EDGE_AUTH_H

#include "edge_spent.h"
#include "s3/grant.h"
#include "s3/sig.h"

#define EDGE_URL_LIFE	60u		/* seconds */
#define EDGE_URL_SKEW	10		/* seconds that two of our clocks may differ */
#define EDGE_GRANTS	64u		/* verified ones that an edge keeps */
#define EDGE_SIGN_MAX	64u

struct edge_auth;

/* Texts and keys last as long as the struct edge_auth. */
struct edge_auth_config {
	uint8_t edge[GRANT_EDGE_BYTES];
	uint8_t scalar[P256_SCALAR_BYTES];	/* the edge's own key */
	struct ecdsa_key *signer;		/* the backend's, public */
	struct str access_key;			/* that of SigV4A */
	struct str host;			/* as in Host */
	struct str region;
};

/* What a request that was let in may do. */
struct edge_ticket {
	uint8_t nonce[EDGE_NONCE_BYTES];
	int64_t issued, expires;	/* seconds since 1970 */
	struct str name;		/* of the fragment; lies in the path; none: a list */
	uint64_t len;			/* PUT: bytes of the body, */
	uint8_t sha256[SHA256_BYTES];	/* and its digest */
};

/* Return: 0 or -ENOMEM. */
int edge_auth_open(struct edge_auth **auth, const struct edge_auth_config *config);
void edge_auth_close(struct edge_auth *auth);

/**
 * edge_auth_check - may a request be done?
 * @m:		the request
 * @now:	seconds since 1970
 * @ticket:	filled in
 * @f:		says why when it is refused
 *
 * The nonce is not looked at: edge_auth_spend() comes next.
 *
 * Return: S3_OK, or the code to refuse it with.
 */
enum s3_code edge_auth_check(struct edge_auth *auth, const struct sig_message *m, int64_t now,
			     struct edge_ticket *ticket, struct s3_fault *f);

/**
 * edge_auth_spend - use a ticket, which works once
 *
 * Before anything is answered edge_spent_sync() has to return 0.
 */
enum s3_code edge_auth_spend(struct edge_spent *spent, const struct edge_ticket *ticket,
			     int64_t now, struct s3_fault *f);

/* --- the other side ------------------------------------------------------- */

/* Signs for one edge; to be wiped.  Texts are the caller's. */
struct edge_signer {
	enum sig_algorithm algorithm;
	struct str host;
	struct str region;
	struct str access_key;
	struct ecdsa_key *key;			/* with SIG_ECDSA */
	int64_t expires;			/* of the grant */
	struct grant_session session;
	char token[GRANT_TEXT_MAX + 1];
	size_t token_len;
	char date[8];				/* the day of what follows; 0: not made yet */
	struct hmac_key hmac;
	char scope[SIG_SCOPE_MAX];
	char credential[3 * (GRANT_KEY_LEN + SIG_SCOPE_MAX)];	/* with the scope, encoded */
	char coded_token[3 * GRANT_TEXT_MAX];
	size_t scope_len, credential_len, coded_len;
	uint8_t nonce[EDGE_SIGN_MAX][EDGE_NONCE_BYTES];	/* drawn ahead */
	unsigned int nonces;		/* of them that were not used yet */
};

/**
 * edge_signer_grant - begin to sign under a new grant
 * @s:		host and region are set
 * @key:	the backend's
 *
 * Return: 0, -EINVAL for a bad point, -EIO.
 */
int edge_signer_grant(struct edge_signer *s, struct ecdsa_key *key,
		      const uint8_t edge[GRANT_EDGE_BYTES],
		      const uint8_t edge_point[P256_POINT_BYTES], int64_t now);

/*
 * The same with a grant that somebody else has issued, who knows the key: @expires is the
 * grant's.  A token that is too long is none, and what is signed with it good for nothing.
 */
void edge_signer_use(struct edge_signer *s, struct str token,
		     const struct grant_session *session, int64_t expires);

struct edge_url {
	struct str method;
	struct str name;		/* of the fragment; none: GET of a list */
	struct str list;		/* what is to be listed: "list-type=2&prefix=a" */
	uint64_t len;			/* PUT only */
	struct str sha256;		/* PUT only: hexadecimal */
	struct out query;		/* empty; receives what follows "/NAME?" */
};

/**
 * edge_sign - make URLs
 * @life:	seconds, 1 to EDGE_URL_LIFE; under a grant no longer than that lasts
 * @url:	@count of them, at most EDGE_SIGN_MAX
 *
 * Return: 0; -ETIME when the grant has less than a second left; -EINVAL; -ENOSPC for a query
 * that does not fit; -EIO.
 */
int edge_sign(struct edge_signer *s, int64_t now, uint32_t life, struct edge_url *url,
	      unsigned int count);

#endif /* SKYD_EDGE_AUTH_H */
