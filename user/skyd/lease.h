/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether this host has shown lately that it runs what it should. */
#ifndef SKYD_LEASE_H
#define SKYD_LEASE_H

#include "backend.h"

#define LEASE_WHY	160u

/**
 * host_has_lease - may what needs an attested host run here, now?
 * @why:	LEASE_WHY bytes; receives why not
 *
 * The one place where workloads ask about attestation.
 */
bool host_has_lease(const struct backend *b, char *why);

#endif /* SKYD_LEASE_H */
