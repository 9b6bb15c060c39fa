// SPDX-License-Identifier: GPL-2.0-or-later
/* Key slots for people and for programs, without anything secret. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "keys_print.h"
#include "tpm/alg.h"
#include "volume/keyslot_tpm2.h"

static const char *date(u64 seconds, char text[32])
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(text, 32, "%Y-%m-%d %H:%M:%SZ", &tm))
		strcpy(text, "at an unknown time");
	return text;
}

static const char *bank_name(const struct keyslot_tpm2 *t)
{
	const struct tpm_alg *alg = tpm_alg_by_id(t->bank);

	return alg ? alg->name : "an unknown bank";
}

static void print_tpm2(const struct keyslot *s)
{
	struct keyslot_tpm2 t;
	const char *before = "  PCRs ";
	unsigned int i;

	if (keyslot_tpm2_get(s, &t))
		return;
	for (i = 0; i < RLNC_KEYSLOT_PCRS; i++) {
		if (!(t.pcrs & 1u << i))
			continue;
		printf("%s%u", before, i);
		before = "+";
	}
	printf(" of %s", bank_name(&t));
}

static json_t *tpm2_json(const struct keyslot *s)
{
	struct keyslot_tpm2 t;
	json_t *pcrs = json_array();
	unsigned int i;

	if (keyslot_tpm2_get(s, &t)) {
		json_decref(pcrs);
		return NULL;
	}
	for (i = 0; i < RLNC_KEYSLOT_PCRS; i++)
		if (t.pcrs & 1u << i)
			json_array_append_new(pcrs, json_integer(i));
	return json_pack("{s:s,s:o,s:I}", "bank", bank_name(&t), "pcrs", pcrs, "epoch_index",
			 (json_int_t)t.epoch_index);
}

/**
 * keys_print_text - one line for each slot
 */
void keys_print_text(const struct keyslot_set *set)
{
	char when[32], label[33];
	u32 i;

	printf("  set %" PRIu64 ", %u slot%s\n", (uint64_t)set->seq, set->count,
	       set->count == 1 ? "" : "s");
	for (i = 0; i < set->count; i++) {
		const struct keyslot *s = &set->slot[i];

		printf("    %2u  %-10s  %s", s->number, keyslot_type_name(s->type),
		       date(s->created, when));
		if (s->type == RLNC_KEYSLOT_PASSPHRASE)
			printf("  argon2id, %u passes over %u KiB in %u lane%s", s->cost.time,
			       s->cost.memory_kib, s->cost.lanes, plural(s->cost.lanes));
		if (s->type == RLNC_KEYSLOT_TPM2)
			print_tpm2(s);
		if (*s->label)
			printf("  \"%s\"", text_printable(s->label, label, sizeof(label)));
		putchar('\n');
	}
}

/**
 * keys_json - a set as JSON
 *
 * Return: a new reference, or NULL.
 */
json_t *keys_json(const struct keyslot_set *set)
{
	json_t *list = json_array();
	char label[33];
	u32 i;

	for (i = 0; i < set->count; i++) {
		const struct keyslot *s = &set->slot[i];
		json_t *j = json_pack("{s:i,s:s,s:I,s:s}", "number", (int)s->number, "type",
				      keyslot_type_name(s->type), "created",
				      (json_int_t)s->created, "label",
				      text_printable(s->label, label, sizeof(label)));

		if (j && s->type == RLNC_KEYSLOT_PASSPHRASE)
			json_object_set_new(j, "argon2id",
					    json_pack("{s:I,s:I,s:I}", "time",
						      (json_int_t)s->cost.time, "memory_kib",
						      (json_int_t)s->cost.memory_kib, "lanes",
						      (json_int_t)s->cost.lanes));
		if (j && s->type == RLNC_KEYSLOT_TPM2)
			json_object_set_new(j, "tpm2", tpm2_json(s));
		json_array_append_new(list, j);
	}
	return json_pack("{s:b,s:I,s:o}", "sound", 1, "seq", (json_int_t)set->seq, "slots", list);
}
