// SPDX-License-Identifier: GPL-2.0-or-later
/* What every command of the S3 side begins and ends with. */
#include <curl/curl.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/report.h"
#include "s3.h"

static void on_signal(int number)
{
	/* Who asks twice does not want to wait. */
	if (s3_interrupted)
		_exit(128 + number);
	s3_interrupted = number;
}

/* What who started us has us ignore stays so, as nohup(1) wants it. */
static void catch_signals(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	const struct sigaction action = { .sa_handler = on_signal };
	struct sigaction before;
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (!sigaction(numbers[i], NULL, &before) && before.sa_handler != SIG_IGN)
			sigaction(numbers[i], &action, NULL);
}

int session_open(struct session *s, const struct options *o)
{
	int rc;

	*s = (struct session){ 0 };
	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		return fail(ENOTSUP, "libcurl cannot be set up");
	rc = s3_site_open(&s->site, o);
	if (!rc)
		rc = web_open(&s->web, &s->site);
	if (!rc)
		catch_signals();
	return rc;
}

void session_close(struct session *s)
{
	web_close(s->web);
	s3_site_close(&s->site);
}

int s3_argument(const char *text, bool bare, struct s3_name *name)
{
	char shown[S3_SHOWN_MAX];

	*name = (struct s3_name){ .key = STR_NONE };
	if (s3_is_url(text) && s3_url_parse(text, &name->bucket, &name->key))
		return 0;
	name->bucket = str_of(text);
	if (bare && s3_bucket_name_ok(name->bucket))
		return 0;
	s3_shown(str_of(text), shown);
	if (bare)
		fail(0, "\"%s\" cannot be a bucket's name", shown);
	else
		fail(0, "\"%s\" is not s3://BUCKET/KEY", shown);
	hint("a bucket's name has 3 to 63 of a-z, 0-9, \"-\" and \".\"");
	return -EINVAL;
}

void s3_end_as_told(void)
{
	int number = s3_interrupted;

	if (!number)
		return;
	fflush(stdout);
	signal(number, SIG_DFL);
	raise(number);
}
