// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include <tss2/tss2_mu.h>

#include "base/cleanup.h"
#include "device_private.h"
#include "seal.h"

/* Where the TCG's provisioning guidance has a storage root key. */
#define ROOT_HANDLE	0x81000001u

/* --- the storage root key ------------------------------------------------------------------ */

static const TPM2B_PUBLIC root_template = {
	.publicArea = {
		.type = TPM2_ALG_ECC,
		.nameAlg = TPM2_ALG_SHA256,
		.objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
				    TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH |
				    TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT,
		.parameters.eccDetail = {
			.symmetric = {
				.algorithm = TPM2_ALG_AES, .keyBits.aes = 128,
				.mode.aes = TPM2_ALG_CFB,
			},
			.scheme.scheme = TPM2_ALG_NULL,
			.curveID = TPM2_ECC_NIST_P256,
			.kdf.scheme = TPM2_ALG_NULL,
		},
	},
};

static int refusal(const struct device *d)
{
	if (said(d, TPM2_RC_LOCKOUT))
		return -EAGAIN;
	return said(d, TPM2_RC_BAD_AUTH) || said(d, TPM2_RC_AUTH_FAIL) ? -EACCES : -EIO;
}

static int make_root(struct device *d, ESYS_TR *root)
{
	TPM2B_SENSITIVE_CREATE sensitive = { .size = 0 };
	TPML_PCR_SELECTION none = { .count = 0 };
	TPM2B_DATA outside = { .size = 0 };

	return ok(d, Esys_CreatePrimary(d->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
					ESYS_TR_NONE, &sensitive, &root_template, &outside, &none,
					root, NULL, NULL, NULL, NULL)) ? 0 : refusal(d);
}

static int read_name(struct device *d, ESYS_TR object, struct device_bytes *to)
{
	TPM2B_NAME *name = NULL;
	bool got = ok(d, Esys_TR_GetName(d->esys, object, &name)) && name->size <= SEAL_NAME_MAX;

	to->len = got ? name->size : 0;
	if (got)
		memcpy(to->at, name->name, name->size);
	Esys_Free(name);
	return got ? 0 : -EIO;
}

static bool is_named(struct device *d, ESYS_TR object, const struct device_bytes *name)
{
	struct device_bytes own;

	return !read_name(d, object, &own) && own.len == name->len &&
	       !memcmp(own.at, name->at, own.len);
}

/* One that stays in the TPM is not flushed. */
struct root {
	ESYS_TR object;
	bool made;
};

static void drop_root(struct device *d, struct root *r)
{
	if (r->made)
		flush(d, &r->object);
	else if (r->object != ESYS_TR_NONE)
		Esys_TR_Close(d->esys, &r->object);
	*r = (struct root){ ESYS_TR_NONE, false };
}

/* The one that the TPM keeps, or the one of our template; @name: it has to be that, if given. */
static int find_root(struct device *d, const struct device_bytes *name, struct root *r)
{
	int rc;

	*r = (struct root){ ESYS_TR_NONE, false };
	if (ok(d, Esys_TR_FromTPMPublic(d->esys, ROOT_HANDLE, ESYS_TR_NONE, ESYS_TR_NONE,
					ESYS_TR_NONE, &r->object)) &&
	    (!name || is_named(d, r->object, name)))
		return 0;
	drop_root(d, r);
	rc = make_root(d, &r->object);
	r->made = !rc;
	if (rc || !name || is_named(d, r->object, name))
		return rc;
	drop_root(d, r);
	return -EXDEV;
}

/* A session whose key only the storage root key's TPM learns. */
static int start_session(struct device *d, ESYS_TR root, TPM2_SE kind, TPMA_SESSION crypts,
			 ESYS_TR *session)
{
	const TPMT_SYM_DEF aes = {
		.algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB,
	};

	*session = ESYS_TR_NONE;
	if (ok(d, Esys_StartAuthSession(d->esys, root, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
					ESYS_TR_NONE, NULL, kind, &aes, TPM2_ALG_SHA256,
					session)) &&
	    ok(d, Esys_TRSess_SetAttributes(d->esys, *session,
					    crypts | TPMA_SESSION_CONTINUESESSION, 0xff)))
		return 0;
	flush(d, session);
	return refusal(d);
}

/* --- sealing ------------------------------------------------------------------------------- */

static int create(struct device *d, ESYS_TR root, ESYS_TR session, const uint8_t *policy,
		  const struct secret *secret, struct sealed *to)
{
	TPM2B_PUBLIC template = {
		.publicArea = {
			.type = TPM2_ALG_KEYEDHASH,
			.nameAlg = TPM2_ALG_SHA256,
			.objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
					    TPMA_OBJECT_NODA,
			.authPolicy.size = SEAL_POLICY_BYTES,
			.parameters.keyedHashDetail.scheme.scheme = TPM2_ALG_NULL,
		},
	};
	TPM2B_SENSITIVE_CREATE sensitive = { .sensitive.data.size = secret->len };
	TPML_PCR_SELECTION none = { .count = 0 };
	TPM2B_DATA outside = { .size = 0 };
	TPM2B_PRIVATE *private = NULL;
	TPM2B_PUBLIC *public = NULL;
	int rc;

	memcpy(template.publicArea.authPolicy.buffer, policy, SEAL_POLICY_BYTES);
	memcpy(sensitive.sensitive.data.buffer, secret->data, secret->len);
	rc = ok(d, Esys_Create(d->esys, root, session, ESYS_TR_NONE, ESYS_TR_NONE, &sensitive,
			       &template, &outside, &none, &private, &public, NULL, NULL, NULL)) ?
	     0 : refusal(d);
	explicit_bzero(&sensitive, sizeof(sensitive));
	to->public.len = 0;
	to->private.len = 0;
	if (!rc && (!ok(d, Tss2_MU_TPM2B_PUBLIC_Marshal(public, to->public.at,
							sizeof(to->public.at), &to->public.len)) ||
		    !ok(d, Tss2_MU_TPM2B_PRIVATE_Marshal(private, to->private.at,
							 sizeof(to->private.at),
							 &to->private.len))))
		rc = -EIO;
	Esys_Free(private);
	Esys_Free(public);
	return rc;
}

int seal(struct device *d, const uint8_t *policy, const struct secret *secret, struct sealed *to)
{
	struct root root;
	ESYS_TR session;
	int rc;

	if (!secret->len || secret->len > SEAL_SECRET_MAX)
		return -EINVAL;
	rc = find_root(d, NULL, &root);
	if (rc)
		return rc;
	rc = read_name(d, root.object, &to->parent);
	if (!rc)
		rc = start_session(d, root.object, TPM2_SE_HMAC, TPMA_SESSION_DECRYPT, &session);
	if (!rc) {
		rc = create(d, root.object, session, policy, secret, to);
		flush(d, &session);
	}
	drop_root(d, &root);
	return rc;
}

int seal_is_ours(struct device *d, const struct sealed *what)
{
	struct root root;
	int rc = find_root(d, &what->parent, &root);

	drop_root(d, &root);
	return rc;
}

/* --- unsealing ----------------------------------------------------------------------------- */

/* A signature that the TPM has verified, and the Name of whose it is. */
struct approval {
	TPMT_TK_VERIFIED ticket;
	TPM2B_NAME key;
};

static int verify(struct device *d, const struct seal_policy *by, struct approval *to)
{
	TPM2B_DIGEST digest = { .size = SEAL_POLICY_BYTES };
	TPM2B_PUBLIC public = { .size = 0 };
	TPMT_SIGNATURE signature = { .sigAlg = 0 };
	TPMT_TK_VERIFIED *ticket = NULL;
	size_t used = 0, signature_used = 0;
	ESYS_TR key = ESYS_TR_NONE;
	TPM2B_NAME *name = NULL;
	int rc = -EKEYREJECTED;

	if (Tss2_MU_TPMT_PUBLIC_Unmarshal(by->key, by->key_len, &used, &public.publicArea) ||
	    used != by->key_len ||
	    Tss2_MU_TPMT_SIGNATURE_Unmarshal(by->signature, by->signature_len, &signature_used,
					     &signature) ||
	    signature_used != by->signature_len)
		return -EBADMSG;
	memcpy(digest.buffer, by->digest, digest.size);
	/* A ticket is good only in a hierarchy. */
	if (!ok(d, Esys_LoadExternal(d->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL,
				     &public, ESYS_TR_RH_OWNER, &key)))
		return -EBADMSG;
	if (ok(d, Esys_TR_GetName(d->esys, key, &name)) &&
	    ok(d, Esys_VerifySignature(d->esys, key, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
				       &digest, &signature, &ticket))) {
		to->key = *name;
		to->ticket = *ticket;
		rc = 0;
	}
	flush(d, &key);
	Esys_Free(name);
	Esys_Free(ticket);
	return rc;
}

static int show_pcrs(struct device *d, ESYS_TR session, const struct seal_policy *by)
{
	TPM2B_DIGEST current = { .size = 0 };
	TPML_PCR_SELECTION pcrs;

	if (!device_selection(&by->select, 1, &pcrs))
		return -EBADMSG;
	return ok(d, Esys_PolicyPCR(d->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
				    &current, &pcrs)) ? 0 : -EIO;
}

static int show_epoch(struct device *d, ESYS_TR session, const struct seal_policy *by)
{
	TPM2B_OPERAND most = { .size = sizeof(by->epoch) };
	unsigned int i;
	ESYS_TR nv;
	int rc = 0;

	if (!ok(d, Esys_TR_FromTPMPublic(d->esys, by->index, ESYS_TR_NONE, ESYS_TR_NONE,
					 ESYS_TR_NONE, &nv)))
		return said(d, TPM2_RC_HANDLE) ? -ENOENT : -EIO;
	for (i = 0; i < most.size; i++)
		most.buffer[i] = by->epoch >> 8 * (most.size - 1 - i);
	if (!ok(d, Esys_PolicyNV(d->esys, nv, nv, session, ESYS_TR_PASSWORD, ESYS_TR_NONE,
				 ESYS_TR_NONE, &most, 0, TPM2_EO_UNSIGNED_LE)))
		rc = said(d, TPM2_RC_POLICY) ? -ESTALE :
		     said(d, TPM2_RC_NV_UNINITIALIZED) ? -ENOENT : -EIO;
	Esys_TR_Close(d->esys, &nv);
	return rc;
}

static int show_approval(struct device *d, ESYS_TR session, const struct seal_policy *by,
			 const struct approval *approval)
{
	TPM2B_DIGEST policy = { .size = SEAL_POLICY_BYTES };
	TPM2B_NONCE ref = { .size = by->ref_len };

	if (by->ref_len > sizeof(ref.buffer))
		return -EBADMSG;
	memcpy(policy.buffer, by->policy, policy.size);
	memcpy(ref.buffer, by->ref, ref.size);
	if (ok(d, Esys_PolicyAuthorize(d->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
				       &policy, &ref, &approval->key, &approval->ticket)))
		return 0;
	/* The session's policy is not the one that was signed. */
	return said(d, TPM2_RC_VALUE) ? -EPERM : -EIO;
}

static int load(struct device *d, ESYS_TR root, const struct sealed *from, ESYS_TR *object)
{
	TPM2B_PRIVATE private = { .size = 0 };
	TPM2B_PUBLIC public = { .size = 0 };
	size_t used = 0, private_used = 0;

	*object = ESYS_TR_NONE;
	if (Tss2_MU_TPM2B_PUBLIC_Unmarshal(from->public.at, from->public.len, &used, &public) ||
	    used != from->public.len ||
	    Tss2_MU_TPM2B_PRIVATE_Unmarshal(from->private.at, from->private.len, &private_used,
					    &private) ||
	    private_used != from->private.len)
		return -EBADMSG;
	if (ok(d, Esys_Load(d->esys, root, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &private,
			    &public, object)))
		return 0;
	return refusal(d) == -EIO ? -EBADMSG : refusal(d);
}

static int take(struct device *d, ESYS_TR object, ESYS_TR session, struct secret *secret)
{
	TPM2B_SENSITIVE_DATA *got = NULL;
	int rc;

	if (!ok(d, Esys_Unseal(d->esys, object, session, ESYS_TR_NONE, ESYS_TR_NONE, &got)))
		return said(d, TPM2_RC_POLICY_FAIL) || said(d, TPM2_RC_PCR_CHANGED) ? -EPERM :
		       refusal(d);
	rc = secret_copy(secret, got->buffer, got->size);
	explicit_bzero(got, sizeof(*got));
	Esys_Free(got);
	return rc;
}

static int open_with(struct device *d, ESYS_TR root, ESYS_TR session, const struct sealed *from,
		     const struct seal_policy *by, const struct approval *approval,
		     struct secret *secret)
{
	ESYS_TR object = ESYS_TR_NONE;
	int rc = show_pcrs(d, session, by);

	if (!rc)
		rc = show_epoch(d, session, by);
	if (!rc)
		rc = show_approval(d, session, by, approval);
	if (!rc)
		rc = load(d, root, from, &object);
	if (!rc)
		rc = take(d, object, session, secret);
	flush(d, &object);
	return rc;
}

int unseal(struct device *d, const struct sealed *from, const struct seal_policy *by,
	   struct secret *secret)
{
	struct approval approval;
	struct root root;
	ESYS_TR session;
	int rc = verify(d, by, &approval);

	if (rc)
		return rc;
	rc = find_root(d, &from->parent, &root);
	if (rc)
		return rc;
	rc = start_session(d, root.object, TPM2_SE_POLICY, TPMA_SESSION_ENCRYPT, &session);
	if (!rc) {
		rc = open_with(d, root.object, session, from, by, &approval, secret);
		flush(d, &session);
	}
	drop_root(d, &root);
	return rc;
}

/* --- PCRs ---------------------------------------------------------------------------------- */

int seal_read_pcr(struct device *d, uint16_t alg, unsigned int index, uint8_t to[64], size_t *len)
{
	const struct device_selection select = { alg, index < 24 ? 1u << index : 0 };
	TPML_DIGEST *values = NULL;
	TPML_PCR_SELECTION pcrs;
	bool got;

	*len = 0;
	if (!device_selection(&select, 1, &pcrs))
		return -EIO;
	got = ok(d, Esys_PCR_Read(d->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &pcrs, NULL,
				  NULL, &values));
	if (got && values->count) {
		*len = values->digests[0].size;
		memcpy(to, values->digests[0].buffer, *len);
	}
	Esys_Free(values);
	return got ? 0 : -EIO;
}

int seal_cap(struct device *d, unsigned int index, const char *what)
{
	TPM2B_EVENT event = { .size = strnlen(what, sizeof(event.buffer) + 1) };
	TPML_DIGEST_VALUES *digests = NULL;
	bool done;

	if (index >= 24 || !event.size || event.size > sizeof(event.buffer))
		return -EINVAL;
	memcpy(event.buffer, what, event.size);
	done = ok(d, Esys_PCR_Event(d->esys, ESYS_TR_PCR0 + index, ESYS_TR_PASSWORD, ESYS_TR_NONE,
				    ESYS_TR_NONE, &event, &digests));
	Esys_Free(digests);
	return done ? 0 : -EIO;
}
