// SPDX-License-Identifier: GPL-2.0-only
/* Superblocks: reading the two copies of a member, writing those of all. */
#include <crypto/algapi.h>
#include <linux/gfp.h>
#include <linux/slab.h>
#include "dm-rlnc.h"

/* The longest superblock: 255 members, 128 seals a pointer. */
#define SUPER_READ_BYTES	(5 * RLNC_SECTOR_BYTES)

static enum rlnc_super_error check_mac(struct rlnc_volume *v, void *buf,
				       const struct rlnc_super *sb)
{
	u8 want[RLNC_MAC_BYTES], have[RLNC_MAC_BYTES];

	rlnc_super_take_mac(buf, want);
	if (rlnc_crypt_mac(&v->crypt, buf, rlnc_super_bytes(&sb->geo, sb->n), have))
		return RLNC_SUPER_MAC;
	return crypto_memneq(want, have, sizeof(want)) ? RLNC_SUPER_MAC : RLNC_SUPER_OK;
}

/**
 * rlnc_super_read - the newer good superblock of a member
 * @v:		volume; with its key set, only authentic ones count
 * @dev:	member
 * @below:	only one of an epoch below this; %RLNC_EPOCH_NONE for any
 * @best:	filled in on success
 * @err:	otherwise what was wrong with the better of the two
 *
 * Return: 0, -EBADMSG when neither copy is good (@err says why), -ENOMEM, or
 * another error when the device could not be read.
 */
int rlnc_super_read(struct rlnc_volume *v, struct dm_dev *dev, u64 below,
		    struct rlnc_super *best, enum rlnc_super_error *err)
{
	enum rlnc_super_error e;
	struct rlnc_super *sb;
	bool found = false;
	int ret = -ENOMEM, unreadable = 0;
	void *buf;
	u32 i;

	*err = RLNC_SUPER_OK;
	sb = kvmalloc(sizeof(*sb), GFP_KERNEL);
	buf = alloc_pages_exact(SUPER_READ_BYTES, GFP_KERNEL);
	if (!sb || !buf)
		goto out;
	for (i = 0; i < RLNC_SUPER_COPIES; i++) {
		ret = rlnc_member_read(v, dev, i * RLNC_SUPER_STRIDE, virt_to_page(buf),
				       SUPER_READ_BYTES >> PAGE_SHIFT);
		if (ret == -ETIMEDOUT) {
			unreadable = ret;
			buf = NULL;	/* the device may still write into it */
			break;
		}
		if (ret) {
			unreadable = ret;
			continue;
		}
		memset(sb, 0, sizeof(*sb));
		e = rlnc_super_parse(buf, SUPER_READ_BYTES, sb);
		if (!e && v->crypt.has_key)
			e = check_mac(v, buf, sb);
		if (e) {
			/* "not a member" says least: any other error is better. */
			if (!*err || *err == RLNC_SUPER_MAGIC)
				*err = e;
			continue;
		}
		if (sb->epoch >= below || (found && sb->epoch < best->epoch))
			continue;
		memcpy(best, sb, sizeof(*best));
		found = true;
	}
	ret = found ? 0 : unreadable ?: -EBADMSG;
out:
	if (buf)
		free_pages_exact(buf, SUPER_READ_BYTES);
	kvfree(sb);
	return ret;
}

static int compose(struct rlnc_volume *v, struct rlnc_member *m,
		   struct rlnc_super *sb)
{
	void *buf = page_address(m->super_pages);
	u8 mac[RLNC_MAC_BYTES];
	int ret;

	sb->member = m->index;
	rlnc_super_format(sb, buf);
	ret = rlnc_crypt_mac(&v->crypt, buf, rlnc_super_bytes(&sb->geo, sb->n), mac);
	if (!ret)
		rlnc_super_put_mac(buf, mac);
	return ret;
}

/* Never write what would not be read again. */
static bool self_check(struct rlnc_volume *v, const struct rlnc_member *m)
{
	enum rlnc_super_error err;

	err = rlnc_super_parse(page_address(m->super_pages), SUPER_READ_BYTES, v->check_sb);
	if (!err)
		return true;
	DMERR("%s: superblock of member %u would not be accepted: %s", rlnc_name(v),
	      m->index, rlnc_super_strerror(err));
	return false;
}

/**
 * rlnc_super_write_all - commit an epoch
 * @v:		volume; checkpoint_mutex is held, the members are flushed
 * @epoch:	of this checkpoint
 * @slots_used:	bits set in the space tree of this checkpoint
 * @log_slot:	where the intent log goes on
 *
 * The superblock goes over the older of the two copies.  Members that fail are
 * given up.
 *
 * Return: how many members have it.
 */
u32 rlnc_super_write_all(struct rlnc_volume *v, u64 epoch, u64 slots_used,
			 u64 log_slot)
{
	struct rlnc_super *sb = v->sb;
	u32 i;

	lockdep_assert_held(&v->checkpoint_mutex);
	spin_lock(&v->member_lock);
	for (i = 0; i < v->n; i++)
		sb->members[i] = v->member[i].info;
	WRITE_ONCE(v->members_changed, false);
	spin_unlock(&v->member_lock);
	WRITE_ONCE(sb->epoch, epoch);
	sb->slots_used = slots_used;
	sb->log_slot = log_slot;
	sb->log_seq = 0;
	for (i = 0; i < RLNC_TREES; i++)
		memcpy(sb->root[i], v->root[i], v->geo.ptr_bytes);
	for (i = 0; i < v->n; i++)
		if (rlnc_member_writable(v, i) &&
		    (compose(v, &v->member[i], sb) || !self_check(v, &v->member[i])))
			return 0;
	return rlnc_members_fan(v, REQ_OP_WRITE | REQ_FUA | REQ_META,
				(epoch % RLNC_SUPER_COPIES) * RLNC_SUPER_STRIDE,
				rlnc_super_bytes(&sb->geo, sb->n),
				"superblock write error");
}
