// SPDX-License-Identifier: GPL-2.0-or-later
/* Settings of buckets that are as they are: s3/setting.h. */
#include <errno.h>

#include "front.h"
#include "s3/setting.h"

#define DOCUMENT_MAX	65536u

/* Is the bucket there, and may he? */
static int ask(struct s3_call *c, enum meta_bucket_purpose purpose)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct meta_bucket_ask ask = {
		.caller = c->caller, .name = bytes_of(c->target.bucket), .purpose = purpose,
	};
	struct meta_bucket bucket;

	return front_ask(c, META_BUCKET, &meta_bucket_ask_schema, &ask, &meta_bucket_schema,
			 &bucket, 0, &answer);
}

static enum s3_setting asked(const struct s3_call *c)
{
	return s3_setting_find(str_of(c->route->parameter));
}

static enum meta_bucket_purpose change_of(enum s3_setting s)
{
	static const enum meta_bucket_purpose purposes[S3_SETTINGS] = {
		[S3_SETTING_ENCRYPTION] = META_BUCKET_PUT_ENCRYPTION,
		[S3_SETTING_LOGGING] = META_BUCKET_PUT_LOGGING,
		[S3_SETTING_NOTIFICATION] = META_BUCKET_PUT_NOTIFICATION,
		[S3_SETTING_PAYMENT] = META_BUCKET_PUT_PAYMENT,
		[S3_SETTING_REPLICATION] = META_BUCKET_PUT_REPLICATION,
		[S3_SETTING_WEBSITE] = META_BUCKET_DELETE_WEBSITE,
	};

	return purposes[s];
}

int s3_get_setting(struct s3_call *c)
{
	static const enum meta_bucket_purpose purposes[S3_SETTINGS] = {
		[S3_SETTING_ACCELERATE] = META_BUCKET_GET_ACCELERATE,
		[S3_SETTING_ENCRYPTION] = META_BUCKET_GET_ENCRYPTION,
		[S3_SETTING_LOGGING] = META_BUCKET_GET_LOGGING,
		[S3_SETTING_NOTIFICATION] = META_BUCKET_GET_NOTIFICATION,
		[S3_SETTING_OBJECT_LOCK] = META_BUCKET_GET_OBJECT_LOCK,
		[S3_SETTING_PAYMENT] = META_BUCKET_GET_PAYMENT,
		[S3_SETTING_REPLICATION] = META_BUCKET_GET_REPLICATION,
		[S3_SETTING_WEBSITE] = META_BUCKET_GET_WEBSITE,
	};
	CLEANUP_TEXT struct front_text t = FRONT_TEXT_NONE;
	enum s3_setting s = asked(c);
	int rc = ask(c, purposes[s]);

	if (rc)
		return rc;
	if (s3_setting_absent(s))
		return s3_setting_absent(s);
	if (!front_text_begin(&t, c, 200))
		return -ENOMEM;
	s3_answer_setting(&t.o, s);
	return front_text_end(&t);
}

int s3_put_setting(struct s3_call *c)
{
	CLEANUP_BODY struct body_text_memory m = { 0 };
	int rc = body_document(c, DOCUMENT_MAX, &m);

	if (!rc)
		rc = ask(c, change_of(asked(c)));
	if (!rc)
		rc = s3_read_setting(asked(c), (struct str){ m.at, m.len }, &c->fault);
	return rc ? rc : front_empty(c, 200);
}

/* Then it is what it is by default, or still not there. */
int s3_delete_setting(struct s3_call *c)
{
	int rc = ask(c, change_of(asked(c)));

	return rc ? rc : front_empty(c, 204);
}
