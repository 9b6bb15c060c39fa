/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a generation to its fragments, and back from any k of them.
 *
 * Compressed where it helps, encrypted with AES-256-GCM, split into k symbols, coded
 * into n.  Where the code is systematic the ciphertext is written straight into the
 * first k fragments, and read straight out of them.
 */
#ifndef SKY_PIPE_CODER_H
#define SKY_PIPE_CODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compress.h"
#include "crypto/aead.h"
#include "fragment.h"
#include "manifest.h"
#include "rlnc/rlnc.h"

#define CODER_KEY_BYTES	RLNC_SEED_KEY_SIZE

/* Of a generation, as in its record. */
struct shape {
	uint8_t k, n;
	uint8_t mode;		/* enum sky_fragment_mode */
	uint8_t flags;		/* enum sky_fragment_flags */
};

/* --- coders: coder.c ------------------------------------------------------------ */

/* What all generations of a shape share: constant, for any number of threads. */
struct coder {
	struct shape shape;
	bool has_key;
	uint8_t key[CODER_KEY_BYTES];	/* of the coefficients of dense generations */
	struct rlnc_code *code;		/* systematic */
	struct rlnc_plan *parity;	/* rows k to n - 1 from the first k; NULL: none */
};

/**
 * coder_new() - Prepare for a shape.
 * @coder: receives the coder; the caller frees it
 * @shape: k, n, mode and flags
 * @key: CODER_KEY_BYTES, from which the coefficients of dense generations are drawn;
 *       may be NULL where none are, or where they are in the fragments and nothing
 *       is encoded here
 *
 * Return: 0, -EINVAL for a bad shape, -ENOKEY where a key would be needed, -ENOMEM.
 */
int coder_new(struct coder **coder, const struct shape *shape, const uint8_t *key);

/* Wipes the key; @coder may be NULL. */
void coder_free(struct coder *coder);

/* Is it for the shape that this record has? */
bool coder_fits(const struct coder *coder, const struct record *r);

/**
 * coder_mixed() - The matrix of one dense generation.
 * @coder: with a key
 * @generation: its id
 * @mixed: rlnc_code_size(k, n) bytes
 *
 * Return: 0, or -ENOKEY.
 */
int coder_mixed(const struct coder *coder, const uint8_t *generation, struct rlnc_code *mixed);

/* Whose generation it is; nothing is owned. */
struct owner {
	struct aead *aead;		/* under the object's key */
	const uint8_t *object;		/* SKY_ID_BYTES */
	const uint8_t *version;		/* SKY_ID_BYTES */
	uint64_t number;		/* of the generation in the object */
};

/* What the tag is over besides the ciphertext. */
void generation_aad(struct sky_generation_aad *aad, const struct owner *owner,
		    const struct record *r);

/* --- encoding: encode.c ----------------------------------------------------------- */

/* Memory to encode one generation after the other; one thread at a time. */
struct encoder {
	const struct coder *coder;	/* not owned */
	struct compressor *compressor;	/* not owned */
	size_t max_plain;
	uint8_t *memory;		/* the fragments, @stride bytes each */
	size_t stride, head;
	uint8_t *packed;		/* compressed; NULL until it is needed */
	uint8_t *symbols;		/* the k of a dense generation, or NULL */
	struct rlnc_code *mixed;	/* matrix of a dense generation, or NULL */
	struct rlnc_plan *plan;		/* for that */
	size_t fragment_bytes;		/* of each, after encoding */
};

/* Return: 0, -EINVAL unless 1 <= @max_plain <= SKY_MAX_GENERATION, -ENOMEM. */
int encoder_init(struct encoder *e, const struct coder *coder, struct compressor *compressor,
		 size_t max_plain);

/* Wipes what was compressed; may be called after a failed encoder_init(). */
void encoder_free(struct encoder *e);

/**
 * encode_begin() - Draw id and IV for a generation.
 * @r: receives them, the shape of @coder, and no locations
 *
 * Return: 0, or a negative errno of the random generator.
 */
int encode_begin(struct record *r, const struct coder *coder);

/**
 * encode() - Compress, encrypt and code.
 * @e: memory; encode_fragment() gives the result until the next call
 * @owner: whose generation it is
 * @how: compression
 * @plain: @len bytes
 * @len: 1 to the encoder's max_plain
 * @r: as encode_begin() left it; receives lengths, compression and tag
 *
 * A record is encoded once: the same IV under the same key would give away both
 * messages.
 *
 * Return: 0, -EINVAL, -ENOKEY, -ENOMEM, or -EIO when OpenSSL cannot.
 */
int encode(struct encoder *e, const struct owner *owner, const struct compression *how,
	   const void *plain, size_t len, struct record *r);

/*
 * Where the ciphertext of an encoded generation is: k symbols, of which all that are full are as
 * long as fragment_symbol_bytes() says.  As long as the fragments.
 */
void encode_symbols(const struct encoder *e, const struct record *r,
		    const uint8_t *symbols[SKY_MAX_K]);

/* The fragment of a row, e->fragment_bytes long, aligned to 64 bytes. */
static inline const uint8_t *encode_fragment(const struct encoder *e, unsigned int row)
{
	return e->memory + row * e->stride;
}

/* --- decoding: decode.c ------------------------------------------------------------ */

/* Combinations that are tried when the tag does not fit, at most. */
#define DECODE_TRIES	256

/* Bytes that came from the location of a row. */
struct piece {
	const uint8_t *data;
	size_t len;
	uint8_t row;
	bool bad;		/* result: not what was written, for certain */
};

/* Memory to decode one generation after the other; one thread at a time. */
struct decoder {
	const struct coder *coder;	/* not owned */
	struct compressor *compressor;	/* not owned */
	size_t max_plain;
	uint8_t *packed;		/* compressed; NULL until it is needed */
	uint8_t *symbols;		/* k rebuilt ones and one more; NULL until needed */
	struct rlnc_code *mixed;	/* matrix of a dense generation */
	struct rlnc_plan *plan;
	bool planned;			/* the plan is for systematic rows @have */
	uint8_t have[SKY_MAX_K];
	struct fragment fragment[SKY_MAX_N];
	uint8_t source[SKY_MAX_N];	/* which piece a fragment was */
	unsigned int count;		/* of fragments that are left */
	unsigned int tries;		/* combinations tried in the last decode() */
	const uint8_t *symbol[SKY_MAX_K]; /* result: the ciphertext, as encode_symbols() has it */
};

int decoder_init(struct decoder *d, const struct coder *coder, struct compressor *compressor,
		 size_t max_plain);
void decoder_free(struct decoder *d);

/**
 * decode() - Give back the plain bytes from any k fragments.
 * @d: memory
 * @owner: whose generation it is
 * @r: its record, which fits the coder
 * @pieces: what came, of different rows; @bad is set for each that is found wrong
 * @count: how many; those beyond k are used only if the tag does not fit
 * @out: room for the record's plain_bytes; undefined after an error
 *
 * When the tag does not fit, fragments with a wrong sum are left out first, then one
 * after the other, then two, and so on, until it fits or DECODE_TRIES combinations
 * are through; what then differs from the true fragments is marked.
 *
 * Return: 0, -ENODATA with less than k usable fragments, -EBADMSG when no
 * combination is authentic, -EINVAL for a record that does not fit, -ENOKEY,
 * -ENOMEM, or -EIO when OpenSSL cannot.
 */
int decode(struct decoder *d, const struct owner *owner, const struct record *r,
	   struct piece *pieces, size_t count, void *out);

/**
 * decode_cipher() - Give back the plain bytes from the whole ciphertext.
 * @d: memory
 * @owner: whose generation it is
 * @r: its record, which fits the coder
 * @cipher: the record's stored_bytes, which may be anything
 * @out: room for the record's plain_bytes; undefined after an error
 *
 * Return: 0, -EBADMSG when it is not authentic, -EINVAL for a record that does not fit,
 * -ENOMEM, or -EIO when OpenSSL cannot.
 */
int decode_cipher(struct decoder *d, const struct owner *owner, const struct record *r,
		  const void *cipher, void *out);

/* --- repair without a key: recode.c -------------------------------------------------- */

/**
 * recode() - The fragment of one row from those of any k others, still encrypted.
 * @coder: of the shape, with or without a key
 * @generation: id that the fragments must have
 * @row: which is wanted, below the coder's n
 * @pieces: fragments of different rows, at least k good ones
 * @count: how many; those beyond k must agree with the first k
 * @out: receives the fragment, as long as the others
 *
 * Return: bytes of the fragment, -ENODATA with less than k usable ones, -EBADMSG
 * when one does not agree with the others, -EINVAL, -ENOMEM.
 */
int recode(const struct coder *coder, const uint8_t *generation, unsigned int row,
	   const struct piece *pieces, size_t count, void *out);

#endif /* SKY_PIPE_CODER_H */
