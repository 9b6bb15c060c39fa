# SPDX-License-Identifier: GPL-2.0-or-later
"""Lifecycle rules: kept, refused, and announced with the objects that they concern."""

import re

from core.client import NAMESPACE
from core.expect import each, good, header, refused, same, test, want


def rule(action="<Expiration><Days>1</Days></Expiration>", name="one", status="Enabled",
         scope="<Filter><Prefix>tmp/</Prefix></Filter>"):
    return "<Rule>%s%s<Status>%s</Status>%s</Rule>" % ("<ID>%s</ID>" % name if name else "", scope, status, action)


def document(*rules):
    return "<LifecycleConfiguration xmlns=\"%s\">%s</LifecycleConfiguration>" % (NAMESPACE, "".join(rules))


def put(t, bucket, text):
    return t.main.put_xml(bucket, "lifecycle", text)


@test
def is_kept_replaced_and_removed(t):
    bucket = t.bucket()
    for days in ("1", "30"):
        good(put(t, bucket, document(rule("<Expiration><Days>%s</Days></Expiration>" % days))))
        xml = good(t.main.get(bucket, query={"lifecycle": None})).xml
        same(xml.tag, "LifecycleConfiguration", "root")
        for name, value in (("ID", "one"), ("Status", "Enabled"), ("Filter/Prefix", "tmp/"), ("Expiration/Days", days)):
            same(xml.texts("Rule/" + name), [value], name)
    good(t.main.delete(bucket, query={"lifecycle": None}), 204)
    refused(t.main.get(bucket, query={"lifecycle": None}), 404, "NoSuchLifecycleConfiguration")


@test
def of_a_bucket_that_has_none(t):
    refused(t.main.get(t.bucket(), query={"lifecycle": None}), 404, "NoSuchLifecycleConfiguration")


ACTIONS = {"a number of days": "<Expiration><Days>7</Days></Expiration>",
           "a day": "<Expiration><Date>2039-09-27T00:00:00.000Z</Date></Expiration>",
           "uploads": "<AbortIncompleteMultipartUpload><DaysAfterInitiation>3</DaysAfterInitiation>"
                      "</AbortIncompleteMultipartUpload>",
           "old versions": "<NoncurrentVersionExpiration><NoncurrentDays>5</NoncurrentDays>"
                           "</NoncurrentVersionExpiration>",
           "delete markers": "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>"}


@each(*ACTIONS.items())
def rule_may_be_about(t, action):
    bucket = t.bucket()
    good(put(t, bucket, document(rule(action))))
    xml = good(t.main.get(bucket, query={"lifecycle": None})).xml
    leaf = re.search(r"<(\w+)>([^<]+)<", action)
    path = "Rule/%s/%s" % (re.match(r"<(\w+)>", action).group(1), leaf.group(1))
    want(xml.text(path, "")[:10] == leaf.group(2)[:10], "%s is %s", path, xml.text(path))


@each(("a prefix", "<Filter><Prefix>a/</Prefix></Filter>"), ("an old prefix", "<Prefix>a/</Prefix>"),
      ("everything", "<Filter><Prefix></Prefix></Filter>"), ("no words", "<Filter></Filter>"),
      ("a tag", "<Filter><Tag><Key>k</Key><Value>v</Value></Tag></Filter>"),
      ("both", "<Filter><And><Prefix>a/</Prefix><Tag><Key>k</Key><Value>v</Value></Tag></And></Filter>"))
def rule_may_be_for(t, scope):
    bucket = t.bucket()
    good(put(t, bucket, document(rule(scope=scope))))
    same(len(good(t.main.get(bucket, query={"lifecycle": None})).xml.all("Rule")), 1, "rules")


@test
def rules_may_be_many(t):
    bucket = t.bucket()
    good(put(t, bucket, document(*(rule(name="r%d" % i,
                                        status="Disabled" if i % 2 else "Enabled") for i in range(20)))))
    xml = good(t.main.get(bucket, query={"lifecycle": None})).xml
    same(sorted(xml.texts("Rule/ID")), sorted("r%d" % i for i in range(20)), "ids")


@test
def rule_without_a_name_gets_one(t):
    bucket = t.bucket()
    good(put(t, bucket, document(rule(name=None))))
    want(good(t.main.get(bucket, query={"lifecycle": None})).xml.text("Rule/ID"), "ID")


@each(("junk", "junk"), ("no rule", document()), ("another root", "<Rules/>"), ("an unknown status",
                                        document(rule(status="On"))),
      ("a status in small letters", document(rule(status="enabled"))), ("no status",
                                        document(rule()).replace("Status", "State")),
      ("a day and a number of days",
       document(rule("<Expiration><Days>1</Days><Date>2039-09-27T00:00:00Z</Date></Expiration>"))))
def is_refused_for(t, text):
    bucket = t.bucket()
    refused(put(t, bucket, text), 400, ("MalformedXML", "InvalidRequest"))
    refused(t.main.get(bucket, query={"lifecycle": None}), 404, "NoSuchLifecycleConfiguration")


@each(("no days", document(rule("<Expiration><Days>0</Days></Expiration>"))),
      ("less than no days", document(rule("<Expiration><Days>-1</Days></Expiration>"))),
      ("two rules of one name", document(rule(), rule())), ("a name of 256 letters", document(rule(name="n" * 256))),
      ("a day that is not midnight", document(rule("<Expiration><Date>2039-09-27T05:00:00Z</Date></Expiration>"))),
      ("a day of junk", document(rule("<Expiration><Date>soon</Date></Expiration>"))),
      ("no action", document(rule(""))),
      ("a thousand and one rules", document(*(rule(name="r%d" % i) for i in range(1001)))))
def is_refused_for_a_rule_of(t, text):
    refused(put(t, t.bucket(), text), 400, ("InvalidArgument", "InvalidRequest", "MalformedXML"))


@test
def is_announced_with_the_object(t):
    bucket = t.bucket()
    good(put(t, bucket, document(rule("<Expiration><Days>2</Days></Expiration>"))))
    for answer in (good(t.main.put(bucket, "tmp/a", b"x")), good(t.main.head(bucket, "tmp/a")),
                   good(t.main.get(bucket, "tmp/a"))):
        want(re.match(r'^expiry-date="[A-Z].* GMT", rule-id="one"$', answer.headers["x-amz-expiration"] or ""),
             "x-amz-expiration of %s is %s", answer, answer.headers["x-amz-expiration"])
    header(good(t.main.put(bucket, "other", b"x")), "x-amz-expiration", None)


@each(("get", "GET"), ("put", "PUT"), ("delete", "DELETE"))
def by_another_team(t, method):
    refused(t.alt.call(method, t.bucket(), query={"lifecycle": None},
                       body=document(rule()) if method == "PUT" else b""), 403, "AccessDenied")


@test
def storage_class_that_is_not_there_is_refused(t):
    """Nothing is moved here: a rule that says so is not taken in silence."""
    text = document(rule("<Transition><Days>1</Days><StorageClass>NO_SUCH_CLASS</StorageClass></Transition>"))
    answer = put(t, t.bucket(), text)
    want((answer.status, answer.code) in ((501, "NotImplemented"), (400, "MalformedXML"), (400, "InvalidStorageClass"),
                                          (400, "InvalidArgument"), (400, "InvalidRequest")), "%s", answer)


@each(("one that it has", "k=v", "<Tag><Key>k</Key><Value>v</Value></Tag>", True),
      ("one of another value", "k=w", "<Tag><Key>k</Key><Value>v</Value></Tag>", False),
      ("two that it has", "k=v&l=w", "<And><Tag><Key>k</Key><Value>v</Value></Tag>"
                                     "<Tag><Key>l</Key><Value>w</Value></Tag></And>", True),
      ("one of two only", "k=v&l=x", "<And><Tag><Key>k</Key><Value>v</Value></Tag>"
                                     "<Tag><Key>l</Key><Value>w</Value></Tag></And>", False))
def is_announced_by_tags(t, tags, scope, announced):
    bucket = t.bucket()
    good(put(t, bucket, document(rule(scope="<Filter>%s</Filter>" % scope))))
    good(t.main.put(bucket, "key", b"x", headers={"x-amz-tagging": tags}))
    told = good(t.main.head(bucket, "key")).headers["x-amz-expiration"]
    same(told is not None, announced, "x-amz-expiration there")


@test
def filter_of_two_things_needs_an_and(t):
    both = "<Filter><Prefix>a/</Prefix><Tag><Key>k</Key><Value>v</Value></Tag></Filter>"
    bucket = t.bucket()
    refused(put(t, bucket, document(rule(scope=both))), 400, "MalformedXML")
    refused(t.main.get(bucket, query={"lifecycle": None}), 404, "NoSuchLifecycleConfiguration")
