# SPDX-License-Identifier: GPL-2.0-or-later
"""Objects: put, got, headed, deleted; their metadata and headers."""

import os
import re

from core import sums
from core.client import NAMESPACE
from core.expect import content, each, good, header, refused, same, test, want

HTTP_DATE = re.compile(r"^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$")


@each(("nothing", 0), ("one byte", 1), ("4 KiB", 4096), ("one byte less than 64 KiB", 65535),
      ("1 MiB", 1 << 20), ("4 MiB", 4 << 20), ("4 MiB and a byte", (4 << 20) + 1), ("13 MiB", 13 << 20))
def comes_back_whole(t, size):
    bucket, body = t.bucket(), os.urandom(size)
    answer = good(t.main.put(bucket, "key", body))
    same(answer.etag, sums.etag(body), "ETag")
    got = content(t.main.get(bucket, "key"), body)
    header(got, "content-length", str(size))
    header(got, "etag", sums.etag(body))


@test
def that_compresses_comes_back_whole(t):
    bucket, body = t.bucket(), b"the same line over and over\n" * 300000
    header(good(t.main.put(bucket, "key", body)), "etag", sums.etag(body))
    content(t.main.get(bucket, "key"), body)


@test
def put_is_replaced_whole(t):
    bucket, key = t.object(body=b"long, long, long", headers={"x-amz-meta-old": "1", "Content-Type": "text/plain"})
    good(t.main.put(bucket, key, b"short"))
    got = content(t.main.get(bucket, key), b"short")
    header(got, "x-amz-meta-old", None)
    want(got.headers["content-type"] != "text/plain", "the old type is gone")
    same(len(good(t.main.list(bucket)).xml.all("Contents")), 1, "objects in the list")


@test
def put_into_a_missing_bucket(t):
    refused(t.main.put(t.name(), "key", b"x"), 404, "NoSuchBucket")


@test
def put_into_another_teams_bucket(t):
    bucket = t.bucket()
    refused(t.alt.put(bucket, "key", b"x"), 403, "AccessDenied")
    refused(t.main.head(bucket, "key"), 404, "")


@test
def put_by_nobody(t):
    refused(t.anon.put(t.bucket(), "key", b"x"), 403, "AccessDenied")


@test
def put_without_a_length(t):
    refused(t.main.put(t.bucket(), "key", b"", length=False), 411, "MissingContentLength")


@test
def put_in_http_chunks_without_a_length_is_taken_or_refused_for_it(t):
    bucket = t.bucket()

    def chunk(request):
        request.set("Transfer-Encoding", "chunked")
        request.set("Content-Length", None)
        request.body = b"5\r\nhello\r\n0\r\n\r\n"

    answer = t.main.put(bucket, "key", b"hello", spoil=chunk)
    if answer.status == 200:
        return content(t.main.get(bucket, "key"), b"hello")
    return refused(answer, 411, "MissingContentLength")


@test
def put_waits_with_its_body_until_it_is_asked(t):
    bucket = t.bucket()
    answer = good(t.main.put(bucket, "key", b"expected", later=[("Expect", "100-continue")]))
    want(answer.continued, "100 Continue came")
    content(t.main.get(bucket, "key"), b"expected")


@test
def put_of_nothing_is_asked_for_its_body_too(t):
    """Else botocore takes the answer for that to its next request on the connection."""
    bucket = t.bucket()
    answer = good(t.main.put(bucket, "key", b"", later=[("Expect", "100-continue")]))
    want(answer.continued or answer.closing, "100 Continue, or the end of the connection")
    content(t.main.get(bucket, "key"), b"")


@test
def put_of_nothing_that_is_refused_misleads_nobody(t):
    answer = t.main.put(t.name(), "key", b"", later=[("Expect", "100-continue")])
    refused(answer, 404, "NoSuchBucket")
    want(answer.continued or answer.closing, "100 Continue, or the end of the connection")


@each(("nothing", ""), ("a number", "200"), ("a word", "the-unexpected"))
def put_that_expects(t, value):
    """Nobody has to know what else may be expected."""
    bucket = t.bucket()
    answer = good(t.main.put(bucket, "key", b"expected", later=[("Expect", value)]))
    want(not answer.continued, "no 100 Continue")
    content(t.main.get(bucket, "key"), b"expected")


@test
def put_that_is_refused_is_not_asked_for_its_body(t):
    answer = t.main.put(t.name(), "key", b"x" * 100000, later=[("Expect", "100-continue")])
    refused(answer, 404, "NoSuchBucket")
    want(not answer.continued, "no 100 Continue before the refusal")


@test
def get_of_a_missing_key(t):
    answer = refused(t.main.get(t.bucket(), "nothing"), 404, "NoSuchKey")
    same(answer.xml.text("Key"), "nothing", "Key in the error")


@test
def get_from_a_missing_bucket(t):
    bucket = t.name()
    answer = refused(t.main.get(bucket, "key"), 404, "NoSuchBucket")
    same(answer.xml.text("BucketName"), bucket, "BucketName in the error")


@test
def get_of_another_teams_object(t):
    bucket, key = t.object()
    refused(t.alt.get(bucket, key), 403, "AccessDenied")


@test
def get_of_a_missing_key_of_another_team_does_not_tell(t):
    """Who may not list may not learn what is there."""
    refused(t.alt.get(t.bucket(), "nothing"), 403, "AccessDenied")


@test
def get_by_nobody(t):
    bucket, key = t.object()
    refused(t.anon.get(bucket, key), 403, "AccessDenied")


@test
def head_is_get_without_its_body(t):
    bucket, key = t.object(body=b"0123456789", headers={"x-amz-meta-a": "b"})
    get, head = good(t.main.get(bucket, key)), good(t.main.head(bucket, key))
    for name in ("content-length", "content-type", "etag", "last-modified", "accept-ranges", "x-amz-meta-a"):
        same(head.headers[name], get.headers[name], name)
    same(head.headers["content-length"], "10", "content-length")
    same(head.headers["accept-ranges"], "bytes", "accept-ranges")
    want(HTTP_DATE.match(head.headers["last-modified"] or ""), "Last-Modified is %s", head.headers["last-modified"])


@test
def head_of_a_missing_key(t):
    refused(t.main.head(t.bucket(), "nothing"), 404, "")


@test
def head_by_nobody(t):
    bucket, key = t.object()
    refused(t.anon.head(bucket, key), 403, "")


@test
def answers_have_a_request_id_each(t):
    bucket, key = t.object()
    ids = [good(t.main.head(bucket, key)).headers["x-amz-request-id"] for _ in range(3)]
    want(all(ids), "x-amz-request-id is there")
    same(len(set(ids)), 3, "different ids")


@test
def date_is_that_of_http(t):
    bucket, key = t.object()
    want(HTTP_DATE.match(good(t.main.get(bucket, key)).headers["date"] or ""), "Date")


@test
def delete_answers_with_nothing(t):
    bucket, key = t.object()
    same(good(t.main.delete(bucket, key), 204).body, b"", "body")
    refused(t.main.get(bucket, key), 404, "NoSuchKey")
    same(good(t.main.list(bucket)).xml.all("Contents"), [], "objects in the list")


@test
def delete_of_a_missing_key_succeeds(t):
    good(t.main.delete(t.bucket(), "nothing"), 204)


@test
def delete_from_a_missing_bucket(t):
    refused(t.main.delete(t.name(), "key"), 404, "NoSuchBucket")


@test
def delete_by_another_team(t):
    bucket, key = t.object()
    refused(t.alt.delete(bucket, key), 403, "AccessDenied")
    good(t.main.head(bucket, key))


@test
def delete_by_nobody(t):
    bucket, key = t.object()
    refused(t.anon.delete(bucket, key), 403, "AccessDenied")
    good(t.main.head(bucket, key))


@each(("ASCII", "value"), ("empty", ""), ("with spaces inside", "two  words"), ("punctuation", "a=b; c, \"d\" <e>"),
      ("long", "v" * 1500))
def metadata_comes_back(t, value):
    bucket, key = t.object(headers={"x-amz-meta-name": value})
    header(good(t.main.head(bucket, key)), "x-amz-meta-name", value)
    header(good(t.main.get(bucket, key)), "x-amz-meta-name", value)


@each(("UTF-8", "Gr\u00fc\u00dfe"), ("Greek", "\u03b1\u03b2\u03b3"), ("beyond the first plane", "\U0001f600"))
def metadata_beyond_ascii_comes_back(t, value):
    """As bytes, or as an encoded word of RFC 2047, which is what AWS makes of it."""
    from email.header import decode_header
    bucket, key = t.object(headers={"x-amz-meta-name": value})
    got = good(t.main.head(bucket, key)).headers["x-amz-meta-name"]
    want(got is not None, "it is there")
    if got.startswith("=?"):
        raw, charset = decode_header(got)[0]
        got = raw.decode(charset)
    same(got, value, "x-amz-meta-name")


@test
def metadata_names_have_no_case(t):
    bucket, key = t.object(headers={"X-Amz-Meta-MiXeD": "v"})
    got = good(t.main.head(bucket, key))
    want("x-amz-meta-mixed" in got.headers.names(), "x-amz-meta-mixed among %s", got.headers.names())


@test
def metadata_of_a_name_given_twice_is_joined(t):
    bucket = t.bucket()
    good(t.main.put(bucket, "key", headers=[("x-amz-meta-a", "1"), ("x-amz-meta-a", "2")]))
    got = good(t.main.head(bucket, "key")).headers["x-amz-meta-a"]
    same([part.strip() for part in got.split(",")], ["1", "2"], "values")


@test
def metadata_of_two_kilobytes_is_taken(t):
    bucket, key = t.object(headers={"x-amz-meta-%02d" % i: "v" * 98 for i in range(19)})
    same(sum(n.startswith("x-amz-meta-") for n in good(t.main.head(bucket, key)).headers.names()), 19, "number of them")


@test
def metadata_of_more_than_two_kilobytes_is_refused(t):
    bucket = t.bucket()
    refused(t.main.put(bucket, "key", headers={"x-amz-meta-a": "v" * 2100}), 400, "MetadataTooLarge")
    refused(t.main.head(bucket, "key"), 404, "")


@each(("type", "Content-Type", "text/x-own; charset=utf-8"), ("caching", "Cache-Control", "max-age=60, private"),
      ("disposition", "Content-Disposition", "attachment; filename=\"a b.txt\""),
      ("encoding", "Content-Encoding", "gzip"),
      ("encodings", "Content-Encoding", "deflate, gzip"), ("language", "Content-Language", "de-DE, en"),
      ("expiry", "Expires", "Wed, 21 Oct 2037 07:28:00 GMT"))
def header_is_kept(t, name, value):
    bucket, key = t.object(headers={name: value})
    header(good(t.main.get(bucket, key)), name, value)
    header(good(t.main.head(bucket, key)), name, value)


@test
def type_of_nothing_is_none(t):
    bucket, key = t.object(headers={"Content-Type": ""})
    header(good(t.main.head(bucket, key)), "content-type", "binary/octet-stream")


@test
def type_is_binary_unless_told(t):
    bucket, key = t.object()
    header(good(t.main.head(bucket, key)), "content-type", "binary/octet-stream")


@each(("type", "response-content-type", "content-type", "foo/bar"),
      ("disposition", "response-content-disposition", "content-disposition", "bla"),
      ("encoding", "response-content-encoding", "content-encoding", "aaa"),
      ("language", "response-content-language", "content-language", "esperanto"),
      ("cache control", "response-cache-control", "cache-control", "no-cache"),
      ("expiry", "response-expires", "expires", "Thu, 01 Dec 1994 16:00:00 GMT"))
def answer_can_be_given_another(t, parameter, name, value):
    bucket, key = t.object()
    header(content(t.main.get(bucket, key, {parameter: value}), b"content"), name, value)
    header(good(t.main.head(bucket, key, {parameter: value})), name, value)
    want(good(t.main.head(bucket, key)).headers[name] != value, "only where asked for")


@test
def answer_of_nobody_cannot_be_given_another_type(t):
    bucket, key = t.object(headers={"x-amz-acl": "public-read"})
    good(t.anon.get(bucket, key))
    refused(t.anon.get(bucket, key, {"response-content-type": "text/html"}), 400, "InvalidRequest")


@test
def answers_other_headers_cannot_be_chosen(t):
    bucket, key = t.object()
    query = {"response-content-type": "text/plain", "response-server": "other"}
    refused(t.main.get(bucket, key, query), 400, "InvalidArgument")
    refused(t.main.head(bucket, key, query), 400, "")
    refused(t.main.put(bucket, "new", b"x", {"response-server": "other"}), 400, "InvalidArgument")
    refused(t.main.head(bucket, "new"), 404, "")


@each(("STANDARD", "STANDARD"), ("none", None))
def storage_class_that_is_standard_is_not_told(t, value):
    bucket, key = t.object(headers={"x-amz-storage-class": value} if value else {})
    header(good(t.main.head(bucket, key)), "x-amz-storage-class", None)


@test
def storage_class_that_does_not_exist(t):
    refused(t.main.put(t.bucket(), "key", headers={"x-amz-storage-class": "NO_SUCH"}), 400, "InvalidStorageClass")


@test
def put_to_a_sub_resource_that_does_not_exist_is_no_object(t):
    """What is not there is NotImplemented, and not taken for a plain PUT."""
    bucket, key = t.object(body=b"keep")
    for sub in ("torrent", "restore", "select"):
        t.main.put(bucket, key, b"overwritten", {sub: None})
        content(t.main.get(bucket, key), b"keep")


@each("retention", "legal-hold")
def lock_of_an_object_is_not_ignored(t, sub):
    bucket, key = t.object(body=b"keep")
    answer = t.main.get(bucket, key, {sub: None})
    want(answer.status >= 400 and answer.body != b"keep", "%s: the object itself", answer)


def deleted(answer):
    return sorted(good(answer).xml.texts("Deleted/Key"))


@test
def delete_many_removes_them_all(t):
    bucket = t.bucket()
    for key in "abc":
        t.object(bucket, key)
    same(deleted(t.main.delete_many(bucket, ["a", "b", "missing"])), ["a", "b", "missing"], "Deleted")
    same(good(t.main.list(bucket)).xml.texts("Contents/Key"), ["c"], "what is left")


@test
def delete_many_is_a_document_of_s3(t):
    xml = good(t.main.delete_many(t.bucket(), ["a"])).xml
    same((xml.tag, xml.namespace), ("DeleteResult", NAMESPACE), "root")


@test
def delete_many_can_be_quiet(t):
    bucket, key = t.object()
    answer = good(t.main.delete_many(bucket, [key], quiet=True))
    same(len(answer.xml.all("Deleted")), 0, "Deleted elements")
    refused(t.main.head(bucket, key), 404, "")


@test
def delete_many_takes_a_thousand(t):
    bucket, _ = t.object(key="k1")
    same(len(deleted(t.main.delete_many(bucket, ["k%d" % i for i in range(1000)]))), 1000, "Deleted elements")
    refused(t.main.head(bucket, "k1"), 404, "")


@test
def delete_many_refuses_more_than_a_thousand(t):
    bucket, _ = t.object(key="k1")
    refused(t.main.delete_many(bucket, ["k%d" % i for i in range(1001)]), 400, "MalformedXML")
    good(t.main.head(bucket, "k1"))


@each(("nothing", ""), ("junk", "junk"), ("no keys", "<Delete></Delete>"), ("half", "<Delete><Object><Key>a</Key>"),
      ("another root", "<Remove><Object><Key>a</Key></Object></Remove>"), ("no key",
                                        "<Delete><Object></Object></Delete>"))
def delete_many_refuses_a_document_of(t, document):
    answer = t.main.post(t.bucket(), body=document, query={"delete": None},
                         headers={"Content-MD5": sums.md5(document.encode())})
    refused(answer, 400, ("MalformedXML", "MissingRequestBodyError"))


@test
def delete_many_checks_its_md5(t):
    bucket, key = t.object()
    refused(t.main.delete_many(bucket, [key], headers={"Content-MD5": sums.md5(b"other")}), 400, "BadDigest")
    good(t.main.head(bucket, key))


@test
def delete_many_needs_no_md5_beside_a_checksum(t):
    bucket, key = t.object()
    document = "<Delete><Object><Key>%s</Key></Object></Delete>" % key
    good(t.main.post(bucket, body=document, query={"delete": None}, headers={
        "x-amz-checksum-crc32": sums.checksum("CRC32", document.encode()), "x-amz-sdk-checksum-algorithm": "CRC32"}))
    refused(t.main.head(bucket, key), 404, "")


@test
def delete_many_checks_its_checksum(t):
    bucket, key = t.object()
    document = "<Delete><Object><Key>%s</Key></Object></Delete>" % key
    refused(t.main.post(bucket, body=document, query={"delete": None}, headers={
        "x-amz-checksum-crc32": sums.checksum("CRC32", b"other")}), 400, "BadDigest")
    good(t.main.head(bucket, key))


@test
def delete_many_from_a_missing_bucket(t):
    refused(t.main.delete_many(t.name(), ["a"]), 404, "NoSuchBucket")


@test
def delete_many_by_another_team_removes_nothing(t):
    bucket, key = t.object()
    answer = t.alt.delete_many(bucket, [key])
    if answer.status == 200:
        same(answer.xml.texts("Error/Code"), ["AccessDenied"], "errors")
    else:
        refused(answer, 403, "AccessDenied")
    good(t.main.head(bucket, key))


@each(("ampersand", "a&b"), ("angles", "<a>"), ("quotes", "'a\"b"), ("spaces", " a b "), ("Greek", "\u03b1\u03b2"),
      ("newline", "a\nb"))
def delete_many_takes_a_name_with(t, key):
    bucket, _ = t.object(key=key)
    same(deleted(t.main.delete_many(bucket, [key])), [key], "Deleted")
    refused(t.main.head(bucket, key), 404, "")


@each(("size", "ObjectSize", "7"), ("tag", "ETag", sums.etag(b"content").strip('"')))
def attributes_tell_its(t, name, value):
    bucket, key = t.object()
    xml = good(t.main.get(bucket, key, {"attributes": None}, {"x-amz-object-attributes": name})).xml
    same(xml.tag, "GetObjectAttributesResponse", "root")
    same(xml.text(name), value, name)


@test
def attributes_tell_only_what_was_asked_for(t):
    bucket, key = t.object()
    answer = good(t.main.get(bucket, key, {"attributes": None}, {"x-amz-object-attributes": "ObjectSize"}))
    same(answer.xml.has("ETag"), False, "ETag there")
    same(answer.xml.text("ObjectSize"), "7", "ObjectSize")
    want(HTTP_DATE.match(answer.headers["last-modified"] or ""), "Last-Modified")


@each(("none at all", None), ("an unknown one", "Weight"))
def attributes_refuse(t, names):
    bucket, key = t.object()
    refused(t.main.get(bucket, key, {"attributes": None}, {"x-amz-object-attributes": names} if names else {}),
            400, ("InvalidArgument", "InvalidRequest"))


@test
def attributes_of_a_missing_key(t):
    refused(t.main.get(t.bucket(), "nothing", {"attributes": None}, {"x-amz-object-attributes": "ETag"}),
            404, "NoSuchKey")


@test
def attributes_by_another_team(t):
    bucket, key = t.object()
    refused(t.alt.get(bucket, key, {"attributes": None}, {"x-amz-object-attributes": "ETag"}), 403, "AccessDenied")
