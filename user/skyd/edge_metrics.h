/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an edge counts, and the two texts in which it tells (Prometheus text format 0.0.4):
 * /minio/v2/metrics/cluster with the names that MinIO's have, and /metrics with its own.
 */
#ifndef SKYD_EDGE_METRICS_H
#define SKYD_EDGE_METRICS_H

#include "base/out.h"
#include "edge_store.h"

enum edge_request {
	EDGE_GET,
	EDGE_HEAD,
	EDGE_PUT,
	EDGE_DELETE,
	EDGE_LIST,
	EDGE_OTHER,
	EDGE_REQUESTS,
};

/* Belongs to one loop; zero at first, but for @started. */
struct edge_counters {
	int64_t started;			/* nanoseconds of io_now() */
	uint64_t requests[EDGE_REQUESTS];	/* that have ended */
	uint64_t errors[EDGE_REQUESTS];		/* of them with status 400 or more */
	uint64_t rejected;			/* refused before they were understood */
	uint64_t denied;			/* URLs that were not let in */
	uint64_t waiting;			/* under way now */
	uint64_t received;			/* bytes of bodies */
	uint64_t sent;
	uint64_t nonces;			/* remembered now */
};

/* A request has ended: with that status, so many bytes in its body and in its answer's. */
void edge_count(struct edge_counters *c, enum edge_request kind, unsigned int status,
		uint64_t received, uint64_t sent);

/* What the process has used: seconds times 10^6, and bytes. */
struct edge_process {
	uint64_t cpu_us;
	uint64_t resident;
};

void edge_process_read(struct edge_process *p);

/**
 * edge_metrics_minio - write the text of /minio/v2/metrics/cluster
 * @server:	value of the label: host and port; quotes, backslashes and control characters
 *		in it are left out
 * @now:	nanoseconds of io_now()
 */
void edge_metrics_minio(struct out *o, const struct edge_counters *c, const struct edge_usage *u,
			const struct edge_process *p, struct str server, int64_t now);

/* The same for /metrics. */
void edge_metrics_own(struct out *o, const struct edge_counters *c, const struct edge_usage *u,
		      const struct edge_process *p, int64_t now);

#endif /* SKYD_EDGE_METRICS_H */
