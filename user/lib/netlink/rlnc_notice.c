// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "rlnc_events.h"

static const struct nla_policy policy[RLNC_ATTR_MAX + 1] = {
	[RLNC_ATTR_MAJOR]		= { .type = NLA_U32 },
	[RLNC_ATTR_MINOR]		= { .type = NLA_U32 },
	[RLNC_ATTR_NAME]		= { .type = NLA_STRING },
	[RLNC_ATTR_VOLUME_ID]		= { .type = NLA_UNSPEC, .minlen = 16, .maxlen = 16 },
	[RLNC_ATTR_SEQ]			= { .type = NLA_U64 },
	[RLNC_ATTR_TIME]		= { .type = NLA_U64 },
	[RLNC_ATTR_EVENT]		= { .type = NLA_U32 },
	[RLNC_ATTR_LOST]		= { .type = NLA_U32 },
	[RLNC_ATTR_LETTERS]		= { .type = NLA_STRING },
	[RLNC_ATTR_EPOCH]		= { .type = NLA_U64 },
	[RLNC_ATTR_ROOT]		= { .type = NLA_UNSPEC, .minlen = 32, .maxlen = 32 },
	[RLNC_ATTR_K]			= { .type = NLA_U32 },
	[RLNC_ATTR_N]			= { .type = NLA_U32 },
	[RLNC_ATTR_MEMBER]		= { .type = NLA_U32 },
	[RLNC_ATTR_LETTER]		= { .type = NLA_U8 },
	[RLNC_ATTR_DEVICE]		= { .type = NLA_STRING },
	[RLNC_ATTR_VALID_THROUGH]	= { .type = NLA_U64 },
	[RLNC_ATTR_REASON]		= { .type = NLA_STRING },
	[RLNC_ATTR_WORK]		= { .type = NLA_U32 },
	[RLNC_ATTR_DONE]		= { .type = NLA_U64 },
	[RLNC_ATTR_TOTAL]		= { .type = NLA_U64 },
	[RLNC_ATTR_MENDED]		= { .type = NLA_U64 },
	[RLNC_ATTR_ERRORS]		= { .type = NLA_U64 },
	[RLNC_ATTR_COUNT]		= { .type = NLA_U64 },
	[RLNC_ATTR_TREE]		= { .type = NLA_U32 },
	[RLNC_ATTR_LEVEL]		= { .type = NLA_U32 },
	[RLNC_ATTR_GENERATION]		= { .type = NLA_U64 },
	[RLNC_ATTR_SECTOR]		= { .type = NLA_U64 },
	[RLNC_ATTR_MEMBERS]		= { .type = NLA_STRING },
	[RLNC_ATTR_STALE]		= { .type = NLA_U64 },
};

static void take(struct rlnc_notice *n, int type, struct nlattr *attr)
{
	n->has |= 1ull << type;
	switch (policy[type].type) {
	case NLA_U8:
		n->number[type] = nla_get_u8(attr);
		break;
	case NLA_U32:
		n->number[type] = nla_get_u32(attr);
		break;
	case NLA_U64:
		n->number[type] = nla_get_u64(attr);
		break;
	case NLA_STRING:
		n->text[type] = nla_get_string(attr);
		break;
	default:
		if (type == RLNC_ATTR_ROOT)
			memcpy(n->root, nla_data(attr), sizeof(n->root));
		else
			memcpy(n->volume_id, nla_data(attr), sizeof(n->volume_id));
	}
}

/**
 * rlnc_notice_read - take a message of the kernel's apart
 * @header:	all of the message, as nlmsg_ok() has found it
 * @n:		filled in; points into the message
 *
 * Return: 0, or -EPROTO when it does not follow the policy.
 */
int rlnc_notice_read(struct nlmsghdr *header, struct rlnc_notice *n)
{
	struct nlattr *tb[RLNC_ATTR_MAX + 1];
	struct genlmsghdr *genl;
	int i;

	if (genlmsg_parse(header, 0, tb, RLNC_ATTR_MAX, (struct nla_policy *)policy))
		return -EPROTO;
	genl = nlmsg_data(header);
	*n = (struct rlnc_notice){ .command = genl->cmd };
	for (i = RLNC_ATTR_PAD + 1; i <= RLNC_ATTR_MAX; i++)
		if (tb[i])
			take(n, i, tb[i]);
	return 0;
}
