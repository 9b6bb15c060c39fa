// SPDX-License-Identifier: GPL-2.0-or-later
/* Between machines: who is believed to be what, what a head and a frame may be, and what ends. */
#include <asm/byteorder.h>

#include "../../user/skyd/relay_private.h"
#include "tls_util.h"

#define WAIT_MS		20000

/* --- who is who ------------------------------------------------------------------------------ */

static struct party false_authority, gateway, backend, old, forged, by_gateway, odd;
static struct party issued_gateway, issued_vault;

static void issue(struct party *p, const char *name, const char *uri, bool client, bool server)
{
	const char *const uris[] = { uri, NULL };
	const struct tls_subject subject = {
		.name = name, .uri = uris, .client = client, .server = server, .days = 1,
	};
	char why[TLS_WHY];

	snprintf(p->cert_file, sizeof(p->cert_file), "%s/%s.crt", tls_dir, name);
	snprintf(p->key_file, sizeof(p->key_file), "%s/%s.key", tls_dir, name);
	must_equal(tls_issue(&subject, authority.cert_file, authority.key_file, p->cert_file,
			     p->key_file, why), 0);
	/* Nothing is written over. */
	must_equal(tls_issue(&subject, authority.cert_file, authority.key_file, p->cert_file,
			     p->key_file, why), -EEXIST);
}

static int make_all(void **state)
{
	make_parties(state);
	/* Another key, and the very name of the right one. */
	make_party(&false_authority, "authority-", NULL, NULL, 30);
	X509_set_subject_name(false_authority.cert, X509_get_subject_name(authority.cert));
	make_party(&gateway, "gateway", &authority, "URI:skyd:gateway/a", 30);
	make_party(&backend, "backend", &authority, "URI:skyd:backend/b,URI:skyd:vault/b", 30);
	make_party(&old, "old", &authority, "URI:skyd:gateway/a", -1);
	make_party(&forged, "forged", &false_authority, "URI:skyd:gateway/a", 30);
	make_party(&by_gateway, "by-gateway", &gateway, "URI:skyd:backend/b", 30);
	/* Names of other kinds, and ones that only begin or end so. */
	make_party(&odd, "odd", &authority, "DNS:skyd.gateway.a,email:skyd:gateway/a@x,URI:skyd:gateway/aa,URI:xskyd:gateway/a,URI:skyd:gateway/", 30);
	issue(&issued_gateway, "ig", "skyd:gateway/a", true, false);
	issue(&issued_vault, "iv", "skyd:vault/b", false, true);
	return 0;
}

static int free_all(void **state)
{
	struct party *const all[] = {
		&false_authority, &gateway, &backend, &old, &forged, &by_gateway, &odd,
		&issued_gateway, &issued_vault,
	};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		free_party(all[i]);
	return free_parties(state);
}

static struct tls_context *peer_context(bool server, const struct party *self)
{
	const struct tls_config config = {
		.cert = self->cert_file, .key = self->key_file, .ca = authority.cert_file,
		.peers = true,
	};
	struct tls_context *context = NULL;
	char why[TLS_WHY] = "";

	if (tls_context_open(&context, server, &config, why))
		printf("# %s\n", why);
	must(context);
	return context;
}

struct pair {
	struct tls_context *server, *client;
	struct io_stream below[2], *stream[2];
	int rc[2];
};

static int accept_side(void *arg)
{
	struct pair *p = arg;

	p->rc[0] = tls_accept(p->server, &p->below[0], io_after_ms(WAIT_MS), &p->stream[0], NULL);
	if (p->rc[0])
		io_stream_close(&p->below[0]);
	return 0;
}

static void shake(struct pair *p)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	int fd[2];
	char c;

	stream_pair(fd);
	io_stream_socket(&p->below[0], fd[0]);
	io_stream_socket(&p->below[1], fd[1]);
	must_equal(io_spawn(&group, accept_side, p, NULL), 0);
	p->rc[1] = tls_connect(p->client, &p->below[1], "10.0.0.2:9443", io_after_ms(WAIT_MS),
			       &p->stream[1], NULL);
	if (p->rc[1])
		io_stream_close(&p->below[1]);
	must_equal(io_group_drain(&group, 0), 0);
	/* In TLS 1.3 a client hears only later that it is not believed. */
	if (p->rc[0] && !p->rc[1]) {
		p->rc[1] = io_stream_recv(p->stream[1], &c, 1, io_after_ms(WAIT_MS));
		io_stream_close(p->stream[1]);
	}
}

static void end(struct pair *p, bool streams)
{
	if (streams) {
		io_stream_close(p->stream[0]);
		io_stream_close(p->stream[1]);
	}
	tls_context_close(p->server);
	tls_context_close(p->client);
}

#define LIST	"gateway/a, backend/b vault/b"

static const struct verdict {
	const struct party *server, *client;
	bool hands;		/* is there a connection at all? */
	const char *list;	/* of both */
	enum role asker, asked;
	bool asks, answers;	/* is the client the one, and the server the other? */
} verdicts[] = {
	{ &backend, &gateway, true, LIST, ROLE_GATEWAY, ROLE_BACKEND, true, true },
	{ &backend, &gateway, true, LIST, ROLE_GATEWAY, ROLE_VAULT, true, true },
	{ &issued_vault, &issued_gateway, true, LIST, ROLE_GATEWAY, ROLE_VAULT, true, true },
	/* Wrong role: a gateway is no backend, on either side, whatever it says. */
	{ &backend, &gateway, true, LIST, ROLE_BACKEND, ROLE_VAULT, false, true },
	{ &gateway, &backend, true, LIST, ROLE_GATEWAY, ROLE_BACKEND, false, false },
	{ &issued_vault, &issued_gateway, true, LIST, ROLE_GATEWAY, ROLE_BACKEND, true, false },
	{ &issued_gateway, &backend, false, LIST, ROLE_BACKEND, ROLE_VAULT, false, false },
	/* Removed from the list, or another's name is there. */
	{ &backend, &gateway, true, "backend/b vault/b", ROLE_GATEWAY, ROLE_BACKEND, false, true },
	{ &backend, &gateway, true, "gateway/aa gateway/A vault/a", ROLE_GATEWAY, ROLE_BACKEND,
	  false, false },
	{ &backend, &gateway, true, "", ROLE_GATEWAY, ROLE_BACKEND, false, false },
	/* Names that are not quite it. */
	{ &backend, &odd, true, LIST, ROLE_GATEWAY, ROLE_BACKEND, false, true },
	{ &backend, &client_party, true, LIST, ROLE_GATEWAY, ROLE_BACKEND, false, true },
	/* Expired, of another authority, of a false one of the same name, of one that is none. */
	{ &backend, &old, false, LIST, ROLE_GATEWAY, ROLE_BACKEND, false, false },
	{ &old, &gateway, false, LIST, ROLE_GATEWAY, ROLE_BACKEND, false, false },
	{ &backend, &foreign_party, false, LIST, ROLE_GATEWAY, ROLE_BACKEND, false, false },
	{ &backend, &forged, false, LIST, ROLE_GATEWAY, ROLE_BACKEND, false, false },
	{ &by_gateway, &gateway, false, LIST, ROLE_GATEWAY, ROLE_BACKEND, false, false },
	{ &backend, &by_gateway, false, LIST, ROLE_BACKEND, ROLE_VAULT, false, false },
};

static int judge_all(void *arg)
{
	const struct verdict *v;
	struct relay_peer peer;

	(void)arg;
	for (v = verdicts; v < verdicts + sizeof(verdicts) / sizeof(verdicts[0]); v++) {
		struct pair p = { 0 };
		bool hands;

		p.server = peer_context(true, v->server);
		p.client = peer_context(false, v->client);
		shake(&p);
		hands = !p.rc[0] && !p.rc[1];
		if (hands != v->hands)
			printf("# case %d: %d %d\n", (int)(v - verdicts), p.rc[0], p.rc[1]);
		must_equal(hands, v->hands);
		if (hands) {
			must_equal(relay_judge(p.stream[0], str_of(v->list), v->asker, &peer),
				   v->asks);
			must_equal(relay_judge(p.stream[1], str_of(v->list), v->asked, &peer),
				   v->answers);
			must(!tls_resumed(p.stream[1]));
		}
		end(&p, hands);
	}
	return 0;
}

static void only_who_is_certified_and_listed_is_believed(void **state)
{
	assert_int_equal(on_loop(state, judge_all, NULL), 0);
}

/* Who does not show a certificate, or speaks TLS 1.2, is not even asked what it wants. */
static int without(void *arg)
{
	struct pair p = { 0 };

	(void)arg;
	p.server = peer_context(true, &backend);
	p.client = context_of(false, NULL, authority.cert_file);
	shake(&p);
	must(p.rc[0] && p.rc[1]);
	end(&p, false);
	must_equal(tls_context_open(&p.client, false, &(struct tls_config){
		.ca = authority.cert_file, .peers = true }, NULL), -EINVAL);
	return 0;
}

static void no_certificate_no_connection(void **state)
{
	assert_int_equal(on_loop(state, without, NULL), 0);
}

static void certificates_say_when_they_expire(void **state)
{
	struct tls_context *c = peer_context(false, &issued_gateway);
	int64_t left = tls_context_expires(c) - time(NULL);

	(void)state;
	assert_in_range(left, 86400 - 100, 86400);
	assert_true(tls_context_has_uri(c, "skyd:gateway/a"));
	assert_false(tls_context_has_uri(c, "skyd:gateway/"));
	tls_context_close(c);
}

static void lists(void **state)
{
	static const char *const bad[] = {
		"", "/", "gateway", "gateway/", "/a", "relay/a", "parent/a", "gateway/a/b",
		"Gateway/a", "gateway/a*", "gateway/%61",
		"gateway/0123456789012345678901234567890123456789012345678901234567890123",
	};
	struct str rest = STR(" ,gateway/a,\tedge/c-1_x.y  ,"), word;
	struct relay_peer peer;
	char uri[RELAY_URI];
	size_t i;

	(void)state;
	assert_true(relay_peer_word(&rest, &word) && relay_peer_parse(word, &peer));
	assert_int_equal(peer.role, ROLE_GATEWAY);
	assert_true(relay_peer_word(&rest, &word) && relay_peer_parse(word, &peer));
	relay_peer_uri(&peer, uri);
	assert_string_equal(uri, "skyd:edge/c-1_x.y");
	assert_false(relay_peer_word(&rest, &word));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(relay_peer_parse(str_of(bad[i]), &peer));
	assert_false(relay_peer_parse((struct str){ "gateway/a\0b", 11 }, &peer));
}

/* --- heads and frames ------------------------------------------------------------------------ */

static unsigned int read_ask(const char *text, enum role *asker, enum role *asked)
{
	struct http_head head;

	http_head_init(&head, false);
	if (http_head_parse(&head, text, strlen(text)) != HTTP_DONE)
		return 0;
	return relay_ask_read(&head, asker, asked);
}

#define HEAD(line, more) line " HTTP/1.1\r\nHost: h\r\n" more "\r\n"
#define UP	"Connection: Upgrade\r\nUpgrade: skyd-link/1\r\n"

static void heads(void **state)
{
	static const struct {
		const char *text;
		unsigned int status;
	} asks[] = {
		{ HEAD("GET /link/vault", UP "Skyd-Role: backend\r\n"), 101 },
		{ HEAD("GET /link/vault", UP "Skyd-Role: edge\r\n"), 101 },
		{ HEAD("GET /link/backend", UP "Skyd-Role: edge\r\n"), 403 },
		{ HEAD("GET /link/edge", UP "Skyd-Role: backend\r\n"), 403 },
		{ HEAD("GET /link/vault", UP "Skyd-Role: vault\r\n"), 403 },
		{ HEAD("GET /link/vault", UP "Skyd-Role: relay\r\n"), 400 },
		{ HEAD("GET /link/vault", UP), 400 },
		{ HEAD("GET /link/vault", "Skyd-Role: gateway\r\n"), 426 },
		{ HEAD("GET /link/vault", "Connection: Upgrade\r\nUpgrade: skyd-link/2\r\nSkyd-Role: gateway\r\n"),
		  426 },
		{ HEAD("GET /link/vault2", UP "Skyd-Role: gateway\r\n"), 404 },
		{ HEAD("GET /link/parent", UP "Skyd-Role: gateway\r\n"), 404 },
		{ HEAD("GET /", UP "Skyd-Role: gateway\r\n"), 404 },
		{ HEAD("POST /link/vault", UP "Skyd-Role: gateway\r\n"), 405 },
		{ HEAD("GET /link/vault", UP "Content-Length: 1\r\nSkyd-Role: gateway\r\n"), 405 },
	};
	enum role one, other, asker, asked;
	struct http_head head;
	char text[512];
	struct out o;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(asks) / sizeof(asks[0]); i++)
		assert_int_equal(read_ask(asks[i].text, &asker, &asked), asks[i].status);
	for (one = ROLE_GATEWAY; one <= ROLE_ATTESTER; one++)
		for (other = ROLE_GATEWAY; other <= ROLE_ATTESTER; other++) {
			o = OUT(text, sizeof(text));
			relay_ask_write(&o, one, other, "[::1]:9443");
			out_char(&o, 0);
			i = read_ask(text, &asker, &asked);
			assert_int_equal(i == 101, role_asks(one, other) && other != ROLE_EDGE);
			assert_true(asker == one && asked == other);
		}
	for (i = 101; i <= 503; i += 402) {
		o = OUT(text, sizeof(text));
		relay_answer_write(&o, i, "no");
		http_head_init(&head, true);
		assert_int_equal(http_head_parse(&head, text, o.len), HTTP_DONE);
		assert_int_equal(relay_answer_good(&head), i == 101);
	}
}

static void frames(void **state)
{
	unsigned int type, zero, n, good = 0;
	size_t length;

	(void)state;
	for (type = 0; type < 256; type++)
		for (zero = 0; zero < 256; zero += 17)
			for (n = 0; n < 65536; n++) {
				const struct relay_frame f = { type, zero, cpu_to_le16(n) };

				good += relay_frame_check(&f, &length);
			}
	assert_int_equal(good, RELAY_DATA_MAX + 2);
}

/* --- pumps ----------------------------------------------------------------------------------- */

/* Two relays with a connection between them, and the roles' ends of their streams. */
struct two {
	struct pair pair;
	struct relay_pump pump[2];
	int role[2];
	int rc[2];
	int departures;
	struct io_group group;
};

struct side {
	struct two *two;
	int i;
};

static void count_away(struct relay_pump *pump)
{
	struct two *t = (void *)((char *)pump - offsetof(struct two, pump));

	t->departures++;
}

static int run_pump(void *arg)
{
	struct side *s = arg;
	struct two *t = s->two;

	t->rc[s->i] = relay_pump(&t->pump[s->i]);
	io_stream_close(t->pump[s->i].far);
	io_close(t->pump[s->i].near);
	return 0;
}

static void open_side(struct two *t, struct side *s, int i)
{
	int fd[2];

	must(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd));
	t->role[i] = fd[0];
	t->pump[i] = (struct relay_pump){
		.far = t->pair.stream[i], .near = fd[1], .ping = 50 * 1000000ll,
		.away = i ? NULL : count_away,
	};
	*s = (struct side){ t, i };
	must_equal(io_spawn(&t->group, run_pump, s, NULL), 0);
}

static void open_two(struct two *t)
{
	memset(t, 0, sizeof(*t));
	io_group_init(&t->group);
	t->pair.server = peer_context(true, &backend);
	t->pair.client = peer_context(false, &gateway);
	shake(&t->pair);
	must(!t->pair.rc[0] && !t->pair.rc[1]);
}

static void close_two(struct two *t)
{
	io_group_end(&t->group);
	end(&t->pair, false);
}

#define BIG	(3u << 20)

static int send_big(void *arg)
{
	int fd = *(int *)arg;
	unsigned int *words = malloc(BIG), i;

	for (i = 0; i < BIG / 4; i++)
		words[i] = i * 2654435761u;
	must_equal(io_send(fd, words, BIG, 0, io_after_ms(WAIT_MS)), 0);
	free(words);
	return 0;
}

static void take_big(int fd)
{
	unsigned int *words = malloc(BIG), i;

	must_equal(io_recv(fd, words, BIG, MSG_WAITALL, io_after_ms(WAIT_MS)), BIG);
	for (i = 0; i < BIG / 4; i++)
		must(words[i] == i * 2654435761u);
	free(words);
}

/* All bytes in both directions, silence that is none, and an end that comes last. */
static int pass(void *arg)
{
	struct two *t = arg;
	struct side side[2];
	int64_t until;
	char c;

	open_two(t);
	open_side(t, &side[0], 0);
	open_side(t, &side[1], 1);
	must_equal(io_spawn(&t->group, send_big, &t->role[0], NULL), 0);
	must_equal(io_spawn(&t->group, send_big, &t->role[1], NULL), 0);
	take_big(t->role[1]);
	take_big(t->role[0]);
	/* Some times longer than the patience of both. */
	io_sleep_until(io_after_ms(500));
	must_equal(io_send(t->role[0], "x", 1, 0, 0), 0);
	must_equal(io_recv(t->role[1], &c, 1, 0, io_after_ms(WAIT_MS)), 1);
	relay_pump_away(&t->pump[1]);
	/* One that has ended by then has nothing to say any more. */
	for (until = io_after_ms(WAIT_MS); !t->departures && io_now() < until;)
		io_sleep_until(io_after_ms(1));
	must_equal(io_send(t->role[1], "last", 4, 0, 0), 0);
	io_close(t->role[1]);
	must_equal(io_recv(t->role[0], &c, 1, MSG_WAITALL, io_after_ms(WAIT_MS)), 1);
	must(c == 'l');
	{
		char rest[8];

		must_equal(io_recv(t->role[0], rest, 8, MSG_WAITALL, io_after_ms(WAIT_MS)), 3);
	}
	io_close(t->role[0]);
	must_equal(io_group_drain(&t->group, io_after_ms(WAIT_MS)), 0);
	must(!t->rc[0] && !t->rc[1]);
	must_equal(t->departures, 1);
	close_two(t);
	return 0;
}

static void bytes_pass_and_ends_come_last(void **state)
{
	static struct two t;

	assert_int_equal(on_loop(state, pass, &t), 0);
}

/* One relay against whatever the other sends. */
static int against(struct two *t, const void *bytes, size_t len, bool hang_up)
{
	struct side side;
	int64_t start;
	char c;

	open_two(t);
	open_side(t, &side, 0);
	start = io_now();
	if (len)
		must_equal(io_stream_send(t->pair.stream[1], bytes, len, false, 0), 0);
	if (hang_up)
		io_shutdown(t->pair.stream[1]->fd, SHUT_RDWR);
	/* The role hears of it at once: nobody waits for an answer that cannot come. */
	must_equal(io_recv(t->role[0], &c, 1, 0, io_after_ms(WAIT_MS)), 0);
	must(io_now() - start < 2000000000ll);
	io_close(t->role[0]);
	must_equal(io_group_drain(&t->group, io_after_ms(WAIT_MS)), 0);
	io_stream_close(t->pair.stream[1]);
	close_two(t);
	return t->rc[0];
}

static int hostile(void *arg)
{
	static const u8 bad[][4] = {
		{ 0, 0, 0, 0 }, { RELAY_DATA, 0, 0, 0 }, { RELAY_DATA, 1, 1, 0 },
		{ RELAY_PING, 0, 1, 0 }, { RELAY_AWAY, 0, 1, 0 }, { RELAY_AWAY + 1, 0, 0, 0 },
		{ RELAY_DATA, 0, (RELAY_DATA_MAX + 1) & 0xff, (RELAY_DATA_MAX + 1) >> 8 },
	};
	struct two *t = arg;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		must_equal(against(t, &bad[i], sizeof(bad[i]), false), -EPROTO);
	/* A half-open peer says nothing; another has gone without an end. */
	must_equal(against(t, NULL, 0, false), -ETIMEDOUT);
	must_equal(against(t, &bad[0], 2, false), -ETIMEDOUT);
	must_equal(against(t, NULL, 0, true), -ECONNRESET);
	return 0;
}

static void what_is_not_so_ends_it(void **state)
{
	static struct two t;

	assert_int_equal(on_loop(state, hostile, &t), 0);
}

/* A certificate that expires while it is used is worth nothing from then on. */
static int expire(void *arg)
{
	struct two *t = arg;
	struct side side[2];
	char c;

	open_two(t);
	open_side(t, &side[0], 0);
	open_side(t, &side[1], 1);
	t->pump[0].until = time(NULL) + 1;
	must_equal(io_recv(t->role[0], &c, 1, 0, io_after_ms(WAIT_MS)), 0);
	must_equal(io_recv(t->role[1], &c, 1, 0, io_after_ms(WAIT_MS)), 0);
	io_close(t->role[0]);
	io_close(t->role[1]);
	must_equal(io_group_drain(&t->group, io_after_ms(WAIT_MS)), 0);
	must_equal(t->rc[0], -EKEYEXPIRED);
	close_two(t);
	return 0;
}

static void what_expires_ends(void **state)
{
	static struct two t;

	assert_int_equal(on_loop(state, expire, &t), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(only_who_is_certified_and_listed_is_believed),
		ON_BOTH(no_certificate_no_connection),
		cmocka_unit_test(certificates_say_when_they_expire),
		cmocka_unit_test(lists),
		cmocka_unit_test(heads),
		cmocka_unit_test(frames),
		ON_BOTH(bytes_pass_and_ends_come_last),
		ON_BOTH(what_is_not_so_ends_it),
		ON_BOTH(what_expires_ends),
	};

	return cmocka_run_group_tests(tests, make_all, free_all);
}
