# SPDX-License-Identifier: GPL-2.0-or-later
"""Ranges, and requests that hold only under a condition (RFC 9110, 13 and 14)."""

import os
import time

from core import sums
from core.expect import content, each, good, header, refused, same, test, want

BODY = bytes(range(256)) * 4
LAST = len(BODY) - 1
OTHER = '"%s"' % ("0" * 32)


def date(offset):
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + offset))


PAST, FUTURE = date(-86400), date(86400)


@each(("the first byte", "bytes=0-0", 0, 0), ("the middle", "bytes=100-199", 100, 199),
      ("the last byte", "bytes=%d-%d" % (LAST, LAST), LAST, LAST), ("to the end", "bytes=1000-", 1000, LAST),
      ("beyond the end", "bytes=1000-99999", 1000, LAST), ("all", "bytes=0-", 0, LAST),
      ("the last ten", "bytes=-10", LAST - 9, LAST), ("more than all from the end", "bytes=-5000", 0, LAST),
      ("a huge end", "bytes=5-99999999999999999", 5, LAST))
def range_of(t, value, first, last):
    bucket, key = t.object(body=BODY)
    answer = content(t.main.get(bucket, key, headers={"Range": value}), BODY[first:last + 1], 206)
    header(answer, "content-range", "bytes %d-%d/%d" % (first, last, len(BODY)))
    header(answer, "content-length", str(last - first + 1))
    header(answer, "etag", sums.etag(BODY))
    head = good(t.main.head(bucket, key, headers={"Range": value}), 206)
    header(head, "content-length", str(last - first + 1))


@each(("after the end", "bytes=%d-" % len(BODY)), ("far after the end", "bytes=5000-6000"),
      ("the last none", "bytes=-0"))
def range_that_cannot_be(t, value):
    bucket, key = t.object(body=BODY)
    refused(t.main.get(bucket, key, headers={"Range": value}), 416, "InvalidRange")


@test
def range_that_cannot_be_tells_the_size(t):
    bucket, key = t.object(body=BODY)
    header(t.main.get(bucket, key, headers={"Range": "bytes=5000-"}), "content-range", "bytes */%d" % len(BODY))


@each(("another unit", "lines=0-5"), ("the wrong way round", "bytes=9-3"), ("words", "bytes=a-b"),
      ("nothing", "bytes=-"), ("no unit", "0-5"), ("a blank before it", "bytes= -1"),
      ("a blank in it", "bytes=0 -1"), ("a blank behind its unit", "bytes =0-1"))
def range_that_is_none_is_ignored(t, value):
    bucket, key = t.object(body=BODY)
    content(t.main.get(bucket, key, headers={"Range": value}), BODY)


@test
def range_of_two_parts_is_answered_whole(t):
    """S3 knows one range only; of several it takes none."""
    bucket, key = t.object(body=BODY)
    content(t.main.get(bucket, key, headers={"Range": "bytes=0-9,20-29"}), BODY)


@test
def range_of_an_empty_object(t):
    bucket, key = t.object(body=b"")
    refused(t.main.get(bucket, key, headers={"Range": "bytes=0-5"}), 416, "InvalidRange")


@each(("the second generation", 4 << 20, (4 << 20) + 99), ("across generations", (4 << 20) - 50, (4 << 20) + 49),
      ("across three", (4 << 20) - 1, 8 << 20), ("the end", (9 << 20) - 10, (9 << 20) + 6))
def range_in_a_large_object(t, first, last):
    body = os.urandom((9 << 20) + 7)
    bucket, key = t.object(body=body)
    content(t.main.get(bucket, key, headers={"Range": "bytes=%d-%d" % (first, last)}), body[first:last + 1], 206)


@each(("if-match, the same", {"If-Match": "ETAG"}, 200), ("if-match, any", {"If-Match": "*"}, 200),
      ("if-match, one of several", {"If-Match": OTHER + ", ETAG"}, 200),
      ("if-match, another", {"If-Match": OTHER}, 412),
      ("if-none-match, another", {"If-None-Match": OTHER}, 200), ("if-none-match, the same",
                                        {"If-None-Match": "ETAG"}, 304),
      ("if-none-match, any", {"If-None-Match": "*"}, 304),
      ("if-none-match, weak", {"If-None-Match": "W/ETAG"}, 304),
      ("if-none-match, one of several", {"If-None-Match": OTHER + ", ETAG"}, 304),
      ("if-modified-since, long ago", {"If-Modified-Since": PAST}, 200),
      ("if-modified-since, its own date", {"If-Modified-Since": "DATE"}, 304),
      ("if-unmodified-since, its own date", {"If-Unmodified-Since": "DATE"}, 200),
      ("if-unmodified-since, long ago", {"If-Unmodified-Since": PAST}, 412),
      ("if-modified-since, junk", {"If-Modified-Since": "yesterday"}, 200),
      ("if-unmodified-since, junk", {"If-Unmodified-Since": "yesterday"}, 200),
      ("match wins over unmodified", {"If-Match": "ETAG", "If-Unmodified-Since": PAST}, 200),
      ("no match wins over unmodified", {"If-Match": OTHER, "If-Unmodified-Since": "DATE"}, 412),
      ("none-match wins over modified", {"If-None-Match": OTHER, "If-Modified-Since": "DATE"}, 200),
      ("the same wins over modified", {"If-None-Match": "ETAG", "If-Modified-Since": PAST}, 304))
def get_under(t, conditions, status):
    bucket, key = t.object(body=BODY)
    modified = good(t.main.head(bucket, key)).headers["last-modified"]
    headers = {n: v.replace("ETAG", sums.etag(BODY)).replace("DATE", modified) for n, v in conditions.items()}
    head = t.main.head(bucket, key, headers=headers)
    same(head.status, status, "status of HEAD")
    answer = t.main.get(bucket, key, headers=headers)
    if status == 200:
        return content(answer, BODY)
    if status == 412:
        refused(answer, 412, "PreconditionFailed")
        return same(answer.xml.text("Condition"), next(n for n in conditions if n != "If-Modified-Since"), "Condition")
    same((answer.status, answer.body), (304, b""), "answer")
    header(answer, "etag", sums.etag(BODY))
    return header(answer, "last-modified", modified)


@test
def get_if_match_without_quotes(t):
    bucket, key = t.object(body=BODY)
    content(t.main.get(bucket, key, headers={"If-Match": sums.etag(BODY).strip('"')}), BODY)


@test
def get_under_a_condition_of_a_missing_key(t):
    refused(t.main.get(t.bucket(), "nothing", headers={"If-Match": "*"}), 404, "NoSuchKey")


@each(("the same tag", "ETAG", 206), ("another tag", OTHER, 200), ("its own date", "DATE", 206),
      ("an older date", PAST, 200))
def range_if(t, value, status):
    bucket, key = t.object(body=BODY)
    modified = good(t.main.head(bucket, key)).headers["last-modified"]
    value = value.replace("ETAG", sums.etag(BODY)).replace("DATE", modified)
    answer = t.main.get(bucket, key, headers={"Range": "bytes=0-9", "If-Range": value})
    content(answer, BODY[:10] if status == 206 else BODY, status)


@test
def range_under_a_condition_that_fails(t):
    bucket, key = t.object(body=BODY)
    refused(t.main.get(bucket, key, headers={"Range": "bytes=0-9", "If-Match": OTHER}), 412, "PreconditionFailed")


@test
def put_if_none_match_any_creates(t):
    bucket = t.bucket()
    good(t.main.put(bucket, "key", b"new", headers={"If-None-Match": "*"}))
    content(t.main.get(bucket, "key"), b"new")


@test
def put_if_none_match_any_does_not_replace(t):
    bucket, key = t.object(body=b"old")
    refused(t.main.put(bucket, key, b"new", headers={"If-None-Match": "*"}), 412, "PreconditionFailed")
    content(t.main.get(bucket, key), b"old")


@test
def put_if_none_match_any_creates_after_delete(t):
    bucket, key = t.object(body=b"old")
    good(t.main.delete(bucket, key), 204)
    good(t.main.put(bucket, key, b"new", headers={"If-None-Match": "*"}))


@test
def put_if_none_match_any_creates_over_a_delete_marker(t):
    bucket = t.versioned()
    t.object(bucket, "key", b"old")
    good(t.main.delete(bucket, "key"), 204)
    good(t.main.put(bucket, "key", b"new", headers={"If-None-Match": "*"}))
    content(t.main.get(bucket, "key"), b"new")


@test
def put_if_match_replaces_that_one(t):
    bucket, key = t.object(body=b"old")
    good(t.main.put(bucket, key, b"new", headers={"If-Match": sums.etag(b"old")}))
    content(t.main.get(bucket, key), b"new")


@test
def put_if_match_does_not_replace_another(t):
    bucket, key = t.object(body=b"old")
    refused(t.main.put(bucket, key, b"new", headers={"If-Match": OTHER}), 412, "PreconditionFailed")
    content(t.main.get(bucket, key), b"old")


@test
def put_if_match_of_a_missing_key(t):
    bucket = t.bucket()
    refused(t.main.put(bucket, "key", b"new", headers={"If-Match": OTHER}), 404, "NoSuchKey")
    refused(t.main.head(bucket, "key"), 404, "")


@each(("there", "key"), ("missing", "other"))
def two_conditions_of_a_write_are_one_too_many(t, key):
    bucket, old = t.object(body=b"old")
    both = {"If-Match": sums.etag(b"old"), "If-None-Match": "*"}
    refused(t.main.put(bucket, key, b"new", headers=both), 501, "NotImplemented")
    upload = t.main.start(bucket, key)
    tag = good(t.main.part(bucket, key, upload, 1, b"new")).etag
    refused(t.main.complete(bucket, key, upload, [(1, tag)], both), 501, "NotImplemented")
    content(t.main.get(bucket, old), b"old")


@test
def complete_if_none_match_any_does_not_replace(t):
    bucket, key = t.object(body=b"old")
    upload = t.main.start(bucket, key)
    tag = good(t.main.part(bucket, key, upload, 1, b"new")).etag
    refused(t.main.complete(bucket, key, upload, [(1, tag)], {"If-None-Match": "*"}), 412, "PreconditionFailed")
    content(t.main.get(bucket, key), b"old")


@test
def complete_if_match_replaces_that_one(t):
    bucket, key = t.object(body=b"old")
    upload = t.main.start(bucket, key)
    tag = good(t.main.part(bucket, key, upload, 1, b"new")).etag
    refused(t.main.complete(bucket, key, upload, [(1, tag)], {"If-Match": OTHER}), 412, "PreconditionFailed")
    good(t.main.complete(bucket, key, upload, [(1, tag)], {"If-Match": sums.etag(b"old")}))
    content(t.main.get(bucket, key), b"new")


@test
def delete_if_match_removes_only_that_one(t):
    bucket, key = t.object(body=b"old")
    refused(t.main.delete(bucket, key, headers={"If-Match": OTHER}), 412, "PreconditionFailed")
    good(t.main.head(bucket, key))
    good(t.main.delete(bucket, key, headers={"If-Match": sums.etag(b"old")}), 204)
    refused(t.main.head(bucket, key), 404, "")


@test
def not_modified_keeps_the_connection_whole(t):
    """What follows a 304 on the same connection is the next answer."""
    bucket, key = t.object(body=BODY)
    for _ in range(3):
        same(t.main.get(bucket, key, headers={"If-None-Match": sums.etag(BODY)}).status, 304, "status")
        content(t.main.get(bucket, key), BODY)


@test
def part_number_of_an_object_that_was_put_at_once(t):
    bucket, key = t.object(body=BODY)
    answer = content(t.main.get(bucket, key, {"partNumber": "1"}), BODY, (200, 206))
    want(answer.headers["x-amz-mp-parts-count"] in (None, "1"), "x-amz-mp-parts-count")
    refused(t.main.get(bucket, key, {"partNumber": "2"}), 416, "InvalidPartNumber")


@test
def part_number_beside_a_range(t):
    bucket, key = t.object(body=BODY)
    refused(t.main.get(bucket, key, {"partNumber": "1"}, {"Range": "bytes=0-9"}), 400, "InvalidRequest")
