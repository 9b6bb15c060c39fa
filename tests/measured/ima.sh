# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# IMA's list, with the records of the device mapper and of hedge, judged by lists of what may run.

boots ima "a machine boots that measures what it runs"
check "a volume was opened in it" status_is ima open 0
check "a guest has run" grep -qx 'reason exit' "$WORK/ima/told/guest.record"
check "files, modules, the volume and the guest are trusted by the lists" trusts ima late "$WORK/ima.policy"
entries() { "$HERE/edit-log" ima list <"$WORK/ima/told/late/ima" | grep -n -x -- "$1" | cut -d : -f 1; }
check "the device mapper's record was there to be judged" test "$(entries dm_table_load | wc -l)" = 1
check "so was hedge's" test "$(entries hedge-image | wc -l)" = 1

lacks() { distrusts ima late "$(without "$WORK/ima.policy" "$1")"; }
check "another volume is found out" lacks "$(volume_id "$WORK/ima.member0")"
check "it is named" finds "ima-volume: IMA entry $(($(entries dm_table_load) - 1)): volume $(volume_id "$WORK/ima.member0"): "
check "another guest is found out" lacks "$(digest "$WORK/ima.root/guest.hvt")"
check "it is named" finds "ima-image: IMA entry $(($(entries hedge-image) - 1)): .*found $(digest "$WORK/ima.root/guest.hvt")"
check "a module that is not on the list is found out" lacks "$(digest "$WORK/ima.root/modules/ours/hedge.ko")"
check "it is named" finds 'IMA entry [0-9]+: .*/hedge.ko'
check "so is a program" lacks "$(digest "$WORK/ima.root/bin/rlncsetup")"
check "and named" finds 'IMA entry [0-9]+: .*/bin/rlncsetup'

made "$WORK/changed" "$HERE/edit-log" ima drop "$(($(entries hedge-image) - 1))" <"$WORK/ima/told/late/ima"
check "a list without the guest is found out" distrusts ima late "$WORK/ima.policy" --ima "$WORK/changed"
check "it does not lead to what was quoted" finds 'ima-incomplete: '
