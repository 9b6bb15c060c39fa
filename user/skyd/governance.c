// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admit.h"
#include "audit.h"
#include "backend_private.h"
#include "base/file.h"
#include "governance.h"
#include "govern/serve.h"
#include "log.h"
#include "policy/policy.h"
#include "vault_govern.h"

#define PATH_SIZE	4096u
#define VAULT_MS	10000u
#define VAULT_AGAIN_MS	5000u

/* --- on the ledger's thread: there is one, so that its owner's ledger is free ------------ */

struct job {
	struct backend *b;
	char path[PATH_SIZE];
	const char *verb;		/* NULL: only bring the folder up to date */
	const json_t *in;
	json_t *out;
	struct govern_state now;	/* afterwards; or version @version of it */
	u64 version;
	char why[GOVERN_WHY];
};

static int tell(void *ctx, const struct ledger_event *e)
{
	struct backend *b = ctx;
	const struct ledger_item item = { .event = *e, .time = backend_now() };
	char why[LEDGER_WHY] = "";
	int rc = ledger_append(b->audit->ledger, &item, 1, NULL, why);

	if (rc)
		log_line(LEVEL_ERROR, "governance: %s", why);
	return rc;
}

static int do_job(void *arg)
{
	struct job *j = arg;
	const struct govern_folder f = { .path = j->path, .tell = tell, .ctx = j->b };
	int rc = 0;

	if (j->verb)
		rc = govern_serve(&f, j->verb, j->in, time(NULL), &j->out, j->why);
	return rc ? rc : govern_folder_load(&f, &j->now, j->why);
}

/* What the state was, or is. */
static int read_version(void *arg)
{
	struct job *j = arg;
	CLEANUP_FREE char *bytes = NULL;
	char path[PATH_SIZE + 32];
	const struct govern_folder f = { .path = j->path };
	size_t len = 0;
	int rc = govern_folder_read(&f, &j->now, j->why);

	if (rc || j->now.version <= j->version)
		return rc;
	govern_state_close(&j->now);
	snprintf(path, sizeof(path), "%s/history/%06llu.json", j->path,
		 (unsigned long long)j->version);
	rc = file_read(path, GOVERN_STATE_MAX, &bytes, &len);
	return rc ? rc : govern_state_open(&j->now, (struct str){ bytes, len }, j->why);
}

static int work(struct backend *b, struct job *j, io_fn *fn)
{
	int rc;

	j->b = b;
	if (snprintf(j->path, sizeof(j->path), "%s/governance", b->config->state) >=
	    (int)sizeof(j->path))
		return -ENAMETOOLONG;
	io_shield();
	rc = io_work(b->audit->pool, fn, j, 0);
	io_unshield();
	return rc;
}

/* --- storage policies ------------------------------------------------------------------ */

static char *one_form(const char *text, size_t len)
{
	struct policy *p = calloc(1, sizeof(*p));
	struct policy_error err;
	char *body = NULL;

	if (p && !policy_parse_json(p, text, len, &err))
		body = policy_print_json(p);
	free(p);
	return body;
}

/* Is the store's what was decided? */
static bool is_same(const char *text, const struct store_policy *row)
{
	CLEANUP_FREE char *wanted = one_form(text, strlen(text));
	/* The store may have it as an older version wrote it. */
	CLEANUP_FREE char *there = one_form(row->body.data, row->body.len);

	return wanted && there && !strcmp(wanted, there);
}

/* A new one, or a new revision of everybody's. */
static int set_policy(struct api_ask *a, const char *name, const char *text)
{
	const struct store_text key = { name, strlen(name) };
	CLEANUP_FREE char *edit = NULL;
	struct store_policy row;
	CLEANUP_JSON *policy = NULL;
	int rc = store_policy_find(a->b->store, 0, key, &a->arena, &row);

	a->body = str_of(text);
	if (rc == -STORE_NO_SUCH_POLICY)
		return api_policy_create(a);
	if (rc || is_same(text, &row))
		return rc ? rc : 200;
	policy = json_loads(text, 0, NULL);
	if (!policy || json_object_set_new(policy, "id", json_integer(row.id)))
		return -ENOMEM;
	edit = json_dumps(policy, JSON_COMPACT);
	if (!edit)
		return -ENOMEM;
	a->body = str_of(edit);
	rc = api_policy_edit(a);
	a->body = STR_NONE;
	return rc;
}

static void set_policies(struct backend *b, const struct govern_state *s)
{
	json_t *storage = (json_t *)govern_storage(s), *text;
	const char *name;
	int rc;

	json_object_foreach(storage, name, text) {
		struct api_ask a = { .b = b, .deadline = io_after_ms(30000) };

		rc = api_status(&a, set_policy(&a, name, json_string_value(text)));
		if (rc >= 400)
			log_line(LEVEL_ERROR, "governance: storage policy %s cannot be set: %s",
				 name, a.why);
		json_decref(a.out);
		store_arena_free(&a.arena);
	}
}

/* --- the vault ------------------------------------------------------------------------- */

/* What it has released, for those who need it: systemd's names. */
static void keep_release(struct backend *b, const struct vault_stepped *v)
{
	char path[PATH_SIZE];
	int rc;

	if (!v->release.len)
		return;
	snprintf(path, sizeof(path), "%s/governance/tpm2-pcr-signature.json", b->config->state);
	rc = file_write_atomic(path, v->release.data, v->release.len, 0644);
	snprintf(path, sizeof(path), "%s/governance/tpm2-pcr-public-key.pem", b->config->state);
	rc = rc ? rc : file_write_atomic(path, v->public.data, v->public.len, 0644);
	if (rc)
		log_line(LEVEL_ERROR, "governance: %s cannot be written: %s", path, strerror(-rc));
}

static int step_vault(struct backend *b, struct str state, u64 *versions)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct vault_step ask = { { state.at, state.len } };
	struct vault_stepped give = { 0 };
	const struct link_call call = {
		VAULT_GOVERN, &vault_step_schema, &ask, -1, &vault_stepped_schema, &give, 0,
	};
	int rc = link_do(b->vault, &call, &answer, io_after_ms(VAULT_MS));

	if (rc)
		return rc;
	*versions = give.versions;
	keep_release(b, &give);
	return 0;
}

/* All states that the vault has not seen, in their order; the last one in any case: what it
 * released may have been lost on its way.
 */
static int lead_vault(struct backend *b, u64 last)
{
	u64 versions = 0;
	int rc = step_vault(b, STR_NONE, &versions);

	if (versions > last)
		versions = last;
	while (!rc && versions <= last) {
		struct job j = { .version = versions };
		const u64 before = versions;

		rc = work(b, &j, read_version);
		rc = rc ? rc : step_vault(b, (struct str){ j.now.bytes, j.now.len }, &versions);
		govern_state_close(&j.now);
		if (!rc && versions <= before)
			rc = -EPROTO;
	}
	if (rc)
		log_line(LEVEL_WARNING, "governance: the vault does not follow: %s",
			 strerror(-rc));
	return rc;
}

/* --- life, and verbs ------------------------------------------------------------------- */

static bool is_there(const struct backend *b)
{
	char path[PATH_SIZE];

	return b->audit && snprintf(path, sizeof(path), "%s/governance/state.json",
				    b->config->state) < (int)sizeof(path) && !access(path, F_OK);
}

void governance_open(struct backend *b)
{
	struct job j = { .version = 0 };
	int rc;

	if (!is_there(b))
		return;
	rc = work(b, &j, do_job);
	if (rc)
		log_line(LEVEL_ERROR, "governance: %s", *j.why ? j.why : strerror(-rc));
	else
		set_policies(b, &j.now);
	govern_state_close(&j.now);
}

static int follow(void *arg)
{
	struct backend *b = arg;
	struct io_event *unled = &b->audit->unled;
	int rc;

	do {
		struct job j = { .version = 0 };

		io_event_clear(unled);
		rc = work(b, &j, do_job);
		rc = rc ? 0 : lead_vault(b, j.now.version);
		govern_state_close(&j.now);
		rc = rc ? io_sleep_until(io_after_ms(VAULT_AGAIN_MS)) : io_event_wait(unled, 0);
	} while (rc != -ECANCELED);
	return 0;
}

int governance_start(struct backend *b, struct io_group *group)
{
	return b->audit ? io_spawn(group, follow, b, NULL) : 0;
}

static int status_of(int rc)
{
	switch (rc) {
	case -ENOENT:
		return 404;
	case -EEXIST:
	case -ESTALE:
	case -ETIME:
	case -EAGAIN:
	case -ENOSPC:
		return 409;
	case -EINVAL:
	case -EBADMSG:
		return 400;
	case -EACCES:
		return 403;
	default:
		return 500;
	}
}

static int serve(struct api_ask *a, const char *verb, bool changes)
{
	struct job j = { .verb = verb, .in = a->in };
	int rc;

	if (!a->b->audit)
		return api_refuse(a, 409, "governance needs an audit ledger; see audit_dir in skyd.conf(5)");
	rc = work(a->b, &j, do_job);
	a->out = j.out;
	if (rc) {
		govern_state_close(&j.now);
		return api_refuse(a, status_of(rc), "%s", *j.why ? j.why : strerror(-rc));
	}
	audit_witness_wake(a->b);
	if (changes) {
		set_policies(a->b, &j.now);
		admit_renew(a->b);
		if (lead_vault(a->b, j.now.version))
			io_event_set(&a->b->audit->unled);
	}
	govern_state_close(&j.now);
	return 200;
}

int governance_init(struct api_ask *a)
{
	return serve(a, "init", true);
}

int governance_propose(struct api_ask *a)
{
	return serve(a, "propose", false);
}

int governance_vote(struct api_ask *a)
{
	return serve(a, "vote", false);
}

int governance_apply(struct api_ask *a)
{
	return serve(a, "apply", true);
}

int governance_status(struct api_ask *a)
{
	return serve(a, "status", false);
}

int governance_verify(struct api_ask *a)
{
	return serve(a, "verify", false);
}
