// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Governance: of a running skyd, through its control socket; or of a folder (--dir), with the
 * ledger that the folder's changes are told to.
 */
#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/report.h"
#include "govern/serve.h"
#include "ledger/inspect.h"
#include "s3.h"

#define FILE_MAX	(256u << 10)
#define DEFAULT_DAYS	7u
#define DAY		86400u

/* --- a folder, and its ledger ---------------------------------------------------------- */

struct told {
	struct note_signer signer;
	struct counter_file counter;
	struct ledger *ledger;
};

static int tell_ledger(void *ctx, const struct ledger_event *e)
{
	struct told *t = ctx;
	struct timespec now;
	struct ledger_item item = { .event = *e };
	char why[LEDGER_WHY] = "";
	int rc;

	clock_gettime(CLOCK_REALTIME, &now);
	item.time = now.tv_sec * 1000000ull + now.tv_nsec / 1000;
	rc = ledger_append(t->ledger, &item, 1, NULL, why);
	if (rc)
		warn("%s", why);
	return rc;
}

static int read_signer(const char *path, struct note_signer *s)
{
	CLEANUP_FREE char *text = NULL;
	struct str line, rest;
	struct stat st;
	size_t len;
	int rc;

	if (!path) {
		fail(0, "whose key signs?");
		hint("give --key, a file of a signer key, such as `skyctl govern key` makes");
		return -EINVAL;
	}
	if (!stat(path, &st) && st.st_mode & 077)
		return fail(EACCES, "%s may be read by others; chmod 0600", path);
	rc = file_read(path, NOTE_KEY_TEXT_MAX, &text, &len);
	if (rc)
		return fail(-rc, "cannot read %s: %s", path, strerror(-rc));
	rest = (struct str){ text, len };
	str_cut(&rest, '\n', &line);
	rc = note_signer_parse(line, s);
	explicit_bzero(text, len);
	return rc ? fail(EINVAL, "%s has no signer key", path) : 0;
}

/* As skyd has them: the ledger, and beside it audit.key and audit.epoch. */
static int open_ledger(const struct options *o, struct told *t)
{
	CLEANUP_FREE char *key = NULL;
	CLEANUP_FREE char *epoch = NULL;
	CLEANUP_FREE char *beside = strdup(o->ledger);
	struct ledger_config config = { .path = o->ledger, .signer = &t->signer };
	const char *at = beside ? dirname(beside) : NULL;
	char why[LEDGER_WHY];
	int rc;

	if (!at || asprintf(&key, "%s/audit.key", at) < 0 ||
	    asprintf(&epoch, "%s/audit.epoch", at) < 0)
		return fail(ENOMEM, "no memory");
	rc = read_signer(key, &t->signer);
	if (rc)
		return rc;
	t->counter.path = TAKE_PTR(epoch);
	config.counter = (struct ledger_counter){ counter_file_read, counter_file_advance,
						  &t->counter };
	rc = ledger_open(&t->ledger, &config, why);
	return rc ? fail(-rc, "%s", why) : 0;
}

static int ask_folder(const struct options *o, const char *verb, const json_t *in, json_t **out)
{
	struct told t = { .ledger = NULL };
	struct govern_folder f = { .path = o->dir, .actor = "administrator" };
	const bool changes = strcmp(verb, "status") && strcmp(verb, "verify");
	char why[GOVERN_WHY];
	int rc = 0;

	if (o->ledger && changes) {
		rc = open_ledger(o, &t);
		f.tell = tell_ledger;
		f.ctx = &t;
	} else if (changes) {
		note("%s: nothing is told to a ledger; give --ledger", o->dir);
	}
	if (!rc) {
		rc = govern_serve(&f, verb, in, time(NULL), out, why);
		if (rc)
			fail(*why ? 0 : -rc, "%s", *why ? why : o->dir);
	}
	ledger_close(t.ledger);
	free((char *)t.counter.path);
	note_signer_wipe(&t.signer);
	return rc;
}

static int do_ask(const struct options *o, const char *verb, const json_t *in, json_t **out)
{
	char whole[32];

	*out = NULL;
	if (o->dir)
		return ask_folder(o, verb, in, out);
	snprintf(whole, sizeof(whole), "govern %s", verb);
	return ask(o, whole, in, out);
}

/* --- what is printed ------------------------------------------------------------------- */

static void print_json(const json_t *j)
{
	json_dumpf(j, stdout, JSON_COMPACT | JSON_SORT_KEYS);
	putchar('\n');
}

static const char *text_of(const json_t *j, const char *name)
{
	const char *text = json_string_value(json_object_get(j, name));

	return text ? text : "";
}

static long long number_of(const json_t *j, const char *name)
{
	return json_integer_value(json_object_get(j, name));
}

static void print_state(const json_t *s)
{
	printf("version %lld, hash %s\n", number_of(s, "version"), text_of(s, "hash"));
}

static void print_standing(const json_t *p)
{
	printf("%s %s: %lld yes, %lld no of %lld\n", text_of(p, "id"), text_of(p, "is"),
	       number_of(p, "yes"), number_of(p, "no"), number_of(p, "voters"));
}

static void print_status(const json_t *s)
{
	const json_t *members = json_object_get(s, "members");
	const json_t *proposals = json_object_get(s, "proposals");
	json_t *one, *role;
	size_t i, j;

	print_state(s);
	json_array_foreach(members, i, one) {
		const char *key = text_of(one, "key");

		printf("member %.*s:", (int)strcspn(key, "+"), key);
		json_array_foreach(json_object_get(one, "roles"), j, role)
			printf(" %s", json_string_value(role));
		putchar('\n');
	}
	printf("%s", text_of(s, "quorum"));
	json_array_foreach(proposals, i, one) {
		print_standing(one);
		json_array_foreach(json_object_get(one, "actions"), j, role)
			printf("\t%s\n", json_string_value(role));
	}
}

static int finish(const struct options *o, const char *verb, json_t *in,
		  void (*print)(const json_t *))
{
	json_t *out = NULL;
	int rc = in ? do_ask(o, verb, in, &out) : -EINVAL;

	if (!rc && o->json)
		print_json(out);
	else if (!rc)
		print(out);
	json_decref(out);
	json_decref(in);
	return rc;
}

/* --- commands -------------------------------------------------------------------------- */

static json_t *read_json(const char *path)
{
	CLEANUP_FREE char *text = NULL;
	json_error_t err;
	json_t *j;
	size_t len;
	int rc = file_read(strcmp(path, "-") ? path : "/dev/stdin", FILE_MAX, &text, &len);

	if (rc) {
		fail(-rc, "cannot read %s: %s", path, strerror(-rc));
		return NULL;
	}
	j = json_loadb(text, len, JSON_REJECT_DUPLICATES, &err);
	if (!j)
		fail(EINVAL, "%s:%d: %s", path, err.line, err.text);
	return j;
}

int cmd_govern_key(const struct options *o, int argc, char **argv)
{
	char text[NOTE_KEY_TEXT_MAX + 1];
	uint8_t seed[ED25519_SEED_BYTES];
	const char *path = o->output;
	struct note_signer s;
	int rc;

	(void)argc;
	if (!path) {
		fail(0, "where does the key go?");
		hint("give --output FILE");
		return -EINVAL;
	}
	if (!access(path, F_OK))
		return fail(EEXIST, "%s is there already", path);
	rc = random_bytes(seed, sizeof(seed));
	rc = rc ? rc : note_signer_make(str_of(argv[0]), NOTE_ED25519, seed, &s);
	explicit_bzero(seed, sizeof(seed));
	if (rc)
		return fail(-rc, "\"%s\" cannot be the name of a key", argv[0]);
	note_signer_print(&s, text);
	strcat(text, "\n");
	rc = file_write_atomic(path, text, strlen(text), 0600);
	note_verifier_print(&s.verifier, text);
	note_signer_wipe(&s);
	if (rc)
		return fail(-rc, "cannot write %s: %s", path, strerror(-rc));
	puts(text);
	return 0;
}

int cmd_govern_init(const struct options *o, int argc, char **argv)
{
	(void)argc;
	return finish(o, "init", read_json(argv[0]), print_state);
}

/*
 * Members sign an id, and believe nobody what it stands for: it has to be the hash of what they are
 * shown.  @from: where the actions and the time are; NULL: in the answer @out, with the base.
 */
static int check_id(const char *id, const json_t *out, const json_t *from)
{
	const json_t *in = from ? from : out;
	CLEANUP_FREE char *text = NULL;
	struct govern_proposal p = { 0 };
	char why[GOVERN_WHY] = "";
	json_t *j = json_pack("{s:O, s:O, s:s, s:O}", "actions", json_object_get(in, "actions"),
			      "base", json_object_get(out, "base"), "id", id, "not_after",
			      json_object_get(in, "not_after"));
	int rc = -EBADMSG;

	text = j ? json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	if (text && !strcmp(id, text_of(out, "id")))
		rc = govern_proposal_open(&p, str_of(text), why);
	govern_proposal_close(&p);
	json_decref(j);
	if (!rc)
		return 0;
	fail(0, "whoever answers lies: what it shows is not the proposal %.70s%s%s", id,
	     *why ? ": " : "", why);
	hint("do not vote for it");
	return rc;
}

/* The member's ballot for what is about to be proposed, which the actions here are. */
static int sign_proposal(const struct options *o, json_t *in)
{
	char ballot[GOVERN_BALLOT_MAX + 1], id[GOVERN_ID];
	struct out text = OUT(ballot, GOVERN_BALLOT_MAX), hex = OUT(id, GOVERN_ID - 1);
	json_t *now = NULL, *nothing = json_object(), *whole = NULL;
	CLEANUP_FREE char *bytes = NULL;
	uint8_t digest[SHA256_BYTES];
	struct note_signer s;
	int rc = read_signer(o->key, &s);

	if (!rc)
		rc = do_ask(o, "status", nothing, &now);
	if (!rc)
		whole = json_pack("{s:O, s:O, s:O}", "actions", json_object_get(in, "actions"),
				  "base", json_object_get(now, "hash"), "not_after",
				  json_object_get(in, "not_after"));
	bytes = whole ? json_dumps(whole, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	if (bytes) {
		sha256_of(bytes, strlen(bytes), digest);
		out_hex(&hex, digest, sizeof(digest));
		id[hex.len] = 0;
		rc = govern_ballot_make(&text, &s, id, true);
		ballot[text.len] = 0;
		if (rc || json_object_set_new(in, "ballot", json_string(ballot)))
			rc = fail(EIO, "the proposal cannot be signed");
	} else if (!rc) {
		rc = fail(EINVAL, "the actions make no proposal");
	}
	note_signer_wipe(&s);
	json_decref(whole);
	json_decref(nothing);
	json_decref(now);
	return rc;
}

int cmd_govern_propose(const struct options *o, int argc, char **argv)
{
	json_t *actions = read_json(argv[0]), *in = NULL, *out = NULL;
	const uint64_t days = o->days ? o->days : DEFAULT_DAYS;
	int rc;

	(void)argc;
	if (actions)
		in = json_pack("{s:o, s:I}", "actions", actions, "not_after",
			       (json_int_t)(time(NULL) + days * DAY));
	rc = !in ? -EINVAL : o->key ? sign_proposal(o, in) : 0;
	rc = rc ? rc : do_ask(o, "propose", in, &out);
	rc = rc ? rc : check_id(text_of(out, "id"), out, in);
	if (!rc)
		print_json(out);
	json_decref(out);
	json_decref(in);
	return rc;
}

/* The proposal as it is, if it is the one of that id. */
static int find_proposal(const struct options *o, const char *id, json_t **out)
{
	json_t *in = json_pack("{s:s}", "id", id);
	int rc = in ? do_ask(o, "status", in, out) : -EINVAL;

	json_decref(in);
	return rc ? rc : check_id(id, *out, NULL);
}

/* What is about to be signed, beside what is printed. */
static int show_signed(const struct options *o, const char *id)
{
	json_t *out = NULL;
	int rc = find_proposal(o, id, &out);

	if (!rc) {
		json_dumpf(out, stderr, JSON_COMPACT | JSON_SORT_KEYS);
		fputc('\n', stderr);
	}
	json_decref(out);
	return rc;
}

/* "yes" and "no" are signed here; anything else is the file of a ballot. */
static int get_ballot(const struct options *o, const char *id, const char *says, char **ballot)
{
	const bool yes = !strcmp(says, "yes");
	struct note_signer s;
	struct out out;
	int rc;

	if (!yes && strcmp(says, "no")) {
		rc = file_read(strcmp(says, "-") ? says : "/dev/stdin", GOVERN_BALLOT_MAX, ballot,
			       NULL);
		return rc ? fail(-rc, "cannot read the ballot %s: %s", says, strerror(-rc)) : 0;
	}
	rc = read_signer(o->key, &s);
	/* What is written to a file may be signed where nobody can be asked. */
	if (!rc && (!o->output || o->dir))
		rc = show_signed(o, id);
	if (rc) {
		note_signer_wipe(&s);
		return rc;
	}
	*ballot = calloc(1, GOVERN_BALLOT_MAX + 1);
	out = OUT(*ballot, GOVERN_BALLOT_MAX);
	rc = *ballot ? govern_ballot_make(&out, &s, id, yes) : -ENOMEM;
	note_signer_wipe(&s);
	return rc ? fail(-rc, "the ballot cannot be signed") : 0;
}

int cmd_govern_vote(const struct options *o, int argc, char **argv)
{
	CLEANUP_FREE char *ballot = NULL;
	int rc = get_ballot(o, argv[0], argv[1], &ballot);

	(void)argc;
	if (rc)
		return rc;
	if (o->output) {
		rc = file_write_atomic(o->output, ballot, strlen(ballot), 0644);
		return rc ? fail(-rc, "cannot write %s: %s", o->output, strerror(-rc)) : 0;
	}
	return finish(o, "vote", json_pack("{s:s, s:s}", "id", argv[0], "ballot", ballot),
		      print_standing);
}

int cmd_govern_apply(const struct options *o, int argc, char **argv)
{
	(void)argc;
	return finish(o, "apply", json_pack("{s:s}", "id", argv[0]), print_state);
}

int cmd_govern_status(const struct options *o, int argc, char **argv)
{
	json_t *out = NULL;
	int rc;

	if (!argc)
		return finish(o, "status", json_object(), print_status);
	rc = find_proposal(o, argv[0], &out);
	if (!rc)
		print_json(out);
	json_decref(out);
	return rc;
}

/* --- verify ---------------------------------------------------------------------------- */

/* Beside the ledger: what it says was applied, and what was. */
struct beside {
	const json_t *states;
	size_t next;			/* of them that the ledger has to tell of */
	char last[GOVERN_ID];		/* hash that it has told of last */
	char why[GOVERN_WHY];
};

static int on_entry(void *ctx, uint64_t index, struct str bytes)
{
	struct beside *b = ctx;
	struct ledger_entry e;
	const char *hash;

	if (entry_parse(bytes, &e))
		return -EBADMSG;
	if (!str_is(e.event.action, "governance.apply") &&
	    !str_is(e.event.action, "governance.init"))
		return 0;
	/* A crash may have had it told twice. */
	if (str_is(e.event.policy, b->last))
		return 0;
	hash = text_of(json_array_get(b->states, b->next), "hash");
	if (!str_is(e.event.policy, hash)) {
		snprintf(b->why, sizeof(b->why), "entry %" PRIu64 " of the ledger tells of the state %.16s..., which is not version %zu",
			 index, e.event.policy.len == GOVERN_ID - 1 ? e.event.policy.at : "?",
			 b->next);
		return -EBADMSG;
	}
	snprintf(b->last, sizeof(b->last), "%s", hash);
	b->next++;
	return 0;
}

static int verify_ledger(const struct options *o, const json_t *states)
{
	struct beside b = { .states = states };
	const struct inspect_visitor v = { .entry = on_entry, .ctx = &b };
	struct inspect_note now = { 0 };
	struct note_verifier log;
	struct inspect in;
	int rc = audit_read_key(o->key, &log);

	if (rc)
		return rc;
	inspect_init(&in, &log, inspect_folder_fetch, (void *)o->ledger);
	rc = inspect_checkpoint(&in, &now);
	rc = rc ? rc : inspect_whole(&in, &now.c, NULL, &v);
	free(now.bytes);
	if (rc)
		return fail(rc < 0 && !*b.why && !*in.why ? -rc : 0, "%s: %s", o->ledger,
			    *b.why ? b.why : in.why), -EBADMSG;
	if (b.next != json_array_size(states)) {
		fail(0, "the ledger %s does not tell of version %zu", o->ledger, b.next);
		return -EBADMSG;
	}
	return 0;
}

static void print_verified(const json_t *out)
{
	const json_t *states = json_object_get(out, "states");
	const size_t count = json_array_size(states);

	printf("sound: %zu decision%s, ", count - 1, count == 2 ? "" : "s");
	print_state(json_array_get(states, count - 1));
}

int cmd_govern_verify(const struct options *o, int argc, char **argv)
{
	struct options as = *o;
	json_t *out = NULL, *in = json_object();
	int rc;

	(void)argc;
	as.dir = argv[0];
	rc = do_ask(&as, "verify", in, &out);
	if (!rc && o->ledger)
		rc = verify_ledger(o, json_object_get(out, "states"));
	if (!rc && o->json)
		print_json(out);
	else if (!rc)
		print_verified(out);
	json_decref(out);
	json_decref(in);
	return rc;
}
