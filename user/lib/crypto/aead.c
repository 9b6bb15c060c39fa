// SPDX-License-Identifier: GPL-2.0-or-later
/* The choice of a back end, and what is the same with all of them. */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#include "aead_backend.h"

struct aead {
	const struct aead_backend *backend;
	void *key;
};

static const struct aead_backend *const backends[] = { &aead_ipsec_mb, &aead_openssl };

static const struct aead_backend *chosen;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void choose(void)
{
	unsigned int i;

	for (i = 0; !chosen; i++)
		if (backends[i]->valid())
			chosen = backends[i];
}

int aead_init(const char *name)
{
	unsigned int i;

	pthread_once(&once, choose);
	for (i = 0; i < ARRAY_SIZE(backends); i++) {
		if (name && strcmp(name, backends[i]->name))
			continue;
		if (backends[i]->valid()) {
			chosen = backends[i];
			return 0;
		}
		if (name)
			return -ENODEV;
	}
	return -ENOENT;
}

const char *aead_backend_name(void)
{
	pthread_once(&once, choose);
	return chosen->name;
}

const char *aead_backend_at(unsigned int i)
{
	return i < ARRAY_SIZE(backends) ? backends[i]->name : NULL;
}

struct aead *aead_new(const uint8_t key[GCM_KEY_BYTES])
{
	struct aead *aead = malloc(sizeof(*aead));

	if (!aead)
		return NULL;
	pthread_once(&once, choose);
	aead->backend = chosen;
	aead->key = chosen->key_new(key);
	if (aead->key)
		return aead;
	free(aead);
	return NULL;
}

void aead_free(struct aead *aead)
{
	if (!aead)
		return;
	aead->backend->key_free(aead->key);
	free(aead);
}

/* The counter is of 32 bits, and two of its values are taken (SP 800-38D, 5.2.1.1). */
static int check(const struct aead_args *args, const struct aead_piece *pieces, size_t count)
{
	uint64_t total = 0;
	size_t i;

	if (args->aad_len > INT_MAX)
		return -EINVAL;
	for (i = 0; i < count; i++) {
		if (pieces[i].len > INT_MAX)
			return -EINVAL;
		total += pieces[i].len;
		if (total > AEAD_MAX_BYTES)
			return -EINVAL;
	}
	return 0;
}

int aead_seal(struct aead *aead, const struct aead_args *args, const struct aead_piece *pieces,
	      size_t count, uint8_t tag[GCM_TAG_BYTES])
{
	int rc = check(args, pieces, count);

	return rc ? rc : aead->backend->seal(aead->key, args, pieces, count, tag);
}

int aead_open(struct aead *aead, const struct aead_args *args, const struct aead_piece *pieces,
	      size_t count, const uint8_t tag[GCM_TAG_BYTES])
{
	int rc = check(args, pieces, count);
	size_t i;

	if (rc)
		return rc;
	rc = aead->backend->open(aead->key, args, pieces, count, tag);
	for (i = 0; rc && i < count; i++)
		explicit_bzero(pieces[i].out, pieces[i].len);
	return rc;
}
