// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bundles that others have made, each with its verdict and, where it is refused, the reason.
 * They are not ours to keep: they are used where they lie (SIGSTORE_FIXTURES, or the folder
 * shared/fixtures/sigstore beside the tree), and the test says so when they are not there.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "sigstore/sigstore.h"

#define FIELDS	9

enum { NAME, VERDICT, BUNDLE, ARTEFACT, DIGEST, ROOT, KEY, IDENTITY, ISSUER };

static const char *folder;

/* What is wrong with each of those that are refused. */
static const struct { const char *name, *code; } reasons[] = {
	{ "bundle-empty-certificate-chain_fail", "bundle-field" },
	{ "bundle-malformed-json_fail", "bundle-json" },
	{ "bundle-with-root-cert_fail", "chain-root" },
	{ "checkpoint-wrong-roothash_fail", "checkpoint-mismatch" },
	{ "dsse-mismatch-sig_fail", "entry-mismatch" },
	{ "inclusion-proof-corrupted-hash_fail", "proof-invalid" },
	{ "intoto-expired-certificate_fail", "certificate-expired" },
	{ "intoto-set-outside-signing-cert-validity_fail", "certificate-expired" },
	{ "invalid-checkpoint-signature_fail", "checkpoint-signature" },
	{ "managed-key-wrong-key_fail", "key-unsupported" },
	{ "rekor2-checkpoint-missing-log-signature_fail", "checkpoint-signature" },
	{ "rekor2-checkpoint-missing-size_fail", "checkpoint-malformed" },
	{ "rekor2-dsse-mismatch-sig_fail", "entry-mismatch" },
	{ "rekor2-no-timestamp_fail", "time-missing" },
	{ "rekor2-timestamp-payload-mismatch_fail", "timestamp-mismatch" },
	{ "trust-root-tlog-missing-validity-start_fail", "log-unknown" },
	{ "wrong-hashedrekord-artifact_fail", "entry-mismatch" },
	{ "wrong-material_fail", "digest-mismatch" },
};

static void read_whole(const char *name, char **data, size_t *len)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(file_read(path, SIGSTORE_MAX_BYTES, data, len), 0);
}

/* As a program would go about it. */
static int judge(char **field, struct sigstore_fault *f)
{
	CLEANUP_FREE char *bundle_text = NULL, *root_text = NULL, *key_text = NULL;
	struct sigstore_artefact artefact = { 0 };
	struct sigstore_bundle *bundle = NULL;
	struct sigstore_trust *trust = NULL;
	struct sigstore_key *key = NULL;
	struct sigstore_want want = { 0 };
	struct sigstore_result r = { 0 };
	char path[512];
	size_t len;
	int rc = 0;

	read_whole(field[ROOT], &root_text, &len);
	if (sigstore_trust_parse((struct str){ root_text, len }, &trust, f))
		fail_msg("%s: %s", field[ROOT], f->text);
	if (strcmp(field[KEY], "-")) {
		read_whole(field[KEY], &key_text, &len);
		rc = sigstore_key_parse((struct str){ key_text, len }, &key, f);
	}
	if (strcmp(field[DIGEST], "-")) {
		assert_int_equal(sigstore_artefact_digest(&artefact, str_of(field[DIGEST])), 0);
	} else {
		snprintf(path, sizeof(path), "%s/%s", folder, field[ARTEFACT]);
		assert_int_equal(sigstore_artefact_file(&artefact, path), 0);
	}
	want.trust = trust;
	want.key = key;
	want.identity = strcmp(field[IDENTITY], "-") ? field[IDENTITY] : NULL;
	want.issuer = strcmp(field[ISSUER], "-") ? field[ISSUER] : NULL;
	read_whole(field[BUNDLE], &bundle_text, &len);
	if (!rc)
		rc = sigstore_bundle_parse((struct str){ bundle_text, len }, &bundle, f);
	if (!rc) {
		rc = sigstore_verify(bundle, &artefact, &want, &r);
		*f = r.fault;
	}
	sigstore_bundle_free(bundle);
	sigstore_artefact_free(&artefact);
	sigstore_key_free(key);
	sigstore_trust_free(trust);
	return rc;
}

static bool is_right(char **field, unsigned int *refused)
{
	struct sigstore_fault f = { 0 };
	bool valid = !strcmp(field[VERDICT], "valid");
	int rc = judge(field, &f);
	const char *code = sigstore_code_name(f.code);
	unsigned int i;

	*refused += rc != 0;
	for (i = 0; rc && i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (!strcmp(reasons[i].name, field[NAME]) && strcmp(reasons[i].code, code)) {
			print_message("# %s: %s (%s)\n", field[NAME], code, f.text);
			return false;
		}
	if (valid == !rc)
		return true;
	print_message("# %s is %s, and was judged: %s (%s)\n", field[NAME], field[VERDICT], code,
		      f.text);
	return false;
}

static void verdicts(void **state)
{
	unsigned int wrong = 0, lines = 0, refused = 0;
	CLEANUP_FREE char *index = NULL;
	char *line, *save = NULL, *field[FIELDS];
	size_t len;

	(void)state;
	if (!folder)
		skip();
	read_whole("INDEX.tsv", &index, &len);
	for (line = strtok_r(index, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		unsigned int n = 0;

		if (*line == '#')
			continue;
		while (n < FIELDS && line)
			field[n++] = strsep(&line, "\t");
		assert_int_equal(n, FIELDS);
		lines++;
		wrong += !is_right(field, &refused);
	}
	print_message("# %u bundles of others, %u of them refused\n", lines, refused);
	assert_int_equal(wrong, 0);
	assert_true(lines > 0);
}

static const char *find_folder(void)
{
	static const char *const places[] = {
		"../shared/fixtures/sigstore", "shared/fixtures/sigstore",
	};
	const char *given = getenv("SIGSTORE_FIXTURES");
	char path[512];
	unsigned int i;

	if (given)
		return given;
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, sizeof(path), "%s/INDEX.tsv", places[i]);
		if (!access(path, R_OK))
			return places[i];
	}
	return NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts),
	};

	folder = find_folder();
	if (!folder)
		print_message("# no bundles of others here; SIGSTORE_FIXTURES may name their folder\n");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
