/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of far.c and far_tftp.c alone. */
#ifndef SKY_MONITOR_FAR_HOST_H
#define SKY_MONITOR_FAR_HOST_H

#include <sys/socket.h>

#include "far.h"

/* Without an answer so long, and it is sent again; then twice as long, up to the most. */
#define FAR_REPEAT_MS	100
#define FAR_REPEAT_MOST	1000

struct far_host {
	char *name;
	struct sockaddr_storage address;
	socklen_t address_len;
	int fd;			/* connected */
	unsigned int timeout_ms;
	struct secret key;
	uint32_t key_id;
	uint64_t nonce;
	uint64_t session;
	uint64_t sequence;	/* of the last request */
	uint8_t out[HEDGE_REMOTE_FRAME_MAX];
	uint8_t in[HEDGE_REMOTE_FRAME_MAX];
};

#endif /* SKY_MONITOR_FAR_HOST_H */
