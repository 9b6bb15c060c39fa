// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <asm/byteorder.h>

#include "nvme_names.h"

#define RECONNECT_MAX_S	10u

/**
 * nvme_disk_name - the disk of a namespace by its entry below a controller
 * @child:	"nvme0n1"; or "nvme0c2n1", which with multipath is the hidden path
 *		by controller 2 to the disk nvme0n1
 * @name:	receives it
 *
 * Return: 0, or -EINVAL when @child is no namespace.
 */
int nvme_disk_name(const char *child, char name[NVME_NAME_MAX])
{
	unsigned int subsystem, controller, head;
	int end = -1;

	/* %u would have signs and spaces, too. */
	if (child[strspn(child, "nvmec0123456789")])
		return -EINVAL;
	if (sscanf(child, "nvme%9un%9u%n", &subsystem, &head, &end) == 2 && end > 0 && !child[end]) {
		snprintf(name, NVME_NAME_MAX, "nvme%un%u", subsystem, head);
		return 0;
	}
	end = -1;
	if (sscanf(child, "nvme%9uc%9un%9u%n", &subsystem, &controller, &head, &end) != 3 ||
	    end < 0 || child[end])
		return -EINVAL;
	snprintf(name, NVME_NAME_MAX, "nvme%un%u", subsystem, head);
	return 0;
}

/**
 * nvme_instance - which controller was made
 * @text:	"instance=N,cntlid=M", the kernel's answer
 * @controller:	receives N
 *
 * Return: 0 or -EINVAL.
 */
int nvme_instance(const char *text, int *controller)
{
	unsigned int n;

	if (sscanf(text, "instance=%9u,", &n) != 1 || !isdigit((unsigned char)text[9]))
		return -EINVAL;
	*controller = (int)n;
	return 0;
}

/**
 * nvme_connect_words - what is written to the kernel for a connection
 * @url:	which subsystem
 * @address:	of its host, numeric
 * @host:	who we are
 * @patience:	the time a dead target may hold I/O up
 * @to:		receives it
 * @size:	of @to
 *
 * The kernel tries to reconnect for ever, since a controller that it gives up takes
 * the disk with it; but what is asked of the disk meanwhile fails.  Every connection
 * is one of its own, so that it is ours alone to end.
 *
 * Return: 0 or -ENAMETOOLONG.
 */
int nvme_connect_words(const struct nvme_url *url, const char *address,
		       const struct nvme_host *host, const struct nvme_patience *patience,
		       char *to, size_t size)
{
	unsigned int delay = patience->timeout_s < RECONNECT_MAX_S ? patience->timeout_s :
								     RECONNECT_MAX_S;
	int len;

	len = snprintf(to, size,
		       "transport=tcp,traddr=%s,trsvcid=%s,nqn=%s%s%s%s%s,keep_alive_tmo=%u,reconnect_delay=%u,ctrl_loss_tmo=-1,fast_io_fail_tmo=%u,duplicate_connect",
		       address, url->at.port, url->nqn,
		       *host->nqn ? ",hostnqn=" : "", host->nqn,
		       *host->id ? ",hostid=" : "", host->id,
		       patience->timeout_s, delay, patience->dead_s);
	return len < 0 || (size_t)len >= size ? -ENAMETOOLONG : 0;
}

/**
 * nvme_choose - the namespace that is meant
 * @list:	what the target says it has: little-endian, ended by a zero
 * @wanted:	0: the only one
 * @nsid:	receives it
 *
 * Return: 0; -ENOENT when it is not there; -ENOTUNIQ when there are several and
 * none was asked for.
 */
int nvme_choose(const __le32 list[NVME_LIST_MAX], uint32_t wanted, uint32_t *nsid)
{
	unsigned int i;

	for (i = 0; i < NVME_LIST_MAX && list[i]; i++) {
		*nsid = le32_to_cpu(list[i]);
		if (wanted && *nsid == wanted)
			return 0;
	}
	if (wanted || !i)
		return -ENOENT;
	return i > 1 ? -ENOTUNIQ : 0;
}
