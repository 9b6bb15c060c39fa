// SPDX-License-Identifier: GPL-2.0-or-later
/* Answers about one object or one bucket. */
#include "answer.h"

static void put_checksum(struct out *o, const struct s3_checksum_value *v,
			 enum s3_checksum_type type)
{
	if (v->kind == S3_NO_CHECKSUM)
		return;
	xml_open(o, s3_checksum_element(v->kind));
	s3_checksum_write(o, v);
	xml_close(o, s3_checksum_element(v->kind));
	xml_text(o, "ChecksumType", type == S3_COMPOSITE ? STR("COMPOSITE") : STR("FULL_OBJECT"));
}

/* CreateMultipartUpload */
void s3_answer_initiate(struct out *o, struct str bucket, struct str key, struct str upload_id)
{
	xml_open_root(o, "InitiateMultipartUploadResult");
	xml_text(o, "Bucket", bucket);
	xml_text(o, "Key", key);
	xml_text(o, "UploadId", upload_id);
	xml_close(o, "InitiateMultipartUploadResult");
}

static void where(struct out *o, const struct s3_completed *c)
{
	xml_text(o, "Location", c->location);
	xml_text(o, "Bucket", c->bucket);
	xml_text(o, "Key", c->key);
	xml_quoted(o, "ETag", c->etag);
}

/* CompleteMultipartUpload */
void s3_answer_complete(struct out *o, const struct s3_completed *c)
{
	xml_open_root(o, "CompleteMultipartUploadResult");
	where(o, c);
	put_checksum(o, &c->checksum, c->type);
	xml_close(o, "CompleteMultipartUploadResult");
}

/* A form with success_action_status 201. */
void s3_answer_post(struct out *o, const struct s3_completed *c)
{
	xml_start(o);
	xml_open(o, "PostResponse");
	where(o, c);
	xml_close(o, "PostResponse");
}

/* CopyObject, or UploadPartCopy with @part. */
void s3_answer_copy(struct out *o, bool part, int64_t modified, struct str etag,
		    const struct s3_checksum_value *checksum, enum s3_checksum_type type)
{
	const char *name = part ? "CopyPartResult" : "CopyObjectResult";

	xml_open_root(o, name);
	xml_date(o, "LastModified", modified);
	xml_quoted(o, "ETag", etag);
	put_checksum(o, checksum, type);
	xml_close(o, name);
}

void s3_deleted_begin(struct out *o)
{
	xml_open_root(o, "DeleteResult");
}

/**
 * s3_deleted_item - one object is gone
 * @o:			the writer
 * @key:		its key
 * @version:		the one that was named, or none
 * @marker:		a delete marker was made, or was what went
 * @marker_version:	its version, where there is one
 */
void s3_deleted_item(struct out *o, struct str key, struct str version, bool marker,
		     struct str marker_version)
{
	xml_open(o, "Deleted");
	xml_text(o, "Key", key);
	xml_text_if(o, "VersionId", version);
	if (marker)
		xml_bool(o, "DeleteMarker", true);
	if (marker)
		xml_text_if(o, "DeleteMarkerVersionId", marker_version);
	xml_close(o, "Deleted");
}

/* One that is not; @message: none for that of the code. */
void s3_deleted_error(struct out *o, struct str key, struct str version, enum s3_code code,
		      struct str message)
{
	xml_open(o, "Error");
	xml_text(o, "Key", key);
	xml_text_if(o, "VersionId", version);
	xml_text(o, "Code", str_of(s3_code_name(code)));
	xml_text(o, "Message", message.at ? message : str_of(s3_code_message(code)));
	xml_close(o, "Error");
}

void s3_deleted_end(struct out *o)
{
	xml_close(o, "DeleteResult");
}

/* GetBucketLocation; an empty element is us-east-1. */
void s3_answer_location(struct out *o, struct str location)
{
	xml_open_root(o, "LocationConstraint");
	xml_escape(o, location);
	xml_close(o, "LocationConstraint");
}

/* GetBucketVersioning; a bucket that never had any has no Status. */
void s3_answer_versioning(struct out *o, enum s3_versioning v)
{
	xml_open_root(o, "VersioningConfiguration");
	if (v != S3_UNVERSIONED)
		xml_text(o, "Status", v == S3_VERSIONING_ENABLED ? STR("Enabled") :
								   STR("Suspended"));
	xml_close(o, "VersioningConfiguration");
}

void s3_acl_begin(struct out *o, const struct s3_owner *owner)
{
	xml_open_root(o, "AccessControlPolicy");
	xml_open(o, "Owner");
	xml_text(o, "ID", owner->id);
	xml_text_if(o, "DisplayName", owner->display_name);
	xml_close(o, "Owner");
	xml_open(o, "AccessControlList");
}

/* One of the grantee's three names is there. */
void s3_acl_grant(struct out *o, const struct s3_grant *g)
{
	xml_open(o, "Grant");
	out_str(o, STR("<Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\""));
	out_str(o, g->id.at ? STR("CanonicalUser") :
		   g->uri.at ? STR("Group") : STR("AmazonCustomerByEmail"));
	out_str(o, STR("\">"));
	xml_text_if(o, "ID", g->id);
	xml_text_if(o, "URI", g->uri);
	xml_text_if(o, "EmailAddress", g->email);
	xml_text_if(o, "DisplayName", g->display_name);
	xml_close(o, "Grantee");
	xml_text(o, "Permission", str_of(s3_permission_name(g->permission)));
	xml_close(o, "Grant");
}

void s3_acl_end(struct out *o)
{
	xml_close(o, "AccessControlList");
	xml_close(o, "AccessControlPolicy");
}
