// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/size.h"
#include "hedgectl.h"

#define CMD_NEW	(CMD_START | CMD_RESTORE | CMD_RUN)	/* all that make a VM */
#define CMD_ALL	(~0u)
#define MIB	(1ull << 20)

enum own_kind {
	MEMORY = OPT_OWN,	/* a size; MiB without a unit */
	KEY,			/* KEY=VALUE behind the fields; the key is the name, with _ for - */
	DEVICE,			/* [DEV=]VALUE: a field, or KEY.DEV=VALUE */
	OF_DEVICE,		/* DEV=VALUE: KEY.DEV=VALUE */
	SET_DEVICE,		/* DEV: KEY.DEV=1 */
};

#define AT(field)	offsetof(struct options, field)

const struct option_row option_rows[] = {
	{ "mem", 'm', MEMORY, AT(mem), HEDGE_MEM_MB_MIN, HEDGE_MEM_MB_MAX, CMD_START | CMD_RUN, "SIZE",
	  "memory of the guest, 2M to 4G; MiB without a unit (default 64M)" },
	{ "cpu", 'c', OPT_TEXT, AT(cpu), 0, 0, CMD_NEW, "N",
	  "the processor to run on (default: any)" },
	{ "block", 'b', DEVICE, AT(block), 0, 0, CMD_NEW, "[DEV=]PATH",
	  "the block device of DEV, or of the guest's first such device" },
	{ "net", 'n', DEVICE, AT(net), 0, 0, CMD_NEW, "[DEV=]TAP",
	  "the TAP interface of DEV, or of the guest's first such device" },
	{ "block-size", 0, OF_DEVICE, 0, 0, 0, CMD_NEW, "DEV=BYTES",
	  "size of a block, a power of two" },
	{ "readonly", 'r', SET_DEVICE, 0, 0, 0, CMD_NEW, "DEV",
	  "refuse writes to DEV" },
	{ "mac", 0, OF_DEVICE, 0, 0, 0, CMD_NEW, "DEV=MAC",
	  "the guest's address on DEV" },
	{ "cmdline", 0, OPT_TEXT, AT(cmdline), 0, 0, CMD_START | CMD_RUN, "TEXT",
	  "the guest's command line, instead of words after --" },
	{ "cpu-quota", 0, KEY, 0, 0, 0, CMD_NEW, "PERCENT",
	  "at most so much of one processor" },
	{ "block-iops", 0, KEY, 0, 0, 0, CMD_NEW, "N",
	  "block requests a second, over all devices" },
	{ "block-kbps", 0, KEY, 0, 0, 0, CMD_NEW, "N",
	  "KiB a second from and to block devices" },
	{ "net-pps", 0, KEY, 0, 0, 0, CMD_NEW, "N",
	  "packets a second, over all devices" },
	{ "net-kbps", 0, KEY, 0, 0, 0, CMD_NEW, "N",
	  "KiB a second from and to the net" },
	{ "console", 0, KEY, 0, 0, 0, CMD_NEW, "KIB",
	  "how much of the console is kept (default 64)" },
	{ "watchdog", 0, KEY, 0, 0, 0, CMD_NEW, "SECONDS",
	  "end it if it makes no hypercall for so long" },
	{ "max-runtime", 0, KEY, 0, 0, 0, CMD_NEW, "SECONDS",
	  "end it after so long" },
	{ "verify", 0, KEY, 0, 0, 0, CMD_START | CMD_RESTORE, "MODE",
	  "off, warn or enforce: what if nobody vouches for the image" },
	{ "uid", 0, KEY, 0, 0, 0, CMD_NEW, "UID", "run as this user (default 65534)" },
	{ "gid", 0, KEY, 0, 0, 0, CMD_NEW, "GID", "and this group" },
	{ "cgroup", 0, KEY, 0, 0, 0, CMD_NEW, "PATH",
	  "a directory of cgroup2 to run in, from the root" },
	{ "core", 0, KEY, 0, 0, 0, CMD_NEW, "PATH",
	  "write a core there, from the root, when it aborts" },
	{ "bundle", 0, OPT_TEXT, AT(bundle), 0, 0, CMD_RUN, "PATH",
	  "the image's bundle of sigstore, or a folder of bundles" },
	{ "signature", 0, OPT_TEXT, AT(signature), 0, 0, CMD_RUN, "FILE",
	  "its signature, as `cosign sign-blob --key` prints it" },
	{ "key", 0, OPT_TEXT, AT(key), 0, 0, CMD_RUN, "FILE",
	  "the public key by which it has to be signed" },
	{ "identity", 0, OPT_TEXT, AT(identity), 0, 0, CMD_RUN, "NAME",
	  "who has to have signed it, with a certificate" },
	{ "issuer", 0, OPT_TEXT, AT(issuer), 0, 0, CMD_RUN, "URL",
	  "who has to have said that it was he" },
	{ "trusted-root", 0, OPT_TEXT, AT(trusted_root), 0, 0, CMD_RUN, "FILE",
	  "the trusted_root.json: which authorities and logs are believed" },
	{ "policy", 0, OPT_TEXT, AT(policy), 0, 0, CMD_RUN, "FILE",
	  "policies, in JSON or YAML, that say which images may run" },
	{ "reference", 0, OPT_TEXT, AT(reference), 0, 0, CMD_RUN, "IMAGE",
	  "the image's name for policies, digest or not (default: that of the file)" },
	{ "wait", 'w', OPT_FLAG, AT(wait), 0, 0, CMD_NEW, NULL,
	  "show the console until the guest ends, and end with its status" },
	{ "follow", 'f', OPT_FLAG, AT(follow), 0, 0, CMD_CONSOLE, NULL,
	  "go on until the guest ends" },
	{ "raw", 0, OPT_FLAG, AT(raw), 0, 0, CMD_CONSOLE | CMD_NEW, NULL,
	  "give control characters to a terminal, too" },
	{ "json", 0, OPT_FLAG, AT(json), 0, 0, CMD_LIST | CMD_STATS | CMD_EVENTS | CMD_RUN, NULL,
	  "print JSON" },
	{ "watch", 0, OPT_FLAG, AT(watch), 0, 0, CMD_STATS, NULL, "print again and again" },
	{ "interval", 'i', OPT_NUMBER, AT(interval), 1, 86400, CMD_STATS, "SECONDS",
	  "from one to the next (default 1)" },
	{ "interval", 'i', OPT_NUMBER, AT(meter.interval), 1, 86400, CMD_METER, "SECONDS",
	  "from one to the next (default 60)" },
	{ "records", 0, OPT_TEXT, AT(meter.own.dir), 0, 0, CMD_METER, "DIR",
	  "where they go (default /var/lib/hedge/meter)" },
	{ "boot-key", 0, OPT_TEXT, AT(meter.own.key_file), 0, 0, CMD_METER, "FILE",
	  "key of this boot, in memory (default /run/hedge/meter.key)" },
	{ "ak", 0, OPT_TEXT, AT(meter.own.ak_file), 0, 0, CMD_METER, "FILE",
	  "attestation key, made if it is not there (default: skyd's, /var/lib/skyd/ak)" },
	{ "tcti", 0, OPT_TEXT, AT(meter.own.tcti), 0, 0, CMD_METER, "TEXT",
	  "where the TPM is, as tpm2-tools have it (default: /dev/tpmrm0)" },
	{ "tenants", 0, OPT_TEXT, AT(meter.tenants), 0, 0, CMD_METER, "FILE",
	  "lines PATTERN TENANT: whose VMs of these names are" },
	{ "io", 0, OPT_TEXT, AT(meter.io), 0, 0, CMD_METER, "DIR",
	  "what VMs were given and gave: DIR/NAME.input, DIR/NAME.output" },
	{ "ledger", 0, OPT_TEXT, AT(meter.own.ledger), 0, 0, CMD_METER, "DIR",
	  "a ledger, which gets a leaf for each record" },
	{ "ledger-key", 0, OPT_TEXT, AT(meter.own.ledger_key), 0, 0, CMD_METER, "FILE",
	  "its signer key" },
	{ "ledger-epoch", 0, OPT_TEXT, AT(meter.own.ledger_epoch), 0, 0, CMD_METER, "FILE",
	  "its counter of epochs" },
	{ "count", 0, OPT_NUMBER, AT(count), 1, UINT32_MAX, CMD_STATS | CMD_EVENTS | CMD_METER, "N",
	  "end after so many (default: do not)" },
	{ "name", 0, OPT_TEXT, AT(name), 0, 0, CMD_PUT, "NAME",
	  "of the image over there (default: that of the file)" },
	{ "name", 0, OPT_TEXT, AT(name), 0, 0, CMD_RUN, "NAME",
	  "of the VM (default: that of the file, without its end)" },
	{ "bridge", 0, OPT_TEXT, AT(bridge), 0, 0, CMD_NET_ADD, "BR",
	  "make it a port of this bridge" },
	{ "user", 0, OPT_NUMBER, AT(user), 0, UINT32_MAX - 1, CMD_NET_ADD, "UID",
	  "who may attach to it without being root" },
	{ "mac", 0, OPT_TEXT, AT(mac), 0, 0, CMD_NET_ADD, "MAC",
	  "address of the host's end" },
	{ "mtu", 0, OPT_NUMBER, AT(mtu), 68, 65521, CMD_NET_ADD, "BYTES",
	  "largest packet, without the Ethernet header (default 1500)" },
	{ "key-file", 'k', OPT_TEXT, AT(key_file), 0, 0, CMD_REMOTE, "FILE",
	  "the key, 32 bytes or 64 hex digits (default /etc/hedge/remote.key)" },
	{ "key-id", 0, OPT_NUMBER, AT(key_id), 0, UINT32_MAX, CMD_REMOTE, "N",
	  "which of the server's keys it is (default 0)" },
	{ "port", 'p', OPT_NUMBER, AT(port), 1, 65535, CMD_REMOTE, "PORT",
	  "of UDP (default 5364)" },
	{ "timeout", 't', OPT_NUMBER, AT(timeout), 1, 3600, CMD_REMOTE, "SECONDS",
	  "how long to wait for an answer (default 10)" },
	{ "verbose", 'v', OPT_VERBOSE, 0, 0, 0, CMD_ALL, NULL, "say what is being done" },
	{ "help", 'h', OPT_HELP, 0, 0, 0, CMD_ALL, NULL, "this list" },
	{ NULL },
};

const struct options option_defaults = {
	.mem = 64, .cpu = "", .interval = 1, .user = UINT64_MAX,
	.key_file = "/etc/hedge/remote.key", .port = HEDGE_REMOTE_PORT, .timeout = 10,
	.meter = {
		.own = {
			.dir = "/var/lib/hedge/meter", .key_file = "/run/hedge/meter.key",
		},
		.interval = 60,
	},
};

static int set_memory(const struct option_row *row, const char *text, struct options *o)
{
	bool unit = text[strspn(text, "0123456789")];
	uint64_t v;

	if (size_parse(text, &v))
		return fail(EINVAL, "--%s %s: not a size such as 64M or 1G", row->name, text);
	if (unit)
		v /= MIB;
	if (v < row->min || v > row->max)
		return fail(EINVAL, "--%s %s: from 2M to 4G", row->name, text);
	o->mem = v;
	return 0;
}

/* KEY[.DEV]=VALUE behind the fields; @dev_len bytes of @dev. */
static int add_word(struct options *o, const char *key, const char *dev, size_t dev_len,
		    const char *value)
{
	char *word, *p;

	if (o->words == MAX_WORDS)
		return fail(EINVAL, "more than %d options for the guest", MAX_WORDS);
	if (asprintf(&word, "%s%s%.*s=%s", key, dev ? "." : "", (int)dev_len, dev ? dev : "",
		     value) < 0)
		return fail(ENOMEM, "out of memory");
	for (p = word; p < word + strlen(key); p++)
		if (*p == '-')
			*p = '_';
	o->word[o->words++] = word;
	return 0;
}

/* The name of a device has no slash; a path with "=" in it begins with one. */
static const char *device_end(const char *text)
{
	const char *equals = strchr(text, '=');

	return equals && equals != text && !memchr(text, '/', equals - text) ? equals : NULL;
}

static int set_device(const struct option_row *row, const char *text, struct options *o)
{
	const char *equals = device_end(text), **field = (const char **)((char *)o + row->offset);

	if (equals)
		return add_word(o, row->name, text, equals - text, equals + 1);
	if (*field)
		return fail(EINVAL, "--%s %s: name the devices (%s) if there is more than one",
			    row->name, text, row->arg);
	*field = text;
	return 0;
}

static int set_of_device(const struct option_row *row, const char *text, struct options *o)
{
	const char *equals = device_end(text);

	if (!equals)
		return fail(EINVAL, "--%s %s: %s is wanted", row->name, text, row->arg);
	return add_word(o, row->name, text, equals - text, equals + 1);
}

/**
 * option_set - options of kinds that no other program has
 */
int option_set(const struct option_row *row, const char *text, struct options *o)
{
	switch (row->kind) {
	case MEMORY:
		return set_memory(row, text, o);
	case KEY:
		return add_word(o, row->name, NULL, 0, text);
	case DEVICE:
		return set_device(row, text, o);
	case OF_DEVICE:
		return set_of_device(row, text, o);
	default:
		return add_word(o, row->name, text, strlen(text), "1");
	}
}

/**
 * options_free - let go of what program_options() has made
 */
void options_free(struct options *o)
{
	while (o->words)
		free((void *)o->word[--o->words]);
}
