// SPDX-License-Identifier: GPL-2.0-or-later
/* An edge as a process: killed at any instant, exchanged under load, asked who it is, and near. */
#include "edge_http_util.h"
#include "io/hand.h"
#include "skyd_util.h"

#include "../../user/skyd/control.h"
#include "../../user/skyd/edge.h"
#include "../../user/skyd/near.h"

#define KILLS	4
#define RELOADS	4

static char conf[128], cellar[128];
static unsigned int port;

static int setup(void **state)
{
	find_skyd();
	port = 10000 + getpid() % 2000 * 10 + 9;
	return make_edge_keys(state);
}

static void write_conf(const char *more)
{
	uint8_t point[P256_POINT_BYTES];
	char hex[2 * P256_POINT_BYTES], text[2048];
	struct out o = OUT(hex, sizeof(hex));

	ecdsa_point(backend_key, point);
	out_hex(&o, point, sizeof(point));
	snprintf(text, sizeof(text),
		 "[skyd]\nstate = %s\ncontrol = unix:%s/control\nchroot =\nstop = 20s\n[gateway]\n"
		 "user =\n[backend]\nuser =\n[vault]\nuser =\nkeys = %s/keys\n[resolver]\nuser =\n[edges]\n"
		 "user =\ncompact = 100ms\n%s%.*s\n[edge cellar]\nlisten = 127.0.0.1:%u\npath = %s\n",
		 folder, folder, folder, more, STR_ARG(out_written(&o)), port, cellar);
	must_equal(file_write_atomic(conf, text, strlen(text), 0600), 0);
}

static void prepare(void)
{
	fresh_folder();
	snprintf(conf, sizeof(conf), "%s/skyd.conf", folder);
	snprintf(cellar, sizeof(cellar), "%s/cellar", folder);
	must_equal(mkdir(cellar, 0700), 0);
	write_conf("backend_point = ");
}

static pid_t start_edge(void)
{
	char *const arguments[] = { program, "--config", conf, "--role", "edge", NULL };

	return run_skyd(folder, arguments);
}

/* Only the client's side of a site. */
static void client_open(struct site *s)
{
	memset(s, 0, sizeof(*s));
	snprintf(s->host, sizeof(s->host), "127.0.0.1:%u", port);
	s->at = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(port),
	};
	s->origin = (struct http_origin){
		.host = "127.0.0.1", .port = port, .most = 8, .most_kept = 8,
		.address_len = sizeof(s->at),
	};
	memcpy(&s->origin.address, &s->at, sizeof(s->at));
	http_origin_init(&s->origin);
	s->signer = (struct edge_signer){
		.algorithm = SIG_ECDSA, .host = str_of(s->host), .region = STR(EDGE_REGION),
		.access_key = STR(EDGE_ACCESS_KEY), .key = backend_key,
	};
}

static void until_healthy(struct site *s)
{
	struct wish w = { .method = "GET", .target = "/health" };
	int64_t end = SOON;

	while (send_wish(s, &w) != 200) {
		must(io_now() < end);
		must_equal(io_sleep_until(io_after_ms(10)), 0);
	}
}

static pid_t child_of(pid_t parent)
{
	char path[64], list[64] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", parent, parent);
	f = fopen(path, "r");
	must(f);
	if (!fgets(list, sizeof(list), f))
		list[0] = 0;
	fclose(f);
	return atoi(list);
}

/* --- killed ----------------------------------------------------------------------------- */

struct writer {
	struct site *site;
	struct wish last;		/* that was acknowledged */
	unsigned int number, good;
	bool over, strict;
};

static int write_all_the_time(void *arg)
{
	struct writer *w = arg;
	uint8_t data[6000];
	struct wish wish;
	char name[32];

	while (!w->over) {
		snprintf(name, sizeof(name), "w/%u", w->number++);
		bytes_of(w->number, data, sizeof(data));
		sign(w->site, &wish, "PUT", name, data, sizeof(data));
		if (send_wish(w->site, &wish) == 200) {
			w->good++;
			w->last = wish;
			w->last.len = 0;
		} else {
			must(!w->strict);
			w->number--;
			/* It may be there or not; the same again is welcome. */
			must_equal(io_sleep_until(io_after_ms(5)), 0);
		}
	}
	return 0;
}

/* Who was killed had a lease of nonces: until it is over, URLs are refused that might be spent. */
static void until_served(struct site *s)
{
	const int64_t end = SOON;
	int rc;

	while ((rc = get(s, "w/0", 1, 6000)) == 403) {
		must(says("expired") && io_now() < end);
		must_equal(io_sleep_until(io_after_ms(100)), 0);
	}
	must_equal(rc, 200);
}

static void check_all(struct writer *w)
{
	char name[32];
	unsigned int i;

	until_served(w->site);
	for (i = 0; i < w->number; i++) {
		snprintf(name, sizeof(name), "w/%u", i);
		must_equal(get(w->site, name, i + 1, 6000), 200);
	}
}

static int killed(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	static struct site site;
	struct writer w = { .site = &site };
	unsigned int i, seed = 7;
	pid_t pid, edge;

	(void)arg;
	prepare();
	pid = start_edge();
	client_open(&site);
	until_healthy(&site);
	must_equal(io_spawn(&group, write_all_the_time, &w, NULL), 0);
	for (i = 0; i < KILLS; i++) {
		uint8_t data[6000];
		struct wish used;

		seed = seed * 1664525 + 1013904223;
		must_equal(io_sleep_until(io_after_ms(50 + (seed >> 16) % 200)), 0);
		edge = child_of(pid);
		if (!edge || !w.good)
			continue;
		used = w.last;
		must_equal(kill(edge, SIGKILL), 0);
		until_healthy(&site);
		/* The URL was used before, and the same bytes would be welcome by another. */
		memset(data, 0, sizeof(data));
		used.body = data;
		used.len = sizeof(data);
		must_equal(send_wish(&site, &used), 403);
		must(says("used") || says("expired"));
	}
	w.over = true;
	must_equal(io_group_wait_all(&group, SOON), 0);
	check_all(&w);
	printf("# %u fragments over %u kills, all there\n", w.good, KILLS);
	must_equal(kill(pid, SIGTERM), 0);
	must_equal(wait_for(pid), 0);
	http_origin_close(&site.origin);
	remove_folder();
	return 0;
}

/* --- exchanged ----------------------------------------------------------------------------- */

static int exchanged(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	static struct site site;
	struct writer w = { .site = &site, .strict = true };
	unsigned int i, before;
	int64_t end;
	pid_t pid, old;

	(void)arg;
	prepare();
	pid = start_edge();
	client_open(&site);
	until_healthy(&site);
	must_equal(io_spawn(&group, write_all_the_time, &w, NULL), 0);
	for (i = 0; i < RELOADS; i++) {
		end = SOON;
		old = child_of(pid);
		before = w.good;
		write_conf(i % 2 ? "metrics = yes\nbackend_point = " : "backend_point = ");
		must_equal(kill(pid, SIGHUP), 0);
		while (!kill(old, 0) || w.good < before + 3) {
			must(io_now() < end);
			must_equal(io_sleep_until(io_after_ms(5)), 0);
		}
	}
	w.over = true;
	must_equal(io_group_wait_all(&group, SOON), 0);
	check_all(&w);
	printf("# %u fragments over %u reloads, none refused\n", w.good, RELOADS);
	must_equal(kill(pid, SIGTERM), 0);
	must_equal(wait_for(pid), 0);
	http_origin_close(&site.origin);
	remove_folder();
	return 0;
}

/* --- what cannot be started, and what it does not stop --------------------------------------- */

static int refused(void *arg)
{
	char *const all[] = { program, "--config", conf, NULL };
	char path[160], point[160];
	struct stat st;
	static struct site site;
	int64_t end = SOON;
	pid_t pid;

	(void)arg;
	prepare();
	pid = start_edge();
	client_open(&site);
	until_healthy(&site);
	must_equal(put(&site, "x", 1, 100), 200);
	http_origin_close(&site.origin);
	must_equal(kill(pid, SIGTERM), 0);
	must_equal(wait_for(pid), 0);
	snprintf(path, sizeof(path), "%s/key", cellar);
	must_equal(stat(path, &st), 0);
	must_equal(st.st_mode & 07777, 0600);
	must_equal(st.st_size, sizeof(struct sky_edge_key));

	must_equal(chmod(path, 0640), 0);
	must_equal(wait_for(start_edge()), EXIT_CONFIG);
	must_equal(chmod(path, 0600), 0);
	shell("cp '%s' '%s.kept'", path, path);
	must_equal(truncate(path, 95), 0);
	must_equal(wait_for(start_edge()), EXIT_CONFIG);
	must_equal(unlink(path), 0);
	must_equal(wait_for(start_edge()), EXIT_CONFIG);
	must(log_says(folder, "Required key not available"));
	shell("mv '%s.kept' '%s'", path, path);
	write_conf("backend_point = 04");
	must_equal(wait_for(start_edge()), EXIT_CONFIG);
	must(log_says(folder, "backend_point is no point"));
	write_conf("backend_point = ");
	shell("mv '%s' '%s.away'", cellar, cellar);
	must_equal(wait_for(start_edge()), EXIT_CONFIG);

	/* The others do not need it. */
	snprintf(point, sizeof(point), "%s/keys", folder);
	must_equal(vault_create(point, NULL, NULL), 0);
	shell("rm '%s/log'%s", folder, "");
	pid = run_skyd(folder, all);
	while (!log_says(folder, "parent: ready")) {
		must(io_now() < end);
		must_equal(io_sleep_until(io_after_ms(10)), 0);
	}
	must_equal(kill(pid, SIGTERM), 0);
	must_equal(wait_for(pid), 0);
	remove_folder();
	return 0;
}

/* Nobody has said whose URLs it serves: the vault does, and the file keeps it. */
static int from_the_vault(void *arg)
{
	char *const all[] = { program, "--config", conf, NULL };
	uint8_t point[P256_POINT_BYTES];
	static struct site site;
	char path[160];
	pid_t pid;

	(void)arg;
	prepare();
	write_conf("# ");
	must_equal(edge_backend_load(cellar, point), -ENOENT);
	snprintf(path, sizeof(path), "%s/keys", folder);
	must_equal(vault_create(path, NULL, NULL), 0);
	pid = run_skyd(folder, all);
	client_open(&site);
	until_healthy(&site);
	must_equal(put(&site, "x", 1, 100), 403);
	http_origin_close(&site.origin);
	must_equal(kill(pid, SIGTERM), 0);
	must_equal(wait_for(pid), 0);
	must_equal(edge_backend_load(cellar, point), 0);
	pid = start_edge();
	until_healthy(&site);
	http_origin_close(&site.origin);
	must_equal(kill(pid, SIGTERM), 0);
	must_equal(wait_for(pid), 0);
	remove_folder();
	return 0;
}

/* --- asked by the backend; the parent is this test --------------------------------------- */

static void child(struct role_run *r)
{
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Its words are not those of this test. */
	fd = open("/dev/null", O_WRONLY);
	dup2(fd, 2);
	_exit(role_run(r));
}

static void tell(int control, struct control message, int fd)
{
	struct control_buffer b;

	control_out(&b, message, fd);
	must(sendmsg(control, &b.msg, MSG_NOSIGNAL) > 0);
	close(fd);
}

static void hear_ready(int control)
{
	struct control_buffer b;
	int fd;

	control_in(&b);
	must(recvmsg(control, &b.msg, 0) > 0);
	must_equal(control_check(&b, sizeof(b.message), &fd), 0);
	must_equal(b.message.type, CONTROL_READY);
}

/* What the parent does for an edge. */
static void hand_over(int control, int *asks)
{
	struct sockaddr_in at = { .sin_port = htons(port) };
	int pair[2];

	hear_ready(control);
	tell(control, (struct control){ .type = CONTROL_LISTEN, .role = ROLE_EDGE },
	     listen_here(&at, 100));
	stream_pair(pair);
	tell(control, (struct control){ .type = CONTROL_SERVE, .role = ROLE_BACKEND }, pair[0]);
	*asks = pair[1];
}

static int ask_who(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	CLEANUP_ANSWER struct link_answer heard = LINK_ANSWER_NONE;
	struct edge_identity who;
	static struct site site;
	struct edge_hello h;
	struct link *link;
	char url[64];

	client_open(&site);
	until_healthy(&site);
	must_equal(edge_identity_load(cellar, &who), 0);
	/* By what it says of itself, grants are made for it. */
	site.signer = (struct edge_signer){ .host = str_of(site.host), .region = STR(EDGE_REGION) };
	must_equal(link_open(&link, NULL, &group), 0);
	link_attach(link, *(int *)arg);
	must_equal(edge_hello(link, &h, &heard, SOON), 0);
	must(!memcmp(h.id, who.id, sizeof(h.id)) && !memcmp(h.point, who.point, sizeof(h.point)));
	snprintf(url, sizeof(url), "http://127.0.0.1:%u", port);
	must(str_is((struct str){ h.url.data, h.url.len }, url));
	must(str_is((struct str){ h.host.data, h.host.len }, url + 7));
	must(str_is((struct str){ h.name.data, h.name.len }, "cellar"));
	must(h.signer && !h.failed && h.disk_total > h.disk_free && h.disk_free);
	must_equal(h.fragments, 0);
	must_equal(edge_signer_grant(&site.signer, backend_key, h.id, h.point, time(NULL)), 0);
	must_equal(put(&site, "x", 1, 1000), 200);
	link_answer_free(&heard);
	must_equal(edge_hello(link, &h, &heard, SOON), 0);
	must_equal(h.fragments, 1);
	must_equal(h.bytes, 1000);
	http_origin_close(&site.origin);
	link_close(link);
	return 0;
}

/* An edge without a parent: @control is where that would be. */
static pid_t fork_edge(void **state, struct config *config, int *control)
{
	struct role_run r = { .role = ROLE_EDGE, .name = "edge cellar", .config = config };
	int pair[2];
	pid_t pid;

	prepare();
	must_equal(config_read(config, conf, NULL, NULL), 0);
	config->io_uring = !strcmp(*state, "uring");
	must_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	fflush(NULL);
	pid = fork();
	r.control = pair[1];
	if (!pid)
		child(&r);
	close(pair[1]);
	*control = pair[0];
	return pid;
}

static void test_asked(void **state)
{
	struct config config;
	int control, asks;
	pid_t pid = fork_edge(state, &config, &control);

	hand_over(control, &asks);
	assert_int_equal(on_loop(state, ask_who, &asks), 0);
	tell(control, (struct control){ .type = CONTROL_STOP, .role = ROLE_EDGE }, -1);
	assert_int_equal(wait_for(pid), 0);
	close(control);
	config_free(&config);
	remove_folder();
}

/* --- handed connections by a gateway -------------------------------------------------------- */

struct gate {
	int control;
	struct near near;
	char url[64];
};

static int dial_near(void *arg)
{
	struct gate *g = arg;

	return near_dial(&g->near, g->url);
}

static void give_near(struct gate *g, unsigned int number)
{
	struct control message = {
		.type = CONTROL_NEAR, .role = ROLE_EDGE, .number = number,
	};
	int pair[2];

	snprintf(message.host, sizeof(message.host), "127.0.0.1:%u", port);
	must_equal(io_hand_pair(pair), 0);
	tell(g->control, message, pair[0]);
	near_take(&g->near, &message, pair[1]);
}

static int ask_near(void *arg)
{
	static const char health[] = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
	struct sockaddr_in at = { .sin_port = htons(port) };
	struct gate *g = arg;
	static struct site site;
	struct wish used;
	uint8_t data[1000];
	char heard[16];
	int early, late, listener;

	/* It knows nobody yet at that place, nor ever at another. */
	must_equal(near_dial(&g->near, g->url), -ENOENT);
	give_near(g, 3);
	must_equal(near_dial(&g->near, "http://127.0.0.1:1"), -ENOENT);
	must_equal(near_dial(&g->near, "https://127.0.0.1:1"), -ENOENT);
	/* Who comes before it serves waits, as at a socket that listens. */
	early = near_dial(&g->near, g->url);
	must(early >= 0);
	must_equal(io_send(early, health, strlen(health), 0, SOON), 0);
	must_equal(io_recv(early, heard, 1, 0, io_after_ms(50)), -ETIMEDOUT);
	listener = listen_here(&at, 100);
	tell(g->control, (struct control){ .type = CONTROL_LISTEN, .role = ROLE_EDGE }, listener);
	must_equal(io_recv(early, heard, 12, MSG_WAITALL, SOON), 12);
	must(!memcmp(heard, "HTTP/1.1 200", 12));

	/* URLs are what they are by the other way, and used up by either. */
	client_open(&site);
	site.origin.near = dial_near;
	site.origin.near_arg = g;
	bytes_of(1, data, sizeof(data));
	sign(&site, &used, "PUT", "x", data, sizeof(data));
	must_equal(send_wish(&site, &used), 200);
	must_equal(get(&site, "x", 1, sizeof(data)), 200);
	must_equal(site.origin.dialled, 1);
	must_equal(send_wish(&site, &used), 403);
	must(says("used"));
	site.origin.near = NULL;
	http_origin_close(&site.origin);
	must_equal(send_wish(&site, &used), 403);
	must(says("used"));
	must_equal(get(&site, "x", 1, sizeof(data)), 200);
	http_origin_close(&site.origin);

	/* Another of the same place is asked instead, and what is none does no harm. */
	must_equal(send(g->near.edge[3].hand, "?", 1, 0), 1);
	give_near(g, 3);
	late = near_dial(&g->near, g->url);
	must_equal(io_send(late, health, strlen(health), 0, SOON), 0);
	must_equal(io_recv(late, heard, 12, MSG_WAITALL, SOON), 12);
	io_close(early);

	/* At its end there is nobody, which is found out by one that nobody takes, or before. */
	tell(g->control, (struct control){ .type = CONTROL_STOP, .role = ROLE_EDGE }, -1);
	while (io_recv(late, heard, sizeof(heard), 0, SOON) > 0)
		;
	io_close(late);
	while ((late = near_dial(&g->near, g->url)) >= 0) {
		must(io_recv(late, heard, 1, 0, SOON) <= 0);
		io_close(late);
	}
	must(late == -EPIPE || late == -ECONNRESET);
	must_equal(near_dial(&g->near, g->url), -ENOENT);
	near_close(&g->near);
	return 0;
}

static void test_handed(void **state)
{
	static struct gate gate;
	struct config config;
	pid_t pid;

	memset(&gate, 0, sizeof(gate));
	pid = fork_edge(state, &config, &gate.control);
	snprintf(gate.url, sizeof(gate.url), "http://127.0.0.1:%u", port);
	hear_ready(gate.control);
	assert_int_equal(on_loop(state, ask_near, &gate), 0);
	assert_int_equal(wait_for(pid), 0);
	close(gate.control);
	config_free(&config);
	remove_folder();
}

static void test_killed(void **state)
{
	assert_int_equal(on_loop(state, killed, NULL), 0);
}

static void test_exchanged(void **state)
{
	assert_int_equal(on_loop(state, exchanged, NULL), 0);
}

static void test_refused(void **state)
{
	assert_int_equal(on_loop(state, refused, NULL), 0);
}

static void test_from_the_vault(void **state)
{
	assert_int_equal(on_loop(state, from_the_vault, NULL), 0);
}

/* --- what it does by itself ------------------------------------------------------------------ */

static void until(bool (*done)(struct edge *e), struct edge *e)
{
	int64_t end = SOON;

	while (!done(e)) {
		must(io_now() < end);
		must_equal(io_sleep_until(io_after_ms(5)), 0);
	}
}

static bool is_compact(struct edge *e)
{
	struct edge_usage usage;

	edge_store_usage(e->http.store, &usage);
	return usage.log_bytes < 3 * 65536;
}

static bool is_told(struct edge *e)
{
	(void)e;
	return damage_told;
}

/* Space of what was deleted comes back, what is left stays, and decay is found unasked. */
static int cared(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct config config = {
		.edge_compact_ms = 10, .edge_scrub_ms = 10, .edge_scrub_rate = 1u << 30,
	};
	struct edge e = { .config = &config };
	char name[16];
	unsigned int i;

	(void)arg;
	fresh_folder();
	e.http.store = opened();
	for (i = 0; i < 400; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		must_equal(put_seed(e.http.store, name, i, 1000), 0);
	}
	must(!is_compact(&e));
	for (i = 0; i < 400; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		must_equal(i % 20 ? edge_store_delete(e.http.store, str_of(name)) : 0, 0);
	}
	must_equal(io_spawn(&group, edge_compact_care, &e, NULL), 0);
	until(is_compact, &e);
	for (i = 0; i < 400; i += 20) {
		snprintf(name, sizeof(name), "f%u", i);
		must_equal(check_seed(e.http.store, name, i, 1000), 0);
	}
	must_equal(put_seed(e.http.store, "big", 1, 100000), 0);
	must_equal(io_spawn(&group, edge_scrub_care, &e, NULL), 0);
	must_equal(io_sleep_until(io_after_ms(100)), 0);
	must_equal(damage_told, 0);
	shell("find '%s/large' -type f -exec sh -c 'printf x | dd of=\"$0\" bs=1 seek=70000 conv=notrunc status=none' {} ';'%s",
	      folder, "");
	until(is_told, &e);
	io_group_end(&group);
	edge_store_close(e.http.store);
	remove_folder();
	return 0;
}

static void test_cared(void **state)
{
	assert_int_equal(on_loop(state, cared, NULL), 0);
}

static void local(void **state)
{
	static const struct {
		const char *listen;
		bool is;
	} cases[] = {
		{ "127.0.0.1:1", true }, { "127.9.9.9:1", true }, { "[::1]:1", true },
		{ "localhost:1", true }, { "unix:/x", true }, { "0.0.0.0:1", false },
		{ "[::]:1", false }, { "10.0.0.1:1", false }, { "127.example.org:1", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct config_edge e = { .listen = (char *)cases[i].listen };

		assert_int_equal(edge_is_local(&e), cases[i].is);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(local),
		ON_BOTH(test_cared),
		ON_BOTH(test_asked),
		ON_BOTH(test_handed),
		ON_BOTH(test_killed),
		ON_BOTH(test_exchanged),
		{ "test_refused", test_refused, NULL, NULL, (void *)"epoll" },
		{ "test_from_the_vault", test_from_the_vault, NULL, NULL, (void *)"epoll" },
	};

	return cmocka_run_group_tests(tests, setup, free_edge_keys);
}
