// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "location_http.h"
#include "resolver.h"

#define MOST		16u
#define RATE		4096u
#define GRACE		10000000000ll
#define CONNECT_NS	1000000000ll	/* to one address, where there are others */
#define FRESH_MS	5000u		/* that the addresses of one that is lost are believed */
#define ERROR_MAX	4096u		/* bytes of an answer that refuses */
#define FIELDS_MAX	8192u
#define WHY		256u

struct location {
	struct location_config config;
	struct location_url url;	/* ->target points nowhere */
	char host[264];			/* as in Host: in brackets where it is IPv6 */
	struct http_origin origin;
	struct tls_context *tls;
	struct io_semaphore lookup;	/* one at a time */
	struct host_addresses known;	/* none: it has to be asked for first */
	unsigned int next;		/* of those: the one that is used */
	bool lost;			/* none of them has answered: what is older will not do */
	bool plain;			/* it is ours, or does not know If-None-Match with PUT */
	char why[WHY];
};

/* --- where it is ------------------------------------------------------------------------- */

static unsigned int port_of(const struct location *l)
{
	return l->url.port ? l->url.port : l->url.tls ? 443 : 80;
}

/* Connections are kept to one address alone: so they end with what its name stood for. */
static void use_address(struct location *l, unsigned int which)
{
	l->next = which % l->known.count;
	http_origin_move(&l->origin);
}

/* The address that is used stays so while the name stands for it. */
static void take_addresses(struct location *l, const struct host_addresses *found)
{
	const struct host_address used = l->known.address[l->next];
	bool known = l->known.count;
	unsigned int which = 0;

	while (which < found->count && (found->address[which].len != used.len ||
					memcmp(&found->address[which].at, &used.at, used.len)))
		which++;
	l->known = *found;
	l->lost = false;
	if (known && which < found->count)
		l->next = which;
	else
		use_address(l, 0);
}

static bool is_known(const struct location *l)
{
	return l->known.count && (!l->known.until || (!l->lost && io_now() < l->known.until));
}

/* What was known is better than nothing, but not when there is no such name any more. */
static int look_again(struct location *l, int64_t deadline)
{
	struct host_addresses found;
	char why[RESOLVER_WHY];
	int rc;

	rc = host_find(l->config.resolver, l->url.host, port_of(l), l->lost ? FRESH_MS : 0,
		       deadline, &found, why);
	if (!rc) {
		take_addresses(l, &found);
		return 0;
	}
	if (rc == -ECANCELED)
		return rc;
	if (rc == -EHOSTUNREACH && l->known.count) {
		l->known.until = io_after_ms(RESOLVER_AGAIN_MS);
		l->lost = false;
		return 0;
	}
	l->known.count = 0;
	l->next = 0;
	snprintf(l->why, sizeof(l->why), "%s", why);
	return -EHOSTUNREACH;
}

static int find(struct location *l, int64_t deadline)
{
	int rc = 0;

	if (!is_known(l)) {
		rc = io_acquire(&l->lookup, 1, deadline);
		if (rc)
			return rc;
		if (!is_known(l))
			rc = look_again(l, deadline);
		io_release(&l->lookup, 1);
	}
	if (rc)
		return rc;
	l->origin.address = l->known.address[l->next].at;
	l->origin.address_len = l->known.address[l->next].len;
	l->origin.patience = l->known.count > 1 ? CONNECT_NS : 0;
	return 0;
}

/* --- its life ------------------------------------------------------------------------------- */

static int open_tls(struct location *l, char *why)
{
	const struct tls_config config = { .ca_text = l->config.ca };

	return l->url.tls ? tls_context_open(&l->tls, false, &config, why) : 0;
}

int location_open(struct location **location, const struct location_config *config, char *why)
{
	struct location *l = calloc(1, sizeof(*l));
	int rc;

	if (!l)
		return -ENOMEM;
	l->config = *config;
	l->config.most = config->most ? config->most : MOST;
	l->config.rate = config->rate ? config->rate : RATE;
	l->config.grace = config->grace ? config->grace : GRACE;
	rc = location_url_parse(str_of(config->url), &l->url);
	rc = rc ? rc : open_tls(l, why);
	if (rc) {
		free(l);
		return rc;
	}
	l->config.url = NULL;
	l->config.ca = STR_NONE;
	l->plain = config->edge;
	io_semaphore_init(&l->lookup, 1);
	host_is_number(l->url.host, port_of(l), &l->known);
	snprintf(l->host, sizeof(l->host), strchr(l->url.host, ':') ? "[%s]" : "%s", l->url.host);
	l->origin = (struct http_origin){
		.host = l->host, .port = l->url.port, .tls = l->tls, .most = l->config.most,
		.most_kept = l->config.most, .near = l->tls ? NULL : config->near,
		.near_arg = config->near_arg,
	};
	http_origin_init(&l->origin);
	*location = l;
	return 0;
}

void location_close(struct location *location)
{
	if (!location)
		return;
	http_origin_close(&location->origin);
	tls_context_close(location->tls);
	free(location);
}

const char *location_why(const struct location *location)
{
	return location->why;
}

bool location_is_plain(const struct location *location)
{
	return location->plain && !location->config.edge;
}

uint64_t location_dialled(const struct location *location)
{
	return location->origin.dialled;
}

/* --- a request ------------------------------------------------------------------------------ */

/* Whoever signs for one server signs for no other. */
static int target_of(const struct location *l, struct str url, struct str *target)
{
	struct location_url u;

	*target = url;
	if (url.len && *url.at == '/')
		return 0;
	if (location_url_parse(url, &u) || u.tls != l->url.tls || u.port != l->url.port ||
	    !str_equal_nocase(str_of(u.host), str_of(l->url.host)))
		return -EINVAL;
	*target = u.target;
	return 0;
}

static bool is_nobody(int rc)
{
	return rc == -ECONNREFUSED || rc == -EHOSTUNREACH || rc == -ENETUNREACH;
}

static void keep_why(struct location *l, const struct http_call *c, int rc)
{
	const char *words = rc == -EKEYREJECTED || rc == -EPROTO ? l->origin.why : strerror(-rc);

	snprintf(l->why, sizeof(l->why), "%.8s: %.200s", c->method.at, words);
}

/* Unless somebody else has found before that this one fails. */
static void try_next(struct location *l, unsigned int used)
{
	if (l->next == used && l->known.count > 1)
		use_address(l, used + 1);
}

/* To the address that answered last; to the others while nobody is there. */
static int send_call(struct location *l, struct http_call *c)
{
	unsigned int tries = 0, used;
	int rc;

	do {
		http_call_end(c);
		rc = find(l, c->deadline);
		if (rc && rc != -EHOSTUNREACH)
			keep_why(l, c, rc);
		if (rc)
			return rc;
		used = l->next;
		rc = http_call(c);
		if (rc && rc != -ECANCELED)
			try_next(l, used);
	} while (is_nobody(rc) && ++tries < l->known.count);
	if (is_nobody(rc))
		l->lost = true;
	if (rc)
		keep_why(l, c, rc);
	return rc;
}

/* An answer that refuses.  Its body is read, so that the connection is kept. */
static int refused(struct location *l, struct http_call *c)
{
	CLEANUP_FREE char *text = malloc(ERROR_MAX);
	struct str code = STR_NONE;
	size_t len = 0;
	ssize_t n = 1;

	while (text && n > 0 && len < ERROR_MAX) {
		n = http_call_read(c, text + len, ERROR_MAX - len);
		len += n > 0 ? n : 0;
	}
	if (text)
		code = location_code((struct str){ text, len });
	snprintf(l->why, sizeof(l->why), "%.8s: %u %.*s", c->method.at, c->head.status,
		 (int)(code.len < 100 ? code.len : 100), code.at ? code.at : "");
	return location_errno(c->head.status, code);
}

/* The rest of an answer that says yes; a little of it is no error. */
static int read_rest(struct http_call *c)
{
	char rest[1024];
	size_t len = 0;
	ssize_t n;

	do {
		n = http_call_read(c, rest, sizeof(rest));
		len += n > 0 ? n : 0;
	} while (n > 0 && len < ERROR_MAX);
	return n < 0 ? n : 0;
}

static int call_of(struct location *l, const struct location_ask *ask, struct http_call *c,
		   struct str method, uint64_t len)
{
	int64_t slow = io_now() + l->config.grace +
		       (int64_t)(len / l->config.rate) * 1000000000ll;

	*c = (struct http_call){
		.origin = &l->origin, .method = method, .fields = ask->fields,
		.rate = l->config.rate, .grace = l->config.grace,
		.deadline = http_earlier(ask->deadline, slow),
	};
	return target_of(l, ask->url, &c->target);
}

/* Calls whose answer has no body worth having. */
static int do_call(struct location *l, struct http_call *c)
{
	int rc = send_call(l, c);

	if (!rc && c->head.status / 100 != 2)
		rc = refused(l, c);
	else if (!rc)
		rc = read_rest(c);
	http_call_end(c);
	return rc;
}

static int put(struct location *location, const struct location_ask *ask,
	       const struct iovec *body, unsigned int pieces)
{
	char fields[FIELDS_MAX];
	struct out o = OUT(fields, sizeof(fields));
	struct http_call c;
	uint64_t len = 0;
	unsigned int i;
	int rc;

	for (i = 0; i < pieces; i++)
		len += body[i].iov_len;
	rc = call_of(location, ask, &c, STR("PUT"), len);
	if (!location->plain) {
		out_str(&o, ask->fields);
		out_str(&o, STR("If-None-Match: *\r\n"));
		c.fields = out_written(&o);
	}
	c.body = body;
	c.pieces = pieces;
	if (rc || o.err)
		return rc ? rc : -EMSGSIZE;
	return do_call(location, &c);
}

/* Where that is refused unseen, names that are unique have to do. */
int location_put(struct location *location, const struct location_ask *ask,
		 const struct iovec *body, unsigned int pieces)
{
	bool plain = location->plain;
	int rc = put(location, ask, body, pieces);

	if (rc != -EOPNOTSUPP || plain)
		return rc;
	location->plain = true;
	return put(location, ask, body, pieces);
}

int location_post(struct location *location, const struct location_ask *ask,
		  const struct iovec *body, unsigned int pieces)
{
	struct http_call c;
	uint64_t len = 0;
	unsigned int i;
	int rc;

	for (i = 0; i < pieces; i++)
		len += body[i].iov_len;
	rc = call_of(location, ask, &c, STR("POST"), len);
	c.body = body;
	c.pieces = pieces;
	c.repeatable = true;
	return rc ? rc : do_call(location, &c);
}

static ssize_t read_all(struct http_call *c, char *to, size_t max)
{
	size_t len = 0;
	ssize_t n = 1;
	char more;

	if (c->head.has_length && c->head.content_length > max)
		return -EMSGSIZE;
	while (n > 0 && len < max) {
		n = http_call_read(c, to + len, max - len);
		len += n > 0 ? n : 0;
	}
	if (n > 0 || !max)
		n = http_call_read(c, &more, 1);
	return n > 0 ? -EMSGSIZE : n < 0 ? n : (ssize_t)len;
}

ssize_t location_get(struct location *location, const struct location_ask *ask, void *to,
		     size_t max)
{
	struct http_call c;
	ssize_t rc = call_of(location, ask, &c, STR("GET"), max);

	if (rc)
		return rc;
	rc = send_call(location, &c);
	if (!rc && c.head.status / 100 != 2) {
		rc = refused(location, &c);
	} else if (!rc) {
		rc = read_all(&c, to, max);
		if (rc < 0)
			keep_why(location, &c, rc);
	}
	http_call_end(&c);
	return rc;
}

int location_delete(struct location *location, const struct location_ask *ask)
{
	struct http_call c;
	int rc = call_of(location, ask, &c, STR("DELETE"), 0);

	return rc ? rc : do_call(location, &c);
}
