// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Decoding, and finding out which fragments are not what was written.
 *
 * Only the tag tells truth.  A combination of k fragments is true if the message that
 * it makes is authentic; from that message all true fragments can be computed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#include "coder.h"

/* One attempt: k fragments in the order of the plan's inputs. */
struct attempt {
	const struct owner *owner;
	const struct record *r;
	uint32_t symbol;
	uint8_t *out;
	const struct fragment *chosen[SKY_MAX_K];
	const uint8_t *data[SKY_MAX_K];		/* the k symbols, found or rebuilt */
};

int decoder_init(struct decoder *d, const struct coder *coder, struct compressor *compressor,
		 size_t max_plain)
{
	const unsigned int k = coder->shape.k;

	memset(d, 0, sizeof(*d));
	d->coder = coder;
	d->compressor = compressor;
	d->max_plain = max_plain;
	if (!max_plain || max_plain > SKY_MAX_GENERATION)
		return -EINVAL;
	/* A plan for any of: all rows of the data, all rows of the code. */
	d->plan = malloc(rlnc_plan_size(k, max_t(unsigned int, k, coder->shape.n)));
	d->mixed = malloc(rlnc_code_size(k, coder->shape.n));
	return d->plan && d->mixed ? 0 : -ENOMEM;
}

void decoder_free(struct decoder *d)
{
	if (d->packed)
		explicit_bzero(d->packed, d->max_plain);
	if (d->mixed)
		explicit_bzero(d->mixed, rlnc_code_size(d->coder->shape.k, d->coder->shape.n));
	free(d->packed);
	free(d->symbols);
	free(d->plan);
	free(d->mixed);
	memset(d, 0, sizeof(*d));
}

/* The place of rebuilt symbol @j; of the one behind the last for comparisons. */
static uint8_t *rebuilt(const struct decoder *d, unsigned int j, uint32_t symbol)
{
	return d->symbols + (size_t)j * symbol;
}

static int need_symbols(struct decoder *d)
{
	const unsigned int k = d->coder->shape.k;
	const size_t size = (size_t)(k + 1) * fragment_symbol_bytes(d->max_plain, k);

	if (!d->symbols)
		d->symbols = aligned_alloc(SKY_FRAGMENT_ALIGN, size);
	return d->symbols ? 0 : -ENOMEM;
}

static bool belongs(const struct fragment *f, const struct record *r, uint32_t symbol)
{
	return f->k == r->k && f->mode == r->mode && f->flags == r->flags &&
	       f->symbol_bytes == symbol &&
	       !memcmp(f->generation, r->generation, sizeof(r->generation));
}

/* Keep what may be a fragment of this generation, in the order of rows. */
static void sort_in(struct decoder *d, const struct record *r, struct piece *pieces, size_t count,
		    uint32_t symbol)
{
	bool seen[SKY_MAX_N] = { false };
	struct fragment f;
	unsigned int at;
	size_t i;

	d->count = 0;
	for (i = 0; i < count; i++) {
		struct piece *p = &pieces[i];

		p->bad = fragment_parse(&f, p->data, p->len) || f.row != p->row ||
			 f.row >= r->n || !belongs(&f, r, symbol);
		if (p->bad || seen[f.row])
			continue;
		seen[f.row] = true;
		for (at = d->count; at && d->fragment[at - 1].row > f.row; at--) {
			d->fragment[at] = d->fragment[at - 1];
			d->source[at] = d->source[at - 1];
		}
		d->fragment[at] = f;
		d->source[at] = i;
		d->count++;
	}
}

/* One generation after the other lacks the same rows: then the plan is there already. */
static int plan_missing(struct decoder *d, const uint8_t *have, const u16 *want,
			unsigned int missing)
{
	const unsigned int k = d->coder->shape.k;
	int rc;

	if (d->planned && !memcmp(d->have, have, k))
		return 0;
	rc = rlnc_plan_combine(d->plan, d->coder->code, have, want, missing);
	d->planned = !rc;
	memcpy(d->have, have, k);
	return rc;
}

/* Of a systematic code only the missing ones are computed. */
static int rebuild_systematic(struct decoder *d, struct attempt *a)
{
	const unsigned int k = a->r->k;
	const uint8_t *in[SKY_MAX_K];
	uint8_t have[SKY_MAX_K], *out[SKY_MAX_K];
	u16 want[SKY_MAX_K];
	unsigned int j, missing = 0;
	int rc;

	memset(a->data, 0, k * sizeof(a->data[0]));
	for (j = 0; j < k; j++) {
		have[j] = a->chosen[j]->row;
		in[j] = a->chosen[j]->symbol;
		if (have[j] < k)
			a->data[have[j]] = in[j];
	}
	for (j = 0; j < k; j++) {
		if (a->data[j])
			continue;
		want[missing] = RLNC_DATA(j);
		out[missing++] = rebuilt(d, j, a->symbol);
	}
	if (!missing)
		return 0;
	rc = plan_missing(d, have, want, missing);
	if (rc)
		return rc;
	rlnc_plan_run(d->plan, in, out, a->symbol);
	for (j = 0; j < missing; j++)
		a->data[want[j] ^ RLNC_DATA(0)] = out[j];
	return 0;
}

static int rebuild_dense(struct decoder *d, struct attempt *a)
{
	const unsigned int k = a->r->k;
	uint8_t matrix[SKY_MAX_K * SKY_MAX_K], *out[SKY_MAX_K];
	const uint8_t *in[SKY_MAX_K];
	unsigned int j;
	int rc;

	for (j = 0; j < k; j++) {
		const struct fragment *f = a->chosen[j];

		memcpy(matrix + j * k,
		       d->coder->has_key ? rlnc_code_row(d->mixed, f->row) : f->coeffs, k);
		in[j] = f->symbol;
		out[j] = rebuilt(d, j, a->symbol);
		a->data[j] = out[j];
	}
	rc = rlnc_plan_invert(d->plan, matrix, k);
	explicit_bzero(matrix, sizeof(matrix));
	/* Coefficients that fragments claim may be anything. */
	if (rc)
		return d->coder->has_key ? rc : -EKEYREJECTED;
	rlnc_plan_run(d->plan, in, out, a->symbol);
	return 0;
}

/* -EKEYREJECTED: this is not the message. */
static int attempt_open(struct decoder *d, struct attempt *a)
{
	const struct record *r = a->r;
	struct aead_piece pieces[SKY_MAX_K];
	struct sky_generation_aad aad;
	const struct aead_args args = { r->iv, &aad, sizeof(aad) };
	uint8_t *to = r->compression == SKY_PLAIN ? a->out : d->packed;
	size_t left = r->stored_bytes;
	unsigned int j;
	int rc;

	d->tries++;
	rc = r->mode == SKY_DENSE ? rebuild_dense(d, a) : rebuild_systematic(d, a);
	if (rc)
		return rc;
	generation_aad(&aad, a->owner, r);
	for (j = 0; j < r->k; j++) {
		pieces[j] = (struct aead_piece){ a->data[j], to, min_t(size_t, left, a->symbol) };
		to += pieces[j].len;
		left -= pieces[j].len;
	}
	return aead_open(a->owner->aead, &args, pieces, r->k, r->tag);
}

/* All but those at the @left positions of @out, which are in order. */
static int attempt_without(struct decoder *d, struct attempt *a, const uint8_t *out,
			   unsigned int left)
{
	unsigned int at, j = 0, skip = 0;

	for (at = 0; j < a->r->k; at++) {
		if (skip < left && out[skip] == at)
			skip++;
		else
			a->chosen[j++] = &d->fragment[at];
	}
	return attempt_open(d, a);
}

/* The next @left positions below @limit in order; false after the last. */
static bool next_positions(uint8_t *out, unsigned int left, unsigned int limit)
{
	unsigned int i = left, j;

	while (i && out[i - 1] == limit - left + i - 1)
		i--;
	if (!i)
		return false;
	out[i - 1]++;
	for (j = i; j < left; j++)
		out[j] = out[j - 1] + 1;
	return true;
}

/*
 * Leave out more and more.  With @left out, the k that remain are among the first
 * k + @left; where the last of those is out as well, it was tried with one less.
 */
static int search(struct decoder *d, struct attempt *a)
{
	const unsigned int k = a->r->k;
	uint8_t out[SKY_MAX_N];
	unsigned int left, i;
	int rc;

	for (left = 1; left <= d->count - k; left++) {
		for (i = 0; i < left; i++)
			out[i] = i;
		do {
			if (d->tries >= DECODE_TRIES)
				return -EKEYREJECTED;
			rc = attempt_without(d, a, out, left);
			if (rc != -EKEYREJECTED)
				return rc;
		} while (next_positions(out, left, k + left - 1));
	}
	return -EKEYREJECTED;
}

/* Leave out what has rotted; true when there was any. */
static bool drop_rotten(struct decoder *d, struct piece *pieces)
{
	unsigned int i, kept = 0;

	for (i = 0; i < d->count; i++) {
		if (!fragment_symbol_ok(&d->fragment[i])) {
			pieces[d->source[i]].bad = true;
			continue;
		}
		d->fragment[kept] = d->fragment[i];
		d->source[kept++] = d->source[i];
	}
	i = d->count;
	d->count = kept;
	return kept < i;
}

/* What is behind the message in the symbols is zeros, whatever the fragments say. */
static void true_padding(struct decoder *d, struct attempt *a)
{
	size_t left = a->r->stored_bytes;
	unsigned int j;

	for (j = 0; j < a->r->k; j++) {
		const size_t len = min_t(size_t, left, a->symbol);
		uint8_t *own = rebuilt(d, j, a->symbol);

		left -= len;
		if (len == a->symbol)
			continue;
		if (a->data[j] != own)
			memcpy(own, a->data[j], len);
		memset(own + len, 0, a->symbol - len);
		a->data[j] = own;
	}
}

/* Mark every fragment that is not the row that it should be. */
static int blame(struct decoder *d, struct attempt *a, struct piece *pieces)
{
	const struct rlnc_code *code = d->coder->code;
	const unsigned int k = a->r->k;
	uint8_t *row = rebuilt(d, k, a->symbol);
	unsigned int i;
	int rc;

	if (a->r->mode == SKY_DENSE && !d->coder->has_key)
		code = NULL;
	else if (a->r->mode == SKY_DENSE)
		code = d->mixed;
	d->planned = false;
	true_padding(d, a);
	for (i = 0; i < d->count; i++) {
		const struct fragment *f = &d->fragment[i];

		rc = code ? rlnc_plan_encode(d->plan, code, &f->row, 1) :
			    rlnc_plan_coeffs(d->plan, f->coeffs, k, 1);
		if (rc)
			return rc;
		rlnc_plan_run(d->plan, a->data, &row, a->symbol);
		if (memcmp(row, f->symbol, a->symbol))
			pieces[d->source[i]].bad = true;
	}
	return 0;
}

/* A first attempt, and whatever must follow it. */
static int decode_stored(struct decoder *d, struct attempt *a, struct piece *pieces)
{
	const unsigned int k = a->r->k;
	int rc;

	rc = attempt_without(d, a, NULL, 0);
	if (rc != -EKEYREJECTED)
		return rc;
	if (drop_rotten(d, pieces)) {
		if (d->count < k)
			return -EBADMSG;
		rc = attempt_without(d, a, NULL, 0);
	}
	if (rc == -EKEYREJECTED)
		rc = search(d, a);
	if (rc)
		return rc == -EKEYREJECTED ? -EBADMSG : rc;
	return blame(d, a, pieces);
}

static int need_packed(struct decoder *d, const struct record *r)
{
	if (r->compression != SKY_PLAIN && !d->packed)
		d->packed = malloc(d->max_plain);
	return r->compression == SKY_PLAIN || d->packed ? 0 : -ENOMEM;
}

static int unpack(struct decoder *d, const struct record *r, void *out)
{
	if (r->compression == SKY_PLAIN)
		return 0;
	return compress_undo(d->compressor, r->compression, d->packed, r->stored_bytes, out,
			     r->plain_bytes);
}

int decode(struct decoder *d, const struct owner *owner, const struct record *r,
	   struct piece *pieces, size_t count, void *out)
{
	struct attempt a;		/* its tables are longer than most need */
	int rc;

	if (!record_valid(r) || !coder_fits(d->coder, r) || r->plain_bytes > d->max_plain)
		return -EINVAL;
	a.owner = owner;
	a.r = r;
	a.out = out;
	a.symbol = fragment_symbol_bytes(r->stored_bytes, r->k);
	d->tries = 0;
	sort_in(d, r, pieces, min_t(size_t, count, SKY_MAX_N), a.symbol);
	if (d->count < r->k)
		return -ENODATA;
	rc = need_symbols(d);
	if (!rc && r->mode == SKY_DENSE && d->coder->has_key)
		rc = coder_mixed(d->coder, r->generation, d->mixed);
	if (!rc)
		rc = need_packed(d, r);
	if (rc)
		return rc;
	rc = decode_stored(d, &a, pieces);
	if (rc)
		return rc;
	memcpy(d->symbol, a.data, r->k * sizeof(a.data[0]));
	return unpack(d, r, out);
}

int decode_cipher(struct decoder *d, const struct owner *owner, const struct record *r,
		  const void *cipher, void *out)
{
	struct sky_generation_aad aad;
	const struct aead_args args = { r->iv, &aad, sizeof(aad) };
	struct aead_piece piece = { cipher, out, r->stored_bytes };
	int rc;

	if (!record_valid(r) || !coder_fits(d->coder, r) || r->plain_bytes > d->max_plain)
		return -EINVAL;
	rc = need_packed(d, r);
	if (rc)
		return rc;
	if (r->compression != SKY_PLAIN)
		piece.out = d->packed;
	generation_aad(&aad, owner, r);
	rc = aead_open(owner->aead, &args, &piece, 1, r->tag);
	if (rc)
		return rc == -EKEYREJECTED ? -EBADMSG : rc;
	return unpack(d, r, out);
}
