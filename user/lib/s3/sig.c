// SPDX-License-Identifier: GPL-2.0-or-later
/* Keys and signatures: deriving, checking, making. */
#include <errno.h>

#include "sig.h"

#define STRING_TO_SIGN_MAX	512u

/* HMAC of one part of the scope under the key of the part before. */
static void derive_step(uint8_t mac[SHA256_BYTES], struct str part)
{
	struct hmac_key key;

	hmac_key_set(&key, mac, SHA256_BYTES);
	hmac_with(&key, part.at, part.len, mac);
	explicit_bzero(&key, sizeof(key));
}

/**
 * sig_derive - the key that signs for one day, region and service
 * @secret:	of the access key, at most 128 bytes
 * @date:	eight digits
 * @region:	as in the scope
 * @service:	as in the scope
 * @key:	receives the key, prepared; worth keeping for the day: this costs
 *		ten times what it costs to verify with it
 */
void sig_derive(struct str secret, struct str date, struct str region, struct str service,
		struct hmac_key *key)
{
	uint8_t start[4 + 128], mac[SHA256_BYTES];
	size_t len = secret.len < 128 ? secret.len : 128;

	memcpy(start, "AWS4", 4);
	if (len)
		memcpy(start + 4, secret.at, len);
	hmac_key_set(key, start, 4 + len);
	hmac_with(key, date.at, date.len, mac);
	derive_step(mac, region);
	derive_step(mac, service);
	derive_step(mac, STR("aws4_request"));
	hmac_key_set(key, mac, sizeof(mac));
	explicit_bzero(start, sizeof(start));
	explicit_bzero(mac, sizeof(mac));
}

/* The order of P-256 less two, big-endian. */
static const uint8_t order_less_two[P256_SCALAR_BYTES] = {
	0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63,
	0x25, 0x4f,
};

/**
 * sig_derive_ecdsa - the private key that SigV4A has for a secret
 * @secret:	of the access key, at most 128 bytes
 * @access_key:	at most 128 bytes
 * @scalar:	receives it, for ecdsa_private(); to be wiped
 *
 * NIST SP 800-108 in counter mode, tried with an outer counter until the result
 * is below the order (FIPS 186-4, B.4.2).
 *
 * Return: 0, -EINVAL when a text is too long, or -EDOM when no counter gives a
 * key, which does not happen.
 */
int sig_derive_ecdsa(struct str secret, struct str access_key, uint8_t scalar[P256_SCALAR_BYTES])
{
	char start[5 + 128], fixed[256];
	struct hmac_key key;
	unsigned int counter;
	int rc = -EDOM, i;

	if (secret.len > 128 || access_key.len > 128)
		return -EINVAL;
	memcpy(start, "AWS4A", 5);
	if (secret.len)
		memcpy(start + 5, secret.at, secret.len);
	hmac_key_set(&key, start, 5 + secret.len);
	for (counter = 1; rc && counter <= 254; counter++) {
		struct out o = OUT(fixed, sizeof(fixed));

		out_bytes(&o, "\0\0\0\1", 4);
		out_bytes(&o, "AWS4-ECDSA-P256-SHA256", 23);	/* its NUL, too */
		out_str(&o, access_key);
		out_char(&o, counter);
		out_bytes(&o, "\0\0\1\0", 4);			/* bits */
		hmac_with(&key, o.at, o.len, scalar);
		if (memcmp(scalar, order_less_two, P256_SCALAR_BYTES) <= 0)
			rc = 0;
	}
	/* One more, so that it is not zero. */
	for (i = P256_SCALAR_BYTES - 1; !rc && i >= 0 && !++scalar[i]; i--)
		;
	explicit_bzero(start, sizeof(start));
	explicit_bzero(&key, sizeof(key));
	return rc;
}

/**
 * sig_string_to_sign - what is signed for a request
 * @claim:	its algorithm, date and scope are used
 * @digest:	of the canonical request
 * @to:		receives the text
 * @size:	of @to
 *
 * Return: its length, 0 when it does not fit.
 */
size_t sig_string_to_sign(const struct sig_claim *claim, const uint8_t digest[SHA256_BYTES],
			  char *to, size_t size)
{
	struct out o = OUT(to, size);

	out_text(&o, sig_algorithm_name(claim->algorithm));
	out_char(&o, '\n');
	out_str(&o, claim->date);
	out_char(&o, '\n');
	out_str(&o, claim->scope.whole);
	out_char(&o, '\n');
	out_hex(&o, digest, SHA256_BYTES);
	return o.err ? 0 : o.len;
}

/* Returns how many bytes, or -1. */
static int decode_hex(struct str hex, uint8_t *to, size_t size)
{
	size_t i;

	if (hex.len % 2 || hex.len / 2 > size)
		return -1;
	for (i = 0; i < hex.len; i += 2) {
		int high = hex_value(hex.at[i]), low = hex_value(hex.at[i + 1]);

		if (high < 0 || low < 0)
			return -1;
		to[i / 2] = high << 4 | low;
	}
	return (int)(hex.len / 2);
}

/**
 * sig_check - is this the signature of that text?
 * @key:		has the one that @algorithm asks for
 * @algorithm:		which
 * @string_to_sign:	the text
 * @signature:		hexadecimal
 *
 * Return: S3_OK or S3_SIGNATURE_DOES_NOT_MATCH.
 */
enum s3_code sig_check(const struct sig_key *key, enum sig_algorithm algorithm,
		       struct str string_to_sign, struct str signature)
{
	uint8_t given[ECDSA_DER_MAX], mac[SHA256_BYTES];
	int len = decode_hex(signature, given, sizeof(given));
	bool ok;

	if (algorithm == SIG_HMAC) {
		if (len != SHA256_BYTES || !key->hmac)
			return S3_SIGNATURE_DOES_NOT_MATCH;
		hmac_with(key->hmac, string_to_sign.at, string_to_sign.len, mac);
		ok = mac_equal(mac, given, SHA256_BYTES);
	} else {
		if (len <= 0 || !key->ecdsa)
			return S3_SIGNATURE_DOES_NOT_MATCH;
		sha256_of(string_to_sign.at, string_to_sign.len, mac);
		ok = ecdsa_verify(key->ecdsa, mac, given, len);
	}
	return ok ? S3_OK : S3_SIGNATURE_DOES_NOT_MATCH;
}

/**
 * sig_make - sign a text
 * @key:		has the one that @algorithm asks for
 * @algorithm:		which
 * @string_to_sign:	the text
 * @hex:		receives the signature
 *
 * Return: how many digits, or -EIO.
 */
int sig_make(const struct sig_key *key, enum sig_algorithm algorithm, struct str string_to_sign,
	     char hex[SIG_HEX_MAX])
{
	uint8_t mac[SHA256_BYTES], der[ECDSA_DER_MAX];
	struct out o = OUT(hex, SIG_HEX_MAX);
	int len;

	if (algorithm == SIG_HMAC) {
		hmac_with(key->hmac, string_to_sign.at, string_to_sign.len, mac);
		out_hex(&o, mac, sizeof(mac));
	} else {
		sha256_of(string_to_sign.at, string_to_sign.len, mac);
		len = ecdsa_sign(key->ecdsa, mac, der);
		if (len < 0)
			return len;
		out_hex(&o, der, len);
	}
	return (int)o.len;
}

static bool has_coded_slash(struct str path)
{
	size_t at;

	while (str_find(path, '%', &at)) {
		path = str_skip(path, at + 1);
		if (path.len >= 2 && path.at[0] == '2' && ascii_lower(path.at[1]) == 'f')
			return true;
	}
	return false;
}

/**
 * sig_verify - is the claim true?
 * @m:		the request
 * @claim:	from sig_parse(), not anonymous
 * @key:	of the claim's access key, for its day, region and service
 * @f:		says why when it is refused
 *
 * Clients do not agree whether a "%2F" in a path is signed as it stands or as "/":
 * where there is one, both are tried.
 *
 * Return: S3_OK, S3_SIGNATURE_DOES_NOT_MATCH, or S3_INVALID_URI.
 */
enum s3_code sig_verify(const struct sig_message *m, const struct sig_claim *claim,
			const struct sig_key *key, struct s3_fault *f)
{
	bool both = has_coded_slash(m->path);
	char text[STRING_TO_SIGN_MAX];
	uint8_t digest[SHA256_BYTES];
	size_t len = 0;
	int slashes;

	for (slashes = 0; slashes <= both; slashes++) {
		if (!sig_digest(m, claim, slashes, digest))
			return s3_fail(f, S3_INVALID_URI, "The query has too many parameters");
		len = sig_string_to_sign(claim, digest, text, sizeof(text));
		if (len && !sig_check(key, claim->algorithm, (struct str){ text, len },
				      claim->signature))
			return S3_OK;
	}
	s3_fail(f, S3_SIGNATURE_DOES_NOT_MATCH, NULL);
	s3_detail(f, "AWSAccessKeyId", claim->scope.access_key);
	s3_detail(f, "StringToSign", (struct str){ text, len });
	s3_detail(f, "SignatureProvided", claim->signature);
	return S3_SIGNATURE_DOES_NOT_MATCH;
}
