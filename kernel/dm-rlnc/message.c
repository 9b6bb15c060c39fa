// SPDX-License-Identifier: GPL-2.0-only
/* dmsetup message: a table of verbs. */
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include "dm-rlnc.h"

static int member_number(struct rlnc_volume *v, const char *word, u32 *index)
{
	if (!kstrtou32(word, 10, index) && *index < v->n)
		return 0;
	DMWARN("%s: there is no such member; they are numbered from 0 to %u", rlnc_name(v),
	       v->n - 1);
	return -EINVAL;
}

static int msg_fail(struct rlnc_volume *v, unsigned int argc, char **argv)
{
	u32 index;
	int ret = member_number(v, argv[1], &index);

	if (!ret)
		rlnc_member_fail(v, index, RLNC_REASON_REQUEST);
	return ret;
}

static int msg_return(struct rlnc_volume *v, unsigned int argc, char **argv)
{
	u32 index;

	return member_number(v, argv[1], &index) ?: rlnc_member_return(v, index);
}

static int msg_replace(struct rlnc_volume *v, unsigned int argc, char **argv)
{
	u32 index;

	return member_number(v, argv[1], &index) ?:
	       rlnc_member_replace(v, index, argv[2], &v->answer);
}

static int msg_add(struct rlnc_volume *v, unsigned int argc, char **argv)
{
	return rlnc_member_add(v, argv[1]);
}

static int msg_member(struct rlnc_volume *v, unsigned int argc, char **argv)
{
	u32 index, ms;
	int ret = member_number(v, argv[1], &index);

	if (ret)
		return ret;
	if (strcmp(argv[2], RLNC_OPT_DEADLINE_MS) || kstrtou32(argv[3], 10, &ms) ||
	    (ms && (ms < RLNC_DEADLINE_MS_MIN || ms > RLNC_DEADLINE_MS_MAX))) {
		DMWARN("%s: a member is given \"deadline_ms\" and %u..%u, or 0 for the volume's",
		       rlnc_name(v), RLNC_DEADLINE_MS_MIN, RLNC_DEADLINE_MS_MAX);
		return -EINVAL;
	}
	rlnc_member_set_deadline(v, index, ms);
	return 0;
}

static int msg_scrub(struct rlnc_volume *v, unsigned int argc, char **argv)
{
	bool start = !strcmp(argv[1], "start");

	if (!start && strcmp(argv[1], "stop")) {
		DMWARN("%s: a scrub is given \"start\" or \"stop\"", rlnc_name(v));
		return -EINVAL;
	}
	rlnc_scrub(v, start);
	return 0;
}

static int msg_checkpoint(struct rlnc_volume *v, unsigned int argc, char **argv)
{
	int settled = rlnc_stages_settle(v);

	return rlnc_checkpoint(v) ?: settled;
}

/* Does some member's superblock open with the key that is set? */
static bool key_fits(struct rlnc_volume *v)
{
	enum rlnc_super_error err;
	struct rlnc_super *sb;
	bool fits = false;
	u32 i;

	sb = kvzalloc(sizeof(*sb), GFP_KERNEL);
	for (i = 0; sb && i < v->n && !fits; i++)
		fits = v->member[i].dev && !rlnc_super_read(v, v->member[i].dev,
							    RLNC_EPOCH_NONE, sb, &err);
	kvfree(sb);
	return fits;
}

static int change_key(struct rlnc_volume *v, unsigned int argc, char **argv)
{
	u8 key[RLNC_VOLUME_KEY_BYTES];
	int ret;

	if (v->running) {
		DMWARN("%s: the key can be wiped or set only while suspended",
		       rlnc_name(v));
		return -EINVAL;
	}
	if (argc == 2 && !strcmp(argv[1], "wipe")) {
		rlnc_crypt_wipe_key(&v->crypt);
		rlnc_event_volume(v, RLNC_EVENT_KEY_WIPED, NULL);
		return 0;
	}
	if (argc != 3 || strcmp(argv[1], "set"))
		return -EINVAL;
	ret = rlnc_key_load(argv[2], key) ?:
	      rlnc_crypt_set_key(&v->crypt, v->sb->volume_id, key);
	memzero_explicit(key, sizeof(key));
	if (!ret && !key_fits(v)) {
		DMERR("%s: that is not the volume's key", rlnc_name(v));
		rlnc_crypt_wipe_key(&v->crypt);
		ret = -EKEYREJECTED;
	}
	if (!ret)
		rlnc_event_volume(v, RLNC_EVENT_KEY_SET, NULL);
	return ret;
}

/* Any of them may be the key: the verb may have been forgotten, or a word too many given. */
static void wipe_words(unsigned int argc, char **argv)
{
	while (argc-- > 1)
		memzero_explicit(argv[argc], strlen(argv[argc]));
}

static int msg_key(struct rlnc_volume *v, unsigned int argc, char **argv)
{
	int ret = change_key(v, argc, argv);

	wipe_words(argc, argv);
	return ret;
}

static const struct {
	const char *verb;
	unsigned int argc_min;
	unsigned int argc_max;
	int (*handle)(struct rlnc_volume *v, unsigned int argc, char **argv);
} verbs[] = {
	{ RLNC_MSG_FAIL, 2, 2, msg_fail },
	{ RLNC_MSG_RETURN, 2, 2, msg_return },
	{ RLNC_MSG_REPLACE, 3, 3, msg_replace },
	{ RLNC_MSG_ADD, 2, 2, msg_add },
	{ RLNC_MSG_MEMBER, 4, 4, msg_member },
	{ RLNC_MSG_SCRUB, 2, 2, msg_scrub },
	{ RLNC_MSG_CHECKPOINT, 1, 1, msg_checkpoint },
	{ RLNC_MSG_KEY, 2, 3, msg_key },
};

/* Return: 0, 1 with an answer in @result, or a negative error. */
int rlnc_message(struct dm_target *ti, unsigned int argc, char **argv,
		 char *result, unsigned int maxlen)
{
	struct rlnc_volume *v = ti->private;
	unsigned int noio;
	int ret;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(argv[0], verbs[i].verb))
			continue;
		if (argc < verbs[i].argc_min || argc > verbs[i].argc_max)
			break;
		mutex_lock(&v->message_mutex);
		v->answer = NULL;
		/* User I/O may be held back: reclaim must not wait for it. */
		noio = memalloc_noio_save();
		if (verbs[i].handle != msg_key && (!v->running || dm_suspended(ti))) {
			DMWARN("%s: no message but \"key\" while it is suspended; resume it first",
			       rlnc_name(v));
			ret = -EBUSY;
		} else {
			ret = verbs[i].handle(v, argc, argv);
		}
		memalloc_noio_restore(noio);
		if (!ret && v->answer)
			ret = scnprintf(result, maxlen, "%s", v->answer) > 0;
		mutex_unlock(&v->message_mutex);
		return ret;
	}
	if (!strcmp(argv[0], RLNC_MSG_KEY))
		wipe_words(argc, argv);
	DMWARN("%s: unknown message %s, or wrong number of words", rlnc_name(v), argv[0]);
	return -EINVAL;
}
