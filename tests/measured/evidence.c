// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a machine's TPM says of it, in files as tpm2-tools have them: ek.pub, ek.crt, ak.pub,
 * quote.msg, quote.sig.
 *
 *	tpm-evidence FOLDER NONCE BANK:PCR,PCR...
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/report.h"
#include "base/str.h"
#include "tpm/alg.h"
#include "tpm/pcr.h"
#include "tpm_esys/device.h"

#define TCTI		"device:/dev/tpmrm0"
#define NONCE_MAX	64u

static int put(int folder, const char *name, const void *data, size_t len)
{
	CLEANUP_CLOSE int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, data, len) != (ssize_t)len)
		return fail(errno, "cannot write %s", name);
	return 0;
}

static bool read_selection(struct str text, struct device_selection *to)
{
	const struct tpm_alg *alg;
	struct str one;
	uint64_t pcr;

	if (!str_cut(&text, ':', &one))
		return false;
	alg = tpm_alg_by_name(one);
	*to = (struct device_selection){ .alg = alg ? alg->id : 0 };
	while (str_cut(&text, ',', &one)) {
		if (!str_number(one, TPM_PCRS - 1, &pcr))
			return false;
		to->mask |= 1u << pcr;
	}
	return alg && to->mask;
}

static int collect(struct device *d, int folder, const uint8_t *nonce, size_t len,
		   const struct device_selection *select)
{
	struct device_bytes ek, ak, message, signature;
	uint8_t certificate[DEVICE_NV_MAX];
	size_t certificate_len;
	int rc = device_keys(d, &ek, &ak);

	if (!rc)
		rc = device_quote(d, nonce, len, select, 1, &message, &signature);
	if (!rc)
		rc = device_nv_read(d, DEVICE_EK_CERT_RSA, certificate, &certificate_len);
	if (rc)
		return fail(-rc, "the TPM has answered 0x%x", device_error(d));
	rc = put(folder, "ek.pub", ek.at, ek.len);
	rc = rc ? rc : put(folder, "ek.crt", certificate, certificate_len);
	rc = rc ? rc : put(folder, "ak.pub", ak.at, ak.len);
	rc = rc ? rc : put(folder, "quote.msg", message.at, message.len);
	return rc ? rc : put(folder, "quote.sig", signature.at, signature.len);
}

int main(int argc, char **argv)
{
	CLEANUP_CLOSE int folder = -1;
	struct device_selection select;
	uint8_t nonce[NONCE_MAX];
	struct device *d;
	size_t len;
	int rc;

	report_init(argv[0]);
	if (argc != 4 || !read_selection(str_of(argv[3]), &select))
		return fail(EINVAL, "usage: tpm-evidence FOLDER NONCE BANK:PCR,PCR...") ? 1 : 0;
	len = strlen(argv[2]) / 2;
	if (len > sizeof(nonce) || hex_decode(argv[2], nonce, len))
		return fail(EINVAL, "%s: a nonce is up to %u bytes in hex", argv[2], NONCE_MAX) ? 1 : 0;
	folder = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return fail(errno, "%s", argv[1]) ? 1 : 0;
	if (device_open(TCTI, &d))
		return fail(EIO, "no TPM at %s", TCTI) ? 1 : 0;
	rc = collect(d, folder, nonce, len, &select);
	device_close(d);
	return rc ? 1 : 0;
}
