// SPDX-License-Identifier: GPL-2.0-or-later
/* Connections that a client hands to a server of its own machine; and those that nobody takes. */
#include "http/client.h"
#include "http/listen.h"
#include "http_util.h"
#include "io/hand.h"

#define GET	"GET / HTTP/1.1\r\nHost: x\r\n\r\n"

struct house {
	struct http_server server;
	struct http_listen listen;
	struct seen seen;
	struct sockaddr_in at;
	int hand[2];			/* [0] is the client's */
	int rc, near_rc;
};

static int run_house(void *arg)
{
	struct house *h = arg;

	h->rc = http_listen_run(&h->listen);
	return 0;
}

static int run_near(void *arg)
{
	struct house *h = arg;

	h->near_rc = http_listen_near(&h->listen, h->hand[1]);
	io_close(h->hand[1]);
	return 0;
}

static void open_house(struct house *h, struct io_group *group, unsigned int most)
{
	*h = (struct house){ .server = SERVER(&h->seen), .rc = 1, .near_rc = 1 };
	h->listen = (struct http_listen){
		.server = &h->server, .doors = 1, .most = most, .patience = 20000000000ll,
	};
	h->listen.door[0].fd = listen_at(&h->at, 1000);
	http_listen_init(&h->listen);
	must_equal(io_hand_pair(h->hand), 0);
	must_equal(io_spawn(group, run_house, h, NULL), 0);
	must_equal(io_spawn(group, run_near, h, NULL), 0);
}

/* The other end closes after the server has stopped, or before. */
static void close_house(struct house *h, struct io_group *group)
{
	if (h->hand[0] >= 0)
		io_close(h->hand[0]);
	http_listen_stop(&h->listen);
	must_equal(io_group_drain(group, LONG_TIME), 0);
	must_equal(h->rc, 0);
	must_equal(h->near_rc, 0);
	must_equal(h->listen.open, 0);
	must_equal(h->listen.room.free, h->listen.most);
	must_equal(h->listen.near_room.free, h->listen.most);
	io_close(h->listen.door[0].fd);
}

static int hand_over(const struct house *h)
{
	int pair[2];

	stream_pair(pair);
	must_equal(io_hand(h->hand[0], pair[1]), 0);
	io_close(pair[1]);
	return pair[0];
}

/* Is the request answered?  0: the connection has ended instead. */
static int ask(int fd)
{
	char out[512];
	ssize_t n;

	if (io_send(fd, GET, strlen(GET), 0, LONG_TIME))
		return 0;
	n = io_recv(fd, out, sizeof(out), 0, LONG_TIME);
	return n > 6 && !memcmp(out + n - 6, "hello\n", 6);
}

/* --- a server --------------------------------------------------------------------------------- */

static int served(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	int fd[4], pipe_fd[2], other, i;
	struct house h;
	char c;

	(void)arg;
	open_house(&h, &group, 3);
	/* What is no connection ends by itself. */
	must_equal(pipe2(pipe_fd, O_CLOEXEC), 0);
	must_equal(io_hand(h.hand[0], pipe_fd[0]), 0);
	must_equal(send(h.hand[0], "?", 1, 0), 1);
	for (i = 0; i < 3; i++) {
		fd[i] = hand_over(&h);
		must(ask(fd[i]));
		must(ask(fd[i]));
	}
	must_equal(h.listen.open, 3);
	/* Who is too many waits until another has gone; who comes by the address does not. */
	fd[3] = hand_over(&h);
	must_equal(io_send(fd[3], GET, strlen(GET), 0, LONG_TIME), 0);
	must_equal(io_recv(fd[3], &c, 1, MSG_PEEK, io_after_ms(50)), -ETIMEDOUT);
	other = io_dial((const struct sockaddr *)&h.at, sizeof(h.at), LONG_TIME);
	must(ask(other));
	io_close(other);
	io_close(fd[1]);
	must_equal(io_recv(fd[3], &c, 1, MSG_PEEK, LONG_TIME), 1);
	for (i = 0; i < 4; i++)
		if (i != 1)
			io_close(fd[i]);
	io_close(pipe_fd[0]);
	io_close(pipe_fd[1]);
	close_house(&h, &group);
	return 0;
}

static void connections_that_are_handed_over(void **state)
{
	assert_int_equal(on_loop(state, served, NULL), 0);
}

/* The client goes: its connections stay, and those of the socket that listens come. */
static int client_gone(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct house h;
	int fd[2];

	(void)arg;
	open_house(&h, &group, 10);
	fd[0] = hand_over(&h);
	must(ask(fd[0]));
	io_close(TAKE_FD(h.hand[0]));
	while (h.near_rc == 1)
		must_equal(io_sleep_until(io_after_ms(1)), 0);
	must_equal(h.near_rc, 0);
	must(ask(fd[0]));
	fd[1] = io_dial((const struct sockaddr *)&h.at, sizeof(h.at), LONG_TIME);
	must(ask(fd[1]));
	io_close(fd[0]);
	io_close(fd[1]);
	close_house(&h, &group);
	return 0;
}

static void a_client_that_has_gone(void **state)
{
	assert_int_equal(on_loop(state, client_gone, NULL), 0);
}

/* At a stop who has asked is answered, and who comes then is sent away unheard. */
static int stopped(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct house h;
	int early, late;
	char c;

	(void)arg;
	open_house(&h, &group, 10);
	early = hand_over(&h);
	must(ask(early));
	must_equal(send(early, GET, strlen(GET), 0), strlen(GET));
	http_listen_stop(&h.listen);
	late = hand_over(&h);
	must(ask(early) || h.seen.requests == 2);
	must(io_recv(late, &c, 1, 0, LONG_TIME) <= 0);
	must_equal(h.seen.requests, 2);
	io_close(early);
	io_close(late);
	close_house(&h, &group);
	return 0;
}

static void one_that_comes_at_a_stop(void **state)
{
	assert_int_equal(on_loop(state, stopped, NULL), 0);
}

/* --- a client --------------------------------------------------------------------------------- */

/* What near() gives, one after the other; then nothing any more. */
struct ways {
	struct house *house;
	const char *say;	/* 't': to the server; 'n': nobody takes it; 'x': -ENOENT */
	unsigned int asked;
};

static int near(void *arg)
{
	struct ways *w = arg;
	int pair[2];

	w->asked++;
	switch (*w->say++) {
	case 't':
		return hand_over(w->house);
	case 'n':
		stream_pair(pair);
		io_close(pair[1]);
		return pair[0];
	}
	w->say--;
	return -ENOENT;
}

static void open_origin(struct http_origin *o, struct ways *w, bool nobody_listens)
{
	struct sockaddr_in at = w->house->at;

	*o = (struct http_origin){
		.host = "server.test", .most = 4, .most_kept = 4, .near = near, .near_arg = w,
		.address_len = sizeof(at),
	};
	/* Reserved, and never listened at. */
	if (nobody_listens)
		at.sin_port = htons(1);
	memcpy(&o->address, &at, sizeof(at));
	http_origin_init(o);
}

static int once(struct http_origin *o, const char *method)
{
	struct http_call c = {
		.origin = o, .method = str_of(method), .target = STR("/"), .deadline = LONG_TIME,
	};
	char body[16];
	int rc = http_call(&c);

	if (!rc) {
		must_equal(c.head.status, 200);
		must_equal(http_call_read(&c, body, sizeof(body)), 6);
		must_equal(http_call_read(&c, body, sizeof(body)), 0);
	}
	http_call_end(&c);
	return rc;
}

static int calls(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct http_origin o;
	struct ways w;
	struct house h;

	(void)arg;
	open_house(&h, &group, 100);
	/* Nobody is at the address, and nobody needs to be; a connection is kept. */
	w = (struct ways){ &h, "t", 0 };
	open_origin(&o, &w, true);
	must_equal(once(&o, "GET"), 0);
	must_equal(once(&o, "GET"), 0);
	must_equal(w.asked, 1);
	must_equal(o.dialled, 1);
	must_equal(o.kept_count, 1);
	http_origin_close(&o);

	/* There is no such way: the address is. */
	w = (struct ways){ &h, "x", 0 };
	open_origin(&o, &w, false);
	must_equal(once(&o, "GET"), 0);
	must_equal(w.asked, 1);
	must_equal(o.repeated, 0);
	http_origin_close(&o);

	/* One that nobody takes: the address at once, and without asking for that way again. */
	w = (struct ways){ &h, "nt", 0 };
	open_origin(&o, &w, false);
	must_equal(once(&o, "GET"), 0);
	must_equal(w.asked, 1);
	must_equal(o.repeated, 1);
	must_equal(o.dialled, 2);
	http_origin_close(&o);

	/* A connection by the address is kept for want of that way, and no longer. */
	w = (struct ways){ &h, "x", 0 };
	open_origin(&o, &w, false);
	must_equal(once(&o, "GET"), 0);
	must_equal(once(&o, "GET"), 0);
	must_equal(o.dialled, 1);
	w.say = "t";
	must_equal(once(&o, "GET"), 0);
	must_equal(once(&o, "GET"), 0);
	must_equal(o.dialled, 2);
	must_equal(o.kept_count, 1);
	must_equal(w.asked, 3);
	http_origin_close(&o);

	/* It ends there. */
	w = (struct ways){ &h, "nn", 0 };
	open_origin(&o, &w, true);
	must_equal(once(&o, "GET"), -ECONNREFUSED);
	must_equal(w.asked, 1);
	must_equal(o.room.free, 4);
	http_origin_close(&o);

	/* What may have been done is not said twice. */
	w = (struct ways){ &h, "n", 0 };
	open_origin(&o, &w, false);
	must(once(&o, "POST"));
	must_equal(o.repeated, 0);
	must_equal(o.kept_count, 0);
	http_origin_close(&o);
	close_house(&h, &group);
	return 0;
}

static void calls_by_that_way(void **state)
{
	assert_int_equal(on_loop(state, calls, NULL), 0);
}

/* A server that hangs up when it has the second request. */
static int hang_up_later(void *arg)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n";
	int fd = *(int *)arg;
	char buf[512];

	must(io_recv(fd, buf, sizeof(buf), 0, LONG_TIME) > 0);
	must_equal(io_send(fd, answer, strlen(answer), 0, LONG_TIME), 0);
	must(io_recv(fd, buf, sizeof(buf), 0, LONG_TIME) > 0);
	io_close(fd);
	return 0;
}

struct first_own {
	struct ways ways;
	int own;
};

static int near_own(void *arg)
{
	struct first_own *f = arg;
	int fd = f->own;

	f->own = -1;
	return fd >= 0 ? fd : near(&f->ways);
}

/* A kept one ends, nobody takes the next one, and so it goes to the address: three in one call. */
static int three_in_one(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group), liar = IO_GROUP(liar);
	struct http_origin o;
	struct first_own f;
	struct house h;
	int pair[2];

	(void)arg;
	open_house(&h, &group, 100);
	stream_pair(pair);
	f = (struct first_own){ { &h, "n", 0 }, pair[0] };
	open_origin(&o, &f.ways, false);
	o.near = near_own;
	o.near_arg = &f;
	must_equal(io_spawn(&liar, hang_up_later, &pair[1], NULL), 0);
	must_equal(once(&o, "GET"), 0);
	must_equal(once(&o, "GET"), 0);
	must_equal(f.ways.asked, 1);
	must_equal(o.repeated, 2);
	must_equal(h.seen.requests, 1);
	must_equal(io_group_wait_all(&liar, LONG_TIME), 0);
	http_origin_close(&o);
	close_house(&h, &group);
	return 0;
}

static void kept_then_not_taken(void **state)
{
	assert_int_equal(on_loop(state, three_in_one, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(connections_that_are_handed_over),
		ON_BOTH(a_client_that_has_gone),
		ON_BOTH(one_that_comes_at_a_stop),
		ON_BOTH(calls_by_that_way),
		ON_BOTH(kept_then_not_taken),
	};

	return cmocka_run_group_tests(tests, make_parties, free_parties);
}
