/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose certificates an event of Secure Boot holds (UEFI 32.4.1: EFI_SIGNATURE_LIST, _DATA). */
#ifndef SKY_TPM_EVENT_KEYS_H
#define SKY_TPM_EVENT_KEYS_H

#include "eventlog.h"

/**
 * event_keys() - The subjects of the certificates in an event.
 * @ev: EV_EFI_VARIABLE_AUTHORITY, or a variable that lists signatures (PK, KEK, db, dbx); to be
 *      believed only as far as its data is bound
 * @text: receives common names, or whole subjects without one, with ", " between; printable
 * @size: bytes of it; what does not fit is cut
 *
 * Digests and what cannot be read are passed over.
 *
 * Return: @text, empty when there is no certificate.
 */
const char *event_keys(const struct event *ev, char *text, size_t size);

#endif /* SKY_TPM_EVENT_KEYS_H */
