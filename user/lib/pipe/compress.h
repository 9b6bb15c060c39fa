/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compression of one generation at a time, where it helps.  A generation that does
 * not shrink is kept as it is, which a sample tells beforehand in most cases.
 */
#ifndef SKY_PIPE_COMPRESS_H
#define SKY_PIPE_COMPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sky_manifest.h"

#define DEFLATE_MIN_LEVEL	0
#define DEFLATE_MAX_LEVEL	12
#define ZSTD_MIN_LEVEL		1
#define ZSTD_MAX_LEVEL		19

/* How to compress: enum sky_compression and a level. */
struct compression {
	uint8_t scheme;
	int8_t level;
};

/**
 * compression_of_wbits() - The format that zlib's parameter of that name asks for.
 * @wbits: -15 to -8: SKY_DEFLATE_RAW; 8 to 15: SKY_DEFLATE_ZLIB; 24 to 31:
 *         SKY_DEFLATE_GZIP; the window is always the largest
 *
 * Return: enum sky_compression, or -EINVAL.
 */
int compression_of_wbits(int wbits);

/* Are scheme and level known? */
bool compression_valid(const struct compression *how);

/* What one thread needs; nothing is kept from one generation to the next. */
struct compressor;

/* Return: a compressor, which makes its contexts when they are first used, or NULL. */
struct compressor *compressor_new(void);

/* @c may be NULL. */
void compressor_free(struct compressor *c);

/**
 * compress_worth() - Does a sample shrink?
 * @c: compressor
 * @data: @len bytes
 * @len: any
 *
 * Looks at 32 KiB at most, from all parts of the data.
 *
 * Return: true when it does by a sixteenth, or when that cannot be found out.
 */
bool compress_worth(struct compressor *c, const void *data, size_t len);

/**
 * compress_run() - Compress if it is worth while.
 * @c: compressor
 * @how: valid
 * @in: @len bytes
 * @len: 1 to SKY_MAX_GENERATION
 * @out: room for @len bytes
 *
 * Return: bytes of @out, less than @len by a thirty-second at least; 0 when the
 * data are to be stored as they are; -ENOMEM.
 */
int compress_run(struct compressor *c, const struct compression *how, const void *in, size_t len,
		 void *out);

/* The same without the sample, for who has asked compress_worth() before. */
int compress_whole(struct compressor *c, const struct compression *how, const void *in, size_t len,
		   void *out);

/**
 * compress_undo() - The way back.
 * @c: compressor
 * @scheme: enum sky_compression, not SKY_PLAIN
 * @in: @len untrusted bytes
 * @len: how many
 * @out: room for @plain_len bytes; never more is written, whatever @in says
 * @plain_len: exactly what must come out
 *
 * Return: 0, -EBADMSG when @in is anything else, -EINVAL for an unknown scheme,
 * -ENOMEM.
 */
int compress_undo(struct compressor *c, int scheme, const void *in, size_t len, void *out,
		  size_t plain_len);

#endif /* SKY_PIPE_COMPRESS_H */
