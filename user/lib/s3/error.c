// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>

#include "error.h"
#include "xml.h"

static const struct {
	const char *name;
	unsigned int status;
	const char *message;
} codes[S3_CODES] = {
	[S3_OK] = { "", 200, "" },
	[S3_ACCESS_CONTROL_LIST_NOT_SUPPORTED] = { "AccessControlListNotSupported", 400,
		"The bucket does not allow ACLs" },
	[S3_ACCESS_DENIED] = { "AccessDenied", 403,
		"Access Denied" },
	[S3_ACCESS_FORBIDDEN] = { "AccessForbidden", 403,
		"CORSResponse: This CORS request is not allowed" },
	[S3_AUTHORIZATION_HEADER_MALFORMED] = { "AuthorizationHeaderMalformed", 400,
		"The authorization header is malformed" },
	[S3_AUTHORIZATION_QUERY_PARAMETERS_ERROR] = { "AuthorizationQueryParametersError", 400,
		"The authorization query parameters that you provided are not valid" },
	[S3_BAD_DIGEST] = { "BadDigest", 400,
		"The Content-MD5 or checksum value that you specified did not match what the server received" },
	[S3_BAD_REQUEST] = { "BadRequest", 400,
		"Bad Request" },
	[S3_BUCKET_ALREADY_EXISTS] = { "BucketAlreadyExists", 409,
		"The requested bucket name is not available. The bucket namespace is shared by all users of the system. Select a different name and try again" },
	[S3_BUCKET_ALREADY_OWNED_BY_YOU] = { "BucketAlreadyOwnedByYou", 409,
		"Your previous request to create the named bucket succeeded and you already own it" },
	[S3_BUCKET_NOT_EMPTY] = { "BucketNotEmpty", 409,
		"The bucket that you tried to delete is not empty" },
	[S3_CONDITIONAL_REQUEST_CONFLICT] = { "ConditionalRequestConflict", 409,
		"A conflicting operation occurred during the request" },
	[S3_CREDENTIALS_NOT_SUPPORTED] = { "CredentialsNotSupported", 400,
		"This request does not support credentials" },
	[S3_ENTITY_TOO_LARGE] = { "EntityTooLarge", 400,
		"Your proposed upload exceeds the maximum allowed object size" },
	[S3_ENTITY_TOO_SMALL] = { "EntityTooSmall", 400,
		"Your proposed upload is smaller than the minimum allowed object size" },
	[S3_EXPIRED_TOKEN] = { "ExpiredToken", 400,
		"The provided token has expired" },
	[S3_ILLEGAL_LOCATION_CONSTRAINT] = { "IllegalLocationConstraintException", 400,
		"The specified location constraint is not valid for the region that the request was sent to" },
	[S3_ILLEGAL_VERSIONING] = { "IllegalVersioningConfigurationException", 400,
		"The versioning configuration specified in the request is not valid" },
	[S3_INCOMPLETE_BODY] = { "IncompleteBody", 400,
		"You did not provide the number of bytes specified by the Content-Length HTTP header" },
	[S3_INCORRECT_NUMBER_OF_FILES] = { "IncorrectNumberOfFilesInPostRequest", 400,
		"POST requires exactly one file upload per request" },
	[S3_INSUFFICIENT_STORAGE] = { "InsufficientStorage", 507,
		"There is no room left at this location" },
	[S3_INTERNAL_ERROR] = { "InternalError", 500,
		"We encountered an internal error. Please try again" },
	[S3_INVALID_ACCESS_KEY_ID] = { "InvalidAccessKeyId", 403,
		"The AWS access key ID that you provided does not exist in our records" },
	[S3_INVALID_ARGUMENT] = { "InvalidArgument", 400,
		"Invalid Argument" },
	[S3_INVALID_BUCKET_ACL_WITH_OWNERSHIP] = { "InvalidBucketAclWithObjectOwnership", 400,
		"Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting" },
	[S3_INVALID_BUCKET_NAME] = { "InvalidBucketName", 400,
		"The specified bucket is not valid" },
	[S3_INVALID_BUCKET_STATE] = { "InvalidBucketState", 409,
		"The request is not valid for the current state of the bucket" },
	[S3_INVALID_CHUNK_SIZE] = { "InvalidChunkSizeError", 403,
		"Only the last chunk is allowed to have a size less than 8192 bytes" },
	[S3_INVALID_DIGEST] = { "InvalidDigest", 400,
		"The Content-MD5 or checksum value that you specified is not valid" },
	[S3_INVALID_LOCATION_CONSTRAINT] = { "InvalidLocationConstraint", 400,
		"The specified location constraint is not valid" },
	[S3_INVALID_OBJECT_STATE] = { "InvalidObjectState", 403,
		"The operation is not valid for the current state of the object" },
	[S3_INVALID_PART] = { "InvalidPart", 400,
		"One or more of the specified parts could not be found. The part might not have been uploaded, or the specified entity tag might not have matched the part's entity tag" },
	[S3_INVALID_PART_NUMBER] = { "InvalidPartNumber", 416,
		"The requested partnumber is not satisfiable" },
	[S3_INVALID_PART_ORDER] = { "InvalidPartOrder", 400,
		"The list of parts was not in ascending order. The parts list must be specified in order by part number" },
	[S3_INVALID_POLICY_DOCUMENT] = { "InvalidPolicyDocument", 400,
		"The content of the form does not meet the conditions specified in the policy document" },
	[S3_INVALID_RANGE] = { "InvalidRange", 416,
		"The requested range is not satisfiable" },
	[S3_INVALID_REQUEST] = { "InvalidRequest", 400,
		"Invalid Request" },
	[S3_INVALID_STORAGE_CLASS] = { "InvalidStorageClass", 400,
		"The storage class you specified is not valid" },
	[S3_INVALID_TAG] = { "InvalidTag", 400,
		"The tag provided was not a valid tag" },
	[S3_INVALID_TOKEN] = { "InvalidToken", 400,
		"The provided token is malformed or otherwise not valid" },
	[S3_INVALID_URI] = { "InvalidURI", 400,
		"The specified URI couldn't be parsed" },
	[S3_KEY_TOO_LONG] = { "KeyTooLongError", 400,
		"Your key is too long" },
	[S3_MALFORMED_ACL] = { "MalformedACLError", 400,
		"The XML you provided was not well-formed or did not validate against our published schema" },
	[S3_MALFORMED_POLICY] = { "MalformedPolicy", 400,
		"This policy contains invalid Json" },
	[S3_MALFORMED_POST] = { "MalformedPOSTRequest", 400,
		"The body of your POST request is not well-formed multipart/form-data" },
	[S3_MALFORMED_TRAILER] = { "MalformedTrailerError", 400,
		"The request contained trailing data that was not well-formed or did not conform to our published schema" },
	[S3_MALFORMED_XML] = { "MalformedXML", 400,
		"The XML you provided was not well-formed or did not validate against our published schema" },
	[S3_MAX_MESSAGE_LENGTH] = { "MaxMessageLengthExceeded", 400,
		"Your request was too large" },
	[S3_MAX_POST_PRE_DATA] = { "MaxPostPreDataLengthExceededError", 400,
		"Your POST request fields preceding the upload file were too large" },
	[S3_METADATA_TOO_LARGE] = { "MetadataTooLarge", 400,
		"Your metadata headers exceed the maximum allowed metadata size" },
	[S3_METHOD_NOT_ALLOWED] = { "MethodNotAllowed", 405,
		"The specified method is not allowed against this resource" },
	[S3_MISSING_CONTENT_LENGTH] = { "MissingContentLength", 411,
		"You must provide the Content-Length HTTP header" },
	[S3_MISSING_REQUEST_BODY] = { "MissingRequestBodyError", 400,
		"Request Body is empty" },
	[S3_MISSING_SECURITY_HEADER] = { "MissingSecurityHeader", 400,
		"Your request is missing a required header" },
	[S3_NO_SUCH_BUCKET] = { "NoSuchBucket", 404,
		"The specified bucket does not exist" },
	[S3_NO_SUCH_BUCKET_POLICY] = { "NoSuchBucketPolicy", 404,
		"The bucket policy does not exist" },
	[S3_NO_SUCH_CORS] = { "NoSuchCORSConfiguration", 404,
		"The CORS configuration does not exist" },
	[S3_NO_SUCH_KEY] = { "NoSuchKey", 404,
		"The specified key does not exist." },
	[S3_NO_SUCH_LIFECYCLE] = { "NoSuchLifecycleConfiguration", 404,
		"The lifecycle configuration does not exist" },
	[S3_NO_SUCH_OBJECT_LOCK] = { "ObjectLockConfigurationNotFoundError", 404,
		"Object Lock configuration does not exist for this bucket" },
	[S3_NO_SUCH_OWNERSHIP] = { "OwnershipControlsNotFoundError", 404,
		"The bucket ownership controls were not found" },
	[S3_NO_SUCH_PUBLIC_ACCESS] = { "NoSuchPublicAccessBlockConfiguration", 404,
		"The public access block configuration was not found" },
	[S3_NO_SUCH_REPLICATION] = { "ReplicationConfigurationNotFoundError", 404,
		"The replication configuration was not found" },
	[S3_NO_SUCH_TAG_SET] = { "NoSuchTagSet", 404,
		"The TagSet does not exist" },
	[S3_NO_SUCH_UPLOAD] = { "NoSuchUpload", 404,
		"The specified multipart upload does not exist. The upload ID might not be valid, or the multipart upload might have been aborted or completed" },
	[S3_NO_SUCH_VERSION] = { "NoSuchVersion", 404,
		"The specified version does not exist" },
	[S3_NO_SUCH_WEBSITE] = { "NoSuchWebsiteConfiguration", 404,
		"The specified bucket does not have a website configuration" },
	[S3_NOT_IMPLEMENTED] = { "NotImplemented", 501,
		"A header you provided implies functionality that is not implemented" },
	[S3_NOT_MODIFIED] = { "NotModified", 304,
		"Not Modified" },
	[S3_OPERATION_ABORTED] = { "OperationAborted", 409,
		"A conflicting conditional operation is currently in progress against this resource. Try again" },
	[S3_PRECONDITION_FAILED] = { "PreconditionFailed", 412,
		"At least one of the pre-conditions you specified did not hold" },
	[S3_REQUEST_IS_NOT_MULTIPART] = { "RequestIsNotMultiPartContent", 412,
		"Bucket POST must be of the enclosure-type multipart/form-data" },
	[S3_REQUEST_TIMEOUT] = { "RequestTimeout", 400,
		"Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed" },
	[S3_REQUEST_TIME_TOO_SKEWED] = { "RequestTimeTooSkewed", 403,
		"The difference between the request time and the server's time is too large" },
	[S3_SERVICE_UNAVAILABLE] = { "ServiceUnavailable", 503,
		"Service is unable to handle request" },
	[S3_SIGNATURE_DOES_NOT_MATCH] = { "SignatureDoesNotMatch", 403,
		"The request signature we calculated does not match the signature you provided. Check your key and signing method" },
	[S3_SLOW_DOWN] = { "SlowDown", 503,
		"Please reduce your request rate" },
	[S3_TOO_MANY_BUCKETS] = { "TooManyBuckets", 400,
		"You have attempted to create more buckets than allowed" },
	[S3_UNEXPECTED_CONTENT] = { "UnexpectedContent", 400,
		"This request contains unsupported content" },
	[S3_UNRESOLVABLE_GRANT] = { "UnresolvableGrantByEmailAddress", 400,
		"The email address you provided does not match any account on record" },
	[S3_UNSUPPORTED_ARGUMENT] = { "UnsupportedArgument", 400,
		"The request contained an unsupported argument" },
	[S3_XAMZ_CONTENT_SHA256_MISMATCH] = { "XAmzContentSHA256Mismatch", 400,
		"The provided 'x-amz-content-sha256' header does not match what was computed" },
};

/* As it stands in <Code>. */
const char *s3_code_name(enum s3_code code)
{
	return codes[code].name;
}

/* The HTTP status that goes with it. */
unsigned int s3_code_status(enum s3_code code)
{
	return codes[code].status;
}

const char *s3_code_message(enum s3_code code)
{
	return codes[code].message;
}

/* What a foreign server means by <Code>; S3_CODES when it is not in the table. */
enum s3_code s3_code_find(struct str name)
{
	unsigned int i;

	for (i = 1; i < S3_CODES; i++)
		if (str_is(name, codes[i].name))
			return i;
	return S3_CODES;
}

/**
 * s3_fail - begin a refusal
 * @f:		overwritten; s3_detail() may add to it
 * @code:	what is wrong
 * @fmt:	what exactly; NULL for the words of the code
 *
 * Return: @code.
 */
enum s3_code s3_fail(struct s3_fault *f, enum s3_code code, const char *fmt, ...)
{
	va_list args;

	f->code = code;
	f->details = 0;
	f->message[0] = '\0';
	if (fmt) {
		va_start(args, fmt);
		vsnprintf(f->message, sizeof(f->message), fmt, args);
		va_end(args);
	}
	return code;
}

/* An element beside the message, such as <BucketName>; what does not fit is cut. */
void s3_detail(struct s3_fault *f, const char *name, struct str value)
{
	size_t len = value.len < S3_DETAIL_MAX - 1 ? value.len : S3_DETAIL_MAX - 1;

	if (f->details == S3_DETAILS)
		return;
	f->detail[f->details].name = name;
	if (len)
		memcpy(f->detail[f->details].value, value.at, len);
	f->detail[f->details].value[len] = '\0';
	f->details++;
}

/**
 * s3_error_xml - the body of a refusal
 * @o:		the writer
 * @f:		what is wrong
 * @resource:	path of the bucket or object
 * @request_id:	as in x-amz-request-id
 * @host_id:	as in x-amz-id-2
 *
 * HEAD, 204 and 304 have no body: then it is not written.
 */
void s3_error_xml(struct out *o, const struct s3_fault *f, struct str resource,
		  struct str request_id, struct str host_id)
{
	const char *message = f->message[0] ? f->message : codes[f->code].message;
	unsigned int i;

	xml_start(o);
	xml_open(o, "Error");
	xml_text(o, "Code", str_of(codes[f->code].name));
	xml_text(o, "Message", str_of(message));
	for (i = 0; i < f->details; i++)
		xml_text(o, f->detail[i].name, str_of(f->detail[i].value));
	xml_text(o, "Resource", resource);
	xml_text(o, "RequestId", request_id);
	xml_text(o, "HostId", host_id);
	xml_close(o, "Error");
}
