/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A ledger in a folder of its own, with its key and its counter. */
#ifndef TESTS_LEDGER_DISK_UTIL_H
#define TESTS_LEDGER_DISK_UTIL_H

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "text_util.h"

#include "base/file.h"
#include "ledger/inspect.h"

#define LOG_NAME	"test.example/ledger"

static char base[64], ledger_dir[80], counter_path[80];
static struct note_signer key;
static struct counter_file counter_file = { counter_path };

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void remove_tree(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void fresh_base(void)
{
	remove_tree(base);
	assert_int_equal(mkdir(base, 0700), 0);
	snprintf(ledger_dir, sizeof(ledger_dir), "%s/ledger", base);
	snprintf(counter_path, sizeof(counter_path), "%s/epoch", base);
	assert_int_equal(mkdir(ledger_dir, 0755), 0);
}

static inline int make_base(void **state)
{
	static const uint8_t seed[ED25519_SEED_BYTES] = { 7 };

	(void)state;
	snprintf(base, sizeof(base), "/dev/shm/ledger-XXXXXX");
	assert_non_null(mkdtemp(base));
	return note_signer_make(STR(LOG_NAME), NOTE_ED25519, seed, &key);
}

static inline int remove_base(void **state)
{
	(void)state;
	remove_tree(base);
	return 0;
}

static inline const char *below(const char *name)
{
	static char path[160];

	snprintf(path, sizeof(path), "%s/%s", ledger_dir, name);
	return path;
}

static inline int try_open(struct ledger **l, char why[LEDGER_WHY])
{
	const struct ledger_config config = {
		.path = ledger_dir, .signer = &key,
		.counter = { counter_file_read, counter_file_advance, &counter_file },
	};

	return ledger_open(l, &config, why);
}

static inline struct ledger *opened(uint64_t at_least)
{
	char why[LEDGER_WHY];
	struct ledger *l;

	if (try_open(&l, why))
		fail_msg("%s", why);
	assert_true(ledger_size(l) >= at_least);
	return l;
}

static inline int try_append(struct ledger *l, unsigned int count)
{
	struct ledger_item *item = calloc(count, sizeof(*item));
	char why[LEDGER_WHY], (*name)[32] = calloc(count, sizeof(*name));
	static unsigned int number;
	unsigned int i;
	int rc;

	for (i = 0; i < count; i++) {
		snprintf(name[i], sizeof(name[i]), "bucket:%u", number++);
		item[i] = (struct ledger_item){
			.event = { STR("team:1"), STR("bucket.create"), str_of(name[i]), STR("ok"),
				   STR_NONE },
			.time = 1700000000000000ull + i,
		};
	}
	rc = ledger_append(l, item, count, NULL, why);
	free(item);
	free(name);
	return rc;
}

static inline void append(struct ledger *l, unsigned int count)
{
	assert_int_equal(try_append(l, count), 0);
}

/* All of it, as somebody sees it who has nothing but the public key. */
static inline int look(struct inspect_note *now)
{
	struct inspect in;
	int rc;

	inspect_init(&in, &key.verifier, inspect_folder_fetch, ledger_dir);
	rc = inspect_checkpoint(&in, now);
	if (!rc)
		rc = inspect_whole(&in, &now->c, NULL, NULL);
	if (rc)
		print_message("%s: %s\n", finding_name(rc), in.why);
	return rc;
}

#endif /* TESTS_LEDGER_DISK_UTIL_H */
