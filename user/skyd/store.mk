# SPDX-License-Identifier: GPL-2.0-or-later
# The backend's metadata.  What links it needs -lsqlite3.
LIB_SRCS += $(addprefix user/skyd/,store.c store_arena.c store_bucket.c store_error.c \
	store_garbage.c store_key.c store_lifecycle.c store_list.c store_location.c store_manifest.c store_move.c store_object.c \
	store_policy.c store_schema.c store_scrub.c store_team.c store_traffic.c store_upload.c store_usage.c store_version.c store_walk.c)
