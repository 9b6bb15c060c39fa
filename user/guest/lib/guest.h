/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest can do: a thin layer over the hypercalls of hvt_abi.h, for guests that
 * show one behaviour each.
 *
 *	#include "lib/guest.h"
 *
 *	GUEST_MANIFEST(GUEST_BLOCK("disk"), GUEST_NET("net"));
 *
 *	int guest_main(int argc, char **argv) { ... return exit_status; }
 *
 * argv are the words of the command line; there is no name of a program before them.
 * Handles of devices count from 1, in the order of the manifest: 0 is reserved.
 */
#ifndef GUEST_H
#define GUEST_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hvt_abi.h"

int guest_main(int argc, char **argv);

/* --- boot ---------------------------------------------------------------------- */

extern const struct hvt_boot_info *guest_boot;

/* An entry of the manifest, or NULL. */
const struct hvt_manifest_entry *guest_device(uint64_t handle);

/* End of the run.  Status HVT_EXIT_ABORT has the monitor write a core. */
__attribute__((__noreturn__)) void guest_exit(int status);
__attribute__((__noreturn__)) void guest_abort(void);
__attribute__((__noreturn__)) void guest_trap(unsigned int vector, const struct hvt_trap *trap);

void guest_trap_init(void);

/* --- hypercalls ------------------------------------------------------------------ */

/* The bare instruction: any address, any number. */
static inline void guest_call(unsigned int nr, uint64_t address)
{
	__asm__ volatile("outl %0, %1" : : "a" ((uint32_t)address),
			 "Nd" ((uint16_t)HVT_HC_PORT(nr)) : "memory");
}

static inline uint64_t guest_address(const volatile void *p)
{
	return (uint64_t)(uintptr_t)p;
}

/* Results are those of enum hvt_result. */
int guest_block_read(uint64_t handle, uint64_t offset, void *data, uint64_t len);
int guest_block_write(uint64_t handle, uint64_t offset, const void *data, uint64_t len);
int guest_net_read(uint64_t handle, void *data, uint64_t *len);
int guest_net_write(uint64_t handle, const void *data, uint64_t len);

/* How many devices are ready, and in *@ready a bit for the handle of each. */
int guest_poll(uint64_t timeout_ns, uint64_t *ready);

/* --- console ---------------------------------------------------------------------- */

void guest_puts_bytes(const void *data, uint64_t len);
void guest_puts(const char *text);

/* %s %c %d %u %x %p and %%, with l and ll; %02x and the like.  A line of 1023 bytes. */
__attribute__((__format__(__printf__, 1, 2))) void guest_printf(const char *format, ...);

/* Says what is wrong, and ends with status 1. */
__attribute__((__noreturn__, __format__(__printf__, 1, 2)))
void guest_fail(const char *format, ...);

/* --- clocks ------------------------------------------------------------------------ */

static inline uint64_t guest_tsc(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a" (low), "=d" (high));
	return (uint64_t)high << 32 | low;
}

uint64_t guest_wall_ns(void);			/* since 1970: a hypercall */
uint64_t guest_monotonic_ns(void);		/* since the start: the TSC */

/* --- memory ------------------------------------------------------------------------ */

/* Zeroed memory, aligned to 64 bytes or to pages, that is never given back; or NULL. */
void *guest_alloc(uint64_t size);
void *guest_alloc_pages(uint64_t pages);
uint64_t guest_memory_left(void);

void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);

/* --- command line ------------------------------------------------------------------- */

/* A number, decimal or with 0x; guest_fail() if @text is none. */
uint64_t guest_number(const char *text);

/* One of several behaviours, chosen by the first word. */
struct guest_mode {
	const char *name;
	void (*run)(void);
};

/* Runs the one with that name; guest_fail() if there is none. */
void guest_run_mode(const struct guest_mode *modes, unsigned int count, int argc, char **argv);

#define GUEST_COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* xorshift64* (Vigna 2016). */
static inline uint64_t guest_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1d;
}

/* --- notes --------------------------------------------------------------------------- */

struct guest_note {
	uint32_t namesz;
	uint32_t descsz;
	uint32_t type;
	char name[8];
};

_Static_assert(sizeof(struct guest_note) == HVT_NOTE_HEADER_SIZE, "header of a note");

#define GUEST_BLOCK(n)	{ .name = (n), .type = HVT_DEVICE_BLOCK }
#define GUEST_NET(n)	{ .name = (n), .type = HVT_DEVICE_NET }

#define GUEST_ENTRIES(...)							\
	(sizeof((const struct hvt_manifest_entry[]){				\
		{ .type = HVT_DEVICE_RESERVED_FIRST }, ##__VA_ARGS__ }) /	\
	 sizeof(struct hvt_manifest_entry))

/* The devices that a guest wants, if any: once in each guest. */
#define GUEST_MANIFEST(...)							\
const struct {									\
	struct guest_note note;							\
	uint32_t pad;								\
	uint32_t version;							\
	uint32_t entries;							\
	struct hvt_manifest_entry e[GUEST_ENTRIES(__VA_ARGS__)];		\
} guest_manifest_note								\
__attribute__((__section__(".note.hvt.manifest"), __aligned__(8), __used__)) = {	\
	.note = {								\
		.namesz = HVT_NOTE_NAME_SIZE,					\
		.descsz = 4 + 8 + sizeof(guest_manifest_note.e),		\
		.type = HVT_NOTE_MANIFEST,					\
		.name = HVT_NOTE_NAME,						\
	},									\
	.version = HVT_MANIFEST_VERSION,					\
	.entries = GUEST_ENTRIES(__VA_ARGS__),					\
	.e = { { .type = HVT_DEVICE_RESERVED_FIRST }, ##__VA_ARGS__ },		\
}

#endif /* GUEST_H */
