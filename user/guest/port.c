// SPDX-License-Identifier: GPL-2.0-or-later
/* port KIND: I/O that is no hypercall.  The VM must end. */
#include "lib/guest.h"

GUEST_MANIFEST();

static uint32_t words[4];

static void out32(uint16_t port)
{
	__asm__ volatile("outl %0, %1" : : "a" (words[0]), "d" (port));
}

static void first(void)
{
	out32(HVT_HC_BASE);
}

static void beyond(void)
{
	out32(HVT_HC_PORT(HVT_HC_MAX));
}

static void other(void)
{
	out32(0xcf8);
}

static void highest(void)
{
	out32(0xfffc);
}

static void byte(void)
{
	__asm__ volatile("outb %b0, %1" : : "a" (0), "d" ((uint16_t)HVT_HC_PORT(HVT_HC_PUTS)));
}

static void word(void)
{
	__asm__ volatile("outw %w0, %1" : : "a" (0), "d" ((uint16_t)HVT_HC_PORT(HVT_HC_PUTS)));
}

static void in(void)
{
	uint32_t v;

	__asm__ volatile("inl %1, %0" : "=a" (v) : "d" ((uint16_t)HVT_HC_PORT(HVT_HC_PUTS)));
}

static void string(void)
{
	const uint32_t *from = words;
	uint64_t count = 4;

	__asm__ volatile("rep outsl" : "+S" (from), "+c" (count) : "d" ((uint16_t)0x80) : "memory");
}

static void string_in(void)
{
	uint32_t *to = words;
	uint64_t count = 4;

	__asm__ volatile("rep insl" : "+D" (to), "+c" (count)
			 : "d" ((uint16_t)HVT_HC_PORT(HVT_HC_PUTS)) : "memory");
}

int guest_main(int argc, char **argv)
{
	static const struct guest_mode modes[] = {
		{ "first", first }, { "beyond", beyond }, { "other", other },
		{ "highest", highest }, { "byte", byte }, { "word", word },
		{ "in", in }, { "string", string }, { "string_in", string_in },
	};

	guest_run_mode(modes, GUEST_COUNT(modes), argc, argv);
	guest_fail("it was let through\n");
}
