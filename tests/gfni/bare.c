// SPDX-License-Identifier: GPL-2.0-or-later
/* Entry, console, and as much of a C library as the codec asks for. */
#include <stddef.h>
#include <stdint.h>

#include "bare.h"

#define HEAP_SIZE	(1 << 20)

extern char bss_start[], bss_end[];

void _start(void);
void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
int strcmp(const char *a, const char *b);
void *malloc(size_t n);
void *calloc(size_t count, size_t size);
void free(void *p);
int fprintf(void *stream, const char *format, ...);

void *stderr;

static void out8(unsigned short port, char value)
{
	__asm__ volatile("outb %0, %1" : : "a" (value), "Nd" (port));
}

void bare_print(const char *text)
{
	while (*text)
		out8(0xe9, *text++);
}

void bare_print_number(unsigned int n)
{
	if (n >= 10)
		bare_print_number(n / 10);
	out8(0xe9, '0' + n % 10);
}

/* The string operations are loops that the compiler must not turn into calls. */
void *memcpy(void *to, const void *from, size_t n)
{
	void *start = to;

	__asm__ volatile("rep movsb" : "+D" (to), "+S" (from), "+c" (n) : : "memory");
	return start;
}

void *memset(void *to, int c, size_t n)
{
	void *start = to;

	__asm__ volatile("rep stosb" : "+D" (to), "+c" (n) : "a" (c) : "memory");
	return start;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

int strcmp(const char *a, const char *b)
{
	for (; *a && *a == *b; a++, b++)
		;
	return *a - *b;
}

/* Nothing is given back: the machine lives for a second. */
void *malloc(size_t n)
{
	static char heap[HEAP_SIZE] __attribute__((__aligned__(64)));
	static size_t used;
	void *p = heap + used;

	n = (n + 63) & ~(size_t)63;
	if (n > HEAP_SIZE - used)
		return NULL;
	used += n;
	return p;
}

void *calloc(size_t count, size_t size)
{
	void *p = malloc(count * size);

	return p ? memset(p, 0, count * size) : NULL;
}

void free(void *p)
{
	(void)p;
}

int fprintf(void *stream, const char *format, ...)
{
	(void)stream;
	bare_print("# ");
	bare_print(format);
	return 0;
}

__attribute__((__section__(".text.start"), __used__)) void _start(void)
{
	const char *off = "Shutdown";

	memset(bss_start, 0, bss_end - bss_start);
	bare_main();
	while (*off)
		out8(0x8900, *off++);	/* switches Bochs off */
	for (;;)
		__asm__ volatile("cli; hlt");
}
