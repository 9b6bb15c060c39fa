/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * hedge: the words of /proc/monitor, /proc/vmcons and /proc/vmstats.
 *
 * One write to /proc/monitor is one command, of fields with a bar between them; a
 * newline may follow:
 *
 *   load|PATH			read, check and keep an image
 *   unload|PATH		keep it no longer; VMs that run are not concerned
 *   start|NAME|PATH|CPU|MEM_MB|BLK|NET|CMDLINE[|KEY=VALUE]...
 *   stop|NAME			end it now
 *   pause|NAME, resume|NAME
 *   dump|NAME|PATH		write a core of a VM, which goes on
 *   snapshot|NAME|PATH		write what a VM is, which goes on
 *   restore|NAME|PATH|CPU|BLK|NET[|KEY=VALUE]...	start from a snapshot
 *   drain			no VM may be started until it is undone
 *   undrain
 *   allow|DIGEST		an image that verify= accepts: SHA-256, 64 hex digits; and the one
 *			thing that has an image of another machine run (staged:)
 *   disallow|DIGEST
 *   pool|N			keep N sandboxes ready
 *   listen|ADDRESS|KEY		take commands by UDP (hedge_remote.h), as who says so here
 *   unlisten			do so no longer
 *
 *   NAME	1..127 of [A-Za-z0-9_.-], not with a dot first; unique; not hedge, metrics or
 *		errors, which are files of /proc/vmstats
 *   CPU	the processor to run on; empty: any that the caller may use
 *   MEM_MB	memory of the guest in MiB, rounded down to an even number, 2..4096
 *   BLK, NET	a block device's path and a TAP interface's name, for the first device of
 *		that kind in the manifest; may be empty
 *   CMDLINE	not empty, at most 8191 bytes
 *   N		0..1024
 *   ADDRESS	A.B.C.D:PORT or [IPV6]:PORT, of this machine
 *   KEY	skyhold-hedge:NAME, the description of a key of type logon or user that has
 *		HEDGE_REMOTE_KEY_BYTES
 *
 * PATH begins with a slash.  Of load, unload and start it may be staged:NAME, an image that
 * was put here by TFTP.
 *
 * Control characters are refused in every field; CMDLINE may have tabs.
 *
 * The write fails, or the command has been carried out when it returns.
 *
 * Read, /proc/monitor lists the VMs that run, paused ones too: a line that says what the
 * columns are, then for each VM its number, name, and its image's number and path.
 */
#ifndef _UAPI_HEDGE_PROC_H
#define _UAPI_HEDGE_PROC_H

#define HEDGE_MONITOR		"/proc/monitor"
#define HEDGE_CONSOLES		"/proc/vmcons"
#define HEDGE_STATS		"/proc/vmstats"

#define HEDGE_COMMAND_MAX	16384	/* bytes of one command */
#define HEDGE_NAME_MAX		127	/* bytes: an ID of a container, 64 hex digits, and more */
#define HEDGE_PATH_MAX		4095
#define HEDGE_KEY_PREFIX	"skyhold-hedge:"
#define HEDGE_KEY_MAX		255
#define HEDGE_ADDRESS_MAX	45
#define HEDGE_STAGED		"staged:"
#define HEDGE_IFNAME_MAX	15

#define HEDGE_MEM_MB_MIN	2
#define HEDGE_MEM_MB_MAX	4096
#define HEDGE_POOL_MAX		1024
#define HEDGE_ID_DEFAULT	65534	/* uid and gid */
#define HEDGE_CONSOLE_KIB	64

/*
 * KEY=VALUE of start and restore.  DEV is a device's name in the manifest.
 *
 *   block.DEV=PATH	its block device; a path may not have a bar in it
 *   net.DEV=TAP	its network interface
 *   block_size.DEV=B	bytes, a power of two from the device's own (at least 512) to 32768
 *   readonly.DEV=0|1	writes are refused
 *   mac.DEV=MAC	aa:bb:cc:dd:ee:ff; by default one that follows from NAME and DEV
 *   verify=off|warn|enforce	as the module's parameter, and never weaker
 *   cpu_quota=PERCENT	of one processor, 1..100
 *   block_iops=N block_kbps=N net_pps=N net_kbps=N	a second, over all devices, 1..2^31-1
 *   console=KIB	how much of the console is kept, 4..4096 (64)
 *   watchdog=SECONDS	ended if it makes no hypercall for so long, 1..86400
 *   max_runtime=SECONDS	ended after so long, 1..2^31-1
 *   uid=N gid=N	what the task runs as (65534)
 *   cgroup=PATH	an absolute path: a directory of cgroup2 to run in
 *   core=PATH		where the core goes when it aborts, an absolute path; must not exist
 */
#define HEDGE_KEY_BLOCK		"block"
#define HEDGE_KEY_NET		"net"
#define HEDGE_KEY_BLOCK_SIZE	"block_size"
#define HEDGE_KEY_READONLY	"readonly"
#define HEDGE_KEY_MAC		"mac"

enum hedge_verify {
	HEDGE_VERIFY_OFF,
	HEDGE_VERIFY_WARN,		/* what is not vouched for runs, and is told */
	HEDGE_VERIFY_ENFORCE,
};

#endif /* _UAPI_HEDGE_PROC_H */
