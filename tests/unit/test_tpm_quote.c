// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Quotes: those of real boots are accepted, and whatever is changed of them is not; what is
 * signed well and says what it should not is refused by the rule that is about it.
 */
#include "tpm_fake.h"

#define PCRS_ECC	0x7fffu		/* 0 to 14 of SHA-256 */
#define PCRS_RSA	0x07ffu		/* 0 to 10 of SHA-1 and of SHA-256 */

static const struct tpm_selection one_bank[] = { { TPM_ALG_SHA256, PCRS_ECC } };
static const struct tpm_selection two_banks[] = {
	{ TPM_ALG_SHA1, PCRS_RSA }, { TPM_ALG_SHA256, PCRS_RSA },
};

/* A quote and all that is needed to judge it. */
struct quote {
	struct file ak, message, signature, nonce;
	struct tpm_public public;
	struct tpm_pcr_set pcrs;
	struct tpm_expect expect;
};

static void quote_read(struct quote *q, const char *dir, bool rsa)
{
	CLEANUP_FILE struct file text = fixture(dir, rsa ? "quote_rsa.pcrs.txt" : "quote.pcrs.txt");
	CLEANUP_FILE struct file nonce = fixture(dir, "nonce.hex");
	uint8_t bytes[32];
	const char *why;
	char hex[65] = "";

	memset(q, 0, sizeof(*q));
	q->ak = fixture(dir, rsa ? "ak_rsa.pub" : "ak.pub");
	q->message = fixture(dir, rsa ? "quote_rsa.msg" : "quote.msg");
	q->signature = fixture(dir, rsa ? "quote_rsa.sig" : "quote.sig");
	memcpy(hex, nonce.at, 64);
	assert_int_equal(hex_decode(hex, bytes, 32), 0);
	q->nonce = bytes_copy(bytes, 32);
	assert_int_equal(tpm_public_parse_2b(q->ak.at, q->ak.len, &q->public, &why), 0);
	assert_int_equal(tpm_pcrs_parse(&q->pcrs, (struct str){ (char *)text.at, text.len }, NULL),
			 0);
	q->expect = (struct tpm_expect){
		.nonce = blob(q->nonce), .scheme = rsa ? TPM_ALG_RSASSA : TPM_ALG_ECDSA,
		.hash = TPM_ALG_SHA256, .select = rsa ? two_banks : one_bank,
		.selects = rsa ? 2 : 1, .pcrs = &q->pcrs,
	};
}

static void quote_free(struct quote *q)
{
	file_free(&q->ak);
	file_free(&q->message);
	file_free(&q->signature);
	file_free(&q->nonce);
}

static int judge(const struct quote *q, struct tpm_attest *a, const char **why)
{
	return tpm_quote_verify(&q->public, q->message.at, q->message.len, q->signature.at,
				q->signature.len, &q->expect, a, why);
}

static void accepted(const struct quote *q)
{
	struct tpm_attest a;
	const char *why;

	if (judge(q, &a, &why))
		fail_msg("refused: %s", why);
}

/* @reason: a part of it */
static void refused(const struct quote *q, const char *reason)
{
	struct tpm_attest a;
	const char *why = NULL;
	int rc = judge(q, &a, &why);

	assert_true(rc == -EACCES || rc == -EBADMSG);
	if (!why || !strstr(why, reason))
		fail_msg("\"%s\" is not \"%s\"", why, reason);
}

static const char *const boots[] = { "ovmf-uki-quote", "ovmf-direct-quote-imabuf" };

static void real_quotes(void **state)
{
	struct tpm_attest a;
	struct quote q;
	const char *why;
	int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		quote_read(&q, boots[i / 2], i % 2);
		if (judge(&q, &a, &why))
			fail_msg("%s: %s", boots[i / 2], why);
		assert_int_equal(a.type, TPM_ST_ATTEST_QUOTE);
		assert_int_equal(a.clock.restarts, 0);
		assert_true(a.clock.safe);
		assert_int_equal(a.firmware, 0x2019102300163636ull);
		quote_free(&q);
	}
}

/* Names are what the TPM says that they are, and PEM files have the same keys. */
static void real_names(void **state)
{
	static const char *const names[] = { "ak", "ak_rsa" };
	struct tpm_name name;
	struct tpm_public p;
	char file[32];
	const char *why;
	int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		EVP_PKEY *key, *same;

		snprintf(file, sizeof(file), "%s.pub", names[i % 2]);
		CLEANUP_FILE struct file area = fixture(boots[i / 2], file);

		snprintf(file, sizeof(file), "%s.name", names[i % 2]);
		CLEANUP_FILE struct file want = fixture(boots[i / 2], file);

		snprintf(file, sizeof(file), "%s.pem", names[i % 2]);
		CLEANUP_FILE struct file pem = fixture(boots[i / 2], file);

		assert_int_equal(tpm_public_parse_2b(area.at, area.len, &p, &why), 0);
		assert_int_equal(tpm_public_name(&p, &name), 0);
		assert_int_equal(name.len, want.len);
		assert_memory_equal(name.at, want.at, want.len);
		assert_int_equal(tpm_public_key(&p, &key), 0);
		assert_int_equal(tpm_key_from_pem((char *)pem.at, pem.len, &same), 0);
		assert_int_equal(EVP_PKEY_eq(key, same), 1);
		assert_null(tpm_public_check_ak(&p));
		assert_non_null(tpm_public_check_ek(&p));
		EVP_PKEY_free(key);
		EVP_PKEY_free(same);
		assert_int_equal(tpm_key_from_pem((char *)pem.at, pem.len / 2, &same), -EBADMSG);
	}
}

/* The attestation key lies below the endorsement key: its qualified Name says so. */
static void real_ancestors(void **state)
{
	CLEANUP_FILE struct file area = fixture(boots[0], "ek.pub");
	struct tpm_public ek;
	struct tpm_name name;
	struct quote q;
	const char *why;

	(void)state;
	quote_read(&q, boots[0], false);
	assert_int_equal(tpm_public_parse_2b(area.at, area.len, &ek, &why), 0);
	assert_null(tpm_public_check_ek(&ek));
	assert_non_null(tpm_public_check_ak(&ek));
	assert_int_equal(tpm_public_qualified_name(&q.public, &ek, TPM_RH_ENDORSEMENT, &name), 0);
	q.expect.signer = (struct tpm_blob){ name.at, name.len };
	accepted(&q);
	assert_int_equal(tpm_public_qualified_name(&q.public, &ek, TPM_RH_OWNER, &name), 0);
	refused(&q, "qualified Name");
	assert_int_equal(tpm_public_qualified_name(&q.public, NULL, TPM_RH_ENDORSEMENT, &name), 0);
	refused(&q, "qualified Name");
	quote_free(&q);
}

/* Every bit of every byte, of the message and of the signature. */
static void every_bit(void **state)
{
	struct tpm_attest a;
	struct quote q;
	const char *why;
	size_t i, flips = 0;
	int kind;

	(void)state;
	for (kind = 0; kind < 2; kind++) {
		struct file *part[2] = { &q.message, &q.signature };
		int p;

		quote_read(&q, boots[0], kind);
		for (p = 0; p < 2; p++) {
			for (i = 0; i < 8 * part[p]->len; i++, flips++) {
				part[p]->at[i / 8] ^= 1 << i % 8;
				assert_int_not_equal(judge(&q, &a, &why), 0);
				assert_non_null(why);
				part[p]->at[i / 8] ^= 1 << i % 8;
			}
		}
		accepted(&q);
		quote_free(&q);
	}
	print_message("# %zu bits flipped, each refused\n", flips);
}

/* Cut at every byte, in memory of that size; and one byte more. */
static void every_length(void **state)
{
	struct quote q, cut;
	size_t len;
	int kind, p;

	(void)state;
	for (kind = 0; kind < 4; kind++) {
		quote_read(&q, boots[0], kind / 2);
		cut = q;
		p = kind % 2;
		for (len = 0; len <= (p ? q.signature.len : q.message.len) + 1; len++) {
			struct file *whole = p ? &q.signature : &q.message;
			CLEANUP_FILE struct file other = { malloc(len + 1), len };
			struct tpm_attest a;
			const char *why;

			if (len == whole->len)
				continue;
			other.at = realloc(other.at, len ? len : 1);
			memset(other.at, 0, len);
			memcpy(other.at, whole->at, len < whole->len ? len : whole->len);
			*(p ? &cut.signature : &cut.message) = other;
			assert_int_not_equal(judge(&cut, &a, &why), 0);
			assert_int_equal(p ? 0 : tpm_attest_parse(other.at, len, &a, &why),
					 p ? 0 : -EBADMSG);
			cut = q;
		}
		quote_free(&q);
	}
}

/* Public areas, likewise: cut, with a byte more, and with every bit flipped. */
static void every_public(void **state)
{
	static const char *const names[] = { "ak.pub", "ak_rsa.pub", "ek.pub" };
	struct tpm_name good, name;
	struct tpm_public p;
	EVP_PKEY *key;
	const char *why;
	size_t i;
	int n;

	(void)state;
	for (n = 0; n < 3; n++) {
		CLEANUP_FILE struct file f = fixture(boots[0], names[n]);

		assert_int_equal(tpm_public_parse_2b(f.at, f.len, &p, &why), 0);
		assert_int_equal(tpm_public_name(&p, &good), 0);
		for (i = 0; i < f.len; i++) {
			CLEANUP_FILE struct file part = bytes_copy(f.at, i);

			assert_int_equal(tpm_public_parse_2b(part.at, i, &p, &why), -EBADMSG);
			part.at = realloc(part.at, f.len + 1);
			memcpy(part.at, f.at, f.len);
			part.at[f.len] = 0;
			assert_int_equal(tpm_public_parse_2b(part.at, f.len + 1, &p, &why),
					 -EBADMSG);
			if (i > 2)
				assert_int_equal(tpm_public_parse(f.at + 2, i - 2, &p, &why),
						 -EBADMSG);
		}
		for (i = 0; i < 8 * f.len; i++) {
			f.at[i / 8] ^= 1 << i % 8;
			if (!tpm_public_parse_2b(f.at, f.len, &p, &why)) {
				assert_int_equal(tpm_public_name(&p, &name), 0);
				assert_int_not_equal(memcmp(good.at, name.at, good.len), 0);
				if (!tpm_public_key(&p, &key))
					EVP_PKEY_free(key);
			}
			f.at[i / 8] ^= 1 << i % 8;
		}
	}
}

/* --- what the caller asks for --------------------------------------------------------------- */

static void wrong_expectation(void **state)
{
	static const struct tpm_selection fewer[] = { { TPM_ALG_SHA256, PCRS_ECC & ~1u } };
	static const struct tpm_selection more[] = { { TPM_ALG_SHA256, PCRS_ECC | 1u << 16 } };
	static const struct tpm_selection bank[] = { { TPM_ALG_SHA384, PCRS_ECC } };
	struct quote q, other, rsa;

	(void)state;
	quote_read(&q, boots[0], false);
	quote_read(&rsa, boots[0], true);
	quote_read(&other, boots[1], false);

	q.nonce.at[31] ^= 1;
	refused(&q, "nonce");
	q.nonce.at[31] ^= 1;
	q.expect.nonce.len = 31;
	refused(&q, "nonce");
	q.expect.nonce = TPM_BLOB_NONE;
	refused(&q, "nonce");
	q.expect.nonce = blob(q.nonce);

	q.public = other.public;
	refused(&q, "signature is not");
	q.public = rsa.public;
	refused(&q, "scheme");
	quote_free(&q);
	quote_read(&q, boots[0], false);

	q.expect.select = fewer;
	refused(&q, "other PCRs");
	q.expect.select = more;
	refused(&q, "other PCRs");
	q.expect.select = bank;
	refused(&q, "other PCRs");
	q.expect.select = one_bank;
	q.expect.selects = 0;
	refused(&q, "other PCRs");
	q.expect.selects = 1;

	q.expect.scheme = TPM_ALG_RSASSA;
	refused(&q, "scheme");
	q.expect.scheme = TPM_ALG_ECDSA;
	q.expect.hash = TPM_ALG_SHA384;
	refused(&q, "hash is not");
	q.expect.hash = TPM_ALG_SHA1;
	refused(&q, "not accepted");
	q.expect.hash = 0x4711;
	refused(&q, "not accepted");
	q.expect.hash = TPM_ALG_SHA256;
	rsa.expect.scheme = TPM_ALG_RSAPSS;
	refused(&rsa, "scheme");
	accepted(&q);
	quote_free(&q);
	quote_free(&rsa);
	quote_free(&other);
}

/* PCRs that were read after the quote, one that is not there, and each digit of each. */
static void wrong_pcrs(void **state)
{
	struct quote q;
	unsigned int i, j;

	(void)state;
	quote_read(&q, boots[0], false);
	for (i = 0; i < 15; i++) {
		q.pcrs.bank[0].known &= ~(1u << i);
		refused(&q, "PCR whose value");
		q.pcrs.bank[0].known |= 1u << i;
		for (j = 0; j < 32; j++) {
			q.pcrs.bank[0].value[i][j] ^= 0x10;
			refused(&q, "not those that were quoted");
			q.pcrs.bank[0].value[i][j] ^= 0x10;
		}
	}
	q.pcrs.count = 0;
	refused(&q, "bank");
	q.pcrs.count = 1;
	accepted(&q);
	quote_free(&q);
}

static void clocks(void **state)
{
	static const struct {
		struct tpm_clock was, is;
		const char *why;
	} rows[] = {
		{ { 100, 1, 0, true }, { 100, 1, 0, true }, NULL },
		{ { 100, 1, 0, true }, { 101, 1, 0, true }, NULL },
		{ { 100, 1, 0, true }, { 99, 1, 0, true }, "clock" },
		{ { 100, 1, 0, true }, { 99, 1, 0, false }, "clock" },
		{ { 100, 1, 0, true }, { 99, 2, 0, true }, "clock" },
		{ { 100, 1, 0, true }, { 99, 2, 0, false }, NULL },
		{ { 100, 1, 5, true }, { 101, 2, 0, true }, NULL },
		{ { 100, 2, 0, true }, { 101, 1, 9, true }, "reset less" },
		{ { 100, 2, 3, true }, { 101, 2, 2, true }, "restarted less" },
		{ { 100, 2, 3, true }, { 101, 2, 4, true }, NULL },
	};
	struct tpm_clock before = { 0 };
	struct quote q;
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *why = tpm_clock_check(&rows[i].was, &rows[i].is);

		if (!why != !rows[i].why || (why && !strstr(why, rows[i].why)))
			fail_msg("row %u: %s", i, why ? why : "accepted");
	}
	quote_read(&q, boots[0], false);
	q.expect.previous = &before;
	accepted(&q);
	before.resets = UINT32_MAX;
	refused(&q, "reset less");
	quote_free(&q);
}

/* --- signed well, and yet ------------------------------------------------------------------- */

/* The parts of a message; each test changes one. */
struct parts {
	uint32_t magic;
	uint16_t type;
	uint8_t safe, select_bytes;
	uint32_t selects;
	uint16_t bank;
	uint32_t mask;
	size_t nonce_len, digest_len, trailing;
};

static const uint8_t nonce[32] = "a nonce of thirty-two bytes....";

static const struct parts good_parts = {
	TPM_GENERATED_VALUE, TPM_ST_ATTEST_QUOTE, 1, 3, 1, TPM_ALG_SHA256, 0x11, 32, 32, 0,
};

static struct file message(const struct parts *p, const struct tpm_pcr_set *set, uint16_t hash)
{
	const struct tpm_pcr_bank *bank = &set->bank[0];
	struct tpm_part value[2] = { { bank->value[0], 32 }, { bank->value[4], 32 } };
	uint8_t bytes[512], digest[TPM_DIGEST_MAX] = { 0 };
	struct tpm_writer w = TPM_WRITER(bytes, sizeof(bytes));
	unsigned int i, j;

	assert_int_equal(tpm_hash_parts(tpm_alg_by_id(hash), value, 2, digest), 0);
	tpm_write_u32(&w, p->magic);
	tpm_write_u16(&w, p->type);
	tpm_write_2b(&w, "signer", 6);
	tpm_write_2b(&w, nonce, p->nonce_len);
	tpm_write_u64(&w, 1000);
	tpm_write_u32(&w, 1);
	tpm_write_u32(&w, 0);
	tpm_write_bytes(&w, &p->safe, 1);
	tpm_write_u64(&w, 1);
	tpm_write_u32(&w, p->selects);
	for (i = 0; i < p->selects && i < 20; i++) {
		tpm_write_u16(&w, p->bank);
		tpm_write_bytes(&w, &p->select_bytes, 1);
		for (j = 0; j < p->select_bytes; j++) {
			uint8_t byte = j < 4 ? p->mask >> 8 * j : 0;

			tpm_write_bytes(&w, &byte, 1);
		}
	}
	tpm_write_2b(&w, digest, p->digest_len);
	for (i = 0; i < p->trailing; i++)
		tpm_write_bytes(&w, "", 1);
	assert_false(w.bad);
	return bytes_copy(bytes, w.len);
}

static struct tpm_pcr_set two_pcrs(void)
{
	struct tpm_pcr_set set = { .count = 0 };
	struct tpm_pcr_bank *bank = tpm_pcr_add(&set, tpm_alg_by_id(TPM_ALG_SHA256));

	memset(bank->value[0], 0xaa, 32);
	memset(bank->value[4], 0xbb, 32);
	bank->known = 0x11;
	return set;
}

/* Return: NULL, or why it is refused. */
static const char *ask(const struct fake_key *k, const struct parts *p)
{
	static const struct tpm_selection select = { TPM_ALG_SHA256, 0x11 };
	struct tpm_pcr_set set = two_pcrs();
	struct tpm_expect expect = {
		.nonce = { nonce, sizeof(nonce) }, .scheme = k->scheme, .hash = k->hash,
		.select = &select, .selects = 1, .pcrs = &set,
	};
	CLEANUP_FILE struct file m = message(p, &set, k->hash);
	CLEANUP_FILE struct file s = fake_sign(k, m.at, m.len);
	struct tpm_attest a;
	const char *why = NULL;
	int rc = tpm_quote_verify(&k->public, m.at, m.len, s.at, s.len, &expect, &a, &why);

	assert_true(!rc == !why);
	return why;
}

static void says(const char *why, const char *want)
{
	if (!why || !strstr(why, want))
		fail_msg("\"%s\" is not \"%s\"", why ? why : "accepted", want);
}

static void each_scheme(void **state)
{
	static const struct {
		const char *kind;
		uint16_t scheme, hash;
	} rows[] = {
		{ "P-256", TPM_ALG_ECDSA, TPM_ALG_SHA256 },
		{ "P-256", TPM_ALG_ECDSA, TPM_ALG_SHA384 },
		{ "P-384", TPM_ALG_ECDSA, TPM_ALG_SHA384 },
		{ "P-521", TPM_ALG_ECDSA, TPM_ALG_SHA512 },
		{ NULL, TPM_ALG_RSASSA, TPM_ALG_SHA256 },
		{ NULL, TPM_ALG_RSAPSS, TPM_ALG_SHA256 },
		{ NULL, TPM_ALG_RSAPSS, TPM_ALG_SHA384 },
	};
	struct parts p = good_parts;
	struct fake_key k;
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fake_make(&k, rows[i].kind, rows[i].scheme, rows[i].hash, FAKE_AK);
		p.digest_len = tpm_alg_by_id(rows[i].hash)->size;
		if (ask(&k, &p))
			fail_msg("row %u: %s", i, ask(&k, &p));
		k.hash = TPM_ALG_SHA1;
		says(ask(&k, &good_parts), "not accepted");
		EVP_PKEY_free(k.key);
	}
}

static void each_part(void **state)
{
	struct parts p = good_parts;
	struct fake_key k;

	(void)state;
	fake_make(&k, "P-256", TPM_ALG_ECDSA, TPM_ALG_SHA256, FAKE_AK);
	assert_null(ask(&k, &p));
#define BROKEN(field, value, want)					\
	do {								\
		p = good_parts;						\
		p.field = (value);					\
		says(ask(&k, &p), want);				\
	} while (0)
	BROKEN(magic, 0xff544346, "magic");
	BROKEN(magic, 0, "magic");
	BROKEN(type, 0x8019, "neither");
	BROKEN(type, TPM_ST_ATTEST_CERTIFY, "bytes follow");
	BROKEN(safe, 2, "truth value");
	BROKEN(trailing, 1, "bytes follow");
	BROKEN(nonce_len, 31, "nonce");
	BROKEN(nonce_len, 0, "nonce");
	BROKEN(digest_len, 31, "not those");
	BROKEN(digest_len, 0, "not those");
	BROKEN(digest_len, 64, "not those");
	BROKEN(selects, 0, "other PCRs");
	BROKEN(selects, 2, "other PCRs");
	BROKEN(selects, 17, "too many banks");
	BROKEN(selects, UINT32_MAX, "too many banks");
	BROKEN(bank, TPM_ALG_SHA1, "other PCRs");
	BROKEN(mask, 0x1, "other PCRs");
	BROKEN(mask, 0x111, "other PCRs");
	BROKEN(select_bytes, 0, "impossible length");
	BROKEN(select_bytes, 5, "impossible length");
#undef BROKEN
	EVP_PKEY_free(k.key);
}

/* A key that may sign anything, or may leave, vouches for nothing. */
static void each_attribute(void **state)
{
	static const struct {
		uint32_t without, with;
		const char *why;
	} rows[] = {
		{ TPM_RESTRICTED, 0, "restricted is not" },
		{ TPM_FIXED_TPM, 0, "fixedTPM is not" },
		{ TPM_FIXED_PARENT, 0, "fixedParent is not" },
		{ TPM_SENSITIVE_ORIGIN, 0, "sensitiveDataOrigin is not" },
		{ TPM_SIGN, 0, "sign is not" },
		{ 0, TPM_DECRYPT, "decrypt is set" },
	};
	struct fake_key k;
	unsigned int i;

	(void)state;
	fake_make(&k, "P-256", TPM_ALG_ECDSA, TPM_ALG_SHA256, FAKE_AK);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fake_public(&k, TPM_ALG_SHA256, (FAKE_AK & ~rows[i].without) | rows[i].with);
		says(ask(&k, &good_parts), rows[i].why);
	}
	fake_public(&k, TPM_ALG_SHA1, FAKE_AK);
	says(ask(&k, &good_parts), "Name is a SHA-1");
	fake_public(&k, TPM_ALG_SHA256, FAKE_AK);
	assert_null(ask(&k, &good_parts));
	EVP_PKEY_free(k.key);
}

/* A key's certificate (TPM2_Certify), and the same for another key. */
static void certificate(void **state)
{
	struct fake_key ak, subject, other;
	struct tpm_expect expect = {
		.nonce = { nonce, sizeof(nonce) }, .scheme = TPM_ALG_ECDSA, .hash = TPM_ALG_SHA256,
	};
	static const uint8_t zeros[25];		/* clock, counters, firmware */
	uint8_t bytes[512];
	struct tpm_writer w = TPM_WRITER(bytes, sizeof(bytes));
	struct tpm_attest a;
	struct tpm_name name;
	const char *why = NULL;
	size_t len;

	(void)state;
	fake_make(&ak, "P-256", TPM_ALG_ECDSA, TPM_ALG_SHA256, FAKE_AK);
	fake_make(&subject, "P-256", TPM_ALG_ECDSA, TPM_ALG_SHA256, FAKE_AK & ~TPM_RESTRICTED);
	fake_make(&other, NULL, TPM_ALG_RSASSA, TPM_ALG_SHA256, FAKE_AK);
	assert_int_equal(tpm_public_name(&subject.public, &name), 0);
	tpm_write_u32(&w, TPM_GENERATED_VALUE);
	tpm_write_u16(&w, TPM_ST_ATTEST_CERTIFY);
	tpm_write_2b(&w, "signer", 6);
	tpm_write_2b(&w, nonce, sizeof(nonce));
	tpm_write_bytes(&w, zeros, sizeof(zeros));
	tpm_write_2b(&w, name.at, name.len);
	tpm_write_2b(&w, "qualified", 9);
	CLEANUP_FILE struct file s = fake_sign(&ak, bytes, w.len);

	assert_int_equal(tpm_certify_verify(&ak.public, bytes, w.len, s.at, s.len, &expect,
					    &subject.public, &a, &why), 0);
	assert_int_equal(a.qualified_name.len, 9);
	assert_int_equal(tpm_certify_verify(&ak.public, bytes, w.len, s.at, s.len, &expect,
					    &other.public, &a, &why), -EACCES);
	says(why, "another key");
	assert_int_equal(tpm_quote_verify(&ak.public, bytes, w.len, s.at, s.len, &expect, &a, &why),
			 -EACCES);
	says(why, "no quote");
	for (len = 0; len < w.len; len++)
		assert_int_equal(tpm_attest_parse(bytes, len, &a, &why), -EBADMSG);
	EVP_PKEY_free(ak.key);
	EVP_PKEY_free(subject.key);
	EVP_PKEY_free(other.key);
}

/* A quote is no certificate: the key's owner cannot have one taken for the other. */
static void quote_as_certificate(void **state)
{
	struct tpm_attest a;
	const char *why;
	struct quote q;

	(void)state;
	quote_read(&q, boots[0], false);
	assert_int_equal(tpm_certify_verify(&q.public, q.message.at, q.message.len, q.signature.at,
					    q.signature.len, &q.expect, &q.public, &a, &why),
			 -EACCES);
	says(why, "no key's certificate");
	quote_free(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_quotes),
		cmocka_unit_test(real_names),
		cmocka_unit_test(real_ancestors),
		cmocka_unit_test(every_bit),
		cmocka_unit_test(every_length),
		cmocka_unit_test(every_public),
		cmocka_unit_test(wrong_expectation),
		cmocka_unit_test(wrong_pcrs),
		cmocka_unit_test(clocks),
		cmocka_unit_test(each_scheme),
		cmocka_unit_test(each_part),
		cmocka_unit_test(each_attribute),
		cmocka_unit_test(certificate),
		cmocka_unit_test(quote_as_certificate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
