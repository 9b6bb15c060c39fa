// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/report.h"
#include "base/size.h"
#include "base/text.h"
#include "keys_print.h"
#include "rlncsetup.h"

static const char *state_word(u8 state)
{
	switch (state) {
	case RLNC_MEMBER_ABSENT:
		return "absent";
	case RLNC_MEMBER_SYNC:
		return "in sync";
	case RLNC_MEMBER_STALE:
		return "stale";
	default:
		return "failed";
	}
}

static void print_member(const struct rlnc_super *sb, unsigned int i)
{
	const struct rlnc_member_info *m = &sb->members[i];
	char id[UUID_TEXT_MAX];

	printf("    %3u%s %s  %s", i, i == sb->member ? " this" : "     ",
	       uuid_format(m->id, id), state_word(m->state));
	if (m->state == RLNC_MEMBER_STALE || m->state == RLNC_MEMBER_FAILED)
		printf(", valid through epoch %" PRIu64, (uint64_t)m->valid_through);
	if (m->state == RLNC_MEMBER_STALE)
		printf(" and since %" PRIu64, (uint64_t)m->since);
	putchar('\n');
}

static void print_super(const struct rlnc_super *sb)
{
	char text[SIZE_TEXT_MAX], uuid[UUID_TEXT_MAX], label[sizeof(sb->label)];
	unsigned int i;

	printf("  volume     %s%s%s\n", uuid_format(sb->volume_id, uuid), *sb->label ? "  " : "",
	       text_printable(sb->label, label, sizeof(label)));
	printf("  member     %u\n", sb->member);
	printf("  code       any %u of %u, %s\n", sb->k, sb->n,
	       sb->mode == RLNC_DISK_DENSE ? "dense" : "systematic");
	printf("  symbol     %s\n", size_format(sb->symbol_bytes, text));
	printf("  writes     %u member%s must hold a commit\n", sb->writes_min,
	       plural(sb->writes_min));
	printf("  epoch      %" PRIu64 "\n", (uint64_t)sb->epoch);
	printf("  size       %s\n", size_format(sb->logical_sectors << RLNC_SECTOR_SHIFT, text));
	printf("  slots      %" PRIu64 " of %" PRIu64 " in use\n", (uint64_t)sb->slots_used,
	       (uint64_t)sb->slots);
	printf("  packs      %" PRIu64 " of %u in use\n", (uint64_t)(sb->pack_head - sb->pack_tail),
	       sb->packs);
	if (sb->log_slot == RLNC_LOG_NONE)
		printf("  log        none\n");
	else
		printf("  log        slot %" PRIu64 ", sequence number %" PRIu64 "\n",
		       (uint64_t)sb->log_slot, (uint64_t)sb->log_seq);
	printf("  members\n");
	for (i = 0; i < sb->n; i++)
		print_member(sb, i);
}

static void print_text(const struct member *m)
{
	unsigned int i;

	printf("%s: what it says of itself; without the key nothing of it is certain\n", m->name);
	for (i = 0; i < RLNC_SUPER_COPIES; i++) {
		printf("superblock %u: %s%s\n", i,
		       m->super[i].err == RLNC_SUPER_MAGIC ? "none" :
		       rlnc_super_strerror(m->super[i].err),
		       (int)i == m->best ? ", the newest" : "");
		if (!m->super[i].err)
			print_super(m->super[i].sb);
	}
	for (i = 0; i < RLNC_KEYSLOT_COPIES; i++) {
		printf("key slots %u: %s\n", i, keyslot_strerror(m->keys[i].err));
		if (!m->keys[i].err)
			keys_print_text(m->keys[i].set);
	}
}

static json_t *member_json(const struct rlnc_member_info *m, unsigned int i)
{
	char id[UUID_TEXT_MAX];
	json_t *j = json_pack("{s:i,s:s,s:s}", "index", (int)i, "id", uuid_format(m->id, id),
			      "state", state_word(m->state));

	if (j && m->valid_through != RLNC_EPOCH_NONE)
		json_object_set_new(j, "valid_through", json_integer((json_int_t)m->valid_through));
	if (j && m->since != RLNC_EPOCH_NONE)
		json_object_set_new(j, "since", json_integer((json_int_t)m->since));
	return j;
}

static json_t *super_json(const struct member_super *s)
{
	const struct rlnc_super *sb = s->sb;
	char uuid[UUID_TEXT_MAX], label[sizeof(sb->label)];
	json_t *list, *j;
	unsigned int i;

	if (s->err)
		return json_pack("{s:b,s:s}", "sound", 0, "why", rlnc_super_strerror(s->err));
	list = json_array();
	for (i = 0; i < sb->n; i++)
		json_array_append_new(list, member_json(&sb->members[i], i));
	j = json_pack("{s:b,s:s,s:s,s:i,s:i,s:i,s:s,s:i,s:i,s:I,s:I,s:I,s:I,s:I,s:I,s:o}",
		      "sound", 1, "volume", uuid_format(sb->volume_id, uuid),
		      "label", text_printable(sb->label, label, sizeof(label)),
		      "member", (int)sb->member,
		      "k", (int)sb->k, "n", (int)sb->n,
		      "mode", sb->mode == RLNC_DISK_DENSE ? "dense" : "systematic",
		      "symbol_bytes", (int)sb->symbol_bytes, "writes_min", (int)sb->writes_min,
		      "epoch", (json_int_t)sb->epoch,
		      "bytes", (json_int_t)(sb->logical_sectors << RLNC_SECTOR_SHIFT),
		      "slots", (json_int_t)sb->slots, "slots_used", (json_int_t)sb->slots_used,
		      "packs", (json_int_t)sb->packs,
		      "packs_used", (json_int_t)(sb->pack_head - sb->pack_tail),
		      "members", list);
	if (j && sb->log_slot != RLNC_LOG_NONE)
		json_object_set_new(j, "log", json_pack("{s:I,s:I}", "slot",
							(json_int_t)sb->log_slot, "seq",
							(json_int_t)sb->log_seq));
	return j;
}

static json_t *keyslots_json(const struct member_keyslots *k)
{
	if (k->err)
		return json_pack("{s:b,s:s}", "sound", 0, "why", keyslot_strerror(k->err));
	return keys_json(k->set);
}

static int print_json(const struct member *m)
{
	json_t *supers = json_array(), *keys = json_array(), *root;
	char name[4096];
	unsigned int i;

	for (i = 0; i < RLNC_SUPER_COPIES; i++)
		json_array_append_new(supers, super_json(&m->super[i]));
	for (i = 0; i < RLNC_KEYSLOT_COPIES; i++)
		json_array_append_new(keys, keyslots_json(&m->keys[i]));
	root = json_pack("{s:s,s:I,s:i,s:o,s:o}", "name", text_printable(m->name, name, sizeof(name)), "bytes", (json_int_t)m->bytes,
			 "newest", m->best, "superblocks", supers, "key_slots", keys);
	if (!root)
		return fail(ENOMEM, "out of memory");
	json_dumpf(root, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(root);
	return 0;
}

/**
 * cmd_dump - rlncsetup dump
 */
int cmd_dump(const struct options *o, int argc, char **argv)
{
	CLEANUP_MEMBERS struct tool_members set = { 0 };
	CLEANUP_VOLUME struct volume v = { 0 };
	const struct member *m;
	int rc;

	rc = members_open(&set, argv, argc, 0, o);
	if (!rc)
		rc = members_read(&set, &v, false);
	if (rc)
		return rc;
	m = &v.member[0];
	if (o->json)
		rc = print_json(m);
	else
		print_text(m);
	if (!rc && m->best < 0)
		rc = fail(ENODEV, "member %s: superblock: %s", m->name,
			  rlnc_super_strerror(member_why_not(m)));
	return rc;
}
