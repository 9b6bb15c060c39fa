// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Certificates of endorsement keys: those of real TPMs lead to their maker; each way not to be
 * one is refused by the rule that is about it.
 */
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "tpm_fake.h"
#include "tpm/ek_chain.h"

#define NOW	1795262400		/* 2026-11-21 12:00 UTC, some hours after the first boot */
#define DAY	86400

static const char *const boots[] = { "ovmf-uki-quote", "ovmf-direct-quote-imabuf" };

struct maker {
	struct file root, between;
	struct tpm_ek_roots *roots;
};

static void maker_read(struct maker *m)
{
	const char *why;

	m->root = fixture("ek-ca", "swtpm-localca-rootca-cert.pem");
	m->between = fixture("ek-ca", "issuercert.pem");
	assert_int_equal(tpm_ek_roots_new((char *)m->root.at, m->root.len, (char *)m->between.at,
					  m->between.len, &m->roots, &why), 0);
	assert_null(why);
}

static void maker_free(struct maker *m)
{
	tpm_ek_roots_free(m->roots);
	file_free(&m->root);
	file_free(&m->between);
}

static void says(const char *why, const char *want)
{
	if (!why || !strstr(why, want))
		fail_msg("\"%s\" is not \"%s\"", why ? why : "accepted", want);
}

/* Return: NULL, or why it is refused. */
static const char *judge(const struct tpm_ek_roots *roots, struct file cert,
			 const struct tpm_public *ek, int64_t now, struct tpm_ek_info *info)
{
	const char *why = NULL;
	int rc = tpm_ek_verify(roots, cert.at, cert.len, ek, now, info, &why);

	assert_true(!rc == !why);
	assert_true(!rc || rc == -EBADMSG || rc == -EACCES);
	return why;
}

static void real(void **state)
{
	struct tpm_ek_info info;
	struct tpm_public ek;
	struct maker m;
	const char *why;
	int i;

	(void)state;
	maker_read(&m);
	for (i = 0; i < 2; i++) {
		CLEANUP_FILE struct file cert = fixture(boots[i], "ek_rsa_cert.der");
		CLEANUP_FILE struct file area = fixture(boots[i], "ek.pub");
		CLEANUP_FILE struct file other = fixture(boots[!i], "ek.pub");
		CLEANUP_FILE struct file ak = fixture(boots[i], "ak_rsa.pub");

		assert_int_equal(tpm_public_parse_2b(area.at, area.len, &ek, &why), 0);
		why = judge(m.roots, cert, &ek, NOW, &info);
		if (why)
			fail_msg("%s: %s", boots[i], why);
		assert_string_equal(info.manufacturer, "id:00001014");
		assert_string_equal(info.model, "swtpm");
		assert_string_equal(info.version, "id:20191023");
		assert_int_equal(info.not_after, 253402300799);
		says(judge(m.roots, cert, &ek, NOW - 2 * DAY, &info), "not yet valid");
		assert_int_equal(tpm_public_parse_2b(other.at, other.len, &ek, &why), 0);
		says(judge(m.roots, cert, &ek, NOW, &info), "another key");
		assert_int_equal(tpm_public_parse_2b(ak.at, ak.len, &ek, &why), 0);
		says(judge(m.roots, cert, &ek, NOW, &info), "does not decrypt");
	}
	maker_free(&m);
}

/* As an NV index has it; and what hides behind padding. */
static void padding(void **state)
{
	CLEANUP_FILE struct file cert = fixture(boots[0], "ek_rsa_cert.der");
	CLEANUP_FILE struct file area = fixture(boots[0], "ek.pub");
	struct file padded = { malloc(2000), 2000 };
	struct tpm_ek_info info;
	struct tpm_public ek;
	struct maker m;
	const char *why;

	(void)state;
	maker_read(&m);
	assert_int_equal(tpm_public_parse_2b(area.at, area.len, &ek, &why), 0);
	memset(padded.at, 0xff, 2000);
	memcpy(padded.at, cert.at, cert.len);
	assert_null(judge(m.roots, padded, &ek, NOW, &info));
	padded.at[1999] = 0;
	says(judge(m.roots, padded, &ek, NOW, &info), "no padding");
	memset(padded.at + cert.len, 0, 2000 - cert.len);
	assert_null(judge(m.roots, padded, &ek, NOW, &info));
	padded.at[cert.len + 10] = 0xff;
	says(judge(m.roots, padded, &ek, NOW, &info), "no padding");
	memset(padded.at + cert.len, 1, 2000 - cert.len);
	says(judge(m.roots, padded, &ek, NOW, &info), "no padding");
	file_free(&padded);
	padded = (struct file){ calloc(1, TPM_EK_CERT_MAX + 1), TPM_EK_CERT_MAX };
	memcpy(padded.at, cert.at, cert.len);
	assert_null(judge(m.roots, padded, &ek, NOW, &info));
	padded.len++;
	says(judge(m.roots, padded, &ek, NOW, &info), "no certificate");
	file_free(&padded);
	maker_free(&m);
}

static void every_byte(void **state)
{
	CLEANUP_FILE struct file cert = fixture(boots[0], "ek_rsa_cert.der");
	CLEANUP_FILE struct file area = fixture(boots[0], "ek.pub");
	struct tpm_ek_info info;
	struct tpm_public ek;
	struct maker m;
	const char *why;
	size_t i;

	(void)state;
	maker_read(&m);
	assert_int_equal(tpm_public_parse_2b(area.at, area.len, &ek, &why), 0);
	for (i = 0; i < cert.len; i++) {
		CLEANUP_FILE struct file part = bytes_copy(cert.at, i);

		assert_non_null(judge(m.roots, part, &ek, NOW, &info));
		cert.at[i] ^= 1 << i % 8;
		assert_non_null(judge(m.roots, cert, &ek, NOW, &info));
		cert.at[i] ^= 1 << i % 8;
	}
	assert_null(judge(m.roots, cert, &ek, NOW, &info));
	maker_free(&m);
}

static void makers(void **state)
{
	CLEANUP_FILE struct file cert = fixture(boots[0], "ek_rsa_cert.der");
	CLEANUP_FILE struct file area = fixture(boots[0], "ek.pub");
	struct tpm_ek_roots *roots;
	struct tpm_ek_info info;
	struct tpm_public ek;
	struct maker m;
	const char *why;
	size_t i;

	(void)state;
	maker_read(&m);
	assert_int_equal(tpm_public_parse_2b(area.at, area.len, &ek, &why), 0);
	/* Without what lies between. */
	assert_int_equal(tpm_ek_roots_new((char *)m.root.at, m.root.len, NULL, 0, &roots, &why),
			 0);
	says(judge(roots, cert, &ek, NOW, &info), "issuer");
	tpm_ek_roots_free(roots);
	/* What has an issuer is no root, and nothing is none. */
	assert_int_equal(tpm_ek_roots_new((char *)m.between.at, m.between.len, NULL, 0, &roots,
					  &why), -EBADMSG);
	assert_int_equal(tpm_ek_roots_new("", 0, NULL, 0, &roots, &why), -EBADMSG);
	says(why, "no certificate");
	/* One that is cut, or damaged: its base64 does not end. */
	for (i = 1; i < m.root.len - 30; i += 7) {
		assert_int_equal(tpm_ek_roots_new((char *)m.root.at, i, NULL, 0, &roots, &why),
				 -EBADMSG);
		assert_null(roots);
	}
	m.between.at[m.between.len / 2] = '*';
	assert_int_equal(tpm_ek_roots_new((char *)m.root.at, m.root.len, (char *)m.between.at,
					  m.between.len, &roots, &why), -EBADMSG);
	says(why, "lies between");
	maker_free(&m);
}

/* --- certificates of our own ---------------------------------------------------------------- */

/* What one of them has; a test changes one thing. */
struct wish {
	bool ecc, oaep, authority, sha1, no_use_ext, no_name, version_1, unknown_critical;
	const char *use, *key_usage;
	const char *manufacturer, *model, *version, *again;
	int from, to;			/* days from NOW */
};

static const struct wish good_wish = {
	.use = "2.23.133.8.1", .key_usage = "critical,keyEncipherment",
	.manufacturer = "id:53544D20", .model = "ST33", .version = "id:00010001",
	.from = -1, .to = 1,
};

static EVP_PKEY *ca_key;
static X509 *ca_cert;
static struct fake_key rsa_ek, ecc_ek;

static void add(X509 *cert, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;

	X509V3_set_ctx(&ctx, NULL, cert, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(e);
	assert_int_equal(X509_add_ext(cert, e, -1), 1);
	X509_EXTENSION_free(e);
}

static void add_text(X509_NAME *name, const char *oid, const char *text)
{
	if (text)
		assert_int_equal(X509_NAME_add_entry_by_txt(name, oid, MBSTRING_UTF8,
							    (const uint8_t *)text, -1, -1, 0), 1);
}

static void add_name(X509 *cert, const struct wish *w)
{
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	GENERAL_NAME *one = GENERAL_NAME_new();
	X509_NAME *name = X509_NAME_new();

	add_text(name, "2.23.133.2.1", w->manufacturer);
	add_text(name, "2.23.133.2.1", w->again);
	add_text(name, "2.23.133.2.2", w->model);
	add_text(name, "2.23.133.2.3", w->version);
	GENERAL_NAME_set0_value(one, GEN_DIRNAME, name);
	sk_GENERAL_NAME_push(names, one);
	assert_int_equal(X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 1, 0), 1);
	GENERAL_NAMES_free(names);
}

static X509 *begin(EVP_PKEY *key, const char *issuer, const char *subject, int from, int to)
{
	X509 *cert = X509_new();

	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	ASN1_TIME_set(X509_getm_notBefore(cert), NOW + from * DAY);
	ASN1_TIME_set(X509_getm_notAfter(cert), NOW + to * DAY);
	X509_set_pubkey(cert, key);
	add_text(X509_get_subject_name(cert), "CN", subject);
	add_text(X509_get_issuer_name(cert), "CN", issuer);
	return cert;
}

/* id-RSAES-OAEP for what kind of key it is, as some makers have it. */
static void mark_oaep(X509 *cert, EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int len = i2d_PublicKey(key, &der);

	assert_true(len > 0);
	assert_int_equal(X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(cert),
						OBJ_nid2obj(NID_rsaesOaep), V_ASN1_NULL, NULL, der,
						len), 1);
}

static struct file make(const struct wish *w)
{
	EVP_PKEY *key = w->ecc ? ecc_ek.key : rsa_ek.key;
	X509 *cert = begin(key, "maker", NULL, w->from, w->to);
	unsigned char *der = NULL;
	struct file f;

	if (w->oaep)
		mark_oaep(cert, key);
	if (!w->no_use_ext)
		add(cert, NID_ext_key_usage, w->use);
	add(cert, NID_basic_constraints, w->authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
	add(cert, NID_key_usage, w->key_usage);
	if (!w->no_name)
		add_name(cert, w);
	if (w->unknown_critical)
		add(cert, NID_netscape_comment, "critical,hello");
	if (w->version_1) {
		while (X509_get_ext_count(cert))
			X509_EXTENSION_free(X509_delete_ext(cert, 0));
		X509_set_version(cert, X509_VERSION_1);
	}
	assert_true(X509_sign(cert, ca_key, w->sha1 ? EVP_sha1() : EVP_sha256()) > 0);
	f.len = i2d_X509(cert, &der);
	f.at = bytes_copy(der, f.len).at;
	OPENSSL_free(der);
	X509_free(cert);
	return f;
}

static struct tpm_ek_roots *own_roots(void)
{
	BIO *bio = BIO_new(BIO_s_mem());
	struct tpm_ek_roots *roots;
	const char *why;
	char *text;
	long len;

	assert_int_equal(PEM_write_bio_X509(bio, ca_cert), 1);
	len = BIO_get_mem_data(bio, &text);
	assert_int_equal(tpm_ek_roots_new(text, len, NULL, 0, &roots, &why), 0);
	BIO_free(bio);
	return roots;
}

static const char *try_at(const struct wish *w, int64_t now)
{
	struct tpm_ek_roots *roots = own_roots();
	CLEANUP_FILE struct file cert = make(w);
	struct tpm_ek_info info;
	const char *why = judge(roots, cert, w->ecc ? &ecc_ek.public : &rsa_ek.public, now, &info);

	if (!why)
		assert_string_equal(info.model, w->model);
	tpm_ek_roots_free(roots);
	return why;
}

static const char *try(const struct wish *w)
{
	return try_at(w, NOW);
}

static void own_setup(void)
{
	ca_key = EVP_EC_gen("P-256");
	ca_cert = begin(ca_key, "maker", "maker", -100, 100);
	add(ca_cert, NID_basic_constraints, "critical,CA:TRUE");
	add(ca_cert, NID_key_usage, "critical,keyCertSign");
	assert_true(X509_sign(ca_cert, ca_key, EVP_sha256()) > 0);
	fake_make(&rsa_ek, NULL, TPM_ALG_NULL, 0, FAKE_EK);
	fake_make(&ecc_ek, "P-256", TPM_ALG_NULL, 0, FAKE_EK);
}

static void accepted(const char *why)
{
	if (why)
		fail_msg("refused: %s", why);
}

static void good_kinds(void **state)
{
	struct wish w = good_wish;

	(void)state;
	accepted(try(&w));
	w.oaep = true;
	accepted(try(&w));
	w = good_wish;
	w.ecc = true;
	w.key_usage = "critical,keyAgreement";
	accepted(try(&w));
	w = good_wish;
	w.use = "serverAuth,2.23.133.8.1";
	accepted(try(&w));
}

static void each_rule(void **state)
{
	char longest[TPM_EK_TEXT_MAX + 1];
	struct wish w;

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = 0;
#define BROKEN(field, value, want)					\
	do {								\
		w = good_wish;						\
		w.field = (value);					\
		says(try(&w), want);					\
	} while (0)
	BROKEN(no_use_ext, true, "not for an endorsement key");
	BROKEN(use, "serverAuth", "not for an endorsement key");
	BROKEN(use, "2.23.133.8.3", "not for an endorsement key");
	BROKEN(authority, true, "authority");
	BROKEN(key_usage, "critical,digitalSignature", "encipher");
	BROKEN(no_name, true, "which TPM");
	BROKEN(manufacturer, NULL, "which TPM");
	BROKEN(model, NULL, "which TPM");
	BROKEN(version, NULL, "which TPM");
	BROKEN(again, "id:00000000", "which TPM");
	BROKEN(model, "\x1b[2J", "which TPM");
	BROKEN(model, longest, "which TPM");
	BROKEN(version_1, true, "no extensions");
	BROKEN(unknown_critical, true, "unhandled critical");
	BROKEN(sha1, true, "too weak");
	BROKEN(to, 0, "expired");
	BROKEN(from, 2, "not yet valid");
#undef BROKEN
	/* The maker's own certificate ends, too. */
	w = good_wish;
	w.to = 1000;
	assert_null(try_at(&w, NOW + 99 * DAY));
	says(try_at(&w, NOW + 101 * DAY), "expired");
}

/* Another maker of the same name, and one that is no authority. */
static void wrong_makers(void **state)
{
	CLEANUP_FILE struct file cert = make(&good_wish);
	struct tpm_ek_roots *roots;
	struct tpm_ek_info info;
	EVP_PKEY *key = ca_key;
	X509 *was = ca_cert;

	(void)state;
	ca_key = EVP_EC_gen("P-256");
	ca_cert = begin(ca_key, "maker", "maker", -100, 100);
	add(ca_cert, NID_basic_constraints, "critical,CA:TRUE");
	assert_true(X509_sign(ca_cert, ca_key, EVP_sha256()) > 0);
	roots = own_roots();
	says(judge(roots, cert, &rsa_ek.public, NOW, &info), "signature");
	tpm_ek_roots_free(roots);
	X509_free(ca_cert);

	ca_cert = begin(key, "maker", "maker", -100, 100);
	add(ca_cert, NID_basic_constraints, "critical,CA:FALSE");
	assert_true(X509_sign(ca_cert, key, EVP_sha256()) > 0);
	roots = own_roots();
	says(judge(roots, cert, &rsa_ek.public, NOW, &info), "CA");
	tpm_ek_roots_free(roots);
	X509_free(ca_cert);
	EVP_PKEY_free(ca_key);
	ca_key = key;
	ca_cert = was;
}

static int setup(void **state)
{
	(void)state;
	own_setup();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	X509_free(ca_cert);
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(rsa_ek.key);
	EVP_PKEY_free(ecc_ek.key);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real),
		cmocka_unit_test(padding),
		cmocka_unit_test(every_byte),
		cmocka_unit_test(makers),
		cmocka_unit_test(good_kinds),
		cmocka_unit_test(each_rule),
		cmocka_unit_test(wrong_makers),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
