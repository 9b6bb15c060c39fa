// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests of strangers who have no key: whatever they claim, it is not true.  What
 * they wrote is signed by our client, which must then be believed.
 */
#include "fuzz_util.h"

#include "s3/sig.h"

static const struct sig_rules rules = {
	.region = { "us-east-1", 9 }, .service = { "s3", 2 }, .now = 1369353600,
	.skew = SIG_SKEW_MAX,
};

static struct hmac_key hmac;

static const struct sig_key *example_key(void)
{
	static struct sig_key key;

	if (!key.hmac) {
		sig_derive(STR("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), STR("20130524"),
			   STR("us-east-1"), STR("s3"), &hmac);
		key.hmac = &hmac;
	}
	return &key;
}

/* Our client signs the stranger's method, path, query and host. */
static void sign(const struct sig_message *from)
{
	static char query[65536];
	struct out o = OUT(query, sizeof(query));
	struct sig_header host = { STR("host"), STR("h") };
	struct sig_message m = *from;
	struct sig_signer s = {
		.access_key = STR("AKIAIOSFODNN7EXAMPLE"), .region = STR("us-east-1"),
		.service = STR("s3"), .now = rules.now, .key = *example_key(),
	};
	struct sig_claim claim;
	struct s3_fault f;
	struct str found;

	m.headers = &host;
	m.count = 1;
	if (sig_presign(&o, &s, &m, 60, STR_NONE, STR_NONE))
		return;
	m.query = out_written(&o);
	/* A stranger's own parameters of these names come first. */
	if (query_find(from->query, STR("X-Amz-Algorithm"), &found) ||
	    query_find(from->query, STR("X-Amz-Credential"), &found) ||
	    query_find(from->query, STR("X-Amz-Date"), &found) ||
	    query_find(from->query, STR("X-Amz-Expires"), &found) ||
	    query_find(from->query, STR("X-Amz-Signature"), &found) ||
	    query_find(from->query, STR("X-Amz-SignedHeaders"), &found) ||
	    query_find(from->query, STR("X-Amz-Content-Sha256"), &found))
		return;
	require(!sig_parse(&m, &rules, &claim, &f) &&
		!sig_verify(&m, &claim, example_key(), &f));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sig_header table[HTTP_FIELDS_MAX];
	static struct http_head h;
	struct str text = own_copy(data, size);
	struct sig_claim claim;
	struct sig_message m;
	struct s3_fault f = { 0 };
	enum s3_code code;
	struct uri u;

	http_head_init(&h, false);
	if (http_head_parse(&h, text.at, text.len) == HTTP_DONE &&
	    uri_split(http_str(&h, h.target), &u)) {
		sig_message_from(&h, &u, table, &m);
		code = sig_parse(&m, &rules, &claim, &f);
		require(!code || f.code == code);
		/* The corpus has requests that are signed, and are not to be changed. */
		if (!code && claim.place != SIG_ANONYMOUS) {
			code = sig_verify(&m, &claim, example_key(), &f);
			require(!code || f.code == code);
		}
		sign(&m);
	}
	free((char *)text.at);
	return 0;
}
