/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of the starter alone: what its tiers have in common. */
#ifndef SKYD_RUNNER_START_H
#define SKYD_RUNNER_START_H

#include <linux/capability.h>
#include <stdio.h>

#include "priv/priv.h"
#include "runner.h"

#define QEMU		"/usr/bin/qemu-system-x86_64"
#define START_SECONDS	60	/* that a program has which starts something */
#define PATH_SIZE	4096u
#define BECOMES		(PRIV_CAP(CAP_SETUID) | PRIV_CAP(CAP_SETGID))

/* @status: of HTTP.  Return: @rc. */
static inline int refuse(struct runner_start *s, unsigned int status, int rc)
{
	s->status = status;
	return rc;
}

#define refuse_why(s, status, rc, ...)	\
	(snprintf((s)->why, RUNNER_WHY, __VA_ARGS__), refuse(s, status, rc))

#define MAC_TEXT	18u	/* bytes of an address as text, its NUL included */

/*
 * runner_mac.c: an address for a workload's network card, unicast and locally administered: of
 * SHA-256("skyd mac 1" NUL host NUL machine NUL workload) the first 48 bits, two of them set so.
 * Stable, and another one for each of the three.  runner_mac_here() takes the host's name of the
 * configuration, and the machine's of /etc/machine-id, if there is one.
 * Return: 0; -ENAMETOOLONG; -EIO.
 */
int runner_mac(struct str host, struct str machine, struct str workload, char text[MAC_TEXT]);
int runner_mac_here(const struct config *config, const char *workload, char text[MAC_TEXT]);

/* runner_microvm.c: of tier 1; its image and secrets are open.  Return: 0, or -errno, refused. */
int runner_start_microvm(struct runner_start *s);

#endif /* SKYD_RUNNER_START_H */
