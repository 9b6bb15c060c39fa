// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest.h"
#include "base/cleanup.h"
#include "base/hex.h"
#include "ear.h"
#include "ear_jws.h"

#define SKEW	60		/* seconds that clocks may be apart */

/* Values of AR4SI 2.3. */
enum {
	AR_NONE		= 0,
	AR_AFFIRMING	= 2,
	AR_ENCRYPTED	= 3,		/* of storage: by software */
	AR_REFUSED	= 96,
};

static int claim_value(const struct attest_verdict *v, enum attest_claim claim, int good)
{
	if (v->refused[claim])
		return AR_REFUSED;
	return v->claimed[claim] ? good : AR_NONE;
}

static json_t *vector(const struct attest_verdict *v)
{
	return json_pack("{s:i, s:i, s:i}",
			 "configuration", claim_value(v, CLAIM_CONFIGURATION, AR_AFFIRMING),
			 "executables", claim_value(v, CLAIM_EXECUTABLES, AR_AFFIRMING),
			 "storage-opaque", claim_value(v, CLAIM_STORAGE, AR_ENCRYPTED));
}

json_t *ear_claims(const struct ear_about *about, const struct attest_policy *policy,
		   const struct attest_verdict *v)
{
	char id[ATTEST_NAME_MAX + 2 * TPM_SHA256_BYTES + 32], hex[2 * TPM_SHA256_BYTES + 1];
	json_t *claims, *machine;

	hex_encode(policy->digest, TPM_SHA256_BYTES, hex);
	snprintf(id, sizeof(id), "policy://skyhold/%s?sha256=%s", policy->name, hex);
	machine = json_pack("{s:s, s:o, s:s, s:o}", "ear.status",
			    v->trusted ? "affirming" : "contraindicated",
			    "ear.trustworthiness-vector", vector(v), "ear.appraisal-policy-id", id,
			    "skyhold.verdict", attest_verdict_json(v));
	claims = json_pack("{s:s, s:I, s:I, s:{s:s, s:s}, s:{s:o}}", "eat_profile", EAR_PROFILE,
			   "iat", (json_int_t)about->issued, "exp",
			   (json_int_t)about->expires, "ear.verifier-id", "developer",
			   "https://skyhold.example", "build", about->build, "submods",
			   about->subject, machine);
	if (claims && about->nonce)
		json_object_set_new(claims, "eat_nonce", json_string(about->nonce));
	return claims;
}

int ear_sign(const struct ear_key *key, const json_t *claims, char **token)
{
	CLEANUP_FREE char *text = json_dumps(claims, JSON_COMPACT | JSON_SORT_KEYS);

	return text ? jws_sign(key, str_of(text), token) : -ENOMEM;
}

static int check_claims(const json_t *claims, int64_t now, const char *nonce)
{
	const json_t *iat = json_object_get(claims, "iat"), *exp = json_object_get(claims, "exp");
	const char *profile = json_string_value(json_object_get(claims, "eat_profile"));
	const char *given = json_string_value(json_object_get(claims, "eat_nonce"));

	if (!json_is_object(json_object_get(claims, "submods")) || !json_is_integer(iat) ||
	    !json_is_integer(exp))
		return -EBADMSG;
	if (!profile || strcmp(profile, EAR_PROFILE) || (nonce && (!given || strcmp(nonce, given))))
		return -EPERM;
	if (json_integer_value(iat) > now + SKEW || json_integer_value(exp) <= now)
		return -ETIME;
	return 0;
}

int ear_verify(const struct ear_key *key, struct str token, int64_t now, const char *nonce,
	       json_t **claims)
{
	CLEANUP_FREE char *payload = NULL;
	size_t len;
	int rc = jws_verify(key, token, &payload, &len);

	if (rc)
		return rc;
	*claims = json_loadb(payload, len, JSON_REJECT_DUPLICATES, NULL);
	rc = json_is_object(*claims) ? check_claims(*claims, now, nonce) : -EBADMSG;
	if (rc) {
		json_decref(*claims);
		*claims = NULL;
	}
	return rc;
}
