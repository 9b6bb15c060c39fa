# SPDX-License-Identifier: GPL-2.0-or-later
"""Checksums and Content-MD5: verified, stored, returned."""

import os

from core import sums
from core.expect import content, each, good, header, refused, same, test, want

ALL = list(sums.ALGORITHMS)
ASK = {"x-amz-checksum-mode": "ENABLED"}
MIN = 5 << 20


@each(*ALL)
def is_stored_and_returned(t, name):
    bucket, body = t.bucket(), os.urandom(5000)
    value = sums.checksum(name, body)
    header(good(t.main.put(bucket, "key", body, headers={sums.header(name): value})), sums.header(name), value)
    header(good(t.main.head(bucket, "key", headers=ASK)), sums.header(name), value)
    got = content(t.main.get(bucket, "key", headers=ASK), body)
    header(got, sums.header(name), value)
    header(got, "x-amz-checksum-type", "FULL_OBJECT")


@each(*ALL)
def is_returned_only_when_asked_for(t, name):
    bucket = t.bucket()
    good(t.main.put(bucket, "key", b"x", headers={sums.header(name): sums.checksum(name, b"x")}))
    header(good(t.main.head(bucket, "key", headers=ASK)), sums.header(name), sums.checksum(name, b"x"))
    header(good(t.main.head(bucket, "key")), sums.header(name), None)
    header(good(t.main.get(bucket, "key")), sums.header(name), None)


@each(*ALL)
def that_is_wrong_is_refused(t, name):
    bucket = t.bucket()
    refused(t.main.put(bucket, "key", b"x", headers={sums.header(name): sums.checksum(name, b"y")}), 400, "BadDigest")
    refused(t.main.head(bucket, "key"), 404, "")


@each(*ALL)
def that_is_junk_is_refused(t, name):
    bucket = t.bucket()
    for value in ("junk", "", "AAAA", sums.checksum(name, b"x") + "AAAA"):
        refused(t.main.put(bucket, "key", b"x", headers={sums.header(name): value}), 400,
                ("InvalidRequest", "InvalidDigest"))
    refused(t.main.head(bucket, "key"), 404, "")


@test
def two_are_one_too_many(t):
    refused(t.main.put(t.bucket(), "key", b"x", headers={
        sums.header("CRC32"): sums.checksum("CRC32", b"x"), sums.header("SHA1"): sums.checksum("SHA1", b"x")}),
        400, "InvalidRequest")


@test
def algorithm_and_header_must_agree(t):
    bucket = t.bucket()
    answer = t.main.put(bucket, "key", b"x", headers={
        "x-amz-sdk-checksum-algorithm": "SHA1", sums.header("CRC32"): sums.checksum("CRC32", b"x")})
    refused(answer, 400, "InvalidRequest")


@test
def algorithm_that_does_not_exist(t):
    refused(t.main.put(t.bucket(), "key", b"x", headers={"x-amz-sdk-checksum-algorithm": "CRC128"}), 400,
            "InvalidRequest")


@test
def is_made_where_none_was_sent(t):
    bucket, key = t.object(body=b"plain")
    header(good(t.main.head(bucket, key, headers=ASK)), "x-amz-checksum-crc64nvme", sums.checksum("CRC64NVME",
                                        b"plain"))


@each(*ALL)
def is_among_the_attributes(t, name):
    bucket = t.bucket()
    good(t.main.put(bucket, "key", b"x", headers={sums.header(name): sums.checksum(name, b"x")}))
    xml = good(t.main.get(bucket, "key", {"attributes": None}, {"x-amz-object-attributes": "Checksum"})).xml
    same(xml.text("Checksum/Checksum" + name), sums.checksum(name, b"x"), "Checksum")


@test
def of_the_whole_does_not_come_with_a_range(t):
    bucket = t.bucket()
    good(t.main.put(bucket, "key", b"0123456789", headers={sums.header("SHA1"): sums.checksum("SHA1", b"0123456789")}))
    header(good(t.main.get(bucket, "key", headers=ASK)), sums.header("SHA1"), sums.checksum("SHA1", b"0123456789"))
    header(content(t.main.get(bucket, "key", headers={"Range": "bytes=0-4", **ASK}), b"01234", 206),
           sums.header("SHA1"), None)


@test
def md5_that_is_right_is_taken(t):
    bucket = t.bucket()
    good(t.main.put(bucket, "key", b"x", headers={"Content-MD5": sums.md5(b"x")}))
    content(t.main.get(bucket, "key"), b"x")


@test
def md5_that_is_wrong_is_refused(t):
    bucket = t.bucket()
    refused(t.main.put(bucket, "key", b"x", headers={"Content-MD5": sums.md5(b"y")}), 400, "BadDigest")
    refused(t.main.head(bucket, "key"), 404, "")


@each(("junk", "junk"), ("short", "AAAA"), ("empty", ""), ("in hexadecimal", "9dd4e461268c8034f5c8564e155c67a6"))
def md5_is_refused_that_is(t, value):
    refused(t.main.put(t.bucket(), "key", b"x", headers={"Content-MD5": value}), 400, "InvalidDigest")


@test
def md5_that_is_wrong_keeps_the_old_object(t):
    bucket, key = t.object(body=b"old")
    refused(t.main.put(bucket, key, b"new", headers={"Content-MD5": sums.md5(b"y")}), 400, "BadDigest")
    content(t.main.get(bucket, key), b"old")


def in_parts(t, name, kind, bodies):
    """An upload with a checksum for each part, not completed; returns what complete() needs."""
    bucket = t.bucket()
    headers = {"x-amz-checksum-algorithm": name}
    if kind:
        headers["x-amz-checksum-type"] = kind
    answer = good(t.main.post(bucket, "key", query={"uploads": None}, headers=headers))
    header(answer, "x-amz-checksum-algorithm", name)
    upload = answer.xml.text("UploadId")
    parts = []
    for number, body in enumerate(bodies, 1):
        value = sums.checksum(name, body)
        tag = header(good(t.main.part(bucket, "key", upload, number, body, {sums.header(name): value})),
                     sums.header(name), value).etag
        parts.append((number, "<ETag>%s</ETag><Checksum%s>%s</Checksum%s>" % (tag, name, value, name)))
    return bucket, upload, parts


@each("CRC32", "CRC32C", "SHA1", "SHA256")
def of_parts_is_that_of_their_checksums(t, name):
    bodies = [os.urandom(MIN), b"end"]
    bucket, upload, parts = in_parts(t, name, None, bodies)
    xml = good(t.main.complete(bucket, "key", upload, parts)).xml
    same(xml.text("Checksum" + name), sums.composite(name, bodies), "Checksum" + name)
    same(xml.text("ChecksumType"), "COMPOSITE", "ChecksumType")
    got = good(t.main.head(bucket, "key", headers=ASK))
    header(got, sums.header(name), sums.composite(name, bodies))
    header(got, "x-amz-checksum-type", "COMPOSITE")


@each("CRC32", "CRC32C", "CRC64NVME")
def of_parts_can_be_that_of_the_whole(t, name):
    bodies = [os.urandom(MIN), b"end"]
    bucket, upload, parts = in_parts(t, name, "FULL_OBJECT", bodies)
    whole = sums.checksum(name, b"".join(bodies))
    answer = t.main.complete(bucket, "key", upload, parts, {sums.header(name): whole,
                                                            "x-amz-checksum-type": "FULL_OBJECT"})
    same(good(answer).xml.text("Checksum" + name), whole, "Checksum" + name)
    header(good(t.main.head(bucket, "key", headers=ASK)), sums.header(name), whole)


@test
def of_the_whole_that_is_wrong_is_refused(t):
    bucket, upload, parts = in_parts(t, "CRC32", "FULL_OBJECT", [b"one"])
    refused(t.main.complete(bucket, "key", upload, parts, {
        sums.header("CRC32"): sums.checksum("CRC32", b"two"), "x-amz-checksum-type": "FULL_OBJECT"}), 400, "BadDigest")
    refused(t.main.head(bucket, "key"), 404, "")


@each(("SHA1", "SHA1", "FULL_OBJECT"), ("SHA256", "SHA256", "FULL_OBJECT"), ("CRC64NVME", "CRC64NVME", "COMPOSITE"))
def kind_that_the_algorithm_does_not_have(t, name, kind):
    refused(t.main.post(t.bucket(), "key", query={"uploads": None}, headers={
        "x-amz-checksum-algorithm": name, "x-amz-checksum-type": kind}), 400, "InvalidRequest")


@test
def kind_that_does_not_exist(t):
    refused(t.main.post(t.bucket(), "key", query={"uploads": None}, headers={
        "x-amz-checksum-algorithm": "CRC32", "x-amz-checksum-type": "HALF"}), 400, "InvalidRequest")


@test
def of_a_part_in_the_document_must_be_right(t):
    bucket, upload, parts = in_parts(t, "SHA256", None, [b"one"])
    wrong = parts[0][1].replace(sums.checksum("SHA256", b"one"), sums.checksum("SHA256", b"two"))
    refused(t.main.complete(bucket, "key", upload, [(1, wrong)]), 400, ("InvalidPart", "BadDigest"))
    refused(t.main.head(bucket, "key"), 404, "")


@each(("junk", lambda tag: "<ETag>%s</ETag><ChecksumCRC32>junk</ChecksumCRC32>" % tag, "InvalidArgument"),
      ("two of them", lambda tag: "<ETag>%s</ETag><ChecksumCRC32>%s</ChecksumCRC32><ChecksumSHA1>%s</ChecksumSHA1>" % (
          tag, sums.checksum("CRC32", b"one"), sums.checksum("SHA1", b"one")), "InvalidArgument"),
      ("another algorithm", lambda tag: "<ETag>%s</ETag><ChecksumSHA1>%s</ChecksumSHA1>" % (
          tag, sums.checksum("SHA1", b"one")), "BadDigest"),
      ("none", "<ETag>%s</ETag>".__mod__, "InvalidRequest"))
def of_a_part_in_the_document_may_not_be(t, make, code):
    bucket, upload, _ = in_parts(t, "CRC32", None, [b"one"])
    refused(t.main.complete(bucket, "key", upload, [(1, make(sums.etag(b"one")))]), 400, code)
    refused(t.main.head(bucket, "key"), 404, "")


CRC = sums.checksum("CRC32", b"one")


@each(("junk", "FULL_OBJECT", {"crc32": "junk"}, "InvalidRequest"),
      ("junk of parts", "COMPOSITE", {"crc32": CRC + "-some"}, "InvalidRequest"),
      ("two of them", "FULL_OBJECT", {"crc32": CRC, "sha1": sums.checksum("SHA1", b"one")}, "InvalidRequest"),
      ("another algorithm", "FULL_OBJECT", {"crc32c": sums.checksum("CRC32C", b"one")}, "InvalidRequest"),
      ("of other parts", "COMPOSITE", {"crc32": sums.composite("CRC32", [b"two"])}, "BadDigest"),
      ("an unknown type", "FULL_OBJECT", {"type": "HALF"}, "InvalidRequest"),
      ("composite for full", "FULL_OBJECT", {"type": "COMPOSITE"}, "InvalidRequest"),
      ("full for composite", "COMPOSITE", {"type": "FULL_OBJECT"}, "InvalidRequest"))
def of_the_object_may_not_be(t, kind, headers, code):
    """What the head of a completion says of the object; the upload can still be completed."""
    bucket, upload, parts = in_parts(t, "CRC32", kind, [b"one"])
    headers = {"x-amz-checksum-" + name: value for name, value in headers.items()}
    refused(t.main.complete(bucket, "key", upload, parts, headers), 400, code)
    refused(t.main.head(bucket, "key"), 404, "")
    good(t.main.complete(bucket, "key", upload, parts))


@test
def of_a_completion_is_not_taken_for_that_of_its_document(t):
    bucket, upload, parts = in_parts(t, "CRC32", "FULL_OBJECT", [b"one"])
    refused(t.main.complete(bucket, "key", upload, parts, {sums.header("CRC32"): CRC,
                                                           "Content-MD5": sums.md5(b"other")}), 400, "BadDigest")
    good(t.main.complete(bucket, "key", upload, parts, {sums.header("CRC32"): CRC}))


@test
def of_a_part_has_to_come_for_a_composite_one(t):
    bucket = t.bucket()
    upload = t.main.start(bucket, "key", {"x-amz-checksum-algorithm": "CRC32"})
    refused(t.main.part(bucket, "key", upload, 1, b"x"), 400, "InvalidRequest")
    upload = t.main.start(bucket, "key", {"x-amz-checksum-algorithm": "CRC32", "x-amz-checksum-type": "FULL_OBJECT"})
    header(good(t.main.part(bucket, "key", upload, 1, b"x")), sums.header("CRC32"), sums.checksum("CRC32", b"x"))


@test
def of_a_part_that_is_wrong_is_refused(t):
    bucket = t.bucket()
    upload = t.main.start(bucket, "key", {"x-amz-checksum-algorithm": "SHA256"})
    refused(t.main.part(bucket, "key", upload, 1, b"x", {sums.header("SHA256"): sums.checksum("SHA256", b"y")}), 400,
            "BadDigest")


@test
def of_a_part_must_be_of_the_uploads_algorithm(t):
    bucket = t.bucket()
    upload = t.main.start(bucket, "key", {"x-amz-checksum-algorithm": "SHA256"})
    refused(t.main.part(bucket, "key", upload, 1, b"x", {sums.header("CRC32"): sums.checksum("CRC32", b"x")}), 400,
            "InvalidRequest")


@test
def of_parts_is_listed_with_them(t):
    bucket, upload, _ = in_parts(t, "CRC32C", None, [b"one"])
    xml = good(t.main.get(bucket, "key", {"uploadId": upload})).xml
    same(xml.text("ChecksumAlgorithm"), "CRC32C", "ChecksumAlgorithm")
    same(xml.text("Part/ChecksumCRC32C"), sums.checksum("CRC32C", b"one"), "checksum of the part")


@each(("CRC32C", "CRC32C", None, "COMPOSITE"), ("SHA256", "SHA256", None, "COMPOSITE"),
      ("CRC32 of the whole", "CRC32", "FULL_OBJECT", "FULL_OBJECT"),
      ("CRC64NVME", "CRC64NVME", "FULL_OBJECT", "FULL_OBJECT"))
def of_a_part_is_answered_with_it(t, name, kind, told):
    bodies = [os.urandom(MIN), b"end"]
    bucket, upload, parts = in_parts(t, name, kind, bodies)
    good(t.main.complete(bucket, "key", upload, parts))
    for number, body in enumerate(bodies, 1):
        for ask in (t.main.get, t.main.head):
            got = good(ask(bucket, "key", {"partNumber": number}, ASK), 206)
            header(got, sums.header(name), sums.checksum(name, body))
            header(got, "x-amz-checksum-type", told)
            header(good(ask(bucket, "key", {"partNumber": number}), 206), sums.header(name), None)


@test
def of_a_part_that_is_all_is_the_objects(t):
    bucket = t.bucket()
    good(t.main.put(bucket, "key", b"all", headers={sums.header("SHA1"): sums.checksum("SHA1", b"all")}))
    got = content(t.main.get(bucket, "key", {"partNumber": 1}, ASK), b"all", (200, 206))
    header(got, sums.header("SHA1"), sums.checksum("SHA1", b"all"))


@test
def of_documents_is_verified_too(t):
    """Current SDKs send a CRC32 with everything that has a body."""
    bucket = t.bucket()
    document = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"
    good(t.main.put(bucket, body=document, query={"tagging": None}, headers={
        sums.header("CRC32"): sums.checksum("CRC32", document.encode())}), (200, 204))
    refused(t.main.put(bucket, body=document, query={"tagging": None}, headers={
        sums.header("CRC32"): sums.checksum("CRC32", b"other")}), 400, "BadDigest")


@test
def survives_an_overwrite_by_one_of_another_kind(t):
    bucket = t.bucket()
    for name in ("SHA1", "CRC32C"):
        good(t.main.put(bucket, "key", b"x", headers={sums.header(name): sums.checksum(name, b"x")}))
    got = good(t.main.head(bucket, "key", headers=ASK))
    header(got, sums.header("CRC32C"), sums.checksum("CRC32C", b"x"))
    header(got, sums.header("SHA1"), None)
    want("x-amz-checksum-crc32" not in got.headers.names(), "no other checksum")
