/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What proves a lease to the vault: statements that the verifier has signed (verifier.h), tokens of
 * tpm/ear.h about one host.  They come by way of the backend, which cannot make one, nor change
 * whom it is about, when it ends or by which policy the host was judged.  What it can do is keep
 * one back: so a host that was judged again, and badly, is believed until its last good statement
 * ends, and no longer.
 *
 * Of a host the newest statement counts.  An older one is refused, as long as this process lasts.
 */
#ifndef SKYD_LEASE_PROOF_H
#define SKYD_LEASE_PROOF_H

#include "lease.h"
#include "tpm/ear.h"

#define PROOF_MOST_MS	86400000u	/* that one is believed, whatever it says */
#define PROOF_WHY	160u		/* bytes of a sentence, its NUL included */

struct proof {
	char host[ROLE_HOST];
	int64_t issued;			/* s since 1970; of what was issued before none is taken */
	int64_t expires;		/* the same, by the verifier's clock */
	int64_t until;			/* ns, of io_now(); 0: the host is not trusted */
	u8 policy[LEASE_POLICY];	/* digest of that by which it was judged */
};

struct proofs {
	const char *path;		/* of the verifier's public key; NULL or "": nobody signs */
	struct ear_key *key;		/* NULL: not read yet */
	struct proof *held;		/* some may have ended */
	unsigned int count;
	u64 id;				/* of this process, so that the backend says all to each */
};

/**
 * proofs_open - who is believed
 * @path:	PEM file of the verifier's public key, which stays the caller's; it need not be
 *		there before the first statement.  "": nobody signs, and proofs_wanted() is false
 *
 * Return: 0; -EIO: there are no random numbers.
 */
int proofs_open(struct proofs *p, const char *path);
void proofs_free(struct proofs *p);

/* Does a lease have to be proven? */
bool proofs_wanted(const struct proofs *p);

/**
 * proof_take - a statement has come
 * @token:	untrusted
 * @wall:	s since 1970, by this machine's clock
 * @now:	ns, of io_now()
 * @why:	receives why it is refused
 *
 * One about a host that is not trusted is taken, too: its lease ends.
 *
 * Return: 0; -EBADMSG; -EKEYREJECTED: it is not the verifier's; -ETIME: it has ended, or is of the
 * future; -ESTALE: there is a newer one; -EPERM: it is something else than a statement about one
 * host; -ENOSPC: LEASE_HOSTS are known; -ENOKEY: there is no key to verify it by; -ENOMEM; -EIO.
 */
int proof_take(struct proofs *p, struct str token, int64_t wall, int64_t now, char why[PROOF_WHY]);

/* How many ns what is proven of a host lasts from @now on; 0: nothing is. */
int64_t proof_left(const struct proofs *p, struct str host, int64_t now);
/* LEASE_POLICY bytes, or NULL: nothing was ever proven of it. */
const u8 *proof_policy(const struct proofs *p, struct str host);
/* Why nothing is: a sentence about a host. */
const char *proof_why_not(const struct proofs *p, struct str host, int64_t now);

#endif /* SKYD_LEASE_PROOF_H */
