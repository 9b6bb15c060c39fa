// SPDX-License-Identifier: GPL-2.0-or-later
/* One question over the control socket. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "../../skyd/admin.h"
#include "../../skyd/role_run.h"
#include "base/report.h"
#include "io/group.h"
#include "io/loop.h"
#include "io/net.h"
#include "patience.h"
#include "skyctl.h"

struct question {
	struct sockaddr_un at;
	const char *verb;
	char *text;
	struct admin_give give;
	json_t *answer;
	uint64_t patience_ms;
};

/* On a fiber; what is given lies in the answer, so it is read before that goes. */
static int do_ask(void *arg)
{
	struct question *q = arg;
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct admin_ask question = {
		{ q->verb, strlen(q->verb) }, { q->text, strlen(q->text) },
	};
	const struct link_call call = {
		ADMIN_DO, &admin_ask_schema, &question, -1, &admin_give_schema, &q->give, 0,
	};
	struct link_options options = { .body_max = ADMIN_GIVE_MAX + 4096 };
	struct link *link;
	const int64_t deadline = io_after_ms(q->patience_ms);
	int fd = io_dial((struct sockaddr *)&q->at, sizeof(q->at), deadline), rc;

	if (fd == -ETIMEDOUT)
		return patience_fail(q->at.sun_path, q->patience_ms);
	if (fd < 0)
		return fail(-fd, "cannot reach skyd at %s: %s; %s", q->at.sun_path, strerror(-fd),
			    fd == -EACCES ? "be root, or the user who has started skyd --dev" :
			    "does it run, and is --control or --dev right?");
	rc = link_open(&link, &options, &group);
	if (rc)
		return fail(-rc, "cannot ask");
	link_attach(link, fd);
	rc = link_do(link, &call, &answer, deadline);
	if (rc == -ETIMEDOUT)
		patience_fail(q->at.sun_path, q->patience_ms);
	else if (rc)
		rc = fail(-rc, "skyd did not answer");
	else if (q->give.body.len)
		q->answer = json_loadb(q->give.body.data, q->give.body.len, 0, NULL);
	link_close(link);
	return rc;
}

static int address(const struct options *o, struct sockaddr_un *at)
{
	const char *path = o->control;
	char text[PATH_MAX];

	if (!strncmp(path, "unix:", 5))
		path += 5;
	if (o->dev) {
		snprintf(text, sizeof(text), "%s/control", o->dev);
		path = text;
	}
	at->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(at->sun_path))
		return fail(ENAMETOOLONG, "the path of the control socket is too long");
	strcpy(at->sun_path, path);
	return 0;
}

/* What a status means for who asked. */
static int error_of(unsigned int status)
{
	return status < 400 ? 0 : status == 404 ? ENOENT : status == 409 ? EEXIST :
	       status < 500 ? EINVAL : EIO;
}

static int run(struct question *q)
{
	struct io_loop *loop;
	int rc = io_loop_open(&loop, NULL);

	if (rc)
		return fail(-rc, "cannot ask");
	rc = io_loop_run(loop, do_ask, q);
	io_loop_close(loop);
	return rc;
}

int ask(const struct options *o, const char *verb, const json_t *in, json_t **out)
{
	struct question q = { .verb = verb, .patience_ms = patience_ms(o, ASKED_SKYD) };
	const char *why, *missing;
	int rc = address(o, &q.at), err;

	*out = NULL;
	if (rc)
		return rc;
	q.text = json_dumps(in, JSON_COMPACT);
	if (!q.text)
		return fail(ENOMEM, "cannot ask");
	rc = run(&q);
	explicit_bzero(q.text, strlen(q.text));
	free(q.text);
	err = rc ? 0 : error_of(q.give.status);
	if (err) {
		why = json_string_value(json_object_get(q.answer, "error"));
		missing = json_string_value(json_object_get(q.answer, "missing"));
		/* errno's own words say less. */
		if (!missing || options_missing(verb, missing))
			fail(0, "%s: %s", verb, why ? why : "refused");
		rc = -err;
	}
	if (rc) {
		json_decref(q.answer);
		return rc;
	}
	*out = q.answer;
	return 0;
}
