// SPDX-License-Identifier: GPL-2.0-or-later
/* Files: every call, what it returns, and that it leaves what the system call would. */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "io_util.h"

#define BIG	(5u << 20)

static char folder[32];
static int dir;

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/test_io_file.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0;
}

static int remove_folder(void **state)
{
	(void)state;
	close(dir);
	return rmdir(folder);
}

static int64_t size_of(const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, 0) ? -errno : st.st_size;
}

static int read_and_write(void *arg)
{
	char *out = malloc(BIG), *in = calloc(1, BIG + 100);
	unsigned int i;
	int fd;

	(void)arg;
	for (i = 0; i < BIG; i++)
		out[i] = i * 2654435761u >> 24;
	must_equal(io_openat(dir, "data", O_RDWR, 0, 0), -ENOENT);
	fd = io_openat(dir, "data", O_RDWR | O_CREAT | O_EXCL, 0640, 0);
	must(fd >= 0);
	must(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	must_equal(io_openat(dir, "data", O_RDWR | O_CREAT | O_EXCL, 0640, 0), -EEXIST);
	must_equal(io_pread(fd, in, 100, 0, 0), 0);
	must_equal(io_pwrite(fd, out, BIG, 7, 0), 0);
	must_equal(io_pread(fd, in, BIG + 100, 7, 0), BIG);
	must(!memcmp(in, out, BIG));
	must_equal(io_pread(fd, in, 10, BIG + 2, 0), 5);
	must(!memcmp(in, out + BIG - 5, 5));
	must_equal(io_pread(fd, in, 10, BIG * 2, 0), 0);
	must_equal(io_pread(fd, in, 0, 0, 0), 0);
	must_equal(io_fsync(fd, 0), 0);
	must_equal(io_fdatasync(fd, io_after_ms(20000)), 0);
	must_equal(io_pwrite(fd, out, 10, 0, 1), -ETIMEDOUT);
	must_equal(io_pwrite_sync(fd, out + 1, BIG - 1, 7, 0), 0);
	must_equal(io_pread(fd, in, BIG, 7, 0), BIG);
	must(!memcmp(in, out + 1, BIG - 1) && in[BIG - 1] == out[BIG - 1]);
	must_equal(io_close(fd), 0);
	must_equal(size_of("data"), BIG + 7);

	fd = io_openat(dir, "data", O_RDONLY, 0, 0);
	must_equal(io_pwrite(fd, out, 10, 0, 0), -EBADF);
	must_equal(io_pwrite_sync(fd, out, 10, 0, 0), -EBADF);
	must_equal(io_close(fd), 0);
	must_equal(io_pread(fd, in, 10, 0, 0), -EBADF);
	must_equal(io_fsync(fd, 0), -EBADF);
	must_equal(io_unlinkat(dir, "data", 0, 0), 0);
	free(out);
	free(in);
	return 0;
}

static void bytes(void **state)
{
	assert_int_equal(on_loop(state, read_and_write, NULL), 0);
}

static int names(void *arg)
{
	struct statx st;
	int fd;

	(void)arg;
	must_equal(io_mkdirat(dir, "sub", 0750, 0), 0);
	must_equal(io_mkdirat(dir, "sub", 0750, 0), -EEXIST);
	fd = io_openat(dir, "a", O_WRONLY | O_CREAT, 0600, 0);
	must(fd >= 0);
	must_equal(io_fallocate(fd, 0, 0, 8192, 0), 0);
	must_equal(io_fallocate(fd, 0, 0, 0, 0), -EINVAL);
	must_equal(io_statx(dir, "a", 0, STATX_SIZE | STATX_NLINK, &st, 0), 0);
	must_equal(st.stx_size, 8192);
	must_equal(st.stx_nlink, 1);
	must_equal(io_statx(fd, "", AT_EMPTY_PATH, STATX_SIZE, &st, 0), 0);
	must_equal(st.stx_size, 8192);
	must_equal(io_close(fd), 0);

	must_equal(io_linkat(dir, "a", dir, "sub/b", 0, 0), 0);
	must_equal(io_linkat(dir, "a", dir, "sub/b", 0, 0), -EEXIST);
	must_equal(io_renameat(dir, "a", dir, "sub/b", RENAME_NOREPLACE, 0), -EEXIST);
	must_equal(io_renameat(dir, "a", dir, "sub/c", 0, 0), 0);
	must_equal(io_statx(dir, "a", 0, STATX_SIZE, &st, 0), -ENOENT);
	must_equal(io_statx(dir, "sub/c", 0, STATX_NLINK, &st, 0), 0);
	must_equal(st.stx_nlink, 2);
	must_equal(io_unlinkat(dir, "sub", AT_REMOVEDIR, 0), -ENOTEMPTY);
	must_equal(io_unlinkat(dir, "sub", 0, 0), -EISDIR);
	must_equal(io_unlinkat(dir, "sub/b", 0, 0), 0);
	must_equal(io_unlinkat(dir, "sub/c", 0, 0), 0);
	must_equal(io_unlinkat(dir, "sub", AT_REMOVEDIR, 0), 0);
	must_equal(io_unlinkat(dir, "sub", AT_REMOVEDIR, 0), -ENOENT);
	return 0;
}

static void names_and_sizes(void **state)
{
	assert_int_equal(on_loop(state, names, NULL), 0);
}

/* A file that may not grow: what has been written is not taken for all. */
static int limited(void *arg)
{
	struct rlimit before, small;
	char *buf = calloc(1, 100000);
	int fd;

	(void)arg;
	fd = io_openat(dir, "full", O_WRONLY | O_CREAT, 0600, 0);
	must(fd >= 0);
	getrlimit(RLIMIT_FSIZE, &before);
	small = (struct rlimit){ 50000, before.rlim_max };
	must_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	must_equal(io_pwrite(fd, buf, 100000, 0, 0), -EFBIG);
	must_equal(size_of("full"), 50000);
	setrlimit(RLIMIT_FSIZE, &before);
	io_close(fd);
	must_equal(io_unlinkat(dir, "full", 0, 0), 0);
	free(buf);
	return 0;
}

static void a_file_that_may_not_grow(void **state)
{
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(on_loop(state, limited, NULL), 0);
	signal(SIGXFSZ, SIG_DFL);
}

/* --- many at once, and cancelled ------------------------------------------------------------- */

struct writer {
	int fd;
	unsigned int number;
};

static int write_blocks(void *arg)
{
	struct writer *w = arg;
	char out[4096], in[4096];
	unsigned int i;
	int rc;

	memset(out, 'a' + w->number % 26, sizeof(out));
	for (i = 0; i < 8; i++) {
		uint64_t at = (w->number * 8 + i) * sizeof(out);

		rc = io_pwrite(w->fd, out, sizeof(out), at, 0);
		if (!rc)
			rc = io_fdatasync(w->fd, 0);
		if (rc)
			return rc;
		rc = io_pread(w->fd, in, sizeof(in), at, 0);
		if (rc < 0)
			return rc;
		must_equal(rc, sizeof(in));
		must(!memcmp(in, out, sizeof(in)));
		/* If the kernel still had it, the next read would find it changed. */
		memset(in, 0xee, sizeof(in));
	}
	return 0;
}

static int many(void *arg)
{
	static struct writer w[100];
	unsigned int i, round;
	int fd;

	(void)arg;
	fd = io_openat(dir, "many", O_RDWR | O_CREAT, 0600, 0);
	must(fd >= 0);
	for (round = 0; round < 6; round++) {
		CLEANUP_GROUP struct io_group group = IO_GROUP(group);

		for (i = 0; i < 100; i++) {
			w[i] = (struct writer){ fd, i };
			must_equal(io_spawn(&group, write_blocks, &w[i], NULL), 0);
		}
		if (!round)
			must_equal(io_group_wait_all(&group, 0), 0);
		else
			io_sleep_until(io_now() + round * 300000);
	}
	must_equal(io_close(fd), 0);
	must_equal(io_unlinkat(dir, "many", 0, 0), 0);
	return 0;
}

static void many_at_once_and_cancelled(void **state)
{
	assert_int_equal(on_loop(state, many, NULL), 0);
}

static int cancelled(void *arg)
{
	int fd = *(int *)arg;
	char byte;

	must_equal(io_sleep_until(INT64_MAX), -ECANCELED);
	must_equal(io_pread(fd, &byte, 1, 0, 0), -ECANCELED);
	must_equal(io_unlinkat(dir, "kept", 0, 0), -ECANCELED);
	must_equal(io_close(fd), 0);
	io_shield();
	must_equal(io_unlinkat(dir, "kept", 0, 0), 0);
	io_unshield();
	return 0;
}

static int tidy_up(void *arg)
{
	struct io_group group = IO_GROUP(group);
	int fd;

	(void)arg;
	fd = io_openat(dir, "kept", O_RDWR | O_CREAT, 0600, 0);
	must(fd >= 0);
	must_equal(io_spawn(&group, cancelled, &fd, NULL), 0);
	io_yield();
	io_group_end(&group);
	must_equal(group.good, 1);
	must_equal(fcntl(fd, F_GETFD), -1);
	must_equal(size_of("kept"), -ENOENT);
	return 0;
}

static void who_was_cancelled_can_tidy_up(void **state)
{
	assert_int_equal(on_loop(state, tidy_up, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(bytes),
		ON_BOTH(names_and_sizes),
		ON_BOTH(a_file_that_may_not_grow),
		ON_BOTH(many_at_once_and_cancelled),
		ON_BOTH(who_was_cancelled_can_tidy_up),
	};

	return cmocka_run_group_tests_name("io file", tests, make_folder, remove_folder);
}
