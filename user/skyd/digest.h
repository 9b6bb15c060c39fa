/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hashes of what several fibers have at the same time, computed together (crypto/lanes.h): what
 * comes while some are under way is the next batch, and who finds nobody at it lets the fibers
 * that are ready bring theirs first.
 *
 * Belongs to one loop; the calls are made on fibers.  What has begun is finished even when its
 * fiber is cancelled, since a worker may be at it.
 */
#ifndef SKYD_DIGEST_H
#define SKYD_DIGEST_H

#include "crypto/lanes.h"
#include "io/work.h"

struct digests;

/* @pool: of workers for what takes long; NULL: the loop's thread does all.  0 or -ENOMEM. */
int digests_open(struct digests **d, struct io_pool *pool);

/* Nobody may be in a call; NULL does nothing. */
void digests_close(struct digests *d);

/* Go on with a stream. */
void digests_update(struct digests *d, struct lanes_stream *s, const void *data, size_t len);

/* The digests of @count buffers, each as lanes_end() gives it. */
void digests_of(struct digests *d, enum lanes_kind kind, const void *const data[],
		const size_t lens[], uint8_t *const digest[], size_t count);

#endif /* SKYD_DIGEST_H */
