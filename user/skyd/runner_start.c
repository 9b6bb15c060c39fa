// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tiers.  An image is one file, known by its digest: below it is a container's root (tar), a
 * microVM's (an initramfs) or a unikernel.  It is copied once, sealed and digested; what runs is
 * that copy.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/sealed.h"
#include "base/size.h"
#include "crypto/hmac.h"
#include "monitor/monitor.h"
#include "runner_secret.h"
#include "runner_start.h"

#define IMAGE_MAX	(1ull << 30)	/* bytes */
#define CRUN		"/usr/bin/crun"
#define TAR		"/bin/tar"
#define IDS		65536		/* of a container */
#define PROCESSES	1024	/* of containers, all together */

bool runner_can(const struct runner *r, unsigned int kind, char why[RUNNER_WHY])
{
	static const char *const programs[RUNNER_TIERS][2] = { { CRUN, TAR }, { QEMU, NULL } };
	const char *missing = NULL;
	unsigned int i;

	for (i = 0; i < 2 && !missing; i++)
		if (programs[kind][i] && access(programs[kind][i], X_OK))
			missing = programs[kind][i];
	if (!missing && kind == 1 && access(r->config->workload_kernel, R_OK))
		missing = *r->config->workload_kernel ? r->config->workload_kernel :
			  "a kernel: workloads.kernel";
	if (!missing && kind == 2 && access(HEDGE_MONITOR, W_OK))
		missing = HEDGE_MONITOR "; `modprobe hedge` loads the monitor";
	*why = 0;
	if (missing)
		snprintf(why, RUNNER_WHY, "this host has not %s", missing);
	return !missing;
}

/* --- the image ------------------------------------------------------------------------------ */

static int digest_is(int fd, const u8 digest[RUNNER_DIGEST])
{
	struct stat st;
	u8 found[SHA256_BYTES];
	void *map;

	if (fstat(fd, &st))
		return -errno;
	map = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	sha256_of(map, st.st_size, found);
	munmap(map, st.st_size);
	return memcmp(found, digest, RUNNER_DIGEST) ? -EBADMSG : 0;
}

/* Its name is its digest: there is no path that a request could choose. */
static int open_image(struct runner_start *s)
{
	char hex[2 * RUNNER_DIGEST + 1], path[PATH_SIZE];
	CLEANUP_CLOSE int fd = -1;
	int rc;

	hex_encode(s->record.digest, RUNNER_DIGEST, hex);
	snprintf(path, sizeof(path), "%s/%s", s->r->config->workload_images, hex);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return refuse_why(s, 404, -ENOENT, "the image sha256:%.16s... is not here: %s", hex,
				  strerror(errno));
	s->image = sealed_copy(fd, IMAGE_MAX);
	if (s->image < 0)
		return refuse_why(s, 500, s->image, "the image cannot be read: %s",
				  strerror(-s->image));
	rc = digest_is(s->image, s->record.digest);
	return rc ? refuse_why(s, 409, rc, "the file of image sha256:%.16s... has other bytes", hex)
		  : 0;
}

/* --- tier 0 --------------------------------------------------------------------------------- */

static json_t *words(const char *command)
{
	json_t *list = json_array();

	for (; *command; command += strlen(command) + 1)
		json_array_append_new(list, json_string(command));
	return list;
}

static json_t *ids(unsigned int first)
{
	return json_pack("[{s:i,s:i,s:i}]", "containerID", 0, "hostID", (int)first, "size", IDS);
}

/* @secrets: a folder, or NULL. */
static json_t *mounts(const char *secrets)
{
	json_t *list = json_pack("[{s:s,s:s,s:s,s:[s,s,s]},{s:s,s:s,s:s,s:[s,s,s]},{s:s,s:s,s:s,s:[s,s,s]}]",
			 "destination", "/proc", "type", "proc", "source", "proc", "options",
			 "nosuid", "nodev", "noexec",
			 "destination", "/dev", "type", "tmpfs", "source", "tmpfs", "options",
			 "nosuid", "noexec", "mode=755,size=1m",
			 "destination", "/tmp", "type", "tmpfs", "source", "tmpfs", "options",
			 "nosuid", "nodev", "mode=1777,size=64m");

	if (secrets)
		json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:[s,s,s,s,s]}", "destination",
						      RUNNER_SECRETS_DIR, "type", "bind", "source",
						      secrets, "options", "bind", "ro", "nosuid",
						      "nodev", "noexec"));
	return list;
}

/* Its root user is nobody on the host; it has no capabilities, and can gain none. */
static int write_config(const struct runner_start *s, const char *name, const char *secrets)
{
	const json_int_t bytes = (json_int_t)s->mem << 20;
	const unsigned int first = s->r->config->workload_ids;
	char path[PATH_SIZE];
	json_t *process = json_pack("{s:b,s:{s:i,s:i},s:o,s:[s],s:s,s:b,s:{},s:[{s:s,s:I,s:I},{s:s,s:i,s:i}]}",
				    "terminal", 0, "user", "uid", 0, "gid", 0, "args",
				    words(s->command), "env", "PATH=/usr/bin:/bin", "cwd", "/",
				    "noNewPrivileges", 1, "capabilities", "rlimits",
				    "type", "RLIMIT_AS", "hard", bytes, "soft", bytes,
				    "type", "RLIMIT_NPROC", "hard", PROCESSES, "soft", PROCESSES);
	json_t *confined = json_pack("{s:o,s:o,s:[{s:s},{s:s},{s:s},{s:s},{s:s},{s:s}],s:[s,s],s:[s,s]}",
				     "uidMappings", ids(first), "gidMappings", ids(first),
				     "namespaces", "type", "pid", "type", "mount", "type", "ipc",
				     "type", "uts", "type", "network", "type", "user",
				     "maskedPaths", "/proc/kcore", "/proc/keys", "readonlyPaths",
				     "/proc/sys", "/proc/sysrq-trigger");
	json_t *j = json_pack("{s:s,s:o,s:{s:s,s:b},s:s,s:o,s:o}", "ociVersion", "1.0.2", "process",
			      process, "root", "path", "rootfs", "readonly", 1, "hostname", name,
			      "mounts", mounts(s->secrets ? secrets : NULL), "linux", confined);
	char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;
	int rc = -ENOMEM;

	json_decref(j);
	runner_path(s->r, name, "config.json", path, sizeof(path));
	if (text)
		rc = file_write_atomic(path, text, strlen(text), 0600);
	free(text);
	return rc;
}

/* By the container's own user, so that it makes no devices and follows nothing out of there. */
static int unpack(struct runner_start *s, const char *name)
{
	static const char *const argv[] = { TAR, "-x", "-p", "-f", "/proc/self/fd/3", NULL };
	const unsigned int id = s->r->config->workload_ids;
	char rootfs[PATH_SIZE], log[PATH_SIZE];
	const struct runner_program tar = {
		.argv = argv, .log = log, .folder = rootfs, .fd = s->image, .id = id,
		.seconds = START_SECONDS,
	};

	runner_path(s->r, name, "rootfs", rootfs, sizeof(rootfs));
	runner_path(s->r, name, "unpack.log", log, sizeof(log));
	if (mkdir(rootfs, 0755) || chmod(rootfs, 0755) || chown(rootfs, id, id))
		return refuse_why(s, 500, -EIO, "%.200s: %s", rootfs, strerror(errno));
	return runner_spawn(&tar, s->why) ? refuse(s, 422, -EIO) : 0;
}

static int read_pid(const struct runner_start *s, const char *name)
{
	CLEANUP_FREE char *text = NULL;
	char path[PATH_SIZE];

	runner_path(s->r, name, "pid", path, sizeof(path));
	return file_read(path, 32, &text, NULL) ? 0 : atoi(text);
}

void runner_delete_container(const struct runner *r, const char *name)
{
	char root[PATH_SIZE], ignored[RUNNER_WHY];
	const char *const argv[] = { CRUN, "--cgroup-manager=disabled", "--root", root, "delete",
				     "--force", name, NULL };
	/* Without a log: where a disk is full it still has to do. */
	const struct runner_program crun = { .argv = argv, .fd = -1, .seconds = START_SECONDS,
					     .capabilities = BECOMES };

	snprintf(root, sizeof(root), "%s/.crun", r->config->workload_state);
	runner_spawn(&crun, ignored);
}

/*
 * It is the container's own: /dev/stdout is opened by name.  With CAP_CHOWN crun would do so, and
 * with its standard input, the host's /dev/null, as well.
 */
static int make_console(const struct runner_start *s, const char *path)
{
	const unsigned int id = s->r->config->workload_ids;
	CLEANUP_CLOSE int fd = -1;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd < 0 || fchown(fd, id, id) ? -errno : 0;
}

/* Where its secrets are mounted; crun finds the way there when it is the container's user. */
static int make_place(struct runner_start *s, const char *folder, const char *place)
{
	if ((mkdir(place, 0711) && errno != EEXIST) ||
	    chown(folder, -1, s->r->config->workload_ids) || chmod(folder, 0710))
		return refuse_why(s, 500, -errno, "%.200s: %s", place, strerror(errno));
	return 0;
}

static int start_container(struct runner_start *s)
{
	const char *name = s->record.name;
	char root[PATH_SIZE], folder[PATH_SIZE], log[PATH_SIZE], pid[PATH_SIZE], secrets[PATH_SIZE];
	struct runner_secrets_folder given = { s->secrets, secrets, s->r->config->workload_ids };
	const char *const argv[] = { CRUN, "--cgroup-manager=disabled", "--root", root, "run",
				     "--detach", "--no-new-keyring", "--bundle", folder,
				     "--pid-file", pid, name, NULL };
	const struct runner_program crun = { .argv = argv, .log = log, .fd = -1,
					     .prepare = s->secrets ? runner_secrets_mount : NULL,
					     .prepare_arg = &given, .seconds = START_SECONDS,
					     .capabilities = BECOMES,
					     .file_max = RUNNER_FILE_MAX, .file_kill = true };
	int rc;

	if (!*s->command)
		return refuse_why(s, 400, -EINVAL, "a container needs a command");
	snprintf(root, sizeof(root), "%s/.crun", s->r->config->workload_state);
	runner_path(s->r, name, "", folder, sizeof(folder));
	runner_path(s->r, name, "console", log, sizeof(log));
	runner_path(s->r, name, "pid", pid, sizeof(pid));
	runner_path(s->r, name, "secrets", secrets, sizeof(secrets));
	rc = unpack(s, name);
	if (!rc && s->secrets)
		rc = make_place(s, folder, secrets);
	if (rc)
		return rc;
	rc = write_config(s, name, secrets);
	if (!rc)
		rc = make_console(s, log);
	if (rc)
		return refuse_why(s, 500, rc, "its files cannot be written: %s", strerror(-rc));
	/* What crun knows of one that was killed. */
	runner_delete_container(s->r, name);
	if (runner_spawn(&crun, s->why))
		return refuse(s, 422, -EIO);
	s->record.pid = read_pid(s, name);
	return 0;
}

/* --- tier 2 --------------------------------------------------------------------------------- */

static int hedge_words(struct runner_start *s, char *to, size_t size)
{
	size_t len = 0;
	const char *w;

	if (strchr(s->block, '|') || strchr(s->net, '|'))
		return refuse_why(s, 400, -EINVAL, "no device has a bar in its name");
	for (w = s->command; *w; w += strlen(w) + 1) {
		if (strchr(w, '|'))
			return refuse_why(s, 400, -EINVAL, "a word has a bar in it");
		len += snprintf(to + len, size - len, "%s%s", len ? " " : "", w);
	}
	/* The monitor takes no empty one. */
	if (!len)
		snprintf(to, size, " ");
	return 0;
}

void runner_stop_guest(const char *name)
{
	char line[96], ignored[RUNNER_WHY];

	snprintf(line, sizeof(line), "stop|%s", name);
	monitor_command_why(line, ignored, sizeof(ignored));
}

static int start_guest(struct runner_start *s, const char *command)
{
	char line[HEDGE_COMMAND_MAX + 1], hex[65];
	char loop[32], device[64] = "";
	CLEANUP_CLOSE int held = -1;	/* until the monitor has it open */
	CLEANUP_FREE char *stats = NULL;
	char pid[16] = "";
	uint64_t number = 0;
	int rc;

	if (s->secrets) {
		held = runner_secrets_loop(s->secrets, loop);
		if (held < 0)
			return refuse_why(s, 500, held, "no block device for its secrets: %s",
					  strerror(-held));
		snprintf(device, sizeof(device), "|block." RUNNER_SECRETS_DEVICE "=%s", loop);
	}
	hex_encode(s->record.digest, RUNNER_DIGEST, hex);
	snprintf(line, sizeof(line), "start|%s|/proc/%d/fd/%d||%u|%s|%s|%s|verify=enforce%s",
		 s->record.name, (int)getpid(), s->image, s->mem, s->block, s->net, command,
		 device);
	rc = monitor_start_digest(line, s->record.name, hex, s->why, sizeof(s->why));
	explicit_bzero(line, sizeof(line));
	if (rc)
		return refuse(s, rc == -EEXIST ? 409 : 422, rc);
	if (!monitor_stats(s->record.name, &stats) && monitor_stat(stats, "pid", pid, sizeof(pid)))
		number_parse(pid, 1, INT32_MAX, &number);
	s->record.pid = number;
	/* What nobody could find again is not left to itself. */
	if (!number)
		runner_stop_guest(s->record.name);
	return 0;
}

/* There may be secrets among the words. */
static int start_hedge(struct runner_start *s)
{
	char command[RUNNER_COMMAND_MAX + 1];
	int rc = hedge_words(s, command, sizeof(command));

	if (!rc)
		rc = start_guest(s, command);
	explicit_bzero(command, sizeof(command));
	return rc;
}

u64 runner_guest_bytes(const char *name)
{
	CLEANUP_FREE char *stats = NULL;
	char text[32] = "";
	uint64_t bytes = 0;

	if (!monitor_stats(name, &stats) &&
	    monitor_stat(stats, "resident_bytes", text, sizeof(text)))
		number_parse(text, 0, INT64_MAX, &bytes);
	return bytes;
}

/* --- both ends ------------------------------------------------------------------------------ */

static int take(struct runner_start *s)
{
	int fd = runner_take(s->r, s->record.name);

	if (fd == -EEXIST)
		return refuse_why(s, 409, fd, "a workload of this name runs");
	if (fd == -EBUSY)
		return refuse_why(s, 409, fd, "a workload of this name is being started or ended");
	if (fd == -ENOSPC)
		return refuse_why(s, 409, fd, "there are %u workloads: stop those that have ended",
				  RUNNER_ROWS);
	return fd < 0 ? refuse_why(s, 500, fd, "no folder for it: %s", strerror(-fd)) : fd;
}

static int write_record(struct runner_start *s)
{
	int rc = runner_record_write(s->r, &s->record);

	return rc ? refuse_why(s, 500, rc, "its record cannot be written: %s", strerror(-rc)) : 0;
}

/* What it has come to is ended. */
static void undo(struct runner_start *s, unsigned int kind)
{
	const struct runner_record *w = &s->record;

	if (kind == 0)
		runner_delete_container(s->r, w->name);
	if (kind == 2 && w->pid > 0)
		runner_stop_guest(w->name);
	if (w->pid > 0 && runner_alive(w))
		kill(w->pid, SIGKILL);
	runner_forget(s->r, w->name);
}

static int run(struct runner_start *s, unsigned int kind)
{
	int rc = open_image(s);

	s->record.up = runner_now_us(CLOCK_BOOTTIME);
	/* Without a process: it was cut off, should nothing follow. */
	if (!rc)
		rc = write_record(s);
	if (!rc)
		rc = kind == 0 ? start_container(s) : kind == 1 ? runner_start_microvm(s) :
		     start_hedge(s);
	if (s->image >= 0)
		close(s->image);
	s->image = -1;
	if (rc)
		return rc;
	s->record.ticks = runner_ticks(s->record.pid);
	if (!s->record.ticks)
		return refuse_why(s, 422, -ESRCH, "it has ended at once");
	/* A microVM's kernel starts by itself, and the time until the command is what counts. */
	if (kind != 1)
		s->record.spawn_us = runner_now_us(CLOCK_MONOTONIC) - s->began;
	return write_record(s);
}

int runner_do_start(struct runner_start *s)
{
	const unsigned int kind = runner_kind(s->record.tier);
	CLEANUP_CLOSE int held = -1;
	int rc;

	s->image = -1;
	if (!runner_can(s->r, kind, s->why))
		return refuse(s, 409, -ENOTSUP);
	if (kind == 0 && (*s->block || *s->net))
		return refuse_why(s, 400, -EINVAL, "a container gets no devices of the host");
	if (strpbrk(s->block, ",\n") || strpbrk(s->net, ",\n"))
		return refuse_why(s, 400, -EINVAL, "no device has a comma in its name");
	held = take(s);
	if (held < 0)
		return held;
	rc = run(s, kind);
	if (rc)
		undo(s, kind);
	return rc;
}

/* A process that has ended is the end of any tier. */
static int end_process(const struct runner_record *w)
{
	unsigned int i;

	if (runner_alive(w) && kill(w->pid, SIGKILL) && errno != ESRCH)
		return -errno;
	for (i = 0; i < 1000 && runner_alive(w); i++)
		usleep(10000);
	return runner_alive(w) ? -ETIMEDOUT : 0;
}

int runner_do_stop(struct runner *r, const char *name, char why[RUNNER_WHY])
{
	CLEANUP_CLOSE int held = runner_hold(r, name);
	struct runner_record w;
	int rc = 0;

	if (held < 0 || runner_record_read(r, name, &w)) {
		snprintf(why, RUNNER_WHY, held == -EBUSY ? "it is being started or ended" :
			 "there is no workload of this name");
		return held == -EBUSY ? -EBUSY : -ENOENT;
	}
	if (runner_kind(w.tier) == 0)
		runner_delete_container(r, name);
	if (runner_kind(w.tier) == 2 && runner_alive(&w))
		runner_stop_guest(name);
	rc = end_process(&w);
	if (rc)
		snprintf(why, RUNNER_WHY, "process %d does not end", w.pid);
	else
		runner_forget(r, name);
	return rc;
}
