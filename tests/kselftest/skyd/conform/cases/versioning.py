# SPDX-License-Identifier: GPL-2.0-or-later
"""Versions: kept, hidden by delete markers, listed, removed; suspended, too."""

import os

from core import sums
from core.client import NAMESPACE, Node
from core.expect import content, each, good, header, refused, same, test, want

NO_VERSION = "3L137OgVmbR2xOFEo9Q3mmAqcKTwHpnL"


def status_of(t, bucket):
    xml = good(t.main.get(bucket, query={"versioning": None})).xml
    same((xml.tag, xml.namespace), ("VersioningConfiguration", NAMESPACE), "root")
    return xml.text("Status")


def history(t, bucket, **query):
    """(kind, key, version, latest) of each, as listed."""
    xml = good(t.main.versions(bucket, **query)).xml
    return [(node.tag, node.text("Key"), node.text("VersionId"), node.text("IsLatest"))
            for node in map(Node, xml.element) if node.tag in ("Version", "DeleteMarker")]


def kept(t, *bodies):
    """A key with a version for each body; returns the bucket and their ids."""
    bucket = t.versioned()
    return bucket, [good(t.main.put(bucket, "key", b)).version for b in bodies]


@test
def is_off_at_first(t):
    same(status_of(t, t.bucket()), None, "Status")


@test
def is_on_suspended_and_on_again(t):
    bucket = t.bucket()
    for status in ("Enabled", "Suspended", "Enabled"):
        t.versioning(bucket, status)
        same(status_of(t, bucket), status, "Status")


@each(("an unknown status", "<VersioningConfiguration><Status>Sometimes</Status></VersioningConfiguration>"),
      ("an empty status", "<VersioningConfiguration><Status></Status></VersioningConfiguration>"),
      ("junk", "junk"), ("another root", "<Versions><Status>Enabled</Status></Versions>"))
def refuses(t, document):
    bucket = t.bucket()
    refused(t.main.put_xml(bucket, "versioning", document), 400,
            ("MalformedXML", "IllegalVersioningConfigurationException"))
    same(status_of(t, bucket), None, "Status")


@test
def of_a_missing_bucket(t):
    refused(t.main.put_xml(t.name(), "versioning", "<VersioningConfiguration><Status>Enabled</Status>"
                           "</VersioningConfiguration>"), 404, "NoSuchBucket")


@test
def by_another_team(t):
    bucket = t.bucket()
    refused(t.alt.put_xml(bucket, "versioning", "<VersioningConfiguration><Status>Enabled</Status>"
                          "</VersioningConfiguration>"), 403, "AccessDenied")
    same(status_of(t, bucket), None, "Status")


@test
def put_without_it_has_no_version(t):
    bucket, key = t.object()
    header(good(t.main.put(bucket, key, b"x")), "x-amz-version-id", None)
    header(good(t.main.get(bucket, key)), "x-amz-version-id", None)


@test
def null_is_the_version_of_what_has_none(t):
    bucket, key = t.object(body=b"plain")
    content(t.main.get(bucket, key, {"versionId": "null"}), b"plain")
    same(history(t, bucket), [("Version", key, "null", "true")], "versions")


@test
def each_put_makes_one(t):
    bucket, ids = kept(t, b"1", b"2", b"3")
    same(len(set(ids)), 3, "different ids")
    for version, body in zip(ids, (b"1", b"2", b"3")):
        got = content(t.main.get(bucket, "key", {"versionId": version}), body)
        header(got, "x-amz-version-id", version)
        header(good(t.main.head(bucket, "key", {"versionId": version})), "etag", sums.etag(body))
    header(content(t.main.get(bucket, "key"), b"3"), "x-amz-version-id", ids[2])


@test
def same_bytes_again_make_another_one(t):
    _, ids = kept(t, b"same", b"same")
    want(ids[0] != ids[1], "different ids")


@test
def versions_are_listed_newest_first(t):
    bucket, ids = kept(t, b"1", b"2", b"3")
    same(history(t, bucket), [("Version", "key", v, "true" if v == ids[2] else "false") for v in reversed(ids)],
         "versions")


@test
def list_is_a_document_of_s3(t):
    bucket, ids = kept(t, b"123")
    xml = good(t.main.versions(bucket)).xml
    same((xml.tag, xml.namespace), ("ListVersionsResult", NAMESPACE), "root")
    for name, value in (("Name", bucket), ("IsTruncated", "false"), ("MaxKeys", "1000"), ("Version/Key", "key"),
                        ("Version/VersionId", ids[0]), ("Version/IsLatest", "true"), ("Version/Size", "3"),
                        ("Version/ETag", sums.etag(b"123")), ("Version/StorageClass", "STANDARD"),
                        ("Version/Owner/ID", t.owner())):
        same(xml.text(name), value, name)


@test
def delete_hides_it(t):
    bucket, ids = kept(t, b"1")
    answer = good(t.main.delete(bucket, "key"), 204)
    header(answer, "x-amz-delete-marker", "true")
    want(answer.version not in (None, ids[0]), "the marker has a version")
    missing = refused(t.main.get(bucket, "key"), 404, "NoSuchKey")
    header(missing, "x-amz-delete-marker", "true")
    header(missing, "x-amz-version-id", answer.version)
    same(good(t.main.list(bucket)).xml.all("Contents"), [], "list")
    content(t.main.get(bucket, "key", {"versionId": ids[0]}), b"1")
    same(history(t, bucket), [("DeleteMarker", "key", answer.version, "true"), ("Version", "key", ids[0], "false")],
         "versions")


@test
def delete_of_the_marker_shows_it_again(t):
    bucket, ids = kept(t, b"1")
    marker = good(t.main.delete(bucket, "key"), 204).version
    answer = good(t.main.delete(bucket, "key", {"versionId": marker}), 204)
    header(answer, "x-amz-delete-marker", "true")
    header(answer, "x-amz-version-id", marker)
    header(content(t.main.get(bucket, "key"), b"1"), "x-amz-version-id", ids[0])


@test
def delete_of_one_version_leaves_the_others(t):
    bucket, ids = kept(t, b"1", b"2", b"3")
    answer = good(t.main.delete(bucket, "key", {"versionId": ids[1]}), 204)
    header(answer, "x-amz-version-id", ids[1])
    header(answer, "x-amz-delete-marker", None)
    same([v for _, _, v, _ in history(t, bucket)], [ids[2], ids[0]], "versions")
    refused(t.main.get(bucket, "key", {"versionId": ids[1]}), 404, "NoSuchVersion")


@test
def delete_of_the_newest_shows_the_one_before(t):
    bucket, ids = kept(t, b"1", b"2")
    good(t.main.delete(bucket, "key", {"versionId": ids[1]}), 204)
    content(t.main.get(bucket, "key"), b"1")
    same(history(t, bucket), [("Version", "key", ids[0], "true")], "versions")


@test
def delete_twice_makes_two_markers(t):
    bucket, _ = kept(t, b"1")
    markers = [good(t.main.delete(bucket, "key"), 204).version for _ in range(2)]
    want(markers[0] != markers[1], "different ids")
    same([k for k, _, _, _ in history(t, bucket)], ["DeleteMarker", "DeleteMarker", "Version"], "versions")


@test
def delete_of_what_never_was_makes_a_marker(t):
    bucket = t.versioned()
    marker = good(t.main.delete(bucket, "nothing"), 204).version
    same(history(t, bucket), [("DeleteMarker", "nothing", marker, "true")], "versions")


@test
def delete_of_a_missing_version_succeeds(t):
    bucket, ids = kept(t, b"1")
    answer = t.main.delete(bucket, "key", {"versionId": NO_VERSION})
    want(answer.status == 204 or answer.code in ("NoSuchVersion", "InvalidArgument"), "%s", answer)
    same([v for _, _, v, _ in history(t, bucket)], ids, "versions")


@each(("GET", "get"), ("HEAD", "head"))
def marker_itself_cannot_be_read(t, method):
    bucket, _ = kept(t, b"1")
    marker = good(t.main.delete(bucket, "key"), 204).version
    answer = getattr(t.main, method)(bucket, "key", {"versionId": marker})
    refused(answer, 405, "MethodNotAllowed")
    header(answer, "x-amz-delete-marker", "true")


@each(("that never was", NO_VERSION), ("of another form", "not-a-version"), ("of nothing", ""))
def get_of_a_version(t, version):
    bucket, _ = kept(t, b"1")
    answer = t.main.get(bucket, "key", {"versionId": version})
    want((answer.status, answer.code) in ((404, "NoSuchVersion"), (400, "InvalidArgument")), "%s", answer)


@test
def get_of_another_keys_version(t):
    bucket, ids = kept(t, b"1")
    good(t.main.put(bucket, "other", b"2"))
    refused(t.main.get(bucket, "other", {"versionId": ids[0]}), 404, "NoSuchVersion")


@test
def what_was_there_before_stays_as_null(t):
    bucket, key = t.object(body=b"before")
    t.versioning(bucket, "Enabled")
    version = good(t.main.put(bucket, key, b"after")).version
    content(t.main.get(bucket, key, {"versionId": "null"}), b"before")
    same(history(t, bucket), [("Version", key, version, "true"), ("Version", key, "null", "false")], "versions")


@test
def suspended_put_is_null_and_replaces_null(t):
    bucket, ids = kept(t, b"kept")
    t.versioning(bucket, "Suspended")
    for body in (b"first", b"second"):
        want(good(t.main.put(bucket, "key", body)).version in (None, "null"), "it has no version of its own")
    content(t.main.get(bucket, "key"), b"second")
    same([v for _, _, v, _ in history(t, bucket)], ["null", ids[0]], "versions")


@test
def suspended_delete_leaves_a_null_marker(t):
    bucket, ids = kept(t, b"kept")
    t.versioning(bucket, "Suspended")
    good(t.main.put(bucket, "key", b"null"))
    answer = good(t.main.delete(bucket, "key"), 204)
    header(answer, "x-amz-delete-marker", "true")
    header(answer, "x-amz-version-id", "null")
    same(history(t, bucket), [("DeleteMarker", "key", "null", "true"), ("Version", "key", ids[0], "false")], "versions")


@test
def suspended_and_on_again_keeps_all(t):
    bucket, ids = kept(t, b"1")
    t.versioning(bucket, "Suspended")
    good(t.main.put(bucket, "key", b"2"))
    t.versioning(bucket, "Enabled")
    last = good(t.main.put(bucket, "key", b"3")).version
    same([v for _, _, v, _ in history(t, bucket)], [last, "null", ids[0]], "versions")
    content(t.main.get(bucket, "key", {"versionId": "null"}), b"2")


@test
def delete_many_makes_markers(t):
    bucket, _ = kept(t, b"1")
    xml = good(t.main.delete_many(bucket, ["key"])).xml
    same((xml.text("Deleted/Key"), xml.text("Deleted/DeleteMarker")), ("key", "true"), "Deleted")
    want(xml.text("Deleted/DeleteMarkerVersionId"), "DeleteMarkerVersionId")
    refused(t.main.get(bucket, "key"), 404, "NoSuchKey")


@test
def delete_many_removes_versions(t):
    bucket, ids = kept(t, b"1", b"2", b"3")
    xml = good(t.main.delete_many(bucket, [("key", ids[0]), ("key", ids[2])])).xml
    same(sorted(xml.texts("Deleted/VersionId")), sorted([ids[0], ids[2]]), "Deleted")
    same([v for _, _, v, _ in history(t, bucket)], [ids[1]], "versions")


@test
def delete_many_removes_markers(t):
    bucket, _ = kept(t, b"1")
    marker = good(t.main.delete(bucket, "key"), 204).version
    xml = good(t.main.delete_many(bucket, [("key", marker)])).xml
    same((xml.text("Deleted/DeleteMarker"), xml.text("Deleted/DeleteMarkerVersionId")), ("true", marker), "Deleted")
    content(t.main.get(bucket, "key"), b"1")


@test
def complete_of_an_upload_makes_one(t):
    bucket, ids = kept(t, b"1")
    answer = good(t.main.upload(bucket, "key", [os.urandom(5 << 20), b"end"]))
    want(answer.version not in (None, ids[0]), "x-amz-version-id is %s", answer.version)
    same([v for _, _, v, _ in history(t, bucket)], [answer.version, ids[0]], "versions")


@test
def copy_makes_one(t):
    bucket, ids = kept(t, b"1", b"2")
    answer = good(t.main.copy("%s/key?versionId=%s" % (bucket, ids[0]), bucket, "key"))
    content(t.main.get(bucket, "key"), b"1")
    same([v for _, _, v, _ in history(t, bucket)], [answer.version, ids[1], ids[0]], "versions")


@test
def list_of_objects_shows_the_newest_only(t):
    bucket, _ = kept(t, b"1", b"22")
    xml = good(t.main.list(bucket)).xml
    same((xml.texts("Contents/Key"), xml.text("Contents/Size")), (["key"], "2"), "list")


@each(("1", 1), ("2", 2), ("3", 3))
def versions_come_in_pages_of(t, size):
    bucket = t.versioned()
    for key in "abc":
        for number in range(2):
            good(t.main.put(bucket, key, b"%d" % number))
    good(t.main.delete(bucket, "b"), 204)
    whole, seen, position = history(t, bucket), [], {}
    for _ in range(10):
        answer = good(t.main.versions(bucket, max_keys=size, **position))
        page = history(t, bucket, max_keys=size, **position)
        want(len(page) <= size, "a page of %d", len(page))
        seen += page
        if answer.xml.text("IsTruncated") == "false":
            break
        position = {"key_marker": answer.xml.text("NextKeyMarker"),
                    "version_id_marker": answer.xml.text("NextVersionIdMarker")}
    same(seen, whole, "versions")


@test
def versions_are_listed_by_prefix_and_delimiter(t):
    bucket = t.versioned()
    for key in ("a", "b/1", "b/2"):
        good(t.main.put(bucket, key, b"x"))
    xml = good(t.main.versions(bucket, delimiter="/")).xml
    same((xml.texts("Version/Key"), xml.texts("CommonPrefixes/Prefix")), (["a"], ["b/"]), "list")
    same([k for _, k, _, _ in history(t, bucket, prefix="b/")], ["b/1", "b/2"], "below a prefix")


@test
def versions_of_an_unversioned_bucket(t):
    bucket, key = t.object()
    same(history(t, bucket), [("Version", key, "null", "true")], "versions")


@each(("a word", "many"), ("below zero", "-1"))
def versions_are_not_listed_for_a_maximum_of(t, value):
    refused(t.main.versions(t.bucket(), max_keys=value), 400, "InvalidArgument")


@test
def version_marker_needs_a_key(t):
    refused(t.main.versions(t.versioned(), version_id_marker=NO_VERSION), 400, "InvalidArgument")


@test
def versions_of_another_team(t):
    refused(t.alt.versions(t.bucket()), 403, "AccessDenied")


@test
def metadata_belongs_to_each(t):
    bucket = t.versioned()
    ids = [good(t.main.put(bucket, "key", b"x", headers={"x-amz-meta-n": n})).version for n in "12"]
    for version, number in zip(ids, "12"):
        header(good(t.main.head(bucket, "key", {"versionId": version})), "x-amz-meta-n", number)


@test
def tags_belong_to_each(t):
    bucket = t.versioned()
    ids = [good(t.main.put(bucket, "key", b"x", headers={"x-amz-tagging": "n=" + n})).version for n in "12"]
    for version, number in zip(ids, "12"):
        answer = good(t.main.get(bucket, "key", {"tagging": None, "versionId": version}))
        same(answer.xml.texts("TagSet/Tag/Value"), [number], "tags")
        header(answer, "x-amz-version-id", version)


@test
def range_of_an_old_one(t):
    bucket, ids = kept(t, b"0123456789", b"x")
    content(t.main.get(bucket, "key", {"versionId": ids[0]}, {"Range": "bytes=2-4"}), b"234", 206)


def groups(t, bucket, version):
    xml = good(t.main.get(bucket, "key", {"acl": None, "versionId": version})).xml
    return xml.texts("AccessControlList/Grant/Grantee/URI")


@test
def rights_belong_to_each(t):
    bucket, ids = kept(t, b"one", b"two", b"three")
    good(t.main.put(bucket, "key", b"", {"acl": None, "versionId": ids[1]}, {"x-amz-acl": "public-read"}))
    same([len(groups(t, bucket, version)) for version in ids], [0, 1, 0], "groups that may read")
    content(t.anon.get(bucket, "key", {"versionId": ids[1]}), b"two")
    refused(t.anon.get(bucket, "key"), 403, "AccessDenied")


@test
def rights_that_are_given_without_a_version_are_the_newest_ones(t):
    bucket, ids = kept(t, b"one", b"two")
    good(t.main.put(bucket, "key", b"", {"acl": None}, {"x-amz-acl": "public-read"}))
    same([len(groups(t, bucket, version)) for version in ids], [0, 1], "groups that may read")


@test
def null_of_a_bucket_that_came_to_have_them_can_be_removed(t):
    bucket, key = t.object()
    good(t.main.put_xml(bucket, "versioning", "<VersioningConfiguration><Status>Enabled</Status>"
                                              "</VersioningConfiguration>"))
    good(t.main.delete(bucket, key, {"versionId": "null"}), 204)
    refused(t.main.get(bucket, key), 404, "NoSuchKey")
    xml = good(t.main.versions(bucket)).xml
    same((len(xml.all("Version")), len(xml.all("DeleteMarker"))), (0, 0), "versions and markers")
