/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bodies in chunks (RFC 9112, 7.1), and the framing of S3's aws-chunked, which
 * looks the same.  Data is handed out where it lies; only the lines between the
 * data are gathered, in a line of fixed size.
 */
#ifndef SKY_HTTP_CHUNKED_H
#define SKY_HTTP_CHUNKED_H

#include "base/out.h"

#define CHUNK_LINE_MAX		1024u	/* bytes of a size line or a trailer */
#define CHUNK_TRAILERS_MAX	16u	/* fields after the last chunk */

enum chunk_event {
	CHUNK_MORE,	/* all input is used */
	CHUNK_SIZE,	/* a chunk begins: size, ext */
	CHUNK_DATA,	/* a piece of it: data */
	CHUNK_END,	/* it is complete; there is none after the last, empty one */
	CHUNK_TRAILER,	/* name, value: one field after the last chunk */
	CHUNK_DONE,	/* the body has ended; no byte beyond it has been used */
	CHUNK_BAD,	/* not in chunks, or over a limit */
};

struct chunk_scan {
	uint64_t size;		/* of the chunk */
	uint64_t left;		/* data bytes to come of it */
	struct str ext;		/* after the size: "" or ";..."; as long as the event lasts */
	struct str data;
	struct str name, value;	/* as long as the event lasts */
	uint8_t state;
	bool lenient;		/* trailers may end in LF: in a body of known length only */
	uint16_t trailers;
	uint16_t line_len;
	char line[CHUNK_LINE_MAX];
};

void chunk_scan_init(struct chunk_scan *c, bool lenient);
enum chunk_event chunk_scan_next(struct chunk_scan *c, struct str *in);
void chunk_scan_go_on(struct chunk_scan *c);

void chunk_write_size(struct out *o, uint64_t size);
void chunk_write_last(struct out *o);

#endif /* SKY_HTTP_CHUNKED_H */
