/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the parent and a role: one datagram each, over a pair of AF_UNIX sockets that keeps
 * their bounds, with a descriptor where it says so.
 */
#ifndef SKYD_CONTROL_H
#define SKYD_CONTROL_H

#include <stdint.h>
#include <sys/socket.h>

#include "role.h"

enum control_type {
	/* from the parent */
	CONTROL_SERVE = 1,	/* a stream on which @role asks */
	CONTROL_CALL,		/* a stream to @role, instead of an older one of that @number */
	CONTROL_LISTEN,		/* a socket that listens: the role's own */
	CONTROL_RETIRE,		/* another has its place: end when all streams and clients have */
	CONTROL_STOP,		/* read no more, finish what is under way, and end */
	/* from a role */
	CONTROL_READY,
	/* to a relay: whoever is at @number, a @role, has no streams to other machines yet */
	CONTROL_ASK,
	/* to a gateway and to an edge: by which the one hands connections to the other (near.h) */
	CONTROL_NEAR,
};

/*
 * A relay that has a stream to another machine asks for one to the role here: with CONTROL_SERVE
 * for one on which a @role asks the role of @number; with CONTROL_CALL for one to a @role, of who
 * is at @number.  The parent makes it, hands the other end to the role, and answers with the same
 * message in the order of asking; without a descriptor if that role is not there.
 */

struct control {
	uint8_t type;
	uint8_t role;
	uint8_t number;		/* of the place of whom it is about, below ROLE_PLACES */
	char host[ROLE_HOST];	/* CONTROL_SERVE: the machine that asks; "": this one. */
				/* CONTROL_NEAR: what the edge's URL has as host, and its port */
};

/* Room for a message and its descriptor. */
struct control_buffer {
	struct control message;
	struct iovec iov;
	struct msghdr msg;
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
};

/* Make @b ready for sendmsg(2); @fd -1: none goes with it. */
void control_out(struct control_buffer *b, struct control message, int fd);
/* Make @b ready for recvmsg(2). */
void control_in(struct control_buffer *b);
/* After recvmsg(2) of @got bytes: the descriptor or -1 in *@fd.  Return: 0 or -EPROTO. */
int control_check(struct control_buffer *b, ssize_t got, int *fd);

#endif /* SKYD_CONTROL_H */
