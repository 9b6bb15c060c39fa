// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "control.h"

/* Room for one descriptor and no padding behind it, so that the kernel makes no others. */
void control_in(struct control_buffer *b)
{
	memset(b, 0, sizeof(*b));
	b->iov = (struct iovec){ &b->message, sizeof(b->message) };
	b->msg = (struct msghdr){
		.msg_iov = &b->iov, .msg_iovlen = 1,
		.msg_control = &b->control, .msg_controllen = CMSG_LEN(sizeof(int)),
	};
}

void control_out(struct control_buffer *b, struct control message, int fd)
{
	struct cmsghdr *c;

	control_in(b);
	b->message = message;
	if (fd < 0) {
		b->msg.msg_control = NULL;
		b->msg.msg_controllen = 0;
		return;
	}
	c = CMSG_FIRSTHDR(&b->msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
}

int control_check(struct control_buffer *b, ssize_t got, int *fd)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(&b->msg);

	*fd = -1;
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(c), sizeof(int));
	if (got == sizeof(b->message) && b->message.role < ROLES &&
	    b->message.number < ROLE_PLACES && memchr(b->message.host, 0, ROLE_HOST) &&
	    !(b->msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return 0;
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	return -EPROTO;
}
