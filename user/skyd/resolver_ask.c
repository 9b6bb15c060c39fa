// SPDX-License-Identifier: GPL-2.0-or-later
/* Asking the resolver.  What it answers is looked at as anybody else's answer is. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "resolver.h"

/* --- how it is packed ---------------------------------------------------------------------- */

static const struct rpc_field question_fields[] = {
	RPC_BYTES(struct resolver_question, name, RESOLVER_NAME_MAX),
	RPC_FIELD(RPC_VARINT32, struct resolver_question, oldest_ms),
};

static const struct rpc_field address_fields[] = {
	RPC_FIELD(RPC_U8, struct resolver_address, six),
	RPC_FIXED(struct resolver_address, bytes),
	RPC_FIELD(RPC_VARINT32, struct resolver_address, scope),
};

static const struct rpc_schema address_schema =
	RPC_SCHEMA("resolver-address", struct resolver_address, address_fields);

static const struct rpc_field answer_fields[] = {
	RPC_FIELD(RPC_VARINT32, struct resolver_answer, error),
	RPC_FIELD(RPC_VARINT32, struct resolver_answer, ms),
	RPC_LIST(struct resolver_answer, address, count, RESOLVER_ADDRESSES, &address_schema),
};

const struct rpc_schema resolver_question_schema =
	RPC_SCHEMA("resolver-question", struct resolver_question, question_fields);
const struct rpc_schema resolver_answer_schema =
	RPC_SCHEMA("resolver-answer", struct resolver_answer, answer_fields);

/* --- addresses ------------------------------------------------------------------------------ */

static void put_four(struct host_addresses *to, const void *bytes, unsigned int port)
{
	struct sockaddr_in *four = (struct sockaddr_in *)&to->address[to->count].at;

	*four = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port) };
	memcpy(&four->sin_addr, bytes, sizeof(four->sin_addr));
	to->address[to->count++].len = sizeof(*four);
}

static void put_six(struct host_addresses *to, const void *bytes, u32 scope, unsigned int port)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&to->address[to->count].at;

	*six = (struct sockaddr_in6){
		.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_scope_id = scope,
	};
	memcpy(&six->sin6_addr, bytes, sizeof(six->sin6_addr));
	to->address[to->count++].len = sizeof(*six);
}

bool host_is_number(const char *host, unsigned int port, struct host_addresses *to)
{
	struct in6_addr bytes;

	to->count = 0;
	to->until = 0;
	if (inet_pton(AF_INET, host, &bytes) == 1)
		put_four(to, &bytes, port);
	else if (inet_pton(AF_INET6, host, &bytes) == 1)
		put_six(to, &bytes, 0, port);
	return to->count;
}

/* --- a question ------------------------------------------------------------------------------ */

static int say(char *why, int rc, const char *host, const char *what)
{
	snprintf(why, RESOLVER_WHY, "%.80s: %s", host, what);
	return rc;
}

static int failed(char *why, const char *host, u32 error)
{
	switch (-(int)error) {
	case EAI_NONAME:
#ifdef EAI_NODATA
	case EAI_NODATA:
#endif
		return say(why, -ENXIO, host, "there is no such name");
	case EAI_AGAIN:
		return say(why, -EHOSTUNREACH, host,
			   "name servers do not answer; see /etc/resolv.conf");
	case EAI_FAIL:
		return say(why, -EHOSTUNREACH, host, "name servers cannot look it up");
	default:
		return say(why, -EHOSTUNREACH, host, "its name cannot be looked up");
	}
}

static int take(const struct resolver_answer *a, unsigned int port, struct host_addresses *to)
{
	u32 i;

	for (i = 0; i < a->count; i++)
		if (a->address[i].six > 1)
			return -EBADMSG;
	if (!a->count)
		return -EBADMSG;
	to->count = 0;
	for (i = 0; i < a->count; i++) {
		const struct resolver_address *one = &a->address[i];

		if (one->six)
			put_six(to, one->bytes, one->scope, port);
		else
			put_four(to, one->bytes, port);
	}
	to->until = io_now() + a->ms * 1000000ll;
	return 0;
}

int host_find(struct link *resolver, const char *host, unsigned int port, u32 oldest_ms,
	      int64_t deadline, struct host_addresses *to, char *why)
{
	struct resolver_address room[RESOLVER_ADDRESSES];
	struct resolver_answer given = { .address = room };
	const struct resolver_question question = { { host, strlen(host) }, oldest_ms };
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct link_call call = {
		RESOLVER_FIND, &resolver_question_schema, &question, -1, &resolver_answer_schema,
		&given, sizeof(room),
	};
	/* The resolver answers sooner; this is for one that is not there. */
	int64_t latest = io_after_ms(2 * RESOLVER_PATIENCE_MS);
	int rc;

	if (!resolver)
		return say(why, -EHOSTUNREACH, host, "names are not known here");
	rc = link_do(resolver, &call, &answer, deadline && deadline < latest ? deadline : latest);
	if (rc == -ECANCELED)
		return rc;
	if (!rc && given.error)
		return failed(why, host, given.error);
	if (!rc)
		rc = take(&given, port, to);
	if (rc == -EINVAL)
		return say(why, -ENXIO, host, "this cannot be a name");
	return rc ? say(why, -EHOSTUNREACH, host, "the resolver does not answer") : 0;
}
