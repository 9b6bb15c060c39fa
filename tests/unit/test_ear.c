// SPDX-License-Identifier: GPL-2.0-or-later
/* Results as signed tokens: what they say, and everything that is no such token. */
#include <errno.h>

#include "attest_util.h"

#include "tpm/ear.h"

/* Keys of nobody's. */
#define PRIVATE "-----BEGIN PRIVATE KEY-----\n" \
	"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg6reeF01UBVxdK91V\n" \
	"IisKHVCzmzcqUqdGT6q6yXNa02KhRANCAASJ2HH86ClNEyoln0HaTc181ZXzOzCS\n" \
	"nUSbQZPelXJJyVBFe302rd6+ZwiOb62usiv3TLP0k2HJmGQVseVREktf\n" \
	"-----END PRIVATE KEY-----\n"
#define PUBLIC "-----BEGIN PUBLIC KEY-----\n" \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEidhx/OgpTRMqJZ9B2k3NfNWV8zsw\n" \
	"kp1Em0GT3pVySclQRXt9Nq3evmcIjm+trrIr90yz9JNhyZhkFbHlURJLXw==\n" \
	"-----END PUBLIC KEY-----\n"
#define OTHER "-----BEGIN PUBLIC KEY-----\n" \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEmj2u8uCkTmaTOQq2i630tbmvWR1Y\n" \
	"Ywnd6tDs1cfDf1G/1neEj81sqyjCT2A0kCSkFOVPN6v3LqWn9QpFnNWMSw==\n" \
	"-----END PUBLIC KEY-----\n"
/* ED25519 */
#define WRONG_KIND "-----BEGIN PUBLIC KEY-----\n" \
	"MCowBQYDK2VwAyEAygCKJpme1V0FBSgbeH/LkeC+458UR/Scn/fHA5Buq8Q=\n" \
	"-----END PUBLIC KEY-----\n"

#define NOW	1800000000

struct keys {
	struct ear_key *private, *public, *other;
};

static struct keys keys;

static int make_keys(void **state)
{
	(void)state;
	keys.private = ear_key_private(STR(PRIVATE));
	keys.public = ear_key_public(STR(PUBLIC));
	keys.other = ear_key_public(STR(OTHER));
	return keys.private && keys.public && keys.other ? 0 : -1;
}

static int free_keys(void **state)
{
	(void)state;
	ear_key_free(keys.private);
	ear_key_free(keys.public);
	ear_key_free(keys.other);
	return 0;
}

static char *signed_claims(const char *boot, const char *of)
{
	static const struct ear_about about = {
		.subject = "host-7", .nonce = "n0nce-n0nce", .build = "1", .issued = NOW,
		.expires = NOW + 300,
	};
	struct boot b = boot_of(boot), other = boot_of(of);
	json_t *policy = policy_of(&other, "sha256");
	struct attest_policy *p = compiled(policy);
	static struct attest_verdict v;
	json_t *claims;
	char *token;

	assert_int_equal(attest_judge(p, &b.e, &v), 0);
	claims = ear_claims(&about, p, &v);
	assert_non_null(claims);
	assert_int_equal(ear_sign(keys.private, claims, &token), 0);
	json_decref(claims);
	attest_policy_free(p);
	json_decref(policy);
	boot_free(&b);
	boot_free(&other);
	return token;
}

static void expect(const char *boot, const char *of, const char *status, int executables)
{
	char *token = signed_claims(boot, of);
	json_t *claims, *host;

	assert_int_equal(ear_verify(keys.public, str_of(token), NOW, "n0nce-n0nce", &claims), 0);
	assert_string_equal(json_string_value(json_object_get(claims, "eat_profile")), EAR_PROFILE);
	assert_int_equal(json_integer_value(json_object_get(claims, "iat")), NOW);
	host = json_object_get(json_object_get(claims, "submods"), "host-7");
	assert_string_equal(json_string_value(json_object_get(host, "ear.status")), status);
	assert_non_null(strstr(json_string_value(json_object_get(host, "ear.appraisal-policy-id")),
			       "policy://skyhold/test?sha256="));
	host = json_object_get(host, "ear.trustworthiness-vector");
	assert_int_equal(json_integer_value(json_object_get(host, "executables")), executables);
	assert_int_equal(json_integer_value(json_object_get(host, "configuration")), 2);
	assert_int_equal(json_integer_value(json_object_get(host, "storage-opaque")), 0);
	json_decref(claims);
	free(token);
}

static void results(void **state)
{
	(void)state;
	expect(PREDICTED, PREDICTED, "affirming", 2);
	expect(TAMPERED, PREDICTED, "contraindicated", 96);
}

static int verify(const char *token, int64_t now, const char *nonce)
{
	json_t *claims = NULL;
	int rc = ear_verify(keys.public, str_of(token), now, nonce, &claims);

	assert_true(!rc == !!claims);
	json_decref(claims);
	return rc;
}

static void times_and_nonces(void **state)
{
	char *token = signed_claims(PREDICTED, PREDICTED);
	json_t *claims;

	(void)state;
	assert_int_equal(verify(token, NOW, NULL), 0);
	assert_int_equal(verify(token, NOW + 299, "n0nce-n0nce"), 0);
	assert_int_equal(verify(token, NOW + 300, NULL), -ETIME);
	assert_int_equal(verify(token, NOW - 60, NULL), 0);
	assert_int_equal(verify(token, NOW - 61, NULL), -ETIME);
	assert_int_equal(verify(token, NOW, "n0nce-n0ncf"), -EPERM);
	assert_int_equal(verify(token, NOW, ""), -EPERM);
	assert_int_equal(ear_verify(keys.other, str_of(token), NOW, NULL, &claims), -EKEYREJECTED);
	free(token);
}

/* No character can be another, none missing, none more. */
static void forged(void **state)
{
	char *token = signed_claims(PREDICTED, PREDICTED), *copy;
	size_t len = strlen(token), i;

	(void)state;
	copy = malloc(len + 2);
	for (i = 0; i < len; i++) {
		memcpy(copy, token, len + 1);
		copy[i] = copy[i] == 'A' ? 'B' : 'A';
		assert_true(verify(copy, NOW, NULL) < 0);
		copy[i] = '\0';
		assert_true(verify(copy, NOW, NULL) < 0);
	}
	for (i = 0; i < 4; i++) {
		memcpy(copy, token, len + 1);
		copy[len] = "A.=\n"[i];
		copy[len + 1] = '\0';
		assert_int_equal(verify(copy, NOW, NULL), -EBADMSG);
	}
	free(copy);
	free(token);
}

/* Headers that ask for another algorithm, or for what is not known: {"alg":"none"} and such. */
static void headers(void **state)
{
	static const char *const heads[] = {
		"eyJhbGciOiJub25lIn0", "eyJhbGciOiJIUzI1NiJ9", "e30", "W10", "",
		"eyJhbGciOiJFUzI1NiIsImNyaXQiOlsieCJdfQ", "eyJhbGciOiJFUzI1NiIsImI2NCI6ZmFsc2V9",
		"eyJhbGciOiJFUzI1NiJ9=", "eyJhbGciOiJFUzI1NiJ+",
	};
	char *token = signed_claims(PREDICTED, PREDICTED), *text;
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(heads); i++) {
		assert_true(asprintf(&text, "%s%s", heads[i], strchr(token, '.')) > 0);
		assert_int_equal(verify(text, NOW, NULL), -EBADMSG);
		free(text);
	}
	assert_int_equal(verify("", NOW, NULL), -EBADMSG);
	assert_int_equal(verify("..", NOW, NULL), -EBADMSG);
	free(token);
}

#define UNTIL	"\"submods\":{},\"iat\":1,\"exp\":1900000000"

/* What is signed but says something else: no result. */
static void other_claims(void **state)
{
	static const struct {
		const char *text;
		int rc;
	} cases[] = {
		{ "{}", -EBADMSG }, { "{\"submods\":{}}", -EBADMSG },
		{ "{" UNTIL "}", -EPERM }, { "{" UNTIL ",\"eat_profile\":\"x\"}", -EPERM },
		{ "{\"submods\":{},\"iat\":1,\"exp\":\"x\",\"eat_profile\":\"" EAR_PROFILE "\"}",
		  -EBADMSG },
		/* For ever is no time. */
		{ "{\"submods\":{},\"iat\":1,\"eat_profile\":\"" EAR_PROFILE "\"}", -EBADMSG },
		{ "{" UNTIL ",\"eat_profile\":\"" EAR_PROFILE "\"}", 0 },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		json_t *claims = json_loads(cases[i].text, 0, NULL);
		char *token;

		assert_int_equal(ear_sign(keys.private, claims, &token), 0);
		assert_int_equal(verify(token, NOW, NULL), cases[i].rc);
		json_decref(claims);
		free(token);
	}
	assert_null(ear_key_public(STR(WRONG_KIND)));
	assert_null(ear_key_public(STR("nothing")));
	assert_null(ear_key_private(STR(PUBLIC)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results), cmocka_unit_test(times_and_nonces),
		cmocka_unit_test(forged), cmocka_unit_test(headers),
		cmocka_unit_test(other_claims),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
