/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of a chain's writer share. */
#ifndef SKY_METER_KEEPER_PRIVATE_H
#define SKY_METER_KEEPER_PRIVATE_H

#include "keeper.h"

#define KEEPER_DAY	10u	/* "2026-11-22" */
#define KEEPER_NAME	22u	/* "2026-11-22.p0001.jsonl", the longest of a file */

/* An instance that is counted. */
struct keeper_life {
	char *body;		/* its last record, */
	struct meter_record r;	/* whose texts lie there */
	bool ended;		/* it is seen still, and has no more records */
	bool seen;		/* since the last commit */
};

/* A leaf that the ledger may lack. */
struct keeper_leaf {
	char object[METER_LEAF_OBJECT_MAX], result[METER_LEAF_RESULT_MAX];
	uint64_t time;
};

struct meter_keeper {
	struct meter_keeper_config config;
	int lock, file;			/* -1: not open */
	char name[KEEPER_NAME + 1];	/* of the file; "": there is none */
	uint64_t size;			/* of it, as far as it is durable */

	uint64_t next, instances;	/* numbers that are free */
	uint8_t prev[SHA256_BYTES];
	struct keeper_life *life;
	unsigned int lives, lives_room;

	struct ecdsa_key *key;
	uint8_t ak[METER_AK_BYTES];
	uint64_t boot;
	char *certificate;		/* the line, with its newline */
	bool told;			/* it stands in the file */

	struct out text;		/* lines to be written */
	struct keeper_leaf *leaf;
	unsigned int leaves, leaves_room;
};

/* A text that grows, for struct out. */
int keeper_room(struct out *o, size_t need);

/* DIR/NAME, to be freed. */
char *keeper_path(const struct meter_keeper *k, const char *name);

/* --- segment.c: names of files.  As strings they are in the order of what is in them. */

bool keeper_is_segment(const char *name);
/* The one after k->name, of that @day; @full: k->name has no room.  Return: 0 or -EFBIG. */
int keeper_segment(const struct meter_keeper *k, const char day[KEEPER_DAY + 1], bool full,
		   char name[KEEPER_NAME + 1]);

/* --- key.c: the key of this boot.  Return: 0 or -errno, with @why. */
int keeper_key(struct meter_keeper *k, char why[METER_WHY]);

/* --- keeper_state.c */

/* What the folder says.  Return: 0 or -errno, with @why. */
int keeper_load(struct meter_keeper *k, char why[METER_WHY]);
int keeper_save(struct meter_keeper *k);
/* The record becomes the last one of its instance.  @body is copied. */
int keeper_remember(struct meter_keeper *k, struct str body, bool ended);
int keeper_leaf_add(struct meter_keeper *k, const struct meter_record *r, struct str body);
void keeper_forget(struct meter_keeper *k, unsigned int i);

#endif /* SKY_METER_KEEPER_PRIVATE_H */
