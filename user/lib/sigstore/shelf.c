// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "private.h"
#include "shelf.h"

void shelf_free(struct shelf *s)
{
	while (s->bundles)
		sigstore_bundle_free(s->bundle[--s->bundles]);
	free(s->bundle);
	sigstore_trust_free(s->trust);
	admission_free(s->policy);
	*s = (struct shelf){ 0 };
}

static int say(char *why, int rc, const char *path, const char *what)
{
	snprintf(why, SHELF_WHY, "%s%.200s: %.256s", rc == -EINVAL ? "" : "cannot read ", path,
		 what);
	return rc;
}

static int read_text(const char *path, size_t max, char **bytes, struct str *text, char *why)
{
	int rc = file_read(path, max, bytes, &text->len);

	text->at = *bytes;
	return rc ? say(why, rc, path, strerror(-rc)) : 0;
}

int shelf_trust(struct shelf *s, const char *path, char *why)
{
	CLEANUP_FREE char *bytes = NULL;
	struct sigstore_fault fault;
	struct str text = STR_NONE;
	int rc = read_text(path, SIGSTORE_MAX_BYTES, &bytes, &text, why);

	if (!rc && sigstore_trust_parse(text, &s->trust, &fault))
		rc = say(why, -EINVAL, path, fault.text);
	return rc;
}

int shelf_policy_text(struct shelf *s, struct str text, const char *name, char *why)
{
	struct sigstore_fault fault;

	return admission_parse(text, &s->policy, &fault) ? say(why, -EINVAL, name, fault.text) : 0;
}

int shelf_policy(struct shelf *s, const char *path, char *why)
{
	CLEANUP_FREE char *bytes = NULL;
	struct str text = STR_NONE;
	int rc = read_text(path, ADMISSION_MAX_BYTES, &bytes, &text, why);

	return rc ? rc : shelf_policy_text(s, text, path, why);
}

/* --- bundles ---------------------------------------------------------------------------- */

int shelf_add(struct shelf *s, struct str text, struct sigstore_fault *f)
{
	struct sigstore_bundle **more;
	int rc;

	*f = (struct sigstore_fault){ 0 };
	if (s->bundles == SHELF_BUNDLES)
		return -E2BIG;
	more = realloc(s->bundle, (s->bundles + 1) * sizeof(*more));
	if (!more)
		return sig_no_memory(f);
	s->bundle = more;
	rc = sigstore_bundle_parse(text, &s->bundle[s->bundles], f);
	s->bundles += !rc;
	return rc;
}

struct reading {
	struct shelf *shelf;
	shelf_tell_fn *tell;
	void *arg;
	char *why;
};

static void pass_over(const struct reading *r, const char *path, const char *what)
{
	char text[SHELF_WHY];

	snprintf(text, sizeof(text), "%.200s is passed over: %.280s", path, what);
	r->tell(r->arg, text);
}

static int add(const struct reading *r, const char *path, struct str text)
{
	struct sigstore_fault fault;
	char what[SHELF_WHY];
	int rc = shelf_add(r->shelf, text, &fault);

	if (rc == -EKEYREJECTED) {
		snprintf(what, sizeof(what), "%s: %s", sigstore_code_name(fault.code), fault.text);
		pass_over(r, path, what);
		return 0;
	}
	return rc ? say(r->why, rc, path, rc == -E2BIG ? "more than 4096 bundles" :
			strerror(-rc)) : 0;
}

_Static_assert(SHELF_BUNDLES == 4096, "as it is told");

static int add_named(const struct reading *r, const char *path)
{
	CLEANUP_FREE char *bytes = NULL;
	struct str text = STR_NONE;
	int rc = read_text(path, SIGSTORE_MAX_BYTES, &bytes, &text, r->why);

	return rc ? rc : add(r, path, text);
}

/* A FIFO would keep us waiting for ever. */
static int read_found(const char *path, char **bytes, struct str *text)
{
	struct stat st;
	int rc;

	if (stat(path, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	rc = file_read(path, SIGSTORE_MAX_BYTES, bytes, &text->len);
	text->at = *bytes;
	return rc;
}

static int add_found(const struct reading *r, const char *path)
{
	CLEANUP_FREE char *bytes = NULL;
	struct str text = STR_NONE;
	int rc = read_found(path, &bytes, &text);

	if (rc == -ENOMEM)
		return say(r->why, rc, path, strerror(-rc));
	if (!rc)
		return add(r, path, text);
	pass_over(r, path, strerror(-rc));
	return 0;
}

static bool is_bundle_file(const char *name)
{
	size_t len = strlen(name);

	return len > 5 && !strcmp(name + len - 5, ".json") && *name != '.';
}

static int add_entry(const struct reading *r, const char *folder, const char *name)
{
	char file[PATH_MAX];

	if (!is_bundle_file(name))
		return 0;
	if (snprintf(file, sizeof(file), "%s/%s", folder, name) < (int)sizeof(file))
		return add_found(r, file);
	pass_over(r, name, "its path is too long");
	return 0;
}

int shelf_bundles(struct shelf *s, const char *path, shelf_tell_fn *tell, void *arg, char *why)
{
	const struct reading r = { s, tell, arg, why };
	struct dirent **names = NULL;
	int n = scandir(path, &names, NULL, alphasort), i, rc = 0;

	if (n < 0 && errno == ENOTDIR)
		return add_named(&r, path);
	if (n < 0)
		return say(why, -errno, path, strerror(errno));
	for (i = 0; i < n; i++) {
		if (!rc)
			rc = add_entry(&r, path, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return rc;
}

/* --- a signature without a bundle --------------------------------------------------------- */

#define SIGNATURE_MAX	2048u	/* base64 of one by RSA of 8192 bits, and more */

static bool is_base64(struct str s)
{
	static const char chars[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_";
	size_t i;

	for (i = 0; i < s.len; i++)
		if (!memchr(chars, s.at[i], sizeof(chars) - 1))
			return false;
	return s.len && s.len <= SIGNATURE_MAX;
}

/* It becomes a key's bundle that says no more than it does. */
int shelf_add_signature(struct shelf *s, struct str signature, const struct sigstore_artefact *a,
			struct sigstore_fault *f)
{
	struct str trimmed = str_trim(signature);
	char digest[4 * (SIG_SHA256 + 2) / 3 + 1];
	CLEANUP_FREE char *text = NULL;
	json_t *j;

	if (!is_base64(trimmed))
		return sig_refuse(f, SIGSTORE_CONTENT, "the signature is not base64");
	EVP_EncodeBlock((unsigned char *)digest, a->digest[SIGSTORE_SHA256], SIG_SHA256);
	j = json_pack("{s:s,s:{s:{s:s}},s:{s:{s:s,s:s},s:s%}}", "mediaType",
		      "application/vnd.dev.sigstore.bundle.v0.3+json", "verificationMaterial",
		      "publicKey", "hint", "", "messageSignature", "messageDigest", "algorithm",
		      "SHA2_256", "digest", digest, "signature", trimmed.at, trimmed.len);
	text = j ? json_dumps(j, JSON_COMPACT) : NULL;
	json_decref(j);
	return text ? shelf_add(s, str_of(text), f) : sig_no_memory(f);
}
