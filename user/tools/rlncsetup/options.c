// SPDX-License-Identifier: GPL-2.0-or-later
/* One table of all options: what each takes, and which commands take it. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/report.h"
#include "base/size.h"
#include "base/text.h"
#include "rlnc_dm.h"
#include "rlncsetup.h"

#define CMD_KEYS	(CMD_KEY_ADD | CMD_KEY_REMOVE | CMD_KEY_CHANGE | CMD_KEY_SYNC)
#define CMD_NEW_SLOT	(CMD_FORMAT | CMD_KEY_ADD | CMD_KEY_CHANGE | CMD_MOVE)
#define CMD_ANY_KEY	(CMD_FORMAT | CMD_OPEN | CMD_KEYS | CMD_KEY_TEST | CMD_RESIZE | \
			 CMD_MOVE)
#define CMD_HEADER	(CMD_HEADER_BACKUP | CMD_HEADER_RESTORE)
#define CMD_NEW_PLACE	(CMD_REPLACE | CMD_ADD)
#define CMD_NEW_MEMBER	(CMD_FORMAT | CMD_NEW_PLACE | CMD_REPAIR | CMD_HEADER_RESTORE | CMD_WIPE)
#define CMD_MEMBERS	((CMD_ANY_KEY & ~CMD_RESIZE) | CMD_DUMP | CMD_KEY_LIST | \
			 CMD_NEW_PLACE | CMD_REPAIR | CMD_HEADER | CMD_WIPE)
#define CMD_UNSEAL	(CMD_OPEN | CMD_KEY_TEST)
#define CMD_ANCHORS	(CMD_ANCHOR_LIST | CMD_ANCHOR_REMOVE)
#define CMD_SEAL	(CMD_KEY_ADD | CMD_MOVE)
#define CMD_MOVING	(CMD_MOVE | CMD_MOVE_STATUS)
#define CMD_TPM		(CMD_UNSEAL | CMD_SEAL | CMD_TPM_EPOCH | CMD_TPM_CAP | CMD_ANCHORS | \
			 CMD_CLOSE | CMD_MONITOR | CMD_MOVE_STATUS)
#define CMD_ALL		(~0u)

#define OPT_MEMBER_DEADLINE	(OPT_OWN + 1)

#define AT(field)	offsetof(struct options, field)

#define TPM2_PCRS	"4+7+9+11"

const struct option_row option_rows[] = {
	{ "k", 'k', OPT_NUMBER, AT(k), 1, 128, CMD_FORMAT | CMD_BENCHMARK, "K",
	  "members that suffice to read everything" },
	{ "members", 'n', OPT_NUMBER, AT(n), 1, RLNC_MAX_MEMBERS, CMD_BENCHMARK, "N",
	  "members of the code that is measured (default: k and 2 more)" },
	{ "symbol", 's', OPT_SIZE, AT(symbol), 4096, 524288, CMD_FORMAT | CMD_BENCHMARK, "SIZE",
	  "bytes of a generation on each member: a power of two, 4K to 512K" },
	{ "size", 0, OPT_SIZE, AT(size), RLNC_SECTOR_BYTES,
	  RLNC_MAX_LOGICAL_SECTORS << RLNC_SECTOR_SHIFT, CMD_FORMAT | CMD_RESIZE, "SIZE",
	  "size of the volume (default: as much as the members hold)" },
	{ "writes-min", 'w', OPT_NUMBER, AT(writes_min), 1, 255, CMD_FORMAT, "W",
	  "members that must hold a commit (default: more than half, k at least)" },
	{ "dense", 0, OPT_FLAG, AT(dense), 0, 0, CMD_FORMAT, NULL,
	  "secret random coefficients for every generation; a read takes k members" },
	{ "label", 'L', OPT_TEXT, AT(label), 0, 0, CMD_FORMAT, "TEXT",
	  "name of the volume for people, up to 32 bytes" },
	{ "force", 0, OPT_FLAG, AT(force), 0, 0, CMD_NEW_MEMBER & ~CMD_WIPE, NULL,
	  "overwrite what is known to be there" },
	{ "force", 0, OPT_FLAG, AT(force), 0, 0, CMD_WIPE, NULL,
	  "erase the first MiB of what is no member, too" },
	{ "force", 0, OPT_FLAG, AT(force), 0, 0, CMD_HEADER_BACKUP, NULL,
	  "overwrite FILE, if it is there" },
	{ "force", 0, OPT_FLAG, AT(force), 0, 0, CMD_KEYS & ~CMD_KEY_REMOVE, NULL,
	  "drop key slots that only some of the members have" },
	{ "force", 0, OPT_FLAG, AT(force), 0, 0, CMD_KEY_REMOVE, NULL,
	  "remove the last key slot; drop those that only some of the members have" },
	{ "batch-mode", 'q', OPT_FLAG, AT(batch), 0, 0, CMD_NEW_MEMBER | CMD_KEY_REMOVE | CMD_MOVE, NULL,
	  "ask no question" },
	{ "yes", 0, OPT_FLAG, AT(batch), 0, 0, CMD_NEW_MEMBER | CMD_KEY_REMOVE, NULL,
	  "the same" },
	{ "key-file", 'd', OPT_TEXT, AT(key_file), 0, 0, CMD_ANY_KEY, "FILE",
	  "take the passphrase or key from FILE, all of it; - is standard input" },
	{ "new-key-file", 0, OPT_TEXT, AT(new_key_file), 0, 0, CMD_SEAL | CMD_KEY_CHANGE, "FILE",
	  "the same for the one that is new" },
	{ "volume-key-file", 0, OPT_TEXT, AT(volume_key_file), 0, 0, CMD_ANY_KEY, "FILE",
	  "take the volume key itself from FILE, 32 bytes, past all key slots" },
	{ "slot", 'S', OPT_NUMBER, AT(slot), 0, RLNC_KEYSLOTS - 1,
	  (CMD_KEYS & ~CMD_KEY_SYNC) | CMD_FORMAT, "N", "number of the key slot" },
	{ "slot-type", 0, OPT_TEXT, AT(slot_type), 0, 0, CMD_NEW_SLOT, "TYPE",
	  "passphrase (default), or keyfile: FILE is random, no slow derivation" },
	{ "slot-label", 0, OPT_TEXT, AT(slot_label), 0, 0, CMD_NEW_SLOT, "TEXT",
	  "name of the key slot for people, up to 32 bytes" },
	{ "iter-time", 'i', OPT_NUMBER, AT(iter_time), 1, 600000, CMD_NEW_SLOT | CMD_BENCHMARK, "MS",
	  "time that deriving a key shall take (default 2000)" },
	{ "pbkdf-force-iterations", 0, OPT_NUMBER, AT(argon_time), 1, UINT32_MAX, CMD_NEW_SLOT, "N",
	  "passes of argon2id, instead of measuring" },
	{ "pbkdf-memory", 0, OPT_NUMBER, AT(argon_memory), 8, UINT32_MAX, CMD_NEW_SLOT, "KIB",
	  "memory of argon2id in KiB" },
	{ "pbkdf-parallel", 0, OPT_NUMBER, AT(argon_lanes), 1, 16, CMD_NEW_SLOT, "N",
	  "lanes of argon2id" },
	{ "tries", 'T', OPT_NUMBER, AT(tries), 1, 100,
	  CMD_OPEN | CMD_KEYS | CMD_KEY_TEST | CMD_RESIZE | CMD_MOVE, "N",
	  "how often a passphrase is asked for (default 3)" },
	{ "min-epoch", 0, OPT_NUMBER, AT(min_epoch), 1, UINT64_MAX - 2, CMD_OPEN, "E",
	  "refuse a volume that is older than epoch E" },
	{ "accept-older", 0, OPT_FLAG, AT(accept_older), 0, 0, CMD_OPEN | CMD_REPAIR, NULL,
	  "go on with too few members to be sure that nothing newer exists" },
	{ "allow-discards", 0, OPT_FLAG, AT(allow_discards), 0, 0, CMD_OPEN, NULL,
	  "take discards, which free slots; the members are sent none" },
	{ "read-only", 'r', OPT_FLAG, AT(read_only), 0, 0, CMD_OPEN, NULL,
	  "make a read-only device" },
	{ "cache-mb", 0, OPT_NUMBER, AT(cache_mb), 1, 65536, CMD_OPEN, "N",
	  "memory for the volume's map in MiB (default 64)" },
	{ "rebuild-kbps", 0, OPT_NUMBER, AT(rebuild_kbps), 1, UINT32_MAX, CMD_OPEN, "R",
	  "KiB a second that rebuild and scrub may move (default: no limit)" },
	{ "wait", 0, OPT_FLAG, AT(wait), 0, 0, CMD_RETURN | CMD_NEW_PLACE | CMD_SCRUB, NULL,
	  "wait until it is done, with a progress bar" },
	{ "offline", 0, OPT_FLAG, AT(offline), 0, 0, CMD_REPAIR, NULL,
	  "the volume is not open, and no key is needed" },
	{ "onto", 0, OPT_TEXT, AT(onto), 0, 0, CMD_REPAIR, "NEW",
	  "the device that takes the lost member's place" },
	{ "member", 0, OPT_NUMBER, AT(member), 0, RLNC_MAX_MEMBERS - 1, CMD_REPAIR, "I",
	  "index of the lost member, if more than one is not given" },
	{ "tab", 0, OPT_TEXT, AT(tab), 0, 0, CMD_OPEN, "FILE",
	  "the table of volumes, if only NAME is given (default " TAB_PATH ")" },
	{ "member-deadline", 0, OPT_MEMBER_DEADLINE, 0, 0, 0, CMD_OPEN, "I:MS",
	  "milliseconds that member I may take to answer; may be repeated" },
	{ "option", 'o', OPT_OWN, 0, 0, 0, CMD_OPEN, "WORD",
	  "one more option of the kernel's table; may be repeated" },
	{ "nbd-timeout", 0, OPT_NUMBER, AT(nbd_timeout), 1, 3600, CMD_MEMBERS | CMD_MONITOR, "S",
	  "seconds a server, of NVMe as well, may be silent (default 5)" },
	{ "nbd-dead-timeout", 0, OPT_NUMBER, AT(nbd_dead), 0, 86400,
	  CMD_OPEN | CMD_NEW_PLACE | CMD_MONITOR, "S",
	  "seconds requests wait for a lost server to return (default 1)" },
	{ "tls-ca", 0, OPT_TEXT, AT(tls_ca), 0, 0, CMD_MEMBERS | CMD_MONITOR, "FILE",
	  "authorities that may vouch for NBD servers (default: the system's)" },
	{ "tls-cert", 0, OPT_TEXT, AT(tls_cert), 0, 0, CMD_MEMBERS | CMD_MONITOR, "FILE",
	  "certificate to show to NBD servers" },
	{ "tls-key", 0, OPT_TEXT, AT(tls_key), 0, 0, CMD_MEMBERS | CMD_MONITOR, "FILE",
	  "its key, not encrypted" },
	{ "tls-hostname", 0, OPT_TEXT, AT(tls_host), 0, 0, CMD_MEMBERS | CMD_MONITOR, "NAME",
	  "name in the servers' certificates, if not that of the URL" },
	{ "tpm2", 0, OPT_FLAG, AT(tpm2), 0, 0, CMD_UNSEAL, NULL,
	  "have the key from this machine's TPM, and ask for no passphrase" },
	{ "tpm2", 0, OPT_FLAG, AT(tpm2), 0, 0, CMD_SEAL, NULL,
	  "add a key slot that this machine's TPM opens, in boots that are signed for" },
	{ "tpm2-device", 0, OPT_TEXT, AT(tpm2_device), 0, 0, CMD_TPM, "TCTI",
	  "how the TPM is reached (default " TPM2_DEVICE ")" },
	{ "tpm2-public-key", 0, OPT_TEXT, AT(tpm2_public_key), 0, 0, CMD_SEAL, "FILE",
	  "PEM of the key that signs policies: RSA, or P-256" },
	{ "tpm2-pcrs", 0, OPT_TEXT, AT(tpm2_pcrs), 0, 0, CMD_SEAL, "LIST",
	  "PCRs that policies have to be over (default " TPM2_PCRS ")" },
	{ "tpm2-bank", 0, OPT_TEXT, AT(tpm2_bank), 0, 0, CMD_SEAL, "NAME",
	  "bank of these PCRs (default sha256)" },
	{ "tpm2-signature", 0, OPT_TEXT, AT(tpm2_signature), 0, 0,
	  CMD_UNSEAL | CMD_MOVE | CMD_TPM_EPOCH, "FILE",
	  "signed policies (default: those in /etc/rlnc and /run/systemd)" },
	{ "tpm2-no-cap", 0, OPT_FLAG, AT(tpm2_no_cap), 0, 0, CMD_OPEN, NULL,
	  "let the TPM give up keys after this, too: there are more volumes to open" },
	{ "anchor", 0, OPT_FLAG, AT(anchor), 0, 0, CMD_OPEN, NULL,
	  "refuse epochs that this machine's TPM does not accept, and have it remember" },
	{ "anchor-reset", 0, OPT_FLAG, AT(anchor_reset), 0, 0, CMD_OPEN, NULL,
	  "the same, but take the volume as it is: the first time, or at your own risk" },
	{ "anchor-lease", 0, OPT_NUMBER, AT(anchor_lease), 2, 1u << 30, CMD_OPEN | CMD_MONITOR, "L",
	  "epochs that are accepted ahead, after a crash (default 1024)" },
	{ "json", 0, OPT_FLAG, AT(json), 0, 0, CMD_STATUS | CMD_DUMP | CMD_KEY_LIST | CMD_BENCHMARK |
	  CMD_MONITOR | CMD_NEW_PLACE | CMD_MOVE_STATUS, NULL, "print JSON" },
	{ "program", 'p', OPT_TEXT, AT(program), 0, 0, CMD_MONITOR, "FILE",
	  "run FILE on every change, with the event, the volume and the member's device" },
	{ "foreground", 0, OPT_FLAG, AT(foreground), 0, 0, CMD_MONITOR, NULL,
	  "print to standard output instead of writing to the journal" },
	{ "oneshot", '1', OPT_FLAG, AT(oneshot), 0, 0, CMD_MONITOR, NULL,
	  "look once, try once to bring back what is lost, and end" },
	{ "max-delay", 0, OPT_NUMBER, AT(max_delay), 1, 86400, CMD_MONITOR, "S",
	  "seconds from one attempt to bring a member back to the next (default 60)" },
	/* No table has these: they are behind the 64 that are remembered. */
	{ "journals", 0, OPT_TEXT, AT(move.journals), 0, 0, CMD_MOVING | CMD_OPEN, "DIR",
	  "what is remembered of moves (default /var/lib/rlnc/move)" },
	{ "ak", 0, OPT_TEXT, AT(move.ak), 0, 0, CMD_MOVING | CMD_OPEN, "FILE",
	  "this host's attestation key, made if it is not there (default /var/lib/rlnc/ak)" },
	{ "from", 0, OPT_TEXT, AT(move.from), 0, 0, CMD_MOVE, "NAME",
	  "of an offer: Name of the attestation key of the host that has the volume" },
	{ "name", 0, OPT_TEXT, AT(move.name), 0, 0, CMD_MOVE, "NAME",
	  "of a freeze: close /dev/mapper/NAME first" },
	{ "output", 0, OPT_TEXT, AT(move.output), 0, 0, CMD_MOVE, "FILE",
	  "where the message goes (default: standard output)" },
	{ "log", 0, OPT_TEXT, AT(move.log), 0, 0, CMD_MOVE, "FILE",
	  "of an offer: the firmware's event log (default: the kernel's)" },
	{ "ima", 0, OPT_TEXT, AT(move.ima), 0, 0, CMD_MOVE, "FILE",
	  "of an offer: IMA's binary list" },
	{ "roots", 0, OPT_TEXT, AT(move.roots), 0, 0, CMD_MOVE, "FILE",
	  "of a freeze: PEM of makers of TPMs that are trusted" },
	{ "between", 0, OPT_TEXT, AT(move.between), 0, 0, CMD_MOVE, "FILE",
	  "of a freeze: certificates between these and a TPM's" },
	{ "policy", 0, OPT_TEXT, AT(move.policy), 0, 0, CMD_MOVE, "FILE",
	  "of a freeze: what has to run on the other host, as `skyctl attest verify` takes it" },
	{ "ledger", 0, OPT_TEXT, AT(move.ledger), 0, 0, CMD_MOVING, "DIR",
	  "a ledger, which is told of acceptance and destruction; beside it DIR.key, DIR.epoch" },
	{ "verbose", 'v', OPT_VERBOSE, 0, 0, 0, CMD_ALL, NULL, "say what is being done" },
	{ "help", 'h', OPT_HELP, 0, 0, 0, CMD_ALL, NULL, "this list" },
	{ NULL },
};

/* But for the end. */
_Static_assert(sizeof(option_rows) / sizeof(option_rows[0]) - 1 <=
	       8 * sizeof(((struct options *)NULL)->given), "struct options has a bit for each");

const struct options option_defaults = {
	.slot = SLOT_ANY, .member = MEMBER_ANY, .iter_time = 2000, .tries = 3,
	.tab = TAB_PATH, .nbd_timeout = 5, .nbd_dead = 1, .max_delay = 60,
	.tpm2_device = TPM2_DEVICE, .tpm2_pcrs = TPM2_PCRS, .tpm2_bank = "sha256",
	.anchor_lease = 1024,
	.move = { .journals = "/var/lib/rlnc/move", .ak = "/var/lib/rlnc/ak" },
};

/**
 * label_copy - a name that people give
 * @option:	by which it was given
 * @label:	or NULL
 * @to:		receives it, or ""
 * @size:	of @to
 *
 * Return: 0 or -EINVAL, reported.
 */
int label_copy(const char *option, const char *label, char *to, size_t size)
{
	*to = 0;
	if (!label)
		return 0;
	if (strlen(label) >= size)
		return fail(EINVAL, "%s: %zu bytes at most", option, size - 1);
	if (!text_is_printable(label))
		return fail(EINVAL, "%s: no control characters, please, and valid UTF-8", option);
	strcpy(to, label);
	return 0;
}

/* --member-deadline: the first counts, so that the command line comes before rlnctab(5). */
static int set_member_deadline(const struct option_row *row, const char *word,
			       struct options *o)
{
	const char *colon = strchr(word, ':');
	uint64_t index, ms;
	char number[8];

	if (!colon || (size_t)(colon - word) >= sizeof(number))
		return fail(EINVAL, "--%s %s: a member's index and milliseconds, as in 2:500",
			    row->name, word);
	memcpy(number, word, colon - word);
	number[colon - word] = 0;
	if (number_parse(number, 0, RLNC_MAX_MEMBERS - 1, &index))
		return fail(EINVAL, "--%s %s: members are numbered from 0 to %u", row->name, word,
			    RLNC_MAX_MEMBERS - 1);
	if (number_parse(colon + 1, RLNC_DEADLINE_MS_MIN, RLNC_DEADLINE_MS_MAX, &ms))
		return fail(EINVAL, "--%s %s: from %u to %u milliseconds", row->name, word,
			    RLNC_DEADLINE_MS_MIN, RLNC_DEADLINE_MS_MAX);
	if (!o->member_deadline[index])
		o->member_deadline[index] = (uint32_t)ms;
	return 0;
}

/* The kinds of this program's own. */
int option_set_own(const struct option_row *row, const char *word, struct options *o)
{
	if (row->kind == OPT_MEMBER_DEADLINE)
		return set_member_deadline(row, word, o);
	if (!*word || strpbrk(word, " \t\n"))
		return fail(EINVAL, "--%s \"%s\": one word, please", row->name, word);
	if (o->target_options == MAX_TARGET_OPTIONS)
		return fail(EINVAL, "--%s: %d at most", row->name, MAX_TARGET_OPTIONS);
	o->target_option[o->target_options++] = word;
	return 0;
}
