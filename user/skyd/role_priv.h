/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each role keeps: the table that Documentation/skyd.rst shows. */
#ifndef SKYD_ROLE_PRIV_H
#define SKYD_ROLE_PRIV_H

#include "config.h"
#include "priv/priv.h"
#include "role.h"

/* Descriptors to keep are the caller's to add; texts are @config's. */
void role_priv(enum role role, const struct config *config, struct priv *p);

/* The same of the runner's child, which starts workloads. */
void starter_priv(struct priv *p);

#endif /* SKYD_ROLE_PRIV_H */
