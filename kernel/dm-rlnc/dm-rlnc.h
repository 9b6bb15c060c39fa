/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dm-rlnc: the private header.  Sections are titled by the file they speak of.
 *
 * Lock order, outermost first:
 *	rlnc_volume.message_mutex
 *	 rlnc_stage.mutex
 *	  rlnc_volume.checkpoint_mutex
 *	   rlnc_packs.mutex
 *	    rlnc_volume.commit_sem
 *	     rlnc_volume.alloc_mutex
 *	       rlnc_node.lock (spin)
 *	         rlnc_volume.node_lock (spin)
 *	rlnc_quick.lock (spin)
 *	  rlnc_round.lock (spin)
 *	rlnc_background.lock (spin), inside checkpoint_mutex
 *	rlnc_history.lock (spin), inside commit_sem; takes nothing
 *	rlnc_volume.member_lock, .lane_lock, rlnc_packs.lock and rlnc_stages.lock (spin) take
 *	nothing inside them; neither does rlnc_events.lock (spin), which is inside all of these.
 */
#ifndef DM_RLNC_H
#define DM_RLNC_H

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/device-mapper.h>
#include <linux/mempool.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/scatterlist.h>
#include <linux/srcu.h>
#include <linux/workqueue.h>
#include <crypto/aead.h>
#include <crypto/hash.h>

#include "disk/log.h"
#include "disk/nonce.h"
#include "disk/super.h"
#include "event.h"
#include "map/geometry.h"
#include "rlnc/rlnc.h"
#include "stat/histogram.h"
#include "rlnc_disk.h"
#include "rlnc_dm.h"
#include "rlnc_log.h"

#include "flight.h"
#include "history.h"
#include "intent_log.h"
#include "mix.h"
#include "node.h"
#include "pack.h"
#include "quick_read.h"
#include "search.h"
#include "stage.h"

#define DM_MSG_PREFIX "rlnc"

struct rlnc_volume;
struct rlnc_io;

#define SECTORS_512_SHIFT	(RLNC_SECTOR_SHIFT - SECTOR_SHIFT)
#define RLNC_SLOT_NONE		(~0ull)
#define RLNC_MAX_FRAGMENT_PAGES	1024	/* n * S: at most 4 MiB */

/* --- table.c: the words of a table line ---------------------------------- */

struct rlnc_table {
	u32 k;
	u32 n;
	const char *key;		/* points into argv */
	char **dev;			/* n words of argv */
	bool allow_discards;
	bool accept_older;
	bool dense;			/* the volume has to be */
	u64 min_epoch;
	u32 cache_mb;
	u32 writes_min;			/* 0: as the superblock says */
	u32 rebuild_kbps;		/* 0: as fast as it goes */
	u32 hedge_ms;			/* 0: by the members' recent latencies */
	u32 deadline_ms;		/* to any request; then the member has failed */
	u32 member_deadline_ms[RLNC_MAX_N];	/* its own, or 0; of a volume: member_lock */
};

int rlnc_table_parse(struct dm_target *ti, unsigned int argc, char **argv,
		     struct rlnc_table *table);

/* --- key.c: the volume key, from a table or a keyring --------------------- */

int rlnc_key_load(const char *word, u8 key[RLNC_VOLUME_KEY_BYTES]);

/* --- crypt.c: AES-256-GCM seals, HMAC and key derivation ------------------ */

struct rlnc_crypt {
	struct crypto_aead *aead;	/* gcm(aes) under the data key */
	struct crypto_aead *log;	/* gcm(aes) under the log key */
	struct crypto_shash *hmac;	/* hmac(sha256) under the superblock key */
	struct crypto_shash *sha;	/* sha256 */
	u8 coeff_key[RLNC_SEED_KEY_SIZE];	/* for the codes of dense generations */
	bool has_key;
	spinlock_t nonce_lock;		/* protects nonces */
	struct rlnc_nonces nonces;
	struct notifier_block vmfork;
};

/* What one sealing or opening needs; part of a generation buffer. */
struct rlnc_crypt_scratch {
	struct aead_request *req;
	struct rlnc_aad aad;
	u8 iv[RLNC_NONCE_BYTES];
	u8 tag[RLNC_TAG_BYTES];
	struct scatterlist src[3];
	struct scatterlist dst[3];
};

int rlnc_crypt_init(struct rlnc_crypt *crypt);
void rlnc_crypt_exit(struct rlnc_crypt *crypt);
int rlnc_crypt_set_key(struct rlnc_crypt *crypt, const u8 *volume_id,
		       const u8 key[RLNC_VOLUME_KEY_BYTES]);
void rlnc_crypt_wipe_key(struct rlnc_crypt *crypt);
int rlnc_crypt_mac(struct rlnc_crypt *crypt, const void *buf, size_t len,
		   u8 mac[RLNC_MAC_BYTES]);
int rlnc_crypt_digest(struct rlnc_crypt *crypt, const void *buf, size_t len, u8 digest[32]);
void rlnc_next_nonce(struct rlnc_crypt *crypt, u8 nonce[RLNC_NONCE_BYTES]);
void rlnc_renew_nonces(struct rlnc_crypt *crypt);
int rlnc_scratch_init(struct rlnc_crypt_scratch *scratch,
		      struct rlnc_crypt *crypt, gfp_t gfp);
void rlnc_scratch_exit(struct rlnc_crypt_scratch *scratch);
int rlnc_seal_sector(struct rlnc_volume *v, struct rlnc_crypt_scratch *scratch,
		     const struct rlnc_place *place, u32 sector, u32 birth,
		     struct page *plain, unsigned int plain_offset,
		     struct page *cipher, struct rlnc_seal *seal);
int rlnc_open_sector(struct rlnc_volume *v, struct rlnc_crypt_scratch *scratch,
		     const struct rlnc_place *place, u32 sector,
		     const struct rlnc_seal *seal, struct page *cipher,
		     struct page *plain);

/* --- latency.c: what the members were asked, and how long they took -------- */

struct rlnc_latency {
	atomic64_t count[HISTOGRAM_BUCKETS];
	atomic_t recent[2][HISTOGRAM_BUCKETS];	/* windows, filled in turn */
	atomic_t taken;			/* answers counted; may wrap */
	u64 recent_p95;			/* ns; 0: not known */
};

enum rlnc_stat_direction {
	RLNC_STAT_READ,
	RLNC_STAT_WRITE,
	RLNC_STAT_DIRECTIONS,
};

struct rlnc_member_stat {
	atomic64_t ios;			/* requests that ended */
	atomic64_t bytes;		/* moved without error */
	atomic64_t errors;
	struct rlnc_latency latency;
};

struct rlnc_member;

void rlnc_latency_record(struct rlnc_latency *latency, u64 ns);
u64 rlnc_latency_recent(const struct rlnc_latency *latency, u32 percent);
u64 rlnc_latency_overall(const struct rlnc_latency *latency, u32 percent);
void rlnc_member_account(struct rlnc_member *m, enum req_op op, u32 bytes, u64 start,
			 blk_status_t status);

/* --- member.c: the backing devices and what is sent to them --------------- */

struct rlnc_member {
	struct dm_dev *dev;		/* NULL: absent */
	u32 index;			/* row of the code */
	u8 state;			/* enum rlnc_disk_member_state; member_lock */
	struct rlnc_member_info info;	/* as the next superblock says it; member_lock */
	u32 incarnation;		/* times it failed, returned, was replaced; member_lock */
	u32 changes;			/* those, and fragments missed; member_lock */
	u32 changes_seen;		/* when the rebuild began; member_lock */
	const char *why;		/* it failed last; static; member_lock */
	atomic_t read_errors;		/* in a row */
	struct page *super_pages;	/* one superblock, contiguous */
	struct rlnc_port *port;		/* of its device */
	bool slow;			/* reads go to others */
	struct block_device *probing;	/* has a probe; may be that of before a replacement */
	u32 probe_ms;			/* from one probe to the next */
	unsigned long probe_sent;	/* the last one: jiffies */
	unsigned long probe_due;	/* the next one, or a look at the last: jiffies */
	unsigned long well_since;	/* jiffies */
	atomic64_t hedged;		/* reads that went to others instead */
	struct rlnc_member_stat stat[RLNC_STAT_DIRECTIONS];
	atomic64_t timeouts;		/* those errors that were one */
	atomic64_t corrected;		/* pages of its fragments found wrong */
	atomic64_t stale_fragments;	/* those that were right once, as far as is known */
};

bool rlnc_member_readable(struct rlnc_volume *v, u32 index, u64 birth);
bool rlnc_member_writable(struct rlnc_volume *v, u32 index);
u32 rlnc_members_writable(struct rlnc_volume *v);
bool rlnc_coverage(struct rlnc_volume *v, u64 epoch, bool present);
void rlnc_member_fail(struct rlnc_volume *v, u32 index, const char *why);
void rlnc_member_missed(struct rlnc_volume *v, u32 index, u64 birth);
int rlnc_member_return(struct rlnc_volume *v, u32 index);
int rlnc_member_check_device(struct rlnc_volume *v, const struct dm_dev *dev);
int rlnc_member_make_stale(struct rlnc_volume *v, struct rlnc_member *m);
char rlnc_member_letter(struct rlnc_volume *v, u32 index);
void rlnc_member_silent(struct rlnc_volume *v, u32 index, struct block_device *bdev);
int rlnc_member_read(struct rlnc_volume *v, struct dm_dev *dev, u64 offset,
		     struct page *pages, u32 count);
u32 rlnc_members_fan(struct rlnc_volume *v, blk_opf_t opf, u64 offset, u32 bytes,
		     const char *why);
void rlnc_member_read_error(struct rlnc_volume *v, u32 index);
void rlnc_member_read_ok(struct rlnc_volume *v, u32 index);

/* --- super.c: superblocks on the members ---------------------------------- */

/* Room for the longest superblock: 255 members, 128 seals a pointer. */
#define RLNC_SUPER_ORDER	3

int rlnc_super_read(struct rlnc_volume *v, struct dm_dev *dev, u64 below,
		    struct rlnc_super *best, enum rlnc_super_error *err);
u32 rlnc_super_write_all(struct rlnc_volume *v, u64 epoch, u64 slots_used,
			 u64 log_slot);

/* --- replace.c, retire.c: another device in a member's place --------------- */

int rlnc_member_replace(struct rlnc_volume *v, u32 index, const char *path,
			const char **retired);
int rlnc_device_clear(struct rlnc_volume *v, struct dm_dev *dev);
const char *rlnc_member_retire(struct rlnc_volume *v, u32 index, const u8 *id);

/* --- codec.c: the code of the volume, and plans for losses ---------------- */

struct rlnc_plan_entry;

struct rlnc_codec {
	struct rlnc_code *code;
	struct rlnc_plan *encode;	/* parity rows from the data symbols, or NULL */
};

int rlnc_codec_make(struct rlnc_volume *v, u32 n, struct rlnc_codec *codec);
void rlnc_codec_free(struct rlnc_codec *codec);
int rlnc_codec_init(struct rlnc_volume *v);
void rlnc_codec_exit(struct rlnc_volume *v);
const struct rlnc_plan *rlnc_codec_plan_kept(struct rlnc_volume *v, const u8 *have,
					     const u16 *want, u32 m,
					     struct rlnc_plan_entry **entry);
const struct rlnc_plan *rlnc_codec_plan(struct rlnc_volume *v, const u8 *have,
					const u16 *want, u32 m,
					struct rlnc_plan_entry **entry);
void rlnc_codec_plan_put(struct rlnc_plan_entry *entry);

/* --- gbuf.c: buffers that hold one generation ----------------------------- */

/*
 * A generation in memory: n fragments of pps pages, and k symbols of
 * plaintext.  Column c is the page c of every fragment; coding works on one
 * column at a time.  A request that is late takes its pages along: the buffer has
 * others in their places from then on.
 *
 * What is encrypted are the symbols.  In a systematic volume they are the first k
 * fragments; in a dense one they have pages of their own, behind the plaintext.
 */
struct rlnc_gbuf {
	struct list_head link;		/* idle list, or a caller's list */
	struct rlnc_volume *v;
	bool meta;			/* which pool it belongs to */
	u32 rows;			/* n when it was made */
	u32 symbols;			/* in page[]: where the first symbol begins */
	struct rlnc_mix *mix;		/* the generation's code; NULL: systematic */
	refcount_t ref;
	struct rlnc_round round;
	struct list_head left;		/* pages taken along, kept for readers */
	DECLARE_BITMAP(have, RLNC_MAX_FRAGMENT_PAGES);	/* pages read without error */
	DECLARE_BITMAP(bad, RLNC_MAX_FRAGMENT_PAGES);	/* I/O error, or seal broken */
	DECLARE_BITMAP(mended, RLNC_MAX_FRAGMENT_PAGES);	/* were wrong, and are counted */
	DECLARE_BITMAP(asked, RLNC_MAX_FRAGMENT_PAGES);	/* by a hedged read */
	DECLARE_BITMAP(more, RLNC_MAX_FRAGMENT_PAGES);	/* that it asks for next */
	DECLARE_BITMAP(row_error, RLNC_MAX_MEMBERS);	/* a write failed, or is late */
	DECLARE_BITMAP(skipped, RLNC_MAX_MEMBERS);	/* not written to */
	u32 *incarnation;		/* rows: of each member when the writing began */
	struct rlnc_crypt_scratch scratch;
	struct rlnc_ptr *ptr;		/* ptr_bytes: the pointer read */
	struct rlnc_ptr *next;		/* ptr_bytes: the pointer being made */
	u64 slot;			/* being written */
	u64 asked_for;			/* bytes that members were asked to read or write */
	struct rlnc_node *node;		/* checkpoint: the node being written */
	struct rlnc_io *reader;		/* whose quick read this is */
	const u8 **in;			/* k and n pointers for the codec */
	u8 **out;
	struct page **plain;		/* k * pps: where plaintext goes; at first, pages of ours */
	struct page *page[];		/* rows * pps fragments, then k * pps plain */
};

int rlnc_gbuf_pools_init(struct rlnc_volume *v);
int rlnc_gbuf_pools_resize(struct rlnc_volume *v, u32 rows);
void rlnc_gbuf_pools_exit(struct rlnc_volume *v);
struct rlnc_gbuf *rlnc_gbuf_get(struct rlnc_volume *v, bool meta, gfp_t gfp);
struct rlnc_gbuf *rlnc_gbuf_try(struct rlnc_volume *v);
void rlnc_gbuf_put(struct rlnc_gbuf *gb);
void rlnc_gbuf_io_begin(struct rlnc_gbuf *gb);
void rlnc_gbuf_io(struct rlnc_gbuf *gb, blk_opf_t opf, u64 slot, u32 row, u32 col,
		  u32 cols);
void rlnc_gbuf_read_soon(struct rlnc_gbuf *gb, u64 slot, u32 row, u32 col, u32 cols);
struct rlnc_flight *rlnc_gbuf_flight(struct rlnc_gbuf *gb, blk_opf_t opf, u64 slot, u32 row,
				     u32 col, u32 cols, gfp_t gfp);
void rlnc_gbuf_io_wait(struct rlnc_gbuf *gb);
void rlnc_gbuf_io_wait_for(struct rlnc_gbuf *gb, bool (*enough)(void *arg), void *arg);
void rlnc_gbuf_io_leave(struct rlnc_gbuf *gb);

/* --- generation.c: load, verify, reconstruct, encode, store --------------- */

int rlnc_generation_load(struct rlnc_volume *v, struct rlnc_gbuf *gb,
			 const struct rlnc_place *place,
			 const struct rlnc_ptr *ptr, u32 first, u32 count);
int rlnc_generation_load_set(struct rlnc_volume *v, struct rlnc_gbuf *gb,
			     const struct rlnc_place *place,
			     const struct rlnc_ptr *ptr, const unsigned long *sectors);
bool rlnc_coded_is_stale(struct rlnc_volume *v, u32 row, u32 col, struct page *wrong,
			 struct page *right);
void rlnc_generation_encode(struct rlnc_volume *v, struct rlnc_gbuf *gb);
void rlnc_generation_encode_column(struct rlnc_volume *v, struct rlnc_gbuf *gb, u32 col,
				   u32 rows);
void rlnc_generation_store_begin(struct rlnc_volume *v, struct rlnc_gbuf *gb);
void rlnc_generation_store_columns(struct rlnc_volume *v, struct rlnc_gbuf *gb, u32 col,
				   u32 cols);
int rlnc_generation_store_end(struct rlnc_volume *v, struct rlnc_gbuf *gb);
void rlnc_generation_missing(struct rlnc_volume *v, const struct rlnc_gbuf *gb,
			     unsigned long *missing);

/* --- slot.c: which slots are in use --------------------------------------- */

int rlnc_slots_init(struct rlnc_volume *v);
void rlnc_slots_resize(struct rlnc_volume *v, u64 slots);
void rlnc_slots_exit(struct rlnc_volume *v);
u64 rlnc_slot_alloc(struct rlnc_volume *v);
u64 rlnc_slot_alloc_meta(struct rlnc_volume *v);
u64 rlnc_slot_try(struct rlnc_volume *v);
int rlnc_slot_reserve(struct rlnc_volume *v, u64 slot);
int rlnc_slot_withhold(struct rlnc_volume *v, u64 slot);
void rlnc_slot_cancel(struct rlnc_volume *v, u64 slot);
struct rlnc_node *rlnc_slot_node(struct rlnc_volume *v, u64 slot);
void rlnc_slot_use(struct rlnc_volume *v, struct rlnc_node *node, u64 slot);
void rlnc_slot_free(struct rlnc_volume *v, struct rlnc_node *node, u64 slot);
void rlnc_slots_release(struct rlnc_volume *v, u32 phase);

/* --- gate.c: holding user I/O back ----------------------------------------- */

struct rlnc_gate {
	struct percpu_ref inside;
	struct completion gone;		/* none is inside any more */
	spinlock_t lock;		/* protects the two below */
	bool closed;
	struct bio_list waiting;
};

int rlnc_gate_init(struct rlnc_gate *gate);
void rlnc_gate_exit(struct rlnc_gate *gate);
bool rlnc_gate_enter(struct rlnc_gate *gate, struct bio *bio);
void rlnc_gate_leave(struct rlnc_gate *gate);
void rlnc_gate_close(struct rlnc_gate *gate);
void rlnc_gate_open(struct rlnc_gate *gate, struct bio_list *bios);

/* --- add.c: one member more ----------------------------------------------- */

#define RLNC_SPARE_MEMBERS	8	/* that an activation has room for */

int rlnc_member_add(struct rlnc_volume *v, const char *path);

/* --- grow.c: making a volume larger --------------------------------------- */

int rlnc_grow_check(struct rlnc_volume *v);
int rlnc_grow(struct rlnc_volume *v);

/* --- commit.c: moving a pointer ------------------------------------------------ */

/* A pointer of the map tree that changes, and the nodes that this touches. */
struct rlnc_commit {
	u64 gen;
	struct rlnc_ptr *old;		/* ptr_bytes; filled in by prepare */
	struct rlnc_ptr *new;		/* ptr_bytes; birth 0 unmaps */
	u32 first;			/* seals that differ from those of old */
	u32 count;
	const struct rlnc_gbuf *stored;	/* what was written, or NULL */
	u64 birth;			/* epoch that it was coded for, or 0 */
	bool held;			/* commit_sem is, by the caller */
	const unsigned long *missing;	/* or else: members without a fragment, or NULL */
	struct rlnc_node *leaf;		/* pinned: holds the pointer */
	struct rlnc_node *old_space;	/* pinned: covers the old slot, if mapped */
};

int rlnc_commit_prepare(struct rlnc_volume *v, struct rlnc_commit *c);
int rlnc_commit(struct rlnc_volume *v, struct rlnc_commit *c);
void rlnc_commit_end(struct rlnc_volume *v, struct rlnc_commit *c);

/* --- walk.c, repair.c, background.c -------------------------------------------- */

struct rlnc_walk {
	int (*visit)(struct rlnc_volume *v, void *arg, const struct rlnc_place *place,
		     const struct rlnc_ptr *ptr);
	/* Leave this generation out, and all below it; may be NULL. */
	bool (*skip)(struct rlnc_volume *v, void *arg, const struct rlnc_ptr *ptr);
	/* The node visited last cannot be read: 0 goes on without what is below it. */
	int (*unreadable)(struct rlnc_volume *v, void *arg, int error);
	void *arg;
	u64 from;			/* first generation of the map tree */
};

int rlnc_walk(struct rlnc_volume *v, const struct rlnc_walk *walk);
int rlnc_rebuild_generation(struct rlnc_volume *v, const struct rlnc_place *place);
int rlnc_scrub_generation(struct rlnc_volume *v, const struct rlnc_place *place);
void rlnc_write_back(struct rlnc_volume *v, struct rlnc_gbuf *gb,
		     const struct rlnc_ptr *ptr, const unsigned long *pages);

enum rlnc_scrub_end {
	RLNC_SCRUB_NONE,		/* in this activation, or since one was asked for */
	RLNC_SCRUB_FINISHED,
	RLNC_SCRUB_FAILED,		/* it came to its end, but not all could be mended */
	RLNC_SCRUB_STOPPED,		/* abandoned, or the volume takes no more writes */
};

struct rlnc_background {
	struct workqueue_struct *wq;
	struct work_struct work;
	wait_queue_head_t wait;
	bool stop;
	bool rebuild_given_up;		/* until something changes */
	spinlock_t lock;		/* protects changes of the four below */
	bool scrub_wanted;		/* and has not ended */
	enum rlnc_scrub_end scrub_end;	/* of the last one */
	u32 kind;			/* enum rlnc_disk_work */
	u64 done;			/* generations of the map tree; as it goes, without it */
	u64 mended;
	u64 errors;
	u64 lost;			/* that a rebuild has passed over */
	bool passed_over;		/* what was visited last is one of them */
	bool in_map;			/* it is a generation or a node of the map */
	u64 failed_in_map;		/* how many such are in errors and lost */
	u64 debt;			/* bytes asked of members since the last pause */
	unsigned long next_word;	/* jiffies: of progress */
};

/* All of one moment. */
struct rlnc_background_state {
	u32 kind;			/* enum rlnc_disk_work */
	u64 done;
	enum rlnc_scrub_end scrub_end;
};

int rlnc_background_init(struct rlnc_volume *v);
void rlnc_background_exit(struct rlnc_volume *v);
void rlnc_background_resume(struct rlnc_volume *v, bool same);
void rlnc_background_start(struct rlnc_volume *v);
void rlnc_background_stop(struct rlnc_volume *v);
void rlnc_background_kick(struct rlnc_volume *v);
void rlnc_scrub(struct rlnc_volume *v, bool wanted);
u64 rlnc_background_done(struct rlnc_volume *v, u32 *kind);
const char *rlnc_work_name(u32 kind);
u64 rlnc_work_failures(const struct rlnc_volume *v);
const char *rlnc_scrub_end_name(enum rlnc_scrub_end end);
void rlnc_background_state(struct rlnc_volume *v, struct rlnc_background_state *state);

/* --- checkpoint.c ---------------------------------------------------------- */

int rlnc_checkpoint_init(struct rlnc_volume *v);
void rlnc_checkpoint_suspend(struct rlnc_volume *v);
void rlnc_checkpoint_resume(struct rlnc_volume *v);
int rlnc_checkpoint_locked(struct rlnc_volume *v);
void rlnc_checkpoint_exit(struct rlnc_volume *v);
int rlnc_checkpoint(struct rlnc_volume *v);
int rlnc_flush(struct rlnc_volume *v);
void rlnc_checkpoint_flush(struct rlnc_volume *v, struct bio *bio);
void rlnc_volume_stop(struct rlnc_volume *v, const char *why);

/* --- map.c, read.c, write.c: the user's I/O -------------------------------- */

/*
 * Per-bio data.  Writes to one generation form a lane: the first is its leader
 * and is being worked on; later ones wait on it, and are taken together when it
 * is done.  A merge is a write without a bio, which changes nothing but where the
 * generation lies.
 */
struct rlnc_io {
	struct rlnc_volume *v;
	struct bio *bio;		/* NULL: a merge */
	struct completion *merged;
	int error;			/* of the merge */
	struct work_struct work;
	u64 start;			/* ns; 0: nobody wants to know */
	u64 gen;
	u32 first;			/* 4 KiB sector within the generation */
	u32 count;
	struct hlist_node lane;		/* lane_lock; leaders only */
	struct list_head link;		/* on a batch, or waiting, or of quick reads */
	struct list_head batch;		/* what the leader works on; itself included */
	struct list_head waiting;	/* lane_lock */
	/* Of a quick read: */
	struct rlnc_gbuf *gb;
	int section;			/* of readers */
	unsigned long since;		/* jiffies */
	u8 asked;			/* members */
	u8 rows[RLNC_QUICK_MAX_K];	/* which */
};

int rlnc_map(struct dm_target *ti, struct bio *bio);
int rlnc_end_io(struct dm_target *ti, struct bio *bio, blk_status_t *error);
void rlnc_map_reopen(struct rlnc_volume *v);
void rlnc_lane_take(struct rlnc_io *io);
void rlnc_lane_done(struct rlnc_io *io);
bool rlnc_lane_enter(struct rlnc_io *io);
void rlnc_read(struct rlnc_io *io);
void rlnc_read_later(struct rlnc_io *io);
void rlnc_read_into_bio(struct rlnc_gbuf *gb, struct bio *bio, u32 first);
void rlnc_read_end(struct rlnc_io *io, struct rlnc_gbuf *gb, int ret);
void rlnc_write(struct rlnc_io *io);
int rlnc_write_batch(struct rlnc_writer *w, struct rlnc_io *leader);
struct rlnc_writer *rlnc_writer_get(struct rlnc_volume *v);
void rlnc_writer_put(struct rlnc_volume *v, struct rlnc_writer *w);
int rlnc_writers_init(struct rlnc_volume *v);
int rlnc_seal_from_bio(struct rlnc_volume *v, struct rlnc_crypt_scratch *scratch,
		       const struct rlnc_place *place, u32 sector, u32 birth,
		       struct bio *bio, struct bvec_iter *iter, struct rlnc_gbuf *gb);
blk_status_t rlnc_blk_status(int ret);

/* --- ctr.c, activate.c, message.c, status.c -------------------------------- */

#define RLNC_LANE_BITS	8

struct rlnc_volume {
	struct dm_target *ti;
	struct rlnc_table opt;		/* key and dev are not kept */
	struct mutex message_mutex;	/* one message at a time, none beside suspending */
	const char *answer;		/* to the message; static, or NULL: message_mutex */
	bool running;			/* from preresume to postsuspend: message_mutex */
	struct rlnc_super *sb;		/* of the last checkpoint */
	struct rlnc_super *check_sb;	/* working memory: checkpoint_mutex */
	struct rlnc_geometry geo;
	u32 k;
	u32 n;				/* changes with the gate and commits held off */
	u32 pps;			/* pages of a symbol */
	bool dense;
	u32 writes_min;
	char *key_word;			/* as `dmsetup table` shows it */
	u32 members_room;		/* the arrays below have room for */
	struct dm_dev **devs;		/* n, in the order of the table */
	struct dm_dev **retired;	/* n: replaced, but I/O may still be at them */
	struct page **retired_pages;	/* n: and may still write these */
	struct dm_dev *abandoned[RLNC_SPARE_MEMBERS];	/* not added: they do not answer */
	u32 abandoned_count;

	struct rlnc_member *member;	/* n, by index */
	spinlock_t member_lock;		/* protects the members' states */
	bool members_changed;		/* not as the superblocks say: member_lock */

	struct rlnc_crypt crypt;

	/* codec.c */
	struct rlnc_codec codec;
	spinlock_t plan_lock;		/* protects plans */
	struct list_head plans;		/* most recently used first */
	u32 plan_count;

	/* flight.c, hedge.c */
	struct bio_set bios;
	struct rlnc_port *port;		/* 2 members_room: theirs, and of their replacements */
	atomic_t flights;		/* requests that have not ended */
	u64 hedge_ns;			/* as last reviewed */
	unsigned long hedge_due;	/* jiffies */

	/* gbuf.c */
	u32 gbuf_rows;			/* of buffers made now */
	atomic64_t gbuf_pages;		/* of all that there are */
	mempool_t *data_pool;
	mempool_t *meta_pool;
	spinlock_t idle_lock;		/* protects the two below */
	struct list_head idle;
	u32 idle_count;

	/* cache.c, node.c */
	struct rlnc_tree_shape shape[RLNC_TREES];
	spinlock_t node_lock;		/* protects the cache, roots and slot counts */
	struct hlist_head *node_hash;
	struct list_head node_lru;	/* oldest first */
	struct list_head dirty[RLNC_TREES][RLNC_MAX_LEVELS + 1];
	struct rlnc_cache cache;
	u32 nodes_dirty;
	wait_queue_head_t node_wait;
	struct rlnc_ptr *root[RLNC_TREES];	/* one after the other: node_lock */

	/* slot.c; counters under node_lock */
	struct mutex alloc_mutex;	/* protects the cursor */
	struct rlnc_node *cursor_node;	/* pinned */
	u64 cursor;
	u64 slots;
	u64 slots_used;			/* bits set in the space tree */
	u64 slots_busy;			/* allocated or freed, not settled */
	u64 slots_reserved;
	struct list_head freed[2];	/* node_lock: nodes with freed slots, by phase */

	/* checkpoint.c */
	struct mutex checkpoint_mutex;
	struct rw_semaphore commit_sem;	/* read: move a pointer; write: freeze */
	u64 birth;			/* epoch being built: commit_sem */
	u32 phase;			/* birth & 1 */
	bool assigning;			/* commit_sem held for write */
	bool suspended;			/* checkpoint_mutex */
	struct srcu_struct readers;	/* readers of slots */
	struct rlnc_log log;
	struct rlnc_packs packs;
	struct rlnc_stages stages;
	struct rlnc_history history;
	struct rlnc_background bg;
	struct workqueue_struct *checkpoint_wq;
	struct work_struct flush_work;
	struct delayed_work timer_work;
	spinlock_t flush_lock;		/* protects flushes */
	struct bio_list flushes;
	const char *stopped;		/* why no more writes are taken, or NULL */

	/* map.c */
	struct rlnc_gate gate;
	struct workqueue_struct *io_wq;
	struct rlnc_quick quick;
	spinlock_t lane_lock;		/* protects lanes, and who waits in them */
	struct hlist_head lanes[1 << RLNC_LANE_BITS];
	mempool_t writers;		/* write.c's working memory */

	struct rlnc_events events;
	struct list_head registered;	/* registry.c */
	struct list_head claimed;	/* registry.c */
	struct rlnc_sysfs *sysfs;	/* its folder, or NULL */

	bool tried;			/* to activate; a failure may leave things half done */
	bool active;
	atomic64_t corrected;
	atomic64_t unrecoverable;
	atomic64_t auth_failures;
	atomic64_t stale_fragments;	/* pages that were right once, as far as is known */
	atomic64_t hedged;
};

int rlnc_ctr(struct dm_target *ti, unsigned int argc, char **argv);
void rlnc_dtr(struct dm_target *ti);
int rlnc_identify(struct rlnc_volume *v, const u8 *key);
int rlnc_activate(struct rlnc_volume *v);
int rlnc_message(struct dm_target *ti, unsigned int argc, char **argv,
		 char *result, unsigned int maxlen);
void rlnc_status(struct dm_target *ti, status_type_t type, unsigned int flags,
		 char *result, unsigned int maxlen);

/* "253:3" and the like, for messages. */
static inline const char *rlnc_name(const struct rlnc_volume *v)
{
	return dm_device_name(dm_table_get_md(v->ti->table));
}

static inline struct page *rlnc_fragment_page(const struct rlnc_gbuf *gb,
					      u32 row, u32 col)
{
	return gb->page[row * gb->v->pps + col];
}

static inline struct page *rlnc_symbol_page(const struct rlnc_gbuf *gb, u32 row, u32 col)
{
	return gb->page[gb->symbols + row * gb->v->pps + col];
}

static inline struct page *rlnc_plain_page(const struct rlnc_gbuf *gb, u32 sector)
{
	return gb->plain[sector];
}

/* Where a sector of a generation lies: symbol (row) and page of it (column). */
static inline u32 rlnc_row(const struct rlnc_volume *v, u32 sector)
{
	return sector / v->pps;
}

static inline u32 rlnc_col(const struct rlnc_volume *v, u32 sector)
{
	return sector % v->pps;
}

/* Of the user's data: where on the volume a sector of a generation is, in 512 bytes. */
static inline u64 rlnc_volume_sector(const struct rlnc_volume *v, u64 index, u32 sector)
{
	return (index * v->geo.seals + sector) << SECTORS_512_SHIFT;
}

static inline bool rlnc_seal_is_zero(const struct rlnc_seal *seal)
{
	return !memchr_inv(seal, 0, sizeof(*seal));
}

/* Does this stand for a sector in a pack?  A used nonce is never all zero. */
static inline bool rlnc_seal_is_packed(const struct rlnc_seal *seal)
{
	return seal->birth == cpu_to_le32(RLNC_PACKED_MARK) &&
	       !memchr_inv(seal->nonce, 0, sizeof(seal->nonce));
}

#endif /* DM_RLNC_H */
