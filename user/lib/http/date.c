// SPDX-License-Identifier: GPL-2.0-or-later
#include "date.h"

#define DAY		86400
#define YEAR_MIN	(-62135596800ll)	/* 0001-01-01T00:00:00Z */
#define YEAR_MAX	253402300799ll		/* 9999-12-31T23:59:59Z */

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char weekdays[] = "SunMonTueWedThuFriSat";

struct civil {
	unsigned int year, month, day;		/* month and day from 1 */
	unsigned int hour, minute, second;
	unsigned int weekday;			/* 0: Sunday */
};

/* Days since 1970 of a date: years begin in March, so that the odd day is the last. */
static int64_t days_of(unsigned int year, unsigned int month, unsigned int day)
{
	int64_t y = (int64_t)year - (month <= 2);
	unsigned int of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return y * 365 + y / 4 - y / 100 + y / 400 + of_year - 719468;
}

static struct civil civil_of(int64_t seconds)
{
	int64_t s = seconds < YEAR_MIN ? YEAR_MIN : seconds > YEAR_MAX ? YEAR_MAX : seconds;
	int64_t days = (s - YEAR_MIN) / DAY + YEAR_MIN / DAY, z = days + 719468;
	unsigned int second = s - days * DAY, era_day = z % 146097, year, of_year, m;
	struct civil c;

	/* Of an era of 400 years, the year, then its day. */
	year = (era_day - era_day / 1460 + era_day / 36524 - era_day / 146096) / 365;
	of_year = era_day - (365 * year + year / 4 - year / 100);
	m = (5 * of_year + 2) / 153;
	c.day = of_year - (153 * m + 2) / 5 + 1;
	c.month = m < 10 ? m + 3 : m - 9;
	c.year = year + z / 146097 * 400 + (c.month <= 2);
	c.hour = second / 3600;
	c.minute = second / 60 % 60;
	c.second = second % 60;
	c.weekday = (days % 7 + 11) % 7;
	return c;
}

static bool seconds_of(const struct civil *c, int64_t *seconds)
{
	static const uint8_t length[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = !(c->year % 4) && (c->year % 100 || !(c->year % 400));

	if (!c->year || c->year > 9999 || c->month < 1 || c->month > 12 || !c->day ||
	    c->day > length[c->month - 1] + (leap && c->month == 2) ||
	    c->hour > 23 || c->minute > 59 || c->second > 60)
		return false;
	*seconds = days_of(c->year, c->month, c->day) * DAY + c->hour * 3600 + c->minute * 60 +
		   c->second;
	return true;
}

/* @width digits with leading zeroes. */
static void put(char *to, unsigned int width, unsigned int value)
{
	while (width) {
		to[--width] = '0' + value % 10;
		value /= 10;
	}
}

/* IMF-fixdate (RFC 9110, 5.6.7). */
void http_date_write(struct out *o, int64_t seconds)
{
	struct civil c = civil_of(seconds);
	char *to = out_reserve(o, HTTP_DATE_LEN);

	if (!to)
		return;
	memcpy(to, "Sun, 06 Nov 1994 08:49:37 GMT", HTTP_DATE_LEN);
	memcpy(to, weekdays + 3 * c.weekday, 3);
	put(to + 5, 2, c.day);
	memcpy(to + 8, months + 3 * (c.month - 1), 3);
	put(to + 12, 4, c.year);
	put(to + 17, 2, c.hour);
	put(to + 20, 2, c.minute);
	put(to + 23, 2, c.second);
}

/* As S3's documents have it. */
void iso_date_write(struct out *o, int64_t milliseconds)
{
	int64_t seconds = milliseconds / 1000 - (milliseconds % 1000 < 0);
	struct civil c = civil_of(seconds);
	char *to = out_reserve(o, ISO_DATE_LEN);

	if (!to)
		return;
	memcpy(to, "1994-11-06T08:49:37.000Z", ISO_DATE_LEN);
	put(to, 4, c.year);
	put(to + 5, 2, c.month);
	put(to + 8, 2, c.day);
	put(to + 11, 2, c.hour);
	put(to + 14, 2, c.minute);
	put(to + 17, 2, c.second);
	put(to + 20, 3, milliseconds - seconds * 1000);
}

/* As signatures have it; the first eight digits are the day. */
void amz_date_write(struct out *o, int64_t seconds)
{
	struct civil c = civil_of(seconds);
	char *to = out_reserve(o, AMZ_DATE_LEN);

	if (!to)
		return;
	put(to, 4, c.year);
	put(to + 4, 2, c.month);
	put(to + 6, 2, c.day);
	to[8] = 'T';
	put(to + 9, 2, c.hour);
	put(to + 11, 2, c.minute);
	put(to + 13, 2, c.second);
	to[15] = 'Z';
}

/* --- reading -------------------------------------------------------------- */

/* From @min to @max digits. */
static bool digits(struct str *s, unsigned int min, unsigned int max, unsigned int *value)
{
	unsigned int n = 0;

	*value = 0;
	while (n < max && s->len && *s->at >= '0' && *s->at <= '9') {
		*value = *value * 10 + (*s->at - '0');
		*s = str_skip(*s, 1);
		n++;
	}
	return n >= min;
}

static bool literal(struct str *s, struct str text)
{
	if (!str_starts(*s, text))
		return false;
	*s = str_skip(*s, text.len);
	return true;
}

static bool month(struct str *s, unsigned int *number)
{
	for (*number = 1; *number <= 12; ++*number)
		if (literal(s, (struct str){ months + 3 * (*number - 1), 3 }))
			return true;
	return false;
}

/* HH:MM:SS */
static bool clock_time(struct str *s, struct civil *c)
{
	return digits(s, 2, 2, &c->hour) && literal(s, STR(":")) &&
	       digits(s, 2, 2, &c->minute) && literal(s, STR(":")) && digits(s, 2, 2, &c->second);
}

/* "GMT", "UTC", "Z" or "+hhmm": the seconds to take off. */
static bool zone(struct str *s, int64_t *offset)
{
	unsigned int hours, minutes;
	bool minus;

	*offset = 0;
	if (literal(s, STR("GMT")) || literal(s, STR("UTC")) || literal(s, STR("Z")))
		return true;
	minus = literal(s, STR("-"));
	if ((!minus && !literal(s, STR("+"))) || !digits(s, 2, 2, &hours))
		return false;
	literal(s, STR(":"));
	if (!digits(s, 2, 2, &minutes) || hours > 14 || minutes > 59)
		return false;
	*offset = (minus ? -1 : 1) * (int64_t)(hours * 3600 + minutes * 60);
	return true;
}

/* The letters of a weekday, which nobody checks. */
static void skip_weekday(struct str *s)
{
	while (s->len && ascii_lower(*s->at) >= 'a' && ascii_lower(*s->at) <= 'z')
		*s = str_skip(*s, 1);
}

/* "Nov  6 08:49:37 1994": what asctime() writes, after the weekday. */
static bool asctime_rest(struct str s, struct civil *c)
{
	if (!month(&s, &c->month) || !literal(&s, STR(" ")))
		return false;
	literal(&s, STR(" "));
	return digits(&s, 1, 2, &c->day) && literal(&s, STR(" ")) && clock_time(&s, c) &&
	       literal(&s, STR(" ")) && digits(&s, 4, 4, &c->year) && !s.len;
}

/* "06 Nov 1994 08:49:37 GMT" or "06-Nov-94 08:49:37 GMT" */
static bool date_rest(struct str s, struct civil *c, int64_t *offset)
{
	struct str between = STR(" ");
	size_t year_at;

	if (!digits(&s, 1, 2, &c->day))
		return false;
	if (s.len && *s.at == '-')
		between = STR("-");
	if (!literal(&s, between) || !month(&s, &c->month) || !literal(&s, between))
		return false;
	year_at = s.len;
	if (!digits(&s, 2, 4, &c->year))
		return false;
	/* Two digits: the century is that in which RFC 850 was last written. */
	if (year_at - s.len == 2)
		c->year += c->year < 70 ? 2000 : 1900;
	else if (year_at - s.len == 3)
		return false;
	return literal(&s, STR(" ")) && clock_time(&s, c) && literal(&s, STR(" ")) &&
	       zone(&s, offset) && !s.len;
}

/**
 * http_date_parse - any date that HTTP has had (RFC 9110, 5.6.7; RFC 1123)
 * @s:		IMF-fixdate, RFC 850 or asctime(); the weekday may be missing, the
 *		zone may be a number
 * @seconds:	receives it
 *
 * Return: whether it was one.
 */
bool http_date_parse(struct str s, int64_t *seconds)
{
	struct str rest = s;
	int64_t offset = 0;
	struct civil c;

	skip_weekday(&rest);
	if (literal(&rest, STR(", ")) || rest.len == s.len) {
		if (!date_rest(rest, &c, &offset))
			return false;
	} else if (!literal(&rest, STR(" ")) || !asctime_rest(rest, &c)) {
		return false;
	}
	if (!seconds_of(&c, seconds))
		return false;
	*seconds -= offset;
	return true;
}

/**
 * iso_date_parse - a date of an XML document (ISO 8601, RFC 3339)
 * @s:		"1994-11-06T08:49:37.5Z": the fraction may be missing, the zone may be
 *		a number; "1994-11-06" alone is its first moment
 * @milliseconds: receives it; what is finer is cut off
 *
 * Return: whether it was one.
 */
bool iso_date_parse(struct str s, int64_t *milliseconds)
{
	unsigned int ignored, fraction = 0, ms = 0, n;
	struct civil c = { 0 };
	int64_t offset = 0;

	if (!digits(&s, 4, 4, &c.year) || !literal(&s, STR("-")) ||
	    !digits(&s, 2, 2, &c.month) || !literal(&s, STR("-")) || !digits(&s, 2, 2, &c.day))
		return false;
	if (s.len) {
		if (!literal(&s, STR("T")) || !clock_time(&s, &c))
			return false;
		if (literal(&s, STR("."))) {
			for (n = 0; n < 3 && digits(&s, 1, 1, &fraction); n++)
				ms = ms * 10 + fraction;
			if (!n)
				return false;
			for (; n < 3; n++)
				ms *= 10;
			while (digits(&s, 1, 1, &ignored))
				;
		}
		if (!zone(&s, &offset) || s.len)
			return false;
	}
	if (!seconds_of(&c, milliseconds))
		return false;
	*milliseconds = (*milliseconds - offset) * 1000 + ms;
	return true;
}

/* Exactly what amz_date_write() writes. */
bool amz_date_parse(struct str s, int64_t *seconds)
{
	struct civil c;

	return s.len == AMZ_DATE_LEN && digits(&s, 4, 4, &c.year) && digits(&s, 2, 2, &c.month) &&
	       digits(&s, 2, 2, &c.day) && literal(&s, STR("T")) && digits(&s, 2, 2, &c.hour) &&
	       digits(&s, 2, 2, &c.minute) && digits(&s, 2, 2, &c.second) &&
	       literal(&s, STR("Z")) && seconds_of(&c, seconds);
}
