# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Machines whose image somebody has changed.

# changed_event PCR N: the line of a verdict that names the event.
changed_event() { echo "event-digest: event $(event good "$1" "$2") \(.*, PCR $1\): "; }
image=$(changed_event 4 3)
initrd="$(changed_event 9 2)|$(changed_event 11 8)"
cmdline_events="$(changed_event 9 1)|$(changed_event 11 6)"

boots word "a machine boots with one word of its command line changed"
check "it is not trusted" distrusts word boot "$WORK/good.policy"
check "the image is named" finds "$image"
check "and the command line, for the kernel and for the stub" test "$(finds "$cmdline_events" | wc -l)" = 2
check "and nothing else" finds_only "$image|$cmdline_events"

boots section "a machine boots from an image with a section more"
check "it is not trusted" distrusts section boot "$WORK/good.policy"
check "the image is named, and nothing else" finds_only "$image"

boots initrd "a machine boots with an initrd that was changed"
check "it is not trusted" distrusts initrd boot "$WORK/good.policy"
check "image and initrd are named" test "$(finds "$image|$initrd" | wc -l)" = 3
check "and nothing else" finds_only "$image|$initrd"
