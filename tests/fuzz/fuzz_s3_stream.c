// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bodies in aws-chunked, signed and unsigned: what comes in pieces is understood as
 * what is there at once, and data is never more than was announced.
 */
#include "fuzz_util.h"

#include "s3/stream.h"

static uint64_t run(const uint8_t *data, size_t size, size_t step, const struct sig_claim *claim)
{
	static struct s3_stream s;
	static struct hmac_key hmac;
	struct sig_key key = { .hmac = &hmac };
	enum stream_event event = STREAM_MORE;
	uint64_t sum = 1;
	size_t at, n;

	hmac_key_set(&hmac, "key", 3);
	if (s3_stream_init(&s, claim, &key, STR("40000"), STR("x-amz-checksum-crc32")))
		return 0;
	for (at = 0; at < size && event != STREAM_BAD && event != STREAM_DONE; at += n) {
		struct str piece = own_copy(data + at, size - at < step ? size - at : step);
		struct str in = piece;

		n = piece.len;
		while ((event = s3_stream_next(&s, &in)) == STREAM_DATA) {
			require(s.data.len && s.decoded <= s.expected);
			digest(&sum, s.data.at, s.data.len);
		}
		free((char *)piece.at);
	}
	if (event == STREAM_DONE)
		require(s.decoded == s.expected && !s.fault.code);
	else if (event == STREAM_MORE)
		s3_stream_end(&s);
	digest(&sum, &s.fault.code, sizeof(s.fault.code));
	digest(&sum, &s.decoded, sizeof(s.decoded));
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sig_claim claim = {
		.scope = { .whole = STR("20130524/us-east-1/s3/aws4_request") },
		.date = STR("20130524T000000Z"), .signature = STR("00"),
	};
	static const enum sig_payload payloads[] = {
		SIG_PAYLOAD_CHUNKS, SIG_PAYLOAD_CHUNKS_TRAILER, SIG_PAYLOAD_UNSIGNED_TRAILER,
	};

	if (size < 2)
		return 0;
	claim.payload = payloads[data[0] % 3];
	require(run(data + 2, size - 2, data[1] % 64 + 1, &claim) ==
		run(data + 2, size - 2, size, &claim));
	return 0;
}
