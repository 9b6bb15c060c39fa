// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "govern/release.h"
#include "log.h"
#include "tpm/pcr_policy.h"
#include "vault_govern.h"

static const struct rpc_field step_fields[] = {
	RPC_BYTES(struct vault_step, state, GOVERN_STATE_MAX),
};

static const struct rpc_field stepped_fields[] = {
	RPC_FIELD(RPC_VARINT64, struct vault_stepped, versions),
	RPC_BYTES(struct vault_stepped, hash, GOVERN_ID),
	RPC_BYTES(struct vault_stepped, release, VAULT_RELEASE_MAX),
	RPC_BYTES(struct vault_stepped, public, PCR_POLICY_PEM_MAX),
};

const struct rpc_schema vault_step_schema =
	RPC_SCHEMA("vault-step", struct vault_step, step_fields);
const struct rpc_schema vault_stepped_schema =
	RPC_SCHEMA("vault-stepped", struct vault_stepped, stepped_fields);

/* One call, on the pool's thread. */
struct step {
	struct vault *vault;
	struct str bytes;		/* of the next state; none: only say where it is */
	struct govern_state now;
	char *release, *public;
	char why[GOVERN_WHY];
};

/* --- the key --------------------------------------------------------------------------- */

static char *path_of(const struct vault *v, const char *end)
{
	char *path;

	return asprintf(&path, "%s%s", v->path, end) < 0 ? NULL : path;
}

/* To be wiped and freed. */
static int read_pcr_key(const struct vault *v, char **pem, size_t *len)
{
	CLEANUP_FREE char *path = path_of(v, ".pcr.pem");
	struct stat st;
	int rc;

	if (!path)
		return -ENOMEM;
	if (!stat(path, &st))
		return st.st_mode & 077 ? -EPERM : file_read(path, PCR_POLICY_PEM_MAX, pem, len);
	if (errno != ENOENT)
		return -errno;
	*pem = pcr_policy_make_key();
	if (!*pem)
		return -EIO;
	*len = strlen(*pem);
	rc = file_write_atomic(path, *pem, *len, 0600);
	return rc;
}

static int release(struct step *t)
{
	char *pem = NULL;
	json_t *signatures = NULL;
	size_t len = 0;
	int rc = read_pcr_key(t->vault, &pem, &len);

	if (!rc)
		rc = govern_release(&t->now, (struct str){ pem, len }, &signatures);
	if (!rc && signatures) {
		t->release = json_dumps(signatures, JSON_COMPACT | JSON_SORT_KEYS);
		t->public = pcr_policy_public((struct str){ pem, len });
		if (!t->release || !t->public)
			rc = -ENOMEM;
	}
	json_decref(signatures);
	if (pem)
		explicit_bzero(pem, len);
	free(pem);
	return rc;
}

/* Were PCRs approved by the decision that led there?  A key is made only then. */
static bool approves(const struct govern_state *s)
{
	const json_t *actions = govern_done(s);
	json_t *one;
	size_t i;

	json_array_foreach(actions, i, one) {
		const char *is = json_string_value(json_object_get(one, "do"));

		if (is && !strcmp(is, "approve_pcrs"))
			return true;
	}
	return false;
}

/* --- the state ------------------------------------------------------------------------- */

static int follows(struct step *t, const struct govern_state *next)
{
	if (t->now.root && !strcmp(t->now.hash, next->hash))
		return 0;		/* told again: an answer may have been lost */
	if (t->now.root)
		return govern_step_verify(&t->now, next, t->why);
	return next->version ? -ESTALE : 0;
}

static int take(struct step *t, const char *path)
{
	struct govern_state next;
	int rc = govern_state_open(&next, t->bytes, t->why);
	bool again;

	rc = rc ? rc : follows(t, &next);
	again = !rc && t->now.root && !strcmp(t->now.hash, next.hash);
	if (!rc && !again)
		rc = file_write_atomic(path, next.bytes, next.len, 0600);
	if (rc) {
		govern_state_close(&next);
		return rc;
	}
	govern_state_close(&t->now);
	t->now = next;
	return approves(&t->now) ? release(t) : 0;
}

static int run(void *arg)
{
	struct step *t = arg;
	CLEANUP_FREE char *path = path_of(t->vault, ".governance");
	CLEANUP_FREE char *bytes = NULL;
	size_t len = 0;
	int rc;

	if (!path)
		return -ENOMEM;
	rc = file_read(path, GOVERN_STATE_MAX, &bytes, &len);
	if (!rc)
		rc = govern_state_open(&t->now, (struct str){ bytes, len }, t->why);
	else if (rc == -ENOENT)
		rc = 0;
	return rc || !t->bytes.len ? rc : take(t, path);
}

static int answer(struct link_request *r, const struct step *t, struct vault_stepped *give)
{
	const size_t release_len = t->release ? strlen(t->release) : 0;
	const size_t public_len = t->public ? strlen(t->public) : 0;
	char *to = link_scratch(r, GOVERN_ID + release_len + public_len);

	if (!to)
		return -ENOMEM;
	if (release_len > VAULT_RELEASE_MAX || public_len > PCR_POLICY_PEM_MAX)
		return -EMSGSIZE;
	if (t->now.root) {
		give->versions = t->now.version + 1;
		give->hash = (struct rpc_bytes){ memcpy(to, t->now.hash, GOVERN_ID - 1),
						 GOVERN_ID - 1 };
	}
	if (release_len) {
		to += GOVERN_ID;
		give->release = (struct rpc_bytes){ memcpy(to, t->release, release_len),
						    release_len };
		to += release_len;
		give->public = (struct rpc_bytes){ memcpy(to, t->public, public_len), public_len };
	}
	return 0;
}

int vault_govern(struct link_request *r, const void *asked, void *give)
{
	const struct vault_step *ask = asked;
	struct vault *v = r->ctx;
	struct step t = { .vault = v, .bytes = { ask->state.data, ask->state.len } };
	int rc = io_acquire(&v->one, 1, r->deadline);

	if (rc)
		return rc;
	io_shield();
	rc = io_work(v->pool, run, &t, 0);
	io_unshield();
	io_release(&v->one, 1);
	if (rc)
		log_line(LEVEL_WARNING, "governance: %s", *t.why ? t.why : strerror(-rc));
	else
		rc = answer(r, &t, give);
	govern_state_close(&t.now);
	free(t.release);
	free(t.public);
	/* Whose fault it is does not matter to the backend: it is refused. */
	return rc == -ESTALE || rc == -EACCES || rc == -EAGAIN || rc == -EEXIST || rc == -ETIME ||
	       rc == -EINVAL ? -EBADMSG : rc;
}
