// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "folder.h"
#include "govern_private.h"
#include "ledger/disk.h"

#define STATE	"state.json"
#define NEXT	"state.next"

/* --- the disk -------------------------------------------------------------------------- */

PRINTF(3, 4)
static int path_of(const struct govern_folder *f, char path[GOVERN_PATH], const char *fmt, ...)
{
	int n = snprintf(path, GOVERN_PATH, "%s/", f->path), m;
	va_list ap;

	if (n >= (int)GOVERN_PATH)
		return -ENAMETOOLONG;
	va_start(ap, fmt);
	m = vsnprintf(path + n, GOVERN_PATH - n, fmt, ap);
	va_end(ap);
	return n + m < (int)GOVERN_PATH ? 0 : -ENAMETOOLONG;
}

/* Whole and durable, under a name that nobody reads before. */
static int put(const struct govern_folder *f, const char *path, const void *data, size_t len)
{
	CLEANUP_FREE struct disk_pending *pending = calloc(1, sizeof(*pending));
	int rc = pending ? disk_put(path, strlen(f->path), data, len, pending) : -ENOMEM;

	if (!rc)
		return disk_sync_pending(pending);
	if (pending)
		disk_drop_pending(pending);
	return rc;
}

/* What is there is replaced as a whole, or stays. */
static int replace(const struct govern_folder *f, const char *name, const void *data, size_t len)
{
	char path[GOVERN_PATH], tmp[GOVERN_PATH];
	int rc = path_of(f, path, "%s", name);

	rc = rc ? rc : path_of(f, tmp, "%s.tmp", name);
	rc = rc ? rc : put(f, tmp, data, len);
	rc = rc ? rc : disk_rename(tmp, path);
	*strrchr(path, '/') = 0;
	return rc ? rc : disk_sync_folder(path);
}

static int disk_error(char why[GOVERN_WHY], const struct govern_folder *f, int rc)
{
	return rc && !*why ? govern_refuse(why, rc, "%.150s: %s", f->path, strerror(-rc)) : rc;
}

static int read_state(const struct govern_folder *f, const char *name, struct govern_state *s,
		      char why[GOVERN_WHY])
{
	CLEANUP_FREE char *data = NULL;
	char path[GOVERN_PATH];
	size_t len = 0;
	int rc = path_of(f, path, "%s", name);

	*s = (struct govern_state){ 0 };
	rc = rc ? rc : disk_read(path, GOVERN_STATE_MAX, &data, &len);
	return rc ? rc : govern_state_open(s, (struct str){ data, len }, why);
}

static void unlock(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define CLEANUP_LOCK	CLEANUP(unlock) int

static int lock(const struct govern_folder *f, int *fd)
{
	char path[GOVERN_PATH];
	int rc = path_of(f, path, "lock");

	*fd = rc ? -1 : open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*fd < 0)
		return rc ? rc : -errno;
	while (flock(*fd, LOCK_EX))
		if (errno != EINTR)
			return -errno;
	return 0;
}

static int tell(const struct govern_folder *f, const char *action, const char *id,
		const char *result, const char *hash)
{
	char object[16 + GOVERN_ID];
	struct ledger_event e = {
		.actor = str_of(f->actor ? f->actor : "administrator"), .action = str_of(action),
		.result = str_of(result), .policy = str_of(hash),
	};

	snprintf(object, sizeof(object), "%s%s", *id ? "proposal:" : "governance", id);
	e.object = str_of(object);
	return f->tell ? f->tell(f->ctx, &e) : 0;
}

/* --- the state ------------------------------------------------------------------------- */

/* Policies as files, for those who do not read the state.  They follow it, and prove nothing. */
static int write_documents(const struct govern_folder *f, const struct govern_state *s)
{
	static const char *const names[GOVERN_DOCUMENTS] = {
		[GOVERN_ATTESTATION] = "attestation.json", [GOVERN_ADMISSION] = "admission.json",
	};
	unsigned int i;
	int rc = 0;

	for (i = 0; !rc && i < GOVERN_DOCUMENTS; i++) {
		const struct str text = govern_document(s, i);
		CLEANUP_FREE char *there = NULL;
		char path[GOVERN_PATH];
		size_t len = 0;

		if (!text.len || path_of(f, path, "%s", names[i]))
			continue;
		rc = disk_read(path, GOVERN_DOCUMENT_MAX, &there, &len);
		if (rc || !str_equal(text, (struct str){ there, len }))
			rc = replace(f, names[i], text.at, text.len);
	}
	return rc;
}

/* state.next is whole, and has been decided: it is the state from now on. */
static int complete(const struct govern_folder *f, struct govern_state *next,
		    const char *result, char why[GOVERN_WHY])
{
	char from[GOVERN_PATH], to[GOVERN_PATH];
	int rc = tell(f, "governance.apply", govern_done_by(next), result, next->hash);

	if (rc)
		return govern_refuse(why, rc, "the ledger cannot be told (%s): it is decided, and will be completed by the next change",
				     strerror(-rc));
	rc = path_of(f, from, NEXT);
	rc = rc ? rc : path_of(f, to, STATE);
	rc = rc ? rc : disk_rename(from, to);
	rc = rc ? rc : disk_sync_folder(f->path);
	rc = rc ? rc : write_documents(f, next);
	return disk_error(why, f, rc);
}

static int drop_next(const struct govern_folder *f)
{
	char path[GOVERN_PATH];
	int rc = path_of(f, path, NEXT);

	rc = rc ? rc : disk_unlink(path);
	return rc ? rc : disk_sync_folder(f->path);
}

/* What @rc of reading the state is for who asks: without one, nobody has begun. */
static int no_state(char why[GOVERN_WHY], const struct govern_folder *f, int rc)
{
	if (rc == -ENOENT && !*why)
		return govern_refuse(why, rc, "%.100s: there is no governance yet; `skyctl govern init FILE` begins one",
				     f->path);
	return disk_error(why, f, rc);
}

/* Under the lock: what is there, and what was begun. */
static int load(const struct govern_folder *f, struct govern_state *s, char why[GOVERN_WHY])
{
	struct govern_state next;
	char wrong[GOVERN_WHY];
	int rc = read_state(f, STATE, s, why);

	if (rc)
		return no_state(why, f, rc);
	rc = read_state(f, NEXT, &next, wrong);
	if (rc == -ENOENT)
		return disk_error(why, f, write_documents(f, s));
	rc = rc ? rc : govern_step_verify(s, &next, wrong);
	if (rc == -ENOMEM || rc == -EIO || rc == -EMFILE || rc == -ENFILE) {
		/* It could not be looked at: it may have been decided. */
		govern_state_close(&next);
		return disk_error(why, f, rc);
	}
	if (rc) {
		/* Cut off, or of somebody who writes here without a quorum. */
		govern_state_close(&next);
		return disk_error(why, f, drop_next(f));
	}
	rc = complete(f, &next, "resumed", why);
	govern_state_close(&next);
	govern_state_close(s);
	return rc ? rc : disk_error(why, f, read_state(f, STATE, s, why));
}

int govern_folder_init(const struct govern_folder *f, const struct govern_state *s,
		       char why[GOVERN_WHY])
{
	char path[GOVERN_PATH];
	CLEANUP_LOCK fd = -1;
	int rc = path_of(f, path, STATE);

	*why = 0;
	if (s->version)
		return govern_refuse(why, -EINVAL, "the first state is version 0");
	if (!rc && mkdir(f->path, 0755) && errno != EEXIST)
		rc = -errno;
	rc = rc ? rc : lock(f, &fd);
	if (!rc && !access(path, F_OK))
		return govern_refuse(why, -EEXIST, "%.150s: there is a state already", f->path);
	rc = rc ? rc : tell(f, "governance.init", "", "ok", s->hash);
	return disk_error(why, f, rc ? rc : replace(f, STATE, s->bytes, s->len));
}

int govern_folder_read(const struct govern_folder *f, struct govern_state *s,
		       char why[GOVERN_WHY])
{
	*why = 0;
	return no_state(why, f, read_state(f, STATE, s, why));
}

int govern_folder_load(const struct govern_folder *f, struct govern_state *s,
		       char why[GOVERN_WHY])
{
	CLEANUP_LOCK fd = -1;
	int rc;

	*why = 0;
	*s = (struct govern_state){ 0 };
	rc = lock(f, &fd);
	return rc ? no_state(why, f, rc) : load(f, s, why);
}

/* --- proposals and ballots ------------------------------------------------------------- */

/* The id comes from people, and becomes a path. */
static bool id_ok(const char *id)
{
	return strlen(id) == GOVERN_ID - 1 && strspn(id, "0123456789abcdef") == GOVERN_ID - 1;
}

static int read_proposal(const struct govern_folder *f, const char *id, struct govern_proposal *p,
			 char why[GOVERN_WHY])
{
	CLEANUP_FREE char *data = NULL;
	char path[GOVERN_PATH];
	size_t len = 0;
	int rc;

	*p = (struct govern_proposal){ 0 };
	if (!id_ok(id))
		return govern_refuse(why, -EINVAL, "\"%.70s\" is no id of a proposal", id);
	rc = path_of(f, path, "proposals/%s/proposal.json", id);
	rc = rc ? rc : disk_read(path, GOVERN_PROPOSAL_MAX, &data, &len);
	if (rc == -ENOENT)
		return govern_refuse(why, rc, "there is no proposal %.16s...", id);
	rc = rc ? rc : govern_proposal_open(p, (struct str){ data, len }, why);
	if (!rc && strcmp(p->id, id))
		rc = govern_refuse(why, -EBADMSG, "%.16s... has another proposal in it", id);
	return rc;
}

/* Texts of ballots, to be freed. */
struct ballots {
	struct str text[GOVERN_MEMBERS];
	unsigned int count;
};

static void free_ballots(struct ballots *b)
{
	while (b->count)
		free((char *)b->text[--b->count].at);
}

#define CLEANUP_BALLOTS	CLEANUP(free_ballots) struct ballots

/* Those of members of the state; files of others are not looked at. */
static int read_ballots(const struct govern_folder *f, const struct govern_state *s,
			const char *id, struct ballots *b)
{
	char path[GOVERN_PATH], *data;
	unsigned int i;
	size_t len;
	int rc;

	b->count = 0;
	for (i = 0; i < s->members; i++) {
		rc = path_of(f, path, "proposals/%s/%08x.ballot", id, s->member[i].key.id);
		rc = rc ? rc : disk_read(path, GOVERN_BALLOT_MAX, &data, &len);
		if (rc == -ENOENT)
			continue;
		if (rc)
			return rc;
		b->text[b->count++] = (struct str){ data, len };
	}
	return 0;
}

/* What is for another state, or late, will never be applied, and need not be voted on. */
static int still_good(const struct govern_state *s, const struct govern_proposal *p, uint64_t now,
		      char why[GOVERN_WHY])
{
	if (strcmp(p->base, s->hash))
		return govern_refuse(why, -ESTALE, "the proposal is made for another state than version %" PRIu64,
				     s->version);
	return now <= p->not_after ? 0 :
				     govern_refuse(why, -ETIME, "the proposal's time is over");
}

static int vote(const struct govern_folder *f, const char *id, struct str ballot, uint64_t now,
		const struct govern_state *s, char why[GOVERN_WHY])
{
	const struct govern_member *m;
	struct govern_proposal p;
	struct govern_ballot b;
	char path[GOVERN_PATH], name[GOVERN_ID + 32], result[NOTE_NAME_MAX + 8];
	int rc = read_proposal(f, id, &p, why);

	rc = rc ? rc : still_good(s, &p, now, why);
	govern_proposal_close(&p);
	rc = rc ? rc : govern_ballot_open(&b, s, id, ballot, why);
	if (rc)
		return rc;
	m = &s->member[b.member];
	snprintf(name, sizeof(name), "proposals/%s/%08x.ballot", id, m->key.id);
	rc = path_of(f, path, "%s", name);
	if (!rc && !access(path, F_OK))
		return govern_refuse(why, -EEXIST, "%s has voted already", m->key.name);
	snprintf(result, sizeof(result), "%s:%s", b.yes ? "yes" : "no", m->key.name);
	rc = rc ? rc : tell(f, "governance.vote", id, result, s->hash);
	return rc ? rc : replace(f, name, ballot.at, ballot.len);
}

int govern_folder_vote(const struct govern_folder *f, const char *id, struct str ballot,
		       uint64_t now, char why[GOVERN_WHY])
{
	struct govern_state s = { 0 };
	CLEANUP_LOCK fd = -1;
	int rc;

	*why = 0;
	rc = lock(f, &fd);
	rc = rc ? rc : load(f, &s, why);
	rc = rc ? rc : vote(f, id, ballot, now, &s, why);
	govern_state_close(&s);
	return disk_error(why, f, rc);
}

/* Whose it is: no more than that is believed of whoever asks. */
static int find_proposer(const struct govern_state *s, const char *id, struct str ballot,
			 unsigned int *by, char why[GOVERN_WHY])
{
	struct govern_ballot b;
	int rc;

	*by = s->members;
	if (!ballot.len)
		return 0;
	rc = govern_ballot_open(&b, s, id, ballot, why);
	if (!rc && !b.yes)
		rc = govern_refuse(why, -EINVAL, "who proposes it does not vote for it");
	if (!rc)
		*by = b.member;
	return rc;
}

static int propose(const struct govern_folder *f, const struct govern_proposal *p,
		   struct str ballot, uint64_t now, const struct govern_state *s,
		   char why[GOVERN_WHY])
{
	struct govern_proposal again = { 0 };
	char path[GOVERN_PATH], name[GOVERN_ID + 32], proposer[GOVERN_ID + 32];
	unsigned int by;
	int rc = still_good(s, p, now, why);

	rc = rc ? rc : govern_proposal_make(&again, s, p->actions, p->not_after, why);
	govern_proposal_close(&again);
	rc = rc ? rc : find_proposer(s, p->id, ballot, &by, why);
	snprintf(name, sizeof(name), "proposals/%s/proposal.json", p->id);
	snprintf(proposer, sizeof(proposer), "proposals/%s/" GOVERN_PROPOSER, p->id);
	rc = rc ? rc : path_of(f, path, "%s", name);
	if (!rc && !access(path, F_OK))
		rc = govern_refuse(why, -EEXIST, "the proposal is there already");
	rc = rc ? rc : govern_folder_room(f, s, by, now, why);
	rc = rc ? rc : tell(f, "governance.propose", p->id, "ok", s->hash);
	if (!rc && ballot.len)
		rc = replace(f, proposer, ballot.at, ballot.len);
	rc = rc ? rc : replace(f, name, p->bytes, p->len);
	return rc || !ballot.len ? rc : vote(f, p->id, ballot, now, s, why);
}

int govern_folder_propose(const struct govern_folder *f, const struct govern_proposal *p,
			  struct str ballot, uint64_t now, char why[GOVERN_WHY])
{
	struct govern_state s = { 0 };
	CLEANUP_LOCK fd = -1;
	int rc;

	*why = 0;
	rc = lock(f, &fd);
	rc = rc ? rc : load(f, &s, why);
	rc = rc ? rc : propose(f, p, ballot, now, &s, why);
	govern_state_close(&s);
	return disk_error(why, f, rc);
}

static int apply(const struct govern_folder *f, const char *id, uint64_t now,
		 struct govern_state *s, struct govern_state *next, char why[GOVERN_WHY])
{
	CLEANUP_BALLOTS b = { .count = 0 };
	char path[GOVERN_PATH];
	struct govern_proposal p;
	int rc = read_proposal(f, id, &p, why);

	rc = rc ? rc : read_ballots(f, s, id, &b);
	rc = rc ? rc : govern_step(next, s, &p, b.text, b.count, now, why);
	govern_proposal_close(&p);
	rc = rc ? rc : path_of(f, path, "history/%06" PRIu64 ".json", s->version);
	rc = rc ? rc : put(f, path, s->bytes, s->len);
	rc = rc ? rc : path_of(f, path, NEXT);
	rc = rc ? rc : put(f, path, next->bytes, next->len);
	return rc ? rc : complete(f, next, "ok", why);
}

int govern_folder_apply(const struct govern_folder *f, const char *id, uint64_t now,
			struct govern_state *next, char why[GOVERN_WHY])
{
	struct govern_state s = { 0 };
	CLEANUP_LOCK fd = -1;
	int rc;

	*why = 0;
	*next = (struct govern_state){ 0 };
	rc = lock(f, &fd);
	rc = rc ? rc : load(f, &s, why);
	rc = rc ? rc : apply(f, id, now, &s, next, why);
	govern_state_close(&s);
	if (rc)
		govern_state_close(next);
	return disk_error(why, f, rc);
}

/* --- looking --------------------------------------------------------------------------- */

static int stand(const struct govern_folder *f, const struct govern_state *s, const char *id,
		 uint64_t now, struct govern_standing *to, char why[GOVERN_WHY])
{
	struct str which[GOVERN_MEMBERS];
	CLEANUP_BALLOTS b = { .count = 0 };
	int rc;

	*to = (struct govern_standing){ 0 };
	rc = read_proposal(f, id, &to->p, why);
	if (rc)
		return rc;
	to->is = "stale";
	if (strcmp(to->p.base, s->hash))
		return 0;
	rc = read_ballots(f, s, id, &b);
	rc = rc ? rc : govern_count(&to->count, s, id, b.text, b.count, which, why);
	to->is = now > to->p.not_after ? "expired" : to->count.passed ? "passed" :
		 to->count.rejected ? "rejected" : "open";
	return rc;
}

static int look_one(const struct govern_folder *f, const struct govern_state *s, const char *id,
		    uint64_t now, govern_visit *visit, void *ctx, char why[GOVERN_WHY])
{
	struct govern_standing standing;
	int rc = stand(f, s, id, now, &standing, why);

	rc = rc ? rc : visit(ctx, &standing);
	govern_proposal_close(&standing.p);
	return rc;
}

int govern_folder_look(const struct govern_folder *f, const struct govern_state *s,
		       const char *id, uint64_t now, govern_visit *visit, void *ctx,
		       char why[GOVERN_WHY])
{
	char path[GOVERN_PATH];
	struct dirent **list;
	int rc = path_of(f, path, "proposals"), n, i;

	*why = 0;
	if (id || rc)
		return disk_error(why, f, rc ? rc :
				  look_one(f, s, id, now, visit, ctx, why));
	n = scandir(path, &list, NULL, alphasort);
	if (n < 0)
		return errno == ENOENT ? 0 : disk_error(why, f, -errno);
	for (i = 0; i < n; i++) {
		/* One that a crash has cut off was never acknowledged. */
		if (!rc && id_ok(list[i]->d_name))
			rc = look_one(f, s, list[i]->d_name, now, visit, ctx, why);
		if (rc == -ENOENT || rc == -EBADMSG)
			rc = 0;
		free(list[i]);
	}
	free(list);
	return disk_error(why, f, rc);
}

static int verify_from(const struct govern_folder *f, const struct govern_state *last,
		       govern_seen *seen, void *ctx, char why[GOVERN_WHY])
{
	struct govern_state s = { 0 }, next;
	char name[40];
	uint64_t i;
	int rc = 0;

	for (i = 0; !rc && i <= last->version; i++) {
		snprintf(name, sizeof(name), "history/%06" PRIu64 ".json", i);
		rc = read_state(f, i == last->version ? STATE : name, &next, why);
		if (rc == -ENOENT)
			rc = govern_refuse(why, rc, "version %" PRIu64 " is not there", i);
		if (!rc && next.version != i)
			rc = govern_refuse(why, -EBADMSG, "%s is version %" PRIu64, name,
					   next.version);
		if (!rc && i)
			rc = govern_step_verify(&s, &next, why);
		if (!rc && seen)
			rc = seen(ctx, &next);
		govern_state_close(&s);
		s = next;
	}
	govern_state_close(&s);
	return rc;
}

int govern_folder_verify(const struct govern_folder *f, govern_seen *seen, void *ctx,
			 char why[GOVERN_WHY])
{
	struct govern_state last;
	int rc;

	*why = 0;
	rc = read_state(f, STATE, &last, why);
	rc = rc ? rc : verify_from(f, &last, seen, ctx, why);
	govern_state_close(&last);
	return disk_error(why, f, rc);
}
