/* SPDX-License-Identifier: GPL-2.0-only */
/* dm-rlnc: generations that are written in order, gathered until they are whole. */
#ifndef DM_RLNC_STAGE_H
#define DM_RLNC_STAGE_H

#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct rlnc_io;
struct rlnc_stage;
struct rlnc_volume;
struct rlnc_writer;

#define RLNC_STAGES	4	/* generations that are gathered at a time */
#define RLNC_STREAMS	8	/* runs of writes that are remembered */

/* Writes of which each begins where the one before ended. */
struct rlnc_stream {
	u64 next;			/* 4 KiB sector of the volume */
	u32 run;			/* sectors without a flush among them */
	u32 used;			/* rlnc_stages.clock when it last went on */
};

struct rlnc_stages {
	spinlock_t lock;		/* protects the streams, count, and each stage's gen */
	struct rlnc_stream stream[RLNC_STREAMS];
	u32 clock;			/* writes that were looked at */
	u32 count;			/* stages in use */
	struct rlnc_stage *stage;	/* RLNC_STAGES of them */
};

int rlnc_stages_init(struct rlnc_volume *v);
void rlnc_stages_exit(struct rlnc_volume *v);
int rlnc_stage_write(struct rlnc_volume *v, struct rlnc_writer *w, struct rlnc_io *leader,
		     bool *taken);
bool rlnc_stage_has(struct rlnc_volume *v, u64 gen);
bool rlnc_stage_read(struct rlnc_io *io, struct rlnc_stage **held);
void rlnc_stage_overlay(struct rlnc_stage *s, struct rlnc_io *io);
int rlnc_stages_settle(struct rlnc_volume *v);
int rlnc_stages_flush(struct rlnc_volume *v);
void rlnc_stages_suspend(struct rlnc_volume *v);

#endif /* DM_RLNC_STAGE_H */
