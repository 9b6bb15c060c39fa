// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "edge_metrics.h"

static const char *const request_name[EDGE_REQUESTS] = {
	"getobject", "headobject", "putobject", "deleteobject", "listobjectsv2", "other",
};

void edge_count(struct edge_counters *c, enum edge_request kind, unsigned int status,
		uint64_t received, uint64_t sent)
{
	c->requests[kind]++;
	c->errors[kind] += status >= 400;
	c->received += received;
	c->sent += sent;
}

void edge_process_read(struct edge_process *p)
{
	CLEANUP_CLOSE int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	struct rusage usage;
	char text[128] = "";
	char *second;

	*p = (struct edge_process){ 0 };
	if (!getrusage(RUSAGE_SELF, &usage))
		p->cpu_us = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000ull +
			    usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return;
	strtoull(text, &second, 10);
	p->resident = strtoull(second, NULL, 10) * sysconf(_SC_PAGESIZE);
}

/* --- writing -------------------------------------------------------------- */

static void head(struct out *o, const char *name, const char *type, const char *help)
{
	out_str(o, STR("# HELP "));
	out_text(o, name);
	out_char(o, ' ');
	out_text(o, help);
	out_str(o, STR("\n# TYPE "));
	out_text(o, name);
	out_char(o, ' ');
	out_text(o, type);
	out_char(o, '\n');
}

static void label(struct out *o, const char *name, struct str value, bool first)
{
	size_t i;

	out_char(o, first ? '{' : ',');
	out_text(o, name);
	out_str(o, STR("=\""));
	for (i = 0; i < value.len; i++)
		if ((unsigned char)value.at[i] >= ' ' && value.at[i] != '"' &&
		    value.at[i] != '\\' && value.at[i] != 0x7f)
			out_char(o, value.at[i]);
	out_char(o, '"');
}

/* A number of millionths as seconds. */
static void millionths(struct out *o, uint64_t value)
{
	uint64_t rest = value % 1000000, unit;

	out_number(o, value / 1000000);
	out_char(o, '.');
	for (unit = 100000; unit; unit /= 10)
		out_char(o, '0' + rest / unit % 10);
}

struct line {
	const char *name;
	const char *type;
	const char *help;
	uint64_t value;
	bool seconds;			/* value is in millionths */
};

static void write_line(struct out *o, const struct line *l, struct str server)
{
	head(o, l->name, l->type, l->help);
	out_text(o, l->name);
	if (server.len) {
		label(o, "server", server, true);
		out_char(o, '}');
	}
	out_char(o, ' ');
	if (l->seconds)
		millionths(o, l->value);
	else
		out_number(o, l->value);
	out_char(o, '\n');
}

/* One line for each kind of request. */
static void write_kinds(struct out *o, const char *name, const char *help,
			const uint64_t value[EDGE_REQUESTS], struct str server)
{
	unsigned int i;

	head(o, name, "counter", help);
	for (i = 0; i < EDGE_REQUESTS; i++) {
		out_text(o, name);
		label(o, "api", str_of(request_name[i]), true);
		if (server.len)
			label(o, "server", server, false);
		out_str(o, STR("} "));
		out_number(o, value[i]);
		out_char(o, '\n');
	}
}

static uint64_t micros(int64_t ns)
{
	return ns > 0 ? ns / 1000 : 0;
}

void edge_metrics_minio(struct out *o, const struct edge_counters *c, const struct edge_usage *u,
			const struct edge_process *p, struct str server, int64_t now)
{
	const struct line lines[] = {
		{ "minio_node_process_uptime_seconds", "gauge", "Uptime of the process in seconds",
		  micros(now - c->started), true },
		{ "minio_node_process_cpu_total_seconds", "counter",
		  "User and system CPU time of the process in seconds", p->cpu_us, true },
		{ "minio_node_process_resident_memory_bytes", "gauge",
		  "Resident memory of the process in bytes", p->resident, false },
		{ "minio_node_disk_total_bytes", "gauge", "Size of the disk in bytes",
		  u->disk_total, false },
		{ "minio_node_disk_free_bytes", "gauge", "What the disk has free in bytes",
		  u->disk_free, false },
		{ "minio_node_disk_used_bytes", "gauge", "What the disk has in use in bytes",
		  u->disk_total - u->disk_free, false },
		{ "minio_bucket_usage_object_total", "gauge", "Number of fragments",
		  u->fragments, false },
		{ "minio_bucket_usage_total_bytes", "gauge", "Bytes of all fragments",
		  u->bytes, false },
		{ "minio_s3_requests_waiting_total", "gauge", "Requests under way",
		  c->waiting, false },
		{ "minio_s3_requests_rejected_invalid_total", "counter",
		  "Requests that were not understood", c->rejected, false },
		{ "minio_s3_traffic_received_bytes", "counter", "Bytes of bodies received",
		  c->received, false },
		{ "minio_s3_traffic_sent_bytes", "counter", "Bytes of bodies sent",
		  c->sent, false },
	};
	unsigned int i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		write_line(o, &lines[i], server);
	write_kinds(o, "minio_s3_requests_total", "Requests", c->requests, server);
	write_kinds(o, "minio_s3_requests_errors_total", "Requests that failed", c->errors,
		    server);
}

void edge_metrics_own(struct out *o, const struct edge_counters *c, const struct edge_usage *u,
		      const struct edge_process *p, int64_t now)
{
	const struct line lines[] = {
		{ "skyhold_edge_uptime_seconds", "gauge", "Time since the start",
		  micros(now - c->started), true },
		{ "skyhold_edge_cpu_seconds_total", "counter", "User and system CPU time",
		  p->cpu_us, true },
		{ "skyhold_edge_resident_bytes", "gauge", "Resident memory", p->resident, false },
		{ "skyhold_edge_fragments", "gauge", "Fragments", u->fragments, false },
		{ "skyhold_edge_large_fragments", "gauge", "Fragments in files of their own",
		  u->large, false },
		{ "skyhold_edge_fragment_bytes", "gauge", "Bytes of all fragments", u->bytes,
		  false },
		{ "skyhold_edge_log_bytes", "gauge", "Bytes of the log", u->log_bytes, false },
		{ "skyhold_edge_log_dead_bytes", "gauge",
		  "Bytes of the log that compaction could give back", u->dead_bytes, false },
		{ "skyhold_edge_log_segments", "gauge", "Files of the log", u->segments, false },
		{ "skyhold_edge_log_syncs_total", "counter", "Times the log was made durable",
		  u->syncs, false },
		{ "skyhold_edge_damage_total", "counter", "Times damaged data was found",
		  u->damaged, false },
		{ "skyhold_edge_read_only", "gauge", "1 after a write that the disk has failed",
		  u->failed, false },
		{ "skyhold_edge_disk_bytes", "gauge", "Size of the disk", u->disk_total, false },
		{ "skyhold_edge_disk_free_bytes", "gauge", "What the disk has free",
		  u->disk_free, false },
		{ "skyhold_edge_requests_waiting", "gauge", "Requests under way", c->waiting,
		  false },
		{ "skyhold_edge_requests_invalid_total", "counter",
		  "Requests that were not understood", c->rejected, false },
		{ "skyhold_edge_urls_denied_total", "counter", "URLs that were not let in",
		  c->denied, false },
		{ "skyhold_edge_nonces", "gauge", "Used URLs that are remembered", c->nonces,
		  false },
		{ "skyhold_edge_received_bytes_total", "counter", "Bytes of bodies received",
		  c->received, false },
		{ "skyhold_edge_sent_bytes_total", "counter", "Bytes of bodies sent", c->sent,
		  false },
	};
	unsigned int i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		write_line(o, &lines[i], STR_NONE);
	write_kinds(o, "skyhold_edge_requests_total", "Requests", c->requests, STR_NONE);
	write_kinds(o, "skyhold_edge_request_errors_total", "Requests that failed", c->errors,
		    STR_NONE);
}
