// SPDX-License-Identifier: GPL-2.0-or-later
/* An edge's store: what each call answers, and random operations beside a naive table. */
#include <inttypes.h>
#include <signal.h>

#include "../../user/skyd/edge_index.h"
#include "edge_util.h"

/* --- what each call answers ----------------------------------------------- */

static int answers(void *arg)
{
	struct edge_store *s = opened();
	uint8_t sha256[32] = { 0 };
	struct edge_put *put, *other;
	struct edge_info info;
	struct edge_get *get;

	(void)arg;
	must_equal(edge_get_begin(s, &get, STR("a"), &info, 0), -ENOENT);
	must_equal(edge_store_delete(s, STR("a")), -ENOENT);
	must_equal(put_seed(s, "a", 1, 100), 0);
	must_equal(put_seed(s, "a", 2, 100), -EEXIST);
	must_equal(check_seed(s, "a", 1, 100), 0);
	must_equal(put_seed(s, "empty", 1, 0), 0);
	must_equal(check_seed(s, "empty", 1, 0), 0);
	must_equal(put_seed(s, "edge", 3, 4096), 0);
	must_equal(put_seed(s, "over", 4, 4097), 0);
	must_equal(put_seed(s, "blocks", 5, 131072), 0);
	must_equal(put_seed(s, "more", 6, 200001), 0);
	must_equal(check_seed(s, "edge", 3, 4096), 0);
	must_equal(check_seed(s, "over", 4, 4097), 0);
	must_equal(check_seed(s, "blocks", 5, 131072), 0);
	must_equal(check_seed(s, "more", 6, 200001), 0);

	must_equal(edge_put_begin(s, &put, STR("b"), 10, sha256, 0), 0);
	must_equal(edge_put_begin(s, &other, STR("b"), 10, sha256, 0), -EBUSY);
	must_equal(edge_get_begin(s, &get, STR("b"), &info, 0), -ENOENT);
	must_equal(edge_store_delete(s, STR("b")), -EBUSY);
	must_equal(edge_put_write(put, "0123456789A", 11, 0), -EFBIG);
	must_equal(edge_put_write(put, "012345678", 9, 0), 0);
	must_equal(edge_put_commit(put), -ENODATA);
	must_equal(edge_put_begin(s, &put, STR("b"), 10, sha256, 0), 0);
	must_equal(edge_put_write(put, "0123456789", 10, 0), 0);
	must_equal(edge_put_commit(put), -EILSEQ);
	must_equal(edge_put_begin(s, &put, STR("b"), 5000, sha256, 0), 0);
	edge_put_abort(put);
	must_equal(edge_get_begin(s, &get, STR("b"), &info, 0), -ENOENT);

	/* What is open can be read when it has been deleted. */
	must_equal(edge_get_begin(s, &get, STR("more"), &info, 0), 0);
	must_equal(edge_store_delete(s, STR("more")), 0);
	must_equal(edge_get_read(get, sha256, 32, 200000, 0), 1);
	must_equal(edge_get_read(get, sha256, 32, 200001, 0), 0);
	edge_get_end(get);
	must_equal(edge_store_delete(s, STR("a")), 0);
	must_equal(put_seed(s, "a", 7, 99), 0);
	edge_store_close(s);

	s = opened();
	must_equal(check_seed(s, "a", 7, 99), 0);
	must_equal(check_seed(s, "more", 6, 200001), -ENOENT);
	must_equal(check_seed(s, "blocks", 5, 131072), 0);
	edge_store_close(s);
	must_equal(damage_told, 0);
	return 0;
}

static void each_answer(void **state)
{
	fresh_folder();
	assert_int_equal(on_loop(state, answers, NULL), 0);
	remove_folder();
}

static int names(void *arg)
{
	static const char *const bad[] = {
		"", ".", "..", "a/../b", "./a", "a/.", "a b", "a%41", "a\n", "\xc3\xa4", "a?b",
	};
	char longest[300];
	unsigned int i;

	(void)arg;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		must(!edge_name_ok(str_of(bad[i])));
	memset(longest, 'x', sizeof(longest));
	must(edge_name_ok((struct str){ longest, 255 }));
	must(!edge_name_ok((struct str){ longest, 256 }));
	must(edge_name_ok(STR("b-0/Zz_~9./..x")));
	return 0;
}

static void bad_names(void **state)
{
	assert_int_equal(on_loop(state, names, NULL), 0);
}

/* --- beside a table ------------------------------------------------------- */

#define NAMES	200u

struct model {
	bool there[NAMES];
	uint64_t seed[NAMES];
	size_t len[NAMES];
};

/* Names of which many begin alike, and some are the beginning of others. */
static void name_of(unsigned int i, char *to)
{
	static const char *const head[] = { "", "g/", "g/1", "g/10", "zz" };

	sprintf(to, "%s%.*s%03x", head[i % 5], (int)(i % 7), "aaaaaaa", i);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void check_list(struct edge_store *s, const struct model *m, const char *prefix)
{
	static char want[NAMES][40];
	struct edge_name page[7];
	struct str after = STR_NONE;
	unsigned int i, n = 0, got, at = 0;
	char last[256];

	for (i = 0; i < NAMES; i++) {
		name_of(i, want[n]);
		if (m->there[i] && !strncmp(want[n], prefix, strlen(prefix)))
			n++;
	}
	qsort(want, n, sizeof(want[0]), by_text);
	while ((got = edge_store_list(s, str_of(prefix), after, page, 7))) {
		for (i = 0; i < got; i++, at++) {
			must(at < n);
			must_equal(strcmp(page[i].name, want[at]), 0);
		}
		strcpy(last, page[got - 1].name);
		after = str_of(last);
	}
	must_equal(at, n);
}

static void check_model(struct edge_store *s, const struct model *m)
{
	uint64_t count = 0, bytes = 0;
	struct edge_usage usage;
	unsigned int i;
	char name[40];

	for (i = 0; i < NAMES; i++) {
		name_of(i, name);
		must_equal(check_seed(s, name, m->seed[i], m->len[i]), m->there[i] ? 0 : -ENOENT);
		count += m->there[i];
		bytes += m->there[i] ? m->len[i] : 0;
	}
	edge_store_usage(s, &usage);
	must_equal(usage.fragments, count);
	must_equal(usage.bytes, bytes);
	must_equal(usage.damaged, 0);
	check_list(s, m, "");
	check_list(s, m, "g/");
	check_list(s, m, "g/10");
	check_list(s, m, "zzz");
}

static void one_step(struct edge_store **s, struct model *m, uint64_t *random)
{
	unsigned int what = (*random = mixed(*random + 1)) % 100, i;
	char name[40];
	int rc;

	i = (*random >> 32) % NAMES;
	name_of(i, name);
	if (what < 55) {
		size_t len = (*random >> 40) % (what < 50 ? 4097 : 150000);

		rc = put_seed(*s, name, *random, len);
		must_equal(rc, m->there[i] ? -EEXIST : 0);
		if (rc)
			return;
		m->there[i] = true;
		m->seed[i] = *random;
		m->len[i] = len;
	} else if (what < 95) {
		must_equal(edge_store_delete(*s, str_of(name)), m->there[i] ? 0 : -ENOENT);
		m->there[i] = false;
	} else if (what < 98) {
		must(edge_store_compact(*s) >= 0);
	} else {
		edge_store_close(*s);
		*s = opened();
	}
}

static int model(void *arg)
{
	struct model *m = calloc(1, sizeof(*m));
	struct edge_store *s = opened();
	struct edge_usage usage;
	uint64_t random = *(uint64_t *)arg;
	unsigned int i;

	for (i = 0; i < 2500; i++) {
		one_step(&s, m, &random);
		if (i % 500 == 499)
			check_model(s, m);
	}
	for (i = 0; i < NAMES; i++) {
		char name[40];

		name_of(i, name);
		edge_store_delete(s, str_of(name));
	}
	edge_store_close(s);
	/* With everything deleted, all space comes back. */
	s = opened();
	while ((i = edge_store_compact(s)) == 1)
		;
	must_equal(i, 0);
	edge_store_usage(s, &usage);
	must_equal(usage.fragments, 0);
	must(usage.log_bytes <= 2 * 65536);
	edge_store_close(s);
	free(m);
	return 0;
}

static void beside_a_table(void **state)
{
	uint64_t seed;

	for (seed = 1; seed <= 3; seed++) {
		fresh_folder();
		assert_int_equal(on_loop(state, model, &seed), 0);
		remove_folder();
	}
}

/* --- many at once --------------------------------------------------------- */

struct worker {
	struct edge_store *s;
	unsigned int number;
};

static int work(void *arg)
{
	struct worker *w = arg;
	unsigned int i;
	char name[40];

	for (i = 0; i < 60; i++) {
		sprintf(name, "w%u/%u", w->number, i);
		must_equal(put_seed(w->s, name, i + 1, 10 + i * 20), 0);
		if (i % 3)
			continue;
		must_equal(check_seed(w->s, name, i + 1, 10 + i * 20), 0);
		must_equal(edge_store_delete(w->s, str_of(name)), 0);
	}
	/* All want the same names. */
	for (i = 0; i < 40; i++) {
		int rc;

		sprintf(name, "one/%u", i);
		rc = put_seed(w->s, name, i, 3000);
		must(!rc || rc == -EEXIST || rc == -EBUSY);
		rc = edge_store_delete(w->s, str_of(name));
		must(!rc || rc == -ENOENT || rc == -EBUSY);
	}
	return 0;
}

static int sweep(void *arg)
{
	struct edge_store *s = arg;
	int rc;

	while (!io_cancelled()) {
		rc = edge_store_compact(s);
		must(rc >= 0 || rc == -ECANCELED);
		io_sleep_until(io_after_ms(1));
	}
	return 0;
}

static int crowd(void *arg)
{
	struct edge_store *s = opened();
	struct worker worker[16];
	struct io_group group, sweeper;
	struct edge_usage usage;
	unsigned int i, j;
	char name[40];

	(void)arg;
	io_group_init(&group);
	io_group_init(&sweeper);
	must_equal(io_spawn(&sweeper, sweep, s, NULL), 0);
	for (i = 0; i < 16; i++) {
		worker[i] = (struct worker){ s, i };
		must_equal(io_spawn(&group, work, &worker[i], NULL), 0);
	}
	must_equal(io_group_wait_all(&group, 0), 0);
	io_group_end(&group);
	io_group_end(&sweeper);
	edge_store_usage(s, &usage);
	must(usage.syncs < 16 * 80);
	edge_store_close(s);
	s = opened();
	for (i = 0; i < 16; i++) {
		for (j = 0; j < 60; j++) {
			sprintf(name, "w%u/%u", i, j);
			must_equal(check_seed(s, name, j + 1, 10 + j * 20), j % 3 ? 0 : -ENOENT);
		}
	}
	for (j = 0; j < 40; j++) {
		int rc;

		sprintf(name, "one/%u", j);
		rc = check_seed(s, name, j, 3000);
		must(!rc || rc == -ENOENT);
	}
	edge_store_close(s);
	must_equal(damage_told, 0);
	return 0;
}

static void many_at_once(void **state)
{
	fresh_folder();
	assert_int_equal(on_loop(state, crowd, NULL), 0);
	remove_folder();
}

/* --- the folder ----------------------------------------------------------- */

static int hold(void *arg)
{
	int *ready = arg;

	opened();
	must_equal(write(ready[1], "x", 1), 1);
	return pause();
}

static int refused(void *arg)
{
	struct edge_store_config config = small_config();
	struct edge_store *s;

	(void)arg;
	must_equal(edge_store_open(&s, &config), -EBUSY);
	return 0;
}

static int granted(void *arg)
{
	(void)arg;
	edge_store_close(opened());
	return 0;
}

/* One holds it; when that is killed, the next gets it. */
static void two_processes(void **state)
{
	int ready[2];
	pid_t pid;
	char c;

	fresh_folder();
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (!pid)
		_exit(on_loop(state, hold, ready));
	close(ready[1]);
	if (read(ready[0], &c, 1) == 1) {
		assert_int_equal(on_loop(state, refused, NULL), 0);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		assert_int_equal(on_loop(state, granted, NULL), 0);
	} else {
		/* The child has skipped for want of io_uring. */
		waitpid(pid, NULL, 0);
		on_loop(state, granted, NULL);
	}
	close(ready[0]);
	remove_folder();
}

static int foreign(void *arg)
{
	struct edge_store_config config = small_config();
	struct edge_store *s;

	(void)arg;
	config.segment_bytes = 100;
	must_equal(edge_store_open(&s, &config), -EINVAL);
	config = small_config();
	shell("touch '%s'/%s", folder, "other");
	must_equal(edge_store_open(&s, &config), -ENOTEMPTY);
	shell("rm '%s'/%s", folder, "other");
	edge_store_close(opened());
	shell("printf spoiltid | dd of='%s'/%s bs=1 seek=30 conv=notrunc 2>/dev/null", folder, "store");
	must_equal(edge_store_open(&s, &config), -EBADMSG);
	config.path = "/nowhere/at/all";
	must_equal(edge_store_open(&s, &config), -ENOENT);
	return 0;
}

static void foreign_folders(void **state)
{
	fresh_folder();
	assert_int_equal(on_loop(state, foreign, NULL), 0);
	remove_folder();
}

/* The index beside a plain table: each name has its own entry, or none, at any size. */
static void index_finds(void **state)
{
	static struct edge_entry *there[3000];
	struct edge_index index = { 0 };
	struct edge_entry *e;
	unsigned int i, count = 0, seen = 0;
	uint64_t step;
	char text[24];
	struct str name;

	(void)state;
	assert_null(edge_index_find(&index, STR("none")));
	for (step = 0; step < 40000; step++) {
		/* It fills up, and is nearly empty now and then. */
		i = mixed(step) % (step / 5000 % 2 ? 40 : 3000);
		name = (struct str){ text, snprintf(text, sizeof(text), "%" PRIx64, mixed(i)) };
		e = edge_index_find(&index, name);
		assert_ptr_equal(e, there[i]);
		if (e) {
			edge_index_remove(&index, e);
			there[i] = NULL;
			count--;
		} else {
			there[i] = edge_index_add(&index, name);
			assert_non_null(there[i]);
			count++;
		}
		assert_int_equal(index.count, count);
	}
	for (e = edge_index_after(&index, STR_NONE); e; seen++) {
		assert_ptr_equal(edge_index_find(&index, edge_entry_name(e)), e);
		e = edge_index_after(&index, edge_entry_name(e));
	}
	assert_int_equal(seen, count);
	assert_true(count > 500);
	edge_index_free(&index);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(each_answer),
		ON_BOTH(bad_names),
		ON_BOTH(beside_a_table),
		ON_BOTH(many_at_once),
		ON_BOTH(two_processes),
		ON_BOTH(foreign_folders),
		cmocka_unit_test(index_finds),
	};

	return cmocka_run_group_tests_name("edge_store", tests, NULL, NULL);
}
