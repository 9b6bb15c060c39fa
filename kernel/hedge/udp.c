// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands by UDP; include/uapi/hedge_remote.h says how.  What to do about a datagram is
 * decided by kernel/lib/proto/server.c.  Here are the sockets, the keys, how much is
 * hashed at all, and the work that carries commands out, as who gave the listen command.
 */
#include <linux/cred.h>
#include <linux/inet.h>
#include <linux/jiffies.h>
#include <linux/key.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <crypto/algapi.h>
#include <crypto/hash.h>
#include <keys/user-type.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include "hedge.h"
#include "remote.h"

#define SESSIONS	1024
#define JOBS		4		/* commands that are carried out at the same time */

/* So much of what comes from one address, or from those that share its bucket, is hashed. */
#define BUCKETS		1024
#define PER_SECOND	64
#define BURST		256

struct bucket {
	unsigned long at;		/* jiffies */
	u32 left;
};

struct listener {
	struct mutex lock;		/* protects .server; held while an answer of it is sent */
	struct hedge_server server;
	struct crypto_shash *hmac[2];	/* by enum hedge_server_key */
	struct socket *sock;
	struct task_struct *thread;
	struct workqueue_struct *jobs;
	const struct cred *cred;
	siphash_key_t bucket_key;
	struct bucket bucket[BUCKETS];	/* of the thread, as .in */
	u8 in[HEDGE_REMOTE_FRAME_MAX];
	struct hedge_session session[SESSIONS];
};

struct job {
	struct work_struct work;
	struct listener *l;
	struct hedge_received rx;
	struct hedge_datagram d;
	u8 *out;			/* room for the answer */
	char line[];			/* and a byte behind it */
};

static DEFINE_MUTEX(listen_lock);	/* protects listener; outside of everything */
static struct listener *listener;

/* --- sockets -------------------------------------------------------------------- */

/**
 * hedge_udp_open - a socket of the initial network namespace
 *
 * Return: it, or an error.
 */
struct socket *hedge_udp_open(const struct sockaddr_storage *at)
{
	bool v6 = at->ss_family == AF_INET6;
	struct socket *sock;
	int ret;

	ret = sock_create_kern(&init_net, at->ss_family, SOCK_DGRAM, IPPROTO_UDP, &sock);
	if (ret)
		return ERR_PTR(ret);
	sock->sk->sk_rcvtimeo = HZ / 4;
	ret = kernel_bind(sock, (struct sockaddr *)at,
			  v6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
	if (ret) {
		sock_release(sock);
		return ERR_PTR(ret);
	}
	return sock;
}

void hedge_udp_close(struct socket *sock)
{
	sock_release(sock);
}

static void set_peer(struct hedge_datagram *d)
{
	const struct sockaddr_in6 *v6 = (void *)&d->from;
	const struct sockaddr_in *v4 = (void *)&d->from;
	struct in6_addr address;

	if (d->from.ss_family == AF_INET6)
		address = v6->sin6_addr;
	else
		ipv6_addr_set_v4mapped(v4->sin_addr.s_addr, &address);
	memcpy(d->peer.address, &address, sizeof(d->peer.address));
	d->peer.port = ntohs(v4->sin_port);
}

/**
 * hedge_udp_receive - wait for a datagram, for a quarter of a second at most
 * @buf:	receives it
 * @size:	what is larger is dropped
 *
 * Return: 0, or -errno: there is none.
 */
int hedge_udp_receive(struct socket *sock, u8 *buf, size_t size, struct hedge_datagram *d)
{
	struct msghdr msg = { .msg_name = &d->from, .msg_namelen = sizeof(d->from) };
	struct kvec vec = { .iov_base = buf, .iov_len = size };
	int len = kernel_recvmsg(sock, &msg, &vec, 1, size, 0);

	if (len < 0 && len != -EAGAIN)
		schedule_timeout_interruptible(HZ / 4);
	if (len < 0)
		return len;
	if (!len || msg.msg_flags & MSG_TRUNC)
		return -EMSGSIZE;
	d->len = len;
	set_peer(d);
	return 0;
}

/* What cannot be sent now is as good as lost. */
void hedge_udp_send(struct socket *sock, const struct sockaddr_storage *to, const void *data,
		    size_t len)
{
	struct msghdr msg = {
		.msg_name = (void *)to, .msg_namelen = sizeof(*to),
		.msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL,
	};
	struct kvec vec = { .iov_base = (void *)data, .iov_len = len };

	kernel_sendmsg(sock, &msg, &vec, 1, len);
}

/* --- what the server asks for ----------------------------------------------------- */

static int mac(const struct hedge_server *s, enum hedge_server_key key, const void *data,
	       size_t len, u8 tag[HEDGE_REMOTE_TAG_BYTES])
{
	const struct listener *l = s->arg;
	SHASH_DESC_ON_STACK(desc, l->hmac[key]);
	int ret;

	desc->tfm = l->hmac[key];
	ret = crypto_shash_digest(desc, data, len, tag);
	shash_desc_zero(desc);
	return ret;
}

static bool equal(const void *a, const void *b, size_t len)
{
	return !crypto_memneq(a, b, len);
}

static void free_answer(u8 *answer)
{
	kvfree(answer);
}

/* --- requests ------------------------------------------------------------------------ */

static u64 tick_now(void)
{
	return ktime_get_boottime_seconds() / HEDGE_REMOTE_TICK;
}

static void do_job(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, work);
	size_t room = job->rx.size - HEDGE_REMOTE_FRAME_MIN, len = 0;
	struct listener *l = job->l;
	const struct cred *old = override_creds(l->cred);
	char *text = kvzalloc(room + 1, GFP_KERNEL);
	int ret = -ENOMEM;

	if (text)
		ret = hedge_remote_do(job->line, job->rx.frame.length, &job->d.peer, text, room,
				      &len);
	revert_creds(old);
	mutex_lock(&l->lock);
	len = hedge_server_answer(&l->server, &job->rx, ret, text, len, job->out);
	if (len)
		hedge_udp_send(l->sock, &job->d.from, job->out, len);
	mutex_unlock(&l->lock);
	kvfree(text);
	kvfree(job);
}

static void give_job(struct listener *l, const struct hedge_received *rx,
		     const struct hedge_datagram *d)
{
	struct job *job = kvzalloc(struct_size(job, line, rx->frame.length + 1), GFP_KERNEL);

	lockdep_assert_held(&l->lock);
	if (job)
		job->out = kvmalloc(rx->size, GFP_KERNEL);
	if (!job || !job->out) {
		/* It is not carried out, and so not answered. */
		rx->session->busy = false;
		kvfree(job);
		return;
	}
	INIT_WORK(&job->work, do_job);
	job->l = l;
	job->rx = *rx;
	job->d = *d;
	memcpy(job->line, rx->frame.payload, rx->frame.length);
	queue_work(l->jobs, &job->work);
}

/* Whether it may be hashed: a flood from one address is not to keep others out. */
static bool may_hash(struct listener *l, const struct hedge_peer *peer)
{
	u64 hash = siphash(peer->address, sizeof(peer->address), &l->bucket_key);
	struct bucket *b = &l->bucket[hash % BUCKETS];
	u64 earned = (u64)(jiffies - b->at) * PER_SECOND / HZ;

	if (earned) {
		b->left = min_t(u64, b->left + earned, BURST);
		b->at = jiffies;
	}
	if (!b->left)
		return false;
	b->left--;
	return true;
}

static void on_datagram(struct listener *l, const struct hedge_datagram *d)
{
	struct hedge_received rx;

	if (!may_hash(l, &d->peer))
		return;
	mutex_lock(&l->lock);
	switch (hedge_server_receive(&l->server, &d->peer, tick_now(), l->in, d->len, &rx)) {
	case HEDGE_STEP_NOTHING:
		break;
	case HEDGE_STEP_SEND:
		hedge_udp_send(l->sock, &d->from, rx.send, rx.send_len);
		break;
	case HEDGE_STEP_CARRY_OUT:
		give_job(l, &rx, d);
		break;
	}
	mutex_unlock(&l->lock);
}

static int receive(void *arg)
{
	struct listener *l = arg;
	struct hedge_datagram d;
	u64 swept = tick_now();

	while (!kthread_should_stop()) {
		/* Nothing sleeps as long as more is there than can be taken. */
		cond_resched();
		if (!hedge_udp_receive(l->sock, l->in, sizeof(l->in), &d))
			on_datagram(l, &d);
		if (tick_now() == swept)
			continue;
		swept = tick_now();
		mutex_lock(&l->lock);
		hedge_server_expire(&l->server, swept);
		mutex_unlock(&l->lock);
	}
	return 0;
}

/* --- listen, unlisten ---------------------------------------------------------------------- */

static int set_hmac_key(struct listener *l, const char *description)
{
	struct key *key = request_key(&key_type_logon, description, NULL);
	const struct user_key_payload *payload;
	int ret;

	if (IS_ERR(key))
		key = request_key(&key_type_user, description, NULL);
	if (IS_ERR(key))
		return PTR_ERR(key);
	down_read(&key->sem);
	payload = user_key_payload_locked(key);
	if (!payload)
		ret = -EKEYREVOKED;
	else if (payload->datalen != HEDGE_REMOTE_KEY_BYTES)
		ret = -EINVAL;
	else
		ret = crypto_shash_setkey(l->hmac[HEDGE_KEY_SHARED], payload->data,
					  payload->datalen);
	up_read(&key->sem);
	key_put(key);
	return ret;
}

static int make_macs(struct listener *l)
{
	u8 secret[HEDGE_REMOTE_KEY_BYTES];
	int i, ret;

	for (i = 0; i < ARRAY_SIZE(l->hmac); i++) {
		l->hmac[i] = crypto_alloc_shash("hmac(sha256)", 0, 0);
		if (IS_ERR(l->hmac[i])) {
			ret = PTR_ERR(l->hmac[i]);
			l->hmac[i] = NULL;
			return ret;
		}
	}
	get_random_bytes(secret, sizeof(secret));
	ret = crypto_shash_setkey(l->hmac[HEDGE_KEY_SECRET], secret, sizeof(secret));
	memzero_explicit(secret, sizeof(secret));
	return ret;
}

static void free_listener(struct listener *l)
{
	if (l->hmac[HEDGE_KEY_SHARED])
		crypto_free_shash(l->hmac[HEDGE_KEY_SHARED]);
	if (l->hmac[HEDGE_KEY_SECRET])
		crypto_free_shash(l->hmac[HEDGE_KEY_SECRET]);
	if (l->cred)
		put_cred(l->cred);
	kvfree(l);
}

/* An address, a key, and what is needed to use both. */
static int prepare(struct listener *l, const struct hedge_command *cmd,
		   struct sockaddr_storage *at, struct hedge_failure *failure)
{
	char port[8];
	int ret;

	mutex_init(&l->lock);
	l->server = (struct hedge_server){
		.sessions = SESSIONS, .session = l->session, .mac = mac, .equal = equal,
		.free = free_answer, .arg = l,
	};
	get_random_bytes(&l->bucket_key, sizeof(l->bucket_key));
	l->cred = get_current_cred();
	snprintf(port, sizeof(port), "%u", cmd->port);
	ret = inet_pton_with_scope(&init_net, AF_UNSPEC, cmd->host, port, at);
	if (ret)
		return hedge_wrong(failure, "ADDRESS", "no address", -EINVAL);
	if (inet_addr_is_any((struct sockaddr *)at) ||
	    (at->ss_family == AF_INET6 &&
	     ipv6_addr_v4mapped(&((struct sockaddr_in6 *)at)->sin6_addr)))
		return hedge_wrong(failure, "ADDRESS", "one address is wanted, not all of them", -EINVAL);
	ret = make_macs(l);
	if (ret)
		return hedge_wrong(failure, "KEY", "the kernel has no HMAC-SHA-256", ret);
	ret = set_hmac_key(l, cmd->key);
	if (ret == -EINVAL)
		return hedge_wrong(failure, "KEY", "the key has not 32 bytes", ret);
	return ret ? hedge_wrong(failure, "KEY", "no key of this description can be found", ret) : 0;
}

static int begin(struct listener *l, const struct sockaddr_storage *at)
{
	int ret = -ENOMEM;

	l->jobs = alloc_workqueue("hedge-remote", WQ_UNBOUND, JOBS);
	if (!l->jobs)
		return ret;
	l->sock = hedge_udp_open(at);
	ret = PTR_ERR_OR_ZERO(l->sock);
	if (ret)
		goto err_jobs;
	ret = hedge_tftp_start(at);
	if (ret)
		goto err_sock;
	l->thread = kthread_run(receive, l, "hedge-udp");
	ret = PTR_ERR_OR_ZERO(l->thread);
	if (ret)
		goto err_tftp;
	return 0;

err_tftp:
	hedge_tftp_stop();
err_sock:
	hedge_udp_close(l->sock);
err_jobs:
	destroy_workqueue(l->jobs);
	return ret;
}

static int listen_locked(const struct hedge_command *cmd, struct hedge_failure *failure)
{
	struct sockaddr_storage at = { 0 };
	struct listener *l;
	int ret;

	lockdep_assert_held(&listen_lock);
	if (listener)
		return hedge_wrong(failure, "ADDRESS", "it listens already: unlisten first", -EBUSY);
	l = kvzalloc(sizeof(*l), GFP_KERNEL);
	if (!l)
		return hedge_wrong(failure, "ADDRESS", "out of memory", -ENOMEM);
	ret = prepare(l, cmd, &at, failure);
	if (ret)
		goto err_free;
	ret = begin(l, &at);
	if (ret) {
		hedge_wrong(failure, "ADDRESS", ret == -EADDRNOTAVAIL ?
			    "not an address of this machine" : ret == -EADDRINUSE ?
			    "the port is taken" : "it cannot be listened there", 0);
		goto err_free;
	}
	listener = l;
	return 0;

err_free:
	free_listener(l);
	return ret;
}

/* What is being carried out is waited for; its answer is sent. */
static int unlisten_locked(void)
{
	struct listener *l = listener;

	lockdep_assert_held(&listen_lock);
	if (!l)
		return -ENOTCONN;
	listener = NULL;
	kthread_stop(l->thread);
	destroy_workqueue(l->jobs);
	hedge_tftp_stop();
	hedge_udp_close(l->sock);
	hedge_server_forget(&l->server);
	free_listener(l);
	return 0;
}

/**
 * hedge_remote_listen - listen, or unlisten
 *
 * Not by a worker that carries out a command of another machine: it would wait for itself.
 *
 * Return: 0 or -errno.
 */
int hedge_remote_listen(const struct hedge_command *cmd, struct hedge_failure *failure)
{
	int ret;

	mutex_lock(&listen_lock);
	ret = cmd->verb == HEDGE_LISTEN ? listen_locked(cmd, failure) : unlisten_locked();
	mutex_unlock(&listen_lock);
	if (ret && cmd->verb == HEDGE_UNLISTEN)
		hedge_wrong(failure, "COMMAND", "it does not listen", 0);
	return ret;
}

/* No command can be given any more, but by who is listened to. */
void hedge_remote_exit(void)
{
	mutex_lock(&listen_lock);
	unlisten_locked();
	mutex_unlock(&listen_lock);
}
