// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include <openssl/x509.h>

#include "base/text.h"
#include "bytes.h"
#include "event_bind.h"
#include "event_keys.h"

#define GUID_BYTES	16
#define NAME_MAX_BYTES	128

/* EFI_CERT_X509_GUID, as it lies in memory. */
static const uint8_t x509_guid[GUID_BYTES] = {
	0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a,
	0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72,
};

static void append(char *text, size_t size, const char *more)
{
	char clean[NAME_MAX_BYTES];
	size_t len = strlen(text);

	text_printable(more, clean, sizeof(clean));
	snprintf(text + len, size - len, "%s%s", len ? ", " : "", clean);
}

/* EFI_SIGNATURE_DATA: who has put it there, and a certificate in DER. */
static void add_certificate(struct bytes data, char *text, size_t size)
{
	char name[NAME_MAX_BYTES];
	const uint8_t *at;
	X509 *x;

	if (!bytes_skip(&data, GUID_BYTES))
		return;
	at = data.at;
	x = d2i_X509(NULL, &at, (long)data.len);
	if (!x)
		return;
	if (X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, name,
				      sizeof(name)) <= 0)
		X509_NAME_oneline(X509_get_subject_name(x), name, sizeof(name));
	X509_free(x);
	append(text, size, name);
}

/* EFI_SIGNATURE_LIST: type, bytes of all, of a header, of each signature.  false: it ends. */
static bool add_list(struct bytes *b, char *text, size_t size)
{
	uint32_t all, header, each;
	const uint8_t *type, *one;
	struct bytes list = *b;

	if (!bytes_take(&list, GUID_BYTES, &type) || !bytes_le32(&list, &all) ||
	    !bytes_le32(&list, &header) || !bytes_le32(&list, &each) || all > b->len ||
	    all < b->len - list.len)
		return false;
	list.len = all - (b->len - list.len);
	bytes_skip(b, all);
	if (!each || !bytes_skip(&list, header) || memcmp(type, x509_guid, GUID_BYTES))
		return true;
	while (bytes_take(&list, each, &one))
		add_certificate(bytes_of(one, each), text, size);
	return true;
}

const char *event_keys(const struct event *ev, char *text, size_t size)
{
	struct event_variable var;
	struct bytes b;

	*text = '\0';
	if (!event_variable(ev, &var))
		return text;
	b = bytes_of(var.value.at, var.value.len);
	if (ev->type == EV_EFI_VARIABLE_AUTHORITY)
		add_certificate(b, text, size);
	else if (ev->type == EV_EFI_VARIABLE_DRIVER_CONFIG)
		while (add_list(&b, text, size))
			;
	return text;
}
