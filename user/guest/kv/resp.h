/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests of the Redis protocol, RESP2: arrays of bulk strings, or words in a line. */
#ifndef GUEST_KV_RESP_H
#define GUEST_KV_RESP_H

#include <stddef.h>
#include <stdint.h>

#define RESP_WORDS	64u		/* of a request */
#define RESP_LINE_MAX	1024u		/* bytes of a request in one line */

struct resp_word {
	const uint8_t *data;
	size_t len;
};

struct resp_request {
	unsigned int count;		/* 0: an empty line, to be ignored */
	struct resp_word word[RESP_WORDS];
};

/*
 * The request that @data begins with: its length in bytes; 0 if more must come first; -1
 * if it will never be one, with what to say in *@why.  Words point into @data.
 */
long resp_parse(const uint8_t *data, size_t len, struct resp_request *rq, const char **why);

/* A whole decimal number that fits; false if it is none. */
_Bool resp_number(const uint8_t *text, size_t len, int64_t *value);

#endif /* GUEST_KV_RESP_H */
