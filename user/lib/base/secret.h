/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that holds a key or a passphrase: kept out of swap and core dumps
 * where the system allows it, wiped before it is let go.
 */
#ifndef SKY_BASE_SECRET_H
#define SKY_BASE_SECRET_H

#include <stddef.h>
#include <stdint.h>

#include "cleanup.h"

struct secret {
	uint8_t *data;		/* NULL: nothing */
	size_t len;		/* bytes in use */
	size_t size;		/* bytes mapped */
};

#define SECRET_NONE	((struct secret){ 0 })

int secret_alloc(struct secret *s, size_t size);
int secret_copy(struct secret *s, const void *data, size_t len);
void secret_free(struct secret *s);
int secret_equal(const struct secret *a, const struct secret *b);
int random_bytes(void *buf, size_t len);

#define CLEANUP_SECRET	CLEANUP(secret_free)

#endif /* SKY_BASE_SECRET_H */
