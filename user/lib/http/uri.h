/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Targets of requests and their percent-coding (RFC 3986), with S3's rules: what
 * is not A-Z a-z 0-9 - . _ ~ is encoded, in upper case; "+" is a space in a query
 * and a plus in a path.
 */
#ifndef SKY_HTTP_URI_H
#define SKY_HTTP_URI_H

#include "base/out.h"

/* A target as it was sent, taken apart but not decoded: signatures are over this. */
struct uri {
	struct str host;	/* of the absolute form; else none */
	struct str path;	/* begins with "/", or is "*" */
	struct str query;	/* after the first "?"; at is NULL when there is none */
};

enum uri_flags {
	URI_QUERY = 1,		/* decoding: "+" is a space */
	URI_SLASH = 2,		/* encoding: "/" stays */
};

bool uri_split(struct str target, struct uri *u);
int uri_decode(struct str from, char *to, size_t size, unsigned int flags);
bool uri_decode_byte(struct str *from, unsigned int flags, unsigned char *c);
void uri_encode(struct out *o, struct str from, unsigned int flags);

extern const bool uri_plain[256];

/* Does a byte stand for itself everywhere (RFC 3986, 2.3)? */
static inline bool uri_unreserved(unsigned char c)
{
	return uri_plain[c];
}

bool query_next(struct str *rest, struct str *name, struct str *value);
bool query_is(struct str raw, struct str name);
bool query_find(struct str query, struct str name, struct str *raw);

#endif /* SKY_HTTP_URI_H */
