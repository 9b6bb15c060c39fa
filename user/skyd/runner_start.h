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

/* runner_microvm.c: of tier 1; its image and secrets are open.  Return: 0, or -errno, refused. */
int runner_start_microvm(struct runner_start *s);

#endif /* SKYD_RUNNER_START_H */
