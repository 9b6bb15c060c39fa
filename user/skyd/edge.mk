# SPDX-License-Identifier: GPL-2.0-or-later
# What a location of our own is made of.  What links it needs -luring -lisal.
LIB_SRCS += $(addprefix user/skyd/,digest.c edge_record.c edge_index.c edge_log.c edge_walk.c edge_recover.c edge_large.c \
	edge_compact.c edge_store.c edge_fragment.c edge_spent.c edge_spent_log.c edge_auth.c edge_url.c edge_metrics.c \
	edge_link.c edge_http.c edge_http_put.c edge_http_get.c \
	edge_identity.c edge_care.c edge.c \
	location_http.c location_answer.c)
