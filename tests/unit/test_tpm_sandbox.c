// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ledger's counter in a TPM (swtpm behind a device node), as a backend has it that has given
 * up its rights: another user, no capabilities, its system calls filtered.
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "own_network.h"
#include "tpm_live.h"

#include "audit_tpm.h"
#include "role_priv.h"

#define USER	"nobody"

static char tcti[96];
static pid_t node;

static int start(void **state)
{
	char script[PATH_MAX];

	(void)state;
	assert_non_null(realpath("tests/unit/tpm-node", script));
	if (live_start("/tmp/test_tpm_sandbox.XXXXXX"))
		return -1;
	tpm_on("tpm");
	node = fork();
	if (!node) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(script, script, "tpm0", "tpm/s", NULL);
		_exit(127);
	}
	snprintf(tcti, sizeof(tcti), "device:%s/tpm0", live_top);
	RUN(0, "for i in $(seq 200); do test -c tpm0 && break; sleep 0.05; done; test -c tpm0;"
	    "chmod 711 . && mkdir disk && chown " USER " disk");
	RUN(0, "tpm2_getrandom -T %s --hex 8", tcti);
	return 0;
}

static int end(void **state)
{
	(void)state;
	kill(node, SIGKILL);
	waitpid(node, NULL, 0);
	return live_end();
}

static void tell(const char *text)
{
	(void)text;
}

struct trial {
	bool prepared;			/* as role_run() does */
	bool fresh;
	const char *at;			/* the TPM */
	int rc;				/* that it begins with */
	const char *words;		/* of why; NULL: it is not asked for */
	uint64_t value;			/* of the counter: then it goes on by one */
};

static int count_on(const struct trial *r, struct audit_tpm *t)
{
	uint64_t value;
	int rc = audit_tpm_read(t, &value);

	if (rc || value != r->value)
		return 4;
	rc = audit_tpm_advance(t, value + 1);
	if (rc || audit_tpm_read(t, &value) || value != r->value + 1)
		return 5;
	/* Not by more at once, and not twice the same. */
	rc = audit_tpm_advance(t, value);
	return rc == -ESTALE && audit_tpm_advance(t, value + 2) == -ESTALE ? 0 : 6;
}

static int in_sandbox(const struct trial *r)
{
	static const struct config config = { .backend_user = USER };
	char why[AUDIT_TPM_WHY] = "";
	struct audit_tpm t = { .tcti = r->at, .path = "disk/epoch.tpm" };
	struct hmac_key salt;
	struct priv priv;
	int rc;

	hmac_key_set(&salt, "salt", 4);
	t.key = &salt;
	if (r->prepared)
		audit_tpm_prepare(r->at);
	role_priv(ROLE_BACKEND, &config, &priv);
	if (priv_drop(&priv, tell))
		return 2;

	/* It is filtered. */
	if (prctl(PR_GET_DUMPABLE) != -1)
		return 3;
	rc = audit_tpm_begin(&t, r->fresh, why);
	if (rc != r->rc || (r->words && !strstr(why, r->words))) {
		dprintf(2, "# %d, \"%s\"\n", rc, why);
		return 1;
	}
	return rc ? 0 : count_on(r, &t);
}

static int run(const struct trial *r)
{
	pid_t pid = fork();
	int status = 0;

	if (!pid)
		_exit(in_sandbox(r));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void needs_root(void)
{
	if (geteuid() || !getpwnam(USER))
		skip();
}

static void give_node(const char *mode)
{
	RUN(0, "chown root:$(id -gn " USER ") $(readlink tpm0) && chmod %s $(readlink tpm0)", mode);
}

/* Its group has the device: it is begun, goes on, and is there for the next process. */
static void counts(void **state)
{
	(void)state;
	needs_root();
	give_node("660");
	assert_int_equal(run(&(struct trial){ true, true, tcti, 0, NULL, 0 }), 0);
	assert_int_equal(run(&(struct trial){ true, false, tcti, 0, NULL, 1 }), 0);
	assert_int_equal(run(&(struct trial){ true, false, tcti, 0, NULL, 2 }), 0);
}

/* What is loaded before is what it needs: later it may not be. */
static void not_prepared(void **state)
{
	(void)state;
	needs_root();
	give_node("660");
	assert_int_equal(run(&(struct trial){ false, false, tcti, -ENODEV, "no TPM at", 0 }), 0);
}

static void no_access(void **state)
{
	static const char rule[] = "a rule of udev gives the backend's group the device";

	(void)state;
	needs_root();
	give_node("600");
	assert_int_equal(run(&(struct trial){ true, false, tcti, -ENODEV, rule, 0 }), 0);
	give_node("640");
	assert_int_equal(run(&(struct trial){ true, false, tcti, -ENODEV, rule, 0 }), 0);
}

static void hidden(void **state)
{
	static const char what[] = "PrivateDevices=no and DeviceAllow=/dev/tpmrm99";
	static const char at[] = "device:/dev/tpmrm99";

	(void)state;
	needs_root();
	assert_int_equal(run(&(struct trial){ true, false, at, -ENODEV, what, 0 }), 0);
}

/* The daemon itself, whose ledger is begun with it: its filter, without capabilities. */
static void daemon_counts(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() || !own_network())
		skip();
	give_node("660");
	RUN(0, "mkdir -m 700 dev && printf '[backend]\\naudit_tpm = %%s\\n' %s >dev/skyd.conf", tcti);
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execlp("sh", "sh", "-c", "exec skyd --dev $PWD/dev 2>log", NULL);
		_exit(127);
	}
	sh("for i in $(seq 600); do test -e dev/ledger/checkpoint && break; sleep 0.1; done");
	kill(pid, SIGTERM);
	waitpid(pid, &status, 0);
	RUN(0, "test -e dev/ledger/checkpoint && test -e dev/audit.epoch.tpm || { cat log; false; }");
	RUN(1, "test -e dev/audit.epoch || grep 'ledger cannot be opened' log");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts), cmocka_unit_test(not_prepared),
		cmocka_unit_test(no_access), cmocka_unit_test(hidden),
		cmocka_unit_test(daemon_counts),
	};

	return cmocka_run_group_tests_name("tpm_sandbox", tests, start, end);
}
