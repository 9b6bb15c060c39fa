// SPDX-License-Identifier: GPL-2.0-or-later
/* Recoding a member's fragments from any k others, and the note of how far. */
#include "base/report.h"	/* before cmocka, which has a fail() too */
#include "format_util.h"

#include <errno.h>
#include <unistd.h>

#include "base/file.h"
#include "volume/recode.h"
#include "volume/repair_note.h"

#define K	3u
#define N	6u
#define LEN	(64u << 10)

struct members {
	int fd[N];
	uint8_t *data[N];
	struct rlnc_super *sb;
	struct recode_source source[N];
};

static void silent(const char *level, const char *text)
{
	(void)level;
	(void)text;
}

/* Fragments of one junk generation, by a plain encoding, in files. */
static int make_members(void **state, u16 mode)
{
	uint8_t seed[RLNC_SEED_SIZE] = { 0x5e };
	struct rlnc_code *secret = malloc(rlnc_code_size(K, N));
	struct members *m = calloc(1, sizeof(*m));
	struct rlnc_code *code = malloc(rlnc_code_size(K, N));
	struct rlnc_plan *plan = malloc(rlnc_plan_size(K, N));
	uint8_t *in[K], rows[N];
	unsigned int i, j;

	report_set_sink(silent);
	assert_int_equal(rlnc_init(NULL), 0);
	m->sb = good_super();
	m->sb->k = K;
	m->sb->n = N;
	assert_int_equal(rlnc_code_init(code, K, N, RLNC_SYSTEMATIC, m->sb->coeff_seed), 0);
	for (i = 0; i < K; i++) {
		in[i] = malloc(LEN);
		for (j = 0; j < LEN; j++)
			in[i][j] = (uint8_t)(j * 2654435761u >> (8 + i));
	}
	for (i = 0; i < N; i++) {
		rows[i] = (uint8_t)i;
		m->data[i] = malloc(LEN);
	}
	m->sb->mode = mode;
	assert_int_equal(rlnc_code_mix(secret, N, code, seed), 0);
	assert_int_equal(rlnc_plan_encode(plan, mode == RLNC_DISK_DENSE ? secret : code, rows, N),
			 0);
	rlnc_plan_run(plan, (const u8 *const *)in, m->data, LEN);
	for (i = 0; i < N; i++) {
		FILE *f = tmpfile();

		assert_non_null(f);
		m->fd[i] = dup(fileno(f));
		fclose(f);
		assert_int_equal(pwrite_all(m->fd[i], m->data[i], LEN, 0), 0);
	}
	for (i = 0; i < K; i++)
		free(in[i]);
	free(plan);
	free(secret);
	free(code);
	*state = m;
	return 0;
}

static int make_systematic(void **state)
{
	return make_members(state, RLNC_DISK_SYSTEMATIC);
}

static int make_dense(void **state)
{
	return make_members(state, RLNC_DISK_DENSE);
}

static int drop_members(void **state)
{
	struct members *m = *state;
	unsigned int i;

	for (i = 0; i < N; i++) {
		close(m->fd[i]);
		free(m->data[i]);
	}
	free(m->sb);
	free(m);
	return 0;
}

/* Members whose bit is set, in rising or falling order. */
static unsigned int choose(struct members *m, unsigned int set, bool falling)
{
	unsigned int i, count = 0;

	for (i = 0; i < N; i++) {
		unsigned int row = falling ? N - 1 - i : i;

		if (set & 1u << row)
			m->source[count++] = (struct recode_source){
				.name = "member", .fd = m->fd[row], .row = (u8)row };
	}
	return count;
}

static void recode_from(struct members *m, unsigned int set, unsigned int lost, bool falling)
{
	unsigned int count = choose(m, set, falling);
	struct recode r;
	int rc = recode_init(&r, m->sb, (u16)lost, m->source, count);

	assert_int_equal(rc, count < K ? -ENODATA : 0);
	if (!rc) {
		assert_int_equal(recode_run(&r, 4096, LEN - 4096), 0);
		assert_memory_equal(r.out, m->data[lost] + 4096, LEN - 4096);
	}
	recode_free(&r);
}

static void every_subset(void **state)
{
	unsigned int set, lost;

	for (set = 0; set < 1u << N; set++) {
		for (lost = 0; lost < N; lost++) {
			if (set & 1u << lost)
				continue;
			recode_from(*state, set, lost, false);
			recode_from(*state, set, lost, true);
		}
	}
}

/* The same, from fragments with a secret factor of which recoding knows nothing. */
static void every_subset_dense(void **state)
{
	every_subset(state);
}

/* A source that cannot be read is left out as long as there are k others. */
static void sources_lost(void **state)
{
	struct members *m = *state;
	struct recode r;
	unsigned int count = choose(m, 0x3e, false);

	assert_int_equal(count, 5);
	m->source[1].fd = -1;
	m->source[2].fd = -1;
	assert_int_equal(recode_init(&r, m->sb, 0, m->source, count), 0);
	assert_int_equal(recode_run(&r, 0, LEN), 0);
	assert_memory_equal(r.out, m->data[0], LEN);
	m->source[4].fd = -1;
	assert_int_equal(recode_run(&r, 0, LEN), -ENODATA);
	recode_free(&r);
}

static void progress_note(void **state)
{
	struct repair_note n = { .bytes_done = 0x123456789000 }, back;
	uint8_t buf[RLNC_REPAIR_BYTES], *edge;
	unsigned int i;

	(void)state;
	memset(n.state, 0x5a, sizeof(n.state));
	repair_note_format(&n, buf);
	edge = edge_copy(buf, sizeof(buf));
	assert_int_equal(repair_note_parse(edge, sizeof(buf), &back), 0);
	assert_memory_equal(back.state, n.state, sizeof(n.state));
	assert_int_equal(back.bytes_done, n.bytes_done);
	for (i = 0; i < sizeof(buf) * 8; i += i < 512 ? 1 : 61) {
		edge[i / 8] ^= 1u << i % 8;
		assert_int_equal(repair_note_parse(edge, sizeof(buf), &back), -EINVAL);
		edge[i / 8] ^= 1u << i % 8;
	}
	edge_free(edge, sizeof(buf));
	edge = edge_copy(buf, sizeof(buf) - 1);
	assert_int_equal(repair_note_parse(edge, sizeof(buf) - 1, &back), -EINVAL);
	edge_free(edge, sizeof(buf) - 1);
	n.bytes_done = 4095;
	repair_note_format(&n, buf);
	assert_int_equal(repair_note_parse(buf, sizeof(buf), &back), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_subset, make_systematic, drop_members),
		cmocka_unit_test_setup_teardown(sources_lost, make_systematic, drop_members),
		cmocka_unit_test_setup_teardown(every_subset_dense, make_dense, drop_members),
		cmocka_unit_test(progress_note),
	};

	return cmocka_run_group_tests_name("recode", tests, NULL, NULL);
}
