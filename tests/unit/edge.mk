# SPDX-License-Identifier: GPL-2.0-or-later
# What an edge is made of.

EDGE_TESTS	:= test_digest test_edge_store test_edge_crash test_edge_spent test_edge_auth test_edge_metrics \
	test_edge_link test_edge_http test_edge_http_hostile test_edge test_edge_address test_location \
	test_location_peer
UNIT_TESTS	+= $(EDGE_TESTS)
TSAN_TESTS	+= test_digest
$(foreach t,$(EDGE_TESTS),$(eval $(t)_LIBS := -luring -lisal))
$(foreach t,test_edge_http test_edge_http_hostile test_edge test_edge_address test_location test_location_peer,$(eval $(t)_LIBS += -lssl -lexpat))
$(foreach t,test_edge test_edge_address,$(eval $(t)_LIBS += -largon2 -lseccomp -lsqlite3 -lsystemd -ljansson \
	-lyaml -lIPSec_MB -ldeflate -lzstd -ltss2-esys -ltss2-mu -ltss2-tctildr))

$(O)/test/test_edge: | $(O)/test/skyd
