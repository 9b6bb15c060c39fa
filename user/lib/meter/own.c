// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/secret.h"
#include "own.h"
#include "tpm/wire.h"

#define KEY_FILE_MAX	4096u

/* Without the length in front of it. */
static int take_area(const struct device_bytes *from, uint8_t *to, size_t *len)
{
	struct tpm_reader r = TPM_READER(from->at, from->len);
	struct tpm_blob area = tpm_read_2b(&r, METER_MESSAGE_MAX);

	if (!tpm_read_end(&r))
		return -EBADMSG;
	memcpy(to, area.at, area.len);
	*len = area.len;
	return 0;
}

static int quote(void *ctx, const uint8_t nonce[SHA256_BYTES], struct meter_quote *to)
{
	struct device_bytes message, signature;
	struct meter_own *own = ctx;
	int rc = certify_digest(&own->tpm, nonce, SHA256_BYTES, &message, &signature);

	if (rc)
		return rc;
	memcpy(to->message, message.at, message.len);
	to->message_len = message.len;
	memcpy(to->signature, signature.at, signature.len);
	to->signature_len = signature.len;
	return take_area(&own->tpm.ak, to->ak, &to->ak_len);
}

/* The log is named for the machine; PATH.pub is for who verifies. */
static int make_signer(const char *path, struct note_signer *to, char why[METER_WHY])
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
		snprintf(why, METER_WHY, "the ledger's key %s cannot be made: %s", path,
			 strerror(-rc));
	return rc;
}

static int read_signer(const char *path, struct note_signer *to, char why[METER_WHY])
{
	CLEANUP_FREE char *text = NULL;
	struct str rest, line;
	struct stat st;
	size_t len;
	int rc = stat(path, &st) ? -errno : 0;

	if (rc == -ENOENT)
		return make_signer(path, to, why);
	if (!rc && st.st_mode & 077) {
		snprintf(why, METER_WHY, "%s: others may read it; chmod 0600", path);
		return -EACCES;
	}
	if (!rc)
		rc = file_read(path, KEY_FILE_MAX, &text, &len);
	snprintf(why, METER_WHY, "the ledger's key %s cannot be read", path);
	if (rc)
		return rc;
	rest = (struct str){ text, len };
	str_cut(&rest, '\n', &line);
	rc = note_signer_parse(line, to);
	explicit_bzero(text, len);
	return rc;
}

static int open_ledger(struct meter_own *own, const struct meter_own_config *config,
		       char why[METER_WHY])
{
	struct ledger_config to = {
		.path = config->ledger, .signer = &own->signer,
		.counter = { counter_file_read, counter_file_advance, &own->counter },
	};
	int rc;

	if (!config->ledger)
		return 0;
	if (!config->ledger_key || !config->ledger_epoch) {
		snprintf(why, METER_WHY, "a ledger needs its key and its epoch");
		return -EINVAL;
	}
	own->counter.path = config->ledger_epoch;
	rc = read_signer(config->ledger_key, &own->signer, why);
	return rc ? rc : ledger_open(&own->ledger, &to, why);
}

int meter_own_open(struct meter_own *own, const struct meter_own_config *config,
		   char why[METER_WHY])
{
	struct meter_keeper_config to = {
		.dir = config->dir, .key_file = config->key_file, .quote = quote, .ctx = own,
	};
	int rc;

	*own = (struct meter_own){ .keeper = NULL };
	rc = certify_open(&own->tpm, config->tcti, config->ak_file, why);
	if (!rc)
		rc = open_ledger(own, config, why);
	to.ledger = own->ledger;
	if (!rc)
		rc = meter_keeper_open(&own->keeper, &to, why);
	/* Others need its few places for keys. */
	certify_close(&own->tpm);
	if (rc)
		meter_own_close(own);
	return rc;
}

void meter_own_close(struct meter_own *own)
{
	meter_keeper_close(own->keeper);
	ledger_close(own->ledger);
	note_signer_wipe(&own->signer);
}
