/* SPDX-License-Identifier: GPL-2.0-only */
/* What udp.c and tftp.c have in common: sockets, and who is at the other end. */
#ifndef HEDGE_REMOTE_PRIVATE_H
#define HEDGE_REMOTE_PRIVATE_H

#include <linux/net.h>
#include <linux/socket.h>

#include "proto/remote.h"
#include "proto/server.h"

struct hedge_datagram {
	struct sockaddr_storage from;
	struct hedge_peer peer;		/* the same */
	size_t len;			/* bytes */
};

struct socket *hedge_udp_open(const struct sockaddr_storage *at);
void hedge_udp_close(struct socket *sock);
int hedge_udp_receive(struct socket *sock, u8 *buf, size_t size, struct hedge_datagram *d);
void hedge_udp_send(struct socket *sock, const struct sockaddr_storage *to, const void *data,
		    size_t len);

/* tftp.c */
int hedge_tftp_start(const struct sockaddr_storage *at);
void hedge_tftp_stop(void);
int hedge_tftp_expect(const struct hedge_peer *peer, const struct hedge_remote_request *rq,
		      u16 *port, const char **why);

/* remote.c */
struct hedge_remote_request;
int hedge_remote_do(char *line, size_t len, const struct hedge_peer *peer, char *text,
		    size_t room, size_t *text_len);

#endif /* HEDGE_REMOTE_PRIVATE_H */
