/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an event's data is worth.  A replay proves digests alone, so that data counts only where
 * it can be shown to be what was digested.  Which part of it that is depends on the type and on
 * who has written it.
 */
#ifndef SKY_TPM_EVENT_BIND_H
#define SKY_TPM_EVENT_BIND_H

#include "eventlog.h"

enum event_binding {
	EVENT_UNBOUND,			/* the digest is of something else: believe nothing */
	EVENT_BOUND,			/* of the data, or the part that matters */
	EVENT_BOUND_VALUE,		/* of a variable's value; its name is a claim */
};

/* A variable of UEFI, as events of EV_EFI_VARIABLE_* have it (UEFI_VARIABLE_DATA). */
struct event_variable {
	const uint8_t *guid;		/* 16 bytes, as in memory */
	struct str name;		/* UTF-16LE, no NUL */
	struct str value;
	size_t len;			/* bytes of the data that it takes */
};

/* EV_SEPARATOR's data. */
enum event_separator {
	SEPARATOR_NORMAL,		/* zeros or ones: the firmware hands over */
	SEPARATOR_ERROR,		/* it has failed to measure something */
	SEPARATOR_OTHER,		/* "WBCL" of Windows */
};

/**
 * event_binding() - What the digest of an event is of.
 * @ev: not EV_NO_ACTION
 * @alg: the bank that is judged
 *
 * Return: enum event_binding, EVENT_UNBOUND too when there is no digest of that bank; -ENOMEM
 * or -EIO.
 */
int event_binding(const struct event *ev, const struct tpm_alg *alg);

/**
 * event_must_be_bound() - Is an event of that type wrong when its digest is not of its data?
 * @ev: an event
 *
 * Those are EV_S_CRTM_VERSION, EV_SEPARATOR, EV_ACTION, EV_EFI_ACTION, EV_EFI_VARIABLE_*,
 * EV_EFI_GPT_EVENT, EV_OMIT_BOOT_DEVICE_EVENTS and, of EV_IPL, GRUB's commands in PCR 8 and
 * systemd's command line in PCR 12.  Images, blobs, tables and files are elsewhere.
 */
bool event_must_be_bound(const struct event *ev);

/* Return: whether the data is a variable.  Its parts are in the event. */
bool event_variable(const struct event *ev, struct event_variable *var);

/* Is a variable's name this text of ASCII? */
bool event_variable_is(const struct event_variable *var, const char *name);

enum event_separator event_separator(const struct event *ev);

/**
 * event_is_failure() - Is the digest that of a separator which reports an error?
 * @ev: not EV_NO_ACTION; its type does not matter, being a claim
 * @alg: the bank that is judged
 *
 * Return: 1, 0, -ENOMEM or -EIO.
 */
int event_is_failure(const struct event *ev, const struct tpm_alg *alg);

/* What a person is shown of the data: a variable's name, a text, or nothing.  Never NULL. */
const char *event_describe(const struct event *ev, char *text, size_t size);

#endif /* SKY_TPM_EVENT_BIND_H */
