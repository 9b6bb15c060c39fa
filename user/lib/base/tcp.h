/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP connections with a deadline for everything. */
#ifndef SKY_BASE_TCP_H
#define SKY_BASE_TCP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "authority.h"

#define TCP_ADDRESS_MAX	64	/* a numeric address, with its scope */

int64_t clock_ms(void);
int tcp_connect(const char *what, const struct authority *to, int64_t deadline);
int tcp_peer(int fd, char address[TCP_ADDRESS_MAX]);
int tcp_wait(int fd, short events, int64_t deadline);
int tcp_send(int fd, const uint8_t *buf, size_t len, int64_t deadline);
int tcp_receive(int fd, uint8_t *buf, size_t len, int64_t deadline);

#endif /* SKY_BASE_TCP_H */
