# SPDX-License-Identifier: GPL-2.0-or-later
"""A client of S3 that does what the test says, right or wrong."""

import copy
import hashlib
import xml.etree.ElementTree as ET
from urllib.parse import urlsplit

from . import sign, stream, sums, wire

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


class Node:
    """An element of an answer, by paths of names without namespaces."""

    def __init__(self, element):
        self.element = element
        self.tag = element.tag.split("}")[-1]
        self.namespace = element.tag[1:].split("}")[0] if element.tag.startswith("{") else ""

    def all(self, path):
        found = [self]
        for name in path.split("/"):
            found = [Node(c) for n in found for c in n.element if c.tag.split("}")[-1] == name]
        return found

    def texts(self, path):
        return [n.element.text or "" for n in self.all(path)]

    def text(self, path, default=None):
        return (self.texts(path) or [default])[0]

    def has(self, path):
        return bool(self.all(path))

    def attribute(self, name):
        return next((v for k, v in self.element.attrib.items() if k.split("}")[-1] == name), None)


class Answer:
    """What a server said, and to which request."""

    def __init__(self, raw, request):
        self.status, self.headers, self.body = raw.status, raw.headers, raw.body
        self.continued, self.closing = raw.continued, raw.closing
        self.request = request
        self._xml = None

    @property
    def xml(self):
        if self._xml is None:
            try:
                self._xml = Node(ET.fromstring(self.body))
            except ET.ParseError as e:
                raise AssertionError("%s: not XML (%s): %r" % (self, e, self.body[:200])) from e
        return self._xml

    @property
    def code(self):
        """The error's code; '' where the answer is no error or has no body."""
        return self.xml.text("Code", "") if self.status >= 300 and self.body.lstrip().startswith(b"<") else ""

    @property
    def etag(self):
        return self.headers["etag"]

    @property
    def version(self):
        return self.headers["x-amz-version-id"]

    def __str__(self):
        return "%s -> %d %s" % (self.request, self.status, self.code)


class Request:
    """What is about to be sent.  A test may spoil it after it was signed."""

    def __init__(self, method, path, query, headers, body):
        self.method, self.path, self.query = method, path, list(query)
        self.headers, self.body = list(headers), body
        self.raw_query = None

    def set(self, name, value):
        """Give a header another value, or None to remove it."""
        self.headers = [(n, v) for n, v in self.headers if n.lower() != name.lower()]
        if value is not None:
            self.headers.append((name, value))

    def get(self, name):
        return next((v for n, v in self.headers if n.lower() == name.lower()), None)

    def param(self, name, value):
        """The same for a parameter of the query."""
        self.query = [(n, v) for n, v in self.query if n != name]
        if value is not None:
            self.query.append((name, value))

    def target(self):
        query = sign.query_text(self.query) if self.raw_query is None else self.raw_query
        return self.path + ("?" + query if query else "")

    def __str__(self):
        return "%s %s" % (self.method, self.target()[:120])


class Client:
    """One team's view of one endpoint.  cred None: nobody's."""

    def __init__(self, endpoint, cred, region, prefix=""):
        self.endpoint = endpoint.rstrip("/")
        self.cred, self.region, self.prefix = cred, region, prefix
        url = urlsplit(self.endpoint)
        self.host = url.netloc
        self.base = url.path

    def path(self, bucket=None, key=None):
        path = self.base + self.prefix + "/"
        if bucket is not None:
            path += sign.encode(bucket)
        if key is not None:
            path += "/" + sign.encode(key, "/")
        return path

    def signer(self, **how):
        return sign.Signer(how.pop("cred", self.cred), how.pop("region", self.region), **how)

    def call(self, method, bucket=None, key=None, query=(), headers=(), body=b"", *, path=None, auth="header",
             payload=None, expires=900, cred=None, region=None, when=None, date=None, service="s3",
             terminator="aws4_request", signed=None, later=(), spoil=None, length=True):
        """One request.

        query and headers are dicts or pairs.  auth: header, query, none, or the first
        two with "4a" at the end.  payload: the value of x-amz-content-sha256, else the
        hash of body.  signed: names of the headers to sign, else all.  later: headers
        that are added when it has been signed.  spoil(request): the last word.
        length: whether to send Content-Length.
        """
        query = list(query.items()) if isinstance(query, dict) else list(query)
        headers = list(headers.items()) if isinstance(headers, dict) else list(headers)
        body = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else body
        request = Request(method, path or self.path(bucket, key), query, [("Host", self.host)] + headers, body)
        cred = cred or self.cred
        if cred and auth != "none":
            signer = sign.Signer(cred, region or self.region, service, when, auth.endswith("4a"), date, terminator)
            if auth.startswith("header"):
                self._sign(request, signer, payload, signed)
            else:
                request.query = signer.query(method, request.path, request.query, request.headers, expires,
                                             payload or sign.UNSIGNED)
        request.headers += list(later.items()) if isinstance(later, dict) else list(later)
        if length and isinstance(request.body, bytes) and (request.body or method in ("PUT", "POST")) \
                and request.get("content-length") is None:
            request.headers.append(("Content-Length", str(len(request.body))))
        if spoil:
            spoil(request)
        return self.send(request)

    def _sign(self, request, signer, payload, signed):
        if payload is None:
            payload = hashlib.sha256(request.body).hexdigest()
        if request.get("x-amz-date") is None and request.get("date") is None:
            request.headers.append(("x-amz-date", signer.when))
        if signer.asymmetric:
            request.headers.append(("x-amz-region-set", "*"))
        request.headers.append(("x-amz-content-sha256", payload))
        value, signature = signer.header(request.method, request.path, request.query, request.headers,
                                         payload, signed)
        request.headers.append(("Authorization", value))
        request.seed, request.signer = signature, signer

    def send(self, request):
        return Answer(wire.exchange(self.endpoint, request.method, request.target(), request.headers,
                                    request.body), request)

    def put_streaming(self, bucket, key, data, form=stream.SIGNED, size=8192, trailers=None, headers=(), query=(),
                      spoil=None, spoil_request=None, declared=None, announce=None):
        """PUT a body in aws-chunked.  declared: x-amz-decoded-content-length, if it is
        to be wrong; announce: x-amz-trailer, else the names of the trailers."""
        pairs = list(headers.items()) if isinstance(headers, dict) else list(headers)
        pairs.append(("x-amz-decoded-content-length", str(len(data) if declared is None else declared)))
        if not any(n.lower() == "content-encoding" for n, _ in pairs):
            pairs.append(("Content-Encoding", "aws-chunked"))
        if trailers or announce:
            pairs.append(("x-amz-trailer", announce or ",".join(n for n, _ in trailers)))

        def chunk(request):
            if form == stream.UNSIGNED_TRAILER:
                request.body = stream.plain(data, size, trailers or ())
            else:
                request.body = stream.signed(data, size, request.signer, request.seed,
                                             trailers if form.endswith("TRAILER") else None, spoil)
            request.set("Content-Length", str(len(request.body)))
            if spoil_request:
                spoil_request(request)

        return self.call("PUT", bucket, key, query, pairs, payload=form, spoil=chunk,
                         auth="header4a" if "ECDSA" in form else "header")

    def presign(self, method, bucket, key=None, query=(), headers=(), expires=900, **how):
        """The path and query of a pre-signed URL."""
        query = list(query.items()) if isinstance(query, dict) else list(query)
        pairs = [("Host", self.host)] + (list(headers.items()) if isinstance(headers, dict) else list(headers))
        path = self.path(bucket, key)
        return path + "?" + sign.query_text(self.signer(**how).query(method, path, query, pairs, expires))

    # The operations that most tests need, by their plain names.

    def get(self, bucket=None, key=None, query=(), headers=(), **how):
        return self.call("GET", bucket, key, query, headers, **how)

    def head(self, bucket, key=None, query=(), headers=(), **how):
        return self.call("HEAD", bucket, key, query, headers, **how)

    def put(self, bucket, key=None, body=b"", query=(), headers=(), **how):
        return self.call("PUT", bucket, key, query, headers, body, **how)

    def post(self, bucket, key=None, body=b"", query=(), headers=(), **how):
        return self.call("POST", bucket, key, query, headers, body, **how)

    def delete(self, bucket, key=None, query=(), headers=(), **how):
        return self.call("DELETE", bucket, key, query, headers, **how)

    def put_xml(self, bucket, sub, document, key=None, headers=(), **query):
        """A document of a bucket or an object, with the Content-MD5 that some servers ask for."""
        body = document.encode()
        headers = dict(headers)
        headers.setdefault("Content-MD5", sums.md5(body))
        return self.put(bucket, key, body, {sub: None, **query}, headers)

    def copy(self, source, bucket, key, headers=(), query=()):
        """source: "bucket/key", as it is to stand in the header."""
        return self.put(bucket, key, query=query, headers={"x-amz-copy-source": source, **dict(headers)})

    def start(self, bucket, key, headers=()):
        """Begin an upload and return its id."""
        answer = self.post(bucket, key, query={"uploads": None}, headers=headers)
        assert answer.status == 200, "%s" % answer
        return answer.xml.text("UploadId")

    def part(self, bucket, key, upload, number, body, headers=(), **how):
        return self.put(bucket, key, body, {"partNumber": number, "uploadId": upload}, headers, **how)

    def complete(self, bucket, key, upload, parts, headers=(), extra=""):
        """parts: pairs of number and entity tag, or of number and a piece of XML."""
        body = "".join("<Part><PartNumber>%s</PartNumber>%s</Part>" % (
            n, t if t.startswith("<") else "<ETag>%s</ETag>" % t) for n, t in parts)
        return self.post(bucket, key, "<CompleteMultipartUpload xmlns=\"%s\">%s%s</CompleteMultipartUpload>" % (
            NAMESPACE, body, extra), {"uploadId": upload}, headers)

    def abort(self, bucket, key, upload):
        return self.delete(bucket, key, {"uploadId": upload})

    def upload(self, bucket, key, parts, headers=()):
        """A whole upload in parts; returns the last answer."""
        upload = self.start(bucket, key, headers)
        tags = [(n, self.part(bucket, key, upload, n, body).etag) for n, body in enumerate(parts, 1)]
        return self.complete(bucket, key, upload, tags)

    def list(self, bucket, **query):
        """ListObjectsV2; underscores of names stand for hyphens."""
        return self.get(bucket, query={"list-type": "2", **{k.replace("_", "-"): v for k, v in query.items()}})

    def list1(self, bucket, **query):
        return self.get(bucket, query={k.replace("_", "-"): v for k, v in query.items()})

    def versions(self, bucket, **query):
        return self.get(bucket, query={"versions": None, **{k.replace("_", "-"): v for k, v in query.items()}})

    def delete_many(self, bucket, keys, quiet=False, headers=None, extra=""):
        """keys: names, or pairs of name and version."""
        document = "<Delete>%s%s%s</Delete>" % (extra, "<Quiet>true</Quiet>" if quiet else "", "".join(
            "<Object><Key>%s</Key>%s</Object>" % (
                escape(k if isinstance(k, str) else k[0]),
                "" if isinstance(k, str) else "<VersionId>%s</VersionId>" % k[1]) for k in keys))
        if headers is None:
            headers = {"Content-MD5": sums.md5(document.encode())}
        return self.post(bucket, body=document, query={"delete": None}, headers=headers)


class VirtualHost(Client):
    """A client for which the bucket is part of the host's name, below a domain."""

    def __init__(self, endpoint, cred, region, domain):
        super().__init__(endpoint, cred, region)
        self.domain = domain

    def path(self, bucket=None, key=None):
        return "/" + sign.encode(key or "", "/")

    def call(self, method, bucket=None, key=None, query=(), headers=(), body=b"", **how):
        one = copy.copy(self)
        one.host = self.domain if bucket is None else "%s.%s" % (bucket, self.domain)
        return Client.call(one, method, bucket, key, query, headers, body, **how)


def escape(value):
    out = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return out.replace("\r", "&#13;").replace("\n", "&#10;").replace("\t", "&#9;")
