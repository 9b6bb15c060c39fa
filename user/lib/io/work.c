// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "internal.h"

#define THREADS_MAX	1024u

struct io_pool {
	pthread_mutex_t lock;		/* protects what follows; no other is taken under it */
	pthread_cond_t more;
	struct io_node jobs;		/* that no thread has begun */
	unsigned int waiting;		/* how many those are */
	unsigned int idle;		/* threads that wait for one */
	/*
	 * One of them has been woken, and has not looked yet.  It wakes the next one if there is
	 * still something to do: so many short jobs at once cost no thread each.
	 */
	bool waking;
	bool closing;

	unsigned int threads;
	pthread_t thread[];
};

static void job_done(struct io_post *post)
{
	struct io_job *job = container_of(post, struct io_job, done);

	io_complete(job->wait, job->result);
}

/* Is one more thread to be woken?  With the lock held. */
static bool wants_thread(struct io_pool *pool)
{
	if (list_empty(&pool->jobs) || !pool->idle || pool->waking)
		return false;
	pool->waking = true;
	return true;
}

/* The next job, or NULL when the pool is closed. */
static struct io_job *take(struct io_pool *pool)
{
	struct io_job *job = NULL;
	bool wake;

	pthread_mutex_lock(&pool->lock);
	while (list_empty(&pool->jobs) && !pool->closing) {
		pool->idle++;
		pthread_cond_wait(&pool->more, &pool->lock);
		pool->idle--;
		pool->waking = false;
	}
	if (!list_empty(&pool->jobs)) {
		job = list_entry(pool->jobs.next, struct io_job, node);
		list_del(&job->node);
		job->begun = true;
		pool->waiting--;
	}
	wake = wants_thread(pool);
	pthread_mutex_unlock(&pool->lock);
	if (wake)
		pthread_cond_signal(&pool->more);
	return job;
}

static void *worker(void *arg)
{
	struct io_pool *pool = arg;
	struct io_job *job;

	while ((job = take(pool))) {
		job->result = job->fn(job->arg);
		/* The fiber may go on, and the job be gone, before this returns. */
		io_post(job->loop, &job->done);
	}
	return NULL;
}

int io_pool_open(struct io_pool **pool, unsigned int threads)
{
	sigset_t all, before;
	struct io_pool *p;
	int rc = 0;

	*pool = NULL;
	if (!threads || threads > THREADS_MAX)
		return -EINVAL;
	p = calloc(1, sizeof(*p) + threads * sizeof(p->thread[0]));
	if (!p)
		return -ENOMEM;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->more, NULL);
	list_init(&p->jobs);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (!rc && p->threads < threads) {
		rc = -pthread_create(&p->thread[p->threads], NULL, worker, p);
		if (!rc)
			p->threads++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc) {
		io_pool_close(p);
		return rc;
	}
	*pool = p;
	return 0;
}

void io_pool_close(struct io_pool *pool)
{
	unsigned int i;

	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	MUST(!pool->waiting);
	pool->closing = true;
	pthread_cond_broadcast(&pool->more);
	pthread_mutex_unlock(&pool->lock);
	for (i = 0; i < pool->threads; i++)
		pthread_join(pool->thread[i], NULL);
	pthread_cond_destroy(&pool->more);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

unsigned int io_pool_waiting(struct io_pool *pool)
{
	unsigned int waiting;

	pthread_mutex_lock(&pool->lock);
	waiting = pool->waiting;
	pthread_mutex_unlock(&pool->lock);
	return waiting;
}

void io_job_start(struct io_pool *pool, struct io_job *job)
{
	bool wake;

	job->pool = pool;
	job->loop = io_loop_self();
	job->done.fn = job_done;
	job->begun = false;
	pthread_mutex_lock(&pool->lock);
	list_add(&pool->jobs, &job->node);
	pool->waiting++;
	wake = wants_thread(pool);
	pthread_mutex_unlock(&pool->lock);
	if (wake)
		pthread_cond_signal(&pool->more);
}

bool io_job_remove(struct io_job *job)
{
	struct io_pool *pool = job->pool;
	bool removed;

	pthread_mutex_lock(&pool->lock);
	removed = !job->begun;
	if (removed) {
		list_del(&job->node);
		job->begun = true;
		pool->waiting--;
	}
	pthread_mutex_unlock(&pool->lock);
	return removed;
}

struct work {
	struct io_wait wait;
	struct io_job job;
};

static void work_cancel(struct io_wait *wait)
{
	struct work *w = container_of(wait, struct work, wait);

	if (io_job_remove(&w->job))
		io_complete(wait, -ECANCELED);
}

int io_work(struct io_pool *pool, io_fn *fn, void *arg, int64_t deadline)
{
	struct work w = { .wait.cancel = work_cancel };
	int rc = io_may_wait(io_task_self(), deadline);

	if (rc)
		return rc;
	w.job.fn = fn;
	w.job.arg = arg;
	w.job.wait = &w.wait;
	io_job_start(pool, &w.job);
	return io_suspend(&w.wait, deadline);
}
