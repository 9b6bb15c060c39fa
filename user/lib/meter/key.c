// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The key of this boot.  It is a key in software: a TPM takes a tenth of a second and more for a
 * signature, and is shared.  Its file has the private key in hexadecimal digits, and the
 * certificate's line.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/secret.h"
#include "keeper_private.h"
#include "tpm/quote.h"

#define KEY_FILE_MAX	(METER_LINE_MAX + 128u)

/* Name of the attestation key, and how often the TPM was reset. */
static int read_quote(const struct meter_quote *q, uint8_t name[METER_AK_BYTES], uint64_t *boot,
		      char why[METER_WHY])
{
	struct tpm_public ak;
	struct tpm_attest a;
	struct tpm_name n;
	const char *what = NULL;

	if (tpm_public_parse(q->ak, q->ak_len, &ak, &what) || tpm_public_name(&ak, &n) ||
	    n.len != METER_AK_BYTES || tpm_attest_parse(q->message, q->message_len, &a, &what)) {
		snprintf(why, METER_WHY, "the TPM's answer cannot be read%s%s", what ? ": " : "",
			 what ? what : "");
		return -EBADMSG;
	}
	memcpy(name, n.at, METER_AK_BYTES);
	*boot = a.clock.resets;
	return 0;
}

static int ask(struct meter_keeper *k, const uint8_t nonce[SHA256_BYTES], struct meter_quote *q,
	       char why[METER_WHY])
{
	int rc = k->config.quote(k->config.ctx, nonce, q);

	if (rc) {
		snprintf(why, METER_WHY, "the TPM does not quote: %s", strerror(-rc));
		return rc;
	}
	return read_quote(q, k->ak, &k->boot, why);
}

static int certify(struct meter_keeper *k, struct meter_quote *q, char why[METER_WHY])
{
	uint8_t point[P256_POINT_BYTES], digest[SHA256_BYTES];
	char text[METER_LINE_MAX], line[METER_LINE_MAX];
	struct out body = OUT(text, sizeof(text)), o = OUT(line, sizeof(line) - 1);
	uint64_t boot = k->boot;
	int rc;

	ecdsa_point(k->key, point);
	meter_certificate_print(&body, q->ak, q->ak_len, boot, point);
	meter_digest_of(out_written(&body), digest);
	rc = body.err ? body.err : ask(k, digest, q, why);
	if (rc)
		return rc;
	/* A reset between the two. */
	if (k->boot != boot)
		return -EAGAIN;
	meter_certificate_line(&o, out_written(&body), q->message, q->message_len, q->signature,
			       q->signature_len);
	out_char(&o, '\n');
	if (o.err)
		return o.err;
	line[o.len] = 0;
	k->certificate = strdup(line);
	return k->certificate ? 0 : -ENOMEM;
}

static int make(struct meter_keeper *k, struct meter_quote *q, char why[METER_WHY])
{
	CLEANUP_SECRET struct secret text = SECRET_NONE;
	uint8_t scalar[P256_SCALAR_BYTES];
	int rc = random_bytes(scalar, sizeof(scalar));

	/* One in 2^32 is beyond the order of the curve. */
	k->key = rc ? NULL : ecdsa_private(scalar);
	rc = k->key ? secret_alloc(&text, KEY_FILE_MAX) : -EIO;
	if (!rc)
		rc = certify(k, q, why);
	if (!rc) {
		hex_encode(scalar, sizeof(scalar), (char *)text.data);
		strcat((char *)text.data, "\n");
		strcat((char *)text.data, k->certificate);
		rc = file_write_atomic(k->config.key_file, text.data, strlen((char *)text.data),
				       0600);
		if (rc)
			snprintf(why, METER_WHY, "cannot write %s: %s", k->config.key_file,
				 strerror(-rc));
	}
	explicit_bzero(scalar, sizeof(scalar));
	return rc;
}

/* Return: whether it is a key of this boot and this TPM. */
static bool take(struct meter_keeper *k, struct str text)
{
	struct meter_certificate *cert = malloc(sizeof(*cert));
	uint8_t scalar[P256_SCALAR_BYTES], point[P256_POINT_BYTES] = { 0 };
	char digits[2 * P256_SCALAR_BYTES + 1];
	struct tpm_public ak;
	struct tpm_name name;
	const char *what;
	struct str first, line;
	bool ok;

	ok = cert && str_cut(&text, '\n', &first) && str_cut(&text, '\n', &line) &&
	     first.len == sizeof(digits) - 1 && str_copy(first, digits, sizeof(digits)) &&
	     !hex_decode(digits, scalar, sizeof(scalar)) && !meter_certificate_parse(line, cert) &&
	     cert->boot == k->boot &&
	     !tpm_public_parse(cert->ak, cert->ak_len, &ak, &what) &&
	     !tpm_public_name(&ak, &name) &&
	     name.len == METER_AK_BYTES && !memcmp(name.at, k->ak, METER_AK_BYTES);
	if (ok) {
		k->key = ecdsa_private(scalar);
		if (k->key)
			ecdsa_point(k->key, point);
		ok = !memcmp(point, cert->key, sizeof(point)) &&
		     asprintf(&k->certificate, "%.*s\n", STR_ARG(line)) >= 0;
	}
	if (!ok) {
		ecdsa_free(k->key);
		k->key = NULL;
		k->certificate = NULL;
	}
	explicit_bzero(scalar, sizeof(scalar));
	explicit_bzero(digits, sizeof(digits));
	free(cert);
	return ok;
}

/* That of a file which others can read is not used again. */
static bool load(struct meter_keeper *k)
{
	CLEANUP_FREE char *text = NULL;
	struct stat st;
	size_t len;
	bool ok;

	if (stat(k->config.key_file, &st) || st.st_mode & 077 ||
	    file_read(k->config.key_file, KEY_FILE_MAX, &text, &len))
		return false;
	ok = take(k, (struct str){ text, len });
	explicit_bzero(text, len);
	return ok;
}

int keeper_key(struct meter_keeper *k, char why[METER_WHY])
{
	struct meter_quote *q = malloc(sizeof(*q));
	uint8_t nonce[SHA256_BYTES];
	int rc = q ? random_bytes(nonce, sizeof(nonce)) : -ENOMEM;

	if (!rc)
		rc = ask(k, nonce, q, why);
	if (!rc && !load(k))
		rc = make(k, q, why);
	free(q);
	return rc;
}
