/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of all that skyd.conf may say: config_keys.c. */
#ifndef SKYD_CONFIG_KEYS_H
#define SKYD_CONFIG_KEYS_H

#include <stddef.h>

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

extern const struct config_key config_keys[];
extern const size_t config_key_count;

#endif /* SKYD_CONFIG_KEYS_H */
