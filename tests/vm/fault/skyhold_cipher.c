// SPDX-License-Identifier: GPL-2.0-only
/*
 * AES-GCM that fails when it is told to.  Never shipped.
 *
 * While it is loaded, whoever asks for gcm(aes) is given it; it has the work done by what
 * they would have been given otherwise.  In /sys/module/skyhold_cipher/parameters:
 *
 *	encrypt, decrypt	so many requests fail, and nothing was done
 *	min, max		only those of a text of so many bytes
 *	error			with that number
 *	seen			requests of such a text so far, failed or not
 */
#include <crypto/internal/aead.h>
#include <linux/module.h>

#define TAG_BYTES	16

static atomic_t encrypt = ATOMIC_INIT(0);
module_param_named(encrypt, encrypt.counter, int, 0600);
MODULE_PARM_DESC(encrypt, "how many are to fail");

static atomic_t decrypt = ATOMIC_INIT(0);
module_param_named(decrypt, decrypt.counter, int, 0600);
MODULE_PARM_DESC(decrypt, "how many are to fail");

static unsigned int min;
module_param(min, uint, 0600);
MODULE_PARM_DESC(min, "bytes of text");

static unsigned int max = UINT_MAX;
module_param(max, uint, 0600);
MODULE_PARM_DESC(max, "bytes of text");

static int error = ENOMEM;
module_param(error, int, 0600);
MODULE_PARM_DESC(error, "a number of errno");

static atomic_t seen = ATOMIC_INIT(0);
module_param_named(seen, seen.counter, int, 0600);
MODULE_PARM_DESC(seen, "requests of such a text");

/* The one that does the work. */
static char below[CRYPTO_MAX_ALG_NAME];

struct context {
	struct crypto_aead *below;
};

static int set_key(struct crypto_aead *tfm, const u8 *key, unsigned int bytes)
{
	struct context *ctx = crypto_aead_ctx(tfm);

	return crypto_aead_setkey(ctx->below, key, bytes);
}

static int set_tag_bytes(struct crypto_aead *tfm, unsigned int bytes)
{
	struct context *ctx = crypto_aead_ctx(tfm);

	return crypto_aead_setauthsize(ctx->below, bytes);
}

static bool fails(unsigned int bytes, atomic_t *left)
{
	if (bytes < READ_ONCE(min) || bytes > READ_ONCE(max))
		return false;
	atomic_inc(&seen);
	return atomic_dec_if_positive(left) >= 0;
}

static struct aead_request *pass_on(struct aead_request *req)
{
	struct context *ctx = crypto_aead_ctx(crypto_aead_reqtfm(req));
	struct aead_request *sub = aead_request_ctx(req);

	aead_request_set_tfm(sub, ctx->below);
	aead_request_set_callback(sub, aead_request_flags(req), req->base.complete,
				  req->base.data);
	aead_request_set_ad(sub, req->assoclen);
	aead_request_set_crypt(sub, req->src, req->dst, req->cryptlen, req->iv);
	return sub;
}

static int do_encrypt(struct aead_request *req)
{
	if (fails(req->cryptlen, &encrypt))
		return -READ_ONCE(error);
	return crypto_aead_encrypt(pass_on(req));
}

static int do_decrypt(struct aead_request *req)
{
	if (req->cryptlen >= TAG_BYTES && fails(req->cryptlen - TAG_BYTES, &decrypt))
		return -READ_ONCE(error);
	return crypto_aead_decrypt(pass_on(req));
}

static int begin(struct crypto_aead *tfm)
{
	struct context *ctx = crypto_aead_ctx(tfm);

	ctx->below = crypto_alloc_aead(below, 0, 0);
	if (IS_ERR(ctx->below))
		return PTR_ERR(ctx->below);
	crypto_aead_set_reqsize(tfm, sizeof(struct aead_request) +
				     crypto_aead_reqsize(ctx->below));
	return 0;
}

static void end(struct crypto_aead *tfm)
{
	struct context *ctx = crypto_aead_ctx(tfm);

	crypto_free_aead(ctx->below);
}

static struct aead_alg cipher = {
	.setkey = set_key,
	.setauthsize = set_tag_bytes,
	.encrypt = do_encrypt,
	.decrypt = do_decrypt,
	.init = begin,
	.exit = end,
	.ivsize = 12,
	.maxauthsize = TAG_BYTES,
	.chunksize = 16,
	.base = {
		.cra_name = "gcm(aes)",
		.cra_driver_name = "gcm-aes-skyhold-faulty",
		.cra_priority = 10000,
		.cra_flags = CRYPTO_ALG_ASYNC,
		.cra_blocksize = 1,
		.cra_ctxsize = sizeof(struct context),
		.cra_module = THIS_MODULE,
	},
};

static int __init skyhold_cipher_init(void)
{
	struct crypto_aead *best = crypto_alloc_aead("gcm(aes)", 0, 0);

	if (IS_ERR(best))
		return PTR_ERR(best);
	strscpy(below, crypto_tfm_alg_driver_name(crypto_aead_tfm(best)), sizeof(below));
	crypto_free_aead(best);
	return crypto_register_aead(&cipher);
}

static void __exit skyhold_cipher_exit(void)
{
	crypto_unregister_aead(&cipher);
}

module_init(skyhold_cipher_init);
module_exit(skyhold_cipher_exit);
MODULE_DESCRIPTION("AES-GCM that fails when it is told to, for tests");
MODULE_LICENSE("GPL");
