/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON Web Signatures in their compact form, ES256 alone (RFC 7515, RFC 7518 3.4). */
#ifndef SKY_TPM_EAR_JWS_H
#define SKY_TPM_EAR_JWS_H

#include "ear.h"

/* Return: 0 and a text for free(), -ENOMEM or -EIO. */
int jws_sign(const struct ear_key *key, struct str payload, char **token);

/**
 * jws_verify() - What was signed.
 * @payload: receives @len bytes for free()
 *
 * Return: 0, -EBADMSG, -EKEYREJECTED, -ENOMEM or -EIO.
 */
int jws_verify(const struct ear_key *key, struct str token, char **payload, size_t *len);

#endif /* SKY_TPM_EAR_JWS_H */
