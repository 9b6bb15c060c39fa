# SPDX-License-Identifier: GPL-2.0-or-later
"""CopyObject: inside a bucket, between buckets and teams, with conditions and directives."""

import os
import time

from core import sign, sums
from core.client import NAMESPACE
from core.expect import content, each, good, header, refused, same, test, want

OTHER = '"%s"' % ("0" * 32)


def date(offset):
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + offset))


@test
def is_whole_and_says_what_it_made(t):
    bucket, key = t.object(body=b"original")
    xml = good(t.main.copy("%s/%s" % (bucket, key), bucket, "copy")).xml
    same((xml.tag, xml.namespace), ("CopyObjectResult", NAMESPACE), "root")
    same(xml.text("ETag"), sums.etag(b"original"), "ETag")
    want(xml.text("LastModified", "").endswith("Z"), "LastModified is %s", xml.text("LastModified"))
    content(t.main.get(bucket, "copy"), b"original")
    content(t.main.get(bucket, key), b"original")


@each(("nothing", 0), ("5 MiB and a byte", (5 << 20) + 1))
def of(t, size):
    body = os.urandom(size)
    bucket, key = t.object(body=body)
    good(t.main.copy("%s/%s" % (bucket, key), bucket, "copy"))
    content(t.main.get(bucket, "copy"), body)


@test
def goes_to_another_bucket(t):
    bucket, key = t.object(body=b"original")
    other = t.bucket()
    good(t.main.copy("%s/%s" % (bucket, key), other, "copy"))
    content(t.main.get(other, "copy"), b"original")
    good(t.main.delete(bucket, key), 204)
    content(t.main.get(other, "copy"), b"original")


@each(("a slash first", "/%s/%s"), ("no slash first", "%s/%s"))
def source_may_have(t, form):
    bucket, key = t.object(body=b"original")
    good(t.main.copy(form % (bucket, key), bucket, "copy"))
    content(t.main.get(bucket, "copy"), b"original")


@each(("space", "a b"), ("plus", "a+b"), ("percent", "a%20b"), ("question mark", "a?b"), ("ampersand", "a&b"),
      ("Greek", "\u03b1\u03b2\u03b3"), ("slashes", "a//b/"), ("version in its name", "a?versionId=b"))
def source_is_percent_encoded(t, key):
    bucket, _ = t.object(key=key, body=b"original")
    good(t.main.copy("%s/%s" % (bucket, sign.encode(key)), bucket, "copy"))
    content(t.main.get(bucket, "copy"), b"original")


@test
def source_with_an_encoded_slash(t):
    bucket, _ = t.object(key="a/b", body=b"original")
    good(t.main.copy(sign.encode("%s/a/b" % bucket), bucket, "copy"))
    content(t.main.get(bucket, "copy"), b"original")


@test
def keeps_metadata_unless_told(t):
    bucket, key = t.object(headers={"x-amz-meta-a": "1", "Content-Type": "text/x-a", "Cache-Control": "no-store"})
    good(t.main.copy("%s/%s" % (bucket, key), bucket, "copy", {"x-amz-meta-b": "2", "Content-Type": "text/x-b"}))
    got = good(t.main.head(bucket, "copy"))
    for name, value in (("x-amz-meta-a", "1"), ("x-amz-meta-b", None), ("content-type", "text/x-a"),
                        ("cache-control", "no-store")):
        header(got, name, value)


@test
def replaces_metadata_when_told(t):
    bucket, key = t.object(headers={"x-amz-meta-a": "1", "Content-Type": "text/x-a", "Cache-Control": "no-store"})
    good(t.main.copy("%s/%s" % (bucket, key), bucket, "copy", {
        "x-amz-meta-b": "2", "Content-Type": "text/x-b", "x-amz-metadata-directive": "REPLACE"}))
    got = good(t.main.head(bucket, "copy"))
    for name, value in (("x-amz-meta-a", None), ("x-amz-meta-b", "2"), ("content-type", "text/x-b"),
                        ("cache-control", None)):
        header(got, name, value)


@test
def refuses_an_unknown_directive(t):
    bucket, key = t.object()
    refused(t.main.copy("%s/%s" % (bucket, key), bucket, "copy", {"x-amz-metadata-directive": "MERGE"}),
            400, "InvalidArgument")


@test
def onto_itself_must_change_something(t):
    bucket, key = t.object()
    refused(t.main.copy("%s/%s" % (bucket, key), bucket, key), 400, "InvalidRequest")


@each(("a storage class", {"x-amz-storage-class": "STANDARD"}),
      ("encryption", {"x-amz-server-side-encryption": "AES256"}))
def onto_itself_with(t, headers):
    """Clients write their objects anew so, as aws s3 cp --sse of all that is there."""
    bucket, key = t.object(body=b"original", headers={"x-amz-meta-a": "1"})
    good(t.main.copy("%s/%s" % (bucket, key), bucket, key, headers))
    header(content(t.main.get(bucket, key), b"original"), "x-amz-meta-a", "1")


@test
def onto_itself_replaces_metadata(t):
    bucket, key = t.object(body=b"original", headers={"x-amz-meta-a": "1"})
    good(t.main.copy("%s/%s" % (bucket, key), bucket, key, {
        "x-amz-meta-b": "2", "x-amz-metadata-directive": "REPLACE"}))
    got = content(t.main.get(bucket, key), b"original")
    header(got, "x-amz-meta-a", None)
    header(got, "x-amz-meta-b", "2")


@test
def of_a_missing_key(t):
    bucket = t.bucket()
    answer = refused(t.main.copy("%s/nothing" % bucket, bucket, "copy"), 404, "NoSuchKey")
    same(answer.xml.text("Key"), "nothing", "Key in the error")
    refused(t.main.head(bucket, "copy"), 404, "")


@test
def from_a_missing_bucket(t):
    missing = t.name()
    answer = refused(t.main.copy("%s/key" % missing, t.bucket(), "copy"), 404, "NoSuchBucket")
    same(answer.xml.text("BucketName"), missing, "BucketName in the error")


@test
def into_a_missing_bucket(t):
    bucket, key = t.object()
    refused(t.main.copy("%s/%s" % (bucket, key), t.name(), "copy"), 404, "NoSuchBucket")


@each(("no key", "%s"), ("an empty key", "%s/"), ("nothing", ""), ("half an escape", "%s/a%%2"))
def source_of(t, form):
    bucket = t.bucket()
    refused(t.main.copy(form % bucket if "%s" in form else form, bucket, "copy"), 400,
            ("InvalidArgument", "InvalidRequest"))


@each("192.168.1.1/key", "UPPER/key", "my-buc@k&()t/key", "a:b:c/key", "ab/key")
def source_names_no_bucket(t, source):
    bucket = t.bucket()
    refused(t.main.copy(source, bucket, "copy"), 400, "InvalidArgument")
    upload = t.main.start(bucket, "copy")
    refused(t.main.part(bucket, "copy", upload, 1, b"", {"x-amz-copy-source": source}), 400, "InvalidArgument")


@each(("get", "GET", "key", {}), ("head", "HEAD", "key", {}), ("delete", "DELETE", "key", {}),
      ("list", "GET", None, {}), ("tag", "PUT", "key", {"tagging": None}), ("begin", "POST", "key", {"uploads": None}),
      ("delete the bucket", "DELETE", None, {}))
def source_is_for_copies(t, method, key, query):
    bucket, _ = t.object()
    refused(t.main.call(method, bucket, key, query, {"x-amz-copy-source": bucket + "/key"}), 400, "InvalidArgument")
    good(t.main.head(bucket, "key"))


@test
def of_another_teams_object(t):
    bucket, key = t.object()
    mine = t.bucket(t.alt)
    refused(t.alt.copy("%s/%s" % (bucket, key), mine, "copy"), 403, "AccessDenied")
    refused(t.alt.head(mine, "copy"), 404, "")


@test
def into_another_teams_bucket(t):
    bucket = t.bucket()
    mine = t.bucket(t.alt)
    good(t.alt.put(mine, "key", b"x"))
    refused(t.alt.copy("%s/key" % mine, bucket, "copy"), 403, "AccessDenied")
    refused(t.main.head(bucket, "copy"), 404, "")


@each(("the same tag", {"if-match": "ETAG"}, 200), ("another tag", {"if-match": OTHER}, 412),
      ("not another tag", {"if-none-match": OTHER}, 200), ("not the same tag", {"if-none-match": "ETAG"}, 412),
      ("changed since yesterday", {"if-modified-since": date(-86400)}, 200),
      ("changed since itself", {"if-modified-since": "DATE"}, 412),
      ("unchanged since yesterday", {"if-unmodified-since": date(-86400)}, 412),
      ("unchanged since itself", {"if-unmodified-since": "DATE"}, 200),
      ("the same tag wins", {"if-match": "ETAG", "if-unmodified-since": date(-86400)}, 200),
      ("not the same tag wins", {"if-none-match": "ETAG", "if-modified-since": date(-86400)}, 412))
def under(t, conditions, status):
    bucket, key = t.object(body=b"original")
    modified = good(t.main.head(bucket, key)).headers["last-modified"]
    headers = {"x-amz-copy-source-" + n: v.replace("ETAG", sums.etag(b"original")).replace("DATE", modified)
               for n, v in conditions.items()}
    answer = t.main.copy("%s/%s" % (bucket, key), bucket, "copy", headers)
    if status == 200:
        good(answer)
        return content(t.main.get(bucket, "copy"), b"original")
    refused(answer, 412, "PreconditionFailed")
    return refused(t.main.head(bucket, "copy"), 404, "")


@test
def of_an_upload_in_parts_is_one_object(t):
    bucket, parts = t.bucket(), [os.urandom(5 << 20), b"end"]
    good(t.main.upload(bucket, "key", parts))
    good(t.main.copy("%s/key" % bucket, bucket, "copy"))
    got = content(t.main.get(bucket, "copy"), b"".join(parts))
    header(got, "etag", sums.etag(b"".join(parts)))


@test
def of_an_old_version(t):
    bucket = t.versioned()
    first = good(t.main.put(bucket, "key", b"first")).version
    good(t.main.put(bucket, "key", b"second"))
    answer = good(t.main.copy("%s/key?versionId=%s" % (bucket, first), bucket, "copy"))
    header(answer, "x-amz-copy-source-version-id", first)
    want(answer.version not in (None, first), "the copy has a version of its own")
    content(t.main.get(bucket, "copy"), b"first")


@test
def of_a_missing_version(t):
    bucket, key = t.object(t.versioned())
    answer = t.main.copy("%s/%s?versionId=%s" % (bucket, key, "0" * 32), bucket, "copy")
    want(answer.status in (400, 404), "status of %s", answer)
    want(answer.code in ("NoSuchVersion", "InvalidArgument"), "code of %s", answer)


@test
def of_a_delete_marker(t):
    bucket, key = t.object(t.versioned())
    marker = good(t.main.delete(bucket, key), 204).version
    refused(t.main.copy("%s/%s" % (bucket, key), bucket, "copy"), 404, "NoSuchKey")
    refused(t.main.copy("%s/%s?versionId=%s" % (bucket, key, marker), bucket, "copy"), 400, "InvalidRequest")


@test
def tags_come_along(t):
    bucket, key = t.object(headers={"x-amz-tagging": "a=1"})
    good(t.main.copy("%s/%s" % (bucket, key), bucket, "copy"))
    same(good(t.main.get(bucket, "copy", {"tagging": None})).xml.texts("TagSet/Tag/Key"), ["a"], "tags")


@test
def tags_are_replaced_when_told(t):
    bucket, key = t.object(headers={"x-amz-tagging": "a=1"})
    good(t.main.copy("%s/%s" % (bucket, key), bucket, "copy",
                     {"x-amz-tagging-directive": "REPLACE", "x-amz-tagging": "b=2&c=3"}))
    same(sorted(good(t.main.get(bucket, "copy", {"tagging": None})).xml.texts("TagSet/Tag/Key")), ["b", "c"], "tags")


@test
def acl_does_not_come_along(t):
    bucket, key = t.object(headers={"x-amz-acl": "public-read"})
    good(t.anon.get(bucket, key))
    good(t.main.copy("%s/%s" % (bucket, key), bucket, "copy"))
    refused(t.anon.get(bucket, "copy"), 403, "AccessDenied")


@test
def if_none_match_does_not_replace(t):
    bucket, key = t.object(body=b"original")
    t.object(bucket, "there", b"old")
    refused(t.main.copy("%s/%s" % (bucket, key), bucket, "there", {"If-None-Match": "*"}), 412, "PreconditionFailed")
    content(t.main.get(bucket, "there"), b"old")


@test
def with_a_checksum_has_it(t):
    bucket, key = t.object(body=b"original")
    answer = good(t.main.copy("%s/%s" % (bucket, key), bucket, "copy", {"x-amz-checksum-algorithm": "SHA256"}))
    same(answer.xml.text("ChecksumSHA256"), sums.checksum("SHA256", b"original"), "ChecksumSHA256")
    header(good(t.main.head(bucket, "copy", headers={"x-amz-checksum-mode": "ENABLED"})), "x-amz-checksum-sha256",
           sums.checksum("SHA256", b"original"))
