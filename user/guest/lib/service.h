/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that serves TCP on its one network, forever.
 *
 * Words of its command line are ip=A.B.C.D/BITS, which must be there, and gw=A.B.C.D.
 */
#ifndef GUEST_SERVICE_H
#define GUEST_SERVICE_H

#include "../net/net.h"
#include "guest.h"

struct service {
	uint64_t net;			/* handle of the device */
	uint16_t port;
	/* A connection is new. */
	void (*open)(int c);
	/* Something may have come, or gone, or a second has passed; false: close it. */
	bool (*serve)(struct net *net, int c, uint64_t now);
	/* Before anything of what was written in this turn is sent.  May be NULL. */
	void (*turn)(void);
};

/* 16 bytes that others cannot guess, as far as the processor has them (RDRAND). */
void service_secret(uint8_t secret[16]);
/* @arg of the form "@name=value": its value; otherwise NULL. */
const char *service_option(const char *arg, const char *name);
/* guest_fail() if the words make no sense. */
__attribute__((__noreturn__))
void service_run(const struct service *service, int argc, char **argv);

/* Decimal digits to @to, without an end; how many, at most 20. */
size_t service_digits(char *to, uint64_t v);

#endif /* GUEST_SERVICE_H */
