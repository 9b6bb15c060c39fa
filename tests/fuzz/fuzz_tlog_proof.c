// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Receipts, and proofs of any hashes: what is read is written as it was, and leads to no root
 * that nobody has made.
 */
#include "../../user/lib/ledger/receipt.h"
#include "fuzz_util.h"

static void read_receipt(struct str text)
{
	struct receipt r;
	char *extra, *again;
	struct out o;
	int n = 0;

	if (receipt_parse(text, &r))
		return;
	extra = malloc(text.len);
	again = malloc(text.len);
	o = OUT(again, text.len);
	if (r.extra.at)
		n = base64_decode(r.extra, extra, text.len);
	require(n >= 0);
	receipt_print(&o, (struct str){ extra, n }, r.index, &r.proof, r.checkpoint);
	require(!o.err && str_equal(out_written(&o), text));
	free(extra);
	free(again);
}

/* Index, size and hashes as they come. */
static void verify(struct str bytes)
{
	struct merkle_hash root = { { 1 } }, leaf = { { 2 } };
	struct merkle_proof p = { 0 };
	uint64_t number[2];

	if (bytes.len < sizeof(number))
		return;
	memcpy(number, bytes.at, sizeof(number));
	bytes = str_skip(bytes, sizeof(number));
	while (bytes.len >= MERKLE_BYTES && p.count < MERKLE_PROOF_MAX) {
		memcpy(p.hash[p.count++].byte, bytes.at, MERKLE_BYTES);
		bytes = str_skip(bytes, MERKLE_BYTES);
	}
	require(!merkle_verify_inclusion(&leaf, number[0], number[1], &p, &root));
	/* Of nothing, all is a continuation; but the root of nothing is another. */
	require(!merkle_verify_consistency(number[0], &leaf, number[1], &root, &p));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = own_copy(data, size);

	read_receipt(text);
	verify(text);
	free((char *)text.at);
	return 0;
}
