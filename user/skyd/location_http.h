/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One location over HTTP: an edge, or any server that speaks S3.  Fragments are put, fetched
 * and deleted by URLs that somebody else has signed.
 *
 * A location belongs to one loop; the calls are made on its fibers, any number at a time.
 */
#ifndef SKYD_LOCATION_HTTP_H
#define SKYD_LOCATION_HTTP_H

#include <sys/uio.h>

#include "http/client.h"
#include "link.h"

struct location;

/* Texts are copied. */
struct location_config {
	const char *url;	/* of the location: http://HOST[:PORT] or https://..., a path after */
	struct str ca;		/* its authorities in PEM; none: those that the system believes */
	bool edge;		/* one of ours; others are sent If-None-Match: * with each PUT, */
				/* until they say that they do not know it */
	unsigned int most;	/* connections; 0: 16 */
	uint32_t rate;		/* least bytes a second of bodies; 0: 4096 */
	int64_t grace;		/* ns before that counts, the server's thinking included; 0: 10 s */
	struct link *resolver;	/* knows names; NULL: @url has an address in numbers */
	int (*near)(void *arg);	/* NULL; or as that of http_origin, without TLS alone */
	void *near_arg;
};

/* One request. */
struct location_ask {
	struct str url;		/* whole, or from the path on */
	struct str fields;	/* lines that were signed with it, but Host and Content-Length */
	int64_t deadline;	/* 0: none but what the rate gives */
};

/**
 * location_open - begin to use a location; nothing is sent
 * @location:	receives it
 * @why:	TLS_WHY bytes, or NULL: what is wrong with @config->ca
 *
 * Return: 0; -EINVAL for a URL that is none; -ENOMEM; as tls_context_open().
 */
int location_open(struct location **location, const struct location_config *config, char *why);

/* No call may be under way; NULL does nothing. */
void location_close(struct location *location);

/*
 * Of all three calls, errors of the connection are those of http_call(), and
 *	-EINVAL		the URL is for another server than the location's
 *	-EHOSTUNREACH	its name is not known, or no address of it can be reached
 *	-ENOENT		there is no such fragment, or bucket
 *	-EEXIST		PUT: there is one already
 *	-EDQUOT		it is full
 *	-EBUSY		it wants to be asked later (SlowDown, 503), or by one at a time
 *	-EACCES		the URL is not, or no longer, good
 *	-EFBIG		it does not take so much in one
 *	-EOPNOTSUPP	it cannot do that
 *	-EIO		anything else
 * A fragment may have been stored when an error of the connection, -EBUSY or -EIO is returned.
 * A call on a kept connection that has ended is sent once more; where the first has come
 * through and its URL was good for one use, that is -EACCES.
 */

/* @body stays the caller's, unchanged.  Return: 0 when it is durable there; -errno. */
int location_put(struct location *location, const struct location_ask *ask,
		 const struct iovec *body, unsigned int pieces);

/*
 * Send a document to a server that is no location; the answer's body is not looked at.  It may come
 * there twice.  Return: as location_put().
 */
int location_post(struct location *location, const struct location_ask *ask,
		  const struct iovec *body, unsigned int pieces);

/**
 * location_get - fetch the whole of a fragment
 * @to:		receives it; what is there after an error has no meaning
 * @max:	bytes
 *
 * Return: bytes; -EMSGSIZE when there are more; -errno.  Whether they are the right ones is
 * for the caller to find out.
 */
ssize_t location_get(struct location *location, const struct location_ask *ask, void *to,
		     size_t max);

/* Return: 0; -ENOENT where the server tells; most do not.  -errno. */
int location_delete(struct location *location, const struct location_ask *ask);

/* The last of what it has refused or failed in, in words; "" if nothing. */
const char *location_why(const struct location *location);

/* Does it not know If-None-Match with PUT?  A URL that signs it is no good then. */
bool location_is_plain(const struct location *location);

/* Connections that were made. */
uint64_t location_dialled(const struct location *location);

/* --- location_answer.c: pure -------------------------------------------------------------- */

/* What a URL has that is a server's: 0, or -EINVAL. */
struct location_url {
	bool tls;
	char host[256];			/* without brackets */
	unsigned int port;		/* 0: the scheme's */
	struct str target;		/* path and query; at least "/" */
};

int location_url_parse(struct str url, struct location_url *u);

/* The words of <Code>; none if there is none. */
struct str location_code(struct str document);

/* @status: 300 to 599.  Return: one of the errors above. */
int location_errno(unsigned int status, struct str code);

#endif /* SKYD_LOCATION_HTTP_H */
