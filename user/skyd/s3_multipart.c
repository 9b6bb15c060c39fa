// SPDX-License-Identifier: GPL-2.0-or-later
/* Uploads in parts: their beginning, their parts, their lists, their end without an object. */
#include <errno.h>

#include "front.h"
#include "multipart.h"

/* --- CreateMultipartUpload ----------------------------------------------------------- */

/* CRC-64/NVME has no composite form, hashes no other. */
static enum s3_checksum_type usual_type(enum s3_checksum kind)
{
	return kind == S3_CRC64NVME ? S3_FULL_OBJECT : S3_COMPOSITE;
}

static int wanted_sums(struct s3_call *c, struct object_sums *s)
{
	struct str name = field_of(c, STR("x-amz-checksum-algorithm"));
	struct str type = field_of(c, STR("x-amz-checksum-type"));

	*s = (struct object_sums){ .value.kind = S3_NO_CHECKSUM, .empty = true };
	if (!name.at)
		return type.at ? s3_fail(&c->fault, S3_INVALID_REQUEST,
					 "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.") : 0;
	s->value.kind = s3_checksum_of_name(name);
	if (s->value.kind == S3_NO_CHECKSUM)
		return s3_fail(&c->fault, S3_INVALID_REQUEST,
			       "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]");
	s->type = usual_type(s->value.kind);
	if (str_equal_nocase(type, STR("COMPOSITE")))
		s->type = S3_COMPOSITE;
	else if (str_equal_nocase(type, STR("FULL_OBJECT")))
		s->type = S3_FULL_OBJECT;
	else if (type.at)
		return s3_fail(&c->fault, S3_INVALID_REQUEST,
			       "Value for x-amz-checksum-type header is invalid.");
	return s3_checksum_type_check(s->value.kind, s->type, &c->fault);
}

static int reply_created(struct s3_call *c, const struct meta_result *made,
			 const struct object_sums *sums)
{
	CLEANUP_TEXT struct front_text t = FRONT_TEXT_NONE;
	char text[FRONT_VERSION_LEN + 1];
	struct out *o = front_text_begin(&t, c, 200);

	if (!o)
		return -ENOMEM;
	http_write_field(o, STR("x-amz-server-side-encryption"), STR("AES256"));
	if (sums->value.kind != S3_NO_CHECKSUM) {
		http_write_field(o, STR("x-amz-checksum-algorithm"),
				 str_of(s3_checksum_name(sums->value.kind)));
		http_write_field(o, STR("x-amz-checksum-type"),
				 sums->type == S3_COMPOSITE ? STR("COMPOSITE") :
							      STR("FULL_OBJECT"));
	}
	s3_answer_initiate(&t.o, c->target.bucket, c->target.key,
			   version_text(META_BY_ID, made->version, text));
	return front_text_end(&t);
}

int s3_create_upload(struct s3_call *c)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	CLEANUP_UPLOAD struct upload u = { .c = c, .answer = LINK_ANSWER_NONE,
					   .committed = LINK_ANSWER_NONE };
	struct object_fields f;
	struct meta_result made;
	int rc = fields_read(c, &f, true, true);

	if (!rc)
		rc = wanted_sums(c, &u.sums);
	if (rc)
		return rc;
	u.open.bucket = bytes_of(c->target.bucket);
	u.open.name = bytes_of(c->target.key);
	u.open.tags = bytes_of(out_written(&f.tags));
	u.open.sets_acl = f.grants || f.grants_canned.len;
	u.open.canned_acl = f.grants_canned;
	rc = upload_open(&u, c, 0);
	if (!rc)
		rc = body_key_make(c->g, &u.opened.policy, c->target.key, &u.key, u.wrapped,
				   io_after_ms(FRONT_CALL_MS));
	if (rc < 0)
		return rc;
	u.commit.key = (struct rpc_bytes){ u.wrapped, rc };
	upload_commit_fields(&u, &f);
	rc = front_ask(c, META_UPLOAD_CREATE, &meta_commit_schema, &u.commit,
		       &meta_result_schema, &made, 0, &answer);
	return rc ? rc : reply_created(c, &made, &u.sums);
}

/* --- UploadPart ---------------------------------------------------------------------- */

int part_open(struct upload *u, struct s3_call *c)
{
	struct s3_params params = { 0 };
	int rc = upload_asked(c, u->open.upload);

	if (!rc)
		rc = s3_part_number(&params, c->uri.query, &u->open.part, &c->fault);
	if (!rc && !u->open.part)
		rc = front_argument(c, STR("partNumber"), STR(""),
				    "Part number must be an integer between 1 and 10000, inclusive");
	u->open.bucket = bytes_of(c->target.bucket);
	u->open.name = bytes_of(c->target.key);
	return rc;
}

int part_checksum(struct upload *u, enum s3_checksum given, bool copied, enum s3_checksum *kind)
{
	struct object_sums of;

	sums_read(u->opened.upload_checksums, &of);
	*kind = given != S3_NO_CHECKSUM ? given :
		of.value.kind != S3_NO_CHECKSUM ? of.value.kind : S3_CRC64NVME;
	if (of.value.kind == S3_NO_CHECKSUM || given == of.value.kind)
		return 0;
	/* A composite one is what the client has made of its parts: it has to know theirs. */
	if (given == S3_NO_CHECKSUM && (copied || of.type == S3_FULL_OBJECT))
		return 0;
	return s3_fail(&u->c->fault, S3_INVALID_REQUEST,
		       "Checksum Type mismatch occurred, expected checksum Type: %s, actual checksum Type: %s",
		       s3_checksum_name(of.value.kind),
		       given == S3_NO_CHECKSUM ? "null" : s3_checksum_name(given));
}

static int reply_part(struct upload *u)
{
	struct out *o = front_reply(u->c, 200);

	etag_field(o, upload_etag(u));
	if (u->sums.value.kind != S3_NO_CHECKSUM) {
		out_str(o, s3_checksum_header(u->sums.value.kind));
		out_str(o, STR(": "));
		s3_checksum_write(o, &u->sums.value);
		out_str(o, STR("\r\n"));
	}
	http_write_field(o, STR("x-amz-server-side-encryption"), STR("AES256"));
	return http_reply_whole(u->c->rq, NULL, 0);
}

int s3_upload_part(struct s3_call *c)
{
	CLEANUP_UPLOAD struct upload u = { .c = c, .answer = LINK_ANSWER_NONE,
					   .committed = LINK_ANSWER_NONE };
	enum s3_checksum kind;
	struct body_source b;
	int rc = part_open(&u, c);

	if (!rc)
		rc = body_open(&b, c, FRONT_PUT_MAX);
	if (!rc)
		rc = upload_open(&u, c, b.size);
	if (!rc)
		rc = part_checksum(&u, b.sums.algorithm, false, &kind);
	if (!rc)
		rc = upload_write(&u, &b.base, b.size, kind);
	if (!rc)
		rc = body_check(&b, u.put.md5, &u.put.value);
	if (!rc)
		rc = upload_commit(&u, NULL);
	return rc ? rc : reply_part(&u);
}

/* --- AbortMultipartUpload, ListParts ------------------------------------------------- */

int s3_abort_upload(struct s3_call *c)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	struct meta_upload ask = {
		.caller = c->caller, .bucket = bytes_of(c->target.bucket),
		.name = bytes_of(c->target.key),
	};
	int rc = upload_asked(c, ask.upload);

	if (!rc)
		rc = front_ask(c, META_UPLOAD_ABORT, &meta_upload_schema, &ask, NULL, NULL, 0,
			       &answer);
	return rc ? rc : front_empty(c, 204);
}

static int write_parts(struct s3_call *c, struct s3_parts *p, const struct meta_parts *found)
{
	CLEANUP_TEXT struct front_text t = FRONT_TEXT_NONE;
	struct object_sums sums;
	u32 i, last = 0;

	sums_read(found->checksums, &sums);
	p->checksum = sums.value.kind;
	p->type = sums.type;
	p->owner = (struct s3_owner){ str_from(found->owner), str_from(found->owner_name) };
	if (!front_text_begin(&t, c, 200))
		return -ENOMEM;
	s3_parts_begin(&t.o, p);
	for (i = 0; i < found->count; i++) {
		const struct meta_part *part = &found->part[i];

		sums_read(part->checksums, &sums);
		s3_parts_item(&t.o, &(struct s3_part_entry){
			.number = part->number, .size = part->size, .etag = str_from(part->etag),
			.modified = part->modified / 1000, .checksum = sums.value,
		});
		last = part->number;
	}
	s3_parts_end(&t.o, found->truncated, last);
	return front_text_end(&t);
}

int s3_list_parts(struct s3_call *c)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	struct meta_upload ask = {
		.caller = c->caller, .bucket = bytes_of(c->target.bucket),
		.name = bytes_of(c->target.key),
	};
	struct s3_parts p = { .bucket = c->target.bucket, .key = c->target.key };
	char text[FRONT_VERSION_LEN + 1];
	struct meta_parts found = { 0 };
	uint64_t max = META_LIST_MAX, after = 0;
	int rc = upload_asked(c, ask.upload);

	if (!rc)
		rc = s3_param_number(&c->params, c->uri.query, STR("max-parts"), META_LIST_MAX,
				     &max, &c->fault);
	if (!rc)
		rc = s3_param_number(&c->params, c->uri.query, STR("part-number-marker"),
				     INT32_MAX, &after, &c->fault);
	if (rc)
		return rc;
	p.upload_id = version_text(META_BY_ID, ask.upload, text);
	p.marker = after;
	p.max_parts = max;
	ask.after = after;
	ask.max = max;
	rc = front_ask(c, META_UPLOAD_PARTS, &meta_upload_schema, &ask, &meta_parts_schema,
		       &found, META_LIST_MAX * sizeof(struct meta_part), &answer);
	return rc ? rc : write_parts(c, &p, &found);
}
