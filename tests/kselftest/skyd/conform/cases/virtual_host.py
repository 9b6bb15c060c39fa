# SPDX-License-Identifier: GPL-2.0-or-later
"""Buckets as hosts, where the server has been given a domain for that."""

import os

from core.client import VirtualHost
from core.expect import Skip, content, each, good, refused, same, test


def client(t, cred="main"):
    if not t.config.domain:
        raise Skip("needs --domain, for which the server is set up")
    return VirtualHost(t.config.endpoint, cred and getattr(t.config, cred), t.config.region, t.config.domain)


@test
def object_goes_through_it(t):
    virtual, bucket = client(t), t.bucket()
    good(virtual.put(bucket, "a/b c", b"by host"))
    content(virtual.get(bucket, "a/b c"), b"by host")
    content(t.main.get(bucket, "a/b c"), b"by host")
    good(virtual.delete(bucket, "a/b c"), 204)
    refused(t.main.head(bucket, "a/b c"), 404, "")


@test
def bucket_is_made_and_removed_through_it(t):
    virtual, name = client(t), t.name()
    good(virtual.put(name))
    good(t.main.head(name))
    good(virtual.head(name))
    good(virtual.delete(name), 204)
    refused(t.main.head(name), 404, "")


@test
def list_goes_through_it(t):
    virtual = client(t)
    bucket, key = t.object()
    same(good(virtual.list(bucket)).xml.texts("Contents/Key"), [key], "keys")


@test
def key_like_the_bucket_is_a_key(t):
    virtual, bucket = client(t), t.bucket()
    good(virtual.put(bucket, bucket, b"x"))
    same(good(t.main.list(bucket)).xml.texts("Contents/Key"), [bucket], "keys")


@test
def upload_in_parts_goes_through_it(t):
    virtual, bucket = client(t), t.bucket()
    parts = [os.urandom(5 << 20), b"end"]
    good(virtual.upload(bucket, "key", parts))
    content(t.main.get(bucket, "key"), b"".join(parts))


@test
def presigned_url_goes_through_it(t):
    virtual = client(t)
    bucket, key = t.object(body=b"shared")
    content(virtual.get(bucket, key, auth="query"), b"shared")


@test
def domain_itself_lists_the_buckets(t):
    virtual, bucket = client(t), t.bucket()
    same(bucket in good(virtual.get()).xml.texts("Buckets/Bucket/Name"), True, "listed")


@each(("another team", "alt"), ("nobody", None))
def others_are_refused(t, cred):
    virtual = client(t, cred)
    bucket, key = t.object()
    refused(virtual.get(bucket, key), 403, "AccessDenied")


@test
def missing_bucket_is_missing(t):
    refused(client(t).get(t.name(), "key"), 404, "NoSuchBucket")


@test
def host_is_part_of_what_is_signed(t):
    """What was signed for one bucket does not open another."""
    virtual = client(t)
    bucket, key = t.object()
    other, _ = t.object()
    refused(virtual.get(bucket, key, spoil=lambda r: r.set("Host", "%s.%s" % (other, t.config.domain))), 403,
            "SignatureDoesNotMatch")
