/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One command to the monitor, taken apart: see include/uapi/hedge_proc.h for the grammar.
 * Pure functions; strings point into the line, which is cut into words.
 */
#ifndef HEDGE_PROTO_COMMAND_H
#define HEDGE_PROTO_COMMAND_H

#include <linux/types.h>

#include "hedge_proc.h"
#include "hvt_abi.h"

enum hedge_verb {
	HEDGE_LOAD,
	HEDGE_UNLOAD,
	HEDGE_START,
	HEDGE_STOP,
	HEDGE_PAUSE,
	HEDGE_RESUME,
	HEDGE_DUMP,
	HEDGE_SNAPSHOT,
	HEDGE_RESTORE,
	HEDGE_DRAIN,
	HEDGE_UNDRAIN,
	HEDGE_ALLOW,
	HEDGE_DISALLOW,
	HEDGE_POOL,
	HEDGE_LISTEN,
	HEDGE_UNLISTEN,
};

#define HEDGE_CPU_ANY	(~0u)

/* What is said of one device; NULL and 0 where nothing is said. */
struct hedge_device_words {
	const char *name;		/* in the manifest */
	const char *block;		/* path */
	const char *net;		/* interface */
	u32 block_size;			/* bytes */
	bool readonly;
	bool has_mac;
	u8 mac[6];
};

struct hedge_limits {
	u32 cpu_quota;			/* percent of a processor; 0: none */
	u32 block_iops;			/* a second; 0: none, as with all that follow */
	u32 block_kbps;
	u32 net_pps;
	u32 net_kbps;
	u32 console_kib;
	u32 watchdog;			/* seconds */
	u32 max_runtime;		/* seconds */
};

struct hedge_command {
	enum hedge_verb verb;
	const char *name;
	const char *path;
	const char *cmdline;
	const char *block;		/* for the first of its kind; NULL: nothing said */
	const char *net;
	u32 cpu;			/* or HEDGE_CPU_ANY */
	u32 mem_mb;			/* even */
	u32 count;			/* of HEDGE_POOL */
	const char *host;		/* of HEDGE_LISTEN: an address, without brackets */
	u16 port;
	const char *key;		/* description of a key of the kernel's */
	u8 digest[32];			/* of HEDGE_ALLOW and HEDGE_DISALLOW */
	enum hedge_verify verify;
	bool has_verify;
	u32 uid;
	u32 gid;
	const char *cgroup;
	const char *core;
	struct hedge_limits limits;
	u32 devices;			/* that something is said of */
	struct hedge_device_words device[HVT_MANIFEST_MAX];
};

/* Why a line is no command. */
struct hedge_command_error {
	const char *field;		/* "NAME", "MEM_MB", "cpu_quota", ... */
	const char *why;		/* for people; a sentence without its full stop */
};

int hedge_command_parse(char *line, size_t len, struct hedge_command *cmd,
			struct hedge_command_error *error);

#endif /* HEDGE_PROTO_COMMAND_H */
