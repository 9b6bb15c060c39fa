// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "pe.h"

#define DOS_MAGIC	0x5a4du		/* "MZ" */
#define DOS_NEW_HEADER	0x3cu		/* where the offset of the PE header stands */
#define PE_MAGIC	0x00004550u	/* "PE", two zeros */
#define COFF_BYTES	24u		/* with the magic number */
#define PE32		0x010bu
#define PE32_PLUS	0x020bu
#define SECTION_BYTES	40u
#define DIRECTORY_BYTES	8u
#define CERTIFICATES	4u		/* which directory */

/* Offsets in the optional header. */
#define HEADERS_AT	60u
#define CHECKSUM_AT	64u
#define COUNT_AT(plus)	((plus) ? 108u : 92u)

static uint32_t le(const struct pe_image *im, size_t at, unsigned int bytes)
{
	uint32_t value = 0;

	while (bytes--)
		value = value << 8 | im->at[at + bytes];
	return value;
}

static bool has(const struct pe_image *im, size_t at, size_t len)
{
	return at <= im->len && len <= im->len - at;
}

/* The last directory that counts: certificates stand at the end of the file. */
static const char *read_certificates(struct pe_image *im, size_t entry)
{
	size_t at = le(im, entry, 4), len = le(im, entry + 4, 4);

	im->certificate_entry = entry;
	if (!len && !at)
		return NULL;
	if (!len || !has(im, at, len) || at + len != im->len || at < im->headers)
		return "the certificates are not at the end of the file";
	im->certificates = len;
	return NULL;
}

/* @optional: where the optional header stands, and how long it is. */
static const char *read_optional(struct pe_image *im, size_t optional, size_t len)
{
	size_t entry, plus;
	uint32_t count;

	if (len < 2 || !has(im, optional, len))
		return "the optional header is not there";
	plus = le(im, optional, 2) == PE32_PLUS;
	if (!plus && le(im, optional, 2) != PE32)
		return "it is neither PE32 nor PE32+";
	if (len < COUNT_AT(plus) + 4)
		return "the optional header is too short";
	im->headers = le(im, optional + HEADERS_AT, 4);
	im->checksum = optional + CHECKSUM_AT;
	count = le(im, optional + COUNT_AT(plus), 4);
	if (count > (len - COUNT_AT(plus) - 4) / DIRECTORY_BYTES)
		return "there are more directories than the header has room for";
	if (!has(im, 0, im->headers) || im->headers < optional + len)
		return "the headers are longer than the file, or than they say";
	entry = optional + COUNT_AT(plus) + 4 + CERTIFICATES * DIRECTORY_BYTES;
	return count > CERTIFICATES ? read_certificates(im, entry) : NULL;
}

static void read_section(const struct pe_image *im, size_t at, struct pe_section *s)
{
	memcpy(s->name, im->at + at, PE_NAME_MAX);
	s->name[PE_NAME_MAX] = 0;
	s->size = le(im, at + 8, 4);
	s->address = le(im, at + 12, 4);
	s->raw_size = le(im, at + 16, 4);
	s->offset = le(im, at + 20, 4);
}

static const char *read_sections(struct pe_image *im, size_t table)
{
	const struct pe_section *s;
	unsigned int i;

	if (im->sections > PE_SECTIONS_MAX)
		return "there are too many sections";
	if (!has(im, table, im->sections * SECTION_BYTES) ||
	    table + im->sections * SECTION_BYTES > im->headers)
		return "the table of sections is not in the headers";
	for (i = 0; i < im->sections; i++) {
		s = &im->section[i];
		read_section(im, table + i * SECTION_BYTES, &im->section[i]);
		if (s->raw_size && !has(im, s->offset, s->raw_size))
			return "a section is not in the file";
	}
	return NULL;
}

/* --- the order in the file ----------------------------------------------------------------- */

/* Sections that the file has something of, by where they stand.  Return: how many. */
static unsigned int in_order(const struct pe_image *im, const struct pe_section **to)
{
	unsigned int i, j, n = 0;

	for (i = 0; i < im->sections; i++) {
		if (!im->section[i].raw_size)
			continue;
		for (j = n++; j && to[j - 1]->offset > im->section[i].offset; j--)
			to[j] = to[j - 1];
		to[j] = &im->section[i];
	}
	return n;
}

static const char *check_order(const struct pe_image *im)
{
	const struct pe_section *s[PE_SECTIONS_MAX];
	unsigned int i, n = in_order(im, s);
	size_t end = im->headers;

	for (i = 0; i < n; i++) {
		if (s[i]->offset < end)
			return "sections overlap in the file";
		if (s[i]->offset > end)
			return "there is a gap before a section in the file";
		end += s[i]->raw_size;
	}
	return end > im->len - im->certificates ? "certificates overlap a section" : NULL;
}

static const char *parse(struct pe_image *im)
{
	size_t header, optional_len;
	const char *why;

	if (!has(im, 0, DOS_NEW_HEADER + 4) || le(im, 0, 2) != DOS_MAGIC)
		return "it does not begin as an image does";
	header = le(im, DOS_NEW_HEADER, 4);
	if (!has(im, header, COFF_BYTES) || le(im, header, 4) != PE_MAGIC)
		return "it has no PE header";
	im->machine = le(im, header + 4, 2);
	im->sections = le(im, header + 6, 2);
	optional_len = le(im, header + 20, 2);
	why = read_optional(im, header + COFF_BYTES, optional_len);
	if (!why)
		why = read_sections(im, header + COFF_BYTES + optional_len);
	return why ? why : check_order(im);
}

int pe_parse(const void *data, size_t len, struct pe_image *im, const char **why)
{
	*im = (struct pe_image){ .at = data, .len = len };
	*why = parse(im);
	if (*why)
		im->sections = 0;
	return *why ? -ENOEXEC : 0;
}

/* --- digests --------------------------------------------------------------------------------- */

static void add(struct tpm_part *part, unsigned int *parts, const struct pe_image *im, size_t from,
		size_t to)
{
	part[(*parts)++] = (struct tpm_part){ im->at + from, to - from };
}

int pe_authenticode(const struct pe_image *im, const struct tpm_alg *alg, uint8_t *digest)
{
	struct tpm_part part[PE_SECTIONS_MAX + 4];
	const struct pe_section *s[PE_SECTIONS_MAX];
	unsigned int i, parts = 0, n = in_order(im, s);
	size_t at = im->checksum + 4, end = im->headers;

	add(part, &parts, im, 0, im->checksum);
	if (im->certificate_entry) {
		add(part, &parts, im, at, im->certificate_entry);
		at = im->certificate_entry + DIRECTORY_BYTES;
	}
	add(part, &parts, im, at, im->headers);
	for (i = 0; i < n; i++) {
		add(part, &parts, im, s[i]->offset, s[i]->offset + (size_t)s[i]->raw_size);
		end += s[i]->raw_size;
	}
	add(part, &parts, im, end, im->len - im->certificates);
	return tpm_hash_parts(alg, part, parts, digest);
}

int pe_section_data(const struct pe_image *im, const char *name, struct tpm_blob *data)
{
	const struct pe_section *found = NULL;
	unsigned int i;

	for (i = 0; i < im->sections; i++) {
		if (strcmp(im->section[i].name, name))
			continue;
		if (found)
			return -EEXIST;
		found = &im->section[i];
	}
	if (!found)
		return -ENOENT;
	if (found->size > found->raw_size)
		return -ENOEXEC;
	*data = (struct tpm_blob){ found->size ? im->at + found->offset : NULL, found->size };
	return 0;
}
