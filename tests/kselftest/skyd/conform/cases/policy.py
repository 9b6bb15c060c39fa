# SPDX-License-Identifier: GPL-2.0-or-later
"""Bucket policies: kept as they are, refused when they are none, and obeyed."""

import json

from core.expect import content, each, good, refused, same, test, want


def arn(bucket, rest=""):
    return "arn:aws:s3:::" + bucket + rest


def statement(bucket, effect="Allow", action="s3:GetObject", resource="/*", principal="*", **more):
    resources = resource if isinstance(resource, list) else [resource]
    return {"Effect": effect, "Principal": principal, "Action": action,
            "Resource": [arn(bucket, r) for r in resources], **more}


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def put(t, bucket, text, client=None):
    return (client or t.main).put(bucket, body=text, query={"policy": None})


@test
def is_kept_as_it_is_and_removed(t):
    bucket = t.bucket()
    text = document(statement(bucket))
    same(good(put(t, bucket, text), (200, 204)).body, b"", "body")
    same(json.loads(good(t.main.get(bucket, query={"policy": None})).body), json.loads(text), "policy")
    good(t.main.delete(bucket, query={"policy": None}), 204)
    refused(t.main.get(bucket, query={"policy": None}), 404, "NoSuchBucketPolicy")


@test
def of_a_bucket_that_has_none(t):
    refused(t.main.get(t.bucket(), query={"policy": None}), 404, "NoSuchBucketPolicy")


@test
def remove_of_none_succeeds(t):
    good(t.main.delete(t.bucket(), query={"policy": None}), 204)


@each(("get", "GET"), ("put", "PUT"), ("delete", "DELETE"))
def by_another_team(t, method):
    bucket = t.bucket()
    refused(t.alt.call(method, bucket, query={"policy": None},
                       body=document(statement(bucket)) if method == "PUT" else b""), 403, "AccessDenied")


def changed(**how):
    """A statement with these members, or without those that are None."""
    def make(bucket):
        one = statement(bucket)
        one.update(how)
        return document({k: v for k, v in one.items() if v is not None})
    return make


BAD = [("junk", lambda b: "junk"), ("nothing", lambda b: ""), ("an empty object", lambda b: "{}"),
       ("a list", lambda b: "[]"), ("no statement", lambda b: document()),
       ("an unknown version", lambda b: document(statement(b)).replace("2012-10-17", "2020-01-01")),
       ("an unknown effect", changed(Effect="Perhaps")), ("no effect", changed(Effect=None)),
       ("no principal", changed(Principal=None)), ("an empty principal", changed(Principal={"AWS": []})),
       ("a role", changed(Principal={"AWS": "arn:aws:iam::123456789012:role/reader"})),
       ("a pattern of users", changed(Principal={"AWS": "arn:aws:iam::123456789012:user/*"})),
       ("no canonical id", changed(Principal={"CanonicalUser": "123456789012"})),
       ("no action", changed(Action=None)), ("an empty action", changed(Action="")),
       ("no actions", changed(Action=[])), ("an unknown action", changed(Action="s3:NoSuchAction")),
       ("another service's action", changed(Action="ec2:RunInstances")),
       ("no resource", changed(Resource=None)), ("an empty resource", changed(Resource="")),
       ("no resources", changed(Resource=[])), ("another form of resource", changed(Resource="bucket/key")),
       ("another bucket", changed(Resource="arn:aws:s3:::another-bucket-of-ours/*")),
       ("a slash first", lambda b: document(statement(b)).replace(":::", ":::/")),
       ("an unknown condition", changed(Condition={"StringSeems": {"s3:prefix": "a"}})),
       ("half of it", lambda b: document(statement(b))[:-1])]


@each(*BAD)
def is_refused_with(t, make):
    bucket = t.bucket()
    refused(put(t, bucket, make(bucket)), 400, ("MalformedPolicy", "MissingRequestBodyError"))
    refused(t.main.get(bucket, query={"policy": None}), 404, "NoSuchBucketPolicy")


@test
def is_refused_when_it_is_too_long(t):
    bucket = t.bucket()
    text = document(*(statement(bucket, Sid="s%d" % i + "x" * 100) for i in range(150)))
    refused(put(t, bucket, text), 400, ("MalformedPolicy", "EntityTooLarge", "PolicyTooLarge",
                                        "MaxMessageLengthExceeded"))


@each(("an object's action for the bucket", "s3:GetObject", ""), ("the bucket's action for objects", "s3:ListBucket",
                                        "/*"))
def is_refused_for(t, action, resource):
    bucket = t.bucket()
    refused(put(t, bucket, document(statement(bucket, action=action, resource=resource))), 400, "MalformedPolicy")


def given(t, *make):
    """A bucket with a few objects, and the policy of these statements."""
    bucket = t.bucket()
    for key in ("public/a", "public/b", "private/c"):
        good(t.main.put(bucket, key, key.encode()))
    good(put(t, bucket, document(*(m(bucket) for m in make))), (200, 204))
    return bucket


@each(("nobody", "anon"), ("another team", "alt"))
def lets_read_below_a_prefix(t, who):
    bucket, client = given(t, lambda b: statement(b, resource="/public/*")), getattr(t, who)
    content(client.get(bucket, "public/a"), b"public/a")
    good(client.head(bucket, "public/b"))
    refused(client.get(bucket, "private/c"), 403, "AccessDenied")
    refused(client.put(bucket, "public/a", b"x"), 403, "AccessDenied")
    refused(client.delete(bucket, "public/a"), 403, "AccessDenied")
    refused(client.list(bucket), 403, "AccessDenied")


@test
def lets_read_one_key(t):
    bucket = given(t, lambda b: statement(b, resource="/public/a"))
    content(t.anon.get(bucket, "public/a"), b"public/a")
    refused(t.anon.get(bucket, "public/b"), 403, "AccessDenied")


@test
def lets_read_what_a_question_mark_stands_for(t):
    bucket = given(t, lambda b: statement(b, resource="/public/?"))
    good(t.anon.get(bucket, "public/a"))
    refused(t.anon.get(bucket, "private/c"), 403, "AccessDenied")


@test
def lets_list(t):
    bucket = given(t, lambda b: statement(b, action="s3:ListBucket", resource=""))
    same(len(good(t.alt.list(bucket)).xml.all("Contents")), 3, "objects")
    refused(t.alt.get(bucket, "public/a"), 403, "AccessDenied")


@test
def tells_of_a_missing_key_only_who_may_list(t):
    bucket = given(t, lambda b: statement(b))
    refused(t.alt.get(bucket, "nothing"), 403, "AccessDenied")
    bucket = given(t, statement, lambda b: statement(b, action="s3:ListBucket", resource=""))
    refused(t.alt.get(bucket, "nothing"), 404, "NoSuchKey")


@test
def lets_write(t):
    bucket = given(t, lambda b: statement(b, action=["s3:PutObject"], resource="/in/*"))
    good(t.alt.put(bucket, "in/new", b"new"))
    refused(t.alt.put(bucket, "out/new", b"new"), 403, "AccessDenied")
    want("in/new" in good(t.main.list(bucket)).xml.texts("Contents/Key"), "it is there")


@each(("private", {"x-amz-acl": "private"}), ("full control", {"x-amz-acl": "bucket-owner-full-control"}),
      ("read", {"x-amz-acl": "bucket-owner-read"}), ("granted to him", {"x-amz-grant-full-control": "id=OWNER"}))
def who_writes_may_say_that_it_is_the_owners(t, headers):
    bucket = given(t, lambda b: statement(b, action="s3:PutObject", resource="/in/*"))
    headers = {name: value.replace("OWNER", t.owner()) for name, value in headers.items()}
    good(t.alt.put(bucket, "in/new", b"new", headers=headers))
    good(t.alt.post(bucket, "in/new", query={"uploads": None}, headers=headers))
    content(t.main.get(bucket, "in/new"), b"new")
    bucket = given(t, lambda b: statement(b, action="s3:PutObject", resource="/in/*"),
                   lambda b: statement(b, "Deny", action="s3:PutObjectAcl", resource="/in/*"))
    refused(t.alt.put(bucket, "in/new", b"new", headers=headers), 403, "AccessDenied")


@each(("everybody", {"x-amz-acl": "public-read"}), ("a group", {
    "x-amz-grant-read": "uri=\"http://acs.amazonaws.com/groups/global/AllUsers\""}),
      ("himself", {"x-amz-grant-read": "id=WRITER"}))
def who_writes_may_not_share_it_with(t, headers):
    bucket = given(t, lambda b: statement(b, action="s3:PutObject", resource="/in/*"))
    headers = {name: value.replace("WRITER", t.owner(t.alt)) for name, value in headers.items()}
    refused(t.alt.put(bucket, "in/new", b"new", headers=headers), 403, "AccessDenied")
    refused(t.alt.post(bucket, "in/new", query={"uploads": None}, headers=headers), 403, "AccessDenied")
    refused(t.main.head(bucket, "in/new"), 404, "")


@test
def lets_delete(t):
    bucket = given(t, lambda b: statement(b, action="s3:DeleteObject", resource="/public/*"))
    good(t.alt.delete(bucket, "public/a"), 204)
    refused(t.alt.delete(bucket, "private/c"), 403, "AccessDenied")


@test
def lets_everything_by_a_star(t):
    bucket = given(t, lambda b: statement(b, action="s3:*", resource=["", "/*"]))
    good(t.alt.list(bucket))
    good(t.alt.put(bucket, "new", b"x"))
    good(t.alt.get(bucket, "new"))
    good(t.alt.delete(bucket, "new"), 204)


@test
def star_may_end_an_action(t):
    bucket = given(t, lambda b: statement(b, action="s3:Get*"))
    good(t.alt.get(bucket, "public/a"))
    refused(t.alt.delete(bucket, "public/a"), 403, "AccessDenied")


@each("GetEncryptionConfiguration", "GetBucketLogging", "GetBucketNotification", "GetBucketOwnershipControls",
      "GetBucketPublicAccessBlock", "GetReplicationConfiguration", "GetBucketRequestPayment", "GetBucketWebsite",
      "GetAccelerateConfiguration", "PutEncryptionConfiguration", "PutBucketNotification", "PutBucketWebsite",
      "PutReplicationConfiguration", "PutBucketPublicAccessBlock", "PutBucketOwnershipControls")
def names_what_else_a_bucket_has(t, action):
    bucket = t.bucket()
    text = document(statement(bucket, action="s3:" + action, resource=""))
    good(put(t, bucket, text), (200, 204))
    objects = document(statement(bucket, action="s3:" + action))
    refused(put(t, bucket, objects), 400, "MalformedPolicy")


@each("PutObjectRetention", "GetObjectLegalHold", "ReplicateObject", "GetObjectTorrent")
def names_what_else_an_object_has(t, action):
    bucket = t.bucket()
    good(put(t, bucket, document(statement(bucket, action="s3:" + action))), (200, 204))


@test
def deny_of_a_setting_is_obeyed(t):
    bucket = given(t, lambda b: statement(b, "Deny", action="s3:GetEncryptionConfiguration", resource=""))
    refused(t.main.get(bucket, query={"encryption": None}), 403, "AccessDenied")
    good(t.main.get(bucket, query={"requestPayment": None}))


@test
def deny_wins(t):
    bucket = given(t, statement, lambda b: statement(b, "Deny", resource="/private/*"))
    good(t.alt.get(bucket, "public/a"))
    refused(t.alt.get(bucket, "private/c"), 403, "AccessDenied")


@test
def deny_binds_the_owner_too(t):
    bucket = given(t, lambda b: statement(b, "Deny", action="s3:DeleteObject", resource="/private/*"))
    refused(t.main.delete(bucket, "private/c"), 403, "AccessDenied")
    good(t.main.delete(bucket, "public/a"), 204)


@test
def deny_wins_over_an_acl(t):
    bucket, key = t.object(headers={"x-amz-acl": "public-read"})
    good(t.anon.get(bucket, key))
    good(put(t, bucket, document(statement(bucket, "Deny"))), (200, 204))
    refused(t.anon.get(bucket, key), 403, "AccessDenied")


@test
def deny_holds_in_delete_many(t):
    bucket = given(t, lambda b: statement(b, "Deny", action="s3:DeleteObject", resource="/private/*"))
    xml = good(t.main.delete_many(bucket, ["public/a", "private/c"])).xml
    same((xml.texts("Deleted/Key"), xml.texts("Error/Key"), xml.texts("Error/Code")),
         (["public/a"], ["private/c"], ["AccessDenied"]), "result")


@test
def is_over_when_it_is_removed(t):
    bucket = given(t, statement)
    good(t.anon.get(bucket, "public/a"))
    good(t.main.delete(bucket, query={"policy": None}), 204)
    refused(t.anon.get(bucket, "public/a"), 403, "AccessDenied")


@test
def does_not_open_other_buckets(t):
    given(t, lambda b: statement(b, action="s3:*", resource=["", "/*"]))
    other, key = t.object()
    refused(t.alt.get(other, key), 403, "AccessDenied")


@test
def holds_for_the_source_of_a_copy(t):
    bucket = given(t, lambda b: statement(b, resource="/public/*"))
    mine = t.bucket(t.alt)
    good(t.alt.copy(bucket + "/public/a", mine, "copy"))
    content(t.alt.get(mine, "copy"), b"public/a")
    refused(t.alt.copy(bucket + "/private/c", mine, "copy"), 403, "AccessDenied")


@test
def condition_on_the_prefix_of_a_list(t):
    bucket = given(t, lambda b: statement(b, action="s3:ListBucket", resource="", Condition={
        "StringEquals": {"s3:prefix": "public/"}}))
    good(t.alt.list(bucket, prefix="public/"))
    refused(t.alt.list(bucket, prefix="private/"), 403, "AccessDenied")
    refused(t.alt.list(bucket), 403, "AccessDenied")


@test
def condition_on_an_address_elsewhere(t):
    bucket = given(t, lambda b: statement(b, Condition={"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}))
    refused(t.alt.get(bucket, "public/a"), 403, "AccessDenied")


@each(("for all", statement, "true"), ("for none", lambda b: statement(b, "Deny"), "false"))
def status_tells_whether_it_is_public(t, make, wanted):
    bucket = given(t, make)
    xml = good(t.main.get(bucket, query={"policyStatus": None})).xml
    same(xml.text("IsPublic", "").lower(), wanted, "IsPublic")
