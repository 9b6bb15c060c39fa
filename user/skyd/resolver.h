/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The resolver: a process that looks names of hosts up for those that cannot, as they have neither
 * files nor UDP.  It asks getaddrinfo(3), which reads /etc/hosts and asks the name servers of
 * /etc/resolv.conf, and keeps the answers.
 *
 *	resolver.c		the process: its names, and who waits for them
 *	resolver_ask.c		asking it, and how that is packed
 *
 * getaddrinfo(3) tells no time to live: what is found is believed for a minute, what is not for
 * some seconds.  When a minute is over the older answer is given while the next is looked for, so
 * that a name server which hangs holds up only names that nobody knows yet (as RFC 8767 has it).
 */
#ifndef SKYD_RESOLVER_H
#define SKYD_RESOLVER_H

#include <sys/socket.h>

#include "io/work.h"
#include "link.h"
#include "role.h"

#define RESOLVER_NAME_MAX	253u	/* bytes of a name (RFC 1035) */
#define RESOLVER_ADDRESSES	8u	/* of one name; what is beyond is not told */
#define RESOLVER_NAMES		1024u	/* that are kept; the one unused longest goes first */
#define RESOLVER_FOUND_MS	60000u	/* that what was found is believed */
#define RESOLVER_FAILED_MS	5000u	/* that what was not is */
#define RESOLVER_AGAIN_MS	1000u	/* that an older answer is, while the next is looked for */
#define RESOLVER_STALE_MS	3600000u	/* after which it is no longer given */
#define RESOLVER_PATIENCE_MS	3000u	/* for one look-up; it goes on, but nobody waits for it */

enum resolver_number { RESOLVER_FIND = 0x301 };

struct resolver_question {
	struct rpc_bytes name;
	u32 oldest_ms;			/* an older answer will not do; 0: any that is kept */
};

/* In the order in which they are to be tried. */
struct resolver_address {
	u8 six;				/* 0: of IPv4, in the first four bytes */
	u8 bytes[16];
	u32 scope;			/* of a link-local one */
};

struct resolver_answer {
	u32 error;			/* EAI_... without its sign; 0: found */
	u32 ms;				/* that this is to be believed */
	const struct resolver_address *address;
	u32 count;
};

extern const struct rpc_schema resolver_question_schema;
extern const struct rpc_schema resolver_answer_schema;

/* --- resolver.c ------------------------------------------------------------------------------ */

struct resolver_name;

struct resolver {
	struct io_group *group;		/* of who looks up */
	struct io_pool *pool;
	struct resolver_name *first;	/* the one used last is first */
	unsigned int names;
	/* Set by resolver_open(); tests have others. */
	int (*look_up)(const char *name, struct resolver_address *to, u32 *count);
	u32 found_ms, failed_ms, again_ms, stale_ms, patience_ms;
};

/* @group: whose fibers look-ups are; of this loop.  Return: 0 or -errno. */
int resolver_open(struct resolver *r, struct io_group *group);

/* Is a look-up under way?  Nothing can stop it, and the end of the group waits for it. */
bool resolver_busy(const struct resolver *r);

/* After the group has ended. */
void resolver_close(struct resolver *r);

/* What it answers to the roles that may ask. */
void resolver_service(struct resolver *r, enum role peer, struct link_service *service);

/*
 * By getaddrinfo(3), for a worker thread.
 * Return: 0, with 1 to RESOLVER_ADDRESSES of @to filled in; EAI_....
 */
int resolver_look_up(const char *name, struct resolver_address *to, u32 *count);

/* --- resolver_ask.c -------------------------------------------------------------------------- */

#define RESOLVER_WHY	160u		/* bytes of a text that says why, its NUL included */

struct host_address {
	struct sockaddr_storage at;
	socklen_t len;
};

/* What a host is to be reached at. */
struct host_addresses {
	struct host_address address[RESOLVER_ADDRESSES];
	unsigned int count;
	int64_t until;			/* io_now() until which it is believed; 0: for ever */
};

/* Is @host an address in numbers?  Then it stands for itself, for ever. */
bool host_is_number(const char *host, unsigned int port, struct host_addresses *to);

/**
 * host_find - ask the resolver for a name
 * @resolver:	a stream to it; NULL: names are not known here
 * @oldest_ms:	as in struct resolver_question
 * @to:		receives 1 to RESOLVER_ADDRESSES addresses; is not touched by an error
 * @why:	RESOLVER_WHY bytes: receives what is wrong, and where to look
 *
 * Return: 0; -ENXIO: there is no such name; -EHOSTUNREACH: that is not known now; -ECANCELED.
 */
int host_find(struct link *resolver, const char *host, unsigned int port, u32 oldest_ms,
	      int64_t deadline, struct host_addresses *to, char *why);

#endif /* SKYD_RESOLVER_H */
