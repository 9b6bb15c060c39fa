// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "relay_peers.h"
#include "role_priv.h"
#include "runner_secret.h"
#include "sky_secret.h"
#include "starter.h"

/* The starter's end. */
struct channel {
	struct runner *r;
	int fd;
	struct starter_ask ask;
	struct secret secrets;		/* of a start, or none */
	union {
		struct runner_start start;
		struct starter_host host;
		struct starter_look look;
		char why[RUNNER_WHY];
		struct starter_row row[RUNNER_ROWS];
	} give;
	u32 len;
};

/* --- what it does ------------------------------------------------------------------------- */

static int host(struct channel *c)
{
	unsigned int i;

	for (i = 0; i < RUNNER_TIERS; i++)
		runner_can(c->r, i, c->give.host.why[i]);
	c->len = sizeof(c->give.host);
	return 0;
}

/* Only an administrator gives devices away; which those can be, not even the backend says. */
static bool given(const struct config *config, const char *device)
{
	struct str rest = str_of(config->workload_devices), word;
	char pattern[256];

	if (!*device || !rest.len)
		return true;
	while (relay_peer_word(&rest, &word)) {
		if (word.len >= sizeof(pattern))
			continue;
		str_copy(word, pattern, sizeof(pattern));
		if (!fnmatch(pattern, device, FNM_PATHNAME | FNM_PERIOD))
			return true;
	}
	return false;
}

static int start(struct channel *c)
{
	struct runner_start *s = &c->give.start;
	int rc;

	*s = c->ask.start;
	s->r = c->r;
	s->image = -1;
	s->secrets = 0;
	s->status = 0;
	s->record.pid = 0;
	s->record.ticks = 0;
	s->record.spawn_us = 0;
	*s->why = 0;
	rc = runner_secrets_keep(&c->secrets, s);
	if (!rc && given(c->r->config, s->block) && given(c->r->config, s->net)) {
		rc = runner_do_start(s);
	} else if (!rc) {
		s->status = 403;
		rc = -EACCES;
		snprintf(s->why, sizeof(s->why), "this device is not to be given away; see workloads.devices in skyd.conf(5)");
	}
	if (rc)
		log_line(LEVEL_WARNING, "workload %s: %s", s->record.name, s->why);
	/* The runner is not to know where things lie here, or to keep what it was told. */
	s->r = NULL;
	runner_secrets_end(s);
	c->len = sizeof(*s);
	return rc;
}

static int stop(struct channel *c)
{
	memset(c->give.why, 0, sizeof(c->give.why));
	c->len = sizeof(c->give.why);
	return runner_do_stop(c->r, c->ask.start.record.name, c->give.why);
}

static bool read_row(const struct runner *r, const char *name, struct starter_row *row)
{
	u64 guest;

	memset(row, 0, sizeof(*row));
	/* One that is being started is not there yet. */
	if (runner_record_read(r, name, &row->record) || !row->record.pid)
		return false;
	row->running = runner_alive(&row->record);
	if (!row->running)
		return true;
	row->footprint = runner_footprint(row->record.pid);
	if (runner_kind(row->record.tier) != 2)
		return true;
	/* What the guest has of its memory may be in no process's sum. */
	guest = runner_guest_bytes(name);
	row->footprint = guest > row->footprint ? guest : row->footprint;
	return true;
}

static int list(struct channel *c)
{
	DIR *d = opendir(c->r->config->workload_state);
	unsigned int rows = 0;
	struct dirent *e;

	while (d && rows < RUNNER_ROWS && (e = readdir(d)))
		if (runner_name_ok(str_of(e->d_name)))
			rows += read_row(c->r, e->d_name, &c->give.row[rows]);
	if (d)
		closedir(d);
	c->len = rows * sizeof(c->give.row[0]);
	return 0;
}

static bool read_same(const struct channel *c, struct runner_record *now)
{
	const struct runner_record *asked = &c->ask.start.record;

	return !runner_record_read(c->r, asked->name, now) && now->pid == asked->pid &&
	       now->ticks == asked->ticks;
}

/*
 * Has the microVM that was started come to its command?  Then its record says how long it took.
 * Its folder is locked to write that only: who ends it meanwhile finds it free.
 */
static int look(struct channel *c)
{
	struct starter_look *give = &c->give.look;
	struct runner_record now;
	int held;

	memset(give, 0, sizeof(*give));
	c->len = sizeof(*give);
	if (!read_same(c, &now))
		return 0;
	give->alive = runner_alive(&now);
	if (!runner_has_begun(c->r, now.name))
		return 0;
	/* Somebody else is at it: it is asked again while it lives. */
	held = runner_hold(c->r, now.name);
	if (held < 0)
		return 0;
	if (read_same(c, &now)) {
		give->begun = true;
		give->spawn_us = runner_now_us(CLOCK_MONOTONIC) - c->ask.start.began;
		now.spawn_us = give->spawn_us;
		runner_record_write(c->r, &now);
	}
	close(held);
	return 0;
}

/* --- its life ----------------------------------------------------------------------------- */

static bool answer(const struct channel *c, int rc)
{
	const struct starter_answer head = { rc, c->len };
	const char *at = (const char *)&c->give;
	size_t len = c->len;
	ssize_t sent;

	if (send(c->fd, &head, sizeof(head), MSG_NOSIGNAL) != sizeof(head))
		return false;
	for (; len; at += sent, len -= sent) {
		sent = send(c->fd, at, len, MSG_NOSIGNAL);
		if (sent <= 0)
			return false;
	}
	return true;
}

/* What is behind a question.  Return: false if that cannot be, and nothing more is to be read. */
static bool receive_secrets(struct channel *c)
{
	if (c->ask.secrets > SKY_SECRET_SIZE_MAX)
		return false;
	if (!c->ask.secrets)
		return true;
	if (secret_alloc(&c->secrets, c->ask.secrets))
		return false;
	c->secrets.len = c->ask.secrets;
	return recv(c->fd, c->secrets.data, c->secrets.len, MSG_WAITALL) == (ssize_t)c->secrets.len;
}

static void *serve(void *arg)
{
	static int (*const verb[STARTER_VERBS])(struct channel *c) = {
		[STARTER_HOST] = host, [STARTER_START] = start, [STARTER_STOP] = stop,
		[STARTER_LIST] = list, [STARTER_LOOK] = look,
	};
	struct channel *c = arg;
	int rc;

	while (recv(c->fd, &c->ask, sizeof(c->ask), MSG_WAITALL) == sizeof(c->ask)) {
		c->len = 0;
		if (!receive_secrets(c))
			break;
		rc = starter_ask_ok(&c->ask) ? verb[c->ask.verb](c) : -EINVAL;
		explicit_bzero(&c->ask, sizeof(c->ask));
		secret_free(&c->secrets);
		if (!answer(c, rc))
			break;
	}
	secret_free(&c->secrets);
	/* Who asked is not to wait for an answer that will not come. */
	shutdown(c->fd, SHUT_RDWR);
	return NULL;
}

static void tell(const char *text)
{
	log_line(LEVEL_WARNING, "%s", text);
}

/* Its ends of the channels, and of ->life, which it only holds. */
static int give_up_rights(const int fd[STARTER_FILES])
{
	struct priv p;

	starter_priv(&p);
	p.keep = fd;
	p.keep_count = STARTER_FILES;
	return priv_drop(&p, tell);
}

static int prepare(const struct config *config, const int fd[STARTER_FILES])
{
	int rc = give_up_rights(fd);

	if (rc) {
		log_line(LEVEL_ERROR, "the starter cannot give up its rights: %s", strerror(-rc));
		return rc;
	}
	/* To be gone through by users of containers, whatever the mask says. */
	if (!mkdir(config->workload_state, 0711))
		return chmod(config->workload_state, 0711) ? -errno : 0;
	if (errno == EEXIST)
		return 0;
	log_line(LEVEL_ERROR, "%s: %s; see workloads.state in skyd.conf(5)",
		 config->workload_state, strerror(errno));
	return -errno;
}

/* The runner's other ends are no more when it has gone, so this ends with it. */
static int live(const struct config *config, const int fd[STARTER_FILES])
{
	struct channel *c = calloc(STARTER_CHANNELS, sizeof(*c));
	struct runner r = { .config = config };
	pthread_t thread[STARTER_CHANNELS];
	unsigned int i;

	if (!c || prepare(config, fd)) {
		free(c);
		return EXIT_FAILURE;
	}
	runner_recover(&r);
	for (i = 0; i < STARTER_CHANNELS; i++) {
		c[i].r = &r;
		c[i].fd = fd[i];
		if (pthread_create(&thread[i], NULL, serve, &c[i]))
			return EXIT_FAILURE;
	}
	for (i = 0; i < STARTER_CHANNELS; i++)
		pthread_join(thread[i], NULL);
	free(c);
	return EXIT_SUCCESS;
}

static int make_pairs(int ours[STARTER_FILES], int theirs[STARTER_FILES])
{
	unsigned int i;
	int pair[2];

	for (i = 0; i < STARTER_FILES; i++) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
			return -errno;
		ours[i] = pair[0];
		theirs[i] = pair[1];
	}
	return 0;
}

int starter_open(struct starter *s, const struct config *config)
{
	int ours[STARTER_FILES], theirs[STARTER_FILES];
	unsigned int i;
	pid_t pid = -1;
	int rc;

	memset(ours, -1, sizeof(ours));
	memset(theirs, -1, sizeof(theirs));
	rc = make_pairs(ours, theirs);
	if (!rc) {
		pid = fork();
		rc = pid < 0 ? -errno : 0;
	}
	if (!pid) {
		prctl(PR_SET_NAME, "starter");
		_exit(live(config, theirs));
	}
	*s = (struct starter){ .lock = PTHREAD_MUTEX_INITIALIZER, .life = ours[STARTER_CHANNELS] };
	memcpy(s->fd, ours, sizeof(s->fd));
	for (i = 0; i < STARTER_FILES; i++)
		if (theirs[i] >= 0)
			close(theirs[i]);
	if (rc)
		starter_close(s);
	return rc;
}
