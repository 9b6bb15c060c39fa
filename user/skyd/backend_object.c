// SPDX-License-Identifier: GPL-2.0-or-later
/* Objects that are read: META_READ, META_PAGE, and what a gateway asks of a key. */
#include <errno.h>
#include <string.h>

#include <asm/byteorder.h>
#include <linux/kernel.h>

#include "backend_private.h"
#include "pipe/manifest.h"

#define KEEP_MS		5000u
#define DATA_US		(24ull * 3600 * 1000000)

/* --- keys ------------------------------------------------------------------------- */

static int answer_key(struct link_request *r, const void *question, void *answer)
{
	const struct meta_key_ask *ask = question;
	struct meta_key *give = answer;
	const struct cached_key *key;
	struct call *c;
	int rc = call_plain(r, &c);

	if (!rc)
		rc = cache_key(c->b, str_of_bytes(ask->access_key), &c->key);
	if (rc)
		return rc;
	key = c->key;
	*give = (struct meta_key){
		.team = key->row.team, .team_name = bytes_of(key->team_name),
		.owner = { key->owner, OWNER_LEN }, .secret = bytes_of(key->row.secret),
		.expires = key->row.expires, .keep_ms = KEEP_MS,
	};
	return 0;
}

static int answer_locations(struct link_request *r, const void *question, void *answer)
{
	struct call *c;
	int rc = call_plain(r, &c);

	(void)question;
	return rc ? rc : backend_status(plan_locations(c->b, &c->arena, answer));
}

/* --- a seal on where a body lies -------------------------------------------------- */

static void seal(const struct backend *b, const struct meta_data *data, u8 to[META_TOKEN_BYTES])
{
	struct {
		char what[16];
		__le64 team, bucket, kind, ref, parts, size, until;
		u8 version[META_VERSION_BYTES], name[SHA256_BYTES], records[SHA256_BYTES];
	} text = {
		.what = "meta data", cpu_to_le64(data->team), cpu_to_le64(data->bucket),
		cpu_to_le64(data->version_kind), cpu_to_le64(data->ref),
		cpu_to_le64(data->parts), cpu_to_le64(data->size), cpu_to_le64(data->until),
	};
	u8 mac[SHA256_BYTES];

	memcpy(text.version, data->version, META_VERSION_BYTES);
	sha256_of(data->name.data, data->name.len, text.name);
	sha256_of(data->records.data, data->records.len, text.records);
	hmac_with(&b->seal, &text, sizeof(text), mac);
	memcpy(to, mac, META_TOKEN_BYTES);
}

/* Its fragments may lie elsewhere by now. */
static bool same_generation(struct store_text now, struct rpc_bytes then)
{
	const size_t at = sizeof(struct sky_page_hdr);

	if (!now.len || !then.len)
		return now.len == then.len;
	return now.len == then.len && now.len >= at + SKY_GENERATION_ID_BYTES &&
	       !memcmp((const u8 *)now.data + at, (const u8 *)then.data + at,
		       SKY_GENERATION_ID_BYTES);
}

/* A fragment of what has gone may have been collected, or soon will be. */
static int is_there_still(struct call *c, const struct meta_data *data, struct store_text *now)
{
	struct store_version version;
	struct store_object o;
	int rc;

	if (!version_read(data->version_kind, data->version, &version))
		return meta_status(S3_ACCESS_DENIED);
	rc = store_object_get(c->b->store, data->team, data->bucket, text_of(data->name),
			      &version, &c->arena, &o);
	if (rc == -STORE_NO_SUCH_KEY || rc == -STORE_NO_SUCH_VERSION ||
	    rc == -STORE_METHOD_NOT_ALLOWED)
		return meta_status(S3_NO_SUCH_KEY);
	if (rc)
		return backend_status(rc);
	if (o.data.ref != data->ref || o.data.parts != data->parts || o.size != data->size ||
	    !same_generation(o.data.records, data->records))
		return meta_status(S3_NO_SUCH_KEY);
	*now = o.data.records;
	return 0;
}

int data_check(struct call *c, const struct meta_data *data, bool exact, struct store_data *to)
{
	struct backend *b = c->b;
	u64 now = backend_now(), grace = b->config->grace_ms * 1000;
	u8 wanted[META_TOKEN_BYTES], differs = 0;
	unsigned int i;

	seal(b, data, wanted);
	for (i = 0; i < META_TOKEN_BYTES; i++)
		differs |= wanted[i] ^ data->seal[i];
	if (differs || data->until < now)
		return meta_status(S3_ACCESS_DENIED);
	*to = (struct store_data){
		.ref = data->ref, .parts = data->parts, .records = text_of(data->records),
		.size = data->size,
	};
	return exact || now + DATA_US > data->until + grace ?
		       is_there_still(c, data, &to->records) : 0;
}

static void data_write(struct call *c, const struct store_object *o, struct meta_data *to)
{
	const struct store_data *from = &o->data;

	*to = (struct meta_data){
		.team = call_team(c), .bucket = c->bucket->row.id, .name = bytes_of(o->name),
		.version_kind = o->version.kind, .ref = from->ref, .parts = from->parts,
		.size = from->size,
		.records = bytes_of(from->records), .until = backend_now() + DATA_US,
	};
	memcpy(to->version, o->version.id, META_VERSION_BYTES);
	seal(c->b, to, to->seal);
}

/* --- pages ------------------------------------------------------------------------ */

/* The page that holds byte @offset, without URLs. */
static int find_page(struct call *c, const struct store_data *data, u64 offset,
		     struct meta_page *to)
{
	struct store_page page;
	u64 base;
	u32 part;
	int rc = store_data_page(c->b->store, data, offset, &c->arena, &page, &base, &part);

	if (rc)
		return backend_status(rc);
	*to = (struct meta_page){
		.start = base + page.start, .length = page.length, .part = part,
		.records = bytes_of(page.records),
	};
	return 0;
}

static int give_page(struct call *c, const struct store_data *data, u64 offset,
		     unsigned int generations, unsigned int spare, struct meta_page *to)
{
	int rc = find_page(c, data, offset, to);

	if (rc || !generations)
		return rc;
	return backend_status(plan_page(c->b, offset - to->start, generations, spare,
					c->url_life, &c->arena, to));
}

static int answer_page(struct link_request *r, const void *question, void *answer)
{
	const struct meta_page_ask *ask = question;
	struct store_data data;
	struct call *c;
	int rc = call_plain(r, &c);

	if (!rc)
		rc = data_check(c, &ask->data, false, &data);
	if (!rc && ask->offset >= data.size)
		rc = meta_status(S3_INVALID_RANGE);
	return rc ? rc : give_page(c, &data, ask->offset, ask->generations, ask->spare, answer);
}

/* --- an object -------------------------------------------------------------------- */

bool version_read(u8 kind, const u8 id[META_VERSION_BYTES], struct store_version *to)
{
	*to = (struct store_version){ .kind = kind };
	memcpy(to->id, id, STORE_VERSION_BYTES);
	return kind <= META_BY_ID;
}

/* The part of a number: where it begins, how long it is, its checksum. */
static int find_part(struct call *c, const struct store_object *o, u64 number,
		     struct meta_object *give)
{
	struct store_part *part;
	u64 start = 0;
	u32 after = 0;
	int n, i;

	if (!o->data.parts) {
		give->part_size = o->size;
		give->part_checksums = bytes_of(o->checksums);
		return number == 1 ? 0 : meta_status(S3_INVALID_PART_NUMBER);
	}
	while (number && number <= STORE_PARTS_MAX) {
		n = store_object_parts(c->b->store, &o->data, after, STORE_LIST_MAX, &c->arena,
				       &part);
		if (n < 0)
			return backend_status(n);
		for (i = 0; i < n; i++) {
			if (part[i].number == number) {
				give->part_start = start;
				give->part_size = part[i].size;
				give->part_checksums = bytes_of(part[i].checksums);
				return 0;
			}
			start += part[i].size;
		}
		if (n < (int)STORE_LIST_MAX)
			break;
		after = part[n - 1].number;
	}
	return meta_status(S3_INVALID_PART_NUMBER);
}

/* The first byte that is wanted; beyond the end: none. */
static int find_from(struct call *c, const struct meta_read *ask, const struct store_object *o,
		     struct meta_object *give, u64 *offset)
{
	int rc = 0;

	*offset = 0;
	switch (ask->from) {
	case META_FROM_START:
		break;
	case META_FROM_OFFSET:
		*offset = ask->value;
		break;
	case META_FROM_END:
		*offset = ask->value < o->size ? o->size - ask->value : 0;
		break;
	case META_FROM_PART:
		rc = find_part(c, o, ask->value, give);
		*offset = give->part_start;
		break;
	default:
		rc = -EINVAL;
	}
	return rc;
}

static int give_object(struct call *c, const struct meta_read *ask, const struct store_object *o,
		       const struct store_version *asked, struct meta_object *give)
{
	const struct authz_ask tags = {
		.op = AUTHZ_GET_TAGS, .name = ask->name, .version = asked, .object = o,
	};
	struct meta_document acl;
	u64 offset;
	int rc;

	give->size = o->size;
	give->etag = bytes_of(o->etag);
	give->checksums = bytes_of(o->checksums);
	give->headers = bytes_of(o->headers);
	give->metadata = bytes_of(o->metadata);
	give->tags = bytes_of(o->tags);
	give->key = bytes_of(o->key);
	give->tags_visible = ask->purpose == META_GET_TAGS || !authz(c, &tags);
	if (o->latest)
		give->expiration = expiry_of(c->bucket, o->name, o->tags, o->size, o->order,
					     &c->arena);
	data_write(c, o, &give->data);
	if (ask->purpose == META_GET_ACL && c->bucket->ownership != S3_BUCKET_OWNER_ENFORCED) {
		grants_read(o->acl, &c->arena, &acl);
		give->grants = acl.grants;
		give->revoked = acl.revoked;
		rc = grants_tell(c, &acl, &give->grant);
		if (rc)
			return rc;
	}
	rc = find_from(c, ask, o, give, &offset);
	if (rc || (!ask->generations && ask->purpose != META_GET) || offset >= o->size)
		return rc;
	return give_page(c, &o->data, offset, ask->generations, ask->spare, &give->page);
}

static int judge_read(struct call *c, const struct meta_read *ask, const struct store_object *o,
		      const struct store_version *version)
{
	static const enum authz_op ops[] = {
		[META_GET] = AUTHZ_GET, [META_HEAD] = AUTHZ_GET, [META_ATTRIBUTES] = AUTHZ_GET,
		[META_GET_TAGS] = AUTHZ_GET_TAGS, [META_GET_ACL] = AUTHZ_GET_ACL,
	};
	struct authz_ask may = {
		.op = ops[ask->purpose], .name = ask->name, .version = version, .object = o,
	};
	int rc = authz(c, &may);

	if (rc || ask->purpose != META_ATTRIBUTES)
		return rc;
	may.op = AUTHZ_ATTRIBUTES;
	return authz(c, &may);
}

static int answer_read(struct link_request *r, const void *question, void *answer)
{
	const struct meta_read *ask = question;
	struct meta_object *give = answer;
	struct store_version version;
	struct store_object o;
	struct call *c;
	int found, rc = call_in_bucket(r, &ask->caller, ask->bucket, &c);

	if (!rc && (ask->purpose > META_GET_ACL ||
		    !version_read(ask->version_kind, ask->version, &version)))
		rc = -EINVAL;
	if (rc)
		return rc;
	found = store_object_get(c->b->store, call_team(c), c->bucket->row.id,
				 text_of(ask->name), &version, &c->arena, &o);
	if (found && !o.marker)
		return found == -STORE_NO_SUCH_KEY || found == -STORE_NO_SUCH_VERSION ?
		       authz_missing(c, found) : backend_status(found);
	rc = judge_read(c, ask, &o, &version);
	if (rc)
		return o.marker ? authz_missing(c, -STORE_NO_SUCH_KEY) : rc;
	rc = backend_policy(c, &give->policy);
	if (rc)
		return rc;
	give->versioning = c->bucket->row.versioning;
	give->owner = (struct rpc_bytes){ c->bucket->owner, OWNER_LEN };
	give->owner_name = bytes_of(c->bucket->owner_name);
	give->version_kind = give->versioning ? o.version.kind : META_LATEST;
	memcpy(give->version, o.version.id, META_VERSION_BYTES);
	give->order = o.order;
	give->latest = o.latest;
	give->marker = o.marker;
	return o.marker ? 0 : give_object(c, ask, &o, &version, give);
}

const struct link_operation backend_objects[] = {
	{ META_KEY, "key", &meta_key_ask_schema, &meta_key_schema, 0, GATEWAY, answer_key },
	{ META_LOCATIONS, "locations", &meta_key_ask_schema, &meta_locations_schema, 0, GATEWAY,
	  answer_locations },
	{ META_READ, "read", &meta_read_schema, &meta_object_schema, CALLER_ROOM, GATEWAY,
	  answer_read },
	{ META_PAGE, "page", &meta_page_ask_schema, &meta_page_schema, 0, GATEWAY, answer_page },
	{ 0 },
};
