// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where the ledger lies.  The first start makes its key (AUDIT_KEY, a signer key; AUDIT_KEY.pub
 * for those who verify) and the salt of the names of persons (AUDIT_KEY.salt).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "audit.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/secret.h"

#define SALT_BYTES	32u

/* One that does not begin with a slash is below the backend's folder. */
static char *path_of(const struct config *config, const char *name, const char *end)
{
	char *path;

	return asprintf(&path, "%s%s%s%s", *name == '/' ? "" : config->state,
			*name == '/' ? "" : "/", name, end) < 0 ? NULL : path;
}

/* The log's name: where clients reach it, or the machine's. */
static void origin_of(const struct config *config, char to[NOTE_NAME_MAX + 1])
{
	struct str url = str_of(config->gateway_url);
	struct utsname machine;
	size_t at;

	for (at = 0; at + 3 <= url.len; at++)
		if (!memcmp(url.at + at, "://", 3)) {
			url = str_skip(url, at + 3);
			break;
		}
	while (url.len && url.at[url.len - 1] == '/')
		url.len--;
	if (!url.len && !uname(&machine))
		url = str_of(machine.nodename);
	if (!note_name_ok(url) || url.len > 200)
		url = STR("skyd");
	snprintf(to, NOTE_NAME_MAX + 1, "%.*s/audit_log", STR_ARG(url));
}

static int write_public(const struct audit *a)
{
	CLEANUP_FREE char *path = NULL;
	char text[NOTE_KEY_TEXT_MAX + 1];

	if (asprintf(&path, "%s.pub", a->key) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	note_verifier_print(&a->signer.verifier, text);
	strcat(text, "\n");
	return file_write_atomic(path, text, strlen(text), 0644);
}

static int make_key(struct audit *a, const struct config *config)
{
	char name[NOTE_NAME_MAX + 1], text[NOTE_KEY_TEXT_MAX + 1];
	uint8_t seed[ED25519_SEED_BYTES];
	int rc = random_bytes(seed, sizeof(seed));

	origin_of(config, name);
	if (!rc)
		rc = note_signer_make(str_of(name), NOTE_ED25519, seed, &a->signer);
	if (!rc) {
		note_signer_print(&a->signer, text);
		strcat(text, "\n");
		rc = file_write_atomic(a->key, text, strlen(text), 0600);
	}
	explicit_bzero(seed, sizeof(seed));
	explicit_bzero(text, sizeof(text));
	return rc ? rc : write_public(a);
}

static int read_key(struct audit *a, const struct config *config, char why[LEDGER_WHY])
{
	CLEANUP_FREE char *text = NULL;
	struct str line, rest;
	struct stat st;
	size_t len;
	int rc;

	if (stat(a->key, &st))
		return errno == ENOENT ? make_key(a, config) : -errno;
	if (st.st_mode & 077) {
		snprintf(why, LEDGER_WHY, "%s: others may read it; chmod 0600", a->key);
		return -EACCES;
	}
	rc = file_read(a->key, NOTE_KEY_TEXT_MAX, &text, &len);
	if (rc)
		return rc;
	rest = (struct str){ text, len };
	str_cut(&rest, '\n', &line);
	rc = note_signer_parse(line, &a->signer);
	explicit_bzero(text, len);
	if (rc)
		snprintf(why, LEDGER_WHY, "%s: is no signer key", a->key);
	return rc;
}

static int read_salt(struct audit *a)
{
	CLEANUP_FREE char *path = NULL;
	CLEANUP_FREE char *found = NULL;
	uint8_t salt[SALT_BYTES];
	size_t len;
	int rc;

	if (asprintf(&path, "%s.salt", a->key) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	rc = file_read(path, SALT_BYTES, &found, &len);
	if (rc == -ENOENT) {
		rc = random_bytes(salt, sizeof(salt));
		rc = rc ? rc : file_write_atomic(path, salt, sizeof(salt), 0600);
	} else if (!rc && len == SALT_BYTES) {
		memcpy(salt, found, sizeof(salt));
		explicit_bzero(found, len);
	} else if (!rc) {
		rc = -EBADMSG;
	}
	if (!rc)
		hmac_key_set(&a->salt, salt, sizeof(salt));
	explicit_bzero(salt, sizeof(salt));
	return rc;
}

/* Nothing has been written there. */
static bool is_fresh(const char *dir)
{
	static const char *const names[] = { LEDGER_CHECKPOINT, LEDGER_NEXT };
	char path[DISK_PATH];
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (snprintf(path, sizeof(path), "%s/%s", dir, names[i]) >= (int)sizeof(path) ||
		    !access(path, F_OK))
			return false;
	return true;
}

/* The file is beside that of a counter in a file. */
static int use_tpm(struct audit *a, const struct config *config, char why[LEDGER_WHY])
{
	char *path;

	if (asprintf(&path, "%s.tpm", a->epoch) < 0)
		return -ENOMEM;
	free(a->epoch);
	a->epoch = path;
	a->tpm = (struct audit_tpm){ .tcti = config->audit_tpm, .path = a->epoch, .key = &a->salt };
	return audit_tpm_begin(&a->tpm, is_fresh(a->dir), why);
}

int audit_files(struct audit *a, const struct config *config, char why[LEDGER_WHY])
{
	struct ledger_config to = { .signer = &a->signer };
	int rc = 0;

	a->dir = path_of(config, config->audit_dir, "");
	a->key = path_of(config, config->audit_key, "");
	a->epoch = path_of(config, config->audit_epoch, "");
	if (!a->dir || !a->key || !a->epoch)
		return -ENOMEM;
	a->counter.path = a->epoch;
	to.path = a->dir;
	to.counter = (struct ledger_counter){ counter_file_read, counter_file_advance,
					      &a->counter };
	rc = read_key(a, config, why);
	rc = rc ? rc : read_salt(a);
	if (!rc && config->audit_tpm && *config->audit_tpm) {
		rc = use_tpm(a, config, why);
		to.counter = (struct ledger_counter){ audit_tpm_read, audit_tpm_advance, &a->tpm };
	}
	return rc ? rc : ledger_open(&a->ledger, &to, why);
}
