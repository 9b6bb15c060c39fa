// SPDX-License-Identifier: GPL-2.0-or-later
/* Nonces: none is taken twice, whatever happens to the process, the clock or the files. */
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>

#include "../../user/skyd/edge_spent.h"
#include "edge_util.h"

#define SALT	0x1234567890abcdefull
#define T0	1000000

static struct edge_spent *opened_at(int64_t now)
{
	struct edge_spent_config config = { .path = folder, .salt = SALT, .max = 1000 };
	struct edge_spent *s;

	must_equal(edge_spent_open(&s, &config, now), 0);
	return s;
}

static const uint8_t *nonce(uint64_t number)
{
	static uint8_t bytes[EDGE_NONCE_BYTES];

	bytes_of(number, bytes, sizeof(bytes));
	return bytes;
}

static int answers(void *arg)
{
	static const uint8_t zeros[EDGE_NONCE_BYTES];
	struct edge_spent *s = opened_at(T0);
	unsigned int i;

	(void)arg;
	must_equal(edge_spent_take(s, nonce(1), T0 + 60, T0), 0);
	must_equal(edge_spent_take(s, nonce(1), T0 + 60, T0), -EEXIST);
	must_equal(edge_spent_take(s, nonce(1), T0 + 70, T0), -EEXIST);
	must_equal(edge_spent_take(s, nonce(2), T0 - 1, T0), -ETIME);
	must_equal(edge_spent_take(s, nonce(2), T0 + 91, T0), -ETIME);
	must_equal(edge_spent_take(s, zeros, T0 + 60, T0), -ETIME);
	must_equal(edge_spent_sync(s, T0), 0);
	must_equal(edge_spent_sync(s, T0), 0);
	for (i = 2; i <= 1000; i++)
		must_equal(edge_spent_take(s, nonce(i), T0 + 60, T0), 0);
	must_equal(edge_spent_take(s, nonce(1001), T0 + 60, T0), -ENOSPC);
	must_equal(edge_spent_sync(s, T0), 0);
	must_equal(edge_spent_count(s), 1000);
	edge_spent_close(s);

	s = opened_at(T0 + 1);
	for (i = 1; i <= 1000; i++)
		must_equal(edge_spent_take(s, nonce(i), T0 + 60, T0 + 1), -EEXIST);
	must_equal(edge_spent_take(s, nonce(1001), T0 + 60, T0 + 1), -ENOSPC);
	/* When they have expired there is room again. */
	must_equal(edge_spent_sync(s, T0 + 61), 0);
	edge_spent_close(s);
	s = opened_at(T0 + 61);
	must_equal(edge_spent_count(s), 0);
	must_equal(edge_spent_take(s, nonce(1), T0 + 60, T0 + 61), -ETIME);
	must_equal(edge_spent_take(s, nonce(1001), T0 + 100, T0 + 61), 0);
	edge_spent_close(s);
	return 0;
}

/* Too many: when they have expired it goes on, though nobody could sync meanwhile. */
static int crowded(void *arg)
{
	struct edge_spent *s = opened_at(T0);
	unsigned int i;

	(void)arg;
	for (i = 0; i < 1000; i++)
		must_equal(edge_spent_take(s, nonce(i), T0 + 60, T0), 0);
	must_equal(edge_spent_sync(s, T0), 0);
	must_equal(edge_spent_take(s, nonce(1000), T0 + 120, T0 + 60), -ENOSPC);
	must_equal(edge_spent_take(s, nonce(1000), T0 + 121, T0 + 61), 0);
	must_equal(edge_spent_take(s, nonce(0), T0 + 60, T0 + 1), -ETIME);
	must_equal(edge_spent_sync(s, T0 + 61), 0);
	must_equal(edge_spent_count(s), 1);
	edge_spent_close(s);
	s = opened_at(T0 + 62);
	must_equal(edge_spent_take(s, nonce(1000), T0 + 121, T0 + 62), -EEXIST);
	must_equal(edge_spent_take(s, nonce(0), T0 + 60, T0 + 1), -ETIME);
	edge_spent_close(s);
	return 0;
}

/* Without a restart, too, they make room, and files do not pile up. */
static int turning(void *arg)
{
	struct edge_spent *s = opened_at(T0);
	struct dirent **list;
	unsigned int i;
	int n;

	(void)arg;
	for (i = 0; i < 2000; i++) {
		must_equal(edge_spent_take(s, nonce(i), T0 + i + 60, T0 + i), 0);
		must_equal(edge_spent_sync(s, T0 + i), 0);
		must_equal(edge_spent_take(s, nonce(i), T0 + i + 60, T0 + i), -EEXIST);
	}
	must(edge_spent_count(s) < 200);
	edge_spent_close(s);
	n = scandir(folder, &list, NULL, NULL);
	must(n > 2 && n < 10);
	while (n)
		free(list[--n]);
	free(list);
	return 0;
}

/* A clock that goes ahead and back again does not open what was used. */
static int jumping(void *arg)
{
	static const int restart[] = { 0, 1 };
	unsigned int i;
	struct edge_spent *s;
	int64_t t;

	(void)arg;
	for (i = 0; i < 2; i++) {
		t = T0 + 100000 * i;
		s = opened_at(t);
		must_equal(edge_spent_take(s, nonce(1), t + 60, t), 0);
		must_equal(edge_spent_sync(s, t), 0);
		/* An hour ahead: it is forgotten. */
		must_equal(edge_spent_take(s, nonce(2), t + 3660, t + 3600), 0);
		must_equal(edge_spent_sync(s, t + 3600), 0);
		must_equal(edge_spent_take(s, nonce(3), t + 3760, t + 3700), 0);
		must_equal(edge_spent_sync(s, t + 3700), 0);
		if (restart[i]) {
			edge_spent_close(s);
			s = opened_at(t + 1);
		}
		must(edge_spent_take(s, nonce(1), t + 60, t + 1) < 0);
		must(edge_spent_take(s, nonce(2), t + 3660, t + 3600) < 0);
		must(edge_spent_take(s, nonce(3), t + 3760, t + 3700) < 0);
		edge_spent_close(s);
	}
	return 0;
}

/* Any byte that is changed, and any length that is left: nothing can be used again. */
static int damaged(void *arg)
{
	struct edge_spent *s;
	uint8_t bytes[64 + 3 * 32];
	char path[400];
	struct dirent **list;
	unsigned int i, j;
	int fd, n;

	(void)arg;
	for (i = 0; i < 2 * sizeof(bytes); i++) {
		s = opened_at(T0);
		for (j = 0; j < 3; j++)
			must_equal(edge_spent_take(s, nonce(j), T0 + 60, T0), 0);
		must_equal(edge_spent_sync(s, T0), 0);
		edge_spent_close(s);
		n = scandir(folder, &list, NULL, alphasort);
		must_equal(n, 3);
		snprintf(path, sizeof(path), "%s/%s", folder, list[2]->d_name);
		while (n)
			free(list[--n]);
		free(list);
		fd = open(path, O_RDWR);
		must(fd >= 0);
		must_equal(pread(fd, bytes, sizeof(bytes), 0), sizeof(bytes));
		if (i < sizeof(bytes)) {
			bytes[i] ^= 1 << i % 8;
			must_equal(pwrite(fd, bytes, sizeof(bytes), 0), sizeof(bytes));
		} else if ((i - sizeof(bytes)) % 32 && i - sizeof(bytes)) {
			must_equal(ftruncate(fd, i - sizeof(bytes)), 0);
		}
		close(fd);
		s = opened_at(T0 + 1);
		for (j = 0; j < 3; j++)
			must(edge_spent_take(s, nonce(j), T0 + 60, T0 + 1) < 0);
		edge_spent_close(s);
		shell("rm -f '%s'/%s", folder, "0*");
	}
	return 0;
}

/* Of a few pages: @used says whether all are taken by somebody else. */
static void fill(bool used)
{
	shell(used ? "cat /dev/zero >'%s'/%s 2>/dev/null || true" : "rm -f '%s'/%s", folder, "filler");
}

/* Nobody can write anything down: each is taken once all the same, and a start knows nothing. */
static int full(void *arg)
{
	struct edge_spent *s = opened_at(T0);
	uint64_t i, t = T0;
	unsigned int round;

	(void)arg;
	must_equal(edge_spent_take(s, nonce(1), T0 + 60, T0), 0);
	must_equal(edge_spent_sync(s, T0), 0);
	for (round = 0, i = 2; round < 6; round++) {
		uint64_t first = i;

		fill(true);
		/* More than fit into what the file has already, for longer than they live. */
		for (; i < first + 800; i++) {
			t += !(i % 3);
			must_equal(edge_spent_take(s, nonce(i), t + 60, t), 0);
			must_equal(edge_spent_sync(s, t), 0);
			must_equal(edge_spent_take(s, nonce(i), t + 60, t), -EEXIST);
		}
		must(edge_spent_count(s) < 600);
		must(!edge_spent_failed(s));
		if (round % 3)
			edge_spent_close(s);
		if (round % 3 == 1)
			s = opened_at(t);
		fill(false);
		if (round % 3 == 2)
			s = opened_at(t);
		for (first = i - 180; first < i; first++)
			must(edge_spent_take(s, nonce(first), t + 60, t) < 0);
		/* A start costs a life; whoever has gone on knows them all. */
		must_equal(edge_spent_take(s, nonce(i), t + 60, t), round % 3 ? -ETIME : 0);
		t += 91;
		must_equal(edge_spent_take(s, nonce(++i), t + 60, t), 0);
		must_equal(edge_spent_sync(s, t), 0);
		edge_spent_close(s);
		s = opened_at(t + 1);
		must_equal(edge_spent_take(s, nonce(i), t + 60, t + 1), -EEXIST);
		i++;
	}
	edge_spent_close(s);
	return 0;
}

static void full_disk(void **state)
{
	int rc;

	fresh_folder();
	if (mount("tmpfs", folder, "tmpfs", 0, "size=48k")) {
		print_message("only root can mount a small file system\n");
		remove_folder();
		skip();
	}
	rc = on_loop(state, full, NULL);
	must_equal(umount2(folder, MNT_DETACH), 0);
	remove_folder();
	assert_int_equal(rc, 0);
}

/* --- kill ----------------------------------------------------------------- */

struct shared {
	uint64_t answered;		/* all up to this were durable */
	uint64_t begun;
};

static int take_for_ever(void *arg)
{
	struct edge_spent *s = opened_at(T0);
	struct shared *m = arg;
	uint64_t i, first = m->answered;
	int rc;

	for (i = m->begun + 1; !io_cancelled() && i < 990; i++) {
		m->begun = i;
		/* The last sync may have been done, and not been written down here. */
		rc = edge_spent_take(s, nonce(i), T0 + 60, T0);
		must(!rc || (rc == -EEXIST && i <= first + 3));
		if (i % 3)
			continue;
		must_equal(edge_spent_sync(s, T0), 0);
		m->answered = i;
	}
	return pause();
}

static int last_look(void *arg)
{
	struct edge_spent *s = opened_at(T0);
	struct shared *m = arg;
	uint64_t i;

	for (i = 1; i <= m->answered; i++)
		must_equal(edge_spent_take(s, nonce(i), T0 + 60, T0), -EEXIST);
	edge_spent_close(s);
	return 0;
}

static void killed(void **state)
{
	struct shared *m = mmap(NULL, sizeof(*m), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned int i;
	pid_t pid;
	int status;

	io_loop_close(loop_of(state));
	fresh_folder();
	for (i = 0; i < 60; i++) {
		fflush(NULL);
		pid = fork();
		if (!pid) {
			/* Those between two syncs may be lost: only what was answered counts. */
			m->begun = m->answered;
			_exit(on_loop(state, take_for_ever, m) != 0);
		}
		usleep(15000 + mixed(i) % 20000);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		assert_int_equal(on_loop(state, last_look, m), 0);
		if (m->answered > 900) {
			remove_folder();
			fresh_folder();
			m->answered = 0;
		}
	}
	remove_folder();
	munmap(m, sizeof(*m));
}

#define CASE(name, fn)						\
	static void name(void **state)				\
	{							\
		fresh_folder();					\
		assert_int_equal(on_loop(state, fn, NULL), 0);	\
		remove_folder();				\
	}

CASE(each_answer, answers)
CASE(too_many, crowded)
CASE(files_turn_over, turning)
CASE(clock_jumps, jumping)
CASE(damaged_files, damaged)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(each_answer),
		ON_BOTH(too_many),
		ON_BOTH(files_turn_over),
		ON_BOTH(clock_jumps),
		ON_BOTH(damaged_files),
		ON_BOTH(full_disk),
		ON_BOTH(killed),
	};

	return cmocka_run_group_tests_name("edge_spent", tests, NULL, NULL);
}
