// SPDX-License-Identifier: GPL-2.0-or-later
/* What the starter takes for a question: whoever asks may have been broken into. */
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shell.h"

#include "sky_secret.h"
#include "../../user/skyd/role_priv.h"
#include "../../user/skyd/starter.h"

static struct starter_ask *good(void)
{
	struct starter_ask *ask = calloc(1, sizeof(*ask));
	struct runner_start *s = &ask->start;

	assert_non_null(ask);
	ask->verb = STARTER_START;
	strcpy(s->record.name, "shop");
	strcpy(s->record.image, "reg.example.org/shop@sha256:0");
	memcpy(s->command, "/bin/shop\0--port\0" "80\0", 20);
	strcpy(s->block, "/dev/vda");
	strcpy(s->net, "tap0");
	s->record.tier = 4;
	s->mem = 256;
	return ask;
}

#define REFUSED(change) do {						\
	struct starter_ask *ask = good();				\
	struct runner_start *s = &ask->start;				\
									\
	(void)s;							\
	assert_true(starter_ask_ok(ask));				\
	change;								\
	assert_false(starter_ask_ok(ask));				\
	free(ask);							\
} while (0)

/* Texts that never end would be read on, into what follows. */
static void endless(void **state)
{
	(void)state;
	REFUSED(memset(s->record.name, 'a', sizeof(s->record.name)));
	REFUSED(memset(s->record.image, 'a', sizeof(s->record.image)));
	REFUSED(memset(s->block, 'a', sizeof(s->block)));
	REFUSED(memset(s->net, 'a', sizeof(s->net)));
	REFUSED(memset(s->command, 'a', sizeof(s->command)));
	/* A last word, and nothing behind it. */
	REFUSED(memset(s->command, 'a', sizeof(s->command) - 1));
}

static void outside(void **state)
{
	(void)state;
	REFUSED(ask->verb = STARTER_VERBS);
	REFUSED(ask->verb = ~0u);
	REFUSED((ask->verb = STARTER_STOP, ask->secrets = 1));
	REFUSED(s->record.tier = RUNNER_LEVELS);
	REFUSED(s->record.tier = ~0u);
	REFUSED(s->mem = 0);
	REFUSED(s->mem = RUNNER_MEM_MIN - 1);
	REFUSED(s->mem = RUNNER_MEM_MAX + 1);
}

/* It is a folder's, below one that is root's. */
static void names(void **state)
{
	static const char *const bad[] = {
		"", ".", "..", "../x", "a/b", "/etc", "-a", "a\n", "a b",
	};
	static const u32 verbs[] = { STARTER_START, STARTER_STOP, STARTER_LOOK };
	struct starter_ask *ask = good();
	size_t i, k;

	(void)state;
	for (k = 0; k < sizeof(verbs) / sizeof(verbs[0]); k++) {
		ask->verb = verbs[k];
		for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
			memset(ask->start.record.name, 0, sizeof(ask->start.record.name));
			strcpy(ask->start.record.name, bad[i]);
			assert_false(starter_ask_ok(ask));
		}
		strcpy(ask->start.record.name, "a");
		assert_true(starter_ask_ok(ask));
	}
	free(ask);
}

/* Of the others nothing is looked at, and nothing has to be there. */
static void others(void **state)
{
	struct starter_ask *ask = calloc(1, sizeof(*ask));

	(void)state;
	ask->verb = STARTER_HOST;
	assert_true(starter_ask_ok(ask));
	ask->verb = STARTER_LIST;
	assert_true(starter_ask_ok(ask));
	ask->verb = STARTER_STOP;
	assert_false(starter_ask_ok(ask));
	free(ask);
}

/* As many words as fit. */
static void words(void **state)
{
	struct starter_ask *ask = good();
	size_t i;

	(void)state;
	for (i = 0; i + 2 < sizeof(ask->start.command); i += 2)
		memcpy(ask->start.command + i, "a", 2);
	memset(ask->start.command + i, 0, sizeof(ask->start.command) - i);
	assert_true(starter_ask_ok(ask));
	memset(ask->start.command, 0, sizeof(ask->start.command));
	assert_true(starter_ask_ok(ask));
	free(ask);
}

/* --- one that lives --------------------------------------------------------------------------- */

static char top[64] = "/tmp/test_starter.XXXXXX";
static struct config config = { .workload_state = top };
static struct runner r = { .config = &config };

/* A sanitizer has no room in what a starter may have. */
void starter_priv(struct priv *p)
{
	*p = (struct priv){ .allow = PRIV_RUN };
}

static int begin(void **state)
{
	(void)state;
	return !mkdtemp(top);
}

static int end(void **state)
{
	(void)state;
	return sh("rm -rf %s", top);
}

/* What it cannot read on is the end of that channel, and is told: nobody waits for an answer. */
static void told(void **state)
{
	struct starter_ask *ask = good();
	const size_t much = SKY_SECRET_SIZE_MAX + 1;
	char *secrets = calloc(1, much), give[RUNNER_WHY];
	struct starter starter;
	size_t got;

	(void)state;
	assert_non_null(secrets);
	assert_int_equal(starter_open(&starter, &config), 0);
	ask->secrets = much;
	assert_int_equal(starter_do(&starter, ask, secrets, give, sizeof(give), &got), -EPIPE);
	/* The others are as they were. */
	ask->secrets = 0;
	ask->verb = STARTER_STOP;
	assert_int_equal(starter_do(&starter, ask, NULL, give, sizeof(give), &got), -ENOENT);
	starter_close(&starter);
	assert_true(wait(NULL) > 0);
	free(secrets);
	free(ask);
}

static struct starter_look look(struct starter *starter, const struct runner_record *w)
{
	struct starter_ask *ask = good();
	struct starter_look give;
	size_t got;

	ask->verb = STARTER_LOOK;
	ask->start.record = *w;
	assert_int_equal(starter_do(starter, ask, NULL, &give, sizeof(give), &got), 0);
	assert_int_equal(got, sizeof(give));
	free(ask);
	return give;
}

/* Who looks whether a microVM has begun leaves it to who ends it meanwhile. */
static void looks(void **state)
{
	struct runner_record w = {
		.name = "vm", .tier = 1, .pid = getpid(), .ticks = runner_ticks(getpid()),
	}, now;
	struct starter_look give;
	struct starter starter;
	int held = runner_take(&r, "vm");

	(void)state;
	assert_true(held >= 0);
	assert_int_equal(runner_record_write(&r, &w), 0);
	assert_int_equal(starter_open(&starter, &config), 0);
	give = look(&starter, &w);
	assert_true(give.alive && !give.begun);
	/* It has, but somebody else is at it. */
	RUN(0, "echo 'Run /init as init process' >%s/vm/console", top);
	give = look(&starter, &w);
	assert_true(give.alive && !give.begun);
	close(held);
	give = look(&starter, &w);
	assert_true(give.alive && give.begun && give.spawn_us);
	assert_int_equal(runner_record_read(&r, "vm", &now), 0);
	assert_int_equal(now.spawn_us, give.spawn_us);
	/* It has ended, and whoever is at it does not make it live. */
	w.ticks++;
	held = runner_hold(&r, "vm");
	assert_true(held >= 0);
	assert_int_equal(runner_record_write(&r, &w), 0);
	RUN(0, "rm %s/vm/console", top);
	give = look(&starter, &w);
	assert_false(give.alive || give.begun);
	close(held);
	starter_close(&starter);
	assert_true(wait(NULL) > 0);
	runner_forget(&r, "vm");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(endless), cmocka_unit_test(outside), cmocka_unit_test(names),
		cmocka_unit_test(others), cmocka_unit_test(words),
		cmocka_unit_test(looks), cmocka_unit_test(told),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
