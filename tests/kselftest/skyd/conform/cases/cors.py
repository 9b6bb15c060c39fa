# SPDX-License-Identifier: GPL-2.0-or-later
"""Cross-origin requests: rules kept, preflights answered, headers given."""

from core.client import NAMESPACE
from core.expect import content, each, good, header, refused, same, test, want

ORIGIN = "https://app.example.com"


def rule(origins=("*",), methods=("GET",), headers=(), exposed=(), age=None, name=None):
    out = "<ID>%s</ID>" % name if name else ""
    for tag, values in (("AllowedOrigin", origins), ("AllowedMethod", methods), ("AllowedHeader", headers),
                        ("ExposeHeader", exposed)):
        out += "".join("<%s>%s</%s>" % (tag, v, tag) for v in values)
    return "<CORSRule>%s%s</CORSRule>" % (out, "" if age is None else "<MaxAgeSeconds>%d</MaxAgeSeconds>" % age)


def document(*rules):
    return "<CORSConfiguration xmlns=\"%s\">%s</CORSConfiguration>" % (NAMESPACE, "".join(rules))


def open_to(t, *rules):
    bucket, key = t.object(headers={"x-amz-acl": "public-read"})
    good(t.main.put_xml(bucket, "cors", document(*rules)))
    return bucket, key


def preflight(t, bucket, key=None, origin=ORIGIN, method="GET", headers=None):
    more = {"Access-Control-Request-Headers": headers} if headers else {}
    return t.anon.call("OPTIONS", bucket, key, headers={
        "Origin": origin, "Access-Control-Request-Method": method, **more})


def denied(answer):
    return refused(answer, 403, ("AccessForbidden", "AccessDenied"))


@test
def is_kept_replaced_and_removed(t):
    bucket = t.bucket()
    for origins in (("https://a.example",), ("https://b.example", "https://c.example")):
        good(t.main.put_xml(bucket, "cors", document(rule(origins, ("GET", "PUT"), ("x-*",), ("ETag",), 60, "one"))))
        xml = good(t.main.get(bucket, query={"cors": None})).xml
        same((xml.tag, len(xml.all("CORSRule"))), ("CORSConfiguration", 1), "root and number of rules")
        for name, value in (("AllowedOrigin", list(origins)), ("AllowedMethod", ["GET", "PUT"]),
                            ("AllowedHeader", ["x-*"]), ("ExposeHeader", ["ETag"]), ("MaxAgeSeconds", ["60"]),
                            ("ID", ["one"])):
            same(xml.texts("CORSRule/" + name), value, name)
    good(t.main.delete(bucket, query={"cors": None}), 204)
    refused(t.main.get(bucket, query={"cors": None}), 404, "NoSuchCORSConfiguration")


@test
def of_a_bucket_that_has_none(t):
    refused(t.main.get(t.bucket(), query={"cors": None}), 404, "NoSuchCORSConfiguration")


@each(("get", "GET"), ("put", "PUT"), ("delete", "DELETE"))
def by_another_team(t, method):
    bucket = t.bucket()
    refused(t.alt.call(method, bucket, query={"cors": None}, body=document(rule()) if method == "PUT" else b""),
            403, "AccessDenied")


@each(("junk", "junk"), ("no rule", document()), ("another root", "<Rules/>"), ("no origin", document(rule(()))),
      ("no method", document(rule(methods=()))), ("half", document(rule())[:-5]))
def document_of(t, body):
    bucket = t.bucket()
    refused(t.main.put_xml(bucket, "cors", body), 400, "MalformedXML")
    refused(t.main.get(bucket, query={"cors": None}), 404, "NoSuchCORSConfiguration")


@each(("an unknown method", document(rule(methods=("FETCH",)))), ("a method in small letters",
                                        document(rule(methods=("get",)))),
      ("two stars", document(rule(("https://*.*",)))), ("two stars in a header", document(rule(headers=("x-*-*",)))),
      ("a hundred and one rules", document(*[rule()] * 101)))
def rule_of(t, body):
    refused(t.main.put_xml(t.bucket(), "cors", body), 400, ("InvalidRequest", "MalformedXML", "InvalidArgument"))


@test
def preflight_without_rules(t):
    denied(preflight(t, *t.object()))


@test
def preflight_that_is_allowed(t):
    bucket, key = open_to(t, rule((ORIGIN,), ("GET", "PUT"), ("*",), ("ETag", "x-amz-meta-a"), 100))
    answer = good(preflight(t, bucket, key, method="PUT", headers="Content-Type, X-Amz-Date"))
    header(answer, "access-control-allow-origin", ORIGIN)
    header(answer, "access-control-max-age", "100")
    same(sorted(m.strip() for m in answer.headers["access-control-allow-methods"].split(",")), ["GET", "PUT"],
         "methods")
    same(sorted(h.strip().lower() for h in answer.headers["access-control-allow-headers"].split(",")),
         ["content-type", "x-amz-date"], "headers")
    same(sorted(h.strip().lower() for h in answer.headers["access-control-expose-headers"].split(",")),
         ["etag", "x-amz-meta-a"], "exposed headers")
    want("origin" in (answer.headers["vary"] or "").lower(), "Vary names Origin")


@each(("origin", {"origin": "https://evil.example.com"}), ("method", {"method": "DELETE"}),
      ("header", {"headers": "x-other"}), ("origin that begins alike", {"origin": ORIGIN + ".evil.example"}))
def preflight_for_another(t, how):
    bucket, key = open_to(t, rule((ORIGIN,), ("GET",), ("x-amz-*",)))
    good(preflight(t, bucket, key, headers="x-amz-date"))
    denied(preflight(t, bucket, key, **how))


@each(("no origin", {"Access-Control-Request-Method": "GET"}), ("no method", {"Origin": ORIGIN}))
def preflight_with(t, headers):
    bucket, key = open_to(t, rule())
    answer = t.anon.call("OPTIONS", bucket, key, headers=headers)
    want(answer.status in (400, 403), "%s", answer)


@each(("for a read", "GET", {}), ("for a part", "PUT", {"partNumber": "1", "uploadId": "x" * 32}))
def preflight_of_a_signed_url(t, method, query):
    """It has the signature of the request to come: no browser could sign the preflight."""
    bucket, key = open_to(t, rule((ORIGIN,), (method,)))
    url = t.main.presign(method, bucket, key, query)
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": method}

    def ask(headers):
        path, _, text = url.partition("?")
        return t.anon.call("OPTIONS", path=path, headers=headers, spoil=lambda r: setattr(r, "raw_query", text))

    header(good(ask(asked)), "access-control-allow-origin", ORIGIN)
    denied(ask({**asked, "Origin": "https://evil.example.com"}))
    refused(ask({}), 400, "BadRequest")


@test
def preflight_needs_no_object(t):
    bucket, _ = open_to(t, rule())
    good(preflight(t, bucket, "nothing"))
    good(preflight(t, bucket))


STARS = [("everything", "*", "https://any.example", True), ("a beginning", "https://*", "https://any.example", True),
         ("another beginning", "https://*", "http://any.example", False),
         ("a subdomain", "https://*.example.com", "https://a.example.com", True),
         ("no subdomain", "https://*.example.com", "https://example.com", False),
         ("an end", "*suffix", "https://has-suffix", True), ("another end", "*suffix", "https://suffix.not", False),
         ("the middle", "start*end", "startXend", True), ("nothing in the middle", "start*end", "startend", True),
         ("another middle", "start*end", "startend0", False)]


@each(*STARS)
def star_stands_for(t, pattern, origin, allowed):
    bucket, key = open_to(t, rule((pattern,)))
    answer = content(t.anon.get(bucket, key, headers={"Origin": origin}), b"content")
    if not allowed:
        header(answer, "access-control-allow-origin", None)
        return denied(preflight(t, bucket, key, origin=origin))
    want(answer.headers["access-control-allow-origin"] in (origin, "*"), "Access-Control-Allow-Origin is %s",
         answer.headers["access-control-allow-origin"])
    return good(preflight(t, bucket, key, origin=origin))


@test
def answer_to_an_origin_says_so(t):
    bucket, key = open_to(t, rule((ORIGIN,), exposed=("ETag",)))
    answer = good(t.anon.get(bucket, key, headers={"Origin": ORIGIN}))
    header(answer, "access-control-allow-origin", ORIGIN)
    header(answer, "access-control-expose-headers", "ETag")
    want("origin" in (answer.headers["vary"] or "").lower(), "Vary names Origin")


@test
def answer_to_no_origin_does_not(t):
    bucket, key = open_to(t, rule((ORIGIN,)))
    header(good(t.anon.get(bucket, key, headers={"Origin": ORIGIN})), "access-control-allow-origin", ORIGIN)
    header(good(t.anon.get(bucket, key)), "access-control-allow-origin", None)


@test
def answer_of_an_error_says_so_too(t):
    """Else a browser hides from the page what was wrong."""
    bucket, _ = open_to(t, rule((ORIGIN,)))
    answer = t.main.get(bucket, "nothing", headers={"Origin": ORIGIN})
    refused(answer, 404, "NoSuchKey")
    header(answer, "access-control-allow-origin", ORIGIN)


@test
def answer_for_a_method_that_is_not_allowed(t):
    bucket, key = open_to(t, rule((ORIGIN,), ("GET",)))
    header(good(t.main.get(bucket, key, headers={"Origin": ORIGIN})), "access-control-allow-origin", ORIGIN)
    header(good(t.main.put(bucket, key, b"x", headers={"Origin": ORIGIN})), "access-control-allow-origin", None)


@test
def first_rule_that_fits_counts(t):
    bucket, key = open_to(t, rule((ORIGIN,), ("PUT",), age=1), rule((ORIGIN,), ("GET",), age=2),
                          rule(("*",), ("GET",), age=3))
    header(good(preflight(t, bucket, key)), "access-control-max-age", "2")
    header(good(preflight(t, bucket, key, origin="https://other.example")), "access-control-max-age", "3")
