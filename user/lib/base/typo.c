// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "typo.h"

#define LETTERS_A_SLIP	3u	/* one slip in so many letters is taken for one */

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* The words have TYPO_WORD_MAX letters at most.  Three rows of the table are enough. */
static unsigned int distance(const char *a, unsigned int a_len, const char *b, unsigned int b_len)
{
	unsigned int row[3][TYPO_WORD_MAX + 1], i, j;

	for (j = 0; j <= b_len; j++)
		row[0][j] = j;
	for (i = 1; i <= a_len; i++) {
		unsigned int *now = row[i % 3], *last = row[(i + 2) % 3];
		const unsigned int *before = row[(i + 1) % 3];

		now[0] = i;
		for (j = 1; j <= b_len; j++) {
			now[j] = least(last[j - 1] + (a[i - 1] != b[j - 1]),
				       least(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = least(now[j], before[j - 2] + 1);
		}
	}
	return row[a_len % 3][b_len];
}

unsigned int typo_distance(const char *typed, const char *word)
{
	size_t a = strlen(typed), b = strlen(word);
	unsigned int d;

	if (!strcmp(typed, word))
		return 0;
	if (a > TYPO_WORD_MAX || b > TYPO_WORD_MAX)
		return TYPO_NOT;
	d = distance(typed, a, word, b);
	return d <= (least(a, b) + 1) / LETTERS_A_SLIP ? d : TYPO_NOT;
}
