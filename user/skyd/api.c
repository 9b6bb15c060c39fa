// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The API in JSON, as S3.md's clients have it.  A caller was proven by the gateway; what its team
 * may see and do is judged here.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"

#define ROOM	4096u	/* what the lists of a caller take */

/* What a path and a method are for. */
struct api_row {
	const char *method;
	const char *path;	/* one that ends in "/": something follows */
	bool open;		/* may be asked without a token where it is configured so */
	bool writes;
	api_fn *run;
	const char *action;	/* of what writes: in the audit ledger */
};

static const struct api_row rows[] = {
	{ "GET", "/storage_policy", false, false, api_policy_list, NULL },
	{ "POST", "/storage_policy", false, true, api_policy_create, "policy.create" },
	{ "PUT", "/storage_policy", false, true, api_policy_edit, "policy.edit" },
	{ "GET", "/storage_policy/bucket/", false, false, api_policy_bucket, NULL },
	{ "GET", "/storage_policy/", false, false, api_policy_get, NULL },
	{ "DELETE", "/storage_policy/", false, true, api_policy_delete, "policy.delete" },
	{ "GET", "/audit_log/", true, false, api_audit_file, NULL },
	{ "GET", "/host_token/", false, false, api_host_token, NULL },
	{ "POST", "/image_review", false, false, api_review, NULL },
	{ "GET", "/workload_tiers", false, false, api_workload_tiers, NULL },
	{ "GET", "/workloads", false, false, api_workload_list, NULL },
	{ "POST", "/workloads", false, true, api_workload_start, "workload.start" },
	{ "GET", "/workloads/", false, false, api_workload_get, NULL },
	{ "DELETE", "/workloads/", false, true, api_workload_stop, "workload.stop" },
	/* They tell the ledger themselves, and the webhook. */
	{ "GET", "/secret_sessions", false, false, api_session_list, NULL },
	{ "GET", "/secret_sessions/", false, false, api_session_get, NULL },
	{ "POST", "/secret_sessions", false, true, api_session_create, NULL },
	{ "PUT", "/secret_sessions", false, true, api_session_update, NULL },
	{ "DELETE", "/secret_sessions/", false, true, api_session_delete, NULL },
	{ "GET", "/secret_intake/", false, false, api_session_intake, NULL },
	{ "GET", "/cloud_locations", true, false, api_clouds, NULL },
	{ "GET", "/cloud_locations/", true, false, api_clouds, NULL },
	{ "GET", "/edge_locations", true, false, api_edges, NULL },
	{ "GET", "/edge_locations/", true, false, api_edges, NULL },
};

static struct str bytes(struct rpc_bytes b)
{
	return (struct str){ b.data, b.len };
}

static bool path_fits(const struct api_row *row, struct str path, struct str *rest)
{
	struct str start = str_of(row->path);

	if (!str_starts(path, start))
		return false;
	*rest = str_skip(path, start.len);
	/* The ledger's files lie in folders; which there are is judged there. */
	if (row->run == api_audit_file)
		return rest->len;
	return start.at[start.len - 1] == '/' ? rest->len && !memchr(rest->at, '/', rest->len) :
						!rest->len || str_is(*rest, "/");
}

/* Return: 0 and the row, or a status of HTTP. */
static int find_row(struct api_ask *a, const struct meta_api *ask, const struct api_row **row)
{
	bool path = false;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!path_fits(&rows[i], bytes(ask->path), &a->rest))
			continue;
		path = true;
		*row = &rows[i];
		if (str_is(bytes(ask->method), rows[i].method))
			return 0;
	}
	return path ? api_refuse(a, 405, "this cannot be done here") :
		      api_refuse(a, 404, "there is no such path");
}

/* Whose token it is.  Return: 0 or a status of HTTP. */
static int find_caller(struct api_ask *a, const struct meta_api *ask, const struct api_row *row)
{
	struct store_text access = { ask->caller.access_key.data, ask->caller.access_key.len };
	struct store_key key;
	int rc;

	if (row->run == api_audit_file)
		return 0;
	if (!access.len && row->run == api_review && a->b->config->admission_public)
		return 0;
	if (!access.len)
		return row->open && a->b->config && a->b->config->public_locations ? 0 :
		       api_refuse(a, 401, "a bearer token ACCESSKEY.SECRET is needed");
	rc = store_key_find(a->b->store, access, &a->arena, &key);
	if (rc == -STORE_NO_SUCH_ACCESS_KEY)
		return api_refuse(a, 401, "the access key is not good any more");
	if (rc)
		return api_status(a, rc);
	a->team = key.team;
	a->access = (struct str){ access.data, access.len };
	if (row->writes && key.scope != STORE_SCOPE_FULL)
		return api_refuse(a, 403, "the access key may only read");
	return key.scope == STORE_SCOPE_NONE ? api_refuse(a, 403, "the access key may do nothing")
					     : 0;
}

static int read_body(struct api_ask *a, const struct meta_api *ask)
{
	struct str type = bytes(ask->type);
	size_t at;

	a->body = bytes(ask->body);
	type.len = str_find(type, ';', &at) ? at : type.len;
	a->yaml = str_ends(type, STR("yaml"));
	if (!a->body.len)
		return api_refuse(a, 400, "the document is missing");
	return a->yaml ? 0 : api_read(a, a->body.at, a->body.len, &a->in);
}

static int serve(struct api_ask *a, const struct meta_api *ask)
{
	const struct api_row *row = NULL;
	int status = find_row(a, ask, &row);

	if (!status)
		status = find_caller(a, ask, row);
	/* What only asks reads its document itself. */
	a->body = bytes(ask->body);
	if (!status && row->writes && !str_is(bytes(ask->method), "DELETE"))
		status = read_body(a, ask);
	if (status)
		return status;
	status = api_status(a, row->run(a));
	if (row->writes && status < 400)
		api_audit(a, row->action, status);
	return status;
}

static int write_file(struct link_request *r, const struct api_ask *a,
		      struct meta_api_answer *give)
{
	char *copy = a->file_len <= META_API_MAX ? link_scratch(r, a->file_len + 1) : NULL;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, a->file, a->file_len);
	give->type = (struct rpc_bytes){ a->file_type, strlen(a->file_type) };
	give->body = (struct rpc_bytes){ copy, a->file_len };
	return 0;
}

/* The answer's text, in the request's scratch. */
static int write_answer(struct link_request *r, const struct api_ask *a,
			struct meta_api_answer *give)
{
	CLEANUP_JSON *why = NULL;
	char *text, *copy;
	size_t len;

	if (give->status < 400 && a->file)
		return write_file(r, a, give);
	if (give->status >= 400)
		why = json_pack("{s:s?, s:i}", "error", a->why, "status", (int)give->status);
	if (!why && !a->out)
		return 0;
	text = json_dumps(why ? why : a->out, JSON_COMPACT | JSON_REAL_PRECISION(10));
	if (!text)
		return -ENOMEM;
	len = strlen(text);
	copy = len <= META_API_MAX ? link_scratch(r, len) : NULL;
	if (copy)
		memcpy(copy, text, len);
	free(text);
	if (!copy)
		return -ENOMEM;
	give->type = (struct rpc_bytes){ "application/json", 16 };
	give->body = (struct rpc_bytes){ copy, len };
	return 0;
}

static int answer(struct backend *b, struct link_request *r, const struct meta_api *ask,
		  struct meta_api_answer *give)
{
	struct api_ask a = { .b = b, .deadline = r->deadline, .secure = ask->caller.secure };
	int rc;

	give->status = serve(&a, ask);
	rc = write_answer(r, &a, give);
	json_decref(a.in);
	json_decref(a.out);
	free(a.file);
	store_arena_free(&a.arena);
	return rc;
}

static int handle(struct link_request *r, const void *ask, void *give)
{
	return answer(r->ctx, r, ask, give);
}

const struct link_operation backend_apis[] = {
	{ META_API, "api", &meta_api_schema, &meta_api_answer_schema, ROOM,
	  ROLE_BIT(ROLE_GATEWAY), handle },
	{ 0 },
};
