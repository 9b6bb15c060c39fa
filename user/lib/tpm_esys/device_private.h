/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this room share. */
#ifndef SKY_TPM_ESYS_DEVICE_PRIVATE_H
#define SKY_TPM_ESYS_DEVICE_PRIVATE_H

#include <stdbool.h>

#include <tss2/tss2_esys.h>

#include "device.h"

struct device {
	TSS2_TCTI_CONTEXT *tcti;
	ESYS_CONTEXT *esys;
	ESYS_TR ek, ak;			/* ESYS_TR_NONE: not made */
	TSS2_RC error;
};

/* Return: whether it went well. */
static inline bool ok(struct device *d, TSS2_RC rc)
{
	if (rc)
		d->error = rc;
	return !rc;
}

/*
 * Was that the TPM's answer, whichever handle, parameter or session it is about?  Part 2, 6.6:
 * of those that say it, bits 0 to 5 are the error.
 */
static inline bool said(const struct device *d, TSS2_RC rc)
{
	TSS2_RC mask = rc & TPM2_RC_FMT1 ? TPM2_RC_FMT1 | 0x3f : 0xfff;

	return !(d->error & TSS2_RC_LAYER_MASK) && (d->error & mask) == rc;
}

/* Let go of an object or a session. */
static inline void flush(struct device *d, ESYS_TR *object)
{
	if (*object != ESYS_TR_NONE)
		Esys_FlushContext(d->esys, *object);
	*object = ESYS_TR_NONE;
}

/* As the TPM takes it.  Return: false for banks or PCRs that are out of range. */
typedef TPML_PCR_SELECTION device_pcrs_t;
bool device_selection(const struct device_selection *s, unsigned int n, device_pcrs_t *to);

#endif /* SKY_TPM_ESYS_DEVICE_PRIVATE_H */
