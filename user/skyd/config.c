// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "config_value.h"
#include "relay_peers.h"

#define FILE_MAX	(1u << 20)
#define DEV_GRACE_MS	30000
#define DEV_EDGES	6u

#define AT(field)	offsetof(struct config, field)
#define EDGE(field)	offsetof(struct config_edge, field)

static const struct config_key keys[] = {
	{ "skyd", "state", PATH, AT(state), 0, 0, "/var/lib/skyd",
	  "folder of the metadata, and of what roles keep" },
	{ "skyd", "control", ADDRESS, AT(control), 0, 0, "unix:/run/skyd/control",
	  "where skyctl asks; a socket of root's" },
	{ "skyd", "io_uring", BOOL, AT(io_uring), 0, 0, "yes",
	  "whether roles may use it; if not, they use epoll, and the kernel refuses it to them" },
	{ "skyd", "calls", NUMBER, AT(calls), 1, 4096, "256",
	  "calls under way at once between two roles" },
	{ "skyd", "start", TIME, AT(start_ms), 100, 600000, "60s",
	  "time for a role to be ready before it is ended and started again" },
	{ "skyd", "stop", TIME, AT(stop_ms), 0, 3600000, "30s",
	  "time for what is under way at a stop" },
	{ "skyd", "chroot", PATH, AT(chroot), 0, 0, "/var/empty",
	  "empty folder into which root locks the roles that open no files" },
	{ "log", "level", LEVEL, AT(level), 0, 3, "info", "what is logged, and what is above it" },
	{ "log", "audit", BOOL, AT(audit), 0, 0, "yes", "a line for each call to the vault" },
	{ "gateway", "listen", ADDRESS, AT(gateway_listen), 0, 0, "127.0.0.1:9000", "the S3 API" },
	{ "gateway", "external_url", TEXT, AT(gateway_url), 0, 0, "",
	  "URL that clients of a proxy use: https://HOST[:PORT][/PATH]; empty: there is none" },
	{ "gateway", "virtual_host", TEXT, AT(gateway_domain), 0, 0, "",
	  "domain below which each bucket is a host; empty: buckets are in the path only" },
	{ "gateway", "proxies", TEXT, AT(gateway_proxies), 0, 0, "",
	  "addresses or networks, with commas, of proxies whose X-Forwarded fields are believed" },
	{ "gateway", "region", TEXT, AT(gateway_region), 0, 0, "",
	  "region that signatures have to name; empty: any" },
	{ "gateway", "certificate", PATH, AT(gateway_certificate), 0, 0, "",
	  "PEM file of the certificate and what links it to an authority; empty: no TLS" },
	{ "gateway", "key", PATH, AT(gateway_key), 0, 0, "", "PEM file of the certificate's key" },
	{ "gateway", "connections", NUMBER, AT(gateway_connections), 1, 100000, "4096",
	  "connections at once; others wait" },
	{ "gateway", "per_address", NUMBER, AT(gateway_each), 0, 100000, "0",
	  "connections of one address (of IPv6: one /64); 0: any number" },
	{ "gateway", "head", NUMBER, AT(gateway_head), 1024, 32768, "16384",
	  "bytes of the longest head of a request" },
	{ "gateway", "head_time", TIME, AT(gateway_head_ms), 100, 600000, "10s",
	  "time for a head to arrive" },
	{ "gateway", "idle", TIME, AT(gateway_idle_ms), 100, 3600000, "60s",
	  "time between two requests of a connection" },
	{ "gateway", "rate", NUMBER, AT(gateway_rate), 0, 1u << 30, "1024",
	  "least bytes a second of a body, in both directions; 0: any" },
	{ "gateway", "grace", TIME, AT(gateway_grace_ms), 100, 3600000, "20s",
	  "time that a body may stand still before its rate is looked at" },
	{ "gateway", "memory", NUMBER, AT(gateway_memory), 32, 1u << 20, "256",
	  "MiB of all bodies under way; who wants more waits" },
	{ "gateway", "workers", NUMBER, AT(gateway_workers), 0, 256, "0",
	  "threads that hash, compress, encrypt and code; 0: one for each processor" },
	{ "gateway", "user", TEXT, AT(gateway_user), 0, 0, "skyd-gateway", "whom it runs as" },
	{ "backend", "user", TEXT, AT(backend_user), 0, 0, "skyd-backend", "whom it runs as" },
	{ "backend", "public_locations", BOOL, AT(public_locations), 0, 0, "no",
	  "whether /cloud_locations and /edge_locations are told without a token" },
	{ "backend", "grace", TIME, AT(grace_ms), 1000, 86400000, "1h",
	  "how long fragments of what was deleted stay, for readers that have begun" },
	{ "vault", "user", TEXT, AT(vault_user), 0, 0, "skyd-vault", "whom it runs as" },
	{ "vault", "keys", PATH, AT(vault_keys), 0, 0, "/var/lib/skyd/vault/keys",
	  "file of the master keys, of mode 0600" },
	{ "vault", "passphrase", PATH, AT(vault_passphrase), 0, 0, "",
	  "file with the passphrase of that; empty: there is none" },
	{ "vault", "lease", TIME, AT(vault_lease_ms), 1000, 86400000, "1h",
	  "longest that a gateway keeps a bucket's key" },
	{ "link", "listen", ADDRESS, AT(link_listen), 0, 0, "",
	  "where roles of other machines ask those of this one, over HTTPS; empty: nowhere" },
	{ "link", "backend", ADDRESS, AT(link_backend), 0, 0, "",
	  "where the backend is, if another machine has it" },
	{ "link", "vault", ADDRESS, AT(link_vault), 0, 0, "",
	  "where the vault is, if another machine has it" },
	{ "link", "certificate", PATH, AT(link_certificate), 0, 0, "",
	  "PEM file of this machine's certificate, whose URIs skyd:ROLE/NAME say which roles it has" },
	{ "link", "key", PATH, AT(link_key), 0, 0, "", "PEM file of the certificate's key" },
	{ "link", "authority", PATH, AT(link_authority), 0, 0, "",
	  "PEM file of the private authority whose certificates are believed" },
	{ "link", "peers", TEXT, AT(link_peers), 0, 0, "",
	  "ROLE/NAME of all that are let in and are asked, with blanks; others are refused" },
	{ "link", "connections", NUMBER, AT(link_connections), 1, 4096, "64",
	  "streams of other machines at once" },
	{ "link", "strangers", NUMBER, AT(link_strangers), 1, 1024, "32",
	  "connections that have not shown yet who they are; with one more, the oldest is ended" },
	{ "link", "handshake", TIME, AT(link_handshake_ms), 100, 60000, "10s",
	  "time to connect and to show who one is" },
	{ "link", "ping", TIME, AT(link_ping_ms), 100, 600000, "5s",
	  "pause after which each side gives a sign; a peer that is silent for three is given up" },
	{ "link", "warn", TIME, AT(link_warn_ms), 0, 31536000000, "720h",
	  "how long before a certificate expires the log says so" },
	{ "link", "user", TEXT, AT(link_user), 0, 0, "skyd-relay", "whom its process runs as" },
	{ "edges", "user", TEXT, AT(edge_user), 0, 0, "skyd-edge", "whom all edges run as" },
	{ "edges", "backend_point", TEXT, AT(edge_backend_point), 0, 0, "",
	  "public point of whose URLs they serve, in hexadecimal; empty: the vault's is asked for" },
	{ "edges", "metrics", CHOICE, AT(edge_metrics), 0, 0, "local",
	  "whether everybody may read their metrics; local: where they listen on loopback" },
	{ "edges", "connections", NUMBER, AT(edge_connections), 1, 15000, "1024",
	  "connections of each; more wait" },
	{ "edges", "compact", TIME, AT(edge_compact_ms), 100, 86400000, "10s",
	  "pause between looks for space of deleted fragments" },
	{ "edges", "scrub", TIME, AT(edge_scrub_ms), 1000, 2419200000, "168h",
	  "pause between readings of all fragments" },
	{ "edges", "scrub_rate", NUMBER, AT(edge_scrub_rate), 0, 1ull << 40, "8388608",
	  "bytes that they read for it in a second; 0: never" },
	{ "edge", "listen", ADDRESS, EDGE(listen), 0, 0, NULL, "the S3 API of this location" },
	{ "edge", "path", PATH, EDGE(path), 0, 0, NULL, "folder of its key and its fragments" },
	{ "edge", "url", TEXT, EDGE(url), 0, 0, "",
	  "where others reach it, http://HOST:PORT or https://HOST:PORT; empty: where it listens" },
	{ "edge", "cert", PATH, EDGE(cert), 0, 0, "",
	  "file of its certificate, and those that link it to an authority; empty: no TLS" },
	{ "edge", "key", PATH, EDGE(key), 0, 0, "", "file of that certificate's key" },
};

#define KEYS	(sizeof(keys) / sizeof(keys[0]))

_Static_assert(KEYS <= CONFIG_KEYS, "a place for each");

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
	char text[1024], safe[1024];
	int len = snprintf(text, sizeof(text), "%.255s:%u: ", r->file, r->line);
	va_list ap;

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

	for (i = 0; i < KEYS; i++)
		if (!strcmp(keys[i].section, name))
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
	char range[64];
	size_t i = 0;
	int rc;

	while (i < KEYS && (strcmp(keys[i].section, r->section) || strcmp(keys[i].name, name)))
		i++;
	if (i == KEYS) {
		wrong(r, "no \"%.40s\" in [%s]; skyd --print-config has all there are", name,
		      r->section);
		return;
	}
	said = r->edge ? r->edge->said : r->config->said;
	if (said_here(r, said[i])) {
		wrong(r, "\"%s\" has been said at %s; remove one of them", name, said[i]);
		return;
	}
	rc = config_value_set(r->edge ? (void *)r->edge : (void *)r->config, &keys[i], value);
	said[i] = here(r);
	if (rc == -EINVAL)
		wrong(r, "\"%s\" is no %s; %s", name, config_value_type(&keys[i]),
		      config_value_help(&keys[i]));
	if (rc == -ERANGE) {
		config_value_range(&keys[i], range);
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
	for (i = 0; i < KEYS; i++)
		if (!strcmp(keys[i].section, "edge") && !keys[i].value && !e->said[i])
			wrong_edge(r, e, "does not say its ", keys[i].name);
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

	while (i < KEYS && (strcmp(keys[i].section, section) || strcmp(keys[i].name, name)))
		i++;
	return i < KEYS ? c->said[i] : NULL;
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
				   "a peer is gateway/NAME, backend/NAME, vault/NAME or edge/NAME, not ",
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

static int defaults(struct config *c)
{
	size_t i;
	int rc = 0;

	memset(c, 0, sizeof(*c));
	for (i = 0; !rc && i < KEYS; i++)
		/* Those of an edge are NULL where it says nothing. */
		if (keys[i].value && strcmp(keys[i].section, "edge"))
			rc = config_value_set(c, &keys[i], keys[i].value);
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

int config_dev(struct config *config, const char *dir, unsigned int port)
{
	unsigned int i;
	int rc = defaults(config);

	if (rc || set_text(&config->state, "%s", dir) ||
	    set_text(&config->control, "unix:%s/control", dir) ||
	    set_text(&config->vault_keys, "%s/vault/keys", dir) ||
	    set_text(&config->gateway_listen, "127.0.0.1:%u", port) ||
	    set_text(&config->gateway_domain, "localhost"))
		return -ENOMEM;
	/* Who tries it out wants to see space come back. */
	config->grace_ms = DEV_GRACE_MS;
	/* Nobody has made users or an empty folder for a trial. */
	for (i = 0; !rc && i < KEYS; i++)
		if (!strcmp(keys[i].name, "user") || !strcmp(keys[i].name, "chroot"))
			rc = config_value_set(config, &keys[i], "");
	for (i = 0; !rc && i < DEV_EDGES; i++) {
		struct config_edge *e = &config->edge[i];

		if (set_text(&e->name, "edge%u", i + 1) ||
		    set_text(&e->listen, "127.0.0.1:%u", port + 1 + i) ||
		    set_text(&e->path, "%s/edge%u", dir, i + 1))
			return -ENOMEM;
		config->edges++;
	}
	return rc;
}

void config_free(struct config *config)
{
	unsigned int i;
	size_t k;

	for (k = 0; k < KEYS; k++) {
		if (keys[k].type != TEXT && keys[k].type != PATH && keys[k].type != ADDRESS)
			continue;
		if (strcmp(keys[k].section, "edge")) {
			free(*(char **)((char *)config + keys[k].offset));
			continue;
		}
		for (i = 0; i < config->edges; i++)
			free(*(char **)((char *)&config->edge[i] + keys[k].offset));
	}
	for (i = 0; i < config->edges; i++)
		free(config->edge[i].name);
	for (i = 0; i < config->text_count; i++)
		free(config->texts[i]);
	free(config->texts);
	memset(config, 0, sizeof(*config));
}

static void print_key(FILE *to, const struct config_key *k, bool manual)
{
	const char *value = k->value ? k->value : "";
	char range[64] = "";

	if (k->max && k->type != LEVEL)
		config_value_range(k, range);
	if (manual)
		fprintf(to, ".TP\n.B %s\n(%s%s%s; %s%s) %s.\n", k->name, config_value_type(k),
			*range ? ", " : "", range, k->value ? "default: " : "must be said", value,
			k->help);
	else
		fprintf(to, "# %s (%s%s%s)\n%s%s = %s\n", k->help, config_value_type(k),
			*range ? ", " : "", range,
			k->value && strcmp(k->section, "edge") ? "" : "#", k->name, value);
}

void config_print(FILE *to, bool manual)
{
	const char *section = "";
	size_t i;

	for (i = 0; i < KEYS; i++) {
		if (strcmp(keys[i].section, section)) {
			bool edge = !strcmp(keys[i].section, "edge");

			section = keys[i].section;
			if (manual)
				fprintf(to, ".SS [%s%s]\n", section, edge ? " NAME" : "");
			else
				fprintf(to, "\n%s[%s%s]\n", edge ? "#" : "", section,
					edge ? " NAME" : "");
		}
		print_key(to, &keys[i], manual);
	}
}
