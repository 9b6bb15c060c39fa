// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/string.h>
#include "hvt_snapshot.h"

#define NS_PER_SECOND	1000000000u

static const char *segments_are_wrong(const struct hedge_snapshot *head)
{
	u64 at = HVT_GUEST_MIN;
	u32 i;

	BUILD_BUG_ON(HEDGE_SNAPSHOT_SEGMENTS > HVT_MAX_SEGMENTS);

	if (head->segments > HEDGE_SNAPSHOT_SEGMENTS)
		return "it has too many segments";
	for (i = 0; i < head->segments; i++) {
		const struct hedge_snapshot_segment *s = &head->segment[i];

		if (s->start % HVT_PAGE_SIZE || s->end % HVT_PAGE_SIZE)
			return "a segment is not of whole pages";
		if (s->start < at || s->end <= s->start || s->end > head->mem_size)
			return "a segment is out of order, or outside of memory";
		if (s->prot & ~(HVT_PROT_READ | HVT_PROT_WRITE | HVT_PROT_EXEC) ||
		    (s->prot & HVT_PROT_WRITE && s->prot & HVT_PROT_EXEC))
			return "a segment has rights that there are not";
		at = s->end;
	}
	return NULL;
}

/* What a later version may give a meaning to has none in this one. */
static bool reserved_is_used(const struct hedge_snapshot *head)
{
	u32 i, used = 0;

	for (i = 0; i < HEDGE_SNAPSHOT_SEGMENTS; i++)
		used |= head->segment[i].reserved;
	for (i = 0; i < HEDGE_SNAPSHOT_MSRS; i++)
		used |= head->msr[i].reserved;
	for (i = 0; i < sizeof(head->reserved); i++)
		used |= head->reserved[i];
	return used;
}

/**
 * hvt_snapshot_check - whether a guest can be made of it
 * @head:	the first bytes of the file
 * @file_size:	bytes
 * @why:	says what is wrong
 *
 * Registers are not looked at: KVM refuses those that no processor has, and with the
 * others a guest harms itself alone.
 *
 * Return: 0 or -ENOEXEC.
 */
int hvt_snapshot_check(const struct hedge_snapshot *head, u64 file_size, const char **why)
{
	const char *wrong = NULL;

	if (memcmp(head->magic, HEDGE_SNAPSHOT_MAGIC, sizeof(head->magic)))
		wrong = "it is no snapshot";
	else if (head->version != HEDGE_SNAPSHOT_VERSION)
		wrong = "it is of another version";
	else if (head->mem_size < HVT_MEM_MIN || head->mem_size > HVT_MEM_MAX ||
		 head->mem_size % HVT_PAGE_2M)
		wrong = "its memory has no possible size";
	else if (file_size != HEDGE_SNAPSHOT_HEAD_SIZE + head->mem_size)
		wrong = "the file is not as long as its memory";
	else if (!head->tsc_hz)
		wrong = "its clock stands still";
	else if (head->msrs > HEDGE_SNAPSHOT_MSRS)
		wrong = "it has too many registers";
	else if (head->manifest_size > sizeof(head->manifest))
		wrong = "its manifest has no possible size";
	else if (reserved_is_used(head))
		wrong = "it uses reserved bytes";
	if (!wrong)
		wrong = segments_are_wrong(head);
	if (!wrong)
		return hvt_manifest_check(head->manifest, head->manifest_size, why);
	*why = wrong;
	return -ENOEXEC;
}

/**
 * hvt_snapshot_layout - who may write where
 * @head:	that was found good
 * @layout:	filled in, as far as memory is concerned
 */
void hvt_snapshot_layout(const struct hedge_snapshot *head, struct hvt_image *layout)
{
	u32 i;

	memset(layout, 0, sizeof(*layout));
	layout->segments = head->segments;
	for (i = 0; i < head->segments; i++) {
		layout->segment[i].start = head->segment[i].start;
		layout->segment[i].vaddr = head->segment[i].start;
		layout->segment[i].end = head->segment[i].end;
		layout->segment[i].prot = head->segment[i].prot;
	}
}

/**
 * hvt_snapshot_clock - what the guest's clock shows by now
 * @head:	that was found good
 * @now:	ns since 1970
 *
 * It goes on by the time that has passed, so that what the guest makes of it, and of the
 * wall clock when it booted, is right.  From speeds and times that cannot be comes some
 * number, by operations that no number makes trap.
 *
 * Return: ticks.
 */
u64 hvt_snapshot_clock(const struct hedge_snapshot *head, u64 now)
{
	u64 seconds;
	u32 ns;

	if (now <= head->time_ns)
		return head->tsc;
	seconds = div_u64_rem(now - head->time_ns, NS_PER_SECOND, &ns);
	return head->tsc + seconds * head->tsc_hz + div_u64(ns * head->tsc_hz, NS_PER_SECOND);
}
