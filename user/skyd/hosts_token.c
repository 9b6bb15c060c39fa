// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A good verdict for those who cannot ask: a token (tpm/ear.h) that ends with the lease.  The key
 * lies beside the ledger's, and is no other's: who has it says of any host that it is good.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "ear_file.h"
#include "hosts.h"

#define BUILD		"skyd"
#define SECOND		1000000u

struct making {
	struct hosts *hosts;
	struct host_token *t;
};

/* One that does not begin with a slash is below the backend's folder. */
static char *path_of(const struct config *c)
{
	const char *name = c->attest_token_key;
	char *path;

	return asprintf(&path, "%s%s%s", *name == '/' ? "" : c->state, *name == '/' ? "" : "/",
			name) < 0 ? NULL : path;
}

static int need_key(struct hosts *hosts, char why[HOST_LINE])
{
	CLEANUP_FREE char *path = path_of(hosts->b->config);
	const char *wrong = NULL;
	int rc;

	if (hosts->token_key)
		return 0;
	if (!path)
		return -ENOMEM;
	rc = ear_file_open(path, &hosts->token_key, &wrong);
	if (rc)
		snprintf(why, HOST_LINE, "%.300s: %s", path, wrong ? wrong : strerror(-rc));
	return rc;
}

static int make(void *arg)
{
	struct making *m = arg;
	struct host_token *t = m->t;
	const struct ear_about about = {
		.subject = t->host, .build = BUILD, .issued = t->now / SECOND,
		.expires = t->lease / SECOND,
	};
	json_t *claims;
	int rc = need_key(m->hosts, t->why);

	if (rc)
		return 0;
	claims = ear_claims(&about, t->policy, t->verdict);
	rc = claims ? ear_sign(m->hosts->token_key, claims, &t->text) : -ENOMEM;
	json_decref(claims);
	if (!rc && strlen(t->text) > STORE_BLOB_MAX) {
		free(t->text);
		t->text = NULL;
		rc = -EMSGSIZE;
	}
	if (rc)
		snprintf(t->why, sizeof(t->why), "%s", strerror(-rc));
	return 0;
}

int hosts_token(struct hosts *hosts, struct host_token *t, int64_t deadline)
{
	struct making m = { hosts, t };
	int rc;

	*t->why = 0;
	t->text = NULL;
	if (!hosts->b->config->attest_token_key || !*hosts->b->config->attest_token_key)
		return 0;
	rc = io_acquire(&hosts->tokens, 1, deadline);
	if (rc)
		return rc;
	io_shield();
	rc = io_work(hosts->pool, make, &m, 0);
	io_unshield();
	io_release(&hosts->tokens, 1);
	return rc;
}
