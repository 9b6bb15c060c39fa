/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets, for fibers.  What loop.h says of all calls holds for these.
 *
 * Whether a socket has O_NONBLOCK set does not matter, and epoll sets it on those that connect
 * and listen.  One fiber may receive while another sends.  Nobody may close a
 * socket while a fiber is in a call with it: cancel that fiber first.  SIGPIPE is never raised.
 */
#ifndef SKY_IO_NET_H
#define SKY_IO_NET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

/**
 * io_accept - take a connection
 * @fd:		listens
 * @address:	receives the peer's, or NULL; @len as in accept(2)
 *
 * Return: a descriptor with O_CLOEXEC; -EMFILE and the like: nothing is taken, wait before the
 * next try; -ECONNABORTED: that one has gone.
 */
int io_accept(int fd, struct sockaddr *address, socklen_t *len, int64_t deadline);

/* Return: 0 or -errno.  After an error @fd is good for nothing but to be closed. */
int io_connect(int fd, const struct sockaddr *address, socklen_t len, int64_t deadline);

/**
 * io_dial - make a stream socket and connect it; TCP sends without delay
 *
 * Return: a descriptor with O_CLOEXEC, or -errno.
 */
int io_dial(const struct sockaddr *address, socklen_t len, int64_t deadline);

/**
 * io_recv - receive what there is, up to @len bytes
 * @flags:	of recv(2); MSG_WAITALL: all of it, less only before the end, an error or the
 *		deadline; MSG_DONTWAIT: -EAGAIN if there is nothing
 *
 * Return: bytes; 0 at the end of the stream (or if @len is 0); -errno.
 */
ssize_t io_recv(int fd, void *buf, size_t len, int flags, int64_t deadline);

/* One sendmsg(2) or recvmsg(2), for descriptors that go over AF_UNIX. */
ssize_t io_sendmsg(int fd, const struct msghdr *msg, int flags, int64_t deadline);
ssize_t io_recvmsg(int fd, struct msghdr *msg, int flags, int64_t deadline);

/**
 * io_send - send all of it
 * @flags:	of send(2), MSG_MORE above all
 *
 * Return: 0, or -errno: how much has gone then is not known.
 */
int io_send(int fd, const void *buf, size_t len, int flags, int64_t deadline);

/* The same, of several buffers.  @iov is used up: what it says afterwards has no meaning. */
int io_sendv(int fd, struct iovec *iov, unsigned int count, int flags, int64_t deadline);

/**
 * io_wait_readable - wait until there is something to receive, an end or an error included
 *
 * Needs no buffer meanwhile: for connections that are idle.
 *
 * Return: 0 or -errno.
 */
int io_wait_readable(int fd, int64_t deadline);

/* @how: SHUT_RD, SHUT_WR or SHUT_RDWR.  Return: 0 or -errno. */
int io_shutdown(int fd, int how);

#endif /* SKY_IO_NET_H */
