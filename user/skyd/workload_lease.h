/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Workloads that end with the lease of their host. */
#ifndef SKYD_WORKLOAD_LEASE_H
#define SKYD_WORKLOAD_LEASE_H

#include "backend.h"

/* Spawn the fiber that ends them, if workloads.end says so.  Return: 0 or -ENOMEM. */
int workload_lease_start(struct backend *b, struct io_group *group);

/* End one, and tell of it; on a fiber.  Return: 0, also if it has ended before; -errno, logged. */
int workload_end(struct backend *b, struct str name, unsigned int tier);

#endif /* SKYD_WORKLOAD_LEASE_H */
