// SPDX-License-Identifier: GPL-2.0-or-later
/* Who asks: signatures of requests and forms, bearer tokens, and where requests come from. */
#include <errno.h>
#include <time.h>

#include "crypto/kdf.h"
#include "front.h"
#include "http/forwarded.h"
#include "s3/policy_tree.h"

#define TOKEN_REGION	STR("skyd")
#define TOKEN_SERVICE	STR("api")

static int64_t seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME_COARSE, &t);
	return t.tv_sec;
}

static struct sig_rules rules_of(const struct s3_call *c)
{
	return (struct sig_rules){
		.region = str_of(c->g->config->gateway_region), .service = STR("s3"),
		.now = seconds_now(), .skew = SIG_SKEW_MAX,
	};
}

/* --- the peer ------------------------------------------------------------------------ */

static bool is_proxy(const struct front *f, struct str address)
{
	struct str list = str_of(f->gateway.config->gateway_proxies), item;

	while (str_cut(&list, ',', &item)) {
		item = str_trim(item);
		if (item.len && policy_ip_in(address, item))
			return true;
	}
	return false;
}

/* An address as text; one of IPv4 in IPv6 as that of IPv4. */
static void address_text(const struct sockaddr_storage *from, char to[INET6_ADDRSTRLEN])
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)from;
	const struct sockaddr_in *four = (const struct sockaddr_in *)from;

	*to = '\0';
	if (from->ss_family == AF_INET)
		inet_ntop(AF_INET, &four->sin_addr, to, INET6_ADDRSTRLEN);
	else if (from->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
		inet_ntop(AF_INET, &six->sin6_addr.s6_addr[12], to, INET6_ADDRSTRLEN);
	else if (from->ss_family == AF_INET6)
		inet_ntop(AF_INET6, &six->sin6_addr, to, INET6_ADDRSTRLEN);
}

static void peer_address(struct s3_call *c)
{
	struct sockaddr_storage from = { 0 };
	socklen_t len = sizeof(from);

	if (!getpeername(c->rq->stream->fd, (struct sockaddr *)&from, &len))
		address_text(&from, c->address);
}

bool auth_is_proxy(const struct sockaddr_storage *from, void *front)
{
	char text[INET6_ADDRSTRLEN];

	address_text(from, text);
	return is_proxy(front, str_of(text));
}

/*
 * The last address of X-Forwarded-For that is no proxy's: what is before it anybody can write.
 * What cannot be read was a client's all the same, and none that a policy knows.
 */
static void forwarded_for(struct s3_call *c)
{
	char text[INET6_ADDRSTRLEN] = "";
	struct str list, item;
	unsigned int from = 0;

	/* A proxy may add a field of its own behind the client's. */
	while (http_find_next(&c->rq->head, STR("x-forwarded-for"), &from, &list))
		while (str_cut(&list, ',', &item)) {
			if (!forwarded_address(str_trim(item), text))
				strcpy(text, "unknown");
			if (!is_proxy(c->front, str_of(text)))
				memcpy(c->address, text, sizeof(text));
		}
}

/* What the last proxy says, not what a client wrote before it; at is NULL: nothing. */
static struct str forwarded(const struct s3_call *c, struct str name)
{
	struct str value = STR_NONE;
	unsigned int from = 0;

	while (http_find_next(&c->rq->head, name, &from, &value))
		;
	return value;
}

void auth_peer(struct s3_call *c)
{
	struct str host;
	bool behind;

	c->host = http_str(&c->rq->head, c->rq->head.host);
	peer_address(c);
	behind = *c->g->config->gateway_proxies && is_proxy(c->front, str_of(c->address));
	c->caller.secure = c->front->tls;
	if (behind) {
		forwarded_for(c);
		c->caller.secure |= str_equal_nocase(forwarded(c, STR("x-forwarded-proto")),
						     STR("https"));
		host = forwarded(c, STR("x-forwarded-host"));
		if (host.len)
			c->host = host;
	}
	c->caller.address = bytes_of(str_of(c->address));
	c->caller.agent = bytes_of(str_head(field_of(c, STR("user-agent")), 1024));
	c->caller.referer = bytes_of(str_head(field_of(c, STR("referer")), 1024));
}

/* --- signatures ---------------------------------------------------------------------- */

static int get_key(struct s3_call *c)
{
	int rc;

	if (c->claim.token.at) {
		s3_fail(&c->fault, S3_INVALID_TOKEN, NULL);
		return S3_INVALID_TOKEN;
	}
	rc = gateway_key(c->g, &c->claim.scope, c->claim.algorithm, &c->kept,
			 io_after_ms(FRONT_CALL_MS));
	if (meta_code(rc) == S3_INVALID_ACCESS_KEY_ID) {
		s3_fail(&c->fault, S3_INVALID_ACCESS_KEY_ID, NULL);
		s3_detail(&c->fault, "AWSAccessKeyId", c->claim.scope.access_key);
		return S3_INVALID_ACCESS_KEY_ID;
	}
	if (rc)
		return rc;
	c->key = (struct sig_key){ .hmac = &c->kept->hmac, .ecdsa = c->kept->ecdsa };
	return 0;
}

static void is_proven(struct s3_call *c)
{
	gateway_key_proven(c->g, c->kept);
	c->caller.access_key = bytes_of(c->claim.scope.access_key);
	c->payer = c->kept->team;
}

/* With another Host, as a client of a proxy has signed it. */
static enum s3_code verify_as(struct s3_call *c, struct sig_message *m,
			      struct sig_header *table, struct str host, struct str prefix)
{
	unsigned int i;

	/* A signature for one bucket's host, or for none, is not one for another bucket. */
	if (!str_equal_nocase(route_bucket_of(c, host), route_bucket_of(c, c->host)))
		return S3_SIGNATURE_DOES_NOT_MATCH;
	for (i = 0; i < m->count; i++)
		if (str_equal_nocase(table[i].name, STR("host")))
			table[i].value = host;
	m->prefix = prefix;
	return sig_verify(m, &c->claim, &c->key, &c->fault);
}

static enum s3_code verify(struct s3_call *c, struct sig_message *m, struct sig_header *table)
{
	struct str own = http_str(&c->rq->head, c->rq->head.host);
	enum s3_code code = sig_verify(m, &c->claim, &c->key, &c->fault);
	struct str host = forwarded(c, STR("x-forwarded-host"));
	char address[INET6_ADDRSTRLEN];

	if (!code && !str_equal_nocase(route_bucket_of(c, own), route_bucket_of(c, c->host)))
		code = s3_fail(&c->fault, S3_SIGNATURE_DOES_NOT_MATCH, NULL);
	if (code == S3_SIGNATURE_DOES_NOT_MATCH && c->front->external_host.len)
		code = verify_as(c, m, table, c->front->external_host,
				 c->front->external_prefix);
	if (code != S3_SIGNATURE_DOES_NOT_MATCH || !host.len || !*c->g->config->gateway_proxies)
		return code;
	/* The peer itself, not who it speaks for. */
	memcpy(address, c->address, sizeof(address));
	peer_address(c);
	if (is_proxy(c->front, str_of(c->address)))
		code = verify_as(c, m, table, host, STR_NONE);
	memcpy(c->address, address, sizeof(address));
	return code;
}

/* Nobody has signed it; what it says of its body is looked at all the same. */
static int anonymous(struct s3_call *c)
{
	struct str payload = field_of(c, STR("x-amz-content-sha256"));

	c->claim.payload = SIG_PAYLOAD_UNSIGNED;
	if (str_is(payload, "STREAMING-UNSIGNED-PAYLOAD-TRAILER"))
		c->claim.payload = SIG_PAYLOAD_UNSIGNED_TRAILER;
	else if (str_starts(payload, STR("STREAMING-")))
		return front_argument(c, STR("x-amz-content-sha256"), payload,
				      "A signed payload needs a signed request");
	else if (payload.len == 2 * SHA256_BYTES)
		c->claim.payload = SIG_PAYLOAD_HASH;
	c->claim.content_sha256 = payload;
	return 0;
}

static bool is_usual_region(const struct s3_call *c)
{
	static const struct str usual[] = { { "us-east-1", 9 }, { "local", 5 } };
	size_t i;

	for (i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (c->claim.algorithm == SIG_ECDSA ?
		    sig_region_in_set(c->claim.region_set, usual[i]) :
		    str_equal(c->claim.scope.region, usual[i]))
			return true;
	return false;
}

/* Unless the configuration names one: a usual one, or the bucket's policy. */
static int check_region(struct s3_call *c)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	bool set = c->claim.algorithm == SIG_ECDSA;
	struct meta_region_ask ask = { .bucket = bytes_of(c->target.bucket), .set = set };
	struct str region = set ? c->claim.region_set : c->claim.scope.region;
	struct meta_region give = { 0 };
	int rc = 0;

	if (*c->g->config->gateway_region || is_usual_region(c))
		return 0;
	ask.caller = c->caller;
	ask.region = bytes_of(region);
	if (region.len && region.len <= META_ID_MAX)
		rc = front_ask(c, META_REGION, &meta_region_ask_schema, &ask,
			       &meta_region_schema, &give, 0, &answer);
	if (rc || give.right)
		return rc;
	return sig_wrong_region(&c->claim, give.region.len ? str_from(give.region) :
					   STR(REGION_USUAL), &c->fault);
}

/* A pre-signed URL may leave the body open; the digest that is sent with it is checked then. */
void auth_digest(struct s3_call *c)
{
	struct str value = field_of(c, STR("x-amz-content-sha256"));

	if (c->claim.place != SIG_QUERY || c->claim.payload != SIG_PAYLOAD_UNSIGNED ||
	    !value.len || str_is(value, "UNSIGNED-PAYLOAD"))
		return;
	c->claim.payload = SIG_PAYLOAD_HASH;
	c->claim.content_sha256 = value;
}

int auth_request(struct s3_call *c)
{
	struct sig_rules rules = rules_of(c);
	struct sig_header table[HTTP_FIELDS_MAX];
	struct sig_message m;
	int rc;

	sig_message_from(&c->rq->head, &c->uri, table, &m);
	rc = sig_parse(&m, &rules, &c->claim, &c->fault);
	if (rc)
		return rc;
	if (c->claim.place == SIG_ANONYMOUS)
		return anonymous(c);
	rc = get_key(c);
	if (!rc)
		rc = verify(c, &m, table);
	if (!rc) {
		is_proven(c);
		rc = check_region(c);
	}
	return rc;
}

/* The key's owner is found as if he had signed today by version 4. */
static int form_of_version2(struct s3_call *c, const struct s3_form *form)
{
	struct out o = OUT(c->claim.text, sizeof(c->claim.text));
	struct str policy = STR_NONE;
	int rc;

	amz_date_write(&o, seconds_now());
	o.len = 8;
	out_str(&o, STR("/" REGION_USUAL "/s3/aws4_request"));
	c->claim.scope.date = (struct str){ c->claim.text, 8 };
	c->claim.scope.region = STR(REGION_USUAL);
	c->claim.scope.service = STR("s3");
	c->claim.scope.whole = out_written(&o);
	rc = get_key(c);
	if (rc)
		return rc;
	s3_form_find(form, STR("policy"), &policy);
	rc = gateway_form(c->g, c->claim.scope.access_key, policy, c->claim.signature,
			  io_after_ms(FRONT_CALL_MS));
	if (meta_code(rc) == S3_SIGNATURE_DOES_NOT_MATCH)
		return s3_post_mismatch(&c->claim, &c->fault);
	if (!rc)
		is_proven(c);
	return rc;
}

int auth_form(struct s3_call *c, const struct s3_form *form)
{
	struct sig_rules rules = rules_of(c);
	int rc = s3_post_parse(form, &rules, &c->claim, &c->fault);

	if (rc || c->claim.place == SIG_ANONYMOUS)
		return rc;
	if (c->claim.version2)
		return form_of_version2(c, form);
	rc = get_key(c);
	if (!rc)
		rc = s3_post_verify(form, &c->claim, &c->key, &c->fault);
	if (!rc) {
		is_proven(c);
		rc = check_region(c);
	}
	return rc;
}

/* --- tokens -------------------------------------------------------------------------- */

static int bad_token(struct s3_call *c)
{
	return s3_fail(&c->fault, S3_INVALID_TOKEN, NULL);
}

/* The secret is right if the vault derives the same of it. */
static int check_secret(struct s3_call *c, struct str secret)
{
	u8 mac[4][SHA256_BYTES];
	char first[4 + 128] = "AWS4";
	const struct str step[] = {
		c->claim.scope.date, TOKEN_REGION, TOKEN_SERVICE, STR("aws4_request"),
	};
	int i, rc = 0;
	bool same;

	memcpy(first + 4, secret.at, secret.len);
	for (i = 0; !rc && i < 4; i++)
		rc = hmac_sha256(i ? (void *)mac[i - 1] : first, i ? SHA256_BYTES : 4 + secret.len,
				 step[i].at, step[i].len, mac[i]);
	same = !rc && mac_equal(mac[3], c->kept->secret, SHA256_BYTES);
	explicit_bzero(mac, sizeof(mac));
	explicit_bzero(first, sizeof(first));
	return rc ? rc : same ? 0 : bad_token(c);
}

int auth_bearer(struct s3_call *c)
{
	struct str value = field_of(c, STR("authorization")), secret;
	char day[AMZ_DATE_LEN], whole[64];
	struct out date = OUT(day, sizeof(day)), o = OUT(whole, sizeof(whole));
	size_t i;
	int rc;

	if (!value.at)
		return 0;
	if (!str_equal_nocase(str_head(value, 7), STR("bearer ")))
		return bad_token(c);
	value = str_trim(str_skip(value, 7));
	for (i = value.len; i && value.at[i - 1] != '.'; i--)
		;
	secret = str_skip(value, i);
	if (i < 2 || !secret.len || secret.len > 128)
		return bad_token(c);
	amz_date_write(&date, seconds_now());
	out_bytes(&o, day, 8);
	out_str(&o, STR("/skyd/api/aws4_request"));
	c->claim.scope = (struct sig_scope){
		.access_key = str_head(value, i - 1), .date = { day, 8 },
		.region = TOKEN_REGION, .service = TOKEN_SERVICE, .whole = out_written(&o),
	};
	rc = get_key(c);
	if (rc == S3_INVALID_ACCESS_KEY_ID)
		return bad_token(c);
	if (!rc)
		rc = check_secret(c, secret);
	if (!rc)
		is_proven(c);
	/* They end with this function. */
	c->claim.scope.date = STR_NONE;
	c->claim.scope.whole = STR_NONE;
	return rc;
}
