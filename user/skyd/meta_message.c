// SPDX-License-Identifier: GPL-2.0-or-later
/* How meta.h's questions and answers are packed. */
#include <stdio.h>

#include "base/hex.h"
#include "meta_cache.h"

/* A field of the struct at hand, M. */
#define U8(f)		RPC_FIELD(RPC_U8, M, f)
#define U16(f)		RPC_FIELD(RPC_U16, M, f)
#define NUM32(f)	RPC_FIELD(RPC_VARINT32, M, f)
#define NUM64(f)	RPC_FIELD(RPC_VARINT64, M, f)
#define BOOL(f)		RPC_FIELD(RPC_BOOL, M, f)
#define FIXED(f)	RPC_FIXED(M, f)
#define ID(f)		RPC_BYTES(M, f, META_ID_MAX)
#define NAME(f)		RPC_BYTES(M, f, META_NAME_MAX)
#define TEXT(f)		RPC_BYTES(M, f, META_TEXT_MAX)
#define BLOB(f)		RPC_BYTES(M, f, META_BLOB_MAX)
#define STRUCT(f, of)	RPC_STRUCT(M, f, &of##_schema)
#define LIST(f, n, max, of)	RPC_LIST(M, f, n, max, &of##_schema)

#define GRANTS		LIST(grant, grants, META_GRANTS_MAX, grant)
#define CLAIMS		LIST(claim, claims, META_SLOTS_MAX, claim)

#define TABLE(name, title) \
	const struct rpc_schema meta_##name##_schema = RPC_SCHEMA(title, M, name##_fields)
#define ELEMENT(name, title) \
	static const struct rpc_schema name##_schema = RPC_SCHEMA(title, M, name##_fields)

/* --- elements of lists ------------------------------------------------------------- */

#define M struct meta_url
static const struct rpc_field url_fields[] = {
	U8(slot), U8(row), U16(location), TEXT(query),
};
ELEMENT(url, "url");
#undef M

#define M struct meta_grant
static const struct rpc_field grant_fields[] = {
	U8(permission), ID(id), TEXT(uri), TEXT(name),
};
ELEMENT(grant, "grant");
#undef M

#define M struct meta_claim
static const struct rpc_field claim_fields[] = { NUM64(reservation), NUM64(mask) };
ELEMENT(claim, "claim");
#undef M

#define M struct meta_used
static const struct rpc_field used_fields[] = {
	NUM64(team), NUM64(requests), NUM64(received), NUM64(sent),
};
ELEMENT(used, "used");
#undef M

#define M struct meta_slot
static const struct rpc_field slot_fields[] = {
	FIXED(generation), RPC_BYTES(M, locations, META_ROWS * sizeof(u16)),
};
ELEMENT(slot, "slot");
#undef M

#define M struct meta_part
static const struct rpc_field part_fields[] = {
	NUM32(number), NUM64(size), NUM64(modified), TEXT(etag), TEXT(checksums),
};
ELEMENT(part, "part");
#undef M

/* --- structs in others ---------------------------------------------------------------- */

#define M struct meta_context
static const struct rpc_field context_fields[] = { ID(key), TEXT(value) };
ELEMENT(context, "context");
#undef M

#define M struct meta_caller
static const struct rpc_field caller_fields[] = {
	ID(access_key), ID(address), TEXT(agent), TEXT(referer), ID(owner), BOOL(secure),
	LIST(context, contexts, META_CONTEXTS_MAX, context),
};
ELEMENT(caller, "caller");
#undef M

#define M struct meta_policy
static const struct rpc_field policy_fields[] = {
	NUM64(team), NUM64(bucket), TEXT(key), NUM64(id), NUM64(revision), U8(k), U8(n),
	U8(quorum), U8(mode), U8(flags), U8(compression), U8(wbits), U8(level),
	NUM32(generation_bytes), BOOL(uncached),
};
ELEMENT(policy, "policy");
#undef M

#define M struct meta_data
static const struct rpc_field data_fields[] = {
	NUM64(team), NUM64(bucket), NAME(name), U8(version_kind), FIXED(version),
	NUM64(ref), NUM32(parts), NUM64(size), BLOB(records), NUM64(until), FIXED(seal),
};
ELEMENT(data, "data");
#undef M

/* --- keys and locations -------------------------------------------------------------- */

#define M struct meta_key_ask
static const struct rpc_field key_ask_fields[] = { ID(access_key) };
TABLE(key_ask, "key-ask");
#undef M

#define M struct meta_key
static const struct rpc_field key_fields[] = {
	NUM64(team), TEXT(team_name), ID(owner), TEXT(secret), NUM64(expires),
	NUM32(keep_ms),
};
TABLE(key, "key");
#undef M

#define M struct meta_location
static const struct rpc_field location_fields[] = {
	U16(id), BOOL(edge), TEXT(url), BLOB(ca), NUM32(latency_us),
};
ELEMENT(location, "location");
#undef M

#define M struct meta_locations
static const struct rpc_field locations_fields[] = {
	NUM64(revision), LIST(location, count, META_LOCATIONS_MAX, location),
};
TABLE(locations, "locations");
#undef M

/* --- objects -------------------------------------------------------------------------- */

#define M struct meta_read
static const struct rpc_field read_fields[] = {
	STRUCT(caller, caller), U8(purpose), ID(bucket), NAME(name), U8(version_kind),
	FIXED(version), U8(from), NUM64(value), U8(generations), U8(spare),
};
TABLE(read, "read");
#undef M

#define M struct meta_object
static const struct rpc_field object_fields[] = {
	STRUCT(policy, policy), U8(versioning), ID(owner), TEXT(owner_name),
	U8(version_kind), FIXED(version), NUM64(order), BOOL(latest), BOOL(marker),
	NUM64(size), TEXT(etag), TEXT(checksums), BLOB(headers), BLOB(metadata),
	BLOB(tags), TEXT(key), GRANTS, STRUCT(data, data), STRUCT(page, meta_page),
	NUM64(part_start), NUM64(part_size), TEXT(part_checksums), BOOL(tags_visible),
	TEXT(expiration), BOOL(revoked),
};
TABLE(object, "object");
#undef M

#define M struct meta_page_ask
static const struct rpc_field page_ask_fields[] = {
	STRUCT(data, data), NUM64(offset), U8(generations), U8(spare),
};
TABLE(page_ask, "page-ask");
#undef M

#define M struct meta_page
static const struct rpc_field page_fields[] = {
	NUM64(start), NUM64(length), NUM32(part), BLOB(records), NUM64(revision), NUM32(url_life),
	LIST(url, urls, META_URLS_MAX, url),
};
TABLE(page, "page");
#undef M

#define M struct meta_open
static const struct rpc_field open_fields[] = {
	STRUCT(caller, caller), ID(bucket), NAME(name), FIXED(upload), NUM32(part),
	BLOB(tags), BOOL(sets_acl), ID(canned_acl), TEXT(if_match), TEXT(if_none_match),
	U8(slots),
};
TABLE(open, "open");
#undef M

#define M struct meta_opened
static const struct rpc_field opened_fields[] = {
	STRUCT(policy, policy), U8(versioning), TEXT(upload_key), U8(upload_checksum),
	U8(upload_checksum_type), TEXT(upload_checksums), STRUCT(slots, meta_slots),
};
TABLE(opened, "opened");
#undef M

#define M struct meta_slots_ask
static const struct rpc_field slots_ask_fields[] = {
	STRUCT(caller, caller), ID(bucket), U8(count),
};
TABLE(slots_ask, "slots-ask");
#undef M

#define M struct meta_slots
static const struct rpc_field slots_fields[] = {
	NUM64(reservation), NUM64(until), NUM64(revision),
	LIST(slot, count, META_SLOTS_MAX, slot),
};
TABLE(slots, "slots");
#undef M

#define M struct meta_fragment
static const struct rpc_field fragment_fields[] = {
	NUM64(reservation), U8(slot), U8(row), BOOL(wrong), NUM32(bytes), FIXED(sha256),
};
ELEMENT(fragment, "fragment");
#undef M

#define M struct meta_sign
static const struct rpc_field sign_fields[] = {
	LIST(fragment, count, META_URLS_MAX, fragment),
};
TABLE(sign, "sign");
#undef M

#define M struct meta_signed
static const struct rpc_field put_urls_fields[] = { LIST(url, count, META_URLS_MAX, url) };
const struct rpc_schema meta_signed_schema =
	RPC_SCHEMA("signed", M, put_urls_fields);
#undef M

#define M struct meta_repair
static const struct rpc_field repair_fields[] = {
	STRUCT(data, data), NUM64(offset), LIST(fragment, count, META_URLS_MAX, fragment),
};
TABLE(repair, "repair");
#undef M

#define M struct meta_move
static const struct rpc_field move_fields[] = {
	NUM64(id), NUM32(wait_ms), U8(row), BLOB(records), NUM64(revision),
	LIST(url, urls, META_ROWS, url), NUM64(total), NUM64(moved), NUM64(stuck),
	NUM64(unnamed), NUM64(deleted), NUM64(lost), NUM64(made),
};
TABLE(move, "move");
#undef M

#define M struct meta_move_sign
static const struct rpc_field move_sign_fields[] = {
	NUM64(id), NUM32(bytes), FIXED(sha256), BOOL(again), BOOL(late),
};
TABLE(move_sign, "move-sign");
#undef M

#define M struct meta_move_end
static const struct rpc_field move_end_fields[] = {
	NUM64(id), U8(result), U16(location), NUM32(bytes), BOOL(late),
};
TABLE(move_end, "move-end");
#undef M

#define M struct meta_traffic
static const struct rpc_field traffic_fields[] = {
	FIXED(gateway), NUM64(number), LIST(used, teams, META_USED_MAX, used),
};
TABLE(traffic, "traffic");
#undef M

#define M struct meta_cache
static const struct rpc_field cache_fields[] = {
	FIXED(gateway), NUM64(heard), BOOL(left), BOOL(disk), NUM64(size), NUM64(bytes),
	NUM64(entries), NUM64(disk_size), NUM64(disk_bytes), NUM64(disk_entries), NUM64(hits),
	NUM64(disk_hits), NUM64(misses), NUM64(hit_bytes), NUM64(filled_bytes), NUM64(shared),
	NUM64(evicted), NUM64(disk_evicted), NUM64(refused), NUM64(wrong), NUM64(disk_errors),
	NUM64(disk_late),
};
TABLE(cache, "cache");
#undef M

#define M struct meta_cache_order
static const struct rpc_field cache_order_fields[] = {
	NUM64(number), U8(kind), NUM64(policy), NUM64(bucket), ID(bucket_name), NAME(name),
};
TABLE(cache_order, "cache-order");
#undef M

#define M struct meta_piece
static const struct rpc_field piece_fields[] = {
	STRUCT(caller, caller), ID(bucket), NUM64(piece), NUM64(start), NUM64(length),
	NUM32(generations), BLOB(records), CLAIMS,
};
TABLE(piece, "piece");
#undef M

#define M struct meta_commit
static const struct rpc_field commit_fields[] = {
	STRUCT(caller, caller), ID(bucket), NAME(name), FIXED(upload), NUM32(part),
	NUM64(size), TEXT(etag), TEXT(checksums), BLOB(headers), BLOB(metadata),
	BLOB(tags), TEXT(key), GRANTS, ID(canned_acl), NUM32(generations), BLOB(records),
	NUM64(piece), CLAIMS, TEXT(if_match), TEXT(if_none_match),
};
TABLE(commit, "commit");
#undef M

#define M struct meta_result
static const struct rpc_field result_fields[] = {
	U8(version_kind), FIXED(version), NUM64(order), BOOL(marker), TEXT(expiration),
};
TABLE(result, "result");
#undef M

#define M struct meta_delete_item
static const struct rpc_field delete_item_fields[] = {
	NAME(name), U8(version_kind), FIXED(version), TEXT(if_match),
};
ELEMENT(delete_item, "delete-item");
#undef M

#define M struct meta_delete
static const struct rpc_field delete_fields[] = {
	STRUCT(caller, caller), ID(bucket),
	LIST(item, count, META_DELETE_MAX, delete_item),
};
TABLE(delete, "delete");
#undef M

#define M struct meta_deleted_item
static const struct rpc_field deleted_item_fields[] = {
	U16(code), U8(version_kind), FIXED(version), BOOL(marker),
};
ELEMENT(deleted_item, "deleted-item");
#undef M

#define M struct meta_deleted
static const struct rpc_field deleted_fields[] = {
	LIST(item, count, META_DELETE_MAX, deleted_item),
};
TABLE(deleted, "deleted");
#undef M

#define M struct meta_set
static const struct rpc_field set_fields[] = {
	STRUCT(caller, caller), ID(bucket), NAME(name), U8(version_kind), FIXED(version),
	U8(what), BLOB(tags), GRANTS, ID(canned_acl), ID(owner),
};
TABLE(set, "set");
#undef M

/* --- listings ------------------------------------------------------------------------- */

#define M struct meta_list
static const struct rpc_field list_fields[] = {
	STRUCT(caller, caller), U8(kind), ID(bucket), TEXT(prefix), TEXT(delimiter),
	TEXT(after), U8(after_kind), FIXED(after_version), NUM32(max),
};
TABLE(list, "list");
#undef M

#define M struct meta_entry
static const struct rpc_field entry_fields[] = {
	NAME(name), BOOL(group), BOOL(latest), BOOL(marker), U8(version_kind),
	FIXED(version), NUM64(order), NUM64(size), TEXT(etag), TEXT(checksums),
};
ELEMENT(entry, "entry");
#undef M

#define M struct meta_listing
static const struct rpc_field listing_fields[] = {
	ID(owner), TEXT(owner_name), BOOL(truncated), NAME(next), U8(next_kind),
	FIXED(next_version), LIST(entry, count, META_LIST_MAX, entry),
};
TABLE(listing, "listing");
#undef M

/* --- uploads --------------------------------------------------------------------------- */

#define M struct meta_upload
static const struct rpc_field upload_fields[] = {
	STRUCT(caller, caller), ID(bucket), NAME(name), FIXED(upload), STRUCT(data, data),
	NUM32(after), NUM32(max),
};
TABLE(upload, "upload");
#undef M

#define M struct meta_parts
static const struct rpc_field parts_fields[] = {
	ID(owner), TEXT(owner_name), TEXT(checksums), BLOB(headers), TEXT(key),
	BOOL(truncated), LIST(part, count, META_LIST_MAX, part),
};
TABLE(parts, "parts");
#undef M

#define M struct meta_complete
static const struct rpc_field complete_fields[] = {
	STRUCT(caller, caller), ID(bucket), NAME(name), FIXED(upload),
	LIST(part, parts, META_PARTS_MAX, part), TEXT(etag), TEXT(checksums),
	TEXT(if_match), TEXT(if_none_match),
};
TABLE(complete, "complete");
#undef M

/* --- buckets --------------------------------------------------------------------------- */

#define M struct meta_bucket_make
static const struct rpc_field bucket_make_fields[] = {
	STRUCT(caller, caller), ID(name), ID(policy), GRANTS, ID(canned_acl), ID(ownership),
	BLOB(tags),
};
TABLE(bucket_make, "bucket-make");
#undef M

#define M struct meta_bucket_ask
static const struct rpc_field bucket_ask_fields[] = {
	STRUCT(caller, caller), ID(name), U8(purpose), U8(document),
};
TABLE(bucket_ask, "bucket-ask");
#undef M

#define M struct meta_region_ask
static const struct rpc_field region_ask_fields[] = {
	STRUCT(caller, caller), ID(bucket), ID(region), BOOL(set),
};
TABLE(region_ask, "region-ask");
#undef M

#define M struct meta_region
static const struct rpc_field region_fields[] = { BOOL(right), ID(region) };
TABLE(region, "region");
#undef M

#define M struct meta_bucket
static const struct rpc_field bucket_fields[] = {
	NUM64(id), ID(name), NUM64(created), ID(owner), TEXT(owner_name), ID(policy_name),
	U8(versioning), BOOL(policy_public),
};
TABLE(bucket, "bucket");
#undef M

#define M struct meta_buckets
static const struct rpc_field buckets_fields[] = {
	ID(owner), TEXT(owner_name), LIST(bucket, count, META_LIST_MAX, meta_bucket),
	BOOL(truncated),
};
TABLE(buckets, "buckets");
#undef M

#define M struct meta_bucket_set
static const struct rpc_field bucket_set_fields[] = {
	STRUCT(caller, caller), ID(name), U8(document), U8(value), BLOB(body), GRANTS,
	ID(canned_acl), ID(owner),
};
TABLE(bucket_set, "bucket-set");
#undef M

#define M struct meta_document
static const struct rpc_field document_fields[] = {
	BLOB(body), ID(owner), TEXT(owner_name), GRANTS, BOOL(revoked),
};
TABLE(document, "document");
#undef M

/* --- our own API ----------------------------------------------------------------------- */

#define M struct meta_api
static const struct rpc_field api_fields[] = {
	STRUCT(caller, caller), ID(method), TEXT(path), TEXT(query), ID(type),
	RPC_BYTES(M, body, META_API_ASK_MAX),
};
TABLE(api, "api");
#undef M

#define M struct meta_api_answer
static const struct rpc_field api_answer_fields[] = {
	NUM32(status), ID(type), RPC_BYTES(M, body, META_API_MAX),
};
TABLE(api_answer, "api-answer");
#undef M

size_t meta_fragment_name(const u8 generation[META_GENERATION_BYTES], unsigned int row,
			  char to[META_FRAGMENT_NAME_MAX])
{
	size_t len = 2 * META_GENERATION_BYTES;

	hex_encode(generation, META_GENERATION_BYTES, to);
	return len + (size_t)snprintf(to + len, META_FRAGMENT_NAME_MAX - len, "/%u", row);
}
