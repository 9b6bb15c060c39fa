/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The sessions of a server of include/uapi/hedge_remote.h, and what it does about a
 * datagram.  No I/O, no clock, no memory of its own: who calls has the socket, computes
 * the MACs, carries out the commands, and lets one in here at a time.
 */
#ifndef HEDGE_PROTO_SERVER_H
#define HEDGE_PROTO_SERVER_H

#include <linux/types.h>

#include "frame.h"

struct hedge_peer {
	u8 address[16];			/* IPv4: ::ffff:a.b.c.d */
	u16 port;
};

struct hedge_session {
	u64 number;			/* 0: free */
	u64 nonce;
	struct hedge_peer peer;
	u64 used;			/* tick of its last request that was new */
	struct hedge_window window;
	bool busy;			/* a request is being carried out */
	u64 answered;			/* sequence number that .answer belongs to */
	u8 *answer;			/* NULL: none; .free() it */
	size_t answer_len;		/* bytes */
};

enum hedge_server_key {
	HEDGE_KEY_SHARED,		/* that clients have */
	HEDGE_KEY_SECRET,		/* of this server alone */
};

struct hedge_server {
	u32 key_id;
	u32 sessions;
	struct hedge_session *session;	/* that many, all 0 at first */
	/* HMAC-SHA-256; Return: 0, or it cannot be computed. */
	int (*mac)(const struct hedge_server *s, enum hedge_server_key key, const void *data,
		   size_t len, u8 tag[HEDGE_REMOTE_TAG_BYTES]);
	/* In a time that does not tell where they differ. */
	bool (*equal)(const void *a, const void *b, size_t len);
	void (*free)(u8 *answer);
	void *arg;			/* of the caller */
};

enum hedge_server_step {
	HEDGE_STEP_NOTHING,		/* say nothing */
	HEDGE_STEP_SEND,		/* send .send back */
	HEDGE_STEP_CARRY_OUT,		/* .frame is a request; hedge_server_answer() follows */
};

struct hedge_received {
	struct hedge_frame frame;	/* the payload is in the datagram */
	struct hedge_session *session;	/* of a request */
	size_t size;			/* of the datagram: no answer may be larger */
	const u8 *send;			/* until the next call */
	size_t send_len;
};

enum hedge_server_step hedge_server_receive(struct hedge_server *s, const struct hedge_peer *from,
					    u64 tick, u8 *buf, size_t len,
					    struct hedge_received *rx);
size_t hedge_server_answer(struct hedge_server *s, const struct hedge_received *rx, s32 result,
			   const char *text, size_t len, u8 *out);
void hedge_server_expire(struct hedge_server *s, u64 tick);
void hedge_server_forget(struct hedge_server *s);

#endif /* HEDGE_PROTO_SERVER_H */
