/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The superblock's MAC, which kernel/lib/disk leaves to its callers. */
#ifndef SKY_VOLUME_SUPER_MAC_H
#define SKY_VOLUME_SUPER_MAC_H

#include "base/secret.h"
#include "disk/super.h"

int super_mac_key(const struct secret *volume_key, const u8 volume_id[RLNC_ID_BYTES],
		  u8 key[RLNC_MAC_BYTES]);
int super_write(const struct rlnc_super *sb, const u8 key[RLNC_MAC_BYTES], void *buf);
int super_check_mac(const void *buf, size_t bytes, const u8 key[RLNC_MAC_BYTES]);

#endif /* SKY_VOLUME_SUPER_MAC_H */
