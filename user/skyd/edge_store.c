// SPDX-License-Identifier: GPL-2.0-or-later
/* An edge's store: opening, names, and what all of its files share. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/secret.h"
#include "edge_private.h"
#include "io/file.h"

#define SMALL_MAX	65536u
#define SEGMENT_BYTES	(64ull << 20)
#define SEGMENT_MIN	(64ull << 10)
#define SEGMENT_MAX	(1ull << 30)
#define MAX_FRAGMENTS	10000000u
#define BATCH		(2u << 20)

void edge_damage(struct edge_store *s, const char *fmt, ...)
{
	char text[512];
	va_list args;
	int len;

	s->damaged++;
	if (!s->config.damage)
		return;
	len = snprintf(text, sizeof(text), "edge %s: ", s->config.path);
	if (len < 0 || len >= sizeof(text))
		len = 0;
	va_start(args, fmt);
	vsnprintf(text + len, sizeof(text) - len, fmt, args);
	va_end(args);
	s->config.damage(s->config.arg, text);
}

/* A name is in another state: who waits looks again. */
void edge_changed(struct edge_store *s)
{
	io_event_set(&s->changed);
	io_event_clear(&s->changed);
}

int edge_wait_change(struct edge_store *s)
{
	return io_event_wait(&s->changed, 0);
}

/* --- opening -------------------------------------------------------------- */

static bool config_take(struct edge_store *s, const struct edge_store_config *config)
{
	struct edge_store_config *c = &s->config;

	*c = *config;
	c->small_max = c->small_max ? c->small_max : SMALL_MAX;
	c->segment_bytes = c->segment_bytes ? c->segment_bytes : SEGMENT_BYTES;
	c->max_fragments = c->max_fragments ? c->max_fragments : MAX_FRAGMENTS;
	c->path = strdup(config->path);
	return c->path && c->small_max <= EDGE_SMALL_MAX && c->segment_bytes >= SEGMENT_MIN &&
	       c->segment_bytes <= SEGMENT_MAX;
}

static bool folder_is_empty(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	bool empty = true;

	if (!d)
		return false;
	/* A lock, or the first page's beginning, may be what a crash has left. */
	while ((entry = readdir(d)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") &&
		    strcmp(entry->d_name, "lost+found") && strcmp(entry->d_name, "lock") &&
		    strcmp(entry->d_name, "store.new"))
			empty = false;
	closedir(d);
	return empty;
}

/* The first page of a new store appears whole or not at all. */
static int super_create(struct edge_store *s)
{
	struct sky_edge_super super;
	int fd, rc;

	if (!folder_is_empty(s->dir))
		return -ENOTEMPTY;
	rc = random_bytes(&s->id.salt, sizeof(s->id.salt));
	rc = rc ? rc : random_bytes(s->id.store, sizeof(s->id.store));
	if (rc)
		return rc;
	edge_super_write(&s->id, &super);
	fd = io_openat(s->dir, "store.new", O_WRONLY | O_CREAT | O_TRUNC, 0600, 0);
	if (fd < 0)
		return fd;
	rc = io_pwrite(fd, &super, sizeof(super), 0, 0);
	rc = rc ? rc : io_fdatasync(fd, 0);
	io_close(fd);
	rc = rc ? rc : io_renameat(s->dir, "store.new", s->dir, "store", 0, 0);
	return rc ? rc : io_fsync(s->dir, 0);
}

static int super_read(struct edge_store *s)
{
	struct sky_edge_super super = { 0 };
	int fd = io_openat(s->dir, "store", O_RDONLY, 0, 0);
	ssize_t got;

	if (fd == -ENOENT)
		return super_create(s);
	if (fd < 0)
		return fd;
	got = io_pread(fd, &super, sizeof(super), 0, 0);
	io_close(fd);
	if (got < 0)
		return got;
	return got == sizeof(super) && edge_super_parse(&super, &s->id) ? 0 : -EBADMSG;
}

static int open_folder(int dir, const char *name, int *fd)
{
	int rc = io_mkdirat(dir, name, 0700, 0);

	if (rc && rc != -EEXIST)
		return rc;
	*fd = io_openat(dir, name, O_RDONLY | O_DIRECTORY, 0, 0);
	return *fd < 0 ? *fd : 0;
}

static int open_files(struct edge_store *s)
{
	int rc;

	s->dir = io_openat(AT_FDCWD, s->config.path, O_RDONLY | O_DIRECTORY, 0, 0);
	if (s->dir < 0)
		return s->dir;
	s->lock = io_openat(s->dir, "lock", O_RDWR | O_CREAT, 0600, 0);
	if (s->lock < 0)
		return s->lock;
	if (flock(s->lock, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	rc = super_read(s);
	rc = rc ? rc : open_folder(s->dir, "log", &s->log_dir);
	rc = rc ? rc : open_folder(s->dir, "large", &s->large_dir);
	rc = rc ? rc : edge_large_folders(s);
	return rc ? rc : io_fsync(s->dir, 0);
}

static void store_free(struct edge_store *s)
{
	struct edge_segment *segment, *next;
	int *fd[] = { &s->dir, &s->log_dir, &s->large_dir, &s->lock };
	unsigned int i;

	edge_index_free(&s->index);
	for (segment = s->first; segment; segment = next) {
		next = segment->next;
		close(segment->fd);
		free(segment);
	}
	for (i = 0; i < sizeof(fd) / sizeof(fd[0]); i++)
		if (*fd[i] >= 0)
			close(*fd[i]);
	digests_close(s->digests);
	free(s->batch);
	free((char *)s->config.path);
	free(s);
}

int edge_store_open(struct edge_store **store, const struct edge_store_config *config)
{
	struct edge_store *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return -ENOMEM;
	s->dir = -1;
	s->log_dir = -1;
	s->large_dir = -1;
	s->lock = -1;
	s->next_seq = 1;
	s->next_file = 1;
	s->next_segment = 1;
	s->queue_end = &s->queue;
	io_event_init(&s->changed);
	s->batch = malloc(BATCH);
	rc = !s->batch ? -ENOMEM : config_take(s, config) ? 0 : -EINVAL;
	rc = rc ? rc : digests_open(&s->digests, s->config.pool);
	rc = rc ? rc : open_files(s);
	rc = rc ? rc : edge_recover(s);
	if (rc) {
		store_free(s);
		return rc;
	}
	*store = s;
	return 0;
}

void edge_store_close(struct edge_store *store)
{
	if (store->last && !store->last->sealed && !store->failed)
		edge_seal(store);
	store_free(store);
}

/* --- names ---------------------------------------------------------------- */

static bool is_shown(const struct edge_entry *e)
{
	return e->state == EDGE_LIVE || e->state == EDGE_DELETING;
}

static void deleted(struct edge_store *s, struct edge_append *a)
{
	struct edge_entry *e = a->entry;

	e->state = EDGE_LIVE;
	if (!a->result) {
		edge_tomb_add(a->segment, edge_record_bytes(&a->record), a->record.file);
		e->segment->live -= edge_entry_bytes(e);
		s->bytes -= e->len;
		s->large -= !!e->file;
		s->fragments--;
		edge_index_remove(&s->index, e);
	}
	edge_changed(s);
}

int edge_store_delete(struct edge_store *store, struct str name)
{
	static const uint8_t none[32];
	struct edge_append a = { .finish = deleted };
	struct edge_entry *e;
	uint64_t file;
	int rc;

	/* A record that is being copied has no place yet that a deletion could name. */
	while ((e = edge_index_find(&store->index, name)) && e->moving) {
		rc = edge_wait_change(store);
		if (rc)
			return rc;
	}
	if (!e)
		return -ENOENT;
	if (e->state != EDGE_LIVE)
		return -EBUSY;
	e->state = EDGE_DELETING;
	file = e->file;
	a.entry = e;
	a.record = (struct edge_record){
		.kind = SKY_EDGE_DELETE, .seq = store->next_seq++, .name = name,
		.file = e->segment->number, .sha256 = none,
	};
	edge_append_queue(store, &a);
	rc = edge_append_wait(store, &a);
	/* A file that cannot be removed now goes at the next start. */
	if (!rc && file)
		edge_large_remove(store, file);
	return rc;
}

unsigned int edge_store_list(struct edge_store *store, struct str prefix, struct str after,
			     struct edge_name *names, unsigned int max)
{
	unsigned int count = 0;
	struct edge_entry *e;

	if (str_compare(after, prefix) < 0) {
		e = prefix.len ? edge_index_find(&store->index, prefix) : NULL;
		e = e ? e : edge_index_after(&store->index, prefix);
	} else {
		e = edge_index_after(&store->index, after);
	}
	for (; e && count < max; e = edge_index_after(&store->index, edge_entry_name(e))) {
		if (!str_starts(edge_entry_name(e), prefix))
			break;
		/* What is known to be damaged is as good as lost. */
		if (!is_shown(e) || e->damaged)
			continue;
		names[count].len = e->len;
		names[count].name_len = e->name_len;
		memcpy(names[count].name, e->name, e->name_len);
		names[count++].name[e->name_len] = 0;
	}
	return count;
}

void edge_store_usage(struct edge_store *store, struct edge_usage *usage)
{
	const struct edge_segment *segment;
	struct statvfs st;

	*usage = (struct edge_usage){
		.large = store->large, .bytes = store->bytes, .damaged = store->damaged,
		.syncs = store->syncs, .failed = store->failed,
		.fragments = store->fragments,
	};
	for (segment = store->first; segment; segment = segment->next) {
		usage->segments++;
		usage->log_bytes += segment->size;
		usage->dead_bytes += segment->size - segment->live;
		if (edge_tombs_needed(store, segment))
			usage->dead_bytes -= segment->tombs;
	}
	if (!fstatvfs(store->dir, &st)) {
		usage->disk_total = (uint64_t)st.f_blocks * st.f_frsize;
		usage->disk_free = (uint64_t)st.f_bavail * st.f_frsize;
	}
}
