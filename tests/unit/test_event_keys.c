// SPDX-License-Identifier: GPL-2.0-or-later
/* Whose certificates events of Secure Boot hold: real ones, and lists that lie of their length. */
#include "tpm_util.h"
#include "tpm/event_bind.h"
#include "tpm/event_keys.h"

#define BOOT		"ovmf-secureboot-uki"
#define EVENT_DB	7
#define EVENT_AUTHORITY	25
#define NAME_BYTES	4		/* "db" in UTF-16 */
#define HEADER		(16 + 8 + 8 + NAME_BYTES)	/* of UEFI_VARIABLE_DATA */
#define OF_ALL		(HEADER + 16)	/* lengths in EFI_SIGNATURE_LIST */
#define OF_HEADER	(HEADER + 20)
#define OF_EACH		(HEADER + 24)
#define FIRST		(HEADER + 28)	/* EFI_SIGNATURE_DATA */

/* An event of that boot, whose data is a copy of exactly its length. */
static struct event event_of(struct blob log, unsigned int index)
{
	struct eventlog l;
	struct event ev;
	char *copy;

	assert_int_equal(eventlog_open(&l, log.at, log.len), 0);
	do
		assert_int_equal(eventlog_next(&l, &ev), 1);
	while (ev.index != index);
	copy = malloc(ev.data.len);
	memcpy(copy, ev.data.at, ev.data.len);
	ev.data.at = copy;
	return ev;
}

static void lie(struct event *ev, size_t at, uint32_t value)
{
	uint8_t *to = (uint8_t *)ev->data.at + at;

	to[0] = value;
	to[1] = value >> 8;
	to[2] = value >> 16;
	to[3] = value >> 24;
}

static bool has_key(const struct event *ev)
{
	char text[200];

	return strstr(event_keys(ev, text, sizeof(text)), "O=SnakeOil");
}

static void real(void **state)
{
	struct blob log = blob_of(BOOT, "binary_bios_measurements");
	struct event db = event_of(log, EVENT_DB), authority = event_of(log, EVENT_AUTHORITY);
	struct event dbx = event_of(log, EVENT_DB + 1);
	char text[200], small[8];

	(void)state;
	assert_true(has_key(&db));
	assert_true(has_key(&authority));
	assert_string_equal(event_keys(&dbx, text, sizeof(text)), "");
	/* What does not fit is cut. */
	assert_int_equal(strlen(event_keys(&db, small, sizeof(small))), sizeof(small) - 1);
	/* A type is a claim: a list is no single signature, nor the other way about. */
	db.type = EV_EFI_VARIABLE_AUTHORITY;
	authority.type = EV_EFI_VARIABLE_DRIVER_CONFIG;
	assert_false(has_key(&db) || has_key(&authority));
	authority.type = EV_SEPARATOR;
	assert_false(has_key(&authority));
	free((char *)db.data.at);
	free((char *)dbx.data.at);
	free((char *)authority.data.at);
	blob_free(&log);
}

static void lies(void **state)
{
	static const uint32_t values[] = {
		0, 1, 15, 16, 27, 28, 29, 0x7fffffff, 0x80000000, 0xffffffff,
	};
	static const size_t places[] = { OF_ALL, OF_HEADER, OF_EACH };
	struct blob log = blob_of(BOOT, "binary_bios_measurements");
	unsigned int i, k;

	(void)state;
	for (i = 0; i < COUNT(places); i++)
		for (k = 0; k < COUNT(values); k++) {
			struct event ev = event_of(log, EVENT_DB);

			lie(&ev, places[i], values[k]);
			/* A header of no length is what it has. */
			assert_int_equal(has_key(&ev), places[i] == OF_HEADER && !values[k]);
			free((char *)ev.data.at);
		}
	blob_free(&log);
}

/* Each byte of list and certificate in turn: nothing is read outside. */
static void damaged(void **state)
{
	struct blob log = blob_of(BOOT, "binary_bios_measurements");
	struct event ev = event_of(log, EVENT_DB);
	char text[64];
	size_t i;

	(void)state;
	for (i = HEADER; i < ev.data.len; i++) {
		((char *)ev.data.at)[i] ^= 0xff;
		assert_true(strlen(event_keys(&ev, text, sizeof(text))) < sizeof(text));
		((char *)ev.data.at)[i] ^= 0xff;
	}
	assert_true(ev.data.len > FIRST && has_key(&ev));
	free((char *)ev.data.at);
	blob_free(&log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real), cmocka_unit_test(lies), cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
