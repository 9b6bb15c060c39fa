// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Is a volume's key, or one that is derived from it, anywhere in the kernel's memory?
 * Who looks for a key must not have it: all files here are masked, each byte by MASK.
 *
 *	rlnc-key unmask KEY		prints the volume key, to format with
 *	rlnc-key derive KEY MEMBER	prints all keys of that member's volume, masked
 *	rlnc-key add KEY DESCRIPTION	a logon key for the session's keyring
 *	rlnc-key search KEYS...		prints FILE NAME ADDRESS for each copy that is found
 *
 * The first two leave copies in memory that was theirs, so that those have to be known
 * before the others count.  The search is of all memory that does not belong to programs
 * or to files: what is free, too.  It is physical, by /proc/kcore.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kernel-page-flags.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/report.h"
#include "crypto/kdf.h"
#include "rlnc_dm.h"
#include "volume/member.h"

#define KEY_BYTES	RLNC_VOLUME_KEY_BYTES
#define MASK		0xa5
#define MASK_WORD	0xa5a5a5a5a5a5a5a5ull
#define PAGE_BYTES	4096u
#define CHUNK		(1u << 20)
#define FILES_MAX	4
#define WORDS		8		/* of 8 bytes, that a key has at each alignment */

static const char *const names[] = { "volume", "prk", "data", "super", "log", "coeff" };

#define NAMES		(sizeof(names) / sizeof(names[0]))

struct search {
	uint8_t key[FILES_MAX][NAMES][KEY_BYTES];	/* masked */
	char **files;
	unsigned int count;
	uint8_t filter[1 << 16];	/* which words may be a key's, by a hash */
	int kcore;
	int flags;
	uint8_t *buf;			/* CHUNK */
	uint64_t pages;
};

static void mask(uint8_t *key, size_t len)
{
	while (len--)
		*key++ ^= MASK;
}

static int read_all(const char *path, void *buf, size_t len)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || pread_all(fd, buf, len, 0))
		return fail(EIO, "%s: cannot be read", path);
	return 0;
}

/* --- what has the key ------------------------------------------------------------ */

static int unmask(char **argv)
{
	uint8_t key[KEY_BYTES];

	if (read_all(argv[0], key, sizeof(key)))
		return 1;
	mask(key, sizeof(key));
	return fwrite(key, sizeof(key), 1, stdout) != 1;
}

static int derive(char **argv)
{
	static const char *const info[] = {
		RLNC_KDF_DATA, RLNC_KDF_SUPER, RLNC_KDF_LOG, RLNC_KDF_COEFF,
	};
	uint8_t key[NAMES][KEY_BYTES];
	const struct rlnc_super *sb;
	struct member m;
	unsigned int i;
	int fd = member_open(argv[1], O_RDONLY);

	if (fd < 0 || member_load(&m, argv[1], fd) || !member_best(&m))
		return !!fail(EINVAL, "%s: not a member", argv[1]);
	if (read_all(argv[0], key[0], KEY_BYTES))
		return 1;
	mask(key[0], KEY_BYTES);
	sb = member_best(&m);
	if (hmac_sha256(sb->volume_id, RLNC_ID_BYTES, key[0], KEY_BYTES, key[1]))
		return 1;
	for (i = 0; i < NAMES - 2; i++)
		if (hkdf_sha256(key[0], KEY_BYTES, sb->volume_id, RLNC_ID_BYTES, info[i],
				strlen(info[i]), key[i + 2], KEY_BYTES))
			return 1;
	mask(key[0], sizeof(key));
	return fwrite(key, sizeof(key), 1, stdout) != 1;
}

static int add(char **argv)
{
	uint8_t key[KEY_BYTES];
	long id;

	if (read_all(argv[0], key, sizeof(key)))
		return 1;
	mask(key, sizeof(key));
	id = syscall(SYS_add_key, "logon", argv[1], key, sizeof(key),
		     KEY_SPEC_SESSION_KEYRING);
	explicit_bzero(key, sizeof(key));
	return id < 0 ? !!fail_errno("%s: no such key can be added", argv[1]) : 0;
}

/* --- what has not ------------------------------------------------------------------ */

static uint32_t hash(uint64_t word)
{
	return word * 0x9e3779b97f4a7c15ull >> 48;
}

/* A key that begins anywhere has whole words of its own: one at each alignment will do. */
static void fill_filter(struct search *s)
{
	unsigned int f, i, shift;
	uint64_t word;

	for (f = 0; f < s->count; f++)
		for (i = 0; i < NAMES; i++)
			for (shift = 0; shift < WORDS; shift++) {
				memcpy(&word, s->key[f][i] + shift, sizeof(word));
				s->filter[hash(word)] = 1;
			}
}

static bool is_key(const uint8_t *masked, const uint8_t *at)
{
	unsigned int i;

	for (i = 0; i < KEY_BYTES; i++)
		if ((at[i] ^ MASK) != masked[i])
			return false;
	return true;
}

/*
 * Is it still there, when what was read has been overwritten?  That, and the page through
 * which the kernel reads for us, are memory, too.
 */
static bool stays(struct search *s, const uint8_t *masked, uint64_t offset, uint64_t elsewhere)
{
	uint8_t own[KEY_BYTES];
	bool same;

	if (pread_all(s->kcore, s->buf, CHUNK, elsewhere) ||
	    pread_all(s->kcore, own, sizeof(own), offset))
		return false;
	same = is_key(masked, own);
	explicit_bzero(own, sizeof(own));
	return same;
}

/* A word that may be a key's: sees to all keys that could have it.  Return: is one there? */
static bool look_closer(struct search *s, size_t at, size_t len, uint64_t offset,
			uint64_t address, uint64_t elsewhere)
{
	unsigned int f, i, shift;

	for (f = 0; f < s->count; f++)
		for (i = 0; i < NAMES; i++)
			for (shift = 0; shift < WORDS; shift++) {
				if (at < shift || at - shift + KEY_BYTES > len ||
				    !is_key(s->key[f][i], s->buf + at - shift))
					continue;
				if (stays(s, s->key[f][i], offset + at - shift, elsewhere))
					printf("%s %s %llx\n", s->files[f], names[i],
					       (unsigned long long)(address + at - shift));
				return true;
			}
	return false;
}

/* Memory at an address, of CHUNK at most. */
static void search_chunk(struct search *s, uint64_t offset, uint64_t address, size_t len,
			 uint64_t elsewhere)
{
	uint64_t word;
	size_t at;

	if (pread_all(s->kcore, s->buf, len, offset))
		return;			/* a hole */
	for (at = 0; at + sizeof(word) <= len; at += sizeof(word)) {
		memcpy(&word, s->buf + at, sizeof(word));
		if (!s->filter[hash(word ^ MASK_WORD)])
			continue;
		if (look_closer(s, at, len, offset, address, elsewhere) &&
		    pread_all(s->kcore, s->buf, len, offset))
			return;
	}
	s->pages += len / PAGE_BYTES;
}

/* Does a page belong to a program or to a file? */
static bool is_theirs(uint64_t flags)
{
	return flags & (1ull << KPF_LRU | 1ull << KPF_NOPAGE | 1ull << KPF_HWPOISON);
}

/* A range of physical memory: all runs of pages that are of interest. */
static int search_range(struct search *s, const Elf64_Phdr *range)
{
	uint64_t first = range->p_paddr / PAGE_BYTES, pages = range->p_memsz / PAGE_BYTES;
	CLEANUP_FREE uint64_t *flags = malloc(pages * sizeof(*flags));
	uint64_t i, n, most;
	ssize_t got;

	if (!flags)
		return fail(ENOMEM, "out of memory");
	got = pread(s->flags, flags, pages * sizeof(*flags), first * sizeof(*flags));
	if (got < 0)
		return fail_errno("/proc/kpageflags");
	pages = got / sizeof(*flags);
	for (i = 0; i < pages; i += n) {
		most = pages - i < CHUNK / PAGE_BYTES ? pages - i : CHUNK / PAGE_BYTES;
		for (n = 0; n < most && !is_theirs(flags[i + n]); n++)
			;
		if (n)
			search_chunk(s, range->p_offset + i * PAGE_BYTES,
				     (first + i) * PAGE_BYTES, n * PAGE_BYTES, range->p_offset);
		else
			n = 1;
	}
	return 0;
}

static int search(char **argv)
{
	static struct search s;
	Elf64_Ehdr head;
	Elf64_Phdr range;
	unsigned int i;

	for (s.files = argv; argv[s.count]; s.count++)
		if (s.count == FILES_MAX ||
		    read_all(argv[s.count], s.key[s.count], sizeof(s.key[0])))
			return 1;
	fill_filter(&s);
	s.kcore = open("/proc/kcore", O_RDONLY | O_CLOEXEC);
	s.flags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	s.buf = malloc(CHUNK);
	if (s.kcore < 0 || s.flags < 0 || !s.buf || pread_all(s.kcore, &head, sizeof(head), 0))
		return !!fail_errno("memory cannot be read");
	memset(s.buf, 0, CHUNK);
	for (i = 0; i < head.e_phnum; i++) {
		if (pread_all(s.kcore, &range, sizeof(range), head.e_phoff + i * sizeof(range)))
			return !!fail_errno("/proc/kcore");
		/* The kernel's own text is in the direct map, too; all else has no address. */
		if (range.p_type == PT_LOAD && range.p_paddr != ~0ull &&
		    range.p_vaddr < 0xffffffff80000000ull && search_range(&s, &range))
			return 1;
	}
	fprintf(stderr, "%llu MiB searched\n", (unsigned long long)s.pages * PAGE_BYTES >> 20);
	return !s.pages;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int args;
		int (*run)(char **argv);
	} commands[] = {
		{ "unmask", 1, unmask }, { "derive", 2, derive }, { "add", 2, add },
		{ "search", 0, search },
	};
	unsigned int i;

	report_init(argv[0]);
	for (i = 0; argc > 2 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(argv[1], commands[i].name) &&
		    (!commands[i].args || argc - 2 == commands[i].args))
			return commands[i].run(argv + 2);
	die(2, "usage: rlnc-key unmask KEY | derive KEY MEMBER | add KEY DESCRIPTION | search KEYS...");
}
