/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Structures of TPM 2.0 as they go over the wire (Library Specification, Part 2): big endian,
 * no alignment, lengths before what they measure.  Pure functions over bytes that nobody
 * vouches for; nothing is allocated.
 */
#ifndef SKY_TPM_WIRE_H
#define SKY_TPM_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is no hash; those are in alg.h. */
enum {
	TPM_ALG_RSA		= 0x0001,
	TPM_ALG_TDES		= 0x0003,
	TPM_ALG_AES		= 0x0006,
	TPM_ALG_NULL		= 0x0010,
	TPM_ALG_SM4		= 0x0013,
	TPM_ALG_RSASSA		= 0x0014,
	TPM_ALG_RSAES		= 0x0015,
	TPM_ALG_RSAPSS		= 0x0016,
	TPM_ALG_OAEP		= 0x0017,
	TPM_ALG_ECDSA		= 0x0018,
	TPM_ALG_ECDH		= 0x0019,
	TPM_ALG_ECDAA		= 0x001a,
	TPM_ALG_SM2		= 0x001b,
	TPM_ALG_ECSCHNORR	= 0x001c,
	TPM_ALG_ECMQV		= 0x001d,
	TPM_ALG_ECC		= 0x0023,
	TPM_ALG_CAMELLIA	= 0x0026,
	TPM_ALG_CFB		= 0x0043,
};

/* Bytes that somebody else owns. */
struct tpm_blob {
	const uint8_t *at;	/* may be NULL when @len is 0 */
	size_t len;
};

#define TPM_BLOB_NONE	((struct tpm_blob){ NULL, 0 })

/* After a read beyond the end it is bad, stays so, and all that is read is 0 or empty. */
struct tpm_reader {
	const uint8_t *at;
	size_t left;		/* bytes */
	bool bad;
};

#define TPM_READER(data, bytes)	((struct tpm_reader){ .at = (data), .left = (bytes) })

uint8_t tpm_read_u8(struct tpm_reader *r);
uint16_t tpm_read_u16(struct tpm_reader *r);
uint32_t tpm_read_u32(struct tpm_reader *r);
uint64_t tpm_read_u64(struct tpm_reader *r);
struct tpm_blob tpm_read_bytes(struct tpm_reader *r, size_t len);

/* A TPM2B: 16 bits of length and so many bytes, @max at most. */
struct tpm_blob tpm_read_2b(struct tpm_reader *r, size_t max);

/* Was all there, and is nothing left? */
bool tpm_read_end(const struct tpm_reader *r);

/* What does not fit is not written, and makes the writer bad for good. */
struct tpm_writer {
	uint8_t *at;
	size_t len, size;	/* bytes written, bytes there are */
	bool bad;
};

#define TPM_WRITER(buf, bytes)	((struct tpm_writer){ .at = (buf), .size = (bytes) })

void tpm_write_u16(struct tpm_writer *w, uint16_t value);
void tpm_write_u32(struct tpm_writer *w, uint32_t value);
void tpm_write_u64(struct tpm_writer *w, uint64_t value);
void tpm_write_bytes(struct tpm_writer *w, const void *bytes, size_t len);
void tpm_write_2b(struct tpm_writer *w, const void *bytes, size_t len);

bool tpm_blob_equal(struct tpm_blob a, struct tpm_blob b);

#endif /* SKY_TPM_WIRE_H */
