// SPDX-License-Identifier: GPL-2.0-or-later
/* What `skyd --dev DIR` finds, or makes: keys, folders, and a first team that can ask. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/out.h"
#include "dev.h"
#include "log.h"
#include "store.h"
#include "vault.h"

#define SECRET_TEXT	40u
#define ACCESS_KEY	"SKYDDEVELOPMENT00000"

static int make_folder(const char *dir, const char *name)
{
	CLEANUP_FREE char *path = NULL;

	if (asprintf(&path, "%s%s%s", dir, *name ? "/" : "", name) < 0)
		return -ENOMEM;
	return mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
}

/* A line for each of the texts, put into @dir/@name. */
static int write_lines(const char *dir, const char *name, mode_t mode, const char *fmt, ...)
	__attribute__((__format__(__printf__, 4, 5)));

static int write_lines(const char *dir, const char *name, mode_t mode, const char *fmt, ...)
{
	CLEANUP_FREE char *path = NULL;
	char *text = NULL;
	va_list ap;
	int len, rc;

	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (len < 0)
		return -ENOMEM;
	rc = asprintf(&path, "%s/%s", dir, name) < 0 ? -ENOMEM :
		file_write_atomic(path, text, len, mode);
	explicit_bzero(text, len);
	free(text);
	return rc;
}

/* The secret is written once, for who started it; the store has it wrapped. */
static int write_credentials(const char *dir, const char *secret)
{
	return write_lines(dir, "credentials", 0600,
			   "[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n",
			   ACCESS_KEY, secret);
}

int dev_write_hints(const struct config *config, const char *dir)
{
	const char *at = config->gateway_listen;
	const char *scheme = *config->gateway_certificate ? "https" : "http";
	int rc = write_lines(dir, "config", 0644,
			     "[default]\nregion = local\ns3 =\n\taddressing_style = path\n");

	if (rc)
		return rc;
	return write_lines(dir, "config-hint", 0644,
			   "# For aws-cli, rclone and s3cmd: say `. %s/config-hint`, then\n"
			   "#\taws --endpoint-url $SKYD_URL s3 mb s3://first\n"
			   "#\trclone lsd sky:\n"
			   "#\ts3cmd --config=/dev/null --access_key=... --secret_key=... --%s --region=local --host=%s --host-bucket=%s ls\n"
			   "export SKYD_URL='%s://%s'\n"
			   "export AWS_ENDPOINT_URL=\"$SKYD_URL\"\n"
			   "export AWS_SHARED_CREDENTIALS_FILE='%s/credentials'\n"
			   "export AWS_CONFIG_FILE='%s/config'\n"
			   "export RCLONE_CONFIG_SKY_TYPE=s3 RCLONE_CONFIG_SKY_PROVIDER=Other\n"
			   "export RCLONE_CONFIG_SKY_ENV_AUTH=true RCLONE_CONFIG_SKY_REGION=local\n"
			   "export RCLONE_CONFIG_SKY_ENDPOINT=\"$SKYD_URL\"\n",
			   dir, *config->gateway_certificate ? "ssl" : "no-ssl", at, at, scheme, at,
			   dir, dir);
}

static int make_key(const struct config *config, const char *dir, struct store *store, u64 team)
{
	const struct vault_label label = { VAULT_API_SECRET, team, 0, STR(ACCESS_KEY) };
	struct store_key key = {
		.access = STORE_TEXT(ACCESS_KEY), .team = team, .enabled = true,
		.scope = STORE_SCOPE_FULL,
	};
	char secret[SECRET_TEXT + 1] = "";
	struct out o = OUT(secret, SECRET_TEXT);
	u8 random[SECRET_TEXT / 4 * 3], wrapped[VAULT_WRAPPED_MAX];
	struct vault vault;
	int rc = vault_load(&vault, config->vault_keys, NULL, NULL);

	if (!rc)
		rc = random_bytes(random, sizeof(random)) ? -EIO : 0;
	if (!rc) {
		out_base64(&o, random, sizeof(random));
		rc = vault_wrap(vault.keys, &label, secret, SECRET_TEXT, wrapped);
	}
	vault_unload(&vault);
	if (rc > 0) {
		key.secret = (struct store_text){ wrapped, rc };
		rc = write_credentials(dir, secret);
		if (!rc)
			rc = store_key_create(store, &key);
	}
	explicit_bzero(secret, sizeof(secret));
	explicit_bzero(random, sizeof(random));
	return rc;
}

static int first_team(const struct config *config, const char *dir)
{
	CLEANUP_FREE char *path = NULL;
	struct store_config options = { 0 };
	STORE_ARENA arena = { 0 };
	struct store_team *teams;
	struct store *store;
	u64 team;
	int rc;

	if (asprintf(&path, "%s/store.db", dir) < 0)
		return -ENOMEM;
	options.path = path;
	rc = store_open(&options, &store);
	if (rc)
		return rc;
	rc = store_team_list(store, 0, 1, &arena, &teams);
	if (!rc) {
		rc = store_team_create(store, STORE_TEXT("main"), &team);
		if (!rc)
			rc = make_key(config, dir, store, team);
	}
	store_close(store);
	return rc < 0 ? rc : 0;
}

int dev_prepare(const struct config *config, const char *dir)
{
	char name[16];
	unsigned int i;
	int rc = make_folder(dir, "");

	if (!rc)
		rc = make_folder(dir, "vault");
	for (i = 0; !rc && i < config->edges; i++) {
		snprintf(name, sizeof(name), "%s", config->edge[i].name);
		rc = make_folder(dir, name);
	}
	if (!rc) {
		rc = vault_create(config->vault_keys, NULL, NULL);
		rc = rc == -EEXIST ? 0 : rc;
	}
	if (!rc)
		rc = first_team(config, dir);
	return rc;
}
