// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "config_keys.h"
#include "config_value.h"
#include "relay_peers.h"

#define FILE_MAX	(1u << 20)
#define DEV_GRACE_MS	30000
#define DEV_EDGES	6u

/* Where reading is. */
struct reader {
	struct config *config;
	config_tell_fn *tell;
	void *arg;
	int errors;
	const char *file;
	unsigned int line;
	bool included;
	char section[16];
	struct config_edge *edge;	/* of the section, or NULL */
};

__attribute__((__format__(__printf__, 2, 3)))
static void wrong(struct reader *r, const char *fmt, ...)
{
	char text[1024], safe[1024], line[16] = "";
	va_list ap;
	int len;

	/* What is wrong with the whole file is on no line of it. */
	if (r->line)
		snprintf(line, sizeof(line), ":%u", r->line);
	len = snprintf(text, sizeof(text), "%.255s%s: ", r->file, line);
	va_start(ap, fmt);
	vsnprintf(text + len, sizeof(text) - len, fmt, ap);
	va_end(ap);
	r->errors++;
	r->tell(r->arg, text_printable(text, safe, sizeof(safe)));
}

/* FILE:LINE, kept as long as the configuration. */
static char *here(struct reader *r)
{
	struct config *c = r->config;
	char **more = realloc(c->texts, (c->text_count + 1) * sizeof(*more));
	char *text;

	if (!more)
		return NULL;
	c->texts = more;
	if (asprintf(&text, "%s:%u", r->file, r->line) < 0)
		return NULL;
	c->texts[c->text_count++] = text;
	return text;
}

/* --- lines ------------------------------------------------------------------------- */

static char *trim(char *text)
{
	size_t len;

	text += strspn(text, " \t");
	len = strlen(text);
	while (len && strchr(" \t\r", text[len - 1]))
		len--;
	text[len] = 0;
	return text;
}

static bool section_known(const char *name)
{
	size_t i;

	for (i = 0; i < config_key_count; i++)
		if (!strcmp(config_keys[i].section, name))
			return true;
	return false;
}

static bool name_ok(const char *name)
{
	size_t len = strlen(name);

	return len && len <= 63 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == len &&
	       name[0] != '.';
}

static struct config_edge *add_edge(struct reader *r, const char *name)
{
	struct config *c = r->config;
	struct config_edge *e;
	unsigned int i;

	for (i = 0; i < c->edges; i++)
		if (!strcmp(c->edge[i].name, name))
			return &c->edge[i];
	if (c->edges == CONFIG_EDGES) {
		wrong(r, "more than %u edges; run the others with --role on another machine",
		      CONFIG_EDGES);
		return NULL;
	}
	e = &c->edge[c->edges];
	e->name = strdup(name);
	e->where = here(r);
	if (!e->name)
		return NULL;
	c->edges++;
	return e;
}

static void read_section(struct reader *r, char *line)
{
	char *end = strchr(line, ']'), *name;

	r->section[0] = 0;
	r->edge = NULL;
	if (!end || end[1]) {
		wrong(r, "a section ends with ]; write [NAME] alone in its line");
		return;
	}
	*end = 0;
	line = trim(line + 1);
	name = strchr(line, ' ');
	if (name) {
		*name = 0;
		name = trim(name + 1);
	}
	if (!section_known(line)) {
		wrong(r, "no section [%.40s]; skyd --print-config has them all", line);
		return;
	}
	if (!strcmp(line, "edge") != !!name) {
		wrong(r, name ? "[%s] has no name; write [%s]" : "[%s] needs a name; write [%s NAME]",
		      line, line);
		return;
	}
	if (name && !name_ok(name)) {
		wrong(r, "an edge cannot be called that; use letters, digits, -, _ and ., up to 63");
		return;
	}
	if (name) {
		r->edge = add_edge(r, name);
		if (!r->edge)
			return;
	}
	snprintf(r->section, sizeof(r->section), "%s", line);
}

/* Was it said in this very file?  Then somebody has overlooked something. */
static bool said_here(const struct reader *r, const char *where)
{
	size_t len = strlen(r->file);

	return where && !strncmp(where, r->file, len) && where[len] == ':';
}

static void read_value(struct reader *r, const char *name, const char *value)
{
	const char **said;
	const struct config_key *k;
	char range[CONFIG_RANGE];
	size_t i = 0;
	int rc;

	while (i < config_key_count && (strcmp(config_keys[i].section, r->section) ||
					strcmp(config_keys[i].name, name)))
		i++;
	if (i == config_key_count) {
		wrong(r, "no \"%.40s\" in [%s]; skyd --print-config has all there are", name,
		      r->section);
		return;
	}
	k = &config_keys[i];
	said = r->edge ? r->edge->said : r->config->said;
	if (said_here(r, said[i])) {
		wrong(r, "\"%s\" has been said at %s; remove one of them", name, said[i]);
		return;
	}
	rc = config_value_set(r->edge ? (void *)r->edge : (void *)r->config, k, value);
	said[i] = here(r);
	if (rc == -EINVAL)
		wrong(r, "\"%s\" is no %s; %s", name, config_value_type(k),
		      config_value_help(k));
	if (rc == -ERANGE) {
		config_value_range(k, range);
		wrong(r, "\"%s\" is out of range; it goes from %s", name, range);
	}
	if (rc == -ENOMEM)
		wrong(r, "no memory");
}

static void read_file(struct reader *r, const char *path);

static int is_conf(const struct dirent *d)
{
	size_t len = strlen(d->d_name);

	return d->d_name[0] != '.' && len > 5 && !strcmp(d->d_name + len - 5, ".conf");
}

static void read_folder(struct reader *r, const char *folder)
{
	struct dirent **list;
	struct reader inner = *r;
	int i, n;

	if (r->included) {
		wrong(r, "an included file cannot include; move this to the first file");
		return;
	}
	n = scandir(folder, &list, is_conf, alphasort);
	if (n < 0) {
		wrong(r, "cannot read folder %s: %s; make it, or remove this line", folder,
		      strerror(errno));
		return;
	}
	inner.included = true;
	for (i = 0; i < n; i++) {
		CLEANUP_FREE char *path = NULL;

		if (asprintf(&path, "%s/%s", folder, list[i]->d_name) >= 0)
			read_file(&inner, path);
		else
			path = NULL;
		free(list[i]);
	}
	free(list);
	r->errors = inner.errors;
}

static void read_line(struct reader *r, char *line)
{
	char *equals, *name;

	line = trim(line);
	if (!*line || *line == '#')
		return;
	if (*line == '[') {
		read_section(r, line);
		return;
	}
	equals = strchr(line, '=');
	if (!equals) {
		wrong(r, "neither [section] nor key = value; put # before a comment");
		return;
	}
	*equals = 0;
	name = trim(line);
	if (r->section[0])
		read_value(r, name, trim(equals + 1));
	else if (!strcmp(name, "include"))
		read_folder(r, trim(equals + 1));
	else
		wrong(r, "\"%.40s\" is in no section; write [skyd] or another one above it", name);
}

static void read_file(struct reader *r, const char *path)
{
	CLEANUP_FREE char *text = NULL;
	char *line, *rest;
	size_t len;
	int rc;

	r->file = path;
	r->line = 0;
	r->section[0] = 0;
	r->edge = NULL;
	rc = file_read(path, FILE_MAX, &text, &len);
	if (rc) {
		wrong(r, "cannot be read: %s; see skyd.conf(5), or use --dev", strerror(-rc));
		return;
	}
	if (strlen(text) != len) {
		wrong(r, "has a byte 0; it is not a text file");
		return;
	}
	for (rest = text; rest && *rest;) {
		line = strsep(&rest, "\n");
		r->line++;
		read_line(r, line);
	}
}

/* --- what belongs together ----------------------------------------------------------- */

/* About a section, or about two of them. */
static void wrong_edge(struct reader *r, const struct config_edge *e, const char *what,
		       const char *other)
{
	char text[1024], safe[1024];

	snprintf(text, sizeof(text), "%s: [edge %s] %s%s", e->where ? e->where : r->file, e->name,
		 what, other);
	r->errors++;
	r->tell(r->arg, text_printable(text, safe, sizeof(safe)));
}

static bool same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

static void check_edge(struct reader *r, unsigned int number)
{
	const struct config *c = r->config;
	const struct config_edge *e = &c->edge[number];
	unsigned int i;

	/* One that was said wrongly has been told of. */
	for (i = 0; i < config_key_count; i++)
		if (!strcmp(config_keys[i].section, "edge") && !config_keys[i].value && !e->said[i])
			wrong_edge(r, e, "does not say its ", config_keys[i].name);
	if (!(e->cert && *e->cert) != !(e->key && *e->key))
		wrong_edge(r, e, "needs both cert and key, or neither", "");
	if (same(e->listen, c->gateway_listen))
		wrong_edge(r, e, "listens where the gateway does; give it another address", "");
	for (i = 0; i < number; i++) {
		if (same(e->path, c->edge[i].path))
			wrong_edge(r, e, "needs another path; it has that of ", c->edge[i].name);
		if (same(e->listen, c->edge[i].listen))
			wrong_edge(r, e, "needs another address; it has that of ",
				   c->edge[i].name);
	}
}

const char *config_where(const struct config *c, const char *section, const char *name)
{
	size_t i = 0;

	while (i < config_key_count && (strcmp(config_keys[i].section, section) ||
					strcmp(config_keys[i].name, name)))
		i++;
	return i < config_key_count ? c->said[i] : NULL;
}

/* Where a value of [link] was said.  Return: NULL: it was not, or is empty. */
static const char *said_of_link(const struct config *c, const char *name, const char *value)
{
	return value && *value ? config_where(c, "link", name) : NULL;
}

static void wrong_link(struct reader *r, const char *where, const char *what, struct str value)
{
	char text[1024], safe[1024];

	snprintf(text, sizeof(text), "%s: [link] %s%.*s", where, what, (int)value.len, value.at);
	r->errors++;
	r->tell(r->arg, text_printable(text, safe, sizeof(safe)));
}

static bool is_unix(const char *address)
{
	return address && !strncmp(address, "unix:", 5);
}

/* Has the list a peer of a role?  NULL: none is wanted.  All that are wrong are told. */
static bool has_peer(struct reader *r, const char *where, enum role role)
{
	struct str rest = str_of(r->config->link_peers), word;
	struct relay_peer peer;
	bool found = false;

	while (relay_peer_word(&rest, &word)) {
		if (relay_peer_parse(word, &peer))
			found |= peer.role == role;
		else if (where)
			wrong_link(r, where,
				   "a peer is gateway/NAME, backend/NAME, vault/NAME, edge/NAME, attester/NAME or runner/NAME, not ",
				   word);
	}
	return found;
}

static void check_link(struct reader *r)
{
	const struct config *c = r->config;
	const struct {
		const char *name, *value;
		enum role asked;	/* which a peer has to have; ROLES: any */
	} uses[] = {
		{ "listen", c->link_listen, ROLES },
		{ "backend", c->link_backend, ROLE_BACKEND },
		{ "vault", c->link_vault, ROLE_VAULT },
	};
	const char *where = said_of_link(c, "peers", c->link_peers);
	size_t i;

	if (where)
		has_peer(r, where, ROLES);
	for (i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		where = said_of_link(c, uses[i].name, uses[i].value);
		if (!where)
			continue;
		if (!*c->link_certificate || !*c->link_key || !*c->link_authority)
			wrong_link(r, where, "needs certificate, key and authority, too; see skyctl pki for ",
				   str_of(uses[i].name));
		if (uses[i].asked == ROLES && !*c->link_peers)
			wrong_link(r, where, "needs peers: nobody is let in at ", str_of(uses[i].value));
		if (uses[i].asked != ROLES && !has_peer(r, NULL, uses[i].asked))
			wrong_link(r, where, "needs a peer that is a ", str_of(uses[i].name));
		if (uses[i].asked != ROLES && is_unix(uses[i].value))
			wrong_link(r, where, "another machine is at HOST:PORT, not at ",
				   str_of(uses[i].value));
	}
}

static void wrong_attest(struct reader *r, const char *name, const char *what, struct str value)
{
	const char *where = config_where(r->config, "attest", name);
	char text[1024], safe[1024];

	snprintf(text, sizeof(text), "%s: [attest] %s%.*s", where ? where : r->file, what,
		 STR_ARG(value));
	r->errors++;
	r->tell(r->arg, text_printable(text, safe, sizeof(safe)));
}

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* Whoever has this machine's name would hold its lease. */
static void check_names(struct reader *r)
{
	const struct config *c = r->config;
	struct str rest = str_of(c->link_peers), word;
	struct relay_peer peer;

	while (relay_peer_word(&rest, &word))
		if (relay_peer_parse(word, &peer) && str_is(peer.name, c->attest_name))
			wrong_attest(r, "name", "needs another name: that of this machine is a peer's, ",
				     word);
}

static void check_attest(struct reader *r)
{
	const struct config *c = r->config;

	if (!name_ok(c->attest_name))
		wrong_attest(r, "name", "has no such name of a machine: ", str_of(c->attest_name));
	if (*c->attest_tpm && !begins(c->attest_tpm, "device:") && !begins(c->attest_tpm, "swtpm:"))
		wrong_attest(r, "tpm", "asks a TPM by device:PATH or swtpm:path=SOCKET, not ",
			     str_of(c->attest_tpm));
	if (*c->attest_webhook && !begins(c->attest_webhook, "http://") &&
	    !begins(c->attest_webhook, "https://"))
		wrong_attest(r, "webhook", "posts to http:// or https://, not to ",
			     str_of(c->attest_webhook));
	if (*c->attest_verifier_key && config_where(c, "attest", "token_key"))
		wrong_attest(r, "token_key", "says token_key, which is not used where verifier_key signs: remove ",
			     STR("it"));
	if (c->attest_required)
		check_names(r);
}

static int defaults(struct config *c)
{
	size_t i;
	int rc = 0;

	memset(c, 0, sizeof(*c));
	for (i = 0; !rc && i < config_key_count; i++)
		/* Those of an edge are NULL where it says nothing. */
		if (config_keys[i].value && strcmp(config_keys[i].section, "edge"))
			rc = config_value_set(c, &config_keys[i], config_keys[i].value);
	return rc;
}

int config_read(struct config *config, const char *path, config_tell_fn *tell, void *arg)
{
	struct reader r = { .config = config, .tell = tell, .arg = arg };
	unsigned int i;
	int rc = defaults(config);

	if (rc)
		return rc;
	read_file(&r, path);
	for (i = 0; i < config->edges; i++)
		check_edge(&r, i);
	check_link(&r);
	check_attest(&r);
	return r.errors;
}

__attribute__((__format__(__printf__, 2, 3)))
static int set_text(char **to, const char *fmt, ...)
{
	char *text;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (len < 0)
		return -ENOMEM;
	free(*to);
	*to = text;
	return 0;
}

/* What is said there holds. */
static int read_dev_file(struct config *config, const char *dir, config_tell_fn *tell, void *arg)
{
	struct reader r = { .config = config, .tell = tell, .arg = arg };
	CLEANUP_FREE char *path = NULL;

	if (asprintf(&path, "%s/skyd.conf", dir) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	if (!access(path, F_OK))
		read_file(&r, path);
	return r.errors;
}

int config_dev(struct config *config, const char *dir, unsigned int port, config_tell_fn *tell,
	       void *arg)
{
	unsigned int i;
	int rc = defaults(config);

	if (rc || set_text(&config->state, "%s", dir) ||
	    set_text(&config->control, "unix:%s/control", dir) ||
	    set_text(&config->vault_keys, "%s/vault/keys", dir) ||
	    set_text(&config->gateway_listen, "127.0.0.1:%u", port) ||
	    set_text(&config->gateway_domain, "localhost"))
		return -ENOMEM;
	config->audit_public = true;
	/* Who tries it out wants to see space come back. */
	config->grace_ms = DEV_GRACE_MS;
	/* And what becomes of it when edges are broken: so bodies come from there. */
	config->cache_memory = 0;
	/* Nobody has made users or an empty folder for a trial. */
	for (i = 0; !rc && i < config_key_count; i++)
		if (!strcmp(config_keys[i].name, "user") || !strcmp(config_keys[i].name, "chroot"))
			rc = config_value_set(config, &config_keys[i], "");
	for (i = 0; !rc && i < DEV_EDGES; i++) {
		struct config_edge *e = &config->edge[i];

		if (set_text(&e->name, "edge%u", i + 1) ||
		    set_text(&e->listen, "127.0.0.1:%u", port + 1 + i) ||
		    set_text(&e->path, "%s/edge%u", dir, i + 1))
			return -ENOMEM;
		config->edges++;
	}
	return rc ? rc : read_dev_file(config, dir, tell, arg);
}

void config_free(struct config *config)
{
	unsigned int i;
	size_t k;

	for (k = 0; k < config_key_count; k++) {
		const struct config_key *key = &config_keys[k];

		if (key->type != TEXT && key->type != PATH && key->type != ADDRESS)
			continue;
		if (strcmp(key->section, "edge")) {
			free(*(char **)((char *)config + key->offset));
			continue;
		}
		for (i = 0; i < config->edges; i++)
			free(*(char **)((char *)&config->edge[i] + key->offset));
	}
	for (i = 0; i < config->edges; i++)
		free(config->edge[i].name);
	for (i = 0; i < config->text_count; i++)
		free(config->texts[i]);
	free(config->texts);
	memset(config, 0, sizeof(*config));
}
