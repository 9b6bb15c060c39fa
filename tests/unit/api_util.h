/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of the API and of the administrator's verbs: who asks them, over links. */
#ifndef TEST_API_UTIL_H
#define TEST_API_UTIL_H

#include "plan_util.h"

#include "../../user/skyd/admin.h"
#include "../../user/skyd/api.h"

static struct config config = { .level = LEVEL_ERROR };

struct front {
	struct site site;
	struct io_stream stream[2];
	struct link *gateway, *parent;
	struct link_answer answer;
};

struct end {
	struct site *s;
	struct io_stream *stream;
	const struct link_operation *table;
	enum role peer;
};

static struct end ends[2];

static inline int serve_front(void *arg)
{
	struct end *e = arg;
	const struct link_service service = {
		.operation = e->table, .operations = 1, .ctx = &e->s->b, .peer = e->peer,
		.options.body_max = 2u << 20,
	};
	int rc = link_serve(&service, e->stream);

	io_stream_close(e->stream);
	return rc;
}

static inline struct link *dial(struct front *f, unsigned int i, const struct link_operation *table,
				enum role peer)
{
	struct link_options options = { .body_max = 2u << 20 };
	struct link *link;
	int fd[2];

	stream_pair(fd);
	io_stream_socket(&f->stream[i], fd[0]);
	ends[i] = (struct end){ &f->site, &f->stream[i], table, peer };
	must_equal(io_spawn(&f->site.group, serve_front, &ends[i], NULL), 0);
	must_equal(link_open(&link, &options, &f->site.group), 0);
	link_attach(link, fd[1]);
	return link;
}

static inline struct front *front_open(void)
{
	struct front *f = calloc(1, sizeof(*f));

	site_open(&f->site);
	f->site.b.config = &config;
	f->answer = LINK_ANSWER_NONE;
	f->gateway = dial(f, 0, backend_apis, ROLE_GATEWAY);
	f->parent = dial(f, 1, backend_admins, ROLE_PARENT);
	return f;
}

static inline void front_close(struct front *f)
{
	link_answer_free(&f->answer);
	link_close(f->gateway);
	link_close(f->parent);
	site_close(&f->site);
	free(f);
}

static inline struct rpc_bytes rb(const char *s)
{
	return (struct rpc_bytes){ s, strlen(s) };
}

static inline json_t *parse(struct rpc_bytes body)
{
	return body.len ? json_loadb(body.data, body.len, 0, NULL) : NULL;
}

/* Ask the API.  Return: the status; *@out is the answer, or NULL. */
static inline int api(struct front *f, const char *key, const char *method, const char *path,
		      const char *body, json_t **out)
{
	const struct meta_api ask = {
		.caller.access_key = rb(key), .method = rb(method), .path = rb(path),
		.body = rb(body), .type = rb("application/json; charset=utf-8"),
	};
	struct meta_api_answer give;
	const struct link_call call = {
		META_API, &meta_api_schema, &ask, -1, &meta_api_answer_schema, &give, 0,
	};
	json_t *answer;

	link_answer_free(&f->answer);
	must_equal(link_do(f->gateway, &call, &f->answer, SOON), 0);
	answer = parse(give.body);
	must(!give.body.len || answer);
	if (give.status >= 400)
		must(json_is_string(json_object_get(answer, "error")));
	if (out)
		*out = answer;
	else
		json_decref(answer);
	return give.status;
}

static inline int admin(struct front *f, const char *verb, const char *body, json_t **out)
{
	const struct admin_ask ask = { rb(verb), rb(body) };
	struct admin_give give;
	const struct link_call call = {
		ADMIN_DO, &admin_ask_schema, &ask, -1, &admin_give_schema, &give, 0,
	};
	json_t *answer;

	link_answer_free(&f->answer);
	must_equal(link_do(f->parent, &call, &f->answer, SOON), 0);
	answer = parse(give.body);
	must(!give.body.len || answer);
	if (out)
		*out = answer;
	else
		json_decref(answer);
	return give.status;
}

static inline char *key_of(struct front *f, const char *body)
{
	json_t *key;
	char *access;

	must_equal(admin(f, "key create", body, &key), 201);
	must_equal(strlen(json_string_value(json_object_get(key, "secret_key"))), 40);
	access = strdup(json_string_value(json_object_get(key, "access_key")));
	json_decref(key);
	return access;
}

static inline json_int_t number(const json_t *o, const char *name)
{
	must(json_is_integer(json_object_get(o, name)));
	return json_integer_value(json_object_get(o, name));
}

static inline const char *word(const json_t *o, const char *name)
{
	must(json_is_string(json_object_get(o, name)));
	return json_string_value(json_object_get(o, name));
}

#endif /* TEST_API_UTIL_H */
