// SPDX-License-Identifier: GPL-2.0-or-later
/* Hostile contents of log records: nothing is read outside, limits are kept. */
#include <stdlib.h>
#include <string.h>

#include <asm/byteorder.h>

#include "disk/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct rlnc_log_limits limits = {
		.generations = 4096, .slots = 1024, .epoch = 3, .seals = 16, .pack_tail = 7,
		.packs = 100,
	};
	const struct rlnc_log_entry *e;
	u8 *buf = malloc(size);
	size_t at = 0, before = 0;
	unsigned int sum = 0;

	if (size)
		memcpy(buf, data, size);
	while (rlnc_log_next(buf, size, &at, &limits, &e) > 0) {
		if (at <= before || at > size || le64_to_cpu(e->index) >= limits.generations)
			abort();
		if (le32_to_cpu(e->kind) == RLNC_LOG_PACK &&
		    rlnc_log_owner(e) / limits.seals >= limits.generations)
			abort();
		if (le16_to_cpu(e->count))
			sum += e->seal[le16_to_cpu(e->count) - 1].tag[RLNC_TAG_BYTES - 1];
		before = at;
	}
	free(buf);
	return sum == ~0u;
}
