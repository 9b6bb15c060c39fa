// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/align.h>
#include <linux/kernel.h>

#include "base/secret.h"
#include "coder.h"

static bool is_dense(const struct coder *c)
{
	return c->shape.mode == SKY_DENSE;
}

static int dense_init(struct encoder *e, uint32_t symbol)
{
	const unsigned int k = e->coder->shape.k, n = e->coder->shape.n;

	e->symbols = aligned_alloc(SKY_FRAGMENT_ALIGN, (size_t)k * symbol);
	e->mixed = malloc(rlnc_code_size(k, n));
	e->plan = malloc(rlnc_plan_size(k, n));
	return e->symbols && e->mixed && e->plan ? 0 : -ENOMEM;
}

int encoder_init(struct encoder *e, const struct coder *coder, struct compressor *compressor,
		 size_t max_plain)
{
	const struct shape *s = &coder->shape;
	uint32_t symbol;

	*e = (struct encoder){
		.coder = coder, .compressor = compressor, .max_plain = max_plain,
	};
	if (!max_plain || max_plain > SKY_MAX_GENERATION)
		return -EINVAL;
	symbol = fragment_symbol_bytes(max_plain, s->k);
	e->head = fragment_head_bytes(s->k, s->flags);
	e->stride = e->head + symbol;
	e->memory = aligned_alloc(SKY_FRAGMENT_ALIGN, e->stride * s->n);
	if (!e->memory)
		return -ENOMEM;
	return is_dense(coder) ? dense_init(e, symbol) : 0;
}

void encoder_free(struct encoder *e)
{
	if (e->packed)
		explicit_bzero(e->packed, e->max_plain);
	if (e->mixed)
		explicit_bzero(e->mixed, rlnc_code_size(e->coder->shape.k, e->coder->shape.n));
	free(e->packed);
	free(e->memory);
	free(e->symbols);
	free(e->mixed);
	free(e->plan);
	e->packed = NULL;
	e->memory = NULL;
	e->symbols = NULL;
	e->mixed = NULL;
	e->plan = NULL;
}

int encode_begin(struct record *r, const struct coder *coder)
{
	uint8_t random[SKY_GENERATION_ID_BYTES + SKY_IV_BYTES];
	int rc = random_bytes(random, sizeof(random));
	unsigned int i;

	if (rc)
		return rc;
	*r = (struct record){
		.mode = coder->shape.mode, .flags = coder->shape.flags,
		.k = coder->shape.k, .n = coder->shape.n,
	};
	memcpy(r->generation, random, sizeof(r->generation));
	memcpy(r->iv, random + sizeof(r->generation), sizeof(r->iv));
	for (i = 0; i < r->n; i++)
		r->location[i] = SKY_NO_LOCATION;
	return 0;
}

/* Where the ciphertext of symbol @j goes. */
static uint8_t *cipher_symbol(const struct encoder *e, unsigned int j, uint32_t symbol)
{
	if (is_dense(e->coder))
		return e->symbols + (size_t)j * symbol;
	return e->memory + j * e->stride + e->head;
}

void encode_symbols(const struct encoder *e, const struct record *r,
		    const uint8_t *symbols[SKY_MAX_K])
{
	const uint32_t symbol = fragment_symbol_bytes(r->stored_bytes, r->k);
	unsigned int j;

	for (j = 0; j < r->k; j++)
		symbols[j] = cipher_symbol(e, j, symbol);
}

/* Encrypt what is to be stored into the k symbols, and zeros behind it. */
static int seal(struct encoder *e, const struct owner *owner, const uint8_t *stored,
		uint32_t symbol, struct record *r)
{
	struct aead_piece pieces[SKY_MAX_K];
	struct sky_generation_aad aad;
	const struct aead_args args = { r->iv, &aad, sizeof(aad) };
	size_t left = r->stored_bytes;
	unsigned int j;

	generation_aad(&aad, owner, r);
	for (j = 0; j < r->k; j++) {
		uint8_t *out = cipher_symbol(e, j, symbol);
		const size_t len = min_t(size_t, left, symbol);

		pieces[j] = (struct aead_piece){ stored, out, len };
		memset(out + len, 0, symbol - len);
		stored += len;
		left -= len;
	}
	return aead_seal(owner->aead, &args, pieces, r->k, r->tag);
}

/* All rows of a dense generation, or those behind the first k. */
static int code_symbols(struct encoder *e, const struct record *r, uint32_t symbol)
{
	const unsigned int first = is_dense(e->coder) ? 0 : r->k;
	const struct rlnc_plan *plan = e->coder->parity;
	const uint8_t *in[SKY_MAX_K];
	uint8_t *out[SKY_MAX_N], rows[SKY_MAX_N];
	unsigned int i;
	int rc;

	for (i = first; i < r->n; i++) {
		rows[i - first] = i;
		out[i - first] = e->memory + i * e->stride + e->head;
	}
	if (is_dense(e->coder)) {
		rc = coder_mixed(e->coder, r->generation, e->mixed);
		if (!rc)
			rc = rlnc_plan_encode(e->plan, e->mixed, rows, r->n);
		if (rc)
			return rc;
		plan = e->plan;
	}
	for (i = 0; i < r->k; i++)
		in[i] = cipher_symbol(e, i, symbol);
	if (plan)
		rlnc_plan_run(plan, in, out, symbol);
	return 0;
}

static void put_heads(struct encoder *e, const struct record *r, uint32_t symbol)
{
	const struct rlnc_code *code = is_dense(e->coder) ? e->mixed : e->coder->code;
	struct fragment f = {
		.mode = r->mode, .flags = r->flags, .k = r->k, .n = r->n,
		.symbol_bytes = symbol, .generation = r->generation,
	};
	unsigned int i;

	for (i = 0; i < r->n; i++) {
		f.row = i;
		f.coeffs = rlnc_code_row(code, i);
		fragment_format(e->memory + i * e->stride, &f);
	}
	e->fragment_bytes = e->head + symbol;
}

/* What is to be encrypted: the plain bytes, or fewer. */
static int pack(struct encoder *e, const struct compression *how, const void **stored, size_t len,
		struct record *r)
{
	int packed;

	r->plain_bytes = len;
	r->stored_bytes = len;
	r->compression = SKY_PLAIN;
	/* Memory that is not needed is neither touched nor wiped. */
	if (how->scheme == SKY_PLAIN || !compress_worth(e->compressor, *stored, len))
		return 0;
	if (!e->packed)
		e->packed = malloc(e->max_plain);
	if (!e->packed)
		return -ENOMEM;
	packed = compress_whole(e->compressor, how, *stored, len, e->packed);
	if (packed <= 0)
		return packed;
	r->stored_bytes = packed;
	r->compression = how->scheme;
	*stored = e->packed;
	return 0;
}

int encode(struct encoder *e, const struct owner *owner, const struct compression *how,
	   const void *plain, size_t len, struct record *r)
{
	const void *stored = plain;
	uint32_t symbol;
	int rc;

	if (!len || len > e->max_plain || !compression_valid(how) || !coder_fits(e->coder, r))
		return -EINVAL;
	rc = pack(e, how, &stored, len, r);
	if (rc)
		return rc;
	symbol = fragment_symbol_bytes(r->stored_bytes, r->k);
	rc = seal(e, owner, stored, symbol, r);
	if (!rc)
		rc = code_symbols(e, r, symbol);
	if (!rc)
		put_heads(e, r, symbol);
	return rc;
}
