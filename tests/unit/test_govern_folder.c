// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Governance on a disk that stops anywhere: a proposal has been applied or has not, the ledger
 * was told before it takes effect, and nobody who writes there decides anything.
 */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "govern_util.h"

#include "base/file.h"
#include "govern/folder.h"
#include "ledger/disk.h"

#define PCRS	"[{'do':'approve_pcrs','name':'kernel-7','bank':'sha256','pcrs':{'11':'" \
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'}}," \
		"{'do':'set_admission_policy','document':'{\\\"noMatch\\\":\\\"deny\\\",\\\"policies\\\":[]}'}]"

static char base[64], dir[80];
static struct govern_folder folder = { .path = dir };

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int make_base(void **state)
{
	snprintf(base, sizeof(base), "/dev/shm/govern-XXXXXX");
	return !mkdtemp(base) || make_people(state);
}

static int remove_base(void **state)
{
	(void)state;
	nftw(base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return 0;
}

/* --- a ledger that remembers what it was told ------------------------------------------ */

static unsigned int applied, told;
static char applied_hash[GOVERN_ID];
static int ledger_rc;

static int tell(void *ctx, const struct ledger_event *e)
{
	(void)ctx;
	if (ledger_rc)
		return ledger_rc;
	told++;
	if (str_is(e->action, "governance.apply")) {
		applied++;
		snprintf(applied_hash, sizeof(applied_hash), "%.*s", STR_ARG(e->policy));
	}
	return 0;
}

/* --- a folder with a proposal that has passed ------------------------------------------ */

static char id[GOVERN_ID];

static void fresh(void)
{
	struct govern_state s;
	struct govern_proposal p;

	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	snprintf(dir, sizeof(dir), "%s/g", base);
	folder.tell = tell;
	ledger_rc = 0;
	applied = 0;
	told = 0;
	*applied_hash = 0;
	begin(&s);
	assert_int_equal(govern_folder_init(&folder, &s, why), 0);
	propose(&p, &s, PCRS);
	assert_int_equal(govern_folder_propose(&folder, &p, STR_NONE, NOW, why), 0);
	memcpy(id, p.id, sizeof(id));
	assert_int_equal(govern_folder_vote(&folder, id, ballot(ALICE, id, true), NOW, why), 0);
	assert_int_equal(govern_folder_vote(&folder, id, ballot(CAROL, id, true), NOW, why), 0);
	assert_int_equal(told, 4);
	govern_proposal_close(&p);
	govern_state_close(&s);
}

static const char *below(const char *name)
{
	static char path[200];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void is_version(unsigned int version)
{
	struct govern_state s;

	assert_int_equal(govern_folder_read(&folder, &s, why), 0);
	assert_int_equal(s.version, version);
	govern_state_close(&s);
	assert_int_equal(govern_folder_verify(&folder, NULL, NULL, why), 0);
}

static void applies(void **state)
{
	struct govern_state next;
	char *text;

	(void)state;
	fresh();
	assert_int_equal(govern_folder_apply(&folder, id, NOW, &next, why), 0);
	assert_int_equal(next.version, 1);
	assert_string_equal(applied_hash, next.hash);
	govern_state_close(&next);
	is_version(1);
	assert_int_equal(file_read(below("admission.json"), 100, &text, NULL), 0);
	assert_string_equal(text, "{\"noMatch\":\"deny\",\"policies\":[]}");
	free(text);
	assert_int_equal(govern_folder_apply(&folder, id, NOW, &next, why), -ESTALE);
	assert_int_equal(govern_folder_vote(&folder, id, ballot(BOB, id, true), NOW, why), -ESTALE);
	assert_int_equal(applied, 1);
}

static void refusals(void **state)
{
	static const char *const ids[] = { "", "../state", "x", "." };
	struct govern_state s, next;
	struct govern_proposal p;
	unsigned int i;

	(void)state;
	fresh();
	begin(&s);
	assert_int_equal(govern_folder_init(&folder, &s, why), -EEXIST);
	assert_int_equal(govern_folder_vote(&folder, id, ballot(ALICE, id, false), NOW, why),
			 -EEXIST);
	assert_int_equal(govern_folder_vote(&folder, id, ballot(EVE, id, true), NOW, why), -EACCES);
	for (i = 0; i < COUNT(ids); i++)
		assert_int_equal(govern_folder_apply(&folder, ids[i], NOW, &next, why), -EINVAL);
	assert_int_equal(govern_folder_apply(&folder, s.hash, NOW, &next, why), -ENOENT);
	propose(&p, &s, PCRS);
	assert_int_equal(govern_folder_propose(&folder, &p, STR_NONE, NOW, why), -EEXIST);
	assert_int_equal(govern_folder_propose(&folder, &p, STR_NONE, NOW + 2000, why), -ETIME);
	govern_proposal_close(&p);
	assert_int_equal(told, 4);
	assert_int_equal(govern_folder_apply(&folder, id, NOW + 1001, &next, why), -ETIME);
	is_version(0);
	govern_state_close(&s);
}

static int count_open(void *ctx, const struct govern_standing *standing)
{
	snprintf(ctx, 16, "%s %u", standing->is, standing->count.yes);
	return 0;
}

static void standing(void **state)
{
	struct govern_state s, next;
	char is[16];

	(void)state;
	fresh();
	assert_int_equal(govern_folder_read(&folder, &s, why), 0);
	assert_int_equal(govern_folder_look(&folder, &s, NULL, NOW, count_open, is, why), 0);
	assert_string_equal(is, "passed 2");
	assert_int_equal(govern_folder_look(&folder, &s, id, NOW + 5000, count_open, is, why), 0);
	assert_string_equal(is, "expired 2");
	assert_int_equal(govern_folder_apply(&folder, id, NOW, &next, why), 0);
	assert_int_equal(govern_folder_look(&folder, &next, id, NOW, count_open, is, why), 0);
	assert_string_equal(is, "stale 0");
	govern_state_close(&next);
	govern_state_close(&s);
}

/* --- how many there may be ------------------------------------------------------------- */

/* One of many, by its number.  @who: PEOPLE: nobody.  Return: as govern_folder_propose(). */
static int propose_nth(unsigned int i, unsigned int who, uint64_t until, uint64_t now)
{
	char text[160];
	struct govern_state s;
	struct govern_proposal p;
	json_t *list;
	int rc;

	snprintf(text, sizeof(text),
		 "[{\"do\":\"recover\",\"group\":\"%016x\",\"reason\":\"x\"}]", i);
	list = json_loads(text, 0, NULL);
	assert_int_equal(govern_folder_read(&folder, &s, why), 0);
	assert_int_equal(govern_proposal_make(&p, &s, list, until, why), 0);
	rc = govern_folder_propose(&folder, &p, who == PEOPLE ? STR_NONE : ballot(who, p.id, true),
				   now, why);
	json_decref(list);
	govern_proposal_close(&p);
	govern_state_close(&s);
	return rc;
}

static unsigned int folders(void)
{
	DIR *at = opendir(below("proposals"));
	unsigned int n = 0;
	struct dirent *e;

	while ((e = readdir(at)))
		n += *e->d_name != '.';
	closedir(at);
	return n;
}

#define EACH	(GOVERN_PROPOSALS / 4)	/* three voters, and all without a key */

/* Who has used up the room of one has taken none from others. */
static void room_for_each(void **state)
{
	unsigned int i;

	(void)state;
	fresh();
	for (i = 0; i < EACH; i++)
		assert_int_equal(propose_nth(i, ALICE, NOW + 1000, NOW), 0);
	assert_int_equal(propose_nth(i, ALICE, NOW + 1000, NOW), -ENOSPC);
	assert_non_null(strstr(why, "alice has 64 proposals open"));
	assert_int_equal(propose_nth(1000, PEOPLE, NOW + 1000, NOW), 0);
	assert_int_equal(propose_nth(1001, BOB, NOW + 1000, NOW), 0);
	/* Nobody proposes in another's name, or without a vote. */
	assert_int_equal(propose_nth(5000, EVE, NOW + 1000, NOW), -EACCES);
	assert_int_equal(propose_nth(5000, DAVE, NOW + 1000, NOW), -EACCES);
	assert_int_equal(propose_nth(2001, CAROL, NOW + 1000, NOW), 0);
	assert_int_equal(folders(), EACH + 4);
}

/* Those whose time is over, or whose state is, are in nobody's way, however many there were. */
static void over_is_over(void **state)
{
	struct govern_state next;
	char name[160];
	unsigned int i;

	(void)state;
	fresh();
	for (i = 0; i < EACH; i++)
		assert_int_equal(propose_nth(i, ALICE, NOW + 10, NOW), 0);
	assert_int_equal(propose_nth(i, ALICE, NOW + 10, NOW), -ENOSPC);
	assert_int_equal(propose_nth(i, ALICE, NOW + 30, NOW + 11), 0);
	assert_int_equal(folders(), EACH + 2);
	/* As many as a folder may have, of those that a crash has cut off: they all go. */
	for (i = folders(); i < GOVERN_PROPOSALS; i++) {
		snprintf(name, sizeof(name), "proposals/%064x", i);
		assert_int_equal(mkdir(below(name), 0755), 0);
	}
	assert_int_equal(propose_nth(500, ALICE, NOW + 30, NOW + 12), 0);
	assert_int_equal(folders(), 3);
	/* The one that has passed is there, and can be applied; then the others are over. */
	assert_int_equal(govern_folder_apply(&folder, id, NOW + 13, &next, why), 0);
	govern_state_close(&next);
	for (i = folders(); i < GOVERN_PROPOSALS; i++) {
		snprintf(name, sizeof(name), "proposals/%064x", i);
		assert_int_equal(mkdir(below(name), 0755), 0);
	}
	assert_int_equal(propose_nth(501, ALICE, NOW + 30, NOW + 14), 0);
	assert_int_equal(folders(), 1);
	is_version(1);
}

/* One that was proposed before there was room for each. */
static void of_before(unsigned int i)
{
	char text[160], name[GOVERN_ID + 32];
	struct govern_state s;
	struct govern_proposal p;
	json_t *list;

	snprintf(text, sizeof(text),
		 "[{\"do\":\"recover\",\"group\":\"%016x\",\"reason\":\"y\"}]", i);
	list = json_loads(text, 0, NULL);
	assert_int_equal(govern_folder_read(&folder, &s, why), 0);
	assert_int_equal(govern_proposal_make(&p, &s, list, NOW + 1000, why), 0);
	snprintf(name, sizeof(name), "proposals/%s", p.id);
	assert_int_equal(mkdir(below(name), 0755), 0);
	snprintf(name, sizeof(name), "proposals/%s/proposal.json", p.id);
	assert_int_equal(file_write_atomic(below(name), p.bytes, p.len, 0644), 0);
	json_decref(list);
	govern_proposal_close(&p);
	govern_state_close(&s);
}

/* None that is open is taken away, however many there are, and whoever proposes. */
static void many_of_before(void **state)
{
	unsigned int i, n;

	(void)state;
	fresh();
	for (i = folders(); i < GOVERN_PROPOSALS; i++)
		of_before(i);
	for (n = GOVERN_PROPOSALS; n < GOVERN_PROPOSALS + 3; n++) {
		assert_int_equal(folders(), n);
		for (i = 0; i < 4; i++) {
			assert_int_equal(propose_nth(i, ALICE, NOW + 1000, NOW), -ENOSPC);
			assert_int_equal(propose_nth(i, PEOPLE, NOW + 1000, NOW), -ENOSPC);
		}
		assert_non_null(strstr(why, "may be no more"));
		assert_int_equal(folders(), n);
		of_before(n);
	}
	/* When their time is over there is room. */
	assert_int_equal(propose_nth(0, ALICE, NOW + 2000, NOW + 1001), 0);
	assert_in_range(folders(), 1, 2);
}

/* A proposal that the voters have turned down is over at once. */
static void rejected_is_over(void **state)
{
	struct govern_state s;
	struct govern_proposal p;
	unsigned int i;

	(void)state;
	fresh();
	begin(&s);
	/* One is there already. */
	for (i = 0; i < EACH - 1; i++)
		assert_int_equal(propose_nth(i, PEOPLE, NOW + 1000, NOW), 0);
	assert_int_equal(propose_nth(500, PEOPLE, NOW + 1000, NOW), -ENOSPC);
	assert_non_null(strstr(why, "that no member has signed"));
	propose(&p, &s, "[{'do':'recover','group':'0000000000000000','reason':'x'}]");
	assert_int_equal(govern_folder_vote(&folder, p.id, ballot(ALICE, p.id, false), NOW, why),
			 0);
	assert_int_equal(propose_nth(500, PEOPLE, NOW + 1000, NOW), -ENOSPC);
	assert_int_equal(govern_folder_vote(&folder, p.id, ballot(BOB, p.id, false), NOW, why), 0);
	assert_int_equal(propose_nth(500, PEOPLE, NOW + 1000, NOW), 0);
	govern_proposal_close(&p);
	govern_state_close(&s);
}

/* Who proposes has voted; a ballot of another proposal, or a "no", proposes nothing. */
static void signed_proposal(void **state)
{
	struct govern_state s;
	struct govern_proposal p;
	char is[16], other[GOVERN_ID];

	(void)state;
	fresh();
	memcpy(other, id, sizeof(other));
	begin(&s);
	propose(&p, &s, "[{'do':'recover','group':'0000000000000007','reason':'x'}]");
	assert_int_equal(govern_folder_propose(&folder, &p, ballot(ALICE, other, true), NOW, why),
			 -EBADMSG);
	assert_int_equal(govern_folder_propose(&folder, &p, ballot(ALICE, p.id, false), NOW, why),
			 -EINVAL);
	assert_int_equal(told, 4);
	assert_int_equal(govern_folder_propose(&folder, &p, ballot(ALICE, p.id, true), NOW, why),
			 0);
	assert_int_equal(told, 6);
	assert_int_equal(govern_folder_look(&folder, &s, p.id, NOW, count_open, is, why), 0);
	assert_string_equal(is, "open 1");
	assert_int_equal(govern_folder_vote(&folder, p.id, ballot(ALICE, p.id, true), NOW, why),
			 -EEXIST);
	govern_proposal_close(&p);
	govern_state_close(&s);
}

/* --- ends of the process --------------------------------------------------------------- */

static unsigned int stop_at, stop_now;

static int stop(enum disk_step what, const char *path, const void *data, size_t len,
		uint64_t offset)
{
	(void)what;
	(void)path;
	(void)data;
	(void)len;
	(void)offset;
	return stop_now++ >= stop_at ? -EIO : 0;
}

/*
 * Each step of an application fails, and all after it.  Afterwards it has been applied or has
 * not; it can be applied still, or is; and what the ledger was told last is what is there.
 */
static void stops_anywhere(void **state)
{
	struct govern_state s, next;
	bool done;
	int rc;

	(void)state;
	for (stop_at = 0;; stop_at++) {
		fresh();
		stop_now = 0;
		disk_hook = stop;
		rc = govern_folder_apply(&folder, id, NOW, &next, why);
		disk_hook = NULL;
		govern_state_close(&next);
		/* Whoever only reads sees one of the two. */
		assert_int_equal(govern_folder_read(&folder, &s, why), 0);
		assert_true(s.version <= 1);
		assert_true(!s.version || applied);
		govern_state_close(&s);
		assert_int_equal(govern_folder_load(&folder, &s, why), 0);
		done = s.version == 1;
		assert_true(done || rc);
		assert_true(!done || !strcmp(applied_hash, s.hash));
		/* What was told is what is: nothing is announced that is not done. */
		assert_true(done || !applied);
		assert_true(access(below("state.next"), F_OK));
		govern_state_close(&s);
		if (!done)
			assert_int_equal(govern_folder_apply(&folder, id, NOW, &next, why), 0);
		govern_state_close(&next);
		is_version(1);
		assert_int_equal(access(below("admission.json"), F_OK), 0);
		if (!rc && stop_now <= stop_at)
			break;
	}
	print_message("%u steps\n", stop_at);
	assert_true(stop_at > 12);
}

/* --- power that fails ------------------------------------------------------------------ */

/*
 * What the disk was told is recorded; then a disk is made for each step on which of what was not
 * yet durable all, nothing, or a part of each write is there.  Files and names are few, so that
 * the model is: a name points to bytes; a sync makes bytes durable, one of the folder names.
 */
#define STEPS	256u

static struct step {
	enum disk_step what;
	char path[160], to[160];
	char *data;
	size_t len;
	unsigned int applied;
} steps[STEPS];

static unsigned int step_count;

static int record(enum disk_step what, const char *path, const void *data, size_t len,
		  uint64_t offset)
{
	struct step *s = &steps[step_count++];

	(void)offset;
	assert_true(step_count < STEPS);
	*s = (struct step){ .what = what, .len = len, .applied = applied };
	snprintf(s->path, sizeof(s->path), "%s", path);
	if (what == DISK_RENAME)
		snprintf(s->to, sizeof(s->to), "%s", (const char *)data);
	if (what == DISK_WRITE) {
		s->data = malloc(len + 1);
		memcpy(s->data, data, len);
	}
	return 0;
}

static bool durable(unsigned int i, unsigned int end)
{
	const enum disk_step by = steps[i].what == DISK_WRITE ? DISK_SYNC : DISK_SYNC_DIR;
	const size_t folder_len = strrchr(steps[i].path, '/') - steps[i].path;
	unsigned int j;

	for (j = i; j < end; j++)
		if (steps[j].what == by &&
		    (by == DISK_SYNC ? !strcmp(steps[j].path, steps[i].path) :
				       strlen(steps[j].path) == folder_len &&
				       !memcmp(steps[j].path, steps[i].path, folder_len)))
			return true;
	return false;
}

static void put_file(const char *path, const char *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0)
		return;
	assert_int_equal(write(fd, data, len), len);
	close(fd);
}

enum mood { ALL, NOTHING, TORN, NAMES, MOODS };

/* Steps before @end again, on what fresh() makes.  NAMES: names are there, bytes are not. */
static void make_disk(unsigned int end, enum mood mood)
{
	unsigned int i;

	for (i = 0; i < end; i++) {
		const struct step *s = &steps[i];
		size_t len = s->len;

		if (mood != ALL && !durable(i, end)) {
			if (mood == NOTHING || (mood == NAMES && s->what == DISK_WRITE))
				continue;
			if (mood == TORN)
				len /= 2;
		}
		if (s->what == DISK_MKDIR)
			mkdir(s->path, 0755);
		else if (s->what == DISK_CREATE)
			put_file(s->path, "", 0);
		else if (s->what == DISK_WRITE)
			put_file(s->path, s->data, len);
		else if (s->what == DISK_RENAME)
			rename(s->path, s->to);
		else if (s->what == DISK_UNLINK)
			unlink(s->path);
	}
}

static void power_fails(void **state)
{
	struct govern_state s, next;
	unsigned int i, mood, disks = 0, before;

	(void)state;
	fresh();
	step_count = 0;
	disk_hook = record;
	assert_int_equal(govern_folder_apply(&folder, id, NOW, &next, why), 0);
	disk_hook = NULL;
	govern_state_close(&next);
	for (i = 0; i <= step_count; i++)
		for (mood = 0; mood < MOODS; mood++, disks++) {
			fresh();
			make_disk(i, mood);
			before = i < step_count ? steps[i].applied : 1;
			assert_int_equal(govern_folder_read(&folder, &s, why), 0);
			/* It has an effect only when the ledger has been told. */
			assert_true(!s.version || before);
			govern_state_close(&s);
			assert_int_equal(govern_folder_load(&folder, &s, why), 0);
			/* What the ledger was told will be. */
			assert_true(s.version || !before);
			if (!s.version)
				assert_int_equal(govern_folder_apply(&folder, id, NOW, &next, why),
						 0);
			govern_state_close(&s);
			govern_state_close(&next);
			is_version(1);
		}
	print_message("%u steps, %u disks\n", step_count, disks);
	assert_true(step_count > 12);
	for (i = 0; i < step_count; i++)
		free(steps[i].data);
}

/* --- a ledger that cannot be told ------------------------------------------------------ */

static void ledger_is_full(void **state)
{
	struct govern_state s, next;

	(void)state;
	fresh();
	ledger_rc = -ENOSPC;
	assert_int_equal(govern_folder_apply(&folder, id, NOW, &next, why), -ENOSPC);
	assert_non_null(strstr(why, "will be completed"));
	is_version(0);
	assert_int_equal(govern_folder_load(&folder, &s, why), -ENOSPC);
	govern_state_close(&s);
	ledger_rc = 0;
	assert_int_equal(govern_folder_load(&folder, &s, why), 0);
	assert_int_equal(s.version, 1);
	govern_state_close(&s);
	assert_int_equal(applied, 1);
}

/* --- whoever writes there without a quorum --------------------------------------------- */

/* @s with a member less, and no decision that says so. */
static void forge(const char *name)
{
	struct govern_state s;
	struct govern_proposal p;
	struct str votes[2];
	struct govern_state next;
	char *text, *at;

	begin(&s);
	propose(&p, &s, "[{'do':'remove_member','name':'dave'}]");
	votes[0] = ballot(ALICE, p.id, true);
	votes[1] = ballot(BOB, p.id, true);
	assert_int_equal(govern_step(&next, &s, &p, votes, 2, NOW, why), 0);
	text = strdup(next.bytes);
	/* Eve has no second voice, so she writes one over the other's name. */
	at = strstr(text, "\xe2\x80\x94 bob");
	memcpy(at, "\xe2\x80\x94 eve", 6);
	put_file(below(name), text, strlen(text));
	free(text);
	govern_proposal_close(&p);
	govern_state_close(&next);
	govern_state_close(&s);
}

static void forged_states(void **state)
{
	struct govern_state s;
	char first[200];

	(void)state;
	fresh();
	forge("state.next");
	assert_int_equal(govern_folder_load(&folder, &s, why), 0);
	assert_int_equal(s.version, 0);
	assert_true(access(below("state.next"), F_OK));
	assert_int_equal(applied, 0);
	govern_state_close(&s);
	/* Over the state itself: whoever looks at all steps finds it. */
	assert_int_equal(mkdir(below("history"), 0755), 0);
	snprintf(first, sizeof(first), "%s", below("history/000000.json"));
	assert_int_equal(rename(below("state.json"), first), 0);
	forge("state.json");
	assert_true(govern_folder_verify(&folder, NULL, NULL, why) < 0);
}

/* A file in the place of a ballot is looked at, and nobody counts it. */
static void foreign_ballots(void **state)
{
	struct govern_state next;
	char name[160];

	(void)state;
	fresh();
	snprintf(name, sizeof(name), "proposals/%s/%08x.ballot", id, person[BOB].verifier.id);
	put_file(below(name), "yes", 3);
	assert_int_equal(govern_folder_apply(&folder, id, NOW, &next, why), -EBADMSG);
	is_version(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(applies), cmocka_unit_test(refusals),
		cmocka_unit_test(standing), cmocka_unit_test(room_for_each),
		cmocka_unit_test(over_is_over), cmocka_unit_test(many_of_before),
		cmocka_unit_test(rejected_is_over),
		cmocka_unit_test(signed_proposal), cmocka_unit_test(stops_anywhere),
		cmocka_unit_test(power_fails), cmocka_unit_test(ledger_is_full),
		cmocka_unit_test(forged_states), cmocka_unit_test(foreign_ballots),
	};

	return cmocka_run_group_tests_name("govern_folder", tests, make_base, remove_base);
}
