// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hedgectl meter and skyctl meter as people run them: a TPM (swtpm), a made-up /proc, reboots,
 * and what is done to the files.
 */
#include <libgen.h>
#include <limits.h>
#include <unistd.h>

#include "shell.h"

#define LEDGER	"--ledger log --ledger-key log.key --ledger-epoch log.epoch"

static char top[64] = "/tmp/skyhold-meter-XXXXXX";

static void tpm_start(void)
{
	RUN(0, "swtpm socket --tpm2 --tpmstate dir=%s/state --server type=unixio,path=%s/s"
	    " --ctrl type=unixio,path=%s/s.ctrl --flags startup-clear,not-need-init"
	    " --pid file=%s/pid --daemon", top, top, top, top);
}

static void tpm_stop(void)
{
	RUN(0, "p=$(cat pid) && kill $p && while kill -0 $p 2>/dev/null; do sleep 0.01; done");
}

static int start(void **state)
{
	char self[PATH_MAX], path[2 * PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	(void)state;
	if (len < 0 || !mkdtemp(top) || chdir(top))
		return -1;
	self[len] = 0;
	snprintf(path, sizeof(path), "%s:%s", dirname(self), getenv("PATH"));
	setenv("PATH", path, 1);
	setenv("HEDGECTL_ROOT", top, 1);
	setenv("TSS2_LOG", "all+NONE", 1);
	RUN(0, "mkdir -p state run io proc/vmstats &&"
	    "swtpm_setup --tpm2 --tpmstate state --overwrite --pcr-banks sha256");
	tpm_start();
	return 0;
}

static int end(void **state)
{
	(void)state;
	return sh("kill $(cat %s/pid); cd /; rm -rf %s", top, top);
}

static void vm(const char *name, unsigned int id, const char *state, unsigned int cpu)
{
	RUN(0, "printf '%%s\\n' 'id %u' 'name %s' 'image /i' 'state %s'"
	    " digest\\ $(printf '%%064d' 7) 'memory_bytes 1' 'up_us 5000000' 'hypercall_puts %u'"
	    " 'exits_slow 1' 'cpu_us %u' 'guest_cpu_us %u' 'host_cpu_us 3' 'resident_bytes 9'"
	    " 'memory_mib_ms %u' 'block_read_bytes 512' >proc/vmstats/%s",
	    id, name, state, cpu, 2 * cpu, cpu, 10 * cpu, name);
}

#define METER	"hedgectl meter --records rec --boot-key run/key --ak ak --tcti swtpm:path=$PWD/s" \
		" --tenants tenants --io io --count 1 "

static void way(void **state)
{
	(void)state;
	RUN(0, "printf '# whose\\n\\nweb* red\\n* blue\\n' >tenants && echo in >io/web.input");
	RUN(1, METER "--ledger log");
	heard("with --ledger DIR, --ledger-key FILE is missing, and so is --ledger-epoch FILE");
	RUN(1, METER "--ledger log --ledger-key key");
	heard("with --ledger DIR, --ledger-epoch FILE is missing\n");
	/* One line, and nothing of the library's own. */
	RUN(4, "unset TSS2_LOG; " METER "--tcti device:/dev/nowhere");
	assert_string_equal(said, "hedgectl: there is no TPM at device:/dev/nowhere;"
			    " --tcti names another, such as device:/dev/tpm0\n");
	RUN(4, "unset TSS2_LOG; skyctl meter collect --records rec --ak ak --boot-key run/key"
	    " --count 1 --tcti device:/dev/nowhere");
	assert_string_equal(said, "skyctl: there is no TPM at device:/dev/nowhere;"
			    " --tcti names another, such as device:/dev/tpm0\n");
	RUN(4, "unset TSS2_LOG; " METER "-v --tcti device:/dev/nowhere");
	heard("ERROR:tcti");
	vm("web", 1, "running", 100);
	vm("db", 2, "running", 1000);
	RUN(0, METER);
	vm("web", 1, "running", 150);
	vm("db", 2, "ended", 1500);
	RUN(0, "echo out >io/db.output");
	RUN(0, METER "-v");
	heard("2 records, of 1 VM");
	/* The same boot goes on with its key; the next one has another. */
	RUN(0, "cp run/key key.1");
	RUN(0, METER "-v && cmp run/key key.1");
	heard("0 records");
	tpm_stop();
	tpm_start();
	vm("web", 1, "running", 20);
	RUN(0, "rm proc/vmstats/db");
	RUN(0, METER "&& ! cmp -s run/key key.1");
	RUN(0, "cat rec/*.jsonl >all && skyctl meter verify all");
	heard("5 records, sound");
	RUN(0, "skyctl meter verify --json all");
	heard("\"sound\": true");
	RUN(0, "grep -c '\"input\":\"[0-9a-f]' all; grep -c '\"output\":\"[0-9a-f]' all");
	assert_string_equal(said, "3\n1\n");
	RUN(0, "skyctl meter show all");
	heard("red hedge all: 3 records");
	heard("blue hedge all: 2 records");
	RUN(0, "skyctl meter show --json --tenant red --by month all");
	heard("\"guest_cpu_us\": 170");
	heard("\"hypercall_puts\": 170");
	not_heard("host_cpu_us");
	not_heard("blue");
	RUN(0, "skyctl meter show --until 2001-01-01 all");
	assert_string_equal(said, "");
}

/* In whichever way the files are wrong: the status says so, and the finding has its name. */
static void findings(void **state)
{
	(void)state;
	RUN(10, "grep -v '\"seq\":1,' all >bad; skyctl meter verify bad");
	heard("bad:4: dropped: records 1 to 1 are missing");
	RUN(10, "sed '2p' all | skyctl meter verify -");
	heard("doubled");
	RUN(10, "sed '2{h;d};3{G}' all | skyctl meter verify -");
	heard("reordered");
	RUN(10, "sed '3s/\"tenant\":\"[a-z]*\"/\"tenant\":\"mine\"/' all >bad; skyctl meter verify bad");
	heard("bad:3: altered: record 1 is not what was signed");
	RUN(10, "skyctl meter verify --ak 000b$(printf '%%064d' 0) all");
	heard("foreign");
	RUN(10, "grep -v '\"seq\":3,' all | skyctl meter verify -");
	heard("reboot");
	RUN(10, "skyctl meter show --json bad");
	heard("\"sound\": false");
	heard("something is wrong");
	RUN(10, "tail -n 4 all | skyctl meter verify -");
	heard("dropped");
	RUN(1, "skyctl meter verify --ak 12 all");
	heard("is no Name");
	RUN(4, "skyctl meter verify nowhere");
	RUN(1, "skyctl meter show --by week all");
	RUN(1, "skyctl meter show --since yesterday all");
}

/* The ledger knows of records that are not in the files, and of those that were put back. */
static void with_ledger(void **state)
{
	(void)state;
	RUN(0, "mv rec rec.old; rm -f run/key");
	vm("web", 3, "running", 5);
	RUN(0, METER LEDGER);
	RUN(0, "cp -a rec rec.backup");
	vm("web", 3, "running", 6);
	RUN(0, METER LEDGER);
	RUN(0, "skyctl meter verify --ledger log --key log.key.pub rec/*.jsonl");
	heard("2 records, sound, and all in the ledger");
	RUN(10, "skyctl meter verify --ledger log --key log.key.pub rec.backup/*.jsonl");
	heard("dropped: records 1 to 1 of the ledger are not here");
	RUN(0, "rm -rf rec && mv rec.backup rec");
	vm("web", 3, "running", 7);
	RUN(0, METER LEDGER);
	RUN(0, "skyctl meter verify rec/*.jsonl");
	RUN(10, "skyctl meter verify --ledger log --key log.key.pub rec/*.jsonl");
	heard("forked: the ledger has another record 1");
	RUN(0, "chmod 644 log.key");
	RUN(2, METER LEDGER);
	heard("others may read it");
}

/* A file of another TPM's key, and one that is none. */
static void another_tpm(void **state)
{
	(void)state;
	RUN(0, "cp ak ak.good && printf x >ak");
	RUN(4, METER);
	heard("is no attestation key");
	RUN(0, "cp ak.good ak && mkdir other && cp -a state state.good");
	tpm_stop();
	RUN(0, "swtpm_setup --tpm2 --tpmstate state --overwrite --pcr-banks sha256");
	tpm_start();
	RUN(4, METER);
	heard("another TPM");
	tpm_stop();
	RUN(0, "rm -rf state && mv state.good state");
	tpm_start();
	RUN(0, METER);
}

#define USUAL	"hedgectl meter --boot-key run/key --tcti swtpm:path=$PWD/s --count 1 --records "
#define NAME_IN	"sed -n 's/.*\"ak\":\"\\([0-9a-f]*\\)\".*/\\1/p' "

/* Beside skyd its attester's key is this one's, too; one that was there before stays. */
static void one_key(void **state)
{
	(void)state;
	RUN(0, "unshare -m sh -ec 'mount -t tmpfs none /var/lib; mkdir /var/lib/hedge;"
	    USUAL "alone; test -s /var/lib/hedge/ak;"
	    "mkdir /var/lib/skyd;" USUAL "alone; test ! -e /var/lib/skyd/ak; rm /var/lib/hedge/ak;"
	    USUAL "beside --ak /var/lib/skyd/ak;" USUAL "usual; test ! -e /var/lib/hedge/ak'");
	RUN(0, "skyctl meter verify --ak $(" NAME_IN "beside/*.jsonl | head -n 1) usual/*.jsonl");
	RUN(10, "skyctl meter verify --ak $(" NAME_IN "beside/*.jsonl | head -n 1) alone/*.jsonl");
	heard("foreign");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(way),
		cmocka_unit_test(findings),
		cmocka_unit_test(with_ledger),
		cmocka_unit_test(another_tpm),
		cmocka_unit_test(one_key),
	};

	return cmocka_run_group_tests(tests, start, end);
}
