# SPDX-License-Identifier: GPL-2.0-or-later
"""What a client asks for is done or refused, and never taken in silence."""

import base64
import json
import os

from core import sums
from core.expect import content, each, good, header, refused, same, test, want

REFUSALS = ("NotImplemented", "InvalidRequest", "InvalidArgument", "InvalidBucketState", "MethodNotAllowed",
            "ObjectLockConfigurationNotFoundError")
KEY = os.urandom(32)
CUSTOMER = {"x-amz-server-side-encryption-customer-algorithm": "AES256",
            "x-amz-server-side-encryption-customer-key": base64.b64encode(KEY).decode(),
            "x-amz-server-side-encryption-customer-key-MD5": sums.md5(KEY)}


def done_or_refused(t, headers, told):
    """A PUT with these headers is refused, or HEAD tells of it by the header named."""
    bucket = t.bucket()
    answer = t.main.put(bucket, "key", b"x", headers=headers)
    if answer.status == 200:
        got = good(t.main.head(bucket, "key"))
        want(told in got.headers, "taken, and %s is not told", told)
        return
    want(400 <= answer.status < 600 and answer.status != 500, "%s", answer)
    want(answer.code in REFUSALS, "code of %s", answer)
    refused(t.main.head(bucket, "key"), 404, "")


@each(("encryption by the service", {"x-amz-server-side-encryption": "AES256"}, "x-amz-server-side-encryption"),
      ("encryption by a key service", {"x-amz-server-side-encryption": "aws:kms"}, "x-amz-server-side-encryption"),
      ("a lock", {"x-amz-object-lock-mode": "COMPLIANCE",
                  "x-amz-object-lock-retain-until-date": "2039-01-01T00:00:00Z"}, "x-amz-object-lock-mode"),
      ("a legal hold", {"x-amz-object-lock-legal-hold": "ON"}, "x-amz-object-lock-legal-hold"),
      ("a redirection", {"x-amz-website-redirect-location": "/other"}, "x-amz-website-redirect-location"))
def put_with(t, headers, told):
    done_or_refused(t, headers, told)


@each(("get", "GET", 400, "InvalidArgument"), ("head", "HEAD", 400, ""))
def read_with_an_encryption(t, method, status, code):
    """It is said by who writes; AWS documents 400 for who reads."""
    bucket, key = t.object(headers={"x-amz-server-side-encryption": "AES256"})
    refused(t.main.call(method, bucket, key, headers={"x-amz-server-side-encryption": "AES256"}), status, code)
    good(t.main.call(method, bucket, key))


@test
def put_with_an_unknown_encryption(t):
    answer = t.main.put(t.bucket(), "key", b"x", headers={"x-amz-server-side-encryption": "ROT13"})
    want(answer.status in (400, 501), "%s", answer)


@test
def customers_key_is_needed_to_read_or_is_not_taken(t):
    bucket = t.bucket()
    answer = t.main.put(bucket, "key", b"secret", headers=CUSTOMER)
    if answer.status != 200:
        want(answer.status in (400, 501), "%s", answer)
        return refused(t.main.head(bucket, "key"), 404, "")
    refused(t.main.get(bucket, "key"), 400, "InvalidRequest")
    return content(t.main.get(bucket, "key", headers=CUSTOMER), b"secret")


@test
def offset_of_an_append_is_not_taken_for_a_put(t):
    bucket, key = t.object(body=b"old")
    answer = t.main.put(bucket, key, b"new", headers={"x-amz-write-offset-bytes": "3"})
    if answer.status == 200:
        return content(t.main.get(bucket, key), b"oldnew")
    want(answer.status in (400, 501), "%s", answer)
    return content(t.main.get(bucket, key), b"old")


@each(("get", "GET", "key"), ("put", "PUT", "new"), ("delete", "DELETE", "key"), ("list", "GET", None))
def expected_owner_that_is_another_is_refused(t, method, key):
    bucket, _ = t.object()
    refused(t.main.call(method, bucket, key, headers={"x-amz-expected-bucket-owner": "111122223333"}), 403,
            "AccessDenied")
    good(t.main.head(bucket, "key"))


@each(("get", "GET", "key"), ("put", "PUT", "new"), ("delete", "DELETE", "key"), ("list", "GET", None))
def expected_owner_in_the_query(t, method, key):
    """As some put it there when they sign a URL."""
    bucket, _ = t.object()
    refused(t.main.call(method, bucket, key, {"x-amz-expected-bucket-owner": "111122223333"}), 403, "AccessDenied")
    good(t.main.head(bucket, "key"))
    good(t.main.call(method, bucket, key, {"x-amz-expected-bucket-owner": t.owner()}), (200, 204))


@test
def expected_owner_needs_no_right_to_list(t):
    bucket = t.bucket()
    good(t.main.put(bucket, query={"policy": None}, body=json.dumps({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": {"CanonicalUser": t.owner(t.alt)}, "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::%s/*" % bucket}})), (200, 204))
    good(t.alt.put(bucket, "key", b"x", headers={"x-amz-expected-bucket-owner": t.owner()}))
    refused(t.alt.put(bucket, "key", b"y", headers={"x-amz-expected-bucket-owner": t.owner(t.alt)}), 403,
            "AccessDenied")
    content(t.main.get(bucket, "key"), b"x")


@test
def expected_owner_is_not_that_of_a_source(t):
    """Each bucket of a copy has its own."""
    source, bucket = t.bucket(t.alt), t.bucket()
    good(t.alt.put(source, "key", b"theirs", headers={"x-amz-acl": "public-read"}))
    headers = {"x-amz-copy-source": "/%s/key" % source, "x-amz-expected-bucket-owner": t.owner(),
               "x-amz-source-expected-bucket-owner": t.owner(t.alt)}
    good(t.main.put(bucket, "copy", headers=headers))
    headers["x-amz-source-expected-bucket-owner"] = t.owner()
    refused(t.main.put(bucket, "again", headers=headers), 403, "AccessDenied")


@test
def checksum_in_the_query(t):
    """What is promised there would be checked by nobody."""
    bucket = t.bucket()
    answer = t.main.put(bucket, "key", b"x", query={"x-amz-checksum-crc32": "AAAAAA=="})
    want(answer.status in (400, 501), "%s", answer)
    refused(t.main.head(bucket, "key"), 404, "")


@each(("select", {"select": None, "select-type": "2"}), ("restore", {"restore": None}),
      ("rename", {"renameObject": None}))
def post_of(t, query):
    """POST to an object is for uploads in parts; anything else is there, or NotImplemented."""
    bucket, key = t.object(body=b"keep")
    answer = t.main.post(bucket, key, b"<Request/>", query)
    want(answer.status >= 400 and answer.status != 500, "%s", answer)
    content(t.main.get(bucket, key), b"keep")


@test
def bucket_with_a_lock(t):
    name = t.name()
    answer = t.main.put(name, headers={"x-amz-bucket-object-lock-enabled": "true"})
    if answer.status == 200:
        xml = good(t.main.get(name, query={"object-lock": None})).xml
        same(xml.text("ObjectLockEnabled"), "Enabled", "ObjectLockEnabled")
    else:
        want(answer.code in REFUSALS, "code of %s", answer)
        refused(t.main.head(name), 404, "")


@each(("accelerate", "accelerate", "<AccelerateConfiguration><Status>Enabled</Status></AccelerateConfiguration>"),
      ("requester pays", "requestPayment",
       "<RequestPaymentConfiguration><Payer>Requester</Payer></RequestPaymentConfiguration>"),
      ("encryption", "encryption", "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>"
       "<SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule>"
       "</ServerSideEncryptionConfiguration>"),
      ("ownership", "ownershipControls", "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced"
       "</ObjectOwnership></Rule></OwnershipControls>"),
      ("public access", "publicAccessBlock", "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls>"
       "</PublicAccessBlockConfiguration>"),
      ("a website", "website", "<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument>"
       "</WebsiteConfiguration>"))
def bucket_is_given(t, sub, document):
    """Refused, or the same document comes back."""
    bucket = t.bucket()
    answer = t.main.put_xml(bucket, sub, document)
    if answer.status // 100 == 2:
        shown = good(t.main.get(bucket, query={sub: None})).xml
        same(shown.tag, document[1:].split(">")[0], "root of what comes back")
    else:
        want(answer.code in REFUSALS, "code of %s", answer)


@test
def parameter_that_nobody_knows_does_no_harm(t):
    bucket, key = t.object(body=b"x")
    content(t.main.get(bucket, key, {"x-id": "GetObject"}), b"x")
    good(t.main.get(bucket, query={"list-type": "2", "x-id": "ListObjectsV2"}))
    header(good(t.main.put(bucket, key, b"y", {"x-id": "PutObject"})), "etag", sums.etag(b"y"))


@each(("an ACL", {"x-amz-acl": "public-read"}), ("a grant", {"x-amz-grant-read": "id=1"}),
      ("tags", {"x-amz-tagging": "a=b"}), ("metadata", {"X-Amz-Meta-A": "b"}),
      ("a key service", {"x-amz-server-side-encryption": "aws:kms"}), ("a class", {"x-amz-storage-class": "GLACIER"}))
def url_that_holds(t, query):
    """Some clients put headers into the URLs that they sign."""
    bucket = t.bucket()
    answer = t.main.put(bucket, "key", b"x", query, auth="query")
    want(answer.code in REFUSALS + ("InvalidStorageClass",), "code of %s", answer)
    refused(t.main.head(bucket, "key"), 404, "")
