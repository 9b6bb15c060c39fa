// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What dm-rlnc does to a full write, over memory: seal each 4 KiB sector, encode
 * the generation, write the pointer.  Beside it the limit: as long as AES-GCM
 * and the codec take when each has the same memory to itself.  In turns; rates
 * count data bytes (k symbols).
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <asm/byteorder.h>
#include <linux/kernel.h>
#include <linux/types.h>

#include "base/cleanup.h"
#include "bench.h"
#include "crypto/sealer.h"
#include "rlnc/rlnc.h"
#include "rlnc_disk.h"

#define ROUNDS		15
#define DATA_BYTES	(16u << 20)	/* written in a round */
#define TARGET		0.8

static const struct shape {
	unsigned int k, n;
	size_t symbol;
} shapes[] = {
	{ 1, 3, 65536 }, { 2, 3, 32768 }, { 4, 6, 4096 }, { 4, 6, 16384 }, { 8, 12, 8192 },
	{ 16, 20, 4096 },
};

struct core {
	struct shape shape;
	unsigned int generations, seals;
	struct rlnc_plan *plan;
	struct sealer *sealer;
	u64 nonce;
	u8 *data;			/* the user's, generation after generation */
	u8 *fragments;			/* n symbols for each generation */
	u8 *map;			/* a pointer for each generation */
	struct rlnc_ptr *ptr;		/* the one that is being made */
};

static u8 *allocate(size_t size)
{
	u8 *p = aligned_alloc(4096, ALIGN(size, 4096));

	if (!p) {
		fprintf(stderr, "skybench: out of memory\n");
		exit(1);
	}
	return p;
}

static u8 *fragment(const struct core *c, unsigned int gen, unsigned int row)
{
	return c->fragments + ((size_t)gen * c->shape.n + row) * c->shape.symbol;
}

static void core_init(struct core *c, const struct shape *shape)
{
	const u8 key[GCM_KEY_BYTES] = { 1 }, seed[RLNC_SEED_SIZE] = { 2 };
	struct rlnc_code *code CLEANUP_FREE = malloc(rlnc_code_size(shape->k, shape->n));
	size_t bytes = shape->k * shape->symbol, b;
	u8 rows[RLNC_MAX_N];
	unsigned int i;

	*c = (struct core){
		.shape = *shape,
		.generations = DATA_BYTES / bytes,
		.seals = bytes / RLNC_SECTOR_BYTES,
		.plan = malloc(rlnc_plan_size(shape->k, shape->n - shape->k)),
		.sealer = sealer_new(key),
	};
	for (i = shape->k; i < shape->n; i++)
		rows[i - shape->k] = i;
	if (!code || !c->plan || !c->sealer ||
	    rlnc_code_init(code, shape->k, shape->n, RLNC_SYSTEMATIC, seed) ||
	    rlnc_plan_encode(c->plan, code, rows, shape->n - shape->k))
		abort();
	c->data = allocate(DATA_BYTES);
	for (b = 0; b < DATA_BYTES; b++)
		c->data[b] = b * 2654435761u >> 24;
	bytes = (size_t)c->generations * shape->n * shape->symbol;
	c->fragments = allocate(bytes);
	memset(c->fragments, 1, bytes);
	bytes = c->generations * RLNC_PTR_BYTES(c->seals);
	c->map = allocate(bytes);
	memset(c->map, 1, bytes);
	c->ptr = (struct rlnc_ptr *)allocate(RLNC_PTR_BYTES(c->seals));
}

static void core_free(struct core *c)
{
	sealer_free(c->sealer);
	free(c->plan);
	free(c->data);
	free(c->fragments);
	free(c->map);
	free(c->ptr);
}

/* AES-GCM and nothing else: from the user's data into the fragment. */
static void cipher_sector(struct core *c, unsigned int gen, unsigned int sector,
			  const struct gcm_args *args, u8 *tag)
{
	const size_t per_symbol = c->shape.symbol / RLNC_SECTOR_BYTES;
	const u8 *from = c->data + ((size_t)gen * c->seals + sector) * RLNC_SECTOR_BYTES;
	u8 *to = fragment(c, gen, sector / per_symbol) + sector % per_symbol * RLNC_SECTOR_BYTES;

	if (sealer_seal(c->sealer, args, from, RLNC_SECTOR_BYTES, to, tag))
		abort();
}

static void cipher(struct core *c, unsigned int gen)
{
	const u8 aad[sizeof(struct rlnc_aad)] = { 0 };
	u8 nonce[GCM_NONCE_BYTES] = { 0 }, tag[GCM_TAG_BYTES];
	unsigned int i;

	for (i = 0; i < c->seals; i++) {
		nonce[0] = i;
		cipher_sector(c, gen, i,
			      &(struct gcm_args){ .nonce = nonce, .aad = aad,
						  .aad_len = sizeof(aad) }, tag);
	}
}

/* Seal one sector as the volume would. */
static void seal_sector(struct core *c, unsigned int gen, unsigned int sector)
{
	struct rlnc_seal *seal = &c->ptr->seal[sector];
	struct rlnc_aad aad = {
		.tree = RLNC_TREE_MAP,
		.sector = cpu_to_le32(sector),
		.index = cpu_to_le64(gen),
		.birth = cpu_to_le32(1),
	};
	u64 nonce = ++c->nonce;

	seal->birth = aad.birth;
	memset(seal->nonce, 0, sizeof(seal->nonce));
	memcpy(seal->nonce, &nonce, sizeof(nonce));
	cipher_sector(c, gen, sector,
		      &(struct gcm_args){ .nonce = seal->nonce, .aad = &aad,
					  .aad_len = sizeof(aad) }, seal->tag);
}

static void seal(struct core *c, unsigned int gen)
{
	unsigned int i;

	for (i = 0; i < c->seals; i++)
		seal_sector(c, gen, i);
}

static void encode(struct core *c, unsigned int gen)
{
	const u8 *in[RLNC_MAX_K];
	u8 *out[RLNC_MAX_N];
	unsigned int i;

	for (i = 0; i < c->shape.k; i++)
		in[i] = fragment(c, gen, i);
	for (; i < c->shape.n; i++)
		out[i - c->shape.k] = fragment(c, gen, i);
	rlnc_plan_run(c->plan, in, out, c->shape.symbol);
}

static void point(struct core *c, unsigned int gen)
{
	c->ptr->slot = cpu_to_le64(gen);
	c->ptr->birth = cpu_to_le64(1);
	memcpy(c->map + gen * RLNC_PTR_BYTES(c->seals), c->ptr, RLNC_PTR_BYTES(c->seals));
}

static void write_generation(struct core *c, unsigned int gen)
{
	seal(c, gen);
	encode(c, gen);
	point(c, gen);
}

/* GB/s of data, one pass over the memory. */
static double rate(struct core *c, void (*run)(struct core *c, unsigned int gen))
{
	uint64_t start = bench_cpu_ns();
	unsigned int gen;

	for (gen = 0; gen < c->generations; gen++)
		run(c, gen);
	return (double)DATA_BYTES / (bench_cpu_ns() - start);
}

static void run_shape(struct bench_report *report, const struct shape *shape)
{
	double all[ROUNDS], gcm[ROUNDS], codec[ROUNDS], alone, coding;
	struct core c;
	char name[64];
	int i;

	core_init(&c, shape);
	rate(&c, write_generation);
	for (i = 0; i < ROUNDS; i++) {
		all[i] = rate(&c, write_generation);
		gcm[i] = rate(&c, cipher);
		codec[i] = rate(&c, encode);
	}
	alone = bench_median(gcm, ROUNDS);
	coding = bench_median(codec, ROUNDS);
	snprintf(name, sizeof(name), "core write %u,%u %zu KiB", shape->k, shape->n,
		 shape->symbol >> 10);
	bench_report_add(report, &(struct bench_result){
		.name = name,
		.value = bench_median(all, ROUNDS),
		.unit = "GB/s",
		.peer = "GCM + codec",
		.peer_value = 1 / (1 / alone + 1 / coding),
		.target = TARGET,
	});
	printf("  AES-GCM alone %.2f GB/s, codec alone %.2f GB/s\n", alone, coding);
	core_free(&c);
}

int bench_core(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", required_argument, NULL, 'j' },
		{ 0 },
	};
	struct bench_report *report;
	const char *json = NULL;
	size_t i;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt != 'j') {
			fprintf(stderr, "usage: skybench core [--json FILE]\n");
			return 2;
		}
		json = optarg;
	}
	if (rlnc_init(NULL))
		return 1;
	report = bench_report_open(json);
	if (!report)
		return 1;
	printf("back end: %s; GB/s of data, one core, median of %d\n", rlnc_backend_name(),
	       ROUNDS);
	for (i = 0; i < ARRAY_SIZE(shapes); i++)
		run_shape(report, &shapes[i]);
	return bench_report_close(report) ? 1 : 0;
}
