// SPDX-License-Identifier: GPL-2.0-or-later
/* Hostile notes of offline repairs; what parses is written again and must be the same. */
#include <stdlib.h>
#include <string.h>

#include "volume/repair_note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rlnc_disk_repair made = { .version = 0 };
	u8 again[RLNC_REPAIR_BYTES];
	struct repair_note note;

	if (!repair_note_parse(data, size, &note)) {
		repair_note_format(&note, again);
		if (memcmp(again, data, sizeof(again)))
			abort();
	}
	/* A fuzzer does not get past the CRC: let it choose the contents instead. */
	if (size < sizeof(note))
		return 0;
	memcpy(&note, data, sizeof(note));
	repair_note_format(&note, &made);
	if (!repair_note_parse(&made, sizeof(made), &note) == (note.bytes_done % 4096 != 0))
		abort();
	return 0;
}
