// SPDX-License-Identifier: GPL-2.0-or-later
/* MD5 of a body, which is its ETag, and the checksum that is wanted besides. */
#include <string.h>

#include "crypto/crc.h"
#include "data_path.h"

static enum crc_kind crc_of(enum s3_checksum kind)
{
	return kind == S3_CRC32 ? CRC_32 : kind == S3_CRC32C ? CRC_32C :
	       kind == S3_CRC64NVME ? CRC_64NVME : CRC_KINDS;
}

int body_sums_begin(struct body_sums *s, enum s3_checksum kind)
{
	memset(s, 0, sizeof(*s));
	s->kind = kind;
	lanes_begin(&s->md5, LANES_MD5);
	if (kind == S3_SHA256)
		lanes_begin(&s->sha256, LANES_SHA256);
	return kind == S3_SHA1 ? hash_begin(&s->sha1, HASH_SHA1) : 0;
}

struct other_sum {
	struct body_sums *sums;
	const void *data;
	size_t len;
};

static int other_update(void *arg)
{
	struct other_sum *o = arg;
	struct body_sums *s = o->sums;

	if (s->kind == S3_SHA1)
		return hash_update(&s->sha1, o->data, o->len);
	s->crc = crc_update(crc_of(s->kind), s->crc, o->data, o->len);
	return 0;
}

int body_sums_update(struct gateway *g, struct body_sums *s, const void *data, size_t len)
{
	struct other_sum other = { s, data, len };

	digests_update(g->digests, &s->md5, data, len);
	if (s->kind == S3_NO_CHECKSUM)
		return 0;
	if (s->kind == S3_SHA256) {
		digests_update(g->digests, &s->sha256, data, len);
		return 0;
	}
	return data_work(g, len <= DATA_INLINE, other_update, &other, 0);
}

int body_sums_end(struct body_sums *s, u8 md5[S3_MD5_BYTES], struct s3_checksum_value *value)
{
	struct lanes_stream *stream = &s->md5;
	u8 *digest = md5;
	size_t bytes, i;

	lanes_end(LANES_MD5, &stream, &digest, 1);
	memset(value, 0, sizeof(*value));
	value->kind = s->kind;
	if (s->kind == S3_NO_CHECKSUM)
		return 0;
	if (s->kind == S3_SHA1)
		return hash_end(&s->sha1, value->bytes);
	stream = &s->sha256;
	digest = value->bytes;
	if (s->kind == S3_SHA256) {
		lanes_end(LANES_SHA256, &stream, &digest, 1);
		return 0;
	}
	bytes = crc_bytes(crc_of(s->kind));
	for (i = 0; i < bytes; i++)
		value->bytes[i] = s->crc >> 8 * (bytes - 1 - i);
	return 0;
}

void body_sums_free(struct body_sums *s)
{
	hash_free(&s->sha1);
}
