// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * usage: hvt-peer [OPTION]... IMAGE [WORD]...
 *
 *	--mem=MIB		memory (32), rounded down to an even number
 *	--block:NAME=PATH	the block device NAME of the manifest
 *	--block-size:NAME=BYTES	(512); before --block
 *	--readonly:NAME		before --block
 *	--net:NAME=TAP		the network NAME
 *	--mac:NAME=MAC		its address
 *	--core=PATH		where a core goes if the guest aborts
 *
 * The words are the guest's command line, the console is standard output, and the status
 * is the guest's; 1 if it was ended, with the reason on standard error; 2 if it could not
 * be started.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/kvm.h>
#include <linux/string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/report.h"
#include "elf/hvt_core.h"
#include "peer.h"

#define IMAGE_MAX	(256u << 20)
#define CANNOT_START	2

/* An option "WORD:NAME=VALUE": the handle of the device NAME, and the value. */
static int device_option(const struct hvt_manifest *m, const char *arg, const char *word,
			 const char **value)
{
	size_t len = strlen(word), name;
	unsigned int i;

	if (strncmp(arg, word, len) || arg[len] != ':')
		return -1;
	arg += len + 1;
	name = strcspn(arg, "=");
	for (i = 1; i < m->entries; i++) {
		if (strlen(m->e[i].name) != name || memcmp(m->e[i].name, arg, name))
			continue;
		*value = arg[name] ? arg + name + 1 : "";
		return i;
	}
	die(CANNOT_START, "the guest wants no device %s", arg);
}

static int set_mac(struct peer_device *d, const char *text)
{
	uint8_t *b = d->mac;

	if (sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", b, b + 1, b + 2, b + 3, b + 4, b + 5) != 6)
		return fail(EINVAL, "%s: not a MAC address", text);
	d->has_mac = true;
	return 0;
}

/* One option; the image is known already. */
static int option(struct peer *p, struct hvt_manifest *m, const char *arg)
{
	const char *value;
	int i;

	i = device_option(m, arg, "--block-size", &value);
	if (i > 0) {
		p->device[i].block_size = strtoul(value, NULL, 0);
		return 0;
	}
	i = device_option(m, arg, "--readonly", &value);
	if (i > 0) {
		p->device[i].readonly = true;
		return 0;
	}
	i = device_option(m, arg, "--block", &value);
	if (i > 0 && m->e[i].type == HVT_DEVICE_BLOCK)
		return peer_open_block(&p->device[i], value);
	i = device_option(m, arg, "--mac", &value);
	if (i > 0)
		return set_mac(&p->device[i], value);
	i = device_option(m, arg, "--net", &value);
	if (i > 0 && m->e[i].type == HVT_DEVICE_NET)
		return peer_open_tap(&p->device[i], value, &m->e[i]);
	if (!strncmp(arg, "--mem=", 6))
		p->mem_size = strtoull(arg + 6, NULL, 0) / 2 * 2 * MIB;
	else if (!strncmp(arg, "--core=", 7))
		p->core = arg + 7;
	else
		return fail(EINVAL, "unknown option %s", arg);
	return 0;
}

static void write_core(struct peer *p)
{
	CLEANUP_FREE uint8_t *head = malloc(HVT_CORE_HEAD_SIZE);
	struct hvt_core_regs regs = { 0 };
	struct kvm_sregs s;
	struct kvm_regs r;
	uint64_t at;
	int fd;

	if (!head || ioctl(p->vcpu, KVM_GET_REGS, &r) || ioctl(p->vcpu, KVM_GET_SREGS, &s))
		return;
	regs = (struct hvt_core_regs){
		.r15 = r.r15, .r14 = r.r14, .r13 = r.r13, .r12 = r.r12, .rbp = r.rbp, .rbx = r.rbx,
		.r11 = r.r11, .r10 = r.r10, .r9 = r.r9, .r8 = r.r8, .rax = r.rax, .rcx = r.rcx,
		.rdx = r.rdx, .rsi = r.rsi, .rdi = r.rdi, .rip = r.rip, .rflags = r.rflags,
		.rsp = r.rsp, .cs = s.cs.selector, .ss = s.ss.selector, .fs_base = s.fs.base,
		.gs_base = s.gs.base,
	};
	fd = open(p->core, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		fail_errno("%s", p->core);
		return;
	}
	hvt_core_head(head, p->mem_size, &regs);
	pwrite_all(fd, head, HVT_CORE_HEAD_SIZE, 0);
	for (at = 0; at < p->mem_size; at += HVT_PAGE_SIZE)
		if (memchr_inv(p->mem + at, 0, HVT_PAGE_SIZE))
			pwrite_all(fd, p->mem + at, HVT_PAGE_SIZE, HVT_CORE_HEAD_SIZE + at);
	if (ftruncate(fd, HVT_CORE_HEAD_SIZE + p->mem_size) || close(fd))
		fail_errno("%s", p->core);
}

/* The words after the image, with a space between them. */
static void join(char *to, size_t size, char **words)
{
	size_t len = 0;

	for (*to = 0; *words && len < size; words++)
		len += snprintf(to + len, size - len, "%s%s", len ? " " : "", *words);
	if (len >= size)
		die(CANNOT_START, "the command line is too long");
}

static void start(struct peer *p, char **options, unsigned int count, const char *path,
		  char **words)
{
	CLEANUP_FREE struct hvt_manifest *m = NULL;
	CLEANUP_FREE char *file = NULL;
	char cmdline[HVT_CMDLINE_SIZE];
	const char *why;
	size_t size;
	uint64_t tsc_hz;
	unsigned int i;

	if (file_read(path, IMAGE_MAX, &file, &size))
		die(CANNOT_START, "%s: cannot be read", path);
	if (hvt_image_parse(file, size, &p->image, &why))
		die(CANNOT_START, "%s: %s", path, why);
	m = malloc(p->image.manifest_size);
	if (!m)
		die(CANNOT_START, "no memory");
	memcpy(m, file + p->image.manifest_offset, p->image.manifest_size);
	for (i = 0; i < count; i++)
		if (option(p, m, options[i]))
			exit(CANNOT_START);
	if (hvt_image_fits(&p->image, p->mem_size, &why))
		die(CANNOT_START, "%s: %s", path, why);
	for (i = 0; i < m->entries; i++)
		if (peer_attach(p, m, i))
			exit(CANNOT_START);
	join(cmdline, sizeof(cmdline), words);
	if (peer_kvm_open(p, &tsc_hz) || peer_load(p, file, m, cmdline, tsc_hz) || peer_kvm_boot(p))
		exit(CANNOT_START);
}

int main(int argc, char **argv)
{
	static struct peer p = { .mem_size = 32 * MIB };
	int i, image = 1;

	report_init(argv[0]);
	for (i = 0; i < HVT_MANIFEST_MAX; i++)
		p.device[i].fd = -1;
	while (image < argc && argv[image][0] == '-')
		image++;
	if (image == argc)
		die(CANNOT_START, "usage: hvt-peer [OPTION]... IMAGE [WORD]...");
	start(&p, argv + 1, image - 1, argv[image], argv + image + 1);
	peer_kvm_run(&p);
	if (p.status == HVT_EXIT_ABORT && p.core)
		write_core(&p);
	return p.status;
}
