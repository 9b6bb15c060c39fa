// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "private.h"

static const char *const names[SIGSTORE_CODES] = {
	[SIGSTORE_OK]			= "ok",
	[SIGSTORE_NO_MEMORY]		= "no-memory",
	[SIGSTORE_REQUEST]		= "request",
	[SIGSTORE_BUNDLE_JSON]		= "bundle-json",
	[SIGSTORE_BUNDLE_FIELD]		= "bundle-field",
	[SIGSTORE_BUNDLE_VERSION]	= "bundle-version",
	[SIGSTORE_TRUST_JSON]		= "trust-json",
	[SIGSTORE_TRUST_FIELD]		= "trust-field",
	[SIGSTORE_MATERIAL]		= "material-mismatch",
	[SIGSTORE_CERTIFICATE_MALFORMED] = "certificate-malformed",
	[SIGSTORE_CHAIN_ROOT]		= "chain-root",
	[SIGSTORE_KEY]			= "key-unsupported",
	[SIGSTORE_CONTENT]		= "content-missing",
	[SIGSTORE_ENVELOPE]		= "envelope-signatures",
	[SIGSTORE_PAYLOAD_TYPE]		= "payload-type",
	[SIGSTORE_STATEMENT]		= "statement-malformed",
	[SIGSTORE_SUBJECT]		= "subject-mismatch",
	[SIGSTORE_DIGEST]		= "digest-mismatch",
	[SIGSTORE_ARTEFACT]		= "artefact-needed",
	[SIGSTORE_SIGNATURE]		= "signature-invalid",
	[SIGSTORE_TIMESTAMP_MALFORMED]	= "timestamp-malformed",
	[SIGSTORE_TIMESTAMP_MISMATCH]	= "timestamp-mismatch",
	[SIGSTORE_TIMESTAMP_SIGNATURE]	= "timestamp-signature",
	[SIGSTORE_TIMESTAMP_OUTSIDE]	= "timestamp-outside-validity",
	[SIGSTORE_TIME_MISSING]		= "time-missing",
	[SIGSTORE_LOG_MISSING]		= "log-entry-missing",
	[SIGSTORE_LOG_UNKNOWN]		= "log-unknown",
	[SIGSTORE_LOG_OUTSIDE]		= "log-outside-validity",
	[SIGSTORE_PROMISE_MISSING]	= "promise-missing",
	[SIGSTORE_PROMISE]		= "promise-invalid",
	[SIGSTORE_PROOF_MISSING]	= "proof-missing",
	[SIGSTORE_PROOF]		= "proof-invalid",
	[SIGSTORE_CHECKPOINT_MISSING]	= "checkpoint-missing",
	[SIGSTORE_CHECKPOINT_MALFORMED]	= "checkpoint-malformed",
	[SIGSTORE_CHECKPOINT_MISMATCH]	= "checkpoint-mismatch",
	[SIGSTORE_CHECKPOINT_SIGNATURE]	= "checkpoint-signature",
	[SIGSTORE_ENTRY_MALFORMED]	= "entry-malformed",
	[SIGSTORE_ENTRY_KIND]		= "entry-kind",
	[SIGSTORE_ENTRY_MISMATCH]	= "entry-mismatch",
	[SIGSTORE_CERTIFICATE_EXPIRED]	= "certificate-expired",
	[SIGSTORE_CERTIFICATE_UNTRUSTED] = "certificate-untrusted",
	[SIGSTORE_CERTIFICATE_PURPOSE]	= "certificate-purpose",
	[SIGSTORE_SCT_MISSING]		= "sct-missing",
	[SIGSTORE_SCT]			= "sct-invalid",
	[SIGSTORE_IDENTITY_MISSING]	= "identity-missing",
	[SIGSTORE_IDENTITY]		= "identity-mismatch",
	[SIGSTORE_ISSUER]		= "issuer-mismatch",
	[SIGSTORE_PREDICATE]		= "predicate-mismatch",
	[SIGSTORE_POLICY]		= "policy-malformed",
	[SIGSTORE_REVIEW]		= "review-malformed",
};

const char *sigstore_code_name(enum sigstore_code code)
{
	return (unsigned int)code < SIGSTORE_CODES && names[code] ? names[code] : "unknown";
}

int sig_refuse(struct sigstore_fault *f, enum sigstore_code code, const char *fmt, ...)
{
	va_list args;
	size_t i;

	f->code = code;
	va_start(args, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, args);
	va_end(args);
	/* Some of it comes from the bundle, and all of it goes to terminals and logs. */
	for (i = 0; f->text[i]; i++)
		if (f->text[i] < ' ' || f->text[i] > '~')
			f->text[i] = '?';
	return code == SIGSTORE_NO_MEMORY ? -ENOMEM : -EKEYREJECTED;
}

int sig_no_memory(struct sigstore_fault *f)
{
	return sig_refuse(f, SIGSTORE_NO_MEMORY, "no memory");
}
