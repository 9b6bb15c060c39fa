# SPDX-License-Identifier: GPL-2.0-or-later
# The database and skyd's metadata in it.

UNIT_TESTS	+= test_db test_db_fault
test_db_LIBS		:= -lsqlite3
test_db_fault_LIBS	:= -lsqlite3

UNIT_TESTS	+= test_store_model
test_store_model_LIBS	:= -lsqlite3

UNIT_TESTS	+= test_store test_store_care test_store_move test_store_race test_store_scrub
test_store_LIBS		:= -lsqlite3
test_store_care_LIBS	:= -lsqlite3
test_store_move_LIBS	:= -lsqlite3
test_store_race_LIBS	:= -lsqlite3
test_store_scrub_LIBS	:= -lsqlite3

UNIT_TESTS	+= test_rpc
