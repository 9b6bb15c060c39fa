# SPDX-License-Identifier: GPL-2.0-or-later
"""Signatures in the header: which hold, and what is said of those that do not."""

import time

from core import sign
from core.expect import content, each, good, refused, same, test, want

MALFORMED = ("AuthorizationHeaderMalformed", "InvalidArgument", "InvalidRequest")


def untouched(t, **how):
    """An object, and what a GET of it with these arguments answers."""
    bucket, key = t.object(body=b"secret")
    return t.main.get(bucket, key, **how)


@each(("its hash", None), ("none", sign.UNSIGNED))
def holds_with_a_payload_of(t, payload):
    bucket = t.bucket()
    good(t.main.put(bucket, "key", b"body", payload=payload))
    content(t.main.get(bucket, "key", payload=payload), b"body")


@each(("a parameter without a value", {"acl": None}), ("an empty value", {"prefix": "", "list-type": "2"}),
      ("several, unsorted", {"prefix": "z", "delimiter": "/", "list-type": "2", "max-keys": "5"}),
      ("odd letters", {"list-type": "2", "prefix": "a b+c/d&e=f%g~h*i'(j)!k"}),
      ("Greek", {"list-type": "2", "prefix": "\u03b1\u03b2"}), ("capitals and small", {"list-type": "2", "prefix": "a",
                                                                                     "Prefix": "b"}))
def holds_with_a_query_of(t, query):
    good(t.main.get(t.bucket(), query=query))


@each(("spaces around", "x-amz-meta-a", "  v  "), ("spaces inside", "x-amz-meta-a", "a   b"),
      ("capitals in its name", "X-AMZ-Meta-ABC", "v"), ("nothing", "x-amz-meta-a", ""),
      ("UTF-8", "x-amz-meta-a", "\u00e9t\u00e9"))
def holds_with_a_header_of(t, name, value):
    bucket = t.bucket()
    good(t.main.put(bucket, "key", b"x", headers=[(name, value)]))


@test
def holds_for_chosen_headers_only(t):
    bucket = t.bucket()
    good(t.main.get(bucket, headers={"Accept": "*/*"}, signed=["host", "x-amz-content-sha256", "x-amz-date"]))


@test
def holds_by_the_date_header(t):
    """Without x-amz-date it is Date that counts."""
    bucket, key = t.object(body=b"dated")
    now = time.time()
    content(t.main.get(bucket, key, headers={"Date": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(now))},
                       when=time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))), b"dated")


@each(("fourteen minutes ago", -14 * 60), ("fourteen minutes ahead", 14 * 60))
def holds_with_a_clock_of(t, offset):
    good(t.main.get(t.bucket(), when=sign.stamp(offset)))


@each(("sixteen minutes ago", -16 * 60), ("sixteen minutes ahead", 16 * 60), ("a day ago", -86400),
      ("a day ahead", 86400), ("a year ago", -365 * 86400))
def is_refused_with_a_clock_of(t, offset):
    refused(untouched(t, when=sign.stamp(offset)), 403, "RequestTimeTooSkewed")


@test
def is_refused_of_an_unknown_key(t):
    cred = sign.Cred("AKIANOSUCHKEYATALL00", t.config.main.secret)
    answer = refused(untouched(t, cred=cred), 403, "InvalidAccessKeyId")
    same(answer.xml.text("AWSAccessKeyId"), cred.access, "AWSAccessKeyId")


@test
def is_refused_of_a_wrong_secret(t):
    answer = refused(untouched(t, cred=sign.Cred(t.config.main.access, "wrong" * 8)), 403, "SignatureDoesNotMatch")
    want(t.config.main.secret not in answer.body.decode(), "the secret is not told")


@test
def is_refused_of_anothers_secret(t):
    refused(untouched(t, cred=sign.Cred(t.config.main.access, t.alt.cred.secret)), 403, "SignatureDoesNotMatch")


def path_changed(request):
    request.path += "x"


def query_added(request):
    request.query.append(("versionId", "null"))


def method_changed(request):
    request.method = "DELETE"


def header_changed(request):
    request.set("x-amz-date", request.get("x-amz-date")[:-2] + "9Z" if request.get("x-amz-date")[-2] != "9"
                else request.get("x-amz-date")[:-2] + "8Z")


def host_changed(request):
    request.headers[0] = ("Host", "other.example.com")


def signature_cut(request):
    request.set("Authorization", request.get("Authorization")[:-1])


def signature_capitals(request):
    value, signature = request.get("Authorization").rsplit("=", 1)
    request.set("Authorization", value + "=" + ("A" if signature[0] != "a" else "B") + signature[1:].upper())


def signature_turned(request):
    value = request.get("Authorization")
    request.set("Authorization", value[:-1] + ("0" if value[-1] != "0" else "1"))


@each(("path", path_changed), ("query", query_added), ("method", method_changed), ("date", header_changed),
      ("host", host_changed), ("signature, cut", signature_cut), ("signature, in capitals", signature_capitals),
      ("signature, one letter", signature_turned))
def is_refused_after_a_change_of(t, change):
    bucket, key = t.object(body=b"secret")
    answer = t.main.get(bucket, key, spoil=change)
    want(answer.status in (400, 403), "status of %s", answer)
    want(answer.code in ("SignatureDoesNotMatch", "AuthorizationHeaderMalformed"), "code of %s", answer)
    good(t.main.head(bucket, key))


@each(("a value", lambda r: r.set("x-amz-meta-a", "2")), ("a header taken away", lambda r: r.set("x-amz-meta-a", None)))
def is_refused_after_a_change_of_a_header(t, change):
    bucket = t.bucket()
    refused(t.main.put(bucket, "key", b"x", headers={"x-amz-meta-a": "1"}, spoil=change), 403, "SignatureDoesNotMatch")
    refused(t.main.head(bucket, "key"), 404, "")


@test
def is_refused_when_a_header_of_amz_is_added(t):
    """What counts and is not signed could have been added by anyone."""
    bucket = t.bucket()
    refused(t.main.put(bucket, "key", b"x", later={"x-amz-acl": "public-read"}), 403, "AccessDenied")
    refused(t.main.head(bucket, "key"), 404, "")


@test
def is_refused_when_the_host_is_not_signed(t):
    answer = untouched(t, signed=["x-amz-content-sha256", "x-amz-date"])
    want((answer.status, answer.code) in ((403, "AccessDenied"), (403, "SignatureDoesNotMatch"),
                                          (400, "AuthorizationHeaderMalformed")), "%s", answer)


@test
def is_refused_for_another_body(t):
    bucket = t.bucket()

    def change(request):
        request.body = b"other"

    refused(t.main.put(bucket, "key", b"first", spoil=change), 400, "XAmzContentSHA256Mismatch")
    refused(t.main.head(bucket, "key"), 404, "")


@test
def is_refused_for_another_body_of_the_same_length_much_longer(t):
    bucket, body = t.bucket(), b"a" * (6 << 20)

    def change(request):
        request.body = body[:-1] + b"b"

    refused(t.main.put(bucket, "key", body, spoil=change), 400, "XAmzContentSHA256Mismatch")
    refused(t.main.head(bucket, "key"), 404, "")


@each(("junk", "junk"), ("nothing", ""), ("a hash in capitals", sign.EMPTY.upper().replace("E3", "E4")),
      ("an unknown form", "STREAMING-SOMETHING-ELSE"))
def is_refused_with_a_payload_of(t, payload):
    refused(t.main.put(t.bucket(), "key", b"x", payload=payload), 400,
            ("InvalidArgument", "InvalidRequest", "XAmzContentSHA256Mismatch"))


@test
def is_refused_without_the_payloads_hash(t):
    answer = untouched(t, spoil=lambda r: r.set("x-amz-content-sha256", None))
    want((answer.status, answer.code) in ((400, "InvalidRequest"), (403, "SignatureDoesNotMatch")), "%s", answer)


@test
def is_refused_without_a_date(t):
    answer = untouched(t, spoil=lambda r: r.set("x-amz-date", None))
    want((answer.status, answer.code) in ((403, "AccessDenied"), (403, "SignatureDoesNotMatch")), "%s", answer)


@each(("junk", "junk"), ("another form", "2026-01-01T00:00:00Z"), ("a day that is none", "20261399T000000Z"))
def is_refused_with_a_date_of(t, date):
    answer = untouched(t, when=date, date=sign.stamp()[:8])
    want(answer.status in (400, 403), "status of %s", answer)
    want(answer.code in ("AccessDenied", "AuthorizationHeaderMalformed", "SignatureDoesNotMatch",
                         "RequestTimeTooSkewed"), "code of %s", answer)


@each(("another region", {"region": "mars-north-1"}), ("another service", {"service": "ec2"}),
      ("another end", {"terminator": "aws3_request"}), ("a day that is none", {"date": "32000000"}),
      ("yesterday", {"date": sign.stamp(-86400)[:8]}))
def is_refused_for_a_scope_of(t, how):
    answer = untouched(t, **how)
    want(answer.status in (400, 403), "status of %s", answer)
    want(answer.code in MALFORMED + ("SignatureDoesNotMatch", "RequestTimeTooSkewed"), "code of %s", answer)


@test
def of_another_region_is_told_the_right_one(t):
    answer = refused(untouched(t, region="mars-north-1"), 400, "AuthorizationHeaderMalformed")
    same(answer.xml.text("Region"), t.config.region, "Region")


def authorization(value):
    return lambda request: request.set("Authorization", value(request.get("Authorization")))


@each(("one word", lambda a: "junk"), ("an unknown scheme", lambda a: "Basic dXNlcjpwYXNz"),
      ("an unknown algorithm", lambda a: a.replace("HMAC-SHA256", "HMAC-SHA999")),
      ("no credential", lambda a: a.replace("Credential=", "Cred=")),
      ("no signed headers", lambda a: a.replace("SignedHeaders=", "Headers=")),
      ("no signature", lambda a: a.rsplit(",", 1)[0]),
      ("a short credential", lambda a: a.replace("/s3/aws4_request", "")),
      ("a long credential", lambda a: a.replace("/s3/", "/s3/s3/")),
      ("the scheme only", lambda a: "AWS4-HMAC-SHA256"))
def header_is_refused_that_has(t, value):
    answer = untouched(t, spoil=authorization(value))
    want(answer.status in (400, 403), "status of %s", answer)
    want(answer.code in MALFORMED + ("AccessDenied", "SignatureDoesNotMatch"), "code of %s", answer)


@test
def in_header_and_query_is_refused(t):
    bucket, key = t.object()
    target = t.main.presign("GET", bucket, key)

    def both(request):
        request.raw_query = target.split("?", 1)[1]

    refused(t.main.get(bucket, key, spoil=both), 400, "InvalidArgument")


@test
def of_nobody_is_denied(t):
    refused(untouched(t, auth="none"), 403, "AccessDenied")


@test
def by_sigv4a_holds(t):
    bucket, key = t.object(body=b"asymmetric")
    content(t.main.get(bucket, key, auth="header4a"), b"asymmetric")
    good(t.main.put(bucket, "other", b"x", auth="header4a"))


@test
def by_sigv4a_of_a_wrong_secret(t):
    refused(untouched(t, auth="header4a", cred=sign.Cred(t.config.main.access, "wrong" * 8)), 403,
            "SignatureDoesNotMatch")


@test
def by_sigv4a_after_a_change(t):
    bucket, key = t.object()
    refused(t.main.get(bucket, key, auth="header4a", spoil=path_changed), 403, "SignatureDoesNotMatch")


@test
def replayed_a_quarter_of_an_hour_later_is_refused(t):
    """The same bytes again, when they are too old."""
    bucket = t.bucket()
    answer = t.main.put(bucket, "key", b"x", when=sign.stamp(-901))
    refused(answer, 403, "RequestTimeTooSkewed")
    refused(t.main.send(answer.request), 403, "RequestTimeTooSkewed")
    refused(t.main.head(bucket, "key"), 404, "")


@each(("in the header", {}, {"Authorization": "AWS AKIAIOSFODNN7EXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg="}),
      ("in the query", {"AWSAccessKeyId": "AKIAIOSFODNN7EXAMPLE", "Expires": "4070908800",
                        "Signature": "NpgCjnDzrM+WFzoENXmpNDUsSn8="}, {}))
def is_refused_of_version_2(t, query, headers):
    bucket, key = t.object()
    refused(t.anon.get(bucket, key, query, headers), 400, "InvalidRequest")
