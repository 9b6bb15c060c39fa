/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the plan share.
 *
 *	plan.c			its life; policies; what gateways are told of locations
 *	plan_catalogue.c	locations as the store has them, ready to choose from
 *	plan_slots.c		reservations
 *	plan_draw.c		ids of generations
 *	plan_sign.c		URLs of what gateways ask for
 *	plan_move.c		where a fragment goes that leaves its location
 *	plan_url.c		signing, by grants and by the vault
 *	plan_health.c		which locations answer
 *	plan_edge.c		edges of this machine make themselves known
 *	plan_first.c		what a store has from its first start on
 */
#ifndef SKYD_PLAN_PRIVATE_H
#define SKYD_PLAN_PRIVATE_H

#include "backend.h"
#include "edge_auth.h"
#include "edge_link.h"
#include "io/sync.h"

#define PLAN_WHY		160u
#define PLAN_IDENTITY_BYTES	(GRANT_EDGE_BYTES + P256_POINT_BYTES)

/*
 * What is known of a location beyond its row.  One for each number, until the plan is closed, so
 * that a fiber may keep a pointer while it waits.
 */
struct plan_live {
	u16 id;
	bool down;			/* gets nothing new; is read last */
	char why[PLAN_WHY];		/* the last request has failed; "" where none has */
	bool judged;			/* it has been asked whether it is */
	bool plain;			/* it does not know If-None-Match with PUT */
	unsigned int failures;		/* in a row */
	u64 down_since;			/* microseconds since 1970; 0: it is up */
	s64 free_bytes;			/* as an edge has just said; below 0: not known */
	/* Grants; those who wait for a new one wait for one question. */
	struct io_semaphore asking;
	u8 identity[PLAN_IDENTITY_BYTES];	/* whom the grant is for */
	char host[EDGE_TEXT_MAX + 1];		/* where */
	struct edge_signer signer;
};

/* One location of a catalogue.  Texts are the catalogue's. */
struct plan_place {
	struct store_location row;
	struct str host;		/* of row.url; none: there is no URL */
	struct str path;		/* behind it, without a slash at the end */
	struct rpc_bytes access_key;	/* of row.credentials */
	struct rpc_bytes secret;	/* wrapped */
	struct rpc_bytes ca;		/* PEM, or nothing */
	u32 latency_us;			/* 0: not known */
	struct plan_live *live;
};

/* Locations of one moment.  Whoever waits meanwhile keeps it by catalogue_get(). */
struct catalogue {
	unsigned int users;
	unsigned int count;
	struct plan_place *place;	/* by number, rising */
	struct location *location;	/* the same, for placement_choose() */
	u8 digest[SHA256_BYTES];	/* of what gateways are told */
	struct store_arena arena;
};

struct reservation;
struct policy_slot;

struct backend_plan {
	struct catalogue *catalogue;
	u64 revision;
	struct io_semaphore loading;	/* who reads the catalogue */
	struct plan_live *live[SKY_NO_LOCATION];
	struct policy_slot *policies;	/* plan.c */
	u64 policy_uses;
	struct reservation **table;	/* plan_slots.c: by number */
	struct reservation *first, *last;	/* oldest first */
	unsigned int reservations;
	size_t reserved_bytes;
};

/* Microseconds since 1970. */
u64 plan_now(void);

/* --- plan_catalogue.c --- */

/* Return: 0 or a store's error; *@changed: gateways have to ask anew. */
int catalogue_load(struct backend *b, struct catalogue **to);
struct catalogue *catalogue_get(struct backend *b);
void catalogue_put(struct catalogue *c);
/* NULL: there is no such location. */
const struct plan_place *catalogue_find(const struct catalogue *c, u16 id);
/* Down for placement, too, is what does not answer. */
void catalogue_states(struct catalogue *c);

/*
 * Credentials of a location as its row has them: the access key, the secret as the vault has
 * wrapped it, and whose certificate its server has to have.
 */
struct plan_credentials {
	struct rpc_bytes access_key, secret, ca;
};

#define PLAN_CREDENTIALS_MAX	49152u
#define PLAN_ACCESS_KEY_MAX	256u
#define PLAN_CA_MAX		32768u
extern const struct rpc_schema plan_credentials_schema;

/*
 * Take a location's URL apart: http:// or https://, a host, perhaps a port and a path, nothing
 * else.  Return: false: it is none.
 */
bool plan_split_url(struct str url, struct str *host, struct str *path);

/* --- plan_draw.c --- */

/* @ids: receives so many, of SKY_GENERATION_ID_BYTES each.  Return: 0 or -errno. */
int plan_draw(void *ids, unsigned int count);
/* When it was drawn, in microseconds since 1970; anything for one that plan_draw() has not made. */
u64 plan_drawn(const u8 generation[SKY_GENERATION_ID_BYTES]);

/* --- plan_slots.c --- */
void reservations_free(struct backend_plan *p);

/* A generation of a reservation, and where its rows go. */
struct reserved {
	const u8 *generation;
	const u16 *location;
	unsigned int n;
};

/* Return: 0; -STORE_EXPIRED: not known (any more), or no such slot; another error. */
int reservation_find(struct backend *b, u64 id, unsigned int slot, struct reserved *r);

/* --- plan_move.c, plan_sign.c: fragments that leave a location --- */

struct record;

struct plan_move {
	u16 from;
	u8 row;
	const u16 *only;		/* where it may go; none: anywhere */
	unsigned int onlys;
	const u16 *not;			/* where it may not */
	unsigned int nots;
};

/*
 * Another location, by the policy of the object; never one that the record names.  Return: 0;
 * -ENOSPC with @err.
 */
int plan_move(struct backend *b, const struct policy *policy, const struct record *r,
	      const struct plan_move *move, u16 *target, struct policy_error *err);
/* URLs to read what row @without is made of, the quickest first; before them its own (@reads). */
int plan_rows(struct backend *b, const struct record *r, u8 without, bool reads,
	      unsigned int life, struct store_arena *a, struct meta_url **url, u32 *urls);
/* It gets nothing new; it is not even asked any more. */
bool plan_is_draining(const struct backend *b, u16 location);
bool plan_is_removed(const struct backend *b, u16 location);

/* --- plan_first.c --- */
int plan_first(struct backend *b);

/* --- plan_sign.c --- */

/*
 * A URL to list a location's names behind @after; what is listed has @prefix before each name.
 * Return: as plan_url().
 */
int plan_list_url(struct backend *b, u16 location, struct str after, struct store_arena *a,
		  struct plan_url *url, struct str *prefix);

/* --- plan_url.c --- */

/* The bucket of a location's path, which is what is listed; the rest is the prefix. */
struct str plan_bucket(struct str path, struct str *prefix);

/* A URL to be made. */
struct url_job {
	struct str method;
	u16 location;
	char name[META_FRAGMENT_NAME_MAX];
	u64 len;			/* PUT */
	char sha256[2 * SHA256_BYTES + 1];	/* PUT */
	struct str list;		/* what is listed, if it has no name */
	unsigned int life;		/* seconds at most; 0: as usual */
	struct str query;		/* the result: memory of the arena, or none */
};

/* Sign all that can be; the others have no query.  Return: 0, -ENOMEM or -ECANCELED. */
int url_sign(struct backend *b, const struct catalogue *c, struct url_job *job,
	     unsigned int count, unsigned int life, struct store_arena *a);

#endif /* SKYD_PLAN_PRIVATE_H */
