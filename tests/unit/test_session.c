// SPDX-License-Identifier: GPL-2.0-or-later
/* Sessions: documents that are wrong, images and signers that are others', boxes, devices. */
#include <errno.h>

#include "session/box.h"
#include "sigstore_judge.h"
#include "sky_secret.h"

#define DIGEST	"sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define OTHER	"sha256:2222222222222222222222222222222222222222222222222222222222222222"
#define GOOD								\
	"{\"session\":\"shop\",\"version\":3,\"images\":[\"" DIGEST "\"],\"tiers\":[2],"	\
	"\"hosts\":[\"a\",\"b\"],\"command\":[\"--token=${secret:token}!\",\"x\"],"		\
	"\"secrets\":[{\"name\":\"key\",\"deliver\":\"device\"},"				\
	"{\"name\":\"token\",\"deliver\":\"cmdline\"}]}"

static char why[SESSION_WHY];

static int parse(struct str text)
{
	CLEANUP_SESSION s;

	return session_parse(text, &s, why);
}

/* GOOD, with the first @from made @to. */
static struct str but(const char *from, const char *to)
{
	const char *at = strstr(GOOD, from);
	static char text[SESSION_MAX_BYTES];

	assert_non_null(at);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - GOOD), GOOD, to, at + strlen(from));
	return str_of(text);
}

static void refused(const char *from, const char *to, const char *says)
{
	if (parse(but(from, to)) != -EINVAL || !strstr(why, says))
		fail_msg("%s -> %s: '%s', not '%s'", from, to, why, says);
}

static void documents(void **state)
{
	CLEANUP_SESSION s;
	struct str text = STR(GOOD);
	char *part;
	size_t i;

	(void)state;
	assert_int_equal(session_parse(text, &s, why), 0);
	assert_true(str_is(s.name, "shop") && s.version == 3 && s.images == 1 && s.hosts == 2);
	assert_int_equal(s.image[0][31], 0x11);
	assert_true(s.tiers == 1 << 2 && s.words == 2 && s.secrets == 2 && !s.max_releases);
	/* Cut at every byte, in memory that ends there. */
	for (i = 0; i < text.len; i++) {
		part = malloc(i + !i);
		assert_non_null(part);
		memcpy(part, text.at, i);
		assert_int_equal(parse((struct str){ part, i }), -EINVAL);
		assert_true(*why);
		free(part);
	}
	refused("{\"session\"", "[\"session\"", "document");
	refused("\"version\":3", "\"version\":3,\"version\":3", "document");
	refused("\"version\":3", "\"Version\":3", "Version: is not known here");
	refused("\"shop\"", "\"../shop\"", "session:");
	refused("\"shop\"", "null", "session: is null");
	refused("\"shop\"", "7", "session: is not a string");
	refused("\"shop\"", "\"a\\u0000b\"", "document");
	refused("3", "0", "version:");
	refused("3", "\"3\"", "version:");
	refused("3", "3.0", "version:");
	refused("3", "2147483648", "version:");
	refused("\"images\":[\"" DIGEST "\"],", "", "images: and signers are missing");
	refused("[\"" DIGEST "\"]", "[]", "images: has no entry");
	refused("[\"" DIGEST "\"]", "null", "images: is null");
	refused("[\"" DIGEST "\"]", "\"" DIGEST "\"", "images: is not a list");
	refused(DIGEST, "sha256:11", "images: has an entry");
	refused(DIGEST, "sha512:11", "images: has an entry");
	refused("[2]", "[1]", "tiers:");
	refused("[2]", "[2,2]", "tiers:");
	refused("[2]", "[5]", "tiers:");
	refused("[2]", "[]", "tiers: has no entry");
	refused("[2]", "[2,3]", "secrets[1].deliver: is cmdline");
	refused("\"hosts\":[\"a\",\"b\"],", "", "hosts: and policies are missing");
	refused("\"b\"]", "\"b/c\"]", "hosts: has an entry");
	refused("\"b\"]", "\"b\"],\"policies\":[\"x\"]", "policies: has an entry");
	refused("\"command\":[\"--token=${secret:token}!\",\"x\"],", "", "command: is missing");
	refused("secret:token}", "secret:key}", "command: ${secret:key}: it is not for");
	refused("secret:token}", "secret:none}", "command: ${secret:none}: there is no");
	refused("secret:token}", "secret:token", "command: ${secret:}: a template does not end");
	refused("--token=${secret:token}!", "y", "command: ${secret:token}: the command has it");
	refused("\"x\"", "\"\"", "command: has an entry");
	refused("\"x\"", "\"a\\nb\"", "command: has an entry");
	refused("\"key\"", "\"token\"", "secrets[1].name: is there twice");
	refused("\"device\"", "\"disk\"", "secrets[0].deliver");
	refused(",\"deliver\":\"device\"", "", "secrets[0].deliver: is missing");
	refused("\"device\"", "\"device\",\"value\":\"x\"", "secrets[0].value: is not known");
	refused("\"version\":3", "\"version\":3,\"max_releases\":0", "max_releases:");
	refused("\"version\":3", "\"version\":3,\"max_releases\":null", "max_releases: is null");
	refused("\"version\":3", "\"version\":3,\"not_after\":\"soon\"", "not_after");
	refused("\"version\":3", "\"version\":3,\"signers\":[{\"static\":{\"action\":\"pass\"}}]",
		"static");
	refused("\"version\":3", "\"version\":3,\"signers\":[{\"key\":{\"data\":\"x\"}}]", "signers:");
	text = but("3", "3,\"max_releases\":2,\"not_after\":\"2026-01-01T00:00:00Z\"");
	assert_int_equal(parse(text), 0);
}

/* One more than fits. */
static void limits(void **state)
{
	char text[2 * SESSION_MAX_BYTES], *at;
	unsigned int i;

	(void)state;
	memset(text, ' ', sizeof(text));
	memcpy(text, GOOD, strlen(GOOD));
	assert_int_equal(parse((struct str){ text, SESSION_MAX_BYTES }), 0);
	assert_int_equal(parse((struct str){ text, SESSION_MAX_BYTES + 1 }), -EINVAL);
	assert_non_null(strstr(why, "longer than"));
	at = text + sprintf(text, "[2],\"x\":[");
	for (i = 0; i < 10000; i++)
		*at++ = '[';
	*at = 0;
	assert_int_equal(parse(but("[2]", text)), -EINVAL);
	at = text;
	for (i = 0; i <= SESSION_SECRETS; i++)
		at += sprintf(at, "{\"name\":\"s%u\",\"deliver\":\"device\"},", i);
	strcpy(at, "{\"name\":\"key\"");
	refused("{\"name\":\"key\"", text, "secrets: has too many entries");
}

static void terms(void **state)
{
	CLEANUP_SESSION a;
	CLEANUP_SESSION b;

	(void)state;
	assert_int_equal(session_parse(STR(GOOD), &a, why), 0);
	assert_int_equal(session_parse(but("\"version\":3", "\"version\": 4"), &b, why), 0);
	assert_true(session_same_terms(&a, &b));
	assert_memory_not_equal(a.digest, b.digest, SESSION_DIGEST);
	session_free(&b);
	assert_int_equal(session_parse(but("\"b\"", "\"c\""), &b, why), 0);
	assert_false(session_same_terms(&a, &b));
	session_free(&b);
	assert_int_equal(session_parse(but("\"x\"", "\"y\""), &b, why), 0);
	assert_false(session_same_terms(&a, &b));
	session_free(&b);
	assert_int_equal(session_parse(but("3", "3,\"max_releases\":9"), &b, why), 0);
	assert_false(session_same_terms(&a, &b));
}

static void judging(void **state)
{
	uint8_t image[SESSION_DIGEST], policy[SESSION_DIGEST] = { 1 };
	struct session_start start = { .tier = 2, .image = image, .host = STR("a"), .now = 1000 };
	CLEANUP_SESSION s;
	struct str text;

	(void)state;
	memset(image, 0x11, sizeof(image));
	assert_int_equal(session_parse(STR(GOOD), &s, why), 0);
	assert_int_equal(session_judge(&s, &start, why), 0);
	start.tier = 3;
	assert_int_equal(session_judge(&s, &start, why), -EACCES);
	start.tier = 34;
	assert_int_equal(session_judge(&s, &start, why), -EACCES);
	start.tier = 2;
	start.host = STR("c");
	assert_int_equal(session_judge(&s, &start, why), -EACCES);
	assert_non_null(strstr(why, "host"));
	start.host = STR("b");
	image[31]++;
	assert_int_equal(session_judge(&s, &start, why), -EACCES);
	assert_non_null(strstr(why, "image"));
	image[31]--;
	session_free(&s);
	assert_int_equal(session_parse(but("3", "3,\"policies\":[\"" OTHER "\"]"), &s, why), 0);
	assert_int_equal(session_judge(&s, &start, why), -EACCES);
	start.policy = policy;
	assert_int_equal(session_judge(&s, &start, why), -EACCES);
	assert_non_null(strstr(why, "policy"));
	memset(policy, 0x22, sizeof(policy));
	assert_int_equal(session_judge(&s, &start, why), 0);
	session_free(&s);
	text = but("3", "3,\"not_after\":\"1970-01-01T00:16:40Z\"");
	assert_int_equal(session_parse(text, &s, why), 0);
	assert_int_equal(session_judge(&s, &start, why), 0);
	start.now++;
	assert_int_equal(session_judge(&s, &start, why), -ETIME);
}

/* A session for whatever one key, or one person, has signed. */
static void signed_by(const char *authority, const struct made *m, const struct made *stranger)
{
	uint8_t image[SESSION_DIGEST];
	struct str bundle = text_of_json(m->bundle), other = text_of_json(stranger->bundle);
	struct session_start start = { .tier = 2, .image = image, .host = STR("a"), .now = T0 };
	struct sigstore_trust *trust = NULL;
	struct sigstore_fault f;
	CLEANUP_SESSION s;
	char text[4096];

	assert_int_equal(sigstore_trust_parse(text_of_json(m->root), &trust, &f), 0);
	start.trust = trust;
	sha256_str(STR(ARTEFACT), image);
	snprintf(text, sizeof(text), "\"signers\":[%s]", authority);
	assert_int_equal(session_parse(but("\"images\":[\"" DIGEST "\"]", text), &s, why), 0);
	assert_int_equal(session_judge(&s, &start, why), -EACCES);
	assert_non_null(strstr(why, "no bundle"));
	start.bundle = bundle;
	if (session_judge(&s, &start, why))
		fail_msg("%s", why);
	start.bundle = other;
	assert_int_equal(session_judge(&s, &start, why), -EACCES);
	start.bundle = STR("{");
	assert_int_equal(session_judge(&s, &start, why), -EACCES);
	start.bundle = bundle;
	image[0]++;
	assert_int_equal(session_judge(&s, &start, why), -EACCES);
	image[0]--;
	session_free(&s);
	/* The image named, and signed: both. */
	snprintf(text, sizeof(text), "\"images\":[\"" DIGEST "\"],\"signers\":[%s]", authority);
	assert_int_equal(session_parse(but("\"images\":[\"" DIGEST "\"]", text), &s, why), 0);
	assert_int_equal(session_judge(&s, &start, why), -EACCES);
	sigstore_trust_free(trust);
}

static void signers(void **state)
{
	struct recipe named = { .body = 1, .promise = true };
	struct recipe by_key = { .body = 2, .tiles = true, .by_key = true };
	struct made m, k;
	json_t *pem;
	char text[2048], *quoted;
	struct world w;

	(void)state;
	world_open(&w);
	make(&w, &named, &m);
	make(&w, &by_key, &k);
	pem = json_stringn(k.key.at, k.key.len);
	quoted = json_dumps(pem, JSON_ENCODE_ANY);
	snprintf(text, sizeof(text), "{\"key\":{\"data\":%s}}", quoted);
	signed_by(text, &k, &m);
	signed_by("{\"keyless\":{\"identities\":[{\"issuer\":\"" OIDC_ISSUER "\",\"subject\":\""
		  IDENTITY "\"}]}}", &m, &k);
	free(quoted);
	json_decref(pem);
	made_free(&m);
	made_free(&k);
	world_close(&w);
}

static void commands(void **state)
{
	struct str value[2] = { STR("k"), STR("s3cret") };
	CLEANUP_SESSION s;
	char to[64];
	size_t size;

	(void)state;
	assert_int_equal(session_parse(STR(GOOD), &s, why), 0);
	assert_int_equal(session_command(&s, value, to, sizeof(to)), 18);
	assert_memory_equal(to, "--token=s3cret!\0x\0", 18);
	for (size = 0; size < 18; size++)
		assert_int_equal(session_command(&s, value, to, size), -EMSGSIZE);
	value[1] = STR("a b");
	assert_int_equal(session_command(&s, value, to, sizeof(to)), -EINVAL);
	assert_true(session_word_ok("~!", 2));
	assert_false(session_word_ok("a|b", 3));
	assert_false(session_word_ok("a\0b", 3));
	assert_false(session_word_ok("a\n", 2));
	assert_false(session_word_ok("\x7f", 1));
	assert_false(session_word_ok("\xc3\xb6", 2));
	assert_false(session_word_ok("", 0));
	/* What a secret looks like is never looked for in a secret. */
	value[1] = STR("${secret:key}");
	assert_int_equal(session_command(&s, value, to, sizeof(to)), 25);
	assert_memory_equal(to, "--token=${secret:key}!", 22);
}

static void boxes(void **state)
{
	uint8_t document[32] = { 1 }, image[32] = { 2 }, context[32], other[32], plain[64];
	uint8_t box[sizeof(plain) + BOX_OVERHEAD], bad[sizeof(box)], again[sizeof(box)];
	struct box_key key, stranger;
	size_t i;

	(void)state;
	memset(plain, 7, sizeof(plain));
	assert_int_equal(box_key_make(&key), 0);
	assert_int_equal(box_key_make(&stranger), 0);
	assert_int_equal(box_context_intake(document, STR("key"), context), 0);
	assert_int_equal(box_seal(key.point, context, plain, sizeof(plain), box), 0);
	assert_int_equal(box_seal(key.point, context, plain, sizeof(plain), again), 0);
	assert_memory_not_equal(box, again, sizeof(box));
	assert_int_equal(box_open(&key, context, box, sizeof(box), plain), sizeof(plain));
	assert_int_equal(plain[63], 7);
	assert_int_equal(box_open(&stranger, context, box, sizeof(box), plain), -EKEYREJECTED);
	assert_int_equal(plain[63], 0);
	for (i = 0; i < sizeof(box); i++) {
		memcpy(bad, box, sizeof(box));
		bad[i] ^= 1 << i % 8;
		assert_true(box_open(&key, context, bad, sizeof(bad), plain) < 0);
		assert_true(box_open(&key, context, box, i, plain) < 0);
	}
	/* Each piece of a context counts, and where it ends. */
	assert_int_equal(box_context_intake(document, STR("keys"), other), 0);
	assert_int_equal(box_open(&key, other, box, sizeof(box), plain), -EKEYREJECTED);
	assert_int_equal(box_context_release(document, 1, 2, image, STR("w"), context), 0);
	for (i = 0; i < 5; i++) {
		document[0] ^= i == 0;
		image[0] ^= i == 1;
		assert_int_equal(box_context_release(document, 1 + (i == 2), 2 + (i == 3), image,
						     i == 4 ? STR("x") : STR("w"), other), 0);
		document[0] ^= i == 0;
		image[0] ^= i == 1;
		assert_memory_not_equal(context, other, sizeof(other));
	}
	assert_int_equal(box_key_derive(&key, document), 0);
	assert_int_equal(box_key_derive(&stranger, document), 0);
	assert_memory_equal(&key, &stranger, sizeof(key));
	document[0]++;
	assert_int_equal(box_key_derive(&stranger, document), 0);
	assert_memory_not_equal(&key, &stranger, sizeof(key));
}

static void devices(void **state)
{
	static uint8_t image[SKY_SECRET_SIZE_MAX], big[SESSION_VALUES_MAX + 1];
	struct str value[2] = { STR("a key"), STR("a token") }, found;
	CLEANUP_SESSION s;
	int len, i;

	(void)state;
	assert_int_equal(session_parse(STR(GOOD), &s, why), 0);
	len = session_image(&s, value, image);
	assert_int_equal(len, SKY_SECRET_BLOCK);
	assert_int_equal(session_image_find(image, len, STR("key"), &found), 0);
	assert_true(str_equal(found, STR("a key")));
	/* What is on the command line is nowhere else. */
	assert_int_equal(session_image_find(image, len, STR("token"), &found), -ENOENT);
	assert_null(memmem(image, len, "a token", 7));
	for (i = 0; i < 624; i++) {
		if (i >= 16 && i < 20)
			continue;	/* the version is for who reads it */
		image[i] ^= 0x80;
		if (i < 24 || (i >= 88 && i < 120) || (i >= 512 && i < 613))
			assert_int_equal(session_image_find(image, len, STR("key"), &found),
					 -EBADMSG);
		image[i] ^= 0x80;
	}
	for (i = 0; i < 613; i++)
		assert_int_equal(session_image_find(image, i, STR("key"), &found), -EBADMSG);
	value[0] = (struct str){ (char *)big, SESSION_VALUES_MAX - value[1].len };
	assert_int_equal(session_image(&s, value, image), 13 * SKY_SECRET_BLOCK);
	value[0].len++;
	assert_int_equal(session_image(&s, value, image), -EMSGSIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents),
		cmocka_unit_test(limits),
		cmocka_unit_test(terms),
		cmocka_unit_test(judging),
		cmocka_unit_test(signers),
		cmocka_unit_test(commands),
		cmocka_unit_test(boxes),
		cmocka_unit_test(devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
