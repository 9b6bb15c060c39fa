// SPDX-License-Identifier: GPL-2.0-or-later
/* What a backend puts in its audit ledger: nothing is forgotten, and its files can be given. */
#include <stdatomic.h>
#include <sys/stat.h>

#include "../../user/skyd/audit.h"
#include "../../user/skyd/log.h"
#include "io_util.h"

#define QUEUE	(LEDGER_BATCH - 1)	/* events that wait at most */

static const struct config quiet = { .level = LEVEL_ERROR };

struct site {
	char top[64];
	struct config config;
	struct backend b;
	struct io_group group;
};

static void site_open(struct site *s)
{
	*s = (struct site){ .top = "/tmp/test_audit.XXXXXX" };
	must(mkdtemp(s->top));
	s->config = quiet;
	s->config.state = s->top;
	s->config.audit_dir = "ledger";
	s->config.audit_key = "key";
	s->config.audit_epoch = "epoch";
	s->config.gateway_url = "http://here";
	s->b.config = &s->config;
	io_group_init(&s->group);
	must_equal(audit_open(&s->b), 0);
	must_equal(audit_start(&s->b, &s->group), 0);
}

static void site_close(struct site *s)
{
	char command[100];

	io_group_end(&s->group);
	audit_close(&s->b);
	snprintf(command, sizeof(command), "rm -r %s", s->top);
	must_equal(system(command), 0);
}

static struct ledger_event event_of(struct str text)
{
	return (struct ledger_event){ text, text, text, text, text };
}

static int tell_last(struct site *s)
{
	const struct ledger_event e = event_of(STR("last"));

	return audit_event_wait(&s->b, &e);
}

/* --- what is lost ---------------------------------------------------------------------- */

static atomic_bool held, waits;

static int hold(enum disk_step what, const char *path, const void *data, size_t len,
		uint64_t offset)
{
	(void)what;
	(void)path;
	(void)data;
	(void)len;
	(void)offset;
	while (atomic_load(&held)) {
		atomic_store(&waits, true);
		usleep(1000);
	}
	return 0;
}

/* Events that there is no room for while the disk is slow are told of by the batch after it. */
static int lost(void *arg)
{
	const struct ledger_event e = event_of(STR("e"));
	struct site s;
	unsigned int i;

	(void)arg;
	atomic_store(&held, true);
	atomic_store(&waits, false);
	site_open(&s);
	disk_hook = hold;
	audit_event(&s.b, &e);
	while (!atomic_load(&waits))
		must_equal(io_sleep_until(io_after_ms(1)), 0);
	for (i = 0; i < QUEUE + 3; i++)
		audit_event(&s.b, &e);
	must_equal(s.b.audit->lost, 3);
	atomic_store(&held, false);
	while (s.b.audit->queued == QUEUE)
		must_equal(io_sleep_until(io_after_ms(1)), 0);
	must_equal(tell_last(&s), 0);
	must_equal(s.b.audit->lost, 0);
	/* The start, the first, those that waited, one for the three, the last. */
	must_equal(ledger_size(s.b.audit->ledger), 2 + QUEUE + 2);
	disk_hook = NULL;
	site_close(&s);
	return 0;
}

static void test_lost(void **state)
{
	assert_int_equal(on_loop(state, lost, NULL), 0);
}

/* --- its files ------------------------------------------------------------------------- */

/* The longest names, of what takes most room in JSON: the public file is one answer still. */
static int largest(void *arg)
{
	char text[ENTRY_TEXT_MAX + 100], path[DISK_PATH], *file;
	const struct ledger_event e = event_of((struct str){ text, sizeof(text) });
	const struct tile t = { TILE_ENTRIES, 0, TILE_WIDTH };
	char name[TILE_PATH];
	unsigned int i;
	struct site s;
	size_t len;

	(void)arg;
	memset(text, 1, sizeof(text));
	site_open(&s);
	for (i = 0; i < TILE_WIDTH; i++)
		audit_event(&s.b, &e);
	must_equal(tell_last(&s), 0);
	tile_path(&t, name);
	snprintf(path, sizeof(path), "%s/ledger/%s", s.top, name);
	must_equal(disk_read(path, META_API_MAX, &file, &len), 0);
	must(len > META_API_MAX / 2);
	free(file);
	site_close(&s);
	return 0;
}

static void test_largest(void **state)
{
	assert_int_equal(on_loop(state, largest, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(test_lost), ON_BOTH(test_largest),
	};

	log_start("test", &quiet);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
