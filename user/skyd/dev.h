/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SKYD_DEV_H
#define SKYD_DEV_H

#include "config.h"

/*
 * Make below @dir what is not there yet.  The first team's access key and secret are in
 * @dir/credentials, as aws-cli reads them.  Return: 0 or a negative error.
 */
int dev_prepare(const struct config *config, const char *dir);

/*
 * Write @dir/config-hint, what a shell has to be told for the usual tools to use this skyd; the
 * secret is not in it.  For who has the sockets: one that cannot start must not have the tools
 * look for the one that runs elsewhere.  Return: 0 or a negative error.
 */
int dev_write_hints(const struct config *config, const char *dir);

#endif /* SKYD_DEV_H */
