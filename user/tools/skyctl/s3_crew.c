// SPDX-License-Identifier: GPL-2.0-or-later
/* Pieces of work, done side by side; a connection for each thread, and a bar for who watches. */
#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "base/progress.h"
#include "base/report.h"
#include "s3.h"

#define BAR_MS	100

struct pieces {
	struct crew *crew;
	crew_fn *work;
	void *arg;
	pthread_mutex_t lock;	/* of all below */
	pthread_cond_t ended;	/* a thread has */
	size_t next, count;
	unsigned int running;
	bool stop;
	int rc;			/* the first error */
};

static bool next_piece(struct pieces *p, size_t *i)
{
	bool is;

	pthread_mutex_lock(&p->lock);
	is = !p->stop && !s3_interrupted && p->next < p->count;
	if (is)
		*i = p->next++;
	pthread_mutex_unlock(&p->lock);
	return is;
}

bool crew_is_hopeless(int rc)
{
	return rc == -EINTR || rc == -ECONNREFUSED || rc == -EHOSTUNREACH || rc == -EPROTO ||
	       rc == -ETIMEDOUT || rc == -ENOSPC || rc == -EDQUOT || rc == -ENOMEM;
}

static void piece_done(struct pieces *p, int rc)
{
	pthread_mutex_lock(&p->lock);
	if (rc < 0 && !p->rc)
		p->rc = rc;
	if (rc > 0 || (rc < 0 && !p->crew->go_on) || crew_is_hopeless(rc))
		p->stop = true;
	pthread_mutex_unlock(&p->lock);
}

static void *member(void *arg)
{
	struct pieces *p = arg;
	struct web *w = NULL;
	size_t i;
	int rc = web_open(&w, p->crew->site);

	if (rc)
		piece_done(p, rc);
	while (!rc && next_piece(p, &i))
		piece_done(p, p->work(p->arg, w, i));
	web_close(w);
	pthread_mutex_lock(&p->lock);
	p->running--;
	pthread_cond_signal(&p->ended);
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

static void watch(struct pieces *p)
{
	struct crew *c = p->crew;
	struct progress bar;
	struct timespec until;

	if (c->what)
		progress_start(&bar, c->what, c->total);
	pthread_mutex_lock(&p->lock);
	while (p->running) {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += BAR_MS * 1000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&p->ended, &p->lock, &until);
		if (c->what)
			progress_update(&bar, atomic_load(&c->moved));
	}
	pthread_mutex_unlock(&p->lock);
	if (c->what)
		progress_end(&bar);
}

int crew_run(struct crew *c, size_t count, crew_fn *work, void *arg)
{
	struct pieces p = {
		.crew = c, .work = work, .arg = arg, .count = count,
		.lock = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER,
	};
	pthread_t thread[S3_JOBS_MAX];
	unsigned int i, jobs = c->jobs < count ? c->jobs : count;
	int rc = 0;

	p.running = jobs;
	for (i = 0; i < jobs; i++) {
		rc = pthread_create(&thread[i], NULL, member, &p);
		if (rc)
			break;
	}
	if (i < jobs) {
		pthread_mutex_lock(&p.lock);
		p.running -= jobs - i;
		p.stop |= !i;
		pthread_mutex_unlock(&p.lock);
		/* Fewer will do, none will not. */
		rc = i ? 0 : fail(rc, "no thread can be started: %s", strerror(rc));
	}
	watch(&p);
	while (i--)
		pthread_join(thread[i], NULL);
	pthread_cond_destroy(&p.ended);
	pthread_mutex_destroy(&p.lock);
	if (!rc)
		rc = p.rc;
	return !rc && s3_interrupted ? -EINTR : rc;
}
