// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "bytes.h"
#include "eventlog.h"

#define SHA1_EVENT_HEAD		32	/* PCR, type, digest, size of the data */
#define AGILE_EVENT_HEAD	12	/* PCR, type, number of digests */
#define SPEC_ID_HEAD		28	/* of the first event's data, before the algorithms */
#define LOCALITY		"StartupLocality"
#define HCRTM_LOCALITY		4
#define DRTM_FIRST		17
#define DRTM_LAST		22

static int bad(struct eventlog *log, const char *why)
{
	log->fault = (struct eventlog_fault){ log->offset, log->index, why };
	return -EBADMSG;
}

static int add_alg(struct eventlog *log, uint16_t id, uint16_t size)
{
	const struct tpm_alg *alg = tpm_alg_by_id(id);
	unsigned int i;

	for (i = 0; i < log->algs; i++)
		if (log->alg[i].id == id)
			return bad(log, "the header names an algorithm twice");
	if (!size || (alg && alg->size != size))
		return bad(log, "the header gives an algorithm another length of digest");
	log->alg[log->algs++] = (struct eventlog_alg){ id, size, alg };
	return 0;
}

/* TCG_EfiSpecIDEvent.  What the vendor adds behind the algorithms is nobody's concern. */
static int read_spec_id(struct eventlog *log, struct str data)
{
	struct bytes b = bytes_of(data.at, data.len);
	uint32_t count, i;
	int rc = 0;

	if (!bytes_skip(&b, SPEC_ID_HEAD - 4) || !bytes_le32(&b, &count))
		return bad(log, "the header is cut short");
	if (!count || count > EVENTLOG_ALGS)
		return bad(log, "the header has no algorithms, or too many");
	log->agile = true;
	for (i = 0; !rc && i < count; i++) {
		uint16_t id, size;

		if (!bytes_le16(&b, &id) || !bytes_le16(&b, &size))
			return bad(log, "the header's algorithms are cut short");
		rc = add_alg(log, id, size);
	}
	return rc;
}

/* An event as TPM 1.2 has it, which a crypto-agile log begins with, too. */
static int read_sha1_event(struct eventlog *log, struct event *ev)
{
	struct bytes b = bytes_of(log->at + log->offset, log->len - log->offset);
	uint32_t size;

	ev->digests = 1;
	ev->digest[0] = (struct event_digest){ .id = TPM_ALG_SHA1, .size = TPM_SHA1_BYTES,
					       .alg = tpm_alg_by_id(TPM_ALG_SHA1) };
	if (!bytes_le32(&b, &ev->pcr) || !bytes_le32(&b, &ev->type) ||
	    !bytes_take(&b, TPM_SHA1_BYTES, &ev->digest[0].at) || !bytes_le32(&b, &size))
		return bad(log, "the event is cut short");
	if (!bytes_str(&b, size, &ev->data))
		return bad(log, "the event's data reaches behind the end of the log");
	return 0;
}

static int read_digest(struct eventlog *log, struct bytes *b, struct event *ev)
{
	struct event_digest *d = &ev->digest[ev->digests];
	unsigned int i;

	*d = (struct event_digest){ 0 };
	if (!bytes_le16(b, &d->id))
		return bad(log, "the event's digests are cut short");
	for (i = 0; i < ev->digests; i++)
		if (ev->digest[i].id == d->id)
			return bad(log, "the event has two digests of one algorithm");
	for (i = 0; i < log->algs; i++)
		if (log->alg[i].id == d->id) {
			d->size = log->alg[i].size;
			d->alg = log->alg[i].alg;
		}
	if (!d->size)
		return bad(log, "the event has a digest of an algorithm that the header does not name");
	if (!bytes_take(b, d->size, &d->at))
		return bad(log, "the event's digests are cut short");
	ev->digests++;
	return 0;
}

static int read_agile_event(struct eventlog *log, struct event *ev)
{
	struct bytes b = bytes_of(log->at + log->offset, log->len - log->offset);
	uint32_t count, size, i;
	int rc = 0;

	ev->digests = 0;
	if (!bytes_le32(&b, &ev->pcr) || !bytes_le32(&b, &ev->type) || !bytes_le32(&b, &count))
		return bad(log, "the event is cut short");
	if (count > EVENTLOG_ALGS)
		return bad(log, "the event has too many digests");
	for (i = 0; !rc && i < count; i++)
		rc = read_digest(log, &b, ev);
	if (rc)
		return rc;
	if (!bytes_le32(&b, &size))
		return bad(log, "the event is cut short");
	if (!bytes_str(&b, size, &ev->data))
		return bad(log, "the event's data reaches behind the end of the log");
	return 0;
}

static bool all(const uint8_t *at, size_t len, uint8_t byte)
{
	return !len || (*at == byte && !memcmp(at, at + 1, len - 1));
}

/* Has the buffer not been written to from here on? */
static bool is_padding(const struct eventlog *log)
{
	const uint8_t *at = log->at + log->offset;
	size_t len = log->len - log->offset, head = log->agile ? AGILE_EVENT_HEAD : SHA1_EVENT_HEAD;

	if (len > head)
		len = head;
	/* The last bytes of an event may be zeros; a whole head of zeros is no event. */
	return len && (all(at, len, 0) || all(at, len, 0xff));
}

int eventlog_open(struct eventlog *log, const void *bytes, size_t len)
{
	struct event first = { 0 };
	int rc;

	*log = (struct eventlog){ .at = bytes, .len = len };
	if (len > EVENTLOG_MAX_BYTES)
		return -EMSGSIZE;
	if (is_padding(log))
		return bad(log, "there is no event, only padding");
	rc = read_sha1_event(log, &first);
	if (rc)
		return rc;
	if (first.type == EV_NO_ACTION &&
	    str_starts(first.data, (struct str){ "Spec ID Event03", sizeof("Spec ID Event03") }))
		return read_spec_id(log, first.data);
	return add_alg(log, TPM_ALG_SHA1, TPM_SHA1_BYTES);
}

/* Is it the locality that TPM2_Startup() came from? */
static bool is_locality(const struct event *ev)
{
	return ev->type == EV_NO_ACTION && !ev->pcr && ev->data.len == sizeof(LOCALITY) + 1 &&
	       !memcmp(ev->data.at, LOCALITY, sizeof(LOCALITY));
}

int eventlog_next(struct eventlog *log, struct event *ev)
{
	size_t end;
	int rc;

	memset(ev, 0, sizeof(*ev));
	ev->index = log->index;
	ev->offset = log->offset;
	/* The first event has been looked at already, and is no padding. */
	if (log->offset == log->len || log->padding || (log->index && is_padding(log))) {
		log->padding = log->len - log->offset;
		return 0;
	}
	if (log->index == EVENTLOG_MAX_EVENTS)
		return bad(log, "there are too many events");
	rc = log->agile && log->index ? read_agile_event(log, ev) : read_sha1_event(log, ev);
	if (rc)
		return rc;
	if (ev->type != EV_NO_ACTION && ev->pcr >= TPM_PCRS)
		return bad(log, "there is no PCR of that number");
	if (is_locality(ev) && log->started)
		return bad(log, "StartupLocality comes after PCR 0 was extended");
	log->started |= ev->type != EV_NO_ACTION && !ev->pcr && ev->digests;
	end = (size_t)((const uint8_t *)ev->data.at - log->at) + ev->data.len;
	log->offset = end;
	log->index++;
	return 1;
}

const uint8_t *event_digest_of(const struct event *ev, const struct tpm_alg *alg)
{
	unsigned int i;

	for (i = 0; i < ev->digests; i++)
		if (ev->digest[i].alg == alg)
			return ev->digest[i].at;
	return NULL;
}

/* PCR 0 before it is extended, in all banks. */
static void start_at(struct tpm_pcr_set *set, uint8_t locality)
{
	unsigned int i;

	for (i = 0; i < set->count; i++)
		if (!(set->bank[i].known & 1))
			set->bank[i].value[0][set->bank[i].alg->size - 1] = locality;
}

int eventlog_extend(struct tpm_pcr_set *set, const struct event *ev)
{
	unsigned int i;
	int rc = 0;

	if (is_locality(ev))
		start_at(set, (uint8_t)ev->data.at[sizeof(LOCALITY)]);
	if (ev->type == EV_NO_ACTION)
		return 0;
	if (ev->type == EV_EFI_HCRTM_EVENT && !ev->pcr)
		start_at(set, HCRTM_LOCALITY);
	for (i = 0; !rc && i < ev->digests; i++) {
		struct tpm_pcr_bank *bank = tpm_pcr_find(set, ev->digest[i].id);

		if (!bank)
			continue;
		if (ev->pcr >= DRTM_FIRST && ev->pcr <= DRTM_LAST &&
		    !(bank->known & (1u << ev->pcr)))
			memset(bank->value[ev->pcr], 0, bank->alg->size);
		rc = tpm_pcr_extend(bank, ev->pcr, ev->digest[i].at);
	}
	return rc;
}

void eventlog_banks(const struct eventlog *log, struct tpm_pcr_set *set)
{
	unsigned int i;

	memset(set, 0, sizeof(*set));
	for (i = 0; i < log->algs; i++)
		if (log->alg[i].alg)
			tpm_pcr_add(set, log->alg[i].alg);
}

int eventlog_replay(struct eventlog *log, struct tpm_pcr_set *set)
{
	struct event ev;
	int rc;

	eventlog_banks(log, set);
	while ((rc = eventlog_next(log, &ev)) > 0) {
		rc = eventlog_extend(set, &ev);
		if (rc)
			break;
	}
	return rc;
}
