// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "stream.h"

#define SIGNATURE_EXT	STR(";chunk-signature=")

/* Signatures of SigV4A have a fixed length in a chunk's line: stars fill it. */
#define PADDING		'*'

static size_t chunk_text(const struct stream_chain *c, const char *kind, bool with_empty,
			 const uint8_t digest[SHA256_BYTES], char *text, size_t size)
{
	static const char empty[] =
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n";
	struct out o = OUT(text, size);

	out_text(&o, sig_algorithm_name(c->algorithm));
	out_text(&o, kind);
	out_char(&o, '\n');
	out_text(&o, c->date);
	out_char(&o, '\n');
	out_text(&o, c->scope);
	out_char(&o, '\n');
	out_text(&o, c->previous);
	out_char(&o, '\n');
	if (with_empty)
		out_text(&o, empty);
	out_hex(&o, digest, SHA256_BYTES);
	return o.err ? 0 : o.len;
}

/* Check @given, which then becomes what the next one is chained to. */
static bool chain_check(struct stream_chain *c, const char *kind, bool with_empty,
			const uint8_t digest[SHA256_BYTES], const char *given)
{
	char text[1024];
	size_t len = chunk_text(c, kind, with_empty, digest, text, sizeof(text));

	if (!len || sig_check(&c->key, c->algorithm, (struct str){ text, len }, str_of(given)))
		return false;
	return str_copy(str_of(given), c->previous, sizeof(c->previous));
}

static int chain_sign(struct stream_chain *c, const char *kind, bool with_empty,
		      const uint8_t digest[SHA256_BYTES])
{
	char text[1024], hex[SIG_HEX_MAX];
	size_t len = chunk_text(c, kind, with_empty, digest, text, sizeof(text));
	int rc = len ? sig_make(&c->key, c->algorithm, (struct str){ text, len }, hex) : -ENOSPC;

	if (rc < 0)
		return rc;
	return str_copy((struct str){ hex, rc }, c->previous, sizeof(c->previous)) ? 0 : -ENOSPC;
}

/* --- a server ------------------------------------------------------------- */

static bool copy_lower(struct str from, char *to, size_t size)
{
	char *p;

	if (!str_copy(from, to, size))
		return false;
	for (p = to; *p; p++)
		*p = ascii_lower(*p);
	return true;
}

/**
 * s3_stream_init - before the first byte of a body
 * @s:			the reader
 * @claim:		of the request, found to be true
 * @key:		that it was signed with; must last as long as @s.  Not used
 *			for SIG_PAYLOAD_UNSIGNED_TRAILER
 * @decoded_length:	x-amz-decoded-content-length
 * @trailer:		x-amz-trailer, or none
 *
 * Return: S3_OK, or a code, also in @s->fault.
 */
enum s3_code s3_stream_init(struct s3_stream *s, const struct sig_claim *claim,
			    const struct sig_key *key, struct str decoded_length,
			    struct str trailer)
{
	memset(s, 0, sizeof(*s));
	chunk_scan_init(&s->scan, true);
	if (!str_number(decoded_length, INT64_MAX, &s->expected))
		return s3_fail(&s->fault, S3_MISSING_CONTENT_LENGTH, NULL);
	s->is_signed = claim->payload != SIG_PAYLOAD_UNSIGNED_TRAILER;
	s->has_trailer = claim->payload == SIG_PAYLOAD_CHUNKS_TRAILER ||
			 (claim->payload == SIG_PAYLOAD_UNSIGNED_TRAILER && trailer.len);
	if (s->has_trailer && (!trailer.len || !copy_lower(str_trim(trailer), s->announced,
							   sizeof(s->announced))))
		return s3_fail(&s->fault, S3_MALFORMED_TRAILER, NULL);
	if (s->is_signed) {
		s->chain.algorithm = claim->algorithm;
		s->chain.key = *key;
		if (!str_copy(claim->date, s->chain.date, sizeof(s->chain.date)) ||
		    !str_copy(claim->scope.whole, s->chain.scope, sizeof(s->chain.scope)) ||
		    !str_copy(claim->signature, s->chain.previous, sizeof(s->chain.previous)))
			return s3_fail(&s->fault, S3_SIGNATURE_DOES_NOT_MATCH, NULL);
	}
	return S3_OK;
}

static enum stream_event bad(struct s3_stream *s, enum s3_code code)
{
	s3_fail(&s->fault, code, NULL);
	return STREAM_BAD;
}

static enum stream_event incomplete(struct s3_stream *s)
{
	s3_fail(&s->fault, S3_INCOMPLETE_BODY, "The request body terminated unexpectedly");
	return STREAM_BAD;
}

/* ";chunk-signature=HEX", with stars behind it where the length is fixed. */
static bool take_signature(struct s3_stream *s, struct str ext)
{
	if (!str_starts(ext, SIGNATURE_EXT))
		return false;
	ext = str_skip(ext, SIGNATURE_EXT.len);
	while (s->chain.algorithm == SIG_ECDSA && ext.len && ext.at[ext.len - 1] == PADDING)
		ext.len--;
	if (s->chain.algorithm == SIG_HMAC && ext.len != 2 * SHA256_BYTES)
		return false;
	return str_copy(ext, s->given, sizeof(s->given));
}

static bool check_chunk(struct s3_stream *s)
{
	uint8_t digest[SHA256_BYTES];

	if (!s->is_signed)
		return true;
	sha256_end(&s->hash, digest);
	return chain_check(&s->chain, "-PAYLOAD", true, digest, s->given);
}

static enum stream_event take_size(struct s3_stream *s)
{
	const struct chunk_scan *c = &s->scan;

	if (s->is_signed && !take_signature(s, c->ext))
		return incomplete(s);
	if (c->size > s->expected - s->decoded)
		return incomplete(s);
	if (c->size && s->small && s->is_signed)
		return bad(s, S3_INVALID_CHUNK_SIZE);
	s->small = c->size < STREAM_CHUNK_MIN;
	sha256_begin(&s->hash);
	if (c->size)
		return STREAM_MORE;
	s->last = true;
	sha256_begin(&s->trailer_hash);
	if (s->decoded != s->expected)
		return incomplete(s);
	return check_chunk(s) ? STREAM_MORE : bad(s, S3_SIGNATURE_DOES_NOT_MATCH);
}

static enum stream_event take_trailer_signature(struct s3_stream *s, struct str value)
{
	uint8_t digest[SHA256_BYTES];

	while (s->chain.algorithm == SIG_ECDSA && value.len &&
	       value.at[value.len - 1] == PADDING)
		value.len--;
	if (!s->is_signed || s->trailer_signed || !s->trailer_seen ||
	    !str_copy(value, s->given, sizeof(s->given)))
		return bad(s, S3_MALFORMED_TRAILER);
	sha256_end(&s->trailer_hash, digest);
	if (!chain_check(&s->chain, "-TRAILER", false, digest, s->given))
		return bad(s, S3_SIGNATURE_DOES_NOT_MATCH);
	s->trailer_signed = true;
	return STREAM_MORE;
}

/* The one that was announced, then the signature over it; nothing else. */
static enum stream_event take_trailer(struct s3_stream *s)
{
	const struct chunk_scan *c = &s->scan;

	if (!s->has_trailer)
		return bad(s, S3_MALFORMED_TRAILER);
	if (str_equal_nocase(c->name, STR("x-amz-trailer-signature")))
		return take_trailer_signature(s, c->value);
	if (s->trailer_seen || !str_equal_nocase(c->name, str_of(s->announced)) ||
	    !str_copy(c->value, s->value, sizeof(s->value)))
		return bad(s, S3_MALFORMED_TRAILER);
	s->trailer_seen = true;
	sha256_add(&s->trailer_hash, s->announced, strlen(s->announced));
	sha256_add(&s->trailer_hash, ":", 1);
	sha256_add(&s->trailer_hash, s->value, strlen(s->value));
	sha256_add(&s->trailer_hash, "\n", 1);
	return STREAM_MORE;
}

/* An empty line; some clients have one before the trailers, or between them. */
static enum stream_event take_end(struct s3_stream *s)
{
	if (!s->has_trailer || (s->trailer_seen && (!s->is_signed || s->trailer_signed)))
		return STREAM_DONE;
	if (++s->blanks > 2)
		return bad(s, S3_MALFORMED_TRAILER);
	chunk_scan_go_on(&s->scan);
	return STREAM_MORE;
}

/**
 * s3_stream_next - what comes next in a body
 * @s:		the reader; its fields say what goes with the event
 * @in:		bytes of the body; what was used is taken off
 *
 * After STREAM_DONE and STREAM_BAD the same is returned for ever; bytes that
 * follow the end are for the caller to pass over.
 */
enum stream_event s3_stream_next(struct s3_stream *s, struct str *in)
{
	enum stream_event event = STREAM_MORE;

	if (s->fault.code)
		return STREAM_BAD;
	while (event == STREAM_MORE) {
		switch (chunk_scan_next(&s->scan, in)) {
		case CHUNK_SIZE:
			event = take_size(s);
			break;
		case CHUNK_DATA:
			s->data = s->scan.data;
			s->decoded += s->data.len;
			if (s->is_signed)
				sha256_add(&s->hash, s->data.at, s->data.len);
			return STREAM_DATA;
		case CHUNK_END:
			if (!check_chunk(s))
				event = bad(s, S3_SIGNATURE_DOES_NOT_MATCH);
			break;
		case CHUNK_TRAILER:
			event = take_trailer(s);
			break;
		case CHUNK_DONE:
			event = take_end(s);
			break;
		case CHUNK_BAD:
			return s->last && s->has_trailer ? bad(s, S3_MALFORMED_TRAILER) :
							   incomplete(s);
		default:
			return STREAM_MORE;
		}
	}
	return event;
}

/**
 * s3_stream_end - there are no more bytes
 * @s:		the reader
 *
 * A client may leave out the very last empty line.
 *
 * Return: S3_OK when the body is complete, or the code, also in @s->fault.
 */
enum s3_code s3_stream_end(struct s3_stream *s)
{
	struct str line = STR("\r\n");

	if (s->last && !s->fault.code && s3_stream_next(s, &line) == STREAM_DONE)
		return S3_OK;
	if (!s->fault.code && s->last)
		bad(s, S3_MALFORMED_TRAILER);
	else if (!s->fault.code)
		incomplete(s);
	return s->fault.code;
}

/* --- a client ------------------------------------------------------------- */

/**
 * stream_chain_init - before the first chunk that a client sends
 * @c:		the chain
 * @s:		who signed the head; its keys must last as long as @c
 * @signature:	of the head, hexadecimal
 *
 * Return: 0, or -ENOSPC when a name is too long.
 */
int stream_chain_init(struct stream_chain *c, const struct sig_signer *s, struct str signature)
{
	struct out scope = OUT(c->scope, sizeof(c->scope) - 1);
	struct out date = OUT(c->date, sizeof(c->date) - 1);

	memset(c, 0, sizeof(*c));
	c->algorithm = s->algorithm;
	c->key = s->key;
	amz_date_write(&date, s->now);
	out_bytes(&scope, c->date, 8);
	if (s->algorithm == SIG_HMAC) {
		out_char(&scope, '/');
		out_str(&scope, s->region);
	}
	out_char(&scope, '/');
	out_str(&scope, s->service);
	out_str(&scope, STR("/aws4_request"));
	if (scope.err || !str_copy(signature, c->previous, sizeof(c->previous)))
		return -ENOSPC;
	return 0;
}

static void pad(struct out *o, const struct stream_chain *c)
{
	size_t len = strlen(c->previous);

	while (c->algorithm == SIG_ECDSA && len++ < SIG_HEX_MAX)
		out_char(o, PADDING);
}

/**
 * stream_write_chunk - write what comes before the data of a chunk
 * @o:		the writer
 * @c:		the chain; NULL: unsigned
 * @size:	of the data; CR LF follows it.  0: the last one, after which come
 *		the trailers and CR LF
 * @digest:	SHA-256 of the data; not used when unsigned
 *
 * Return: 0, or a negative errno.
 */
int stream_write_chunk(struct out *o, struct stream_chain *c, uint64_t size,
		       const uint8_t digest[SHA256_BYTES])
{
	char text[32];
	struct out line = OUT(text, sizeof(text));
	int rc;

	chunk_write_size(&line, size);
	if (!c) {
		out_str(o, out_written(&line));
		return o->err;
	}
	rc = chain_sign(c, "-PAYLOAD", true, digest);
	if (rc)
		return rc;
	out_bytes(o, text, line.len - 2);
	out_str(o, SIGNATURE_EXT);
	out_text(o, c->previous);
	pad(o, c);
	out_str(o, STR("\r\n"));
	return o->err;
}

/**
 * stream_write_trailer - write the trailer and the end of the body
 * @o:		the writer
 * @c:		the chain; NULL: unsigned
 * @name:	in lower case, as in x-amz-trailer
 * @value:	the checksum
 *
 * Return: 0, or a negative errno.
 */
int stream_write_trailer(struct out *o, struct stream_chain *c, struct str name,
			 struct str value)
{
	char text[64 + STREAM_VALUE_MAX];
	struct out line = OUT(text, sizeof(text));
	uint8_t digest[SHA256_BYTES];
	int rc;

	out_str(&line, name);
	out_char(&line, ':');
	out_str(&line, value);
	out_char(&line, '\n');
	if (line.err)
		return line.err;
	out_bytes(o, text, line.len - 1);
	out_str(o, STR("\r\n"));
	if (c) {
		sha256_of(text, line.len, digest);
		rc = chain_sign(c, "-TRAILER", false, digest);
		if (rc)
			return rc;
		out_str(o, STR("x-amz-trailer-signature:"));
		out_text(o, c->previous);
		pad(o, c);
		out_str(o, STR("\r\n"));
	}
	out_str(o, STR("\r\n"));
	return o->err;
}

static uint64_t chunk_length(const struct stream_chain *c, uint64_t size)
{
	char text[32];
	struct out line = OUT(text, sizeof(text));

	chunk_write_size(&line, size);
	return line.len + (size ? size + 2 : 0) +
	       (c ? SIGNATURE_EXT.len + (c->algorithm == SIG_HMAC ? 64 : SIG_HEX_MAX) : 0);
}

/**
 * stream_length - bytes of a whole body, for Content-Length
 * @c:		the chain; NULL: unsigned
 * @size:	of the object
 * @chunk:	bytes of every chunk but the last, at least STREAM_CHUNK_MIN
 * @trailer:	length of the trailer's name and value together; 0: there is none
 */
uint64_t stream_length(const struct stream_chain *c, uint64_t size, uint64_t chunk,
		       size_t trailer)
{
	uint64_t len = size / chunk * chunk_length(c, chunk) + chunk_length(c, 0) + 2;

	if (size % chunk)
		len += chunk_length(c, size % chunk);
	if (trailer)
		len += trailer + 3;
	if (trailer && c)
		len += strlen("x-amz-trailer-signature:") + 2 +
		       (c->algorithm == SIG_HMAC ? 64 : SIG_HEX_MAX);
	return len;
}
