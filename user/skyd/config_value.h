/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What kinds of values skyd.conf has, and how they are read.  Nobody but config.c includes this. */
#ifndef SKYD_CONFIG_VALUE_H
#define SKYD_CONFIG_VALUE_H

#include "config.h"

enum config_type { TEXT, PATH, NUMBER, TIME, BOOL, LEVEL, ADDRESS, CHOICE };

struct config_key {
	const char *section;
	const char *name;
	enum config_type type;
	size_t offset;		/* in struct config, or struct config_edge */
	uint64_t min, max;	/* numbers and times, in ms */
	const char *value;	/* the default; NULL: must be said */
	const char *help;
};

/*
 * Read @text into the struct that @k's offset is in.
 * Return: 0; -EINVAL: does not look so; -ERANGE; -ENOMEM.
 */
int config_value_set(void *values, const struct config_key *k, const char *text);

/* What it is called, and what it looks like, for who has got one wrong. */
const char *config_value_type(const struct config_key *k);
const char *config_value_help(const struct config_key *k);

/* "MIN to MAX". */
void config_value_range(const struct config_key *k, char text[64]);

#endif /* SKYD_CONFIG_VALUE_H */
