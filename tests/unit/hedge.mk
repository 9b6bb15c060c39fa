# SPDX-License-Identifier: GPL-2.0-or-later
# What goes over hedge's interfaces, and hedgectl.

UNIT_TESTS	+= test_command test_frame test_tftp test_monitor test_far test_events test_server test_hedgectl

test_events_LIBS	:= -lnl-genl-3 -lnl-3

# The program itself, sanitized, beside the test that runs it.
$(O)/test/hedgectl: $$(addprefix $(O)/san/,$$(addsuffix .o,$$(basename $$(hedgectl_SRCS)))) $(O)/san/libsky.a
	@mkdir -p $(@D)
	$(CC) $(SAN_LDFLAGS) $^ $(hedgectl_LIBS) $(LIB_LIBS) -o $@

$(O)/test/test_hedgectl: | $(O)/test/hedgectl

UNIT_TESTS	+= test_hedge_run
test_hedge_run_LIBS := -ljansson -lyaml
$(O)/test/test_hedge_run: | $(O)/test/hedgectl
