// SPDX-License-Identifier: GPL-2.0-or-later
/* Packing and unpacking: of a typical message, and of one with a list. */
#include "../../unit/rpc_cases.h"
#include "store.h"

#define MESSAGES	200000

static const struct rpc_record records[] = {
	{ .id = { 1 }, .plain = 4096, .coded = true }, { .id = { 2 }, .plain = 4096 },
	{ .id = { 3 }, .plain = 4096 }, { .id = { 4 }, .plain = 4096 },
};

static struct rpc_sample sample = {
	.small = 1, .port = 443, .flags = 7, .time = 1700000000000000, .count = 300,
	.size = 1 << 20, .latest = true, .id = { 9 },
	.name = { "photos/2024/05/img-00001234.jpg", 31 },
	.etag = { ETAG, sizeof(ETAG) - 1 }, .record = records,
};

/* Nanoseconds a message. */
static double encode(u8 *buf, size_t size)
{
	uint64_t start = bench_cpu_ns();
	unsigned int i;

	for (i = 0; i < MESSAGES; i++) {
		sample.time++;
		if (rpc_message(&rpc_sample_schema, &sample, 1, 0, i, buf, size) < 0)
			fatal("encode", 0);
	}
	return (double)(bench_cpu_ns() - start) / MESSAGES;
}

static double decode(const u8 *buf, int len)
{
	static _Alignas(8) u8 room[1024];
	uint64_t start = bench_cpu_ns();
	struct rpc_frame frame;
	struct rpc_sample got;
	unsigned int i;

	for (i = 0; i < MESSAGES; i++)
		if (rpc_frame_decode(buf, len, 4096, &frame) <= 0 ||
		    rpc_decode(&rpc_sample_schema, buf + RPC_FRAME_BYTES, frame.body, &got, room,
			       sizeof(room)))
			fatal("decode", 0);
	return (double)(bench_cpu_ns() - start) / MESSAGES;
}

static void add(struct bench_report *report, const char *name, double *values)
{
	bench_report_add(report, &(struct bench_result){
		.name = name, .value = bench_median(values, ROUNDS), .unit = "ns",
		.peer = "a microsecond", .peer_value = 1000, .target = 0.5, .at_most = true,
	});
}

static void measure(struct bench_report *report, const char *packing, const char *unpacking)
{
	double out[ROUNDS], in[ROUNDS];
	u8 buf[1024];
	int i, len;

	for (i = 0; i < ROUNDS; i++) {
		out[i] = encode(buf, sizeof(buf));
		len = rpc_message(&rpc_sample_schema, &sample, 1, 0, 1, buf, sizeof(buf));
		in[i] = decode(buf, len);
	}
	add(report, packing, out);
	add(report, unpacking, in);
}

void bench_rpc(struct bench_report *report)
{
	measure(report, "rpc encode, 10 fields", "rpc decode, 10 fields");
	sample.records = sizeof(records) / sizeof(records[0]);
	measure(report, "rpc encode, list of 4", "rpc decode, list of 4");
}
