# SPDX-License-Identifier: GPL-2.0-or-later
"""HTTP/1.1 as it is spelled: what is given is sent, byte for byte.

No library stands between a test and the socket, since the tests must be able
to send what libraries refuse to, and to see what libraries hide.
"""

import select
import socket
import ssl
import threading
import time
from urllib.parse import urlsplit

# How long an answer may take, in seconds.
patience = 60
LIMIT = 1 << 16


class Broken(Exception):
    """The server's answer is not HTTP, or there is none."""


class Headers:
    """Names without regard to case; a name that came twice is joined by ', '."""

    def __init__(self, pairs):
        self.pairs = pairs

    def get(self, name, default=None):
        found = [v for n, v in self.pairs if n.lower() == name.lower()]
        return ", ".join(found) if found else default

    def __getitem__(self, name):
        return self.get(name)

    def __contains__(self, name):
        return self.get(name) is not None

    def names(self):
        return [n.lower() for n, _ in self.pairs]


class Raw:
    """One answer: status, headers, body; continued says whether a 100 came first."""

    def __init__(self, status, headers, body, continued, closing):
        self.status = status
        self.headers = headers
        self.body = body
        self.continued = continued
        self.closing = closing


def text(raw):
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def octets(value):
    return value if isinstance(value, bytes) else str(value).encode("utf-8")


class Wire:
    """One connection."""

    def __init__(self, endpoint, timeout=None):
        url = urlsplit(endpoint)
        port = url.port or (443 if url.scheme == "https" else 80)
        self.sock = socket.create_connection((url.hostname, port), timeout or patience)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if url.scheme == "https":
            # The tests' keys are worth nothing, and the certificate is the tester's own.
            context = ssl._create_unverified_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=url.hostname)
        self.buffer = b""
        self.used = False

    def close(self):
        self.sock.close()

    def idle_and_open(self):
        """Nothing has come, not even an end, since the last answer."""
        return not select.select([self.sock], [], [], 0)[0]

    def send(self, data):
        self.sock.sendall(data)

    def head(self, method, target, headers):
        """Send a request line and headers, and the empty line."""
        lines = [octets(method) + b" " + octets(target) + b" HTTP/1.1"]
        lines += [octets(n) + b": " + octets(v) for n, v in headers]
        self.send(b"\r\n".join(lines) + b"\r\n\r\n")

    def _more(self):
        data = self.sock.recv(LIMIT)
        self.buffer += data
        return data

    def _line(self):
        while b"\r\n" not in self.buffer:
            if len(self.buffer) > LIMIT:
                raise Broken("a line without an end")
            if not self._more():
                raise Broken("connection ended in the answer's head, after %r" % self.buffer[:80])
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def _exactly(self, count):
        parts, have = [self.buffer], len(self.buffer)
        while have < count:
            data = self.sock.recv(min(1 << 20, count - have + LIMIT))
            if not data:
                raise Broken("body ended after %d of %d bytes" % (have, count))
            parts.append(data)
            have += len(data)
        whole = b"".join(parts)
        self.buffer = whole[count:]
        return whole[:count]

    def _chunked(self):
        body = []
        while True:
            size = int(self._line().split(b";")[0], 16)
            if size == 0:
                break
            body.append(self._exactly(size))
            if self._exactly(2) != b"\r\n":
                raise Broken("a chunk does not end where it says")
        while self._line():
            pass
        return b"".join(body)

    def _head(self):
        line = self._line()
        words = line.split(b" ", 2)
        if not line.startswith(b"HTTP/1.") or len(words) < 2 or not words[1].isdigit():
            raise Broken("not a status line: %r" % line[:80])
        pairs = []
        while True:
            line = self._line()
            if not line:
                return int(words[1]), Headers(pairs)
            name, colon, value = line.partition(b":")
            if not colon or name != name.strip():
                raise Broken("not a header: %r" % line[:80])
            pairs.append((text(name), text(value.strip())))

    def answer(self, method):
        """Read one answer; the connection can be used again unless it says not."""
        continued = False
        while True:
            status, headers = self._head()
            if status >= 200:
                break
            continued = continued or status == 100
        closing = (headers.get("connection") or "").lower() == "close"
        if method == "HEAD" or status in (204, 304):
            body = b""
        elif (headers.get("transfer-encoding") or "").lower() == "chunked":
            body = self._chunked()
        elif "content-length" in headers:
            body = self._exactly(int(headers["content-length"]))
        else:
            closing = True
            while self._more():
                pass
            body, self.buffer = self.buffer, b""
        return Raw(status, headers, body, continued, closing)

    def wait_readable(self, seconds):
        return bool(self.buffer) or bool(select.select([self.sock], [], [], seconds)[0])


_pool = threading.local()


def _connection(endpoint):
    kept = getattr(_pool, "kept", None)
    if kept is None:
        kept = _pool.kept = {}
    wire = kept.pop(endpoint, None)
    if wire and wire.idle_and_open():
        return wire
    if wire:
        wire.close()
    return Wire(endpoint)


def _send_body(wire, body):
    """A server may answer and hang up before it has read all: the answer counts."""
    try:
        for part in [body] if isinstance(body, bytes) else body:
            wire.send(part)
    except (BrokenPipeError, ConnectionResetError):
        pass


def exchange(endpoint, method, target, headers, body=b""):
    """Send a request and read its answer, on a connection that may have been used.

    body is bytes, or an iterable of bytes.  With "Expect: 100-continue" among the
    headers it waits until the server has asked for the body or refused it.
    """
    began = time.monotonic()
    wire = _connection(endpoint)
    try:
        return _exchange(wire, endpoint, method, target, headers, body)
    except (Broken, ConnectionError):
        # Between two requests a server may hang up, and a client tries again.
        if not wire.used or wire.buffer or not isinstance(body, bytes) or time.monotonic() - began > 5:
            raise
        wire.close()
        wire = Wire(endpoint)
        return _exchange(wire, endpoint, method, target, headers, body)


def _exchange(wire, endpoint, method, target, headers, body):
    waits = any(n.lower() == "expect" for n, _ in headers)
    continued = False
    try:
        wire.head(method, target, headers)
        if waits and wire.wait_readable(patience / 6):
            status, seen = wire._head()
            if status != 100:
                raise_to = Raw(status, seen, b"", False, (seen.get("connection") or "").lower() == "close")
                if method != "HEAD" and "content-length" in seen:
                    raise_to.body = wire._exactly(int(seen["content-length"]))
                wire.close()
                return raise_to
            continued = True
        _send_body(wire, body)
        answer = wire.answer(method)
    except Exception:
        wire.close()
        raise
    answer.continued = answer.continued or continued
    if answer.closing:
        wire.close()
    else:
        wire.used = True
        _pool.kept[endpoint] = wire
    return answer
