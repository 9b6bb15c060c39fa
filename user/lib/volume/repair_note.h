/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far an offline repair has come: bytes to a structure and back. */
#ifndef SKY_VOLUME_REPAIR_NOTE_H
#define SKY_VOLUME_REPAIR_NOTE_H

#include <linux/types.h>

#include "rlnc_repair.h"

struct repair_note {
	u8 state[RLNC_MAC_BYTES];	/* of what superblock; see rlnc_repair.h */
	u64 bytes_done;
};

int repair_note_parse(const void *buf, size_t len, struct repair_note *note);
void repair_note_format(const struct repair_note *note, void *buf);

#endif /* SKY_VOLUME_REPAIR_NOTE_H */
