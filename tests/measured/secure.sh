# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Secure Boot: what a kernel that is locked down loads, and what is said of the keys.

boots secure "a machine with Secure Boot starts the image that was signed"
check "PCRs 4, 9 and 11 are those that were said before" predicted secure "$WORK/secure.pcrs"
check "the kernel is locked down" test "$(told secure lockdown)" = "none [integrity] confidentiality "
check "our signed modules are loaded" status_is secure dm-rlnc 0
check "both" status_is secure hedge 0
check "one without a signature is refused" says secure unsigned 'Key was rejected by service'
check "log, quote and IMA's list are trusted by the keys that firmware has" trusts secure late "$WORK/secure.policy"
check "the verdict says that it is on, and who has signed" finds '^Secure Boot is on: what was started is signed by .*O=SnakeOil; db has .*O=SnakeOil$'
check "one without Secure Boot is not trusted by them" distrusts good boot "$WORK/keys.policy"
check "that is said" finds 'secure-boot: event [0-9]+ \(EV_EFI_VARIABLE_DRIVER_CONFIG, PCR 7\): Secure Boot is off'
check "a module of ours that is not on the list is found out" \
	distrusts secure late "$(without "$WORK/secure.policy" "$(digest "$WORK/signed.root/modules/ours/dm-rlnc.ko")")"
check "it is named" finds 'ima-[a-z]+: IMA entry [0-9]+: .*/dm-rlnc.ko'

poll_until $((BOOT_SECONDS * 4)) test -e "$WORK/stranger/done"
check "an image that a stranger has signed is not started" grep -E 'Access Denied|Security Violation' "$WORK/stranger/console.log"
check_fails "nothing of it has run" grep -E 'EFI stub|Linux version|@verdict' "$WORK/stranger/console.log" "$WORK/stranger/channel"
