// SPDX-License-Identifier: GPL-2.0-or-later
/* What is kept of an object's checksums: written, read back, and cut off anywhere. */
#include "http_util.h"

#include "../../user/skyd/front.h"

static void test_sums(void **state)
{
	struct object_sums s = { .value = { .kind = S3_SHA256, .parts = 300 },
				 .type = S3_COMPOSITE }, back;
	u8 blob[SUMS_MAX];
	size_t len, i;

	(void)state;
	memset(s.value.bytes, 0x5a, sizeof(s.value.bytes));
	len = sums_write(&s, blob);
	assert_int_equal(len, 38);
	sums_read((struct rpc_bytes){ blob, len }, &back);
	assert_false(back.empty);
	assert_int_equal(back.value.parts, 300);
	assert_int_equal(back.type, S3_COMPOSITE);
	assert_memory_equal(back.value.bytes, s.value.bytes, 32);
	for (i = 0; i < len; i++) {
		sums_read((struct rpc_bytes){ blob, i }, &back);
		assert_true(back.empty);
	}
	blob[0] = S3_CHECKSUMS;
	sums_read((struct rpc_bytes){ blob, len }, &back);
	assert_int_equal(back.value.kind, S3_NO_CHECKSUM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
