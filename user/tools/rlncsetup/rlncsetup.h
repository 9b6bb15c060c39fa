/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rlncsetup: what its sub-commands share.
 */
#ifndef RLNCSETUP_H
#define RLNCSETUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/program.h"
#include "base/secret.h"
#include "tpm/boot_policy.h"
#include "volume/volume.h"

/* === options: options.c === */

/* Sub-commands, as bits: which options each one takes. */
enum command_bit {
	CMD_FORMAT	= 1 << 0,
	CMD_OPEN	= 1 << 1,
	CMD_CLOSE	= 1 << 2,
	CMD_STATUS	= 1 << 3,
	CMD_DUMP	= 1 << 4,
	CMD_KEY_ADD	= 1 << 5,
	CMD_KEY_REMOVE	= 1 << 6,
	CMD_KEY_CHANGE	= 1 << 7,
	CMD_KEY_LIST	= 1 << 8,
	CMD_FAIL	= 1 << 9,
	CMD_CHECKPOINT	= 1 << 10,
	CMD_RETURN	= 1 << 11,
	CMD_REPLACE	= 1 << 12,
	CMD_SCRUB	= 1 << 13,
	CMD_REPAIR	= 1 << 14,
	CMD_HEADER_BACKUP	= 1 << 15,
	CMD_HEADER_RESTORE	= 1 << 16,
	CMD_BENCHMARK	= 1 << 17,
	CMD_WIPE	= 1 << 18,
	CMD_RESIZE	= 1 << 19,
	CMD_KEY_SYNC	= 1 << 20,
	CMD_ADD		= 1 << 21,
	CMD_TPM_EPOCH	= 1 << 22,
	CMD_TPM_CAP	= 1 << 23,
	CMD_KEY_TEST	= 1 << 25,
	CMD_ANCHOR_LIST	= 1 << 26,
	CMD_ANCHOR_REMOVE	= 1 << 27,
	CMD_MONITOR	= 1 << 24,
};

#define CMD_MOVE	(1u << 30)	/* all of its steps */
#define CMD_MOVE_STATUS	(1u << 29)

#define MAX_TARGET_OPTIONS	32
#define SLOT_ANY		UINT64_MAX
#define MEMBER_ANY		UINT64_MAX

struct options {
	uint64_t k;
	uint64_t n;		/* 0: not given */
	uint64_t symbol;	/* bytes; 0: choose */
	uint64_t size;		/* bytes; 0: as much as fits */
	uint64_t writes_min;	/* 0: the default */
	const char *label;
	const char *key_file;	/* "-": standard input */
	const char *new_key_file;
	const char *volume_key_file;
	const char *slot_type;
	const char *slot_label;
	uint64_t member;	/* MEMBER_ANY: not given */
	const char *tab;
	const char *onto;
	uint64_t slot;		/* SLOT_ANY: not given */
	uint64_t iter_time;	/* ms */
	uint64_t argon_time;	/* 0: chosen by iter_time */
	uint64_t argon_memory;	/* KiB; 0: chosen */
	uint64_t argon_lanes;	/* 0: chosen */
	uint64_t tries;
	uint64_t min_epoch;	/* 0: not given */
	uint64_t cache_mb;	/* 0: not given */
	uint64_t rebuild_kbps;	/* 0: not given */
	uint64_t nbd_timeout;	/* seconds */
	uint64_t nbd_dead;	/* seconds */
	const char *tls_ca;	/* files, as in struct ktls_files; NULL: not given */
	const char *tls_cert;
	const char *tls_key;
	const char *tls_host;
	const char *tpm2_device;	/* TCTI */
	const char *tpm2_public_key;
	const char *tpm2_pcrs;
	const char *tpm2_bank;
	const char *tpm2_signature;	/* NULL: the default places */
	bool tpm2;
	bool tpm2_no_cap;
	bool anchor;
	bool anchor_reset;
	uint64_t anchor_lease;	/* epochs */
	bool dense;
	bool accept_older;
	bool allow_discards;
	bool read_only;
	bool force;
	bool batch;
	bool json;
	bool wait;
	bool offline;
	const char *program;	/* NULL: none */
	uint64_t max_delay;	/* seconds */
	bool foreground;
	bool oneshot;
	uint32_t member_deadline[RLNC_MAX_MEMBERS];	/* ms; 0: not given */
	const char *target_option[MAX_TARGET_OPTIONS];
	unsigned int target_options;
	struct {
		const char *journals, *ak;
		const char *from, *name, *output;	/* NULL: not given */
		const char *log, *ima;
		const char *roots, *between, *policy;
		const char *ledger;
	} move;
	__uint128_t given;	/* on the command line: bits by row of the table of options */
};

extern const struct option_row option_rows[];
extern const struct options option_defaults;
int option_set_own(const struct option_row *row, const char *word, struct options *o);

extern const struct program program;	/* main.c */

int label_copy(const char *option, const char *label, char *to, size_t size);

/* === members on other machines: remote.c === */

enum remote_kind {
	REMOTE_NONE,
	REMOTE_NBD,
	REMOTE_NVME,
};

/* A device that we connected. */
struct remote {
	enum remote_kind kind;
	int number;		/* N of /dev/nbdN, or of the controller /dev/nvmeN */
};

bool remote_is(const char *name);
int remote_connect(const char *name, const struct options *o, struct remote *r, char path[256]);
int remote_revive(const char *name, const struct remote *r, const struct options *o);
int remote_disconnect(const char *name, const struct remote *r);

/* === what an interruption must not leave behind: interrupt.c === */

void interrupt_watch(void);
void interrupt_hold(void);
void interrupt_release(void);
void interrupt_remember(const char *name, const struct remote *r);
void interrupt_forget(const struct remote *r);
void interrupt_forget_all(void);

/* === members as they are named on the command line: members.c === */

struct tool_member {
	const char *name;	/* as written */
	char path[256];		/* of the block device or file */
	int fd;			/* -1: absent */
	struct remote remote;
};

struct tool_members {
	struct tool_member *member;
	unsigned int count;
	bool keep;		/* what we connected stays so */
};

/* How to open them. */
#define MEMBERS_WRITE		1u
#define MEMBERS_EXCLUSIVE	2u
#define MEMBERS_MAY_MISS	4u	/* "missing", unreachable servers */
#define MEMBERS_BLOCK_ONLY	8u	/* no regular files */
#define MEMBERS_MAY_VANISH	16u	/* a device that is not there is missing */
#define MEMBERS_MAY_BE_LEFT_OUT	32u	/* "missing" */

int members_open(struct tool_members *set, char **name, int count, unsigned int how,
		 const struct options *o);
int members_lock(const struct tool_members *set);
void members_close(struct tool_members *set);
int members_read(const struct tool_members *set, struct volume *v, bool may_miss);

#define CLEANUP_MEMBERS	CLEANUP(members_close)

/* === what is on a device already: signature.c === */

int signature_check(const struct tool_member *m);
int signature_wipe(const struct tool_member *m);

/* === a device that is about to become a member: prepare.c === */

int prepare_confirm(const struct options *o, const struct tool_members *set);
int prepare_fits(const struct tool_member *m, const struct rlnc_super *sb);
int prepare_head(const struct tool_member *m, bool wipe);
int prepare_keyslots(const struct tool_member *m, const struct volume *others);

/* What was at both ends of a device: nobody has signatures elsewhere. */
struct device_ends {
	int fd;			/* of the device; others may use it alone */
	u8 *head;		/* RLNC_SLOTS_OFFSET bytes */
	u8 *tail;		/* as many */
	u64 tail_offset;
};

int prepare_keep(const struct tool_member *m, struct device_ends *e);
int prepare_undo(const struct tool_member *m, const struct device_ends *e);
void prepare_forget(struct device_ends *e);

#define DEVICE_ENDS_NONE	((struct device_ends){ .fd = -1 })
#define CLEANUP_ENDS	CLEANUP(prepare_forget)

/* === passphrases and keys: secrets.c === */

int secret_from_user(const char *key_file, const char *what, bool verify, struct secret *s);
int volume_key_from_file(const char *path, struct secret *key);
int volume_key_get(struct volume *v, const struct options *o, struct secret *key);
int volume_key_find(struct volume *v, const struct options *o, struct secret *key,
		    bool *sealed);
int slot_begin(struct keyslot_set *set, const struct options *o, struct keyslot *slot);
int slot_make(struct keyslot_set *set, const struct options *o, const char *key_file,
	      const struct secret *pass, const struct secret *volume_key);

/* === key slots of this machine's TPM: tpm2.c, tpm2_add.c === */

#define TPM2_NODE	"/dev/tpmrm0"
#define TPM2_DEVICE	"device:" TPM2_NODE	/* default of --tpm2-device */
#define TPM2_CAP_PCR	BOOT_CAP_PCR
#define TPM2_CAP_EVENT	BOOT_CAP_EVENT

struct device;

int tpm2_open(const struct options *o, struct device **tpm);
int tpm2_trouble(const struct device *tpm, int rc, const char *what);
int tpm2_unlock(struct volume *v, const struct options *o, struct secret *key);
int tpm2_slot_make(struct keyslot_set *set, const struct options *o,
		   const struct secret *volume_key);
int tpm2_cap(const struct options *o);
int tpm2_last_epoch(const struct options *o, uint64_t *epoch);

/* === the epochs that this machine's TPM accepts: anchor.c === */

int anchor_begin(struct options *o, const struct volume *v, const struct secret *key);
bool anchor_has(const char *uuid);
void anchor_forget(const char *uuid);
int anchor_renew(const struct options *o, const char *uuid, uint64_t epoch, uint64_t *high);
int anchor_end(const struct options *o, const char *uuid, uint64_t epoch);

/* === volumes that are only named: tab.c === */

#define TAB_PATH	"/etc/rlnctab"

struct tab_entry {
	char *text;			/* what all others point into */
	char *member[RLNC_MAX_MEMBERS];
	int members;
};

int tab_find(const char *path, const char *name, struct tab_entry *e, struct options *o);
void tab_free(struct tab_entry *e);

#define CLEANUP_TAB	CLEANUP(tab_free)

/* === what `open` leaves for `close` and `status`: state.c === */

#define STATE_TLS_WORDS	4	/* authorities, certificate, key, host */

struct state_member {
	char name[4096];	/* as the user wrote it */
	char path[256];		/* block device */
	struct remote remote;
	char tls[STATE_TLS_WORDS][1024];	/* with which to connect it again, or "" */
};

struct state {
	char uuid[UUID_TEXT_MAX];
	unsigned int count;
	struct state_member *member;	/* by index of the member */
	struct state_member *retired;	/* replaced; of those, the ones we connected */
	unsigned int retired_count;
};

int state_init(struct state *s, const char *uuid, unsigned int count);
int state_grow(struct state *s);
int state_replace(struct state *s, unsigned int index, const struct tool_member *m,
		  const struct options *o);
int state_set(struct state_member *to, const struct tool_member *m, const struct options *o);
void state_options(const struct state_member *m, struct options *o);
int state_save(const char *device, const struct state *s);
int state_load(const char *device, struct state *s);
void state_remove(const char *device);
void state_free(struct state *s);

#define CLEANUP_STATE	CLEANUP(state_free)

/* === sub-commands === */

u32 format_default_symbol(u32 k);
int cmd_resize(const struct options *o, int argc, char **argv);
int cmd_wipe(const struct options *o, int argc, char **argv);
int cmd_benchmark(const struct options *o, int argc, char **argv);
int cmd_format(const struct options *o, int argc, char **argv);
int cmd_open(const struct options *o, int argc, char **argv);
int cmd_close(const struct options *o, int argc, char **argv);
int cmd_status(const struct options *o, int argc, char **argv);
int cmd_dump(const struct options *o, int argc, char **argv);
int cmd_key_add(const struct options *o, int argc, char **argv);
int cmd_key_remove(const struct options *o, int argc, char **argv);
int cmd_key_change(const struct options *o, int argc, char **argv);
int cmd_key_sync(const struct options *o, int argc, char **argv);
int cmd_key_list(const struct options *o, int argc, char **argv);
int cmd_key_test(const struct options *o, int argc, char **argv);
int cmd_return(const struct options *o, int argc, char **argv);
int cmd_add(const struct options *o, int argc, char **argv);
int cmd_replace(const struct options *o, int argc, char **argv);
int cmd_scrub(const struct options *o, int argc, char **argv);
int cmd_repair(const struct options *o, int argc, char **argv);
int cmd_header_backup(const struct options *o, int argc, char **argv);
int cmd_header_restore(const struct options *o, int argc, char **argv);
int cmd_fail(const struct options *o, int argc, char **argv);
int cmd_checkpoint(const struct options *o, int argc, char **argv);
int cmd_tpm_epoch(const struct options *o, int argc, char **argv);
int cmd_tpm_cap(const struct options *o, int argc, char **argv);
int cmd_anchor_list(const struct options *o, int argc, char **argv);
int cmd_anchor_remove(const struct options *o, int argc, char **argv);
int move_check_open(const struct options *o, const uint8_t id[UUID_BYTES], int *lock);
int cmd_move_offer(const struct options *o, int argc, char **argv);
int cmd_move_challenge(const struct options *o, int argc, char **argv);
int cmd_move_answer(const struct options *o, int argc, char **argv);
int cmd_move_cancel(const struct options *o, int argc, char **argv);
int cmd_move_freeze(const struct options *o, int argc, char **argv);
int cmd_move_package(const struct options *o, int argc, char **argv);
int cmd_move_accept(const struct options *o, int argc, char **argv);
int cmd_move_destroy(const struct options *o, int argc, char **argv);
int cmd_move_status(const struct options *o, int argc, char **argv);
int cmd_monitor(const struct options *o, int argc, char **argv);

#endif /* RLNCSETUP_H */
