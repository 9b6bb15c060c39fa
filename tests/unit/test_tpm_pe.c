// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Images of firmware: a small one made here, each rule of the parser broken, cut at every byte,
 * with every bit flipped; the digest beside a naive one.
 */
#include "tpm_fake.h"
#include "tpm/pe.h"

#define HEADER		0x80u
#define OPTIONAL	(HEADER + 24)
#define OPTIONAL_BYTES	240u
#define TABLE		(OPTIONAL + OPTIONAL_BYTES)
#define HEADERS		0x200u
#define SECTIONS	2u
#define TEXT_AT		0x200u
#define DATA_AT		0x400u
#define TAIL_AT		0x600u		/* bytes that no section has */
#define CERT_AT		0x608u
#define CERT_BYTES	0x18u
#define ENTRY		(OPTIONAL + 112 + 4 * 8)
#define CHECKSUM	(OPTIONAL + 64)

static uint8_t good[CERT_AT + CERT_BYTES];

static void put(uint8_t *image, size_t at, uint32_t value, unsigned int bytes)
{
	for (; bytes--; value >>= 8)
		image[at++] = value;
}

static void put_section(unsigned int i, const char *name, uint32_t size, uint32_t raw, uint32_t at)
{
	size_t to = TABLE + 40 * i;

	strncpy((char *)good + to, name, 8);
	put(good, to + 8, size, 4);
	put(good, to + 12, 0x1000 * (i + 1), 4);
	put(good, to + 16, raw, 4);
	put(good, to + 20, at, 4);
}

static int setup(void **state)
{
	size_t i;

	(void)state;
	memset(good, 0, sizeof(good));
	for (i = HEADERS; i < sizeof(good); i++)
		good[i] = 0x40 + i % 61;
	put(good, 0, 0x5a4d, 2);
	put(good, 0x3c, HEADER, 4);
	put(good, HEADER, 0x4550, 4);
	put(good, HEADER + 4, 0x8664, 2);
	put(good, HEADER + 6, SECTIONS, 2);
	put(good, HEADER + 20, OPTIONAL_BYTES, 2);
	put(good, OPTIONAL, 0x20b, 2);
	put(good, OPTIONAL + 60, HEADERS, 4);
	put(good, CHECKSUM, 0x12345678, 4);
	put(good, OPTIONAL + 108, 16, 4);
	put(good, ENTRY, CERT_AT, 4);
	put(good, ENTRY + 4, CERT_BYTES, 4);
	/* In the table they stand the other way round. */
	put_section(0, ".data", 0x123, 0x200, DATA_AT);
	put_section(1, ".text", 0x1f0, 0x200, TEXT_AT);
	return 0;
}

static void whole(void **state)
{
	struct tpm_blob data;
	struct pe_image im;
	const char *why;

	(void)state;
	if (pe_parse(good, sizeof(good), &im, &why))
		fail_msg("%s", why);
	assert_int_equal(im.machine, 0x8664);
	assert_int_equal(im.sections, 2);
	assert_int_equal(im.headers, HEADERS);
	assert_int_equal(im.checksum, CHECKSUM);
	assert_int_equal(im.certificate_entry, ENTRY);
	assert_int_equal(im.certificates, CERT_BYTES);
	assert_string_equal(im.section[1].name, ".text");
	assert_int_equal(pe_section_data(&im, ".data", &data), 0);
	assert_ptr_equal(data.at, good + DATA_AT);
	assert_int_equal(data.len, 0x123);
	assert_int_equal(pe_section_data(&im, ".dat", &data), -ENOENT);
	strcpy(im.section[1].name, ".data");
	assert_int_equal(pe_section_data(&im, ".data", &data), -EEXIST);
	strcpy(im.section[1].name, ".text");
	im.section[1].size = 0x201;
	assert_int_equal(pe_section_data(&im, ".text", &data), -ENOEXEC);
}

/* The file from front to end, but for what a signer changes. */
static void naive(const uint8_t *file, uint16_t alg, uint8_t *digest)
{
	uint8_t kept[sizeof(good)];
	size_t i, n = 0;

	for (i = 0; i < CERT_AT; i++)
		if ((i < CHECKSUM || i >= CHECKSUM + 4) && (i < ENTRY || i >= ENTRY + 8))
			kept[n++] = file[i];
	assert_int_equal(tpm_hash(tpm_alg_by_id(alg), kept, n, digest), 0);
}

static void digests(void **state)
{
	static const uint16_t algs[] = { TPM_ALG_SHA1, TPM_ALG_SHA256, TPM_ALG_SHA384 };
	uint8_t want[TPM_DIGEST_MAX], got[TPM_DIGEST_MAX];
	struct pe_image im;
	const char *why;
	unsigned int i;

	(void)state;
	assert_int_equal(pe_parse(good, sizeof(good), &im, &why), 0);
	for (i = 0; i < 3; i++) {
		naive(good, algs[i], want);
		assert_int_equal(pe_authenticode(&im, tpm_alg_by_id(algs[i]), got), 0);
		assert_memory_equal(got, want, tpm_alg_by_id(algs[i])->size);
	}
}

/* A flipped bit changes the digest where it is hashed, and there only; or it is no image. */
static void every_bit(void **state)
{
	CLEANUP_FILE struct file f = bytes_copy(good, sizeof(good));
	uint8_t want[TPM_DIGEST_MAX], got[TPM_DIGEST_MAX];
	unsigned int parsed = 0;
	struct pe_image im;
	const char *why;
	size_t i;

	(void)state;
	naive(good, TPM_ALG_SHA256, want);
	for (i = 0; i < 8 * f.len; i++) {
		size_t at = i / 8;
		bool free = (at >= CHECKSUM && at < CHECKSUM + 4) || at >= CERT_AT;

		f.at[at] ^= 1 << i % 8;
		if (!pe_parse(f.at, f.len, &im, &why)) {
			parsed++;
			assert_int_equal(pe_authenticode(&im, tpm_alg_by_id(TPM_ALG_SHA256), got),
					 0);
			if (free != !memcmp(got, want, 32))
				fail_msg("bit %zu", i);
		}
		f.at[at] ^= 1 << i % 8;
	}
	assert_true(parsed > 1000);
}

static void every_length(void **state)
{
	uint8_t digest[TPM_DIGEST_MAX];
	struct pe_image im;
	const char *why;
	size_t len;

	(void)state;
	for (len = 0; len < sizeof(good); len++) {
		CLEANUP_FILE struct file f = bytes_copy(good, len);

		assert_int_equal(pe_parse(f.at, len, &im, &why), -ENOEXEC);
		assert_non_null(why);
	}
	/* Without certificates any length is good that has the sections. */
	for (len = TAIL_AT - 8; len < CERT_AT; len++) {
		CLEANUP_FILE struct file f = bytes_copy(good, len);

		put(f.at, ENTRY, 0, 4);
		put(f.at, ENTRY + 4, 0, 4);
		assert_int_equal(pe_parse(f.at, len, &im, &why), len < TAIL_AT ? -ENOEXEC : 0);
		if (len >= TAIL_AT)
			assert_int_equal(pe_authenticode(&im, tpm_alg_by_id(TPM_ALG_SHA1), digest),
					 0);
	}
}

static void each_rule(void **state)
{
	static const struct {
		size_t at;
		uint32_t value;
		unsigned int bytes;
		const char *why;
	} rows[] = {
		{ 0, 0x4d5a, 2, "does not begin" },
		{ 0x3c, 0xffffffff, 4, "no PE header" },
		{ 0x3c, sizeof(good) - 23, 4, "no PE header" },
		{ HEADER, 0x4551, 4, "no PE header" },
		{ HEADER + 6, 97, 2, "too many sections" },
		{ HEADER + 6, 11, 2, "table of sections" },
		{ HEADER + 20, 0, 2, "optional header is not" },
		{ HEADER + 20, 0xffff, 2, "optional header is not" },
		{ HEADER + 20, 110, 2, "too short" },
		{ OPTIONAL, 0x107, 2, "neither PE32" },
		{ OPTIONAL + 108, 17, 4, "more directories" },
		{ OPTIONAL + 108, 0xffffffff, 4, "more directories" },
		{ OPTIONAL + 60, sizeof(good) + 1, 4, "headers are longer" },
		{ OPTIONAL + 60, OPTIONAL, 4, "headers are longer" },
		{ OPTIONAL + 60, TABLE + 79, 4, "table of sections" },
		{ ENTRY, CERT_AT - 8, 4, "not at the end" },
		{ ENTRY, 0xfffffff0, 4, "not at the end" },
		{ ENTRY + 4, CERT_BYTES - 8, 4, "not at the end" },
		{ ENTRY + 4, 0, 4, "not at the end" },
		{ TABLE + 16, 0x20000, 4, "not in the file" },
		{ TABLE + 20, 0xffffff00, 4, "not in the file" },
		{ TABLE + 20, DATA_AT - 1, 4, "overlap" },
		{ TABLE + 20, DATA_AT + 1, 4, "gap" },
		{ TABLE + 60, TEXT_AT - 8, 4, "overlap" },
	};
	struct pe_image im;
	const char *why;
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP_FILE struct file f = bytes_copy(good, sizeof(good));

		put(f.at, rows[i].at, rows[i].value, rows[i].bytes);
		assert_int_equal(pe_parse(f.at, f.len, &im, &why), -ENOEXEC);
		if (!strstr(why, rows[i].why))
			fail_msg("row %u: %s", i, why);
	}
	/* Certificates that begin within the last section. */
	CLEANUP_FILE struct file f = bytes_copy(good, sizeof(good));

	put(f.at, ENTRY, TAIL_AT - 8, 4);
	put(f.at, ENTRY + 4, sizeof(good) - TAIL_AT + 8, 4);
	assert_int_equal(pe_parse(f.at, f.len, &im, &why), -ENOEXEC);
	assert_non_null(strstr(why, "certificates overlap"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),
		cmocka_unit_test(digests),
		cmocka_unit_test(every_bit),
		cmocka_unit_test(every_length),
		cmocka_unit_test(each_rule),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
