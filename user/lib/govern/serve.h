/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can be asked of a folder of governance, as JSON, whoever asks: skyd for an administrator,
 * or skyctl on a folder that it can write.
 *
 *	init	{"members": [...], "quorum": TEXT}		as govern_state_begin()
 *	propose	{"actions": [...], "not_after": SECONDS}	-> {"id": ID, ...}
 *	vote	{"id": ID, "ballot": TEXT}
 *	apply	{"id": ID}
 *	status	{} or {"id": ID}			-> state and proposals, or one wholly
 *	verify	{}						-> all steps that were done again
 */
#ifndef SKY_GOVERN_SERVE_H
#define SKY_GOVERN_SERVE_H

#include "folder.h"

/**
 * govern_serve - do what is asked
 * @verb:	one of those above
 * @in:		an object
 * @now:	seconds since 1970
 * @out:	receives the answer: an object
 *
 * Blocks.  Return: 0; -ENOSYS for another verb; an error of folder.h, with @why.
 */
int govern_serve(const struct govern_folder *f, const char *verb, const json_t *in, uint64_t now,
		 json_t **out, char why[GOVERN_WHY]);

#endif /* SKY_GOVERN_SERVE_H */
