# SPDX-License-Identifier: GPL-2.0-or-later
"""Conditions of bucket policies: each is filled in wherever it can be asked of, or refused."""

from cases.policy import document, given, put, statement
from cases.post_form import Form
from core import sign
from core.expect import each, good, refused, same, test

HERE = "127.0.0.0/8"
ELSEWHERE = "198.51.100.0/24"


def denies(action, resource, condition):
    """A bucket of three objects, to which a statement denies the action so."""
    return lambda t: given(t, lambda b: statement(b, "Deny", action=action, resource=resource, Condition=condition))


def tagged(t, bucket, key, tags):
    good(t.main.put_xml(bucket, "tagging", "<Tagging><TagSet>%s</TagSet></Tagging>" % "".join(
        "<Tag><Key>%s</Key><Value>%s</Value></Tag>" % pair for pair in tags), key=key), (200, 204))


def reading(**how):
    return lambda t, b: t.main.get(b, "public/a", **how)


def writing(**headers):
    names = {k.replace("_", "-"): v for k, v in headers.items()}
    return lambda t, b: t.main.put(b, "new", b"x", headers=names)


def listing(**query):
    return lambda t, b: t.main.list(b, **query)


def copying(source, **headers):
    names = {k.replace("_", "-"): v for k, v in headers.items()}
    return lambda t, b: t.main.copy(b + source, b, "copy", headers=names)


def kind(operator, key, value):
    return {operator: {key: value}}


# What is denied, where, under which condition; who meets it, and who does not.
@each(
    ("the address", "s3:GetObject", "/public/a", kind("IpAddress", "aws:SourceIp", HERE), reading(),
     lambda t, b: t.main.get(b, "public/b")),
    ("another address", "s3:GetObject", "/*", kind("NotIpAddress", "aws:SourceIp", ELSEWHERE), reading(), listing()),
    ("no TLS", "s3:GetObject", "/*", kind("Bool", "aws:SecureTransport", "false"), reading(), listing()),
    ("the agent", "s3:GetObject", "/*", kind("StringLike", "aws:UserAgent", "evil*"),
     reading(headers={"User-Agent": "evil/1"}), reading(headers={"User-Agent": "good/1"})),
    ("the referrer", "s3:GetObject", "/*", kind("StringNotLike", "aws:Referer", "https://good/*"), reading(),
     reading(headers={"Referer": "https://good/page"})),
    ("the user", "s3:GetObject", "/public/a", kind("Null", "aws:username", "false"), reading(),
     lambda t, b: t.main.get(b, "public/b")),
    ("the time", "s3:GetObject", "/public/a", kind("DateGreaterThan", "aws:CurrentTime", "2020-01-01T00:00:00Z"),
     reading(), lambda t, b: t.main.get(b, "public/b")),
    ("the time as a text", "s3:GetObject", "/public/a", kind("StringLike", "aws:CurrentTime", "20??-*Z"),
     reading(), lambda t, b: t.main.get(b, "public/b")),
    ("a prefix", "s3:ListBucket", "", kind("StringEquals", "s3:prefix", "private/"), listing(prefix="private/"),
     listing(prefix="public/")),
    ("a delimiter", "s3:ListBucket", "", kind("Null", "s3:delimiter", "true"), listing(), listing(delimiter="/")),
    ("many keys", "s3:ListBucket", "", kind("NumericGreaterThan", "s3:max-keys", "10"), listing(),
     listing(max_keys=10)),
    ("a canned ACL", "s3:PutObject", "/*", kind("StringEquals", "s3:x-amz-acl", "public-read"),
     writing(x_amz_acl="public-read"), writing(x_amz_acl="private")),
    ("a canned ACL that is set", "s3:PutObjectAcl", "/*", kind("StringLike", "s3:x-amz-acl", "public-*"),
     lambda t, b: t.main.put(b, "public/a", query={"acl": None}, headers={"x-amz-acl": "public-read"}),
     lambda t, b: t.main.put(b, "public/a", query={"acl": None}, headers={"x-amz-acl": "private"})),
    ("a canned ACL of an upload", "s3:PutObject", "/*", kind("StringEquals", "s3:x-amz-acl", "public-read"),
     lambda t, b: t.main.post(b, "new", query={"uploads": None}, headers={"x-amz-acl": "public-read"}),
     lambda t, b: t.main.post(b, "new", query={"uploads": None})),
    ("a granted ACL", "s3:PutObject", "/*", kind("Null", "s3:x-amz-grant-read", "false"),
     writing(x_amz_grant_read='uri="http://acs.amazonaws.com/groups/global/AllUsers"'), writing()),
    ("encryption", "s3:PutObject", "/*", kind("Null", "s3:x-amz-server-side-encryption", "true"), writing(),
     writing(x_amz_server_side_encryption="AES256")),
    ("a storage class", "s3:PutObject", "/*", kind("StringEquals", "s3:x-amz-storage-class", "STANDARD"),
     writing(x_amz_storage_class="STANDARD"), writing()),
    ("a source of copies", "s3:PutObject", "/*", kind("StringLike", "s3:x-amz-copy-source", "*/private/*"),
     copying("/private/c"), copying("/public/a")),
    ("a source that is encoded", "s3:PutObject", "/*", kind("StringLike", "s3:x-amz-copy-source", "*/private/*"),
     copying("/%70rivate%2Fc"), copying("/public/a")),
    ("a source with its version", "s3:PutObject", "/*", kind("StringLike", "s3:x-amz-copy-source", "/*/private/c"),
     copying("/private/c?versionId=null"), copying("/public/a?versionId=null")),
    ("a directive", "s3:PutObject", "/*", kind("StringEquals", "s3:x-amz-metadata-directive", "REPLACE"),
     copying("/public/a", x_amz_metadata_directive="REPLACE"), copying("/public/a")),
    ("a payload without a hash", "s3:PutObject", "/*",
     kind("StringEquals", "s3:x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
     lambda t, b: t.main.put(b, "new", b"x", payload=sign.UNSIGNED), writing()),
    ("a signature in the URL", "s3:GetObject", "/*", kind("StringEquals", "s3:authType", "REST-QUERY-STRING"),
     reading(auth="query"), reading()),
    ("a signature in the head", "s3:GetObject", "/*", kind("StringNotEquals", "s3:authType", "REST-QUERY-STRING"),
     reading(), reading(auth="query")),
    ("an old signature", "s3:GetObject", "/*", kind("NumericGreaterThan", "s3:signatureAge", "60000"),
     reading(auth="query", when=sign.stamp(-120)), reading(auth="query")),
    ("its algorithm", "s3:GetObject", "/*", kind("StringEquals", "s3:signatureversion", sign.ECDSA_ALGORITHM),
     reading(auth="header4a"), reading()),
    ("a tag that is brought", "s3:PutObject", "/*", kind("StringEquals", "s3:RequestObjectTag/a", "1"),
     writing(x_amz_tagging="a=1"), writing(x_amz_tagging="a=2")),
    ("a tag that is missing", "s3:PutObject", "/*", kind("StringNotEquals", "s3:RequestObjectTag/a", "1"), writing(),
     writing(x_amz_tagging="a=1")),
    ("a name of tags", "s3:PutObject", "/*",
     kind("ForAnyValue:StringNotEquals", "s3:RequestObjectTagKeys", ["a", "c"]), writing(x_amz_tagging="a=1&b=2"),
     writing(x_amz_tagging="a=1&c=2")),
    ("if there is nothing", "s3:PutObject", "/*", kind("Null", "s3:if-none-match", "true"), writing(),
     writing(If_None_Match="*")))
def denies_by(t, action, resource, condition, met, missed):
    bucket = denies(action, resource, condition)(t)
    refused(met(t, bucket), 403, "AccessDenied")
    good(missed(t, bucket))


@each(("get", "s3:GetObject", lambda t, b, k: t.main.get(b, k)),
      ("head", "s3:GetObject", lambda t, b, k: t.main.head(b, k)),
      ("get its tags", "s3:GetObjectTagging", lambda t, b, k: t.main.get(b, k, {"tagging": None})),
      ("get its ACL", "s3:GetObjectAcl", lambda t, b, k: t.main.get(b, k, {"acl": None})),
      ("put", "s3:PutObject", lambda t, b, k: t.main.put(b, k, b"x")),
      ("begin an upload", "s3:PutObject", lambda t, b, k: t.main.post(b, k, query={"uploads": None})),
      ("put its ACL", "s3:PutObjectAcl", lambda t, b, k: t.main.put(b, k, query={"acl": None}, headers={
          "x-amz-acl": "private"})),
      ("delete its tags", "s3:DeleteObjectTagging", lambda t, b, k: t.main.delete(b, k, {"tagging": None})),
      ("copy from it", "s3:GetObject", lambda t, b, k: t.main.copy(b + "/" + k, b, "copy")),
      ("delete", "s3:DeleteObject", lambda t, b, k: t.main.delete(b, k)))
def tag_of_the_object_denies(t, action, ask):
    bucket = t.bucket()
    for key, tags in (("shut", [("state", "shut")]), ("open", [("state", "open")])):
        good(t.main.put(bucket, key, b"x"))
        tagged(t, bucket, key, tags)
    good(put(t, bucket, document(statement(bucket, "Deny", action=action, Condition=kind(
        "StringEquals", "s3:ExistingObjectTag/state", "shut")))), (200, 204))
    refused(ask(t, bucket, "shut"), 403, "AccessDenied")
    good(ask(t, bucket, "open"), (200, 204))


@test
def tag_of_the_object_holds_in_delete_many(t):
    bucket = t.bucket()
    for number in range(20):
        good(t.main.put(bucket, "k%d" % number, b"x", headers={"x-amz-tagging": "hold=%d" % (number % 2)}))
    good(put(t, bucket, document(statement(bucket, "Deny", action="s3:DeleteObject", Condition=kind(
        "StringEquals", "s3:ExistingObjectTag/hold", "1")))), (200, 204))
    xml = good(t.main.delete_many(bucket, ["k%d" % n for n in range(20)])).xml
    same(sorted(xml.texts("Error/Key")), sorted("k%d" % n for n in range(1, 20, 2)), "kept")
    same(set(xml.texts("Error/Code")), {"AccessDenied"}, "why")


@test
def version_denies(t):
    bucket = t.versioned()
    first = good(t.main.put(bucket, "key", b"1")).version
    second = good(t.main.put(bucket, "key", b"2")).version
    good(put(t, bucket, document(statement(bucket, "Deny", action="s3:GetObjectVersion", Condition=kind(
        "StringEquals", "s3:VersionId", first)))), (200, 204))
    refused(t.main.get(bucket, "key", {"versionId": first}), 403, "AccessDenied")
    good(t.main.get(bucket, "key", {"versionId": second}))
    refused(t.main.copy("%s/key?versionId=%s" % (bucket, first), bucket, "copy"), 403, "AccessDenied")
    good(t.main.copy("%s/key?versionId=%s" % (bucket, second), bucket, "copy"))


@test
def source_of_a_copied_part_denies(t):
    bucket = denies("s3:PutObject", "/*", kind("StringLike", "s3:x-amz-copy-source", "*/private/*"))(t)
    upload = t.main.start(bucket, "new")
    for source, wanted in (("/private/c", 403), ("/public/a", 200)):
        answer = t.main.part(bucket, "new", upload, 1, b"", headers={"x-amz-copy-source": bucket + source})
        same(answer.status, wanted, source)


@each(("its ACL", kind("StringEquals", "s3:x-amz-acl", "public-read"), ("acl", "public-read"), ("acl", "private")),
      ("its encryption", kind("Null", "s3:x-amz-server-side-encryption", "true"), ("x-amz-meta-a", "b"),
       ("x-amz-server-side-encryption", "AES256")),
      ("a tag", kind("StringEquals", "s3:RequestObjectTag/a", "b"),
       ("tagging", "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"),
       ("tagging", "<Tagging><TagSet><Tag><Key>a</Key><Value>c</Value></Tag></TagSet></Tagging>")))
def denies_a_form_by(t, condition, met, missed):
    for field, status in ((met, 403), (missed, 204)):
        form = Form(t, fields=[field])
        good(put(t, form.bucket, document(statement(form.bucket, "Deny", action="s3:PutObject",
                                                    Condition=condition))), (200, 204))
        same(form.send().status, status, "status with %s" % (field,))


@test
def denies_forms(t):
    form = Form(t)
    good(put(t, form.bucket, document(statement(form.bucket, "Deny", action="s3:PutObject", Condition=kind(
        "StringEquals", "s3:authType", "POST")))), (200, 204))
    form.absent(form.send(), 403, "AccessDenied")
    good(t.main.put(form.bucket, "form-key", b"x"))


@test
def tags_of_a_source_are_not_copied_by_who_may_not_read_them(t):
    bucket = given(t, statement)
    tagged(t, bucket, "public/a", [("secret", "1")])
    mine = t.bucket(t.alt)
    refused(t.alt.copy(bucket + "/public/a", mine, "copy"), 403, "AccessDenied")
    good(t.alt.copy(bucket + "/public/a", mine, "copy", headers={"x-amz-tagging-directive": "REPLACE"}))
    same(good(t.alt.get(mine, "copy", {"tagging": None})).xml.texts("TagSet/Tag/Key"), [], "tags")
    good(t.alt.copy(bucket + "/public/b", mine, "copy"))


# What could never be met, or nobody fills in.
@each(("a prefix of a GET", "s3:GetObject", "/*", kind("StringEquals", "s3:prefix", "a")),
      ("a prefix of objects", "s3:*", "/*", kind("StringEquals", "s3:prefix", "a")),
      ("a canned ACL of a GET", "s3:GetObject", "/*", kind("StringEquals", "s3:x-amz-acl", "private")),
      ("a version of the latest", "s3:GetObject", "/*", kind("StringEquals", "s3:VersionId", "a")),
      ("a source of a GET", "s3:GetObject", "/*", kind("StringLike", "s3:x-amz-copy-source", "a/*")),
      ("a tag that DELETE would bring", "s3:DeleteObject", "/*", kind("StringEquals", "s3:RequestObjectTag/a", "b")),
      ("the version of TLS", "s3:GetObject", "/*", kind("NumericLessThan", "s3:TlsVersion", "1.2")),
      ("the place of a bucket that is there", "s3:*", ["", "/*"], kind("StringEquals", "s3:LocationConstraint", "a")),
      ("the source account", "s3:*", ["", "/*"], kind("StringEquals", "aws:SourceAccount", "111122223333")),
      ("a network", "s3:*", ["", "/*"], kind("StringEquals", "aws:SourceVpc", "vpc-1")),
      ("a customer's key", "s3:PutObject", "/*",
       kind("Null", "s3:x-amz-server-side-encryption-customer-algorithm", "true")),
      ("an address of an agent", "s3:GetObject", "/*", kind("IpAddress", "aws:UserAgent", "10.0.0.0/8")),
      ("a number of an address", "s3:GetObject", "/*", kind("NumericEquals", "aws:SourceIp", "1")),
      ("both of true and false", "s3:ListBucket", "", kind("Null", "s3:prefix", ["true", "false"])))
def is_refused_on(t, action, resource, condition):
    bucket = t.bucket()
    refused(put(t, bucket, document(statement(bucket, "Deny", action=action, resource=resource,
                                              Condition=condition))), 400, "MalformedPolicy")
    refused(t.main.get(bucket, query={"policy": None}), 404, "NoSuchBucketPolicy")


ALLOWED = {"s3:GetObject": {}, "s3:GetObjectTagging": {"tagging": None}, "s3:GetObjectAcl": {"acl": None}}


@each(*((action, action) for action in ALLOWED))
def tag_of_the_object_lets_others(t, action):
    """What it lets them do, and not the same to another object, nor anything else to this one."""
    bucket = given(t, lambda b: statement(b, action=action, Condition=kind(
        "StringEquals", "s3:ExistingObjectTag/level", "open")))
    tagged(t, bucket, "public/a", [("level", "open"), ("other", "x")])
    tagged(t, bucket, "public/b", [("level", "closed")])
    tagged(t, bucket, "private/c", [("levels", "open")])
    for other, query in ALLOWED.items():
        answer = t.alt.get(bucket, "public/a", query)
        good(answer) if other == action else refused(answer, 403, "AccessDenied")
    for key in ("public/b", "private/c"):
        refused(t.alt.get(bucket, key, ALLOWED[action]), 403, "AccessDenied")


@test
def tag_that_is_asked_for_lets_others_write(t):
    bucket = given(t, lambda b: statement(b, action=["s3:PutObject", "s3:PutObjectTagging"], Condition=kind(
        "StringEquals", "s3:RequestObjectTag/level", "open")))
    refused(t.alt.put(bucket, "new", b"x"), 403, "AccessDenied")
    refused(t.alt.put(bucket, "new", b"x", headers={"x-amz-tagging": "level=closed"}), 403, "AccessDenied")
    refused(t.main.head(bucket, "new"), 404, "")
    good(t.alt.put(bucket, "new", b"x", headers={"x-amz-tagging": "level=open"}))
    same(t.main.head(bucket, "new").status, 200, "status of the object")


@test
def tags_that_were_there_let_others_replace_them(t):
    """Who gives the object tags that are not allowed has locked himself out."""
    bucket = given(t, lambda b: statement(b, action="s3:PutObjectTagging", Condition=kind(
        "StringEquals", "s3:ExistingObjectTag/level", "open")))
    tagged(t, bucket, "public/a", [("level", "open")])
    for level, status in (("open", 200), ("closed", 200), ("open", 403)):
        answer = t.alt.put_xml(bucket, "tagging", "<Tagging><TagSet><Tag><Key>level</Key><Value>%s</Value></Tag>"
                                                  "</TagSet></Tagging>" % level, key="public/a")
        good(answer) if status == 200 else refused(answer, status, "AccessDenied")
    xml = good(t.main.get(bucket, "public/a", {"tagging": None})).xml
    same(xml.texts("TagSet/Tag/Value"), ["closed"], "tags")


@test
def condition_that_may_be_missing_lets_in_who_has_none(t):
    bucket = given(t, lambda b: statement(b, Condition=kind("StringLikeIfExists", "aws:Referer", "https://good/*")))
    good(t.anon.get(bucket, "public/a"))
    good(t.anon.get(bucket, "public/a", headers={"Referer": "https://good/page"}))
    refused(t.anon.get(bucket, "public/a", headers={"Referer": "https://evil/"}), 403, "AccessDenied")


@test
def source_lets_others_copy(t):
    """The bucket may be written with copies of some of what another bucket has, and with nothing else."""
    source = given(t, lambda b: statement(b))
    bucket = given(t, lambda b: statement(b, action="s3:PutObject", Condition=kind(
        "StringLike", "s3:x-amz-copy-source", source + "/public/*")))
    good(t.alt.copy(source + "/public/a", bucket, "copy"))
    refused(t.alt.copy(source + "/private/c", bucket, "other"), 403, "AccessDenied")
    refused(t.alt.put(bucket, "other", b"x"), 403, "AccessDenied")
    refused(t.main.head(bucket, "other"), 404, "")
