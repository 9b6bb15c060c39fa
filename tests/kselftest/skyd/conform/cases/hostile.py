# SPDX-License-Identifier: GPL-2.0-or-later
"""Requests that no client would send: framing, encodings, what comes twice, other teams."""

import json
import time

from cases.post_form import Form
from cases.serrano import Made, api, named
from cases.virtual_host import client as virtual_client
from core import sign, stream, wire
from core.client import NAMESPACE, Client
from core.expect import Skip, content, each, fail, good, refused, same, test, want


def spoken(t, data):
    """All that a server says to these bytes until it hangs up."""
    one = wire.Wire(t.config.endpoint, wire.patience / 3)
    try:
        one.send(data)
        heard = b""
        while True:
            part = one.sock.recv(1 << 16)
            if not part:
                return heard
            heard += part
    except ConnectionResetError:
        return heard
    except TimeoutError:
        return fail("the connection stays open after %r", heard[:80])
    finally:
        one.close()


HIDDEN = b"GET /hidden-by-the-first HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKS = b"0\r\n\r\n"


@each(("a length and chunks", b"Content-Length: 5\r\nTransfer-Encoding: chunked", CHUNKS),
      ("chunks and a length", b"Transfer-Encoding: chunked\r\nContent-Length: 0", CHUNKS),
      ("two lengths", b"Content-Length: 0\r\nContent-Length: 47", b""),
      ("the same length twice", b"Content-Length: 0\r\nContent-Length: 0", b""),
      ("a list of lengths", b"Content-Length: 0, 0", b""), ("a signed length", b"Content-Length: +0", b""),
      ("a negative length", b"Content-Length: -1", b""), ("a hexadecimal length", b"Content-Length: 0x0", b""),
      ("an endless length", b"Content-Length: 99999999999999999999", b""),
      ("no length's value", b"Content-Length:", b""),
      ("chunks twice", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", CHUNKS),
      ("another coding", b"Transfer-Encoding: gzip, chunked", CHUNKS),
      ("the identity", b"Transfer-Encoding: identity", b""),
      ("chunks in quotes", b'Transfer-Encoding: "chunked"', CHUNKS),
      ("a tab in chunks", b"Transfer-Encoding: \x0bchunked", CHUNKS),
      ("a space before the colon", b"Transfer-Encoding : chunked", CHUNKS),
      ("a folded line", b"X-A: b\r\n Transfer-Encoding: chunked", CHUNKS),
      ("a bare LF", b"X-A: b\nTransfer-Encoding: chunked", CHUNKS), ("a bare CR", b"X-A: b\rX-B: c", b""),
      ("a NUL", b"X-A: b\0c", b""), ("no name", b": b", b""), ("two hosts", b"Host: y", b""),
      ("a chunk of 0x0", b"Transfer-Encoding: chunked", b"0x0\r\n\r\n"),
      ("a chunk of -1", b"Transfer-Encoding: chunked", b"-1\r\n\r\n"),
      ("a chunk that wraps", b"Transfer-Encoding: chunked", b"10000000000000000\r\n\r\n"),
      ("a chunk after LF", b"Transfer-Encoding: chunked", b"0\n\n"),
      ("a chunk too long", b"Transfer-Encoding: chunked", b"1\r\nab\r\n0\r\n\r\n"),
      ("an extension with LF", b"Transfer-Encoding: chunked", b"1;a\nb\r\nx\r\n0\r\n\r\n"))
def hides_no_request_behind(t, head, body):
    said = spoken(t, b"POST /no-such-bucket?delete HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n\r\n" + body + HIDDEN)
    want(said.startswith(b"HTTP/1.1 4") or said.startswith(b"HTTP/1.1 501"), "said %r", said[:60])
    same(said.count(b"HTTP/1.1 "), 1, "answers")
    want(b"hidden-by-the-first" not in said, "the hidden request is not answered")


@test
def absolute_target_of_another_host_is_refused(t):
    bucket, key = t.object()
    refused(t.main.get(bucket, key, spoil=lambda r: setattr(r, "path", "http://other.example.com" + r.path)), 400,
            "InvalidRequest")


@each(("dots", ".."), ("dots and a name", "../etc/passwd"), ("many dots", "a/../../b"), ("a dot", "./a"),
      ("slashes", "a//b"), ("a slash first", "/a"), ("a slash last", "a/"), ("percent signs", "%2e%2e/%00"),
      ("a backslash", "..\\a"), ("a line end", "a\r\nb"), ("a quote", "a\"b'c<d>&e"), ("a question", "a?b#c"))
def key_stays_as_it_is(t, key):
    bucket = t.bucket()
    good(t.main.put(bucket, key, key.encode()))
    content(t.main.get(bucket, key), key.encode())
    same(good(t.main.list(bucket)).xml.texts("Contents/Key"), [key], "keys")
    good(t.main.delete(bucket, key), 204)


@each(("dots", "..", ".."), ("encoded dots", "..", "%2e%2e"), ("an encoded slash", "../", "..%2f"))
def path_does_not_lead_out_of_a_bucket(t, plain, sent):
    """Not even into a bucket of one's own: what is signed for one is for no other."""
    bucket, key = t.object()
    other = t.bucket()
    path = t.main.path(other) + "/../%s/%s" % (bucket, key)
    refused(t.main.get(path=path, spoil=lambda r: setattr(r, "path", path.replace(plain, sent, 1))), 404, "NoSuchKey")


@each(("a NUL", "%00"), ("a NUL inside", "a%00b"), ("an overlong slash", "%c0%af"), ("an overlong dot", "%c0%ae"),
      ("three bytes too long", "%e0%80%af"), ("half a letter", "%c3"), ("a surrogate", "%ed%a0%80"),
      ("beyond the last letter", "%f5%80%80%80"), ("an unfinished escape", "a%2"), ("no escape", "%zz"))
def key_is_refused_with(t, raw):
    bucket = t.bucket()
    answer = t.main.put(bucket, path=t.main.path(bucket) + "/" + raw, body=b"x")
    want(answer.status in (400, 403), "%s", answer)
    same(good(t.main.list(bucket)).xml.texts("Contents/Key"), [], "keys")


def again(name, value=None):
    return lambda r: r.headers.append((name, value or r.get(name)))


@each(("Authorization", again("Authorization")), ("its date", again("x-amz-date")),
      ("another date", again("x-amz-date", "20200101T000000Z")),
      ("its hash", again("x-amz-content-sha256")), ("another hash", again("x-amz-content-sha256", sign.UNSIGNED)),
      ("Host", again("Host")), ("another Host", again("Host", "example.com")), ("its length", again("Content-Length")),
      ("another length", again("Content-Length", "0")), ("its ACL", again("x-amz-acl")),
      ("another ACL", again("x-amz-acl", "public-read")), ("its tags", again("x-amz-tagging", "c=d")))
def header_twice_is_refused(t, spoil):
    bucket = t.bucket()
    answer = t.main.put(bucket, "key", b"content", headers={"x-amz-acl": "private", "x-amz-tagging": "a=b"},
                        spoil=spoil)
    want(answer.status in (400, 403), "%s", answer)
    refused(t.main.head(bucket, "key"), 404, "")


@test
def header_twice_is_refused_even_signed(t):
    """The canonical request does not tell two of them from one with a comma."""
    bucket = t.bucket()
    refused(t.main.put(bucket, "key", b"x", headers=[("x-amz-acl", "private"), ("x-amz-acl", "public-read")]), 400,
            "InvalidArgument")


@each(("versionId", [("versionId", "null"), ("versionId", "null")]), ("prefix", [("prefix", "a"), ("prefix", "b")]),
      ("acl", [("acl", None), ("acl", None)]))
def parameter_twice_is_refused(t, query):
    bucket, key = t.object()
    refused(t.main.get(bucket, None if query[0][0] == "prefix" else key, query), 400, "InvalidArgument")


@each("X-Amz-Expires", "X-Amz-Date", "X-Amz-Signature", "X-Amz-Credential", "X-Amz-SignedHeaders", "X-Amz-Algorithm")
def parameter_of_a_signature_twice_is_refused(t, name):
    bucket, key = t.object()

    def double(request):
        request.query.append((name, dict(request.query)[name]))

    answer = t.main.get(bucket, key, auth="query", spoil=double)
    want(answer.status == 400, "%s", answer)


@test
def parameter_twice_is_refused_however_it_is_written(t):
    bucket, key = t.object()

    def double(request):
        request.raw_query = sign.query_text(request.query) + "&X-Amz-%45xpires=604800"

    want(t.main.get(bucket, key, auth="query", spoil=double).status == 400, "refused")


@test
def url_does_not_let_a_body_be_framed_otherwise(t):
    """What is not signed with a URL must not change what its body means."""
    bucket = t.bucket()
    refused(t.main.put(bucket, "key", b"1\r\nx\r\n0\r\n\r\n", auth="query", later={
        "x-amz-content-sha256": stream.UNSIGNED_TRAILER, "x-amz-decoded-content-length": "1"}), 403, "AccessDenied")
    refused(t.main.head(bucket, "key"), 404, "")


@each(("key", ("key", "other-key")), ("policy", ("policy", "e30=")), ("policy in capitals", ("POLICY", "e30=")),
      ("acl", ("acl", "public-read")), ("metadata", ("x-amz-meta-a", "c")),
      ("signature", ("x-amz-signature", "0" * 64)))
def form_with_a_field_twice_is_refused(t, field):
    for first in (True, False):
        form = Form(t, fields=[("acl", "private"), ("x-amz-meta-a", "b")])
        form.fields.insert(0 if first else len(form.fields), field)
        form.absent(form.send(), 400, "InvalidArgument")
        refused(t.main.head(form.bucket, "other-key"), 404, "")


@each("health", "metrics", "storage_policy", "cloud_locations/1")
def key_of_a_host_is_no_page_of_ours(t, key):
    virtual, bucket = virtual_client(t), t.bucket()
    good(virtual.put(bucket, key, b"an object"))
    content(virtual.get(bucket, key), b"an object")
    refused(virtual_client(t, None).get(bucket, key), 403, "AccessDenied")


# --- memory -----------------------------------------------------------------

@test
def strangers_do_not_take_the_room_of_others(t):
    """Who announces much and sends nothing costs next to nothing."""
    bucket = t.bucket()
    held = []
    try:
        for _ in range(200):
            one = wire.Wire(t.config.endpoint)
            held.append(one)
            one.head("POST", "/%s?delete" % bucket, [("Host", t.main.host), ("Transfer-Encoding", "chunked")])
            one.send(b"8\r\n<Delete>\r\n")
        began = time.monotonic()
        good(t.main.put(bucket, "key", b"x" * (1 << 20)))
        good(t.main.delete_many(bucket, ["key"]))
        want(time.monotonic() - began < 20, "others do not wait")
    finally:
        for one in held:
            one.close()


@test
def document_of_a_stranger_is_short(t):
    bucket = t.bucket()
    body = b"<Delete>" + b" " * (1 << 19) + b"</Delete>"
    refused(t.anon.post(bucket, body=body, query={"delete": None}), 400, "MaxMessageLengthExceeded")


@test
def api_reads_nothing_of_who_has_no_token(t):
    if not t.config.token:
        raise Skip("needs an API that only skyd has")
    one = wire.Wire(t.config.endpoint, wire.patience / 3)
    one.head("POST", "/storage_policy", [("Host", t.main.host), ("Content-Length", "200000")])
    same(one.answer("POST").status, 401, "status before the body")
    one.close()


@each(("a bad path", "GET", "/storage_policy/%zz", 400), ("a wrong method", "PUT", "/health", 405),
      ("a quote in the path", "GET", "/storage_policy/%22%5c%0a", 404),
      ("a bad token", "GET", "/storage_policy", 401))
def api_refuses_in_json(t, method, path, status):
    answer = good(api(t, method, path, token='a"\\b.c' if status == 401 else True), status)
    want(json.loads(answer.body)["error"], "an error is named")


# --- regions ----------------------------------------------------------------

def region_client(t, region, who="main"):
    return Client(t.config.endpoint, getattr(t.config, who), region)


def bucket_of(t, policy):
    return t.bucket(body="<CreateBucketConfiguration xmlns=\"%s\"><LocationConstraint>%s</LocationConstraint>"
                    "</CreateBucketConfiguration>" % (NAMESPACE, policy))


@test
def region_is_a_usual_one_or_the_buckets_policy(t):
    with Made(t) as policy:
        want(named(t, policy), "it is there")
        bucket, usual = bucket_of(t, policy), t.bucket()
        good(t.main.put(bucket, "key", b"x"))
        for region in ("us-east-1", "local", policy):
            for auth in ("header", "query"):
                content(region_client(t, region).get(bucket, "key", auth=auth), b"x")
        same(refused(region_client(t, "mars-north-1").get(bucket, "key"), 400, "AuthorizationHeaderMalformed")
             .xml.text("Region"), policy, "Region")
        same(refused(region_client(t, policy).list(usual), 400, "AuthorizationHeaderMalformed")
             .xml.text("Region"), "us-east-1", "Region")
        good(region_client(t, policy).get())
        refused(region_client(t, "*").get(bucket, "key"), 400, "AuthorizationHeaderMalformed")
        # Of what is another team's, neither the policy is told nor that there is one.
        same(refused(region_client(t, "mars-north-1", "alt").get(bucket, "key"), 400, "AuthorizationHeaderMalformed")
             .xml.text("Region"), "us-east-1", "Region")
        refused(region_client(t, policy, "alt").get(), 400, "AuthorizationHeaderMalformed")
        t.clean()


# --- other teams ------------------------------------------------------------

DOCUMENTS = {"acl": b"", "cors": b"<CORSConfiguration/>", "lifecycle": b"<LifecycleConfiguration/>",
             "tagging": b"<Tagging><TagSet/></Tagging>", "versioning": b"<VersioningConfiguration/>",
             "policy": b"{}"}


@each(("another team", "alt"), ("nobody", "anon"))
def may_do_nothing(t, who):
    """Every operation upon what is another's, and each way to name it."""
    other, bucket = getattr(t, who), t.versioned()
    version = good(t.main.put(bucket, "key", b"secret", headers={"x-amz-tagging": "a=b"})).version
    upload = t.main.start(bucket, "up")
    tag = good(t.main.part(bucket, "up", upload, 1, b"x" * (5 << 20))).etag
    at = [("latest", {}), ("version", {"versionId": version}), ("null", {"versionId": "null"})]
    asks = [("list", lambda: other.list(bucket)), ("list 1", lambda: other.list1(bucket)),
            ("versions", lambda: other.versions(bucket)),
            ("uploads", lambda: other.get(bucket, query={"uploads": None})),
            ("head bucket", lambda: other.head(bucket)), ("delete bucket", lambda: other.delete(bucket)),
            ("location", lambda: other.get(bucket, query={"location": None})),
            ("policy status", lambda: other.get(bucket, query={"policyStatus": None})),
            ("put", lambda: other.put(bucket, "key", b"x")), ("begin", lambda: other.post(bucket, "key", query={
                "uploads": None})),
            ("part", lambda: other.part(bucket, "up", upload, 2, b"x")),
            ("copy a part", lambda: other.put(bucket, "up", b"", {"partNumber": "2", "uploadId": upload}, {
                "x-amz-copy-source": bucket + "/key"})),
            ("parts", lambda: other.get(bucket, "up", {"uploadId": upload})),
            ("complete", lambda: other.complete(bucket, "up", upload, [(1, tag)])),
            ("abort", lambda: other.abort(bucket, "up", upload)),
            ("copy onto", lambda: other.copy(bucket + "/key", bucket, "key2")),
            ("delete tags of bucket", lambda: other.delete(bucket, query={"tagging": None})),
            ("delete lifecycle", lambda: other.delete(bucket, query={"lifecycle": None})),
            ("delete CORS", lambda: other.delete(bucket, query={"cors": None})),
            ("delete policy", lambda: other.delete(bucket, query={"policy": None}))]
    for sub, body in DOCUMENTS.items():
        asks += [("get " + sub, lambda sub=sub: other.get(bucket, query={sub: None}))]
        if sub == "acl":
            asks += [("put acl", lambda: other.put(bucket, query={"acl": None}, headers={"x-amz-acl": "public-read"}))]
    for name, query in at:
        asks += [("get " + name, lambda q=query: other.get(bucket, "key", q)),
                 ("head " + name, lambda q=query: other.head(bucket, "key", q)),
                 ("tags " + name, lambda q=query: other.get(bucket, "key", {"tagging": None, **q})),
                 ("ACL " + name, lambda q=query: other.get(bucket, "key", {"acl": None, **q})),
                 ("attributes " + name, lambda q=query: other.get(bucket, "key", {"attributes": None, **q}, {
                     "x-amz-object-attributes": "ETag"})),
                 ("delete " + name, lambda q=query: other.delete(bucket, "key", q)),
                 ("delete tags " + name, lambda q=query: other.delete(bucket, "key", {"tagging": None, **q})),
                 ("put tags " + name, lambda q=query: other.put(bucket, "key", DOCUMENTS["tagging"], {
                     "tagging": None, **q})),
                 ("put ACL " + name, lambda q=query: other.put(bucket, "key", b"", {"acl": None, **q}, {
                     "x-amz-acl": "public-read"}))]
    for name, ask in asks:
        answer = ask()
        want(answer.status == 403, "%s: %s", name, answer)
    for key in ("key", "nothing"):
        xml = good(other.delete_many(bucket, [key, (key, version)])).xml
        same(xml.texts("Error/Code"), ["AccessDenied"] * 2, "delete many")
    if who == "alt":
        mine = t.bucket(t.alt)
        mine_upload = t.alt.start(mine, "up")
        for source in (bucket + "/key", "%s/key?versionId=%s" % (bucket, version)):
            refused(t.alt.copy(source, mine, "copy"), 403, "AccessDenied")
            refused(t.alt.put(mine, "up", b"", {"partNumber": "1", "uploadId": mine_upload}, {
                "x-amz-copy-source": source}), 403, "AccessDenied")
        # An upload's id opens nothing but its own bucket and key.
        for name, ask in (("parts", lambda: t.alt.get(mine, "up", {"uploadId": upload})),
                          ("part", lambda: t.alt.part(mine, "up", upload, 2, b"x")),
                          ("complete", lambda: t.alt.complete(mine, "up", upload, [(1, tag)])),
                          ("abort", lambda: t.alt.abort(mine, "up", upload))):
            refused(ask(), 404, "NoSuchUpload")
        # Nor does a version.
        refused(t.alt.get(mine, "key", {"versionId": version}), 404, ("NoSuchVersion", "NoSuchKey"))
        good(t.alt.abort(mine, "up", mine_upload), 204)
    content(t.main.get(bucket, "key"), b"secret")
    good(t.main.abort(bucket, "up", upload), 204)
