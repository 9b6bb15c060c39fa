/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dm-rlnc: tracepoints, /sys/kernel/tracing/events/rlnc/.  Documentation/dm-rlnc.rst
 * says when each is hit.  dev is the volume's; tree, level and index name a
 * generation as its seals bind it; a sector is one of 4 KiB within it.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM rlnc

#if !defined(DM_RLNC_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define DM_RLNC_TRACE_H

#include <linux/tracepoint.h>
#include "dm-rlnc.h"

TRACE_DEFINE_ENUM(RLNC_EVENT_MEMBER_FAILED);
TRACE_DEFINE_ENUM(RLNC_EVENT_MEMBER_STALE);
TRACE_DEFINE_ENUM(RLNC_EVENT_MEMBER_RETURNED);
TRACE_DEFINE_ENUM(RLNC_EVENT_MEMBER_REPLACED);
TRACE_DEFINE_ENUM(RLNC_EVENT_MEMBER_REBUILT);
TRACE_DEFINE_ENUM(RLNC_EVENT_WORK_STARTED);
TRACE_DEFINE_ENUM(RLNC_EVENT_WORK_PROGRESS);
TRACE_DEFINE_ENUM(RLNC_EVENT_WORK_FINISHED);
TRACE_DEFINE_ENUM(RLNC_EVENT_WORK_STOPPED);

#define rlnc_show_op(op)						\
	__print_symbolic(op,						\
		{ (__force u32)REQ_OP_READ, "read" },		\
		{ (__force u32)REQ_OP_WRITE, "write" },		\
		{ (__force u32)REQ_OP_FLUSH, "flush" },		\
		{ (__force u32)REQ_OP_DISCARD, "discard" },		\
		{ (__force u32)REQ_OP_WRITE_ZEROES, "write_zeroes" })

#define rlnc_show_event(event)						\
	__print_symbolic(event,						\
		{ RLNC_EVENT_MEMBER_FAILED,	"failed" },		\
		{ RLNC_EVENT_MEMBER_STALE,	"stale" },		\
		{ RLNC_EVENT_MEMBER_RETURNED,	"returned" },		\
		{ RLNC_EVENT_MEMBER_REPLACED,	"replaced" },		\
		{ RLNC_EVENT_MEMBER_REBUILT,	"rebuilt" },		\
		{ RLNC_EVENT_WORK_STARTED,	"started" },		\
		{ RLNC_EVENT_WORK_PROGRESS,	"progress" },		\
		{ RLNC_EVENT_WORK_FINISHED,	"finished" },		\
		{ RLNC_EVENT_WORK_STOPPED,	"stopped" })

#ifndef RLNC_TRACE_HELPERS
#define RLNC_TRACE_HELPERS
static inline dev_t rlnc_trace_dev(const struct rlnc_volume *v)
{
	return disk_devt(dm_disk(dm_table_get_md(v->ti->table)));
}
#endif

/* --- the user's I/O --------------------------------------------------------- */

TRACE_EVENT(rlnc_io_begin,
	TP_PROTO(const struct rlnc_io *io),
	TP_ARGS(io),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, gen)
		__field(u32, first)
		__field(u32, count)
		__field(u8, op)
	),
	TP_fast_assign(
		__entry->dev = rlnc_trace_dev(io->v);
		__entry->gen = io->gen;
		__entry->first = io->first;
		__entry->count = io->count;
		__entry->op = (__force u32)(io->count ? bio_op(io->bio) : REQ_OP_FLUSH);
	),
	TP_printk("dev=%d:%d op=%s gen=%llu sector=%u count=%u",
		  MAJOR(__entry->dev), MINOR(__entry->dev), rlnc_show_op(__entry->op),
		  __entry->gen, __entry->first, __entry->count)
);

TRACE_EVENT(rlnc_io_end,
	TP_PROTO(const struct rlnc_io *io, blk_status_t status),
	TP_ARGS(io, status),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, gen)
		__field(u64, us)
		__field(int, error)
		__field(u32, first)
		__field(u32, count)
		__field(u8, op)
	),
	TP_fast_assign(
		__entry->dev = rlnc_trace_dev(io->v);
		__entry->gen = io->gen;
		/* Begun before the tracepoint was on: not known. */
		__entry->us = io->start ? div_u64(ktime_get_ns() - io->start, 1000) : 0;
		__entry->error = blk_status_to_errno(status);
		__entry->first = io->first;
		__entry->count = io->count;
		__entry->op = (__force u32)(io->count ? bio_op(io->bio) : REQ_OP_FLUSH);
	),
	TP_printk("dev=%d:%d op=%s gen=%llu sector=%u count=%u latency_us=%llu error=%d",
		  MAJOR(__entry->dev), MINOR(__entry->dev), rlnc_show_op(__entry->op),
		  __entry->gen, __entry->first, __entry->count, __entry->us, __entry->error)
);

/* --- members ------------------------------------------------------------------ */

TRACE_EVENT(rlnc_read_hedged,
	TP_PROTO(const struct rlnc_volume *v, const struct rlnc_place *place, u64 ns),
	TP_ARGS(v, place, ns),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, index)
		__field(u64, us)
		__field(u8, tree)
		__field(u8, level)
	),
	TP_fast_assign(
		__entry->dev = rlnc_trace_dev(v);
		__entry->index = place->index;
		__entry->us = div_u64(ns, 1000);
		__entry->tree = place->tree;
		__entry->level = place->level;
	),
	TP_printk("dev=%d:%d tree=%u level=%u index=%llu waited_us=%llu",
		  MAJOR(__entry->dev), MINOR(__entry->dev), __entry->tree, __entry->level,
		  __entry->index, __entry->us)
);

TRACE_EVENT(rlnc_member_late,
	TP_PROTO(const struct rlnc_volume *v, u32 member),
	TP_ARGS(v, member),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u32, member)
	),
	TP_fast_assign(
		__entry->dev = rlnc_trace_dev(v);
		__entry->member = member;
	),
	TP_printk("dev=%d:%d member=%u", MAJOR(__entry->dev), MINOR(__entry->dev),
		  __entry->member)
);

TRACE_EVENT(rlnc_member_error,
	TP_PROTO(const struct rlnc_flight *f),
	TP_ARGS(f),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, us)
		__field(int, error)
		__field(u32, member)
		__field(u32, bytes)
		__field(u8, op)
	),
	TP_fast_assign(
		__entry->dev = rlnc_trace_dev(f->v);
		__entry->us = div_u64(ktime_get_ns() - f->start, 1000);
		__entry->error = blk_status_to_errno(f->bio.bi_status);
		__entry->member = f->m->index;
		__entry->bytes = f->bytes;
		__entry->op = (__force u32)bio_op(&f->bio);
	),
	TP_printk("dev=%d:%d member=%u op=%s bytes=%u latency_us=%llu error=%d",
		  MAJOR(__entry->dev), MINOR(__entry->dev), __entry->member,
		  rlnc_show_op(__entry->op), __entry->bytes, __entry->us, __entry->error)
);

TRACE_EVENT(rlnc_member_state,
	TP_PROTO(const struct rlnc_volume *v, u32 event, u32 member, u64 valid_through,
		 const char *reason),
	TP_ARGS(v, event, member, valid_through, reason),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, valid_through)
		__field(u32, event)
		__field(u32, member)
		__string(reason, reason ? reason : "")
	),
	TP_fast_assign(
		__entry->dev = rlnc_trace_dev(v);
		__entry->valid_through = valid_through;
		__entry->event = event;
		__entry->member = member;
		__assign_str(reason, reason ? reason : "");
	),
	TP_printk("dev=%d:%d member=%u event=%s valid_through=%lld reason=\"%s\"",
		  MAJOR(__entry->dev), MINOR(__entry->dev), __entry->member,
		  rlnc_show_event(__entry->event), (s64)__entry->valid_through,
		  __get_str(reason))
);

/* --- generations ----------------------------------------------------------------- */

TRACE_EVENT(rlnc_seal,
	TP_PROTO(const struct rlnc_volume *v, const struct rlnc_place *place, u32 sector,
		 u32 birth),
	TP_ARGS(v, place, sector, birth),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, index)
		__field(u32, sector)
		__field(u32, birth)
		__field(u8, tree)
		__field(u8, level)
	),
	TP_fast_assign(
		__entry->dev = rlnc_trace_dev(v);
		__entry->index = place->index;
		__entry->sector = sector;
		__entry->birth = birth;
		__entry->tree = place->tree;
		__entry->level = place->level;
	),
	TP_printk("dev=%d:%d tree=%u level=%u index=%llu sector=%u birth=%u",
		  MAJOR(__entry->dev), MINOR(__entry->dev), __entry->tree, __entry->level,
		  __entry->index, __entry->sector, __entry->birth)
);

TRACE_EVENT(rlnc_encode,
	TP_PROTO(const struct rlnc_volume *v, u64 slot, u32 col, u32 cols),
	TP_ARGS(v, slot, col, cols),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, slot)
		__field(u32, col)
		__field(u32, cols)
	),
	TP_fast_assign(
		__entry->dev = rlnc_trace_dev(v);
		__entry->slot = slot;
		__entry->col = col;
		__entry->cols = cols;
	),
	TP_printk("dev=%d:%d slot=%lld column=%u count=%u",
		  MAJOR(__entry->dev), MINOR(__entry->dev), (s64)__entry->slot,
		  __entry->col, __entry->cols)
);

TRACE_EVENT(rlnc_sector_wrong,
	TP_PROTO(const struct rlnc_volume *v, const struct rlnc_place *place, u32 sector,
		 u32 member),
	TP_ARGS(v, place, sector, member),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, index)
		__field(u32, sector)
		__field(u32, member)
		__field(u8, tree)
		__field(u8, level)
	),
	TP_fast_assign(
		__entry->dev = rlnc_trace_dev(v);
		__entry->index = place->index;
		__entry->sector = sector;
		__entry->member = member;
		__entry->tree = place->tree;
		__entry->level = place->level;
	),
	TP_printk("dev=%d:%d tree=%u level=%u index=%llu sector=%u member=%u",
		  MAJOR(__entry->dev), MINOR(__entry->dev), __entry->tree, __entry->level,
		  __entry->index, __entry->sector, __entry->member)
);

TRACE_EVENT(rlnc_corrected,
	TP_PROTO(const struct rlnc_volume *v, const struct rlnc_place *place, u32 pages,
		 const unsigned long *members),
	TP_ARGS(v, place, pages, members),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, index)
		__field(u32, pages)
		__field(u8, tree)
		__field(u8, level)
		__bitmask(members, v->n)
	),
	TP_fast_assign(
		__entry->dev = rlnc_trace_dev(v);
		__entry->index = place->index;
		__entry->pages = pages;
		__entry->tree = place->tree;
		__entry->level = place->level;
		__assign_bitmask(members, members, v->n);
	),
	TP_printk("dev=%d:%d tree=%u level=%u index=%llu pages=%u members=%s",
		  MAJOR(__entry->dev), MINOR(__entry->dev), __entry->tree, __entry->level,
		  __entry->index, __entry->pages, __get_bitmask(members))
);

/* --- packs and the intent log --------------------------------------------------------- */

TRACE_EVENT(rlnc_pack_seal,
	TP_PROTO(const struct rlnc_volume *v, u64 number, const struct rlnc_pack_run *r),
	TP_ARGS(v, number, r),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, number)
		__field(u64, gen)
		__field(u32, first)
		__field(u32, count)
		__field(u32, position)
	),
	TP_fast_assign(
		__entry->dev = rlnc_trace_dev(v);
		__entry->number = number;
		__entry->gen = r->gen;
		__entry->first = r->first;
		__entry->count = r->count;
		__entry->position = r->position;
	),
	TP_printk("dev=%d:%d pack=%llu position=%u gen=%llu sector=%u count=%u",
		  MAJOR(__entry->dev), MINOR(__entry->dev), __entry->number,
		  __entry->position, __entry->gen, __entry->first, __entry->count)
);

TRACE_EVENT(rlnc_pack_flush,
	TP_PROTO(const struct rlnc_volume *v, u64 number, u64 slot, u32 col, u32 cols),
	TP_ARGS(v, number, slot, col, cols),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, number)
		__field(u64, slot)
		__field(u32, col)
		__field(u32, cols)
	),
	TP_fast_assign(
		__entry->dev = rlnc_trace_dev(v);
		__entry->number = number;
		__entry->slot = slot;
		__entry->col = col;
		__entry->cols = cols;
	),
	TP_printk("dev=%d:%d pack=%llu slot=%llu column=%u count=%u",
		  MAJOR(__entry->dev), MINOR(__entry->dev), __entry->number,
		  __entry->slot, __entry->col, __entry->cols)
);

TRACE_EVENT(rlnc_pack_merge,
	TP_PROTO(const struct rlnc_volume *v, u64 number, int error),
	TP_ARGS(v, number, error),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, number)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->dev = rlnc_trace_dev(v);
		__entry->number = number;
		__entry->error = error;
	),
	TP_printk("dev=%d:%d pack=%llu error=%d", MAJOR(__entry->dev),
		  MINOR(__entry->dev), __entry->number, __entry->error)
);

TRACE_EVENT(rlnc_stage_end,
	TP_PROTO(const struct rlnc_volume *v, u64 gen, u32 count, int error),
	TP_ARGS(v, gen, count, error),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, gen)
		__field(u32, count)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->dev = rlnc_trace_dev(v);
		__entry->gen = gen;
		__entry->count = count;
		__entry->error = error;
	),
	TP_printk("dev=%d:%d gen=%llu count=%u error=%d", MAJOR(__entry->dev),
		  MINOR(__entry->dev), __entry->gen, __entry->count, __entry->error)
);

TRACE_EVENT(rlnc_log_record,
	TP_PROTO(const struct rlnc_volume *v, u64 seq, u64 slot, u32 col, u32 bytes,
		 int error),
	TP_ARGS(v, seq, slot, col, bytes, error),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, seq)
		__field(u64, slot)
		__field(u32, col)
		__field(u32, bytes)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->dev = rlnc_trace_dev(v);
		__entry->seq = seq;
		__entry->slot = slot;
		__entry->col = col;
		__entry->bytes = bytes;
		__entry->error = error;
	),
	TP_printk("dev=%d:%d record=%llu slot=%llu column=%u bytes=%u error=%d",
		  MAJOR(__entry->dev), MINOR(__entry->dev), __entry->seq, __entry->slot,
		  __entry->col, __entry->bytes, __entry->error)
);

/* --- checkpoints ------------------------------------------------------------------------ */

TRACE_EVENT(rlnc_checkpoint_begin,
	TP_PROTO(const struct rlnc_volume *v),
	TP_ARGS(v),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, epoch)
		__field(u32, dirty)
	),
	TP_fast_assign(
		__entry->dev = rlnc_trace_dev(v);
		__entry->epoch = v->birth;
		__entry->dirty = v->nodes_dirty;
	),
	TP_printk("dev=%d:%d epoch=%llu dirty=%u", MAJOR(__entry->dev),
		  MINOR(__entry->dev), __entry->epoch, __entry->dirty)
);

TRACE_EVENT(rlnc_checkpoint_end,
	TP_PROTO(const struct rlnc_volume *v, u64 epoch, u32 nodes, int error),
	TP_ARGS(v, epoch, nodes, error),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, epoch)
		__field(u32, nodes)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->dev = rlnc_trace_dev(v);
		__entry->epoch = epoch;
		__entry->nodes = nodes;
		__entry->error = error;
	),
	TP_printk("dev=%d:%d epoch=%llu nodes=%u error=%d", MAJOR(__entry->dev),
		  MINOR(__entry->dev), __entry->epoch, __entry->nodes, __entry->error)
);

/* --- rebuild and scrub ----------------------------------------------------------------- */

TRACE_EVENT(rlnc_work,
	TP_PROTO(const struct rlnc_volume *v, u32 event, const char *work),
	TP_ARGS(v, event, work),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, done)
		__field(u64, total)
		__field(u64, mended)
		__field(u64, errors)
		__field(u32, event)
		__string(work, work)
	),
	TP_fast_assign(
		__entry->dev = rlnc_trace_dev(v);
		__entry->done = v->bg.done;
		__entry->total = v->shape[RLNC_TREE_MAP].count[0];
		__entry->mended = v->bg.mended;
		__entry->errors = v->bg.errors;
		__entry->event = event;
		__assign_str(work, work);
	),
	TP_printk("dev=%d:%d work=%s event=%s done=%llu total=%llu mended=%llu errors=%llu",
		  MAJOR(__entry->dev), MINOR(__entry->dev), __get_str(work),
		  rlnc_show_event(__entry->event), __entry->done, __entry->total,
		  __entry->mended, __entry->errors)
);

#endif /* DM_RLNC_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
