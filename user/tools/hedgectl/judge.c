// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who vouches for an image.  The file is read once, into memory that nobody can change any more:
 * what was judged is what the monitor is given.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/report.h"
#include "base/sealed.h"
#include "hedgectl.h"
#include "sigstore/shelf.h"

#define IMAGE_MAX	(256u << 20)	/* bytes; the monitor takes no larger one */
#define KEY_MAX		65536u
#define SEALS		(F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

void judged_close(struct judged *j)
{
	if (j->fd >= 0)
		close(j->fd);
	j->fd = -1;
}

/* --- the copy ----------------------------------------------------------------------------- */

static int copy_sealed(const char *path)
{
	CLEANUP_CLOSE int from = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int fd;

	if (from < 0)
		return fail_errno("%s", path);
	fd = sealed_copy(from, IMAGE_MAX);
	switch (fd) {
	case -EINVAL:
		return fail(EINVAL, "%s: not a regular file", path);
	case -ENODATA:
		return fail(EINVAL, "%s: empty", path);
	case -EFBIG:
		return fail(EFBIG, "%s: larger than %u MiB", path, IMAGE_MAX >> 20);
	default:
		return fd < 0 ? fail(-fd, "%s cannot be copied: %s", path, strerror(-fd)) : fd;
	}
}

/* --- who has signed it -------------------------------------------------------------------- */

struct judging {
	const struct options *o;
	const char *path;
	struct shelf shelf;
	struct sigstore_key *key;
	struct sigstore_artefact artefact;
};

static void judging_free(struct judging *g)
{
	shelf_free(&g->shelf);
	sigstore_key_free(g->key);
}

static int check_options(const struct options *o)
{
	if (o->bundle && o->signature)
		return fail(EINVAL, "--bundle, or --signature; not both");
	if (!o->policy && !o->key && !o->identity)
		return fail(EINVAL, "say who may vouch for it: --policy, --key, or --identity and --issuer");
	if (!o->identity != !o->issuer)
		return fail(EINVAL, "--identity and --issuer need each other");
	if (o->key && o->identity)
		return fail(EINVAL, "a signer is known by --key, or by --identity and --issuer");
	if (o->identity && !o->trusted_root)
		return fail(EINVAL, "say whose word counts on --identity: --trusted-root");
	if (!o->policy && !o->bundle && !o->signature)
		return fail(EINVAL, "say where its signature is: --bundle or --signature");
	if (!o->policy && o->reference)
		return fail(EINVAL, "--reference is for a --policy");
	return 0;
}

static void tell(void *arg, const char *text)
{
	(void)arg;
	warn("%s", text);
}

static int read_small(const char *path, char **bytes, struct str *text)
{
	int rc = file_read(path, KEY_MAX, bytes, &text->len);

	text->at = *bytes;
	return rc ? fail(-rc, "cannot read %s: %s", path, strerror(-rc)) : 0;
}

static int load_key(struct judging *g)
{
	CLEANUP_FREE char *bytes = NULL;
	struct sigstore_fault f;
	struct str text;
	int rc = read_small(g->o->key, &bytes, &text);

	if (!rc && sigstore_key_parse(text, &g->key, &f))
		rc = fail(EINVAL, "%s: %s", g->o->key, f.text);
	return rc;
}

static int load_signature(struct judging *g)
{
	CLEANUP_FREE char *bytes = NULL;
	struct sigstore_fault f;
	struct str text;
	int rc = read_small(g->o->signature, &bytes, &text);

	if (!rc && shelf_add_signature(&g->shelf, text, &g->artefact, &f))
		rc = fail(EINVAL, "%s: %s", g->o->signature, f.text);
	return rc;
}

static int load(struct judging *g)
{
	const struct options *o = g->o;
	char why[SHELF_WHY];
	int rc = 0;

	if (o->policy)
		rc = shelf_policy(&g->shelf, o->policy, why);
	if (!rc && o->trusted_root)
		rc = shelf_trust(&g->shelf, o->trusted_root, why);
	if (!rc && o->bundle)
		rc = shelf_bundles(&g->shelf, o->bundle, tell, NULL, why);
	if (rc)
		return fail(-rc, "%s", why);
	if (o->key)
		rc = load_key(g);
	if (!rc && o->signature)
		rc = load_signature(g);
	return rc;
}

/* By the key or the identity of the options, and not by whatever else the bundle has. */
static int judge_by_signer(struct judging *g)
{
	const struct sigstore_want want = {
		.trust = g->shelf.trust, .key = g->key, .identity = g->o->identity,
		.issuer = g->o->issuer,
	};
	struct sigstore_fault last = { .code = SIGSTORE_CONTENT };
	struct sigstore_result r;
	unsigned int i;

	snprintf(last.text, sizeof(last.text), "there is no bundle");
	for (i = 0; i < g->shelf.bundles; i++) {
		r = (struct sigstore_result){ 0 };
		if (!sigstore_verify(g->shelf.bundle[i], &g->artefact, &want, &r))
			return 0;
		last = r.fault;
	}
	return fail(EKEYREJECTED, "%s is refused: %s has not signed it: %s: %s", g->path,
		    g->key ? g->o->key : g->o->identity, sigstore_code_name(last.code), last.text);
}

/* --- which images may run ----------------------------------------------------------------- */

/* "/srv/kv.hvt": "kv" */
static struct str stem(const char *path)
{
	const char *base = strrchr(path, '/');
	struct str s = str_of(base ? base + 1 : path);
	size_t at;

	if (str_find(s, '.', &at) && at)
		s.len = at;
	return s;
}

static int make_reference(const struct judging *g, const char *digest, char *to, size_t size)
{
	char name[ADMISSION_MAX_NAME + 1], said[72];
	const char *reference = g->o->reference;
	struct str s = reference ? str_of(reference) : stem(g->path);

	if (admission_name(s, name, said))
		return fail(EINVAL, "%.*s is no name of an image; say which --reference it has",
			    STR_ARG(s));
	if (*said && strcmp(said, digest))
		return fail(EKEYREJECTED, "%s is refused: it is %s, and not what --reference says",
			    g->path, digest);
	if (snprintf(to, size, "%s%s%s", name, "@", digest) >= (int)size)
		return fail(EINVAL, "--reference: too long");
	return 0;
}

static int judge_by_policy(struct judging *g, struct judged *j)
{
	const struct admission_store store = shelf_store(&g->shelf);
	char digest[8 + 64] = "sha256:", reference[ADMISSION_MAX_NAME + 80];
	struct admission_result r;
	int rc;

	hex_encode(j->digest, sizeof(j->digest), digest + 7);
	rc = make_reference(g, digest, reference, sizeof(reference));
	if (!rc && admission_judge(g->shelf.policy, &store, str_of(reference), &r))
		rc = fail(ENOMEM, "no memory");
	if (rc)
		return rc;
	if (r.verdict == ADMISSION_DENY)
		return fail(EKEYREJECTED, "%s is refused: %s", g->path, r.reason);
	j->warned = r.verdict == ADMISSION_WARN;
	if (j->warned)
		warn("%s runs all the same: %s", g->path, r.reason);
	return 0;
}

static int judge(struct judging *g, struct judged *j)
{
	int rc = load(g);

	if (!rc && (g->o->key || g->o->identity))
		rc = judge_by_signer(g);
	if (!rc && g->o->policy)
		rc = judge_by_policy(g, j);
	return rc;
}

/**
 * judge_image - is there somebody who vouches for an image, as the options want it?
 * @path:	a file, read once
 * @j:		receives a copy of it that cannot be changed, and its digest; judged_close()
 *
 * All that the options ask for has to hold: the signer, and the policies.
 *
 * Return: 0; -EKEYREJECTED; -errno; reported.
 */
int judge_image(const struct options *o, const char *path, struct judged *j)
{
	CLEANUP(judging_free) struct judging g = { .o = o, .path = path };
	struct stat st;
	void *map;
	int rc = check_options(o);

	if (rc)
		return rc;
	j->fd = copy_sealed(path);
	if (j->fd < 0)
		return j->fd;
	if (fstat(j->fd, &st))
		return fail_errno("%s", path);
	map = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, j->fd, 0);
	if (map == MAP_FAILED)
		return fail_errno("%s", path);
	rc = sigstore_artefact_memory(&g.artefact, (struct str){ map, st.st_size });
	if (rc) {
		rc = fail(EIO, "%s: no SHA-256 in this system", path);
	} else {
		memcpy(j->digest, g.artefact.digest[SIGSTORE_SHA256], sizeof(j->digest));
		rc = judge(&g, j);
	}
	munmap(map, st.st_size);
	return rc;
}
