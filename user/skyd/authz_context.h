/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a bucket's policy says of a request: authz_context.c. */
#ifndef SKYD_AUTHZ_CONTEXT_H
#define SKYD_AUTHZ_CONTEXT_H

#include "backend_private.h"

/* The bucket has a policy.  Return: 0; -ENOMEM, -ECANCELED; meta_status() of a code. */
int authz_policy(struct call *c, const struct authz_ask *ask, enum s3_decision *decision);

#endif /* SKYD_AUTHZ_CONTEXT_H */
