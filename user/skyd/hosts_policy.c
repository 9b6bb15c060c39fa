// SPDX-License-Identifier: GPL-2.0-or-later
/* Files of the administrator: policies, and makers of TPMs. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "hosts.h"

#define ROOTS_MAX	(4u << 20)

static int read_one(const char *dir, const char *name, struct attest_policy **policy, char *why)
{
	CLEANUP_FREE char *text = NULL;
	struct attest_fault fault;
	char path[PATH_MAX];
	size_t len;
	int rc;

	if (snprintf(path, sizeof(path), "%s/%s.json", dir, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	rc = file_read(path, ATTEST_POLICY_MAX, &text, &len);
	if (!rc)
		rc = attest_policy_parse(policy, (struct str){ text, len }, &fault);
	else if (rc != -ENOENT)
		snprintf(fault.text, sizeof(fault.text), "%s", strerror(-rc));
	if (rc && rc != -ENOENT)
		snprintf(why, HOST_LINE, "policy %.300s: %s", path,
			 rc == -ENOMEM ? strerror(ENOMEM) : fault.text);
	return rc;
}

/* A name has letters, digits, -, _ and . (relay_peers.c), and is no path; ".." has no file. */
int hosts_read_policy(const struct config *config, const char *host, struct attest_policy **policy,
		      char *why)
{
	int rc = read_one(config->attest_policies, host, policy, why);

	if (rc == -ENOENT)
		rc = read_one(config->attest_policies, "default", policy, why);
	if (rc == -ENOENT)
		snprintf(why, HOST_LINE, "there is no policy for it: neither %.64s.json nor default.json in %.400s",
			 host, config->attest_policies);
	return rc;
}

static int read_pem(const char *path, char **text, size_t *len, char *why)
{
	int rc = *path ? file_read(path, ROOTS_MAX, text, len) : 0;

	if (rc)
		snprintf(why, HOST_LINE, "cannot read %.400s: %s", path, strerror(-rc));
	return rc;
}

int hosts_read_roots(const struct config *config, struct tpm_ek_roots **roots, char *why)
{
	CLEANUP_FREE char *text = NULL;
	CLEANUP_FREE char *between = NULL;
	size_t len = 0, between_len = 0;
	const char *what;
	int rc;

	*roots = NULL;
	if (!config->attest_roots || !*config->attest_roots)
		return 0;
	rc = read_pem(config->attest_roots, &text, &len, why);
	if (!rc)
		rc = read_pem(config->attest_between, &between, &between_len, why);
	if (rc)
		return rc;
	rc = tpm_ek_roots_new(text, len, between, between_len, roots, &what);
	if (rc)
		snprintf(why, HOST_LINE, "%.400s: %s", config->attest_roots, what);
	return rc;
}
