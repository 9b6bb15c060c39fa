// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/progress.h"
#include "base/report.h"
#include "base/size.h"
#include "base/text.h"
#include "rlncsetup.h"
#include "volume/super_mac.h"

/* Without --symbol: the largest symbol with a generation no larger than this. */
#define DEFAULT_GENERATION	(64u << 10)

/**
 * format_default_symbol - bytes of a symbol, unless told otherwise
 */
u32 format_default_symbol(u32 k)
{
	u32 symbol = RLNC_MIN_SYMBOL;

	while (symbol * 2 * k <= DEFAULT_GENERATION)
		symbol *= 2;
	return symbol;
}

static int shape(const struct options *o, unsigned int n, struct rlnc_super *sb)
{
	char symbol[SIZE_TEXT_MAX], most[SIZE_TEXT_MAX];

	if (!o->k)
		return fail(EINVAL, "-k K is needed: how many of the %u member%s suffice?", n,
			    plural(n));
	if (o->k > n)
		return fail(EINVAL, "k = %" PRIu64 " of %u member%s: k cannot be more than n",
			    o->k, n, plural(n));
	sb->k = (u16)o->k;
	sb->n = (u16)n;
	sb->symbol_bytes = o->symbol ? (u32)o->symbol : format_default_symbol(sb->k);
	if (rlnc_geometry_init(&sb->geo, sb->k, sb->symbol_bytes))
		return fail(EINVAL, "--symbol %s: a power of two, and k = %u times it at most %s",
			    size_format(sb->symbol_bytes, symbol), sb->k,
			    size_format(RLNC_MAX_GENERATION, most));
	sb->mode = o->dense ? RLNC_DISK_DENSE : RLNC_DISK_SYSTEMATIC;
	sb->writes_min = o->writes_min ? (u32)o->writes_min :
					 rlnc_default_writes_min(sb->k, sb->n);
	if (sb->writes_min < sb->k || sb->writes_min > sb->n)
		return fail(EINVAL, "--writes-min %u: not within k = %u and n = %u",
			    sb->writes_min, sb->k, sb->n);
	return label_copy("--label", o->label, sb->label, sizeof(sb->label));
}

/* What a member must have, so that there is room for anything. */
static u64 least_bytes(const struct rlnc_super *sb)
{
	u64 slots = 1;

	while (!rlnc_logical_max(&sb->geo, slots))
		slots++;
	return RLNC_SLOTS_OFFSET + slots * sb->symbol_bytes;
}

/* The smallest member rules. */
static int fit(const struct options *o, const struct tool_members *set, struct rlnc_super *sb)
{
	char smallest[SIZE_TEXT_MAX], wanted[SIZE_TEXT_MAX], most[SIZE_TEXT_MAX];
	u64 bytes, min_bytes = ~0ull, max;
	const char *name = NULL;
	unsigned int i;
	int rc;

	for (i = 0; i < set->count; i++) {
		rc = member_size(set->member[i].fd, &bytes);
		if (rc)
			return fail(-rc, "member %s: size: %s", set->member[i].name, strerror(-rc));
		if (bytes < min_bytes) {
			min_bytes = bytes;
			name = set->member[i].name;
		}
	}
	sb->slots = rlnc_slots_for_bytes(&sb->geo, min_bytes);
	sb->packs = rlnc_packs_max(sb->slots);
	max = rlnc_logical_max(&sb->geo, sb->slots);
	if (max > RLNC_MAX_LOGICAL_SECTORS)
		max = RLNC_MAX_LOGICAL_SECTORS;
	if (!max) {
		fail(ENODEV, "member %s is too small: it has %s, %s are needed", name,
		     size_format(min_bytes, smallest), size_format(least_bytes(sb), most));
		if (sb->symbol_bytes > RLNC_MIN_SYMBOL)
			hint("a smaller --symbol needs less");
		return -ENODEV;
	}
	sb->logical_sectors = o->size ? o->size >> RLNC_SECTOR_SHIFT : max;
	if (sb->logical_sectors > max)
		return fail(EINVAL, "--size %s: the members hold %s at most; the smallest is %s",
			    size_format(o->size, wanted),
			    size_format(max << RLNC_SECTOR_SHIFT, most), name);
	return 0;
}

static int draw_identities(struct rlnc_super *sb)
{
	int rc = random_bytes(sb->volume_id, sizeof(sb->volume_id));
	unsigned int i;

	if (!rc)
		rc = random_bytes(sb->coeff_seed, sizeof(sb->coeff_seed));
	/* RFC 4122, 4.4: tools that see the id expect a random UUID's form. */
	sb->volume_id[6] = (sb->volume_id[6] & 0x0f) | 0x40;
	sb->volume_id[8] = (sb->volume_id[8] & 0x3f) | 0x80;
	for (i = 0; i < sb->n && !rc; i++) {
		rc = random_bytes(sb->members[i].id, RLNC_ID_BYTES);
		sb->members[i].state = RLNC_MEMBER_SYNC;
		sb->members[i].valid_through = RLNC_EPOCH_NONE;
		sb->members[i].since = RLNC_EPOCH_NONE;
	}
	sb->epoch = 1;
	sb->log_slot = RLNC_LOG_NONE;
	return rc ? fail(-rc, "no random numbers: %s", strerror(-rc)) : 0;
}

/* The volume key and the slots that hold it. */
static int make_keys(const struct options *o, const struct rlnc_super *sb,
		     struct keyslot_set *set, struct secret *key)
{
	CLEANUP_SECRET struct secret pass = SECRET_NONE;
	int rc;

	memcpy(set->volume_id, sb->volume_id, sizeof(set->volume_id));
	if (o->volume_key_file) {
		rc = volume_key_from_file(o->volume_key_file, key);
	} else {
		rc = secret_alloc(key, RLNC_VOLUME_KEY_BYTES);
		key->len = RLNC_VOLUME_KEY_BYTES;
		if (!rc)
			rc = random_bytes(key->data, key->len);
		if (rc)
			fail(-rc, "no volume key: %s", strerror(-rc));
	}
	if (rc || (o->volume_key_file && !o->key_file))
		return rc;
	rc = secret_from_user(o->key_file, "Enter passphrase for the new volume", true, &pass);
	if (rc)
		return rc;
	rc = slot_make(set, o, o->key_file, &pass, key);
	return rc < 0 ? rc : 0;
}

static int write_super(const struct tool_member *m, struct rlnc_super *sb,
		       const u8 mac_key[RLNC_MAC_BYTES])
{
	size_t bytes = rlnc_super_bytes(&sb->geo, sb->n);
	CLEANUP_FREE u8 *buf = malloc(bytes);
	u64 copy = sb->epoch % RLNC_SUPER_COPIES;
	int rc = buf ? super_write(sb, mac_key, buf) : -ENOMEM;

	if (!rc)
		rc = member_write(m->fd, buf, bytes, copy * RLNC_SUPER_STRIDE);
	return rc ? fail(-rc, "member %s: superblock: %s", m->name, strerror(-rc)) : 0;
}

/* Key slots first: what has a superblock is complete. */
static int write_all(const struct options *o, const struct tool_members *set,
		     struct rlnc_super *sb, struct keyslot_set *slots, const struct secret *key)
{
	u8 mac_key[RLNC_MAC_BYTES];
	struct progress bar;
	struct volume v;
	unsigned int i;
	int rc = 0;

	progress_start(&bar, "formatting", 2ull * set->count);
	for (i = 0; i < set->count && !rc; i++) {
		rc = prepare_head(&set->member[i], o->force);
		progress_update(&bar, i + 1);
	}
	if (!rc)
		rc = members_read(set, &v, false);
	if (!rc) {
		memcpy(v.id, sb->volume_id, sizeof(v.id));
		rc = volume_write_keyslots(&v, slots, key);
		volume_free(&v);
	}
	if (!rc)
		rc = super_mac_key(key, sb->volume_id, mac_key);
	for (i = 0; i < set->count && !rc; i++) {
		sb->member = (u16)i;
		rc = write_super(&set->member[i], sb, mac_key);
		progress_update(&bar, set->count + i + 1);
	}
	explicit_bzero(mac_key, sizeof(mac_key));
	progress_end(&bar);
	return rc;
}

/* Two devices that are one storage show here, as does one that loses writes. */
static int verify(const struct tool_members *set, const struct rlnc_super *sb,
		  const struct secret *key)
{
	CLEANUP_VOLUME struct volume v = { 0 };
	int rc = members_read(set, &v, false);

	if (!rc)
		rc = volume_check_order(&v, sb->volume_id);
	if (!rc)
		rc = volume_identify(&v);
	return rc ? rc : volume_authenticate(&v, key);
}

static void tell(const struct rlnc_super *sb, const struct keyslot_set *slots)
{
	char uuid[UUID_TEXT_MAX], size[SIZE_TEXT_MAX], symbol[SIZE_TEXT_MAX], code[64];

	if (sb->n == 1)
		snprintf(code, sizeof(code), "on one member");
	else
		snprintf(code, sizeof(code), "any %u of %u members give%s it back", sb->k, sb->n,
			 sb->k == 1 ? "s" : "");
	printf("Volume %s: %s, %s\n"
	       "  symbol %s, %" PRIu64 " slots, commits need %u member%s, %u key slot%s\n",
	       uuid_format(sb->volume_id, uuid),
	       size_format(sb->logical_sectors << RLNC_SECTOR_SHIFT, size), code,
	       size_format(sb->symbol_bytes, symbol), (uint64_t)sb->slots, sb->writes_min,
	       plural(sb->writes_min), slots->count, plural(slots->count));
}

/**
 * cmd_format - rlncsetup format
 */
int cmd_format(const struct options *o, int argc, char **argv)
{
	CLEANUP_MEMBERS struct tool_members set = { 0 };
	CLEANUP_FREE struct rlnc_super *sb = calloc(1, sizeof(*sb));
	CLEANUP_FREE struct keyslot_set *slots = calloc(1, sizeof(*slots));
	CLEANUP_SECRET struct secret key = SECRET_NONE;
	unsigned int i;
	int rc;

	if (!sb || !slots)
		return fail(ENOMEM, "out of memory");
	rc = shape(o, argc, sb);
	if (!rc)
		rc = members_open(&set, argv, argc, MEMBERS_WRITE | MEMBERS_EXCLUSIVE, o);
	if (!rc)
		rc = members_lock(&set);
	for (i = 0; i < set.count && !rc && !o->force; i++)
		rc = signature_check(&set.member[i]);
	if (!rc)
		rc = fit(o, &set, sb);
	if (!rc)
		rc = prepare_confirm(o, &set);
	if (!rc)
		rc = draw_identities(sb);
	if (!rc)
		rc = make_keys(o, sb, slots, &key);
	if (!rc)
		rc = write_all(o, &set, sb, slots, &key);
	if (!rc)
		rc = verify(&set, sb, &key);
	if (!rc)
		tell(sb, slots);
	return rc;
}
