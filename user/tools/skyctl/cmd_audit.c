// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The audit ledger, as somebody sees it who has only the log's public key: in a folder, or over
 * HTTP as C2SP tlog-tiles has it.  Nothing here asks skyd.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <curl/curl.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/progress.h"
#include "base/report.h"
#include "ledger/inspect.h"
#include "audit.h"

#define KEY_FILE_MAX	4096u

/* Exit statuses beside those of program.h, in the order of enum ledger_finding. */
static const int statuses[FINDINGS] = {
	[FINDING_FORK] = 10, [FINDING_REWIND] = 11, [FINDING_GAP] = 12, [FINDING_DAMAGE] = 13,
	[FINDING_UNSIGNED] = EXIT_PERMISSION, [FINDING_UNWITNESSED] = 14,
};

/* --- over HTTP ------------------------------------------------------------------------- */

struct body {
	char *data;
	size_t len, max;
};

static size_t on_body(char *data, size_t one, size_t count, void *arg)
{
	struct body *b = arg;
	char *more;

	if (count > b->max - b->len)
		return 0;
	more = realloc(b->data, b->len + count + 1);
	if (!more)
		return 0;
	b->data = more;
	memcpy(b->data + b->len, data, one * count);
	b->len += count;
	b->data[b->len] = 0;
	return count;
}

static int on_moved(void *arg, curl_off_t down_all, curl_off_t down, curl_off_t up_all,
		    curl_off_t up)
{
	(void)down_all;
	(void)up_all;
	return silence_is_over(&((struct audit *)arg)->silence, down + up);
}

static int web_fetch(void *ctx, const char *path, size_t max, char **data, size_t *len)
{
	struct audit *a = ctx;
	struct body body = { .max = max };
	CLEANUP_FREE char *url = NULL;
	size_t where = strlen(a->where);
	long status = 0;
	CURLcode rc;

	while (where && a->where[where - 1] == '/')
		where--;
	if (asprintf(&url, "%.*s/%s", (int)where, a->where, path) < 0)
		return -ENOMEM;
	*a->error = 0;
	if (curl_easy_setopt(a->curl, CURLOPT_URL, url) ||
	    curl_easy_setopt(a->curl, CURLOPT_WRITEDATA, &body))
		return -ENOTSUP;
	silence_begin(&a->silence, patience_ms(a->o, ASKED_LOG));
	rc = curl_easy_perform(a->curl);
	curl_easy_getinfo(a->curl, CURLINFO_RESPONSE_CODE, &status);
	if (!rc && status == 200) {
		*data = body.data ? body.data : calloc(1, 1);
		*len = body.len;
		return *data ? 0 : -ENOMEM;
	}
	free(body.data);
	if (rc == CURLE_WRITE_ERROR)
		return -EFBIG;
	if (rc && !silence_left_ms(&a->silence))
		return -ETIMEDOUT;
	if (!rc && (status == 404 || status == 410))
		return -ENOENT;
	note("%s: %s%ld", url, *a->error ? a->error : "status ", status);
	return rc ? -EHOSTUNREACH : status == 403 || status == 401 ? -EACCES : -EREMOTEIO;
}

static int open_web(struct audit *a)
{
	const long patience = patience_ms(a->o, ASKED_LOG);
	CURL *c;

	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		return fail(ENOMEM, "libcurl cannot be used");
	c = curl_easy_init();
	a->curl = c;
	if (!c || curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https") ||
	    curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "") ||
	    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) ||
	    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS,
			     patience < CONNECT_MS ? patience : CONNECT_MS) ||
	    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_moved) ||
	    curl_easy_setopt(c, CURLOPT_XFERINFODATA, a) ||
	    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L) ||
	    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, a->error) ||
	    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body) ||
	    (a->o->ca_file && curl_easy_setopt(c, CURLOPT_CAINFO, a->o->ca_file)))
		return fail(ENOTSUP, "libcurl cannot do what is needed");
	return 0;
}

/* --- beginning and end ----------------------------------------------------------------- */

/* A verifier key, or a file that has one. */
int audit_read_key(const char *text, struct note_verifier *log)
{
	CLEANUP_FREE char *data = NULL;
	struct str key = str_of(text);
	size_t len;
	int rc;

	if (!text) {
		fail(0, "whose signature is believed?");
		hint("give --key, a verifier key or a file of one, such as skyd writes beside its audit_key");
		return -EINVAL;
	}
	if (!note_verifier_parse(key, log))
		return 0;
	rc = file_read(text, KEY_FILE_MAX, &data, &len);
	if (rc)
		return fail(-rc, "%s is no verifier key, and as a file cannot be read", text);
	key = str_trim((struct str){ data, len });
	while (key.len && key.at[key.len - 1] == '\n')
		key.len--;
	return note_verifier_parse(key, log) ? fail(EINVAL, "%s has no verifier key", text) : 0;
}

static bool is_url(const char *where)
{
	return !strncmp(where, "http://", 7) || !strncmp(where, "https://", 8);
}

static int audit_open(struct audit *a, const struct options *o, const char *where)
{
	int rc;

	*a = (struct audit){ .o = o, .where = where };
	rc = audit_read_key(o->key, &a->log);
	if (!rc && is_url(where))
		rc = open_web(a);
	if (a->curl)
		inspect_init(&a->in, &a->log, web_fetch, a);
	else
		inspect_init(&a->in, &a->log, inspect_folder_fetch, (void *)where);
	return rc || !o->witnesses ? rc : audit_witnesses_open(a);
}

static void audit_close(struct audit *a)
{
	curl_easy_cleanup(a->curl);
	audit_witnesses_close(a);
}

#define CLEANUP_AUDIT	CLEANUP(audit_close) struct audit

static void note_free(struct inspect_note *n)
{
	free(n->bytes);
}

#define CLEANUP_NOTE	CLEANUP(note_free) struct inspect_note

/* A finding, or an error, as the exit status or -errno. */
static int tell(const struct audit *a, int rc)
{
	if (!rc)
		return 0;
	if (rc == -ETIMEDOUT && a->curl)
		return patience_fail(a->where, patience_ms(a->o, ASKED_LOG));
	if (rc < 0)
		return *a->in.why ? fail(-rc, "%s: %s", a->where, a->in.why) :
				    fail(-rc, "%s: %s", a->where, strerror(-rc));
	if (a->o->json) {
		json_t *out = json_pack("{s:s, s:s, s:s}", "result", finding_name(rc), "log",
					a->log.name, "why", a->in.why);

		json_dumpf(out, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(out);
	}
	fail(0, "%s: %s: %s", a->where, finding_name(rc), a->in.why);
	return statuses[rc];
}

static void print_root(const struct merkle_hash *root, char to[48])
{
	struct out o = OUT(to, 47);

	out_base64(&o, root->byte, MERKLE_BYTES);
	to[o.len] = 0;
}

static void tell_sound(const struct audit *a, const struct checkpoint *c, const char *what)
{
	char root[48];
	json_t *out;

	print_root(&c->root, root);
	if (!a->o->json) {
		printf("%s: %s: %" PRIu64 " entries, root %s\n", a->log.name, what, c->size, root);
		return;
	}
	out = json_pack("{s:s, s:s, s:I, s:s}", "result", "sound", "log", a->log.name, "size",
			(json_int_t)c->size, "root", root);
	json_dumpf(out, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(out);
}

/* A checkpoint that was kept.  Return: 0, also when @must is false and there is none. */
static int read_kept(struct audit *a, const char *path, bool must, struct inspect_note *to)
{
	char *data;
	size_t len;
	int rc = file_read(path, NOTE_MAX, &data, &len);

	*to = (struct inspect_note){ 0 };
	if (rc)
		return rc == -ENOENT && !must ? 0 :
		       fail(-rc, "cannot read %s: %s", path, strerror(-rc));
	return tell(a, inspect_take(&a->in, data, len, to));
}

/* --- verify ---------------------------------------------------------------------------- */

static void on_progress(void *ctx, uint64_t done)
{
	progress_update(&((struct audit *)ctx)->progress, done);
}

static int verify_ledger(struct audit *a)
{
	const struct inspect_visitor v = { .progress = on_progress, .ctx = a };
	CLEANUP_NOTE now = { 0 };
	CLEANUP_NOTE before = { 0 };
	int rc = a->o->checkpoint ? read_kept(a, a->o->checkpoint, true, &before) : 0;

	if (rc)
		return rc;
	rc = inspect_checkpoint(&a->in, &now);
	rc = rc ? rc : audit_witnessed(a, &now.c);
	if (!rc) {
		progress_start(&a->progress, "verifying", now.c.size);
		rc = inspect_whole(&a->in, &now.c, before.bytes ? &before.c : NULL, &v);
		progress_end(&a->progress);
	}
	if (rc)
		return tell(a, rc);
	tell_sound(a, &now.c, before.bytes ? "sound, and goes on from the older checkpoint" :
					     "sound");
	return 0;
}

int audit_entries(const struct options *o, const char *where,
		  int (*entry)(void *ctx, uint64_t index, struct str bytes), void *ctx)
{
	const struct inspect_visitor v = { .entry = entry, .ctx = ctx };
	CLEANUP_NOTE now = { 0 };
	CLEANUP_AUDIT a;
	int rc = audit_open(&a, o, where);

	if (rc)
		return rc;
	rc = inspect_checkpoint(&a.in, &now);
	if (!rc)
		rc = inspect_whole(&a.in, &now.c, NULL, &v);
	return tell(&a, rc);
}

/* What RECEIPT says, shown only when it holds. */
static int verify_receipt(struct audit *a)
{
	CLEANUP_FREE char *data = NULL;
	CLEANUP_FREE char *entry = NULL;
	struct checkpoint said;
	struct receipt r;
	size_t len;
	int rc = file_read(a->where, RECEIPT_MAX, &data, &len), n;

	if (rc)
		return fail(-rc, "cannot read %s: %s", a->where, strerror(-rc));
	if (receipt_parse((struct str){ data, len }, &r)) {
		snprintf(a->in.why, sizeof(a->in.why), "it is neither a folder nor a receipt");
		return tell(a, FINDING_DAMAGE);
	}
	if (!r.extra.at) {
		fail(0, "%s does not have the entry in it", a->where);
		return -EINVAL;
	}
	entry = malloc(r.extra.len);
	if (!entry)
		return fail(ENOMEM, "no memory");
	n = base64_decode(r.extra, entry, r.extra.len);
	rc = receipt_verify(&r, (struct str){ entry, n }, &a->log, &said);
	snprintf(a->in.why, sizeof(a->in.why), "%s", rc == -ERANGE ?
		 "the entry is not in the tree that is signed" :
		 "its checkpoint is not signed by the log's key");
	if (rc)
		return tell(a, rc == -ERANGE ? FINDING_DAMAGE : FINDING_UNSIGNED);
	rc = audit_quorum(a, r.checkpoint);
	if (rc)
		return tell(a, rc);
	if (!a->o->json)
		printf("%s: entry %" PRIu64 " is in the log of %" PRIu64 " entries:\n", a->log.name,
		       r.index, said.size);
	printf("%.*s\n", n, entry);
	return 0;
}

int cmd_audit_verify(const struct options *o, int argc, char **argv)
{
	CLEANUP_AUDIT a;
	struct stat st;
	int rc = audit_open(&a, o, argv[0]);

	(void)argc;
	if (rc)
		return rc;
	return !a.curl && !stat(argv[0], &st) && S_ISREG(st.st_mode) ? verify_receipt(&a) :
								       verify_ledger(&a);
}

/* --- prove ----------------------------------------------------------------------------- */

int cmd_audit_prove(const struct options *o, int argc, char **argv)
{
	CLEANUP_FREE char *buf = malloc(RECEIPT_MAX);
	struct out text = OUT(buf, RECEIPT_MAX);
	CLEANUP_NOTE now = { 0 };
	CLEANUP_AUDIT a;
	uint64_t index;
	int rc = audit_open(&a, o, argv[0]);

	(void)argc;
	if (rc)
		return rc;
	if (!buf)
		return fail(ENOMEM, "no memory");
	if (!str_number(str_of(argv[1]), ENTRY_NUMBER_MAX, &index))
		return fail(EINVAL, "\"%s\" is not the number of an entry", argv[1]);
	rc = a.policy ? audit_read_witnessed(&a, &now) : inspect_checkpoint(&a.in, &now);
	if (!rc)
		rc = inspect_receipt(&a.in, &now, index, &text);
	if (rc)
		return tell(&a, rc);
	if (!o->output) {
		fwrite(buf, 1, text.len, stdout);
		return 0;
	}
	rc = file_write_atomic(o->output, buf, text.len, 0644);
	return rc ? fail(-rc, "cannot write %s: %s", o->output, strerror(-rc)) : 0;
}

/* --- watch ----------------------------------------------------------------------------- */

static int show_entry(void *ctx, uint64_t index, struct str bytes)
{
	struct audit *a = ctx;
	char shown[5][S3_SHOWN_MAX];
	struct ledger_entry e;

	if (a->o->json) {
		printf("%.*s\n", STR_ARG(bytes));
		return 0;
	}
	if (entry_parse(bytes, &e))
		return -EBADMSG;
	printf("%" PRIu64 " %s %s %s %s %s\n", index, s3_shown(e.time, shown[0]),
	       s3_shown(e.event.actor, shown[1]), s3_shown(e.event.action, shown[2]),
	       s3_shown(e.event.object, shown[3]), s3_shown(e.event.result, shown[4]));
	return 0;
}

/* One look.  @last: what was seen before, and afterwards what is seen now. */
static int look(struct audit *a, struct inspect_note *last)
{
	const struct inspect_visitor v = { .entry = show_entry, .ctx = a };
	struct inspect_note now;
	int rc = inspect_checkpoint(&a->in, &now);

	if (!rc && last->bytes)
		rc = inspect_new(&a->in, &last->c, &now.c, &v);
	rc = rc ? rc : audit_ask_witnesses(a, &now);
	if (rc) {
		note_free(&now);
		return rc;
	}
	note_free(last);
	*last = now;
	fflush(stdout);
	if (a->o->checkpoint) {
		rc = file_write_atomic(a->o->checkpoint, now.bytes, now.len, 0644);
		if (rc)
			snprintf(a->in.why, sizeof(a->in.why), "cannot write %s: %s",
				 a->o->checkpoint, strerror(-rc));
	}
	return rc;
}

/* A log that cannot be reached for a while is not one that lies. */
int cmd_audit_watch(const struct options *o, int argc, char **argv)
{
	CLEANUP_NOTE last = { 0 };
	CLEANUP_AUDIT a;
	int rc = audit_open(&a, o, argv[0]);

	(void)argc;
	if (!rc && o->checkpoint)
		rc = read_kept(&a, o->checkpoint, false, &last);
	if (rc)
		return rc;
	for (;;) {
		*a.in.why = 0;
		rc = look(&a, &last);
		if (rc > 0 || (rc && o->once))
			return tell(&a, rc);
		if (rc == -ETIMEDOUT && a.curl)
			tell(&a, rc);
		else if (rc)
			warn("%s: %s", a.where, *a.in.why ? a.in.why : strerror(-rc));
		if (o->once)
			return 0;
		nanosleep(&(struct timespec){ .tv_sec = o->interval }, NULL);
	}
}
