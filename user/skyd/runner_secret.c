// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <asm/byteorder.h>

#include "base/cleanup.h"
#include "log.h"
#include "runner_secret.h"
#include "sky_secret.h"
#include "vault_session.h"

#define ASK_MS		15000

/* One start's. */
struct getting {
	const struct runner_ask *ask;
	struct runner_start *start;
	struct secret *device;
	struct session s;
	struct box_key key;
	struct vault_released give;
	char why[SESSION_WHY];
};

static int refuse(struct getting *g, unsigned int status, int rc, const char *why)
{
	g->start->status = status;
	snprintf(g->start->why, RUNNER_WHY, "secrets: %.300s", why);
	return rc;
}

static int prepare(void *arg)
{
	struct getting *g = arg;
	const struct rpc_bytes text = g->ask->session;
	int rc = session_parse((struct str){ text.data, text.len }, &g->s, g->why);

	if (rc)
		return refuse(g, 400, rc, rc == -EINVAL ? g->why : strerror(-rc));
	return box_key_make(&g->key);
}

/* --- the vault's answer ----------------------------------------------------------------- */

static bool split(const struct session *s, const struct secret *plain,
		  struct str value[SESSION_SECRETS])
{
	size_t at = 0, len;
	unsigned int i;

	for (i = 0; i < s->secrets; i++) {
		__le32 number;

		if (plain->len - at < sizeof(number))
			return false;
		memcpy(&number, plain->data + at, sizeof(number));
		at += sizeof(number);
		len = le32_to_cpu(number);
		if (len > plain->len - at)
			return false;
		value[i] = (struct str){ (char *)plain->data + at, len };
		at += len;
	}
	return at == plain->len;
}

static bool has_device(const struct session *s)
{
	unsigned int i;

	for (i = 0; i < s->secrets; i++)
		if (s->secret[i].deliver == SESSION_DEVICE)
			return true;
	return false;
}

static int hand_over(struct getting *g, const struct secret *plain)
{
	struct runner_start *start = g->start;
	struct str value[SESSION_SECRETS];
	int rc;

	if (!split(&g->s, plain, value))
		return refuse(g, 502, -EBADMSG, "what the vault has given is damaged");
	rc = session_command(&g->s, value, start->command, RUNNER_COMMAND_MAX);
	if (rc < 0)
		return refuse(g, 400, rc, "the command is too long with them");
	start->command[rc] = 0;
	if (!has_device(&g->s))
		return 0;
	rc = secret_alloc(g->device, SKY_SECRET_SIZE_MAX);
	if (!rc)
		rc = session_image(&g->s, value, g->device->data);
	if (rc < 0)
		return refuse(g, 500, rc, strerror(-rc));
	g->device->len = rc;
	return 0;
}

static int open_answer(void *arg)
{
	struct getting *g = arg;
	const struct runner_record *w = &g->start->record;
	CLEANUP_SECRET struct secret plain = SECRET_NONE;
	u8 context[BOX_CONTEXT];
	int rc = box_context_release(g->s.digest, w->team, w->tier, w->digest, str_of(w->name),
				     context);

	if (!rc)
		rc = secret_alloc(&plain, VAULT_SESSION_BOX);
	if (!rc)
		rc = box_open(&g->key, context, g->give.box.data, g->give.box.len, plain.data);
	if (rc < 0)
		return refuse(g, 502, rc, "what the vault has given is not for this start");
	plain.len = rc;
	return hand_over(g, &plain);
}

/* Return: 0; -errno, and it was not given. */
static int ask_vault(struct runner *r, struct getting *g, struct link_answer *a, int64_t deadline)
{
	const struct runner_record *w = &g->start->record;
	struct vault_release ask = {
		.owner = w->team, .workload = { w->name, strlen(w->name) }, .tier = w->tier,
		.document = g->ask->session, .bundle = g->ask->bundle, .secret = g->ask->secret,
		.secrets = g->ask->secrets,
	};
	const struct link_call call = {
		VAULT_SESSION_RELEASE, &vault_release_schema, &ask, -1, &vault_released_schema,
		&g->give, 0,
	};
	char why[SESSION_WHY];
	int rc;

	memcpy(ask.image, w->digest, sizeof(ask.image));
	memcpy(ask.point, g->key.point, sizeof(ask.point));
	rc = link_do(r->vault, &call, a, deadline);
	if (rc == -EACCES)
		return refuse(g, 403, rc, "this host holds no lease");
	if (rc)
		return refuse(g, 503, rc, "the vault does not answer");
	if (!g->give.error)
		return 0;
	snprintf(why, sizeof(why), "%.*s", (int)g->give.why.len, (const char *)g->give.why.data);
	return refuse(g, 403, -EACCES, why);
}

int runner_secrets_get(struct runner *r, const struct runner_ask *ask, struct runner_start *s,
		       struct secret *device, struct runner_answer *answer, int64_t deadline)
{
	CLEANUP_ANSWER struct link_answer a = LINK_ANSWER_NONE;
	struct getting g = { .ask = ask, .start = s, .device = device };
	int64_t until = io_after_ms(ASK_MS);
	int rc;

	if (!ask->session.len)
		return 0;
	if (ask->command.len || !r->vault)
		return -EINVAL;
	if (deadline && deadline < until)
		until = deadline;
	rc = io_work(r->pool, prepare, &g, until);
	if (!rc) {
		rc = ask_vault(r, &g, &a, until);
		answer->release = rc ? RUNNER_REFUSED : RUNNER_RELEASED;
		answer->releases = g.give.releases;
	}
	if (!rc)
		rc = io_work(r->pool, open_answer, &g, 0);
	if (rc && !s->status)
		rc = refuse(&g, 500, rc, strerror(-rc));
	explicit_bzero(&g.key, sizeof(g.key));
	session_free(&g.s);
	return rc;
}
