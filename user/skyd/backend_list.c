// SPDX-License-Identifier: GPL-2.0-or-later
/* Listings, and the deletion of many objects. */
#include <errno.h>
#include <string.h>

#include "backend_private.h"

#define DELETERS	64u	/* fibers: so many deletions can be one commit */
#define LIST_BYTES	(3u * META_LINK_MAX / 4)	/* then the page is full */

/* --- META_LIST -------------------------------------------------------------------- */

static int list(struct call *c, const struct meta_list *ask, struct store_listing *listing)
{
	struct store_list l = {
		.team = call_team(c), .bucket = c->bucket->row.id, .prefix = text_of(ask->prefix),
		.delimiter = text_of(ask->delimiter), .after = text_of(ask->after),
		.max = ask->max < STORE_LIST_MAX ? ask->max : STORE_LIST_MAX,
	};

	if (!version_read(ask->after_kind, ask->after_version, &l.after_version))
		return -EINVAL;
	/* No name is as long, so that nothing begins with it, or comes behind it. */
	if (l.prefix.len > STORE_NAME_MAX) {
		*listing = (struct store_listing){ 0 };
		return 0;
	}
	if (l.after.len > STORE_NAME_MAX)
		l.after.len = STORE_NAME_MAX;
	switch (ask->kind) {
	case META_LIST_OBJECTS:
		return store_list_objects(c->b->store, &l, &c->arena, listing);
	case META_LIST_VERSIONS:
		return store_list_versions(c->b->store, &l, &c->arena, listing);
	default:
		return store_list_uploads(c->b->store, &l, &c->arena, listing);
	}
}

static size_t write_entry(const struct store_entry *e, struct meta_entry *to)
{
	*to = (struct meta_entry){
		.name = bytes_of(e->name), .group = e->group, .latest = e->latest,
		.marker = e->marker, .version_kind = e->version.kind, .order = e->order,
		.size = e->size, .etag = bytes_of(e->etag), .checksums = bytes_of(e->checksums),
	};
	memcpy(to->version, e->version.id, META_VERSION_BYTES);
	return 64 + to->name.len + to->etag.len + to->checksums.len;
}

/* As many as there is room for in an answer. */
static int write_listing(struct call *c, const struct store_listing *l, struct meta_listing *give)
{
	struct meta_entry *to = store_alloc(&c->arena, (l->count + 1) * sizeof(*to));
	size_t bytes = 0;
	unsigned int n;

	if (!to)
		return -ENOMEM;
	for (n = 0; n < l->count && bytes < LIST_BYTES; n++)
		bytes += write_entry(&l->entry[n], &to[n]);
	give->entry = to;
	give->count = n;
	give->truncated = l->truncated || n < l->count;
	if (!give->truncated)
		return 0;
	give->next = n < l->count ? to[n - 1].name : bytes_of(l->next);
	give->next_kind = n < l->count ? to[n - 1].version_kind : l->next_version.kind;
	memcpy(give->next_version, n < l->count ? to[n - 1].version : l->next_version.id,
	       META_VERSION_BYTES);
	return 0;
}

static int answer_list(struct link_request *r, const void *question, void *answer)
{
	static const enum authz_op ops[] = {
		[META_LIST_OBJECTS] = AUTHZ_LIST, [META_LIST_VERSIONS] = AUTHZ_LIST_VERSIONS,
		[META_LIST_UPLOADS] = AUTHZ_LIST_UPLOADS,
	};
	const struct meta_list *ask = question;
	struct authz_ask may = { .list = ask };
	struct meta_listing *give = answer;
	struct store_listing listing;
	struct call *c;
	int rc = call_in_bucket(r, &ask->caller, ask->bucket, &c);

	if (!rc && ask->kind > META_LIST_UPLOADS)
		rc = -EINVAL;
	if (rc)
		return rc;
	may.op = ops[ask->kind];
	rc = authz(c, &may);
	if (!rc)
		rc = list(c, ask, &listing);
	if (rc)
		return backend_status(rc);
	give->owner = (struct rpc_bytes){ c->bucket->owner, OWNER_LEN };
	give->owner_name = bytes_of(c->bucket->owner_name);
	return write_listing(c, &listing, give);
}

/* --- META_DELETE ------------------------------------------------------------------ */

/* How often it is judged anew when what was judged has been replaced meanwhile. */
#define JUDGEMENTS	8

struct deletion {
	struct call *c;
	const struct meta_delete *ask;
	struct meta_deleted_item *item;
	u32 next;
	int error;		/* of one that is no answer: all end */
};

static bool on_what_was_judged(const struct store_condition *x)
{
	return x->order || x->if_none_match.len;
}

/* A policy may look at the tags of what is deleted: it is that, or it is judged anew. */
static int judge_and_delete(struct call *c, const struct meta_delete_item *item,
			    const struct store_version *version, struct store_result *result)
{
	struct store_condition condition;
	const struct authz_ask may = {
		.op = AUTHZ_DELETE, .name = item->name, .version = version,
		.if_match = item->if_match, .judged = &condition,
	};
	unsigned int left = JUDGEMENTS;
	bool held;
	int rc;

	do {
		condition = (struct store_condition){ .if_match = text_of(item->if_match) };
		rc = authz(c, &may);
		if (rc)
			return rc;
		held = on_what_was_judged(&condition);
		rc = store_object_delete(c->b->store, call_team(c), c->bucket->row.id,
					 text_of(item->name), version,
					 held || item->if_match.len ? &condition : NULL, result);
	} while (rc == -STORE_PRECONDITION && held && --left);
	return left || item->if_match.len ? rc : meta_status(S3_OPERATION_ABORTED);
}

static int delete_one(struct call *c, const struct meta_delete_item *item,
		      struct meta_deleted_item *to)
{
	struct store_result result = { 0 };
	struct store_version version;
	int rc = version_read(item->version_kind, item->version, &version) ? 0 : -EINVAL;

	if (!rc)
		rc = judge_and_delete(c, item, &version, &result);
	/* A version that cannot be there is not there any more. */
	if (rc == -STORE_NO_SUCH_VERSION)
		rc = 0;
	if (rc)
		return backend_status(rc);
	to->version_kind = result.version.kind;
	memcpy(to->version, result.version.id, META_VERSION_BYTES);
	to->marker = result.marker;
	return 0;
}

static int deleter(void *arg)
{
	struct deletion *d = arg;
	int rc;

	while (!d->error && d->next < d->ask->count) {
		u32 i = d->next++;

		rc = delete_one(d->c, &d->ask->item[i], &d->item[i]);
		if (rc == -ECANCELED || rc == -EINVAL)
			d->error = rc;
		else if (rc)
			d->item[i].code = meta_code(rc) ? meta_code(rc) : S3_INTERNAL_ERROR;
	}
	return 0;
}

static int delete_all(struct deletion *d)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	u32 i;
	int rc = 0;

	if (d->ask->count == 1)
		return deleter(d);
	for (i = 0; !rc && i < DELETERS && i < d->ask->count; i++)
		rc = io_spawn(&group, deleter, d, NULL);
	if (!rc || i > 1)
		rc = io_group_drain(&group, 0);
	return rc;
}

static int answer_delete(struct link_request *r, const void *question, void *answer)
{
	const struct meta_delete *ask = question;
	struct meta_deleted *give = answer;
	struct deletion d = { .ask = ask };
	int rc = call_in_bucket(r, &ask->caller, ask->bucket, &d.c);

	if (rc)
		return rc;
	d.item = store_alloc(&d.c->arena, (ask->count + 1) * sizeof(*d.item));
	if (!d.item)
		return -ENOMEM;
	rc = delete_all(&d);
	*give = (struct meta_deleted){ d.item, ask->count };
	return rc ? rc : d.error;
}

const struct link_operation backend_lists[] = {
	{ META_LIST, "list", &meta_list_schema, &meta_listing_schema, CALLER_ROOM, GATEWAY,
	  answer_list },
	{ META_DELETE, "delete", &meta_delete_schema, &meta_deleted_schema,
	  CALLER_ROOM + META_DELETE_MAX * sizeof(struct meta_delete_item), GATEWAY,
	  answer_delete },
	{ 0 },
};
