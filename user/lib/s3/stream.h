/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bodies in aws-chunked: each chunk signed after the one before, or unsigned with
 * a checksum behind (S3 API Reference, "Transferring Payload in Multiple Chunks",
 * "Including Trailing Headers").
 *
 * Data is handed out before the signature of its chunk is known.  Nothing may
 * become visible to anybody before STREAM_DONE.
 */
#ifndef SKY_S3_STREAM_H
#define SKY_S3_STREAM_H

#include "http/chunked.h"
#include "http/date.h"
#include "sig.h"

#define STREAM_CHUNK_MIN	8192u	/* bytes of every chunk but the last */
#define STREAM_VALUE_MAX	128u

enum stream_event {
	STREAM_MORE,		/* all input is used */
	STREAM_DATA,		/* a piece of the object: data */
	STREAM_DONE,		/* complete, and all signatures are right */
	STREAM_BAD,		/* see fault */
};

/* What a chunk's signature is made of, besides the chunk. */
struct stream_chain {
	enum sig_algorithm algorithm;
	struct sig_key key;
	char date[AMZ_DATE_LEN + 1];
	char scope[SIG_SCOPE_MAX];
	char previous[SIG_HEX_MAX + 1];
};

struct s3_stream {
	struct chunk_scan scan;
	struct stream_chain chain;
	struct str data;
	struct s3_fault fault;
	uint64_t expected;	/* bytes of the object */
	uint64_t decoded;	/* bytes of it so far */
	struct sha256_state hash;
	struct sha256_state trailer_hash;
	bool is_signed;
	bool has_trailer;	/* one was announced; of signed forms, is signed, too */
	bool small;		/* a chunk below STREAM_CHUNK_MIN was seen */
	bool last;		/* the empty chunk was */
	bool trailer_seen;
	bool trailer_signed;
	uint8_t blanks;		/* empty lines among the trailers */
	char announced[64];	/* as in x-amz-trailer, in lower case */
	char value[STREAM_VALUE_MAX];	/* of the trailer, once it has been seen */
	char given[SIG_HEX_MAX + 1];	/* signature of the chunk at hand */
};

enum s3_code s3_stream_init(struct s3_stream *s, const struct sig_claim *claim,
			    const struct sig_key *key, struct str decoded_length,
			    struct str trailer);
enum stream_event s3_stream_next(struct s3_stream *s, struct str *in);
enum s3_code s3_stream_end(struct s3_stream *s);

int stream_chain_init(struct stream_chain *c, const struct sig_signer *s, struct str signature);
int stream_write_chunk(struct out *o, struct stream_chain *c, uint64_t size,
		       const uint8_t digest[SHA256_BYTES]);
int stream_write_trailer(struct out *o, struct stream_chain *c, struct str name,
			 struct str value);
uint64_t stream_length(const struct stream_chain *c, uint64_t size, uint64_t chunk,
		       size_t trailer);

#endif /* SKY_S3_STREAM_H */
