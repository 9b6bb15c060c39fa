// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/report.h"
#include "workload.h"

#define THREADS_MAX	16

struct worker {
	const struct record_plan *plan;
	uint32_t thread;
	uint32_t first;			/* operations to do: first..last */
	uint32_t last;
	int fd;
	uint8_t *buf;
	workload_told_t *told;
	void *arg;
	int error;
	pthread_t id;
};

static int write_op(struct worker *w, const struct record_op *op, uint32_t number)
{
	uint64_t at = ((uint64_t)w->thread * w->plan->places + op->place) * RECORD_BYTES;
	struct iovec vec = { w->buf, op->count * RECORD_BYTES };
	uint64_t range[2] = { at, vec.iov_len };
	uint32_t i;

	if (op->zero)
		return ioctl(w->fd, BLKZEROOUT, range) ? -errno : 0;
	for (i = 0; i < op->count; i++)
		record_fill(w->plan, w->thread, number, op->place + i,
			    w->buf + (size_t)i * RECORD_BYTES);
	if (pwritev2(w->fd, &vec, 1, at, op->dsync ? RWF_DSYNC : 0) != (ssize_t)vec.iov_len)
		return errno ? -errno : -EIO;
	return 0;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct record_op op;
	uint32_t i;

	for (i = w->first; i <= w->last; i++) {
		op = record_op(w->plan, w->thread, i);
		w->told(w->arg, TRACE_ISSUE, w->thread, i);
		w->error = write_op(w, &op, i);
		if (w->error)
			break;
		if (!op.sync && i < w->last)
			continue;
		/* A write with O_DSYNC alone answers for itself only. */
		if (fsync(w->fd)) {
			w->error = -errno;
			break;
		}
		w->told(w->arg, TRACE_ACK, w->thread, i);
	}
	return NULL;
}

/**
 * workload_run - do operations of all threads at once
 * @plan:	what they are
 * @path:	device
 * @from:	for each thread, where the last run ended; NULL: at the beginning
 * @operations:	of each thread
 * @told:	called by the threads
 * @arg:	handed on
 *
 * Return: 0 or -errno, reported.
 */
int workload_run(const struct record_plan *plan, const char *path,
		 const struct record_mark *from, uint32_t operations, workload_told_t *told,
		 void *arg)
{
	struct worker worker[THREADS_MAX];
	uint32_t t;
	int ret = 0;
	int fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);

	if (fd < 0 || plan->threads > THREADS_MAX)
		return fail_errno("%s", path);
	for (t = 0; t < plan->threads; t++) {
		worker[t] = (struct worker){
			.plan = plan, .thread = t, .fd = fd, .told = told, .arg = arg,
			.first = from ? from[t].issued + 1 : 1,
		};
		worker[t].last = worker[t].first + operations - 1;
		worker[t].buf = aligned_alloc(RECORD_BYTES, RECORD_RUN_MAX * RECORD_BYTES);
		if (!worker[t].buf || pthread_create(&worker[t].id, NULL, work, &worker[t]))
			die(1, "no memory or threads for the workload");
	}
	for (t = 0; t < plan->threads; t++) {
		pthread_join(worker[t].id, NULL);
		free(worker[t].buf);
		if (worker[t].error)
			ret = fail(-worker[t].error, "%s: thread %u: %s", path, t,
				   strerror(-worker[t].error));
	}
	close(fd);
	return ret;
}
