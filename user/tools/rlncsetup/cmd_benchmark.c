// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What one core of this machine can do.  User space's AES is not the kernel's;
 * the code is the same source in both.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/report.h"
#include "base/size.h"
#include "base/text.h"
#include "crypto/argon.h"
#include "crypto/sealer.h"
#include "rlnc/rlnc.h"
#include "rlncsetup.h"

#define MIN_NS		300000000ll	/* of each measurement */
#define BATCH		16		/* runs between two looks at the clock */
#define MAX_ROWS	8
#define IO_ALIGN	4096

struct row {
	const char *name;	/* stable: for programs */
	char what[64];		/* for people */
	double bytes_per_s;
	double ns;		/* of one unit: a sector, or a generation */
};

struct results {
	struct row row[MAX_ROWS];
	unsigned int rows;
	struct argon_cost cost;
	double argon_ms;
};

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/* How long one run takes, in ns; negative when it fails. */
static double measure(int (*run)(void *arg), void *arg)
{
	int64_t start, took;
	uint64_t runs = 0;
	unsigned int i;

	if (run(arg))	/* caches and tables are warm afterwards */
		return -1;
	start = now_ns();
	do {
		for (i = 0; i < BATCH; i++)
			if (run(arg))
				return -1;
		runs += BATCH;
		took = now_ns() - start;
	} while (took < MIN_NS);
	return (double)took / runs;
}

static void add(struct results *r, const char *name, double ns, uint64_t bytes)
{
	struct row *row = &r->row[r->rows++];

	row->name = name;
	row->ns = ns;
	row->bytes_per_s = (double)bytes * 1e9 / ns;
}

/* --- AES-256-GCM --------------------------------------------------------------------- */

struct gcm_run {
	struct sealer *sealer;
	uint64_t nonce[2];
	struct rlnc_aad aad;
	uint8_t tag[GCM_TAG_BYTES];
	uint8_t plain[RLNC_SECTOR_BYTES];
	uint8_t cipher[RLNC_SECTOR_BYTES];
};

static int seal_sector(void *arg)
{
	struct gcm_run *g = arg;
	const struct gcm_args args = { .nonce = (const uint8_t *)g->nonce, .aad = &g->aad,
				       .aad_len = sizeof(g->aad) };

	g->nonce[0]++;
	return sealer_seal(g->sealer, &args, g->plain, sizeof(g->plain), g->cipher, g->tag);
}

static int bench_gcm(struct results *r)
{
	CLEANUP_FREE struct gcm_run *g = calloc(1, sizeof(*g));
	static const uint8_t key[GCM_KEY_BYTES] = { 1 };
	double ns = -1;

	if (!g)
		return fail(ENOMEM, "out of memory");
	g->sealer = sealer_new(key);
	if (g->sealer)
		ns = measure(seal_sector, g);
	sealer_free(g->sealer);
	if (ns < 0)
		return fail(EIO, "AES-256-GCM cannot be computed here");
	add(r, "aes256gcm", ns, RLNC_SECTOR_BYTES);
	snprintf(r->row[r->rows - 1].what, sizeof(r->row[0].what), "AES-256-GCM, a sector");
	return 0;
}

/* --- the code ------------------------------------------------------------------------ */

struct code_run {
	struct rlnc_code *code;
	struct rlnc_plan *plan;
	uint8_t *memory;
	const uint8_t *in[RLNC_MAX_K];
	uint8_t *out[RLNC_MAX_N];
	uint32_t symbol;
};

static int run_code(void *arg)
{
	struct code_run *c = arg;

	rlnc_plan_run(c->plan, c->in, c->out, c->symbol);
	return 0;
}

static void code_free(struct code_run *c)
{
	free(c->memory);
	free(c->plan);
	free(c->code);
}

#define CLEANUP_CODE	CLEANUP(code_free)

static int code_alloc(struct code_run *c, unsigned int k, unsigned int n, uint32_t symbol)
{
	static const u8 seed[RLNC_SEED_SIZE] = { 1 };
	unsigned int i;

	c->symbol = symbol;
	c->code = malloc(rlnc_code_size(k, n));
	c->plan = malloc(rlnc_plan_size(k, n));
	c->memory = aligned_alloc(IO_ALIGN, (size_t)(k + n) * symbol);
	if (!c->code || !c->plan || !c->memory)
		return fail(ENOMEM, "out of memory");
	memset(c->memory, 0x5a, (size_t)(k + n) * symbol);
	for (i = 0; i < k; i++)
		c->in[i] = c->memory + (size_t)i * symbol;
	for (i = 0; i < n; i++)
		c->out[i] = c->memory + (size_t)(k + i) * symbol;
	return rlnc_code_init(c->code, k, n, RLNC_SYSTEMATIC, seed) ?
	       fail(EINVAL, "k = %u, n = %u: no such code", k, n) : 0;
}

/* As many data members lost as may be; what is left of them, and coded ones. */
static int plan_decode(struct code_run *c, unsigned int k, unsigned int n)
{
	unsigned int lost = n - k < k ? n - k : k, i;
	u8 have[RLNC_MAX_K];
	u16 want[RLNC_MAX_K];

	for (i = 0; i < k; i++)
		have[i] = (u8)(lost + i);
	for (i = 0; i < lost; i++)
		want[i] = (u16)RLNC_DATA(i);
	return rlnc_plan_combine(c->plan, c->code, have, want, lost);
}

static int bench_code(struct results *r, unsigned int k, unsigned int n, uint32_t symbol)
{
	CLEANUP_CODE struct code_run c = { .symbol = 0 };
	u8 rows[RLNC_MAX_N];
	unsigned int i;
	int rc = rlnc_init(NULL) ? -EIO : code_alloc(&c, k, n, symbol);

	if (rc || n == k)
		return rc;
	for (i = k; i < n; i++)
		rows[i - k] = (u8)i;
	if (rlnc_plan_encode(c.plan, c.code, rows, n - k))
		return fail(EINVAL, "k = %u, n = %u: no such code", k, n);
	add(r, "encode", measure(run_code, &c), (uint64_t)k * symbol);
	snprintf(r->row[r->rows - 1].what, sizeof(r->row[0].what), "code %u of %u (%s), encode",
		 k, n, rlnc_backend_name());
	if (plan_decode(&c, k, n))
		return fail(EINVAL, "k = %u, n = %u: no such code", k, n);
	add(r, "decode", measure(run_code, &c), (uint64_t)k * symbol);
	snprintf(r->row[r->rows - 1].what, sizeof(r->row[0].what), "code %u of %u (%s), decode",
		 k, n, rlnc_backend_name());
	return 0;
}

/* --- argon2id ------------------------------------------------------------------------ */

static int bench_argon(struct results *r, unsigned int target_ms)
{
	uint8_t key[32];
	int64_t start;
	int rc = argon_choose_cost(target_ms, &r->cost);

	start = now_ns();
	if (!rc)
		rc = argon_derive(&r->cost, "passphrase", 10, "salt of benchmark", 17, key,
				  sizeof(key));
	r->argon_ms = (double)(now_ns() - start) / 1e6;
	return rc ? fail(-rc, "argon2id: %s", strerror(-rc)) : 0;
}

static void print_text(const struct results *r)
{
	unsigned int i;

	printf("One core; MiB of the volume's data.  What limits a volume is both together.\n\n");
	for (i = 0; i < r->rows; i++)
		printf("  %-34s %9.0f MiB/s %12.2f us\n", r->row[i].what,
		       r->row[i].bytes_per_s / (1 << 20), r->row[i].ns / 1e3);
	printf("\n  argon2id, %u passes over %u MiB in %u lane%s: %.0f ms\n", r->cost.time,
	       r->cost.memory_kib >> 10, r->cost.lanes, plural(r->cost.lanes), r->argon_ms);
}

static int print_json(const struct results *r, unsigned int k, unsigned int n, uint32_t symbol)
{
	json_t *list = json_array(), *root;
	unsigned int i;

	for (i = 0; i < r->rows; i++)
		json_array_append_new(list, json_pack("{s:s,s:f,s:f}", "name", r->row[i].name,
						      "bytes_per_second", r->row[i].bytes_per_s,
						      "nanoseconds", r->row[i].ns));
	root = json_pack("{s:i,s:i,s:i,s:s,s:o,s:{s:i,s:I,s:i,s:f}}", "k", (int)k, "n", (int)n,
			 "symbol_bytes", (int)symbol, "backend", rlnc_backend_name(),
			 "results", list, "argon2id", "passes", (int)r->cost.time,
			 "memory_kib", (json_int_t)r->cost.memory_kib, "lanes",
			 (int)r->cost.lanes, "milliseconds", r->argon_ms);
	if (!root)
		return fail(ENOMEM, "out of memory");
	json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
	putchar('\n');
	json_decref(root);
	return 0;
}

/**
 * cmd_benchmark - rlncsetup benchmark
 */
int cmd_benchmark(const struct options *o, int argc, char **argv)
{
	unsigned int k = o->k ? (unsigned int)o->k : 4, n = o->n ? (unsigned int)o->n : k + 2;
	struct results r = { .rows = 0 };
	struct rlnc_geometry geo;
	uint32_t symbol;
	int rc;

	(void)argc;
	(void)argv;
	if (n < k || n > RLNC_MAX_N)
		return fail(EINVAL, "k = %u of %u members: k cannot be more than n", k, n);
	symbol = o->symbol ? (uint32_t)o->symbol : format_default_symbol(k);
	if (rlnc_geometry_init(&geo, k, symbol))
		return fail(EINVAL, "symbol %u: a power of two, k of them at most %u KiB", symbol,
			    RLNC_MAX_GENERATION >> 10);
	rc = bench_gcm(&r);
	if (!rc)
		rc = bench_code(&r, k, n, symbol);
	if (!rc)
		rc = bench_argon(&r, (unsigned int)o->iter_time);
	if (rc)
		return rc;
	if (o->json)
		return print_json(&r, k, n, symbol);
	print_text(&r);
	return 0;
}
