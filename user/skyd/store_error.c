// SPDX-License-Identifier: GPL-2.0-or-later
/* The store's errors as S3's. */
#include <errno.h>

#include "store.h"

#define AT(e)	((e) - STORE_ERROR_FIRST)

static const struct store_s3_error table[STORE_ERROR_END - STORE_ERROR_FIRST] = {
	[AT(STORE_NO_SUCH_BUCKET)]	= { "NoSuchBucket", 404 },
	[AT(STORE_NO_SUCH_KEY)]		= { "NoSuchKey", 404 },
	[AT(STORE_NO_SUCH_VERSION)]	= { "NoSuchVersion", 404 },
	[AT(STORE_NO_SUCH_UPLOAD)]	= { "NoSuchUpload", 404 },
	[AT(STORE_NO_SUCH_ACL)]		= { "NoSuchAccessControlList", 404 },
	[AT(STORE_NO_SUCH_CORS)]		= { "NoSuchCORSConfiguration", 404 },
	[AT(STORE_NO_SUCH_BUCKET_POLICY)]	= { "NoSuchBucketPolicy", 404 },
	[AT(STORE_NO_SUCH_LIFECYCLE)]	= { "NoSuchLifecycleConfiguration", 404 },
	[AT(STORE_NO_SUCH_TAGS)]		= { "NoSuchTagSet", 404 },
	[AT(STORE_NO_SUCH_OWNERSHIP)]	= { "OwnershipControlsNotFoundError", 404 },
	[AT(STORE_NO_SUCH_PUBLIC_ACCESS)] = { "NoSuchPublicAccessBlockConfiguration", 404 },
	[AT(STORE_BUCKET_EXISTS)]		= { "BucketAlreadyExists", 409 },
	[AT(STORE_BUCKET_OWNED)]		= { "BucketAlreadyOwnedByYou", 409 },
	[AT(STORE_BUCKET_NOT_EMPTY)]	= { "BucketNotEmpty", 409 },
	[AT(STORE_TOO_MANY_BUCKETS)]	= { "TooManyBuckets", 400 },
	[AT(STORE_PRECONDITION)]		= { "PreconditionFailed", 412 },
	[AT(STORE_METHOD_NOT_ALLOWED)]	= { "MethodNotAllowed", 405 },
	[AT(STORE_INVALID_PART)]		= { "InvalidPart", 400 },
	[AT(STORE_INVALID_PART_ORDER)]	= { "InvalidPartOrder", 400 },
	[AT(STORE_PART_TOO_SMALL)]	= { "EntityTooSmall", 400 },
	[AT(STORE_TOO_LARGE)]		= { "EntityTooLarge", 400 },
	[AT(STORE_NAME_TOO_LONG)]		= { "KeyTooLongError", 400 },
	[AT(STORE_INVALID)]		= { "InvalidArgument", 400 },
	/* What S3's clients try again by themselves. */
	[AT(STORE_EXPIRED)]		= { "ServiceUnavailable", 503 },
	[AT(STORE_NO_SUCH_ACCESS_KEY)]	= { "InvalidAccessKeyId", 403 },
	[AT(STORE_NO_SUCH_TEAM)]		= { "NoSuchTeam", 404 },
	[AT(STORE_NO_SUCH_POLICY)]	= { "InvalidLocationConstraint", 400 },
	[AT(STORE_POLICY_EXISTS)]		= { "StoragePolicyAlreadyExists", 409 },
	[AT(STORE_POLICY_IN_USE)]		= { "StoragePolicyInUse", 409 },
	[AT(STORE_NO_SUCH_LOCATION)]	= { "NoSuchLocation", 404 },
	[AT(STORE_TEAM_EXISTS)]		= { "TeamAlreadyExists", 409 },
	[AT(STORE_TEAM_NOT_EMPTY)]	= { "TeamNotEmpty", 409 },
	[AT(STORE_LEASE_LOST)]		= { "LeaseLost", 409 },
};

const struct store_s3_error *store_s3_error(int err)
{
	static const struct store_s3_error slow = { "SlowDown", 503 };
	static const struct store_s3_error internal = { "InternalError", 500 };

	if (-err >= STORE_ERROR_FIRST && -err < STORE_ERROR_END)
		return &table[-err - STORE_ERROR_FIRST];
	return err == -EAGAIN || err == -EBUSY || err == -ESHUTDOWN ? &slow : &internal;
}
