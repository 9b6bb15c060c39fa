// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "base/out.h"
#include "base/text.h"
#include "crypto/kdf.h"
#include "http/date.h"
#include "s3/sig.h"
#include "vault.h"
#include "vault_govern.h"
#include "vault_session.h"

#define API_SECRET_BYTES	30u	/* 40 digits of base64, as everybody's are */
#define API_SECRET_TEXT		40u
#define AUDIT_LINE		512u
#define DAY			86400

/* --- the file ---------------------------------------------------------------------- */

static int write_keys(const char *path, const struct vault_keys *keys, const struct secret *pass,
		      const struct argon_cost *cost)
{
	uint8_t file[VAULT_FILE_MAX];
	int len = vault_keys_seal(keys, pass, cost, file);

	return len < 0 ? len : file_write_atomic(path, file, len, 0600);
}

int vault_create(const char *path, const struct secret *pass, const struct argon_cost *cost)
{
	CLEANUP_SECRET struct secret memory = SECRET_NONE;
	struct stat st;
	int rc;

	if (!lstat(path, &st))
		return -EEXIST;
	rc = secret_alloc(&memory, sizeof(struct vault_keys));
	if (!rc)
		rc = vault_keys_make((struct vault_keys *)memory.data, time(NULL));
	return rc ? rc : write_keys(path, (struct vault_keys *)memory.data, pass, cost);
}

static int read_keys(struct vault *v)
{
	CLEANUP_CLOSE int fd = open(v->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	CLEANUP_SECRET struct secret file = SECRET_NONE;
	struct stat st;
	int rc;

	if (fd < 0 || fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_mode & 077)
		return -EPERM;
	rc = read_secret(fd, VAULT_FILE_MAX, -1, &file);
	if (rc)
		return rc == -EFBIG ? -EBADMSG : rc;
	rc = vault_keys_open(v->keys, v->pass.data ? &v->pass : NULL, file.data, file.len);
	/* The cost that it has been wrapped with is what it will be wrapped with. */
	if (!rc)
		vault_keys_cost(file.data, &v->cost);
	return rc;
}

int vault_load(struct vault *v, const char *path, const struct secret *pass,
	       void (*audit)(const char *line))
{
	int rc;

	memset(v, 0, sizeof(*v));
	v->audit = audit;
	v->lease_ms = VAULT_LEASE_MS;
	io_semaphore_init(&v->one, 1);
	io_event_init(&v->told);
	v->path = strdup(path);
	rc = v->path ? secret_alloc(&v->memory, sizeof(*v->keys)) : -ENOMEM;
	if (!rc && pass)
		rc = secret_copy(&v->pass, pass->data, pass->len);
	if (rc)
		return rc;
	v->keys = (struct vault_keys *)v->memory.data;
	rc = read_keys(v);
	if (rc)
		return rc;
	v->counts.masters = v->keys->count;
	v->signer = ecdsa_private(v->keys->scalar);
	return v->signer ? io_pool_open(&v->pool, 1) : -EBADMSG;
}

void vault_unload(struct vault *v)
{
	io_pool_close(v->pool);
	leases_free(&v->leases);
	proofs_free(&v->proofs);
	ecdsa_free(v->signer);
	secret_free(&v->memory);
	secret_free(&v->pass);
	free(v->path);
	memset(v, 0, sizeof(*v));
}

/* --- operations ---------------------------------------------------------------------- */

/* What an answer points to. */
struct scratch {
	u8 blob[VAULT_WRAPPED_MAX];
	u8 secret[VAULT_SECRET_MAX];
};

static struct vault_label label_of(const struct vault_ask *ask)
{
	return (struct vault_label){
		ask->kind, ask->owner, ask->number, { ask->name.data, ask->name.len },
	};
}

static int wrap_into(struct vault *v, struct scratch *s, const struct vault_ask *ask,
		     const void *secret, size_t len, struct vault_give *give)
{
	struct vault_label label = label_of(ask);
	int rc = vault_wrap(v->keys, &label, secret, len, s->blob);

	if (rc < 0)
		return rc;
	give->blob = (struct rpc_bytes){ s->blob, rc };
	return 0;
}

static int unwrap_into(struct vault *v, struct scratch *s, const struct vault_ask *ask)
{
	struct vault_label label = label_of(ask);

	return vault_unwrap(v->keys, &label, ask->blob.data, ask->blob.len, s->secret);
}

static int make_key(struct link_request *r, const void *asked, void *give)
{
	const struct vault_ask *ask = asked;
	struct scratch *s = link_scratch(r, sizeof(*s));

	if (!s)
		return -ENOMEM;
	if (ask->kind != VAULT_BUCKET)
		return -EINVAL;
	if (random_bytes(s->secret, GCM_KEY_BYTES))
		return -EIO;
	return wrap_into(r->ctx, s, ask, s->secret, GCM_KEY_BYTES, give);
}

static int make_secret(struct link_request *r, const void *asked, void *given)
{
	const struct vault_ask *ask = asked;
	struct vault_give *give = given;
	struct scratch *s = link_scratch(r, sizeof(*s));
	u8 random[API_SECRET_BYTES];
	struct out o;

	if (!s)
		return -ENOMEM;
	if (ask->kind != VAULT_API_SECRET || !ask->name.len)
		return -EINVAL;
	if (random_bytes(random, sizeof(random)))
		return -EIO;
	o = OUT((char *)s->secret, API_SECRET_TEXT);
	out_base64(&o, random, sizeof(random));
	explicit_bzero(random, sizeof(random));
	give->secret = (struct rpc_bytes){ s->secret, API_SECRET_TEXT };
	return wrap_into(r->ctx, s, ask, s->secret, API_SECRET_TEXT, give);
}

static int wrap(struct link_request *r, const void *asked, void *give)
{
	const struct vault_ask *ask = asked;
	struct scratch *s = link_scratch(r, sizeof(*s));

	if (!s)
		return -ENOMEM;
	if (ask->kind != VAULT_CREDENTIAL)
		return -EINVAL;
	return wrap_into(r->ctx, s, ask, ask->blob.data, ask->blob.len, give);
}

static int rewrap(struct link_request *r, const void *ask, void *give)
{
	struct scratch *s = link_scratch(r, sizeof(*s));
	int len;

	if (!s)
		return -ENOMEM;
	len = unwrap_into(r->ctx, s, ask);
	return len < 0 ? len : wrap_into(r->ctx, s, ask, s->secret, len, give);
}

static int lease(struct link_request *r, const void *asked, void *given)
{
	const struct vault_ask *ask = asked;
	struct vault_give *give = given;
	struct scratch *s = link_scratch(r, sizeof(*s));
	struct vault *v = r->ctx;
	int len;

	if (!s)
		return -ENOMEM;
	if (ask->kind != VAULT_BUCKET || !ask->value)
		return -EINVAL;
	len = unwrap_into(v, s, ask);
	if (len < 0)
		return len;
	v->counts.leases++;
	give->secret = (struct rpc_bytes){ s->secret, len };
	give->value = ask->value < v->lease_ms ? ask->value : v->lease_ms;
	give->value = vault_host_ms(v, str_of(r->host), give->value);
	return 0;
}

static bool is_date(struct rpc_bytes date)
{
	u32 i;

	for (i = 0; i < date.len; i++)
		if (((const char *)date.data)[i] < '0' || ((const char *)date.data)[i] > '9')
			return false;
	return date.len == 8;
}

/* A gateway that keeps what it was given has nothing of days far off. */
static bool is_soon(struct rpc_bytes date)
{
	char latest[AMZ_DATE_LEN];
	struct out o = OUT(latest, sizeof(latest));

	amz_date_write(&o, time(NULL) + DAY);
	return !o.err && memcmp(date.data, latest, date.len) <= 0;
}

/* "Deriving the signing key", AWS General Reference: a chain of HMACs. */
static int derive(struct link_request *r, const void *asked, void *given)
{
	const struct vault_ask *ask = asked;
	const struct rpc_bytes step[] = {
		ask->date, ask->region, ask->service, { "aws4_request", 12 },
	};
	struct vault_give *give = given;
	struct scratch *s = link_scratch(r, sizeof(*s));
	u8 first[4 + VAULT_SECRET_MAX] = "AWS4", key[SHA256_BYTES];
	int len, i, rc;

	if (!s)
		return -ENOMEM;
	if (ask->kind != VAULT_API_SECRET || !is_date(ask->date) || !is_soon(ask->date) ||
	    !ask->region.len || !ask->service.len)
		return -EINVAL;
	len = unwrap_into(r->ctx, s, ask);
	if (len < 0)
		return len;
	memcpy(first + 4, s->secret, len);
	rc = hmac_sha256(first, 4 + len, ask->date.data, ask->date.len, key);
	for (i = 1; !rc && i < 4; i++) {
		rc = hmac_sha256(key, sizeof(key), step[i].data, step[i].len, s->secret);
		memcpy(key, s->secret, sizeof(key));
	}
	explicit_bzero(first, sizeof(first));
	explicit_bzero(key, sizeof(key));
	explicit_bzero(s->secret + SHA256_BYTES, sizeof(s->secret) - SHA256_BYTES);
	((struct vault *)r->ctx)->counts.derived++;
	give->secret = (struct rpc_bytes){ s->secret, SHA256_BYTES };
	return rc;
}

/* Who only verifies needs no secret.  A point costs less than a signature does. */
static int derive_point(struct link_request *r, const void *asked, void *given)
{
	const struct vault_ask *ask = asked;
	struct vault_give *give = given;
	struct scratch *s = link_scratch(r, sizeof(*s));
	u8 scalar[P256_SCALAR_BYTES];
	struct ecdsa_key *key = NULL;
	int len, rc;

	if (!s)
		return -ENOMEM;
	if (ask->kind != VAULT_API_SECRET)
		return -EINVAL;
	len = unwrap_into(r->ctx, s, ask);
	if (len < 0)
		return len;
	rc = sig_derive_ecdsa((struct str){ (char *)s->secret, len },
			      (struct str){ ask->name.data, ask->name.len }, scalar);
	if (!rc)
		key = ecdsa_private(scalar);
	explicit_bzero(scalar, sizeof(scalar));
	if (!key)
		return rc ? rc : -EIO;
	ecdsa_point(key, s->blob);
	ecdsa_free(key);
	((struct vault *)r->ctx)->counts.derived++;
	give->blob = (struct rpc_bytes){ s->blob, P256_POINT_BYTES };
	return 0;
}

static int point(struct link_request *r, const void *ask, void *given)
{
	struct vault_give *give = given;
	u8 *bytes = link_scratch(r, P256_POINT_BYTES);

	(void)ask;
	if (!bytes)
		return -ENOMEM;
	ecdsa_point(((struct vault *)r->ctx)->signer, bytes);
	give->blob = (struct rpc_bytes){ bytes, P256_POINT_BYTES };
	return 0;
}

struct change {
	struct vault *vault;
	struct vault_keys *next;
	u32 forget;		/* 0: rotate */
};

/* On the pool's thread: a passphrase takes its time, and so does a disk. */
static int make_change(void *arg)
{
	struct change *c = arg;
	struct vault *v = c->vault;
	int rc;

	rc = c->forget ? vault_keys_forget(c->next, c->forget) :
			 vault_keys_rotate(c->next, time(NULL));
	return rc ? rc : write_keys(v->path, c->next, v->pass.data ? &v->pass : NULL, &v->cost);
}

/* Change a copy, write it, and only then use it. */
static int change(struct vault *v, u32 forget, int64_t deadline)
{
	CLEANUP_SECRET struct secret memory = SECRET_NONE;
	struct change c = { .vault = v, .forget = forget };
	int rc = io_acquire(&v->one, 1, deadline);

	if (rc)
		return rc;
	rc = secret_copy(&memory, v->keys, sizeof(*v->keys));
	c.next = (struct vault_keys *)memory.data;
	if (!rc)
		rc = io_work(v->pool, make_change, &c, deadline);
	if (!rc) {
		memcpy(v->keys, c.next, sizeof(*c.next));
		v->counts.masters = c.next->count;
	}
	io_release(&v->one, 1);
	return rc;
}

static int rotate(struct link_request *r, const void *ask, void *give)
{
	struct vault *v = r->ctx;
	int rc = change(v, 0, r->deadline);

	(void)ask;
	((struct vault_give *)give)->value = v->keys->master[v->keys->count - 1].epoch;
	return rc;
}

static int forget(struct link_request *r, const void *ask, void *give)
{
	u64 epoch = ((const struct vault_ask *)ask)->value;

	(void)give;
	return !epoch || epoch > UINT32_MAX ? -EINVAL : change(r->ctx, epoch, r->deadline);
}

static int status(struct link_request *r, const void *ask, void *give)
{
	(void)ask;
	*(struct vault_counts *)give = ((struct vault *)r->ctx)->counts;
	return 0;
}

#define BACKEND	ROLE_BIT(ROLE_BACKEND)
#define GATEWAY	ROLE_BIT(ROLE_GATEWAY)
#define ASK	(&vault_ask_schema)
#define GIVE	(&vault_give_schema)
/* All URLs, all of their headers. */
#define URLS	(VAULT_URLS_MAX * (sizeof(struct vault_url) + \
				   VAULT_HEADERS_MAX * sizeof(struct vault_header)))

static const struct link_operation operations[] = {
	{ VAULT_MAKE_KEY, "make-key", ASK, GIVE, 0, BACKEND, make_key },
	{ VAULT_MAKE_SECRET, "make-secret", ASK, GIVE, 0, BACKEND, make_secret },
	{ VAULT_WRAP, "wrap", ASK, GIVE, 0, BACKEND, wrap },
	{ VAULT_REWRAP, "rewrap", ASK, GIVE, 0, BACKEND, rewrap },
	{ VAULT_LEASE, "lease", ASK, GIVE, 0, GATEWAY, lease },
	{ VAULT_DERIVE, "derive", ASK, GIVE, 0, GATEWAY, derive },
	{ VAULT_DERIVE_POINT, "derive-point", ASK, GIVE, 0, GATEWAY, derive_point },
	{ VAULT_POINT, "point", ASK, GIVE, 0, BACKEND | ROLE_BIT(ROLE_EDGE), point },
	{ VAULT_PRESIGN, "presign", &vault_presign_schema, &vault_presigned_schema, URLS,
	  BACKEND, vault_presign },
	{ VAULT_ROTATE, "rotate", ASK, GIVE, 0, BACKEND, rotate },
	{ VAULT_FORGET, "forget", ASK, GIVE, 0, BACKEND, forget },
	{ VAULT_STATUS, "status", ASK, &vault_counts_schema, 0,
	  BACKEND | ROLE_BIT(ROLE_PARENT), status },
	{ VAULT_GRANT, "grant", ASK, GIVE, 0, BACKEND, vault_grant },
	{ VAULT_HOSTS, "hosts", &vault_hosts_schema, NULL, LEASE_HOSTS * sizeof(struct vault_host),
	  BACKEND, vault_hosts },
	{ VAULT_STATEMENT, "statement", ASK, GIVE, 0, BACKEND, vault_statement },
	{ VAULT_CHECK_FORM, "check-form", ASK, GIVE, 0, GATEWAY, vault_check_form },
	{ VAULT_GOVERN, "govern", &vault_step_schema, &vault_stepped_schema, 0, BACKEND,
	  vault_govern },
	{ VAULT_SESSION_STATE, "session-state", ASK, &vault_session_state_schema, 0, BACKEND,
	  vault_session_state },
	{ VAULT_SESSION_TAKE, "session-take", &vault_take_schema, &vault_taken_schema,
	  SESSION_SECRETS * sizeof(struct vault_take_secret), BACKEND, vault_session_take },
	{ VAULT_SESSION_DROP, "session-drop", ASK, &vault_session_state_schema, 0, BACKEND,
	  vault_session_drop },
	{ VAULT_SESSION_RELEASE, "release", &vault_release_schema,
	  &vault_released_schema, SESSION_SECRETS * sizeof(struct vault_wrapped),
	  ROLE_BIT(ROLE_RUNNER), vault_session_release },
};

/* Who asked for what, and what became of it; nothing that is secret. */
static void audit(struct link_request *r, const struct link_operation *op, const void *asked,
		  int result)
{
	struct vault *v = r->ctx;
	const struct vault_ask *ask = op->ask == ASK ? asked : NULL;
	const struct vault_presign *urls = op->ask == &vault_presign_schema ? asked : NULL;
	char what[AUDIT_LINE / 2] = "", line[AUDIT_LINE], name[128] = "", safe[128];

	/* Each second. */
	if ((op->number == VAULT_HOSTS || op->number == VAULT_STATEMENT) && !result)
		return;
	v->counts.calls++;
	v->counts.refused += result < 0;
	if (!v->audit)
		return;
	if (ask && ask->name.len)
		snprintf(name, sizeof(name), " name %.*s",
			 (int)(ask->name.len < 64 ? ask->name.len : 64),
			 (const char *)ask->name.data);
	if (ask && ask->kind)
		snprintf(what, sizeof(what), " kind %u owner %llu number %llu%s", ask->kind,
			 (unsigned long long)ask->owner, (unsigned long long)ask->number,
			 text_printable(name, safe, sizeof(safe)));
	else if (urls)
		snprintf(what, sizeof(what), " urls %u", urls->count);
	snprintf(line, sizeof(line), "%s asked for %s%s: %s", role_name(r->peer), op->name, what,
		 result < 0 ? strerror(-result) : "done");
	v->audit(line);
}

void vault_service(struct vault *vault, enum role peer, struct link_service *service)
{
	*service = (struct link_service){
		.operation = operations,
		.operations = sizeof(operations) / sizeof(operations[0]),
		.ctx = vault,
		.peer = peer,
		.admit = vault_admit,
		.told = audit,
	};
}
