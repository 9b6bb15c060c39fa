// SPDX-License-Identifier: GPL-2.0-or-later
/* The client's side of TFTP (RFC 1350, 2347 to 2349), which repeats what is not answered. */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <asm/unaligned.h>

#include "base/progress.h"
#include "base/report.h"
#include "base/tcp.h"
#include "base/text.h"
#include "far_host.h"
#include "proto/tftp.h"

#define BLKSIZE	1400u		/* passes tunnels */

struct sending {
	const struct far_host *far;
	struct sockaddr_storage peer;	/* with the port that it answers from */
	bool settled;			/* it has answered */
	int fd;
	uint32_t blksize;
	uint8_t out[TFTP_HEADER + TFTP_BLKSIZE_MAX];
	size_t out_len;
	uint8_t in[1024];
};

static void set_port(struct sockaddr_storage *a, uint16_t port)
{
	if (a->ss_family == AF_INET6)
		((struct sockaddr_in6 *)a)->sin6_port = htons(port);
	else
		((struct sockaddr_in *)a)->sin_port = htons(port);
}

static bool same_host(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	const struct sockaddr_in6 *a6 = (const void *)a, *b6 = (const void *)b;
	const struct sockaddr_in *a4 = (const void *)a, *b4 = (const void *)b;

	if (a->ss_family != b->ss_family)
		return false;
	if (a->ss_family == AF_INET6)
		return !memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof(a6->sin6_addr));
	return a4->sin_addr.s_addr == b4->sin_addr.s_addr;
}

static bool same_port(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	const struct sockaddr_in *a4 = (const void *)a, *b4 = (const void *)b;

	/* It is in the same place of both kinds of address. */
	return a4->sin_port == b4->sin_port;
}

/* A packet of the peer; the first one settles the port that it has for this transfer. */
static bool receive(struct sending *s, int64_t until, struct tftp_packet *p)
{
	while (!tcp_wait(s->fd, POLLIN, until)) {
		struct sockaddr_storage from = { 0 };
		socklen_t len = sizeof(from);
		ssize_t got = recvfrom(s->fd, s->in, sizeof(s->in) - 1, MSG_DONTWAIT,
				       (struct sockaddr *)&from, &len);

		if (got <= 0 || !same_host(&from, &s->far->address))
			continue;
		if (s->settled && !same_port(&from, &s->peer))
			continue;
		s->in[got] = 0;
		if (tftp_parse(s->in, got, p))
			continue;
		s->peer = from;
		s->settled = true;
		return true;
	}
	return false;
}

static int refused(const struct sending *s, const struct tftp_packet *p)
{
	char text[256];

	/* The buffer has a NUL behind the packet. */
	text_printable((const char *)s->in + TFTP_HEADER, text, sizeof(text));
	return fail(p->number == TFTP_FULL ? ENOSPC : EIO, "%s: the image was refused: %s",
		    s->far->name, *text ? text : "no reason was given");
}

/* Send what is in out, until it is answered by @number; OACK stands for 0. */
static int exchange(struct sending *s, uint16_t number)
{
	int64_t deadline = clock_ms() + s->far->timeout_ms, until, pause = FAR_REPEAT_MS;
	struct tftp_packet p;

	do {
		sendto(s->fd, s->out, s->out_len, MSG_NOSIGNAL, (struct sockaddr *)&s->peer,
		       s->far->address_len);
		until = clock_ms() + pause;
		pause = 2 * pause < FAR_REPEAT_MOST ? 2 * pause : FAR_REPEAT_MOST;
		/* An answer that is not waited for is a late one: it must not set off another. */
		while (receive(s, until, &p)) {
			if (p.opcode == TFTP_ERROR)
				return refused(s, &p);
			if (p.opcode == TFTP_OACK && s->out[1] == TFTP_WRQ) {
				if (p.options.has_blksize && p.options.blksize <= BLKSIZE)
					s->blksize = p.options.blksize;
				return 0;
			}
			if (p.opcode == TFTP_ACK && p.number == number)
				return 0;
		}
	} while (clock_ms() < deadline);
	return fail(ETIMEDOUT, "%s: the image is not taken any more", s->far->name);
}

static void request(struct sending *s, const char *name, size_t size)
{
	char text[256];
	int len;

	put_unaligned_be16(TFTP_WRQ, s->out);
	len = snprintf(text, sizeof(text), "%s%coctet%cblksize%c%u%ctsize%c%zu", name, 0, 0, 0,
		       BLKSIZE, 0, 0, size);
	memcpy(s->out + 2, text, len + 1);
	s->out_len = 2 + len + 1;
}

static int send_blocks(struct sending *s, const uint8_t *image, size_t size)
{
	struct progress bar;
	uint64_t block = 1;
	size_t at = 0, bytes;
	int rc;

	progress_start(&bar, "sending", size);
	do {
		bytes = size - at < s->blksize ? size - at : s->blksize;
		put_unaligned_be16(TFTP_DATA, s->out);
		put_unaligned_be16(block, s->out + 2);
		memcpy(s->out + TFTP_HEADER, image + at, bytes);
		s->out_len = TFTP_HEADER + bytes;
		rc = exchange(s, block);
		block++;
		at += bytes;
		progress_update(&bar, at);
		/* The last block is one that is not full, and if it were empty. */
	} while (!rc && bytes == s->blksize);
	progress_end(&bar);
	return rc;
}

/**
 * far_tftp_put - send an image that was announced by put
 * @port:	where that machine said it waits
 * @name:	of the image, as announced; at most HEDGE_NAME_MAX bytes
 * @image:	@size bytes
 * @size:	how many
 *
 * Return: 0 or -errno, reported.
 */
int far_tftp_put(struct far_host *far, uint16_t port, const char *name, const void *image,
		 size_t size)
{
	struct sending s = { .far = far, .peer = far->address, .blksize = TFTP_BLKSIZE_DEFAULT };
	CLEANUP_CLOSE int fd = socket(far->address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int rc;

	if (fd < 0)
		return fail_errno("socket");
	s.fd = fd;
	set_port(&s.peer, port);
	request(&s, name, size);
	rc = exchange(&s, 0);
	return rc ?: send_blocks(&s, image, size);
}
