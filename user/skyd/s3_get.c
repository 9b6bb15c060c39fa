// SPDX-License-Identifier: GPL-2.0-or-later
/* GetObject, HeadObject, GetObjectAttributes. */
#include <errno.h>

#include "cache.h"
#include "front.h"
#include "store.h"

#define GENERATIONS	4u	/* whose URLs come with the first answer */
#define SPARE		1u	/* rows beyond k */

static int64_t seconds_of(u64 us)
{
	return us / 1000000;
}

/* --- what is read -------------------------------------------------------------------- */

static void head_of(struct out *o, const struct meta_object *b)
{
	out_str(o, STR("Last-Modified: "));
	http_date_write(o, seconds_of(b->order));
	out_str(o, STR("\r\n"));
	if (b->versioning != STORE_UNVERSIONED)
		version_field(o, b->version_kind, b->version);
}

/* A marker is no object: 404 if it is the newest version, 405 if it was asked for by its id. */
static int refuse_marker(struct s3_call *c, const struct meta_read *ask,
			 const struct meta_object *b)
{
	bool newest = ask->version_kind == META_LATEST;
	struct out text = OUT(c->cors_room + c->cors.len, sizeof(c->cors_room) - c->cors.len);

	http_write_field(&text, STR("x-amz-delete-marker"), STR("true"));
	version_field(&text, b->version_kind, b->version);
	if (!newest) {
		http_write_field(&text, STR("Allow"), STR("DELETE"));
		out_str(&text, STR("Last-Modified: "));
		http_date_write(&text, seconds_of(b->order));
		out_str(&text, STR("\r\n"));
	}
	/* The refusal has these fields, too. */
	c->cors.len += text.err ? 0 : text.len;
	if (newest)
		return meta_status(S3_NO_SUCH_KEY);
	s3_fail(&c->fault, S3_METHOD_NOT_ALLOWED, NULL);
	s3_detail(&c->fault, "Method", http_method(c->rq));
	s3_detail(&c->fault, "ResourceType", STR("DeleteMarker"));
	return S3_METHOD_NOT_ALLOWED;
}

int object_read(struct s3_call *c, struct meta_read *ask, struct meta_object *object,
		struct link_answer *answer)
{
	int rc;

	ask->caller = c->caller;
	/* The owner that was named is that of the request's bucket, and not of a copy's source. */
	if (!str_equal(str_from(ask->bucket), c->target.bucket))
		ask->caller.owner = (struct rpc_bytes){ 0 };
	rc = front_ask(c, META_READ, &meta_read_schema, ask, &meta_object_schema, object,
		       READ_ROOM, answer);
	if (rc)
		return rc;
	return object->marker ? refuse_marker(c, ask, object) : 0;
}

/* --- a reply that is the object ------------------------------------------------------ */

struct reading {
	struct pipe_sink sink;
	struct s3_call *c;
	struct meta_read ask;
	struct meta_object object;
	struct link_answer answer;
	struct range range;
	struct str if_range;
	u32 part;
	unsigned int status;
	bool open;
	struct cache_use cache;
};

static size_t count_tags(struct rpc_bytes tags)
{
	size_t i, n = tags.len > 0;

	for (i = 0; i < tags.len; i++)
		n += ((const char *)tags.data)[i] == '&';
	return n;
}

/* Of a part its own, of which the object's is made as its type says; of a range there is none. */
static void sums_of_reply(struct out *o, const struct reading *r)
{
	struct object_sums whole, part;

	sums_read(r->object.checksums, &whole);
	sums_read(r->object.part_checksums, &part);
	part.type = whole.type;
	if (r->part)
		sums_fields(o, &part);
	else if (r->status != 206)
		sums_fields(o, &whole);
}

static int write_head(struct reading *r)
{
	const struct meta_object *b = &r->object;
	struct s3_call *c = r->c;
	struct out *o = front_reply(c, r->status);
	size_t tags = b->tags_visible ? count_tags(b->tags) : 0;
	int rc;

	head_of(o, b);
	etag_field(o, str_from(b->etag));
	http_write_field(o, STR("Accept-Ranges"), STR("bytes"));
	http_write_field(o, STR("x-amz-server-side-encryption"), STR("AES256"));
	if (b->expiration.len)
		http_write_field(o, STR("x-amz-expiration"), str_from(b->expiration));
	if (tags) {
		out_str(o, STR("x-amz-tagging-count: "));
		out_number(o, tags);
		out_str(o, STR("\r\n"));
	}
	if (r->part && b->data.parts) {
		out_str(o, STR("x-amz-mp-parts-count: "));
		out_number(o, b->data.parts);
		out_str(o, STR("\r\n"));
	}
	if (r->status == 206) {
		out_str(o, STR("Content-Range: "));
		range_write(o, &r->range, b->size);
		out_str(o, STR("\r\n"));
	}
	if (str_equal_nocase(field_of(c, STR("x-amz-checksum-mode")), STR("enabled")))
		sums_of_reply(o, r);
	rc = fields_write(c, o, str_from(b->headers), str_from(b->metadata), true);
	if (rc)
		return rc;
	return http_reply_open(c->rq, r->range.len);
}

/* The head goes with the first bytes: until then the refusal may still be another one. */
static int sink_write(struct pipe_sink *s, const void *data, size_t len)
{
	struct reading *r = (struct reading *)s;
	int rc = 0;

	if (!r->open)
		rc = write_head(r);
	r->open = true;
	if (!rc)
		rc = http_reply_write(r->c->rq, data, len);
	r->c->sent += len;
	return rc;
}

/* --- which part of it ---------------------------------------------------------------- */

/* So that the first page is the one that is needed; range_parse() has the last word. */
static void guess_page(struct reading *r, struct str range)
{
	struct range found;

	if (r->part) {
		r->ask.from = META_FROM_PART;
		r->ask.value = r->part;
		return;
	}
	/* Of an object as great as can be, the range is as it was asked for. */
	if (range_parse(range, INT64_MAX, &found) != RANGE_PART)
		return;
	if (found.first + found.len == INT64_MAX && str_starts(range, STR("bytes=-"))) {
		r->ask.from = META_FROM_END;
		r->ask.value = found.len;
	} else {
		r->ask.from = META_FROM_OFFSET;
		r->ask.value = found.first;
	}
}

static int bad_range(struct reading *r, struct str range)
{
	struct s3_call *c = r->c;
	struct out *o = &c->cors;
	char text[24];
	struct out size = OUT(text, sizeof(text));

	s3_fail(&c->fault, S3_INVALID_RANGE, NULL);
	s3_detail(&c->fault, "RangeRequested", range);
	out_number(&size, r->object.size);
	s3_detail(&c->fault, "ActualObjectSize", out_written(&size));
	out_str(o, STR("Content-Range: "));
	range_write_unsatisfied(o, r->object.size);
	out_str(o, STR("\r\n"));
	return S3_INVALID_RANGE;
}

static int choose_range(struct reading *r, struct str range)
{
	const struct meta_object *b = &r->object;

	r->status = 200;
	r->range = (struct range){ 0, b->size };
	if (r->part) {
		/* Of an object that was put in one, the first part is all of it. */
		if (!b->data.parts && r->part > 1)
			return s3_fail(&r->c->fault, S3_INVALID_PART_NUMBER, NULL);
		if (b->data.parts)
			r->range = (struct range){ b->part_start, b->part_size };
		r->status = r->range.len ? 206 : 200;
		return 0;
	}
	if (r->if_range.at && !if_range_holds(r->if_range, str_from(b->etag),
					      seconds_of(b->order)))
		return 0;
	switch (range_parse(range, b->size, &r->range)) {
	case RANGE_PART:
		r->status = 206;
		return 0;
	case RANGE_UNSATISFIABLE:
		return bad_range(r, range);
	case RANGE_WHOLE:
		r->range = (struct range){ 0, b->size };
	}
	return 0;
}

static int reply_not_modified(struct reading *r)
{
	struct out *o = front_reply(r->c, 304);

	head_of(o, &r->object);
	etag_field(o, str_from(r->object.etag));
	return http_reply_whole(r->c->rq, NULL, 0);
}

/* Ask, and judge conditions and range.  Return: 1: go on; 0: has replied; else as a handler. */
static int open_reading(struct reading *r, struct s3_call *c, u8 purpose)
{
	struct str range = field_of(c, STR("range"));
	struct conditions when;
	int rc;

	r->c = c;
	r->ask = (struct meta_read){
		.purpose = purpose, .bucket = bytes_of(c->target.bucket),
		.name = bytes_of(c->target.key), .spare = SPARE,
	};
	r->cache = cache_use_begin(c->g, c->target.bucket, c->target.key);
	/* What is in the cache needs no URLs; if it is another body's, they are asked for then. */
	if (purpose == META_GET && !cache_knows(c->g, r->cache.place))
		r->ask.generations = GENERATIONS;
	rc = version_asked(c, &r->ask.version_kind, r->ask.version);
	if (!rc)
		rc = s3_part_number(&c->params, c->uri.query, &r->part, &c->fault);
	if (!rc)
		rc = fields_override_check(c);
	if (!rc && r->part && range.at)
		rc = s3_fail(&c->fault, S3_INVALID_REQUEST,
			     "Cannot specify both Range header and partNumber query parameter");
	if (rc)
		return rc;
	r->if_range = field_of(c, STR("if-range"));
	guess_page(r, range);
	rc = object_read(c, &r->ask, &r->object, &r->answer);
	if (rc == meta_status(S3_NO_SUCH_KEY) && r->ask.version_kind == META_LATEST)
		cache_forget(c->g, r->cache.place, 0);
	if (rc)
		return rc;
	/* Whoever lets others read pays for those of whom nobody knows who they are. */
	if (!c->payer)
		c->payer = r->object.policy.team;
	conditions_from(&c->rq->head, &when);
	switch (conditions_check(&when, true, str_from(r->object.etag),
				 seconds_of(r->object.order))) {
	case CONDITION_NOT_MODIFIED:
		return reply_not_modified(r);
	case CONDITION_FAILED:
		s3_fail(&c->fault, S3_PRECONDITION_FAILED, NULL);
		s3_detail(&c->fault, "Condition", when.if_match.at ? STR("If-Match") :
						  STR("If-Unmodified-Since"));
		return S3_PRECONDITION_FAILED;
	case CONDITION_HOLDS:
		break;
	}
	rc = choose_range(r, range);
	return rc ? rc : 1;
}

static int send_body(struct reading *r)
{
	struct gateway *g = r->c->g;
	struct body_key key;
	struct pipe_get get = {
		.object = &r->object, .key = &key, .offset = r->range.first,
		.length = r->range.len, .sink = &r->sink, .cache = r->cache,
	};
	int rc;

	if (!r->range.len)
		return sink_write(&r->sink, "", 0);
	get.cache.alone = r->object.versioning == STORE_UNVERSIONED;
	cache_want(g, &get.cache, &r->object.policy, r->c->target.bucket,
		   fields_type(str_from(r->object.headers)), r->object.size);
	rc = body_key_open(g, &r->object.policy, r->c->target.key, r->object.key, &key,
			   io_after_ms(FRONT_CALL_MS));
	if (!rc)
		rc = pipe_get(g, &get);
	explicit_bzero(&key, sizeof(key));
	return rc;
}

int s3_get_object(struct s3_call *c)
{
	struct reading r = { .sink.write = sink_write, .answer = LINK_ANSWER_NONE };
	int rc = open_reading(&r, c, META_GET);

	if (rc == 1) {
		rc = send_body(&r);
		if (!rc)
			rc = http_reply_close(c->rq);
	}
	link_answer_free(&r.answer);
	return rc;
}

int s3_head_object(struct s3_call *c)
{
	struct reading r = { .answer = LINK_ANSWER_NONE };
	int rc = open_reading(&r, c, META_HEAD);

	if (rc == 1) {
		rc = write_head(&r);
		if (!rc)
			rc = http_reply_close(c->rq);
	}
	link_answer_free(&r.answer);
	return rc;
}

/* --- attributes ---------------------------------------------------------------------- */

static int ask_parts(struct s3_call *c, const struct meta_object *b, struct s3_attributes *a,
		     struct meta_parts *parts, struct link_answer *answer)
{
	const struct meta_upload ask = {
		.caller = c->caller, .bucket = bytes_of(c->target.bucket),
		.name = bytes_of(c->target.key), .data = b->data, .after = a->marker,
		.max = a->max_parts,
	};
	int rc = front_ask(c, META_OBJECT_PARTS, &meta_upload_schema, &ask, &meta_parts_schema,
			   parts, a->max_parts * sizeof(struct meta_part), answer);

	if (rc)
		return rc;
	a->truncated = parts->truncated;
	a->next_marker = parts->count ? parts->part[parts->count - 1].number : a->marker;
	return 0;
}

static int attributes_page(struct s3_call *c, struct s3_attributes *a)
{
	struct str max = field_of(c, STR("x-amz-max-parts"));
	struct str marker = field_of(c, STR("x-amz-part-number-marker"));
	uint64_t number = S3_LIST_MAX;

	if (max.at && !str_number(max, INT32_MAX, &number))
		return front_argument(c, STR("max-parts"), max, "Provided max-parts not an integer");
	a->max_parts = number < S3_LIST_MAX ? number : S3_LIST_MAX;
	number = 0;
	if (marker.at && !str_number(marker, INT32_MAX, &number))
		return front_argument(c, STR("part-number-marker"), marker,
				      "Provided part-number-marker not an integer");
	a->marker = number;
	return 0;
}

static int write_attributes(struct s3_call *c, const struct meta_object *b,
			    const struct s3_attributes *a, const struct meta_parts *parts)
{
	CLEANUP_TEXT struct front_text t = FRONT_TEXT_NONE;
	struct out *head = front_text_begin(&t, c, 200);
	u32 i;

	if (!head)
		return -ENOMEM;
	head_of(head, b);
	s3_attributes_begin(&t.o, a);
	for (i = 0; i < parts->count; i++) {
		const struct meta_part *p = &parts->part[i];
		struct object_sums sums;

		sums_read(p->checksums, &sums);
		s3_attributes_part(&t.o, &(struct s3_part_entry){
			.number = p->number, .size = p->size, .etag = str_from(p->etag),
			.modified = p->modified / 1000, .checksum = sums.value,
		});
	}
	s3_attributes_end(&t.o, a);
	return front_text_end(&t);
}

int s3_object_attributes(struct s3_call *c)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE, of_parts = LINK_ANSWER_NONE;
	struct meta_read ask = {
		.purpose = META_ATTRIBUTES, .bucket = bytes_of(c->target.bucket),
		.name = bytes_of(c->target.key),
	};
	struct meta_parts parts = { 0 };
	struct s3_attributes a = { 0 };
	struct object_sums sums;
	struct meta_object b;
	int rc = version_asked(c, &ask.version_kind, ask.version);

	if (!rc && !s3_attributes_wanted(field_of(c, STR("x-amz-object-attributes")), &a))
		rc = front_argument(c, STR("x-amz-object-attributes"),
				    field_of(c, STR("x-amz-object-attributes")),
				    "Invalid attribute name specified.");
	if (!rc)
		rc = attributes_page(c, &a);
	if (!rc)
		rc = object_read(c, &ask, &b, &answer);
	if (rc)
		return rc;
	sums_read(b.checksums, &sums);
	a.etag = str_from(b.etag);
	a.size = b.size;
	a.parts = b.data.parts;
	a.type = sums.type;
	a.checksum = sums.value;
	if (sums.empty)
		a.checksum.kind = S3_NO_CHECKSUM;
	if (a.parts_wanted && a.parts && a.max_parts)
		rc = ask_parts(c, &b, &a, &parts, &of_parts);
	return rc ? rc : write_attributes(c, &b, &a, &parts);
}
