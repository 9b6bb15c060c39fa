/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MD5 and SHA-256 of many streams at once: each stream is one lane of the vector
 * registers, so that up to LANES of them advance by a block together.  A hash of
 * one stream cannot be made faster in this way, those of sixteen uploads or of
 * the fragments of one generation can.  Streams of different lengths join and
 * leave at any block.
 *
 * The lanes idea is that of Gueron and Krasnov, Simultaneous Hashing of Multiple
 * Messages (2012).  libipsec-mb, which has it for SHA-256, takes no message of
 * more than 64 KiB and none in pieces.
 */
#ifndef SKY_CRYPTO_LANES_H
#define SKY_CRYPTO_LANES_H

#include <stddef.h>
#include <stdint.h>

#include "hash.h"

#define LANES		16
#define LANES_BLOCK	64

enum lanes_kind {
	LANES_MD5,
	LANES_SHA256,
	LANES_KINDS,
};

/* A stream that is being hashed: plain data, to be copied and forgotten freely. */
struct lanes_stream {
	uint32_t state[8];		/* four words of them for MD5 */
	uint64_t bytes;			/* so far */
	uint8_t partial[LANES_BLOCK];	/* bytes % LANES_BLOCK of them wait here */
	uint8_t kind;			/* enum lanes_kind */
};

/* Bytes that come next in a stream. */
struct lanes_job {
	struct lanes_stream *stream;
	const void *data;
	size_t len;			/* any */
};

/**
 * lanes_init() - Choose the back end of both hashes.
 * @name: "avx512", "avx2" or "scalar" (OpenSSL), or NULL for the fastest that
 *        runs here, which is also what is used without this call
 *
 * Call while no stream is being hashed.
 *
 * Return: 0, -ENOENT when there is no such back end, -ENODEV when this CPU or
 * operating system cannot run it.
 */
int lanes_init(const char *name);

/* Name of the back end in use. */
const char *lanes_backend_name(void);

/* Name of back end @i in order of falling speed, or NULL past the last. */
const char *lanes_backend_at(unsigned int i);

/* Start a stream. */
void lanes_begin(struct lanes_stream *s, enum lanes_kind kind);

/**
 * typedef lanes_next_fn - Where jobs come from while others are being done.
 * @arg: as given to lanes_run()
 *
 * Asked for all lanes at first, then whenever one has become free.  A stream has
 * at most one job in a run.
 *
 * Return: the next job, whose data stay valid until lanes_run() returns, or NULL
 * when there is none at present.  A run ends when all it was given is done.
 */
typedef struct lanes_job *lanes_next_fn(void *arg);

/**
 * lanes_run() - Hash until there is no more to do.
 * @kind: of all streams
 * @next: gives the jobs
 * @arg: for @next
 *
 * Any number of threads may do this at once, each with its own streams.
 */
void lanes_run(enum lanes_kind kind, lanes_next_fn *next, void *arg);

/* The same with @count jobs of streams of one @kind, each stream once. */
void lanes_update(enum lanes_kind kind, struct lanes_job *jobs, size_t count);

/**
 * lanes_end() - The digests of @count streams of one kind.
 * @kind: of all streams
 * @streams: must be begun again before they are used again
 * @digests: HASH_MD5_BYTES or HASH_SHA256_BYTES for each
 * @count: any
 */
void lanes_end(enum lanes_kind kind, struct lanes_stream *const streams[],
	       uint8_t *const digests[], size_t count);

/**
 * lanes_digest() - The digests of @count buffers.
 * @kind: which digest
 * @data: @count buffers
 * @lens: bytes of each
 * @digests: as in lanes_end()
 * @count: any
 */
void lanes_digest(enum lanes_kind kind, const void *const data[], const size_t lens[],
		  uint8_t *const digests[], size_t count);

#endif /* SKY_CRYPTO_LANES_H */
