// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the gateway computes for PUT and GET, over memory, for sixteen objects at once:
 *
 *	PUT	MD5 (the ETag), CRC-64/NVME, encryption, coding 4 of 6, heads, SHA-256 of
 *		every fragment (which its pre-signed URL binds)
 *	GET	the fragments to plain bytes: all of the first four, or two of them lost
 *
 * Beside each the limit: as long as the same parts take when each has the same memory
 * to itself.  In turns; rates count plain bytes.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#include "bench.h"
#include "crypto/crc.h"
#include "crypto/lanes.h"
#include "pipe/coder.h"
#include "pipe_bench.h"

#define ROUNDS	11
#define TARGET	0.8
#define OBJECTS	LANES
#define K	4u
#define N	6u

static const struct size {
	const char *name;
	size_t generation;
	unsigned int generations;	/* of an object */
	unsigned int repeat;		/* in a round */
} sizes[] = {
	{ "4 KiB", 4 << 10, 1, 64 }, { "1 MiB", 1 << 20, 1, 1 }, { "16 MiB", 4 << 20, 4, 1 },
};

struct flow {
	const struct size *size;
	struct coder *coder;
	struct compressor *compressor;
	struct encoder e[OBJECTS];
	struct decoder d;
	struct owner owner;
	struct record r[OBJECTS];
	struct lanes_stream stream[OBJECTS];
	uint8_t digest[OBJECTS * N][HASH_MAX_BYTES];
	uint8_t *plain;			/* a generation of each object */
	uint8_t *out;
	uint64_t crc[OBJECTS];
	uint8_t key[GCM_KEY_BYTES];
	unsigned int lost;		/* of the first fragments, in GET */
};

typedef void flow_fn(struct flow *f);

static uint8_t *plain_of(struct flow *f, unsigned int object)
{
	return f->plain + object * f->size->generation;
}

static void part_md5(struct flow *f)
{
	struct lanes_job jobs[OBJECTS];
	unsigned int i;

	for (i = 0; i < OBJECTS; i++)
		jobs[i] = (struct lanes_job){ &f->stream[i], plain_of(f, i), f->size->generation };
	lanes_update(LANES_MD5, jobs, OBJECTS);
}

static void part_crc64(struct flow *f)
{
	unsigned int i;

	for (i = 0; i < OBJECTS; i++)
		f->crc[i] = crc_update(CRC_64NVME, f->crc[i], plain_of(f, i), f->size->generation);
}

static uint8_t *symbol_of(struct flow *f, unsigned int object, unsigned int row)
{
	return (uint8_t *)encode_fragment(&f->e[object], row) + f->e[object].head;
}

static void part_gcm(struct flow *f)
{
	const uint32_t symbol = fragment_symbol_bytes(f->size->generation, K);
	struct aead_piece pieces[K];
	struct aead_args args = { .aad = f->key, .aad_len = sizeof(struct sky_generation_aad) / 2 };
	unsigned int i, j;

	for (i = 0; i < OBJECTS; i++) {
		args.nonce = f->r[i].iv;
		for (j = 0; j < K; j++)
			pieces[j] = (struct aead_piece){ plain_of(f, i) + j * symbol,
							 symbol_of(f, i, j), symbol };
		aead_seal(f->owner.aead, &args, pieces, K, f->r[i].tag);
	}
}

static void part_code(struct flow *f)
{
	const uint32_t symbol = fragment_symbol_bytes(f->size->generation, K);
	const uint8_t *in[K];
	uint8_t *out[N - K];
	unsigned int i, j;

	for (i = 0; i < OBJECTS; i++) {
		for (j = 0; j < K; j++)
			in[j] = symbol_of(f, i, j);
		for (; j < N; j++)
			out[j - K] = symbol_of(f, i, j);
		rlnc_plan_run(f->coder->parity, in, out, symbol);
	}
}

static void part_crc32c(struct flow *f)
{
	const uint32_t symbol = fragment_symbol_bytes(f->size->generation, K);
	unsigned int i, j;

	for (i = 0; i < OBJECTS; i++)
		for (j = 0; j < N; j++)
			f->crc[i] = crc_update(CRC_32C, 0, symbol_of(f, i, j), symbol);
}

static void part_sha256(struct flow *f)
{
	const void *data[OBJECTS * N];
	size_t lens[OBJECTS * N];
	uint8_t *digests[OBJECTS * N];
	unsigned int i;

	for (i = 0; i < OBJECTS * N; i++) {
		data[i] = encode_fragment(&f->e[i / N], i % N);
		lens[i] = f->e[i / N].fragment_bytes;
		digests[i] = f->digest[i];
	}
	lanes_digest(LANES_SHA256, data, lens, digests, OBJECTS * N);
}

static void part_encode(struct flow *f)
{
	static const struct compression none = { SKY_PLAIN, 0 };
	unsigned int i;

	for (i = 0; i < OBJECTS; i++)
		if (encode_begin(&f->r[i], f->coder) ||
		    encode(&f->e[i], &f->owner, &none, plain_of(f, i), f->size->generation,
			   &f->r[i]))
			abort();
}

/* The ends of what is done for an object once. */
static void objects_begin(struct flow *f)
{
	unsigned int i;

	for (i = 0; i < OBJECTS; i++) {
		lanes_begin(&f->stream[i], LANES_MD5);
		f->crc[i] = 0;
	}
}

static void objects_end(struct flow *f)
{
	struct lanes_stream *streams[OBJECTS];
	uint8_t *digests[OBJECTS];
	unsigned int i;

	for (i = 0; i < OBJECTS; i++) {
		streams[i] = &f->stream[i];
		digests[i] = f->digest[i];
	}
	lanes_end(LANES_MD5, streams, digests, OBJECTS);
}

static void put(struct flow *f)
{
	unsigned int g;

	objects_begin(f);
	for (g = 0; g < f->size->generations; g++) {
		part_md5(f);
		part_crc64(f);
		part_encode(f);
		part_sha256(f);
	}
	objects_end(f);
}

static void get(struct flow *f)
{
	struct piece pieces[K];
	unsigned int g, i, j;

	for (g = 0; g < f->size->generations; g++)
		for (i = 0; i < OBJECTS; i++) {
			for (j = 0; j < K; j++) {
				const unsigned int row = j + f->lost;

				pieces[j] = (struct piece){ encode_fragment(&f->e[i], row),
							    f->e[i].fragment_bytes, row, false };
			}
			if (decode(&f->d, &f->owner, &f->r[i], pieces, K, f->out))
				abort();
		}
}

static void part_open(struct flow *f)
{
	const uint32_t symbol = fragment_symbol_bytes(f->size->generation, K);
	struct sky_generation_aad aad;
	struct aead_args args = { .aad = &aad, .aad_len = sizeof(aad) };
	struct aead_piece pieces[K];
	unsigned int i, j;

	for (i = 0; i < OBJECTS; i++) {
		generation_aad(&aad, &f->owner, &f->r[i]);
		args.nonce = f->r[i].iv;
		for (j = 0; j < K; j++)
			pieces[j] = (struct aead_piece){ symbol_of(f, i, j), f->out + j * symbol,
							 symbol };
		if (aead_open(f->owner.aead, &args, pieces, K, f->r[i].tag))
			abort();
	}
}

/* As many rows as are lost, from as many inputs. */
static void part_rebuild(struct flow *f)
{
	if (f->lost)
		part_code(f);
}

/* --- measuring ----------------------------------------------------------------------- */

static double nanoseconds(struct flow *f, flow_fn *fn, unsigned int times)
{
	uint64_t start = bench_cpu_ns();
	unsigned int i;

	for (i = 0; i < times; i++)
		fn(f);
	return (double)(bench_cpu_ns() - start);
}

#define MAX_PARTS	6

/* One path beside its parts; the parts run once for each generation of an object. */
static void compare(struct bench_report *report, struct flow *f, const char *name, flow_fn *whole,
		    flow_fn *const parts[], const char *const names[], unsigned int count)
{
	const unsigned int repeat = f->size->repeat, each = repeat * f->size->generations;
	const double bytes = (double)OBJECTS * f->size->generation * each;
	double all[ROUNDS], part[MAX_PARTS][ROUNDS], sum = 0, median;
	char title[64];
	unsigned int i, p;

	whole(f);
	for (i = 0; i < ROUNDS; i++) {
		all[i] = nanoseconds(f, whole, repeat);
		for (p = 0; p < count; p++)
			part[p][i] = nanoseconds(f, parts[p], each);
	}
	printf(" ");
	for (p = 0; p < count; p++) {
		median = bench_median(part[p], ROUNDS);
		sum += median;
		printf(" %s %.2f", names[p], bytes / median);
	}
	printf(" GB/s alone\n");
	snprintf(title, sizeof(title), "%s of %s", name, f->size->name);
	median = bench_median(all, ROUNDS);
	bench_report_add(report, &(struct bench_result){
		.name = title, .value = bytes / median, .unit = "GB/s", .peer = "sum of parts",
		.peer_value = bytes / sum, .target = TARGET,
	});
	snprintf(title, sizeof(title), "%s of %s, an object", name, f->size->name);
	bench_report_add(report, &(struct bench_result){
		.name = title, .value = median / 1e3 / OBJECTS / repeat, .unit = "us",
	});
}

static void bench_put(struct bench_report *report, struct flow *f)
{
	static flow_fn *const parts[] = {
		part_md5, part_crc64, part_gcm, part_code, part_crc32c, part_sha256,
	};
	static const char *const names[] = {
		"MD5", "CRC-64", "GCM", "coding", "CRC-32C", "SHA-256",
	};

	compare(report, f, "PUT", put, parts, names, ARRAY_SIZE(parts));
}

static void bench_get(struct bench_report *report, struct flow *f)
{
	static flow_fn *const parts[] = { part_open, part_rebuild };
	static const char *const names[] = { "GCM", "coding" };

	/* The parts have written over the fragments. */
	part_encode(f);
	f->lost = 0;
	compare(report, f, "GET", get, parts, names, 1);
	f->lost = N - K;
	compare(report, f, "GET, two lost,", get, parts, names, 2);
}

static void flow_init(struct flow *f, const struct size *size)
{
	static const struct shape shape = { K, N, SKY_SYSTEMATIC, 0 };
	static const uint8_t id[SKY_ID_BYTES];
	const size_t bytes = OBJECTS * size->generation;
	unsigned int i;

	memset(f, 0, sizeof(*f));
	f->size = size;
	f->compressor = compressor_new();
	f->plain = aligned_alloc(4096, bytes);
	f->out = aligned_alloc(4096, size->generation);
	f->owner = (struct owner){ aead_new(f->key), id, id, 0 };
	if (!f->compressor || !f->plain || !f->out || !f->owner.aead ||
	    coder_new(&f->coder, &shape, NULL) ||
	    decoder_init(&f->d, f->coder, f->compressor, size->generation))
		abort();
	for (i = 0; i < OBJECTS; i++)
		if (encoder_init(&f->e[i], f->coder, f->compressor, size->generation))
			abort();
	memset(f->plain, 0x5a, bytes);
	memset(f->out, 0, size->generation);
}

static void flow_free(struct flow *f)
{
	unsigned int i;

	for (i = 0; i < OBJECTS; i++)
		encoder_free(&f->e[i]);
	decoder_free(&f->d);
	coder_free(f->coder);
	aead_free(f->owner.aead);
	compressor_free(f->compressor);
	free(f->plain);
	free(f->out);
}

int bench_pipe(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", required_argument, NULL, 'j' },
		{ 0 },
	};
	struct flow *f = malloc(sizeof(*f));
	struct bench_report *report;
	const char *json = NULL;
	size_t i;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt != 'j') {
			fprintf(stderr, "usage: skybench pipe [--json FILE]\n");
			return 2;
		}
		json = optarg;
	}
	if (!f || rlnc_init(NULL))
		return 1;
	report = bench_report_open(json);
	if (!report)
		return 1;
	printf("one core; lanes: %s, AES-GCM: %s, codec: %s\n", lanes_backend_name(),
	       aead_backend_name(), rlnc_backend_name());
	bench_pipe_parts(report);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		flow_init(f, &sizes[i]);
		bench_put(report, f);
		bench_get(report, f);
		flow_free(f);
	}
	free(f);
	return bench_report_close(report) ? 1 : 0;
}
