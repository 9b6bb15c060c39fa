// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Critical data of two modules.  The device mapper writes "dm_table_load" with groups
 * "key=value,key=value;", a backslash before a separator that is meant as it stands (dm-ima.rst);
 * a target of dm-rlnc adds what it is.  hedge writes "hedge-image" with the digest of an image.
 */
#include <string.h>

#include "attest_private.h"
#include "base/hex.h"

#define TARGET		"rlnc"
#define TABLE_LOAD	"dm_table_load"
#define HEDGE_IMAGE	"hedge-image"

/* What comes before the next @at that has no backslash in front, and is taken. */
static bool cut_plain(struct str *rest, char at, struct str *before)
{
	size_t i;

	if (!rest->at)
		return false;
	for (i = 0; i < rest->len && rest->at[i] != at; i++)
		if (rest->at[i] == '\\' && i + 1 < rest->len)
			i++;
	*before = str_head(*rest, i);
	*rest = i < rest->len ? str_skip(*rest, i + 1) : STR_NONE;
	return true;
}

/* A key's value in a group; false: it is not there, or twice. */
static bool value_of(struct str group, const char *key, struct str *value)
{
	unsigned int found = 0;
	struct str pair, name;

	while (cut_plain(&group, ',', &pair))
		if (cut_plain(&pair, '=', &name) && str_is(name, key) && pair.at) {
			*value = pair;
			found++;
		}
	return found == 1;
}

static bool number_of(struct str group, const char *key, uint64_t *number)
{
	struct str value;

	return value_of(group, key, &value) && str_number(value, UINT64_MAX, number);
}

/* Does a volume have this id? */
static bool is_volume(const struct attest_volume *v, struct str id)
{
	char text[2 * ATTEST_VOLUME_ID + 1];

	hex_encode(v->id, sizeof(v->id), text);
	return str_equal_nocase(id, str_of(text));
}

/* What is wrong with a volume that is listed; NULL: nothing. */
static const char *judge_volume(const struct attest_volume *v, struct str group)
{
	uint64_t number;
	struct str mode;

	if (v->k >= 0 && (!number_of(group, "k", &number) || number != (uint64_t)v->k))
		return "its k is another";
	if (v->n >= 0 && (!number_of(group, "n", &number) || number != (uint64_t)v->n))
		return "its n is another";
	if (v->mode.len && (!value_of(group, "mode", &mode) || !str_equal(mode, v->mode)))
		return "its mode is another";
	if (v->min_epoch >= 0 &&
	    (!number_of(group, "min_epoch", &number) || number < (uint64_t)v->min_epoch))
		return "its table asks for no epoch, or for an older one";
	return NULL;
}

static void judge_target(struct attest_case *c, const struct ima_entry *e, struct str group)
{
	const struct attest_ima *p = &c->policy->ima;
	struct str id = STR_NONE;
	const char *why = "it is not on the policy's list";
	unsigned int i;

	if (!value_of(group, "volume_id", &id))
		why = "its record has no volume_id";
	for (i = 0; i < p->volumes; i++)
		if (is_volume(&p->volume[i], id)) {
			why = judge_volume(&p->volume[i], group);
			if (!why)
				return;
		}
	attest_find_entry(c, CLAIM_STORAGE, "ima-volume", e, "volume %.*s: %s", STR_ARG(id), why);
}

/* A table with no target of dm-rlnc is another's matter. */
static bool judge_table(struct attest_case *c, const struct ima_entry *e)
{
	struct str rest = e->buffer, group, name;
	bool ours = false, others = false;

	while (cut_plain(&rest, ';', &group)) {
		if (!value_of(group, "target_name", &name))
			continue;
		if (str_is(name, TARGET)) {
			ours = true;
			judge_target(c, e, group);
		} else {
			others = true;
		}
	}
	if (ours && others)
		attest_find_entry(c, CLAIM_STORAGE, "ima-volume", e,
				  "a table mixes dm-rlnc with other targets");
	return ours;
}

static void judge_image(struct attest_case *c, const struct ima_entry *e)
{
	static const char *const heads[] = {
		"sha256:", "snapshot-sha256:", "snapshot-head-sha256:",
	};
	const struct tpm_alg *sha256 = tpm_alg_by_id(TPM_ALG_SHA256);
	struct attest_digest d = { .alg = NULL };
	struct attest_finding *f;
	unsigned int i;

	for (i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		if (str_starts(e->buffer, str_of(heads[i])) &&
		    attest_digest_read(str_skip(e->buffer, strlen(heads[i])), sha256, &d) &&
		    attest_digests_have(&c->policy->ima.images, sha256, d.bytes))
			return;
	f = attest_find_entry(c, CLAIM_EXECUTABLES, "ima-image", e,
			      "the guest is not on the policy's list of images");
	if (d.alg)
		attest_found(f, sha256, d.bytes);
}

bool attest_judge_record(struct attest_case *c, const struct ima_entry *e)
{
	if (c->policy->ima.volumes_asked && str_is(e->name, TABLE_LOAD))
		return judge_table(c, e);
	if (c->policy->ima.images_asked && str_is(e->name, HEDGE_IMAGE)) {
		judge_image(c, e);
		return true;
	}
	return false;
}
