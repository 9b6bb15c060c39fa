/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Credentials in the shared file of aws-cli: an INI file with a section for each profile. */
#ifndef SKYBENCH_KEYS_H
#define SKYBENCH_KEYS_H

#include "base/str.h"

#define S3_ACCESS_KEY_MAX	128u
#define S3_SECRET_MAX		128u

struct s3_keys {
	char access[S3_ACCESS_KEY_MAX + 1];
	char secret[S3_SECRET_MAX + 1];		/* to be wiped */
};

/**
 * keys_parse - the two keys of a profile
 * @text:	of the file
 * @profile:	"default", say
 * @keys:	receives them; wiped after an error
 *
 * Return: 0; -ENOENT without such a profile, -ENOKEY when it lacks one of the keys, -E2BIG when
 * one is too long.
 */
int keys_parse(struct str text, struct str profile, struct s3_keys *keys);

#endif /* SKYBENCH_KEYS_H */
