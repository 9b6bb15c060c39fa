// SPDX-License-Identifier: GPL-2.0-or-later
/* Bodies in chunks, and forms: whole, cut at every place, and damaged. */
#include "text_util.h"

#include "http/chunked.h"
#include "http/form.h"
#include "http/head.h"

/* A log of events, in which pieces of data that touch are one. */
static void log_data(struct out *o, struct str data, bool *open)
{
	if (!*open)
		out_text(o, "data(");
	*open = true;
	out_str(o, data);
}

static void close_data(struct out *o, bool *open)
{
	if (*open)
		out_text(o, ")");
	*open = false;
}

/* One run of the scanner over a piece; false when the body has ended or is bad. */
static bool scan_chunks(struct chunk_scan *c, struct str *in, struct out *o, bool *open)
{
	for (;;) {
		enum chunk_event event = chunk_scan_next(c, in);

		if (event == CHUNK_DATA) {
			assert_true(c->data.len);
			log_data(o, c->data, open);
			continue;
		}
		if (event != CHUNK_MORE)
			close_data(o, open);
		switch (event) {
		case CHUNK_SIZE:
			out_text(o, "size ");
			out_number(o, c->size);
			out_str(o, c->ext);
			break;
		case CHUNK_END:
			out_text(o, " end ");
			break;
		case CHUNK_TRAILER:
			out_text(o, " [");
			out_str(o, c->name);
			out_text(o, "=");
			out_str(o, c->value);
			out_text(o, "]");
			break;
		case CHUNK_DONE:
			out_text(o, " done");
			return false;
		case CHUNK_BAD:
			out_text(o, " bad");
			return false;
		default:
			assert_int_equal(in->len, 0);
			return true;
		}
	}
}

/* The log of a body that comes in pieces of @piece bytes, each before a closed page. */
static struct str chunks_in(const char *body, size_t len, size_t piece, bool lenient)
{
	static char text[4096];
	struct out o = OUT(text, sizeof(text));
	static struct chunk_scan c;
	bool open = false, go = true;
	size_t at, n;

	chunk_scan_init(&c, lenient);
	for (at = 0; go && at < len; at += n) {
		uint8_t *edge;
		struct str in;

		n = len - at < piece ? len - at : piece;
		edge = edge_copy(body + at, n);
		in = (struct str){ (char *)edge, n };
		go = scan_chunks(&c, &in, &o, &open);
		if (!go) {
			out_text(&o, " ");
			out_number(&o, len - at - n + in.len);
		}
		edge_free(edge, n);
	}
	assert_int_equal(o.err, 0);
	return out_written(&o);
}

static void check_chunks(const char *body, bool lenient, const char *expected)
{
	size_t len = strlen(body), piece;

	for (piece = 1; piece <= len; piece++)
		assert_str(chunks_in(body, len, piece, lenient), expected);
}

static void chunks(void **state)
{
	(void)state;
	check_chunks("5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n", false,
		     "size 5data(hello) end size 6;x=ydata( world) end size 0 done 0");
	check_chunks("0\r\n\r\nGET", false, "size 0 done 3");
	check_chunks("00000A\r\n0123456789\r\n000\r\na: b \r\nc:\r\n\r\n", false,
		     "size 10data(0123456789) end size 0 [a=b] [c=] done 0");
	check_chunks("1;chunk-signature=ab\r\n\r\r\n0;chunk-signature=cd\r\n\r\n", false,
		     "size 1;chunk-signature=abdata(\r) end size 0;chunk-signature=cd done 0");
}

/* The ends of trailers that clients of aws-chunked write. */
static void lenient(void **state)
{
	(void)state;
	check_chunks("0\r\nx-amz-checksum-crc32:AAAAAA==\n\r\n", true,
		     "size 0 [x-amz-checksum-crc32=AAAAAA==] done 0");
	check_chunks("0\r\nx-amz-checksum-crc32:AAAAAA==\n\n", true,
		     "size 0 [x-amz-checksum-crc32=AAAAAA==] done 0");
	check_chunks("1\n", true, " bad 0");
}

static void bad_chunks(void **state)
{
	static const char *const bad[] = {
		"\r\n", "g\r\n", " 1\r\na\r\n", "1 \r\na\r\n", "-1\r\n", "+1\r\n", "0x1\r\n",
		"1\na\r\n", "1\ra\r\n", "1\r\nab\r\n", "1\r\na\n", "1\r\na\r\r", "1\r\na\rb",
		"1000000000000000\r\n", "ffffffffffffffff\r\n", "00000000000000001\r\na",
		"1,x\r\n", "1;x=\1\r\n", "0\r\na\r\n", "0\r\n: b\r\n", "0\r\na b: c\r\n",
		"0\r\na: b\n", "0\r\na: \1\r\n", "0\r\n \r\n", "0\r\na: b\r\n c\r\n", ";\r\n",
	};
	static char text[2 * CHUNK_LINE_MAX];
	struct out o = OUT(text, sizeof(text));
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		struct str log = chunks_in(bad[i], strlen(bad[i]), 1, false);

		if (!memmem(log.at, log.len, " bad", 4))
			fail_msg("\"%s\": %.*s", bad[i], STR_ARG(log));
	}
	/* Too long, and too many. */
	out_text(&o, "1;");
	while (o.len < CHUNK_LINE_MAX + 1)
		out_char(&o, 'a');
	assert_str(chunks_in(text, o.len, o.len, false), " bad 1025");
	o = OUT(text, sizeof(text));
	out_text(&o, "0\r\n");
	for (i = 0; i <= CHUNK_TRAILERS_MAX; i++)
		out_text(&o, "a: b\r\n");
	assert_true(str_ends(chunks_in(text, o.len, 1, false), STR(" bad 0")));
}

/* What we write is what we read. */
static void chunks_written(void **state)
{
	char text[128];
	struct out o = OUT(text, sizeof(text));

	(void)state;
	chunk_write_size(&o, 0x1a);
	out_text(&o, "abcdefghijklmnopqrstuvwxyz\r\n");
	chunk_write_last(&o);
	http_write_field(&o, STR("x-sum"), STR("1"));
	out_text(&o, "\r\n");
	assert_str(chunks_in(text, o.len, 3, false),
		   "size 26data(abcdefghijklmnopqrstuvwxyz) end size 0 [x-sum=1] done 0");
	o = OUT(text, sizeof(text));
	chunk_write_size(&o, UINT64_MAX);
	assert_out(&o, "ffffffffffffffff\r\n");
}

/* --- forms ---------------------------------------------------------------- */

#define NAMED	"Content-Disposition: form-data; name="
#define TYPE	"multipart/form-data; boundary=xYz"

static bool scan_form(struct form_scan *f, struct str *in, struct out *o, bool *open)
{
	for (;;) {
		enum form_event event = form_scan_next(f, in);

		if (event == FORM_DATA) {
			assert_true(f->data.len);
			log_data(o, f->data, open);
			continue;
		}
		if (event != FORM_MORE)
			close_data(o, open);
		switch (event) {
		case FORM_PART:
			out_text(o, "part ");
			out_text(o, f->name);
			if (f->has_file) {
				out_text(o, " file ");
				out_text(o, f->file);
			}
			out_text(o, *f->type ? " as " : "");
			out_text(o, f->type);
			out_text(o, " ");
			break;
		case FORM_PART_END:
			out_text(o, " end ");
			break;
		case FORM_DONE:
			out_text(o, "done");
			return false;
		case FORM_BAD:
			out_text(o, "bad");
			return false;
		default:
			assert_int_equal(in->len, 0);
			return true;
		}
	}
}

static struct str form_in(const char *body, size_t piece)
{
	static char text[4096];
	struct out o = OUT(text, sizeof(text));
	size_t len = strlen(body), at, n;
	static struct form_scan f;
	bool open = false, go = true;

	assert_true(form_scan_init(&f, STR(TYPE)));
	for (at = 0; go && at < len; at += n) {
		uint8_t *edge;
		struct str in;

		n = len - at < piece ? len - at : piece;
		edge = edge_copy(body + at, n);
		in = (struct str){ (char *)edge, n };
		go = scan_form(&f, &in, &o, &open);
		edge_free(edge, n);
	}
	assert_int_equal(o.err, 0);
	return out_written(&o);
}

static void check_form(const char *body, const char *expected)
{
	size_t piece;

	for (piece = 1; piece <= strlen(body); piece++)
		assert_str(form_in(body, piece), expected);
}

static void forms(void **state)
{
	(void)state;
	check_form("--xYz\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\na/${filename}\r\n"
		   "--xYz\r\ncontent-disposition: FORM-DATA; name=up; filename=\"a \\\"b\\\".txt\"\r\n"
		   "Content-Type: text/plain\r\nX-Other: 1\r\n\r\nline\r\n\r\n--xY\r\n--xYz--\r\n",
		   "part key data(a/${filename}) end part up file a \"b\".txt as text/plain data(line\r\n\r\n--xY) end done");
	/* With a preamble, an empty part, and spaces after the delimiter. */
	check_form("ignored --xYz\r\n--xY\r\n--xYz \t\r\nContent-Disposition: form-data; name=a\r\n\r\n"
		   "\r\n--xYz--", "part a  end done");
	/* Pieces of the delimiter that are content. */
	check_form("--xYz\r\nContent-Disposition: form-data; name=a\r\n\r\n"
		   "\r\r\n\r\n-\r\n--\r\n--x\r\n--xY\r\r\n--xYz--",
		   "part a data(\r\r\n\r\n-\r\n--\r\n--x\r\n--xY\r) end done");
}

static void bad_forms(void **state)
{
	static const char *const bad[] = {
		"--xYzz\r\n", "--xYz-\r", "--xYz\n", "--xYz\r\n\r\n", "--xYz\r\r\n",
		"--xYz\r\nContent-Disposition: form-data\r\n\r\n",
		"--xYz\r\nContent-Disposition: attachment; name=a\r\n\r\n",
		"--xYz\r\nContent-Disposition: form-data; name=\"a\r\n\r\n",
		"--xYz\r\nContent-Disposition: form-data; name=\"a\" b\r\n\r\n",
		"--xYz\r\nContent-Disposition: form-data; name=a\r\n" NAMED "b\r\n\r\n",
		"--xYz\r\nContent-Disposition: form-data; name=a\nX: b\r\n\r\n",
		"--xYz\r\nContent-Disposition form-data; name=a\r\n\r\n",
		"--xYz\r\nContent-Disposition: form-data; name=a\r\nX\1: b\r\n\r\n",
	};
	static const char boundary[] = "multipart/form-data; boundary=";
	static const char *const types[] = {
		"", "multipart/form-data", "multipart/mixed; boundary=a", "text/plain; boundary=a",
		"multipart/form-data; boundary=", "multipart/form-data; boundary=\"\"",
		"multipart/form-data; boundary=\"a", "multipart/form-data; boundary=\"a \"",
		"multipart/form-data; boundary=\"a\xff\"",
	};
	static char text[FORM_PART_HEAD_MAX + 64];
	struct out o = OUT(text, sizeof(text) - 1);
	static struct form_scan f;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++)
		if (!str_ends(form_in(bad[i], 1), STR("bad")))
			fail_msg("\"%s\" is taken for a form", bad[i]);
	for (i = 0; i < COUNT(types); i++)
		if (form_scan_init(&f, str_of(types[i])))
			fail_msg("\"%s\" is taken for a form", types[i]);
	o = OUT(text, sizeof(text) - 1);
	out_text(&o, boundary);
	while (o.len < sizeof(boundary) - 1 + FORM_BOUNDARY_MAX)
		out_char(&o, 'a');
	assert_true(form_scan_init(&f, out_written(&o)));
	out_char(&o, 'a');
	assert_false(form_scan_init(&f, out_written(&o)));
	o.len = 0;
	assert_true(form_scan_init(&f, STR("Multipart/Form-Data; charset=x; Boundary=\"a b:?\"")));
	out_text(&o, "--xYz\r\nX: ");
	while (o.len < FORM_PART_HEAD_MAX + 20)
		out_char(&o, 'a');
	assert_str(form_in(text, 7), "bad");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chunks), cmocka_unit_test(lenient), cmocka_unit_test(bad_chunks),
		cmocka_unit_test(chunks_written), cmocka_unit_test(forms),
		cmocka_unit_test(bad_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
