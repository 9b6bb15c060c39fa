# SPDX-License-Identifier: GPL-2.0-or-later
# Images of guests, and what they start with.
UNIT_TESTS	+= test_hvt_image test_hvt_boot test_hvt_snapshot

# The makers of images are shared with the program that writes them.
$(O)/test/test_hvt_image: $(O)/san/tests/gen/hvt_kinds.o
