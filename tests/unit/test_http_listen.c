// SPDX-License-Identifier: GPL-2.0-or-later
/* A server's doors: limits, descriptors that run out, TLS, foreign clients, and how it stops. */
#include "http/listen.h"
#include "http_util.h"

/* AddressSanitizer's. */
extern size_t __sanitizer_get_current_allocated_bytes(void);

#define GET	"GET / HTTP/1.1\r\nHost: x\r\n\r\n"

struct house {
	struct http_server server;
	struct http_listen listen;
	struct seen seen;
	struct sockaddr_in at, tls_at;
	int rc;
};

static int run_house(void *arg)
{
	struct house *h = arg;

	h->rc = http_listen_run(&h->listen);
	return 0;
}

static void open_house(struct house *h, struct io_group *group, struct tls_context *tls)
{
	*h = (struct house){ .server = SERVER(&h->seen), .rc = 1 };
	h->listen = (struct http_listen){
		.server = &h->server, .doors = tls ? 2 : 1, .most = 1000, .patience = 20000000000ll,
	};
	h->listen.door[0].fd = listen_at(&h->at, 1000);
	if (tls) {
		h->listen.door[1].fd = listen_at(&h->tls_at, 1000);
		h->listen.door[1].tls = tls;
	}
	http_listen_init(&h->listen);
	must_equal(io_spawn(group, run_house, h, NULL), 0);
}

static void close_house(struct house *h, struct io_group *group)
{
	unsigned int i;

	http_listen_stop(&h->listen);
	must_equal(io_group_drain(group, LONG_TIME), 0);
	must_equal(h->rc, 0);
	must_equal(h->listen.open, 0);
	for (i = 0; i < h->listen.doors; i++)
		io_close(h->listen.door[i].fd);
}

static int dial(const struct house *h)
{
	int fd = io_dial((const struct sockaddr *)&h->at, sizeof(h->at), LONG_TIME);

	must(fd >= 0);
	return fd;
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

/* --- 500 at once ------------------------------------------------------------------------------ */

#define IDLE		500u
#define IDLE_BYTES	1024u	/* of memory for each, at most */

static int idle_many(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct house h;
	int fd[IDLE];
	unsigned int i;
	size_t before;

	(void)arg;
	open_house(&h, &group, NULL);
	before = __sanitizer_get_current_allocated_bytes();
	for (i = 0; i < IDLE; i++) {
		fd[i] = dial(&h);
		must(ask(fd[i]));
	}
	must_equal(h.listen.open, IDLE);
	/* Their buffers go; a fiber's stack is no memory of malloc(). */
	while (__sanitizer_get_current_allocated_bytes() > before + IDLE * IDLE_BYTES)
		must_equal(io_sleep_until(io_after_ms(5)), 0);
	for (i = 0; i < IDLE; i += 50)
		must(ask(fd[i]));
	/* All are idle: the server does not wait for any of them. */
	close_house(&h, &group);
	for (i = 0; i < IDLE; i++) {
		must(!ask(fd[i]));
		io_close(fd[i]);
	}
	return 0;
}

static void five_hundred_idle(void **state)
{
	assert_int_equal(on_loop(state, idle_many, NULL), 0);
}

/* --- limits ----------------------------------------------------------------------------------- */

static bool is_loopback(const struct sockaddr_storage *from, void *arg)
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)from;

	(void)arg;
	return from->ss_family == AF_INET && ntohl(four->sin_addr.s_addr) == INADDR_LOOPBACK;
}

static int limited(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct house h;
	int fd[4], i;
	char c;

	(void)arg;
	/* In all: who is too many waits, and is served when another has gone. */
	open_house(&h, &group, NULL);
	h.listen.most = 3;
	http_listen_init(&h.listen);
	for (i = 0; i < 3; i++) {
		fd[i] = dial(&h);
		must(ask(fd[i]));
	}
	fd[3] = dial(&h);
	must_equal(io_send(fd[3], GET, strlen(GET), 0, LONG_TIME), 0);
	must_equal(io_recv(fd[3], &c, 1, 0, io_after_ms(50)), -ETIMEDOUT);
	must_equal(h.listen.open, 3);
	io_close(fd[0]);
	must_equal(io_recv(fd[3], &c, 1, 0, LONG_TIME), 1);
	for (i = 1; i < 4; i++)
		io_close(fd[i]);
	close_house(&h, &group);

	/* By address: who is too many is turned away. */
	open_house(&h, &group, NULL);
	h.listen.most_each = 2;
	for (i = 0; i < 3; i++) {
		fd[i] = dial(&h);
		must_equal(ask(fd[i]), i < 2);
	}
	must_equal(h.listen.turned_away, 1);
	for (i = 0; i < 3; i++)
		io_close(fd[i]);
	close_house(&h, &group);

	/* But for those that speak for many. */
	open_house(&h, &group, NULL);
	h.listen.most_each = 2;
	h.listen.exempt = is_loopback;
	for (i = 0; i < 3; i++) {
		fd[i] = dial(&h);
		must(ask(fd[i]));
	}
	for (i = 0; i < 3; i++)
		io_close(fd[i]);
	close_house(&h, &group);
	return 0;
}

static void connections_are_limited(void **state)
{
	assert_int_equal(on_loop(state, limited, NULL), 0);
}

static void use_up_descriptors(int *fd, unsigned int *count)
{
	for (*count = 0; *count < 100; ++*count) {
		fd[*count] = dup(0);
		if (fd[*count] < 0)
			break;
	}
}

/* Without a descriptor nobody can be accepted; afterwards the server goes on. */
static int starved(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct rlimit before, few = { 60, 60 };
	int fd, more[100];
	unsigned int count, i;
	struct house h;
	char c;

	(void)arg;
	must_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	open_house(&h, &group, NULL);
	few.rlim_max = before.rlim_max;
	must_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	/* io_uring looks at the limit when it is asked to accept, not when it does. */
	fd = dial(&h);
	must(ask(fd));
	io_close(fd);
	while (h.listen.open)
		io_sleep_until(io_after_ms(1));
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	use_up_descriptors(more, &count);
	must_equal(io_connect(fd, (struct sockaddr *)&h.at, sizeof(h.at), LONG_TIME), 0);
	must_equal(io_send(fd, GET, strlen(GET), 0, LONG_TIME), 0);
	must_equal(io_recv(fd, &c, 1, 0, io_after_ms(120)), -ETIMEDOUT);
	for (i = 0; i < count; i++)
		close(more[i]);
	must_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	must_equal(io_recv(fd, &c, 1, 0, LONG_TIME), 1);
	io_close(fd);
	close_house(&h, &group);
	return 0;
}

static void descriptors_run_out(void **state)
{
	assert_int_equal(on_loop(state, starved, NULL), 0);
}

static int senseless(void *arg)
{
	struct http_server server = { 0 };
	struct http_listen l = { .server = &server, .doors = 1, .most = 1 };
	int fd[2];

	(void)arg;
	http_listen_init(&l);
	l.door[0].fd = 1000;
	must_equal(http_listen_run(&l), -EBADF);
	stream_pair(fd);
	http_listen_init(&l);
	l.door[0].fd = fd[0];
	must(http_listen_run(&l) < 0);
	l.doors = 0;
	must_equal(http_listen_run(&l), -EINVAL);
	io_close(fd[0]);
	io_close(fd[1]);
	return 0;
}

static void doors_that_are_none(void **state)
{
	assert_int_equal(on_loop(state, senseless, NULL), 0);
}

/* --- stopping --------------------------------------------------------------------------------- */

/* A request under way is finished, and one that takes too long is not waited for. */
static int stop_busy(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	static const char put[] = "PUT /count HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n1";
	char out[512];
	struct house h;
	ssize_t n;
	int fd, i;

	(void)arg;
	for (i = 0; i < 2; i++) {
		open_house(&h, &group, NULL);
		h.listen.patience = i ? 20000000 : 20000000000ll;
		fd = dial(&h);
		must_equal(io_send(fd, put, sizeof(put) - 1, 0, LONG_TIME), 0);
		while (h.seen.bytes != 1)
			io_sleep_until(io_after_ms(1));
		http_listen_stop(&h.listen);
		io_yield();
		must_equal(h.rc, 1);
		if (!i)
			must_equal(io_send(fd, "2345", 4, 0, LONG_TIME), 0);
		n = io_recv(fd, out, sizeof(out) - 1, MSG_WAITALL, LONG_TIME);
		out[n > 0 ? n : 0] = 0;
		must_equal(!strstr(out, "Connection: close"), i);
		close_house(&h, &group);
		io_close(fd);
	}
	return 0;
}

static void stopping_while_busy(void **state)
{
	assert_int_equal(on_loop(state, stop_busy, NULL), 0);
}

#define CLOSING	"Connection: close\r\n"

/* The last answer of a connection says that it is, and the end follows. */
static void hear_last(int fd)
{
	char out[512] = "";
	ssize_t n = io_recv(fd, out, sizeof(out) - 1, MSG_WAITALL, LONG_TIME);

	must(n > 0);
	must(strstr(out, CLOSING) && strstr(out, "hello\n"));
	io_close(fd);
}

static void until_open(const struct house *h, unsigned int count)
{
	while (h->listen.open != count)
		must_equal(io_sleep_until(io_after_ms(1)), 0);
}

/* Whoever has been accepted, or had an answer, is on his way to ask: he is answered. */
static int stop_heard(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct house h;
	int fd[4];
	char c;

	(void)arg;
	open_house(&h, &group, NULL);
	h.listen.quiet = 10000000000ll;
	fd[0] = dial(&h);
	fd[1] = dial(&h);
	fd[2] = dial(&h);
	fd[3] = dial(&h);
	until_open(&h, 4);
	must(ask(fd[0]));
	must(ask(fd[1]));
	http_listen_stop(&h.listen);
	/* As long as nobody asks, nobody is sent away, and who does is, with an answer. */
	must_equal(io_recv(fd[0], &c, 1, 0, io_after_ms(100)), -ETIMEDOUT);
	must_equal(io_recv(fd[2], &c, 1, 0, io_after_ms(1)), -ETIMEDOUT);
	must_equal(io_send(fd[0], GET, strlen(GET), 0, LONG_TIME), 0);
	must_equal(io_send(fd[2], GET, strlen(GET), 0, LONG_TIME), 0);
	hear_last(fd[0]);
	hear_last(fd[2]);
	until_open(&h, 2);
	/* A second word cuts the first one's time short, but not what has arrived. */
	must_equal(io_send(fd[1], GET, strlen(GET), 0, LONG_TIME), 0);
	h.listen.quiet = 0;
	http_listen_stop(&h.listen);
	hear_last(fd[1]);
	must_equal(io_recv(fd[3], &c, 1, 0, LONG_TIME), 0);
	io_close(fd[3]);
	close_house(&h, &group);
	return 0;
}

static void stopping_while_asked(void **state)
{
	assert_int_equal(on_loop(state, stop_heard, NULL), 0);
}

/* What lies in the kernel when the server stops is answered, though it has not been heard. */
static int stop_unheard(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct house h;
	int fd[40], late, i;

	(void)arg;
	open_house(&h, &group, NULL);
	late = dial(&h);
	for (i = 0; i < 40; i++) {
		fd[i] = dial(&h);
		if (i % 2)
			must(ask(fd[i]));
	}
	until_open(&h, 41);
	/* No fiber of the server runs between these. */
	for (i = 0; i < 40; i++)
		must_equal(send(fd[i], GET, strlen(GET), 0), strlen(GET));
	http_listen_stop(&h.listen);
	for (i = 0; i < 40; i++)
		hear_last(fd[i]);
	/* And what a connection was made for, though it comes a little later. */
	must_equal(io_send(late, GET, strlen(GET), 0, LONG_TIME), 0);
	hear_last(late);
	close_house(&h, &group);
	return 0;
}

static void stopping_with_bytes_in_the_kernel(void **state)
{
	assert_int_equal(on_loop(state, stop_unheard, NULL), 0);
}

/* One after another, until there is nobody; each answer that is begun comes whole. */
struct hammer {
	struct house *h;
	unsigned int answers, lost;
	bool keep;
	const bool *over;
};

static int hammer(void *arg)
{
	struct hammer *a = arg;
	char out[512];
	int fd = -1;

	while (!*a->over) {
		ssize_t n;

		if (fd < 0)
			fd = dial(a->h);
		n = io_send(fd, GET, strlen(GET), 0, LONG_TIME);
		n = n ? n : io_recv(fd, out, sizeof(out) - 1, 0, LONG_TIME);
		out[n > 0 ? n : 0] = 0;
		if (n > 6 && !memcmp(out + n - 6, "hello\n", 6))
			a->answers++;
		else
			a->lost++;
		if (a->keep && n > 0 && !strstr(out, CLOSING))
			continue;
		io_close(fd);
		fd = -1;
		/* Each one keeps a port of this machine for a minute. */
		must_equal(io_sleep_until(io_after_ms(1)), 0);
	}
	if (fd >= 0)
		io_close(fd);
	return 0;
}

/* Another server takes over the socket again and again, and nobody notices. */
static int take_over(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group), hammers = IO_GROUP(hammers);
	struct house h[2];
	struct hammer a[6];
	unsigned int i, answers = 0;
	struct sockaddr_in at;
	bool over = false;
	int door;

	(void)arg;
	open_house(&h[0], &group, NULL);
	door = h[0].listen.door[0].fd;
	at = h[0].at;
	for (i = 0; i < 6; i++) {
		a[i] = (struct hammer){ .h = &h[0], .keep = i % 2, .over = &over };
		must_equal(io_spawn(&hammers, hammer, &a[i], NULL), 0);
	}
	for (i = 1; i <= 20; i++) {
		struct house *next = &h[i % 2], *old = &h[(i + 1) % 2];

		*next = (struct house){ .server = SERVER(&next->seen), .rc = 1, .at = at };
		next->listen = (struct http_listen){
			.server = &next->server, .doors = 1, .most = 1000,
			.patience = 20000000000ll, .door[0].fd = dup(door),
		};
		http_listen_init(&next->listen);
		must_equal(io_spawn(&group, run_house, next, NULL), 0);
		must_equal(io_sleep_until(io_after_ms(10)), 0);
		old->listen.quiet = 10000000000ll;
		http_listen_stop(&old->listen);
		while (old->rc == 1)
			must_equal(io_sleep_until(io_after_ms(1)), 0);
		must_equal(old->rc, 0);
		if (old->listen.door[0].fd != door)
			io_close(old->listen.door[0].fd);
	}
	over = true;
	must_equal(io_group_drain(&hammers, LONG_TIME), 0);
	for (i = 0; i < 6; i++) {
		must_equal(a[i].lost, 0);
		answers += a[i].answers;
	}
	must(answers > 100);
	close_house(&h[0], &group);
	io_close(door);
	return 0;
}

static void another_takes_over(void **state)
{
	assert_int_equal(on_loop(state, take_over, NULL), 0);
}

/* --- foreign clients -------------------------------------------------------------------------- */

#define GOODBYE	"GET / HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n"

struct command {
	struct io_pool *pool;
	char line[1024], out[4096];
	int status;
};

static int run_command(void *arg)
{
	struct command *c = arg;
	FILE *f = popen(c->line, "r");
	size_t n = fread(c->out, 1, sizeof(c->out) - 1, f);

	c->out[n] = 0;
	c->status = pclose(f);
	return 0;
}

__attribute__((__format__(__printf__, 2, 3)))
static int run(struct command *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->line, sizeof(c->line), fmt, ap);
	va_end(ap);
	must_equal(io_work(c->pool, run_command, c, 0), 0);
	return WEXITSTATUS(c->status);
}

/* curl: what it sends is read, what it is answered it understands. */
static void talk_to_curl(struct command *c, const char *base, const char *more)
{
	const char *curl = "curl -sS --max-time 20";

	must_equal(run(c, "%s %s %s/ %s/chunked", curl, more, base, base), 0);
	must(!strcmp(c->out, "hello\nabcdef"));
	must_equal(run(c, "head -c 5000000 /dev/zero | %s %s -T - %s/count 2>&1", curl, more,
		       base), 0);
	must(!strcmp(c->out, "ok"));
	must_equal(run(c, "head -c 3000000 /dev/zero | %s %s --data-binary @- -H '%s' %s/count 2>&1",
		       curl, more, "Expect: 100-continue", base), 0);
	must(!strcmp(c->out, "ok"));
	/* HEAD, and the next request on the same connection. */
	must_equal(run(c, "%s %s -I -w '%%{http_code} %%{num_connects}' %s %s/ %s/ 2>&1",
		       curl, more, "-o /dev/null -o /dev/null", base, base), 0);
	must(strstr(c->out, "200 0"));
	must_equal(run(c, "%s %s %s/bulk | wc -c", curl, more, base), 0);
	must_equal(atoi(c->out), BULK);
	must(run(c, "%s %s %s/short 2>&1", curl, more, base));
}

static int foreign(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct tls_context *tls = context_of(true, &server_party, authority.cert_file);
	struct command c = { 0 };
	char base[64], more[512];
	struct house h;

	(void)arg;
	must_equal(io_pool_open(&c.pool, 1), 0);
	open_house(&h, &group, tls);
	snprintf(base, sizeof(base), "http://127.0.0.1:%d", ntohs(h.at.sin_port));
	talk_to_curl(&c, base, "");
	must_equal(h.seen.bytes, 8000000);
	snprintf(base, sizeof(base), "https://127.0.0.1:%d", ntohs(h.tls_at.sin_port));
	snprintf(more, sizeof(more), "--cacert %s --cert %s --key %s", authority.cert_file,
		 client_party.cert_file, client_party.key_file);
	talk_to_curl(&c, base, more);
	must_equal(h.seen.bytes, 16000000);

	/* Nobody, and somebody of another authority. */
	must(run(&c, "curl -sS --cacert %s %s/ 2>&1", authority.cert_file, base));
	must(!strstr(c.out, "hello"));
	must(run(&c, "curl -sS --cacert %s --cert %s --key %s %s/ 2>&1", authority.cert_file,
		 foreign_party.cert_file, foreign_party.key_file, base));
	must(!strstr(c.out, "hello"));
	must_equal(h.listen.refused, 2);

	/* openssl s_client, with both versions. */
	snprintf(more, sizeof(more), "-quiet -alpn http/1.1 -CAfile %s -cert %s -key %s",
		 authority.cert_file, client_party.cert_file, client_party.key_file);
	must_equal(run(&c, "printf '%s' | openssl s_client -connect %s -tls1_2 %s 2>&1", GOODBYE,
		       base + strlen("https://"), more), 0);
	must(strstr(c.out, "hello"));
	run(&c, "openssl s_client -connect %s -tls1_1 </dev/null 2>&1", base + strlen("https://"));
	must(strstr(c.out, "Cipher is (NONE)"));
	run(&c, "openssl s_client -connect %s -tls1_3 -alpn h2 </dev/null 2>&1",
	    base + strlen("https://"));
	must(strstr(c.out, "no application protocol"));
	close_house(&h, &group);
	io_pool_close(c.pool);
	tls_context_close(tls);
	return 0;
}

static void foreign_clients(void **state)
{
	assert_int_equal(on_loop(state, foreign, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(five_hundred_idle),
		ON_BOTH(connections_are_limited),
		ON_BOTH(descriptors_run_out),
		ON_BOTH(doors_that_are_none),
		ON_BOTH(stopping_while_busy),
		ON_BOTH(stopping_while_asked),
		ON_BOTH(stopping_with_bytes_in_the_kernel),
		ON_BOTH(another_takes_over),
		ON_BOTH(foreign_clients),
	};

	return cmocka_run_group_tests(tests, make_parties, free_parties);
}
