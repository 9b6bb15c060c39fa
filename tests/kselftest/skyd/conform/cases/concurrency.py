# SPDX-License-Identifier: GPL-2.0-or-later
"""At once: whole versions only, one winner, lists that neither lose nor repeat."""

import json
import os
import threading

from core import sums
from core.expect import content, each, good, refused, same, test, want


def versions(count, size):
    """Different bodies that show of each byte which one it is from."""
    return [bytes([65 + n]) * size for n in range(count)]


@each(("4 KiB", 4096), ("1 MiB", 1 << 20), ("5 MiB", 5 << 20))
def writers_of_one_key_leave_one_whole_version(t, size):
    bucket, bodies = t.bucket(), versions(8, size)
    t.together([lambda b=b: good(t.main.put(bucket, "key", b)) for b in bodies])
    answer = good(t.main.get(bucket, "key"))
    want(answer.body in bodies, "one of the versions, whole")
    same(answer.etag, sums.etag(answer.body), "ETag")
    same(good(t.main.list(bucket)).xml.texts("Contents/Key"), ["key"], "keys")


@test
def tags_are_given_to_what_was_judged(t):
    """Who may change what has a tag changes nothing that has taken its place."""
    bucket = t.bucket()
    good(t.main.put(bucket, query={"policy": None}, body=json.dumps({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": {"CanonicalUser": t.owner(t.alt)}, "Action": "s3:PutObjectTagging",
        "Resource": "arn:aws:s3:::%s/*" % bucket,
        "Condition": {"StringEquals": {"s3:ExistingObjectTag/open": "yes"}}}})), (200, 204))
    document = "<Tagging><TagSet><Tag><Key>open</Key><Value>yes</Value></Tag></TagSet></Tagging>"
    over = threading.Event()

    def write():
        try:
            for _ in range(60):
                good(t.main.put(bucket, "key", b"open", headers={"x-amz-tagging": "open=yes"}))
                good(t.main.put(bucket, "key", b"shut", headers={"x-amz-tagging": "open=no"}))
                xml = good(t.main.get(bucket, "key", {"tagging": None})).xml
                same(xml.texts("TagSet/Tag/Value"), ["no"], "tags of what another may not tag")
        finally:
            over.set()

    def tag():
        given = 0
        while not over.is_set():
            answer = t.alt.put(bucket, "key", query={"tagging": None}, body=document)
            given += answer.status == 200
            want(answer.status in (200, 403, 404), "%s", answer)
        return given

    want(sum(filter(None, t.together([write, tag, tag]))), "some were given")


@each(("4 KiB", 4096), ("1 MiB", 1 << 20))
def readers_see_whole_versions(t, size):
    bucket, bodies = t.bucket(), versions(4, size)
    good(t.main.put(bucket, "key", bodies[0]))
    over = threading.Event()

    def write():
        try:
            for body in bodies * 5:
                good(t.main.put(bucket, "key", body))
        finally:
            over.set()

    def look():
        count = 0
        while not over.is_set() or not count:
            answer = good(t.main.get(bucket, "key"))
            want(answer.body in bodies, "a version that is not whole: %d bytes", len(answer.body))
            same(answer.etag, sums.etag(answer.body), "ETag")
            count += 1
        return count

    counts = t.together([write] + [look] * 4)
    want(all(counts[1:]), "every reader has read")


@test
def ranges_of_one_reader_are_of_one_version(t):
    """With If-Match, pieces that were read apart fit together or are refused."""
    bucket, bodies = t.bucket(), versions(3, 1 << 20)
    good(t.main.put(bucket, "key", bodies[0]))
    over = threading.Event()

    def write():
        try:
            for body in bodies * 4:
                good(t.main.put(bucket, "key", body))
        finally:
            over.set()

    def look():
        whole = 0
        while not over.is_set() or not whole:
            tag = good(t.main.head(bucket, "key")).etag
            parts = [t.main.get(bucket, "key", headers={"Range": "bytes=%d-%d" % (i << 18, (i + 1 << 18) - 1),
                                                        "If-Match": tag}) for i in range(4)]
            want(all(p.status in (206, 412) for p in parts), "statuses %s", [p.status for p in parts])
            if all(p.status == 206 for p in parts):
                same(sums.etag(b"".join(p.body for p in parts)), tag, "ETag of the pieces together")
                whole += 1
        return whole

    t.together([write, look, look])


@test
def only_one_of_fifty_creates(t):
    bucket = t.bucket()
    answers = t.together([lambda n=n: t.main.put(bucket, "key", b"%d" % n, headers={"If-None-Match": "*"})
                          for n in range(50)])
    won = [n for n, a in enumerate(answers) if a.status == 200]
    same(len(won), 1, "winners")
    for answer in answers:
        if answer.status != 200:
            want(answer.code in ("PreconditionFailed", "ConditionalRequestConflict"), "%s", answer)
    content(t.main.get(bucket, "key"), b"%d" % won[0])


@test
def only_one_of_fifty_replaces(t):
    bucket, key = t.object(body=b"old")
    answers = t.together([lambda n=n: t.main.put(bucket, key, b"%d" % n, headers={"If-Match": sums.etag(b"old")})
                          for n in range(50)])
    won = [n for n, a in enumerate(answers) if a.status == 200]
    same(len(won), 1, "winners")
    content(t.main.get(bucket, key), b"%d" % won[0])


@test
def a_counter_loses_nothing(t):
    """Read, add one, write if nobody else has: as locks are made of objects."""
    bucket, key = t.object(body=b"0")

    def add():
        done = 0
        for _ in range(400):
            seen = good(t.main.get(bucket, key))
            answer = t.main.put(bucket, key, b"%d" % (int(seen.body) + 1), headers={"If-Match": seen.etag})
            if answer.status == 200:
                done += 1
                if done == 5:
                    return
            else:
                want(answer.status in (409, 412), "%s", answer)
        raise AssertionError("no turn in 400 tries")

    t.together([add] * 4)
    content(t.main.get(bucket, key), b"20")


@test
def only_one_of_twenty_makes_the_bucket(t):
    name = t.name()
    answers = t.together([lambda: t.main.put(name) for _ in range(20)])
    same(sum(a.status == 200 for a in answers), 1, "winners")
    for answer in answers:
        if answer.status != 200:
            want(answer.code in ("BucketAlreadyOwnedByYou", "OperationAborted"), "%s", answer)


@test
def two_teams_make_the_same_bucket(t):
    name = t.name()
    mine, theirs = t.together([lambda: t.main.put(name), lambda: t.alt.put(name)])
    same(sorted((mine.status, theirs.status)), [200, 409], "statuses")
    owner = t.main if mine.status == 200 else t.alt
    t._undo[-1] = (owner, name)
    good(owner.head(name))


@test
def puts_into_a_bucket_that_goes_are_kept_or_refused(t):
    bucket = t.bucket()
    results = t.together([lambda: t.main.delete(bucket)] +
                         [lambda n=n: t.main.put(bucket, "key%d" % n, b"x") for n in range(10)])
    if results[0].status == 204:
        for answer in results[1:]:
            want(answer.code == "NoSuchBucket", "%s: into a bucket that is gone", answer)
        refused(t.main.head(bucket), 404, "")
    else:
        refused(results[0], 409, "BucketNotEmpty")
        stored = sum(a.status == 200 for a in results[1:])
        same(len(good(t.main.list(bucket)).xml.all("Contents")), stored, "objects")


@test
def list_shows_what_stays_while_other_keys_come_and_go(t):
    bucket = t.bucket()
    fixed = ["fixed%03d" % n for n in range(40)]
    for key in fixed:
        good(t.main.put(bucket, key, b"x"))
    over = threading.Event()

    def change():
        try:
            for number in range(60):
                good(t.main.put(bucket, "fixed%03d-moving" % (number % 40), b"y"))
                good(t.main.delete(bucket, "fixed%03d-moving" % ((number + 20) % 40)), 204)
        finally:
            over.set()

    def look():
        rounds = 0
        while not over.is_set() or not rounds:
            seen, token = [], None
            while True:
                xml = good(t.main.list(bucket, max_keys=7, **({"continuation_token": token} if token else {}))).xml
                seen += xml.texts("Contents/Key")
                token = xml.text("NextContinuationToken")
                if xml.text("IsTruncated") != "true":
                    break
            same([k for k in seen if "moving" not in k], fixed, "keys that stay")
            same(seen, sorted(set(seen)), "all keys, in order and once")
            rounds += 1

    t.together([change, look, look])


@test
def deletes_of_one_key_all_succeed(t):
    bucket, key = t.object()
    for answer in t.together([lambda: t.main.delete(bucket, key)] * 10):
        good(answer, 204)
    refused(t.main.head(bucket, key), 404, "")


@test
def put_and_delete_end_in_one_of_the_two(t):
    for _ in range(10):
        bucket, key = t.object(body=b"old")
        t.together([lambda: good(t.main.put(bucket, key, b"new")), lambda: good(t.main.delete(bucket, key), 204)])
        answer = t.main.get(bucket, key)
        want(answer.status == 404 or answer.body == b"new", "%s %s", answer, answer.body)
        same(len(good(t.main.list(bucket)).xml.all("Contents")), 1 if answer.status == 200 else 0, "listed")
        t.clean()


@test
def completes_of_one_upload_make_one_object(t):
    bucket = t.bucket()
    upload = t.main.start(bucket, "key")
    tag = good(t.main.part(bucket, "key", upload, 1, b"part")).etag
    answers = t.together([lambda: t.main.complete(bucket, "key", upload, [(1, tag)])] * 5)
    want(any(a.status == 200 for a in answers), "one has succeeded")
    for answer in answers:
        want(answer.status == 200 or answer.code in ("NoSuchUpload", "OperationAborted"), "%s", answer)
    content(t.main.get(bucket, "key"), b"part")


@test
def complete_and_abort_end_in_one_of_the_two(t):
    bucket = t.bucket()
    upload = t.main.start(bucket, "key")
    tag = good(t.main.part(bucket, "key", upload, 1, b"part")).etag
    done, gone = t.together([lambda: t.main.complete(bucket, "key", upload, [(1, tag)]),
                             lambda: t.main.abort(bucket, "key", upload)])
    there = t.main.get(bucket, "key")
    same(there.status == 200, done.status == 200, "the object, and what complete said")
    want(done.status == 200 or gone.status == 204, "one of them has succeeded: %s, %s", done, gone)
    same(good(t.main.get(bucket, query={"uploads": None})).xml.all("Upload"), [], "uploads that are left")


@test
def versions_of_many_writers_are_all_there(t):
    bucket = t.versioned()
    bodies = [os.urandom(1000) for _ in range(20)]
    ids = t.together([lambda b=b: good(t.main.put(bucket, "key", b)).version for b in bodies])
    same(len(set(ids)), 20, "different ids")
    xml = good(t.main.versions(bucket)).xml
    same(sorted(xml.texts("Version/VersionId")), sorted(ids), "versions")
    same(xml.texts("Version/IsLatest"), ["true"] + ["false"] * 19, "one of them is the latest, and first")
    for version, body in zip(ids, bodies):
        content(t.main.get(bucket, "key", {"versionId": version}), body)


@test
def what_was_written_is_read_by_everyone_at_once(t):
    """After an answer, there is no connection on which it has not happened yet."""
    bucket = t.bucket()
    for number in range(10):
        body = b"%d" % number
        good(t.main.put(bucket, "key", body))
        for answer in t.together([lambda: t.main.get(bucket, "key")] * 5):
            content(answer, body)
