/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every message of meta.h, for the test and the fuzzer. */
#ifndef TEST_META_CASES_H
#define TEST_META_CASES_H

#include "../../user/skyd/meta_cache.h"

static const struct rpc_schema *const meta_schemas[] = {
	&meta_key_ask_schema, &meta_key_schema, &meta_locations_schema, &meta_read_schema,
	&meta_object_schema, &meta_page_ask_schema, &meta_page_schema, &meta_open_schema,
	&meta_opened_schema, &meta_slots_ask_schema, &meta_slots_schema, &meta_sign_schema,
	&meta_signed_schema, &meta_piece_schema, &meta_commit_schema, &meta_result_schema,
	&meta_delete_schema, &meta_deleted_schema, &meta_set_schema, &meta_list_schema,
	&meta_listing_schema, &meta_upload_schema, &meta_parts_schema, &meta_complete_schema,
	&meta_bucket_make_schema, &meta_bucket_ask_schema, &meta_bucket_schema,
	&meta_buckets_schema, &meta_region_ask_schema, &meta_region_schema,
	&meta_bucket_set_schema, &meta_document_schema, &meta_api_schema,
	&meta_api_answer_schema, &meta_repair_schema, &meta_move_schema,
	&meta_move_sign_schema, &meta_move_end_schema, &meta_traffic_schema,
	&meta_cache_schema, &meta_cache_order_schema,
};

#define META_SCHEMAS	(sizeof(meta_schemas) / sizeof(meta_schemas[0]))

/* Room that any question or answer of up to META_LINK_MAX bytes needs at most. */
#define META_ROOM	(META_PARTS_MAX * sizeof(struct meta_part) + \
			 META_GRANTS_MAX * sizeof(struct meta_grant) + 4096)

#endif /* TEST_META_CASES_H */
