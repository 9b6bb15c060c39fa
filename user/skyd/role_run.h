/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a role's process: it gives up its privileges, says that it is ready, is handed
 * streams by the parent, serves, and at a stop finishes what is under way.
 */
#ifndef SKYD_ROLE_RUN_H
#define SKYD_ROLE_RUN_H

#include <errno.h>

#include "config.h"
#include "control.h"
#include "link.h"
#include "role.h"
#include "vault.h"

/* Of sysexits.h. */
#define EXIT_FULL	73	/* it could not begin: there is no room on a disk */
#define EXIT_CONFIG	78	/* starting again would not help */

static inline bool is_full(int rc)
{
	return rc == -ENOSPC || rc == -EDQUOT;
}

/* Of what cannot begin, with -errno. */
static inline int exit_of_start(int rc)
{
	return is_full(rc) ? EXIT_FULL : EXIT_CONFIG;
}

struct role_run {
	enum role role;
	const char *name;	/* of the process, in the log */
	const struct config *config;
	int control;		/* to the parent */
	struct io_loop *loop;
	struct io_group group;
	struct link *vault;	/* for who asks it */
	struct link *to_backend;	/* the gateway's, and the attester's */
	struct link *to_resolver;	/* of who makes connections */
	struct front *front;	/* gateway.c */
	int cache;		/* the gateway's: a file of its cache, or -1 */
	struct vault keys;	/* of the vault itself */
	struct backend *backend;	/* of the backend itself */
	struct edge *edge;	/* of an edge itself */
	struct relay *relay;	/* of the relay itself */
	struct link *to_runner;	/* the backend's */
	struct runner *runner;	/* of the runner itself */
	struct link *to_verifier;	/* the backend's */
	struct verifier *verifier;	/* of the verifier itself */
	struct starter *starter;	/* its child, which has rights */
	struct resolver *resolver;	/* of the resolver itself */
	struct attester *attester;	/* of the attester itself */

	/*
	 * The backend's, to the edges of this machine, by the number of their place; NULL where
	 * there has been none.  One that starts anew has the same link.
	 */
	struct link *edges[ROLE_PLACES];
	struct served *first;	/* streams that are served */
	bool ready;		/* it has been */
	bool stopping;
	struct io_event stop;
	struct io_task *accepting;
	bool listening;		/* its fiber has not ended: it may still have a client */
	int failed;		/* why it ends without having been told to */
	struct io_semaphore clients;
};

/* Run it.  Return: the exit status. */
int role_run(struct role_run *run);

/*
 * What the role does by itself has ended: with an error, the process ends; else it does after
 * the last stream.
 */
void role_ended(struct role_run *run, int rc);

/* What this role answers to @peer: false: nothing. */
bool role_service(struct role_run *run, enum role peer, struct link_service *service);

/*
 * gateway.c, in this order.  What needs rights; what needs the loop, on its first fiber; a
 * fiber that serves a listening socket until it is told to leave it, with @retire to another
 * gateway; what it reaches an edge by (CONTROL_NEAR); what nobody uses any more; the rest.
 * Return: 0 or -errno, and a line in the log.
 */
int gateway_prepare(struct role_run *run);
int gateway_start(struct role_run *run);
int gateway_serve(struct role_run *run, int fd);
void gateway_near(struct role_run *run, const struct control *message, int fd);
void gateway_leave(struct role_run *run, bool retire);
void gateway_stop(struct role_run *run);
void gateway_free(struct role_run *run);

/* What an administrator asks the backend for, over the control socket. */
enum { ADMIN_STATUS = 0x201, ADMIN_DO };

#endif /* SKYD_ROLE_RUN_H */
