// SPDX-License-Identifier: GPL-2.0-or-later
/* Storage policies: both forms, defaults, every error by its field, one form out. */
#include <errno.h>
#include <stdio.h>

#include "policy/policy.h"
#include "rlnc_util.h"

static int parse(struct policy *p, const char *text, struct policy_error *err)
{
	struct guarded g;
	int rc;

	/* Without a zero behind it, and with a page that must not be touched. */
	guarded_alloc(&g, strlen(text), 1);
	memcpy(g.data, text, strlen(text));
	*err = (struct policy_error){ "" };
	rc = policy_parse_json(p, (const char *)g.data, g.len, err);
	guarded_free(&g);
	return rc;
}

static void is_printed(const struct policy *p, const char *want)
{
	char *text = policy_print_json(p);

	assert_non_null(text);
	assert_string_equal(text, want);
	free(text);
}

#define DEFAULTS								\
	"\"redundancy\":{\"scheme\":\"RLNC\",\"symbols\":4,\"redundant_packets\":2,\"quorum\":5,"	\
	"\"generation_size\":4194304,\"dense\":false,\"coefficients\":\"apart\"},"	\
	"\"compression\":{\"scheme\":\"none\"},"				\
	"\"encryption\":{\"scheme\":\"AES\",\"key_size\":256},\"cache\":true"

static void defaults(void **state)
{
	struct policy_error err;
	struct policy p;

	(void)state;
	assert_int_equal(parse(&p, "{\"name\":\"p\"}", &err), 0);
	is_printed(&p, "{\"name\":\"p\",\"description\":\"\",\"backends\":[],\"edge_devices\":[],"
		   DEFAULTS "}");
	assert_int_equal(policy_n(&p), 6);
	assert_int_equal(policy_scheme(&p), SKY_PLAIN);
	/* What is null is absent. */
	assert_int_equal(parse(&p, "{\"name\":\"p\",\"redundancy\":null,\"backends\":null,"
			       "\"encryption\":{\"scheme\":null}}", &err), 0);
	is_printed(&p, "{\"name\":\"p\",\"description\":\"\",\"backends\":[],\"edge_devices\":[],"
		   DEFAULTS "}");
}

/* As SERRANO's clients write it. */
static void clients_body(void **state)
{
	static const char text[] =
		"{\"id\": 7, \"name\": \"my-policy\", \"description\": \"d \\u00e9\", \"backends\": [3, 1],"
		" \"edge_devices\": [9], \"redundancy\": {\"scheme\": \"RLNC\", \"redundant_packets\": 3},"
		" \"compression\": {\"scheme\": \"DEFLATE\", \"wbits\": -15, \"level\": 9},"
		" \"encryption\": {\"scheme\": \"AES\", \"key_size\": 256}}";
	struct policy_error err;
	struct policy p;

	(void)state;
	assert_int_equal(parse(&p, text, &err), 0);
	assert_int_equal(p.id, 7);
	assert_string_equal(p.name, "my-policy");
	assert_string_equal(p.description, "d \xc3\xa9");
	assert_int_equal(p.backends.count, 2);
	assert_int_equal(p.backends.id[0], 3);
	assert_int_equal(p.edge_devices.id[0], 9);
	assert_int_equal(p.redundant, 3);
	assert_int_equal(policy_n(&p), 7);
	assert_int_equal(p.compression, POLICY_DEFLATE);
	assert_int_equal(p.wbits, -15);
	assert_int_equal(p.level, 9);
	assert_int_equal(policy_scheme(&p), SKY_DEFLATE_RAW);
}

static void every_field(void **state)
{
	static const char text[] =
		"{\"name\":\"p\",\"description\":\"\",\"backends\":[],\"edge_devices\":[65534],"
		"\"redundancy\":{\"scheme\":\"RLNC\",\"symbols\":128,\"redundant_packets\":127,\"quorum\":200,"
		"\"generation_size\":67108864,\"dense\":true,\"coefficients\":\"inside\"},"
		"\"compression\":{\"scheme\":\"zstd\",\"level\":19},"
		"\"encryption\":{\"scheme\":\"AES\",\"key_size\":256},"
		"\"cache\":false,\"id\":9223372036854775807}";
	struct policy_error err;
	struct policy p;

	(void)state;
	assert_int_equal(parse(&p, text, &err), 0);
	assert_int_equal(p.k, 128);
	assert_int_equal(policy_n(&p), 255);
	assert_int_equal(p.quorum, 200);
	assert_true(p.dense && p.coeffs_inside && !p.cache);
	assert_int_equal(policy_scheme(&p), SKY_ZSTD);
	is_printed(&p, text);
}

static void each_error(void **state)
{
	static const struct { const char *text, *err; } cases[] = {
		{ "", "document: line 1: '[' or '{' expected near end of file" },
		{ "[]", "document: is not an object" },
		{ "{\"name\":\"p\"} x", "document: line 1: end of file expected near 'x'" },
		{ "{\"name\":\"p\",\"name\":\"q\"}",
		  "document: line 1: duplicate object key near '\"name\"'" },
		{ "{}", "name: is missing" },
		{ "{\"name\":\"\"}", "name: is missing" },
		{ "{\"name\":5}", "name: is not a string" },
		{ "{\"name\":\"a/b\"}", "name: has a character that is not in A-Z a-z 0-9 - _ ." },
		{ "{\"name\":\"0123456789012345678901234567890123456789012345678901234567890123\"}",
		  "name: is longer than 63 bytes" },
		{ "{\"name\":\"p\",\"id\":0}", "id: 0 is not from 1 to 9223372036854775807" },
		{ "{\"name\":\"p\",\"id\":1.5}", "id: is not an integer" },
		{ "{\"name\":\"p\",\"id\":true}", "id: is not an integer" },
		{ "{\"name\":\"p\",\"colour\":1}", "colour: is not known here" },
		{ "{\"name\":\"p\",\"a\\nb\":1}", "a?b: is not known here" },
		{ "{\"name\":\"p\",\"backends\":1}", "backends: is not a list" },
		{ "{\"name\":\"p\",\"backends\":[1,0]}",
		  "backends: entry 2 is not a number from 1 to 65534" },
		{ "{\"name\":\"p\",\"backends\":[65535]}",
		  "backends: entry 1 is not a number from 1 to 65534" },
		{ "{\"name\":\"p\",\"edge_devices\":[\"1\"]}",
		  "edge_devices: entry 1 is not a number from 1 to 65534" },
		{ "{\"name\":\"p\",\"backends\":[4,5,4]}", "backends: 4 is there twice" },
		{ "{\"name\":\"p\",\"redundancy\":[]}", "redundancy: is not an object" },
		{ "{\"name\":\"p\",\"redundancy\":{\"scheme\":\"XOR\"}}",
		  "redundancy.scheme: XOR is not one of: RLNC" },
		{ "{\"name\":\"p\",\"redundancy\":{\"symbols\":0}}",
		  "redundancy.symbols: 0 is not from 1 to 128" },
		{ "{\"name\":\"p\",\"redundancy\":{\"symbols\":129}}",
		  "redundancy.symbols: 129 is not from 1 to 128" },
		{ "{\"name\":\"p\",\"redundancy\":{\"redundant_packets\":-1}}",
		  "redundancy.redundant_packets: -1 is not from 0 to 251" },
		{ "{\"name\":\"p\",\"redundancy\":{\"symbols\":8,\"redundant_packets\":248}}",
		  "redundancy.redundant_packets: 248 is not from 0 to 247" },
		{ "{\"name\":\"p\",\"redundancy\":{\"quorum\":3}}",
		  "redundancy.quorum: 3 is not from 4 to 6" },
		{ "{\"name\":\"p\",\"redundancy\":{\"quorum\":7}}",
		  "redundancy.quorum: 7 is not from 4 to 6" },
		{ "{\"name\":\"p\",\"redundancy\":{\"generation_size\":4095}}",
		  "redundancy.generation_size: 4095 is not from 4096 to 67108864" },
		{ "{\"name\":\"p\",\"redundancy\":{\"dense\":1}}",
		  "redundancy.dense: is neither true nor false" },
		{ "{\"name\":\"p\",\"redundancy\":{\"coefficients\":\"there\"}}",
		  "redundancy.coefficients: there is not one of: apart, inside" },
		{ "{\"name\":\"p\",\"redundancy\":{\"k\":4}}", "redundancy.k: is not known here" },
		{ "{\"name\":\"p\",\"compression\":{\"scheme\":\"LZ4\"}}",
		  "compression.scheme: LZ4 is not one of: none, DEFLATE, zstd" },
		{ "{\"name\":\"p\",\"compression\":{\"wbits\":0}}",
		  "compression.wbits: 0 is not in -15..-8, 8..15 or 24..31" },
		{ "{\"name\":\"p\",\"compression\":{\"wbits\":-16}}",
		  "compression.wbits: -16 is not from -15 to 31" },
		{ "{\"name\":\"p\",\"compression\":{\"level\":13}}",
		  "compression.level: 13 is not from -1 to 12" },
		{ "{\"name\":\"p\",\"compression\":{\"scheme\":\"zstd\",\"level\":0}}",
		  "compression.level: 0 is not from 1 to 19" },
		{ "{\"name\":\"p\",\"compression\":{\"scheme\":\"zstd\",\"wbits\":15}}",
		  "compression.wbits: is not known here" },
		{ "{\"name\":\"p\",\"compression\":{\"scheme\":\"none\",\"level\":1}}",
		  "compression.level: is not known here" },
		{ "{\"name\":\"p\",\"encryption\":{\"scheme\":\"none\"}}",
		  "encryption.scheme: none is not one of: AES" },
		{ "{\"name\":\"p\",\"encryption\":{\"key_size\":128}}",
		  "encryption.key_size: 128 is not from 256 to 256" },
		{ "{\"name\":\"p\",\"cache\":\"no\"}", "cache: is neither true nor false" },
		{ "{\"name\":\"p\",\"cache\":0}", "cache: is neither true nor false" },
		{ "{\"name\":\"p\",\"cache\":{\"memory\":false}}", "cache: is neither true nor false" },
		{ "{\"name\":\"p\",\"cache\":true,\"cache\":false}",
		  "document: line 1: duplicate object key near '\"cache\"'" },
		{ "{\"name\":\"p\",\"Cache\":false}", "Cache: is not known here" },
	};
	struct policy_error err;
	struct policy p;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(parse(&p, cases[i].text, &err), -EINVAL);
		assert_string_equal(err.text, cases[i].err);
	}
}

/* Much too long, and much too deep. */
static void too_much(void **state)
{
	char *text CLEANUP_FREE = malloc(POLICY_MAX_BYTES + 2);
	struct policy_error err;
	struct policy p;

	(void)state;
	memset(text, '[', POLICY_MAX_BYTES + 1);
	text[POLICY_MAX_BYTES + 1] = '\0';
	assert_int_equal(parse(&p, text, &err), -EINVAL);
	assert_string_equal(err.text, "document: is longer than 65536 bytes");
	text[POLICY_MAX_BYTES] = '\0';
	assert_int_equal(parse(&p, text, &err), -EINVAL);
	assert_int_equal(policy_parse_yaml(&p, text, POLICY_MAX_BYTES, &err), -EINVAL);
}

static int parse_yaml(struct policy *p, const char *text, struct policy_error *err)
{
	*err = (struct policy_error){ "" };
	return policy_parse_yaml(p, text, strlen(text), err);
}

static void older_form(void **state)
{
	static const char text[] =
		"# the default\n"
		"default_storage_policy:\n"
		"  locations:\n"
		"    bucket_ids: [3, 5]\n"
		"  encryption:\n"
		"    enabled: true\n"
		"    type: AES-GCM-256\n"
		"  erasure_coding:\n"
		"    type: RLNC\n"
		"    symbols: 8\n"
		"    generation_size_mb: 16\n";
	struct policy_error err;
	struct policy p;

	(void)state;
	assert_int_equal(parse_yaml(&p, text, &err), 0);
	assert_string_equal(p.name, "default_storage_policy");
	assert_int_equal(p.backends.count, 2);
	assert_int_equal(p.backends.id[1], 5);
	assert_int_equal(p.k, 8);
	assert_int_equal(p.redundant, 2);
	assert_int_equal(p.quorum, 9);
	assert_int_equal(p.generation_bytes, 16 << 20);
	assert_int_equal(parse_yaml(&p, "p: {}", &err), 0);
	is_printed(&p, "{\"name\":\"p\",\"description\":\"\",\"backends\":[],\"edge_devices\":[],"
		   DEFAULTS "}");
}

static void each_error_of_the_older(void **state)
{
	static const struct { const char *text, *err; } cases[] = {
		{ "", "document: line 1: is not one document" },
		{ "[1", "document: line 2: did not find expected ',' or ']'" },
		{ "- 1", "document: is not a mapping" },
		{ "a: {}\nb: {}", "document: is not one policy under its name" },
		{ "a: 1", "a: is not an object" },
		{ "a b: {}", "name: has a character that is not in A-Z a-z 0-9 - _ ." },
		{ "a:", "a: is empty" },
		{ "a: {}\n---\nb: {}", "document: line 2: is not one document" },
		{ "a: {x: 1}", "a.x: is not known here" },
		{ "a: {x: 1, x: 2}", "document: line 1: a name is there twice" },
		{ "a: {[1]: 2}", "document: line 1: a name is not a word" },
		{ "a: &x {}", "document: line 1: anchors and tags are not taken" },
		{ "a: &x 1", "document: line 1: anchors and tags are not taken" },
		{ "a: !!str 1", "document: line 1: anchors and tags are not taken" },
		{ "a: &x [*x]", "document: line 1: anchors and tags are not taken" },
		{ "a: *x", "document: line 1: aliases are not taken" },
		{ "a: [[[[[[[[[[[[[1]]]]]]]]]]]]]", "document: line 1: is nested too deeply" },
		{ "a: {encryption: {enabled: false}}",
		  "a.encryption.enabled: nothing is stored without encryption" },
		{ "a: {encryption: {enabled: 1}}",
		  "a.encryption.enabled: is neither true nor false" },
		{ "a: {encryption: {type: DES}}",
		  "a.encryption.type: DES is not one of: AES-GCM-256" },
		{ "a: {erasure_coding: {symbols: \"4\"}}",
		  "a.erasure_coding.symbols: is not an integer" },
		{ "a: {erasure_coding: {symbols: 0}}",
		  "a.erasure_coding.symbols: 0 is not from 1 to 128" },
		{ "a: {erasure_coding: {generation_size_mb: 65}}",
		  "a.erasure_coding.generation_size_mb: 65 is not from 1 to 64" },
		{ "a: {locations: {bucket_ids: [0]}}",
		  "a.locations.bucket_ids: entry 1 is not a number from 1 to 65534" },
		{ "a: {locations: {bucket_ids: 99999999999999999999}}",
		  "a.locations.bucket_ids: is not a list" },
	};
	struct policy_error err;
	struct policy p;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (parse_yaml(&p, cases[i].text, &err) != -EINVAL)
			fail_msg("taken: %s", cases[i].text);
		assert_string_equal(err.text, cases[i].err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults), cmocka_unit_test(clients_body),
		cmocka_unit_test(every_field), cmocka_unit_test(each_error),
		cmocka_unit_test(too_much), cmocka_unit_test(older_form),
		cmocka_unit_test(each_error_of_the_older),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
