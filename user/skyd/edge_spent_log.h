/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of used nonces: bytes to structs and back. */
#ifndef SKYD_EDGE_SPENT_LOG_H
#define SKYD_EDGE_SPENT_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "sky_edge.h"

struct edge_spent_head {
	int64_t created;
	int64_t floor;
};

struct edge_spent_one {
	uint8_t nonce[16];
	int64_t expires;
};

void edge_spent_write_header(uint64_t salt, uint64_t number, int64_t created, int64_t floor,
			     struct sky_edge_spent_hdr *header);

/* @bytes: as many as the header has. */
bool edge_spent_read_header(uint64_t salt, uint64_t number, const uint8_t *bytes,
			    struct edge_spent_head *head);

/* Nonce and time are set; makes the sum for that place. */
void edge_spent_write(uint64_t salt, uint64_t number, uint64_t offset, struct sky_edge_spent *one);
bool edge_spent_read(uint64_t salt, uint64_t number, uint64_t offset, const uint8_t *bytes,
		     struct edge_spent_one *one);

#endif /* SKYD_EDGE_SPENT_LOG_H */
