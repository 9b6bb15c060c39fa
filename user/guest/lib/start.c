// SPDX-License-Identifier: GPL-2.0-or-later
/* From the entry to guest_main(), and the end. */
#include "guest.h"

#define MSR_FS_BASE	0xc0000100u
#define TLS_ALIGN	64
#define TLS_MAX		4096
#define MAX_WORDS	64

extern const uint8_t guest_tls_start[], guest_tls_data_end[];
extern const uint8_t guest_tls_size[];		/* its address is the size */

void guest_start(const struct hvt_boot_info *boot);

const struct hvt_boot_info *guest_boot;

static const struct {
	struct guest_note note;
	struct hvt_note_abi abi;
} abi_note __attribute__((__section__(".note.hvt.abi"), __aligned__(4), __used__)) = {
	.note = {
		.namesz = HVT_NOTE_NAME_SIZE,
		.descsz = sizeof(struct hvt_note_abi),
		.type = HVT_NOTE_ABI,
		.name = HVT_NOTE_NAME,
	},
	.abi = { .target = HVT_ABI_TARGET, .version = HVT_ABI_VERSION },
};

/* Variables of the one thread, below the pointer that fs points to (System V ABI). */
static void tls_init(void)
{
	static struct {
		uint8_t block[TLS_MAX];
		uint64_t self;
	} tls __attribute__((__aligned__(TLS_ALIGN)));
	uint64_t size = (guest_address(guest_tls_size) + TLS_ALIGN - 1) & -(uint64_t)TLS_ALIGN;
	uint64_t at = guest_address(&tls.self);

	if (size > TLS_MAX)
		guest_fail("no room for %llu bytes of thread variables\n", (unsigned long long)size);
	memcpy(tls.block + TLS_MAX - size, guest_tls_start, guest_tls_data_end - guest_tls_start);
	tls.self = at;
	__asm__ volatile("wrmsr" : : "c" (MSR_FS_BASE), "a" ((uint32_t)at), "d" (at >> 32));
}

/* Cuts a copy of the command line into words. */
static int split(char **words)
{
	static char line[HVT_CMDLINE_SIZE];
	const char *from = (const char *)(uintptr_t)guest_boot->cmdline;
	size_t len = strlen(from), i;
	int count = 0;

	memcpy(line, from, len + 1);
	for (i = 0; i < len; i++) {
		if (line[i] == ' ')
			line[i] = 0;
		else if ((i == 0 || !line[i - 1]) && count < MAX_WORDS)
			words[count++] = line + i;
	}
	words[count] = NULL;
	return count;
}

/* The entry.  The stack is as after a call. */
void guest_start(const struct hvt_boot_info *boot)
{
	static char *words[MAX_WORDS + 1];

	guest_boot = boot;
	guest_trap_init();
	tls_init();
	guest_monotonic_ns();
	guest_exit(guest_main(split(words), words));
}

const struct hvt_manifest_entry *guest_device(uint64_t handle)
{
	const struct hvt_manifest *m = (const struct hvt_manifest *)(uintptr_t)guest_boot->mft;

	return handle < m->entries ? &m->e[handle] : NULL;
}

void guest_exit(int status)
{
	struct hvt_hc_halt halt = { .status = status };

	guest_call(HVT_HC_HALT, guest_address(&halt));
	for (;;)
		;
}

void guest_abort(void)
{
	guest_exit(HVT_EXIT_ABORT);
}
