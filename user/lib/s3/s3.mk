# SPDX-License-Identifier: GPL-2.0-or-later
LIB_SRCS += $(addprefix user/lib/s3/,error.c xml.c sig.c sig_canon.c sig_parse.c sig_client.c stream.c \
	xml_read.c body_object.c body_bucket.c body_acl.c body_lifecycle.c tags.c names.c checksum.c \
	answer_list.c answer.c policy.c policy_check.c policy_eval.c post.c params.c grant.c \
	setting.c ownership.c public_access.c)
