// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Leases of epochs.  Half of one is left when it is renewed, so that no checkpoint waits for the
 * TPM; and that is asked only then.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/report.h"
#include "monitor.h"
#include "rlncsetup.h"

struct leased {
	struct leased *next;
	char uuid[UUID_TEXT_MAX];
	uint64_t high;		/* 0: to be asked for; UINT64_MAX: there is no lease */
};

struct anchors {
	const struct options *o;
	struct leased *first;
};

/**
 * anchors_start - begin to renew leases
 *
 * Return: 0 or -errno, reported.
 */
int anchors_start(struct anchors **anchors, const struct options *o)
{
	*anchors = calloc(1, sizeof(**anchors));
	if (!*anchors)
		return fail(ENOMEM, "out of memory");
	(*anchors)->o = o;
	return 0;
}

static struct leased **find(struct anchors *anchors, const char *uuid)
{
	struct leased **at = &anchors->first;

	while (*at && strcmp((*at)->uuid, uuid))
		at = &(*at)->next;
	return at;
}

static void drop(struct leased **at)
{
	struct leased *gone = *at;

	if (!gone)
		return;
	*at = gone->next;
	free(gone);
}

static struct leased *have(struct anchors *anchors, const char *uuid)
{
	struct leased **at = find(anchors, uuid);

	if (*at)
		return *at;
	*at = calloc(1, sizeof(**at));
	if (*at)
		strcpy((*at)->uuid, uuid);
	else
		warn("the lease of volume %s is not watched: out of memory", uuid);
	return *at;
}

static void look(struct anchors *anchors, struct leased *l, uint64_t epoch)
{
	const struct options *o = anchors->o;

	if (l->high == UINT64_MAX || (l->high && epoch + o->anchor_lease / 2 < l->high))
		return;
	/* One that fails is tried again at the next checkpoint. */
	if (anchor_renew(o, l->uuid, epoch, &l->high))
		l->high = 0;
}

/**
 * anchors_notice - what a notice says of epochs
 * @anchors:	from anchors_start()
 * @n:		of any kind
 */
void anchors_notice(struct anchors *anchors, const struct rlnc_notice *n)
{
	uint64_t event = rlnc_notice_has(n, RLNC_ATTR_EVENT) ? n->number[RLNC_ATTR_EVENT] : 0;
	char uuid[UUID_TEXT_MAX];
	struct leased *l;

	if (!rlnc_notice_has(n, RLNC_ATTR_VOLUME_ID) || !rlnc_notice_has(n, RLNC_ATTR_EPOCH))
		return;
	uuid_format(n->volume_id, uuid);
	/* Opened anew it may have a lease where it had none. */
	if (event == RLNC_EVENT_CLOSED || event == RLNC_EVENT_ACTIVATED)
		drop(find(anchors, uuid));
	if (event == RLNC_EVENT_CLOSED)
		return;
	l = have(anchors, uuid);
	if (l)
		look(anchors, l, n->number[RLNC_ATTR_EPOCH]);
}

/**
 * anchors_stop - end it
 */
void anchors_stop(struct anchors **anchors)
{
	while (*anchors && (*anchors)->first)
		drop(&(*anchors)->first);
	free(*anchors);
	*anchors = NULL;
}
