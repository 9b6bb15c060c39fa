// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "govern_private.h"
#include "serve.h"

/* What a verb has to work with. */
struct serving {
	const struct govern_folder *f;
	const json_t *in;
	uint64_t now;
	json_t *out;			/* an object already */
	char *why;
};

static int put(json_t *to, const char *name, json_t *value)
{
	return json_object_set_new(to, name, value) ? -ENOMEM : 0;
}

static int put_state(json_t *to, const struct govern_state *s)
{
	int rc = put(to, "version", json_integer(s->version));

	rc = rc ? rc : put(to, "hash", json_string(s->hash));
	rc = rc ? rc : put(to, "time", json_integer(s->time));
	if (!rc && *govern_done_by(s))
		rc = put(to, "proposal", json_string(govern_done_by(s)));
	return rc;
}

static const char *text_of(const struct serving *v, const char *name)
{
	const char *text = json_string_value(json_object_get(v->in, name));

	if (!text)
		govern_refuse(v->why, -EINVAL, "%s: is missing", name);
	return text;
}

static int init(struct serving *v)
{
	const json_t *members = json_object_get(v->in, "members");
	const char *quorum = text_of(v, "quorum");
	struct govern_state s = { 0 };
	int rc;

	if (!json_is_array(members) || !quorum)
		return govern_refuse(v->why, -EINVAL, "members or quorum: is missing");
	rc = govern_state_begin(&s, members, quorum, v->now, v->why);
	rc = rc ? rc : govern_folder_init(v->f, &s, v->why);
	rc = rc ? rc : put_state(v->out, &s);
	govern_state_close(&s);
	return rc;
}

static int propose(struct serving *v)
{
	const json_t *until = json_object_get(v->in, "not_after");
	const json_t *actions = json_object_get(v->in, "actions");
	const char *ballot = json_string_value(json_object_get(v->in, "ballot"));
	struct govern_proposal p = { 0 };
	struct govern_state s = { 0 };
	int rc;

	if (!json_is_integer(until) || json_integer_value(until) < 0)
		return govern_refuse(v->why, -EINVAL, "not_after: is no number of seconds since 1970");
	rc = govern_folder_load(v->f, &s, v->why);
	rc = rc ? rc : govern_proposal_make(&p, &s, actions, json_integer_value(until), v->why);
	rc = rc ? rc : govern_folder_propose(v->f, &p, str_of(ballot), v->now, v->why);
	rc = rc ? rc : put(v->out, "id", json_string(p.id));
	rc = rc ? rc : put(v->out, "base", json_string(p.base));
	rc = rc ? rc : put(v->out, "not_after", json_integer(p.not_after));
	govern_proposal_close(&p);
	govern_state_close(&s);
	return rc;
}

/* Where a proposal stands, in an object. */
static int put_standing(json_t *to, const struct govern_standing *standing)
{
	int rc = put(to, "id", json_string(standing->p.id));

	rc = rc ? rc : put(to, "is", json_string(standing->is));
	rc = rc ? rc : put(to, "yes", json_integer(standing->count.yes));
	rc = rc ? rc : put(to, "no", json_integer(standing->count.no));
	rc = rc ? rc : put(to, "voters", json_integer(standing->count.voters));
	return rc ? rc : put(to, "not_after", json_integer(standing->p.not_after));
}

static int show_whole(void *ctx, const struct govern_standing *standing)
{
	json_t *to = ctx;
	int rc = put_standing(to, standing);

	rc = rc ? rc : put(to, "base", json_string(standing->p.base));
	return rc ? rc : put(to, "actions", json_deep_copy(standing->p.actions));
}

static int show_row(void *ctx, const struct govern_standing *standing)
{
	json_t *names = json_array(), *row = json_object(), *one;
	int rc = put_standing(row, standing);
	size_t i;

	json_array_foreach(standing->p.actions, i, one)
		json_array_append(names, json_object_get(one, "do"));
	rc = rc ? rc : put(row, "actions", names);
	return json_array_append_new(ctx, row) ? -ENOMEM : rc;
}

static int vote(struct serving *v)
{
	const char *id = text_of(v, "id"), *ballot = id ? text_of(v, "ballot") : NULL;
	struct govern_state s = { 0 };
	int rc;

	if (!ballot)
		return -EINVAL;
	rc = govern_folder_vote(v->f, id, str_of(ballot), v->now, v->why);
	rc = rc ? rc : govern_folder_read(v->f, &s, v->why);
	rc = rc ? rc : govern_folder_look(v->f, &s, id, v->now, show_whole, v->out, v->why);
	govern_state_close(&s);
	return rc;
}

static int apply(struct serving *v)
{
	const char *id = text_of(v, "id");
	struct govern_state next = { 0 };
	int rc = id ? govern_folder_apply(v->f, id, v->now, &next, v->why) : -EINVAL;

	rc = rc ? rc : put_state(v->out, &next);
	govern_state_close(&next);
	return rc;
}

static int show_state(struct serving *v, const struct govern_state *s)
{
	json_t *proposals = json_array();
	int rc = put_state(v->out, s);

	rc = rc ? rc : put(v->out, "members",
			   json_deep_copy(json_object_get(s->root, "members")));
	rc = rc ? rc : put(v->out, "quorum", json_copy(json_object_get(s->root, "quorum")));
	rc = rc ? rc : put(v->out, "pcrs", json_deep_copy(govern_pcrs(s)));
	rc = rc ? rc : put(v->out, "proposals", proposals);
	return rc ? rc : govern_folder_look(v->f, s, NULL, v->now, show_row, proposals, v->why);
}

static int status(struct serving *v)
{
	const char *id = json_string_value(json_object_get(v->in, "id"));
	struct govern_state s = { 0 };
	int rc = govern_folder_read(v->f, &s, v->why);

	if (!rc)
		rc = id ? govern_folder_look(v->f, &s, id, v->now, show_whole, v->out, v->why) :
			  show_state(v, &s);
	govern_state_close(&s);
	return rc;
}

static int seen(void *ctx, const struct govern_state *s)
{
	json_t *row = json_object();
	int rc = put_state(row, s);

	return json_array_append_new(ctx, row) ? -ENOMEM : rc;
}

static int verify(struct serving *v)
{
	json_t *states = json_array();
	int rc = put(v->out, "states", states);

	return rc ? rc : govern_folder_verify(v->f, seen, states, v->why);
}

static const struct {
	const char *verb;
	int (*run)(struct serving *v);
} rows[] = {
	{ "init", init }, { "propose", propose }, { "vote", vote }, { "apply", apply },
	{ "status", status }, { "verify", verify },
};

int govern_serve(const struct govern_folder *f, const char *verb, const json_t *in, uint64_t now,
		 json_t **out, char why[GOVERN_WHY])
{
	struct serving v = { .f = f, .in = in, .now = now, .why = why };
	size_t i;
	int rc;

	*why = 0;
	*out = NULL;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!strcmp(rows[i].verb, verb))
			break;
	if (i == sizeof(rows) / sizeof(rows[0]))
		return govern_refuse(why, -ENOSYS, "there is no verb %.60s", verb);
	v.out = json_object();
	rc = v.out ? rows[i].run(&v) : -ENOMEM;
	if (rc) {
		json_decref(v.out);
		return rc;
	}
	*out = v.out;
	return 0;
}
