// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading segments from their beginning to their end. */
#include <errno.h>
#include <stdlib.h>

#include "crypto/crc.h"
#include "edge_private.h"
#include "io/file.h"

#define WALK		(EDGE_SMALL_MAX + 4096u)	/* bytes; a record fits */
#define AHEAD		(256u << 10)			/* bytes that are read at once */
#define HEAD_MAX	(sizeof(struct sky_edge_record) + edge_pad(SKY_EDGE_NAME_MAX))

int edge_walk_begin(struct edge_walk *w, struct edge_store *s, struct edge_segment *segment,
		    uint64_t end)
{
	*w = (struct edge_walk){
		.store = s, .segment = segment, .buf = malloc(WALK), .end = end,
		.at = sizeof(struct sky_edge_segment),
	};
	segment->readers++;
	return w->buf ? 0 : -ENOMEM;
}

void edge_walk_end(struct edge_walk *w)
{
	edge_segment_put(w->segment);
	free(w->buf);
}

/* Have @need bytes from @at on in the buffer, or all that there are. */
static int fill(struct edge_walk *w, uint64_t at, size_t need)
{
	size_t want;
	ssize_t got;

	if (need > w->end - at)
		need = w->end - at;
	if (at >= w->buf_at && at + need <= w->buf_at + w->buf_len)
		return 0;
	want = need < AHEAD ? AHEAD : need;
	got = io_pread(w->segment->fd, w->buf, want, at, 0);
	if (got < 0)
		return got;
	w->buf_at = at;
	w->buf_len = got;
	return got < need ? -EIO : 0;
}

static int parse_at(struct edge_walk *w, uint64_t at, struct edge_record *r)
{
	return edge_record_parse(&w->store->id, w->segment->number, at, w->buf + (at - w->buf_at),
				 w->buf_at + w->buf_len - at, r);
}

/**
 * edge_walk_next - go to the next record
 * @r:	its texts last until the next call
 *
 * Return: 1; 0 at the end of the file, w->hole then being what was passed over since the last
 * record; -errno.
 */
int edge_walk_next(struct edge_walk *w, struct edge_record *r)
{
	int rc;

	for (w->hole = 0; w->at < w->end; w->at += SKY_EDGE_ALIGN, w->hole += SKY_EDGE_ALIGN) {
		rc = fill(w, w->at, HEAD_MAX);
		if (rc)
			return rc;
		if (parse_at(w, w->at, r) || edge_record_bytes(r) > w->end - w->at)
			continue;
		w->record_at = w->at;
		w->at += edge_record_bytes(r);
		return 1;
	}
	return 0;
}

/**
 * edge_walk_data - the data of the record at hand
 * @r:		of a small fragment; its texts move
 * @data:	receives them
 *
 * Return: 0; -EBADMSG when the sum is another, *@data being there all the same; -errno.
 */
int edge_walk_data(struct edge_walk *w, struct edge_record *r, const uint8_t **data)
{
	int rc = fill(w, w->record_at, edge_record_bytes(r));

	rc = rc ? rc : parse_at(w, w->record_at, r);
	if (rc)
		return rc == -EBADMSG ? -EIO : rc;
	*data = w->buf + (w->record_at - w->buf_at) + edge_record_head(r);
	return edge_crc(&w->store->id, *data, r->len) == r->data_crc ? 0 : -EBADMSG;
}
