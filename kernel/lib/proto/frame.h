/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Datagrams of management: see include/uapi/hedge_remote.h.  Layout only; who calls
 * computes the tags, and believes nothing before.
 */
#ifndef HEDGE_PROTO_FRAME_H
#define HEDGE_PROTO_FRAME_H

#include <linux/types.h>

#include "hedge_remote.h"

struct hedge_frame {
	enum hedge_frame_kind kind;
	u32 key_id;
	s32 result;
	u64 nonce;
	u64 session;
	u64 sequence;
	const u8 *payload;
	size_t length;			/* of it */
};

int hedge_frame_parse(const u8 *buf, size_t len, struct hedge_frame *f);
size_t hedge_frame_build(u8 *buf, size_t total, const struct hedge_frame *f);

/* Where the tag of a datagram of @len bytes is, and so how many it is made of. */
static inline size_t hedge_frame_tag(size_t len)
{
	return len - HEDGE_REMOTE_TAG_BYTES;
}

/* The sequence numbers of one session that have come: all 0 at first. */
struct hedge_window {
	u64 highest;
	u64 seen;			/* bit i: highest - i */
};

#define HEDGE_WINDOW	64

enum hedge_sequence {
	HEDGE_SEQUENCE_NEW,
	HEDGE_SEQUENCE_LAST,		/* the highest, come again */
	HEDGE_SEQUENCE_OLD,		/* come before, or too old to tell */
};

enum hedge_sequence hedge_window_take(struct hedge_window *w, u64 sequence);

#endif /* HEDGE_PROTO_FRAME_H */
