// SPDX-License-Identifier: GPL-2.0-or-later
/* The rest of memory, as much of a C library as is needed, and words of the command line. */
#include "guest.h"

#define STACK_ROOM	(256u << 10)	/* at the end of memory */
#define PAGE		4096u

extern uint8_t guest_end[];

static uint64_t used;

static uint64_t heap_start(void)
{
	uint64_t end = guest_address(guest_end);

	return end > guest_boot->kernel_end ? end : guest_boot->kernel_end;
}

static void *take(uint64_t size, uint64_t align)
{
	uint64_t at = (heap_start() + used + align - 1) & -align;
	uint64_t limit = guest_boot->mem_size - STACK_ROOM;

	if (at > limit || size > limit - at)
		return NULL;
	used = at + size - heap_start();
	return (void *)(uintptr_t)at;
}

void *guest_alloc(uint64_t size)
{
	return take(size, 64);
}

void *guest_alloc_pages(uint64_t pages)
{
	return pages > HVT_MEM_MAX / PAGE ? NULL : take(pages * PAGE, PAGE);
}

uint64_t guest_memory_left(void)
{
	uint64_t at = heap_start() + used, limit = guest_boot->mem_size - STACK_ROOM;

	return at < limit ? limit - at : 0;
}

/* String operations are loops that the compiler must not turn into calls. */
void *memcpy(void *to, const void *from, size_t n)
{
	void *start = to;

	__asm__ volatile("rep movsb" : "+D" (to), "+S" (from), "+c" (n) : : "memory");
	return start;
}

void *memmove(void *to, const void *from, size_t n)
{
	uint8_t *t = to;
	const uint8_t *f = from;

	if (guest_address(to) - guest_address(from) >= n)
		return memcpy(to, from, n);
	for (t += n, f += n; n; n--) {
		*--t = *--f;
		__asm__ volatile("" : : : "memory");
	}
	return to;
}

void *memset(void *to, int c, size_t n)
{
	void *start = to;

	__asm__ volatile("rep stosb" : "+D" (to), "+c" (n) : "a" (c) : "memory");
	return start;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	for (; s[n]; n++)
		__asm__ volatile("" : : : "memory");
	return n;
}

int strcmp(const char *a, const char *b)
{
	for (; *a && *a == *b; a++, b++)
		;
	return (uint8_t)*a - (uint8_t)*b;
}

uint64_t guest_number(const char *text)
{
	unsigned int base = text[0] == '0' && text[1] == 'x' ? 16 : 10, digit;
	const char *s = base == 16 ? text + 2 : text;
	uint64_t v = 0;

	if (!*s)
		guest_fail("not a number: '%s'\n", text);
	for (; *s; s++) {
		digit = *s >= 'a' ? *s - 'a' + 10 : *s - '0';
		if (digit >= base)
			guest_fail("not a number: '%s'\n", text);
		v = v * base + digit;
	}
	return v;
}

void guest_run_mode(const struct guest_mode *modes, unsigned int count, int argc, char **argv)
{
	unsigned int i;

	for (i = 0; argc > 0 && i < count; i++) {
		if (!strcmp(argv[0], modes[i].name)) {
			modes[i].run();
			return;
		}
	}
	guest_puts("failed: the command line must begin with one of");
	for (i = 0; i < count; i++)
		guest_printf(" %s", modes[i].name);
	guest_puts("\n");
	guest_exit(1);
}
