/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which word may have been meant by one that was mistyped. */
#ifndef SKY_BASE_TYPO_H
#define SKY_BASE_TYPO_H

#define TYPO_WORD_MAX	32u	/* longer ones are near to nothing but themselves */
#define TYPO_NOT	(~0u)

/**
 * typo_distance - how many slips of a finger lead from one word to the other
 *
 * A slip inserts, drops or replaces a byte, or swaps two neighbours: the optimal string alignment
 * distance (Boytsov, "Indexing methods for approximate dictionary searching", 2011, section 2).
 *
 * Return: it; 0: they are the same; TYPO_NOT: they are too far apart for the words' length, as two
 * short words have little in common by chance.
 */
unsigned int typo_distance(const char *typed, const char *word);

#endif /* SKY_BASE_TYPO_H */
