/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lines of words with a bar between them, and what words are made of. */
#ifndef HEDGE_PROTO_WORDS_H
#define HEDGE_PROTO_WORDS_H

#include <linux/types.h>

/* What has been read: of any bytes, until it was looked at. */
struct hedge_word {
	char *text;
	size_t len;
};

bool hedge_word_next(struct hedge_word *rest, struct hedge_word *w);
bool hedge_word_is(const struct hedge_word *w, const char *text);
bool hedge_word_has_control(const struct hedge_word *w, bool tab);
bool hedge_word_digits(const struct hedge_word *w, u64 max, u64 *value);
bool hedge_word_hex(const struct hedge_word *w, u8 *bytes, size_t count);
bool hedge_word_hex_byte(const char *text, u8 *byte);
const char *hedge_word_name_wrong(const struct hedge_word *w);
const char *hedge_word_digest_wrong(const struct hedge_word *w, u8 digest[32]);

#endif /* HEDGE_PROTO_WORDS_H */
