/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEST_OWN_NETWORK_H
#define TEST_OWN_NETWORK_H

#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* So that nobody else's daemon has its ports; false: not allowed here. */
static inline bool own_network(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd, rc;

	if (unshare(CLONE_NEWNET))
		return false;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	rc = ioctl(fd, SIOCSIFFLAGS, &request);
	close(fd);
	return !rc;
}

#endif /* TEST_OWN_NETWORK_H */
