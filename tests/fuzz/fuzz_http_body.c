// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bodies in chunks and forms: what comes in pieces is understood as what is there
 * at once.
 */
#include "fuzz_util.h"

#include "http/chunked.h"
#include "http/form.h"

/* Data is summed byte by byte, so that where it was cut does not matter. */
static bool chunk_event(struct chunk_scan *c, struct str *in, uint64_t *sum)
{
	enum chunk_event event = chunk_scan_next(c, in);

	if (event == CHUNK_DATA) {
		require(c->data.len);
		digest(sum, c->data.at, c->data.len);
		return true;
	}
	if (event == CHUNK_MORE) {
		require(!in->len);
		return false;
	}
	digest(sum, &event, sizeof(event));
	if (event == CHUNK_SIZE) {
		digest(sum, &c->size, sizeof(c->size));
		digest_str(sum, c->ext);
	} else if (event == CHUNK_TRAILER) {
		digest_str(sum, c->name);
		digest_str(sum, c->value);
	}
	return event != CHUNK_DONE && event != CHUNK_BAD;
}

static uint64_t chunks(const uint8_t *data, size_t size, size_t step, bool lenient)
{
	static struct chunk_scan c;
	uint64_t sum = 1;
	size_t at, n;

	chunk_scan_init(&c, lenient);
	for (at = 0; at < size; at += n) {
		struct str piece = own_copy(data + at, size - at < step ? size - at : step);
		struct str in = piece;

		n = piece.len;
		while (chunk_event(&c, &in, &sum))
			;
		free((char *)piece.at);
		if (in.len || chunk_scan_next(&c, &in) != CHUNK_MORE)
			break;
	}
	return sum;
}

static bool form_event(struct form_scan *f, struct str *in, uint64_t *sum)
{
	enum form_event event = form_scan_next(f, in);

	if (event == FORM_DATA) {
		require(f->data.len);
		digest(sum, f->data.at, f->data.len);
		return true;
	}
	if (event == FORM_MORE) {
		require(!in->len);
		return false;
	}
	digest(sum, &event, sizeof(event));
	if (event == FORM_PART) {
		digest(sum, f->name, strlen(f->name));
		digest(sum, f->file, strlen(f->file));
		digest(sum, f->type, strlen(f->type));
	}
	return event != FORM_DONE && event != FORM_BAD;
}

static uint64_t form(const uint8_t *data, size_t size, size_t step)
{
	static struct form_scan f;
	uint64_t sum = 1;
	size_t at, n;

	require(form_scan_init(&f, STR("multipart/form-data; boundary=xy")));
	for (at = 0; at < size; at += n) {
		struct str piece = own_copy(data + at, size - at < step ? size - at : step);
		struct str in = piece;

		n = piece.len;
		while (form_event(&f, &in, &sum))
			;
		free((char *)piece.at);
		if (in.len || form_scan_next(&f, &in) != FORM_MORE)
			break;
	}
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t step;

	if (size < 2)
		return 0;
	step = data[1] % 64 + 1;
	if (data[0] & 1)
		require(form(data + 2, size - 2, step) == form(data + 2, size - 2, size));
	else
		require(chunks(data + 2, size - 2, step, data[0] & 2) ==
			chunks(data + 2, size - 2, size, data[0] & 2));
	return 0;
}
