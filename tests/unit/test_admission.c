// SPDX-License-Identifier: GPL-2.0-or-later
/* Which images may run: references, globs, policies in both forms, reviews of Kubernetes. */
#include "sigstore/admission.h"
#include "sigstore_judge.h"

#define IMAGE	"reg.example.org/web/shop@sha256:"

static struct world w;
static struct made by_name, by_key, of_other;
static struct sigstore_trust *trust;
static struct sigstore_bundle *bundles[3];
static char image[128], *pem;

/* --- references and globs ----------------------------------------------------------------- */

static const struct { const char *image, *name; } references[] = {
	{ "nginx", "index.docker.io/library/nginx" },
	{ "nginx:1.25", "index.docker.io/library/nginx" },
	{ "docker.io/nginx", "index.docker.io/library/nginx" },
	{ "bitnami/nginx:latest", "index.docker.io/bitnami/nginx" },
	{ "localhost/a", "localhost/a" },
	{ "localhost:5000/a/b:t", "localhost:5000/a/b" },
	{ "Reg.Example.ORG/a_b/c-d.e", "reg.example.org/a_b/c-d.e" },
	{ "reg.example.org:443/a", "reg.example.org/a" }, { "REG.example.org:443/a:443",
	  "reg.example.org/a" }, { "reg.example.org:4430/a", "reg.example.org:4430/a" },
	{ "Docker.IO:443/nginx", "index.docker.io/library/nginx" },
	{ "INDEX.docker.io/nginx", "index.docker.io/library/nginx" },
	{ "LocalHost/a", "localhost/a" },
	{ "reg.example.org./a", NULL }, { "reg..org/a", NULL }, { ".org/a", NULL },
	{ ":443/a", NULL }, { "a.b:/a", NULL }, { "a.b:0443/a", NULL }, { "a.b:65536/a", NULL },
	{ "a.b:443:443/a", NULL },
	{ "", NULL }, { "/", NULL }, { "a/", NULL }, { "/a", NULL }, { "a//b", NULL },
	{ "UPPER", NULL }, { "a b", NULL }, { "a:", NULL }, { "a:b:c", NULL }, { "a@", NULL },
	{ "a@sha256:00", NULL }, { "a@md5:00", NULL }, { "a/../b", NULL }, { "a/.b", NULL },
	{ "a\n", NULL }, { "https://a/b", NULL }, { "a*", NULL },
};

static void names(void **state)
{
	char name[ADMISSION_MAX_NAME + 1], digest[72];
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(references); i++) {
		int rc = admission_name(str_of(references[i].image), name, digest);

		if (!rc != !!references[i].name)
			fail_msg("\"%s\": %d", references[i].image, rc);
		if (!rc)
			assert_string_equal(name, references[i].name);
		assert_true(rc || !*digest);
	}
	assert_int_equal(admission_name(str_of(image), name, digest), 0);
	assert_string_equal(name, "reg.example.org/web/shop");
	assert_string_equal(digest, strchr(image, '@') + 1);
}

static void globs(void **state)
{
	static const struct { const char *glob, *name; bool fits; } cases[] = {
		{ "**", "a/b/c", true }, { "*", "a/b", false }, { "*", "a", true },
		{ "a/*", "a/b", true }, { "a/*", "a/b/c", false }, { "a/**", "a/b/c", true },
		{ "a/**/c", "a/b/b/c", true }, { "a/**/c", "a/c", false }, { "a/?", "a/b", true },
		{ "a/?", "a//", false }, { "a?b", "a/b", false }, { "*.org/x", "e.org/x", true },
		{ "*.org/x", "evil/e.org/x", false }, { "", "", true }, { "", "a", false },
		{ "a", "ab", false }, { "ab", "a", false }, { "a*b*c", "aXbYc", true },
		{ "***", "a/b", true }, { "a**", "a", true },
	};
	char longest[ADMISSION_MAX_NAME + 2], stars[257];
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		if (admission_glob(str_of(cases[i].glob), str_of(cases[i].name)) != cases[i].fits)
			fail_msg("%s %s", cases[i].glob, cases[i].name);
	/* As long as any: its time does not explode. */
	memset(longest, 'a', sizeof(longest));
	for (i = 0; i < 256; i++)
		stars[i] = i & 1 ? 'a' : '*';
	stars[255] = 'b';
	assert_false(admission_glob((struct str){ stars, 256 },
				    (struct str){ longest, ADMISSION_MAX_NAME }));
	assert_false(admission_glob(STR("**"), (struct str){ longest, ADMISSION_MAX_NAME + 1 }));
}

static const struct { const char *glob, *whole; } completed[] = {
	{ "nginx", "index.docker.io/library/nginx" },
	{ "nginx*", "index.docker.io/library/nginx*" },
	{ "*", "index.docker.io/library/*" },
	{ "docker.io/nginx", "index.docker.io/library/nginx" },
	{ "docker.io/*", "index.docker.io/library/*" },
	{ "Docker.io:443/library/**", "index.docker.io/library/**" },
	{ "docker.io/**", "index.docker.io/**" },
	{ "bitnami/*", "index.docker.io/bitnami/*" },
	{ "bitnami/**", "index.docker.io/bitnami/**" },
	{ "index.docker.io/*/*", "index.docker.io/*/*" },
	{ "**", "**" }, { "**/nginx", "**/nginx" }, { "**nginx", "**nginx" },
	{ "**.Example.org/a", "**.example.org/a" },
	{ "*.Example.org/a/?", "*.example.org/a/?" },
	{ "Reg.example.org:443/**", "reg.example.org/**" },
	{ "reg.example.org:5000/a", "reg.example.org:5000/a" },
	{ "localhost/*", "localhost/*" }, { "localhost:*/a", "localhost:*/a" },
	{ "reg.example.org/*/a*b", "reg.example.org/*/a*b" },
	{ "", NULL }, { "reg.example/app:*", NULL }, { "nginx:1", NULL }, { "nginx:**", NULL },
	{ "**:1", NULL }, { "reg.example.org:5000", NULL }, { "reg.example.org/a@sha256:00", NULL },
	{ "**@sha256:**", NULL }, { "reg.example.org", NULL }, { "reg.example.org*", NULL },
	{ "reg.example.org/", NULL }, { "/a", NULL }, { "a//b", NULL }, { "a/.b", NULL },
	{ "reg.example.org/App", NULL }, { "Bitnami/a", NULL }, { "**Nginx", NULL },
	{ "*/*", NULL }, { "*/nginx", NULL }, { "reg*/a", NULL }, { "reg**", NULL },
	{ "docker.io/nginx**", NULL }, { "*.example.org:443/a", NULL }, { "a b/c", NULL },
	{ "reg.example.org./a", NULL }, { "https://reg.example.org/a", NULL }, { "a/[b]", NULL },
	{ "**/ a", NULL }, { "*_.org/a", NULL },
};

static void completed_globs(void **state)
{
	char whole[ADMISSION_MAX_NAME + 1], name[ADMISSION_MAX_NAME + 1], digest[72];
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(completed); i++) {
		const char *why = admission_glob_complete(str_of(completed[i].glob), whole);

		if (!why != !!completed[i].whole)
			fail_msg("\"%s\": %s", completed[i].glob, why ? why : whole);
		if (!why)
			assert_string_equal(whole, completed[i].whole);
	}
	/* A name is a glob that fits itself, however it is written. */
	for (i = 0; i < COUNT(references); i++) {
		const char *image_ = references[i].image;

		if (!references[i].name || admission_glob_complete(str_of(image_), whole))
			continue;
		assert_int_equal(admission_name(str_of(image_), name, digest), 0);
		assert_string_equal(name, whole);
	}
}

/* --- policies ----------------------------------------------------------------------------- */

#define POLICY(name, glob, rest)						\
	"{\"apiVersion\":\"policy.sigstore.dev/v1beta1\",\"kind\":\"ClusterImagePolicy\","	\
	"\"metadata\":{\"name\":\"" name "\"},\"spec\":{\"images\":[{\"glob\":\"" glob "\"}],"	\
	"\"authorities\":[" rest "}}"
#define NAMED(issuer, subject)							\
	"{\"keyless\":{\"identities\":[{\"issuer\":\"" issuer "\",\"subject\":\"" subject "\"}]}}"
#define SIGNED_BY(subject, rest)						\
	"{\"keyless\":{\"identities\":[{\"issuer\":\"" OIDC_ISSUER "\","	\
	"\"subject\":\"" subject "\"}]}" rest "}"
#define OURS	NAMED(OIDC_ISSUER, IDENTITY)
#define THEIRS	NAMED(OIDC_ISSUER, "https://evil.example.org")
#define PASS	"{\"static\":{\"action\":\"pass\"}}"
#define FAIL	"{\"static\":{\"action\":\"fail\"}}"
#define LIST(rest)	"{\"policies\":[" rest "]}"

static struct admission *parse(const char *text)
{
	struct admission *a = NULL;
	struct sigstore_fault f;

	if (admission_parse(str_of(text), &a, &f))
		fail_msg("%s: %s", text, f.text);
	return a;
}

static enum admission_verdict verdict(const char *policy, const char *name, unsigned int count)
{
	struct admission_store store = { trust, bundles, count, T0, 0 };
	struct admission *a = parse(policy);
	struct admission_result r;

	assert_int_equal(admission_judge(a, &store, str_of(name), &r), 0);
	assert_true(*r.reason);
	admission_free(a);
	return r.verdict;
}

/* With noMatch: allow, a glob that never fits would let everything in. */
static void globs_bind(void **state)
{
	static const struct { const char *glob, *name; } cases[] = {
		{ "nginx", "nginx" }, { "nginx*", "docker.io/nginx" }, { "*", "nginx" },
		{ "docker.io/library/**", "nginx" }, { "bitnami/*", "bitnami/nginx:1" },
		{ "Reg.example.org:443/**", "reg.example.org/a" },
		{ "reg.example.org/**", "REG.example.org/a" },
		{ "reg.example.org/**", "reg.example.org:443/a" },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		char policy[1024], name[128];

		snprintf(policy, sizeof(policy),
			 "{\"noMatch\":\"allow\",\"policies\":[" POLICY("a", "%s", FAIL "]") "]}",
			 cases[i].glob);
		snprintf(name, sizeof(name), "%s%s", cases[i].name, strchr(image, '@'));
		if (verdict(policy, name, 3) != ADMISSION_DENY)
			fail_msg("%s %s", cases[i].glob, name);
	}
}

static const struct {
	const char *policy;
	enum admission_verdict verdict;
} policies[] = {
	{ LIST(""), ADMISSION_DENY },
	{ "{\"noMatch\":\"allow\"}", ADMISSION_ALLOW },
	{ "{\"noMatch\":\"warn\",\"policies\":[]}", ADMISSION_WARN },
	{ "{\"noMatch\":\"deny\"}", ADMISSION_DENY },
	{ POLICY("a", "**", OURS "]"), ADMISSION_ALLOW },
	{ POLICY("a", "reg.example.org/web/*", OURS "]"), ADMISSION_ALLOW },
	{ POLICY("a", "reg.example.org/*", OURS "]"), ADMISSION_DENY },
	{ POLICY("a", "**", THEIRS "]"), ADMISSION_DENY },
	{ POLICY("a", "**", NAMED("https://evil.example.org", IDENTITY) "]"), ADMISSION_DENY },
	{ POLICY("a", "**", THEIRS "],\"mode\":\"warn\""), ADMISSION_WARN },
	{ POLICY("a", "**", OURS "],\"mode\":\"enforce\""), ADMISSION_ALLOW },
	{ POLICY("a", "**", THEIRS "," OURS "]"), ADMISSION_ALLOW },
	{ POLICY("a", "**", FAIL "]"), ADMISSION_DENY },
	{ POLICY("a", "**", PASS "]"), ADMISSION_ALLOW },
	{ LIST(POLICY("a", "**", OURS "]") "," POLICY("b", "**", THEIRS "]")), ADMISSION_DENY },
	{ LIST(POLICY("b", "**", THEIRS "]") "," POLICY("a", "**", OURS "]")), ADMISSION_DENY },
	{ LIST(POLICY("a", "**", OURS "]") "," POLICY("b", "other/**", THEIRS "]")),
	  ADMISSION_ALLOW },
	{ LIST(POLICY("a", "**", PASS "]") "," POLICY("b", "**", THEIRS "],\"mode\":\"warn\"")),
	  ADMISSION_WARN },
	{ LIST(POLICY("a", "**", FAIL "]") "," POLICY("b", "**", THEIRS "],\"mode\":\"warn\"")),
	  ADMISSION_DENY },
	{ "{\"noMatch\":\"allow\",\"policies\":[" POLICY("a", "**", FAIL "]") "]}",
	  ADMISSION_DENY },
	{ POLICY("a", "**", "{\"keyless\":{\"identities\":[{\"issuer\":\"" OIDC_ISSUER
		 "\",\"subjectGlob\":\"https://example.org/*\"}]}}]"), ADMISSION_ALLOW },
	{ POLICY("a", "**", "{\"keyless\":{\"identities\":[{\"issuer\":\"" OIDC_ISSUER
		 "\",\"subjectGlob\":\"https://example.org/\"}]}}]"), ADMISSION_DENY },
};

static void verdicts(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(policies); i++)
		if (verdict(policies[i].policy, image, 3) != policies[i].verdict)
			fail_msg("%s", policies[i].policy);
	assert_int_equal(verdict(POLICY("a", "**", OURS "]"), image, 0), ADMISSION_DENY);
	assert_int_equal(verdict(POLICY("a", "**", PASS "]"), "reg.example.org/web/shop:1", 3),
			 ADMISSION_DENY);
	assert_int_equal(verdict(POLICY("a", "**", PASS "]"), "no image", 3), ADMISSION_DENY);
	assert_int_equal(verdict(POLICY("a", "**", OURS "]"),
				 IMAGE "0000000000000000000000000000000000000000000000000000000000000000",
				 3), ADMISSION_DENY);
}

static void key_policies(void **state)
{
	static const char shape[] = POLICY("a", "**", "{\"key\":{\"data\":\"%s\"}%s}]");
	struct sigstore_trust *real = trust;
	char text[2048], escaped[1024];
	size_t n = 0, i;

	(void)state;
	for (i = 0; pem[i]; i++) {
		if (pem[i] == '\n')
			escaped[n++] = '\\';
		escaped[n++] = pem[i] == '\n' ? 'n' : pem[i];
	}
	escaped[n] = 0;
	snprintf(text, sizeof(text), shape, escaped, "");
	assert_int_equal(verdict(text, image, 3), ADMISSION_ALLOW);
	assert_int_equal(verdict(text, image, 1), ADMISSION_DENY);
	trust = NULL;
	assert_int_equal(verdict(text, image, 3), ADMISSION_ALLOW);
	snprintf(text, sizeof(text), shape, escaped, ",\"ctlog\":{}");
	assert_int_equal(verdict(text, image, 3), ADMISSION_DENY);
	assert_int_equal(verdict(POLICY("a", "**", OURS "]"), image, 3), ADMISSION_DENY);
	trust = real;
	assert_int_equal(verdict(text, image, 3), ADMISSION_ALLOW);
}

/* A statement of the right signer may say that a check has failed. */
static void predicates(void **state)
{
	static const char summary[] = "https://slsa.dev/verification_summary/v1";
	static const struct { const char *types; bool counts; } cases[] = {
		{ "", false },
		{ ",\"predicateTypes\":[]", false },
		{ ",\"predicateTypes\":[\"https://slsa.dev/verification_summary/v\"]", false },
		{ ",\"predicateTypes\":[\"https://slsa.dev/verification_summary/v1\"]", true },
		{ ",\"predicateTypes\":[\"x\",\"https://slsa.dev/verification_summary/v1\"]", true },
	};
	struct recipe r = { .body = 1, .promise = true, .envelope = true, .predicate = summary };
	struct sigstore_bundle *one = NULL;
	struct admission_store store = { trust, &one, 1, T0, 0 };
	struct admission_result result;
	struct sigstore_fault f;
	struct made m;
	unsigned int i;

	(void)state;
	make(&w, &r, &m);
	MUST(!sigstore_bundle_parse(text_of_json(m.bundle), &one, &f));
	for (i = 0; i < COUNT(cases); i++) {
		struct admission *a;
		char text[1024];
		bool allowed;

		snprintf(text, sizeof(text), POLICY("a", "**", SIGNED_BY(IDENTITY, "%s") "]"),
			 cases[i].types);
		a = parse(text);
		assert_int_equal(admission_judge(a, &store, str_of(image), &result), 0);
		allowed = result.verdict == ADMISSION_ALLOW;
		if (allowed != cases[i].counts)
			fail_msg("%s: %s", cases[i].types, result.reason);
		assert_int_equal(!strstr(result.reason, "predicate-mismatch"), cases[i].counts);
		admission_free(a);
	}
	sigstore_bundle_free(one);
	made_free(&m);
}

static void yaml(void **state)
{
	static const char text[] =
		"apiVersion: policy.sigstore.dev/v1beta1\n"
		"kind: ClusterImagePolicy\n"
		"metadata:\n"
		"  name: web\n"
		"spec:\n"
		"  images:\n"
		"  - glob: \"reg.example.org/**\"\n"
		"  authorities:\n"
		"  - name: ours\n"
		"    keyless:\n"
		"      identities:\n"
		"      - issuer: " OIDC_ISSUER "\n"
		"        subject: " IDENTITY "\n";

	(void)state;
	assert_int_equal(verdict(text, image, 3), ADMISSION_ALLOW);
	assert_int_equal(verdict("noMatch: warn\npolicies: []\n", image, 3), ADMISSION_WARN);
}

/* "ctlog:" asks for the log; it must not be as if it were not there. */
static void null_ctlog(void **state)
{
	static const char *const said[] = { "ctlog:", "ctlog: null", "ctlog: ~" };
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(said); i++) {
		struct admission *a = NULL;
		struct sigstore_fault f;
		char text[512];

		snprintf(text, sizeof(text),
			 "apiVersion: policy.sigstore.dev/v1beta1\n"
			 "kind: ClusterImagePolicy\n"
			 "metadata: {name: web}\n"
			 "spec:\n"
			 "  images: [{glob: \"**\"}]\n"
			 "  authorities:\n"
			 "  - static: {action: pass}\n"
			 "    %s\n", said[i]);
		if (!admission_parse(str_of(text), &a, &f))
			fail_msg("taken: %s", said[i]);
		assert_non_null(strstr(f.text, "spec.authorities[0].ctlog: is null"));
	}
}

static void refused(void **state)
{
	static const char *const texts[] = {
		"", "[]", "a", "{", "{}x", "{\"noMatch\":\"perhaps\"}", "{\"noMatch\":0}",
		"{\"noMatch\":\"allow\",\"noMatch\":\"deny\"}", "{\"other\":1}", "{\"policies\":{}}",
		LIST("{}"), LIST("1"), "a: &x 1\nb: *x\n", "noMatch: deny\nnoMatch: allow\n",
		POLICY("", "**", PASS "]"), POLICY("a", "", PASS "]"), POLICY("a", "**", "]"),
		POLICY("a", "**", "{}]"), POLICY("a", "**", "{\"key\":{}}]"),
		POLICY("a", "**", "{\"key\":{\"data\":\"x\"}}]"),
		POLICY("a", "**", "{\"key\":{\"kms\":\"x\"}}]"),
		POLICY("a", "**", "{\"keyless\":{}}]"),
		POLICY("a", "**", "{\"keyless\":{\"identities\":[{}]}}]"),
		POLICY("a", "**", "{\"keyless\":{\"identities\":[{\"subject\":\"x\"}]}}]"),
		POLICY("a", "**", "{\"keyless\":{\"identities\":[{\"issuer\":\"x\"}]}}]"),
		POLICY("a", "**", "{\"keyless\":{\"identities\":[{\"issuerRegExp\":\"x\"}]}}]"),
		POLICY("a", "**", "{\"static\":{}}]"),
		POLICY("a", "**", "{\"static\":{\"action\":\"allow\"}}]"),
		POLICY("a", "**", "{\"static\":{\"action\":0}}]"),
		POLICY("a", "**", "{\"static\":{\"action\":\"pass\"},\"key\":{\"data\":\"x\"}}]"),
		POLICY("a", "reg.example/app:*", PASS "]"), POLICY("a", "*/*", PASS "]"),
		POLICY("a", "**", SIGNED_BY("x", ",\"ctlog\":null") "]"),
		POLICY("a", "**", "{\"static\":{\"action\":\"pass\"},\"predicateTypes\":[\"x\"]}]"),
		POLICY("a", "**", SIGNED_BY("x", ",\"predicateTypes\":[\"\"]") "]"),
		POLICY("a", "**", SIGNED_BY("x", ",\"predicateTypes\":[1]") "]"),
		POLICY("a", "**", PASS "],\"mode\":\"off\""),
		POLICY("a", "**", PASS "],\"policy\":{}"),
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(texts); i++) {
		struct admission *a = NULL;
		struct sigstore_fault f;

		if (!admission_parse(str_of(texts[i]), &a, &f))
			fail_msg("taken: %s", texts[i]);
		assert_int_equal(f.code, SIGSTORE_POLICY);
		assert_true(*f.text);
	}
	print_message("# damaged policies: %zu kinds, each refused\n", COUNT(texts));
}

/* --- reviews ------------------------------------------------------------------------------ */

static json_t *review(const char *policy, const char *request)
{
	struct admission_store store = { trust, bundles, 3, T0, 0 };
	struct admission *a = parse(policy);
	char *text = admission_review(a, &store, str_of(request));
	json_t *answer = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	assert_non_null(answer);
	assert_string_equal(json_string_value(json_object_get(answer, "kind")), "ImageReview");
	assert_string_equal(json_string_value(json_object_get(answer, "apiVersion")),
			    "imagepolicy.k8s.io/v1alpha1");
	free(text);
	admission_free(a);
	return answer;
}

static void expect_review(const char *policy, const char *request, bool allowed, const char *said)
{
	json_t *answer = review(policy, request), *status = json_object_get(answer, "status");
	const char *reason = json_string_value(json_object_get(status, "reason"));

	if (json_is_true(json_object_get(status, "allowed")) != allowed)
		fail_msg("%s: %s", request, reason ? reason : "allowed");
	assert_int_equal(!reason, allowed);
	if (said && !strstr(reason, said))
		fail_msg("%s: %s", said, reason);
	json_decref(answer);
}

#define API		"\"apiVersion\":\"imagepolicy.k8s.io/v1alpha1\""
#define REVIEW(spec)	"{" API ",\"kind\":\"ImageReview\",\"spec\":" spec "}"
#define BREAK_GLASS	"\"annotations\":{\"x.image-policy.k8s.io/break-glass\":\"1\"}"

static void reviews(void **state)
{
	static const char *const bad[] = {
		"", "{}", "[]", "{\"kind\":\"ImageReview\"}", REVIEW("{}"), REVIEW("5"),
		REVIEW("{\"containers\":[]}"), REVIEW("{\"containers\":[{}]}"),
		REVIEW("{\"containers\":[{\"image\":5}]}"), REVIEW("{\"containers\":[null]}"),
		REVIEW("{\"containers\":[{\"image\":\"a\",\"image\":\"b\"}]}"),
		REVIEW("{\"containers\":[{\"image\":\"nginx:1\"}]," BREAK_GLASS "}"),
	};
	static const char ours[] = POLICY("web", "**", OURS "]");
	char text[1024];
	json_t *answer;
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++)
		expect_review("{\"noMatch\":\"allow\"}", bad[i], false, "");
	snprintf(text, sizeof(text), REVIEW("{\"containers\":[{\"image\":\"%s\"}]}"), image);
	expect_review(ours, text, true, NULL);
	expect_review(POLICY("web", "**", FAIL "]"), text, false, "web: no authority");
	answer = review(POLICY("web", "**", THEIRS "],\"mode\":\"warn\""), text);
	assert_non_null(json_object_get(json_object_get(json_object_get(answer, "status"),
							"auditAnnotations"), "warning"));
	json_decref(answer);
	snprintf(text, sizeof(text),
		 REVIEW("{\"containers\":[{\"image\":\"%s\"},{\"image\":\"b\"}]}"), image);
	expect_review(ours, text, false, "b: it has no digest");
}

/* --- all ---------------------------------------------------------------------------------- */

static int open_all(void **state)
{
	struct recipe name = { .body = 1, .promise = true };
	struct recipe key = { .body = 2, .tiles = true, .by_key = true, .envelope = true,
			      .predicate = "https://sigstore.dev/cosign/sign/v1" };
	struct recipe other = { .body = 1, .promise = true, .body_about = "x" };
	struct made *made[] = { &by_name, &of_other, &by_key };
	struct sigstore_fault f;
	uint8_t digest[32];
	unsigned int i;

	(void)state;
	world_open(&w);
	make(&w, &name, &by_name);
	make(&w, &other, &of_other);
	make(&w, &key, &by_key);
	for (i = 0; i < 3; i++)
		MUST(!sigstore_bundle_parse(text_of_json(made[i]->bundle), &bundles[i], &f));
	MUST(!sigstore_trust_parse(text_of_json(by_name.root), &trust, &f));
	sha256_str(STR(ARTEFACT), digest);
	strcpy(image, IMAGE);
	hex_encode(digest, 32, image + strlen(image));
	pem = strdup(by_key.key.at);
	return 0;
}

static int close_all(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++)
		sigstore_bundle_free(bundles[i]);
	sigstore_trust_free(trust);
	made_free(&by_name);
	made_free(&by_key);
	made_free(&of_other);
	world_close(&w);
	free(pem);
	forget();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(globs),
		cmocka_unit_test(completed_globs),
		cmocka_unit_test(globs_bind),
		cmocka_unit_test(verdicts),
		cmocka_unit_test(key_policies),
		cmocka_unit_test(predicates),
		cmocka_unit_test(yaml),
		cmocka_unit_test(null_ctlog),
		cmocka_unit_test(refused),
		cmocka_unit_test(reviews),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
