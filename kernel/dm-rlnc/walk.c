// SPDX-License-Identifier: GPL-2.0-only
/* Visiting every generation that the trees refer to. */
#include "dm-rlnc.h"

/* A node on the way down, pinned, and which of its children are still to be visited. */
struct position {
	struct rlnc_node *node;
	u64 next;
	u64 end;
};

struct walker {
	struct rlnc_volume *v;
	const struct rlnc_walk *walk;
	struct rlnc_ptr *ptr;		/* ptr_bytes: what is being visited */
	struct position at[RLNC_MAX_LEVELS + 1];	/* by level; kept off the stack */
};

/* How many leaves one node of a level stands for. */
static u64 leaves_below(const struct rlnc_volume *v, u32 level)
{
	u64 leaves = 1;

	while (level--)
		leaves *= v->geo.fanout;
	return leaves;
}

static int visit(struct walker *w, u8 tree, u32 level, u64 index)
{
	struct rlnc_place place = { .index = index, .tree = tree, .level = level };

	return w->walk->visit(w->v, w->walk->arg, &place, w->ptr);
}

/* Go on with the children of a node. */
static void enter(struct walker *w, struct rlnc_node *node)
{
	const struct rlnc_volume *v = w->v;
	struct position *p = &w->at[node->level];

	p->node = node;
	p->next = node->index * v->geo.fanout;
	p->end = min(p->next + v->geo.fanout, v->shape[node->tree].count[node->level - 1]);
}

/* One child.  @below is set to its node, pinned, where that has children. */
static int step(struct walker *w, struct position *p, struct rlnc_node **below)
{
	const struct rlnc_node *node = p->node;
	struct rlnc_volume *v = w->v;
	u32 level = node->level - 1;
	u64 i = p->next++;
	u64 from = node->tree == RLNC_TREE_MAP ? w->walk->from : 0;
	struct rlnc_node *child;
	int ret;

	*below = NULL;
	if ((i + 1) * leaves_below(v, level) <= from)
		return 0;
	if (node->tree == RLNC_TREE_PACK && !level && !rlnc_pack_entry_is_ptr(&v->geo, i))
		return 0;
	rlnc_node_read_ptr(v, p->node, i, w->ptr);
	if (!rlnc_ptr_mapped(w->ptr) ||
	    (w->walk->skip && w->walk->skip(v, w->walk->arg, w->ptr)))
		return 0;
	ret = visit(w, node->tree, level, i);
	if (ret || !level)
		return ret;
	child = rlnc_node_get(v, node->tree, level, i);
	if (IS_ERR(child))
		return w->walk->unreadable(v, w->walk->arg, PTR_ERR(child));
	*below = child;
	return 0;
}

/* All that is below a root, of which this drops the pin. */
static int walk_below(struct walker *w, struct rlnc_node *root)
{
	u32 top = root->level, level = top;
	struct rlnc_node *below;
	struct position *p;
	int ret = 0;

	enter(w, root);
	while (level <= top) {
		p = &w->at[level];
		if (ret || p->next >= p->end) {
			rlnc_node_put(w->v, p->node);
			level++;
			continue;
		}
		ret = step(w, p, &below);
		if (below) {
			enter(w, below);
			level--;
		}
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
	struct rlnc_node *root;
	struct walker *w;
	int ret = 0;
	u32 t, top;

	w = kvzalloc(sizeof(*w) + v->geo.ptr_bytes, GFP_KERNEL);
	if (!w)
		return -ENOMEM;
	w->v = v;
	w->walk = walk;
	w->ptr = (void *)(w + 1);
	for (t = RLNC_TREES; t-- > 0 && !ret;) {	/* the map last */
		top = v->shape[t].top;
		spin_lock(&v->node_lock);
		memcpy(w->ptr, v->root[t], v->geo.ptr_bytes);
		spin_unlock(&v->node_lock);
		if (rlnc_ptr_mapped(w->ptr))
			ret = visit(w, t, top, 0);
		if (ret)
			break;
		root = rlnc_node_get(v, t, top, 0);
		ret = IS_ERR(root) ? PTR_ERR(root) : walk_below(w, root);
	}
	kvfree(w);
	return ret;
}
