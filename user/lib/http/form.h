/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * multipart/form-data (RFC 7578) as it streams by: what browsers send to an S3
 * POST upload.  The content of a part is handed out where it lies; a piece of a
 * delimiter that proves to be content comes from the scanner's own copy.
 */
#ifndef SKY_HTTP_FORM_H
#define SKY_HTTP_FORM_H

#include "base/str.h"

#define FORM_BOUNDARY_MAX	70u	/* RFC 2046, 5.1.1 */
#define FORM_PART_HEAD_MAX	2048u	/* bytes of the fields of one part */
#define FORM_NAME_MAX		256u
#define FORM_FILE_MAX		1024u

enum form_event {
	FORM_MORE,		/* all input is used */
	FORM_PART,		/* a part begins: name, has_file, file, type */
	FORM_DATA,		/* a piece of its content: data */
	FORM_PART_END,
	FORM_DONE,		/* the last delimiter; what follows is not looked at */
	FORM_BAD,
};

struct form_scan {
	struct str data;
	char name[FORM_NAME_MAX];
	char file[FORM_FILE_MAX];	/* as the client calls it; a path perhaps */
	char type[128];			/* media type, or "" */
	bool has_file;
	uint8_t state;
	uint8_t delimiter_len;		/* of CR LF "--" boundary */
	uint8_t matched;		/* bytes of the delimiter at the end of the last input */
	uint16_t head_len;
	char delimiter[FORM_BOUNDARY_MAX + 4];
	char head[FORM_PART_HEAD_MAX];
};

bool form_scan_init(struct form_scan *f, struct str content_type);
enum form_event form_scan_next(struct form_scan *f, struct str *in);

#endif /* SKY_HTTP_FORM_H */
