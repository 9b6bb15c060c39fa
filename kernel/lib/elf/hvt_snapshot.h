/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The head of a snapshot, checked before anything is made of it.  Pure functions. */
#ifndef HEDGE_ELF_HVT_SNAPSHOT_H
#define HEDGE_ELF_HVT_SNAPSHOT_H

#include <linux/types.h>

#include "hedge_snapshot.h"
#include "hvt_image.h"

int hvt_snapshot_check(const struct hedge_snapshot *head, u64 file_size, const char **why);
u64 hvt_snapshot_clock(const struct hedge_snapshot *head, u64 now);
void hvt_snapshot_layout(const struct hedge_snapshot *head, struct hvt_image *layout);

#endif /* HEDGE_ELF_HVT_SNAPSHOT_H */
