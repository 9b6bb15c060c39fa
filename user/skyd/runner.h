/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The runner: a process that starts and ends workloads, for a backend that may do neither.  It
 * has no socket but those to the backend and the vault, and no rights: those has a child, the
 * starter (starter.h), which does what blocks.  What may run is the backend's to judge; that the
 * bytes which run have the digest that was judged is the starter's.
 *
 *	runner.c		its life, and what it answers
 *	runner_ask.c		asking it, and how that is packed
 *	runner_secret.c		secrets of sessions, asked of the vault
 *
 * In the starter:
 *
 *	runner_state.c		what runs, in a folder: so another starter finds it again
 *	runner_spawn.c		programs that it runs
 *	runner_given.c		secrets, as what it starts is given them
 *	runner_start.c		images, and the tiers: containers, VMs of hedge
 *	runner_microvm.c	and microVMs
 */
#ifndef SKYD_RUNNER_H
#define SKYD_RUNNER_H

#include <time.h>

#include "base/str.h"
#include "config.h"
#include "io/sync.h"
#include "io/work.h"
#include "link.h"
#include "role.h"

#define RUNNER_NAME_MAX		63u
#define RUNNER_TEXT_MAX		1100u	/* an image's reference */
#define RUNNER_COMMAND_MAX	8191u
#define RUNNER_WHY		320u
#define RUNNER_ROWS		256u	/* workloads at once, with those that have ended */
#define RUNNER_TIERS		3u	/* that things run as; 3 and 4 are 0 and 1, attested */
#define RUNNER_LEVELS		5u	/* that are asked for */
#define RUNNER_ATTESTED		3u	/* from this one on the host has to be */
#define RUNNER_MEM_MIN		2u	/* MiB */
#define RUNNER_MEM_MAX		65536u
#define RUNNER_DIGEST		32u
#define RUNNER_FILE_MAX		(64u << 20)	/* of what a workload writes: its console */

enum runner_number { RUNNER_HOST = 0x501, RUNNER_START, RUNNER_STOP, RUNNER_LIST };

struct vault_wrapped;

/* What is to be started; of the others only the name; of RUNNER_HOST none, for figures as well. */
struct runner_ask {
	struct rpc_bytes name;
	struct rpc_bytes image;		/* its reference, to be told again */
	u8 digest[RUNNER_DIGEST];
	u64 team;
	u8 tier;			/* 0 to 4, as it was asked for */
	u32 mem;			/* MiB */
	struct rpc_bytes block, net;	/* of tiers 1, 2, 4; or none */
	struct rpc_bytes command;	/* words, with a NUL behind each; none with a session */
	struct rpc_bytes session;	/* its document, or nothing */
	struct rpc_bytes bundle;	/* with it: that vouches for the image, or nothing */
	const struct vault_wrapped *secret;	/* in the session's order */
	u32 secrets;
};

struct runner_row {
	struct rpc_bytes name, image;
	u8 digest[RUNNER_DIGEST];
	u64 team;
	u8 tier;
	bool running;
	u64 started;			/* us since 1970 */
	u32 spawn_us;			/* 0: it is not known yet */
	u64 footprint;			/* bytes of the host's memory that are its own */
};

/* A tier as it is asked for: figures of 3 and 4 are their own. */
struct runner_tier {
	struct rpc_bytes why;		/* not; "": it can be run */
	u32 spawn_us;			/* of the last one, or 0 */
	u64 footprint;
};

struct runner_answer {
	u32 status;			/* of HTTP */
	struct rpc_bytes why;
	const struct runner_row *row;
	u32 rows;
	const struct runner_tier *tier;
	u32 tiers;
	u8 release;			/* enum runner_release */
	u32 releases;			/* of that version of the session, with this one */
};

/* What has become of a session's secrets; unknown: there was no answer, or none that says it. */
enum runner_release { RUNNER_NO_RELEASE, RUNNER_RELEASED, RUNNER_REFUSED, RUNNER_UNKNOWN };

extern const struct rpc_schema runner_ask_schema, runner_answer_schema;

/* The tier that it runs as. */
static inline unsigned int runner_kind(unsigned int tier)
{
	return tier < RUNNER_TIERS ? tier : tier - RUNNER_TIERS;
}

/* A name that is a file's, a VM's and a container's. */
bool runner_name_ok(struct str name);

/* --- runner.c --- */

struct starter;

struct runner {
	const struct config *config;
	struct io_group *group;
	struct io_pool *pool;
	struct io_semaphore starts;	/* at once: fewer than the pool has threads */
	struct starter *starter;	/* NULL: this is the starter's own */
	struct runner_tier last[RUNNER_LEVELS];
	struct link *vault;		/* gives secrets */
};

/* ->starter is there before. */
int runner_open(struct runner *r, const struct config *config, struct io_group *group);
/* After the group has ended. */
void runner_close(struct runner *r);
void runner_service(struct runner *r, enum role peer, struct link_service *service);

/* --- runner_state.c: all of it blocks --- */

/* A workload as it is kept. */
struct runner_record {
	char name[RUNNER_NAME_MAX + 1], image[RUNNER_TEXT_MAX + 1];
	u8 digest[RUNNER_DIGEST];
	u64 team;
	unsigned int tier;
	int pid;
	u64 ticks;			/* when that process began: numbers are used again */
	u64 started;			/* us since 1970: to be shown, as that clock is set */
	u64 up;				/* us that the machine was up then; 0: an older record */
	u32 spawn_us;
};

/* Its folder: "" of @file is the folder itself. */
void runner_path(const struct runner *r, const char *name, const char *file, char *to,
		 size_t size);
/*
 * Take a name, until the descriptor is closed.  What is left of one that has ended is removed.
 * Return: a descriptor; -EEXIST: it runs; -EBUSY: somebody is about to start or end it; -ENOSPC:
 * there are RUNNER_ROWS; -errno.
 */
int runner_take(struct runner *r, const char *name);
/* The same of one that is there, whether it runs or not.  -ENOENT: there is none. */
int runner_hold(struct runner *r, const char *name);
int runner_record_read(const struct runner *r, const char *name, struct runner_record *to);
int runner_record_write(const struct runner *r, const struct runner_record *from);
void runner_forget(const struct runner *r, const char *name);
bool runner_alive(const struct runner_record *w);
/* Microseconds of a clock, CLOCK_*, as records have them. */
u64 runner_now_us(clockid_t clock);
u64 runner_ticks(int pid);
/* Has a process begun since that start was asked for?  False if there is none. */
bool runner_began_since(const struct runner_record *w, int pid);
u64 runner_footprint(int pid);

/* --- runner_spawn.c --- */

struct runner_program {
	const char *const *argv;
	const char *log;		/* file that receives what it prints; NULL: none */
	const char *folder;		/* that it runs in; or NULL */
	int fd;				/* becomes its descriptor 3; or -1 */
	int second;			/* becomes its descriptor 4; or 0 */
	int (*prepare)(void *arg);	/* what is done in the child before that, or NULL */
	void *prepare_arg;
	unsigned int id;		/* user and group that it becomes; 0: none */
	uint64_t capabilities;		/* that it has as root; PRIV_CAP() of each */
	unsigned int seconds;		/* then it is ended */
	unsigned int file_max;		/* bytes of a file that it writes; 0: any */
	bool file_kill;			/* writing more ends it; else it fails */
};

/* Run it to its end.  Return: 0; -EIO: it has failed, @why has its last line; -ETIMEDOUT. */
int runner_spawn(const struct runner_program *p, char why[RUNNER_WHY]);

/* --- runner_start.c --- */

struct runner_start {
	struct runner *r;
	struct runner_record record;
	unsigned int mem;
	char block[256], net[32];
	char command[RUNNER_COMMAND_MAX + 2];	/* words, then an empty one */
	int image;			/* sealed; -1: not there */
	int secrets;			/* the starter's: sealed, see sky_secret.h; 0: none */
	u64 began;			/* us of the monotonic clock, when it was asked for */
	unsigned int status;
	char why[RUNNER_WHY];
};

/* Can this machine run a tier at all?  Return: true, or false with @why. */
bool runner_can(const struct runner *r, unsigned int kind, char why[RUNNER_WHY]);
/* For a worker thread; fills in the record, or status and why.  Return: 0 or -errno. */
int runner_do_start(struct runner_start *s);
int runner_do_stop(struct runner *r, const char *name, char why[RUNNER_WHY]);
/* What crun knows of it is no more, nor what runs in it. */
void runner_delete_container(const struct runner *r, const char *name);
void runner_stop_guest(const char *name);
/* Memory of a guest of hedge, as the monitor counts it; 0: it is not known. */
u64 runner_guest_bytes(const char *name);

/* --- runner_microvm.c --- */

/* Has its kernel begun with the command?  Of a microVM, whose start goes on by itself. */
bool runner_has_begun(const struct runner *r, const char *name);

#endif /* SKYD_RUNNER_H */
