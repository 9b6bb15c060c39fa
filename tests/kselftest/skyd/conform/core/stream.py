# SPDX-License-Identifier: GPL-2.0-or-later
"""Bodies in aws-chunked: pieces with a signature each, or none, and trailers.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
"""

SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
ECDSA = "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"
ECDSA_TRAILER = "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER"


def pieces(data, size):
    """Cut into pieces; the last one, which is empty, ends the body."""
    return [data[i:i + size] for i in range(0, len(data), size)] + [b""]


def plain(data, size, trailers=()):
    """The form without signatures (STREAMING-UNSIGNED-PAYLOAD-TRAILER)."""
    out = []
    for piece in pieces(data, size):
        out.append(b"%x\r\n" % len(piece))
        if piece:
            out.append(piece + b"\r\n")
    out += [("%s:%s\r\n" % pair).encode() for pair in trailers]
    return b"".join(out) + b"\r\n"


def signed(data, size, signer, seed, trailers=None, spoil=None):
    """The forms with signatures.

    seed is the signature of the request.  spoil(number, signature, piece) may return
    another signature and another piece, for one that is wrong; the piece that ends
    the body has the last number, its trailers have the number -1.
    """
    out, previous = [], seed
    for number, piece in enumerate(pieces(data, size)):
        previous = signer.chunk(previous, piece)
        shown = previous
        if spoil:
            shown, piece = spoil(number, shown, piece)
        out.append(b"%x;chunk-signature=%s\r\n" % (len(piece), shown.encode()))
        if piece:
            out.append(piece + b"\r\n")
    if trailers is not None:
        signature = signer.trailer(previous, trailers)
        if spoil:
            signature, _ = spoil(-1, signature, b"")
        out += [("%s:%s\r\n" % pair).encode() for pair in trailers]
        out.append(b"x-amz-trailer-signature:%s\r\n" % signature.encode())
    return b"".join(out) + b"\r\n"
