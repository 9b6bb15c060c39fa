/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions of secrets, for starts of workloads. */
#ifndef SKYD_API_SESSION_H
#define SKYD_API_SESSION_H

#include "api.h"
#include "runner.h"

struct api_session;

/* Of who asks; memory of the question's.  Return: 0 or a status of HTTP, or -errno. */
int api_session_find(struct api_ask *a, struct store_text name, struct api_session **session);

/**
 * api_session_start - ask for a start with the secrets of a session
 * @ask:	of the start, without a command; receives what the runner needs
 *
 * Return: 0 or a status of HTTP, or -errno.
 */
int api_session_start(struct api_ask *a, struct api_session *session, struct runner_ask *ask);

/*
 * Tell ledger, log and webhook whether its secrets were given.  @release: enum runner_release; @a
 * has what is wrong.  NULL: there is nothing to tell.
 */
void api_session_told(struct api_ask *a, const struct api_session *session,
		      struct store_text workload, unsigned int release);

#endif /* SKYD_API_SESSION_H */
