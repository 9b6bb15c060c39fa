// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "event_bind.h"
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

/* --- the image's part ------------------------------------------------------------------------- */

/* Note an event, and extend its PCR. */
static int measure(struct prediction *p, unsigned int pcr, const uint8_t *digest)
{
	struct predict_event *ev = &p->event[p->events];

	if (p->events == PREDICT_EVENTS)
		return -E2BIG;
	p->events++;
	ev->pcr = pcr;
	memcpy(ev->digest, digest, p->bank.alg->size);
	return tpm_pcr_extend(&p->bank, pcr, digest);
}

static int measure_data(struct prediction *p, unsigned int pcr, const void *data, size_t len)
{
	uint8_t digest[TPM_DIGEST_MAX];
	int rc = tpm_hash(p->bank.alg, data, len, digest);

	return rc ? rc : measure(p, pcr, digest);
}

static void start_at_zero(struct prediction *p, unsigned int pcr)
{
	static const uint8_t zero[TPM_DIGEST_MAX];

	tpm_pcr_put(&p->bank, pcr, zero);
}

/*
 * With Secure Boot the stub puts itself in the place of the firmware's check of images, which is
 * what measures them: the kernel is vouched for by the image's signature and digest.
 */
static int predict_4(const struct uki_digests *d, struct prediction *p)
{
	static const uint8_t separator[4];
	int rc = 0;

	if (!p->from_log) {
		start_at_zero(p, 4);
		rc = measure_data(p, 4, boot_action, sizeof(boot_action) - 1);
		if (!rc)
			rc = measure_data(p, 4, separator, sizeof(separator));
	}
	if (!rc)
		rc = measure(p, 4, d->image);
	return rc || p->secure_boot ? rc : measure(p, 4, d->kernel);
}

static int predict_9(const struct uki_digests *d, struct prediction *p)
{
	int rc;

	if (d->no_pcr_9)
		return 0;
	start_at_zero(p, 9);
	rc = measure(p, 9, d->options);
	if (!rc && d->present & 1 << UKI_INITRD)
		rc = measure(p, 9, d->section[UKI_INITRD]);
	return rc;
}

static int predict_11(const struct uki_digests *d, struct prediction *p)
{
	unsigned int i;
	int rc = 0;

	start_at_zero(p, 11);
	for (i = 0; !rc && i < UKI_SECTIONS; i++) {
		if (!(d->present & 1 << i))
			continue;
		rc = measure_data(p, 11, uki_section_name[i], strlen(uki_section_name[i]) + 1);
		if (!rc)
			rc = measure(p, 11, d->section[i]);
	}
	return rc;
}

void predict_begin(struct prediction *p, const struct tpm_alg *alg)
{
	memset(p, 0, sizeof(*p));
	tpm_pcr_reset(&p->bank, alg);
}

int predict_image(const struct uki_digests *d, struct prediction *p)
{
	int rc = predict_4(d, p);

	if (!rc)
		rc = predict_9(d, p);
	if (!rc)
		rc = predict_11(d, p);
	start_at_zero(p, 12);
	start_at_zero(p, 13);
	return rc;
}

/* --- the firmware's part --------------------------------------------------------------------- */

static bool says_secure_boot(const struct event *ev)
{
	struct event_variable var;

	return ev->pcr == 7 && ev->type == EV_EFI_VARIABLE_DRIVER_CONFIG &&
	       event_variable(ev, &var) && event_variable_is(&var, "SecureBoot") &&
	       var.value.len == 1 && var.value.at[0] == 1;
}

/* Return: 1 for an event that is not of what was booted, 0 for one that is, or -errno. */
static int take_event(struct prediction *p, const struct event *ev, bool *started)
{
	const uint8_t *digest = event_digest_of(ev, p->bank.alg);

	*started |= ev->pcr == 4 && ev->type == EV_EFI_BOOT_SERVICES_APPLICATION;
	if (ev->pcr >= FIRMWARE_PCRS || (ev->pcr == 4 && *started))
		return 0;
	p->secure_boot |= says_secure_boot(ev);
	if (ev->pcr != 4 || ev->type == EV_NO_ACTION || !digest)
		return 1;
	if (p->events == PREDICT_EVENTS)
		return -E2BIG;
	p->event[p->events].pcr = 4;
	memcpy(p->event[p->events++].digest, digest, p->bank.alg->size);
	return 1;
}

/* Return: 0 with all PCRs of the firmware in @set, or -errno. */
static int replay_firmware(struct eventlog *log, struct prediction *p, struct tpm_pcr_set *set,
			   bool *started)
{
	struct event ev;
	int rc;

	eventlog_banks(log, set);
	while ((rc = eventlog_next(log, &ev)) > 0) {
		rc = take_event(p, &ev, started);
		if (rc > 0)
			rc = eventlog_extend(set, &ev);
		if (rc)
			return rc;
	}
	return rc;
}

int predict_firmware(struct eventlog *log, struct prediction *p, const char **why)
{
	CLEANUP_FREE struct tpm_pcr_set *set = calloc(1, sizeof(*set));
	const struct tpm_pcr_bank *from;
	bool started = false;
	uint32_t i;
	int rc;

	*why = "no memory";
	if (!set)
		return -ENOMEM;
	rc = replay_firmware(log, p, set, &started);
	*why = log->fault.why ? log->fault.why : "the log cannot be replayed";
	if (rc)
		return rc;
	*why = !started ? "no application is started in the log" : "the log has no such bank";
	from = tpm_pcr_get(set, p->bank.alg->id);
	if (!started || !from)
		return -ENOENT;
	for (i = 0; i < FIRMWARE_PCRS; i++)
		if (from->known & 1u << i)
			tpm_pcr_put(&p->bank, i, from->value[i]);
	/* Nothing may have come before the first application. */
	if (!(from->known & 1 << 4))
		start_at_zero(p, 4);
	p->from_log = true;
	*why = NULL;
	return 0;
}
