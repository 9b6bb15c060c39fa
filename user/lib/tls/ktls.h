/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLS of which only the handshake happens here: afterwards the kernel encrypts
 * and decrypts what goes through the socket.
 */
#ifndef SKY_TLS_KTLS_H
#define SKY_TLS_KTLS_H

#include <stdint.h>

/* Who is believed, and who we are.  PEM files; any may be NULL. */
struct ktls_files {
	const char *ca;		/* authorities; NULL: those that the system believes */
	const char *cert;	/* ours, with what links it to an authority */
	const char *key;	/* of our certificate, not encrypted */
	const char *host;	/* name in the server's certificate; NULL: that of the URL */
};

int ktls_start(int fd, const char *host, const struct ktls_files *files, int64_t deadline);

#endif /* SKY_TLS_KTLS_H */
