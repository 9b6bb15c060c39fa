/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Circular lists through their elements, as the kernel has them; for this room. */
#ifndef SKY_IO_LIST_H
#define SKY_IO_LIST_H

#include <stdbool.h>

#include <linux/kernel.h>

#include "node.h"

static inline void list_init(struct io_node *list)
{
	list->next = list;
	list->prev = list;
}

static inline bool list_empty(const struct io_node *list)
{
	return list->next == list;
}

static inline void list_add(struct io_node *list, struct io_node *node)
{
	node->next = list;
	node->prev = list->prev;
	list->prev->next = node;
	list->prev = node;
}

/* The node is a list of its own afterwards, so that this may be done twice. */
static inline void list_del(struct io_node *node)
{
	node->next->prev = node->prev;
	node->prev->next = node->next;
	list_init(node);
}

/* All of @from, in its order, to the end of @list. */
static inline void list_move_all(struct io_node *list, struct io_node *from)
{
	if (list_empty(from))
		return;
	from->next->prev = list->prev;
	list->prev->next = from->next;
	from->prev->next = list;
	list->prev = from->prev;
	list_init(from);
}

#define list_entry(node, type, member)	container_of(node, type, member)

#endif /* SKY_IO_LIST_H */
