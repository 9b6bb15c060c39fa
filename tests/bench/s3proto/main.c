// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a request costs before anything is done for it, each beside a floor that is
 * measured in the same round: the copy, or the hash, of the same bytes.
 *
 * usage: s3proto-bench [JSON-FILE]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "crypto/hmac.h"
#include "s3/answer.h"
#include "s3/stream.h"

#define ROUNDS		21u
#define SLICE_NS	4000000.0	/* of one measurement */
#define EMPTY_SHA256	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const char request[] =
	"GET /bucket/photos/2006/February/sample%20image.jpg?partNumber=1 HTTP/1.1\r\n"
	"Host: s3.example.org:9000\r\n"
	"Accept-Encoding: identity\r\n"
	"User-Agent: aws-cli/2.9.19 Python/3.11.2 Linux/6.1.0 exe/x86_64.debian.12\r\n"
	"X-Amz-Date: 20130524T000000Z\r\n"
	"X-Amz-Content-SHA256: " EMPTY_SHA256 "\r\n"
	"Range: bytes=0-8388607\r\n"
	"Connection: keep-alive\r\n"
	"x-amz-checksum-mode: ENABLED\r\n";

static const struct sig_rules rules = {
	.region = { "us-east-1", 9 }, .service = { "s3", 2 }, .now = 1369353600,
	.skew = SIG_SKEW_MAX,
};

static struct {
	char signed_head[4096];
	size_t head_len;
	struct http_head head;
	struct uri uri;
	struct sig_header table[HTTP_FIELDS_MAX];
	struct sig_message message;
	struct sig_signer signer;
	struct hmac_key hmac;
	uint8_t digest[SHA256_BYTES];
	char presigned[2048];
	struct sig_message presigned_message;
	struct sig_header host;
	char copy[1 << 20];
	char text[1 << 20];
	size_t list_len;
	size_t canonical_len;
} b;

static volatile unsigned int sink;

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "s3proto-bench: %s failed\n", what);
	exit(1);
}

/* --- what is measured ----------------------------------------------------- */

static void parse_head(void)
{
	http_head_init(&b.head, false);
	sink += http_head_parse(&b.head, b.signed_head, b.head_len);
}

static void copy_head(void)
{
	memcpy(b.copy, b.signed_head, b.head_len);
	__asm__ volatile("" : : "r"(b.copy) : "memory");
}

static void verify(const struct sig_message *m)
{
	struct sig_claim claim;
	struct s3_fault f;

	check(!sig_parse(m, &rules, &claim, &f) && !sig_verify(m, &claim, &b.signer.key, &f),
	      "verification");
}

static void verify_header(void)
{
	verify(&b.message);
}

static void verify_query(void)
{
	verify(&b.presigned_message);
}

/* The hash of the canonical request, and the four blocks of the MAC. */
static void hash_canonical(void)
{
	sha256_of(b.text, b.canonical_len + 4 * 64, b.digest);
}

static void presign(void)
{
	struct sig_message m = b.message;
	struct out o = OUT(b.presigned, sizeof(b.presigned));

	m.headers = &b.host;
	m.count = 1;
	check(!sig_presign(&o, &b.signer, &m, 60, STR_NONE, STR_NONE), "presigning");
	b.presigned_message = m;
	b.presigned_message.query = out_written(&o);
}

static void derive(void)
{
	sig_derive(STR("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), STR("20130524"),
		   STR("us-east-1"), STR("s3"), &b.hmac);
}

static void ecdsa_alone(void)
{
	uint8_t der[ECDSA_DER_MAX];

	check(ecdsa_sign(b.signer.key.ecdsa, b.digest, der) > 0, "ECDSA");
}

static void ecdsa_verify_alone(void)
{
	static uint8_t der[ECDSA_DER_MAX], digest[SHA256_BYTES];
	static int len;

	if (!len) {
		memcpy(digest, b.digest, sizeof(digest));
		len = ecdsa_sign(b.signer.key.ecdsa, digest, der);
	}
	check(ecdsa_verify(b.signer.key.ecdsa, digest, der, len), "ECDSA");
}

static void write_list(void)
{
	struct s3_list l = { .kind = S3_LIST_V2, .bucket = STR("bucket"), .max_keys = 1000 };
	struct s3_object_entry e = {
		.key = STR("photos/2006/February/sample image & more.jpg"),
		.etag = STR("5d41402abc4b2a76b9719d911017c592"), .size = 12345678,
		.modified = 1369353600000, .checksum = S3_CRC64NVME,
	};
	struct s3_list_tail t = { .key_count = 1000 };
	struct out o = OUT(b.text, sizeof(b.text));
	unsigned int i;

	s3_list_begin(&o, &l);
	for (i = 0; i < 1000; i++)
		s3_list_object(&o, &l, &e);
	s3_list_end(&o, &l, &t);
	check(!o.err, "the list");
	b.list_len = o.len;
}

static void copy_list(void)
{
	memcpy(b.copy, b.text, b.list_len);
	__asm__ volatile("" : : "r"(b.copy) : "memory");
}

static void read_stream(bool is_signed)
{
	static char body[66000];
	static size_t len[2];
	static struct s3_stream s;
	struct sig_claim claim = {
		.payload = is_signed ? SIG_PAYLOAD_CHUNKS : SIG_PAYLOAD_UNSIGNED_TRAILER,
		.signature = STR("00"), .date = STR("20130524T000000Z"),
		.scope = { .whole = STR("20130524/us-east-1/s3/aws4_request") },
	};
	struct str in;
	enum stream_event event;

	if (!len[is_signed]) {
		struct stream_chain c;
		struct out o = OUT(body, sizeof(body));

		check(!stream_chain_init(&c, &b.signer, claim.signature), "a chain");
		sha256_of(b.copy, 65536, b.digest);
		stream_write_chunk(&o, is_signed ? &c : NULL, 65536, b.digest);
		out_bytes(&o, b.copy, 65536);
		out_text(&o, "\r\n");
		sha256_of("", 0, b.digest);
		stream_write_chunk(&o, is_signed ? &c : NULL, 0, b.digest);
		out_text(&o, "\r\n");
		check(!o.err, "a stream");
		len[is_signed] = o.len;
		len[!is_signed] = 0;
	}
	in = (struct str){ body, len[is_signed] };
	check(!s3_stream_init(&s, &claim, &b.signer.key, STR("65536"), STR_NONE), "a stream");
	while ((event = s3_stream_next(&s, &in)) == STREAM_DATA)
		;
	check(event == STREAM_DONE, "a stream");
}

static void read_signed(void)
{
	read_stream(true);
}

static void read_unsigned(void)
{
	read_stream(false);
}

static void hash_64k(void)
{
	sha256_of(b.copy, 65536, b.digest);
}

static const struct {
	const char *name, *floor_name;
	void (*run)(void);
	void (*floor)(void);
} rows[] = {
	{ "parse a head", "memcpy of it", parse_head, copy_head },
	{ "SigV4 verify, header", "SHA-256 of its blocks", verify_header, hash_canonical },
	{ "SigV4 verify, query", "SHA-256 of its blocks", verify_query, hash_canonical },
	{ "SigV4 presign", "SHA-256 of its blocks", presign, hash_canonical },
	{ "SigV4 signing key", "SHA-256 of its blocks", derive, hash_canonical },
	{ "signed chunk, 64 KiB", "SHA-256 of it", read_signed, hash_64k },
	{ "unsigned chunk, 64 KiB", "SHA-256 of it", read_unsigned, hash_64k },
	{ "SigV4A presign", "ECDSA sign", presign, ecdsa_alone },
	{ "SigV4A verify, query", "ECDSA verify", verify_query, ecdsa_verify_alone },
	{ "list of 1000 keys", "memcpy of it", write_list, copy_list },
};

#define COUNT		(sizeof(rows) / sizeof(rows[0]))

/* --- measuring ------------------------------------------------------------ */

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

/* CPU time of one call, over as many as a slice holds. */
static double measure(void (*run)(void))
{
	unsigned int n, i;
	double start, took;

	for (n = 1;; n *= 4) {
		start = now_ns();
		for (i = 0; i < n; i++)
			run();
		took = now_ns() - start;
		if (took >= SLICE_NS)
			return took / n;
	}
}

static int compare(const void *x, const void *y)
{
	double a = *(const double *)x, c = *(const double *)y;

	return a < c ? -1 : a > c;
}

static double median(double *v, unsigned int n)
{
	qsort(v, n, sizeof(*v), compare);
	return v[n / 2];
}

static void make_head(void)
{
	struct out o = OUT(b.signed_head, sizeof(b.signed_head));
	char value[1024];
	struct out v = OUT(value, sizeof(value));

	out_text(&o, request);
	out_text(&o, "\r\n");
	http_head_init(&b.head, false);
	check(http_head_parse(&b.head, b.signed_head, o.len) == HTTP_DONE, "the head");
	check(uri_split(http_str(&b.head, b.head.target), &b.uri), "the target");
	sig_message_from(&b.head, &b.uri, b.table, &b.message);
	check(!sig_authorization(&v, &b.signer, &b.message, STR(EMPTY_SHA256)), "signing");
	o.len -= 2;
	http_write_field(&o, STR("Authorization"), out_written(&v));
	out_text(&o, "\r\n");
	b.head_len = o.len;
	parse_head();
	check(uri_split(http_str(&b.head, b.head.target), &b.uri), "the target");
	sig_message_from(&b.head, &b.uri, b.table, &b.message);
	o = OUT(b.text, sizeof(b.text));
	sig_canonical(&o, &b.message, STR("accept-encoding;connection;host;range;user-agent;x-amz-checksum-mode;x-amz-content-sha256;x-amz-date"),
		      STR(EMPTY_SHA256), false);
	b.canonical_len = o.len;
}

struct figures {
	double cost, floor, ratio;	/* medians; ns */
};

static void print_table(const struct figures *f)
{
	size_t i;

	printf("%zu bytes of head, %zu of canonical request, %zu of list; median of %u rounds\n\n",
	       b.head_len, b.canonical_len, b.list_len, ROUNDS);
	printf("%-24s %12s   %-24s %12s %8s\n", "", "ns", "floor", "ns", "ratio");
	for (i = 0; i < COUNT; i++)
		printf("%-24s %12.0f   %-24s %12.0f %8.2f\n", rows[i].name, f[i].cost,
		       rows[i].floor_name, f[i].floor, f[i].ratio);
}

/* The form of Documentation/benchmarks.rst. */
static void write_json(const char *path, const struct figures *f)
{
	FILE *to = fopen(path, "w");
	size_t i;

	check(to, path);
	for (i = 0; i < COUNT; i++)
		fprintf(to, "%s{\"name\": \"%s\", \"value\": %.1f, \"unit\": \"ns\", \"peer\": \"%s\", \"peer_value\": %.1f, \"ratio\": %.3f, \"target\": null, \"met\": null}",
			i ? ",\n " : "[", rows[i].name, f[i].cost, rows[i].floor_name, f[i].floor,
			f[i].ratio);
	fprintf(to, "]\n");
	check(!fclose(to), path);
}

static void prepare(void)
{
	uint8_t scalar[P256_SCALAR_BYTES];

	b.signer = (struct sig_signer){
		.access_key = STR("AKIAIOSFODNN7EXAMPLE"), .region = STR("us-east-1"),
		.service = STR("s3"), .now = rules.now, .key = { .hmac = &b.hmac },
	};
	b.host = (struct sig_header){ STR("Host"), STR("s3.example.org:9000") };
	check(!sig_derive_ecdsa(STR("secret"), STR("AKIAIOSFODNN7EXAMPLE"), scalar), "a key");
	b.signer.key.ecdsa = ecdsa_private(scalar);
	check(b.signer.key.ecdsa, "a key");
	derive();
	make_head();
	write_list();
}

int main(int argc, char **argv)
{
	static double cost[COUNT][ROUNDS], floor_cost[COUNT][ROUNDS], ratio[COUNT][ROUNDS];
	struct figures f[COUNT];
	unsigned int round;
	size_t i;

	prepare();
	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < COUNT; i++) {
			b.signer.algorithm = strncmp(rows[i].name, "SigV4A", 6) ? SIG_HMAC : SIG_ECDSA;
			presign();
			cost[i][round] = measure(rows[i].run);
			floor_cost[i][round] = measure(rows[i].floor);
			ratio[i][round] = cost[i][round] / floor_cost[i][round];
		}
	}
	for (i = 0; i < COUNT; i++) {
		f[i].cost = median(cost[i], ROUNDS);
		f[i].floor = median(floor_cost[i], ROUNDS);
		f[i].ratio = median(ratio[i], ROUNDS);
	}
	print_table(f);
	if (argc > 1)
		write_json(argv[1], f);
	ecdsa_free(b.signer.key.ecdsa);
	return 0;
}
