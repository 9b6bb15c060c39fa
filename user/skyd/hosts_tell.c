// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "audit.h"
#include "backend_private.h"
#include "hosts.h"
#include "log.h"

static void tell_ledger(struct hosts *hosts, const char *host, const struct host_news *news)
{
	char object[AUDIT_OBJECT], actor[AUDIT_OBJECT], digest[2 * TPM_SHA256_BYTES];
	struct out hex = OUT(digest, sizeof(digest));
	const struct str who = audit_object(actor, "host", str_of(host));

	out_hex(&hex, news->policy.data, news->policy.len);
	audit_event(hosts->b, &(struct ledger_event){
		.actor = news->actor.len ? news->actor : who, .action = str_of(news->action),
		.object = audit_object(object, "host", str_of(host)), .result = str_of(news->why),
		.policy = hex.err ? STR_NONE : out_written(&hex),
	});
}

/* {"event": "lapse", "host": NAME, "time": MS, "why": TEXT, "verdict": {...}} */
static void tell_webhook(struct hosts *hosts, const char *host, const struct host_news *news)
{
	const char *word = strchr(news->action, '.');
	json_t *verdict, *document;

	if (!hosts->webhook)
		return;
	verdict = news->verdict.len ? json_loadb(news->verdict.data, news->verdict.len, 0, NULL) :
				      NULL;
	document = json_pack("{s:s, s:s, s:I, s:s, s:o*}", "event", word ? word + 1 : news->action,
			     "host", host, "time", (json_int_t)(backend_now() / 1000), "why",
			     news->why, "verdict", verdict);
	if (document)
		webhook_post(hosts->webhook, document);
}

void hosts_tell(struct hosts *hosts, const char *host, const struct host_news *news)
{
	const bool good = !strcmp(news->why, "ok");

	log_line(good ? LEVEL_INFO : LEVEL_WARNING, "%s %s: %s", news->action, host, news->why);
	tell_ledger(hosts, host, news);
	tell_webhook(hosts, host, news);
}
