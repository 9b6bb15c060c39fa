// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Boot policies behind a quorum: a key slot that a TPM (swtpm) has sealed opens with what the
 * members have decided, as the running daemon's vault has signed it, and with nothing else.
 */
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>

#include "own_network.h"
#include "tpm_live.h"

#define CHEAP	" --pbkdf-force-iterations 1 --pbkdf-memory 64 "
#define TPM	"--tpm2-device \"$TPM2TOOLS_TCTI\" "
#define SEALED	"rlncsetup key test --tpm2 " TPM
#define SOME	"000000000000000000000000000000000000000000000000000000000000002a"
#define DEV	"--dev $PWD/dev"
#define GIVEN	"dev/governance/tpm2-pcr-signature.json"
#define KEY	"dev/governance/tpm2-pcr-public-key.pem"
#define PROPOSE	"skyctl tpm sign-policy --pcrs now "

/* What the PCRs of this boot are, for whoever proposes. */
#define NOW	"tpm2_pcrread sha256:4,7,9,11 | sed -nE 's/^ +([0-9]+) *: 0x/sha256 \\1 /p' >now"

static pid_t daemon_pid;

static void boot(const char *kernel)
{
	tpm_reboot("tpm");
	RUN(0, "tpm2_pcrextend 4:sha256=%064x && tpm2_pcrextend 9:sha256=" SOME, *kernel);
}

static void start_daemon(void)
{
	time_t end = time(NULL) + 60;

	daemon_pid = fork();
	if (!daemon_pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execlp("sh", "sh", "-c", "exec skyd --dev $PWD/dev 2>>log", NULL);
		_exit(127);
	}
	while (sh("skyctl status " DEV) || !strstr(said, "locations.used: 6")) {
		assert_true(time(NULL) < end);
		usleep(50000);
	}
}

static int start(void **state)
{
	(void)state;
	if (live_start("/tmp/test_govern_boot.XXXXXX"))
		return -1;
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	if (!own_network())
		return 0;
	tpm_on("tpm");
	boot("a");
	RUN(0, NOW);
	start_daemon();
	RUN(0, "m=; for n in alice bob carol; do k=$(skyctl govern key $n -o $n) || exit 1;"
	    "m=\"$m${m:+,}{\\\"key\\\":\\\"$k\\\",\\\"roles\\\":[\\\"voter\\\"]}\"; done;"
	    "printf '{\"members\":[%%s],\"quorum\":\"%%s\"}' \"$m\" "
	    "'group g 2 alice bob carol\\nquorum g\\n' >first; skyctl govern init first " DEV);
	return 0;
}

static int end(void **state)
{
	int status;

	(void)state;
	if (daemon_pid > 0) {
		kill(daemon_pid, SIGTERM);
		waitpid(daemon_pid, &status, 0);
	}
	return live_end();
}

/* Return: the id of what the file "actions" proposes. */
static const char *propose(void)
{
	static char id[65];
	const char *at;

	RUN(0, "skyctl govern propose actions --json " DEV);
	at = strstr(said, "\"id\":\"");
	assert_non_null(at);
	snprintf(id, sizeof(id), "%.64s", at + 6);
	return id;
}

static void decide(const char *id)
{
	RUN(0, "skyctl govern vote %s yes -k alice " DEV " && skyctl govern vote %s yes -k bob " DEV,
	    id, id);
	RUN(0, "skyctl govern apply %s " DEV, id);
}

/*
 * The vault's key is there with its first signature, for systemd here.  A slot that is sealed for
 * it takes none of those, even over the PCRs that are.
 */
static void systemd_is_not_enough(void **state)
{
	(void)state;
	if (!daemon_pid)
		skip();
	RUN(0, PROPOSE "--epoch 1 --propose linux >with && python3 -c '"
	    "import json; a = json.load(open(\"with\")); del a[0][\"epoch\"];"
	    "json.dump(a, open(\"actions\", \"w\"))'");
	decide(propose());
	RUN(0, "grep -c epoch " GIVEN "; grep -o '\"pcrs\":.4,7,9,11.' " GIVEN);
	heard("0\n");
	RUN(0, "truncate -s 64M m0 m1 m2; printf p >pass; rlncsetup format -q -k 2 -d pass" CHEAP "m?;"
	    "rlncsetup key add -d pass --tpm2 " TPM "--tpm2-public-key " KEY " m?");
	heard("Key slot 1 added.");
	RUN(2, SEALED "--tpm2-signature " GIVEN " m?");
	heard("there is no policy signed by its key");
	/* Nor when somebody says that it is one of rlncsetup's. */
	RUN(0, "fp=$(openssl pkey -pubin -in " KEY " -outform DER | sha256sum | cut -c1-64);"
	    "openssl genrsa -out own.key 2048; skyctl tpm sign-policy --pcrs now --epoch 1 --key own.key --out own;"
	    "python3 -c '"
	    "import json, sys; s = json.load(open(\"" GIVEN "\")); o = json.load(open(\"own\"));"
	    "o[\"sha256\"][0].update(pkfp=sys.argv[1], sig=s[\"sha256\"][0][\"sig\"]);"
	    "json.dump(o, open(\"forged\", \"w\"))' $fp");
	RUN(2, SEALED "--tpm2-signature forged m?");
	heard("is not signed by its key");
}

/* One vote of two is none; with two it opens, in this boot and this epoch. */
static void quorum(void **state)
{
	char id[65];

	(void)state;
	if (!daemon_pid)
		skip();
	RUN(0, "rm -f " GIVEN "; " PROPOSE "--epoch 1 --propose linux >actions");
	strcpy(id, propose());
	RUN(0, "skyctl govern status %s " DEV, id);
	heard("\"epoch\":1");
	RUN(0, "skyctl govern vote %s yes -k alice " DEV, id);
	RUN(5, "skyctl govern apply %s " DEV, id);
	heard("no quorum");
	RUN(1, "test -e " GIVEN);
	RUN(2, SEALED "--tpm2-signature forged m?");
	RUN(0, "skyctl govern vote %s yes -k carol " DEV " && skyctl govern apply %s " DEV, id, id);
	RUN(0, SEALED "--tpm2-signature " GIVEN " m?");
	heard("Key slot 1 opens.");
	boot("b");
	RUN(2, SEALED "--tpm2-signature " GIVEN " m?");
	heard("PCRs 4 are not those of any signed policy");
	boot("a");
	/* Who has the file alone moves it into no other epoch. */
	RUN(0, "cp " GIVEN " kept; rlncsetup tpm epoch " TPM "--tpm2-signature kept bump");
	heard("2\n");
	RUN(2, SEALED "--tpm2-signature kept m?");
	heard("is of epoch 1, and it is 2 now");
	RUN(0, "sed 's/\"epoch\":1/\"epoch\":2/' kept >later");
	RUN(2, SEALED "--tpm2-signature later m?");
}

/* One decision for both: each reader takes what is his. */
static void both_kinds(void **state)
{
	(void)state;
	if (!daemon_pid)
		skip();
	RUN(0, PROPOSE "--epoch 2 --propose linux >with && python3 -c '"
	    "import json; a = json.load(open(\"with\")); a.append(dict(a[0], name=\"systemd\"));"
	    "del a[1][\"epoch\"]; json.dump(a, open(\"actions\", \"w\"))'");
	decide(propose());
	RUN(0, "grep -o '\"pol\"' " GIVEN " | wc -l");
	heard("2\n");
	RUN(0, SEALED "--tpm2-signature " GIVEN " m?");
	heard("Key slot 1 opens.");
	/* systemd's is signed without a text behind it: with this key, over PCRs alone. */
	RUN(0, "python3 -c 'import json, base64;"
	    "d = [x for x in json.load(open(\"" GIVEN "\"))[\"sha256\"] if not \"epoch\" in x][0];"
	    "open(\"sig\", \"wb\").write(base64.b64decode(d[\"sig\"]));"
	    "open(\"pol\", \"wb\").write(bytes.fromhex(d[\"pol\"]))';"
	    "openssl dgst -sha256 -verify " KEY " -signature sig pol");
	heard("Verified OK");
	/* What skyctl adds to the file later lies beside them. */
	RUN(0, "cp " GIVEN " more; openssl genrsa -out other.key 2048;"
	    "skyctl tpm sign-policy --pcrs now --epoch 2 --key other.key --out more");
	RUN(0, SEALED "--tpm2-signature more m?");
}

static void wrong_arguments(void **state)
{
	(void)state;
	if (!daemon_pid)
		skip();
	RUN(1, PROPOSE "--epoch 1");
	heard("or --propose NAME");
	RUN(1, PROPOSE "--epoch 1 --propose x --key pass");
	heard("has no --key");
	RUN(1, PROPOSE "--epoch 1 --propose x --bank sha384");
	heard("the bank sha256");
	RUN(1, PROPOSE "--propose x");
	heard("the --epoch");
	RUN(0, PROPOSE "--epoch 0 --propose x >actions");
	RUN(1, "skyctl govern propose actions " DEV);
	heard("PCRs x: the epoch is no number from 1 on");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(systemd_is_not_enough), cmocka_unit_test(quorum),
		cmocka_unit_test(both_kinds), cmocka_unit_test(wrong_arguments),
	};

	return cmocka_run_group_tests_name("govern_boot", tests, start, end);
}
