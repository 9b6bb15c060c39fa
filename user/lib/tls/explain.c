// SPDX-License-Identifier: GPL-2.0-or-later
/* What OpenSSL means, and what to do about it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/x509.h>

#include "tls_private.h"

int tls_fail(char *why, int err, const char *fmt, ...)
{
	va_list ap;

	if (!why)
		return -err;
	va_start(ap, fmt);
	vsnprintf(why, TLS_WHY, fmt, ap);
	va_end(ap);
	return -err;
}

const char *tls_first_error(void)
{
	unsigned long e = ERR_peek_error();
	const char *reason = ERR_SYSTEM_ERROR(e) ? strerror(ERR_GET_REASON(e)) :
						   ERR_reason_error_string(e);

	ERR_clear_error();
	return reason ? reason : "unknown error";
}

const char *tls_verdict_advice(long verdict)
{
	switch (verdict) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return "its certificate is to be renewed, or a clock is wrong";
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return "compare the clocks of both";
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return "use a name that is in its certificate, or give it one for this name";
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		return NULL;
	case X509_V_ERR_INVALID_PURPOSE:
		return "its certificate is for another use";
	default:
		return "look at its certificate with openssl x509 -text";
	}
}

/* What the peer, or OpenSSL itself, objects to. */
static const struct {
	int reason;
	int err;
	const char *advice;
} reasons[] = {
	{ SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, EKEYREJECTED,
	  "it has to show a certificate of an authority that is believed here" },
	{ SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, EKEYREJECTED,
	  "give us a certificate and a key that it believes" },
	{ SSL_R_TLSV1_ALERT_UNKNOWN_CA, EKEYREJECTED,
	  "it does not know the authority of our certificate" },
	{ SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, EKEYREJECTED, "it does not like our certificate" },
	{ SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, EKEYREJECTED, "renew our certificate" },
	{ SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, EKEYREJECTED, "it does not like our certificate" },
	{ SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, EPROTO,
	  "does it want a certificate of us, or ciphers that we do not have?" },
	{ SSL_R_UNSUPPORTED_PROTOCOL, EPROTO, "at least TLS 1.2 is needed" },
	{ SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, EPROTO, "at least TLS 1.2 is needed" },
	{ SSL_R_NO_APPLICATION_PROTOCOL, EPROTO, "only http/1.1 is spoken here" },
	{ SSL_R_HTTP_REQUEST, EPROTO, "it speaks plain HTTP: https:// is needed" },
	{ SSL_R_WRONG_VERSION_NUMBER, EPROTO, "is this TLS at all, or the port of something else?" },
	{ SSL_R_UNEXPECTED_EOF_WHILE_READING, ECONNRESET, "it has gone without a word" },
};

int tls_explain(SSL *ssl, const char *peer, char *why)
{
	long verdict = SSL_get_verify_result(ssl);
	const char *advice = tls_verdict_advice(verdict);
	unsigned long e = ERR_peek_error();
	size_t i;

	if (verdict != X509_V_OK) {
		ERR_clear_error();
		return tls_fail(why, EKEYREJECTED, "TLS with %s: its certificate is not believed: %s; %s",
				peer, X509_verify_cert_error_string(verdict), advice ? advice :
				"is its authority in the file of those that are believed?");
	}
	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (ERR_GET_LIB(e) == ERR_LIB_SSL && ERR_GET_REASON(e) == reasons[i].reason)
			return tls_fail(why, reasons[i].err, "TLS with %s: %s; %s", peer,
					tls_first_error(), reasons[i].advice);
	}
	return tls_fail(why, EPROTO, "TLS with %s: %s; try it with openssl s_client", peer,
			tls_first_error());
}
