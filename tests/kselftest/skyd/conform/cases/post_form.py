# SPDX-License-Identifier: GPL-2.0-or-later
"""Uploads by a form of a browser, with a policy that says what it may hold."""

import base64
import hashlib
import hmac
import json
import time

from core import sign, sums
from core.expect import content, each, good, header, refused, same, test, want

BOUNDARY = "----sky-form-boundary"


def multipart(fields, body, filename="file.txt", tail=b""):
    """fields: pairs; the file comes last, unless body is None."""
    out = b""
    for name, value in fields:
        out += ("--%s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n" % (BOUNDARY, name, value)).encode()
    if body is not None:
        out += ("--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%s\"\r\n"
                "Content-Type: text/plain\r\n\r\n" % (BOUNDARY, filename)).encode() + body + b"\r\n"
    return out + ("--%s--\r\n" % BOUNDARY).encode() + tail


class Form:
    """A form that would do, to be changed by a test before it is sent."""

    def __init__(self, t, key="form-key", fields=(), conditions=None, lifetime=600, body=b"form body"):
        self.t, self.bucket, self.body = t, t.bucket(), body
        signer = t.main.signer()
        self.fields = [("key", key)] + list(fields) + [
            ("x-amz-algorithm", signer.algorithm), ("x-amz-credential", signer.credential()),
            ("x-amz-date", signer.when)]
        if conditions is None:
            conditions = [["starts-with", "$" + n, v[:1]] if n == "key" else {n: v} for n, v in self.fields]
            conditions.append({"bucket": self.bucket})
        else:
            conditions = conditions + [{"bucket": self.bucket}] + [{n: v} for n, v in self.fields[-3:]]
        expiration = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + lifetime))
        self.sign(signer, json.dumps({"expiration": expiration, "conditions": conditions}))

    def sign(self, signer, policy):
        encoded = base64.b64encode(policy.encode()).decode()
        self.fields = [f for f in self.fields if f[0] not in ("policy", "x-amz-signature")]
        self.fields += [("policy", encoded), ("x-amz-signature", signer.sign(encoded))]

    def set(self, name, value):
        self.fields = [(n, v) for n, v in self.fields if n != name] + ([] if value is None else [(name, value)])

    def send(self, whole=None, kind=None, **how):
        return self.t.anon.post(self.bucket, None, whole or multipart(self.fields, self.body, **how), headers={
            "Content-Type": kind or "multipart/form-data; boundary=" + BOUNDARY})

    def absent(self, answer, status, code, key="form-key"):
        refused(answer, status, code)
        refused(self.t.main.head(self.bucket, key), 404, "")


@test
def stores_the_file(t):
    form = Form(t)
    answer = good(form.send(), 204)
    header(answer, "etag", sums.etag(b"form body"))
    want(form.bucket in (answer.headers["location"] or "") and "form-key" in answer.headers["location"], "Location")
    content(t.main.get(form.bucket, "form-key"), b"form body")


@test
def keeps_bytes_that_look_like_a_boundary(t):
    body = b"\r\n--" + BOUNDARY.encode()[:-1] + b"\r\n--\r\n\r\n" + bytes(range(256))
    form = Form(t, body=body)
    good(form.send(), 204)
    content(t.main.get(form.bucket, "form-key"), body)


@each(("nothing", b""), ("a megabyte", bytes(range(256)) * 4096))
def stores_a_file_of(t, body):
    form = Form(t, body=body)
    good(form.send(), 204)
    content(t.main.get(form.bucket, "form-key"), body)


@test
def puts_the_files_name_into_the_key(t):
    form = Form(t, key="up/${filename}")
    good(form.send(filename="a b.txt"), 204)
    content(t.main.get(form.bucket, "up/a b.txt"), b"form body")


@test
def holds_the_files_name_against_the_policy(t):
    form = Form(t, key="${filename}", conditions=[["starts-with", "$key", "up/"]])
    form.absent(form.send(filename="a.txt"), 403, "AccessDenied", "a.txt")
    form = Form(t, key="up/${filename}", conditions=[["eq", "$key", "up/a.txt"]])
    form.absent(form.send(filename="b.txt"), 403, "AccessDenied", "up/b.txt")
    good(form.send(filename="dir/a.txt"), 204)
    content(t.main.get(form.bucket, "up/a.txt"), b"form body")


@test
def puts_the_files_name_into_other_fields(t):
    form = Form(t, fields=[("x-amz-meta-file", "<${filename}>")],
                conditions=[{"key": "form-key"}, {"x-amz-meta-file": "<a.txt>"}])
    form.absent(form.send(filename="b.txt"), 403, "AccessDenied")
    good(form.send(filename="a.txt"), 204)
    header(good(t.main.head(form.bucket, "form-key")), "x-amz-meta-file", "<a.txt>")


@test
def keeps_headers_and_metadata(t):
    form = Form(t, fields=[("Content-Type", "text/x-own"), ("x-amz-meta-a", "b"), ("Cache-Control", "no-store")])
    good(form.send(), 204)
    got = good(t.main.head(form.bucket, "form-key"))
    for name, value in (("content-type", "text/x-own"), ("x-amz-meta-a", "b"), ("cache-control", "no-store")):
        header(got, name, value)


@each(("an ACL", "x-amz-acl", "public-read"), ("a grant", "x-amz-grant-read", "id=\"1\""),
      ("tags", "x-amz-tagging", "a=b"))
def refuses_what_a_header_would_say(t, name, value):
    """Forms have fields of their own for these."""
    form = Form(t, fields=[(name, value)])
    form.absent(form.send(), 400, "InvalidArgument")


@test
def takes_a_canned_acl(t):
    form = Form(t, fields=[("acl", "public-read")])
    good(form.send(), 204)
    content(t.anon.get(form.bucket, "form-key"), b"form body")


@test
def takes_tags(t):
    form = Form(t, fields=[("tagging", "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>")])
    good(form.send(), 204)
    same(good(t.main.get(form.bucket, "form-key", {"tagging": None})).xml.texts("TagSet/Tag/Key"), ["a"], "tags")


@each(("200", 200), ("201", 201), ("204", 204))
def answers_with_the_status(t, status):
    form = Form(t, fields=[("success_action_status", str(status))])
    answer = good(form.send(), status)
    if status == 201:
        same(answer.xml.tag, "PostResponse", "root")
        for name, value in (("Bucket", form.bucket), ("Key", "form-key"), ("ETag", sums.etag(b"form body"))):
            same(answer.xml.text(name), value, name)
        want("form-key" in answer.xml.text("Location", ""), "Location")


@test
def answers_a_status_that_is_none_with_204(t):
    good(Form(t, fields=[("success_action_status", "404")]).send(), 204)


@test
def sends_the_browser_on(t):
    form = Form(t, fields=[("success_action_redirect", "http://example.com/done")])
    where = good(form.send(), 303).headers["location"]
    want(where.startswith("http://example.com/done?"), "Location is %s", where)
    for part in ("bucket=" + form.bucket, "key=form-key", "etag=%22"):
        want(part in where, "%s in %s", part, where)


@test
def takes_names_of_fields_in_any_case(t):
    form = Form(t)
    form.fields = [(n.title() if n in ("key", "policy") else n, v) for n, v in form.fields]
    good(form.send(), 204)
    good(t.main.head(form.bucket, "form-key"))


@test
def ignores_what_begins_with_x_ignore(t):
    form = Form(t)
    form.set("x-ignore-this", "anything")
    good(form.send(), 204)


@test
def ignores_what_comes_after_the_file(t):
    form = Form(t)
    whole = multipart(form.fields, form.body)[:-len("--%s--\r\n" % BOUNDARY)] + multipart([("key", "other")], None)
    good(form.send(whole), 204)
    good(t.main.head(form.bucket, "form-key"))
    refused(t.main.head(form.bucket, "other"), 404, "")


@test
def is_refused_without_a_policy(t):
    form = Form(t)
    form.set("policy", None)
    form.absent(form.send(), 400, "InvalidArgument")


@each(("words", "a key"), ("another region's service", "KEY/20300101/us-east-1/ec2/aws4_request"))
def is_refused_with_a_credential_of(t, value):
    form = Form(t)
    form.set("x-amz-credential", value)
    form.absent(form.send(), 400, "InvalidArgument")


@test
def of_nobody_goes_into_a_public_bucket_only(t):
    form = Form(t)
    form.fields = [("key", "form-key")]
    form.absent(form.send(), 403, "AccessDenied")
    good(t.main.put(form.bucket, query={"acl": None}, headers={"x-amz-acl": "public-read-write"}))
    good(form.send(), 204)


@test
def is_refused_when_it_has_expired(t):
    form = Form(t, lifetime=-60)
    form.absent(form.send(), 403, "AccessDenied")


@each(("signature", "x-amz-signature", "0" * 64), ("policy", "policy", base64.b64encode(b"{}").decode()))
def is_refused_for_another(t, name, value):
    form = Form(t)
    form.set(name, value)
    form.absent(form.send(), 403, "SignatureDoesNotMatch")


@test
def is_refused_of_an_unknown_key(t):
    form = Form(t)
    signer = t.main.signer(cred=sign.Cred("AKIANOSUCHKEYATALL00", "s" * 40))
    form.set("x-amz-credential", signer.credential())
    form.absent(form.send(), 403, "InvalidAccessKeyId")


@test
def of_another_team_is_refused(t):
    form = Form(t)
    signer, credential = t.alt.signer(), t.alt.signer().credential()
    form.set("x-amz-credential", credential)
    policy = json.loads(base64.b64decode(dict(form.fields)["policy"]))
    policy["conditions"] = [c if not isinstance(c, dict) or "x-amz-credential" not in c
                            else {"x-amz-credential": credential} for c in policy["conditions"]]
    form.sign(signer, json.dumps(policy))
    form.absent(form.send(), 403, "AccessDenied")


@each("x-amz-credential", "x-amz-date", "x-amz-signature", "key")
def is_refused_without(t, name):
    form = Form(t)
    form.set(name, None)
    answer = form.send()
    want(answer.status in (400, 403), "%s", answer)
    refused(t.main.head(form.bucket, "form-key"), 404, "")


@test
def is_refused_without_a_file(t):
    form = Form(t)
    form.body = None
    form.absent(form.send(), 400, ("InvalidArgument", "IncorrectNumberOfFilesInPostRequest", "MalformedPOSTRequest"))


@test
def field_that_the_policy_does_not_name_is_refused(t):
    form = Form(t)
    form.set("x-amz-meta-extra", "1")
    form.absent(form.send(), 403, "AccessDenied")


@each(("eq", ["eq", "$key", "form-key"], 204), ("eq, another", ["eq", "$key", "other"], 403),
      ("starts-with", ["starts-with", "$key", "form"], 204), ("starts-with nothing", ["starts-with", "$key", ""], 204),
      ("starts-with, another", ["starts-with", "$key", "x"], 403), ("an object", {"key": "form-key"}, 204),
      ("an object, another", {"key": "other"}, 403))
def condition(t, one, status):
    form = Form(t, conditions=[one])
    if status == 204:
        good(form.send(), 204)
    else:
        form.absent(form.send(), 403, "AccessDenied")


@test
def condition_that_the_form_does_not_meet_at_all(t):
    form = Form(t, conditions=[{"key": "form-key"}, {"x-amz-meta-a": "1"}])
    form.absent(form.send(), 403, "AccessDenied")


@test
def condition_on_another_bucket(t):
    form = Form(t, conditions=[{"key": "form-key"}, {"bucket": "another-bucket"}])
    form.absent(form.send(), 403, "AccessDenied")


@each(("inside", 1, 100, 204, ""), ("exactly", 9, 9, 204, ""), ("too small", 10, 100, 400, "EntityTooSmall"),
      ("too large", 0, 8, 400, "EntityTooLarge"))
def condition_on_the_length(t, low, high, status, code):
    form = Form(t, conditions=[{"key": "form-key"}, ["content-length-range", low, high]])
    if status == 204:
        good(form.send(), 204)
    else:
        form.absent(form.send(), status, code)


def resigned(change):
    """A form with a policy that was changed before it was signed."""
    def make(t):
        form = Form(t)
        policy = json.loads(base64.b64decode(dict(form.fields)["policy"]))
        form.sign(t.main.signer(), change(policy))
        return form
    return make


@each(("junk", lambda p: "junk"), ("half of it", lambda p: json.dumps(p)[:-3]), ("a list", lambda p: "[]"),
      ("no expiration", lambda p: json.dumps({"conditions": p["conditions"]})),
      ("no conditions", lambda p: json.dumps({"expiration": p["expiration"]})),
      ("an expiration of junk", lambda p: json.dumps({**p, "expiration": "tomorrow"})),
      ("an unknown operator", lambda p: json.dumps({**p, "conditions": p["conditions"] + [["like", "$key", "a"]]})),
      ("a range of words", lambda p: json.dumps({**p, "conditions": p["conditions"] + [
          ["content-length-range", "a", "b"]]})),
      ("half a range", lambda p: json.dumps({**p, "conditions": p["conditions"] + [["content-length-range", 1]]})),
      ("conditions of a word", lambda p: json.dumps({**p, "conditions": "none"})),
      ("a condition of a word", lambda p: json.dumps({**p, "conditions": p["conditions"] + ["none"]})),
      ("a condition of nothing", lambda p: json.dumps({**p, "conditions": p["conditions"] + [{}]})),
      ("two conditions in one", lambda p: json.dumps({**p, "conditions": [
          {k: v for c in p["conditions"] if isinstance(c, dict) for k, v in c.items()}, ["eq", "$key", "form-key"]]})),
      ("more than that", lambda p: json.dumps({**p, "allow": "all"})),
      ("another case", lambda p: json.dumps({"Expiration": p["expiration"], "conditions": p["conditions"]})))
def policy_of(t, change):
    form = resigned(change)(t)
    answer = form.send()
    refused(answer, 400, ("InvalidPolicyDocument", "InvalidArgument"))
    refused(t.main.head(form.bucket, "form-key"), 404, "")


@each(("no bucket", lambda p: json.dumps({**p, "conditions": [c for c in p["conditions"] if "bucket" not in c]})),
      ("a name without its sign", lambda p: json.dumps({**p, "conditions": p["conditions"] + [
          ["eq", "key", "form-key"]]})))
def policy_that_is_not_met_for_it_has(t, change):
    form = resigned(change)(t)
    form.absent(form.send(), 403, "AccessDenied")


@each(("no boundary", "multipart/form-data"), ("another type", "application/x-www-form-urlencoded"))
def request_of(t, kind):
    form = Form(t)
    answer = form.send(kind=kind)
    want(answer.status in (400, 412, 415), "%s", answer)
    refused(t.main.head(form.bucket, "form-key"), 404, "")


@test
def body_that_ends_too_early(t):
    form = Form(t)
    whole = multipart(form.fields, form.body)
    answer = form.send(whole[:-20])
    want(answer.status == 400, "%s", answer)
    refused(t.main.head(form.bucket, "form-key"), 404, "")


@test
def into_a_missing_bucket(t):
    form = Form(t)
    form.bucket = t.name()
    refused(form.send(), 404, "NoSuchBucket")


@test
def checksum_that_is_wrong(t):
    form = Form(t, fields=[("x-amz-checksum-crc32", sums.checksum("CRC32", b"other"))])
    form.absent(form.send(), 400, "BadDigest")


@each("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256")
def checksum_is_kept(t, name):
    for fields in ([(sums.header(name), sums.checksum(name, b"form body"))], [("x-amz-checksum-algorithm", name)]):
        form = Form(t, fields=fields)
        good(form.send(), 204)
        header(good(t.main.head(form.bucket, "form-key", headers={"x-amz-checksum-mode": "ENABLED"})),
               sums.header(name), sums.checksum(name, b"form body"))


@each(("junk", [("x-amz-checksum-crc32", "junk")]), ("an unknown one", [("x-amz-checksum-crc33", "AAAAAA==")]),
      ("two", [(sums.header(n), sums.checksum(n, b"form body")) for n in ("CRC32", "SHA1")]),
      ("an unknown algorithm", [("x-amz-checksum-algorithm", "CRC33")]),
      ("one of another algorithm", [(sums.header("CRC32"), sums.checksum("CRC32", b"form body")),
                                    ("x-amz-checksum-algorithm", "SHA1")]))
def checksum_may_not_be(t, fields):
    form = Form(t, fields=fields)
    form.absent(form.send(), 400, "InvalidRequest")


@test
def type_of_nothing_is_none(t):
    form = Form(t, fields=[("Content-Type", "")])
    good(form.send(), 204)
    header(good(t.main.head(form.bucket, "form-key")), "content-type", "binary/octet-stream")


class OldForm(Form):
    """The same, signed by version 2."""

    def sign(self, signer, policy):
        cred = signer.cred
        policy = json.loads(policy)
        policy["conditions"] = [c for c in policy["conditions"] if not any(
            "x-amz-" + n in c for n in ("algorithm", "credential", "date"))]
        encoded = base64.b64encode(json.dumps(policy).encode())
        mac = base64.b64encode(hmac.new(cred.secret.encode(), encoded, hashlib.sha1).digest()).decode()
        self.fields = [f for f in self.fields if not f[0].startswith("x-amz-") or f[0] == "x-amz-meta-a"]
        self.fields += [("AWSAccessKeyId", cred.access), ("signature", mac), ("policy", encoded.decode())]


@test
def of_version_2_stores_the_file(t):
    form = OldForm(t, fields=[("acl", "private"), ("Content-Type", "text/plain"), ("x-amz-meta-a", "b")])
    header(good(form.send(), 204), "etag", sums.etag(b"form body"))
    header(content(t.main.get(form.bucket, "form-key"), b"form body"), "x-amz-meta-a", "b")


@test
def of_version_2_takes_names_in_any_case(t):
    form = OldForm(t, conditions=[["StArTs-WiTh", "$KeY", "form"]])
    form.fields = [(n.swapcase(), v) for n, v in form.fields]
    good(form.send(), 204)


@test
def of_version_2_is_bound_to_its_policy(t):
    form = OldForm(t, key="other-key", conditions=[{"key": "form-key"}])
    form.absent(form.send(), 403, "AccessDenied", "other-key")
    form = OldForm(t, lifetime=-60)
    form.absent(form.send(), 403, "AccessDenied")


@each(("another signature", "signature", base64.b64encode(b"0" * 20).decode(), 403, "SignatureDoesNotMatch"),
      ("a short signature", "signature", "AAAA", 403, "SignatureDoesNotMatch"),
      ("junk for a signature", "signature", "junk!", 403, "SignatureDoesNotMatch"),
      ("no signature", "signature", None, 400, "InvalidArgument"),
      ("no key", "AWSAccessKeyId", None, 400, "InvalidArgument"),
      ("an unknown key", "AWSAccessKeyId", "AKIANOSUCHKEYATALL00", 403, "InvalidAccessKeyId"),
      ("no policy", "policy", None, 400, "InvalidArgument"),
      ("another policy", "policy", base64.b64encode(b"{}").decode(), 403, "SignatureDoesNotMatch"),
      ("a part of version 4", "x-amz-date", "20300101T000000Z", 400, "InvalidArgument"))
def of_version_2_is_refused_with(t, name, value, status, code):
    form = OldForm(t)
    form.set(name, value)
    form.absent(form.send(), status, code)


@test
def of_version_2_and_another_team_is_refused(t):
    form = OldForm(t)
    policy = base64.b64decode(dict(form.fields)["policy"]).decode()
    form.fields = [f for f in form.fields if f[0] not in ("AWSAccessKeyId", "signature", "policy")]
    form.sign(t.alt.signer(), policy)
    form.absent(form.send(), 403, "AccessDenied")


@test
def of_version_2_can_be_forbidden(t):
    old, new = OldForm(t), Form(t)
    for form in (old, new):
        good(t.main.put(form.bucket, query={"policy": None}, body=json.dumps({
            "Version": "2012-10-17", "Statement": [{
                "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject",
                "Resource": "arn:aws:s3:::%s/*" % form.bucket,
                "Condition": {"StringEquals": {"s3:signatureversion": "AWS"}}}]})), (200, 204))
    old.absent(old.send(), 403, "AccessDenied")
    good(new.send(), 204)
