// SPDX-License-Identifier: GPL-2.0-or-later
/* skyd: reads what it is told, and becomes the parent of the roles. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/report.h"
#include "base/size.h"
#include "base/version.h"
#include "dev.h"
#include "parent.h"
#include "role_run.h"
#include "store.h"
#include "vault_open.h"

#define DEFAULT_FILE	"/etc/skyd/skyd.conf"
#define EXIT_USAGE	2

struct arguments {
	struct parent_options parent;
	const char *dev;
	uint64_t port;
	bool port_given;
	bool check;
	bool print;
	bool manual;
	bool keys;
};

static void usage(FILE *to)
{
	fputs("usage: skyd [--config FILE] [--role ROLE]...\n"
	      "       skyd --dev DIR [--port PORT]\n"
	      "       skyd [--config FILE] --check-config | --make-keys\n"
	      "       skyd --print-config | --print-manual | --version | --help\n"
	      "\n"
	      "An S3 gateway, its backend, its vault and its places to store, in one program.\n"
	      "\n"
	      "  --config FILE     instead of " DEFAULT_FILE "\n"
	      "  --role ROLE       gateway, backend, vault, edge or attester; without it, all of them\n"
	      "  --dev DIR         needs no file: makes keys, six edges and a first team below DIR\n"
	      "  --port PORT       of its gateway, 9000; its edges have those that follow\n"
	      "  --check-config    say what is wrong with the file, and end\n"
	      "  --make-keys       make the vault's keys, if there are none, and end\n"
	      "  --print-config    print all that may be said, with its default, and end\n"
	      "  --print-manual    the same as the manual page has it\n"
	      "  --version         which one this is\n"
	      "  --help            this\n"
	      "\n"
	      "SIGHUP reads the file again, SIGTERM stops; skyctl asks one that runs. See skyd(8).\n", to);
}

static bool add_role(const char *name, unsigned int *roles)
{
	enum role role;

	for (role = ROLE_GATEWAY; role <= ROLE_ATTESTER; role++) {
		if (strcmp(name, role_name(role)))
			continue;
		*roles |= ROLE_BIT(role);
		return true;
	}
	return false;
}

/* What is printed may become a configuration; half of one is worse than none. */
static int printed(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return EXIT_SUCCESS;
	fail_errno("standard output cannot be written");
	return EXIT_FAILURE;
}

/* Return: 0, or -1 with the exit status in *@status. */
static int read_arguments(int argc, char **argv, struct arguments *a, int *status)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "role", required_argument, NULL, 'r' },
		{ "dev", required_argument, NULL, 'd' },
		{ "port", required_argument, NULL, 't' },
		{ "check-config", no_argument, NULL, 'k' },
		{ "print-config", no_argument, NULL, 'p' },
		{ "print-manual", no_argument, NULL, 'm' },
		{ "make-keys", no_argument, NULL, 'K' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	*status = EXIT_USAGE;
	while ((c = getopt_long(argc, argv, "hV", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			a->parent.file = optarg;
			break;
		case 'd':
			a->dev = optarg;
			break;
		case 't':
			a->port_given = true;
			if (!number_parse(optarg, 1, UINT16_MAX - CONFIG_EDGES, &a->port))
				break;
			fail(EINVAL, "no port %s; write one from 1 to %u", optarg,
			     UINT16_MAX - CONFIG_EDGES);
			return -1;
		case 'k':
			a->check = true;
			break;
		case 'p':
			a->print = true;
			break;
		case 'm':
			a->manual = true;
			break;
		case 'K':
			a->keys = true;
			break;
		case 'V':
			printf("skyd %s\n", SKYHOLD_VERSION);
			*status = printed();
			return -1;
		case 'h':
			usage(stdout);
			*status = printed();
			return -1;
		case 'r':
			if (add_role(optarg, &a->parent.roles))
				break;
			fail(EINVAL, "no role %s; there are gateway, backend, vault, edge and attester",
			     optarg);
			return -1;
		default:
			fputs("see skyd --help\n", stderr);
			return -1;
		}
	}
	if (optind < argc) {
		fail(EINVAL, "%s is no option; see --help", argv[optind]);
		return -1;
	}
	if (a->dev && (a->parent.file || a->keys || a->check)) {
		fail(EINVAL, "--dev has a configuration and keys of its own; see --help");
		return -1;
	}
	if (a->port_given && !a->dev) {
		fail(EINVAL, "--port is of --dev; without it, say listen in [gateway] of skyd.conf(5)");
		return -1;
	}
	return 0;
}

static void tell(void *arg, const char *text)
{
	(void)arg;
	fprintf(stderr, "%s\n", text);
}

/* @path: PATH_MAX bytes, receives where @dir is. */
static int prepare(struct config *config, const char *dir, unsigned int port, char *path)
{
	int rc;

	if (mkdir(dir, 0700) && errno != EEXIST)
		return fail_errno("cannot make %s", dir);
	if (!realpath(dir, path))
		return fail_errno("cannot use %s", dir);
	rc = config_dev(config, path, port, tell, NULL);
	if (rc > 0)
		return rc;
	if (!rc)
		rc = dev_prepare(config, path);
	if (is_full(rc))
		return fail(-rc, "there is no room on the disk of %s: make some, and start skyd again",
			    path);
	if (rc)
		return fail(-rc, "cannot prepare %s: %s", path,
			    -rc < STORE_ERROR_FIRST ? strerror(-rc) : "its store is damaged");
	return 0;
}

int main(int argc, char **argv)
{
	struct arguments a = { .port = CONFIG_DEV_PORT };
	struct config *config = calloc(1, sizeof(*config));
	char path[PATH_MAX];
	int status, rc;

	report_init(argv[0]);
	umask(077);
	if (!config)
		return EXIT_FAILURE;
	if (read_arguments(argc, argv, &a, &status)) {
		free(config);
		return status;
	}
	if (a.print || a.manual) {
		config_print(stdout, a.manual);
		free(config);
		return printed();
	}
	if (!a.parent.roles)
		a.parent.roles = ~ROLE_BIT(ROLE_PARENT);
	if (!a.dev && !a.parent.file)
		a.parent.file = DEFAULT_FILE;
	rc = a.dev ? prepare(config, a.dev, a.port, path) :
		     config_read(config, a.parent.file, tell, NULL);
	if (!rc && a.check)
		printf("%s is in order: it has %u edges\n", a.parent.file, config->edges);
	if (!rc && a.keys)
		rc = vault_make(config);
	if (rc || a.check || a.keys) {
		config_free(config);
		free(config);
		return rc ? exit_of_start(rc) : EXIT_SUCCESS;
	}
	a.parent.dev = a.dev ? path : NULL;
	a.parent.port = a.port;
	return parent_run(config, &a.parent);
}
