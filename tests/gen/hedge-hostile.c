// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Somebody on the way between hedgectl and hedge, without the key.
 *
 *	relay LISTEN FROM TO FILE	pass datagrams on, from port FROM, and keep in FILE
 *					what the client sends
 *	replay FILE FROM TO		send all of it again; challenges are not counted
 *	cut FILE FROM TO		each one, shorter by a byte and again, and longer
 *	flip FILE FROM TO		each one, with each byte changed
 *	flood FROM_ADDRESS TO SECONDS	frames at random
 *	tftp FROM_ADDRESS TO NAME	packets to a port of TFTP: requests, data, errors
 *
 * All but relay print how many answers they got.  Ports are of 127.0.0.1.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <asm/byteorder.h>

#include "hedge_remote.h"

#define DATAGRAM_MAX	65507

static _Alignas(8) uint8_t buf[DATAGRAM_MAX];
static bool pass_challenges;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static struct sockaddr_in at(const char *address, const char *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) };

	if (inet_pton(AF_INET, address, &a.sin_addr) != 1)
		die(address);
	return a;
}

static int open_at(const char *address, const char *port)
{
	struct sockaddr_in a = at(address, port);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)))
		die("bind");
	return fd;
}

/* As RFC 1350 has it, a server that answers may do so from another port. */
static unsigned int answers(int fd, int ms)
{
	const struct hedge_frame_header *h = (const void *)buf;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	unsigned int n = 0;
	ssize_t got;

	while (poll(&p, 1, ms) > 0) {
		got = recv(fd, buf, sizeof(buf), 0);
		n += got >= 0 && !(pass_challenges && got >= (ssize_t)sizeof(*h) &&
				   h->kind == HEDGE_FRAME_CHALLENGE);
	}
	return n;
}

static void send_to(int fd, const struct sockaddr_in *to, const void *data, size_t len)
{
	while (sendto(fd, data, len, 0, (const struct sockaddr *)to, sizeof(*to)) < 0)
		if (errno != ENOBUFS && errno != EAGAIN && errno != ECONNREFUSED)
			die("sendto");
}

__attribute__((__noreturn__)) static void relay(char **argv)
{
	struct sockaddr_in server = at("127.0.0.1", argv[2]), client = { 0 };
	struct pollfd p[2] = { { .events = POLLIN }, { .events = POLLIN } };
	FILE *file = fopen(argv[3], "w");
	socklen_t len;
	uint32_t got;

	if (!file)
		die(argv[3]);
	setvbuf(file, NULL, _IONBF, 0);
	p[0].fd = open_at("127.0.0.1", argv[0]);
	p[1].fd = open_at("127.0.0.1", argv[1]);
	for (;;) {
		if (poll(p, 2, -1) < 0)
			die("poll");
		if (p[0].revents) {
			len = sizeof(client);
			got = recvfrom(p[0].fd, buf, sizeof(buf), 0, (struct sockaddr *)&client,
				       &len);
			if (fwrite(&got, sizeof(got), 1, file) != 1 ||
			    fwrite(buf, got, 1, file) != 1)
				die(argv[3]);
			send_to(p[1].fd, &server, buf, got);
		}
		if (p[1].revents) {
			got = recv(p[1].fd, buf, sizeof(buf), 0);
			send_to(p[0].fd, &client, buf, got);
		}
	}
}

/* Call a function for each datagram of a file. */
static int each(char **argv, void (*fn)(int fd, const struct sockaddr_in *to, uint8_t *data,
					uint32_t len))
{
	struct sockaddr_in server = at("127.0.0.1", argv[2]);
	int fd = open_at("127.0.0.1", argv[1]);
	FILE *file = fopen(argv[0], "r");
	static uint8_t data[DATAGRAM_MAX];
	unsigned int n = 0, got = 0;
	uint32_t len;

	if (!file)
		die(argv[0]);
	while (fread(&len, sizeof(len), 1, file) == 1 && len <= sizeof(data) &&
	       fread(data, len, 1, file) == 1) {
		fn(fd, &server, data, len);
		got += answers(fd, 20);
		n++;
	}
	fclose(file);
	got += answers(fd, 1000);
	fprintf(stderr, "%u datagrams\n", n);
	printf("%u\n", got);
	return !n;
}

static void again(int fd, const struct sockaddr_in *to, uint8_t *data, uint32_t len)
{
	send_to(fd, to, data, len);
}

/* Slowly enough that it is looked at, and not merely too much. */
static void slowly(unsigned int n)
{
	if (n % 13 == 0)
		usleep(250000);
}

static void cut(int fd, const struct sockaddr_in *to, uint8_t *data, uint32_t len)
{
	static uint8_t more[DATAGRAM_MAX];
	uint32_t n;

	for (n = 0; n < len; n += n < 80 ? 1 : 13) {
		send_to(fd, to, data, n);
		slowly(n);
	}
	memcpy(more, data, len);
	send_to(fd, to, more, len + 1);
	send_to(fd, to, more, HEDGE_REMOTE_FRAME_MAX);
	send_to(fd, to, more, HEDGE_REMOTE_FRAME_MAX + 1);
	send_to(fd, to, more, sizeof(more));
}

static void flip(int fd, const struct sockaddr_in *to, uint8_t *data, uint32_t len)
{
	uint32_t n;

	for (n = 0; n < len; n += n < 80 || n >= len - 40 ? 1 : 13) {
		data[n] ^= 0x40;
		send_to(fd, to, data, len);
		data[n] ^= 0x40;
		slowly(n);
	}
}

static int flood(char **argv)
{
	struct hedge_frame_header h = {
		.magic = __cpu_to_le32(HEDGE_REMOTE_MAGIC), .version = HEDGE_REMOTE_VERSION,
	};
	struct sockaddr_in server = at("127.0.0.1", argv[1]);
	int fd = open_at(argv[0], "0");
	time_t end = time(NULL) + atoi(argv[2]);
	unsigned int n = 0, got = 0;

	memset(buf, 0, sizeof(buf));
	while (time(NULL) < end) {
		h.kind = random() % 2 ? HEDGE_FRAME_HELLO : HEDGE_FRAME_REQUEST;
		h.nonce = random();
		h.session = h.kind == HEDGE_FRAME_HELLO ? 0 : random() + 1;
		h.sequence = !!h.session;
		h.length = h.session ? __cpu_to_le16(5) : 0;
		memset(buf, 0, HEDGE_REMOTE_REQUEST_GOOD);
		memcpy(buf, &h, sizeof(h));
		memcpy(buf + sizeof(h), "drain", h.session ? 5 : 0);
		send_to(fd, &server, buf, HEDGE_REMOTE_REQUEST_GOOD);
		if (++n % 64 == 0)
			got += answers(fd, 1);
	}
	got += answers(fd, 1000);
	fprintf(stderr, "%u datagrams\n", n);
	printf("%u\n", got);
	return 0;
}

static int tftp(char **argv)
{
	struct sockaddr_in server = at("127.0.0.1", argv[1]);
	int fd = open_at(argv[0], "0"), i;
	static uint8_t packet[1472];
	size_t len;

	for (i = 0; i < 7; i++) {
		memset(packet, 0, sizeof(packet));
		packet[1] = (uint8_t)i;
		len = 2 + (size_t)snprintf((char *)packet + 2, 200, "%s%coctet", argv[2], 0) + 1;
		send_to(fd, &server, packet, len);
		packet[2] = 0;
		packet[3] = 1;
		send_to(fd, &server, packet, 4);
		send_to(fd, &server, packet, 516);
		send_to(fd, &server, packet, sizeof(packet));
	}
	printf("%u\n", answers(fd, 1000));
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 4 ? argv[1] : "";

	if (!strcmp(what, "relay") && argc == 6)
		relay(argv + 2);
	pass_challenges = !strcmp(what, "replay");
	if (pass_challenges)
		return each(argv + 2, again);
	if (!strcmp(what, "cut"))
		return each(argv + 2, cut);
	if (!strcmp(what, "flip"))
		return each(argv + 2, flip);
	if (!strcmp(what, "flood"))
		return flood(argv + 2);
	if (!strcmp(what, "tftp"))
		return tftp(argv + 2);
	fprintf(stderr, "usage: hedge-hostile relay LISTEN FROM TO FILE | replay|cut|flip FILE FROM TO |\n"
		"\tflood FROM_ADDRESS TO SECONDS | tftp FROM_ADDRESS TO NAME\n");
	return 2;
}
