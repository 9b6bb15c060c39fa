/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two halves of skybench pipe. */
#ifndef SKYBENCH_PIPE_BENCH_H
#define SKYBENCH_PIPE_BENCH_H

struct bench_report;

/* Hashes, sums, AES-GCM and compression, each by itself. */
void bench_pipe_parts(struct bench_report *report);

#endif
