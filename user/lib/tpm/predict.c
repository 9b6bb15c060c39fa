// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "predict.h"

#define STUB		"#### LoaderInfo: systemd-stub "
#define STUB_VERSION	"252"		/* whose order of sections is known here */
#define CMDLINE_MAX	65536u
#define FIRMWARE_PCRS	8u		/* 0 to 7 are the firmware's */

static const char boot_action[] = "Calling EFI Application from Boot Option";

const char *const uki_section_name[UKI_SECTIONS] = {
	[UKI_LINUX] = ".linux", [UKI_OSREL] = ".osrel", [UKI_CMDLINE] = ".cmdline",
	[UKI_INITRD] = ".initrd", [UKI_SPLASH] = ".splash", [UKI_DTB] = ".dtb",
	[UKI_PCRPKEY] = ".pcrpkey",
};

/* --- the image ------------------------------------------------------------------------------- */

/* "#### LoaderInfo: systemd-stub 252.39-1 ####" */
static int check_stub(const struct pe_image *im, const char **why)
{
	struct tpm_blob magic;
	struct str text;

	*why = "it is no image with the stub of systemd";
	if (pe_section_data(im, ".sdmagic", &magic))
		return -ENOEXEC;
	text = (struct str){ (const char *)magic.at, magic.len };
	if (!str_starts(text, STR(STUB)))
		return -ENOEXEC;
	text = str_skip(text, sizeof(STUB) - 1);
	*why = "its stub is not that of systemd " STUB_VERSION ", and others measure differently";
	if (!str_starts(text, STR(STUB_VERSION)) || text.len == sizeof(STUB_VERSION) - 1 ||
	    (text.at[sizeof(STUB_VERSION) - 1] != '.' && text.at[sizeof(STUB_VERSION) - 1] != '-' &&
	     text.at[sizeof(STUB_VERSION) - 1] != ' '))
		return -EOPNOTSUPP;
	*why = NULL;
	return 0;
}

int uki_load_options(struct str text, const struct tpm_alg *alg, uint8_t *digest)
{
	CLEANUP_FREE uint8_t *wide = NULL;
	size_t i;

	if (!text.len || text.len > CMDLINE_MAX || text.at[0] == ' ' ||
	    text.at[text.len - 1] == ' ')
		return -EINVAL;
	wide = calloc(text.len + 1, 2);
	if (!wide)
		return -ENOMEM;
	for (i = 0; i < text.len; i++) {
		if (text.at[i] < 0x20 || text.at[i] > 0x7e)
			return -EINVAL;
		wide[2 * i] = text.at[i];
	}
	return tpm_hash(alg, wide, 2 * (text.len + 1), digest);
}

static const char *const option_trouble =
	"the command line has other characters than printable ASCII, or begins or ends with a blank";

/* The stub adds to the initrd what a section of another name says. */
static int measure_boot(const struct pe_image *im, const struct tpm_blob *section,
			struct uki_digests *to)
{
	const struct tpm_blob *cmdline = &section[UKI_CMDLINE];
	struct tpm_blob signature;
	int rc;

	if (!(to->present & 1 << UKI_CMDLINE)) {
		to->no_pcr_9 = "there is no command line in the image";
		return 0;
	}
	if (pe_section_data(im, ".pcrsig", &signature) != -ENOENT ||
	    to->present & 1 << UKI_PCRPKEY)
		to->no_pcr_9 = "the stub adds the PCR signature or its key to the initrd";
	rc = uki_load_options((struct str){ (const char *)cmdline->at, cmdline->len }, to->alg,
			      to->options);
	if (rc != -EINVAL)
		return rc;
	to->no_pcr_9 = option_trouble;
	return 0;
}

static int measure_sections(const struct pe_image *im, struct uki_digests *to,
			    struct tpm_blob *section, const char **why)
{
	unsigned int i;
	int rc = 0;

	for (i = 0; !rc && i < UKI_SECTIONS; i++) {
		rc = pe_section_data(im, uki_section_name[i], &section[i]);
		if (rc == -ENOENT) {
			rc = 0;
			continue;
		}
		*why = rc ? "a section is there twice, or not wholly" : NULL;
		if (rc)
			return -ENOEXEC;
		/* The stub takes an empty one for none. */
		if (!section[i].len)
			continue;
		to->present |= 1 << i;
		rc = tpm_hash(to->alg, section[i].at, section[i].len, to->section[i]);
	}
	return rc;
}

int uki_measure(const void *file, size_t len, const struct tpm_alg *alg, struct uki_digests *to,
		const char **why)
{
	struct tpm_blob section[UKI_SECTIONS] = { { NULL, 0 } };
	struct pe_image im, kernel;
	int rc;

	*to = (struct uki_digests){ .alg = alg };
	*why = "it is too large";
	rc = len > UKI_MAX_BYTES ? -ENOEXEC : pe_parse(file, len, &im, why);
	if (!rc)
		rc = check_stub(&im, why);
	if (!rc)
		rc = measure_sections(&im, to, section, why);
	if (rc)
		return rc;
	*why = "there is no kernel in the image";
	if (!(to->present & 1 << UKI_LINUX))
		return -ENOEXEC;
	if (pe_parse(section[UKI_LINUX].at, section[UKI_LINUX].len, &kernel, why))
		return -ENOEXEC;
	*why = "OpenSSL cannot hash";
	rc = pe_authenticode(&im, alg, to->image);
	if (!rc)
		rc = pe_authenticode(&kernel, alg, to->kernel);
	if (!rc)
		rc = measure_boot(&im, section, to);
	if (!rc)
		*why = NULL;
	return rc;
}

/* --- the PCRs -------------------------------------------------------------------------------- */

static int extend_by(struct tpm_pcr_bank *bank, unsigned int pcr, const void *data, size_t len)
{
	uint8_t digest[TPM_DIGEST_MAX];
	int rc = tpm_hash(bank->alg, data, len, digest);

	return rc ? rc : tpm_pcr_extend(bank, pcr, digest);
}

static void start_at_zero(struct tpm_pcr_bank *bank, unsigned int pcr)
{
	static const uint8_t zero[TPM_DIGEST_MAX];

	tpm_pcr_put(bank, pcr, zero);
}

static int predict_4(const struct uki_digests *d, struct tpm_pcr_bank *bank)
{
	static const uint8_t separator[4];
	int rc = 0;

	if (!(bank->known & 1 << 4)) {
		start_at_zero(bank, 4);
		rc = extend_by(bank, 4, boot_action, sizeof(boot_action) - 1);
		if (!rc)
			rc = extend_by(bank, 4, separator, sizeof(separator));
	}
	if (!rc)
		rc = tpm_pcr_extend(bank, 4, d->image);
	return rc ? rc : tpm_pcr_extend(bank, 4, d->kernel);
}

static int predict_9(const struct uki_digests *d, struct tpm_pcr_bank *bank)
{
	int rc;

	if (d->no_pcr_9)
		return 0;
	start_at_zero(bank, 9);
	rc = tpm_pcr_extend(bank, 9, d->options);
	if (!rc && d->present & 1 << UKI_INITRD)
		rc = tpm_pcr_extend(bank, 9, d->section[UKI_INITRD]);
	return rc;
}

static int predict_11(const struct uki_digests *d, struct tpm_pcr_bank *bank)
{
	unsigned int i;
	int rc = 0;

	start_at_zero(bank, 11);
	for (i = 0; !rc && i < UKI_SECTIONS; i++) {
		if (!(d->present & 1 << i))
			continue;
		rc = extend_by(bank, 11, uki_section_name[i], strlen(uki_section_name[i]) + 1);
		if (!rc)
			rc = tpm_pcr_extend(bank, 11, d->section[i]);
	}
	return rc;
}

int predict_pcrs(const struct uki_digests *d, struct tpm_pcr_bank *bank)
{
	int rc = predict_4(d, bank);

	if (!rc)
		rc = predict_9(d, bank);
	if (!rc)
		rc = predict_11(d, bank);
	start_at_zero(bank, 12);
	start_at_zero(bank, 13);
	return rc;
}

int predict_firmware(struct eventlog *log, const struct tpm_alg *alg, struct tpm_pcr_bank *bank,
		     const char **why)
{
	CLEANUP_FREE struct tpm_pcr_set *set = calloc(1, sizeof(*set));
	const struct tpm_pcr_bank *from;
	bool started = false;
	struct event ev;
	uint32_t i;
	int rc;

	*why = "no memory";
	if (!set)
		return -ENOMEM;
	eventlog_banks(log, set);
	while ((rc = eventlog_next(log, &ev)) > 0) {
		started |= ev.pcr == 4 && ev.type == EV_EFI_BOOT_SERVICES_APPLICATION;
		if (ev.pcr >= FIRMWARE_PCRS || (ev.pcr == 4 && started))
			continue;
		rc = eventlog_extend(set, &ev);
		if (rc)
			break;
	}
	*why = log->fault.why ? log->fault.why : "the log cannot be replayed";
	if (rc)
		return rc;
	*why = !started ? "no application is started in the log" : "the log has no such bank";
	from = tpm_pcr_get(set, alg->id);
	if (!started || !from)
		return -ENOENT;
	for (i = 0; i < FIRMWARE_PCRS; i++)
		if (from->known & 1u << i)
			tpm_pcr_put(bank, i, from->value[i]);
	/* Nothing may have come before the first application. */
	if (!(from->known & 1 << 4))
		start_at_zero(bank, 4);
	*why = NULL;
	return 0;
}
