// SPDX-License-Identifier: GPL-2.0-or-later
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_tctildr.h>

#include "device_private.h"

#define NV_PART		512u	/* bytes that every TPM gives at once */
#define SELECT_BYTES	3u	/* 24 PCRs */

uint32_t device_error(const struct device *d)
{
	return d->error;
}

int device_open(const char *tcti, struct device **to)
{
	struct device *d = calloc(1, sizeof(*d));

	*to = NULL;
	if (!d)
		return -ENOMEM;
	d->ek = ESYS_TR_NONE;
	d->ak = ESYS_TR_NONE;
	if (Tss2_TctiLdr_Initialize(tcti, &d->tcti) || Esys_Initialize(&d->esys, d->tcti, NULL)) {
		device_close(d);
		return -EIO;
	}
	*to = d;
	return 0;
}

void device_preload(const char *tcti)
{
	char name[64];

	/* As Tss2_TctiLdr_Initialize() looks for it. */
	snprintf(name, sizeof(name), "libtss2-tcti-%.*s.so.0", (int)strcspn(tcti, ":"), tcti);
	dlopen(name, RTLD_NOW | RTLD_NODELETE);
}

int device_fd(const struct device *d)
{
	TSS2_TCTI_POLL_HANDLE handle[1];
	size_t count = 1;

	if (Tss2_Tcti_GetPollHandles(d->tcti, handle, &count) || count != 1 ||
	    fcntl(handle[0].fd, F_GETFD) < 0)
		return -1;
	return handle[0].fd;
}

void device_close(struct device *d)
{
	if (!d)
		return;
	if (d->esys) {
		flush(d, &d->ak);
		flush(d, &d->ek);
	}
	Esys_Finalize(&d->esys);
	Tss2_TctiLdr_Finalize(&d->tcti);
	free(d);
}

/* The endorsement hierarchy's consent, which the endorsement key's policy asks for. */
static int start_session(struct device *d, ESYS_TR *session)
{
	TPMT_SYM_DEF none = { .algorithm = TPM2_ALG_NULL };

	*session = ESYS_TR_NONE;
	if (ok(d, Esys_StartAuthSession(d->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
					ESYS_TR_NONE, ESYS_TR_NONE, NULL, TPM2_SE_POLICY, &none,
					TPM2_ALG_SHA256, session)) &&
	    ok(d, Esys_PolicySecret(d->esys, ESYS_TR_RH_ENDORSEMENT, *session, ESYS_TR_PASSWORD,
				    ESYS_TR_NONE, ESYS_TR_NONE, NULL, NULL, NULL, 0, NULL, NULL)))
		return 0;
	flush(d, session);
	return -EIO;
}

static int write_public(struct device *d, const TPM2B_PUBLIC *from, struct device_bytes *to)
{
	to->len = 0;
	return ok(d, Tss2_MU_TPM2B_PUBLIC_Marshal(from, to->at, sizeof(to->at), &to->len)) ? 0 :
	       -EIO;
}

/* --- keys -------------------------------------------------------------------------------- */

/* Template L-1 of the TCG EK Credential Profile, B.3.3. */
static const TPM2B_PUBLIC ek_template = {
	.publicArea = {
		.type = TPM2_ALG_RSA,
		.nameAlg = TPM2_ALG_SHA256,
		.objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
				    TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_ADMINWITHPOLICY |
				    TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT,
		.authPolicy = {
			/* PolicySecret(TPM_RH_ENDORSEMENT) */
			.size = 32,
			.buffer = {
				0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8,
				0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24,
				0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64,
				0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa,
			},
		},
		.parameters.rsaDetail = {
			.symmetric = {
				.algorithm = TPM2_ALG_AES, .keyBits.aes = 128,
				.mode.aes = TPM2_ALG_CFB,
			},
			.scheme.scheme = TPM2_ALG_NULL,
			.keyBits = 2048,
		},
		.unique.rsa.size = 256,
	},
};

static const TPM2B_PUBLIC ak_template = {
	.publicArea = {
		.type = TPM2_ALG_ECC,
		.nameAlg = TPM2_ALG_SHA256,
		.objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
				    TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH |
				    TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT,
		.parameters.eccDetail = {
			.symmetric.algorithm = TPM2_ALG_NULL,
			.scheme = {
				.scheme = TPM2_ALG_ECDSA,
				.details.ecdsa.hashAlg = TPM2_ALG_SHA256,
			},
			.curveID = TPM2_ECC_NIST_P256,
			.kdf.scheme = TPM2_ALG_NULL,
		},
	},
};

static int make_ek(struct device *d, struct device_bytes *ek)
{
	TPM2B_SENSITIVE_CREATE sensitive = { .size = 0 };
	TPML_PCR_SELECTION none = { .count = 0 };
	TPM2B_DATA outside = { .size = 0 };
	TPM2B_PUBLIC *public = NULL;
	int rc = -EIO;

	if (ok(d, Esys_CreatePrimary(d->esys, ESYS_TR_RH_ENDORSEMENT, ESYS_TR_PASSWORD,
				     ESYS_TR_NONE, ESYS_TR_NONE, &sensitive, &ek_template, &outside,
				     &none, &d->ek, &public, NULL, NULL, NULL)))
		rc = write_public(d, public, ek);
	Esys_Free(public);
	return rc;
}

static int create_ak(struct device *d, TPM2B_PRIVATE **private, TPM2B_PUBLIC **public)
{
	TPM2B_SENSITIVE_CREATE sensitive = { .size = 0 };
	TPML_PCR_SELECTION none = { .count = 0 };
	TPM2B_DATA outside = { .size = 0 };
	ESYS_TR session;
	int rc = start_session(d, &session);

	if (!rc && !ok(d, Esys_Create(d->esys, d->ek, session, ESYS_TR_NONE, ESYS_TR_NONE,
				      &sensitive, &ak_template, &outside, &none, private, public,
				      NULL, NULL, NULL)))
		rc = -EIO;
	flush(d, &session);
	return rc;
}

/* A policy session is good for one command. */
static int load_ak(struct device *d, const TPM2B_PRIVATE *private, const TPM2B_PUBLIC *public)
{
	ESYS_TR session;
	int rc = start_session(d, &session);

	if (!rc && !ok(d, Esys_Load(d->esys, d->ek, session, ESYS_TR_NONE, ESYS_TR_NONE, private,
				    public, &d->ak)))
		rc = -EIO;
	flush(d, &session);
	return rc;
}

static int make_ak(struct device *d, struct device_bytes *ak)
{
	TPM2B_PRIVATE *private = NULL;
	TPM2B_PUBLIC *public = NULL;
	int rc = create_ak(d, &private, &public);

	if (!rc)
		rc = load_ak(d, private, public);
	if (!rc)
		rc = write_public(d, public, ak);
	Esys_Free(private);
	Esys_Free(public);
	return rc;
}

/* A new key: public, and as only this TPM can read it. */
static int wrap_ak(struct device *d, struct device_bytes *kept)
{
	TPM2B_PRIVATE *private = NULL;
	TPM2B_PUBLIC *public = NULL;
	int rc = create_ak(d, &private, &public);

	kept->len = 0;
	if (!rc && (!ok(d, Tss2_MU_TPM2B_PUBLIC_Marshal(public, kept->at, sizeof(kept->at),
							&kept->len)) ||
		    !ok(d, Tss2_MU_TPM2B_PRIVATE_Marshal(private, kept->at, sizeof(kept->at),
							 &kept->len))))
		rc = -EIO;
	Esys_Free(private);
	Esys_Free(public);
	return rc;
}

int device_keys(struct device *d, struct device_bytes *ek, struct device_bytes *ak)
{
	int rc;

	if (d->ek != ESYS_TR_NONE)
		return -EBUSY;
	rc = make_ek(d, ek);
	if (!rc)
		rc = make_ak(d, ak);
	if (!rc)
		return 0;
	flush(d, &d->ak);
	flush(d, &d->ek);
	return rc;
}

/*
 * What the TPM finds wrong with the key itself, a parameter, is not the same as that it has no
 * room, or is not there: those pass.
 */
static int load_kept(struct device *d, const TPM2B_PRIVATE *private, const TPM2B_PUBLIC *public)
{
	int rc = load_ak(d, private, public);

	const TSS2_RC wrong = TPM2_RC_FMT1 | TPM2_RC_P;

	return rc && !(d->error & TSS2_RC_LAYER_MASK) && (d->error & wrong) == wrong ? -EXDEV : rc;
}

int device_keys_kept(struct device *d, struct device_bytes *kept, struct device_bytes *ek,
		     struct device_bytes *ak)
{
	TPM2B_PRIVATE private = { .size = 0 };
	TPM2B_PUBLIC public = { .size = 0 };
	size_t used = 0;
	int rc;

	if (d->ek != ESYS_TR_NONE)
		return -EBUSY;
	rc = make_ek(d, ek);
	if (!rc && !kept->len)
		rc = wrap_ak(d, kept);
	if (!rc && (Tss2_MU_TPM2B_PUBLIC_Unmarshal(kept->at, kept->len, &used, &public) ||
		    Tss2_MU_TPM2B_PRIVATE_Unmarshal(kept->at, kept->len, &used, &private) ||
		    used != kept->len))
		rc = -EBADMSG;
	if (!rc)
		rc = load_kept(d, &private, &public);
	if (!rc)
		rc = write_public(d, &public, ak);
	if (!rc)
		return 0;
	flush(d, &d->ak);
	flush(d, &d->ek);
	return rc;
}

/* --- what they do ------------------------------------------------------------------------ */

bool device_selection(const struct device_selection *from, unsigned int count,
		      TPML_PCR_SELECTION *to)
{
	unsigned int i, j;

	*to = (TPML_PCR_SELECTION){ .count = count };
	if (!count || count > TPM2_NUM_PCR_BANKS)
		return false;
	for (i = 0; i < count; i++) {
		TPMS_PCR_SELECTION *s = &to->pcrSelections[i];

		if (!from[i].mask || from[i].mask >> 8 * SELECT_BYTES)
			return false;
		s->hash = from[i].alg;
		s->sizeofSelect = SELECT_BYTES;
		for (j = 0; j < SELECT_BYTES; j++)
			s->pcrSelect[j] = from[i].mask >> 8 * j;
	}
	return true;
}

int device_quote(struct device *d, const void *nonce, size_t len,
		 const struct device_selection *select, unsigned int count,
		 struct device_bytes *message, struct device_bytes *signature)
{
	TPMT_SIG_SCHEME own = { .scheme = TPM2_ALG_NULL };
	TPM2B_DATA data = { .size = len };
	TPML_PCR_SELECTION pcrs;
	TPM2B_ATTEST *quoted = NULL;
	TPMT_SIGNATURE *sig = NULL;
	int rc = -EIO;

	if (d->ak == ESYS_TR_NONE || !len || len > sizeof(data.buffer) ||
	    !device_selection(select, count, &pcrs))
		return -EINVAL;
	memcpy(data.buffer, nonce, len);
	signature->len = 0;
	if (ok(d, Esys_Quote(d->esys, d->ak, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &data,
			     &own, &pcrs, &quoted, &sig)) &&
	    quoted->size <= sizeof(message->at) &&
	    ok(d, Tss2_MU_TPMT_SIGNATURE_Marshal(sig, signature->at, sizeof(signature->at),
						 &signature->len))) {
		memcpy(message->at, quoted->attestationData, quoted->size);
		message->len = quoted->size;
		rc = 0;
	}
	Esys_Free(quoted);
	Esys_Free(sig);
	return rc;
}

static unsigned int count_of(const TPML_PCR_SELECTION *list, uint32_t *mask)
{
	unsigned int i, j, count = 0;

	*mask = 0;
	for (i = 0; i < list->count && i < TPM2_NUM_PCR_BANKS; i++)
		for (j = 0; j < list->pcrSelections[i].sizeofSelect && j < SELECT_BYTES; j++)
			*mask |= (uint32_t)list->pcrSelections[i].pcrSelect[j] << 8 * j;
	for (i = 0; i < 8 * SELECT_BYTES; i++)
		count += *mask >> i & 1;
	return count;
}

/* As many of @want as the TPM gives at once; those are taken off it. */
static int read_some(struct device *d, struct device_selection *want, size_t size, uint8_t **to)
{
	TPML_PCR_SELECTION pcrs, *got = NULL;
	TPML_DIGEST *values = NULL;
	uint32_t mask;
	unsigned int i;
	int rc = -EIO;

	if (!device_selection(want, 1, &pcrs))
		return -EINVAL;
	if (ok(d, Esys_PCR_Read(d->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &pcrs, NULL,
				&got, &values)))
		rc = count_of(got, &mask) != values->count || mask & ~want->mask ? -EIO :
		     !mask ? -ENOENT : 0;
	for (i = 0; !rc && i < values->count; i++) {
		if (values->digests[i].size != size)
			rc = -EIO;
		else
			*to = mempcpy(*to, values->digests[i].buffer, size);
	}
	if (!rc)
		want->mask &= ~mask;
	Esys_Free(got);
	Esys_Free(values);
	return rc;
}

int device_pcrs(struct device *d, const struct device_selection *select, size_t size, uint8_t *to)
{
	struct device_selection want = *select;
	int rc = 0;

	if (!want.mask || !size || size > sizeof(TPMU_HA))
		return -EINVAL;
	while (!rc && want.mask)
		rc = read_some(d, &want, size, &to);
	return rc;
}

int device_activate(struct device *d, const void *blob, size_t blob_len, const void *secret,
		    size_t secret_len, struct device_bytes *to)
{
	TPM2B_ENCRYPTED_SECRET sealed = { .size = 0 };
	TPM2B_ID_OBJECT object = { .size = 0 };
	TPM2B_DIGEST *got = NULL;
	size_t used = 0, secret_used = 0;
	ESYS_TR session;
	int rc;

	if (d->ak == ESYS_TR_NONE)
		return -EACCES;
	if (Tss2_MU_TPM2B_ID_OBJECT_Unmarshal(blob, blob_len, &used, &object) ||
	    used != blob_len ||
	    Tss2_MU_TPM2B_ENCRYPTED_SECRET_Unmarshal(secret, secret_len, &secret_used, &sealed) ||
	    secret_used != secret_len)
		return -EBADMSG;
	rc = start_session(d, &session);
	if (!rc && !ok(d, Esys_ActivateCredential(d->esys, d->ak, d->ek, ESYS_TR_PASSWORD, session,
						  ESYS_TR_NONE, &object, &sealed, &got)))
		rc = -EACCES;
	if (!rc) {
		memcpy(to->at, got->buffer, got->size);
		to->len = got->size;
		explicit_bzero(got, sizeof(*got));
	}
	flush(d, &session);
	Esys_Free(got);
	return rc;
}

/* --- NV indexes -------------------------------------------------------------------------- */

static int nv_size(struct device *d, ESYS_TR nv, size_t *size)
{
	TPM2B_NV_PUBLIC *public = NULL;
	bool there = ok(d, Esys_NV_ReadPublic(d->esys, nv, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
					      &public, NULL));

	*size = there ? public->nvPublic.dataSize : 0;
	Esys_Free(public);
	return !there ? -EIO : *size > DEVICE_NV_MAX ? -EFBIG : 0;
}

int device_nv_read(struct device *d, uint32_t index, uint8_t to[DEVICE_NV_MAX], size_t *len)
{
	TPM2B_MAX_NV_BUFFER *part;
	size_t size, done, want;
	ESYS_TR nv;
	int rc;

	*len = 0;
	if (!ok(d, Esys_TR_FromTPMPublic(d->esys, index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
					 &nv)))
		return -ENOENT;
	rc = nv_size(d, nv, &size);
	for (done = 0; !rc && done < size; done += want) {
		want = size - done < NV_PART ? size - done : NV_PART;
		part = NULL;
		if (!ok(d, Esys_NV_Read(d->esys, ESYS_TR_RH_OWNER, nv, ESYS_TR_PASSWORD,
					ESYS_TR_NONE, ESYS_TR_NONE, want, done, &part)) ||
		    part->size != want)
			rc = -EIO;
		else
			memcpy(to + done, part->buffer, want);
		Esys_Free(part);
	}
	Esys_TR_Close(d->esys, &nv);
	if (!rc)
		*len = size;
	return rc;
}
