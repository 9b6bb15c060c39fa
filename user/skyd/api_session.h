/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions of secrets, for starts of workloads. */
#ifndef SKYD_API_SESSION_H
#define SKYD_API_SESSION_H

#include "api.h"
#include "runner.h"

struct api_session;

/**
 * api_session_start - ask for a start with the secrets of a session
 * @ask:	of the start; receives what the runner needs, memory of the question's
 * @session:	receives it, for api_session_told(), also if it is refused here; or NULL
 *
 * Return: 0 or a status of HTTP, or -errno.
 */
int api_session_start(struct api_ask *a, struct store_text name, struct runner_ask *ask,
		      struct api_session **session);

/*
 * Tell ledger, log and webhook whether its secrets were given.  @release: enum runner_release; @a
 * has what is wrong.  NULL: there is nothing to tell.
 */
void api_session_told(struct api_ask *a, const struct api_session *session,
		      const struct runner_ask *ask, unsigned int release);

#endif /* SKYD_API_SESSION_H */
