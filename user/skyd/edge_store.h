/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fragments in a directory: what an edge keeps.  A name is written once; it may be written
 * again when it has been deleted.
 *
 * Fragments of up to small_max bytes lie in segments of a log, and all that are put at the
 * same time share one fdatasync; each larger one is a file.  Which fragments there are is in
 * memory, and is read from the segments at the start: about 110 bytes and the name for each,
 * 150 MB for a million with names of 40 bytes.
 *
 * A store belongs to one loop.  All calls but those that say otherwise are made on fibers.
 * Beside the errors that are named, each call that writes returns -ENOSPC when the disk is
 * full, and -EROFS after a write that the disk has failed: whatever the disk has then is not
 * known, and nothing more is written until the store is opened again.  Damage of stored data
 * is -EBADMSG, and is told to config.damage.
 */
#ifndef SKYD_EDGE_STORE_H
#define SKYD_EDGE_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"
#include "crypto/hmac.h"
#include "io/work.h"

struct edge_store;
struct edge_put;
struct edge_get;

struct edge_store_config {
	const char *path;		/* a directory that exists */
	uint32_t small_max;		/* bytes; 0: 64 KiB; at most 1 MiB */
	uint64_t segment_bytes;		/* 0: 64 MiB; 64 KiB to 1 GiB */
	uint64_t reserve;		/* bytes that puts leave free, for deletes and compaction */
	uint64_t max_fragments;		/* 0: ten million; then -ENOSPC */
	struct io_pool *pool;		/* hashes large pieces; NULL: this thread does */
	void (*damage)(void *arg, const char *text);	/* or NULL; does not suspend */
	void *arg;
};

struct edge_usage {
	uint64_t fragments;
	uint64_t large;			/* of them in files of their own */
	uint64_t bytes;			/* of fragments */
	uint64_t log_bytes;		/* of all segments */
	uint64_t dead_bytes;		/* of those, what compaction could give back */
	uint64_t segments;
	uint64_t damaged;		/* times that damage was found since the start */
	uint64_t syncs;			/* of the log since the start */
	uint64_t disk_total;		/* bytes of the file system, and what it has free */
	uint64_t disk_free;
	bool failed;			/* nothing is written any more */
};

/**
 * edge_store_open - open a store, or make one in an empty directory
 * @store:	receives it
 * @config:	copied
 *
 * Return: 0; -EBUSY when another process has it; -EINVAL; -ENOTEMPTY for a directory that has
 * other things in it; -EBADMSG for one whose first page is damaged; -errno.
 */
int edge_store_open(struct edge_store **store, const struct edge_store_config *config);

/* No call may be under way, and no put or get be open. */
void edge_store_close(struct edge_store *store);

/* 1 to SKY_EDGE_NAME_MAX of A-Z a-z 0-9 - . _ ~ /, but no "." or ".." between slashes. */
bool edge_name_ok(struct str name);

/**
 * edge_put_begin - begin to store a fragment
 * @put:	receives what the other calls take
 * @name:	see edge_name_ok()
 * @len:	bytes that will be written; at most 1 TiB
 * @sha256:	of them
 *
 * Return: 0; -EEXIST when there is such a name; -EBUSY while it is being stored by somebody
 * else or deleted; -EINVAL for a bad name or length; -errno.
 */
int edge_put_begin(struct edge_store *store, struct edge_put **put, struct str name, uint64_t len,
		   const uint8_t sha256[SHA256_BYTES], int64_t deadline);

/* Return: 0; -EFBIG beyond the length; -errno.  After an error only edge_put_abort(). */
int edge_put_write(struct edge_put *put, const void *data, size_t len, int64_t deadline);

/**
 * edge_put_commit - make it durable, and visible
 *
 * Frees @put in any case.  Is not cancelled once it has begun.
 *
 * Return: 0; -ENODATA when too little was written; -EILSEQ when the digest is another;
 * -errno.  After an error the fragment is not shown; it may be there after the next start
 * when the disk has failed.
 */
int edge_put_commit(struct edge_put *put);

/* Forget it; works when the fiber has been cancelled. */
void edge_put_abort(struct edge_put *put);

/* What is known without reading. */
struct edge_info {
	uint64_t len;
	uint8_t sha256[SHA256_BYTES];
};

/**
 * edge_get_begin - look at a fragment and begin to read it
 * @get:	receives what the other calls take
 * @info:	filled in
 *
 * A small fragment has been read and its sum been compared by then.  What is open stays
 * readable when it is deleted.
 *
 * Return: 0; -ENOENT; -EBADMSG; -errno.
 */
int edge_get_begin(struct edge_store *store, struct edge_get **get, struct str name,
		   struct edge_info *info, int64_t deadline);

/**
 * edge_get_read - read a part
 *
 * Whole blocks (SKY_EDGE_BLOCK) are compared with their sums, so aligned reads are cheapest.
 *
 * Return: bytes, fewer than @len at the end only; -EBADMSG; -errno.
 */
ssize_t edge_get_read(struct edge_get *get, void *buf, size_t len, uint64_t offset,
		      int64_t deadline);

/* The whole fragment in memory, if it is a small one; NULL otherwise.  Until edge_get_end(). */
const void *edge_get_data(const struct edge_get *get);
void edge_get_end(struct edge_get *get);

/* Return: 0 when that is durable; -ENOENT; -EBUSY while it is being stored or deleted; -errno. */
int edge_store_delete(struct edge_store *store, struct str name);

struct edge_name {
	uint64_t len;			/* of the fragment */
	uint16_t name_len;
	char name[256];
};

/**
 * edge_store_list - names in the order of their bytes
 * @prefix:	they begin with this
 * @after:	and come behind this; none: from the first
 * @names:	receives them
 * @max:	at most so many
 *
 * Does not suspend.
 *
 * Return: how many.
 */
unsigned int edge_store_list(struct edge_store *store, struct str prefix, struct str after,
			     struct edge_name *names, unsigned int max);

/* Does not suspend. */
void edge_store_usage(struct edge_store *store, struct edge_usage *usage);

/**
 * edge_store_compact - give the space of deleted fragments back
 *
 * Moves what is left of the one segment with the most dead bytes, if those are more than half
 * of it, and removes it.  One at a time; others may use the store meanwhile.
 *
 * Return: 1 when there was one, 0 when there is none, -EBUSY, -errno.
 */
int edge_store_compact(struct edge_store *store);

/**
 * edge_store_scrub - read fragments and compare their sums
 * @after:	the last name of the call before; "" at first; set to the last of this one
 * @max:	read about this many bytes
 *
 * Return: 1 when there is more, 0 at the end, -errno.  Damage is told, and does not stop it.
 */
int edge_store_scrub(struct edge_store *store, struct edge_name *after, uint64_t max,
		     int64_t deadline);

#endif /* SKYD_EDGE_STORE_H */
