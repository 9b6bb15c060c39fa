// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>

#include "tlog_policy.h"

/* What a text has said so far. */
struct reading {
	struct tlog_policy *p;
	uint64_t witnesses, groups;	/* that are members of a group: of one at most */
	bool quorum;
	const char *why;
};

static int refuse(struct reading *r, const char *why)
{
	r->why = why;
	return -EINVAL;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

/* The next item of a line; none: nothing. */
static struct str item(struct str *line)
{
	struct str word;
	size_t n = 0;

	while (line->len && is_space(*line->at))
		*line = str_skip(*line, 1);
	while (n < line->len && !is_space(line->at[n]))
		n++;
	word = str_head(*line, n);
	*line = str_skip(*line, n);
	return word;
}

static bool find(const struct tlog_policy *p, struct str name, uint64_t *witness, uint64_t *group)
{
	unsigned int i;

	*witness = 0;
	*group = 0;
	for (i = 0; i < p->witnesses; i++)
		if (str_equal(p->witness[i].name, name))
			*witness = 1ull << i;
	for (i = 0; i < p->groups; i++)
		if (str_equal(p->group[i].name, name))
			*group = 1ull << i;
	return *witness || *group;
}

static int new_name(struct reading *r, struct str name)
{
	uint64_t witness, group;

	if (!name.len)
		return refuse(r, "a name is missing");
	if (str_is(name, "none"))
		return refuse(r, "nobody can be called \"none\"");
	return find(r->p, name, &witness, &group) ? refuse(r, "the name is there already") : 0;
}

static int at_end(struct reading *r, struct str line)
{
	return item(&line).len ? refuse(r, "there is something behind its end") : 0;
}

/* --- lines ----------------------------------------------------------------------------- */

static int read_log(struct reading *r, struct str line)
{
	struct tlog_policy *p = r->p;
	struct tlog_log *l = &p->log[p->logs];
	unsigned int i;

	if (p->logs == TLOG_LOGS)
		return refuse(r, "there are too many logs");
	if (note_verifier_parse(item(&line), &l->key) || l->key.type != NOTE_ED25519)
		return refuse(r, "there is no verifier key of a log");
	for (i = 0; i < p->logs; i++)
		if (!memcmp(p->log[i].key.public, l->key.public, sizeof(l->key.public)))
			return refuse(r, "the log is there already");
	l->url = item(&line);
	p->logs++;
	return at_end(r, line);
}

static int read_witness(struct reading *r, struct str line)
{
	struct tlog_policy *p = r->p;
	struct tlog_witness *w = &p->witness[p->witnesses];
	struct str name = item(&line);
	unsigned int i;
	int rc = new_name(r, name);

	if (rc)
		return rc;
	if (p->witnesses == TLOG_WITNESSES)
		return refuse(r, "there are too many witnesses");
	if (note_verifier_parse(item(&line), &w->key) || w->key.type != NOTE_COSIGNATURE)
		return refuse(r, "there is no verifier key of a witness");
	for (i = 0; i < p->witnesses; i++)
		if (!memcmp(p->witness[i].key.public, w->key.public, sizeof(w->key.public)))
			return refuse(r, "the witness is there already");
	w->name = name;
	w->url = item(&line);
	p->witnesses++;
	return at_end(r, line);
}

/* Each name in one group at most, so that nobody counts twice. */
static int read_members(struct reading *r, struct str line, struct tlog_group *g,
			unsigned int *count)
{
	uint64_t witness, group;
	struct str name;

	for (*count = 0; (name = item(&line)).len; (*count)++) {
		if (!find(r->p, name, &witness, &group))
			return refuse(r, "a member is not defined on a line before");
		if (witness & r->witnesses || group & r->groups)
			return refuse(r, "a member is one of a group already");
		r->witnesses |= witness;
		r->groups |= group;
		g->witnesses |= witness;
		g->groups |= group;
	}
	return *count ? 0 : refuse(r, "it has no members");
}

static int read_group(struct reading *r, struct str line)
{
	struct tlog_policy *p = r->p;
	struct tlog_group g = { .name = item(&line) };
	const struct str threshold = item(&line);
	unsigned int count;
	uint64_t k = 1;
	int rc = new_name(r, g.name);

	if (rc)
		return rc;
	if (p->groups == TLOG_GROUPS)
		return refuse(r, "there are too many groups");
	rc = read_members(r, line, &g, &count);
	if (rc)
		return rc;
	if (str_is(threshold, "all"))
		k = count;
	else if (!str_is(threshold, "any") &&
		 (!str_number(threshold, count, &k) || !k || *threshold.at == '0'))
		return refuse(r, "it needs \"any\", \"all\" or a number of its members");
	g.threshold = k;
	p->group[p->groups++] = g;
	return 0;
}

static int read_quorum(struct reading *r, struct str line)
{
	struct tlog_group *q = &r->p->quorum;
	const struct str name = item(&line);

	if (r->quorum)
		return refuse(r, "there is a quorum already");
	r->quorum = true;
	if (str_is(name, "none"))
		r->p->none = true;
	else if (!find(r->p, name, &q->witnesses, &q->groups))
		return refuse(r, "the quorum is not defined on a line before");
	q->threshold = 1;
	return at_end(r, line);
}

static const struct {
	const char *word;
	int (*read)(struct reading *r, struct str line);
} lines[] = {
	{ "log", read_log }, { "witness", read_witness }, { "group", read_group },
	{ "quorum", read_quorum },
};

static int read_line(struct reading *r, struct str line)
{
	struct str word;
	size_t i;

	for (i = 0; i < line.len; i++)
		if (((unsigned char)line.at[i] < ' ' && line.at[i] != '\t') || line.at[i] == 0x7f)
			return refuse(r, "it has a control character");
	word = item(&line);
	if (!word.len || *word.at == '#')
		return 0;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (str_is(word, lines[i].word))
			return lines[i].read(r, line);
	return refuse(r, "it begins with none of log, witness, group and quorum");
}

int tlog_policy_parse(struct tlog_policy *p, struct str text, char why[TLOG_WHY])
{
	struct reading r = { .p = p };
	unsigned int number = 0;
	struct str line;
	int rc = 0;

	if (text.len > TLOG_POLICY_MAX)
		rc = refuse(&r, "the text is too long");
	while (!rc && text.len) {
		number++;
		str_cut(&text, '\n', &line);
		rc = text.at ? read_line(&r, line) : refuse(&r, "it does not end");
	}
	if (!rc && !r.quorum)
		rc = refuse(&r, "there is no quorum");
	if (rc)
		snprintf(why, TLOG_WHY, "line %u: %s", number, r.why);
	return rc;
}

/* --- what it says ---------------------------------------------------------------------- */

static bool met(const struct tlog_group *g, uint64_t witnesses, uint64_t groups)
{
	return (unsigned int)(__builtin_popcountll(g->witnesses & witnesses) +
			      __builtin_popcountll(g->groups & groups)) >= g->threshold;
}

bool tlog_policy_met(const struct tlog_policy *p, uint64_t witnesses)
{
	uint64_t groups = 0;
	unsigned int i;

	/* Members of a group stand before it. */
	for (i = 0; i < p->groups; i++)
		if (met(&p->group[i], witnesses, groups))
			groups |= 1ull << i;
	return p->none || met(&p->quorum, witnesses, groups);
}

int tlog_policy_cosigners(const struct tlog_policy *p, const struct note *n, uint64_t *set)
{
	unsigned int i;
	int rc;

	*set = 0;
	for (i = 0; i < p->witnesses; i++) {
		rc = note_verify(n, &p->witness[i].key, NULL);
		if (!rc)
			*set |= 1ull << i;
		else if (rc != -ENOENT)
			return rc;
	}
	return 0;
}
