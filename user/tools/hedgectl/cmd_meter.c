// SPDX-License-Identifier: GPL-2.0-or-later
/* hedgectl meter: what VMs have used, as records that are signed and chained. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/report.h"
#include "base/size.h"
#include "hedgectl.h"
#include "meter/own.h"

#define TENANTS_MAX	(1u << 20)	/* bytes of the file */
#define NO_TENANT	"-"
#define AK_OWN		"/var/lib/hedge/ak"
#define SKYD_STATE	"/var/lib/skyd"

/* Which of the counters of Documentation/hedge.rst only rise. */
static const char *const counted[] = {
	"cpu_us", "guest_cpu_us", "memory_mib_ms", "exits_slow", "exits_interrupted",
	"console_bytes",
};

static const char *const counted_kinds[] = { "hypercall_", "block_", "net_" };

struct metering {
	const struct options *o;
	struct meter_own own;
	char *tenants;			/* the file, or NULL */
	uint64_t now;			/* microseconds since 1970 */
};

/* One VM. */
struct reading {
	struct meter_counter counter[METER_COUNTERS];
	char name[METER_COUNTERS][METER_COUNTER_NAME + 1];
	unsigned int counters;
	char vm[HEDGE_NAME_MAX + 1];
	uint64_t id, up_us;
	bool ended;
	struct meter_digest image;
};

static uint64_t wall_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000000ull + t.tv_nsec / 1000;
}

/* --- whose a VM is ------------------------------------------------------------------------- */

/* The first line "PATTERN TENANT" that fits. */
static struct str tenant_of(const struct metering *m, const char *vm)
{
	struct str rest = str_of(m->tenants), line, pattern;

	while (m->tenants && str_cut(&rest, '\n', &line)) {
		line = str_trim(line);
		if (!line.len || *line.at == '#' || !str_cut(&line, ' ', &pattern))
			continue;
		line = str_trim(line);
		if (line.len && str_match(pattern, str_of(vm)))
			return line;
	}
	return STR(NO_TENANT);
}

/* --- what a VM was given, and what it gave -------------------------------------------------- */

static void digest_of(const struct metering *m, const char *vm, const char *end,
		      struct meter_digest *to)
{
	CLEANUP_FREE char *path = NULL;
	uint64_t size;

	*to = (struct meter_digest){ .set = false };
	if (!m->o->meter.io || asprintf(&path, "%s/%s.%s", m->o->meter.io, vm, end) < 0) {
		path = NULL;
		return;
	}
	if (!access(path, F_OK))
		to->set = !digest_file(path, to->at, &size);
}

/* --- reading -------------------------------------------------------------------------------- */

static bool is_counter(const char *key)
{
	unsigned int i;

	for (i = 0; i < sizeof(counted) / sizeof(counted[0]); i++)
		if (!strcmp(key, counted[i]))
			return true;
	for (i = 0; i < sizeof(counted_kinds) / sizeof(counted_kinds[0]); i++)
		if (!strncmp(key, counted_kinds[i], strlen(counted_kinds[i])))
			return true;
	return false;
}

static int on_stat(const char *key, const char *value, void *arg)
{
	struct reading *r = arg;
	uint64_t number;

	if (!strcmp(key, "name"))
		snprintf(r->vm, sizeof(r->vm), "%s", value);
	else if (!strcmp(key, "state"))
		r->ended = !strcmp(value, "ended");
	else if (!strcmp(key, "digest"))
		r->image.set = strlen(value) == 2 * sizeof(r->image.at) &&
			       !hex_decode(value, r->image.at, sizeof(r->image.at));
	if (number_parse(value, 0, METER_NUMBER_MAX, &number))
		return 0;
	if (!strcmp(key, "id"))
		r->id = number;
	if (!strcmp(key, "up_us"))
		r->up_us = number;
	if (!is_counter(key) || r->counters == METER_COUNTERS || strlen(key) > METER_COUNTER_NAME)
		return 0;
	strcpy(r->name[r->counters], key);
	r->counter[r->counters] = (struct meter_counter){ str_of(r->name[r->counters]), number };
	r->counters++;
	return 0;
}

static int meter_vm(const char *name, void *arg)
{
	CLEANUP_FREE char *text = NULL;
	struct reading r = { .counters = 0 };
	struct metering *m = arg;
	char unit[HEDGE_NAME_MAX + 32];
	struct meter_sample s;
	int rc = monitor_stats(name, &text);

	/* It has gone since the folder was read. */
	if (rc)
		return rc == -ENOENT ? 0 : rc;
	if (monitor_stats_walk(text, on_stat, &r) || !*r.vm)
		return 0;
	snprintf(unit, sizeof(unit), "%s#%llu", r.vm, (unsigned long long)r.id);
	s = (struct meter_sample){
		.source = STR("hedge"), .tenant = tenant_of(m, r.vm), .unit = str_of(unit),
		.image = r.image, .now = m->now, .ended = r.ended,
		.since = r.up_us < m->now ? m->now - r.up_us : m->now,
		.counters = r.counters, .counter = r.counter,
	};
	digest_of(m, r.vm, "input", &s.input);
	if (r.ended)
		digest_of(m, r.vm, "output", &s.output);
	rc = meter_keeper_add(m->own.keeper, &s);
	return rc ? fail(-rc, "%s cannot be metered", name) : 0;
}

static int round_of(struct metering *m)
{
	char why[METER_WHY];
	uint64_t before = meter_keeper_next(m->own.keeper);
	int rc;

	m->now = wall_us();
	rc = monitor_stats_each(meter_vm, m);
	if (rc)
		return rc;
	rc = meter_keeper_commit(m->own.keeper, true, m->now, why);
	if (rc)
		return fail(-rc, "%s", why);
	note("%llu record%s, of %u VMs that run",
	     (unsigned long long)(meter_keeper_next(m->own.keeper) - before),
	     meter_keeper_next(m->own.keeper) == before + 1 ? "" : "s",
	     meter_keeper_living(m->own.keeper));
	return 0;
}

/* Return: false when it is asked to stop. */
static bool wait_for(uint64_t seconds, const sigset_t *stops)
{
	struct timespec pause = { .tv_sec = seconds };

	return sigtimedwait(stops, NULL, &pause) < 0;
}

/*
 * Beside skyd the key of its attester, by which the host is enrolled: one Name stands for all that
 * the host signs.  A chain that has begun with a key of its own goes on with that.
 */
static const char *usual_ak(void)
{
	return access(AK_OWN, F_OK) && !access(SKYD_STATE, F_OK) ? SKYD_STATE "/ak" : AK_OWN;
}

/**
 * cmd_meter - hedgectl meter
 */
int cmd_meter(const struct options *o, int argc, char **argv)
{
	CLEANUP_FREE char *tenants = NULL;
	struct meter_own_config own = o->meter.own;
	struct metering m = { .o = o };
	char why[METER_WHY] = "";
	bool goes_on = true;
	sigset_t stops;
	uint64_t n;
	int rc = 0;

	(void)argc;
	(void)argv;
	if (o->meter.tenants)
		rc = file_read(o->meter.tenants, TENANTS_MAX, &tenants, NULL);
	if (rc)
		return fail(-rc, "cannot read %s", o->meter.tenants);
	m.tenants = tenants;
	if (!own.ak_file)
		own.ak_file = usual_ak();
	/* What the TPM's library prints of its own accord says less than we do. */
	if (!report_verbose)
		setenv("TSS2_LOG", "all+NONE", 0);
	rc = meter_own_open(&m.own, &own, why);
	if (rc == -ENODEV)
		return fail(ENODEV, "%s; --tcti names another, such as device:/dev/tpm0", why);
	if (rc)
		return fail(-rc, "%s", *why ? why : own.dir);
	sigemptyset(&stops);
	sigaddset(&stops, SIGTERM);
	sigaddset(&stops, SIGINT);
	sigprocmask(SIG_BLOCK, &stops, NULL);
	/* Asked to stop, it writes what has been used until then. */
	for (n = 0; !rc && goes_on && (!o->count || n < o->count); n++) {
		if (n)
			goes_on = wait_for(o->meter.interval, &stops);
		rc = round_of(&m);
	}
	meter_own_close(&m.own);
	return rc;
}
