// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What AWS's own SDKs have signed, at the time of the examples: botocore 1.43 (keys
 * and parameters full of marks), @smithy/signature-v4a (SigV4A).
 */
#include "s3_vectors.h"

#define SIGNED	\
	"&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=600&X-Amz-SignedHeaders=host&X-Amz-Security-Token=tok%2Fen%2B%3D&X-Amz-Signature="
#define MARKS	\
	"&versionId=a%2Fb%20c%2Bd&response-content-disposition=attachment%3B%20filename%3D%22x%20y%22"

static void presigned(void **state)
{
	static const struct {
		const char *path, *query, *signature;
	} cases[] = {
		{ "/bucket/a%20b%2Bc%26d%3De%3Ff", "",
		  "2c02d190056dbc4f5db87f1db202a059cb5ece7b70e26fe4c54dcb071ec60279" },
		{ "/bucket/a%20b%2Bc%26d%3De%3Ff", MARKS,
		  "5e80e171bac4d80e58bc093e460a0793372559417f2ee054405bb57f487c8420" },
		{ "/bucket/%C3%A9%281%29%2A%27%21~%40%24%2C%3B%3A/x//y/../z", "",
		  "f99c63fc9607659bbec6bc968a320c89e78b5674f59cefcc22970db0bb89cca7" },
		/* The same from a client that encodes less. */
		{ "/bucket/\xc3\xa9(1)*'!~@$,;:/x//y/../z", "",
		  "f99c63fc9607659bbec6bc968a320c89e78b5674f59cefcc22970db0bb89cca7" },
		{ "/bucket/%C3%A9%281%29%2A%27%21~%40%24%2C%3B%3A/x//y/../z", MARKS,
		  "4661d4ad116d0b7e3d992b9387abb25bb29bc6513668ffc4afd9249b16f0728e" },
		{ "/bucket/%252F%25zz", "",
		  "c5e0d973eb85bdac4346f2d035e6cd23e8fae8dd48013f884a72afd7374736ba" },
		{ "/bucket/%252F%25zz", MARKS,
		  "3aef4f8787940b505130cebe941f275c69adb40a1b6ef3138cec3eedf3b69b00" },
		{ "/bucket/-._~", "",
		  "31c5bb1d1240ea163a7207efaad287574f8d0a29e2b88215dd86226ca18a4975" },
	};
	static struct request r;
	char text[2048];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		struct out o = OUT(text, sizeof(text) - 1);

		out_text(&o, "GET ");
		out_text(&o, cases[i].path);
		out_text(&o, "?");
		/* An empty parameter at the start is none. */
		out_text(&o, cases[i].query);
		out_text(&o, SIGNED);
		out_text(&o, cases[i].signature);
		out_text(&o, " HTTP/1.1\r\nHost: h:9000\r\n\r\n");
		assert_int_equal(o.err, 0);
		text[o.len] = '\0';
		if (judge(&r, text, &example_rules))
			fail_msg("%s %s: %s", cases[i].path, cases[i].query, r.fault.message);
		assert_str(r.claim.token, "tok%2Fen%2B%3D");
	}
}

static const char asymmetric_text[] =
	"PUT /bucket/a%20b%2Bc/%C3%A9?versionId=a%2Fb%20c%2Bd&uploads= HTTP/1.1\r\n"
	"host: h:9000\r\n"
	"x-amz-content-sha256: UNSIGNED-PAYLOAD\r\n"
	"x-amz-meta-a: one  two\r\n"
	"x-amz-date: 20130524T000000Z\r\n"
	"x-amz-region-set: us-east-1\r\n"
	"authorization: AWS4-ECDSA-P256-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-meta-a;x-amz-region-set, Signature=3045022100df51535e0911dc04fd509fb43c5dbe7a65e21f97478f96f56acfd26a96be5164022061352e409038baae6cc25922255680c796f64dfd6d4cadde6e7e40c1ba89669c\r\n"
	"\r\n";

static void asymmetric(void **state)
{
	uint8_t scalar[P256_SCALAR_BYTES], point[P256_POINT_BYTES];
	struct sig_rules rules = example_rules;
	struct sig_key key = { 0 };
	static struct request r;
	struct ecdsa_key *private;

	(void)state;
	assert_int_equal(sig_derive_ecdsa(STR(EXAMPLE_SECRET), STR(EXAMPLE_KEY), scalar), 0);
	private = ecdsa_private(scalar);
	assert_non_null(private);
	ecdsa_point(private, point);
	key.ecdsa = ecdsa_public(point);
	assert_non_null(key.ecdsa);
	take_request(&r, asymmetric_text);
	assert_int_equal(sig_parse(&r.message, &rules, &r.claim, &r.fault), S3_OK);
	assert_int_equal(sig_verify(&r.message, &r.claim, &key, &r.fault), S3_OK);
	r.message.path = STR("/bucket/a%20b%2Bc/%C3%A8");
	assert_int_equal(sig_verify(&r.message, &r.claim, &key, &r.fault),
			 S3_SIGNATURE_DOES_NOT_MATCH);
	rules.region = STR("eu-west-1");
	assert_int_equal(sig_parse(&r.message, &rules, &r.claim, &r.fault),
			 S3_AUTHORIZATION_HEADER_MALFORMED);
	ecdsa_free(key.ecdsa);
	ecdsa_free(private);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(presigned), cmocka_unit_test(asymmetric),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
