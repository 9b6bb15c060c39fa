// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/report.h"
#include "base/tcp.h"
#include "base/text.h"
#include "crypto/kdf.h"
#include "far_host.h"
#include "proto/frame.h"

#define TEXT_MAX	(4 << 20)

static bool tag_ok(const struct far_host *far, size_t len)
{
	size_t at = hedge_frame_tag(len);
	uint8_t tag[SHA256_BYTES];

	return !hmac_sha256(far->key.data, far->key.len, far->in, at, tag) &&
	       mac_equal(tag, far->in + at, sizeof(tag));
}

/* Is it the answer to what was sent? */
static bool is_answer(const struct far_host *far, size_t len, const struct hedge_frame *sent,
		      struct hedge_frame *f)
{
	if (hedge_frame_parse(far->in, len, f) || f->key_id != far->key_id || !tag_ok(far, len))
		return false;
	if (f->nonce != sent->nonce || f->sequence != sent->sequence)
		return false;
	return sent->kind == HEDGE_FRAME_HELLO ? f->kind == HEDGE_FRAME_CHALLENGE :
	       f->kind == HEDGE_FRAME_ANSWER && f->session == sent->session;
}

/* Wait for it until @until; Return: whether it has come. */
static bool listen_until(struct far_host *far, const struct hedge_frame *sent, int64_t until,
			 struct hedge_frame *f)
{
	while (!tcp_wait(far->fd, POLLIN, until)) {
		ssize_t got = recv(far->fd, far->in, sizeof(far->in), MSG_DONTWAIT | MSG_TRUNC);

		if (got > 0 && got <= (ssize_t)sizeof(far->in) && is_answer(far, got, sent, f))
			return true;
		/* A refusal by ICMP is nobody's word: whoever invents it would stop us. */
	}
	return false;
}

/* Send a frame, the very same bytes each time, until it is answered. */
static int exchange(struct far_host *far, const struct hedge_frame *sent, struct hedge_frame *f)
{
	int64_t deadline = clock_ms() + far->timeout_ms, until, pause = FAR_REPEAT_MS;
	size_t total = HEDGE_REMOTE_FRAME_MIN + sent->length, at;

	if (total < HEDGE_REMOTE_REQUEST_GOOD)
		total = HEDGE_REMOTE_REQUEST_GOOD;
	at = hedge_frame_build(far->out, total, sent);
	if (!at || hmac_sha256(far->key.data, far->key.len, far->out, at, far->out + at))
		return fail(EIO, "the request cannot be made");
	do {
		/* What cannot be sent now is as good as lost. */
		send(far->fd, far->out, total, MSG_NOSIGNAL);
		until = clock_ms() + pause;
		pause = 2 * pause < FAR_REPEAT_MOST ? 2 * pause : FAR_REPEAT_MOST;
		if (listen_until(far, sent, until < deadline ? until : deadline, f))
			return 0;
	} while (clock_ms() < deadline);
	fail(ETIMEDOUT, "%s: no answer", far->name);
	hint("wrong address, port, key or key id, too many clients, or nobody is there: nothing else is ever said");
	return -ETIMEDOUT;
}

static int hello(struct far_host *far)
{
	struct hedge_frame sent = { .kind = HEDGE_FRAME_HELLO, .key_id = far->key_id }, f;
	int rc;

	if (random_bytes(&far->nonce, sizeof(far->nonce)))
		return fail(EIO, "no random numbers");
	sent.nonce = far->nonce;
	rc = exchange(far, &sent, &f);
	if (!rc)
		far->session = f.session;
	return rc;
}

static int connect_to(struct far_host *far, const char *host, uint16_t port)
{
	const struct addrinfo want = { .ai_socktype = SOCK_DGRAM, .ai_flags = AI_ADDRCONFIG };
	struct addrinfo *found = NULL, *a;
	char service[8];
	int rc;

	snprintf(service, sizeof(service), "%u", port);
	rc = getaddrinfo(host, service, &want, &found);
	if (rc)
		return fail(EHOSTUNREACH, "%s: %s", host, gai_strerror(rc));
	/* UDP has no sign of who is there: the first that can be sent to is taken. */
	for (a = found; a; a = a->ai_next) {
		far->fd = socket(a->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (far->fd >= 0 && !connect(far->fd, a->ai_addr, a->ai_addrlen))
			break;
		if (far->fd >= 0)
			close(far->fd);
		far->fd = -1;
	}
	if (a) {
		memcpy(&far->address, a->ai_addr, a->ai_addrlen);
		far->address_len = a->ai_addrlen;
	}
	freeaddrinfo(found);
	return a ? 0 : fail(EHOSTUNREACH, "%s: cannot be reached", host);
}

/**
 * far_open - begin a session with another machine
 * @host:	name or address
 * @port:	of UDP
 * @key_id:	which of its keys
 * @key:	HEDGE_REMOTE_KEY_BYTES; copied
 * @timeout_ms:	how long each answer is waited for
 * @far:	receives the session; far_close() it, in any case
 *
 * Return: 0; -ETIMEDOUT without an answer, for whatever reason; or -errno; reported.
 */
int far_open(const char *host, uint16_t port, uint32_t key_id, const struct secret *key,
	     unsigned int timeout_ms, struct far_host **far)
{
	struct far_host *h = calloc(1, sizeof(*h));

	*far = h;
	if (!h)
		return fail(ENOMEM, "out of memory");
	h->fd = -1;
	h->timeout_ms = timeout_ms;
	h->key_id = key_id;
	h->name = strdup(host);
	if (!h->name || secret_copy(&h->key, key->data, key->len))
		return fail(ENOMEM, "out of memory");
	return connect_to(h, host, port) ?: hello(h);
}

/**
 * far_close - end it, on this side
 */
void far_close(struct far_host **far)
{
	if (!*far)
		return;
	if ((*far)->fd >= 0)
		close((*far)->fd);
	secret_free(&(*far)->key);
	free((*far)->name);
	free(*far);
	*far = NULL;
}

/* One request; the payload of the answer lasts until the next. */
static int ask(struct far_host *far, const char *line, struct hedge_frame *f)
{
	struct hedge_frame sent = {
		.kind = HEDGE_FRAME_REQUEST, .key_id = far->key_id, .nonce = far->nonce,
		.session = far->session, .sequence = ++far->sequence,
		.payload = (const uint8_t *)line, .length = strlen(line),
	};
	char raw[512], why[512];
	int rc = exchange(far, &sent, f);

	if (rc || !f->result)
		return rc;
	snprintf(raw, sizeof(raw), "%.*s", (int)f->length, (const char *)f->payload);
	return fail(-f->result, "%s: %s", far->name,
		    *raw ? text_printable(raw, why, sizeof(why)) : strerror(-f->result));
}

/**
 * far_command - have a command carried out there
 * @line:	the command
 * @answer:	receives what it says, a string to free(); may be NULL
 *
 * Return: 0, or the other machine's -errno, or -ETIMEDOUT; reported.
 */
int far_command(struct far_host *far, const char *line, char **answer)
{
	struct hedge_frame f;
	int rc = ask(far, line, &f);

	if (rc || !answer)
		return rc;
	*answer = strndup((const char *)f.payload, f.length);
	return *answer ? 0 : fail(ENOMEM, "out of memory");
}

/**
 * far_text - read there what is in a file
 * @what:	"list" or "stats|NAME"
 * @text:	receives it; free() it
 *
 * It comes in pieces, so that it may have changed meanwhile.
 *
 * Return: 0 or -errno, reported.
 */
int far_text(struct far_host *far, const char *what, char **text)
{
	CLEANUP_FREE char *all = malloc(TEXT_MAX + HEDGE_REMOTE_PAYLOAD_MAX);
	char line[256];
	struct hedge_frame f;
	size_t len = 0;
	int rc;

	if (!all)
		return fail(ENOMEM, "out of memory");
	do {
		snprintf(line, sizeof(line), "%s|%zu", what, len);
		rc = ask(far, line, &f);
		if (rc)
			return rc;
		memcpy(all + len, f.payload, f.length);
		len += f.length;
	} while (f.length && len < TEXT_MAX);
	all[len < TEXT_MAX ? len : TEXT_MAX] = 0;
	*text = TAKE_PTR(all);
	return 0;
}
