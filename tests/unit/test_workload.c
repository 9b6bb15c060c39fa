// SPDX-License-Identifier: GPL-2.0-or-later
/* skyctl workload: what it returns for what it is given, and that it names the reason. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/report.h"
#include "sigstore_judge.h"
#include "skyctl/skyctl.h"

static char said[1024], passed[4096], digest[80] = "sha256:", dir[32] = "/tmp/test_workload.XXXXXX";

static void hear(const char *level, const char *text)
{
	snprintf(said, sizeof(said), "%s", text);
	if (!strcmp(level, "warning") && strlen(passed) + strlen(text) < sizeof(passed) - 1)
		strcat(strcat(passed, text), "\n");
}

static char *path(const char *name)
{
	char text[128];

	snprintf(text, sizeof(text), "%s/%s", dir, name);
	return (char *)keep(text, strlen(text)).at;
}

static void save(const char *name, struct str s)
{
	assert_int_equal(file_write_atomic(path(name), s.at, s.len, 0600), 0);
}

static int verify(struct options o, char *artefact)
{
	*said = 0;
	return cmd_workload_verify(&o, 1, &artefact);
}

static int admit(struct options o, const char *name)
{
	char image[160];
	char *one = image;

	snprintf(image, sizeof(image), "%s%s%s", name, strchr(name, ':') ? "" : "@",
		 strchr(name, ':') ? "" : digest);
	*said = 0;
	return cmd_workload_admit(&o, 1, &one);
}

static void verifying(void **state)
{
	struct options o = { .bundle = path("b/named.json"), .trusted_root = path("root"),
			     .identity = IDENTITY, .issuer = OIDC_ISSUER };
	struct options key = { .bundle = path("b/key.json"), .key = path("key") };

	(void)state;
	assert_int_equal(verify(o, path("artefact")), 0);
	o.json = true;
	assert_int_equal(verify(o, digest), 0);
	assert_int_equal(verify(o, path("root")), -EKEYREJECTED);
	assert_non_null(strstr(said, "digest-mismatch"));
	assert_int_equal(verify(o, path("nothing")), -ENOENT);
	assert_int_equal(verify(o, "sha256:0"), -EINVAL);
	assert_int_equal(verify(o, "sha512:0"), -EINVAL);
	assert_non_null(strstr(said, "sha512: has 128"));
	o.identity = "x";
	assert_int_equal(verify(o, digest), -EKEYREJECTED);
	assert_non_null(strstr(said, "identity-mismatch"));
	o.identity = NULL;
	assert_int_equal(verify(o, digest), -EINVAL);
	assert_int_equal(verify(key, digest), 0);
	key.identity = IDENTITY;
	assert_int_equal(verify(key, digest), -EINVAL);
	key.identity = NULL;
	key.bundle = NULL;
	assert_int_equal(verify(key, digest), -EINVAL);
	key.signature = path("signature");
	assert_int_equal(verify(key, digest), 0);
	assert_int_equal(verify(key, path("key")), -EKEYREJECTED);
	key.key = path("root");
	assert_int_equal(verify(key, digest), -EINVAL);
}

/* Digests of all three kinds are taken for what they are, not for names of files. */
static void digests(void **state)
{
	struct options o = { .signature = path("signature384"), .key = path("key384") };
	struct sigstore_artefact a;
	char text[160] = "sha384:";

	(void)state;
	sigstore_artefact_memory(&a, STR(ARTEFACT));
	hex_encode(a.digest[SIGSTORE_SHA384], 48, text + 7);
	assert_int_equal(verify(o, text), 0);
	text[8] ^= 1;
	assert_int_equal(verify(o, text), -EKEYREJECTED);
	strcpy(text, "sha512:");
	hex_encode(a.digest[SIGSTORE_SHA512], 64, text + 7);
	assert_int_equal(verify(o, text), -EKEYREJECTED);
	assert_non_null(strstr(said, "artefact-needed"));
}

static void admitting(void **state)
{
	struct options o = { .bundle = path("b"), .trusted_root = path("root"),
			     .policy = path("policy") };

	(void)state;
	assert_int_equal(admit(o, "reg.example.org/web"), 0);
	o.json = true;
	assert_int_equal(admit(o, "reg.example.org/web"), 0);
	assert_int_equal(admit(o, "other.example.org/web"), -EKEYREJECTED);
	assert_int_equal(admit(o, "reg.example.org/web:1"), -EKEYREJECTED);
	o.bundle = path("b/key.json");
	assert_int_equal(admit(o, "reg.example.org/web"), -EKEYREJECTED);
	o.policy = path("root");
	assert_int_equal(admit(o, "reg.example.org/web"), -EINVAL);
	o.policy = NULL;
	assert_int_equal(admit(o, "reg.example.org/web"), -EINVAL);
}

/* What cannot be read of a folder is told, and keeps nothing else from being used. */
static void unreadable(void **state)
{
	struct options o = { .bundle = path("c"), .trusted_root = path("root"),
			     .policy = path("policy") };
	char huge[64];

	(void)state;
	snprintf(huge, sizeof(huge), "%s", path("c/huge.json"));
	MUST(!mkdir(path("c"), 0700) && !mkdir(path("c/a.json"), 0700));
	MUST(!symlink("nowhere", path("c/b.json")) && !mkfifo(path("c/fifo.json"), 0600));
	save("c/huge.json", STR("{"));
	MUST(!truncate(huge, SIGSTORE_MAX_BYTES + 1));
	MUST(!link(path("b/named.json"), path("c/z.json")));
	*passed = 0;
	assert_int_equal(admit(o, "reg.example.org/web"), 0);
	assert_non_null(strstr(passed, "/a.json is passed over: "));
	assert_non_null(strstr(passed, "/b.json is passed over: "));
	assert_non_null(strstr(passed, "/fifo.json is passed over: "));
	assert_non_null(strstr(passed, "/huge.json is passed over: "));
	/* What was named is another matter. */
	o.bundle = path("c/b.json");
	assert_int_equal(admit(o, "reg.example.org/web"), -ENOENT);
	o.bundle = huge;
	assert_int_equal(admit(o, "reg.example.org/web"), -EFBIG);
}

static int open_all(void **state)
{
	static const char policy[] =
		"policies:\n"
		"- apiVersion: policy.sigstore.dev/v1beta1\n"
		"  kind: ClusterImagePolicy\n"
		"  metadata: {name: web}\n"
		"  spec:\n"
		"    images: [{glob: \"reg.example.org/**\"}]\n"
		"    authorities:\n"
		"    - keyless:\n"
		"        identities:\n"
		"        - {issuer: \"" OIDC_ISSUER "\", subject: \"" IDENTITY "\"}\n";
	struct recipe named = { .body = 1, .promise = true };
	struct recipe by_key = { .body = 2, .tiles = true, .by_key = true };
	EVP_PKEY *p384 = key_ec("p384", "secp384r1");
	struct recipe by_384 = { .body = 2, .tiles = true, .by_key = true, .signer = p384,
				 .md = EVP_sha384() };
	struct made m, k, other;
	struct world w;
	uint8_t hash[32];
	char *text;

	(void)state;
	report_set_sink(hear);
	MUST(mkdtemp(dir) && !mkdir(path("b"), 0700));
	world_open(&w);
	make(&w, &named, &m);
	make(&w, &by_key, &k);
	make(&w, &by_384, &other);
	text = base64_of(other.signature);
	save("signature384", str_of(text));
	free(text);
	save("key384", other.key);
	text = base64_of(k.signature);
	save("signature", str_of(text));
	free(text);
	save("artefact", STR(ARTEFACT));
	save("b/named.json", text_of_json(m.bundle));
	save("b/key.json", text_of_json(k.bundle));
	save("b/broken.json", STR("{"));
	save("root", text_of_json(m.root));
	save("key", k.key);
	save("policy", STR(policy));
	sha256_str(STR(ARTEFACT), hash);
	hex_encode(hash, 32, digest + 7);
	made_free(&m);
	made_free(&k);
	made_free(&other);
	EVP_PKEY_free(p384);
	world_close(&w);
	return 0;
}

static int close_all(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -r '%s'", dir);
	forget();
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verifying),
		cmocka_unit_test(digests),
		cmocka_unit_test(admitting),
		cmocka_unit_test(unreadable),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
