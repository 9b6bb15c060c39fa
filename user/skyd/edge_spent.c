// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <asm/byteorder.h>

#include "base/cleanup.h"
#include "edge_spent_log.h"
#include "edge_spent.h"
#include "io/file.h"
#include "io/loop.h"
#include "io/sync.h"

#define MAX		1000000u
#define LIFE		90u
#define LEASE		2		/* seconds that one is ahead of what needs it */
#define BATCH		4096u		/* records that are written at once */
#define FULL_ENOUGH	1024u		/* of them that are not left to the end of a lease */
#define NAME_MAX_LEN	24u

/* A file and its table, which is open-addressed and at most half full. */
struct generation {
	struct generation *next;	/* an older one */
	uint64_t number;		/* 0: it has no file */
	int64_t created;
	int64_t latest;			/* when the last of it expires */
	uint64_t size;			/* bytes of the file that have been written */
	unsigned int count;
	unsigned int slots;		/* a power of two */
	uint8_t (*slot)[EDGE_NONCE_BYTES];
	int fd;				/* of the newest; -1 */
};

struct edge_spent {
	struct edge_spent_config config;
	struct generation *first;	/* the newest */
	unsigned int count;
	int64_t floor;
	int dir;
	uint64_t next_number;
	struct sky_edge_spent *pending;	/* taken, and not on the disk yet */
	unsigned int pendings, pending_room;
	int64_t newest;			/* when the latest URL that was taken was signed */
	int64_t lease;			/* durable: up to then */
	int64_t refused;		/* the lease that was found open */
	uint64_t refused_number;	/* in that file */
	struct io_event turn;		/* a batch has ended */
	int64_t full_at;		/* when room was looked for in vain */
	bool full;			/* the last batch is in memory only */
	bool syncing, failed;
};

/* --- tables --------------------------------------------------------------- */

static const uint8_t no_nonce[EDGE_NONCE_BYTES];

/* Nonces are signed, so that nobody who may not choose them does; all zeros is refused. */
static uint8_t *find_slot(const struct generation *g, const uint8_t *nonce)
{
	unsigned int i, mask = g->slots - 1;
	uint64_t hash;

	memcpy(&hash, nonce, sizeof(hash));
	for (i = (hash * 0x9e3779b97f4a7c15ull) >> 32 & mask;; i = (i + 1) & mask)
		if (!memcmp(g->slot[i], nonce, EDGE_NONCE_BYTES) ||
		    !memcmp(g->slot[i], no_nonce, EDGE_NONCE_BYTES))
			return g->slot[i];
}

static bool has(const struct generation *g, const uint8_t *nonce)
{
	return g->slots && !memcmp(find_slot(g, nonce), nonce, EDGE_NONCE_BYTES);
}

static int grow(struct generation *g)
{
	struct generation bigger = { .slots = g->slots ? 2 * g->slots : 64 };
	unsigned int i;

	bigger.slot = calloc(bigger.slots, sizeof(*bigger.slot));
	if (!bigger.slot)
		return -ENOMEM;
	for (i = 0; i < g->slots; i++)
		if (memcmp(g->slot[i], no_nonce, EDGE_NONCE_BYTES))
			memcpy(find_slot(&bigger, g->slot[i]), g->slot[i], EDGE_NONCE_BYTES);
	free(g->slot);
	g->slot = bigger.slot;
	g->slots = bigger.slots;
	return 0;
}

static int insert(struct generation *g, const uint8_t *nonce, int64_t expires)
{
	int rc = 2 * (g->count + 1) > g->slots ? grow(g) : 0;

	if (rc)
		return rc;
	memcpy(find_slot(g, nonce), nonce, EDGE_NONCE_BYTES);
	g->count++;
	if (expires > g->latest)
		g->latest = expires;
	return 0;
}

static void generation_free(struct generation *g)
{
	if (g->fd >= 0)
		close(g->fd);
	free(g->slot);
	free(g);
}

static void raise_floor(struct edge_spent *s, int64_t to)
{
	if (to > s->floor)
		s->floor = to;
}

/* --- files ---------------------------------------------------------------- */

static void path_of(uint64_t number, char path[NAME_MAX_LEN])
{
	snprintf(path, NAME_MAX_LEN, "%016" PRIx64, number);
}

/* The next file, durable with its header; it becomes the one that is written. */
static int begin_file(struct edge_spent *s, int64_t now)
{
	struct generation *g = calloc(1, sizeof(*g));
	struct sky_edge_spent_hdr header;
	char path[NAME_MAX_LEN];
	int rc;

	if (!g)
		return -ENOMEM;
	g->number = s->next_number++;
	g->created = now;
	g->size = sizeof(header);
	path_of(g->number, path);
	g->fd = io_openat(s->dir, path, O_WRONLY | O_CREAT | O_EXCL, 0600, 0);
	rc = g->fd < 0 ? g->fd : 0;
	edge_spent_write_header(s->config.salt, g->number, now, s->floor, &header);
	rc = rc ? rc : io_pwrite(g->fd, &header, sizeof(header), 0, 0);
	rc = rc ? rc : io_fdatasync(g->fd, 0);
	rc = rc ? rc : io_fsync(s->dir, 0);
	if (rc) {
		if (g->fd >= 0)
			io_unlinkat(s->dir, path, 0, 0);
		generation_free(g);
		return rc;
	}
	if (s->first && s->first->fd >= 0) {
		close(s->first->fd);
		s->first->fd = -1;
	}
	g->next = s->first;
	s->first = g;
	return 0;
}

/*
 * Files that have expired go once a newer one says up to when nonces are forgotten.  It is
 * the caller that begins it; the one that is written stays.
 */
static bool may_forget(const struct edge_spent *s, int64_t now)
{
	const struct generation *g;

	for (g = s->first; g; g = g->next)
		if (g->count && g->latest < now)
			return true;
	return false;
}

static int forget(struct edge_spent *s, int64_t now)
{
	const struct generation *g;
	int rc;

	for (g = s->first; g; g = g->next)
		if (g->latest < now)
			raise_floor(s, g->latest);
	rc = begin_file(s, now);
	if (!rc)
		s->full = false;
	return rc;
}

/* Behind the first one, which says so. */
static int drop_expired(struct edge_spent *s, int64_t now)
{
	struct generation **link, *g;
	char path[NAME_MAX_LEN];
	int rc = 0;

	for (link = &s->first->next; !rc && (g = *link);) {
		if (g->latest >= now) {
			link = &g->next;
			continue;
		}
		path_of(g->number, path);
		rc = g->number ? io_unlinkat(s->dir, path, 0, 0) : 0;
		*link = g->next;
		s->count -= g->count;
		generation_free(g);
	}
	return rc;
}

/* A new file each third of a life, so that old ones end soon after what is in them. */
static int turn_over(struct edge_spent *s, int64_t now)
{
	struct generation *g = s->first;
	int64_t age = now - g->created;

	if (s->full)
		return now == s->full_at ? -ENOSPC : forget(s, now);
	if (age >= 0 && age <= s->config.life / 3 + 1 && !(g->next && may_forget(s, now)))
		return 0;
	if (!g->count && !may_forget(s, now)) {
		g->created = now;
		return 0;
	}
	return forget(s, now);
}

/* --- a full disk ---------------------------------------------------------- */

static bool is_full(int rc)
{
	return rc == -ENOSPC || rc == -EDQUOT;
}

/*
 * A file that lacks the end of its last record is damaged for whoever reads it: he refuses all
 * URLs that there may be by then.  So it stands for any number of nonces, and needs no room.
 */
static int tear(struct edge_spent *s, struct generation *g, int64_t now)
{
	const struct timespec until = { .tv_sec = now + LEASE }, times[2] = { until, until };
	char path[NAME_MAX_LEN];
	int fd, rc = 0;

	path_of(g->number, path);
	fd = io_openat(s->dir, path, O_WRONLY, 0, 0);
	if (fd < 0)
		return fd;
	if (ftruncate(fd, g->size - 1) || futimens(fd, times))
		rc = -errno;
	rc = rc ? rc : io_fsync(fd, 0);
	io_close(fd);
	return rc;
}

/* A table without a file, so that those that have expired can go as long as there is no room. */
static int begin_table(struct edge_spent *s, int64_t now)
{
	struct generation *g = calloc(1, sizeof(*g)), **link;

	if (!g)
		return -ENOMEM;
	g->created = now;
	g->fd = -1;
	g->next = s->first;
	s->first = g;
	for (link = &g->next; (g = *link);) {
		if (g->number || g->latest >= now) {
			link = &g->next;
			continue;
		}
		raise_floor(s, g->latest);
		*link = g->next;
		s->count -= g->count;
		generation_free(g);
	}
	return 0;
}

/* What was taken has no place on the disk: the newest file stands for it, as long as it counts. */
static int remember(struct edge_spent *s, int64_t now)
{
	struct generation *g = s->first;
	int rc = 0;

	while (g && !g->number)
		g = g->next;
	if (!g)
		return -ENOSPC;
	if (now + s->config.life > g->latest)
		g->latest = now + s->config.life;
	if (!s->full || now != s->full_at)
		rc = tear(s, g, now);
	s->full = !rc;
	s->full_at = now;
	if (!rc && now - s->first->created > s->config.life / 3)
		rc = begin_table(s, now);
	return rc;
}

/* --- reading -------------------------------------------------------------- */

/* That of the newest file that has one counts.  The file stays while a URL may need it. */
static void found_lease(struct edge_spent *s, struct generation *g, int64_t until)
{
	if (until && until + s->config.life > g->latest)
		g->latest = until + s->config.life;
	if (g->number < s->refused_number)
		return;
	s->refused_number = g->number;
	s->refused = until;
}

/*
 * If anything of it cannot be read: a nonce that it held expires at most a life after the
 * last write.
 */
static int read_file(struct edge_spent *s, uint64_t number, int fd, int64_t now)
{
	struct generation *g = calloc(1, sizeof(*g));
	CLEANUP_FREE uint8_t *bytes = NULL;
	struct sky_edge_spent_hdr header;
	struct edge_spent_head head;
	struct edge_spent_one one;
	bool damaged = false;
	struct stat st;
	int64_t seen, lease = -1;
	size_t at;
	int rc = 0;

	if (!g || fstat(fd, &st) || st.st_size > (64u << 20)) {
		free(g);
		return g ? -EFBIG : -ENOMEM;
	}
	g->fd = -1;
	g->number = number;
	g->size = st.st_size ? st.st_size : 1;
	bytes = malloc(st.st_size + sizeof(header));
	if (!bytes || io_pread(fd, bytes, st.st_size, 0, 0) != st.st_size) {
		free(g);
		return bytes ? -EIO : -ENOMEM;
	}
	seen = st.st_mtime > now ? st.st_mtime : now;
	if (st.st_size >= sizeof(header) &&
	    edge_spent_read_header(s->config.salt, number, bytes, &head)) {
		raise_floor(s, head.floor);
		seen = head.created > seen ? head.created : seen;
	} else {
		/* An empty one was never used. */
		damaged = st.st_size > 0;
	}
	for (at = sizeof(header); !rc && at < st.st_size; at += sizeof(struct sky_edge_spent)) {
		if (at + sizeof(struct sky_edge_spent) > st.st_size ||
		    !edge_spent_read(s->config.salt, number, at, bytes + at, &one)) {
			damaged = true;
			continue;
		}
		if (!memcmp(one.nonce, no_nonce, sizeof(no_nonce))) {
			lease = one.expires;
			continue;
		}
		seen = one.expires > seen ? one.expires : seen;
		if (!has(g, one.nonce))
			rc = insert(g, one.nonce, one.expires);
	}
	if (lease >= 0)
		found_lease(s, g, lease);
	if (damaged)
		raise_floor(s, seen + s->config.life);
	s->count += g->count;
	g->next = s->first;
	s->first = g;
	return rc;
}

static int read_all(struct edge_spent *s, int64_t now)
{
	int fd = io_openat(s->dir, ".", O_RDONLY | O_DIRECTORY, 0, 0), rc = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	char again[NAME_MAX_LEN];
	struct dirent *d;
	uint64_t number;

	if (!dir)
		return fd < 0 ? fd : -ENOMEM;
	while (!rc && (d = readdir(dir))) {
		number = strtoull(d->d_name, NULL, 16);
		path_of(number, again);
		if (strcmp(again, d->d_name))
			continue;
		if (number >= s->next_number)
			s->next_number = number + 1;
		fd = io_openat(s->dir, d->d_name, O_RDONLY, 0, 0);
		rc = fd < 0 ? fd : read_file(s, number, fd, now);
		if (fd >= 0)
			io_close(fd);
	}
	closedir(dir);
	return rc;
}

static void spent_free(struct edge_spent *s)
{
	struct generation *g;

	while ((g = s->first)) {
		s->first = g->next;
		generation_free(g);
	}
	if (s->dir >= 0)
		close(s->dir);
	free(s->pending);
	free(s);
}

int edge_spent_open(struct edge_spent **spent, const struct edge_spent_config *config,
		    int64_t now)
{
	struct edge_spent *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return -ENOMEM;
	s->config = *config;
	s->config.max = config->max ? config->max : MAX;
	s->config.life = config->life ? config->life : LIFE;
	s->next_number = 1;
	io_event_init(&s->turn);
	s->pending = malloc((BATCH + 1) * sizeof(*s->pending));
	s->pending_room = BATCH;
	rc = io_mkdirat(AT_FDCWD, config->path, 0700, 0);
	s->dir = io_openat(AT_FDCWD, config->path, O_RDONLY | O_DIRECTORY, 0, 0);
	rc = rc && rc != -EEXIST ? rc : s->dir < 0 ? s->dir : s->pending ? 0 : -ENOMEM;
	rc = rc ? rc : read_all(s, now);
	/* What was read is forgotten by the floor that the new file has. */
	rc = rc ? rc : forget(s, now);
	rc = rc ? rc : drop_expired(s, now);
	if (is_full(rc))
		rc = remember(s, now);
	if (rc) {
		spent_free(s);
		return rc;
	}
	*spent = s;
	return 0;
}

/* --- taking --------------------------------------------------------------- */

/* Tables of what has expired; their files go when the next one is begun. */
static void make_room(struct edge_spent *s, int64_t now)
{
	struct generation *g;

	for (g = s->first; g; g = g->next) {
		if (g->latest >= now)
			continue;
		raise_floor(s, g->latest);
		s->count -= g->count;
		g->count = 0;
		g->slots = 0;
		free(g->slot);
		g->slot = NULL;
	}
}

int edge_spent_take(struct edge_spent *spent, const uint8_t nonce[EDGE_NONCE_BYTES],
		    int64_t issued, int64_t expires, int64_t now)
{
	struct sky_edge_spent *one;
	const struct generation *g;
	int rc;

	if (spent->failed)
		return -EROFS;
	if (!memcmp(nonce, no_nonce, EDGE_NONCE_BYTES) || expires < now ||
	    expires > now + spent->config.life || expires <= spent->floor ||
	    issued > expires || issued <= spent->refused)
		return -ETIME;
	for (g = spent->first; g; g = g->next)
		if (has(g, nonce))
			return -EEXIST;
	if (spent->count >= spent->config.max)
		make_room(spent, now);
	if (spent->count >= spent->config.max || spent->pendings == spent->pending_room)
		return -ENOSPC;
	rc = insert(spent->first, nonce, expires);
	if (rc)
		return rc;
	spent->count++;
	if (issued > spent->newest)
		spent->newest = issued;
	one = &spent->pending[spent->pendings++];
	memcpy(one->nonce, nonce, sizeof(one->nonce));
	one->expires = cpu_to_le64(expires);
	return 0;
}

/*
 * Records go to the file that is the newest when they are written; the table of an older one
 * may have them, which then lasts as long: both end after the last that is in them.  A lease is
 * the last of each batch; so a file that goes takes none along that a URL still needs.
 */
static int write_batch(struct edge_spent *s, struct sky_edge_spent *batch, unsigned int count,
		       int64_t lease)
{
	struct generation *g = s->first;
	unsigned int i;
	int rc;

	batch[count] = (struct sky_edge_spent){ .expires = cpu_to_le64(lease) };
	for (i = 0; i <= count; i++) {
		int64_t expires = le64_to_cpu(batch[i].expires);

		edge_spent_write(s->config.salt, g->number, g->size + i * sizeof(*batch),
				 &batch[i]);
		if (i < count && expires > g->latest)
			g->latest = expires;
	}
	count++;
	rc = io_pwrite_sync(g->fd, batch, count * sizeof(*batch), g->size, 0);
	if (!is_full(rc))
		g->size += count * sizeof(*batch);
	return rc;
}

static int write_pending(struct edge_spent *s, int64_t lease, int64_t now)
{
	CLEANUP_FREE struct sky_edge_spent *batch = s->pending;
	const struct generation *first = s->first;
	const unsigned int count = s->pendings;
	int rc;

	s->pending = malloc((s->pending_room + 1) * sizeof(*s->pending));
	s->pendings = 0;
	if (!s->pending) {
		s->pending_room = 0;
		return -ENOMEM;
	}
	rc = turn_over(s, now);
	rc = rc ? rc : write_batch(s, batch, count, lease);
	if (is_full(rc))
		rc = remember(s, now);
	/* Not before: the lease of one that goes may be what a URL is refused by. */
	if (!rc && s->first != first)
		rc = drop_expired(s, now);
	return rc;
}

static bool wants_batch(const struct edge_spent *s)
{
	return s->pendings >= FULL_ENOUGH && !s->syncing && !s->failed;
}

bool edge_spent_leased(const struct edge_spent *spent, int64_t issued)
{
	return issued <= spent->lease && !wants_batch(spent);
}

int edge_spent_sync(struct edge_spent *spent, int64_t issued, int64_t now)
{
	int64_t lease;
	int rc;

	io_shield();
	while (!edge_spent_leased(spent, issued) && !spent->failed) {
		if (spent->syncing) {
			io_event_wait(&spent->turn, 0);
			continue;
		}
		spent->syncing = true;
		lease = (spent->newest > now ? spent->newest : now) + LEASE;
		/* What is promised in memory is no less on the disk, where the last one counts. */
		if (lease < spent->lease)
			lease = spent->lease;
		rc = write_pending(spent, lease, now);
		if (rc)
			spent->failed = true;
		else
			spent->lease = lease;
		spent->syncing = false;
		io_event_set(&spent->turn);
		io_event_clear(&spent->turn);
	}
	io_unshield();
	return issued <= spent->lease ? 0 : -EIO;
}

/* What was found open stays refused: what is written down now says nothing of those. */
void edge_spent_close(struct edge_spent *spent)
{
	io_shield();
	if ((spent->lease || spent->pendings) && !spent->failed && !spent->full)
		write_batch(spent, spent->pending, spent->pendings, spent->refused);
	io_unshield();
	spent_free(spent);
}

bool edge_spent_failed(const struct edge_spent *spent)
{
	return spent->failed;
}

unsigned int edge_spent_count(const struct edge_spent *spent)
{
	return spent->count;
}
