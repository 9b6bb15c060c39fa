// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libdeflate.h>
#include <zstd.h>

#include <linux/kernel.h>

#include "compress.h"

/* Pieces of the sample, and bytes of each. */
#define SAMPLE_PIECES	8
#define SAMPLE_PIECE	4096

/* The least saving, of a sample and of a generation: one in so many bytes. */
#define SAMPLE_SAVING	16
#define LEAST_SAVING	32

#define SEEN		4096u		/* what 20 bits less of a hash may be */

struct compressor {
	struct libdeflate_compressor *deflate[DEFLATE_MAX_LEVEL + 1];
	struct libdeflate_decompressor *inflate;
	ZSTD_CCtx *zstd;
	ZSTD_DCtx *unzstd;
	uint32_t seen[SEEN];		/* words of the sample, by their hash */
	uint8_t sample[SAMPLE_PIECES * SAMPLE_PIECE];
	uint8_t shrunk[SAMPLE_PIECES * SAMPLE_PIECE];
};

typedef size_t deflate_fn(struct libdeflate_compressor *c, const void *in, size_t in_len,
			  void *out, size_t room);
typedef enum libdeflate_result inflate_fn(struct libdeflate_decompressor *d, const void *in,
					  size_t in_len, void *out, size_t out_len,
					  size_t *used, size_t *made);

static const struct {
	deflate_fn *deflate;
	inflate_fn *inflate;
} formats[] = {
	[SKY_DEFLATE_RAW] = { libdeflate_deflate_compress, libdeflate_deflate_decompress_ex },
	[SKY_DEFLATE_ZLIB] = { libdeflate_zlib_compress, libdeflate_zlib_decompress_ex },
	[SKY_DEFLATE_GZIP] = { libdeflate_gzip_compress, libdeflate_gzip_decompress_ex },
};

int compression_of_wbits(int wbits)
{
	if (wbits >= -15 && wbits <= -8)
		return SKY_DEFLATE_RAW;
	if (wbits >= 8 && wbits <= 15)
		return SKY_DEFLATE_ZLIB;
	if (wbits >= 24 && wbits <= 31)
		return SKY_DEFLATE_GZIP;
	return -EINVAL;
}

bool compression_valid(const struct compression *how)
{
	switch (how->scheme) {
	case SKY_PLAIN:
		return true;
	case SKY_DEFLATE_RAW:
	case SKY_DEFLATE_ZLIB:
	case SKY_DEFLATE_GZIP:
		return how->level >= DEFLATE_MIN_LEVEL && how->level <= DEFLATE_MAX_LEVEL;
	case SKY_ZSTD:
		return how->level >= ZSTD_MIN_LEVEL && how->level <= ZSTD_MAX_LEVEL;
	}
	return false;
}

struct compressor *compressor_new(void)
{
	return calloc(1, sizeof(struct compressor));
}

void compressor_free(struct compressor *c)
{
	size_t i;

	if (!c)
		return;
	for (i = 0; i < ARRAY_SIZE(c->deflate); i++)
		libdeflate_free_compressor(c->deflate[i]);
	libdeflate_free_decompressor(c->inflate);
	ZSTD_freeCCtx(c->zstd);
	ZSTD_freeDCtx(c->unzstd);
	explicit_bzero(c, sizeof(*c));
	free(c);
}

static struct libdeflate_compressor *deflate_at(struct compressor *c, int level)
{
	if (!c->deflate[level])
		c->deflate[level] = libdeflate_alloc_compressor(level);
	return c->deflate[level];
}

/*
 * Does no byte stand out?  The squares of the shares of all bytes sum up to 2^-H2, and H2 is
 * never above Shannon's entropy: below 2^-7.5 no code for single bytes saves a sixteenth.
 */
static bool is_even(const uint8_t *p, size_t len)
{
	uint32_t count[4][256] = { { 0 } };
	uint64_t squares = 0;
	size_t i;

	for (i = 0; i + 4 <= len; i += 4) {
		count[0][p[i]]++;
		count[1][p[i + 1]]++;
		count[2][p[i + 2]]++;
		count[3][p[i + 3]]++;
	}
	for (; i < len; i++)
		count[0][p[i]]++;
	for (i = 0; i < 256; i++) {
		uint64_t n = count[0][i] + count[1][i] + count[2][i] + count[3][i];

		squares += n * n;
	}
	return squares * 181 < (uint64_t)len * len;
}

/*
 * Do words come again?  Only those are looked at that begin with one of eight bytes, which is
 * one in 32 where no byte stands out, and what comes again has them at the same places.  A
 * sixteenth saved by copies, even by short ones, would be one found in 512 bytes; half of that
 * counts.
 */
static bool has_copies(struct compressor *c, const uint8_t *p, size_t len)
{
	const size_t enough = len / 1024;
	size_t i, found = 0;
	uint32_t word, hash;

	memset(c->seen, 0, sizeof(c->seen));
	for (i = 0; i + 4 <= len && found <= enough; i++) {
		if (p[i] % 32)
			continue;
		memcpy(&word, p + i, sizeof(word));
		hash = (word * 2654435761u) >> 20;
		found += c->seen[hash] == word;
		c->seen[hash] = word;
	}
	return found > enough;
}

bool compress_worth(struct compressor *c, const void *data, size_t len)
{
	struct libdeflate_compressor *fast = deflate_at(c, 1);
	const void *sample = data;
	size_t i, step;

	if (!fast)
		return true;
	if (len > sizeof(c->sample)) {
		step = (len - SAMPLE_PIECE) / (SAMPLE_PIECES - 1);
		for (i = 0; i < SAMPLE_PIECES; i++)
			memcpy(c->sample + i * SAMPLE_PIECE, (const uint8_t *)data + i * step,
			       SAMPLE_PIECE);
		sample = c->sample;
		len = sizeof(c->sample);
	}
	/* What is packed or encrypted already is known without trying. */
	if (is_even(sample, len) && !has_copies(c, sample, len))
		return false;
	return libdeflate_deflate_compress(fast, sample, len, c->shrunk,
					   len - len / SAMPLE_SAVING);
}

static size_t run_zstd(struct compressor *c, int level, const void *in, size_t len, void *out,
		       size_t room)
{
	size_t made = ZSTD_compressCCtx(c->zstd, out, room, in, len, level);

	return ZSTD_isError(made) ? 0 : made;
}

int compress_whole(struct compressor *c, const struct compression *how, const void *in, size_t len,
		   void *out)
{
	const size_t room = len - DIV_ROUND_UP(len, LEAST_SAVING);
	struct libdeflate_compressor *deflate;

	if (how->scheme == SKY_PLAIN)
		return 0;
	if (how->scheme == SKY_ZSTD) {
		if (!c->zstd)
			c->zstd = ZSTD_createCCtx();
		return c->zstd ? (int)run_zstd(c, how->level, in, len, out, room) : -ENOMEM;
	}
	deflate = deflate_at(c, how->level);
	return deflate ? (int)formats[how->scheme].deflate(deflate, in, len, out, room) : -ENOMEM;
}

int compress_run(struct compressor *c, const struct compression *how, const void *in, size_t len,
		 void *out)
{
	if (how->scheme == SKY_PLAIN || !compress_worth(c, in, len))
		return 0;
	return compress_whole(c, how, in, len, out);
}

static int undo_zstd(struct compressor *c, const void *in, size_t len, void *out, size_t plain_len)
{
	if (!c->unzstd)
		c->unzstd = ZSTD_createDCtx();
	if (!c->unzstd)
		return -ENOMEM;
	return ZSTD_decompressDCtx(c->unzstd, out, plain_len, in, len) == plain_len ? 0 : -EBADMSG;
}

int compress_undo(struct compressor *c, int scheme, const void *in, size_t len, void *out,
		  size_t plain_len)
{
	enum libdeflate_result result;
	size_t used;

	if (scheme == SKY_ZSTD)
		return undo_zstd(c, in, len, out, plain_len);
	if (scheme < SKY_DEFLATE_RAW || scheme > SKY_DEFLATE_GZIP)
		return -EINVAL;
	if (!c->inflate)
		c->inflate = libdeflate_alloc_decompressor();
	if (!c->inflate)
		return -ENOMEM;
	/* Without a place for the length, no other length is a success. */
	result = formats[scheme].inflate(c->inflate, in, len, out, plain_len, &used, NULL);
	return result == LIBDEFLATE_SUCCESS && used == len ? 0 : -EBADMSG;
}
