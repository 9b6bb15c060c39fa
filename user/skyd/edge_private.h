/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of an edge's store share. */
#ifndef SKYD_EDGE_PRIVATE_H
#define SKYD_EDGE_PRIVATE_H

#include "base/cleanup.h"
#include "digest.h"
#include "edge_index.h"
#include "edge_record.h"
#include "edge_store.h"
#include "io/sync.h"

#define EDGE_PATH_MAX	32u		/* of files below the store's folder */

/* A file of the log.  Freed when it is gone and nobody reads it. */
struct edge_segment {
	struct edge_segment *next;	/* of a higher number */
	uint64_t number;
	uint64_t size;			/* bytes; all durable */
	uint64_t live;			/* bytes of records that the index points to */
	uint64_t tombs;			/* bytes of deletions */
	uint64_t tomb_min, tomb_max;	/* the segments of what they delete */
	unsigned int readers;
	int fd;
	bool sealed;			/* nothing more is written */
	bool damaged;			/* not to be compacted: records could not be read */
	bool removed;
};

/* A record on its way to the disk; the waiting fiber's. */
struct edge_append {
	struct edge_append *next;
	struct edge_record record;
	const void *data;		/* record.len bytes of a small fragment */
	struct io_event turn;		/* it is done, or its fiber has to lead */
	struct edge_segment *segment;	/* where it is */
	struct edge_entry *entry;	/* what finish() acts upon */
	int result;
	bool leads;
	bool done;

	/* Called with the result before anything else can happen; does not suspend. */
	void (*finish)(struct edge_store *s, struct edge_append *a);
};

struct edge_store {
	struct edge_store_config config;
	struct edge_id id;
	int dir, log_dir, large_dir, lock;
	struct edge_index index;
	struct edge_segment *first, *last;	/* the last is written, unless sealed */
	struct edge_append *queue, **queue_end;
	struct digests *digests;
	struct io_event changed;	/* set when a name is in another state, then cleared */
	uint8_t *batch;			/* BATCH bytes */
	uint64_t next_seq, next_file, next_segment;
	uint64_t fragments, bytes, large;	/* that are shown */
	uint64_t damaged, syncs;
	bool leading, compacting, failed;
};

/* --- edge_log.c ---------------------------------------------------------- */
void edge_append_queue(struct edge_store *s, struct edge_append *a);
int edge_append_wait(struct edge_store *s, struct edge_append *a);
void edge_seal(struct edge_store *s);
uint64_t edge_entry_bytes(const struct edge_entry *e);
void edge_segment_put(struct edge_segment *segment);
struct edge_segment *edge_segment_add(struct edge_store *s, uint64_t number, int fd);
bool edge_has_room(const struct edge_store *s, uint64_t bytes);
void edge_log_path(uint64_t number, char path[EDGE_PATH_MAX]);
bool edge_tombs_needed(const struct edge_store *s, const struct edge_segment *segment);
void edge_tomb_add(struct edge_segment *segment, uint64_t bytes, uint64_t victim);

/* --- edge_recover.c ------------------------------------------------------ */
int edge_recover(struct edge_store *s);

/* --- edge_walk.c --------------------------------------------------------- */
/* Walks the records of a segment, and over what is damaged. */
struct edge_walk {
	struct edge_store *store;
	struct edge_segment *segment;
	uint8_t *buf;			/* WALK bytes */
	uint64_t at;			/* of the next record */
	uint64_t record_at;		/* of the one at hand */
	uint64_t end;			/* of the file */
	uint64_t buf_at;		/* of buf[0] */
	size_t buf_len;
	uint64_t hole;			/* bytes passed over before this record */
};

int edge_walk_begin(struct edge_walk *w, struct edge_store *s, struct edge_segment *segment,
		    uint64_t end);
int edge_walk_next(struct edge_walk *w, struct edge_record *r);
int edge_walk_data(struct edge_walk *w, struct edge_record *r, const uint8_t **data);
void edge_walk_end(struct edge_walk *w);

/* --- edge_large.c -------------------------------------------------------- */
struct edge_large_put {
	int fd;
	uint64_t file, len, written;
	__le64 *sum;			/* of blocks, and room for the tail */
	uint64_t crc;			/* of the block at hand */
};

int edge_large_create(struct edge_store *s, struct edge_large_put *p, uint64_t len,
		      int64_t deadline);
int edge_large_write(struct edge_store *s, struct edge_large_put *p, const void *data, size_t len,
		     int64_t deadline);
int edge_large_finish(struct edge_store *s, struct edge_large_put *p, const uint8_t sha256[32],
		      uint64_t *tail_crc);
void edge_large_done(struct edge_large_put *p);
void edge_large_abort(struct edge_store *s, struct edge_large_put *p);

struct edge_large_get {
	int fd;
	uint64_t len;
	__le64 *sum;
	uint8_t sha256[32];
	uint8_t *block;			/* NULL until a part of one is read */
};

int edge_large_open(struct edge_store *s, struct edge_large_get *g, uint64_t file, uint64_t len,
		    int64_t deadline);
int edge_large_read(struct edge_store *s, struct edge_large_get *g, uint8_t *buf, size_t len,
		    uint64_t offset, int64_t deadline);
void edge_large_close(struct edge_large_get *g);
int edge_large_remove(struct edge_store *s, uint64_t file);
int edge_large_folders(struct edge_store *s);
int edge_large_collect(struct edge_store *s);

/* --- edge_store.c -------------------------------------------------------- */
void edge_damage(struct edge_store *s, const char *fmt, ...)
	__attribute__((__format__(__printf__, 2, 3)));
void edge_changed(struct edge_store *s);
int edge_wait_change(struct edge_store *s);

#endif /* SKYD_EDGE_PRIVATE_H */
