// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bundles of a small sigstore: each kind is good, and each that was made wrongly, though signed
 * by whoever signs such things, is refused for that.
 */
#include <unistd.h>

#include "sigstore_judge.h"

static struct world w;
static EVP_PKEY *p384, *ed25519;
static X509 *tsa_expired, *tsa_stranger, *tsa_purpose;

/* --- what is good ------------------------------------------------------------------------- */

static const struct good {
	const char *name;
	struct recipe recipe;
	unsigned int times;
} goods[] = {
	{ "v0.1", { .version = 1, .body = 1, .promise = true }, 1 },
	{ "v0.1 without a proof", { .version = 1, .body = 1, .promise = true, .no_proof = true }, 1 },
	{ "v0.1 without a checkpoint",
	  { .version = 1, .body = 1, .promise = true, .no_checkpoint = true }, 1 },
	{ "v0.2", { .version = 2, .body = 1, .promise = true }, 1 },
	{ "v0.3, as it is mostly spelt", { .body = 1, .promise = true }, 1 },
	{ "v0.3, the other spelling", { .version = 3, .body = 1, .promise = true }, 1 },
	{ "v0.3 with a timestamp for a promise", { .body = 1, .stamped = true }, 1 },
	{ "both", { .body = 1, .promise = true, .stamped = true }, 2 },
	{ "Rekor v2", { .body = 2, .tiles = true, .stamped = true }, 1 },
	{ "a stamp without certificates",
	  { .body = 2, .tiles = true, .stamped = true, .bare_stamp = true }, 1 },
	{ "a witness before the log",
	  { .body = 2, .tiles = true, .stamped = true, .witness_first = true }, 1 },
	{ "tree of one", { .body = 2, .tiles = true, .stamped = true, .leaves = 1 }, 1 },
	{ "last leaf", { .body = 1, .promise = true, .leaves = 7, .index = 6 }, 1 },
	{ "first leaf", { .body = 1, .promise = true, .leaves = 8, .index = 0 }, 1 },
	{ "hashedrekord of an envelope", { .body = 1, .promise = true, .envelope = true }, 1 },
	{ "hashedrekord v2 of an envelope",
	  { .body = 2, .tiles = true, .stamped = true, .envelope = true }, 1 },
	{ "dsse", { .body = 1, .promise = true, .envelope = true, .kind = "dsse" }, 1 },
	{ "dsse v2",
	  { .body = 2, .tiles = true, .stamped = true, .envelope = true, .kind = "dsse" }, 1 },
	{ "intoto", { .body = 2, .promise = true, .envelope = true, .kind = "intoto" }, 1 },
	{ "intoto as the log keeps it",
	  { .body = 2, .promise = true, .envelope = true, .kind = "intoto", .body_plain = true }, 1 },
	{ "a key", { .body = 1, .promise = true, .by_key = true }, 1 },
	{ "a key without a time", { .body = 2, .tiles = true, .by_key = true }, 0 },
	{ "a key's envelope",
	  { .body = 2, .promise = true, .by_key = true, .envelope = true, .kind = "dsse" }, 1 },
	{ "first second of the certificate", { .body = 1, .promise = true, .t_log = -60 }, 1 },
	{ "last second of the certificate", { .body = 1, .promise = true, .t_log = T_LEAF }, 1 },
};

static void all_good(void **state)
{
	struct sigstore_result r;
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(goods); i++) {
		const struct recipe *recipe = &goods[i].recipe;
		struct question q = { 0 };
		struct made m;

		make(&w, recipe, &m);
		if (!recipe->by_key) {
			q.identity = IDENTITY;
			q.issuer = OIDC_ISSUER;
		}
		expect(goods[i].name, &m, recipe->by_key, &q, SIGSTORE_OK);
		q.digest_only = true;
		expect(goods[i].name, &m, recipe->by_key, &q, SIGSTORE_OK);
		judge(&m, recipe->by_key, &q, &r);
		assert_int_equal(r.times, goods[i].times);
		assert_int_equal(r.logged, !recipe->no_proof || recipe->version == 1);
		assert_int_equal(r.log_index, recipe->promise ? 1005 : recipe->leaves ?
				 recipe->index : 5);
		assert_string_equal(r.identity, recipe->by_key ? "" : IDENTITY);
		assert_string_equal(r.predicate, recipe->envelope ? "https://example.org/p" : "");
		made_free(&m);
	}
}

static void other_keys(void **state)
{
	EVP_PKEY *rsa = EVP_RSA_gen(2048), *keys[] = { p384, ed25519, rsa };
	struct recipe r = { .body = 2, .tiles = true, .stamped = true };
	unsigned int i, k;

	(void)state;
	for (i = 0; i < COUNT(keys); i++)
		for (k = 0; k < 4; k++) {
			struct question q = { 0 };
			struct made m;

			r.signer = keys[i];
			r.envelope = k & 1;
			r.by_key = k & 2;
			r.md = NULL;
			make(&w, &r, &m);
			expect("SHA-256", &m, r.by_key, &q, SIGSTORE_OK);
			/* Ed25519 signs all of it. */
			q.digest_only = true;
			expect("digest", &m, r.by_key, &q, keys[i] == ed25519 && !r.envelope ?
			       SIGSTORE_ARTEFACT : SIGSTORE_OK);
			made_free(&m);
			if (keys[i] != p384)
				continue;
			r.md = EVP_sha384();
			q.digest_only = false;
			make(&w, &r, &m);
			expect("SHA-384", &m, r.by_key, &q, SIGSTORE_OK);
			q.digest_only = true;
			expect("SHA-384 by SHA-256", &m, r.by_key, &q, r.envelope ? SIGSTORE_OK :
			       SIGSTORE_ARTEFACT);
			made_free(&m);
		}
	EVP_PKEY_free(rsa);
}

/* What messageDigest is made with need not be what the signature is made with. */
static void other_message_digest(void **state)
{
	struct question wrong = { .artefact = "y" }, q = { 0 };
	struct recipe r = { .body = 1, .promise = true, .signer = p384 };
	const struct evp_md_st *const kinds[] = { EVP_sha256(), EVP_sha384(), EVP_sha512() };
	unsigned int i, k;

	(void)state;
	for (i = 0; i < COUNT(kinds); i++)
		for (k = 0; k < 2; k++) {
			struct made m;

			r.message_md = kinds[i];
			r.md = kinds[k];
			make(&w, &r, &m);
			expect("another messageDigest", &m, false, &q, SIGSTORE_OK);
			expect("it is another's", &m, false, &wrong, SIGSTORE_DIGEST);
			json_object_del(json_object_get(m.bundle, "messageSignature"),
					"messageDigest");
			expect("none", &m, false, &wrong, SIGSTORE_SIGNATURE);
			made_free(&m);
		}
}

/* --- certificates that are wrong ---------------------------------------------------------- */

static void leaf_no_sct(const struct world *world, struct cert_spec *s)
{
	(void)world;
	s->sct_key = NULL;
}

static void leaf_bad_sct(const struct world *world, struct cert_spec *s)
{
	(void)world;
	s->sct_bad = true;
}

static void leaf_strange_sct(const struct world *world, struct cert_spec *s)
{
	s->sct_key = world->other;
}

static void leaf_forged_sct(const struct world *world, struct cert_spec *s)
{
	s->sct_key = world->other;
	s->sct_named = world->ct_key;
}

static void leaf_old_sct(const struct world *world, struct cert_spec *s)
{
	(void)world;
	s->sct_time = 1000000000;
}

static void leaf_strange_ca(const struct world *world, struct cert_spec *s)
{
	s->issuer_key = world->other;
}

static void leaf_server(const struct world *world, struct cert_spec *s)
{
	(void)world;
	s->extended = "serverAuth";
}

static void leaf_no_purpose(const struct world *world, struct cert_spec *s)
{
	(void)world;
	s->extended = NULL;
}

static void leaf_ca(const struct world *world, struct cert_spec *s)
{
	(void)world;
	s->ca = "critical,CA:TRUE";
	s->usage = "critical,keyCertSign,digitalSignature";
}

static void leaf_no_signing(const struct world *world, struct cert_spec *s)
{
	(void)world;
	s->usage = "critical,keyAgreement";
}

static void leaf_nameless(const struct world *world, struct cert_spec *s)
{
	(void)world;
	s->san = NULL;
}

static void leaf_two_names(const struct world *world, struct cert_spec *s)
{
	(void)world;
	s->san = "URI:" IDENTITY ",email:eve@example.org";
}

static void leaf_host(const struct world *world, struct cert_spec *s)
{
	(void)world;
	s->san = "DNS:example.org";
}

static void leaf_no_issuer(const struct world *world, struct cert_spec *s)
{
	(void)world;
	s->oidc = NULL;
	s->oidc_raw = NULL;
}

static void leaf_other_issuer(const struct world *world, struct cert_spec *s)
{
	/* The older extension, which says what is wanted, does not count then. */
	(void)world;
	s->oidc = "https://evil.example.org";
}

static void leaf_longer(const struct world *world, struct cert_spec *s)
{
	(void)world;
	s->san = "URI:" IDENTITY ".evil";
}

static void leaf_email(const struct world *world, struct cert_spec *s)
{
	(void)world;
	s->san = "email:alice@example.org";
	s->oidc = NULL;
}

#define STATEMENT	"{\"_type\":\"https://in-toto.io/Statement/v1\""
#define PREDICATE(p)	",\"predicateType\":" p
#define SUBJECT		",\"subject\":[{\"digest\":{\"sha256\":\"" ARTEFACT_HEX "\"}}]}"
#define ARTEFACT_HEX	"9d9116edf6bc903031f363e444e1c34b1494e778772dd23b85c7206ff1e19a69"

static const char other_statement[] =
	STATEMENT PREDICATE("\"p\"") ",\"subject\":[{\"digest\":{\"sha256\":\"00\"}}]}";

#define V1	.body = 1, .promise = true
#define V2	.body = 2, .tiles = true, .stamped = true
#define DSSE	.body = 1, .promise = true, .envelope = true, .kind = "dsse"

static const struct bad {
	const char *name;
	enum sigstore_code code;
	struct recipe recipe;
} bads[] = {
	{ "no SCT", SIGSTORE_SCT_MISSING, { V1, .leaf = leaf_no_sct } },
	{ "bad SCT", SIGSTORE_SCT, { V1, .leaf = leaf_bad_sct } },
	{ "SCT of a strange log", SIGSTORE_SCT, { V1, .leaf = leaf_strange_sct } },
	{ "SCT in another log's name", SIGSTORE_SCT, { V1, .leaf = leaf_forged_sct } },
	{ "SCT before its log", SIGSTORE_SCT, { V1, .leaf = leaf_old_sct } },
	{ "strange CA", SIGSTORE_CERTIFICATE_UNTRUSTED, { V1, .leaf = leaf_strange_ca } },
	{ "for servers", SIGSTORE_CERTIFICATE_PURPOSE, { V1, .leaf = leaf_server } },
	{ "for nothing", SIGSTORE_CERTIFICATE_PURPOSE, { V1, .leaf = leaf_no_purpose } },
	{ "an authority", SIGSTORE_CERTIFICATE_PURPOSE, { V1, .leaf = leaf_ca } },
	{ "not for signatures", SIGSTORE_CERTIFICATE_PURPOSE, { V1, .leaf = leaf_no_signing } },
	{ "no name", SIGSTORE_IDENTITY_MISSING, { V1, .leaf = leaf_nameless } },
	{ "two names", SIGSTORE_IDENTITY_MISSING, { V1, .leaf = leaf_two_names } },
	{ "a host's name", SIGSTORE_IDENTITY_MISSING, { V1, .leaf = leaf_host } },
	{ "no issuer", SIGSTORE_IDENTITY_MISSING, { V1, .leaf = leaf_no_issuer } },
	{ "another issuer", SIGSTORE_ISSUER, { V1, .leaf = leaf_other_issuer } },
	{ "a longer name", SIGSTORE_IDENTITY, { V1, .leaf = leaf_longer } },
	{ "an address", SIGSTORE_IDENTITY, { V1, .leaf = leaf_email } },
	{ "logged before the certificate", SIGSTORE_CERTIFICATE_EXPIRED, { V1, .t_log = -61 } },
	{ "logged after it", SIGSTORE_CERTIFICATE_EXPIRED, { V1, .t_log = T_LEAF + 1 } },
	{ "stamped before it", SIGSTORE_CERTIFICATE_EXPIRED, { V2, .t_stamp = -61 } },
	{ "stamped after it", SIGSTORE_CERTIFICATE_EXPIRED, { V2, .t_stamp = T_LEAF + 1 } },
	{ "one time of two", SIGSTORE_CERTIFICATE_EXPIRED,
	  { V1, .stamped = true, .t_stamp = T_LEAF + 1 } },
	{ "logged before its log", SIGSTORE_LOG_OUTSIDE, { V1, .t_log = 1500000000 - T0 } },
	{ "stamped before its authority", SIGSTORE_TIMESTAMP_SIGNATURE,
	  { V2, .t_stamp = 1570000000 - T0 } },
	{ "a stamp of other bytes", SIGSTORE_TIMESTAMP_MISMATCH, { V2, .stamp_about = "other" } },
	{ "no time", SIGSTORE_TIME_MISSING, { .body = 2, .tiles = true } },
	{ "no time, Rekor v1", SIGSTORE_TIME_MISSING, { .body = 1 } },
	{ "v0.1 without a promise", SIGSTORE_PROMISE_MISSING,
	  { .version = 1, .body = 1, .stamped = true } },
	{ "v0.2 without a proof", SIGSTORE_PROOF_MISSING, { .version = 2, V1, .no_proof = true } },
	{ "v0.3 without a proof", SIGSTORE_PROOF_MISSING, { V1, .no_proof = true } },
	{ "v0.3 without a checkpoint", SIGSTORE_CHECKPOINT_MISSING, { V1, .no_checkpoint = true } },
	{ "another size", SIGSTORE_CHECKPOINT_MISMATCH, { V1, .size_off = 1 } },
	{ "another size, v2", SIGSTORE_CHECKPOINT_MISMATCH, { V2, .size_off = 1 } },
	{ "another root", SIGSTORE_CHECKPOINT_MISMATCH, { V1, .other_root = true } },
	{ "v0.1 with another root", SIGSTORE_CHECKPOINT_MISMATCH,
	  { .version = 1, V1, .other_root = true } },
	{ "another key id", SIGSTORE_CHECKPOINT_SIGNATURE, { V1, .wrong_hint = true } },
	{ "another key id, v2", SIGSTORE_CHECKPOINT_SIGNATURE, { V2, .wrong_hint = true } },
	{ "another log's name", SIGSTORE_CHECKPOINT_SIGNATURE,
	  { V2, .note_name = "evil.example.org" } },
	{ "another origin", SIGSTORE_CHECKPOINT_SIGNATURE, { V2, .origin = "evil.example.org" } },
	{ "an entry about another artefact", SIGSTORE_ENTRY_MISMATCH, { V1, .body_about = "x" } },
	{ "the same, v2", SIGSTORE_ENTRY_MISMATCH, { V2, .body_about = "x" } },
	{ "the same, dsse", SIGSTORE_ENTRY_MISMATCH, { DSSE, .body_about = "x" } },
	{ "the same, dsse v2", SIGSTORE_ENTRY_MISMATCH,
	  { V2, .envelope = true, .kind = "dsse", .body_about = "x" } },
	{ "the same, intoto", SIGSTORE_ENTRY_MISMATCH,
	  { .body = 2, .promise = true, .envelope = true, .kind = "intoto", .body_about = "x" } },
	{ "a statement about something else", SIGSTORE_SUBJECT,
	  { DSSE, .payload = other_statement } },
	{ "no statement", SIGSTORE_STATEMENT, { DSSE, .payload = "[]" } },
	{ "a statement without a type", SIGSTORE_STATEMENT,
	  { DSSE, .payload = "{\"subject\":[]}" } },
	{ "a statement of a later type", SIGSTORE_STATEMENT,
	  { DSSE, .payload = "{\"_type\":\"https://in-toto.io/Statement/v2\"}" } },
	{ "a statement about nothing", SIGSTORE_STATEMENT,
	  { DSSE, .payload = STATEMENT PREDICATE("\"p\"") ",\"subject\":[]}" } },
	{ "a statement without a predicateType", SIGSTORE_STATEMENT,
	  { DSSE, .payload = STATEMENT SUBJECT } },
	{ "its predicateType is null", SIGSTORE_STATEMENT,
	  { DSSE, .payload = STATEMENT PREDICATE("null") SUBJECT } },
	{ "its predicateType is empty", SIGSTORE_STATEMENT,
	  { DSSE, .payload = STATEMENT PREDICATE("\"\"") SUBJECT } },
	{ "a name twice in the statement", SIGSTORE_STATEMENT,
	  { DSSE, .payload = "{\"_type\":\"a\",\"_type\":\"b\"}" } },
	{ "another payload type", SIGSTORE_PAYLOAD_TYPE, { DSSE, .payload_type = "text/plain" } },
	{ "an entry of an envelope's kind", SIGSTORE_ENTRY_KIND, { V1, .kind = "rekord" } },
	{ "a later media type", SIGSTORE_BUNDLE_VERSION,
	  { V1, .media_type = "application/vnd.dev.sigstore.bundle.v0.4+json" } },
};

static void all_bad(void **state)
{
	struct question q = { .identity = IDENTITY, .issuer = OIDC_ISSUER };
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(bads); i++) {
		struct made m;

		make(&w, &bads[i].recipe, &m);
		expect(bads[i].name, &m, false, &q, bads[i].code);
		made_free(&m);
	}
	print_message("# damaged bundles: %zu kinds, each refused\n", COUNT(bads));
}

/* What the table cannot say, since its keys are made later. */
static void of_others(void **state)
{
	struct recipe r = { V2 };
	struct question q = { 0 };
	struct made m;

	(void)state;
	r.tsa = tsa_expired;
	make(&w, &r, &m);
	expect("TSA's certificate has expired", &m, false, &q, SIGSTORE_TIMESTAMP_SIGNATURE);
	made_free(&m);
	r.tsa = tsa_purpose;
	make(&w, &r, &m);
	expect("another certificate of the TSA's issuer", &m, false, &q, SIGSTORE_TIME_MISSING);
	made_free(&m);
	r.tsa = tsa_stranger;
	r.tsa_key = w.other;
	make(&w, &r, &m);
	expect("TSA that nobody knows", &m, false, &q, SIGSTORE_TIME_MISSING);
	made_free(&m);
	r = (struct recipe){ V1, .stamped = true, .tsa = tsa_stranger, .tsa_key = w.other };
	make(&w, &r, &m);
	expect("the same, beside a promise", &m, false, &q, SIGSTORE_OK);
	made_free(&m);
	r = (struct recipe){ V1, .note_key = w.other };
	make(&w, &r, &m);
	expect("checkpoint of another key", &m, false, &q, SIGSTORE_CHECKPOINT_SIGNATURE);
	made_free(&m);
	r = (struct recipe){ V1, .body_signer = w.other };
	make(&w, &r, &m);
	expect("entry of another signer", &m, false, &q, SIGSTORE_ENTRY_MISMATCH);
	made_free(&m);
	r = (struct recipe){ V2, .body_signer = w.other, .by_key = true };
	make(&w, &r, &m);
	expect("entry of another key", &m, true, &q, SIGSTORE_ENTRY_MISMATCH);
	made_free(&m);
}

/* --- what is asked ------------------------------------------------------------------------ */

static void questions(void **state)
{
	struct recipe r = { V1 }, key = { V1, .by_key = true }, late = { .body = 2, .tiles = true,
									 .by_key = true };
	struct made m;

	(void)state;
	make(&w, &r, &m);
	expect("other artefact", &m, false, &(struct question){ .artefact = "y" }, SIGSTORE_DIGEST);
	expect("other name", &m, false, &(struct question){ .identity = "x" }, SIGSTORE_IDENTITY);
	expect("other issuer", &m, false, &(struct question){ .issuer = "x" }, SIGSTORE_ISSUER);
	expect("no root", &m, false, &(struct question){ .no_root = true }, SIGSTORE_REQUEST);
	expect("a key", &m, false, &(struct question){ .with_key = true }, SIGSTORE_MATERIAL);
	json_object_del(json_object_get(m.bundle, "messageSignature"), "messageDigest");
	expect("no digest", &m, false, &(struct question){ 0 }, SIGSTORE_OK);
	expect("no digest, other artefact", &m, false, &(struct question){ .artefact = "y" },
	       SIGSTORE_SIGNATURE);
	made_free(&m);
	make(&w, &key, &m);
	expect("key and name", &m, true, &(struct question){ .identity = IDENTITY },
	       SIGSTORE_REQUEST);
	expect("no key", &m, false, &(struct question){ 0 }, SIGSTORE_MATERIAL);
	expect("no root", &m, true, &(struct question){ .no_root = true }, SIGSTORE_OK);
	m.key = pem_of(NULL, w.other);
	expect("other key", &m, true, &(struct question){ 0 }, SIGSTORE_SIGNATURE);
	made_free(&m);
	make(&w, &late, &m);
	expect("a log of the future", &m, true, &(struct question){ .now = 1000000000 },
	       SIGSTORE_LOG_OUTSIDE);
	made_free(&m);
}

static void plain_signature(void **state)
{
	struct sigstore_artefact a, other;
	struct recipe r = { V1, .by_key = true };
	struct sigstore_key *key = NULL;
	struct sigstore_fault f;
	struct made m;
	char *text;

	(void)state;
	make(&w, &r, &m);
	text = base64_of(m.signature);
	assert_int_equal(sigstore_key_parse(m.key, &key, &f), 0);
	sigstore_artefact_memory(&a, STR(ARTEFACT));
	sigstore_artefact_memory(&other, STR("x"));
	assert_int_equal(sigstore_verify_plain(str_of(text), &a, key, &f), 0);
	assert_int_not_equal(sigstore_verify_plain(str_of(text), &other, key, &f), 0);
	assert_int_equal(f.code, SIGSTORE_SIGNATURE);
	assert_int_not_equal(sigstore_verify_plain(STR("!"), &a, key, &f), 0);
	assert_int_equal(f.code, SIGSTORE_SIGNATURE);
	sigstore_key_free(key);
	assert_int_not_equal(sigstore_key_parse(STR("nothing"), &key, &f), 0);
	assert_int_equal(f.code, SIGSTORE_KEY);
	free(text);
	made_free(&m);
}

/* A P-384 key's signature over SHA-256 or SHA-384, of which one digest is known. */
static void plain_signature_of_digest(void **state)
{
	const struct evp_md_st *const kinds[] = { EVP_sha256(), EVP_sha384() };
	static const char *const names[] = { "sha256:", "sha384:" };
	struct sigstore_artefact whole;
	unsigned int i, k;

	(void)state;
	sigstore_artefact_memory(&whole, STR(ARTEFACT));
	for (i = 0; i < 4; i++) {
		const EVP_MD *md = kinds[i & 1];
		struct recipe r = { V1, .by_key = true, .signer = p384, .md = md };
		unsigned int known = i / 2;
		struct sigstore_artefact a;
		struct sigstore_key *key;
		struct sigstore_fault f;
		char digest[128], *text;
		struct made m;

		make(&w, &r, &m);
		text = base64_of(m.signature);
		strcpy(digest, names[known]);
		hex_encode(whole.digest[known], known ? 48 : 32, digest + 7);
		assert_int_equal(sigstore_artefact_digest(&a, str_of(digest)), 0);
		assert_int_equal(sigstore_key_parse(m.key, &key, &f), 0);
		k = sigstore_verify_plain(str_of(text), &a, key, &f) ? f.code : SIGSTORE_OK;
		assert_int_equal(k, known == (i & 1) ? SIGSTORE_OK : SIGSTORE_ARTEFACT);
		sigstore_key_free(key);
		free(text);
		made_free(&m);
	}
}

/* OpenSSL's own judgement of SCTs, whose logs come from a file. */
static int openssl_says(X509 *leaf, const struct world *world)
{
	CT_POLICY_EVAL_CTX *ctx = CT_POLICY_EVAL_CTX_new();
	CTLOG_STORE *store = CTLOG_STORE_new();
	struct stack_st_SCT *scts = X509_get_ext_d2i(leaf, NID_ct_precert_scts, NULL, NULL);
	char path[] = "/tmp/test_sigstore.XXXXXX", *key = base64_of(spki_of(world->ct_key));
	int fd = mkstemp(path), verdict = -1;

	dprintf(fd, "enabled_logs = one\n[one]\ndescription = one\nkey = %s\n", key);
	MUST(CTLOG_STORE_load_file(store, path) == 1);
	CT_POLICY_EVAL_CTX_set_shared_CTLOG_STORE(ctx, store);
	CT_POLICY_EVAL_CTX_set1_cert(ctx, leaf);
	CT_POLICY_EVAL_CTX_set1_issuer(ctx, world->ca);
	CT_POLICY_EVAL_CTX_set_time(ctx, (uint64_t)T0 * 1000);
	if (scts && sk_SCT_num(scts)) {
		MUST(SCT_set_source(sk_SCT_value(scts, 0), SCT_SOURCE_X509V3_EXTENSION));
		verdict = SCT_validate(sk_SCT_value(scts, 0), ctx);
	}
	SCT_LIST_free(scts);
	CT_POLICY_EVAL_CTX_free(ctx);
	CTLOG_STORE_free(store);
	unlink(path);
	close(fd);
	free(key);
	return verdict;
}

static void sct_as_openssl(void **state)
{
	void (*const leaves[])(const struct world *world, struct cert_spec *s) = {
		NULL, leaf_bad_sct, leaf_strange_sct, leaf_forged_sct, leaf_email,
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(leaves); i++) {
		struct recipe r = { V1, .leaf = leaves[i] };
		struct question q = { 0 };
		struct sigstore_result result;
		struct made m;

		make(&w, &r, &m);
		assert_int_equal(judge(&m, false, &q, &result) == SIGSTORE_OK,
				 openssl_says(m.leaf, &w) == 1);
		made_free(&m);
	}
}

static void names_of_codes(void **state)
{
	int i, k;

	(void)state;
	for (i = 0; i < SIGSTORE_CODES; i++)
		for (k = 0; k < i; k++)
			assert_string_not_equal(sigstore_code_name(i), sigstore_code_name(k));
	assert_string_equal(sigstore_code_name(SIGSTORE_CODES), "unknown");
}

static int open_all(void **state)
{
	struct cert_spec s = { .name = "tsa", .from = T0 - 1000, .to = T0 - 10,
			       .usage = "critical,digitalSignature",
			       .extended = "critical,timeStamping" };

	(void)state;
	world_open(&w);
	p384 = key_ec("p384", "secp384r1");
	ed25519 = key_ed25519("ed25519");
	s.key = w.tsa_key;
	s.issuer = w.tsa_root;
	s.issuer_key = w.tsa_root_key;
	tsa_expired = make_cert(&s);
	s.to = T0 + 1000;
	s.name = "another tsa";
	tsa_purpose = make_cert(&s);
	s.name = "stranger";
	s.key = w.other;
	s.issuer_key = w.other;
	s.issuer = NULL;
	tsa_stranger = make_cert(&s);
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	X509_free(tsa_expired);
	X509_free(tsa_stranger);
	X509_free(tsa_purpose);
	EVP_PKEY_free(p384);
	EVP_PKEY_free(ed25519);
	world_close(&w);
	forget();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_good),
		cmocka_unit_test(other_keys),
		cmocka_unit_test(other_message_digest),
		cmocka_unit_test(all_bad),
		cmocka_unit_test(of_others),
		cmocka_unit_test(questions),
		cmocka_unit_test(plain_signature),
		cmocka_unit_test(plain_signature_of_digest),
		cmocka_unit_test(sct_as_openssl),
		cmocka_unit_test(names_of_codes),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
