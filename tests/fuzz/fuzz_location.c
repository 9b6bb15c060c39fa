// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * URLs and answers of strange servers: what is taken apart lies in what came, has no end of
 * line in the host, and makes the same URL again; each answer is an error.
 */
#include "../../user/skyd/location_http.h"
#include "fuzz_util.h"

static void read_url(struct str url)
{
	struct location_url u, again;
	char text[512];
	struct out o = OUT(text, sizeof(text));
	bool six;

	if (location_url_parse(url, &u))
		return;
	six = strchr(u.host, ':');
	require(u.host[0] && u.port <= 65535 && !strpbrk(u.host, "/?#@ \r\n"));
	require(u.target.len && *u.target.at == '/');
	out_text(&o, u.tls ? "https://" : "http://");
	out_text(&o, six ? "[" : "");
	out_text(&o, u.host);
	out_text(&o, six ? "]" : "");
	if (u.port) {
		out_text(&o, ":");
		out_number(&o, u.port);
	}
	require(!o.err && !location_url_parse(out_written(&o), &again));
	require(again.tls == u.tls && again.port == u.port && !strcmp(again.host, u.host));
	require(str_is(again.target, "/"));
}

static void read_answer(struct str document)
{
	struct str code = location_code(document);
	unsigned int status = 300 + (document.len ? (unsigned char)*document.at : 0);

	require(!code.at || (code.at >= document.at &&
			     code.at + code.len <= document.at + document.len));
	require(location_errno(status, code) < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = own_copy(data, size);

	read_url(text);
	read_answer(text);
	free((char *)text.at);
	return 0;
}
