/* SPDX-License-Identifier: GPL-2.0-only */
/* dm-rlnc: the intent log, which makes flushes cheap between two checkpoints. */
#ifndef DM_RLNC_INTENT_LOG_H
#define DM_RLNC_INTENT_LOG_H

#include <linux/scatterlist.h>
#include <linux/spinlock.h>
#include <crypto/aead.h>

#include "rlnc_disk.h"
#include "rlnc_log.h"

struct rlnc_gbuf;
struct rlnc_volume;

#define RLNC_LOG_SLOTS		64	/* of one epoch */
#define RLNC_LOG_RECORDS	16	/* that one flush may write */

struct rlnc_log_slots {
	u32 count;
	u64 slot[RLNC_LOG_SLOTS];
};

/* Changes committed since the last flush, laid out as records. */
struct rlnc_log_notes {
	u8 *buf;
	u32 records;
	u32 len[RLNC_LOG_RECORDS];
	bool overflow;			/* some were not noted: a checkpoint must do */
};

/* Memory for the crypto API. */
struct rlnc_log_scratch {
	struct scatterlist sg[3];
	struct rlnc_log_aad aad;
	u8 iv[RLNC_NONCE_BYTES];
	u8 tag[RLNC_TAG_BYTES];
};

struct rlnc_log {
	spinlock_t lock;		/* protects the notes being taken */
	struct rlnc_log_notes notes[2];
	u32 current_notes;
	/* Below: checkpoint_mutex. */
	u64 slot;			/* of the next record; none: log not usable */
	u32 col;
	u64 next_slot;
	u64 seq;
	u32 slots;
	u64 used[RLNC_LOG_SLOTS];
	struct aead_request *req;
	struct rlnc_log_scratch *scratch;
};

int rlnc_log_init(struct rlnc_volume *v);
void rlnc_log_exit(struct rlnc_volume *v);
void rlnc_log_note(struct rlnc_volume *v, u64 gen, const struct rlnc_ptr *ptr,
		   u32 first, u32 count);
void rlnc_log_note_pack(struct rlnc_volume *v, u64 number, const struct rlnc_ptr *ptr,
			u32 position, u32 count, u64 owner);
int rlnc_log_flush(struct rlnc_volume *v);
u64 rlnc_log_restart(struct rlnc_volume *v, struct rlnc_log_slots *old);
void rlnc_log_release(struct rlnc_volume *v, const struct rlnc_log_slots *old);
int rlnc_log_replay(struct rlnc_volume *v);

/* Of those who write records, and those who read them. */
static inline void rlnc_log_clear(struct rlnc_log_notes *notes)
{
	notes->records = 0;
	notes->overflow = false;
}

struct rlnc_log_trailer *rlnc_log_trailer_of(struct rlnc_gbuf *gb, u32 row, u32 col);
int rlnc_log_crypt(struct rlnc_volume *v, struct rlnc_gbuf *gb, u32 row, u32 col, u64 seq,
		   bool encrypt);

#endif /* DM_RLNC_INTENT_LOG_H */
