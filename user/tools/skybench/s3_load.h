/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A closed load on an S3 endpoint: so many fibers, each with one request on its way, each asking
 * for the next one when it has its answer.
 */
#ifndef SKYBENCH_S3_LOAD_H
#define SKYBENCH_S3_LOAD_H

#include "latency.h"
#include "s3_client.h"
#include "usage.h"

#define S3_CODES	32u	/* kinds of errors; more are counted as "others" */

enum s3_kind { S3_PUT, S3_GET, S3_KINDS };

enum s3_mix {
	S3_ONLY_PUT,
	S3_ONLY_GET,
	S3_MIX,			/* in turns */
};

/* What is asked for. */
struct s3_plan {
	enum s3_mix mix;
	uint64_t size;			/* bytes of an object */
	uint64_t objects;		/* distinct ones, which are used in turn; 0: as fits */
	unsigned int concurrency;
	int64_t duration;		/* ns; 0: @count decides */
	uint64_t count;			/* operations; 0: @duration decides */
	uint64_t seed;			/* of the data */
	bool sign_payload;		/* x-amz-content-sha256 is the body's hash */
	bool verify;			/* every byte that comes back, and ETags of what was put */
	bool keep;			/* objects and bucket stay */
	struct usage_of watched;
};

struct s3_errors {
	struct { char code[S3_CODE_MAX]; uint64_t count; } row[S3_CODES];
	unsigned int rows;
	uint64_t total;
};

struct s3_result {
	struct latency latency[S3_KINDS];	/* of operations that succeeded */
	uint64_t bytes[S3_KINDS];
	struct s3_errors errors;	/* of operations that were measured */
	struct s3_errors leftover;	/* of the clean-up */
	int64_t wall;			/* ns, from the first request to the last answer */
	int64_t client_cpu;		/* ns of this process meanwhile: signing, data, sockets */
	int64_t noise;			/* of which for making and comparing data, ns */
	uint64_t repeated;		/* requests that the client has sent twice */
	struct usage used;		/* by those watched; peak_kib is not a difference */
	uint64_t objects;
	char why[96];			/* what kept the load from beginning; else "" */
};

/* Count one more error. */
void s3_errors_add(struct s3_errors *e, const char *code);

/**
 * s3_load_run - make the objects, measure, clean up
 * @r:		receives what was measured; too large for a stack
 *
 * On the first fiber of a loop.  Before the clock starts, connections are made, and all objects
 * that are to be read are put, or as many as there are fibers.
 *
 * Return: 0, with errors of single operations counted; -errno, with @r->why, when there was
 * nothing to measure.
 */
int s3_load_run(struct s3_client *c, const struct s3_plan *plan, struct s3_result *r);

#endif /* SKYBENCH_S3_LOAD_H */
