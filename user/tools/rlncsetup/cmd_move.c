// SPDX-License-Identifier: GPL-2.0-or-later
/* rlncsetup move: a volume goes from one host to another, by files that somebody carries. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/report.h"
#include "move_host.h"
#include "tpm/tpm_public.h"

/* --- what is carried --------------------------------------------------------------------- */

static int read_message(const char *path, char **data, size_t *len)
{
	int rc = file_read(strcmp(path, "-") ? path : "/dev/stdin", MOVE_FILE_MAX, data, len);

	return rc ? fail(-rc, "cannot read %s", path) : 0;
}

static int write_message(const struct options *o, const struct tpm_writer *w)
{
	int rc;

	if (o->move.output && strcmp(o->move.output, "-")) {
		rc = file_write_atomic(o->move.output, w->at, w->len, 0600);
		return rc ? fail(-rc, "cannot write %s", o->move.output) : 0;
	}
	if (isatty(STDOUT_FILENO))
		return fail(EINVAL, "a message is no text: --output FILE, or a pipe");
	return fwrite(w->at, 1, w->len, stdout) == w->len ? 0 :
	       fail(EIO, "standard output cannot be written");
}

/* The volume, by its UUID. */
static int read_uuid(const char *text, uint8_t id[UUID_BYTES])
{
	char digits[2 * UUID_BYTES + 1];
	size_t n = 0;

	for (; *text && n < sizeof(digits) - 1; text++)
		if (*text != '-')
			digits[n++] = *text;
	digits[n] = 0;
	if (*text || n != 2 * UUID_BYTES || hex_decode(digits, id, UUID_BYTES))
		return fail(EINVAL, "the volume's UUID is wanted, as `rlncsetup dump` shows it");
	return 0;
}

/* Which volume a message is about. */
static int volume_of(const char *path, struct move_bytes from, uint8_t id[UUID_BYTES])
{
	struct move_message m;
	struct move_offer offer;
	struct move_who who;
	struct move_package package;
	struct move_crate crate;
	struct move_receipt receipt;
	struct move_challenge challenge;
	const uint8_t *volume = NULL;

	if (!move_message_read(from, &m)) {
		if (m.kind == MOVE_OFFER && !move_offer_read(m.body, &offer) &&
		    !move_who_read(offer.who, &who))
			volume = who.volume;
		else if (m.kind == MOVE_PACKAGE && !move_package_read(m.body, &package) &&
			 !move_crate_read(package.crate, &crate))
			volume = crate.volume;
		else if ((m.kind == MOVE_ACCEPTANCE || m.kind == MOVE_DESTRUCTION) &&
			 !move_receipt_read(m.body, &receipt))
			volume = receipt.volume;
		else if (m.kind == MOVE_CHALLENGE && !move_challenge_read(m.body, &challenge))
			volume = challenge.volume;
	}
	if (!volume)
		return fail(EBADMSG, "%s is no message of a move, or is damaged", path);
	memcpy(id, volume, UUID_BYTES);
	return 0;
}

static int told(const struct move_host *h, int rc)
{
	char uuid[UUID_TEXT_MAX];

	return rc ? fail(-rc, "volume %s: %s", uuid_format(h->move.volume, uuid), h->move.why) : 0;
}

/* --- steps ------------------------------------------------------------------------------- */

struct carried {
	char *in;
	size_t in_len;
	uint8_t *out;
	struct tpm_writer w;
};

static void carried_end(struct carried *c)
{
	free(c->in);
	free(c->out);
}

#define CLEANUP_CARRIED	CLEANUP(carried_end) struct carried

static int carry(struct carried *c, const char *path)
{
	*c = (struct carried){ .out = malloc(MOVE_FILE_MAX) };
	c->w = TPM_WRITER(c->out, MOVE_FILE_MAX);
	if (!c->out)
		return fail(ENOMEM, "out of memory");
	return path ? read_message(path, &c->in, &c->in_len) : 0;
}

static struct move_bytes brought(const struct carried *c)
{
	return (struct move_bytes){ (const uint8_t *)c->in, c->in_len };
}

/*
 * A step to which a message is brought, and which has one for the other host: the volume is
 * that of the message.
 */
static int pass_on(const struct options *o, int argc, char **argv,
		   int (*step)(struct move *m, struct move_bytes from, struct tpm_writer *w))
{
	CLEANUP_MOVE_HOST struct move_host h = { .o = NULL };
	uint8_t id[UUID_BYTES];
	CLEANUP_CARRIED c;
	int rc = carry(&c, argv[0]);

	if (!rc)
		rc = volume_of(argv[0], brought(&c), id);
	if (!rc)
		rc = move_host_open(&h, o, id, argv + 1, argc - 1);
	if (!rc)
		rc = told(&h, step(&h.move, brought(&c), &c.w));
	return rc ? rc : write_message(o, &c.w);
}

int cmd_move_offer(const struct options *o, int argc, char **argv)
{
	CLEANUP_MOVE_HOST struct move_host h = { .o = NULL };
	uint8_t id[UUID_BYTES], from[MOVE_NAME_BYTES];
	CLEANUP_CARRIED c;
	int rc = carry(&c, NULL);

	(void)argc;
	if (!rc)
		rc = read_uuid(argv[0], id);
	if (!rc && (!o->move.from || strlen(o->move.from) != 2 * MOVE_NAME_BYTES ||
		    hex_decode(o->move.from, from, MOVE_NAME_BYTES))) {
		fail(EINVAL, "who has it? --from NAME, of that host's attestation key");
		hint("`rlncsetup move status UUID` shows it there");
		rc = -EINVAL;
	}
	if (!rc)
		rc = move_host_open(&h, o, id, NULL, 0);
	if (!rc)
		rc = told(&h, move_offer(&h.move, from, &c.w));
	return rc ? rc : write_message(o, &c.w);
}

int cmd_move_challenge(const struct options *o, int argc, char **argv)
{
	return pass_on(o, argc, argv, move_challenge);
}

int cmd_move_answer(const struct options *o, int argc, char **argv)
{
	return pass_on(o, argc, argv, move_answer);
}

int cmd_move_freeze(const struct options *o, int argc, char **argv)
{
	CLEANUP_MOVE_HOST struct move_host h = { .o = NULL };
	CLEANUP_FREE char *answer = NULL;
	uint8_t id[UUID_BYTES];
	CLEANUP_CARRIED c;
	size_t len = 0;
	int rc = carry(&c, argv[0]);

	if (!rc)
		rc = volume_of(argv[0], brought(&c), id);
	if (!rc)
		rc = read_message(argv[1], &answer, &len);
	if (!rc)
		rc = move_host_open(&h, o, id, argv + 2, argc - 2);
	return rc ? rc :
	       told(&h, move_freeze(&h.move, brought(&c),
				    (struct move_bytes){ (const uint8_t *)answer, len }));
}

/* An answer at A, a cancellation at B, or neither. */
int cmd_move_cancel(const struct options *o, int argc, char **argv)
{
	CLEANUP_MOVE_HOST struct move_host h = { .o = NULL };
	uint8_t id[UUID_BYTES];
	CLEANUP_CARRIED c;
	int rc = carry(&c, argc > 1 ? argv[1] : NULL);

	if (!rc && argc > 1 && !c.in_len)
		rc = fail(EBADMSG, "%s is empty", argv[1]);
	if (!rc)
		rc = read_uuid(argv[0], id);
	if (!rc)
		rc = move_host_open(&h, o, id, NULL, 0);
	if (!rc)
		rc = told(&h, move_cancel(&h.move, brought(&c), &c.w));
	/* B has nothing to say. */
	return rc || !c.w.len ? rc : write_message(o, &c.w);
}

int cmd_move_package(const struct options *o, int argc, char **argv)
{
	CLEANUP_MOVE_HOST struct move_host h = { .o = NULL };
	uint8_t id[UUID_BYTES];
	CLEANUP_CARRIED c;
	int rc = carry(&c, NULL);

	(void)argc;
	if (!rc)
		rc = read_uuid(argv[0], id);
	if (!rc)
		rc = move_host_open(&h, o, id, NULL, 0);
	if (!rc)
		rc = told(&h, move_package(&h.move, &c.w));
	return rc ? rc : write_message(o, &c.w);
}

int cmd_move_accept(const struct options *o, int argc, char **argv)
{
	return pass_on(o, argc, argv, move_accept);
}

int cmd_move_destroy(const struct options *o, int argc, char **argv)
{
	return pass_on(o, argc, argv, move_destroy);
}

/* --- status ------------------------------------------------------------------------------ */

static int own_name(const struct move_host *h, char text[2 * MOVE_NAME_BYTES + 1])
{
	struct tpm_public ak;
	struct tpm_name name;
	const char *why;

	if (tpm_public_parse_2b(h->tpm.ak.at, h->tpm.ak.len, &ak, &why) ||
	    tpm_public_name(&ak, &name) || name.len != MOVE_NAME_BYTES)
		return fail(EIO, "the attestation key has no Name");
	hex_encode(name.at, name.len, text);
	return 0;
}

int cmd_move_status(const struct options *o, int argc, char **argv)
{
	char name[2 * MOVE_NAME_BYTES + 1], id_text[2 * SHA256_BYTES + 1];
	CLEANUP_MOVE_HOST struct move_host h = { .o = NULL };
	char peer[2 * MOVE_NAME_BYTES + 1];
	struct move_status s = { .state = MOVE_NONE };
	uint8_t id[UUID_BYTES];
	int rc = read_uuid(argv[0], id), looked;

	(void)argc;
	if (!rc)
		rc = move_host_open(&h, o, id, NULL, 0);
	if (!rc)
		rc = own_name(&h, name);
	if (rc)
		return rc;
	looked = move_look(&h.move, &s);
	if (looked && looked != -ESTALE)
		return told(&h, looked);
	hex_encode(s.id, sizeof(s.id), id_text);
	hex_encode(s.peer, sizeof(s.peer), peer);
	if (o->json)
		printf("{\"state\": \"%s\", \"rewound\": %s, \"epoch\": %" PRIu64
		       ", \"counter\": %" PRIu64 ", \"move\": \"%s\", \"peer\": \"%s\", \"host\": \"%s\"}\n",
		       move_state_name(s.state), looked ? "true" : "false", s.epoch, s.counter,
		       id_text, peer, name);
	else
		printf("state    %s\nepoch    %" PRIu64 "\ncounter  %" PRIu64
		       "\nmove     %s\npeer     %s\nhost     %s\n", move_state_name(s.state),
		       s.epoch, s.counter, id_text, peer, name);
	return told(&h, looked);
}

/**
 * move_check_open - may a volume be opened on this host?
 * @o:		--tpm2-device, --journals
 * @id:		the volume
 * @lock:	receives a file: until it is closed, the volume does not move.  -1: it cannot, here
 *
 * Where there is no journal, the TPM has no counter of the volume either, or somebody took the
 * journal away.  A machine without a TPM has moved nothing.
 *
 * Return: 0 or -errno, reported.
 */
int move_check_open(const struct options *o, const uint8_t id[UUID_BYTES], int *lock)
{
	CLEANUP_MOVE_HOST struct move_host h = { .o = NULL };
	int rc = move_host_look(&h, o, id);

	if (!rc && h.tpm.device)
		rc = told(&h, move_may_use(&h.move));
	if (!rc)
		*lock = TAKE_FD(h.lock);
	return rc;
}
