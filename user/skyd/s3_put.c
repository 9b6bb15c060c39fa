// SPDX-License-Identifier: GPL-2.0-or-later
/* PutObject; and how every body is written: an object, a part, a copy, a form's file. */
#include <errno.h>

#include "cache.h"
#include "front.h"
#include "store.h"

int upload_open(struct upload *u, struct s3_call *c, u64 size)
{
	int rc;

	u->c = c;
	u->answer = LINK_ANSWER_NONE;
	u->committed = LINK_ANSWER_NONE;
	u->open.caller = c->caller;
	u->open.slots = slots_wanted(c->g, u->open.bucket, size);
	rc = front_ask(c, META_OPEN, &meta_open_schema, &u->open, &meta_opened_schema, &u->opened,
		       META_SLOTS_MAX * sizeof(struct meta_slot), &u->answer);
	if (rc)
		return rc;
	/* Whoever lets others write pays for those of whom nobody knows who they are. */
	if (!c->payer)
		c->payer = u->opened.policy.team;
	if (u->opened.slots.count)
		slots_give(c->g, u->open.bucket, &u->opened.policy, &u->opened.slots);
	return 0;
}

/* A part is encrypted with the key of its upload, which is that of the whole. */
static int upload_key(struct upload *u)
{
	struct str name = str_from(u->open.name);
	int64_t deadline = io_after_ms(FRONT_CALL_MS);
	int rc;

	if (u->open.part)
		return body_key_open(u->c->g, &u->opened.policy, name, u->opened.upload_key,
				     &u->key, deadline);
	rc = body_key_make(u->c->g, &u->opened.policy, name, &u->key, u->wrapped, deadline);
	if (rc < 0)
		return rc;
	u->commit.key = (struct rpc_bytes){ u->wrapped, rc };
	return 0;
}

int upload_write(struct upload *u, struct pipe_source *source, u64 size, enum s3_checksum kind)
{
	struct out etag = OUT(u->etag, sizeof(u->etag));
	int rc = upload_key(u);

	if (rc)
		return rc;
	u->put = (struct pipe_put){
		.caller = &u->c->caller, .bucket = u->open.bucket, .policy = &u->opened.policy,
		.key = &u->key, .part = u->open.part, .source = source, .size_hint = size,
		.checksum = kind, .cache = u->cache,
	};
	u->written = true;
	rc = pipe_put(u->c->g, &u->put);
	if (rc)
		return rc;
	s3_etag_write(&etag, u->put.md5, 0);
	u->etag_len = etag.len;
	u->sums = (struct object_sums){
		.value = u->put.value, .type = S3_FULL_OBJECT, .empty = kind == S3_NO_CHECKSUM,
	};
	if (u->sums.empty)
		u->sums.value.kind = S3_NO_CHECKSUM;
	return 0;
}

struct str upload_etag(const struct upload *u)
{
	return (struct str){ u->etag, u->etag_len };
}

void upload_commit_fields(struct upload *u, const struct object_fields *f)
{
	struct meta_commit *m = &u->commit;

	m->caller = u->c->caller;
	m->bucket = u->open.bucket;
	m->name = u->open.name;
	memcpy(m->upload, u->open.upload, sizeof(m->upload));
	m->part = u->open.part;
	m->checksums = (struct rpc_bytes){ u->blob, sums_write(&u->sums, u->blob) };
	m->if_match = u->open.if_match;
	m->if_none_match = u->open.if_none_match;
	if (!f)
		return;
	m->headers = bytes_of(out_written(&f->headers));
	m->metadata = bytes_of(out_written(&f->metadata));
	m->tags = bytes_of(out_written(&f->tags));
	m->grant = f->grant;
	m->grants = f->grants;
	m->canned_acl = f->grants_canned;
}

int upload_commit(struct upload *u, const struct object_fields *f)
{
	struct meta_commit *m = &u->commit;
	int rc;

	upload_commit_fields(u, f);
	m->size = u->put.size;
	m->etag = bytes_of(upload_etag(u));
	m->generations = u->put.piece ? 0 : u->put.generations;
	m->records = (struct rpc_bytes){ u->put.records, u->put.piece ? 0 : u->put.records_len };
	m->piece = u->put.piece;
	m->claim = u->put.claim;
	m->claims = u->put.claims;
	rc = front_ask(u->c, META_COMMIT, &meta_commit_schema, m, &meta_result_schema, &u->result,
		       0, &u->committed);
	if (rc)
		return rc;
	pipe_put_free(&u->put);
	u->written = false;
	if (!u->open.part && u->opened.versioning == STORE_UNVERSIONED)
		cache_forget(u->c->g, cache_place(u->c->g, str_from(u->open.bucket),
						  str_from(u->open.name)), cache_body(&u->key));
	return 0;
}

void upload_end(struct upload *u)
{
	if (u->written) {
		io_shield();
		pipe_put_drop(u->c->g, &u->put);
		io_unshield();
		pipe_put_free(&u->put);
	}
	explicit_bzero(&u->key, sizeof(u->key));
	link_answer_free(&u->answer);
	link_answer_free(&u->committed);
}

/* --- PutObject ----------------------------------------------------------------------- */

/* A version of an object is not what can be written. */
static int check_parameters(struct s3_call *c)
{
	struct str version;

	if (query_find(c->uri.query, STR("versionId"), &version))
		return front_argument(c, STR("versionId"), version,
				      "This operation does not accept a version-id.");
	return 0;
}

static int reply(struct upload *u)
{
	struct out *o = front_reply(u->c, 200);

	etag_field(o, upload_etag(u));
	sums_fields(o, &u->sums);
	http_write_field(o, STR("x-amz-server-side-encryption"), STR("AES256"));
	version_field(o, u->result.version_kind, u->result.version);
	if (u->result.expiration.len)
		http_write_field(o, STR("x-amz-expiration"), str_from(u->result.expiration));
	return http_reply_whole(u->c->rq, NULL, 0);
}

int s3_put_object(struct s3_call *c)
{
	CLEANUP_UPLOAD struct upload u = { .c = c, .answer = LINK_ANSWER_NONE,
					   .committed = LINK_ANSWER_NONE };
	enum s3_checksum kind;
	struct object_fields f;
	struct body_source b;
	int rc = check_parameters(c);

	if (!rc)
		rc = fields_read(c, &f, true, true);
	if (!rc)
		rc = write_conditions(c, &u.open.if_match, &u.open.if_none_match);
	if (!rc)
		rc = body_open(&b, c, FRONT_PUT_MAX);
	if (rc)
		return rc;
	u.open.bucket = bytes_of(c->target.bucket);
	u.open.name = bytes_of(c->target.key);
	u.open.tags = bytes_of(out_written(&f.tags));
	u.open.sets_acl = f.grants || f.grants_canned.len;
	u.open.canned_acl = f.grants_canned;
	/* As S3 does it where nobody has asked for another. */
	kind = b.sums.algorithm == S3_NO_CHECKSUM ? S3_CRC64NVME : b.sums.algorithm;
	u.cache = cache_use_begin(c->g, c->target.bucket, c->target.key);
	rc = upload_open(&u, c, b.size);
	if (rc)
		return rc;
	cache_want(c->g, &u.cache, &u.opened.policy, c->target.bucket,
		   fields_type(out_written(&f.headers)), b.size);
	rc = upload_write(&u, &b.base, b.size, kind);
	if (!rc)
		rc = body_check(&b, u.put.md5, &u.put.value);
	if (!rc)
		rc = upload_commit(&u, &f);
	return rc ? rc : reply(&u);
}
