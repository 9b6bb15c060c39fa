/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What kinds of values skyd.conf has, and how they are read. */
#ifndef SKYD_CONFIG_VALUE_H
#define SKYD_CONFIG_VALUE_H

#include "config_keys.h"

#define CONFIG_RANGE	64u	/* bytes that config_value_range() needs */

/*
 * Read @text into the struct that @k's offset is in.
 * Return: 0; -EINVAL: does not look so; -ERANGE; -ENOMEM.
 */
int config_value_set(void *values, const struct config_key *k, const char *text);

/* What it is called, and what it looks like, for who has got one wrong. */
const char *config_value_type(const struct config_key *k);
const char *config_value_help(const struct config_key *k);

/* From where to where a number or a time may go. */
void config_value_range(const struct config_key *k, char text[CONFIG_RANGE]);

#endif /* SKYD_CONFIG_VALUE_H */
