// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rlncsetup move as people use it: two hosts with a TPM each (swtpm), a volume in files, and what
 * somebody tries who has the messages and the disks.
 */
#include <unistd.h>

#include "tpm_live.h"

#define CHEAP	" --pbkdf-force-iterations 1 --pbkdf-memory 64 "
#define ON(h)	" --tpm2-device swtpm:path=$PWD/" #h "/s --ak " #h ".ak --journals " #h ".moves" \
		" --ledger " #h ".log "
#define OFFER	"rlncsetup move offer" ON(b) "--from $(cat a.name) --output offer $(cat uuid)"
#define CHALLENGE "rlncsetup move challenge" ON(a) "--output challenge offer"
#define ANSWER	"rlncsetup move answer" ON(b) "--output answer challenge"
#define FREEZE	"rlncsetup move freeze" ON(a) "-d pass --roots roots.pem --between ca/issuer.pem" \
		" --policy policy offer answer m?"
#define PACKAGE	"rlncsetup move package" ON(a) "--output package $(cat uuid)"
#define ACCEPT	"rlncsetup move accept" ON(b) "--new-key-file pass.b" CHEAP \
		"--output acceptance package m?"
#define KEPT	"rlncsetup key test --tpm2 --tpm2-device swtpm:path=$PWD/a/s" \
		" --tpm2-signature policy.a copy/m?"
#define COUNTER_OF_B "TPM2TOOLS_TCTI=swtpm:path=$PWD/b/s tpm2_getcap handles-nv-index | grep -i 1b" \
		"$(tr -d '\\n-' <uuid | xxd -r -p | sha256sum | cut -c2-6)"
#define DESTROY	"rlncsetup move destroy" ON(a) "--output destruction acceptance"

static void make_tpm(const char *name)
{
	RUN(0, "mkdir -p %s ca && T=$PWD &&"
	    "printf 'create_certs_tool=/usr/bin/swtpm_localca\\n"
	    "create_certs_tool_config=%%s/ca.conf\\ncreate_certs_tool_options=%%s/ca.options\\n' $T $T >setup.conf &&"
	    "printf 'statedir=%%s/ca\\nsigningkey=%%s/ca/key.pem\\nissuercert=%%s/ca/issuer.pem\\n"
	    "certserial=%%s/ca/serial\\n' $T $T $T $T >ca.conf &&"
	    "echo '--platform-manufacturer Sky --platform-version 1 --platform-model M' >ca.options &&"
	    "swtpm_setup --tpm2 --tpmstate $T/%s --create-ek-cert --overwrite --pcr-banks sha256"
	    " --config $T/setup.conf", name, name);
	tpm_on(name);
}

static int start(void **state)
{
	(void)state;
	if (live_start("/tmp/test_move_tool.XXXXXX"))
		return -1;
	make_tpm("a");
	make_tpm("b");
	make_tpm("c");
	RUN(0, "cp ca/swtpm-localca-rootca-cert.pem roots.pem");
	RUN(0, "printf p >pass; printf q >pass.b; truncate -s 64M m0 m1 m2;"
	    "rlncsetup format -q -k 2 -d pass" CHEAP "m? && rlncsetup dump m0 |"
	    " grep -oE '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}' | head -1 >uuid && test -s uuid");
	RUN(0, "rlncsetup move status" ON(a) "$(cat uuid) | sed -n 's/^host *//p' >a.name && test -s a.name");
	RUN(0, "z=$(printf '%%064d' 0); printf '{\"version\": 1, \"name\": \"t\", \"pcrs\":"
	    " {\"4\": [\"%%s\"], \"7\": [\"%%s\"]}}' $z $z >policy");
	return 0;
}

static int end(void **state)
{
	(void)state;
	sh("losetup -d $(cat loops)");
	return live_end();
}

static void is_at(const char *host, const char *state_name)
{
	RUN(0, "rlncsetup move status --tpm2-device swtpm:path=$PWD/%s/s --ak %s.ak"
	    " --journals %s.moves --json $(cat uuid)", host, host, host);
	heard(state_name);
}

/* All of it up to the freeze, by A and by B; and then it is offered as at first. */
static void taken_back(void)
{
	RUN(0, COUNTER_OF_B);
	RUN(0, CHALLENGE " && " ANSWER);
	RUN(4, "rlncsetup move cancel" ON(b) "$(cat uuid)");
	heard("may have frozen it");
	RUN(0, "rlncsetup move cancel" ON(a) "--output cancellation $(cat uuid)");
	is_at("a", "\"kept\"");
	RUN(4, FREEZE);
	heard("not been asked");
	RUN(4, "rlncsetup move cancel" ON(b) "$(cat uuid) pass");
	RUN(0, "rlncsetup move cancel" ON(b) "$(cat uuid) cancellation");
	is_at("b", "\"kept\"");
	RUN(1, COUNTER_OF_B);
	RUN(0, OFFER " && rlncsetup move cancel" ON(b) "$(cat uuid) && " OFFER);
	is_at("b", "\"offered\"");
}

static void way(void **state)
{
	(void)state;
	/* A's TPM opens it, too; somebody keeps a copy of that. */
	RUN(0, "openssl genrsa -out boot.key 2048 2>/dev/null && openssl rsa -in boot.key -pubout -out boot.pem 2>/dev/null;"
	    "rlncsetup key add -d pass --tpm2 --tpm2-device swtpm:path=$PWD/a/s --tpm2-public-key boot.pem m? &&"
	    "for p in 4 7 9 11; do printf 'sha256 %%d %%064d\n' $p 0; done >now &&"
	    "skyctl tpm sign-policy --pcrs now --key boot.key --epoch 1 --out policy.a &&"
	    "mkdir copy && cp -a m? copy");
	RUN(0, KEPT);
	RUN(0, OFFER);
	is_at("b", "\"offered\"");
	taken_back();
	RUN(0, CHALLENGE);
	is_at("a", "\"asked\"");
	RUN(0, ANSWER);
	is_at("b", "\"answered\"");
	RUN(0, FREEZE);
	is_at("a", "\"frozen\"");
	RUN(4, "rlncsetup move cancel" ON(a) "--output x $(cat uuid)");
	heard("too late: the volume was frozen");
	RUN(0, FREEZE);
	/* Neither here nor from the copy. */
	RUN(0, "rlncsetup key list m?");
	not_heard("tpm2");
	RUN(2, KEPT);
	heard("epoch");
	RUN(0, PACKAGE " && cp package first && " PACKAGE);
	RUN(0, ACCEPT);
	is_at("b", "\"accepted\"");
	RUN(0, "cp acceptance one && " ACCEPT);
	RUN(0, DESTROY);
	is_at("a", "\"destroyed\"");
	RUN(0, "rlncsetup key test -d pass.b m?");
	RUN(0, "rlncsetup key list m?");
	heard("moved here");
	RUN(0, "skyctl audit verify --key a.log.key.pub a.log && skyctl audit verify --key b.log.key.pub b.log");
	heard("sound");
	/* B's receipt is in both ledgers, with one digest, and A's own in A's. */
	RUN(0, "told() { find $1.log/tile/entries -type f -exec cat {} + | tr -d '\\0' |"
	    " grep -aoE \"\\{[^{}]*\\\"action\\\":\\\"volume[.]$2\\\"[^{}]*\" | grep -o 'sha256:[0-9a-f]*'; };"
	    "told b accept | sort -u >of.b && told a accepted | sort -u >of.a && test -s of.a &&"
	    "test $(wc -l <of.a) = 1 && cmp of.a of.b && told a destroy >own && ! grep -qf of.a own");
}

/* What is refused, with its name; each on the hosts as the way has left them. */
static void refusals(void **state)
{
	(void)state;
	/* Another volume's turn: B gives it back. */
	RUN(0, "rlncsetup move status" ON(b) "$(cat uuid) | sed -n 's/^host *//p' >b.name");
	RUN(0, "rlncsetup move offer" ON(a) "--from $(cat b.name) --output offer.a $(cat uuid)");
	RUN(0, "rlncsetup move offer" ON(c) "--from $(cat b.name) --output offer.c $(cat uuid)");
#define BACK(offer)	"rlncsetup move freeze" ON(b) "-d pass.b --roots roots.pem" \
			" --between ca/issuer.pem --policy policy " offer " answer.a m?"
	RUN(0, "rlncsetup move challenge" ON(b) "--output challenge.a offer.a &&"
	    "rlncsetup move answer" ON(a) "--output answer.a challenge.a");
	RUN(4, "rlncsetup move answer" ON(c) "--output x challenge.a");
	heard("another offer");
	RUN(5, "rlncsetup move challenge" ON(b) "--output x offer.c");
	heard("cancel that first");
	/* A host of no maker that is trusted; one that runs something else. */
	RUN(0, "openssl req -x509 -newkey rsa:2048 -nodes -keyout x.key -out x.pem -subj /CN=x -days 9 2>/dev/null");
	RUN(2, "rlncsetup move freeze" ON(b) "-d pass.b --roots x.pem --policy policy offer.a answer.a m?");
	heard("no maker that is trusted");
	RUN(0, "sed 's/\"0000/\"1000/' policy >policy.x");
	RUN(2, "rlncsetup move freeze" ON(b) "-d pass.b --roots roots.pem --between ca/issuer.pem"
	    " --policy policy.x offer.a answer.a m?");
	heard("does not run what it should");
	is_at("b", "\"asked\"");
	RUN(1, "rlncsetup move freeze" ON(b) "-d pass.b offer.a answer.a m?");
	heard("--roots");
	/* Altered in the middle. */
	RUN(0, "cp offer.a bad && printf spoiled. | dd of=bad bs=1 seek=200 conv=notrunc 2>/dev/null");
	RUN(2, BACK("bad"));
	RUN(0, BACK("offer.a"));
	/* A fork. */
	RUN(5, BACK("offer.c"));
	heard("frozen for another host");
	RUN(0, "rlncsetup move package" ON(b) "--output back $(cat uuid)");
	/* For another TPM; an old one. */
	RUN(4, "rlncsetup move accept" ON(c) "--new-key-file pass" CHEAP "back m?");
	heard("for another offer, or another host");
	RUN(2, "rlncsetup move accept" ON(a) "--new-key-file pass" CHEAP "first m?");
	heard("another host than was meant");
	/* Altered. */
	RUN(0, "cp back bad && printf spoiled. | dd of=bad bs=1 seek=300 conv=notrunc 2>/dev/null");
	RUN(2, "rlncsetup move accept" ON(a) "--new-key-file pass" CHEAP "bad m?");
	/* Members that are not those that were sent. */
	RUN(0, "mkdir other && truncate -s 64M other/m0 other/m1 other/m2 &&"
	    "rlncsetup format -q -k 2 -d pass" CHEAP "other/m?");
	RUN(4, "rlncsetup move accept" ON(a) "--new-key-file pass" CHEAP "back other/m?");
	heard("these are members of volume");
	/* Killed there, or stopped by that: the same package goes on. */
	is_at("a", "\"accepting\"");
	RUN(0, "printf r >pass.a; rlncsetup move accept" ON(a) "--new-key-file pass.a --output back.ok"
	    CHEAP "back m?");
	RUN(0, "rlncsetup key test -d pass.a m?");
}

/* B's disk as it was before it gave the volume back. */
static void rewound(void **state)
{
	(void)state;
	RUN(0, "cp -a b.moves b.moves.now && rm -rf b.moves");
	RUN(4, "rlncsetup move status" ON(b) "$(cat uuid)");
	heard("put back");
	RUN(4, "rlncsetup move package" ON(b) "--output x $(cat uuid)");
	heard("put back");
	RUN(0, "rm -r b.moves && mv b.moves.now b.moves");
	is_at("b", "\"frozen\"");
}

/* `open` asks the counter, too, and takes its turn; nothing is opened here. */
static void may_open(void **state)
{
#define TO_OPEN(h)	"rlncsetup open -d nobody --tpm2-device swtpm:path=$PWD/" #h "/s" \
			" --journals " #h ".moves x $(cat loops)"
	(void)state;
	if (sh("printf x >nobody; for m in m0 m1 m2; do losetup -f --show $m || exit 1; done >loops"))
		skip();
	RUN(2, TO_OPEN(a));
	heard("no key slot opens with this key file");
	RUN(2, TO_OPEN(b));
	heard("moved, or is about to (frozen)");
	RUN(0, "mv b.moves b.moves.now");
	RUN(4, TO_OPEN(b));
	heard("no journal");
	/* A folder that cannot be made, as before there is /var. */
	RUN(4, "rlncsetup open -d nobody --tpm2-device swtpm:path=$PWD/b/s --journals no/moves x $(cat loops)");
	heard("no journal");
	RUN(0, "rm -rf b.moves && mv b.moves.now b.moves");
	/* Not while somebody else is at it. */
	RUN(124, "flock a.moves/$(cat uuid).lock timeout 2 " TO_OPEN(a));
	RUN(124, "flock a.moves/$(cat uuid).lock timeout 2 rlncsetup move status" ON(a) "$(cat uuid)");
}

/* An offer that was none of this host's; and the way out that moving-volumes.rst has beside. */
static void by_mistake(void **state)
{
	(void)state;
	RUN(0, "rlncsetup move status" ON(c) "--json $(cat uuid)");
	heard("\"offered\"");
	RUN(0, "rlncsetup move cancel" ON(c) "$(cat uuid)");
	RUN(0, "rlncsetup move status" ON(c) "--json $(cat uuid)");
	heard("\"kept\"");
	RUN(0, "rlncsetup move offer" ON(c) "--from $(cat b.name) --output offer.c $(cat uuid)");
	RUN(0, "rm c.moves/$(cat uuid) && TPM2TOOLS_TCTI=swtpm:path=$PWD/c/s tpm2_nvundefine"
	    " 0x01b$(tr -d '\\n-' <uuid | xxd -r -p | sha256sum | cut -c2-6)");
	RUN(0, "rlncsetup move status" ON(c) "--json $(cat uuid)");
	heard("\"none\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(way),
		cmocka_unit_test(refusals),
		cmocka_unit_test(rewound),
		cmocka_unit_test(may_open),
		cmocka_unit_test(by_mistake),
	};

	return cmocka_run_group_tests(tests, start, end);
}
