// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How many proposals there may be.  Those that can still be applied are made for one state, so
 * that one set of voters shares the room: each has as much of it, and so have all together who
 * propose without a key.  What is over takes no room from anybody: it is taken away when there
 * is none left, since the decisions are in the states, and all that was proposed is in the ledger.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "folder.h"
#include "govern_private.h"
#include "ledger/disk.h"

/* Paths of a proposal's folder, and of what is in it. */
#define FOLDER	(GOVERN_PATH + 16 + 256)
#define BELOW	(FOLDER + 16 + 256)

struct room {
	const struct govern_folder *f;
	const struct govern_state *s;
	unsigned int by;		/* a member; as many as there are: nobody */
	unsigned int used;		/* by this one */
	unsigned int live;
	char (*id)[GOVERN_ID];		/* of those; GOVERN_PROPOSALS places */
	char *why;
};

/* Who has signed for it. */
static unsigned int proposer(const struct room *r, const char *id)
{
	CLEANUP_FREE char *data = NULL;
	char path[BELOW], why[GOVERN_WHY];
	struct govern_ballot b;
	size_t len = 0;

	snprintf(path, sizeof(path), "%s/proposals/%s/" GOVERN_PROPOSER, r->f->path, id);
	return !disk_read(path, GOVERN_BALLOT_MAX, &data, &len) &&
	       !govern_ballot_open(&b, r->s, id, (struct str){ data, len }, why) ? b.member :
	       r->s->members;
}

/* A folder of before there was room for each may have more than there may be. */
static int full(char *why)
{
	return govern_refuse(why, -ENOSPC, "%u proposals are open, and there may be no more: have them decided, or wait until their time is over",
			     GOVERN_PROPOSALS);
}

static int count(void *ctx, const struct govern_standing *standing)
{
	struct room *r = ctx;

	if (strcmp(standing->is, "open") && strcmp(standing->is, "passed"))
		return 0;
	if (r->live == GOVERN_PROPOSALS)
		return full(r->why);
	memcpy(r->id[r->live++], standing->p.id, GOVERN_ID);
	r->used += proposer(r, standing->p.id) == r->by;
	return 0;
}

static bool is_live(const struct room *r, const char *id)
{
	unsigned int i;

	for (i = 0; i < r->live; i++)
		if (!strcmp(r->id[i], id))
			return true;
	return false;
}

/* Without its document it is none any more, so that goes first. */
static int take_away(const char folder[FOLDER])
{
	char path[BELOW];
	struct dirent *e;
	DIR *dir;
	int rc;

	snprintf(path, sizeof(path), "%s/proposal.json", folder);
	rc = disk_unlink(path);
	dir = rc && rc != -ENOENT ? NULL : opendir(folder);
	if (!dir)
		return rc && rc != -ENOENT ? rc : -errno;
	rc = 0;
	while (!rc && (e = readdir(dir))) {
		if (*e->d_name == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%.255s", folder, e->d_name);
		rc = disk_unlink(path);
	}
	closedir(dir);
	return rc ? rc : rmdir(folder) ? -errno : 0;
}

/* @left receives how many folders there are, after those that are over have gone. */
static int walk(const struct room *r, bool clear, unsigned int *left)
{
	char path[FOLDER];
	struct dirent *e;
	DIR *dir;
	int rc = 0;

	*left = 0;
	snprintf(path, sizeof(path), "%s/proposals", r->f->path);
	dir = opendir(path);
	while (dir && !rc && (e = readdir(dir))) {
		if (*e->d_name == '.')
			continue;
		if (!clear || is_live(r, e->d_name)) {
			++*left;
			continue;
		}
		snprintf(path, sizeof(path), "%s/proposals/%.255s", r->f->path, e->d_name);
		rc = take_away(path);
	}
	if (dir)
		closedir(dir);
	return rc;
}

int govern_folder_room(const struct govern_folder *f, const struct govern_state *s,
		       unsigned int by, uint64_t now, char why[GOVERN_WHY])
{
	const unsigned int each = GOVERN_PROPOSALS / (s->quorum->witnesses + 1);
	struct room r = { .f = f, .s = s, .by = by, .why = why };
	unsigned int left;
	int rc;

	r.id = calloc(GOVERN_PROPOSALS, sizeof(*r.id));
	rc = r.id ? govern_folder_look(f, s, NULL, now, count, &r, why) : -ENOMEM;
	if (!rc && r.used >= each)
		rc = by < s->members ?
		     govern_refuse(why, -ENOSPC, "%s has %u proposals open, and may have no more: have them decided, or wait until their time is over",
				   s->member[by].key.name, each) :
		     govern_refuse(why, -ENOSPC, "%u proposals are open that no member has signed, and there may be no more: sign this one (--key), or have those decided",
				   each);
	rc = rc ? rc : walk(&r, false, &left);
	if (!rc && left >= GOVERN_PROPOSALS)
		rc = walk(&r, true, &left);
	if (!rc && left >= GOVERN_PROPOSALS)
		rc = full(why);
	free(r.id);
	return rc;
}
