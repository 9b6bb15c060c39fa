# SPDX-License-Identifier: GPL-2.0-or-later
"""Access control lists: canned ones, documents, grants in headers, and what they let others do."""

from core.client import NAMESPACE
from core.expect import content, each, good, refused, same, test

XSI = "http://www.w3.org/2001/XMLSchema-instance"
EVERYONE = "http://acs.amazonaws.com/groups/global/AllUsers"
KNOWN = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
CANNED = {"private": [], "public-read": [(EVERYONE, "READ")],
          "public-read-write": [(EVERYONE, "READ"), (EVERYONE, "WRITE")], "authenticated-read": [(KNOWN, "READ")]}


def grants(t, bucket, key=None):
    """(grantee, permission) of each."""
    xml = good(t.main.get(bucket, key, {"acl": None})).xml
    same(xml.tag, "AccessControlPolicy", "root")
    return sorted((g.text("Grantee/ID") or g.text("Grantee/URI"), g.text("Permission"))
                  for g in xml.all("AccessControlList/Grant"))


def policy(owner, rows):
    """A document; a grantee with "://" is a group."""
    out = ""
    for who, what in rows:
        kind, tag = ("Group", "URI") if "://" in who else ("CanonicalUser", "ID")
        out += "<Grant><Grantee xmlns:xsi=\"%s\" xsi:type=\"%s\"><%s>%s</%s></Grantee>" % (XSI, kind, tag, who, tag)
        out += "<Permission>%s</Permission></Grant>" % what
    return "<AccessControlPolicy xmlns=\"%s\"><Owner><ID>%s</ID></Owner><AccessControlList>%s</AccessControlList>" \
        "</AccessControlPolicy>" % (NAMESPACE, owner, out)


@test
def of_a_new_bucket_is_private(t):
    same(grants(t, t.bucket()), [(t.owner(), "FULL_CONTROL")], "grants")


@test
def of_a_new_object_is_private(t):
    same(grants(t, *t.object()), [(t.owner(), "FULL_CONTROL")], "grants")


@test
def is_a_document_of_s3(t):
    xml = good(t.main.get(t.bucket(), query={"acl": None})).xml
    same((xml.namespace, xml.text("Owner/ID")), (NAMESPACE, t.owner()), "root and owner")
    same(xml.all("AccessControlList/Grant/Grantee")[0].attribute("type"), "CanonicalUser", "xsi:type")


@each(*CANNED)
def canned_for_a_bucket(t, name):
    wanted = sorted(CANNED[name] + [(t.owner(), "FULL_CONTROL")])
    same(grants(t, t.bucket(headers={"x-amz-acl": name})), wanted, "grants of a bucket made with it")
    bucket = t.bucket()
    good(t.main.put(bucket, query={"acl": None}, headers={"x-amz-acl": name}))
    same(grants(t, bucket), wanted, "grants of a bucket given it")


@each(*CANNED, "bucket-owner-read", "bucket-owner-full-control")
def canned_for_an_object(t, name):
    wanted = sorted(CANNED.get(name, []) + [(t.owner(), "FULL_CONTROL")])
    bucket, key = t.object(headers={"x-amz-acl": name})
    same(sorted(set(grants(t, bucket, key)) - {(t.owner(), "READ")}), wanted, "grants of an object made with it")
    good(t.main.put(bucket, key, query={"acl": None}, headers={"x-amz-acl": "private"}))
    good(t.main.put(bucket, key, query={"acl": None}, headers={"x-amz-acl": name}))
    same(sorted(set(grants(t, bucket, key)) - {(t.owner(), "READ")}), wanted, "grants of an object given it")


@each(("a bucket", None), ("an object", "key"))
def canned_that_does_not_exist(t, key):
    bucket, _ = t.object()
    refused(t.main.put(bucket, key, query={"acl": None}, headers={"x-amz-acl": "public-everything"}), 400,
            "InvalidArgument")


# Who may do what, by the bucket's and the object's list.
MAY = [("private, private", "private", "private", ""), ("public-read, private", "public-read", "private", "list"),
       ("private, public-read", "private", "public-read", "read"),
       ("public-read-write, private", "public-read-write", "private", "list write delete"),
       ("public-read-write, public-read", "public-read-write", "public-read", "list write delete read"),
       ("private, authenticated-read", "private", "authenticated-read", "read-known"),
       ("authenticated-read, private", "authenticated-read", "private", "list-known")]


@each(*((n + ": " + who, b, o, may, who) for n, b, o, may in MAY for who in ("another team", "nobody")))
def lets_others(t, of_bucket, of_object, may, who):
    client, may = (t.alt if who == "another team" else t.anon), may.split()
    if who == "another team":
        may = [m.replace("-known", "") for m in may]
    bucket = t.bucket(headers={"x-amz-acl": of_bucket})
    for key in ("key", "other"):
        good(t.main.put(bucket, key, b"content", headers={"x-amz-acl": of_object}))

    def check(what, answer, status=200):
        if what in may:
            good(answer, status)
        else:
            refused(answer, 403, "AccessDenied")

    check("read", client.get(bucket, "key"))
    check("read", client.head(bucket, "key"))
    check("list", client.list(bucket))
    check("list", client.head(bucket))
    check("write", client.put(bucket, "new", b"x"))
    check("delete", client.delete(bucket, "other"), 204)
    check("acl", client.get(bucket, "key", {"acl": None}))
    check("acl", client.put(bucket, "key", query={"acl": None}, headers={"x-amz-acl": "public-read"}))
    check("acl", client.put(bucket, query={"acl": None}, headers={"x-amz-acl": "public-read"}))


@each(("another team", "alt"), ("nobody", "anon"))
def writer_chooses_the_list_of_what_he_writes(t, who):
    """Who writes by the bucket's list owns it in S3, so that he may share it, and give it tags."""
    bucket, client = t.bucket(headers={"x-amz-acl": "public-read-write"}), getattr(t, who)
    good(t.main.put(bucket, "old", b"old"))
    for headers in ({"x-amz-acl": "public-read"}, {"x-amz-grant-read": "uri=\"%s\"" % EVERYONE}):
        good(client.put(bucket, "new", b"new", headers={**headers, "x-amz-tagging": "a=b"}))
        content(t.anon.get(bucket, "new"), b"new")
    refused(client.put(bucket, "old", query={"acl": None}, headers={"x-amz-acl": "public-read"}), 403, "AccessDenied")
    none = "<Tagging><TagSet/></Tagging>"
    refused(client.put(bucket, "old", query={"tagging": None}, body=none), 403, "AccessDenied")
    refused(t.anon.get(bucket, "old"), 403, "AccessDenied")


@each("public-read", "public-read-write", "authenticated-read")
def canned_is_for_the_owner_whoever_sends_it(t, name):
    """Who may write the list of another's bucket makes himself no owner by a canned one."""
    rows = [(t.owner(), "FULL_CONTROL"), (t.owner(t.alt), "WRITE"), (t.owner(t.alt), "WRITE_ACP")]
    wanted = sorted(CANNED[name] + [(t.owner(), "FULL_CONTROL")])
    bucket, key = t.object()
    good(t.main.put_xml(bucket, "acl", policy(t.owner(), rows)))
    good(t.main.put_xml(bucket, "acl", policy(t.owner(), rows), key))
    good(t.alt.put(bucket, "new", b"new", headers={"x-amz-acl": name}))
    same(grants(t, bucket, "new"), wanted, "grants of an object that another team made")
    begun = good(t.alt.post(bucket, "parts", query={"uploads": None}, headers={"x-amz-acl": name}))
    upload = begun.xml.text("UploadId")
    etag = good(t.alt.put(bucket, "parts", b"part", query={"partNumber": "1", "uploadId": upload})).etag
    good(t.alt.post(bucket, "parts", query={"uploadId": upload}, body="<CompleteMultipartUpload><Part><PartNumber>1"
                    "</PartNumber><ETag>%s</ETag></Part></CompleteMultipartUpload>" % etag))
    same(grants(t, bucket, "parts"), wanted, "grants of what another team uploaded in parts")
    good(t.alt.put(bucket, key, query={"acl": None}, headers={"x-amz-acl": name}))
    same(grants(t, bucket, key), wanted, "grants of an object that another team gave it")
    refused(t.alt.put(bucket, key, query={"acl": None}, headers={"x-amz-acl": name}), 403, "AccessDenied")
    good(t.alt.put(bucket, query={"acl": None}, headers={"x-amz-acl": name}))
    same(grants(t, bucket), wanted, "grants of a bucket that another team gave it")
    refused(t.alt.put(bucket, query={"acl": None}, headers={"x-amz-acl": name}), 403, "AccessDenied")


@each("x-amz-grant-read", "x-amz-acl")
def header_may_be_given_once(t, name):
    """The first of them alone would count."""
    values = ["public-read", "private"] if name == "x-amz-acl" else ["uri=\"%s\"" % g for g in (EVERYONE, KNOWN)]
    refused(t.main.put(t.bucket(), "key", b"x", headers=[(name, v) for v in values]), 400, "InvalidArgument")


PERMISSIONS = ["READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL"]


@each(*PERMISSIONS)
def document_for_a_bucket_grants(t, permission):
    bucket, alt = t.bucket(), t.owner(t.alt)
    rows = [(t.owner(), "FULL_CONTROL"), (alt, permission)]
    good(t.main.put_xml(bucket, "acl", policy(t.owner(), rows)))
    same(grants(t, bucket), sorted(rows), "grants")
    everything = permission == "FULL_CONTROL"
    for what, answer in (("READ", t.alt.list(bucket)), ("WRITE", t.alt.put(bucket, "key", b"x")),
                         ("READ_ACP", t.alt.get(bucket, query={"acl": None})),
                         ("WRITE_ACP", t.alt.put_xml(bucket, "acl", policy(t.owner(), rows)))):
        if everything or permission == what:
            good(answer)
        else:
            refused(answer, 403, "AccessDenied")


@each(*(p for p in PERMISSIONS if p != "WRITE"))
def document_for_an_object_grants(t, permission):
    bucket, key = t.object()
    rows = [(t.owner(), "FULL_CONTROL"), (t.owner(t.alt), permission)]
    good(t.main.put_xml(bucket, "acl", policy(t.owner(), rows), key))
    same(grants(t, bucket, key), sorted(rows), "grants")
    everything = permission == "FULL_CONTROL"
    for what, answer in (("READ", t.alt.get(bucket, key)), ("READ_ACP", t.alt.get(bucket, key, {"acl": None})),
                         ("WRITE_ACP", t.alt.put_xml(bucket, "acl", policy(t.owner(), rows), key))):
        if everything or permission == what:
            good(answer)
        else:
            refused(answer, 403, "AccessDenied")


@each(*PERMISSIONS)
def header_grants(t, permission):
    headers = {"x-amz-grant-" + permission.lower().replace("_", "-"): "id=\"%s\"" % t.owner(t.alt)}
    bucket = t.bucket(headers=headers)
    same((t.owner(t.alt), permission) in grants(t, bucket), True, "granted for a bucket made with it")
    if permission == "WRITE":
        return
    bucket, key = t.object(headers=headers)
    same((t.owner(t.alt), permission) in grants(t, bucket, key), True, "granted for an object made with it")


@test
def header_grants_to_groups(t):
    bucket, key = t.object(headers={"x-amz-grant-read": "uri=\"%s\"" % EVERYONE})
    content(t.anon.get(bucket, key), b"content")


@test
def header_and_canned_are_one_too_many(t):
    refused(t.main.put(t.bucket(), query={"acl": None}, headers={
        "x-amz-acl": "private", "x-amz-grant-read": "uri=\"%s\"" % EVERYONE}), 400, "InvalidRequest")


@test
def document_and_canned_are_one_too_many(t):
    refused(t.main.put_xml(t.bucket(), "acl", policy(t.owner(), []), headers={"x-amz-acl": "private"}), 400,
            "UnexpectedContent")
    bucket, key = t.object()
    refused(t.main.put_xml(bucket, "acl", policy(t.owner(), []), key, headers={
        "x-amz-grant-read": "uri=\"%s\"" % EVERYONE}), 400, "UnexpectedContent")


@test
def of_no_words_is_refused(t):
    bucket, key = t.object(headers={"x-amz-acl": "public-read"})
    refused(t.main.put(bucket, query={"acl": None}), 400, "MissingSecurityHeader")
    refused(t.main.put(bucket, key, query={"acl": None}), 400, "MissingSecurityHeader")
    content(t.anon.get(bucket, key), b"content")


@each(("junk", "junk"), ("half", "<AccessControlPolicy>"), ("another root", "<Acl/>"),
      ("an unknown permission", None))
def document_of(t, body):
    body = body or policy(t.owner(), [(t.owner(), "ALMIGHTY")])
    refused(t.main.put_xml(t.bucket(), "acl", body), 400, ("MalformedACLError", "MalformedXML"))


@each(("a bucket", None), ("an object", "key"))
def document_for_an_unknown_grantee(t, key):
    bucket, _ = t.object()
    refused(t.main.put_xml(bucket, "acl", policy(t.owner(), [("nobody-that-we-know", "READ")]), key), 400,
            "InvalidArgument")


@test
def document_cannot_give_the_bucket_away(t):
    bucket = t.bucket()
    refused(t.main.put_xml(bucket, "acl", policy(t.owner(t.alt), [(t.owner(t.alt), "FULL_CONTROL")])), 403,
            "AccessDenied")
    same(grants(t, bucket), [(t.owner(), "FULL_CONTROL")], "grants")


@test
def of_a_missing_key(t):
    refused(t.main.get(t.bucket(), "nothing", {"acl": None}), 404, "NoSuchKey")


@test
def owner_can_always_give_itself_rights(t):
    bucket = t.bucket()
    good(t.main.put_xml(bucket, "acl", policy(t.owner(), [])))
    good(t.main.put(bucket, query={"acl": None}, headers={"x-amz-acl": "private"}))
    good(t.main.list(bucket))


@test
def document_may_take_all_back(t):
    bucket, key = t.object()
    for of in (None, key):
        good(t.main.put_xml(bucket, "acl", policy(t.owner(), []), of))
        same(grants(t, bucket, of), [], "grants")
        good(t.main.put(bucket, of, query={"acl": None}, headers={"x-amz-acl": "private"}))
        same(grants(t, bucket, of), [(t.owner(), "FULL_CONTROL")], "grants of a private one")


@test
def tells_the_name_of_each_team(t):
    bucket = t.bucket()
    rows = [(t.owner(), "FULL_CONTROL"), (t.owner(t.alt), "READ")]
    good(t.main.put_xml(bucket, "acl", policy(t.owner(), rows)))
    names = {c.get().xml.text("Owner/ID"): c.get().xml.text("Owner/DisplayName") for c in (t.main, t.alt)}
    xml = good(t.main.get(bucket, query={"acl": None})).xml
    for g in xml.all("AccessControlList/Grant/Grantee"):
        same(g.text("DisplayName"), names[g.text("ID")], "name")


@test
def lists_groups_before_users(t):
    xml = good(t.main.get(t.bucket(headers={"x-amz-acl": "public-read-write"}), query={"acl": None})).xml
    same([(bool(g.all("Grantee/URI")), g.text("Permission")) for g in xml.all("AccessControlList/Grant")],
         [(True, "READ"), (True, "WRITE"), (False, "FULL_CONTROL")], "grants")


@test
def is_replaced_with_the_object(t):
    bucket, key = t.object(headers={"x-amz-acl": "public-read"})
    good(t.anon.get(bucket, key))
    good(t.main.put(bucket, key, b"secret"))
    refused(t.anon.get(bucket, key), 403, "AccessDenied")
