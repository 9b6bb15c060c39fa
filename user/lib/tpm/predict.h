/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PCRs that a boot will leave behind, from what will be booted: a unified kernel image with
 * the stub of systemd 252, started by the firmware itself, without a command line, credentials
 * or extensions from outside the image.
 *
 *	4	the image and the kernel in it, by their Authenticode digests
 *	9	the kernel's command line and initrd (the kernel's own EFI stub)
 *	11	the image's sections, by name and content
 *	12, 13	nothing: what would come from outside the image
 */
#ifndef SKY_TPM_PREDICT_H
#define SKY_TPM_PREDICT_H

#include "eventlog.h"
#include "pe.h"

#define UKI_MAX_BYTES	(1u << 30)

/* Sections that the stub measures, in its order. */
enum uki_section {
	UKI_LINUX,
	UKI_OSREL,
	UKI_CMDLINE,
	UKI_INITRD,
	UKI_SPLASH,
	UKI_DTB,
	UKI_PCRPKEY,
	UKI_SECTIONS,
};

/* ".linux" ... */
extern const char *const uki_section_name[UKI_SECTIONS];

/* What is measured of an image, in one bank. */
struct uki_digests {
	const struct tpm_alg *alg;
	uint8_t image[TPM_DIGEST_MAX];		/* Authenticode */
	uint8_t kernel[TPM_DIGEST_MAX];		/* Authenticode of .linux */
	uint8_t options[TPM_DIGEST_MAX];	/* of .cmdline in UTF-16, with its NUL */
	unsigned int present;			/* bit per enum uki_section */
	uint8_t section[UKI_SECTIONS][TPM_DIGEST_MAX];
	const char *no_pcr_9;			/* why it cannot be said, or NULL */
};

/**
 * uki_measure() - What firmware, stub and kernel will measure.
 * @file: untrusted
 * @len: all of it, UKI_MAX_BYTES at most
 * @alg: bank
 * @to: receives it
 * @why: receives what is wrong
 *
 * Return: 0, -ENOEXEC for what is no image of that kind, -EOPNOTSUPP for one of another stub,
 * -ENOMEM or -EIO.
 */
int uki_measure(const void *file, size_t len, const struct tpm_alg *alg, struct uki_digests *to,
		const char **why);

/**
 * uki_load_options() - The digest of a command line as the kernel is given it.
 * @text: printable ASCII
 * @alg: bank
 * @digest: receives alg->size bytes
 *
 * Return: 0, -EINVAL for text of which stubs make different things, -ENOMEM or -EIO.
 */
int uki_load_options(struct str text, const struct tpm_alg *alg, uint8_t *digest);

/**
 * predict_pcrs() - The PCRs after the boot.
 * @d: what will be measured
 * @bank: receives 4, 9, 11, 12 and 13, as far as they can be said, besides what it knows already
 *
 * When the bank knows PCR 4 it is what the firmware has left there before the image; otherwise
 * that is the event of a boot option and the separator.
 *
 * Return: 0, -ENOMEM or -EIO.
 */
int predict_pcrs(const struct uki_digests *d, struct tpm_pcr_bank *bank);

/**
 * predict_firmware() - The PCRs that firmware leaves, from the log of a boot of it.
 * @log: opened, of the same firmware and settings, whatever was booted; to be trusted, since
 *       nothing shows that it is true
 * @alg: bank
 * @bank: receives 0 to 7; of 4 what was there before the first application was started
 * @why: receives what is wrong
 *
 * Return: 0, -ENOENT when the log has no such bank or no application, -EBADMSG for a log that is
 * damaged, -ENOMEM or -EIO.
 */
int predict_firmware(struct eventlog *log, const struct tpm_alg *alg, struct tpm_pcr_bank *bank,
		     const char **why);

#endif /* SKY_TPM_PREDICT_H */
