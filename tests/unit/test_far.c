// SPDX-License-Identifier: GPL-2.0-or-later
/* Control from afar: the client against a server of the protocol, over nets of all kinds. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>

#include "base/report.h"

/* cmocka has a macro of that name. */
#include <cmocka.h>

#include "hedge_server.h"
#include "monitor/far.h"

#define KEY	0x42

static struct server_shared *shared;
static uint16_t port;
static pid_t server;
static char said[1024];

static void hear(const char *level, const char *text)
{
	if (!strcmp(level, "error"))
		snprintf(said, sizeof(said), "%s", text);
}

static int setup(void **state)
{
	(void)state;
	report_set_sink(hear);
	*said = 0;
	server = server_start(&shared, KEY, &port);
	return server < 0;
}

static int teardown(void **state)
{
	int status;

	(void)state;
	kill(server, SIGTERM);
	waitpid(server, &status, 0);
	munmap(shared, sizeof(*shared));
	return !WIFSIGNALED(status) || WTERMSIG(status) != SIGTERM;
}

static int connect_with(uint8_t byte, unsigned int timeout_ms, struct far_host **far)
{
	CLEANUP_SECRET struct secret key = SECRET_NONE;
	uint8_t bytes[HEDGE_REMOTE_KEY_BYTES];

	memset(bytes, byte, sizeof(bytes));
	assert_int_equal(secret_copy(&key, bytes, sizeof(bytes)), 0);
	return far_open("127.0.0.1", port, 0, &key, timeout_ms, far);
}

static void commands(void **state)
{
	CLEANUP_FAR struct far_host *far = NULL;
	CLEANUP_FREE char *answer = NULL;
	unsigned int i;

	(void)state;
	assert_int_equal(connect_with(KEY, 5000, &far), 0);
	assert_int_equal(shared->sessions, 0);
	assert_int_equal(far_command(far, "stop|vm", &answer), 0);
	assert_string_equal(answer, "");
	assert_string_equal(shared->last, "stop|vm");
	for (i = 0; i < 100; i++)
		assert_int_equal(far_command(far, "drain", NULL), 0);
	assert_int_equal(shared->commands, 101);
	assert_int_equal(shared->sessions, 1);
}

static void refusals(void **state)
{
	CLEANUP_FAR struct far_host *far = NULL;

	(void)state;
	assert_int_equal(connect_with(KEY, 5000, &far), 0);
	assert_int_equal(far_command(far, "stop|nobody", NULL), -ESRCH);
	assert_string_equal(said, "127.0.0.1: NAME: no VM of? this name runs");
	assert_int_equal(far_command(far, "stop|a b", NULL), -EINVAL);
	assert_non_null(strstr(said, "NAME: has other characters"));
	assert_int_equal(far_command(far, "put|img|0|0", NULL), -EINVAL);
	assert_non_null(strstr(said, "SIZE: not a number"));
}

/* Each command is carried out once, whatever is lost, in either direction. */
static void losses(void **state)
{
	CLEANUP_FAR struct far_host *far = NULL;
	unsigned int i;

	(void)state;
	shared->loss = 30;
	assert_int_equal(connect_with(KEY, 20000, &far), 0);
	for (i = 0; i < 20; i++)
		assert_int_equal(far_command(far, "stop|vm", NULL), 0);
	assert_int_equal(shared->commands, 20);
	assert_true(shared->heard > 21);
}

/* Longer than an answer may be. */
static void texts(void **state)
{
	CLEANUP_FAR struct far_host *far = NULL;
	CLEANUP_FREE char *text = NULL;
	CLEANUP_FREE char *none = NULL;
	unsigned int i;

	(void)state;
	for (i = 0; i < 700; i++)
		sprintf(shared->list + 10 * i, "%8u |\n", i);
	assert_int_equal(connect_with(KEY, 5000, &far), 0);
	assert_int_equal(far_text(far, "list", &text), 0);
	assert_string_equal(text, shared->list);
	assert_int_equal(far_text(far, "stats|nobody", &none), -ESRCH);
	assert_null(none);
	*shared->list = 0;
	assert_int_equal(far_text(far, "stats|vm", &none), 0);
	assert_string_equal(none, "");
}

static void strangers(void **state)
{
	CLEANUP_FAR struct far_host *far = NULL;

	(void)state;
	assert_int_equal(connect_with(KEY + 1, 500, &far), -ETIMEDOUT);
	assert_non_null(strstr(said, "no answer"));
	assert_true(shared->heard > 1);
	assert_int_equal(shared->sent, 0);
	assert_int_equal(shared->sessions, 0);
}

/* --- somebody who has recorded datagrams, at the address of the client -------------------- */

static int sock;

static void tag(uint8_t *buf, size_t at)
{
	uint8_t key[32];

	memset(key, KEY, sizeof(key));
	hmac_sha256(key, sizeof(key), buf, at, buf + at);
}

/* Send it, and get what comes back within a moment: its bytes, or -1. */
static ssize_t send_raw(const uint8_t *buf, size_t len, uint8_t *answer)
{
	struct pollfd p = { .fd = sock, .events = POLLIN };
	unsigned int heard = shared->heard;

	assert_int_equal(send(sock, buf, len, 0), len);
	while (*(volatile unsigned int *)&shared->heard == heard)
		usleep(1000);
	if (poll(&p, 1, 100) <= 0)
		return -1;
	return recv(sock, answer, HEDGE_REMOTE_FRAME_MAX, 0);
}

static size_t make(uint8_t *buf, size_t total, const struct hedge_frame *f)
{
	tag(buf, hedge_frame_build(buf, total, f));
	return total;
}

static void replays(void **state)
{
	static uint8_t hello[512], request[512], second[512], bad[512];
	static uint8_t answer[HEDGE_REMOTE_FRAME_MAX], again[HEDGE_REMOTE_FRAME_MAX];
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(port),
	};
	struct hedge_frame f = { .kind = HEDGE_FRAME_HELLO, .nonce = 99 }, got;
	unsigned int i;
	ssize_t len;

	(void)state;
	sock = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(connect(sock, (struct sockaddr *)&to, sizeof(to)), 0);
	make(hello, 512, &f);

	/* Not authentic: each byte of it. */
	for (i = 0; i < 512; i += 37) {
		memcpy(bad, hello, 512);
		bad[i] ^= 1;
		assert_int_equal(send_raw(bad, 512, answer), -1);
	}
	assert_int_equal(send_raw(hello, 511, answer), -1);
	memset(bad, 0, sizeof(bad));
	assert_int_equal(send_raw(bad, 512, answer), -1);
	assert_int_equal(shared->sent, 0);

	/* A record of a HELLO makes no state, and gets no more than it was. */
	for (i = 0; i < 5; i++)
		assert_int_equal(send_raw(hello, 512, answer), HEDGE_REMOTE_FRAME_MIN);
	assert_int_equal(shared->sessions, 0);
	assert_int_equal(hedge_frame_parse(answer, HEDGE_REMOTE_FRAME_MIN, &got), 0);

	f.kind = HEDGE_FRAME_REQUEST;
	f.sequence = 1;
	f.payload = (const uint8_t *)"drain";
	f.length = 5;
	f.session = got.session + 1;
	make(request, 512, &f);
	assert_int_equal(send_raw(request, 512, answer), -1);
	f.session = got.session;
	make(request, 512, &f);
	len = send_raw(request, 512, answer);
	assert_true(len > 0);
	assert_int_equal(shared->commands, 1);
	/* The last one again: the same answer, and nothing is done. */
	assert_int_equal(send_raw(request, 512, again), len);
	assert_memory_equal(answer, again, len);
	assert_int_equal(shared->commands, 1);
	f.sequence = 2;
	make(second, 512, &f);
	assert_true(send_raw(second, 512, answer) > 0);
	assert_int_equal(send_raw(request, 512, answer), -1);
	assert_int_equal(shared->commands, 2);

	/* The session is forgotten, which is allowed after two ticks: nothing begins it again. */
	shared->tick += 2;
	shared->forget = true;
	assert_int_equal(send_raw(request, 512, answer), -1);
	assert_int_equal(send_raw(second, 512, answer), -1);
	assert_int_equal(shared->commands, 2);
	assert_int_equal(shared->sessions, 1);
	close(sock);
}

/* --- images -------------------------------------------------------------------------------- */

static int put(struct far_host *far, const uint8_t *image, size_t size, const char *digest_of)
{
	CLEANUP_FREE char *answer = NULL;
	uint8_t digest[32];
	char line[256], *p;
	unsigned int i;

	sha256_digest(digest_of ? (const uint8_t *)digest_of : image, size, digest);
	p = line + sprintf(line, "put|img|%zu|", size);
	for (i = 0; i < 32; i++)
		p += sprintf(p, "%02x", digest[i]);
	assert_int_equal(far_command(far, line, &answer), 0);
	assert_int_equal(strncmp(answer, "port ", 5), 0);
	assert_non_null(strstr(answer, "\npath /stage/img\n"));
	return far_tftp_put(far, strtoul(answer + 5, NULL, 10), "img", image, size);
}

static void images(void **state)
{
	static const size_t sizes[] = { 1, 1399, 1400, 1401, 2800, 100000 };
	CLEANUP_FAR struct far_host *far = NULL;
	static uint8_t image[100000];
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(image); i++)
		image[i] = i * 7 + i / 1000;
	assert_int_equal(connect_with(KEY, 5000, &far), 0);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_int_equal(put(far, image, sizes[i], NULL), 0);
		assert_true(shared->image_ok);
		assert_int_equal(shared->image_len, sizes[i]);
		assert_memory_equal(shared->image, image, sizes[i]);
	}
	shared->loss = 20;
	assert_int_equal(put(far, image, 20000, NULL), 0);
	assert_true(shared->image_ok);
}

static void no_images(void **state)
{
	CLEANUP_FAR struct far_host *far = NULL;
	static uint8_t image[5000], other[5000] = { 1 };

	(void)state;
	assert_int_equal(connect_with(KEY, 500, &far), 0);
	/* Nothing was announced. */
	assert_int_equal(far_tftp_put(far, port, "img", image, sizeof(image)), -ETIMEDOUT);
	shared->full = true;
	assert_int_equal(put(far, image, sizeof(image), NULL), -ENOSPC);
	assert_non_null(strstr(said, "the image was refused: disk full"));
	assert_false(shared->image_ok);
	shared->full = false;
	assert_int_equal(put(far, image, sizeof(image), (const char *)other), 0);
	assert_false(shared->image_ok);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(commands), T(refusals), T(losses), T(texts), T(strangers), T(replays),
		T(images), T(no_images),
	};

	return cmocka_run_group_tests_name("far", tests, NULL, NULL);
}
