// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the members of a closed volume hold, read by what the documentation says and
 * without the kernel: of every sector that the trees refer to, whether its seal opens
 *
 *	as-is	what some member has at that place, as it is;
 *	public	what k members decode to with the code that the superblocks tell;
 *	secret	what k members decode to with the code that the key tells.
 *
 * For the last two, the sets of k members that are tried are all runs of neighbours.
 * "public" counts what opens with any of them, "secret" what opens with all.
 *
 *	rlnc-fragments KEY-FILE MEMBER...
 */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/report.h"
#include "offline.h"

static struct {
	u64 generations;
	u64 sealed;
	u64 as_is;
	u64 public;
	u64 secret;
} found;

/* For each seal, with how many of the sets of members it opens. */
static void count_decoded(struct offline *o, const struct place *at, const struct rlnc_ptr *ptr,
			  const struct rlnc_code *code, u32 *opened, u8 *plain)
{
	unsigned int first;
	u32 i;

	memset(opened, 0, o->sb->geo.seals * sizeof(*opened));
	for (first = 0; first < o->sb->n; first++) {
		offline_decode(o, code, first);
		for (i = 0; i < o->sb->geo.seals; i++)
			if (offline_is_sealed(&ptr->seal[i]))
				opened[i] += offline_opens(o, at, &ptr->seal[i], i,
							   o->symbol[i / o->pages] +
							   i % o->pages * RLNC_SECTOR_BYTES,
							   plain + i * RLNC_SECTOR_BYTES);
	}
}

static bool opens_as_is(struct offline *o, const struct place *at, const struct rlnc_seal *seal,
			u32 sector)
{
	u8 plain[RLNC_SECTOR_BYTES];
	unsigned int i;

	for (i = 0; i < o->sb->n; i++)
		if (offline_opens(o, at, seal, sector,
				  o->fragment[i] + sector % o->pages * RLNC_SECTOR_BYTES, plain))
			return true;
	return false;
}

/* One generation. */
static int look(struct offline *o, const struct place *at, const struct rlnc_ptr *ptr, u8 *plain)
{
	u32 public[RLNC_MAX_SEALS], secret[RLNC_MAX_SEALS], i;
	const struct rlnc_code *code;
	int rc = offline_read(o, le64toh(ptr->slot));

	if (rc)
		return rc;
	found.generations++;
	count_decoded(o, at, ptr, o->code, public, plain);
	code = offline_code(o, ptr);
	if (!code)
		return -EINVAL;
	memset(plain, 0, o->sb->geo.gen_bytes);
	count_decoded(o, at, ptr, code, secret, plain);
	for (i = 0; i < o->sb->geo.seals; i++) {
		if (!offline_is_sealed(&ptr->seal[i]))
			continue;
		found.sealed++;
		found.as_is += opens_as_is(o, at, &ptr->seal[i], i);
		found.public += public[i] > 0;
		found.secret += secret[i] == o->sb->n;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static struct offline o;

	report_init(argv[0]);
	if (argc < 3)
		die(2, "usage: rlnc-fragments KEY-FILE MEMBER...");
	if (offline_open(&o, argv[1], argv + 2, argc - 2) || offline_walk(&o, look))
		return 1;
	printf("generations=%llu sealed=%llu as-is=%llu public=%llu secret=%llu\n",
	       (unsigned long long)found.generations, (unsigned long long)found.sealed,
	       (unsigned long long)found.as_is, (unsigned long long)found.public,
	       (unsigned long long)found.secret);
	return 0;
}
