/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a vault needs before it can be loaded: its passphrase, and keys. */
#ifndef SKYD_VAULT_OPEN_H
#define SKYD_VAULT_OPEN_H

#include "base/secret.h"
#include "config.h"

/**
 * vault_passphrase - read the passphrase of the vault's keys
 * @pass:	receives it; empty where there is none
 *
 * From the file that the configuration names, or from the credential skyd.passphrase that the
 * service manager has given to this service.
 *
 * Return: 0; -EACCES, which is not logged: another user may have to read it; -errno, logged.
 */
int vault_passphrase(const struct config *config, struct secret *pass);

/**
 * vault_make - make the keys' file, as the vault's user, if it is not there
 *
 * Afterwards this process has the vault's rights and no others, and can only end.
 *
 * Return: 0, or -errno, reported.
 */
int vault_make(const struct config *config);

#endif /* SKYD_VAULT_OPEN_H */
