/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dates as HTTP, XML and signatures write them.  Seconds are those since 1970 in
 * UTC without leap seconds, from year 1 to year 9999; no locale, no time zone.
 */
#ifndef SKY_HTTP_DATE_H
#define SKY_HTTP_DATE_H

#include "base/out.h"

#define HTTP_DATE_LEN	29	/* "Sun, 06 Nov 1994 08:49:37 GMT" */
#define ISO_DATE_LEN	24	/* "1994-11-06T08:49:37.000Z" */
#define AMZ_DATE_LEN	16	/* "19941106T084937Z" */

void http_date_write(struct out *o, int64_t seconds);
void iso_date_write(struct out *o, int64_t milliseconds);
void amz_date_write(struct out *o, int64_t seconds);
bool http_date_parse(struct str s, int64_t *seconds);
bool iso_date_parse(struct str s, int64_t *milliseconds);
bool amz_date_parse(struct str s, int64_t *seconds);

#endif /* SKY_HTTP_DATE_H */
