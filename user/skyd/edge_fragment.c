// SPDX-License-Identifier: GPL-2.0-or-later
/* One fragment: putting it, getting it, and looking after it. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "edge_private.h"
#include "io/file.h"

struct edge_put {
	struct edge_store *store;
	struct edge_entry *entry;	/* EDGE_PENDING, so that nobody else has the name */
	uint64_t len, written;
	uint8_t sha256[SHA256_BYTES];
	struct lanes_stream hash;
	uint8_t *data;			/* of a small fragment; NULL: a large one */
	struct edge_large_put large;
};

/* --- put ------------------------------------------------------------------ */

static int reserve(struct edge_store *s, struct str name, struct edge_entry **entry)
{
	struct edge_entry *e = edge_index_find(&s->index, name);

	if (e)
		return e->state == EDGE_LIVE ? -EEXIST : -EBUSY;
	if (s->index.count >= s->config.max_fragments)
		return -ENOSPC;
	*entry = edge_index_add(&s->index, name);
	return *entry ? 0 : -ENOMEM;
}

int edge_put_begin(struct edge_store *store, struct edge_put **put, struct str name, uint64_t len,
		   const uint8_t sha256[SHA256_BYTES], int64_t deadline)
{
	struct edge_put *p;
	int rc;

	if (!edge_name_ok(name) || len > EDGE_LARGE_MAX)
		return -EINVAL;
	if (store->failed)
		return -EROFS;
	p = calloc(1, sizeof(*p));
	rc = p ? reserve(store, name, &p->entry) : -ENOMEM;
	if (rc) {
		free(p);
		return rc;
	}
	p->store = store;
	p->len = len;
	memcpy(p->sha256, sha256, sizeof(p->sha256));
	lanes_begin(&p->hash, LANES_SHA256);
	if (!edge_has_room(store, len + 4096)) {
		rc = -ENOSPC;
	} else if (len <= store->config.small_max) {
		p->data = malloc(len ? len : 1);
		rc = p->data ? 0 : -ENOMEM;
	} else {
		rc = edge_large_create(store, &p->large, len, deadline);
	}
	if (rc) {
		edge_index_remove(&store->index, p->entry);
		free(p);
		return rc;
	}
	*put = p;
	return 0;
}

int edge_put_write(struct edge_put *put, const void *data, size_t len, int64_t deadline)
{
	int rc = 0;

	if (len > put->len - put->written)
		return -EFBIG;
	if (!len)
		return 0;
	digests_update(put->store->digests, &put->hash, data, len);
	if (put->data)
		memcpy(put->data + put->written, data, len);
	else
		rc = edge_large_write(put->store, &put->large, data, len, deadline);
	if (!rc)
		put->written += len;
	return rc;
}

void edge_put_abort(struct edge_put *put)
{
	edge_index_remove(&put->store->index, put->entry);
	edge_changed(put->store);
	if (put->data)
		free(put->data);
	else
		edge_large_abort(put->store, &put->large);
	free(put);
}

static void stored(struct edge_store *s, struct edge_append *a)
{
	struct edge_entry *e = a->entry;

	if (a->result)
		return;
	e->seq = a->record.seq;
	e->len = a->record.len;
	e->file = a->record.file;
	e->segment = a->segment;
	e->offset = a->record.offset;
	e->state = EDGE_LIVE;
	e->segment->live += edge_entry_bytes(e);
	s->fragments++;
	s->bytes += e->len;
	s->large += !!e->file;
	edge_changed(s);
}

static int check(struct edge_put *p)
{
	uint8_t digest[SHA256_BYTES], *digests = digest;
	struct lanes_stream *stream = &p->hash;

	if (p->written != p->len)
		return -ENODATA;
	lanes_end(LANES_SHA256, &stream, &digests, 1);
	return memcmp(digest, p->sha256, sizeof(digest)) ? -EILSEQ : 0;
}

int edge_put_commit(struct edge_put *put)
{
	struct edge_store *s = put->store;
	struct edge_append a = {
		.entry = put->entry, .finish = stored, .data = put->data,
		.record = {
			.kind = put->data ? SKY_EDGE_SMALL : SKY_EDGE_LARGE,
			.len = put->len, .sha256 = put->sha256,
			.name = edge_entry_name(put->entry),
		},
	};
	int rc = check(put);

	io_shield();
	if (!rc && put->data) {
		a.record.data_crc = edge_crc(&s->id, put->data, put->len);
	} else if (!rc) {
		a.record.file = put->large.file;
		rc = edge_large_finish(s, &put->large, put->sha256, &a.record.data_crc);
	}
	if (!rc) {
		a.record.seq = s->next_seq++;
		edge_append_queue(s, &a);
		rc = edge_append_wait(s, &a);
	}
	io_unshield();
	if (rc) {
		edge_put_abort(put);
		return rc;
	}
	if (put->data)
		free(put->data);
	else
		edge_large_done(&put->large);
	free(put);
	return 0;
}

/* --- get ------------------------------------------------------------------ */

struct edge_get {
	struct edge_store *store;
	uint64_t len;
	uint8_t *record;		/* of a small fragment; NULL: a large one */
	const uint8_t *data;
	struct edge_large_get large;
	uint64_t seq;
	uint8_t name_len;
	char name[SKY_EDGE_NAME_MAX];
};

/* The record of a small fragment, which is compared with all that is known of it. */
static int read_record(struct edge_get *g, const struct edge_entry *e, struct edge_record *r,
		       int64_t deadline)
{
	uint64_t number = e->segment->number, offset = e->offset, seq = e->seq;
	size_t bytes = edge_entry_bytes(e);
	struct edge_segment *segment = e->segment;
	ssize_t got;

	g->record = malloc(bytes);
	if (!g->record)
		return -ENOMEM;
	segment->readers++;
	got = io_pread(segment->fd, g->record, bytes, offset, deadline);
	edge_segment_put(segment);
	if (got < 0)
		return got;
	if (edge_record_parse(&g->store->id, number, offset, g->record, got, r) ||
	    r->kind != SKY_EDGE_SMALL || r->seq != seq || edge_record_bytes(r) != bytes)
		return -EBADMSG;
	g->data = g->record + edge_record_head(r);
	return edge_crc(&g->store->id, g->data, r->len) == r->data_crc ? 0 : -EBADMSG;
}

/* Until it is put again it is not read any more. */
static void tell(struct edge_get *g, const char *where)
{
	struct edge_entry *e = edge_index_find(&g->store->index,
					       (struct str){ g->name, g->name_len });

	if (e && e->state == EDGE_LIVE && e->seq == g->seq)
		e->damaged = true;
	edge_damage(g->store, "fragment %.*s: %s", g->name_len, g->name, where);
}

int edge_get_begin(struct edge_store *store, struct edge_get **get, struct str name,
		   struct edge_info *info, int64_t deadline)
{
	struct edge_entry *e = edge_index_find(&store->index, name);
	struct edge_record r;
	struct edge_get *g;
	int rc;

	if (!e || e->state == EDGE_PENDING)
		return -ENOENT;
	if (e->damaged)
		return -EBADMSG;
	g = calloc(1, sizeof(*g));
	if (!g)
		return -ENOMEM;
	g->store = store;
	g->len = e->len;
	g->seq = e->seq;
	g->name_len = name.len;
	memcpy(g->name, name.at, name.len);
	if (e->file) {
		/* When it is deleted meanwhile, its file may be gone before it is opened. */
		rc = edge_large_open(store, &g->large, e->file, e->len, deadline);
		if (rc == -EBADMSG && !edge_index_find(&store->index, name))
			rc = -ENOENT;
		memcpy(info->sha256, g->large.sha256, sizeof(info->sha256));
	} else {
		rc = read_record(g, e, &r, deadline);
		if (!rc)
			memcpy(info->sha256, r.sha256, sizeof(info->sha256));
	}
	info->len = g->len;
	if (!rc) {
		*get = g;
		return 0;
	}
	if (rc == -EBADMSG)
		tell(g, "the sum is another");
	free(g->record);
	free(g);
	return rc;
}

ssize_t edge_get_read(struct edge_get *get, void *buf, size_t len, uint64_t offset,
		      int64_t deadline)
{
	int rc = 0;

	if (offset >= get->len || !len)
		return 0;
	if (len > get->len - offset)
		len = get->len - offset;
	if (get->data)
		memcpy(buf, get->data + offset, len);
	else
		rc = edge_large_read(get->store, &get->large, buf, len, offset, deadline);
	if (rc == -EBADMSG)
		tell(get, "the sum of a block is another");
	return rc ? rc : len;
}

const void *edge_get_data(const struct edge_get *get)
{
	return get->data;
}

void edge_get_end(struct edge_get *get)
{
	if (!get->record)
		edge_large_close(&get->large);
	free(get->record);
	free(get);
}

/* --- scrub ---------------------------------------------------------------- */

static int scrub_one(struct edge_store *s, struct str name, uint8_t *buf, int64_t deadline)
{
	struct edge_info info;
	struct edge_get *get;
	uint64_t at = 0;
	ssize_t got = edge_get_begin(s, &get, name, &info, deadline);

	if (got)
		return got == -ENOENT || got == -EBADMSG ? 0 : got;
	while (!edge_get_data(get) && at < info.len && got >= 0) {
		got = edge_get_read(get, buf, 4 * SKY_EDGE_BLOCK, at, deadline);
		at += got;
	}
	edge_get_end(get);
	return got < 0 && got != -EBADMSG ? got : 0;
}

int edge_store_scrub(struct edge_store *store, struct edge_name *after, uint64_t max,
		     int64_t deadline)
{
	CLEANUP_FREE uint8_t *buf = malloc(4 * SKY_EDGE_BLOCK);
	struct edge_name next;
	uint64_t done = 0;
	int rc = buf ? 0 : -ENOMEM;

	while (!rc && done < max) {
		if (!edge_store_list(store, STR_NONE, (struct str){ after->name, after->name_len },
				     &next, 1))
			return 0;
		rc = scrub_one(store, (struct str){ next.name, next.name_len }, buf, deadline);
		done += next.len + sizeof(struct sky_edge_record);
		*after = next;
	}
	return rc ? rc : 1;
}
