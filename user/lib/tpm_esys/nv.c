// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "device_private.h"
#include "nv.h"

#define AREA_MAX	512u	/* bytes that every TPM takes at once */

/* Read by whoever may use the TPM, for which PolicyNV takes no password; written by the owner. */
#define COMMON		(TPMA_NV_OWNERREAD | TPMA_NV_AUTHREAD | TPMA_NV_OWNERWRITE | TPMA_NV_NO_DA)
#define COUNTER		(COMMON | (TPM2_NT_COUNTER << TPMA_NV_TPM2_NT_SHIFT))
#define AREA		(COMMON | (TPM2_NT_ORDINARY << TPMA_NV_TPM2_NT_SHIFT))
#define COUNTER_BYTES	8u

/* What the TPM says of an error that is not its end. */
static int refusal(const struct device *d)
{
	if (said(d, TPM2_RC_NV_DEFINED))
		return -EEXIST;
	if (said(d, TPM2_RC_NV_SPACE))
		return -ENOSPC;
	if (said(d, TPM2_RC_BAD_AUTH) || said(d, TPM2_RC_AUTH_FAIL) || said(d, TPM2_RC_LOCKOUT))
		return -EACCES;
	return -EIO;
}

static int find(struct device *d, uint32_t index, ESYS_TR *nv)
{
	if (ok(d, Esys_TR_FromTPMPublic(d->esys, index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
					nv)))
		return 0;
	return said(d, TPM2_RC_HANDLE) ? -ENOENT : -EIO;
}

/*
 * Is it what was defined here, and not anything else that somebody has put in its place?  What was
 * defined and then not written, since power had failed, is not there yet.
 */
static int check(struct device *d, ESYS_TR nv, TPMA_NV attributes, size_t size)
{
	TPM2B_NV_PUBLIC *public = NULL;
	bool same, written;

	if (!ok(d, Esys_NV_ReadPublic(d->esys, nv, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
				      &public, NULL)))
		return -EIO;
	written = public->nvPublic.attributes & TPMA_NV_WRITTEN;
	same = (public->nvPublic.attributes | TPMA_NV_WRITTEN) == (attributes | TPMA_NV_WRITTEN) &&
	       public->nvPublic.nameAlg == TPM2_ALG_SHA256 &&
	       !public->nvPublic.authPolicy.size && public->nvPublic.dataSize == size;
	Esys_Free(public);
	if (!same)
		return -EPROTO;
	return written ? 0 : -ENOENT;
}

/* One of that number which was defined before, if it was not written. */
static int take_up(struct device *d, uint32_t index, TPMA_NV attributes, size_t size, ESYS_TR *nv)
{
	int rc = find(d, index, nv);

	if (rc)
		return rc;
	rc = check(d, *nv, attributes, size);
	if (rc == -ENOENT)
		return 0;
	Esys_TR_Close(d->esys, nv);
	return rc == -EIO ? rc : -EEXIST;
}

static int define(struct device *d, uint32_t index, TPMA_NV attributes, size_t size, ESYS_TR *nv)
{
	TPM2B_AUTH nothing = { .size = 0 };
	TPM2B_NV_PUBLIC public = {
		.nvPublic = {
			.nvIndex = index,
			.nameAlg = TPM2_ALG_SHA256,
			.attributes = attributes,
			.dataSize = size,
		},
	};
	int rc;

	if (ok(d, Esys_NV_DefineSpace(d->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
				      ESYS_TR_NONE, &nothing, &public, nv)))
		return 0;
	rc = refusal(d);
	return rc == -EEXIST ? take_up(d, index, attributes, size, nv) : rc;
}

static int increment(struct device *d, ESYS_TR nv)
{
	return ok(d, Esys_NV_Increment(d->esys, ESYS_TR_RH_OWNER, nv, ESYS_TR_PASSWORD,
				       ESYS_TR_NONE, ESYS_TR_NONE)) ? 0 : refusal(d);
}

static int read_index(struct device *d, ESYS_TR nv, void *to, size_t size)
{
	TPM2B_MAX_NV_BUFFER *got = NULL;
	int rc = -EIO;

	if (ok(d, Esys_NV_Read(d->esys, nv, nv, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, size,
			       0, &got)) && got->size == size) {
		memcpy(to, got->buffer, size);
		rc = 0;
	}
	Esys_Free(got);
	return rc;
}

static int write_index(struct device *d, ESYS_TR nv, size_t offset, const void *from, size_t len)
{
	TPM2B_MAX_NV_BUFFER part = { .size = len };

	memcpy(part.buffer, from, len);
	return ok(d, Esys_NV_Write(d->esys, ESYS_TR_RH_OWNER, nv, ESYS_TR_PASSWORD, ESYS_TR_NONE,
				   ESYS_TR_NONE, &part, offset)) ? 0 : refusal(d);
}

static int undefine(struct device *d, ESYS_TR nv)
{
	return ok(d, Esys_NV_UndefineSpace(d->esys, ESYS_TR_RH_OWNER, nv, ESYS_TR_PASSWORD,
					   ESYS_TR_NONE, ESYS_TR_NONE)) ? 0 : refusal(d);
}

int nv_counter_define(struct device *d, uint32_t index)
{
	ESYS_TR nv;
	int rc = define(d, index, COUNTER, COUNTER_BYTES, &nv);

	if (rc)
		return rc;
	rc = increment(d, nv);
	if (rc)
		undefine(d, nv);
	else
		Esys_TR_Close(d->esys, &nv);
	return rc;
}

int nv_counter_read(struct device *d, uint32_t index, uint64_t *value)
{
	uint8_t bytes[COUNTER_BYTES];
	unsigned int i;
	ESYS_TR nv;
	int rc = find(d, index, &nv);

	*value = 0;
	if (rc)
		return rc;
	rc = check(d, nv, COUNTER, sizeof(bytes));
	if (!rc)
		rc = read_index(d, nv, bytes, sizeof(bytes));
	Esys_TR_Close(d->esys, &nv);
	for (i = 0; !rc && i < sizeof(bytes); i++)
		*value = *value << 8 | bytes[i];
	return rc;
}

int nv_counter_increment(struct device *d, uint32_t index)
{
	ESYS_TR nv;
	int rc = find(d, index, &nv);

	if (rc)
		return rc;
	rc = check(d, nv, COUNTER, COUNTER_BYTES);
	if (!rc)
		rc = increment(d, nv);
	Esys_TR_Close(d->esys, &nv);
	return rc;
}

int nv_area_define(struct device *d, uint32_t index, size_t size)
{
	static const uint8_t zeros[AREA_MAX];
	ESYS_TR nv;
	int rc;

	if (!size || size > AREA_MAX)
		return -EINVAL;
	rc = define(d, index, AREA, size, &nv);
	if (rc)
		return rc;
	rc = write_index(d, nv, 0, zeros, size);
	if (rc)
		undefine(d, nv);
	else
		Esys_TR_Close(d->esys, &nv);
	return rc;
}

int nv_area_read(struct device *d, uint32_t index, void *to, size_t size)
{
	ESYS_TR nv;
	int rc = find(d, index, &nv);

	if (rc)
		return rc;
	rc = size > AREA_MAX ? -EPROTO : check(d, nv, AREA, size);
	if (!rc)
		rc = read_index(d, nv, to, size);
	Esys_TR_Close(d->esys, &nv);
	return rc;
}

int nv_area_write(struct device *d, uint32_t index, size_t offset, const void *from, size_t len)
{
	ESYS_TR nv;
	int rc = find(d, index, &nv);

	if (rc)
		return rc;
	rc = len > AREA_MAX ? -EIO : write_index(d, nv, offset, from, len);
	Esys_TR_Close(d->esys, &nv);
	return rc;
}

int nv_remove(struct device *d, uint32_t index)
{
	ESYS_TR nv;
	int rc = find(d, index, &nv);

	return rc ? rc : undefine(d, nv);
}
