// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Judgements of recorded boots: each is trusted by a policy made from it, and by no other; what
 * is changed afterwards is found, and named.
 */
#include <errno.h>

#include "attest_util.h"

static const char *const boots[] = {
	"ovmf-crb-direct", "ovmf-secureboot-dm", SECURE, "ovmf-tis-direct-sha256", PREDICTED,
	TAMPERED, "seabios-tis", DM,
};

static void trusted(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(boots); i++) {
		struct boot b = boot_of(boots[i]);
		json_t *policy = policy_of(&b, "sha256");
		struct attest_verdict *v = judged(policy, &b.e);

		assert_trusted(v);
		assert_true(v->events > 10 && v->entries > 0);
		assert_true(v->claimed[CLAIM_EXECUTABLES] && v->claimed[CLAIM_CONFIGURATION]);
		assert_false(v->claimed[CLAIM_STORAGE]);
		json_decref(policy);
		boot_free(&b);
	}
}

/* One word more on the command line: these PCRs and these events, and no others. */
static void tampered(void **state)
{
	static const int pcrs[] = { 4, 9, 11 };
	struct boot good = boot_of(PREDICTED), other = boot_of(TAMPERED);
	json_t *policy = policy_of(&good, "sha256");
	struct attest_verdict *v = judged(policy, &other.e);
	const struct attest_finding *f;
	char line[640];
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(pcrs); i++)
		assert_found(v, "pcr-value", pcrs[i], -1);
	f = found(v, "event-digest", 4, -1);
	assert_non_null(f);
	assert_int_equal(f->type, EV_EFI_BOOT_SERVICES_APPLICATION);
	attest_finding_text(f, line, sizeof(line));
	assert_non_null(strstr(line, "(EV_EFI_BOOT_SERVICES_APPLICATION, PCR 4)"));
	/* What was built: the digest of the image as predicted. */
	assert_non_null(strstr(line, "expected 4da3410ed28f09f2c96cceb0b44a9ac79b38afb73afbc879fb99e930e0825927"));
	assert_non_null(found(v, "event-digest", 9, -1));
	assert_non_null(found(v, "event-digest", 11, -1));
	for (i = 0; i < v->findings; i++)
		if (v->finding[i].pcr != 4 && v->finding[i].pcr != 9 && v->finding[i].pcr != 11)
			fail_msg("%s", attest_finding_text(&v->finding[i], line, sizeof(line)));
	assert_int_equal(v->findings, 6);
	json_decref(policy);
	boot_free(&good);
	boot_free(&other);
}

static void missing(void **state)
{
	struct boot b = boot_of(PREDICTED);
	json_t *policy = policy_of(&b, "sha256"), *sha384 = policy_of(&b, "sha256");
	struct attest_evidence e = b.e;

	(void)state;
	e.log = STR_NONE;
	assert_found(judged(policy, &e), "log-missing", -1, -1);
	e = b.e;
	e.ima = STR_NONE;
	assert_found(judged(policy, &e), "ima-missing", -1, -1);
	e = b.e;
	e.pcrs.bank[0].known &= ~(1u << 9);
	assert_found(judged(policy, &e), "pcr-missing", 9, -1);
	e.pcrs.bank[0].known = 0x3ff;
	assert_found(judged(policy, &e), "pcr-missing", TPM_PCR_IMA, -1);
	e.pcrs.count = 0;
	assert_found(judged(policy, &e), "bank-missing", -1, -1);
	/* Another machine's log. */
	e = b.e;
	e.log = STR("\0\0\0\0");
	assert_found(judged(policy, &e), "log-damaged", -1, -1);
	json_decref(policy);
	json_decref(sha384);
	boot_free(&b);
}

/* Between the quote and the list, entries may be added, but none may be missing. */
static void behind(void **state)
{
	struct boot b = boot_of(UKI);
	json_t *policy = policy_of(&b, "sha256"), *ima = json_object_get(policy, "ima");
	struct blob quoted = blob_of(UKI, "ima_binary_at_quote");
	struct attest_verdict *v;

	(void)state;
	/* It has violations. */
	quote_list(&b, quoted);
	assert_found(judged(policy, &b.e), "ima-violation", -1, -1);
	json_object_set_new(ima, "violations", json_true());
	v = judged(policy, &b.e);
	assert_trusted(v);
	assert_int_equal(v->ima_bytes, quoted.len);
	assert_true(v->ima_bytes < b.ima.len);
	b.e.ima = (struct str){ (char *)quoted.at, quoted.len };
	assert_trusted(judged(policy, &b.e));
	b.e.ima.len--;
	assert_found(judged(policy, &b.e), "ima-damaged", TPM_PCR_IMA, -1);
	b.e.ima = (struct str){ (char *)b.ima.at, b.ima.len };
	b.e.pcrs = pcrs_of(UKI, "pcrs_after.txt");
	v = judged(policy, &b.e);
	assert_found(v, "ima-incomplete", TPM_PCR_IMA, -1);
	assert_non_null(strstr(v->finding[0].text, "log incomplete"));
	blob_free(&quoted);
	json_decref(policy);
	boot_free(&b);
}

/* A bank of padded SHA-1 is no stronger than SHA-1; who wants that has to say so. */
static void padded(void **state)
{
	struct boot b = boot_of("ovmf-crb-direct");
	json_t *policy = policy_of(&b, "sha384");
	struct attest_verdict *v = judged(policy, &b.e);

	(void)state;
	assert_found(v, "ima-padded", TPM_PCR_IMA, -1);
	assert_int_equal(v->findings, 1);
	json_object_set_new(json_object_get(policy, "ima"), "padded", json_true());
	v = judged(policy, &b.e);
	assert_trusted(v);
	assert_true(v->padded);
	json_decref(policy);
	boot_free(&b);
}

static void secure_boot(void **state)
{
	struct boot on = boot_of(SECURE), off = boot_of(PREDICTED);
	json_t *policy = json_pack("{s:i, s:s, s:{}}", "version", 1, "name", "sb", "secure_boot");
	json_t *rule = json_object_get(policy, "secure_boot"), *digests;
	struct attest_verdict *v;
	struct eventlog log;
	struct event ev;

	(void)state;
	v = judged(policy, &on.e);
	assert_trusted(v);
	assert_true(v->secure_boot);
	assert_non_null(strstr(v->db, "O=SnakeOil"));
	assert_string_equal(v->authorities, v->db);
	/* What the log says is not repeated where it does not lead to the quoted PCR. */
	on.e.pcrs.bank[0].value[7][0] ^= 1;
	v = judged(policy, &on.e);
	assert_false(v->secure_boot || *v->db || *v->authorities);
	on.e.pcrs.bank[0].value[7][0] ^= 1;
	v = judged(policy, &off.e);
	assert_false(v->secure_boot);
	assert_found(v, "secure-boot", 7, -1);
	assert_non_null(strstr(v->finding[0].text, "Secure Boot is off"));
	assert_int_equal(v->findings, 1);

	/* The database that it has, and others. */
	assert_int_equal(eventlog_open(&log, on.log.at, on.log.len), 0);
	while (eventlog_next(&log, &ev) == 1 && ev.index < 25)
		if (ev.index == 7)
			json_object_set_new(rule, "db", hex_json(ev.digest[0].alg, ev.digest[0].at));
	assert_int_equal(ev.type, EV_EFI_VARIABLE_AUTHORITY);
	digests = json_pack("[o]", hex_json(ev.digest[0].alg, ev.digest[0].at));
	json_object_set_new(rule, "authorities", digests);
	assert_trusted(judged(policy, &on.e));
	json_object_set_new(rule, "authorities", json_array());
	assert_found(judged(policy, &on.e), "secure-boot", 7, 25);
	json_object_set(rule, "dbx", json_object_get(rule, "db"));
	assert_found(judged(policy, &on.e), "secure-boot", 7, 8);
	json_decref(policy);
	boot_free(&on);
	boot_free(&off);
}

/* The value of a variable is not believed when the digest is of another one. */
static void forged_data(void **state)
{
	struct boot b = boot_of(PREDICTED);
	json_t *policy = json_pack("{s:i, s:s, s:{}}", "version", 1, "name", "sb", "secure_boot");
	struct attest_verdict *v;
	struct eventlog log;
	struct event ev;

	(void)state;
	assert_int_equal(eventlog_open(&log, b.log.at, b.log.len), 0);
	do
		assert_int_equal(eventlog_next(&log, &ev), 1);
	while (ev.pcr != 7);
	/* SecureBoot: the last byte is its value. */
	((char *)ev.data.at)[ev.data.len - 1] = 1;
	v = judged(policy, &b.e);
	assert_found(v, "event-unbound", 7, ev.index);
	assert_found(v, "secure-boot", 7, -1);
	assert_false(v->secure_boot);
	json_decref(policy);
	boot_free(&b);
}

/* Every event is called by every other type in turn: none of it helps, much of it is found. */
static void relabelled(void **state)
{
	static const uint32_t types[] = {
		EV_SEPARATOR, EV_EFI_ACTION, EV_NO_ACTION, EV_EFI_VARIABLE_DRIVER_CONFIG,
		EV_S_CRTM_VERSION,
	};
	struct boot b = boot_of(PREDICTED);
	json_t *policy = policy_of(&b, "sha256");
	unsigned int i, t, refused = 0;
	struct event ev[64];
	struct eventlog log;

	(void)state;
	assert_int_equal(eventlog_open(&log, b.log.at, b.log.len), 0);
	for (i = 0; eventlog_next(&log, &ev[i]) == 1; i++)
		;
	for (i = 1; i < log.index; i++)
		for (t = 0; t < COUNT(types); t++) {
			uint8_t *at = b.log.at + ev[i].offset + 4;
			struct attest_verdict *v;

			if (ev[i].type == types[t])
				continue;
			memcpy(at, (uint8_t[]){ types[t], types[t] >> 8, types[t] >> 16,
			       types[t] >> 24 }, 4);
			v = judged(policy, &b.e);
			refused += !v->trusted;
			/* Now it is not extended, so that the PCR is another. */
			if (types[t] == EV_NO_ACTION)
				assert_found(v, "log-mismatch", ev[i].pcr, -1);
			memcpy(at, (uint8_t[]){ ev[i].type, ev[i].type >> 8, ev[i].type >> 16,
			       ev[i].type >> 24 }, 4);
		}
	assert_true(refused > 80);
	json_decref(policy);
	boot_free(&b);
}

/* Behind its separator the firmware's PCR is what it is; a second separator is none. */
static void separators(void **state)
{
	struct boot b = boot_of(PREDICTED);
	json_t *policy = json_pack("{s:i, s:s, s:[i]}", "version", 1, "name", "x", "replay", 0);
	const struct tpm_alg *sha256 = tpm_alg_by_id(TPM_ALG_SHA256);
	struct made m = { .len = 0 };
	struct attest_verdict *v;
	uint8_t digest[TPM_DIGEST_MAX];

	(void)state;
	assert_trusted(judged(policy, &b.e));
	put(&m, b.log.at, b.log.len);
	put32(&m, 0);
	put32(&m, EV_SEPARATOR);
	put32(&m, 1);
	put16(&m, TPM_ALG_SHA256);
	tpm_hash(sha256, "\0\0\0", 4, digest);
	put(&m, digest, 32);
	put32(&m, 4);
	put(&m, "\0\0\0", 4);
	b.e.log = (struct str){ (char *)m.at, m.len };
	/* Appended to the log alone, and to the PCR as well. */
	v = judged(policy, &b.e);
	assert_found(v, "log-mismatch", 0, -1);
	tpm_pcr_extend(&b.e.pcrs.bank[0], 0, digest);
	v = judged(policy, &b.e);
	assert_int_equal(v->findings, 1);
	assert_found(v, "separator", 0, 37);
	/* One that reports an error. */
	m.len -= 32 + 4 + 4;
	tpm_hash(sha256, "\1\0\0", 4, digest);
	put(&m, digest, 32);
	put32(&m, 4);
	put(&m, "\7\0\0", 4);
	b.e.log = (struct str){ (char *)m.at, m.len };
	assert_found(judged(policy, &b.e), "separator", 0, 37);
	json_decref(policy);
	boot_free(&b);
}

/* Cut anywhere, the log is not trusted, unless nothing of what is missing was measured. */
static void truncated(void **state)
{
	struct boot b = boot_of("seabios-tis");
	json_t *policy = policy_of(&b, "sha256");
	struct attest_policy *p = compiled(policy);
	static struct attest_verdict v;
	size_t len;

	(void)state;
	for (len = 0; len < b.log.len; len++) {
		struct blob part = blob_copy(b.log.at, len);

		b.e.log = (struct str){ (char *)part.at, len };
		assert_int_equal(attest_judge(p, &b.e, &v), 0);
		assert_false(v.trusted);
		blob_free(&part);
	}
	attest_policy_free(p);
	json_decref(policy);
	boot_free(&b);
}

/* A last event that is cut is nobody's loss when all PCRs are reached without it. */
static void cut_end(void **state)
{
	struct boot b = boot_of(PREDICTED);
	json_t *policy = policy_of(&b, "sha256");
	struct made m = { .len = 0 };
	struct attest_verdict *v;

	(void)state;
	put(&m, b.log.at, b.log.len);
	put32(&m, 0);
	put32(&m, EV_NO_ACTION);
	put32(&m, 1);
	b.e.log = (struct str){ (char *)m.at, m.len };
	v = judged(policy, &b.e);
	assert_trusted(v);
	assert_true(v->log_cut);
	/* With a PCR unknown it could have been of that one. */
	b.e.pcrs.bank[0].known &= ~(1u << 15);
	assert_found(judged(policy, &b.e), "log-damaged", -1, -1);
	json_decref(policy);
	boot_free(&b);
}

/* All that was believed of a boot is what is true of it. */
static void believes_the_same(const struct attest_verdict *v, const struct attest_verdict *truth)
{
	assert_int_equal(v->secure_boot, truth->secure_boot);
	assert_string_equal(v->db, truth->db);
	assert_string_equal(v->authorities, truth->authorities);
	assert_int_equal(v->entries, truth->entries);
	assert_int_equal(v->ima_bytes, truth->ima_bytes);
	assert_memory_equal(v->claimed, truth->claimed, sizeof(v->claimed));
}

static void mutated(void **state)
{
	struct boot b = boot_of(PREDICTED);
	json_t *policy = policy_of(&b, "sha256");
	struct attest_policy *p = compiled(policy);
	static struct attest_verdict v, truth;
	unsigned int i, passed = 0, tried = 0;

	(void)state;
	assert_int_equal(attest_judge(p, &b.e, &truth), 0);
	assert_trusted(&truth);
	for (i = 0; i < b.ima.len; i += 7) {
		b.ima.at[i] ^= 1 << i % 8;
		assert_int_equal(attest_judge(p, &b.e, &v), 0);
		assert_false(v.trusted);
		b.ima.at[i] ^= 1 << i % 8;
	}
	for (i = 65; i < b.log.len; i++) {
		b.log.at[i] ^= 1 << i % 8;
		assert_int_equal(attest_judge(p, &b.e, &v), 0);
		/* In what nobody has digested: it is not used either. */
		if (v.trusted)
			believes_the_same(&v, &truth);
		passed += v.trusted;
		tried++;
		b.log.at[i] ^= 1 << i % 8;
	}
	print_message("# of %u changes of a bit %u are in what nobody has digested\n", tried, passed);
	assert_true(passed && passed < tried / 4);
	attest_policy_free(p);
	json_decref(policy);
	boot_free(&b);
}

/* Findings are kept as far as there is room, and all are counted. */
static void many(void **state)
{
	struct boot b = boot_of(UKI);
	json_t *policy = json_pack("{s:i, s:s, s:{s:b}}", "version", 1, "name", "none", "ima",
				   "violations", 1), *o;
	struct attest_verdict *v;

	(void)state;
	quote_list(&b, b.ima);
	v = judged(policy, &b.e);
	assert_true(v->findings > ATTEST_FINDINGS);
	/* All but boot_aggregate and two violations. */
	assert_int_equal(v->entries - 3, v->findings);
	o = attest_verdict_json(v);
	assert_int_equal(json_array_size(json_object_get(o, "finding")), ATTEST_FINDINGS);
	assert_int_equal(json_integer_value(json_object_get(o, "findings")), v->findings);
	json_decref(o);
	json_decref(policy);
	boot_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trusted), cmocka_unit_test(tampered), cmocka_unit_test(missing),
		cmocka_unit_test(behind), cmocka_unit_test(padded), cmocka_unit_test(secure_boot),
		cmocka_unit_test(forged_data), cmocka_unit_test(relabelled),
		cmocka_unit_test(separators), cmocka_unit_test(truncated),
		cmocka_unit_test(cut_end), cmocka_unit_test(mutated), cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
