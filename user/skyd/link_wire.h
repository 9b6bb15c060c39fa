/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What both ends of a link share: whole messages in and out.  Nobody else includes this. */
#ifndef SKYD_LINK_WIRE_H
#define SKYD_LINK_WIRE_H

#include "io/sync.h"
#include "link.h"

#define LINK_BUFFER	8192u
#define LINK_FDS	16u	/* that have come, and whose frames have not been read */
#define LINK_WAIT_BYTES	4u	/* what a question has between frame and body */

/* A message that is waiting to be sent; on the stack of who sends it. */
struct link_out {
	struct link_out *next;
	const void *data;
	size_t len;
	int fd;
	int result;
	bool done;
	struct io_event turn;	/* it has gone, or its owner is the one to send now */
};

struct link_wire {
	struct io_stream *stream;
	struct link_options options;
	struct link_out *first, **last;
	bool sending;
	int broken;		/* no more can be sent: why */
	u32 at, end;		/* in the buffer */
	int fd[LINK_FDS];
	u32 fds;
	u8 buffer[LINK_BUFFER];
};

void link_wire_init(struct link_wire *wire, struct io_stream *s, const struct link_options *o);
/* Closes the descriptors that nobody took, and wipes the buffer. */
void link_wire_end(struct link_wire *wire);

/*
 * Receive a frame.  *@fd is a descriptor that came with it, or -1.
 * Return: 1; 0 at the end of the stream; -EPROTO, -errno.
 */
int link_wire_frame(struct link_wire *wire, struct rpc_frame *frame, int *fd);
/* Exactly @len bytes of a body.  Return: 0; -EPROTO when they are not all there; -errno. */
int link_wire_body(struct link_wire *wire, void *to, size_t len);

/*
 * Send a whole message, with those of others if there are some.  Not to be interrupted: half
 * a message would be the end of the stream.  Return: 0 or -errno.
 */
int link_wire_send(struct link_wire *wire, const void *data, size_t len, int fd);

/*
 * Pack a message into memory of its own; questions have @wait_ms >= 0.
 * Return: bytes or as rpc_encode(); -ENOMEM.
 */
int link_pack(const struct rpc_schema *schema, const void *message, struct rpc_frame frame,
	      int64_t wait_ms, u32 body_max, void **memory);

/* Wipe and free. */
void link_wipe(void *memory, size_t size);

#endif /* SKYD_LINK_WIRE_H */
