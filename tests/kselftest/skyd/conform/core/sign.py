# SPDX-License-Identifier: GPL-2.0-or-later
"""Signature Version 4, as AWS documents it, by header and by query.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
SigV4A (ECDSA over P-256) is the same but for the scope, which has no region, and
the last step; its arithmetic is in p256.py.
"""

import hashlib
import hmac
import time
from collections import namedtuple
from urllib.parse import quote

from . import p256

UNSIGNED = "UNSIGNED-PAYLOAD"
EMPTY = hashlib.sha256(b"").hexdigest()
HMAC_ALGORITHM = "AWS4-HMAC-SHA256"
ECDSA_ALGORITHM = "AWS4-ECDSA-P256-SHA256"

Cred = namedtuple("Cred", "access secret")


def encode(value, keep=""):
    """Percent-encoding with the unreserved characters of RFC 3986, and those of keep."""
    return quote(value, safe="-_.~" + keep)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def mac(key, message):
    return hmac.new(key, message.encode(), hashlib.sha256).digest()


def stamp(offset=0):
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() + offset))


def query_text(pairs):
    """As it is sent: a value of None is a name without '='."""
    return "&".join(encode(n) if v is None else encode(n) + "=" + encode(str(v)) for n, v in pairs)


def canonical_query(pairs):
    return "&".join("%s=%s" % pair for pair in
                    sorted((encode(n), "" if v is None else encode(str(v))) for n, v in pairs))


def squeeze(value):
    return " ".join(value.split()) if isinstance(value, str) else value.decode("utf-8")


class Signer:
    """What the signature of a request is made with, and what follows from it in its chunks."""

    def __init__(self, cred, region="us-east-1", service="s3", when=None, asymmetric=False, date=None,
                 terminator="aws4_request"):
        self.cred = cred
        self.when = when or stamp()
        self.asymmetric = asymmetric
        self.algorithm = ECDSA_ALGORITHM if asymmetric else HMAC_ALGORITHM
        date = date or self.when[:8]
        if asymmetric:
            self.scope = "%s/%s/%s" % (date, service, terminator)
            self.private = p256.derive(cred.access, cred.secret)
        else:
            self.scope = "%s/%s/%s/%s" % (date, region, service, terminator)
            key = ("AWS4" + cred.secret).encode()
            for part in (date, region, service, terminator):
                key = mac(key, part)
            self.key = key

    def credential(self):
        return self.cred.access + "/" + self.scope

    def sign(self, message):
        if self.asymmetric:
            return p256.sign(self.private, message.encode()).hex()
        return mac(self.key, message).hex()

    def string_to_sign(self, request):
        return "\n".join((self.algorithm, self.when, self.scope, sha256(request.encode())))

    def canonical(self, method, path, query, headers, names, payload):
        """headers: all pairs; names: those that are signed, lower case and sorted."""
        lines = []
        for name in names:
            values = [squeeze(v) for n, v in headers if n.lower() == name]
            lines.append("%s:%s\n" % (name, ",".join(values)))
        return "\n".join((method, path, canonical_query(query), "".join(lines), ";".join(names), payload))

    def header(self, method, path, query, headers, payload, names=None):
        """Return the value of Authorization and the signature in it."""
        if names is None:
            names = sorted({n.lower() for n, _ in headers if n.lower() not in ("expect", "user-agent")})
        request = self.canonical(method, path, query, headers, names, payload)
        signature = self.sign(self.string_to_sign(request))
        value = "%s Credential=%s, SignedHeaders=%s, Signature=%s" % (
            self.algorithm, self.credential(), ";".join(names), signature)
        return value, signature

    def query(self, method, path, query, headers, expires, payload=UNSIGNED):
        """Return the parameters of a pre-signed URL, those of query among them."""
        names = sorted({n.lower() for n, _ in headers})
        query = list(query) + [
            ("X-Amz-Algorithm", self.algorithm),
            ("X-Amz-Credential", self.credential()),
            ("X-Amz-Date", self.when),
            ("X-Amz-Expires", str(expires)),
            ("X-Amz-SignedHeaders", ";".join(names))]
        if self.asymmetric:
            query.append(("X-Amz-Region-Set", "*"))
        request = self.canonical(method, path, query, headers, names, payload)
        return query + [("X-Amz-Signature", self.sign(self.string_to_sign(request)))]

    def chunk(self, previous, data):
        """The signature of a chunk of a streaming body."""
        return self._pad(self.sign("\n".join((
            self.algorithm + "-PAYLOAD", self.when, self.scope, previous.rstrip("*"), EMPTY, sha256(data)))))

    def trailer(self, previous, trailers):
        """trailers: pairs, as they are sent."""
        lines = "".join("%s:%s\n" % (n.lower(), v) for n, v in trailers)
        return self._pad(self.sign("\n".join((
            self.algorithm + "-TRAILER", self.when, self.scope, previous.rstrip("*"), sha256(lines.encode())))))

    def _pad(self, signature):
        """Signatures of ECDSA differ in length; in chunks they are filled up to one."""
        return signature.ljust(144, "*") if self.asymmetric else signature
