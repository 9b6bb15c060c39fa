// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hostile snapshots: a good head, of which the input changes what it likes.  Whoever passes
 * keeps what the monitor relies on.
 */
#include <stdlib.h>
#include <string.h>

#include "elf/hvt_snapshot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void good_head(struct hedge_snapshot *head)
{
	struct hvt_manifest m = { .version = HVT_MANIFEST_VERSION, .entries = 1 };
	struct hvt_manifest_entry first = { .type = HVT_DEVICE_RESERVED_FIRST };

	memset(head, 0, sizeof(*head));
	memcpy(head->magic, HEDGE_SNAPSHOT_MAGIC, sizeof(head->magic));
	head->version = HEDGE_SNAPSHOT_VERSION;
	head->mem_size = HVT_MEM_MIN;
	head->tsc_hz = 1;
	head->segments = 1;
	head->segment[0].start = HVT_GUEST_MIN;
	head->segment[0].end = HVT_GUEST_MIN + HVT_PAGE_SIZE;
	memcpy(head->manifest, &m, sizeof(m));
	memcpy(head->manifest + sizeof(m), &first, sizeof(first));
	head->manifest_size = sizeof(m) + sizeof(first);
}

/* Records of the input: two bytes say where, one how many, then what. */
static void change(struct hedge_snapshot *head, const uint8_t *data, size_t size)
{
	while (size > 3) {
		size_t at = (data[0] | data[1] << 8) % sizeof(*head);
		size_t len = data[2];

		data += 3;
		size -= 3;
		if (len > size)
			len = size;
		if (len > sizeof(*head) - at)
			len = sizeof(*head) - at;
		memcpy((uint8_t *)head + at, data, len);
		data += len;
		size -= len;
	}
}

static void check_layout(const struct hedge_snapshot *head)
{
	struct hvt_image layout;
	u64 last = HVT_GUEST_MIN;
	u32 i;

	hvt_snapshot_layout(head, &layout);
	require(layout.segments <= HVT_MAX_SEGMENTS);
	for (i = 0; i < layout.segments; i++) {
		const struct hvt_segment *s = &layout.segment[i];

		require(s->start >= last && s->start < s->end && s->end <= head->mem_size);
		require(!((s->start | s->end) % HVT_PAGE_SIZE));
		require(!(s->prot & HVT_PROT_WRITE) || !(s->prot & HVT_PROT_EXEC));
		last = s->end;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hedge_snapshot *head = malloc(sizeof(*head));
	const char *why = NULL;
	u64 file;

	require(!!head);
	good_head(head);
	file = HEDGE_SNAPSHOT_HEAD_SIZE + head->mem_size;
	require(!hvt_snapshot_check(head, file, &why));
	change(head, data, size);
	if (hvt_snapshot_check(head, file, &why)) {
		require(why && *why);
	} else {
		require(head->mem_size == HVT_MEM_MIN && head->msrs <= HEDGE_SNAPSHOT_MSRS);
		require(head->manifest_size <= sizeof(head->manifest) && head->tsc_hz);
		check_layout(head);
	}
	free(head);
	return 0;
}
