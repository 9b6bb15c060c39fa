// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/report.h"
#include "recode.h"

#define IO_ALIGN	4096

/* Of the sources that can be read, the first k. */
static int make_plan(struct recode *r)
{
	u8 have[RLNC_MAX_K];
	unsigned int i;
	u32 found = 0;

	for (i = 0; i < r->sources && found < r->k; i++) {
		if (r->source[i].lost)
			continue;
		r->used[found] = i;
		have[found++] = r->source[i].row;
	}
	if (found < r->k)
		return -ENODATA;
	return rlnc_plan_combine(r->plan, r->code, have, &r->want, 1);
}

/**
 * recode_init - prepare to compute a member's fragments
 * @r:		filled in; recode_free() it whatever is returned
 * @sb:		of the volume, in either mode
 * @want:	index of the member
 * @source:	other members that hold all of their fragments; kept by reference
 * @sources:	how many
 *
 * Return: 0, -ENODATA with fewer than k sources, -EINVAL for indexes that do not
 * fit, or -ENOMEM.
 */
int recode_init(struct recode *r, const struct rlnc_super *sb, u16 want,
		struct recode_source *source, unsigned int sources)
{
	u32 i;
	int rc;

	*r = (struct recode){ .source = source, .sources = sources, .k = sb->k, .want = want };
	rc = rlnc_init(NULL);
	if (rc)
		return rc;
	r->code = malloc(rlnc_code_size(sb->k, sb->n));
	r->plan = malloc(rlnc_plan_size(sb->k, 1));
	r->out = aligned_alloc(IO_ALIGN, RECODE_CHUNK);
	if (!r->code || !r->plan || !r->out)
		return -ENOMEM;
	for (i = 0; i < r->k; i++) {
		r->in[i] = aligned_alloc(IO_ALIGN, RECODE_CHUNK);
		if (!r->in[i])
			return -ENOMEM;
	}
	rc = rlnc_code_init(r->code, sb->k, sb->n, RLNC_SYSTEMATIC, sb->coeff_seed);
	return rc ? rc : make_plan(r);
}

/* Returns the number of inputs that were read: k, unless one fails. */
static u32 read_inputs(struct recode *r, u64 offset, size_t len)
{
	u32 i;

	for (i = 0; i < r->k; i++) {
		struct recode_source *s = &r->source[r->used[i]];
		int rc = pread_all(s->fd, r->in[i], len, offset);

		if (!rc)
			continue;
		warn("member %s cannot be read at %llu (%s): going on without it", s->name,
		     (unsigned long long)offset, strerror(-rc));
		s->lost = true;
		break;
	}
	return i;
}

/**
 * recode_run - compute a part of the fragments into @r->out
 * @offset:	on the members
 * @len:	at most RECODE_CHUNK; both are multiples of 4096
 *
 * A source that cannot be read is given up for good.
 *
 * Return: 0, or -ENODATA when fewer than k sources are left.
 */
int recode_run(struct recode *r, u64 offset, size_t len)
{
	int rc;

	while (read_inputs(r, offset, len) < r->k) {
		rc = make_plan(r);
		if (rc)
			return rc;
	}
	rlnc_plan_run(r->plan, (const u8 *const *)r->in, &r->out, len);
	return 0;
}

/**
 * recode_free - release what recode_init() allocated
 */
void recode_free(struct recode *r)
{
	u32 i;

	for (i = 0; i < r->k && i < RLNC_MAX_K; i++)
		free(r->in[i]);
	free(r->out);
	free(r->plan);
	free(r->code);
	*r = (struct recode){ .k = 0 };
}
