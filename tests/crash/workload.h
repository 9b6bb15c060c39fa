/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The workload of record.h, done to a device by one thread for each of the plan. */
#ifndef CRASH_WORKLOAD_H
#define CRASH_WORKLOAD_H

#include "record.h"
#include "trace.h"

/* Called when a thread begins an operation, and when it knows some are durable. */
typedef void workload_told_t(void *arg, enum trace_kind kind, uint32_t thread, uint32_t number);

int workload_run(const struct record_plan *plan, const char *path,
		 const struct record_mark *from, uint32_t operations, workload_told_t *told,
		 void *arg);

#endif /* CRASH_WORKLOAD_H */
