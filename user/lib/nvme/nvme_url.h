/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SKY_NVME_NVME_URL_H
#define SKY_NVME_NVME_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/authority.h"

#define NVME_DEFAULT_PORT	"4420"
#define NVME_NQN_MAX		223	/* bytes (NVMe Base Specification, 4.5) */

/* nvme-tcp://HOST[:PORT]/NQN[?nsid=N], taken apart. */
struct nvme_url {
	struct authority at;
	char nqn[NVME_NQN_MAX + 1];
	uint32_t nsid;		/* 0: the only one that there is */
};

bool nvme_url_is(const char *text);
int nvme_url_parse(const char *text, struct nvme_url *url);

#endif /* SKY_NVME_NVME_URL_H */
