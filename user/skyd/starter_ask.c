// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/net.h"
#include "starter.h"

static int take(struct starter *s)
{
	int i, free = -1;

	pthread_mutex_lock(&s->lock);
	for (i = 0; i < (int)STARTER_CHANNELS && free < 0; i++)
		if (!s->busy[i] && s->fd[i] >= 0)
			free = i;
	if (free >= 0)
		s->busy[free] = true;
	pthread_mutex_unlock(&s->lock);
	return free;
}

/* One that has gone stays taken: what comes next would be the answer of another question. */
static void give_back(struct starter *s, int channel)
{
	pthread_mutex_lock(&s->lock);
	s->busy[channel] = false;
	pthread_mutex_unlock(&s->lock);
}

static bool send_all(int fd, const void *data, size_t len)
{
	const char *at = data;
	ssize_t sent;

	for (; len; at += sent, len -= sent) {
		sent = send(fd, at, len, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			sent = 0;
		if (sent < 0)
			return false;
	}
	return true;
}

static bool receive_all(int fd, void *data, size_t len)
{
	return !len || recv(fd, data, len, MSG_WAITALL) == (ssize_t)len;
}

int starter_do(struct starter *s, const struct starter_ask *ask, const void *secrets, void *give,
	       size_t size, size_t *got)
{
	struct starter_answer answer;
	int channel = take(s);
	bool good;

	*got = 0;
	if (channel < 0)
		return -EPIPE;
	good = send_all(s->fd[channel], ask, sizeof(*ask)) &&
	       send_all(s->fd[channel], secrets, ask->secrets) &&
	       receive_all(s->fd[channel], &answer, sizeof(answer)) && answer.len <= size &&
	       receive_all(s->fd[channel], give, answer.len);
	if (!good)
		return -EPIPE;
	give_back(s, channel);
	*got = answer.len;
	return answer.rc;
}

unsigned int starter_files(const struct starter *s, int fd[STARTER_FILES])
{
	memcpy(fd, s->fd, sizeof(s->fd));
	fd[STARTER_CHANNELS] = s->life;
	return STARTER_FILES;
}

void starter_wait(struct starter *s)
{
	char nothing;

	while (io_recv(s->life, &nothing, 1, 0, 0) > 0)
		;
}

void starter_close(struct starter *s)
{
	unsigned int i;

	for (i = 0; i < STARTER_CHANNELS; i++)
		if (s->fd[i] >= 0)
			close(s->fd[i]);
	if (s->life >= 0)
		close(s->life);
}

/* --- what a question is ------------------------------------------------------------------- */

static bool ends(const char *text, size_t size)
{
	return memchr(text, 0, size);
}

/* Words with a NUL behind each, and an empty one. */
static bool words_end(const char *words, size_t size)
{
	size_t at = 0, len;

	while (at < size) {
		len = strnlen(words + at, size - at);
		if (!len)
			return true;
		at += len + 1;
	}
	return false;
}

bool starter_ask_ok(const struct starter_ask *ask)
{
	const struct runner_start *s = &ask->start;
	const bool named = ask->verb != STARTER_HOST && ask->verb != STARTER_LIST;

	if (ask->verb >= STARTER_VERBS || (ask->secrets && ask->verb != STARTER_START))
		return false;
	if (!ends(s->record.name, sizeof(s->record.name)) ||
	    !ends(s->record.image, sizeof(s->record.image)) || !ends(s->block, sizeof(s->block)) ||
	    !ends(s->net, sizeof(s->net)) || !words_end(s->command, sizeof(s->command)))
		return false;
	if (named && !runner_name_ok(str_of(s->record.name)))
		return false;
	return ask->verb != STARTER_START ||
	       (s->record.tier < RUNNER_LEVELS && s->mem >= RUNNER_MEM_MIN &&
		s->mem <= RUNNER_MEM_MAX);
}
