/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What there is to judge images by, from files: a trusted root, policies, and bundles.
 */
#ifndef SKY_SIGSTORE_SHELF_H
#define SKY_SIGSTORE_SHELF_H

#include "admission.h"

#define SHELF_BUNDLES	4096u
#define SHELF_WHY	512u

/* All zeros is an empty one. */
struct shelf {
	struct sigstore_trust *trust;
	struct admission *policy;
	struct sigstore_bundle **bundle;
	unsigned int bundles;
};

#define CLEANUP_SHELF	CLEANUP(shelf_free) struct shelf

void shelf_free(struct shelf *s);

/* What it has to judge by, now. */
static inline struct admission_store shelf_store(const struct shelf *s)
{
	return (struct admission_store){ .trust = s->trust, .bundle = s->bundle,
					 .bundles = s->bundles };
}

/*
 * Each reads a file.  @why: SHELF_WHY bytes, receives what is wrong with it, the file named.
 * Return: 0; -EINVAL: it is not what it should be; -errno.
 */
int shelf_trust(struct shelf *s, const char *path, char *why);
int shelf_policy(struct shelf *s, const char *path, char *why);
/* The same, of a text; @name is what an error is told of. */
int shelf_policy_text(struct shelf *s, struct str text, const char *name, char *why);

/* Takes a line about a file that is passed over. */
typedef void shelf_tell_fn(void *arg, const char *text);

/**
 * shelf_bundles - read a bundle, or all files *.json of a folder
 *
 * One that is no bundle does not keep the others from being used, as it allows nothing: it is
 * told of.  So is one that cannot be read, if only its folder was named.
 *
 * Return: 0; -errno with @why.
 */
int shelf_bundles(struct shelf *s, const char *path, shelf_tell_fn *tell, void *arg, char *why);

/* Add a bundle that is at hand.  Return: 0; -EKEYREJECTED or -ENOMEM with @f; -E2BIG. */
int shelf_add(struct shelf *s, struct str text, struct sigstore_fault *f);

/**
 * shelf_add_signature - add a signature as `cosign sign-blob --key` prints it
 * @signature:	base64, white space around it allowed
 * @a:		what it is said to be of
 *
 * Return: as shelf_add().
 */
int shelf_add_signature(struct shelf *s, struct str signature, const struct sigstore_artefact *a,
			struct sigstore_fault *f);

#endif /* SKY_SIGSTORE_SHELF_H */
