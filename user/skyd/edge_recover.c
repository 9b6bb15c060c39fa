// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The index, from the segments.
 *
 * Bytes that are no record are either what a crash has torn, which nobody was told to be
 * there, or damage.  Each record says up to where the segment was durable when it was
 * written: what is below the highest of those was acknowledged.  Of a segment that was not
 * sealed the data are read as well, and what is not complete above that is not shown.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "edge_private.h"
#include "io/file.h"

/* What the first walk over a segment has found. */
struct survey {
	uint64_t size;			/* of the file */
	uint64_t durable;
	uint64_t torn;			/* first hole that is not damage; UINT64_MAX: none */
	uint64_t end;			/* of the last good record */
	bool sealed;
	bool holes;			/* damage */
};

static void note_hole(struct survey *v, uint64_t at, uint64_t len)
{
	if (!len)
		return;
	if (at < v->durable)
		v->holes = true;
	else if (at < v->torn)
		v->torn = at;
}

/* What was durable: the last that any record says. */
static int find_durable(struct edge_store *s, struct edge_segment *segment, struct survey *v)
{
	struct edge_record r;
	struct edge_walk w;
	int rc = edge_walk_begin(&w, s, segment, v->size);

	while (!rc && (rc = edge_walk_next(&w, &r)) > 0) {
		rc = 0;
		if (r.durable > v->durable)
			v->durable = r.durable;
		v->sealed = r.kind == SKY_EDGE_SEAL && w.at == v->size;
	}
	edge_walk_end(&w);
	return rc;
}

static int apply_fragment(struct edge_store *s, struct edge_segment *segment,
			  const struct edge_record *r)
{
	struct edge_entry *e = edge_index_find(&s->index, r->name);

	if (r->file >= s->next_file)
		s->next_file = r->file + 1;
	if (e && e->seq > r->seq)
		return 0;
	if (e && e->state == EDGE_LIVE)
		e->segment->live -= edge_entry_bytes(e);
	e = e ? e : edge_index_add(&s->index, r->name);
	if (!e)
		return -ENOMEM;
	e->seq = r->seq;
	e->len = r->len;
	e->file = r->file;
	e->segment = segment;
	e->offset = r->offset;
	e->state = EDGE_LIVE;
	segment->live += edge_entry_bytes(e);
	return 0;
}

static int apply_delete(struct edge_store *s, struct edge_segment *segment,
			const struct edge_record *r)
{
	struct edge_entry *e = edge_index_find(&s->index, r->name);

	edge_tomb_add(segment, edge_record_bytes(r), r->file);
	if (e && e->seq >= r->seq)
		return 0;
	if (e && e->state == EDGE_LIVE)
		e->segment->live -= edge_entry_bytes(e);
	e = e ? e : edge_index_add(&s->index, r->name);
	if (!e)
		return -ENOMEM;
	e->seq = r->seq;
	e->state = EDGE_DEAD;
	return 0;
}

static int apply(struct edge_store *s, struct edge_walk *w, struct edge_record *r,
		 struct survey *v)
{
	const uint8_t *data;
	int rc = 0;

	if (r->seq >= s->next_seq)
		s->next_seq = r->seq + 1;
	if (r->kind == SKY_EDGE_SMALL && !v->sealed)
		rc = edge_walk_data(w, r, &data);
	if (rc == -EBADMSG && r->offset >= v->durable) {
		note_hole(v, r->offset, edge_record_bytes(r));
		return 0;
	}
	if (rc && rc != -EBADMSG)
		return rc;
	v->end = w->at;
	if (r->kind == SKY_EDGE_SEAL)
		return 0;
	return r->kind == SKY_EDGE_DELETE ? apply_delete(s, w->segment, r) :
					    apply_fragment(s, w->segment, r);
}

static int apply_all(struct edge_store *s, struct edge_segment *segment, struct survey *v)
{
	struct edge_record r;
	struct edge_walk w;
	int rc = edge_walk_begin(&w, s, segment, v->size);

	while (!rc && (rc = edge_walk_next(&w, &r)) > 0) {
		note_hole(v, r.offset - w.hole, w.hole);
		rc = apply(s, &w, &r, v);
	}
	if (!rc)
		note_hole(v, v->size - w.hole, w.hole);
	edge_walk_end(&w);
	return rc;
}

/*
 * Cut the torn end off, and say that what is left is durable, since it is shown from now on.
 * A torn hole before the end stays what it is.
 */
static int seal(struct edge_store *s, struct edge_segment *segment, struct survey *v)
{
	struct edge_record r = {
		.kind = SKY_EDGE_SEAL, .seq = s->next_seq++, .segment = segment->number,
		.offset = v->end, .durable = v->torn < v->end ? v->torn : v->end,
	};
	uint8_t bytes[sizeof(struct sky_edge_record)];
	int rc = ftruncate(segment->fd, v->end) ? -errno : io_fdatasync(segment->fd, 0);

	if (rc)
		return rc;
	segment->size = v->end;
	edge_record_write(&s->id, &r, bytes);
	rc = io_pwrite(segment->fd, bytes, sizeof(bytes), v->end, 0);
	if (!rc)
		segment->size += sizeof(bytes);
	/* Without room for it the segment is looked through again at the next start. */
	return rc == -ENOSPC || rc == -EDQUOT ? 0 : rc ? rc : io_fdatasync(segment->fd, 0);
}

static int read_segment(struct edge_store *s, struct edge_segment *segment, uint64_t size)
{
	struct survey v = {
		.size = size, .torn = UINT64_MAX, .end = sizeof(struct sky_edge_segment),
	};
	int rc = find_durable(s, segment, &v);

	rc = rc ? rc : apply_all(s, segment, &v);
	if (rc)
		return rc;
	segment->size = size;
	segment->sealed = true;
	segment->damaged = v.holes;
	if (v.holes)
		edge_damage(s, "records of log/%016" PRIx64 " cannot be read", segment->number);
	return v.sealed ? 0 : seal(s, segment, &v);
}

/* A file of the log; one whose header was never finished has nothing in it. */
static int open_segment(struct edge_store *s, uint64_t number)
{
	struct sky_edge_segment header = { 0 };
	struct edge_segment *segment;
	char path[EDGE_PATH_MAX];
	struct stat st;
	ssize_t got;
	int fd;

	edge_log_path(number, path);
	fd = io_openat(s->log_dir, path, O_RDWR, 0, 0);
	if (fd < 0)
		return fd;
	got = io_pread(fd, &header, sizeof(header), 0, 0);
	if (got < 0 || fstat(fd, &st)) {
		io_close(fd);
		return got < 0 ? got : -EIO;
	}
	s->next_segment = number + 1;
	if (!edge_segment_ok(&s->id, number, &header)) {
		if (st.st_size <= sizeof(header)) {
			io_close(fd);
			return io_unlinkat(s->log_dir, path, 0, 0);
		}
		edge_damage(s, "the header of log/%s is damaged", path);
	}
	segment = edge_segment_add(s, number, fd);
	if (!segment) {
		io_close(fd);
		return -ENOMEM;
	}
	return read_segment(s, segment, st.st_size);
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static bool number_of(const char *name, uint64_t *number)
{
	char again[EDGE_PATH_MAX];

	*number = strtoull(name, NULL, 16);
	edge_log_path(*number, again);
	return !strcmp(name, again);
}

/* The numbers of the files in the log's folder, in order. */
static int list_segments(struct edge_store *s, uint64_t **numbers, size_t *count)
{
	size_t room = 0;
	struct dirent *d;
	uint64_t *more;
	DIR *dir;
	int fd;

	fd = io_openat(s->log_dir, ".", O_RDONLY | O_DIRECTORY, 0, 0);
	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	while ((d = readdir(dir))) {
		if (*count == room) {
			room = 2 * room + 64;
			more = realloc(*numbers, room * sizeof(**numbers));
			if (!more)
				break;
			*numbers = more;
		}
		if (number_of(d->d_name, &(*numbers)[*count]))
			++*count;
	}
	closedir(dir);
	if (d)
		return -ENOMEM;
	qsort(*numbers, *count, sizeof(**numbers), by_number);
	return 0;
}

/* Forget the deleted, and count the rest. */
static void settle(struct edge_store *s)
{
	struct edge_entry *e, *next;

	for (e = edge_index_after(&s->index, STR_NONE); e; e = next) {
		next = edge_index_after(&s->index, edge_entry_name(e));
		if (e->state == EDGE_DEAD) {
			edge_index_remove(&s->index, e);
			continue;
		}
		s->bytes += e->len;
		s->large += !!e->file;
		s->fragments++;
	}
}

int edge_recover(struct edge_store *s)
{
	CLEANUP_FREE uint64_t *numbers = NULL;
	size_t i, count = 0;
	int rc = list_segments(s, &numbers, &count);

	for (i = 0; !rc && i < count; i++)
		rc = open_segment(s, numbers[i]);
	if (rc)
		return rc;
	settle(s);
	return edge_large_collect(s);
}
