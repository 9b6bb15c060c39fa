// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A volume moves: killed at every call of every step and resumed; forks, rewinds, replays and
 * whatever is altered are refused and named; it never lives on two hosts.
 */
#include "move_util.h"

static void there_and_back(void **state)
{
	(void)state;
	assert_int_equal(move_may_use(&a->move), 0);
	all(a, b);
	assert_false(usable(a));
	assert_true(usable(b));
	assert_false(a->open);
	assert_int_equal(b->disk.epoch, FIRST_EPOCH + 1);
	assert_int_equal(state_of(a), MOVE_DESTROYED);
	assert_int_equal(state_of(b), MOVE_ACCEPTED);
	assert_int_equal(move_may_use(&a->move), -EPERM);
	assert_int_equal(move_may_use(&b->move), 0);
	assert_int_equal(a->told, 2);
	assert_int_equal(b->told, 1);
	all(b, c);
	all(c, a);
	all(a, c);
	assert_true(usable(c));
	assert_int_equal(c->disk.epoch, FIRST_EPOCH + 4);
}

/* Each step again, and again: the same, and nothing more. */
static void again(void **state)
{
	enum step s, t;

	(void)state;
	for (s = OFFER; s < STEPS; s++) {
		must(s, a, b);
		must(s, a, b);
		for (t = OFFER; t < s; t++)
			do_step(t, a, b);
		must(s, a, b);
	}
	assert_int_equal(b->disk.epoch, FIRST_EPOCH + 1);
	assert_int_equal(a->counter, 100);
	assert_int_equal(b->counter, 201);
}

/* --- killed -------------------------------------------------------------------------------- */

/*
 * The whole move, with the power lost at the @first call, and once more at the @second after
 * that.  Whatever was printed by then is lost as well.  Return: how many calls there were.
 */
static unsigned int move_with_kills(int first, bool first_after, int second, bool second_after)
{
	unsigned int kills = 0;
	enum step s;
	int rc;

	begin(NULL);
	fuse = first;
	fuse_after = first_after;
	for (s = OFFER; s < STEPS;) {
		rc = do_step(s, a, b);
		if (!rc) {
			s++;
			continue;
		}
		if (fuse)
			fail_msg("step %u after %u kills: %d: %s%s", s, kills, rc, a->move.why,
				 b->move.why);
		kills++;
		a->open = false;
		fuse = kills == 1 ? second : -1;
		fuse_after = second_after;
	}
	fuse = -1;
	assert_true(usable(b));
	assert_false(usable(a));
	assert_int_equal(b->disk.epoch, FIRST_EPOCH + 1);
	assert_int_equal(state_of(a), MOVE_DESTROYED);
	assert_int_equal(state_of(b), MOVE_ACCEPTED);
	return calls;
}

static void killed_once(void **state)
{
	unsigned int total = move_with_kills(-1, false, -1, false), i;

	(void)state;
	assert_true(total > 30);
	for (i = 1; i <= total; i++) {
		move_with_kills(i, false, -1, false);
		move_with_kills(i, true, -1, false);
	}
}

/* Every pair of calls, one of both kinds of ends each. */
static void killed_twice(void **state)
{
	unsigned int total = move_with_kills(-1, false, -1, false), i, j;

	(void)state;
	for (i = 1; i <= total; i++)
		for (j = 1 + i % 3; j <= 24; j += 3)
			move_with_kills(i, (i + j) & 1, j, j & 2);
}

/* Before A is frozen it may go on; after that only B can. */
static void until_when(void **state)
{
	int at = 0;

	(void)state;
	asked(a, b);
	assert_int_equal(move_may_use(&a->move), 0);
	assert_int_equal(move_may_use(&b->move), -EPERM);
	/* Killed in the middle of the freeze: not even with what is still there. */
	do {
		fuse = ++at;
		fuse_after = true;
		assert_int_not_equal(do_step(FREEZE, a, b), 0);
		fuse = -1;
	} while (state_of(a) == MOVE_ASKED);
	assert_true(usable(a));
	refused(move_may_use(&a->move), -EPERM, a, "moved, or is about to");
	must(FREEZE, a, b);
	refused(move_may_use(&a->move), -EPERM, a, "frozen");
}

/* --- who it is for ------------------------------------------------------------------------- */

static void second_host(void **state)
{
	struct paper other = { NULL, 0 };

	(void)state;
	asked(a, b);
	assert_int_equal(step(c, OFFER, a, NULL, &other), 0);
	must(FREEZE, a, b);
	refused(step(a, FREEZE, NULL, &other, NULL), -EEXIST, a, "frozen for another host");
	must(PACKAGE, a, b);
	/* And what is for B is of no use to C. */
	refused(step(c, ACCEPT, NULL, &package, NULL), -EXDEV, c, "for another offer");
	must(ACCEPT, a, b);
	refused(step(a, FREEZE, NULL, &other, NULL), -EEXIST, a, "frozen for another host");
	must(DESTROY, a, b);
	refused(step(a, FREEZE, NULL, &other, NULL), -EPROTO, a, "not here");
	paper_free(&other);
}

/* Even when C says that it is B: its TPM cannot open the crate. */
static void another_tpm(void **state)
{
	struct disk was = c->disk;

	(void)state;
	asked(a, b);
	must(FREEZE, a, b);
	must(PACKAGE, a, b);
	c->disk = b->disk;
	refused(step(c, ACCEPT, NULL, &package, NULL), -ESTALE, c, "another time");
	c->counter = b->counter;
	refused(step(c, ACCEPT, NULL, &package, NULL), -EXDEV, c, "another one");
	refused(step(c, OFFER, a, NULL, NULL), -EXDEV, c, "another TPM");
	c->disk = was;
	must(ACCEPT, a, b);
}

static void wrong_host(void **state)
{
	struct paper to_c = { NULL, 0 };

	(void)state;
	/* An offer that is for C, given to A; one for itself. */
	assert_int_equal(step(b, OFFER, c, NULL, &to_c), 0);
	refused(step(a, FREEZE, NULL, &to_c, NULL), -EXDEV, a, "for another host than this");
	refused(step(b, OFFER, a, NULL, NULL), -EEXIST, b, "offered to another host");
	refused(step(a, OFFER, a, NULL, NULL), -EXDEV, a, "host that has it");
	/* A package of C's, though the offer was for A. */
	asked(a, c);
	must(FREEZE, a, c);
	must(PACKAGE, a, c);
	refused(step(b, ACCEPT, NULL, &package, NULL), -EKEYREJECTED, b, "another host than was meant");
	paper_free(&to_c);
}

static void bad_host(void **state)
{
	(void)state;
	b->bad = true;
	asked(a, b);
	refused(do_step(FREEZE, a, b), -EACCES, a, "boots what it should not");
	assert_true(a->open);
	assert_true(usable(a));
	assert_int_equal(move_may_use(&a->move), 0);
	/* It is mended, and offers again: the same move. */
	b->bad = false;
	asked(a, b);
	must(FREEZE, a, b);
}

static void old_offer(void **state)
{
	(void)state;
	asked(a, b);
	clock_us += MOVE_OFFER_AGE + 1000000;
	refused(do_step(FREEZE, a, b), -ETIME, a, "more than an hour old");
	clock_us -= 2 * MOVE_OFFER_AGE + 2000000;
	refused(do_step(FREEZE, a, b), -ETIME, a, "of the future");
	asked(a, b);
	must(FREEZE, a, b);
	/* What was begun goes on with it all the same. */
	clock_us += 10 * MOVE_OFFER_AGE;
	must(FREEZE, a, b);
}

static void another_volume(void **state)
{
	(void)state;
	asked(a, b);
	a->move.volume[0] ^= 1;
	refused(do_step(FREEZE, a, b), -EXDEV, a, "another volume");
	a->move.volume[0] ^= 1;
	must(FREEZE, a, b);
	must(PACKAGE, a, b);
	b->move.volume[0] ^= 1;
	refused(do_step(ACCEPT, a, b), -EXDEV, b, "another volume");
	b->move.volume[0] ^= 1;
	must(ACCEPT, a, b);
}

static void out_of_turn(void **state)
{
	(void)state;
	refused(do_step(PACKAGE, a, b), -EPROTO, a, "not frozen");
	must(OFFER, a, b);
	refused(do_step(FREEZE, a, b), -EPROTO, a, "not been asked");
	must(CHALLENGE, a, b);
	refused(step(a, OFFER, b, NULL, NULL), -EPROTO, a, "here, or comes");
	refused(do_step(FREEZE, a, b), -EBADMSG, a, "no message");
	must(ANSWER, a, b);
	refused(step(a, ACCEPT, NULL, &offer, NULL), -EPROTO, a, "this is an offer");
	refused(step(a, DESTROY, NULL, &offer, NULL), -EPROTO, a, "nothing is to be destroyed");
	must(FREEZE, a, b);
	refused(step(a, OFFER, b, NULL, NULL), -EPROTO, a, "here, or comes");
	refused(step(a, DESTROY, NULL, &offer, NULL), -EPROTO, a, "an acceptance is wanted");
	must(PACKAGE, a, b);
	must(ACCEPT, a, b);
	refused(step(b, OFFER, a, NULL, NULL), -EPROTO, b, "here, or comes");
	refused(step(b, DESTROY, NULL, &acceptance, NULL), -EPROTO, b, "nothing");
	must(DESTROY, a, b);
	refused(do_step(PACKAGE, a, b), -EPROTO, a, "not frozen");
}

/* --- what was put back --------------------------------------------------------------------- */

/* A's disk is that of before the freeze; its TPM is not. */
static void source_put_back(void **state)
{
	struct disk before[3];

	(void)state;
	before[0] = a->disk;
	asked(a, b);
	must(FREEZE, a, b);
	before[1] = a->disk;
	a->disk = before[0];
	assert_false(usable(a));
	refused(move_may_use(&a->move), -ESTALE, a, "an older state of this host was put back");
	refused(do_step(FREEZE, a, b), -ESTALE, a, "put back");
	a->disk = before[1];
	must(PACKAGE, a, b);
	must(ACCEPT, a, b);
	must(DESTROY, a, b);
	/* It comes back, and goes on to C. */
	forget();
	all(b, a);
	before[2] = a->disk;
	forget();
	all(a, c);
	a->disk = before[2];
	assert_false(usable(a));
	refused(move_may_use(&a->move), -ESTALE, a, "was put back");
	forget();
	must(OFFER, c, b);
	refused(step(a, FREEZE, NULL, &offer, NULL), -ESTALE, a, "put back");
	a->disk = before[1];
	refused(move_package(&a->move, NULL), -ESTALE, a, "put back");
}

/* B's disk is that of before it accepted: the package is not taken once more. */
static void package_replayed(void **state)
{
	struct paper kept = { NULL, 0 };
	struct disk offered, accepted;

	(void)state;
	must(OFFER, a, b);
	offered = b->disk;
	must(CHALLENGE, a, b);
	must(ANSWER, a, b);
	must(FREEZE, a, b);
	must(PACKAGE, a, b);
	must(ACCEPT, a, b);
	accepted = b->disk;
	b->disk = offered;
	refused(do_step(ACCEPT, a, b), -ESTALE, b, "put back");
	memset(&b->disk, 0, sizeof(b->disk));
	refused(do_step(ACCEPT, a, b), -ESTALE, b, "put back");
	refused(move_may_use(&b->move), -ESTALE, b, "put back");
	/* It may offer anew; what was for the old offer is not for this one. */
	assert_int_equal(step(b, OFFER, a, NULL, NULL), 0);
	refused(do_step(ACCEPT, a, b), -EXDEV, b, "another offer");
	b->disk = accepted;
	must(DESTROY, a, b);
	kept = package;
	package = (struct paper){ NULL, 0 };
	/* Of an old move, when there is a new one. */
	forget();
	all(b, a);
	must(OFFER, a, b);
	refused(step(b, ACCEPT, NULL, &kept, NULL), -EXDEV, b, "another offer");
	paper_free(&kept);
}

/* B's first journal of all, with the members of then, when the volume has gone on to C. */
static void accepting_put_back(void **state)
{
	struct paper first = { NULL, 0 };
	struct disk accepting;
	int at = 0;

	(void)state;
	asked(a, b);
	must(FREEZE, a, b);
	must(PACKAGE, a, b);
	do {
		fuse = ++at;
		fuse_after = true;
		assert_int_not_equal(do_step(ACCEPT, a, b), 0);
		fuse = -1;
	} while (state_of(b) != MOVE_ACCEPTING);
	accepting = b->disk;
	/* Here it goes on with it, as often as it likes. */
	must(ACCEPT, a, b);
	b->disk = accepting;
	must(ACCEPT, a, b);
	must(DESTROY, a, b);
	first = package;
	package = (struct paper){ NULL, 0 };
	forget();
	all(b, c);
	b->disk = accepting;
	refused(step(b, ACCEPT, NULL, &first, NULL), -ESTALE, b, "put back");
	assert_false(usable(b));
	refused(move_may_use(&b->move), -ESTALE, b, "put back");
	paper_free(&first);
}

/* Killed between the first counter and the first journal: nothing but an offer, which is new. */
static void counter_alone(void **state)
{
	(void)state;
	b->counter = 200;
	refused(move_may_use(&b->move), -ESTALE, b, "no journal");
	asked(a, b);
	assert_int_equal(b->counter, 200);
	must(FREEZE, a, b);
	must(PACKAGE, a, b);
	must(ACCEPT, a, b);
	assert_int_equal(move_may_use(&b->move), 0);
	c->counter = 300;
	refused(step(c, FREEZE, NULL, &offer, NULL), -ESTALE, c, "no journal");
}

static void acceptance_replayed(void **state)
{
	struct paper old = { NULL, 0 };

	(void)state;
	all(a, b);
	old = acceptance;
	acceptance = (struct paper){ NULL, 0 };
	forget();
	all(b, a);
	forget();
	asked(a, b);
	must(FREEZE, a, b);
	refused(step(a, DESTROY, NULL, &old, NULL), -EXDEV, a, "another move");
	paper_free(&old);
}

static void journal_damaged(void **state)
{
	size_t bit;

	(void)state;
	asked(a, b);
	must(FREEZE, a, b);
	for (bit = 0; bit < 8 * a->disk.journal_len; bit += 37) {
		a->disk.journal[bit / 8] ^= 1 << bit % 8;
		refused(do_step(PACKAGE, a, b), -EBADMSG, a, "journal is damaged");
		a->disk.journal[bit / 8] ^= 1 << bit % 8;
	}
	must(PACKAGE, a, b);
}

/* --- what was altered ---------------------------------------------------------------------- */

/* No bit of a message can be another one, and no byte can be missing or too many. */
static void altered(enum step s, struct paper *p, struct host *from, struct host *to, size_t ends)
{
	struct host *who = s == ACCEPT || s == ANSWER ? to : from;
	struct disk before = who->disk;
	uint64_t counter = who->counter;
	struct paper cut;
	size_t i;

	for (i = 0; i < 8 * (p->len - ends); i += 11) {
		p->at[i / 8] ^= 1 << i % 8;
		assert_int_not_equal(do_step(s, from, to), 0);
		p->at[i / 8] ^= 1 << i % 8;
		assert_memory_equal(&who->disk, &before, sizeof(before));
		assert_int_equal(who->counter, counter);
	}
	for (i = 0; i < p->len; i += 7) {
		uint8_t *exact = malloc(i ? i : 1);

		memcpy(exact, p->at, i);
		cut = *p;
		*p = (struct paper){ exact, i };
		assert_int_not_equal(do_step(s, from, to), 0);
		*p = cut;
		free(exact);
	}
	p->at = realloc(p->at, p->len + 1);
	p->at[p->len++] = 0;
	assert_int_equal(do_step(s, from, to), -EBADMSG);
	p->len--;
	assert_memory_equal(&who->disk, &before, sizeof(before));
}

static void all_altered(void **state)
{
	(void)state;
	must(OFFER, a, b);
	/* The logs behind it are the judge's to verify. */
	altered(CHALLENGE, &offer, a, b, 4 + 3 + 4);
	must(CHALLENGE, a, b);
	altered(ANSWER, &challenge, a, b, 0);
	must(ANSWER, a, b);
	altered(FREEZE, &answer, a, b, 0);
	altered(FREEZE, &offer, a, b, 4 + 3 + 4);
	must(FREEZE, a, b);
	must(PACKAGE, a, b);
	altered(ACCEPT, &package, a, b, 0);
	must(ACCEPT, a, b);
	altered(DESTROY, &acceptance, a, b, 0);
	must(DESTROY, a, b);
}

/* --- anybody, anything --------------------------------------------------------------------- */

#define PAPERS	64u

static uint32_t seed = 1;

static uint32_t any(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

struct somebody {
	struct paper paper[PAPERS];
	struct disk backup[PAPERS];
	unsigned int papers, backups;
};

static void copy_paper(struct somebody *x, const struct paper *p)
{
	struct paper *to = &x->paper[x->papers++ % PAPERS];

	if (!p->at)
		return;
	paper_free(to);
	to->at = malloc(p->len);
	to->len = p->len;
	memcpy(to->at, p->at, p->len);
}

/* Anything, with the power lost at any time; @keep: the disk is as it was, after that. */
static void try_something(struct somebody *x, bool keep)
{
	struct host *h = &hosts[any(HOSTS)];
	struct paper out = { NULL, 0 };
	struct disk was = h->disk;
	struct paper kept = answer;

	x->backup[x->backups++ % PAPERS] = h->disk;
	if (any(2))
		h->disk = x->backup[any(x->backups < PAPERS ? x->backups : PAPERS)];
	fuse = any(3) ? -1 : 1 + any(20);
	fuse_after = any(2);
	if (any(2))
		answer = x->paper[any(PAPERS)];
	step(h, any(CANCEL + 1), &hosts[any(HOSTS)], &x->paper[any(PAPERS)], &out);
	answer = kept;
	fuse = -1;
	check_world();
	copy_paper(x, &out);
	paper_free(&out);
	if (keep)
		h->disk = was;
	check_world();
}

/*
 * Somebody has all disks, all messages and all backups, and tries whatever there is while others
 * move the volume from host to host: each call looks whether it lives twice, or in an older state.
 */
static void somebody_tries(void **state)
{
	struct somebody *x = calloc(1, sizeof(*x));
	unsigned int world, tries, accepted = 0, i;
	const struct paper *const written[STEPS] = {
		[OFFER] = &offer, [CHALLENGE] = &challenge, [ANSWER] = &answer, [FREEZE] = &answer,
		[PACKAGE] = &package, [ACCEPT] = &acceptance, [DESTROY] = &acceptance,
	};
	struct host *from, *to;
	enum step s;

	(void)state;
	for (world = 0; world < 40; world++) {
		begin(NULL);
		x->backups = 0;
		from = a;
		to = b;
		for (i = 0; i < 6 * STEPS; i++) {
			for (tries = any(3); tries; tries--)
				try_something(x, any(8));
			s = i % STEPS;
			fuse = any(6) ? -1 : 1 + any(20);
			fuse_after = any(2);
			if (!do_step(s, from, to))
				accepted += s == ACCEPT;
			fuse = -1;
			copy_paper(x, written[s]);
			if (s == DESTROY && usable(to)) {
				from = to;
				to = &hosts[any(HOSTS)];
			}
		}
	}
	for (i = 0; i < PAPERS; i++)
		paper_free(&x->paper[i]);
	free(x);
	/* They do get somewhere. */
	assert_true(accepted > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(there_and_back, begin),
		cmocka_unit_test_setup(again, begin),
		cmocka_unit_test_setup(killed_once, begin),
		cmocka_unit_test_setup(killed_twice, begin),
		cmocka_unit_test_setup(until_when, begin),
		cmocka_unit_test_setup(second_host, begin),
		cmocka_unit_test_setup(another_tpm, begin),
		cmocka_unit_test_setup(wrong_host, begin),
		cmocka_unit_test_setup(bad_host, begin),
		cmocka_unit_test_setup(old_offer, begin),
		cmocka_unit_test_setup(another_volume, begin),
		cmocka_unit_test_setup(out_of_turn, begin),
		cmocka_unit_test_setup(source_put_back, begin),
		cmocka_unit_test_setup(package_replayed, begin),
		cmocka_unit_test_setup(accepting_put_back, begin),
		cmocka_unit_test_setup(counter_alone, begin),
		cmocka_unit_test_setup(acceptance_replayed, begin),
		cmocka_unit_test_setup(journal_damaged, begin),
		cmocka_unit_test_setup(all_altered, begin),
		cmocka_unit_test_setup(somebody_tries, begin),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
