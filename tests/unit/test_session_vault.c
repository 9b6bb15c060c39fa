// SPDX-License-Identifier: GPL-2.0-or-later
/* Secrets of sessions in the vault: who is given them, and what a backend that lies can do. */
#include <sys/stat.h>

#include "vault_session_util.h"

/* --- what is given to whom ------------------------------------------------------------- */

static void check_release(struct site *s, struct stored *d)
{
	struct start good = start_of(&s->a), other, later;
	int i;

	write_document(d, 1, TERMS, SECRETS);
	must_equal(take_boxed(s, d, "a key", "a-token"), 0);
	must_equal(state_of(s, VAULT_SESSION_STATE, OWNER, 0).version, 1);
	/* Nobody has told of a lease; then of one that is another's; then of one that is over. */
	must_equal(release(&good, d), -EACCES);
	lend(s, 0, 60000, 0);
	must_equal(release(&good, d), -EACCES);
	other = start_of(&s->b);
	must_equal(release(&other, d), -EACCES);
	must(strstr(other.why, "not for this host"));
	lend(s, 1, 60000, 0);
	must_equal(io_sleep_until(io_after_ms(5)), 0);
	must_equal(release(&good, d), -EACCES);
	must_equal(state_of(s, VAULT_SESSION_STATE, OWNER, 0).releases, 0);
	lend(s, 60000, 60000, 0);
	must_equal(release(&good, d), 0);
	must(opens(&good, &good, d, "a key", "a-token"));
	must_equal(good.releases, 1);
	/* That answer is good for no other start: of another key, image, name, tier, owner. */
	later = start_of(&s->a);
	must(!opens(&good, &later, d, "a key", "a-token"));
	for (i = 0; i < 4; i++) {
		other = good;
		other.image += i == 0;
		other.workload = i == 1 ? "x" : "w";
		other.tier += i == 2;
		other.owner += i == 3;
		must(!opens(&good, &other, d, "a key", "a-token"));
	}
	for (i = 0; i < (int)good.box_len; i++) {
		other = good;
		other.box[i] ^= 1 << i % 8;
		must(!opens(&other, &good, d, "a key", "a-token"));
	}
	/* Another image, tier, team; twice is fine, as nothing forbids it. */
	other = start_of(&s->a);
	other.image = 0x12;
	must_equal(release(&other, d), -EACCES);
	must(strstr(other.why, "not for this image"));
	other = start_of(&s->a);
	other.tier = 3;
	must_equal(release(&other, d), -EACCES);
	other = start_of(&s->a);
	other.owner = OWNER + 1;
	must_equal(release(&other, d), -ENOENT);
	other = start_of(&s->a);
	other.workload = "../w";
	must_equal(release(&other, d), -EINVAL);
	other = start_of(&s->a);
	memset(other.key.point, 5, sizeof(other.key.point));
	must(release(&other, d) < 0);
	must_equal(release(&later, d), 0);
	must_equal(later.releases, 2);
	/* A lease that is taken away counts at once. */
	lend(s, 0, 0, 0);
	must_equal(release(&later, d), -EACCES);
	lend(s, 60000, 60000, 0);
}

/* Any bit that is stored. */
static void check_tampered(struct site *s, const struct stored *d)
{
	struct start start = start_of(&s->a);
	static struct stored bad;
	size_t i;
	int rc;

	for (i = 0; i < d->len[1]; i++) {
		bad = *d;
		bad.wrapped[1][i] ^= 1 << i % 8;
		rc = release(&start, &bad);
		must(rc == -EKEYREJECTED || rc == -EBADMSG || rc == -EOPNOTSUPP || rc == -ENOKEY);
		must(!start.box_len && *start.why);
	}
	for (i = 0; i < d->len[1]; i++) {
		bad = *d;
		bad.len[1] = i;
		must(release(&start, &bad) < 0);
	}
	/* One in the other's place; one missing. */
	bad = *d;
	memcpy(bad.wrapped[1], d->wrapped[0], d->len[0]);
	bad.len[1] = d->len[0];
	must_equal(release(&start, &bad), -EKEYREJECTED);
	bad = *d;
	bad.count = 1;
	must_equal(release(&start, &bad), -EKEYREJECTED);
	/* The same terms, written otherwise; other terms. */
	bad = *d;
	write_document(&bad, 1, TERMS " ", SECRETS);
	must_equal(release(&start, &bad), -EKEYREJECTED);
	bad = *d;
	memcpy(strstr(bad.text, "\"a\""), "\"b\"", 3);
	start = start_of(&s->b);
	must_equal(release(&start, &bad), -EKEYREJECTED);
	bad = *d;
	bad.text[strlen(bad.text) - 1] = 0;
	must_equal(release(&start, &bad), -EINVAL);
}

/* What a backend may ask for, and what it may not. */
static void check_take(struct site *s, const struct stored *first)
{
	static struct stored d, other;
	static u8 boxed[BOX_MAX], big[SESSION_VALUE_MAX + 1];
	struct vault_take_secret secret[2] = {
		{ .how = VAULT_BOXED }, { .how = VAULT_RANDOM, .size = 16 },
	};

	/* Only the next version, and nobody but the backend. */
	write_document(&d, 1, TERMS, SECRETS);
	must_equal(take_boxed(s, &d, "a key", "a-token"), -ESTALE);
	write_document(&d, 3, TERMS, SECRETS);
	must_equal(take_boxed(s, &d, "a key", "a-token"), -ESTALE);
	write_document(&d, 2, TERMS, SECRETS);
	must_equal(take(&s->a, &d, NULL, secret, 2), -EACCES);
	/* A value that was boxed for one document is not taken under another. */
	write_document(&other, 2, TERMS ",\"max_releases\":100", SECRETS);
	secret[0].data = (struct rpc_bytes){ boxed, box(s, other.text, "key", "k", 1, boxed) };
	must_equal(take(&s->backend, &d, NULL, secret, 2), -EKEYREJECTED);
	secret[0].data = (struct rpc_bytes){ boxed, box(s, d.text, "token", "k", 1, boxed) };
	must_equal(take(&s->backend, &d, NULL, secret, 2), -EKEYREJECTED);
	secret[0].data = (struct rpc_bytes){ boxed, box(s, d.text, "key", "", 0, boxed) };
	must_equal(take(&s->backend, &d, NULL, secret, 2), -EMSGSIZE);
	secret[0].data = (struct rpc_bytes){ boxed, box(s, d.text, "key", big, sizeof(big), boxed) };
	must_equal(take(&s->backend, &d, NULL, secret, 2), -EMSGSIZE);
	secret[0].data.len = 3;
	must_equal(take(&s->backend, &d, NULL, secret, 2), -EMSGSIZE);
	must_equal(take(&s->backend, &d, NULL, secret, 1), -EINVAL);
	secret[0].how = 9;
	must_equal(take(&s->backend, &d, NULL, secret, 2), -EINVAL);
	secret[0] = (struct vault_take_secret){ .how = VAULT_RANDOM, .size = SESSION_WORD_MAX };
	must_equal(take(&s->backend, &d, NULL, secret, 2), -EINVAL);
	must_equal(take_boxed(s, &d, "a key", "no word"), -EILSEQ);
	/* Kept across a change of whom it is for; of another delivery; by who has not got it. */
	write_document(&d, 2, TERMS ",\"max_releases\":2", SECRETS);
	must_equal(take_kept(s, &d, first), -EPERM);
	write_document(&d, 2, TERMS, "[{\"name\":\"keys\",\"deliver\":\"device\"},{\"name\":\"token\",\"deliver\":\"cmdline\"}]");
	must_equal(take_kept(s, &d, first), -EPERM);
	write_document(&d, 2, TERMS, SECRETS);
	other = *first;
	other.wrapped[0][40] ^= 1;
	must_equal(take_kept(s, &d, &other), -EKEYREJECTED);
	must_equal(state_of(s, VAULT_SESSION_STATE, OWNER, 0).version, 1);
}

static void check_versions(struct site *s, struct stored *d, const struct stored *first)
{
	struct start start = start_of(&s->a);
	static struct stored third, bad;

	/* Nothing but the version differs: values stay, and so does the count. */
	write_document(d, 2, TERMS, SECRETS);
	must_equal(take_kept(s, d, first), 0);
	must_equal(release(&start, first), -ESTALE);
	must_equal(release(&start, d), 0);
	must(opens(&start, &start, d, "a key", "a-token"));
	must_equal(start.releases, 3);
	/* The older one cannot be what is kept. */
	write_document(&third, 3, TERMS, SECRETS);
	must_equal(take_kept(s, &third, first), -ESTALE);
	/* New terms, new values: counted anew, and no more often than is said. */
	write_document(&third, 3, TERMS ",\"max_releases\":2", SECRETS);
	must_equal(take_boxed(s, &third, "key 2", "token-2"), 0);
	must_equal(release(&start, &third), 0);
	must(opens(&start, &start, &third, "key 2", "token-2"));
	must_equal(release(&start, &third), 0);
	must_equal(release(&start, &third), -EDQUOT);
	must_equal(release(&start, d), -ESTALE);
	write_document(d, 4, TERMS ",\"max_releases\":2", SECRETS);
	must_equal(take_kept(s, d, &third), 0);
	must_equal(release(&start, d), -EDQUOT);
	write_document(&bad, 5, TERMS ",\"not_after\":\"2001-01-01T00:00:00Z\"", SECRETS);
	must_equal(take_boxed(s, &bad, "k", "t"), 0);
	must_equal(release(&start, &bad), -ETIME);
	/* By whom the host was judged. */
	write_document(d, 6, TERMS ",\"policies\":[\"sha256:2222222222222222222222222222222222222222222222222222222222222222\"]",
		       SECRETS);
	must_equal(take_boxed(s, d, "k", "t"), 0);
	must_equal(release(&start, d), -EACCES);
	lend(s, 60000, 60000, 0x21);
	must_equal(release(&start, d), -EACCES);
	must(strstr(start.why, "policy"));
	lend(s, 60000, 60000, 0x22);
	must_equal(release(&start, d), 0);
}

static void damage(struct site *s, const struct stored *d)
{
	struct start start = start_of(&s->a);
	CLEANUP_FREE char *good = NULL;
	size_t len, i;

	must_equal(file_read(file, 1 << 20, &good, &len), 0);
	for (i = 0; i < len; i++) {
		good[i] ^= 1 << i % 8;
		must_equal(file_write_atomic(file, good, len, 0600), 0);
		must_equal(release(&start, d), -EBADMSG);
		good[i] ^= 1 << i % 8;
	}
	must_equal(file_write_atomic(file, good, len - 1, 0600), 0);
	must_equal(release(&start, d), -EBADMSG);
	must_equal(unlink(file), 0);
	must_equal(release(&start, d), -ENOENT);
	must_equal(file_write_atomic(file, good, len, 0600), 0);
	must_equal(release(&start, d), 0);
}

static void check_drop(struct site *s, struct stored *d)
{
	struct start start = start_of(&s->a);
	struct vault_session_state now = state_of(s, VAULT_SESSION_DROP, OWNER, 0);
	struct stored *next = malloc(sizeof(*next));

	must(next && now.dropped);
	must_equal(release(&start, d), -ESTALE);
	must(strstr(start.why, "removed"));
	/* As it was, it does not come back; kept it is not either. */
	must_equal(take_boxed(s, d, "k", "t"), -ESTALE);
	*next = *d;
	*strstr(next->text, "6") = '7';
	must_equal(take_kept(s, next, d), -ESTALE);
	must_equal(take_boxed(s, next, "k", "t"), 0);
	must_equal(release(&start, next), 0);
	must_equal(release(&start, d), -ESTALE);
	*d = *next;
	free(next);
}

static int calls(void *arg)
{
	static struct stored first, second;
	struct site *s = malloc(sizeof(*s));
	struct start start;

	(void)arg;
	must(s);
	unlink(path);
	unlink(file);
	must_equal(vault_create(path, NULL, NULL), 0);
	site_open(s);
	must_equal(state_of(s, VAULT_SESSION_STATE, OWNER, 0).version, 0);
	lend(s, 0, 0, 0);
	check_release(s, &first);
	check_tampered(s, &first);
	check_take(s, &first);
	check_versions(s, &second, &first);
	damage(s, &second);
	check_drop(s, &second);
	site_close(s);
	/* Another process of the vault knows the same; of leases it has not heard. */
	site_open(s);
	must_equal(state_of(s, VAULT_SESSION_STATE, OWNER, 0).version, 7);
	start = start_of(&s->a);
	must_equal(release(&start, &second), -EACCES);
	start = start_of(&s->backend);
	must_equal(release(&start, &second), -EACCES);
	lend(s, 60000, 0, 0x22);
	start = start_of(&s->a);
	must_equal(release(&start, &second), 0);
	site_close(s);
	free(s);
	return 0;
}

static void test_calls(void **state)
{
	struct stat st;

	*audited = 0;
	assert_int_equal(on_loop(state, calls, NULL), 0);
	assert_non_null(strstr(audited, "session shop version 1 for w on a: given\n"));
	assert_non_null(strstr(audited, "for w on a: the session is not for this image\n"));
	assert_null(strstr(audited, "a key"));
	assert_null(strstr(audited, "a-token"));
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "test_calls", test_calls, NULL, NULL, (void *)"epoll" },
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
