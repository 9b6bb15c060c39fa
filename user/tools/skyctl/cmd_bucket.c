// SPDX-License-Identifier: GPL-2.0-or-later
/* skyctl bucket: buckets, and what is said of them. */
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/report.h"
#include "http/date.h"
#include "s3.h"
#include "s3/xml.h"

#define DOCUMENT_MAX	(1u << 20)

static int bucket_argument(const char *text, struct s3_name *name)
{
	int rc = s3_argument(text, true, name);

	if (!rc && name->key.len)
		rc = fail(EINVAL, "%s names an object; a bucket is meant here", text);
	name->key = STR_NONE;
	return rc;
}

/* A document that goes along; it is small, and old servers want its MD5. */
static void give(struct web_ask *a, const char *body, size_t len, const char *type,
		 char md5[32])
{
	struct out o = OUT(md5, 31);
	uint8_t digest[HASH_MD5_BYTES];

	a->body = body;
	a->body_len = len;
	web_header(a, STR("Content-Type"), str_of(type));
	if (hash_once(HASH_MD5, body, len, digest))
		return;
	out_base64(&o, digest, sizeof(digest));
	md5[o.len] = 0;
	web_header(a, STR("Content-MD5"), str_of(md5));
}

/* Something that is the same in JSON and for people. */
static int say(const struct options *o, json_t *row)
{
	int rc = print_answer(o, row, NULL);

	json_decref(row);
	return rc;
}

int cmd_bucket_create(const struct options *o, int argc, char **argv)
{
	CLEANUP_SESSION struct session s = { 0 };
	CLEANUP_REPLY struct web_reply r = WEB_REPLY_NONE;
	struct web_ask a = { .method = "PUT", .body = "" };
	struct out doc = OUT_GROWING;
	struct s3_name name;
	char md5[32];
	int rc = bucket_argument(argv[0], &name);

	(void)argc;
	if (!rc)
		rc = session_open(&s, o);
	if (rc)
		return rc;
	a.bucket = name.bucket;
	if (o->policy) {
		xml_open_root(&doc, "CreateBucketConfiguration");
		xml_text(&doc, "LocationConstraint", str_of(o->policy));
		xml_close(&doc, "CreateBucketConfiguration");
		give(&a, doc.at, doc.len, "application/xml", md5);
	}
	rc = web_must(s.web, &a, &r);
	free(doc.at);
	if (rc && !strcmp(r.code, "InvalidLocationConstraint"))
		hint("`skyctl policy list` says which policies there are");
	return rc ? rc : say(o, json_pack("{s:s%}", "bucket", name.bucket.at, name.bucket.len));
}

int cmd_bucket_rm(const struct options *o, int argc, char **argv)
{
	CLEANUP_SESSION struct session s = { 0 };
	CLEANUP_REPLY struct web_reply r = WEB_REPLY_NONE;
	struct web_ask a = { .method = "DELETE" };
	struct s3_name name;
	int rc = bucket_argument(argv[0], &name);

	(void)argc;
	if (!rc)
		rc = session_open(&s, o);
	a.bucket = name.bucket;
	return rc ? rc : web_must(s.web, &a, &r);
}

/* --- lists --------------------------------------------------------------------------- */

static int add_bucket(void *arg, const struct s3_item *item)
{
	json_t *row = json_object();

	rows_key(row, "name", item->key);
	rows_date(row, "created", item->modified);
	return json_array_append_new(arg, row) ? fail(ENOMEM, "no memory") : 0;
}

int cmd_bucket_ls(const struct options *o, int argc, char **argv)
{
	CLEANUP_SESSION struct session s = { 0 };
	const struct s3_listing l = { .kind = ITEM_BUCKET };
	json_t *list = json_array();
	int rc = session_open(&s, o);

	(void)argc;
	(void)argv;
	if (!rc)
		rc = s3_list(s.web, &l, add_bucket, list);
	if (!rc)
		rc = print_answer(o, list, "name created");
	json_decref(list);
	return rc;
}

/* --- info ---------------------------------------------------------------------------- */

static int ask_value(struct web *w, const struct s3_name *name, const char *query,
		     const char *path, char *to, size_t size)
{
	CLEANUP_REPLY struct web_reply r = WEB_REPLY_NONE;
	struct web_ask a = { .method = "GET", .bucket = name->bucket, .query = str_of(query) };
	int rc = web_must(w, &a, &r);

	if (!rc && !s3_read_value(web_text(&r), path, to, size))
		*to = 0;
	return rc;
}

/* Is there a document of that kind?  Who may not ask is told that. */
static const char *has(struct web *w, const struct s3_name *name, const char *query)
{
	CLEANUP_REPLY struct web_reply r = WEB_REPLY_NONE;
	struct web_ask a = { .method = "GET", .bucket = name->bucket, .query = str_of(query) };
	int rc = web_do(w, &a, &r);

	return !rc ? "yes" : rc == -ENOENT ? "no" : rc == -EACCES ? "not allowed" : "unknown";
}

int cmd_bucket_info(const struct options *o, int argc, char **argv)
{
	CLEANUP_SESSION struct session s = { 0 };
	char location[S3_KEY_MAX] = "", versioning[32] = "";
	struct s3_name name;
	json_t *row;
	int rc = bucket_argument(argv[0], &name);

	(void)argc;
	if (!rc)
		rc = session_open(&s, o);
	if (!rc)
		rc = ask_value(s.web, &name, "location=", "LocationConstraint", location,
			       sizeof(location));
	if (!rc)
		rc = ask_value(s.web, &name, "versioning=", "VersioningConfiguration/Status",
			       versioning, sizeof(versioning));
	if (rc)
		return rc;
	row = json_object();
	rows_key(row, "bucket", name.bucket);
	json_object_set_new(row, "policy", *location ? json_string(location) : json_null());
	json_object_set_new(row, "versioning", json_string(*versioning ? versioning : "Off"));
	json_object_set_new(row, "lifecycle", json_string(has(s.web, &name, "lifecycle=")));
	json_object_set_new(row, "cors", json_string(has(s.web, &name, "cors=")));
	json_object_set_new(row, "access_policy", json_string(has(s.web, &name, "policy=")));
	return say(o, row);
}

int cmd_bucket_versioning(const struct options *o, int argc, char **argv)
{
	CLEANUP_SESSION struct session s = { 0 };
	CLEANUP_REPLY struct web_reply r = WEB_REPLY_NONE;
	struct web_ask a = { .method = "PUT", .query = STR("versioning=") };
	struct out doc = OUT_GROWING;
	struct s3_name name;
	char md5[32], status[32];
	bool on = argc > 1 && !strcmp(argv[1], "on");
	int rc = bucket_argument(argv[0], &name);

	if (!rc && argc > 1 && !on && strcmp(argv[1], "off"))
		rc = fail(EINVAL, "\"%s\" is neither on nor off", argv[1]);
	if (!rc)
		rc = session_open(&s, o);
	if (!rc && argc > 1) {
		xml_open_root(&doc, "VersioningConfiguration");
		xml_text(&doc, "Status", on ? STR("Enabled") : STR("Suspended"));
		xml_close(&doc, "VersioningConfiguration");
		a.bucket = name.bucket;
		give(&a, doc.at, doc.len, "application/xml", md5);
		rc = web_must(s.web, &a, &r);
		free(doc.at);
	}
	if (!rc)
		rc = ask_value(s.web, &name, "versioning=", "VersioningConfiguration/Status",
			       status, sizeof(status));
	return rc ? rc : say(o, json_pack("{s:s}", "versioning", *status ? status : "Off"));
}

/* --- documents ----------------------------------------------------------------------- */

/* As it is but for what a terminal would obey. */
static void print_text(struct str text)
{
	struct out o = OUT_GROWING;
	struct str line;

	while (str_cut(&text, '\n', &line)) {
		struct str piece;
		bool more = false;

		while (str_cut(&line, '\t', &piece)) {
			if (more)
				out_char(&o, '\t');
			more = true;
			/* A backslash is a document's own. */
			while (piece.len) {
				size_t at = piece.len;

				str_find(piece, '\\', &at);
				s3_show(&o, str_head(piece, at));
				if (at < piece.len)
					out_char(&o, '\\');
				piece = str_skip(piece, at < piece.len ? at + 1 : at);
			}
		}
		if (text.at)
			out_char(&o, '\n');
	}
	fwrite(o.at, 1, o.len, stdout);
	if (o.len && o.at[o.len - 1] != '\n')
		putchar('\n');
	free(o.at);
}

static int document_get(const struct options *o, struct web *w, struct web_ask *a)
{
	CLEANUP_REPLY struct web_reply r = WEB_REPLY_NONE;
	int rc = web_must(w, a, &r);
	json_t *row;

	if (rc)
		return rc;
	if (!o->json) {
		print_text(web_text(&r));
		return 0;
	}
	row = json_object();
	rows_key(row, "bucket", a->bucket);
	json_object_set_new(row, "document", json_stringn(r.body.at, r.body.len));
	return say(o, row);
}

static int document_set(struct web *w, struct web_ask *a, const char *path, const char *type)
{
	CLEANUP_REPLY struct web_reply r = WEB_REPLY_NONE;
	CLEANUP_FREE char *text = NULL;
	char md5[32];
	size_t len;
	int rc = file_read(strcmp(path, "-") ? path : "/dev/stdin", DOCUMENT_MAX, &text, &len);

	if (rc)
		return fail(-rc, "cannot read %s: %s", path, strerror(-rc));
	give(a, text, len, type, md5);
	return web_must(w, a, &r);
}

static int document(const struct options *o, int argc, char **argv, const char *query,
		    const char *type)
{
	CLEANUP_SESSION struct session s = { 0 };
	CLEANUP_REPLY struct web_reply r = WEB_REPLY_NONE;
	struct web_ask a = { .query = str_of(query) };
	bool set = !strcmp(argv[0], "set");
	struct s3_name name;
	int rc;

	if (!set && strcmp(argv[0], "get") && strcmp(argv[0], "rm"))
		return fail(EINVAL, "\"%s\" is none of get, set and rm", argv[0]);
	if (argc != (set ? 3 : 2))
		return fail(EINVAL, "%s takes a bucket%s", argv[0],
			    set ? " and a file" : " and nothing else");
	rc = bucket_argument(argv[1], &name);
	if (!rc)
		rc = session_open(&s, o);
	if (rc)
		return rc;
	a.bucket = name.bucket;
	a.method = set ? "PUT" : *argv[0] == 'g' ? "GET" : "DELETE";
	if (set)
		return document_set(s.web, &a, argv[2], type);
	return *argv[0] == 'g' ? document_get(o, s.web, &a) : web_must(s.web, &a, &r);
}

int cmd_bucket_lifecycle(const struct options *o, int argc, char **argv)
{
	return document(o, argc, argv, "lifecycle=", "application/xml");
}

int cmd_bucket_cors(const struct options *o, int argc, char **argv)
{
	return document(o, argc, argv, "cors=", "application/xml");
}

int cmd_bucket_policy(const struct options *o, int argc, char **argv)
{
	return document(o, argc, argv, "policy=", "application/json");
}
