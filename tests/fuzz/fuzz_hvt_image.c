// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hostile images: nothing is read outside, and what passes can be loaded with no more
 * checks than that it fits the memory. Each input is a manifest, too.
 */
#include <stdlib.h>
#include <string.h>

#include "elf/hvt_image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_segment(const struct hvt_segment *s, u64 last, size_t size)
{
	require(s->filesz && s->offset < size && s->filesz <= size - s->offset);
	require(s->start >= last && s->start % HVT_PAGE_SIZE == 0 && s->end % HVT_PAGE_SIZE == 0);
	require(s->start <= s->vaddr && s->vaddr < s->end && s->end <= HVT_MEM_MAX);
	require(s->memsz >= s->filesz && s->memsz <= s->end - s->vaddr);
	require(!(s->prot & HVT_PROT_WRITE) || !(s->prot & HVT_PROT_EXEC));
}

/* What a monitor relies on when it attaches devices by name. */
static void check_manifest(const u8 *bytes, size_t size)
{
	struct hvt_manifest_entry e;
	struct hvt_manifest m;
	u32 i;

	require(size >= sizeof(m));
	memcpy(&m, bytes, sizeof(m));
	require(m.entries && m.entries <= HVT_MANIFEST_MAX);
	require(size == sizeof(m) + m.entries * sizeof(e));
	for (i = 0; i < m.entries; i++) {
		memcpy(&e, bytes + sizeof(m) + i * sizeof(e), sizeof(e));
		require(strnlen(e.name, sizeof(e.name)) < sizeof(e.name) && !e.attached);
		require(e.name[0] ? e.type == HVT_DEVICE_BLOCK || e.type == HVT_DEVICE_NET :
			i == 0 && e.type == HVT_DEVICE_RESERVED_FIRST);
	}
}

static void check_image(const struct hvt_image *im, const u8 *data, size_t size)
{
	const char *why;
	u64 last = HVT_GUEST_MIN;
	u32 i;

	require(im->segments && im->segments <= HVT_MAX_SEGMENTS);
	for (i = 0; i < im->segments; i++) {
		check_segment(&im->segment[i], last, size);
		last = im->segment[i].end;
	}
	require(im->kernel_end == last && im->entry >= HVT_GUEST_MIN && im->entry < HVT_MEM_MAX);
	require(im->manifest_offset < size && im->manifest_size <= size - im->manifest_offset);
	check_manifest(data + im->manifest_offset, im->manifest_size);
	require(!hvt_image_fits(im, HVT_MEM_MAX, &why));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hvt_image im;
	const char *why = NULL;

	if (!hvt_image_parse(data, size, &im, &why))
		check_image(&im, data, size);
	else
		require(why && *why);
	if (!hvt_manifest_check(data, size, &why))
		check_manifest(data, size);
	return 0;
}
