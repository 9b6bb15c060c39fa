# SPDX-License-Identifier: GPL-2.0-or-later
#
# STYLE_CHECKS are programs of scripts/.  Each prints one line per finding and
# returns 1 if there are any; with --self-test it shows that it finds some.
STYLE_CHECKS += check-layers check-size check-spdx check-text check-shell check-python checkpatch check-sparse check-stack
