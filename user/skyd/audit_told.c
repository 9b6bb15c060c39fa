// SPDX-License-Identifier: GPL-2.0-or-later
/* Which of gateways' questions change something, and what they are about. */
#include <stddef.h>

#include <linux/kernel.h>

#include "audit.h"
#include "backend_private.h"

#define AT(type, field)	offsetof(struct type, field)
#define NONE		SIZE_MAX

/* All of these begin with a struct meta_caller. */
static const struct {
	u16 operation;
	const char *action;
	size_t bucket, name;		/* where they are in the question */
	bool object;			/* told only where audit_objects says so */
} rows[] = {
	{ META_BUCKET_CREATE, "bucket.create", AT(meta_bucket_make, name), NONE, false },
	{ META_BUCKET_DELETE, "bucket.delete", AT(meta_bucket_ask, name), NONE, false },
	{ META_BUCKET_VERSIONING, "bucket.versioning", AT(meta_bucket_set, name), NONE, false },
	{ META_BUCKET_SET_DOCUMENT, "bucket.document", AT(meta_bucket_set, name), NONE, false },
	{ META_COMMIT, "object.put", AT(meta_commit, bucket), AT(meta_commit, name), true },
	{ META_UPLOAD_COMPLETE, "object.put", AT(meta_complete, bucket),
	  AT(meta_complete, name), true },
	{ META_SET, "object.set", AT(meta_set, bucket), AT(meta_set, name), true },
	{ META_DELETE, "object.delete", AT(meta_delete, bucket), NONE, true },
};

static const char *const documents[STORE_DOCUMENTS] = {
	[STORE_ACL] = "bucket.acl", [STORE_CORS] = "bucket.cors",
	[STORE_BUCKET_POLICY] = "bucket.policy", [STORE_LIFECYCLE] = "bucket.lifecycle",
	[STORE_TAGS] = "bucket.tags", [STORE_OWNERSHIP] = "bucket.ownership",
	[STORE_PUBLIC_ACCESS] = "bucket.public_access",
};

static struct str text_at(const void *ask, size_t at)
{
	const struct rpc_bytes *b = (const void *)((const char *)ask + at);

	return str_of_bytes(*b);
}

/* What documents say of who may do what is the policy that the change was made to. */
static struct str digest_of(struct rpc_bytes body, char to[2 * SHA256_BYTES])
{
	struct out o = OUT(to, 2 * SHA256_BYTES);
	uint8_t digest[SHA256_BYTES];

	if (!body.len)
		return STR_NONE;
	sha256_of(body.data, body.len, digest);
	out_hex(&o, digest, sizeof(digest));
	return out_written(&o);
}

/* @name: of an object, or none. */
static void tell(struct backend *b, const struct meta_caller *caller, struct ledger_event *e,
		 struct str bucket, struct str name)
{
	char actor[ENTRY_PSEUDONYM], object[AUDIT_OBJECT];

	e->actor = audit_actor(b, str_of_bytes(caller->access_key), actor);
	e->object = audit_object(object, name.len ? "object" : "bucket", bucket);
	if (name.len) {
		struct out o = { .at = object, .len = e->object.len, .size = AUDIT_OBJECT - 1 };

		out_char(&o, '/');
		out_str(&o, str_head(name, o.size - o.len));
		e->object = out_written(&o);
	}
	e->result = AUDIT_OK;
	audit_event(b, e);
}

static void tell_deleted(struct backend *b, const struct meta_delete *ask, struct ledger_event *e)
{
	u32 i;

	for (i = 0; i < ask->count; i++)
		tell(b, &ask->caller, e, str_of_bytes(ask->bucket),
		     str_of_bytes(ask->item[i].name));
}

/* By itself: nobody has asked for it. */
static void tell_repair(struct backend *b, const struct meta_repair *ask)
{
	char object[AUDIT_OBJECT];
	const struct ledger_event e = {
		STR("gateway"), STR("object.repair"),
		audit_number(object, "bucket", ask->data.bucket), AUDIT_OK, STR_NONE,
	};

	audit_event(b, &e);
}

void audit_told(struct link_request *r, const struct link_operation *op, const void *ask,
		int status)
{
	struct backend *b = r->ctx;
	struct ledger_event e = { 0 };
	char digest[2 * SHA256_BYTES];
	size_t i;

	/* What was refused has changed nothing; and strangers could fill the disk with it. */
	if (status || !ask || !b->audit)
		return;
	if (op->number == META_REPAIR && b->config->audit_objects)
		tell_repair(b, ask);
	for (i = 0; i < ARRAY_SIZE(rows) && rows[i].operation != op->number; i++)
		;
	if (i == ARRAY_SIZE(rows) || (rows[i].object && !b->config->audit_objects))
		return;
	e.action = str_of(rows[i].action);
	if (op->number == META_BUCKET_SET_DOCUMENT) {
		const struct meta_bucket_set *set = ask;

		if (set->document < STORE_DOCUMENTS && documents[set->document])
			e.action = str_of(documents[set->document]);
		e.policy = digest_of(set->body, digest);
	}
	if (op->number == META_DELETE)
		tell_deleted(b, ask, &e);
	else
		tell(b, ask, &e, text_at(ask, rows[i].bucket),
		     rows[i].name == NONE ? STR_NONE : text_at(ask, rows[i].name));
}
