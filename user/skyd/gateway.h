/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gateway: what its requests share, and the data path below them.  It keeps nothing that
 * anybody could miss: any number of gateways may serve the same buckets.
 */
#ifndef SKYD_GATEWAY_H
#define SKYD_GATEWAY_H

#include "config.h"
#include "crypto/hash.h"
#include "io/sync.h"
#include "io/work.h"
#include "link.h"
#include "meta.h"
#include "s3/checksum.h"

struct gateway_keys;		/* auth.c: signing keys, leases of buckets' keys */
struct gateway_slots;		/* slots.c: generations that may be sent */
struct gateway_places;		/* places.c: an http_origin for each location */
struct gateway_coders;		/* coders.c: coders by shape, encoders and decoders for use */
struct near;			/* near.c: ways to edges of this machine */
struct cache;			/* cache.c: generations that were read or written */
struct cache_teller;		/* cache_tell.c: what the backend is told of it, and says */

/* move.c: fragments that leave a location. */
struct gateway_moves {
	u64 moved, bytes, failed;	/* by this gateway */
	u64 total, left, stuck;		/* by all, as the backend has said last */
	u64 unnamed, deleted, lost, made;	/* of scrubs, likewise */
};

struct gateway {
	const struct config *config;
	struct link *backend, *vault, *resolver;
	struct io_pool *pool;		/* CPU work of more than about 50 us */
	struct io_semaphore memory;	/* in units of 64 KiB: what all bodies may have at once */
	struct io_semaphore documents;	/* of 16 KiB: whole documents of those who have signed; */
	struct io_semaphore strangers;	/* of those who have not, or not yet */
	struct gateway_keys *keys;
	struct gateway_slots *slots;
	struct gateway_places *places;
	struct gateway_coders *coders;
	struct near *near;		/* NULL: none */
	struct digests *digests;	/* digest.c: hashes of uploads, several at once */
	struct cache *cache;		/* NULL: there is none */
	struct io_group *repairs;	/* fibers that outlive a request: late fragments, repair */
	unsigned int repairing;		/* of those, how many repair */
	struct gateway_moves moves;
};

/* --- keys of buckets: auth.c ------------------------------------------------------- */

/**
 * gateway_lease - the key of a bucket, as VAULT_LEASE gives it
 * @policy:	of the bucket: team, bucket and the wrapped key
 * @key:	receives it; to be wiped
 *
 * Kept as long as the vault allows; asks it at most once at a time for each bucket.
 *
 * Return: 0; what the vault said; -ETIMEDOUT, -ECANCELED, -ECONNRESET.
 */
int gateway_lease(struct gateway *g, const struct meta_policy *policy, u8 key[32],
		  int64_t deadline);

/* --- what the data path keeps: data_path.c ----------------------------------------- */

/*
 * Fill in places, coders and slots; @memory in bytes.  config, backend, pool and repairs are
 * set before.  Return: 0 or -ENOMEM.
 */
int data_path_open(struct gateway *g, u64 memory);
/* Begin what is done unasked, in the group of @repairs.  Return: 0 or -ENOMEM. */
int data_path_start(struct gateway *g);
/* When no fiber is in the data path any more: after the group of @repairs has ended. */
void data_path_close(struct gateway *g);

/*
 * slots.c.  What to write into meta_open.slots for a body of @size bytes (UINT64_MAX: not
 * known), so that no question of its own is needed; and where to give what META_OPEN answered.
 */
u8 slots_wanted(struct gateway *g, struct rpc_bytes bucket, u64 size);
void slots_give(struct gateway *g, struct rpc_bytes bucket, const struct meta_policy *policy,
		const struct meta_slots *slots);

/* --- key of a body: body_key.c ----------------------------------------------------- */

/*
 * What encrypts a body: a random key and a random id.  Under the bucket's key they are
 * meta_object.key, with the bucket and the object's name as additional data.
 */
struct body_key {
	u8 key[32];
	u8 object[16];			/* struct owner of coder.h: from bucket and name */
	u8 version[16];			/* drawn anew for each body, or upload */
};

#define BODY_KEY_WRAPPED_MAX	128u

/*
 * Draw one and wrap it.  Return: bytes, or -errno; may ask the vault for a lease.
 */
int body_key_make(struct gateway *g, const struct meta_policy *policy, struct str name,
		  struct body_key *key, u8 wrapped[BODY_KEY_WRAPPED_MAX], int64_t deadline);
/* The reverse: 0, -EKEYREJECTED when it is another object's, or -errno. */
int body_key_open(struct gateway *g, const struct meta_policy *policy, struct str name,
		  struct rpc_bytes wrapped, struct body_key *key, int64_t deadline);

/* How an object goes with the cache; zeroes: not at all. */
struct cache_use {
	bool wanted;
	bool alone;			/* its name has no other body: no versions */
	u64 place;			/* cache_place() */
	u64 bucket, policy;		/* numbers */
	u64 dropped;			/* cache.dropped when its request began */
};

/* --- writing a body: pipe_put.c ---------------------------------------------------- */

/*
 * Where a body comes from: up to @len bytes, 0 at its end, or -errno, or meta_status().  What
 * has been read counts only when 0 has been returned: signatures of chunks, checksums and
 * lengths are checked by then.
 */
struct pipe_source {
	ssize_t (*read)(struct pipe_source *s, void *to, size_t len);
};

struct pipe_put {
	const struct meta_caller *caller;
	struct rpc_bytes bucket;
	const struct meta_policy *policy;
	const struct body_key *key;
	u32 part;			/* tags are over (u64)part << 32 | number: meta_page.part */
	struct pipe_source *source;
	u64 size_hint;			/* bytes, or UINT64_MAX */
	enum s3_checksum checksum;	/* to be computed besides MD5; or S3_NO_CHECKSUM */
	struct cache_use cache;		/* as long as the body is not too large for it */
	int64_t patience;		/* ns for each step: a question, a fragment; 0: the usual */

	/* Results: what META_COMMIT takes. */
	u64 size;
	u8 md5[S3_MD5_BYTES];
	struct s3_checksum_value value;
	u32 generations;
	u64 piece;
	void *records;			/* a page; freed by pipe_put_free() */
	u32 records_len;
	struct meta_claim *claim;
	u32 claims;
};

/**
 * pipe_put - read a body, and have a quorum of its fragments durable
 *
 * While one generation is being sent the next is read, hashed, compressed, encrypted and coded;
 * gateway.memory bounds what all requests have in flight, and the source is not read meanwhile.
 * Fragments beyond the quorum are finished in the background for a short while.  Nothing is
 * visible: the caller commits, or calls pipe_put_drop().
 *
 * Return: 0; what the source returned; meta_status() or -errno of a call; -EIO (S3 SlowDown) when
 * too few locations can be written.
 */
int pipe_put(struct gateway *g, struct pipe_put *put);
/* Not committed: give up a piece, forget the rest (its reservation expires). */
void pipe_put_drop(struct gateway *g, struct pipe_put *put);
void pipe_put_free(struct pipe_put *put);

/* --- reading a body: pipe_get.c ---------------------------------------------------- */

/* Takes the bytes in their order; 0 or -errno, which ends it. */
struct pipe_sink {
	int (*write)(struct pipe_sink *s, const void *data, size_t len);
};

struct pipe_get {
	const struct meta_object *object;	/* with the page of @offset, if it has one */
	const struct body_key *key;
	u64 offset, length;			/* within the body */
	struct pipe_sink *sink;
	struct cache_use cache;
	int64_t patience;			/* as in struct pipe_put */
};

/**
 * pipe_get - read a range
 *
 * Asks k + hedge locations for each generation, more when one is slow, fails or is wrong; the
 * generations that the range needs only.  Some are fetched ahead while one is being sent.  What
 * is written to the sink is authentic.  Fragments that were missing or wrong are rebuilt and put
 * back in the background.
 *
 * Return: 0; what the sink returned; -EBADMSG or -ENODATA when too few locations have it, with
 * a line in the log; -errno.
 */
int pipe_get(struct gateway *g, const struct pipe_get *get);

#endif /* SKYD_GATEWAY_H */
