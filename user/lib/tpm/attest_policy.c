// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest_node.h"

#define PCRS_OF_FIRMWARE	0xffu	/* 0 to 7 */

/* A PCR by the name of a member. */
static int read_index(const struct attest_node *n, uint32_t *index)
{
	uint64_t value;

	if (!str_number(str_of(n->name), TPM_PCRS - 1, &value) ||
	    (n->name[0] == '0' && n->name[1]))
		return node_fault(n, "there is no PCR of that number");
	*index = (uint32_t)value;
	return 0;
}

static int read_pcrs(struct attest_policy *p, const struct attest_node *n)
{
	const char *name;
	json_t *value;
	uint32_t pcr;
	int rc;

	if (!n->value)
		return 0;
	if (!json_is_object(n->value))
		return node_fault(n, "it is not an object");
	json_object_foreach(n->value, name, value) {
		struct attest_node member = { value, n, name, 0, n->fault };

		rc = read_index(&member, &pcr);
		rc = rc ? rc : node_digests(&member, p->bank, &p->pcr[pcr]);
		if (!rc && !p->pcr[pcr].count)
			rc = node_fault(&member, "the list is empty");
		if (rc)
			return rc;
		p->listed |= 1u << pcr;
	}
	return 0;
}

/* @arg: the policy's bank. */
static int read_step(const struct attest_node *n, const void *arg, void *item)
{
	struct attest_digests *step = item;
	int rc = node_digests(n, arg, step);

	return rc || step->count ? rc : node_fault(n, "the list is empty");
}

static int read_sequences(struct attest_policy *p, const struct attest_node *n)
{
	struct attest_sequence *s;
	const char *name;
	json_t *value;
	uint32_t pcr;
	int rc;

	if (!n->value)
		return 0;
	if (!json_is_object(n->value))
		return node_fault(n, "it is not an object");
	json_object_foreach(n->value, name, value) {
		struct attest_node member = { value, n, name, 0, n->fault };

		rc = read_index(&member, &pcr);
		if (rc)
			return rc;
		s = &p->sequence[pcr];
		rc = node_list(&member, sizeof(*s->step), &s->step, &s->steps, read_step, p->bank);
		if (rc)
			return rc;
		p->sequenced |= 1u << pcr;
	}
	return 0;
}

/* What is asked for besides what needs a log anyway. */
static int read_replay(struct attest_policy *p, const struct attest_node *n)
{
	size_t i;

	p->replayed = p->sequenced;
	if (p->sequenced || p->boot.asked)
		p->replayed |= PCRS_OF_FIRMWARE;
	if (!n->value)
		return 0;
	if (!json_is_array(n->value))
		return node_fault(n, "it is not a list");
	for (i = 0; i < json_array_size(n->value); i++) {
		struct attest_node element = node_element(n, i);
		int64_t pcr = 0;
		int rc = node_number(&element, 0, TPM_PCRS - 1, &pcr);

		if (!rc && pcr == TPM_PCR_IMA)
			rc = node_fault(&element, "PCR 10 is judged by ima");
		if (rc)
			return rc;
		p->replayed |= 1u << pcr;
	}
	return 0;
}

static int read_secure_boot(struct attest_policy *p, const struct attest_node *n)
{
	struct attest_secure_boot *b = &p->boot;
	const struct {
		const char *name;
		struct attest_digests *set;
		bool *any;
	} lists[] = {
		{ "pk", &b->pk, &b->any_pk }, { "kek", &b->kek, &b->any_kek },
		{ "db", &b->db, &b->any_db }, { "dbx", &b->dbx, &b->any_dbx },
		{ "authorities", &b->authorities, &b->any_authority },
		{ "others", &b->others, NULL },
	};
	static const char *const names[] = {
		"pk", "kek", "db", "dbx", "authorities", "others", NULL,
	};
	unsigned int i;
	int rc;

	if (!n->value)
		return 0;
	b->asked = true;
	rc = node_members(n, names);
	for (i = 0; !rc && i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct attest_node list = node_member(n, lists[i].name);

		if (lists[i].any)
			*lists[i].any = !list.value;
		rc = node_digests(&list, p->bank, lists[i].set);
	}
	return rc;
}

static bool has_wildcard(struct str s)
{
	size_t at;

	return str_find(s, '*', &at) || str_find(s, '?', &at);
}

static int read_file(const struct attest_node *n, const void *arg, void *item)
{
	static const char *const names[] = { "path", "digests", NULL };
	struct attest_node path = node_member(n, "path"), digests = node_member(n, "digests");
	struct attest_file *f = item;
	int rc = node_members(n, names);

	(void)arg;
	if (!rc && !path.value)
		rc = node_fault(&path, "it is missing");
	rc = rc ? rc : node_text(&path, &f->path);
	rc = rc ? rc : node_digests(&digests, NULL, &f->digests);
	/* Without a list any content will do; a list of none must not mean the same. */
	if (!rc && digests.value && !f->digests.count)
		rc = node_fault(&digests, "the list is empty");
	f->pattern = has_wildcard(f->path);
	return rc;
}

static int read_files(const struct attest_node *n, struct attest_files *files)
{
	int rc = node_list(n, sizeof(*files->item), &files->item, &files->count, read_file, NULL);

	if (!rc && files->count)
		attest_files_sort(files);
	return rc;
}

static int read_text(const struct attest_node *n, const void *arg, void *item)
{
	(void)arg;
	return node_text(n, item);
}

static int read_record(const struct attest_node *n, const void *arg, void *item)
{
	static const char *const names[] = { "name", "text", NULL };
	struct attest_node name = node_member(n, "name"), text = node_member(n, "text");
	struct attest_record *r = item;
	int rc = node_members(n, names);

	(void)arg;
	if (!rc && !name.value)
		rc = node_fault(&name, "it is missing");
	rc = rc ? rc : node_text(&name, &r->name);
	return rc ? rc : node_list(&text, sizeof(*r->text), &r->text, &r->texts, read_text, NULL);
}

static int read_volume(const struct attest_node *n, const void *arg, void *item)
{
	static const char *const names[] = { "volume_id", "k", "n", "min_epoch", "mode", NULL };
	struct attest_node id = node_member(n, "volume_id"), k = node_member(n, "k"),
			   all = node_member(n, "n"), epoch = node_member(n, "min_epoch"),
			   mode = node_member(n, "mode");
	struct attest_volume *v = item;
	struct str text = STR_NONE;
	size_t i;
	int rc = node_members(n, names);

	(void)arg;
	v->k = -1;
	v->n = -1;
	v->min_epoch = -1;
	rc = rc ? rc : node_text(&id, &text);
	if (!rc && text.len != 2 * sizeof(v->id))
		rc = node_fault(&id, "it is not 32 hexadecimal digits");
	for (i = 0; !rc && i < sizeof(v->id); i++) {
		int high = hex_value(text.at[2 * i]), low = hex_value(text.at[2 * i + 1]);

		if (high < 0 || low < 0)
			rc = node_fault(&id, "it is not 32 hexadecimal digits");
		else
			v->id[i] = (uint8_t)(high << 4 | low);
	}
	rc = rc ? rc : node_number(&k, 1, 255, &v->k);
	rc = rc ? rc : node_number(&all, 1, 255, &v->n);
	rc = rc ? rc : node_number(&epoch, 0, INT64_MAX, &v->min_epoch);
	return rc ? rc : node_text(&mode, &v->mode);
}

/* A list of none is one that no volume is on. */
static int read_volumes(const struct attest_node *n, struct attest_ima *ima)
{
	ima->volumes_asked = n->value;
	if (json_is_array(n->value) && !json_array_size(n->value))
		return 0;
	return node_list(n, sizeof(*ima->volume), &ima->volume, &ima->volumes, read_volume, NULL);
}

static int read_ima(struct attest_policy *p, const struct attest_node *n)
{
	static const char *const names[] = {
		"boot_aggregate", "violations", "padded", "files", "digests", "records", "modules",
		"volumes", "images", NULL,
	};
	struct attest_ima *ima = &p->ima;
	struct attest_node part;
	int rc;

	if (!n->value)
		return 0;
	ima->asked = true;
	ima->aggregate = true;
	rc = node_members(n, names);
	part = node_member(n, "boot_aggregate");
	rc = rc ? rc : node_bool(&part, &ima->aggregate);
	part = node_member(n, "violations");
	rc = rc ? rc : node_bool(&part, &ima->violations);
	part = node_member(n, "padded");
	rc = rc ? rc : node_bool(&part, &ima->padded);
	part = node_member(n, "files");
	rc = rc ? rc : read_files(&part, &ima->files);
	part = node_member(n, "digests");
	rc = rc ? rc : node_digests(&part, NULL, &ima->digests);
	part = node_member(n, "records");
	rc = rc ? rc : node_list(&part, sizeof(*ima->record), &ima->record, &ima->records,
				 read_record, NULL);
	part = node_member(n, "modules");
	ima->modules_asked = part.value;
	rc = rc ? rc : node_digests(&part, NULL, &ima->modules);
	part = node_member(n, "images");
	ima->images_asked = part.value;
	rc = rc ? rc : node_digests(&part, tpm_alg_by_id(TPM_ALG_SHA256), &ima->images);
	part = node_member(n, "volumes");
	return rc ? rc : read_volumes(&part, ima);
}

/* Who can make two files of one SHA-1 can make two boots of one PCR. */
static int read_head(struct attest_policy *p, const struct attest_node *n)
{
	struct attest_node version = node_member(n, "version"), name = node_member(n, "name"),
			   bank = node_member(n, "bank");
	struct str text = STR_NONE;
	int64_t number = 0;
	int rc = node_number(&version, 1, 1, &number);

	if (!rc && !version.value)
		rc = node_fault(&version, "it is missing; this is version 1");
	rc = rc ? rc : node_text(&name, &text);
	if (!rc && !str_copy(text, p->name, sizeof(p->name)))
		rc = node_fault(&name, "it is longer than %u bytes", ATTEST_NAME_MAX);
	if (!rc && !*p->name)
		rc = node_fault(&name, "it is missing");
	text = STR("sha256");
	rc = rc ? rc : node_text(&bank, &text);
	if (rc)
		return rc;
	p->bank = tpm_alg_by_name(text);
	if (!p->bank || p->bank->id == TPM_ALG_SHA1)
		return node_fault(&bank, "no bank that can be judged: sha256, sha384, sha512...");
	return 0;
}

static int read_policy(struct attest_policy *p, struct attest_fault *fault)
{
	static const char *const names[] = {
		"version", "name", "bank", "pcrs", "sequences", "replay", "secure_boot", "ima",
		NULL,
	};
	struct attest_node root = { p->root, NULL, NULL, 0, fault };
	struct attest_node pcrs = node_member(&root, "pcrs"), ima = node_member(&root, "ima"),
			   boot = node_member(&root, "secure_boot"),
			   steps = node_member(&root, "sequences"),
			   replay = node_member(&root, "replay");
	int rc = node_members(&root, names);

	rc = rc ? rc : read_head(p, &root);
	rc = rc ? rc : read_pcrs(p, &pcrs);
	rc = rc ? rc : read_sequences(p, &steps);
	rc = rc ? rc : read_secure_boot(p, &boot);
	rc = rc ? rc : read_replay(p, &replay);
	rc = rc ? rc : read_ima(p, &ima);
	if (!rc && !p->listed && !p->replayed && !p->ima.asked)
		rc = node_fault(&root, "the policy asks for nothing");
	return rc;
}

int attest_policy_parse(struct attest_policy **policy, struct str text, struct attest_fault *fault)
{
	struct attest_policy *p;
	json_error_t err;
	int rc;

	*fault = (struct attest_fault){ "" };
	if (text.len > ATTEST_POLICY_MAX)
		return -EMSGSIZE;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	rc = tpm_hash(tpm_alg_by_id(TPM_ALG_SHA256), text.at, text.len, p->digest);
	if (!rc) {
		p->root = json_loadb(text.len ? text.at : "", text.len,
				     JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &err);
		if (p->root)
			rc = read_policy(p, fault);
		else
			rc = snprintf(fault->text, sizeof(fault->text), "line %d: %.160s", err.line,
				      err.text) < 0 ? -EIO : -EINVAL;
	}
	if (rc)
		attest_policy_free(p);
	else
		*policy = p;
	return rc;
}

static void free_files(struct attest_files *files)
{
	unsigned int i;

	for (i = 0; i < files->count; i++)
		free(files->item[i].digests.item);
	free(files->item);
}

void attest_policy_free(struct attest_policy *p)
{
	struct attest_secure_boot *b;
	unsigned int i, k;

	if (!p)
		return;
	b = &p->boot;
	for (i = 0; i < TPM_PCRS; i++) {
		free(p->pcr[i].item);
		for (k = 0; k < p->sequence[i].steps; k++)
			free(p->sequence[i].step[k].item);
		free(p->sequence[i].step);
	}
	free(b->pk.item);
	free(b->kek.item);
	free(b->db.item);
	free(b->dbx.item);
	free(b->authorities.item);
	free(b->others.item);
	free_files(&p->ima.files);
	free(p->ima.digests.item);
	free(p->ima.modules.item);
	free(p->ima.images.item);
	for (i = 0; i < p->ima.records; i++)
		free(p->ima.record[i].text);
	free(p->ima.record);
	free(p->ima.volume);
	json_decref(p->root);
	free(p);
}
