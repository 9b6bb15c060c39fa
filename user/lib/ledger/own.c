// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/secret.h"
#include "own.h"

#define KEY_FILE_MAX	4096u

/* The log is named for the machine; PATH.pub is for who verifies. */
static int make_signer(const char *path, struct note_signer *to, char why[LEDGER_WHY])
{
	char name[NOTE_NAME_MAX + 1] = "host/meter", text[NOTE_KEY_TEXT_MAX + 1];
	CLEANUP_FREE char *public = NULL;
	uint8_t seed[ED25519_SEED_BYTES];
	struct utsname machine;
	int rc = random_bytes(seed, sizeof(seed));

	if (!uname(&machine) && note_name_ok(str_of(machine.nodename)))
		snprintf(name, sizeof(name), "%s/meter", machine.nodename);
	if (!rc)
		rc = note_signer_make(str_of(name), NOTE_ED25519, seed, to);
	if (!rc && asprintf(&public, "%s.pub", path) < 0) {
		public = NULL;
		rc = -ENOMEM;
	}
	if (!rc) {
		note_verifier_print(&to->verifier, text);
		strcat(text, "\n");
		rc = file_write_atomic(public, text, strlen(text), 0644);
	}
	if (!rc) {
		note_signer_print(to, text);
		strcat(text, "\n");
		rc = file_write_atomic(path, text, strlen(text), 0600);
	}
	explicit_bzero(seed, sizeof(seed));
	explicit_bzero(text, sizeof(text));
	if (rc)
		snprintf(why, LEDGER_WHY, "the ledger's key %s cannot be made: %s", path,
			 strerror(-rc));
	return rc;
}

static int read_signer(const char *path, struct note_signer *to, char why[LEDGER_WHY])
{
	CLEANUP_FREE char *text = NULL;
	struct str rest, line;
	struct stat st;
	size_t len;
	int rc = stat(path, &st) ? -errno : 0;

	if (rc == -ENOENT)
		return make_signer(path, to, why);
	if (!rc && st.st_mode & 077) {
		snprintf(why, LEDGER_WHY, "%s: others may read it; chmod 0600", path);
		return -EACCES;
	}
	if (!rc)
		rc = file_read(path, KEY_FILE_MAX, &text, &len);
	snprintf(why, LEDGER_WHY, "the ledger's key %s cannot be read", path);
	if (rc)
		return rc;
	rest = (struct str){ text, len };
	str_cut(&rest, '\n', &line);
	rc = note_signer_parse(line, to);
	explicit_bzero(text, len);
	return rc;
}

int ledger_own_open(struct ledger_own *own, const char *path, const char *key, const char *epoch,
		    char why[LEDGER_WHY])
{
	const struct ledger_config to = {
		.path = path, .signer = &own->signer,
		.counter = { counter_file_read, counter_file_advance, &own->counter },
	};
	int rc;

	*own = (struct ledger_own){ .ledger = NULL };
	if (!path)
		return 0;
	if (!key || !epoch) {
		snprintf(why, LEDGER_WHY, "with --ledger DIR, %s FILE is missing%s",
			 key ? "--ledger-epoch" : "--ledger-key",
			 key || epoch ? "" : ", and so is --ledger-epoch FILE");
		return -EINVAL;
	}
	own->counter.path = epoch;
	rc = read_signer(key, &own->signer, why);
	return rc ? rc : ledger_open(&own->ledger, &to, why);
}

void ledger_own_close(struct ledger_own *own)
{
	ledger_close(own->ledger);
	note_signer_wipe(&own->signer);
}
