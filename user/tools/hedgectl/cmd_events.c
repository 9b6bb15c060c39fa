// SPDX-License-Identifier: GPL-2.0-or-later
/* hedgectl events. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/hex.h"
#include "base/report.h"
#include "base/text.h"
#include "hedgectl.h"
#include "netlink/hedge_events.h"

#define CLEANUP_WATCH	CLEANUP(genl_watch_close)
#define TEXT_MAX	4200	/* bytes of a path, escaped or cut */
#define DIGEST_TEXT	65

struct told {
	const struct options *o;
	uint64_t seq;		/* of the last event; 0: there was none */
	uint64_t count;
};

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	(void)sig;
	stopped = 1;
}

static int add_text(json_t *json, const char *key, const char *text)
{
	char printable[TEXT_MAX];

	return text ? json_object_set_new(json, key, json_string(text_printable(text, printable,
									sizeof(printable)))) : 0;
}

static int print_json(const struct hedge_notice *n)
{
	json_t *json = json_pack("{s:s, s:I, s:I}", "event", hedge_event_word(n->event), "seq",
				 (json_int_t)n->seq, "time", (json_int_t)n->time);
	char digest[DIGEST_TEXT];
	int bad = !json;

	if (!bad && n->id)
		bad = json_object_set_new(json, "id", json_integer(n->id));
	bad = bad || add_text(json, "name", n->name) || add_text(json, "image", n->path);
	if (!bad && n->digest) {
		hex_encode(n->digest, 32, digest);
		bad = add_text(json, "digest", digest);
	}
	if (!bad && n->has_status)
		bad = json_object_set_new(json, "status", json_integer(n->status));
	bad = bad || add_text(json, "reason", n->reason) || add_text(json, "file", n->file);
	if (!bad) {
		json_dumpf(json, stdout, JSON_COMPACT);
		putchar('\n');
	}
	json_decref(json);
	return bad ? fail(ENOMEM, "out of memory") : 0;
}

static void print_text(const struct hedge_notice *n)
{
	time_t seconds = n->time / 1000000000;
	char when[32], text[TEXT_MAX];
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(when, sizeof(when), "%F %T", &tm);
	printf("%s.%03u  %-8s  %s", when, (unsigned int)(n->time / 1000000 % 1000),
	       hedge_event_word(n->event), text_printable(n->name, text, sizeof(text)));
	if (n->has_status)
		printf("  status %u", n->status);
	if (n->reason)
		printf("  %s", text_printable(n->reason, text, sizeof(text)));
	if (n->file)
		printf("  %s", text_printable(n->file, text, sizeof(text)));
	putchar('\n');
}

static int on_message(struct nlmsghdr *header, void *arg)
{
	struct told *told = arg;
	struct hedge_notice n;

	if (hedge_notice_read(header, &n)) {
		warn("an event that is none; of another version?");
		return 0;
	}
	if (told->seq && n.seq > told->seq + 1)
		warn("%" PRIu64 " events were lost", n.seq - told->seq - 1);
	told->seq = n.seq;
	if (told->o->count && told->count == told->o->count)
		return 0;
	told->count++;
	if (told->o->json)
		return print_json(&n);
	print_text(&n);
	return 0;
}

static int follow(struct genl_watch *watch, struct told *told)
{
	struct pollfd fd = { .fd = genl_watch_fd(watch), .events = POLLIN };
	int rc;

	while (!stopped && (!told->o->count || told->count < told->o->count)) {
		if (poll(&fd, 1, -1) < 0) {
			if (errno == EINTR)
				continue;
			return fail_errno("poll");
		}
		rc = genl_watch_read(watch, on_message, told);
		/* Another module counts from 1 again; a gap is told by the next event. */
		if (rc == -EAGAIN)
			told->seq = 0;
		else if (rc && rc != -ENOBUFS)
			return rc;
		if (ferror(stdout))
			return fail(EIO, "standard output cannot be written");
	}
	return 0;
}

/**
 * cmd_events - hedgectl events
 */
int cmd_events(const struct options *o, int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = on_signal };
	CLEANUP_WATCH struct genl_watch *watch = NULL;
	struct told told = { .o = o };
	int rc;

	(void)argc;
	(void)argv;
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	rc = genl_watch_open(&hedge_watched, &watch);
	return rc ?: follow(watch, &told);
}
