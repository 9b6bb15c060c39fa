# SPDX-License-Identifier: GPL-2.0-or-later
"""Load with a memory: what was asked and what was acknowledged, and what may be there now.

A key is a register.  Of all that was written to it, a reader may see what no acknowledged
write has replaced for certain: one that began when this one had ended, and had ended itself
when the reader began.  What was asked and not acknowledged may happen until SETTLE seconds
after the answer failed to come, or never.
"""

import json
import os
import random
import threading
import time

from core import wire
from core.client import Client

SETTLE = 15.0
PART = 5 << 20
NOTHING = None
FOREVER = float("inf")


def body(number, size):
    """What write @number of @size bytes has: no two have a piece in common."""
    return random.Random(number).randbytes(size)


class Write:
    """One state of a key: of a body, or nothing; from when on it may, and must, be there."""

    def __init__(self, number, what, value, start):
        self.number, self.what = number, what
        self.value = value              # (number of the body, size), or NOTHING
        self.start, self.end = start, FOREVER
        self.acknowledged = False


class Journal:
    """The writes of each key; each is in a file before it is sent, and when it was answered."""

    def __init__(self, path):
        self.fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.lock = threading.Lock()
        self.keys = {}
        self.count = 0

    def _note(self, **line):
        os.write(self.fd, json.dumps(line).encode() + b"\n")
        os.fdatasync(self.fd)

    def begin(self, key, what, size=0, source=NOTHING):
        with self.lock:
            self.count += 1
            value = source or ((self.count, size) if size else NOTHING)
            write = Write(self.count, what, value, time.monotonic())
            self.keys.setdefault(key, [self._first()]).append(write)
        self._note(ask=write.number, key=key, what=what, value=value, at=write.start)
        return write

    @staticmethod
    def _first():
        first = Write(0, "none", NOTHING, 0.0)
        first.end, first.acknowledged = 0.0, True
        return first

    def end(self, write, acknowledged, answer=""):
        now = time.monotonic()
        self._note(told=write.number, ok=acknowledged, answer=answer, at=now)
        with self.lock:
            write.acknowledged = acknowledged
            write.end = now if acknowledged else now + SETTLE

    def allowed(self, key, start, end):
        """The values that a reader of that time may see."""
        with self.lock:
            writes = list(self.keys.get(key, [self._first()]))
        sure = [w for w in writes if w.acknowledged and w.end < start]
        latest = max((w.start for w in sure), default=0.0)
        return {w.value for w in writes if w.start < end and not latest > w.end}


def says(value):
    return "nothing" if value is NOTHING else "body %d of %d bytes" % value


def identify(data, allowed):
    """Which of the values allowed a body is; None: it is none of them."""
    for value in allowed:
        if value is not NOTHING and value[1] == len(data) and body(*value) == data:
            return value
    return None


class Load:
    """Workers, each with a client of its own, on keys that they share and on new ones."""

    def __init__(self, endpoint, cred, bucket, journal, seed, workers, budget):
        self.clients = [Client(endpoint, cred, "us-east-1") for _ in range(workers)]
        self.bucket, self.journal = bucket, journal
        self.seed = seed
        self.left = budget              # bytes of new keys
        self.shared = ["shared/%02d" % i for i in range(12)]
        self.sources = []               # (key, value): written once, copied from
        self.wrong = []
        self.done = {}                  # what: [acknowledged, not]
        self.acknowledged_at = time.monotonic()
        self.longest = 0.0
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.threads = []

    def complain(self, text, *values):
        with self.lock:
            self.wrong.append(text % values)

    def _count(self, what, acknowledged):
        with self.lock:
            self.done.setdefault(what, [0, 0])[not acknowledged] += 1
            if acknowledged:
                now = time.monotonic()
                self.longest = max(self.longest, now - self.acknowledged_at)
                self.acknowledged_at = now

    # --- requests ---

    def ask(self, what, function, *arguments, expected=(200, 204), **how):
        """The answer, or None when there was none or it blames the server."""
        how["headers"] = dict(how.get("headers", ()), Connection="close")
        try:
            answer = function(*arguments, **how)
        except (wire.Broken, OSError, ValueError):
            return None
        if answer.status >= 500 or answer.code in ("RequestTimeout", "ServiceUnavailable"):
            return None
        if answer.status not in expected:
            self.complain("%s: %s: %r", what, answer, answer.body[:200])
            return None
        return answer

    def write(self, key, what, function, *arguments, size=0, source=NOTHING, **how):
        write = self.journal.begin(key, what, size, source)
        if size:
            arguments += (body(write.number, size),)
        answer = self.ask(what, function, self.bucket, key, *arguments, **how)
        self.journal.end(write, answer is not None, str(answer))
        self._count(what, answer is not None)
        return write if answer is not None else None

    def put(self, client, key, size):
        return self.write(key, "put", client.put, size=size)

    def delete(self, client, key):
        return self.write(key, "delete", client.delete, expected=(204,))

    def copy(self, client, key, source):
        write = self.journal.begin(key, "copy", source=source[1])
        answer = self.ask("copy", client.copy, "%s/%s" % (self.bucket, source[0]), self.bucket, key)
        # A copy says 200 before it is done, and in the document whether it is.
        good = answer is not None and b"CopyObjectResult" in answer.body
        self.journal.end(write, good, str(answer))
        self._count("copy", good)

    def upload(self, client, key, size):
        """In parts; only the last request can change what is there."""
        started = self.ask("upload", client.post, self.bucket, key, query={"uploads": None})
        if not started:
            return self._count("upload", False)
        upload = started.xml.text("UploadId")
        write = self.journal.begin(key, "upload", size)
        data, tags = body(write.number, size), []
        for n, at in enumerate(range(0, size, PART), 1):
            part = self.ask("part", client.part, self.bucket, key, upload, n, data[at:at + PART])
            if not part:
                self.journal.end(write, False, "part %d" % n)
                return self._count("upload", False)
            tags.append((n, part.etag))
        with self.journal.lock:
            write.start = time.monotonic()
        answer = self.ask("complete", client.complete, self.bucket, key, upload, tags)
        good = answer is not None and b"CompleteMultipartUploadResult" in answer.body
        self.journal.end(write, good, str(answer))
        return self._count("upload", good)

    def read(self, client, key, patience=0.0):
        """Whole, and what may be there; returns its value, or False when nobody answered."""
        deadline = time.monotonic() + patience
        while True:
            start = time.monotonic()
            answer = self.ask("get", client.get, self.bucket, key, expected=(200, 404))
            if answer or time.monotonic() > deadline:
                break
            time.sleep(0.2)
        self._count("get", answer is not None)
        if not answer:
            return False
        allowed = self.journal.allowed(key, start, time.monotonic())
        if answer.status == 404:
            if NOTHING not in allowed:
                self.complain("%s is gone; it should be %s", key, " or ".join(map(says, allowed)))
            return NOTHING
        value = identify(answer.body, allowed)
        if value is None:
            self.complain("%s has %d bytes that are not %s", key, len(answer.body),
                          " or ".join(map(says, allowed)))
        return value, answer.etag

    # --- workers ---

    def prepare(self):
        """What is copied from: written before anything goes wrong."""
        client = self.clients[0]
        for i, size in enumerate((700, 40000, 900000)):
            key = "source/%d" % i
            write = self.put(client, key, size)
            if write:
                self.sources.append((key, write.value))

    @staticmethod
    def _size(chance):
        kind = chance.random()
        if kind < 0.55:
            return chance.randint(1, 20000)
        if kind < 0.93:
            return chance.randint(20000, 1 << 20)
        return chance.randint(1 << 20, 9 << 20)

    def _new_key(self, chance, worker, turn):
        size = self._size(chance)
        with self.lock:
            if self.left < size:
                return None
            self.left -= size
        return "kept/%d-%d" % (worker, turn), size

    def _step(self, chance, worker, turn):
        client, kind, key = self.clients[worker], chance.random(), chance.choice(self.shared)
        if kind < 0.35:
            new = self._new_key(chance, worker, turn)
            self.put(client, *(new or (key, self._size(chance))))
        elif kind < 0.52:
            self.put(client, key, self._size(chance))
        elif kind < 0.56:
            self.upload(client, key, PART + chance.randint(1, PART))
        elif kind < 0.66:
            self.delete(client, key)
        elif kind < 0.76 and self.sources:
            self.copy(client, key, chance.choice(self.sources))
        else:
            self.read(client, key)

    def _work(self, worker):
        chance = random.Random("%s/%d" % (self.seed, worker))
        turn = 0
        while not self.over.is_set():
            turn += 1
            try:
                self._step(chance, worker, turn)
            except Exception as e:      # a worker that dies would be load that is missing
                self.complain("worker %d: %s: %s", worker, type(e).__name__, e)
                time.sleep(0.1)

    def begin(self):
        self.threads = [threading.Thread(target=self._work, args=(i,), daemon=True)
                        for i in range(len(self.clients))]
        for thread in self.threads:
            thread.start()

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join(120)
            if thread.is_alive():
                self.complain("a request hangs")
