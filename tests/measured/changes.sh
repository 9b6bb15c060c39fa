# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Machines whose image somebody has changed.

# changed_event PCR N: the line of a verdict that names the event.
changed_event() { echo "event-digest: event $(event good "$1" "$2") \(.*, PCR $1\): "; }
image=$(changed_event 4 3)
# The stub has measured it, too.
stub='pcr-value: PCR 11: '
# shut MACHINE PCRS: the volume has not opened, since they are wrong.
shut() { status_is "$1" open 2 && says "$1" open "PCRs $2 are not those of any signed policy"; }

boots word "a machine boots with one word of its command line changed"
check "it is not trusted" distrusts word boot "$WORK/good.policy"
check "the image is named" finds "$image"
check "and the command line" finds "$(changed_event 9 1)"
check "and nothing else" finds_only "$image|$(changed_event 9 1)|$stub"
check "the volume does not open, and says why" shut word "4, 9, 11"

boots section "a machine boots from an image with a section more"
check "it is not trusted" distrusts section boot "$WORK/good.policy"
check "the image is named, and nothing else" finds_only "$image"
check "the volume does not open, and says why" shut section 4

boots initrd "a machine boots with an initrd that was changed"
check "it is not trusted" distrusts initrd boot "$WORK/good.policy"
check "image and initrd are named" test "$(finds "$image|$(changed_event 9 2)" | wc -l)" = 2
check "and nothing else" finds_only "$image|$(changed_event 9 2)|$stub"
check "the volume does not open, and says why" shut initrd "4, 9, 11"
