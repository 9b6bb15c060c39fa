// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/report.h"
#include "crypto/argon.h"
#include "log.h"
#include "role_priv.h"
#include "vault.h"
#include "vault_open.h"

#define PASSPHRASE_MAX	1024u
#define PASSPHRASE_MS	1000u		/* what one try of it takes on this machine */
#define CREDENTIAL	"skyd.passphrase"

/* The credential's path in *@made, or NULL. */
static int find_credential(char **made)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");

	*made = NULL;
	if (!folder)
		return 0;
	if (asprintf(made, "%s/%s", folder, CREDENTIAL) < 0) {
		*made = NULL;
		return -ENOMEM;
	}
	if (access(*made, F_OK) && errno == ENOENT) {
		free(*made);
		*made = NULL;
	}
	return 0;
}

int vault_passphrase(const struct config *config, struct secret *pass)
{
	CLEANUP_FREE char *credential = NULL;
	CLEANUP_CLOSE int fd = -1;
	const char *path = config->vault_passphrase;
	int rc = 0;

	if (!path || !*path) {
		rc = find_credential(&credential);
		path = credential;
	}
	if (rc || !path)
		return rc;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	rc = fd < 0 ? -errno : read_secret(fd, PASSPHRASE_MAX, '\n', pass);
	if (!rc && !pass->len)
		rc = -ENODATA;
	if (rc && rc != -EACCES)
		log_line(LEVEL_ERROR, "passphrase %s cannot be read: %s", path, strerror(-rc));
	return rc;
}

static void tell_priv(const char *text)
{
	(void)text;
}

int vault_make(const struct config *config)
{
	CLEANUP_SECRET struct secret pass = SECRET_NONE;
	struct argon_cost cost;
	struct priv priv;
	int rc = vault_passphrase(config, &pass);
	bool again = rc == -EACCES;

	if (rc && !again)
		return rc;
	role_priv(ROLE_VAULT, config, &priv);
	rc = priv_drop(&priv, tell_priv);
	if (rc)
		return fail(-rc, "cannot become the vault: %s; is there a user %s?", strerror(-rc),
			    config->vault_user);
	if (again) {
		rc = vault_passphrase(config, &pass);
		if (rc)
			return fail(-rc, "the passphrase cannot be read: %s", strerror(-rc));
	}
	if (pass.len) {
		rc = argon_choose_cost(PASSPHRASE_MS, &cost);
		if (rc)
			return fail(-rc, "the passphrase cannot be used: %s", strerror(-rc));
	}
	rc = vault_create(config->vault_keys, pass.len ? &pass : NULL, &cost);
	if (rc == -EEXIST) {
		printf("%s is there already, and stays as it is\n", config->vault_keys);
		return 0;
	}
	if (rc)
		return fail(-rc, "cannot make %s: %s; its folder has to be %s's", config->vault_keys,
			    strerror(-rc), *config->vault_user ? config->vault_user : "root");
	printf("made %s%s; without a copy of it all data is lost with it\n", config->vault_keys,
	       pass.len ? ", wrapped by the passphrase" : "");
	return 0;
}
