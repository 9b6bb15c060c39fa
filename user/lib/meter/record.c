// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "crypto/hmac.h"
#include "record.h"

#define RECORD_HEAD		"{\"record\":{"
#define CERTIFICATE_HEAD	"{\"certificate\":{"

/* --- what may stand there ---------------------------------------------------------------- */

/* No control characters, and none that JSON would write in another way. */
static bool plain(struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if ((uint8_t)s.at[i] < 0x20 || s.at[i] == 0x7f || s.at[i] == '"' || s.at[i] == '\\')
			return false;
	return s.len <= METER_TEXT_MAX && str_is_utf8(s);
}

struct str meter_text(struct str from, char to[METER_TEXT_MAX + 1])
{
	size_t n = 0, len;
	uint32_t code;

	for (; from.len; from = str_skip(from, len)) {
		bool bad;

		len = utf8_next(from, &code);
		bad = !len || !plain(str_head(from, len));
		len = len ? len : 1;
		if (n + (bad ? 1 : len) > METER_TEXT_MAX)
			break;
		memcpy(to + n, bad ? "?" : from.at, bad ? 1 : len);
		n += bad ? 1 : len;
	}
	to[n] = 0;
	return (struct str){ to, n };
}

static bool counter_name_ok(struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (!(s.at[i] >= 'a' && s.at[i] <= 'z') && !(s.at[i] >= '0' && s.at[i] <= '9') &&
		    s.at[i] != '_')
			return false;
	return s.len && s.len <= METER_COUNTER_NAME;
}

uint64_t meter_counter_get(const struct meter_record *r, struct str name)
{
	unsigned int i;

	for (i = 0; i < r->counters; i++)
		if (str_equal(r->counter[i].name, name))
			return r->counter[i].value;
	return 0;
}

void meter_digest_of(struct str body, uint8_t digest[SHA256_BYTES])
{
	sha256_of(body.at, body.len, digest);
}

/* --- writing ----------------------------------------------------------------------------- */

static void wrong(struct out *o, int err)
{
	if (!o->err)
		o->err = err;
}

static void print_text(struct out *o, const char *name, struct str s)
{
	if (!plain(s))
		wrong(o, -EINVAL);
	out_text(o, name);
	out_str(o, s);
	out_char(o, '"');
}

static void print_number(struct out *o, const char *name, uint64_t value)
{
	if (value > METER_NUMBER_MAX)
		wrong(o, -EMSGSIZE);
	out_text(o, name);
	out_number(o, value);
}

static void print_hex(struct out *o, const char *name, const void *bytes, size_t len)
{
	out_text(o, name);
	out_hex(o, bytes, len);
	out_char(o, '"');
}

static void print_digest(struct out *o, const char *name, const struct meter_digest *d)
{
	print_hex(o, name, d->at, d->set ? sizeof(d->at) : 0);
}

static void print_base64(struct out *o, const char *name, const void *bytes, size_t len)
{
	out_text(o, name);
	out_base64(o, bytes, len);
	out_char(o, '"');
}

static void print_counters(struct out *o, const struct meter_record *r)
{
	unsigned int i;

	if (r->counters > METER_COUNTERS) {
		wrong(o, -EMSGSIZE);
		return;
	}
	out_text(o, ",\"counters\":{");
	for (i = 0; i < r->counters; i++) {
		const struct meter_counter *c = &r->counter[i];

		if (!counter_name_ok(c->name) || (i && str_compare(c[-1].name, c->name) >= 0))
			wrong(o, -EINVAL);
		out_text(o, i ? ",\"" : "\"");
		out_str(o, c->name);
		print_number(o, "\":", c->value);
	}
	out_char(o, '}');
}

void meter_record_print(struct out *o, const struct meter_record *r)
{
	print_hex(o, "{\"ak\":\"", r->ak, sizeof(r->ak));
	print_number(o, ",\"boot\":", r->boot);
	print_counters(o, r);
	print_number(o, ",\"from\":", r->from);
	print_digest(o, ",\"image\":\"", &r->image);
	print_digest(o, ",\"input\":\"", &r->input);
	print_number(o, ",\"instance\":", r->instance);
	print_digest(o, ",\"output\":\"", &r->output);
	print_hex(o, ",\"prev\":\"", r->prev, sizeof(r->prev));
	print_number(o, ",\"seq\":", r->seq);
	print_text(o, ",\"source\":\"", r->source);
	print_text(o, ",\"tenant\":\"", r->tenant);
	print_number(o, ",\"to\":", r->to);
	print_text(o, ",\"unit\":\"", r->unit);
	out_char(o, '}');
}

void meter_line_print(struct out *o, struct str body, const uint8_t *signature, size_t len)
{
	out_text(o, "{\"record\":");
	out_str(o, body);
	print_base64(o, ",\"signature\":\"", signature, len);
	out_char(o, '}');
}

void meter_certificate_print(struct out *o, const void *ak, size_t ak_len, uint64_t boot,
			     const uint8_t key[P256_POINT_BYTES])
{
	print_base64(o, "{\"ak\":\"", ak, ak_len);
	print_number(o, ",\"boot\":", boot);
	print_base64(o, ",\"key\":\"", key, P256_POINT_BYTES);
	out_char(o, '}');
}

void meter_certificate_line(struct out *o, struct str body, const void *quote, size_t quote_len,
			    const void *signature, size_t signature_len)
{
	out_text(o, "{\"certificate\":");
	out_str(o, body);
	print_base64(o, ",\"quote\":\"", quote, quote_len);
	print_base64(o, ",\"signature\":\"", signature, signature_len);
	out_char(o, '}');
}

/* --- reading ----------------------------------------------------------------------------- */

enum meter_kind meter_kind_of(struct str line)
{
	return str_starts(line, STR(RECORD_HEAD)) ? METER_RECORD :
	       str_starts(line, STR(CERTIFICATE_HEAD)) ? METER_CERTIFICATE : METER_NEITHER;
}

static bool take(struct str *rest, const char *text)
{
	struct str expected = str_of(text);

	if (!str_starts(*rest, expected))
		return false;
	*rest = str_skip(*rest, expected.len);
	return true;
}

/* Up to the next quotation mark, which is taken, too. */
static bool take_quoted(struct str *rest, const char *name, struct str *to)
{
	size_t at;

	if (!take(rest, name) || !str_find(*rest, '"', &at))
		return false;
	*to = str_head(*rest, at);
	*rest = str_skip(*rest, at + 1);
	return true;
}

static bool take_text(struct str *rest, const char *name, struct str *to)
{
	return take_quoted(rest, name, to) && plain(*to);
}

static bool take_number(struct str *rest, const char *name, uint64_t *to)
{
	struct str s;
	size_t n;

	if (!take(rest, name))
		return false;
	for (n = 0; n < rest->len && rest->at[n] >= '0' && rest->at[n] <= '9'; n++)
		;
	s = str_head(*rest, n);
	*rest = str_skip(*rest, n);
	return str_number(s, METER_NUMBER_MAX, to) && (s.len == 1 || *s.at != '0');
}

static bool take_hex(struct str *rest, const char *name, uint8_t *to, size_t len)
{
	struct str s;
	size_t i;

	if (!take_quoted(rest, name, &s) || s.len != 2 * len)
		return false;
	for (i = 0; i < s.len; i++)
		if (hex_value(s.at[i]) < 0 || (s.at[i] >= 'A' && s.at[i] <= 'F'))
			return false;
	for (i = 0; i < len; i++)
		to[i] = hex_value(s.at[2 * i]) << 4 | hex_value(s.at[2 * i + 1]);
	return true;
}

static bool take_digest(struct str *rest, const char *name, struct meter_digest *to)
{
	struct str before = *rest, s;

	if (!take_quoted(&before, name, &s))
		return false;
	to->set = s.len;
	if (to->set)
		return take_hex(rest, name, to->at, sizeof(to->at));
	*rest = before;
	return true;
}

static bool take_base64(struct str *rest, const char *name, uint8_t *to, size_t size, size_t *len)
{
	struct str s;
	int n;

	if (!take_quoted(rest, name, &s))
		return false;
	n = base64_decode(s, to, size);
	*len = n > 0 ? n : 0;
	return n > 0;
}

static bool take_counters(struct str *rest, struct meter_record *r)
{
	if (!take(rest, ",\"counters\":{"))
		return false;
	for (r->counters = 0; !take(rest, "}"); r->counters++) {
		struct meter_counter *c = &r->counter[r->counters];

		if (r->counters == METER_COUNTERS ||
		    !take_quoted(rest, r->counters ? ",\"" : "\"", &c->name) ||
		    !counter_name_ok(c->name) || !take_number(rest, ":", &c->value) ||
		    (r->counters && str_compare(c[-1].name, c->name) >= 0))
			return false;
	}
	return true;
}

static bool take_record(struct str *rest, struct meter_record *r)
{
	return take_hex(rest, "{\"ak\":\"", r->ak, sizeof(r->ak)) &&
	       take_number(rest, ",\"boot\":", &r->boot) && take_counters(rest, r) &&
	       take_number(rest, ",\"from\":", &r->from) &&
	       take_digest(rest, ",\"image\":\"", &r->image) &&
	       take_digest(rest, ",\"input\":\"", &r->input) &&
	       take_number(rest, ",\"instance\":", &r->instance) &&
	       take_digest(rest, ",\"output\":\"", &r->output) &&
	       take_hex(rest, ",\"prev\":\"", r->prev, sizeof(r->prev)) &&
	       take_number(rest, ",\"seq\":", &r->seq) &&
	       take_text(rest, ",\"source\":\"", &r->source) &&
	       take_text(rest, ",\"tenant\":\"", &r->tenant) &&
	       take_number(rest, ",\"to\":", &r->to) &&
	       take_text(rest, ",\"unit\":\"", &r->unit) && take(rest, "}");
}

int meter_record_parse(struct str body, struct meter_record *to)
{
	return take_record(&body, to) && !body.len ? 0 : -EBADMSG;
}

int meter_line_parse(struct str line, struct meter_line *to)
{
	struct str rest = line;

	if (line.len > METER_LINE_MAX || !take(&rest, "{\"record\":"))
		return -EBADMSG;
	to->body = rest;
	if (!take_record(&rest, &to->record))
		return -EBADMSG;
	to->body.len -= rest.len;
	return take_base64(&rest, ",\"signature\":\"", to->signature, sizeof(to->signature),
			   &to->signature_len) && str_is(rest, "}") ? 0 : -EBADMSG;
}

int meter_certificate_parse(struct str line, struct meter_certificate *to)
{
	struct str rest = line;
	size_t key;

	if (line.len > METER_LINE_MAX || !take(&rest, "{\"certificate\":"))
		return -EBADMSG;
	to->body = rest;
	if (!take_base64(&rest, "{\"ak\":\"", to->ak, sizeof(to->ak), &to->ak_len) ||
	    !take_number(&rest, ",\"boot\":", &to->boot) ||
	    !take_base64(&rest, ",\"key\":\"", to->key, sizeof(to->key), &key) ||
	    key != sizeof(to->key) || !take(&rest, "}"))
		return -EBADMSG;
	to->body.len -= rest.len;
	return take_base64(&rest, ",\"quote\":\"", to->quote, sizeof(to->quote),
			   &to->quote_len) &&
	       take_base64(&rest, ",\"signature\":\"", to->signature, sizeof(to->signature),
			   &to->signature_len) && str_is(rest, "}") ? 0 : -EBADMSG;
}
