// SPDX-License-Identifier: GPL-2.0-or-later
#include <argon2.h>
#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "argon.h"

/* cryptsetup's defaults for LUKS2, in KiB where they are memory. */
#define CHOSEN_MIN_TIME		4u
#define CHOSEN_MAX_MEMORY_KIB	(1u << 20)
#define CHOSEN_MIN_MEMORY_KIB	(32u << 10)
#define CHOSEN_MAX_LANES	4u

/* The trial runs: short enough for an emulator, long enough to measure. */
#define TRIAL_MEMORY_KIB	(16u << 10)
#define TRIAL_MIN_NS		100000000ll
#define TRIAL_MAX_TIME		64u

/**
 * argon_cost_ok - whether a cost may be paid
 * @cost:	perhaps read from a disk that someone else wrote to
 *
 * Whoever can write to a member must not be able to make us allocate all
 * memory or compute for days.
 */
bool argon_cost_ok(const struct argon_cost *cost)
{
	if (cost->time < ARGON_MIN_TIME || !cost->lanes || cost->lanes > ARGON_MAX_LANES)
		return false;
	if (cost->memory_kib < ARGON_MIN_MEMORY_KIB * cost->lanes ||
	    cost->memory_kib > ARGON_MAX_MEMORY_KIB)
		return false;
	return (uint64_t)cost->time * cost->memory_kib <= ARGON_MAX_WORK_KIB;
}

/**
 * argon_derive - Argon2id version 0x13 (RFC 9106)
 * @cost:	accepted by argon_cost_ok()
 * @pass:	@pass_len bytes
 * @salt:	@salt_len bytes, at least 8
 * @key:	receives @key_len bytes
 *
 * Return: 0, -EINVAL for a cost or salt out of range, -ENOMEM, or -EIO.
 */
int argon_derive(const struct argon_cost *cost, const void *pass, size_t pass_len,
		 const void *salt, size_t salt_len, void *key, size_t key_len)
{
	if (!argon_cost_ok(cost))
		return -EINVAL;
	switch (argon2id_hash_raw(cost->time, cost->memory_kib, cost->lanes, pass, pass_len,
				  salt, salt_len, key, key_len)) {
	case ARGON2_OK:
		return 0;
	case ARGON2_MEMORY_ALLOCATION_ERROR:
		return -ENOMEM;
	case ARGON2_SALT_TOO_SHORT:
	case ARGON2_SALT_TOO_LONG:
	case ARGON2_PWD_TOO_LONG:
		return -EINVAL;
	default:
		return -EIO;
	}
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static uint32_t half_of_memory_kib(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	uint64_t kib = pages > 0 && page > 0 ? (uint64_t)pages * page / 2048 : 0;

	return kib > CHOSEN_MAX_MEMORY_KIB ? CHOSEN_MAX_MEMORY_KIB : (uint32_t)kib;
}

/**
 * argon_choose_cost - the cost that takes about so long here
 * @target_ms:	time that one derivation shall take
 * @cost:	filled in: as much memory as the time allows with four passes,
 *		at most 1 GiB and half of what the machine has, four lanes at
 *		most; then more passes
 *
 * Return: 0 or what argon_derive() returned.
 */
int argon_choose_cost(unsigned int target_ms, struct argon_cost *cost)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	uint32_t lanes = cpus < 1 ? 1 : cpus > CHOSEN_MAX_LANES ? CHOSEN_MAX_LANES : cpus;
	struct argon_cost trial = { .time = 1, .memory_kib = TRIAL_MEMORY_KIB, .lanes = lanes };
	uint32_t limit = half_of_memory_kib();
	uint64_t work, memory;
	uint8_t key[32];
	int64_t took;

	for (;; trial.time *= 2) {
		int64_t start = now_ns();
		int rc = argon_derive(&trial, "passphrase", 10, "salt of trial run", 17,
				      key, sizeof(key));

		if (rc)
			return rc;
		took = now_ns() - start;
		if (took >= TRIAL_MIN_NS || trial.time >= TRIAL_MAX_TIME)
			break;
	}
	work = (uint64_t)((double)trial.time * trial.memory_kib * target_ms * 1e6 / (took + 1));
	if (work > ARGON_MAX_WORK_KIB / 2)
		work = ARGON_MAX_WORK_KIB / 2;
	memory = work / CHOSEN_MIN_TIME;
	if (memory > limit)
		memory = limit;
	if (memory < CHOSEN_MIN_MEMORY_KIB)
		memory = CHOSEN_MIN_MEMORY_KIB;
	cost->lanes = lanes;
	cost->memory_kib = (uint32_t)memory;
	cost->time = (uint32_t)(work / memory);
	if (cost->time < CHOSEN_MIN_TIME)
		cost->time = CHOSEN_MIN_TIME;
	return 0;
}
