// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * IMA's lists: those of recorded boots lead to PCR 10 as it was read or quoted, in every bank;
 * each template is read; what is damaged, forged, or behind the quote is refused.
 */
#include <errno.h>

#include "tpm_util.h"

#define LIST		"ima_binary"
#define QUOTED		"ima_binary_at_quote"
#define UKI		"ovmf-uki-quote"
#define BUF		"ovmf-direct-quote-imabuf"
#define DM		"seabios-dm-ima-critical-data"
#define SHA1		tpm_alg_by_id(TPM_ALG_SHA1)
#define SHA256		tpm_alg_by_id(TPM_ALG_SHA256)
#define PCR_10		(1u << TPM_PCR_IMA)

/* The reset state of the banks of @like. */
static void begin(struct ima_replay *r, const struct tpm_pcr_set *like)
{
	struct tpm_pcr_set set = { .count = 0 };
	unsigned int i;

	for (i = 0; i < like->count; i++)
		tpm_pcr_add(&set, like->bank[i].alg);
	ima_replay_begin(r, &set);
}

static int match(struct blob b, const struct tpm_pcr_set *pcrs, uint16_t alg, struct ima_replay *r)
{
	struct ima_list list;
	int rc = ima_open(&list, b.at, b.len, NULL);

	begin(r, pcrs);
	return rc ? rc : ima_match(r, &list, tpm_pcr_get(pcrs, alg), PCR_10);
}

/* Entries of a list, and how many of them are violations. */
static unsigned int count(struct blob b, unsigned int *violations)
{
	struct ima_list list;
	struct ima_entry e;
	int rc;

	*violations = 0;
	assert_int_equal(ima_open(&list, b.at, b.len, NULL), 0);
	while ((rc = ima_next(&list, &e)) == 1)
		*violations += e.violation;
	assert_int_equal(rc, 0);
	return list.index;
}

static void recorded(void **state)
{
	static const struct {
		const char *boot;
		unsigned int entries, violations;
	} boots[] = {
		{ "ovmf-crb-direct", 16, 0 }, { BUF, 70, 2 }, { "ovmf-secureboot-dm", 12, 0 },
		{ "ovmf-secureboot-uki", 16, 0 }, { "ovmf-tis-direct-sha256", 16, 0 },
		{ "ovmf-uki-min-predicted", 11, 0 }, { "ovmf-uki-min-tampered-cmdline", 11, 0 },
		{ UKI, 69, 2 }, { "seabios-tis", 16, 0 },
	};
	unsigned int i, bank, violations;

	(void)state;
	for (i = 0; i < COUNT(boots); i++) {
		struct tpm_pcr_set pcrs = pcrs_of(boots[i].boot, "pcrs.txt");
		struct blob b = blob_of(boots[i].boot, LIST);
		struct ima_replay r;
		unsigned int entries = count(b, &violations);

		if (entries != boots[i].entries || violations != boots[i].violations)
			fail_msg("%s: %u entries, %u violations", boots[i].boot, entries,
				 violations);
		for (bank = 0; bank < pcrs.count; bank++) {
			uint16_t alg = pcrs.bank[bank].alg->id;

			/* The kernel of these boots had no SHA-384. */
			assert_int_equal(match(b, &pcrs, alg, &r),
					 alg == TPM_ALG_SHA384 ? IMA_MATCH_PADDED : IMA_MATCH);
			assert_true(r.entries <= entries);
		}
		blob_free(&b);
	}
}

static void aggregates(void **state)
{
	static const char *const boots[] = {
		"ovmf-crb-direct", UKI, "ovmf-secureboot-dm", "ovmf-tis-direct-sha256", "seabios-tis",
	};
	struct tpm_pcr_set other = pcrs_of("ovmf-uki-min-tampered-cmdline", "pcrs.txt");
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(boots); i++) {
		struct tpm_pcr_set pcrs = pcrs_of(boots[i], "pcrs.txt"), none = { .count = 0 };
		struct blob b = blob_of(boots[i], LIST);
		struct ima_list list;
		struct ima_entry e;

		assert_int_equal(ima_open(&list, b.at, b.len, NULL), 0);
		assert_int_equal(ima_next(&list, &e), 1);
		assert_str(e.name, IMA_AGGREGATE);
		assert_int_equal(ima_aggregate(&e, &pcrs), AGGREGATE_RIGHT);
		assert_int_equal(ima_aggregate(&e, &other), AGGREGATE_WRONG);
		assert_int_equal(ima_aggregate(&e, &none), AGGREGATE_UNKNOWN);
		/* A PCR that is not known is not taken for zeros. */
		tpm_pcr_find(&pcrs, TPM_ALG_SHA256)->known &= ~1u;
		assert_int_equal(ima_aggregate(&e, &pcrs), AGGREGATE_UNKNOWN);
		blob_free(&b);
	}
}

/* SHA-1 is over PCRs 0 to 7, and before Linux 5.9 others are, too. */
static void older_aggregates(void **state)
{
	struct tpm_pcr_set pcrs = pcrs_of(UKI, "pcrs.txt");
	static const uint16_t algs[] = { TPM_ALG_SHA1, TPM_ALG_SHA256 };
	unsigned int i, n;

	(void)state;
	for (i = 0; i < COUNT(algs); i++) {
		const struct tpm_pcr_bank *bank = tpm_pcr_get(&pcrs, algs[i]);
		struct tpm_part part[10];
		uint8_t digest[TPM_DIGEST_MAX];
		struct ima_entry e = { .hash = str_of(bank->alg->name) };

		for (n = 0; n < 10; n++)
			part[n] = (struct tpm_part){ bank->value[n], bank->alg->size };
		e.value = (struct str){ (char *)digest, bank->alg->size };
		tpm_hash_parts(bank->alg, part, 8, digest);
		assert_int_equal(ima_aggregate(&e, &pcrs), AGGREGATE_RIGHT);
		tpm_hash_parts(bank->alg, part, 10, digest);
		assert_int_equal(ima_aggregate(&e, &pcrs),
				 algs[i] == TPM_ALG_SHA1 ? AGGREGATE_WRONG : AGGREGATE_RIGHT);
		e.violation = true;
		assert_int_equal(ima_aggregate(&e, &pcrs), AGGREGATE_WRONG);
	}
}

/* A list that was read later is longer than the quote; one that was read earlier is behind. */
static void prefix(void **state)
{
	static const char *const boots[] = { UKI, BUF };
	unsigned int i, bank;

	(void)state;
	for (i = 0; i < COUNT(boots); i++) {
		struct tpm_pcr_set pcrs = pcrs_of(boots[i], "pcrs.txt");
		struct tpm_pcr_set after = pcrs_of(boots[i], "pcrs_after.txt");
		struct blob list = blob_of(boots[i], LIST), quoted = blob_of(boots[i], QUOTED);
		struct ima_replay r;

		for (bank = 0; bank < after.count; bank++)
			assert_int_equal(match(list, &after, after.bank[bank].alg->id, &r),
					 IMA_BEHIND);
		assert_true(match(quoted, &pcrs, TPM_ALG_SHA256, &r) >= IMA_MATCH);
		assert_true(match(list, &pcrs, TPM_ALG_SHA256, &r) >= IMA_MATCH);
		assert_true(r.offset < list.len);
		blob_free(&list);
		blob_free(&quoted);
	}
}

/* A list in pieces: each goes on where the one before it has ended. */
static void incremental(void **state)
{
	struct tpm_pcr_set pcrs = pcrs_of("ovmf-crb-direct", "pcrs.txt");
	struct blob b = blob_of("ovmf-crb-direct", LIST);
	struct ima_replay r;
	struct ima_list list;
	struct ima_entry e;
	unsigned int i;

	(void)state;
	begin(&r, &pcrs);
	assert_int_equal(ima_open(&list, b.at, b.len, NULL), 0);
	for (i = 0; i < 5; i++) {
		assert_int_equal(ima_next(&list, &e), 1);
		assert_int_equal(ima_replay_entry(&r, &list, &e), 0);
	}
	/* Another reader, that has the state alone. */
	assert_int_equal(ima_open(&list, b.at, b.len, SHA1), 0);
	list.offset = r.offset;
	list.index = r.entries;
	assert_int_equal(ima_match(&r, &list, tpm_pcr_get(&pcrs, TPM_ALG_SHA256), PCR_10),
			 IMA_MATCH);
	/* And one that has nothing but what came later. */
	begin(&r, &pcrs);
	assert_int_equal(ima_open(&list, b.at + 100, b.len - 100, SHA1), 0);
	assert_true(ima_match(&r, &list, tpm_pcr_get(&pcrs, TPM_ALG_SHA256), PCR_10) <= 0);
	blob_free(&b);
}

/* Records of the device mapper, and the PCR after them. */
static void critical_data(void **state)
{
	static const char *const names[] = {
		IMA_AGGREGATE, "kernel_version", "dm_table_load", "dm_device_resume",
	};
	struct blob b = blob_of(DM, LIST), hex = blob_of(DM, "pcr10_sha256_dm.txt");
	struct tpm_pcr_set pcrs;
	struct ima_replay r;
	struct ima_list list;
	struct ima_entry e;
	char line[128];
	unsigned int i;

	(void)state;
	snprintf(line, sizeof(line), "sha256 10 %.64s", (char *)hex.at);
	assert_int_equal(tpm_pcrs_parse(&pcrs, str_of(line), NULL), 0);
	assert_int_equal(match(b, &pcrs, TPM_ALG_SHA256, &r), IMA_MATCH);
	assert_int_equal(r.offset, b.len);
	assert_int_equal(ima_open(&list, b.at, b.len, NULL), 0);
	for (i = 0; i < COUNT(names); i++) {
		assert_int_equal(ima_next(&list, &e), 1);
		assert_str(e.name, names[i]);
		assert_int_equal(e.has_buffer, i > 0);
	}
	assert_true(str_starts(e.buffer, STR("dm_version=4.47.0;name=vol0,")));
	blob_free(&b);
	blob_free(&hex);
}

/* --- lists that are written here */

/* "sha256:" NUL and 32 bytes of @fill. */
static void put_digest(struct made *m, const char *head, uint8_t fill)
{
	uint8_t field[64];
	size_t len = strlen(head) + 1;

	memcpy(field, head, len);
	memset(field + len, fill, 32);
	put_field(m, field, len + 32);
}

static int first(const struct made *m, struct ima_entry *e, const char **why)
{
	static struct blob b;
	struct ima_list list;
	int rc;

	/* What the entry refers to is kept until the next. */
	blob_free(&b);
	b = blob_copy(m->at, m->len);
	rc = ima_open(&list, b.at, b.len, SHA1);
	rc = rc ? rc : ima_next(&list, e);
	*why = list.why ? list.why : "";
	if (!m->len)
		blob_free(&b);
	return rc;
}

static void templates(void **state)
{
	static const char *const names[] = {
		"ima-ng", "ima-sig", "ima-buf", "ima-ngv2", "ima-sigv2", "ima-modsig", "evm-sig",
		"d-ng|n-ng", "d-ng|n-ng|imode|ours",
	};
	struct made empty = { .len = 0 };
	struct ima_entry e;
	const char *why;
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(names); i++) {
		struct made d = { .len = 0 }, m = { .len = 0 };
		bool second = strstr(names[i], "v2"), sig = strstr(names[i], "sig");
		static const unsigned int more[] = { 0, 1, 1, 0, 1, 3, 7, 0, 2 };
		unsigned int n;

		put_digest(&d, second ? "verity:sha256:" : "sha256:", 0x5a);
		put_field(&d, "/a file with spaces", 20);
		for (n = 0; n < more[i]; n++)
			put_field(&d, "\3extra", n ? n % 6 : 6);
		put_entry(&m, names[i], &d);
		assert_int_equal(first(&m, &e, &why), 1);
		assert_str(e.name, "/a file with spaces");
		assert_str(e.hash, "sha256");
		assert_int_equal(e.value.len, 32);
		assert_int_equal(e.value.at[31], 0x5a);
		assert_true(str_is(e.kind, second ? "verity" : ""));
		assert_int_equal(e.signature.len, sig ? 6 : 0);
		assert_int_equal(e.has_buffer, str_is(e.template, "ima-buf"));

		/* One byte more than the fields: not of that template. */
		m.len = 0;
		put(&d, "", 1);
		put_entry(&m, names[i], &d);
		assert_int_equal(first(&m, &e, &why), -EBADMSG);
	}
	first(&empty, &e, &why);
}

/* The first template: SHA-1 over the digest and the name in 256 bytes. */
static void old_template(void **state)
{
	uint8_t hashed[20 + 256] = { 0 }, digest[TPM_DIGEST_MAX], *value = hashed;
	struct made m = { .len = 0 }, bad = { .len = 0 };
	static const char name[] = "/sbin/init";
	struct ima_entry e;
	const char *why;

	(void)state;
	memset(value, 0x33, 20);
	memcpy(value + 20, name, strlen(name));
	tpm_hash(SHA1, hashed, sizeof(hashed), digest);
	put32(&m, 10);
	put(&m, digest, 20);
	put_field(&m, "ima", 3);
	put(&m, value, 20);
	bad = m;
	put_field(&m, name, strlen(name));
	assert_int_equal(first(&m, &e, &why), 1);
	assert_str(e.name, name);
	assert_str(e.hash, "sha1");
	assert_int_equal(ima_digest(&e, SHA256, digest), 0);
	tpm_hash(SHA256, hashed, sizeof(hashed), hashed);
	assert_memory_equal(digest, hashed, 32);
	/* The name may not be longer than its buffer. */
	put32(&bad, 256);
	memset(hashed, 'x', sizeof(hashed));
	put(&bad, hashed, 256);
	assert_int_equal(first(&bad, &e, &why), -EBADMSG);
	bad.len = 0;
	first(&bad, &e, &why);
}

/* A format that is not the kernel's could pass over a digest or a name, or take others for them. */
static void formats(void **state)
{
	static const char *const names[] = {
		"d-ng|x|sig", "x|n-ng|sig", "d-ng|x|n-ng", "x|d-ng|n-ng", "n-ng|d-ng|sig",
		"d-ng|n-ng|n-ng", "d-ng|n-ng|d-ng", "d-ng|n-ng|n", "d-ng", "n-ng", "d-ng|sig|n-ng",
	};
	struct made empty = { .len = 0 };
	struct ima_entry e;
	const char *why;
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(names); i++) {
		struct made d = { .len = 0 }, m = { .len = 0 };

		put_digest(&d, "sha256:", 1);
		put_field(&d, "/a", 3);
		put_digest(&d, "sha256:", 2);
		put_entry(&m, names[i], &d);
		assert_int_equal(first(&m, &e, &why), -EBADMSG);
		assert_string_equal(why, "the template is not one of a digest, a name, and more");
	}
	first(&empty, &e, &why);
}

/* A record is one by its digest, whatever its template is called; an empty field is none. */
static void hidden_record(void **state)
{
	static const char *const names[] = { "ima-buf", "ima-sig", "d-ng|n-ng|x" };
	static const char *const texts[] = { "sha256:abc", "" };
	struct made empty = { .len = 0 };
	struct ima_entry e;
	const char *why;
	unsigned int i, k;

	(void)state;
	for (i = 0; i < COUNT(names); i++)
		for (k = 0; k < COUNT(texts); k++) {
			struct made d = { .len = 0 }, m = { .len = 0 };
			uint8_t digest[TPM_DIGEST_MAX];

			tpm_hash(SHA256, texts[k], strlen(texts[k]), digest);
			put32(&d, 40);
			put(&d, "sha256:", 8);
			put(&d, digest, 32);
			put_field(&d, "hedge-image", 12);
			put_field(&d, texts[k], strlen(texts[k]));
			put_entry(&m, names[i], &d);
			assert_int_equal(first(&m, &e, &why), 1);
			assert_int_equal(e.has_buffer, !i || !k);
			assert_true(str_is(e.buffer, e.has_buffer ? texts[k] : ""));
		}
	first(&empty, &e, &why);
}

static void refused(void **state)
{
	static const struct {
		const char *template, *head, *name;
		unsigned int name_len, fields;
		const char *why;
	} cases[] = {
		{ "ima-ng", "sha256", "x", 2, 2, "malformed" },
		{ "ima-ng", ":", "x", 2, 2, "malformed" },
		{ "ima-ng", "sha512:", "x", 2, 2, "malformed" },
		{ "ima-ng", "ima:sha256:", "x", 2, 2, "malformed" },
		{ "ima-ngv2", "sha256:", "x", 2, 2, "malformed" },
		{ "ima-ng", "sha256:", "a\0b", 4, 2, "malformed" },
		{ "ima-ng", "sha256:", "x", 2, 3, "account" },
		{ "ima-sig", "sha256:", "x", 2, 2, "form of its name" },
		{ "", "sha256:", "x", 2, 2, "too long, or missing" },
		{ "d|n", "sha256:", "x", 2, 2, "malformed" },
	};
	struct made empty = { .len = 0 };
	struct ima_entry e;
	const char *why;
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		struct made d = { .len = 0 }, m = { .len = 0 };

		put_digest(&d, cases[i].head, 1);
		put_field(&d, cases[i].name, cases[i].name_len);
		if (cases[i].fields > 2)
			put_field(&d, "", 0);
		put_entry(&m, cases[i].template, &d);
		assert_int_equal(first(&m, &e, &why), -EBADMSG);
		if (!strstr(why, cases[i].why))
			fail_msg("case %u: %s", i, why);
		/* The same of a PCR that there is not. */
		m.at[0] = 24;
		assert_int_equal(first(&m, &e, &why), -EBADMSG);
		assert_string_equal(why, "there is no PCR of that number");
	}
	first(&empty, &e, &why);
}

/* A list whose digests are those of another algorithm, as new kernels offer it. */
static void other_lists(void **state)
{
	struct made d = { .len = 0 }, m = { .len = 0 };
	uint8_t digest[TPM_DIGEST_MAX];
	struct ima_list list;
	struct ima_entry e;

	(void)state;
	put_digest(&d, "sha256:", 7);
	put_field(&d, "/x", 3);
	tpm_hash(SHA256, d.at, d.len, digest);
	put32(&m, 10);
	put(&m, digest, 32);
	put_field(&m, "ima-ng", 6);
	put_field(&m, d.at, d.len);
	assert_int_equal(ima_open(&list, m.at, m.len, NULL), 0);
	assert_ptr_equal(list.alg, SHA256);
	assert_int_equal(ima_next(&list, &e), 1);
	assert_int_equal(ima_next(&list, &e), 0);
}

/* Zeros in the list, ones in the PCR. */
static void violations(void **state)
{
	struct blob b = blob_of(UKI, LIST);
	struct ima_list list;
	struct ima_entry e;
	uint8_t digest[TPM_DIGEST_MAX], ones[TPM_DIGEST_MAX];
	unsigned int found = 0;

	(void)state;
	memset(ones, 0xff, sizeof(ones));
	assert_int_equal(ima_open(&list, b.at, b.len, NULL), 0);
	while (ima_next(&list, &e) == 1) {
		if (!e.violation)
			continue;
		assert_int_equal(ima_digest(&e, SHA256, digest), 0);
		assert_memory_equal(digest, ones, 32);
		found++;
	}
	assert_int_equal(found, 2);
	blob_free(&b);
}

/* Removed, renamed, exchanged, or called a violation: the value is not reached. */
static void edited(void **state)
{
	struct tpm_pcr_set pcrs = pcrs_of("ovmf-crb-direct", "pcrs.txt");
	struct blob whole = blob_of("ovmf-crb-direct", LIST);
	struct ima_list list;
	struct ima_entry e;
	struct ima_replay r;

	(void)state;
	assert_int_equal(ima_open(&list, whole.at, whole.len, NULL), 0);
	assert_int_equal(match(whole, &pcrs, TPM_ALG_SHA256, &r), IMA_MATCH);
	while (ima_next(&list, &e) == 1) {
		size_t len = list.offset - e.offset, name = e.name.at - (char *)whole.at;
		struct blob b = blob_copy(whole.at, whole.len);

		memmove(b.at + e.offset, b.at + list.offset, b.len - list.offset);
		b.len -= len;
		assert_int_equal(match(b, &pcrs, TPM_ALG_SHA256, &r), IMA_BEHIND);
		blob_free(&b);
		b = blob_copy(whole.at, whole.len);
		b.at[name + 1] ^= 1;
		assert_int_equal(match(b, &pcrs, TPM_ALG_SHA256, &r), -EBADMSG);
		/* With a digest that fits, too. */
		tpm_hash(SHA1, b.at + (e.data.at - (char *)whole.at), e.data.len,
			 b.at + e.offset + 4);
		assert_int_equal(match(b, &pcrs, TPM_ALG_SHA256, &r), IMA_BEHIND);
		memset(b.at + e.offset + 4, 0, 20);
		assert_int_equal(match(b, &pcrs, TPM_ALG_SHA256, &r), IMA_BEHIND);
		blob_free(&b);
	}
	blob_free(&whole);
}

static void truncated(void **state)
{
	static const char *const some[] = { "ovmf-uki-min-predicted", DM };
	unsigned int i;
	size_t len;

	(void)state;
	for (i = 0; i < COUNT(some); i++) {
		struct tpm_pcr_set pcrs = pcrs_of(some[i], "pcrs.txt");
		struct blob whole = blob_of(some[i], LIST);
		struct ima_replay r;
		size_t need;

		assert_int_equal(match(whole, &pcrs, TPM_ALG_SHA256, &r), IMA_MATCH);
		need = r.offset;
		for (len = 0; len < need; len++) {
			struct blob part = blob_copy(whole.at, len);

			assert_true(match(part, &pcrs, TPM_ALG_SHA256, &r) <= IMA_BEHIND);
			blob_free(&part);
		}
		blob_free(&whole);
	}
}

static void mutated(void **state)
{
	struct tpm_pcr_set pcrs = pcrs_of("ovmf-uki-min-predicted", "pcrs.txt");
	struct blob whole = blob_of("ovmf-uki-min-predicted", LIST);
	unsigned int i, bit;

	(void)state;
	for (i = 0; i < whole.len; i++) {
		struct blob b = blob_copy(whole.at, whole.len);
		struct ima_replay r;

		for (bit = i % 3; bit < 8; bit += 3) {
			b.at[i] ^= 1 << bit;
			/* A template's name is a claim, but then the data has another form. */
			assert_true(match(b, &pcrs, TPM_ALG_SHA256, &r) <= IMA_BEHIND);
			b.at[i] ^= 1 << bit;
		}
		blob_free(&b);
	}
	blob_free(&whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded), cmocka_unit_test(aggregates),
		cmocka_unit_test(older_aggregates), cmocka_unit_test(prefix),
		cmocka_unit_test(incremental), cmocka_unit_test(critical_data),
		cmocka_unit_test(templates), cmocka_unit_test(old_template),
		cmocka_unit_test(formats), cmocka_unit_test(hidden_record),
		cmocka_unit_test(refused), cmocka_unit_test(other_lists),
		cmocka_unit_test(violations), cmocka_unit_test(edited), cmocka_unit_test(truncated),
		cmocka_unit_test(mutated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
