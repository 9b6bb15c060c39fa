// SPDX-License-Identifier: GPL-2.0-or-later
/* The parts of skyd's data path, each by itself, beside what it is to be ahead of. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#include "bench.h"
#include "crypto/aead.h"
#include "crypto/crc.h"
#include "crypto/lanes.h"
#include "pipe/compress.h"
#include "pipe_bench.h"

#define ROUNDS		9
#define BUFFER		(256u << 10)	/* of each stream */
#define GENERATION	(4u << 20)

/* Compressed level 9 at some MB/s: of less than a generation. */
#define SHORT		(512u << 10)

struct parts {
	uint8_t *data[LANES], *out;
	uint8_t digest[LANES][HASH_MAX_BYTES];
	struct aead *aead;
	struct compressor *compressor;
	struct compression how;
	enum lanes_kind lanes;
	enum crc_kind crc;
	size_t bytes;			/* of the generation that is compressed */
};

typedef size_t part_fn(struct parts *p);

/* Medians of two in turns, GB/s of what they say to have done. */
static void in_turns(struct parts *p, part_fn *one, part_fn *other, double *a, double *b)
{
	double va[ROUNDS], vb[ROUNDS];
	uint64_t start;
	size_t n;
	int i;

	one(p);
	for (i = 0; i < ROUNDS; i++) {
		start = bench_cpu_ns();
		n = one(p);
		va[i] = (double)n / (bench_cpu_ns() - start);
		start = bench_cpu_ns();
		n = other(p);
		vb[i] = (double)n / (bench_cpu_ns() - start);
	}
	*a = bench_median(va, ROUNDS);
	*b = bench_median(vb, ROUNDS);
}

static size_t hash_many(struct parts *p)
{
	const void *data[LANES];
	uint8_t *digests[LANES];
	size_t lens[LANES];
	int i;

	for (i = 0; i < LANES; i++) {
		data[i] = p->data[i];
		digests[i] = p->digest[i];
		lens[i] = BUFFER;
	}
	lanes_digest(p->lanes, data, lens, digests, LANES);
	return (size_t)LANES * BUFFER;
}

static size_t hash_one(struct parts *p)
{
	hash_once(p->lanes == LANES_MD5 ? HASH_MD5 : HASH_SHA256, p->data[0], BUFFER, p->digest[0]);
	return BUFFER;
}

static void bench_hashes(struct bench_report *report, struct parts *p)
{
	static const char *const names[] = { "MD5 of 16 streams", "SHA-256 of 16 streams" };
	double many, one;

	for (p->lanes = LANES_MD5; p->lanes < LANES_KINDS; p->lanes++) {
		in_turns(p, hash_many, hash_one, &many, &one);
		bench_report_add(report, &(struct bench_result){
			.name = names[p->lanes], .value = many, .unit = "GB/s",
			.peer = "OpenSSL, one", .peer_value = one, .target = 1,
		});
	}
}

static size_t crc_fast(struct parts *p)
{
	uint64_t crc = 0;
	int i;

	for (i = 0; i < LANES; i++)
		crc = crc_update(p->crc, crc, p->data[i], BUFFER);
	p->digest[0][0] = crc;
	return (size_t)LANES * BUFFER;
}

static size_t crc_slow(struct parts *p)
{
	p->digest[0][0] = crc64nvme_table(0, p->data[0], BUFFER);
	return BUFFER;
}

static void bench_crcs(struct bench_report *report, struct parts *p)
{
	static const char *const names[] = { "CRC-32", "CRC-32C", "CRC-64/NVME" };
	double fast, table;

	for (p->crc = CRC_32; p->crc < CRC_KINDS; p->crc++) {
		in_turns(p, crc_fast, crc_slow, &fast, &table);
		bench_report_add(report, &(struct bench_result){
			.name = names[p->crc], .value = fast, .unit = "GB/s",
			.peer = p->crc == CRC_64NVME ? "by a table" : NULL,
			.peer_value = table,
		});
	}
}

static size_t gcm_of(struct parts *p, size_t len)
{
	const uint8_t nonce[GCM_NONCE_BYTES] = { 0 };
	const struct aead_args args = { nonce, nonce, sizeof(nonce) };
	uint8_t tag[GCM_TAG_BYTES];
	size_t at, i;

	for (i = 0; i < LANES; i++)
		for (at = 0; at < BUFFER; at += len)
			aead_seal(p->aead, &args,
				  &(struct aead_piece){ p->data[i] + at, p->out, len }, 1, tag);
	return (size_t)LANES * BUFFER;
}

static size_t gcm_short(struct parts *p)
{
	return gcm_of(p, 4096);
}

static size_t gcm_long(struct parts *p)
{
	return gcm_of(p, BUFFER);
}

static double gcm_median(struct parts *p, const char *backend, part_fn *fn)
{
	const uint8_t key[GCM_KEY_BYTES] = { 1 };
	double value, again;

	if (aead_init(backend))
		return 0;
	p->aead = aead_new(key);
	in_turns(p, fn, fn, &value, &again);
	aead_free(p->aead);
	return (value + again) / 2;
}

static void bench_gcm(struct bench_report *report, struct parts *p)
{
	static const struct { const char *name; part_fn *fn; } rows[] = {
		{ "AES-256-GCM by ipsec-mb, 4 KiB", gcm_short },
		{ "AES-256-GCM by ipsec-mb, 256 KiB", gcm_long },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		bench_report_add(report, &(struct bench_result){
			.name = rows[i].name, .unit = "GB/s",
			.value = gcm_median(p, "ipsec-mb", rows[i].fn),
			.peer = "OpenSSL",
			.peer_value = gcm_median(p, "openssl", rows[i].fn),
		});
	aead_init(NULL);
}

/* --- compression ----------------------------------------------------------------- */

static void fill_text(uint8_t *p, size_t len)
{
	static const char *const words[] = {
		"the ", "storage ", "of ", "an ", "edge ", "and ", "policy ", "latency ", "is ",
		"fragment ", "coded, ", "cloud ", "location ", "object. ", "key ", "a ",
	};
	uint32_t x = 1;
	size_t n;

	while (len) {
		const char *word = words[(x = x * 1664525 + 1013904223) >> 28];

		n = min(strlen(word), len);
		memcpy(p, word, n);
		p += n;
		len -= n;
	}
}

static void fill_random(uint8_t *p, size_t len)
{
	uint64_t x = 0x9e3779b97f4a7c15;

	for (; len; len--) {
		x ^= x >> 12;
		x ^= x << 25;
		x ^= x >> 27;
		*p++ = x * 0x2545f4914f6cdd1d >> 56;
	}
}

/* Numbers that count up, as in logs and tables of samples. */
static void fill_records(uint8_t *p, size_t len)
{
	uint32_t x = 1;
	char line[64];
	size_t n;
	int i;

	for (i = 0; len; i++) {
		x = x * 1664525 + 1013904223;
		snprintf(line, sizeof(line), "{\"time\": %d, \"value\": %u, \"ok\": true}\n",
			 1700000000 + i, x >> 20);
		n = min(strlen(line), len);
		memcpy(p, line, n);
		p += n;
		len -= n;
	}
}

static void fill_zeros(uint8_t *p, size_t len)
{
	memset(p, 0, len);
}

static size_t compress_part(struct parts *p)
{
	compress_run(p->compressor, &p->how, p->data[0], p->bytes, p->out);
	return p->bytes;
}

static void bench_compression(struct bench_report *report, struct parts *p)
{
	static const struct { const char *name; void (*fill)(uint8_t *p, size_t len); } kinds[] = {
		{ "text", fill_text }, { "records", fill_records }, { "zeros", fill_zeros },
		{ "random", fill_random },
	};
	static const struct { const char *name; struct compression how; } ways[] = {
		{ "deflate 9", { SKY_DEFLATE_RAW, 9 } }, { "deflate 1", { SKY_DEFLATE_RAW, 1 } },
		{ "zstd 3", { SKY_ZSTD, 3 } },
	};
	double value, again;
	char name[64];
	size_t k, w;
	int len;

	for (k = 0; k < ARRAY_SIZE(kinds); k++) {
		p->bytes = kinds[k].fill == fill_random ? GENERATION : SHORT;
		kinds[k].fill(p->data[0], p->bytes);
		for (w = 0; w < ARRAY_SIZE(ways); w++) {
			p->how = ways[w].how;
			in_turns(p, compress_part, compress_part, &value, &again);
			len = compress_run(p->compressor, &p->how, p->data[0], p->bytes, p->out);
			snprintf(name, sizeof(name), "%s of %s, to %.0f %%", ways[w].name,
				 kinds[k].name, 100.0 * (len > 0 ? len : p->bytes) / p->bytes);
			bench_report_add(report, &(struct bench_result){
				.name = name, .value = 1e3 * (value + again) / 2, .unit = "MB/s",
			});
		}
	}
}

void bench_pipe_parts(struct bench_report *report)
{
	struct parts p = { .compressor = compressor_new() };
	uint8_t *memory = aligned_alloc(64, GENERATION);
	int i;

	_Static_assert(LANES * BUFFER == GENERATION, "the streams are one generation");
	p.out = aligned_alloc(64, GENERATION);
	if (!p.compressor || !memory || !p.out)
		abort();
	fill_random(memory, GENERATION);
	memset(p.out, 1, GENERATION);
	for (i = 0; i < LANES; i++)
		p.data[i] = memory + (size_t)i * BUFFER;
	bench_hashes(report, &p);
	bench_crcs(report, &p);
	bench_gcm(report, &p);
	bench_compression(report, &p);
	compressor_free(p.compressor);
	free(memory);
	free(p.out);
}
