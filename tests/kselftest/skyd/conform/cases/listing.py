# SPDX-License-Identifier: GPL-2.0-or-later
"""ListObjectsV2 and its predecessor: order, prefixes, delimiters, pages, encodings."""

import re

from core import sums
from core.client import NAMESPACE
from core.expect import each, good, refused, same, test, want
from core.sign import encode

TREE = ["asdf", "boo/bar", "boo/baz/xyzzy", "cquux/thud", "cquux/bla"]
BOTH = [("version 2", "2"), ("version 1", "1")]


def filled(t, keys):
    bucket = t.bucket()
    for key in keys:
        good(t.main.put(bucket, key, key.encode()))
    return bucket


def ask(t, form, bucket, **query):
    return t.main.list(bucket, **query) if form == "2" else t.main.list1(bucket, **query)


def seen(answer):
    """Keys and common prefixes."""
    xml = good(answer).xml
    return xml.texts("Contents/Key"), xml.texts("CommonPrefixes/Prefix")


def walk(t, form, bucket, **query):
    """All pages: keys, prefixes, the size of each page."""
    keys, prefixes, sizes, position = [], [], [], {}
    for _ in range(100):
        answer = ask(t, form, bucket, **query, **position)
        page, groups = seen(answer)
        keys, prefixes = keys + page, prefixes + groups
        sizes.append(len(page) + len(groups))
        xml = answer.xml
        if xml.text("IsTruncated") == "false":
            return keys, prefixes, sizes
        same(xml.text("IsTruncated"), "true", "IsTruncated")
        if form == "2":
            position = {"continuation_token": xml.text("NextContinuationToken")}
        else:
            position = {"marker": xml.text("NextMarker") or page[-1]}
    raise AssertionError("the list has no end")


@each(*BOTH)
def is_in_order_of_bytes(t, form):
    keys = ["b", "a", "B", "a/", "a0", "a-", "\u00e4", "z", "\uffee", "\U0001f600", "~", "1"]
    bucket = filled(t, keys)
    same(seen(ask(t, form, bucket))[0], sorted(keys, key=lambda k: k.encode()), "keys")


@each(*BOTH)
def is_a_document_of_s3(t, form):
    bucket, key = t.object(body=b"12345")
    xml = good(ask(t, form, bucket, prefix="k", max_keys=10)).xml
    same((xml.tag, xml.namespace), ("ListBucketResult", NAMESPACE), "root")
    for name, value in (("Name", bucket), ("Prefix", "k"), ("MaxKeys", "10"), ("IsTruncated", "false"),
                        ("Contents/Key", key), ("Contents/Size", "5"), ("Contents/ETag", sums.etag(b"12345")),
                        ("Contents/StorageClass", "STANDARD")):
        same(xml.text(name), value, name)
    want(re.match(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", xml.text("Contents/LastModified")), "LastModified")
    same(xml.text("KeyCount"), "1" if form == "2" else None, "KeyCount")


@each(*BOTH)
def of_an_empty_bucket(t, form):
    xml = good(ask(t, form, t.bucket())).xml
    same((xml.all("Contents"), xml.text("IsTruncated"), xml.text("MaxKeys")), ([], "false", "1000"), "list")


@each(*BOTH)
def of_a_missing_bucket(t, form):
    refused(ask(t, form, t.name()), 404, "NoSuchBucket")


@each(*BOTH)
def by_another_team(t, form):
    bucket, _ = t.object()
    if form == "2":
        return refused(t.alt.list(bucket), 403, "AccessDenied")
    return refused(t.alt.list1(bucket), 403, "AccessDenied")


@test
def by_nobody(t):
    refused(t.anon.list(t.bucket()), 403, "AccessDenied")


PREFIXES = [("a folder", "boo/", ["boo/bar", "boo/baz/xyzzy"]), ("a beginning", "cq", ["cquux/bla", "cquux/thud"]),
            ("a whole key", "asdf", ["asdf"]), ("nothing", "", sorted(TREE)), ("what is not there", "d", []),
            ("more than a key", "asdfg", []), ("an unreadable one", "\n", [])]


@each(*((n + ", " + f[0], f[1], p, w) for n, p, w in PREFIXES for f in BOTH))
def by_a_prefix_of(t, form, prefix, wanted):
    same(seen(ask(t, form, filled(t, TREE), prefix=prefix)), (wanted, []), "keys and prefixes")


DELIMITERS = [("slash", "/", {}, ["asdf"], ["boo/", "cquux/"]),
              ("slash below a prefix", "/", {"prefix": "boo/"}, ["boo/bar"], ["boo/baz/"]),
              ("slash below half a prefix", "/", {"prefix": "bo"}, [], ["boo/"]),
              ("a letter", "a", {}, ["cquux/thud"], ["a", "boo/ba", "cquux/bla"]),
              ("several letters", "o/b", {}, ["asdf", "cquux/bla", "cquux/thud"], ["boo/b"]),
              ("what is in no key", "!", {}, sorted(TREE), []),
              ("nothing", "", {}, sorted(TREE), []),
              ("space", " ", {}, sorted(TREE), []), ("percent", "%", {}, sorted(TREE), [])]


@each(*((n + ", " + f[0], f[1], d, q, k, p) for n, d, q, k, p in DELIMITERS for f in BOTH))
def by_a_delimiter_of(t, form, delimiter, query, keys, prefixes):
    same(seen(ask(t, form, filled(t, TREE), delimiter=delimiter, **query)), (keys, prefixes), "keys and prefixes")


@test
def delimiter_is_told(t):
    same(good(t.main.list(t.bucket(), delimiter="/")).xml.text("Delimiter"), "/", "Delimiter")


@each(*BOTH)
def prefix_that_ends_in_a_delimiter_shows_its_own_object(t, form):
    bucket = filled(t, ["asdf/", "asdf/a", "asdf/b/c"])
    same(seen(ask(t, form, bucket, delimiter="/", prefix="asdf/")), (["asdf/", "asdf/a"], ["asdf/b/"]), "list")


@each(*(("%d, %s" % (n, f[0]), f[1], n) for n in (1, 2, 3, 7) for f in BOTH))
def comes_whole_in_pages_of(t, form, size):
    keys = ["k%02d" % i for i in range(9)]
    got, _, sizes = walk(t, form, filled(t, keys), max_keys=size)
    same(got, keys, "keys")
    same(sizes, [size] * (9 // size) + ([9 % size] if 9 % size else []), "sizes of pages")


@each(*(("%d, %s" % (n, f[0]), f[1], n) for n in (1, 2, 3) for f in BOTH))
def comes_with_groups_in_pages_of(t, form, size):
    """A group counts for one, is never shown twice, and is in its place among the keys."""
    keys, prefixes, sizes = walk(t, form, filled(t, ["a", "b/1", "b/2", "b/3", "c", "d/1", "d/2", "e"]), max_keys=size,
                                 delimiter="/")
    same((keys, prefixes), (["a", "c", "e"], ["b/", "d/"]), "keys and prefixes")
    want(all(n == size for n in sizes[:-1]), "sizes of pages: %s", sizes)


@each(("the list whole", {}, ["a", "b", "c", "d"]), ("from b", {"start_after": "b"}, ["c", "d"]),
      ("from between", {"start_after": "bb"}, ["c", "d"]), ("from the last", {"start_after": "d"}, []),
      ("from before", {"start_after": "A"}, ["a", "b", "c", "d"]))
def starts_after(t, query, wanted):
    answer = t.main.list(filled(t, "abcd"), **query)
    same(seen(answer)[0], wanted, "keys")
    same(answer.xml.text("StartAfter"), query.get("start_after"), "StartAfter")


@each(("the list whole", {}, ["a", "b", "c", "d"]), ("from b", {"marker": "b"}, ["c", "d"]),
      ("from between", {"marker": "bb"}, ["c", "d"]), ("from the last", {"marker": "d"}, []),
      ("an unreadable one", {"marker": "\n"}, ["a", "b", "c", "d"]))
def marker_shows(t, query, wanted):
    answer = t.main.list1(filled(t, "abcd"), **query)
    same(seen(answer)[0], wanted, "keys")
    same(answer.xml.text("Marker"), query.get("marker", ""), "Marker")


@test
def start_after_gives_way_to_a_token(t):
    bucket = filled(t, "abcd")
    token = good(t.main.list(bucket, max_keys=1)).xml.text("NextContinuationToken")
    same(seen(t.main.list(bucket, continuation_token=token, start_after="c"))[0], ["b", "c", "d"], "keys")


@test
def token_is_told_back(t):
    bucket = filled(t, "ab")
    token = good(t.main.list(bucket, max_keys=1)).xml.text("NextContinuationToken")
    same(good(t.main.list(bucket, continuation_token=token)).xml.text("ContinuationToken"), token, "ContinuationToken")


@test
def token_that_is_empty_begins_anew(t):
    same(seen(t.main.list(filled(t, "ab"), continuation_token=""))[0], ["a", "b"], "keys")


@test
def token_that_was_made_up(t):
    refused(t.main.list(filled(t, "ab"), continuation_token="this is no token"), 400, "InvalidArgument")


@each(*BOTH)
def max_keys_of_none(t, form):
    xml = good(ask(t, form, filled(t, "ab"), max_keys=0)).xml
    same((xml.all("Contents"), xml.text("IsTruncated"), xml.text("MaxKeys")), ([], "false", "0"), "list")


@each(*BOTH)
def max_keys_of_exactly_all(t, form):
    xml = good(ask(t, form, filled(t, "ab"), max_keys=2)).xml
    same((xml.texts("Contents/Key"), xml.text("IsTruncated")), (["a", "b"], "false"), "list")
    same((xml.text("NextMarker"), xml.text("NextContinuationToken")), (None, None), "next page")


@each(*((v + ", " + f[0], f[1], v) for v in ("-1", "many", "2147483648", "1.5") for f in BOTH))
def max_keys_refuses(t, form, value):
    refused(ask(t, form, t.bucket(), max_keys=value), 400, "InvalidArgument")


@each(*BOTH)
def max_keys_is_never_more_than_a_thousand(t, form):
    same(good(ask(t, form, t.bucket(), max_keys=5000)).xml.text("MaxKeys"), "1000", "MaxKeys")


@test
def next_marker_comes_only_with_a_delimiter(t):
    bucket = filled(t, ["a/x", "b/y", "c"])
    same(good(t.main.list1(bucket, max_keys=1)).xml.text("NextMarker"), None, "NextMarker without a delimiter")
    same(good(t.main.list1(bucket, max_keys=1, delimiter="/")).xml.text("NextMarker"), "a/", "NextMarker with one")


@test
def key_count_counts_both(t):
    xml = good(t.main.list(filled(t, TREE), delimiter="/")).xml
    same(xml.text("KeyCount"), "3", "KeyCount")


ODD = ["a b", "a+b", "a&b<c>", "p%q", "\u03b1\u03b2", "line\nbreak", "quote\"d", "tab\tin", "trail ", "\U0001f600"]


@each(*BOTH)
def encodes_when_asked(t, form):
    answer = good(ask(t, form, filled(t, ODD), encoding_type="url"))
    same(answer.xml.text("EncodingType"), "url", "EncodingType")
    from urllib.parse import unquote, unquote_plus
    raw = answer.xml.texts("Contents/Key")
    want(all(re.match(r"^[!-~]*$", k) for k in raw), "all of it printable: %s", raw)
    got = sorted(unquote_plus(k) if "+" in k.replace("%2B", "") else unquote(k) for k in raw)
    same(got, sorted(ODD), "keys")


@test
def encodes_prefixes_and_delimiters_too(t):
    xml = good(t.main.list(filled(t, ["d \u00e9/x", "d \u00e9/y"]), encoding_type="url", delimiter="\u00e9/",
                           prefix="d ", start_after="a\u00e0")).xml
    want(xml.text("Delimiter") == encode("\u00e9/", "/"), "Delimiter is %s", xml.text("Delimiter"))
    want(xml.text("Prefix") in ("d+", "d%20"), "Prefix is %s", xml.text("Prefix"))
    want(xml.text("CommonPrefixes/Prefix") in ("d+%C3%A9/", "d%20%C3%A9/"), "CommonPrefixes")
    same(xml.text("StartAfter"), "a%C3%A0", "StartAfter")


@each(*BOTH)
def refuses_an_unknown_encoding(t, form):
    refused(ask(t, form, t.bucket(), encoding_type="rot13"), 400, "InvalidArgument")


@test
def shows_names_as_they_are_when_not_encoded(t):
    plain = [k for k in ODD if "\n" not in k and "\t" not in k]
    same(sorted(seen(t.main.list(filled(t, plain)))[0]), sorted(plain), "keys")


@test
def shows_owners_only_when_asked(t):
    bucket, _ = t.object()
    same(good(t.main.list(bucket)).xml.text("Contents/Owner/ID"), None, "Owner")
    same(good(t.main.list(bucket, fetch_owner="true")).xml.text("Contents/Owner/ID"), t.owner(), "Owner/ID")
    same(good(t.main.list(bucket, fetch_owner="false")).xml.text("Contents/Owner/ID"), None, "Owner")


@test
def shows_owners_always_in_version_1(t):
    bucket, _ = t.object()
    same(good(t.main.list1(bucket)).xml.text("Contents/Owner/ID"), t.owner(), "Owner/ID")


@test
def shows_the_checksum_s_algorithm(t):
    bucket = t.bucket()
    good(t.main.put(bucket, "key", b"x", headers={"x-amz-checksum-sha1": sums.checksum("SHA1", b"x")}))
    same(good(t.main.list(bucket)).xml.text("Contents/ChecksumAlgorithm"), "SHA1", "ChecksumAlgorithm")


@test
def refuses_an_unknown_list_type(t):
    refused(t.main.get(t.bucket(), query={"list-type": "3"}), 400, "InvalidArgument")


@test
def does_not_show_uploads_that_are_not_complete(t):
    bucket = t.bucket()
    upload = t.main.start(bucket, "key")
    good(t.main.part(bucket, "key", upload, 1, b"x"))
    same(seen(t.main.list(bucket)), ([], []), "list")


@test
def follows_what_was_done_at_once(t):
    bucket = t.bucket()
    for number in range(5):
        good(t.main.put(bucket, "key%d" % number, b"x" * number))
        same(len(seen(t.main.list(bucket))[0]), number + 1, "keys")
    for number in range(5):
        good(t.main.delete(bucket, "key%d" % number), 204)
        same(len(seen(t.main.list(bucket))[0]), 4 - number, "keys")


@each(*BOTH)
def of_more_than_a_thousand(t, form):
    bucket = t.bucket()
    keys = ["%04d" % i for i in range(1005)]
    t.together([lambda part=part: [good(t.main.put(bucket, k)) for k in keys[part::8]] for part in range(8)])
    got, _, sizes = walk(t, form, bucket)
    same((got == keys, sizes), (True, [1000, 5]), "all in order, and sizes of pages")
