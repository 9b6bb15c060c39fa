// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a boot will measure: a real one has left exactly the PCRs that its image gives, and
 * digests of an image made here are those of osslsigncode, sbsign and systemd-measure.
 */
#include <ctype.h>

#include <jansson.h>

#include "shell.h"
#include "tpm_fake.h"
#include "tpm/attest.h"
#include "tpm/boot_policy.h"
#include "tpm/predict.h"

#define BOOT		"ovmf-uki-min-predicted"
#define TAMPERED	"ovmf-uki-min-tampered-cmdline"
#define STUB		"/usr/lib/systemd/boot/efi/linuxx64.efi.stub"
#define MEASURE		"/lib/systemd/systemd-measure"
#define CMDLINE		"console=ttyS0 ima_policy=tcb quiet"
#define IMAGE_MOST	(64u << 20)

static char top[64] = "/tmp/skyhold-uki-XXXXXX";

static const struct tpm_alg *sha256(void)
{
	return tpm_alg_by_id(TPM_ALG_SHA256);
}

static void equal_hex(const uint8_t *got, size_t len, const char *want)
{
	char text[2 * TPM_DIGEST_MAX + 1];

	hex_encode(got, len, text);
	if (strcasecmp(text, want))
		fail_msg("%s is not %s", text, want);
}

/* --- a real boot ------------------------------------------------------------------------------ */

static void from_hex(json_t *j, const char *name, uint8_t *to)
{
	assert_int_equal(hex_decode(json_string_value(json_object_get(j, name)), to, 32), 0);
}

static void hash_text(json_t *j, const char *name, uint8_t *to)
{
	const char *text = json_string_value(json_object_get(j, name));

	assert_int_equal(tpm_hash(sha256(), text, strlen(text), to), 0);
}

/* The digests that were written down before the boot. */
static json_t *read_artifacts(struct uki_digests *d)
{
	json_t *j = json_load_file(FIXTURES BOOT "/artifacts.json", 0, NULL);
	const char *cmdline;

	assert_non_null(j);
	*d = (struct uki_digests){ .alg = sha256() };
	from_hex(j, "uki_authenticode_sha256", d->image);
	from_hex(j, "kernel_authenticode_sha256", d->kernel);
	from_hex(j, "kernel_sha256", d->section[UKI_LINUX]);
	from_hex(j, "initrd_sha256", d->section[UKI_INITRD]);
	hash_text(j, "cmdline", d->section[UKI_CMDLINE]);
	hash_text(j, "osrel", d->section[UKI_OSREL]);
	cmdline = json_string_value(json_object_get(j, "cmdline"));
	assert_int_equal(uki_load_options(str_of(cmdline), sha256(), d->options), 0);
	equal_hex(d->options, 32,
		  json_string_value(json_object_get(j, "load_options_event_sha256")));
	d->present = 1 << UKI_LINUX | 1 << UKI_INITRD | 1 << UKI_CMDLINE | 1 << UKI_OSREL;
	return j;
}

static void real_pcrs(struct tpm_pcr_set *set, const char *dir)
{
	CLEANUP_FILE struct file text = fixture(dir, "pcrs.txt");

	assert_int_equal(tpm_pcrs_parse(set, (struct str){ (char *)text.at, text.len }, NULL), 0);
}

static void real_boot(void **state)
{
	struct prediction p;
	struct tpm_pcr_bank *bank = &p.bank;
	struct tpm_pcr_set real;
	struct uki_digests d;
	json_t *j = read_artifacts(&d), *want = json_object_get(j, "predicted_sha256");
	const char *key;
	json_t *value;

	(void)state;
	predict_begin(&p, sha256());
	assert_int_equal(predict_image(&d, &p), 0);
	assert_int_equal(json_object_size(want), 3);
	json_object_foreach(want, key, value)
		equal_hex(bank->value[atoi(key)], 32, json_string_value(value));
	real_pcrs(&real, BOOT);
	assert_true(tpm_pcr_equal(bank, tpm_pcr_get(&real, TPM_ALG_SHA256), 4));
	assert_true(tpm_pcr_equal(bank, tpm_pcr_get(&real, TPM_ALG_SHA256), 9));
	assert_true(tpm_pcr_equal(bank, tpm_pcr_get(&real, TPM_ALG_SHA256), 11));
	assert_true(tpm_pcr_equal(bank, tpm_pcr_get(&real, TPM_ALG_SHA256), 12));
	assert_true(tpm_pcr_equal(bank, tpm_pcr_get(&real, TPM_ALG_SHA256), 13));
	/* A word more on the command line, and three of them are others. */
	real_pcrs(&real, TAMPERED);
	assert_false(tpm_pcr_equal(bank, tpm_pcr_get(&real, TPM_ALG_SHA256), 4));
	assert_false(tpm_pcr_equal(bank, tpm_pcr_get(&real, TPM_ALG_SHA256), 9));
	assert_false(tpm_pcr_equal(bank, tpm_pcr_get(&real, TPM_ALG_SHA256), 11));
	json_decref(j);
}

/* The log of another boot of that firmware gives its part: all PCRs but IMA's can be said. */
static void real_firmware(void **state)
{
	static const char *const logs[] = { BOOT, TAMPERED };
	struct tpm_pcr_set real;
	struct prediction p;
	struct uki_digests d;
	const char *why;
	unsigned int i, pcr;

	(void)state;
	json_decref(read_artifacts(&d));
	real_pcrs(&real, BOOT);
	for (i = 0; i < 2; i++) {
		CLEANUP_FILE struct file f = fixture(logs[i], "binary_bios_measurements");
		struct tpm_pcr_bank *bank = &p.bank;
		struct eventlog log;

		assert_int_equal(eventlog_open(&log, f.at, f.len), 0);
		predict_begin(&p, sha256());
		if (predict_firmware(&log, &p, &why))
			fail_msg("%s", why);
		assert_int_equal(bank->known, 0xff);
		assert_false(p.secure_boot);
		assert_int_equal(predict_image(&d, &p), 0);
		for (pcr = 0; pcr < 14; pcr++)
			if (pcr != 8 && pcr != 10 &&
			    !tpm_pcr_equal(bank, tpm_pcr_get(&real, TPM_ALG_SHA256), pcr))
				fail_msg("PCR %u by the log of %s", pcr, logs[i]);
		assert_int_equal(eventlog_open(&log, f.at, f.len), 0);
		predict_begin(&p, tpm_alg_by_id(TPM_ALG_SHA384));
		assert_int_equal(predict_firmware(&log, &p, &why), -ENOENT);
		assert_int_equal(eventlog_open(&log, f.at, f.len - 1), 0);
		predict_begin(&p, sha256());
		assert_int_equal(predict_firmware(&log, &p, &why), -EBADMSG);
	}
}

/* The digest of the image that was booted, as a log has it. */
static void booted_image(struct eventlog *log, uint8_t *digest)
{
	struct event ev;

	while (eventlog_next(log, &ev) == 1)
		if (ev.pcr == 4 && ev.type == EV_EFI_BOOT_SERVICES_APPLICATION) {
			memcpy(digest, event_digest_of(&ev, sha256()), 32);
			return;
		}
	fail_msg("no application is started in the log");
}

/* With Secure Boot nothing measures the kernel in the image for itself. */
static void secure_boot(void **state)
{
	CLEANUP_FILE struct file f = fixture("ovmf-secureboot-uki", "binary_bios_measurements");
	struct uki_digests d = { .alg = sha256(), .no_pcr_9 = "nothing is known of it" };
	struct tpm_pcr_set real;
	struct prediction p;
	struct eventlog log;
	const char *why;

	(void)state;
	real_pcrs(&real, "ovmf-secureboot-uki");
	assert_int_equal(eventlog_open(&log, f.at, f.len), 0);
	booted_image(&log, d.image);
	memset(d.kernel, 7, 32);
	assert_int_equal(eventlog_open(&log, f.at, f.len), 0);
	predict_begin(&p, sha256());
	assert_int_equal(predict_firmware(&log, &p, &why), 0);
	assert_true(p.secure_boot);
	assert_int_equal(predict_image(&d, &p), 0);
	assert_true(tpm_pcr_equal(&p.bank, tpm_pcr_get(&real, TPM_ALG_SHA256), 4));
	assert_true(tpm_pcr_equal(&p.bank, tpm_pcr_get(&real, TPM_ALG_SHA256), 7));
}

/* What is written down as a policy trusts that boot, and says which event of another is wrong. */
static void as_policy(void **state)
{
	CLEANUP_FILE struct file f = fixture(BOOT, "binary_bios_measurements");
	CLEANUP_FILE struct file other = fixture(TAMPERED, "binary_bios_measurements");
	struct attest_policy *policy = NULL;
	struct attest_evidence e = { .log = { (char *)f.at, f.len } };
	uint8_t cap[TPM_DIGEST_MAX];
	struct tpm_pcr_bank *bank;
	struct attest_verdict v;
	struct attest_fault fault;
	struct prediction p;
	struct uki_digests d;
	struct eventlog log;
	const char *why;
	unsigned int i, wrong = 0;
	json_t *json;
	char *text;

	(void)state;
	json_decref(read_artifacts(&d));
	assert_int_equal(eventlog_open(&log, f.at, f.len), 0);
	predict_begin(&p, sha256());
	assert_int_equal(predict_firmware(&log, &p, &why), 0);
	assert_int_equal(predict_image(&d, &p), 0);
	json = predict_policy(&p, "rack-7");
	text = json_dumps(json, 0);
	if (attest_policy_parse(&policy, str_of(text), &fault))
		fail_msg("%s", fault.text);
	real_pcrs(&e.pcrs, BOOT);
	assert_int_equal(attest_judge(policy, &e, &v), 0);
	assert_true(v.trusted);
	/* Once it has opened a volume, too; and not when it was told so twice. */
	bank = &e.pcrs.bank[0];
	assert_int_equal(tpm_hash(sha256(), BOOT_CAP_EVENT, strlen(BOOT_CAP_EVENT), cap), 0);
	assert_int_equal(tpm_pcr_extend(bank, BOOT_CAP_PCR, cap), 0);
	assert_int_equal(attest_judge(policy, &e, &v), 0);
	assert_true(v.trusted);
	assert_int_equal(tpm_pcr_extend(bank, BOOT_CAP_PCR, cap), 0);
	assert_int_equal(attest_judge(policy, &e, &v), 0);
	assert_false(v.trusted);
	real_pcrs(&e.pcrs, TAMPERED);
	e.log = (struct str){ (char *)other.at, other.len };
	assert_int_equal(attest_judge(policy, &e, &v), 0);
	assert_false(v.trusted);
	/* The image and its command line by their events; and what the stub has measured. */
	for (i = 0; i < v.findings; i++)
		wrong |= 1u << v.finding[i].pcr;
	assert_int_equal(v.findings, 3);
	assert_int_equal(wrong, 1u << 4 | 1u << 9 | 1u << 11);
	assert_string_equal(v.finding[0].code, "pcr-value");
	assert_string_equal(v.finding[1].code, "event-digest");
	assert_string_equal(v.finding[2].code, "event-digest");
	attest_policy_free(policy);
	json_decref(json);
	free(text);
}

static void load_options(void **state)
{
	static const char *const bad[] = {
		"", " a", "a ", "a\n", "a\tb", "caf\xc3\xa9", "a\x7f", "\x01",
	};
	uint8_t digest[TPM_DIGEST_MAX];
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(uki_load_options(str_of(bad[i]), sha256(), digest), -EINVAL);
	assert_int_equal(uki_load_options(STR("a\0b"), sha256(), digest), -EINVAL);
	assert_int_equal(uki_load_options(STR("a  b"), sha256(), digest), 0);
}

/* --- an image made here ---------------------------------------------------------------------- */

static struct file load(const char *name)
{
	CLEANUP_FREE char *data = NULL;
	char path[256];
	size_t len;

	snprintf(path, sizeof(path), "%s/%s", top, name);
	if (file_read(path, IMAGE_MOST, &data, &len))
		fail_msg("no %s", path);
	return bytes_copy(data, len);
}

static void make_uki(const char *name, const char *more)
{
	RUN(0, "cd %s && objcopy --add-section .osrel=osrel --change-section-vma .osrel=0x20000"
	    " --add-section .cmdline=cmdline --change-section-vma .cmdline=0x30000"
	    " --add-section .linux=linux --change-section-vma .linux=0x2000000"
	    " --add-section .initrd=initrd --change-section-vma .initrd=0x3000000 %s"
	    " " STUB " %s", top, more, name);
}

static int setup(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(top));
	RUN(0, "cd %s && cp $(ls /boot/vmlinuz-* | tail -n 1) linux && printf 'ID=sky\\n' >osrel &&"
	    " printf '" CMDLINE "' >cmdline && head -c 100001 " STUB " >initrd && echo key >key &&"
	    " openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -subj /CN=test -days 2",
	    top);
	make_uki("uki", "");
	/* Signers pad the file to 8 bytes. */
	RUN(0, "cd %s && cp uki even && truncate -s %%8 even", top);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return sh("rm -rf %s", top);
}

static void authenticode_of(const char *name, uint16_t alg, char *hex)
{
	CLEANUP_FILE struct file f = load(name);
	uint8_t digest[TPM_DIGEST_MAX];
	struct pe_image im;
	const char *why;

	if (pe_parse(f.at, f.len, &im, &why))
		fail_msg("%s: %s", name, why);
	assert_int_equal(pe_authenticode(&im, tpm_alg_by_id(alg), digest), 0);
	hex_encode(digest, tpm_alg_by_id(alg)->size, hex);
	while (*hex) {
		*hex = toupper(*hex);
		hex++;
	}
}

/* osslsigncode says what it has computed, and what the signer had. */
static void as_signed(const char *name, uint16_t alg)
{
	char hex[2 * TPM_DIGEST_MAX + 1], line[256];

	authenticode_of(name, alg, hex);
	sh("cd %s && osslsigncode verify -in %s", top, name);
	snprintf(line, sizeof(line), "Current message digest    : %s", hex);
	heard(line);
	snprintf(line, sizeof(line), "Calculated message digest : %s", hex);
	heard(line);
}

static void as_signers(void **state)
{
	static const uint16_t algs[] = { TPM_ALG_SHA1, TPM_ALG_SHA256, TPM_ALG_SHA384 };
	char before[2 * TPM_DIGEST_MAX + 1], after[2 * TPM_DIGEST_MAX + 1];
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		RUN(0, "cd %s && rm -f signed && osslsigncode sign -h %s -certs c.pem -key k.pem"
		    " -in even -out signed", top, tpm_alg_by_id(algs[i])->name);
		as_signed("signed", algs[i]);
		authenticode_of("even", algs[i], before);
		authenticode_of("signed", algs[i], after);
		assert_string_equal(before, after);
	}
	/* That of sbsign, of an image and of the kernel. */
	RUN(0, "cd %s && sbsign --key k.pem --cert c.pem --output signed even", top);
	as_signed("signed", TPM_ALG_SHA256);
	RUN(0, "cd %s && sbsign --key k.pem --cert c.pem --output signed linux", top);
	authenticode_of("linux", TPM_ALG_SHA256, before);
	authenticode_of("signed", TPM_ALG_SHA256, after);
	assert_string_equal(before, after);
	/* A byte more at the end is hashed. */
	RUN(0, "cd %s && cp even more && echo >>more", top);
	authenticode_of("even", TPM_ALG_SHA256, before);
	authenticode_of("more", TPM_ALG_SHA256, after);
	assert_string_not_equal(before, after);
}

/* The kernel that the real boot had, where that very package is installed. */
static void recorded_kernel(void **state)
{
	CLEANUP_FILE struct file f = load("linux");
	char hex[2 * TPM_DIGEST_MAX + 1];
	uint8_t digest[32];
	struct uki_digests d;

	(void)state;
	json_decref(read_artifacts(&d));
	assert_int_equal(tpm_hash(sha256(), f.at, f.len, digest), 0);
	if (memcmp(digest, d.section[UKI_LINUX], 32))
		return print_message("# another kernel is installed\n");
	authenticode_of("linux", TPM_ALG_SHA256, hex);
	equal_hex(d.kernel, 32, hex);
}

static void as_systemd_measure(void **state)
{
	static const char *const algs[] = { "sha1", "sha256", "sha384" };
	CLEANUP_FILE struct file f = load("uki");
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		const struct tpm_alg *alg = tpm_alg_by_name(str_of(algs[i]));
		struct prediction p;
		char want[256], hex[2 * TPM_DIGEST_MAX + 1];
		struct uki_digests d;
		const char *why;

		if (uki_measure(f.at, f.len, alg, &d, &why))
			fail_msg("%s", why);
		assert_null(d.no_pcr_9);
		predict_begin(&p, alg);
		assert_int_equal(predict_image(&d, &p), 0);
		RUN(0, "cd %s && " MEASURE " calculate --linux=linux --osrel=osrel"
		    " --cmdline=cmdline --initrd=initrd --bank=%s --phase=: --json=short",
		    top, algs[i]);
		hex_encode(p.bank.value[11], alg->size, hex);
		snprintf(want, sizeof(want), "{\"%s\":[{\"pcr\":11,\"hash\":\"%s\"}]}", algs[i],
			 hex);
		heard(want);
	}
}

/* A key for signatures of PCRs is measured, and goes to the initrd. */
static void with_key(void **state)
{
	struct prediction p;
	struct uki_digests d;
	const char *why;
	char hex[65];

	(void)state;
	make_uki("with-key", "--add-section .pcrpkey=key --change-section-vma .pcrpkey=0x40000");
	CLEANUP_FILE struct file f = load("with-key");

	assert_int_equal(uki_measure(f.at, f.len, sha256(), &d, &why), 0);
	assert_non_null(d.no_pcr_9);
	predict_begin(&p, sha256());
	assert_int_equal(predict_image(&d, &p), 0);
	assert_int_equal(p.bank.known, 1 << 4 | 1 << 11 | 1 << 12 | 1 << 13);
	RUN(0, "cd %s && " MEASURE " calculate --linux=linux --osrel=osrel --cmdline=cmdline"
	    " --initrd=initrd --pcrpkey=key --bank=sha256 --phase=: --json=short", top);
	hex_encode(p.bank.value[11], 32, hex);
	heard(hex);
}

/* Return: NULL, or why it is refused. */
static const char *measure(struct file f, int *rc)
{
	struct uki_digests d;
	const char *why = NULL;

	*rc = uki_measure(f.at, f.len, sha256(), &d, &why);
	assert_true(!*rc == !why);
	return why;
}

static void says(const char *why, const char *want)
{
	if (!why || !strstr(why, want))
		fail_msg("\"%s\" is not \"%s\"", why ? why : "accepted", want);
}

static void wrong_images(void **state)
{
	CLEANUP_FILE struct file uki = load("uki");
	CLEANUP_FILE struct file kernel = load("linux");
	char *at;
	int rc;

	(void)state;
	says(measure(kernel, &rc), "stub of systemd");
	at = memmem(uki.at, uki.len, "systemd-stub 252", 16);
	assert_non_null(at);
	at[15] = '4';
	says(measure(uki, &rc), "others measure differently");
	assert_int_equal(rc, -EOPNOTSUPP);
	at[15] = '2';
	at[16] = '3';
	says(measure(uki, &rc), "others measure differently");
	at[16] = '.';
	assert_null(measure(uki, &rc));
	at = memmem(uki.at, 4096, ".osrel\0", 7);
	memcpy(at, ".linux\0", 7);
	says(measure(uki, &rc), "twice");
	memcpy(at, ".other\0", 7);
	assert_null(measure(uki, &rc));
	at = memmem(uki.at, 4096, ".linux\0", 7);
	at[9]++;			/* VirtualSize: more than the file has */
	at[10]++;
	says(measure(uki, &rc), "not wholly");
	at[9]--;
	at[10]--;
	memcpy(at, ".linuy\0", 7);
	says(measure(uki, &rc), "no kernel");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_boot),
		cmocka_unit_test(real_firmware),
		cmocka_unit_test(secure_boot),
		cmocka_unit_test(as_policy),
		cmocka_unit_test(load_options),
		cmocka_unit_test(as_signers),
		cmocka_unit_test(recorded_kernel),
		cmocka_unit_test(as_systemd_measure),
		cmocka_unit_test(with_key),
		cmocka_unit_test(wrong_images),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
