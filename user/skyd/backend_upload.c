// SPDX-License-Identifier: GPL-2.0-or-later
/* Multipart uploads, and the parts of what came of them. */
#include <errno.h>
#include <string.h>

#include <asm/byteorder.h>

#include "backend_private.h"

/* --- create ----------------------------------------------------------------------- */

static int may_create(struct call *c, const struct meta_commit *ask,
		      const struct authz_acl *acl)
{
	const struct authz_writing w = {
		.name = ask->name, .tags = ask->tags, .canned_acl = ask->canned_acl,
		.acl = ask->grants || ask->canned_acl.len,
		.to_nobody = grants_to_nobody(c, ask->grant, ask->grants),
	};
	int rc = authz_write(c, &w);

	return rc ? rc : authz_acl(c, acl);
}

static int answer_create(struct link_request *r, const void *question, void *answer)
{
	const struct meta_commit *ask = question;
	struct store_upload upload = {
		.name = text_of(ask->name), .headers = text_of(ask->headers),
		.metadata = text_of(ask->metadata), .tags = text_of(ask->tags),
		.key = text_of(ask->key), .checksums = text_of(ask->checksums),
	};
	const struct authz_acl acl = { ask->grant, ask->grants, ask->canned_acl, false };
	struct meta_result *give = answer;
	bool others = false;
	struct call *c;
	int rc = call_in_bucket(r, &ask->caller, ask->bucket, &c);

	if (!rc)
		rc = may_create(c, ask, &acl);
	if (!rc)
		rc = grants_check(c, &acl, c->bucket->owner, &upload.acl, &others);
	if (!rc && others)
		rc = backend_share(c);
	if (rc)
		return rc;
	upload.team = call_team(c);
	upload.bucket = c->bucket->row.id;
	rc = store_upload_create(c->b->store, &upload);
	give->version_kind = META_BY_ID;
	memcpy(give->version, upload.id, META_VERSION_BYTES);
	give->order = upload.created;
	return backend_status(rc);
}

/* --- parts ------------------------------------------------------------------------ */

static int list_parts(struct call *c, const struct meta_upload *ask,
		      const struct store_data *data, u32 after, u32 max, struct store_part **part)
{
	if (data)
		return store_object_parts(c->b->store, data, after, max, &c->arena, part);
	return store_part_list(c->b->store, call_team(c), c->bucket->row.id, text_of(ask->name),
			       ask->upload, after, max, &c->arena, part);
}

/* @data: of an object that is finished; NULL: an upload's. */
static int give_parts(struct call *c, const struct meta_upload *ask,
		      const struct store_data *data, struct meta_parts *give)
{
	u32 max = ask->max < META_LIST_MAX ? ask->max : META_LIST_MAX;
	struct store_part *part, *more;
	struct meta_part *to;
	int i, n;

	n = list_parts(c, ask, data, ask->after, max, &part);
	if (n < 0)
		return backend_status(n);
	to = store_alloc(&c->arena, (n + 1) * sizeof(*to));
	if (!to)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		to[i] = (struct meta_part){
			.number = part[i].number, .size = part[i].size,
			.modified = part[i].modified, .etag = bytes_of(part[i].etag),
			.checksums = bytes_of(part[i].checksums),
		};
	give->part = to;
	give->count = n;
	if (n < (int)max)
		return 0;
	n = list_parts(c, ask, data, n ? to[n - 1].number : ask->after, 1, &more);
	give->truncated = n > 0;
	return n < 0 ? backend_status(n) : 0;
}

static int answer_parts(struct link_request *r, const void *question, void *answer)
{
	const struct meta_upload *ask = question;
	const struct authz_ask may = { .op = AUTHZ_LIST_PARTS, .name = ask->name };
	struct meta_parts *give = answer;
	struct store_upload upload;
	struct call *c;
	int rc = call_in_bucket(r, &ask->caller, ask->bucket, &c);

	if (!rc)
		rc = authz(c, &may);
	if (!rc)
		rc = store_upload_get(c->b->store, call_team(c), c->bucket->row.id,
				      text_of(ask->name), ask->upload, &c->arena, &upload);
	if (rc)
		return backend_status(rc);
	give->owner = (struct rpc_bytes){ c->bucket->owner, OWNER_LEN };
	give->owner_name = bytes_of(c->bucket->owner_name);
	give->checksums = bytes_of(upload.checksums);
	give->headers = bytes_of(upload.headers);
	give->key = bytes_of(upload.key);
	return give_parts(c, ask, NULL, give);
}

/* The seal says that the caller may: META_READ has judged. */
static int answer_object_parts(struct link_request *r, const void *question, void *answer)
{
	const struct meta_upload *ask = question;
	struct store_data data;
	struct call *c;
	int rc = call_begin(r, &ask->caller, &c);

	if (!rc)
		rc = data_check(c, &ask->data, false, &data);
	if (rc || !data.parts)
		return rc;
	return give_parts(c, ask, &data, answer);
}

/* --- end -------------------------------------------------------------------------- */

static int answer_abort(struct link_request *r, const void *question, void *answer)
{
	const struct meta_upload *ask = question;
	const struct authz_ask may = { .op = AUTHZ_ABORT, .name = ask->name };
	struct call *c;
	int rc = call_in_bucket(r, &ask->caller, ask->bucket, &c);

	(void)answer;
	if (!rc)
		rc = authz(c, &may);
	if (!rc)
		rc = store_upload_abort(c->b->store, call_team(c), c->bucket->row.id,
					text_of(ask->name), ask->upload);
	return backend_status(rc);
}

/*
 * A client that has lost the answer asks again.  The upload is gone, but what it has made names it,
 * as long as nothing newer is there.
 */
static int complete_again(struct call *c, const struct meta_complete *ask,
			  struct meta_result *give)
{
	struct store_object o;
	__be64 ref;
	int rc = store_object_get(c->b->store, call_team(c), c->bucket->row.id,
				  text_of(ask->name), NULL, &c->arena, &o);

	memcpy(&ref, ask->upload, sizeof(ref));
	if (rc || !o.data.parts || o.data.ref != be64_to_cpu(ref) ||
	    !str_equal(str_of_text(o.etag), str_of_bytes(ask->etag)))
		return meta_status(S3_NO_SUCH_UPLOAD);
	result_write(&(struct store_result){ .version = o.version, .order = o.order }, give);
	return 0;
}

static int complete(struct call *c, const struct meta_complete *ask, struct meta_result *give)
{
	struct store_complete to = {
		.team = call_team(c), .bucket = c->bucket->row.id, .name = text_of(ask->name),
		.etag = text_of(ask->etag), .checksums = text_of(ask->checksums),
		.condition = { .if_match = text_of(ask->if_match),
			       .if_none_match = text_of(ask->if_none_match) },
	};
	struct store_part *part = store_alloc(&c->arena, (ask->parts + 1) * sizeof(*part));
	struct store_result result = { 0 };
	u32 i;
	int rc;

	if (!part)
		return -ENOMEM;
	for (i = 0; i < ask->parts; i++) {
		part[i].number = ask->part[i].number;
		part[i].etag = text_of(ask->part[i].etag);
	}
	to.part = part;
	to.parts = ask->parts;
	memcpy(to.id, ask->upload, STORE_VERSION_BYTES);
	rc = store_upload_complete(c->b->store, &to, &result);
	if (rc == -STORE_NO_SUCH_UPLOAD)
		return complete_again(c, ask, give);
	if (rc)
		return backend_status(rc);
	result_write(&result, give);
	return 0;
}

static int answer_complete(struct link_request *r, const void *question, void *answer)
{
	const struct meta_complete *ask = question;
	const struct authz_ask may = {
		.op = AUTHZ_PUT, .name = ask->name, .if_match = ask->if_match,
		.if_none_match = ask->if_none_match,
	};
	struct meta_result *give = answer;
	struct store_object o;
	struct call *c;
	int rc = call_in_bucket(r, &ask->caller, ask->bucket, &c);

	if (!rc)
		rc = authz(c, &may);
	if (!rc)
		rc = complete(c, ask, give);
	if (rc || !c->bucket->rules)
		return rc;
	/* Only the store knows its size and tags.  What it says is no part of the commit. */
	rc = store_object_get(c->b->store, call_team(c), c->bucket->row.id, text_of(ask->name),
			      NULL, &c->arena, &o);
	if (!rc && o.order == give->order)
		give->expiration = expiry_of(c->bucket, o.name, o.tags, o.size, o.order,
					     &c->arena);
	return 0;
}

const struct link_operation backend_uploads[] = {
	{ META_UPLOAD_CREATE, "upload-create", &meta_commit_schema, &meta_result_schema,
	  GRANTS_ROOM + META_SLOTS_MAX * sizeof(struct meta_claim), GATEWAY, answer_create },
	{ META_UPLOAD_PARTS, "upload-parts", &meta_upload_schema, &meta_parts_schema,
	  CALLER_ROOM, GATEWAY, answer_parts },
	{ META_UPLOAD_COMPLETE, "upload-complete", &meta_complete_schema, &meta_result_schema,
	  CALLER_ROOM + META_PARTS_MAX * sizeof(struct meta_part), GATEWAY, answer_complete },
	{ META_UPLOAD_ABORT, "upload-abort", &meta_upload_schema, NULL, CALLER_ROOM, GATEWAY,
	  answer_abort },
	{ META_OBJECT_PARTS, "object-parts", &meta_upload_schema, &meta_parts_schema,
	  CALLER_ROOM, GATEWAY, answer_object_parts },
	{ 0 },
};
