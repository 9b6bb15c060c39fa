// SPDX-License-Identifier: GPL-2.0-or-later
/* What the vault has taken and the backend has not stored, and what the vault has lost itself. */
#include "vault_session_util.h"

static void check_lost(struct site *s, struct stored *d)
{
	static struct stored gone, again;
	struct start start = start_of(&s->a);

	/* The first one: taken once more it is good, and only as it was taken last. */
	lost = true;
	write_document(d, 1, TERMS, SECRETS);
	gone = *d;
	must_equal(take_boxed(s, &gone, "a key", "a-token"), 0);
	must_equal(take_boxed(s, d, "a key", "a-token"), 0);
	must_equal(tell(s, VAULT_SESSION_STATE, OWNER, gone.number, 0).version, 0);
	must_equal(release(&start, &gone), -EKEYREJECTED);
	must_equal(release(&start, d), 0);
	must(opens(&start, &start, d, "a key", "a-token"));
	must_equal(state_of(s, VAULT_SESSION_STATE, OWNER, 0).version, 1);
	must_equal(take_boxed(s, &gone, "a key", "a-token"), -ESTALE);
	/* The next ones: what is stored is given, and can be kept. */
	write_document(&gone, 2, TERMS, SECRETS);
	again = gone;
	must_equal(take_kept(s, &gone, d), 0);
	must_equal(release(&start, d), 0);
	must_equal(take_kept(s, &again, d), 0);
	must_equal(release(&start, &gone), -EKEYREJECTED);
	must_equal(tell(s, VAULT_SESSION_STATE, OWNER, gone.number, 0).version, 1);
	must_equal(release(&start, d), 0);
	must_equal(start.releases, 3);
	/* Once it is known to be stored, the one before has ended. */
	must_equal(tell(s, VAULT_SESSION_STATE, OWNER, again.number, 0).version, 2);
	must_equal(release(&start, d), -ESTALE);
	must_equal(release(&start, &gone), -EKEYREJECTED);
	must_equal(release(&start, &again), 0);
	must_equal(start.releases, 4);
	*d = again;
}

/* As above, for a vault that is started in between; given once, it is the one. */
static void check_restart(struct site *s, struct stored *d)
{
	static struct stored next;
	struct start start;

	write_document(&next, 3, TERMS ",\"max_releases\":1", SECRETS);
	must_equal(take_boxed(s, &next, "key 2", "token-2"), 0);
	site_close(s);
	site_open(s);
	lend(s, 60000, 0, 0x22);
	start = start_of(&s->a);
	must_equal(release(&start, d), 0);
	must_equal(start.releases, 5);
	must_equal(release(&start, &next), 0);
	must_equal(start.releases, 1);
	must(opens(&start, &start, &next, "key 2", "token-2"));
	must_equal(release(&start, d), -ESTALE);
	must_equal(release(&start, &next), -EDQUOT);
	write_document(d, 4, TERMS ",\"max_releases\":1", SECRETS);
	must_equal(take_kept(s, d, &next), 0);
	must_equal(release(&start, d), -EDQUOT);
	/* What is dropped is: also what was only taken. */
	must(state_of(s, VAULT_SESSION_DROP, OWNER, 0).dropped);
	must_equal(tell(s, VAULT_SESSION_STATE, OWNER, d->number, 0).version, 4);
	must_equal(release(&start, d), -ESTALE);
	must_equal(release(&start, &next), -ESTALE);
	must_equal(take_boxed(s, d, "k", "t"), -ESTALE);
}

/* A vault that has lost its file: what was wrapped before stays good for nothing. */
static void check_forgotten(struct site *s, struct stored *d)
{
	static struct stored old;
	struct start start = start_of(&s->a);

	lost = false;
	write_document(d, 5, TERMS, SECRETS);
	must_equal(take_boxed(s, d, "a key", "a-token"), 0);
	must_equal(unlink(file), 0);
	write_document(d, 1, TERMS, SECRETS);
	must_equal(take_boxed(s, d, "a key", "a-token"), 0);
	must_equal(release(&start, d), 0);
	old = *d;
	must_equal(unlink(file), 0);
	must_equal(take_boxed(s, d, "k", "t"), 0);
	must_equal(release(&start, &old), -EKEYREJECTED);
	must_equal(release(&start, d), 0);
}

struct waits {
	struct start start;
	const struct stored *stored;
	int rc;
	struct io_event done;
};

static int release_later(void *arg)
{
	struct waits *w = arg;

	w->rc = release(&w->start, w->stored);
	io_event_set(&w->done);
	return 0;
}

/* While a start waits, its host comes to be judged by another policy. */
static void check_policy(struct site *s, const struct stored *d)
{
	struct waits w = { .start = start_of(&s->a), .stored = d };

	io_event_init(&w.done);
	must_equal(io_acquire(&s->v.one, 1, SOON), 0);
	must_equal(io_spawn(&s->group, release_later, &w, NULL), 0);
	must_equal(io_sleep_until(io_after_ms(100)), 0);
	lend(s, 60000, 60000, 0x21);
	io_release(&s->v.one, 1);
	must_equal(io_event_wait(&w.done, SOON), 0);
	must_equal(w.rc, -EACCES);
	must(strstr(w.start.why, "another policy"));
	must_equal(release(&w.start, d), 0);
}

static int losses(void *arg)
{
	static struct stored d;
	struct site *s = malloc(sizeof(*s));

	(void)arg;
	must(s);
	unlink(path);
	unlink(file);
	must_equal(vault_create(path, NULL, NULL), 0);
	site_open(s);
	lend(s, 60000, 60000, 0x22);
	check_lost(s, &d);
	check_restart(s, &d);
	check_forgotten(s, &d);
	check_policy(s, &d);
	site_close(s);
	free(s);
	return 0;
}

static void test_losses(void **state)
{
	assert_int_equal(on_loop(state, losses, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "test_losses", test_losses, NULL, NULL, (void *)"epoll" },
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
