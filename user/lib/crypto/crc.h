/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cyclic redundancy checks of S3.  Not for anything that somebody might forge.
 *
 * A sum of nothing is 0; sums of consecutive pieces are made by passing the last
 * result on:	crc = crc32(crc, piece, len).
 */
#ifndef SKY_CRYPTO_CRC_H
#define SKY_CRYPTO_CRC_H

#include <stddef.h>
#include <stdint.h>

enum crc_kind {
	CRC_32,			/* ISO-HDLC, as in zlib; polynomial 0x04c11db7 */
	CRC_32C,		/* iSCSI, RFC 3720; polynomial 0x1edc6f41 */
	CRC_64NVME,		/* NVM Express NVM command set; 0xad93d23594c93659 */
	CRC_KINDS,
};

/* Bytes of a sum, which S3 writes most significant first: 4 or 8; 0: no such kind. */
size_t crc_bytes(enum crc_kind kind);

/**
 * crc_update() - Go on with a sum.
 * @kind: which
 * @crc: of what came before, 0 at first
 * @data: @len bytes, at any alignment
 * @len: how many
 *
 * Return: the sum of all.
 */
uint64_t crc_update(enum crc_kind kind, uint64_t crc, const void *data, size_t len);

/**
 * crc_combine() - The sum of two pieces from their sums.
 * @kind: of both
 * @first: sum of the first piece
 * @second: sum of the second
 * @second_len: bytes of the second
 *
 * Takes some hundred nanoseconds, whatever the length.
 *
 * Return: the sum of the first piece and the second behind it.
 */
uint64_t crc_combine(enum crc_kind kind, uint64_t first, uint64_t second, uint64_t second_len);

/* CRC-64/NVME by a table, byte by byte: what the fast way is compared with. */
uint64_t crc64nvme_table(uint64_t crc, const void *data, size_t len);

#endif /* SKY_CRYPTO_CRC_H */
