# SPDX-License-Identifier: GPL-2.0-or-later
# The seeds of bundles and roots were signed by the keys of tests/unit/sigstore_world.h.
SIGSTORE_FUZZERS := fuzz_sigstore_bundle fuzz_trusted_root fuzz_admission_policy fuzz_image_review
FUZZERS		+= $(SIGSTORE_FUZZERS)
$(foreach t,$(SIGSTORE_FUZZERS),$(eval $(t)_LIBS := -ljansson -lyaml))
