/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NVMe over TCP, as the kernel does it: /dev/nvme-fabrics connects, sysfs tells of
 * controllers and their namespaces.
 */
#ifndef SKY_NVME_NVME_H
#define SKY_NVME_NVME_H

#include <stdbool.h>

#include "nvme_names.h"

int nvme_connect(const struct nvme_url *url, const struct nvme_patience *patience,
		 int *controller);
int nvme_find_disk(int controller, const struct nvme_url *url,
		   const struct nvme_patience *patience, char name[NVME_NAME_MAX]);
bool nvme_is_of(int controller, const char *nqn);
bool nvme_is_live(int controller);
int nvme_disconnect(int controller, const char *nqn);

#endif /* SKY_NVME_NVME_H */
