/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of a chain's verification share. */
#ifndef SKY_METER_CHAIN_PRIVATE_H
#define SKY_METER_CHAIN_PRIVATE_H

#include "chain.h"

/* A record that was seen. */
struct meter_seen {
	uint8_t digest[SHA256_BYTES];
	uint8_t prev[SHA256_BYTES];	/* that it says */
	uint64_t seq, boot;
	size_t order;			/* among the lines */
	const char *file;		/* where it stood */
	unsigned int line;
	bool bad;			/* altered or foreign: only its place is known */
	bool doubled;			/* one of this number stood before it */
	bool logged;			/* the ledger has it */
};

/* A life of a unit. */
struct meter_life {
	uint64_t instance, to;
	unsigned int counters;
	struct meter_counter counter[METER_COUNTERS];
	char *text;			/* names of the counters, and who it is */
	uint8_t who[SHA256_BYTES];	/* of source, tenant, unit and image, which do not change */
};

struct meter_chain {
	struct meter_chain_config config;
	bool have_ak, sound;
	uint8_t ak[METER_AK_BYTES];
	struct ecdsa_key *key;		/* of the last certificate; NULL: there was none */
	uint64_t boot;			/* that it says */
	const char *file;		/* of this line */
	unsigned int line;

	struct meter_seen *seen;	/* in the order of lines; after the end, of numbers */
	size_t seens, seens_room;
	uint64_t most;			/* the highest number so far */
	uint64_t records;		/* good ones */

	struct meter_life **life;	/* a hash table: a power of two of places, half empty */
	size_t lives, lives_room;

	uint64_t leaf_least, leaf_most;	/* of those without a record */
	bool leaf_lost;
};

__attribute__((__format__(__printf__, 3, 4)))
void meter_tell(struct meter_chain *c, enum meter_finding f, const char *fmt, ...);

/*
 * life.c: what an instance has used.  @used receives the differences, in the order of r->counter.
 * Return: 0, or -ENOMEM.
 */
int meter_life_add(struct meter_chain *c, const struct meter_record *r,
		   uint64_t used[METER_COUNTERS]);
void meter_lives_free(struct meter_chain *c);

/* order.c: what the numbers say, when all are there. */
void meter_order_check(struct meter_chain *c);

/* certificate.c: its key is that of what follows.  Return: 0, -ENOMEM or -EIO. */
int meter_certificate_take(struct meter_chain *c, struct str text);

#endif /* SKY_METER_CHAIN_PRIVATE_H */
