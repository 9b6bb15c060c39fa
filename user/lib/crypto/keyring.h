/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's keyrings: the way of a volume key into a device-mapper target.
 */
#ifndef SKY_CRYPTO_KEYRING_H
#define SKY_CRYPTO_KEYRING_H

#include <stddef.h>
#include <stdint.h>

int keyring_add_logon(const char *description, const void *key, size_t len, int32_t *serial);
void keyring_unlink(int32_t serial);
int keyring_keep(const char *description, const void *key, size_t len);
int keyring_read(const char *description, void *key, size_t len);
void keyring_drop(const char *description);

#endif /* SKY_CRYPTO_KEYRING_H */
