/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was used, by whom, as it is signed: a line of canonical JSON (RFC 8785: members in the
 * order of their names, no spaces, one way to write each text).
 *
 *	{"record":{"ak":"000b...","boot":3,"counters":{"guest_cpu_us":12,...},"from":1,
 *	 "image":"5891...","input":"","instance":0,"output":"","prev":"0000...","seq":0,
 *	 "source":"hedge","tenant":"red","to":61,"unit":"web#4"},"signature":"MEUC..."}
 *
 * and in front of the first one of each key, what its host's TPM says of that key:
 *
 *	{"certificate":{"ak":"AAEA...","boot":3,"key":"BJ..."},"quote":"/1RD...",
 *	 "signature":"AB..."}
 *
 * Here both are only written and read; whether they are true: chain.h.
 */
#ifndef SKY_METER_RECORD_H
#define SKY_METER_RECORD_H

#include "base/out.h"
#include "crypto/ecdsa.h"
#include "crypto/kdf.h"

#define METER_COUNTERS		64u		/* of one record, at most */
#define METER_COUNTER_NAME	40u		/* bytes of a name, at most */
#define METER_TEXT_MAX		255u		/* bytes of tenant, source and unit */
#define METER_NUMBER_MAX	((1ull << 53) - 1)	/* as RFC 8785 has them */
#define METER_AK_BYTES		34u		/* a Name of SHA-256 */
#define METER_MESSAGE_MAX	2048u		/* bytes of public area, quote, its signature */
#define METER_LINE_MAX		16384u		/* bytes of a line without its newline */

/* SHA-256 of something, or nothing. */
struct meter_digest {
	bool set;
	uint8_t at[SHA256_BYTES];
};

/* Since the instance began: it never goes back. */
struct meter_counter {
	struct str name;		/* lower case, digits and _ */
	uint64_t value;
};

struct meter_record {
	uint8_t ak[METER_AK_BYTES];	/* Name of the host's attestation key */
	uint64_t boot;			/* of the host, by its TPM (resetCount) */
	uint64_t seq;			/* number in the chain, from 0 */
	uint8_t prev[SHA256_BYTES];	/* digest of the record before; of the first: zeros */
	struct str source;		/* what counts: "hedge", "skyd" */
	struct str tenant;		/* who pays */
	struct str unit;		/* what was counted: a VM, a team */
	uint64_t instance;		/* one life of a unit: its counters begin with 0 */
	struct meter_digest image;	/* that it runs */
	struct meter_digest input;	/* what it was given, and */
	struct meter_digest output;	/* what it gave */
	uint64_t from, to;		/* microseconds since 1970 */
	unsigned int counters;
	struct meter_counter counter[METER_COUNTERS];	/* in the order of their names */
};

/* All point into the line. */
struct meter_line {
	struct str body;		/* what is signed, or quoted the digest of */
	struct meter_record record;
	uint8_t signature[ECDSA_DER_MAX];
	size_t signature_len;
};

struct meter_certificate {
	struct str body;
	uint64_t boot;
	uint8_t key[P256_POINT_BYTES];	/* that signs records */
	uint8_t ak[METER_MESSAGE_MAX];	/* TPMT_PUBLIC */
	size_t ak_len;
	uint8_t quote[METER_MESSAGE_MAX];	/* TPMS_ATTEST; its extra data: SHA-256 of @body */
	size_t quote_len;
	uint8_t signature[METER_MESSAGE_MAX];	/* TPMT_SIGNATURE */
	size_t signature_len;
};

enum meter_kind {
	METER_RECORD,
	METER_CERTIFICATE,
	METER_NEITHER,
};

/* By its beginning alone. */
enum meter_kind meter_kind_of(struct str line);

/* What a text has that cannot stand in a record becomes "?"; no more than METER_TEXT_MAX bytes. */
struct str meter_text(struct str from, char to[METER_TEXT_MAX + 1]);

/*
 * The body of a record.  Sets o->err to -EMSGSIZE for a number that is too large, and to -EINVAL
 * for a text that cannot stand there, or counters that are not in the order of their names.
 */
void meter_record_print(struct out *o, const struct meter_record *r);

/* A whole line, without its newline: @body as it was signed. */
void meter_line_print(struct out *o, struct str body, const uint8_t *signature, size_t len);

/**
 * meter_line_parse - read a record with its signature
 * @line:	from a stranger, without its newline
 * @to:		receives it; its texts lie in @line
 *
 * Return: 0, or -EBADMSG for what the two above do not write.
 */
int meter_line_parse(struct str line, struct meter_line *to);

/* The body alone, as meter_record_print() writes it. */
int meter_record_parse(struct str body, struct meter_record *to);

/* @ak: a TPMT_PUBLIC of @ak_len bytes. */
void meter_certificate_print(struct out *o, const void *ak, size_t ak_len, uint64_t boot,
			     const uint8_t key[P256_POINT_BYTES]);
void meter_certificate_line(struct out *o, struct str body, const void *quote, size_t quote_len,
			    const void *signature, size_t signature_len);

/* As meter_line_parse(). */
int meter_certificate_parse(struct str line, struct meter_certificate *to);

/* Of a body: what the next record has as prev, and the ledger as its leaf. */
void meter_digest_of(struct str body, uint8_t digest[SHA256_BYTES]);

/* The value of a counter, or 0: there is none of that name. */
uint64_t meter_counter_get(const struct meter_record *r, struct str name);

#endif /* SKY_METER_RECORD_H */
