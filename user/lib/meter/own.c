// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "own.h"
#include "tpm/wire.h"

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
		rc = ledger_own_open(&own->ledger, config->ledger, config->ledger_key,
				     config->ledger_epoch, why);
	to.ledger = own->ledger.ledger;
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
	ledger_own_close(&own->ledger);
}
