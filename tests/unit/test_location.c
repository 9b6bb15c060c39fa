// SPDX-License-Identifier: GPL-2.0-or-later
/* Locations over HTTP: servers that lie, stall, refuse or are full; and an edge of ours. */
#include "base/file.h"
#include "edge_http_util.h"
#include "resolver_util.h"
#include "tls_util.h"

#include "../../user/skyd/location_http.h"

/* A server that says what it is told to, whatever it is asked. */
struct liar {
	struct io_group group;
	struct sockaddr_in at;
	int fd;
	const char *says;		/* "" to say nothing, and hold the connection */
	unsigned int asked;
	char heard[16384];		/* the last head */
};

/* A head, and the body that it announces: what is left unread would reset the connection. */
static bool is_whole(const struct liar *l, size_t len)
{
	const char *end = memmem(l->heard, len, "\r\n\r\n", 4), *at;

	if (!end)
		return false;
	at = memmem(l->heard, end - l->heard, "Content-Length: ", 16);
	return end + 4 + (at ? atoi(at + 16) : 0) <= l->heard + len;
}

static int lie(void *arg)
{
	struct liar *l = arg;
	size_t len = 0;
	ssize_t n = 1;
	int fd;

	while ((fd = io_accept(l->fd, NULL, NULL, 0)) >= 0) {
		for (len = 0; n > 0 && !is_whole(l, len); len += n)
			n = io_recv(fd, l->heard + len, sizeof(l->heard) - 1 - len, 0, SOON);
		l->heard[len] = 0;
		l->asked++;
		if (*l->says)
			io_send(fd, l->says, strlen(l->says), 0, SOON);
		else
			io_recv(fd, l->heard, 1, 0, SOON);
		io_close(fd);
		n = 1;
	}
	return 0;
}

static void open_liar(struct liar *l, struct location **location, bool edge)
{
	char url[64];
	struct location_config config = {
		.url = url, .edge = edge, .grace = SECOND / 2, .rate = 100000,
	};

	memset(l, 0, sizeof(*l));
	io_group_init(&l->group);
	l->fd = listen_here(&l->at, 10);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/bucket", ntohs(l->at.sin_port));
	must_equal(io_spawn(&l->group, lie, l, NULL), 0);
	must_equal(location_open(location, &config, NULL), 0);
}

static void close_liar(struct liar *l, struct location *location)
{
	location_close(location);
	io_group_end(&l->group);
	io_close(l->fd);
}

#define ASK	((struct location_ask){ .url = STR("/bucket/x?signed"), .deadline = SOON })

static int answers(void *arg)
{
	static const struct {
		const char *says;
		int put, get, gone;
	} cases[] = {
		{ "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", 0, 3, 0 },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0, 0, 0 },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
		  0, 3, 0 },
		{ "HTTP/1.1 204 No Content\r\n\r\n", 0, 0, 0 },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n012345678", 0, -EMSGSIZE, 0 },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n01234567", 0, 8, 0 },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n0123456", -ECONNRESET, -ECONNRESET,
		  -ECONNRESET },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n012345678\r\n0\r\n\r\n",
		  0, -EMSGSIZE, 0 },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", -EBADMSG, -EBADMSG,
		  -EBADMSG },
		{ "nonsense\r\n\r\n", -EBADMSG, -EBADMSG, -EBADMSG },
		{ "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", -ENOENT, -ENOENT, -ENOENT },
		{ "HTTP/1.1 412 No\r\nContent-Length: 0\r\n\r\n", -EEXIST, -EEXIST, -EEXIST },
		{ "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", -EACCES, -EACCES, -EACCES },
		{ "HTTP/1.1 403 No\r\nContent-Length: 50\r\n\r\n"
		  "<Error><Code>QuotaExceeded</Code></Error>         ", -EDQUOT, -EDQUOT, -EDQUOT },
		{ "HTTP/1.1 507 Full\r\nContent-Length: 0\r\n\r\n", -EDQUOT, -EDQUOT, -EDQUOT },
		{ "HTTP/1.1 503 Slow\r\nContent-Length: 0\r\n\r\n", -EBUSY, -EBUSY, -EBUSY },
		{ "HTTP/1.1 400 No\r\nContent-Length: 28\r\n\r\n<Code>RequestTimeout</Code>\r\n",
		  -EBUSY, -EBUSY, -EBUSY },
		{ "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", -EIO, -EIO, -EIO },
		{ "HTTP/1.1 307 There\r\nLocation: http://x/\r\nContent-Length: 0\r\n\r\n", -EIO, -EIO,
		  -EIO },
		{ "HTTP/1.1 999 No\r\n\r\n", -EBADMSG, -EBADMSG, -EBADMSG },
	};
	struct iovec body[2] = { { "some ", 5 }, { "data", 4 } };
	struct location *location;
	struct liar liar;
	char room[8];
	size_t i;

	(void)arg;
	open_liar(&liar, &location, false);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		liar.says = cases[i].says;
		must_equal(location_put(location, &ASK, body, 2), cases[i].put);
		must(strstr(liar.heard, "PUT /bucket/x?signed HTTP/1.1\r\n"));
		must(strstr(liar.heard, "If-None-Match: *\r\n"));
		must(strstr(liar.heard, "Content-Length: 9\r\n"));
		must_equal(location_get(location, &ASK, room, sizeof(room)), cases[i].get);
		must(!strstr(liar.heard, "If-None-Match"));
		must_equal(location_delete(location, &ASK), cases[i].gone);
	}
	must(strstr(location_why(location), "DELETE: "));
	/* Asked once more without what it may not know, and from then on. */
	i = liar.asked;
	liar.says = "HTTP/1.1 501 No\r\nContent-Length: 0\r\n\r\n";
	must_equal(location_put(location, &ASK, body, 2), -EOPNOTSUPP);
	must_equal(liar.asked, i + 2);
	must(!strstr(liar.heard, "If-None-Match"));
	must_equal(location_put(location, &ASK, body, 2), -EOPNOTSUPP);
	must_equal(liar.asked, i + 3);
	close_liar(&liar, location);
	return 0;
}

static int stalls(void *arg)
{
	struct iovec body = { "data", 4 };
	struct location_ask ask = ASK;
	struct location *location;
	struct liar liar;
	char room[1000];

	(void)arg;
	open_liar(&liar, &location, true);
	liar.says = "";
	/* By its own grace, and by the caller's deadline. */
	must_equal(location_put(location, &ask, &body, 1), -ETIMEDOUT);
	ask.deadline = io_after_ms(50);
	must_equal(location_delete(location, &ask), -ETIMEDOUT);
	liar.says = "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nabc";
	ask.deadline = SOON;
	must_equal(location_get(location, &ask, room, sizeof(room)), -ECONNRESET);
	must(!strstr(liar.heard, "If-None-Match"));
	must_equal(location_get(location, &ask, room, 899), -EMSGSIZE);
	close_liar(&liar, location);
	return 0;
}

/* A URL for one server goes to no other. */
static int strangers(void *arg)
{
	static const char *const urls[] = {
		"http://127.0.0.1:1/x", "http://127.0.0.2/x", "https://127.0.0.1:%u/x",
		"http://localhost:%u/x", "ftp://127.0.0.1:%u/x", "", "x", "?", "http://",
		"http://user@127.0.0.1:%u/x", "http://127.0.0.1:%u@x/", "http://127.0.0.1:%u#x",
	};
	struct location_ask ask = ASK;
	struct location *location;
	struct liar liar;
	char url[96], room[8];
	size_t i;

	(void)arg;
	open_liar(&liar, &location, true);
	liar.says = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
	for (i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		snprintf(url, sizeof(url), urls[i], ntohs(liar.at.sin_port));
		ask.url = str_of(url);
		must_equal(location_get(location, &ask, room, 8), -EINVAL);
	}
	ask.url = STR("/x\r\nHost: other");
	must_equal(location_get(location, &ask, room, 8), -EINVAL);
	must_equal(liar.asked, 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/y?z", ntohs(liar.at.sin_port));
	ask.url = str_of(url);
	must_equal(location_get(location, &ask, room, 8), 3);
	must(strstr(liar.heard, "GET /y?z HTTP/1.1\r\n"));
	close_liar(&liar, location);
	return 0;
}

/* --- an edge ------------------------------------------------------------------------------- */

static struct location_ask ask_edge(struct site *s, struct wish *w, const char *method,
				    const char *name, const void *body, size_t len)
{
	sign(s, w, method, name, body, len);
	return (struct location_ask){ .url = str_of(w->target), .deadline = SOON };
}

static void use_edge(struct site *s, struct location *location)
{
	uint8_t *data = malloc(300000), *back = malloc(300000);
	struct iovec body[3] = {
		{ data, 1000 }, { data + 1000, 0 }, { data + 1000, 299000 },
	};
	struct location_ask ask;
	struct wish w;

	bytes_of(5, data, 300000);
	ask = ask_edge(s, &w, "GET", "x", NULL, 0);
	must_equal(location_get(location, &ask, back, 300000), -ENOENT);
	ask = ask_edge(s, &w, "PUT", "x", data, 300000);
	must_equal(location_put(location, &ask, body, 3), 0);
	must_equal(location_put(location, &ask, body, 3), -EACCES);
	must(strstr(location_why(location), "PUT: 403 AccessDenied"));
	ask = ask_edge(s, &w, "PUT", "x", data + 1, 1000);
	body[0].iov_base = data + 1;
	must_equal(location_put(location, &ask, body, 1), -EEXIST);
	ask = ask_edge(s, &w, "GET", "x", NULL, 0);
	must_equal(location_get(location, &ask, back, 299999), -EMSGSIZE);
	ask = ask_edge(s, &w, "GET", "x", NULL, 0);
	must_equal(location_get(location, &ask, back, 300000), 300000);
	must(!memcmp(data, back, 300000));
	ask = ask_edge(s, &w, "DELETE", "x", NULL, 0);
	must_equal(location_delete(location, &ask), 0);
	free(data);
	free(back);
}

/* By number, by name, and by a name that nobody knows. */
static int with_edge(void *arg)
{
	static struct site site;
	char url[64], host[32];
	struct location_config config = { .url = url, .edge = true };
	struct location_ask ask = ASK;
	struct location *location;
	struct names names;

	(void)arg;
	memset(&site, 0, sizeof(site));
	site_open(&site, NULL);
	snprintf(url, sizeof(url), "http://%s", site.host);
	must_equal(location_open(&location, &config, NULL), 0);
	use_edge(&site, location);
	/* Kept over refusals; a large body or answer that is not wanted costs one each. */
	must_equal(location_dialled(location), 3);
	location_close(location);

	/* As if its URL said so. */
	snprintf(host, sizeof(host), "localhost:%u", ntohs(site.at.sin_port));
	edge_auth_close(site.http.auth);
	auth_config.host = str_of(host);
	must_equal(edge_auth_open(&site.http.auth, &auth_config), 0);
	site.signer.host = auth_config.host;
	snprintf(url, sizeof(url), "http://%s", host);
	must_equal(location_open(&location, &config, NULL), 0);
	must_equal(location_delete(location, &ask), -EHOSTUNREACH);
	location_close(location);
	names_open(&names);
	config.resolver = names.link;
	must_equal(location_open(&location, &config, NULL), 0);
	use_edge(&site, location);
	location_close(location);
	names_are(NULL, NULL, EAI_NONAME);
	snprintf(url, sizeof(url), "http://no-such-host.invalid");
	must_equal(location_open(&location, &config, NULL), 0);
	must_equal(location_delete(location, &ask), -EHOSTUNREACH);
	must(strstr(location_why(location), "no-such-host.invalid: there is no such name"));
	location_close(location);
	names_close(&names);
	site_close(&site);
	return 0;
}

/* --- names ----------------------------------------------------------------------------------- */

struct many {
	struct location *location;
	int rc;
};

static int ask_one(void *arg)
{
	struct many *m = arg;
	struct location_ask ask = ASK;
	char room[8];

	m->rc = location_get(m->location, &ask, room, 8);
	return 0;
}

/* A location by name, of a liar that says yes. */
static void open_named(struct liar *l, struct names *names, const char *name,
		       struct location **location)
{
	char url[96];
	struct location_config config = { .url = url, .edge = true };

	open_liar(l, location, true);
	location_close(*location);
	l->says = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
	names_open(names);
	config.resolver = names->link;
	snprintf(url, sizeof(url), "http://%s:%u/bucket", name, ntohs(l->at.sin_port));
	must_equal(location_open(location, &config, NULL), 0);
}

/* The first address refuses: many who find that out at once all come to the second. */
static int first_refuses(void *arg)
{
	struct io_group group = IO_GROUP(group);
	struct many many[10];
	struct location *location;
	struct names names;
	struct liar liar;
	unsigned int i;

	(void)arg;
	open_named(&liar, &names, "two.example", &location);
	names_are("127.0.0.9", "127.0.0.1", 0);
	for (i = 0; i < 10; i++) {
		many[i].location = location;
		must_equal(io_spawn(&group, ask_one, &many[i], NULL), 0);
	}
	must_equal(io_group_drain(&group, SOON), 0);
	for (i = 0; i < 10; i++)
		must_equal(many[i].rc, 3);
	must_equal(names_count(), 1);
	must_equal(location_dialled(location), 10);
	io_group_end(&group);
	close_liar(&liar, location);
	names_close(&names);
	return 0;
}

/* It takes connections no more, without a word: another address has its turn after a second. */
static int first_is_silent(void *arg)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	struct location *location;
	struct names names;
	struct liar liar;
	struct many one;
	int fd[40], full;
	unsigned int i;

	(void)arg;
	open_named(&liar, &names, "silent.example", &location);
	names_are("127.0.0.8", "127.0.0.1", 0);
	/* Nobody accepts, and the queue is full. */
	full = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	at.sin_port = liar.at.sin_port;
	must_equal(inet_pton(AF_INET, "127.0.0.8", &at.sin_addr), 1);
	must_equal(bind(full, (struct sockaddr *)&at, sizeof(at)), 0);
	must_equal(listen(full, 1), 0);
	for (i = 0; i < 40; i++) {
		fd[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		must(!connect(fd[i], (struct sockaddr *)&at, sizeof(at)) || errno == EINPROGRESS);
	}
	one.location = location;
	ask_one(&one);
	must_equal(one.rc, 3);
	must_equal(liar.asked, 1);
	for (i = 0; i < 40; i++)
		close(fd[i]);
	close(full);
	close_liar(&liar, location);
	names_close(&names);
	return 0;
}

/* The name leads elsewhere from some time on, then to nobody, and back. */
static int leads_elsewhere(void *arg)
{
	struct location *location;
	struct names names;
	struct liar liar, other;
	struct many one;

	(void)arg;
	open_named(&liar, &names, "moves.example", &location);
	names.resolver.found_ms = 1;
	names.resolver.again_ms = 1;
	one.location = location;
	ask_one(&one);
	must_equal(one.rc, 3);
	/* Somebody at another address, at the same port. */
	memset(&other, 0, sizeof(other));
	io_group_init(&other.group);
	other.at = liar.at;
	must_equal(inet_pton(AF_INET, "127.0.0.7", &other.at.sin_addr), 1);
	other.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must_equal(bind(other.fd, (struct sockaddr *)&other.at, sizeof(other.at)), 0);
	must_equal(listen(other.fd, 10), 0);
	other.says = liar.says;
	must_equal(io_spawn(&other.group, lie, &other, NULL), 0);
	names_are("127.0.0.7", NULL, 0);
	while (!other.asked) {
		ask_one(&one);
		must_equal(one.rc, 3);
		io_sleep_until(io_after_ms(2));
	}
	/* Nobody is there now, and the name servers are silent. */
	close_liar(&other, NULL);
	names_are(NULL, NULL, EAI_AGAIN);
	ask_one(&one);
	must_equal(one.rc, -ECONNREFUSED);
	/* It comes back elsewhere. */
	names.resolver.failed_ms = 1;
	names_are("127.0.0.1", NULL, 0);
	io_sleep_until(io_after_ms(5));
	while (one.rc != 3) {
		ask_one(&one);
		io_sleep_until(io_after_ms(2));
	}
	close_liar(&liar, location);
	names_close(&names);
	return 0;
}

/* A name that hangs has its location fail in time, and no other. */
static int name_hangs(void *arg)
{
	struct location *location;
	struct names names;
	struct liar liar;
	struct many one;
	int64_t begin;

	(void)arg;
	open_named(&liar, &names, "hung.example", &location);
	names.resolver.patience_ms = 100;
	names_stall(true);
	one.location = location;
	ask_one(&one);
	must_equal(one.rc, -EHOSTUNREACH);
	must(strstr(location_why(location), "name servers do not answer"));
	begin = io_now();
	ask_one(&one);
	must(one.rc == -EHOSTUNREACH && io_now() - begin < 90000000);
	names_stall(false);
	while (one.rc != 3) {
		io_sleep_until(io_after_ms(2));
		ask_one(&one);
	}
	close_liar(&liar, location);
	names_close(&names);
	return 0;
}

/* Over TLS, and not to somebody whom nobody vouches for. */
static int with_tls(void *arg)
{
	static struct site site;
	char url[64], why[TLS_WHY];
	struct location_config config = { .url = url, .edge = true };
	struct location_ask ask = ASK;
	struct location *location;
	char *ca, *both, *authority_text;
	size_t len;

	(void)arg;
	memset(&site, 0, sizeof(site));
	site_open(&site, NULL);
	site.listen.door[0].tls = context_of(true, &server_party, NULL);
	snprintf(url, sizeof(url), "https://%s", site.host);
	must_equal(file_read(authority.cert_file, 1 << 16, &ca, &len), 0);
	config.ca = (struct str){ ca, len };
	must_equal(location_open(&location, &config, why), 0);
	use_edge(&site, location);
	location_close(location);
	authority_text = ca;
	must_equal(file_read(stranger.cert_file, 1 << 16, &ca, &len), 0);
	config.ca = (struct str){ ca, len };
	must_equal(location_open(&location, &config, why), 0);
	must_equal(location_delete(location, &ask), -EKEYREJECTED);
	must(location_why(location)[0]);
	location_close(location);
	/* Both after another; then with a word of the second missing, and none at all. */
	must(asprintf(&both, "%s%s", ca, authority_text) > 0);
	config.ca = str_of(both);
	must_equal(location_open(&location, &config, why), 0);
	must_equal(location_delete(location, &ask), -EACCES);
	location_close(location);
	both[strlen(both) - 40] = '!';
	must_equal(location_open(&location, &config, why), -EINVAL);
	config.ca = STR("no certificate");
	must_equal(location_open(&location, &config, why), -EINVAL);
	must(strstr(why, "PEM"));
	free(both);
	free(ca);
	free(authority_text);
	site_close(&site);
	tls_context_close(site.listen.door[0].tls);
	return 0;
}

/* --- what is read ---------------------------------------------------------------------------- */

static void codes(void **state)
{
	(void)state;
	assert_true(str_is(location_code(STR("<Error><Code>SlowDown</Code></Error>")), "SlowDown"));
	assert_int_equal(location_code(STR("<Code></Code>")).len, 0);
	assert_null(location_code(STR("<Code>SlowDown")).at);
	assert_null(location_code(STR("</Code><Code>")).at);
	assert_null(location_code(STR("")).at);
	assert_int_equal(location_errno(503, STR_NONE), -EBUSY);
	assert_int_equal(location_errno(409, STR("OperationAborted")), -EBUSY);
	assert_int_equal(location_errno(404, STR("NoSuchBucket")), -ENOENT);
	assert_int_equal(location_errno(400, STR("InvalidDigest")), -EIO);
	assert_int_equal(location_errno(599, STR_NONE), -EIO);
}

static void urls(void **state)
{
	struct location_url u;

	(void)state;
	assert_int_equal(location_url_parse(STR("https://s3.example:443/b/k?q"), &u), 0);
	assert_true(u.tls && !u.port && str_is(u.target, "/b/k?q"));
	assert_string_equal(u.host, "s3.example");
	assert_int_equal(location_url_parse(STR("http://[::1]:80"), &u), 0);
	assert_true(!u.tls && !u.port && str_is(u.target, "/"));
	assert_string_equal(u.host, "::1");
	assert_int_equal(location_url_parse(STR("https://x:80"), &u), 0);
	assert_int_equal(u.port, 80);
	assert_int_equal(location_url_parse(STR("https://x?q"), &u), -EINVAL);
	assert_int_equal(location_url_parse(STR("https://x:0/"), &u), -EINVAL);
	assert_int_equal(location_url_parse(STR("https://x:65536/"), &u), -EINVAL);
	assert_int_equal(location_url_parse(STR("HTTPS//x"), &u), -EINVAL);
}

#define TEST(fn)						\
	static void test_##fn(void **state)			\
	{							\
		fresh_folder();					\
		assert_int_equal(on_loop(state, fn, NULL), 0);	\
		remove_folder();				\
	}

TEST(answers)
TEST(stalls)
TEST(strangers)
TEST(with_edge)
TEST(with_tls)
TEST(first_refuses)
TEST(first_is_silent)
TEST(leads_elsewhere)
TEST(name_hangs)

static int make_all(void **state)
{
	return make_edge_keys(state) ?: make_parties(state);
}

static int free_all(void **state)
{
	return free_edge_keys(state) ?: free_parties(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes),
		cmocka_unit_test(urls),
		ON_BOTH(test_answers),
		ON_BOTH(test_stalls),
		ON_BOTH(test_strangers),
		ON_BOTH(test_with_edge),
		ON_BOTH(test_with_tls),
		ON_BOTH(test_first_refuses),
		ON_BOTH(test_first_is_silent),
		ON_BOTH(test_leads_elsewhere),
		ON_BOTH(test_name_hangs),
	};

	return cmocka_run_group_tests(tests, make_all, free_all);
}
