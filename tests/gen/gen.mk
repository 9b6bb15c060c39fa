# SPDX-License-Identifier: GPL-2.0-or-later
# Makers of good and damaged inputs.
PROGRAMS	+= hvt-image hedge-hostile
hedge-hostile_SRCS	:= tests/gen/hedge-hostile.c
hvt-image_SRCS	:= tests/gen/hvt-image.c tests/gen/hvt_kinds.c
