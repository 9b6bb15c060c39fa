/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the relay share.  Nobody else includes this. */
#ifndef SKYD_RELAY_PRIVATE_H
#define SKYD_RELAY_PRIVATE_H

#include <netinet/in.h>

#include "base/authority.h"
#include "io/group.h"
#include "io/stream.h"
#include "io/sync.h"
#include "log.h"
#include "relay.h"
#include "relay_peers.h"
#include "relay_wire.h"
#include "tls/tls.h"

#define RELAY_TARGETS	2u	/* the backend and the vault */
#define RELAY_WHERE	96u	/* bytes of an address as a text */

/* --- relay_pump.c: between a peer and a role ------------------------------------------- */

struct relay_pump {
	struct relay_pump *next;	/* in relay->pumps */
	struct io_stream *far;
	int near;			/* closed when it ends, like @far */
	int64_t ping;			/* ns */
	int64_t until;			/* time(2): the peer's certificate; 0: for ever */
	const char *early;		/* what of @far's has been received already */
	size_t early_len;
	bool asked;			/* it is the peer that asks */
	void (*away)(struct relay_pump *pump);	/* the peer wants another connection; or NULL */
	/* its own */
	struct io_group *group;		/* while it runs */
	struct io_semaphore sending;
	int64_t sent;			/* when something was sent last */
	bool over;			/* the near side has ended */
	bool expired;
	char *in;
	size_t at, end;			/* in @in */
	size_t left;			/* bytes of the frame that is being read */
};

/*
 * Pass bytes until one side has ended.
 * Return: 0: in order; -ETIMEDOUT: the peer was silent; -EKEYEXPIRED: its certificate has expired;
 * -EPROTO; -errno.
 */
int relay_pump(struct relay_pump *pump);

/* Tell the peer to go elsewhere; does not wait for it. */
void relay_pump_away(struct relay_pump *pump);

/* --- relay_head.c: before that ------------------------------------------------------------- */

/* Bytes that come before and after the end of a head. */
struct relay_head {
	struct http_head head;
	char text[RELAY_HEAD_MAX];
	size_t len;			/* bytes that have come */
};

/* Return: 0; -EPROTO: it is no head; -ECONNRESET; -errno. */
int relay_head_read(struct io_stream *s, struct relay_head *h, bool response, int64_t deadline);

/**
 * relay_judge - is a peer what it says it is?
 * @stream:	of tls.h, after the handshake
 * @list:	the configuration's
 * @role:	that it wants to be
 * @peer:	receives who it is; its name lies in @list
 *
 * Return: true when its certificate has a URI of that role which is in the list.
 */
bool relay_judge(const struct io_stream *stream, struct str list, enum role role,
		 struct relay_peer *peer);

/* An address for messages. */
void relay_where(const struct sockaddr_storage *address, char text[RELAY_WHERE]);

/* --- relay.c ------------------------------------------------------------------------------- */

/* Where one that is asked is, if not here. */
struct relay_target {
	enum role role;
	const char *text;		/* HOST:PORT; "": nowhere */
	char host[HOST_TEXT_MAX];	/* of that */
	unsigned int port;
	unsigned int first;		/* of its addresses: the one to try first */
	u32 generation[ROLE_PLACES];	/* of the stream that each place here is to have */
};

struct relay {
	struct role_run *run;
	const struct config *config;
	struct tls_context *server, *client;
	struct relay_target target[RELAY_TARGETS];
	struct relay_pump *pumps;	/* under way */
	unsigned int asked;		/* of them, peers' */
	unsigned int fibers;		/* that have to end before the process does */
	bool stopping;
	/* relay_accept.c */
	struct io_task *accepting;
	struct relay_guest *guests;
	unsigned int strangers;		/* of them, those that have not shown who they are */
	int64_t told;			/* when a line was last logged of one that was refused */
	unsigned int untold;		/* refused since */
	/* relay_dial.c */
	struct relay_line *lines;
	/* asked of the parent */
	struct relay_join *joins;
};

/*
 * Ask the parent for a stream to a role here; control.h says what of.
 * @host: the machine that asks, as its certificate has it; NULL: this one
 * Return: a descriptor; -ENOENT: it is not there; -ECANCELED; -ENOMEM; -EIO.
 */
int relay_join(struct relay *relay, enum control_type type, enum role role, unsigned int number,
	       const struct str *host);

/* In the list of pumps while it runs. */
int relay_run_pump(struct relay *relay, struct relay_pump *pump);

/* A fiber that counts has ended. */
void relay_fiber_ended(struct relay *relay);

/* relay_accept.c: begin to take connections; tell those who came to go elsewhere. */
void relay_accept(struct relay *relay, int fd);
void relay_accept_free(struct relay *relay);

/* relay_dial.c: streams for a role here; no more new ones. */
void relay_dial(struct relay *relay, enum role asker, unsigned int place);
void relay_dial_stop(struct relay *relay);
void relay_dial_free(struct relay *relay);

#endif /* SKYD_RELAY_PRIVATE_H */
