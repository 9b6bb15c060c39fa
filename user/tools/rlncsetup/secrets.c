// SPDX-License-Identifier: GPL-2.0-or-later
/* Passphrases, key files and the volume key: where they come from. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/report.h"
#include "base/text.h"
#include "crypto/argon.h"
#include "rlncsetup.h"

#define PASSPHRASE_MAX		512u
#define KEY_FILE_MAX		(8u << 20)	/* as cryptsetup */
#define RANDOM_FILE_MIN		32u		/* bytes of a file that needs no derivation */

/* The terminal as it was, for whoever interrupts a prompt. */
static struct termios tty_before;
static int tty_fd = -1;

static void on_signal(int number)
{
	tcsetattr(tty_fd, TCSAFLUSH, &tty_before);
	signal(number, SIG_DFL);
	raise(number);
}

/* Those that are ignored stay so: nohup(1) means it. */
static void catch_signals(void (*handler)(int number))
{
	static const int caught[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction now;
	unsigned int i;

	for (i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		if (!sigaction(caught[i], NULL, &now) && now.sa_handler != SIG_IGN)
			signal(caught[i], handler);
}

/* A line from the terminal, without echo. */
static int prompt(const char *what, struct secret *s)
{
	CLEANUP_CLOSE int tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
	struct termios quiet;
	int rc;

	if (tty < 0 || tcgetattr(tty, &tty_before))
		return fail(EINVAL, "no terminal to ask for the passphrase");
	quiet = tty_before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	quiet.c_lflag |= ICANON;
	tty_fd = tty;
	catch_signals(on_signal);
	tcsetattr(tty, TCSAFLUSH, &quiet);
	dprintf(tty, "%s: ", what);
	rc = read_secret(tty, PASSPHRASE_MAX, '\n', s);
	tcsetattr(tty, TCSAFLUSH, &tty_before);
	catch_signals(SIG_DFL);
	dprintf(tty, "\n");
	if (rc == -EFBIG)
		return fail(EINVAL, "a passphrase has %u bytes at most", PASSPHRASE_MAX);
	if (rc == -ENODATA)
		return fail(EPERM, "no passphrase was entered");
	return rc ? fail(-rc, "reading the passphrase: %s", strerror(-rc)) : 0;
}

/* A line from standard input, which is no terminal. */
static int from_pipe(const char *what, struct secret *s)
{
	int rc = read_secret(STDIN_FILENO, PASSPHRASE_MAX, '\n', s);

	if (rc == -EFBIG)
		return fail(EINVAL, "a passphrase has %u bytes at most", PASSPHRASE_MAX);
	if (rc != -ENODATA)
		return rc ? fail(-rc, "reading the passphrase: %s", strerror(-rc)) : 0;
	fail(EPERM, "\"%s\": standard input has ended before a passphrase came", what);
	hint("give it on a terminal or a pipe, or say --key-file");
	return -EPERM;
}

static int prompt_twice(const char *what, struct secret *s)
{
	CLEANUP_SECRET struct secret again = SECRET_NONE;
	int rc = prompt(what, s);

	if (!rc)
		rc = prompt("Verify passphrase", &again);
	if (!rc && !secret_equal(s, &again))
		rc = fail(EPERM, "the passphrases do not match");
	if (rc)
		secret_free(s);
	return rc;
}

static int from_file(const char *path, struct secret *s)
{
	CLEANUP_CLOSE int fd = -1;
	bool is_stdin = !strcmp(path, "-");
	int rc;

	if (!is_stdin) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return fail(errno, "key file %s: %s", path, strerror(errno));
	}
	rc = read_secret(is_stdin ? STDIN_FILENO : fd, KEY_FILE_MAX, -1, s);
	if (rc == -EFBIG)
		return fail(EINVAL, "key file %s: more than %u MiB", path, KEY_FILE_MAX >> 20);
	if (rc)
		return fail(-rc, "key file %s: %s", path, strerror(-rc));
	if (s->len)
		return 0;
	secret_free(s);
	return fail(EINVAL, "key file %s is empty", path);
}

/**
 * secret_from_user - a passphrase, or the contents of a key file
 * @key_file:	all of this file; "-": all of standard input; NULL: a line from the
 *		terminal, or from standard input when that is none
 * @what:	prompt
 * @verify:	ask twice, if a person is asked
 * @s:		filled in
 *
 * Return: 0 or -errno, reported.
 */
int secret_from_user(const char *key_file, const char *what, bool verify, struct secret *s)
{
	int rc;

	if (key_file)
		return from_file(key_file, s);
	if (!isatty(STDIN_FILENO))
		rc = from_pipe(what, s);
	else
		rc = verify ? prompt_twice(what, s) : prompt(what, s);
	if (rc || s->len)
		return rc;
	secret_free(s);
	return fail(EPERM, "an empty passphrase is none");
}

/**
 * volume_key_from_file - the volume key itself
 * @path:	file of exactly RLNC_VOLUME_KEY_BYTES bytes, or "-"
 * @key:	filled in
 *
 * Return: 0 or -errno, reported.
 */
int volume_key_from_file(const char *path, struct secret *key)
{
	size_t len;
	int rc = from_file(path, key);

	if (rc || key->len == RLNC_VOLUME_KEY_BYTES)
		return rc;
	len = key->len;
	secret_free(key);
	return fail(EINVAL, "volume key file %s has %zu bytes, %u are needed", path, len,
		    RLNC_VOLUME_KEY_BYTES);
}

static int try_unlock(struct volume *v, const struct options *o, struct secret *key)
{
	CLEANUP_SECRET struct secret pass = SECRET_NONE;
	char what[128], label[sizeof(v->newest->label)];
	int rc;

	text_printable(v->newest->label, label, sizeof(label));
	snprintf(what, sizeof(what), "Enter passphrase for volume %s", *label ? label : v->uuid);
	rc = secret_from_user(o->key_file, what, false, &pass);
	if (rc)
		return rc;
	rc = volume_unlock(v, &(struct volume_opener){ .pass = &pass }, key);
	if (rc == -EKEYREJECTED) {
		fail(EPERM, "no key slot opens with this %s", o->key_file ? "key file" : "passphrase");
		return -EKEYREJECTED;
	}
	return rc;
}

/**
 * volume_key_get - the volume key, by whatever way the options name
 * @v:		identified
 * @o:		--volume-key-file, --key-file, --tries
 * @key:	filled in
 *
 * Return: 0, -EKEYREJECTED when nothing opens, or -errno; reported.
 */
int volume_key_get(struct volume *v, const struct options *o, struct secret *key)
{
	bool again = !o->key_file && isatty(STDIN_FILENO);
	uint64_t tries;
	int rc = -EKEYREJECTED;

	if (o->volume_key_file)
		return volume_key_from_file(o->volume_key_file, key);
	for (tries = again ? o->tries : 1; tries && rc == -EKEYREJECTED; tries--)
		rc = try_unlock(v, o, key);
	return rc;
}

/**
 * volume_key_find - the same, or from the TPM
 * @v:		identified
 * @o:		as volume_key_get() and tpm2_unlock()
 * @key:	filled in
 * @sealed:	receives whether it came from the TPM
 *
 * The TPM is asked when --tpm2 says so, or when there is a slot for one and nothing else was
 * said: whoever is there then is asked for a passphrase, should the TPM refuse.
 *
 * Return: as these.
 */
int volume_key_find(struct volume *v, const struct options *o, struct secret *key, bool *sealed)
{
	int rc;

	*sealed = !o->key_file && !o->volume_key_file &&
		  (o->tpm2 || volume_has_keyslot(v, RLNC_KEYSLOT_TPM2));
	if (!*sealed)
		return volume_key_get(v, o, key);
	rc = tpm2_unlock(v, o, key);
	if (!rc || o->tpm2)
		return rc;
	*sealed = false;
	return volume_key_get(v, o, key);
}

static int choose_cost(const struct options *o, struct argon_cost *cost)
{
	int rc = 0;

	if (!o->argon_time || !o->argon_memory)
		rc = argon_choose_cost((unsigned int)o->iter_time, cost);
	else
		cost->lanes = 1;
	if (rc)
		return fail(-rc, "argon2id cannot be measured: %s", strerror(-rc));
	if (o->argon_time)
		cost->time = (uint32_t)o->argon_time;
	if (o->argon_memory)
		cost->memory_kib = (uint32_t)o->argon_memory;
	if (o->argon_lanes)
		cost->lanes = (uint32_t)o->argon_lanes;
	if (!argon_cost_ok(cost)) {
		fail(EINVAL, "argon2id with %u pass%s over %u KiB in %u lane%s: out of range",
		     cost->time, cost->time == 1 ? "" : "es", cost->memory_kib, cost->lanes,
		     plural(cost->lanes));
		hint("%u KiB a lane to %u GiB, and passes times memory at most %llu GiB",
		     ARGON_MIN_MEMORY_KIB, ARGON_MAX_MEMORY_KIB >> 20,
		     ARGON_MAX_WORK_KIB >> 20);
		return -EINVAL;
	}
	note("argon2id: %u pass%s over %u KiB in %u lane%s", cost->time,
	     cost->time == 1 ? "" : "es", cost->memory_kib, cost->lanes, plural(cost->lanes));
	return 0;
}

static int slot_type(const struct options *o, const char *key_file, const struct secret *pass)
{
	if (!o->slot_type || !strcmp(o->slot_type, "passphrase"))
		return RLNC_KEYSLOT_PASSPHRASE;
	if (strcmp(o->slot_type, "keyfile"))
		return fail(EINVAL, "--slot-type %s: passphrase or keyfile", o->slot_type);
	if (!key_file)
		return fail(EINVAL, "--slot-type keyfile needs a --key-file FILE");
	if (pass->len < RANDOM_FILE_MIN)
		return fail(EINVAL, "key file %s: fewer than %u bytes are not safe without derivation",
			    key_file, RANDOM_FILE_MIN);
	return RLNC_KEYSLOT_KEYFILE;
}

/**
 * slot_begin - a slot with the number, label and date that it shall have
 * @set:	that it will be in
 * @o:		number and label
 * @slot:	receives them, and is empty otherwise
 *
 * Return: its number, or -errno, reported.
 */
int slot_begin(struct keyslot_set *set, const struct options *o, struct keyslot *slot)
{
	int number = o->slot == SLOT_ANY ? keyslot_first_free(set) : (int)o->slot;
	int rc;

	*slot = (struct keyslot){ .created = (u64)time(NULL) };
	if (number < 0)
		return fail(ENOSPC, "all %d key slots are in use", RLNC_KEYSLOTS);
	if (keyslot_find(set, number))
		return fail(EEXIST, "key slot %d is in use", number);
	rc = label_copy("--slot-label", o->slot_label, slot->label, sizeof(slot->label));
	slot->number = number;
	return rc ? rc : number;
}

/**
 * slot_make - wrap the volume key in a new slot
 * @set:	receives the slot
 * @o:		number, type, label and cost
 * @key_file:	where @pass comes from, or NULL
 * @pass:	passphrase or contents of the key file
 * @volume_key:	what is wrapped
 *
 * Return: the slot's number, or -errno, reported.
 */
int slot_make(struct keyslot_set *set, const struct options *o, const char *key_file,
	      const struct secret *pass, const struct secret *volume_key)
{
	struct keyslot slot;
	int type = slot_type(o, key_file, pass);
	int number = type < 0 ? type : slot_begin(set, o, &slot);
	int rc;

	if (number < 0)
		return number;
	slot.type = type;
	rc = type == RLNC_KEYSLOT_PASSPHRASE ? choose_cost(o, &slot.cost) : 0;
	if (rc)
		return rc;
	rc = keyslot_wrap(set, &slot, pass, volume_key);
	if (!rc)
		rc = keyslot_add(set, &slot);
	return rc ? fail(-rc, "key slot %d: %s", number, strerror(-rc)) : number;
}
