// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <asm/byteorder.h>

#include "coder.h"

static bool shape_valid(const struct shape *s)
{
	if (!rlnc_code_size(s->k, s->n))
		return false;
	if (s->mode != SKY_SYSTEMATIC && s->mode != SKY_DENSE)
		return false;
	return !(s->flags & ~SKY_FRAGMENT_COEFFS);
}

static int coder_fill(struct coder *c)
{
	const unsigned int k = c->shape.k, n = c->shape.n;
	uint8_t rows[SKY_MAX_N];
	unsigned int i;

	c->code = malloc(rlnc_code_size(k, n));
	if (!c->code)
		return -ENOMEM;
	rlnc_code_init(c->code, k, n, RLNC_SYSTEMATIC, (const uint8_t *)SKY_CODE_SEED);
	if (n == k)
		return 0;
	c->parity = malloc(rlnc_plan_size(k, n - k));
	if (!c->parity)
		return -ENOMEM;
	for (i = k; i < n; i++)
		rows[i - k] = i;
	return rlnc_plan_encode(c->parity, c->code, rows, n - k);
}

int coder_new(struct coder **coder, const struct shape *shape, const uint8_t *key)
{
	struct coder *c;
	int rc;

	*coder = NULL;
	if (!shape_valid(shape))
		return -EINVAL;
	if (shape->mode == SKY_DENSE && !(shape->flags & SKY_FRAGMENT_COEFFS) && !key)
		return -ENOKEY;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->shape = *shape;
	c->has_key = key;
	if (key)
		memcpy(c->key, key, sizeof(c->key));
	rc = coder_fill(c);
	if (rc)
		coder_free(c);
	else
		*coder = c;
	return rc;
}

void coder_free(struct coder *coder)
{
	if (!coder)
		return;
	free(coder->code);
	free(coder->parity);
	explicit_bzero(coder, sizeof(*coder));
	free(coder);
}

bool coder_fits(const struct coder *coder, const struct record *r)
{
	return r->k == coder->shape.k && r->n == coder->shape.n &&
	       r->mode == coder->shape.mode && r->flags == coder->shape.flags;
}

/* The id stands where a volume has slot and birth: no two generations share it. */
int coder_mixed(const struct coder *coder, const uint8_t *generation, struct rlnc_code *mixed)
{
	uint8_t seed[RLNC_SEED_SIZE];
	__le64 id[2];

	_Static_assert(sizeof(id) == SKY_GENERATION_ID_BYTES, "two numbers are an id");
	if (!coder->has_key)
		return -ENOKEY;
	memcpy(id, generation, sizeof(id));
	rlnc_generation_seed(coder->key, le64_to_cpu(id[0]), le64_to_cpu(id[1]), seed);
	rlnc_code_mix(mixed, coder->shape.n, coder->code, seed);
	explicit_bzero(seed, sizeof(seed));
	return 0;
}

void generation_aad(struct sky_generation_aad *aad, const struct owner *owner,
		    const struct record *r)
{
	*aad = (struct sky_generation_aad){
		.number		= cpu_to_le64(owner->number),
		.plain_bytes	= cpu_to_le32(r->plain_bytes),
		.stored_bytes	= cpu_to_le32(r->stored_bytes),
		.compression	= r->compression,
	};
	memcpy(aad->object, owner->object, sizeof(aad->object));
	memcpy(aad->version, owner->version, sizeof(aad->version));
}
