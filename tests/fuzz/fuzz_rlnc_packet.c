// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hostile packets.  The input is a sequence of packets, each after a 16-bit
 * length.  What parses is formatted again and must be the same; vectors are
 * given to a decoder, and at full rank the symbols are decoded and coded again,
 * which must give what was received.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#include "rlnc/rlnc.h"

#define MAX_FUZZ_SYMBOL	1024

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* Packets of one generation, as a receiver would gather them. */
struct receiver {
	struct rlnc_decoder *dec;
	unsigned int k;
	size_t len;
	const u8 *vectors[RLNC_MAX_K];
	const u8 *symbols[RLNC_MAX_K];
};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return rlnc_init(NULL);
}

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_round_trip(const struct rlnc_packet *pkt, const u8 *buf)
{
	u8 again[sizeof(struct rlnc_packet_hdr) + RLNC_MAX_K];
	size_t front = rlnc_packet_header_size(pkt->kind, pkt->k);

	require(rlnc_packet_format(again, sizeof(again), pkt) == (int)front);
	require(!memcmp(again, buf, front));
}

/* Decode, code with the vectors that came, compare with the symbols that came. */
static void decode(struct receiver *r)
{
	const unsigned int k = r->k;
	struct rlnc_plan *plan = malloc(rlnc_plan_size(k, k));
	u8 *area = malloc(2 * k * r->len), *vectors = malloc(k * k);
	u8 *decoded[RLNC_MAX_K], *coded[RLNC_MAX_K];
	unsigned int i;

	require(plan && area && vectors);
	for (i = 0; i < k; i++) {
		decoded[i] = area + i * r->len;
		coded[i] = area + (k + i) * r->len;
		memcpy(vectors + i * k, r->vectors[i], k);
	}
	require(!rlnc_decoder_finish(r->dec, plan));
	rlnc_plan_run(plan, r->symbols, decoded, r->len);
	require(!rlnc_plan_coeffs(plan, vectors, k, k));
	rlnc_plan_run(plan, (const u8 *const *)decoded, coded, r->len);
	for (i = 0; i < k; i++)
		require(!memcmp(coded[i], r->symbols[i], r->len));
	free(vectors);
	free(area);
	free(plan);
}

/* The first packet says what the generation is like; others must be of it. */
static void receive(struct receiver *r, const struct rlnc_packet *pkt)
{
	unsigned int rank;

	if (pkt->kind != RLNC_PACKET_VECTOR || pkt->symbol_len > MAX_FUZZ_SYMBOL)
		return;
	if (!r->dec) {
		r->k = pkt->k;
		r->len = pkt->symbol_len;
		r->dec = malloc(rlnc_decoder_size(r->k));
		require(r->dec && !rlnc_decoder_init(r->dec, r->k));
	}
	if (pkt->k != r->k || pkt->symbol_len != r->len)
		return;

	rank = rlnc_decoder_rank(r->dec);
	if (!rlnc_decoder_add(r->dec, pkt->coeffs)) {
		require(rlnc_decoder_rank(r->dec) == rank);
		return;
	}
	require(rank < r->k && rlnc_decoder_rank(r->dec) == rank + 1);
	r->vectors[rank] = pkt->coeffs;
	r->symbols[rank] = pkt->symbol;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct receiver r = { 0 };
	struct rlnc_packet pkt;
	u8 *copies[64];
	unsigned int n = 0, i;

	while (size >= 2 && n < ARRAY_SIZE(copies)) {
		size_t len = min_t(size_t, data[0] | data[1] << 8, size - 2);

		/* In memory of its own, so that no read beyond it goes unseen. */
		copies[n] = malloc(len);
		require(copies[n] || !len);
		if (len)
			memcpy(copies[n], data + 2, len);
		data += 2 + len;
		size -= 2 + len;
		if (!rlnc_packet_parse(&pkt, copies[n], len)) {
			check_round_trip(&pkt, copies[n]);
			receive(&r, &pkt);
		}
		n++;
	}
	if (r.dec && rlnc_decoder_rank(r.dec) == r.k)
		decode(&r);
	free(r.dec);
	for (i = 0; i < n; i++)
		free(copies[i]);
	return 0;
}
