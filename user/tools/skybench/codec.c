// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Encoding and decoding speed beside ISA-L's, on the same matrices and the same
 * data, in turns: both see the same machine in the same state.  Rates count data
 * bytes (k symbols), whatever the number of outputs.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <isa-l/erasure_code.h>

#include <linux/kernel.h>

#include "base/cleanup.h"
#include "bench.h"
#include "rlnc/rlnc.h"

#define PEER		"ISA-L 2.30"
#define ROUNDS		15		/* a median of at least five is asked for */
#define ROUND_NS	2500000		/* CPU time per side and round */

static const struct shape {
	unsigned int k, n;
} shapes[] = { { 4, 6 }, { 5, 8 }, { 8, 12 }, { 16, 20 }, { 32, 40 } };

static const size_t symbol_sizes[] = { 4096, 65536, 1 << 20 };

enum operation { ENCODE, DECODE };

struct codec_case {
	struct shape shape;
	size_t len;
	enum rlnc_mode mode;
	enum operation op;
};

/* Both sides of one case, ready to run. */
struct codec_setup {
	unsigned int outputs;
	struct rlnc_plan *plan;
	u8 *tables;
	u8 *memory;
	const u8 *in[RLNC_MAX_K];
	u8 *out[RLNC_MAX_N];
	u8 *peer_out[RLNC_MAX_N];
};

static void *allocate(size_t size)
{
	void *p = aligned_alloc(4096, ALIGN(size, 4096));

	if (!p) {
		fprintf(stderr, "skybench: out of memory\n");
		exit(1);
	}
	return p;
}

/*
 * The coefficients of one case.  Decoding is after the worst loss: of data
 * symbols only in a systematic code, where they are what has to be computed,
 * and of the first rows in a dense one, where any loss is the same.
 */
static unsigned int case_matrix(const struct codec_case *c, const struct rlnc_code *code,
				struct rlnc_plan *plan, u8 *matrix)
{
	const unsigned int k = c->shape.k, n = c->shape.n;
	const unsigned int lost = c->mode == RLNC_DENSE ? k : min(n - k, k);
	const unsigned int first = c->mode == RLNC_DENSE ? 0 : k;
	u8 square[RLNC_MAX_K * RLNC_MAX_K], inverse[RLNC_MAX_K * RLNC_MAX_K];
	u8 rows[RLNC_MAX_N];
	u16 want[RLNC_MAX_K];
	unsigned int i;

	if (c->op == ENCODE) {
		for (i = first; i < n; i++)
			rows[i - first] = i;
		memcpy(matrix, rlnc_code_row(code, first), (n - first) * k);
		if (rlnc_plan_encode(plan, code, rows, n - first))
			abort();
		return n - first;
	}
	for (i = 0; i < k; i++) {
		rows[i] = n - k + i;
		memcpy(square + i * k, rlnc_code_row(code, rows[i]), k);
	}
	for (i = 0; i < lost; i++)
		want[i] = RLNC_DATA(i);
	if (rlnc_plan_combine(plan, code, rows, want, lost) ||
	    gf_invert_matrix(square, inverse, k))
		abort();
	memcpy(matrix, inverse, lost * k);
	return lost;
}

static void setup_init(struct codec_setup *s, const struct codec_case *c)
{
	const unsigned int k = c->shape.k, n = c->shape.n;
	const u8 seed[RLNC_SEED_SIZE] = { 1 };
	struct rlnc_code *code CLEANUP_FREE = malloc(rlnc_code_size(k, n));
	u8 *matrix CLEANUP_FREE = malloc(n * k);
	unsigned int i;
	size_t b;

	s->plan = malloc(rlnc_plan_size(k, n));
	s->tables = allocate(32 * n * k);
	if (!code || !matrix || !s->plan || rlnc_code_init(code, k, n, c->mode, seed))
		abort();
	s->outputs = case_matrix(c, code, s->plan, matrix);
	ec_init_tables(k, s->outputs, matrix, s->tables);

	s->memory = allocate((k + 2 * s->outputs) * c->len);
	for (b = 0; b < k * c->len; b++)
		s->memory[b] = b * 2654435761u >> 24;
	memset(s->memory + k * c->len, 0, 2 * s->outputs * c->len);
	for (i = 0; i < k; i++)
		s->in[i] = s->memory + i * c->len;
	for (i = 0; i < s->outputs; i++) {
		s->out[i] = s->memory + (k + i) * c->len;
		s->peer_out[i] = s->out[i] + s->outputs * c->len;
	}
}

static void setup_free(struct codec_setup *s)
{
	free(s->plan);
	free(s->tables);
	free(s->memory);
}

static void run_ours(struct codec_setup *s, const struct codec_case *c)
{
	rlnc_plan_run(s->plan, s->in, s->out, c->len);
}

static void run_peer(struct codec_setup *s, const struct codec_case *c)
{
	ec_encode_data(c->len, c->shape.k, s->outputs, s->tables, (u8 **)s->in, s->peer_out);
}

typedef void (*run_fn)(struct codec_setup *s, const struct codec_case *c);

/* GB/s of data over @times runs. */
static double rate(run_fn run, struct codec_setup *s, const struct codec_case *c,
		   unsigned int times)
{
	uint64_t start = bench_cpu_ns();
	unsigned int i;

	for (i = 0; i < times; i++)
		run(s, c);
	return (double)times * c->shape.k * c->len / (bench_cpu_ns() - start);
}

/*
 * What must be reached, by CPU: with GFNI and AVX-512 1.5 times (systematic)
 * and 2 times (dense) ISA-L's encoding at 64 KiB and 1.3 times its decoding,
 * 0.95 times without.
 */
static double case_target(const struct codec_case *c)
{
	if (strcmp(rlnc_backend_name(), "avx512-gfni"))
		return 0.95;
	if (c->op == DECODE)
		return 1.3;
	if (c->len != 65536)
		return 0.95;
	return c->mode == RLNC_DENSE ? 2.0 : 1.5;
}

static int run_case(struct bench_report *report, const struct codec_case *c)
{
	double ours[ROUNDS], peers[ROUNDS];
	struct codec_setup s = { 0 };
	unsigned int i, times;
	char name[64];

	setup_init(&s, c);
	run_ours(&s, c);
	run_peer(&s, c);
	if (memcmp(s.out[0], s.peer_out[0], s.outputs * c->len)) {
		fprintf(stderr, "skybench: the codec and ISA-L disagree\n");
		setup_free(&s);
		return -1;
	}

	times = max(1.0, ROUND_NS * rate(run_peer, &s, c, 1) / (c->shape.k * c->len));
	for (i = 0; i < ROUNDS; i++) {
		ours[i] = rate(run_ours, &s, c, times);
		peers[i] = rate(run_peer, &s, c, times);
	}
	snprintf(name, sizeof(name), "codec %s %s %u,%u %zu KiB",
		 c->op == ENCODE ? "encode" : "decode",
		 c->mode == RLNC_DENSE ? "dense" : "systematic",
		 c->shape.k, c->shape.n, c->len >> 10);
	bench_report_add(report, &(struct bench_result){
		.name = name,
		.value = bench_median(ours, ROUNDS),
		.unit = "GB/s",
		.peer = PEER,
		.peer_value = bench_median(peers, ROUNDS),
		.target = case_target(c),
	});
	setup_free(&s);
	return 0;
}

static int run_all(struct bench_report *report)
{
	struct codec_case c;
	size_t shape, len;
	int err = 0;

	for (c.mode = RLNC_SYSTEMATIC; c.mode <= RLNC_DENSE; c.mode++)
		for (c.op = ENCODE; c.op <= DECODE; c.op++)
			for (shape = 0; shape < ARRAY_SIZE(shapes); shape++)
				for (len = 0; len < ARRAY_SIZE(symbol_sizes); len++) {
					c.shape = shapes[shape];
					c.len = symbol_sizes[len];
					err |= run_case(report, &c);
				}
	return err;
}

int bench_codec(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", required_argument, NULL, 'j' },
		{ "backend", required_argument, NULL, 'b' },
		{ 0 },
	};
	const char *json = NULL, *backend = NULL;
	struct bench_report *report;
	int opt, err;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'j') {
			json = optarg;
		} else if (opt == 'b') {
			backend = optarg;
		} else {
			fprintf(stderr, "usage: skybench codec [--json FILE] [--backend NAME]\n");
			return 2;
		}
	}
	if (rlnc_init(backend)) {
		fprintf(stderr, "skybench: no back end \"%s\" on this CPU\n", backend);
		return 1;
	}
	report = bench_report_open(json);
	if (!report)
		return 1;
	printf("back end: %s; GB/s of data, one core, median of %d\n", rlnc_backend_name(),
	       ROUNDS);
	err = run_all(report);
	return bench_report_close(report) || err;
}
