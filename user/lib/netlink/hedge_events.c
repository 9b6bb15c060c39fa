// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "hedge_events.h"

const struct genl_watched hedge_watched = {
	.family = HEDGE_GENL_NAME, .group = HEDGE_GENL_GROUP, .name = "hedge",
};

static const struct nla_policy policy[HEDGE_ATTR_MAX + 1] = {
	[HEDGE_ATTR_EVENT]	= { .type = NLA_U32 },
	[HEDGE_ATTR_SEQ]	= { .type = NLA_U64 },
	[HEDGE_ATTR_TIME]	= { .type = NLA_U64 },
	[HEDGE_ATTR_ID]		= { .type = NLA_U32 },
	[HEDGE_ATTR_NAME]	= { .type = NLA_STRING },
	[HEDGE_ATTR_PATH]	= { .type = NLA_STRING },
	[HEDGE_ATTR_DIGEST]	= { .type = NLA_UNSPEC, .minlen = 32, .maxlen = 32 },
	[HEDGE_ATTR_STATUS]	= { .type = NLA_U32 },
	[HEDGE_ATTR_REASON]	= { .type = NLA_STRING },
	[HEDGE_ATTR_FILE]	= { .type = NLA_STRING },
};

static const char *text_of(struct nlattr *attr)
{
	return attr ? nla_get_string(attr) : NULL;
}

static uint32_t number_of(struct nlattr *attr)
{
	return attr ? nla_get_u32(attr) : 0;
}

/**
 * hedge_notice_read - take a message of the kernel's apart
 * @header:	all of the message, as nlmsg_ok() has found it
 * @n:		filled in; points into the message
 *
 * Return: 0, or -EPROTO when it is no event as hedge_event.h has it.
 */
int hedge_notice_read(struct nlmsghdr *header, struct hedge_notice *n)
{
	struct nlattr *tb[HEDGE_ATTR_MAX + 1];
	struct genlmsghdr *genl;

	if (genlmsg_parse(header, 0, tb, HEDGE_ATTR_MAX, (struct nla_policy *)policy))
		return -EPROTO;
	genl = nlmsg_data(header);
	if (genl->cmd != HEDGE_GENL_EVENT || !tb[HEDGE_ATTR_EVENT] || !tb[HEDGE_ATTR_SEQ] ||
	    !tb[HEDGE_ATTR_TIME] || !tb[HEDGE_ATTR_NAME])
		return -EPROTO;
	*n = (struct hedge_notice){
		.event = nla_get_u32(tb[HEDGE_ATTR_EVENT]),
		.seq = nla_get_u64(tb[HEDGE_ATTR_SEQ]),
		.time = nla_get_u64(tb[HEDGE_ATTR_TIME]),
		.id = number_of(tb[HEDGE_ATTR_ID]),
		.name = text_of(tb[HEDGE_ATTR_NAME]),
		.path = text_of(tb[HEDGE_ATTR_PATH]),
		.digest = tb[HEDGE_ATTR_DIGEST] ? nla_data(tb[HEDGE_ATTR_DIGEST]) : NULL,
		.has_status = tb[HEDGE_ATTR_STATUS],
		.status = number_of(tb[HEDGE_ATTR_STATUS]),
		.reason = text_of(tb[HEDGE_ATTR_REASON]),
		.file = text_of(tb[HEDGE_ATTR_FILE]),
	};
	return 0;
}

/* What an event is called; "unknown" if it is of a newer kernel. */
const char *hedge_event_word(uint32_t event)
{
	static const char *const words[__HEDGE_EVENT_MAX] = {
		[HEDGE_EVENT_STARTED] = "started",
		[HEDGE_EVENT_BOOTED] = "booted",
		[HEDGE_EVENT_PAUSED] = "paused",
		[HEDGE_EVENT_RESUMED] = "resumed",
		[HEDGE_EVENT_ENDED] = "ended",
		[HEDGE_EVENT_DUMPED] = "dumped",
		[HEDGE_EVENT_SNAPSHOT] = "snapshot",
		[HEDGE_EVENT_REFUSED] = "refused",
	};

	return event < __HEDGE_EVENT_MAX && words[event] ? words[event] : "unknown";
}
