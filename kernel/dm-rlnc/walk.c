// SPDX-License-Identifier: GPL-2.0-only
/* Visiting every generation that the trees refer to. */
#include "dm-rlnc.h"

struct walker {
	struct rlnc_volume *v;
	const struct rlnc_walk *walk;
	struct rlnc_ptr *ptr;		/* ptr_bytes each, by level */
};

static struct rlnc_ptr *ptr_at(struct walker *w, u32 level)
{
	return (void *)w->ptr + level * w->v->geo.ptr_bytes;
}

/* How many leaves one node of a level stands for. */
static u64 leaves_below(const struct rlnc_volume *v, u32 level)
{
	u64 leaves = 1;

	while (level--)
		leaves *= v->geo.fanout;
	return leaves;
}

static int visit(struct walker *w, u8 tree, u32 level, u64 index,
		 const struct rlnc_ptr *ptr)
{
	struct rlnc_place place = { .index = index, .tree = tree, .level = level };

	return w->walk->visit(w->v, w->walk->arg, &place, ptr);
}

/*
 * The children of one node, and what is below them.  The recursion is at most
 * RLNC_MAX_LEVELS deep; pointers are kept off the stack.
 */
static int walk_children(struct walker *w, struct rlnc_node *node)
{
	struct rlnc_volume *v = w->v;
	u32 level = node->level - 1;
	u64 first = node->index * v->geo.fanout;
	u64 end = min(first + v->geo.fanout, v->shape[node->tree].count[level]);
	u64 from = node->tree == RLNC_TREE_MAP ? w->walk->from : 0;
	struct rlnc_ptr *ptr = ptr_at(w, level);
	struct rlnc_node *child;
	u64 i;
	int ret = 0;

	for (i = first; i < end && !ret; i++) {
		if ((i + 1) * leaves_below(v, level) <= from)
			continue;
		if (node->tree == RLNC_TREE_PACK && !level &&
		    !rlnc_pack_entry_is_ptr(&v->geo, i))
			continue;
		rlnc_node_read_ptr(v, node, i, ptr);
		if (!rlnc_ptr_mapped(ptr) ||
		    (w->walk->skip && w->walk->skip(v, w->walk->arg, ptr)))
			continue;
		ret = visit(w, node->tree, level, i, ptr);
		if (ret || !level)
			continue;
		child = rlnc_node_get(v, node->tree, level, i);
		if (IS_ERR(child)) {
			ret = w->walk->unreadable(v, w->walk->arg, PTR_ERR(child));
			continue;
		}
		ret = walk_children(w, child);
		rlnc_node_put(v, child);
	}
	return ret;
}

/**
 * rlnc_walk - visit what the trees refer to, nodes before what is below them
 * @v:		active volume
 * @walk:	what to call
 *
 * Runs beside I/O: a pointer may have moved by the time that it is visited, so
 * visitors of leaves look it up again.
 *
 * Return: 0, or the first non-zero value that a visitor returned.
 */
int rlnc_walk(struct rlnc_volume *v, const struct rlnc_walk *walk)
{
	struct walker w = { .v = v, .walk = walk };
	struct rlnc_node *root;
	struct rlnc_ptr *ptr;
	int ret = 0;
	u32 t, top;

	w.ptr = kvcalloc(RLNC_MAX_LEVELS + 1, v->geo.ptr_bytes, GFP_KERNEL);
	if (!w.ptr)
		return -ENOMEM;
	for (t = RLNC_TREES; t-- > 0 && !ret;) {	/* the map last */
		top = v->shape[t].top;
		ptr = ptr_at(&w, top);
		spin_lock(&v->node_lock);
		memcpy(ptr, v->root[t], v->geo.ptr_bytes);
		spin_unlock(&v->node_lock);
		if (rlnc_ptr_mapped(ptr))
			ret = visit(&w, t, top, 0, ptr);
		if (ret)
			break;
		root = rlnc_node_get(v, t, top, 0);
		if (IS_ERR(root)) {
			ret = PTR_ERR(root);
			break;
		}
		ret = walk_children(&w, root);
		rlnc_node_put(v, root);
	}
	kvfree(w.ptr);
	return ret;
}
