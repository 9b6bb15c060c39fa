// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/nbd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/report.h"
#include "disk.h"

#define BLOCK_SIZE_SHOWN	512
#define FUA			(1u << 16)	/* beside the command */

/* --- contents ------------------------------------------------------------------ */

static void mark_dirty(struct disk *disk, uint64_t offset, size_t len)
{
	uint64_t block;

	for (block = offset / DISK_BLOCK; block * DISK_BLOCK < offset + len; block++)
		disk->dirty[block] = true;
}

/* Put bytes on a disk behind its server's back. */
void disk_put(struct disk *disk, uint64_t offset, const uint8_t *data, size_t len)
{
	mark_dirty(disk, offset, len);
	memcpy(disk->mem + offset, data, len);
}

/**
 * disks_restore - make all disks equal to copies of them
 * @d:		disks; nobody writes
 * @from:	one image for each; what is not marked dirty is equal already
 */
void disks_restore(struct disks *d, uint8_t *const *from)
{
	unsigned int i;
	size_t b;

	for (i = 0; i < d->n; i++) {
		for (b = 0; b < d->bytes / DISK_BLOCK; b++) {
			if (!d->disk[i].dirty[b])
				continue;
			memcpy(d->disk[i].mem + b * DISK_BLOCK, from[i] + b * DISK_BLOCK,
			       DISK_BLOCK);
			d->disk[i].dirty[b] = false;
		}
	}
}

/* The next restore is from other copies than the last one. */
void disks_all_dirty(struct disks *d)
{
	unsigned int i;

	for (i = 0; i < d->n; i++)
		memset(d->disk[i].dirty, true, d->bytes / DISK_BLOCK);
}

/* All disks as they are at one moment, even if the volume is still at work. */
uint8_t **disks_copy(struct disks *d)
{
	uint8_t **copy = calloc(d->n, sizeof(*copy));
	unsigned int i;

	pthread_rwlock_wrlock(&d->still);
	for (i = 0; copy && i < d->n; i++) {
		copy[i] = malloc(d->bytes);
		if (!copy[i])
			die(1, "out of memory for images");
		memcpy(copy[i], d->disk[i].mem, d->bytes);
	}
	pthread_rwlock_unlock(&d->still);
	return copy;
}

void disks_copy_free(const struct disks *d, uint8_t **copy)
{
	unsigned int i;

	for (i = 0; copy && i < d->n; i++)
		free(copy[i]);
	free(copy);
}

/* --- serving -------------------------------------------------------------------- */

static bool receive(int fd, void *buf, size_t len)
{
	ssize_t got;

	while (len) {
		got = recv(fd, buf, len, MSG_WAITALL);
		if (got <= 0)
			return false;
		buf = (uint8_t *)buf + got;
		len -= got;
	}
	return true;
}

static bool send_all(int fd, const void *buf, size_t len)
{
	ssize_t put;

	while (len) {
		put = send(fd, buf, len, MSG_NOSIGNAL);
		if (put <= 0)
			return false;
		buf = (const uint8_t *)buf + put;
		len -= put;
	}
	return true;
}

static bool answer(struct disk *disk, const struct nbd_request *request, uint32_t error)
{
	struct nbd_reply reply = { .magic = htonl(NBD_REPLY_MAGIC), .error = htonl(error) };

	memcpy(reply.handle, request->handle, sizeof(reply.handle));
	return send_all(disk->sock, &reply, sizeof(reply));
}

/* Noted before the kernel hears of it, so before anything that follows from it. */
static bool answer_done(struct disk *disk, const struct nbd_request *request, uint32_t event)
{
	struct trace_event done = { .kind = TRACE_DONE, .who = disk->index, .number = event };

	trace_add(disk->all->trace, &done);
	return answer(disk, request, 0);
}

static bool serve_write(struct disk *disk, const struct nbd_request *request, bool fua)
{
	struct trace_event event = {
		.kind = TRACE_WRITE, .who = disk->index, .fua = fua,
		.offset = be64toh(request->from), .len = ntohl(request->len),
	};

	if (event.offset + event.len > disk->all->bytes)
		return false;
	event.data = malloc(event.len);
	if (!event.data || !receive(disk->sock, event.data, event.len)) {
		free(event.data);
		return false;
	}
	if (disk->dead) {
		free(event.data);
		return answer(disk, request, EIO);
	}
	pthread_rwlock_rdlock(&disk->all->still);
	disk_put(disk, event.offset, event.data, event.len);
	pthread_rwlock_unlock(&disk->all->still);
	return answer_done(disk, request, trace_add(disk->all->trace, &event));
}

static bool serve_flush(struct disk *disk, const struct nbd_request *request)
{
	struct trace_event event = { .kind = TRACE_FLUSH, .who = disk->index };

	if (disk->dead)
		return answer(disk, request, EIO);
	return answer_done(disk, request, trace_add(disk->all->trace, &event));
}

static bool serve_read(struct disk *disk, const struct nbd_request *request)
{
	uint64_t offset = be64toh(request->from);
	uint32_t len = ntohl(request->len);

	if (disk->dead || offset + len > disk->all->bytes)
		return answer(disk, request, EIO);
	return answer(disk, request, 0) && send_all(disk->sock, disk->mem + offset, len);
}

static bool serve_one(struct disk *disk)
{
	struct nbd_request request;
	uint32_t type;

	if (!receive(disk->sock, &request, sizeof(request)) ||
	    ntohl(request.magic) != NBD_REQUEST_MAGIC)
		return false;
	type = ntohl(request.type);
	switch (type & 0xffff) {
	case NBD_CMD_READ:
		return serve_read(disk, &request);
	case NBD_CMD_WRITE:
		return serve_write(disk, &request, type & FUA);
	case NBD_CMD_FLUSH:
		return serve_flush(disk, &request);
	case NBD_CMD_DISC:
		return false;
	default:
		return answer(disk, &request, EINVAL);
	}
}

static void *serve(void *arg)
{
	struct disk *disk = arg;

	while (serve_one(disk))
		;
	shutdown(disk->sock, SHUT_RDWR);
	return NULL;
}

/* --- starting and stopping --------------------------------------------------------- */

static void *keep(void *arg)
{
	struct disk *disk = arg;

	ioctl(disk->nbd, NBD_DO_IT);
	ioctl(disk->nbd, NBD_CLEAR_SOCK);
	return NULL;
}

static int has_size(const struct disk *disk)
{
	uint64_t bytes = 0;
	unsigned int tries;

	for (tries = 0; tries < 5000; tries++) {
		if (!ioctl(disk->nbd, BLKGETSIZE64, &bytes) && bytes == disk->all->bytes)
			return 0;
		usleep(1000);
	}
	return fail(ETIMEDOUT, "/dev/nbd%u does not come up", disk->index);
}

static int start_one(struct disk *disk)
{
	struct disks *d = disk->all;
	char path[32];
	int pair[2];

	snprintf(path, sizeof(path), "/dev/nbd%u", disk->index);
	disk->mem = calloc(1, d->bytes);
	disk->dirty = calloc(d->bytes / DISK_BLOCK, sizeof(*disk->dirty));
	if (!disk->mem || !disk->dirty)
		return fail(ENOMEM, "out of memory for disks");
	disk->nbd = open(path, O_RDWR | O_CLOEXEC);
	if (disk->nbd < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return fail_errno("%s", path);
	disk->sock = pair[0];
	disk->sock_kernel = pair[1];
	if (ioctl(disk->nbd, NBD_SET_BLKSIZE, (unsigned long)BLOCK_SIZE_SHOWN) ||
	    ioctl(disk->nbd, NBD_SET_SIZE_BLOCKS, d->bytes / BLOCK_SIZE_SHOWN) ||
	    ioctl(disk->nbd, NBD_SET_FLAGS, (unsigned long)(NBD_FLAG_HAS_FLAGS |
		  NBD_FLAG_SEND_FLUSH | NBD_FLAG_SEND_FUA)) ||
	    ioctl(disk->nbd, NBD_SET_SOCK, disk->sock_kernel))
		return fail_errno("%s", path);
	if (pthread_create(&disk->server, NULL, serve, disk) ||
	    pthread_create(&disk->keeper, NULL, keep, disk))
		return fail(EAGAIN, "no threads for disks");
	return has_size(disk);
}

/**
 * disks_start - bring disks up as /dev/nbd0 to /dev/nbdN-1, full of zeros
 * @d:		filled in
 * @n:		how many
 * @bytes:	size of each
 * @trace:	gets their requests while it is on
 *
 * Return: 0 or -errno, reported.
 */
int disks_start(struct disks *d, unsigned int n, size_t bytes, struct trace *trace)
{
	unsigned int i;
	int ret = 0;

	*d = (struct disks){ .n = n, .bytes = bytes, .trace = trace };
	pthread_rwlock_init(&d->still, NULL);
	for (i = 0; i < n && !ret; i++) {
		d->disk[i].all = d;
		d->disk[i].index = i;
		ret = start_one(&d->disk[i]);
	}
	return ret;
}

void disks_stop(struct disks *d)
{
	struct disk *disk;

	for (disk = d->disk; disk < d->disk + d->n; disk++) {
		ioctl(disk->nbd, NBD_DISCONNECT);
		pthread_join(disk->keeper, NULL);
		pthread_join(disk->server, NULL);
		close(disk->nbd);
		close(disk->sock);
		close(disk->sock_kernel);
		free(disk->mem);
		free(disk->dirty);
	}
}
