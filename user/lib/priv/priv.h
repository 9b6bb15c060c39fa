/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a process gives up before it meets strangers.  The only place that knows libseccomp.
 *
 * The filter is an allow list: what is not on it fails with EPERM, and with ENOSYS where a
 * library then knows another way.  io_uring makes system calls that no filter sees, so who
 * must not open sockets must not have it, either.
 *
 * Who starts programs hands his filter on to them, and what they need nobody can list.  So his is
 * a list of what none of them needs; his capabilities are few, and his mounts are his own.  His
 * limits are soft ones, which a program that he starts may do without: priv_lift().
 */
#ifndef SKY_PRIV_PRIV_H
#define SKY_PRIV_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is allowed beyond computing, threads, and reading and writing what is open. */
#define PRIV_ACCEPT	0x1u	/* take connections of sockets that listen already */
#define PRIV_CONNECT	0x2u	/* make TCP connections */
#define PRIV_FILES	0x4u	/* open, change and remove files */
#define PRIV_URING	0x8u
#define PRIV_NAMES	0x10u	/* ask name servers, by UDP and TCP, and open files to read */
#define PRIV_READ	0x100u	/* open files to read */
#define PRIV_LOCAL	0x20u	/* make streams of AF_UNIX, to services of this machine */
#define PRIV_PAIR	0x80u	/* make pairs of streams of AF_UNIX, which lead nowhere else */
#define PRIV_RUN	0x40u	/* start programs, with ->capabilities; see deny.c */

struct priv {
	const char *user;	/* root becomes it, with its group only; NULL or "": nobody else */
	const char *root;	/* root is locked into it; NULL or "": not */
	unsigned int allow;
	const int *keep;	/* open descriptors that stay so, besides 0, 1 and 2 */
	size_t keep_count;
	unsigned int files;	/* most descriptors; 0: as it is */
	size_t memory;		/* most bytes of its own that can be written; 0: as it is */
	uint64_t capabilities;	/* that root keeps, for PRIV_RUN; PRIV_CAP() of each */
};

#define PRIV_CAP(number)	(1ull << (number))

/* Takes a line for what could not be given up, and why that is so. */
typedef void priv_tell_fn(const char *text);

/**
 * priv_drop - give up all but what @p says, for good
 * @p:		what stays
 * @tell:	for what an ordinary user cannot do
 *
 * While the process has one thread.  After an error it must end: it has neither all nor
 * nothing.
 *
 * Return: 0; -ENOENT: there is no such user; -errno.
 */
int priv_drop(const struct priv *p, priv_tell_fn *tell);

/*
 * In a process that has been forked to become a program: the limits of PRIV_RUN are its starter's,
 * and root has @capabilities only, from that program on.  Return: 0 or -errno.
 */
int priv_lift(void);
int priv_bound(uint64_t capabilities);

/* filter.c, deny.c.  Return: 0 or -errno. */
int priv_filter(unsigned int allow);
int priv_deny(void);

#endif /* SKY_PRIV_PRIV_H */
