// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Group commit.  While one commit waits for the disk, jobs gather in the queue;
 * the next batch takes all of them.  So a lone writer pays one fsync for each of
 * its transactions, and sixty-four pay one together, without any delay that is
 * there only to make batches larger.
 */
#include <assert.h>
#include <errno.h>

#include "db_private.h"

#define QUEUE_MAX	4096
#define BATCH_MAX	256

static const struct db_sql sql_begin = { "begin a transaction", "BEGIN IMMEDIATE" };
static const struct db_sql sql_commit = { "commit", "COMMIT" };
static const struct db_sql sql_rollback = { "roll back", "ROLLBACK" };
static const struct db_sql sql_save = { "begin a job", "SAVEPOINT job" };
static const struct db_sql sql_keep = { "keep a job", "RELEASE job" };
static const struct db_sql sql_undo = { "undo a job", "ROLLBACK TO job" };

static int plain(struct db_conn *c, const struct db_sql *sql)
{
	int changes = db_run(c, sql, DB_NO_ARGS);

	return changes < 0 ? changes : 0;
}

/* One job between its savepoint and the release. */
static int run_saved(struct db_conn *c, struct db_job *job)
{
	int err = plain(c, &sql_save);

	if (err)
		return err;
	job->result = job->fn(c, job->arg);
	assert(!c->active);
	if (!db_conn_in_tx(c))
		return job->result < 0 ? job->result : -EIO;
	if (job->result < 0)
		err = plain(c, &sql_undo);
	return err ? err : plain(c, &sql_keep);
}

/* The only job of its batch: the transaction itself is its savepoint. */
static int run_alone(struct db_conn *c, struct db_job *job)
{
	job->result = job->fn(c, job->arg);
	assert(!c->active);
	if (!db_conn_in_tx(c))
		return job->result < 0 ? job->result : -EIO;
	return 0;
}

/* Nothing that was kept so far has become durable: each is told so. */
static void lose(struct db_job *from, const struct db_job *end, int err)
{
	for (; from != end; from = from->next)
		if (from->result >= 0)
			from->result = err;
}

/*
 * Run jobs until the list ends or the engine gives the whole transaction up (disk
 * full, I/O error), and commit.  Return: the first job that has not been run.
 */
static struct db_job *run_batch(struct db_writer *w, struct db_job *first)
{
	struct db_conn *c = w->conn;
	struct db_job *job = first;
	int err = plain(c, &sql_begin), kept = 0;

	if (err) {
		for (; job; job = job->next)
			job->result = err;
		return NULL;
	}
	while (job && !err) {
		err = first->next ? run_saved(c, job) : run_alone(c, job);
		kept += job->result >= 0;
		if (err)
			job->result = err;
		job = job->next;
	}
	if (!err && kept)
		err = plain(c, &sql_commit);
	if (err)
		lose(first, job, err);
	if (db_conn_in_tx(c))
		plain(c, &sql_rollback);
	return job;
}

static void count(struct db_writer *w, const struct db_job *from, const struct db_job *end)
{
	bool kept = false;

	pthread_mutex_lock(w->lock);
	for (; from != end; from = from->next) {
		w->counts.jobs++;
		w->counts.failed += from->result < 0;
		kept |= from->result >= 0;
	}
	w->counts.commits += kept;
	pthread_mutex_unlock(w->lock);
}

static void run(struct db_writer *w, struct db_job *list)
{
	while (list) {
		struct db_job *end = run_batch(w, list), *next;

		count(w, list, end);
		for (; list != end; list = next) {
			/* done() may free the job, or hand it in again. */
			next = list->next;
			list->done(list);
		}
	}
}

/* Wait for jobs and take them.  Return: NULL when there will be none. */
static struct db_job *take(struct db_writer *w)
{
	unsigned int max = w->conn->config->batch_max ? w->conn->config->batch_max : BATCH_MAX;
	struct db_job *list, **end;

	pthread_mutex_lock(w->lock);
	while (!w->head && !w->stop)
		pthread_cond_wait(&w->work, w->lock);
	list = w->head;
	for (end = &w->head; *end && max; end = &(*end)->next, max--)
		w->queued--;
	w->head = *end;
	if (!w->head)
		w->tail = &w->head;
	if (list)
		*end = NULL;
	pthread_cond_broadcast(&w->room);
	pthread_mutex_unlock(w->lock);
	return list;
}

static void *writer_main(void *arg)
{
	struct db_writer *w = arg;
	struct db_job *list;

	while ((list = take(w)))
		run(w, list);
	return NULL;
}

int db_writer_start(struct db_writer *w, struct db_conn *conn, pthread_mutex_t *lock)
{
	w->conn = conn;
	w->lock = lock;
	w->tail = &w->head;
	pthread_cond_init(&w->work, NULL);
	pthread_cond_init(&w->room, NULL);
	return -pthread_create(&w->thread, NULL, writer_main, w);
}

void db_writer_stop(struct db_writer *w)
{
	pthread_mutex_lock(w->lock);
	w->stop = true;
	pthread_cond_broadcast(&w->work);
	pthread_cond_broadcast(&w->room);
	pthread_mutex_unlock(w->lock);
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->work);
	pthread_cond_destroy(&w->room);
}

/* Under w->lock. */
static bool full(const struct db_writer *w)
{
	unsigned int max = w->conn->config->queue_max;

	return w->queued >= (max ? max : QUEUE_MAX);
}

/* Under w->lock, with room. */
static void enqueue(struct db_writer *w, struct db_job *job)
{
	job->next = NULL;
	*w->tail = job;
	w->tail = &job->next;
	if (!w->queued++)
		pthread_cond_signal(&w->work);
}

int db_submit(struct db *db, struct db_job *job)
{
	struct db_writer *w = &db->writer;
	int err = 0;

	pthread_mutex_lock(w->lock);
	if (w->stop)
		err = -ESHUTDOWN;
	else if (full(w))
		err = -EAGAIN;
	else
		enqueue(w, job);
	pthread_mutex_unlock(w->lock);
	return err;
}

/* A thread that waits for its job. */
struct waiter {
	struct db_job job;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool done;
};

static void wake(struct db_job *job)
{
	struct waiter *waiter = (struct waiter *)job;

	/* Signalled inside: the waiter is gone as soon as it sees done. */
	pthread_mutex_lock(&waiter->lock);
	waiter->done = true;
	pthread_cond_signal(&waiter->cond);
	pthread_mutex_unlock(&waiter->lock);
}

static int submit_with_room(struct db_writer *w, struct db_job *job)
{
	int err = 0;

	pthread_mutex_lock(w->lock);
	while (!w->stop && full(w))
		pthread_cond_wait(&w->room, w->lock);
	if (w->stop)
		err = -ESHUTDOWN;
	else
		enqueue(w, job);
	pthread_mutex_unlock(w->lock);
	return err;
}

int db_write(struct db *db, db_tx_fn *fn, void *arg)
{
	struct waiter waiter = {
		.job = { .fn = fn, .arg = arg, .done = wake },
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.cond = PTHREAD_COND_INITIALIZER,
	};
	int err;

	if (pthread_equal(pthread_self(), db->writer.thread))
		return -EDEADLK;
	err = submit_with_room(&db->writer, &waiter.job);
	if (err)
		return err;
	pthread_mutex_lock(&waiter.lock);
	while (!waiter.done)
		pthread_cond_wait(&waiter.cond, &waiter.lock);
	pthread_mutex_unlock(&waiter.lock);
	return waiter.job.result;
}

void db_counts(struct db *db, struct db_counts *counts)
{
	pthread_mutex_lock(&db->lock);
	*counts = db->writer.counts;
	pthread_mutex_unlock(&db->lock);
}
