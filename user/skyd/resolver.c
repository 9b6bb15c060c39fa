// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "io/sync.h"
#include "resolver.h"

/*
 * Look-ups at once.  Each name has one at most, however many ask: so this many names have to hang
 * before others wait.
 */
#define THREADS		64u
#define NS_OF_MS	1000000ll

struct resolver_name {
	struct resolver_name *next;
	struct resolver *resolver;
	char name[RESOLVER_NAME_MAX + 1];
	unsigned int users;		/* who wait for it; not forgotten while there are any */
	bool busy;			/* is being looked up, */
	int64_t since;			/* from then on */
	struct io_event done;
	/* The last answer; @at is 0 where there has been none. */
	int64_t at;
	int error;			/* EAI_... or 0 */
	/* The last that was an answer: what there is, or that there is nothing. */
	int64_t found_at;
	struct resolver_address address[RESOLVER_ADDRESSES];
	u32 count;
	/* Of the look-up that is under way. */
	struct resolver_address next_address[RESOLVER_ADDRESSES];
	u32 next_count;
};

/* --- looking up -------------------------------------------------------------------------- */

static bool put_address(const struct addrinfo *a, struct resolver_address *to)
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)a->ai_addr;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)a->ai_addr;

	memset(to, 0, sizeof(*to));
	if (a->ai_family == AF_INET) {
		memcpy(to->bytes, &four->sin_addr, sizeof(four->sin_addr));
	} else if (a->ai_family == AF_INET6) {
		to->six = 1;
		to->scope = six->sin6_scope_id;
		memcpy(to->bytes, &six->sin6_addr, sizeof(six->sin6_addr));
	} else {
		return false;
	}
	return true;
}

int resolver_look_up(const char *name, struct resolver_address *to, u32 *count)
{
	const struct addrinfo hints = {
		.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG,
	};
	struct addrinfo *list, *a;
	int rc = getaddrinfo(name, NULL, &hints, &list);

	*count = 0;
	if (rc)
		return rc;
	for (a = list; a && *count < RESOLVER_ADDRESSES; a = a->ai_next)
		*count += put_address(a, &to[*count]);
	freeaddrinfo(list);
	return *count ? 0 : EAI_NONAME;
}

static int work(void *arg)
{
	struct resolver_name *n = arg;

	return n->resolver->look_up(n->name, n->next_address, &n->next_count);
}

/* That there is nothing is an answer, too; that nobody has answered is none. */
static bool is_answer(int error)
{
#ifdef EAI_NODATA
	if (error == EAI_NODATA)
		return true;
#endif
	return !error || error == EAI_NONAME;
}

static int look_up(void *arg)
{
	struct resolver_name *n = arg;
	int rc = io_work(n->resolver->pool, work, n, 0);

	/* Not begun, as this process ends. */
	n->error = rc == -ECANCELED ? EAI_AGAIN : rc;
	n->at = io_now();
	if (is_answer(n->error)) {
		n->found_at = n->at;
		n->count = n->error ? 0 : n->next_count;
		memcpy(n->address, n->next_address, sizeof(n->address));
	}
	n->busy = false;
	io_event_set(&n->done);
	return 0;
}

/* --- names that are known ---------------------------------------------------------------- */

/* Return: false when all are in use. */
static bool forget_one(struct resolver *r)
{
	struct resolver_name **at, **last = NULL, *n;

	for (at = &r->first; *at; at = &(*at)->next)
		if (!(*at)->users && !(*at)->busy)
			last = at;
	if (!last)
		return false;
	n = *last;
	*last = n->next;
	free(n);
	r->names--;
	return true;
}

static struct resolver_name *make(struct resolver *r, const char *name)
{
	struct resolver_name *n;

	if (r->names >= RESOLVER_NAMES && !forget_one(r))
		return NULL;
	n = calloc(1, sizeof(*n));
	if (!n)
		return NULL;
	n->resolver = r;
	strcpy(n->name, name);
	io_event_init(&n->done);
	r->names++;
	return n;
}

/* It is first from here on.  NULL: there is no room. */
static struct resolver_name *find(struct resolver *r, const char *name)
{
	struct resolver_name **at = &r->first, *n;

	while (*at && strcasecmp((*at)->name, name))
		at = &(*at)->next;
	n = *at;
	if (n)
		*at = n->next;
	else
		n = make(r, name);
	if (n) {
		n->next = r->first;
		r->first = n;
	}
	return n;
}

static int64_t age_ms(int64_t at)
{
	return (io_now() - at) / NS_OF_MS;
}

/* For how many ms is the last answer good still?  0: another is needed. */
static u32 good_for(const struct resolver *r, const struct resolver_name *n, u32 oldest_ms)
{
	u32 most = n->error ? r->failed_ms : r->found_ms;
	int64_t age = age_ms(n->at);

	if (!n->at || age >= most || (oldest_ms && age >= oldest_ms))
		return 0;
	return most - age;
}

/* Is an older answer better than none? */
static bool good_at_need(const struct resolver *r, const struct resolver_name *n)
{
	return n->count && age_ms(n->found_at) < r->found_ms + r->stale_ms;
}

static void begin(struct resolver *r, struct resolver_name *n)
{
	if (n->busy)
		return;
	n->busy = true;
	n->since = io_now();
	io_event_clear(&n->done);
	if (!io_spawn(r->group, look_up, n, NULL))
		return;
	n->busy = false;
	n->error = EAI_MEMORY;
	n->at = n->since;
}

/* Nobody waits for longer than it takes to see that name servers hang. */
static int wait_for(struct resolver *r, struct resolver_name *n, int64_t deadline)
{
	int64_t until = n->since + r->patience_ms * NS_OF_MS;
	int rc = 0;

	if (deadline && deadline < until)
		until = deadline;
	n->users++;
	if (n->busy)
		rc = io_event_wait(&n->done, until);
	n->users--;
	return rc == -ECANCELED ? rc : 0;
}

static void give_addresses(const struct resolver_name *n, u32 ms, struct link_request *request,
			   struct resolver_answer *give)
{
	struct resolver_address *copy = link_scratch(request, sizeof(n->address));

	/* It may be forgotten before the answer has gone. */
	if (!copy) {
		give->error = -EAI_MEMORY;
		return;
	}
	memcpy(copy, n->address, sizeof(n->address));
	give->address = copy;
	give->count = n->count;
	give->ms = ms;
}

static int answer(struct resolver *r, struct link_request *request,
		  const struct resolver_question *ask, const char *name,
		  struct resolver_answer *give)
{
	struct resolver_name *n = find(r, name);
	u32 ms;
	int rc = 0;

	if (!n) {
		give->error = -EAI_MEMORY;
		return 0;
	}
	ms = good_for(r, n, ask->oldest_ms);
	if (!ms) {
		begin(r, n);
		if (ask->oldest_ms || !good_at_need(r, n))
			rc = wait_for(r, n, request->deadline);
		ms = n->busy ? 0 : good_for(r, n, 0);
	}
	if (rc)
		return rc;
	if (ms && !n->error)
		give_addresses(n, ms, request, give);
	else if (good_at_need(r, n))
		give_addresses(n, r->again_ms, request, give);
	else
		give->error = n->busy || !n->error ? -EAI_AGAIN : -n->error;
	return 0;
}

/* --- questions --------------------------------------------------------------------------- */

/* Nothing else goes on to name servers, or into what getaddrinfo(3) reads. */
static bool name_ok(const struct rpc_bytes *name)
{
	static const char chars[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	const char *text = name->data;
	u32 i;

	for (i = 0; i < name->len; i++)
		if (!memchr(chars, text[i], sizeof(chars) - 1))
			return false;
	return name->len && name->len <= RESOLVER_NAME_MAX && *text != '-' && *text != '.';
}

static int find_name(struct link_request *request, const void *question, void *give)
{
	const struct resolver_question *ask = question;
	char name[RESOLVER_NAME_MAX + 1];

	if (!name_ok(&ask->name))
		return -EINVAL;
	memcpy(name, ask->name.data, ask->name.len);
	name[ask->name.len] = 0;
	return answer(request->ctx, request, ask, name, give);
}

#define ASKERS	(ROLE_BIT(ROLE_GATEWAY) | ROLE_BIT(ROLE_BACKEND) | ROLE_BIT(ROLE_RELAY))

static const struct link_operation operations[] = {
	{ RESOLVER_FIND, "find", &resolver_question_schema, &resolver_answer_schema, 0, ASKERS,
	  find_name },
};

void resolver_service(struct resolver *r, enum role peer, struct link_service *service)
{
	*service = (struct link_service){
		.operation = operations, .operations = sizeof(operations) / sizeof(operations[0]),
		.ctx = r, .peer = peer,
	};
}

/* --- its life ---------------------------------------------------------------------------- */

bool resolver_busy(const struct resolver *r)
{
	const struct resolver_name *n;

	for (n = r->first; n && !n->busy; n = n->next)
		;
	return n;
}

int resolver_open(struct resolver *r, struct io_group *group)
{
	*r = (struct resolver){
		.group = group, .look_up = resolver_look_up, .found_ms = RESOLVER_FOUND_MS,
		.failed_ms = RESOLVER_FAILED_MS, .again_ms = RESOLVER_AGAIN_MS,
		.stale_ms = RESOLVER_STALE_MS, .patience_ms = RESOLVER_PATIENCE_MS,
	};
	return io_pool_open(&r->pool, THREADS);
}

void resolver_close(struct resolver *r)
{
	struct resolver_name *n;

	io_pool_close(r->pool);
	r->pool = NULL;
	while ((n = r->first)) {
		r->first = n->next;
		free(n);
	}
}
