// SPDX-License-Identifier: GPL-2.0-or-later
#include "data_path.h"

int data_path_open(struct gateway *g, u64 memory)
{
	/* Without this the codec has no SIMD. */
	int rc = rlnc_init(NULL) ?: coders_open(g, memory) ?: digests_open(&g->digests, g->pool) ?:
		 slots_open(g) ?: places_open(g);

	if (rc)
		data_path_close(g);
	return rc;
}

int data_path_start(struct gateway *g)
{
	return io_spawn(g->repairs, moves_run, g, NULL);
}

void data_path_close(struct gateway *g)
{
	places_close(g);
	slots_close(g);
	digests_close(g->digests);
	g->digests = NULL;
	coders_close(g);
}
