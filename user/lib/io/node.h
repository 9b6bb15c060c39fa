/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A place in a list, inside the structs of this room. */
#ifndef SKY_IO_NODE_H
#define SKY_IO_NODE_H

struct io_node {
	struct io_node *next;
	struct io_node *prev;
};

#endif /* SKY_IO_NODE_H */
