// SPDX-License-Identifier: GPL-2.0-only
/* The words of a table line; include/uapi/rlnc_dm.h has the grammar. */
#include "dm-rlnc.h"

#define MAX_OPTIONS	(16 + RLNC_MAX_N)	/* one for each member */
#define DEFAULT_CACHE_MB	64

static_assert(MAX_OPTIONS == 271);	/* as the error below says */

static int parse_u64(const char *value, u64 min, u64 max, u64 *out)
{
	if (kstrtou64(value, 10, out) || *out < min || *out > max)
		return -EINVAL;
	return 0;
}

static int opt_allow_discards(struct rlnc_table *table, const char *value)
{
	table->allow_discards = true;
	return 0;
}

static int opt_accept_older(struct rlnc_table *table, const char *value)
{
	table->accept_older = true;
	return 0;
}

static int opt_dense(struct rlnc_table *table, const char *value)
{
	table->dense = true;
	return 0;
}

static int opt_min_epoch(struct rlnc_table *table, const char *value)
{
	return parse_u64(value, 1, RLNC_EPOCH_NONE - 1, &table->min_epoch);
}

static int opt_cache_mb(struct rlnc_table *table, const char *value)
{
	u64 mb;
	int ret = parse_u64(value, 1, 65536, &mb);

	table->cache_mb = mb;
	return ret;
}

static int opt_writes_min(struct rlnc_table *table, const char *value)
{
	u64 min;
	int ret = parse_u64(value, table->k, table->n, &min);

	table->writes_min = min;
	return ret;
}

static int opt_rebuild_kbps(struct rlnc_table *table, const char *value)
{
	u64 kbps;
	int ret = parse_u64(value, 0, U32_MAX, &kbps);

	table->rebuild_kbps = kbps;
	return ret;
}

static int opt_hedge_ms(struct rlnc_table *table, const char *value)
{
	u64 ms;
	int ret = parse_u64(value, 1, 60000, &ms);

	table->hedge_ms = ms;
	return ret;
}

static int opt_deadline_ms(struct rlnc_table *table, const char *value)
{
	u64 ms;
	int ret = parse_u64(value, RLNC_DEADLINE_MS_MIN, RLNC_DEADLINE_MS_MAX, &ms);

	table->deadline_ms = ms;
	return ret;
}

/* I:D */
static int opt_member_deadline_ms(struct rlnc_table *table, const char *value)
{
	const char *colon = strchr(value, ':');
	char word[4];			/* 254 at most */
	u64 index, ms;

	if (!colon || colon - value >= sizeof(word))
		return -EINVAL;
	memcpy(word, value, colon - value);
	word[colon - value] = 0;
	if (parse_u64(word, 0, table->n - 1, &index) ||
	    parse_u64(colon + 1, RLNC_DEADLINE_MS_MIN, RLNC_DEADLINE_MS_MAX, &ms))
		return -EINVAL;
	table->member_deadline_ms[index] = ms;
	return 0;
}

static const struct {
	const char *name;
	bool has_value;
	int (*set)(struct rlnc_table *table, const char *value);
	char *error;
} options[] = {
	{ RLNC_OPT_DISCARDS, false, opt_allow_discards, NULL },
	{ RLNC_OPT_ACCEPT_OLDER, false, opt_accept_older, NULL },
	{ RLNC_OPT_DENSE, false, opt_dense, NULL },
	{ RLNC_OPT_HEDGE_MS, true, opt_hedge_ms,
	  "hedge_ms: expected 1..60000" },
	{ RLNC_OPT_DEADLINE_MS, true, opt_deadline_ms,
	  "deadline_ms: expected 100..600000" },
	{ RLNC_OPT_MEMBER_DEADLINE_MS, true, opt_member_deadline_ms,
	  "member_deadline_ms: expected MEMBER:MS, a member below n and 100..600000" },
	{ RLNC_OPT_MIN_EPOCH, true, opt_min_epoch,
	  "min_epoch: expected an epoch from 1 up" },
	{ RLNC_OPT_CACHE_MB, true, opt_cache_mb,
	  "cache_mb: expected 1..65536" },
	{ RLNC_OPT_REBUILD_KBPS, true, opt_rebuild_kbps,
	  "rebuild_kbps: expected KiB a second, 0 for no limit" },
	{ RLNC_OPT_WRITES_MIN, true, opt_writes_min,
	  "writes_min: expected k..n" },
};

static int parse_option(struct dm_target *ti, struct rlnc_table *table,
			const char *word)
{
	const char *value = strchr(word, '=');
	size_t len = value ? value - word : strlen(word);
	u32 i;

	for (i = 0; i < ARRAY_SIZE(options); i++) {
		if (strlen(options[i].name) != len ||
		    strncmp(options[i].name, word, len) ||
		    options[i].has_value != !!value)
			continue;
		if (!options[i].set(table, value ? value + 1 : NULL))
			return 0;
		ti->error = options[i].error;
		return -EINVAL;
	}
	DMERR("unknown option %s", word);
	ti->error = "Unknown option; see the kernel log";
	return -EINVAL;
}

/**
 * rlnc_table_parse - read the words of a table line
 * @ti:		receives the error in words
 * @argc:	number of words
 * @argv:	the words; @table points into them
 * @table:	filled in
 *
 * Return: 0, or -EINVAL with ti->error set.
 */
int rlnc_table_parse(struct dm_target *ti, unsigned int argc, char **argv,
		     struct rlnc_table *table)
{
	static const struct dm_arg arg_k = {
		1, RLNC_MAX_K, "k: expected 1..128"
	};
	static const struct dm_arg arg_n = {
		1, RLNC_MAX_N, "n: expected 1..255"
	};
	static const struct dm_arg arg_opts = {
		0, MAX_OPTIONS, "#opts: expected 0..271"
	};
	struct dm_arg_set as = { .argc = argc, .argv = argv };
	unsigned int opts;
	int ret;

	memset(table, 0, sizeof(*table));
	table->cache_mb = DEFAULT_CACHE_MB;
	table->deadline_ms = RLNC_DEADLINE_MS;
	if (dm_read_arg(&arg_k, &as, &table->k, &ti->error) ||
	    dm_read_arg(&arg_n, &as, &table->n, &ti->error))
		return -EINVAL;
	if (table->n < table->k) {
		ti->error = "n must not be below k";
		return -EINVAL;
	}
	table->key = dm_shift_arg(&as);
	if (!table->key) {
		ti->error = "Missing key";
		return -EINVAL;
	}
	if (dm_read_arg_group(&arg_opts, &as, &opts, &ti->error))
		return -EINVAL;
	while (opts--) {
		ret = parse_option(ti, table, dm_shift_arg(&as));
		if (ret)
			return ret;
	}
	if (as.argc != table->n) {
		ti->error = "Expected n member devices; '-' stands for an absent one";
		return -EINVAL;
	}
	table->dev = as.argv;
	return 0;
}
