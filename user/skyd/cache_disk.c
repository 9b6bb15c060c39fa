// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A file without a name: it was opened before rights were given up, and is gone with its
 * process, or with its folder.  Reads and writes are made by fibers of their own, which hold the
 * entries; who waits for one gives up soon.  A disk that fails, or is slow again and again, is
 * not used any more.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <linux/kernel.h>

#include "cache_private.h"
#include "io/file.h"
#include "log.h"

#define GRAIN		4096u
#define WRITING_MOST	(16u << 20)	/* bytes on their way to the disk; else it is behind */
#define PATIENCE_MS	250
#define LATE_MOST	8u		/* in a row */

/* Where there is no O_TMPFILE, a name for a moment. */
static int open_named(const char *folder)
{
	char path[4096];
	int fd;

	if (snprintf(path, sizeof(path), "%s/skyd-cache-XXXXXX", folder) >= (int)sizeof(path))
		return -1;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

int cache_disk_prepare(const struct config *config)
{
	const char *folder = config->cache_path;
	int fd;

	if (!*folder || !config->cache_memory || !config->cache_disk)
		return -1;
	fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
		fd = open_named(folder);
	if (fd < 0)
		log_line(LEVEL_WARNING, "no cache in %s: %s; only memory is used", folder,
			 strerror(errno));
	return fd;
}

int disk_open(struct gateway *g, struct cache_disk *d, int fd)
{
	const struct config *config = g->config;

	d->g = g;
	d->fd = fd;
	d->off = fd < 0;
	if (d->off)
		return 0;
	d->leave = config->cache_disk_free << 20;
	/* What is being written stays in memory. */
	d->writing_most = min_t(u64, WRITING_MOST, config->cache_memory << 18);
	d->patience_ms = PATIENCE_MS;
	return ring_open(&d->ring, config->cache_disk << 20, GRAIN);
}

void disk_close(struct cache_disk *d)
{
	ring_close(&d->ring);
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
}

/* --- space ------------------------------------------------------------------------- */

static int truncate_run(void *arg)
{
	const struct cache_disk *d = arg;

	return ftruncate(d->fd, 0) ? -errno : 0;
}

static int truncate_fiber(void *arg)
{
	struct cache_disk *d = arg;

	/* Whoever is being waited for goes on, and finds less than he wanted. */
	io_work(d->g->pool, truncate_run, d, 0);
	d->emptying--;
	return 0;
}

void disk_empty(struct cache_disk *d)
{
	if (d->fd < 0)
		return;
	ring_drop_all(&d->ring);
	d->high = 0;
	/* Nor is anything written meanwhile that would be cut off. */
	d->emptying += !io_spawn(d->g->repairs, truncate_fiber, d, NULL);
}

static void turn_off(struct cache_disk *d, const char *why)
{
	if (d->off)
		return;
	d->off = true;
	log_line(LEVEL_WARNING, "the cache's disk fails: %s; it is not used any more, until a reload", why);
	disk_empty(d);
}

struct space {
	const struct cache_disk *d;
	u64 free;
};

static int space_run(void *arg)
{
	struct space *s = arg;
	struct statvfs v;

	if (fstatvfs(s->d->fd, &v))
		return -errno;
	s->free = (u64)v.f_bavail * v.f_frsize;
	return 0;
}

/*
 * May the file grow by @bytes?  Less than half of what was to be left means that somebody else
 * needs it more.
 */
static bool has_space(struct cache_disk *d, u64 bytes)
{
	struct space s = { .d = d };
	int rc = io_work(d->g->pool, space_run, &s, 0);

	if (rc == -ECANCELED || d->off)
		return false;
	if (rc) {
		turn_off(d, strerror(-rc));
		return false;
	}
	if (s.free < d->leave / 2 && d->high) {
		log_line(LEVEL_WARNING,
			 "only %llu MiB are left on the cache's disk: its own are given back",
			 (unsigned long long)s.free >> 20);
		disk_empty(d);
		return false;
	}
	return s.free >= d->leave + bytes;
}

static int sweep_fiber(void *arg)
{
	has_space(arg, 0);
	return 0;
}

void disk_sweep(struct cache_disk *d)
{
	if (!d->off && d->high)
		io_spawn(d->g->repairs, sweep_fiber, d, NULL);
}

/* --- writing ----------------------------------------------------------------------- */

struct writing {
	struct cache_disk *d;
	struct ring_entry *from, *to;
};

static int write_one(struct writing *w)
{
	struct cache_disk *d = w->d;
	struct cache *c = d->g->cache;
	const u64 end = w->to->at + w->to->len;

	if (end > d->high && !has_space(d, end - d->high)) {
		c->counts.refused[CACHE_DISK_SPACE]++;
		return -ENOSPC;
	}
	/* Meanwhile the file may have been given back. */
	if (!w->to->listed)
		return -ECANCELED;
	d->high = max_t(u64, d->high, end);
	return io_pwrite(d->fd, c->arena + w->from->at, w->to->len, w->to->at, 0);
}

static int write_fiber(void *arg)
{
	struct writing *w = arg;
	struct cache_disk *d = w->d;
	struct cache *c = d->g->cache;
	int rc = write_one(w);

	if (rc && rc != -ECANCELED && rc != -ENOSPC && rc != -EDQUOT) {
		c->counts.disk_errors++;
		turn_off(d, strerror(-rc));
	}
	if ((rc == -ENOSPC || rc == -EDQUOT) && !d->short_of)
		log_line(LEVEL_INFO, "the cache's disk has no room for more than %llu MiB",
			 (unsigned long long)d->ring.used >> 20);
	d->short_of = rc == -ENOSPC || rc == -EDQUOT;
	d->writing -= w->to->len;
	w->to->filled = !rc;
	if (rc)
		ring_drop(&d->ring, w->to);
	ring_put(&d->ring, w->to);
	ring_put(&c->ring, w->from);
	free(w);
	return rc;
}

void disk_write(struct cache_disk *d, struct ring_entry *e)
{
	struct cache *c = d->g->cache;
	struct writing *w;

	if (d->off || d->emptying || ring_has(&d->ring, e->id))
		return;
	if (d->writing + e->len > d->writing_most) {
		c->counts.refused[CACHE_DISK_BUSY]++;
		return;
	}
	w = malloc(sizeof(*w));
	if (!w)
		return;
	*w = (struct writing){ d, e, ring_add(&d->ring, e->id, e->place, e->body, e->len) };
	if (w->to) {
		w->to->bucket = e->bucket;
		w->to->policy = e->policy;
	}
	if (w->to && !io_spawn(d->g->repairs, write_fiber, w, NULL)) {
		ring_hold(e);
		d->writing += e->len;
		return;
	}
	c->counts.refused[CACHE_NO_ROOM]++;
	if (w->to) {
		ring_drop(&d->ring, w->to);
		ring_put(&d->ring, w->to);
	}
	free(w);
}

/* --- reading ----------------------------------------------------------------------- */

/* Shared by who waits, and the fiber that reads. */
struct reading {
	struct cache_disk *d;
	struct ring_entry *from, *to;	/* held */
	unsigned int users;
	int rc;
	struct io_event over;
};

static void reading_put(struct reading *r)
{
	if (!--r->users)
		free(r);
}

/* Before the head comes by, so that what is read stays. */
static bool is_old(const struct ring *r, const struct ring_entry *e)
{
	return (e->at + r->size - r->head) % r->size < r->size / 2 && r->used > r->size / 2;
}

static int read_fiber(void *arg)
{
	struct reading *r = arg;
	struct cache_disk *d = r->d;
	struct cache *c = d->g->cache;
	ssize_t got = io_pread(d->fd, c->arena + r->to->at, r->to->len, r->from->at, 0);

	r->rc = got == r->to->len ? 0 : got < 0 ? (int)got : -ENOENT;
	if (r->rc && r->rc != -ECANCELED && r->rc != -ENOENT) {
		c->counts.disk_errors++;
		turn_off(d, strerror(-r->rc));
	}
	r->to->filled = !r->rc;
	if (r->rc) {
		ring_drop(&c->ring, r->to);
		ring_drop(&d->ring, r->from);
	} else if (r->from->listed && is_old(&d->ring, r->from)) {
		ring_drop(&d->ring, r->from);
		disk_write(d, r->to);
	}
	ring_put(&c->ring, r->to);
	ring_put(&d->ring, r->from);
	io_event_set(&r->over);
	reading_put(r);
	return 0;
}

/* @to has been added for it.  Return: 0; -ENOENT; -ECANCELED. */
int disk_bring(struct cache_disk *d, struct ring_entry *from, struct ring_entry *to)
{
	struct cache *c = d->g->cache;
	struct reading *r = malloc(sizeof(*r));
	int rc;

	if (r) {
		*r = (struct reading){ .d = d, .from = from, .to = to, .users = 2 };
		io_event_init(&r->over);
	}
	if (!r || io_spawn(d->g->repairs, read_fiber, r, NULL)) {
		free(r);
		ring_drop(&c->ring, to);
		ring_put(&c->ring, to);
		return -ENOENT;
	}
	ring_hold(from);
	rc = io_event_wait(&r->over, io_after_ms(d->patience_ms));
	if (rc == -ETIMEDOUT) {
		c->counts.disk_late++;
		if (++d->late == LATE_MOST)
			turn_off(d, "too slow");
	} else if (!rc) {
		d->late = 0;
		rc = r->rc;
	}
	reading_put(r);
	return !rc || rc == -ECANCELED ? rc : -ENOENT;
}
