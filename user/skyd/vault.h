/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The vault: the process that holds keys.  What it is asked for are calls of link.h; no key
 * leaves it but the lease of one bucket's and the signing key of one day.
 *
 * Answers besides those of vault_keys.h: -EACCES: not for this peer; -EINVAL: a kind, length
 * or text that makes no sense.
 */
#ifndef SKYD_VAULT_H
#define SKYD_VAULT_H

#include "io/sync.h"
#include "io/work.h"
#include "lease.h"
#include "lease_proof.h"
#include "link.h"
#include "role.h"
#include "vault_keys.h"

#define VAULT_URLS_MAX		64u	/* of one call */
#define VAULT_HEADERS_MAX	16u	/* of one URL */
#define VAULT_QUERY_MAX		4096u
#define VAULT_POLICY_MAX	20480u	/* of a form, and of a statement */
#define VAULT_LEASE_MS		3600000u
#define VAULT_LEASE_MOST	86400000u	/* ms that a host's lease is believed to last */

enum vault_number {
	VAULT_MAKE_KEY = 0x101,	/* backend: label -> wrapped; a random key of 32 bytes */
	VAULT_MAKE_SECRET,	/* backend: label of an API secret -> wrapped, secret as text */
	VAULT_WRAP,		/* backend: label of a credential, blob: the secret -> wrapped */
	VAULT_REWRAP,		/* backend: label, blob -> wrapped by the newest master key */
	VAULT_LEASE,		/* gateway: label of a bucket's key, blob, value: ms wanted ->
				 * secret: the key, value: ms it may be kept
				 */
	VAULT_DERIVE,		/* gateway: label of an API secret, blob, date, region, service ->
				 * secret: the signing key of Signature Version 4, 32 bytes
				 */
	VAULT_POINT,		/* backend, edge: -> blob: the public point of URLs to our edges */
	VAULT_PRESIGN,		/* backend: struct vault_presign -> struct vault_presigned */
	VAULT_ROTATE,		/* backend: -> value: the new epoch */
	VAULT_FORGET,		/* backend: value: an epoch whose secrets have been rewrapped */
	VAULT_STATUS,		/* parent, backend: -> struct vault_counts */
	VAULT_GRANT,		/* backend: name: an edge's id, 32 hexadecimal digits, blob: its
				 * public point, value: seconds since 1970 -> blob: the token of a
				 * grant (s3/grant.h), secret: the session's secret and then its
				 * access key, value: when it ends
				 */
	VAULT_DERIVE_POINT,	/* gateway: label of an API secret, blob -> blob: the point that
				 * verifies Signature Version 4A of that key
				 */
	VAULT_HOSTS,		/* backend: struct vault_hosts: all that hold a lease now */
	VAULT_GOVERN,		/* backend: struct vault_step -> struct vault_stepped */
	VAULT_CHECK_FORM,	/* gateway: label of an API secret, blob, text: a policy, mac: of it
				 * by Signature Version 2 -> value: 1 if the secret has made it
				 */
	VAULT_SESSION_STATE,	/* these: vault_session.h */
	VAULT_SESSION_TAKE,
	VAULT_SESSION_DROP,
	VAULT_SESSION_RELEASE,
	VAULT_STATEMENT,	/* backend: text: a statement of the verifier's (lease_proof.h), or
				 * nothing -> value: of this process; another one knows none
				 */
};

/* Of all but VAULT_PRESIGN; what an operation does not name is left empty. */
struct vault_ask {
	u8 kind;
	u64 owner;
	u64 number;
	struct rpc_bytes name;
	struct rpc_bytes blob;
	u64 value;
	struct rpc_bytes date;		/* eight digits */
	struct rpc_bytes region;
	struct rpc_bytes service;
	struct rpc_bytes text;
	struct rpc_bytes mac;
};

struct vault_give {
	struct rpc_bytes blob;
	struct rpc_bytes secret;
	u64 value;
};

struct vault_header {
	struct rpc_bytes name;
	struct rpc_bytes value;
};

/* A URL; with a credential it is signed by SigV4, without one by SigV4A for our edges. */
struct vault_url {
	struct rpc_bytes method;
	struct rpc_bytes path;		/* percent-coded */
	struct rpc_bytes query;		/* what is to be in it besides */
	const struct vault_header *headers;	/* Host among them; all are signed */
	u32 header_count;
	u32 expires;			/* seconds */
	struct rpc_bytes content_sha256;	/* hexadecimal; empty: any body */
	struct rpc_bytes access_key;
	struct rpc_bytes region;
	u64 owner;			/* of the credential, and the location's number */
	u64 location;
	struct rpc_bytes credential;	/* wrapped; empty: one of our edges */
};

struct vault_presign {
	const struct vault_url *urls;
	u32 count;
	u64 now;			/* seconds since 1970 */
};

struct vault_signed {
	u32 error;			/* positive errno; 0: */
	struct rpc_bytes query;
};

struct vault_presigned {
	const struct vault_signed *urls;
	u32 count;
};

/* A machine whose gateway may have keys (lease.h). */
struct vault_host {
	struct rpc_bytes name;
	u64 ms;				/* that it may still */
	struct rpc_bytes policy;	/* digest of that by which it was judged, or nothing */
};

struct vault_hosts {
	const struct vault_host *host;
	u32 count;
};

struct vault_counts {
	u64 calls;
	u64 refused;			/* calls that ended in an error */
	u64 leases;
	u64 derived;
	u64 urls;
	u64 masters;			/* master keys there are */
};

extern const struct rpc_schema vault_ask_schema, vault_give_schema, vault_presign_schema,
	vault_presigned_schema, vault_counts_schema, vault_hosts_schema;

struct vault {
	struct vault_keys *keys;
	struct secret memory;		/* that @keys lie in */
	struct secret pass;		/* nothing: the file is not wrapped */
	struct argon_cost cost;
	char *path;
	struct ecdsa_key *signer;
	struct io_pool *pool;		/* one thread, for signatures and the file */
	struct io_semaphore one;	/* who uses the pool, or changes the keys */
	struct vault_counts counts;
	u64 lease_ms;
	struct leases leases;		/* of hosts, as the backend has told */
	struct proofs proofs;		/* of those leases, as the verifier has signed */
	struct io_event told;		/* it has */
	void (*audit)(const char *line);
};

/*
 * Make a file with fresh keys, mode 0600; @pass NULL: not wrapped.
 * Return: 0; -EEXIST; -errno.
 */
int vault_create(const char *path, const struct secret *pass, const struct argon_cost *cost);

/**
 * vault_load - read the file, and be ready to serve
 * @vault:	receives it; vault_unload() after an error, too
 * @pass:	copied; NULL for none
 * @audit:	takes a line for each call; NULL for none
 *
 * Return: 0; -EPERM: others than its owner may read the file; as vault_keys_open(); -errno.
 */
int vault_load(struct vault *vault, const char *path, const struct secret *pass,
	       void (*audit)(const char *line));
void vault_unload(struct vault *vault);

/* What @vault serves to @peer. */
void vault_service(struct vault *vault, enum role peer, struct link_service *service);

/* vault_sign.c: the handlers of VAULT_PRESIGN, VAULT_GRANT and VAULT_CHECK_FORM. */
int vault_presign(struct link_request *request, const void *ask, void *give);
int vault_grant(struct link_request *request, const void *ask, void *give);
int vault_check_form(struct link_request *request, const void *ask, void *give);

/* vault_hosts.c: the handlers of VAULT_HOSTS and VAULT_STATEMENT; link_service.admit. */
int vault_hosts(struct link_request *request, const void *ask, void *give);
int vault_statement(struct link_request *request, const void *ask, void *give);
int vault_admit(struct link_request *request, const struct link_operation *op);
/*
 * How many ns the lease of a host lasts still; where a verifier signs, no longer than it has said.
 * 0: it holds none.  By which policy it was judged: LEASE_POLICY bytes, or NULL.
 */
int64_t vault_lease_left(const struct vault *vault, struct str host);
const u8 *vault_lease_policy(const struct vault *vault, struct str host);
/* Of @ms, as many as the lease of a host lasts, if it needs one. */
u64 vault_host_ms(const struct vault *vault, struct str host, u64 ms);

#endif /* SKYD_VAULT_H */
