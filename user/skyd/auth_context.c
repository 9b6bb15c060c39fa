// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the conditions of policies may ask about and only the gateway sees: how a request was
 * signed, and what its head says.  policy_check.c has the list of keys.
 */
#include <stdio.h>
#include <time.h>

#include "front.h"
#include "s3/names.h"

/* Fields of which the key is "s3:" and the name. */
static const char *const fields[] = {
	"s3:x-amz-storage-class", "s3:x-amz-server-side-encryption",
	"s3:x-amz-metadata-directive", "s3:x-amz-grant-full-control", "s3:x-amz-grant-read",
	"s3:x-amz-grant-read-acp", "s3:x-amz-grant-write", "s3:x-amz-grant-write-acp",
};

#define CONTEXTS	(sizeof(fields) / sizeof(fields[0]) + 5)
_Static_assert(CONTEXTS <= META_CONTEXTS_MAX, "a request has room for its contexts");

static void add(struct s3_call *c, const char *key, struct str value)
{
	c->context[c->caller.contexts++] = (struct meta_context){
		bytes_of(str_of(key)), bytes_of(value),
	};
	c->caller.context = c->context;
}

static void add_signature(struct s3_call *c)
{
	static const char *const places[] = {
		[SIG_HEADER] = "REST-HEADER", [SIG_QUERY] = "REST-QUERY-STRING",
		[SIG_FORM] = "POST",
	};
	int64_t age = time(NULL) - c->claim.time;

	add(c, "s3:x-amz-content-sha256",
	    c->claim.place != SIG_ANONYMOUS && c->claim.content_sha256.len ?
	    c->claim.content_sha256 : STR("UNSIGNED-PAYLOAD"));
	if (c->claim.place == SIG_ANONYMOUS)
		return;
	add(c, "s3:authType", str_of(places[c->claim.place]));
	/* Which does not say when it was signed. */
	if (c->claim.version2) {
		add(c, "s3:signatureversion", STR("AWS"));
		return;
	}
	snprintf(c->age, sizeof(c->age), "%lld", (long long)(age > 0 ? age : 0) * 1000);
	add(c, "s3:signatureversion", str_of(sig_algorithm_name(c->claim.algorithm)));
	add(c, "s3:signatureAge", str_of(c->age));
}

/* "bucket/key", decoded, however it was written; what is none is refused by who copies. */
static void add_source(struct s3_call *c)
{
	struct str value = field_of(c, STR("x-amz-copy-source"));
	struct out o = OUT(c->source, sizeof(c->source));
	struct s3_copy_source from;
	struct s3_fault fault;

	if (!value.at || s3_copy_source_parse(value, &from, &fault))
		return;
	out_str(&o, from.from.bucket);
	out_char(&o, '/');
	out_str(&o, from.from.key);
	add(c, "s3:x-amz-copy-source", out_written(&o));
}

int auth_context(struct s3_call *c, const struct s3_form *form)
{
	size_t i;

	c->caller.contexts = 0;
	add_signature(c);
	if (!form)
		add_source(c);
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		struct str name = str_skip(str_of(fields[i]), 3), value = STR_NONE;

		if (form)
			s3_form_find(form, name, &value);
		else
			value = field_of(c, name);
		/* Half of it could be judged otherwise than the whole. */
		if (value.len > META_TEXT_MAX)
			return front_argument(c, name, str_head(value, 64), "The value is too long");
		if (value.at)
			add(c, fields[i], value);
	}
	return 0;
}
