/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of texts: comparisons that show both sides when they differ. */
#ifndef TESTS_TEXT_UTIL_H
#define TESTS_TEXT_UTIL_H

#include "edge.h"

#include "base/out.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

static inline void assert_str(struct str found, const char *expected)
{
	if (!str_is(found, expected))
		fail_msg("\"%.*s\" is not \"%s\"", STR_ARG(found), expected);
}

/* What has been written so far. */
static inline void assert_out(const struct out *o, const char *expected)
{
	assert_int_equal(o->err, 0);
	assert_str(out_written(o), expected);
}

#endif /* TESTS_TEXT_UTIL_H */
