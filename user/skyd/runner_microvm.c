// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tier 1: an initramfs under QEMU.  A microvm has no PCI, so what it is given are devices of
 * virtio-mmio, of which its kernel learns by ACPI; QEMU's other way, a word of the command line
 * for each, would put them behind the command's words.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "runner_start.h"

#define KVM		"/dev/kvm"
#define BEGUN		"as init process"	/* the kernel's words */
#define WORDS_MAX	2000u			/* bytes of a command line */
#define ARGS_MAX	56u
#define TSC_TRIES	16u
#define TSC_US		20000u

/* What QEMU is started with. */
struct machine {
	const struct config *config;
	const char *argv[ARGS_MAX];
	unsigned int args;
	bool emulated;
	bool pci;
	char append[WORDS_MAX + 48], serial[PATH_SIZE + 8], pid[PATH_SIZE], mem[16], as[32];
	char drive[320], net[96], card[80], mac[MAC_TEXT];
};

static void add(struct machine *m, const char *option, const char *value)
{
	m->argv[m->args++] = option;
	if (value)
		m->argv[m->args++] = value;
}

/* --- its command line --------------------------------------------------------------------- */

#ifdef __x86_64__
/* Both clocks at once, as nearly as can be: of some tries the one that took least. */
static u64 ticks_at(u64 *us)
{
	u64 best = 0, least = UINT64_MAX, before, now, took;
	unsigned int i;

	for (i = 0; i < TSC_TRIES; i++) {
		before = __builtin_ia32_rdtsc();
		now = runner_now_us(CLOCK_MONOTONIC_RAW);
		took = __builtin_ia32_rdtsc() - before;
		if (took >= least)
			continue;
		least = took;
		best = before + took / 2;
		*us = now;
	}
	return best;
}

/*
 * An emulated CPU has the time stamp counter of this one.  With ACPI a microvm has no other clock
 * to measure it by, and its kernel would wait for one for ever.
 */
static int clock_words(char *to, size_t size)
{
	u64 from_us = 0, to_us = 0, from = ticks_at(&from_us), ticks;

	usleep(TSC_US);
	ticks = ticks_at(&to_us) - from;
	return snprintf(to, size, " tsc_early_khz=%llu",
			(unsigned long long)(ticks * 1000 / (to_us - from_us)));
}
#else
static int clock_words(char *to, size_t size)
{
	*to = 0;
	return 0;
}
#endif

/* The kernel takes words at blanks, and what is behind "--" is its first process's. */
static int kernel_words(struct runner_start *s, struct machine *m)
{
	const char *more = m->config->workload_cmdline, *w;
	size_t size = sizeof(m->append), len;

	len = snprintf(m->append, size, "console=ttyS0 panic=-1 reboot=t");
	if (m->emulated)
		len += clock_words(m->append + len, size - len);
	len += snprintf(m->append + len, size - len, "%s%s --", *more ? " " : "", more);
	for (w = s->command; *w; w += strlen(w) + 1) {
		if (strpbrk(w, " \t\n\""))
			return refuse_why(s, 400, -EINVAL,
					  "a word of a microVM's command has no blanks or quotes");
		if (len < size)
			len += snprintf(m->append + len, size - len, " %s", w);
	}
	return len < WORDS_MAX ? 0 : refuse_why(s, 400, -EINVAL, "the command is too long");
}

/* --- its devices -------------------------------------------------------------------------- */

static bool is_file(const char *path)
{
	struct stat st;

	return *path && !stat(path, &st) && S_ISREG(st.st_mode);
}

static int may_have_devices(struct runner_start *s, const struct machine *m)
{
	const char *machine = m->config->workload_machine;

	if (!*s->block && !*s->net && !s->secrets)
		return 0;
	/* Of another form QEMU makes something else than a file, as of nbd:HOST. */
	if (*s->block && *s->block != '/')
		return refuse_why(s, 400, -EINVAL, "a microVM's block is a path that begins with /");
	if (!m->pci && strstr(machine, "acpi=off"))
		return refuse_why(s, 409, -ENOTSUP, "a microvm without ACPI finds no devices; see workloads.machine in skyd.conf(5)");
	return 0;
}

/* Disks in this order: the guest's last one has its secrets. */
static void give_devices(struct runner_start *s, struct machine *m)
{
	if (*s->block) {
		snprintf(m->drive, sizeof(m->drive), "file=%s,if=none,id=block,format=raw",
			 s->block);
		add(m, "-drive", m->drive);
		add(m, "-device", m->pci ? "virtio-blk-pci,drive=block" :
					   "virtio-blk-device,drive=block");
	}
	if (s->secrets) {
		add(m, "-drive", "file=/proc/self/fd/4,if=none,id=secrets,format=raw,readonly=on,file.locking=off");
		add(m, "-device", m->pci ? "virtio-blk-pci,drive=secrets,serial=secrets" :
					   "virtio-blk-device,drive=secrets,serial=secrets");
	}
	if (*s->net) {
		snprintf(m->net, sizeof(m->net), "tap,id=net,ifname=%s,script=no,downscript=no",
			 s->net);
		add(m, "-netdev", m->net);
		snprintf(m->card, sizeof(m->card), "virtio-net-%s,netdev=net,mac=%s",
			 m->pci ? "pci" : "device", m->mac);
		add(m, "-device", m->card);
	}
}

/* --- its start ---------------------------------------------------------------------------- */

/* A file that nobody can open, or without a module behind it, is no KVM. */
static bool has_kvm(void)
{
	CLEANUP_CLOSE int fd = open(KVM, O_RDWR | O_CLOEXEC);

	return fd >= 0;
}

static void compose(struct runner_start *s, struct machine *m)
{
	const unsigned int id = m->config->workload_ids;

	snprintf(m->mem, sizeof(m->mem), "%u", s->mem);
	snprintf(m->as, sizeof(m->as), "%u:%u", id, id);
	memcpy(m->serial, "file:", 5);
	runner_path(s->r, s->record.name, "console", m->serial + 5, sizeof(m->serial) - 5);
	runner_path(s->r, s->record.name, "pid", m->pid, sizeof(m->pid));
	add(m, QEMU, NULL);
	add(m, "-M", m->config->workload_machine);
	add(m, "-accel", m->emulated ? "tcg,thread=single" : "kvm");
	add(m, "-cpu", "max");
	add(m, "-nodefaults", NULL);
	add(m, "-no-user-config", NULL);
	add(m, "-no-reboot", NULL);
	add(m, "-display", "none");
	add(m, "-m", m->mem);
	add(m, "-kernel", m->config->workload_kernel);
	add(m, "-initrd", "/proc/self/fd/3");
	add(m, "-append", m->append);
	add(m, "-serial", m->serial);
	add(m, "-daemonize", NULL);
	add(m, "-pidfile", m->pid);
	add(m, "-sandbox", "on,obsolete=deny,resourcecontrol=deny");
	add(m, "-runas", m->as);
	give_devices(s, m);
}

static int read_pid(const struct machine *m)
{
	CLEANUP_FREE char *text = NULL;

	return file_read(m->pid, 32, &text, NULL) ? 0 : atoi(text);
}

int runner_start_microvm(struct runner_start *s)
{
	const struct config *c = s->r->config;
	struct machine m = {
		.config = c, .emulated = c->workload_no_kvm || !has_kvm(),
		.pci = strncmp(c->workload_machine, "microvm", 7),
	};
	char log[PATH_SIZE];
	/* A disk that is a file may be larger than a console. */
	const struct runner_program qemu = { .argv = m.argv, .log = log, .fd = s->image,
					     .second = s->secrets, .seconds = START_SECONDS,
					     .capabilities = BECOMES | (*s->net ?
						PRIV_CAP(CAP_NET_ADMIN) : 0),
					     .file_max = is_file(s->block) ? 0 : RUNNER_FILE_MAX };
	int rc = may_have_devices(s, &m);

	if (!rc)
		rc = kernel_words(s, &m);
	/* Two with QEMU's own would take each other's frames. */
	if (!rc && *s->net && runner_mac_here(c, s->record.name, m.mac))
		rc = refuse_why(s, 500, -EIO, "no address for its network card could be made");
	if (rc)
		return rc;
	compose(s, &m);
	runner_path(s->r, s->record.name, "start.log", log, sizeof(log));
	unlink(m.serial + 5);
	if (runner_spawn(&qemu, s->why))
		return refuse(s, 422, -EIO);
	s->record.pid = read_pid(&m);
	return 0;
}

bool runner_has_begun(const struct runner *r, const char *name)
{
	CLEANUP_FREE char *text = NULL;
	char path[PATH_SIZE];
	size_t len;

	runner_path(r, name, "console", path, sizeof(path));
	return !file_read(path, 1u << 20, &text, &len) && memmem(text, len, BEGUN, strlen(BEGUN));
}
