// SPDX-License-Identifier: GPL-2.0-or-later
/* skyctl tpm sign-policy: from what will be booted to what opens in that boot, in one go. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/report.h"
#include "skyctl.h"
#include "tpm/boot_policy.h"
#include "tpm/predict.h"

#define SMALL_MAX	65536u

static int load(const char *path, size_t max, char **text, size_t *len)
{
	int rc = file_read(path, max, text, len);

	return rc ? fail(-rc, "cannot read %s: %s", path, strerror(-rc)) : 0;
}

static int read_select(const char *text, uint32_t *pcrs)
{
	struct str rest = str_of(text), one;
	uint64_t pcr;

	*pcrs = text ? 0 : BOOT_POLICY_PCRS;
	while (str_cut(&rest, '+', &one)) {
		if (!str_number(one, TPM_PCRS - 1, &pcr) || *pcrs & 1u << pcr)
			return fail(EINVAL, "--select %s: write it as 4+7+9+11", text);
		*pcrs |= 1u << pcr;
	}
	return *pcrs ? 0 : fail(EINVAL, "--select: at least one PCR");
}

/* --- the PCRs of the boot ---------------------------------------------------------------- */

/* What is known is taken over what would be predicted. */
static int take_known(const char *path, const struct tpm_alg *bank, struct tpm_pcr_bank *to)
{
	CLEANUP_FREE char *text = NULL;
	struct tpm_pcr_set set = { .count = 0 };
	const struct tpm_pcr_bank *from;
	unsigned int line, i;
	size_t len;
	int rc = load(path, SMALL_MAX, &text, &len);

	if (rc)
		return rc;
	if (tpm_pcrs_parse(&set, (struct str){ text, len }, &line))
		return fail(EBADMSG, "%s:%u: write it as BANK INDEX HEX", path, line);
	from = tpm_pcr_get(&set, bank->id);
	if (!from)
		return fail(EINVAL, "%s has no PCR of bank %s", path, bank->name);
	for (i = 0; i < TPM_PCRS; i++)
		if (from->known & 1u << i)
			tpm_pcr_put(to, i, from->value[i]);
	return 0;
}

static int read_log(const char *path, struct prediction *to)
{
	CLEANUP_FREE char *text = NULL;
	struct eventlog log;
	const char *why;
	size_t len;
	int rc = load(path, EVENTLOG_MAX_BYTES, &text, &len);

	if (rc)
		return rc;
	if (eventlog_open(&log, text, len))
		return fail(EBADMSG, "%s: %s", path, log.fault.why);
	rc = predict_firmware(&log, to, &why);
	return rc ? fail(-rc, "%s: %s", path, why) : 0;
}

static int predict(const struct options *o, struct prediction *to)
{
	CLEANUP_FREE char *image = NULL;
	struct uki_digests d;
	const char *why;
	size_t len;
	int rc = load(o->uki, UKI_MAX_BYTES, &image, &len);

	if (rc)
		return rc;
	rc = uki_measure(image, len, to->bank.alg, &d, &why);
	if (rc)
		return fail(-rc, "%s: %s", o->uki, why);
	if (predict_image(&d, to))
		return fail(EIO, "%s: OpenSSL cannot hash", o->uki);
	if (d.no_pcr_9)
		warn("%s: PCR 9 is not said: %s", o->uki, d.no_pcr_9);
	return 0;
}

static int find_pcrs(const struct options *o, struct boot_policy *p)
{
	struct prediction boot;
	uint32_t missing;
	int rc = 0;

	predict_begin(&boot, p->bank);
	boot.secure_boot = o->secure_boot;
	if (o->log)
		rc = read_log(o->log, &boot);
	if (!rc && o->uki)
		rc = predict(o, &boot);
	p->values = boot.bank;
	if (!rc && o->pcrs)
		rc = take_known(o->pcrs, p->bank, &p->values);
	if (rc)
		return rc;
	missing = p->pcrs & ~p->values.known;
	if (!missing)
		return 0;
	fail(EINVAL, "PCR %d is not known", __builtin_ctz(missing));
	hint("--uki says 4, 9 and 11; --log, of a boot of that firmware, 0 to 7; --pcrs any");
	return -EINVAL;
}

/* --- the file ---------------------------------------------------------------------------- */

static int add_to_file(const char *path, const struct boot_policy *p)
{
	CLEANUP_FREE char *old = NULL, *text = NULL;
	CLEANUP(boot_policies_free) struct boot_policies all = { .count = 0 };
	const char *why = "out of memory";
	size_t len;
	int rc = file_read(path, BOOT_POLICY_FILE_MAX, &old, &len);

	if (rc && rc != -ENOENT)
		return fail(-rc, "cannot read %s: %s", path, strerror(-rc));
	rc = rc ? 0 : boot_policies_read(old, len, &all, &why);
	if (rc)
		return fail(-rc, "%s: %s", path, why);
	rc = boot_policies_add(&all, p);
	if (rc)
		return fail(-rc, "%s: %s", path, strerror(-rc));
	text = boot_policies_text(&all);
	rc = text ? file_write_atomic(path, text, strlen(text), 0644) : -ENOMEM;
	return rc ? fail(-rc, "cannot write %s: %s", path, strerror(-rc)) : 0;
}

/* --- or a quorum's ----------------------------------------------------------------------- */

/* What `skyctl govern propose` takes. */
static int print_actions(const char *name, const struct boot_policy *p)
{
	char digits[2 * TPM_DIGEST_MAX + 1], index[8];
	json_t *pcrs = json_object(), *list;
	unsigned int i;
	int rc = -ENOMEM;

	for (i = 0; i < TPM_PCRS; i++) {
		if (!(p->pcrs & 1u << i))
			continue;
		snprintf(index, sizeof(index), "%u", i);
		hex_encode(p->values.value[i], p->bank->size, digits);
		json_object_set_new(pcrs, index, json_string(digits));
	}
	list = json_pack("[{s:s, s:s, s:s, s:I, s:o}]", "do", "approve_pcrs", "name", name, "bank",
			 p->bank->name, "epoch", (json_int_t)p->epoch, "pcrs", pcrs);
	if (list)
		rc = json_dumpf(list, stdout, JSON_INDENT(2)) ? -EIO : 0;
	json_decref(list);
	if (rc)
		return fail(-rc, "cannot write the actions: %s", strerror(-rc));
	putchar('\n');
	return 0;
}

static int sign(const struct options *o, struct boot_policy *p)
{
	CLEANUP_FREE char *key = NULL;
	const char *why;
	size_t len;
	int rc = load(o->key, SMALL_MAX, &key, &len);

	if (rc)
		return rc;
	p->values.known &= p->pcrs;
	rc = boot_policy_sign(p, BOOT_POLICY_EPOCH, key, len, &why);
	explicit_bzero(key, len);
	return rc ? fail(-rc, "%s: %s", o->key, why) : add_to_file(o->out, p);
}

static const char *check_options(const struct options *o)
{
	if (o->epoch == UINT64_MAX || (!o->uki && !o->pcrs))
		return "say what will be booted (--uki or --pcrs), and the --epoch";
	if (o->propose && (o->key || o->out))
		return "--propose NAME signs nothing, and has no --key and no --out";
	if (o->propose && strcmp(o->bank, "sha256"))
		return "--propose NAME: members approve PCRs of the bank sha256";
	if (!o->propose && (!o->key || !o->out))
		return "say the --key that signs and where it goes (--out), or --propose NAME";
	return NULL;
}

int cmd_tpm_sign_policy(const struct options *o, int argc, char **argv)
{
	CLEANUP_FREE struct boot_policy *p = calloc(1, sizeof(*p));
	const char *wrong = check_options(o);
	int rc;

	(void)argc;
	(void)argv;
	if (wrong)
		return fail(EINVAL, "%s", wrong);
	if (!p)
		return fail(ENOMEM, "out of memory");
	p->bank = tpm_alg_by_name(str_of(o->bank));
	p->epoch = o->epoch;
	if (!p->bank)
		return fail(EINVAL, "--bank %s: there is no such bank", o->bank);
	rc = read_select(o->select, &p->pcrs);
	if (!rc)
		rc = find_pcrs(o, p);
	if (rc)
		return rc;
	return o->propose ? print_actions(o->propose, p) : sign(o, p);
}
