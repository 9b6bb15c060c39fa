/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading the XML of requests, on expat: a document is held against a table of the
 * elements that it may have.  No document type, no entities of its own, limits on
 * depth, elements and text; what is not in the table is refused.
 */
#ifndef SKY_S3_XML_READ_H
#define SKY_S3_XML_READ_H

#include "error.h"

#define XML_DEPTH_MAX		10u
#define XML_ELEMENTS_MAX	100000u
#define XML_TEXT_MAX		4096u	/* bytes of one element's text */
#define XML_PATH_MAX		256u

/* Both functions are called with the reader's argument and may be NULL. */
struct xml_rule {
	const char *path;	/* from the root: "Delete/Object/Key"; without prefixes */
	bool leaf;		/* has text and no elements; others have no text */
	enum s3_code (*open)(void *arg, const char *const *attributes);
	enum s3_code (*close)(void *arg, struct str text);
};

enum s3_code xml_read(struct str document, const struct xml_rule *rules, unsigned int count,
		      void *arg, struct s3_fault *f);
enum s3_code xml_read_answer(struct str document, const struct xml_rule *rules,
			     unsigned int count, void *arg, struct s3_fault *f);

#endif /* SKY_S3_XML_READ_H */
