/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of an object, and conditions on it (RFC 9110, 13 and 14), as S3 does them. */
#ifndef SKY_HTTP_RANGE_H
#define SKY_HTTP_RANGE_H

#include "head.h"

enum range_kind {
	RANGE_WHOLE,		/* no range, or one that is passed over: the whole, with 200 */
	RANGE_PART,		/* 206 */
	RANGE_UNSATISFIABLE,	/* 416 */
};

struct range {
	uint64_t first;
	uint64_t len;		/* bytes, not 0 */
};

enum range_kind range_parse(struct str value, uint64_t size, struct range *r);
bool range_parse_exact(struct str value, struct range *r);
void range_write(struct out *o, const struct range *r, uint64_t size);
void range_write_unsatisfied(struct out *o, uint64_t size);
bool content_range_parse(struct str value, struct range *r, uint64_t *size);

/* Fields of a request; at is NULL where one is missing. */
struct conditions {
	struct str if_match;
	struct str if_none_match;
	struct str if_modified_since;
	struct str if_unmodified_since;
};

enum condition {
	CONDITION_HOLDS,
	CONDITION_NOT_MODIFIED,		/* 304; for reading only */
	CONDITION_FAILED,		/* 412 */
};

void conditions_from(const struct http_head *h, struct conditions *c);
void conditions_from_copy(const struct http_head *h, struct conditions *c);
enum condition conditions_check(const struct conditions *c, bool reads, struct str etag,
				int64_t modified);
bool etag_in_list(struct str list, struct str etag);
bool if_range_holds(struct str value, struct str etag, int64_t modified);

#endif /* SKY_HTTP_RANGE_H */
