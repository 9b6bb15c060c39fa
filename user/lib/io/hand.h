/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors that are handed over, one with each message of a pair of SOCK_SEQPACKET. */
#ifndef SKY_IO_HAND_H
#define SKY_IO_HAND_H

#include <stdint.h>

/* An end of such a pair in @pair[0] and [1], with O_CLOEXEC.  Return: 0 or -errno. */
int io_hand_pair(int pair[2]);

/**
 * io_hand - hand over a descriptor
 * @fd:	stays the caller's, who may close it
 *
 * It never waits.  What has been handed over and not been taken when the other end closes is closed
 * with it.
 *
 * Return: 0; -EAGAIN: the other end does not come after; -ETOOMANYREFS: too many are on their way;
 * -EPIPE and -ECONNRESET: there is no other end any more.
 */
int io_hand(int hand, int fd);

/**
 * io_handed - wait for a descriptor
 *
 * What is no such message is left out.
 *
 * Return: a descriptor with O_CLOEXEC; -ENODATA: the other end has closed; -EMFILE when no
 * descriptor was left, and one is lost; another -errno.
 */
int io_handed(int hand, int64_t deadline);

#endif /* SKY_IO_HAND_H */
