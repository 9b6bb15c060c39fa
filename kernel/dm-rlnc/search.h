/* SPDX-License-Identifier: GPL-2.0-only */
/* dm-rlnc: search.c, as generation.c uses it, and what it needs from there. */
#ifndef DM_RLNC_SEARCH_H
#define DM_RLNC_SEARCH_H

#include <linux/types.h>

struct rlnc_gbuf;
struct rlnc_place;
struct rlnc_ptr;
struct rlnc_volume;

/* --- search.c ------------------------------------------------------------------- */

void rlnc_note_read_errors(struct rlnc_volume *v, struct rlnc_gbuf *gb,
			   const unsigned long *want);
int rlnc_search_column(struct rlnc_volume *v, struct rlnc_gbuf *gb,
		       const struct rlnc_place *place, const struct rlnc_ptr *ptr, u32 col);
void rlnc_clear_column(const struct rlnc_volume *v, unsigned long *sectors, u32 col);
int rlnc_decode_lacking(struct rlnc_volume *v, struct rlnc_gbuf *gb,
			const struct rlnc_place *place, const struct rlnc_ptr *ptr,
			unsigned long *lacking);

/* --- generation.c --------------------------------------------------------------- */

bool rlnc_row_is_zero(const struct rlnc_volume *v, const struct rlnc_place *place,
		      const struct rlnc_ptr *ptr, u32 sector);
bool rlnc_column_is_zero(const struct rlnc_volume *v, const struct rlnc_ptr *ptr, u32 col);
int rlnc_open_own(struct rlnc_volume *v, struct rlnc_gbuf *gb,
		  const struct rlnc_place *place, const struct rlnc_ptr *ptr, u32 row, u32 col);

#endif /* DM_RLNC_SEARCH_H */
