// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/kmsg.h"
#include "base/report.h"
#include "base/size.h"
#include "crypto/keyring.h"
#include "open_volume.h"
#include "rlnc_dm.h"

#define SECTORS_512_SHIFT	(RLNC_SECTOR_SHIFT - 9)

/* The logical sectors that the members have room for, by the smallest of them. */
static int room(const struct open_volume *v, const struct rlnc_super *sb, u64 *most)
{
	u64 bytes, least = ~0ull;
	unsigned int i;
	int rc;

	for (i = 0; i < v->status.n; i++) {
		CLEANUP_CLOSE int fd = -1;

		if (!*v->member[i].path) {
			fail(ENODEV, "%s: member %u is absent; all are needed, so that none is too small",
			     v->name, i);
			return -ENODEV;
		}
		fd = member_open(v->member[i].path, O_RDONLY);
		rc = fd < 0 ? fd : member_size(fd, &bytes);
		if (rc)
			return fail(-rc, "member %s: %s", v->member[i].path, strerror(-rc));
		if (bytes < least)
			least = bytes;
	}
	*most = rlnc_logical_max(&sb->geo, rlnc_slots_for_bytes(&sb->geo, least));
	if (*most > RLNC_MAX_LOGICAL_SECTORS)
		*most = RLNC_MAX_LOGICAL_SECTORS;
	return 0;
}

/* How many logical sectors it shall have. */
static int choose(const struct options *o, const struct open_volume *v,
		  const struct rlnc_super *sb, u64 *sectors)
{
	char now[SIZE_TEXT_MAX], wanted[SIZE_TEXT_MAX], most_text[SIZE_TEXT_MAX];
	u64 most = 0, has = v->sectors >> SECTORS_512_SHIFT;
	int rc = room(v, sb, &most);

	if (rc)
		return rc;
	*sectors = o->size ? o->size >> RLNC_SECTOR_SHIFT : most;
	size_format(has << RLNC_SECTOR_SHIFT, now);
	size_format(*sectors << RLNC_SECTOR_SHIFT, wanted);
	if (o->size && *sectors < has)
		return fail(EINVAL, "--size %s: the volume has %s and cannot be made smaller",
			    wanted, now);
	if (*sectors > most)
		return fail(ENODEV, "--size %s: the members hold %s at most", wanted,
			    size_format(most << RLNC_SECTOR_SHIFT, most_text));
	if (*sectors < has)
		*sectors = has;
	return 0;
}

/* The table as it is, but longer, and with the key. */
static int reload(const struct open_volume *v, const struct volume *members,
		  const struct secret *key, u64 sectors)
{
	CLEANUP_FREE char *params = NULL, *line = malloc(TARGET_TABLE_MAX);
	CLEANUP_CLOSE int mark = kmsg_mark();
	struct dm_table table = { .target = RLNC_TARGET_NAME, .params = line,
				  .sectors = sectors << SECTORS_512_SHIFT,
				  .read_only = v->info.read_only };
	char description[64], word[96];
	int32_t serial;
	int rc;

	if (!line)
		return fail(ENOMEM, "out of memory");
	rc = dm_device_table(v->name, RLNC_TARGET_NAME, &params);
	if (rc)
		return rc;
	snprintf(description, sizeof(description), "rlnc:%s", members->uuid);
	snprintf(word, sizeof(word), ":%u:logon:%s", RLNC_VOLUME_KEY_BYTES, description);
	if (target_table_rekey(params, word, line, TARGET_TABLE_MAX))
		return fail(EPROTO, "%s: the table is not understood", v->name);
	rc = keyring_add_logon(description, key->data, key->len, &serial);
	if (rc)
		return fail(-rc, "the volume key cannot be put into the kernel's keyring: %s",
			    strerror(-rc));
	rc = dm_device_reload(v->name, &table);
	keyring_unlink(serial);
	if (!rc)
		return 0;
	fail(-rc, "%s: the kernel does not make it larger: %s", v->name, strerror(-rc));
	if (!kmsg_show_since(mark, "rlnc"))
		hint("the kernel's log may say why: dmesg | grep rlnc");
	return rc;
}

/**
 * cmd_resize - rlncsetup resize
 */
int cmd_resize(const struct options *o, int argc, char **argv)
{
	CLEANUP_OPEN_VOLUME struct open_volume v = { 0 };
	CLEANUP_MEMBERS struct tool_members set = { 0 };
	CLEANUP_VOLUME struct volume members = { 0 };
	CLEANUP_SECRET struct secret key = SECRET_NONE;
	char size[SIZE_TEXT_MAX];
	u64 sectors;
	int rc = open_volume_get(argv[0], &v);

	(void)argc;
	if (!rc)
		rc = open_volume_members(&v, &set, &members);
	if (!rc)
		rc = choose(o, &v, members.newest, &sectors);
	if (rc)
		return rc;
	size_format(sectors << RLNC_SECTOR_SHIFT, size);
	if (sectors << SECTORS_512_SHIFT == v.sectors) {
		printf("%s has %s already.\n", v.name, size);
		return 0;
	}
	rc = volume_key_get(&members, o, &key);
	if (!rc)
		rc = volume_authenticate(&members, &key);
	if (!rc)
		rc = reload(&v, &members, &key, sectors);
	if (!rc)
		printf("%s has %s now.\n", v.name, size);
	return rc;
}
