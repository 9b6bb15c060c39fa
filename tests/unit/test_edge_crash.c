// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An edge's store that is killed, damaged, or has no room: what was acknowledged is there,
 * and nothing else that is not whole.
 */
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>

#include "edge_util.h"

/* --- kill ----------------------------------------------------------------- */

#define NAMES	64u
#define KILLS	(getenv("EDGE_KILLS") ? atoi(getenv("EDGE_KILLS")) : 40)

/*
 * Shared with the child that is killed.  A name goes from state to state in the order of the
 * enum; a version is what its bytes follow from.
 */
enum { ABSENT, PUTTING, THERE, DELETING };

struct shared {
	uint32_t state[NAMES];
	uint32_t version[NAMES];
	uint32_t steps;
};

struct writer {
	struct edge_store *s;
	struct shared *shared;
	unsigned int number;
};

static size_t len_of(unsigned int i, uint32_t version)
{
	return mixed(i * 1000 + version) % (i % 8 ? 4000 : 90000);
}

static int write_for_ever(void *arg)
{
	struct writer *w = arg;
	struct shared *m = w->shared;
	unsigned int i;
	char name[16];

	for (i = w->number; !io_cancelled(); i = (i + 8) % NAMES) {
		sprintf(name, "n/%u", i);
		if (m->state[i] == ABSENT) {
			m->version[i]++;
			m->state[i] = PUTTING;
			must_equal(put_seed(w->s, name, i * 1000 + m->version[i],
					    len_of(i, m->version[i])), 0);
			m->state[i] = THERE;
		} else {
			m->state[i] = DELETING;
			must_equal(edge_store_delete(w->s, str_of(name)), 0);
			m->state[i] = ABSENT;
		}
		m->steps++;
		if (mixed(m->steps) % 16 == 0)
			must(edge_store_compact(w->s) != -EIO);
	}
	return 0;
}

/* What is there must be what was acknowledged; what was on its way may be either. */
static int check_after(struct edge_store *s, struct shared *m)
{
	unsigned int i;
	char name[16];
	int rc;

	for (i = 0; i < NAMES; i++) {
		sprintf(name, "n/%u", i);
		rc = check_seed(s, name, i * 1000 + m->version[i], len_of(i, m->version[i]));
		must(!rc || rc == -ENOENT);
		must(m->state[i] != THERE || !rc);
		must(m->state[i] != ABSENT || rc == -ENOENT);
		m->state[i] = rc ? ABSENT : THERE;
	}
	return 0;
}

static int child(void *arg)
{
	struct writer writer[8];
	struct edge_store *s = opened();
	struct io_group group;
	unsigned int i;

	check_after(s, arg);
	io_group_init(&group);
	for (i = 0; i < 8; i++) {
		writer[i] = (struct writer){ s, arg, i };
		must_equal(io_spawn(&group, write_for_ever, &writer[i], NULL), 0);
	}
	return io_group_wait_all(&group, 0);
}

static int last_look(void *arg)
{
	struct edge_store *s = opened();
	unsigned int i;
	char path[128];
	struct edge_usage usage;

	check_after(s, arg);
	must_equal(damage_told, 0);
	/* No file is left of what never came to be. */
	edge_store_usage(s, &usage);
	for (i = 0; i < 256; i++) {
		struct dirent **list;
		int n, k;

		snprintf(path, sizeof(path), "%s/large/%02x", folder, i);
		n = scandir(path, &list, NULL, NULL);
		must(n >= 2);
		usage.large -= n - 2;
		for (k = 0; k < n; k++)
			free(list[k]);
		free(list);
	}
	must_equal(usage.large, 0);
	edge_store_close(s);
	return 0;
}

static void killed(void **state)
{
	struct shared *m = mmap(NULL, sizeof(*m), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int i, status;
	pid_t pid;

	io_loop_close(loop_of(state));
	fresh_folder();
	for (i = 0; i < KILLS; i++) {
		fflush(NULL);
		pid = fork();
		if (!pid)
			_exit(on_loop(state, child, m) != 0);
		usleep(20000 + mixed(i) % 60000);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
	print_message("%d kills in %u operations\n", KILLS, m->steps);
	assert_true(m->steps > KILLS);
	assert_int_equal(on_loop(state, last_look, m), 0);
	remove_folder();
	munmap(m, sizeof(*m));
}

/* --- damage --------------------------------------------------------------- */

#define FEW	6u

static size_t few_len(unsigned int i)
{
	return i == 4 ? 5000 : 40 * i;
}

static void few_name(unsigned int i, char *name)
{
	sprintf(name, "few/%u", i);
}

static int make_few(void *arg)
{
	struct edge_store *s = opened();
	unsigned int i;
	char name[16];

	(void)arg;
	for (i = 0; i < FEW; i++) {
		few_name(i, name);
		must_equal(put_seed(s, name, i, few_len(i)), 0);
	}
	must_equal(edge_store_delete(s, STR("few/0")), 0);
	edge_store_close(s);
	return 0;
}

/*
 * How many of the few are there and whole.  None that reads may have other bytes, and one that
 * does not read has been told of, by its name or by its segment.
 */
static unsigned int count_few(bool told)
{
	struct edge_store *s = opened();
	unsigned int i, whole = 0;
	char name[16];
	int rc;

	for (i = 1; i < FEW; i++) {
		few_name(i, name);
		rc = check_seed(s, name, i, few_len(i));
		must(!rc || rc == -ENOENT || rc == -EBADMSG);
		whole += !rc;
		must(rc != -EBADMSG || strstr(damage_text, name));
	}
	must(!told || whole == FEW - 1 || damage_told);
	edge_store_close(s);
	return whole;
}

struct victim {
	char path[200];
	uint8_t *bytes;
	size_t len;
};

static void victim_read(struct victim *v, const char *below)
{
	struct stat st;
	int fd;

	snprintf(v->path, sizeof(v->path), "%s/%s", folder, below);
	fd = open(v->path, O_RDONLY);
	must(fd >= 0 && !fstat(fd, &st));
	v->len = st.st_size;
	v->bytes = malloc(v->len);
	must_equal(read(fd, v->bytes, v->len), v->len);
	close(fd);
}

static void victim_write(const struct victim *v, size_t len)
{
	int fd = open(v->path, O_WRONLY | O_TRUNC | O_CREAT, 0600);

	must(fd >= 0);
	must_equal(write(fd, v->bytes, len), len);
	close(fd);
}

/* Every byte of a sealed segment: at most one fragment is lost, never in silence. */
static int flip_segment(void *arg)
{
	struct victim v;
	size_t i;

	(void)arg;
	make_few(NULL);
	victim_read(&v, "log/0000000000000001");
	for (i = 0; i < v.len; i++) {
		damage_told = 0;
		v.bytes[i] ^= 1 << i % 8;
		victim_write(&v, v.len);
		must(count_few(true) >= FEW - 2);
		v.bytes[i] ^= 1 << i % 8;
	}
	victim_write(&v, v.len);
	damage_told = 0;
	must_equal(count_few(true), FEW - 1);
	must_equal(damage_told, 0);
	free(v.bytes);
	return 0;
}

static void flipped_segment(void **state)
{
	fresh_folder();
	assert_int_equal(on_loop(state, flip_segment, NULL), 0);
	remove_folder();
}

/* Every byte of a large file: that one fragment does not read, and the scrub finds it. */
static int flip_large(void *arg)
{
	struct edge_name after = { 0 };
	struct edge_store *s;
	struct victim v;
	size_t i;

	(void)arg;
	make_few(NULL);
	victim_read(&v, "large/01/0000000000000001");
	for (i = 0; i < v.len; i += i < 4900 ? 97 : 1) {
		damage_told = 0;
		v.bytes[i] ^= 0x10;
		victim_write(&v, v.len);
		must_equal(count_few(true), FEW - 2);
		v.bytes[i] ^= 0x10;
	}
	victim_write(&v, v.len - 1);
	must_equal(count_few(true), FEW - 2);
	damage_told = 0;
	s = opened();
	while ((i = edge_store_scrub(s, &after, 100, 0)) == 1)
		;
	must_equal(i, 0);
	must_equal(damage_told, 1);
	must(!!strstr(damage_text, "few/4"));
	edge_store_close(s);
	free(v.bytes);
	return 0;
}

static void flipped_large(void **state)
{
	fresh_folder();
	assert_int_equal(on_loop(state, flip_large, NULL), 0);
	remove_folder();
}

static int open_close(void *arg)
{
	(void)arg;
	edge_store_close(opened());
	return 0;
}

static void remove_logs(void)
{
	char path[128];
	unsigned int i;

	for (i = 1; i < 8; i++) {
		snprintf(path, sizeof(path), "%s/log/%016x", folder, i);
		unlink(path);
	}
}

/* A segment that ends anywhere: what is before the end is there, and the rest is cut off. */
static int tear(void *arg)
{
	struct victim v, large;
	unsigned int whole, last = 0;
	size_t i;

	(void)arg;
	make_few(NULL);
	victim_read(&v, "log/0000000000000001");
	victim_read(&large, "large/01/0000000000000001");
	for (i = 0; i <= v.len; i += i + 110 < v.len ? 11 : 1) {
		remove_logs();
		victim_write(&v, i);
		/* Without its record the file goes at the start. */
		victim_write(&large, large.len);
		whole = count_few(false);
		must(whole >= last);
		last = whole;
		/* What a start has made of it, the next one finds in order. */
		must_equal(count_few(false), whole);
		must_equal(damage_told, 0);
	}
	must_equal(last, FEW - 1);
	free(v.bytes);
	free(large.bytes);
	return open_close(NULL);
}

static void torn_segment(void **state)
{
	fresh_folder();
	assert_int_equal(on_loop(state, tear, NULL), 0);
	remove_folder();
}

/* --- room ----------------------------------------------------------------- */

static int fill_up(void *arg)
{
	struct edge_store_config config = small_config();
	struct edge_usage usage;
	struct edge_store *s;
	unsigned int round, i, n;
	char name[16];
	int rc;

	(void)arg;
	for (round = 0; round < 6; round++) {
		/* With a reserve, and without one. */
		config.reserve = round % 2 ? 0 : 256 << 10;
		must_equal(edge_store_open(&s, &config), 0);
		for (n = 0;; n++) {
			sprintf(name, "f%u", n);
			rc = put_seed(s, name, n, n % 50 == 49 ? 20000 : 3000);
			if (rc)
				break;
		}
		must_equal(rc, -ENOSPC);
		must(n > 100);
		edge_store_usage(s, &usage);
		must(!usage.failed);
		for (i = 0; i < n; i++) {
			sprintf(name, "f%u", i);
			must_equal(check_seed(s, name, i, i % 50 == 49 ? 20000 : 3000), 0);
		}
		if (!config.reserve) {
			edge_store_close(s);
			config.reserve = 0;
			must_equal(edge_store_open(&s, &config), 0);
		}
		for (i = 0; i < n; i++) {
			sprintf(name, "f%u", i);
			rc = edge_store_delete(s, str_of(name));
			must(!rc || (rc == -ENOSPC && !config.reserve));
			while (edge_store_compact(s) == 1)
				;
		}
		edge_store_close(s);
		if (!config.reserve)
			shell("rm -rf '%s'/%s", folder, "*");
	}
	return 0;
}

static int may_mount(void)
{
	return !unshare(CLONE_NEWNS) && !mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	       !mount("none", folder, "tmpfs", 0, "size=3m") ? 0 : -errno;
}

static void no_room(void **state)
{
	fresh_folder();
	if (may_mount()) {
		remove_folder();
		print_message("no file system can be mounted here\n");
		skip();
	}
	assert_int_equal(on_loop(state, fill_up, NULL), 0);
	assert_int_equal(umount2(folder, MNT_DETACH), 0);
	remove_folder();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(killed),
		ON_BOTH(flipped_segment),
		ON_BOTH(flipped_large),
		ON_BOTH(torn_segment),
		ON_BOTH(no_room),
	};

	return cmocka_run_group_tests_name("edge_crash", tests, NULL, NULL);
}
