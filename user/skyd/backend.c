// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <linux/kernel.h>

#include "admit.h"
#include "audit.h"
#include "backend_private.h"
#include "caches.h"
#include "base/secret.h"
#include "governance.h"
#include "hosts.h"
#include "io/loop.h"
#include "io/sync.h"
#include "log.h"

#define DB_THREADS	8u	/* for reads; changes are made by the store's own thread */
#define PATH_SIZE	4096u
#define SEAL_BYTES	32u

u64 backend_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000000ull + now.tv_nsec / 1000;
}

/* --- the store, for fibers -------------------------------------------------------- */

struct read {
	struct db *db;
	db_tx_fn *fn;
	void *arg;
};

static int run_read(void *arg)
{
	struct read *t = arg;

	return db_read(t->db, t->fn, t->arg);
}

static int store_wait_read(void *ctx, struct db *db, db_tx_fn *fn, void *arg)
{
	struct backend *b = ctx;

	return io_work(b->db, run_read, &(struct read){ db, fn, arg }, 0);
}

/* A change on its way to the store's thread and back. */
struct change {
	struct db_job job;
	struct io_loop *loop;
	struct io_post post;
	struct io_event done;
};

static void wake(struct io_post *post)
{
	io_event_set(&container_of(post, struct change, post)->done);
}

static void changed(struct db_job *job)
{
	struct change *t = container_of(job, struct change, job);

	io_post(t->loop, &t->post);
}

/*
 * No thread waits, so all changes that fibers make at once are one commit.  One that has been
 * submitted is waited for even when the fiber has been cancelled: it lies on its stack.
 */
static int store_wait_write(void *ctx, struct db *db, db_tx_fn *fn, void *arg)
{
	struct change t = {
		.job = { .fn = fn, .arg = arg, .done = changed }, .loop = io_loop_self(),
		.post.fn = wake,
	};
	int rc;

	(void)ctx;
	if (io_cancelled())
		return -ECANCELED;
	io_event_init(&t.done);
	rc = db_submit(db, &t.job);
	if (rc)
		return rc;
	io_shield();
	io_event_wait(&t.done, 0);
	io_unshield();
	return t.job.result;
}

static void store_tell(void *ctx, const char *text)
{
	(void)ctx;
	log_line(LEVEL_WARNING, "store: %s", text);
}

static int open_store(void *arg)
{
	struct backend *b = arg;
	char path[PATH_SIZE];
	struct store_config config = {
		.path = path, .write = store_wait_write, .read = store_wait_read, .run_ctx = b,
		.tell = store_tell, .grace_us = b->config->grace_ms * 1000,
	};

	if (snprintf(path, sizeof(path), "%s/store.db", b->config->state) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	return store_open(&config, &b->store);
}

/* --- the seal's key, which answers outlive ---------------------------------------- */

static int make_seal(const char *path, u8 key[SEAL_BYTES])
{
	CLEANUP_CLOSE int fd = -1;
	int rc = random_bytes(key, SEAL_BYTES);

	if (rc)
		return rc;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (write(fd, key, SEAL_BYTES) != (ssize_t)SEAL_BYTES || fsync(fd))
		return -EIO;
	return 0;
}

/* One that was cut off in a crash has sealed nothing, and is made anew. */
static int read_seal(void *arg)
{
	struct backend *b = arg;
	char path[PATH_SIZE];
	u8 key[SEAL_BYTES];
	int fd, rc = 0;

	if (snprintf(path, sizeof(path), "%s/seal.key", b->config->state) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno != ENOENT)
		return -errno;
	if (fd < 0 || read(fd, key, sizeof(key)) != (ssize_t)sizeof(key))
		rc = make_seal(path, key);
	if (fd >= 0)
		close(fd);
	if (!rc)
		hmac_key_set(&b->seal, key, sizeof(key));
	explicit_bzero(key, sizeof(key));
	return rc;
}

/* --- life ------------------------------------------------------------------------- */

/* Asked again if the vault was exchanged or has died meanwhile: asking changes nothing. */
static int status(struct link_request *r, const void *ask, void *give)
{
	struct backend *b = r->ctx;
	struct vault_ask nothing = { 0 };
	const struct link_call call = {
		VAULT_STATUS, &vault_ask_schema, &nothing, -1, &vault_counts_schema, give, 0,
	};
	int rc;

	(void)ask;
	do {
		CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;

		rc = link_do(b->vault, &call, &answer, r->deadline);
	} while (rc == -ECONNRESET);
	return rc;
}

static const struct link_operation backend_own[] = {
	{ ADMIN_STATUS, "status", NULL, &vault_counts_schema, 0, ROLE_BIT(ROLE_PARENT), status },
	{ 0 },
};

static const struct link_operation *const tables[] = {
	backend_own, backend_objects, backend_repairs, backend_moves, backend_writes,
	backend_lists, backend_uploads, backend_buckets, backend_apis, backend_admins,
	backend_hosts_enrol, backend_hosts_judge, backend_traffic, backend_caches,
};

/* As link.h wants them: one array. */
static int join_tables(struct backend *b)
{
	unsigned int i, j, n = 0;

	for (i = 0; i < ARRAY_SIZE(tables); i++)
		for (j = 0; tables[i][j].handle; j++)
			n++;
	b->operation = calloc(n, sizeof(*b->operation));
	if (!b->operation)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(tables); i++)
		for (j = 0; tables[i][j].handle; j++)
			b->operation[b->operations++] = tables[i][j];
	return 0;
}

int backend_open(struct backend *b, struct role_run *run)
{
	int rc;

	*b = (struct backend){ .run = run, .config = run->config, .vault = run->vault,
			       .resolver = run->to_resolver };
	if (b->config->attest_verifier_key && *b->config->attest_verifier_key)
		b->verifier = run->to_verifier;
	rc = join_tables(b);
	if (!rc)
		rc = io_pool_open(&b->db, DB_THREADS);
	if (!rc)
		rc = io_work(b->db, open_store, b, 0);
	if (!rc)
		rc = io_work(b->db, read_seal, b, 0);
	if (!rc)
		rc = cache_open(b);
	if (!rc)
		rc = caches_open(b);
	if (!rc)
		rc = plan_open(b);
	if (!rc)
		rc = audit_open(b);
	else
		log_line(LEVEL_ERROR, "the store in %s cannot be opened: %s", b->config->state,
			 strerror(-rc));
	if (!rc)
		governance_open(b);
	if (!rc)
		rc = admit_open(b);
	return rc ? rc : hosts_open(b);
}

static int close_store(void *arg)
{
	struct backend *b = arg;

	store_close(b->store);
	return 0;
}

void backend_close(struct backend *b)
{
	hosts_close(b);
	audit_close(b);
	admit_close(b);
	care_close(b);
	plan_close(b);
	caches_close(b);
	cache_close(b);
	io_shield();
	if (b->store)
		io_work(b->db, close_store, b, 0);
	io_unshield();
	io_pool_close(b->db);
	free(b->operation);
	explicit_bzero(b, sizeof(*b));
}

void backend_service(struct backend *b, enum role peer, struct link_service *service)
{
	*service = (struct link_service){
		.operation = b->operation, .operations = b->operations, .ctx = b, .peer = peer,
		.admit = hosts_admit, .told = audit_told, .options.body_max = META_LINK_MAX,
	};
}

/* --- a request -------------------------------------------------------------------- */

static void release(void *scratch)
{
	struct call *c = scratch;

	cache_put(c->b, c->key ? &c->key->entry : NULL);
	cache_put(c->b, c->bucket ? &c->bucket->entry : NULL);
	store_arena_free(&c->arena);
}

int call_plain(struct link_request *request, struct call **call)
{
	static const struct meta_caller nobody;
	struct call *c = link_scratch(request, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->b = request->ctx;
	c->caller = &nobody;
	c->url_life = hosts_url_life(request);
	request->release = release;
	*call = c;
	return 0;
}

int call_begin(struct link_request *request, const struct meta_caller *caller, struct call **call)
{
	int rc = call_plain(request, call);

	if (rc)
		return rc;
	(*call)->caller = caller;
	return caller->access_key.len ? cache_key((*call)->b, str_of_bytes(caller->access_key),
						  &(*call)->key) : 0;
}

int call_bucket(struct call *c, struct rpc_bytes name)
{
	int rc = name.len ? cache_bucket(c->b, str_of_bytes(name), &c->bucket)
			  : meta_status(S3_NO_SUCH_BUCKET);

	return rc ? rc : owner_check(c, c->caller->owner);
}

int call_in_bucket(struct link_request *request, const struct meta_caller *caller,
		   struct rpc_bytes name, struct call **call)
{
	int rc = call_begin(request, caller, call);

	return rc ? rc : call_bucket(*call, name);
}

int backend_status(int rc)
{
	enum s3_code code;

	if (rc >= 0 || meta_code(rc) || rc == -ECANCELED || rc == -ETIMEDOUT)
		return rc;
	/* Too few locations: as S3 has it, to be tried again. */
	if (rc == -ENOSPC)
		return meta_status(S3_SLOW_DOWN);
	code = s3_code_find(str_of(store_s3_error(rc)->code));
	return meta_status(code ? code : S3_INTERNAL_ERROR);
}

/* --- a bucket's policy, key and sharing ------------------------------------------- */

static int make_key(struct call *c, struct rpc_bytes *key)
{
	const struct vault_ask ask = {
		.kind = VAULT_BUCKET, .owner = call_team(c), .number = c->bucket->row.id,
	};
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	struct vault_give give = { 0 };
	const struct link_call call = {
		VAULT_MAKE_KEY, &vault_ask_schema, &ask, -1, &vault_give_schema, &give, 0,
	};
	void *copy;
	int rc = link_do(c->b->vault, &call, &answer, io_after_ms(VAULT_PATIENCE_MS));

	if (rc)
		return rc == -ECANCELED ? rc : meta_status(S3_SERVICE_UNAVAILABLE);
	copy = store_alloc(&c->arena, give.blob.len);
	if (!copy)
		return -ENOMEM;
	*key = (struct rpc_bytes){ memcpy(copy, give.blob.data, give.blob.len), give.blob.len };
	rc = store_bucket_set_key(c->b->store, call_team(c), c->bucket->row.id, text_of(*key));
	cache_forget_bucket(c->b, str_of_text(c->bucket->row.name));
	return rc;
}

/* Somebody else may have made it at the same time: the first one holds. */
static int bucket_key(struct call *c, struct rpc_bytes *key)
{
	struct store_bucket row;
	int rc;

	*key = bytes_of(c->bucket->row.key);
	if (key->len)
		return 0;
	rc = make_key(c, key);
	if (rc != -EEXIST)
		return rc;
	rc = store_bucket_look(c->b->store, c->bucket->row.name, &c->arena, &row);
	if (!rc && row.id != c->bucket->row.id)
		rc = -STORE_NO_SUCH_BUCKET;
	if (!rc)
		*key = bytes_of(row.key);
	return rc;
}

int backend_policy(struct call *c, struct meta_policy *to)
{
	const struct store_bucket *row = &c->bucket->row;
	const struct policy *policy;
	int rc = plan_policy(c->b, row->team, row->policy, row->policy_revision, &c->arena,
			     &policy);

	if (rc)
		return backend_status(rc);
	*to = (struct meta_policy){
		.team = row->team, .bucket = row->id, .id = row->policy,
		.revision = row->policy_revision, .k = policy->k, .n = policy_n(policy),
		.quorum = policy->quorum, .mode = policy->dense ? SKY_DENSE : SKY_SYSTEMATIC,
		.flags = policy->coeffs_inside ? SKY_FRAGMENT_COEFFS : 0,
		.compression = policy_scheme(policy), .wbits = policy->wbits,
		.level = policy->level, .generation_bytes = policy->generation_bytes,
		.uncached = c->bucket->uncached,
	};
	return backend_status(bucket_key(c, &to->key));
}

int backend_share(struct call *c)
{
	int rc;

	if (c->bucket->row.shared)
		return 0;
	rc = store_bucket_set_shared(c->b->store, call_team(c), c->bucket->row.id, true);
	cache_forget_bucket(c->b, str_of_text(c->bucket->row.name));
	return backend_status(rc);
}
