# SPDX-License-Identifier: GPL-2.0-or-later
"""ECDSA over P-256, as little as signing for SigV4A takes (FIPS 186-4, SEC 1).

Not for secrets: it takes no care to run in constant time.
"""

import hashlib
import hmac
import secrets

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
G = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
     0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)


def add(a, b):
    """The sum of two points; None is the one at infinity."""
    if a is None or b is None:
        return a or b
    (x1, y1), (x2, y2) = a, b
    if x1 == x2:
        if (y1 + y2) % P == 0:
            return None
        slope = (3 * x1 * x1 - 3) * pow(2 * y1, -1, P)
    else:
        slope = (y2 - y1) * pow(x2 - x1, -1, P)
    x = (slope * slope - x1 - x2) % P
    return x, (slope * (x1 - x) - y1) % P


def multiply(k, point):
    total = None
    while k:
        if k & 1:
            total = add(total, point)
        point = add(point, point)
        k >>= 1
    return total


def derive(access, secret):
    """The private key of an access key, as AWS derives it for SigV4A."""
    for counter in range(1, 255):
        message = (b"\0\0\0\1" + b"AWS4-ECDSA-P256-SHA256" + b"\0" + access.encode() +
                   bytes([counter]) + b"\0\0\1\0")
        k = int.from_bytes(hmac.new(b"AWS4A" + secret.encode(), message, hashlib.sha256).digest(), "big")
        if k <= N - 2:
            return k + 1
    raise ValueError("no key for this secret")


def der_integer(value):
    raw = value.to_bytes(value.bit_length() // 8 + 1, "big")
    return b"\x02" + bytes([len(raw)]) + raw


def sign(private, message):
    """The signature of a message, hashed by SHA-256, in DER."""
    digest = int.from_bytes(hashlib.sha256(message).digest(), "big")
    while True:
        k = secrets.randbelow(N - 1) + 1
        r = multiply(k, G)[0] % N
        s = pow(k, -1, N) * (digest + r * private) % N
        if r and s:
            body = der_integer(r) + der_integer(s)
            return b"\x30" + bytes([len(body)]) + body


def verify(public, message, signature):
    """The other way round, so that what is above can be shown to be right."""
    length = signature[3]
    r = int.from_bytes(signature[4:4 + length], "big")
    s = int.from_bytes(signature[6 + length:], "big")
    digest = int.from_bytes(hashlib.sha256(message).digest(), "big")
    w = pow(s, -1, N)
    point = add(multiply(digest * w % N, G), multiply(r * w % N, public))
    return point is not None and point[0] % N == r
