# SPDX-License-Identifier: GPL-2.0-or-later
"""Signatures in the query: URLs that work for those who hold them, for a while."""

import hashlib

from core import sign
from core.client import Request
from core.expect import content, each, good, header, refused, same, test, want

BAD = "AuthorizationQueryParametersError"


@test
def get_works(t):
    bucket, key = t.object(body=b"shared")
    content(t.main.get(bucket, key, auth="query"), b"shared")


@test
def head_put_and_delete_work(t):
    bucket = t.bucket()
    good(t.main.put(bucket, "key", b"x", auth="query"))
    good(t.main.head(bucket, "key", auth="query"))
    good(t.main.delete(bucket, "key", auth="query"), 204)
    refused(t.main.head(bucket, "key"), 404, "")


@test
def list_works(t):
    bucket, key = t.object()
    same(good(t.main.list(bucket)).xml.texts("Contents/Key"), [key], "keys")
    same(good(t.main.get(bucket, query={"list-type": "2", "prefix": "k"}, auth="query")).xml.texts("Contents/Key"),
         [key], "keys by URL")


@test
def upload_in_parts_works(t):
    bucket = t.bucket()
    upload = good(t.main.post(bucket, "key", query={"uploads": None}, auth="query")).xml.text("UploadId")
    tag = good(t.main.part(bucket, "key", upload, 1, b"part", auth="query")).etag
    good(t.main.complete(bucket, "key", upload, [(1, tag)]))
    content(t.main.get(bucket, "key"), b"part")


@each(("spaces", "a b"), ("plus", "a+b"), ("Greek", "\u03b1/\u03b2"), ("percent", "100%"), ("tilde", "~a"),
      ("brackets", "a(b)[c]'!*"))
def get_works_for_a_name_with(t, key):
    bucket, _ = t.object(key=key, body=b"shared")
    content(t.main.get(bucket, key, auth="query"), b"shared")


@test
def answer_can_be_given_another_type(t):
    bucket, key = t.object()
    header(good(t.main.get(bucket, key, {"response-content-type": "text/x-own"}, auth="query")),
           "content-type", "text/x-own")


@test
def signed_headers_must_come(t):
    bucket = t.bucket()
    good(t.main.put(bucket, "key", b"x", headers={"x-amz-meta-a": "1"}, auth="query"))
    header(good(t.main.head(bucket, "key")), "x-amz-meta-a", "1")
    answer = t.main.put(bucket, "other", b"x", headers={"x-amz-meta-a": "1"}, auth="query",
                        spoil=lambda r: r.set("x-amz-meta-a", None))
    want(answer.status == 403, "%s: without the header", answer)


@test
def unsigned_header_of_amz_is_refused(t):
    bucket = t.bucket()
    refused(t.main.put(bucket, "key", b"x", auth="query", later={"x-amz-acl": "public-read"}), 403, "AccessDenied")
    refused(t.main.head(bucket, "key"), 404, "")


@each(("of another body", lambda body: hashlib.sha256(body + b"x").hexdigest()), ("that is none", lambda body: "none"))
def digest_that_is_sent_beside_it_is_checked(t, digest):
    bucket, body, name = t.bucket(), b"body", "x-amz-content-sha256"
    refused(t.main.put(bucket, "key", body, auth="query", later={name: digest(body)}), 400, "XAmzContentSHA256Mismatch")
    refused(t.main.head(bucket, "key"), 404, "")
    good(t.main.put(bucket, "key", body, auth="query", later={name: hashlib.sha256(body).hexdigest()}))
    good(t.main.put(bucket, "key", body, auth="query", later={name: "UNSIGNED-PAYLOAD"}))


@test
def can_be_used_twice(t):
    bucket, key = t.object(body=b"shared")
    answer = content(t.main.get(bucket, key, auth="query"), b"shared")
    content(t.main.send(answer.request), b"shared")


@each(("one second", 1), ("a week", 604800))
def lives_for(t, seconds):
    bucket, key = t.object(body=b"shared")
    content(t.main.get(bucket, key, auth="query", expires=seconds), b"shared")


@each(("nothing", "0"), ("less than nothing", "-5"), ("more than a week", "604801"), ("a word", "soon"), ("no number",
                                        ""),
      ("a fraction", "1.5"), ("more than a number can be", "99999999999999999999"))
def does_not_live_for(t, seconds):
    bucket, key = t.object()
    refused(t.main.get(bucket, key, auth="query", expires=seconds), 400, BAD)


@test
def is_dead_when_it_has_expired(t):
    bucket, key = t.object()
    answer = t.main.get(bucket, key, auth="query", expires=60, when=sign.stamp(-120))
    refused(answer, 403, "AccessDenied")
    same(answer.xml.text("Message"), "Request has expired", "Message")


@test
def is_alive_long_after_it_was_made(t):
    bucket, key = t.object(body=b"shared")
    content(t.main.get(bucket, key, auth="query", expires=86400, when=sign.stamp(-7200)), b"shared")


@test
def of_the_future_is_not_alive_yet(t):
    bucket, key = t.object()
    refused(t.main.get(bucket, key, auth="query", when=sign.stamp(3600)), 403, ("AccessDenied", "RequestTimeTooSkewed"))


@each("X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature")
def is_refused_without(t, name):
    bucket, key = t.object()
    refused(t.main.get(bucket, key, auth="query", spoil=lambda r: r.param(name, None)), 400, BAD)


@test
def is_refused_without_its_algorithm(t):
    bucket, key = t.object()
    answer = t.main.get(bucket, key, auth="query", spoil=lambda r: r.param("X-Amz-Algorithm", None))
    want((answer.status, answer.code) in ((400, BAD), (403, "AccessDenied"), (400, "InvalidArgument")), "%s", answer)


@each(("algorithm", "X-Amz-Algorithm", "AWS4-HMAC-SHA999"), ("short credential", "X-Amz-Credential", "AKIA/20260101"),
      ("date", "X-Amz-Date", "yesterday"))
def is_refused_for_a_wrong(t, name, value):
    bucket, key = t.object()
    refused(t.main.get(bucket, key, auth="query", spoil=lambda r: r.param(name, value)), 400, BAD)


@each(("region", {"region": "mars-north-1"}), ("service", {"service": "ec2"}), ("end", {"terminator": "aws3_request"}),
      ("day", {"date": sign.stamp(-86400)[:8]}))
def is_refused_for_a_scope_of_another(t, how):
    bucket, key = t.object()
    answer = t.main.get(bucket, key, auth="query", **how)
    want((answer.status, answer.code) in ((400, BAD), (403, "SignatureDoesNotMatch")), "%s", answer)


@each(("method", lambda r: setattr(r, "method", "DELETE")), ("key", lambda r: setattr(r, "path", r.path + "x")),
      ("expiry", lambda r: r.param("X-Amz-Expires", "901")), ("query", lambda r: r.query.append(("versionId", "null"))),
      ("signature", lambda r: r.param("X-Amz-Signature", "0" * 64)), ("host", lambda r: r.set("Host", "example.com")))
def is_refused_after_a_change_of(t, change):
    bucket, key = t.object()
    refused(t.main.get(bucket, key, auth="query", spoil=change), 403, "SignatureDoesNotMatch")
    good(t.main.head(bucket, key))


@test
def is_refused_of_an_unknown_key(t):
    bucket, key = t.object()
    refused(t.main.get(bucket, key, auth="query", cred=sign.Cred("AKIANOSUCHKEYATALL00", "s" * 40)), 403,
            "InvalidAccessKeyId")


@test
def is_refused_of_a_wrong_secret(t):
    bucket, key = t.object()
    refused(t.main.get(bucket, key, auth="query", cred=sign.Cred(t.config.main.access, "wrong" * 8)), 403,
            "SignatureDoesNotMatch")


@test
def gives_no_more_than_its_maker_may(t):
    bucket, key = t.object()
    refused(t.alt.get(bucket, key, auth="query"), 403, "AccessDenied")


@test
def order_and_spelling_of_the_query_do_not_matter(t):
    """A browser may send a slash as it is, and a proxy may sort."""
    bucket, key = t.object(body=b"shared")
    target = t.main.presign("GET", bucket, key)
    path, query = target.split("?", 1)
    turned = "&".join(reversed(query.replace("%2F", "/").split("&")))
    request = Request("GET", path, (), [("Host", t.main.host)], b"")
    request.raw_query = turned
    content(t.main.send(request), b"shared")


@test
def by_sigv4a_works(t):
    bucket, key = t.object(body=b"asymmetric")
    content(t.main.get(bucket, key, auth="query4a"), b"asymmetric")


@test
def by_sigv4a_after_a_change(t):
    bucket, key = t.object()
    refused(t.main.get(bucket, key, auth="query4a", spoil=lambda r: r.param("X-Amz-Expires", "901")), 403,
            "SignatureDoesNotMatch")
