// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /secret_sessions: to whom secrets may be given, and these themselves, as the vault has wrapped
 * them.  They come here in boxes that only the vault can open; there is no question of which the
 * answer has a value.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "api_session.h"
#include "audit.h"
#include "backend_private.h"
#include "base/hex.h"
#include "hosts.h"
#include "log.h"
#include "runner.h"
#include "store_session.h"
#include "vault_session.h"

#define VAULT_MS	20000
#define NAMES		(SESSION_SECRETS * (SESSION_NAME_MAX + 1) + 1)

/* --- reading documents: on a thread ------------------------------------------------------- */

/* What is told of one, when nobody needs the rest. */
struct read_session {
	struct str text;
	char name[SESSION_NAME_MAX + 1], names[NAMES], why[SESSION_WHY];
	u32 version;
	u8 digest[SESSION_DIGEST];
	char secret[SESSION_SECRETS][SESSION_NAME_MAX + 1];
	unsigned int secrets;
};

static int read_it(void *arg)
{
	struct read_session *r = arg;
	struct out o = OUT(r->names, sizeof(r->names) - 1);
	struct session s;
	unsigned int i;
	int rc = session_parse(r->text, &s, r->why);

	for (i = 0; !rc && i < s.secrets; i++) {
		str_copy(s.secret[i].name, r->secret[i], sizeof(r->secret[i]));
		out_text(&o, i ? " " : "");
		out_text(&o, r->secret[i]);
	}
	if (!rc) {
		str_copy(s.name, r->name, sizeof(r->name));
		memcpy(r->digest, s.digest, sizeof(r->digest));
		r->version = s.version;
		r->secrets = s.secrets;
		r->names[out_written(&o).len] = 0;
	}
	session_free(&s);
	return rc;
}

/* Memory of the question's.  Return: 0 or a status of HTTP, or -errno. */
static int read_document(struct api_ask *a, struct store_text text, struct read_session **to)
{
	struct read_session *r = store_alloc(&a->arena, sizeof(*r));
	int rc;

	*to = r;
	if (!r)
		return -ENOMEM;
	memset(r, 0, sizeof(*r));
	r->text = (struct str){ text.data, text.len };
	rc = io_work(a->b->db, read_it, r, a->deadline);
	return rc == -EINVAL ? api_refuse(a, 400, "%s", r->why) : rc;
}

/* --- telling ------------------------------------------------------------------------------ */

/* The ledger, the log and the webhook: names and versions.  @why: "ok", or what is wrong. */
static void tell(struct api_ask *a, const char *action, const struct read_session *r,
		 const char *workload, const char *why)
{
	char object[AUDIT_OBJECT], actor[ENTRY_PSEUDONYM], what[NAMES + 2 * SESSION_NAME_MAX + 64];
	char digest[2 * SESSION_DIGEST + 1];
	struct webhook *hook = a->b->hosts ? a->b->hosts->webhook : NULL;
	json_t *document;

	snprintf(what, sizeof(what), "%s@%u%s%s (%s)", r->name, r->version,
		 *workload ? " for " : "", workload, r->names);
	hex_encode(r->digest, sizeof(r->digest), digest);
	log_line(strcmp(why, "ok") ? LEVEL_WARNING : LEVEL_INFO, "%s %s: %s", action, what, why);
	if (a->b->audit)
		audit_event(a->b, &(struct ledger_event){
			.actor = a->access.len ? audit_actor(a->b, a->access, actor) : AUDIT_ADMIN,
			.action = str_of(action),
			.object = audit_object(object, "session", str_of(what)),
			.result = str_of(why), .policy = str_of(digest),
		});
	document = !hook ? NULL :
		   json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:I, s:s}", "event", action,
			     "session", r->name, "version", (int)r->version, "secrets", r->names,
			     "workload", workload, "host", a->b->config->attest_name, "time",
			     (json_int_t)(backend_now() / 1000), "why", why);
	if (document)
		webhook_post(hook, document);
}

/* --- the vault ---------------------------------------------------------------------------- */

static int ask_vault(struct api_ask *a, const struct link_call *call, struct link_answer *answer)
{
	int64_t deadline = io_after_ms(VAULT_MS);
	int rc;

	if (a->deadline && a->deadline < deadline)
		deadline = a->deadline;
	rc = link_do(a->b->vault, call, answer, deadline);
	switch (rc) {
	case -EKEYREJECTED:
		return api_refuse(a, 400, "a secret is not boxed for this document, name and vault");
	case -ESTALE:
		return api_refuse(a, 409, "version: not the next one");
	case -EPERM:
		return api_refuse(a, 409, "a secret can be kept only if nothing but version and secrets change");
	case -EILSEQ:
		return api_refuse(a, 400, "a secret of the command line is 1 to %u letters of ASCII, no blank and no bar",
				  SESSION_WORD_MAX);
	case -EMSGSIZE:
		return api_refuse(a, 413, "a secret has 1 to %u bytes, all of them have %u at most",
				  SESSION_VALUE_MAX, SESSION_VALUES_MAX);
	case -ENOSPC:
		return api_refuse(a, 409, "the vault keeps no more sessions, with those that were removed");
	case -EINVAL:
		return api_refuse(a, 400, "the vault makes nothing of this");
	case -EBADMSG:
		return api_refuse(a, 500, "the vault's file of sessions is damaged");
	}
	return rc && rc != -ENOMEM ? api_refuse(a, 503, "the vault does not answer") : rc;
}

/* @stored: the number of what is in the store, which the vault then knows to be there; or 0. */
static int ask_state(struct api_ask *a, u16 operation, struct str name, u64 stored,
		     struct vault_session_state *give)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct vault_ask ask = {
		.owner = a->team, .name = { name.at, name.len }, .number = stored,
	};
	const struct link_call call = {
		operation, &vault_ask_schema, &ask, -1, &vault_session_state_schema, give, 0,
	};

	return ask_vault(a, &call, &answer);
}

/*
 * One change at a time, from what is stored over what the vault takes to what is stored then: the
 * vault knows only the newest that it has taken.  A process has one backend.
 */
static struct io_semaphore *changes(void)
{
	static struct io_semaphore one;

	if (!one.waiters.next)
		io_semaphore_init(&one, 1);
	return &one;
}

static int number_of(struct api_ask *a, const struct store_session *row, u64 *number)
{
	struct {
		struct vault_taken taken;
		struct vault_wrapped room[SESSION_SECRETS];
	} *r = store_alloc(&a->arena, sizeof(*r));
	int rc = r ? rpc_decode(&vault_taken_schema, row->secrets.data, row->secrets.len,
				&r->taken, r->room, sizeof(r->room)) : -ENOMEM;

	*number = rc ? 0 : r->taken.number;
	return rc;
}

/* For which key values are boxed, and which version comes next. */
int api_session_intake(struct api_ask *a)
{
	struct vault_session_state state;
	struct store_session row;
	char point[2 * P256_POINT_BYTES + 1];
	u64 number = 0;
	int rc;

	if (!session_name_ok(a->rest))
		return api_refuse(a, 400, "session: 1 to %u of A-Z a-z 0-9 _ . -, no dot or dash first",
				  SESSION_NAME_MAX);
	rc = store_session_get(a->b->store, a->team,
			       (struct store_text){ a->rest.at, a->rest.len }, &a->arena, &row);
	if (rc != -ENOENT)
		rc = rc ? rc : number_of(a, &row, &number);
	else
		rc = 0;
	if (!rc)
		rc = ask_state(a, VAULT_SESSION_STATE, a->rest, number, &state);
	if (rc)
		return rc;
	hex_encode(state.point, sizeof(state.point), point);
	a->out = json_pack("{s:s, s:i}", "point", point, "version", (int)state.version + 1);
	return a->out ? 200 : -ENOMEM;
}

/* --- listing ------------------------------------------------------------------------------ */

static json_t *describe(const struct store_session *row, const struct read_session *r)
{
	json_t *names = json_array(), *one;
	unsigned int i;

	for (i = 0; i < r->secrets; i++)
		json_array_append_new(names, json_string(r->secret[i]));
	one = json_pack("{s:s, s:i, s:o, s:o}", "name", r->name, "version", (int)row->version,
			"changed", api_time(row->changed), "secrets", names);
	return one;
}

int api_session_list(struct api_ask *a)
{
	struct store_text after = { "", 0 };
	struct store_session *page;
	struct read_session *r;
	int n, i, rc = 0;

	a->out = json_array();
	do {
		n = store_session_list(a->b->store, a->team, after, STORE_LIST_MAX, &a->arena,
				       &page);
		for (i = 0; !rc && i < n; i++) {
			rc = read_document(a, page[i].document, &r);
			if (!rc)
				rc = api_append(a, describe(&page[i], r));
		}
		if (n > 0)
			after = page[n - 1].name;
	} while (!rc && n == STORE_LIST_MAX);
	if (rc)
		return rc;
	return n < 0 ? n : 200;
}

static int find(struct api_ask *a, struct store_session *row, struct read_session **r)
{
	int rc = store_session_get(a->b->store, a->team,
				   (struct store_text){ a->rest.at, a->rest.len }, &a->arena, row);

	if (rc == -ENOENT)
		return api_refuse(a, 404, "there is no session of this name");
	return rc ? rc : read_document(a, row->document, r);
}

int api_session_get(struct api_ask *a)
{
	struct vault_session_state state;
	struct store_session row;
	struct read_session *r;
	u64 number;
	int rc = find(a, &row, &r);

	if (!rc)
		rc = number_of(a, &row, &number);
	if (!rc)
		rc = ask_state(a, VAULT_SESSION_STATE, a->rest, number, &state);
	if (rc)
		return rc;
	a->out = describe(&row, r);
	json_object_set_new(a->out, "document", api_string(row.document));
	json_object_set_new(a->out, "releases", json_integer(state.releases));
	/* Of another version nothing is given: somebody has put back an older store. */
	json_object_set_new(a->out, "current",
			    json_boolean(state.number && state.number == number));
	return 200;
}

/* First the vault, which never gives them again then. */
static int delete(struct api_ask *a)
{
	struct vault_session_state state;
	struct store_session row;
	struct read_session *r;
	int rc = find(a, &row, &r);

	if (!rc)
		rc = ask_state(a, VAULT_SESSION_DROP, a->rest, 0, &state);
	if (!rc)
		rc = store_session_delete(a->b->store, a->team, row.name);
	if (rc)
		return rc;
	tell(a, "secret.delete", r, "", "ok");
	return 204;
}

int api_session_delete(struct api_ask *a)
{
	int rc = io_acquire(changes(), 1, a->deadline);

	if (rc)
		return rc;
	rc = delete(a);
	io_release(changes(), 1);
	return rc;
}

/* --- making ------------------------------------------------------------------------------- */

struct making {
	struct read_session *r;
	struct store_session old;
	struct store_arena *arena;
	struct vault_take ask;
	struct vault_take_secret secret[SESSION_SECRETS];
	struct vault_taken old_secrets;
	struct vault_wrapped old_room[SESSION_SECRETS];
	struct read_session *was;
	struct vault_taken give;
	struct vault_wrapped room[SESSION_SECRETS];
	u8 packed[STORE_BLOB_MAX];
};

static int keep_one(struct api_ask *a, struct making *m, const char *name,
		    struct vault_take_secret *to)
{
	unsigned int i;

	for (i = 0; m->was && i < m->was->secrets && i < m->old_secrets.secrets; i++)
		if (!strcmp(m->was->secret[i], name)) {
			to->how = VAULT_KEPT;
			to->data = m->old_secrets.secret[i].data;
			m->ask.old.data = m->old.document.data;
			m->ask.old.len = m->old.document.len;
			return 0;
		}
	return api_refuse(a, 400, "secrets.%s: there is none that could be kept", name);
}

static int box_one(struct api_ask *a, struct making *m, const json_t *box, const char *name,
		   struct vault_take_secret *to)
{
	const struct str text = { json_string_value(box), json_string_length(box) };
	u8 *room;
	int len;

	if (!json_is_string(box) || text.len > 2 * (SESSION_VALUE_MAX + BOX_OVERHEAD))
		return api_refuse(a, 400, "secrets.%s.box: is no box, or too long", name);
	room = store_alloc(m->arena, text.len + 1);
	if (!room)
		return -ENOMEM;
	len = base64_decode(text, room, text.len + 1);
	if (len < 0)
		return api_refuse(a, 400, "secrets.%s.box: is not base64", name);
	to->how = VAULT_BOXED;
	to->data = (struct rpc_bytes){ room, len };
	return 0;
}

/* {"box": BASE64}, {"keep": true} or {"random": BYTES} */
static int read_way(struct api_ask *a, struct making *m, const char *name, const json_t *way,
		    struct vault_take_secret *to)
{
	const json_t *box = json_object_get(way, "box"), *size = json_object_get(way, "random");

	if (json_object_size(way) != 1)
		return api_refuse(a, 400, "secrets.%s: one of box, keep and random is needed", name);
	if (box)
		return box_one(a, m, box, name, to);
	if (json_is_true(json_object_get(way, "keep")))
		return keep_one(a, m, name, to);
	if (!json_is_integer(size) || json_integer_value(size) < 1 ||
	    json_integer_value(size) > SESSION_WORD_MAX / 2)
		return api_refuse(a, 400, "secrets.%s: random is 1 to %u bytes", name,
				  SESSION_WORD_MAX / 2);
	to->how = VAULT_RANDOM;
	to->size = json_integer_value(size);
	return 0;
}

static int read_ways(struct api_ask *a, struct making *m)
{
	const json_t *ways = json_object_get(a->in, "secrets");
	unsigned int i;
	int rc = 0;

	if (!json_is_object(ways))
		return api_refuse(a, 400, "secrets is not an object");
	for (i = 0; !rc && i < m->r->secrets; i++) {
		const json_t *way = json_object_get(ways, m->r->secret[i]);

		rc = way ? read_way(a, m, m->r->secret[i], way, &m->secret[i]) :
			   api_refuse(a, 400, "secrets.%s: is missing", m->r->secret[i]);
	}
	if (!rc && json_object_size(ways) != m->r->secrets)
		rc = api_refuse(a, 400, "secrets: has one that the document has not");
	return rc;
}

/* What is stored but was not told to the vault is, before something newer takes its place. */
static int read_old(struct api_ask *a, struct making *m, bool update)
{
	struct vault_session_state state;
	const struct store_text name = { m->r->name, strlen(m->r->name) };
	int rc = store_session_get(a->b->store, a->team, name, &a->arena, &m->old);

	if (rc == -ENOENT)
		return update ? api_refuse(a, 404, "there is no session of this name") : 0;
	if (!rc && !update)
		return api_refuse(a, 409, "there is a session of this name");
	if (!rc)
		rc = read_document(a, m->old.document, &m->was);
	if (!rc)
		rc = rpc_decode(&vault_taken_schema, m->old.secrets.data, m->old.secrets.len,
				&m->old_secrets, m->old_room, sizeof(m->old_room));
	if (!rc)
		rc = ask_state(a, VAULT_SESSION_STATE, str_of(m->r->name), m->old_secrets.number,
			       &state);
	return rc;
}

static int have_taken(struct api_ask *a, struct making *m)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct link_call call = {
		VAULT_SESSION_TAKE, &vault_take_schema, &m->ask, -1, &vault_taken_schema, &m->give,
		sizeof(m->room),
	};
	struct store_session row = {
		.name = { m->r->name, strlen(m->r->name) }, .version = m->r->version,
		.document = { m->r->text.at, m->r->text.len },
	};
	int rc = ask_vault(a, &call, &answer);

	if (rc)
		return rc;
	rc = rpc_encode(&vault_taken_schema, &m->give, m->packed, sizeof(m->packed));
	if (rc < 0)
		return rc;
	row.secrets = (struct store_text){ m->packed, rc };
	rc = store_session_put(a->b->store, a->team, &row);
	return rc == -EEXIST ? api_refuse(a, 409, "version: not the next one") : rc;
}

/* It is stored: with that the version before ends.  If not now, it does when it is next used. */
static int have_ended(struct api_ask *a, struct making *m)
{
	struct vault_session_state state = { 0 };
	int rc;

	a->deadline = 0;
	rc = ask_state(a, VAULT_SESSION_STATE, str_of(m->r->name), m->give.number, &state);
	if (!rc && state.number == m->give.number)
		return 0;
	return api_refuse(a, 503, "version %u is stored, but the vault has not said that it knows; show says if it is current",
			  m->r->version);
}

static int store_it(struct api_ask *a, struct making *m, bool update)
{
	int rc = read_old(a, m, update);

	if (!rc)
		rc = read_ways(a, m);
	if (rc)
		return rc;
	m->ask.owner = a->team;
	m->ask.document = (struct rpc_bytes){ m->r->text.at, m->r->text.len };
	m->ask.secret = m->secret;
	m->ask.secrets = m->r->secrets;
	rc = have_taken(a, m);
	if (rc)
		return rc;
	rc = have_ended(a, m);
	tell(a, update ? "secret.update" : "secret.create", m->r, "", rc ? a->why : "ok");
	return rc;
}

static int make(struct api_ask *a, bool update)
{
	static const char *const names[] = { "document", "secrets", NULL };
	struct making *m = store_alloc(&a->arena, sizeof(*m));
	struct store_text document = { 0 };
	int rc = m ? api_only(a, names) : -ENOMEM;

	if (rc)
		return rc;
	memset(m, 0, sizeof(*m));
	m->arena = &a->arena;
	rc = api_text(a, "document", true, &document);
	if (!rc)
		rc = read_document(a, document, &m->r);
	if (!rc)
		rc = io_acquire(changes(), 1, a->deadline);
	if (rc)
		return rc;
	rc = store_it(a, m, update);
	io_release(changes(), 1);
	if (rc)
		return rc;
	a->out = json_pack("{s:s, s:i}", "name", m->r->name, "version", (int)m->r->version);
	return update ? 200 : 201;
}

int api_session_create(struct api_ask *a)
{
	return make(a, false);
}

int api_session_update(struct api_ask *a)
{
	return make(a, true);
}

/* --- starts ------------------------------------------------------------------------------- */

struct api_session {
	struct store_session row;
	struct read_session *r;
	struct vault_taken taken;
	struct vault_wrapped room[SESSION_SECRETS];
};

static int fill(struct api_ask *a, struct api_session *s, struct runner_ask *ask)
{
	const json_t *bundle = json_object_get(a->in, "bundle");
	char *text = bundle ? json_dumps(bundle, JSON_COMPACT) : NULL;
	char *copy = text ? store_alloc(&a->arena, strlen(text) + 1) : NULL;
	int rc = rpc_decode(&vault_taken_schema, s->row.secrets.data, s->row.secrets.len, &s->taken,
			    s->room, sizeof(s->room));

	if (copy)
		strcpy(copy, text);
	free(text);
	if (bundle && !copy)
		return -ENOMEM;
	if (copy && strlen(copy) > VAULT_BUNDLE_MAX)
		return api_refuse(a, 413, "bundle: is longer than %u bytes", VAULT_BUNDLE_MAX);
	ask->bundle = (struct rpc_bytes){ copy, copy ? strlen(copy) : 0 };
	ask->session = (struct rpc_bytes){ s->row.document.data, s->row.document.len };
	ask->secret = s->taken.secret;
	ask->secrets = s->taken.secrets;
	return rc;
}

int api_session_find(struct api_ask *a, struct store_text name, struct api_session **to)
{
	struct api_session *s = store_alloc(&a->arena, sizeof(*s));
	int rc;

	if (!s)
		return -ENOMEM;
	rc = store_session_get(a->b->store, a->team, name, &a->arena, &s->row);
	if (rc == -ENOENT)
		return api_refuse(a, 404, "there is no session %.*s", (int)name.len,
				  (const char *)name.data);
	if (!rc)
		rc = read_document(a, s->row.document, &s->r);
	if (!rc)
		*to = s;
	return rc;
}

int api_session_start(struct api_ask *a, struct api_session *s, struct runner_ask *ask)
{
	if (ask->command.len)
		return api_refuse(a, 400, "command: that of the session is used");
	/* The vault looks for itself; this one says so at once. */
	if (!host_holds_lease(a->b, str_of(a->b->config->attest_name)))
		return api_refuse(a, 409, "session %s: its secrets need a lease of this host, and it holds none",
				  s->r->name);
	return fill(a, s, ask);
}

void api_session_told(struct api_ask *a, const struct api_session *s, struct store_text workload,
		      unsigned int release)
{
	char name[RUNNER_NAME_MAX + 1];

	if (!s)
		return;
	snprintf(name, sizeof(name), "%.*s", (int)workload.len, (const char *)workload.data);
	tell(a, "secret.release", s->r, name,
	     release == RUNNER_RELEASED ? "ok" : release == RUNNER_UNKNOWN ? "unknown" :
	     *a->why ? a->why : "refused");
}
