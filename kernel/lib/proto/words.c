// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/kernel.h>
#include <linux/string.h>
#include "command.h"
#include "words.h"

/**
 * hedge_word_next - take the next word off a line
 * @rest:	what is left of it, with room for one byte behind; NULL after the last word
 * @w:		receives the word, up to a bar; a NUL is put in the place of that
 *
 * Return: whether there was one.
 */
bool hedge_word_next(struct hedge_word *rest, struct hedge_word *w)
{
	char *bar;

	if (!rest->text)
		return false;
	bar = memchr(rest->text, '|', rest->len);
	w->text = rest->text;
	w->len = bar ? bar - rest->text : rest->len;
	w->text[w->len] = 0;
	rest->text = bar ? bar + 1 : NULL;
	rest->len -= bar ? w->len + 1 : w->len;
	return true;
}

/* Is it this text? */
bool hedge_word_is(const struct hedge_word *w, const char *text)
{
	return w->len == strlen(text) && !memcmp(w->text, text, w->len);
}

/* Is there a control character, a NUL among them?  A tab is one only if @tab says so. */
bool hedge_word_has_control(const struct hedge_word *w, bool tab)
{
	size_t i;

	for (i = 0; i < w->len; i++) {
		u8 c = w->text[i];

		if ((c < 0x20 || c == 0x7f) && (tab || c != '\t'))
			return true;
	}
	return false;
}

/**
 * hedge_word_digits - a decimal number, without signs and spaces
 * @w:		the word
 * @max:	largest that is taken, below 2^60
 * @value:	receives it
 *
 * Return: whether it is one.
 */
bool hedge_word_digits(const struct hedge_word *w, u64 max, u64 *value)
{
	u64 v = 0;
	size_t i;

	for (i = 0; i < w->len; i++) {
		if (w->text[i] < '0' || w->text[i] > '9')
			return false;
		v = v * 10 + (w->text[i] - '0');
		if (v > max)
			return false;
	}
	*value = v;
	return w->len;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Two hex digits. */
bool hedge_word_hex_byte(const char *text, u8 *byte)
{
	int high = hex_digit(text[0]), low = high < 0 ? -1 : hex_digit(text[1]);

	if (low < 0)
		return false;
	*byte = high << 4 | low;
	return true;
}

/* Nothing but the hex digits of @count bytes. */
bool hedge_word_hex(const struct hedge_word *w, u8 *bytes, size_t count)
{
	size_t i;

	if (w->len != 2 * count)
		return false;
	for (i = 0; i < count; i++)
		if (!hedge_word_hex_byte(w->text + 2 * i, &bytes[i]))
			return false;
	return true;
}

/* Why it is no name of a VM or an image, for people; NULL: it is one. */
const char *hedge_word_name_wrong(const struct hedge_word *w)
{
	size_t i;

	if (!w->len)
		return "empty; 1 to 127 of A-Z a-z 0-9 _ . - are wanted";
	if (w->len > HEDGE_NAME_MAX)
		return "too long; 1 to 127 of A-Z a-z 0-9 _ . - are wanted";
	for (i = 0; i < w->len; i++) {
		char c = w->text[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      c == '_' || c == '.' || c == '-'))
			return "has other characters than A-Z a-z 0-9 _ . -";
	}
	return *w->text == '.' ? "begins with a dot" : NULL;
}

/* Why it is no SHA-256, for people; NULL: it is one. */
const char *hedge_word_digest_wrong(const struct hedge_word *w, u8 digest[32])
{
	if (w->len != 64)
		return "not of 64 hex digits; a SHA-256 is wanted";
	return hedge_word_hex(w, digest, 32) ? NULL : "has other characters than hex digits";
}
