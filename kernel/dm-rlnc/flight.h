/* SPDX-License-Identifier: GPL-2.0-only */
/* dm-rlnc: requests to members, for how long they are waited for, and hedged reads. */
#ifndef DM_RLNC_FLIGHT_H
#define DM_RLNC_FLIGHT_H

#include <linux/bio.h>
#include <linux/device-mapper.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

struct rlnc_gbuf;
struct rlnc_member;
struct rlnc_place;
struct rlnc_ptr;
struct rlnc_volume;

/* --- flight.c: requests to members, and who waits for them ------------------ */

/* What is under way to one device. */
struct rlnc_port {
	atomic_t flights;
	atomic_t writes;		/* those that are no reads */
	wait_queue_head_t room;
};

struct rlnc_flight {
	struct list_head link;		/* of its round, or of those that are late */
	struct rlnc_volume *v;
	struct rlnc_round *round;
	struct rlnc_member *m;		/* NULL: not known which */
	struct rlnc_port *port;		/* with the member */
	struct block_device *bdev;
	atomic_t state;			/* who sees to its end */
	bool writes;
	bool probe;
	bool owns_pages;		/* when late: drops a reference to each */
	u32 row, first, count;		/* for whoever began the round */
	u32 bytes;
	u64 start;			/* ns */
	u64 deadline;			/* ns that it may take, as was said when it was sent */
	struct bio bio;			/* last: its vectors follow */
};

struct rlnc_round {
	spinlock_t lock;		/* protects flights; ended() is called under it */
	struct list_head flights;	/* not ended, and not late */
	wait_queue_head_t wait;
	bool eager;			/* wake for each that ends, not just the last */
	void (*ended)(struct rlnc_round *round, const struct rlnc_flight *f,
		      blk_status_t status);
	void (*over)(struct rlnc_round *round);	/* called when all have ended; or NULL */
};

/* What a request that was given up had been. */
struct rlnc_late {
	u32 row, first, count;
	bool write;
	struct block_device *bdev;
};

int rlnc_flights_init(struct rlnc_volume *v);
void rlnc_flights_exit(struct rlnc_volume *v);
bool rlnc_flights_out(const struct rlnc_volume *v, const struct dm_dev *dev, bool writes);
void rlnc_round_init(struct rlnc_round *round,
		     void (*ended)(struct rlnc_round *round, const struct rlnc_flight *f,
				   blk_status_t status));
bool rlnc_round_wait(struct rlnc_round *round, u64 ns, bool (*enough)(void *arg),
		     void *arg);
bool rlnc_round_take(struct rlnc_round *round);
bool rlnc_round_leave(struct rlnc_round *round, struct rlnc_late *late);
bool rlnc_round_overdue(struct rlnc_round *round, u64 since, bool (*enough)(void *arg),
			void *arg, struct rlnc_late *late);
void rlnc_round_rows(struct rlnc_round *round, unsigned long *rows);
struct rlnc_flight *rlnc_flight_new(struct rlnc_volume *v, struct dm_dev *dev,
				    struct rlnc_member *m, blk_opf_t opf, u64 offset,
				    u32 pages, gfp_t gfp);
void rlnc_flight_send(struct rlnc_flight *f, struct rlnc_round *round);
void rlnc_flight_send_last(struct rlnc_flight *f, struct rlnc_round *round,
			   void (*over)(struct rlnc_round *round));
void rlnc_flight_drop(struct rlnc_flight *f);
void rlnc_flight_send_alone(struct rlnc_flight *f);
bool rlnc_flight_has_room(const struct rlnc_volume *v, u32 index);
bool rlnc_flight_room(struct rlnc_volume *v, u32 index, bool patient);

/* --- hedge.c: whom to ask, and for how long ---------------------------------- */

u64 rlnc_hedge_ns(struct rlnc_volume *v);
u64 rlnc_deadline_ns(const struct rlnc_volume *v);
u32 rlnc_member_deadline_ms(const struct rlnc_volume *v, u32 index);
u64 rlnc_member_deadline_ns(const struct rlnc_volume *v, u32 index);
void rlnc_member_set_deadline(struct rlnc_volume *v, u32 index, u32 ms);
bool rlnc_member_slow(struct rlnc_volume *v, u32 index);
void rlnc_member_late(struct rlnc_volume *v, u32 index);
void rlnc_member_passed_over(struct rlnc_volume *v, u32 index);
void rlnc_member_well(struct rlnc_member *m);
void rlnc_probe_answered(struct rlnc_volume *v, struct rlnc_member *m,
			 struct block_device *bdev, u64 ns, blk_status_t status);
void rlnc_ask(struct rlnc_volume *v, struct rlnc_gbuf *gb, const struct rlnc_ptr *ptr,
	      const unsigned long *want, bool patient);
u32 rlnc_column_usable(struct rlnc_volume *v, struct rlnc_gbuf *gb,
		       const struct rlnc_place *place, const struct rlnc_ptr *ptr, u32 col);
void rlnc_want_column(struct rlnc_volume *v, struct rlnc_gbuf *gb,
		      const struct rlnc_place *place, const struct rlnc_ptr *ptr, u32 col,
		      bool from_slow, unsigned long *want);
void rlnc_read_hedged(struct rlnc_volume *v, struct rlnc_gbuf *gb,
		      const struct rlnc_place *place, const struct rlnc_ptr *ptr,
		      const unsigned long *want);

#endif /* DM_RLNC_FLIGHT_H */
