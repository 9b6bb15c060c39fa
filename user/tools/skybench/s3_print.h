/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a load on S3 has measured, in words and as JSON. */
#ifndef SKYBENCH_S3_PRINT_H
#define SKYBENCH_S3_PRINT_H

#include "s3_load.h"

struct s3_about {
	const char *label;		/* of the server */
	const struct s3_plan *plan;
	const struct s3_result *result;
};

void s3_print(const struct s3_about *a);

/**
 * s3_write - the same as one JSON object
 *
 * server, op, size, concurrency, objects, seconds, operations, bytes, ops_s, mb_s (of 10^6
 * bytes); put_us and get_us: p50, p99, p99_9, max, mean, or null; cpu_us_op and peak_kib of what
 * was watched, or null; client_cpu_us_op, data_us_op, client_busy (1 is a whole processor),
 * repeated, errors (code: count), failed, leftover.
 *
 * Return: 0 or -errno, reported.
 */
int s3_write(const struct s3_about *a, const char *path);

#endif /* SKYBENCH_S3_PRINT_H */
