/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policies as they are kept. */
#ifndef SKY_SIGSTORE_ADMISSION_PRIVATE_H
#define SKY_SIGSTORE_ADMISSION_PRIVATE_H

#include "admission.h"
#include "private.h"

enum authority_kind { AUTHORITY_KEY, AUTHORITY_KEYLESS, AUTHORITY_STATIC };

/* Texts that are absent have no .at. */
struct adm_identity {
	struct str issuer, subject, subject_glob;
};

struct adm_authority {
	char name[64];			/* as it is told: its own, or authority-N */
	enum authority_kind kind;
	struct sigstore_key *key;
	bool logged;			/* the key's signature must be in the log */
	bool pass;			/* static */
	struct adm_identity *identity;
	unsigned int identities;
	struct str *predicate;		/* types of statements that count, besides cosign's */
	unsigned int predicates;
};

struct adm_policy {
	struct str name;
	bool warn;
	struct str *glob;
	unsigned int globs;
	struct adm_authority *authority;
	unsigned int authorities;
};

struct admission {
	struct doc doc;
	enum admission_verdict no_match;
	struct adm_policy *policy;
	unsigned int policies;
};

#endif /* SKY_SIGSTORE_ADMISSION_PRIVATE_H */
