// SPDX-License-Identifier: GPL-2.0-or-later
/* Nonces: none is taken twice, whatever happens to the process, the clock or the files. */
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>

#include <asm/byteorder.h>

#include "../../user/skyd/edge_spent.h"
#include "../../user/skyd/edge_spent_log.h"
#include "crypto/crc.h"
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

/* URLs live for a minute. */
static int take(struct edge_spent *s, const uint8_t *nonce, int64_t expires, int64_t now)
{
	return edge_spent_take(s, nonce, expires - 60, expires, now);
}

static int sync_at(struct edge_spent *s, int64_t now)
{
	return edge_spent_sync(s, now, now);
}

/* The process is gone: what is in the folder now is all that there is. */
static void crash(struct edge_spent *s)
{
	shell("cp -pr '%s' '%s'.was", folder, folder);
	edge_spent_close(s);
	shell("rm -r '%s'%s", folder, "");
	shell("mv '%s'.was '%s'", folder, folder);
}

static uint64_t bytes_written(void)
{
	struct dirent **list;
	uint64_t bytes = 0;
	char path[400];
	struct stat st;
	int n = scandir(folder, &list, NULL, NULL);

	while (n-- > 0) {
		snprintf(path, sizeof(path), "%s/%s", folder, list[n]->d_name);
		if (*list[n]->d_name != '.' && !stat(path, &st))
			bytes += st.st_size;
		free(list[n]);
	}
	free(list);
	return bytes;
}

static int answers(void *arg)
{
	static const uint8_t zeros[EDGE_NONCE_BYTES];
	struct edge_spent *s = opened_at(T0);
	unsigned int i;

	(void)arg;
	must_equal(take(s, nonce(1), T0 + 60, T0), 0);
	must_equal(take(s, nonce(1), T0 + 60, T0), -EEXIST);
	must_equal(take(s, nonce(1), T0 + 70, T0), -EEXIST);
	must_equal(take(s, nonce(2), T0 - 1, T0), -ETIME);
	must_equal(take(s, nonce(2), T0 + 91, T0), -ETIME);
	must_equal(take(s, zeros, T0 + 60, T0), -ETIME);
	must_equal(sync_at(s, T0), 0);
	must_equal(sync_at(s, T0), 0);
	for (i = 2; i <= 1000; i++)
		must_equal(take(s, nonce(i), T0 + 60, T0), 0);
	must_equal(take(s, nonce(1001), T0 + 60, T0), -ENOSPC);
	must_equal(sync_at(s, T0), 0);
	must_equal(edge_spent_count(s), 1000);
	edge_spent_close(s);

	s = opened_at(T0 + 1);
	for (i = 1; i <= 1000; i++)
		must_equal(take(s, nonce(i), T0 + 60, T0 + 1), -EEXIST);
	must_equal(take(s, nonce(1001), T0 + 60, T0 + 1), -ENOSPC);
	/* When they have expired there is room again. */
	must_equal(sync_at(s, T0 + 61), 0);
	edge_spent_close(s);
	s = opened_at(T0 + 61);
	must_equal(edge_spent_count(s), 0);
	must_equal(take(s, nonce(1), T0 + 60, T0 + 61), -ETIME);
	must_equal(take(s, nonce(1001), T0 + 100, T0 + 61), 0);
	edge_spent_close(s);
	return 0;
}

/* What a lease covers is not written when it is used, and cannot be used after a crash. */
static int leases(void *arg)
{
	struct edge_spent *s = opened_at(T0);
	uint64_t before, i;

	(void)arg;
	must(!edge_spent_leased(s, T0));
	must_equal(take(s, nonce(0), T0 + 60, T0), 0);
	must_equal(sync_at(s, T0), 0);
	must(edge_spent_leased(s, T0) && edge_spent_leased(s, T0 + 2));
	must(!edge_spent_leased(s, T0 + 3));
	before = bytes_written();
	for (i = 1; i <= 100; i++) {
		must_equal(take(s, nonce(i), T0 + 62, T0 + 2), 0);
		must_equal(sync_at(s, T0 + 2), 0);
	}
	must_equal(bytes_written(), before);
	crash(s);
	s = opened_at(T0 + 2);
	for (i = 0; i <= 100; i++)
		must(take(s, nonce(i), T0 + 60 + 2 * !!i, T0 + 2) < 0);
	/* What was signed later is as good as ever; nothing that was signed before is. */
	must_equal(take(s, nonce(101), T0 + 62, T0 + 3), -ETIME);
	must_equal(take(s, nonce(101), T0 + 63, T0 + 3), 0);
	/* Not synced, so that nobody has had an answer. */
	crash(s);
	s = opened_at(T0 + 4);
	must_equal(take(s, nonce(100), T0 + 62, T0 + 4), -ETIME);
	must_equal(take(s, nonce(102), T0 + 64, T0 + 4), 0);
	must_equal(sync_at(s, T0 + 4), 0);
	/* One that ends in order opens nothing of what the first has refused. */
	edge_spent_close(s);
	s = opened_at(T0 + 5);
	must_equal(take(s, nonce(100), T0 + 62, T0 + 5), -ETIME);
	must_equal(take(s, nonce(102), T0 + 64, T0 + 5), -EEXIST);
	must_equal(take(s, nonce(103), T0 + 63, T0 + 5), 0);
	edge_spent_close(s);
	return 0;
}

/* The file with the lease stays until all that it covers has expired. */
static int lease_stays(void *arg)
{
	struct edge_spent *s = opened_at(T0);
	int64_t t;

	(void)arg;
	must_equal(take(s, nonce(1), T0 + 60, T0), 0);
	must_equal(sync_at(s, T0), 0);
	must_equal(take(s, nonce(2), T0 + 62, T0 + 2), 0);
	must_equal(sync_at(s, T0 + 2), 0);
	crash(s);
	for (t = T0 + 3; t <= T0 + 62; t++) {
		s = opened_at(t);
		must(take(s, nonce(2), T0 + 62, t) < 0);
		crash(s);
	}
	return 0;
}

/* Many at once go to the file before the lease ends; so does what is left when it is closed. */
static int batches(void *arg)
{
	const struct edge_spent_config config = { .path = folder, .salt = SALT };
	struct edge_spent *s;
	uint64_t before, i;

	(void)arg;
	must_equal(edge_spent_open(&s, &config, T0), 0);
	must_equal(sync_at(s, T0), 0);
	before = bytes_written();
	for (i = 0; i < 20000; i++) {
		must_equal(take(s, nonce(i), T0 + 60, T0), 0);
		must_equal(sync_at(s, T0), 0);
	}
	must(bytes_written() - before > 18000 * sizeof(struct sky_edge_spent));
	edge_spent_close(s);
	must_equal(edge_spent_open(&s, &config, T0 + 1), 0);
	for (i = 0; i < 20000; i++)
		must_equal(take(s, nonce(i), T0 + 60, T0 + 1), -EEXIST);
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
		must_equal(take(s, nonce(i), T0 + 60, T0), 0);
	must_equal(sync_at(s, T0), 0);
	must_equal(take(s, nonce(1000), T0 + 120, T0 + 60), -ENOSPC);
	must_equal(take(s, nonce(1000), T0 + 121, T0 + 61), 0);
	must_equal(take(s, nonce(0), T0 + 60, T0 + 1), -ETIME);
	must_equal(sync_at(s, T0 + 61), 0);
	must_equal(edge_spent_count(s), 1);
	edge_spent_close(s);
	s = opened_at(T0 + 62);
	must_equal(take(s, nonce(1000), T0 + 121, T0 + 62), -EEXIST);
	must_equal(take(s, nonce(0), T0 + 60, T0 + 1), -ETIME);
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
		must_equal(take(s, nonce(i), T0 + i + 60, T0 + i), 0);
		must_equal(sync_at(s, T0 + i), 0);
		must_equal(take(s, nonce(i), T0 + i + 60, T0 + i), -EEXIST);
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

/* A clock that was ahead when a lease began: the lease on the disk is no shorter than it was. */
static int shorter(void *arg)
{
	const struct edge_spent_config config = { .path = folder, .salt = SALT };
	struct edge_spent *s;
	uint64_t i;

	(void)arg;
	must_equal(edge_spent_open(&s, &config, T0 + 30), 0);
	must_equal(edge_spent_take(s, nonce(0), T0, T0 + 60, T0 + 30), 0);
	must_equal(edge_spent_sync(s, T0, T0 + 30), 0);
	/* It steps back, and there are enough of them for the file. */
	for (i = 1; i <= 2000; i++) {
		must_equal(edge_spent_take(s, nonce(i), T0, T0 + 60, T0 + 3), 0);
		must_equal(edge_spent_sync(s, T0, T0 + 3), 0);
	}
	must_equal(edge_spent_take(s, nonce(3000), T0 + 10, T0 + 70, T0 + 10), 0);
	must_equal(edge_spent_sync(s, T0 + 10, T0 + 10), 0);
	crash(s);
	must_equal(edge_spent_open(&s, &config, T0 + 11), 0);
	must(edge_spent_take(s, nonce(3000), T0 + 10, T0 + 70, T0 + 11) < 0);
	edge_spent_close(s);
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
		must_equal(take(s, nonce(1), t + 60, t), 0);
		must_equal(sync_at(s, t), 0);
		/* An hour ahead: it is forgotten. */
		must_equal(take(s, nonce(2), t + 3660, t + 3600), 0);
		must_equal(sync_at(s, t + 3600), 0);
		must_equal(take(s, nonce(3), t + 3760, t + 3700), 0);
		must_equal(sync_at(s, t + 3700), 0);
		if (restart[i]) {
			edge_spent_close(s);
			s = opened_at(t + 1);
		}
		must(take(s, nonce(1), t + 60, t + 1) < 0);
		must(take(s, nonce(2), t + 3660, t + 3600) < 0);
		must(take(s, nonce(3), t + 3760, t + 3700) < 0);
		edge_spent_close(s);
	}
	return 0;
}

/* Any byte that is changed, and any length that is left: nothing can be used again. */
static int damaged(void *arg)
{
	struct edge_spent *s;
	uint8_t bytes[64 + 5 * 32];	/* with a lease, and its end */
	char path[400];
	struct dirent **list;
	unsigned int i, j;
	int fd, n;

	(void)arg;
	for (i = 0; i < 2 * sizeof(bytes); i++) {
		s = opened_at(T0);
		for (j = 0; j < 3; j++)
			must_equal(take(s, nonce(j), T0 + 60, T0), 0);
		must_equal(sync_at(s, T0), 0);
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
			must(take(s, nonce(j), T0 + 60, T0 + 1) < 0);
		edge_spent_close(s);
		shell("rm -f '%s'/%s", folder, "0*");
	}
	return 0;
}

/* Files of the format without leases, in which all was written before it was answered. */
static int older(void *arg)
{
	const __le64 place[3] = { __cpu_to_le64(SALT), __cpu_to_le64(1), 0 };
	struct sky_edge_spent one = { .expires = __cpu_to_le64(T0 + 60) };
	struct sky_edge_spent_hdr header;
	struct edge_spent *s;
	char path[128];
	int fd;

	(void)arg;
	edge_spent_write_header(SALT, 1, T0, T0 - 30, &header);
	memcpy(header.magic, SKY_EDGE_SPENT_MAGIC_1, sizeof(header.magic));
	header.crc = __cpu_to_le64(crc_update(CRC_64NVME, crc_update(CRC_64NVME, 0, place,
								     sizeof(place)),
					      &header, offsetof(struct sky_edge_spent_hdr, crc)));
	memcpy(one.nonce, nonce(1), sizeof(one.nonce));
	edge_spent_write(SALT, 1, sizeof(header), &one);
	snprintf(path, sizeof(path), "%s/%016x", folder, 1);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	must_equal(pwrite(fd, &header, sizeof(header), 0), sizeof(header));
	must_equal(pwrite(fd, &one, sizeof(one), sizeof(header)), sizeof(one));
	close(fd);
	s = opened_at(T0 + 1);
	must_equal(take(s, nonce(1), T0 + 60, T0 + 1), -EEXIST);
	must_equal(take(s, nonce(2), T0 + 60, T0 + 1), 0);
	edge_spent_close(s);
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
	must_equal(take(s, nonce(1), T0 + 60, T0), 0);
	must_equal(sync_at(s, T0), 0);
	for (round = 0, i = 2; round < 6; round++) {
		uint64_t first = i;

		fill(true);
		/* More than fit into what the file has already, for longer than they live. */
		for (; i < first + 800; i++) {
			t += !(i % 3);
			must_equal(take(s, nonce(i), t + 60, t), 0);
			must_equal(sync_at(s, t), 0);
			must_equal(take(s, nonce(i), t + 60, t), -EEXIST);
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
			must(take(s, nonce(first), t + 60, t) < 0);
		/* A start costs a life; whoever has gone on knows them all. */
		must_equal(take(s, nonce(i), t + 60, t), round % 3 ? -ETIME : 0);
		t += 91;
		must_equal(take(s, nonce(++i), t + 60, t), 0);
		must_equal(sync_at(s, t), 0);
		edge_spent_close(s);
		s = opened_at(t + 1);
		must_equal(take(s, nonce(i), t + 60, t + 1), -EEXIST);
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
	uint64_t answered;		/* all from first up to this */
	uint64_t begun, first;
	int64_t now;
};

static int take_for_ever(void *arg)
{
	struct shared *m = arg;
	struct edge_spent *s = opened_at(m->now);
	uint64_t i;

	for (i = m->begun + 1; !io_cancelled() && i < m->first + 300; i++) {
		m->begun = i;
		must_equal(take(s, nonce(i), m->now + 60, m->now), 0);
		if (i % 3)
			continue;
		must_equal(sync_at(s, m->now), 0);
		m->answered = i;
	}
	return pause();
}

static int last_look(void *arg)
{
	struct shared *m = arg;
	struct edge_spent *s = opened_at(m->now + 1);
	uint64_t i;

	for (i = m->first; i <= m->answered; i++)
		must(take(s, nonce(i), m->now + 60, m->now + 1) < 0);
	edge_spent_close(s);
	return 0;
}

static void killed(void **state)
{
	struct shared *m = mmap(NULL, sizeof(*m), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned int i, looked = 0;
	pid_t pid;
	int status;

	io_loop_close(loop_of(state));
	fresh_folder();
	m->now = T0;
	m->first = 1;
	for (i = 0; i < 60; i++) {
		fflush(NULL);
		pid = fork();
		if (!pid)
			_exit(on_loop(state, take_for_ever, m) != 0);
		usleep(15000 + mixed(i) % 20000);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		looked += m->answered >= m->first;
		assert_int_equal(on_loop(state, last_look, m), 0);
		m->now += 3;
		m->first = m->begun + 1;
		m->begun = m->first - 1;
	}
	/* On a busy machine some have not come to an answer. */
	assert_true(looked > 10);
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
CASE(leases_cover, leases)
CASE(lease_outlives, lease_stays)
CASE(written_in_batches, batches)
CASE(too_many, crowded)
CASE(files_turn_over, turning)
CASE(clock_jumps, jumping)
CASE(lease_is_no_shorter_on_the_disk, shorter)
CASE(damaged_files, damaged)
CASE(older_format, older)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(each_answer),
		ON_BOTH(leases_cover),
		ON_BOTH(lease_outlives),
		ON_BOTH(written_in_batches),
		ON_BOTH(too_many),
		ON_BOTH(files_turn_over),
		ON_BOTH(clock_jumps),
		ON_BOTH(lease_is_no_shorter_on_the_disk),
		ON_BOTH(damaged_files),
		ON_BOTH(older_format),
		ON_BOTH(full_disk),
		ON_BOTH(killed),
	};

	return cmocka_run_group_tests_name("edge_spent", tests, NULL, NULL);
}
