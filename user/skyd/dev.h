/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SKYD_DEV_H
#define SKYD_DEV_H

#include "config.h"

/*
 * Make below @dir what is not there yet.  The first team's access key and secret are in
 * @dir/credentials, as aws-cli reads them, and in @dir/config-hint is what a shell has to be told
 * for it to use them, without the secret.  Return: 0 or a negative error.
 */
int dev_prepare(const struct config *config, const char *dir);

#endif /* SKYD_DEV_H */
