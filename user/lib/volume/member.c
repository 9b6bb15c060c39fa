// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/fs.h>
#include <linux/kernel.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "member.h"

/* Alignment that satisfies direct I/O on any device we accept. */
#define IO_ALIGN	4096

/**
 * member_open - open a member device past the page cache
 * @path:	block device or regular file
 * @flags:	O_RDONLY or O_RDWR, and O_EXCL
 *
 * The kernel target writes below the page cache, so what is cached may be old.
 * File systems without direct I/O (tmpfs) are read through it.
 *
 * Return: a descriptor or -errno.
 */
int member_open(const char *path, int flags)
{
	int fd = open(path, flags | O_DIRECT | O_CLOEXEC);

	if (fd < 0 && errno == EINVAL)
		fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/**
 * member_size - size of a device or regular file
 * @bytes:	receives it
 *
 * Return: 0, -ENOTBLK for anything else, or -errno.
 */
int member_size(int fd, u64 *bytes)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (S_ISREG(st.st_mode)) {
		*bytes = st.st_size;
		return 0;
	}
	if (!S_ISBLK(st.st_mode))
		return -ENOTBLK;
	return ioctl(fd, BLKGETSIZE64, bytes) ? -errno : 0;
}

static void check_super(struct member *m, unsigned int copy)
{
	const u8 *at = m->area + copy * RLNC_SUPER_STRIDE;
	struct member_super *s = &m->super[copy];

	s->err = rlnc_super_parse(at, RLNC_SUPER_STRIDE, s->sb);
	if (!s->err && rlnc_slots_for_bytes(&s->sb->geo, m->bytes) < s->sb->slots)
		s->err = RLNC_SUPER_SLOTS;
}

static void check_keyslots(struct member *m, unsigned int copy)
{
	const u8 *at = m->area + RLNC_KEYSLOT_OFFSET + copy * RLNC_KEYSLOT_STRIDE;
	struct member_keyslots *k = &m->keys[copy];

	k->err = keyslot_parse(at, RLNC_KEYSLOT_STRIDE, k->set);
}

static int alloc_parts(struct member *m)
{
	unsigned int i;

	m->area = aligned_alloc(IO_ALIGN, RLNC_SLOTS_OFFSET);
	if (!m->area)
		return -ENOMEM;
	for (i = 0; i < RLNC_SUPER_COPIES; i++) {
		m->super[i].sb = calloc(1, sizeof(*m->super[i].sb));
		if (!m->super[i].sb)
			return -ENOMEM;
	}
	for (i = 0; i < RLNC_KEYSLOT_COPIES; i++) {
		m->keys[i].set = calloc(1, sizeof(*m->keys[i].set));
		if (!m->keys[i].set)
			return -ENOMEM;
	}
	return 0;
}

/* Of the superblocks that parse, the one with the higher epoch. */
static int choose_best(const struct member *m)
{
	unsigned int i;
	int best = -1;

	for (i = 0; i < RLNC_SUPER_COPIES; i++) {
		if (m->super[i].err)
			continue;
		if (best < 0 || m->super[i].sb->epoch > m->super[best].sb->epoch)
			best = i;
	}
	return best;
}

static void check_parts(struct member *m)
{
	unsigned int i;

	for (i = 0; i < RLNC_SUPER_COPIES; i++)
		check_super(m, i);
	for (i = 0; i < RLNC_KEYSLOT_COPIES; i++)
		check_keyslots(m, i);
	m->best = choose_best(m);
}

/**
 * member_from_image - what a saved head says
 * @m:		filled in; member_unload() it whatever is returned
 * @name:	how messages call it; kept by reference
 * @image:	RLNC_SLOTS_OFFSET bytes
 * @bytes:	size of the device that it is for
 *
 * Return: 0 or -ENOMEM.
 */
int member_from_image(struct member *m, const char *name, const void *image, u64 bytes)
{
	int rc;

	*m = (struct member){ .name = name, .fd = -1, .bytes = bytes, .best = -1 };
	rc = alloc_parts(m);
	if (rc)
		return rc;
	memcpy(m->area, image, RLNC_SLOTS_OFFSET);
	check_parts(m);
	return 0;
}

/**
 * member_load - read what a member says of itself
 * @m:		filled in; member_unload() it whatever is returned
 * @name:	how messages call it; kept by reference
 * @fd:		from member_open(); kept
 *
 * Nothing is authentic yet: @m->best is the newest superblock that is sound.
 *
 * Return: 0, -ENOSPC for a device that is too small to be a member, -ENOMEM,
 * or -errno when it cannot be read.
 */
int member_load(struct member *m, const char *name, int fd)
{
	int rc;

	*m = (struct member){ .name = name, .fd = fd, .best = -1 };
	rc = member_size(fd, &m->bytes);
	if (rc)
		return rc;
	if (m->bytes <= RLNC_SLOTS_OFFSET)
		return -ENOSPC;
	rc = alloc_parts(m);
	if (!rc)
		rc = pread_all(fd, m->area, RLNC_SLOTS_OFFSET, 0);
	if (rc)
		return rc;
	check_parts(m);
	return 0;
}

/**
 * member_unload - release what member_load() allocated
 *
 * The descriptor stays open.
 */
void member_unload(struct member *m)
{
	unsigned int i;

	free(m->area);
	m->area = NULL;
	for (i = 0; i < RLNC_SUPER_COPIES; i++) {
		free(m->super[i].sb);
		m->super[i].sb = NULL;
	}
	for (i = 0; i < RLNC_KEYSLOT_COPIES; i++) {
		free(m->keys[i].set);
		m->keys[i].set = NULL;
	}
}

/**
 * member_best - the superblock of a member that is believed
 *
 * Return: the superblock or NULL.
 */
const struct rlnc_super *member_best(const struct member *m)
{
	return m->best < 0 ? NULL : m->super[m->best].sb;
}

/**
 * member_why_not - the better of the reasons why no superblock is believed
 *
 * A copy that is damaged says more than one that was never written.
 */
enum rlnc_super_error member_why_not(const struct member *m)
{
	if (m->super[0].err == RLNC_SUPER_MAGIC || m->super[0].err == RLNC_SUPER_OK)
		return m->super[1].err;
	return m->super[0].err;
}

/**
 * member_write - write through to the medium
 * @fd:		from member_open()
 * @buf:	@len bytes, of any alignment
 * @len:	a multiple of 4096
 * @offset:	a multiple of 4096
 *
 * Return: 0 or -errno.
 */
int member_write(int fd, const void *buf, size_t len, u64 offset)
{
	CLEANUP_FREE void *bounce = aligned_alloc(IO_ALIGN, len);
	int rc;

	if (!bounce)
		return -ENOMEM;
	memcpy(bounce, buf, len);
	rc = pwrite_all(fd, bounce, len, offset);
	if (rc)
		return rc;
	return fsync(fd) ? -errno : 0;
}

/**
 * member_write_keyslots - put a set of key slots in its place
 * @fd:		from member_open()
 * @buf:	from keyslot_format()
 * @bytes:	its result
 * @seq:	the set's sequence number, which chooses the place
 *
 * Return: 0 or -errno.
 */
int member_write_keyslots(int fd, const void *buf, size_t bytes, u64 seq)
{
	u64 copy = seq % RLNC_KEYSLOT_COPIES;

	return member_write(fd, buf, bytes, RLNC_KEYSLOT_OFFSET + copy * RLNC_KEYSLOT_STRIDE);
}
