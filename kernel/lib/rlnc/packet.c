// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Packets: untrusted bytes to a description of them, and back. */
#include <asm/byteorder.h>
#include <linux/align.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "rlnc.h"

size_t rlnc_packet_header_size(enum rlnc_packet_kind kind, unsigned int k)
{
	size_t vector = kind == RLNC_PACKET_VECTOR ? ALIGN(k, 8) : 0;

	return sizeof(struct rlnc_packet_hdr) + vector;
}

static int check_header(const struct rlnc_packet_hdr *hdr)
{
	const u32 symbol_len = le32_to_cpu(hdr->symbol_len);

	if (le32_to_cpu(hdr->magic) != RLNC_PACKET_MAGIC)
		return -EBADMSG;
	if (hdr->version != RLNC_PACKET_VERSION)
		return -EPROTONOSUPPORT;
	if (hdr->kind != RLNC_PACKET_ROW && hdr->kind != RLNC_PACKET_VECTOR)
		return -EBADMSG;
	if (hdr->mode != RLNC_PACKET_SYSTEMATIC && hdr->mode != RLNC_PACKET_DENSE)
		return -EBADMSG;
	if (hdr->k < 1 || hdr->k > RLNC_PACKET_MAX_K)
		return -EBADMSG;
	if (hdr->row > RLNC_PACKET_MAX_ROW)
		return -EBADMSG;
	if (hdr->kind == RLNC_PACKET_VECTOR && hdr->row)
		return -EBADMSG;
	if (symbol_len < 1 || symbol_len > RLNC_PACKET_MAX_SYMBOL)
		return -EBADMSG;
	if (memchr_inv(hdr->reserved0, 0, sizeof(hdr->reserved0)))
		return -EBADMSG;
	if (memchr_inv(hdr->reserved1, 0, sizeof(hdr->reserved1)))
		return -EBADMSG;
	return 0;
}

int rlnc_packet_parse(struct rlnc_packet *pkt, const void *buf, size_t len)
{
	const u8 *vector = (const u8 *)buf + sizeof(struct rlnc_packet_hdr);
	struct rlnc_packet_hdr hdr;
	size_t front;
	int err;

	if (len < sizeof(hdr))
		return -EBADMSG;
	memcpy(&hdr, buf, sizeof(hdr));
	err = check_header(&hdr);
	if (err)
		return err;

	front = rlnc_packet_header_size(hdr.kind, hdr.k);
	if (len < front || len - front != le32_to_cpu(hdr.symbol_len))
		return -EBADMSG;
	if (hdr.kind == RLNC_PACKET_VECTOR) {
		if (!memchr_inv(vector, 0, hdr.k))
			return -EBADMSG;
		if (memchr_inv(vector + hdr.k, 0, front - sizeof(hdr) - hdr.k))
			return -EBADMSG;
	}

	pkt->kind = hdr.kind;
	pkt->mode = hdr.mode;
	pkt->k = hdr.k;
	pkt->row = hdr.row;
	pkt->generation = le64_to_cpu(hdr.generation);
	pkt->symbol_len = le32_to_cpu(hdr.symbol_len);
	pkt->coeffs = hdr.kind == RLNC_PACKET_VECTOR ? vector : NULL;
	pkt->symbol = (const u8 *)buf + front;
	return 0;
}

int rlnc_packet_format(void *buf, size_t size, const struct rlnc_packet *pkt)
{
	const struct rlnc_packet_hdr hdr = {
		.magic		= cpu_to_le32(RLNC_PACKET_MAGIC),
		.version	= RLNC_PACKET_VERSION,
		.kind		= pkt->kind,
		.mode		= pkt->mode,
		.k		= pkt->k,
		.row		= pkt->row,
		.symbol_len	= cpu_to_le32(pkt->symbol_len),
		.generation	= cpu_to_le64(pkt->generation),
	};
	size_t front = rlnc_packet_header_size(pkt->kind, pkt->k);
	u8 *p = buf;

	if (check_header(&hdr))
		return -EINVAL;
	if (pkt->kind == RLNC_PACKET_VECTOR &&
	    (!pkt->coeffs || !memchr_inv(pkt->coeffs, 0, pkt->k)))
		return -EINVAL;
	if (size < front)
		return -ENOSPC;

	memcpy(p, &hdr, sizeof(hdr));
	if (pkt->kind == RLNC_PACKET_VECTOR) {
		memset(p + sizeof(hdr), 0, front - sizeof(hdr));
		memcpy(p + sizeof(hdr), pkt->coeffs, pkt->k);
	}
	return front;
}
