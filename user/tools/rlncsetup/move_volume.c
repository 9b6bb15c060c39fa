// SPDX-License-Identifier: GPL-2.0-or-later
/* What becomes of the volume when it moves: its key, its key slots, its members. */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/report.h"
#include "crypto/hmac.h"
#include "move_host.h"
#include "tpm/boot_policy.h"
#include "tpm_esys/nv.h"
#include "volume/keyslot_tpm2.h"

#define SLOT_LABEL	"moved here"
#define DM_TEXT_MAX	130u	/* of names and UUIDs */
#define SYSFS_MAX	4096u

struct opened {
	struct tool_members members;
	struct volume volume;
};

static void opened_end(struct opened *v)
{
	volume_free(&v->volume);
	members_close(&v->members);
}

#define CLEANUP_OPENED	CLEANUP(opened_end) struct opened

/* To be changed, so that nobody else has them open. */
static int open_members(struct opened *v, const struct move_host *h)
{
	int rc;

	memset(v, 0, sizeof(*v));
	if (!h->members)
		return fail(EINVAL, "MEMBER... is missing: the members of the volume have to be given");
	rc = members_open(&v->members, h->member, h->members,
			  MEMBERS_WRITE | MEMBERS_EXCLUSIVE | MEMBERS_MAY_BE_LEFT_OUT, h->o);
	if (!rc)
		rc = members_lock(&v->members);
	if (!rc)
		rc = members_read(&v->members, &v->volume, false);
	if (!rc)
		rc = volume_identify(&v->volume);
	if (!rc && memcmp(v->volume.id, h->move.volume, UUID_BYTES))
		rc = fail(EXDEV, "these are members of volume %s", v->volume.uuid);
	return rc;
}

/* Of the newest state: its trees' roots, and which it is. */
static void root_of(const struct volume *v, uint8_t root[MOVE_ROOT_BYTES])
{
	struct sha256_state s;

	sha256_begin(&s);
	sha256_add(&s, v->newest->volume_id, sizeof(v->newest->volume_id));
	sha256_add(&s, &v->newest->epoch, sizeof(v->newest->epoch));
	sha256_add(&s, v->newest->root, sizeof(v->newest->root));
	sha256_end(&s, root);
}

int move_volume_take(void *ctx, struct move_volume *to)
{
	const struct move_host *h = ctx;
	CLEANUP_OPENED v;
	bool sealed;
	int rc = open_members(&v, h);

	if (!rc)
		rc = volume_key_find(&v.volume, h->o, &to->key, &sealed);
	if (!rc)
		rc = volume_authenticate(&v.volume, &to->key);
	if (rc)
		return rc;
	to->epoch = v.volume.newest->epoch;
	to->least = to->epoch;
	root_of(&v.volume, to->root);
	return 0;
}

/* A line of sysfs; "" of a device that has gone by now.  Return: 0 or -errno, reported. */
static int read_line(const char *dir, const char *file, char to[DM_TEXT_MAX])
{
	CLEANUP_FREE char *data = NULL, *path = NULL;
	int rc;

	*to = 0;
	if (asprintf(&path, "%s/%s", dir, file) < 0) {
		path = NULL;
		return fail(ENOMEM, "out of memory");
	}
	rc = file_read(path, SYSFS_MAX, &data, NULL);
	if (rc == -ENOENT || rc == -ENODEV)
		return 0;
	if (rc)
		return fail(-rc, "cannot read %s", path);
	snprintf(to, DM_TEXT_MAX, "%.*s", (int)strcspn(data, "\n"), data);
	return 0;
}

/*
 * Under which name it is open here, whatever the name is; "": it is not.  sysfs knows of devices
 * without a table, too.  --name may not be that of another one.
 */
static int find_open(const struct move_host *h, char name[DM_TEXT_MAX])
{
	char uuid[UUID_TEXT_MAX], want[DM_TEXT_MAX], got[DM_TEXT_MAX], as[DM_TEXT_MAX];
	const char *named = h->o->move.name;
	glob_t found;
	size_t i;
	int rc;

	*name = 0;
	snprintf(want, sizeof(want), "RLNC-%s", uuid_format(h->move.volume, uuid));
	if (access("/sys/block", F_OK))
		return fail_errno("/sys/block does not tell what is open");
	rc = glob("/sys/block/dm-*/dm", GLOB_ERR, NULL, &found);
	if (rc == GLOB_NOMATCH)
		return 0;
	if (rc)
		return fail(EIO, "/sys/block does not tell what is open");
	for (i = 0; i < found.gl_pathc && !rc; i++) {
		rc = read_line(found.gl_pathv[i], "uuid", got);
		if (!rc)
			rc = read_line(found.gl_pathv[i], "name", as);
		if (rc)
			break;
		if (!strcmp(got, want))
			strcpy(name, as);
		else if (named && !strcmp(as, named))
			rc = fail(EXDEV, "/dev/mapper/%s is not volume %s", named, uuid);
	}
	globfree(&found);
	return rc;
}

int move_volume_close(void *ctx)
{
	const struct move_host *h = ctx;
	char name[DM_TEXT_MAX], *argv = name;
	int rc = find_open(h, name);

	return rc || !*name ? rc : cmd_close(h->o, 1, &argv);
}

/* Slots that this host's TPM opens; @key has to have been found before. */
static int drop_slots(const struct move_host *h)
{
	CLEANUP_SECRET struct secret key = SECRET_NONE;
	const struct keyslot_set *old;
	struct keyslot_set *set;
	CLEANUP_OPENED v;
	bool sealed;
	u32 i;
	int rc = open_members(&v, h);

	if (rc || !volume_has_keyslot(&v.volume, RLNC_KEYSLOT_TPM2))
		return rc;
	rc = volume_key_find(&v.volume, h->o, &key, &sealed);
	if (!rc)
		rc = volume_authenticate(&v.volume, &key);
	old = rc ? NULL : volume_trusted_keyslots(&v.volume, &key);
	if (!old)
		return rc;
	set = malloc(sizeof(*set));
	if (!set)
		return fail(ENOMEM, "out of memory");
	*set = *old;
	for (i = old->count; i--;)
		if (old->slot[i].type == RLNC_KEYSLOT_TPM2)
			keyslot_remove(set, old->slot[i].number);
	rc = volume_write_keyslots(&v.volume, set, &key);
	free(set);
	return rc;
}

/*
 * Slots first, while the TPM may be needed to sign what is left of them; killed after that, the
 * epoch is still ended, by the same step done again.  It ends for copies of the members, too.
 */
int move_volume_revoke(void *ctx)
{
	const struct move_host *h = ctx;
	int rc = drop_slots(h);

	if (rc)
		return rc;
	rc = nv_counter_increment(h->tpm.device, BOOT_POLICY_EPOCH);
	if (!rc)
		hint("the TPM's epoch was ended: sign policies anew for volumes that stay (skyctl tpm sign-policy)");
	return rc == -ENOENT ? 0 : rc;
}

static int check_state(const struct volume *v, const struct move_volume *want)
{
	uint8_t root[MOVE_ROOT_BYTES];

	root_of(v, root);
	if (v->newest->epoch + 1 != want->epoch)
		return fail(ESTALE, "the members are at epoch %llu, and it was sent at %llu",
			    (unsigned long long)v->newest->epoch,
			    (unsigned long long)want->epoch - 1);
	return memcmp(root, want->root, sizeof(root)) ?
	       fail(ESTALE, "the members have another content than was sent") : 0;
}

/* One of an attempt that was killed is replaced. */
static int add_slot(const struct move_host *h, struct keyslot_set *set, const struct secret *key)
{
	CLEANUP_SECRET struct secret pass = SECRET_NONE;
	struct options o = *h->o;
	u32 i;
	int rc;

	for (i = set->count; i--;)
		if (!strncmp(set->slot[i].label, SLOT_LABEL, sizeof(set->slot[i].label)))
			keyslot_remove(set, set->slot[i].number);
	o.slot_label = SLOT_LABEL;
	if (o.tpm2)
		return tpm2_slot_make(set, &o, key);
	rc = secret_from_user(o.new_key_file, "Enter new passphrase", true, &pass);
	return rc ? rc : slot_make(set, &o, o.new_key_file, &pass, key);
}

int move_volume_keep(void *ctx, const struct move_volume *want)
{
	const struct move_host *h = ctx;
	const struct keyslot_set *old;
	struct keyslot_set *set;
	CLEANUP_OPENED v;
	int rc = open_members(&v, h);

	if (!rc)
		rc = volume_authenticate(&v.volume, &want->key);
	if (!rc)
		rc = check_state(&v.volume, want);
	if (rc)
		return rc;
	set = calloc(1, sizeof(*set));
	if (!set)
		return fail(ENOMEM, "out of memory");
	old = volume_trusted_keyslots(&v.volume, &want->key);
	if (old)
		*set = *old;
	else
		memcpy(set->volume_id, v.volume.id, sizeof(set->volume_id));
	rc = add_slot(h, set, &want->key);
	if (rc >= 0)
		rc = volume_write_keyslots(&v.volume, set, &want->key);
	free(set);
	return rc;
}

/* Copies that stay here, when they are named. */
int move_volume_erase(void *ctx)
{
	const struct move_host *h = ctx;

	return h->members ? cmd_wipe(h->o, h->members, h->member) : 0;
}
