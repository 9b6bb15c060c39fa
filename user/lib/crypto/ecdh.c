// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>

#include "ecdh.h"

int ecdh_p256(const uint8_t scalar[P256_SCALAR_BYTES], const uint8_t point[P256_POINT_BYTES],
	      uint8_t shared[ECDH_BYTES])
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	EC_POINT *theirs = group ? EC_POINT_new(group) : NULL;
	EC_POINT *product = group ? EC_POINT_new(group) : NULL;
	BIGNUM *d = BN_secure_new(), *x = BN_secure_new();
	int rc = -EIO;

	if (theirs && product && d && x && BN_bin2bn(scalar, P256_SCALAR_BYTES, d)) {
		BN_set_flags(d, BN_FLG_CONSTTIME);
		/* The order of P-256 is prime and its cofactor 1: on the curve is enough. */
		if (BN_is_zero(d) || BN_cmp(d, EC_GROUP_get0_order(group)) >= 0 ||
		    EC_POINT_oct2point(group, theirs, point, P256_POINT_BYTES, NULL) != 1 ||
		    EC_POINT_is_at_infinity(group, theirs))
			rc = -EINVAL;
		else if (EC_POINT_mul(group, product, NULL, theirs, d, NULL) == 1 &&
			 EC_POINT_get_affine_coordinates(group, product, x, NULL, NULL) == 1 &&
			 BN_bn2binpad(x, shared, ECDH_BYTES) == ECDH_BYTES)
			rc = 0;
	}
	if (rc)
		ERR_clear_error();
	BN_clear_free(x);
	BN_clear_free(d);
	EC_POINT_clear_free(product);
	EC_POINT_free(theirs);
	EC_GROUP_free(group);
	return rc;
}
