// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

#include <asm/byteorder.h>
#include <linux/loop.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "log.h"
#include "runner_secret.h"
#include "sky_secret.h"
#include "vault_session.h"

#define ASK_MS		15000
#define LOOP_TRIES	16u	/* others take free devices, too */

/* One start's. */
struct getting {
	const struct runner_ask *ask;
	struct runner_start *start;
	struct session s;
	struct box_key key;
	struct vault_released give;
	char why[SESSION_WHY];
};

static int refuse(struct getting *g, unsigned int status, int rc, const char *why)
{
	g->start->status = status;
	snprintf(g->start->why, RUNNER_WHY, "secrets: %.300s", why);
	return rc;
}

static int prepare(void *arg)
{
	struct getting *g = arg;
	const struct rpc_bytes text = g->ask->session;
	int rc = session_parse((struct str){ text.data, text.len }, &g->s, g->why);

	if (rc)
		return refuse(g, 400, rc, rc == -EINVAL ? g->why : strerror(-rc));
	return box_key_make(&g->key);
}

/* --- the vault's answer ----------------------------------------------------------------- */

/* A copy that nobody can change; what runs later reads it, and it is gone with the last of them. */
static int keep_image(const void *image, size_t len)
{
	CLEANUP_CLOSE int fd = memfd_create("secrets", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	char again[64];
	int rc;

	if (fd < 0)
		return -errno;
	rc = pwrite_all(fd, image, len, 0);
	if (rc)
		return rc;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return -errno;
	snprintf(again, sizeof(again), "/proc/self/fd/%d", fd);
	rc = open(again, O_RDONLY | O_CLOEXEC);
	return rc < 0 ? -errno : rc;
}

static bool split(const struct session *s, const struct secret *plain,
		  struct str value[SESSION_SECRETS])
{
	size_t at = 0, len;
	unsigned int i;

	for (i = 0; i < s->secrets; i++) {
		__le32 number;

		if (plain->len - at < sizeof(number))
			return false;
		memcpy(&number, plain->data + at, sizeof(number));
		at += sizeof(number);
		len = le32_to_cpu(number);
		if (len > plain->len - at)
			return false;
		value[i] = (struct str){ (char *)plain->data + at, len };
		at += len;
	}
	return at == plain->len;
}

static bool has_device(const struct session *s)
{
	unsigned int i;

	for (i = 0; i < s->secrets; i++)
		if (s->secret[i].deliver == SESSION_DEVICE)
			return true;
	return false;
}

static int hand_over(struct getting *g, const struct secret *plain)
{
	struct runner_start *start = g->start;
	CLEANUP_SECRET struct secret image = SECRET_NONE;
	struct str value[SESSION_SECRETS];
	int rc;

	if (!split(&g->s, plain, value))
		return refuse(g, 502, -EBADMSG, "what the vault has given is damaged");
	rc = session_command(&g->s, value, start->command, RUNNER_COMMAND_MAX);
	if (rc < 0)
		return refuse(g, 400, rc, "the command is too long with them");
	start->command[rc] = 0;
	if (!has_device(&g->s))
		return 0;
	rc = secret_alloc(&image, SKY_SECRET_SIZE_MAX);
	if (!rc)
		rc = session_image(&g->s, value, image.data);
	if (rc > 0)
		rc = keep_image(image.data, rc);
	if (rc < 0)
		return refuse(g, 500, rc, strerror(-rc));
	start->secrets = rc;
	return 0;
}

static int open_answer(void *arg)
{
	struct getting *g = arg;
	const struct runner_record *w = &g->start->record;
	CLEANUP_SECRET struct secret plain = SECRET_NONE;
	u8 context[BOX_CONTEXT];
	int rc = box_context_release(g->s.digest, w->team, w->tier, w->digest, str_of(w->name),
				     context);

	if (!rc)
		rc = secret_alloc(&plain, VAULT_SESSION_BOX);
	if (!rc)
		rc = box_open(&g->key, context, g->give.box.data, g->give.box.len, plain.data);
	if (rc < 0)
		return refuse(g, 502, rc, "what the vault has given is not for this start");
	plain.len = rc;
	return hand_over(g, &plain);
}

/* Return: 0; -errno, and it was not given. */
static int ask_vault(struct runner *r, struct getting *g, struct link_answer *a, int64_t deadline)
{
	const struct runner_record *w = &g->start->record;
	struct vault_release ask = {
		.owner = w->team, .workload = { w->name, strlen(w->name) }, .tier = w->tier,
		.document = g->ask->session, .bundle = g->ask->bundle, .secret = g->ask->secret,
		.secrets = g->ask->secrets,
	};
	const struct link_call call = {
		VAULT_SESSION_RELEASE, &vault_release_schema, &ask, -1, &vault_released_schema,
		&g->give, 0,
	};
	char why[SESSION_WHY];
	int rc;

	memcpy(ask.image, w->digest, sizeof(ask.image));
	memcpy(ask.point, g->key.point, sizeof(ask.point));
	rc = link_do(r->vault, &call, a, deadline);
	if (rc == -EACCES)
		return refuse(g, 403, rc, "this host holds no lease");
	if (rc)
		return refuse(g, 503, rc, "the vault does not answer");
	if (!g->give.error)
		return 0;
	snprintf(why, sizeof(why), "%.*s", (int)g->give.why.len, (const char *)g->give.why.data);
	return refuse(g, 403, -EACCES, why);
}

int runner_secrets_get(struct runner *r, const struct runner_ask *ask, struct runner_start *s,
		       struct runner_answer *answer, int64_t deadline)
{
	CLEANUP_ANSWER struct link_answer a = LINK_ANSWER_NONE;
	struct getting g = { .ask = ask, .start = s };
	int64_t until = io_after_ms(ASK_MS);
	int rc;

	if (!ask->session.len)
		return 0;
	if (ask->command.len || !r->vault)
		return -EINVAL;
	if (deadline && deadline < until)
		until = deadline;
	rc = io_work(r->pool, prepare, &g, until);
	if (!rc) {
		rc = ask_vault(r, &g, &a, until);
		answer->release = rc ? RUNNER_REFUSED : RUNNER_RELEASED;
		answer->releases = g.give.releases;
	}
	if (!rc)
		rc = io_work(r->pool, open_answer, &g, 0);
	if (rc && !s->status)
		rc = refuse(&g, 500, rc, strerror(-rc));
	explicit_bzero(&g.key, sizeof(g.key));
	session_free(&g.s);
	return rc;
}

void runner_secrets_end(struct runner_start *s)
{
	if (s->secrets > 0)
		close(s->secrets);
	s->secrets = 0;
	explicit_bzero(s->command, sizeof(s->command));
}

/* --- a folder ----------------------------------------------------------------------------- */

static int write_file(const char *path, const void *at, size_t len, unsigned int id)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
	ssize_t put = fd < 0 ? -1 : write(fd, at, len);
	int rc = put == (ssize_t)len && !fchown(fd, id, id) ? 0 : -EIO;

	if (fd >= 0)
		close(fd);
	return rc;
}

/* Nothing of it is seen outside; the container's namespace is a copy, and outlives this one. */
int runner_secrets_mount(void *arg)
{
	const struct runner_secrets_folder *f = arg;
	const off_t size = lseek(f->image, 0, SEEK_END);
	const u8 *image = size <= 0 ? MAP_FAILED :
			  mmap(NULL, size, PROT_READ, MAP_PRIVATE, f->image, 0);
	const struct sky_secret_hdr *head = (const void *)image;
	const struct sky_secret_entry *entry = (const void *)(head + 1);
	size_t len = strlen(f->path), i;
	char path[4096];
	int rc = 0;

	if (image == MAP_FAILED || len + 1 + SKY_SECRET_NAME >= sizeof(path))
		return -EINVAL;
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("secrets", f->path, "ramfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755"))
		return -errno;
	memcpy(path, f->path, len);
	path[len++] = '/';
	for (i = 0; !rc && i < le32_to_cpu(head->count); i++) {
		memcpy(path + len, entry[i].name, SKY_SECRET_NAME);
		rc = write_file(path, image + le32_to_cpu(entry[i].offset),
				le32_to_cpu(entry[i].length), f->id);
	}
	munmap((void *)image, size);
	return rc;
}

/* --- a device ----------------------------------------------------------------------------- */

int runner_secrets_loop(int image, char path[32])
{
	CLEANUP_CLOSE int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	const struct loop_config as = {
		.fd = image, .block_size = 512,
		.info = { .lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR },
	};
	unsigned int i;
	int number, fd, rc = -errno;

	if (control < 0)
		return rc;
	for (i = 0; i < LOOP_TRIES; i++) {
		number = ioctl(control, LOOP_CTL_GET_FREE);
		if (number < 0)
			return -errno;
		snprintf(path, 32, "/dev/loop%d", number);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		if (!ioctl(fd, LOOP_CONFIGURE, &as))
			return fd;
		rc = -errno;
		close(fd);
		if (rc != -EBUSY)
			return rc;
	}
	return rc;
}
