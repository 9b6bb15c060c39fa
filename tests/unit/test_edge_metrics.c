// SPDX-License-Identifier: GPL-2.0-or-later
/* The two texts: every promised name with its value, and nothing that a reader would refuse. */
#include "edge_util.h"

#include "../../user/skyd/edge_metrics.h"

static const struct edge_usage usage = {
	.fragments = 7, .large = 2, .bytes = 12345, .log_bytes = 999, .dead_bytes = 11,
	.segments = 3, .damaged = 1, .syncs = 4, .disk_total = 1000, .disk_free = 400,
};

static struct edge_counters counters(void)
{
	struct edge_counters c = { .started = 1000000000, .rejected = 5, .waiting = 6 };

	edge_count(&c, EDGE_GET, 200, 0, 100);
	edge_count(&c, EDGE_GET, 206, 0, 20);
	edge_count(&c, EDGE_GET, 404, 0, 3);
	edge_count(&c, EDGE_PUT, 503, 50, 4);
	return c;
}

static void has_line(const char *text, const char *line)
{
	const char *at = strstr(text, line);

	if (!at)
		print_message("# missing: %s", line);
	assert_non_null(at);
	assert_true(at == text || at[-1] == '\n');
}

/* Each line is a comment or a name, labels and a number; each name has its type before it. */
static void well_formed(const char *text)
{
	char name[128] = "", line[512];
	const char *end;
	size_t len;

	for (; *text; text = end + 1) {
		end = strchr(text, '\n');
		assert_non_null(end);
		assert_true(end - text < sizeof(line));
		snprintf(line, sizeof(line), "%.*s", (int)(end - text), text);
		if (!strncmp(line, "# TYPE ", 7)) {
			snprintf(name, sizeof(name), "%.*s", (int)strcspn(line + 7, " "), line + 7);
			assert_true(strstr(line, " counter") || strstr(line, " gauge"));
			continue;
		}
		if (*line == '#')
			continue;
		len = strcspn(line, "{ ");
		assert_int_equal(len, strlen(name));
		assert_int_equal(strncmp(line, name, len), 0);
		if (line[len] == '{')
			assert_non_null(strstr(line, "\"} "));
		strtod(strrchr(line, ' ') + 1, (char **)&end);
		assert_int_equal(*end, 0);
		end = strchr(text, '\n');
	}
}

static void minio_names(void **state)
{
	static const char *const lines[] = {
		"minio_node_process_uptime_seconds{server=\"e:1\"} 2.500000\n",
		"minio_bucket_usage_object_total{server=\"e:1\"} 7\n",
		"minio_bucket_usage_total_bytes{server=\"e:1\"} 12345\n",
		"minio_node_disk_total_bytes{server=\"e:1\"} 1000\n",
		"minio_node_disk_free_bytes{server=\"e:1\"} 400\n",
		"minio_node_disk_used_bytes{server=\"e:1\"} 600\n",
		"minio_node_process_cpu_total_seconds{server=\"e:1\"} 1.000001\n",
		"minio_node_process_resident_memory_bytes{server=\"e:1\"} 4096\n",
		"minio_s3_requests_total{api=\"getobject\",server=\"e:1\"} 3\n",
		"minio_s3_requests_errors_total{api=\"getobject\",server=\"e:1\"} 1\n",
		"minio_s3_requests_errors_total{api=\"putobject\",server=\"e:1\"} 1\n",
		"minio_s3_requests_waiting_total{server=\"e:1\"} 6\n",
		"minio_s3_requests_rejected_invalid_total{server=\"e:1\"} 5\n",
		"minio_s3_traffic_received_bytes{server=\"e:1\"} 50\n",
		"minio_s3_traffic_sent_bytes{server=\"e:1\"} 127\n",
	};
	const struct edge_process process = { .cpu_us = 1000001, .resident = 4096 };
	struct edge_counters c = counters();
	char text[16384];
	struct out o = OUT(text, sizeof(text) - 1);
	unsigned int i;

	(void)state;
	edge_metrics_minio(&o, &c, &usage, &process, STR("e\"\n\\:1"), 3500000000);
	assert_int_equal(o.err, 0);
	text[o.len] = 0;
	well_formed(text);
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		has_line(text, lines[i]);
}

static void own_names(void **state)
{
	struct edge_counters c = counters();
	struct edge_process process;
	char text[16384];
	struct out o = OUT(text, sizeof(text) - 1);

	(void)state;
	edge_process_read(&process);
	assert_true(process.resident > 1 << 20);
	edge_metrics_own(&o, &c, &usage, &process, 3500000000);
	assert_int_equal(o.err, 0);
	text[o.len] = 0;
	well_formed(text);
	has_line(text, "skyhold_edge_damage_total 1\n");
	has_line(text, "skyhold_edge_read_only 0\n");
	has_line(text, "skyhold_edge_log_dead_bytes 11\n");
	has_line(text, "skyhold_edge_requests_total{api=\"getobject\"} 3\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(minio_names),
		cmocka_unit_test(own_names),
	};

	return cmocka_run_group_tests_name("edge_metrics", tests, NULL, NULL);
}
