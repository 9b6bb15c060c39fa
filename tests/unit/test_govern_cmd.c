// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Governance as people do it: keys, a first state, proposals and ballots; of a folder and its
 * ledger, and of a running daemon, where what was decided takes effect.
 */
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "../../user/skyd/vault_keys.h"
#include "base/file.h"
#include "own_network.h"
#include "shell.h"

#define PCR	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

#define APPROVE	"{'do':'approve_pcrs','name':'k','bank':'sha256','pcrs':{'11':'" PCR "'}}"
#define GOLD(about) \
	"{'do':'set_storage_policy','name':'gold'," \
	"'document':'{\\\"name\\\":\\\"gold\\\",\\\"description\\\":\\\"" about "\\\"}'}"

static char top[64], folder[PATH_MAX];
static pid_t daemon_pid;

static void write_file(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", top, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void start_daemon(void)
{
	char program[PATH_MAX + 8], dev[128];
	time_t end = time(NULL) + 60;

	snprintf(program, sizeof(program), "%s/skyd", folder);
	snprintf(dev, sizeof(dev), "%s/dev", top);
	daemon_pid = fork();
	if (!daemon_pid) {
		char log[160];
		int fd;

		snprintf(log, sizeof(log), "%s/log", top);
		fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(fd, 2);
		execl(program, program, "--dev", dev, NULL);
		_exit(127);
	}
	while (sh("%s/skyctl status --dev %s", folder, dev) || !strstr(said, "locations.used: 6")) {
		assert_true(time(NULL) < end);
		usleep(50000);
	}
}

static void stop_daemon(void)
{
	int status;

	if (daemon_pid <= 0)
		return;
	kill(daemon_pid, SIGTERM);
	waitpid(daemon_pid, &status, 0);
	daemon_pid = 0;
}

static int setup(void **state)
{
	char self[PATH_MAX], members[2048] = "{\"members\":[", key[160];
	static const char *const names[] = { "alice", "bob", "carol" };
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	unsigned int i;

	(void)state;
	assert_true(len > 0);
	self[len] = 0;
	snprintf(folder, sizeof(folder), "%.4000s", dirname(self));
	strcpy(top, "/tmp/test_govern.XXXXXX");
	assert_non_null(mkdtemp(top));
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	for (i = 0; i < 3; i++) {
		RUN(0, "%s/skyctl govern key %s -o %s/%s", folder, names[i], top, names[i]);
		said[strcspn(said, "\n")] = 0;
		snprintf(key, sizeof(key), "%s{\"key\":\"%.120s\",\"roles\":[\"voter\"]}",
			 i ? "," : "", said);
		strcat(members, key);
	}
	strcat(members, "],\"quorum\":\"group g 2 alice bob carol\\nquorum g\\n\"}");
	write_file("first", members);
	if (own_network())
		start_daemon();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	stop_daemon();
	return sh("rm -r %s", top);
}

/* @where: "--dir DIR", "--dev DIR". */
static void vote(const char *where, const char *id, const char *who, const char *says)
{
	RUN(0, "%s/skyctl govern vote %s %s -k %s/%s %s", folder, id, says, top, who, where);
}

/* Propose actions, in which each ' stands for a ".  Return: the id. */
static const char *propose(const char *where, const char *actions)
{
	static char id[65];
	char text[1024], *at;

	snprintf(text, sizeof(text), "%s", actions);
	for (at = text; *at; at++)
		if (*at == '\'')
			*at = '"';
	write_file("actions", text);
	RUN(0, "%s/skyctl govern propose %s/actions --json %s", folder, top, where);
	at = strstr(said, "\"id\":\"");
	assert_non_null(at);
	snprintf(id, sizeof(id), "%.64s", at + 6);
	return id;
}

static void keys(void **state)
{
	(void)state;
	RUN(5, "%s/skyctl govern key alice -o %s/alice", folder, top);
	heard("already");
	RUN(1, "%s/skyctl govern key 'two words' -o %s/x", folder, top);
	RUN(1, "%s/skyctl govern key alice", folder);
	RUN(0, "stat -c %%a %s/alice", top);
	heard("600");
	RUN(0, "install -m 644 %s/alice %s/open", top, top);
	RUN(2, "%s/skyctl govern vote " PCR " yes -k %s/open", folder, top);
	heard("others");
}

/* A folder and a ledger, without a daemon; the ledger has to tell of all that was decided. */
static void offline(void **state)
{
	char where[256], id[65];

	(void)state;
	RUN(0, "mkdir %s/off && cp %s/alice %s/off/audit.key", top, top, top);
	snprintf(where, sizeof(where), "--dir %s/off/g --ledger %s/off/ledger", top, top);
	RUN(4, "%s/skyctl govern status %s", folder, where);
	heard("there is no governance yet; `skyctl govern init FILE` begins one");
	not_heard("No such file");
	RUN(0, "%s/skyctl govern init %s/first %s", folder, top, where);
	heard("version 0");
	RUN(5, "%s/skyctl govern init %s/first %s", folder, top, where);
	strcpy(id, propose(where, "[{'do':'set_quorum',"
			   "'quorum':'group h all alice bob carol\\nquorum h\\n'}]"));
	RUN(4, "%s/skyctl govern apply %s %s", folder, id, where);
	heard("0 of 3 voters said yes");
	vote(where, id, "alice", "yes");
	RUN(5, "%s/skyctl govern vote %s yes -k %s/alice %s", folder, id, top, where);
	heard("voted already");
	/* Signed at one place, handed in at another. */
	RUN(0, "%s/skyctl govern vote %s yes -k %s/bob -o %s/ballot", folder, id, top, top);
	RUN(0, "%s/skyctl govern vote %s %s/ballot %s", folder, id, top, where);
	heard("passed: 2 yes, 0 no of 3");
	RUN(0, "%s/skyctl govern status %s %s", folder, id, where);
	heard("set_quorum");
	RUN(0, "%s/skyctl govern apply %s %s", folder, id, where);
	heard("version 1");
	RUN(4, "%s/skyctl govern apply %s %s", folder, id, where);
	heard("another state");
	RUN(0, "%s/skyctl govern status %s", folder, where);
	heard("group h all");
	heard("stale");
	RUN(0, "%s/skyctl govern verify %s/off/g", folder, top);
	heard("sound: 1 decision, version 1");
	RUN(0, "cat %s/off/ledger/tile/entries/000.p/* | tr -d '\\0'", top);
	heard("governance.vote");
	/* One of bob's own, who has voted with it; nobody signs for another. */
	RUN(0, "%s/skyctl govern propose %s/actions -k %s/bob --json %s", folder, top, top, where);
	snprintf(id, sizeof(id), "%.64s", strstr(said, "\"id\":\"") + 6);
	RUN(0, "%s/skyctl govern status %s --json %s", folder, id, where);
	heard("\"yes\":1");
	RUN(5, "%s/skyctl govern vote %s yes -k %s/bob %s", folder, id, top, where);
	RUN(0, "%s/skyctl govern key mallory -o %s/mallory", folder, top);
	RUN(2, "%s/skyctl govern propose %s/actions -k %s/mallory --days 2 %s", folder, top, top,
	    where);
	heard("mallory");
}

/* What a vault's file has in it; it is not wrapped. */
static void read_vault(const char *name, struct vault_keys *keys)
{
	char path[128], *data;
	size_t len;

	snprintf(path, sizeof(path), "%s/%s", top, name);
	assert_int_equal(file_read(path, VAULT_FILE_MAX, &data, &len), 0);
	assert_int_equal(vault_keys_open(keys, NULL, data, len), 0);
	free(data);
}

/* Shares of a vault's keys: a wrong one is named, and nobody joins them without a decision. */
static void recovery(void **state)
{
	char where[128], group[17], id[65], actions[200], conf[256];
	static struct vault_keys before, after;

	(void)state;
	snprintf(conf, sizeof(conf), "[skyd]\nchroot =\n[vault]\nuser =\nkeys = %s/keys\n", top);
	write_file("conf", conf);
	RUN(0, "%s/skyd --make-keys --config %s/conf", folder, top);
	RUN(1, "cd %s && %s/skyctl recovery split keys", top, folder);
	RUN(1, "cd %s && %s/skyctl recovery split keys --need 4 --shares 3 --sheet sheet", top,
	    folder);
	RUN(0, "cd %s && %s/skyctl recovery split keys --need 3 --shares 5 --sheet sheet >all && for i in 1 2 3 4 5; do sed -n ${i}p all >share$i; done; grep -c ^skyshare1 all",
	    top, folder);
	heard("5");
	RUN(0, "cd %s && %s/skyctl recovery verify all --sheet sheet --json", top, folder);
	heard("\"right\":5,\"shares\":5,\"wrong\":0");
	snprintf(group, sizeof(group), "%.16s", strstr(said, "\"group\":\"") + 9);
	/* A letter; a share of others. */
	RUN(0, "cd %s && sed 's/.$/q/' share2 >bad; cmp -s bad share2 && sed 's/.$/p/' share2 >bad; true",
	    top);
	RUN(2, "cd %s && %s/skyctl recovery verify share1 bad share3 --sheet sheet", top, folder);
	heard("bad:1: a letter of this share is wrong");
	heard("2 right, 1 wrong");
	RUN(0, "cd %s && %s/skyctl recovery split keys --need 3 --shares 5 --sheet sheet2 >all2", top,
	    folder);
	RUN(2, "cd %s && head -1 all2 | %s/skyctl recovery verify - --sheet sheet", top, folder);
	heard("of another group");
	RUN(2, "cd %s && %s/skyctl recovery verify share1 share2 share1 --sheet sheet", top, folder);
	heard("share1:1: share 1 is given twice");
	heard("2 right, 1 wrong");
	/* Nobody has decided that. */
	snprintf(where, sizeof(where), "--dir %s/rec", top);
	RUN(0, "%s/skyctl govern init %s/first %s", folder, top, where);
	RUN(2, "cd %s && %s/skyctl recovery join share1 share3 share5 --sheet sheet -o new", top,
	    folder);
	RUN(2, "cd %s && %s/skyctl recovery join share1 share3 share5 --sheet sheet -o new --dir rec",
	    top, folder);
	heard("not to recover");
	snprintf(actions, sizeof(actions), "[{\"do\":\"recover\",\"group\":\"%s\",\"reason\":\"a test\"}]",
		 group);
	strcpy(id, propose(where, actions));
	vote(where, id, "alice", "yes");
	vote(where, id, "bob", "yes");
	RUN(0, "%s/skyctl govern apply %s %s", folder, id, where);
	RUN(2, "cd %s && %s/skyctl recovery join share1 share3 --sheet sheet -o new --dir rec", top,
	    folder);
	heard("2 right shares");
	RUN(2, "cd %s && %s/skyctl recovery join share1 share3 share5 --sheet sheet2 -o new --dir rec",
	    top, folder);
	RUN(0, "cd %s && %s/skyctl recovery join share1 share3 share5 --sheet sheet -o new --dir rec",
	    top, folder);
	RUN(5, "cd %s && %s/skyctl recovery join share1 share3 share5 --sheet sheet -o new --dir rec",
	    top, folder);
	read_vault("keys", &before);
	read_vault("new", &after);
	assert_memory_equal(&before, &after, sizeof(before));
	RUN(0, "stat -c %%a %s/new", top);
	heard("600");
}

/* The same by a daemon: policies are in the store, PCRs are signed, the ledger knows. */
static void online(void **state)
{
	char where[128], id[65];

	(void)state;
	if (!daemon_pid)
		skip();
	snprintf(where, sizeof(where), "--dev %s/dev", top);
	RUN(4, "%s/skyctl govern status %s", folder, where);
	heard("there is no governance yet");
	RUN(0, "%s/skyctl govern init %s/first %s", folder, top, where);
	strcpy(id, propose(where, "[" GOLD("one") "," APPROVE "]"));
	vote(where, id, "alice", "yes");
	vote(where, id, "carol", "no");
	RUN(5, "%s/skyctl govern apply %s %s", folder, id, where);
	heard("no quorum");
	RUN(4, "%s/skyctl policy show gold %s", folder, where);
	RUN(4, "cat %s/dev/governance/tpm2-pcr-signature.json || exit 4", top);
	vote(where, id, "bob", "yes");
	RUN(0, "%s/skyctl govern apply %s %s", folder, id, where);
	RUN(0, "%s/skyctl policy show gold %s", folder, where);
	heard("\"description\": \"one\"");
	RUN(0, "cat %s/dev/governance/tpm2-pcr-signature.json", top);
	heard("{\"sha256\":[{\"pcrs\":[11],\"pkfp\":\"");
	/* What was signed verifies with the key, by somebody else's hand. */
	RUN(0, "cd %s/dev/governance; python3 -c 'import json,base64; d=json.load(open(\"tpm2-pcr-signature.json\"))[\"sha256\"][0]; open(\"../../sig\",\"wb\").write(base64.b64decode(d[\"sig\"])); open(\"../../pol\",\"wb\").write(bytes.fromhex(d[\"pol\"]))' && openssl dgst -sha256 -verify tpm2-pcr-public-key.pem -signature ../../sig ../../pol", top);
	heard("Verified OK");
	RUN(0, "%s/skyctl govern verify %s/dev/governance --ledger %s/dev/ledger -k %s/dev/audit.key.pub",
	    folder, top, top, top);
	heard("sound: 1 decision");
	RUN(0, "cat %s/dev/ledger/tile/entries/000.p/* | grep -ao 'governance[.][a-z]*' | sort -u | tr '\\n' ' '",
	    top);
	heard("governance.apply governance.init governance.propose governance.vote");
}

/* Between skyctl and skyd: on its way there "good" becomes "evil", on its way back the reverse. */
static pid_t start_liar(void)
{
	char from[128], to[128];
	pid_t pid;

	snprintf(from, sizeof(from), "%s/lie/control", top);
	snprintf(to, sizeof(to), "%s/dev/control", top);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execlp("python3", "python3", "-c",
		       "import sys, threading\n"
		       "from socket import *\n"
		       "def pump(a, b, was, now):\n"
		       "  while True:\n"
		       "    d = a.recv(1 << 20)\n"
		       "    if not d: break\n"
		       "    b.sendall(d.replace(was, now))\n"
		       "  b.shutdown(SHUT_WR)\n"
		       "s = socket(AF_UNIX); s.bind(sys.argv[1]); s.listen(8)\n"
		       "while True:\n"
		       "  a = s.accept()[0]; b = socket(AF_UNIX); b.connect(sys.argv[2])\n"
		       "  for x in (a, b, b'good', b'evil'), (b, a, b'evil', b'good'):\n"
		       "    threading.Thread(target=pump, args=x).start()\n", from, to, NULL);
		_exit(127);
	}
	RUN(0, "for i in $(seq 300); do test -e %s && break; sleep .1; done", from);
	return pid;
}

/* Whoever answers for skyd: what he shows has to be what has the id that is signed. */
static void lies(void **state)
{
	char where[128], liar[128], id[65];
	int status;
	pid_t pid;

	(void)state;
	if (!daemon_pid)
		skip();
	snprintf(where, sizeof(where), "--dev %s/dev", top);
	snprintf(liar, sizeof(liar), "--dev %s/lie", top);
	RUN(0, "mkdir %s/lie", top);
	pid = start_liar();
	strcpy(id, propose(where, "[" GOLD("evil") "]"));
	RUN(0, "%s/skyctl govern status %s %s", folder, id, where);
	heard("evil");
	RUN(0, "%s/skyctl govern status %s", folder, liar);
	RUN(4, "%s/skyctl govern status %s %s", folder, id, liar);
	heard("whoever answers lies");
	not_heard("good");
	RUN(4, "%s/skyctl govern vote %s yes -k %s/alice %s", folder, id, top, liar);
	heard("whoever answers lies");
	RUN(0, "%s/skyctl govern status %s %s", folder, id, where);
	heard("\"yes\":0");
	/* What is proposed is not what arrives. */
	RUN(0, "sed -i s/evil/good/ %s/actions", top);
	RUN(4, "%s/skyctl govern propose %s/actions --days 3 %s", folder, top, liar);
	heard("whoever answers lies");
	/* Who votes is shown what he signs. */
	RUN(0, "%s/skyctl govern vote %s no -k %s/alice %s", folder, id, top, where);
	heard("evil");
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

/* A second decision, and a restart: it is there, and the vault has followed. */
static void after_restart(void **state)
{
	char where[128], id[65];

	(void)state;
	if (!daemon_pid)
		skip();
	snprintf(where, sizeof(where), "--dev %s/dev", top);
	strcpy(id, propose(where, "[" GOLD("two") "]"));
	vote(where, id, "carol", "yes");
	vote(where, id, "bob", "yes");
	stop_daemon();
	/* Decided while nobody runs: the next start brings it about. */
	RUN(0, "%s/skyctl govern apply %s --dir %s/dev/governance --ledger %s/dev/ledger", folder, id,
	    top, top);
	start_daemon();
	RUN(0, "%s/skyctl policy show gold %s", folder, where);
	heard("\"description\": \"two\"");
	RUN(0, "%s/skyctl govern verify %s/dev/governance --ledger %s/dev/ledger -k %s/dev/audit.key.pub",
	    folder, top, top, top);
	heard("sound: 2 decisions");
	RUN(0, "for i in $(seq 100); do grep -q '\"version\":2' %s/dev/vault/keys.governance && break; sleep .1; done; cmp %s/dev/vault/keys.governance %s/dev/governance/state.json",
	    top, top, top);
}

/* The vault is away while something is decided, and follows when it is there again. */
static void vault_away(void **state)
{
	char where[128], id[65], vault[32];

	(void)state;
	if (!daemon_pid)
		skip();
	snprintf(where, sizeof(where), "--dev %s/dev", top);
	strcpy(id, propose(where, "[" GOLD("three") "]"));
	vote(where, id, "carol", "yes");
	vote(where, id, "bob", "yes");
	RUN(0, "exec 2>/dev/null; for p in /proc/[0-9]*; do grep -qx vault $p/comm && grep -q '^PPid:.%d$' $p/status && echo ${p#/proc/}; done; true",
	    (int)daemon_pid);
	snprintf(vault, sizeof(vault), "%d", atoi(said));
	assert_true(atoi(vault) > 1);
	assert_int_equal(kill(atoi(vault), SIGSTOP), 0);
	RUN(0, "%s/skyctl govern apply %s %s", folder, id, where);
	RUN(1, "cmp -s %s/dev/vault/keys.governance %s/dev/governance/state.json", top, top);
	assert_int_equal(kill(atoi(vault), SIGCONT), 0);
	RUN(0, "for i in $(seq 300); do cmp -s %s/dev/vault/keys.governance %s/dev/governance/state.json && exit 0; sleep .1; done; exit 1",
	    top, top);
}

/* Whoever can write the backend's files decides nothing: the vault does not follow. */
static void taken_over(void **state)
{
	char where[128], id[65];

	(void)state;
	if (!daemon_pid)
		skip();
	snprintf(where, sizeof(where), "--dev %s/dev", top);
	stop_daemon();
	/* A state of the attacker's own, with his key alone. */
	RUN(0, "rm -r %s/dev/governance && %s/skyctl govern key eve -o %s/eve", top, folder, top);
	said[strcspn(said, "\n")] = 0;
	{
		char members[512];

		snprintf(members, sizeof(members), "{\"members\":[{\"key\":\"%.150s\",\"roles\":[\"voter\"]}],\"quorum\":\"quorum eve\\n\"}",
			 said);
		write_file("eve-first", members);
	}
	start_daemon();
	RUN(0, "%s/skyctl govern init %s/eve-first %s", folder, top, where);
	strcpy(id, propose(where, "[" APPROVE "]"));
	vote(where, id, "eve", "yes");
	RUN(0, "%s/skyctl govern apply %s %s", folder, id, where);
	RUN(1, "cat %s/dev/governance/tpm2-pcr-signature.json", top);
	RUN(0, "grep 'vault does not follow' %s/log", top);
	/* And the ledger remembers what there was. */
	RUN(4, "%s/skyctl govern verify %s/dev/governance --ledger %s/dev/ledger -k %s/dev/audit.key.pub",
	    folder, top, top, top);
	heard("ledger");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys), cmocka_unit_test(offline), cmocka_unit_test(recovery),
		cmocka_unit_test(online), cmocka_unit_test(lies),
		cmocka_unit_test(after_restart), cmocka_unit_test(vault_away),
		cmocka_unit_test(taken_over),
	};

	return cmocka_run_group_tests_name("govern_cmd", tests, setup, teardown);
}
