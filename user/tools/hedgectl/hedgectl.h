/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hedgectl: what its sub-commands share.
 */
#ifndef HEDGECTL_H
#define HEDGECTL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/program.h"
#include "meter/own.h"
#include "monitor/far.h"
#include "monitor/monitor.h"

/* === options: options.c === */

/* Sub-commands, as bits: which options each one takes. */
enum command_bit {
	CMD_LOAD	= 1 << 0,
	CMD_UNLOAD	= 1 << 1,
	CMD_START	= 1 << 2,
	CMD_STOP	= 1 << 3,
	CMD_PAUSE	= 1 << 4,
	CMD_RESUME	= 1 << 5,
	CMD_DUMP	= 1 << 6,
	CMD_SNAPSHOT	= 1 << 7,
	CMD_RESTORE	= 1 << 8,
	CMD_LIST	= 1 << 9,
	CMD_CONSOLE	= 1 << 10,
	CMD_STATS	= 1 << 11,
	CMD_ALLOW	= 1 << 12,
	CMD_DISALLOW	= 1 << 13,
	CMD_POOL	= 1 << 14,
	CMD_DRAIN	= 1 << 15,
	CMD_UNDRAIN	= 1 << 16,
	CMD_NET_ADD	= 1 << 17,
	CMD_NET_DELETE	= 1 << 18,
	CMD_PUT		= 1 << 19,
	CMD_REMOTE	= 1 << 20,
	CMD_EVENTS	= 1 << 21,
	CMD_RUN		= 1 << 22,
	CMD_METER	= 1 << 24,
};

#define MAX_WORDS	256

struct options {
	uint64_t mem;		/* MiB */
	const char *cpu;	/* "": any */
	const char *block;	/* of the first device; NULL: not given */
	const char *net;
	const char *cmdline;	/* NULL: not given */
	const char *word[MAX_WORDS];	/* KEY=VALUE, behind the fields; see options_free() */
	unsigned int words;
	bool wait;
	bool json;
	bool follow;
	bool raw;
	bool watch;
	uint64_t interval;	/* seconds */
	uint64_t count;		/* 0: no end */
	const char *name;	/* of a file that is put there, or of a VM */
	const char *bundle, *signature, *key, *identity, *issuer, *trusted_root;
	const char *policy, *reference;
	const char *bridge;
	uint64_t user;		/* UINT64_MAX: not given */
	const char *mac;
	uint64_t mtu;		/* 0: not given */
	const char *key_file;
	uint64_t key_id;
	uint64_t port;
	uint64_t timeout;	/* seconds */
	struct {
		struct meter_own_config own;
		const char *tenants;	/* file, or NULL */
		const char *io;		/* folder, or NULL */
		uint64_t interval;	/* seconds */
	} meter;
	struct far_host *far;	/* NULL: this machine */
};

extern const struct option_row option_rows[];
extern const struct options option_defaults;
int option_set(const struct option_row *row, const char *text, struct options *o);

void options_free(struct options *o);

#define CLEANUP_OPTIONS	CLEANUP(options_free)

/* === a command that is put together: line.c === */

struct line {
	char text[HEDGE_COMMAND_MAX + 1];
	size_t len;
	int error;		/* -errno, reported, of the first field that was wrong */
};

void line_start(struct line *l, const char *verb);
void line_field(struct line *l, const char *name, const char *text);
void line_path(struct line *l, const struct options *o, const char *name, const char *path);
void line_words(struct line *l, const struct options *o);
int line_check(const struct line *l);
int line_send(struct line *l, const struct options *o);

/* === where it goes: place.c === */

int place_command(const struct options *o, const char *line);
int place_list(const struct options *o, char **text);
int place_stats(const struct options *o, const char *name, char **text);

/* === files: digest.c === */

int digest_file(const char *path, uint8_t digest[32], uint64_t *size);

/* === who vouches for an image: judge.c === */

struct judged {
	int fd;			/* of the sealed copy that was judged */
	uint8_t digest[32];
	bool warned;		/* it may run, and somebody should know why it should not */
};

#define CLEANUP_JUDGED	CLEANUP(judged_close) struct judged

int judge_image(const struct options *o, const char *path, struct judged *j);
void judged_close(struct judged *j);

/* === parts of a start: cmd_start.c === */

int start_cmdline(const struct options *o, int argc, char **argv, char *to, size_t size);
int start_wait(const char *name, bool raw);

/* === consoles: console.c === */

int console_show(uint32_t id, bool follow, bool raw);

/* === sub-commands === */

int cmd_load(const struct options *o, int argc, char **argv);
int cmd_unload(const struct options *o, int argc, char **argv);
int cmd_start(const struct options *o, int argc, char **argv);
int cmd_run(const struct options *o, int argc, char **argv);
int cmd_stop(const struct options *o, int argc, char **argv);
int cmd_pause(const struct options *o, int argc, char **argv);
int cmd_resume(const struct options *o, int argc, char **argv);
int cmd_dump(const struct options *o, int argc, char **argv);
int cmd_snapshot(const struct options *o, int argc, char **argv);
int cmd_restore(const struct options *o, int argc, char **argv);
int cmd_list(const struct options *o, int argc, char **argv);
int cmd_console(const struct options *o, int argc, char **argv);
int cmd_stats(const struct options *o, int argc, char **argv);
int cmd_allow(const struct options *o, int argc, char **argv);
int cmd_disallow(const struct options *o, int argc, char **argv);
int cmd_pool(const struct options *o, int argc, char **argv);
int cmd_drain(const struct options *o, int argc, char **argv);
int cmd_undrain(const struct options *o, int argc, char **argv);
int cmd_net_add(const struct options *o, int argc, char **argv);
int cmd_net_delete(const struct options *o, int argc, char **argv);
int cmd_meter(const struct options *o, int argc, char **argv);
int cmd_events(const struct options *o, int argc, char **argv);
int cmd_put(const struct options *o, int argc, char **argv);

/* What a guest has ended with is this program's own status, past all of the above. */
#define GUEST_STATUS(status)	(1000 + (status))

#endif /* HEDGECTL_H */
