// SPDX-License-Identifier: GPL-2.0-or-later
/* The guest's memory: what is put into it, and all further ways to it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/report.h"
#include "elf/hvt_boot.h"
#include "peer.h"

/* End the VM for something that it may not do. */
void peer_end(struct peer *p, const char *why, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, why);
	vsnprintf(text, sizeof(text), why, ap);
	va_end(ap);
	fail(1, "ended: %s", text);
	p->over = true;
	p->status = PEER_ENDED;
}

static bool in_memory(const struct peer *p, uint64_t gpa, uint64_t len)
{
	return gpa < p->mem_size && len < p->mem_size - gpa;
}

static bool writable(const struct peer *p, uint64_t gpa, uint64_t len)
{
	const struct hvt_segment *s = p->image.segment;
	unsigned int i;

	for (i = 0; i < p->image.segments; i++, s++)
		if (!(s->prot & HVT_PROT_WRITE) && gpa < s->end && gpa + len > s->start)
			return false;
	return true;
}

/* What the guest has said is there; NULL if it cannot be, and the VM has ended. */
const void *peer_in(struct peer *p, uint64_t gpa, uint64_t len)
{
	if (in_memory(p, gpa, len))
		return p->mem + gpa;
	peer_end(p, "%llu bytes at 0x%llx are not in its memory", (unsigned long long)len,
		 (unsigned long long)gpa);
	return NULL;
}

/* Likewise, for an answer. */
void *peer_out(struct peer *p, uint64_t gpa, uint64_t len)
{
	if (!peer_in(p, gpa, len))
		return NULL;
	if (writable(p, gpa, len))
		return p->mem + gpa;
	peer_end(p, "host/guest translation fault: an answer at 0x%llx, which is read-only",
		 (unsigned long long)gpa);
	return NULL;
}

static void put_boot_info(struct peer *p, const struct hvt_manifest *m, const char *cmdline,
			  uint64_t tsc_hz)
{
	struct hvt_boot_info info = {
		.mem_size = p->mem_size,
		.kernel_end = p->image.kernel_end,
		.tsc_hz = tsc_hz,
		.cmdline = hvt_boot_cmdline(p->image.manifest_size),
		.mft = hvt_boot_manifest(),
	};

	memcpy(p->mem + HVT_BOOT_BASE, &info, sizeof(info));
	memcpy(p->mem + info.mft, m, p->image.manifest_size);
	strcpy((char *)p->mem + info.cmdline, cmdline);
}

/* Memory, with all that the guest starts with; @m has its devices attached. */
int peer_load(struct peer *p, const void *file, const struct hvt_manifest *m, const char *cmdline,
	      uint64_t tsc_hz)
{
	const struct hvt_segment *s = p->image.segment;
	unsigned int i;

	if (strlen(cmdline) >= HVT_CMDLINE_SIZE)
		return fail(1, "the command line has more than %u bytes", HVT_CMDLINE_SIZE - 1);
	p->mem = mmap(NULL, p->mem_size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p->mem == MAP_FAILED)
		return fail_errno("no memory");
	hvt_boot_tables(p->mem, p->mem_size);
	put_boot_info(p, m, cmdline, tsc_hz);
	for (i = 0; i < p->image.segments; i++, s++) {
		memcpy(p->mem + s->vaddr, (const uint8_t *)file + s->offset, s->filesz);
		if (!(s->prot & HVT_PROT_WRITE) &&
		    mprotect(p->mem + s->start, s->end - s->start, PROT_READ))
			return fail_errno("mprotect");
	}
	return 0;
}
