// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

#include "relay_private.h"

int relay_head_read(struct io_stream *s, struct relay_head *h, bool response, int64_t deadline)
{
	enum http_parse parse;
	ssize_t n;

	h->len = 0;
	http_head_init(&h->head, response);
	do {
		n = io_stream_recv(s, h->text + h->len, sizeof(h->text) - h->len, deadline);
		if (n <= 0)
			return n ? n : -ECONNRESET;
		h->len += n;
		parse = http_head_parse(&h->head, h->text, h->len);
	} while (parse == HTTP_MORE && h->len < sizeof(h->text));
	return parse == HTTP_DONE ? 0 : -EPROTO;
}

bool relay_judge(const struct io_stream *stream, struct str list, enum role role,
		 struct relay_peer *peer)
{
	char uri[RELAY_URI];
	struct str word;

	while (relay_peer_word(&list, &word)) {
		if (!relay_peer_parse(word, peer) || peer->role != role)
			continue;
		relay_peer_uri(peer, uri);
		if (tls_peer_has_uri(stream, uri))
			return true;
	}
	return false;
}

void relay_where(const struct sockaddr_storage *address, char text[RELAY_WHERE])
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
	char host[INET6_ADDRSTRLEN] = "";

	if (address->ss_family == AF_INET) {
		inet_ntop(AF_INET, &four->sin_addr, host, sizeof(host));
		snprintf(text, RELAY_WHERE, "%s:%u", host, ntohs(four->sin_port));
	} else if (address->ss_family == AF_INET6) {
		inet_ntop(AF_INET6, &six->sin6_addr, host, sizeof(host));
		snprintf(text, RELAY_WHERE, "[%s]:%u", host, ntohs(six->sin6_port));
	} else {
		snprintf(text, RELAY_WHERE, "a local socket");
	}
}
