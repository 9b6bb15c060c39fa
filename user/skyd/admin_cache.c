// SPDX-License-Identifier: GPL-2.0-or-later
/* The gateways' caches: how they are, and what is to go. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <linux/kernel.h>

#include "api.h"
#include "caches.h"

#define PATIENCE_MS	5000	/* gateways speak every second */

static const struct {
	const char *name;
	size_t at;		/* of a u64 in struct meta_cache */
} numbers[] = {
#define NUMBER(n)	{ #n, offsetof(struct meta_cache, n) }
	NUMBER(size), NUMBER(bytes), NUMBER(entries), NUMBER(hits), NUMBER(misses),
	NUMBER(shared), NUMBER(hit_bytes), NUMBER(filled_bytes), NUMBER(evicted), NUMBER(refused),
	NUMBER(wrong), NUMBER(disk_size), NUMBER(disk_bytes), NUMBER(disk_entries),
	NUMBER(disk_hits), NUMBER(disk_evicted), NUMBER(disk_errors), NUMBER(disk_late),
#undef NUMBER
};

static void name_of(const struct cache_row *row, char to[2 * META_GATEWAY_BYTES + 1])
{
	struct out o = OUT(to, 2 * META_GATEWAY_BYTES + 1);

	/* Enough to tell them from each other. */
	out_hex(&o, row->said.gateway, META_GATEWAY_BYTES / 4);
	to[o.len] = 0;
}

static json_t *line_of(const struct cache_row *row, bool answers)
{
	char name[2 * META_GATEWAY_BYTES + 1];
	json_t *j;
	size_t i;

	name_of(row, name);
	j = json_pack("{s:s, s:s, s:b, s:b}", "gateway", name, "host", row->host, "answers",
		      answers, "disk", row->said.disk);
	for (i = 0; j && i < ARRAY_SIZE(numbers); i++)
		json_object_set_new(j, numbers[i].name, json_integer((json_int_t)
				    *(const u64 *)((const char *)&row->said + numbers[i].at)));
	return j;
}

static int tell(struct api_ask *a, u64 number, int64_t since)
{
	const unsigned int n = caches_count(a->b);
	const struct cache_row *row = a->b->caches->row;
	unsigned int i;
	int rc = 0;

	a->out = json_array();
	for (i = 0; !rc && i < n; i++)
		rc = api_append(a, line_of(&row[i], cache_row_heard(&row[i], number, since)));
	return rc ? rc : 200;
}

static int refuse_nobody(struct api_ask *a)
{
	return api_refuse(a, 503, "no gateway has spoken for %d s; is one running, and can it reach this backend?",
			  CACHES_GONE_MS / 1000);
}

int admin_cache_status(struct api_ask *a)
{
	static const char *const none[] = { NULL };
	const int64_t now = io_now();
	int rc = api_only(a, none);

	if (!rc)
		rc = caches_wait(a->b, 0, now, PATIENCE_MS);
	if (rc && rc != -ETIMEDOUT)
		return rc;
	return caches_count(a->b) ? tell(a, 0, now) : refuse_nobody(a);
}

/* BUCKET or BUCKET/KEY, with s3:// before it or without. */
static int read_name(struct api_ask *a, struct store_text given, struct meta_cache_order *order)
{
	char *copy = store_alloc(&a->arena, given.len + 1);
	struct str name = { copy, given.len }, bucket;
	struct store_bucket row;
	int rc;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, given.data, given.len);
	if (str_starts(name, STR("s3://")))
		name = str_skip(name, 5);
	str_cut(&name, '/', &bucket);
	if (name.len > META_NAME_MAX)
		return api_refuse(a, 400, "a key has %u bytes at most", META_NAME_MAX);
	rc = store_bucket_look(a->b->store, (struct store_text){ bucket.at, bucket.len },
			       &a->arena, &row);
	if (rc)
		return rc;
	*order = (struct meta_cache_order){
		.kind = name.len ? META_CACHE_OBJECT : META_CACHE_BUCKET, .bucket = row.id,
		.bucket_name = { bucket.at, (u32)bucket.len }, .name = { name.at, (u32)name.len },
	};
	/* Names of objects are the ledger's only where that is wanted. */
	if (name.len && !a->b->config->audit_objects)
		json_object_set_new(a->in, "name", json_stringn(bucket.at, bucket.len));
	return 0;
}

static int refuse_silent(struct api_ask *a, u64 number)
{
	const struct cache_row *row = a->b->caches->row, *end = row + caches_count(a->b);
	char name[2 * META_GATEWAY_BYTES + 1];

	while (row < end && cache_row_heard(row, number, 0))
		row++;
	/* Who had not heard of it is no more. */
	if (row == end)
		return tell(a, number, 0);
	name_of(row, name);
	return api_refuse(a, 503, "gateway %s%s%s has not answered for %d s; it will hear of it when it is back, unless the backend is started anew meanwhile: then say it again; see cache status",
			  name, *row->host ? " on " : "", row->host,
			  (int)((io_now() - row->seen) / 1000000000));
}

int admin_cache_flush(struct api_ask *a)
{
	static const char *const names[] = { "name", NULL };
	struct meta_cache_order order = { .kind = META_CACHE_ALL };
	struct store_text name = { 0 };
	int rc = api_only(a, names);
	u64 number;

	if (!rc)
		rc = api_text(a, "name", false, &name);
	if (!rc && json_object_get(a->in, "name"))
		rc = read_name(a, name, &order);
	if (rc)
		return rc;
	number = caches_order(a->b, &order);
	rc = caches_wait(a->b, number, 0, PATIENCE_MS);
	if (rc && rc != -ETIMEDOUT)
		return rc;
	if (!caches_count(a->b))
		return refuse_nobody(a);
	return rc ? refuse_silent(a, number) : tell(a, number, 0);
}
