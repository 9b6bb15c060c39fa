/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel calls controllers and namespaces. */
#ifndef SKY_NVME_NVME_NAMES_H
#define SKY_NVME_NVME_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include <linux/types.h>

#include "nvme_url.h"

#define NVME_NAME_MAX	32		/* of a disk, below /dev */
#define NVME_LIST_MAX	1024		/* namespaces in one list (Identify, CNS 02h) */

/* How long what may take. */
struct nvme_patience {
	unsigned int timeout_s;		/* for the server; never 0 */
	unsigned int dead_s;		/* requests wait so long for it to come back */
};

/* Who we are to a target; empty: whatever the kernel makes up. */
struct nvme_host {
	char nqn[NVME_NQN_MAX + 1];
	char id[40];
};

int nvme_disk_name(const char *child, char name[NVME_NAME_MAX]);
int nvme_instance(const char *text, int *controller);
int nvme_connect_words(const struct nvme_url *url, const char *address,
		       const struct nvme_host *host, const struct nvme_patience *patience,
		       char *to, size_t size);
int nvme_choose(const __le32 list[NVME_LIST_MAX], uint32_t wanted, uint32_t *nsid);

#endif /* SKY_NVME_NVME_NAMES_H */
