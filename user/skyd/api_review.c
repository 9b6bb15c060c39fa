// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kubernetes' ImagePolicyWebhook: an ImageReview comes, and goes back with a verdict.  The
 * kube-apiserver speaks TLS only, and so does this.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "admit.h"
#include "api.h"

/* In api_ask.file, which write_file() copies. */
static int give(struct api_ask *a, char *text)
{
	a->file = text;
	a->file_len = strlen(text);
	a->file_type = "application/json";
	return 200;
}

int api_review(struct api_ask *a)
{
	struct sigstore_fault f;
	char *text;
	int rc;

	if (!a->secure)
		return api_refuse(a, 403, "an ImageReview is answered over TLS only");
	if (!a->body.len)
		return api_refuse(a, 400, "the ImageReview is missing");
	if (!api_shallow(a->body.at, a->body.len, API_DEPTH))
		return api_refuse(a, 400, "the ImageReview is nested too deep");
	rc = admit_review(a->b, a->body, a->deadline, &text, &f);
	if (rc == -EPERM)
		return api_refuse(a, 503, "%s", admit_why(a->b));
	if (rc == -EKEYREJECTED)
		return api_refuse(a, f.code == SIGSTORE_REVIEW ? 400 : 422, "%s", f.text);
	if (rc == -ETIMEDOUT)
		return api_refuse(a, 503, "there was no time to judge the images");
	return rc ? rc : give(a, text);
}
