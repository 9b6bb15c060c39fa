// SPDX-License-Identifier: GPL-2.0-or-later
/* skyctl object ls and rm: many objects at once. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "base/size.h"
#include "s3.h"
#include "s3_object.h"
#include "s3/xml.h"

static enum s3_item_kind kind_of(const struct options *o)
{
	return o->uploads ? ITEM_UPLOAD : o->versions ? ITEM_VERSION : ITEM_OBJECT;
}

/* --- ls ------------------------------------------------------------------------------ */

struct listed {
	const struct options *o;
	struct rows rows;
	uint64_t count, bytes;
};

static const char *const words[] = {
	[ITEM_OBJECT] = "object", [ITEM_PREFIX] = "prefix", [ITEM_VERSION] = "version",
	[ITEM_MARKER] = "delete-marker", [ITEM_UPLOAD] = "upload", [ITEM_BUCKET] = "bucket",
};

static void list_json(struct listed *l, const struct s3_item *item)
{
	json_t *row = json_object();

	json_object_set_new(row, "type", json_string(words[item->kind]));
	rows_key(row, "key", item->key);
	if (item->kind == ITEM_OBJECT || item->kind == ITEM_VERSION) {
		json_object_set_new(row, "size", json_integer(item->size));
		json_object_set_new(row, "etag", json_string(item->etag));
	}
	if (item->kind != ITEM_PREFIX)
		rows_date(row, "modified", item->modified);
	if (item->kind == ITEM_VERSION || item->kind == ITEM_MARKER)
		json_object_set_new(row, "latest", json_boolean(item->latest));
	if (*item->version)
		rows_key(row, item->kind == ITEM_UPLOAD ? "upload" : "version",
			 str_of(item->version));
	rows_json(&l->rows, row);
}

static void list_text(const struct options *o, const struct s3_item *item)
{
	char size[SIZE_TEXT_MAX] = "-", date[32] = "", key[S3_SHOWN_MAX], version[S3_SHOWN_MAX];
	time_t when = item->modified / 1000;
	struct tm tm;

	if (item->kind != ITEM_PREFIX && gmtime_r(&when, &tm))
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &tm);
	if (item->kind == ITEM_PREFIX)
		strcpy(size, "PRE");
	else if (item->kind == ITEM_MARKER)
		strcpy(size, "DEL");
	else if (item->kind != ITEM_UPLOAD && o->human)
		size_format(item->size, size);
	else if (item->kind != ITEM_UPLOAD)
		snprintf(size, sizeof(size), "%llu", (unsigned long long)item->size);
	s3_shown(item->key, key);
	if (*item->version)
		printf("%-19s %13s  %s%s  %s\n", date, size,
		       s3_shown(str_of(item->version), version),
		       item->kind == ITEM_UPLOAD ? "" : item->latest ? " *" : "  ", key);
	else
		printf("%-19s %13s  %s\n", date, size, key);
}

static int list_one(void *arg, const struct s3_item *item)
{
	struct listed *l = arg;

	l->count++;
	l->bytes += item->size;
	if (l->o->json)
		list_json(l, item);
	else
		list_text(l->o, item);
	/* Who reads may have gone. */
	return ferror(stdout) ? -EPIPE : 0;
}

int cmd_object_ls(const struct options *o, int argc, char **argv)
{
	CLEANUP_SESSION struct session s = { 0 };
	struct s3_listing l = { .kind = kind_of(o) };
	struct listed to = { .o = o };
	struct s3_name name;
	int rc = s3_argument(argv[0], true, &name);

	(void)argc;
	if (!rc)
		rc = session_open(&s, o);
	if (rc)
		return rc;
	l.bucket = name.bucket;
	l.prefix = name.key;
	l.delimiter = o->recursive ? STR_NONE : str_of(o->delimiter);
	rows_begin(&to.rows, o);
	rc = s3_list(s.web, &l, list_one, &to);
	rows_end(&to.rows);
	return rc;
}

/* --- DeleteObjects ------------------------------------------------------------------- */

int deleting_begin(struct s3_deleting *d, struct web *w, struct rows *rows, struct str bucket,
		   bool dry_run)
{
	*d = (struct s3_deleting){
		.web = w, .rows = rows, .bucket = bucket, .dry_run = dry_run,
	};
	d->item = calloc(DELETE_AT_ONCE, sizeof(*d->item));
	return d->item ? 0 : fail(ENOMEM, "no memory");
}

static void forget(struct s3_deleting *d)
{
	while (d->count)
		free((char *)d->item[--d->count].key.at);
}

static void tell(struct s3_deleting *d, struct str key, const char *version)
{
	char url[S3_SHOWN_MAX], id[S3_SHOWN_MAX];

	rows_did(d->rows, "delete", s3_shown_url(d->bucket, key, url),
		 *version ? s3_shown(str_of(version), id) : NULL, NULL, 0, d->dry_run);
}

static void undeleted(void *arg, struct str key, struct str code, struct str message)
{
	struct s3_deleting *d = arg;
	char url[S3_SHOWN_MAX];
	unsigned int i;

	d->failed++;
	for (i = 0; i < d->count; i++)
		d->item[i].failed |= str_equal(d->item[i].key, key);
	fail(0, "%s is not deleted: %.*s: %.*s", s3_shown_url(d->bucket, key, url),
	     STR_ARG(code), STR_ARG(message));
}

static void write_items(struct out *o, const struct s3_deleting *d)
{
	unsigned int i;

	xml_open_root(o, "Delete");
	for (i = 0; i < d->count; i++) {
		xml_open(o, "Object");
		xml_text(o, "Key", d->item[i].key);
		if (*d->item[i].version)
			xml_text(o, "VersionId", str_of(d->item[i].version));
		xml_close(o, "Object");
	}
	xml_text(o, "Quiet", STR("true"));
	xml_close(o, "Delete");
}

static int flush(struct s3_deleting *d)
{
	CLEANUP_REPLY struct web_reply r = WEB_REPLY_NONE;
	struct out doc = OUT_GROWING;
	char md5_text[32];
	struct out md5 = OUT(md5_text, sizeof(md5_text));
	uint8_t digest[HASH_MD5_BYTES];
	struct web_ask a = { .method = "POST", .bucket = d->bucket, .query = STR("delete=") };
	unsigned int i;
	int rc;

	if (!d->count)
		return 0;
	write_items(&doc, d);
	rc = doc.err ? doc.err : hash_once(HASH_MD5, doc.at, doc.len, digest);
	if (!rc) {
		out_base64(&md5, digest, sizeof(digest));
		a.body = doc.at;
		a.body_len = doc.len;
		web_header(&a, STR("Content-Type"), STR("application/xml"));
		web_header(&a, STR("Content-MD5"), out_written(&md5));
		rc = web_must(d->web, &a, &r);
	} else {
		fail(-rc, "no request can be made: %s", strerror(-rc));
	}
	free(doc.at);
	if (!rc && s3_read_undeleted(web_text(&r), undeleted, d))
		rc = fail(EBADMSG, "the server does not say what it has deleted");
	for (i = 0; !rc && i < d->count; i++)
		if (!d->item[i].failed)
			tell(d, d->item[i].key, d->item[i].version);
	forget(d);
	return rc;
}

static int delete_one(struct s3_deleting *d, struct str key, const char *version)
{
	CLEANUP_REPLY struct web_reply r = WEB_REPLY_NONE;
	char text[3 * S3_UPLOAD_MAX + 16];
	struct out q = OUT(text, sizeof(text));
	struct web_ask a = { .method = "DELETE", .bucket = d->bucket, .key = key };
	int rc;

	if (*version) {
		out_str(&q, STR("versionId="));
		uri_encode(&q, str_of(version), 0);
	}
	a.query = out_written(&q);
	rc = web_must(d->web, &a, &r);
	if (!rc)
		tell(d, key, version);
	return rc;
}

int deleting_add(struct s3_deleting *d, struct str key, const char *version)
{
	char *copy;

	if (d->dry_run) {
		tell(d, key, version);
		return 0;
	}
	/* A document cannot say every key that a path can. */
	if (!s3_xml_can_say(key))
		return delete_one(d, key, version);
	copy = malloc(key.len + 1);
	if (!copy)
		return fail(ENOMEM, "no memory");
	memcpy(copy, key.at, key.len);
	d->item[d->count].key = (struct str){ copy, key.len };
	d->item[d->count].failed = false;
	snprintf(d->item[d->count].version, sizeof(d->item[0].version), "%s", version);
	return ++d->count == DELETE_AT_ONCE ? flush(d) : 0;
}

int deleting_end(struct s3_deleting *d, int rc)
{
	if (!rc)
		rc = flush(d);
	forget(d);
	free(d->item);
	d->item = NULL;
	return rc ? rc : d->failed ? -EIO : 0;
}

/* --- rm ------------------------------------------------------------------------------ */

struct removing {
	const struct options *o;
	struct s3_deleting d;
	struct str exact;	/* this key and no other; at is NULL: all of the prefix */
	struct str prefix;
};

static int remove_one(void *arg, const struct s3_item *item)
{
	struct removing *r = arg;

	if (r->exact.at && !str_equal(item->key, r->exact))
		return 0;
	if (!s3_filter_passes(r->o->filter, r->o->filters, str_skip(item->key, r->prefix.len)))
		return 0;
	return deleting_add(&r->d, item->key, r->o->versions ? item->version : "");
}

static int abort_one(void *arg, const struct s3_item *item)
{
	struct removing *r = arg;
	CLEANUP_REPLY struct web_reply reply = WEB_REPLY_NONE;
	char text[3 * S3_UPLOAD_MAX + 16], url[S3_SHOWN_MAX];
	struct out q = OUT(text, sizeof(text));
	struct web_ask a = { .method = "DELETE", .bucket = r->d.bucket, .key = item->key };
	int rc;

	if (r->exact.at && !str_equal(item->key, r->exact))
		return 0;
	out_str(&q, STR("uploadId="));
	uri_encode(&q, str_of(item->version), 0);
	a.query = out_written(&q);
	rc = r->o->dry_run ? 0 : web_must(r->d.web, &a, &reply);
	if (!rc)
		rows_did(r->d.rows, "abort", s3_shown_url(r->d.bucket, item->key, url), NULL,
			 NULL, 0, r->o->dry_run);
	return rc;
}

static int remove_all(struct removing *r, struct session *s, const struct s3_name *name)
{
	const struct s3_listing l = {
		.kind = kind_of(r->o), .bucket = name->bucket, .prefix = name->key,
	};

	if (!r->o->recursive)
		r->exact = name->key;
	else
		r->prefix = name->key;
	return s3_list(s->web, &l, r->o->uploads ? abort_one : remove_one, r);
}

int cmd_object_rm(const struct options *o, int argc, char **argv)
{
	CLEANUP_SESSION struct session s = { 0 };
	struct removing r = { .o = o };
	struct s3_name name;
	struct rows rows;
	int rc = s3_argument(argv[0], false, &name);

	(void)argc;
	if (!rc && !name.key.len && !o->recursive) {
		fail(0, "%s names a bucket", argv[0]);
		hint("--recursive removes all it has");
		rc = -EINVAL;
	}
	if (!rc && o->version && (o->recursive || o->versions))
		rc = fail(EINVAL, "--version-id is of one version; --recursive and --versions are of many");
	if (!rc)
		rc = session_open(&s, o);
	if (!rc)
		rc = deleting_begin(&r.d, s.web, &rows, name.bucket, o->dry_run);
	if (rc)
		return rc;
	if (!name.key.at)
		name.key = STR("");
	rows_begin(&rows, o);
	if (o->recursive || o->versions || o->uploads)
		rc = remove_all(&r, &s, &name);
	else
		rc = deleting_add(&r.d, name.key, o->version ? o->version : "");
	rc = deleting_end(&r.d, rc);
	rows_end(&rows);
	return rc;
}
