// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <asm/byteorder.h>

#include "io/loop.h"
#include "io/net.h"
#include "link_wire.h"

#define SEND_MS		30000
#define SEND_AT_ONCE	32u	/* messages of one system call */
#define PACK_FIRST	1024u	/* bytes that most messages do with */

void link_wire_init(struct link_wire *wire, struct io_stream *s, const struct link_options *o)
{
	memset(wire, 0, sizeof(*wire));
	wire->stream = s;
	wire->last = &wire->first;
	if (o)
		wire->options = *o;
	if (!wire->options.body_max || wire->options.body_max > RPC_BODY_MAX)
		wire->options.body_max = LINK_BODY_MAX;
	if (!wire->options.calls)
		wire->options.calls = LINK_CALLS;
	if (wire->options.calls > LINK_CALLS_MAX)
		wire->options.calls = LINK_CALLS_MAX;
	if (!wire->options.send_ms)
		wire->options.send_ms = SEND_MS;
}

void link_wire_end(struct link_wire *wire)
{
	while (wire->fds)
		close(wire->fd[--wire->fds]);
	explicit_bzero(wire->buffer, sizeof(wire->buffer));
}

void link_wipe(void *memory, size_t size)
{
	if (!memory)
		return;
	explicit_bzero(memory, size);
	free(memory);
}

/* --- in -------------------------------------------------------------------------- */

/* Those of one recvmsg(2).  More than there is room for: the peer is up to no good. */
static int keep_fds(struct link_wire *wire, struct msghdr *msg)
{
	struct cmsghdr *c;
	int rc = msg->msg_flags & MSG_CTRUNC ? -EPROTO : 0;
	size_t i, n;
	int fd;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (wire->fds < LINK_FDS) {
				wire->fd[wire->fds++] = fd;
			} else {
				close(fd);
				rc = -EPROTO;
			}
		}
	}
	return rc;
}

static ssize_t receive(struct link_wire *wire, void *to, size_t len)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(LINK_FDS * sizeof(int))];
	} control;
	struct iovec iov = { to, len };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	ssize_t got;
	int rc;

	if (!wire->options.descriptors)
		return io_stream_recv(wire->stream, to, len, 0);
	got = io_recvmsg(wire->stream->fd, &msg, MSG_CMSG_CLOEXEC, 0);
	if (got < 0)
		return got;
	rc = keep_fds(wire, &msg);
	return rc ? rc : got;
}

/* Return: 1; 0: the stream ended before the first byte; -EPROTO: after it; -errno. */
static int receive_all(struct link_wire *wire, void *to, size_t len)
{
	size_t have = 0;

	while (have < len) {
		size_t n = wire->end - wire->at;
		ssize_t got;

		if (n) {
			n = n < len - have ? n : len - have;
			memcpy((u8 *)to + have, wire->buffer + wire->at, n);
			explicit_bzero(wire->buffer + wire->at, n);
			wire->at += n;
			have += n;
			continue;
		}
		if (len - have >= LINK_BUFFER) {
			got = receive(wire, (u8 *)to + have, len - have);
			have += got > 0 ? got : 0;
		} else {
			got = receive(wire, wire->buffer, LINK_BUFFER);
			wire->at = 0;
			wire->end = got > 0 ? got : 0;
		}
		if (got < 0)
			return got;
		if (!got)
			return have ? -EPROTO : 0;
	}
	return 1;
}

int link_wire_frame(struct link_wire *wire, struct rpc_frame *frame, int *fd)
{
	u8 raw[RPC_FRAME_BYTES];
	int rc = receive_all(wire, raw, sizeof(raw));

	*fd = -1;
	if (rc <= 0)
		return rc;
	if (rpc_frame_decode(raw, sizeof(raw), wire->options.body_max, frame) < 0)
		return -EPROTO;
	if (!(frame->operation & LINK_FD))
		return 1;
	if (!wire->fds)
		return -EPROTO;
	*fd = wire->fd[0];
	memmove(wire->fd, wire->fd + 1, --wire->fds * sizeof(int));
	return 1;
}

int link_wire_body(struct link_wire *wire, void *to, size_t len)
{
	int rc = len ? receive_all(wire, to, len) : 1;

	return rc > 0 ? 0 : rc ? rc : -EPROTO;
}

/* --- out ------------------------------------------------------------------------- */

/* A descriptor belongs to the first byte that it goes with. */
static ssize_t send_fd(struct link_wire *wire, const struct link_out *out, int64_t deadline)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { (void *)out->data, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &out->fd, sizeof(int));
	return io_sendmsg(wire->stream->fd, &msg, 0, deadline);
}

/* Send the first of the queue, and what may follow it in the same call. */
static void send_some(struct link_wire *wire)
{
	int64_t deadline = io_after_ms(wire->options.send_ms);
	struct iovec iov[SEND_AT_ONCE];
	struct link_out *o = wire->first, *next;
	unsigned int n = 0;
	size_t skip = 0;
	int rc = wire->broken;

	if (!rc && o->fd >= 0) {
		rc = wire->options.descriptors ? send_fd(wire, o, deadline) : -EOPNOTSUPP;
		rc = rc < 0 ? rc : rc != 1 ? -EIO : 0;
		skip = 1;
	}
	do {
		iov[n++] = (struct iovec){ (u8 *)o->data + skip, o->len - skip };
		skip = 0;
		o = o->next;
	} while (o && n < SEND_AT_ONCE && o->fd < 0);
	if (!rc)
		rc = io_stream_sendv(wire->stream, iov, n, false, deadline);
	wire->broken = rc;
	for (o = wire->first; n; n--, o = next) {
		next = o->next;
		wire->first = next;
		o->result = rc;
		o->done = true;
		io_event_set(&o->turn);
	}
	if (!wire->first)
		wire->last = &wire->first;
}

int link_wire_send(struct link_wire *wire, const void *data, size_t len, int fd)
{
	struct link_out out = { .data = data, .len = len, .fd = fd };

	if (wire->broken)
		return wire->broken;
	io_event_init(&out.turn);
	*wire->last = &out;
	wire->last = &out.next;
	io_shield();
	if (wire->sending)
		io_event_wait(&out.turn, 0);
	wire->sending = true;
	while (!out.done)
		send_some(wire);
	/* Whoever is first now sends for those behind it. */
	wire->sending = wire->first;
	if (wire->first)
		io_event_set(&wire->first->turn);
	io_unshield();
	return out.result;
}

int link_pack(const struct rpc_schema *schema, const void *message, struct rpc_frame frame,
	      int64_t wait_ms, u32 body_max, void **memory)
{
	size_t head = RPC_FRAME_BYTES + (wait_ms >= 0 ? LINK_WAIT_BYTES : 0);
	size_t size = PACK_FIRST;
	__le32 wait = cpu_to_le32(wait_ms);
	int rc = -EMSGSIZE;
	u8 *to = NULL;

	while (rc == -EMSGSIZE && size <= head + body_max) {
		link_wipe(to, size / 4);
		to = malloc(size);
		if (!to)
			return -ENOMEM;
		rc = schema ? rpc_encode(schema, message, to + head, size - head) : 0;
		size *= 4;
	}
	if (rc < 0) {
		link_wipe(to, size / 4);
		return rc;
	}
	if (wait_ms >= 0)
		memcpy(to + RPC_FRAME_BYTES, &wait, sizeof(wait));
	frame.body = head - RPC_FRAME_BYTES + rc;
	rpc_frame_encode(to, &frame);
	*memory = to;
	return head + rc;
}
