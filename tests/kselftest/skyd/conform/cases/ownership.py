# SPDX-License-Identifier: GPL-2.0-or-later
"""Ownership controls: whether ACLs count, and what may be said in them then."""

from core.client import NAMESPACE
from core.expect import content, each, good, refused, same, test
from cases.acl import EVERYONE, grants, policy
from cases.post_form import Form

NAMES = ["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"]
SUB = {"ownershipControls": None}


def document(*inner):
    return "<OwnershipControls xmlns=\"%s\">%s</OwnershipControls>" % (NAMESPACE, "".join(inner))


def rule(*names):
    return "<Rule>%s</Rule>" % "".join("<ObjectOwnership>%s</ObjectOwnership>" % n for n in names)


def shown(t, bucket):
    return good(t.main.get(bucket, query=SUB)).xml.texts("Rule/ObjectOwnership")


def set_to(t, bucket, name):
    good(t.main.put_xml(bucket, "ownershipControls", document(rule(name))))


def enforced(t, **how):
    bucket = t.bucket(**how)
    set_to(t, bucket, "BucketOwnerEnforced")
    return bucket


@each(*NAMES)
def is_set_and_removed(t, name):
    bucket = t.bucket()
    refused(t.main.get(bucket, query=SUB), 404, "OwnershipControlsNotFoundError")
    set_to(t, bucket, name)
    xml = good(t.main.get(bucket, query=SUB)).xml
    same((xml.tag, xml.namespace, xml.texts("Rule/ObjectOwnership")), ("OwnershipControls", NAMESPACE, [name]),
         "document")
    good(t.main.delete(bucket, query=SUB), 204)
    refused(t.main.get(bucket, query=SUB), 404, "OwnershipControlsNotFoundError")
    good(t.main.delete(bucket, query=SUB), 204)


@test
def is_replaced(t):
    bucket = t.bucket()
    for name in NAMES + NAMES[::-1]:
        set_to(t, bucket, name)
        same(shown(t, bucket), [name], "ownership")


@each(("junk", "junk"), ("nothing", ""), ("another root", "<Ownership/>"), ("no rule", document()),
      ("an empty rule", document(rule())), ("an unknown name", document(rule("Nobody"))),
      ("another case", document(rule("bucketownerenforced"))), ("an empty name", document(rule(""))),
      ("two names", document(rule("ObjectWriter", "BucketOwnerEnforced"))),
      ("one name twice", document(rule("BucketOwnerEnforced", "BucketOwnerEnforced"))),
      ("two rules", document(rule("BucketOwnerEnforced"), rule("ObjectWriter"))),
      ("an element more", document(rule("ObjectWriter"), "<More/>")),
      ("half of it", document(rule("ObjectWriter"))[:-5]),
      ("an entity", "<!DOCTYPE a [<!ENTITY b \"ObjectWriter\">]>" + document(rule("&b;"))),
      ("a megabyte", document(rule("ObjectWriter"), " " * (1 << 20))))
def document_of(t, body):
    bucket = t.bucket()
    set_to(t, bucket, "BucketOwnerPreferred")
    refused(t.main.put_xml(bucket, "ownershipControls", body), 400,
            ("MalformedXML", "MissingRequestBodyError", "MaxMessageLengthExceeded", "EntityTooLarge"))
    same(shown(t, bucket), ["BucketOwnerPreferred"], "ownership")


@each(("another team", "alt"), ("nobody", "anon"))
def is_for_its_own_team(t, who):
    bucket, client = t.bucket(headers={"x-amz-acl": "public-read-write"}), getattr(t, who)
    refused(client.put_xml(bucket, "ownershipControls", document(rule("ObjectWriter"))), 403, "AccessDenied")
    refused(client.delete(bucket, query=SUB), 403, "AccessDenied")
    refused(client.get(bucket, query=SUB), 403, "AccessDenied")
    refused(t.main.get(bucket, query=SUB), 404, "OwnershipControlsNotFoundError")


@test
def of_a_bucket_that_is_not_there(t):
    refused(t.main.put_xml(t.name(), "ownershipControls", document(rule("ObjectWriter"))), 404, "NoSuchBucket")


@each(*NAMES)
def bucket_is_made_with(t, name):
    same(shown(t, t.bucket(headers={"x-amz-object-ownership": name, "x-amz-acl": "private"})), [name], "ownership")


@test
def bucket_is_not_made_with_an_unknown_one(t):
    for value in ("Nobody", "objectwriter", ""):
        name = t.name()
        refused(t.main.put(name, headers={"x-amz-object-ownership": value}), 400, "InvalidArgument")
        refused(t.main.head(name), 404, "")


@each(("canned", {"x-amz-acl": "public-read"}), ("a group", {"x-amz-grant-read": "uri=\"%s\"" % EVERYONE}))
def bucket_is_not_made_enforced_and_shared(t, headers):
    name = t.name()
    refused(t.main.put(name, headers={"x-amz-object-ownership": "BucketOwnerEnforced", **headers}), 400,
            "InvalidBucketAclWithObjectOwnership")
    refused(t.main.head(name), 404, "")


@test
def is_said_with_a_bucket_only(t):
    """Neither an object nor a URL passes it over."""
    bucket = t.bucket()
    refused(t.main.put(bucket, "key", b"x", headers={"x-amz-object-ownership": "ObjectWriter"}), 400, "InvalidArgument")
    refused(t.main.head(bucket, "key"), 404, "")
    name = t.name()
    refused(t.main.put(name, query={"x-amz-object-ownership": "BucketOwnerEnforced"}, auth="query"), 501,
            "NotImplemented")
    refused(t.main.head(name), 404, "")


@each(("everybody", lambda t: [(EVERYONE, "READ")]), ("another team", lambda t: [(t.owner(t.alt), "READ_ACP")]))
def is_not_enforced_while_the_bucket_is_shared_with(t, more):
    bucket = t.bucket()
    good(t.main.put_xml(bucket, "acl", policy(t.owner(), [(t.owner(), "FULL_CONTROL")] + more(t))))
    refused(t.main.put_xml(bucket, "ownershipControls", document(rule("BucketOwnerEnforced"))), 400,
            "InvalidBucketAclWithObjectOwnership")
    refused(t.main.get(bucket, query=SUB), 404, "OwnershipControlsNotFoundError")
    good(t.main.put(bucket, query={"acl": None}, headers={"x-amz-acl": "private"}))
    set_to(t, bucket, "BucketOwnerEnforced")


@test
def enforced_ends_what_objects_share(t):
    """And what it has ended is there again without it."""
    bucket, key = t.object(headers={"x-amz-acl": "public-read"})
    content(t.anon.get(bucket, key), b"content")
    set_to(t, bucket, "BucketOwnerEnforced")
    refused(t.anon.get(bucket, key), 403, "AccessDenied")
    refused(t.alt.get(bucket, key), 403, "AccessDenied")
    same(grants(t, bucket, key), [(t.owner(), "FULL_CONTROL")], "grants of the object")
    same(grants(t, bucket), [(t.owner(), "FULL_CONTROL")], "grants of the bucket")
    good(t.main.delete(bucket, query=SUB), 204)
    content(t.anon.get(bucket, key), b"content")
    same((EVERYONE, "READ") in grants(t, bucket, key), True, "granted to everybody")


def everywhere(t, bucket, headers):
    """Each request that brings an ACL with what it writes."""
    good(t.main.put(bucket, "source", b"source"))
    yield t.main.put(bucket, "new", b"new", headers=headers)
    yield t.main.copy(bucket + "/source", bucket, "new", headers=headers)
    yield t.main.post(bucket, "new", query={"uploads": None}, headers=headers)


BAD = [("private", {"x-amz-acl": "private"}), ("public-read", {"x-amz-acl": "public-read"}),
       ("authenticated-read", {"x-amz-acl": "authenticated-read"}),
       ("bucket-owner-read", {"x-amz-acl": "bucket-owner-read"}),
       ("log-delivery-write", {"x-amz-acl": "log-delivery-write"}),
       ("a grant to everybody", {"x-amz-grant-read": "uri=\"%s\"" % EVERYONE})]


@each(*BAD)
def enforced_takes_nothing_written_with(t, headers):
    bucket = enforced(t)
    for answer in everywhere(t, bucket, headers):
        refused(answer, 400, "AccessControlListNotSupported")
    refused(t.main.head(bucket, "new"), 404, "")
    same(good(t.main.get(bucket, query={"uploads": None})).xml.all("Upload"), [], "uploads")


@each(("the canned one", lambda t: {"x-amz-acl": "bucket-owner-full-control"}),
      ("a grant", lambda t: {"x-amz-grant-full-control": "id=\"%s\"" % t.owner()}), ("none", lambda t: {}))
def enforced_takes_what_is_the_owners_by(t, headers):
    bucket = enforced(t)
    for answer in everywhere(t, bucket, headers(t)):
        good(answer)
    same(grants(t, bucket, "new"), [(t.owner(), "FULL_CONTROL")], "grants")


@test
def enforced_takes_no_other_grant_to_the_owner(t):
    bucket = enforced(t)
    for answer in everywhere(t, bucket, {"x-amz-grant-read": "id=\"%s\"" % t.owner()}):
        refused(answer, 400, "AccessControlListNotSupported")


@each(("a form", "public-read"), ("a private form", "private"))
def enforced_takes_no_acl_of(t, acl):
    form = Form(t, fields=[("acl", acl)])
    set_to(t, form.bucket, "BucketOwnerEnforced")
    form.absent(form.send(), 400, "AccessControlListNotSupported")


@each(("a bucket", None), ("an object", "key"))
def enforced_has_one_list_for(t, key):
    bucket = enforced(t)
    good(t.main.put(bucket, "key", b"x"))
    for name in ("public-read", "authenticated-read", "bucket-owner-read"):
        refused(t.main.put(bucket, key, query={"acl": None}, headers={"x-amz-acl": name}), 400,
                "AccessControlListNotSupported")
    for rows in ([], [(t.owner(t.alt), "READ")], [(t.owner(), "READ")],
                 [(t.owner(), "FULL_CONTROL"), (EVERYONE, "READ")]):
        refused(t.main.put_xml(bucket, "acl", policy(t.owner(), rows), key), 400, "AccessControlListNotSupported")
    good(t.main.put_xml(bucket, "acl", policy(t.owner(), [(t.owner(), "FULL_CONTROL")]), key))
    for name in ("bucket-owner-full-control", "private"):
        good(t.main.put(bucket, key, query={"acl": None}, headers={"x-amz-acl": name}))
    same(grants(t, bucket, key), [(t.owner(), "FULL_CONTROL")], "grants")


@test
def enforced_is_no_reason_for_a_stranger(t):
    """Who may not is told so, and not how the bucket is."""
    bucket = enforced(t)
    for client in (t.alt, t.anon):
        refused(client.put(bucket, "key", b"x", headers={"x-amz-acl": "public-read"}), 403, "AccessDenied")
        refused(client.put(bucket, query={"acl": None}, headers={"x-amz-acl": "public-read"}), 403, "AccessDenied")


@each("BucketOwnerPreferred", "ObjectWriter")
def acls_count_with(t, name):
    bucket = t.bucket(headers={"x-amz-object-ownership": name, "x-amz-acl": "public-read-write"})
    good(t.alt.put(bucket, "key", b"theirs", headers={"x-amz-acl": "bucket-owner-full-control"}))
    same(grants(t, bucket, "key"), [(t.owner(), "FULL_CONTROL")], "grants")
    content(t.main.get(bucket, "key"), b"theirs")
    good(t.alt.put(bucket, "open", b"open", headers={"x-amz-acl": "public-read"}))
    content(t.anon.get(bucket, "open"), b"open")
