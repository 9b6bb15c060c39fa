// SPDX-License-Identifier: GPL-2.0-or-later
/* Lists, page by page, whatever a server may make of them. */
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "s3.h"

static void parameter(struct out *o, const char *name, struct str value)
{
	if (o->len)
		out_char(o, '&');
	out_text(o, name);
	out_char(o, '=');
	uri_encode(o, value, 0);
}

static void write_query(struct out *o, const struct s3_listing *l, const struct s3_page *before)
{
	const char *next = before->next, *version = before->next_version;

	o->len = 0;
	switch (l->kind) {
	case ITEM_BUCKET:
		parameter(o, "max-buckets", STR("1000"));
		break;
	case ITEM_OBJECT:
		parameter(o, "list-type", STR("2"));
		break;
	case ITEM_UPLOAD:
		parameter(o, "uploads", STR_NONE);
		break;
	default:
		parameter(o, "versions", STR_NONE);
	}
	if (l->kind != ITEM_BUCKET)
		parameter(o, "encoding-type", STR("url"));
	if (l->prefix.len)
		parameter(o, "prefix", l->prefix);
	if (l->delimiter.len)
		parameter(o, "delimiter", l->delimiter);
	if (next && (l->kind == ITEM_OBJECT || l->kind == ITEM_BUCKET))
		parameter(o, "continuation-token", str_of(next));
	else if (next)
		parameter(o, "key-marker", str_of(next));
	if (version)
		parameter(o, l->kind == ITEM_UPLOAD ? "upload-id-marker" : "version-id-marker",
			  str_of(version));
}

static bool same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* A page that leads back to itself would be listed for ever. */
static const char *fault_of(const struct s3_listing *l, const struct s3_page *page,
			    const struct s3_page *before)
{
	size_t i;

	for (i = 0; i < page->count; i++)
		if (!str_starts(page->item[i].key, l->prefix))
			return "the server lists a key that does not have the prefix";
	if (!page->truncated)
		return NULL;
	if (!page->next)
		return "the server says there is more, and not where";
	if (same(page->next, before->next) && same(page->next_version, before->next_version))
		return "the server's list goes in a circle";
	return NULL;
}

static int hand_out(const struct s3_page *page, s3_item_fn *each, void *arg)
{
	size_t i;
	int rc = 0;

	for (i = 0; !rc && i < page->count; i++)
		rc = s3_interrupted ? -EINTR : each(arg, &page->item[i]);
	return rc;
}

int s3_list(struct web *w, const struct s3_listing *l, s3_item_fn *each, void *arg)
{
	CLEANUP_REPLY struct web_reply r = WEB_REPLY_NONE;
	CLEANUP(s3_page_free) struct s3_page before = { 0 };
	CLEANUP_FREE char *text = malloc(16384);
	struct out query = OUT(text, 16384);
	struct web_ask a = { .method = "GET", .bucket = l->bucket };
	const char *fault;
	int rc;

	if (!text)
		return fail(ENOMEM, "no memory");
	do {
		struct s3_page page;

		write_query(&query, l, &before);
		a.query = out_written(&query);
		rc = query.err ? query.err : web_must(w, &a, &r);
		if (rc)
			return rc;
		rc = s3_read_page(web_text(&r), &page);
		fault = rc ? "the answer is no list" : fault_of(l, &page, &before);
		s3_page_free(&before);
		before = page;
		if (fault) {
			char url[S3_SHOWN_MAX];

			return fail(EBADMSG, "%s: %s",
				    l->bucket.at ? s3_shown_url(l->bucket, l->prefix, url) :
						   web_site(w)->origin, fault);
		}
		rc = hand_out(&before, each, arg);
	} while (!rc && before.truncated);
	return rc;
}
