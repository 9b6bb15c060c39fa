# SPDX-License-Identifier: GPL-2.0-or-later
"""Tags of objects: by document, by header, and their limits."""

import json

from core.client import NAMESPACE, escape
from core.expect import each, good, header, refused, same, test, want


def tag_set(pairs):
    return "<Tagging xmlns=\"%s\"><TagSet>%s</TagSet></Tagging>" % (NAMESPACE, "".join(
        "<Tag><Key>%s</Key><Value>%s</Value></Tag>" % (escape(k), escape(v)) for k, v in pairs))


def tags(t, bucket, key="key"):
    xml = good(t.main.get(bucket, key, {"tagging": None})).xml
    same(xml.tag, "Tagging", "root")
    return sorted((n.text("Key"), n.text("Value")) for n in xml.all("TagSet/Tag"))


@test
def are_kept_replaced_and_removed(t):
    bucket, key = t.object()
    same(tags(t, bucket), [], "tags at first")
    for pairs in ([("a", "1"), ("b", "2")], [("c", "3")]):
        good(t.main.put_xml(bucket, "tagging", tag_set(pairs), key))
        same(tags(t, bucket), pairs, "tags")
    good(t.main.delete(bucket, key, {"tagging": None}), 204)
    same(tags(t, bucket), [], "tags in the end")
    good(t.main.head(bucket, key))


@each(("none", []), ("ten", [("k%d" % i, "v") for i in range(10)]), ("a key of 128", [("k" * 128, "v")]),
      ("a value of 256", [("k", "v" * 256)]), ("an empty value", [("k", "")]), ("Greek", [("\u03b1", "\u03b2")]),
      ("what AWS allows", [("a b+c-d=e.f_g:h/i@j", "a b+c-d=e.f_g:h/i@j")]))
def may_be(t, pairs):
    bucket, key = t.object()
    good(t.main.put_xml(bucket, "tagging", tag_set(pairs), key))
    same(tags(t, bucket), sorted(pairs), "tags")


@test
def of_a_bucket_may_be_long_in_any_script(t):
    """As much as a bucket takes, each character several bytes of the query's form."""
    pairs = [("k%02d" % i + "\u00e9" * 20, "\u00fc" * 142) for i in range(50)]
    bucket = t.bucket()
    good(t.main.put_xml(bucket, "tagging", tag_set(pairs)), 204)
    same(sorted((n.text("Key"), n.text("Value")) for n in good(t.main.get(bucket, query={"tagging": None})).xml.all(
        "TagSet/Tag")), sorted(pairs), "tags")


@test
def none_are_put_and_not_deleted(t):
    """An empty set is PutObjectTagging, so that is what has to be allowed."""
    bucket, key = t.object(headers={"x-amz-tagging": "a=b"})
    good(t.main.put(bucket, query={"policy": None}, body=json.dumps({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": {"CanonicalUser": t.owner(t.alt)}, "Action": "s3:DeleteObjectTagging",
        "Resource": "arn:aws:s3:::%s/*" % bucket}})), (200, 204))
    refused(t.alt.put_xml(bucket, "tagging", tag_set([]), key), 403, "AccessDenied")
    same(tags(t, bucket), [("a", "b")], "tags")
    good(t.alt.delete(bucket, key, {"tagging": None}), 204)


@test
def that_may_not_be_read_are_not_copied(t):
    """By the latest version, and by one that is named."""
    bucket, key = t.object(headers={"x-amz-tagging": "a=b"})
    allow = {"Effect": "Allow", "Principal": {"CanonicalUser": t.owner(t.alt)},
             "Resource": "arn:aws:s3:::%s/*" % bucket}
    allow["Action"] = ["s3:GetObject", "s3:GetObjectTagging", "s3:GetObjectVersionTagging"]
    deny = {**allow, "Effect": "Deny", "Action": "s3:GetObjectTagging"}
    good(t.main.put(bucket, query={"policy": None}, body=json.dumps(
        {"Version": "2012-10-17", "Statement": [allow, deny]})), (200, 204))
    refused(t.alt.get(bucket, key, {"tagging": None}), 403, "AccessDenied")
    to = t.bucket(t.alt)
    answer = t.alt.put(to, "copy", headers={"x-amz-copy-source": "/%s/%s" % (bucket, key)})
    if answer.status == 200:
        xml = good(t.alt.get(to, "copy", {"tagging": None})).xml
        same(xml.all("TagSet/Tag"), [], "tags of the copy")
    else:
        refused(answer, 403, "AccessDenied")
    want("x-amz-tagging-count" not in good(t.alt.get(bucket, key)).headers, "no count of what may not be read")


@each(("eleven", [("k%d" % i, "v") for i in range(11)], "BadRequest"), ("a key of 129", [("k" * 129, "v")],
                                        "InvalidTag"),
      ("a value of 257", [("k", "v" * 257)], "InvalidTag"), ("a key twice", [("k", "1"), ("k", "2")], "InvalidTag"),
      ("an empty key", [("", "v")], "InvalidTag"), ("a key of AWS", [("aws:x", "v")], "InvalidTag"))
def may_not_be(t, pairs, code):
    bucket, key = t.object(headers={"x-amz-tagging": "old=1"})
    refused(t.main.put_xml(bucket, "tagging", tag_set(pairs), key), 400, (code, "InvalidTag"))
    same(tags(t, bucket), [("old", "1")], "tags")


@each(("junk", "junk"), ("nothing", ""), ("another root", "<Tags/>"), ("half", "<Tagging><TagSet>"))
def document_of(t, body):
    bucket, key = t.object()
    refused(t.main.put_xml(bucket, "tagging", body, key), 400, ("MalformedXML", "MissingRequestBodyError"))


@each(("one", "a=1", [("a", "1")]), ("two", "a=1&b=2", [("a", "1"), ("b", "2")]), ("no value", "a", [("a", "")]),
      ("an empty value", "a=", [("a", "")]), ("an ampersand last", "a=1&", [("a", "1")]),
      ("encoded", "a%2Fb=c%20d", [("a/b", "c d")]), ("plus for space", "a+b=c+d", [("a b", "c d")]),
      ("encoded plus", "a=b%2Bc", [("a", "b+c")]), ("UTF-8", "%CE%B1=%CE%B2", [("\u03b1", "\u03b2")]))
def header_of(t, value, pairs):
    bucket, _ = t.object(headers={"x-amz-tagging": value})
    same(tags(t, bucket), pairs, "tags")


@each(("no key", "=1"), ("half an escape", "a%2=1"), ("a key twice", "a=1&a=2"),
      ("eleven", "&".join("k%d=v" % i for i in range(11))), ("a key of 129", "k" * 129 + "=v"),
      ("a value of 257", "k=" + "v" * 257), ("a key of AWS", "aws%3Ax=1"))
def header_is_refused_of(t, value):
    bucket = t.bucket()
    refused(t.main.put(bucket, "key", b"x", headers={"x-amz-tagging": value}), 400,
            ("InvalidArgument", "InvalidTag", "BadRequest"))
    refused(t.main.head(bucket, "key"), 404, "")


@test
def are_counted_with_the_object(t):
    bucket, key = t.object(headers={"x-amz-tagging": "a=1&b=2"})
    header(good(t.main.get(bucket, key)), "x-amz-tagging-count", "2")
    good(t.main.delete(bucket, key, {"tagging": None}), 204)
    header(good(t.main.get(bucket, key)), "x-amz-tagging-count", None)


@test
def are_told_in_the_order_of_their_keys(t):
    bucket, key = t.object(headers={"x-amz-tagging": "b=1&B=2&a=3&ab"})
    order = [("B", "2"), ("a", "3"), ("ab", ""), ("b", "1")]
    xml = good(t.main.get(bucket, key, {"tagging": None})).xml
    same([(n.text("Key"), n.text("Value")) for n in xml.all("TagSet/Tag")], order, "tags of the header")
    good(t.main.put_xml(bucket, "tagging", tag_set(reversed(order)), key))
    xml = good(t.main.get(bucket, key, {"tagging": None})).xml
    same([(n.text("Key"), n.text("Value")) for n in xml.all("TagSet/Tag")], order, "tags of the document")


@each(("no key", "="), ("a key twice", "a=1&a=1"), ("half an escape", "a%"))
def header_is_no_query_of(t, value):
    bucket = t.bucket()
    for answer in (t.main.put(bucket, "key", b"x", headers={"x-amz-tagging": value}),
                   t.main.post(bucket, "key", query={"uploads": None}, headers={"x-amz-tagging": value})):
        refused(answer, 400, "InvalidArgument")


@test
def go_with_an_overwrite(t):
    bucket, key = t.object(headers={"x-amz-tagging": "a=1"})
    good(t.main.put(bucket, key, b"new"))
    same(tags(t, bucket), [], "tags")


@each(("get", "GET", ""), ("put", "PUT", tag_set([("a", "1")])), ("delete", "DELETE", ""))
def of_a_missing_key(t, method, body):
    answer = t.main.call(method, t.bucket(), "nothing", {"tagging": None}, body=body)
    refused(answer, 404, "NoSuchKey")


@each(("get", "GET", ""), ("put", "PUT", tag_set([("a", "1")])), ("delete", "DELETE", ""))
def of_another_team(t, method, body):
    bucket, key = t.object(headers={"x-amz-tagging": "old=1"})
    refused(t.alt.call(method, bucket, key, {"tagging": None}, body=body), 403, "AccessDenied")
    same(tags(t, bucket), [("old", "1")], "tags")


@test
def do_not_change_the_object(t):
    bucket, key = t.object(body=b"same", headers={"x-amz-meta-a": "1"})
    before = good(t.main.head(bucket, key)).headers["last-modified"]
    good(t.main.put_xml(bucket, "tagging", tag_set([("a", "1")]), key))
    after = good(t.main.get(bucket, key))
    same((after.body, after.headers["last-modified"], after.headers["x-amz-meta-a"]), (b"same", before, "1"), "object")


@test
def of_a_missing_version(t):
    bucket, key = t.object(t.versioned())
    answer = t.main.get(bucket, key, {"tagging": None, "versionId": "3L137OgVmbR2xOFEo9Q3mmAqcKTwHpnL"})
    same((answer.status, answer.code) in ((404, "NoSuchVersion"), (400, "InvalidArgument")), True, "%s" % answer)
