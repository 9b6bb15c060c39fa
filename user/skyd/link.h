/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls between roles: messages of rpc.h over a stream, for fibers.
 *
 * One stream has a caller's end (struct link) and a serving end (link_serve()).  Any number
 * of calls are under way on it at once, and answers come in any order.  On the wire:
 *
 *	question  frame with the operation; u32 milliseconds that the caller waits, 0 for
 *		  ever; the body of the operation's first schema
 *	answer	  frame with LINK_ANSWER and the operation, the question's id, a status; the
 *		  body of the second schema if the status is 0, else none
 *	cancel	  frame with LINK_CANCEL and the question's id: nobody waits any more
 *
 * LINK_FD in the operation says that a descriptor came with the frame, over AF_UNIX.
 *
 * Neither end trusts the other.  What is not as above ends the stream with -EPROTO, and all
 * of its calls.  Buffers that a message was in are wiped.
 */
#ifndef SKYD_LINK_H
#define SKYD_LINK_H

#include "io/group.h"
#include "io/stream.h"
#include "rpc/rpc.h"

#define LINK_ANSWER	0x8000u
#define LINK_FD		0x4000u
#define LINK_CANCEL	0x3fffu
#define LINK_OPERATION	0x3fffu		/* the rest of an operation's number */

#define LINK_BODY_MAX	(1u << 20)	/* bytes of a body, if options say nothing */
#define LINK_CALLS	64u		/* under way at once, if options say nothing */
#define LINK_CALLS_MAX	4096u

/* What both ends may be told; zero means the usual. */
struct link_options {
	u32 body_max;		/* bytes; at most RPC_BODY_MAX */
	u32 calls;		/* under way at once */
	int64_t send_ms;	/* a peer that takes nothing for so long is given up; 30000 */
	bool descriptors;	/* AF_UNIX, and descriptors are welcome */
};

/* --- the caller's end: link_call.c --------------------------------------------- */

struct link;

/**
 * link_open - make a caller's end, without a stream yet
 * @link:	receives it
 * @options:	or NULL
 * @group:	of the fiber that reads; the link must be closed before it ends
 *
 * Return: 0 or -ENOMEM.
 */
int link_open(struct link **link, const struct link_options *options, struct io_group *group);

/**
 * link_attach - give it a stream, instead of the one that it may have
 * @fd:		a connected stream socket, which is the link's from here on
 *
 * Calls under way on an older stream are answered there, and it is closed after the last of
 * them.  On a fiber.
 */
void link_attach(struct link *link, int fd);

/* Has it a stream?  Its peer may have gone all the same. */
bool link_attached(const struct link *link);

/*
 * End all calls with -ECONNRESET and let go of everything; NULL does nothing.  No fiber
 * may begin a call any more.
 */
void link_close(struct link *link);

/* An answer.  What its message points to lies in it. */
struct link_answer {
	void *memory;
	size_t size;
	int fd;			/* -1: none came */
};

#define LINK_ANSWER_NONE	((struct link_answer){ .fd = -1 })
#define CLEANUP_ANSWER		CLEANUP(link_answer_free)

/* Wipes the answer, closes a descriptor that nobody took. */
void link_answer_free(struct link_answer *answer);

/* One call: schemas and structs of the question and of the answer. */
struct link_call {
	u16 operation;
	const struct rpc_schema *ask;
	const void *question;
	int fd;				/* goes with it, and stays the caller's; -1: none */
	const struct rpc_schema *give;
	void *reply;			/* receives the answer */
	size_t room;			/* bytes for elements of its lists */
};

/**
 * link_do - make a call
 * @answer:	LINK_ANSWER_NONE; to be freed after any return
 *
 * A call waits while the link has no stream or too many calls are under way.
 *
 * Return: 0 or the status that the handler returned; -ETIMEDOUT or -ECANCELED, and the other
 * side is told; -ECONNRESET: the peer went before it answered, and whether it has done what
 * was asked is not known; -EBADMSG, -ENOBUFS, -EMSGSIZE or -EINVAL as in rpc.h.
 */
int link_do(struct link *link, const struct link_call *call, struct link_answer *answer,
	    int64_t deadline);

/* --- the serving end: link_serve.c ----------------------------------------------- */

/* A question, to its handler. */
struct link_request {
	void *ctx;		/* link_service.ctx */
	u32 peer;		/* link_service.peer */
	const char *host;	/* link_service.host */
	int64_t deadline;	/* the caller's; 0: none */
	int fd;			/* came with it: closed after the call unless taken; or -1 */
	int give_fd;		/* -1; set it to send one back: it is closed then */
	void *scratch;		/* freed after the answer has gone; of link_scratch() */

	/* Set it to be called before that, for what @scratch holds; makes no call that suspends. */
	void (*release)(void *scratch);
};

/* Zeroed memory until the answer has gone, wiped then; one a request.  NULL: there is none. */
void *link_scratch(struct link_request *request, size_t size);

/*
 * One operation.  The handler is a fiber of its own, cancelled when its deadline has passed,
 * when the caller cancels and when the peer goes.  @give is zeroed; what it points to must
 * live until the fiber has ended: scratch, or what is constant.
 */
struct link_operation {
	u16 number;
	const char *name;
	const struct rpc_schema *ask;
	const struct rpc_schema *give;
	size_t room;		/* bytes for elements of @ask's lists */
	u32 peers;		/* a bit for each that may ask: others get -EACCES */
	int (*handle)(struct link_request *request, const void *ask, void *give);
};

struct link_service {
	const struct link_operation *operation;
	unsigned int operations;
	void *ctx;
	u32 peer;		/* number of who is at the other end, below 32 */
	const char *host;	/* the machine that it is on; NULL: nobody asks for that */
	struct link_options options;

	/* If it is true at the peer's end, what is under way is finished, not cancelled. */
	const bool *finish;

	/*
	 * Called before each handler, of those that may ask; NULL: there is nothing to judge.  What
	 * is not 0 is the answer.
	 */
	int (*admit)(struct link_request *request, const struct link_operation *op);

	/* Called with each answer; NULL: nobody wants to know. */
	void (*told)(struct link_request *request, const struct link_operation *op,
		     const void *ask, int status);
};

/**
 * link_serve - serve a stream until it ends
 * @service:	what is served
 * @s:		stays the caller's, to be closed when this has returned
 *
 * No more than options.calls handlers are under way: nothing further is read meanwhile, and
 * so the peer has to wait.
 *
 * Return: 0 at the peer's end; -EPROTO when it said what makes no sense; -ECANCELED; -errno.
 */
int link_serve(const struct link_service *service, struct io_stream *s);

#endif /* SKYD_LINK_H */
