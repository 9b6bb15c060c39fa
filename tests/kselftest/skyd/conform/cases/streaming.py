# SPDX-License-Identifier: GPL-2.0-or-later
"""Bodies in aws-chunked: every form of it, whole and spoiled."""

import os

from core import stream, sums
from core.expect import content, each, good, header, refused, same, test, want

SIGNED, TRAILER, UNSIGNED = stream.SIGNED, stream.SIGNED_TRAILER, stream.UNSIGNED_TRAILER
ECDSA, ECDSA_TRAILER = stream.ECDSA, stream.ECDSA_TRAILER
SHORT = {SIGNED: "signed", TRAILER: "signed, trailer", UNSIGNED: "unsigned, trailer", ECDSA: "ECDSA",
         ECDSA_TRAILER: "ECDSA, trailer"}


def trailers(form, body, algorithm="CRC32"):
    return [(sums.header(algorithm), sums.checksum(algorithm, body))] if form.endswith("TRAILER") else None


def send(t, bucket, body, form, **how):
    how.setdefault("trailers", trailers(form, body))
    return t.main.put_streaming(bucket, "key", body, form, **how)


def absent(t, bucket, answer, status, code):
    refused(answer, status, code)
    refused(t.main.head(bucket, "key"), 404, "")


SIZES = [("nothing", 0), ("less than a chunk", 100), ("exactly a chunk", 8192), ("a chunk and a byte", 8193),
         ("many chunks", 200000)]


@each(*(("%s: %s" % (SHORT[f], n), f, s) for f in (SIGNED, TRAILER, UNSIGNED) for n, s in SIZES))
def whole(t, form, size):
    bucket, body = t.bucket(), os.urandom(size)
    answer = good(send(t, bucket, body, form))
    same(answer.etag, sums.etag(body), "ETag")
    header(content(t.main.get(bucket, "key"), body), "content-length", str(size))


@each(*((SHORT[f], f) for f in (ECDSA, ECDSA_TRAILER)))
def whole_by_sigv4a(t, form):
    bucket, body = t.bucket(), os.urandom(20000)
    good(send(t, bucket, body, form))
    content(t.main.get(bucket, "key"), body)


@each(*((SHORT[f], f) for f in (SIGNED, UNSIGNED)))
def whole_in_large_chunks(t, form):
    bucket, body = t.bucket(), os.urandom(6 << 20)
    good(send(t, bucket, body, form, size=1 << 20))
    content(t.main.get(bucket, "key"), body)


@test
def whole_in_small_chunks_without_signatures(t):
    """Nothing is said of their size where they are not signed."""
    bucket, body = t.bucket(), os.urandom(3000)
    good(send(t, bucket, body, UNSIGNED, size=700))
    content(t.main.get(bucket, "key"), body)


@each(("alone", "aws-chunked", None), ("before gzip", "aws-chunked,gzip", "gzip"),
      ("before gzip with a space", "aws-chunked, gzip", "gzip"))
def its_encoding_is_not_stored(t, sent, stored):
    bucket = t.bucket()
    good(send(t, bucket, b"x" * 100, SIGNED, headers={"Content-Encoding": sent}))
    got = content(t.main.get(bucket, "key"), b"x" * 100)
    want((got.headers["content-encoding"] or None) == stored, "Content-Encoding is %s", got.headers["content-encoding"])


@each(*(("%s: %s" % (SHORT[f], a), f, a) for f in (TRAILER, UNSIGNED) for a in sums.ALGORITHMS))
def trailer_is_kept(t, form, algorithm):
    bucket, body = t.bucket(), os.urandom(10000)
    answer = good(send(t, bucket, body, form, trailers=trailers(form, body, algorithm)))
    header(answer, sums.header(algorithm), sums.checksum(algorithm, body))
    header(good(t.main.head(bucket, "key", headers={"x-amz-checksum-mode": "ENABLED"})), sums.header(algorithm),
           sums.checksum(algorithm, body))


@each(*(("%s: %s" % (SHORT[f], a), f, a) for f in (TRAILER, UNSIGNED) for a in sums.ALGORITHMS))
def trailer_is_checked(t, form, algorithm):
    bucket, body = t.bucket(), os.urandom(10000)
    absent(t, bucket, send(t, bucket, body, form, trailers=trailers(form, b"other", algorithm)), 400, "BadDigest")


@each(*((SHORT[f], f) for f in (TRAILER, UNSIGNED)))
def trailer_that_was_announced_must_come(t, form):
    bucket = t.bucket()
    answer = send(t, bucket, b"x" * 100, form, trailers=[], announce="x-amz-checksum-crc32")
    absent(t, bucket, answer, 400, ("MalformedTrailerError", "InvalidRequest", "IncompleteBody"))


@each(*((SHORT[f], f) for f in (TRAILER, UNSIGNED)))
def trailer_must_be_the_one_announced(t, form):
    bucket, body = t.bucket(), b"x" * 100
    answer = send(t, bucket, body, form, trailers=trailers(form, body, "CRC32"), announce="x-amz-checksum-sha256")
    absent(t, bucket, answer, 400, ("MalformedTrailerError", "InvalidRequest"))


@test
def trailer_that_is_no_checksum_cannot_be_announced(t):
    bucket = t.bucket()
    absent(t, bucket, send(t, bucket, b"x", UNSIGNED, trailers=[("x-amz-meta-a", "1")]), 400,
           ("InvalidRequest", "MalformedTrailerError"))


@test
def trailer_and_header_of_a_checksum_are_one_too_many(t):
    bucket, body = t.bucket(), b"x" * 100
    absent(t, bucket, send(t, bucket, body, UNSIGNED, headers={"x-amz-checksum-crc32": sums.checksum("CRC32", body)}),
           400, ("InvalidRequest", "MalformedTrailerError"))


@test
def trailer_of_junk(t):
    bucket = t.bucket()
    absent(t, bucket, send(t, bucket, b"x", UNSIGNED, trailers=[("x-amz-checksum-crc32", "not base64!")]), 400,
           ("InvalidRequest", "MalformedTrailerError", "BadDigest", "InvalidDigest"))


def wrong_signature(number):
    return lambda n, s, p: ("0" * len(s) if n == number else s, p)


def wrong_data(number):
    return lambda n, s, p: (s, (b"X" + p[1:] if p[:1] != b"X" else b"Y" + p[1:]) if n == number else p)


@each(*(("%s: %s" % (SHORT[f], n), f, s) for f in (SIGNED, TRAILER) for n, s in (
    ("signature of the first chunk", wrong_signature(0)), ("signature of the second", wrong_signature(1)),
    ("signature of the last", wrong_signature(3)), ("bytes of the first chunk", wrong_data(0)),
    ("bytes of the third", wrong_data(2)))))
def is_refused_for_wrong(t, form, spoil):
    bucket, body = t.bucket(), os.urandom(20000)
    absent(t, bucket, send(t, bucket, body, form, spoil=spoil), 403, "SignatureDoesNotMatch")


@test
def is_refused_for_a_wrong_signature_of_its_trailer(t):
    bucket, body = t.bucket(), os.urandom(20000)
    absent(t, bucket, send(t, bucket, body, TRAILER, spoil=wrong_signature(-1)), 403, "SignatureDoesNotMatch")


@test
def is_refused_for_a_trailer_without_a_signature(t):
    bucket, body = t.bucket(), os.urandom(20000)

    def cut(request):
        at = request.body.index(b"x-amz-trailer-signature")
        request.body = request.body[:at] + b"\r\n"
        request.set("Content-Length", str(len(request.body)))

    answer = send(t, bucket, body, TRAILER, spoil_request=cut)
    want(answer.status in (400, 403), "%s", answer)
    refused(t.main.head(bucket, "key"), 404, "")


@test
def chunks_cannot_change_places(t):
    bucket, body = t.bucket(), b"a" * 8192 + b"b" * 8192

    def swap(request):
        size = (len(request.body) - len(b"0;chunk-signature=\r\n\r\n") - 64) // 2
        first, second, end = request.body[:size], request.body[size:2 * size], request.body[2 * size:]
        request.body = second + first + end

    absent(t, bucket, send(t, bucket, body, SIGNED, spoil_request=swap), 403, "SignatureDoesNotMatch")


@each(*((SHORT[f], f) for f in (SIGNED, UNSIGNED)))
def is_refused_without_its_decoded_length(t, form):
    def change(request):
        request.set("x-amz-decoded-content-length", None)

    bucket = t.bucket()
    answer = send(t, bucket, b"x" * 100, form, spoil_request=change)
    want((answer.status, answer.code) in ((411, "MissingContentLength"), (403, "SignatureDoesNotMatch"),
                                          (400, "InvalidRequest")), "%s", answer)
    refused(t.main.head(bucket, "key"), 404, "")


@each(*(("%s: %s" % (SHORT[f], n), f, d) for f in (SIGNED, UNSIGNED) for n, d in (("one less", 99), ("one more", 101))))
def is_refused_for_a_decoded_length_of(t, form, declared):
    bucket = t.bucket()
    absent(t, bucket, send(t, bucket, b"x" * 100, form, declared=declared), 400,
           ("IncompleteBody", "InvalidRequest", "EntityTooLarge"))


@test
def is_refused_for_a_decoded_length_of_junk(t):
    refused(send(t, t.bucket(), b"x" * 100, UNSIGNED, declared="many"), 411, "MissingContentLength")


@test
def chunks_of_less_than_8_kib_are_refused_before_the_last(t):
    bucket = t.bucket()
    absent(t, bucket, send(t, bucket, b"x" * 10000, SIGNED, size=5000), 403, "InvalidChunkSizeError")


def replaced(old, new, length=True):
    def change(request):
        request.body = request.body.replace(old, new, 1)
        if length:
            request.set("Content-Length", str(len(request.body)))
    return change


def shorter(name):
    """The value behind the name loses its first five characters."""
    def change(request):
        start = request.body.index(name) + len(name)
        request.body = request.body[:start] + request.body[start + 5:]
        request.set("Content-Length", str(len(request.body)))
    return change


@each(("a size of junk", replaced(b"64\r\n", b"zz\r\n")), ("a negative size", replaced(b"64\r\n", b"-64\r\n")),
      ("a size with a sign", replaced(b"64\r\n", b"+64\r\n")), ("no end of a chunk", replaced(b"x\r\n0", b"x0")),
      ("a size beyond all numbers", replaced(b"64\r\n", b"ffffffffffffffffff\r\n")),
      ("a larger size", replaced(b"64\r\n", b"65\r\n")), ("a smaller size", replaced(b"64\r\n", b"63\r\n")))
def framing_is_refused_with(t, change):
    bucket = t.bucket()
    answer = send(t, bucket, b"x" * 100, UNSIGNED, spoil_request=change)
    want(400 <= answer.status < 500, "%s", answer)
    refused(t.main.head(bucket, "key"), 404, "")


@each(("its size", replaced(b"64;", b"zz;")), ("a colon", replaced(b"64;", b"64:")),
      ("no signature's name", replaced(b"chunk-signature=", b"")), ("no end", replaced(b"x\r\n0", b"x0")),
      ("an end of junk", replaced(b"\r\n\r\n", b"\r\n\rs")), ("a short signature", shorter(b"chunk-signature=")))
def signed_framing_is_incomplete_with(t, change):
    bucket = t.bucket()
    absent(t, bucket, send(t, bucket, b"x" * 100, SIGNED, spoil_request=change), 400, "IncompleteBody")


@each(*((SHORT[f], f) for f in (SIGNED, UNSIGNED)))
def that_ends_before_its_last_chunk(t, form):
    bucket = t.bucket()

    def cut(request):
        end = b"0;chunk" if form == SIGNED else b"0\r\n"
        request.body = request.body[:request.body.rindex(end)]
        request.set("Content-Length", str(len(request.body)))

    answer = send(t, bucket, b"x" * 100, form, spoil_request=cut)
    want(400 <= answer.status < 500, "%s", answer)
    refused(t.main.head(bucket, "key"), 404, "")


@test
def unsigned_form_still_needs_the_requests_signature(t):
    bucket = t.bucket()
    absent(t, bucket, send(t, bucket, b"x" * 100, UNSIGNED,
                           spoil_request=lambda r: r.set("Authorization", r.get("Authorization")[:-4] + "0000")),
           403, "SignatureDoesNotMatch")


@each(*((SHORT[f], f) for f in (SIGNED, TRAILER, UNSIGNED)))
def part_of_an_upload(t, form):
    bucket, body = t.bucket(), os.urandom(100000)
    upload = t.main.start(bucket, "key")
    answer = good(send(t, bucket, body, form, query={"partNumber": "1", "uploadId": upload}))
    good(t.main.complete(bucket, "key", upload, [(1, answer.etag)]))
    content(t.main.get(bucket, "key"), body)


@test
def in_http_chunks_as_well(t):
    """Two framings, one in the other, as some clients send it."""
    bucket, body = t.bucket(), os.urandom(20000)

    def wrap(request):
        data = request.body
        request.body = b"".join(b"%x\r\n%s\r\n" % (len(data[i:i + 5000]), data[i:i + 5000])
                                for i in range(0, len(data), 5000)) + b"0\r\n\r\n"
        request.set("Content-Length", None)
        request.set("Transfer-Encoding", "chunked")

    good(send(t, bucket, body, UNSIGNED, spoil_request=wrap))
    content(t.main.get(bucket, "key"), body)


@test
def size_with_an_extension_or_zeros_before(t):
    bucket = t.bucket()
    good(send(t, bucket, b"x" * 100, UNSIGNED, spoil_request=replaced(b"64\r\n", b"0064\r\n")))
    content(t.main.get(bucket, "key"), b"x" * 100)
