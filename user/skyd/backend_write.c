// SPDX-License-Identifier: GPL-2.0-or-later
/* Objects that are written: from META_OPEN to META_COMMIT, and META_SET. */
#include <errno.h>
#include <string.h>

#include "backend_private.h"
#include "moves.h"
#include "pipe/manifest.h"

#define PIECE_US	(6ull * 3600 * 1000000)	/* for the next page of a body to come */

struct store_condition condition_of(struct rpc_bytes if_match, struct rpc_bytes if_none_match)
{
	return (struct store_condition){
		.if_match = text_of(if_match), .if_none_match = text_of(if_none_match),
	};
}

void result_write(const struct store_result *from, struct meta_result *to)
{
	to->version_kind = from->version.kind;
	memcpy(to->version, from->version.id, META_VERSION_BYTES);
	to->order = from->order;
	to->marker = from->marker;
}

/* --- META_OPEN -------------------------------------------------------------------- */

static bool matches(struct rpc_bytes condition, struct store_text etag)
{
	return str_is(str_of_bytes(condition), "*") ||
	       str_equal(str_of_bytes(condition), str_of_text(etag));
}

/* As it is now; the commit judges again. */
static int judge_conditions(struct call *c, const struct meta_open *ask)
{
	struct store_object o;
	int rc;

	if (!ask->if_match.len && !ask->if_none_match.len)
		return 0;
	rc = store_object_get(c->b->store, call_team(c), c->bucket->row.id, text_of(ask->name),
			      NULL, &c->arena, &o);
	if (rc == -STORE_NO_SUCH_KEY)
		return ask->if_match.len ? authz_missing(c, rc) : 0;
	if (rc)
		return backend_status(rc);
	if ((ask->if_match.len && !matches(ask->if_match, o.etag)) ||
	    (ask->if_none_match.len && matches(ask->if_none_match, o.etag)))
		return meta_status(S3_PRECONDITION_FAILED);
	return 0;
}

static int open_part(struct call *c, const struct meta_open *ask, struct meta_opened *give)
{
	struct store_upload upload;
	int rc;

	if (ask->part > STORE_PARTS_MAX)
		return meta_status(S3_INVALID_ARGUMENT);
	rc = store_upload_get(c->b->store, call_team(c), c->bucket->row.id, text_of(ask->name),
			      ask->upload, &c->arena, &upload);
	if (rc)
		return backend_status(rc);
	give->upload_key = bytes_of(upload.key);
	give->upload_checksums = bytes_of(upload.checksums);
	return 0;
}

static int give_slots(struct call *c, unsigned int count, struct meta_slots *give)
{
	const struct store_bucket *row = &c->bucket->row;
	const struct policy *policy;
	int rc;

	if (count > META_SLOTS_MAX)
		return -EINVAL;
	rc = plan_policy(c->b, row->team, row->policy, row->policy_revision, &c->arena, &policy);
	if (!rc)
		rc = plan_slots(c->b, row->team, policy, count, &c->arena, give);
	return backend_status(rc);
}

static bool canned_to_nobody(struct rpc_bytes name)
{
	struct str s = str_of_bytes(name);

	return str_is(s, "private") || str_is(s, "bucket-owner-read") ||
	       str_is(s, "bucket-owner-full-control");
}

static int answer_open(struct link_request *r, const void *question, void *answer)
{
	const struct meta_open *ask = question;
	/* Grants come with the commit, which judges them. */
	const struct authz_writing w = {
		.name = ask->name, .tags = ask->tags, .canned_acl = ask->canned_acl,
		.if_match = ask->if_match, .if_none_match = ask->if_none_match,
		.acl = ask->sets_acl,
		.to_nobody = !ask->canned_acl.len || canned_to_nobody(ask->canned_acl),
	};
	const struct authz_acl acl = { .canned_acl = ask->canned_acl };
	struct meta_opened *give = answer;
	struct call *c;
	int rc = call_in_bucket(r, &ask->caller, ask->bucket, &c);

	if (!rc)
		rc = authz_write(c, &w);
	if (!rc)
		rc = authz_acl(c, &acl);
	if (!rc)
		rc = ask->part ? open_part(c, ask, give) : judge_conditions(c, ask);
	if (!rc)
		rc = backend_policy(c, &give->policy);
	if (rc)
		return rc;
	give->versioning = c->bucket->row.versioning;
	return ask->slots ? give_slots(c, ask->slots, &give->slots) : 0;
}

/* For a body that has been opened: what it may be named in is judged at its commit. */
static int answer_slots(struct link_request *r, const void *question, void *answer)
{
	const struct meta_slots_ask *ask = question;
	struct call *c;
	int rc = call_in_bucket(r, &ask->caller, ask->bucket, &c);

	if (!rc && !ask->count)
		rc = -EINVAL;
	return rc ? rc : give_slots(c, ask->count, answer);
}

/* Who has a reservation's number may use it: META_OPEN or META_SLOTS gave it. */
static int answer_sign(struct link_request *r, const void *question, void *answer)
{
	struct call *c;
	int rc = call_plain(r, &c);

	return rc ? rc : backend_status(plan_sign(c->b, question, c->url_life, &c->arena, answer));
}

/* --- bodies ----------------------------------------------------------------------- */

/* Claims in the store's form; NULL: no memory. */
static struct store_claim *claims_of(struct call *c, const struct meta_claim *claim, u32 count)
{
	struct store_claim *to = store_alloc(&c->arena, (count + 1) * sizeof(*to));
	u32 i;

	for (i = 0; to && i < count; i++)
		to[i] = (struct store_claim){ claim[i].reservation, claim[i].mask };
	return to;
}

/* What the gateway says of a page has to be what is in it. */
static bool page_fits(struct rpc_bytes records, u32 generations, u64 start, u64 length)
{
	struct page page;

	return !page_parse(&page, records.data, records.len) && page.count == generations &&
	       page.offset == start && page.plain_bytes == length;
}

static int answer_piece_open(struct link_request *r, const void *question, void *answer)
{
	const struct meta_piece *ask = question;
	struct meta_piece *give = answer;
	struct call *c;
	int rc = call_in_bucket(r, &ask->caller, ask->bucket, &c);

	if (!rc)
		rc = backend_status(store_piece_open(c->b->store, call_team(c),
						     backend_now() + PIECE_US, &give->piece));
	return rc;
}

static int answer_piece_add(struct link_request *r, const void *question, void *answer)
{
	const struct meta_piece *ask = question;
	const struct store_page page = {
		.start = ask->start, .length = ask->length, .generations = ask->generations,
		.records = text_of(ask->records),
	};
	struct store_claim *claim;
	struct call *c;
	int rc = call_in_bucket(r, &ask->caller, ask->bucket, &c);

	(void)answer;
	if (!rc && !page_fits(ask->records, ask->generations, ask->start, ask->length))
		rc = -EINVAL;
	if (rc)
		return rc;
	claim = claims_of(c, ask->claim, ask->claims);
	if (!claim)
		return -ENOMEM;
	return backend_status(store_piece_add(c->b->store, call_team(c), ask->piece, &page, claim,
					      ask->claims, backend_now() + PIECE_US));
}

static int answer_piece_drop(struct link_request *r, const void *question, void *answer)
{
	const struct meta_piece *ask = question;
	struct call *c;
	int rc = call_in_bucket(r, &ask->caller, ask->bucket, &c);

	(void)answer;
	if (!rc)
		rc = store_piece_drop(c->b->store, call_team(c), ask->piece);
	/* It has gone by itself. */
	return rc == -STORE_EXPIRED ? 0 : backend_status(rc);
}

/* --- META_COMMIT ------------------------------------------------------------------ */

static int commit_part(struct call *c, const struct meta_commit *ask,
		       const struct store_body *body)
{
	const struct store_part part = {
		.number = ask->part, .size = ask->size, .etag = text_of(ask->etag),
		.checksums = text_of(ask->checksums), .modified = backend_now(),
	};

	return store_part_put(c->b->store, call_team(c), c->bucket->row.id, text_of(ask->name),
			      ask->upload, &part, body);
}

static int commit_object(struct call *c, const struct meta_commit *ask,
			 const struct authz_acl *acl, const struct store_body *body,
			 struct meta_result *give)
{
	struct store_put put = {
		.team = call_team(c), .bucket = c->bucket->row.id, .name = text_of(ask->name),
		.etag = text_of(ask->etag), .checksums = text_of(ask->checksums),
		.headers = text_of(ask->headers), .metadata = text_of(ask->metadata),
		.tags = text_of(ask->tags), .key = text_of(ask->key), .body = *body,
		.condition = condition_of(ask->if_match, ask->if_none_match),
	};
	struct store_result result = { 0 };
	bool others;
	int rc = grants_check(c, acl, c->bucket->owner, &put.acl, &others);

	if (!rc && others)
		rc = backend_share(c);
	if (!rc)
		rc = backend_status(store_object_put(c->b->store, &put, &result));
	if (rc)
		return rc;
	result_write(&result, give);
	give->expiration = expiry_of(c->bucket, put.name, put.tags, ask->size, result.order,
				     &c->arena);
	return 0;
}

static int answer_commit(struct link_request *r, const void *question, void *answer)
{
	const struct meta_commit *ask = question;
	struct authz_writing w = {
		.name = ask->name, .tags = ask->tags, .canned_acl = ask->canned_acl,
		.if_match = ask->if_match, .if_none_match = ask->if_none_match,
		.acl = ask->grants || ask->canned_acl.len,
	};
	const struct authz_acl acl = { ask->grant, ask->grants, ask->canned_acl, false };
	const struct store_page page = {
		.length = ask->size, .generations = ask->generations,
		.records = text_of(ask->records),
	};
	struct store_body body = { .size = ask->size, .piece = ask->piece, .claims = ask->claims };
	struct call *c;
	int rc = call_in_bucket(r, &ask->caller, ask->bucket, &c);

	if (!rc) {
		w.to_nobody = grants_to_nobody(c, ask->grant, ask->grants);
		rc = authz_write(c, &w);
	}
	if (!rc)
		rc = authz_acl(c, &acl);
	if (!rc && ask->generations &&
	    !page_fits(ask->records, ask->generations, 0, ask->size))
		rc = -EINVAL;
	if (rc)
		return rc;
	body.page = ask->generations ? &page : NULL;
	body.claim = claims_of(c, ask->claim, ask->claims);
	if (!body.claim)
		return -ENOMEM;
	rc = ask->part ? backend_status(commit_part(c, ask, &body))
		       : commit_object(c, ask, &acl, &body, answer);
	if (!rc)
		moves_look(c->b, ask->records, ask->piece);
	return rc;
}

/* --- META_SET --------------------------------------------------------------------- */

/* How often it is judged anew when what was judged has been replaced meanwhile. */
#define JUDGEMENTS	8

static int set_acl(struct call *c, const struct meta_set *ask,
		   const struct store_version *version,
		   const struct store_condition *condition, struct store_result *result)
{
	const struct authz_acl given = { ask->grant, ask->grants, ask->canned_acl, true };
	struct store_text acl;
	bool others = false;
	int rc = owner_check(c, ask->owner);

	if (!rc)
		rc = authz_acl(c, &given);
	if (!rc)
		rc = grants_check(c, &given, c->bucket->owner, &acl, &others);
	if (!rc && ask->owner.len && !ask->grants)
		rc = grants_revoke(c, &acl);
	if (!rc && others)
		rc = backend_share(c);
	return rc ? rc : store_object_set_acl(c->b->store, call_team(c), c->bucket->row.id,
					      text_of(ask->name), version, condition, acl,
					      result);
}

static int set_tags(struct call *c, const struct meta_set *ask,
		    const struct store_version *version,
		    const struct store_condition *condition, struct store_result *result)
{
	return store_object_set_tags(c->b->store, call_team(c), c->bucket->row.id,
				     text_of(ask->name), version, condition, text_of(ask->tags),
				     result);
}

/* -STORE_PRECONDITION: not the object that was judged is there now. */
static int judge_and_set(struct call *c, const struct meta_set *ask,
			 const struct store_version *version, struct store_result *result)
{
	struct store_object o;
	int found = store_object_get(c->b->store, call_team(c), c->bucket->row.id,
				     text_of(ask->name), version, &c->arena, &o);
	static const enum authz_op ops[] = {
		[META_SET_TAGS] = AUTHZ_PUT_TAGS, [META_REMOVE_TAGS] = AUTHZ_DELETE_TAGS,
		[META_SET_ACL] = AUTHZ_PUT_ACL,
	};
	const struct authz_ask may = {
		.op = ops[ask->what],
		.name = ask->name, .tags = ask->tags, .canned_acl = ask->canned_acl,
		.version = version, .object = found ? NULL : &o,
	};
	const struct store_condition same = { .order = found ? 0 : o.order };
	int rc = authz(c, &may);

	if (found)
		return rc || found == -STORE_NO_SUCH_KEY || found == -STORE_NO_SUCH_VERSION ?
		       authz_missing(c, found) : backend_status(found);
	if (rc)
		return rc;
	return ask->what == META_SET_ACL ? set_acl(c, ask, version, &same, result) :
					   set_tags(c, ask, version, &same, result);
}

static int answer_set(struct link_request *r, const void *question, void *answer)
{
	const struct meta_set *ask = question;
	struct store_result result = { 0 };
	struct store_version version;
	unsigned int left = JUDGEMENTS;
	struct call *c;
	int rc = call_in_bucket(r, &ask->caller, ask->bucket, &c);

	if (!rc && (ask->what > META_SET_ACL ||
		    (ask->what == META_REMOVE_TAGS && ask->tags.len) ||
		    !version_read(ask->version_kind, ask->version, &version)))
		rc = -EINVAL;
	if (rc)
		return rc;
	do {
		rc = judge_and_set(c, ask, &version, &result);
	} while (rc == -STORE_PRECONDITION && --left);
	if (rc == -STORE_PRECONDITION)
		return meta_status(S3_OPERATION_ABORTED);
	result_write(&result, answer);
	return backend_status(rc);
}

#define CLAIMS_ROOM	(GRANTS_ROOM + META_SLOTS_MAX * sizeof(struct meta_claim))

const struct link_operation backend_writes[] = {
	{ META_OPEN, "open", &meta_open_schema, &meta_opened_schema, CALLER_ROOM, GATEWAY,
	  answer_open },
	{ META_SLOTS, "slots", &meta_slots_ask_schema, &meta_slots_schema, CALLER_ROOM, GATEWAY,
	  answer_slots },
	{ META_SIGN, "sign", &meta_sign_schema, &meta_signed_schema,
	  META_URLS_MAX * sizeof(struct meta_fragment), GATEWAY, answer_sign },
	{ META_PIECE_OPEN, "piece-open", &meta_piece_schema, &meta_piece_schema, CLAIMS_ROOM,
	  GATEWAY, answer_piece_open },
	{ META_PIECE_ADD, "piece-add", &meta_piece_schema, NULL, CLAIMS_ROOM, GATEWAY,
	  answer_piece_add },
	{ META_PIECE_DROP, "piece-drop", &meta_piece_schema, NULL, CLAIMS_ROOM, GATEWAY,
	  answer_piece_drop },
	{ META_COMMIT, "commit", &meta_commit_schema, &meta_result_schema, CLAIMS_ROOM, GATEWAY,
	  answer_commit },
	{ META_SET, "set", &meta_set_schema, &meta_result_schema, GRANTS_ROOM, GATEWAY,
	  answer_set },
	{ 0 },
};
