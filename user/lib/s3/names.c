// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "http/uri.h"
#include "names.h"

static bool is_address(struct str name)
{
	struct str part;
	uint64_t value;
	int parts = 0;

	while (str_cut(&name, '.', &part)) {
		if (part.len > 3 || !str_number(part, 255, &value))
			return false;
		parts++;
	}
	return parts == 4;
}

/**
 * s3_bucket_name_ok - may a bucket be called so?
 * @name:	decoded
 *
 * "Bucket naming rules" of the S3 User Guide: 3 to 63 of a-z 0-9 . -, each label between
 * dots beginning and ending in a letter or digit, as in a host's name, not like an IPv4
 * address, and not what AWS keeps for itself (but for the prefix of its documentation's
 * examples, which readers try).
 */
bool s3_bucket_name_ok(struct str name)
{
	size_t i;

	if (name.len < 3 || name.len > S3_BUCKET_MAX)
		return false;
	for (i = 0; i < name.len; i++) {
		char c = name.at[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

		if (!plain && c != '.' && c != '-')
			return false;
		if (!plain && (!i || i + 1 == name.len))
			return false;
		if (c == '.' && (name.at[i - 1] == '.' || name.at[i - 1] == '-'))
			return false;
		if (c == '-' && name.at[i - 1] == '.')
			return false;
	}
	return !is_address(name) && !str_starts(name, STR("xn--")) &&
	       !str_starts(name, STR("sthree-")) && !str_ends(name, STR("-s3alias")) &&
	       !str_ends(name, STR("--ol-s3")) &&
	       !str_ends(name, STR(".mrap")) && !str_ends(name, STR("--x-s3"));
}

/**
 * s3_key_check - may an object be called so?
 * @key:	decoded
 * @f:		says why not
 *
 * Any UTF-8 of 1 to 1024 bytes, but for NUL, which no XML document can name.
 */
enum s3_code s3_key_check(struct str key, struct s3_fault *f)
{
	char text[16];
	struct out o = OUT(text, sizeof(text));

	if (key.len > S3_KEY_MAX) {
		s3_fail(f, S3_KEY_TOO_LONG, NULL);
		out_number(&o, key.len);
		s3_detail(f, "Size", out_written(&o));
		s3_detail(f, "MaxSizeAllowed", STR("1024"));
		return S3_KEY_TOO_LONG;
	}
	if (!key.len || memchr(key.at, '\0', key.len) || !str_is_utf8(key))
		return s3_fail(f, S3_INVALID_URI, NULL);
	return S3_OK;
}

/* Decode the key into what is left of the text. */
static enum s3_code take_key(struct str raw, struct s3_target *t, size_t used,
			     struct s3_fault *f)
{
	int len = uri_decode(raw, t->text + used, sizeof(t->text) - used, 0);

	if (len == -ENOSPC || len > (int)S3_KEY_MAX)
		return s3_fail(f, S3_KEY_TOO_LONG, NULL);
	if (len < 0)
		return s3_fail(f, S3_INVALID_URI, NULL);
	t->key = (struct str){ t->text + used, len };
	return s3_key_check(t->key, f);
}

/**
 * s3_target_from_path - path style: /bucket/key
 * @path:	as it was sent, without a prefix such as /s3
 * @t:		filled in
 * @f:		says why when it is refused
 *
 * Of "/bucket//a" the key is "/a": nothing is made simpler.  Whether the bucket's
 * name is a proper one is not looked at: such a bucket does not exist.
 */
enum s3_code s3_target_from_path(struct str path, struct s3_target *t, struct s3_fault *f)
{
	struct str rest, bucket;
	int len;

	t->bucket = STR_NONE;
	t->key = STR_NONE;
	if (!path.len || *path.at != '/')
		return s3_fail(f, S3_INVALID_URI, NULL);
	rest = str_skip(path, 1);
	if (!rest.len)
		return S3_OK;
	str_cut(&rest, '/', &bucket);
	len = uri_decode(bucket, t->text, S3_BUCKET_MAX, 0);
	if (len <= 0 || memchr(t->text, '/', len)) {
		s3_fail(f, S3_INVALID_BUCKET_NAME, NULL);
		s3_detail(f, "BucketName", bucket);
		return S3_INVALID_BUCKET_NAME;
	}
	t->bucket = (struct str){ t->text, len };
	return rest.len ? take_key(rest, t, len, f) : S3_OK;
}

/**
 * s3_target_from_host - virtual-host style: the bucket is of the host's name
 * @bucket:	from the host; lasts as long as @t
 * @path:	/key, as it was sent
 * @t:		filled in
 * @f:		says why when it is refused
 */
enum s3_code s3_target_from_host(struct str bucket, struct str path, struct s3_target *t,
				 struct s3_fault *f)
{
	t->bucket = bucket;
	t->key = STR_NONE;
	if (!path.len || *path.at != '/')
		return s3_fail(f, S3_INVALID_URI, NULL);
	return path.len > 1 ? take_key(str_skip(path, 1), t, 0, f) : S3_OK;
}

static enum s3_code bad_source(struct s3_fault *f, const char *why)
{
	s3_fail(f, S3_INVALID_ARGUMENT, "%s", why);
	s3_detail(f, "ArgumentName", STR("x-amz-copy-source"));
	return S3_INVALID_ARGUMENT;
}

#define COPY_FORM	"Copy Source must mention the source bucket and key: sourcebucket/sourcekey"

static enum s3_code source_split(struct str bucket, struct str key, struct str version,
				 struct s3_copy_source *c, struct s3_fault *f)
{
	int len;

	if (!key.len)
		return bad_source(f, COPY_FORM);
	len = uri_decode(bucket, c->from.text, S3_BUCKET_MAX, 0);
	if (len <= 0)
		return bad_source(f, "Invalid copy source bucket name");
	c->from.bucket = (struct str){ c->from.text, len };
	if (take_key(key, &c->from, len, f))
		return bad_source(f, "Invalid copy source object key");
	if (version.at) {
		len = uri_decode(version, c->version, sizeof(c->version) - 1, 0);
		if (len <= 0)
			return bad_source(f, "Invalid version id specified");
		c->version[len] = '\0';
	}
	return S3_OK;
}

/**
 * s3_copy_source_parse - read x-amz-copy-source
 * @value:	[/]bucket/key[?versionId=ID], percent-coded; a key that a client has
 *		not encoded is read as it stands
 * @c:		filled in
 * @f:		says why when it is refused
 */
enum s3_code s3_copy_source_parse(struct str value, struct s3_copy_source *c,
				  struct s3_fault *f)
{
	struct str rest = value, path, bucket, version = STR_NONE;
	size_t i;

	c->version[0] = '\0';
	/* A "?" may be of the key; the last one with a version behind it is not. */
	for (i = value.len; i-- && !version.at;)
		if (str_starts(str_skip(value, i), STR("?versionId="))) {
			version = str_skip(value, i + 11);
			rest = str_head(value, i);
		}
	if (rest.len && *rest.at == '/')
		rest = str_skip(rest, 1);
	else if (rest.len > 3 && str_equal_nocase(str_head(rest, 3), STR("%2f")))
		rest = str_skip(rest, 3);
	path = rest;
	/* Some clients encode the slash between the two, as well. */
	if (!str_find(path, '/', &i))
		for (i = 0; i + 3 <= path.len; i++)
			if (path.at[i] == '%' && path.at[i + 1] == '2' &&
			    ascii_lower(path.at[i + 2]) == 'f')
				return source_split(str_head(path, i), str_skip(path, i + 3),
						    version, c, f);
	if (!str_cut(&path, '/', &bucket))
		return bad_source(f, COPY_FORM);
	return source_split(bucket, path, version, c, f);
}
