// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Logs of whoever has the machine: every digest leads to what was quoted, but what the log says of
 * it, in types, names, order and place, is made for the verifier.  None of it is trusted.
 */
#include "attest_util.h"

#define SHA256		tpm_alg_by_id(TPM_ALG_SHA256)
#define SECURE_BOOT	"{\"version\":1,\"name\":\"p\",\"secure_boot\":{}}"
#define REPLAY		"{\"version\":1,\"name\":\"p\",\"replay\":[0,1,2,3,4,5,6,7]}"
#define SEQUENCE	"{\"version\":1,\"name\":\"p\",\"sequences\":{\"4\":[\"" SHA_A "\"]}}"
#define NO_EVIL		"{\"version\":1,\"name\":\"p\",\"ima\":{\"boot_aggregate\":false," \
			"\"files\":[{\"path\":\"/good\"}]}}"
#define SHA_A		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define STATES		5

static const char global_guid[] = "\x61\xdf\xe4\x8b\xca\x93\xd2\x11\xaa\x0d\x00\xe0\x98\x03\x2b\x8c";
static const char database_guid[] =
	"\xcb\xb2\x19\xd7\x3a\x3d\x96\x45\xa3\xbc\xda\xd0\x0e\x67\x65\x6f";

static const uint8_t nothing[32];

static void put_header(struct made *m)
{
	put32(m, 0);
	put32(m, EV_NO_ACTION);
	put(m, nothing, 20);
	put32(m, 33);
	put(m, "Spec ID Event03", 16);
	put32(m, 0);
	put(m, (uint8_t[]){ 0, 2, 0, 2 }, 4);
	put32(m, 1);
	put16(m, TPM_ALG_SHA256);
	put16(m, 32);
	put(m, "", 1);
}

/* An event whose digest is of one thing, and whose data another. */
static void put_event(struct made *m, uint32_t pcr, uint32_t type, struct str digested,
		      struct str data)
{
	uint8_t digest[TPM_DIGEST_MAX];

	assert_int_equal(tpm_hash(SHA256, digested.at, digested.len, digest), 0);
	put32(m, pcr);
	put32(m, type);
	put32(m, 1);
	put16(m, TPM_ALG_SHA256);
	put(m, digest, 32);
	put_field(m, data.at, data.len);
}

static const struct str zeros = { "\0\0\0", 4 }, failure = { "\1\0\0", 4 };

static void put_separators(struct made *m, uint32_t pcrs)
{
	uint32_t pcr;

	for (pcr = 0; pcr < 8; pcr++)
		if (pcrs & 1u << pcr)
			put_event(m, pcr, EV_SEPARATOR, zeros, zeros);
}

/* UEFI_VARIABLE_DATA in @d. */
static struct str variable(struct made *d, const char *guid, const char *name, struct str value)
{
	size_t i;

	d->len = 0;
	put(d, guid, 16);
	put32(d, strlen(name));
	put32(d, 0);
	put32(d, value.len);
	put32(d, 0);
	for (i = 0; name[i]; i++)
		put16(d, name[i]);
	put(d, value.at, value.len);
	return (struct str){ (char *)d->at, d->len };
}

static struct str state(struct made *d, unsigned int which, bool on)
{
	static const char *const names[STATES] = { "SecureBoot", "PK", "KEK", "db", "dbx" };
	struct str value = which ? STR("keys") : on ? STR("\1") : (struct str){ "", 1 };

	return variable(d, which < 3 ? global_guid : database_guid, names[which], value);
}

static void put_states(struct made *m)
{
	struct made d;
	unsigned int i;

	for (i = 0; i < STATES; i++) {
		struct str data = state(&d, i, true);

		put_event(m, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, data, data);
	}
}

static void put_authority(struct made *m)
{
	struct made d;
	struct str data = variable(&d, database_guid, "db", STR("whose"));

	put_event(m, 7, EV_EFI_VARIABLE_AUTHORITY, data, data);
}

/* PCR 7 of a machine that has Secure Boot. */
static void put_good(struct made *m)
{
	put_states(m);
	put_event(m, 7, EV_SEPARATOR, zeros, zeros);
	put_authority(m);
}

/* A machine whose PCRs are what this log leads to, as far as it can be replayed. */
static struct attest_evidence machine(const struct made *m)
{
	struct attest_evidence e = { .log = { (char *)m->at, m->len } };
	struct eventlog log;

	assert_int_equal(eventlog_open(&log, m->at, m->len), 0);
	eventlog_replay(&log, &e.pcrs);
	e.pcrs.bank[0].known = (1u << TPM_PCRS) - 1;
	return e;
}

static struct attest_verdict *judged_by(const char *policy, const struct attest_evidence *e)
{
	json_t *document = json_loads(policy, 0, NULL);
	struct attest_verdict *v;

	assert_non_null(document);
	v = judged(document, e);
	json_decref(document);
	return v;
}

static struct attest_verdict *judged_log(const char *policy, const struct made *m)
{
	struct attest_evidence e = machine(m);

	return judged_by(policy, &e);
}

static void honest(void **state)
{
	struct made m = { .len = 0 };

	(void)state;
	put_header(&m);
	put_separators(&m, 0x7f);
	put_good(&m);
	assert_trusted(judged_log(SECURE_BOOT, &m));
	assert_trusted(judged_log(REPLAY, &m));
}

/* Secure Boot was off; what says so is the value of a boot option without a name. */
static void boot_options(void **unused)
{
	struct made m = { .len = 0 }, was, d;
	unsigned int i;

	(void)unused;
	put_header(&m);
	put_separators(&m, 0x7f);
	for (i = 0; i <= STATES; i++) {
		struct str data = i < STATES ? state(&was, i, false) : zeros;

		put_event(&m, 7, EV_EFI_VARIABLE_BOOT, data, variable(&d, global_guid, "", data));
	}
	put_good(&m);
	for (i = 0; i <= STATES; i++)
		assert_found(judged_log(SECURE_BOOT, &m), "secure-boot", 7, 8 + i);
	assert_int_equal(judged_log(SECURE_BOOT, &m)->findings, STATES + 1);
}

/* The same as authorities, when any of those will do. */
static void authorities(void **unused)
{
	struct made m = { .len = 0 }, was;
	unsigned int i;

	(void)unused;
	put_header(&m);
	put_separators(&m, 0x7f);
	for (i = 0; i <= STATES; i++) {
		struct str data = i < STATES ? state(&was, i, false) : zeros;

		put_event(&m, 7, EV_EFI_VARIABLE_AUTHORITY, data, data);
	}
	put_good(&m);
	assert_found(judged_log(SECURE_BOOT, &m), "secure-boot", 7, 8);
	assert_found(judged_log(SECURE_BOOT, &m), "secure-boot", 7, 8 + STATES);
}

/* The firmware has measured nothing but a separator; or an authority before it. */
static void order(void **unused)
{
	struct made m = { .len = 0 }, early = { .len = 0 };

	(void)unused;
	put_header(&m);
	put_separators(&m, 0xff);
	put_states(&m);
	put_authority(&m);
	assert_found(judged_log(SECURE_BOOT, &m), "secure-boot", 7, 8);
	assert_int_equal(judged_log(SECURE_BOOT, &m)->findings, 3);

	put_header(&early);
	put_separators(&early, 0x7f);
	put_states(&early);
	put_authority(&early);
	put_event(&early, 7, EV_SEPARATOR, zeros, zeros);
	assert_found(judged_log(SECURE_BOOT, &early), "secure-boot", 7, 8 + STATES);
	assert_int_equal(judged_log(SECURE_BOOT, &early)->findings, 1);
}

/* A failure to measure is one, whatever it is called; but a boot order may be 1, 0. */
static void failures(void **unused)
{
	static const uint32_t types[] = {
		EV_IPL, EV_EFI_VARIABLE_BOOT, EV_EVENT_TAG, EV_POST_CODE,
	};
	struct made m = { .len = 0 }, d;
	unsigned int i;

	(void)unused;
	put_header(&m);
	put_separators(&m, 0xff);
	put_event(&m, 1, EV_EFI_VARIABLE_BOOT, failure,
		  variable(&d, global_guid, "BootOrder", failure));
	assert_trusted(judged_log(REPLAY, &m));
	for (i = 0; i < COUNT(types); i++) {
		size_t len = m.len;

		put_event(&m, 3, types[i], failure,
			  variable(&d, global_guid, "BootOrder", failure));
		assert_found(judged_log(REPLAY, &m), "separator", 3, 10);
		m.len = len;
	}
	put_event(&m, 1, EV_IPL, failure, STR("x"));
	assert_found(judged_log(REPLAY, &m), "separator", 1, 10);
}

/* PCRs that nobody has extended are no reason to trust a log that says nothing. */
static void no_log(void **unused)
{
	static const char *const policies[] = { SEQUENCE, SECURE_BOOT, REPLAY };
	static const char padding[4096];
	static const struct str logs[] = {
		{ "x", 1 }, { "", 0 }, { "\0\0\0", 4 }, { padding, sizeof(padding) },
	};
	struct made m = { .len = 0 };
	struct attest_evidence e;
	unsigned int i, k;

	(void)unused;
	put_header(&m);
	e = machine(&m);
	for (i = 0; i < COUNT(policies); i++) {
		e.log = (struct str){ (char *)m.at, m.len };
		assert_false(judged_by(policies[i], &e)->trusted);
		for (k = 0; k < COUNT(logs); k++) {
			e.log = logs[k];
			assert_found(judged_by(policies[i], &e), "log-damaged", -1, -1);
		}
	}
}

/* Where a replay ends, nobody reads on. */
static void late_locality(void **unused)
{
	struct made m = { .len = 0 };
	struct attest_evidence e;

	(void)unused;
	put_header(&m);
	put_separators(&m, 0x7f);
	put_event(&m, 0, EV_NO_ACTION, zeros, (struct str){ "StartupLocality\0\3", 17 });
	put_good(&m);
	e = machine(&m);
	assert_memory_equal(e.pcrs.bank[0].value[7], nothing, 32);
	assert_found(judged_by(SECURE_BOOT, &e), "secure-boot", 7, -1);
	assert_found(judged_by(REPLAY, &e), "separator", 7, -1);
}

/* Entries of IMA's that stand in the firmware's log would be judged by nobody. */
static void hidden_entries(void **unused)
{
	struct made m = { .len = 0 }, d = { .len = 0 }, list = { .len = 0 };
	struct attest_evidence e;
	uint8_t digest[TPM_DIGEST_MAX];
	unsigned int hidden;

	(void)unused;
	put_header(&m);
	put32(&d, 40);
	put(&d, "sha256:", 8);
	put(&d, nothing, 32);
	put_field(&d, "/good", 6);
	put_entry(&list, "ima-ng", &d);
	assert_int_equal(tpm_hash(SHA256, d.at, d.len, digest), 0);
	for (hidden = 0; hidden < 2; hidden++) {
		if (hidden)
			put_event(&m, TPM_PCR_IMA, EV_IPL, STR("an entry of /evil"), STR("x"));
		e = machine(&m);
		e.ima = (struct str){ (char *)list.at, list.len };
		tpm_pcr_extend(&e.pcrs.bank[0], TPM_PCR_IMA, digest);
		if (hidden)
			assert_found(judged_by(NO_EVIL, &e), "ima-incomplete", TPM_PCR_IMA, -1);
		else
			assert_trusted(judged_by(NO_EVIL, &e));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(honest), cmocka_unit_test(boot_options),
		cmocka_unit_test(authorities), cmocka_unit_test(order),
		cmocka_unit_test(failures), cmocka_unit_test(no_log),
		cmocka_unit_test(late_locality), cmocka_unit_test(hidden_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
