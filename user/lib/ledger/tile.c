// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "tile.h"

#define GROUPS	7	/* of three digits: more than 2^63 / 256 has */

static char *put_index(char *to, uint64_t index)
{
	unsigned int group[GROUPS], n = 0;

	do {
		group[n++] = index % 1000;
		index /= 1000;
	} while (index);
	while (n--)
		to += sprintf(to, "/%s%03u", n ? "x" : "", group[n]);
	return to;
}

void tile_path(const struct tile *t, char path[TILE_PATH])
{
	char *to = path;

	if (t->level == TILE_ENTRIES)
		to += sprintf(to, "tile/entries");
	else
		to += sprintf(to, "tile/%u", t->level);
	to = put_index(to, t->index);
	if (t->width != TILE_WIDTH)
		sprintf(to, ".p/%u", t->width);
}

/* Whether it is a path is known by writing what was read again. */
int tile_parse(struct str path, struct tile *t)
{
	struct str part, rest = path;
	uint64_t level = 0, group, width = TILE_WIDTH;
	char again[TILE_PATH];
	bool last = false;

	*t = (struct tile){ 0 };
	if (path.len >= TILE_PATH || !str_cut(&rest, '/', &part) || !str_is(part, "tile") ||
	    !str_cut(&rest, '/', &part))
		return -EINVAL;
	if (str_is(part, "entries"))
		level = TILE_ENTRIES;
	else if (!str_number(part, TILE_LEVELS - 1, &level))
		return -EINVAL;
	while (!last && str_cut(&rest, '/', &part)) {
		last = !part.len || *part.at != 'x';
		part = last ? part : str_skip(part, 1);
		if (last && str_ends(part, STR(".p"))) {
			part.len -= 2;
			if (!str_number(rest, TILE_WIDTH - 1, &width) || !width)
				return -EINVAL;
			rest = STR_NONE;
		}
		if (part.len != 3 || !str_number(part, 999, &group) ||
		    t->index > MERKLE_SIZE_MAX / 1000 / TILE_WIDTH)
			return -EINVAL;
		t->index = t->index * 1000 + group;
	}
	t->level = level;
	t->width = width;
	if (!last || rest.at)
		return -EINVAL;
	tile_path(t, again);
	return str_is(path, again) ? 0 : -EINVAL;
}

unsigned int tile_width(uint64_t size, unsigned int level, uint64_t index)
{
	uint64_t nodes = size >> TILE_LOG * level;

	if (index > nodes / TILE_WIDTH)
		return 0;
	nodes -= index * TILE_WIDTH;
	return nodes < TILE_WIDTH ? nodes : TILE_WIDTH;
}

int bundle_next(struct str *rest, struct str *entry)
{
	size_t len;

	if (!rest->len)
		return 0;
	if (rest->len < 2)
		return -EBADMSG;
	len = (size_t)(uint8_t)rest->at[0] << 8 | (uint8_t)rest->at[1];
	if (len > rest->len - 2)
		return -EBADMSG;
	*entry = (struct str){ rest->at + 2, len };
	*rest = str_skip(*rest, 2 + len);
	return 1;
}
