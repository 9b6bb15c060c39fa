// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/secret.h"
#include "lease_proof.h"

#define KEY_MAX		4096u
#define NS_OF_S		1000000000ll
#define PROOF_AHEAD_S	60		/* by which clocks of two machines may differ */
#define DIGEST_MARK	"?sha256="

int proofs_open(struct proofs *p, const char *path)
{
	*p = (struct proofs){ .path = path };
	return random_bytes(&p->id, sizeof(p->id)) ? -EIO : 0;
}

void proofs_free(struct proofs *p)
{
	ear_key_free(p->key);
	free(p->held);
	*p = (struct proofs){ NULL };
}

bool proofs_wanted(const struct proofs *p)
{
	return p->path && *p->path;
}

static struct proof *find(const struct proofs *p, struct str host)
{
	unsigned int i;

	for (i = 0; i < p->count; i++)
		if (str_is(host, p->held[i].host))
			return &p->held[i];
	return NULL;
}

static int refuse(char why[PROOF_WHY], int rc, const char *text)
{
	snprintf(why, PROOF_WHY, "%s", text);
	return rc;
}

/* The verifier makes it at its first start, which may be later than ours. */
static int need_key(struct proofs *p, char why[PROOF_WHY])
{
	CLEANUP_FREE char *text = NULL;
	size_t len;
	int rc;

	if (p->key)
		return 0;
	rc = file_read(p->path, KEY_MAX, &text, &len);
	if (!rc)
		p->key = ear_key_public((struct str){ text, len });
	if (p->key)
		return 0;
	snprintf(why, PROOF_WHY, "%.80s: %s; see verifier in [attest]", p->path,
		 rc ? strerror(-rc) : "it is no public key of P-256");
	return -ENOKEY;
}

/* Of "policy://skyhold/NAME?sha256=HEX", where a name may be anything. */
static bool digest_of(const json_t *id, u8 to[LEASE_POLICY])
{
	const size_t mark = strlen(DIGEST_MARK), digits = 2 * LEASE_POLICY;
	const char *text = json_string_value(id);
	size_t len = text ? strlen(text) : 0;

	if (len < mark + digits || memcmp(text + len - digits - mark, DIGEST_MARK, mark))
		return false;
	return hex_decode(text + len - digits, to, LEASE_POLICY) == 0;
}

/* What a statement says whose signature is good.  @p->until is ns that it lasts still. */
static bool read_claims(const json_t *claims, int64_t wall, struct proof *p)
{
	json_t *submods = json_object_get(claims, "submods");
	const char *name = json_object_iter_key(json_object_iter(submods));
	json_t *machine = json_object_iter_value(json_object_iter(submods));
	const char *status = json_string_value(json_object_get(machine, "ear.status"));
	const int64_t end = json_integer_value(json_object_get(claims, "exp"));
	const int64_t most = PROOF_MOST_MS / 1000;

	if (json_object_size(submods) != 1 || !*name || strlen(name) >= ROLE_HOST || !status ||
	    !digest_of(json_object_get(machine, "ear.appraisal-policy-id"), p->policy))
		return false;
	str_copy(str_of(name), p->host, sizeof(p->host));
	p->issued = json_integer_value(json_object_get(claims, "iat"));
	p->expires = end;
	if (p->issued < 0 || end <= p->issued)
		return false;
	if (!strcmp(status, "affirming"))
		p->until = (end - wall < most ? end - wall : most) * NS_OF_S;
	return true;
}

static int keep(struct proofs *p, struct proof *said, int64_t wall, int64_t now,
		char why[PROOF_WHY])
{
	struct proof *one = find(p, str_of(said->host)), *more;
	const bool trusted = said->until;

	/* One of the future was of a clock that has been set back since. */
	if (one && said->issued < one->issued && one->issued <= wall + PROOF_AHEAD_S)
		return refuse(why, -ESTALE, "there is a newer statement about that host");
	/* Said again it lasts no longer, though somebody has set the clock meanwhile. */
	if (one && trusted && said->issued == one->issued && said->expires <= one->expires)
		return 0;
	if (!one && p->count == LEASE_HOSTS)
		return refuse(why, -ENOSPC, "too many hosts are known");
	if (!one) {
		more = realloc(p->held, (p->count + 1) * sizeof(*more));
		if (!more)
			return refuse(why, -ENOMEM, strerror(ENOMEM));
		p->held = more;
		one = &more[p->count++];
	}
	*one = *said;
	/* A good one of that second may have been before it. */
	if (trusted)
		one->until += now;
	else
		one->issued++;
	return 0;
}

int proof_take(struct proofs *p, struct str token, int64_t wall, int64_t now, char why[PROOF_WHY])
{
	struct proof said = { .until = 0 };
	json_t *claims = NULL;
	int rc = need_key(p, why);

	if (rc)
		return rc;
	rc = ear_verify(p->key, token, wall, NULL, &claims);
	if (rc == -EKEYREJECTED)
		return refuse(why, rc, "it was not signed by the verifier");
	if (rc == -ETIME)
		return refuse(why, rc, "it has ended, or is of the future; are the clocks right?");
	if (rc)
		return refuse(why, rc, "it is no statement of a verifier");
	rc = read_claims(claims, wall, &said) ? keep(p, &said, wall, now, why) :
	     refuse(why, -EPERM, "it is not about one host and one policy");
	json_decref(claims);
	return rc;
}

int64_t proof_left(const struct proofs *p, struct str host, int64_t now)
{
	const struct proof *one = find(p, host);

	return one && one->until > now ? one->until - now : 0;
}

const u8 *proof_policy(const struct proofs *p, struct str host)
{
	const struct proof *one = find(p, host);

	return one ? one->policy : NULL;
}

const char *proof_why_not(const struct proofs *p, struct str host, int64_t now)
{
	const struct proof *one = find(p, host);

	if (!one)
		return "the verifier has stated nothing about it";
	if (!one->until)
		return "the verifier has found that it cannot be trusted";
	return one->until > now ? "the backend says that it holds no lease" :
				  "the verifier's last statement about it has ended";
}
