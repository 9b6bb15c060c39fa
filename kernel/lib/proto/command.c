// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Commands to the monitor.  A verb is a row that names its fields, a field and a key
 * are rows with what takes them in.  Whatever is wrong is told of the first field from
 * the left that has it.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "command.h"
#include "words.h"

struct parsing {
	struct hedge_command *cmd;
	struct hedge_command_error *error;
	u32 seen;				/* a bit for each row of keys */
	u8 seen_of[HVT_MANIFEST_MAX];		/* the same, for each device */
};

static int bad(struct parsing *p, const char *field, const char *why)
{
	p->error->field = field;
	p->error->why = why;
	return -EINVAL;
}

/* --- values that fields and keys have in common ------------------------------- */

static bool digits(const struct hedge_word *w, u32 max, u32 *value)
{
	u64 v;

	if (!hedge_word_digits(w, max, &v))
		return false;
	*value = v;
	return true;
}

static const char *path_wrong(const struct hedge_word *w)
{
	if (!w->len)
		return "empty; a path is wanted";
	if (hedge_word_has_control(w, true))
		return "has a control character in it";
	return w->len > HEDGE_PATH_MAX ? "too long; a path of at most 4095 bytes is wanted" : NULL;
}

static const char *absolute_wrong(const struct hedge_word *w)
{
	const char *why = path_wrong(w);

	return why || *w->text == '/' ? why : "relative; a path that begins with / is wanted";
}

/* Images that are kept are known by their paths. */
static const char *image_wrong(const struct hedge_word *w)
{
	const char *why = path_wrong(w);

	if (why || *w->text == '/' || !strncmp(w->text, HEDGE_STAGED, strlen(HEDGE_STAGED)))
		return why;
	return "relative; a path that begins with /, or staged:NAME, is wanted";
}

/* As the kernel's dev_valid_name(). */
static const char *interface_wrong(const struct hedge_word *w)
{
	size_t i;

	if (!w->len)
		return "empty; the name of a TAP interface is wanted";
	if (w->len > HEDGE_IFNAME_MAX)
		return "too long; an interface has a name of at most 15 bytes";
	if (hedge_word_is(w, ".") || hedge_word_is(w, ".."))
		return "no interface has such a name";
	for (i = 0; i < w->len; i++)
		if ((u8)w->text[i] <= ' ' || w->text[i] == 0x7f || strchr("/:", w->text[i]))
			return "an interface has no space, control character, / or : in its name";
	return NULL;
}

/* --- fields: by their places ---------------------------------------------------- */

struct field {
	const char *name;
	int (*set)(struct parsing *p, const char *name, const struct hedge_word *w);
};

static int set_name(struct parsing *p, const char *name, const struct hedge_word *w)
{
	const char *why = hedge_word_name_wrong(w);

	if (why)
		return bad(p, name, why);
	/* A VM has a file of its name beside these. */
	if (hedge_word_is(w, "hedge") || hedge_word_is(w, "metrics") || hedge_word_is(w, "errors"))
		return bad(p, name, "hedge, metrics and errors are files of /proc/vmstats");
	p->cmd->name = w->text;
	return 0;
}

static int set_image(struct parsing *p, const char *name, const struct hedge_word *w)
{
	const char *why = image_wrong(w);

	p->cmd->path = w->text;
	return why ? bad(p, name, why) : 0;
}

static int set_path(struct parsing *p, const char *name, const struct hedge_word *w)
{
	const char *why = absolute_wrong(w);

	p->cmd->path = w->text;
	return why ? bad(p, name, why) : 0;
}

static int set_cpu(struct parsing *p, const char *name, const struct hedge_word *w)
{
	p->cmd->cpu = HEDGE_CPU_ANY;
	if (!w->len || digits(w, HEDGE_CPU_ANY - 1, &p->cmd->cpu))
		return 0;
	return bad(p, name, "not the number of a processor; empty means any");
}

static int set_mem(struct parsing *p, const char *name, const struct hedge_word *w)
{
	u32 mb;

	if (!digits(w, HEDGE_MEM_MB_MAX, &mb) || mb < HEDGE_MEM_MB_MIN)
		return bad(p, name, "not a number of MiB from 2 to 4096");
	p->cmd->mem_mb = mb & ~1u;
	return 0;
}

static int set_block(struct parsing *p, const char *name, const struct hedge_word *w)
{
	const char *why = w->len ? path_wrong(w) : NULL;

	if (why)
		return bad(p, name, why);
	p->cmd->block = w->len ? w->text : NULL;
	return 0;
}

static int set_net(struct parsing *p, const char *name, const struct hedge_word *w)
{
	const char *why = w->len ? interface_wrong(w) : NULL;

	if (why)
		return bad(p, name, why);
	p->cmd->net = w->len ? w->text : NULL;
	return 0;
}

static int set_cmdline(struct parsing *p, const char *name, const struct hedge_word *w)
{
	if (!w->len)
		return bad(p, name, "empty; the guest's command line is wanted, 1 to 8191 bytes");
	if (hedge_word_has_control(w, false))
		return bad(p, name, "has a control character in it; of these, only tabs may be there");
	if (w->len >= HVT_CMDLINE_SIZE)
		return bad(p, name, "too long; at most 8191 bytes");
	p->cmd->cmdline = w->text;
	return 0;
}

static int set_digest(struct parsing *p, const char *name, const struct hedge_word *w)
{
	const char *why = hedge_word_digest_wrong(w, p->cmd->digest);

	return why ? bad(p, name, why) : 0;
}

static int set_count(struct parsing *p, const char *name, const struct hedge_word *w)
{
	if (digits(w, HEDGE_POOL_MAX, &p->cmd->count))
		return 0;
	return bad(p, name, "not a number from 0 to 1024");
}

static bool is_address_byte(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') ||
	       c == '.' || c == ':';
}

/* A.B.C.D:PORT or [IPV6]:PORT; who calls finds out whether the address is one. */
static int set_address(struct parsing *p, const char *name, const struct hedge_word *w)
{
	static const char form[] = "not of the form A.B.C.D:PORT or [IPV6]:PORT";
	struct hedge_word host = { w->text, w->len }, port;
	size_t i;
	u64 number;

	while (host.len && host.text[host.len - 1] != ':')
		host.len--;
	port.text = host.text + host.len;
	port.len = w->len - host.len;
	if (!host.len || !hedge_word_digits(&port, 65535, &number) || !number)
		return bad(p, name, form);
	host.text[--host.len] = 0;
	if (host.len > 2 && *host.text == '[' && host.text[host.len - 1] == ']') {
		host.text[host.len - 1] = 0;
		host.text++;
		host.len -= 2;
	} else if (memchr(host.text, ':', host.len)) {
		return bad(p, name, form);
	}
	for (i = 0; i < host.len; i++)
		if (!is_address_byte(host.text[i]))
			return bad(p, name, form);
	if (!host.len || host.len > HEDGE_ADDRESS_MAX)
		return bad(p, name, form);
	p->cmd->host = host.text;
	p->cmd->port = number;
	return 0;
}

static int set_key_name(struct parsing *p, const char *name, const struct hedge_word *w)
{
	size_t prefix = sizeof(HEDGE_KEY_PREFIX) - 1;

	if (w->len <= prefix || memcmp(w->text, HEDGE_KEY_PREFIX, prefix))
		return bad(p, name, "not the description of a key, skyhold-hedge:NAME");
	if (w->len > HEDGE_KEY_MAX)
		return bad(p, name, "too long; a key's description of at most 255 bytes is wanted");
	if (hedge_word_has_control(w, true))
		return bad(p, name, "has a control character in it");
	p->cmd->key = w->text;
	return 0;
}

static const struct field field_name = { "NAME", set_name };
static const struct field field_image = { "PATH", set_image };
static const struct field field_path = { "PATH", set_path };
static const struct field field_cpu = { "CPU", set_cpu };
static const struct field field_mem = { "MEM_MB", set_mem };
static const struct field field_block = { "BLK", set_block };
static const struct field field_net = { "NET", set_net };
static const struct field field_cmdline = { "CMDLINE", set_cmdline };
static const struct field field_digest = { "DIGEST", set_digest };
static const struct field field_count = { "N", set_count };
static const struct field field_address = { "ADDRESS", set_address };
static const struct field field_key = { "KEY", set_key_name };

/* --- keys: by their names -------------------------------------------------------- */

struct key {
	const char *name;
	/* The value is not empty; Return: what is wrong with it, or NULL. */
	/* NAME.DEV */
	const char *(*set_of)(struct hedge_device_words *to, const struct hedge_word *w);
	const char *(*set)(struct hedge_command *cmd, const struct hedge_word *w);
	size_t offset;			/* without these: of a number or path, in the command */
	u32 min, max;
	const char *range;		/* of a number, for people; NULL: a path */
};

static const char *set_dev_block(struct hedge_device_words *to, const struct hedge_word *w)
{
	to->block = w->text;
	return path_wrong(w);
}

static const char *set_dev_net(struct hedge_device_words *to, const struct hedge_word *w)
{
	to->net = w->text;
	return interface_wrong(w);
}

static const char *set_dev_block_size(struct hedge_device_words *to, const struct hedge_word *w)
{
	if (!digits(w, 32768, &to->block_size) || to->block_size < 512 ||
	    (to->block_size & (to->block_size - 1)))
		return "not a power of two from 512 to 32768";
	return NULL;
}

static const char *set_dev_readonly(struct hedge_device_words *to, const struct hedge_word *w)
{
	to->readonly = hedge_word_is(w, "1");
	return to->readonly || hedge_word_is(w, "0") ? NULL : "neither 0 nor 1";
}

static const char *set_dev_mac(struct hedge_device_words *to, const struct hedge_word *w)
{
	unsigned int i;

	if (w->len != 3 * sizeof(to->mac) - 1)
		return "not of the form aa:bb:cc:dd:ee:ff";
	for (i = 0; i < sizeof(to->mac); i++)
		if (!hedge_word_hex_byte(w->text + 3 * i, &to->mac[i]) ||
		    (i + 1 < sizeof(to->mac) && w->text[3 * i + 2] != ':'))
			return "not of the form aa:bb:cc:dd:ee:ff";
	if (to->mac[0] & 1)
		return "a group address; an interface has one with an even first byte";
	if (!memchr_inv(to->mac, 0, sizeof(to->mac)))
		return "all zeroes; no interface has that address";
	to->has_mac = true;
	return NULL;
}

static const char *set_verify(struct hedge_command *cmd, const struct hedge_word *w)
{
	static const char *const words[] = { "off", "warn", "enforce" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		if (!hedge_word_is(w, words[i]))
			continue;
		cmd->verify = HEDGE_VERIFY_OFF + i;
		cmd->has_verify = true;
		return NULL;
	}
	return "none of off, warn and enforce";
}

static const char *set_plain(struct hedge_command *cmd, const struct key *key,
			     const struct hedge_word *w)
{
	void *to = (char *)cmd + key->offset;

	if (key->range)
		return digits(w, key->max, to) && *(u32 *)to >= key->min ? NULL : key->range;
	*(const char **)to = w->text;
	return absolute_wrong(w);
}

#define MOST		2147483647
#define AT(member)	.offset = offsetof(struct hedge_command, member)
#define A_SECOND	.min = 1, .max = MOST, .range = "not a number from 1 to 2147483647"
#define AN_ID		.max = ~0u - 1, .range = "not a number from 0 to 4294967294"

/* The rows of devices, which come first. */
enum { KEY_BLOCK, KEY_NET, KEY_BLOCK_SIZE, KEY_READONLY, KEY_MAC };

static const struct key keys[] = {
	[KEY_BLOCK] = { HEDGE_KEY_BLOCK, set_dev_block },
	[KEY_NET] = { HEDGE_KEY_NET, set_dev_net },
	[KEY_BLOCK_SIZE] = { HEDGE_KEY_BLOCK_SIZE, set_dev_block_size },
	[KEY_READONLY] = { HEDGE_KEY_READONLY, set_dev_readonly },
	[KEY_MAC] = { HEDGE_KEY_MAC, set_dev_mac },
	{ "verify", .set = set_verify },
	{ "cpu_quota", AT(limits.cpu_quota), .min = 1, .max = 100,
	  .range = "not a number of percent from 1 to 100" },
	{ "block_iops", AT(limits.block_iops), A_SECOND },
	{ "block_kbps", AT(limits.block_kbps), A_SECOND },
	{ "net_pps", AT(limits.net_pps), A_SECOND },
	{ "net_kbps", AT(limits.net_kbps), A_SECOND },
	{ "console", AT(limits.console_kib), .min = 4, .max = 4096,
	  .range = "not a number of KiB from 4 to 4096" },
	{ "watchdog", AT(limits.watchdog), .min = 1, .max = 86400,
	  .range = "not a number of seconds from 1 to 86400" },
	{ "max_runtime", AT(limits.max_runtime), .min = 1, .max = MOST,
	  .range = "not a number of seconds from 1 to 2147483647" },
	{ "uid", AT(uid), AN_ID },
	{ "gid", AT(gid), AN_ID },
	{ "cgroup", AT(cgroup) },
	{ "core", AT(core) },
};

static const char no_key[] =
	"not a key: of devices there are block net block_size readonly mac, and verify cpu_quota block_iops block_kbps net_pps net_kbps console watchdog max_runtime uid gid cgroup core";

static const struct key *find_key(const char *name, size_t len)
{
	const char *dot = memchr(name, '.', len);
	unsigned int i;

	if (dot)
		len = dot - name;
	for (i = 0; i < ARRAY_SIZE(keys); i++)
		if (strlen(keys[i].name) == len && !memcmp(keys[i].name, name, len) &&
		    !!keys[i].set_of == !!dot)
			return &keys[i];
	return NULL;
}

/* The words on a device of that name, which are begun if there are none. */
static struct hedge_device_words *device_of(struct hedge_command *cmd, const char *name)
{
	u32 i;

	for (i = 0; i < cmd->devices; i++)
		if (!strcmp(cmd->device[i].name, name))
			return &cmd->device[i];
	if (cmd->devices == HVT_MANIFEST_MAX)
		return NULL;
	cmd->device[cmd->devices].name = name;
	return &cmd->device[cmd->devices++];
}

#define KEY_BIT(row)	(1u << (row))
#define KEYS_OF_BLOCK	(KEY_BIT(KEY_BLOCK) | KEY_BIT(KEY_BLOCK_SIZE) | KEY_BIT(KEY_READONLY))
#define KEYS_OF_NET	(KEY_BIT(KEY_NET) | KEY_BIT(KEY_MAC))

/* KEY.DEV=VALUE: may this be said of this device, after what was said before? */
static int set_device_key(struct parsing *p, const struct key *key, const char *full,
			  const struct hedge_word *value)
{
	const char *name = full + strlen(key->name) + 1, *why;
	u8 bit = KEY_BIT(key - keys), *seen;
	struct hedge_device_words *to;

	if (!*name)
		return bad(p, full, "names no device after the dot");
	to = device_of(p->cmd, name);
	if (!to)
		return bad(p, full, "one device too many; a guest has at most 64");
	seen = &p->seen_of[to - p->cmd->device];
	if (*seen & bit)
		return bad(p, full, "given twice");
	*seen |= bit;
	if ((*seen & KEYS_OF_BLOCK) && (*seen & KEYS_OF_NET))
		return bad(p, full, "a device is for blocks or for the net, and this was the other");
	why = key->set_of(to, value);
	return why ? bad(p, full, why) : 0;
}

/* KEY=VALUE */
static int set_key(struct parsing *p, struct hedge_word *w)
{
	char *equals = memchr(w->text, '=', w->len);
	struct hedge_word name = { w->text, equals ? equals - w->text : w->len }, value;
	const struct key *key;
	const char *why;

	if (!w->len)
		return bad(p, "KEY", "empty; KEY=VALUE is wanted after the last bar");
	if (hedge_word_has_control(&name, true))
		return bad(p, "KEY", "has a control character in it");
	if (!equals)
		return bad(p, "KEY", "without a value; KEY=VALUE is wanted, and no bar in other fields");
	*equals = 0;
	key = find_key(name.text, name.len);
	if (!key)
		return bad(p, name.len < HVT_NAME_SIZE ? name.text : "KEY", no_key);
	/* The dot, and a name without its NUL: from here on the whole word can be shown. */
	if (key->set_of && name.len - strlen(key->name) > HVT_NAME_SIZE)
		return bad(p, "DEV", "too long; a device has a name of at most 67 bytes");
	value.text = equals + 1;
	value.len = w->len - name.len - 1;
	if (!value.len)
		return bad(p, name.text, "has an empty value");
	if (hedge_word_has_control(&value, true))
		return bad(p, name.text, "has a control character in it");
	if (key->set_of)
		return set_device_key(p, key, name.text, &value);
	if (p->seen & KEY_BIT(key - keys))
		return bad(p, name.text, "given twice");
	p->seen |= KEY_BIT(key - keys);
	why = key->set ? key->set(p->cmd, &value) : set_plain(p->cmd, key, &value);
	return why ? bad(p, name.text, why) : 0;
}

/* --- verbs ------------------------------------------------------------------------ */

#define MAX_FIELDS	7

struct verb {
	const char *name;
	enum hedge_verb verb;
	const struct field *field[MAX_FIELDS + 1];	/* ends with NULL */
	bool keys;
	const char *missing;
	const char *extra;
};

#define FORM(text)	.missing = "missing; the form is " text, \
			.extra = "one bar too many; the form is " text

static const struct verb verbs[] = {
	{ "load", HEDGE_LOAD, { &field_image }, FORM("load|PATH") },
	{ "unload", HEDGE_UNLOAD, { &field_image }, FORM("unload|PATH") },
	{ "start", HEDGE_START, { &field_name, &field_image, &field_cpu, &field_mem, &field_block,
				  &field_net, &field_cmdline }, true,
	  FORM("start|NAME|PATH|CPU|MEM_MB|BLK|NET|CMDLINE[|KEY=VALUE]...") },
	{ "stop", HEDGE_STOP, { &field_name }, FORM("stop|NAME") },
	{ "pause", HEDGE_PAUSE, { &field_name }, FORM("pause|NAME") },
	{ "resume", HEDGE_RESUME, { &field_name }, FORM("resume|NAME") },
	{ "dump", HEDGE_DUMP, { &field_name, &field_path }, FORM("dump|NAME|PATH") },
	{ "snapshot", HEDGE_SNAPSHOT, { &field_name, &field_path }, FORM("snapshot|NAME|PATH") },
	{ "restore", HEDGE_RESTORE, { &field_name, &field_path, &field_cpu, &field_block,
				      &field_net }, true,
	  FORM("restore|NAME|PATH|CPU|BLK|NET[|KEY=VALUE]...") },
	{ "drain", HEDGE_DRAIN, { NULL }, FORM("drain") },
	{ "undrain", HEDGE_UNDRAIN, { NULL }, FORM("undrain") },
	{ "allow", HEDGE_ALLOW, { &field_digest }, FORM("allow|DIGEST") },
	{ "disallow", HEDGE_DISALLOW, { &field_digest }, FORM("disallow|DIGEST") },
	{ "pool", HEDGE_POOL, { &field_count }, FORM("pool|N") },
	{ "listen", HEDGE_LISTEN, { &field_address, &field_key }, FORM("listen|ADDRESS|KEY") },
	{ "unlisten", HEDGE_UNLISTEN, { NULL }, FORM("unlisten") },
};

static const char no_verb[] =
	"not one of load unload start stop pause resume dump snapshot restore drain undrain allow disallow pool listen unlisten";

static const struct verb *find_verb(const struct hedge_word *w)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		if (hedge_word_is(w, verbs[i].name))
			return &verbs[i];
	return NULL;
}

static int parse_fields(struct parsing *p, const struct verb *verb, struct hedge_word *rest)
{
	struct hedge_word w;
	unsigned int i;
	int rc;

	for (i = 0; verb->field[i]; i++) {
		if (!hedge_word_next(rest, &w))
			return bad(p, verb->field[i]->name, verb->missing);
		rc = verb->field[i]->set(p, verb->field[i]->name, &w);
		if (rc)
			return rc;
	}
	while (hedge_word_next(rest, &w)) {
		if (!verb->keys)
			return bad(p, verb->name, verb->extra);
		rc = set_key(p, &w);
		if (rc)
			return rc;
	}
	return 0;
}

/**
 * hedge_command_parse - take a command apart
 * @line:	@len bytes of anything, and room for one more behind them; it is cut into
 *		words
 * @len:	bytes; at most HEDGE_COMMAND_MAX make a command
 * @cmd:	receives the command; its strings are in @line.  What is not said has its
 *		default (include/uapi/hedge_proc.h), of limits other than that of the console 0
 * @error:	receives why it is none; its strings are constants, or printable and in
 *		@line
 *
 * Devices are checked as far as this can be done without a manifest.
 *
 * Return: 0 or -EINVAL.
 */
int hedge_command_parse(char *line, size_t len, struct hedge_command *cmd,
			struct hedge_command_error *error)
{
	struct parsing p = { .cmd = cmd, .error = error };
	struct hedge_word rest = { line, len }, w;
	const struct verb *verb;

	BUILD_BUG_ON(ARRAY_SIZE(keys) > 32);
	memset(cmd, 0, sizeof(*cmd));
	memset(error, 0, sizeof(*error));
	cmd->cpu = HEDGE_CPU_ANY;
	cmd->uid = HEDGE_ID_DEFAULT;
	cmd->gid = HEDGE_ID_DEFAULT;
	cmd->limits.console_kib = HEDGE_CONSOLE_KIB;
	if (len > HEDGE_COMMAND_MAX)
		return bad(&p, "COMMAND", "too long; at most 16384 bytes");
	if (len && line[len - 1] == '\n')
		rest.len--;
	hedge_word_next(&rest, &w);
	verb = find_verb(&w);
	if (!verb)
		return bad(&p, "COMMAND", w.len ? no_verb : "empty");
	cmd->verb = verb->verb;
	return parse_fields(&p, verb, &rest);
}
