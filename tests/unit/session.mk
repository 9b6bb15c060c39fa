# SPDX-License-Identifier: GPL-2.0-or-later
# Secrets, and to whom they are given.
UNIT_TESTS	+= test_session
test_session_LIBS := -ljansson -lyaml
UNIT_TESTS	+= test_session_vault
test_session_vault_LIBS := -luring -largon2 -ljansson -lyaml
UNIT_TESTS	+= test_session_lost
test_session_lost_LIBS := $(test_session_vault_LIBS)
UNIT_TESTS	+= test_runner_secret
test_runner_secret_LIBS := -luring -ljansson -lyaml -lseccomp
UNIT_TESTS	+= test_api_session
test_api_session_LIBS = $(test_plan_LIBS)
