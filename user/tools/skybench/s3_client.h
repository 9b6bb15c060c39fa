/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client of one bucket: requests with SigV4 in their header, over connections that are kept. */
#ifndef SKYBENCH_S3_CLIENT_H
#define SKYBENCH_S3_CLIENT_H

#include "crypto/hmac.h"
#include "http/client.h"
#include "keys.h"

#define S3_HOST_MAX	(256u + 8)	/* with the port */
#define S3_PREFIX_MAX	128u
#define S3_BUCKET_MAX	63u
#define S3_OBJECT_MAX	64u		/* of names, which the load makes itself */
#define S3_CODE_MAX	48u
#define S3_HEX_SHA256	64u

struct s3_client {
	struct http_origin origin;
	char name[S3_HOST_MAX];		/* of the host, and */
	char host[S3_HOST_MAX];		/* as Host has it */
	char prefix[S3_PREFIX_MAX + 1];	/* of paths: "" or "/s3" */
	char bucket[S3_BUCKET_MAX + 1];
	char region[32];
	struct s3_keys keys;
	int64_t timeout;		/* ns, of a request */

	/* --- of s3_client.c --- */
	struct hmac_key key;		/* for @day */
	char day[9];
};

/**
 * s3_client_open - take an endpoint apart, and find its address
 * @c:		with bucket, region, keys and timeout filled in
 * @url:	http://HOST[:PORT][/PREFIX]
 * @connections: most at a time
 *
 * Return: 0 or -errno, reported.
 */
int s3_client_open(struct s3_client *c, const char *url, unsigned int connections);

/* On the loop, when no request is under way. */
void s3_client_close(struct s3_client *c);

/* One request, and the room for what it is made of. */
struct s3_call {
	struct http_call http;
	char target[S3_PREFIX_MAX + S3_BUCKET_MAX + S3_OBJECT_MAX + 4];
	char fields[1024];
	char code[S3_CODE_MAX];		/* why it failed: S3's own code, "HTTP 503", "ETIMEDOUT" */
};

/**
 * s3_call_sign - everything of a request but its body
 * @call:	receives it; @call->http.body and its kind are then the caller's to set
 * @object:	"" for the bucket itself
 * @sha256:	of the body in hexadecimal, or "UNSIGNED-PAYLOAD"
 *
 * Return: 0 or -errno.
 */
int s3_call_sign(struct s3_client *c, struct s3_call *call, struct str method, struct str object,
		 struct str sha256);

/* Of a body of no bytes. */
#define S3_NO_BODY	STR("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")

/**
 * s3_call_end - read what is left of an answer, and let go of the connection
 * @rc:		what http_call() and its kind have returned; negative: there is no answer
 *
 * Return: whether it was a success: an answer of 200 to 299 that came whole.  Otherwise
 * @call->code says what it was.
 */
bool s3_call_end(struct s3_call *call, int rc);

/* A request without a body, from its begin to its end.  Return: as s3_call_end(). */
bool s3_simple(struct s3_client *c, struct s3_call *call, struct str method, struct str object);

#endif /* SKYBENCH_S3_CLIENT_H */
