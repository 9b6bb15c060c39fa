/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The documents that S3 answers with.  Lists are written as they are found: begin,
 * one call for each item, end.  Texts whose at is NULL are left out.
 */
#ifndef SKY_S3_ANSWER_H
#define SKY_S3_ANSWER_H

#include "body.h"
#include "xml.h"

struct s3_owner {
	struct str id;
	struct str display_name;
};

/* --- ListBuckets */
struct s3_bucket_entry {
	struct str name;
	struct str region;
	int64_t created;		/* milliseconds */
};

void s3_buckets_begin(struct out *o, const struct s3_owner *owner);
void s3_buckets_item(struct out *o, const struct s3_bucket_entry *b);
void s3_buckets_end(struct out *o, struct str prefix, struct str next_token);

/* --- ListObjects, ListObjectsV2, ListObjectVersions */
enum s3_list_kind {
	S3_LIST_V1,
	S3_LIST_V2,
	S3_LIST_VERSIONS,
};

struct s3_list {
	enum s3_list_kind kind;
	struct str bucket;
	struct str prefix;
	struct str delimiter;
	struct str marker;		/* or key-marker; start-after of V2 */
	struct str version_marker;
	struct str token;		/* continuation-token of the request */
	uint32_t max_keys;
	bool encode_url;
	bool fetch_owner;		/* of V2; the others always show the owner */
};

struct s3_object_entry {
	struct str key;
	struct str version;		/* of versions; "null" where there is none */
	struct str etag;		/* without quotes */
	struct s3_owner owner;
	uint64_t size;
	int64_t modified;		/* milliseconds */
	bool is_latest;
	bool delete_marker;
	enum s3_checksum checksum;	/* S3_NO_CHECKSUM: none */
	bool composite;
	struct str storage_class;	/* none: STANDARD */
};

/* What is known when the list ends. */
struct s3_list_tail {
	bool truncated;
	struct str next_marker;		/* or next key-marker, or next token of V2 */
	struct str next_version_marker;
	uint32_t key_count;		/* of V2: keys and common prefixes */
};

void s3_list_begin(struct out *o, const struct s3_list *l);
void s3_list_object(struct out *o, const struct s3_list *l, const struct s3_object_entry *e);
void s3_list_prefix(struct out *o, const struct s3_list *l, struct str prefix);
void s3_list_end(struct out *o, const struct s3_list *l, const struct s3_list_tail *t);

/* --- ListMultipartUploads */
struct s3_uploads {
	struct str bucket;
	struct str prefix;
	struct str delimiter;
	struct str key_marker;
	struct str upload_marker;
	uint32_t max_uploads;
	bool encode_url;
};

struct s3_upload_entry {
	struct str key;
	struct str upload_id;
	struct s3_owner owner;
	int64_t initiated;		/* milliseconds */
	enum s3_checksum checksum;
	enum s3_checksum_type type;
};

void s3_uploads_begin(struct out *o, const struct s3_uploads *u);
void s3_uploads_item(struct out *o, const struct s3_uploads *u, const struct s3_upload_entry *e);
void s3_uploads_prefix(struct out *o, const struct s3_uploads *u, struct str prefix);
void s3_uploads_end(struct out *o, const struct s3_uploads *u, bool truncated,
		    struct str next_key, struct str next_upload);

/* --- ListParts */
struct s3_parts {
	struct str bucket;
	struct str key;
	struct str upload_id;
	struct s3_owner owner;
	uint32_t marker;
	uint32_t max_parts;
	enum s3_checksum checksum;
	enum s3_checksum_type type;
	bool encode_url;
};

struct s3_part_entry {
	uint32_t number;
	uint64_t size;
	int64_t modified;
	struct str etag;
	struct s3_checksum_value checksum;
};

void s3_parts_begin(struct out *o, const struct s3_parts *p);
void s3_parts_item(struct out *o, const struct s3_part_entry *e);
void s3_parts_end(struct out *o, bool truncated, uint32_t next_marker);

/* --- one object */
void s3_answer_initiate(struct out *o, struct str bucket, struct str key, struct str upload_id);

struct s3_completed {
	struct str location;
	struct str bucket;
	struct str key;
	struct str etag;
	struct s3_checksum_value checksum;
	enum s3_checksum_type type;
};

void s3_answer_complete(struct out *o, const struct s3_completed *c);
void s3_answer_post(struct out *o, const struct s3_completed *c);
void s3_answer_copy(struct out *o, bool part, int64_t modified, struct str etag,
		    const struct s3_checksum_value *checksum, enum s3_checksum_type type);

struct s3_attributes {
	bool etag_wanted, checksum_wanted, parts_wanted, class_wanted, size_wanted;
	struct str etag;
	struct s3_checksum_value checksum;
	enum s3_checksum_type type;
	struct str storage_class;
	uint64_t size;
	uint32_t parts;			/* 0: it was put in one */
	uint32_t marker, next_marker, max_parts;
	bool truncated;
};

bool s3_attributes_wanted(struct str header, struct s3_attributes *a);
void s3_attributes_begin(struct out *o, const struct s3_attributes *a);
void s3_attributes_part(struct out *o, const struct s3_part_entry *e);
void s3_attributes_end(struct out *o, const struct s3_attributes *a);

/* --- DeleteObjects */
void s3_deleted_begin(struct out *o);
void s3_deleted_item(struct out *o, struct str key, struct str version, bool marker,
		     struct str marker_version);
void s3_deleted_error(struct out *o, struct str key, struct str version, enum s3_code code,
		      struct str message);
void s3_deleted_end(struct out *o);

/* --- buckets */
void s3_answer_location(struct out *o, struct str location);
void s3_answer_versioning(struct out *o, enum s3_versioning v);
void s3_acl_begin(struct out *o, const struct s3_owner *owner);
void s3_acl_grant(struct out *o, const struct s3_grant *g);
void s3_acl_end(struct out *o);

#endif /* SKY_S3_ANSWER_H */
