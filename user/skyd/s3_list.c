// SPDX-License-Identifier: GPL-2.0-or-later
/* What is in a bucket: objects, versions, uploads. */
#include <errno.h>

#include "front.h"

#define TOKEN_MAX	(4 * (META_NAME_MAX + 3) / 3)

static int64_t milliseconds(u64 us)
{
	return us / 1000;
}

static int ask_list(struct s3_call *c, struct meta_list *ask, struct meta_listing *list,
		    struct link_answer *answer)
{
	ask->caller = c->caller;
	ask->bucket = bytes_of(c->target.bucket);
	return front_ask(c, META_LIST, &meta_list_schema, ask, &meta_listing_schema, list,
			 (ask->max + 1) * sizeof(struct meta_entry), answer);
}

/* --- objects and versions ------------------------------------------------------------ */

static void write_entry(struct out *o, const struct s3_list *l, const struct meta_listing *list,
			const struct meta_entry *e)
{
	char text[FRONT_VERSION_LEN + 1];
	struct s3_object_entry entry = {
		.key = str_from(e->name), .etag = str_from(e->etag),
		.owner = { str_from(list->owner), str_from(list->owner_name) },
		.size = e->size, .modified = milliseconds(e->order), .is_latest = e->latest,
		.delete_marker = e->marker, .version = STR("null"),
	};
	struct object_sums sums;

	if (e->group) {
		s3_list_prefix(o, l, str_from(e->name));
		return;
	}
	if (e->version_kind == META_BY_ID)
		entry.version = version_text(e->version_kind, e->version, text);
	sums_read(e->checksums, &sums);
	entry.checksum = sums.empty ? S3_NO_CHECKSUM : sums.value.kind;
	entry.composite = sums.type == S3_COMPOSITE;
	s3_list_object(o, l, &entry);
}

/* Entries first, common prefixes behind them, as S3 has them. */
static int write_list(struct s3_call *c, const struct s3_list *l, const struct meta_listing *list)
{
	CLEANUP_TEXT struct front_text t = FRONT_TEXT_NONE;
	struct s3_list_tail tail = { .truncated = list->truncated, .key_count = list->count };
	char token[TOKEN_MAX + 4], text[FRONT_VERSION_LEN + 1];
	struct out o = OUT(token, sizeof(token));
	u32 i;

	if (!front_text_begin(&t, c, 200))
		return -ENOMEM;
	s3_list_begin(&t.o, l);
	for (i = 0; i < list->count; i++)
		if (!list->entry[i].group)
			write_entry(&t.o, l, list, &list->entry[i]);
	for (i = 0; i < list->count; i++)
		if (list->entry[i].group)
			write_entry(&t.o, l, list, &list->entry[i]);
	if (list->truncated && l->kind == S3_LIST_V2) {
		out_base64(&o, list->next.data, list->next.len);
		tail.next_marker = out_written(&o);
	} else if (list->truncated && (l->kind == S3_LIST_VERSIONS || l->delimiter.len)) {
		tail.next_marker = str_from(list->next);
	}
	if (list->truncated && l->kind == S3_LIST_VERSIONS)
		tail.next_version_marker = list->next_kind == META_LATEST ? STR_NONE :
			version_text(list->next_kind, list->next_version, text);
	s3_list_end(&t.o, l, &tail);
	return front_text_end(&t);
}

/* A token is what it stands for, in base64; nobody has to know. */
static int after_token(struct s3_call *c, const struct s3_list *l, char name[META_NAME_MAX],
		       struct rpc_bytes *after)
{
	int len = base64_decode(l->token, name, META_NAME_MAX);

	if (len <= 0 || !str_is_utf8((struct str){ name, len }))
		return front_argument(c, STR("continuation-token"), str_head(l->token, 128),
				      "The continuation token provided is incorrect");
	*after = (struct rpc_bytes){ name, len };
	return 0;
}

static int after_version(struct s3_call *c, const struct s3_list *l, struct meta_list *ask)
{
	if (!l->version_marker.len)
		return 0;
	if (!version_parse(l->version_marker, &ask->after_kind, ask->after_version))
		return front_argument(c, STR("version-id-marker"), l->version_marker,
				      "Invalid version id specified");
	return 0;
}

static int list_objects(struct s3_call *c, enum s3_list_kind kind)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	struct meta_listing list = { 0 };
	struct meta_list ask = {
		.kind = kind == S3_LIST_VERSIONS ? META_LIST_VERSIONS : META_LIST_OBJECTS,
	};
	char name[META_NAME_MAX];
	struct s3_list l;
	int rc = s3_list_from_query(&c->params, c->uri.query, kind, &l, &c->fault);

	if (rc)
		return rc;
	l.bucket = c->target.bucket;
	ask.after = bytes_of(l.marker);
	/* An empty one begins anew. */
	if (l.token.len)
		rc = after_token(c, &l, name, &ask.after);
	if (!rc)
		rc = after_version(c, &l, &ask);
	if (rc)
		return rc;
	ask.prefix = bytes_of(l.prefix);
	ask.delimiter = bytes_of(l.delimiter);
	ask.max = l.max_keys;
	rc = ask_list(c, &ask, &list, &answer);
	return rc ? rc : write_list(c, &l, &list);
}

int s3_list_objects(struct s3_call *c)
{
	return list_objects(c, S3_LIST_V1);
}

int s3_list_objects_v2(struct s3_call *c)
{
	struct str type;
	int rc = s3_param(&c->params, c->uri.query, STR("list-type"), &type, &c->fault);

	if (rc)
		return rc;
	if (!str_is(type, "2"))
		return front_argument(c, STR("list-type"), type, "Invalid list type");
	return list_objects(c, S3_LIST_V2);
}

int s3_list_versions(struct s3_call *c)
{
	return list_objects(c, S3_LIST_VERSIONS);
}

/* --- uploads ------------------------------------------------------------------------- */

static int write_uploads(struct s3_call *c, const struct s3_uploads *u,
			 const struct meta_listing *list)
{
	CLEANUP_TEXT struct front_text t = FRONT_TEXT_NONE;
	char text[FRONT_VERSION_LEN + 1];
	struct str next = STR_NONE;
	u32 i;

	if (!front_text_begin(&t, c, 200))
		return -ENOMEM;
	s3_uploads_begin(&t.o, u);
	for (i = 0; i < list->count; i++) {
		const struct meta_entry *e = &list->entry[i];
		struct object_sums sums;

		if (e->group)
			continue;
		sums_read(e->checksums, &sums);
		s3_uploads_item(&t.o, u, &(struct s3_upload_entry){
			.key = str_from(e->name), .initiated = milliseconds(e->order),
			.upload_id = version_text(META_BY_ID, e->version, text),
			.owner = { str_from(list->owner), str_from(list->owner_name) },
			.checksum = sums.value.kind, .type = sums.type,
		});
	}
	for (i = 0; i < list->count; i++)
		if (list->entry[i].group)
			s3_uploads_prefix(&t.o, u, str_from(list->entry[i].name));
	if (list->truncated && list->next_kind == META_BY_ID)
		next = version_text(META_BY_ID, list->next_version, text);
	s3_uploads_end(&t.o, u, list->truncated, str_from(list->next), next);
	return front_text_end(&t);
}

int s3_list_uploads(struct s3_call *c)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	struct meta_list ask = { .kind = META_LIST_UPLOADS };
	struct meta_listing list = { 0 };
	struct s3_uploads u;
	int rc = s3_uploads_from_query(&c->params, c->uri.query, &u, &c->fault);

	if (rc)
		return rc;
	u.bucket = c->target.bucket;
	/* Without a key, a marker of an upload says nothing: S3 passes it over. */
	if (u.key_marker.len && u.upload_marker.len &&
	    (!version_parse(u.upload_marker, &ask.after_kind, ask.after_version) ||
	     ask.after_kind != META_BY_ID))
		return front_argument(c, STR("upload-id-marker"), u.upload_marker,
				      "Invalid uploadId marker");
	ask.prefix = bytes_of(u.prefix);
	ask.delimiter = bytes_of(u.delimiter);
	ask.after = bytes_of(u.key_marker);
	ask.max = u.max_uploads;
	rc = ask_list(c, &ask, &list, &answer);
	return rc ? rc : write_uploads(c, &u, &list);
}
