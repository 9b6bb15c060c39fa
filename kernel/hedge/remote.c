// SPDX-License-Identifier: GPL-2.0-only
/* What other machines ask for: a command, a text that is in a file here, or to put an image. */
#include <linux/seq_file.h>
#include <linux/slab.h>
#include "hedge.h"
#include "remote.h"

#define TEXT_FIRST	(64u << 10)
#define TEXT_MOST	(4u << 20)

static void show_list(struct seq_file *m)
{
	hedge_registry_show(m);
}

static void show_totals(struct seq_file *m)
{
	hedge_totals_show(m, NULL);
}

static void show_vm(struct seq_file *m)
{
	hedge_stats_show(m, NULL);
}

/*
 * The piece of a text that begins at @offset.  It is made anew for each piece.
 *
 * Return: 0 or -ENOMEM.
 */
static int piece(void (*show)(struct seq_file *m), void *arg, u64 offset, char *text, size_t room,
		 size_t *len)
{
	struct seq_file m = { .private = arg };

	for (m.size = TEXT_FIRST; ; m.size *= 2) {
		m.count = 0;
		m.buf = kvmalloc(m.size, GFP_KERNEL);
		if (!m.buf)
			return -ENOMEM;
		show(&m);
		if (!seq_has_overflowed(&m) || m.size == TEXT_MOST)
			break;
		kvfree(m.buf);
	}
	if (offset < m.count) {
		*len = min_t(u64, room, m.count - offset);
		memcpy(text, m.buf + offset, *len);
	}
	kvfree(m.buf);
	return 0;
}

static int do_stats(const struct hedge_remote_request *rq, char *text, size_t room, size_t *len,
		    struct hedge_failure *failure)
{
	struct hedge_vm *vm;
	int ret;

	if (!strcmp(rq->name, "hedge"))
		return piece(show_totals, NULL, rq->offset, text, room, len);
	vm = hedge_registry_recall(rq->name);
	if (!vm)
		return hedge_wrong(failure, "NAME", "no VM of this name is known", -ESRCH);
	ret = piece(show_vm, vm, rq->offset, text, room, len);
	hedge_vm_put(vm);
	return ret;
}

static int do_put(const struct hedge_remote_request *rq, const struct hedge_peer *peer, char *text,
		  size_t room, size_t *len, struct hedge_failure *failure)
{
	u16 port;
	int ret;

	failure->err.field = "SIZE";
	ret = hedge_tftp_expect(peer, rq, &port, &failure->err.why);
	if (!ret)
		*len = scnprintf(text, room + 1, "port %u\npath " HEDGE_STAGED "%s\n", port,
				 rq->name);
	return ret;
}

static int do_request(const struct hedge_remote_request *rq, const struct hedge_peer *peer,
		      char *text, size_t room, size_t *len, struct hedge_failure *failure)
{
	switch (rq->verb) {
	case HEDGE_REMOTE_PUT:
		return do_put(rq, peer, text, room, len, failure);
	case HEDGE_REMOTE_LIST:
		return piece(show_list, NULL, rq->offset, text, room, len);
	case HEDGE_REMOTE_STATS:
		return do_stats(rq, text, room, len, failure);
	}
	return -EINVAL;
}

/**
 * hedge_remote_do - carry out a request
 * @line:	@len bytes, and room for one more
 * @peer:	who asks; he has the key
 * @text:	receives the answer, or what is wrong: @room bytes, and one more behind them
 * @text_len:	receives its bytes
 *
 * Return: 0 or -errno.
 */
int hedge_remote_do(char *line, size_t len, const struct hedge_peer *peer, char *text,
		    size_t room, size_t *text_len)
{
	struct hedge_failure *failure = kzalloc(sizeof(*failure), GFP_KERNEL);
	struct hedge_remote_request rq;
	int ret;

	if (!failure)
		return -ENOMEM;
	ret = hedge_remote_parse(line, len, &rq, &failure->err);
	if (ret == -ENOENT)
		ret = hedge_control(line, len, true, failure);
	else if (!ret)
		ret = do_request(&rq, peer, text, room, text_len, failure);
	if (ret && failure->err.field && failure->err.why)
		*text_len = scnprintf(text, room + 1, "%s: %s", failure->err.field,
				      failure->err.why);
	kfree(failure);
	return ret;
}
