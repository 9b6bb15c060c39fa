// SPDX-License-Identifier: GPL-2.0-or-later
/* Lists: of buckets, objects, versions, uploads and parts. */
#include "answer.h"

static void put_owner(struct out *o, const char *name, const struct s3_owner *owner)
{
	if (!owner->id.at)
		return;
	xml_open(o, name);
	xml_text(o, "ID", owner->id);
	xml_text_if(o, "DisplayName", owner->display_name);
	xml_close(o, name);
}

static void key_if(struct out *o, const char *name, struct str key, bool encode_url)
{
	if (key.at)
		xml_key(o, name, key, encode_url);
}

/* An element that is there even when it is empty, as S3 has some. */
static void key_always(struct out *o, const char *name, struct str key, bool encode_url)
{
	xml_key(o, name, key.at ? key : STR(""), encode_url);
}

static void put_type(struct out *o, enum s3_checksum_type type)
{
	xml_text(o, "ChecksumType", type == S3_COMPOSITE ? STR("COMPOSITE") : STR("FULL_OBJECT"));
}

static void put_checksum(struct out *o, const struct s3_checksum_value *v)
{
	if (v->kind == S3_NO_CHECKSUM)
		return;
	xml_open(o, s3_checksum_element(v->kind));
	s3_checksum_write(o, v);
	xml_close(o, s3_checksum_element(v->kind));
}

/* --- buckets -------------------------------------------------------------- */

void s3_buckets_begin(struct out *o, const struct s3_owner *owner)
{
	xml_open_root(o, "ListAllMyBucketsResult");
	put_owner(o, "Owner", owner);
	xml_open(o, "Buckets");
}

void s3_buckets_item(struct out *o, const struct s3_bucket_entry *b)
{
	xml_open(o, "Bucket");
	xml_text(o, "Name", b->name);
	xml_date(o, "CreationDate", b->created);
	xml_text_if(o, "BucketRegion", b->region);
	xml_close(o, "Bucket");
}

/* @prefix as the request had it; @next_token when there are more. */
void s3_buckets_end(struct out *o, struct str prefix, struct str next_token)
{
	xml_close(o, "Buckets");
	xml_text_if(o, "Prefix", prefix);
	xml_text_if(o, "ContinuationToken", next_token);
	xml_close(o, "ListAllMyBucketsResult");
}

/* --- objects -------------------------------------------------------------- */

static const char *list_root(const struct s3_list *l)
{
	return l->kind == S3_LIST_VERSIONS ? "ListVersionsResult" : "ListBucketResult";
}

/* What the request asked for, once more. */
void s3_list_begin(struct out *o, const struct s3_list *l)
{
	xml_open_root(o, list_root(l));
	xml_text(o, "Name", l->bucket);
	key_always(o, "Prefix", l->prefix, l->encode_url);
	switch (l->kind) {
	case S3_LIST_V1:
		key_always(o, "Marker", l->marker, l->encode_url);
		break;
	case S3_LIST_V2:
		key_if(o, "StartAfter", l->marker, l->encode_url);
		xml_text_if(o, "ContinuationToken", l->token);
		break;
	case S3_LIST_VERSIONS:
		key_always(o, "KeyMarker", l->marker, l->encode_url);
		key_always(o, "VersionIdMarker", l->version_marker, false);
		break;
	}
	xml_number(o, "MaxKeys", l->max_keys);
	key_if(o, "Delimiter", l->delimiter, l->encode_url);
	if (l->encode_url)
		xml_text(o, "EncodingType", STR("url"));
}

static void object_body(struct out *o, const struct s3_object_entry *e)
{
	xml_quoted(o, "ETag", e->etag);
	if (e->checksum != S3_NO_CHECKSUM) {
		xml_text(o, "ChecksumAlgorithm", str_of(s3_checksum_name(e->checksum)));
		put_type(o, e->composite ? S3_COMPOSITE : S3_FULL_OBJECT);
	}
	xml_number(o, "Size", e->size);
	xml_text(o, "StorageClass", e->storage_class.at ? e->storage_class : STR("STANDARD"));
}

/* A key, a version of one, or a delete marker. */
void s3_list_object(struct out *o, const struct s3_list *l, const struct s3_object_entry *e)
{
	bool versions = l->kind == S3_LIST_VERSIONS;
	const char *name = !versions ? "Contents" : e->delete_marker ? "DeleteMarker" : "Version";

	xml_open(o, name);
	xml_key(o, "Key", e->key, l->encode_url);
	if (versions) {
		xml_text(o, "VersionId", e->version);
		xml_bool(o, "IsLatest", e->is_latest);
	}
	xml_date(o, "LastModified", e->modified);
	if (!e->delete_marker)
		object_body(o, e);
	if (l->kind != S3_LIST_V2 || l->fetch_owner)
		put_owner(o, "Owner", &e->owner);
	xml_close(o, name);
}

static void common_prefix(struct out *o, struct str prefix, bool encode_url)
{
	xml_open(o, "CommonPrefixes");
	xml_key(o, "Prefix", prefix, encode_url);
	xml_close(o, "CommonPrefixes");
}

void s3_list_prefix(struct out *o, const struct s3_list *l, struct str prefix)
{
	common_prefix(o, prefix, l->encode_url);
}

void s3_list_end(struct out *o, const struct s3_list *l, const struct s3_list_tail *t)
{
	xml_bool(o, "IsTruncated", t->truncated);
	switch (l->kind) {
	case S3_LIST_V1:
		/* S3 gives it with a delimiter only; nobody minds it always. */
		if (t->truncated)
			key_if(o, "NextMarker", t->next_marker, l->encode_url);
		break;
	case S3_LIST_V2:
		xml_number(o, "KeyCount", t->key_count);
		if (t->truncated)
			xml_text_if(o, "NextContinuationToken", t->next_marker);
		break;
	case S3_LIST_VERSIONS:
		if (t->truncated) {
			key_if(o, "NextKeyMarker", t->next_marker, l->encode_url);
			xml_text_if(o, "NextVersionIdMarker", t->next_version_marker);
		}
		break;
	}
	xml_close(o, list_root(l));
}

/* --- uploads -------------------------------------------------------------- */

void s3_uploads_begin(struct out *o, const struct s3_uploads *u)
{
	xml_open_root(o, "ListMultipartUploadsResult");
	xml_text(o, "Bucket", u->bucket);
	key_always(o, "KeyMarker", u->key_marker, u->encode_url);
	key_always(o, "UploadIdMarker", u->upload_marker, false);
	key_always(o, "Prefix", u->prefix, u->encode_url);
	key_if(o, "Delimiter", u->delimiter, u->encode_url);
	xml_number(o, "MaxUploads", u->max_uploads);
	if (u->encode_url)
		xml_text(o, "EncodingType", STR("url"));
}

void s3_uploads_item(struct out *o, const struct s3_uploads *u, const struct s3_upload_entry *e)
{
	xml_open(o, "Upload");
	xml_key(o, "Key", e->key, u->encode_url);
	xml_text(o, "UploadId", e->upload_id);
	put_owner(o, "Initiator", &e->owner);
	put_owner(o, "Owner", &e->owner);
	xml_text(o, "StorageClass", STR("STANDARD"));
	xml_date(o, "Initiated", e->initiated);
	if (e->checksum != S3_NO_CHECKSUM) {
		xml_text(o, "ChecksumAlgorithm", str_of(s3_checksum_name(e->checksum)));
		put_type(o, e->type);
	}
	xml_close(o, "Upload");
}

void s3_uploads_prefix(struct out *o, const struct s3_uploads *u, struct str prefix)
{
	common_prefix(o, prefix, u->encode_url);
}

void s3_uploads_end(struct out *o, const struct s3_uploads *u, bool truncated,
		    struct str next_key, struct str next_upload)
{
	xml_bool(o, "IsTruncated", truncated);
	if (truncated) {
		key_if(o, "NextKeyMarker", next_key, u->encode_url);
		xml_text_if(o, "NextUploadIdMarker", next_upload);
	}
	xml_close(o, "ListMultipartUploadsResult");
}

/* --- parts ---------------------------------------------------------------- */

void s3_parts_begin(struct out *o, const struct s3_parts *p)
{
	xml_open_root(o, "ListPartsResult");
	xml_text(o, "Bucket", p->bucket);
	xml_key(o, "Key", p->key, p->encode_url);
	xml_text(o, "UploadId", p->upload_id);
	put_owner(o, "Initiator", &p->owner);
	put_owner(o, "Owner", &p->owner);
	xml_text(o, "StorageClass", STR("STANDARD"));
	xml_number(o, "PartNumberMarker", p->marker);
	xml_number(o, "MaxParts", p->max_parts);
	if (p->checksum != S3_NO_CHECKSUM) {
		xml_text(o, "ChecksumAlgorithm", str_of(s3_checksum_name(p->checksum)));
		put_type(o, p->type);
	}
}

static void put_part(struct out *o, const struct s3_part_entry *e, bool listed)
{
	xml_open(o, "Part");
	xml_number(o, "PartNumber", e->number);
	if (listed) {
		xml_date(o, "LastModified", e->modified);
		xml_quoted(o, "ETag", e->etag);
	}
	xml_number(o, "Size", e->size);
	put_checksum(o, &e->checksum);
	xml_close(o, "Part");
}

void s3_parts_item(struct out *o, const struct s3_part_entry *e)
{
	put_part(o, e, true);
}

/* @next_marker: the number of the last part, 0 when there was none. */
void s3_parts_end(struct out *o, bool truncated, uint32_t next_marker)
{
	xml_number(o, "NextPartNumberMarker", next_marker);
	xml_bool(o, "IsTruncated", truncated);
	xml_close(o, "ListPartsResult");
}

/* --- attributes ----------------------------------------------------------- */

/**
 * s3_attributes_wanted - read x-amz-object-attributes
 * @header:	its value
 * @a:		its wishes are set
 *
 * Return: false when it has none, or one that is not known.
 */
bool s3_attributes_wanted(struct str header, struct s3_attributes *a)
{
	struct str word;

	while (str_cut(&header, ',', &word)) {
		word = str_trim(word);
		if (str_equal(word, STR("ETag")))
			a->etag_wanted = true;
		else if (str_equal(word, STR("Checksum")))
			a->checksum_wanted = true;
		else if (str_equal(word, STR("ObjectParts")))
			a->parts_wanted = true;
		else if (str_equal(word, STR("StorageClass")))
			a->class_wanted = true;
		else if (str_equal(word, STR("ObjectSize")))
			a->size_wanted = true;
		else
			return false;
	}
	return a->etag_wanted || a->checksum_wanted || a->parts_wanted || a->class_wanted ||
	       a->size_wanted;
}

static bool shows_parts(const struct s3_attributes *a)
{
	return a->parts_wanted && a->parts;
}

/* Parts may follow when they are wanted and there are any. */
void s3_attributes_begin(struct out *o, const struct s3_attributes *a)
{
	xml_open_root(o, "GetObjectAttributesResponse");
	/* Here alone the ETag has no quotes. */
	if (a->etag_wanted)
		xml_text(o, "ETag", a->etag);
	if (a->checksum_wanted && a->checksum.kind != S3_NO_CHECKSUM) {
		xml_open(o, "Checksum");
		put_checksum(o, &a->checksum);
		put_type(o, a->type);
		xml_close(o, "Checksum");
	}
	if (shows_parts(a)) {
		xml_open(o, "ObjectParts");
		xml_number(o, "PartsCount", a->parts);
		xml_number(o, "PartNumberMarker", a->marker);
		xml_number(o, "NextPartNumberMarker", a->next_marker);
		xml_number(o, "MaxParts", a->max_parts);
		xml_bool(o, "IsTruncated", a->truncated);
	}
}

void s3_attributes_part(struct out *o, const struct s3_part_entry *e)
{
	put_part(o, e, false);
}

void s3_attributes_end(struct out *o, const struct s3_attributes *a)
{
	if (shows_parts(a))
		xml_close(o, "ObjectParts");
	if (a->class_wanted)
		xml_text(o, "StorageClass",
			 a->storage_class.at ? a->storage_class : STR("STANDARD"));
	if (a->size_wanted)
		xml_number(o, "ObjectSize", a->size);
	xml_close(o, "GetObjectAttributesResponse");
}
