// SPDX-License-Identifier: GPL-2.0-or-later
/* Machines that attest, as the administrator sees and names them. */
#include <errno.h>
#include <string.h>

#include "api.h"
#include "audit.h"
#include "base/hex.h"
#include "hosts.h"
#include "relay_peers.h"

static const char *const states[] = {
	[STORE_HOST_WAITING] = "waiting", [STORE_HOST_EXPECTED] = "expected",
	[STORE_HOST_ENROLLED] = "enrolled", [STORE_HOST_REVOKED] = "revoked",
};

static json_t *hex_json(struct store_text t)
{
	char hex[2 * TPM_NAME_MAX + 1];

	if (!t.len || t.len > TPM_NAME_MAX)
		return json_null();
	hex_encode(t.data, t.len, hex);
	return json_string(hex);
}

static json_t *row_json(const struct hosts *hosts, const struct store_host *row)
{
	const struct str name = { row->name.data, row->name.len };
	const int64_t left = lease_left(&hosts->leases, name, io_now());

	return json_pack("{s:o, s:s, s:b, s:b, s:I, s:b, s:o, s:o, s:o, s:o, s:o}",
			 "name", api_string(row->name), "state", states[row->state],
			 "needed", lease_needed(&hosts->leases, name), "leased", left > 0,
			 "lease_ms", (json_int_t)(left / 1000000), "trusted", row->trusted,
			 "enrolled", api_time(row->enrolled), "judged", api_time(row->judged),
			 "ek", hex_json(row->ek), "shown", hex_json(row->shown),
			 "why", api_string(row->refused));
}

int admin_host_list(struct api_ask *a)
{
	struct store_text after = { "", 0 };
	struct store_host *list;
	int i, count, rc = 0;

	a->out = json_array();
	do {
		count = store_host_list(a->b->store, after, STORE_LIST_MAX, &a->arena, &list);
		for (i = 0; !rc && i < count; i++)
			rc = api_append(a, row_json(a->b->hosts, &list[i]));
		if (count > 0)
			after = list[count - 1].name;
	} while (!rc && count == STORE_LIST_MAX);
	return rc ? rc : count < 0 ? count : 200;
}

/* Its name, and its row if there is one.  Return: 0; a status of HTTP; an error of the store. */
static int find(struct api_ask *a, bool there, struct store_host *row)
{
	struct store_text name = { 0 };
	struct relay_peer peer;
	char text[ROLE_HOST + 16];
	int rc = api_text(a, "name", true, &name);

	if (rc)
		return rc;
	if (name.len >= ROLE_HOST ||
	    snprintf(text, sizeof(text), "attester/%.*s", (int)name.len,
		     (const char *)name.data) < 0 || !relay_peer_parse(str_of(text), &peer))
		return api_refuse(a, 400, "a host has letters, digits, -, _ and . in its name");
	rc = store_host_get(a->b->store, name, &a->arena, row);
	if (rc == -ENOENT && !there) {
		*row = (struct store_host){ .name = name };
		return 0;
	}
	return rc == -ENOENT ? api_refuse(a, 404, "there is no such host") : rc;
}

/* The Name of its attestation key: what it signs with, of its own accord as well. */
static json_t *ak_json(const struct store_host *row)
{
	struct tpm_public ak;
	struct tpm_name name;
	const char *why;

	if (!row->ak.len || tpm_public_parse_2b(row->ak.data, row->ak.len, &ak, &why) ||
	    tpm_public_name(&ak, &name))
		return json_null();
	return hex_json((struct store_text){ name.at, name.len });
}

/* That is given its tokens; none, or one that is no more: null. */
static int team_json(struct api_ask *a, u64 id, json_t **to)
{
	struct store_team *team;
	int n = id ? store_team_list(a->b->store, id - 1, 1, &a->arena, &team) : 0;

	*to = n == 1 && team->id == id ? api_string(team->name) : json_null();
	return n < 0 ? n : 0;
}

int admin_host_show(struct api_ask *a)
{
	struct store_host row;
	json_t *team = NULL;
	int rc = find(a, true, &row);

	rc = rc ? rc : team_json(a, row.team, &team);
	if (rc)
		return rc;
	a->out = row_json(a->b->hosts, &row);
	if (!a->out) {
		json_decref(team);
		return -ENOMEM;
	}
	json_object_set_new(a->out, "ak", ak_json(&row));
	json_object_set_new(a->out, "policy", hex_json(row.policy));
	json_object_set_new(a->out, "team", team);
	json_object_set_new(a->out, "clock", json_integer(row.clock));
	json_object_set_new(a->out, "resets", json_integer(row.resets));
	json_object_set_new(a->out, "restarts", json_integer(row.restarts));
	if (row.verdict.len)
		json_object_set_new(a->out, "verdict",
				    json_loadb(row.verdict.data, row.verdict.len, 0, NULL));
	return 200;
}

int admin_host_token(struct api_ask *a)
{
	struct store_host row;
	int rc = find(a, true, &row);

	return rc ? rc : api_host_give(a, &row);
}

/* The Name of an endorsement key, as tpm2_readpublic prints it. */
static int read_ek(struct api_ask *a, struct store_text *ek)
{
	struct store_text text = { 0 };
	int rc = api_text(a, "ek", false, &text);
	char hex[2 * TPM_NAME_MAX + 1];
	u8 *bytes;

	if (rc || !text.len)
		return rc;
	bytes = store_alloc(&a->arena, TPM_NAME_MAX);
	if (!bytes)
		return -ENOMEM;
	if (text.len % 2 || text.len / 2 < 2 + 20 ||
	    !str_copy((struct str){ text.data, text.len }, hex, sizeof(hex)) ||
	    hex_decode(hex, bytes, text.len / 2))
		return api_refuse(a, 400, "an endorsement key is named by its Name, in hexadecimal");
	*ek = (struct store_text){ bytes, text.len / 2 };
	return 0;
}

/* What it was is over: counters begin anew, and no lease is left. */
static int keep(struct api_ask *a, const struct store_host *row)
{
	struct hosts *hosts = a->b->hosts;
	struct host *h = host_of(hosts, (struct str){ row->name.data, row->name.len });
	int rc = h ? io_acquire(&h->one, 1, a->deadline) : -ENOSPC;

	if (rc)
		return rc;
	rc = host_keep(hosts, h, row);
	if (!rc)
		host_forget(h);
	io_release(&h->one, 1);
	return rc;
}

int admin_host_enrol(struct api_ask *a)
{
	struct store_host row, next = { .state = STORE_HOST_EXPECTED, .named = true };
	int rc = admin_team(a, false, &next.team);

	rc = rc ? rc : find(a, false, &row);

	if (!rc)
		rc = read_ek(a, &next.ek);
	if (rc)
		return rc;
	if (row.state == STORE_HOST_ENROLLED)
		return api_refuse(a, 409, "it is enrolled; revoke it before, if its TPM is another one");
	next.name = row.name;
	/* Known by one already: the same again. */
	if (!next.ek.len)
		next.ek = row.ek;
	if (!next.ek.len && !a->b->hosts->roots)
		return api_refuse(a, 400, "no maker of TPMs is believed here, so say which --ek it has; see skyctl attest host list for what it has shown");
	rc = keep(a, &next);
	return rc ? rc : 200;
}

int admin_host_revoke(struct api_ask *a)
{
	struct host_news news = {
		.action = "host.revoke", .why = "by the administrator", .actor = AUDIT_ADMIN,
	};
	struct store_host row;
	int rc = find(a, true, &row);

	if (rc)
		return rc;
	row.state = STORE_HOST_REVOKED;
	row.lease = 0;
	row.ak = (struct store_text){ 0 };
	row.signer = (struct store_text){ 0 };
	row.token = (struct store_text){ 0 };
	rc = keep(a, &row);
	if (rc)
		return rc;
	hosts_tell(a->b->hosts, json_string_value(json_object_get(a->in, "name")), &news);
	return 200;
}

/* For "status". */
json_t *admin_host_counts(struct api_ask *a)
{
	const struct hosts *hosts = a->b->hosts;
	struct store_host_lease *list;
	struct webhook_counts posted;
	unsigned int leased = 0;
	int i, count = store_host_leases(a->b->store, (struct store_text){ "", 0 }, STORE_LIST_MAX,
					 &a->arena, &list);

	for (i = 0; i < count; i++)
		leased += host_holds_lease(a->b, (struct str){ list[i].name.data,
							       list[i].name.len });
	webhook_counts(hosts->webhook, &posted);
	return json_pack("{s:b, s:i, s:i, s:I, s:I}", "required", a->b->config->attest_required,
			 "known", count < 0 ? 0 : count, "leased", (int)leased, "posted",
			 (json_int_t)posted.posted, "not_posted",
			 (json_int_t)(posted.failed + posted.dropped));
}
