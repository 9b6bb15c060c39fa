/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Listening to a multicast group of a generic netlink family that comes and goes with its
 * module.
 */
#ifndef SKY_NETLINK_WATCH_H
#define SKY_NETLINK_WATCH_H

struct nlmsghdr;
struct genl_watch;

struct genl_watched {
	const char *family;
	const char *group;
	const char *name;	/* of the module, for people */
};

/* What is in a message is gone when this returns.  A negative value ends it all. */
typedef int genl_message_fn(struct nlmsghdr *header, void *arg);

int genl_watch_open(const struct genl_watched *what, struct genl_watch **watch);
void genl_watch_close(struct genl_watch **watch);
int genl_watch_fd(const struct genl_watch *watch);
int genl_watch_family(const struct genl_watch *watch);
int genl_watch_read(struct genl_watch *watch, genl_message_fn *fn, void *arg);

#endif /* SKY_NETLINK_WATCH_H */
