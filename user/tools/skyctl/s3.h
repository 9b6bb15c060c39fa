/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * skyctl's S3 side: what its parts share.
 *
 * A site says whom to ask and in whose name.  A web is one connection to it, of one thread; it
 * asks, and what it is answered is a reply.  What a server answers is a stranger's: names are
 * shown by s3_show() only, and become those of files by s3_name_fault() and tree.h only.
 */
#ifndef SKYCTL_S3_H
#define SKYCTL_S3_H

#include <stdatomic.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "crypto/crc.h"
#include "crypto/hash.h"
#include "s3/checksum.h"
#include "s3/names.h"
#include "s3/sig.h"
#include "skyctl.h"

#define S3_SCHEME		"s3://"
#define S3_PARTS_OF_OBJECT	10000u
#define S3_PART_LEAST		(5ull << 20)	/* bytes; the last one may have less */
#define S3_PART_MOST		(5ull << 30)
#define S3_COPY_MOST		(5ull << 30)	/* bytes that one request copies */
#define S3_HEADERS_MAX		32u
#define S3_ANSWER_MAX		(16u << 20)	/* bytes of a document */
#define S3_SHOWN_MAX		(4 * S3_KEY_MAX + 128)
#define S3_ETAG_TEXT		136u
#define S3_UPLOAD_MAX		1024u		/* an upload's id */
#define S3_JOBS_MAX		64u

/* Set by SIGINT and SIGTERM: no request is begun any more, and those under way end. */
extern _Atomic int s3_interrupted;

/* --- s3_text.c: pure */

/* Memory that grows; free(o.at) lets go of it. */
int s3_grow(struct out *o, size_t need);
#define OUT_GROWING	((struct out){ .room = s3_grow })

/**
 * s3_url_parse - "s3://bucket/key"
 * @key:	receives what follows the slash; at is NULL when there is none
 *
 * Return: false when it is no such URL, or the bucket's name cannot be one.
 */
bool s3_url_parse(const char *text, struct str *bucket, struct str *key);
bool s3_is_url(const char *text);

/**
 * s3_show - a stranger's name, for a terminal
 *
 * Control characters, what reorders text, and what is not UTF-8 become "\xNN", a backslash two.
 */
void s3_show(struct out *o, struct str name);

/* The same into @to; what does not fit is cut.  Return: @to. */
const char *s3_shown(struct str name, char to[S3_SHOWN_MAX]);

/* As "s3://bucket/key"; @key.at may be NULL. */
const char *s3_shown_url(struct str bucket, struct str key, char to[S3_SHOWN_MAX]);

/**
 * s3_name_fault - why a key may not become the name of a file below a folder
 *
 * Return: NULL when it may, or a few words.
 */
const char *s3_name_fault(struct str name);

/* Can XML 1.0 say it? */
bool s3_xml_can_say(struct str key);

/* Of options --exclude and --include, in their order: the last one that fits decides. */
struct s3_filter {
	bool include;
	const char *pattern;	/* "*" and "?" take any byte, "/" too */
};

bool s3_filter_passes(const struct s3_filter *f, unsigned int count, struct str name);

/* "bytes=0-9" of parts: how long those of an object of @size bytes are. */
uint64_t s3_part_size(uint64_t size, uint64_t wish);

/* --- s3_site.c */
struct s3_site {
	char *origin;		/* "https://host:port" */
	char *host;		/* as Host says it */
	char *base;		/* path before the bucket's: "" or "/s3" */
	char *region;
	char *access_key;	/* NULL: requests are not signed */
	char *secret;
	char *token;		/* or NULL */
	char *ca_file;		/* or NULL: the system's */
	bool tls;
	uint64_t patience_ms;	/* with one that says nothing */
};

/* A value of a file as aws-cli has them.  Return: whether there is one. */
bool s3_ini_find(struct str text, struct str section, struct str name, struct str *value);

/* What config-hint exports as @name, without its quotes. */
bool s3_hint_find(struct str text, struct str name, struct str *value);

/* "http[s]://host[:port][/path]" into @site.  Return: 0 or -EINVAL, reported. */
int s3_endpoint_parse(const char *url, struct s3_site *site);

/* From options, environment and files.  Return: 0 or -errno, reported. */
int s3_site_open(struct s3_site *site, const struct options *o);
void s3_site_close(struct s3_site *site);

/* --- s3_web.c */
struct web_ask {
	const char *method;
	struct str bucket, key;			/* at is NULL: none */
	struct str query;			/* encoded */
	struct sig_header header[S3_HEADERS_MAX];
	unsigned int headers;
	const void *body;
	size_t body_len;
	int (*sink)(void *arg, const void *data, size_t len);	/* of a 2xx; NULL: kept */
	int (*again)(void *arg);		/* @sink will get all of it once more */
	void *arg;
	_Atomic uint64_t *moved;		/* bytes of bodies, for a bar; or NULL */
	bool once;	/* not to be asked again when it may have been done already */
	bool last;	/* tidies up: an interruption does not stop it */
};

struct web_reply {
	unsigned int status;		/* 0: there was no answer */
	bool repeated;			/* it was asked more than once */
	struct out head;		/* lines of the last one */
	struct out body;
	char code[64], message[512];	/* of an error */
};

#define WEB_REPLY_NONE	((struct web_reply){ .head = OUT_GROWING, .body = OUT_GROWING })
#define CLEANUP_REPLY	CLEANUP(web_reply_free)

struct web;

int web_open(struct web **w, const struct s3_site *site);
void web_close(struct web *w);
const struct s3_site *web_site(const struct web *w);
void web_reply_free(struct web_reply *r);
void web_header(struct web_ask *a, struct str name, struct str value);
static inline struct str web_text(const struct web_reply *r)
{
	return out_written(&r->body);
}

/* Return: whether the reply has a field of that name. */
bool web_field(const struct web_reply *r, struct str name, struct str *value);

/**
 * web_do - ask, and again where that helps
 * @r:		WEB_REPLY_NONE, or used before
 *
 * Return: 0 for a 2xx; -errno for what code or status say, -EINTR when interrupted, what the
 * sink returned, or that of a connection.  Nothing is reported.
 */
int web_do(struct web *w, const struct web_ask *a, struct web_reply *r);

/* Report what web_do() returned, and what to do about it.  Return: @rc. */
int web_fail(const struct web *w, const struct web_ask *a, const struct web_reply *r, int rc);

/* web_do(), and its error reported. */
int web_must(struct web *w, const struct web_ask *a, struct web_reply *r);

/* -errno of an answer. */
int web_error_of(unsigned int status, const char *code);

/* --- s3_read.c: documents of answers, all of it decoded */
enum s3_item_kind { ITEM_OBJECT, ITEM_PREFIX, ITEM_VERSION, ITEM_MARKER, ITEM_UPLOAD, ITEM_BUCKET };

struct s3_item {
	enum s3_item_kind kind;
	struct str key;			/* or the bucket's name */
	char version[S3_UPLOAD_MAX];	/* or the upload's id */
	char etag[S3_ETAG_TEXT];	/* without quotes */
	uint64_t size;
	int64_t modified;		/* milliseconds since 1970 */
	bool latest;
};

struct s3_page {
	struct s3_item *item;
	size_t count, room;
	bool truncated;
	char *next;			/* token or key marker; C string */
	char *next_version;		/* or NULL */
	bool encoded;			/* keys came in percent-coding */
	bool next_is_key;		/* @next is one; else a token */
};

/* Any list.  Return: 0, -EBADMSG when it is none, -ENOMEM.  Free it in both cases. */
int s3_read_page(struct str document, struct s3_page *page);
void s3_page_free(struct s3_page *page);

/* The text of one element, by its path.  Return: whether there is one that fits. */
bool s3_read_value(struct str document, const char *path, char *to, size_t size);

/* What DeleteObjects could not delete.  Return: 0, -EBADMSG. */
typedef void s3_undeleted_fn(void *arg, struct str key, struct str code, struct str message);
int s3_read_undeleted(struct str document, s3_undeleted_fn *each, void *arg);

/* --- s3_list.c */
struct s3_listing {
	enum s3_item_kind kind;		/* _OBJECT, _VERSION, _UPLOAD or _BUCKET */
	struct str bucket, prefix, delimiter;
};

/**
 * s3_list - all there is, page by page
 * @each:	its item lasts as long as the call; an error ends the list
 *
 * Return: 0, or -errno, reported.
 */
typedef int s3_item_fn(void *arg, const struct s3_item *item);
int s3_list(struct web *w, const struct s3_listing *l, s3_item_fn *each, void *arg);

/* --- s3_crew.c */
struct crew {
	const struct s3_site *site;
	unsigned int jobs;		/* threads */
	const char *what;		/* of the bar; NULL: none */
	uint64_t total;			/* bytes */
	bool go_on;			/* after an error, with what is left */
	_Atomic uint64_t moved;
};

/* Would the next piece meet the same error? */
bool crew_is_hopeless(int rc);

/**
 * crew_run - do pieces of work side by side
 * @count:	pieces, which are begun in their order
 * @work:	returns 0, 1 when no further piece is to be begun, or -errno, reported
 *
 * Return: 0, or the first error.
 */
typedef int crew_fn(void *arg, struct web *w, size_t i);
int crew_run(struct crew *c, size_t count, crew_fn *work, void *arg);

/* --- s3_put.c, s3_get.c, s3_copy.c: one object.  All report what fails. */
struct s3_name {
	struct str bucket, key;
	const char *version;		/* NULL: the newest */
};

struct s3_moving {
	struct crew crew;		/* its bar shows this object, if it has one */
	uint64_t threshold, part;	/* bytes */
	const char *content_type;	/* or NULL */
};

/* A file whole, or anything else from where it stands to its end; @from: its name, shown. */
int s3_put(struct s3_moving *m, struct web *w, int fd, const char *from,
	   const struct s3_name *to);

/* What there is to know of an object before it is read. */
struct s3_stat {
	uint64_t size;
	int64_t modified;		/* seconds since 1970 */
	char etag[S3_ETAG_TEXT];	/* with quotes, as If-Match wants it */
	struct s3_checksum_value sum;	/* of the whole object, or none */
	bool sealed;			/* its ETag is no MD5, whatever it looks like */
};

/* From the head of an answer.  Return: 0 or -EBADMSG, not reported. */
int s3_stat_read(const struct web_reply *r, struct s3_stat *st);
int s3_stat(struct web *w, const struct s3_name *of, struct s3_stat *st, struct web_reply *r);

/* What a server says of an object's bytes, and whether they are that. */
struct s3_checker {
	enum { CHECK_NOTHING, CHECK_CRC, CHECK_HASH } way;
	enum crc_kind kind;
	uint64_t crc;
	struct hash hash;
	size_t len;
	uint8_t expected[HASH_MAX_BYTES];
};

int checker_begin(struct s3_checker *c, const struct s3_stat *st);
int checker_add(struct s3_checker *c, const void *data, size_t len);
/* Return: 0 or -EBADMSG, reported. */
int checker_end(struct s3_checker *c, const struct s3_name *of);

/*
 * Into a file of which nothing is there yet, or onto a descriptor in order.  @expected: its
 * size as a list has it, or NULL; @st: receives what was read.
 */
int s3_get_file(struct s3_moving *m, struct web *w, const struct s3_name *from, int fd,
		const uint64_t *expected, struct s3_stat *st);
int s3_get_stream(struct s3_moving *m, struct web *w, const struct s3_name *from, int fd);

/* By the server. */
int s3_copy(struct s3_moving *m, struct web *w, const struct s3_name *from,
	    const struct s3_name *to);

/* A multipart upload, begun and ended. */
struct s3_upload {
	const struct s3_name *to;
	char id[S3_UPLOAD_MAX];
	struct upload_part {
		char etag[S3_ETAG_TEXT];
		uint64_t crc, len;
	} *part;			/* S3_PARTS_OF_OBJECT of them */
	unsigned int parts;
	uint64_t size;
	bool summed;			/* the sums of parts are known, and make the object's */
};

/* @like: the head of an object whose description it gets, or NULL; @summed: see above. */
int upload_begin(struct s3_upload *u, struct web *w, const struct s3_moving *m,
		 const struct s3_name *to, bool summed, const struct web_reply *like);
int upload_end(struct s3_upload *u, struct web *w);
/* What was sent is given up: nothing of it is kept. */
void upload_abort(struct s3_upload *u, struct web *w);
/* "partNumber=...&uploadId=..." */
void upload_query(struct out *o, const struct s3_upload *u, unsigned int number);

/* "BASE64" of a sum of ours. */
#define S3_SUM_KIND	S3_CRC64NVME
#define S3_SUM_TEXT	16u
void s3_sum_write(uint64_t crc, char to[S3_SUM_TEXT]);

/* --- s3_tree.c: folders of ours.  Symbolic links in them are never followed. */

/* Open the folder that @name lies in, below @root; made when @make.  -1: reported. */
int tree_parent(int root, const char *name, bool make, const char **last);

/* A file beside its name, which it gets when it is whole. */
struct tree_file {
	int dir, fd;
	char temporary[40];
	const char *last;
};

int tree_create(struct tree_file *f, int root, const char *name);
/* @mtime: seconds since 1970, -1: now */
int tree_commit(struct tree_file *f, int64_t mtime);
void tree_drop(struct tree_file *f);

/* A regular file below @root, and nothing else.  Return: a descriptor or -1, reported. */
int tree_open(int root, const char *name);
int tree_unlink(int root, const char *name);

/* --- s3_plan.c: two sides of a copy of many, and what is to be done */
struct plan_entry {
	struct str name;		/* below the folder or the prefix */
	uint64_t size;
	int64_t modified;		/* seconds */
	char etag[S3_ETAG_TEXT];	/* of objects; without quotes */
};

struct plan_side {
	struct plan_entry *entry;
	size_t count, room;
	size_t skipped;			/* what cannot be taken along, which was told */
};

struct plan_rules {
	const struct s3_filter *filter;
	unsigned int filters;
};

int plan_add(struct plan_side *s, const struct plan_rules *r, const struct plan_entry *e);
int plan_remote(struct plan_side *s, const struct plan_rules *r, struct web *w,
		struct str bucket, struct str prefix, bool to_files);
int plan_local(struct plan_side *s, const struct plan_rules *r, int root);
void plan_free(struct plan_side *s);

/* By name; what two entries share is a fault of who lists. */
void plan_sort(struct plan_side *s);

enum plan_verdict { PLAN_SAME, PLAN_DIFFERENT, PLAN_LOOK };	/* _LOOK: the ETag decides */
enum plan_way { WAY_UP, WAY_DOWN, WAY_ACROSS };
enum plan_verdict plan_compare(enum plan_way way, const struct plan_entry *from,
			       const struct plan_entry *to);

/* Is an ETag the MD5 of what @fd has? */
bool plan_etag_is(int fd, const char *etag);

/* --- s3_rows.c: what was done, told to people or as a JSON array */
struct rows {
	bool json;
	size_t count;
};

void rows_begin(struct rows *r, const struct options *o);
void rows_end(struct rows *r);
/* Takes @row; safe among threads. */
void rows_json(struct rows *r, json_t *row);
/*
 * "upload", "download", "copy" or "delete".  Names are as s3_show() writes them, and so they are
 * told to people; @version and @to may be NULL.
 */
void rows_did(struct rows *r, const char *verb, const char *from, const char *version,
	      const char *to, uint64_t size, bool only_said);
/* A key; one that is no UTF-8 is percent-coded, and so said. */
void rows_key(json_t *row, const char *name, struct str key);
void rows_date(json_t *row, const char *name, int64_t milliseconds);

/* --- commands */
int cmd_bucket_create(const struct options *o, int argc, char **argv);
int cmd_bucket_ls(const struct options *o, int argc, char **argv);
int cmd_bucket_rm(const struct options *o, int argc, char **argv);
int cmd_bucket_info(const struct options *o, int argc, char **argv);
int cmd_bucket_versioning(const struct options *o, int argc, char **argv);
int cmd_bucket_lifecycle(const struct options *o, int argc, char **argv);
int cmd_bucket_cors(const struct options *o, int argc, char **argv);
int cmd_bucket_policy(const struct options *o, int argc, char **argv);
int cmd_object_cat(const struct options *o, int argc, char **argv);
int cmd_object_cp(const struct options *o, int argc, char **argv);
int cmd_object_ls(const struct options *o, int argc, char **argv);
int cmd_object_presign(const struct options *o, int argc, char **argv);
int cmd_object_rm(const struct options *o, int argc, char **argv);
int cmd_object_stat(const struct options *o, int argc, char **argv);
int cmd_object_sync(const struct options *o, int argc, char **argv);

/* A site and a connection to it, for a command. */
struct session {
	struct s3_site site;
	struct web *web;
};

int session_open(struct session *s, const struct options *o);
void session_close(struct session *s);
#define CLEANUP_SESSION	CLEANUP(session_close)

/* "s3://bucket[/key]", or the bucket alone where @bare. */
int s3_argument(const char *text, bool bare, struct s3_name *name);

/* If it was a signal that ended the work, die of it as others do. */
void s3_end_as_told(void);

#endif /* SKYCTL_S3_H */
