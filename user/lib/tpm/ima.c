// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "bytes.h"
#include "ima.h"

static int bad(struct ima_list *list, const char *why)
{
	list->why = why;
	return -EBADMSG;
}

/* A format by its name; a format of the administrator's stands in the list itself. */
static struct str format_of(struct str template)
{
	static const struct {
		const char *name, *format;
	} known[] = {
		{ "ima", "d|n" }, { "ima-ng", "d-ng|n-ng" }, { "ima-ngv2", "d-ngv2|n-ng" },
		{ "ima-sig", "d-ng|n-ng|sig" }, { "ima-sigv2", "d-ngv2|n-ng|sig" },
		{ "ima-buf", "d-ng|n-ng|buf" }, { "ima-modsig", "d-ng|n-ng|sig|d-modsig|modsig" },
		{ "evm-sig",
		  "d-ng|n-ng|evmsig|xattrnames|xattrlengths|xattrvalues|iuid|igid|imode" },
	};
	unsigned int i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (str_is(template, known[i].name))
			return str_of(known[i].format);
	return template;
}

/* "sha256:" NUL digest; with "ima:" or "verity:" in front when it is of the second form. */
static bool read_digest(struct ima_entry *e, struct str field, bool second)
{
	const struct tpm_alg *alg;
	struct str head;
	size_t end;

	if (!str_find(field, '\0', &end))
		return false;
	head = str_head(field, end);
	e->value = str_skip(field, end + 1);
	if (second && !str_cut(&head, ':', &e->kind))
		return false;
	if (!str_cut(&head, ':', &e->hash) || !head.at || head.len || !e->hash.len)
		return false;
	alg = tpm_alg_by_name(e->hash);
	return e->value.len && (!alg || e->value.len == alg->size);
}

/* The older form has no name of an algorithm; it is SHA-1, or MD5. */
static bool read_plain_digest(struct ima_entry *e, struct str field)
{
	e->hash = field.len == TPM_SHA1_BYTES ? STR("sha1") : STR("md5");
	e->value = field;
	return field.len == TPM_SHA1_BYTES || field.len == 16;
}

static bool read_name(struct ima_entry *e, struct str field)
{
	size_t end;

	e->name = field;
	if (str_find(field, '\0', &end))
		e->name = str_head(field, end);
	return field.len - e->name.len <= 1;
}

static bool read_field(struct ima_entry *e, struct str id, struct str field)
{
	if (str_is(id, "d"))
		return read_plain_digest(e, field);
	if (str_is(id, "d-ng") || str_is(id, "d-ngv2"))
		return read_digest(e, field, str_is(id, "d-ngv2"));
	if (str_is(id, "n") || str_is(id, "n-ng"))
		return read_name(e, field);
	if (str_is(id, "sig") || str_is(id, "evmsig"))
		e->signature = field;
	if (str_is(id, "buf")) {
		e->buffer = field;
		e->has_buffer = true;
	}
	return true;
}

/* Digest and name stand where the data has them, so that no format can pass over one. */
static bool is_in_place(struct str id, unsigned int place)
{
	bool digest = str_is(id, "d") || str_is(id, "d-ng") || str_is(id, "d-ngv2");
	bool name = str_is(id, "n") || str_is(id, "n-ng");

	return digest == !place && name == (place == 1);
}

/*
 * Who calls a record of ima-buf by another name would have it judged as a file.  But its digest is
 * that of its third field.  A file's is so only where it holds its own signature, byte for byte;
 * who makes such a file has it judged as a record.
 */
static int find_record(struct ima_entry *e, struct str third)
{
	const struct tpm_alg *alg = tpm_alg_by_name(e->hash);
	uint8_t digest[TPM_DIGEST_MAX];
	int rc;

	if (e->has_buffer || !third.len || !alg)
		return 0;
	rc = tpm_hash(alg, third.at, third.len, digest);
	if (rc || memcmp(digest, e->value.at, alg->size))
		return rc;
	e->buffer = third;
	e->has_buffer = true;
	return 0;
}

static int read_fields(struct ima_list *list, struct ima_entry *e)
{
	struct bytes b = bytes_of(e->data.at, e->data.len);
	struct str format = format_of(e->template), id, field, third = STR_NONE;
	unsigned int place;

	for (place = 0; str_cut(&format, '|', &id); place++) {
		if (!is_in_place(id, place))
			return bad(list, "the template is not one of a digest, a name, and more");
		if (!bytes_counted(&b, &field))
			return bad(list, "the template's data does not have the form of its name");
		if (!read_field(e, id, field))
			return bad(list, "a field of the template is malformed");
		if (place == 2)
			third = field;
	}
	if (place < 2)
		return bad(list, "the template is not one of a digest, a name, and more");
	if (b.len)
		return bad(list, "the template's data has bytes that its name does not account for");
	return find_record(e, third);
}

/* The first template: a digest, a length and a name, and no length of it all. */
static int read_old(struct ima_list *list, struct bytes *b, struct ima_entry *e)
{
	struct bytes start = *b;

	e->old = true;
	if (!bytes_str(b, TPM_SHA1_BYTES, &e->value) || !bytes_counted(b, &e->name))
		return bad(list, "the entry is cut short");
	if (e->name.len > IMA_NAME_MAX || (e->name.len && memchr(e->name.at, 0, e->name.len)))
		return bad(list, "a field of the template is malformed");
	e->hash = STR("sha1");
	e->data = (struct str){ (const char *)start.at, start.len - b->len };
	return 0;
}

static int read_entry(struct ima_list *list, struct ima_entry *e, size_t *len)
{
	struct bytes b = bytes_of(list->at + list->offset, list->len - list->offset);
	int rc;

	if (!bytes_le32(&b, &e->pcr) || !bytes_take(&b, list->alg->size, &e->digest) ||
	    !bytes_counted(&b, &e->template))
		return bad(list, "the entry is cut short");
	if (e->pcr >= TPM_PCRS)
		return bad(list, "there is no PCR of that number");
	if (!e->template.len || e->template.len > IMA_TEMPLATE_MAX)
		return bad(list, "the template's name is too long, or missing");
	if (str_is(e->template, "ima"))
		rc = read_old(list, &b, e);
	else if (!bytes_counted(&b, &e->data))
		rc = bad(list, "the entry is cut short");
	else
		rc = read_fields(list, e);
	*len = list->len - list->offset - b.len;
	return rc;
}

int ima_digest(const struct ima_entry *e, const struct tpm_alg *alg, uint8_t *digest)
{
	static const uint8_t zeros[IMA_NAME_MAX + 1];
	const struct tpm_part part[] = {
		{ e->value.at, e->value.len }, { e->name.at, e->name.len },
		{ zeros, e->old ? sizeof(zeros) - e->name.len : 0 },
	};

	if (e->violation) {
		memset(digest, 0xff, alg->size);
		return 0;
	}
	/* Of the old template the name alone is digested, in a buffer of fixed length. */
	if (e->old)
		return tpm_hash_parts(alg, part, 3, digest);
	return tpm_hash(alg, e->data.at, e->data.len, digest);
}

int ima_next(struct ima_list *list, struct ima_entry *e)
{
	static const uint8_t zeros[TPM_DIGEST_MAX];
	uint8_t digest[TPM_DIGEST_MAX];
	size_t len;
	int rc;

	memset(e, 0, sizeof(*e));
	e->index = list->index;
	e->offset = list->offset;
	if (list->offset == list->len)
		return 0;
	if (list->index == IMA_MAX_ENTRIES)
		return bad(list, "there are too many entries");
	rc = read_entry(list, e, &len);
	if (rc)
		return rc;
	e->violation = !memcmp(e->digest, zeros, list->alg->size);
	if (!e->violation) {
		rc = ima_digest(e, list->alg, digest);
		if (rc)
			return rc;
		if (memcmp(digest, e->digest, list->alg->size))
			return bad(list, "the entry's digest is not that of its data");
	}
	list->offset += len;
	list->index++;
	return 1;
}

int ima_open(struct ima_list *list, const void *bytes, size_t len, const struct tpm_alg *alg)
{
	const struct tpm_alg *first = alg ? alg : tpm_alg_by_id(TPM_ALG_SHA1);
	struct ima_list try;
	struct ima_entry e;
	unsigned int i;

	*list = (struct ima_list){ .at = bytes, .len = len, .alg = first };
	if (len > IMA_MAX_BYTES)
		return -EMSGSIZE;
	if (alg || !len)
		return 0;
	for (i = 0; i < TPM_ALGS; i++) {
		try = *list;
		try.alg = tpm_alg_row(i);
		/* A violation says nothing about whose zeros they are. */
		if (ima_next(&try, &e) == 1 && !e.violation) {
			list->alg = try.alg;
			return 0;
		}
	}
	return 0;
}

void ima_replay_begin(struct ima_replay *r, const struct tpm_pcr_set *pcrs)
{
	r->pcrs = *pcrs;
	r->padded = *pcrs;
	r->offset = 0;
	r->entries = 0;
}

static int extend_both(struct ima_replay *r, unsigned int bank, const struct ima_entry *e)
{
	const struct tpm_alg *alg = r->pcrs.bank[bank].alg, *sha1 = tpm_alg_by_id(TPM_ALG_SHA1);
	uint8_t digest[TPM_DIGEST_MAX] = { 0 };
	int rc = ima_digest(e, alg, digest);

	if (!rc)
		rc = tpm_pcr_extend(&r->pcrs.bank[bank], e->pcr, digest);
	if (!rc && !e->violation) {
		memset(digest, 0, sizeof(digest));
		rc = ima_digest(e, sha1, digest);
	} else if (alg->id >= TPM_ALG_SHA3_256) {
		/* The kernel has no hash of that name at all: a violation is padded, too. */
		memset(digest + TPM_SHA1_BYTES, 0, sizeof(digest) - TPM_SHA1_BYTES);
	}
	return rc ? rc : tpm_pcr_extend(&r->padded.bank[bank], e->pcr, digest);
}

int ima_replay_entry(struct ima_replay *r, const struct ima_list *list, const struct ima_entry *e)
{
	unsigned int i;
	int rc = 0;

	for (i = 0; !rc && i < r->pcrs.count; i++)
		rc = extend_both(r, i, e);
	if (!rc) {
		r->offset = list->offset;
		r->entries++;
	}
	return rc;
}

static bool reached(const struct tpm_pcr_set *set, const struct tpm_pcr_bank *quoted, uint32_t pcrs)
{
	const struct tpm_pcr_bank *bank = tpm_pcr_get(set, quoted->alg->id);
	uint32_t i;

	for (i = 0; i < TPM_PCRS; i++)
		if ((pcrs & (1u << i)) &&
		    (!(quoted->known & (1u << i)) ||
		     memcmp(bank->value[i], quoted->value[i], bank->alg->size)))
			return false;
	return true;
}

int ima_match(struct ima_replay *r, struct ima_list *list, const struct tpm_pcr_bank *quoted,
	      uint32_t pcrs)
{
	struct ima_entry e;
	int rc;

	if (!tpm_pcr_get(&r->pcrs, quoted->alg->id))
		return -EINVAL;
	for (;;) {
		if (reached(&r->pcrs, quoted, pcrs))
			return IMA_MATCH;
		if (reached(&r->padded, quoted, pcrs))
			return IMA_MATCH_PADDED;
		rc = ima_next(list, &e);
		if (rc <= 0)
			return rc ? rc : IMA_BEHIND;
		rc = ima_replay_entry(r, list, &e);
		if (rc)
			return rc;
	}
}

static int aggregate_over(const struct ima_entry *e, const struct tpm_pcr_bank *bank,
			  unsigned int pcrs)
{
	uint32_t mask = (1u << pcrs) - 1;
	struct tpm_part part[TPM_PCRS];
	uint8_t digest[TPM_DIGEST_MAX];
	unsigned int i;
	int rc;

	if ((bank->known & mask) != mask)
		return AGGREGATE_UNKNOWN;
	for (i = 0; i < pcrs; i++)
		part[i] = (struct tpm_part){ bank->value[i], bank->alg->size };
	rc = tpm_hash_parts(bank->alg, part, pcrs, digest);
	if (rc)
		return rc;
	return memcmp(digest, e->value.at, bank->alg->size) ? AGGREGATE_WRONG : AGGREGATE_RIGHT;
}

int ima_aggregate(const struct ima_entry *e, const struct tpm_pcr_set *pcrs)
{
	const struct tpm_alg *alg = tpm_alg_by_name(e->hash);
	const struct tpm_pcr_bank *bank = alg ? tpm_pcr_get(pcrs, alg->id) : NULL;
	int rc;

	if (e->violation || (alg && e->value.len != alg->size))
		return AGGREGATE_WRONG;
	if (!bank)
		return AGGREGATE_UNKNOWN;
	if (alg->id == TPM_ALG_SHA1)
		return aggregate_over(e, bank, 8);
	rc = aggregate_over(e, bank, 10);
	return rc == AGGREGATE_WRONG ? aggregate_over(e, bank, 8) : rc;
}
