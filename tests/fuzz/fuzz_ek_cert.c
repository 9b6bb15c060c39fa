// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hostile certificates of endorsement keys; what can be read is signed anew by a maker who is
 * trusted, so that more than the signature is looked at.  None is accepted: they are of other
 * keys.  What is said of the TPM can be printed.
 */
#include "fuzz_util.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "tpm/ek_chain.h"

#define NOW	1795262400

static EVP_PKEY *maker;
static X509 *maker_cert;
static struct tpm_ek_roots *roots;
static struct tpm_public ek;
static uint8_t area[] = {
	0x00, 0x23, 0x00, 0x0b, 0x00, 0x03, 0x00, 0x72, 0x00, 0x00, 0x00, 0x06, 0x00, 0x80, 0x00,
	0x43, 0x00, 0x10, 0x00, 0x03, 0x00, 0x10, 0x00, 0x01, 0x01, 0x00, 0x01, 0x01,
};

static void start(void)
{
	X509_NAME *name;
	X509_EXTENSION *ca = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints,
						 "critical,CA:TRUE");
	X509 *cert = X509_new();
	BIO *bio = BIO_new(BIO_s_mem());
	const char *why;
	char *text;
	long len;

	maker = EVP_EC_gen("P-256");
	X509_set_version(cert, X509_VERSION_3);
	name = X509_get_subject_name(cert);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)"maker", -1, -1, 0);
	X509_set_issuer_name(cert, name);
	ASN1_TIME_set(X509_getm_notBefore(cert), NOW - 1000);
	ASN1_TIME_set(X509_getm_notAfter(cert), NOW + 1000);
	X509_set_pubkey(cert, maker);
	require(X509_add_ext(cert, ca, -1) == 1);
	X509_EXTENSION_free(ca);
	require(X509_sign(cert, maker, EVP_sha256()) > 0);
	require(PEM_write_bio_X509(bio, cert) == 1);
	len = BIO_get_mem_data(bio, &text);
	require(!tpm_ek_roots_new(text, len, NULL, 0, &roots, &why));
	require(!tpm_public_parse(area, sizeof(area), &ek, &why));
	require(!tpm_public_check_ek(&ek));
	BIO_free(bio);
	maker_cert = cert;
}

static void printable(const char *text)
{
	require(strlen(text) < TPM_EK_TEXT_MAX);
	for (; *text; text++)
		require(*text >= 0x20 && *text < 0x7f);
}

static void judge(const void *cert, size_t len)
{
	struct tpm_ek_info info;
	const char *why;

	require(tpm_ek_verify(roots, cert, len, &ek, NOW, &info, &why));
	require(why && *why);
	printable(info.manufacturer);
	printable(info.model);
	printable(info.version);
}

static void judge_signed(X509 *cert)
{
	unsigned char *der = NULL;
	int len;

	X509_set_issuer_name(cert, X509_get_subject_name(maker_cert));
	ASN1_TIME_set(X509_getm_notBefore(cert), NOW - 1000);
	ASN1_TIME_set(X509_getm_notAfter(cert), NOW + 1000);
	if (X509_sign(cert, maker, EVP_sha256()) <= 0)
		return;
	len = i2d_X509(cert, &der);
	if (len > 0)
		judge(der, len);
	OPENSSL_free(der);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = own_copy(data, size);
	const unsigned char *at = (const unsigned char *)in.at;
	X509 *cert;

	if (!roots)
		start();
	cert = size <= TPM_EK_CERT_MAX ? d2i_X509(NULL, &at, size) : NULL;
	if (cert)
		judge_signed(cert);
	else
		judge(in.at, in.len);
	X509_free(cert);
	free((char *)in.at);
	return 0;
}
