/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PCRs that a boot will leave behind, from what will be booted: a unified kernel image with
 * the stub of systemd 252, started by the firmware itself, without a command line, credentials
 * or extensions from outside the image.
 *
 *	4	the image and, without Secure Boot, the kernel in it, by their Authenticode digests
 *	9	the kernel's command line and initrd (the kernel's own EFI stub)
 *	11	the image's sections, by name and content
 *	12, 13	nothing: what would come from outside the image
 */
#ifndef SKY_TPM_PREDICT_H
#define SKY_TPM_PREDICT_H

#include <jansson.h>

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

#define PREDICT_EVENTS	64u		/* of PCRs 4, 9 and 11; a boot has a dozen */

/* One measurement of a boot that is to come. */
struct predict_event {
	unsigned int pcr;
	uint8_t digest[TPM_DIGEST_MAX];
};

struct prediction {
	struct tpm_pcr_bank bank;	/* PCRs after the boot, as far as they can be said */
	bool from_log;			/* predict_firmware() was there */
	bool secure_boot;	/* the kernel in the image is not measured for itself */
	unsigned int events;
	struct predict_event event[PREDICT_EVENTS];	/* of 4, 9 and 11, in their order */
};

/* Of nothing yet; @p->secure_boot may be set behind it where no log says so. */
void predict_begin(struct prediction *p, const struct tpm_alg *alg);

/**
 * predict_firmware() - What firmware measures, from the log of a boot of it.
 * @log: opened, of the same firmware and settings, whatever was booted; to be trusted, since
 *       nothing shows that it is true
 * @p: begun; receives PCRs 0 to 7; of 4 what was there before the first application was started
 * @why: receives what is wrong
 *
 * With Secure Boot PCR 7 has the key that vouched for what was booted: it is that of an image
 * that is signed with the same.
 *
 * Return: 0, -ENOENT when the log has no such bank or no application, -EBADMSG for a log that is
 * damaged, -E2BIG for one with too many events before the application, -ENOMEM or -EIO.
 */
int predict_firmware(struct eventlog *log, struct prediction *p, const char **why);

/**
 * predict_image() - What an image's boot measures.
 * @d: what is in the image
 * @p: begun, perhaps with the firmware's part; receives 4, 9, 11, 12 and 13, as far as they can
 *     be said
 *
 * Without a log the firmware's part of PCR 4 is the event of a boot option and the separator.
 *
 * Return: 0, -E2BIG, -ENOMEM or -EIO.
 */
int predict_image(const struct uki_digests *d, struct prediction *p);

/**
 * predict_policy() - A policy (attest_policy.h) that trusts this boot and no other.
 * @p: whole
 * @name: of the policy
 *
 * PCRs 4 and 9 are sequences, so that a verdict names the event that is wrong.  11 may also be
 * what it is once a TPM has given up the key of a volume (boot_policy.h).  With a log, 0, 2, 3 and
 * 7 are values: code, its configuration, and Secure Boot.  1, 5 and 6 (settings, boot options,
 * the disk's table of partitions, the maker's) have to agree with the log only.
 *
 * Return: it, or NULL when there is no memory.
 */
json_t *predict_policy(const struct prediction *p, const char *name);

#endif /* SKY_TPM_PREDICT_H */
