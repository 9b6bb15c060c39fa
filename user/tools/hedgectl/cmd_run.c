// SPDX-License-Identifier: GPL-2.0-or-later
/* hedgectl run: an image that was judged here, and exactly its bytes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "base/cleanup.h"
#include "base/hex.h"
#include "base/report.h"
#include "base/size.h"
#include "hedgectl.h"

#define DIGEST_TEXT	(2 * 32 + 1)

struct running {
	const char *name, *image;
	char digest[DIGEST_TEXT];
	uint64_t us;		/* from the command to the guest's first instruction */
	uint64_t judged_us;
	bool warned;
};

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000ull + t.tv_nsec / 1000;
}

static void print(const struct running *r, bool json)
{
	json_t *j;

	if (!json) {
		note("%s: sha256:%s, judged in %.1f ms", r->image, r->digest,
		     r->judged_us / 1000.0);
		fprintf(stderr, "VM \"%s\" runs after %.1f ms\n", r->name, r->us / 1000.0);
		return;
	}
	j = json_pack("{s:s,s:s,s:s+,s:b,s:f,s:f}", "name", r->name, "image", r->image, "digest",
		      "sha256:", r->digest, "warned", r->warned, "judge_ms",
		      r->judged_us / 1000.0, "spawn_ms", r->us / 1000.0);
	json_dumpf(j, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(j);
}

/* "/srv/kv.1.hvt": "kv.1", which the monitor still has to like */
static void name_of(const char *path, char to[HEDGE_NAME_MAX + 2])
{
	const char *base = strrchr(path, '/'), *end;

	base = base ? base + 1 : path;
	end = strrchr(base, '.');
	snprintf(to, HEDGE_NAME_MAX + 2, "%.*s", end && end != base ? (int)(end - base) :
		 (int)strlen(base), base);
}

static void make_line(struct line *l, const struct options *o, const struct running *r, int fd,
		      const char *cmdline)
{
	char path[64], mem[16];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)getpid(), fd);
	snprintf(mem, sizeof(mem), "%u", (unsigned int)o->mem);
	line_start(l, "start");
	line_field(l, "NAME", r->name);
	line_field(l, "PATH", path);
	line_field(l, "CPU", o->cpu);
	line_field(l, "MEM_MB", mem);
	line_path(l, o, "BLK", o->block ?: "");
	line_field(l, "NET", o->net ?: "");
	line_field(l, "CMDLINE", cmdline);
	line_words(l, o);
	line_field(l, "KEY=VALUE", "verify=enforce");
}

/**
 * cmd_run - hedgectl run
 */
int cmd_run(const struct options *o, int argc, char **argv)
{
	char cmdline[HVT_CMDLINE_SIZE], name[HEDGE_NAME_MAX + 2], why[512];
	struct running r = { .name = o->name ?: name, .image = argv[0] };
	CLEANUP_JUDGED j = { .fd = -1 };
	struct line l;
	uint64_t began;
	int rc = start_cmdline(o, argc - 1, argv + 1, cmdline, sizeof(cmdline));

	name_of(argv[0], name);
	began = now_us();
	if (!rc)
		rc = judge_image(o, argv[0], &j);
	if (rc)
		return rc;
	r.judged_us = now_us() - began;
	r.warned = j.warned;
	hex_encode(j.digest, sizeof(j.digest), r.digest);
	make_line(&l, o, &r, j.fd, cmdline);
	rc = line_check(&l);
	if (rc)
		return rc;
	began = now_us();
	rc = monitor_start_digest(l.text, r.name, r.digest, why, sizeof(why));
	r.us = now_us() - began;
	if (rc)
		return fail(-rc, "%s", why);
	print(&r, o->json);
	return o->wait ? start_wait(r.name, o->raw) : 0;
}
