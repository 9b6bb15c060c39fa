// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What strangers try with an edge over HTTP: each is refused, and leaves nothing behind.
 */
#include <sys/mount.h>

#include "edge_http_util.h"
#include "s3/sig.h"

#define CROWD	1000u

static const struct http_limits quick = {
	.head_bytes = 16384, .rate = 1000000, .drain = 4096, .head = SECOND / 5,
	.idle = 20 * SECOND, .grace = SECOND / 5,
};

/* The same folder and port, as after a restart. */
static void again(struct site *s)
{
	site_close(s);
	site_open(s, NULL);
}

static unsigned int fragments(struct site *s)
{
	struct edge_usage usage;

	edge_store_usage(s->http.store, &usage);
	return usage.fragments;
}

static void nothing_is_left(struct site *s)
{
	must_equal(fragments(s), 0);
	/* Not even half a file. */
	shell("test -z \"$(find '%s/fragments/large' -type f)\"%s", folder, "");
	again(s);
	must_equal(fragments(s), 0);
}

/* --- URLs ---------------------------------------------------------------------------- */

static int replays(struct site *s)
{
	static const char *const method[] = { "PUT", "GET", "HEAD", "DELETE" };
	struct wish w[4];
	unsigned int i;

	for (i = 0; i < 4; i++) {
		sign(s, &w[i], method[i], "x", "some data", 9);
		must_equal(send_wish(s, &w[i]), i == 3 ? 204 : 200);
		must_equal(send_wish(s, &w[i]), 403);
	}
	must_equal(send_wish(s, &w[1]), 403);
	must(says("<Code>AccessDenied</Code>") && says("The URL has been used"));
	again(s);
	for (i = 0; i < 4; i++)
		must_equal(send_wish(s, &w[i]), 403);
	/* A refusal, too, has used its URL. */
	sign(s, &w[0], "GET", "not-there", NULL, 0);
	must_equal(send_wish(s, &w[0]), 404);
	must_equal(send_wish(s, &w[0]), 403);
	nothing_is_left(s);
	return 0;
}

/* What is bent after it was signed; each from a fresh URL of a PUT. */
static void bend_method(struct wish *w)
{
	w->method = "DELETE";
	w->len = 0;
}

static void bend_path(struct wish *w)
{
	w->target[1] = 'y';
}

static void bend_query(struct wish *w)
{
	strcat(w->target, "&partNumber=1");
}

static void bend_nonce(struct wish *w)
{
	char *at = strstr(w->target, "X-Sky-Nonce=") + 12;

	*at = *at == '0' ? '1' : '0';
}

static void bend_length(struct wish *w)
{
	w->len--;
}

static void bend_signature(struct wish *w)
{
	char *at = strstr(w->target, "X-Amz-Signature=") + 16;

	*at = *at == '0' ? '1' : '0';
}

static void bend_all(struct wish *w)
{
	*strchr(w->target, '?') = 0;
}

static int bent(struct site *s)
{
	static void (*const bend[])(struct wish *w) = {
		bend_method, bend_path, bend_query, bend_nonce, bend_length, bend_signature,
		bend_all,
	};
	struct wish w;
	size_t i;

	for (i = 0; i < sizeof(bend) / sizeof(bend[0]); i++) {
		sign(s, &w, "PUT", "x", "some data", 9);
		bend[i](&w);
		must_equal(send_wish(s, &w), 403);
		must(says("<Error><Code>"));
	}
	/* What was not let in has used no URL. */
	sign(s, &w, "PUT", "x", "some data", 9);
	w.len = 8;
	must_equal(send_wish(s, &w), 403);
	w.len = 9;
	must_equal(send_wish(s, &w), 200);
	must_equal(ask(s, "DELETE", "x", NULL, 0), 204);
	nothing_is_left(s);
	return 0;
}

static int other_times_and_places(struct site *s)
{
	struct edge_auth_config other = auth_config;
	struct ecdsa_key *stranger;
	uint8_t scalar[32] = { 9 };
	struct wish w;

	site_grant(s, time(NULL) - 40);
	sign_at(s, &w, "PUT", "x", NULL, "some data", 9, time(NULL) - 40);
	must_equal(send_wish(s, &w), 403);
	must(says("Request has expired"));
	site_grant(s, time(NULL) - 100);
	sign_at(s, &w, "PUT", "x", NULL, "some data", 9, time(NULL) - 100);
	must_equal(send_wish(s, &w), 403);
	site_grant(s, time(NULL) + 100);
	sign_at(s, &w, "PUT", "x", NULL, "some data", 9, time(NULL) + 100);
	must_equal(send_wish(s, &w), 403);

	memset(other.edge, 'x', sizeof(other.edge));
	must_equal(edge_signer_grant(&s->signer, backend_key, other.edge, edge_point,
				     time(NULL)), 0);
	must_equal(ask(s, "PUT", "x", "some data", 9), 400);
	must(says("<Code>InvalidToken</Code>"));
	site_grant(s, time(NULL));
	s->signer.host = STR("127.0.0.1:1");
	must_equal(ask(s, "PUT", "x", "some data", 9), 403);
	s->signer.host = auth_config.host;

	stranger = ecdsa_private(scalar);
	must_equal(edge_signer_grant(&s->signer, stranger, auth_config.edge, edge_point,
				     time(NULL)), 0);
	must_equal(ask(s, "PUT", "x", "some data", 9), 400);
	s->signer = (struct edge_signer){
		.algorithm = SIG_ECDSA, .host = auth_config.host, .region = auth_config.region,
		.access_key = auth_config.access_key, .key = stranger,
	};
	must_equal(ask(s, "PUT", "x", "some data", 9), 403);
	s->signer.key = backend_key;
	must_equal(ask(s, "PUT", "x", "some data", 9), 200);
	must_equal(ask(s, "DELETE", "x", NULL, 0), 204);
	ecdsa_free(stranger);
	nothing_is_left(s);
	return 0;
}

/* --- bodies ----------------------------------------------------------------------------- */

static int other_bodies(struct site *s)
{
	static const size_t len[] = { 100, 300000 };
	uint8_t *data = malloc(300000);
	struct wish w;
	unsigned int i;

	bytes_of(1, data, 300000);
	for (i = 0; i < 2; i++) {
		sign(s, &w, "PUT", "x", data, len[i]);
		data[len[i] / 2] ^= 1;
		must_equal(send_wish(s, &w), 400);
		must(says("<Code>XAmzContentSHA256Mismatch</Code>"));
		data[len[i] / 2] ^= 1;
		must_equal(fragments(s), 0);
	}
	free(data);
	nothing_is_left(s);
	return 0;
}

static int dial_site(struct site *s)
{
	int fd = io_dial((struct sockaddr *)&s->at, sizeof(s->at), SOON);

	must(fd >= 0);
	return fd;
}

/* The head of a PUT, and so many bytes of its body. */
static int half_sent(struct site *s, const char *name, const uint8_t *data, size_t len, size_t some)
{
	char head[8192];
	struct wish w;
	int n, fd = dial_site(s);

	sign(s, &w, "PUT", name, data, len);
	n = snprintf(head, sizeof(head), "PUT %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %zu\r\n\r\n",
		     w.target, s->host, len);
	must_equal(io_send(fd, head, n, 0, SOON), 0);
	must_equal(io_send(fd, data, some, 0, SOON), 0);
	return fd;
}

static void until_idle(struct site *s)
{
	int64_t end = SOON;

	while (s->http.counters.waiting || s->listen.open) {
		must(io_now() < end);
		must_equal(io_sleep_until(io_after_ms(5)), 0);
	}
}

static int half_bodies(struct site *s)
{
	static const size_t len[] = { 100, 300000 };
	uint8_t *data = calloc(1, 300000);
	unsigned int i;
	int fd;

	for (i = 0; i < 2; i++) {
		fd = half_sent(s, "x", data, len[i], len[i] - 1);
		io_close(fd);
		until_idle(s);
		must_equal(fragments(s), 0);
		/* The name is free again. */
		must_equal(put(s, "x", 3, len[i]), 200);
		must_equal(ask(s, "DELETE", "x", NULL, 0), 204);
		http_origin_close(&s->origin);
		until_idle(s);
	}
	free(data);
	nothing_is_left(s);
	return 0;
}

/* One line of an answer, or nothing. */
static unsigned int status_from(int fd)
{
	char text[1024] = "";
	unsigned int status = 0;

	if (io_recv(fd, text, sizeof(text) - 1, 0, SOON) > 0)
		sscanf(text, "HTTP/1.1 %u", &status);
	return status;
}

static int slow_ones(struct site *s)
{
	uint8_t *data = calloc(1, 300000);
	int fd[3], i, rc;
	char c;

	fd[0] = dial_site(s);
	must_equal(io_send(fd[0], "GET /", 5, 0, SOON), 0);
	fd[1] = half_sent(s, "x", data, 100, 99);
	fd[2] = half_sent(s, "y", data, 300000, 200000);
	/* A byte now and then does not help. */
	for (i = 0; i < 200; i++) {
		rc = io_send(fd[2], data, 1, 0, SOON);
		if (rc || io_recv(fd[2], &c, 1, MSG_PEEK | MSG_DONTWAIT, 0) != -EAGAIN)
			break;
		must_equal(io_sleep_until(io_after_ms(20)), 0);
	}
	must(i < 200);
	must_equal(status_from(fd[0]), 408);
	must_equal(status_from(fd[1]), 408);
	for (i = 0; i < 3; i++)
		io_close(fd[i]);
	until_idle(s);
	must_equal(put(s, "x", 1, 10), 200);
	must_equal(ask(s, "DELETE", "x", NULL, 0), 204);
	free(data);
	nothing_is_left(s);
	return 0;
}

/* Who reads nothing holds a large GET up, not the edge. */
static int slow_readers(struct site *s)
{
	char head[8192];
	struct wish w;
	int fd, n;

	must_equal(put(s, "big", 1, 7 << 20), 200);
	http_origin_close(&s->origin);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){ 4096 }, sizeof(int)), 0);
	must_equal(io_connect(fd, (struct sockaddr *)&s->at, sizeof(s->at), SOON), 0);
	sign(s, &w, "GET", "big", NULL, 0);
	n = snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", w.target, s->host);
	must_equal(io_send(fd, head, n, 0, SOON), 0);
	until_idle(s);
	io_close(fd);
	/* It was not sent whole. */
	must_equal(s->http.counters.errors[EDGE_GET], 1);
	must_equal(ask(s, "DELETE", "big", NULL, 0), 204);
	nothing_is_left(s);
	return 0;
}

static int crowd(struct site *s)
{
	static int fd[CROWD];
	unsigned int i;
	int64_t stop;

	for (i = 0; i < CROWD; i++) {
		fd[i] = dial_site(s);
		if (i % 2)
			must_equal(io_send(fd[i], "GET /x HTTP/1.1\r\n", 17, 0, SOON), 0);
	}
	for (stop = SOON; s->listen.open < CROWD; must(io_now() < stop))
		must_equal(io_sleep_until(io_after_ms(5)), 0);
	must_equal(put(s, "x", 1, 200000), 200);
	must_equal(get(s, "x", 1, 200000), 200);
	must_equal(ask(s, "DELETE", "x", NULL, 0), 204);
	for (i = 0; i < CROWD; i++)
		io_close(fd[i]);
	http_origin_close(&s->origin);
	until_idle(s);
	nothing_is_left(s);
	return 0;
}

/* --- at the same time --------------------------------------------------------------------- */

struct race {
	struct site *site;
	struct wish wish;
	int status;
};

static int run_race(void *arg)
{
	struct race *r = arg;
	struct iovec body = { (void *)r->wish.body, r->wish.len };
	struct http_call c = {
		.origin = &r->site->origin, .method = str_of(r->wish.method),
		.target = str_of(r->wish.target), .body = &body, .pieces = 1, .deadline = SOON,
	};
	char rest[4096];
	int rc = http_call(&c);

	r->status = rc ? rc : c.head.status;
	while (!rc && http_call_read(&c, rest, sizeof(rest)) > 0)
		continue;
	http_call_end(&c);
	return 0;
}

static int races(struct site *s)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	static struct race race[8];
	unsigned int i, good = 0, status[600] = { 0 };
	uint8_t *data = malloc(4 * 200000);

	/* Two of each: one URL twice, one name with other data. */
	bytes_of(1, data, 4 * 200000);
	for (i = 0; i < 8; i++) {
		race[i].site = s;
		if (i % 2)
			race[i].wish = race[i - 1].wish;
		else
			sign(s, &race[i].wish, "PUT", "x", data + i / 2 * 200000, 200000);
		must_equal(io_spawn(&group, run_race, &race[i], NULL), 0);
	}
	must_equal(io_group_drain(&group, SOON), 0);
	for (i = 0; i < 8; i++) {
		must(race[i].status == 200 || race[i].status == 403 || race[i].status == 409 ||
		     race[i].status == 412);
		status[race[i].status]++;
		good = race[i].status == 200 ? i / 2 : good;
	}
	must_equal(status[200], 1);
	must_equal(status[403], 4);
	must_equal(ask(s, "GET", "x", NULL, 0), 200);
	must_equal(answer.len, 200000);
	must(!memcmp(answer.body, data + good * 200000, 200000));
	must_equal(ask(s, "DELETE", "x", NULL, 0), 204);
	free(data);
	nothing_is_left(s);
	return 0;
}

/* --- disks -------------------------------------------------------------------------------- */

static void flip(const char *what, uint64_t at)
{
	char command[512];

	/* The last file of that kind. */
	snprintf(command, sizeof(command),
		 "find '%s/fragments/%s' -type f | sort | tail -n 1 | (read -r f; printf '\\377\\001\\376' | dd of=\"$f\" bs=1 seek=%llu conv=notrunc status=none)",
		 folder, what, (unsigned long long)at);
	must_equal(system(command), 0);
}

static int damage(struct site *s)
{
	struct wish w;
	int rc;

	must_equal(put(s, "small", 1, 3000), 200);
	must_equal(put(s, "big", 2, 600000), 200);
	flip("log", 1000);
	flip("large", 400000);
	rc = get(s, "small", 1, 3000);
	must_equal(rc, 404);
	must(says("The fragment is damaged"));
	/* The beginning has been sent by then: not one wrong byte, and no whole answer. */
	must(get(s, "big", 2, 600000) < 0);
	must(answer.len < 400000);
	sign(s, &w, "GET", "big", NULL, 0);
	strcpy(w.fields, "Range: bytes=393216-\r\n");
	must_equal(send_wish(s, &w), 404);
	/* Once it is known, not the good half either: who needs it makes it anew. */
	sign(s, &w, "GET", "big", NULL, 0);
	strcpy(w.fields, "Range: bytes=0-99999\r\n");
	must_equal(send_wish(s, &w), 404);
	must_equal(ask(s, "HEAD", "big", NULL, 0), 404);
	must_equal(damage_told, 2);
	/* Which then takes its place, and is as good as any. */
	must_equal(put(s, "small", 1, 3000), 200);
	must_equal(put(s, "big", 2, 600000), 200);
	must_equal(get(s, "small", 1, 3000), 200);
	must_equal(get(s, "big", 2, 600000), 200);
	must_equal(put(s, "big", 3, 600000), 412);
	return 0;
}

/* In a file system of four megabytes, which only root can make. */
static int full_disk(struct site *s)
{
	char name[32];
	unsigned int i;
	int rc = 200;

	for (i = 0; rc == 200 && i < 100; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		rc = put(s, name, i, 300000);
	}
	must_equal(rc, 507);
	must(says("<Code>InsufficientStorage</Code>"));
	must(i > 3);
	must_equal(get(s, name, 0, 300000), 404);
	must_equal(get(s, "f1", 1, 300000), 200);
	must_equal(ask(s, "DELETE", "f1", NULL, 0), 204);
	must_equal(put(s, "last", 7, 300000), 200);
	must_equal(get(s, "last", 7, 300000), 200);
	/* Somebody else takes the rest, to the last byte. */
	shell("cat /dev/zero >'%s'/filler 2>/dev/null%s || true", folder, "");
	for (i = 0; i < 300; i++)
		must_equal(get(s, "last", 7, 300000), 200);
	must_equal(put(s, "more", 8, 3000), 507);
	must_equal(get(s, "last", 7, 300000), 200);
	shell("rm '%s'/%s", folder, "filler");
	must_equal(put(s, "more", 8, 3000), 200);
	must_equal(get(s, "more", 8, 3000), 200);
	return 0;
}

/* --- each in a loop of its own ------------------------------------------------------------ */

struct plan {
	int (*fn)(struct site *s);
	const struct http_limits *limits;
};

static int run_plan(void *arg)
{
	static struct site site;
	const struct plan *p = arg;

	memset(&site, 0, sizeof(site));
	site_open(&site, p->limits);
	must_equal(p->fn(&site), 0);
	site_close(&site);
	return 0;
}

static void planned(void **state, int (*fn)(struct site *s), const struct http_limits *limits)
{
	struct plan plan = { fn, limits };

	fresh_folder();
	assert_int_equal(on_loop(state, run_plan, &plan), 0);
	remove_folder();
}

#define PLAN(fn, limits)				\
	static void test_##fn(void **state)		\
	{						\
		planned(state, fn, limits);		\
	}

PLAN(replays, NULL)
PLAN(bent, NULL)
PLAN(other_times_and_places, NULL)
PLAN(other_bodies, NULL)
PLAN(half_bodies, NULL)
PLAN(slow_ones, &quick)
PLAN(slow_readers, &quick)
PLAN(crowd, NULL)
PLAN(races, NULL)
PLAN(damage, NULL)

static void test_full_disk(void **state)
{
	struct plan plan = { full_disk, NULL };
	int rc = 0;

	fresh_folder();
	if (mount("tmpfs", folder, "tmpfs", 0, "size=4m")) {
		print_message("only root can mount a small file system\n");
		remove_folder();
		skip();
	}
	rc = on_loop(state, run_plan, &plan);
	must_equal(umount2(folder, MNT_DETACH), 0);
	remove_folder();
	assert_int_equal(rc, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(test_replays),
		ON_BOTH(test_bent),
		ON_BOTH(test_other_times_and_places),
		ON_BOTH(test_other_bodies),
		ON_BOTH(test_half_bodies),
		ON_BOTH(test_slow_ones),
		ON_BOTH(test_slow_readers),
		ON_BOTH(test_crowd),
		ON_BOTH(test_races),
		ON_BOTH(test_damage),
		ON_BOTH(test_full_disk),
	};
	struct rlimit many = { 8192, 8192 };

	/* Both ends of a crowd are in this process. */
	setrlimit(RLIMIT_NOFILE, &many);
	return cmocka_run_group_tests(tests, make_edge_keys, free_edge_keys);
}
