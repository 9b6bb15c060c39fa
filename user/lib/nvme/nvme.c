// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <linux/nvme_ioctl.h>

#include <asm/byteorder.h>

#include "base/cleanup.h"
#include "base/kmsg.h"
#include "base/modprobe.h"
#include "base/report.h"
#include "base/tcp.h"
#include "nvme.h"

#define FABRICS		"/dev/nvme-fabrics"
#define WORDS_MAX	2048

#define ADMIN_IDENTIFY		0x06
#define IDENTIFY_ACTIVE_LIST	0x02	/* CNS: namespaces of the controller */

static void close_dir(DIR **d)
{
	if (*d)
		closedir(*d);
}

#define CLEANUP_DIR	CLEANUP(close_dir)

/* One line of a file, without its end: 0 or -errno. */
static int read_line(const char *path, char *to, size_t size)
{
	CLEANUP_FCLOSE FILE *f = fopen(path, "re");

	if (!f)
		return -errno;
	if (!fgets(to, (int)size, f))
		return -ENODATA;
	to[strcspn(to, "\n")] = 0;
	return 0;
}

static int read_attribute(int controller, const char *name, char *to, size_t size)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/class/nvme/nvme%d/%.64s", controller, name);
	return read_line(path, to, size);
}

static void pause_10ms(void)
{
	const struct timespec pause = { .tv_nsec = 10000000 };

	nanosleep(&pause, NULL);
}

/* === connect === */

/* A word that would be taken for another option is not passed on. */
static void read_identity(const char *path, char *to, size_t size)
{
	if (read_line(path, to, size) || strpbrk(to, ", \t"))
		*to = 0;
}

/* As nvme-cli has it: targets that let in some hosts only know us by this. */
static void who_we_are(struct nvme_host *host)
{
	read_identity("/etc/nvme/hostnqn", host->nqn, sizeof(host->nqn));
	read_identity("/etc/nvme/hostid", host->id, sizeof(host->id));
}

static int open_fabrics(void)
{
	int fd = open(FABRICS, O_RDWR | O_CLOEXEC);

	if (fd < 0 && (errno == ENOENT || errno == ENODEV)) {
		modprobe("nvme-tcp");
		fd = open(FABRICS, O_RDWR | O_CLOEXEC);
	}
	if (fd >= 0)
		return fd;
	if (errno == EACCES || errno == EPERM)
		return fail(EPERM, "%s: not allowed; are you root?", FABRICS);
	fail(ENODEV, "the kernel has no NVMe over TCP (%s: %s)", FABRICS, strerror(errno));
	hint("modprobe nvme-tcp");
	return -ENODEV;
}

/*
 * The kernel says what a target does not like to its log alone; and it cannot be
 * told how long to wait.  So whether anyone is there is found out before.
 */
static int look_for_target(const struct nvme_url *url, const struct nvme_patience *patience,
			   char address[TCP_ADDRESS_MAX])
{
	int64_t deadline = clock_ms() + patience->timeout_s * 1000ll;
	CLEANUP_CLOSE int fd = tcp_connect("NVMe target", &url->at, deadline);

	if (fd < 0)
		return fd;
	return tcp_peer(fd, address) ? fail(EHOSTUNREACH, "NVMe target %s port %s went away",
					    url->at.host, url->at.port) : 0;
}

static int explain(const struct nvme_url *url, int err, int mark)
{
	/* Of words that it does not know, and of answers that are none. */
	if (err == EINVAL)
		err = EPROTO;
	fail(err, "NVMe target %s port %s, subsystem %s: not connected: %s", url->at.host,
	     url->at.port, url->nqn, strerror(err));
	kmsg_show_since(mark, "nvme");
	if (access("/sys/module/nvme_tcp", F_OK))
		hint("the kernel has no NVMe over TCP: modprobe nvme-tcp");
	else if (err == EPROTO)
		hint("is it an NVMe target that listens there?");
	else
		hint("does the target have this subsystem, and let this host in (/etc/nvme/hostnqn)?");
	return -err;
}

/**
 * nvme_connect - connect to a subsystem
 * @url:	which
 * @patience:	how long
 * @controller:	receives N of /dev/nvmeN
 *
 * A target that answers, but not in NVMe, holds this up for the kernel's own ten
 * seconds; one that stops after its first words, for a minute.
 *
 * Return: 0 or -errno, reported.
 */
int nvme_connect(const struct nvme_url *url, const struct nvme_patience *patience,
		 int *controller)
{
	CLEANUP_CLOSE int fd = -1, mark = -1;
	char words[WORDS_MAX], answer[128], address[TCP_ADDRESS_MAX];
	struct nvme_host host = { 0 };
	ssize_t len;
	int rc;

	rc = look_for_target(url, patience, address);
	if (rc)
		return rc;
	fd = open_fabrics();
	if (fd < 0)
		return fd;
	who_we_are(&host);
	if (nvme_connect_words(url, address, &host, patience, words, sizeof(words)))
		return fail(EINVAL, "subsystem %s: its name is too long", url->nqn);
	mark = kmsg_mark();
	if (write(fd, words, strlen(words)) < 0)
		return explain(url, errno, mark);
	len = read(fd, answer, sizeof(answer) - 1);
	answer[len > 0 ? len : 0] = 0;
	if (nvme_instance(answer, controller))
		return fail(EPROTO, "the kernel does not say which NVMe controller it made");
	return 0;
}

/* === namespaces === */

static int open_controller(int controller, int64_t deadline)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/nvme%d", controller);
	while ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0) {
		if (errno != ENOENT || clock_ms() > deadline)
			return fail(errno, "%s: %s", path, strerror(errno));
		pause_10ms();
	}
	return fd;
}

/* What the target says, not what the kernel has found so far. */
static int list_namespaces(int controller, unsigned int timeout_s, int64_t deadline,
			   __le32 list[NVME_LIST_MAX])
{
	CLEANUP_CLOSE int fd = open_controller(controller, deadline);
	struct nvme_admin_cmd cmd = {
		.opcode = ADMIN_IDENTIFY, .cdw10 = IDENTIFY_ACTIVE_LIST,
		.addr = (uintptr_t)list, .data_len = NVME_LIST_MAX * sizeof(*list),
		.timeout_ms = timeout_s * 1000,
	};
	int rc;

	if (fd < 0)
		return fd;
	memset(list, 0, NVME_LIST_MAX * sizeof(*list));
	rc = ioctl(fd, NVME_IOCTL_ADMIN_CMD, &cmd);
	if (rc < 0)
		return fail(errno, "/dev/nvme%d: its namespaces: %s", controller, strerror(errno));
	return rc ? fail(EIO, "/dev/nvme%d: its namespaces: NVMe status %#x", controller,
			 (unsigned int)rc) : 0;
}

/* The disk of a namespace, if the kernel has found it yet. */
static int disk_of(int controller, uint32_t nsid, char name[NVME_NAME_MAX])
{
	char path[300], attribute[64], text[16];
	CLEANUP_DIR DIR *dir = NULL;
	struct dirent *e;
	unsigned int have;

	snprintf(path, sizeof(path), "/sys/class/nvme/nvme%d", controller);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while ((e = readdir(dir))) {
		if (strlen(e->d_name) >= NVME_NAME_MAX || nvme_disk_name(e->d_name, name))
			continue;
		snprintf(attribute, sizeof(attribute), "%.31s/nsid", e->d_name);
		if (!read_attribute(controller, attribute, text, sizeof(text)) &&
		    sscanf(text, "%u", &have) == 1 && have == nsid)
			return 0;
	}
	return -ENOENT;
}

static int say_which(const struct nvme_url *url, const __le32 list[NVME_LIST_MAX], int rc)
{
	char text[128] = "";
	size_t at = 0;
	unsigned int i;

	for (i = 0; i < NVME_LIST_MAX && list[i] && at + 16 < sizeof(text); i++)
		at += snprintf(text + at, sizeof(text) - at, " %u", le32_to_cpu(list[i]));
	if (rc == -ENOTUNIQ) {
		fail(ENOTUNIQ, "subsystem %s of %s has several namespaces:%s", url->nqn,
		     url->at.host, text);
		hint("say which one: .../%s?nsid=N", url->nqn);
	} else if (!url->nsid) {
		fail(ENODEV, "subsystem %s of %s has no namespace", url->nqn, url->at.host);
	} else {
		fail(ENODEV, "subsystem %s of %s has no namespace %u; it has%s", url->nqn,
		     url->at.host, url->nsid, *text ? text : " none");
	}
	return rc == -ENOTUNIQ ? -EINVAL : -ENODEV;
}

/**
 * nvme_find_disk - the disk that a controller brought
 * @controller:	N of /dev/nvmeN
 * @url:	which namespace
 * @patience:	how long
 * @name:	receives its name below /dev
 *
 * Return: 0; -EINVAL when there are several and @url does not say which; or another
 * -errno; reported.
 */
int nvme_find_disk(int controller, const struct nvme_url *url,
		   const struct nvme_patience *patience, char name[NVME_NAME_MAX])
{
	int64_t deadline = clock_ms() + patience->timeout_s * 1000ll;
	CLEANUP_FREE __le32 *list = malloc(NVME_LIST_MAX * sizeof(*list));
	uint32_t nsid;
	int rc;

	if (!list)
		return fail(ENOMEM, "out of memory");
	rc = list_namespaces(controller, patience->timeout_s, deadline, list);
	if (rc)
		return rc;
	rc = nvme_choose(list, url->nsid, &nsid);
	if (rc)
		return say_which(url, list, rc);
	while ((rc = disk_of(controller, nsid, name))) {
		if (clock_ms() > deadline)
			return fail(ENODEV, "namespace %u of subsystem %s does not appear", nsid,
				    url->nqn);
		pause_10ms();
	}
	return 0;
}

/* === afterwards === */

/**
 * nvme_is_of - is this controller there, and one of a subsystem
 * @controller:	N of /dev/nvmeN: numbers are used again
 * @nqn:	of the subsystem
 */
bool nvme_is_of(int controller, const char *nqn)
{
	char text[NVME_NQN_MAX + 2];

	return !read_attribute(controller, "subsysnqn", text, sizeof(text)) && !strcmp(text, nqn);
}

/**
 * nvme_is_live - does the target answer, as far as the kernel knows
 * @controller:	N of /dev/nvmeN
 */
bool nvme_is_live(int controller)
{
	char text[32];

	return !read_attribute(controller, "state", text, sizeof(text)) && !strcmp(text, "live");
}

/**
 * nvme_disconnect - end a connection, and with it its disk
 * @controller:	N of /dev/nvmeN
 * @nqn:	of its subsystem; it is no error if the controller is gone
 *
 * Return: 0 or -errno, reported.
 */
int nvme_disconnect(int controller, const char *nqn)
{
	CLEANUP_CLOSE int fd = -1;
	char path[64];

	if (!nvme_is_of(controller, nqn))
		return 0;
	snprintf(path, sizeof(path), "/sys/class/nvme/nvme%d/delete_controller", controller);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "1", 1) != 1)
		return errno == ENOENT || errno == ENODEV ? 0 :
		       fail(errno, "/dev/nvme%d: not disconnected: %s", controller, strerror(errno));
	return 0;
}
