# SPDX-License-Identifier: GPL-2.0-or-later
"""Uploads in parts: begun, filled, copied into, listed, completed, given up."""

import os
import re

from core import sums
from core.client import NAMESPACE
from core.expect import content, each, good, header, refused, same, test, want

MIN = 5 << 20
NO_UPLOAD = "VXBsb2FkIHRoYXQgbmV2ZXIgd2Fz"


def begun(t, key="key", **how):
    bucket = t.bucket()
    return bucket, key, t.main.start(bucket, key, **how)


def one_part(t, body=b"part"):
    bucket, key, upload = begun(t)
    return bucket, key, upload, good(t.main.part(bucket, key, upload, 1, body)).etag


@test
def begin_is_a_document_of_s3(t):
    bucket = t.bucket()
    xml = good(t.main.post(bucket, "a key", query={"uploads": None})).xml
    same((xml.tag, xml.namespace), ("InitiateMultipartUploadResult", NAMESPACE), "root")
    same((xml.text("Bucket"), xml.text("Key")), (bucket, "a key"), "bucket and key")
    want(xml.text("UploadId"), "UploadId is there")


@test
def begin_in_a_missing_bucket(t):
    refused(t.main.post(t.name(), "key", query={"uploads": None}), 404, "NoSuchBucket")


@test
def begin_by_another_team(t):
    refused(t.alt.post(t.bucket(), "key", query={"uploads": None}), 403, "AccessDenied")


@test
def ids_differ(t):
    bucket = t.bucket()
    same(len({t.main.start(bucket, "key") for _ in range(5)}), 5, "different ids")


@each(("one small part", [3]), ("one part of nothing", [0]), ("two", [MIN, 1]), ("three", [MIN, MIN + 7, 99]),
      ("the last as large", [MIN, MIN]), ("the last larger", [MIN, 2 * MIN + 1]))
def whole_of(t, sizes):
    bucket, parts = t.bucket(), [os.urandom(n) for n in sizes]
    xml = good(t.main.upload(bucket, "key", parts)).xml
    same((xml.tag, xml.namespace), ("CompleteMultipartUploadResult", NAMESPACE), "root")
    same((xml.text("Bucket"), xml.text("Key")), (bucket, "key"), "bucket and key")
    same(xml.text("ETag"), sums.etag_of_parts(parts), "ETag")
    want("/key" in xml.text("Location", ""), "Location is %s", xml.text("Location"))
    got = content(t.main.get(bucket, "key"), b"".join(parts))
    header(got, "etag", sums.etag_of_parts(parts))
    header(t.main.head(bucket, "key"), "content-length", str(sum(sizes)))


@test
def is_not_seen_before_it_is_complete(t):
    bucket, key, upload, tag = one_part(t)
    refused(t.main.get(bucket, key), 404, "NoSuchKey")
    good(t.main.complete(bucket, key, upload, [(1, tag)]))
    content(t.main.get(bucket, key), b"part")


@test
def old_object_stays_until_it_is_complete(t):
    bucket, key = t.object(body=b"old")
    upload = t.main.start(bucket, key)
    tag = good(t.main.part(bucket, key, upload, 1, b"new")).etag
    content(t.main.get(bucket, key), b"old")
    good(t.main.complete(bucket, key, upload, [(1, tag)]))
    content(t.main.get(bucket, key), b"new")


@test
def headers_of_the_beginning_count(t):
    bucket, key, upload = begun(t, headers={"x-amz-meta-a": "b", "Content-Type": "text/x-own",
                                            "Cache-Control": "no-store", "x-amz-tagging": "c=d"})
    tag = good(t.main.part(bucket, key, upload, 1, b"x")).etag
    good(t.main.complete(bucket, key, upload, [(1, tag)]))
    got = good(t.main.head(bucket, key))
    for name, value in (("x-amz-meta-a", "b"), ("content-type", "text/x-own"), ("cache-control", "no-store")):
        header(got, name, value)
    same(good(t.main.get(bucket, key, {"tagging": None})).xml.texts("TagSet/Tag/Key"), ["c"], "tags")


@test
def part_answers_its_etag(t):
    bucket, key, upload = begun(t)
    header(good(t.main.part(bucket, key, upload, 1, b"part")), "etag", sums.etag(b"part"))


@test
def part_sent_again_replaces_the_first(t):
    bucket, key, upload, _ = one_part(t, b"first")
    tag = good(t.main.part(bucket, key, upload, 1, b"second")).etag
    same(good(t.main.get(bucket, key, {"uploadId": upload})).xml.texts("Part/ETag"), [tag], "tags of the parts")
    good(t.main.complete(bucket, key, upload, [(1, tag)]))
    content(t.main.get(bucket, key), b"second")


@test
def parts_may_come_in_any_order_and_with_gaps(t):
    bucket, key, upload = begun(t)
    bodies = {10000: b"end", 7: os.urandom(MIN), 2: os.urandom(MIN)}
    tags = {n: good(t.main.part(bucket, key, upload, n, body)).etag for n, body in bodies.items()}
    good(t.main.complete(bucket, key, upload, [(n, tags[n]) for n in sorted(tags)]))
    content(t.main.get(bucket, key), bodies[2] + bodies[7] + bodies[10000])


@test
def parts_may_come_at_once(t):
    bucket, key, upload = begun(t)
    bodies = [os.urandom(MIN) for _ in range(4)]
    tags = t.together([lambda n=n, b=b: good(t.main.part(bucket, key, upload, n, b)).etag
                       for n, b in enumerate(bodies, 1)])
    good(t.main.complete(bucket, key, upload, list(enumerate(tags, 1))))
    content(t.main.get(bucket, key), b"".join(bodies))


@each(("0", "0"), ("-1", "-1"), ("10001", "10001"), ("a word", "first"), ("nothing", ""))
def part_number_refused(t, number):
    bucket, key, upload = begun(t)
    refused(t.main.part(bucket, key, upload, number, b"x"), 400, "InvalidArgument")


@test
def part_of_a_missing_upload(t):
    refused(t.main.part(t.bucket(), "key", NO_UPLOAD, 1, b"x"), 404, "NoSuchUpload")


@test
def part_of_another_keys_upload(t):
    bucket, _, upload = begun(t)
    refused(t.main.part(bucket, "other", upload, 1, b"x"), 404, "NoSuchUpload")


@test
def part_of_another_buckets_upload(t):
    _, key, upload = begun(t)
    refused(t.main.part(t.bucket(), key, upload, 1, b"x"), 404, "NoSuchUpload")


@test
def part_into_a_missing_bucket(t):
    refused(t.main.part(t.name(), "key", NO_UPLOAD, 1, b"x"), 404, "NoSuchBucket")


@test
def part_by_another_team(t):
    bucket, key, upload = begun(t)
    refused(t.alt.part(bucket, key, upload, 1, b"x"), 403, "AccessDenied")


@test
def part_checks_its_md5(t):
    bucket, key, upload = begun(t)
    refused(t.main.part(bucket, key, upload, 1, b"x", {"Content-MD5": sums.md5(b"y")}), 400, "BadDigest")
    same(good(t.main.get(bucket, key, {"uploadId": upload})).xml.all("Part"), [], "parts")


@test
def part_without_a_length(t):
    bucket, key, upload = begun(t)
    refused(t.main.part(bucket, key, upload, 1, b"", length=False), 411, "MissingContentLength")


@test
def complete_takes_some_of_the_parts(t):
    bucket, key, upload, first = one_part(t, os.urandom(MIN))
    good(t.main.part(bucket, key, upload, 2, b"left out"))
    third = good(t.main.part(bucket, key, upload, 3, b"end")).etag
    good(t.main.complete(bucket, key, upload, [(1, first), (3, third)]))
    header(good(t.main.head(bucket, key)), "content-length", str(MIN + 3))


@test
def complete_takes_tags_without_quotes(t):
    bucket, key, upload, tag = one_part(t)
    good(t.main.complete(bucket, key, upload, [(1, tag.strip('"'))]))


@test
def complete_takes_quotes_of_xml(t):
    bucket, key, upload, tag = one_part(t)
    good(t.main.complete(bucket, key, upload, [(1, tag.replace('"', "&quot;"))]))


@test
def complete_takes_a_document_without_a_namespace(t):
    bucket, key, upload, tag = one_part(t)
    good(t.main.post(bucket, key, "<CompleteMultipartUpload><Part><ETag>%s</ETag><PartNumber>1</PartNumber></Part>"
                     "</CompleteMultipartUpload>" % tag, {"uploadId": upload}))


@test
def complete_refuses_a_small_part_before_the_last(t):
    bucket, key, upload, first = one_part(t, b"small")
    second = good(t.main.part(bucket, key, upload, 2, b"end")).etag
    refused(t.main.complete(bucket, key, upload, [(1, first), (2, second)]), 400, "EntityTooSmall")
    refused(t.main.head(bucket, key), 404, "")


@each(("the wrong way round", [2, 1]), ("twice the same", [1, 1]))
def complete_refuses_parts(t, order):
    bucket, key, upload = begun(t)
    body = os.urandom(MIN)
    tag = [good(t.main.part(bucket, key, upload, n, body)).etag for n in (1, 2)][0]
    refused(t.main.complete(bucket, key, upload, [(n, tag) for n in order]), 400, "InvalidPartOrder")


@each(("that was not sent", 2, None), ("with another tag", 1, '"%s"' % ("0" * 32)), ("with junk for a tag", 1, "junk"))
def complete_refuses_a_part(t, number, tag):
    bucket, key, upload, good_tag = one_part(t)
    refused(t.main.complete(bucket, key, upload, [(number, tag or good_tag)]), 400, "InvalidPart")
    refused(t.main.head(bucket, key), 404, "")


@each(("nothing", ""), ("junk", "junk"), ("no part", "<CompleteMultipartUpload></CompleteMultipartUpload>"),
      ("half", "<CompleteMultipartUpload><Part>"), ("another root", "<Done><Part/></Done>"),
      ("a part without a number", "<CompleteMultipartUpload><Part><ETag>x</ETag></Part></CompleteMultipartUpload>"),
      ("a part without a tag", "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber></Part>"
       "</CompleteMultipartUpload>"))
def complete_refuses_a_document_of(t, body):
    bucket, key, upload, _ = one_part(t)
    refused(t.main.post(bucket, key, body, {"uploadId": upload}), 400, ("MalformedXML", "InvalidRequest"))
    refused(t.main.head(bucket, key), 404, "")


@test
def complete_of_a_missing_upload(t):
    refused(t.main.complete(t.bucket(), "key", NO_UPLOAD, [(1, '"%s"' % ("0" * 32))]), 404, "NoSuchUpload")


@test
def complete_twice_gives_the_same(t):
    """A client that lost the answer asks again."""
    bucket, key, upload, tag = one_part(t)
    first = good(t.main.complete(bucket, key, upload, [(1, tag)]))
    again = good(t.main.complete(bucket, key, upload, [(1, tag)]))
    same(again.xml.text("ETag"), first.xml.text("ETag"), "ETag")
    content(t.main.get(bucket, key), b"part")


@test
def complete_twice_makes_one_version(t):
    bucket, key = t.versioned(), "key"
    upload = t.main.start(bucket, key)
    tag = good(t.main.part(bucket, key, upload, 1, b"part")).etag
    first = good(t.main.complete(bucket, key, upload, [(1, tag)]))
    same(good(t.main.complete(bucket, key, upload, [(1, tag)])).version, first.version, "version")
    same(len(good(t.main.versions(bucket)).xml.all("Version")), 1, "versions")


@each(("after another object", "put"), ("with another part", "part"), ("after an abort of another", "abort"))
def complete_twice(t, what):
    """Only what the object that is there was made of."""
    bucket, key, upload, tag = one_part(t)
    if what == "abort":
        other = t.main.start(bucket, key)
        good(t.main.part(bucket, key, other, 1, b"part"))
        good(t.main.complete(bucket, key, upload, [(1, tag)]))
        good(t.main.abort(bucket, key, other), 204)
        return refused(t.main.complete(bucket, key, other, [(1, tag)]), 404, "NoSuchUpload")
    good(t.main.complete(bucket, key, upload, [(1, tag)]))
    if what == "put":
        good(t.main.put(bucket, key, b"newer"))
    else:
        tag = sums.etag(b"other")
    refused(t.main.complete(bucket, key, upload, [(1, tag)]), 404, "NoSuchUpload")
    return content(t.main.get(bucket, key), b"newer" if what == "put" else b"part")


@test
def complete_by_another_team(t):
    bucket, key, upload, tag = one_part(t)
    refused(t.alt.complete(bucket, key, upload, [(1, tag)]), 403, "AccessDenied")
    refused(t.main.head(bucket, key), 404, "")


@test
def complete_checks_the_size_that_it_was_told(t):
    bucket, key, upload, tag = one_part(t)
    refused(t.main.complete(bucket, key, upload, [(1, tag)], {"x-amz-mp-object-size": "5"}), 400, "InvalidRequest")
    good(t.main.complete(bucket, key, upload, [(1, tag)], {"x-amz-mp-object-size": "4"}))


@test
def abort_removes_the_parts(t):
    bucket, key, upload, tag = one_part(t)
    same(good(t.main.abort(bucket, key, upload), 204).body, b"", "body")
    refused(t.main.get(bucket, key, {"uploadId": upload}), 404, "NoSuchUpload")
    refused(t.main.part(bucket, key, upload, 2, b"x"), 404, "NoSuchUpload")
    refused(t.main.complete(bucket, key, upload, [(1, tag)]), 404, "NoSuchUpload")
    same(good(t.main.get(bucket, query={"uploads": None})).xml.all("Upload"), [], "uploads")


@test
def abort_of_a_missing_upload(t):
    refused(t.main.abort(t.bucket(), "key", NO_UPLOAD), 404, "NoSuchUpload")


@test
def abort_of_another_keys_upload(t):
    bucket, key, upload = begun(t)
    refused(t.main.abort(bucket, "other", upload), 404, "NoSuchUpload")
    good(t.main.get(bucket, key, {"uploadId": upload}))


@test
def abort_in_a_missing_bucket(t):
    refused(t.main.abort(t.name(), "key", NO_UPLOAD), 404, "NoSuchBucket")


@test
def abort_by_another_team(t):
    bucket, key, upload = begun(t)
    refused(t.alt.abort(bucket, key, upload), 403, "AccessDenied")
    good(t.main.get(bucket, key, {"uploadId": upload}))


@test
def parts_are_listed(t):
    bucket, key, upload = begun(t)
    for number in (3, 1, 2):
        good(t.main.part(bucket, key, upload, number, b"x" * number))
    xml = good(t.main.get(bucket, key, {"uploadId": upload})).xml
    same((xml.tag, xml.namespace), ("ListPartsResult", NAMESPACE), "root")
    for name, value in (("Bucket", bucket), ("Key", key), ("UploadId", upload), ("IsTruncated", "false"),
                        ("MaxParts", "1000"), ("StorageClass", "STANDARD"), ("Initiator/ID", t.owner()),
                        ("Owner/ID", t.owner())):
        same(xml.text(name), value, name)
    same([(n.text("PartNumber"), n.text("Size"), n.text("ETag")) for n in xml.all("Part")],
         [(str(n), str(n), sums.etag(b"x" * n)) for n in (1, 2, 3)], "parts")
    want(all(re.match(r"^\d{4}-.*Z$", d) for d in xml.texts("Part/LastModified")), "LastModified")


@test
def parts_are_listed_in_pages(t):
    bucket, key, upload = begun(t)
    for number in range(1, 6):
        good(t.main.part(bucket, key, upload, number, b"x"))
    seen, marker = [], "0"
    for _ in range(5):
        xml = good(t.main.get(bucket, key, {"uploadId": upload, "max-parts": 2, "part-number-marker": marker})).xml
        page = xml.texts("Part/PartNumber")
        want(len(page) <= 2, "a page of %d", len(page))
        seen += page
        if xml.text("IsTruncated") == "false":
            break
        marker = xml.text("NextPartNumberMarker")
        same(marker, page[-1], "NextPartNumberMarker")
    same(seen, ["1", "2", "3", "4", "5"], "part numbers")


@each(("max-parts of a word", "max-parts", "many"), ("max-parts below zero", "max-parts", "-1"),
      ("a marker of a word", "part-number-marker", "many"), ("a marker below zero", "part-number-marker", "-1"))
def parts_are_not_listed_for(t, name, value):
    bucket, key, upload = begun(t)
    refused(t.main.get(bucket, key, {"uploadId": upload, name: value}), 400, "InvalidArgument")


@test
def parts_of_a_missing_upload(t):
    refused(t.main.get(t.bucket(), "key", {"uploadId": NO_UPLOAD}), 404, "NoSuchUpload")


@test
def uploads_are_listed(t):
    bucket, key, upload = begun(t)
    xml = good(t.main.get(bucket, query={"uploads": None})).xml
    same((xml.tag, xml.namespace), ("ListMultipartUploadsResult", NAMESPACE), "root")
    for name, value in (("Bucket", bucket), ("IsTruncated", "false"), ("MaxUploads", "1000"), ("Upload/Key", key),
                        ("Upload/UploadId", upload), ("Upload/StorageClass", "STANDARD"),
                        ("Upload/Initiator/ID", t.owner()), ("Upload/Owner/ID", t.owner())):
        same(xml.text(name), value, name)
    want(re.match(r"^\d{4}-.*Z$", xml.text("Upload/Initiated", "")), "Initiated")


@test
def uploads_of_one_key_are_all_listed(t):
    bucket = t.bucket()
    ids = sorted(t.main.start(bucket, "key") for _ in range(3))
    same(sorted(good(t.main.get(bucket, query={"uploads": None})).xml.texts("Upload/UploadId")), ids, "ids")


@test
def uploads_are_listed_in_pages(t):
    bucket = t.bucket()
    made = sorted((key, t.main.start(bucket, key)) for key in ("a", "b", "b", "c", "d"))
    seen, position = [], {}
    for _ in range(6):
        xml = good(t.main.get(bucket, query={"uploads": None, "max-uploads": "2", **position})).xml
        page = [(u.text("Key"), u.text("UploadId")) for u in xml.all("Upload")]
        want(len(page) <= 2, "a page of %d", len(page))
        seen += page
        if xml.text("IsTruncated") == "false":
            break
        position = {"key-marker": xml.text("NextKeyMarker"), "upload-id-marker": xml.text("NextUploadIdMarker")}
    same(sorted(seen), made, "uploads")
    same([k for k, _ in seen], sorted(k for k, _ in seen), "order of keys")


@test
def uploads_are_listed_by_prefix_and_delimiter(t):
    bucket = t.bucket()
    for key in ("a", "b/1", "b/2", "c/1"):
        t.main.start(bucket, key)
    xml = good(t.main.get(bucket, query={"uploads": None, "delimiter": "/"})).xml
    same((xml.texts("Upload/Key"), xml.texts("CommonPrefixes/Prefix")), (["a"], ["b/", "c/"]), "list")
    xml = good(t.main.get(bucket, query={"uploads": None, "prefix": "b/"})).xml
    same(xml.texts("Upload/Key"), ["b/1", "b/2"], "list below a prefix")


@each(("a word", "many"), ("below zero", "-1"))
def uploads_are_not_listed_for_a_maximum_of(t, value):
    refused(t.main.get(t.bucket(), query={"uploads": None, "max-uploads": value}), 400, "InvalidArgument")


@test
def uploads_of_another_team(t):
    refused(t.alt.get(t.bucket(), query={"uploads": None}), 403, "AccessDenied")


def source(t, body=None):
    bucket, key = t.object(key="source", body=body if body is not None else os.urandom(MIN + 100))
    return bucket, "%s/%s" % (bucket, key)


def copy_part(t, bucket, upload, number, origin, **headers):
    return t.main.part(bucket, "key", upload, number, b"", {
        "x-amz-copy-source": origin, **{"x-amz-copy-source-" + n.replace("_", "-"): v for n, v in headers.items()}})


@test
def copy_of_a_whole_object_and_of_ranges(t):
    body = os.urandom(MIN + 100)
    bucket, origin = source(t, body)
    upload = t.main.start(bucket, "key")
    first = good(copy_part(t, bucket, upload, 1, origin)).xml
    same((first.tag, first.namespace), ("CopyPartResult", NAMESPACE), "root")
    second = good(copy_part(t, bucket, upload, 2, origin, range="bytes=10-19")).xml
    good(t.main.complete(bucket, "key", upload, [(1, first.text("ETag")), (2, second.text("ETag"))]))
    content(t.main.get(bucket, "key"), body + body[10:20])


@each(("beyond the end", "bytes=0-999999999"), ("from the end on", "bytes=5242980-5242990"), ("no end", "bytes=5-"),
      ("the last ones", "bytes=-5"), ("the wrong way round", "bytes=9-3"), ("two", "bytes=0-1,3-4"), ("junk", "junk"),
      ("no unit", "0-5"))
def copy_of_a_range_refused(t, value):
    bucket, origin = source(t)
    upload = t.main.start(bucket, "key")
    answer = copy_part(t, bucket, upload, 1, origin, range=value)
    want(answer.status in (400, 416), "status of %s", answer)
    want(answer.code in ("InvalidArgument", "InvalidRange", "InvalidRequest"), "code of %s", answer)


@test
def copy_of_a_missing_object(t):
    bucket, _, upload = begun(t)
    refused(copy_part(t, bucket, upload, 1, bucket + "/nothing"), 404, "NoSuchKey")


@test
def copy_from_a_missing_bucket(t):
    bucket, _, upload = begun(t)
    refused(copy_part(t, bucket, upload, 1, t.name() + "/key"), 404, "NoSuchBucket")


@test
def copy_into_a_missing_upload(t):
    bucket, origin = source(t, b"x")
    refused(copy_part(t, bucket, NO_UPLOAD, 1, origin), 404, "NoSuchUpload")


@test
def copy_of_an_old_version(t):
    bucket = t.versioned()
    old = good(t.main.put(bucket, "source", b"old")).version
    good(t.main.put(bucket, "source", b"newer"))
    upload = t.main.start(bucket, "key")
    answer = good(copy_part(t, bucket, upload, 1, "%s/source?versionId=%s" % (bucket, old)))
    header(answer, "x-amz-copy-source-version-id", old)
    good(t.main.complete(bucket, "key", upload, [(1, answer.xml.text("ETag"))]))
    content(t.main.get(bucket, "key"), b"old")


@each(("another tag", {"if_match": '"%s"' % ("0" * 32)}, 412), ("the same tag", {"if_match": sums.etag(b"x")}, 200),
      ("not the same tag", {"if_none_match": sums.etag(b"x")}, 412))
def copy_under(t, conditions, status):
    bucket, origin = source(t, b"x")
    upload = t.main.start(bucket, "key")
    answer = copy_part(t, bucket, upload, 1, origin, **conditions)
    return good(answer) if status == 200 else refused(answer, 412, "PreconditionFailed")


@test
def can_be_read_by_parts(t):
    bucket, parts = t.bucket(), [os.urandom(MIN), os.urandom(MIN + 5), b"end"]
    good(t.main.upload(bucket, "key", parts))
    whole, offset = b"".join(parts), 0
    for number, body in enumerate(parts, 1):
        got = content(t.main.get(bucket, "key", {"partNumber": number}), body, 206)
        header(got, "x-amz-mp-parts-count", "3")
        header(got, "content-range", "bytes %d-%d/%d" % (offset, offset + len(body) - 1, len(whole)))
        header(got, "etag", sums.etag_of_parts(parts))
        head = good(t.main.head(bucket, "key", {"partNumber": number}), 206)
        header(head, "content-length", str(len(body)))
        offset += len(body)
    refused(t.main.get(bucket, "key", {"partNumber": 4}), 416, "InvalidPartNumber")


@test
def range_may_cross_parts(t):
    bucket, parts = t.bucket(), [os.urandom(MIN), os.urandom(MIN), b"end"]
    good(t.main.upload(bucket, "key", parts))
    whole = b"".join(parts)
    for first, last in ((MIN - 5, MIN + 5), (2 * MIN - 1, 2 * MIN + 1), (10, 2 * MIN)):
        content(t.main.get(bucket, "key", headers={"Range": "bytes=%d-%d" % (first, last)}), whole[first:last + 1], 206)


@test
def attributes_tell_its_parts(t):
    bucket, parts = t.bucket(), [os.urandom(MIN), b"end"]
    good(t.main.upload(bucket, "key", parts))
    xml = good(t.main.get(bucket, "key", {"attributes": None}, {
        "x-amz-object-attributes": "ObjectParts,ObjectSize,ETag"})).xml
    same(xml.text("ObjectParts/PartsCount") or xml.text("ObjectParts/TotalPartsCount"), "2", "number of parts")
    same(xml.text("ObjectSize"), str(MIN + 3), "ObjectSize")
    same(xml.text("ETag"), sums.etag_of_parts(parts).strip('"'), "ETag")
