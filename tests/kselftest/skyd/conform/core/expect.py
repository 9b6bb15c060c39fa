# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests, and what they may say: registration, assertions, and a test's own buckets."""

import itertools
import os
import threading
import time
import traceback

from . import wire
from .client import Client

tests = []


class Test:
    def __init__(self, name, function, arguments):
        self.name, self.function, self.arguments = name, function, arguments


def _module(function):
    return function.__module__.rsplit(".", 1)[-1]


def test(function):
    """A test: a function of one argument, whose name says what is shown."""
    tests.append(Test("%s.%s" % (_module(function), function.__name__), function, ()))
    return function


def each(*rows):
    """A test for each row: a label, and what the function gets beside the context."""
    def register(function):
        for row in rows:
            label, *arguments = (row, row) if isinstance(row, str) else row
            name = "%s.%s[%s]" % (_module(function), function.__name__, label)
            tests.append(Test(name, function, arguments))
        return function
    return register


class Skip(Exception):
    """The test cannot be done here, for the reason given."""


def fail(text, *values):
    raise AssertionError(text % values if values else text)


def want(condition, text, *values):
    if not condition:
        fail(text, *values)


def same(got, wanted, what="it"):
    if got != wanted:
        fail("%s: wanted %s, got %s", what, short(wanted), short(got))


def short(value):
    shown = repr(value)
    return shown if len(shown) <= 300 else "%s... (%d characters)" % (shown[:280], len(shown))


def good(answer, status=200):
    """The answer has that status (or one of them); it is returned."""
    allowed = status if isinstance(status, tuple) else (status,)
    if answer.status not in allowed:
        fail("wanted status %s: %s %s", "/".join(map(str, allowed)), answer,
             short(answer.body[:200]) if not answer.code else answer.xml.text("Message", ""))
    return answer


def refused(answer, status, code):
    """The answer is S3's error document with that code (or one of them)."""
    codes = code if isinstance(code, tuple) else (code,)
    if answer.request.method == "HEAD":
        same(answer.status, status, "status of %s" % answer)
        same(answer.body, b"", "body of a refused HEAD")
        return answer
    if answer.status != status or answer.code not in codes:
        fail("wanted %d %s: %s %s", status, "/".join(codes), answer, short(answer.body[:200]))
    same(answer.xml.tag, "Error", "root of the error document")
    want((answer.headers["content-type"] or "").startswith("application/xml"),
         "an error's Content-Type is application/xml, not %s", answer.headers["content-type"])
    want(answer.xml.text("Message") is not None, "an error has a Message")
    want(answer.xml.text("RequestId"), "an error has a RequestId")
    return answer


def content(answer, body, status=200):
    """The answer is that status with exactly that body."""
    good(answer, status)
    if answer.body != body:
        same(len(answer.body), len(body), "length of the body of %s" % answer)
        at = next(i for i, (a, b) in enumerate(zip(answer.body, body)) if a != b)
        fail("the body of %s differs from byte %d on", answer, at)
    return answer


def header(answer, name, value):
    same(answer.headers[name], value, "%s of %s" % (name, answer))
    return answer


_serial = itertools.count()
_run = "%x" % (int(time.time()) & 0xFFFFFF)


class Context:
    """What a test gets: clients, names, buckets that go when it ends."""

    def __init__(self, config):
        self.config = config
        endpoint, region = config.endpoint, config.region
        self.main = Client(endpoint, config.main, region)
        self.anon = Client(endpoint, None, region)
        self._alt = config.alt and Client(endpoint, config.alt, region)
        self._undo = []

    @property
    def alt(self):
        """The other team."""
        if not self._alt:
            raise Skip("needs the credentials of a second team")
        return self._alt

    def name(self):
        """A name for a bucket that no one else has."""
        name = "sky-%s-%x-%x" % (_run, os.getpid(), next(_serial))
        return self.own(name)

    def own(self, name):
        """The bucket of that name, should there be one, goes when the test ends."""
        self._undo.append((self.main, name))
        return name

    def bucket(self, client=None, headers=(), body=b""):
        client = client or self.main
        name = self.name()
        self._undo[-1] = (client, name)
        good(client.put(name, body=body, headers=headers))
        return name

    def object(self, bucket=None, key="key", body=b"content", **how):
        """A bucket with an object in it; returns both names."""
        bucket = bucket or self.bucket()
        good(self.main.put(bucket, key, body, **how))
        return bucket, key

    def versioned(self, status="Enabled"):
        bucket = self.bucket()
        self.versioning(bucket, status)
        return bucket

    def versioning(self, bucket, status):
        good(self.main.put_xml(bucket, "versioning", "<VersioningConfiguration xmlns=\"%s\"><Status>%s</Status>"
                               "</VersioningConfiguration>" % ("http://s3.amazonaws.com/doc/2006-03-01/", status)))

    def owner(self, client=None):
        """The canonical id of a team."""
        answer = good((client or self.main).get())
        return answer.xml.text("Owner/ID")

    def together(self, jobs):
        """Run functions at once, each in a thread of its own; returns what they return."""
        results, failures = [None] * len(jobs), []
        gate = threading.Barrier(len(jobs))

        def run(i, job):
            try:
                gate.wait(30)
                results[i] = job()
            except Exception as e:  # told of in the test's own thread
                failures.append(e)
            finally:
                for kept in getattr(wire._pool, "kept", {}).values():
                    kept.close()

        threads = [threading.Thread(target=run, args=pair, daemon=True) for pair in enumerate(jobs)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
            want(not thread.is_alive(), "a request hangs")
        if failures:
            raise failures[0]
        return results

    def clean(self):
        """Remove what the test made; returns what would not go."""
        left = []
        for client, bucket in reversed(self._undo):
            problem = _empty(client, bucket)
            if problem:
                left.append("%s: %s" % (bucket, problem))
        self._undo = []
        return left


def _empty(client, bucket):
    answer = client.delete(bucket)
    if answer.status in (204, 404) or answer.code == "InvalidBucketName":
        return None
    # What a test has forbidden, its owner may allow again.
    client.delete(bucket, query={"policy": None})
    client.put(bucket, query={"acl": None}, headers={"x-amz-acl": "private"})
    for upload in good(client.get(bucket, query={"uploads": None})).xml.all("Upload"):
        client.abort(bucket, upload.text("Key"), upload.text("UploadId"))
    while True:
        page = good(client.versions(bucket)).xml
        found = page.all("Version") + page.all("DeleteMarker")
        if found:
            good(client.delete_many(bucket, [(n.text("Key"), n.text("VersionId")) for n in found], quiet=True))
        if page.text("IsTruncated") != "true":
            break
    answer = client.delete(bucket)
    return None if answer.status in (204, 404) else str(answer)


def run(one, config):
    """Run a test; returns None, or what was wrong, or an instance of Skip."""
    context = Context(config)
    problem = None
    try:
        one.function(context, *one.arguments)
    except Skip as e:
        problem = e
    except AssertionError as e:
        problem = str(e) or "an assertion without words: " + traceback.format_exc().splitlines()[-2].strip()
    except (wire.Broken, OSError) as e:
        problem = "%s: %s" % (type(e).__name__, e)
    except Exception:
        problem = traceback.format_exc().rstrip()
    try:
        left = context.clean()
    except Exception as e:
        left = ["%s: %s" % (type(e).__name__, e)]
    if left and not problem:
        problem = "left behind: " + "; ".join(left)
    return problem
