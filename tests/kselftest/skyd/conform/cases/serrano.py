# SPDX-License-Identifier: GPL-2.0-or-later
"""What SERRANO's own clients rely on: /s3, policies as locations, catalogues, tokens."""

import itertools
import json
import os

from core import wire
from core.client import NAMESPACE, Answer, Client, Request
from core.expect import Skip, content, each, fail, good, refused, same, test, want

_serial = itertools.count()


def api(t, method, path, document=None, token=True):
    """A request to the API of policies and catalogues."""
    if not t.config.token:
        raise Skip("needs the token of an API that only skyd has")
    base = (t.config.api or t.config.endpoint).rstrip("/")
    body = b"" if document is None else document if isinstance(document, bytes) else json.dumps(document).encode()
    headers = [("Host", base.split("//")[1].split("/")[0])]
    if token:
        headers.append(("Authorization", "Bearer " + (t.config.token if token is True else token)))
    if document is not None:
        headers += [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    return Answer(wire.exchange(base, method, path, headers, body), Request(method, path, (), headers, body))


def read(answer):
    good(answer)
    want((answer.headers["content-type"] or "").startswith("application/json"), "Content-Type is %s",
         answer.headers["content-type"])
    return json.loads(answer.body)


def policies(t):
    return read(api(t, "GET", "/storage_policy"))


def named(t, name):
    return next((p for p in policies(t) if p["name"] == name), None)


def unused():
    return "conform-%d-%d" % (os.getpid(), next(_serial))


class Made:
    """A policy that goes when the test is over."""

    def __init__(self, t, **more):
        self.t, self.name = t, unused()
        good(api(t, "POST", "/storage_policy", {"name": self.name, "description": "of a test", **more}), (200, 201,
                                        204))

    def __enter__(self):
        return self.name

    def __exit__(self, *_):
        self.t.clean()
        api(self.t, "DELETE", "/storage_policy/" + self.name)


def prefixed(t):
    """As their SDK is set up: path style below /s3, region local."""
    if not t.config.token:
        raise Skip("needs a server that has /s3")
    return Client(t.config.endpoint, t.config.main, "local", "/s3")


@test
def s3_is_below_its_prefix_too(t):
    client, name = prefixed(t), t.name()
    good(client.put(name))
    good(client.put(name, "a/b c", b"through /s3"))
    content(client.get(name, "a/b c"), b"through /s3")
    content(t.main.get(name, "a/b c"), b"through /s3")
    same(good(client.list(name)).xml.texts("Contents/Key"), ["a/b c"], "keys")
    want(name in good(client.get()).xml.texts("Buckets/Bucket/Name"), "listed among the buckets")
    good(client.delete(name, "a/b c"), 204)


@test
def s3_below_its_prefix_takes_presigned_urls(t):
    client = prefixed(t)
    bucket, key = t.object(body=b"shared")
    content(client.get(bucket, key, auth="query"), b"shared")


@test
def s3_below_its_prefix_takes_uploads_in_parts(t):
    client, bucket = prefixed(t), t.bucket()
    parts = [os.urandom(5 << 20), b"end"]
    good(client.upload(bucket, "key", parts))
    content(client.get(bucket, "key"), b"".join(parts))


@test
def policies_are_listed(t):
    found = policies(t)
    want(isinstance(found, list) and found, "an array that is not empty")
    for policy in found:
        want(isinstance(policy["id"], int) and policy["id"] > 0, "id of %s", policy)
        want(isinstance(policy["name"], str) and policy["name"], "name of %s", policy)


@test
def policy_is_made_and_removed(t):
    with Made(t) as name:
        policy = named(t, name)
        want(policy, "it is listed")
        same(policy["description"], "of a test", "description")
        want(policy["id"] > 0, "id")
    same(named(t, name), None, "the policy in the end")


@test
def policy_that_says_little_gets_defaults(t):
    with Made(t) as name:
        policy = named(t, name)
        same(policy["redundancy"]["scheme"], "RLNC", "redundancy")
        want(policy["redundancy"]["redundant_packets"] >= 1, "redundant packets")
        same(policy["encryption"]["scheme"], "AES", "encryption")


@test
def policy_keeps_what_it_says(t):
    said = {"redundancy": {"scheme": "RLNC", "redundant_packets": 1},
            "compression": {"scheme": "DEFLATE", "wbits": -15, "level": 9},
            "encryption": {"scheme": "AES", "key_size": 256}}
    with Made(t, **said) as name:
        policy = named(t, name)
        for part, members in said.items():
            for member, value in members.items():
                same(policy[part][member], value, "%s.%s" % (part, member))


@test
def policy_is_edited(t):
    with Made(t) as name:
        policy = named(t, name)
        good(api(t, "PUT", "/storage_policy", {"id": policy["id"], "name": name, "description": "edited"}), (200, 204))
        same(named(t, name)["description"], "edited", "description")


@test
def policy_of_a_name_that_is_taken(t):
    with Made(t) as name:
        same(api(t, "POST", "/storage_policy", {"name": name, "description": "again"}).status // 100, 4,
             "kind of status")


@each(("junk", b"junk"), ("no name", {"description": "x"}), ("a list", []), ("an unknown scheme", {
    "name": "conform-bad", "redundancy": {"scheme": "RAID"}}), ("a backend that does not exist", {
        "name": "conform-bad", "backends": [99999999]}))
def policy_is_refused_of(t, document):
    same(api(t, "POST", "/storage_policy", document).status // 100, 4, "kind of status")
    same(named(t, "conform-bad"), None, "the policy")


@test
def policy_that_does_not_exist_cannot_be_removed(t):
    same(api(t, "DELETE", "/storage_policy/" + unused()).status, 404, "status")


@each(("none", False), ("a wrong one", "wrong"), ("an empty one", ""))
def policies_are_not_for_a_token_of(t, token):
    answer = api(t, "GET", "/storage_policy", token=token)
    want(answer.status in (401, 403), "%s", answer)


@test
def bucket_is_made_with_a_policy(t):
    with Made(t) as name:
        bucket = t.bucket(body="<CreateBucketConfiguration xmlns=\"%s\"><LocationConstraint>%s</LocationConstraint>"
                          "</CreateBucketConfiguration>" % (NAMESPACE, name))
        policy = read(api(t, "GET", "/storage_policy/bucket/" + bucket))
        same(policy["name"] if isinstance(policy, dict) else fail("%s", policy), name, "policy of the bucket")
        good(t.main.put(bucket, "key", b"x" * 100000))
        content(t.main.get(bucket, "key"), b"x" * 100000)
        same(good(t.main.get(bucket, query={"location": None})).xml.element.text, name, "LocationConstraint")


@test
def bucket_without_a_word_has_the_default_policy(t):
    bucket = t.bucket()
    want(read(api(t, "GET", "/storage_policy/bucket/" + bucket))["name"], "name of its policy")


@test
def bucket_of_a_policy_that_does_not_exist(t):
    policies(t)
    name = t.name()
    refused(t.main.put(name, body="<CreateBucketConfiguration><LocationConstraint>%s</LocationConstraint>"
                       "</CreateBucketConfiguration>" % unused()), 400,
            ("InvalidLocationConstraint", "IllegalLocationConstraintException"))


@test
def bucket_that_does_not_exist_has_no_policy(t):
    same(api(t, "GET", "/storage_policy/bucket/" + t.name()).status, 404, "status")


@test
def policy_that_a_bucket_uses_stays(t):
    with Made(t) as name:
        t.bucket(body="<CreateBucketConfiguration><LocationConstraint>%s</LocationConstraint>"
                 "</CreateBucketConfiguration>" % name)
        same(api(t, "DELETE", "/storage_policy/" + name).status, 409, "status")


@test
def cloud_locations_are_listed(t):
    found = read(api(t, "GET", "/cloud_locations"))
    want(len(found) >= 60, "%d locations, at least those 60 of the catalogue", len(found))
    for place in found:
        for member in ("id", "provider", "url", "latitude", "longitude", "country", "city", "jurisdiction", "gdpr"):
            want(member in place, "%s of %s", member, place)
        want(-90 <= place["latitude"] <= 90 and -180 <= place["longitude"] <= 180, "coordinates of %s", place)
    same(sum(bool(p["gdpr"]) for p in found) >= 42, True, "42 of them under the GDPR")


@test
def edge_locations_are_listed(t):
    found = read(api(t, "GET", "/edge_locations"))
    want(found, "at least one")
    for place in found:
        want(place["id"] > 0 and place["name"], "id and name of %s", place)


@each("cloud_locations", "edge_locations", "storage_policy")
def catalogue_names_no_secret(t, path):
    answer = good(api(t, "GET", "/" + path))
    for secret in (t.config.main.secret, t.config.token):
        want(secret not in answer.body.decode(), "a secret in /%s", path)
