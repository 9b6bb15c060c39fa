// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Recovery of a vault's keys.  A random key, which is nowhere but in its shares, is the passphrase
 * of a copy of them; the copy is in the sheet.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "../../skyd/vault_keys.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/report.h"
#include "govern/folder.h"
#include "govern/recovery.h"
#include "skyctl.h"

#define PASSPHRASE_MAX	1024u
#define PASSPHRASE_MS	1000u
#define SHARES_MAX	64u
#define SHARES_FILE_MAX	16384u

static int read_passphrase(const struct options *o, struct secret *pass)
{
	CLEANUP_CLOSE int fd = o->passphrase ? open(o->passphrase, O_RDONLY | O_CLOEXEC) : -1;
	int rc;

	if (!o->passphrase)
		return 0;
	rc = fd < 0 ? -errno : read_secret(fd, PASSPHRASE_MAX, '\n', pass);
	return rc ? fail(-rc, "cannot read %s: %s", o->passphrase, strerror(-rc)) : 0;
}

/* The key as a passphrase: 64 digits. */
static int as_passphrase(const uint8_t key[RECOVERY_KEY_BYTES], struct secret *pass)
{
	char digits[2 * RECOVERY_KEY_BYTES + 1];
	int rc;

	hex_encode(key, RECOVERY_KEY_BYTES, digits);
	rc = secret_copy(pass, digits, 2 * RECOVERY_KEY_BYTES);
	explicit_bzero(digits, sizeof(digits));
	return rc ? fail(-rc, "no memory that is locked") : 0;
}

/* @keys: memory for struct vault_keys. */
static int open_vault(const struct options *o, const char *path, struct secret *keys)
{
	CLEANUP_SECRET struct secret pass = SECRET_NONE;
	CLEANUP_SECRET struct secret file = SECRET_NONE;
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int rc = fd < 0 ? -errno : read_secret(fd, VAULT_FILE_MAX, -1, &file);

	if (rc)
		return fail(-rc, "cannot read %s: %s", path, strerror(-rc));
	rc = read_passphrase(o, &pass);
	if (rc)
		return rc;
	rc = secret_alloc(keys, sizeof(struct vault_keys));
	rc = rc ? rc : vault_keys_open((struct vault_keys *)keys->data, pass.len ? &pass : NULL,
				       file.data, file.len);
	if (rc == -ENOKEY)
		hint("give --passphrase");
	return rc ? fail(-rc, "%s cannot be opened", path) : 0;
}

static int wrap_vault(const struct secret *keys, const uint8_t *key, struct recovery_sheet *sheet)
{
	CLEANUP_SECRET struct secret pass = SECRET_NONE;
	struct argon_cost cost;
	int rc = as_passphrase(key, &pass);

	if (rc)
		return rc;
	_Static_assert(VAULT_FILE_MAX <= RECOVERY_VAULT_MAX, "a vault's file fits a sheet");
	rc = argon_choose_cost(PASSPHRASE_MS, &cost);
	rc = rc ? rc : vault_keys_seal((const struct vault_keys *)keys->data, &pass, &cost,
				       sheet->vault);
	if (rc < 0)
		return fail(-rc, "the keys cannot be wrapped");
	sheet->vault_len = rc;
	return 0;
}

static int write_sheet(const struct options *o, const struct recovery_sheet *sheet)
{
	CLEANUP_FREE char *text = recovery_sheet_print(sheet);
	int rc = text ? file_write_atomic(o->sheet, text, strlen(text), 0644) : -ENOMEM;

	return rc ? fail(-rc, "cannot write %s: %s", o->sheet, strerror(-rc)) : 0;
}

static int print_shares(struct recovery_share *share, unsigned int count)
{
	char line[RECOVERY_LINE];
	unsigned int i;
	int rc;

	for (i = 0; i < count; i++) {
		rc = recovery_share_print(&share[i], line);
		if (rc)
			return fail(-rc, "a share cannot be printed");
		puts(line);
	}
	explicit_bzero(line, sizeof(line));
	return 0;
}

static int split(const struct options *o, const struct secret *keys, struct recovery_sheet *sheet,
		 struct recovery_share *share)
{
	uint8_t key[RECOVERY_KEY_BYTES];
	char group[RECOVERY_GROUP];
	int rc = random_bytes(key, sizeof(key));

	rc = rc ? rc : recovery_split(key, o->need, o->shares, sheet, share);
	if (rc)
		rc = fail(-rc, "%u of %u shares cannot be made", (unsigned int)o->need,
			  (unsigned int)o->shares);
	rc = rc ? rc : wrap_vault(keys, key, sheet);
	explicit_bzero(key, sizeof(key));
	/* Shares without their sheet are nothing: it is written first. */
	rc = rc ? rc : write_sheet(o, sheet);
	rc = rc ? rc : print_shares(share, o->shares);
	recovery_group_print(sheet->group, group);
	if (!rc)
		note("group %s: %u of %u shares", group, sheet->threshold, sheet->shares);
	return rc;
}

int cmd_recovery_split(const struct options *o, int argc, char **argv)
{
	CLEANUP_SECRET struct secret keys = SECRET_NONE;
	CLEANUP_SECRET struct secret shares = SECRET_NONE;
	CLEANUP_FREE struct recovery_sheet *sheet = calloc(1, sizeof(*sheet));
	int rc;

	(void)argc;
	if (!o->sheet) {
		fail(0, "where does the sheet go?");
		hint("give --sheet FILE; without it the shares are of no use");
		return -EINVAL;
	}
	rc = open_vault(o, argv[0], &keys);
	if (!rc && (!sheet || secret_alloc(&shares,
					   RECOVERY_SHARES * sizeof(struct recovery_share))))
		rc = fail(ENOMEM, "no memory");
	return rc ? rc : split(o, &keys, sheet, (struct recovery_share *)shares.data);
}

/* --- reading shares -------------------------------------------------------------------- */

struct reading {
	struct recovery_sheet sheet;
	struct recovery_share *share;	/* SHARES_MAX of them have room, in secret memory */
	struct secret memory;
	unsigned int count, wrong;
	char group[RECOVERY_GROUP];
};

static void end_reading(struct reading *r)
{
	secret_free(&r->memory);
}

#define CLEANUP_READING	CLEANUP(end_reading) struct reading

static int begin_reading(const struct options *o, struct reading *r)
{
	CLEANUP_FREE char *text = NULL;
	char why[GOVERN_WHY];
	size_t len;
	int rc;

	if (!o->sheet)
		return fail(EINVAL, "which sheet?  Give --sheet FILE");
	rc = file_read(o->sheet, RECOVERY_SHEET_MAX, &text, &len);
	if (rc)
		return fail(-rc, "cannot read %s: %s", o->sheet, strerror(-rc));
	rc = recovery_sheet_parse((struct str){ text, len }, &r->sheet, why);
	if (rc)
		return fail(0, "%s: %s", o->sheet, why), rc;
	recovery_group_print(r->sheet.group, r->group);
	rc = secret_alloc(&r->memory, SHARES_MAX * sizeof(*r->share));
	r->share = (struct recovery_share *)r->memory.data;
	return rc ? fail(-rc, "no memory that is locked") : 0;
}

static bool is_given(const struct reading *r, const struct recovery_share *s)
{
	unsigned int i;

	for (i = 0; i < r->count; i++)
		if (r->share[i].index == s->index)
			return true;
	return false;
}

/* One line.  What is wrong is named; the others are read all the same. */
static void take_line(struct reading *r, const char *path, unsigned int number, struct str line)
{
	struct recovery_share *s = &r->share[r->count];
	int rc = r->count == SHARES_MAX ? -E2BIG : recovery_share_parse(line, s);
	bool parsed = !rc;

	rc = rc ? rc : recovery_share_check(&r->sheet, s);
	if (!rc && is_given(r, s))
		rc = -EEXIST;
	if (!rc) {
		r->count++;
		return;
	}
	r->wrong++;
	if (rc == -EEXIST)
		warn("%s:%u: share %u is given twice", path, number, s->index);
	else if (rc == -E2BIG)
		warn("%s: there are too many shares", path);
	else if (rc == -EBADMSG)
		warn("%s:%u: a letter of this share is wrong", path, number);
	else if (!parsed)
		warn("%s:%u: is no share", path, number);
	else if (rc == -EKEYREJECTED)
		warn("%s:%u: share %u is not the one that was made: it was changed", path, number,
		     s->index);
	else
		warn("%s:%u: share %u is of another group than %s", path, number, s->index, r->group);
}

static int read_shares(struct reading *r, const char *path)
{
	CLEANUP_CLOSE int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : dup(0);
	CLEANUP_SECRET struct secret text = SECRET_NONE;
	unsigned int number = 0;
	struct str rest, line;
	int rc = fd < 0 ? -errno : read_secret(fd, SHARES_FILE_MAX, -1, &text);

	if (rc)
		return fail(-rc, "cannot read %s: %s", path, strerror(-rc));
	rest = (struct str){ (char *)text.data, text.len };
	while (str_cut(&rest, '\n', &line)) {
		number++;
		if (str_trim(line).len && *line.at != '#')
			take_line(r, path, number, line);
	}
	return 0;
}

static int read_all(const struct options *o, struct reading *r, int argc, char **argv)
{
	int rc = begin_reading(o, r), i;

	for (i = 0; !rc && i < argc; i++)
		rc = read_shares(r, argv[i]);
	return rc;
}

int cmd_recovery_verify(const struct options *o, int argc, char **argv)
{
	CLEANUP_READING r = { .count = 0 };
	int rc = read_all(o, &r, argc, argv);

	if (rc)
		return rc;
	if (o->json)
		printf("{\"group\":\"%s\",\"need\":%u,\"right\":%u,\"shares\":%u,\"wrong\":%u}\n",
		       r.group, r.sheet.threshold, r.count, r.sheet.shares, r.wrong);
	else
		printf("group %s: %u right, %u wrong; it takes %u of %u\n", r.group, r.count,
		       r.wrong, r.sheet.threshold, r.sheet.shares);
	return r.wrong ? -EKEYREJECTED : 0;
}

/* --- joining --------------------------------------------------------------------------- */

/* Has a quorum decided that this group is to be put together, and is that not over? */
static int may_join(const struct options *o, const char *group)
{
	struct govern_folder f = { .path = o->dir };
	struct govern_state s = { 0 };
	char why[GOVERN_WHY];
	bool may;
	int rc;

	if (!o->dir) {
		fail(0, "who has decided that?");
		hint("give --dir, the folder of governance, in which a proposal \"recover\" has been applied");
		return -EPERM;
	}
	rc = govern_folder_verify(&f, NULL, NULL, why);
	rc = rc ? rc : govern_folder_read(&f, &s, why);
	if (rc) {
		fail(0, "%s: %s", o->dir, why);
		return rc;
	}
	may = govern_may_recover(&s, group, time(NULL));
	govern_state_close(&s);
	if (may)
		return 0;
	fail(0, "%s: the last decision is not to recover group %s, or its time is over", o->dir,
	     group);
	return -EPERM;
}

static int write_vault(const struct options *o, const struct secret *keys)
{
	CLEANUP_SECRET struct secret pass = SECRET_NONE;
	uint8_t file[VAULT_FILE_MAX];
	struct argon_cost cost = { 0 };
	int rc = read_passphrase(o, &pass);

	if (rc)
		return rc;
	if (pass.len)
		rc = argon_choose_cost(PASSPHRASE_MS, &cost);
	rc = rc ? rc : vault_keys_seal((const struct vault_keys *)keys->data,
				       pass.len ? &pass : NULL, &cost, file);
	if (rc < 0)
		return fail(-rc, "the keys cannot be wrapped");
	rc = file_write_atomic(o->output, file, rc, 0600);
	explicit_bzero(file, sizeof(file));
	return rc ? fail(-rc, "cannot write %s: %s", o->output, strerror(-rc)) : 0;
}

static int unwrap(const struct reading *r, const uint8_t *key, struct secret *keys)
{
	CLEANUP_SECRET struct secret pass = SECRET_NONE;
	int rc = as_passphrase(key, &pass);

	if (rc)
		return rc;
	rc = secret_alloc(keys, sizeof(struct vault_keys));
	rc = rc ? rc : vault_keys_open((struct vault_keys *)keys->data, &pass, r->sheet.vault,
				       r->sheet.vault_len);
	return rc ? fail(-rc, "the shares are right, and do not open the sheet: it was changed") :
		    0;
}

int cmd_recovery_join(const struct options *o, int argc, char **argv)
{
	CLEANUP_SECRET struct secret keys = SECRET_NONE;
	CLEANUP_READING r = { .count = 0 };
	uint8_t key[RECOVERY_KEY_BYTES];
	int rc;

	if (!o->output)
		return fail(EINVAL, "where do the keys go?  Give --output FILE");
	if (!access(o->output, F_OK))
		return fail(EEXIST, "%s is there already", o->output);
	rc = read_all(o, &r, argc, argv);
	rc = rc ? rc : may_join(o, r.group);
	if (rc)
		return rc;
	rc = recovery_join(&r.sheet, r.share, r.count, key);
	if (rc == -EAGAIN)
		return fail(0, "there are %u right shares of group %s, and it takes %u", r.count,
			    r.group, r.sheet.threshold), -ENOKEY;
	if (rc)
		return fail(-rc, "a share was given twice");
	rc = unwrap(&r, key, &keys);
	explicit_bzero(key, sizeof(key));
	return rc ? rc : write_vault(o, &keys);
}
