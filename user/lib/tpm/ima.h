/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IMA's measurement list in its binary form (securityfs binary_runtime_measurements, little
 * endian).  It is read where it lies, from any entry on.
 *
 * Of an entry the template's data is under the digest, so that names and digests of files are
 * proven by a replay.  The template's name is not: an entry may be called another with the same
 * form of data.  So a digest and a name have to come first, as in all templates of the kernel's,
 * and a record is known by its digest, which is that of its buffer.  And any entry is somebody's
 * claim until the PCR was reached that was quoted.
 */
#ifndef SKY_TPM_IMA_H
#define SKY_TPM_IMA_H

#include "pcr.h"

#define IMA_MAX_BYTES		(64u << 20)
#define IMA_MAX_ENTRIES		1000000u
#define IMA_NAME_MAX		255	/* of a file in the template "ima", without its NUL */
#define IMA_TEMPLATE_MAX	255	/* of a template's name or format */
#define IMA_AGGREGATE		"boot_aggregate"

struct ima_list {
	const uint8_t *at;		/* the caller's */
	size_t len;
	const struct tpm_alg *alg;	/* of the digests in it; SHA-1 mostly */

	/* Where ima_next() stands. */
	size_t offset;
	unsigned int index;
	const char *why;		/* what is wrong with the entry there */
};

struct ima_entry {
	unsigned int index;		/* from 0 */
	size_t offset;			/* in the list */
	uint32_t pcr;			/* below TPM_PCRS */
	bool violation;			/* a file was open for writing: nothing else holds */
	const uint8_t *digest;		/* of the data, list->alg->size bytes; or zeros */
	struct str template;		/* a claim */
	bool old;			/* template "ima", whose data is digested otherwise */
	struct str data;		/* the template's */

	/* Its fields; STR_NONE: there is no such. */
	struct str name;		/* n, n-ng: without the NUL */
	struct str kind;		/* d-ngv2: "ima" or "verity", of which the digest is */
	struct str hash;		/* d, d-ng, d-ngv2: "sha256", the algorithm's name */
	struct str value;		/* its digest */
	struct str signature;		/* sig, evmsig */
	struct str buffer;		/* buf, or the third field whose digest the entry has */
	bool has_buffer;		/* a record, or called one: the buffer may be empty */
};

/**
 * ima_open() - Stand before the first entry.
 * @list: set up; refers to @bytes
 * @bytes: untrusted
 * @len: up to IMA_MAX_BYTES
 * @alg: of the list's own digests; NULL: the one that fits the first entry
 *
 * Return: 0, -EMSGSIZE, -EBADMSG with list->why, -ENOMEM or -EIO.
 */
int ima_open(struct ima_list *list, const void *bytes, size_t len, const struct tpm_alg *alg);

/**
 * ima_next() - Read an entry, and check its digest.
 * @list: opened; list->offset and list->index may be set to where an earlier list ended
 * @e: receives it
 *
 * Return: 1, 0 at the end, -EBADMSG with list->why, -ENOMEM or -EIO.
 */
int ima_next(struct ima_list *list, struct ima_entry *e);

/**
 * ima_digest() - What the kernel has extended a bank with for an entry.
 * @e: from ima_next()
 * @alg: the bank's
 * @digest: receives alg->size bytes
 *
 * Return: 0, -ENOMEM or -EIO.
 */
int ima_digest(const struct ima_entry *e, const struct tpm_alg *alg, uint8_t *digest);

/*
 * A replay.  A bank whose hash the kernel does not have is extended with the SHA-1 digest and
 * zeros behind it.  Nothing in the list says so; both are computed, and that is right which
 * leads to what was quoted.
 */
struct ima_replay {
	struct tpm_pcr_set pcrs;	/* each bank extended with its own digest */
	struct tpm_pcr_set padded;	/* with SHA-1 and zeros */
	size_t offset;			/* bytes of the list that were replayed */
	unsigned int entries;
};

/* From these PCRs on: those of the reset, or what a log of firmware leads to. */
void ima_replay_begin(struct ima_replay *r, const struct tpm_pcr_set *pcrs);

/* Return: 0, -ENOMEM or -EIO. */
int ima_replay_entry(struct ima_replay *r, const struct ima_list *list, const struct ima_entry *e);

enum ima_match {
	IMA_BEHIND,			/* the list ends before the PCR's value is reached */
	IMA_MATCH,
	IMA_MATCH_PADDED,		/* by SHA-1 and zeros alone */
};

/**
 * ima_match() - Replay entries until PCRs have the values that were quoted.
 * @r: begun; may have replayed a part already, when @list goes on there
 * @list: opened; the entries that are needed are read, and no more
 * @quoted: a bank
 * @pcrs: bits of those of its PCRs that the list is to lead to, TPM_PCR_IMA among them
 *
 * The list is read later than the quote is made, so that it may be longer.
 *
 * Return: enum ima_match, -EBADMSG with list->why, -EINVAL when the bank is not in @r, -ENOMEM
 * or -EIO.
 */
int ima_match(struct ima_replay *r, struct ima_list *list, const struct tpm_pcr_bank *quoted,
	      uint32_t pcrs);

enum ima_aggregate {
	AGGREGATE_WRONG,		/* of other PCRs than these */
	AGGREGATE_RIGHT,
	AGGREGATE_UNKNOWN,		/* the PCRs of that bank are not there */
};

/**
 * ima_aggregate() - Is this entry's digest that of the PCRs of firmware?
 * @e: the entry of name IMA_AGGREGATE
 * @pcrs: quoted
 *
 * SHA-1 is over PCRs 0 to 7; others are over 0 to 9, or 0 to 7 before Linux 5.9.
 *
 * Return: enum ima_aggregate, -ENOMEM or -EIO.
 */
int ima_aggregate(const struct ima_entry *e, const struct tpm_pcr_set *pcrs);

#endif /* SKY_TPM_IMA_H */
