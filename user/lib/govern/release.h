/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a decision releases: signed PCR policies, of systemd's kind (pcr_policy.h) or, where an
 * epoch was approved with the PCRs, of rlncsetup's (boot_policy.h).  Neither is ever taken for the
 * other: what is signed differs, and so does the key's fingerprint.  Whoever holds the key
 * believes only a chain of states, so that nobody but a quorum can have anything signed.
 */
#ifndef SKY_GOVERN_RELEASE_H
#define SKY_GOVERN_RELEASE_H

#include "govern.h"

/**
 * govern_release - sign the PCRs that a decision has approved
 * @s:		the state that it led to, already verified
 * @pem:	the key
 * @to:		receives {"sha256":[...]}; NULL when there were none
 *
 * Only what the last decision has approved, whatever else is in the state.
 *
 * Return: 0; -EINVAL: no private key of RSA; -ENOMEM; -EIO.
 */
int govern_release(const struct govern_state *s, struct str pem, json_t **to);

#endif /* SKY_GOVERN_RELEASE_H */
