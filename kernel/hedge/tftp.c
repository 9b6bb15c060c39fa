// SPDX-License-Identifier: GPL-2.0-only
/*
 * Images by TFTP: one socket, on which each address has at most one transfer, made by an
 * authenticated put.  What comes from elsewhere is not answered.
 */
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <net/inet_sock.h>
#include <net/sock.h>
#include "hedge.h"
#include "proto/tftp.h"
#include "remote.h"

#define MAX_TRANSFERS	8
#define PACKET_MAX	(TFTP_HEADER + TFTP_BLKSIZE_MAX)

struct transfer {
	struct list_head link;
	struct hedge_peer peer;
	bool settled;			/* .peer.port is its port */
	unsigned long until;		/* jiffies; without a packet it is over then */
	struct tftp_transfer state;
	char name[HEDGE_NAME_MAX + 1];
	u8 digest[32];
	u64 size;
	u8 *data;			/* charged; NULL: it is an image now */
};

static struct {
	struct mutex lock;		/* protects the list and what is in it */
	struct list_head list;
	u32 count;
	struct socket *sock;
	u16 port;
	struct task_struct *thread;
	u8 packet[PACKET_MAX];		/* of the thread */
} tftp = {
	.lock = __MUTEX_INITIALIZER(tftp.lock),
	.list = LIST_HEAD_INIT(tftp.list),
};

static void drop_locked(struct transfer *x)
{
	lockdep_assert_held(&tftp.lock);
	list_del(&x->link);
	tftp.count--;
	if (x->data) {
		vfree(x->data);
		hedge_staging_uncharge(x->size);
	}
	kfree(x);
}

static struct transfer *find_locked(const struct hedge_peer *peer)
{
	struct transfer *x;

	lockdep_assert_held(&tftp.lock);
	list_for_each_entry(x, &tftp.list, link)
		if (!memcmp(x->peer.address, peer->address, sizeof(peer->address)))
			return x;
	return NULL;
}

static void sweep(bool all)
{
	struct transfer *x, *next;

	mutex_lock(&tftp.lock);
	list_for_each_entry_safe(x, next, &tftp.list, link)
		if (all || time_after(jiffies, x->until))
			drop_locked(x);
	mutex_unlock(&tftp.lock);
}

/* All bytes have come. */
static void complete_transfer(struct transfer *x, size_t len, struct tftp_step *step)
{
	const char *why;

	if (hedge_staging_add(x->name, x->data, x->size, x->digest, &why))
		tftp_fail(&x->state, len, TFTP_UNDEFINED, why, step);
	else
		x->data = NULL;
}

static void take_locked(struct transfer *x, const struct hedge_datagram *d, struct tftp_step *step)
{
	enum tftp_state before = x->state.state;

	tftp_receive(&x->state, tftp.packet, d->len, step);
	/* One that is not meant for this transfer changes nothing, and settles nothing. */
	if (x->state.state == TFTP_EXPECTED)
		return;
	x->settled = true;
	x->peer.port = d->peer.port;
	if (step->answer_len)
		x->until = jiffies + tftp_patience(&x->state) * HZ;
	if (step->data && !WARN_ON_ONCE(!x->data || step->offset + step->len > x->size))
		memcpy(x->data + step->offset, step->data, step->len);
	if (x->state.state == TFTP_COMPLETE && before != TFTP_COMPLETE)
		complete_transfer(x, d->len, step);
}

static void on_packet(const struct hedge_datagram *d)
{
	struct tftp_step step = { .answer_len = 0 };
	struct transfer *x;

	mutex_lock(&tftp.lock);
	x = find_locked(&d->peer);
	if (x && (!x->settled || x->peer.port == d->peer.port)) {
		take_locked(x, d, &step);
		if (x->state.state == TFTP_OVER)
			drop_locked(x);
	}
	mutex_unlock(&tftp.lock);
	if (step.answer_len)
		hedge_udp_send(tftp.sock, &d->from, step.answer, step.answer_len);
}

static int receive(void *unused)
{
	unsigned long swept = jiffies;
	struct hedge_datagram d;

	while (!kthread_should_stop()) {
		/* Nothing sleeps as long as more is there than can be taken. */
		cond_resched();
		if (!hedge_udp_receive(tftp.sock, tftp.packet, sizeof(tftp.packet), &d))
			on_packet(&d);
		if (time_after(jiffies, swept + HZ)) {
			sweep(false);
			hedge_staging_expire(false);
			swept = jiffies;
		}
	}
	return 0;
}

/**
 * hedge_tftp_expect - an image will come
 * @peer:	from this address, whatever the port
 * @rq:		put
 * @port:	receives where it shall be sent to
 * @why:	says what is wrong
 *
 * Return: 0 or -errno.
 */
int hedge_tftp_expect(const struct hedge_peer *peer, const struct hedge_remote_request *rq,
		      u16 *port, const char **why)
{
	struct transfer *x, *old;

	*why = "too large for an image";
	if (rq->size > HEDGE_IMAGE_MAX)
		return -EFBIG;
	mutex_lock(&tftp.lock);
	old = find_locked(peer);
	if (old)
		drop_locked(old);
	mutex_unlock(&tftp.lock);
	*why = "no room for it: staged_mb= says how much there is";
	if (hedge_staging_charge(rq->size))
		return -ENOSPC;
	*why = "out of memory";
	x = kzalloc(sizeof(*x), GFP_KERNEL);
	if (x)
		x->data = vmalloc(rq->size);
	if (!x || !x->data) {
		kfree(x);
		hedge_staging_uncharge(rq->size);
		return -ENOMEM;
	}
	x->peer = *peer;
	x->size = rq->size;
	x->until = jiffies + HEDGE_REMOTE_PUT_SECONDS * HZ;
	memcpy(x->digest, rq->digest, sizeof(x->digest));
	strscpy(x->name, rq->name, sizeof(x->name));
	tftp_expect(&x->state, x->name, x->size);
	*port = tftp.port;
	*why = "too many images are on their way";
	mutex_lock(&tftp.lock);
	list_add(&x->link, &tftp.list);
	if (++tftp.count > MAX_TRANSFERS) {
		drop_locked(x);
		x = NULL;
	}
	mutex_unlock(&tftp.lock);
	return x ? 0 : -EBUSY;
}

/**
 * hedge_tftp_start - take images
 * @at:	address of this machine; the port is not looked at
 *
 * Return: 0 or -errno.
 */
int hedge_tftp_start(const struct sockaddr_storage *at)
{
	struct sockaddr_storage here = *at;
	struct task_struct *thread;

	/* It is in the same place of both kinds of address. */
	((struct sockaddr_in *)&here)->sin_port = 0;
	tftp.sock = hedge_udp_open(&here);
	if (IS_ERR(tftp.sock))
		return PTR_ERR(tftp.sock);
	tftp.port = inet_sk(tftp.sock->sk)->inet_num;
	thread = kthread_run(receive, NULL, "hedge-tftp");
	if (IS_ERR(thread)) {
		hedge_udp_close(tftp.sock);
		return PTR_ERR(thread);
	}
	tftp.thread = thread;
	return 0;
}

/* Nobody asks for a put any more. */
void hedge_tftp_stop(void)
{
	kthread_stop(tftp.thread);
	hedge_udp_close(tftp.sock);
	sweep(true);
	hedge_staging_expire(true);
}
