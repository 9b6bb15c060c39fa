// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which wrong fragments are old ones: that were right once, and somebody has put back, or
 * that a member still has because it lost a write.
 *
 * Nothing on a member says how old a fragment is; only a seal can, and when a generation
 * is written anew its seals are forgotten.  So the last pointers that were given up are
 * kept here.  A fragment that is wrong is held against those that its slot was given up
 * by, and those that its generation had before: one that opens is stale.  Writing costs a
 * copy of the pointer; the search is for those who have found something wrong.
 *
 * Coded fragments have no seals of their own, and what they were computed from is gone by
 * the time that one is found wrong.  Of each page of these that is written, eight bytes are
 * kept: its print.  Where they are in the page nobody outside knows, so that a page which
 * has them is what the member was given once, or was made from that.
 *
 * All of this goes back as far as there is room, and to the beginning of the activation:
 * what is older is wrong, and no more is said of it.
 */
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/slab.h>
#include "dm-rlnc.h"

#define HISTORY_BYTES	(512 << 10)
#define HISTORY_MIN	64		/* pointers, however long they are */
#define PRINT_BITS	16		/* a table of 2^16 prints, 512 KiB */

/* Seals that one fragment is held against: a place that is written again and again. */
#define MOST_TRIES	32

static struct rlnc_history_entry *entry_at(const struct rlnc_history *h, u32 i)
{
	return (void *)h->entries + i * h->entry_bytes;
}

/* All of ptr_bytes: with the seals that follow what the structure has. */
static struct rlnc_ptr *ptr_in(const struct rlnc_history_entry *e)
{
	return (void *)e + offsetof(struct rlnc_history_entry, ptr);
}

/**
 * rlnc_history_init - remember pointers from now on
 * @v:	volume with its geometry known
 *
 * Return: 0 or -ENOMEM.
 */
int rlnc_history_init(struct rlnc_volume *v)
{
	struct rlnc_history *h = &v->history;

	spin_lock_init(&h->lock);
	h->print_at = get_random_u32() % (RLNC_SECTOR_BYTES / sizeof(u64));
	h->prints = kvcalloc(1 << PRINT_BITS, sizeof(u64), GFP_KERNEL);
	if (!h->prints)
		return -ENOMEM;
	/* A dense volume's fragments have no seals. */
	if (v->dense)
		return 0;
	h->entry_bytes = sizeof(struct rlnc_history_entry) + v->geo.ptr_bytes;
	h->room = max_t(u32, HISTORY_BYTES / h->entry_bytes, HISTORY_MIN);
	h->entries = kvcalloc(h->room, h->entry_bytes, GFP_KERNEL);
	return h->entries ? 0 : -ENOMEM;
}

void rlnc_history_exit(struct rlnc_volume *v)
{
	kvfree(v->history.entries);
	kvfree(v->history.prints);
}

/**
 * rlnc_history_note - a pointer is being given up
 * @v:		volume
 * @place:	of its generation, or pack
 * @ptr:	as it was; does not change meanwhile
 */
void rlnc_history_note(struct rlnc_volume *v, const struct rlnc_place *place,
		       const struct rlnc_ptr *ptr)
{
	struct rlnc_history *h = &v->history;
	struct rlnc_history_entry *e;

	if (!h->entries || !rlnc_ptr_has_slot(ptr))
		return;
	spin_lock(&h->lock);
	e = entry_at(h, h->next);
	h->next = (h->next + 1) % h->room;
	e->place = *place;
	memcpy(ptr_in(e), ptr, v->geo.ptr_bytes);
	spin_unlock(&h->lock);
}

static bool same_place(const struct rlnc_place *a, const struct rlnc_place *b)
{
	return a->index == b->index && a->tree == b->tree && a->level == b->level;
}

/*
 * The youngest entry before @back that may have had this fragment.  Return: how far back
 * it is, or 0 when there is none.
 */
static u32 find(struct rlnc_volume *v, u32 back, const struct rlnc_place *place, u64 slot,
		u32 sector, struct rlnc_place *was, struct rlnc_seal *seal)
{
	struct rlnc_history *h = &v->history;
	const struct rlnc_history_entry *e;
	const struct rlnc_ptr *ptr;
	u32 found = 0;

	spin_lock(&h->lock);
	while (!found && ++back <= h->room) {
		e = entry_at(h, (h->next + h->room - back) % h->room);
		ptr = ptr_in(e);
		if (!rlnc_ptr_mapped(ptr) ||
		    (le64_to_cpu(ptr->slot) != slot && !same_place(&e->place, place)))
			continue;
		*was = e->place;
		*seal = ptr->seal[sector];
		if (!rlnc_seal_is_zero(seal) && !rlnc_seal_is_packed(seal))
			found = back;
	}
	spin_unlock(&h->lock);
	return found;
}

/**
 * rlnc_history_knows - is a fragment's page that is wrong an old one
 * @v:		volume
 * @scratch:	working memory, not in use elsewhere
 * @place:	of the generation that it should be of
 * @slot:	where it is
 * @sector:	of the generation
 * @cipher:	what the member has
 *
 * Return: whether it opens with a seal that was given up.
 */
bool rlnc_history_knows(struct rlnc_volume *v, struct rlnc_crypt_scratch *scratch,
			const struct rlnc_place *place, u64 slot, u32 sector,
			struct page *cipher)
{
	struct rlnc_place was;
	struct rlnc_seal seal;
	struct page *plain;
	bool known = false;
	u32 tries, back = 0;

	if (!v->history.entries)
		return false;
	plain = alloc_page(GFP_NOIO | __GFP_NOWARN);
	if (!plain)
		return false;
	for (tries = 0; tries < MOST_TRIES && !known; tries++) {
		back = find(v, back, place, slot, sector, &was, &seal);
		if (!back)
			break;
		known = !rlnc_open_sector(v, scratch, &was, sector, &seal, cipher, plain);
	}
	clear_highpage(plain);
	__free_page(plain);
	return known;
}

/* --- coded fragments ------------------------------------------------------------- */

/* Of a page of a fragment, its number in the generation included; 0: it has none. */
static u64 print_of(const struct rlnc_history *h, u32 number, struct page *page)
{
	u64 word = ((const u64 *)page_address(page))[h->print_at];

	return word ? word ^ (u64)(number + 1) * GOLDEN_RATIO_64 : 0;
}

/* A print that comes to be in the place of another is kept instead of that. */
static u64 *print_place(const struct rlnc_history *h, u64 print)
{
	return &h->prints[hash_64(print, PRINT_BITS)];
}

/**
 * rlnc_history_print - coded fragments are about to be written
 * @v:		volume
 * @gb:		has them
 * @col:	first column
 * @cols:	how many
 */
void rlnc_history_print(struct rlnc_volume *v, const struct rlnc_gbuf *gb, u32 col, u32 cols)
{
	const struct rlnc_history *h = &v->history;
	u32 row, i;
	u64 print;

	for (row = v->dense ? 0 : v->k; row < v->n; row++) {
		for (i = col; i < col + cols; i++) {
			print = print_of(h, row * v->pps + i, rlnc_fragment_page(gb, row, i));
			if (print)
				WRITE_ONCE(*print_place(h, print), print);
		}
	}
}

/**
 * rlnc_history_given - is a coded fragment's page that is wrong an old one
 * @v:		volume
 * @number:	of the page in its generation
 * @wrong:	what the member has
 * @right:	what it should have
 *
 * Return: whether the member was given that once, there or in another slot.
 */
bool rlnc_history_given(struct rlnc_volume *v, u32 number, struct page *wrong,
			struct page *right)
{
	const struct rlnc_history *h = &v->history;
	u64 print = print_of(h, number, wrong);

	return print && print != print_of(h, number, right) &&
	       READ_ONCE(*print_place(h, print)) == print;
}
