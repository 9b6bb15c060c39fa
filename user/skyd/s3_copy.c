// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CopyObject and UploadPartCopy: what is read of one object is written into another, as it
 * comes.  Each object has a key of its own, so the fragments themselves cannot be shared.
 */
#include <errno.h>

#include "front.h"
#include "multipart.h"

#define GENERATIONS	4u
#define SPARE		1u

/* --- from a reader to a writer ------------------------------------------------------- */

/* The reader is a fiber of its own, which waits until what it has brought is taken. */
struct relay {
	struct pipe_source source;
	struct pipe_sink sink;
	struct gateway *g;
	struct pipe_get get;
	struct io_event has, taken;
	const char *at;
	size_t len;
	bool ended;
	int rc;
};

static struct relay *of_sink(struct pipe_sink *s)
{
	return (struct relay *)((char *)s - offsetof(struct relay, sink));
}

static int relay_write(struct pipe_sink *s, const void *data, size_t len)
{
	struct relay *r = of_sink(s);

	if (!len)
		return 0;
	r->at = data;
	r->len = len;
	io_event_clear(&r->taken);
	io_event_set(&r->has);
	return io_event_wait(&r->taken, 0);
}

static ssize_t relay_read(struct pipe_source *s, void *to, size_t len)
{
	struct relay *r = (struct relay *)s;
	int rc;

	while (!r->len && !r->ended) {
		io_event_clear(&r->has);
		rc = io_event_wait(&r->has, 0);
		if (rc)
			return rc;
	}
	if (!r->len)
		return r->rc;
	if (len > r->len)
		len = r->len;
	memcpy(to, r->at, len);
	r->at += len;
	r->len -= len;
	if (!r->len)
		io_event_set(&r->taken);
	return len;
}

static int relay_fiber(void *arg)
{
	struct relay *r = arg;

	r->rc = pipe_get(r->g, &r->get);
	r->ended = true;
	io_event_set(&r->has);
	return r->rc;
}

/* --- the source ---------------------------------------------------------------------- */

struct copy {
	struct s3_call *c;
	struct s3_copy_source from;
	struct meta_read ask;
	struct meta_object object;
	struct link_answer answer;
	struct range range;
	struct upload u;
	struct body_key key;
};

static int bad_condition(struct s3_call *c)
{
	s3_fail(&c->fault, S3_PRECONDITION_FAILED, NULL);
	s3_detail(&c->fault, "Condition", STR("x-amz-copy-source-If-*"));
	return S3_PRECONDITION_FAILED;
}

static int check_owner(struct copy *p)
{
	struct str wanted = field_of(p->c, STR("x-amz-source-expected-bucket-owner"));

	if (!wanted.len || str_equal(wanted, str_from(p->object.owner)))
		return 0;
	return s3_fail(&p->c->fault, S3_ACCESS_DENIED, NULL);
}

/* Only a part may be a range of its source. */
static int choose_range(struct copy *p, bool part)
{
	struct str range = part ? field_of(p->c, STR("x-amz-copy-source-range")) : STR_NONE;
	u64 size = p->object.size;

	p->range = (struct range){ 0, size };
	if (range.at && !range_parse_exact(range, &p->range))
		return front_argument(p->c, STR("x-amz-copy-source-range"), range,
				      "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy");
	if (range.at && (p->range.first >= size || p->range.len > size - p->range.first)) {
		s3_fail(&p->c->fault, S3_INVALID_ARGUMENT,
			"Range specified is not valid for source object of size: %llu",
			(unsigned long long)size);
		s3_detail(&p->c->fault, "ArgumentName", STR("x-amz-copy-source-range"));
		s3_detail(&p->c->fault, "ArgumentValue", range);
		return S3_INVALID_ARGUMENT;
	}
	if (p->range.len > FRONT_PUT_MAX)
		return s3_fail(&p->c->fault, S3_INVALID_REQUEST,
			       "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120");
	return 0;
}

/* A refusal that is about the source names it, and not what the request is for. */
static int blame_source(struct copy *p, int rc)
{
	struct s3_fault *f = &p->c->fault;
	enum s3_code code = meta_code(rc);

	if (code == S3_NO_SUCH_BUCKET) {
		s3_fail(f, code, NULL);
		s3_detail(f, "BucketName", p->from.from.bucket);
	} else if (code == S3_NO_SUCH_KEY || code == S3_NO_SUCH_VERSION) {
		s3_fail(f, code, NULL);
		s3_detail(f, "Key", p->from.from.key);
	}
	return rc;
}

static int open_source(struct copy *p, bool part)
{
	struct s3_call *c = p->c;
	struct str value = field_of(c, STR("x-amz-copy-source")), version, range;
	struct conditions when;
	struct range guess;
	int rc = s3_copy_source_parse(value, &p->from, &c->fault);

	if (rc)
		return rc;
	p->ask = (struct meta_read){
		.purpose = META_GET, .bucket = bytes_of(p->from.from.bucket),
		.name = bytes_of(p->from.from.key), .generations = GENERATIONS, .spare = SPARE,
	};
	version = str_of(p->from.version);
	if (version.len && !version_parse(version, &p->ask.version_kind, p->ask.version))
		return front_argument(c, STR("versionId"), version, "Invalid version id specified");
	range = part ? field_of(c, STR("x-amz-copy-source-range")) : STR_NONE;
	if (range.at && range_parse_exact(range, &guess)) {
		p->ask.from = META_FROM_OFFSET;
		p->ask.value = guess.first;
	}
	rc = object_read(c, &p->ask, &p->object, &p->answer);
	if (rc == S3_METHOD_NOT_ALLOWED)
		return s3_fail(&c->fault, S3_INVALID_REQUEST,
			       "The source of a copy request may not specifically refer to a delete marker by version id.");
	if (!rc)
		rc = check_owner(p);
	if (rc)
		return blame_source(p, rc);
	conditions_from_copy(&c->rq->head, &when);
	if (conditions_check(&when, false, str_from(p->object.etag),
			     p->object.order / 1000000) != CONDITION_HOLDS)
		return bad_condition(c);
	return choose_range(p, part);
}

/* --- the copy ------------------------------------------------------------------------ */

static int run_copy(struct copy *p, enum s3_checksum kind)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct gateway *g = p->c->g;
	struct relay r = {
		.source.read = relay_read, .sink.write = relay_write, .g = g,
		.get = { .object = &p->object, .key = &p->key, .offset = p->range.first,
			 .length = p->range.len },
	};
	int rc = 0;

	r.get.sink = &r.sink;
	io_event_init(&r.has);
	io_event_init(&r.taken);
	r.ended = !p->range.len;
	if (!r.ended)
		rc = body_key_open(g, &p->object.policy, p->from.from.key, p->object.key,
				   &p->key, io_after_ms(FRONT_CALL_MS));
	if (!rc && !r.ended)
		rc = io_spawn(&group, relay_fiber, &r, NULL);
	if (!rc)
		rc = upload_write(&p->u, &r.source, p->range.len, kind);
	return rc;
}

static int reply(struct copy *p, bool part)
{
	CLEANUP_TEXT struct front_text t = FRONT_TEXT_NONE;
	struct s3_call *c = p->c;
	struct out *o = front_text_begin(&t, c, 200);
	char text[FRONT_VERSION_LEN + 1];
	struct str from = version_text(p->object.version_kind, p->object.version, text);

	if (!o)
		return -ENOMEM;
	if (p->object.versioning && from.at)
		http_write_field(o, STR("x-amz-copy-source-version-id"), from);
	if (!part)
		version_field(o, p->u.result.version_kind, p->u.result.version);
	http_write_field(o, STR("x-amz-server-side-encryption"), STR("AES256"));
	s3_answer_copy(&t.o, part, p->u.result.order / 1000, upload_etag(&p->u),
		       &p->u.sums.value, p->u.sums.type);
	return front_text_end(&t);
}

static void copy_end(struct copy *p)
{
	explicit_bzero(&p->key, sizeof(p->key));
	upload_end(&p->u);
	link_answer_free(&p->answer);
}

#define CLEANUP_COPY	CLEANUP(copy_end)

/* x-amz-metadata-directive and its like: COPY (false) or REPLACE. */
static int directive(struct s3_call *c, struct str name, bool *replace)
{
	struct str value = field_of(c, name);

	*replace = str_is(value, "REPLACE");
	if (!value.at || *replace || str_is(value, "COPY"))
		return 0;
	return front_argument(c, name, value, "Unknown directive.");
}

static int wanted_sum(struct copy *p, enum s3_checksum *kind)
{
	struct str name = field_of(p->c, STR("x-amz-checksum-algorithm"));
	struct object_sums sums;

	sums_read(p->object.checksums, &sums);
	*kind = sums.value.kind == S3_NO_CHECKSUM ? S3_CRC64NVME : sums.value.kind;
	if (!name.at)
		return 0;
	*kind = s3_checksum_of_name(name);
	return *kind == S3_NO_CHECKSUM ?
		s3_fail(&p->c->fault, S3_INVALID_REQUEST,
			"Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]") : 0;
}

static void take(struct out *o, struct rpc_bytes from)
{
	o->len = 0;
	out_bytes(o, from.data, from.len);
}

/* Onto itself, something has to change; S3 takes it for that when a client says how to keep it. */
static int check_self(struct copy *p, bool replaces)
{
	struct s3_call *c = p->c;

	if (replaces || p->from.version[0] || !str_equal(p->from.from.bucket, c->target.bucket) ||
	    !str_equal(p->from.from.key, c->target.key) ||
	    field_of(c, STR("x-amz-checksum-algorithm")).at ||
	    field_of(c, STR("x-amz-storage-class")).at ||
	    field_of(c, STR("x-amz-server-side-encryption")).at)
		return 0;
	return s3_fail(&c->fault, S3_INVALID_REQUEST,
		       "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.");
}

int s3_copy_object(struct s3_call *c)
{
	CLEANUP_COPY struct copy p = { .c = c, .answer = LINK_ANSWER_NONE };
	bool replace, replace_tags;
	enum s3_checksum kind;
	struct object_fields f;
	int rc;

	p.u = (struct upload){ .c = c, .answer = LINK_ANSWER_NONE,
			       .committed = LINK_ANSWER_NONE };
	rc = directive(c, STR("x-amz-metadata-directive"), &replace);
	if (!rc)
		rc = directive(c, STR("x-amz-tagging-directive"), &replace_tags);
	if (!rc)
		rc = fields_read(c, &f, replace, replace_tags);
	if (!rc)
		rc = write_conditions(c, &p.u.open.if_match, &p.u.open.if_none_match);
	if (!rc)
		rc = open_source(&p, false);
	if (!rc)
		rc = check_self(&p, replace || replace_tags);
	if (!rc)
		rc = wanted_sum(&p, &kind);
	/* Who must not read the tags must not have a copy of them. */
	if (!rc && !replace_tags && p.object.tags.len && !p.object.tags_visible)
		rc = s3_fail(&c->fault, S3_ACCESS_DENIED, NULL);
	if (rc)
		return rc;
	if (!replace) {
		take(&f.headers, p.object.headers);
		take(&f.metadata, p.object.metadata);
	}
	if (!replace_tags)
		take(&f.tags, p.object.tags);
	p.u.open.bucket = bytes_of(c->target.bucket);
	p.u.open.name = bytes_of(c->target.key);
	p.u.open.tags = bytes_of(out_written(&f.tags));
	p.u.open.sets_acl = f.grants || f.grants_canned.len;
	p.u.open.canned_acl = f.grants_canned;
	rc = upload_open(&p.u, c, p.range.len);
	if (!rc)
		rc = run_copy(&p, kind);
	if (!rc)
		rc = upload_commit(&p.u, &f);
	return rc ? rc : reply(&p, false);
}

int s3_copy_part(struct s3_call *c)
{
	CLEANUP_COPY struct copy p = { .c = c, .answer = LINK_ANSWER_NONE };
	enum s3_checksum kind;
	int rc;

	p.u = (struct upload){ .c = c, .answer = LINK_ANSWER_NONE,
			       .committed = LINK_ANSWER_NONE };
	rc = part_open(&p.u, c);
	if (!rc)
		rc = open_source(&p, true);
	if (!rc)
		rc = upload_open(&p.u, c, p.range.len);
	if (!rc)
		rc = part_checksum(&p.u, S3_NO_CHECKSUM, true, &kind);
	if (!rc)
		rc = run_copy(&p, kind);
	if (!rc)
		rc = upload_commit(&p.u, NULL);
	return rc ? rc : reply(&p, true);
}
