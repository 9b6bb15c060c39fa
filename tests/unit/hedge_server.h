/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A server of hedge_remote.h for tests, as plain as it can be: one key, one session, one
 * image at a time.  It asserts what the protocol promises of every server.
 */
#ifndef TESTS_HEDGE_SERVER_H
#define TESTS_HEDGE_SERVER_H

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <asm/byteorder.h>

#include "crypto/kdf.h"
#include "proto/frame.h"
#include "proto/remote.h"
#include "proto/tftp.h"

/* What the test and the server have in common. */
struct server_shared {
	uint64_t tick;			/* the server's time */
	unsigned int loss;		/* of 100 datagrams, in each direction */
	bool forget;			/* it has no session any more */
	bool full;			/* images cannot be written */
	unsigned int heard, sent, sessions, commands;
	char last[256];			/* command */
	char list[8192];
	size_t image_len;
	bool image_ok;			/* all of it, with its digest */
	uint8_t image[1 << 20];
};

struct server {
	struct server_shared *shared;
	uint8_t key[32], secret[32];
	int fd, tftp_fd;
	bool session;
	struct sockaddr_in peer;
	uint64_t nonce, number;
	struct hedge_window window;
	uint8_t last[HEDGE_REMOTE_FRAME_MAX];
	size_t last_len;
	struct tftp_transfer transfer;
	struct sockaddr_in put_peer;	/* port 0: not settled */
	char put_name[HEDGE_NAME_MAX + 1];
	uint8_t put_digest[32];
};

static bool server_loses(struct server *s)
{
	return (unsigned int)(random() % 100) < s->shared->loss;
}

static uint64_t server_number(const struct server *s, const struct sockaddr_in *from,
			      const struct hedge_frame *f, uint64_t tick)
{
	struct hedge_session_seed seed = {
		.address = { [10] = 0xff, [11] = 0xff }, .nonce = cpu_to_le64(f->nonce),
		.tick = cpu_to_le64(tick), .key_id = cpu_to_le32(f->key_id),
		.port = cpu_to_le16(ntohs(from->sin_port)),
	};
	uint8_t mac[32];
	uint64_t number;

	memcpy(seed.address + 12, &from->sin_addr, 4);
	hmac_sha256(s->secret, sizeof(s->secret), &seed, sizeof(seed), mac);
	memcpy(&number, mac, sizeof(number));
	return le64_to_cpu(number) ?: 1;
}

static void server_send(struct server *s, const struct sockaddr_in *to, size_t asked)
{
	assert(s->last_len <= asked);
	if (server_loses(s))
		return;
	s->shared->sent++;
	sendto(s->fd, s->last, s->last_len, 0, (const struct sockaddr *)to, sizeof(*to));
}

static void server_answer(struct server *s, const struct sockaddr_in *to, size_t asked,
			  const struct hedge_frame *f)
{
	size_t at;

	s->last_len = HEDGE_REMOTE_FRAME_MIN + f->length;
	at = hedge_frame_build(s->last, s->last_len, f);
	assert(at);
	hmac_sha256(s->key, sizeof(s->key), s->last, at, s->last + at);
	server_send(s, to, asked);
}

static void server_put(struct server *s, const struct hedge_remote_request *rq,
		       const struct sockaddr_in *from, char *text)
{
	struct sockaddr_in at;
	socklen_t len = sizeof(at);

	getsockname(s->tftp_fd, (struct sockaddr *)&at, &len);
	snprintf(s->put_name, sizeof(s->put_name), "%s", rq->name);
	memcpy(s->put_digest, rq->digest, 32);
	tftp_expect(&s->transfer, s->put_name, rq->size);
	s->put_peer = *from;
	s->put_peer.sin_port = 0;
	s->shared->image_ok = false;
	sprintf(text, "port %u\npath /stage/%s\n", ntohs(at.sin_port), rq->name);
}

/* Carry it out; Return: the result, with @text. */
static int server_do(struct server *s, char *line, size_t len, const struct sockaddr_in *from,
		     char *text, size_t room)
{
	struct hedge_command_error error;
	struct hedge_remote_request rq;
	struct hedge_command cmd;
	int rc;

	snprintf(s->shared->last, sizeof(s->shared->last), "%.*s", (int)len, line);
	s->shared->commands++;
	rc = hedge_remote_parse(line, len, &rq, &error);
	if (rc == -ENOENT)
		rc = hedge_command_parse(line, len, &cmd, &error);
	else if (!rc && rq.verb == HEDGE_REMOTE_PUT)
		server_put(s, &rq, from, text);
	else if (!rc && rq.offset < strlen(s->shared->list))
		snprintf(text, room, "%s", s->shared->list + rq.offset);
	if (rc)
		snprintf(text, room, "%s: %s", error.field, error.why);
	else if (strstr(s->shared->last, "nobody"))
		return snprintf(text, room, "NAME: no VM of\x1b this name runs"), -ESRCH;
	return rc;
}

static void server_request(struct server *s, const struct hedge_frame *f, size_t asked,
			   const struct sockaddr_in *from)
{
	char line[HEDGE_REMOTE_PAYLOAD_MAX + 1], text[HEDGE_REMOTE_FRAME_MAX] = "";
	bool mine = s->session && s->nonce == f->nonce && s->number == f->session &&
		    !memcmp(&s->peer, from, sizeof(*from));
	struct hedge_frame answer = *f;
	size_t room = asked - HEDGE_REMOTE_FRAME_MIN;

	if (!mine) {
		if (f->session != server_number(s, from, f, s->shared->tick) &&
		    f->session != server_number(s, from, f, s->shared->tick - 1))
			return;
		s->session = true;
		s->nonce = f->nonce;
		s->number = f->session;
		s->peer = *from;
		memset(&s->window, 0, sizeof(s->window));
		s->shared->sessions++;
	}
	switch (hedge_window_take(&s->window, f->sequence)) {
	case HEDGE_SEQUENCE_OLD:
		return;
	case HEDGE_SEQUENCE_LAST:
		server_send(s, from, asked);
		return;
	case HEDGE_SEQUENCE_NEW:
		break;
	}
	memcpy(line, f->payload, f->length);
	answer.kind = HEDGE_FRAME_ANSWER;
	answer.result = server_do(s, line, f->length, from, text, room + 1);
	answer.payload = (const uint8_t *)text;
	answer.length = strlen(text);
	server_answer(s, from, asked, &answer);
}

static void server_frame(struct server *s)
{
	static uint8_t buf[HEDGE_REMOTE_FRAME_MAX + 1];
	struct sockaddr_in from = { 0 };
	socklen_t from_len = sizeof(from);
	ssize_t len = recvfrom(s->fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &from_len);
	struct hedge_frame f;
	uint8_t tag[32];

	if (len < 0 || server_loses(s))
		return;
	s->shared->heard++;
	if (s->shared->forget)
		s->session = false;
	if (hedge_frame_parse(buf, len, &f) || f.key_id)
		return;
	hmac_sha256(s->key, sizeof(s->key), buf, hedge_frame_tag(len), tag);
	if (!mac_equal(tag, buf + hedge_frame_tag(len), sizeof(tag)))
		return;
	if (f.kind == HEDGE_FRAME_REQUEST) {
		server_request(s, &f, len, &from);
	} else if (f.kind == HEDGE_FRAME_HELLO) {
		f.kind = HEDGE_FRAME_CHALLENGE;
		f.session = server_number(s, &from, &f, s->shared->tick);
		server_answer(s, &from, len, &f);
	}
}

static void server_tftp(struct server *s)
{
	static uint8_t buf[65536];
	struct sockaddr_in from = { 0 };
	socklen_t from_len = sizeof(from);
	ssize_t len = recvfrom(s->tftp_fd, buf, sizeof(buf), 0, (struct sockaddr *)&from,
			       &from_len);
	enum tftp_state before = s->transfer.state;
	uint8_t digest[32];
	struct tftp_step step;

	if (len < 0 || server_loses(s) || from.sin_addr.s_addr != s->put_peer.sin_addr.s_addr ||
	    (s->put_peer.sin_port && from.sin_port != s->put_peer.sin_port))
		return;
	tftp_receive(&s->transfer, buf, len, &step);
	if (step.data && s->shared->full)
		tftp_fail(&s->transfer, len, TFTP_FULL, "disk full", &step);
	if (step.data)
		memcpy(s->shared->image + step.offset, step.data, step.len);
	if (s->transfer.state != TFTP_EXPECTED)
		s->put_peer.sin_port = from.sin_port;
	if (s->transfer.state == TFTP_COMPLETE && before != TFTP_COMPLETE) {
		sha256_digest(s->shared->image, s->transfer.received, digest);
		s->shared->image_len = s->transfer.received;
		s->shared->image_ok = !memcmp(digest, s->put_digest, 32);
	}
	assert(step.answer_len <= (size_t)len);
	if (step.answer_len && !server_loses(s))
		sendto(s->tftp_fd, step.answer, step.answer_len, 0, (struct sockaddr *)&from,
		       sizeof(from));
}

static int server_socket(uint16_t *port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert(fd >= 0 && !bind(fd, (struct sockaddr *)&at, sizeof(at)));
	getsockname(fd, (struct sockaddr *)&at, &len);
	*port = ntohs(at.sin_port);
	return fd;
}

/* Start one, with a key of bytes @key; Return: its process. */
static inline pid_t server_start(struct server_shared **shared, uint8_t key, uint16_t *port)
{
	static struct server s;
	struct pollfd p[2] = { { .events = POLLIN }, { .events = POLLIN } };
	uint16_t tftp_port;
	pid_t pid, parent = getpid();

	*shared = mmap(NULL, sizeof(**shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	assert(*shared != MAP_FAILED);
	memset(&s, 0, sizeof(s));
	s.shared = *shared;
	s.shared->tick = 1000;
	memset(s.key, key, sizeof(s.key));
	memset(s.secret, 0x77, sizeof(s.secret));
	s.fd = server_socket(port);
	s.tftp_fd = server_socket(&tftp_port);
	p[0].fd = s.fd;
	p[1].fd = s.tftp_fd;
	pid = fork();
	if (pid) {
		close(s.fd);
		close(s.tftp_fd);
		return pid;
	}
	srandom(5);
	while (getppid() == parent) {
		if (poll(p, 2, 1000) <= 0)
			continue;
		if (p[0].revents)
			server_frame(&s);
		if (p[1].revents)
			server_tftp(&s);
	}
	_exit(0);
}

#endif /* TESTS_HEDGE_SERVER_H */
