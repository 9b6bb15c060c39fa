# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The machine that is as it should be, what is done to its logs afterwards, and its update.

boots good "a machine boots from the image that was predicted"
check "PCRs 4, 9 and 11 are those that were said before the boot" predicted good "$WORK/good.pcrs"
check "the maker vouches for its TPM" skyctl tpm ek verify "$WORK/good/told/boot/ek.crt" "$WORK/good/told/boot/ek.pub" \
	--roots "$WORK/maker/swtpm-localca-rootca-cert.pem" --between "$WORK/maker/issuer.pem"
check "log and quote are trusted" trusts good boot "$WORK/good.policy"
check "a policy for another image does not trust them" distrusts good boot "$WORK/update.policy"

check "it opens the volume whose key is sealed to that" status_is good open 0
check "it is trusted also when the TPM was told to give up no other key" trusts good late "$WORK/good.policy"
check "the volume does not open again in this boot" status_is good again 2
check "since the TPM has given up its key" says good again 'given up keys in this boot'

# What whoever has the machine may try.
step=$(event good 9 1)
check "a log without one event is found out" distrusts good boot "$WORK/good.policy" --log "$(changed good drop "$step")"
check "its PCR is named" finds 'log-mismatch: PCR 9: '
check "one with two events in another order is found out" distrusts good boot "$WORK/good.policy" --log "$(changed good swap "$step")"
check "the first of them is named" finds "event-digest: event $step \(EV_EVENT_TAG, PCR 9\): "
step=$(event good 4 3)
check "one whose image is called an action is found out" distrusts good boot "$WORK/good.policy" --log "$(changed good type "$step" 0x80000007)"
check "that event is named" finds "event-unbound: event $step \(EV_EFI_ACTION, PCR 4\): "
check "a PCR that was extended after the boot is found out" distrusts good extended "$WORK/good.policy"
check "it is named" finds 'log-mismatch: PCR 9: '
check "PCRs of the boot do not go with the later quote" refused good extended "$WORK/good.policy" --pcrs "$WORK/good/told/boot/pcrs"

boots update "the next kernel boots"
check "its PCRs are those that were said before" predicted update "$WORK/update.pcrs"
check "it is trusted by the policy that was made for it" trusts update boot "$WORK/update.policy"
made "$WORK/firmware.policy" skyctl tpm predict "$WORK/update.uki" --log "$WORK/good/told/boot/log" --policy firmware
check "also by one that has the firmware of the boot before" trusts update boot "$WORK/firmware.policy"
check "it opens the volume" status_is update open 0
check "which has what was written in the boot before" test "$(told update open.held)" = "$(nonce_of good)"
check "the quote of the boot before is refused" refused good boot "$WORK/good.policy" --nonce "$(nonce_of update)"
check "the nonce is named" finds 'refused: the nonce is another one'

boots old "the kernel before boots once more, after its epoch has ended"
check "its log and quote are as they were" trusts old boot "$WORK/good.policy"
check "the volume does not open" status_is old open 2
check "since its policy is of an epoch that has ended" says old open 'epoch'
