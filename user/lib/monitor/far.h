/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The monitor of another machine, by the protocol of include/uapi/hedge_remote.h.
 */
#ifndef SKY_MONITOR_FAR_H
#define SKY_MONITOR_FAR_H

#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"
#include "hedge_remote.h"

struct far_host;

int far_open(const char *host, uint16_t port, uint32_t key_id, const struct secret *key,
	     unsigned int timeout_ms, struct far_host **far);
void far_close(struct far_host **far);
int far_command(struct far_host *far, const char *line, char **answer);
int far_text(struct far_host *far, const char *what, char **text);
int far_tftp_put(struct far_host *far, uint16_t port, const char *name, const void *image,
		 size_t size);

#define CLEANUP_FAR	CLEANUP(far_close)

#endif /* SKY_MONITOR_FAR_H */
