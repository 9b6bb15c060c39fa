/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The examples of AWS's own documentation: S3 API Reference, "Signature
 * Calculations for the Authorization Header" (transferring payload in a single
 * chunk, in multiple chunks, with trailing headers), "Using Query Parameters".
 */
#ifndef TESTS_S3_VECTORS_H
#define TESTS_S3_VECTORS_H

#include "text_util.h"

#include "s3/sig.h"

#define EXAMPLE_KEY	"AKIAIOSFODNN7EXAMPLE"
#define EXAMPLE_SECRET	"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
#define EXAMPLE_SCOPE	EXAMPLE_KEY "/20130524/us-east-1/s3/aws4_request"
#define EXAMPLE_NOW	1369353600	/* 2013-05-24T00:00:00Z */
#define EMPTY_SHA256	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const struct sig_rules example_rules = {
	.region = { "us-east-1", 9 }, .service = { "s3", 2 },
	.now = EXAMPLE_NOW, .skew = SIG_SKEW_MAX,
};

static inline struct hmac_key example_key(void)
{
	struct hmac_key key;

	sig_derive(STR(EXAMPLE_SECRET), STR("20130524"), STR("us-east-1"), STR("s3"), &key);
	return key;
}

/* A request that was parsed, with what it lies in. */
struct request {
	struct http_head head;
	struct sig_header table[HTTP_FIELDS_MAX];
	struct uri uri;
	struct sig_message message;
	struct sig_claim claim;
	struct s3_fault fault;
};

/* Parse a whole head; it must be one. */
static inline void take_request(struct request *r, const char *text)
{
	memset(&r->fault, 0, sizeof(r->fault));
	http_head_init(&r->head, false);
	assert_int_equal(http_head_parse(&r->head, text, strlen(text)), HTTP_DONE);
	assert_true(uri_split(http_str(&r->head, r->head.target), &r->uri));
	sig_message_from(&r->head, &r->uri, r->table, &r->message);
}

/* What a server says of a request, under the key of the examples. */
static inline enum s3_code judge(struct request *r, const char *text,
				 const struct sig_rules *rules)
{
	struct hmac_key hmac = example_key();
	struct sig_key key = { .hmac = &hmac };
	enum s3_code code;

	take_request(r, text);
	code = sig_parse(&r->message, rules, &r->claim, &r->fault);
	return code ? code : sig_verify(&r->message, &r->claim, &key, &r->fault);
}

#endif /* TESTS_S3_VECTORS_H */
