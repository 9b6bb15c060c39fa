// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include <asm/byteorder.h>
#include <linux/types.h>

#include "crypto/kdf.h"
#include "vault_keys.h"

#define MAGIC		"SKYVAULT"
#define VERSION		1u
#define AAD_BYTES	64u
#define SALT_BYTES	32u
#define ENTRY_BYTES	48u

struct vault_file {
	u8 magic[8];
	__le32 version;
	__le32 wrap;
	__le32 count;
	__le32 time;
	__le32 memory_kib;
	__le32 lanes;
	u8 salt[SALT_BYTES];
	u8 nonce[SEALED_NONCE_BYTES];
	u8 tag[GCM_TAG_BYTES];
};

struct vault_entry {
	__le32 epoch;
	__le32 zero;
	__le64 created;
	u8 key[GCM_KEY_BYTES];
};

struct wrapped_head {
	u8 version;
	u8 kind;
	__le16 zero;
	__le32 epoch;
};

_Static_assert(sizeof(struct vault_file) == VAULT_FILE_HEAD, "the head of a file");
_Static_assert(offsetof(struct vault_file, nonce) == AAD_BYTES, "what is authenticated");
_Static_assert(sizeof(struct vault_entry) == ENTRY_BYTES, "a master key");
_Static_assert(sizeof(struct wrapped_head) == 8, "the head of a wrapped secret");

/* --- keys ------------------------------------------------------------------------ */

static int add_master(struct vault_keys *keys, uint32_t epoch, uint64_t now)
{
	struct vault_master *m = &keys->master[keys->count];

	if (random_bytes(m->key, sizeof(m->key)))
		return -EIO;
	m->epoch = epoch;
	m->created = now;
	keys->count++;
	return 0;
}

int vault_keys_make(struct vault_keys *keys, uint64_t now)
{
	struct ecdsa_key *key = NULL;

	memset(keys, 0, sizeof(*keys));
	/* One in 2^32 is no scalar of the curve. */
	while (!key) {
		if (random_bytes(keys->scalar, sizeof(keys->scalar)))
			return -EIO;
		key = ecdsa_private(keys->scalar);
	}
	ecdsa_free(key);
	return add_master(keys, 1, now);
}

int vault_keys_rotate(struct vault_keys *keys, uint64_t now)
{
	if (keys->count >= VAULT_EPOCHS)
		return -ENOSPC;
	return add_master(keys, keys->master[keys->count - 1].epoch + 1, now);
}

int vault_keys_forget(struct vault_keys *keys, uint32_t epoch)
{
	uint32_t i = 0;

	while (i < keys->count && keys->master[i].epoch != epoch)
		i++;
	if (i == keys->count)
		return -ENOENT;
	if (i + 1 == keys->count)
		return -EBUSY;
	memmove(&keys->master[i], &keys->master[i + 1],
		(keys->count - i - 1) * sizeof(keys->master[0]));
	keys->count--;
	explicit_bzero(&keys->master[keys->count], sizeof(keys->master[0]));
	return 0;
}

/* --- the file ---------------------------------------------------------------------- */

static int file_key(const struct vault_file *f, const struct secret *pass,
		    uint8_t kek[GCM_KEY_BYTES])
{
	static const char info[] = "skyd vault file 1";
	const struct argon_cost cost = {
		le32_to_cpu(f->time), le32_to_cpu(f->memory_kib), le32_to_cpu(f->lanes),
	};
	uint8_t stretched[32] = { 0 };
	int rc = 0;

	if (pass)
		rc = argon_derive(&cost, pass->data, pass->len, f->salt, SALT_BYTES, stretched,
				  sizeof(stretched));
	if (!rc)
		rc = hkdf_sha256(stretched, sizeof(stretched), f->salt, SALT_BYTES, info,
				 sizeof(info) - 1, kek, GCM_KEY_BYTES);
	explicit_bzero(stretched, sizeof(stretched));
	return rc;
}

static size_t put_body(const struct vault_keys *keys, uint8_t *to)
{
	uint32_t i;

	memcpy(to, keys->scalar, P256_SCALAR_BYTES);
	to += P256_SCALAR_BYTES;
	for (i = 0; i < keys->count; i++, to += ENTRY_BYTES) {
		struct vault_entry e = {
			.epoch = cpu_to_le32(keys->master[i].epoch),
			.created = cpu_to_le64(keys->master[i].created),
		};

		memcpy(e.key, keys->master[i].key, sizeof(e.key));
		memcpy(to, &e, sizeof(e));
		explicit_bzero(&e, sizeof(e));
	}
	return P256_SCALAR_BYTES + keys->count * ENTRY_BYTES;
}

int vault_keys_seal(const struct vault_keys *keys, const struct secret *pass,
		    const struct argon_cost *cost, uint8_t *file)
{
	struct vault_file f = {
		.version = cpu_to_le32(VERSION), .count = cpu_to_le32(keys->count),
		.wrap = cpu_to_le32(pass ? VAULT_WRAP_PASSPHRASE : VAULT_WRAP_NONE),
	};
	uint8_t kek[GCM_KEY_BYTES];
	const struct gcm_args args = {
		.key = kek, .nonce = f.nonce, .aad = &f, .aad_len = AAD_BYTES,
	};
	uint8_t *body = file + VAULT_FILE_HEAD;
	size_t len;
	int rc;

	memcpy(f.magic, MAGIC, sizeof(f.magic));
	if (pass) {
		f.time = cpu_to_le32(cost->time);
		f.memory_kib = cpu_to_le32(cost->memory_kib);
		f.lanes = cpu_to_le32(cost->lanes);
	}
	if (random_bytes(f.salt, sizeof(f.salt)) || random_bytes(f.nonce, sizeof(f.nonce)))
		return -EIO;
	rc = file_key(&f, pass, kek);
	if (rc)
		return rc;
	len = put_body(keys, body);
	rc = xaes_seal(&args, body, len, body, f.tag);
	explicit_bzero(kek, sizeof(kek));
	if (rc) {
		explicit_bzero(body, len);
		return rc;
	}
	memcpy(file, &f, sizeof(f));
	return (int)(VAULT_FILE_HEAD + len);
}

static int check_head(const struct vault_file *f, size_t len, const struct secret *pass)
{
	uint32_t count = le32_to_cpu(f->count), wrap = le32_to_cpu(f->wrap);

	if (memcmp(f->magic, MAGIC, sizeof(f->magic)))
		return -EBADMSG;
	if (le32_to_cpu(f->version) != VERSION || wrap > VAULT_WRAP_PASSPHRASE)
		return -EOPNOTSUPP;
	if (!count || count > VAULT_EPOCHS ||
	    len != VAULT_FILE_HEAD + P256_SCALAR_BYTES + count * ENTRY_BYTES)
		return -EBADMSG;
	if (wrap == VAULT_WRAP_NONE)
		return f->time || f->memory_kib || f->lanes ? -EBADMSG : 0;
	return pass ? 0 : -ENOKEY;
}

static int take_body(struct vault_keys *keys, const uint8_t *from, uint32_t count)
{
	uint32_t i, last = 0;

	memcpy(keys->scalar, from, P256_SCALAR_BYTES);
	from += P256_SCALAR_BYTES;
	for (i = 0; i < count; i++, from += ENTRY_BYTES) {
		struct vault_master *m = &keys->master[i];
		struct vault_entry e;

		memcpy(&e, from, sizeof(e));
		m->epoch = le32_to_cpu(e.epoch);
		m->created = le64_to_cpu(e.created);
		memcpy(m->key, e.key, sizeof(m->key));
		explicit_bzero(e.key, sizeof(e.key));
		if (m->epoch <= last || e.zero)
			return -EBADMSG;
		last = m->epoch;
	}
	keys->count = count;
	return 0;
}

int vault_keys_open(struct vault_keys *keys, const struct secret *pass, const void *file,
		    size_t len)
{
	uint8_t kek[GCM_KEY_BYTES], body[VAULT_FILE_MAX - VAULT_FILE_HEAD];
	struct vault_file f;
	const struct gcm_args args = {
		.key = kek, .nonce = f.nonce, .aad = &f, .aad_len = AAD_BYTES,
	};
	int rc;

	memset(keys, 0, sizeof(*keys));
	if (len < sizeof(f))
		return -EBADMSG;
	memcpy(&f, file, sizeof(f));
	rc = check_head(&f, len, pass);
	if (rc)
		return rc;
	rc = file_key(&f, f.wrap ? pass : NULL, kek);
	if (rc == -EINVAL)
		rc = -EBADMSG;
	if (!rc)
		rc = xaes_open(&args, (const u8 *)file + sizeof(f), len - sizeof(f), f.tag, body);
	if (!rc)
		rc = take_body(keys, body, le32_to_cpu(f.count));
	explicit_bzero(kek, sizeof(kek));
	explicit_bzero(body, sizeof(body));
	if (rc)
		explicit_bzero(keys, sizeof(*keys));
	return rc;
}

void vault_keys_cost(const void *file, struct argon_cost *cost)
{
	const struct vault_file *f = file;

	*cost = (struct argon_cost){
		le32_to_cpu(f->time), le32_to_cpu(f->memory_kib), le32_to_cpu(f->lanes),
	};
}

/* --- secrets ----------------------------------------------------------------------- */

struct aad {
	struct wrapped_head head;
	__le64 owner;
	__le64 number;
	__le32 name_len;
	char name[VAULT_NAME_MAX];
} __attribute__((__packed__));

static size_t make_aad(struct aad *aad, const struct vault_label *label, uint32_t epoch)
{
	aad->head = (struct wrapped_head){
		.version = 1, .kind = label->kind, .epoch = cpu_to_le32(epoch),
	};
	aad->owner = cpu_to_le64(label->owner);
	aad->number = cpu_to_le64(label->number);
	aad->name_len = cpu_to_le32(label->name.len);
	if (label->name.len)
		memcpy(aad->name, label->name.at, label->name.len);
	return offsetof(struct aad, name) + label->name.len;
}

static bool label_ok(const struct vault_label *label)
{
	return label->kind >= VAULT_BUCKET && label->kind < VAULT_KINDS &&
	       label->name.len <= VAULT_NAME_MAX;
}

static size_t secret_max(const struct vault_label *label)
{
	return label->kind == VAULT_SESSION ? VAULT_SESSION_MAX : VAULT_SECRET_MAX;
}

int vault_wrap(const struct vault_keys *keys, const struct vault_label *label,
	       const void *secret, size_t len, uint8_t *wrapped)
{
	const struct vault_master *m = &keys->master[keys->count - 1];
	uint8_t *nonce = wrapped + sizeof(struct wrapped_head);
	uint8_t *cipher = nonce + SEALED_NONCE_BYTES;
	struct gcm_args args = { .key = m->key, .nonce = nonce };
	struct aad aad;
	int rc;

	if (!label_ok(label) || !len || len > secret_max(label))
		return -EINVAL;
	args.aad = &aad;
	args.aad_len = make_aad(&aad, label, m->epoch);
	memcpy(wrapped, &aad.head, sizeof(aad.head));
	if (random_bytes(nonce, SEALED_NONCE_BYTES))
		return -EIO;
	rc = xaes_seal(&args, secret, len, cipher, cipher + len);
	return rc ? rc : (int)(len + VAULT_WRAP_OVERHEAD);
}

int vault_unwrap(const struct vault_keys *keys, const struct vault_label *label,
		 const void *wrapped, size_t len, uint8_t *secret)
{
	const uint8_t *nonce = (const uint8_t *)wrapped + sizeof(struct wrapped_head);
	const uint8_t *cipher = nonce + SEALED_NONCE_BYTES;
	struct gcm_args args = { .nonce = nonce };
	struct wrapped_head head;
	struct aad aad;
	size_t secret_len;
	uint32_t i;
	int rc;

	if (!label_ok(label) || len <= VAULT_WRAP_OVERHEAD ||
	    len > secret_max(label) + VAULT_WRAP_OVERHEAD)
		return -EBADMSG;
	memcpy(&head, wrapped, sizeof(head));
	if (head.version != 1)
		return -EOPNOTSUPP;
	if (head.kind != label->kind || head.zero)
		return -EBADMSG;
	for (i = 0; i < keys->count && !args.key; i++)
		if (keys->master[i].epoch == le32_to_cpu(head.epoch))
			args.key = keys->master[i].key;
	if (!args.key)
		return -ENOKEY;
	args.aad = &aad;
	args.aad_len = make_aad(&aad, label, le32_to_cpu(head.epoch));
	secret_len = len - VAULT_WRAP_OVERHEAD;
	rc = xaes_open(&args, cipher, secret_len, cipher + secret_len, secret);
	if (rc)
		explicit_bzero(secret, secret_len);
	return rc ? rc : (int)secret_len;
}
