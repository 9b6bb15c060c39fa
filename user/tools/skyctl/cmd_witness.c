// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A witness (C2SP tlog-witness): it listens, and cosigns what goes on from what it has cosigned
 * before.  All is done on one fiber at a time, and what was cosigned is on the disk before the
 * answer is, so nobody can get two histories signed.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>

#include "../../skyd/parent.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/report.h"
#include "http/listen.h"
#include "io/loop.h"
#include "ledger/tlog_policy.h"
#include "ledger/witness.h"
#include "ledger/witness_ask.h"
#include "skyctl.h"

#define CONNECTIONS	256u
#define EACH		16u		/* of one address */

struct server {
	struct witness witness;
	struct witness_folder folder;
	struct note_verifier log[TLOG_LOGS];
	struct http_server http;
	struct http_listen listen;
};

static int known(void *ctx, const struct note_verifier *log, struct witness_state *s)
{
	return witness_folder_known(&((struct server *)ctx)->folder, log, s);
}

static int keep(void *ctx, const struct note_verifier *log, const struct witness_state *s)
{
	return witness_folder_keep(&((struct server *)ctx)->folder, log, s);
}

/* Both have been signed by the log's key: that is what people want to know of. */
static void refused(void *ctx, const struct note_verifier *log, enum witness_answer answer,
		    const struct checkpoint *said, const struct witness_state *state)
{
	(void)ctx;
	if (answer == WITNESS_INCONSISTENT)
		warn("%s: fork: its %" PRIu64 " entries do not go on from the %" PRIu64 " that were cosigned",
		     log->name, said->size, state->size);
	else if (said->size < state->size)
		warn("%s: rewind: %" PRIu64 " entries, after %" PRIu64 " that were cosigned", log->name,
		     said->size, state->size);
	else if (said->size == state->size &&
		 !merkle_equal(&said->root, &state->root))
		warn("%s: fork: two roots of %" PRIu64 " entries", log->name, said->size);
}

static int read_request(struct http_request *rq, char **data, size_t *len)
{
	char *buf = malloc(WITNESS_REQUEST_MAX + 1);
	ssize_t n = 1;

	*len = 0;
	while (buf && n > 0 && *len <= WITNESS_REQUEST_MAX) {
		n = http_request_read(rq, buf + *len, WITNESS_REQUEST_MAX + 1 - *len);
		*len += n > 0 ? n : 0;
	}
	if (!buf || n < 0) {
		free(buf);
		return buf ? n : -ENOMEM;
	}
	*data = buf;
	return 0;
}

static int reply(struct http_request *rq, unsigned int status, const char *type, const char *body)
{
	struct out *o = http_reply(rq, status);

	http_write_field(o, STR("Content-Type"), str_of(type));
	return http_reply_whole(rq, body, strlen(body));
}

static int handle(struct http_request *rq, void *arg)
{
	struct server *s = arg;
	CLEANUP_FREE char *request = NULL;
	char body[WITNESS_BODY_MAX];
	enum witness_answer answer;
	bool size;
	size_t len;
	int rc;

	if (!str_is(http_str(&rq->head, rq->head.target), WITNESS_PATH))
		return reply(rq, 404, "text/plain", "there is " WITNESS_PATH " alone\n");
	if (!str_is(http_method(rq), "POST"))
		return reply(rq, 405, "text/plain", "it takes a POST\n");
	rc = read_request(rq, &request, &len);
	if (rc)
		return rc;
	answer = witness_add_checkpoint(&s->witness, (struct str){ request, len }, time(NULL),
					body);
	size = answer == WITNESS_CONFLICT && *body;
	return reply(rq, answer, size ? "text/x.tlog.size" : "text/plain; charset=utf-8", body);
}

/* --- beginning ------------------------------------------------------------------------- */

static int make_key(const struct options *o, struct note_signer *s)
{
	char text[NOTE_KEY_TEXT_MAX + 1];
	uint8_t seed[ED25519_SEED_BYTES];
	struct utsname machine;
	const char *name = o->name;
	int rc = random_bytes(seed, sizeof(seed));

	if (!name)
		name = uname(&machine) ? "witness" : machine.nodename;
	rc = rc ? rc : note_signer_make(str_of(name), NOTE_COSIGNATURE, seed, s);
	if (!rc) {
		note_signer_print(s, text);
		strcat(text, "\n");
		rc = file_write_atomic(o->key, text, strlen(text), 0600);
		explicit_bzero(text, sizeof(text));
	}
	explicit_bzero(seed, sizeof(seed));
	return rc ? fail(-rc, "cannot make the key %s: %s", o->key, strerror(-rc)) : 0;
}

static int read_key(const struct options *o, struct note_signer *s)
{
	CLEANUP_FREE char *text = NULL;
	struct str rest, line;
	struct stat st;
	size_t len;
	int rc;

	if (!o->key || !o->log || !o->dir) {
		fail(0, "--key, --logs and --state are needed");
		return -EINVAL;
	}
	if (stat(o->key, &st))
		return errno == ENOENT ? make_key(o, s) :
		       fail(errno, "cannot read %s: %s", o->key, strerror(errno));
	if (st.st_mode & 077)
		return fail(EACCES, "%s may be read by others; chmod 0600", o->key);
	rc = file_read(o->key, NOTE_KEY_TEXT_MAX, &text, &len);
	if (rc)
		return fail(-rc, "cannot read %s: %s", o->key, strerror(-rc));
	rest = (struct str){ text, len };
	str_cut(&rest, '\n', &line);
	rc = note_signer_parse(line, s);
	explicit_bzero(text, len);
	return rc || s->verifier.type != NOTE_COSIGNATURE ?
	       fail(EINVAL, "%s has no signer key of a witness", o->key) : 0;
}

static int read_logs(const struct options *o, struct server *s)
{
	CLEANUP_FREE struct tlog_policy *p = calloc(1, sizeof(*p));
	CLEANUP_FREE char *text = NULL;
	char why[TLOG_WHY];
	size_t len;
	int rc = p ? file_read(o->log, TLOG_POLICY_MAX, &text, &len) : -ENOMEM;

	if (rc)
		return fail(-rc, "cannot read %s: %s", o->log, strerror(-rc));
	rc = tlog_policy_parse(p, (struct str){ text, len }, why);
	if (rc)
		return fail(EINVAL, "%s: %s", o->log, why);
	for (; s->witness.logs < p->logs; s->witness.logs++)
		s->log[s->witness.logs] = p->log[s->witness.logs].key;
	s->witness.log = s->log;
	return s->witness.logs ? 0 : fail(EINVAL, "%s: there are no logs in it", o->log);
}

/* Two that know of one state could sign two histories. */
static int lock_state(const char *dir)
{
	char path[PATH_MAX];
	int fd;

	if (mkdir(dir, 0700) && errno != EEXIST)
		return fail(errno, "cannot make %s: %s", dir, strerror(errno));
	if (snprintf(path, sizeof(path), "%s/lock", dir) >= (int)sizeof(path))
		return fail(ENAMETOOLONG, "cannot use %s", dir);
	/* Held until the process ends. */
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail(errno, "cannot open %s: %s", path, strerror(errno));
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return 0;
	close(fd);
	return fail(EBUSY, "%s is another witness's", dir);
}

static int serve(void *arg)
{
	return http_listen_run(arg);
}

static int listen_at(struct server *s, const char *address)
{
	struct io_loop *loop;
	int fd = listen_on(address, LISTEN_PATIENCE_MS), rc;

	if (fd < 0)
		return fail(-fd, "cannot listen at %s: %s", address, strerror(-fd));
	s->http = (struct http_server){ .limits = HTTP_LIMITS_USUAL, .handler = handle, .arg = s };
	s->listen = (struct http_listen){
		.server = &s->http, .door = { { .fd = fd } }, .doors = 1, .most = CONNECTIONS,
		.most_each = EACH,
	};
	http_listen_init(&s->listen);
	rc = io_loop_open(&loop, NULL);
	if (rc) {
		close(fd);
		return fail(-rc, "cannot serve");
	}
	rc = io_loop_run(loop, serve, &s->listen);
	io_loop_close(loop);
	close(fd);
	return rc ? fail(-rc, "cannot serve") : 0;
}

int cmd_audit_witness(const struct options *o, int argc, char **argv)
{
	CLEANUP_FREE struct server *s = calloc(1, sizeof(*s));
	char text[NOTE_KEY_TEXT_MAX];
	int rc = s ? read_key(o, &s->witness.signer) : fail(ENOMEM, "no memory");

	(void)argc;
	rc = rc ? rc : read_logs(o, s);
	rc = rc ? rc : lock_state(o->dir);
	if (rc)
		return rc;
	s->folder.path = o->dir;
	s->witness.known = known;
	s->witness.keep = keep;
	s->witness.refused = refused;
	s->witness.ctx = s;
	note_verifier_print(&s->witness.signer.verifier, text);
	puts(text);
	fflush(stdout);
	rc = listen_at(s, argv[0]);
	note_signer_wipe(&s->witness.signer);
	return rc;
}
