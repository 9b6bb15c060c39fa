/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Random linear network coding over GF(2^8), polynomial 0x11D.
 *
 * One source for the kernel and for user space.  Nothing here allocates, sleeps
 * or does I/O: every object lives in memory that the caller sizes and provides.
 * Objects are plain data: they need no release, only wiping where the
 * coefficients are secret.
 *
 *	code	the coefficient rows that a seed stands for
 *	plan	a set of linear combinations, prepared for the CPU's back end
 *	decoder	the rank of the packets that have arrived so far
 *	packet	a coded symbol on the wire with its description
 */
#ifndef RLNC_RLNC_H
#define RLNC_RLNC_H

#include <linux/types.h>

#include "rlnc_packet.h"

#define RLNC_MAX_K		RLNC_PACKET_MAX_K /* data symbols of a generation */
#define RLNC_MAX_N		255		/* rows of a code */
#define RLNC_MAX_IN		RLNC_MAX_N	/* inputs of a plan */
#define RLNC_MAX_OUT		(RLNC_MAX_K + RLNC_MAX_N) /* outputs of a plan */
#define RLNC_SEED_SIZE		32

/* === back ends: backend.c === */

struct rlnc_backend;

/**
 * rlnc_init() - Choose the back end for plans made from now on.
 * @name: a back end's name, or NULL for the fastest one that runs here, by trial:
 *	  less than a millisecond, and some of them in an emulator
 *
 * Call before anything else, while no plan is being made.  Existing plans keep
 * the back end they were made for.
 *
 * Return: 0, -ENOENT when there is no such back end, -ENODEV when this CPU or
 * operating system cannot run it.
 */
int rlnc_init(const char *name);

/* Name of the back end in use: "scalar", "ssse3", "avx2", "avx512", ... */
const char *rlnc_backend_name(void);

/* Name of back end @i in the order of their trial, or NULL past the last. */
const char *rlnc_backend_at(unsigned int i);

/* === codes: code.c === */

/**
 * enum rlnc_mode - Shape of the coefficient matrix.
 * @RLNC_SYSTEMATIC: the first k rows are the identity
 * @RLNC_DENSE: all rows are random
 */
enum rlnc_mode {
	RLNC_SYSTEMATIC	= RLNC_PACKET_SYSTEMATIC,
	RLNC_DENSE	= RLNC_PACKET_DENSE,
};

/**
 * struct rlnc_code - Coefficient matrix of a generation, any k rows of which
 *                    are linearly independent.
 * @k: data symbols
 * @n: rows held here
 * @mode: enum rlnc_mode
 * @rows: @n rows of @k coefficients each
 */
struct rlnc_code {
	u16 k;
	u16 n;
	u8 mode;
	u8 rows[];
};

/* Bytes that a code needs; 0 for a bad @k or @n. */
size_t rlnc_code_size(unsigned int k, unsigned int n);

/**
 * rlnc_code_init() - Expand a seed into coefficient rows.
 * @code: rlnc_code_size(@k, @n) bytes
 * @k: data symbols, 1 <= @k <= RLNC_MAX_K
 * @n: rows, @k <= @n <= RLNC_MAX_N
 * @mode: enum rlnc_mode
 * @seed: secret or public, as the user of the code needs it
 *
 * Row i depends on @k, @mode and @seed only: a code made later with a larger @n
 * has the same rows and more.  Documentation/codec.rst gives the expansion.
 *
 * Return: 0, or -EINVAL for a parameter out of range.
 */
int rlnc_code_init(struct rlnc_code *code, unsigned int k, unsigned int n,
		   enum rlnc_mode mode, const u8 seed[RLNC_SEED_SIZE]);

/**
 * rlnc_code_mix() - A dense code that has a systematic one's relations.
 * @mixed: rlnc_code_size(k, @n) bytes
 * @n: rows, k <= @n <= rows of @code
 * @code: systematic
 * @seed: secret, where the coefficients are to be; another one for each generation
 *
 * The systematic matrix times a random invertible one, which the seed stands for.
 * Any row is the same combination of any k others as in @code, so that fragments
 * can be computed from fragments with @code alone: for that the seed is not needed.
 *
 * Return: 0, or -EINVAL for a code that is not systematic or a bad @n.
 */
int rlnc_code_mix(struct rlnc_code *mixed, unsigned int n, const struct rlnc_code *code,
		  const u8 seed[RLNC_SEED_SIZE]);

/* The k coefficients of row @i, 0 <= @i < n. */
static inline const u8 *rlnc_code_row(const struct rlnc_code *code, unsigned int i)
{
	return code->rows + i * code->k;
}

/* === seeds of generations: seed.c === */

#define RLNC_SEED_KEY_SIZE	32

/**
 * rlnc_generation_seed() - The seed of one generation, for rlnc_code_mix().
 * @key: secret
 * @slot: where it lies
 * @birth: when it was written; nothing else is written there at that time
 * @seed: receives HMAC-SHA-256 under @key of both numbers
 */
void rlnc_generation_seed(const u8 key[RLNC_SEED_KEY_SIZE], u64 slot, u64 birth,
			  u8 seed[RLNC_SEED_SIZE]);

/* === plans: plan.c === */

/**
 * struct rlnc_plan - m outputs as linear combinations of k inputs.
 * @backend: whose tables these are
 * @k: inputs
 * @m: outputs
 * @dots: outputs that are neither zero nor a copy of an input
 * @groups: passes over the inputs that the dots take
 * @tables: offset of the multiplication tables in @mem
 * @mem: see plan.c
 *
 * A plan may be run by any number of threads at once.
 */
struct rlnc_plan {
	const struct rlnc_backend *backend;
	u16 k;
	u16 m;
	u16 dots;
	u16 groups;
	u32 tables;
	u8 mem[];
};

/* Row number of the data symbol @j itself in rlnc_plan_combine(). */
#define RLNC_DATA(j)		(0x100 | (j))

/* Bytes that a plan of @m outputs from @k inputs needs; 0 for a bad shape. */
size_t rlnc_plan_size(unsigned int k, unsigned int m);

/**
 * rlnc_plan_encode() - Prepare to compute coded symbols from the data symbols.
 * @plan: rlnc_plan_size(k, @m) bytes
 * @code: the generation's code; not needed after the call
 * @rows: @m row indexes below the code's n
 * @m: outputs, 1 <= @m <= RLNC_MAX_OUT
 *
 * Return: 0, or -EINVAL for a row or number out of range.
 */
int rlnc_plan_encode(struct rlnc_plan *plan, const struct rlnc_code *code,
		     const u8 *rows, unsigned int m);

/**
 * rlnc_plan_combine() - Prepare to compute symbols from any k coded ones.
 * @plan: rlnc_plan_size(k, @m) bytes
 * @code: the generation's code; not needed after the call
 * @have: k distinct row indexes, one per input in the order of the inputs
 * @want: @m row indexes, or RLNC_DATA(j) for data symbols, one per output
 * @m: outputs, 1 <= @m <= RLNC_MAX_OUT
 *
 * Decoding, repair and recoding are this one step.
 *
 * Return: 0, or -EINVAL for a row or number out of range or a repeated @have.
 */
int rlnc_plan_combine(struct rlnc_plan *plan, const struct rlnc_code *code,
		      const u8 *have, const u16 *want, unsigned int m);

/**
 * rlnc_plan_coeffs() - Prepare arbitrary linear combinations.
 * @plan: rlnc_plan_size(@k, @m) bytes
 * @coeffs: @m rows of @k coefficients; not needed after the call
 * @k: inputs, 1 <= @k <= RLNC_MAX_IN
 * @m: outputs, 1 <= @m <= RLNC_MAX_OUT
 *
 * Return: 0, or -EINVAL for a number out of range.
 */
int rlnc_plan_coeffs(struct rlnc_plan *plan, const u8 *coeffs, unsigned int k,
		     unsigned int m);

/**
 * rlnc_plan_invert() - Prepare to decode symbols with known coefficients.
 * @plan: rlnc_plan_size(@k, @k) bytes
 * @matrix: @k rows of @k coefficients, one row per input; not needed after the call
 * @k: inputs and outputs, 1 <= @k <= RLNC_MAX_K
 *
 * Return: 0, or -EINVAL for a bad @k or linearly dependent rows.
 */
int rlnc_plan_invert(struct rlnc_plan *plan, const u8 *matrix, unsigned int k);

/**
 * rlnc_plan_run() - Compute the outputs.
 * @plan: a prepared plan
 * @in: k symbols
 * @out: m symbols; must not overlap the inputs or each other
 * @len: bytes per symbol, any number, at any alignment
 *
 * Context: process or softirq.  In the kernel, vector registers are held for
 * a few KiB of data at a time with preemption disabled; where they cannot be
 * used at all (hard interrupt, nested use) the result is the same, but slower.
 */
void rlnc_plan_run(const struct rlnc_plan *plan, const u8 *const in[], u8 *const out[],
		   size_t len);

/**
 * rlnc_plan_run_first() - Compute the outputs where the last inputs are zeros.
 * @plan: a prepared plan
 * @inputs: inputs from this one on are zeros, and are not looked at
 * @in: @inputs symbols
 * @out: m symbols; must not overlap the inputs or each other
 * @len: bytes per symbol, any number, at any alignment
 *
 * Context: as rlnc_plan_run().
 */
void rlnc_plan_run_first(const struct rlnc_plan *plan, unsigned int inputs,
			 const u8 *const in[], u8 *const out[], size_t len);

/* === incremental decoding and recoding: decoder.c === */

/**
 * struct rlnc_decoder - Coefficients of the packets accepted so far.
 * @k: data symbols of the generation
 * @rank: accepted packets
 * @mem: accepted vectors as received, then the same in echelon form
 */
struct rlnc_decoder {
	u16 k;
	u16 rank;
	u8 mem[];
};

/* Bytes that a decoder needs; 0 for a bad @k. */
size_t rlnc_decoder_size(unsigned int k);

/* Return: 0, or -EINVAL unless 1 <= @k <= RLNC_MAX_K. */
int rlnc_decoder_init(struct rlnc_decoder *dec, unsigned int k);

/**
 * rlnc_decoder_add() - Take notice of a received packet.
 * @dec: the decoder
 * @coeffs: the packet's k coefficients
 *
 * The caller keeps the symbols of innovative packets, in order of arrival.
 *
 * Return: 1 when the packet is innovative (it is symbol rank - 1 now), 0 when
 * it adds nothing and may be dropped.
 */
int rlnc_decoder_add(struct rlnc_decoder *dec, const u8 *coeffs);

static inline unsigned int rlnc_decoder_rank(const struct rlnc_decoder *dec)
{
	return dec->rank;
}

/**
 * rlnc_decoder_finish() - Prepare to decode.
 * @dec: a decoder of full rank
 * @plan: rlnc_plan_size(k, k) bytes; inputs are the innovative symbols in
 *        order of arrival, outputs the data symbols
 *
 * Return: 0, or -EAGAIN while packets are missing.
 */
int rlnc_decoder_finish(const struct rlnc_decoder *dec, struct rlnc_plan *plan);

/**
 * rlnc_recode() - Prepare new packets from received ones, without decoding.
 * @plan: rlnc_plan_size(@r, @m) bytes; inputs are the @r received symbols
 * @coeffs: @m vectors of @k coefficients, the new packets' own
 * @received: @r vectors of @k coefficients
 * @k: data symbols of the generation
 * @r: received packets, 1 <= @r <= RLNC_MAX_IN
 * @mix: @m vectors of @r random bytes
 * @m: new packets
 *
 * Return: 0, or -EINVAL for a number out of range.
 */
int rlnc_recode(struct rlnc_plan *plan, u8 *coeffs, const u8 *received, unsigned int k,
		unsigned int r, const u8 *mix, unsigned int m);

/* === packets: packet.c === */

/**
 * struct rlnc_packet - A parsed packet.
 * @kind: enum rlnc_packet_kind
 * @mode: enum rlnc_mode
 * @k: data symbols of the generation
 * @row: row index, for RLNC_PACKET_ROW
 * @generation: number of the generation
 * @symbol_len: bytes of @symbol
 * @coeffs: @k coefficients inside the packet, for RLNC_PACKET_VECTOR, or NULL
 * @symbol: inside the packet
 */
struct rlnc_packet {
	u8 kind;
	u8 mode;
	u8 k;
	u8 row;
	u64 generation;
	u32 symbol_len;
	const u8 *coeffs;
	const u8 *symbol;
};

/**
 * rlnc_packet_parse() - Check a received packet and find its parts.
 * @pkt: filled in on success, undefined otherwise
 * @buf: untrusted bytes, at any alignment
 * @len: how many
 *
 * Return: 0, -EBADMSG for a malformed packet, -EPROTONOSUPPORT for another
 * version.
 */
int rlnc_packet_parse(struct rlnc_packet *pkt, const void *buf, size_t len);

/* Bytes in front of the symbol in a packet of this kind. */
size_t rlnc_packet_header_size(enum rlnc_packet_kind kind, unsigned int k);

/**
 * rlnc_packet_format() - Write what goes in front of the symbol.
 * @buf: where
 * @size: room there
 * @pkt: description; @symbol is not used
 *
 * Return: bytes written, -EINVAL for a description that would not parse,
 * -ENOSPC when it does not fit.
 */
int rlnc_packet_format(void *buf, size_t size, const struct rlnc_packet *pkt);

/* === self-test: selftest.c === */

/**
 * rlnc_selftest() - Compare every back end that runs here with naive arithmetic.
 *
 * Takes well under 100 ms even on an emulated CPU.  Sleeps (it allocates its
 * own buffers).
 *
 * Return: 0, -ENOMEM, or -EIO when a back end computes wrongly; the log says
 * which and where.
 */
int rlnc_selftest(void);

#endif
