// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The workload of record.h on any device, for power failures from outside.
 *
 *	rlnc-records run DEVICE SEED OPERATIONS
 *		zeroes its part of the device, prints "start", then "begin T I" before
 *		each operation of a thread and "ack T I" for what is durable
 *	rlnc-records check DEVICE SEED T:BEGUN:ACKED...
 *		whether all is there; prints how many sectors are wrong
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/report.h"
#include "workload.h"

#define THREADS		4
#define PLACES		128

static const size_t area_bytes = (size_t)THREADS * PLACES * RECORD_BYTES;

/*
 * One write for each line.  That an operation begins is known outside before it
 * does; that one is durable may become known late, or never.
 */
static void told(void *arg, enum trace_kind kind, uint32_t thread, uint32_t number)
{
	char line[64];
	int len = snprintf(line, sizeof(line), "%s %u %u\n",
			   kind == TRACE_ACK ? "ack" : "begin", thread, number);

	(void)arg;
	if (write(STDOUT_FILENO, line, len) != len)
		die(1, "cannot report: %s", strerror(errno));
	if (kind == TRACE_ISSUE)
		tcdrain(STDOUT_FILENO);
}

static int run(const struct record_plan *plan, const char *path, uint32_t operations)
{
	CLEANUP_CLOSE int fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
	uint64_t range[2] = { 0, area_bytes };

	if (fd < 0 || ioctl(fd, BLKZEROOUT, range) || fsync(fd))
		return fail_errno("%s", path);
	puts("start");
	fflush(stdout);
	return workload_run(plan, path, NULL, operations, told, NULL);
}

static int check(const struct record_plan *plan, const char *path, char **marks)
{
	CLEANUP_FREE uint8_t *area = aligned_alloc(RECORD_BYTES, area_bytes);
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	struct record_mark mark[THREADS] = { { 0 } };
	uint32_t t, wrong = 0;

	for (; *marks; marks++) {
		struct record_mark one;

		if (sscanf(*marks, "%u:%u:%u", &t, &one.issued, &one.acked) != 3 || t >= THREADS)
			return fail(EINVAL, "%s: expected T:BEGUN:ACKED", *marks);
		mark[t] = one;
	}
	if (fd < 0 || !area || pread_all(fd, area, area_bytes, 0))
		return fail_errno("%s", path);
	for (t = 0; t < THREADS; t++)
		wrong += record_check(plan, t, &mark[t],
				      area + (size_t)t * PLACES * RECORD_BYTES);
	printf("checked, %u sectors are wrong\n", wrong);
	return wrong ? -EBADMSG : 0;
}

int main(int argc, char **argv)
{
	struct record_plan plan = { .threads = THREADS, .places = PLACES };

	report_init(argv[0]);
	if (argc < 4)
		die(2, "usage: rlnc-records run DEVICE SEED OPERATIONS | check DEVICE SEED T:BEGUN:ACKED...");
	plan.seed = strtoul(argv[3], NULL, 0);
	if (!strcmp(argv[1], "run") && argc == 5)
		return !!run(&plan, argv[2], strtoul(argv[4], NULL, 0));
	if (!strcmp(argv[1], "check"))
		return !!check(&plan, argv[2], argv + 4);
	die(2, "run or check, not %s", argv[1]);
}
