// SPDX-License-Identifier: GPL-2.0-or-later
/* Members that belong together, and some that do not. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

/* Before cmocka, which has a macro fail(). */
#include "base/report.h"

#include "format_util.h"

#include "volume/super_mac.h"
#include "volume/volume.h"

#define N		6
#define MEMBER_BYTES	(256ull << 20)	/* sparse */

static const char *const names[] = { "m0", "m1", "m2", "m3", "m4", "m5", "other" };
static const struct argon_cost cheap = { .time = 1, .memory_kib = 64, .lanes = 1 };

static char said[4096];		/* all messages since the last one was looked at */

struct fixture {
	struct rlnc_super *sb;
	struct secret key;
	struct secret pass;
	int fd[N + 1];
};

static void listen_to(const char *level, const char *text)
{
	size_t len = strlen(said);

	snprintf(said + len, sizeof(said) - len, "%s|%s\n", level, text);
}

static void heard(const char *words)
{
	if (!strstr(said, words))
		fail_msg("\"%s\" is not in: %s", words, said);
	*said = 0;
}

static void write_super(struct fixture *f, unsigned int i, u64 epoch, u64 byte)
{
	size_t bytes = rlnc_super_bytes(&f->sb->geo, f->sb->n);
	CLEANUP_FREE u8 *buf = malloc(bytes);
	u8 mac_key[RLNC_MAC_BYTES];

	f->sb->member = i;
	f->sb->epoch = epoch;
	assert_int_equal(super_mac_key(&f->key, f->sb->volume_id, mac_key), 0);
	assert_int_equal(super_write(f->sb, mac_key, buf), 0);
	buf[byte % bytes] ^= !!byte;
	assert_int_equal(member_write(f->fd[i], buf, bytes, epoch % 2 * RLNC_SUPER_STRIDE), 0);
}

static void open_all(struct fixture *f, struct volume *v, unsigned int from, unsigned int to)
{
	assert_int_equal(volume_init(v, N + 1), 0);
	for (; from < to; from++)
		assert_int_equal(volume_add(v, names[from], f->fd[from]), 0);
}

static void write_keys(struct fixture *f, const struct secret *pass, bool replace)
{
	CLEANUP_VOLUME struct volume v = { 0 };
	CLEANUP_FREE struct keyslot_set *set = calloc(1, sizeof(*set));
	struct keyslot slot = { .type = RLNC_KEYSLOT_PASSPHRASE, .cost = cheap };
	const struct keyslot_set *old;

	open_all(f, &v, 0, N);
	assert_int_equal(volume_identify(&v), 0);
	old = volume_trusted_keyslots(&v, &f->key);
	if (old && !replace)
		*set = *old;
	memcpy(set->volume_id, v.id, sizeof(v.id));
	slot.number = keyslot_first_free(set);
	assert_int_equal(keyslot_wrap(set, &slot, pass, &f->key), 0);
	assert_int_equal(keyslot_add(set, &slot), 0);
	assert_int_equal(volume_write_keyslots(&v, set, &f->key), 0);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	unsigned int i;
	u8 key[RLNC_VOLUME_KEY_BYTES] = { 42 };

	report_set_sink(listen_to);
	*said = 0;
	f->sb = good_super();
	secret_copy(&f->key, key, sizeof(key));
	secret_copy(&f->pass, "pass", 4);
	for (i = 0; i <= N; i++) {
		f->fd[i] = memfd_create(names[i], MFD_CLOEXEC);
		assert_int_equal(ftruncate(f->fd[i], MEMBER_BYTES), 0);
	}
	for (i = 0; i < N; i++)
		write_super(f, i, 1000, 0);
	write_keys(f, &f->pass, true);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	unsigned int i;

	for (i = 0; i <= N; i++)
		close(f->fd[i]);
	secret_free(&f->key);
	secret_free(&f->pass);
	free(f->sb);
	free(f);
	report_set_sink(NULL);
	return 0;
}

static int assemble(struct fixture *f, struct volume *v)
{
	int rc = volume_identify(v);

	return rc ? rc : volume_authenticate(v, &f->key);
}

static void all(void **state)
{
	struct fixture *f = *state;
	CLEANUP_VOLUME struct volume v = { 0 };
	unsigned int i;

	open_all(f, &v, 0, N);
	assert_int_equal(assemble(f, &v), 0);
	assert_int_equal(v.present, N);
	assert_int_equal(v.newest->epoch, 1000);
	for (i = 0; i < N; i++)
		assert_ptr_equal(v.by_index[i]->name, names[i]);
	assert_string_equal(said, "");
}

static void any_order(void **state)
{
	static const unsigned int order[] = { 5, 0, 3 };
	struct fixture *f = *state;
	CLEANUP_VOLUME struct volume v = { 0 };
	unsigned int i;

	assert_int_equal(volume_init(&v, N), 0);
	for (i = 0; i < 3; i++)
		assert_int_equal(volume_add(&v, names[order[i]], f->fd[order[i]]), 0);
	assert_int_equal(assemble(f, &v), 0);
	assert_int_equal(v.present, 3);
	assert_ptr_equal(v.by_index[3]->name, names[3]);
	assert_null(v.by_index[1]);
}

/* Of the two superblocks the newer is believed, if it is authentic. */
static void newest(void **state)
{
	struct fixture *f = *state;
	CLEANUP_VOLUME struct volume v = { 0 };

	write_super(f, 1, 1001, 0);
	open_all(f, &v, 0, N);
	assert_int_equal(assemble(f, &v), 0);
	assert_int_equal(v.newest->epoch, 1001);
	assert_int_equal(member_best(&v.member[0])->epoch, 1000);
}

static void torn(void **state)
{
	struct fixture *f = *state;
	CLEANUP_VOLUME struct volume v = { 0 };

	write_super(f, 1, 1001, 700);
	open_all(f, &v, 0, N);
	assert_int_equal(assemble(f, &v), 0);
	assert_int_equal(v.newest->epoch, 1000);
}

/* A newer superblock that someone without the key made, with a good CRC. */
static void forged(void **state)
{
	struct fixture *f = *state;
	CLEANUP_VOLUME struct volume v = { 0 };

	f->key.data[1] ^= 1;
	write_super(f, 1, 5001, 0);
	f->key.data[1] ^= 1;
	open_all(f, &v, 0, N);
	assert_int_equal(volume_identify(&v), 0);
	assert_int_equal(v.newest->epoch, 5001);
	assert_int_equal(volume_authenticate(&v, &f->key), 0);
	assert_int_equal(v.newest->epoch, 1000);
	assert_int_equal(v.member[1].super[1].err, RLNC_SUPER_MAC);
}

/* A member that claims that more are needed than there are is not believed unheard. */
static void demanding(void **state)
{
	struct fixture *f = *state;
	CLEANUP_VOLUME struct volume v = { 0 };

	f->sb->k = 6;
	f->sb->writes_min = 6;
	assert_int_equal(rlnc_geometry_init(&f->sb->geo, f->sb->k, f->sb->symbol_bytes), 0);
	f->key.data[1] ^= 1;
	write_super(f, 1, 5001, 0);
	f->key.data[1] ^= 1;
	open_all(f, &v, 0, N - 1);
	assert_int_equal(volume_identify(&v), 0);
	assert_int_equal(v.newest->k, 6);
	assert_int_equal(volume_least_demanding(&v)->k, 4);
	assert_int_equal(volume_authenticate(&v, &f->key), 0);
	assert_int_equal(v.newest->k, 4);
}

/* What a member of a volume that was formatted just now may say instead. */
static void formatted(void **state)
{
	struct fixture *f = *state;
	CLEANUP_VOLUME struct volume v = { 0 }, copied_one = { 0 }, other_index = { 0 };
	CLEANUP_FREE u8 *area = malloc(RLNC_SLOTS_OFFSET);

	open_all(f, &v, 0, 3);
	assert_int_equal(volume_check_order(&v, f->sb->volume_id), 0);
	assert_int_equal(pread(f->fd[2], area, RLNC_SLOTS_OFFSET, 0), RLNC_SLOTS_OFFSET);
	assert_int_equal(member_write(f->fd[1], area, RLNC_SLOTS_OFFSET, 0), 0);
	open_all(f, &copied_one, 0, 3);
	assert_int_equal(volume_check_order(&copied_one, f->sb->volume_id), -EINVAL);
	heard("members m1 and m2 are the same storage");

	assert_int_equal(pread(f->fd[5], area, RLNC_SLOTS_OFFSET, 0), RLNC_SLOTS_OFFSET);
	assert_int_equal(member_write(f->fd[1], area, RLNC_SLOTS_OFFSET, 0), 0);
	open_all(f, &other_index, 0, 3);
	assert_int_equal(volume_check_order(&other_index, f->sb->volume_id), -EIO);
	heard("member m1 does not keep what is written to it");
	f->sb->volume_id[0] ^= 1;
	assert_int_equal(volume_check_order(&v, f->sb->volume_id), -EIO);
}

/* As `repair --offline` leaves it: no MAC, and nothing of what was there before. */
static void write_unsigned(struct fixture *f, unsigned int i, u64 epoch)
{
	static const u8 no_mac[RLNC_MAC_BYTES], zero[2 * RLNC_SUPER_STRIDE];
	size_t bytes = rlnc_super_bytes(&f->sb->geo, f->sb->n);
	CLEANUP_FREE u8 *buf = malloc(bytes);

	f->sb->member = i;
	f->sb->epoch = epoch;
	rlnc_super_format(f->sb, buf);
	rlnc_super_put_mac(buf, no_mac);
	assert_int_equal(member_write(f->fd[i], zero, sizeof(zero), 0), 0);
	assert_int_equal(member_write(f->fd[i], buf, bytes, epoch % 2 * RLNC_SUPER_STRIDE), 0);
}

/* A member without a MAC that says what the others say passes, and is signed. */
static void repaired(void **state)
{
	struct fixture *f = *state;
	CLEANUP_VOLUME struct volume v = { 0 }, again = { 0 };

	write_unsigned(f, 2, 1000);
	open_all(f, &v, 0, N);
	assert_int_equal(assemble(f, &v), 0);
	assert_int_equal(v.present, N);
	assert_true(v.by_index[2]->unsigned_super);
	assert_false(v.by_index[1]->unsigned_super);
	assert_int_equal(volume_sign(v.by_index[2], f->fd[2], &f->key), 0);
	open_all(f, &again, 0, N);
	assert_int_equal(assemble(f, &again), 0);
	assert_int_equal(again.present, N);
	assert_false(again.by_index[2]->unsigned_super);
}

/* Whatever else it says, it does not. */
static void repaired_otherwise(void **state)
{
	struct fixture *f = *state;
	unsigned int i;

	for (i = 0; i < 5; i++) {
		CLEANUP_VOLUME struct volume v = { 0 };
		struct rlnc_super was = *f->sb;

		switch (i) {
		case 0:
			f->sb->root[0][40] ^= 1;
			break;
		case 1:
			f->sb->members[2].id[0] ^= 1;
			break;
		case 2:
			f->sb->members[3].valid_through++;
			break;
		case 3:
			f->sb->log_seq++;
			break;
		}
		write_unsigned(f, 2, i == 4 ? 1002 : 1000);
		*f->sb = was;
		open_all(f, &v, 0, N);
		assert_int_equal(assemble(f, &v), -ENODEV);
		heard("m2 was repaired offline for another state");
	}
}

/* Those without a MAC do not vouch for each other. */
static void repaired_only(void **state)
{
	struct fixture *f = *state;
	CLEANUP_VOLUME struct volume v = { 0 };
	unsigned int i;

	for (i = 1; i < N; i++)
		write_unsigned(f, i, 1002);
	open_all(f, &v, 0, N);
	assert_int_equal(assemble(f, &v), -ENODEV);
	heard("m1 was repaired offline for another state");
	write_unsigned(f, 0, 1002);
	volume_free(&v);
	open_all(f, &v, 0, N);
	assert_int_equal(assemble(f, &v), -EKEYREJECTED);
}

static void wrong_key(void **state)
{
	struct fixture *f = *state;
	CLEANUP_VOLUME struct volume v = { 0 };

	open_all(f, &v, 0, N);
	f->key.data[0] ^= 1;
	assert_int_equal(assemble(f, &v), -EKEYREJECTED);
	heard("this is not its volume key");
}

static void damaged(void **state)
{
	struct fixture *f = *state;
	CLEANUP_VOLUME struct volume v = { 0 };

	write_super(f, 4, 1000, 700);
	open_all(f, &v, 0, N);
	assert_int_equal(assemble(f, &v), -ENODEV);
	heard("member m4: superblock: damaged");
}

static void blank(void **state)
{
	struct fixture *f = *state;
	CLEANUP_VOLUME struct volume v = { 0 };

	open_all(f, &v, 0, N + 1);
	assert_int_equal(assemble(f, &v), -ENODEV);
	heard("member other: superblock: not a dm-rlnc member");
}

static void all_blank(void **state)
{
	struct fixture *f = *state;
	CLEANUP_VOLUME struct volume v = { 0 };

	open_all(f, &v, N, N + 1);
	assert_int_equal(assemble(f, &v), -ENODEV);
}

static void none(void **state)
{
	CLEANUP_VOLUME struct volume v = { 0 };

	assert_int_equal(volume_init(&v, 0), 0);
	assert_int_equal(assemble(*state, &v), -ENODEV);
	heard("no member can be read");
}

static void stranger(void **state)
{
	struct fixture *f = *state;
	CLEANUP_VOLUME struct volume v = { 0 };

	f->sb->volume_id[0] ^= 1;
	strcpy(f->sb->label, "alien\033[2J");
	write_super(f, 0, 2000, 0);
	open_all(f, &v, 0, N);
	assert_int_equal(assemble(f, &v), -ENODEV);
	heard("member m0 belongs to volume 11111213-1415-1617-1819-1a1b1c1d1e1f (alien?[2J), the others");
}

static void copied(void **state)
{
	struct fixture *f = *state;
	CLEANUP_VOLUME struct volume v = { 0 };
	CLEANUP_FREE u8 *area = malloc(RLNC_SLOTS_OFFSET);

	assert_int_equal(pread(f->fd[2], area, RLNC_SLOTS_OFFSET, 0), RLNC_SLOTS_OFFSET);
	assert_int_equal(member_write(f->fd[N], area, RLNC_SLOTS_OFFSET, 0), 0);
	open_all(f, &v, 0, N + 1);
	assert_int_equal(assemble(f, &v), -EINVAL);
	heard("members m2 and other are the same (index 2)");
}

/* A member that was replaced by another since comes back. */
static void replaced(void **state)
{
	struct fixture *f = *state;
	CLEANUP_VOLUME struct volume v = { 0 };
	unsigned int i;

	memset(f->sb->members[3].id, 0x99, RLNC_ID_BYTES);
	for (i = 0; i < N; i++)
		if (i != 3)
			write_super(f, i, 1001, 0);
	open_all(f, &v, 0, N);
	assert_int_equal(assemble(f, &v), -ENODEV);
	heard("member m3 was replaced");
}

static void shrunk(void **state)
{
	struct fixture *f = *state;
	CLEANUP_VOLUME struct volume v = { 0 };

	assert_int_equal(ftruncate(f->fd[5], 64 << 20), 0);
	open_all(f, &v, 0, N);
	assert_int_equal(assemble(f, &v), -ENODEV);
	heard("member m5: superblock: slot counts out of range");
}

static void too_small(void **state)
{
	struct fixture *f = *state;
	CLEANUP_VOLUME struct volume v = { 0 };

	assert_int_equal(volume_init(&v, N), 0);
	assert_int_equal(ftruncate(f->fd[5], RLNC_SLOTS_OFFSET), 0);
	assert_int_equal(volume_add(&v, names[5], f->fd[5]), -ENOSPC);
	assert_int_equal(ftruncate(f->fd[5], 0), 0);
	assert_int_equal(volume_add(&v, names[5], f->fd[5]), -ENOSPC);
	assert_int_equal(volume_add(&v, "closed", -1), -EBADF);
	assert_int_equal(v.count, 0);
}

/* --- key slots over many members -------------------------------------------- */

static int unlock(struct fixture *f, const char *text)
{
	CLEANUP_VOLUME struct volume v = { 0 };
	CLEANUP_SECRET struct secret pass = SECRET_NONE, key = SECRET_NONE;
	int rc;

	open_all(f, &v, 0, N);
	assert_int_equal(volume_identify(&v), 0);
	assert_int_equal(secret_copy(&pass, text, strlen(text)), 0);
	rc = volume_unlock(&v, &(struct volume_opener){ .pass = &pass }, &key);
	if (!rc)
		assert_true(secret_equal(&key, &f->key));
	return rc;
}

static void unlocks(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(unlock(f, "pass"), 0);
	assert_int_equal(unlock(f, "path"), -EKEYREJECTED);
	assert_string_equal(said, "");
}

/* Both places of each member are renewed: the old passphrase is gone. */
static void change_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	CLEANUP_SECRET struct secret other = SECRET_NONE;

	assert_int_equal(secret_copy(&other, "other", 5), 0);
	write_keys(f, &other, true);
	assert_int_equal(unlock(f, "other"), 0);
	assert_int_equal(unlock(f, "pass"), -EKEYREJECTED);
}

/* One member stayed away while a slot was added: the newer set counts. */
static void one_is_behind(void **state)
{
	struct fixture *f = *state;
	CLEANUP_SECRET struct secret other = SECRET_NONE;
	CLEANUP_FREE u8 *area = malloc(RLNC_KEYSLOT_BYTES);

	assert_int_equal(pread(f->fd[0], area, RLNC_KEYSLOT_BYTES, RLNC_KEYSLOT_OFFSET),
			 RLNC_KEYSLOT_BYTES);
	assert_int_equal(secret_copy(&other, "other", 5), 0);
	write_keys(f, &other, false);
	assert_int_equal(member_write(f->fd[0], area, RLNC_KEYSLOT_BYTES, RLNC_KEYSLOT_OFFSET), 0);
	assert_int_equal(unlock(f, "other"), 0);
	assert_int_equal(unlock(f, "pass"), 0);
	assert_string_equal(said, "");
}

/* What opens a stale member only is told from what opens the newest set. */
static void opens_older(void **state)
{
	struct fixture *f = *state;
	CLEANUP_VOLUME struct volume v = { 0 };
	CLEANUP_SECRET struct secret other = SECRET_NONE, key = SECRET_NONE;
	CLEANUP_FREE u8 *area = malloc(RLNC_KEYSLOT_BYTES);

	assert_int_equal(pread(f->fd[0], area, RLNC_KEYSLOT_BYTES, RLNC_KEYSLOT_OFFSET),
			 RLNC_KEYSLOT_BYTES);
	assert_int_equal(secret_copy(&other, "other", 5), 0);
	write_keys(f, &other, true);
	assert_int_equal(member_write(f->fd[0], area, RLNC_KEYSLOT_BYTES, RLNC_KEYSLOT_OFFSET), 0);
	open_all(f, &v, 0, N);
	assert_int_equal(volume_identify(&v), 0);
	assert_true(volume_unlocked_newest(&v, &f->key));
	assert_int_equal(volume_unlock(&v, &(struct volume_opener){ .pass = &f->pass }, &key), 0);
	assert_false(volume_unlocked_newest(&v, &key));
	heard("only key slots number 2, older than the newest");
	secret_free(&key);
	assert_int_equal(volume_unlock(&v, &(struct volume_opener){ .pass = &other }, &key), 0);
	assert_true(volume_unlocked_newest(&v, &key));
}

/* A set that somebody without the volume key made, in one place of these members. */
static void plant_all(struct fixture *f, unsigned int from, unsigned int to, u64 seq,
		      const struct argon_cost *cost)
{
	CLEANUP_FREE struct keyslot_set *set = calloc(1, sizeof(*set));
	CLEANUP_FREE u8 *buf = malloc(KEYSLOT_SET_MAX);
	CLEANUP_SECRET struct secret theirs = SECRET_NONE;
	struct keyslot slot = { .type = RLNC_KEYSLOT_PASSPHRASE, .cost = cheap };
	size_t bytes;

	memcpy(set->volume_id, f->sb->volume_id, sizeof(set->volume_id));
	set->seq = seq;
	assert_int_equal(secret_copy(&theirs, "0123456789abcdef0123456789abcdef", 32), 0);
	/* Our key, under our passphrase: opens, but nobody vouches for the set. */
	assert_int_equal(keyslot_wrap(set, &slot, &f->pass, &f->key), 0);
	if (cost)
		slot.cost = *cost;
	assert_int_equal(keyslot_add(set, &slot), 0);
	bytes = keyslot_format(set, &theirs, buf);
	for (; from < to; from++)
		assert_int_equal(member_write_keyslots(f->fd[from], buf, bytes, set->seq), 0);
}

static void plant(struct fixture *f, unsigned int member, u64 seq, const struct argon_cost *cost)
{
	plant_all(f, member, member + 1, seq, cost);
}

/* A hostile member plants a set with a higher number: it is seen through. */
static void planted(void **state)
{
	struct fixture *f = *state;

	plant(f, 2, 999, NULL);
	assert_int_equal(unlock(f, "pass"), 0);
	assert_string_equal(said, "");
	assert_int_equal(unlock(f, "path"), -EKEYREJECTED);
	heard("trying the key slots of member m2, which most members do not have");
	plant_all(f, 0, N, 997, NULL);
	assert_int_equal(unlock(f, "pass"), 0);
	heard("changed by someone without the volume key");

	/* The next change goes on from the set that is trusted. */
	write_keys(f, &f->pass, true);
	assert_int_equal(unlock(f, "pass"), 0);
}

/* As many hostile members as may be: no number of sets hides the one that is ours. */
static void planted_by_two(void **state)
{
	struct fixture *f = *state;
	unsigned int i;

	for (i = 0; i < 4; i++)
		plant(f, i / 2, 996 + i, NULL);
	assert_int_equal(unlock(f, "pass"), 0);
	assert_string_equal(said, "");
}

/* Nor does what it would cost to try theirs. */
static void planted_dear(void **state)
{
	static const struct argon_cost dear = { .time = 32, .memory_kib = 4u << 20, .lanes = 1 };
	struct fixture *f = *state;

	plant(f, 1, 998, &dear);
	plant(f, 1, 999, &dear);
	assert_int_equal(unlock(f, "pass"), 0);
	assert_string_equal(said, "");
}

/* Of a change that was interrupted one member has the new set: its numbers count. */
static void change_begun(void **state)
{
	struct fixture *f = *state;
	CLEANUP_VOLUME struct volume v = { 0 };
	CLEANUP_SECRET struct secret other = SECRET_NONE, key = SECRET_NONE;
	u8 *area[N];
	unsigned int i;

	for (i = 1; i < N; i++) {
		area[i] = malloc(RLNC_KEYSLOT_BYTES);
		assert_int_equal(pread(f->fd[i], area[i], RLNC_KEYSLOT_BYTES, RLNC_KEYSLOT_OFFSET),
				 RLNC_KEYSLOT_BYTES);
	}
	assert_int_equal(secret_copy(&other, "other", 5), 0);
	write_keys(f, &other, false);
	for (i = 1; i < N; i++) {
		assert_int_equal(member_write(f->fd[i], area[i], RLNC_KEYSLOT_BYTES,
					      RLNC_KEYSLOT_OFFSET), 0);
		free(area[i]);
	}
	open_all(f, &v, 0, N);
	assert_int_equal(volume_identify(&v), 0);
	assert_int_equal(volume_unlock(&v, &(struct volume_opener){ .pass = &f->pass }, &key), 0);
	assert_true(volume_unlocked_newest(&v, &key));
	assert_int_equal(v.unlocked_set->seq, 4);
	assert_string_equal(said, "");
	secret_free(&key);
	assert_int_equal(volume_unlock(&v, &(struct volume_opener){ .pass = &other }, &key), 0);
	assert_int_equal(v.unlocked_slot, 1);
	heard("trying the key slots of member m0");
}

/* Slots of another volume are none of ours. */
static void foreign_slots(void **state)
{
	struct fixture *f = *state;
	CLEANUP_VOLUME struct volume v = { 0 };
	CLEANUP_SECRET struct secret key = SECRET_NONE;
	unsigned int i;

	f->sb->volume_id[5] ^= 1;
	for (i = 0; i < N; i++)
		write_super(f, i, 1000, 0);
	open_all(f, &v, 0, N);
	assert_int_equal(volume_identify(&v), 0);
	assert_null(volume_keyslots(&v));
	assert_int_equal(volume_unlock(&v, &(struct volume_opener){ .pass = &f->pass }, &key),
			 -ENOKEY);
	heard("no usable key slots");
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(all), T(any_order), T(newest), T(torn), T(forged), T(demanding), T(formatted),
		T(wrong_key), T(damaged),
		T(blank), T(all_blank), T(none), T(stranger), T(copied), T(replaced), T(shrunk),
		T(too_small), T(unlocks), T(change_leaves_nothing), T(one_is_behind),
		T(opens_older), T(planted), T(planted_by_two), T(planted_dear),
		T(change_begun), T(foreign_slots), T(repaired), T(repaired_otherwise),
		T(repaired_only),
	};

	return cmocka_run_group_tests_name("volume", tests, NULL, NULL);
}
