// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What hosts tell each other when a volume moves: whatever is read is written as it was.  The first
 * byte says what it is: a message, or one of the bodies.
 */
#include "../../user/lib/move/message.h"
#include "fuzz_util.h"

#define ROOM	(1u << 20)

static uint8_t written[ROOM];

static void same(const struct tpm_writer *w, struct move_bytes from)
{
	require(!w->bad && w->len == from.len && !memcmp(w->at, from.at, from.len));
}

#define BODY(name) \
	static void read_##name(struct move_bytes from) \
	{ \
		struct tpm_writer w = TPM_WRITER(written, ROOM); \
		struct move_##name it; \
		\
		if (move_##name##_read(from, &it)) \
			return; \
		move_##name##_write(&w, &it); \
		same(&w, from); \
	}

BODY(message)
BODY(who)
BODY(offer)
BODY(challenge)
BODY(answer)
BODY(cancellation)
BODY(crate)
BODY(package)
BODY(receipt)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const readers[])(struct move_bytes from) = {
		read_message, read_who, read_offer, read_challenge, read_answer,
		read_cancellation, read_crate, read_package, read_receipt,
	};
	struct str own;

	if (!size || size > ROOM / 2 || *data >= sizeof(readers) / sizeof(readers[0]))
		return 0;
	own = own_copy(data + 1, size - 1);
	readers[*data]((struct move_bytes){ (const uint8_t *)own.at, own.len });
	free((void *)own.at);
	return 0;
}
