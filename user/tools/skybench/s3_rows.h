/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tests/bench/s3/run leaves in a folder: limit.json of skybench s3-limit, and any number of
 * files *.json of skybench s3, of two servers, in rounds.
 */
#ifndef SKYBENCH_S3_ROWS_H
#define SKYBENCH_S3_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#define S3_ROUNDS	32u
#define S3_ROWS		64u

enum s3_server { S3_PEER, S3_OURS, S3_SERVERS };

/* Columns of the table. */
enum s3_metric { S3_OPS, S3_MB, S3_CPU, S3_P50, S3_P99, S3_P99_9, S3_PEAK, S3_METRICS };

/* One row for one server: the rounds' figures, then their median. */
struct s3_cell {
	unsigned int rounds;
	double sample[S3_METRICS][S3_ROUNDS];
	double median[S3_METRICS];
	uint64_t failed;		/* operations, of all rounds */
};

struct s3_row {
	bool get;			/* else put */
	uint64_t size;			/* bytes */
	unsigned int concurrency;
	struct s3_cell cell[S3_SERVERS];
};

/* CPU time of one core for a byte, in ns. */
struct s3_limit {
	double sha256, sha256_many, md5, md5_many, gcm, coding, send, receive;
};

struct s3_rows {
	struct s3_limit limit;
	unsigned int rows;
	struct s3_row row[S3_ROWS];	/* puts first, then by size and concurrency */
};

/* As they call themselves in the files. */
extern const char *const s3_servers[S3_SERVERS];

/**
 * s3_rows_load - read all of a folder
 * @rows:	receives it; too large for a stack
 *
 * Return: 0 or -errno, reported.
 */
int s3_rows_load(struct s3_rows *rows, const char *folder);

/**
 * s3_limit_us - the least CPU time for a request
 *
 * Of a put: SHA-256 and MD5 of the body (of many at once where there are many requests), AES-GCM
 * and coding 4 of 6 of it, and receiving it.  Of a get: AES-GCM and sending.  Nothing that does
 * not grow with the size.
 */
double s3_limit_us(const struct s3_limit *l, const struct s3_row *row);

#endif /* SKYBENCH_S3_ROWS_H */
