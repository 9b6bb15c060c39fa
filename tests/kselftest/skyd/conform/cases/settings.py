# SPDX-License-Identifier: GPL-2.0-or-later
"""What a bucket has besides: as it is where nobody has said anything, or as it was set."""

from core.client import NAMESPACE
from core.expect import each, good, refused, same, test

ABSENT = [("object-lock", "ObjectLockConfigurationNotFoundError"),
          ("ownershipControls", "OwnershipControlsNotFoundError"),
          ("publicAccessBlock", "NoSuchPublicAccessBlockConfiguration"),
          ("replication", "ReplicationConfigurationNotFoundError"), ("website", "NoSuchWebsiteConfiguration")]
EMPTY = [("accelerate", "AccelerateConfiguration"), ("logging", "BucketLoggingStatus"),
         ("notification", "NotificationConfiguration")]
NAMES = [row[0] for row in ABSENT + EMPTY] + ["encryption", "requestPayment"]


def encryption(algorithm, more=""):
    return "<ServerSideEncryptionConfiguration xmlns=\"%s\"><Rule><ApplyServerSideEncryptionByDefault>" \
        "<SSEAlgorithm>%s</SSEAlgorithm>%s</ApplyServerSideEncryptionByDefault></Rule>" \
        "</ServerSideEncryptionConfiguration>" % (NAMESPACE, algorithm, more)


def payment(payer):
    return "<RequestPaymentConfiguration xmlns=\"%s\"><Payer>%s</Payer></RequestPaymentConfiguration>" % (
        NAMESPACE, payer)


@each(*((name, name, code) for name, code in ABSENT))
def is_not_there(t, name, code):
    refused(t.main.get(t.bucket(), query={name: None}), 404, code)


@each(*((name, name, root) for name, root in EMPTY))
def is_empty(t, name, root):
    xml = good(t.main.get(t.bucket(), query={name: None})).xml
    same((xml.tag, len(xml.element)), (root, 0), "root, and what is in it")


@each(*NAMES)
def is_for_its_own_team(t, name):
    bucket = t.bucket()
    refused(t.alt.get(bucket, query={name: None}), 403, "AccessDenied")
    refused(t.anon.get(bucket, query={name: None}), 403, "AccessDenied")
    refused(t.main.get(t.name(), query={name: None}), 404, "NoSuchBucket")


@each(*NAMES)
def is_not_taken_for_the_bucket(t, name):
    """A DELETE or PUT of it leaves the bucket as it is, whatever the answer."""
    bucket = t.bucket()
    t.main.delete(bucket, query={name: None})
    t.main.put_xml(bucket, name, "<Junk/>")
    good(t.main.head(bucket))
    missing = t.name()
    t.main.put_xml(missing, name, "<Junk/>")
    refused(t.main.head(missing), 404, "")


def shown(t, bucket):
    xml = good(t.main.get(bucket, query={"encryption": None})).xml
    return xml.texts("Rule/ApplyServerSideEncryptionByDefault/SSEAlgorithm")


@test
def encryption_is_on(t):
    bucket = t.bucket()
    same(shown(t, bucket), ["AES256"], "algorithm")
    good(t.main.put_xml(bucket, "encryption", encryption("AES256")))
    same(shown(t, bucket), ["AES256"], "algorithm when it was asked for")
    good(t.main.delete(bucket, query={"encryption": None}), 204)
    same(shown(t, bucket), ["AES256"], "algorithm when it was taken back")


@each(("by a key service", encryption("aws:kms"), ("NotImplemented",)),
      ("unknown", encryption("ROT13"), ("MalformedXML",)),
      ("with a key of a key service", encryption("AES256", "<KMSMasterKeyID>a</KMSMasterKeyID>"),
       ("InvalidArgument",)), ("of junk", "junk", ("MalformedXML",)))
def encryption_is_not(t, document, codes):
    bucket = t.bucket()
    answer = t.main.put_xml(bucket, "encryption", document)
    refused(answer, 501 if answer.code == "NotImplemented" else 400, codes)
    same(shown(t, bucket), ["AES256"], "algorithm")


@test
def encryption_is_set_by_its_own_team(t):
    bucket = t.bucket(headers={"x-amz-acl": "public-read-write"})
    refused(t.alt.put_xml(bucket, "encryption", encryption("AES256")), 403, "AccessDenied")
    refused(t.alt.delete(bucket, query={"encryption": None}), 403, "AccessDenied")


@each(("logging", "logging", "<BucketLoggingStatus xmlns=\"%s\"/>", "<LoggingEnabled><TargetBucket>b</TargetBucket>"
       "<TargetPrefix>p</TargetPrefix></LoggingEnabled>"),
      ("notification", "notification", "<NotificationConfiguration xmlns=\"%s\"/>", "<QueueConfiguration><Queue>q"
       "</Queue><Event>s3:ObjectCreated:*</Event></QueueConfiguration>"))
def empty_may_be_set(t, name, document, inner):
    """That is how clients turn it off."""
    bucket, document = t.bucket(), document % NAMESPACE
    good(t.main.put_xml(bucket, name, document))
    same(len(good(t.main.get(bucket, query={name: None})).xml.element), 0, "what is in it")
    root = document[1:].split()[0]
    refused(t.main.put_xml(bucket, name, document.replace("/>", ">%s</%s>" % (inner, root))), 501, "NotImplemented")
    refused(t.alt.put_xml(bucket, name, document), 403, "AccessDenied")


@each("ownershipControls", "publicAccessBlock", "replication", "website")
def absent_may_be_removed(t, name):
    bucket = t.bucket()
    good(t.main.delete(bucket, query={name: None}), 204)
    good(t.main.head(bucket))
    refused(t.alt.delete(bucket, query={name: None}), 403, "AccessDenied")
    refused(t.main.delete(t.name(), query={name: None}), 404, "NoSuchBucket")


@test
def owner_pays(t):
    bucket = t.bucket()
    good(t.main.put_xml(bucket, "requestPayment", payment("BucketOwner")))
    same(good(t.main.get(bucket, query={"requestPayment": None})).xml.text("Payer"), "BucketOwner", "payer")
    refused(t.main.put_xml(bucket, "requestPayment", payment("Somebody")), 400, "MalformedXML")
