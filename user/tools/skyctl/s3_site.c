// SPDX-License-Identifier: GPL-2.0-or-later
/* Whom to ask, and in whose name: options, the environment, and the files of aws-cli. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/report.h"
#include "patience.h"
#include "s3.h"

#define FILE_MAX	(1u << 20)
#define REGION_USUAL	"us-east-1"

/* --- formats ------------------------------------------------------------------------- */

/* "[profile main]" and "[main]" are both of the section "main". */
static bool is_section(struct str line, struct str section)
{
	struct str name = { line.at + 1, line.len - 2 };

	if (str_starts(name, STR("profile ")))
		name = str_trim(str_skip(name, 8));
	return str_equal(str_trim(name), section);
}

static struct str without_cr(struct str line)
{
	if (line.len && line.at[line.len - 1] == '\r')
		line.len--;
	return line;
}

bool s3_ini_find(struct str text, struct str section, struct str name, struct str *value)
{
	struct str line, key;
	bool mine = false;

	while (str_cut(&text, '\n', &line)) {
		line = without_cr(line);
		/* What is indented belongs to the line before. */
		if (!line.len || strchr(" \t#;", *line.at))
			continue;
		line = str_trim(line);
		if (*line.at == '[' && line.at[line.len - 1] == ']' && line.len > 2) {
			mine = is_section(line, section);
			continue;
		}
		if (!mine || !str_cut(&line, '=', &key) || !line.at)
			continue;
		if (!str_equal_nocase(str_trim(key), name))
			continue;
		*value = str_trim(line);
		return true;
	}
	return false;
}

bool s3_hint_find(struct str text, struct str name, struct str *value)
{
	struct str line, key;

	while (str_cut(&text, '\n', &line)) {
		if (!str_starts(line, STR("export ")))
			continue;
		line = str_skip(line, 7);
		if (!str_cut(&line, '=', &key) || !str_equal(key, name) || !line.at)
			continue;
		if (line.len < 2 || *line.at != '\'' || line.at[line.len - 1] != '\'')
			continue;
		*value = (struct str){ line.at + 1, line.len - 2 };
		return !memchr(value->at, '\'', value->len);
	}
	return false;
}

static char *copy_of(struct str s)
{
	char *to = malloc(s.len + 1);

	if (to)
		str_copy(s, to, s.len + 1);
	return to;
}

/* What may stand in a host's name, and in an address of either kind. */
static bool host_ok(struct str host)
{
	size_t i;

	for (i = 0; i < host.len; i++)
		if (!uri_unreserved(host.at[i]) && !strchr("[]:", host.at[i]))
			return false;
	return host.len && host.len < 300;
}

static bool path_ok(struct str path)
{
	size_t i;

	for (i = 0; i < path.len; i++)
		if (!uri_unreserved(path.at[i]) && path.at[i] != '/')
			return false;
	return true;
}

int s3_endpoint_parse(const char *url, struct s3_site *site)
{
	struct str rest = str_of(url), host, shown;
	bool tls = str_starts(rest, STR("https://"));
	char text[S3_SHOWN_MAX];

	if (!tls && !str_starts(rest, STR("http://")))
		goto bad;
	rest = str_skip(rest, tls ? 8 : 7);
	str_cut(&rest, '/', &host);
	while (rest.len && rest.at[rest.len - 1] == '/')
		rest.len--;
	if (!host_ok(host) || !path_ok(rest))
		goto bad;
	shown = host;
	/* A client that adds the port which is meant anyway is not understood everywhere. */
	if (str_ends(shown, tls ? STR(":443") : STR(":80")))
		shown.len -= tls ? 4 : 3;
	site->tls = tls;
	site->host = copy_of(shown);
	if (asprintf(&site->origin, "http%s://%.*s", tls ? "s" : "", STR_ARG(host)) < 0)
		site->origin = NULL;
	if (asprintf(&site->base, "%s%.*s", rest.len ? "/" : "", STR_ARG(rest)) < 0)
		site->base = NULL;
	if (!site->host || !site->origin || !site->base)
		return fail(ENOMEM, "no memory");
	return 0;
bad:
	fail(0, "endpoint \"%s\" is no URL", s3_shown(str_of(url), text));
	hint("give one such as http://127.0.0.1:9000 or https://s3.example.org");
	return -EINVAL;
}

/* --- files --------------------------------------------------------------------------- */

struct files {
	char *credentials, *config, *hint;	/* contents, or NULL */
	size_t credentials_len, config_len, hint_len;
	const char *profile;
};

static int load(const char *path, bool must, char **to, size_t *len)
{
	int rc = file_read(path, FILE_MAX, to, len);

	if (!rc || (rc == -ENOENT && !must))
		return 0;
	return fail(-rc, "cannot read %s: %s", path, strerror(-rc));
}

/* NAME, or else ~/.aws/@file, or else none. */
static int load_usual(const char *name, const char *file, char **to, size_t *len)
{
	const char *path = getenv(name), *home = getenv("HOME");
	char usual[PATH_MAX];

	if (path && *path)
		return load(path, true, to, len);
	if (!home)
		return 0;
	snprintf(usual, sizeof(usual), "%s/.aws/%s", home, file);
	return load(usual, false, to, len);
}

static int load_dev(const char *dir, struct files *f)
{
	char path[PATH_MAX];
	int rc;

	snprintf(path, sizeof(path), "%s/config-hint", dir);
	rc = load(path, true, &f->hint, &f->hint_len);
	if (rc)
		hint("start `skyd --dev %s` first; it writes that file", dir);
	snprintf(path, sizeof(path), "%s/credentials", dir);
	if (!rc)
		rc = load(path, true, &f->credentials, &f->credentials_len);
	snprintf(path, sizeof(path), "%s/config", dir);
	if (!rc)
		rc = load(path, false, &f->config, &f->config_len);
	return rc;
}

static void wipe(char *text, size_t len)
{
	if (text)
		explicit_bzero(text, len);
	free(text);
}

static void unload(struct files *f)
{
	wipe(f->credentials, f->credentials_len);
	wipe(f->config, f->config_len);
	free(f->hint);
}

static bool in_credentials(const struct files *f, const char *name, struct str *value)
{
	return f->credentials && s3_ini_find((struct str){ f->credentials, f->credentials_len },
					     str_of(f->profile), str_of(name), value);
}

static bool in_config(const struct files *f, const char *name, struct str *value)
{
	return f->config && s3_ini_find((struct str){ f->config, f->config_len },
					str_of(f->profile), str_of(name), value);
}

static bool in_files(const struct files *f, const char *name, struct str *value)
{
	return in_credentials(f, name, value) || in_config(f, name, value);
}

/* --- what is found ------------------------------------------------------------------- */

static struct str variable(const char *name)
{
	const char *text = getenv(name);

	return text && *text ? str_of(text) : STR_NONE;
}

/* A key that a header can carry. */
static bool key_ok(struct str s)
{
	return s.len && s.len < 4096 && http_is_value(s) && !memchr(s.at, ' ', s.len);
}

static int take_keys(struct s3_site *site, struct str access, struct str secret, struct str token)
{
	if (!key_ok(access) || !key_ok(secret) || memchr(access.at, '/', access.len) ||
	    (token.len && !key_ok(token)))
		return fail(EINVAL, "the access key, its secret or the session token has blanks or characters that none has");
	site->access_key = copy_of(access);
	site->secret = copy_of(secret);
	site->token = token.len ? copy_of(token) : NULL;
	return site->access_key && site->secret ? 0 : fail(ENOMEM, "no memory");
}

static int no_keys(const struct files *f)
{
	static const char *const others[] = {
		"role_arn", "credential_process", "sso_session", "sso_start_url",
	};
	struct str v;
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (!in_files(f, others[i], &v))
			continue;
		fail(0, "profile \"%s\" has %s, which is not supported", f->profile, others[i]);
		hint("say `eval \"$(aws configure export-credentials --profile %s --format env)\"` first",
		     f->profile);
		return -ENOKEY;
	}
	fail(0, "no credentials: profile \"%s\" has no access key", f->profile);
	hint("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, write ~/.aws/credentials, or give --dev DIR, --profile NAME or --no-sign-request");
	return -ENOKEY;
}

static int find_keys(struct s3_site *site, const struct options *o, const struct files *f)
{
	struct str access = variable("AWS_ACCESS_KEY_ID"), token = STR_NONE;
	struct str secret = variable("AWS_SECRET_ACCESS_KEY");

	if (o->anonymous)
		return 0;
	/* A profile or a folder that is asked for is meant. */
	if (!o->profile && !o->dev && access.len && secret.len)
		return take_keys(site, access, secret, variable("AWS_SESSION_TOKEN"));
	if (!in_files(f, "aws_access_key_id", &access) ||
	    !in_files(f, "aws_secret_access_key", &secret))
		return no_keys(f);
	in_files(f, "aws_session_token", &token);
	return take_keys(site, access, secret, token);
}

static int find_endpoint(struct s3_site *site, const struct options *o, const struct files *f)
{
	CLEANUP_FREE char *text = NULL;
	struct str url = str_of(o->endpoint);

	if (!url.len && f->hint &&
	    !s3_hint_find((struct str){ f->hint, f->hint_len }, STR("SKYD_URL"), &url))
		return fail(EINVAL, "%s/config-hint does not say where skyd is", o->dev);
	if (!url.len)
		url = variable("AWS_ENDPOINT_URL_S3");
	if (!url.len)
		url = variable("AWS_ENDPOINT_URL");
	if (!url.len && !in_config(f, "endpoint_url", &url)) {
		fail(0, "no endpoint: nothing says where the server is");
		hint("give --endpoint URL or --dev DIR, or set AWS_ENDPOINT_URL");
		return -EINVAL;
	}
	text = copy_of(url);
	return text ? s3_endpoint_parse(text, site) : fail(ENOMEM, "no memory");
}

static int find_rest(struct s3_site *site, const struct options *o, const struct files *f)
{
	struct str region = str_of(o->region), ca = str_of(o->ca_file);

	if (!region.len && !o->dev)
		region = variable("AWS_REGION");
	if (!region.len && !o->dev)
		region = variable("AWS_DEFAULT_REGION");
	if (!region.len && !in_config(f, "region", &region))
		region = STR(REGION_USUAL);
	if (!path_ok(region) || region.len > 64)
		return fail(EINVAL, "\"%.*s\" is no region", STR_ARG(region));
	site->region = copy_of(region);
	if (!ca.len)
		ca = variable("AWS_CA_BUNDLE");
	if (ca.len || in_config(f, "ca_bundle", &ca))
		site->ca_file = copy_of(ca);
	return site->region && (!ca.len || site->ca_file) ? 0 : fail(ENOMEM, "no memory");
}

int s3_site_open(struct s3_site *site, const struct options *o)
{
	struct files f = { .profile = o->profile };
	int rc;

	*site = (struct s3_site){ .patience_ms = patience_ms(o, ASKED_S3) };
	if (!f.profile && !o->dev)
		f.profile = getenv("AWS_PROFILE");
	if (!f.profile || !*f.profile)
		f.profile = "default";
	if (o->dev) {
		rc = load_dev(o->dev, &f);
	} else {
		rc = load_usual("AWS_SHARED_CREDENTIALS_FILE", "credentials", &f.credentials,
				&f.credentials_len);
		if (!rc)
			rc = load_usual("AWS_CONFIG_FILE", "config", &f.config, &f.config_len);
	}
	if (!rc)
		rc = find_endpoint(site, o, &f);
	if (!rc)
		rc = find_rest(site, o, &f);
	if (!rc)
		rc = find_keys(site, o, &f);
	unload(&f);
	if (rc)
		s3_site_close(site);
	return rc;
}

void s3_site_close(struct s3_site *site)
{
	free(site->origin);
	free(site->host);
	free(site->base);
	free(site->region);
	free(site->access_key);
	wipe(site->secret, site->secret ? strlen(site->secret) : 0);
	wipe(site->token, site->token ? strlen(site->token) : 0);
	free(site->ca_file);
	*site = (struct s3_site){ 0 };
}
