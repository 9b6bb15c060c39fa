/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Strict reading of protobuf's JSON.  A spot is a message of the document and the way to it;
 * a member may go by its lowerCamelCase or its snake_case name but not by both, null is absent,
 * and what is unknown is refused where spot_known() is asked.
 */
#ifndef SKY_SIGSTORE_JSON_H
#define SKY_SIGSTORE_JSON_H

#include <jansson.h>

#include "sigstore.h"

struct doc_block;

struct doc {
	json_t *root;
	struct doc_block *blocks;	/* decoded bytes, which live as long */
	struct sigstore_fault *fault;	/* of the call that reads; not used afterwards */
	enum sigstore_code field;	/* a member is missing or not what it should be */
};

struct spot {
	struct doc *doc;
	json_t *at;			/* NULL: absent */
	char path[96];
};

/**
 * doc_open() - Parse one JSON object.
 * @syntax: code of what is not JSON, or has a name twice
 * @field: code of what is no such message
 *
 * Return: 0 or negative with @f; doc_close() has nothing to do then.
 */
int doc_open(struct doc *d, struct str text, enum sigstore_code syntax, enum sigstore_code field,
	     struct sigstore_fault *f);
void doc_close(struct doc *d);

/* Memory that is let go with the document, all zeros; NULL with a fault. */
void *doc_alloc(struct doc *d, size_t len);

struct spot doc_root(struct doc *d);

/* Say what is wrong with a member, or with the spot itself (NULL); negative. */
int spot_error(const struct spot *s, const char *name, const char *why);

/* Refuse every member whose name is not among @names, which a blank separates. */
int spot_known(const struct spot *s, const char *names);

/*
 * Each leaves its value as it is when the member is absent.  Return: 0 or negative with the
 * document's fault.
 */
int spot_object(const struct spot *s, const char *name, struct spot *sub);
int spot_list(const struct spot *s, const char *name, struct spot *list, size_t most);
int spot_text(const struct spot *s, const char *name, struct str *value);
int spot_bytes(const struct spot *s, const char *name, struct str *value);
int spot_int64(const struct spot *s, const char *name, int64_t *value);
/* @words: names by number, NULL at the end; holes are "". */
int spot_enum(const struct spot *s, const char *name, const char *const words[], int *value);
/* The same, but only as a word. */
int spot_word(const struct spot *s, const char *name, const char *const words[], int *value);
/* RFC 3339, to seconds since 1970; up: a part of a second counts as one. */
int spot_time(const struct spot *s, const char *name, bool up, int64_t *value);

static inline size_t spot_count(const struct spot *list)
{
	return json_array_size(list->at);
}

/* An entry of a list: a message.  Return: 0 or negative. */
int spot_item(const struct spot *list, size_t i, struct spot *sub);
/* An entry of a list: bytes. */
int spot_item_bytes(const struct spot *list, size_t i, struct str *value);
/* An entry of a list: a string. */
int spot_item_text(const struct spot *list, size_t i, struct str *value);

/* Base64, of the standard or the URL-safe alphabet, padded or not.  Return: bytes or -EINVAL. */
int sig_base64(struct str text, void *to, size_t size);

#endif /* SKY_SIGSTORE_JSON_H */
