// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "crypto/hmac.h"
#include "message.h"

#define MAGIC	"SKYMOVE\1"

void move_digest(const char *what, struct move_bytes bytes, uint8_t digest[SHA256_BYTES])
{
	struct sha256_state s;

	sha256_begin(&s);
	sha256_add(&s, what, strlen(what) + 1);
	sha256_add(&s, bytes.len ? bytes.at : (const uint8_t *)"", bytes.len);
	sha256_end(&s, digest);
}

void move_body_digest(enum move_kind kind, struct move_bytes body, uint8_t digest[SHA256_BYTES])
{
	static const char *const what[] = {
		[MOVE_OFFER] = "skyhold move offer 1", [MOVE_PACKAGE] = "skyhold move package 1",
		[MOVE_ACCEPTANCE] = "skyhold move acceptance 1",
		[MOVE_DESTRUCTION] = "skyhold move destruction 1",
		[MOVE_CHALLENGE] = "skyhold move challenge 1",
		[MOVE_ANSWER] = "skyhold move answer 1",
		[MOVE_CANCELLATION] = "skyhold move cancellation 1",
	};

	move_digest(what[kind], body, digest);
}

/* --- writing ----------------------------------------------------------------------------- */

static void write_bytes(struct tpm_writer *w, struct move_bytes b)
{
	tpm_write_2b(w, b.at, b.len);
}

static void write_long(struct tpm_writer *w, struct move_bytes b)
{
	tpm_write_u32(w, b.len);
	tpm_write_bytes(w, b.at, b.len);
}

void move_message_write(struct tpm_writer *w, const struct move_message *m)
{
	tpm_write_bytes(w, MAGIC, strlen(MAGIC));
	tpm_write_u16(w, m->kind);
	write_bytes(w, m->body);
	write_bytes(w, m->quote);
	write_bytes(w, m->signature);
	if (m->kind != MOVE_OFFER)
		return;
	write_long(w, m->log);
	write_long(w, m->ima);
}

void move_who_write(struct tpm_writer *w, const struct move_who *who)
{
	tpm_write_bytes(w, who->volume, sizeof(who->volume));
	tpm_write_bytes(w, who->nonce, sizeof(who->nonce));
	tpm_write_bytes(w, who->from, sizeof(who->from));
	tpm_write_u64(w, who->counter);
	write_bytes(w, who->ek);
	write_bytes(w, who->ak);
}

void move_offer_write(struct tpm_writer *w, const struct move_offer *o)
{
	write_bytes(w, o->who);
	tpm_write_u64(w, o->time);
	write_bytes(w, o->cert);
	tpm_write_u32(w, o->mask);
	write_bytes(w, o->pcrs);
}

void move_challenge_write(struct tpm_writer *w, const struct move_challenge *c)
{
	tpm_write_bytes(w, c->id, sizeof(c->id));
	tpm_write_bytes(w, c->volume, sizeof(c->volume));
	write_bytes(w, c->ak);
	write_bytes(w, c->credential);
	write_bytes(w, c->secret);
}

void move_answer_write(struct tpm_writer *w, const struct move_answer *a)
{
	tpm_write_bytes(w, a->id, sizeof(a->id));
	tpm_write_bytes(w, a->volume, sizeof(a->volume));
	tpm_write_bytes(w, a->challenge, sizeof(a->challenge));
	tpm_write_bytes(w, a->proof, sizeof(a->proof));
}

void move_cancellation_write(struct tpm_writer *w, const struct move_cancellation *c)
{
	tpm_write_bytes(w, c->id, sizeof(c->id));
	tpm_write_bytes(w, c->volume, sizeof(c->volume));
	tpm_write_bytes(w, c->challenge, sizeof(c->challenge));
	write_bytes(w, c->ak);
}

void move_crate_write(struct tpm_writer *w, const struct move_crate *c)
{
	tpm_write_bytes(w, c->id, sizeof(c->id));
	tpm_write_bytes(w, c->volume, sizeof(c->volume));
	tpm_write_bytes(w, c->root, sizeof(c->root));
	tpm_write_u64(w, c->epoch);
	tpm_write_u64(w, c->least);
	write_bytes(w, c->credential);
	write_bytes(w, c->secret);
	tpm_write_bytes(w, c->nonce, sizeof(c->nonce));
	write_bytes(w, c->sealed);
}

void move_package_write(struct tpm_writer *w, const struct move_package *p)
{
	write_bytes(w, p->crate);
	write_bytes(w, p->ak);
	tpm_write_u64(w, p->counter);
}

void move_receipt_write(struct tpm_writer *w, const struct move_receipt *r)
{
	tpm_write_bytes(w, r->id, sizeof(r->id));
	tpm_write_bytes(w, r->crate, sizeof(r->crate));
	tpm_write_bytes(w, r->volume, sizeof(r->volume));
	tpm_write_u64(w, r->epoch);
	tpm_write_u64(w, r->counter);
}

/* --- reading ----------------------------------------------------------------------------- */

static struct move_bytes read_bytes(struct tpm_reader *r, size_t max)
{
	struct tpm_blob b = tpm_read_2b(r, max);

	return (struct move_bytes){ b.at, b.len };
}

static struct move_bytes read_long(struct tpm_reader *r, size_t max)
{
	uint32_t len = tpm_read_u32(r);
	struct tpm_blob b;

	if (len > max)
		r->bad = true;
	b = tpm_read_bytes(r, r->bad ? 0 : len);
	return (struct move_bytes){ b.at, b.len };
}

static void read_into(struct tpm_reader *r, uint8_t *to, size_t len)
{
	struct tpm_blob b = tpm_read_bytes(r, len);

	if (b.len == len)
		memcpy(to, b.at, len);
	else
		memset(to, 0, len);
}

static int end(const struct tpm_reader *r)
{
	return tpm_read_end(r) ? 0 : -EBADMSG;
}

int move_message_read(struct move_bytes from, struct move_message *to)
{
	struct tpm_reader r = TPM_READER(from.at, from.len);
	uint8_t magic[sizeof(MAGIC) - 1];

	*to = (struct move_message){ 0 };
	read_into(&r, magic, sizeof(magic));
	to->kind = tpm_read_u16(&r);
	to->body = read_bytes(&r, MOVE_BODY_MAX);
	to->quote = read_bytes(&r, MOVE_QUOTE_MAX);
	to->signature = read_bytes(&r, MOVE_QUOTE_MAX);
	if (memcmp(magic, MAGIC, sizeof(magic)) || to->kind < MOVE_OFFER ||
	    to->kind > MOVE_CANCELLATION)
		return -EBADMSG;
	if (to->kind == MOVE_OFFER) {
		to->log = read_long(&r, MOVE_LOG_MAX);
		to->ima = read_long(&r, MOVE_LOG_MAX);
	}
	return end(&r);
}

int move_who_read(struct move_bytes from, struct move_who *to)
{
	struct tpm_reader r = TPM_READER(from.at, from.len);

	read_into(&r, to->volume, sizeof(to->volume));
	read_into(&r, to->nonce, sizeof(to->nonce));
	read_into(&r, to->from, sizeof(to->from));
	to->counter = tpm_read_u64(&r);
	to->ek = read_bytes(&r, MOVE_AREA_MAX);
	to->ak = read_bytes(&r, MOVE_AREA_MAX);
	return end(&r);
}

int move_offer_read(struct move_bytes from, struct move_offer *to)
{
	struct tpm_reader r = TPM_READER(from.at, from.len);

	to->who = read_bytes(&r, MOVE_BODY_MAX);
	to->time = tpm_read_u64(&r);
	to->cert = read_bytes(&r, MOVE_CERT_MAX);
	to->mask = tpm_read_u32(&r);
	to->pcrs = read_bytes(&r, TPM_PCRS * SHA256_BYTES);
	if (to->mask > TPM_PCRS_ALL ||
	    to->pcrs.len != (size_t)__builtin_popcount(to->mask) * SHA256_BYTES)
		return -EBADMSG;
	return end(&r);
}

int move_challenge_read(struct move_bytes from, struct move_challenge *to)
{
	struct tpm_reader r = TPM_READER(from.at, from.len);

	read_into(&r, to->id, sizeof(to->id));
	read_into(&r, to->volume, sizeof(to->volume));
	to->ak = read_bytes(&r, MOVE_AREA_MAX);
	to->credential = read_bytes(&r, TPM_CREDENTIAL_MAX);
	to->secret = read_bytes(&r, TPM_SECRET_MAX);
	return end(&r);
}

int move_answer_read(struct move_bytes from, struct move_answer *to)
{
	struct tpm_reader r = TPM_READER(from.at, from.len);

	read_into(&r, to->id, sizeof(to->id));
	read_into(&r, to->volume, sizeof(to->volume));
	read_into(&r, to->challenge, sizeof(to->challenge));
	read_into(&r, to->proof, sizeof(to->proof));
	return end(&r);
}

int move_cancellation_read(struct move_bytes from, struct move_cancellation *to)
{
	struct tpm_reader r = TPM_READER(from.at, from.len);

	read_into(&r, to->id, sizeof(to->id));
	read_into(&r, to->volume, sizeof(to->volume));
	read_into(&r, to->challenge, sizeof(to->challenge));
	to->ak = read_bytes(&r, MOVE_AREA_MAX);
	return end(&r);
}

int move_crate_read(struct move_bytes from, struct move_crate *to)
{
	struct tpm_reader r = TPM_READER(from.at, from.len);

	read_into(&r, to->id, sizeof(to->id));
	read_into(&r, to->volume, sizeof(to->volume));
	read_into(&r, to->root, sizeof(to->root));
	to->epoch = tpm_read_u64(&r);
	to->least = tpm_read_u64(&r);
	to->credential = read_bytes(&r, TPM_CREDENTIAL_MAX);
	to->secret = read_bytes(&r, TPM_SECRET_MAX);
	read_into(&r, to->nonce, sizeof(to->nonce));
	to->sealed = read_bytes(&r, MOVE_KEY_MAX + GCM_TAG_BYTES);
	if (to->sealed.len <= GCM_TAG_BYTES || to->epoch == UINT64_MAX)
		return -EBADMSG;
	return end(&r);
}

int move_package_read(struct move_bytes from, struct move_package *to)
{
	struct tpm_reader r = TPM_READER(from.at, from.len);

	to->crate = read_bytes(&r, MOVE_BODY_MAX);
	to->ak = read_bytes(&r, MOVE_AREA_MAX);
	to->counter = tpm_read_u64(&r);
	return end(&r);
}

int move_receipt_read(struct move_bytes from, struct move_receipt *to)
{
	struct tpm_reader r = TPM_READER(from.at, from.len);

	read_into(&r, to->id, sizeof(to->id));
	read_into(&r, to->crate, sizeof(to->crate));
	read_into(&r, to->volume, sizeof(to->volume));
	to->epoch = tpm_read_u64(&r);
	to->counter = tpm_read_u64(&r);
	return end(&r);
}
