// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a server of hedge_remote.h does about datagrams: nothing, of all that is not
 * authentic, not of this session, not of this time, or come before.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "crypto/kdf.h"
#include "monitor/far.h"
#include "proto/server.h"

#define SESSIONS	3
#define KEY_ID		7
#define TICK		1000

static const uint8_t keys[2][32] = { { 1, 2, 3 }, { 4, 5, 6 } };
static unsigned int macs, answers;
static bool broken;		/* no MAC can be had */

static int mac(const struct hedge_server *s, enum hedge_server_key key, const void *data,
	       size_t len, uint8_t tag[32])
{
	(void)s;
	macs++;
	return broken ? -EIO : hmac_sha256(keys[key], sizeof(keys[key]), data, len, tag);
}

static bool equal(const void *a, const void *b, size_t len)
{
	return mac_equal(a, b, len);
}

static void drop(uint8_t *answer)
{
	answers--;
	free(answer);
}

struct fixture {
	struct hedge_session session[SESSIONS];
	struct hedge_server server;
	struct hedge_received rx;
	uint8_t buf[HEDGE_REMOTE_FRAME_MAX + 1];
	size_t len;
};

static const struct hedge_peer here = { .address = { [10] = 0xff, 0xff, 10, 0, 0, 1 }, .port = 99 };
static const struct hedge_peer away = { .address = { [10] = 0xff, 0xff, 10, 0, 0, 2 }, .port = 99 };
static const struct hedge_peer port = { .address = { [10] = 0xff, 0xff, 10, 0, 0, 1 }, .port = 98 };

static void start(struct fixture *t)
{
	memset(t, 0, sizeof(*t));
	t->server = (struct hedge_server){
		.key_id = KEY_ID, .sessions = SESSIONS, .session = t->session, .mac = mac,
		.equal = equal, .free = drop,
	};
	macs = 0;
	broken = false;
}

static void stop(struct fixture *t)
{
	hedge_server_forget(&t->server);
	assert_int_equal(answers, 0);
}

static void frame(struct fixture *t, enum hedge_frame_kind kind, uint64_t nonce, uint64_t session,
		  uint64_t sequence, const char *line, size_t total)
{
	struct hedge_frame f = {
		.kind = kind, .key_id = KEY_ID, .nonce = nonce, .session = session,
		.sequence = sequence, .payload = (const uint8_t *)line,
		.length = line ? strlen(line) : 0,
	};
	size_t at = hedge_frame_build(t->buf, total, &f);

	assert_true(at);
	hmac_sha256(keys[0], sizeof(keys[0]), t->buf, at, t->buf + at);
	t->len = total;
}

static enum hedge_server_step receive(struct fixture *t, const struct hedge_peer *from,
				      uint64_t tick)
{
	/* In memory of its own, so that no access beyond it goes unseen. */
	uint8_t *copy = malloc(t->len);
	enum hedge_server_step step;

	assert_non_null(copy);
	memcpy(copy, t->buf, t->len);
	step = hedge_server_receive(&t->server, from, tick, copy, t->len, &t->rx);
	if (step == HEDGE_STEP_SEND && t->rx.send == copy) {
		assert_true(t->rx.send_len <= t->len);
		memcpy(t->buf, copy, t->rx.send_len);
		t->rx.send = t->buf;
	}
	t->rx.frame.payload = NULL;
	free(copy);
	return step;
}

/* The session that a HELLO gives. */
static uint64_t hello(struct fixture *t, const struct hedge_peer *from, uint64_t nonce,
		      uint64_t tick)
{
	struct hedge_frame f;
	uint8_t tag[32];

	frame(t, HEDGE_FRAME_HELLO, nonce, 0, 0, NULL, HEDGE_REMOTE_REQUEST_MIN);
	assert_int_equal(receive(t, from, tick), HEDGE_STEP_SEND);
	assert_int_equal(hedge_frame_parse(t->rx.send, t->rx.send_len, &f), 0);
	assert_int_equal(f.kind, HEDGE_FRAME_CHALLENGE);
	hmac_sha256(keys[0], 32, t->rx.send, hedge_frame_tag(t->rx.send_len), tag);
	assert_memory_equal(tag, t->rx.send + hedge_frame_tag(t->rx.send_len), 32);
	assert_true(f.nonce == nonce);
	return f.session;
}

static enum hedge_server_step ask(struct fixture *t, const struct hedge_peer *from, uint64_t nonce,
				  uint64_t session, uint64_t sequence, uint64_t tick)
{
	frame(t, HEDGE_FRAME_REQUEST, nonce, session, sequence, "drain", HEDGE_REMOTE_REQUEST_MIN);
	return receive(t, from, tick);
}

static size_t answer(struct fixture *t, int result, const char *text)
{
	uint8_t *out = malloc(t->rx.size);

	assert_non_null(out);
	answers++;
	return hedge_server_answer(&t->server, &t->rx, result, text, strlen(text), out);
}

static void test_session(void **state)
{
	struct fixture t;
	struct hedge_frame f;
	uint64_t s;
	int i;

	(void)state;
	start(&t);
	s = hello(&t, &here, 5, TICK);
	for (i = 0; i < SESSIONS; i++)
		assert_true(!t.session[i].number);
	for (i = 1; i < 100; i++) {
		assert_int_equal(ask(&t, &here, 5, s, i, TICK), HEDGE_STEP_CARRY_OUT);
		assert_true(!t.rx.send);
		assert_true(answer(&t, -ESRCH, "NAME: none") == HEDGE_REMOTE_FRAME_MIN + 10);
		assert_int_equal(ask(&t, &here, 5, s, i, TICK), HEDGE_STEP_SEND);
		assert_int_equal(hedge_frame_parse(t.rx.send, t.rx.send_len, &f), 0);
		assert_true(f.kind == HEDGE_FRAME_ANSWER && f.result == -ESRCH && f.nonce == 5 &&
			    f.session == s && f.sequence == i && f.length == 10);
	}
	assert_true(t.session[0].number == s && !t.session[1].number);
	stop(&t);
}

/* No second time, not while it is under way, and not one that was passed. */
static void test_repeated(void **state)
{
	struct hedge_received first;
	struct fixture t;
	uint64_t s;

	(void)state;
	start(&t);
	s = hello(&t, &here, 5, TICK);
	assert_int_equal(ask(&t, &here, 5, s, 1, TICK), HEDGE_STEP_CARRY_OUT);
	first = t.rx;
	assert_int_equal(ask(&t, &here, 5, s, 1, TICK), HEDGE_STEP_NOTHING);
	/* Another one meanwhile is not taken, and so can come again. */
	assert_int_equal(ask(&t, &here, 5, s, 9, TICK), HEDGE_STEP_NOTHING);
	t.rx = first;
	assert_true(answer(&t, 0, ""));
	assert_int_equal(ask(&t, &here, 5, s, 9, TICK), HEDGE_STEP_CARRY_OUT);
	assert_true(answer(&t, 0, ""));
	assert_int_equal(ask(&t, &here, 5, s, 1, TICK), HEDGE_STEP_NOTHING);
	assert_int_equal(ask(&t, &here, 5, s, 4, TICK), HEDGE_STEP_CARRY_OUT);
	assert_true(answer(&t, 0, ""));
	/* The answer that is kept is of another number than the highest. */
	assert_int_equal(ask(&t, &here, 5, s, 9, TICK), HEDGE_STEP_NOTHING);
	assert_int_equal(ask(&t, &here, 5, s, 4, TICK), HEDGE_STEP_NOTHING);
	stop(&t);
}

static void test_elsewhere(void **state)
{
	struct fixture t;
	uint64_t s;

	(void)state;
	start(&t);
	s = hello(&t, &here, 5, TICK);
	assert_int_equal(ask(&t, &away, 5, s, 1, TICK), HEDGE_STEP_NOTHING);
	assert_int_equal(ask(&t, &port, 5, s, 1, TICK), HEDGE_STEP_NOTHING);
	assert_int_equal(ask(&t, &here, 6, s, 1, TICK), HEDGE_STEP_NOTHING);
	assert_int_equal(ask(&t, &here, 5, s + 1, 1, TICK), HEDGE_STEP_NOTHING);
	assert_int_equal(ask(&t, &here, 5, s, 1, TICK - 1), HEDGE_STEP_NOTHING);
	assert_int_equal(ask(&t, &here, 5, s, 1, TICK + 2), HEDGE_STEP_NOTHING);
	assert_true(!t.session[0].number);
	assert_int_equal(ask(&t, &here, 5, s, 1, TICK + 1), HEDGE_STEP_CARRY_OUT);
	/* Once made, it is bound to its client as well. */
	assert_true(answer(&t, 0, ""));
	assert_int_equal(ask(&t, &away, 5, s, 2, TICK + 1), HEDGE_STEP_NOTHING);
	assert_int_equal(ask(&t, &port, 5, s, 1, TICK + 1), HEDGE_STEP_NOTHING);
	assert_int_equal(ask(&t, &here, 6, s, 2, TICK + 1), HEDGE_STEP_NOTHING);
	stop(&t);
}

/* As long as a session could be made again it is remembered, whoever else wants the room. */
static void test_room(void **state)
{
	struct fixture t;
	uint64_t s[SESSIONS + 1], late;
	int i;

	(void)state;
	start(&t);
	for (i = 0; i <= SESSIONS; i++)
		s[i] = hello(&t, &here, i, TICK);
	for (i = 0; i < SESSIONS; i++) {
		assert_int_equal(ask(&t, &here, i, s[i], 1, TICK), HEDGE_STEP_CARRY_OUT);
		if (i)
			assert_true(answer(&t, 0, ""));
	}
	assert_int_equal(ask(&t, &here, i, s[i], 1, TICK), HEDGE_STEP_NOTHING);
	assert_int_equal(ask(&t, &here, i, s[i], 1, TICK + 1), HEDGE_STEP_NOTHING);
	late = hello(&t, &here, 50, TICK + 2);
	assert_int_equal(ask(&t, &here, 50, late, 1, TICK + 2), HEDGE_STEP_NOTHING);
	assert_int_equal(ask(&t, &here, 1, s[1], 1, TICK + 2), HEDGE_STEP_SEND);
	assert_int_equal(ask(&t, &here, 50, late, 1, TICK + 3), HEDGE_STEP_CARRY_OUT);
	/* What was forgotten is so for good. */
	assert_int_equal(ask(&t, &here, 1, s[1], 1, TICK + 3), HEDGE_STEP_NOTHING);
	assert_int_equal(ask(&t, &here, 1, s[1], 2, TICK + 3), HEDGE_STEP_NOTHING);
	/* Those that are busy stay, however long it takes. */
	hedge_server_expire(&t.server, TICK + 1000);
	assert_true(t.session[0].number == s[0]);
	assert_true(t.session[1].number == late);
	assert_true(!t.session[2].number);
	stop(&t);
}

/* Every bit of a datagram, and every length. */
static void test_damaged(void **state)
{
	struct fixture t;
	uint64_t s;
	size_t i, whole;
	int bit;

	(void)state;
	start(&t);
	s = hello(&t, &here, 5, TICK);
	frame(&t, HEDGE_FRAME_REQUEST, 5, s, 1, "drain", HEDGE_REMOTE_REQUEST_MIN + 8);
	whole = t.len;
	for (i = 0; i < whole; i++)
		for (bit = 0; bit < 8; bit++) {
			t.buf[i] ^= 1 << bit;
			macs = 0;
			assert_int_equal(receive(&t, &here, TICK), HEDGE_STEP_NOTHING);
			assert_true(macs <= 1);
			t.buf[i] ^= 1 << bit;
		}
	for (t.len = 1; t.len < whole; t.len++)
		assert_int_equal(receive(&t, &here, TICK), HEDGE_STEP_NOTHING);
	t.len = sizeof(t.buf);
	assert_int_equal(receive(&t, &here, TICK), HEDGE_STEP_NOTHING);
	t.len = whole;
	broken = true;
	assert_int_equal(receive(&t, &here, TICK), HEDGE_STEP_NOTHING);
	broken = false;
	assert_true(!t.session[0].number);
	assert_int_equal(receive(&t, &here, TICK), HEDGE_STEP_CARRY_OUT);
	stop(&t);
}

static void test_reflected(void **state)
{
	struct fixture t;
	uint64_t s;

	(void)state;
	start(&t);
	s = hello(&t, &here, 5, TICK);
	t.len = t.rx.send_len;
	assert_int_equal(receive(&t, &here, TICK), HEDGE_STEP_NOTHING);
	frame(&t, HEDGE_FRAME_ANSWER, 5, s, 1, "text", HEDGE_REMOTE_REQUEST_MIN);
	macs = 0;
	assert_int_equal(receive(&t, &here, TICK), HEDGE_STEP_NOTHING);
	assert_int_equal(macs, 0);
	stop(&t);
}

/* No answer is larger than what asked for it, at any time. */
static void test_larger(void **state)
{
	static char text[HEDGE_REMOTE_PAYLOAD_MAX];
	struct fixture t;
	uint64_t s;

	(void)state;
	start(&t);
	memset(text, 'x', sizeof(text) - 1);
	s = hello(&t, &here, 5, TICK);
	frame(&t, HEDGE_FRAME_REQUEST, 5, s, 1, "list|0", 600);
	assert_int_equal(receive(&t, &here, TICK), HEDGE_STEP_CARRY_OUT);
	assert_int_equal(answer(&t, 0, text), 600);
	frame(&t, HEDGE_FRAME_REQUEST, 5, s, 1, "list|0", 599);
	assert_int_equal(receive(&t, &here, TICK), HEDGE_STEP_NOTHING);
	frame(&t, HEDGE_FRAME_REQUEST, 5, s, 1, "list|0", 600);
	assert_int_equal(receive(&t, &here, TICK), HEDGE_STEP_SEND);
	assert_int_equal(t.rx.send_len, 600);
	stop(&t);
}

/* --- the client of hedgectl, over a net that loses and repeats --------------------------- */

#define LOSS	25		/* of 100 datagrams, in each direction; as many come twice */

static void serve(struct fixture *t, int fd)
{
	unsigned int commands = 0;
	char text[16];

	for (;;) {
		struct sockaddr_in from;
		socklen_t from_len = sizeof(from);
		ssize_t got = recvfrom(fd, t->buf, sizeof(t->buf), 0, (struct sockaddr *)&from,
				       &from_len);
		struct hedge_peer peer = { .port = ntohs(from.sin_port) };
		int copies = random() % 100 < LOSS ? 0 : random() % 100 < LOSS ? 2 : 1;

		for (t->len = got > 0 ? got : 0; copies && t->len; copies--) {
			uint8_t copy[sizeof(t->buf)];

			memcpy(copy, t->buf, t->len);
			switch (hedge_server_receive(&t->server, &peer, TICK, copy, t->len,
						     &t->rx)) {
			case HEDGE_STEP_NOTHING:
				continue;
			case HEDGE_STEP_SEND:
				break;
			case HEDGE_STEP_CARRY_OUT:
				snprintf(text, sizeof(text), "%u", ++commands);
				t->rx.send_len = answer(t, 0, text);
				t->rx.send = t->rx.session->answer;
				break;
			}
			if (random() % 100 >= LOSS)
				sendto(fd, t->rx.send, t->rx.send_len, 0, (struct sockaddr *)&from,
				       sizeof(from));
		}
	}
}

static void test_client(void **state)
{
	CLEANUP_FAR struct far_host *far = NULL;
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct secret key = { .data = (uint8_t *)keys[0], .len = sizeof(keys[0]) };
	int i, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(at);
	struct fixture t;
	pid_t pid;

	(void)state;
	assert_true(fd >= 0 && !bind(fd, (struct sockaddr *)&at, len));
	getsockname(fd, (struct sockaddr *)&at, &len);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		start(&t);
		serve(&t, fd);
	}
	close(fd);
	assert_int_equal(far_open("127.0.0.1", ntohs(at.sin_port), KEY_ID, &key, 20000, &far), 0);
	for (i = 1; i <= 60; i++) {
		char *text = NULL;

		assert_int_equal(far_command(far, "drain", &text), 0);
		assert_int_equal(atoi(text), i);
		free(text);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_session), cmocka_unit_test(test_repeated),
		cmocka_unit_test(test_elsewhere), cmocka_unit_test(test_room),
		cmocka_unit_test(test_damaged), cmocka_unit_test(test_reflected),
		cmocka_unit_test(test_larger), cmocka_unit_test(test_client),
	};

	return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
