// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who is interrupted at a prompt, or while a server does not answer, leaves no device
 * connected that nobody knows of: a thread waits for the signals that end a program,
 * disconnects what is remembered here, and lets the signal do its work.
 *
 * Only once something is to be connected: until then signals are what they always are.
 */
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/report.h"
#include "rlncsetup.h"

#define PATIENCE_S	10	/* for what must not be interrupted */

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

/* Guards what follows; held while what it says is not yet, or no more, true. */
static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static struct {
	const char *name;
	struct remote remote;
} connected[RLNC_MAX_MEMBERS];
static unsigned int count;

static bool watching;
static sigset_t caught;

static void be_silent(const char *level, const char *text)
{
	(void)level;
	(void)text;
}

static void *wait_for_signal(void *arg)
{
	struct timespec limit;
	int number;

	(void)arg;
	if (sigwait(&caught, &number))
		return NULL;
	/*
	 * For good: the other thread shall find nothing half done, and say nothing of it.
	 * Where it waits for udev, which may be for ever, a volume is open already.
	 */
	clock_gettime(CLOCK_MONOTONIC, &limit);
	limit.tv_sec += PATIENCE_S;
	if (!pthread_mutex_clocklock(&lock, CLOCK_MONOTONIC, &limit)) {
		report_set_sink(be_silent);
		while (count)
			remote_disconnect(connected[count - 1].name, &connected[count - 1].remote);
	}
	pthread_sigmask(SIG_UNBLOCK, &caught, NULL);
	raise(number);
	return NULL;
}

/**
 * interrupt_watch - from now on an interruption disconnects what is remembered
 *
 * Signals that are ignored stay so. Where there can be no thread, nothing changes.
 */
void interrupt_watch(void)
{
	struct sigaction now;
	pthread_t thread;
	unsigned int i;

	if (watching)
		return;
	sigemptyset(&caught);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (!sigaction(signals[i], NULL, &now) && now.sa_handler != SIG_IGN)
			sigaddset(&caught, signals[i]);
	pthread_sigmask(SIG_BLOCK, &caught, NULL);
	watching = !pthread_create(&thread, NULL, wait_for_signal, NULL);
	if (watching)
		pthread_detach(thread);
	else
		pthread_sigmask(SIG_UNBLOCK, &caught, NULL);
}

/**
 * interrupt_hold - let nobody interrupt before interrupt_release()
 *
 * May be nested.
 */
void interrupt_hold(void)
{
	pthread_mutex_lock(&lock);
}

/**
 * interrupt_release - after interrupt_hold()
 */
void interrupt_release(void)
{
	pthread_mutex_unlock(&lock);
}

/**
 * interrupt_remember - this was connected, and is to be disconnected
 * @name:	its URL; kept by reference
 * @r:		copied
 */
void interrupt_remember(const char *name, const struct remote *r)
{
	if (count == RLNC_MAX_MEMBERS)
		return;
	connected[count].name = name;
	connected[count++].remote = *r;
}

/**
 * interrupt_forget - this is not to be disconnected, or has been
 */
void interrupt_forget(const struct remote *r)
{
	struct remote gone = *r;	/* may be one of these */
	unsigned int i, kept = 0;

	for (i = 0; i < count; i++)
		if (connected[i].remote.kind != gone.kind ||
		    connected[i].remote.number != gone.number)
			connected[kept++] = connected[i];
	count = kept;
}

/**
 * interrupt_forget_all - what is connected is noted where the next command finds it
 */
void interrupt_forget_all(void)
{
	count = 0;
}
