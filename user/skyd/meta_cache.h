/* SPDX-License-Identifier: GPL-2.0-or-later */
/* META_CACHE of meta.h: meta_cache -> meta_cache_order. */
#ifndef SKYD_META_CACHE_H
#define SKYD_META_CACHE_H

#include "meta.h"

/* A gateway's cache, and up to where its gateway has heard what has to go. */
struct meta_cache {
	u8 gateway[META_GATEWAY_BYTES];	/* drawn at its start */
	u64 heard;			/* number of the order it has done last; 0: none yet */
	bool left;			/* another gateway has taken over, or it ends */
	bool disk;			/* a disk is in use */
	u64 size, bytes, entries;	/* of memory */
	u64 disk_size, disk_bytes, disk_entries;
	/* Since its start. */
	u64 hits, disk_hits, misses, hit_bytes, filled_bytes, shared;
	u64 evicted, disk_evicted, refused, wrong, disk_errors, disk_late;
};

enum meta_cache_kind {
	META_CACHE_NOTHING,
	META_CACHE_ALL,
	META_CACHE_POLICY,		/* of all buckets that have @policy */
	META_CACHE_BUCKET,		/* of @bucket */
	META_CACHE_OBJECT,		/* of @name in the bucket called @bucket_name */
};

struct meta_cache_order {
	u64 number;			/* rises; microseconds since 1970, nearly */
	u8 kind;			/* enum meta_cache_kind; unless nothing: ask at once */
	u64 policy, bucket;
	struct rpc_bytes bucket_name, name;
};

extern const struct rpc_schema meta_cache_schema, meta_cache_order_schema;

#endif /* SKYD_META_CACHE_H */
