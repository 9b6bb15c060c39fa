// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /host_token: what is proven of a machine that attests, for others to verify.  A machine is of
 * the team that the administrator has enrolled it for; for every other one it does not exist.
 */
#include <errno.h>

#include "api.h"
#include "backend_private.h"
#include "hosts.h"

int api_host_give(struct api_ask *a, const struct store_host *row)
{
	const struct str name = { row->name.data, row->name.len };

	/* One that ends with the lease would be good until then, whatever has come since. */
	if (!host_holds_lease(a->b, name) || row->lease <= backend_now() ||
	    row->state != STORE_HOST_ENROLLED || !row->token.len)
		return api_refuse(a, 404, "there is no token of it, since it holds no lease now");
	a->out = json_pack("{s:o, s:o, s:o}", "name", api_string(row->name), "token",
			   api_string(row->token), "expires", api_time(row->lease));
	return a->out ? 200 : -ENOMEM;
}

int api_host_token(struct api_ask *a)
{
	const struct store_text name = { a->rest.at, a->rest.len };
	struct store_host row;
	int rc = store_host_get(a->b->store, name, &a->arena, &row);

	if (rc == -ENOENT || (!rc && (!row.team || row.team != a->team)))
		return api_refuse(a, 404, "there is no such host");
	return rc ? rc : api_host_give(a, &row);
}
