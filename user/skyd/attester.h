/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The attester: the process that has this machine's TPM.  It enrols the machine with the backend,
 * and pushes evidence: on a timer, and when IMA's list has grown (attest_link.h).
 *
 * The TPM, both logs and the file of its key are opened before rights are given up; after that
 * nothing can be.  It holds no secret: what it says is signed by the TPM, and judged elsewhere.
 *
 *	attester.c		its life, and one round after the other
 *	attester_key.c		the attestation key, from one start to the next
 *	attester_tpm.c		keys, and quotes that fit what was read
 */
#ifndef SKYD_ATTESTER_H
#define SKYD_ATTESTER_H

#include "attest_link.h"
#include "io/work.h"
#include "role_run.h"
#include "tpm_esys/device.h"

#define ATTESTER_FILES	4u	/* descriptors that are kept: the TPM's, the logs', the key's */

struct attester {
	struct role_run *run;
	struct device *device;
	int log[ATTEST_LOGS];		/* -1: there is none */
	int key_fd;			/* the key's file; -1: it is not kept, or is loaded */
	struct device_bytes kept;	/* the key, as the file has it */
	bool key_made;			/* it was not there, and is to be written */
	struct io_pool *pool;		/* a thread, for the TPM */
	struct io_task *task;
	struct device_bytes ek, ak;
	u8 certificate[DEVICE_NV_MAX];
	size_t certificate_len;		/* 0: there is none */
	u64 sent[ATTEST_LOGS];		/* bytes that the backend has */
	u32 lease_ms;			/* of a good verdict */
	bool told, trusted;		/* what was logged last */
	int failed;			/* the same */
};

/*
 * In this order.  What needs rights; what stays open, at most ATTESTER_FILES; what needs the loop;
 * the end of its rounds; the rest.  Return: 0 or -errno, and a line in the log.
 */
int attester_prepare(struct role_run *run);
unsigned int attester_files(const struct attester *a, int fd[ATTESTER_FILES]);
int attester_start(struct attester *a);
void attester_stop(struct attester *a);
void attester_free(struct role_run *run);

/* --- attester_key.c --- */

/* Open its file and read it; where it cannot be kept a line in the log says so. */
void attester_key_open(struct attester *a, const char *path);
void attester_key_close(struct attester *a);
/*
 * Before a key is made: have the file alone until it is closed, and read it again.  Somebody else
 * of this machine may have made one meanwhile.
 */
void attester_key_claim(struct attester *a);
/* Keep ->kept, durably.  Return: 0 or -errno. */
int attester_key_write(struct attester *a);

/* --- attester_tpm.c: each on a fiber, the TPM on its thread --- */

/*
 * Make both keys, or load the one that was kept, and read the certificate.  Return: 0; -EXDEV: what
 * was kept is another TPM's; -EBADMSG: it is no key; -EIO: the TPM does not; -errno.
 */
int attester_keys(struct attester *a);

struct attester_quote {
	u8 nonce[ATTEST_NONCE];
	u16 bank;
	u32 mask;
	u8 pcrs[ATTEST_PCRS_MAX];
	size_t pcrs_len;
	struct device_bytes message, signature;
};

/*
 * Quote what the first three members say.  PCRs are read before, and again where one has changed
 * meanwhile.  Return: 0; -EAGAIN: they change too fast; -EINVAL: no such bank is known here;
 * -ENODEV: the TPM does not; -errno.
 */
int attester_quote(struct attester *a, struct attester_quote *q);

/* As device_activate(); -ENODEV instead of -EIO. */
int attester_activate(struct attester *a, const struct attest_credential *c,
		      struct device_bytes *to);

#endif /* SKYD_ATTESTER_H */
