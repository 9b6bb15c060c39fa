// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A hostile client of TFTP: packets, each after two bytes of its length.  What is written is
 * in order, once, and not more than was announced; no answer is longer than the packet.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/tftp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void one(struct tftp_transfer *t, const uint8_t *data, size_t len, u64 *written)
{
	enum tftp_state before = t->state;
	uint8_t *packet = malloc(len ? len : 1);
	struct tftp_step step;

	require(!!packet);
	if (len)
		memcpy(packet, data, len);
	tftp_receive(t, packet, len, &step);
	require(step.answer_len <= len && step.answer_len <= sizeof(step.answer));
	if (step.data) {
		require(before == TFTP_RECEIVING && step.offset == *written);
		require(step.data >= packet && step.data + step.len <= packet + len);
		*written += step.len;
		require(step.answer_len == 4);
	}
	require(t->received == *written && *written <= t->size);
	require(t->state != TFTP_COMPLETE || *written == t->size);
	require(before != TFTP_OVER || (t->state == TFTP_OVER && !step.answer_len));
	require(t->blksize >= TFTP_BLKSIZE_MIN && t->blksize <= TFTP_BLKSIZE_MAX);
	require(t->timeout >= 1 && t->timeout <= 255);
	free(packet);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tftp_transfer t;
	u64 written = 0;

	if (!size)
		return 0;
	tftp_expect(&t, "img", data[0]);
	data++;
	size--;
	while (size >= 2) {
		size_t len = data[0] | data[1] << 8;

		data += 2;
		size -= 2;
		if (len > size)
			len = size;
		one(&t, data, len, &written);
		data += len;
		size -= len;
	}
	return 0;
}
