// SPDX-License-Identifier: GPL-2.0-or-later
/* Policies of hosts, and makers of TPMs: files of the administrator, and what was decided. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "governance_document.h"
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

static int read_decided(const struct config *config, struct attest_policy **policy, char *why)
{
	CLEANUP_FREE char *text = NULL;
	struct attest_fault fault;
	char wrong[GOVERN_WHY];
	size_t len = 0;
	int rc = governance_document(config, GOVERN_ATTESTATION, &text, &len, wrong);

	if (rc == -ENOENT)
		return rc;
	if (rc) {
		snprintf(why, HOST_LINE, "what governance has decided cannot be read: %.300s",
			 *wrong ? wrong : strerror(-rc));
		return rc;
	}
	rc = attest_policy_parse(policy, (struct str){ text, len }, &fault);
	if (rc)
		snprintf(why, HOST_LINE, "the policy that governance has decided: %s",
			 rc == -ENOMEM ? strerror(ENOMEM) : fault.text);
	return rc;
}

int hosts_policy_in_force(const struct config *config, const char *host,
			  struct attest_policy **policy, char *why)
{
	int rc = read_decided(config, policy, why);

	/* A state that makes no sense is no reason to do without one. */
	if (rc == -EBADMSG)
		return -EINVAL;
	return rc == -ENOENT ? hosts_read_policy(config, host, policy, why) : rc;
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
