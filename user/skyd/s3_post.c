// SPDX-License-Identifier: GPL-2.0-or-later
/* Uploads by the form of a browser: the fields, and then the file, which streams. */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "front.h"
#include "http/form.h"
#include "http/media.h"
#include "s3/tags.h"

#define FIELDS_BYTES	20480u		/* of all fields before the file, as S3 has it */
#define EXPANDED_BYTES	8192u		/* of those that name the file */
#define FIELDS_COUNT	100u
#define INPUT_BYTES	16384u

struct post {
	struct pipe_source source;
	struct s3_call *c;
	struct form_scan scan;
	struct str in;				/* of @input, not looked at yet */
	struct str data;			/* of the file, not taken yet */
	bool over;				/* the file is complete */
	u64 got;
	struct s3_post_limits limits;
	struct s3_form form;
	struct s3_form_field field[FIELDS_COUNT];
	size_t used;
	char text[FIELDS_BYTES + EXPANDED_BYTES];
	char input[INPUT_BYTES];
};

static int malformed(struct post *p)
{
	return s3_fail(&p->c->fault, S3_MALFORMED_POST, NULL);
}

/* The next event that says something.  Return: an event, or -errno. */
static int next(struct post *p)
{
	enum form_event event;
	ssize_t n;

	for (;;) {
		event = form_scan_next(&p->scan, &p->in);
		if (event != FORM_MORE)
			return event;
		n = http_request_read(p->c->rq, p->input, sizeof(p->input));
		if (n < 0)
			return n == -ECONNRESET ? -EPIPE : n;
		if (!n)
			return FORM_BAD;
		p->in = (struct str){ p->input, n };
	}
}

/* --- fields -------------------------------------------------------------------------- */

static struct str keep(struct post *p, struct str s)
{
	struct str kept = { p->text + p->used, s.len };

	memcpy(p->text + p->used, s.at, s.len);
	p->used += s.len;
	return kept;
}

/* The value of the field at hand, behind the others. */
static int read_value(struct post *p, struct s3_form_field *f)
{
	int event;

	f->value = (struct str){ p->text + p->used, 0 };
	while ((event = next(p)) == FORM_DATA) {
		if (p->scan.data.len > FIELDS_BYTES - p->used)
			return s3_fail(&p->c->fault, S3_MAX_POST_PRE_DATA, NULL);
		f->value.len += keep(p, p->scan.data).len;
	}
	return event == FORM_PART_END ? 0 : event < 0 ? event : malformed(p);
}

/* All up to the file. */
static int read_fields(struct post *p)
{
	int event, rc;

	while ((event = next(p)) == FORM_PART) {
		struct s3_form_field *f = &p->field[p->form.count];
		struct str name = str_of(p->scan.name), twice;

		if (str_equal_nocase(name, STR("file")))
			return 0;
		if (p->form.count == FIELDS_COUNT || name.len > FIELDS_BYTES - p->used)
			return s3_fail(&p->c->fault, S3_MAX_POST_PRE_DATA, NULL);
		/* What the policy was held against has to be what counts. */
		if (s3_form_find(&p->form, name, &twice))
			return front_argument(p->c, STR("Field"), str_head(keep(p, name), 64),
					      "A form may have each field once");
		f->name = keep(p, name);
		rc = read_value(p, f);
		if (rc)
			return rc;
		p->form.count++;
	}
	if (event < 0)
		return event;
	if (event == FORM_DONE)
		return s3_fail(&p->c->fault, S3_INCORRECT_NUMBER_OF_FILES, NULL);
	return malformed(p);
}

/* The name of the file, where fields leave room for it; the policy itself is as it was signed. */
static int expand_fields(struct post *p)
{
	unsigned int i;

	for (i = 0; i < p->form.count; i++) {
		struct s3_form_field *f = &p->field[i];
		struct out o = OUT(p->text + p->used, sizeof(p->text) - p->used);

		if (!memmem(f->value.at, f->value.len, "${filename}", 11))
			continue;
		if (!s3_post_expand(f->value, str_of(p->scan.file), &o))
			return s3_fail(&p->c->fault, S3_MAX_POST_PRE_DATA, NULL);
		f->value = out_written(&o);
		p->used += o.len;
	}
	return 0;
}

static int check_policy(void *arg)
{
	struct post *p = arg;

	return s3_post_check(&p->form, time(NULL), &p->limits, &p->c->fault);
}

static int find_key(struct post *p)
{
	if (!s3_form_find(&p->form, STR("key"), &p->c->target.key))
		return s3_fail(&p->c->fault, S3_INVALID_ARGUMENT,
			       "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.");
	return s3_key_check(p->c->target.key, &p->c->fault);
}

/* Tags are a document here. */
static int read_tags(struct post *p, struct object_fields *f)
{
	struct s3_tags *tags;
	struct str value;
	int rc;

	if (!s3_form_find(&p->form, STR("tagging"), &value))
		return 0;
	tags = calloc(1, sizeof(*tags));
	if (!tags)
		return -ENOMEM;
	rc = s3_tags_from_xml(tags, S3_OBJECT_TAGS, value, &p->c->fault);
	if (!rc)
		s3_tags_to_header(&f->tags, tags);
	free(tags);
	return rc ? rc : f->tags.err ? s3_fail(&p->c->fault, S3_INVALID_TAG, NULL) : 0;
}

/* Headers that forms have other fields for, or none: they are not looked for here. */
static int check_field(struct s3_call *c, struct str name, struct str value)
{
	static const struct {
		const char *begin, *words;
	} headers[] = {
		{ "x-amz-acl", "The ACL of a form is its field \"acl\"" },
		{ "x-amz-grant-", "The ACL of a form is a canned one, its field \"acl\"" },
		{ "x-amz-tagging", "The tags of a form are a document, its field \"tagging\"" },
	};
	size_t i;

	if (!str_equal_nocase(str_head(name, 6), STR("x-amz-")))
		return 0;
	for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		struct str begin = str_of(headers[i].begin);

		if (str_equal_nocase(str_head(name, begin.len), begin))
			return front_argument(c, str_head(name, 63), str_head(value, 64),
					      headers[i].words);
	}
	return route_field(c, name, value);
}

static int read_object(struct post *p, struct object_fields *f)
{
	struct s3_call *c = p->c;
	struct str acl = STR_NONE;
	unsigned int i;
	int rc;

	fields_begin(f);
	for (i = 0; i < p->form.count; i++) {
		rc = fields_add(c, f, p->form.field[i].name, p->form.field[i].value);
		if (!rc)
			rc = check_field(c, p->form.field[i].name, p->form.field[i].value);
		if (rc)
			return rc;
	}
	rc = s3_form_find(&p->form, STR("acl"), &acl) ? fields_canned(c, f, acl) : 0;
	if (!rc)
		rc = fields_check(c, f);
	return rc ? rc : read_tags(p, f);
}

/* --- the file ------------------------------------------------------------------------ */

static ssize_t refused(struct post *p, int rc)
{
	return rc > 0 ? meta_status(rc) : rc == -ETIMEDOUT ?
	       meta_status(s3_fail(&p->c->fault, S3_REQUEST_TIMEOUT, NULL)) : rc;
}

/* The file has ended: what follows it says nothing to S3, but has to be well formed. */
static int read_rest(struct post *p)
{
	int event;

	p->over = true;
	do {
		event = next(p);
	} while (event == FORM_PART || event == FORM_DATA || event == FORM_PART_END);
	if (event < 0)
		return event;
	return event == FORM_DONE ? s3_post_check_size(&p->limits, p->got, &p->c->fault) :
				    malformed(p);
}

static ssize_t file_read(struct pipe_source *s, void *to, size_t len)
{
	struct post *p = (struct post *)s;
	size_t done = 0, n;
	int event, rc;

	while (done < len && !p->over) {
		if (!p->data.len) {
			event = next(p);
			if (event == FORM_PART_END) {
				rc = read_rest(p);
				if (rc)
					return refused(p, rc);
				break;
			}
			if (event != FORM_DATA)
				return refused(p, event < 0 ? event : malformed(p));
			p->data = p->scan.data;
		}
		n = p->data.len < len - done ? p->data.len : len - done;
		memcpy((char *)to + done, p->data.at, n);
		p->data = str_skip(p->data, n);
		done += n;
		p->got += n;
		if (p->got > p->limits.max || p->got > FRONT_PUT_MAX)
			return refused(p, s3_fail(&p->c->fault, S3_ENTITY_TOO_LARGE, NULL));
	}
	return done;
}

/* --- the reply ----------------------------------------------------------------------- */

static int redirect(struct post *p, struct upload *u, struct str to)
{
	struct s3_call *c = p->c;
	char url[HTTP_REPLY_MAX / 2];
	struct out o = OUT(url, sizeof(url));
	size_t at;

	out_str(&o, to);
	out_str(&o, str_find(to, '?', &at) ? STR("&bucket=") : STR("?bucket="));
	uri_encode(&o, c->target.bucket, 0);
	out_str(&o, STR("&key="));
	uri_encode(&o, c->target.key, 0);
	out_str(&o, STR("&etag=%22"));
	out_str(&o, upload_etag(u));
	out_str(&o, STR("%22"));
	if (o.err || !http_is_value(out_written(&o)))
		return front_argument(c, STR("success_action_redirect"), to, "Invalid redirect");
	http_write_field(front_reply(c, 303), STR("Location"), out_written(&o));
	return http_reply_whole(c->rq, NULL, 0);
}

static bool is_redirect(const struct post *p, struct str *to)
{
	return (s3_form_find(&p->form, STR("success_action_redirect"), to) ||
		s3_form_find(&p->form, STR("redirect"), to)) &&
	       (str_starts(*to, STR("http://")) || str_starts(*to, STR("https://")));
}

static int reply(struct post *p, struct upload *u)
{
	struct s3_call *c = p->c;
	struct str wanted = STR_NONE, to;
	char where[4 * S3_KEY_MAX], body[8 * S3_KEY_MAX];
	struct out location = OUT(where, sizeof(where)), text = OUT(body, sizeof(body)), *o;
	unsigned int status = 204;

	if (is_redirect(p, &to))
		return redirect(p, u, to);
	s3_form_find(&p->form, STR("success_action_status"), &wanted);
	if (str_is(wanted, "200") || str_is(wanted, "201"))
		status = str_is(wanted, "200") ? 200 : 201;
	out_str(&location, c->caller.secure ? STR("https://") : STR("http://"));
	out_str(&location, http_str(&c->rq->head, c->rq->head.host));
	out_char(&location, '/');
	out_str(&location, c->target.bucket);
	out_char(&location, '/');
	uri_encode(&location, c->target.key, URI_SLASH);
	o = front_reply(c, status);
	etag_field(o, upload_etag(u));
	http_write_field(o, STR("Location"), out_written(&location));
	version_field(o, u->result.version_kind, u->result.version);
	if (status == 201) {
		http_write_field(o, STR("Content-Type"), STR("application/xml"));
		s3_answer_post(&text, &(struct s3_completed){
			.location = out_written(&location), .bucket = c->target.bucket,
			.key = c->target.key, .etag = upload_etag(u),
			.checksum.kind = S3_NO_CHECKSUM,
		});
	}
	return http_reply_whole(c->rq, body, text.err ? 0 : text.len);
}

/* --- PostObject ---------------------------------------------------------------------- */

/* x-amz-checksum-*, of which there may be one; x-amz-checksum-algorithm says the kind alone. */
static int read_sum(struct post *p, struct s3_checksum_value *want, enum s3_checksum *kind)
{
	enum s3_checksum named;
	struct str value;
	unsigned int i;

	want->kind = S3_NO_CHECKSUM;
	for (i = 0; i < p->form.count; i++) {
		struct str name = p->field[i].name;

		*kind = s3_checksum_of_header(name);
		if (!str_equal_nocase(str_head(name, 15), STR("x-amz-checksum-")) ||
		    str_equal_nocase(name, STR("x-amz-checksum-algorithm")))
			continue;
		if (*kind == S3_NO_CHECKSUM)
			return s3_fail(&p->c->fault, S3_INVALID_REQUEST,
				       "The algorithm type you specified in x-amz-checksum- header is invalid.");
		if (want->kind != S3_NO_CHECKSUM ||
		    !s3_checksum_parse(*kind, p->field[i].value, want) || want->parts)
			return s3_fail(&p->c->fault, S3_INVALID_REQUEST,
				       "Value for x-amz-checksum-%s header is invalid.",
				       s3_checksum_name(*kind));
	}
	*kind = want->kind == S3_NO_CHECKSUM ? S3_CRC64NVME : want->kind;
	if (!s3_form_find(&p->form, STR("x-amz-checksum-algorithm"), &value))
		return 0;
	named = s3_checksum_of_name(value);
	if (named == S3_NO_CHECKSUM || (want->kind != S3_NO_CHECKSUM && named != want->kind))
		return s3_fail(&p->c->fault, S3_INVALID_REQUEST,
			       "Value for x-amz-checksum-algorithm header is invalid.");
	*kind = named;
	return 0;
}

static int put_file(struct post *p, struct object_fields *f)
{
	struct s3_call *c = p->c;
	CLEANUP_UPLOAD struct upload u = { .c = c, .answer = LINK_ANSWER_NONE,
					   .committed = LINK_ANSWER_NONE };
	u64 size = c->rq->head.has_length ? c->rq->head.content_length : UINT64_MAX;
	struct s3_checksum_value want;
	enum s3_checksum kind;
	int rc;

	u.open.bucket = bytes_of(c->target.bucket);
	u.open.name = bytes_of(c->target.key);
	u.open.tags = bytes_of(out_written(&f->tags));
	u.open.sets_acl = f->grants_canned.len;
	u.open.canned_acl = f->grants_canned;
	rc = read_sum(p, &want, &kind);
	if (!rc)
		rc = upload_open(&u, c, size);
	if (!rc)
		rc = upload_write(&u, &p->source, size, kind);
	if (!rc && want.kind != S3_NO_CHECKSUM &&
	    memcmp(want.bytes, u.put.value.bytes, s3_checksum_bytes(want.kind)))
		rc = s3_fail(&c->fault, S3_BAD_DIGEST,
			     "The %s you specified did not match the calculated checksum.",
			     s3_checksum_name(want.kind));
	if (!rc)
		rc = upload_commit(&u, f);
	return rc ? rc : reply(p, &u);
}

/* That there is none is told first; whether he may is judged later. */
static int check_bucket(struct s3_call *c)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct meta_bucket_ask ask = {
		.caller = c->caller, .name = bytes_of(c->target.bucket),
	};
	struct meta_bucket bucket;
	int rc = front_ask(c, META_BUCKET, &meta_bucket_ask_schema, &ask, &meta_bucket_schema,
			   &bucket, 0, &answer);

	return meta_code(rc) == S3_NO_SUCH_BUCKET ? rc : 0;
}

static int post(struct post *p)
{
	struct s3_call *c = p->c;
	struct object_fields f;
	int rc = read_fields(p);

	if (!rc)
		rc = auth_form(c, &p->form);
	if (!rc)
		rc = expand_fields(p);
	if (!rc)
		rc = auth_context(c, &p->form);
	if (!rc)
		rc = check_bucket(c);
	if (!rc)
		rc = io_work(c->g->pool, check_policy, p, 0);
	if (!rc)
		rc = find_key(p);
	if (!rc)
		rc = read_object(p, &f);
	return rc ? rc : put_file(p, &f);
}

/* Before it is known who sends it: as any document of a stranger. */
static int begin_post(struct s3_call *c, struct post **p, u64 *units)
{
	*units = (sizeof(**p) + FRONT_TEXT_UNIT - 1) / FRONT_TEXT_UNIT;
	if (!io_try_acquire(&c->g->strangers, *units)) {
		*units = 0;
		return -EAGAIN;
	}
	*p = calloc(1, sizeof(**p));
	return *p ? 0 : -ENOMEM;
}

static int post_of(struct s3_call *c, struct str type, struct post *p)
{
	p->c = c;
	p->source.read = file_read;
	p->form.field = p->field;
	p->form.bucket = c->target.bucket;
	p->limits.max = UINT64_MAX;
	if (!form_scan_init(&p->scan, type))
		return malformed(p);
	return post(p);
}

/* The form is about to go.  Who has sent it is still told to the log; what for, to nobody. */
static void outlive(struct s3_call *c)
{
	struct str key = str_head(str_from(c->caller.access_key), sizeof(c->claim.text));

	if (key.len)
		memmove(c->claim.text, key.at, key.len);
	c->caller.access_key = (struct rpc_bytes){ c->claim.text, key.len };
	c->target.key = STR_NONE;
}

int s3_post_object(struct s3_call *c)
{
	CLEANUP_FREE struct post *p = NULL;
	u64 units;
	int rc;
	struct str type = field_of(c, STR("content-type")), rest;

	if (!str_equal_nocase(params_start(type, &rest), STR("multipart/form-data")))
		return s3_fail(&c->fault, S3_REQUEST_IS_NOT_MULTIPART, NULL);
	rc = begin_post(c, &p, &units);
	if (!rc)
		rc = post_of(c, type, p);
	outlive(c);
	io_release(&c->g->strangers, units);
	return rc;
}
