// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hand.h"
#include "net.h"

/* One byte, so that it is not taken for the end; what it says has no meaning. */
struct hand {
	char byte;
	struct iovec iov;
	struct msghdr msg;
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
};

static void prepare(struct hand *h)
{
	memset(h, 0, sizeof(*h));
	h->iov = (struct iovec){ &h->byte, 1 };
	h->msg = (struct msghdr){
		.msg_iov = &h->iov, .msg_iovlen = 1,
		.msg_control = &h->control, .msg_controllen = CMSG_LEN(sizeof(int)),
	};
}

int io_hand_pair(int pair[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) ? -errno : 0;
}

int io_hand(int hand, int fd)
{
	struct hand h;

	prepare(&h);
	h.control.header = (struct cmsghdr){
		.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
		.cmsg_len = CMSG_LEN(sizeof(int)),
	};
	memcpy(CMSG_DATA(&h.control.header), &fd, sizeof(int));
	return sendmsg(hand, &h.msg, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

/* There is room for one and no padding behind it, so the kernel has made no others. */
static int fd_of(struct hand *h)
{
	const struct cmsghdr *c = CMSG_FIRSTHDR(&h->msg);
	int fd = -1;

	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(c), sizeof(int));
	return fd;
}

int io_handed(int hand, int64_t deadline)
{
	struct hand h;
	ssize_t got;
	int fd;

	do {
		prepare(&h);
		got = io_recvmsg(hand, &h.msg, 0, deadline);
		fd = got < 0 ? -1 : fd_of(&h);
		if (got > 0)
			continue;
		if (fd >= 0)
			close(fd);
		return got ? (int)got : -ENODATA;
	} while (fd < 0 && !(h.msg.msg_flags & MSG_CTRUNC));
	return fd < 0 ? -EMFILE : fd;
}
