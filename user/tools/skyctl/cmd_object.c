// SPDX-License-Identifier: GPL-2.0-or-later
/* skyctl object: what looks at single objects. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "s3.h"
#include "s3_object.h"

int object_argument(const struct options *o, const char *text, struct s3_name *name)
{
	int rc = s3_argument(text, false, name);

	name->version = o->version;
	if (!rc && !name->key.len)
		rc = fail(EINVAL, "%s names a bucket; an object is meant here", text);
	return rc;
}

int moving_init(struct s3_moving *m, const struct options *o, const struct s3_site *site)
{
	*m = (struct s3_moving){
		.crew = { .site = site, .jobs = o->parallel },
		.threshold = o->threshold, .part = o->part_size,
		.content_type = o->content_type,
	};
	if (o->content_type && !http_is_value(str_of(o->content_type)))
		return fail(EINVAL, "--content-type has characters that no type has");
	return 0;
}

int cmd_object_cat(const struct options *o, int argc, char **argv)
{
	CLEANUP_SESSION struct session s = { 0 };
	struct s3_moving m;
	struct s3_name name;
	int rc = object_argument(o, argv[0], &name);

	(void)argc;
	if (!rc)
		rc = session_open(&s, o);
	if (!rc)
		rc = moving_init(&m, o, &s.site);
	return rc ? rc : s3_get_stream(&m, s.web, &name, STDOUT_FILENO);
}

/* --- stat ---------------------------------------------------------------------------- */

static void add_field(json_t *row, const struct web_reply *r, const char *field,
		      const char *name)
{
	struct str text;

	if (web_field(r, str_of(field), &text) && str_is_utf8(text))
		json_object_set_new(row, name, json_stringn(text.at, text.len));
}

static void add_metadata(json_t *row, const struct web_reply *r)
{
	struct str rest = out_written(&r->head), line, key;
	json_t *all = json_object();
	char name[S3_KEY_MAX];

	while (str_cut(&rest, '\n', &line)) {
		if (!str_cut(&line, ':', &key) || !line.at || key.len <= 11 ||
		    !str_equal_nocase(str_head(key, 11), STR("x-amz-meta-")) ||
		    !str_copy(str_skip(key, 11), name, sizeof(name)))
			continue;
		if (line.len && line.at[line.len - 1] == '\r')
			line.len--;
		line = str_trim(line);
		json_object_set_new(all, name, str_is_utf8(line) ?
				    json_stringn(line.at, line.len) : json_null());
	}
	if (json_object_size(all))
		json_object_set(row, "metadata", all);
	json_decref(all);
}

int cmd_object_stat(const struct options *o, int argc, char **argv)
{
	CLEANUP_SESSION struct session s = { 0 };
	CLEANUP_REPLY struct web_reply r = WEB_REPLY_NONE;
	struct s3_name name;
	struct s3_stat st;
	enum s3_checksum kind;
	json_t *row;
	int rc = object_argument(o, argv[0], &name);

	(void)argc;
	if (!rc)
		rc = session_open(&s, o);
	if (!rc)
		rc = s3_stat(s.web, &name, &st, &r);
	if (rc)
		return rc;
	row = json_object();
	rows_key(row, "bucket", name.bucket);
	rows_key(row, "key", name.key);
	json_object_set_new(row, "size", json_integer(st.size));
	if (st.modified >= 0)
		rows_date(row, "modified", st.modified * 1000);
	add_field(row, &r, "ETag", "etag");
	add_field(row, &r, "x-amz-version-id", "version");
	add_field(row, &r, "Content-Type", "content_type");
	add_field(row, &r, "Content-Encoding", "content_encoding");
	add_field(row, &r, "Cache-Control", "cache_control");
	add_field(row, &r, "x-amz-storage-class", "storage_class");
	for (kind = 0; kind < S3_CHECKSUMS; kind++)
		add_field(row, &r, s3_checksum_header(kind).at, s3_checksum_header(kind).at + 6);
	add_metadata(row, &r);
	rc = print_answer(o, row, NULL);
	json_decref(row);
	return rc;
}

/* --- presign ------------------------------------------------------------------------- */

static int write_url(struct out *url, const struct s3_site *site, const struct s3_name *name,
		     const char *method, uint32_t seconds)
{
	char path_text[3 * S3_KEY_MAX + 2048], query_text[8192], own_text[3 * S3_UPLOAD_MAX + 16];
	struct out path = OUT(path_text, sizeof(path_text));
	struct out query = OUT(query_text, sizeof(query_text));
	struct out own = OUT(own_text, sizeof(own_text));
	const struct sig_header host = { STR("Host"), str_of(site->host) };
	struct sig_message m = { .method = str_of(method), .headers = &host, .count = 1 };
	struct tm tm;
	char day[9];
	time_t now = time(NULL);
	struct hmac_key key;
	struct sig_signer s = {
		.algorithm = SIG_HMAC, .access_key = str_of(site->access_key),
		.region = str_of(site->region), .service = STR("s3"), .now = now,
		.key.hmac = &key,
	};
	int rc;

	out_text(&path, site->base);
	out_char(&path, '/');
	out_str(&path, name->bucket);
	out_char(&path, '/');
	uri_encode(&path, name->key, URI_SLASH);
	if (name->version) {
		out_str(&own, STR("versionId="));
		uri_encode(&own, str_of(name->version), 0);
	}
	if (path.err || own.err || !gmtime_r(&now, &tm))
		return -ENAMETOOLONG;
	m.path = out_written(&path);
	m.query = out_written(&own);
	strftime(day, sizeof(day), "%Y%m%d", &tm);
	sig_derive(str_of(site->secret), str_of(day), s.region, s.service, &key);
	rc = sig_presign(&query, &s, &m, seconds, str_of(site->token), STR_NONE);
	explicit_bzero(&key, sizeof(key));
	out_text(url, site->origin);
	out_str(url, m.path);
	out_char(url, '?');
	out_str(url, out_written(&query));
	return rc ? rc : url->err;
}

int cmd_object_presign(const struct options *o, int argc, char **argv)
{
	static const char *const methods[] = { "GET", "PUT", "HEAD", "DELETE" };
	CLEANUP_SESSION struct session s = { 0 };
	char text[20000];
	struct out url = OUT(text, sizeof(text));
	struct s3_name name;
	size_t i;
	int rc = object_argument(o, argv[0], &name);

	(void)argc;
	for (i = 0; !rc && strcmp(o->method, methods[i]);)
		if (++i == sizeof(methods) / sizeof(methods[0]))
			rc = fail(EINVAL, "--method is one of GET, PUT, HEAD and DELETE");
	if (!rc)
		rc = session_open(&s, o);
	if (!rc && !s.site.access_key)
		rc = fail(EINVAL, "a URL is signed by somebody: not with --no-sign-request");
	if (rc)
		return rc;
	rc = write_url(&url, &s.site, &name, o->method, o->expires);
	if (rc)
		return fail(-rc, "no URL can be made: %s", strerror(-rc));
	if (o->json)
		printf("{\n  \"url\": \"%.*s\",\n  \"expires\": %llu\n}\n", STR_ARG(out_written(&url)),
		       (unsigned long long)o->expires);
	else
		printf("%.*s\n", STR_ARG(out_written(&url)));
	return 0;
}
