// SPDX-License-Identifier: GPL-2.0-or-later
/* What administrators and users of the API have changed, for the audit ledger; and its files. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "audit.h"
#include "log.h"

/* What the change is about: the first of these members that was given. */
static const struct {
	const char *member, *noun;
	bool person;		/* told by a salted hash */
} about[] = {
	{ "access_key", "key", true },
	{ "name", NULL, false },
	{ "team", "team", false },
};

/* "team.create": "team" */
static const char *noun_of(const char *action, char noun[32])
{
	size_t len = strcspn(action, ".");

	len = len < 31 ? len : 31;
	memcpy(noun, action, len);
	noun[len] = 0;
	return noun;
}

static struct str object_of(const struct api_ask *a, const char *action, char to[AUDIT_OBJECT])
{
	char noun[32], hash[ENTRY_PSEUDONYM];
	const char *text;
	size_t i;

	for (i = 0; i < sizeof(about) / sizeof(about[0]); i++) {
		text = json_string_value(json_object_get(a->in, about[i].member));
		if (!text)
			text = json_string_value(json_object_get(a->out, about[i].member));
		if (!text)
			continue;
		if (!about[i].person)
			return audit_object(to, about[i].noun ? about[i].noun :
					    noun_of(action, noun), str_of(text));
		entry_pseudonym(&a->b->audit->salt, about[i].noun, str_of(text), hash);
		return str_copy(str_of(hash), to, AUDIT_OBJECT) ? str_of(to) : STR_NONE;
	}
	return audit_object(to, noun_of(action, noun), a->rest);
}

static struct str result_of(int status, char to[16])
{
	struct out o = OUT(to, 16);

	if (status < 400)
		return AUDIT_OK;
	out_text(&o, "refused:");
	out_number(&o, status);
	return out_written(&o);
}

/* Of the document that was sent. */
static struct str policy_of(const struct api_ask *a, char to[2 * SHA256_BYTES])
{
	struct out o = OUT(to, 2 * SHA256_BYTES);
	uint8_t digest[SHA256_BYTES];

	if (!a->digested)
		return STR_NONE;
	memcpy(digest, a->digest, sizeof(digest));
	out_hex(&o, digest, sizeof(digest));
	return out_written(&o);
}

int api_audit(struct api_ask *a, const char *action, int status)
{
	char object[AUDIT_OBJECT], actor[ENTRY_PSEUDONYM], result[16], digest[2 * SHA256_BYTES];
	struct ledger_event e;
	int rc;

	if (!action || !a->b->audit)
		return status;
	e = (struct ledger_event){
		.actor = a->access.len ? audit_actor(a->b, a->access, actor) : AUDIT_ADMIN,
		.action = str_of(action), .object = object_of(a, action, object),
		.result = result_of(status, result), .policy = policy_of(a, digest),
	};
	if (a->access.len) {
		audit_event(a->b, &e);
		return status;
	}
	rc = audit_event_wait(a->b, &e);
	if (rc)
		log_line(LEVEL_WARNING, "%s was done, and is not in the audit ledger: %s", action,
			 strerror(-rc));
	return status;
}

/* --- its files ------------------------------------------------------------------------- */

static int read_file(void *arg)
{
	struct api_ask *a = arg;
	char path[DISK_PATH];

	if (snprintf(path, sizeof(path), "%s/%.*s", a->b->audit->dir, STR_ARG(a->rest)) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	return disk_read(path, META_API_MAX, &a->file, &a->file_len);
}

int api_audit_file(struct api_ask *a)
{
	struct tile t;
	bool tile = !tile_parse(a->rest, &t);
	int rc;

	if (!a->b->audit || !a->b->config->audit_public ||
	    (!tile && !str_is(a->rest, LEDGER_CHECKPOINT) && !str_is(a->rest, LEDGER_WITNESSED)))
		return api_refuse(a, 404, "there is no such file");
	rc = io_work(a->b->db, read_file, a, a->deadline);
	if (rc == -ENOENT)
		return api_refuse(a, 404, "there is no such file");
	a->file_type = tile ? "application/octet-stream" : "text/plain; charset=utf-8";
	return rc ? rc : 200;
}
