/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parameters and headers of requests that several operations share. */
#ifndef SKY_S3_PARAMS_H
#define SKY_S3_PARAMS_H

#include "answer.h"
#include "names.h"

#define S3_LIST_MAX		1000u
#define S3_METADATA_MAX		2048u	/* bytes of all names and values */
#define S3_PARAMS_TEXT		(4 * S3_KEY_MAX + 1024u)

/* Decoded parameters lie here. */
struct s3_params {
	size_t used;
	char text[S3_PARAMS_TEXT];
};

enum s3_code s3_param(struct s3_params *p, struct str query, struct str name, struct str *value,
		      struct s3_fault *f);
enum s3_code s3_param_number(struct s3_params *p, struct str query, struct str name,
			     uint64_t max, uint64_t *value, struct s3_fault *f);

enum s3_code s3_list_from_query(struct s3_params *p, struct str query, enum s3_list_kind kind,
				struct s3_list *l, struct s3_fault *f);
enum s3_code s3_uploads_from_query(struct s3_params *p, struct str query, struct s3_uploads *u,
				   struct s3_fault *f);
enum s3_code s3_part_number(struct s3_params *p, struct str query, uint32_t *number,
			    struct s3_fault *f);

struct str s3_response_override(struct str name);
enum s3_code s3_metadata_check(const struct http_head *h, struct s3_fault *f);
void s3_content_encoding(struct out *o, struct str value);

#endif /* SKY_S3_PARAMS_H */
