// SPDX-License-Identifier: GPL-2.0-or-later
/* All operations there are.  The first that fits is the one: what selects most comes first. */
#include "front.h"

#define SERVICE		LEVEL_SERVICE
#define BUCKET		LEVEL_BUCKET
#define OBJECT		LEVEL_OBJECT

const struct s3_route s3_routes[] = {
	{ "GET", OBJECT, "attributes", NULL, s3_object_attributes, "GetObjectAttributes", 0 },
	{ "GET", OBJECT, "tagging", NULL, s3_get_object_tags, "GetObjectTagging", 0 },
	{ "GET", OBJECT, "acl", NULL, s3_get_object_acl, "GetObjectAcl", 0 },
	{ "GET", OBJECT, "uploadId", NULL, s3_list_parts, "ListParts", 0 },
	{ "GET", OBJECT, NULL, NULL, s3_get_object, "GetObject", 0 },
	{ "HEAD", OBJECT, NULL, NULL, s3_head_object, "HeadObject", 0 },
	{ "PUT", OBJECT, "tagging", NULL, s3_put_object_tags, "PutObjectTagging", 0 },
	{ "PUT", OBJECT, "acl", NULL, s3_put_object_acl, "PutObjectAcl", 0 },
	{ "PUT", OBJECT, "uploadId", "x-amz-copy-source", s3_copy_part, "UploadPartCopy", 0 },
	{ "PUT", OBJECT, "uploadId", NULL, s3_upload_part, "UploadPart", 0 },
	{ "PUT", OBJECT, "partNumber", NULL, s3_upload_part, "UploadPart", 0 },
	{ "PUT", OBJECT, NULL, "x-amz-copy-source", s3_copy_object, "CopyObject", 0 },
	{ "PUT", OBJECT, NULL, NULL, s3_put_object, "PutObject", 0 },
	{ "DELETE", OBJECT, "tagging", NULL, s3_delete_object_tags, "DeleteObjectTagging", 0 },
	{ "DELETE", OBJECT, "uploadId", NULL, s3_abort_upload, "AbortMultipartUpload", 0 },
	{ "DELETE", OBJECT, NULL, NULL, s3_delete_object, "DeleteObject", 0 },
	{ "POST", OBJECT, "uploads", NULL, s3_create_upload, "CreateMultipartUpload", 0 },
	{ "POST", OBJECT, "uploadId", NULL, s3_complete_upload, "CompleteMultipartUpload", 0 },
	{ "OPTIONS", OBJECT, NULL, NULL, s3_options, "Preflight", ROUTE_PREFLIGHT },

	{ "GET", BUCKET, "location", NULL, s3_bucket_location, "GetBucketLocation", 0 },
	{ "GET", BUCKET, "versioning", NULL, s3_get_versioning, "GetBucketVersioning", 0 },
	{ "GET", BUCKET, "versions", NULL, s3_list_versions, "ListObjectVersions", 0 },
	{ "GET", BUCKET, "uploads", NULL, s3_list_uploads, "ListMultipartUploads", 0 },
	{ "GET", BUCKET, "acl", NULL, s3_get_bucket_acl, "GetBucketAcl", 0 },
	{ "GET", BUCKET, "cors", NULL, s3_get_cors, "GetBucketCors", 0 },
	{ "GET", BUCKET, "policy", NULL, s3_get_policy, "GetBucketPolicy", 0 },
	{ "GET", BUCKET, "policyStatus", NULL, s3_policy_status, "GetBucketPolicyStatus", 0 },
	{ "GET", BUCKET, "lifecycle", NULL, s3_get_lifecycle,
	  "GetBucketLifecycleConfiguration", 0 },
	{ "GET", BUCKET, "tagging", NULL, s3_get_bucket_tags, "GetBucketTagging", 0 },
	{ "GET", BUCKET, "list-type", NULL, s3_list_objects_v2, "ListObjectsV2", 0 },
	{ "GET", BUCKET, NULL, NULL, s3_list_objects, "ListObjects", 0 },
	{ "HEAD", BUCKET, NULL, NULL, s3_head_bucket, "HeadBucket", 0 },
	{ "PUT", BUCKET, "versioning", NULL, s3_put_versioning, "PutBucketVersioning", 0 },
	{ "PUT", BUCKET, "acl", NULL, s3_put_bucket_acl, "PutBucketAcl", 0 },
	{ "PUT", BUCKET, "cors", NULL, s3_put_cors, "PutBucketCors", 0 },
	{ "PUT", BUCKET, "policy", NULL, s3_put_policy, "PutBucketPolicy", 0 },
	{ "PUT", BUCKET, "lifecycle", NULL, s3_put_lifecycle,
	  "PutBucketLifecycleConfiguration", 0 },
	{ "PUT", BUCKET, "tagging", NULL, s3_put_bucket_tags, "PutBucketTagging", 0 },
	{ "PUT", BUCKET, NULL, NULL, s3_create_bucket, "CreateBucket", 0 },
	{ "DELETE", BUCKET, "cors", NULL, s3_delete_cors, "DeleteBucketCors", 0 },
	{ "DELETE", BUCKET, "policy", NULL, s3_delete_policy, "DeleteBucketPolicy", 0 },
	{ "DELETE", BUCKET, "lifecycle", NULL, s3_delete_lifecycle, "DeleteBucketLifecycle", 0 },
	{ "DELETE", BUCKET, "tagging", NULL, s3_delete_bucket_tags, "DeleteBucketTagging", 0 },
	{ "DELETE", BUCKET, NULL, NULL, s3_delete_bucket, "DeleteBucket", 0 },
	{ "POST", BUCKET, "delete", NULL, s3_delete_objects, "DeleteObjects", 0 },
	{ "POST", BUCKET, NULL, NULL, s3_post_object, "PostObject", ROUTE_UNSIGNED_FORM },
	{ "OPTIONS", BUCKET, NULL, NULL, s3_options, "Preflight", ROUTE_PREFLIGHT },

	{ "GET", SERVICE, NULL, NULL, s3_list_buckets, "ListBuckets", 0 },
};

const unsigned int s3_route_count = sizeof(s3_routes) / sizeof(s3_routes[0]);
