# SPDX-License-Identifier: GPL-2.0-or-later
LIB_SRCS += $(addprefix user/lib/crypto/,kdf.c keywrap.c sealer.c argon.c keyring.c \
		hmac.c ecdsa.c hash.c lanes.c lanes_avx2.c lanes_avx512.c lanes_sha_ni.c \
		lanes_scalar.c aead.c aead_ipsec_mb.c aead_openssl.c key_seal.c crc.c ecdh.c \
		ed25519.c shamir.c)
