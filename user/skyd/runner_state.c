// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * STATE/NAME is a workload's folder: its record, and files of its own.  Who has locked the folder
 * starts or ends it, so that no two do at once, and what is left of a runner that died is free.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/hex.h"
#include "runner.h"

#define RECORD		"workload.json"
#define RECORD_MAX	8192u
#define PATH_SIZE	4096u
#define TREE_MAX	4096	/* processes that are looked at */

bool runner_name_ok(struct str name)
{
	static const char chars[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
	size_t i;

	for (i = 0; i < name.len; i++)
		if (!memchr(chars, name.at[i], sizeof(chars) - 1))
			return false;
	return name.len && name.len <= RUNNER_NAME_MAX && *name.at != '.' && *name.at != '-';
}

void runner_path(const struct runner *r, const char *name, const char *file, char *to, size_t size)
{
	snprintf(to, size, "%s/%s%s%s", r->config->workload_state, name, *file ? "/" : "", file);
}

/* --- records ------------------------------------------------------------------------------ */

static u64 number_of(const json_t *j, const char *name)
{
	return json_integer_value(json_object_get(j, name));
}

static bool text_of(const json_t *j, const char *name, char *to, size_t size)
{
	const char *text = json_string_value(json_object_get(j, name));

	return text && snprintf(to, size, "%s", text) < (int)size;
}

int runner_record_read(const struct runner *r, const char *name, struct runner_record *to)
{
	CLEANUP_FREE char *text = NULL;
	char path[PATH_SIZE], digest[2 * RUNNER_DIGEST + 1];
	size_t len;
	json_t *j;
	bool good;
	int rc;

	*to = (struct runner_record){ 0 };
	runner_path(r, name, RECORD, path, sizeof(path));
	rc = file_read(path, RECORD_MAX, &text, &len);
	if (rc)
		return rc;
	j = json_loadb(text, len, 0, NULL);
	good = text_of(j, "name", to->name, sizeof(to->name)) && !strcmp(to->name, name) &&
	       text_of(j, "image", to->image, sizeof(to->image)) &&
	       text_of(j, "digest", digest, sizeof(digest)) &&
	       !hex_decode(digest, to->digest, sizeof(to->digest));
	to->team = number_of(j, "team");
	to->tier = number_of(j, "tier");
	to->pid = number_of(j, "pid");
	to->ticks = number_of(j, "ticks");
	to->started = number_of(j, "started");
	to->up = number_of(j, "up");
	to->spawn_us = number_of(j, "spawn_us");
	json_decref(j);
	return good && to->tier <= 4 ? 0 : -EBADMSG;
}

int runner_record_write(const struct runner *r, const struct runner_record *w)
{
	char path[PATH_SIZE], digest[2 * RUNNER_DIGEST + 1], *text;
	json_t *j;
	int rc;

	hex_encode(w->digest, sizeof(w->digest), digest);
	j = json_pack("{s:s,s:s,s:s,s:I,s:i,s:i,s:I,s:I,s:I,s:I}", "name", w->name, "image",
		      w->image, "digest", digest, "team", (json_int_t)w->team, "tier", (int)w->tier,
		      "pid", w->pid, "ticks", (json_int_t)w->ticks, "started",
		      (json_int_t)w->started, "up", (json_int_t)w->up, "spawn_us",
		      (json_int_t)w->spawn_us);
	text = j ? json_dumps(j, JSON_COMPACT) : NULL;
	json_decref(j);
	if (!text)
		return -ENOMEM;
	runner_path(r, w->name, RECORD, path, sizeof(path));
	rc = file_write_atomic(path, text, strlen(text), 0600);
	free(text);
	return rc;
}

/* --- folders ------------------------------------------------------------------------------ */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path) && errno != ENOENT ? -1 : 0;
}

static void remove_tree(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

void runner_forget(const struct runner *r, const char *name)
{
	char path[PATH_SIZE];

	runner_path(r, name, "", path, sizeof(path));
	remove_tree(path);
}

/* Whoever had the lock may have removed the folder: then it is another's, or nobody's. */
static int lock_folder(const char *path)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat mine, there;

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	if (fstat(fd, &mine) || stat(path, &there) || mine.st_ino != there.st_ino)
		return -EBUSY;
	return TAKE_FD(fd);
}

/* What is more than can be listed could be neither seen nor ended. */
static int count_folders(const struct runner *r)
{
	DIR *d = opendir(r->config->workload_state);
	struct dirent *e;
	int count = 0;

	if (!d)
		return -errno;
	while ((e = readdir(d)))
		count += runner_name_ok(str_of(e->d_name));
	closedir(d);
	return count;
}

int runner_take(struct runner *r, const char *name)
{
	CLEANUP_CLOSE int fd = -1;
	struct runner_record w;
	char path[PATH_SIZE];
	bool made;
	int count;

	runner_path(r, name, "", path, sizeof(path));
	made = !mkdir(path, 0711);
	if (!made && errno != EEXIST)
		return -errno;
	fd = lock_folder(path);
	if (fd < 0)
		return fd;
	if (!runner_record_read(r, name, &w) && runner_alive(&w))
		return -EEXIST;
	/* This one is among them. */
	count = count_folders(r);
	if (count > (int)RUNNER_ROWS) {
		if (made)
			runner_forget(r, name);
		return -ENOSPC;
	}
	if (count < 0)
		return count;
	/* A lock is the folder's, so this one stays. */
	runner_path(r, name, "rootfs", path, sizeof(path));
	remove_tree(path);
	runner_path(r, name, RECORD, path, sizeof(path));
	unlink(path);
	runner_path(r, name, "", path, sizeof(path));
	/* The files are for who runs in it, and for nobody to list. */
	return chmod(path, 0711) ? -errno : TAKE_FD(fd);
}

int runner_hold(struct runner *r, const char *name)
{
	char path[PATH_SIZE];

	runner_path(r, name, "", path, sizeof(path));
	return lock_folder(path);
}

/* --- processes ---------------------------------------------------------------------------- */

/* What follows the name in /proc/PID/stat: state, parent, ... */
static bool read_stat(int pid, char *state, int *parent, u64 *ticks)
{
	CLEANUP_FREE char *text = NULL;
	unsigned long long began;
	char path[64], *at;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (file_read(path, 4096, &text, NULL))
		return false;
	at = strrchr(text, ')');
	if (!at || sscanf(at, ") %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
			  state, parent, &began) != 3)
		return false;
	*ticks = began;
	return true;
}

u64 runner_ticks(int pid)
{
	u64 ticks = 0;
	char state;
	int parent;

	return read_stat(pid, &state, &parent, &ticks) ? ticks : 0;
}

u64 runner_now_us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000ull + t.tv_nsec / 1000;
}

bool runner_began_since(const struct runner_record *w, int pid)
{
	const u64 ticks = runner_ticks(pid);
	/* A tick is the most that it may be behind. */
	const u64 up = (ticks + 1) * (1000000 / sysconf(_SC_CLK_TCK));

	if (!ticks)
		return false;
	if (w->up)
		return up >= w->up;
	return runner_now_us(CLOCK_REALTIME) - runner_now_us(CLOCK_BOOTTIME) + up >= w->started;
}

bool runner_alive(const struct runner_record *w)
{
	u64 ticks;
	char state;
	int parent;

	return w->pid > 0 && read_stat(w->pid, &state, &parent, &ticks) && ticks == w->ticks &&
	       state != 'Z' && state != 'X';
}

static u64 own_bytes(int pid)
{
	CLEANUP_FREE char *text = NULL;
	char path[64], *at;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	if (file_read(path, 16384, &text, NULL))
		return 0;
	at = strstr(text, "\nPss:");
	return at ? strtoull(at + 5, NULL, 10) << 10 : 0;
}

/* The process, and all that it has begun: shares of what several map, so that sums are right. */
u64 runner_footprint(int pid)
{
	int tree[TREE_MAX], count = 1, parent, i;
	bool more = true;
	struct dirent *e;
	u64 sum = own_bytes(pid), ticks;
	char state;
	DIR *d;

	tree[0] = pid;
	/* Children may have lower numbers than their parents: until nothing is found. */
	while (more && (d = opendir("/proc"))) {
		more = false;
		while ((e = readdir(d))) {
			int one = atoi(e->d_name);

			for (i = 0; one > 0 && i < count && tree[i] != one; i++)
				;
			if (one <= 0 || i < count || count == TREE_MAX ||
			    !read_stat(one, &state, &parent, &ticks))
				continue;
			for (i = 0; i < count && tree[i] != parent; i++)
				;
			if (i == count)
				continue;
			tree[count++] = one;
			sum += own_bytes(one);
			more = true;
		}
		closedir(d);
	}
	return sum;
}
