// SPDX-License-Identifier: GPL-2.0-or-later
/* Signatures of workloads: who signed an artefact, and which images may run. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/report.h"
#include "base/text.h"
#include "sigstore/shelf.h"
#include "skyctl.h"

#define KEY_MAX		65536u

struct files {
	struct sigstore_trust *trust;
	struct sigstore_key *key;
	struct sigstore_bundle *bundle;
};

static void free_files(struct files *f)
{
	sigstore_bundle_free(f->bundle);
	sigstore_trust_free(f->trust);
	sigstore_key_free(f->key);
}

#define CLEANUP_FILES	CLEANUP(free_files)

static int read_text(const char *path, size_t max, char **text, struct str *s)
{
	int rc = file_read(path, max, text, &s->len);

	s->at = *text;
	return rc ? fail(-rc, "cannot read %s: %s", path, strerror(-rc)) : 0;
}

/* Whom to believe; what is wrong with that is not the bundle's fault. */
static int load_trust(const struct options *o, struct files *f)
{
	CLEANUP_FREE char *root = NULL, *key = NULL;
	struct sigstore_fault fault;
	struct str text = STR_NONE;
	int rc = 0;

	if (o->trusted_root) {
		rc = read_text(o->trusted_root, SIGSTORE_MAX_BYTES, &root, &text);
		if (!rc && sigstore_trust_parse(text, &f->trust, &fault))
			rc = fail(EINVAL, "%s: %s", o->trusted_root, fault.text);
	}
	if (!rc && o->key) {
		rc = read_text(o->key, KEY_MAX, &key, &text);
		if (!rc && sigstore_key_parse(text, &f->key, &fault))
			rc = fail(EINVAL, "%s: %s", o->key, fault.text);
	}
	return rc;
}

static int load_bundle(const char *path, struct files *f, struct sigstore_fault *fault)
{
	CLEANUP_FREE char *bytes = NULL;
	struct str text = STR_NONE;
	int rc = read_text(path, SIGSTORE_MAX_BYTES, &bytes, &text);

	*fault = (struct sigstore_fault){ 0 };
	return rc ? rc : sigstore_bundle_parse(text, &f->bundle, fault);
}

static int load_artefact(const char *name, struct sigstore_artefact *a)
{
	static const struct { const char *name; unsigned int digits; } kinds[] = {
		{ "sha256:", 64 }, { "sha384:", 96 }, { "sha512:", 128 },
	};
	unsigned int i;
	int rc;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (str_starts(str_of(name), str_of(kinds[i].name)))
			return sigstore_artefact_digest(a, str_of(name)) ?
			       fail(EINVAL, "%s: %s has %u hexadecimal digits behind it", name,
				    kinds[i].name, kinds[i].digits) : 0;
	rc = sigstore_artefact_file(a, name);
	return rc ? fail(-rc, "cannot read %s: %s", name, strerror(-rc)) : 0;
}

static int print_json(json_t *j)
{
	json_dumpf(j, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(j);
	return 0;
}

/* --- verify ------------------------------------------------------------------------------- */

static int check_options(const struct options *o)
{
	if (!o->bundle == !o->signature)
		return fail(EINVAL, "say which --bundle, or with --key which --signature");
	if (!o->trusted_root && !o->key)
		return fail(EINVAL, "say whom to believe: --trusted-root or --key");
	if (o->key && (o->identity || o->issuer))
		return fail(EINVAL, "a signer is known by --key, or by --identity and --issuer");
	if (o->signature && !o->key)
		return fail(EINVAL, "--signature needs a --key");
	if (!o->key && (!o->identity || !o->issuer))
		return fail(EINVAL, "say who has to have signed: --identity and --issuer");
	return 0;
}

static json_t *json_of(const struct sigstore_result *r, bool checked)
{
	json_t *times;
	unsigned int i;

	if (r->fault.code)
		return json_pack("{s:b,s:s,s:s}", "verified", 0, "code",
				 sigstore_code_name(r->fault.code), "reason", r->fault.text);
	times = json_array();
	for (i = 0; i < r->times; i++)
		json_array_append_new(times, json_integer(r->time[i]));
	return json_pack("{s:b,s:s*,s:s*,s:s*,s:b,s:o*,s:o}", "verified", 1, "identity",
			 *r->identity ? r->identity : NULL, "issuer",
			 *r->issuer ? r->issuer : NULL, "predicate_type",
			 *r->predicate ? r->predicate : NULL, "logged", r->logged && checked,
			 "log_index", r->logged ? json_integer(r->log_index) : NULL, "times",
			 times);
}

static void print_verdict(const char *artefact, const struct sigstore_result *r, bool by_key)
{
	char name[2 * SIGSTORE_MAX_IDENTITY], text[2 * SIGSTORE_MAX_IDENTITY];

	printf("%s: verified\n", text_printable(artefact, name, sizeof(name)));
	if (by_key)
		puts("signer: the key");
	else
		printf("signer: %s\n", text_printable(r->identity, text, sizeof(text)));
	if (*r->issuer)
		printf("issuer: %s\n", text_printable(r->issuer, text, sizeof(text)));
	if (*r->predicate)
		printf("predicate: %s\n", text_printable(r->predicate, text, sizeof(text)));
	if (r->logged)
		printf("log index: %lld\n", (long long)r->log_index);
	else
		puts("log: not looked at");
}

static int judge(const struct options *o, struct files *f, const struct sigstore_artefact *a,
		 struct sigstore_result *r)
{
	struct sigstore_want want = { .trust = f->trust, .key = f->key, .identity = o->identity,
				      .issuer = o->issuer };
	CLEANUP_FREE char *bytes = NULL;
	struct str text = STR_NONE;
	int rc;

	*r = (struct sigstore_result){ 0 };
	if (o->signature) {
		rc = read_text(o->signature, KEY_MAX, &bytes, &text);
		return rc ? rc : sigstore_verify_plain(text, a, f->key, &r->fault);
	}
	rc = load_bundle(o->bundle, f, &r->fault);
	return rc ? rc : sigstore_verify(f->bundle, a, &want, r);
}

int cmd_workload_verify(const struct options *o, int argc, char **argv)
{
	CLEANUP(sigstore_artefact_free) struct sigstore_artefact a = { 0 };
	CLEANUP_FILES struct files f = { 0 };
	struct sigstore_result r;
	int rc = check_options(o);

	(void)argc;
	if (!rc)
		rc = load_trust(o, &f);
	if (!rc)
		rc = load_artefact(argv[0], &a);
	if (rc)
		return rc;
	rc = judge(o, &f, &a, &r);
	/* Without a code it is not the bundle's fault, and has been told. */
	if (rc && !r.fault.code)
		return rc;
	if (o->json)
		print_json(json_of(&r, f.trust));
	else if (!rc)
		print_verdict(argv[0], &r, f.key);
	return rc ? fail(-rc, "%s: %s: %s", argv[0], sigstore_code_name(r.fault.code),
			 r.fault.text) : 0;
}

/* --- admit -------------------------------------------------------------------------------- */

static void tell(void *arg, const char *text)
{
	(void)arg;
	warn("%s", text);
}

/* Whom to believe, which bundles there are, and what holds. */
static int load_shelf(const struct options *o, struct shelf *shelf)
{
	char why[SHELF_WHY];
	int rc = 0;

	if (!o->policy)
		return fail(EINVAL, "say which --policy");
	rc = shelf_policy(shelf, o->policy, why);
	if (!rc && o->trusted_root)
		rc = shelf_trust(shelf, o->trusted_root, why);
	if (!rc && o->bundle)
		rc = shelf_bundles(shelf, o->bundle, tell, NULL, why);
	return rc ? fail(-rc, "%s", why) : 0;
}

int cmd_workload_admit(const struct options *o, int argc, char **argv)
{
	static const char *const words[] = {
		[ADMISSION_ALLOW] = "allow", [ADMISSION_WARN] = "warn", [ADMISSION_DENY] = "deny",
	};
	CLEANUP_SHELF shelf = { 0 };
	struct admission_store store;
	json_t *list = json_array();
	char name[2 * ADMISSION_MAX_NAME];
	int i, denied = 0, rc = load_shelf(o, &shelf);

	store = shelf_store(&shelf);
	for (i = 0; !rc && i < argc; i++) {
		struct admission_result r;

		rc = admission_judge(shelf.policy, &store, str_of(argv[i]), &r);
		denied += r.verdict == ADMISSION_DENY;
		text_printable(argv[i], name, sizeof(name));
		if (o->json)
			json_array_append_new(list, json_pack("{s:s,s:s,s:s}", "image", name,
							      "verdict", words[r.verdict],
							      "reason", r.reason));
		else
			printf("%-5s %s: %s\n", words[r.verdict], name, r.reason);
	}
	if (!rc && o->json)
		print_json(json_incref(list));
	json_decref(list);
	if (rc)
		return rc;
	return denied ? fail(EKEYREJECTED, "%d of %d image%s denied", denied, argc, plural(argc)) :
	       0;
}
