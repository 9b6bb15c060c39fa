/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of parsers: bytes that end at a page which must not be touched. */
#ifndef TESTS_EDGE_H
#define TESTS_EDGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#define PAGE	4096u

/* @len bytes of @from, the page after them closed; free with edge_free(). */
static inline uint8_t *edge_copy(const void *from, size_t len)
{
	size_t inner = (len + PAGE - 1) / PAGE * PAGE;
	uint8_t *map = mmap(NULL, inner + PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(map, MAP_FAILED);
	assert_return_code(mprotect(map + inner, PAGE, PROT_NONE), 0);
	if (len)
		memcpy(map + inner - len, from, len);
	return map + inner - len;
}

static inline void edge_free(uint8_t *data, size_t len)
{
	size_t inner = (len + PAGE - 1) / PAGE * PAGE;

	munmap(data + len - inner, inner + PAGE);
}

#endif /* TESTS_EDGE_H */
