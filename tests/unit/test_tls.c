// SPDX-License-Identifier: GPL-2.0-or-later
/* TLS above a stream: who is believed, what goes through, and what an end means. */
#include <sys/stat.h>

#include "tls_util.h"

#define BIG	(3u << 20)

/* One handshake between two contexts, and what each side made of it. */
struct pair {
	struct tls_context *server, *client;
	const char *host;
	struct io_stream below[2], *stream[2];
	int rc[2];
	char why[2][TLS_WHY];
};

static int accept_side(void *arg)
{
	struct pair *p = arg;

	p->rc[0] = tls_accept(p->server, &p->below[0], io_after_ms(20000), &p->stream[0],
			      p->why[0]);
	if (p->rc[0])
		io_stream_close(&p->below[0]);
	return 0;
}

/* The client's side may be content before the server has judged it: it learns by receiving. */
static void shake(struct pair *p)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	int fd[2];
	char c;

	stream_pair(fd);
	io_stream_socket(&p->below[0], fd[0]);
	io_stream_socket(&p->below[1], fd[1]);
	must_equal(io_spawn(&group, accept_side, p, NULL), 0);
	p->rc[1] = tls_connect(p->client, &p->below[1], p->host, io_after_ms(20000), &p->stream[1],
			       p->why[1]);
	if (p->rc[1])
		io_stream_close(&p->below[1]);
	must_equal(io_group_drain(&group, 0), 0);
	if (p->rc[0] && !p->rc[1]) {
		p->rc[1] = io_stream_recv(p->stream[1], &c, 1, io_after_ms(20000));
		io_stream_close(p->stream[1]);
	}
}

static void hang_up(struct pair *p)
{
	io_stream_close(p->stream[0]);
	io_stream_close(p->stream[1]);
}

static void close_contexts(struct pair *p)
{
	tls_context_close(p->server);
	tls_context_close(p->client);
}

/* --- who is believed -------------------------------------------------------------------------- */

static const struct verdict {
	const struct party *server, *client;
	const struct party *server_ca, *client_ca;	/* whom the server and the client believe */
	const char *host;
	int rc[2];
	const char *said;	/* by the client, or if it is content by the server */
} verdicts[] = {
	{ &server_party, NULL, NULL, &authority, "server.test", { 0, 0 }, "" },
	{ &server_party, NULL, NULL, &authority, "127.0.0.1", { 0, 0 }, "" },
	{ &server_party, &client_party, &authority, &authority, "server.test", { 0, 0 }, "" },
	{ &server_party, NULL, NULL, &stranger, "server.test", { -EKEYREJECTED, -EKEYREJECTED },
	  "is its authority in the file" },
	{ &server_party, NULL, NULL, NULL, "server.test", { -EKEYREJECTED, -EKEYREJECTED },
	  "is its authority in the file" },
	{ &server_party, NULL, NULL, &authority, "other.test", { -EKEYREJECTED, -EKEYREJECTED },
	  "use a name that is in its certificate" },
	{ &server_party, NULL, NULL, &authority, "127.0.0.2", { -EKEYREJECTED, -EKEYREJECTED },
	  "use a name that is in its certificate" },
	{ &expired_party, NULL, NULL, &authority, "server.test", { -EKEYREJECTED, -EKEYREJECTED },
	  "to be renewed" },
	{ &server_party, NULL, &authority, &authority, "server.test",
	  { -EKEYREJECTED, -EKEYREJECTED }, "has to show a certificate" },
	{ &server_party, &foreign_party, &authority, &authority, "server.test",
	  { -EKEYREJECTED, -EKEYREJECTED }, "is its authority in the file" },
	{ &server_party, &expired_party, &authority, &authority, "server.test",
	  { -EKEYREJECTED, -EKEYREJECTED }, "to be renewed" },
};

static const char *authorities(const struct party *p)
{
	return p ? p->cert_file : NULL;
}

static int judge_all(void *arg)
{
	const struct verdict *v;
	struct pair p;

	(void)arg;
	for (v = verdicts; v < verdicts + sizeof(verdicts) / sizeof(verdicts[0]); v++) {
		p = (struct pair){ .host = v->host };
		p.server = context_of(true, v->server, authorities(v->server_ca));
		p.client = context_of(false, v->client, authorities(v->client_ca));
		shake(&p);
		if (p.rc[1] != v->rc[1] || (p.rc[0] && !v->rc[0]))
			printf("# case %d: %s / %s\n", (int)(v - verdicts), p.why[0], p.why[1]);
		must_equal(p.rc[1], v->rc[1]);
		must_equal(!p.rc[0], !v->rc[0]);
		must(strstr(*p.why[1] ? p.why[1] : p.why[0], v->said));
		if (!p.rc[0]) {
			must(tls_is_http(p.stream[0]) && tls_is_http(p.stream[1]));
			must(tls_peer_is(p.stream[1], "server.test"));
			must(!tls_peer_is(p.stream[1], "other.test"));
			must_equal(tls_peer_is(p.stream[0], "client.test"), !!v->client);
			hang_up(&p);
		}
		close_contexts(&p);
	}
	return 0;
}

/* The system's, as a file or as a folder, read before the files are gone. */
static int system_in(const char *file, const char *folder, bool forget)
{
	struct pair p = { .host = "server.test" };
	int rc;

	setenv("SSL_CERT_FILE", file, 1);
	setenv("SSL_CERT_DIR", folder, 1);
	must_equal(tls_trust_load(), 0);
	if (forget)
		tls_trust_forget();
	setenv("SSL_CERT_FILE", "/nowhere", 1);
	setenv("SSL_CERT_DIR", "/nowhere", 1);
	p.server = context_of(true, &server_party, NULL);
	p.client = context_of(false, NULL, NULL);
	shake(&p);
	rc = p.rc[1];
	if (!rc)
		hang_up(&p);
	close_contexts(&p);
	return rc;
}

static int judge_by_system(void *arg)
{
	char folder[64], link[96], list[128];

	(void)arg;
	snprintf(folder, sizeof(folder), "%s/system", tls_dir);
	snprintf(link, sizeof(link), "%s/0123abcd.0", folder);
	snprintf(list, sizeof(list), "/nowhere::%s", folder);
	must_equal(mkdir(folder, 0700), 0);
	must_equal(system_in(authority.cert_file, folder, false), 0);
	must_equal(system_in(stranger.cert_file, folder, false), -EKEYREJECTED);
	/* A folder has those that are named as c_rehash(1) does, and may have others. */
	must_equal(symlink(authority.cert_file, link), 0);
	must_equal(system_in("/nowhere", list, false), 0);
	must_equal(system_in(server_party.key_file, list, false), 0);
	must_equal(system_in("/nowhere", list, true), -EKEYREJECTED);
	unlink(link);
	snprintf(link, sizeof(link), "%s/0123abcd.pem", folder);
	must_equal(symlink(authority.cert_file, link), 0);
	must_equal(system_in("/nowhere", list, false), -EKEYREJECTED);
	unlink(link);
	rmdir(folder);
	tls_trust_forget();
	unsetenv("SSL_CERT_FILE");
	unsetenv("SSL_CERT_DIR");
	return 0;
}

static void whom_the_system_believes(void **state)
{
	assert_int_equal(on_loop(state, judge_by_system, NULL), 0);
}

static void only_the_right_are_believed(void **state)
{
	assert_int_equal(on_loop(state, judge_all, NULL), 0);
}

/* --- what goes through ------------------------------------------------------------------------ */

static int send_big(void *arg)
{
	struct pair *p = arg;
	char *buf = malloc(BIG);
	struct iovec iov[3];
	unsigned int i;

	for (i = 0; i < BIG; i++)
		buf[i] = i * 2654435761u >> 24;
	iov[0] = (struct iovec){ buf, 1 };
	iov[1] = (struct iovec){ buf + 1, 0 };
	iov[2] = (struct iovec){ buf + 1, BIG - 1 };
	must_equal(io_stream_sendv(p->stream[0], iov, 3, false, io_after_ms(20000)), 0);
	must_equal(io_stream_shutdown(p->stream[0], io_after_ms(20000)), 0);
	/* After our own end, the other direction goes on. */
	must_equal(io_stream_recv(p->stream[0], buf, BIG, io_after_ms(20000)), 4);
	must(!memcmp(buf, "word", 4));
	free(buf);
	return 0;
}

static int through(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct pair p = { .host = "server.test" };
	char *buf = malloc(BIG);
	size_t done = 0;
	ssize_t n;
	unsigned int i;

	(void)arg;
	p.server = context_of(true, &server_party, NULL);
	p.client = context_of(false, NULL, authority.cert_file);
	shake(&p);
	must_equal(p.rc[0] | p.rc[1], 0);
	must_equal(io_stream_recv(p.stream[1], buf, 10, io_after_ms(5)), -ETIMEDOUT);
	must_equal(io_stream_wait_readable(p.stream[1], io_after_ms(5)), -ETIMEDOUT);
	must_equal(tls_buffered(p.stream[1]), 0);
	must_equal(io_spawn(&group, send_big, &p, NULL), 0);
	must_equal(io_stream_wait_readable(p.stream[1], io_after_ms(20000)), 0);
	while ((n = io_stream_recv(p.stream[1], buf + done, BIG - done, io_after_ms(20000))) > 0)
		done += n;
	must_equal(done, BIG);
	for (i = 0; i < BIG; i++)
		if (buf[i] != (char)(i * 2654435761u >> 24))
			break;
	must_equal(i, BIG);
	must_equal(io_stream_recv(p.stream[1], buf, 10, io_after_ms(20000)), 0);
	must_equal(io_stream_send(p.stream[1], "word", 4, false, io_after_ms(20000)), 0);
	must_equal(io_group_drain(&group, 0), 0);
	hang_up(&p);
	close_contexts(&p);
	free(buf);
	return 0;
}

static void bytes_go_through(void **state)
{
	assert_int_equal(on_loop(state, through, NULL), 0);
}

static int send_chunk(void *arg)
{
	struct pair *p = arg;
	char *buf = calloc(1, BIG);
	int rc = io_stream_send(p->stream[1], buf, BIG, false, io_after_ms(20000));

	free(buf);
	return rc;
}

/* Both send 3 MiB before either has read all: one fiber receives while another sends. */
static int crossing(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct pair p = { .host = "server.test" };
	char *buf = malloc(BIG);
	size_t done = 0;
	ssize_t n;

	(void)arg;
	p.server = context_of(true, &server_party, NULL);
	p.client = context_of(false, NULL, authority.cert_file);
	shake(&p);
	must_equal(io_spawn(&group, send_chunk, &p, NULL), 0);
	while (done < BIG) {
		must_equal(io_stream_send(p.stream[0], "x", 1, false, io_after_ms(20000)), 0);
		n = io_stream_recv(p.stream[0], buf, BIG, io_after_ms(20000));
		must(n > 0);
		done += n;
		n = io_stream_recv(p.stream[1], buf, BIG, io_after_ms(20000));
		must(n > 0);
	}
	must_equal(io_group_wait_all(&group, 0), 0);
	hang_up(&p);
	close_contexts(&p);
	free(buf);
	return 0;
}

static void both_at_once(void **state)
{
	assert_int_equal(on_loop(state, crossing, NULL), 0);
}

/* --- ends ------------------------------------------------------------------------------------- */

static int ends(void *arg)
{
	static const char nonsense[] = "\x17\x03\x03\x00\x20 this has never been encrypted!!!!";
	struct pair p = { .host = "server.test" };
	char buf[100];
	int i;

	(void)arg;
	p.server = context_of(true, &server_party, NULL);
	p.client = context_of(false, NULL, authority.cert_file);
	for (i = 0; i < 3; i++) {
		shake(&p);
		must_equal(p.rc[0] | p.rc[1], 0);
		/* An end that nobody has signed, one that was, and a forged record. */
		if (i == 0)
			io_stream_shutdown(&p.below[0], 0);
		else if (i == 1)
			io_stream_shutdown(p.stream[0], 0);
		else
			io_stream_send(&p.below[0], nonsense, sizeof(nonsense), false, 0);
		must_equal(io_stream_wait_readable(p.stream[1], io_after_ms(20000)), 0);
		must_equal(io_stream_recv(p.stream[1], buf, 100, io_after_ms(20000)),
			   i == 0 ? -ECONNRESET : i == 1 ? 0 : -EPROTO);
		if (i != 1)
			must(io_stream_send(p.stream[1], "x", 1, false, io_after_ms(20000)) < 0);
		hang_up(&p);
	}
	close_contexts(&p);
	return 0;
}

static void an_end_has_to_be_signed(void **state)
{
	assert_int_equal(on_loop(state, ends, NULL), 0);
}

/* Peers that are none: nothing at all, plain HTTP, and a handshake that stops. */
static int strangers(void *arg)
{
	struct tls_context *context = context_of(true, &server_party, NULL);
	static const char *const say[] = {
		"", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\x16\x03\x01\x02",
	};
	static const int rc[] = { -ECONNRESET, -EPROTO, -ETIMEDOUT };
	struct io_stream below, *stream;
	char why[TLS_WHY];
	int fd[2], i;

	(void)arg;
	for (i = 0; i < 3; i++) {
		stream_pair(fd);
		io_stream_socket(&below, fd[0]);
		must_equal(io_send(fd[1], say[i], strlen(say[i]), 0, 0), 0);
		if (!i)
			io_shutdown(fd[1], SHUT_WR);
		*why = 0;
		must_equal(tls_accept(context, &below, io_after_ms(50), &stream, why), rc[i]);
		must(strlen(why) > 20);
		if (i == 1)
			must(strstr(why, "https://"));
		io_stream_close(&below);
		io_close(fd[1]);
	}
	tls_context_close(context);
	return 0;
}

static void peers_that_speak_no_tls(void **state)
{
	assert_int_equal(on_loop(state, strangers, NULL), 0);
}

/* --- sessions and new certificates ------------------------------------------------------------ */

static void say_something(struct pair *p)
{
	char c;

	must_equal(io_stream_send(p->stream[0], "x", 1, false, io_after_ms(20000)), 0);
	must_equal(io_stream_recv(p->stream[1], &c, 1, io_after_ms(20000)), 1);
}

static void copy_file(const char *from, const char *to)
{
	char buf[4096];
	FILE *f = fopen(from, "r");
	size_t n = fread(buf, 1, sizeof(buf), f);

	fclose(f);
	f = fopen(to, "w");
	must_equal(fwrite(buf, 1, n, f), n);
	fclose(f);
}

static int sessions(void *arg)
{
	struct pair p = { .host = "server.test" }, old;
	struct party moving = server_party;
	char why[TLS_WHY];
	int i;

	(void)arg;
	snprintf(moving.cert_file, sizeof(moving.cert_file), "%s/moving.crt", tls_dir);
	snprintf(moving.key_file, sizeof(moving.key_file), "%s/moving.key", tls_dir);
	copy_file(server_party.cert_file, moving.cert_file);
	copy_file(server_party.key_file, moving.key_file);
	p.server = context_of(true, &moving, authority.cert_file);
	p.client = context_of(false, &client_party, authority.cert_file);
	for (i = 0; i < 3; i++) {
		old = p;
		shake(&old);
		must_equal(old.rc[0] | old.rc[1], 0);
		say_something(&old);
		must_equal(tls_resumed(old.stream[1]), i > 0);
		must_equal(tls_resumed(old.stream[0]), i > 0);
		/* Who has resumed is still known. */
		must(tls_peer_is(old.stream[0], "client.test"));
		if (i < 2)
			hang_up(&old);
	}

	/* Files that are no good change nothing. */
	copy_file(server_party.key_file, moving.cert_file);
	must_equal(tls_context_reload(p.server, why), -EINVAL);
	must(strstr(why, moving.cert_file));
	unlink(moving.cert_file);
	must_equal(tls_context_reload(p.server, why), -ENOENT);
	shake(&p);
	must_equal(p.rc[0] | p.rc[1], 0);
	say_something(&p);
	hang_up(&p);

	copy_file(foreign_party.cert_file, moving.cert_file);
	copy_file(foreign_party.key_file, moving.key_file);
	must_equal(tls_context_reload(p.server, why), 0);
	shake(&p);
	must_equal(p.rc[1], -EKEYREJECTED);
	say_something(&old);
	hang_up(&old);
	close_contexts(&p);
	unlink(moving.cert_file);
	unlink(moving.key_file);
	return 0;
}

static void resumed_and_reloaded(void **state)
{
	assert_int_equal(on_loop(state, sessions, NULL), 0);
}

static void bad_configurations(void **state)
{
	struct tls_config none = { 0 }, half = { .cert = server_party.cert_file };
	struct tls_config other = {
		.cert = server_party.cert_file, .key = client_party.key_file,
	};
	struct tls_context *context;
	char why[TLS_WHY];

	(void)state;
	assert_int_equal(tls_context_open(&context, true, &none, why), -EINVAL);
	assert_int_equal(tls_context_open(&context, false, &half, why), -EINVAL);
	assert_int_equal(tls_context_open(&context, true, &other, why), -EINVAL);
	assert_non_null(strstr(why, client_party.key_file));
	other.key = "/nonexistent";
	assert_int_equal(tls_context_open(&context, true, &other, NULL), -ENOENT);
	tls_context_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(only_the_right_are_believed),
		ON_BOTH(whom_the_system_believes),
		ON_BOTH(bytes_go_through),
		ON_BOTH(both_at_once),
		ON_BOTH(an_end_has_to_be_signed),
		ON_BOTH(peers_that_speak_no_tls),
		ON_BOTH(resumed_and_reloaded),
		cmocka_unit_test(bad_configurations),
	};

	return cmocka_run_group_tests(tests, make_parties, free_parties);
}
