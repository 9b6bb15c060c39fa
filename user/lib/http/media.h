/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values with parameters: media types and Content-Disposition (RFC 9110, 5.6.6). */
#ifndef SKY_HTTP_MEDIA_H
#define SKY_HTTP_MEDIA_H

#include "base/out.h"

/* A parameter; @quoted values have backslashes before some characters still. */
struct param {
	struct str name;
	struct str value;
	bool quoted;
};

struct str params_start(struct str value, struct str *rest);
bool params_next(struct str *rest, struct param *p);
bool params_find(struct str value, struct str name, struct param *p);
bool param_copy(const struct param *p, char *to, size_t size);
bool media_matches(struct str pattern, struct str type);

#endif /* SKY_HTTP_MEDIA_H */
