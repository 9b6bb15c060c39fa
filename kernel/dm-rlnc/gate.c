// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gate that user I/O goes through: what changes the shape of everything
 * closes it, and waits for what is inside.  Device mapper's own suspension would
 * wait for the message that asks for the change.
 */
#include "dm-rlnc.h"

static void all_gone(struct percpu_ref *ref)
{
	complete(&container_of(ref, struct rlnc_gate, inside)->gone);
}

int rlnc_gate_init(struct rlnc_gate *gate)
{
	spin_lock_init(&gate->lock);
	bio_list_init(&gate->waiting);
	init_completion(&gate->gone);
	return percpu_ref_init(&gate->inside, all_gone, PERCPU_REF_ALLOW_REINIT, GFP_KERNEL);
}

void rlnc_gate_exit(struct rlnc_gate *gate)
{
	percpu_ref_exit(&gate->inside);
}

/**
 * rlnc_gate_enter - let a bio in, or have it wait outside
 * @gate:	gate
 * @bio:	kept when false is returned, until rlnc_gate_open() hands it out
 *
 * Never sleeps.  What was let in leaves by rlnc_gate_leave().
 */
bool rlnc_gate_enter(struct rlnc_gate *gate, struct bio *bio)
{
	unsigned long flags;
	bool kept;

	while (!percpu_ref_tryget_live(&gate->inside)) {
		spin_lock_irqsave(&gate->lock, flags);
		kept = gate->closed;
		if (kept)
			bio_list_add(&gate->waiting, bio);
		spin_unlock_irqrestore(&gate->lock, flags);
		if (kept)
			return false;
	}
	return true;
}

void rlnc_gate_leave(struct rlnc_gate *gate)
{
	percpu_ref_put(&gate->inside);
}

/* From now on bios wait; returns when none is inside.  One caller at a time. */
void rlnc_gate_close(struct rlnc_gate *gate)
{
	spin_lock_irq(&gate->lock);
	gate->closed = true;
	spin_unlock_irq(&gate->lock);
	reinit_completion(&gate->gone);
	percpu_ref_kill(&gate->inside);
	wait_for_completion(&gate->gone);
}

/* Receives what has waited in @bios; none of those is inside. */
void rlnc_gate_open(struct rlnc_gate *gate, struct bio_list *bios)
{
	percpu_ref_reinit(&gate->inside);
	spin_lock_irq(&gate->lock);
	gate->closed = false;
	*bios = gate->waiting;
	bio_list_init(&gate->waiting);
	spin_unlock_irq(&gate->lock);
}
