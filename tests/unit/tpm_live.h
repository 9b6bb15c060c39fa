/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A TPM of a test's own: swtpm below a folder, spoken to by tpm2-tools and by our programs. */
#ifndef TESTS_TPM_LIVE_H
#define TESTS_TPM_LIVE_H

#include <libgen.h>
#include <limits.h>
#include <unistd.h>

#include "shell.h"

static char live_top[64];	/* the folder, which is the working directory, too */

/* Power on; the state of @name is kept from one time to the next. */
static inline void tpm_on(const char *name)
{
	char tcti[128];

	RUN(0, "d=$PWD/%s; mkdir -p $d;"
	    "unix() { echo type=unixio,path=$d/$1; };"
	    "set -- --flags startup-clear,not-need-init --pid file=$d/pid --daemon;"
	    "swtpm socket --tpm2 --tpmstate dir=$d --server $(unix s) --ctrl $(unix s.ctrl) \"$@\"",
	    name);
	snprintf(tcti, sizeof(tcti), "swtpm:path=%s/%s/s", live_top, name);
	setenv("TPM2TOOLS_TCTI", tcti, 1);
}

/* And off, without a word: as when the plug is pulled. */
static inline void tpm_off(const char *name)
{
	RUN(0, "p=$(cat %s/pid) && kill -KILL $p; while kill -0 $p 2>/dev/null; do sleep 0.01; done;"
	    " rm -f %s/s %s/s.ctrl %s/pid", name, name, name, name);
}

static inline void tpm_reboot(const char *name)
{
	tpm_off(name);
	tpm_on(name);
}

/* The programs beside the test are found first. */
static inline int live_start(const char *pattern)
{
	char self[PATH_MAX], path[2 * PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	snprintf(live_top, sizeof(live_top), "%s", pattern);
	if (len < 0 || !mkdtemp(live_top) || chdir(live_top))
		return -1;
	self[len] = 0;
	snprintf(path, sizeof(path), "%s:%s", dirname(self), getenv("PATH"));
	setenv("TSS2_LOG", "all+NONE", 1);
	return setenv("PATH", path, 1);
}

static inline int live_end(void)
{
	sh("for p in */pid; do kill $(cat $p) 2>/dev/null; done");
	return chdir("/") || sh("rm -rf %s", live_top);
}

#endif /* TESTS_TPM_LIVE_H */
