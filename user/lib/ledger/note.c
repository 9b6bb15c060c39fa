// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>

#include "base/hex.h"
#include "base/out.h"
#include "crypto/hmac.h"
#include "note.h"

#define DASH		"\xe2\x80\x94 "		/* U+2014 and a space */
#define PRIVATE		"PRIVATE+KEY+"
#define ID_BYTES	4u
#define ID_DIGITS	8u
#define TIME_BYTES	8u
#define MESSAGE_MAX	(64u + NOTE_COSIGNED_MAX)
#define DECODED_MAX	8192u	/* of a signature of any kind, ML-DSA too */

/* --- names and ids --------------------------------------------------------------------- */

/* White_Space of Unicode. */
static bool is_space(uint32_t c)
{
	return (c >= 9 && c <= 13) || c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 ||
	       (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
	       c == 0x205f || c == 0x3000;
}

bool note_name_ok(struct str name)
{
	uint32_t c;
	size_t len;

	if (!name.len || name.len > NOTE_NAME_MAX)
		return false;
	for (; name.len; name = str_skip(name, len)) {
		len = utf8_next(name, &c);
		if (!len || is_space(c) || c == '+' || c < 0x20)
			return false;
	}
	return true;
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

static void put_be(uint8_t *to, uint64_t value, unsigned int bytes)
{
	while (bytes--) {
		to[bytes] = value;
		value >>= 8;
	}
}

static uint32_t id_of(const struct note_verifier *v)
{
	uint8_t digest[SHA256_BYTES];
	struct sha256_state s;

	sha256_begin(&s);
	sha256_add(&s, v->name, strlen(v->name));
	sha256_add(&s, "\n", 1);
	sha256_add(&s, &v->type, 1);
	sha256_add(&s, v->public, sizeof(v->public));
	sha256_end(&s, digest);
	return be32(digest);
}

/* --- keys ------------------------------------------------------------------------------ */

/* NAME+ID+base64(type, 32 bytes) */
static int parse_key(struct str text, struct note_verifier *v, uint8_t key[ED25519_SEED_BYTES])
{
	uint8_t bytes[1 + ED25519_SEED_BYTES], id[ID_BYTES];
	char digits[ID_DIGITS + 1];
	struct str name, hex;
	int len;

	if (!str_cut(&text, '+', &name) || !str_cut(&text, '+', &hex) || !text.at ||
	    !note_name_ok(name) || !str_copy(name, v->name, sizeof(v->name)) ||
	    hex.len != ID_DIGITS || !str_copy(hex, digits, sizeof(digits)) ||
	    hex_decode(digits, id, sizeof(id)))
		return -EINVAL;
	/* One form only: small letters. */
	hex_encode(id, sizeof(id), digits);
	len = base64_decode(text, bytes, sizeof(bytes));
	if (!str_is(hex, digits) || len != sizeof(bytes))
		return -EINVAL;
	v->id = be32(id);
	v->type = bytes[0];
	memcpy(key, bytes + 1, ED25519_SEED_BYTES);
	explicit_bzero(bytes, sizeof(bytes));
	return v->type == NOTE_ED25519 || v->type == NOTE_COSIGNATURE ? 0 : -EINVAL;
}

int note_verifier_parse(struct str text, struct note_verifier *to)
{
	int rc = parse_key(text, to, to->public);

	if (rc)
		return rc;
	return to->id == id_of(to) ? 0 : -EINVAL;
}

int note_signer_parse(struct str text, struct note_signer *to)
{
	int rc;

	if (!str_starts(text, STR(PRIVATE)))
		return -EINVAL;
	rc = parse_key(str_skip(text, sizeof(PRIVATE) - 1), &to->verifier, to->seed);
	if (!rc)
		rc = ed25519_public(to->seed, to->verifier.public);
	if (!rc && to->verifier.id != id_of(&to->verifier))
		rc = -EINVAL;
	if (rc)
		note_signer_wipe(to);
	return rc;
}

static void print_key(const struct note_verifier *v, const char *before, const uint8_t *key,
		      char text[NOTE_KEY_TEXT_MAX])
{
	uint8_t bytes[1 + ED25519_SEED_BYTES], id[ID_BYTES];
	struct out o = OUT(text, NOTE_KEY_TEXT_MAX - 1);

	bytes[0] = v->type;
	memcpy(bytes + 1, key, ED25519_SEED_BYTES);
	put_be(id, v->id, sizeof(id));
	out_text(&o, before);
	out_text(&o, v->name);
	out_char(&o, '+');
	out_hex(&o, id, sizeof(id));
	out_char(&o, '+');
	out_base64(&o, bytes, sizeof(bytes));
	text[o.len] = 0;
	explicit_bzero(bytes, sizeof(bytes));
}

void note_verifier_print(const struct note_verifier *v, char text[NOTE_KEY_TEXT_MAX])
{
	print_key(v, "", v->public, text);
}

void note_signer_print(const struct note_signer *s, char text[NOTE_KEY_TEXT_MAX])
{
	print_key(&s->verifier, PRIVATE, s->seed, text);
}

int note_signer_make(struct str name, enum note_key_type type,
		     const uint8_t seed[ED25519_SEED_BYTES], struct note_signer *to)
{
	int rc;

	if (!note_name_ok(name) || !str_copy(name, to->verifier.name, sizeof(to->verifier.name)))
		return -EINVAL;
	to->verifier.type = type;
	memcpy(to->seed, seed, sizeof(to->seed));
	rc = ed25519_public(seed, to->verifier.public);
	to->verifier.id = id_of(&to->verifier);
	return rc;
}

void note_signer_wipe(struct note_signer *s)
{
	explicit_bzero(s, sizeof(*s));
}

/* --- notes ----------------------------------------------------------------------------- */

bool note_next(struct str *rest, struct note_signature *to)
{
	uint8_t bytes[DECODED_MAX];
	struct str line;
	int len;

	if (!rest->len || !str_cut(rest, '\n', &line) || !str_starts(line, STR(DASH)))
		return false;
	line = str_skip(line, sizeof(DASH) - 1);
	if (!str_cut(&line, ' ', &to->name) || !note_name_ok(to->name) || !line.at)
		return false;
	len = base64_decode(line, bytes, sizeof(bytes));
	if (len <= (int)ID_BYTES)
		return false;
	to->id = be32(bytes);
	to->base64 = line;
	return true;
}

/* UTF-8 with no controls but newlines. */
static bool is_plain(struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if ((uint8_t)s.at[i] < 0x20 && s.at[i] != '\n')
			return false;
	return str_is_utf8(s);
}

int note_parse(struct str bytes, struct note *to)
{
	struct note_signature one;
	struct str rest;
	size_t at;

	*to = (struct note){ 0 };
	if (bytes.len < 3 || bytes.len > NOTE_MAX || bytes.at[bytes.len - 1] != '\n' ||
	    !is_plain(bytes))
		return -EBADMSG;
	/* The last empty line parts them. */
	for (at = bytes.len - 2; at && !(bytes.at[at] == '\n' && bytes.at[at - 1] == '\n'); at--)
		;
	if (!at)
		return -EBADMSG;
	to->text = str_head(bytes, at);
	to->signatures = str_skip(bytes, at + 1);
	for (rest = to->signatures; rest.len; to->count++)
		if (to->count == NOTE_SIGNATURES || !note_next(&rest, &one))
			return -EBADMSG;
	return to->count ? 0 : -EBADMSG;
}

/* What is signed, in one piece, perhaps in @memory; nothing when it does not fit there. */
static struct str message_of(const struct note_verifier *v, struct str text, uint64_t time,
			     char memory[MESSAGE_MAX])
{
	struct out o = OUT(memory, MESSAGE_MAX);

	if (v->type == NOTE_ED25519)
		return text;
	if (text.len > NOTE_COSIGNED_MAX)
		return STR_NONE;
	out_text(&o, "cosignature/v1\ntime ");
	out_number(&o, time);
	out_char(&o, '\n');
	out_str(&o, text);
	return o.err ? STR_NONE : out_written(&o);
}

static int verify_one(const struct note *n, const struct note_verifier *v, struct str base64,
		      uint64_t *time)
{
	const size_t before = ID_BYTES + (v->type == NOTE_COSIGNATURE ? TIME_BYTES : 0);
	uint8_t bytes[ID_BYTES + NOTE_SIGNATURE_MAX];
	char memory[MESSAGE_MAX];
	struct str message;
	uint64_t at = 0;

	if (base64_decode(base64, bytes, sizeof(bytes)) != (int)(before + ED25519_SIGNATURE_BYTES))
		return -EBADMSG;
	if (v->type == NOTE_COSIGNATURE)
		at = (uint64_t)be32(bytes + ID_BYTES) << 32 | be32(bytes + ID_BYTES + 4);
	message = message_of(v, n->text, at, memory);
	if (at >> 63 || !message.len ||
	    !ed25519_verify(v->public, message.at, message.len, bytes + before))
		return -EBADMSG;
	if (time)
		*time = at;
	return 0;
}

int note_verify(const struct note *n, const struct note_verifier *v, uint64_t *time)
{
	struct str rest = n->signatures;
	struct note_signature one;
	int rc = -ENOENT;

	while (note_next(&rest, &one)) {
		if (one.id != v->id || !str_is(one.name, v->name))
			continue;
		rc = verify_one(n, v, one.base64, time);
		if (rc)
			return rc;
	}
	return rc;
}

int note_sign(const struct note_signer *s, struct str text, uint64_t time,
	      char line[NOTE_LINE_MAX])
{
	const struct note_verifier *v = &s->verifier;
	uint8_t bytes[ID_BYTES + NOTE_SIGNATURE_MAX];
	size_t before = ID_BYTES;
	struct out o = OUT(line, NOTE_LINE_MAX - 1);
	char memory[MESSAGE_MAX];
	struct str message;

	message = message_of(v, text, time, memory);
	if (!message.len)
		return -EIO;
	put_be(bytes, v->id, ID_BYTES);
	if (v->type == NOTE_COSIGNATURE) {
		put_be(bytes + before, time, TIME_BYTES);
		before += TIME_BYTES;
	}
	if (ed25519_sign(s->seed, message.at, message.len, bytes + before))
		return -EIO;
	out_text(&o, DASH);
	out_text(&o, v->name);
	out_char(&o, ' ');
	out_base64(&o, bytes, before + ED25519_SIGNATURE_BYTES);
	out_char(&o, '\n');
	line[o.len] = 0;
	return o.err ? -EIO : 0;
}
