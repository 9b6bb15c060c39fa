# SPDX-License-Identifier: GPL-2.0-or-later
# skyctl's S3 side: its parsers, and servers that mean ill.  Its objects come after the library
# on the linker's line, so that the library is named once more.

UNIT_TESTS	+= test_skyctl_text test_skyctl_hostile
$(foreach t,test_skyctl_text test_skyctl_hostile,$(eval CFLAGS_tests/unit/$(t) := -Iuser/tools))
test_skyctl_text_LIBS		:= $(O)/san/libsky.a -lcurl -ljansson -lexpat -lisal -lssl
test_skyctl_hostile_LIBS	:= $(test_skyctl_text_LIBS)

SKYCTL_PARTS	:= $(addprefix $(O)/san/user/tools/skyctl/,cmd_list.o cmd_object.o patience.o print.o s3_check.o s3_copy.o \
		   s3_crew.o s3_get.o s3_list.o s3_plan.o s3_put.o s3_read.o s3_rows.o s3_session.o s3_site.o \
		   s3_sync.o s3_text.o s3_tree.o s3_upload.o s3_web.o)
$(O)/test/test_skyctl_text $(O)/test/test_skyctl_hostile: $(SKYCTL_PARTS)
