# SPDX-License-Identifier: GPL-2.0-or-later
"""What a server says of requests that it cannot or will not do, and that it lives on."""

import socket
from urllib.parse import urlsplit

from core import sums, wire
from core.expect import content, each, good, header, refused, same, test, want


@test
def is_a_document_of_s3(t):
    bucket = t.name()
    answer = refused(t.main.get(bucket, "key"), 404, "NoSuchBucket")
    want(answer.body.startswith(b"<?xml"), "it begins as XML does")
    same(answer.xml.namespace, "", "namespace of an error")
    same(answer.xml.text("RequestId"), answer.headers["x-amz-request-id"], "RequestId and x-amz-request-id")
    want(answer.xml.has("HostId"), "HostId")
    want(answer.xml.has("Resource") or answer.xml.has("BucketName"), "Resource or BucketName")


@test
def escapes_what_it_quotes(t):
    bucket = t.bucket()
    key = "<script>&\"'"
    answer = refused(t.main.get(bucket, key), 404, "NoSuchKey")
    want(b"<script>" not in answer.body, "the key is escaped")


@each(("PATCH", "PATCH"), ("TRACE", "TRACE"), ("LINK", "LINK"), ("junk", "JUNK"))
def method_unknown_to_s3(t, method):
    bucket, key = t.object()
    answer = t.main.call(method, bucket, key)
    want(answer.status in (400, 405, 501), "%s", answer)
    want(answer.code in ("MethodNotAllowed", "NotImplemented", ""), "code of %s", answer)
    good(t.main.head(bucket, key))


@each(("POST to an object", "POST", "key", ()), ("POST to the service", "POST", None, None),
      ("PUT to the service", "PUT", None, None), ("DELETE of the service", "DELETE", None, None))
def method_that_is_not_for_this(t, method, key, what):
    answer = t.main.call(method, None if what is None else t.bucket(), key)
    want((answer.status, answer.code) in ((405, "MethodNotAllowed"), (400, "InvalidRequest"), (501, "NotImplemented"),
                                          (412, "PreconditionFailed"), (400, "InvalidArgument"),
                                          (400, "MalformedPOSTRequest")), "%s", answer)


@test
def method_not_allowed_names_those_that_are(t):
    answer = t.main.delete(None)
    same(answer.status, 405, "status")
    want(answer.headers["allow"], "Allow")


@each(("external entities", "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>"
       "<Delete><Object><Key>&x;</Key></Object></Delete>"),
      ("entities of entities", "<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">"
       "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]><Delete><Object><Key>&c;</Key></Object></Delete>"),
      ("a thousand levels", "<Delete>" + "<Object>" * 1000 + "</Object>" * 1000 + "</Delete>"),
      ("another encoding", "<?xml version=\"1.0\" encoding=\"UTF-7\"?><Delete/>"),
      ("bytes that are no text", "<Delete><Object><Key>\x00</Key></Object></Delete>"))
def document_with(t, document):
    bucket = t.bucket()
    answer = t.main.post(bucket, body=document, query={"delete": None},
                         headers={"Content-MD5": sums.md5(document.encode())})
    want(answer.status == 400, "%s", answer)
    want(b"root:" not in answer.body, "no file of the server is told")
    good(t.main.head(bucket))


@test
def document_that_is_far_too_long(t):
    bucket = t.bucket()
    answer = t.main.put(bucket, body=b"<Tagging>" + b" " * (12 << 20) + b"</Tagging>", query={"tagging": None})
    want(answer.status in (400, 413), "%s", answer)
    good(t.main.head(bucket))


def raw(t, data, method="GET"):
    """Send bytes as they are; the status, or None if the server hung up."""
    connection = wire.Wire(t.main.endpoint, wire.patience / 3)
    try:
        connection.send(data)
        return connection.answer(method).status
    except (wire.Broken, ConnectionError):
        return None
    except socket.timeout:
        raise AssertionError("no answer") from None
    finally:
        connection.close()


@each(("no version", b"GET /\r\n\r\n"), ("an unknown version", b"GET / HTTP/9.9\r\nHost: a\r\n\r\n"),
      ("no path", b"GET HTTP/1.1\r\nHost: a\r\n\r\n"), ("no host", b"GET / HTTP/1.1\r\n\r\n"),
      ("a space before a colon", b"GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
      ("a folded header", b"GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n"),
      ("two lengths", b"PUT /a/b HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
      ("a negative length", b"PUT /a/b HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"),
      ("a length of words", b"PUT /a/b HTTP/1.1\r\nHost: a\r\nContent-Length: ten\r\n\r\n"),
      ("a length and chunks", b"PUT /a/b HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
       b"0\r\n\r\n"),
      ("an unknown coding", b"PUT /a/b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n"),
      ("a chunk of junk", b"PUT /a/b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
      ("a zero byte", b"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"), ("TLS", b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03"
                                                                    + b"\0" * 60 + b"\r\n\r\n"))
def request_with(t, data):
    """Refused, or hung up on; never taken, and never the end of the server."""
    if urlsplit(t.main.endpoint).scheme == "https" and data[:1] == b"\x16":
        return
    status = raw(t, data)
    want(status is None or 400 <= status < 600 and status != 500, "status %s", status)
    good(t.main.get())


@test
def request_with_far_too_many_headers(t):
    answer = raw(t, b"GET / HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X-H%d: v\r\n" % i for i in range(5000)) + b"\r\n")
    want(answer is None or 400 <= answer < 500, "status %s", answer)
    good(t.main.get())


@test
def request_with_a_far_too_long_line(t):
    answer = raw(t, b"GET /" + b"a" * 200000 + b" HTTP/1.1\r\nHost: a\r\n\r\n")
    want(answer is None or 400 <= answer < 500, "status %s", answer)
    good(t.main.get())


@test
def several_requests_are_answered_in_turn(t):
    """Sent one behind the other without waiting."""
    bucket = t.bucket()
    requests = []
    for number in range(5):
        good(t.main.put(bucket, "k%d" % number, b"%d" % number))
        target = t.main.presign("GET", bucket, "k%d" % number)
        requests.append(("GET %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (target, t.main.host)).encode())
    connection = wire.Wire(t.main.endpoint)
    connection.send(b"".join(requests))
    same([connection.answer("GET").body for _ in requests], [b"0", b"1", b"2", b"3", b"4"], "bodies")
    connection.close()


@test
def request_that_comes_byte_by_byte(t):
    bucket, key = t.object(body=b"slow")
    connection = wire.Wire(t.main.endpoint)
    for byte in ("GET %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (t.main.presign("GET", bucket, key), t.main.host)).encode():
        connection.send(bytes([byte]))
    same(connection.answer("GET").body, b"slow", "body")
    connection.close()


@test
def body_that_never_comes_leaves_no_object(t):
    bucket = t.bucket()
    connection = wire.Wire(t.main.endpoint)
    target = t.main.presign("PUT", bucket, "half")
    connection.head("PUT", target, [("Host", t.main.host), ("Content-Length", "1000000")])
    connection.send(b"x" * 500000)
    connection.close()
    refused(t.main.head(bucket, "half"), 404, "")
    same(good(t.main.list(bucket)).xml.all("Contents"), [], "objects")


@test
def body_that_never_comes_keeps_the_old_object(t):
    bucket, key = t.object(body=b"old")
    connection = wire.Wire(t.main.endpoint)
    connection.head("PUT", t.main.presign("PUT", bucket, key), [("Host", t.main.host), ("Content-Length", "100")])
    connection.send(b"x" * 50)
    connection.close()
    content(t.main.get(bucket, key), b"old")


@test
def connection_stays_after_a_refusal(t):
    bucket, key = t.object(body=b"x")
    for _ in range(3):
        refused(t.main.get(bucket, "nothing"), 404, "NoSuchKey")
        content(t.main.get(bucket, key), b"x")


@test
def connection_closes_when_asked(t):
    bucket, key = t.object(body=b"x")
    header(good(t.main.get(bucket, key, later={"Connection": "close"})), "connection", "close")


@test
def length_of_more_than_five_gigabytes_is_refused_at_once(t):
    bucket = t.bucket()
    answer = t.main.put(bucket, "key", b"", auth="query", later=[("Content-Length", str((5 << 30) + 1)),
                                                                ("Expect", "100-continue")])
    refused(answer, 400, "EntityTooLarge")


@test
def virtual_host_style_is_not_taken_for_a_key(t):
    """A Host that is not ours is path style all the same, or refused; never another bucket."""
    bucket, key = t.object(body=b"x")
    answer = t.main.get(bucket, key, headers=[], spoil=lambda r: r.set("Host", "other." + t.main.host))
    want(answer.status in (400, 403, 404), "%s", answer)
