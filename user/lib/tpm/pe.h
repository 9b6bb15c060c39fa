/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images that firmware starts (Microsoft PE/COFF), and the digest by which it signs and measures
 * them (Windows Authenticode Portable Executable Signature Format, as EDK II computes it).
 * pe_parse() is a pure function over bytes that nobody vouches for; nothing is allocated.
 */
#ifndef SKY_TPM_PE_H
#define SKY_TPM_PE_H

#include "alg.h"
#include "wire.h"

#define PE_SECTIONS_MAX		96	/* the format's own limit */
#define PE_NAME_MAX		8

struct pe_section {
	char name[PE_NAME_MAX + 1];
	uint32_t address, size;		/* in memory */
	uint32_t offset, raw_size;	/* in the file; raw_size may be more or less than size */
};

struct pe_image {
	const uint8_t *at;		/* the file */
	size_t len;
	uint16_t machine;
	size_t checksum;		/* offset of 4 bytes that are not hashed */
	size_t certificate_entry;	/* offset of 8 bytes likewise, or 0: there are none */
	size_t headers;			/* SizeOfHeaders */
	size_t certificates;		/* bytes at the end of the file that are not hashed */
	unsigned int sections;
	struct pe_section section[PE_SECTIONS_MAX];	/* as they stand in the file's table */
};

/**
 * pe_parse() - Look at an image.
 * @data: untrusted; has to outlive @im
 * @len: all of it
 * @im: receives it
 * @why: receives what is wrong
 *
 * Images of which tools compute different digests are refused: sections that overlap or leave
 * gaps in the file, and certificates that are not at its end.
 *
 * Return: 0, or -ENOEXEC.
 */
int pe_parse(const void *data, size_t len, struct pe_image *im, const char **why);

/* Its Authenticode digest, of alg->size bytes.  Return: 0, -ENOMEM or -EIO. */
int pe_authenticode(const struct pe_image *im, const struct tpm_alg *alg, uint8_t *digest);

/**
 * pe_section_data() - What a section has in memory, as far as it is in the file.
 * @im: from pe_parse()
 * @name: with its dot
 * @data: receives it
 *
 * Return: 0, -ENOENT, -EEXIST when there are several of that name, or -ENOEXEC when the file has
 * less of it than memory has.
 */
int pe_section_data(const struct pe_image *im, const char *name, struct tpm_blob *data);

#endif /* SKY_TPM_PE_H */
