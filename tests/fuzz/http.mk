# SPDX-License-Identifier: GPL-2.0-or-later
FUZZERS		+= fuzz_http_head fuzz_http_body fuzz_http_text fuzz_s3_sig fuzz_s3_stream fuzz_s3_xml fuzz_s3_names fuzz_s3_policy
fuzz_s3_xml_LIBS	:= -lexpat
fuzz_s3_names_LIBS	:= -lexpat
fuzz_s3_policy_LIBS	:= -ljansson
