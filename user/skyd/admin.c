// SPDX-License-Identifier: GPL-2.0-or-later
/* The administrator's verbs.  Who reaches the control socket may do all of them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "api.h"
#include "audit.h"
#include "care.h"
#include "governance.h"
#include "log.h"

/* --- everything at a glance -------------------- */

static int count_locations(struct api_ask *a, json_t *to)
{
	struct catalogue *c = catalogue_get(a->b);
	unsigned int i, used = 0, down = 0, draining = 0;

	for (i = 0; i < c->count; i++) {
		const struct plan_place *p = &c->place[i];

		if (p->row.state == STORE_DISABLED || !p->host.len)
			continue;
		used++;
		down += p->live->down;
		draining += p->row.state == STORE_DRAINING;
	}
	json_object_set_new(to, "locations",
			    json_pack("{s:i, s:i, s:i, s:i}", "known", (int)c->count, "used",
				      (int)used, "down", (int)down, "draining", (int)draining));
	catalogue_put(c);
	return 0;
}

static int vault_status(struct api_ask *a, json_t *to)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct vault_ask nothing = { 0 };
	struct vault_counts n;
	const struct link_call call = {
		VAULT_STATUS, &vault_ask_schema, &nothing, -1, &vault_counts_schema, &n, 0,
	};
	int rc = link_do(a->b->vault, &call, &answer, io_after_ms(3000));

	json_object_set_new(to, "vault", rc ?
			    json_pack("{s:b}", "there", 0) :
			    json_pack("{s:b, s:I, s:I, s:I, s:I}", "there", 1, "calls",
				      (json_int_t)n.calls, "refused", (json_int_t)n.refused, "urls",
				      (json_int_t)n.urls, "masters", (json_int_t)n.masters));
	return 0;
}

static int garbage_status(struct api_ask *a)
{
	struct care_counts n;
	u64 items = 0, due = 0;
	int rc = store_garbage_count(a->b->store, &items, &due);

	if (rc < 0)
		return rc;
	care_counts(a->b, &n);
	a->out = json_pack("{s:I, s:I, s:I, s:I, s:I}", "items", (json_int_t)items, "due",
			   (json_int_t)due, "deleted", (json_int_t)n.deleted, "failed",
			   (json_int_t)n.failed, "expired", (json_int_t)n.expired);
	return a->out ? 200 : -ENOMEM;
}

static int garbage_run(struct api_ask *a)
{
	care_wake(a->b);
	return garbage_status(a);
}

static int status(struct api_ask *a)
{
	int rc = garbage_status(a);
	json_t *garbage = a->out;

	if (rc != 200)
		return rc;
	a->out = json_object();
	json_object_set_new(a->out, "garbage", garbage);
	rc = count_locations(a, a->out);
	if (!rc)
		rc = vault_status(a, a->out);
	json_object_set_new(a->out, "hosts", admin_host_counts(a));
	json_object_set_new(a->out, "reservations", json_integer(a->b->plan->reservations));
	return rc ? rc : 200;
}

/* --- policies: as in the API, for a team or for everybody -------------------- */

/* @fn's own arguments are those of the API: "team" is not one of them. */
static int for_team(struct api_ask *a, api_fn *fn)
{
	int rc = admin_team(a, false, &a->team);

	json_object_del(a->in, "team");
	return rc ? rc : fn(a);
}

static int by_name(struct api_ask *a, api_fn *fn)
{
	struct store_text name = { 0 };
	int rc = api_text(a, "name", true, &name);

	a->rest = (struct str){ name.data, name.len };
	return rc ? rc : for_team(a, fn);
}

static int policy_list(struct api_ask *a)
{
	return for_team(a, api_policy_list);
}

static int policy_show(struct api_ask *a)
{
	return by_name(a, api_policy_get);
}

static int policy_delete(struct api_ask *a)
{
	return by_name(a, api_policy_delete);
}

/* {"policy": {...}}, {"yaml": TEXT} or {"name": TEXT, "intent": {...}}, and a team. */
static int policy_write(struct api_ask *a, api_fn *fn)
{
	json_t *policy = json_object_get(a->in, "policy"), *all = a->in;
	struct store_text yaml = { 0 };
	char *text = NULL;
	int rc = admin_team(a, false, &a->team);

	if (!rc)
		rc = api_text(a, "yaml", false, &yaml);
	if (rc)
		return rc;
	a->yaml = yaml.len;
	if (yaml.len) {
		a->body = (struct str){ yaml.data, yaml.len };
		a->in = NULL;
	} else if (policy) {
		text = json_dumps(policy, JSON_COMPACT);
		if (!text)
			return api_refuse(a, 400, "policy is not an object");
		a->body = str_of(text);
		a->in = policy;
	} else if (!json_object_get(a->in, "intent")) {
		return api_refuse(a, 400, "there is no policy, yaml or intent");
	}
	rc = fn(a);
	a->in = all;
	free(text);
	return rc;
}

static int policy_create(struct api_ask *a)
{
	return policy_write(a, api_policy_create);
}

static int policy_edit(struct api_ask *a)
{
	return policy_write(a, api_policy_edit);
}

/* --- sessions: as in the API, for a team or the administrator -------------------- */

static int secret_create(struct api_ask *a)
{
	return for_team(a, api_session_create);
}

static int secret_update(struct api_ask *a)
{
	return for_team(a, api_session_update);
}

static int secret_list(struct api_ask *a)
{
	return for_team(a, api_session_list);
}

static int secret_show(struct api_ask *a)
{
	return by_name(a, api_session_get);
}

static int secret_delete(struct api_ask *a)
{
	return by_name(a, api_session_delete);
}

static int secret_intake(struct api_ask *a)
{
	return by_name(a, api_session_intake);
}

/* --- verbs -------------------- */

static const struct {
	const char *verb;
	api_fn *run;
	const char *action;	/* in the audit ledger; NULL: it changes nothing */
} verbs[] = {
	{ "status", status, NULL },
	{ "gc status", garbage_status, NULL },
	{ "gc run", garbage_run, "gc.run" },
	{ "cache status", admin_cache_status, NULL },
	{ "cache flush", admin_cache_flush, "cache.flush" },
	{ "team create", admin_team_create, "team.create" },
	{ "team delete", admin_team_delete, "team.delete" },
	{ "team list", admin_team_list, NULL },
	{ "team usage", admin_team_usage, NULL },
	{ "key create", admin_key_create, "key.create" },
	{ "key delete", admin_key_delete, "key.delete" },
	{ "key enable", admin_key_enable, "key.enable" },
	{ "key disable", admin_key_disable, "key.disable" },
	{ "key list", admin_key_list, NULL },
	{ "key scope", admin_key_scope, "key.scope" },
	{ "location add", admin_location_add, "location.add" },
	{ "location update", admin_location_update, "location.update" },
	{ "location remove", admin_location_remove, "location.remove" },
	{ "location drain", admin_location_drain, "location.drain" },
	{ "location repair", admin_location_repair, "location.repair" },
	{ "location scrub", admin_location_scrub, "location.scrub" },
	{ "location list", admin_location_list, NULL },
	{ "attest host list", admin_host_list, NULL },
	{ "attest host show", admin_host_show, NULL },
	{ "attest host token", admin_host_token, NULL },
	{ "attest host enrol", admin_host_enrol, "host.expect" },
	/* It tells of itself: to the webhook, too. */
	{ "attest host revoke", admin_host_revoke, NULL },
	{ "workload run", api_workload_start, "workload.start" },
	{ "workload list", api_workload_list, NULL },
	{ "workload show", admin_workload_show, NULL },
	{ "workload stop", admin_workload_stop, "workload.stop" },
	{ "workload tiers", api_workload_tiers, NULL },
	{ "secret create", secret_create, NULL },
	{ "secret update", secret_update, NULL },
	{ "secret ls", secret_list, NULL },
	{ "secret show", secret_show, NULL },
	{ "secret rm", secret_delete, NULL },
	{ "secret intake", secret_intake, NULL },
	{ "policy create", policy_create, "policy.create" },
	{ "policy edit", policy_edit, "policy.edit" },
	{ "policy list", policy_list, NULL },
	{ "policy show", policy_show, NULL },
	{ "policy delete", policy_delete, "policy.delete" },
	/* These tell the ledger themselves, before they do it. */
	{ "govern init", governance_init, NULL },
	{ "govern propose", governance_propose, NULL },
	{ "govern vote", governance_vote, NULL },
	{ "govern apply", governance_apply, NULL },
	{ "govern status", governance_status, NULL },
	{ "govern verify", governance_verify, NULL },
};

static int serve(struct api_ask *a, const struct admin_ask *ask)
{
	const struct str verb = { ask->verb.data, ask->verb.len };
	size_t i;
	int rc;

	if (ask->body.len)
		rc = api_read(a, ask->body.data, ask->body.len, &a->in);
	else
		rc = (a->in = json_object()) ? 0 : -ENOMEM;
	if (rc)
		return api_status(a, rc);
	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (str_is(verb, verbs[i].verb))
			break;
	if (i == sizeof(verbs) / sizeof(verbs[0]))
		return api_refuse(a, 404, "there is no such verb");
	rc = api_status(a, verbs[i].run(a));
	return a->asked ? rc : api_audit(a, verbs[i].action, rc);
}

static int write_answer(struct link_request *r, const struct api_ask *a, struct admin_give *give)
{
	CLEANUP_JSON *why = give->status >= 400 ? json_pack("{s:s, s:s*}", "error", a->why,
						       "missing", a->missing) : NULL;
	char *text, *copy;
	size_t len;

	if (!why && !a->out)
		return 0;
	text = json_dumps(why ? why : a->out, JSON_COMPACT | JSON_REAL_PRECISION(10));
	if (!text)
		return -ENOMEM;
	len = strlen(text);
	copy = len <= ADMIN_GIVE_MAX ? link_scratch(r, len) : NULL;
	if (copy)
		memcpy(copy, text, len);
	/* It may be a new key. */
	explicit_bzero(text, len);
	free(text);
	if (!copy)
		return -EMSGSIZE;
	give->body = (struct rpc_bytes){ copy, len };
	return 0;
}

static int handle(struct link_request *r, const void *asked, void *given)
{
	const struct admin_ask *ask = asked;
	struct admin_give *give = given;
	struct api_ask a = { .b = r->ctx, .deadline = r->deadline };
	int rc;

	give->status = serve(&a, ask);
	/* Keys, teams and policies may be remembered as they were. */
	if (give->status < 400 && a.b->cache)
		backend_forget(a.b);
	log_line(LEVEL_INFO, "administrator: %.*s: %u %s", (int)ask->verb.len,
		 (const char *)ask->verb.data, give->status, a.why);
	rc = write_answer(r, &a, give);
	json_decref(a.in);
	json_decref(a.out);
	store_arena_free(&a.arena);
	return rc;
}

const struct link_operation backend_admins[] = {
	{ ADMIN_DO, "do", &admin_ask_schema, &admin_give_schema, 0, ROLE_BIT(ROLE_PARENT), handle },
	{ 0 },
};
