/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checksums as headers and XML have them ("Checking object integrity" of the S3 User
 * Guide), and ETags.  Computing them is the business of user/lib/crypto.
 */
#ifndef SKY_S3_CHECKSUM_H
#define SKY_S3_CHECKSUM_H

#include "error.h"
#include "http/head.h"

enum s3_checksum {
	S3_CRC32,
	S3_CRC32C,
	S3_CRC64NVME,
	S3_SHA1,
	S3_SHA256,
	S3_CHECKSUMS,
	S3_NO_CHECKSUM = S3_CHECKSUMS,
};

enum s3_checksum_type {
	S3_FULL_OBJECT,
	S3_COMPOSITE,		/* over the checksums of the parts; has "-N" behind it */
};

#define S3_CHECKSUM_BYTES_MAX	32u
#define S3_CHECKSUM_TEXT_MAX	64u
#define S3_MD5_BYTES		16u

/* A value and what it is over. */
struct s3_checksum_value {
	enum s3_checksum kind;			/* S3_NO_CHECKSUM: there is none */
	uint8_t bytes[S3_CHECKSUM_BYTES_MAX];
	uint32_t parts;				/* of S3_COMPOSITE; else 0 */
};

/* What the headers of an upload ask for. */
struct s3_checksum_request {
	struct s3_checksum_value value;		/* known beforehand, or none */
	enum s3_checksum trailer;		/* comes behind the body, or S3_NO_CHECKSUM */
	enum s3_checksum algorithm;		/* to be computed, whoever knows its value */
	bool has_md5;
	uint8_t md5[S3_MD5_BYTES];		/* Content-MD5 */
};

size_t s3_checksum_bytes(enum s3_checksum kind);
struct str s3_checksum_header(enum s3_checksum kind);
const char *s3_checksum_element(enum s3_checksum kind);
const char *s3_checksum_name(enum s3_checksum kind);
enum s3_checksum s3_checksum_of_header(struct str name);
enum s3_checksum s3_checksum_of_name(struct str name);
enum s3_code s3_checksum_type_check(enum s3_checksum kind, enum s3_checksum_type type,
				    struct s3_fault *f);

bool s3_checksum_parse(enum s3_checksum kind, struct str text, struct s3_checksum_value *v);
void s3_checksum_write(struct out *o, const struct s3_checksum_value *v);
enum s3_code s3_checksum_from_head(const struct http_head *h, struct s3_checksum_request *r,
				   struct s3_checksum_value *object, struct s3_fault *f);

/* An ETag without quotes: the MD5, "-N" behind it for N parts. */
#define S3_ETAG_MAX	48u

void s3_etag_write(struct out *o, const uint8_t md5[S3_MD5_BYTES], uint32_t parts);
bool s3_etag_parse(struct str text, uint8_t md5[S3_MD5_BYTES], uint32_t *parts);

#endif /* SKY_S3_CHECKSUM_H */
