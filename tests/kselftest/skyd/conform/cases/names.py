# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys: every name that S3 allows, however it has to be spelled."""

from urllib.parse import quote

from core.expect import content, each, good, header, refused, same, test, want

KEYS = [("letters and digits", "abcABC019"), ("safe marks", "a!-_.*'()b"), ("ampersand", "a&b"), ("dollar", "a$b"),
        ("at", "a@b"), ("equals", "a=b"), ("semicolon", "a;b"), ("colon", "a:b"), ("plus", "a+b"), ("space", "a b"),
        ("comma", "a,b"), ("question mark", "a?b"), ("backslash", "a\\b"), ("braces", "a{b}c"), ("caret", "a^b"),
        ("percent", "a%b"), ("percent and digits", "a%20b"), ("percent of a percent", "a%2520b"), ("backtick", "a`b"),
        ("brackets", "a[b]c"), ("quote", "a\"b"), ("angles", "a<b>c"), ("tilde", "a~b"), ("hash", "a#b"),
        ("bar", "a|b"), ("tab", "a\tb"), ("newline", "a\nb"), ("carriage return", "a\rb"), ("escape", "a\x1bb"),
        ("delete", "a\x7fb"), ("umlaut", "\u00e4\u00f6\u00fc"), ("combined umlaut", "a\u0308"), ("Greek",
                                        "\u03b1\u03b2"),
        ("Chinese", "\u4e2d\u6587"), ("Arabic", "\u0627\u0644\u0639"), ("emoji", "\U0001f600"), ("no-break space",
                                        "a\u00a0b"),
        ("line separator", "a\u2028b"), ("last of the first plane", "a\uffee"), ("leading space", " a"),
        ("trailing space", "a "), ("leading slash", "/a"), ("trailing slash", "a/"), ("double slash", "a//b"),
        ("only a slash", "/"), ("only slashes", "///"), ("dot inside", "a/./b"), ("dots inside", "a/../b"),
        ("dot", "a/."), ("dots", "a/.."), ("hidden", ".a"), ("three dots", "..."), ("deep", "/".join("abcdefghij" * 5)),
        ("like a query", "a?acl"), ("like a version", "a?versionId=null"), ("like a sub-resource", "acl"),
        ("like an escape of a slash", "a%2Fb"), ("null in words", "null"), ("soap", "soap")]


@each(*KEYS)
def of_a_key(t, key):
    """Put, headed, got, listed and deleted under that very name, and under no other."""
    bucket, body = t.bucket(), key.encode()
    good(t.main.put(bucket, key, body))
    content(t.main.get(bucket, key), body)
    header(good(t.main.head(bucket, key)), "content-length", str(len(body)))
    from urllib.parse import unquote, unquote_plus
    shown = good(t.main.list(bucket, encoding_type="url")).xml.texts("Contents/Key")
    want(shown and key in (unquote(shown[0]), unquote_plus(shown[0])), "listed as %s", shown)
    same(len(shown), 1, "keys")
    good(t.main.delete(bucket, key), 204)
    refused(t.main.head(bucket, key), 404, "")


@each(("1024 letters", "k" * 1024), ("1024 bytes of UTF-8", "\u00e4" * 512), ("1024 with slashes", "abc/" * 256))
def of_a_long_key(t, key):
    bucket, _ = t.object(key=key, body=b"long")
    content(t.main.get(bucket, key), b"long")
    same(good(t.main.list(bucket)).xml.texts("Contents/Key"), [key], "keys")


@each(("1025 letters", "k" * 1025), ("1026 bytes of UTF-8", "\u00e4" * 513))
def of_a_key_that_is_too_long(t, key):
    refused(t.main.put(t.bucket(), key, b"x"), 400, "KeyTooLongError")


@test
def with_and_without_a_slash_are_two_keys(t):
    bucket = t.bucket()
    for key in ("a", "a/", "/a", "a//"):
        good(t.main.put(bucket, key, key.encode()))
    for key in ("a", "a/", "/a", "a//"):
        content(t.main.get(bucket, key), key.encode())
    same(len(good(t.main.list(bucket)).xml.all("Contents")), 4, "keys")


@test
def with_a_folder_of_the_same_name_are_two_keys(t):
    bucket = t.bucket()
    for key in ("a", "a/b", "a/b/c"):
        good(t.main.put(bucket, key, key.encode()))
    content(t.main.get(bucket, "a"), b"a")
    content(t.main.get(bucket, "a/b"), b"a/b")


@test
def differ_by_case(t):
    bucket = t.bucket()
    for key in ("a", "A"):
        good(t.main.put(bucket, key, key.encode()))
    content(t.main.get(bucket, "a"), b"a")
    content(t.main.get(bucket, "A"), b"A")


@test
def differ_by_their_form_of_unicode(t):
    """Composed and decomposed are different bytes, so they are different keys."""
    bucket = t.bucket()
    for key in ("\u00e4", "a\u0308"):
        good(t.main.put(bucket, key, key.encode()))
    content(t.main.get(bucket, "\u00e4"), "\u00e4".encode())
    same(len(good(t.main.list(bucket)).xml.all("Contents")), 2, "keys")


@each(("small letters in escapes", "%C3%A4", "%c3%a4"), ("an escape of a tilde", "~", "%7E"),
      ("an escape of a letter", "bb", "%62b"), ("an exclamation mark without one", "%21", "!"))
def are_the_same_in_another_spelling(t, usual, other):
    """What is signed is the usual spelling, whatever has been sent."""
    key = "a b/\u00e4~bb!"
    bucket, _ = t.object(key=key, body=b"same")

    def respell(request):
        want(usual in request.path, "%s is in %s", usual, request.path)
        request.path = request.path.replace(usual, other)

    content(t.main.get(bucket, key, spoil=respell), b"same")


@test
def that_are_not_utf8_do_not_harm(t):
    bucket = t.bucket()
    answer = t.main.call("PUT", path=t.main.path(bucket) + "/a%ffb", body=b"x")
    want(answer.status in (200, 400), "%s", answer)
    good(t.main.get(bucket, query={"list-type": "2", "encoding-type": "url"}))


@each(("half an escape", "/a%2"), ("a wrong escape", "/a%zz"), ("a lone percent", "/a%"))
def with_a_path_of(t, rest):
    bucket = t.bucket()
    answer = t.main.call("GET", path=t.main.path(bucket) + rest)
    want(400 <= answer.status < 500, "%s", answer)


@test
def of_metadata_and_content_disposition_in_utf8(t):
    bucket = t.bucket()
    good(t.main.put(bucket, "key", b"x",
                    headers={"Content-Disposition": "attachment; filename*=UTF-8''" + quote("\u00e4")}))
    header(good(t.main.head(bucket, "key")), "content-disposition", "attachment; filename*=UTF-8''%C3%A4")
