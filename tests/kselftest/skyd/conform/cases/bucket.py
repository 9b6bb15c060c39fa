# SPDX-License-Identifier: GPL-2.0-or-later
"""Buckets: made, found, listed, removed."""

import re

from core.client import NAMESPACE
from core.expect import each, good, header, refused, same, test, want

ISO = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$")


@test
def create_answers_its_location(t):
    name = t.name()
    answer = good(t.main.put(name))
    header(answer, "location", "/" + name)
    same(answer.body, b"", "body")


@test
def create_is_seen_at_once(t):
    bucket = t.bucket()
    good(t.main.head(bucket))
    want(bucket in good(t.main.get()).xml.texts("Buckets/Bucket/Name"), "listed among the buckets")
    same(good(t.main.list(bucket)).xml.all("Contents"), [], "objects of a new bucket")


@test
def create_again_by_its_owner_is_told_apart(t):
    refused(t.main.put(t.bucket()), 409, "BucketAlreadyOwnedByYou")


@test
def create_again_by_another_team_is_refused(t):
    bucket = t.bucket()
    refused(t.alt.put(bucket), 409, "BucketAlreadyExists")
    good(t.main.head(bucket))


@test
def create_again_keeps_the_objects(t):
    bucket, key = t.object()
    t.main.put(bucket)
    good(t.main.head(bucket, key))


@test
def create_by_nobody_is_refused(t):
    refused(t.anon.put(t.name()), 403, "AccessDenied")


@test
def create_takes_the_path_with_a_slash(t):
    name = t.name()
    good(t.main.put(name, path=t.main.path(name) + "/"))
    good(t.main.head(name))


@each(("two letters", "ab"), ("one letter", "a"), ("64 letters", "a" * 64), ("capitals", "Sky-Capital"),
      ("underscore", "sky_under_score"), ("hyphen first", "-sky-bucket"), ("hyphen last", "sky-bucket-"),
      ("dot first", ".sky-bucket"), ("dot last", "sky-bucket."), ("two dots", "sky..bucket"),
      ("hyphen after a dot", "sky.-bucket"), ("hyphen before a dot", "sky-.bucket"),
      ("address", "192.168.5.123"), ("space", "sky bucket"), ("non-ASCII", "sky-b\u00fccket"),
      ("exclamation mark", "sky!bucket"), ("star", "sky*bucket"), ("255 letters", "b" * 255),
      ("prefix xn--", "xn--sky-bucket"), ("suffix -s3alias", "sky-bucket-s3alias"))
def create_refuses_the_name(t, name):
    refused(t.main.put(t.own(name)), 400, "InvalidBucketName")


@each(("three letters", 3), ("63 letters", 63))
def create_takes_a_name_of(t, length):
    name = (t.name().replace("-", "") + "x" * 63)[-length:] if length == 3 else (t.name() + "x" * 63)[:length]
    answer = t.main.put(t.own(name))
    if length == 3 and answer.status == 409:
        return refused(answer, 409, ("BucketAlreadyExists", "BucketAlreadyOwnedByYou"))
    return good(answer)


@each(("dots", "a.b.c"), ("digits", "0123"), ("hyphens", "a--b"))
def create_takes_a_name_with(t, middle):
    name = t.name() + middle + "z"
    good(t.main.put(t.own(name)))
    good(t.main.head(name))


@each(("junk", "no xml at all"), ("half", "<CreateBucketConfiguration>"), ("other root", "<Wrong/>"))
def create_refuses_a_document_that_is(t, body):
    refused(t.main.put(t.name(), body=body), 400, "MalformedXML")


@test
def create_refuses_a_location_that_does_not_exist(t):
    body = ("<CreateBucketConfiguration xmlns=\"%s\"><LocationConstraint>no-such-place-anywhere"
            "</LocationConstraint></CreateBucketConfiguration>" % NAMESPACE)
    name = t.name()
    refused(t.main.put(name, body=body), 400, ("InvalidLocationConstraint", "IllegalLocationConstraintException"))
    refused(t.main.head(name), 404, "")


@test
def create_refuses_a_canned_acl_that_does_not_exist(t):
    refused(t.main.put(t.name(), headers={"x-amz-acl": "public-everything"}), 400, "InvalidArgument")


@test
def head_of_a_missing_bucket(t):
    refused(t.main.head(t.name()), 404, "")


@test
def head_of_another_teams_bucket(t):
    refused(t.alt.head(t.bucket()), 403, "")


@test
def head_by_nobody(t):
    refused(t.anon.head(t.bucket()), 403, "")


@test
def head_names_the_region(t):
    header(good(t.main.head(t.bucket())), "x-amz-bucket-region", t.config.region)


@test
def delete_removes_it(t):
    bucket = t.bucket()
    same(good(t.main.delete(bucket), 204).body, b"", "body")
    refused(t.main.head(bucket), 404, "")
    refused(t.main.list(bucket), 404, "NoSuchBucket")
    want(bucket not in good(t.main.get()).xml.texts("Buckets/Bucket/Name"), "not listed any more")


@test
def delete_of_a_missing_bucket(t):
    refused(t.main.delete(t.name()), 404, "NoSuchBucket")


@test
def delete_of_one_that_is_not_empty(t):
    bucket, key = t.object()
    refused(t.main.delete(bucket), 409, "BucketNotEmpty")
    good(t.main.head(bucket, key))


@test
def delete_of_one_that_has_only_delete_markers(t):
    bucket = t.versioned()
    good(t.main.delete(bucket, "never-was"), 204)
    refused(t.main.delete(bucket), 409, "BucketNotEmpty")


@test
def delete_of_one_with_an_unfinished_upload(t):
    bucket = t.bucket()
    t.main.start(bucket, "unfinished")
    good(t.main.delete(bucket), 204)
    refused(t.main.head(bucket), 404, "")


@test
def delete_of_another_teams_bucket(t):
    bucket = t.bucket()
    refused(t.alt.delete(bucket), 403, "AccessDenied")
    good(t.main.head(bucket))


@test
def delete_and_create_again_starts_empty(t):
    bucket, key = t.object()
    good(t.main.put_xml(bucket, "tagging",
                        "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"),
         (200, 204))
    good(t.main.delete(bucket, key), 204)
    good(t.main.delete(bucket), 204)
    good(t.main.put(bucket))
    refused(t.main.head(bucket, key), 404, "")
    refused(t.main.get(bucket, query={"tagging": None}), 404, "NoSuchTagSet")


@test
def list_is_a_document_of_s3(t):
    bucket = t.bucket()
    xml = good(t.main.get()).xml
    same((xml.tag, xml.namespace), ("ListAllMyBucketsResult", NAMESPACE), "root")
    want(xml.text("Owner/ID"), "the owner has an id")
    mine = [b for b in xml.all("Buckets/Bucket") if b.text("Name") == bucket]
    same(len(mine), 1, "times that the bucket is listed")
    want(ISO.match(mine[0].text("CreationDate", "")), "CreationDate is %s", mine[0].text("CreationDate"))


@test
def list_is_sorted_by_name(t):
    for _ in range(3):
        t.bucket()
    names = good(t.main.get()).xml.texts("Buckets/Bucket/Name")
    same(names, sorted(names), "names")


@test
def list_shows_only_ones_own(t):
    mine, theirs = t.bucket(), t.bucket(t.alt)
    names = good(t.main.get()).xml.texts("Buckets/Bucket/Name")
    want(mine in names and theirs not in names, "main sees its own only")
    names = good(t.alt.get()).xml.texts("Buckets/Bucket/Name")
    want(theirs in names and mine not in names, "alt sees its own only")


@test
def list_by_nobody_is_refused(t):
    refused(t.anon.get(), 403, "AccessDenied")


@test
def list_can_be_had_in_pages(t):
    made = {t.bucket() for _ in range(3)}
    seen, token = [], None
    for _ in range(1000):
        query = {"max-buckets": "2"}
        if token:
            query["continuation-token"] = token
        xml = good(t.main.get(query=query)).xml
        page = xml.texts("Buckets/Bucket/Name")
        want(1 <= len(page) <= 2, "a page of %d", len(page))
        seen += page
        token = xml.text("ContinuationToken")
        if not token:
            break
    want(made <= set(seen), "all are seen")
    same(len(seen), len(set(seen)), "each is seen once")


@test
def list_can_be_had_by_prefix(t):
    made = t.bucket()
    t.bucket()
    same(good(t.main.get(query={"prefix": made})).xml.texts("Buckets/Bucket/Name"), [made], "names")


@each(("zero", "0"), ("too many", "10001"), ("a word", "many"))
def list_refuses_max_buckets_of(t, value):
    refused(t.main.get(query={"max-buckets": value}), 400, "InvalidArgument")


@test
def location_is_a_document_of_s3(t):
    xml = good(t.main.get(t.bucket(), query={"location": None})).xml
    same((xml.tag, xml.namespace), ("LocationConstraint", NAMESPACE), "root")


@test
def location_of_a_missing_bucket(t):
    refused(t.main.get(t.name(), query={"location": None}), 404, "NoSuchBucket")


@test
def location_of_another_teams_bucket(t):
    refused(t.alt.get(t.bucket(), query={"location": None}), 403, "AccessDenied")


def tag_list(pairs):
    return "".join("<Tag><Key>%s</Key><Value>%s</Value></Tag>" % pair for pair in pairs)


def tag_set(*pairs):
    return "<Tagging xmlns=\"%s\"><TagSet>%s</TagSet></Tagging>" % (NAMESPACE, tag_list(pairs))


def born_with(t, name, *pairs):
    return t.main.put(name, body="<CreateBucketConfiguration xmlns=\"%s\"><Tags>%s</Tags>"
                      "</CreateBucketConfiguration>" % (NAMESPACE, tag_list(pairs)))


@each(("two", [("b", "2"), ("a", "x y")]), ("50", [("k%02d" % i, "v") for i in range(50)]),
      ("the longest", [("k" * 127 + str(i), "\u00e4" * 256) for i in range(10)]))
def create_gives_tags(t, pairs):
    name = t.own(t.name())
    good(born_with(t, name, *pairs))
    tags = good(t.main.get(name, query={"tagging": None})).xml.all("TagSet/Tag")
    same(sorted((n.text("Key"), n.text("Value")) for n in tags), sorted(pairs), "tags")


@test
def create_without_a_tag_gives_none(t):
    name = t.own(t.name())
    good(born_with(t, name))
    refused(t.main.get(name, query={"tagging": None}), 404, "NoSuchTagSet")


@each(("51 of them", [("k%d" % i, "v") for i in range(51)], ("BadRequest", "InvalidTag")),
      ("a key twice", [("k", "1"), ("k", "2")], "InvalidTag"), ("a key of AWS", [("aws:mine", "v")], "InvalidTag"))
def create_refuses_tags_and_makes_nothing(t, pairs, code):
    name = t.name()
    refused(born_with(t, name, *pairs), 400, code)
    refused(t.main.head(name), 404, "")


@test
def tags_are_kept_replaced_and_removed(t):
    bucket = t.bucket()
    for pairs in ([("a", "1"), ("b", "2")], [("c", "3")]):
        good(t.main.put_xml(bucket, "tagging", tag_set(*pairs)), (200, 204))
        tags = good(t.main.get(bucket, query={"tagging": None})).xml.all("TagSet/Tag")
        same(sorted((n.text("Key"), n.text("Value")) for n in tags), pairs, "tags")
    good(t.main.delete(bucket, query={"tagging": None}), 204)
    refused(t.main.get(bucket, query={"tagging": None}), 404, "NoSuchTagSet")


@test
def tags_of_a_bucket_that_has_none(t):
    refused(t.main.get(t.bucket(), query={"tagging": None}), 404, "NoSuchTagSet")


@each(("50 of them", [("k%d" % i, "v") for i in range(50)]), ("a key of 128", [("k" * 128, "v")]),
      ("a value of 256", [("k", "v" * 256)]), ("an empty value", [("k", "")]))
def tags_may_be(t, pairs):
    bucket = t.bucket()
    good(t.main.put_xml(bucket, "tagging", tag_set(*pairs)), (200, 204))
    tags = good(t.main.get(bucket, query={"tagging": None})).xml.all("TagSet/Tag")
    same(sorted((n.text("Key"), n.text("Value")) for n in tags), sorted(pairs), "tags")


@each(("51 of them", [("k%d" % i, "v") for i in range(51)], ("BadRequest", "InvalidTag")),
      ("a key of 129", [("k" * 129, "v")], "InvalidTag"), ("a value of 257", [("k", "v" * 257)], "InvalidTag"),
      ("a key twice", [("k", "1"), ("k", "2")], "InvalidTag"), ("an empty key", [("", "v")], "InvalidTag"),
      ("a key of AWS", [("aws:mine", "v")], "InvalidTag"))
def tags_may_not_be(t, pairs, code):
    bucket = t.bucket()
    refused(t.main.put_xml(bucket, "tagging", tag_set(*pairs)), 400, code)
    refused(t.main.get(bucket, query={"tagging": None}), 404, "NoSuchTagSet")


@each("location", "tagging", "versioning", "acl", "policy", "cors", "lifecycle", "uploads", "versions")
def missing_bucket_has_no(t, sub):
    refused(t.main.get(t.name(), query={sub: None}), 404, "NoSuchBucket")


@each("website", "replication", "accelerate", "logging", "notification", "requestPayment", "encryption",
      "ownershipControls", "publicAccessBlock", "object-lock", "inventory", "analytics", "metrics",
      "intelligent-tiering")
def sub_resource_is_not_ignored(t, sub):
    """Where it is not there, GET says so, and does not list the bucket instead."""
    bucket, _ = t.object()
    answer = t.main.get(bucket, query={sub: None})
    want(b"ListBucketResult" not in answer.body, "?%s lists the bucket", sub)
    if answer.status >= 400:
        want(answer.code == "NotImplemented" or answer.status == 404 or answer.code.startswith("No"),
             "%s: neither there nor NotImplemented", answer)
    else:
        want(answer.xml.tag.endswith(("Configuration", "Status", "Payment", "Controls", "Rule", "Result")),
             "?%s answers %s", sub, answer.xml.tag)


@each("website", "replication", "accelerate", "logging", "requestPayment", "inventory", "analytics", "metrics",
      "intelligent-tiering")
def sub_resource_put_does_not_pretend(t, sub):
    """Junk is never taken: it is MalformedXML where the resource is there, else NotImplemented."""
    answer = t.main.put_xml(t.bucket(), sub, "<Junk/>", id="x")
    want(answer.status >= 400, "%s: taken", answer)
    want(answer.code in ("NotImplemented", "MalformedXML", "InvalidArgument", "InvalidRequest"),
         "%s: not a refusal for what it is", answer)
