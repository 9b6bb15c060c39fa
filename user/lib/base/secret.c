// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "secret.h"

/**
 * secret_alloc - room for a secret
 * @s:		filled in; @s->len is 0
 * @size:	bytes it can hold, at least 1
 *
 * Locking may fail where RLIMIT_MEMLOCK is small: the secret is then merely
 * wiped.
 *
 * Return: 0 or -ENOMEM.
 */
int secret_alloc(struct secret *s, size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*s = SECRET_NONE;
	if (p == MAP_FAILED)
		return -ENOMEM;
	(void)mlock(p, size);
	(void)madvise(p, size, MADV_DONTDUMP);
	(void)madvise(p, size, MADV_WIPEONFORK);
	s->data = p;
	s->size = size;
	return 0;
}

/**
 * secret_copy - a secret of these bytes
 * @s:		filled in
 * @data:	@len bytes
 * @len:	how many; 0 makes a secret that is empty but not NULL
 *
 * Return: 0 or -ENOMEM.
 */
int secret_copy(struct secret *s, const void *data, size_t len)
{
	int rc = secret_alloc(s, len ? len : 1);

	if (rc)
		return rc;
	memcpy(s->data, data, len);
	s->len = len;
	return 0;
}

/**
 * secret_free - wipe and release
 * @s:		may hold nothing; holds nothing afterwards
 */
void secret_free(struct secret *s)
{
	if (!s->data)
		return;
	explicit_bzero(s->data, s->size);
	munmap(s->data, s->size);
	*s = SECRET_NONE;
}

/**
 * secret_equal - compare in time that depends on the lengths only
 *
 * Return: 1 when both are equal, else 0.
 */
int secret_equal(const struct secret *a, const struct secret *b)
{
	uint8_t diff = 0;
	size_t i;

	if (a->len != b->len)
		return 0;
	for (i = 0; i < a->len; i++)
		diff |= a->data[i] ^ b->data[i];
	return !diff;
}

/**
 * random_bytes - from the kernel's generator, waiting until it is seeded
 * @buf:	receives @len bytes
 *
 * Return: 0 or -errno.
 */
int random_bytes(void *buf, size_t len)
{
	uint8_t *p = buf;

	while (len) {
		ssize_t got = getrandom(p, len, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		p += got;
		len -= got;
	}
	return 0;
}
