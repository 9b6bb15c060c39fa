/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a decision releases: signed PCR policies.  Whoever holds the key believes only a chain of
 * states, so that nobody but a quorum can have anything signed.
 */
#ifndef SKY_GOVERN_RELEASE_H
#define SKY_GOVERN_RELEASE_H

#include "govern.h"

/**
 * govern_release - sign the PCRs that a decision has approved
 * @s:		the state that it led to, already verified
 * @pem:	the key
 * @to:		receives {"sha256":[...]} of pcr_policy.h; NULL when there were none
 *
 * Only what the last decision has approved, whatever else is in the state.
 *
 * Return: 0; as pcr_policy_sign().
 */
int govern_release(const struct govern_state *s, struct str pem, json_t **to);

#endif /* SKY_GOVERN_RELEASE_H */
