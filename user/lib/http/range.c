// SPDX-License-Identifier: GPL-2.0-or-later
#include "date.h"
#include "range.h"

/* "bytes=" and one range, with no blank in it; false when it is not that. */
static bool split(struct str value, struct str *first, struct str *last)
{
	struct str unit;

	if (!str_cut(&value, '=', &unit) || !str_equal_nocase(unit, STR("bytes")))
		return false;
	if (!str_cut(&value, '-', first) || !value.at)
		return false;
	*last = value;
	return true;
}

/* A number that may be larger than any object. */
static bool position(struct str s, uint64_t *value)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (s.at[i] < '0' || s.at[i] > '9')
			return false;
	if (!s.len)
		return false;
	if (!str_number(s, UINT64_MAX, value))
		*value = UINT64_MAX;
	return true;
}

/**
 * range_parse - the part of an object that a GET asks for
 * @value:	of Range; may be none
 * @size:	of the object, in bytes
 * @r:		receives the part, within @size
 *
 * As with S3, what is no range, and a list of several, counts as none.
 */
enum range_kind range_parse(struct str value, uint64_t size, struct range *r)
{
	uint64_t first, last = UINT64_MAX;
	struct str a, b;

	if (!value.len || !split(value, &a, &b))
		return RANGE_WHOLE;
	if (!a.len) {
		if (!position(b, &last))
			return RANGE_WHOLE;
		if (!last || !size)
			return RANGE_UNSATISFIABLE;
		r->len = last < size ? last : size;
		r->first = size - r->len;
		return RANGE_PART;
	}
	if (!position(a, &first) || (b.len && !position(b, &last)) || last < first)
		return RANGE_WHOLE;
	if (first >= size)
		return RANGE_UNSATISFIABLE;
	r->first = first;
	r->len = (last < size ? last + 1 : size) - first;
	return RANGE_PART;
}

/**
 * range_parse_exact - the part that x-amz-copy-source-range names
 * @value:	"bytes=FIRST-LAST", both of them
 * @r:		receives it; the caller compares it with the object's size
 *
 * Return: whether it was one.
 */
bool range_parse_exact(struct str value, struct range *r)
{
	uint64_t last;
	struct str a, b;

	if (!split(value, &a, &b) || !str_number(a, INT64_MAX, &r->first) ||
	    !str_number(b, INT64_MAX, &last) || last < r->first)
		return false;
	r->len = last - r->first + 1;
	return true;
}

/* The value of Content-Range. */
void range_write(struct out *o, const struct range *r, uint64_t size)
{
	out_str(o, STR("bytes "));
	out_number(o, r->first);
	out_char(o, '-');
	out_number(o, r->first + r->len - 1);
	out_char(o, '/');
	out_number(o, size);
}

/* The same for an answer with status 416. */
void range_write_unsatisfied(struct out *o, uint64_t size)
{
	out_str(o, STR("bytes */"));
	out_number(o, size);
}

/* What range_write() wrote, with a size that is a number. */
bool content_range_parse(struct str value, struct range *r, uint64_t *size)
{
	struct str first, last;
	uint64_t end;

	if (!str_starts(value, STR("bytes ")))
		return false;
	value = str_skip(value, 6);
	if (!str_cut(&value, '-', &first) || !str_cut(&value, '/', &last) ||
	    !str_number(first, INT64_MAX, &r->first) || !str_number(last, INT64_MAX, &end) ||
	    !str_number(value, INT64_MAX, size) || end < r->first || end >= *size)
		return false;
	r->len = end - r->first + 1;
	return true;
}

/* --- conditions ----------------------------------------------------------- */

static struct str value_of(const struct http_head *h, struct str name)
{
	struct str value = STR_NONE;

	http_find(h, name, &value);
	return value;
}

/* The conditions of a request on its own object. */
void conditions_from(const struct http_head *h, struct conditions *c)
{
	c->if_match = value_of(h, STR("if-match"));
	c->if_none_match = value_of(h, STR("if-none-match"));
	c->if_modified_since = value_of(h, STR("if-modified-since"));
	c->if_unmodified_since = value_of(h, STR("if-unmodified-since"));
}

/* Those of a copy on the source. */
void conditions_from_copy(const struct http_head *h, struct conditions *c)
{
	c->if_match = value_of(h, STR("x-amz-copy-source-if-match"));
	c->if_none_match = value_of(h, STR("x-amz-copy-source-if-none-match"));
	c->if_modified_since = value_of(h, STR("x-amz-copy-source-if-modified-since"));
	c->if_unmodified_since = value_of(h, STR("x-amz-copy-source-if-unmodified-since"));
}

/* Without W/ and quotes, which some clients leave out. */
static struct str opaque(struct str tag)
{
	tag = str_trim(tag);
	if (str_starts(tag, STR("W/")))
		tag = str_skip(tag, 2);
	if (tag.len >= 2 && tag.at[0] == '"' && tag.at[tag.len - 1] == '"') {
		tag = str_skip(tag, 1);
		tag.len--;
	}
	return tag;
}

/**
 * etag_in_list - does If-Match or If-None-Match name this entity?
 * @list:	"*", or tags with commas between them; ours have no comma
 * @etag:	of the object, without quotes
 */
bool etag_in_list(struct str list, struct str etag)
{
	struct str item;

	if (str_equal(str_trim(list), STR("*")))
		return true;
	while (str_cut(&list, ',', &item))
		if (str_equal(opaque(item), etag))
			return true;
	return false;
}

/* A date that cannot be read is no condition (RFC 9110, 13.1.3). */
static bool modified_after(struct str date, int64_t modified, bool otherwise)
{
	int64_t since;

	return http_date_parse(date, &since) ? modified > since : otherwise;
}

/**
 * conditions_check - may a request on an object that exists go on?
 * @c:		its conditions
 * @reads:	GET or HEAD: what need not be sent again is "not modified"
 * @etag:	of the object, without quotes
 * @modified:	when it was, in seconds
 *
 * The order is that of RFC 9110, 13.2.2: a tag outweighs the date beside it.
 * Where there is no object, the caller has its own word: 404 or, for a PUT with
 * If-None-Match, none.
 */
enum condition conditions_check(const struct conditions *c, bool reads, struct str etag,
				int64_t modified)
{
	if (c->if_match.at) {
		if (!etag_in_list(c->if_match, etag))
			return CONDITION_FAILED;
	} else if (c->if_unmodified_since.at &&
		   modified_after(c->if_unmodified_since, modified, false)) {
		return CONDITION_FAILED;
	}
	if (c->if_none_match.at) {
		if (etag_in_list(c->if_none_match, etag))
			return reads ? CONDITION_NOT_MODIFIED : CONDITION_FAILED;
	} else if (c->if_modified_since.at &&
		   !modified_after(c->if_modified_since, modified, true)) {
		return reads ? CONDITION_NOT_MODIFIED : CONDITION_FAILED;
	}
	return CONDITION_HOLDS;
}

/* Is the part that If-Range guards still that of the object? */
bool if_range_holds(struct str value, struct str etag, int64_t modified)
{
	int64_t date;

	value = str_trim(value);
	if (value.len && *value.at == '"')
		return str_equal(opaque(value), etag);
	/* A weak tag never matches here (RFC 9110, 13.1.5); a date must be exact. */
	return http_date_parse(value, &date) && date == modified;
}
