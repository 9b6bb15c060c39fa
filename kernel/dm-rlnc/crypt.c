// SPDX-License-Identifier: GPL-2.0-only
/*
 * AES-256-GCM seals of 4 KiB sectors, HMAC-SHA-256 of superblocks, and the
 * derivation of both keys from the volume key (HKDF, RFC 5869).
 */
#include <linux/random.h>
#include <linux/scatterlist.h>
#include "dm-rlnc.h"
#include "trace.h"

/* This machine was copied while it ran: what is in memory is another one's, too. */
static int vm_forked(struct notifier_block *block, unsigned long action, void *data)
{
	rlnc_renew_nonces(container_of(block, struct rlnc_crypt, vmfork));
	return NOTIFY_DONE;
}

int rlnc_crypt_init(struct rlnc_crypt *crypt)
{
	int ret;

	spin_lock_init(&crypt->nonce_lock);
	/*
	 * No CRYPTO_ALG_ASYNC in the mask: the AES-NI driver carries that flag
	 * though it runs inline whenever the FPU may be used.
	 */
	crypt->aead = crypto_alloc_aead("gcm(aes)", 0, 0);
	if (IS_ERR(crypt->aead)) {
		ret = PTR_ERR(crypt->aead);
		goto err_aead;
	}
	crypt->log = crypto_alloc_aead("gcm(aes)", 0, 0);
	if (IS_ERR(crypt->log)) {
		ret = PTR_ERR(crypt->log);
		goto err_log;
	}
	crypt->hmac = crypto_alloc_shash("hmac(sha256)", 0, 0);
	if (IS_ERR(crypt->hmac)) {
		ret = PTR_ERR(crypt->hmac);
		goto err_hmac;
	}
	crypt->sha = crypto_alloc_shash("sha256", 0, 0);
	if (IS_ERR(crypt->sha)) {
		ret = PTR_ERR(crypt->sha);
		goto err_sha;
	}
	ret = crypto_aead_setauthsize(crypt->aead, RLNC_TAG_BYTES) ?:
	      crypto_aead_setauthsize(crypt->log, RLNC_TAG_BYTES);
	crypt->vmfork.notifier_call = vm_forked;
	if (!ret)
		ret = register_random_vmfork_notifier(&crypt->vmfork);
	if (ret)
		goto err_setup;
	return 0;

err_setup:
	crypto_free_shash(crypt->sha);
err_sha:
	crypto_free_shash(crypt->hmac);
err_hmac:
	crypto_free_aead(crypt->log);
err_log:
	crypto_free_aead(crypt->aead);
err_aead:
	crypt->aead = NULL;
	DMERR("gcm(aes), hmac(sha256) and sha256 are needed (%d)", ret);
	return ret;
}

void rlnc_crypt_exit(struct rlnc_crypt *crypt)
{
	if (!crypt->aead)
		return;
	unregister_random_vmfork_notifier(&crypt->vmfork);
	crypto_free_shash(crypt->sha);
	crypto_free_shash(crypt->hmac);
	crypto_free_aead(crypt->log);
	crypto_free_aead(crypt->aead);
}

/* HKDF-Expand to one block: HMAC(prk, info || 0x01); the prk is set in @hmac. */
static int derive(struct crypto_shash *hmac, const char *info, u8 out[32])
{
	SHASH_DESC_ON_STACK(desc, hmac);
	u8 one = 1;
	int ret;

	desc->tfm = hmac;
	ret = crypto_shash_init(desc) ?:
	      crypto_shash_update(desc, info, strlen(info)) ?:
	      crypto_shash_finup(desc, &one, 1, out);
	shash_desc_zero(desc);
	return ret;
}

/* Overwrite the keys that the transforms hold. */
void rlnc_crypt_wipe_key(struct rlnc_crypt *crypt)
{
	u8 junk[32];

	if (!crypt->aead)
		return;
	crypt->has_key = false;
	get_random_bytes(junk, sizeof(junk));
	crypto_aead_setkey(crypt->aead, junk, sizeof(junk));
	crypto_aead_setkey(crypt->log, junk, sizeof(junk));
	crypto_shash_setkey(crypt->hmac, junk, sizeof(junk));
	memzero_explicit(crypt->coeff_key, sizeof(crypt->coeff_key));
}

/**
 * rlnc_crypt_set_key - derive and set the keys of a volume
 * @crypt:	from rlnc_crypt_init()
 * @volume_id:	16 bytes, the salt
 * @key:	the volume key; the caller wipes it
 *
 * Return: 0, or the crypto API's error; then there is no key any more.
 */
int rlnc_crypt_set_key(struct rlnc_crypt *crypt, const u8 *volume_id,
		       const u8 key[RLNC_VOLUME_KEY_BYTES])
{
	u8 prk[32], data[32], super[32], log[32];
	int ret;

	ret = crypto_shash_setkey(crypt->hmac, volume_id, RLNC_ID_BYTES) ?:
	      crypto_shash_tfm_digest(crypt->hmac, key, RLNC_VOLUME_KEY_BYTES, prk) ?:
	      crypto_shash_setkey(crypt->hmac, prk, sizeof(prk)) ?:
	      derive(crypt->hmac, RLNC_KDF_DATA, data) ?:
	      derive(crypt->hmac, RLNC_KDF_SUPER, super) ?:
	      derive(crypt->hmac, RLNC_KDF_LOG, log) ?:
	      derive(crypt->hmac, RLNC_KDF_COEFF, crypt->coeff_key) ?:
	      crypto_aead_setkey(crypt->aead, data, sizeof(data)) ?:
	      crypto_aead_setkey(crypt->log, log, sizeof(log)) ?:
	      crypto_shash_setkey(crypt->hmac, super, sizeof(super));
	crypt->has_key = !ret;
	memzero_explicit(prk, sizeof(prk));
	memzero_explicit(data, sizeof(data));
	memzero_explicit(super, sizeof(super));
	memzero_explicit(log, sizeof(log));
	if (ret)
		rlnc_crypt_wipe_key(crypt);
	return ret;
}

int rlnc_crypt_mac(struct rlnc_crypt *crypt, const void *buf, size_t len,
		   u8 mac[RLNC_MAC_BYTES])
{
	return crypto_shash_tfm_digest(crypt->hmac, buf, len, mac);
}

/* SHA-256. */
int rlnc_crypt_digest(struct rlnc_crypt *crypt, const void *buf, size_t len, u8 digest[32])
{
	return crypto_shash_tfm_digest(crypt->sha, buf, len, digest);
}

int rlnc_scratch_init(struct rlnc_crypt_scratch *scratch,
		      struct rlnc_crypt *crypt, gfp_t gfp)
{
	scratch->req = aead_request_alloc(crypt->aead, gfp);
	return scratch->req ? 0 : -ENOMEM;
}

void rlnc_scratch_exit(struct rlnc_crypt_scratch *scratch)
{
	aead_request_free(scratch->req);
}

/* A nonce that was never used under this key. */
void rlnc_next_nonce(struct rlnc_crypt *crypt, u8 nonce[RLNC_NONCE_BYTES])
{
	unsigned long flags;

	spin_lock_irqsave(&crypt->nonce_lock, flags);
	while (!rlnc_nonces_take(&crypt->nonces, nonce))
		rlnc_nonces_begin(&crypt->nonces, get_random_u64());
	spin_unlock_irqrestore(&crypt->nonce_lock, flags);
}

/* Use no nonce that another machine with this one's memory could use, too. */
void rlnc_renew_nonces(struct rlnc_crypt *crypt)
{
	unsigned long flags;

	spin_lock_irqsave(&crypt->nonce_lock, flags);
	rlnc_nonces_end(&crypt->nonces);
	spin_unlock_irqrestore(&crypt->nonce_lock, flags);
}

static void fill_aad(struct rlnc_volume *v, struct rlnc_aad *aad,
		     const struct rlnc_place *place, u32 sector, __le32 birth)
{
	memset(aad, 0, sizeof(*aad));
	memcpy(aad->volume_id, v->sb->volume_id, sizeof(aad->volume_id));
	aad->tree = place->tree;
	aad->level = place->level;
	aad->sector = cpu_to_le32(sector);
	aad->index = cpu_to_le64(place->index);
	aad->birth = birth;
}

static void fill_sg(struct rlnc_crypt_scratch *scratch, struct scatterlist *sg,
		    struct page *page, unsigned int offset, bool with_tag)
{
	sg_init_table(sg, with_tag ? 3 : 2);
	sg_set_buf(&sg[0], &scratch->aad, sizeof(scratch->aad));
	sg_set_page(&sg[1], page, RLNC_SECTOR_BYTES, offset);
	if (with_tag)
		sg_set_buf(&sg[2], scratch->tag, RLNC_TAG_BYTES);
}

/**
 * rlnc_seal_sector - encrypt one sector
 * @v:		volume
 * @scratch:	working memory, not in use elsewhere
 * @place:	the generation's place
 * @sector:	within the generation
 * @birth:	low 32 bits of the epoch being built
 * @plain:	page with the plaintext
 * @plain_offset: byte offset in @plain; the sector does not cross the page
 * @cipher:	receives the ciphertext
 * @seal:	receives birth, nonce and tag
 *
 * Return: 0 or the crypto API's error.
 */
int rlnc_seal_sector(struct rlnc_volume *v, struct rlnc_crypt_scratch *scratch,
		     const struct rlnc_place *place, u32 sector, u32 birth,
		     struct page *plain, unsigned int plain_offset,
		     struct page *cipher, struct rlnc_seal *seal)
{
	DECLARE_CRYPTO_WAIT(wait);
	int ret;

	trace_rlnc_seal(v, place, sector, birth);
	seal->birth = cpu_to_le32(birth);
	rlnc_next_nonce(&v->crypt, seal->nonce);
	memcpy(scratch->iv, seal->nonce, sizeof(scratch->iv));
	fill_aad(v, &scratch->aad, place, sector, seal->birth);
	fill_sg(scratch, scratch->src, plain, plain_offset, false);
	fill_sg(scratch, scratch->dst, cipher, 0, true);

	aead_request_set_tfm(scratch->req, v->crypt.aead);
	aead_request_set_callback(scratch->req, CRYPTO_TFM_REQ_MAY_BACKLOG,
				  crypto_req_done, &wait);
	aead_request_set_ad(scratch->req, sizeof(scratch->aad));
	aead_request_set_crypt(scratch->req, scratch->src, scratch->dst,
			       RLNC_SECTOR_BYTES, scratch->iv);
	ret = crypto_wait_req(crypto_aead_encrypt(scratch->req), &wait);
	memcpy(seal->tag, scratch->tag, RLNC_TAG_BYTES);
	return ret;
}

/**
 * rlnc_open_sector - verify and decrypt one sector
 * @v:		volume
 * @scratch:	working memory, not in use elsewhere
 * @place:	the generation's place
 * @sector:	within the generation
 * @seal:	from the generation's pointer
 * @cipher:	ciphertext, left as it is
 * @plain:	receives the plaintext; junk unless 0 is returned
 *
 * Return: 0, -EBADMSG when the seal does not open, or the crypto API's error.
 */
int rlnc_open_sector(struct rlnc_volume *v, struct rlnc_crypt_scratch *scratch,
		     const struct rlnc_place *place, u32 sector,
		     const struct rlnc_seal *seal, struct page *cipher,
		     struct page *plain)
{
	DECLARE_CRYPTO_WAIT(wait);

	memcpy(scratch->iv, seal->nonce, sizeof(scratch->iv));
	memcpy(scratch->tag, seal->tag, RLNC_TAG_BYTES);
	fill_aad(v, &scratch->aad, place, sector, seal->birth);
	fill_sg(scratch, scratch->src, cipher, 0, true);
	fill_sg(scratch, scratch->dst, plain, 0, false);

	aead_request_set_tfm(scratch->req, v->crypt.aead);
	aead_request_set_callback(scratch->req, CRYPTO_TFM_REQ_MAY_BACKLOG,
				  crypto_req_done, &wait);
	aead_request_set_ad(scratch->req, sizeof(scratch->aad));
	aead_request_set_crypt(scratch->req, scratch->src, scratch->dst,
			       RLNC_SECTOR_BYTES + RLNC_TAG_BYTES, scratch->iv);
	return crypto_wait_req(crypto_aead_decrypt(scratch->req), &wait);
}
