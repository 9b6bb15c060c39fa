/* SPDX-License-Identifier: GPL-2.0-only */
/* dm-rlnc: dense volumes, in which every generation has a secret code of its own. */
#ifndef DM_RLNC_MIX_H
#define DM_RLNC_MIX_H

#include <linux/types.h>

#include "rlnc/rlnc.h"

struct rlnc_gbuf;
struct rlnc_mix;
struct rlnc_ptr;
struct rlnc_volume;

#define RLNC_MIX_OUTPUTS	16	/* that one plan computes, at most */

struct rlnc_mix *rlnc_mix_alloc(const struct rlnc_volume *v, u32 rows, gfp_t gfp);
void rlnc_mix_free(struct rlnc_mix *mix);
void rlnc_mix_set(struct rlnc_gbuf *gb, const struct rlnc_ptr *ptr);
void rlnc_mix_encode(struct rlnc_gbuf *gb, u32 col, u32 cols);
const struct rlnc_plan *rlnc_mix_plan(struct rlnc_gbuf *gb, const u8 *have, const u16 *want,
				      u32 m);

#endif /* DM_RLNC_MIX_H */
