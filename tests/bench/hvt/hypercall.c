// SPDX-License-Identifier: GPL-2.0-or-later
/* One function for each hypercall: copy the arguments, check, act, answer. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "peer.h"

#define NSEC_PER_SEC	1000000000ull

/* Copies @len bytes of arguments to @to; their place, for the answer, or NULL. */
static void *arguments(struct peer *p, uint64_t gpa, void *to, size_t len)
{
	void *at = peer_out(p, gpa, len);

	if (at)
		memcpy(to, at, len);
	return at;
}

/* Not by the manifest in memory, which the guest may have had overwritten. */
static const struct peer_device *device(const struct peer *p, uint64_t handle, uint32_t type)
{
	if (handle >= HVT_MANIFEST_MAX || p->device[handle].type != type)
		return NULL;
	return &p->device[handle];
}

static void walltime(struct peer *p, uint64_t gpa)
{
	struct hvt_hc_walltime *t = peer_out(p, gpa, sizeof(*t));
	struct timespec now;

	if (!t)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	t->ns = now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

static void puts_out(struct peer *p, uint64_t gpa)
{
	const struct hvt_hc_puts *args = peer_in(p, gpa, sizeof(*args));
	const uint8_t *data;
	ssize_t n;
	uint64_t len;

	if (!args)
		return;
	len = args->len;
	data = peer_in(p, args->data, len);
	for (; data && len; data += n, len -= n) {
		n = write(STDOUT_FILENO, data, len);
		if (n < 0)
			return;
	}
}

static void poll_net(struct peer *p, uint64_t gpa)
{
	struct pollfd fds[HVT_MANIFEST_MAX];
	struct timespec timeout;
	struct hvt_hc_poll args, *answer = arguments(p, gpa, &args, sizeof(args));
	unsigned int i;

	if (!answer)
		return;
	for (i = 0; i < HVT_MANIFEST_MAX; i++) {
		fds[i].fd = device(p, i, HVT_DEVICE_NET) ? p->device[i].fd : -1;
		fds[i].events = POLLIN;
	}
	timeout.tv_sec = args.timeout_ns / NSEC_PER_SEC;
	timeout.tv_nsec = args.timeout_ns % NSEC_PER_SEC;
	answer->ret = 0;
	answer->ready_set = 0;
	if (ppoll(fds, HVT_MANIFEST_MAX, &timeout, NULL) <= 0)
		return;
	for (i = 0; i < HVT_MANIFEST_MAX; i++) {
		if (fds[i].fd < 0 || !fds[i].revents)
			continue;
		answer->ready_set |= 1ull << i;
		answer->ret++;
	}
}

/* Is it a request for whole blocks of the disk? */
static bool block_ok(const struct peer_device *d, const struct hvt_hc_block *b)
{
	return b->offset % d->block_size == 0 && b->len % d->block_size == 0 &&
	       b->offset <= d->capacity && b->len <= d->capacity - b->offset;
}

static void block(struct peer *p, uint64_t gpa, bool is_write)
{
	struct hvt_hc_block args, *answer = arguments(p, gpa, &args, sizeof(args));
	const struct peer_device *d;
	void *data;
	int err;

	if (!answer)
		return;
	d = device(p, args.handle, HVT_DEVICE_BLOCK);
	if (!d || !block_ok(d, &args) || (is_write && d->readonly)) {
		answer->ret = HVT_EINVAL;
		return;
	}
	data = is_write ? (void *)peer_in(p, args.data, args.len) :
	       peer_out(p, args.data, args.len);
	if (!data)
		return;
	err = is_write ? pwrite_all(d->fd, data, args.len, args.offset) :
	      pread_all(d->fd, data, args.len, args.offset);
	if (err) {
		peer_end(p, "device %llu at %llu: %s", (unsigned long long)args.handle,
			 (unsigned long long)args.offset, strerror(-err));
		return;
	}
	answer->ret = HVT_OK;
}

static void block_write(struct peer *p, uint64_t gpa)
{
	block(p, gpa, true);
}

static void block_read(struct peer *p, uint64_t gpa)
{
	block(p, gpa, false);
}

static void net_write(struct peer *p, uint64_t gpa)
{
	struct hvt_hc_net args, *answer = arguments(p, gpa, &args, sizeof(args));
	const struct peer_device *d;
	const void *data;

	if (!answer)
		return;
	d = device(p, args.handle, HVT_DEVICE_NET);
	if (!d) {
		answer->ret = HVT_EINVAL;
		return;
	}
	data = peer_in(p, args.data, args.len);
	if (!data)
		return;
	answer->ret = write(d->fd, data, args.len) == (ssize_t)args.len ?
		      HVT_OK : HVT_EUNSPEC;
}

static void net_read(struct peer *p, uint64_t gpa)
{
	struct hvt_hc_net args, *answer = arguments(p, gpa, &args, sizeof(args));
	const struct peer_device *d;
	void *data;
	ssize_t n;

	if (!answer)
		return;
	d = device(p, args.handle, HVT_DEVICE_NET);
	if (!d) {
		answer->ret = HVT_EINVAL;
		return;
	}
	data = peer_out(p, args.data, args.len);
	if (!data)
		return;
	n = read(d->fd, data, args.len);
	answer->ret = n > 0 ? HVT_OK : n < 0 && errno != EAGAIN ? HVT_EUNSPEC : HVT_AGAIN;
	answer->len = n > 0 ? n : 0;
}

static void halt(struct peer *p, uint64_t gpa)
{
	const struct hvt_hc_halt *args = peer_in(p, gpa, sizeof(*args));

	if (!args)
		return;
	p->status = args->status;
	p->over = true;
}

/* A hypercall by its number; one that is none ends the VM. */
void peer_hypercall(struct peer *p, unsigned int nr, uint64_t gpa)
{
	static void (*const calls[HVT_HC_MAX])(struct peer *p, uint64_t gpa) = {
		[HVT_HC_WALLTIME]	= walltime,
		[HVT_HC_PUTS]		= puts_out,
		[HVT_HC_POLL]		= poll_net,
		[HVT_HC_BLOCK_WRITE]	= block_write,
		[HVT_HC_BLOCK_READ]	= block_read,
		[HVT_HC_NET_WRITE]	= net_write,
		[HVT_HC_NET_READ]	= net_read,
		[HVT_HC_HALT]		= halt,
	};

	if (nr >= HVT_HC_MAX || !calls[nr])
		peer_end(p, "no hypercall has the number %u", nr);
	else
		calls[nr](p, gpa);
}
