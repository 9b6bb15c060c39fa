// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hostile NBD servers, and hostile URLs: up to the first newline the input is a
 * URL, after it is what the server sends, within TLS as well once it has begun.
 */
#include <stdlib.h>
#include <string.h>

#include "netlink/nbd_handshake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void negotiate(const char *name, enum nbd_tls tls, const uint8_t *data, size_t size)
{
	static struct nbd_handshake hs;
	unsigned int steps = 0, secured = 0;

	nbd_handshake_start(&hs, name, tls);
	while (hs.state != NBD_HS_DONE && hs.state != NBD_HS_FAILED) {
		uint8_t *piece;

		if (hs.state == NBD_HS_TLS) {
			require(!hs.need && !secured++);
			nbd_handshake_secured(&hs);
			require(!hs.have_export);
		}
		require(hs.need && hs.need <= NBD_HS_IN_MAX && hs.out_len <= sizeof(hs.out));
		require(++steps < 1000);
		if (size < hs.need)
			return;
		/* In memory of its own, so that no read beyond it goes unseen. */
		piece = malloc(hs.need);
		require(!!piece);
		memcpy(piece, data, hs.need);
		data += hs.need;
		size -= hs.need;
		nbd_handshake_step(&hs, piece);
		free(piece);
	}
	if (hs.state == NBD_HS_FAILED)
		require(hs.why && strlen(hs.server_says) < sizeof(hs.server_says));
	else
		require(hs.size && hs.size <= INT64_MAX && hs.min_block &&
			(secured || tls != NBD_TLS_DEMANDED));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct nbd_url url;
	const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
	char *text;

	if (!end) {
		negotiate("export", NBD_TLS_IF_ASKED, data, size);
		negotiate("export", NBD_TLS_DEMANDED, data, size);
		return 0;
	}
	text = strndup((const char *)data, end - data);
	require(!!text);
	if (!nbd_url_parse(text, &url)) {
		require(*url.at.host && *url.at.port && strlen(url.export_name) <= NBD_EXPORT_MAX);
		negotiate(url.export_name, url.tls ? NBD_TLS_DEMANDED : NBD_TLS_IF_ASKED, end + 1,
			  size - (end + 1 - data));
	}
	free(text);
	return 0;
}
