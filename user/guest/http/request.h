/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests of HTTP/1.1 (RFC 9112) without content: pure functions. */
#ifndef GUEST_HTTP_REQUEST_H
#define GUEST_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_HEAD_MAX	8192u		/* bytes of a request line and its fields */
#define HTTP_FIELDS_MAX	64u
#define HTTP_PATH_MAX	256u

struct http_request {
	bool head;			/* HEAD, not GET */
	bool keep;			/* the connection may go on */
	char path[HTTP_PATH_MAX];	/* decoded, without the first "/" and any query */
	bool ranged;			/* one range was asked for: */
	uint64_t first;			/* ~0: the last @last bytes */
	uint64_t last;			/* ~0: to the end */
};

/*
 * The request that @data begins with.  Its length in bytes; 0 if more must come first; or
 * minus the status that answers it: 400, 405, 413, 414, 431, 501, 505.
 */
int http_parse(const char *data, size_t len, struct http_request *rq);

#endif /* GUEST_HTTP_REQUEST_H */
