# SPDX-License-Identifier: GPL-2.0-or-later
"""The checksums that S3 knows, as they stand in headers: base64, big-endian."""

import base64
import hashlib
import zlib


def _table(polynomial):
    rows = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (polynomial if value & 1 else 0)
        rows.append(value)
    return rows


# Both reflected: Castagnoli (RFC 3720), and that of NVMe (NVM Command Set, 5.2.1).
CRC32C = _table(0x82F63B78)
CRC64NVME = _table(0x9A6C9329AC4BC9B5)


def _crc(table, ones, data):
    value = ones
    for byte in data:
        value = table[(value ^ byte) & 255] ^ value >> 8
    return value ^ ones


def crc32(data):
    return zlib.crc32(data).to_bytes(4, "big")


def crc32c(data):
    return _crc(CRC32C, 2**32 - 1, data).to_bytes(4, "big")


def crc64nvme(data):
    return _crc(CRC64NVME, 2**64 - 1, data).to_bytes(8, "big")


def sha1(data):
    return hashlib.sha1(data).digest()


def sha256(data):
    return hashlib.sha256(data).digest()


# By the name in x-amz-checksum-algorithm.
ALGORITHMS = {"CRC32": crc32, "CRC32C": crc32c, "CRC64NVME": crc64nvme, "SHA1": sha1, "SHA256": sha256}


def b64(raw):
    return base64.b64encode(raw).decode()


def checksum(algorithm, data):
    return b64(ALGORITHMS[algorithm](data))


def header(algorithm):
    return "x-amz-checksum-" + algorithm.lower()


def md5(data):
    """The value of Content-MD5."""
    return b64(hashlib.md5(data).digest())


def etag(data):
    """The entity tag of an object that was put at once, with its quotes."""
    return '"%s"' % hashlib.md5(data).hexdigest()


def etag_of_parts(parts):
    joined = b"".join(hashlib.md5(p).digest() for p in parts)
    return '"%s-%d"' % (hashlib.md5(joined).hexdigest(), len(parts))


def composite(algorithm, parts):
    """The checksum of the parts' checksums, with their number."""
    whole = b"".join(ALGORITHMS[algorithm](p) for p in parts)
    return "%s-%d" % (b64(ALGORITHMS[algorithm](whole)), len(parts))
