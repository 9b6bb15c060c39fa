// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writing the log.  Who has a record puts it into the queue; the first of those that wait
 * leads: it writes all that are there with one call and one fdatasync, and hands over to the
 * first that came meanwhile.
 *
 * A batch that did not fit is cut off again.  After any other error nobody knows what the
 * disk has (an fdatasync that failed once succeeds the next time), so nothing more is
 * written: what was acknowledged is behind the last fdatasync that worked.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "edge_private.h"
#include "io/file.h"

#define BATCH	(2u << 20)		/* bytes; more than the largest record */

_Static_assert(BATCH > EDGE_SMALL_MAX + 4096, "a record fits into a batch");

void edge_log_path(uint64_t number, char path[EDGE_PATH_MAX])
{
	snprintf(path, EDGE_PATH_MAX, "%016" PRIx64, number);
}

/* Bytes of the record that an entry points to. */
uint64_t edge_entry_bytes(const struct edge_entry *e)
{
	return sizeof(struct sky_edge_record) + edge_pad(e->name_len) +
	       (e->file ? 0 : edge_pad(e->len));
}

/* May a put take so many bytes? */
bool edge_has_room(const struct edge_store *s, uint64_t bytes)
{
	struct statvfs st;

	if (fstatvfs(s->dir, &st))
		return false;
	return (uint64_t)st.f_bavail * st.f_frsize >= bytes + s->config.reserve;
}

/* At the end of the list; takes @fd over.  NULL without memory, and then does not. */
struct edge_segment *edge_segment_add(struct edge_store *s, uint64_t number, int fd)
{
	struct edge_segment *segment = calloc(1, sizeof(*segment));

	if (!segment)
		return NULL;
	segment->number = number;
	segment->fd = fd;
	segment->tomb_min = UINT64_MAX;
	if (s->last)
		s->last->next = segment;
	else
		s->first = segment;
	s->last = segment;
	return segment;
}

/* A reader is done with it. */
void edge_segment_put(struct edge_segment *segment)
{
	if (--segment->readers || !segment->removed)
		return;
	close(segment->fd);
	free(segment);
}

void edge_tomb_add(struct edge_segment *segment, uint64_t bytes, uint64_t victim)
{
	segment->tombs += bytes;
	if (victim < segment->tomb_min)
		segment->tomb_min = victim;
	if (victim > segment->tomb_max)
		segment->tomb_max = victim;
}

/* Could a record that one of its deletions deletes still be on the disk? */
bool edge_tombs_needed(const struct edge_store *s, const struct edge_segment *segment)
{
	const struct edge_segment *other;

	for (other = s->first; other; other = other->next)
		if (other->number >= segment->tomb_min && other->number <= segment->tomb_max)
			return true;
	return false;
}

/* A new file with its header, both durable. */
static int segment_create(struct edge_store *s)
{
	uint64_t number = s->next_segment++;
	struct sky_edge_segment header;
	char path[EDGE_PATH_MAX];
	int fd, rc;

	edge_log_path(number, path);
	fd = io_openat(s->log_dir, path, O_RDWR | O_CREAT | O_EXCL, 0600, 0);
	if (fd < 0)
		return fd;
	edge_segment_write(&s->id, number, &header);
	rc = io_pwrite(fd, &header, sizeof(header), 0, 0);
	rc = rc ? rc : io_fdatasync(fd, 0);
	rc = rc ? rc : io_fsync(s->log_dir, 0);
	if (!rc && !edge_segment_add(s, number, fd))
		rc = -ENOMEM;
	if (rc) {
		io_unlinkat(s->log_dir, path, 0, 0);
		io_close(fd);
		return rc;
	}
	s->last->size = sizeof(header);
	return 0;
}

/* Nothing more goes to the last segment.  The record only saves work at the next start. */
void edge_seal(struct edge_store *s)
{
	struct edge_segment *segment = s->last;
	struct edge_record seal = {
		.kind = SKY_EDGE_SEAL, .seq = s->next_seq++, .segment = segment->number,
		.offset = segment->size, .durable = segment->size,
	};
	uint8_t bytes[sizeof(struct sky_edge_record)];

	segment->sealed = true;
	edge_record_write(&s->id, &seal, bytes);
	if (io_pwrite_sync(segment->fd, bytes, sizeof(bytes), segment->size, 0))
		return;
	segment->size += sizeof(bytes);
}

/* A segment that has room. */
static int segment_ready(struct edge_store *s)
{
	if (s->last && !s->last->sealed && s->last->size >= s->config.segment_bytes)
		edge_seal(s);
	return s->last && !s->last->sealed ? 0 : segment_create(s);
}

/* As many as fit, up to @last, into the batch buffer; their offsets become known here. */
static size_t gather(struct edge_store *s, struct edge_append **last)
{
	struct edge_segment *segment = s->last;
	struct edge_append *a;
	size_t used = 0;

	for (a = s->queue; a; *last = a, a = a->next) {
		size_t head = edge_record_head(&a->record), all = edge_record_bytes(&a->record);

		if (all > BATCH - used)
			break;
		a->segment = segment;
		a->record.segment = segment->number;
		a->record.offset = segment->size + used;
		a->record.durable = segment->size;
		edge_record_write(&s->id, &a->record, s->batch + used);
		if (all > head) {
			memcpy(s->batch + used + head, a->data, a->record.len);
			memset(s->batch + used + head + a->record.len, 0,
			       all - head - a->record.len);
		}
		used += all;
	}
	return used;
}

/* @last becomes the last record of the batch; it stays NULL where all that wait have failed. */
static int write_batch(struct edge_store *s, struct edge_append **last)
{
	int rc = s->failed ? -EROFS : segment_ready(s);
	struct edge_segment *segment;
	size_t len;

	if (rc)
		return rc;
	segment = s->last;
	len = gather(s, last);
	rc = io_pwrite_sync(segment->fd, s->batch, len, segment->size, 0);
	s->syncs++;
	/* Some find out that there is no room only when they make it durable. */
	if ((rc == -ENOSPC || rc == -EDQUOT) && !ftruncate(segment->fd, segment->size) &&
	    !io_fdatasync(segment->fd, 0))
		return rc;
	if (rc) {
		s->failed = true;
		edge_damage(s, "cannot be written: %s; nothing more is, until the next start",
			    strerror(-rc));
		return rc;
	}
	segment->size += len;
	return 0;
}

/* All before @end are done; the one at @end, if any, leads next. */
static void finish(struct edge_store *s, struct edge_append *end, int rc)
{
	struct edge_append *a = s->queue, *next;

	s->queue = end;
	if (!end)
		s->queue_end = &s->queue;
	s->leading = !!end;
	for (; a != end; a = next) {
		next = a->next;
		a->result = rc;
		a->finish(s, a);
		a->done = true;
		io_event_set(&a->turn);
	}
	if (end) {
		end->leads = true;
		io_event_set(&end->turn);
	}
}

/* Take a record into the queue; edge_append_wait() has to follow. */
void edge_append_queue(struct edge_store *s, struct edge_append *a)
{
	io_event_init(&a->turn);
	a->next = NULL;
	a->done = false;
	a->leads = !s->leading;
	s->leading = true;
	*s->queue_end = a;
	s->queue_end = &a->next;
}

/**
 * edge_append_wait - wait until a record has been written
 *
 * Not cancelled.  Who has queued several waits for them in that order, and makes no other
 * call that suspends before.
 *
 * Return: 0 when it is durable, or -errno; a->finish() has been called.
 */
int edge_append_wait(struct edge_store *s, struct edge_append *a)
{
	struct edge_append *last;
	int rc;

	io_shield();
	while (!a->done) {
		if (!a->leads) {
			io_event_wait(&a->turn, 0);
			continue;
		}
		last = NULL;
		rc = write_batch(s, &last);
		/* Those that came while it was written are behind the last. */
		finish(s, last ? last->next : NULL, rc);
	}
	io_unshield();
	return a->result;
}
