// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every member of a bundle and of a trusted root, falsified in turn: each is refused for what it
 * is.  And the ways to write the same that protobuf's JSON has.
 */
#include "rlnc_util.h"
#include "sigstore_judge.h"

static struct world w;

/* --- going to a member, and what is done to it --------------------------------------------- */

/* The parent of the last name of "a.b.0.c"; @last receives that name. */
static json_t *parent_of(json_t *at, const char *path, char last[64])
{
	for (;;) {
		size_t len = strcspn(path, ".");

		snprintf(last, 64, "%.*s", (int)len, path);
		if (!path[len])
			return at;
		at = json_is_array(at) ? json_array_get(at, atoi(last)) : json_object_get(at, last);
		MUST(at);
		path += len + 1;
	}
}

static json_t *get(json_t *root, const char *path)
{
	char last[64];
	json_t *parent = parent_of(root, path, last);

	return json_is_array(parent) ? json_array_get(parent, atoi(last)) :
	       json_object_get(parent, last);
}

/* @value: taken over; NULL: the member goes away. */
static void put(json_t *root, const char *path, json_t *value)
{
	char last[64];
	json_t *parent = parent_of(root, path, last);

	if (json_is_array(parent))
		MUST(!(value ? json_array_set_new(parent, atoi(last), value) :
		       json_array_remove(parent, atoi(last))));
	else
		MUST(!(value ? json_object_set_new(parent, last, value) :
		       json_object_del(parent, last)));
}

/* One bit of the last byte of what is base64. */
static void flip(json_t *root, const char *path)
{
	const char *text = json_string_value(get(root, path));
	uint8_t bytes[16384];
	int len;

	MUST(text);
	len = base64_decode(str_of(text), bytes, sizeof(bytes));
	MUST(len > 0);
	bytes[len - 1] ^= 1;
	put(root, path, json_base64((struct str){ (char *)bytes, len }));
}

enum deed { FLIP, DROP, SAY, ADD };

struct change {
	const char *path;
	enum deed deed;
	const char *value;		/* SAY: JSON; ADD: a member of that name, with "x" */
	enum sigstore_code code;
};

static void apply(json_t *root, const struct change *c)
{
	if (c->deed == FLIP)
		flip(root, c->path);
	else if (c->deed == DROP)
		put(root, c->path, NULL);
	else if (c->deed == SAY)
		put(root, c->path, json_loads(c->value, JSON_DECODE_ANY, NULL));
	else
		json_object_set_new(*c->path ? get(root, c->path) : root, c->value,
				    json_string("x"));
}

/* Each change alone, to a bundle that is good. */
static void each(const struct recipe *r, const struct change *changes, unsigned int count,
		 bool of_root)
{
	struct question q = { 0 };
	struct made m, changed;
	unsigned int i;

	make(&w, r, &m);
	expect("before", &m, r->by_key, &q, SIGSTORE_OK);
	for (i = 0; i < count; i++) {
		char what[128];

		changed = m;
		changed.bundle = json_deep_copy(m.bundle);
		changed.root = json_deep_copy(m.root);
		apply(of_root ? changed.root : changed.bundle, &changes[i]);
		snprintf(what, sizeof(what), "%s %u", changes[i].path, changes[i].deed);
		expect(what, &changed, r->by_key, &q, changes[i].code);
		json_decref(changed.bundle);
		json_decref(changed.root);
	}
	made_free(&m);
	if (changes[0].code != SIGSTORE_OK)
		print_message("# damaged %s: %u kinds, each refused\n",
			      of_root ? "roots" : "members", count);
}

#define VM	"verificationMaterial."
#define ENTRY	VM "tlogEntries.0."
#define PROOF	ENTRY "inclusionProof."

static const struct change v1_changes[] = {
	{ "mediaType", DROP, NULL, SIGSTORE_BUNDLE_VERSION },
	{ "mediaType", SAY, "5", SIGSTORE_BUNDLE_FIELD },
	{ "", ADD, "other", SIGSTORE_BUNDLE_FIELD },
	{ "", ADD, "media_type", SIGSTORE_BUNDLE_FIELD },
	{ "verificationMaterial", DROP, NULL, SIGSTORE_BUNDLE_FIELD },
	{ "verificationMaterial", ADD, "other", SIGSTORE_BUNDLE_FIELD },
	{ VM "certificate", DROP, NULL, SIGSTORE_BUNDLE_FIELD },
	{ "verificationMaterial", ADD, "certificates", SIGSTORE_BUNDLE_FIELD },
	{ VM "publicKey", SAY, "{}", SIGSTORE_BUNDLE_FIELD },
	{ VM "certificate.rawBytes", FLIP, NULL, SIGSTORE_ENTRY_MISMATCH },
	{ VM "certificate.rawBytes", DROP, NULL, SIGSTORE_CERTIFICATE_MALFORMED },
	{ VM "certificate.rawBytes", SAY, "\"AAAA\"", SIGSTORE_CERTIFICATE_MALFORMED },
	{ VM "certificate.rawBytes", SAY, "\"A\"", SIGSTORE_BUNDLE_FIELD },
	{ VM "tlogEntries", DROP, NULL, SIGSTORE_LOG_MISSING },
	{ VM "tlogEntries", SAY, "[]", SIGSTORE_LOG_MISSING },
	{ VM "tlogEntries", SAY, "{}", SIGSTORE_BUNDLE_FIELD },
	{ VM "tlogEntries.0", SAY, "null", SIGSTORE_BUNDLE_FIELD },
	{ ENTRY "logIndex", SAY, "\"1006\"", SIGSTORE_PROMISE },
	{ ENTRY "logIndex", SAY, "\"-1\"", SIGSTORE_BUNDLE_FIELD },
	{ ENTRY "logIndex", SAY, "\"1e3\"", SIGSTORE_BUNDLE_FIELD },
	{ ENTRY "logIndex", SAY, "\"99999999999999999999\"", SIGSTORE_BUNDLE_FIELD },
	{ ENTRY "logIndex", SAY, "1.5", SIGSTORE_BUNDLE_FIELD },
	{ ENTRY "logIndex", SAY, "true", SIGSTORE_BUNDLE_FIELD },
	{ ENTRY "logId.keyId", FLIP, NULL, SIGSTORE_LOG_UNKNOWN },
	{ ENTRY "logId.keyId", SAY, "\"AAAA\"", SIGSTORE_BUNDLE_FIELD },
	{ ENTRY "logId", DROP, NULL, SIGSTORE_BUNDLE_FIELD },
	{ ENTRY "kindVersion.kind", SAY, "\"dsse\"", SIGSTORE_ENTRY_KIND },
	{ ENTRY "kindVersion.version", SAY, "\"0.0.2\"", SIGSTORE_ENTRY_KIND },
	{ ENTRY "kindVersion", DROP, NULL, SIGSTORE_ENTRY_KIND },
	{ ENTRY "integratedTime", SAY, "\"1700000001\"", SIGSTORE_PROMISE },
	{ ENTRY "integratedTime", DROP, NULL, SIGSTORE_PROMISE },
	{ ENTRY "inclusionPromise.signedEntryTimestamp", FLIP, NULL, SIGSTORE_PROMISE },
	{ ENTRY "inclusionPromise", DROP, NULL, SIGSTORE_TIME_MISSING },
	{ ENTRY "inclusionProof", DROP, NULL, SIGSTORE_PROOF_MISSING },
	{ ENTRY "canonicalizedBody", FLIP, NULL, SIGSTORE_PROMISE },
	{ ENTRY "canonicalizedBody", DROP, NULL, SIGSTORE_BUNDLE_FIELD },
	{ PROOF "logIndex", SAY, "\"4\"", SIGSTORE_PROOF },
	{ PROOF "logIndex", SAY, "\"11\"", SIGSTORE_PROOF },
	{ PROOF "logIndex", SAY, "\"-1\"", SIGSTORE_PROOF },
	/* The path of the sixth of eleven is as long as that of the sixth of twelve. */
	{ PROOF "treeSize", SAY, "\"12\"", SIGSTORE_CHECKPOINT_MISMATCH },
	{ PROOF "treeSize", SAY, "\"5\"", SIGSTORE_PROOF },
	{ PROOF "treeSize", SAY, "\"0\"", SIGSTORE_PROOF },
	{ PROOF "rootHash", FLIP, NULL, SIGSTORE_PROOF },
	{ PROOF "rootHash", DROP, NULL, SIGSTORE_BUNDLE_FIELD },
	{ PROOF "hashes.0", FLIP, NULL, SIGSTORE_PROOF },
	{ PROOF "hashes.3", FLIP, NULL, SIGSTORE_PROOF },
	{ PROOF "hashes.1", DROP, NULL, SIGSTORE_PROOF },
	{ PROOF "hashes.0", SAY, "\"AAAA\"", SIGSTORE_BUNDLE_FIELD },
	{ PROOF "hashes", DROP, NULL, SIGSTORE_PROOF },
	{ PROOF "checkpoint", DROP, NULL, SIGSTORE_CHECKPOINT_MISSING },
	{ PROOF "checkpoint.envelope", SAY, "\"\"", SIGSTORE_CHECKPOINT_MALFORMED },
	{ PROOF "checkpoint.envelope", SAY, "\"a\\n1\\nAAAA\\n\\n\"",
	  SIGSTORE_CHECKPOINT_SIGNATURE },
	{ PROOF "checkpoint.envelope", SAY, "\"a\\n01\\nAAAA\\n\\n\"",
	  SIGSTORE_CHECKPOINT_MALFORMED },
	{ PROOF "checkpoint.envelope", SAY, "\"a\\n1\\n\\n\"", SIGSTORE_CHECKPOINT_MALFORMED },
	{ "messageSignature", DROP, NULL, SIGSTORE_CONTENT },
	{ "dsseEnvelope", SAY, "{}", SIGSTORE_CONTENT },
	{ "messageSignature.signature", FLIP, NULL, SIGSTORE_SIGNATURE },
	{ "messageSignature.signature", DROP, NULL, SIGSTORE_CONTENT },
	{ "messageSignature.messageDigest.digest", FLIP, NULL, SIGSTORE_DIGEST },
	{ "messageSignature.messageDigest.digest", SAY, "\"AAAA\"", SIGSTORE_BUNDLE_FIELD },
	{ "messageSignature.messageDigest.algorithm", SAY, "\"SHA3_256\"", SIGSTORE_BUNDLE_FIELD },
	{ "messageSignature.messageDigest.algorithm", SAY, "\"MD5\"", SIGSTORE_BUNDLE_FIELD },
	{ "messageSignature.messageDigest.algorithm", SAY, "17", SIGSTORE_BUNDLE_FIELD },
	{ "messageSignature.messageDigest.algorithm", DROP, NULL, SIGSTORE_BUNDLE_FIELD },
};

static void v1_fields(void **state)
{
	struct recipe r = { .body = 1, .promise = true };

	(void)state;
	each(&r, v1_changes, COUNT(v1_changes), false);
}

#define STAMP	VM "timestampVerificationData.rfc3161Timestamps.0"
#define CHAIN	VM "x509CertificateChain.certificates"

static const struct change v2_changes[] = {
	{ STAMP ".signedTimestamp", FLIP, NULL, SIGSTORE_TIMESTAMP_SIGNATURE },
	{ STAMP ".signedTimestamp", SAY, "\"AAAA\"", SIGSTORE_TIMESTAMP_MALFORMED },
	{ STAMP ".signedTimestamp", DROP, NULL, SIGSTORE_TIMESTAMP_MALFORMED },
	{ STAMP, DROP, NULL, SIGSTORE_TIME_MISSING },
	{ VM "timestampVerificationData", DROP, NULL, SIGSTORE_TIME_MISSING },
	{ VM "timestampVerificationData", ADD, "other", SIGSTORE_BUNDLE_FIELD },
	{ "dsseEnvelope.payload", FLIP, NULL, SIGSTORE_STATEMENT },
	{ "dsseEnvelope.payload", DROP, NULL, SIGSTORE_BUNDLE_FIELD },
	{ "dsseEnvelope.payloadType", DROP, NULL, SIGSTORE_PAYLOAD_TYPE },
	{ "dsseEnvelope.payloadType", SAY, "\"application/vnd.in-toto\"", SIGSTORE_PAYLOAD_TYPE },
	{ "dsseEnvelope.signatures", SAY, "[]", SIGSTORE_ENVELOPE },
	{ "dsseEnvelope.signatures", SAY, "[{\"sig\":\"AAAA\"},{\"sig\":\"AAAA\"}]",
	  SIGSTORE_ENVELOPE },
	{ "dsseEnvelope.signatures.0.sig", FLIP, NULL, SIGSTORE_SIGNATURE },
	{ "dsseEnvelope.signatures.0.sig", DROP, NULL, SIGSTORE_CONTENT },
	{ "dsseEnvelope.signatures.0", ADD, "cert", SIGSTORE_BUNDLE_FIELD },
	{ ENTRY "canonicalizedBody", FLIP, NULL, SIGSTORE_PROOF },
	{ ENTRY "logId.keyId", FLIP, NULL, SIGSTORE_LOG_UNKNOWN },
};

static const struct change chain_changes[] = {
	{ CHAIN, SAY, "[]", SIGSTORE_BUNDLE_FIELD },
	{ CHAIN ".0.rawBytes", SAY, "\"AAAA\"", SIGSTORE_CERTIFICATE_MALFORMED },
	{ "mediaType", SAY, "\"application/vnd.dev.sigstore.bundle.v0.3+json\"",
	  SIGSTORE_BUNDLE_FIELD },
};

static void v2_fields(void **state)
{
	struct recipe r = { .body = 2, .tiles = true, .stamped = true, .envelope = true };
	struct recipe chain = { .version = 2, .body = 1, .promise = true };

	(void)state;
	each(&r, v2_changes, COUNT(v2_changes), false);
	each(&chain, chain_changes, COUNT(chain_changes), false);
}

#define LOG0	"tlogs.0."
#define LOG1	"tlogs.1."
#define TSA	"timestampAuthorities.1."
#define CA	"certificateAuthorities.0."

static const struct change root_changes[] = {
	{ "mediaType", DROP, NULL, SIGSTORE_TRUST_FIELD },
	{ "tlogs", DROP, NULL, SIGSTORE_LOG_UNKNOWN },
	{ "tlogs", SAY, "{}", SIGSTORE_TRUST_FIELD },
	{ LOG1 "publicKey", DROP, NULL, SIGSTORE_LOG_UNKNOWN },
	{ LOG1 "publicKey.rawBytes", FLIP, NULL, SIGSTORE_CHECKPOINT_SIGNATURE },
	{ LOG1 "publicKey.rawBytes", SAY, "\"AAAA\"", SIGSTORE_LOG_UNKNOWN },
	{ LOG1 "publicKey.keyDetails", SAY, "\"PKIX_ECDSA_P256_SHA_256\"", SIGSTORE_LOG_UNKNOWN },
	{ LOG1 "publicKey.keyDetails", SAY, "\"PKIX_SOMETHING_NEW\"", SIGSTORE_LOG_UNKNOWN },
	{ LOG1 "publicKey.validFor", DROP, NULL, SIGSTORE_LOG_UNKNOWN },
	{ LOG1 "publicKey.validFor.start", DROP, NULL, SIGSTORE_LOG_UNKNOWN },
	{ LOG1 "publicKey.validFor.start", SAY, "\"2023-11-14T22:13:21Z\"", SIGSTORE_LOG_OUTSIDE },
	{ LOG1 "publicKey.validFor.start", SAY, "\"2023-11-14T22:13:20.5Z\"",
	  SIGSTORE_LOG_OUTSIDE },
	{ LOG1 "publicKey.validFor.start", SAY, "\"2023-02-30T00:00:00Z\"", SIGSTORE_TRUST_FIELD },
	{ LOG1 "publicKey.validFor.start", SAY, "\"2023-11-14\"", SIGSTORE_TRUST_FIELD },
	{ LOG1 "publicKey.validFor.end", SAY, "\"2023-11-14T22:13:19.9Z\"", SIGSTORE_LOG_OUTSIDE },
	{ LOG1 "logId.keyId", FLIP, NULL, SIGSTORE_LOG_UNKNOWN },
	{ LOG1 "logId.keyId", SAY, "\"AAAA\"", SIGSTORE_TRUST_FIELD },
	{ "ctlogs", DROP, NULL, SIGSTORE_SCT },
	{ "ctlogs.1.publicKey.validFor.end", SAY, "\"2023-11-14T22:12:19Z\"", SIGSTORE_SCT },
	{ "ctlogs.1.logId.keyId", FLIP, NULL, SIGSTORE_SCT },
	{ "certificateAuthorities", DROP, NULL, SIGSTORE_CERTIFICATE_UNTRUSTED },
	{ CA "certChain", DROP, NULL, SIGSTORE_CERTIFICATE_UNTRUSTED },
	{ CA "certChain.certificates.0", DROP, NULL, SIGSTORE_CERTIFICATE_UNTRUSTED },
	{ CA "certChain.certificates.0.rawBytes", FLIP, NULL, SIGSTORE_CERTIFICATE_UNTRUSTED },
	{ CA "certChain.certificates.0.rawBytes", SAY, "\"AAAA\"", SIGSTORE_TRUST_FIELD },
	{ CA "validFor", DROP, NULL, SIGSTORE_CERTIFICATE_UNTRUSTED },
	{ CA "validFor.end", SAY, "\"2023-11-14T22:13:19Z\"", SIGSTORE_CERTIFICATE_UNTRUSTED },
	{ "timestampAuthorities", DROP, NULL, SIGSTORE_TIME_MISSING },
	{ TSA "validFor.end", SAY, "\"2023-11-14T22:13:19Z\"", SIGSTORE_TIMESTAMP_OUTSIDE },
	{ TSA "validFor.start", SAY, "\"2023-11-14T22:13:21Z\"", SIGSTORE_TIMESTAMP_OUTSIDE },
	{ TSA "validFor", DROP, NULL, SIGSTORE_TIMESTAMP_OUTSIDE },
	{ TSA "certChain.certificates.0.rawBytes", FLIP, NULL, SIGSTORE_TIMESTAMP_SIGNATURE },
};

static void root_fields(void **state)
{
	struct recipe r = { .body = 2, .tiles = true, .stamped = true };

	(void)state;
	each(&r, root_changes, COUNT(root_changes), true);
}

/* --- what means the same ------------------------------------------------------------------ */

static const struct change same_root[] = {
	{ "mediaType", SAY, "\"application/vnd.dev.sigstore.trustedroot.v0.2+json\"", SIGSTORE_OK },
	{ "", ADD, "operator", SIGSTORE_OK },
	{ LOG1 "publicKey.validFor.start", SAY, "\"2023-11-14T22:13:20Z\"", SIGSTORE_OK },
	{ LOG1 "publicKey.validFor.end", SAY, "\"2023-11-14T22:13:20Z\"", SIGSTORE_OK },
	{ LOG1 "publicKey.validFor.end", SAY, "\"2023-11-15T00:13:20+02:00\"", SIGSTORE_OK },
	{ LOG1 "publicKey.keyDetails", SAY, "7", SIGSTORE_OK },
	{ LOG1 "publicKey.keyDetails", DROP, NULL, SIGSTORE_OK },
	{ TSA "validFor.end", SAY, "\"2023-11-14T22:13:20Z\"", SIGSTORE_OK },
	{ CA "validFor.end", SAY, "\"2023-11-14T22:13:20Z\"", SIGSTORE_OK },
	{ "ctlogs.1.publicKey.validFor.end", SAY, "\"2023-11-14T22:12:20Z\"", SIGSTORE_OK },
};

static const struct change same_bundle[] = {
	{ ENTRY "logIndex", SAY, "1005", SIGSTORE_OK },
	{ ENTRY "logIndex", SAY, "1005.0", SIGSTORE_OK },
	{ ENTRY "integratedTime", SAY, "1700000000", SIGSTORE_OK },
	{ "messageSignature.messageDigest.algorithm", SAY, "1", SIGSTORE_OK },
	{ "messageSignature.messageDigest", DROP, NULL, SIGSTORE_OK },
	{ "dsseEnvelope", SAY, "null", SIGSTORE_OK },
	{ VM "publicKey", SAY, "null", SIGSTORE_OK },
	{ VM "timestampVerificationData", SAY, "{\"rfc3161Timestamps\":null}", SIGSTORE_OK },
};

static void same_fields(void **state)
{
	struct recipe tiles = { .body = 2, .tiles = true, .stamped = true };
	struct recipe log = { .body = 1, .promise = true };

	(void)state;
	each(&tiles, same_root, COUNT(same_root), true);
	each(&log, same_bundle, COUNT(same_bundle), false);
}

static void url_safe(json_t *at)
{
	json_t *value;
	const char *key;
	size_t i;

	json_array_foreach(at, i, value)
		url_safe(value);
	json_object_foreach(at, key, value) {
		char text[16384], *p;

		url_safe(value);
		if (!json_is_string(value) || !strstr("rawBytes keyId signature digest rootHash", key))
			continue;
		snprintf(text, sizeof(text), "%s", json_string_value(value));
		for (p = text; *p; p++)
			*p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
		while (p > text && p[-1] == '=')
			*--p = 0;
		json_string_set(value, text);
	}
}

/* Every member by its other name. */
static json_t *snake_case(json_t *at)
{
	json_t *to, *value;
	const char *key;
	size_t i;

	if (json_is_array(at)) {
		to = json_array();
		json_array_foreach(at, i, value)
			json_array_append_new(to, snake_case(value));
		return to;
	}
	if (!json_is_object(at))
		return json_incref(at);
	to = json_object();
	json_object_foreach(at, key, value) {
		char name[128];
		size_t n = 0;

		for (i = 0; key[i]; i++) {
			if (key[i] >= 'A' && key[i] <= 'Z')
				name[n++] = '_';
			name[n++] = ascii_lower(key[i]);
		}
		name[n] = 0;
		json_object_set_new(to, name, snake_case(value));
	}
	return to;
}

static void other_spellings(void **state)
{
	struct recipe r = { .body = 1, .promise = true, .stamped = true };
	struct question q = { 0 };
	struct made m;
	json_t *other;

	(void)state;
	make(&w, &r, &m);
	url_safe(m.bundle);
	url_safe(m.root);
	expect("URL-safe", &m, false, &q, SIGSTORE_OK);
	other = snake_case(m.bundle);
	json_decref(m.bundle);
	m.bundle = other;
	other = snake_case(m.root);
	json_decref(m.root);
	m.root = other;
	expect("snake_case", &m, false, &q, SIGSTORE_OK);
	made_free(&m);
}

/* A root whose first authority has the right name and another key. */
static void namesakes(void **state)
{
	struct recipe r = { .body = 2, .tiles = true, .stamped = true };
	struct cert_spec s = { .name = "test ca", .key = w.other, .issuer = w.root,
			       .issuer_key = w.root_key, .from = T0 - 1000, .to = T0 + 1000,
			       .ca = "critical,CA:TRUE", .usage = "critical,keyCertSign" };
	X509 *namesake = make_cert(&s);
	struct question q = { 0 };
	struct made m;

	(void)state;
	make(&w, &r, &m);
	json_array_insert_new(json_object_get(m.root, "certificateAuthorities"), 0,
			      make_authority_row(namesake, w.root));
	expect("namesake first", &m, false, &q, SIGSTORE_OK);
	json_array_remove(json_object_get(m.root, "certificateAuthorities"), 1);
	expect("namesake alone", &m, false, &q, SIGSTORE_CERTIFICATE_UNTRUSTED);
	made_free(&m);
	X509_free(namesake);
}

/* An envelope, an entry and a proof of two bundles do not go together. */
static void swapped(void **state)
{
	static const char *const parts[] = { ENTRY "canonicalizedBody", PROOF "hashes",
					     "verificationMaterial", "messageSignature",
					     VM "tlogEntries", VM "timestampVerificationData" };
	static const enum sigstore_code codes[] = { SIGSTORE_PROOF, SIGSTORE_PROOF,
		SIGSTORE_SIGNATURE, SIGSTORE_SIGNATURE, SIGSTORE_ENTRY_MISMATCH,
		SIGSTORE_TIMESTAMP_MISMATCH };
	struct recipe r = { .body = 2, .tiles = true, .stamped = true };
	struct recipe other = { .body = 2, .tiles = true, .stamped = true, .leaves = 11,
				.index = 4, .signer = w.other };
	struct question q = { 0 };
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(parts); i++) {
		struct made a, b;

		make(&w, &r, &a);
		make(&w, &other, &b);
		put(a.bundle, parts[i], json_deep_copy(get(b.bundle, parts[i])));
		expect(parts[i], &a, false, &q, codes[i]);
		made_free(&a);
		made_free(&b);
	}
}

/* --- cut off at every byte ---------------------------------------------------------------- */

static void cut_off(void **state)
{
	struct recipe r = { .body = 2, .tiles = true, .stamped = true, .envelope = true };
	struct sigstore_bundle *b = NULL;
	struct sigstore_trust *t = NULL;
	struct sigstore_fault f;
	struct str texts[2];
	struct guarded g;
	struct made m;
	size_t i, len;

	(void)state;
	make(&w, &r, &m);
	texts[0] = text_of_json(m.bundle);
	texts[1] = text_of_json(m.root);
	for (i = 0; i < 2; i++)
		for (len = 0; len < texts[i].len; len++) {
			struct str part;

			guarded_alloc(&g, len, 1);
			memcpy(g.data, texts[i].at, len);
			part = (struct str){ (const char *)g.data, len };
			assert_int_not_equal(i ? sigstore_trust_parse(part, &t, &f) :
					     sigstore_bundle_parse(part, &b, &f), 0);
			assert_int_equal(f.code, i ? SIGSTORE_TRUST_JSON : SIGSTORE_BUNDLE_JSON);
			guarded_free(&g);
		}
	made_free(&m);
}

/* The same inside: of each piece of bytes only a part is there. */
static void cut_off_inside(void **state)
{
	static const char *const parts[] = { VM "certificate.rawBytes", ENTRY "canonicalizedBody",
					     STAMP ".signedTimestamp", "dsseEnvelope.payload",
					     "dsseEnvelope.signatures.0.sig",
					     PROOF "checkpoint.envelope" };
	struct recipe r = { .body = 2, .tiles = true, .stamped = true, .envelope = true };
	struct sigstore_result result;
	struct question q = { 0 };
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(parts); i++) {
		struct made m;
		json_t *whole;
		size_t len, n;

		make(&w, &r, &m);
		whole = json_incref(get(m.bundle, parts[i]));
		/* Padding may be left out. */
		len = json_string_length(whole);
		while (json_string_value(whole)[len - 1] == '=')
			len--;
		/* Large ones not at every byte of every piece: primes do not miss a kind. */
		for (n = 0; n < len; n += len > 400 ? 29 : 3) {
			json_t *part = json_stringn(json_string_value(whole), n);

			/* NULL: in the middle of a character. */
			if (!part)
				continue;
			put(m.bundle, parts[i], part);
			assert_int_not_equal(judge(&m, false, &q, &result), SIGSTORE_OK);
		}
		json_decref(whole);
		made_free(&m);
	}
}

static int open_all(void **state)
{
	(void)state;
	world_open(&w);
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	world_close(&w);
	forget();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(v1_fields),
		cmocka_unit_test(v2_fields),
		cmocka_unit_test(root_fields),
		cmocka_unit_test(same_fields),
		cmocka_unit_test(other_spellings),
		cmocka_unit_test(namesakes),
		cmocka_unit_test(swapped),
		cmocka_unit_test(cut_off),
		cmocka_unit_test(cut_off_inside),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
