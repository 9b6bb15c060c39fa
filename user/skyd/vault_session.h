/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Secrets of sessions, as far as the vault goes (session/session.h): it opens what was boxed for
 * it, wraps it for one session, version, name and document, and gives it, boxed, to a runner on a
 * host that holds a lease, for an image that the session is for; which image that is, is the
 * runner's word.  It reads each document itself: who has the backend can open no box and change
 * nothing of whom it is for.  What he can do all the same secret-release.rst says.
 *
 *	vault_session.c			what it answers
 *	vault_session_table.c		what has been taken, given and dropped: a file
 *	vault_session_message.c		how that is packed
 */
#ifndef SKYD_VAULT_SESSION_H
#define SKYD_VAULT_SESSION_H

#include "crypto/kdf.h"
#include "session/box.h"
#include "session/session.h"
#include "vault.h"

#define VAULT_BUNDLE_MAX	131072u
#define VAULT_SESSIONS		4096u	/* names, those that were dropped among them */
#define VAULT_OWNER_SESSIONS	256u	/* of them one owner's */
#define VAULT_SESSION_WRAPPED	(VAULT_SESSION_MAX + VAULT_WRAP_OVERHEAD)
#define VAULT_SESSION_BOX	(SESSION_VALUES_MAX + 4 * SESSION_SECRETS + BOX_OVERHEAD)

/*
 * VAULT_SESSION_STATE, _DROP: backend: owner, name, number of what is stored or 0 ->
 * A version that was taken is not the session's yet: it may not have been stored.  It becomes
 * that, and ends the one before, when its number is told here, or it is given to somebody.
 * Dropping is final for the versions so far, what was only taken among them.
 */
struct vault_session_state {
	u32 version;			/* the session's; 0: none yet */
	u32 releases;			/* of it, so far */
	u64 number;			/* of it; 0: there is nothing to give */
	bool dropped;
	u8 point[P256_POINT_BYTES];	/* for which values are boxed */
};

/* How a secret comes. */
enum vault_how {
	VAULT_BOXED,			/* data: the box */
	VAULT_KEPT,			/* data: as it was wrapped under the old document */
	VAULT_RANDOM,			/* size bytes are drawn; in digits if it is a word */
};

struct vault_take_secret {
	u8 how;
	struct rpc_bytes data;
	u32 size;
};

/*
 * VAULT_SESSION_TAKE: backend: the next version of a session.  Taken again it replaces what was
 * taken and is not the session's yet.
 * -EINVAL: a document that is none, or another number of secrets; -ESTALE: not the next version;
 * -EPERM: nothing can be kept across a change of terms; -EKEYREJECTED: a box that is not for this
 * document; -EILSEQ: a value that is to be a word and is none; -EMSGSIZE; -ENOSPC.
 */
struct vault_take {
	u64 owner;
	struct rpc_bytes document;
	struct rpc_bytes old;		/* the document that is there, if something is kept */
	const struct vault_take_secret *secret;	/* in the document's order */
	u32 secrets;
};

struct vault_wrapped {
	struct rpc_bytes data;
};

struct vault_taken {
	const struct vault_wrapped *secret;
	u32 secrets;
	u64 number;			/* drawn for it; no secret */
};

/*
 * VAULT_SESSION_RELEASE: runner: the secrets of a session, for one start.
 * -EACCES: no lease.  What else is refused is told in the answer.
 */
struct vault_release {
	u64 owner;
	struct rpc_bytes workload;	/* its name */
	u8 tier;
	u8 image[SESSION_DIGEST];	/* of what the runner has in its hands */
	struct rpc_bytes document;
	struct rpc_bytes bundle;	/* that vouches for the image, or nothing */
	const struct vault_wrapped *secret;
	u32 secrets;
	u8 point[P256_POINT_BYTES];	/* of a key of this start's own */
};

struct vault_released {
	u32 error;			/* positive errno; 0: */
	struct rpc_bytes why;
	struct rpc_bytes box;		/* of each secret u32 length and bytes, little endian */
	u32 version, releases;
};

extern const struct rpc_schema vault_session_state_schema, vault_take_schema, vault_taken_schema,
	vault_wrapped_schema, vault_release_schema, vault_released_schema;

/* A line in the log: the key for which values are boxed, for who believes nobody in between. */
void vault_session_log(const struct vault *v);

int vault_session_state(struct link_request *request, const void *ask, void *give);
int vault_session_take(struct link_request *request, const void *ask, void *give);
int vault_session_drop(struct link_request *request, const void *ask, void *give);
int vault_session_release(struct link_request *request, const void *ask, void *give);

/* --- vault_session_table.c: on the pool's thread --- */

struct vault_session {
	u8 id[SESSION_DIGEST];		/* of owner and name */
	u64 owner;
	u32 version, releases;
	bool dropped;
	u64 number;			/* of that version; 0: there is nothing to give */
	u64 next;			/* of the one after it, which was only taken; 0: none was */
	bool next_kept;			/* releases go on with it */
};

/* The file KEYS.sessions, which others leave alone as long as it is open. */
struct vault_sessions {
	struct vault_session *row;
	unsigned int rows;
	char *path;
	int lock;
	u8 key[SHA256_BYTES];
};

/*
 * Read it.  vault_sessions_close() after any return.
 * Return: 0; -EBADMSG: it is damaged; -ENOMEM; -errno.
 */
int vault_sessions_open(struct vault_sessions *t, const struct vault *v);
void vault_sessions_close(struct vault_sessions *t);
/* NULL: nobody has taken it. */
struct vault_session *vault_sessions_find(struct vault_sessions *t, u64 owner, struct str name);
/* Make a row.  Return: 0; -ENOSPC; -ENOMEM; -EIO. */
int vault_sessions_add(struct vault_sessions *t, u64 owner, struct str name,
		       struct vault_session **row);
/* What was only taken is the session's version from now on. */
void vault_sessions_settle(struct vault_session *row);
/* Return: 0, and it is durable; -errno. */
int vault_sessions_write(const struct vault_sessions *t);

#endif /* SKYD_VAULT_SESSION_H */
