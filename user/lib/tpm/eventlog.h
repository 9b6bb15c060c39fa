/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event logs of firmware: the crypto-agile form of TPM 2.0 and the SHA-1 form of TPM 1.2 (TCG PC
 * Client Platform Firmware Profile 10.2.1).  A log is read where it lies; nothing is copied.
 *
 * Of a log only the digests are proven, by replaying them to PCRs that were quoted.  What else it
 * says, types and data, is to be believed only where event_bind.h finds it under a digest.
 */
#ifndef SKY_TPM_EVENTLOG_H
#define SKY_TPM_EVENTLOG_H

#include "pcr.h"

#define EVENTLOG_MAX_BYTES	(16u << 20)
#define EVENTLOG_MAX_EVENTS	100000u
#define EVENTLOG_ALGS		16	/* algorithms of a log, and digests of an event */

enum {
	EV_PREBOOT_CERT			= 0x00000000,
	EV_POST_CODE			= 0x00000001,
	EV_NO_ACTION			= 0x00000003,
	EV_SEPARATOR			= 0x00000004,
	EV_ACTION			= 0x00000005,
	EV_EVENT_TAG			= 0x00000006,
	EV_S_CRTM_CONTENTS		= 0x00000007,
	EV_S_CRTM_VERSION		= 0x00000008,
	EV_CPU_MICROCODE		= 0x00000009,
	EV_PLATFORM_CONFIG_FLAGS	= 0x0000000a,
	EV_TABLE_OF_DEVICES		= 0x0000000b,
	EV_COMPACT_HASH			= 0x0000000c,
	EV_IPL				= 0x0000000d,
	EV_IPL_PARTITION_DATA		= 0x0000000e,
	EV_NONHOST_CODE			= 0x0000000f,
	EV_NONHOST_CONFIG		= 0x00000010,
	EV_NONHOST_INFO			= 0x00000011,
	EV_OMIT_BOOT_DEVICE_EVENTS	= 0x00000012,
	EV_POST_CODE2			= 0x00000013,
};

/* Those of UEFI do not fit an int. */
#define EV_EFI_VARIABLE_DRIVER_CONFIG		0x80000001u
#define EV_EFI_VARIABLE_BOOT			0x80000002u
#define EV_EFI_BOOT_SERVICES_APPLICATION	0x80000003u
#define EV_EFI_BOOT_SERVICES_DRIVER		0x80000004u
#define EV_EFI_RUNTIME_SERVICES_DRIVER		0x80000005u
#define EV_EFI_GPT_EVENT			0x80000006u
#define EV_EFI_ACTION				0x80000007u
#define EV_EFI_PLATFORM_FIRMWARE_BLOB		0x80000008u
#define EV_EFI_HANDOFF_TABLES			0x80000009u
#define EV_EFI_PLATFORM_FIRMWARE_BLOB2		0x8000000au
#define EV_EFI_HANDOFF_TABLES2			0x8000000bu
#define EV_EFI_VARIABLE_BOOT2			0x8000000cu
#define EV_EFI_GPT_EVENT2			0x8000000du
#define EV_EFI_HCRTM_EVENT			0x80000010u
#define EV_EFI_VARIABLE_AUTHORITY		0x800000e0u
#define EV_EFI_SPDM_FIRMWARE_BLOB		0x800000e1u
#define EV_EFI_SPDM_FIRMWARE_CONFIG		0x800000e2u

/* Where a log is wrong. */
struct eventlog_fault {
	size_t offset;			/* of the event, in bytes */
	unsigned int index;		/* of the event, from 0 */
	const char *why;
};

struct eventlog_alg {
	uint16_t id, size;		/* as the log's header says */
	const struct tpm_alg *alg;	/* NULL: not known here, its digests are passed over */
};

struct eventlog {
	const uint8_t *at;		/* the caller's */
	size_t len;
	bool agile;			/* or SHA-1 alone */
	unsigned int algs;
	struct eventlog_alg alg[EVENTLOG_ALGS];

	/* Where eventlog_next() stands. */
	size_t offset;
	unsigned int index;
	bool started;			/* an event has extended PCR 0 */
	size_t padding;			/* bytes behind the last event, once it was reached */
	struct eventlog_fault fault;
};

struct event_digest {
	uint16_t id, size;
	const struct tpm_alg *alg;	/* NULL: not known here */
	const uint8_t *at;		/* in the log */
};

struct event {
	unsigned int index;		/* from 0; the header of a crypto-agile log counts */
	size_t offset;			/* in the log */
	uint32_t pcr;			/* below TPM_PCRS unless EV_NO_ACTION */
	uint32_t type;			/* EV_*: a claim */
	unsigned int digests;
	struct event_digest digest[EVENTLOG_ALGS];
	struct str data;		/* in the log: a claim */
};

/**
 * eventlog_open() - Look at a log's header, and stand before its first event.
 * @log: set up; refers to @bytes
 * @bytes: untrusted
 * @len: up to EVENTLOG_MAX_BYTES
 *
 * A buffer that nobody has written to is no log.
 *
 * Return: 0, -EMSGSIZE, or -EBADMSG with log->fault.
 */
int eventlog_open(struct eventlog *log, const void *bytes, size_t len);

/**
 * eventlog_next() - Read an event.
 * @log: from eventlog_open()
 * @ev: receives it
 *
 * Zeros or ones behind the last event, as firmware leaves them in its buffer, are log->padding;
 * so is all that follows an event of zeros, as for the kernel.  A "StartupLocality" that comes
 * after PCR 0 was extended cannot be true: the log ends there for whoever reads it.
 *
 * Return: 1, 0 at the end, or -EBADMSG with log->fault.
 */
int eventlog_next(struct eventlog *log, struct event *ev);

/* Return: the event's digest of that algorithm, or NULL. */
const uint8_t *event_digest_of(const struct event *ev, const struct tpm_alg *alg);

/**
 * eventlog_extend() - What the event has done to PCRs.
 * @set: banks of the log; a bank that the event has no digest for is left as it is
 * @ev: from eventlog_next()
 *
 * EV_NO_ACTION extends nothing.  "StartupLocality" before PCR 0 was extended is its first value;
 * an H-CRTM measures from locality 4, whether the log says so or not.
 * PCRs 17 to 22 begin at zero: what extends them has started a dynamic launch.
 *
 * Return: 0, -ENOMEM or -EIO.
 */
int eventlog_extend(struct tpm_pcr_set *set, const struct event *ev);

/* The log's banks of algorithms known here, in their reset state. */
void eventlog_banks(const struct eventlog *log, struct tpm_pcr_set *set);

/**
 * eventlog_replay() - The PCRs that a whole log leads to.
 * @log: opened, not read from yet
 * @set: receives a bank per algorithm known here; where the log is damaged, what its sound
 *       part leads to
 *
 * Return: 0, -EBADMSG with log->fault, -ENOMEM or -EIO.
 */
int eventlog_replay(struct eventlog *log, struct tpm_pcr_set *set);

/* "EV_SEPARATOR", or "0x...", which is put into @text. */
const char *event_type_name(uint32_t type, char text[11]);

#endif /* SKY_TPM_EVENTLOG_H */
