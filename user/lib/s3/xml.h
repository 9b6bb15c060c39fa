/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing the XML that S3 answers with: no indentation, no attributes but two. */
#ifndef SKY_S3_XML_H
#define SKY_S3_XML_H

#include "base/out.h"

#define S3_NAMESPACE	"http://s3.amazonaws.com/doc/2006-03-01/"

void xml_start(struct out *o);
void xml_open(struct out *o, const char *name);
void xml_open_root(struct out *o, const char *name);
void xml_close(struct out *o, const char *name);
void xml_escape(struct out *o, struct str text);
void xml_text(struct out *o, const char *name, struct str text);
void xml_text_if(struct out *o, const char *name, struct str text);
void xml_number(struct out *o, const char *name, uint64_t value);
void xml_bool(struct out *o, const char *name, bool value);
void xml_date(struct out *o, const char *name, int64_t milliseconds);
void xml_quoted(struct out *o, const char *name, struct str text);
void xml_key(struct out *o, const char *name, struct str key, bool encode_url);

#endif /* SKY_S3_XML_H */
