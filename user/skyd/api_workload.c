// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /workloads: what is to run on this host, at which tier.  Judged here, by the policies of
 * admit.h; run by the runner, which makes sure of the bytes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "admit.h"
#include "api.h"
#include "api_session.h"
#include "base/hex.h"
#include "hosts.h"
#include "log.h"
#include "runner.h"
#include "workload_lease.h"

#define TIERS		RUNNER_LEVELS
#define ATTESTED	RUNNER_ATTESTED
#define MEM_DEFAULT	256u	/* MiB */
#define START_MS	120000

/* The table of the tiers; what is measured comes from the runner. */
static const struct {
	const char *name, *isolation, *encryption, *barrier;
} tiers[TIERS] = {
	{ "container", "minimal", "no", "the kernel's system calls, from a user without rights" },
	{ "container in a microVM", "yes", "no", "KVM and QEMU, which is confined" },
	{ "unikernel", "yes", "no", "KVM, and a task with two system calls" },
	{ "attested container", "yes", "could have",
	  "the kernel's system calls, on a host whose boot and kernel are known" },
	{ "attested microVM", "maximum", "yes",
	  "KVM and QEMU, on a host whose boot and kernel are known" },
};

/* An answer of the runner lives as long as what holds it. */
struct answered {
	struct link_answer answer;
	struct runner_answer give;
	bool unknown;			/* it was asked, and whether it was done nobody says */
	union {
		struct runner_row row[RUNNER_ROWS];
		struct runner_tier tier[RUNNER_LEVELS];
	} room;
};

static void answered_free(struct answered **p)
{
	if (*p)
		link_answer_free(&(*p)->answer);
	free(*p);
}

#define CLEANUP_ANSWERED	CLEANUP(answered_free) struct answered

static struct str str_from_bytes(struct rpc_bytes b)
{
	return (struct str){ b.data, b.len };
}

/* Return: 0 or a status of HTTP. */
static int ask_runner(struct api_ask *a, u16 operation, const struct runner_ask *ask,
		      struct answered **to)
{
	struct answered *x = calloc(1, sizeof(*x));
	const struct link_call call = {
		operation, &runner_ask_schema, ask, -1, &runner_answer_schema, x ? &x->give : NULL,
		sizeof(x->room),
	};
	int64_t deadline = io_after_ms(START_MS);
	int rc;

	*to = x;
	if (!x)
		return api_status(a, -ENOMEM);
	x->answer = LINK_ANSWER_NONE;
	if (!a->b->config || !a->b->config->workload_images || !*a->b->config->workload_images)
		return api_refuse(a, 404, "nothing is run here; see workloads.images in skyd.conf(5)");
	if (a->deadline && a->deadline < deadline)
		deadline = a->deadline;
	rc = link_do(a->b->run->to_runner, &call, &x->answer, deadline);
	x->unknown = rc && rc != -EINVAL;
	if (rc == -EINVAL)
		return api_refuse(a, 400, "the runner makes nothing of this");
	if (rc)
		return api_refuse(a, 503, "the runner does not answer: %s", strerror(-rc));
	if (x->give.status >= 400)
		return api_refuse(a, x->give.status, "%.*s", (int)x->give.why.len,
				  (const char *)x->give.why.data);
	return 0;
}

/* Why this machine does not count as one that has shown what it runs; NULL: it does, now. */
static const char *unattested(const struct backend *b)
{
	if (host_holds_lease(b, str_of(b->config->attest_name)))
		return NULL;
	return *b->config->attest_tpm ? "it holds none now" : "attestation is not configured";
}

/* --- telling ------------------------------------------------------------------------------ */

static json_t *describe(const struct backend *b, const struct runner_row *row)
{
	char digest[2 * RUNNER_DIGEST + 1];

	hex_encode(row->digest, sizeof(row->digest), digest);
	return json_pack("{s:o,s:i,s:o,s:s+,s:s,s:s,s:s,s:b,s:o,s:o,s:o}",
			 "name", api_string((struct store_text){ row->name.data, row->name.len }),
			 "tier", row->tier < TIERS ? row->tier : 0, "image",
			 api_string((struct store_text){ row->image.data, row->image.len }),
			 "digest", "sha256:", digest, "state", row->running ? "running" : "ended",
			 "isolation", tiers[row->tier % TIERS].isolation, "encryption",
			 tiers[row->tier % TIERS].encryption, "trusted",
			 row->tier >= ATTESTED && !unattested(b),
			 "started", api_time(row->started), "spawn_ms",
			 row->spawn_us ? json_real(row->spawn_us / 1000.0) : json_null(),
			 "footprint_mib", row->footprint ?
			 json_real(row->footprint / 1048576.0) : json_null());
}

/* An administrator sees all, a team its own. */
static bool is_seen(const struct api_ask *a, const struct runner_row *row)
{
	return !a->access.len || row->team == a->team;
}

int api_workload_list(struct api_ask *a)
{
	const struct runner_ask nothing = { 0 };
	CLEANUP_ANSWERED *x = NULL;
	int rc = ask_runner(a, RUNNER_LIST, &nothing, &x);
	u32 i;

	if (rc)
		return rc;
	a->out = json_array();
	for (i = 0; i < x->give.rows; i++)
		if (is_seen(a, &x->give.row[i]))
			json_array_append_new(a->out, describe(a->b, &x->give.row[i]));
	return 200;
}

static int find(struct api_ask *a, struct str name, json_t **to)
{
	const struct runner_ask nothing = { 0 };
	CLEANUP_ANSWERED *x = NULL;
	int rc = ask_runner(a, RUNNER_LIST, &nothing, &x);
	u32 i;

	for (i = 0; !rc && i < x->give.rows; i++) {
		const struct runner_row *row = &x->give.row[i];

		if (!is_seen(a, row) || !str_equal(str_from_bytes(row->name), name))
			continue;
		*to = describe(a->b, row);
		return 0;
	}
	return rc ? rc : api_refuse(a, 404, "there is no workload of this name");
}

int api_workload_get(struct api_ask *a)
{
	int rc = find(a, a->rest, &a->out);

	return rc ? rc : 200;
}

static json_t *measured(const struct runner_tier *t)
{
	return json_pack("{s:o,s:o}", "spawn_ms",
			 t->spawn_us ? json_real(t->spawn_us / 1000.0) : json_null(),
			 "footprint_mib",
			 t->footprint ? json_real(t->footprint / 1048576.0) : json_null());
}

int api_workload_tiers(struct api_ask *a)
{
	const struct runner_ask nothing = { 0 };
	CLEANUP_ANSWERED *x = NULL;
	const char *why;
	int rc = ask_runner(a, RUNNER_HOST, &nothing, &x);
	unsigned int i;

	if (rc)
		return rc;
	if (x->give.tiers != TIERS)
		return -EBADMSG;
	a->out = json_array();
	for (i = 0; i < TIERS; i++) {
		const struct runner_tier *t = &x->give.tier[i];
		struct store_text no = { t->why.data, t->why.len };
		json_t *one = json_pack("{s:i,s:s,s:s,s:s,s:b,s:s}", "tier", (int)i, "name",
					tiers[i].name, "isolation", tiers[i].isolation,
					"encryption", tiers[i].encryption, "trusted", i >= ATTESTED,
					"barrier", tiers[i].barrier);
		json_t *figures = measured(t);

		why = i >= ATTESTED ? unattested(a->b) : NULL;
		if (!no.len && why)
			no = (struct store_text){ why, strlen(why) };
		json_object_update(one, figures);
		json_decref(figures);
		json_object_set_new(one, "available", json_boolean(!no.len));
		json_object_set_new(one, "why", no.len ? api_string(no) : json_null());
		json_array_append_new(a->out, one);
	}
	return 200;
}

/* --- starting ----------------------------------------------------------------------------- */

struct description {
	struct store_text name, image, block, net, session;
	u64 tier, mem;
	char command[RUNNER_COMMAND_MAX];
	size_t command_len;
	u8 digest[RUNNER_DIGEST];
};

static int read_command(struct api_ask *a, struct description *d)
{
	const json_t *list = json_object_get(a->in, "command"), *word;
	size_t i, len;

	if (list && !json_is_array(list))
		return api_refuse(a, 400, "command is not a list of words");
	json_array_foreach(list, i, word) {
		const char *text = json_string_value(word);

		len = text ? json_string_length(word) : 0;
		if (!text || !len || strlen(text) != len || strpbrk(text, "\n\r"))
			return api_refuse(a, 400, "command: word %zu is none", i + 1);
		if (len + 1 > sizeof(d->command) - d->command_len)
			return api_refuse(a, 400, "command is too long");
		memcpy(d->command + d->command_len, text, len + 1);
		d->command_len += len + 1;
	}
	return 0;
}

static int read_description(struct api_ask *a, struct description *d)
{
	static const char *const names[] = {
		"name", "tier", "image", "bundle", "memory", "block", "net", "command",
		"session", NULL,
	};
	int rc = api_only(a, names);

	d->tier = TIERS;
	d->mem = MEM_DEFAULT;
	if (!rc)
		rc = api_text(a, "name", true, &d->name);
	if (!rc)
		rc = api_text(a, "image", true, &d->image);
	if (!rc)
		rc = api_number(a, "tier", TIERS - 1, &d->tier);
	if (!rc)
		rc = api_number(a, "memory", RUNNER_MEM_MAX, &d->mem);
	if (!rc)
		rc = api_text(a, "block", false, &d->block);
	if (!rc)
		rc = api_text(a, "net", false, &d->net);
	if (!rc)
		rc = api_text(a, "session", false, &d->session);
	if (!rc)
		rc = read_command(a, d);
	if (rc)
		return rc;
	if (d->tier == TIERS)
		return api_refuse(a, 400, "tier is missing");
	if (!runner_name_ok((struct str){ d->name.data, d->name.len }))
		return api_refuse(a, 400, "name: 1 to %u of A-Z a-z 0-9 _ . -, without a dot or a dash first",
				  RUNNER_NAME_MAX);
	if (d->mem < RUNNER_MEM_MIN)
		return api_refuse(a, 400, "memory: %u to %u MiB", RUNNER_MEM_MIN, RUNNER_MEM_MAX);
	/* Devices are the host's. */
	if (a->access.len && (d->block.len || d->net.len))
		return api_refuse(a, 403, "only the administrator gives devices of the host away");
	return 0;
}

/* The conditions of its tier, before anything is judged. */
static int check_tier(struct api_ask *a, const struct description *d)
{
	const struct runner_ask ask = { .name = { d->name.data, d->name.len } };
	CLEANUP_ANSWERED *x = NULL;
	const struct runner_tier *t;
	const char *why;
	int rc = ask_runner(a, RUNNER_HOST, &ask, &x);

	if (rc)
		return rc;
	t = x->give.tiers == TIERS ? &x->give.tier[d->tier] : NULL;
	if (!t)
		return -EBADMSG;
	if (t->why.len)
		return api_refuse(a, 409, "tier %u: %.*s", (unsigned int)d->tier, (int)t->why.len,
				  (const char *)t->why.data);
	why = d->tier >= ATTESTED ? unattested(a->b) : NULL;
	if (why)
		return api_refuse(a, 409, "tier %u needs a lease of this host: %s",
				  (unsigned int)d->tier, why);
	return 0;
}

static int check_image(struct api_ask *a, struct description *d)
{
	const struct str image = { d->image.data, d->image.len };
	json_t *bundle = json_object_get(a->in, "bundle");
	CLEANUP_FREE char *text = NULL;
	struct admission_result r;
	struct sigstore_artefact digest;
	int rc;

	if (bundle && !json_is_object(bundle))
		return api_refuse(a, 400, "bundle is not an object");
	if (bundle) {
		text = json_dumps(bundle, JSON_COMPACT);
		if (!text)
			return -ENOMEM;
	}
	rc = admit_judge(a->b, image, text ? str_of(text) : STR_NONE, a->deadline, &r);
	if (rc == -ETIMEDOUT)
		return api_refuse(a, 503, "the image: %s", r.reason);
	if (rc)
		return rc;
	if (r.verdict == ADMISSION_DENY)
		return api_refuse(a, 403, "the image is refused: %s", r.reason);
	if (r.verdict == ADMISSION_WARN)
		log_line(LEVEL_WARNING, "workload %.*s runs all the same: %s", (int)d->name.len,
			 (const char *)d->name.data, r.reason);
	if (strncmp(r.digest, "sha256:", 7) || sigstore_artefact_digest(&digest, str_of(r.digest)))
		return api_refuse(a, 400, "image: a digest sha256:... is needed");
	memcpy(d->digest, digest.digest[SIGSTORE_SHA256], RUNNER_DIGEST);
	return 0;
}

static int start(struct api_ask *a)
{
	struct description *d = store_alloc(&a->arena, sizeof(*d));
	CLEANUP_ANSWERED *x = NULL;
	struct api_session *session = NULL;
	struct runner_ask ask;
	int rc;

	if (!d)
		return -ENOMEM;
	memset(d, 0, sizeof(*d));
	rc = read_description(a, d);
	if (!rc && d->session.len)
		rc = api_session_find(a, d->session, &session);
	if (!rc)
		rc = check_tier(a, d);
	if (!rc)
		rc = check_image(a, d);
	/* That may have taken long. */
	if (!rc && d->tier >= ATTESTED && unattested(a->b))
		rc = api_refuse(a, 409, "tier %u needs a lease of this host: %s",
				(unsigned int)d->tier, unattested(a->b));
	if (rc) {
		api_session_told(a, session, d->name, RUNNER_NO_RELEASE);
		return rc;
	}
	ask = (struct runner_ask){
		.name = { d->name.data, d->name.len }, .image = { d->image.data, d->image.len },
		.team = a->team, .tier = d->tier, .mem = d->mem,
		.block = { d->block.data, d->block.len }, .net = { d->net.data, d->net.len },
		.command = { d->command, d->command_len },
	};
	memcpy(ask.digest, d->digest, sizeof(ask.digest));
	if (session)
		rc = api_session_start(a, session, &ask);
	if (!rc)
		rc = ask_runner(a, RUNNER_START, &ask, &x);
	api_session_told(a, session, d->name, !x ? RUNNER_NO_RELEASE :
			 x->unknown ? RUNNER_UNKNOWN : x->give.release);
	/* So may that, and then who ends those that run did not see it. */
	if (!rc && d->tier >= ATTESTED && a->b->config->workload_end && unattested(a->b)) {
		workload_end(a->b, (struct str){ d->name.data, d->name.len }, d->tier);
		rc = api_refuse(a, 409, "tier %u needs a lease of this host, which has ended",
				(unsigned int)d->tier);
	}
	if (!rc)
		rc = find(a, (struct str){ d->name.data, d->name.len }, &a->out);
	return rc ? rc : 201;
}

/* A refusal is told, too: serve() of the API tells of what was done. */
int api_workload_start(struct api_ask *a)
{
	int rc = api_status(a, start(a));

	if (rc >= 400 && a->access.len)
		api_audit(a, "workload.start", rc);
	return rc;
}

int api_workload_stop(struct api_ask *a)
{
	const struct runner_ask ask = { .name = { a->rest.at, a->rest.len } };
	CLEANUP_ANSWERED *x = NULL;
	json_t *there = NULL;
	int rc = find(a, a->rest, &there);

	json_decref(there);
	if (!rc)
		rc = ask_runner(a, RUNNER_STOP, &ask, &x);
	return rc ? rc : 204;
}

/* --- for the administrator: by the name in a document ------------------------------------- */

static int by_name(struct api_ask *a, api_fn *fn)
{
	struct store_text name = { 0 };
	int rc = api_text(a, "name", true, &name);

	a->rest = (struct str){ name.data, name.len };
	return rc ? rc : fn(a);
}

int admin_workload_show(struct api_ask *a)
{
	return by_name(a, api_workload_get);
}

int admin_workload_stop(struct api_ask *a)
{
	return by_name(a, api_workload_stop);
}
