// SPDX-License-Identifier: GPL-2.0-or-later
/* Who signed: the certificate's one name, and who vouched for it. */
#include <errno.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "private.h"

#define OID_ISSUER_RAW	"1.3.6.1.4.1.57264.1.1"
#define OID_ISSUER	"1.3.6.1.4.1.57264.1.8"
#define OID_USERNAME	"1.3.6.1.4.1.57264.1.7"

static int missing(struct sig_case *c, const char *why)
{
	return sig_refuse(&c->r->fault, SIGSTORE_IDENTITY_MISSING, "the certificate %s", why);
}

static void free_names(GENERAL_NAMES **names)
{
	GENERAL_NAMES_free(*names);
}

static struct str text_of(const ASN1_STRING *s)
{
	return (struct str){ (const char *)ASN1_STRING_get0_data(s), ASN1_STRING_length(s) };
}

static bool is_oid(const ASN1_OBJECT *o, const char *dotted)
{
	char text[64];

	return OBJ_obj2txt(text, sizeof(text), o, 1) > 0 && !strcmp(text, dotted);
}

/* A URI, an address, or Fulcio's name of a user. */
static struct str name_of(const GENERAL_NAME *name)
{
	const OTHERNAME *other;

	switch (name->type) {
	case GEN_URI:
	case GEN_EMAIL:
		return text_of(name->d.ia5);
	case GEN_OTHERNAME:
		other = name->d.otherName;
		if (is_oid(other->type_id, OID_USERNAME) &&
		    other->value->type == V_ASN1_UTF8STRING)
			return text_of(other->value->value.utf8string);
	}
	return STR_NONE;
}

static bool keep(struct str text, char *to, size_t size)
{
	return text.len && !memchr(text.at, 0, text.len) && str_is_utf8(text) &&
	       str_copy(text, to, size);
}

static int read_name(struct sig_case *c)
{
	CLEANUP(free_names) GENERAL_NAMES *names = NULL;
	struct str text;

	names = X509_get_ext_d2i(c->b->leaf, NID_subject_alt_name, NULL, NULL);
	ERR_clear_error();
	if (!names || sk_GENERAL_NAME_num(names) != 1)
		return missing(c, "has not exactly one subject alternative name");
	text = name_of(sk_GENERAL_NAME_value(names, 0));
	if (!keep(text, c->r->identity, sizeof(c->r->identity)))
		return missing(c, "has a subject alternative name that is no URI, address or user");
	return 0;
}

/* The only extension of that id; 0: none, negative: several. */
static int find(X509 *cert, const char *dotted, struct str *value)
{
	ASN1_OBJECT *oid = OBJ_txt2obj(dotted, 1);
	int at = oid ? X509_get_ext_by_OBJ(cert, oid, -1) : -1;
	int rc = at >= 0;

	if (at >= 0) {
		*value = text_of(X509_EXTENSION_get_data(X509_get_ext(cert, at)));
		if (X509_get_ext_by_OBJ(cert, oid, at) >= 0)
			rc = -1;
	}
	ASN1_OBJECT_free(oid);
	return rc;
}

static bool read_utf8(struct str der, char *to, size_t size)
{
	const unsigned char *at = (const unsigned char *)der.at;
	ASN1_UTF8STRING *s = d2i_ASN1_UTF8STRING(NULL, &at, der.len);
	bool good = s && at == (const unsigned char *)der.at + der.len &&
		    keep(text_of(s), to, size);

	ASN1_UTF8STRING_free(s);
	ERR_clear_error();
	return good;
}

/* The newer extension is DER, the older one is the text itself. */
static int read_issuer(struct sig_case *c)
{
	struct str value = STR_NONE;
	int found = find(c->b->leaf, OID_ISSUER, &value);
	bool good;

	if (found > 0) {
		good = read_utf8(value, c->r->issuer, sizeof(c->r->issuer));
	} else {
		if (!found)
			found = find(c->b->leaf, OID_ISSUER_RAW, &value);
		good = found > 0 && keep(value, c->r->issuer, sizeof(c->r->issuer));
	}
	return good ? 0 : missing(c, "does not say, or not in one way, which issuer vouched for its name");
}

int sig_check_identity(struct sig_case *c)
{
	int rc = read_name(c);

	if (!rc)
		rc = read_issuer(c);
	if (!rc && c->w->identity && strcmp(c->w->identity, c->r->identity))
		rc = sig_refuse(&c->r->fault, SIGSTORE_IDENTITY, "the signer is %.180s",
				c->r->identity);
	if (!rc && c->w->issuer && strcmp(c->w->issuer, c->r->issuer))
		rc = sig_refuse(&c->r->fault, SIGSTORE_ISSUER,
				"the signer's name comes from the issuer %.160s", c->r->issuer);
	return rc;
}
