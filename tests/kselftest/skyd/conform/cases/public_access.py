# SPDX-License-Identifier: GPL-2.0-or-later
"""Public access blocks: four flags, each of which keeps everybody away in its own way."""

from core.client import NAMESPACE
from core.expect import content, each, good, refused, same, test
from cases import acl, policy
from cases.acl import EVERYONE, KNOWN, grants
from cases.post_form import Form

FLAGS = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"]
SUB = {"publicAccessBlock": None}


def element(name, value="true"):
    return "<%s>%s</%s>" % (name, value, name)


def document(*inner):
    return "<PublicAccessBlockConfiguration xmlns=\"%s\">%s</PublicAccessBlockConfiguration>" % (
        NAMESPACE, "".join(inner))


def shown(t, bucket):
    xml = good(t.main.get(bucket, query=SUB)).xml
    same(xml.tag, "PublicAccessBlockConfiguration", "root")
    return [xml.text(name) for name in FLAGS]


def block(t, bucket, *flags):
    good(t.main.put_xml(bucket, "publicAccessBlock", document(*(element(f) for f in flags))))


@each(*((f, f) for f in FLAGS))
def is_set_and_removed(t, flag):
    bucket = t.bucket()
    refused(t.main.get(bucket, query=SUB), 404, "NoSuchPublicAccessBlockConfiguration")
    block(t, bucket, flag)
    same(shown(t, bucket), ["true" if f == flag else "false" for f in FLAGS], "flags")
    good(t.main.put_xml(bucket, "publicAccessBlock", document(element(flag, "false"))))
    same(shown(t, bucket), ["false"] * 4, "flags that are off")
    good(t.main.delete(bucket, query=SUB), 204)
    refused(t.main.get(bucket, query=SUB), 404, "NoSuchPublicAccessBlockConfiguration")


@test
def has_all_four(t):
    bucket = t.bucket()
    block(t, bucket, *FLAGS[::-1])
    same(shown(t, bucket), ["true"] * 4, "flags")


@each(("junk", "junk"), ("nothing", ""), ("another root", "<PublicAccessBlock/>"), ("no flag", document()),
      ("a flag twice", document(element("BlockPublicAcls"), element("BlockPublicAcls"))),
      ("a flag and its contrary", document(element("BlockPublicAcls"), element("BlockPublicAcls", "false"))),
      ("perhaps", document(element("BlockPublicAcls", "perhaps"))), ("a 1", document(element("IgnorePublicAcls", "1"))),
      ("no value", document(element("RestrictPublicBuckets", ""))),
      ("an unknown flag", document(element("BlockPublicAcls"), element("BlockAll"))),
      ("half of it", document(element("BlockPublicPolicy"))[:-5]),
      ("a megabyte", document(element("BlockPublicPolicy"), " " * (1 << 20))))
def document_of(t, body):
    bucket = t.bucket()
    block(t, bucket, "IgnorePublicAcls")
    refused(t.main.put_xml(bucket, "publicAccessBlock", body), 400,
            ("MalformedXML", "InvalidRequest", "MissingRequestBodyError", "MaxMessageLengthExceeded", "EntityTooLarge"))
    same(shown(t, bucket), ["false", "true", "false", "false"], "flags")


@each(("another team", "alt"), ("nobody", "anon"))
def is_for_its_own_team(t, who):
    bucket, client = t.bucket(headers={"x-amz-acl": "public-read-write"}), getattr(t, who)
    refused(client.put_xml(bucket, "publicAccessBlock", document(element("BlockPublicAcls"))), 403, "AccessDenied")
    refused(client.get(bucket, query=SUB), 403, "AccessDenied")
    block(t, bucket, "BlockPublicAcls")
    refused(client.delete(bucket, query=SUB), 403, "AccessDenied")
    same(shown(t, bucket), ["true", "false", "false", "false"], "flags")


PUBLIC = [("public-read", {"x-amz-acl": "public-read"}), ("authenticated-read", {"x-amz-acl": "authenticated-read"}),
          ("everybody", {"x-amz-grant-read": "uri=\"%s\"" % EVERYONE}),
          ("all users", {"x-amz-grant-full-control": "uri=\"%s\"" % KNOWN})]


@each(*PUBLIC)
def blocked_acl_is_not_set_by(t, headers):
    bucket, key = t.object()
    good(t.main.put(bucket, "source", b"x"))
    block(t, bucket, "BlockPublicAcls")
    refused(t.main.put(bucket, query={"acl": None}, headers=headers), 403, "AccessDenied")
    refused(t.main.put(bucket, key, query={"acl": None}, headers=headers), 403, "AccessDenied")
    refused(t.main.put(bucket, "new", b"new", headers=headers), 403, "AccessDenied")
    refused(t.main.copy(bucket + "/source", bucket, "new", headers=headers), 403, "AccessDenied")
    refused(t.main.post(bucket, "new", query={"uploads": None}, headers=headers), 403, "AccessDenied")
    refused(t.main.head(bucket, "new"), 404, "")
    for of in (None, key):
        same(grants(t, bucket, of), [(t.owner(), "FULL_CONTROL")], "grants")


@each(("a bucket", None), ("an object", "key"))
def blocked_acl_is_not_put_as_a_document_for(t, of):
    bucket, _ = t.object()
    block(t, bucket, "BlockPublicAcls")
    rows = [(t.owner(), "FULL_CONTROL")]
    for group in (EVERYONE, KNOWN):
        refused(t.main.put_xml(bucket, "acl", acl.policy(t.owner(), rows + [(group, "READ_ACP")]), of), 403,
                "AccessDenied")
    rows.append((t.owner(t.alt), "READ"))
    good(t.main.put_xml(bucket, "acl", acl.policy(t.owner(), rows), of))
    same(grants(t, bucket, of), sorted(rows), "grants")


@test
def blocked_acl_of_a_form(t):
    form = Form(t, fields=[("acl", "public-read")])
    block(t, form.bucket, "BlockPublicAcls")
    form.absent(form.send(), 403, "AccessDenied")


@test
def blocked_acls_leave_those_that_are_there(t):
    bucket, key = t.object(headers={"x-amz-acl": "public-read"})
    block(t, bucket, "BlockPublicAcls")
    content(t.anon.get(bucket, key), b"content")
    good(t.main.put(bucket, "private", b"x", headers={"x-amz-acl": "bucket-owner-full-control"}))


@test
def ignored_acls_give_nothing_to_everybody(t):
    """But they can be set, are told, and count again without the flag."""
    bucket = t.bucket(headers={"x-amz-acl": "public-read-write"})
    good(t.main.put(bucket, "open", b"open", headers={"x-amz-acl": "public-read"}))
    good(t.main.put(bucket, "known", b"known", headers={"x-amz-acl": "authenticated-read"}))
    block(t, bucket, "IgnorePublicAcls")
    good(t.main.put(bucket, "new", b"new", headers={"x-amz-acl": "public-read"}))
    for client in (t.anon, t.alt):
        for key in ("open", "known", "new"):
            refused(client.get(bucket, key), 403, "AccessDenied")
        refused(client.list(bucket), 403, "AccessDenied")
        refused(client.put(bucket, "open", b"x"), 403, "AccessDenied")
        refused(client.delete(bucket, "open"), 403, "AccessDenied")
        refused(client.post(bucket, "up", query={"uploads": None}), 403, "AccessDenied")
    same((EVERYONE, "READ") in grants(t, bucket, "open"), True, "told")
    block(t, bucket, "BlockPublicAcls")
    content(t.anon.get(bucket, "open"), b"open")
    content(t.alt.get(bucket, "known"), b"known")


@test
def ignored_acls_still_give_to_a_team(t):
    bucket, key = t.object(headers={"x-amz-grant-read": "id=\"%s\"" % t.owner(t.alt)})
    block(t, bucket, "IgnorePublicAcls")
    content(t.alt.get(bucket, key), b"content")
    refused(t.anon.get(bucket, key), 403, "AccessDenied")


# Whether it is public; each is in a statement that allows everybody.
CONDITIONS = [("no condition", None, True),
              ("an address", {"IpAddress": {"aws:SourceIp": "10.1.0.0/16"}}, False),
              ("all addresses", {"IpAddress": {"aws:SourceIp": ["10.1.0.0/16", "0.0.0.0/0"]}}, True),
              ("half of all addresses", {"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}}, True),
              ("all addresses of IPv6", {"IpAddress": {"aws:SourceIp": "::/0"}}, True),
              ("all but an address", {"NotIpAddress": {"aws:SourceIp": "10.1.0.0/16"}}, True),
              ("a user", {"StringEquals": {"aws:username": "somebody"}}, False),
              ("a user, if there is one", {"StringEqualsIfExists": {"aws:username": "somebody"}}, True),
              ("all users", {"StringLike": {"aws:username": "*"}}, True),
              ("no user", {"Null": {"aws:username": "true"}}, True),
              ("a referer", {"StringEquals": {"aws:Referer": "us"}}, True)]


def conditional(bucket, condition):
    return policy.document(policy.statement(bucket, **({"Condition": condition} if condition else {})))


@each(*CONDITIONS)
def blocked_policy_is_one_for_everybody_with(t, condition, is_public):
    bucket = t.bucket()
    text = conditional(bucket, condition)
    good(policy.put(t, bucket, text), (200, 204))
    told = good(t.main.get(bucket, query={"policyStatus": None})).xml.text("IsPublic")
    same(told, "true" if is_public else "false", "IsPublic")
    good(t.main.delete(bucket, query={"policy": None}), 204)
    block(t, bucket, "BlockPublicPolicy")
    if not is_public:
        good(policy.put(t, bucket, text), (200, 204))
        return
    refused(policy.put(t, bucket, text), 403, "AccessDenied")
    refused(t.main.get(bucket, query={"policy": None}), 404, "NoSuchBucketPolicy")


@test
def blocked_policy_leaves_the_one_that_is_there(t):
    bucket, key = t.object()
    good(policy.put(t, bucket, conditional(bucket, None)), (200, 204))
    block(t, bucket, "BlockPublicPolicy")
    content(t.anon.get(bucket, key), b"content")
    refused(policy.put(t, bucket, conditional(bucket, None)), 403, "AccessDenied")
    good(policy.put(t, bucket, policy.document(policy.statement(bucket, "Deny"))), (200, 204))
    refused(t.anon.get(bucket, key), 403, "AccessDenied")


@test
def restricted_bucket_is_its_owners_alone(t):
    bucket, key = t.object(headers={"x-amz-acl": "public-read"})
    theirs = policy.statement(bucket, action="s3:*", principal={"CanonicalUser": t.owner(t.alt)})
    good(policy.put(t, bucket, policy.document(policy.statement(bucket), theirs)), (200, 204))
    good(t.anon.get(bucket, key))
    good(t.alt.put(bucket, "new", b"x"))
    block(t, bucket, "RestrictPublicBuckets")
    for client in (t.anon, t.alt):
        refused(client.get(bucket, key), 403, "AccessDenied")
        refused(client.put(bucket, "new", b"y"), 403, "AccessDenied")
    content(t.main.get(bucket, key), b"content")
    # It is the policy that makes it so: with another one, what else is granted counts again.
    good(policy.put(t, bucket, policy.document(theirs)), (200, 204))
    content(t.alt.get(bucket, key), b"content")
    content(t.anon.get(bucket, key), b"content")


@test
def restricted_bucket_without_a_public_policy(t):
    bucket, key = t.object(headers={"x-amz-acl": "public-read"})
    block(t, bucket, "RestrictPublicBuckets")
    content(t.anon.get(bucket, key), b"content")
    good(policy.put(t, bucket, conditional(bucket, {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}})), (200, 204))
    content(t.alt.get(bucket, key), b"content")


@test
def status_needs_an_action_of_its_own(t):
    bucket = t.bucket()
    refused(t.main.get(bucket, query={"policyStatus": None}), 404, "NoSuchBucketPolicy")
    deny = policy.statement(bucket, "Deny", action="s3:GetBucketPolicyStatus", resource="")
    good(policy.put(t, bucket, policy.document(deny)), (200, 204))
    refused(t.main.get(bucket, query={"policyStatus": None}), 403, "AccessDenied")
    good(t.main.get(bucket, query={"policy": None}))
    theirs = policy.statement(bucket, action="s3:GetBucketPolicyStatus", resource="",
                              principal={"CanonicalUser": t.owner(t.alt)})
    good(policy.put(t, bucket, policy.document(theirs)), (200, 204))
    same(good(t.alt.get(bucket, query={"policyStatus": None})).xml.text("IsPublic"), "false", "IsPublic")
    refused(t.anon.get(bucket, query={"policyStatus": None}), 403, "AccessDenied")
